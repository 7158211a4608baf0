/* SPDX-License-Identifier: ISC */
/*
 * The operator's commands about limits: who has used how much, why a limit is what it is, and
 * resetting counters.
 */
#include <stdlib.h>
#include <string.h>

#include "limit/limit_message.h"
#include "operator/operator_who.h"

#define ROWS_DEFAULT 20
#define ROWS_MAX 100000

/* ---- rows ---- */

/* gp_operator_wall_of: a point of the store's time on the wall clock. */
int64_t gp_operator_wall_of(struct gp_operator_call *c, int64_t store_ms)
{
	int64_t now_ms = gp_store_now_ms(gp_limit_overrides_store(c->overrides));
	return c->ctx->clock->wall_s(c->ctx->clock) + (store_ms - now_ms) / 1000;
}

/* gp_operator_number_or_null: null for "no maximum". */
json_t *gp_operator_number_or_null(int64_t n)
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

/* gp_operator_add_source: from which row of the configuration, or from run time. */
void gp_operator_add_source(
	struct gp_operator_call *c, json_t *row, const struct gp_limit_applied *a)
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
	/* without what the source says: an override of the file stands after run time */
	json_object_set_new(row, "limit_max",
		gp_operator_number_or_null(
			a->source == GP_LIMIT_SOURCE_RUNTIME ? a->configured : a->limit->max));
	if (a->source == GP_LIMIT_SOURCE_OVERRIDE) {
		static const char *const kinds[] = {
			"user", "domain", "sender", "sender_domain", "client"};
		json_object_set_new(row, "override", json_string(kinds[a->override->kind]));
		json_object_set_new(row, "override_name",
			gp_operator_text(c->ctx->arena, gp_span_from(a->override->name)));
	}
	if (a->is_of_domain) {
		const char *domain = gp_limit_domain_of(a->subject);
		json_object_set_new(row, "override", json_string("domain"));
		json_object_set_new(row, "override_name",
			gp_operator_text(c->ctx->arena, gp_span_from(domain)));
	}
	if (a->source != GP_LIMIT_SOURCE_RUNTIME) {
		json_object_set_new(row, "file",
			gp_operator_text(c->ctx->arena, gp_span_from(file ? file : "")));
		json_object_set_new(row, "line", json_integer(line));
	} else if (a->expires_ms) {
		json_object_set_new(row, "expires",
			json_string(
				gp_clock_format(gp_operator_wall_of(c, a->expires_ms), expires)));
	}
}

/* make_row: a limit, whose, and how much of it is used. */
static json_t *make_row(
	struct gp_operator_call *c, const struct gp_limit_applied *a, int64_t used, int64_t wait_ms)
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
		gp_operator_text(arena, gp_span_from(gp_limit_subject_name(a->subject))));
	json_object_set_new(row, "subject", gp_operator_text(arena, gp_span_from(a->subject)));
	json_object_set_new(row, "max", gp_operator_number_or_null(a->max));
	if (wait_ms > 0) {
		int64_t free_s = c->ctx->clock->wall_s(c->ctx->clock) + (wait_ms + 999) / 1000;
		json_object_set_new(row, "wait_s", json_integer((wait_ms + 999) / 1000));
		char text[GP_CLOCK_TEXT];
		json_object_set_new(row, "free", json_string(gp_clock_format(free_s, text)));
	}
	gp_operator_add_source(c, row, a);
	return row;
}

/* gp_operator_trouble: of the store, with what it says itself. */
json_t *gp_operator_trouble(struct gp_operator_call *c, int rc)
{
	struct gp_store_health health;
	if (rc == GP_ENOMEM || rc == GP_ETOOBIG)
		return gp_operator_error("%s", gp_err_text(rc));
	gp_store_health(gp_limit_overrides_store(c->overrides), &health);
	return gp_operator_error("the store %s: %s", health.where,
		*health.problem ? health.problem : gp_err_text(rc));
}

/* gp_operator_no_limits: is there nothing to talk about? */
json_t *gp_operator_no_limits(const struct gp_operator_call *c)
{
	return c->overrides && c->config->limits.limit_count
		       ? NULL
		       : gp_operator_error("no limit is configured: add limit NAME { ... } "
					   "to %s and reload",
				 c->config->path);
}

/* ---- limits: who used how much ---- */

struct top_row {
	size_t limit;
	const char *subject;
	int64_t used;
	double fraction;
};

struct top {
	struct gp_operator_call *call;
	struct gp_arena *scratch;
	struct top_row *rows;
	size_t count, max, least; /* least: place of the smallest row, once all are taken */
	uint64_t seen;
};

