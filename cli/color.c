/* SPDX-License-Identifier: ISC */
/* The eight colours of ECMA-48 that every terminal has; its owner has chosen how they look. */
#include "cli/color.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum { AUTO, ALWAYS, NEVER } choice;

/* gp_cli_color_set: what the option says. */
void gp_cli_color_set(const char *when)
{
	choice = !when || strcmp(when, "auto") == 0 ? AUTO
		 : strcmp(when, "always") == 0      ? ALWAYS
						    : NEVER;
}

/* is_wanted: on this stream. */
static bool is_wanted(FILE *out)
{
	const char *none = getenv("NO_COLOR"), *term = getenv("TERM");
	if (choice != AUTO)
		return choice == ALWAYS;
	return !(none && *none) && term && strcmp(term, "dumb") != 0 && isatty(fileno(out));
}

/* gp_cli_color: an escape sequence, or nothing. */
const char *gp_cli_color(FILE *out, enum gp_cli_tone tone)
{
	static const char *const start[] = {
		[GP_CLI_PLAIN] = "",
		[GP_CLI_GOOD] = "\x1b[32m",
		[GP_CLI_WARN] = "\x1b[33m",
		[GP_CLI_BAD] = "\x1b[31m",
		[GP_CLI_DIM] = "\x1b[2m",
		[GP_CLI_BOLD] = "\x1b[1m",
	};
	return is_wanted(out) ? start[tone] : "";
}

/* gp_cli_color_end: as before. */
const char *gp_cli_color_end(FILE *out)
{
	return is_wanted(out) ? "\x1b[0m" : "";
}

/* gp_cli_tone_of: a word that is not listed says nothing good or bad. */
enum gp_cli_tone gp_cli_tone_of(const char *word)
{
	static const struct {
		const char *word;
		enum gp_cli_tone tone;
	} tones[] = {
		{"pass", GP_CLI_GOOD},
		{"accept", GP_CLI_GOOD},
		{"ok", GP_CLI_GOOD},
		{"up", GP_CLI_GOOD},
		{"fail", GP_CLI_BAD},
		{"permerror", GP_CLI_BAD},
		{"reject", GP_CLI_BAD},
		{"problem", GP_CLI_BAD},
		{"DOWN", GP_CLI_BAD},
		{"softfail", GP_CLI_WARN},
		{"neutral", GP_CLI_WARN},
		{"policy", GP_CLI_WARN},
		{"temperror", GP_CLI_WARN},
		{"hold", GP_CLI_WARN},
		{"quarantine", GP_CLI_WARN},
		{"defer", GP_CLI_WARN},
		{"warning", GP_CLI_WARN},
		{"WARNING", GP_CLI_WARN},
	};
	for (size_t i = 0; i < sizeof tones / sizeof tones[0]; i++)
		if (strcmp(word, tones[i].word) == 0)
			return tones[i].tone;
	return GP_CLI_PLAIN;
}

/* gp_cli_color_word: blanks stay as they are. */
void gp_cli_color_word(const char *word, int width)
{
	enum gp_cli_tone tone = gp_cli_tone_of(word);
	int blanks = width - (int)strlen(word);
	printf("%s%s%s%*s", gp_cli_color(stdout, tone), word,
		tone == GP_CLI_PLAIN ? "" : gp_cli_color_end(stdout), blanks > 0 ? blanks : 0, "");
}

/* gp_cli_warn: the line end is the caller's. */
void gp_cli_warn(const char *format, ...)
{
	va_list ap;
	gp_cli_color_word("WARNING", 0);
	fputs(": ", stdout);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
}
