/* SPDX-License-Identifier: ISC */
/*
 * The reply to a refused envelope. What comes from the client or from DNS is bounded and made
 * printable here, whatever it was before.
 */
#include "base/encode.h"
#include "engine/engine_private.h"

#include <string.h>

#define REPLY_MAX 450       /* with code; a reply line holds 512 octets (RFC 5321 4.5.3.1.5) */
#define REPLY_VALUE_MAX 120 /* of one value filled in */
#define URL_MAX 250
#define EXPLANATION_LEAST 16 /* less of it explains nothing */
/* The longest template with the longest value in each of its names; cut after it is filled. */
#define TEMPLATE_FILLED_MAX 8192

/* cut: at most max bytes. */
static struct gp_span cut(const char *text, size_t max)
{
	struct gp_span s = gp_span_from(text);
	if (s.len > max)
		s.len = max;
	return s;
}

/* identity_value: what the client said for this identity. */
static struct gp_span identity_value(const struct gp_facts *f, const struct gp_spf_result *r)
{
	return r->identity == GP_SPF_HELO ? f->envelope->helo : f->envelope->sender;
}

/* What the names of a template about SPF stand for. */
struct template
{
	struct gp_ctx *ctx;
	const struct gp_facts *f;
	const struct gp_spf_result *r;
};

/* template_value: what stands for {name}. */
static const char *template_value(void *arg, struct gp_span name)
{
	const struct template *t = arg;
	const struct gp_spf_result *r = t->r;
	struct gp_arena *arena = t->ctx->arena;
	char client[GP_IPADDR_TEXT];
	if (gp_span_is(name, "result"))
		return gp_spf_verdict_name(r->verdict);
	if (gp_span_is(name, "identity"))
		return gp_spf_identity_name(r->identity);
	if (gp_span_is(name, "domain"))
		return r->domain;
	if (gp_span_is(name, "mechanism"))
		return r->mechanism ? r->mechanism : "none";
	if (gp_span_is(name, "problem"))
		return r->problem ? r->problem : "no details";
	if (gp_span_is(name, "hostname"))
		return t->f->config->hostname;
	if (gp_span_is(name, "client"))
		return gp_arena_copy(
			arena, gp_span_from(gp_ipaddr_format(&t->f->envelope->client, client)));
	if (gp_span_is(name, "recipient"))
		return gp_arena_copy(arena, t->f->envelope->recipient);
	return gp_arena_copy(arena, identity_value(t->f, r)); /* {value}: config allows no other */
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
static void add_template(struct gp_strbuf *buf, const char *text, bool is_url,
	const struct gp_engine_values *values, size_t max)
{
	struct gp_span before, name, rest = gp_span_from(text);
	while (rest.len && buf->len <= max) {
		bool more = gp_span_cut(rest, '{', &before, &rest);
		gp_strbuf_add_span(buf, before);
		if (!more || !gp_span_cut(rest, '}', &name, &rest))
			return;
		struct gp_span value = cut(values->value(values->arg, name), REPLY_VALUE_MAX);
		if (is_url || is_in_url(buf))
			gp_encode_percent(buf, value);
		else
			gp_encode_visible(buf, value);
	}
}

/* fill: built, then cut, but not within an escape of a URL. */
static const char *fill(struct gp_ctx *ctx, const char *text, bool is_url,
	const struct gp_engine_values *values, size_t max)
{
	struct gp_strbuf buf;
	const char *result;
	gp_strbuf_init(&buf, ctx->arena, TEMPLATE_FILLED_MAX);
	add_template(&buf, text, is_url, values, max);
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

/* gp_engine_fill: as text. */
const char *gp_engine_fill(
	struct gp_ctx *ctx, const char *text, const struct gp_engine_values *values, size_t max)
{
	return fill(ctx, text, false, values, max);
}

/* add_explanation: third-party text, and shown as such (RFC 7208 6.2, 11.5.3), if room is left. */
static void add_explanation(struct gp_strbuf *buf, const struct gp_spf_result *r, size_t room)
{
	static const char introduction[] = " explains: \"";
	struct gp_span domain = cut(r->domain, REPLY_VALUE_MAX);
	size_t around = 2 + domain.len + strlen(introduction) + 1;
	if (room < around + EXPLANATION_LEAST)
		return;
	size_t most = room - around < REPLY_VALUE_MAX ? room - around : REPLY_VALUE_MAX;
	gp_strbuf_add(buf, "; ");
	gp_encode_visible(buf, domain);
	gp_strbuf_add(buf, introduction);
	size_t begins = buf->len;
	gp_encode_visible(buf, cut(r->explanation, most));
	for (size_t i = begins; i < buf->len; i++)
		if (buf->data[i] == '"')
			buf->data[i] = '\''; /* it must not leave its quotes */
	gp_strbuf_add(buf, "\"");
}

/* code_of: code and enhanced code for this kind of reply. */
static const char *code_of(const struct gp_config_spf *spf, enum gp_reply reply)
{
	return reply == GP_REPLY_TEMPERROR          ? spf->temperror_code
	       : reply == GP_REPLY_PERMERROR        ? spf->permerror_code
	       : reply == GP_REPLY_PERMERROR_REJECT ? spf->permerror_reject_code
						    : spf->reject_code;
}

/* gp_engine_reply: the site's page has its room first, then the text, then the explanation. */
int gp_engine_reply(struct gp_ctx *ctx, const struct gp_facts *facts,
	const struct gp_decision *decision, const char **reply_out)
{
	const struct gp_config_spf *spf = &facts->config->spf;
	const struct gp_spf_result *r = decision->because;
	bool is_error = r->verdict == GP_SPF_TEMPERROR || r->verdict == GP_SPF_PERMERROR;
	struct template t = {ctx, facts, r};
	const struct gp_engine_values values = {template_value, &t};
	const char *url = fill(ctx, spf->url, true, &values, URL_MAX);
	size_t url_len = url && *url ? strlen("; see ") + strlen(url) : 0;
	size_t room = REPLY_MAX - url_len - strlen(code_of(spf, decision->reply)) - 1;
	const char *text =
		fill(ctx, is_error ? spf->error_text : spf->reject_text, false, &values, room);
	if (!url || !text)
		return gp_arena_status(ctx->arena);
	struct gp_strbuf buf;
	gp_strbuf_init(&buf, ctx->arena, REPLY_MAX);
	gp_strbuf_add(&buf, code_of(spf, decision->reply));
	gp_strbuf_add(&buf, " ");
	gp_strbuf_add(&buf, text);
	if (spf->explanation && r->explanation)
		add_explanation(&buf, r, room - strlen(text));
	if (url_len) {
		gp_strbuf_add(&buf, "; see ");
		gp_strbuf_add(&buf, url);
	}
	return gp_strbuf_finish(&buf, reply_out);
}
