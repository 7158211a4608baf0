/* SPDX-License-Identifier: ISC */
/* What an operator changes of DNS lists: switched off over restarts, on again, tested now. */
#include <string.h>

#include "mail/address.h"
#include "operator/operator_private.h"
#include "reputation/reputation_order.h"

#define NAME_MAX_BYTES 300

/* ---- which list ---- */

/* name_of: of the request, as names of lists and zones are written; empty: none. */
static struct gp_span name_of(struct gp_operator_call *call)
{
	json_t *value = json_object_get(call->request, "list");
	struct gp_span text = {json_string_value(value), json_string_length(value)};
	if (!text.ptr || text.len > NAME_MAX_BYTES || memchr(text.ptr, 0, text.len))
		return (struct gp_span) {NULL, 0};
	if (text.len > 1 && text.ptr[text.len - 1] == '.')
		text.len--;
	char *copy = gp_arena_copy(call->ctx->arena, text);
	for (char *c = copy; c && *c; c++)
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c);
	return gp_span_from(copy);
}

/* is_called: by its name in the configuration, or its public zone. */
static bool is_called(const struct gp_dnsbl_list *list, struct gp_span name)
{
	return gp_span_equal_nocase(name, gp_span_from(list->name)) ||
	       gp_span_equal_nocase(name, gp_span_from(list->zone));
}

/* find_list: of the configuration; NULL: none. */
static const struct gp_dnsbl_list *find_list(
	const struct gp_operator_call *call, struct gp_span name)
{
	const struct gp_dnsbl_settings *s = &call->config->dnsbl;
	for (size_t i = 0; i < s->count; i++)
		if (is_called(&s->lists[i], name))
			return &s->lists[i];
	return NULL;
}

/* no_such_list: with those that there are. */
static json_t *no_such_list(const struct gp_operator_call *call, struct gp_span name)
{
	const struct gp_dnsbl_settings *s = &call->config->dnsbl;
	const char *all = "";
	for (size_t i = 0; all && i < s->count && strlen(all) < 200; i++)
		all = gp_arena_printf(
			call->ctx->arena, "%s%s%s", all, i ? ", " : "", s->lists[i].name);
	if (!s->count)
		return gp_operator_error("no DNS list is configured");
	return gp_operator_error("no DNS list %.*s is configured; there are: %s",
		(int)(name.len > 100 ? 100 : name.len), name.ptr ? name.ptr : "", all ? all : "?");
}

/*
 * why_unused: what keeps a list from being queried and tested, whatever gatepost lists on says;
 * NULL: nothing does.
 */
static const char *why_unused(const struct gp_operator_call *call, const struct gp_dnsbl_list *list)
{
	struct gp_arena *arena = call->ctx->arena;
	const char *why = NULL;
	if (call->config->dnsbl.mode == GP_MODE_OFF)
		why = "dnsbl.mode is off";
	else if (list->is_off)
		why = gp_arena_printf(
			arena, "it is off in the configuration (%s:%d)", list->file, list->line);
	else if (list->dead)
		why = list->dead;
	else if (list->no_key)
		why = gp_arena_printf(arena, "no key: %s", list->no_key);
	else
		return NULL;
	return why ? why : gp_err_text(GP_ENOMEM);
}

/* ---- off and on ---- */

/* What a change is about. */
struct target {
	const struct gp_dnsbl_list *list; /* NULL: not configured any more */
	const char *zone;
	bool is_off;
};

/* find_target: GP_OK; else *error_out is the answer, NULL without memory for it. */
static int find_target(struct gp_operator_call *call, struct target *target_out, json_t **error_out)
{
	const struct gp_reputation_order *items;
	size_t count;
	struct gp_span name = name_of(call);
	struct target *t = target_out;
	*error_out = NULL;
	if (!call->overrides) {
		*error_out = gp_operator_error("no store is in use: dnsbl.mode is off and no limit "
					       "is configured");
		return GP_EINVAL;
	}
	t->list = find_list(call, name);
	t->zone = t->list ? t->list->zone : name.ptr;
	int rc = gp_reputation_order_list(gp_limit_overrides_store(call->overrides), call->ctx,
		GP_REPUTATION_LIST_OFF, &items, &count);
	if (rc) {
		*error_out = gp_operator_trouble(call, rc);
		return rc;
	}
	t->is_off = t->zone && gp_reputation_order_has(items, count, t->zone);
	if (t->list || t->is_off)
		return GP_OK;
	*error_out = no_such_list(call, name);
	return GP_EINVAL;
}

