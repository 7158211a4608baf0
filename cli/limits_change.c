/* SPDX-License-Identifier: ISC */
/* What an operator changes: counters that begin anew, and maxima at run time. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/format.h"
#include "cli/limits.h"
#include "cli/usage.h"
#include "store/store.h"

#define FOR_MAX_S (10LL * 366 * 86400) /* the daemon's bound */

/* ---- reset ---- */

/* read_forgotten: the names of the limits, and whether anything was counted. */
static bool read_forgotten(const json_t *answer, bool *was_counted_out)
{
	const json_t *names = json_object_get(answer, "forgotten");
	const json_t *counted = json_object_get(answer, "counted");
	size_t count = json_array_size(names);
	for (size_t i = 0; i < count; i++)
		if (!json_is_string(json_array_get(names, i)))
			return false;
	*was_counted_out = json_is_true(counted);
	return count > 0 && json_is_boolean(counted);
}

/* print_forgotten: on stderr when there was nothing: a name mistyped? */
static void print_forgotten(
	struct gp_arena *arena, const char *who, const json_t *answer, bool was_counted)
{
	const json_t *names = json_object_get(answer, "forgotten");
	FILE *out = was_counted ? stdout : stderr;
	if (was_counted)
		fprintf(out, "%s: set to zero:", gp_cli_visible(arena, who));
	else
		fprintf(out, "gatepost limits reset: nothing was counted under %s by",
			gp_cli_visible(arena, who));
	for (size_t i = 0; i < json_array_size(names); i++)
		fprintf(out, "%s %s", i ? "," : "",
			gp_cli_visible(arena, json_string_value(json_array_get(names, i))));
	fputc('\n', out);
}

/* gp_cli_limits_reset: one limit, or all. */
int gp_cli_limits_reset(const struct gp_cli_limits *a, struct gp_cli_control *control)
{
	json_t *answer, *request = json_pack("{s:s, s:s}", "command", "reset", "who", a->words[0]);
	struct gp_arena *arena = gp_arena_new(GP_CLI_LIMITS_MEMORY);
	bool was_counted = false;
	if (request && a->word_count > 1)
		json_object_set_new(request, "limit", json_string(a->words[1]));
	int code = gp_cli_control_ask(control, request, &answer);
	if (!code && (!arena || !read_forgotten(answer, &was_counted)))
		code = gp_cli_control_misread(control);
	else if (!code && a->json)
		code = gp_cli_control_print(answer, false);
	else if (!code)
		print_forgotten(arena, a->words[0], answer, was_counted);
	if (code && *control->problem)
		gp_cli_control_report(control);
	json_decref(answer);
	gp_arena_free(arena);
	return code ? code : was_counted ? GP_CLI_FINE : GP_CLI_TROUBLE;
}

/* ---- set ---- */

/* What is to be set. */
struct change {
	const char *who, *limit;
	bool is_default;
	int64_t max; /* or GP_CLI_UNLIMITED */
	int64_t for_s;
	bool has_unit;
};

/* parse_change: of the words and --for. */
static int parse_change(const struct gp_cli_limits *a, struct change *c)
{
	const char *value = a->words[2];
	*c = (struct change) {.who = a->words[0], .limit = a->words[1], .max = GP_CLI_UNLIMITED};
	c->is_default = strcmp(value, "default") == 0;
	if (!c->is_default && strcmp(value, "unlimited") != 0 &&
		!gp_cli_amount_parse(value, GP_STORE_AMOUNT_MAX, &c->max, &c->has_unit))
		return gp_cli_usage(a->title,
			"\"%s\" is not a maximum; give a number (for bytes also 500M, 2G), "
			"unlimited or default",
			value);
	if (a->for_text && c->is_default)
		return gp_cli_usage(a->title, "--for has no effect with default");
	if (a->for_text && !gp_cli_duration_parse(a->for_text, FOR_MAX_S, &c->for_s))
		return gp_cli_usage(a->title,
			"--for: \"%s\" is not a duration; give a number and s, m, h, d or w, for "
			"example 1d",
			a->for_text);
	return GP_CLI_FINE;
}

