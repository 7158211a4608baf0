/* SPDX-License-Identifier: ISC */
/*
 * A list's own text, as it may stand in a reply to anybody: what is no printable ASCII is left out,
 * the key is covered, and what is too long is cut in front of the address of the page that explains
 * the listing, which is what the reader needs.
 */
#include "reputation/dnsbl/dnsbl.h"

#include <string.h>
#include <strings.h>

#include "base/strbuf.h"

#define INPUT_MAX 4096 /* bytes that are looked at */
#define COVER "KEY"
#define GAP " ... "

/* is_blank: what separates words; all controls do. */
static bool is_blank(char c)
{
	return (unsigned char)c <= ' ' || c == 0x7f;
}

/* bounded: cut at the end of a word, so that no part of a key or an address is left. */
static struct gp_span bounded(struct gp_span text)
{
	if (text.len <= INPUT_MAX)
		return text;
	text.len = INPUT_MAX;
	while (text.len && !is_blank(text.ptr[text.len - 1]))
		text.len--;
	return text;
}

/* add_clean: one blank for any number, none at the ends, a question mark for each run of others. */
static void add_clean(struct gp_strbuf *buf, struct gp_span text)
{
	bool is_gap = false, is_foreign = false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (is_blank(c)) {
			is_gap = buf->len > 0;
			is_foreign = false;
			continue;
		}
		bool is_other = (unsigned char)c > '~';
		if (is_other && is_foreign)
			continue;
		if (is_gap)
			gp_strbuf_add_char(buf, ' ');
		gp_strbuf_add_char(buf, is_other ? '?' : c);
		is_foreign = is_other;
		is_gap = false;
	}
}

/* add_covered: without the key, wherever it stands. */
static void add_covered(struct gp_strbuf *buf, struct gp_span text, struct gp_span key)
{
	for (size_t i = 0; i < text.len;) {
		if (key.len && text.len - i >= key.len &&
			strncasecmp(text.ptr + i, key.ptr, key.len) == 0) {
			gp_strbuf_add(buf, COVER);
			i += key.len;
		} else {
			gp_strbuf_add_char(buf, text.ptr[i++]);
		}
	}
}

/* find_url: the first address of a page, up to the next blank; empty: there is none. */
static struct gp_span find_url(struct gp_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		struct gp_span url = gp_span_skip(text, i), rest;
		if (!gp_span_has_prefix(url, "http://") && !gp_span_has_prefix(url, "https://"))
			continue;
		(void)gp_span_cut(url, ' ', &url, &rest);
		return url;
	}
	return (struct gp_span) {NULL, 0};
}

/* add_cut: the beginning, and the address of a page if it would be lost. */
static void add_cut(struct gp_strbuf *buf, struct gp_span text)
{
	struct gp_span url = find_url(text);
	size_t gap = strlen(GAP), end = url.len ? (size_t)(url.ptr - text.ptr) + url.len : 0;
	if (end <= GP_DNSBL_TEXT_MAX || url.len + gap > GP_DNSBL_TEXT_MAX) {
		text.len = GP_DNSBL_TEXT_MAX;
		gp_strbuf_add_span(buf, gp_span_trim(text));
		return;
	}
	text.len = GP_DNSBL_TEXT_MAX - gap - url.len;
	text = gp_span_trim(text);
	gp_strbuf_add_span(buf, text);
	gp_strbuf_add(buf, text.len ? GAP : &GAP[1]);
	gp_strbuf_add_span(buf, url);
}

/* gp_dnsbl_quote: cleaned, then covered, then cut, so that no cut leaves a part of the key. */
const char *gp_dnsbl_quote(struct gp_arena *arena, struct gp_span text, const char *key)
{
	struct gp_strbuf clean, covered, cut;
	const char *quoted;
	text = bounded(text);
	gp_strbuf_init(&clean, arena, INPUT_MAX);
	add_clean(&clean, text);
	gp_strbuf_init(&covered, arena, INPUT_MAX * strlen(COVER));
	add_covered(&covered, gp_strbuf_span(&clean), gp_span_from(key));
	gp_strbuf_init(&cut, arena, GP_DNSBL_TEXT_MAX);
	if (covered.len <= GP_DNSBL_TEXT_MAX)
		gp_strbuf_add_span(&cut, gp_strbuf_span(&covered));
	else
		add_cut(&cut, gp_strbuf_span(&covered));
	if (clean.status || covered.status || gp_strbuf_finish(&cut, &quoted))
		return NULL;
	return quoted;
}
