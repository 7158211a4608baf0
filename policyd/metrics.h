/* SPDX-License-Identifier: ISC */
/*
 * Metrics: the daemon's numbers for a monitoring system, one row of a table each (metrics.c).
 *
 * The same page comes over the control socket (gatepost metrics) and, where metrics.listen says so,
 * over HTTP (policyd/metrics_http.h). Labels come from fixed sets and from the names of limits in
 * the configuration, never from mail: a sender cannot make the page longer.
 *
 * Numbers of policyd/counters.h survive a crash of the serving process; those of the resolver, its
 * cache and the stores begin again with it, and with a reload that exchanges them, as counters of
 * this kind may.
 */
#ifndef GP_POLICYD_METRICS_H
#define GP_POLICYD_METRICS_H

#include "base/clock.h"
#include "base/strbuf.h"
#include "policyd/listen.h"
#include "policyd/session.h"

#define GP_METRICS_PAGE_MAX (4 * 1024 * 1024)

/* What the numbers are read from; borrowed. */
struct gp_metrics_source {
	struct gp_counters *counters;
	struct gp_stage_learn *stages;
	const struct gp_runtime *runtime;
	unsigned open; /* connections of this moment */
};

/* Adds the whole page. */
void gp_metrics_write(const struct gp_metrics_source *source, struct gp_strbuf *buf);

/* The same for the running daemon, under the configuration given. */
void gp_metrics_of(struct gp_session_shared *shared, struct gp_listen *listen,
	const struct gp_runtime *runtime, struct gp_strbuf *buf);

#endif
