/* SPDX-License-Identifier: ISC */
/*
 * Color: what is well in green, what works in part in yellow, what does not in red, on terminals
 * only.
 *
 *     printf("%s%s%s", gp_cli_color(stdout, GP_CLI_GOOD), "pass", gp_cli_color_end(stdout));
 *
 * Both are "" where there is to be no color: in a pipe or a file, with NO_COLOR in the environment
 * (https://no-color.org: whatever its value, unless it is empty), on a terminal of the type dumb,
 * or with --color=never. Never in JSON. One choice for the whole program, made before the first
 * thread.
 */
#ifndef GP_CLI_COLOR_H
#define GP_CLI_COLOR_H

#include <stdio.h>

enum gp_cli_tone { GP_CLI_PLAIN, GP_CLI_GOOD, GP_CLI_WARN, GP_CLI_BAD, GP_CLI_DIM, GP_CLI_BOLD };

/* "auto", "always" or "never"; NULL: auto. */
void gp_cli_color_set(const char *when);

/* The tone of a word that the checks, the daemon and the doctor say: "pass", "reject", "ok". */
enum gp_cli_tone gp_cli_tone_of(const char *word);

/* What switches to a tone, and what ends it; for text of one line. */
const char *gp_cli_color(FILE *out, enum gp_cli_tone tone);
const char *gp_cli_color_end(FILE *out);

/* The word in its tone, filled up with blanks to a width, on standard output. */
void gp_cli_color_word(const char *word, int width);

/* A line about what cannot work, on standard output: "WARNING: " in its tone, then printf. */
void gp_cli_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
