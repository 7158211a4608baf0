/* SPDX-License-Identifier: ISC */
/*
 * Charset: what the bytes of a named charset (RFC 2978) can mean in an address.
 *
 * Knows which bytes are ASCII in which family of charsets, and the full-width forms of ASCII that
 * the charsets of East Asia have; of no other character does it know which one it is, so this is no
 * conversion. Works without iconv on purpose: the sender chooses the charset, and iconv loads a
 * module for each, which may be missing in a chroot and has had faults of its own.
 *
 *     struct gp_charset_out out = {.to = room, .is_certain = true};
 *     gp_charset_write(gp_charset_find(name), bytes, &out);
 *
 * What is written: the bytes as they are where ASCII bytes mean ASCII, also of charsets that are
 * not known here, which is certain only as far as the bytes look like text in a superset of ASCII;
 * a full-width form as UTF-8; UTF-7 decoded; a question mark for each other character of two bytes.
 * Threads: no state.
 */
#ifndef GP_MAIL_CHARSET_H
#define GP_MAIL_CHARSET_H

#include <stdbool.h>

#include "base/span.h"

#define GP_CHARSET_GROWTH 3 /* U+FF61 is one byte in Shift_JIS and three in UTF-8 */

enum gp_charset {
	GP_CHARSET_UNKNOWN,  /* taken for the next one, if its bytes look like it */
	GP_CHARSET_ASCII,    /* ASCII bytes mean ASCII: UTF-8, ISO 8859, Windows-125x, KOI8 */
	GP_CHARSET_EUC_JP,   /* pairs of bytes over 0x7f */
	GP_CHARSET_EUC,      /* the same: GB 2312, KS X 1001 */
	GP_CHARSET_GBK,      /* pairs whose second byte may be ASCII */
	GP_CHARSET_BIG5,     /* the same */
	GP_CHARSET_SJIS,     /* the same */
	GP_CHARSET_ISO_2022, /* escapes switch to pairs of ASCII bytes (RFC 1468, 1557, 1922) */
	GP_CHARSET_HZ,       /* so does a tilde (RFC 1843) */
	GP_CHARSET_UTF_7,    /* RFC 2152 */
	GP_CHARSET_OTHER     /* ASCII bytes mean something else: UTF-16, UTF-32, EBCDIC */
};

/* What stands after half of a character that alone is an @. */
enum gp_charset_half {
	GP_CHARSET_HALF_NONE, /* nothing that could be a domain */
	GP_CHARSET_HALF_AT,   /* nothing so far */
	GP_CHARSET_HALF_LABEL,
	GP_CHARSET_HALF_DOT /* a label, and a dot */
};

/* Where text goes. */
struct gp_charset_out {
	char *to;        /* room for GP_CHARSET_GROWTH times the bytes */
	bool is_certain; /* cleared when some reader may see an @ that is not in the text */
	enum gp_charset_half half;
};

/* The charset of a name; case, signs, blanks and language (RFC 2231 5) do not matter. */
enum gp_charset gp_charset_find(struct gp_span name);

/* One byte of ASCII, or as it is. */
void gp_charset_put(struct gp_charset_out *out, char c);

/* The text of some bytes. Escapes and pairs begin anew with each call (RFC 2047 2). */
void gp_charset_write(enum gp_charset charset, struct gp_span bytes, struct gp_charset_out *out);

#endif
