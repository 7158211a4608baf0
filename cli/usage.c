/* SPDX-License-Identifier: ISC */
/* Where help is, is said each time. */
#include "cli/usage.h"

#include <stdarg.h>
#include <stdio.h>

#include "cli/format.h"

#define TEXT_MAX 4096

/* gp_cli_usage: what is wrong, on one line, and where help is. */
int gp_cli_usage(const char *command, const char *format, ...)
{
	char text[TEXT_MAX];
	struct gp_arena *arena = gp_arena_new((size_t)16 * TEXT_MAX);
	const char *blank = *command ? " " : "";
	va_list ap;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	fprintf(stderr, "gatepost%s%s: %s\ngatepost%s%s --help shows %s\n", blank, command,
		arena ? gp_cli_visible(arena, text) : "out of memory", blank, command,
		*command ? "how it is used" : "all commands");
	gp_arena_free(arena);
	return GP_CLI_USAGE;
}
