/* SPDX-License-Identifier: ISC */
/* The table of lists: their state first, then what they have said, as far as there is room. */
#include <string.h>
#include <time.h>

#include "cli/format.h"
#include "cli/limits.h"
#include "cli/lists/lists.h"
#include "cli/table.h"

#define LISTS_MAX 1000

enum {
	LIST,
	STATE,
	REASON,
	SINCE,
	TESTED,
	QUERIES,
	HITS,
	UNKNOWN,
	TIMEOUTS,
	MEDIAN,
	CODES,
	COLUMNS
};
static const struct gp_cli_column columns[COLUMNS] = {
	[LIST] = {.title = "LIST", .least = GP_CLI_LISTS_ZONE},
	[STATE] = {.title = "STATE"},
	[REASON] = {.title = "REASON", .least = 10},
	[SINCE] = {.title = "SINCE", .drop = GP_CLI_DROP_FIRST},
	[TESTED] = {.title = "TESTED", .drop = GP_CLI_DROP_FIRST},
	[QUERIES] = {.title = "QUERIES", .is_right = true},
	[HITS] = {.title = "HITS", .is_right = true},
	[UNKNOWN] = {.title = "UNKNOWN", .is_right = true, .drop = GP_CLI_DROP_LAST},
	[TIMEOUTS] = {.title = "TIMEOUTS", .is_right = true, .drop = GP_CLI_DROP_LAST},
	[MEDIAN] = {.title = "MEDIAN", .is_right = true, .drop = GP_CLI_DROP_FIRST},
	[CODES] = {.title = "HITS BY CODE", .drop = GP_CLI_DROP_FIRST},
};

/* ---- reading ---- */

/* A list as the daemon tells of it (operator/operator_lists_show.c); texts belong to the answer, ""
 * where there is none. */
struct list {
	const char *zone, *state, *reason, *problem, *since, *tested;
	json_int_t queries, hits, unknown, timeouts;
	json_int_t median_us;          /* -1: nothing was asked yet */
	json_t *codes, *unknown_codes; /* arrays, checked */
};

/* read_code: both members. */
static bool read_code(const json_t *codes, size_t i, const char **code_out, json_int_t *count_out)
{
	return json_unpack(json_array_get(codes, i), "{s:s, s:I}", "code", code_out, "count",
		       count_out) == 0;
}

/* are_codes: a bounded array of them. */
static bool are_codes(const json_t *codes)
{
	const char *code;
	json_int_t count;
	for (size_t i = 0; i < json_array_size(codes); i++)
		if (!read_code(codes, i, &code, &count))
			return false;
	return json_is_array(codes) && json_array_size(codes) <= LISTS_MAX;
}

/* read_list: every member of one of the answer's "lists". */
static bool read_list(json_t *value, struct list *list_out)
{
	const char *name;
	json_int_t errors;
	json_t *median;
	*list_out = (struct list) {.problem = "", .since = "", .tested = ""};
	if (json_unpack(value,
		    "{s:s, s:s, s:s, s:s, s?s, s?s, s?s, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o}",
		    "name", &name, "list", &list_out->zone, "state", &list_out->state, "reason",
		    &list_out->reason, "problem", &list_out->problem, "since", &list_out->since,
		    "tested", &list_out->tested, "queries", &list_out->queries, "hits",
		    &list_out->hits, "unknown", &list_out->unknown, "errors", &errors, "timeouts",
		    &list_out->timeouts, "median_us", &median, "codes", &list_out->codes,
		    "unknown_codes", &list_out->unknown_codes))
		return false;
	list_out->median_us = json_is_integer(median) ? json_integer_value(median) : -1;
	return are_codes(list_out->codes) && are_codes(list_out->unknown_codes);
}

/* ---- showing ---- */

/* time_text: a point of time for people; "" where there is none. */
static const char *time_text(struct gp_arena *arena, const char *text)
{
	char at[GP_CLI_TEXT];
	time_t t;
	return gp_cli_limits_wall(text, &t) ? gp_arena_printf(arena, "%s", gp_cli_time(t, at)) : "";
}

