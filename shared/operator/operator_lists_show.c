/* SPDX-License-Identifier: ISC */
/* How the DNS lists are doing, as the health table has it (reputation/dnsbl/dnsbl_health.h). */
#include <stdio.h>

#include "base/clock.h"
#include "operator/operator_private.h"
#include "reputation/reputation_order.h"

/* code_count: how often a code came. */
static json_t *code_count(const struct gp_dnsbl_code_count *c)
{
	char text[32];
	const uint8_t *o = c->code.octet;
	snprintf(text, sizeof text, "%u.%u.%u.%u", o[0], o[1], o[2], o[3]);
	return json_pack("{s:s, s:I}", "code", text, "count", (json_int_t)c->count);
}

/* code_counts: each, and those that had no place together. */
static json_t *code_counts(const struct gp_dnsbl_code_count *items, size_t count, uint64_t others)
{
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, code_count(&items[i]));
	if (others)
		json_array_append_new(list,
			json_pack("{s:s, s:I}", "code", "others", "count", (json_int_t)others));
	return list;
}

/* add_time: a point of wall time; nothing for 0. */
static void add_time(json_t *row, const char *name, int64_t wall_s)
{
	char text[GP_CLOCK_TEXT];
	if (wall_s)
		json_object_set_new(row, name, json_string(gp_clock_format(wall_s, text)));
}

/* median_of: null before the first query. */
static json_t *median_of(const struct gp_histogram_sums *took)
{
	int64_t us = gp_histogram_percentile(took, 0.5);
	return gp_histogram_count(took) ? json_integer((json_int_t)us) : json_null();
}

/* gp_operator_lists_reason: the configuration's words where it alone knows. */
const char *gp_operator_lists_reason(
	const struct gp_dnsbl_list *list, const struct gp_dnsbl_health_view *view)
{
	return list->dead ? "zone closed" : gp_dnsbl_reason_text(view->reason);
}

/* gp_operator_lists_problem: the same. */
const char *gp_operator_lists_problem(
	const struct gp_dnsbl_list *list, const struct gp_dnsbl_health_view *view)
{
	return list->dead                                        ? list->dead
	       : view->reason == GP_DNSBL_NO_KEY && list->no_key ? list->no_key
								 : view->detail;
}

/* list_row: one list. */
static json_t *list_row(struct gp_operator_call *call, const struct gp_dnsbl_list *list,
	const struct gp_dnsbl_health_view *v)
{
	struct gp_arena *arena = call->ctx->arena;
	json_t *row = json_pack("{s:o, s:o, s:s, s:s, s:o}", "name",
		gp_operator_text(arena, gp_span_from(list->name)), "list",
		gp_operator_text(arena, gp_span_from(list->zone)), "state",
		gp_dnsbl_status_name(v->status), "reason", gp_operator_lists_reason(list, v),
		"problem",
		gp_operator_text(arena, gp_span_from(gp_operator_lists_problem(list, v))));
	if (!row)
		return NULL;
	add_time(row, "since", v->since_s);
	add_time(row, "tested", v->last_test_s);
	add_time(row, "next_test", v->next_test_s);
	const struct {
		const char *name;
		uint64_t count;
	} counts[] = {{"queries", v->questions}, {"hits", v->listed}, {"unknown", v->unknown},
		{"errors", v->errors}, {"timeouts", v->timeouts}};
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		json_object_set_new(row, counts[i].name, json_integer((json_int_t)counts[i].count));
	json_object_set_new(row, "median_us", median_of(&v->took));
	json_object_set_new(row, "codes", code_counts(v->codes, v->code_count, v->other_codes));
	json_object_set_new(row, "unknown_codes",
		code_counts(v->unknown_codes, v->unknown_count, v->other_unknown));
	return row;
}

/* What an operator has switched off, as far as the store says. */
struct offs {
	const struct gp_reputation_order *items;
	size_t count;
};

/* read_offs: none without a store. */
static void read_offs(struct gp_operator_call *call, struct offs *offs_out)
{
	*offs_out = (struct offs) {NULL, 0};
	if (call->overrides &&
		gp_reputation_order_list(gp_limit_overrides_store(call->overrides), call->ctx,
			GP_REPUTATION_LIST_OFF, &offs_out->items, &offs_out->count))
		offs_out->count = 0;
}

