/* SPDX-License-Identifier: ISC */
/*
 * Lists: what the files of "gatepost lists" share: the table of DNS lists as the daemon tells of
 * them (operator/operator_lists_show.c), and what an operator changes.
 */
#ifndef GP_CLI_LISTS_LISTS_H
#define GP_CLI_LISTS_LISTS_H

#include <jansson.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "cli/command.h"
#include "cli/control.h"

/* Columns that the public name of a list keeps in a table: it is what has to be typed. */
#define GP_CLI_LISTS_ZONE 28

/* The answer of "lists" as a table, with what follows from a suspended list; false: it is not as
 * it should be, or there is no memory. */
bool gp_cli_lists_show(const json_t *answer, struct gp_arena *arena, struct gp_strbuf *buf);

/* Changes: off, on, retest. An exit code; they say what was done. */
int gp_cli_lists_off(const struct gp_cli_call *call, struct gp_cli_control *control);
int gp_cli_lists_on(const struct gp_cli_call *call, struct gp_cli_control *control);
int gp_cli_lists_retest(const struct gp_cli_call *call, struct gp_cli_control *control);

#endif
