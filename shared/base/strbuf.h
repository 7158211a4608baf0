/* SPDX-License-Identifier: ISC */
/*
 * Strbuf: text that grows in an arena, up to a ceiling.
 *
 * Remembers the first failure and ignores what comes after it, so that a builder is checked once,
 * at its end:
 *
 *     struct gp_strbuf b;
 *     gp_strbuf_init(&b, arena, 998);
 *     gp_strbuf_add(&b, "spf=");
 *     gp_strbuf_add_span(&b, verdict);
 *     const char *text;
 *     int rc = gp_strbuf_finish(&b, &text);
 *
 * The text belongs to the arena. Every byte may be added, NUL as well; the length is in b.len.
 */
#ifndef GP_BASE_STRBUF_H
#define GP_BASE_STRBUF_H

#include <stdarg.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

struct gp_strbuf {
	struct gp_arena *arena; /* borrowed; NULL: fixed storage */
	char *data;             /* NUL-terminated once something was added */
	size_t len, size, ceiling;
	int status; /* first failure: GP_ETOOBIG or GP_ENOMEM */
};

/* Begins an empty text of at most ceiling bytes; borrows the arena. */
void gp_strbuf_init(struct gp_strbuf *buf, struct gp_arena *arena, size_t ceiling);

/*
 * Begins an empty text in storage of the caller, which is borrowed: size - 1 bytes and a NUL. What
 * does not fit is left out, byte-exactly at the addition that failed; the rest stays readable.
 */
void gp_strbuf_init_fixed(struct gp_strbuf *buf, char *storage, size_t size);

/* Appends; a failure is remembered and shows in gp_strbuf_finish. */
void gp_strbuf_add(struct gp_strbuf *buf, const char *text);
void gp_strbuf_add_span(struct gp_strbuf *buf, struct gp_span text);
void gp_strbuf_add_char(struct gp_strbuf *buf, char c);
void gp_strbuf_printf(struct gp_strbuf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void gp_strbuf_vprintf(struct gp_strbuf *buf, const char *format, va_list ap)
	__attribute__((format(printf, 2, 0)));

/* GP_OK and the text ("" when nothing was added), or the first failure. */
int gp_strbuf_finish(struct gp_strbuf *buf, const char **text_out) GP_MUST_CHECK;

/* What has been built so far, as a view that the next addition may end. */
struct gp_span gp_strbuf_span(const struct gp_strbuf *buf);

#endif
