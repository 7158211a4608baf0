/* SPDX-License-Identifier: ISC */
/*
 * Maxima that an operator sets at run time: kept in the store with who has set them, over restarts
 * and for all hosts that share it.
 */
#include <stdlib.h>
#include <string.h>

#include "operator/operator_who.h"

#define FOR_MAX_S (10LL * 366 * 86400)

/* What a change is about. */
struct target {
	const struct gp_limit *limit; /* NULL: none looks for the subject any more */
	const char *name;             /* of the limit */
	const char *subject;
};

/* wrong_key: the limit counts by something else. */
static json_t *wrong_key(const struct gp_operator_who *who, const struct gp_limit *limit)
{
	static const char *const written[] = {"user:NAME or domain:NAME", "domain:NAME",
		"sender:ADDRESS or sender_domain:NAME", "sender_domain:NAME", "client:ADDRESS",
		"network:ADDRESS/BITS", "all"};
	return gp_operator_error("no limit applies to that: %s counts by %s, which is written %s, "
				 "and not %.*s",
		limit->name, gp_limit_key_name((enum gp_limit_key)limit->key), written[limit->key],
		(int)(who->text.len > 200 ? 200 : who->text.len), who->text.ptr);
}

/* find_target: GP_OK with the target; else *error_out is the answer, NULL without memory for it.
 * is_new: a maximum is set, so that the name has to be one that somebody can have. */
static int find_target(
	struct gp_operator_call *call, bool is_new, struct target *target_out, json_t **error_out)
{
	const struct gp_limit_set *set = &call->config->limits;
	struct gp_span name = gp_operator_member(call->request, "limit");
	struct gp_operator_who who;
	struct gp_limit_applied a;
	enum gp_operator_match match;
	*error_out = gp_operator_no_limits(call);
	if (*error_out)
		return GP_EINVAL;
	int rc = gp_operator_who_parse(call, &who, error_out);
	if (rc)
		return rc;
	*error_out = is_new ? gp_operator_who_problem(call, &who) : NULL;
	if (*error_out)
		return GP_EINVAL;
	size_t i = gp_operator_limit_find(set, name);
	if (i == set->limit_count) {
		*error_out = gp_operator_no_such_limit();
		return GP_EINVAL;
	}
	rc = gp_operator_who_match(call, &who, i, &match, &a);
	if (rc == GP_OK && match == GP_OPERATOR_EACH &&
		!gp_limit_counts_domain(&set->limits[i], gp_limit_subject_name(a.subject))) {
		*error_out =
			gp_operator_error("limit %s counts no sender of %s: its option domains "
					  "does not list that domain",
				a.limit->name, gp_limit_subject_name(a.subject));
		return GP_EINVAL;
	}
	*error_out = is_new && rc == GP_OK && match == GP_OPERATOR_OWN
			     ? gp_operator_who_doubtful(call, &who, &a)
			     : NULL;
	if (*error_out)
		return GP_EINVAL;
	if (rc == GP_OK && (match == GP_OPERATOR_OWN || match == GP_OPERATOR_EACH)) {
		*target_out = (struct target) {a.limit, a.limit->name, a.subject};
		return GP_OK;
	}
	*error_out = rc == GP_ESYNTAX ? gp_operator_who_nobody(call, &who)
		     : rc             ? gp_operator_trouble(call, rc)
				      : wrong_key(&who, &set->limits[i]);
	return rc ? rc : GP_EINVAL;
}

/* is_set: is anything set for the target itself? */
static bool is_set(
	struct gp_operator_call *call, const struct target *t, struct gp_limit_runtime *runtime_out)
{
	int64_t now_ms = gp_store_now_ms(gp_limit_overrides_store(call->overrides));
	return gp_limit_overrides_runtime(
		call->overrides, t->name, t->subject, now_ms, runtime_out);
}

/* applied_of: what applies to the target now; of a domain as anybody in it has it. */
static int applied_of(
	struct gp_operator_call *call, const struct target *t, struct gp_limit_applied *applied_out)
{
	const struct gp_limit_set *set = &call->config->limits;
	struct gp_limit_runtime runtime;
	const char *key = gp_limit_key_name((enum gp_limit_key)t->limit->key);
	const char *name = gp_limit_subject_name(t->subject);
	size_t len = strlen(key);
	bool is_own = strncmp(t->subject, key, len) == 0 && strchr(":", t->subject[len]);
	const char *subject =
		is_own ? t->subject : gp_arena_printf(call->ctx->arena, "%s:@%s", key, name);
	int rc = subject ? gp_limit_of_subject(set, (size_t)(t->limit - set->limits), subject,
				   call->overrides, call->ctx->arena, applied_out)
			 : gp_arena_status(call->ctx->arena);
	if (!rc && is_set(call, t, &runtime)) {
		applied_out->max = runtime.max;
		applied_out->source = GP_LIMIT_SOURCE_RUNTIME;
		applied_out->expires_ms = runtime.expires_ms;
	}
	return rc;
}

