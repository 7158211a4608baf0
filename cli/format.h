/* SPDX-License-Identifier: ISC */
/*
 * Format: numbers, times and names as people read them on a terminal.
 *
 * Names are foreign: what could play with a terminal (control characters, characters that turn the
 * direction of writing or cannot be seen) becomes '?', and so does what the locale cannot show.
 * Texts into storage of the caller are returned for use in a printf; the others belong to the
 * arena, and are never NULL: a "?" stands for what had no room.
 */
#ifndef GP_CLI_FORMAT_H
#define GP_CLI_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"

#define GP_CLI_TEXT 40

/* 1610612736 bytes are "1.5G" (1024-fold, never rounded up); other things are counted in full. */
const char *gp_cli_amount(int64_t n, bool is_bytes, char text_out[GP_CLI_TEXT]);

/* "120 us", "2.3 ms", "1.2 s". */
const char *gp_cli_micros(int64_t us, char text_out[GP_CLI_TEXT]);

/* A point of wall time, local: "15:04", with the day unless it is today. */
const char *gp_cli_time(int64_t wall_s, char text_out[GP_CLI_TEXT]);

/* "97%", never 100 before it is full; "" without a maximum (max < 0). */
const char *gp_cli_percent(int64_t used, int64_t max, char text_out[GP_CLI_TEXT]);

/* The same as "#####....."; width below GP_CLI_TEXT. */
const char *gp_cli_bar(int64_t used, int64_t max, size_t width, char text_out[GP_CLI_TEXT]);

/* "90s", "30m", "12h", "1d", "2w" as seconds, more than 0 and at most max. */
bool gp_cli_duration_parse(const char *text, int64_t max, int64_t *s_out);

/* "500", "1.5" not, "2G" 1024-fold; has_unit_out: was there a letter? */
bool gp_cli_amount_parse(const char *text, int64_t max, int64_t *n_out, bool *has_unit_out);

/* A name that a terminal may show. */
const char *gp_cli_visible(struct gp_arena *arena, const char *text);

/* The same of bytes that may hold a NUL, such as a record of DNS: printable ASCII stays. */
const char *gp_cli_visible_span(struct gp_arena *arena, struct gp_span bytes);

/* How many columns such a text takes. */
size_t gp_cli_columns(const char *visible);

/* Cut in the middle to at most so many columns, at least 5. */
const char *gp_cli_cut(struct gp_arena *arena, const char *visible, size_t columns);

/* The same with that many columns before the dots, at most columns - 3. */
const char *gp_cli_cut_at(struct gp_arena *arena, const char *visible, size_t columns, size_t head);

/* The beginning of the text that fits into so many columns. */
const char *gp_cli_first(struct gp_arena *arena, const char *visible, size_t columns);

#endif
