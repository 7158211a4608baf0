/* SPDX-License-Identifier: ISC */
/*
 * The operator's commands about limits: who has used how much, why a limit is what it is, resetting
 * counters, and overrides at run time.
 */
#include <stdlib.h>
#include <string.h>

#include "limit/limit_message.h"
#include "policyd/control_private.h"

#define ROWS_DEFAULT 20
#define ROWS_MAX 100000
#define NAME_MAX_BYTES 4096

/* ---- rows ---- */

/* wall_of: a point of the store's time on the wall clock. */
static int64_t wall_of(struct gp_control_call *c, int64_t store_ms)
{
	int64_t now_ms = gp_store_now_ms(gp_limit_book_store(c->runtime->book));
	return c->ctx->clock->wall_s(c->ctx->clock) + (store_ms - now_ms) / 1000;
}

/* number_or_null: null for "no maximum". */
static json_t *number_or_null(int64_t n)
{
	return n == GP_LIMIT_UNLIMITED ? json_null() : json_integer(n);
}

/* fraction_of: 0 when there is no maximum; over 1 where a limit is not enforced. */
static double fraction_of(int64_t used, int64_t max)
{
	if (max == GP_LIMIT_UNLIMITED)
		return 0;
	return max ? (double)used / (double)max : used ? 1e9 : 1;
}

/* add_source: which row of the configuration, or of run time, says what the maximum is. */
static void add_source(struct gp_control_call *c, json_t *row, const struct gp_limit_applied *a)
{
	static const char *const names[] = {
		[GP_LIMIT_SOURCE_RUNTIME] = "runtime",
		[GP_LIMIT_SOURCE_OVERRIDE] = "override",
		[GP_LIMIT_SOURCE_LIMIT] = "limit",
	};
	char expires[GP_CLOCK_TEXT];
	const char *file = a->override ? a->override->file : a->limit->file;
	int line = a->override ? a->override->line : a->limit->line;
	json_object_set_new(row, "source", json_string(names[a->source]));
	json_object_set_new(row, "limit_max", number_or_null(a->limit->max));
	if (a->source == GP_LIMIT_SOURCE_OVERRIDE) {
		static const char *const kinds[] = {
			"user", "domain", "sender", "sender_domain", "client"};
		json_object_set_new(row, "override", json_string(kinds[a->override->kind]));
		json_object_set_new(row, "override_name",
			gp_control_text(c->ctx->arena, gp_span_from(a->override->name)));
	}
	if (a->source != GP_LIMIT_SOURCE_RUNTIME) {
		json_object_set_new(row, "file",
			gp_control_text(c->ctx->arena, gp_span_from(file ? file : "")));
		json_object_set_new(row, "line", json_integer(line));
	} else if (a->expires_ms) {
		json_object_set_new(row, "expires",
			json_string(gp_clock_format(wall_of(c, a->expires_ms), expires)));
	}
}

/* make_row: a limit, whose, and how much of it is used. */
static json_t *make_row(
	struct gp_control_call *c, const struct gp_limit_applied *a, int64_t used, int64_t wait_ms)
{
	static const char *const modes[] = {"off", "label", "enforce"};
	static const char *const actions[] = {"defer", "reject", "hold"};
	const struct gp_limit *l = a->limit;
	struct gp_arena *arena = c->ctx->arena;
	json_t *row = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:f}", "limit", l->name, "key",
		gp_limit_key_name((enum gp_limit_key)l->key), "count",
		gp_limit_unit_name((enum gp_limit_unit)l->unit), "mode", modes[l->mode], "action",
		actions[l->action], "per_s", (json_int_t)(l->per_ms / 1000), "used",
		(json_int_t)used, "fraction", fraction_of(used, a->max));
	if (!row)
		return NULL;
	json_object_set_new(row, "name",
		gp_control_text(arena, gp_span_from(gp_limit_subject_name(a->subject))));
	json_object_set_new(row, "subject", gp_control_text(arena, gp_span_from(a->subject)));
	json_object_set_new(row, "max", number_or_null(a->max));
	if (wait_ms > 0) {
		int64_t free_s = c->ctx->clock->wall_s(c->ctx->clock) + (wait_ms + 999) / 1000;
		json_object_set_new(row, "wait_s", json_integer((wait_ms + 999) / 1000));
		char text[GP_CLOCK_TEXT];
		json_object_set_new(row, "free", json_string(gp_clock_format(free_s, text)));
	}
	add_source(c, row, a);
	return row;
}

