/* SPDX-License-Identifier: ISC */
/* Rows of limits: read from an answer with every type and bound checked, and shown. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/duration.h"
#include "cli/format.h"
#include "cli/limits.h"
#include "cli/table.h"

/* ---- reading ---- */

/* read_max: a number, or null for none. */
static bool read_max(const json_t *value, int64_t *max_out)
{
	*max_out = json_is_null(value) ? GP_CLI_UNLIMITED : json_integer_value(value);
	return json_is_null(value) || (json_is_integer(value) && *max_out >= 0);
}

/* read_row: one member after the other. */
static bool read_row(json_t *value, struct gp_cli_row *row)
{
	json_int_t per_s, used, line = 0, wait_s = 0;
	json_t *max, *limit_max;
	*row = (struct gp_cli_row) {.override = "", .override_name = "", .file = "", .expires = ""};
	if (json_unpack(value,
		    "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:o, s:o, s?s, s?s, s?s, "
		    "s?s, s?I, s?I}",
		    "limit", &row->limit, "key", &row->key, "count", &row->count, "mode",
		    &row->mode, "action", &row->action, "name", &row->name, "subject",
		    &row->subject, "source", &row->source, "per_s", &per_s, "used", &used, "max",
		    &max, "limit_max", &limit_max, "override", &row->override, "override_name",
		    &row->override_name, "file", &row->file, "expires", &row->expires, "line",
		    &line, "wait_s", &wait_s))
		return false;
	row->per_s = per_s;
	row->used = used;
	row->line = line;
	row->wait_s = wait_s;
	return per_s > 0 && used >= 0 && line >= 0 && wait_s >= 0 && read_max(max, &row->max) &&
	       read_max(limit_max, &row->limit_max);
}

/* gp_cli_rows: all of them or none. */
bool gp_cli_rows(const json_t *answer, struct gp_arena *arena, const struct gp_cli_row **rows_out,
	size_t *count_out)
{
	const json_t *list = json_object_get(answer, "rows");
	size_t count = json_array_size(list);
	struct gp_cli_row *rows = gp_arena_array(arena, count ? count : 1, sizeof *rows);
	if (!rows || !json_is_array(list))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!read_row(json_array_get(list, i), &rows[i]))
			return false;
	*rows_out = rows;
	*count_out = count;
	return true;
}

/* ---- a table ---- */

/* is_bytes: does the row count them? */
static bool is_bytes(const struct gp_cli_row *row)
{
	return strcmp(row->count, "bytes") == 0;
}

/* who_text: a user's bare name, unless it could be taken for something else. */
static const char *who_text(
	struct gp_arena *arena, bool is_user, const char *name, const char *subject)
{
	bool is_bare = is_user && *name && !strchr(name, ':') && strcmp(name, "all") != 0;
	return gp_cli_visible(arena, is_bare ? name : subject);
}

/* gp_cli_row_who: by its key. */
const char *gp_cli_row_who(struct gp_arena *arena, const struct gp_cli_row *row)
{
	return who_text(arena, strcmp(row->key, "user") == 0, row->name, row->subject);
}

/* gp_cli_subject_who: by what it begins with. */
const char *gp_cli_subject_who(struct gp_arena *arena, const char *subject)
{
	bool is_user = strncmp(subject, "user:", 5) == 0;
	return who_text(arena, is_user, is_user ? subject + 5 : "", subject);
}

/* kept: a text in the arena. */
static const char *kept(struct gp_arena *arena, const char *text)
{
	const char *copy = gp_arena_copy(arena, gp_span_from(text));
	return copy ? copy : "?";
}

/* max_text: or that there is none. */
static const char *max_text(const struct gp_cli_row *row, int64_t max, char text[GP_CLI_TEXT])
{
	return max == GP_CLI_UNLIMITED ? "unlimited" : gp_cli_amount(max, is_bytes(row), text);
}

/* when_full: what happens to mail over the maximum. */
static const char *when_full(const struct gp_cli_row *row)
{
	if (row->max == GP_CLI_UNLIMITED)
		return "-";
	return strcmp(row->mode, "label") == 0 ? "label only" : row->action;
}

/* room_text: when there is room again. */
static const char *room_text(const struct gp_cli_row *row, char text[GP_CLI_TEXT])
{
	char duration[GP_CLI_TEXT];
	if (row->max == GP_CLI_UNLIMITED)
		return "always";
	if (row->max == 0)
		return "never";
	if (!row->wait_s)
		return "now";
	snprintf(text, GP_CLI_TEXT, "in %.30s",
		gp_duration_wait(gp_duration_ms(row->wait_s), duration));
	return text;
}

