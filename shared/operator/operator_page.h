/* SPDX-License-Identifier: ISC */
/*
 * Metrics page: numbers in the text form that Prometheus reads (exposition format 0.0.4).
 *
 * Knows the form: families, labels and their escapes, buckets that add up; knows no metric.
 *
 *     struct gp_operator_page page = {.buf = &buf};
 *     gp_operator_page_family(
 *             &page, "gatepost_requests_total", GP_OPERATOR_PAGE_COUNTER, "Requests.");
 *     gp_operator_page_number(&page, labels, 1, 42);    (for each set of labels)
 *
 * A family without any sample leaves nothing on the page. Texts are the caller's until the call
 * returns; a buffer that is full shows in gp_strbuf_finish.
 */
#ifndef GP_OPERATOR_OPERATOR_PAGE_H
#define GP_OPERATOR_OPERATOR_PAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/histogram.h"
#include "base/strbuf.h"

enum gp_operator_page_type {
	GP_OPERATOR_PAGE_COUNTER,
	GP_OPERATOR_PAGE_GAUGE,
	GP_OPERATOR_PAGE_HISTOGRAM
};

#define GP_OPERATOR_PAGE_LABELS_MAX 4

struct gp_operator_page_label {
	const char *name, *value; /* a value of NULL: the label is left out */
};

struct gp_operator_page {
	struct gp_strbuf *buf;
	const char *name, *help; /* of the family that is under way; borrowed */
	enum gp_operator_page_type type;
};

/* Begins a family; its texts are borrowed until the next one. */
void gp_operator_page_family(struct gp_operator_page *page, const char *name,
	enum gp_operator_page_type type, const char *help);

/* One sample: a whole number, or a time given in microseconds and shown in seconds. */
void gp_operator_page_number(struct gp_operator_page *page,
	const struct gp_operator_page_label *labels, size_t count, uint64_t value);
void gp_operator_page_seconds(struct gp_operator_page *page,
	const struct gp_operator_page_label *labels, size_t count, int64_t value_us);

/* All samples of one histogram of the family. At most GP_OPERATOR_PAGE_LABELS_MAX labels. */
void gp_operator_page_histogram(struct gp_operator_page *page,
	const struct gp_operator_page_label *labels, size_t count,
	const struct gp_histogram_sums *sums);

#endif