/* trouble: of the store, with what it says itself. */
static json_t *trouble(struct gp_control_call *c, int rc)
{
	struct gp_store_health health;
	if (rc == GP_ENOMEM || rc == GP_ETOOBIG)
		return gp_control_error("%s", gp_err_text(rc));
	gp_store_health(gp_limit_book_store(c->runtime->book), &health);
	return gp_control_error("the store %s: %s", health.where,
		*health.problem ? health.problem : gp_err_text(rc));
}

/* no_limits: is there nothing to talk about? */
static json_t *no_limits(const struct gp_control_call *c)
{
	return c->runtime->book ? NULL
				: gp_control_error("no limit is configured: add limit NAME { ... } "
						   "to %s and reload",
					  c->runtime->config->path);
}

/* ---- limits: who used how much ---- */

struct top_row {
	size_t limit;
	const char *subject;
	int64_t used;
	double fraction;
};

struct top {
	struct gp_control_call *call;
	struct gp_arena *scratch;
	struct top_row *rows;
	size_t count, max, least; /* least: place of the smallest row, once all are taken */
	uint64_t seen;
};

/* limit_of: the configured limit with this number, or the number of limits. */
static size_t limit_of(const struct gp_limit_set *set, uint32_t id)
{
	size_t i = 0;
	while (i < set->limit_count && set->limits[i].id != id)
		i++;
	return i;
}

/* place_for: where another row goes: at the end, or in place of the least. */
static struct top_row *place_for(struct top *t)
{
	return t->count < t->max ? &t->rows[t->count++] : &t->rows[t->least];
}

/* take_usage: visitor of gp_store_scan. */
static bool take_usage(void *arg, const struct gp_store_usage *usage)
{
	struct top *t = arg;
	struct gp_control_call *c = t->call;
	const struct gp_limit_set *set = &c->runtime->config->limits;
	struct gp_limit_applied a;
	size_t limit = limit_of(set, usage->id);
	gp_arena_reset(t->scratch);
	const char *subject = gp_arena_copy(t->scratch, usage->subject);
	if (limit == set->limit_count || !subject)
		return true;
	if (gp_limit_of_subject(set, limit, subject, c->runtime->book, t->scratch, &a))
		return true; /* a name that was cut and can no longer be read */
	t->seen++;
	double fraction = fraction_of(usage->used, a.max);
	if (t->count == t->max && fraction <= t->rows[t->least].fraction)
		return true;
	subject = gp_arena_copy(c->ctx->arena, usage->subject);
	if (!subject)
		return false;
	*place_for(t) = (struct top_row) {limit, subject, usage->used, fraction};
	for (size_t i = 0; t->count == t->max && i < t->count; i++)
		if (t->rows[i].fraction < t->rows[t->least].fraction)
			t->least = i;
	return true;
}

/* by_fraction: the most used first, then by name. */
static int by_fraction(const void *a, const void *b)
{
	const struct top_row *x = a, *y = b;
	if (x->fraction > y->fraction || x->fraction < y->fraction)
		return x->fraction > y->fraction ? -1 : 1;
	int order = strcmp(x->subject, y->subject);
	return order ? order : x->limit < y->limit ? -1 : 1;
}

/* rows_wanted: how many the client asks for. */
static size_t rows_wanted(const json_t *request)
{
	json_t *count = json_object_get(request, "count");
	json_int_t n = json_is_integer(count) ? json_integer_value(count) : ROWS_DEFAULT;
	return n <= 0 || n > ROWS_MAX ? ROWS_MAX : (size_t)n;
}

/* top_rows: the rows of a scan as JSON. */
static json_t *top_rows(struct top *t)
{
	struct gp_control_call *c = t->call;
	json_t *rows = json_array();
	qsort(t->rows, t->count, sizeof *t->rows, by_fraction);
	for (size_t i = 0; i < t->count; i++) {
		struct gp_limit_applied a;
		if (gp_limit_of_subject(&c->runtime->config->limits, t->rows[i].limit,
			    t->rows[i].subject, c->runtime->book, c->ctx->arena, &a) == GP_OK)
			json_array_append_new(rows, make_row(c, &a, t->rows[i].used, 0));
	}
	return json_pack("{s:o, s:I}", "rows", rows, "counters", (json_int_t)t->seen);
}

