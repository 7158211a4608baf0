/* SPDX-License-Identifier: ISC */
/*
 * Operator_metrics: numbers about the configuration, the stores, DNS lists and greylisting, for a
 * monitoring system, with or without a daemon.
 */
#ifndef GP_OPERATOR_OPERATOR_METRICS_H
#define GP_OPERATOR_OPERATOR_METRICS_H

#include "config/config.h"
#include "operator/operator.h"
#include "operator/operator_page.h"
#include "store/store.h"

/* What the numbers are read from; borrowed. */
struct gp_operator_metrics_source {
	const struct gp_config *config;
	struct gp_store *store; /* may be made of two; NULL: none is used */
	bool is_passing;        /* opened for this page alone: nothing that counts since then */
	struct gp_dnsbl_health *lists;              /* how DNS lists are doing; NULL: not known */
	int64_t now_s;                              /* for them */
	const struct gp_greylist_figures *greylist; /* NULL: not known */
};

/* How many limits and overrides are configured. */
void gp_operator_metrics_config(
	struct gp_operator_page *page, const struct gp_operator_metrics_source *source);

/* The stores: whether they are up, what they have counted. Nothing without one. */
void gp_operator_metrics_store(
	struct gp_operator_page *page, const struct gp_operator_metrics_source *source);

/* DNS lists, and greylisting: nothing about what is not known. Labels are zones, states, reasons,
 * and for each list at most GP_DNSBL_CODES_MAX codes that it has answered. */
void gp_operator_metrics_lists(
	struct gp_operator_page *page, const struct gp_operator_metrics_source *source);
void gp_operator_metrics_greylist(
	struct gp_operator_page *page, const struct gp_operator_metrics_source *source);

/* How many each limit counts, and how many of these are full: a walk over the whole store, which is
 * not for a page that is asked for every few seconds. */
void gp_operator_metrics_usage(struct gp_operator_page *page, const struct gp_config *config,
	const struct gp_operator_usage usage[GP_LIMIT_MAX]);

#endif