/* codes_text: "127.0.0.4 812, 127.0.0.10 90". */
static const char *codes_text(struct gp_arena *arena, const json_t *codes)
{
	struct gp_strbuf buf;
	const char *text, *code;
	json_int_t count;
	gp_strbuf_init(&buf, arena, 65536);
	for (size_t i = 0; i < json_array_size(codes); i++)
		if (read_code(codes, i, &code, &count))
			gp_strbuf_printf(&buf, "%s%s %lld", i ? ", " : "",
				gp_cli_visible(arena, code), (long long)count);
	return gp_strbuf_finish(&buf, &text) ? NULL : text;
}

/* add_row: the cells of one. */
static void add_row(struct gp_cli_table *table, const struct list *l)
{
	struct gp_arena *arena = table->arena;
	char text[GP_CLI_TEXT];
	const char *cells[COLUMNS] = {
		[LIST] = gp_cli_visible(arena, l->zone),
		[STATE] = gp_cli_visible(arena, l->state),
		[REASON] = gp_cli_visible(arena, l->reason),
		[SINCE] = time_text(arena, l->since),
		[TESTED] = time_text(arena, l->tested),
		[QUERIES] = gp_arena_printf(arena, "%lld", (long long)l->queries),
		[HITS] = gp_arena_printf(arena, "%lld", (long long)l->hits),
		[UNKNOWN] = gp_arena_printf(arena, "%lld", (long long)l->unknown),
		[TIMEOUTS] = gp_arena_printf(arena, "%lld", (long long)l->timeouts),
		[MEDIAN] = l->median_us < 0 ? "-"
					    : gp_arena_printf(arena, "%s",
						      gp_cli_micros(l->median_us, text)),
		[CODES] = codes_text(arena, l->codes),
	};
	for (size_t i = 0; i < COLUMNS; i++)
		cells[i] = cells[i] ? cells[i] : "?";
	gp_cli_table_add(table, cells);
}

/* add_remarks: what needs to be looked at: why a list is not in use, answers that no rule knows. */
static void add_remarks(struct gp_arena *arena, const struct list *l, struct gp_strbuf *buf)
{
	const char *zone = gp_cli_visible(arena, l->zone);
	if (*l->reason)
		gp_strbuf_printf(buf, "%s: %s%s%s\n", zone, gp_cli_visible(arena, l->reason),
			*l->problem ? ": " : "", gp_cli_visible(arena, l->problem));
	if (json_array_size(l->unknown_codes) > 0)
		gp_strbuf_printf(buf, "%s: answers that no rule of the list knows: %s\n", zone,
			codes_text(arena, l->unknown_codes));
}

/* gp_cli_lists_show: the table, then remarks. */
bool gp_cli_lists_show(const json_t *answer, struct gp_arena *arena, struct gp_strbuf *buf)
{
	const json_t *lists = json_object_get(answer, "lists");
	const char *mode = json_string_value(json_object_get(answer, "mode"));
	size_t count = json_array_size(lists);
	struct gp_cli_table table;
	struct list list;
	if (!json_is_array(lists) || count > LISTS_MAX || !mode)
		return false;
	gp_cli_table_init(&table, arena, columns, COLUMNS);
	for (size_t i = 0; i < count; i++) {
		if (!read_list(json_array_get(lists, i), &list))
			return false;
		add_row(&table, &list);
	}
	if (!count)
		gp_strbuf_add(buf, "no DNS list is configured\n");
	else
		gp_cli_table_format(&table, gp_cli_width(), buf);
	for (size_t i = 0; i < count; i++)
		if (read_list(json_array_get(lists, i), &list))
			add_remarks(arena, &list, buf);
	if (count && strcmp(mode, "off") == 0)
		gp_strbuf_add(buf, "dnsbl.mode is off: no list is asked\n");
	return true;
}