/* gp_control_limits: a scan that keeps the top. */
json_t *gp_control_limits(struct gp_control_call *call)
{
	json_t *value = no_limits(call);
	struct top t = {.call = call, .max = rows_wanted(call->request)};
	if (value)
		return value;
	struct gp_store *store = gp_limit_book_store(call->runtime->book);
	t.rows = gp_arena_array(call->ctx->arena, t.max, sizeof *t.rows);
	t.scratch = gp_arena_new(1024 * 1024);
	if (t.rows && t.scratch) {
		int rc = gp_store_scan(store, call->ctx, gp_store_now_ms(store), take_usage, &t);
		value = rc ? trouble(call, rc) : top_rows(&t);
	}
	gp_arena_free(t.scratch);
	return value;
}

/* ---- one subject ---- */

/* text_of: a member of the request, empty when it is missing or too long. */
static struct gp_span text_of(const json_t *request, const char *name)
{
	json_t *value = json_object_get(request, name);
	struct gp_span text = {json_string_value(value), json_string_length(value)};
	if (!text.ptr || text.len > NAME_MAX_BYTES || memchr(text.ptr, 0, text.len))
		return (struct gp_span) {NULL, 0};
	return text;
}

/* name_under: what who says about a limit's key: "client:192.0.2.1" for one by client; a bare name
 * is a user, and its domain. False: who is about something else. */
static bool name_under(struct gp_span who, const struct gp_limit *limit, struct gp_span *name_out)
{
	struct gp_span kind, rest;
	const char *key = gp_limit_key_name((enum gp_limit_key)limit->key);
	*name_out = who;
	if (limit->key == GP_LIMIT_BY_ALL)
		return true;
	if (gp_span_cut(who, ':', &kind, &rest))
		for (int k = 0; k <= GP_LIMIT_BY_ALL; k++)
			if (gp_span_is(kind, gp_limit_key_name((enum gp_limit_key)k))) {
				*name_out = rest;
				return gp_span_is(kind, key);
			}
	if (limit->key == GP_LIMIT_BY_USER_DOMAIN)
		*name_out = gp_span_skip(who, (size_t)(gp_span_find_last(who, '@') + 1));
	return limit->key == GP_LIMIT_BY_USER ||
	       (limit->key == GP_LIMIT_BY_USER_DOMAIN && name_out->len < who.len);
}

/* is_about: limits by all belong to everybody; they are shown, but not reset, with a user. */
static bool is_about(struct gp_span who, const struct gp_limit *limit)
{
	return limit->key != GP_LIMIT_BY_ALL || gp_span_is(who, "all");
}

/* applied_to: the limit for who; false: it is not about such a name. */
static bool applied_to(
	struct gp_control_call *c, size_t limit, struct gp_span who, struct gp_limit_applied *a)
{
	const struct gp_limit_set *set = &c->runtime->config->limits;
	struct gp_span name;
	const char *subject;
	if (set->limits[limit].mode == GP_LIMIT_OFF || !name_under(who, &set->limits[limit], &name))
		return false;
	return gp_limit_subject_of(set, limit, name, c->ctx->arena, &subject) == GP_OK &&
	       gp_limit_of_subject(set, limit, subject, c->runtime->book, c->ctx->arena, a) ==
		       GP_OK;
}

/* nobody: no limit is about who. */
static json_t *nobody(void)
{
	return gp_control_error(
		"no limit applies to that; a name is a user, other keys are written "
		"client:192.0.2.1, network:192.0.2.0/24, sender:..., "
		"sender_domain:..., user_domain:... or all");
}

/* gp_control_show: each limit with where its maximum comes from. */
json_t *gp_control_show(struct gp_control_call *call)
{
	json_t *value = no_limits(call);
	const struct gp_limit_set *set = &call->runtime->config->limits;
	struct gp_span who = text_of(call->request, "who");
	if (value)
		return value;
	json_t *rows = json_array();
	int rc = GP_OK;
	for (size_t i = 0; !rc && who.len && i < set->limit_count; i++) {
		struct gp_limit_applied a;
		struct gp_store_count count;
		if (!applied_to(call, i, who, &a))
			continue;
		rc = gp_limit_peek(
			gp_limit_book_store(call->runtime->book), call->ctx, &a, 1, &count);
		if (!rc)
			json_array_append_new(rows, make_row(call, &a, count.used, count.wait_ms));
	}
	value = rc                           ? trouble(call, rc)
		: json_array_size(rows) == 0 ? nobody()
					     : json_pack("{s:O}", "rows", rows);
	json_decref(rows);
	return value;
}

