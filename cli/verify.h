/* SPDX-License-Identifier: ISC */
/*
 * Verify: the verdict about a message, for people and for programs.
 */
#ifndef GP_CLI_VERIFY_H
#define GP_CLI_VERIFY_H

#include "base/arena.h"
#include "engine/engine_message.h"

/* A report of some lines on stdout. note: one more line at its end; NULL: none. */
void gp_cli_verify_report(
	struct gp_arena *arena, const struct gp_mail_verdict *verdict, const char *note);

/* The same as a JSON object on stdout; an exit code. */
int gp_cli_verify_json(
	struct gp_arena *arena, const struct gp_mail_verdict *verdict, const char *note);

#endif
