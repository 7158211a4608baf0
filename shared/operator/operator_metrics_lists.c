/* SPDX-License-Identifier: ISC */
/* Families about DNS lists, as a health table has them, and about greylisting. */
#include <stddef.h>
#include <stdlib.h>

#include "operator/operator_metrics.h"
#include "reputation/dnsbl/dnsbl_judge.h"

#define COUNTER GP_OPERATOR_PAGE_COUNTER
#define GAUGE GP_OPERATOR_PAGE_GAUGE
#define HISTOGRAM GP_OPERATOR_PAGE_HISTOGRAM

/* ---- DNS lists ---- */

struct list_row;

/* One list, as a reader gets it. */
struct seen {
	struct gp_operator_page_label label;
	const struct gp_dnsbl_list *list;
	struct gp_dnsbl_health_view view;
};

/* What a reader gets. */
#define LIST_READER \
	struct gp_operator_page *page, const struct seen *seen, const struct list_row *row

struct list_row {
	const char *name;
	enum gp_operator_page_type type;
	const char *help;
	void (*read)(LIST_READER);
	size_t at; /* of a number in the view, for readers that several rows share */
};

/* read_state: 1 for the state that it has, 0 for each other. */
static void read_state(LIST_READER)
{
	struct gp_operator_page_label labels[2] = {seen->label, {"state", NULL}};
	(void)row;
	for (int k = 0; k < GP_DNSBL_STATUSES; k++) {
		labels[1].value = gp_dnsbl_status_name((enum gp_dnsbl_status)k);
		gp_operator_page_number(page, labels, 2, seen->view.status == (unsigned)k);
	}
}

/* read_reason: of one that does not work. */
static void read_reason(LIST_READER)
{
	const enum gp_dnsbl_status status = seen->view.status;
	const struct gp_operator_page_label labels[] = {
		seen->label, {"reason", gp_operator_lists_reason(seen->list, &seen->view)}};
	(void)row;
	if (status == GP_DNSBL_SUSPENDED || status == GP_DNSBL_DEAD)
		gp_operator_page_number(page, labels, 2, 1);
}

/* read_time: a point of time; nothing for 0. */
static void read_time(LIST_READER)
{
	const void *at = (const char *)&seen->view + row->at;
	const int64_t time_s = *(const int64_t *)at;
	if (time_s > 0)
		gp_operator_page_number(page, &seen->label, 1, (uint64_t)time_s);
}

/* read_count: one number. */
static void read_count(LIST_READER)
{
	const void *at = (const char *)&seen->view + row->at;
	gp_operator_page_number(page, &seen->label, 1, *(const uint64_t *)at);
}

/* read_codes: at most GP_DNSBL_CODES_MAX, and all others together. */
static void read_codes(LIST_READER)
{
	const struct gp_dnsbl_health_view *view = &seen->view;
	struct gp_operator_page_label labels[2] = {seen->label, {"code", "others"}};
	char text[GP_DNSBL_CODE_TEXT];
	(void)row;
	for (size_t i = 0; i < view->code_count; i++) {
		labels[1].value = gp_dnsbl_code_format(view->codes[i].code, text);
		gp_operator_page_number(page, labels, 2, view->codes[i].count);
	}
	labels[1].value = "others";
	if (view->other_codes)
		gp_operator_page_number(page, labels, 2, view->other_codes);
}

/* read_times: how long its answers took. */
static void read_times(LIST_READER)
{
	(void)row;
	gp_operator_page_histogram(page, &seen->label, 1, &seen->view.took);
}

#define OF(member) offsetof(struct gp_dnsbl_health_view, member)

/* clang-format off */
static const struct list_row state_rows[] = {
	{"gatepost_list_state", GAUGE,
		"State of each DNS list: 1 for the one that it has.", read_state, 0},
	{"gatepost_list_reason", GAUGE,
		"Why a DNS list is suspended or dead; absent for others.", read_reason, 0},
	{"gatepost_list_since_timestamp_seconds", GAUGE,
		"When the state of a DNS list began.", read_time, OF(since_s)},
	{"gatepost_list_tested_timestamp_seconds", GAUGE,
		"When the last test of a DNS list ended; absent before the first.",
		read_time, OF(last_test_s)},
};

