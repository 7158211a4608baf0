/* SPDX-License-Identifier: ISC */
/*
 * Store_move: gatepost store export and import: a store to lines (store/store_line.h) and back.
 *
 * The process is the store's user already, and the file is open. What the store complains about
 * goes to stderr, and so does what is wrong, with what to do.
 */
#ifndef GP_CLI_STORE_MOVE_H
#define GP_CLI_STORE_MOVE_H

#include <stdio.h>

#include "cli/store/store_list.h"
#include "cli/store/store_moved.h"
#include "cli/store/store_user.h"

/* One that is to be moved, and the other side. */
struct gp_cli_store_move {
	const struct gp_cli_store *store;
	const struct gp_cli_store_user *who;
	FILE *file;
	const char *name; /* of the file, for messages */
};

/* An exit code; *moved_out says what was done, after a failure as well. */
int gp_cli_store_export(const struct gp_cli_store_move *move, struct gp_cli_store_moved *moved_out);
int gp_cli_store_import(const struct gp_cli_store_move *move, struct gp_cli_store_moved *moved_out);

#endif
