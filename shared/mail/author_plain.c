/* SPDX-License-Identifier: ISC */
/* One pass over UTF-8; what is none is copied as it is. */
#include "mail/author_private.h"

#include <string.h>

/* What programs map to ASCII (NFKC; the dots also by RFC 3490 3.1), beside the full-width forms. */
static const struct {
	const char *utf8;
	char plain;
} mapped[] = {
	{"\xe3\x80\x82", '.'}, /* U+3002 */
	{"\xef\xbd\xa1", '.'}, /* U+FF61 */
	{"\xe2\x80\xa4", '.'}, /* U+2024 */
	{"\xef\xb9\x92", '.'}, /* U+FE52, and the small forms that follow it */
	{"\xef\xb9\x90", ','}, {"\xef\xb9\x94", ';'}, {"\xef\xb9\x95", ':'},
	{"\xef\xb8\x93", ':'}, /* U+FE13 */
	{"\xef\xb9\x97", '!'}, {"\xef\xb9\xa4", '<'}, {"\xef\xb9\xa5", '>'}, {"\xef\xb9\xaa", '%'},
	{"\xef\xb9\xab", '@'}, {"\xc2\xa0", ' '}, /* U+00A0 */
	{"\xe3\x80\x80", ' '},                    /* U+3000 */
	{"\xc2\xad", 0},                          /* U+00AD and what else nobody sees */
	{"\xcd\x8f", 0},                          /* U+034F */
	{"\xe2\x80\x8b", 0},                      /* U+200B */
	{"\xe2\x80\x8c", 0}, {"\xe2\x80\x8d", 0}, {"\xe2\x80\x8e", 0}, {"\xe2\x80\x8f", 0},
	{"\xe2\x81\xa0", 0}, /* U+2060 */
	{"\xef\xbb\xbf", 0}, /* U+FEFF */
};

/* full_width: the ASCII of U+FF01 to U+FF5E; 0: it is none of them. */
static char full_width(struct gp_span text)
{
	const unsigned char *p = (const unsigned char *)text.ptr;
	if (text.len < 3 || p[0] != 0xef || p[2] < 0x80 || p[2] > 0xbf)
		return 0;
	if (p[1] == 0xbc && p[2] >= 0x81)
		return (char)(p[2] - 0x81 + '!');
	return p[1] == 0xbd && p[2] <= 0x9e ? (char)(p[2] - 0x80 + '`') : 0;
}

/* gp_author_mapped: full-width forms, then the others. */
size_t gp_author_mapped(struct gp_span text, char *plain_out)
{
	*plain_out = full_width(text);
	if (*plain_out)
		return 3;
	for (size_t i = 0; i < sizeof mapped / sizeof mapped[0]; i++) {
		size_t n = strlen(mapped[i].utf8);
		*plain_out = mapped[i].plain;
		if (text.len >= n && memcmp(text.ptr, mapped[i].utf8, n) == 0)
			return n;
	}
	return 0;
}

/* gp_author_plain: copied where there is more than ASCII. */
int gp_author_plain(struct gp_arena *arena, struct gp_span text, struct gp_span *plain_out)
{
	*plain_out = text;
	if (gp_span_is_ascii(text))
		return GP_OK;
	char *to = gp_arena_alloc(arena, text.len);
	if (!to)
		return gp_arena_status(arena);
	plain_out->ptr = to;
	while (text.len) {
		char plain = text.ptr[0];
		size_t n = (unsigned char)plain < 0x80 ? 0 : gp_author_mapped(text, &plain);
		if (n == 0)
			plain = text.ptr[0];
		if (n == 0 || plain)
			*to++ = plain;
		text = gp_span_skip(text, n ? n : 1);
	}
	plain_out->len = (size_t)(to - plain_out->ptr);
	return GP_OK;
}
