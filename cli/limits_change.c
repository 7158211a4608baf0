/* SPDX-License-Identifier: ISC */
/* What an operator changes: counters that begin anew, and maxima at run time. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "cli/human.h"
#include "cli/limits.h"
#include "store/store.h"

#define FOR_MAX_S (10LL * 366 * 86400) /* the daemon's bound */

/* ---- reset ---- */

/* print_forgotten: the names of the limits. */
static bool print_forgotten(struct gp_arena *arena, const char *who, const json_t *answer)
{
	const json_t *names = json_object_get(answer, "forgotten");
	size_t count = json_array_size(names);
	for (size_t i = 0; i < count; i++)
		if (!json_is_string(json_array_get(names, i)))
			return false;
	if (count == 0)
		return false;
	printf("%s begins anew with:", gp_cli_visible(arena, who));
	for (size_t i = 0; i < count; i++)
		printf("%s %s", i ? "," : "",
			gp_cli_visible(arena, json_string_value(json_array_get(names, i))));
	putchar('\n');
	return true;
}

/* gp_cli_limits_reset: one limit, or all. */
int gp_cli_limits_reset(const struct gp_cli_limits *a, struct gp_cli_control *control)
{
	json_t *answer, *request = json_pack("{s:s, s:s}", "command", "reset", "who", a->words[0]);
	struct gp_arena *arena = gp_arena_new(GP_CLI_LIMITS_MEMORY);
	if (request && a->word_count > 1)
		json_object_set_new(request, "limit", json_string(a->words[1]));
	int code = gp_cli_control_ask(control, request, &answer);
	if (!code && a->json)
		code = gp_cli_control_print(answer, false);
	else if (!code && (!arena || !print_forgotten(arena, a->words[0], answer)))
		code = gp_cli_control_misread(control);
	if (code && *control->problem)
		gp_cli_control_report(control);
	json_decref(answer);
	gp_arena_free(arena);
	return code;
}

/* ---- set ---- */

/* What is to be set. */
struct change {
	const char *who, *limit;
	bool is_default;
	int64_t max; /* or GP_CLI_UNLIMITED */
	int64_t for_s;
	bool has_unit;
	bool is_bytes; /* what the limit counts; known once it has been looked at */
};

/* parse_change: of the words and --for. */
static int parse_change(const struct gp_cli_limits *a, struct change *c)
{
	const char *value = a->words[2];
	*c = (struct change) {.who = a->words[0], .limit = a->words[1], .max = GP_CLI_UNLIMITED};
	c->is_default = strcmp(value, "default") == 0;
	if (!c->is_default && strcmp(value, "unlimited") != 0 &&
		!gp_cli_amount_parse(value, GP_STORE_AMOUNT_MAX, &c->max, &c->has_unit))
		return gp_cli_usage("limits",
			"\"%s\" is no maximum; a number (for bytes also 500M, 2G), unlimited or "
			"default",
			value);
	if (a->for_text && c->is_default)
		return gp_cli_usage("limits", "--for makes no sense with default");
	if (a->for_text && !gp_cli_duration_parse(a->for_text, FOR_MAX_S, &c->for_s))
		return gp_cli_usage("limits",
			"--for: \"%s\" is no duration; a number and s, m, h, d or w, for example "
			"1d",
			a->for_text);
	return GP_CLI_FINE;
}

/* look_at: what the limit counts, for the units; a limit that is not there is said by the change
 * itself. */
static int look_at(struct gp_cli_control *control, struct change *c)
{
	json_t *answer;
	const struct gp_cli_row *rows = NULL;
	size_t count = 0;
	struct gp_arena *arena = gp_arena_new(GP_CLI_LIMITS_MEMORY);
	int code = gp_cli_control_ask(
		control, json_pack("{s:s, s:s}", "command", "show", "who", c->who), &answer);
	if (!code && (!arena || !gp_cli_rows(answer, arena, &rows, &count)))
		code = gp_cli_control_misread(control);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(rows[i].limit, c->limit) != 0)
			continue;
		c->is_bytes = strcmp(rows[i].count, "bytes") == 0;
		if (c->has_unit && !c->is_bytes)
			code = gp_cli_usage("limits", "%s counts %s: a number without a letter",
				gp_cli_visible(arena, c->limit),
				gp_cli_visible(arena, rows[i].count));
	}
	if (code == GP_CLI_TROUBLE)
		gp_cli_control_report(control);
	json_decref(answer);
	gp_arena_free(arena);
	return code;
}

/* print_change: what applies now. */
static bool print_change(struct gp_arena *arena, const struct change *c, const json_t *answer)
{
	const json_t *max = json_object_get(answer, "max");
	char text[GP_CLI_TEXT], at[GP_CLI_TEXT];
	if (!json_is_string(json_object_get(answer, "subject")) ||
		!(json_is_null(max) || (json_is_integer(max) && json_integer_value(max) >= 0)))
		return false;
	printf("%s: the maximum of %s is %s%s", gp_cli_visible(arena, c->who),
		gp_cli_visible(arena, c->limit), c->is_default ? "again " : "",
		json_is_null(max) ? "unlimited"
				  : gp_cli_amount(json_integer_value(max), c->is_bytes, text));
	if (c->for_s)
		printf(", until %s", gp_cli_time(time(NULL) + (time_t)c->for_s, at));
	puts(c->is_default ? ", as configured" : "");
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
	if (c->for_s)
		json_object_set_new(request, "for_s", json_integer(c->for_s));
	return request;
}

/* gp_cli_limits_set: looks first, changes then. */
int gp_cli_limits_set(const struct gp_cli_limits *a, struct gp_cli_control *control)
{
	struct change c;
	json_t *answer;
	int code = parse_change(a, &c);
	if (!code)
		code = look_at(control, &c);
	if (code)
		return code;
	struct gp_arena *arena = gp_arena_new(GP_CLI_LIMITS_MEMORY);
	code = gp_cli_control_ask(control, request_of(&c), &answer);
	if (!code && a->json)
		code = gp_cli_control_print(answer, false);
	else if (!code && (!arena || !print_change(arena, &c, answer)))
		code = gp_cli_control_misread(control);
	if (code && *control->problem)
		gp_cli_control_report(control);
	json_decref(answer);
	gp_arena_free(arena);
	return code;
}
