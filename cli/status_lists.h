/* SPDX-License-Identifier: ISC */
/*
 * Status_lists: DNS lists and greylisting in the answer to "status", in a line each, and what is
 * wrong with lists (operator/operator_lists_show.c, operator_greylist.c).
 */
#ifndef GP_CLI_STATUS_LISTS_H
#define GP_CLI_STATUS_LISTS_H

#include <jansson.h>
#include <stdbool.h>

#include "base/arena.h"

/* Checks every member; null, or NULL from an older daemon: there are none. */
bool gp_cli_status_lists_check(json_t *lists);

/* How many are in which state. */
void gp_cli_status_lists_print(json_t *lists);

/* What greylisting did in a day; null, or NULL from an older daemon: it is not known. */
bool gp_cli_status_greylist_check(json_t *greylist);
void gp_cli_status_greylist_print(json_t *greylist);

/* A line for each that is suspended or dead. */
void gp_cli_status_lists_warn(struct gp_arena *arena, json_t *lists);

#endif