/* The columns of both tables; what a table does not have stays empty, and so is not shown. */
enum { WHO, LIMIT, USED, MAX, COUNTS, PER, PERCENT, BAR, FULL, ROOM, COLUMNS };
static const struct gp_cli_column columns[COLUMNS] = {
	[WHO] = {.title = "WHO", .least = 14},
	[LIMIT] = {.title = "LIMIT", .least = 8},
	[USED] = {.title = "USED", .is_right = true},
	[MAX] = {.title = "MAX", .is_right = true},
	[COUNTS] = {.title = "COUNTS", .drop = GP_CLI_DROP_LAST},
	[PER] = {.title = "PER", .is_right = true},
	[PERCENT] = {.title = "FULL", .is_right = true},
	[BAR] = {.title = "", .drop = GP_CLI_DROP_FIRST},
	[FULL] = {.title = "WHEN FULL", .drop = GP_CLI_DROP_FIRST},
	[ROOM] = {.title = "ROOM"},
};

/* add_row: the cells; is_top: with a bar, else with what becomes of it. */
static void add_row(struct gp_cli_table *table, const struct gp_cli_row *row, bool is_top)
{
	struct gp_arena *arena = table->arena;
	char text[GP_CLI_TEXT];
	const char *cells[COLUMNS] = {
		[WHO] = gp_cli_row_who(arena, row),
		[LIMIT] = gp_cli_visible(arena, row->limit),
		[USED] = kept(arena, gp_cli_amount(row->used, is_bytes(row), text)),
		[MAX] = kept(arena, max_text(row, row->max, text)),
		[COUNTS] = gp_cli_visible(arena, row->count),
		[PER] = kept(arena, gp_duration_period(gp_duration_ms(row->per_s), text)),
		[PERCENT] = kept(arena, gp_cli_percent(row->used, row->max, text)),
		[BAR] = is_top ? kept(arena, gp_cli_bar(row->used, row->max, 10, text)) : "",
		[FULL] = is_top ? "" : gp_cli_visible(arena, when_full(row)),
		[ROOM] = is_top ? "" : kept(arena, room_text(row, text)),
	};
	gp_cli_table_add(table, cells);
}

/* add_table: of the first rows. */
static void add_table(const struct gp_cli_row *rows, size_t count, bool is_top,
	struct gp_arena *arena, struct gp_strbuf *buf)
{
	struct gp_cli_table table;
	gp_cli_table_init(&table, arena, columns, COLUMNS);
	for (size_t i = 0; i < count; i++)
		add_row(&table, &rows[i], is_top);
	gp_cli_table_format(&table, gp_cli_width(), buf);
	if (table.is_full)
		gp_strbuf_add(buf, "not enough memory to list all of them\n");
}

/* gp_cli_limits_top: the table, and what is left out. */
bool gp_cli_limits_top(
	const json_t *answer, size_t shown, struct gp_arena *arena, struct gp_strbuf *buf)
{
	const json_t *counters = json_object_get(answer, "counters");
	const struct gp_cli_row *rows;
	size_t count;
	if (!json_is_integer(counters) || !gp_cli_rows(answer, arena, &rows, &count))
		return false;
	if (count == 0) {
		gp_strbuf_add(buf, "nothing is counted at present\n");
		return true;
	}
	bool is_cut = count > shown; /* to the screen: asking for more would not help */
	shown = is_cut ? shown : count;
	add_table(rows, shown, true, arena, buf);
	if (json_integer_value(counters) > (json_int_t)shown)
		gp_strbuf_printf(buf, "the first %zu of %lld%s\n", shown,
			(long long)json_integer_value(counters),
			is_cut ? "" : "; -n N or --all shows more");
	return true;
}

/* add_uncounted: it is said when nothing counts for whom the rows are about: a name mistyped? */
static bool add_uncounted(const json_t *answer, struct gp_strbuf *buf)
{
	const json_t *counted = json_object_get(answer, "counted");
	if (json_is_false(counted))
		gp_strbuf_add(buf, "nothing is counted under this name at present\n");
	return !counted || json_is_boolean(counted);
}

/* gp_cli_limits_wall: in UTC. */
bool gp_cli_limits_wall(const char *text, time_t *wall_s_out)
{
	struct tm tm = {0};
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	*wall_s_out = end && !*end ? timegm(&tm) : 0;
	return end && !*end;
}

/* add_until: how long a run-time override holds. */
static void add_until(struct gp_strbuf *buf, const char *expires)
{
	char at[GP_CLI_TEXT], left[GP_CLI_TEXT];
	time_t t;
	if (!gp_cli_limits_wall(expires, &t)) {
		gp_strbuf_add(buf, *expires ? "" : " until it is removed");
		return;
	}
	gp_strbuf_printf(buf, " until %s (%s left)", gp_cli_time(t, at),
		gp_duration_wait(gp_duration_ms((int64_t)(t - time(NULL))), left));
}

