/* SPDX-License-Identifier: ISC */
/*
 * The numbers of gatepost-policyd: the groups of the page, and readers of what sessions have
 * counted.
 */
#ifndef GP_POLICYD_METRICS_POLICY_H
#define GP_POLICYD_METRICS_POLICY_H

#include "daemon/metrics.h"

/* In the order of the page. */
extern const struct gp_daemon_metrics_group gp_policyd_metrics[];
extern const size_t gp_policyd_metrics_count;

/* ---- policyd/metrics_checks.c: what sessions have counted ---- */

void gp_metrics_tally(GP_DAEMON_METRICS_READER); /* at: GP_TALLY of one number */
void gp_metrics_requests(GP_DAEMON_METRICS_READER);
void gp_metrics_answers(GP_DAEMON_METRICS_READER);
void gp_metrics_decisions(GP_DAEMON_METRICS_READER);
void gp_metrics_results(GP_DAEMON_METRICS_READER);
void gp_metrics_durations(GP_DAEMON_METRICS_READER);
void gp_metrics_limits(GP_DAEMON_METRICS_READER); /* at: of a number in struct gp_tally_limit */
void gp_metrics_limits_over(GP_DAEMON_METRICS_READER);

/* ---- policyd/metrics_lists.c: DNS lists and greylisting ---- */

void gp_metrics_lists(struct gp_operator_page *page, const struct gp_daemon_metrics_source *source);

#endif
