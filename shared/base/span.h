/* SPDX-License-Identifier: ISC */
/*
 * Span: a view of bytes that the caller owns.
 *
 * Foreign bytes stay spans until they are validated; a span is never NUL-terminated by promise and
 * may hold any byte. It borrows: the bytes must outlive it. Case folding is that of ASCII, whatever
 * the locale.
 */
#ifndef GP_BASE_SPAN_H
#define GP_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct gp_span {
	const char *ptr; /* may be NULL when len is 0 */
	size_t len;
};

/* A list of texts, as an option of the configuration holds it; so what is below it can have one. */
struct gp_config_texts {
	const char *const *items;
	size_t count;
};

/* A span over a literal or any C string that lives long enough; NULL gives the empty span. */
struct gp_span gp_span_from(const char *text);

/* Equal bytes; the second form takes ASCII letters of either case for equal. */
bool gp_span_equal(struct gp_span a, struct gp_span b);
bool gp_span_equal_nocase(struct gp_span a, struct gp_span b);

/* Does text equal, begin or end with the C string, ASCII case aside? */
bool gp_span_is(struct gp_span text, const char *word);
bool gp_span_has_prefix(struct gp_span text, const char *prefix);
bool gp_span_has_suffix(struct gp_span text, const char *suffix);

/* What is left when the first n bytes are cut off (all of them when there are fewer). */
struct gp_span gp_span_skip(struct gp_span text, size_t n);

/* Without spaces, tabs, CR and LF at both ends. */
struct gp_span gp_span_trim(struct gp_span text);

/*
 * Cuts text at the first byte c: before_out gets what stands before it, rest_out what stands after.
 * Returns false when there is no c: then before_out is the whole text and rest_out is empty.
 */
bool gp_span_cut(struct gp_span text, char c, struct gp_span *before_out, struct gp_span *rest_out);

/* Place of the last byte c, or -1. */
ptrdiff_t gp_span_find_last(struct gp_span text, char c);

/*
 * Decimal digits only, at least one, value at most max. GP_ESYNTAX otherwise: signs, blanks and
 * overflow are no numbers.
 */
int gp_span_parse_uint(struct gp_span text, uint64_t max, uint64_t *value_out) GP_MUST_CHECK;

/* An ASCII capital in lower case, whatever the locale; another byte as it is. */
static inline char gp_span_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* An ASCII letter or digit? */
static inline bool gp_span_is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Only bytes below 0x80? */
bool gp_span_is_ascii(struct gp_span text);

/* Only bytes from 0x20 to 0x7e? */
bool gp_span_is_printable_ascii(struct gp_span text);

#endif
