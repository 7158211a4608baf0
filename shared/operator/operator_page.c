/* SPDX-License-Identifier: ISC */
/* A family is announced with its first sample. Every number is made of integers: exact, and of the
 * same form in every locale. */
#include "operator/operator_page.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#define SECONDS_TEXT 32

/* gp_operator_page_family: remembered until there is something to say. */
void gp_operator_page_family(struct gp_operator_page *page, const char *name,
	enum gp_operator_page_type type, const char *help)
{
	page->name = name;
	page->type = type;
	page->help = help;
}

/* add_escaped: backslash and line end, and in values the quote; what is not printable ASCII is no
 * part of any name of ours and becomes a question mark. */
static void add_escaped(struct gp_strbuf *buf, const char *text, bool is_value)
{
	for (; *text; text++) {
		if (*text == '\n')
			gp_strbuf_add(buf, "\\n");
		else if (*text == '\\' || (is_value && *text == '"'))
			gp_strbuf_printf(buf, "\\%c", *text);
		else
			gp_strbuf_add_char(buf, *text >= ' ' && *text <= '~' ? *text : '?');
	}
}

/* announce: once for a family. */
static void announce(struct gp_operator_page *page)
{
	static const char *const types[] = {
		[GP_OPERATOR_PAGE_COUNTER] = "counter",
		[GP_OPERATOR_PAGE_GAUGE] = "gauge",
		[GP_OPERATOR_PAGE_HISTOGRAM] = "histogram",
	};
	if (!page->help)
		return;
	gp_strbuf_printf(page->buf, "# HELP %s ", page->name);
	add_escaped(page->buf, page->help, false);
	gp_strbuf_printf(page->buf, "\n# TYPE %s %s\n", page->name, types[page->type]);
	page->help = NULL;
}

/* sample: name, suffix, labels and value on a line. */
static void sample(struct gp_operator_page *page, const char *suffix,
	const struct gp_operator_page_label *labels, size_t count, const char *value)
{
	const char *before = "{";
	announce(page);
	gp_strbuf_printf(page->buf, "%s%s", page->name, suffix);
	for (size_t i = 0; i < count; i++) {
		if (!labels[i].value)
			continue;
		gp_strbuf_printf(page->buf, "%s%s=\"", before, labels[i].name);
		add_escaped(page->buf, labels[i].value, true);
		gp_strbuf_add_char(page->buf, '"');
		before = ",";
	}
	gp_strbuf_printf(page->buf, "%s %s\n", *before == ',' ? "}" : "", value);
}

/* gp_operator_page_number: as it is. */
void gp_operator_page_number(struct gp_operator_page *page,
	const struct gp_operator_page_label *labels, size_t count, uint64_t value)
{
	char text[SECONDS_TEXT];
	snprintf(text, sizeof text, "%" PRIu64, value);
	sample(page, "", labels, count, text);
}

/* seconds: microseconds with a point, without zeroes at the end. */
static const char *seconds(uint64_t us, char text_out[SECONDS_TEXT])
{
	int n = snprintf(
		text_out, SECONDS_TEXT, "%" PRIu64 ".%06" PRIu64, us / 1000000, us % 1000000);
	while (n > 1 && text_out[n - 1] == '0')
		text_out[--n] = 0;
	if (text_out[n - 1] == '.')
		text_out[n - 1] = 0;
	return text_out;
}

/* gp_operator_page_seconds: time that lies before its beginning is none. */
void gp_operator_page_seconds(struct gp_operator_page *page,
	const struct gp_operator_page_label *labels, size_t count, int64_t value_us)
{
	char text[SECONDS_TEXT];
	sample(page, "", labels, count, seconds(value_us < 0 ? 0 : (uint64_t)value_us, text));
}

/* bucket: how many there are up to a bound. */
static void bucket(struct gp_operator_page *page, const struct gp_operator_page_label *labels,
	size_t count, const char *bound, uint64_t sum)
{
	struct gp_operator_page_label all[GP_OPERATOR_PAGE_LABELS_MAX + 1];
	char value[SECONDS_TEXT];
	for (size_t i = 0; i < count; i++)
		all[i] = labels[i];
	all[count] = (struct gp_operator_page_label) {"le", bound};
	snprintf(value, sizeof value, "%" PRIu64, sum);
	sample(page, "_bucket", all, count + 1, value);
}

/* gp_operator_page_histogram: buckets count what lies in all before them, too. */
void gp_operator_page_histogram(struct gp_operator_page *page,
	const struct gp_operator_page_label *labels, size_t count,
	const struct gp_histogram_sums *sums)
{
	char text[SECONDS_TEXT];
	uint64_t sum = 0;
	for (size_t i = 0; i < GP_HISTOGRAM_BOUNDS; i++) {
		sum += sums->counts[i];
		bucket(page, labels, count, seconds((uint64_t)gp_histogram_bounds_us[i], text),
			sum);
	}
	sum += sums->counts[GP_HISTOGRAM_BOUNDS];
	bucket(page, labels, count, "+Inf", sum);
	sample(page, "_sum", labels, count, seconds(sums->sum_us, text));
	snprintf(text, sizeof text, "%" PRIu64, sum);
	sample(page, "_count", labels, count, text);
}
