/* SPDX-License-Identifier: ISC */
/*
 * Encoded forms of bytes that the protocols share: percent escapes, quoted strings, text that can
 * be shown. Each but gp_encode_hex appends to a strbuf, whose remembered failure the caller checks
 * once.
 */
#ifndef GP_BASE_ENCODE_H
#define GP_BASE_ENCODE_H

#include "base/span.h"
#include "base/strbuf.h"

/* Bytes outside the unreserved set of RFC 3986 2.3 become %XX, as RFC 7208 7.3 wants. */
void gp_encode_percent(struct gp_strbuf *buf, struct gp_span text);

/*
 * A value as RFC 8601 2.2 lets it stand: bare when it is a token or a dot-atom with at most one @,
 * else a quoted-string of RFC 5322 3.2.4. Control characters become '?' (mail-auth 0.9.1: header
 * injection); bytes over 0x7f stay when they are well-formed UTF-8 (RFC 6532), else become '?'.
 */
void gp_encode_header_value(struct gp_strbuf *buf, struct gp_span text);

/* Text for people in a reply or comment: control bytes and non-ASCII characters become '?'. */
void gp_encode_visible(struct gp_strbuf *buf, struct gp_span text);

/* Text for people in a file or on a terminal: control bytes and broken UTF-8 become '?'. */
void gp_encode_text(struct gp_strbuf *buf, struct gp_span text);

/* Bytes as base64 on one line (RFC 4648 4). */
void gp_encode_base64(struct gp_strbuf *buf, struct gp_span bytes);

/* Bytes as hexadecimal digits in lower case: 2 * bytes.len characters, and no NUL. */
void gp_encode_hex(struct gp_span bytes, char *digits_out);

#endif
