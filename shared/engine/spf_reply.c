/* SPDX-License-Identifier: ISC */
/* The site's page has its room first, then the text, then the explanation. */
#include "engine/spf_reply.h"

#include <string.h>

#include "base/encode.h"
#include "engine/reply.h"

#define URL_MAX 250
#define EXPLANATION_LEAST 16 /* less of it explains nothing */

/* result_of: that the rule speaks of. */
static const struct gp_spf_result *result_of(const struct gp_facts *f, const struct gp_rule *rule)
{
	if (rule->about == GP_SPF_ABOUT_HELO)
		return &f->spf.helo;
	return rule->about == GP_SPF_ABOUT_MAILFROM || f->spf.has_mailfrom ? &f->spf.mailfrom
									   : &f->spf.helo;
}

/* gp_engine_spf_text: by the verdict. */
const char *gp_engine_spf_text(const struct gp_facts *facts, const struct gp_rule *rule)
{
	enum gp_spf_verdict verdict = result_of(facts, rule)->verdict;
	return verdict == GP_SPF_TEMPERROR || verdict == GP_SPF_PERMERROR
		       ? facts->config->spf.error_text
		       : facts->config->spf.reject_text;
}

/* gp_engine_spf_value: what was judged, which identity, and why. */
const char *gp_engine_spf_value(struct gp_ctx *ctx, const struct gp_facts *facts,
	const struct gp_rule *rule, struct gp_span name)
{
	const struct gp_spf_result *r = result_of(facts, rule);
	const struct gp_envelope *e = &facts->envelope;
	struct gp_arena *arena = ctx->arena;
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
		return facts->config->hostname;
	if (gp_span_is(name, "client"))
		return gp_arena_copy(arena, gp_span_from(gp_ipaddr_format(&e->client, client)));
	if (gp_span_is(name, "recipient"))
		return gp_arena_copy(arena, e->recipient);
	/* {value}, what the client said for this identity: config allows no other */
	return gp_arena_copy(arena, r->identity == GP_SPF_HELO ? e->helo : e->sender);
}

/* add_explanation: third-party text, and shown as such (RFC 7208 6.2, 11.5.3), if room is left. */
static void add_explanation(struct gp_strbuf *buf, const struct gp_spf_result *r, size_t room)
{
	static const char introduction[] = " explains: \"";
	struct gp_span domain = gp_engine_cut(r->domain, GP_REPLY_VALUE_MAX);
	size_t around = 2 + domain.len + strlen(introduction) + 1;
	if (room < around + EXPLANATION_LEAST)
		return;
	size_t most = room - around < GP_REPLY_VALUE_MAX ? room - around : GP_REPLY_VALUE_MAX;
	gp_strbuf_add(buf, "; ");
	gp_encode_visible(buf, domain);
	gp_strbuf_add(buf, introduction);
	size_t begins = buf->len;
	gp_encode_visible(buf, gp_engine_cut(r->explanation, most));
	for (size_t i = begins; i < buf->len; i++)
		if (buf->data[i] == '"')
			buf->data[i] = '\''; /* it must not leave its quotes */
	gp_strbuf_add(buf, "\"");
}

/* gp_engine_spf_reply: what does not fit is cut. */
int gp_engine_spf_reply(struct gp_ctx *ctx, const struct gp_facts *facts,
	const struct gp_rule *rule, const char *code, const char **reply_out)
{
	const struct gp_spf_settings *spf = &facts->config->spf;
	const struct gp_spf_result *r = result_of(facts, rule);
	const struct gp_reply_values values = {gp_engine_spf_value, facts, rule, 0};
	const char *url = gp_engine_fill(ctx, spf->url, true, &values, URL_MAX);
	size_t url_len = url && *url ? strlen("; see ") + strlen(url) : 0;
	size_t room = GP_REPLY_MAX - url_len - strlen(code) - 1;
	const char *text = gp_engine_fill(ctx, rule->text(facts, rule), false, &values, room);
	struct gp_strbuf buf;
	if (!url || !text)
		return gp_arena_status(ctx->arena);
	gp_strbuf_init(&buf, ctx->arena, GP_REPLY_MAX);
	gp_strbuf_add(&buf, code);
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
