/* SPDX-License-Identifier: ISC */
/*
 * Metrics: the daemon's numbers for a monitoring system, one row of a table each, in groups.
 *
 * The same page comes over the control socket (gatepost metrics) and, where metrics.listen says so,
 * over HTTP (daemon/http.h). Labels come from fixed sets and from names in the configuration, never
 * from mail: a sender cannot make the page longer.
 *
 * Numbers in counters survive a crash of the serving process; those of the resolver, its cache and
 * the stores begin again with it, and with a reload that exchanges them, as counters of this kind
 * may.
 */
#ifndef GP_DAEMON_METRICS_H
#define GP_DAEMON_METRICS_H

#include "base/strbuf.h"
#include "daemon/counters.h"
#include "operator/operator_page.h"
#include "daemon/runtimes.h"
#include "daemon/service.h"

#define GP_DAEMON_METRICS_PAGE_MAX (4 * 1024 * 1024)

/* What the numbers are read from; borrowed. */
struct gp_daemon_metrics_source {
	struct gp_daemon_counters *counters;
	const struct gp_daemon_runtime *runtime;
	/* of the service that a group belongs to */
	unsigned service;
	void *state;
	unsigned open; /* connections of this moment */
};

/* One metric. Its reader puts the samples on the page, none where there is nothing to read. */
struct gp_daemon_metric {
	const char *name;
	enum gp_operator_page_type type;
	const char *help;
	void (*read)(struct gp_operator_page *page, const struct gp_daemon_metrics_source *source,
		const struct gp_daemon_metric *row);
	size_t at; /* for readers that several rows share: what is read */
};

/* What a reader gets. */
#define GP_DAEMON_METRICS_READER                                                      \
	struct gp_operator_page *page, const struct gp_daemon_metrics_source *source, \
		const struct gp_daemon_metric *row

/* What stands together on the page: rows, or families that a function writes. */
struct gp_daemon_metrics_group {
	const struct gp_daemon_metric *rows; /* NULL: write does it */
	const size_t *count;                 /* of them */
	unsigned service; /* whose state its readers get: a number in the program's table */
	void (*write)(struct gp_operator_page *page, const struct gp_daemon_metrics_source *source);
};

/* Groups of operator/operator_metrics.h: limits as configured; the stores. */
void gp_daemon_metrics_limits(
	struct gp_operator_page *page, const struct gp_daemon_metrics_source *source);
void gp_daemon_metrics_store(
	struct gp_operator_page *page, const struct gp_daemon_metrics_source *source);

/* The daemon's own: process and log; configuration; DNS with its cache. */
extern const struct gp_daemon_metric gp_daemon_metrics_process[];
extern const size_t gp_daemon_metrics_process_count;
extern const struct gp_daemon_metric gp_daemon_metrics_config[];
extern const size_t gp_daemon_metrics_config_count;
extern const struct gp_daemon_metric gp_daemon_metrics_dns[];
extern const size_t gp_daemon_metrics_dns_count;

/* For rows about the connections of a service: at is a number in struct gp_daemon_connections. */
void gp_daemon_metrics_connections(GP_DAEMON_METRICS_READER);
/* Those that are open now. */
void gp_daemon_metrics_open(GP_DAEMON_METRICS_READER);

/* Adds one group. */
void gp_daemon_metrics_write(struct gp_operator_page *page,
	const struct gp_daemon_metrics_source *source, const struct gp_daemon_metrics_group *group);

/* Adds the whole page of the running daemon, under the configuration given. */
void gp_daemon_metrics_of(
	struct gp_daemon *daemon, const struct gp_daemon_runtime *runtime, struct gp_strbuf *buf);

#endif
