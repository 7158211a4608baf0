/* SPDX-License-Identifier: ISC */
/* Byte by byte; UTF-8 is checked with the libc-independent rules of RFC 3629. */
#include "base/encode.h"

#include <stdbool.h>
#include <string.h>

/* gp_encode_percent: all but unreserved characters. */
void gp_encode_percent(struct gp_strbuf *buf, struct gp_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (gp_span_is_alnum(c) || (c && strchr("-._~", c)))
			gp_strbuf_add_char(buf, c);
		else
			gp_strbuf_printf(buf, "%%%02X", (unsigned)(unsigned char)c);
	}
}

/* utf8_length: bytes of the well-formed multi-byte sequence at the start of text, or 0. */
static size_t utf8_length(struct gp_span text)
{
	const unsigned char *u = (const unsigned char *)text.ptr;
	size_t n = u[0] >= 0xf0 && u[0] <= 0xf4   ? 4
		   : u[0] >= 0xe0 && u[0] <= 0xef ? 3
		   : u[0] >= 0xc2 && u[0] <= 0xdf ? 2
						  : 0;
	if (n == 0 || n > text.len)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	/* RFC 3629 4: no overlong forms, no surrogates, nothing past U+10FFFF; nor C1 controls */
	if ((u[0] == 0xc2 && u[1] < 0xa0) || (u[0] == 0xe0 && u[1] < 0xa0) ||
		(u[0] == 0xed && u[1] > 0x9f) || (u[0] == 0xf0 && u[1] < 0x90) ||
		(u[0] == 0xf4 && u[1] > 0x8f))
		return 0;
	return n;
}

/* verbatim_length: bytes at the start of text that stand for themselves. */
static size_t verbatim_length(struct gp_span text, bool escape)
{
	size_t n = 0;
	while (n < text.len && text.ptr[n] >= 0x20 && text.ptr[n] < 0x7f &&
		!(escape && (text.ptr[n] == '"' || text.ptr[n] == '\\')))
		n++;
	return n;
}

/* add_safe: text with control characters and broken UTF-8 as '?', specials escaped if asked. */
static void add_safe(struct gp_strbuf *buf, struct gp_span text, bool keep_utf8, bool escape)
{
	while (text.len) {
		size_t n = verbatim_length(text, escape);
		gp_strbuf_add_span(buf, (struct gp_span) {text.ptr, n});
		text = gp_span_skip(text, n);
		if (text.len == 0)
			return;
		char c = text.ptr[0];
		n = utf8_length(text);
		if (n > 0 && keep_utf8) {
			gp_strbuf_add_span(buf, (struct gp_span) {text.ptr, n});
		} else if (escape && (c == '"' || c == '\\')) {
			gp_strbuf_add_char(buf, '\\');
			gp_strbuf_add_char(buf, c);
		} else {
			gp_strbuf_add_char(buf, '?');
		}
		text = gp_span_skip(text, n > 0 ? n : 1);
	}
}

/* is_atext: RFC 5322 3.2.3, and the dot. */
static bool is_atext(char c)
{
	return gp_span_is_alnum(c) || c == '.' || c == '-' || c == '_' ||
	       (c && strchr("!#$%&'*+/?^`{|}~", c));
}

/* is_bare: atext and dots, at most one @, which is neither first nor last (RFC 8601 2.2). */
static bool is_bare(struct gp_span text)
{
	size_t ats = 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c == '@' ? (ats++ > 0 || i == 0 || i + 1 == text.len) : !is_atext(c))
			return false;
	}
	return text.len > 0;
}

/* gp_encode_header_value: bare or quoted. */
void gp_encode_header_value(struct gp_strbuf *buf, struct gp_span text)
{
	if (is_bare(text)) {
		gp_strbuf_add_span(buf, text);
		return;
	}
	gp_strbuf_add_char(buf, '"');
	add_safe(buf, text, true, true);
	gp_strbuf_add_char(buf, '"');
}

/* gp_encode_visible: printable ASCII. */
void gp_encode_visible(struct gp_strbuf *buf, struct gp_span text)
{
	add_safe(buf, text, false, false);
}

/* gp_encode_text: UTF-8 stays. */
void gp_encode_text(struct gp_strbuf *buf, struct gp_span text)
{
	add_safe(buf, text, true, false);
}

/* gp_encode_base64: three bytes are four digits. */
void gp_encode_base64(struct gp_strbuf *buf, struct gp_span bytes)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = (const unsigned char *)bytes.ptr;
	for (size_t i = 0; i < bytes.len; i += 3) {
		unsigned second = i + 1 < bytes.len ? p[i + 1] : 0;
		unsigned third = i + 2 < bytes.len ? p[i + 2] : 0;
		unsigned group = (unsigned)p[i] << 16 | second << 8 | third;
		gp_strbuf_add_char(buf, digits[group >> 18]);
		gp_strbuf_add_char(buf, digits[group >> 12 & 63]);
		gp_strbuf_add_char(buf, i + 1 < bytes.len ? digits[group >> 6 & 63] : '=');
		gp_strbuf_add_char(buf, i + 2 < bytes.len ? digits[group & 63] : '=');
	}
}

/* gp_encode_hex: two digits for each byte. */
void gp_encode_hex(struct gp_span bytes, char *digits_out)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < bytes.len; i++) {
		digits_out[2 * i] = digits[(unsigned char)bytes.ptr[i] >> 4];
		digits_out[2 * i + 1] = digits[(unsigned char)bytes.ptr[i] & 15];
	}
}
