/* SPDX-License-Identifier: ISC */
/* Decoding base64: by one table, four characters at a time where nothing stands between them. */
#include "base/decode.h"

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
