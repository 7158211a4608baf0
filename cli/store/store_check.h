/* SPDX-License-Identifier: ISC */
/*
 * Store_check: opens a store as the daemon would and counts in it for a moment, for gatepost store
 * check; or only reads, for the doctor.
 *
 * The process is the store's user already. Opening an embedded store makes files in its directory.
 */
#ifndef GP_CLI_STORE_CHECK_H
#define GP_CLI_STORE_CHECK_H

#include "cli/store/store_list.h"
#include "cli/store/store_told.h"
#include "cli/store/store_user.h"

/* Tells what it finds; an exit code. is_looking: writes and counts nothing. */
int gp_cli_store_check(const struct gp_cli_store *store, const struct gp_cli_store_user *who,
	bool is_looking, const struct gp_cli_store_told *told);

#endif
