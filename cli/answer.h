/* SPDX-License-Identifier: ISC */
/* Answer: the answer of a daemon, or of the store in its place, on standard output. */
#ifndef GP_CLI_ANSWER_H
#define GP_CLI_ANSWER_H

#include <jansson.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "cli/control.h"

/* Makes text of an answer; false: it is not as it should be, or there is no memory. */
typedef bool (*gp_cli_answer_make)(
	const json_t *answer, struct gp_arena *arena, struct gp_strbuf *buf);

/*
 * Prints the answer as the text that is made of it, or for programs as it is, after the same
 * checks; an exit code. What is wrong with it is said on standard error.
 */
int gp_cli_answer_print(
	struct gp_cli_control *control, const json_t *answer, bool json, gp_cli_answer_make make);

#endif
