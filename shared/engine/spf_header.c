/* SPDX-License-Identifier: ISC */
/* What comes from the client or from DNS is bounded, and shown so that it ends nothing. */
#include "engine/spf_header.h"

#include <string.h>

#include "base/encode.h"
#include "engine/reply.h"

#define MECHANISM_MAX 120

/* spf_words: why, in words, for the reader of the header; "" when the arena refuses. */
static const char *spf_words(
	struct gp_arena *arena, const struct gp_ipaddr *client, const struct gp_spf_result *r)
{
	static const char *const says[GP_SPF_VERDICTS] = {
		[GP_SPF_NONE] = "no SPF record for client",
		[GP_SPF_NEUTRAL] = "domain says neither yes nor no to client",
		[GP_SPF_PASS] = "domain authorises client",
		[GP_SPF_FAIL] = "domain does not authorise client",
		[GP_SPF_SOFTFAIL] = "domain probably does not authorise client",
		[GP_SPF_TEMPERROR] = "DNS gave no answer for client",
		[GP_SPF_PERMERROR] = "the domain's record cannot be used for client",
	};
	char address[GP_IPADDR_TEXT];
	struct gp_strbuf buf;
	const char *text;
	gp_strbuf_init(&buf, arena, 1024);
	gp_strbuf_add(&buf, says[r->verdict]);
	gp_strbuf_add_char(&buf, ' ');
	gp_strbuf_add(&buf, gp_ipaddr_format(client, address));
	if (r->mechanism)
		gp_strbuf_add(&buf, ", mechanism ");
	/* text of the domain: parentheses and backslashes would end a comment */
	struct gp_span mechanism = gp_engine_cut(r->mechanism, MECHANISM_MAX);
	char shown[MECHANISM_MAX];
	for (size_t i = 0; i < mechanism.len; i++) {
		char c = mechanism.ptr[i];
		bool is_plain =
			c > 0x20 && c < 0x7f && c != '(' && c != ')' && c != '\\' && c != '"';
		shown[i] = is_plain ? c : '?';
	}
	gp_strbuf_add_span(&buf, (struct gp_span) {shown, mechanism.len});
	return gp_strbuf_finish(&buf, &text) ? "" : text;
}

/* gp_engine_spf_authres: the HELO name in A-labels, as the mail need not be one that may hold
 * UTF-8 in its header. */
void gp_engine_spf_authres(
	struct gp_authres_writer *w, const struct gp_facts *facts, const struct gp_spf_result *r)
{
	gp_authres_result(w, "spf", gp_spf_verdict_name(r->verdict));
	gp_authres_comment(w, spf_words(w->buf->arena, &facts->envelope.client, r));
	if (r->identity == GP_SPF_HELO)
		gp_authres_property(w, "smtp", "helo", gp_span_from(r->domain));
	else
		gp_authres_property(w, "smtp", "mailfrom", facts->envelope.sender);
}

/* add_pair: key=value of Received-SPF, after what separates it from the one before. */
static void add_pair(
	struct gp_strbuf *buf, const char *before, const char *key, struct gp_span value)
{
	gp_strbuf_printf(buf, "%s%s=", before, key);
	/* enough to see that it is too long; SMTP allows 255 octets (RFC 5321 4.5.3.1) */
	if (value.len > GP_HEADER_LINE_MAX)
		value.len = GP_HEADER_LINE_MAX;
	gp_encode_header_value(buf, value);
}

/* add_received: RFC 7208 9.1. */
static void add_received(
	struct gp_strbuf *buf, const struct gp_facts *f, const struct gp_spf_result *r)
{
	const struct gp_envelope *e = &f->envelope;
	char client[GP_IPADDR_TEXT];
	gp_strbuf_printf(buf, "Received-SPF: %s (%s)", gp_spf_verdict_name(r->verdict),
		spf_words(buf->arena, &e->client, r));
	add_pair(buf, " ", "receiver", gp_span_from(f->config->hostname));
	add_pair(buf, "; ", "client-ip", gp_span_from(gp_ipaddr_format(&e->client, client)));
	add_pair(buf, "; ", "envelope-from", e->sender);
	add_pair(buf, "; ", "helo", f->helo_name ? gp_span_from(f->helo_name) : e->helo);
	add_pair(buf, "; ", "identity", gp_span_from(gp_spf_identity_name(r->identity)));
	if (r->mechanism)
		add_pair(buf, "; ", "mechanism", gp_engine_cut(r->mechanism, MECHANISM_MAX));
	if (r->problem)
		add_pair(buf, "; ", "problem", gp_engine_cut(r->problem, MECHANISM_MAX));
}

/* gp_engine_received_spf: the verdict alone when long names would not fit in one line. */
int gp_engine_received_spf(
	struct gp_ctx *ctx, const struct gp_facts *facts, const char **header_out)
{
	const struct gp_spf_result *r = gp_engine_spf_result(facts);
	struct gp_strbuf buf;
	if (!r)
		return GP_OK;
	gp_strbuf_init(&buf, ctx->arena, 8192);
	add_received(&buf, facts, r);
	if (buf.len > GP_HEADER_LINE_MAX) {
		gp_strbuf_init(&buf, ctx->arena, GP_HEADER_LINE_MAX);
		gp_strbuf_printf(&buf, "Received-SPF: %s", gp_spf_verdict_name(r->verdict));
	}
	return gp_strbuf_finish(&buf, header_out);
}