/* add_each: what is set for each one of a domain. */
static bool add_each(const json_t *answer, struct gp_arena *arena, struct gp_strbuf *buf)
{
	const json_t *list = json_object_get(answer, "each");
	char text[GP_CLI_TEXT];
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *limit, *subject, *count, *key, *expires = "";
		json_t *value;
		int64_t max;
		if (json_unpack(json_array_get(list, i), "{s:s, s:s, s:s, s:s, s:o, s?s}", "limit",
			    &limit, "subject", &subject, "count", &count, "key", &key, "max",
			    &value, "expires", &expires) ||
			!read_max(value, &max))
			return false;
		const char *colon = strchr(subject, ':');
		gp_strbuf_printf(buf, "each %s of %s: max of %s %s, set at run time,",
			gp_cli_visible(arena, key),
			gp_cli_visible(arena, colon ? colon + 1 : subject),
			gp_cli_visible(arena, limit),
			max == GP_CLI_UNLIMITED
				? "unlimited"
				: gp_cli_amount(max, strcmp(count, "bytes") == 0, text));
		add_until(buf, expires);
		gp_strbuf_add(buf, "\n");
	}
	return !list || json_is_array(list);
}

/* gp_cli_limits_show: the table. */
bool gp_cli_limits_show(const json_t *answer, struct gp_arena *arena, struct gp_strbuf *buf)
{
	const struct gp_cli_row *rows;
	size_t count;
	if (!gp_cli_rows(answer, arena, &rows, &count))
		return false;
	add_table(rows, count, false, arena, buf);
	return add_uncounted(answer, buf) && add_each(answer, arena, buf);
}

/* ---- sentences ---- */

/* add_source: which row said so. */
static void add_source(struct gp_arena *arena, const struct gp_cli_row *row, struct gp_strbuf *buf)
{
	char text[GP_CLI_TEXT];
	const char *file = gp_cli_visible(arena, row->file);
	bool is_runtime = strcmp(row->source, "runtime") == 0;
	gp_strbuf_printf(buf, "    max %s: ", max_text(row, row->max, text));
	if (is_runtime) {
		gp_strbuf_add(buf, "set at run time");
		if (*row->override)
			gp_strbuf_printf(buf, " for the whole domain %s",
				gp_cli_visible(arena, row->override_name));
		gp_strbuf_add(buf, ",");
		add_until(buf, row->expires);
	} else if (strcmp(row->source, "override") == 0) {
		gp_strbuf_printf(buf, "override { %s = \"%s\" } in %s:%lld",
			gp_cli_visible(arena, row->override),
			gp_cli_visible(arena, row->override_name), file, (long long)row->line);
	} else {
		gp_strbuf_printf(buf, "the limit itself, in %s:%lld", file, (long long)row->line);
	}
	gp_strbuf_add(buf, "\n");
	if (strcmp(row->source, "limit") != 0)
		gp_strbuf_printf(buf, "    without it: %s\n", max_text(row, row->limit_max, text));
}

/* add_room: what is used, and when there is room. */
static void add_room(struct gp_arena *arena, const struct gp_cli_row *row, struct gp_strbuf *buf)
{
	char text[GP_CLI_TEXT];
	gp_strbuf_printf(buf, "    used %s", gp_cli_amount(row->used, is_bytes(row), text));
	if (row->max == GP_CLI_UNLIMITED) {
		gp_strbuf_add(buf, ", counted only\n");
		return;
	}
	gp_strbuf_printf(buf, " (%s)", gp_cli_percent(row->used, row->max, text));
	gp_strbuf_printf(buf, ", room %s", room_text(row, text));
	if (row->wait_s)
		gp_strbuf_printf(
			buf, " (at %s)", gp_cli_time(time(NULL) + (time_t)row->wait_s, text));
	gp_strbuf_printf(buf, "; when full: %s\n", gp_cli_visible(arena, when_full(row)));
}

/* gp_cli_limits_explain: a paragraph for each. */
bool gp_cli_limits_explain(const json_t *answer, struct gp_arena *arena, struct gp_strbuf *buf)
{
	const struct gp_cli_row *rows;
	size_t count;
	char text[GP_CLI_TEXT];
	if (!gp_cli_rows(answer, arena, &rows, &count))
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct gp_cli_row *row = &rows[i];
		gp_strbuf_printf(buf, "%s%s: %s in %s, of %s\n", i ? "\n" : "",
			gp_cli_visible(arena, row->limit), gp_cli_visible(arena, row->count),
			gp_duration_period(gp_duration_ms(row->per_s), text),
			gp_cli_row_who(arena, row));
		add_source(arena, row, buf);
		add_room(arena, row, buf);
	}
	return add_uncounted(answer, buf) && add_each(answer, arena, buf);
}

/* gp_cli_limits_request: how many rows. */
json_t *gp_cli_limits_request(const struct gp_cli_limits *a)
{
	uint64_t count = a->all ? 0 : a->count ? a->count : GP_CLI_LIMITS_SHOWN;
	return json_pack("{s:s, s:I}", "command", "limits", "count", (json_int_t)count);
}
