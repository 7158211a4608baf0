/* SPDX-License-Identifier: ISC */
/* What the resolver, its cache and the stores have counted. */
#include "policyd/metrics_private.h"

/* ---- DNS ---- */

/* wire_stats: of the resolver in use. */
static struct gp_dns_wire_stats wire_stats(const struct gp_metrics_source *source)
{
	struct gp_dns_wire_stats stats;
	gp_dns_wire_stats(source->runtime->dns, &stats);
	return stats;
}

/* gp_metrics_dns: one number. */
void gp_metrics_dns(GP_METRICS_READER)
{
	const struct gp_dns_wire_stats stats = wire_stats(source);
	gp_daemon_metrics_number(
		page, NULL, 0, *(const uint64_t *)(const void *)((const char *)&stats + row->at));
}

/* gp_metrics_dns_attempts: by transport. */
void gp_metrics_dns_attempts(GP_METRICS_READER)
{
	const struct gp_dns_wire_stats stats = wire_stats(source);
	(void)row;
	gp_daemon_metrics_number(
		page, &(struct gp_daemon_metrics_label) {"transport", "udp"}, 1, stats.datagrams);
	gp_daemon_metrics_number(
		page, &(struct gp_daemon_metrics_label) {"transport", "tcp"}, 1, stats.connections);
}

/* gp_metrics_dns_answers: by state. */
void gp_metrics_dns_answers(GP_METRICS_READER)
{
	static const char *const names[GP_DNS_STATES] = {
		[GP_DNS_FOUND] = "found",
		[GP_DNS_NODATA] = "no_data",
		[GP_DNS_NXDOMAIN] = "no_such_name",
		[GP_DNS_TEMPFAIL] = "temporary_failure",
		[GP_DNS_BOGUS] = "bogus",
		[GP_DNS_TROUBLE] = "trouble",
	};
	const struct gp_dns_wire_stats stats = wire_stats(source);
	(void)row;
	for (size_t i = 0; i < GP_DNS_STATES; i++)
		gp_daemon_metrics_number(page,
			&(struct gp_daemon_metrics_label) {"state", names[i]}, 1, stats.answers[i]);
	gp_daemon_metrics_number(
		page, &(struct gp_daemon_metrics_label) {"state", "given_up"}, 1, stats.given_up);
}

/* gp_metrics_dns_durations: of whole questions. */
void gp_metrics_dns_durations(GP_METRICS_READER)
{
	const struct gp_dns_wire_stats stats = wire_stats(source);
	(void)row;
	gp_daemon_metrics_histogram(page, NULL, 0, &stats.took);
}

/* cache_stats: of the cache above it. */
static struct gp_dns_cache_stats cache_stats(const struct gp_metrics_source *source)
{
	struct gp_dns_cache_stats stats;
	gp_dns_cache_stats(source->runtime->dns, &stats);
	return stats;
}

/* gp_metrics_cache_questions: by where the answer came from. */
void gp_metrics_cache_questions(GP_METRICS_READER)
{
	const struct gp_dns_cache_stats stats = cache_stats(source);
	(void)row;
	gp_daemon_metrics_number(
		page, &(struct gp_daemon_metrics_label) {"result", "hit"}, 1, stats.hits);
	gp_daemon_metrics_number(
		page, &(struct gp_daemon_metrics_label) {"result", "miss"}, 1, stats.misses);
	gp_daemon_metrics_number(
		page, &(struct gp_daemon_metrics_label) {"result", "joined"}, 1, stats.joined);
}

/* gp_metrics_cache_entries: now. */
void gp_metrics_cache_entries(GP_METRICS_READER)
{
	(void)row;
	gp_daemon_metrics_number(page, NULL, 0, cache_stats(source).entries);
}

/* gp_metrics_cache_capacity: as configured. */
void gp_metrics_cache_capacity(GP_METRICS_READER)
{
	(void)row;
	gp_daemon_metrics_number(
		page, NULL, 0, source->runtime->config->dns_settings.cache.entries);
}

/* gp_metrics_cache_bytes: now. */
void gp_metrics_cache_bytes(GP_METRICS_READER)
{
	(void)row;
	gp_daemon_metrics_number(page, NULL, 0, cache_stats(source).bytes);
}

