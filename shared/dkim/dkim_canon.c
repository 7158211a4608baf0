/* SPDX-License-Identifier: ISC */
/*
 * Header fields: simple is the field as it is, relaxed is written run by run. A signature field is
 * the same in two pieces, with the value of b= left out between them.
 */
#include "dkim/dkim_canon.h"

#include <stdbool.h>

/* Where relaxing stands in a value. */
struct relaxing {
	struct gp_strbuf *buf;
	bool space; /* white space was seen and is not written yet */
	bool began; /* something was written */
};

/* gp_dkim_canon_name: as c= has it. */
const char *gp_dkim_canon_name(enum gp_dkim_canon canon)
{
	return canon == GP_DKIM_RELAXED ? "relaxed" : "simple";
}

/* is_wsp: RFC 6376 2.8. */
static bool is_wsp(char c)
{
	return c == ' ' || c == '\t';
}

/* run_length: bytes at the start of text that relaxed leaves as they are, single spaces too. */
static size_t run_length(struct gp_span text)
{
	size_t n = 0;
	while (n < text.len) {
		char c = text.ptr[n];
		bool single = c == ' ' && n > 0 && n + 1 < text.len && text.ptr[n + 1] > ' ';
		if (c == '\t' || c == '\r' || (c == ' ' && !single))
			break;
		n++;
	}
	return n;
}

/* relax: a piece of a value (3.4.2): unfolded, each run of white space one space. */
static void relax(struct relaxing *r, struct gp_span text)
{
	while (text.len) {
		if (is_wsp(text.ptr[0])) {
			r->space = true;
			text = gp_span_skip(text, 1);
		} else if (text.len > 1 && text.ptr[0] == '\r' && text.ptr[1] == '\n') {
			text = gp_span_skip(text, 2);
		} else {
			size_t n = run_length(text);
			n = n ? n : 1; /* a bare CR */
			if (r->space && r->began)
				gp_strbuf_add_char(r->buf, ' ');
			gp_strbuf_add_span(r->buf, (struct gp_span) {text.ptr, n});
			r->space = false;
			r->began = true;
			text = gp_span_skip(text, n);
		}
	}
}

/* add_relaxed_name: lower case, no white space before the colon (3.4.2). */
static void add_relaxed_name(struct gp_strbuf *buf, struct gp_span name, bool has_colon)
{
	while (name.len && is_wsp(name.ptr[name.len - 1]))
		name.len--;
	for (size_t i = 0; i < name.len; i++)
		gp_strbuf_add_char(buf, gp_span_lower(name.ptr[i]));
	if (has_colon)
		gp_strbuf_add_char(buf, ':');
}

/* add_field: one field of two pieces, without CRLF. The colon is in the first. */
static void add_field(struct gp_strbuf *buf, enum gp_dkim_canon canon, struct gp_span first,
	struct gp_span second)
{
	if (canon == GP_DKIM_SIMPLE) { /* 3.4.1 */
		gp_strbuf_add_span(buf, first);
		gp_strbuf_add_span(buf, second);
		return;
	}
	struct gp_span name, value;
	bool has_colon = gp_span_cut(first, ':', &name, &value);
	add_relaxed_name(buf, name, has_colon);
	struct relaxing r = {.buf = buf};
	relax(&r, value);
	relax(&r, second);
}

/* gp_dkim_canon_field: the whole and its CRLF. */
void gp_dkim_canon_field(struct gp_strbuf *buf, enum gp_dkim_canon canon, struct gp_span raw)
{
	add_field(buf, canon, raw, (struct gp_span) {NULL, 0});
	gp_strbuf_add(buf, "\r\n");
}

/* cut_b: the field before and after the value of its tag b=, white space around it included. */
static void cut_b(struct gp_span raw, struct gp_span *before_out, struct gp_span *after_out)
{
	struct gp_span name, element, rest;
	*before_out = raw;
	*after_out = (struct gp_span) {NULL, 0};
	(void)gp_span_cut(raw, ':', &name, &rest); /* without a colon there is no rest */
	while (rest.len) {
		struct gp_span tag, value;
		(void)gp_span_cut(rest, ';', &element, &rest); /* the last one has none */
		if (!gp_span_cut(element, '=', &tag, &value))
			continue;
		tag = gp_span_trim(tag);
		if (tag.len != 1 || tag.ptr[0] != 'b')
			continue;
		size_t end = (size_t)(element.ptr - raw.ptr) + element.len;
		before_out->len = end - value.len;
		*after_out = gp_span_skip(raw, end);
		return;
	}
}

/* gp_dkim_canon_signature: without the value of b= and the CRLF. */
void gp_dkim_canon_signature(struct gp_strbuf *buf, enum gp_dkim_canon canon, struct gp_span raw)
{
	struct gp_span before, after;
	cut_b(raw, &before, &after);
	add_field(buf, canon, before, after);
}
