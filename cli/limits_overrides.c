/* SPDX-License-Identifier: ISC */
/*
 * What was set at run time: a table with who has set it, where and when, and until when it holds.
 */
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "cli/format.h"
#include "cli/limits.h"
#include "cli/table.h"

/* One maximum, checked; texts belong to the answer, "" where there is none. */
struct override {
	const char *limit, *subject, *count, *expires, *set, *host;
	int64_t max, uid; /* GP_CLI_UNLIMITED; -1: not known */
	bool is_known;    /* a limit of that name is configured */
	bool is_in_use;   /* and looks for it */
};

enum { WHO, LIMIT, MAX, UNTIL, BY, SET, COLUMNS };
static const struct gp_cli_column columns[COLUMNS] = {
	[WHO] = {.title = "WHO", .least = 14},
	[LIMIT] = {.title = "LIMIT", .least = 8},
	[MAX] = {.title = "MAX", .is_right = true},
	[UNTIL] = {.title = "UNTIL"},
	[BY] = {.title = "SET BY", .drop = GP_CLI_DROP_LAST, .least = 8},
	[SET] = {.title = "SET AT", .drop = GP_CLI_DROP_FIRST},
};

/* read_override: one member after the other. */
static bool read_override(json_t *value, struct override *o)
{
	json_t *max;
	json_int_t uid = -1;
	int known, in_use = true;
	*o = (struct override) {.count = "", .expires = "", .set = "", .host = ""};
	if (json_unpack(value, "{s:s, s:s, s:o, s:b, s?b, s?s, s?s, s?s, s?s, s?I}", "limit",
		    &o->limit, "subject", &o->subject, "max", &max, "known", &known, "in_use",
		    &in_use, "count", &o->count, "expires", &o->expires, "set", &o->set, "host",
		    &o->host, "uid", &uid))
		return false;
	o->uid = uid;
	o->is_known = known;
	o->is_in_use = in_use;
	o->max = json_is_null(max) ? GP_CLI_UNLIMITED : json_integer_value(max);
	return json_is_null(max) || (json_is_integer(max) && o->max >= 0);
}

/* time_text: a point of time for people; "otherwise" where there is none. */
static const char *time_text(struct gp_arena *arena, const char *text, const char *otherwise)
{
	char at[GP_CLI_TEXT];
	time_t t;
	if (!gp_cli_limits_wall(text, &t))
		return otherwise;
	const char *copy = gp_arena_copy(arena, gp_span_from(gp_cli_time(t, at)));
	return copy ? copy : "?";
}

/* by_text: the user of that number on this host, and the host that took the command. */
static const char *by_text(struct gp_arena *arena, const struct override *o)
{
	const struct passwd *user = o->uid >= 0 ? getpwuid((uid_t)o->uid) : NULL;
	const char *text = "?";
	if (user)
		text = gp_arena_printf(arena, "%s on %s", user->pw_name, o->host);
	else if (o->uid >= 0)
		text = gp_arena_printf(arena, "uid %lld on %s", (long long)o->uid, o->host);
	return gp_cli_visible(arena, text ? text : "?");
}

/* add_row: the cells of one. */
static void add_row(struct gp_cli_table *table, const struct override *o)
{
	struct gp_arena *arena = table->arena;
	char text[GP_CLI_TEXT];
	bool is_bytes = strcmp(o->count, "bytes") == 0;
	const char *limit = gp_cli_visible(arena, o->limit);
	const char *note = !o->is_known ? " (not configured)" : " (not in use)";
	const char *max =
		o->max == GP_CLI_UNLIMITED ? "unlimited" : gp_cli_amount(o->max, is_bytes, text);
	const char *cells[COLUMNS] = {
		[WHO] = gp_cli_subject_who(arena, o->subject),
		[LIMIT] = o->is_in_use ? limit : gp_arena_printf(arena, "%s%s", limit, note),
		[MAX] = gp_arena_copy(arena, gp_span_from(max)),
		[UNTIL] = time_text(arena, o->expires, "taken back"),
		[BY] = by_text(arena, o),
		[SET] = time_text(arena, o->set, ""),
	};
	for (size_t i = 0; i < COLUMNS; i++)
		cells[i] = cells[i] ? cells[i] : "?";
	gp_cli_table_add(table, cells);
}

/* gp_cli_limits_overrides: the table. */
bool gp_cli_limits_overrides(const json_t *answer, struct gp_arena *arena, struct gp_strbuf *buf)
{
	const json_t *list = json_object_get(answer, "overrides");
	struct gp_cli_table table;
	size_t count = json_array_size(list);
	if (!json_is_array(list))
		return false;
	gp_cli_table_init(&table, arena, columns, COLUMNS);
	for (size_t i = 0; i < count; i++) {
		struct override o;
		if (!read_override(json_array_get(list, i), &o))
			return false;
		add_row(&table, &o);
	}
	if (count)
		gp_cli_table_format(&table, gp_cli_width(), buf);
	else
		gp_strbuf_add(buf, "no maximum is set at run time\n");
	if (table.is_full)
		gp_strbuf_add(buf, "not enough memory to list all of them\n");
	return true;
}
