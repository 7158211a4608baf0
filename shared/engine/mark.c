/* SPDX-License-Identifier: ISC */
/* Compared with what everybody knows before it is looked at by itself. */
#include "engine/mark.h"

/* is_mark: letters and digits, not too few and not too many. */
static bool is_mark(struct gp_span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!gp_span_is_alnum(text.ptr[i]))
			return false;
	return text.len >= GP_MARK_MIN && text.len <= GP_MARK_MAX;
}

/* gp_engine_mark_parse: what everybody knows is no secret, and is not used as one. */
enum gp_mark gp_engine_mark_parse(struct gp_span text, struct gp_span *mark_out)
{
	*mark_out = (struct gp_span) {"", 0};
	if (!gp_span_has_prefix(text, GP_MARK_PREFIX))
		return GP_MARK_NONE;
	text = gp_span_skip(text, sizeof GP_MARK_PREFIX - 1);
	if (gp_span_is(text, GP_MARK_OF_EXAMPLE) || gp_span_is(text, "^" GP_MARK_OF_EXAMPLE))
		return GP_MARK_KNOWN;
	if (!is_mark(text))
		return GP_MARK_BAD;
	*mark_out = text;
	return GP_MARK_SECRET;
}
