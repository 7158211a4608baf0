/* SPDX-License-Identifier: ISC */
/*
 * Store_check: opens the stores of a configuration as the daemon would and counts in them for a
 * moment; for gatepost store check, and for the doctor, which reads what it prints.
 */
#ifndef GP_CLI_STORE_CHECK_H
#define GP_CLI_STORE_CHECK_H

#include "cli/store/store_user.h"
#include "config/config.h"

/* Which stores: bits. */
#define GP_CLI_STORE_MAIN 1u
#define GP_CLI_STORE_LOCAL 2u /* the one that stands in */
#define GP_CLI_STORE_LOOK 4u  /* reads only; for servers, as opening a folder makes files in it */

/* What lines with results begin with. */
#define GP_CLI_STORE_STEP "  a step takes "
#define GP_CLI_STORE_TIME "  its clock is "

/*
 * Prints what it finds, trouble to stderr; an exit code. Started as root the process becomes the
 * user for good; who may be NULL: the daemon's.
 */
int gp_cli_store_check(
	const struct gp_config *config, const struct gp_cli_store_user *who, unsigned stores);

#endif