/* print_source: why the maximum is what it is after one was taken back. */
static void print_source(struct gp_arena *arena, const json_t *answer)
{
	const char *source = "", *override = "", *name = "", *file = "", *expires = "";
	json_int_t line = 0;
	char at[GP_CLI_TEXT];
	time_t until;
	if (json_unpack((json_t *)(uintptr_t)answer, "{s?s, s?s, s?s, s?s, s?s, s?I}", "source",
		    &source, "override", &override, "override_name", &name, "file", &file,
		    "expires", &expires, "line", &line))
		return;
	if (strcmp(source, "override") == 0)
		printf(", by override { %s = \"%s\" } in %s:%lld", gp_cli_visible(arena, override),
			gp_cli_visible(arena, name), gp_cli_visible(arena, file), (long long)line);
	else if (strcmp(source, "runtime") != 0)
		printf(", as configured");
	else if (*override)
		printf(", set at run time for the whole domain %s", gp_cli_visible(arena, name));
	else
		printf(", set at run time");
	if (strcmp(source, "runtime") == 0 && gp_cli_limits_wall(expires, &until))
		printf(", until %s", gp_cli_time(until, at));
}

/* print_change: what applies now. */
static bool print_change(struct gp_arena *arena, const struct change *c, const json_t *answer)
{
	const json_t *max = json_object_get(answer, "max");
	const char *subject = json_string_value(json_object_get(answer, "subject"));
	const char *count = json_string_value(json_object_get(answer, "count"));
	bool is_known = json_is_true(json_object_get(answer, "known"));
	bool is_in_use = is_known && !json_is_false(json_object_get(answer, "in_use"));
	char text[GP_CLI_TEXT], at[GP_CLI_TEXT];
	if (!subject || (is_in_use && !count) ||
		!(json_is_null(max) || (json_is_integer(max) && json_integer_value(max) >= 0)))
		return false;
	bool was_set = !json_is_false(json_object_get(answer, "was_set"));
	printf("%s: %sthe maximum of %s is ", gp_cli_subject_who(arena, subject),
		c->is_default && !was_set ? "nothing was set at run time; " : "",
		gp_cli_visible(arena, c->limit));
	if (!is_in_use) {
		puts(is_known ? "removed; the limit now counts by other names"
			      : "removed; no limit of that name is configured");
		return true;
	}
	printf("%s%s", c->is_default && was_set ? "again " : "",
		json_is_null(max) ? "unlimited"
				  : gp_cli_amount(json_integer_value(max),
					    strcmp(count, "bytes") == 0, text));
	if (c->for_s)
		printf(", until %s", gp_cli_time(time(NULL) + (time_t)c->for_s, at));
	if (c->is_default)
		print_source(arena, answer);
	putchar('\n');
	return true;
}

/* request_of: set or unset. */
static json_t *request_of(const struct change *c)
{
	json_t *max = c->max == GP_CLI_UNLIMITED ? json_null() : json_integer(c->max);
	json_t *request = json_pack("{s:s, s:s, s:s}", "command", c->is_default ? "unset" : "set",
		"who", c->who, "limit", c->limit);
	if (!request || c->is_default) {
		json_decref(max);
		return request;
	}
	json_object_set_new(request, "max", max);
	json_object_set_new(request, "unit", json_boolean(c->has_unit));
	if (c->for_s)
		json_object_set_new(request, "for_s", json_integer(c->for_s));
	return request;
}

/* wrong_unit: a letter behind the number, where the limit does not count bytes. */
static int wrong_unit(const struct gp_cli_limits *a, struct gp_arena *arena, const struct change *c,
	const json_t *answer)
{
	const char *count = json_string_value(json_object_get(answer, "count"));
	return gp_cli_usage(a->title, "%s counts %s: give a number without a letter",
		gp_cli_visible(arena, c->limit), count ? gp_cli_visible(arena, count) : "?");
}

/* gp_cli_limits_set: one exchange; the daemon knows what the limit counts. */
int gp_cli_limits_set(const struct gp_cli_limits *a, struct gp_cli_control *control)
{
	struct change c;
	json_t *answer;
	int code = parse_change(a, &c);
	if (code)
		return code;
	struct gp_arena *arena = gp_arena_new(GP_CLI_LIMITS_MEMORY);
	code = gp_cli_control_ask(control, request_of(&c), &answer);
	if (!code && !arena)
		code = gp_cli_control_misread(control);
	else if (!code && json_is_true(json_object_get(answer, "unit_refused")))
		code = wrong_unit(a, arena, &c, answer);
	else if (!code && a->json)
		code = gp_cli_control_print(answer, false);
	else if (!code && !print_change(arena, &c, answer))
		code = gp_cli_control_misread(control);
	if (code && *control->problem)
		gp_cli_control_report(control);
	json_decref(answer);
	gp_arena_free(arena);
	return code;
}
