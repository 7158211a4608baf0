/* SPDX-License-Identifier: ISC */
/* Status and metrics without a daemon: of the store and the configuration. */
#include "cli/direct_private.h"
#include "operator/operator_metrics.h"
#include "operator/operator_text.h"

#define PAGE_MAX (4 * 1024 * 1024)

/* is_up: of the part that is configured; without a store nothing can be down. */
static bool is_up(const struct gp_cli_direct *d)
{
	struct gp_store_health health;
	if (!d->store.store)
		return false;
	gp_store_health(gp_store_part(d->store.store, GP_STORE_CONFIGURED), &health);
	return health.up;
}

/* count_overrides: what is set at run time; -1: it cannot be read. */
static json_int_t count_overrides(struct gp_operator_call *call)
{
	const struct gp_limit_runtime *items;
	size_t count;
	return gp_limit_overrides_list(call->overrides, call->ctx, &items, &count)
		       ? -1
		       : (json_int_t)count;
}

/* add_usage: what is counted at present, where the store can say so. */
static void add_usage(struct gp_cli_direct *d, struct gp_operator_call *call, json_t *answer)
{
	struct gp_operator_usage usage[GP_LIMIT_MAX];
	uint64_t subjects = 0, full = 0;
	if (!is_up(d) || gp_operator_usage(call, usage))
		return;
	for (size_t i = 0; i < d->config->limits.limit_count; i++) {
		subjects += usage[i].subjects;
		full += usage[i].full;
	}
	json_object_set_new(answer, "counters", json_integer((json_int_t)subjects));
	json_object_set_new(answer, "full", json_integer((json_int_t)full));
	json_int_t overrides = count_overrides(call);
	if (overrides >= 0)
		json_object_set_new(answer, "runtime_overrides", json_integer(overrides));
}

/* gp_cli_direct_status: members are called as in the daemon's. */
json_t *gp_cli_direct_status(struct gp_cli_direct *direct, struct gp_operator_call *call)
{
	struct gp_store *both = direct->store.store;
	const struct gp_limit_set *limits = &direct->config->limits;
	json_t *config = json_pack("{s:o, s:I, s:I}", "file",
		gp_operator_text(direct->arena, gp_span_from(direct->config->path)), "limits",
		(json_int_t)limits->limit_count, "overrides", (json_int_t)limits->override_count);
	json_t *answer = json_pack("{s:s, s:o, s:o, s:o}", "version", GP_VERSION, "store",
		gp_operator_store(direct->arena, gp_store_part(both, GP_STORE_CONFIGURED)),
		"local_store",
		gp_operator_store(direct->arena, gp_store_part(both, GP_STORE_LOCAL)), "config",
		config);
	if (answer)
		add_usage(direct, call, answer);
	if (answer)
		json_object_set_new(answer, "lists", gp_operator_lists_brief(call));
	return answer;
}

/* add_reputation: DNS lists as processes of Exim have kept them, figures of greylisting. */
static void add_reputation(
	struct gp_cli_direct *d, struct gp_operator_call *call, struct gp_operator_page *page)
{
	const struct gp_greylist_settings *greylist = &d->config->greylist;
	struct gp_operator_metrics_source source = {.config = d->config,
		.is_passing = true,
		.lists = call->lists,
		.now_s = call->ctx->clock->wall_s(call->ctx->clock)};
	struct gp_greylist_figures figures;
	if (greylist->mode != GP_MODE_OFF && is_up(d) &&
		gp_greylist_figures(call->ctx, d->store.store, gp_store_now_ms(d->store.store),
			greylist, &figures) == GP_OK)
		source.greylist = &figures;
	gp_operator_metrics_lists(page, &source);
	gp_operator_metrics_greylist(page, &source);
}

/* gp_cli_direct_metrics: families of the daemon's page that need none, and what is counted. */
json_t *gp_cli_direct_metrics(struct gp_cli_direct *direct, struct gp_operator_call *call)
{
	const struct gp_operator_metrics_source source = {
		.config = direct->config, .store = direct->store.store, .is_passing = true};
	struct gp_operator_usage usage[GP_LIMIT_MAX];
	struct gp_strbuf buf;
	struct gp_operator_page page = {.buf = &buf};
	const char *text;
	gp_strbuf_init(&buf, direct->arena, PAGE_MAX);
	gp_operator_page_family(
		&page, "gatepost_build_info", GP_OPERATOR_PAGE_GAUGE, "The version.");
	gp_operator_page_number(
		&page, &(struct gp_operator_page_label) {"version", GP_VERSION}, 1, 1);
	gp_operator_metrics_config(&page, &source);
	gp_operator_metrics_store(&page, &source);
	if (is_up(direct) && gp_operator_usage(call, usage) == GP_OK)
		gp_operator_metrics_usage(&page, direct->config, usage);
	add_reputation(direct, call, &page);
	int rc = gp_strbuf_finish(&buf, &text);
	return rc ? gp_operator_error("the numbers cannot be collected: %s", gp_err_text(rc))
		  : json_pack("{s:s}", "text", text);
}
