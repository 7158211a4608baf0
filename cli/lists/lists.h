/* SPDX-License-Identifier: ISC */
/*
 * Lists: what the files of "gatepost lists" share: a DNS list as the daemon tells of it
 * (operator/operator_lists.c), checked; and what an operator changes.
 */
#ifndef GP_CLI_LISTS_LISTS_H
#define GP_CLI_LISTS_LISTS_H

#include <jansson.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "cli/command.h"
#include "cli/control.h"

#define GP_CLI_LISTS_MEMORY (16 * 1024 * 1024)

/* One list; texts belong to the answer. "" where there is none. */
struct gp_cli_list {
	const char *name, *zone, *state, *reason, *problem, *since, *tested;
	json_int_t queries, hits, unknown, errors, timeouts;
	json_int_t median_us;          /* -1: nothing was asked yet */
	json_t *codes, *unknown_codes; /* arrays, checked */
};

/* Reads one member of the answer's "lists"; false: it is not as it should be. */
bool gp_cli_list_read(json_t *value, struct gp_cli_list *list_out);

/* One of a list's codes, and how often it came. */
bool gp_cli_list_code(const json_t *codes, size_t i, const char **code_out, json_int_t *count_out);

/* The answer of "lists" as a table, with what follows from a suspended list; false: it is not as
 * it should be, or there is no memory. */
bool gp_cli_lists_show(const json_t *answer, struct gp_arena *arena, struct gp_strbuf *buf);

/* Changes: off, on, retest. An exit code; they say what was done. */
int gp_cli_lists_off(const struct gp_cli_call *call, struct gp_cli_control *control);
int gp_cli_lists_on(const struct gp_cli_call *call, struct gp_cli_control *control);
int gp_cli_lists_retest(const struct gp_cli_call *call, struct gp_cli_control *control);

#endif
