/* SPDX-License-Identifier: ISC */
/*
 * Store_hint: what an administrator does about a store that does not work.
 *
 * Looks at what lies in the place that a store's URI names, as the user who uses it, and tells
 * a line for each thing that is not right, with the command that mends it; changes nothing.
 * For a server it goes by the store's own words about the trouble.
 */
#ifndef GP_CLI_STORE_HINT_H
#define GP_CLI_STORE_HINT_H

#include "cli/store/store_list.h"
#include "cli/store/store_told.h"
#include "cli/store/store_user.h"

/* This process is the store's user already; problem is of gp_store_health. */
void gp_cli_store_hint(const struct gp_cli_store *store, const char *problem,
	const struct gp_cli_store_user *who, const struct gp_cli_store_told *told);

#endif
