/* SPDX-License-Identifier: ISC */
/* Filled from left to right, then cut. */
#include "engine/reply.h"

#include <string.h>

#include "base/encode.h"

/* The longest template with the longest value in each of its names; cut after it is filled. */
#define TEMPLATE_FILLED_MAX 8192

/* gp_engine_cut: from the left. */
struct gp_span gp_engine_cut(const char *text, size_t max)
{
	struct gp_span s = gp_span_from(text);
	if (s.len > max)
		s.len = max;
	return s;
}

/* is_in_url: does what comes next belong to a URL, that is, does the last word hold "://"? */
static bool is_in_url(const struct gp_strbuf *buf)
{
	size_t begins = buf->len;
	while (begins > 0 && !strchr(" <>\"()", buf->data[begins - 1]))
		begins--;
	return buf->len > begins && memmem(buf->data + begins, buf->len - begins, "://", 3);
}

/*
 * add_template: the text with its names filled in, each bounded: made visible, and in a URL with
 * all that has a meaning there escaped (RFC 3986 2.1), or a sender could add to the link of a
 * reply. What comes past max will be cut and is left out.
 */
static void add_template(struct gp_ctx *ctx, struct gp_strbuf *buf, const char *text, bool is_url,
	const struct gp_reply_values *values, size_t max)
{
	struct gp_span before, name, rest = gp_span_from(text);
	size_t value_max = values->max ? values->max : GP_REPLY_VALUE_MAX;
	while (rest.len && buf->len <= max) {
		bool more = gp_span_cut(rest, '{', &before, &rest);
		gp_strbuf_add_span(buf, before);
		if (!more || !gp_span_cut(rest, '}', &name, &rest))
			return;
		struct gp_span value = gp_engine_cut(
			values->value(ctx, values->facts, values->rule, name), value_max);
		if (is_url || is_in_url(buf))
			gp_encode_percent(buf, value);
		else
			gp_encode_visible(buf, value);
	}
}

/* gp_engine_fill: built, then cut, but not within an escape of a URL. */
const char *gp_engine_fill(struct gp_ctx *ctx, const char *text, bool is_url,
	const struct gp_reply_values *values, size_t max)
{
	struct gp_strbuf buf;
	const char *result;
	gp_strbuf_init(&buf, ctx->arena, TEMPLATE_FILLED_MAX);
	add_template(ctx, &buf, text, is_url, values, max);
	if (gp_strbuf_finish(&buf, &result))
		return NULL;
	if (buf.len <= max)
		return result;
	buf.len = max;
	if (is_url || is_in_url(&buf))
		for (size_t i = 1; i <= 2 && i <= max; i++)
			if (result[max - i] == '%')
				buf.len = max - i;
	return gp_arena_copy(ctx->arena, gp_strbuf_span(&buf));
}

/* gp_engine_reply: code and text, or what the check makes of them; what is quarantined gets no
 * reply. */
int gp_engine_reply(struct gp_ctx *ctx, const struct gp_facts *facts, struct gp_verdict *verdict)
{
	const struct gp_rule *rule = verdict->decided;
	const struct gp_check *check = verdict->check;
	if (!rule->code || verdict->would == GP_ACTION_QUARANTINE)
		return GP_OK;
	const char *code = rule->code(facts, rule, verdict->would);
	if (check->reply)
		return check->reply(ctx, facts, rule, code, &verdict->reply);
	const struct gp_reply_values values = {check->value, facts, rule, check->value_max};
	const char *text = gp_engine_fill(
		ctx, rule->text(facts, rule), false, &values, GP_REPLY_MAX - strlen(code) - 1);
	verdict->reply =
		text ? gp_arena_printf(ctx->arena, "%s%s%s", code, *code ? " " : "", text) : NULL;
	return verdict->reply ? GP_OK : gp_arena_status(ctx->arena);
}