/* gp_control_reset: one limit of who, or all that are only about who. */
json_t *gp_control_reset(struct gp_control_call *call)
{
	json_t *value = no_limits(call);
	const struct gp_limit_set *set = &call->runtime->config->limits;
	struct gp_span who = text_of(call->request, "who"), only = text_of(call->request, "limit");
	if (value)
		return value;
	json_t *names = json_array();
	int rc = GP_OK;
	for (size_t i = 0; !rc && who.len && i < set->limit_count; i++) {
		struct gp_limit_applied a;
		const char *name = set->limits[i].name;
		bool is_user_only = only.len || set->limits[i].key != GP_LIMIT_BY_USER_DOMAIN ||
				    gp_span_has_prefix(who, "user_domain:");
		if ((only.len && !gp_span_equal(only, gp_span_from(name))) || !is_user_only ||
			!is_about(who, &set->limits[i]) || !applied_to(call, i, who, &a))
			continue;
		rc = gp_limit_book_reset(call->runtime->book, call->ctx, a.subject, a.limit->id);
		if (!rc)
			json_array_append_new(names, json_string(name));
	}
	value = rc                            ? trouble(call, rc)
		: json_array_size(names) == 0 ? nobody()
					      : json_pack("{s:O}", "forgotten", names);
	json_decref(names);
	return value;
}

/* ---- run-time overrides ---- */

/* find_target: the limit that is named, and who as its subject; else an error object. */
static json_t *find_target(struct gp_control_call *c, struct gp_limit_applied *a)
{
	const struct gp_limit_set *set = &c->runtime->config->limits;
	struct gp_span who = text_of(c->request, "who"), name = text_of(c->request, "limit");
	json_t *error = no_limits(c);
	if (error)
		return error;
	for (size_t i = 0; i < set->limit_count; i++)
		if (name.len && gp_span_equal(name, gp_span_from(set->limits[i].name)))
			return is_about(who, &set->limits[i]) && who.len && applied_to(c, i, who, a)
				       ? NULL
				       : nobody();
	return gp_control_error(
		"there is no limit of that name; gatepost check-config --dump shows "
		"all");
}

/* done: what was changed, and what applies now. */
static json_t *done(struct gp_control_call *c, const struct gp_limit_applied *before)
{
	const struct gp_limit_set *set = &c->runtime->config->limits;
	struct gp_limit_applied a;
	size_t limit = (size_t)(before->limit - set->limits);
	if (gp_limit_of_subject(set, limit, before->subject, c->runtime->book, c->ctx->arena, &a))
		return NULL;
	return json_pack("{s:o, s:o, s:s}", "subject",
		gp_control_text(c->ctx->arena, gp_span_from(a.subject)), "max",
		number_or_null(a.max), "limit", a.limit->name);
}

/* gp_control_set: kept in the store, over restarts. */
json_t *gp_control_set(struct gp_control_call *call)
{
	struct gp_limit_applied a;
	json_t *max = json_object_get(call->request, "max");
	json_t *term = json_object_get(call->request, "for_s");
	json_int_t for_s = json_is_integer(term) ? json_integer_value(term) : term ? -1 : 0;
	json_t *error = find_target(call, &a);
	if (error)
		return error;
	struct gp_limit_runtime value = {.limit = a.limit->name, .subject = a.subject};
	value.max = json_is_null(max)      ? GP_LIMIT_UNLIMITED
		    : json_is_integer(max) ? json_integer_value(max)
					   : -1;
	if (value.max < 0 || (value.max != GP_LIMIT_UNLIMITED && value.max > GP_STORE_AMOUNT_MAX) ||
		for_s < 0 || for_s > 10LL * 366 * 86400)
		return gp_control_error("max or for_s is out of bounds");
	if (for_s)
		value.expires_ms =
			gp_store_now_ms(gp_limit_book_store(call->runtime->book)) + for_s * 1000;
	int rc = gp_limit_book_set(call->runtime->book, call->ctx, &value);
	if (rc == GP_ETOOBIG)
		return gp_control_error("the name is too long for a run-time override");
	return rc ? trouble(call, rc) : done(call, &a);
}

/* gp_control_unset: back to what the configuration says. */
json_t *gp_control_unset(struct gp_control_call *call)
{
	struct gp_limit_applied a;
	json_t *error = find_target(call, &a);
	if (error)
		return error;
	int rc = gp_limit_book_unset(call->runtime->book, call->ctx, a.limit->name, a.subject);
	return rc ? trouble(call, rc) : done(call, &a);
}
