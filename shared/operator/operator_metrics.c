/* SPDX-License-Identifier: ISC */
/* A row for each family; the daemon's page and that of a command show them alike. */
#include "operator/operator_metrics.h"

#include "base/span.h"

/* What a reader gets. */
#define GP_OPERATOR_METRICS_READER \
	struct gp_operator_page *page, const struct gp_operator_metrics_source *source

struct row {
	const char *name;
	enum gp_operator_page_type type;
	const char *help;
	void (*read)(GP_OPERATOR_METRICS_READER);
	bool is_since_open; /* what this process has counted since it opened the store */
};

/* ---- configuration ---- */

/* read_limits: configured ones. */
static void read_limits(GP_OPERATOR_METRICS_READER)
{
	gp_operator_page_number(page, NULL, 0, source->config->limits.limit_count);
}

/* read_overrides: configured ones. */
static void read_overrides(GP_OPERATOR_METRICS_READER)
{
	gp_operator_page_number(page, NULL, 0, source->config->limits.override_count);
}

/* ---- stores ---- */

/* A store with its label and how it is. */
struct named_store {
	struct gp_operator_page_label label;
	struct gp_store *store;
	struct gp_store_health health;
};
#define STORES 2

/* stores: the one that counts, and the one that stands in for it if there is one; how many. */
static size_t stores(
	const struct gp_operator_metrics_source *source, struct named_store stores_out[STORES])
{
	struct gp_store *both = source->store;
	const struct named_store all[STORES] = {
		{.label = {"store", "main"}, .store = gp_store_part(both, GP_STORE_CONFIGURED)},
		{.label = {"store", "local"}, .store = gp_store_part(both, GP_STORE_LOCAL)}};
	size_t n = 0;
	for (; n < STORES && all[n].store; n++) {
		stores_out[n] = all[n];
		gp_store_health(all[n].store, &stores_out[n].health);
	}
	return n;
}

/* kind_of: what the main store is; the other one is always embedded. */
static const char *kind_of(const struct gp_operator_metrics_source *source, size_t which)
{
	const struct gp_store_options *options = &source->config->store;
	bool is_embedded = which > 0 || options->uri_count == 0 ||
			   gp_span_has_prefix(gp_span_from(options->uris[0]), "lmdb:");
	return is_embedded ? "lmdb" : "redis";
}

/* read_store_info: which there are. */
static void read_store_info(GP_OPERATOR_METRICS_READER)
{
	struct named_store s[STORES];
	for (size_t i = 0, n = stores(source, s); i < n; i++) {
		const struct gp_operator_page_label labels[] = {
			s[i].label, {"kind", kind_of(source, i)}};
		gp_operator_page_number(page, labels, 2, 1);
	}
}

/* read_store_up: 1 or 0. */
static void read_store_up(GP_OPERATOR_METRICS_READER)
{
	struct named_store s[STORES];
	for (size_t i = 0, n = stores(source, s); i < n; i++)
		gp_operator_page_number(page, &s[i].label, 1, s[i].health.up);
}

/* read_store_stands_in: while the main one is down and there is another. */
static void read_store_stands_in(GP_OPERATOR_METRICS_READER)
{
	struct named_store s[STORES];
	if (stores(source, s) == STORES)
		gp_operator_page_number(page, NULL, 0, !s[0].health.up);
}

/* read_store_steps: done and failed. */
static void read_store_steps(GP_OPERATOR_METRICS_READER)
{
	struct named_store s[STORES];
	for (size_t i = 0, n = stores(source, s); i < n; i++) {
		const struct gp_operator_page_label done[] = {s[i].label, {"result", "done"}};
		const struct gp_operator_page_label failed[] = {s[i].label, {"result", "failed"}};
		gp_operator_page_number(page, done, 2, s[i].health.taken);
		gp_operator_page_number(page, failed, 2, s[i].health.failed);
	}
}

/* read_store_forgotten: of embedded ones; others make room themselves. */
static void read_store_forgotten(GP_OPERATOR_METRICS_READER)
{
	struct named_store s[STORES];
	for (size_t i = 0, n = stores(source, s); i < n; i++)
		gp_operator_page_number(page, &s[i].label, 1, s[i].health.forgotten);
}