/* done: what was changed, and what applies now and why; was_set: there was something before. */
static json_t *done(struct gp_operator_call *call, const struct target *t, bool was_set)
{
	struct gp_limit_applied a;
	json_t *subject = gp_operator_text(call->ctx->arena, gp_span_from(t->subject));
	if (!t->limit) {
		const struct gp_limit_set *set = &call->config->limits;
		bool is_known =
			gp_operator_limit_find(set, gp_span_from(t->name)) < set->limit_count;
		return json_pack("{s:o, s:s, s:n, s:b, s:b}", "subject", subject, "limit", t->name,
			"max", "known", is_known, "in_use", false);
	}
	int rc = applied_of(call, t, &a);
	if (rc) {
		json_decref(subject);
		return gp_operator_trouble(call, rc);
	}
	json_t *value = json_pack("{s:o, s:o, s:s, s:s, s:b, s:b, s:b}", "subject", subject, "max",
		gp_operator_number_or_null(a.max), "limit", t->name, "count",
		gp_limit_unit_name((enum gp_limit_unit)t->limit->unit), "known", true, "in_use",
		true, "was_set", was_set);
	gp_operator_add_source(call, value, &a);
	return value;
}

/* read_value: what is asked for; false: out of bounds. */
static bool read_value(
	struct gp_operator_call *call, const struct target *t, struct gp_limit_runtime *value_out)
{
	json_t *max = json_object_get(call->request, "max");
	json_t *term = json_object_get(call->request, "for_s");
	json_int_t for_s = json_is_integer(term) ? json_integer_value(term) : term ? -1 : 0;
	int64_t now_ms = gp_store_now_ms(gp_limit_overrides_store(call->overrides));
	*value_out = (struct gp_limit_runtime) {
		.limit = t->name, .subject = t->subject, .by = gp_operator_by(call)};
	value_out->max = json_is_null(max)      ? GP_LIMIT_UNLIMITED
			 : json_is_integer(max) ? json_integer_value(max)
						: -1;
	if (for_s < 0 || for_s > FOR_MAX_S)
		return false;
	value_out->expires_ms = for_s ? now_ms + for_s * 1000 : 0;
	return value_out->max >= 0 &&
	       (value_out->max == GP_LIMIT_UNLIMITED || value_out->max <= GP_STORE_AMOUNT_MAX);
}

/* log_change: what an operator has changed is on record, with who did it. */
static void log_change(struct gp_operator_call *call, const char *event, const struct target *t,
	const struct gp_limit_runtime *value)
{
	struct gp_log_field f[5];
	char until[GP_CLOCK_TEXT];
	size_t n = 0;
	f[n++] = gp_log_field_text("limit", t->name);
	f[n++] = gp_log_field_text("limit_key", t->subject);
	if (value && value->max == GP_LIMIT_UNLIMITED)
		f[n++] = gp_log_field_text("limit_max", "unlimited");
	else if (value)
		f[n++] = gp_log_field_number("limit_max", value->max);
	if (value && value->expires_ms)
		f[n++] = gp_log_field_text("until",
			gp_clock_format(gp_operator_wall_of(call, value->expires_ms), until));
	f[n++] = gp_log_field_number("uid", call->peer_uid);
	gp_log_event(call->ctx->log, GP_LOG_NOTICE, event, f, n);
}

/* gp_operator_set: kept in the store, over restarts. */
json_t *gp_operator_set(struct gp_operator_call *call)
{
	struct target t;
	struct gp_limit_runtime value, before;
	json_t *error;
	if (find_target(call, true, &t, &error))
		return error;
	bool has_unit = json_is_true(json_object_get(call->request, "unit"));
	if (has_unit && t.limit->unit != GP_LIMIT_BYTES)
		return json_pack("{s:b, s:s}", "unit_refused", true, "count",
			gp_limit_unit_name((enum gp_limit_unit)t.limit->unit));
	if (!read_value(call, &t, &value))
		return gp_operator_error("max or for_s is out of bounds");
	bool was_set = is_set(call, &t, &before);
	int rc = gp_limit_overrides_set(call->overrides, call->ctx, &value);
	if (rc == GP_ETOOBIG && strlen(t.subject) > GP_LIMIT_RUNTIME_SUBJECT_MAX)
		return gp_operator_error("the name is too long for a run-time override");
	if (rc)
		return gp_operator_trouble(call, rc);
	log_change(call, "limit-set", &t, &value);
	return done(call, &t, was_set);
}

