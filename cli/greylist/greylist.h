/* SPDX-License-Identifier: ISC */
/*
 * Greylist: what the files of "gatepost greylist" share: the answers of the daemon
 * (operator/operator_greylist.c), checked and shown.
 */
#ifndef GP_CLI_GREYLIST_GREYLIST_H
#define GP_CLI_GREYLIST_GREYLIST_H

#include <jansson.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/strbuf.h"

/* Each makes text of an answer: figures; what is known of one mail; a change. false: it is not as
 * it should be. */
bool gp_cli_greylist_figures(const json_t *answer, struct gp_arena *arena, struct gp_strbuf *buf);
bool gp_cli_greylist_mail(const json_t *answer, struct gp_arena *arena, struct gp_strbuf *buf);
bool gp_cli_greylist_changed(const json_t *answer, struct gp_arena *arena, struct gp_strbuf *buf);

#endif
