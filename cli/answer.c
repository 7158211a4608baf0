/* SPDX-License-Identifier: ISC */
/* The text is made in any case: it is what looks at the members. */
#include "cli/answer.h"

#include <stdio.h>

#include "cli/usage.h"

#define MEMORY (64 * 1024 * 1024)

/* gp_cli_answer_print: nothing is printed of an answer that is not understood. */
int gp_cli_answer_print(
	struct gp_cli_control *control, const json_t *answer, bool json, gp_cli_answer_make make)
{
	struct gp_arena *arena = gp_arena_new(MEMORY);
	struct gp_strbuf buf;
	const char *text;
	int code = GP_CLI_FINE;
	gp_strbuf_init(&buf, arena, MEMORY);
	if (!arena || !make(answer, arena, &buf) || gp_strbuf_finish(&buf, &text)) {
		gp_cli_control_misread(control);
		code = gp_cli_control_report(control);
	} else if (json) {
		code = gp_cli_control_print(answer, false);
	} else {
		fputs(text, stdout);
	}
	gp_arena_free(arena);
	return code;
}