/* read_store_durations: of steps that were done. */
static void read_store_durations(GP_OPERATOR_METRICS_READER)
{
	struct named_store s[STORES];
	struct gp_histogram_sums sums;
	for (size_t i = 0, n = stores(source, s); i < n; i++) {
		gp_store_trips(s[i].store, &sums);
		gp_operator_page_histogram(page, &s[i].label, 1, &sums);
	}
}

/* read_store_trouble: how long ago, where there was any. */
static void read_store_trouble(GP_OPERATOR_METRICS_READER)
{
	struct named_store s[STORES];
	for (size_t i = 0, n = stores(source, s); i < n; i++)
		if (s[i].health.problem_age_ms >= 0)
			gp_operator_page_seconds(
				page, &s[i].label, 1, s[i].health.problem_age_ms * 1000);
}

/* ---- the tables ---- */

#define COUNTER GP_OPERATOR_PAGE_COUNTER
#define GAUGE GP_OPERATOR_PAGE_GAUGE
#define HISTOGRAM GP_OPERATOR_PAGE_HISTOGRAM

/* clang-format off */
static const struct row config_rows[] = {
	{"gatepost_config_limits", GAUGE,
		"Limits in the configuration.", read_limits, false},
	{"gatepost_config_overrides", GAUGE,
		"Overrides of limits in the configuration.", read_overrides, false},
};

static const struct row store_rows[] = {
	{"gatepost_store_info", GAUGE,
		"The stores in which limits are counted, and their type.",
		read_store_info, false},
	{"gatepost_store_up", GAUGE,
		"1 while the store can count.", read_store_up, false},
	{"gatepost_store_standing_in", GAUGE,
		"1 while the local store is used in place of the main one.",
		read_store_stands_in, false},
	{"gatepost_store_steps_total", COUNTER,
		"Steps of counting.", read_store_steps, true},
	{"gatepost_store_forgotten_total", COUNTER,
		"Subjects that were dropped because the store (store.size) or its disk is full.",
		read_store_forgotten, true},
	{"gatepost_store_step_seconds", HISTOGRAM,
		"How long steps of counting took.", read_store_durations, true},
	{"gatepost_store_last_trouble_seconds", GAUGE,
		"Time since the last error of the store; absent if there was none.",
		read_store_trouble, false},
};
/* clang-format on */

/* write_rows: a family each. */
static void write_rows(GP_OPERATOR_METRICS_READER, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (rows[i].is_since_open && source->is_passing)
			continue;
		gp_operator_page_family(page, rows[i].name, rows[i].type, rows[i].help);
		rows[i].read(page, source);
	}
}

/* gp_operator_metrics_config: the first table. */
void gp_operator_metrics_config(GP_OPERATOR_METRICS_READER)
{
	write_rows(page, source, config_rows, sizeof config_rows / sizeof config_rows[0]);
}

/* gp_operator_metrics_store: the second table. */
void gp_operator_metrics_store(GP_OPERATOR_METRICS_READER)
{
	write_rows(page, source, store_rows, sizeof store_rows / sizeof store_rows[0]);
}

/* gp_operator_metrics_usage: a sample for each limit. */
void gp_operator_metrics_usage(struct gp_operator_page *page, const struct gp_config *config,
	const struct gp_operator_usage usage[GP_LIMIT_MAX])
{
	const struct gp_limit_set *set = &config->limits;
	gp_operator_page_family(page, "gatepost_limit_subjects", GAUGE,
		"Users and others for whom a limit counts anything at present.");
	for (size_t i = 0; i < set->limit_count; i++)
		gp_operator_page_number(page,
			&(struct gp_operator_page_label) {"limit", set->limits[i].name}, 1,
			usage[i].subjects);
	gp_operator_page_family(page, "gatepost_limit_subjects_full", GAUGE,
		"Of these, those that have used up their maximum.");
	for (size_t i = 0; i < set->limit_count; i++)
		gp_operator_page_number(page,
			&(struct gp_operator_page_label) {"limit", set->limits[i].name}, 1,
			usage[i].full);
}