/* done: what is so now. */
static json_t *done(struct gp_operator_call *call, const struct target *t, bool is_off)
{
	const char *why = t->list && !is_off ? why_unused(call, t->list) : NULL;
	json_t *answer = json_pack("{s:o, s:b, s:b, s:b}", "list",
		gp_operator_text(call->ctx->arena, gp_span_from(t->zone)), "off", is_off, "was_off",
		t->is_off, "configured", t->list != NULL);
	if (answer && why)
		json_object_set_new(answer, "why_unused",
			gp_operator_text(call->ctx->arena, gp_span_from(why)));
	return answer;
}

/* gp_operator_lists_off: who has said it first stays on record. */
json_t *gp_operator_lists_off(struct gp_operator_call *call)
{
	struct target t;
	json_t *error;
	if (find_target(call, &t, &error))
		return error;
	if (!t.is_off) {
		const char *by = gp_operator_by(call);
		int rc = by ? gp_reputation_order_put(gp_limit_overrides_store(call->overrides),
				      call->ctx, GP_REPUTATION_LIST_OFF, t.zone, by)
			    : GP_ENOMEM;
		if (rc)
			return gp_operator_trouble(call, rc);
		gp_operator_log_change(call, "list-off", gp_log_field_text("list", t.zone));
	}
	return done(call, &t, true);
}

/* gp_operator_lists_on: what the configuration has switched off stays off, which is said. */
json_t *gp_operator_lists_on(struct gp_operator_call *call)
{
	struct target t;
	json_t *error;
	if (find_target(call, &t, &error))
		return error;
	if (t.is_off) {
		int rc = gp_reputation_order_remove(gp_limit_overrides_store(call->overrides),
			call->ctx, GP_REPUTATION_LIST_OFF, t.zone);
		if (!rc && call->kept && t.list)
			rc = gp_dnsbl_kept_forget(call->kept, call->ctx, t.list);
		if (rc)
			return gp_operator_trouble(call, rc);
		gp_operator_log_change(call, "list-on", gp_log_field_text("list", t.zone));
	}
	return done(call, &t, false);
}

/* ---- to be tested now ---- */

/* hurry: the daemon's thread tests it, or the next process of Exim; false: it is not tested. */
static bool hurry(struct gp_operator_call *call, const struct gp_dnsbl_list *list)
{
	int64_t now_s = call->ctx->clock->wall_s(call->ctx->clock);
	return gp_dnsbl_health_hurry(call->lists, list, now_s) &&
	       (!call->kept || gp_dnsbl_kept_forget(call->kept, call->ctx, list) == GP_OK);
}

/* why_untested: of a list whose test cannot be made due. */
static const char *why_untested(
	const struct gp_operator_call *call, const struct gp_dnsbl_list *list)
{
	struct gp_dnsbl_health_view view;
	const char *why = why_unused(call, list);
	if (why)
		return why;
	gp_dnsbl_health_view(call->lists, list, call->ctx->clock->wall_s(call->ctx->clock), &view);
	return view.status == GP_DNSBL_OFF ? "it is switched off (gatepost lists on)"
					   : "the store does not take the order";
}

/* add_untested: one more that is not tested, and why. */
static void add_untested(
	const struct gp_operator_call *call, const struct gp_dnsbl_list *list, json_t *untested)
{
	struct gp_arena *arena = call->ctx->arena;
	const char *why = why_untested(call, list);
	json_array_append_new(untested,
		json_pack("{s:o, s:o}", "list", gp_operator_text(arena, gp_span_from(list->zone)),
			"why", gp_operator_text(arena, gp_span_from(why))));
}

/* add_due: one more that is tested now. */
static void add_due(
	const struct gp_operator_call *call, const struct gp_dnsbl_list *list, json_t *due)
{
	json_array_append_new(due, gp_operator_text(call->ctx->arena, gp_span_from(list->zone)));
}

/* gp_operator_lists_retest: one list, or all. */
json_t *gp_operator_lists_retest(struct gp_operator_call *call)
{
	const struct gp_dnsbl_settings *s = &call->config->dnsbl;
	struct gp_span name = name_of(call);
	const struct gp_dnsbl_list *one = name.len ? find_list(call, name) : NULL;
	if (!call->lists || s->mode == GP_MODE_OFF)
		return gp_operator_error("the lists are not tested: %s",
			s->mode == GP_MODE_OFF ? "dnsbl.mode is off" : "no store is in use");
	if (name.len && !one)
		return no_such_list(call, name);
	if (one && !hurry(call, one))
		return gp_operator_error(
			"%s is not tested: %s", one->zone, why_untested(call, one));
	json_t *due = json_array(), *untested = json_array();
	if (one)
		add_due(call, one, due);
	for (size_t i = 0; !one && i < s->count; i++) {
		if (hurry(call, &s->lists[i]))
			add_due(call, &s->lists[i], due);
		else
			add_untested(call, &s->lists[i], untested);
	}
	return json_pack("{s:o, s:o}", "due", due, "not_tested", untested);
}