/* is_failing: is it in use, and does it not work? */
static bool is_failing(const struct gp_dnsbl_health_view *view)
{
	return view->status == GP_DNSBL_SUSPENDED || view->status == GP_DNSBL_DEAD;
}

/* view_of: of the table, which follows what an operator says; without one what the store says. */
static void view_of(struct gp_operator_call *call, const struct gp_dnsbl_list *list, bool is_off,
	struct gp_dnsbl_health_view *view_out)
{
	int64_t now_s = call->ctx->clock->wall_s(call->ctx->clock);
	*view_out = (struct gp_dnsbl_health_view) {.status = GP_DNSBL_UNTESTED};
	if (call->lists)
		gp_dnsbl_health_view(call->lists, list, now_s, view_out);
	else if (is_off)
		view_out->status = GP_DNSBL_OFF;
	if (list->is_off || call->config->dnsbl.mode == GP_MODE_OFF)
		view_out->status = GP_DNSBL_OFF;
	if (list->dead && !list->is_off && !is_off)
		view_out->status = GP_DNSBL_DEAD;
	if (!is_failing(view_out)) {
		view_out->reason = GP_DNSBL_NO_REASON;
		view_out->detail[0] = 0;
	}
}

/* gp_operator_lists: all of the configuration, in its order. */
json_t *gp_operator_lists(struct gp_operator_call *call)
{
	const struct gp_dnsbl_settings *s = &call->config->dnsbl;
	struct offs offs;
	json_t *rows = json_array();
	read_offs(call, &offs);
	for (size_t i = 0; i < s->count; i++) {
		const struct gp_reputation_order *off =
			gp_reputation_order_find(offs.items, offs.count, s->lists[i].zone);
		struct gp_dnsbl_health_view view;
		view_of(call, &s->lists[i], off != NULL, &view);
		json_t *row = list_row(call, &s->lists[i], &view);
		if (row && off)
			gp_operator_add_by(row, call->ctx->arena, off->by);
		json_array_append_new(rows, row);
	}
	return json_pack("{s:s, s:o}", "mode", gp_option_modes[s->mode].word, "lists", rows);
}

/* ---- in short ---- */

/* add_failing: one that is not queried, and why. */
static void add_failing(struct gp_operator_call *call, json_t *list,
	const struct gp_dnsbl_list *which, const struct gp_dnsbl_health_view *view)
{
	json_t *row = json_pack("{s:o, s:s, s:s}", "list",
		gp_operator_text(call->ctx->arena, gp_span_from(which->zone)), "state",
		gp_dnsbl_status_name(view->status), "reason",
		gp_operator_lists_reason(which, view));
	if (row)
		add_time(row, "since", view->since_s);
	json_array_append_new(list, row);
}

/* gp_operator_lists_brief: how many are in each state. */
json_t *gp_operator_lists_brief(struct gp_operator_call *call)
{
	const struct gp_dnsbl_settings *s = &call->config->dnsbl;
	json_int_t counts[GP_DNSBL_STATUSES] = {0};
	struct offs offs;
	if (!s->count || s->mode == GP_MODE_OFF)
		return json_null();
	json_t *suspended = json_array(), *switched_off = json_array();
	read_offs(call, &offs);
	for (size_t i = 0; i < s->count; i++) {
		const struct gp_dnsbl_list *list = &s->lists[i];
		struct gp_dnsbl_health_view view;
		bool is_off = gp_reputation_order_has(offs.items, offs.count, list->zone);
		view_of(call, list, is_off, &view);
		counts[view.status]++;
		if (is_off)
			json_array_append_new(switched_off,
				gp_operator_text(call->ctx->arena, gp_span_from(list->zone)));
		if (is_failing(&view))
			add_failing(call, suspended, list, &view);
	}
	return json_pack("{s:s, s:I, s:I, s:I, s:I, s:o, s:o}", "mode",
		gp_option_modes[s->mode].word, "ok", counts[GP_DNSBL_OK], "untested",
		counts[GP_DNSBL_UNTESTED], "dead", counts[GP_DNSBL_DEAD], "off",
		counts[GP_DNSBL_OFF], "suspended", suspended, "switched_off", switched_off);
}
