/* SPDX-License-Identifier: ISC */
/*
 * Status_store: the stores in the answer to "status" (shared/operator/operator_store.c), and the
 * whole of that answer where no daemon gives it (cli/direct_answer.c).
 */
#ifndef GP_CLI_STATUS_STORE_H
#define GP_CLI_STATUS_STORE_H

#include "base/arena.h"
#include "cli/control.h"

/* Texts belong to the answer. */
struct gp_cli_status_store {
	bool is_used;
	int up;
	const char *where, *problem;
	json_int_t problem_age_ms, round_trip_us, taken, failed, forgotten, forgotten_disk;
	int disk_is_full;
};

/* Checks every member; null: there is none. */
bool gp_cli_status_store_read(json_t *value, struct gp_cli_status_store *store_out);

/* Up or not, where, how fast; has_steps: with what it has counted since it was opened. */
void gp_cli_status_store_print(struct gp_arena *arena, const char *title,
	const struct gp_cli_status_store *store, bool has_steps);

/* What being down means, of both. */
void gp_cli_status_store_warn(struct gp_arena *arena, const struct gp_cli_status_store *store,
	const struct gp_cli_status_store *local);

/* Shows the answer; an exit code. */
int gp_cli_status_direct(struct gp_cli_control *control, json_t *answer, bool json);

#endif
