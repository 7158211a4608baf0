/* SPDX-License-Identifier: ISC */
/*
 * A pair of bytes is a row and a cell of its national set, which the encodings write in ways of
 * their own; row 3 has the full-width forms in the order of ASCII, and row 1 the signs.
 */
#include "mail/charset.h"

#include <string.h>

#include "base/decode.h"

#define ESC 0x1b
#define SHIFT_OUT 0x0e
#define SHIFT_IN 0x0f

/* ---- characters ---- */

/* is_label: of a host's name. */
static bool is_label(char c)
{
	return gp_span_is_alnum(c) || c == '-' || c == '_';
}

/* gp_charset_put: half of a character that alone is an @ makes an address to a program that does
 * not know the charset if a name with a dot follows, and a letter after the dot: "A4 40" and "7-11"
 * is none. */
void gp_charset_put(struct gp_charset_out *out, char c)
{
	static const enum gp_charset_half next[] = {[GP_CHARSET_HALF_AT] = GP_CHARSET_HALF_LABEL,
		[GP_CHARSET_HALF_LABEL] = GP_CHARSET_HALF_LABEL,
		[GP_CHARSET_HALF_DOT] = GP_CHARSET_HALF_DOT};
	if (out->half && c == '.' && out->half != GP_CHARSET_HALF_AT)
		out->half = GP_CHARSET_HALF_DOT;
	else
		out->half = is_label(c) ? next[out->half] : GP_CHARSET_HALF_NONE;
	if (out->half == GP_CHARSET_HALF_DOT && is_label(c) && !(c >= '0' && c <= '9'))
		out->is_certain = false;
	*out->to++ = c;
}

/* put_unicode: a character of the basic plane as UTF-8. */
static void put_unicode(struct gp_charset_out *out, unsigned c)
{
	if (c < 0x80) {
		gp_charset_put(out, (char)c);
		return;
	}
	if (c >= 0x800)
		gp_charset_put(out, (char)(0xe0 | c >> 12));
	gp_charset_put(out, (char)(c < 0x800 ? 0xc0 | c >> 6 : 0x80 | (c >> 6 & 0x3f)));
	gp_charset_put(out, (char)(0x80 | (c & 0x3f)));
}

/* put_wide: the full-width form of a sign. */
static void put_wide(struct gp_charset_out *out, char sign)
{
	put_unicode(out, 0xff00u + (unsigned char)sign - 0x20u);
}

/* put_japanese_sign: row 1 of JIS X 0208, the signs that can matter in an address. */
static void put_japanese_sign(struct gp_charset_out *out, unsigned cell)
{
	static const struct {
		unsigned char cell;
		char sign;
	} signs[] = {{0x24, ','}, {0x25, '.'}, {0x27, ':'}, {0x28, ';'}, {0x2a, '!'}, {0x32, '_'},
		{0x3f, '/'}, {0x4a, '('}, {0x4b, ')'}, {0x4e, '['}, {0x4f, ']'}, {0x5d, '-'},
		{0x63, '<'}, {0x64, '>'}, {0x73, '%'}, {0x77, '@'}};
	for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
		if (signs[i].cell == cell) {
			put_wide(out, signs[i].sign);
			return;
		}
	gp_charset_put(out, '?');
}

/* put_cell: a row and a cell of a national set, both from 0x21. */
static void put_cell(struct gp_charset_out *out, unsigned row, unsigned cell, bool is_japanese)
{
	if (row == 0x23 && cell > 0x20 && cell < 0x7f)
		put_wide(out, (char)cell);
	else if (row == 0x21 && cell == 0x23)
		put_unicode(out, 0x3002); /* ideographic full stop */
	else if (row == 0x21 && is_japanese)
		put_japanese_sign(out, cell);
	else
		gp_charset_put(out, '?');
}

/* put_big5: what ETEN put in rows A1 to A3. */
static void put_big5(struct gp_charset_out *out, unsigned code)
{
	static const struct {
		unsigned short code;
		char sign;
	} signs[] = {{0xa141, ','}, {0xa144, '.'}, {0xa146, ';'}, {0xa147, ':'}, {0xa149, '!'},
		{0xa15d, '('}, {0xa15e, ')'}, {0xa1c4, '_'}, {0xa1cf, '-'}, {0xa1d5, '<'},
		{0xa1d6, '>'}, {0xa248, '%'}, {0xa249, '@'}};
	for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
		if (signs[i].code == code) {
			put_wide(out, signs[i].sign);
			return;
		}
	if (code == 0xa143)
		put_unicode(out, 0x3002);
	else if (code >= 0xa2af && code <= 0xa2b8)
		put_wide(out, (char)('0' + (code - 0xa2af)));
	else if (code >= 0xa2cf && code <= 0xa2e8)
		put_wide(out, (char)('A' + (code - 0xa2cf)));
	else if (code >= 0xa2e9 && code <= 0xa2fe)
		put_wide(out, (char)('a' + (code - 0xa2e9)));
	else if (code >= 0xa340 && code <= 0xa343)
		put_wide(out, (char)('w' + (code - 0xa340)));
	else
		gp_charset_put(out, '?');
}

