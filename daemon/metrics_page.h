/* SPDX-License-Identifier: ISC */
/*
 * Metrics page: numbers in the text form that Prometheus reads (exposition format 0.0.4).
 *
 * Knows the form: families, labels and their escapes, buckets that add up; knows no metric.
 *
 *     struct gp_daemon_metrics_page page = {.buf = &buf};
 *     gp_daemon_metrics_family(
 *             &page, "gatepost_requests_total", GP_DAEMON_METRICS_COUNTER, "Requests.");
 *     gp_daemon_metrics_number(&page, labels, 1, 42);    (for each set of labels)
 *
 * A family without any sample leaves nothing on the page. Texts are the caller's until the call
 * returns; a buffer that is full shows in gp_strbuf_finish.
 */
#ifndef GP_DAEMON_METRICS_PAGE_H
#define GP_DAEMON_METRICS_PAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/histogram.h"
#include "base/strbuf.h"

enum gp_daemon_metrics_type {
	GP_DAEMON_METRICS_COUNTER,
	GP_DAEMON_METRICS_GAUGE,
	GP_DAEMON_METRICS_HISTOGRAM
};

#define GP_DAEMON_METRICS_LABELS_MAX 4

struct gp_daemon_metrics_label {
	const char *name, *value; /* a value of NULL: the label is left out */
};

struct gp_daemon_metrics_page {
	struct gp_strbuf *buf;
	const char *name, *help; /* of the family that is under way; borrowed */
	enum gp_daemon_metrics_type type;
};

/* Begins a family; its texts are borrowed until the next one. */
void gp_daemon_metrics_family(struct gp_daemon_metrics_page *page, const char *name,
	enum gp_daemon_metrics_type type, const char *help);

/* One sample: a whole number, or a time given in microseconds and shown in seconds. */
void gp_daemon_metrics_number(struct gp_daemon_metrics_page *page,
	const struct gp_daemon_metrics_label *labels, size_t count, uint64_t value);
void gp_daemon_metrics_seconds(struct gp_daemon_metrics_page *page,
	const struct gp_daemon_metrics_label *labels, size_t count, int64_t value_us);

/* All samples of one histogram of the family. At most GP_DAEMON_METRICS_LABELS_MAX labels. */
void gp_daemon_metrics_histogram(struct gp_daemon_metrics_page *page,
	const struct gp_daemon_metrics_label *labels, size_t count,
	const struct gp_histogram_sums *sums);

#endif
