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

/* The place of each ASCII character in the alphabet of RFC 4648 4, from 1; 0: not of it. */
static const unsigned char base64_digit[256] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 63, 0, 0, 0,
	64, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
	10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 0, 0, 0, 0, 0, 0, 27,
	28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50,
	51, 52, 0, 0, 0, 0, 0};

/* is_white: what may stand between the characters (RFC 6376 2.8). */
static bool is_white(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* decode_quads: groups of four digits as long as nothing stands between them; returns how many. */
static size_t decode_quads(struct gp_span text, char *bytes)
{
	const unsigned char *p = (const unsigned char *)text.ptr;
	size_t quads = 0;
	for (; text.len / 4 > quads; quads++, p += 4) {
		uint32_t a = base64_digit[p[0]], b = base64_digit[p[1]];
		uint32_t c = base64_digit[p[2]], d = base64_digit[p[3]];
		if (!a || !b || !c || !d)
			break;
		uint32_t bits = (a - 1) << 18 | (b - 1) << 12 | (c - 1) << 6 | (d - 1);
		*bytes++ = (char)(bits >> 16);
		*bytes++ = (char)(bits >> 8 & 0xff);
		*bytes++ = (char)(bits & 0xff);
	}
	return quads;
}

/* gp_decode_base64: six bits a character; a byte is written when eight have come. */
int gp_decode_base64(struct gp_arena *arena, struct gp_span text, struct gp_span *bytes_out)
{
	*bytes_out = (struct gp_span) {NULL, 0};
	char *bytes = gp_arena_alloc(arena, text.len / 4 * 3 + 3);
	if (!bytes)
		return gp_arena_status(arena);
	size_t n = 0, digits = 0, pads = 0;
	uint32_t bits = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (digits % 4 == 0 && pads == 0) {
			size_t quads = decode_quads(gp_span_skip(text, i), bytes + n);
			n += 3 * quads;
			i += 4 * quads;
			if (i == text.len)
				break;
		}
		unsigned char c = (unsigned char)text.ptr[i];
		if (is_white(c))
			continue;
		if (c == '=') {
			pads++;
			continue;
		}
		if (base64_digit[c] == 0 || pads > 0)
			return GP_ESYNTAX;
		bits = bits << 6 | (base64_digit[c] - 1u);
		if (++digits % 4 != 1) /* 6 + 2, 4 + 4, 2 + 6 bits: all but the first end a byte */
			bytes[n++] = (char)(bits >> (6 - 2 * ((digits - 1) % 4)) & 0xff);
	}
	if (pads > 2 || (digits + pads) % 4 != 0)
		return GP_ESYNTAX;
	*bytes_out = (struct gp_span) {bytes, n};
	return GP_OK;
}

/* gp_decode_base64_digit: by the table. */
int gp_decode_base64_digit(char c)
{
	return (int)base64_digit[(unsigned char)c] - 1;
}

/* gp_decode_hex_digit: either case. */
int gp_decode_hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
				      : -1;
}
