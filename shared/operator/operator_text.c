/* SPDX-License-Identifier: ISC */
/* Requests and answers as JSON; texts that it has room for. */
#include "operator/operator_text.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/encode.h"
#include "base/strbuf.h"

/* gp_operator_error: one member. */
json_t *gp_operator_error(const char *format, ...)
{
	char text[512], visible[512];
	struct gp_strbuf buf;
	va_list ap;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	gp_strbuf_init_fixed(&buf, visible, sizeof visible);
	gp_encode_visible(&buf, gp_span_from(text)); /* JSON has no room for broken UTF-8 */
	return json_pack("{s:s}", "error", visible);
}

/* gp_operator_text: made visible first. */
json_t *gp_operator_text(struct gp_arena *arena, struct gp_span text)
{
	struct gp_strbuf buf;
	const char *visible;
	gp_strbuf_init(&buf, arena, text.len * 4 + 16);
	gp_encode_text(&buf, text);
	return gp_strbuf_finish(&buf, &visible) ? NULL : json_string(visible);
}

/* gp_operator_parse: a member that comes twice is an error. */
json_t *gp_operator_parse(struct gp_span line)
{
	return json_loadb(line.ptr, line.len, JSON_REJECT_DUPLICATES, NULL);
}
