/* SPDX-License-Identifier: ISC */
/* Views of bytes: comparing, cutting, trimming, reading numbers. */
#include "base/span.h"

#include <string.h>

/* gp_span_from: over a C string. */
struct gp_span gp_span_from(const char *text)
{
	return (struct gp_span) {text, text ? strlen(text) : 0};
}

/* gp_span_equal: byte for byte. */
bool gp_span_equal(struct gp_span a, struct gp_span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* gp_span_equal_nocase: byte for byte after folding. */
bool gp_span_equal_nocase(struct gp_span a, struct gp_span b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (gp_span_lower(a.ptr[i]) != gp_span_lower(b.ptr[i]))
			return false;
	return true;
}

/* gp_span_is: against a word. */
bool gp_span_is(struct gp_span text, const char *word)
{
	return gp_span_equal_nocase(text, gp_span_from(word));
}

/* gp_span_has_prefix: the first bytes. */
bool gp_span_has_prefix(struct gp_span text, const char *prefix)
{
	size_t n = strlen(prefix);
	return text.len >= n &&
	       gp_span_equal_nocase((struct gp_span) {text.ptr, n}, gp_span_from(prefix));
}

/* gp_span_has_suffix: the last bytes. */
bool gp_span_has_suffix(struct gp_span text, const char *suffix)
{
	size_t n = strlen(suffix);
	return text.len >= n &&
	       gp_span_equal_nocase(gp_span_skip(text, text.len - n), gp_span_from(suffix));
}

/* gp_span_skip: the bounded step. */
struct gp_span gp_span_skip(struct gp_span text, size_t n)
{
	if (n == 0)
		return text;
	if (n > text.len)
		n = text.len;
	return (struct gp_span) {text.ptr + n, text.len - n};
}

/* is_blank: what trim removes. */
static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* gp_span_trim: both ends. */
struct gp_span gp_span_trim(struct gp_span text)
{
	while (text.len && is_blank(text.ptr[0]))
		text = gp_span_skip(text, 1);
	while (text.len && is_blank(text.ptr[text.len - 1]))
		text.len--;
	return text;
}

/* gp_span_cut: at the first c. */
bool gp_span_cut(struct gp_span text, char c, struct gp_span *before_out, struct gp_span *rest_out)
{
	const char *at = text.len ? memchr(text.ptr, c, text.len) : NULL;
	if (!at) {
		*before_out = text;
		*rest_out = (struct gp_span) {NULL, 0};
		return false;
	}
	size_t n = (size_t)(at - text.ptr);
	*before_out = (struct gp_span) {text.ptr, n};
	*rest_out = gp_span_skip(text, n + 1);
	return true;
}

/* gp_span_find_last: from the end. */
ptrdiff_t gp_span_find_last(struct gp_span text, char c)
{
	for (size_t i = text.len; i > 0; i--)
		if (text.ptr[i - 1] == c)
			return (ptrdiff_t)(i - 1);
	return -1;
}

/* gp_span_parse_uint: digits, with the bound checked before each step. */
int gp_span_parse_uint(struct gp_span text, uint64_t max, uint64_t *value_out)
{
	uint64_t value = 0;
	if (text.len == 0)
		return GP_ESYNTAX;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return GP_ESYNTAX;
		uint64_t digit = (uint64_t)(text.ptr[i] - '0');
		if (digit > max || value > (max - digit) / 10)
			return GP_ESYNTAX;
		value = value * 10 + digit;
	}
	*value_out = value;
	return GP_OK;
}

/* gp_span_is_ascii: byte by byte. */
bool gp_span_is_ascii(struct gp_span text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] > 0x7f)
			return false;
	return true;
}

/* gp_span_is_printable_ascii: 0x20 to 0x7e. */
bool gp_span_is_printable_ascii(struct gp_span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] < 0x20 || text.ptr[i] > 0x7e)
			return false;
	return true;
}