/* gp_operator_limit_of: the configured limit with this number, or the number of limits. */
size_t gp_operator_limit_of(const struct gp_limit_set *set, uint32_t id)
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
	struct gp_operator_call *c = t->call;
	const struct gp_limit_set *set = &c->config->limits;
	struct gp_limit_applied a;
	size_t limit = gp_operator_limit_of(set, usage->id);
	gp_arena_reset(t->scratch);
	const char *subject = gp_arena_copy(t->scratch, usage->subject);
	if (limit == set->limit_count || !subject)
		return true;
	if (gp_limit_of_subject(set, limit, subject, c->overrides, t->scratch, &a))
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
	struct gp_operator_call *c = t->call;
	json_t *rows = json_array();
	qsort(t->rows, t->count, sizeof *t->rows, by_fraction);
	for (size_t i = 0; i < t->count; i++) {
		struct gp_limit_applied a;
		if (gp_limit_of_subject(&c->config->limits, t->rows[i].limit, t->rows[i].subject,
			    c->overrides, c->ctx->arena, &a) == GP_OK)
			json_array_append_new(rows, make_row(c, &a, t->rows[i].used, 0));
	}
	return json_pack("{s:o, s:I}", "rows", rows, "counters", (json_int_t)t->seen);
}

/* gp_operator_limits: a scan that keeps the top. */
json_t *gp_operator_limits(struct gp_operator_call *call)
{
	json_t *value = gp_operator_no_limits(call);
	struct top t = {.call = call, .max = rows_wanted(call->request)};
	if (value)
		return value;
	struct gp_store *store = gp_limit_overrides_store(call->overrides);
	t.rows = gp_arena_array(call->ctx->arena, t.max, sizeof *t.rows);
	t.scratch = gp_arena_new(1024 * 1024);
	if (t.rows && t.scratch) {
		int rc = gp_store_scan(store, call->ctx, gp_store_now_ms(store), take_usage, &t);
		value = rc ? gp_operator_trouble(call, rc) : top_rows(&t);
	}
	gp_arena_free(t.scratch);
	return value;
}

/* ---- one subject ---- */

/* show_row: a limit that counts who, and whether anything counts there. */
static int show_row(struct gp_operator_call *call, const struct gp_limit_applied *a, json_t *rows,
	bool *is_counted_out)
{
	struct gp_store_count count;
	int rc = gp_limit_peek(gp_limit_overrides_store(call->overrides), call->ctx, a, 1, &count);
	if (rc)
		return rc;
	json_array_append_new(rows, make_row(call, a, count.used, count.wait_ms));
	*is_counted_out = count.used > 0;
	return GP_OK;
}

/* add_each: what is set at run time for each one of a domain, which no counter of its own shows. */
static void add_each(struct gp_operator_call *call, const struct gp_limit_applied *a, json_t *each)
{
	struct gp_limit_runtime runtime;
	char text[GP_CLOCK_TEXT];
	int64_t now_ms = gp_store_now_ms(gp_limit_overrides_store(call->overrides));
	if (!gp_limit_overrides_runtime(
		    call->overrides, a->limit->name, a->subject, now_ms, &runtime))
		return;
	json_t *row = json_pack("{s:s, s:o, s:o, s:s, s:s}", "limit", a->limit->name, "subject",
		gp_operator_text(call->ctx->arena, gp_span_from(a->subject)), "max",
		gp_operator_number_or_null(runtime.max), "count",
		gp_limit_unit_name((enum gp_limit_unit)a->limit->unit), "key",
		gp_limit_key_name((enum gp_limit_key)a->limit->key));
	if (row && runtime.expires_ms)
		json_object_set_new(row, "expires",
			json_string(gp_clock_format(
				gp_operator_wall_of(call, runtime.expires_ms), text)));
	json_array_append_new(each, row);
}

/* each_alone: the error that nothing counts a domain, with what is set for each one in it. */
static json_t *each_alone(
	struct gp_operator_call *call, const struct gp_operator_who *who, const json_t *each)
{
	struct gp_strbuf buf;
	const char *text;
	json_t *value = gp_operator_who_nobody(call, who);
	const char *error = json_string_value(json_object_get(value, "error"));
	if (!error || json_array_size(each) == 0)
		return value;
	gp_strbuf_init(&buf, call->ctx->arena, 8192);
	gp_strbuf_add(&buf, error);
	for (size_t i = 0; i < json_array_size(each); i++) {
		const json_t *row = json_array_get(each, i), *max = json_object_get(row, "max");
		gp_strbuf_printf(&buf, "%s%s ", i ? ", " : ". Set for each: ",
			json_string_value(json_object_get(row, "limit")));
		if (json_is_null(max))
			gp_strbuf_add(&buf, "unlimited");
		else
			gp_strbuf_printf(&buf, "%lld", (long long)json_integer_value(max));
	}
	if (gp_strbuf_finish(&buf, &text) == GP_OK)
		json_object_set_new(value, "error", json_string(text));
	return value;
}

