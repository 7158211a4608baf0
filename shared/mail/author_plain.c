/* SPDX-License-Identifier: ISC */
/* One pass over UTF-8; what is none is copied as it is. */
#include "mail/author_private.h"

#include "mail/fold.h"

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
		size_t n = (unsigned char)plain < 0x80 ? 0 : gp_fold_character(text, &plain);
		if (n == 0)
			plain = text.ptr[0];
		if (n == 0 || plain)
			*to++ = plain;
		text = gp_span_skip(text, n ? n : 1);
	}
	plain_out->len = (size_t)(to - plain_out->ptr);
	return GP_OK;
}