static const struct list_row count_rows[] = {
	{"gatepost_list_queries_total", COUNTER,
		"Queries of DNS lists about mail.", read_count, OF(questions)},
	{"gatepost_list_hits_total", COUNTER,
		"Queries with a hit.", read_count, OF(listed)},
	{"gatepost_list_code_hits_total", COUNTER,
		"Answers of DNS lists that were hits, by code.", read_codes, 0},
	{"gatepost_list_unknown_total", COUNTER,
		"Answers of DNS lists that none of their rules knows.",
		read_count, OF(unknown)},
	{"gatepost_list_errors_total", COUNTER,
		"Answers of DNS lists that mean trouble, such as 127.255.255.254.",
		read_count, OF(errors)},
	{"gatepost_list_timeouts_total", COUNTER,
		"Queries of DNS lists without an answer within dnsbl.deadline.",
		read_count, OF(timeouts)},
	{"gatepost_list_query_seconds", HISTOGRAM,
		"How long DNS lists took to answer.", read_times, 0},
};
/* clang-format on */

/* The lists as all families of one page tell of them. */
struct all_seen {
	struct seen *items;
	size_t count;
};

/* look: once for the page, so that its families agree; false: no memory. */
static bool look(const struct gp_operator_metrics_source *source, struct all_seen *all_out)
{
	const struct gp_dnsbl_settings *s = &source->config->dnsbl;
	*all_out = (struct all_seen) {calloc(s->count, sizeof *all_out->items), s->count};
	for (size_t i = 0; all_out->items && i < s->count; i++) {
		struct seen *seen = &all_out->items[i];
		seen->list = &s->lists[i];
		seen->label = (struct gp_operator_page_label) {"list", seen->list->zone};
		gp_dnsbl_health_view(source->lists, seen->list, source->now_s, &seen->view);
	}
	return all_out->items != NULL;
}

/* write_lists: a family for each row, a sample for each list. */
static void write_lists(struct gp_operator_page *page, const struct all_seen *all,
	const struct list_row *rows, size_t count)
{
	for (size_t r = 0; r < count; r++) {
		gp_operator_page_family(page, rows[r].name, rows[r].type, rows[r].help);
		for (size_t i = 0; i < all->count; i++)
			rows[r].read(page, &all->items[i], &rows[r]);
	}
}

/* gp_operator_metrics_lists: a passing process has counted nothing. */
void gp_operator_metrics_lists(
	struct gp_operator_page *page, const struct gp_operator_metrics_source *source)
{
	struct all_seen all;
	if (!source->lists || !gp_dnsbl_is_used(&source->config->dnsbl))
		return;
	if (!look(source, &all)) {
		page->buf->status = GP_ENOMEM; /* a page without lists would end their alarms */
		return;
	}
	write_lists(page, &all, state_rows, sizeof state_rows / sizeof *state_rows);
	if (!source->is_passing)
		write_lists(page, &all, count_rows, sizeof count_rows / sizeof *count_rows);
	free(all.items);
}

/* ---- greylisting ---- */

#define OF_FIGURE(member) offsetof(struct gp_greylist_figures, member)

/* clang-format off */
static const struct {
	const char *name, *help;
	size_t at;
} figure_rows[] = {
	{"gatepost_greylist_delayed",
		"First attempts that greylisting delayed in the last 24 hours.",
		OF_FIGURE(delayed)},
	{"gatepost_greylist_would_delay",
		"First attempts of the last 24 hours that greylisting only recorded.",
		OF_FIGURE(would_delay)},
	{"gatepost_greylist_passed",
		"Mail of the last 24 hours that came back and was accepted.", OF_FIGURE(passed)},
	{"gatepost_greylist_never_came_back",
		"First attempts of the day before that did not come back.",
		OF_FIGURE(never_came_back)},
	{"gatepost_greylist_waiting",
		"First attempts that greylisting remembers.", OF_FIGURE(waiting)},
	{"gatepost_greylist_kept",
		"Passes that greylisting remembers.", OF_FIGURE(kept)},
};
/* clang-format on */

/* gp_operator_metrics_greylist: the median is 0 while nothing has passed. */
void gp_operator_metrics_greylist(
	struct gp_operator_page *page, const struct gp_operator_metrics_source *source)
{
	const struct gp_greylist_figures *f = source->greylist;
	if (!f)
		return;
	for (size_t i = 0; i < sizeof figure_rows / sizeof *figure_rows; i++) {
		const void *at = (const char *)f + figure_rows[i].at;
		gp_operator_page_family(page, figure_rows[i].name, GAUGE, figure_rows[i].help);
		gp_operator_page_number(page, NULL, 0, (uint64_t) * (const int64_t *)at);
	}
	gp_operator_page_family(page, "gatepost_greylist_median_delay_seconds", GAUGE,
		"Half of the mail that came back in the last 24 hours waited at most so long.");
	gp_operator_page_seconds(page, NULL, 0, f->median_ms < 0 ? 0 : f->median_ms * 1000);
}