/* gp_metrics_cache_evicted: for want of room. */
void gp_metrics_cache_evicted(GP_METRICS_READER)
{
	(void)row;
	gp_daemon_metrics_number(page, NULL, 0, cache_stats(source).evicted);
}

/* gp_metrics_cache_stale: while no server answered. */
void gp_metrics_cache_stale(GP_METRICS_READER)
{
	(void)row;
	gp_daemon_metrics_number(page, NULL, 0, cache_stats(source).stale);
}

/* ---- stores ---- */

/* A store with its label and how it is. */
struct named_store {
	struct gp_daemon_metrics_label label;
	struct gp_store *store;
	struct gp_store_health health;
};
#define STORES 2

/* stores: the one that counts, and the one that stands in for it if there is one; how many. */
static size_t stores(const struct gp_metrics_source *source, struct named_store stores_out[STORES])
{
	struct gp_store *both = source->runtime->store;
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
static const char *kind_of(const struct gp_metrics_source *source, size_t which)
{
	const struct gp_store_options *options = &source->runtime->config->store;
	bool is_embedded = which > 0 || options->uri_count == 0 ||
			   gp_span_has_prefix(gp_span_from(options->uris[0]), "lmdb:");
	return is_embedded ? "lmdb" : "redis";
}

/* gp_metrics_store_info: which there are. */
void gp_metrics_store_info(GP_METRICS_READER)
{
	struct named_store s[STORES];
	(void)row;
	for (size_t i = 0, n = stores(source, s); i < n; i++) {
		const struct gp_daemon_metrics_label labels[] = {
			s[i].label, {"kind", kind_of(source, i)}};
		gp_daemon_metrics_number(page, labels, 2, 1);
	}
}

/* gp_metrics_store_up: 1 or 0. */
void gp_metrics_store_up(GP_METRICS_READER)
{
	struct named_store s[STORES];
	(void)row;
	for (size_t i = 0, n = stores(source, s); i < n; i++)
		gp_daemon_metrics_number(page, &s[i].label, 1, s[i].health.up);
}

/* gp_metrics_store_stands_in: while the main one is down and there is another. */
void gp_metrics_store_stands_in(GP_METRICS_READER)
{
	struct named_store s[STORES];
	(void)row;
	if (stores(source, s) == STORES)
		gp_daemon_metrics_number(page, NULL, 0, !s[0].health.up);
}

/* gp_metrics_store_steps: done and failed. */
void gp_metrics_store_steps(GP_METRICS_READER)
{
	struct named_store s[STORES];
	(void)row;
	for (size_t i = 0, n = stores(source, s); i < n; i++) {
		const struct gp_daemon_metrics_label done[] = {s[i].label, {"result", "done"}};
		const struct gp_daemon_metrics_label failed[] = {s[i].label, {"result", "failed"}};
		gp_daemon_metrics_number(page, done, 2, s[i].health.taken);
		gp_daemon_metrics_number(page, failed, 2, s[i].health.failed);
	}
}

/* gp_metrics_store_forgotten: of embedded ones; others make room themselves. */
void gp_metrics_store_forgotten(GP_METRICS_READER)
{
	struct named_store s[STORES];
	(void)row;
	for (size_t i = 0, n = stores(source, s); i < n; i++)
		gp_daemon_metrics_number(page, &s[i].label, 1, s[i].health.forgotten);
}

/* gp_metrics_store_durations: of steps that were done. */
void gp_metrics_store_durations(GP_METRICS_READER)
{
	struct named_store s[STORES];
	struct gp_histogram_sums sums;
	(void)row;
	for (size_t i = 0, n = stores(source, s); i < n; i++) {
		gp_store_trips(s[i].store, &sums);
		gp_daemon_metrics_histogram(page, &s[i].label, 1, &sums);
	}
}

/* gp_metrics_store_trouble: how long ago, where there was any. */
void gp_metrics_store_trouble(GP_METRICS_READER)
{
	struct named_store s[STORES];
	(void)row;
	for (size_t i = 0, n = stores(source, s); i < n; i++)
		if (s[i].health.problem_age_ms >= 0)
			gp_daemon_metrics_seconds(
				page, &s[i].label, 1, s[i].health.problem_age_ms * 1000);
}
