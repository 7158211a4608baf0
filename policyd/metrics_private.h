/* SPDX-License-Identifier: ISC */
/* The rows of the table of metrics, and who reads their numbers; for policyd/metrics*.c. */
#ifndef GP_POLICYD_METRICS_PRIVATE_H
#define GP_POLICYD_METRICS_PRIVATE_H

#include "daemon/metrics_page.h"
#include "policyd/metrics.h"

/* One metric. Its reader puts the samples on the page, none where there is nothing to read. */
struct gp_metric {
	const char *name;
	enum gp_daemon_metrics_type type;
	const char *help;
	void (*read)(struct gp_daemon_metrics_page *page, const struct gp_metrics_source *source,
		const struct gp_metric *row);
	size_t at; /* for readers that several rows share: what is read */
};

/* What a reader gets. */
#define GP_METRICS_READER                                                            \
	struct gp_daemon_metrics_page *page, const struct gp_metrics_source *source, \
		const struct gp_metric *row

/* ---- policyd/metrics_checks.c: what sessions have counted ---- */

void gp_metrics_tally(GP_METRICS_READER); /* at: GP_TALLY of one number */
void gp_metrics_requests(GP_METRICS_READER);
void gp_metrics_answers(GP_METRICS_READER);
void gp_metrics_decisions(GP_METRICS_READER);
void gp_metrics_results(GP_METRICS_READER);
void gp_metrics_durations(GP_METRICS_READER);
void gp_metrics_limits(GP_METRICS_READER); /* at: of a number in struct gp_tally_limit */
void gp_metrics_limits_over(GP_METRICS_READER);

/* ---- policyd/metrics_world.c: DNS and the stores ---- */

void gp_metrics_dns(GP_METRICS_READER); /* at: of a number in struct gp_dns_wire_stats */
void gp_metrics_dns_attempts(GP_METRICS_READER);
void gp_metrics_dns_answers(GP_METRICS_READER);
void gp_metrics_dns_durations(GP_METRICS_READER);
void gp_metrics_cache_questions(GP_METRICS_READER);
void gp_metrics_cache_entries(GP_METRICS_READER);
void gp_metrics_cache_capacity(GP_METRICS_READER);
void gp_metrics_cache_bytes(GP_METRICS_READER);
void gp_metrics_cache_evicted(GP_METRICS_READER);
void gp_metrics_cache_stale(GP_METRICS_READER);
void gp_metrics_store_info(GP_METRICS_READER);
void gp_metrics_store_up(GP_METRICS_READER);
void gp_metrics_store_stands_in(GP_METRICS_READER);
void gp_metrics_store_steps(GP_METRICS_READER);
void gp_metrics_store_forgotten(GP_METRICS_READER);
void gp_metrics_store_durations(GP_METRICS_READER);
void gp_metrics_store_trouble(GP_METRICS_READER);

#endif