/* gp_operator_show: each limit with where its maximum comes from. */
json_t *gp_operator_show(struct gp_operator_call *call)
{
	json_t *value = gp_operator_no_limits(call);
	struct gp_operator_who who;
	bool is_about = false, has_counted = false;
	if (value || gp_operator_who_parse(call, &who, &value))
		return value;
	value = gp_operator_who_mistaken(call, &who);
	if (value)
		return value;
	json_t *rows = json_array(), *each = json_array();
	int rc = GP_OK;
	for (size_t i = 0; !rc && i < call->config->limits.limit_count; i++) {
		struct gp_limit_applied a;
		enum gp_operator_match match;
		bool is_counted = false;
		rc = gp_operator_who_match(call, &who, i, &match, &a);
		bool is_shown = match == GP_OPERATOR_OWN || match == GP_OPERATOR_SHARED;
		if (!rc && is_shown)
			rc = show_row(call, &a, rows, &is_counted);
		if (!rc && match == GP_OPERATOR_EACH)
			add_each(call, &a, each);
		is_about |=
			match == GP_OPERATOR_OWN || (is_shown && a.limit->key != GP_LIMIT_BY_ALL);
		has_counted |= match == GP_OPERATOR_OWN && is_counted;
	}
	if (rc == GP_ESYNTAX || (!rc && !is_about))
		value = each_alone(call, &who, each);
	else
		value = rc ? gp_operator_trouble(call, rc)
			   : json_pack("{s:O, s:O, s:b}", "rows", rows, "each", each, "counted",
				     has_counted);
	json_decref(rows);
	json_decref(each);
	return value;
}

/* ---- beginning anew ---- */

/* is_reset: is the limit meant by a reset of who, with or without its name? */
static bool is_reset(
	enum gp_operator_match match, const struct gp_limit *limit, struct gp_span only)
{
	if (only.len)
		return gp_span_equal(only, gp_span_from(limit->name)) &&
		       (match == GP_OPERATOR_OWN ||
			       (match == GP_OPERATOR_SHARED && limit->key != GP_LIMIT_BY_ALL));
	return match == GP_OPERATOR_OWN;
}

/* reset_one: the counter of a limit; whether anything stood in it. */
static int reset_one(
	struct gp_operator_call *call, const struct gp_limit_applied *a, bool *was_counted_out)
{
	struct gp_store_count count;
	int rc = gp_limit_peek(gp_limit_overrides_store(call->overrides), call->ctx, a, 1, &count);
	if (rc)
		return rc;
	*was_counted_out = count.used > 0;
	rc = gp_limit_overrides_reset(call->overrides, call->ctx, a->subject, a->limit->id);
	const struct gp_log_field fields[] = {
		gp_log_field_text("limit", a->limit->name),
		gp_log_field_text("limit_key", a->subject),
		gp_log_field_number("limit_used", count.used),
		gp_log_field_number("uid", call->peer_uid),
	};
	if (!rc)
		gp_log_event(call->ctx->log, GP_LOG_NOTICE, "limit-reset", fields, 4);
	return rc;
}

/* gp_operator_reset: one limit of who, or all that are only about who. */
json_t *gp_operator_reset(struct gp_operator_call *call)
{
	json_t *value = gp_operator_no_limits(call);
	const struct gp_limit_set *set = &call->config->limits;
	struct gp_span only = gp_operator_member(call->request, "limit");
	struct gp_operator_who who;
	bool has_counted = false, was_counted = false;
	if (value || gp_operator_who_parse(call, &who, &value))
		return value;
	value = gp_operator_who_mistaken(call, &who);
	if (value)
		return value;
	if (only.len && gp_operator_limit_find(set, only) == set->limit_count)
		return gp_operator_no_such_limit();
	json_t *names = json_array();
	int rc = GP_OK;
	for (size_t i = 0; !rc && i < set->limit_count; i++) {
		struct gp_limit_applied a;
		enum gp_operator_match match;
		rc = gp_operator_who_match(call, &who, i, &match, &a);
		if (rc || !is_reset(match, &set->limits[i], only))
			continue;
		rc = reset_one(call, &a, &was_counted);
		has_counted |= was_counted;
		if (!rc)
			json_array_append_new(names, json_string(set->limits[i].name));
	}
	if (rc == GP_ESYNTAX || (!rc && json_array_size(names) == 0))
		value = gp_operator_who_nobody(call, &who);
	else
		value = rc ? gp_operator_trouble(call, rc)
			   : json_pack("{s:O, s:b}", "forgotten", names, "counted", has_counted);
	json_decref(names);
	return value;
}

/* gp_operator_limit_find: by name. */
size_t gp_operator_limit_find(const struct gp_limit_set *set, struct gp_span name)
{
	size_t i = 0;
	while (i < set->limit_count && !gp_span_equal(name, gp_span_from(set->limits[i].name)))
		i++;
	return i;
}

/* gp_operator_no_such_limit: and where there are some. */
json_t *gp_operator_no_such_limit(void)
{
	return gp_operator_error(
		"there is no limit of that name; gatepost check-config --dump lists all");
}