/* put_sjis: the pair's row and cell (JIS X 0208, appendix 1). */
static void put_sjis(struct gp_charset_out *out, unsigned lead, unsigned trail)
{
	unsigned row = (lead - (lead < 0xa0 ? 0x81u : 0xc1u)) * 2 + 0x21 + (trail >= 0x9f);
	unsigned cell = trail >= 0x9f ? trail - 0x7e : trail - (trail > 0x7f ? 0x20u : 0x1fu);
	put_cell(out, row, cell, true);
}

/* ---- bytes over 0x7f ---- */

/* is_pair: is this the first half of a character, and the next byte its second? */
static bool is_pair(enum gp_charset charset, unsigned char lead, unsigned char trail)
{
	bool is_single = charset == GP_CHARSET_SJIS && lead >= 0xa1 && lead <= 0xdf;
	bool wide_only = charset == GP_CHARSET_EUC || charset == GP_CHARSET_EUC_JP;
	if (lead <= 0x80 || lead == 0xff || is_single)
		return false;
	return wide_only ? trail > 0xa0 : trail >= 0x40 && trail != 0x7f;
}

/* put_pair: a character of two bytes. */
static void put_pair(
	enum gp_charset charset, unsigned lead, unsigned trail, struct gp_charset_out *out)
{
	if (charset == GP_CHARSET_BIG5)
		put_big5(out, lead << 8 | trail);
	else if (charset == GP_CHARSET_SJIS)
		put_sjis(out, lead, trail);
	else if (charset == GP_CHARSET_EUC_JP && lead == 0x8e) /* half-width, as a byte alone */
		put_unicode(out, trail == 0xa1 ? 0xff61 : '?');
	else if (lead > 0xa0 && trail > 0xa0)
		put_cell(out, lead - 0x80, trail - 0x80, charset == GP_CHARSET_EUC_JP);
	else
		gp_charset_put(out, '?');
	if (trail == '@')
		out->half = GP_CHARSET_HALF_AT;
}

/* write_pairs: EUC, GBK, Big5 and Shift_JIS. */
static void write_pairs(enum gp_charset charset, struct gp_span bytes, struct gp_charset_out *out)
{
	for (size_t i = 0; i < bytes.len; i++) {
		unsigned char c = (unsigned char)bytes.ptr[i];
		unsigned char next = i + 1 < bytes.len ? (unsigned char)bytes.ptr[i + 1] : 0;
		if (c < 0x80)
			gp_charset_put(out, (char)c);
		else if (is_pair(charset, c, next)) {
			put_pair(charset, c, next, out);
			i++;
		} else {
			put_unicode(out, charset == GP_CHARSET_SJIS && c == 0xa1 ? 0xff61 : '?');
		}
	}
}

/* ---- ASCII bytes that mean something else ---- */

/* How a stretch of ISO 2022 or HZ is read. */
enum stretch { AS_ASCII, AS_KANA, AS_PAIRS, AS_JAPANESE };

/* Where a reader of ISO 2022 is. */
struct shifts {
	enum stretch stretch;
	bool is_designated; /* SHIFT OUT switches to a set that was named */
};

/* take_escape: what ESC switches to (RFC 1468, ISO 2022); its length; 0: it is none. */
static size_t take_escape(struct gp_span text, struct shifts *s, struct gp_charset_out *out)
{
	size_t n = 1;
	while (n < text.len && text.ptr[n] >= 0x20 && text.ptr[n] <= 0x2f)
		n++;
	if (n == text.len || n == 1)
		return 0;
	char first = text.ptr[1], second = n > 2 ? text.ptr[2] : '(', set = text.ptr[n];
	if (first == '$' && second == '(')
		s->stretch = set == 'A' || set == 'C' ? AS_PAIRS : AS_JAPANESE;
	else if (first == '(')
		s->stretch = set == 'I' ? AS_KANA : AS_ASCII;
	s->is_designated = s->is_designated || (first == '$' && second == ')');
	if (first == '$' && second != '(' && set > 'F') /* CNS 11643 has its signs elsewhere */
		out->is_certain = false;
	return n + 1;
}

/* take_shift: what one of the two bytes switches to; nobody knows what to without a name. */
static size_t take_shift(char c, struct shifts *s, struct gp_charset_out *out)
{
	out->is_certain = out->is_certain && s->is_designated;
	s->stretch = c == SHIFT_OUT ? AS_PAIRS : AS_ASCII;
	return 1;
}

