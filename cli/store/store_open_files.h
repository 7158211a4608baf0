/* SPDX-License-Identifier: ISC */
/*
 * Store_open_files: does the running daemon have those files of its stores open that stand on the
 * disk?
 *
 * It is asked on its control socket; what is there could be anybody, and only numbers of its answer
 * are compared. Files that were deleted or replaced it notices itself within seconds, so a
 * difference is looked at twice.
 */
#ifndef GP_CLI_STORE_OPEN_FILES_H
#define GP_CLI_STORE_OPEN_FILES_H

#include "cli/store/store_list.h"
#include "cli/store/store_told.h"
#include "config/config.h"

/* GP_CLI_FINE, also when no daemon answers (then nothing is said); GP_CLI_TROUBLE: it counts
 * elsewhere. Before a chroot and a change of the user. */
int gp_cli_store_open_files(const struct gp_config *config, const struct gp_cli_store *store,
	const struct gp_cli_store_told *told);

#endif
