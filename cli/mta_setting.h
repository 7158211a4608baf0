/* SPDX-License-Identifier: ISC */
/*
 * Mta_setting: which mail server this machine has, and one setting of it at a time, as its own
 * program tells: postconf -x NAME, exim -bP NAME.
 *
 * What they print is foreign: warnings and other lines are passed over. Values live in the arena.
 */
#ifndef GP_CLI_MTA_SETTING_H
#define GP_CLI_MTA_SETTING_H

#include "base/arena.h"
#include "base/span.h"

struct gp_cli_mta {
	const char *postconf, *exim; /* paths of the programs; NULL: not here */
};

/* Looks for the programs. */
void gp_cli_mta_find(struct gp_arena *arena, struct gp_cli_mta *mta_out);

/* The value, without blanks at its ends; empty: there is none, or the program fails. */
struct gp_span gp_cli_mta_postfix(
	struct gp_arena *arena, const struct gp_cli_mta *mta, const char *name);
struct gp_span gp_cli_mta_exim(
	struct gp_arena *arena, const struct gp_cli_mta *mta, const char *name);

#endif