/* is_written: is this how an operator writes the subject, word for word as it is listed? */
static bool is_written(struct gp_span who, const char *subject)
{
	struct gp_span text = gp_span_from(subject), kind, name;
	if (gp_span_equal(who, text))
		return true;
	if (!gp_span_cut(text, ':', &kind, &name))
		return false;
	if (gp_span_is(kind, "user"))
		return gp_span_equal(who, name); /* its name alone */
	return gp_span_is(kind, "user_domain") && gp_span_has_prefix(who, "domain:") &&
	       gp_span_equal(gp_span_skip(who, 7), name);
}

/*
 * is_in_use: is the subject one that the limit would still make? An option may have changed that.
 */
static bool is_in_use(struct gp_operator_call *call, size_t limit, const char *subject)
{
	const struct gp_limit_set *set = &call->config->limits;
	struct gp_arena *arena = call->ctx->arena;
	const struct gp_span name = gp_span_from(gp_limit_subject_name(subject));
	const char *now = gp_limit_domain_subject(set, limit, name, arena);
	if (now && strcmp(now, subject) == 0)
		return true; /* each one of a domain */
	return gp_limit_subject_of(set, limit, name, arena, &now) == GP_OK &&
	       strcmp(now, subject) == 0;
}

/*
 * find_stale: a maximum that is listed as it is asked for, and that no limit looks for any more:
 * that limit is not configured, or an option has changed what it counts by.
 */
static int find_stale(struct gp_operator_call *call, struct target *t, bool *found_out)
{
	const struct gp_limit_set *set = &call->config->limits;
	const struct gp_limit_runtime *items;
	size_t count;
	struct gp_span limit = gp_operator_member(call->request, "limit");
	struct gp_span who = gp_operator_member(call->request, "who");
	size_t known = gp_operator_limit_find(set, limit);
	*found_out = false;
	int rc = gp_limit_overrides_list(call->overrides, call->ctx, &items, &count);
	for (size_t i = 0; !rc && !*found_out && i < count; i++) {
		*found_out =
			gp_span_equal(limit, gp_span_from(items[i].limit)) &&
			is_written(who, items[i].subject) &&
			(known == set->limit_count || !is_in_use(call, known, items[i].subject));
		if (*found_out)
			*t = (struct target) {NULL, items[i].limit, items[i].subject};
	}
	return rc;
}

/* gp_operator_unset: back to what the configuration says. */
json_t *gp_operator_unset(struct gp_operator_call *call)
{
	struct target t;
	struct gp_limit_runtime before;
	json_t *error = gp_operator_no_limits(call);
	bool is_stale = false;
	if (error)
		return error;
	int rc = find_stale(call, &t, &is_stale);
	if (rc)
		return gp_operator_trouble(call, rc);
	if (!is_stale && find_target(call, false, &t, &error))
		return error;
	bool was_set = is_set(call, &t, &before);
	rc = gp_limit_overrides_unset(call->overrides, call->ctx, t.name, t.subject);
	if (rc)
		return gp_operator_trouble(call, rc);
	if (was_set)
		log_change(call, "limit-unset", &t, NULL);
	return done(call, &t, was_set);
}

/* ---- all of them ---- */

/* override_row: one maximum. */
static json_t *override_row(struct gp_operator_call *call, const struct gp_limit_runtime *item)
{
	const struct gp_limit_set *set = &call->config->limits;
	struct gp_arena *arena = call->ctx->arena;
	size_t i = gp_operator_limit_find(set, gp_span_from(item->limit));
	bool is_known = i < set->limit_count;
	char text[GP_CLOCK_TEXT];
	json_t *row = json_pack("{s:o, s:o, s:o, s:b, s:b}", "limit",
		gp_operator_text(arena, gp_span_from(item->limit)), "subject",
		gp_operator_text(arena, gp_span_from(item->subject)), "max",
		gp_operator_number_or_null(item->max), "known", is_known, "in_use",
		is_known && is_in_use(call, i, item->subject));
	if (!row)
		return NULL;
	if (is_known) {
		const struct gp_limit *l = &set->limits[i];
		json_object_set_new(
			row, "count", json_string(gp_limit_unit_name((enum gp_limit_unit)l->unit)));
		json_object_set_new(row, "limit_max", gp_operator_number_or_null(l->max));
	}
	if (item->expires_ms)
		json_object_set_new(row, "expires",
			json_string(gp_clock_format(
				gp_operator_wall_of(call, item->expires_ms), text)));
	gp_operator_add_by(row, arena, item->by);
	return row;
}

/* gp_operator_overrides: in the order of limits and subjects. */
json_t *gp_operator_overrides(struct gp_operator_call *call)
{
	const struct gp_limit_runtime *items;
	size_t count;
	json_t *value = gp_operator_no_limits(call);
	if (value)
		return value;
	int rc = gp_limit_overrides_list(call->overrides, call->ctx, &items, &count);
	if (rc)
		return gp_operator_trouble(call, rc);
	json_t *rows = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(rows, override_row(call, &items[i]));
	return json_pack("{s:o}", "overrides", rows);
}