/* put_stretch: a character of a stretch; its length. */
static size_t put_stretch(enum stretch stretch, struct gp_span text, struct gp_charset_out *out)
{
	char c = text.ptr[0], next = text.len > 1 ? text.ptr[1] : 0;
	bool pairs = stretch == AS_PAIRS || stretch == AS_JAPANESE;
	if (stretch == AS_KANA && c > 0x20 && c < 0x7f) {
		put_unicode(out, c == 0x21 ? 0xff61 : '?');
		return 1;
	}
	if (pairs && c > 0x20 && c < 0x7f && next > 0x20 && next < 0x7f) {
		put_cell(out, (unsigned char)c, (unsigned char)next, stretch == AS_JAPANESE);
		return 2;
	}
	gp_charset_put(out, c);
	return 1;
}

/* write_iso_2022: escapes and shifts. */
static void write_iso_2022(struct gp_span bytes, struct gp_charset_out *out)
{
	struct shifts s = {AS_ASCII, false};
	while (bytes.len) {
		char c = bytes.ptr[0];
		size_t n = c == ESC                          ? take_escape(bytes, &s, out)
			   : c == SHIFT_OUT || c == SHIFT_IN ? take_shift(c, &s, out)
							     : 0;
		bytes = gp_span_skip(bytes, n ? n : put_stretch(s.stretch, bytes, out));
	}
}

/* write_hz: ~{ and ~} (RFC 1843); browsers do not know them any more and see the bytes. */
static void write_hz(struct gp_span bytes, struct gp_charset_out *out)
{
	enum stretch stretch = AS_ASCII;
	out->is_certain = out->is_certain && (bytes.len == 0 || !memchr(bytes.ptr, '@', bytes.len));
	for (size_t i = 0; i < bytes.len;) {
		char next = i + 1 < bytes.len ? bytes.ptr[i + 1] : 0;
		if (bytes.ptr[i] == '~' && (next == '{' || next == '}')) {
			stretch = next == '{' ? AS_PAIRS : AS_ASCII;
			i += 2;
		} else {
			i += put_stretch(stretch, gp_span_skip(bytes, i), out);
		}
	}
}

/* write_utf_16: base64 of it up to what is none; how much that was. */
static size_t write_utf_16(struct gp_span text, struct gp_charset_out *out)
{
	unsigned long bits = 0;
	unsigned count = 0;
	size_t n = 0;
	for (; n < text.len && gp_decode_base64_digit(text.ptr[n]) >= 0; n++) {
		bits = (bits << 6 | (unsigned long)gp_decode_base64_digit(text.ptr[n])) & 0xffffff;
		count += 6;
		if (count < 16)
			continue;
		count -= 16;
		unsigned c = (unsigned)(bits >> count) & 0xffff;
		put_unicode(out, c >= 0xd800 && c <= 0xdfff ? '?' : c);
	}
	return n;
}

/* write_utf_7: + begins base64, - ends it, +- is a plus (RFC 2152). */
static void write_utf_7(struct gp_span bytes, struct gp_charset_out *out)
{
	for (size_t i = 0; i < bytes.len;) {
		if (bytes.ptr[i] != '+') {
			gp_charset_put(out, bytes.ptr[i++]);
			continue;
		}
		size_t n = write_utf_16(gp_span_skip(bytes, ++i), out);
		i += n;
		bool ends = i < bytes.len && bytes.ptr[i] == '-';
		if (ends && n == 0)
			gp_charset_put(out, '+');
		i += ends;
	}
}

/* is_plain: could bytes of a charset that nobody here knows be no more than ASCII and letters of a
 * language? EBCDIC has its letters over 0x7f and its dot at K; UTF-7 and the escapes of Python
 * write an @ with + and \. */
static bool is_plain(struct gp_span bytes)
{
	size_t high = 0;
	for (size_t i = 0; i < bytes.len; i++) {
		char c = bytes.ptr[i], before = i > 0 ? bytes.ptr[i - 1] : 0;
		if (c == '+' || c == '\\' || c == 0 || (c == 'K' && (unsigned char)before > 0x7f))
			return false;
		high += (unsigned char)c > 0x7f;
	}
	return high <= bytes.len - high;
}

/* gp_charset_write: by family. */
void gp_charset_write(enum gp_charset charset, struct gp_span bytes, struct gp_charset_out *out)
{
	switch (charset) {
	case GP_CHARSET_EUC_JP:
	case GP_CHARSET_EUC:
	case GP_CHARSET_GBK:
	case GP_CHARSET_BIG5:
	case GP_CHARSET_SJIS:
		write_pairs(charset, bytes, out);
		return;
	case GP_CHARSET_ISO_2022:
		write_iso_2022(bytes, out);
		return;
	case GP_CHARSET_HZ:
		write_hz(bytes, out);
		return;
	case GP_CHARSET_UTF_7:
		write_utf_7(bytes, out);
		return;
	case GP_CHARSET_OTHER:
		out->is_certain = false;
		break;
	case GP_CHARSET_UNKNOWN:
		out->is_certain = out->is_certain && is_plain(bytes);
		break;
	case GP_CHARSET_ASCII:
		break;
	}
	for (size_t i = 0; i < bytes.len; i++)
		gp_charset_put(out, bytes.ptr[i]);
}
