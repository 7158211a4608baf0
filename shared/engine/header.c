/* SPDX-License-Identifier: ISC */
/*
 * Header fields made of facts: Authentication-Results and Received-SPF of an accepted envelope,
 * each on one line, and the folded Authentication-Results of a whole message. What comes from the
 * client or from DNS is bounded and made safe here.
 */
#include "base/encode.h"
#include "engine/message_private.h"
#include "mail/authres.h"

#include <string.h>

#define HEADER_MAX 990 /* a line holds 998 octets (RFC 5322 2.1.1) */
#define MECHANISM_MAX 120
#define RESULTS_MAX (256 * 1024) /* more than all signatures with the longest of names */

/* cut: at most max bytes. */
static struct gp_span cut(const char *text, size_t max)
{
	struct gp_span s = gp_span_from(text);
	if (s.len > max)
		s.len = max;
	return s;
}

/* ---- SPF ---- */

/* spf_words: why, in words, for the reader of the header; "" when the arena refuses. */
static const char *spf_words(
	struct gp_arena *arena, const struct gp_ipaddr *client, const struct gp_spf_result *r)
{
	static const char *const says[GP_SPF_VERDICTS] = {
		[GP_SPF_NONE] = "no SPF record says anything about client",
		[GP_SPF_NEUTRAL] = "domain says neither yes nor no to client",
		[GP_SPF_PASS] = "domain authorises client",
		[GP_SPF_FAIL] = "domain does not authorise client",
		[GP_SPF_SOFTFAIL] = "domain probably does not authorise client",
		[GP_SPF_TEMPERROR] = "DNS gave no answer about client",
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
	struct gp_span mechanism = cut(r->mechanism, MECHANISM_MAX);
	for (size_t i = 0; i < mechanism.len; i++) {
		char c = mechanism.ptr[i];
		gp_strbuf_add_char(&buf, c < 0x21 || c > 0x7e || strchr("()\\\"", c) ? '?' : c);
	}
	return gp_strbuf_finish(&buf, &text) ? "" : text;
}

/* add_spf: one identity (RFC 8601 2.7.2). */
static void add_spf(struct gp_authres_writer *w, const struct gp_envelope *envelope,
	const struct gp_spf_result *r)
{
	gp_authres_result(w, "spf", gp_spf_verdict_name(r->verdict));
	gp_authres_comment(w, spf_words(w->buf->arena, &envelope->client, r));
	/* the HELO name in A-labels: the mail need not be one that may hold UTF-8 in its header */
	if (r->identity == GP_SPF_HELO)
		gp_authres_property(w, "smtp", "helo", gp_span_from(r->domain));
	else
		gp_authres_property(w, "smtp", "mailfrom", envelope->sender);
}

/* ---- the header of an envelope ---- */

/* authentication_results: both identities; "none" when there is no result (RFC 8601 2.2). */
static void authentication_results(struct gp_strbuf *buf, const struct gp_facts *f)
{
	struct gp_authres_writer w;
	gp_strbuf_add(buf, "Authentication-Results: ");
	gp_authres_begin(&w, buf, f->config->hostname, " ");
	if (f->has_mailfrom)
		add_spf(&w, f->envelope, &f->mailfrom);
	/* the other identity is worth a place when it says something, or is the only one */
	if (f->has_helo && (!f->has_mailfrom || f->helo.verdict != GP_SPF_NONE))
		add_spf(&w, f->envelope, &f->helo);
	gp_authres_end(&w);
}

/* add_pair: key=value of Received-SPF, after what separates it from the one before. */
static void add_pair(
	struct gp_strbuf *buf, const char *before, const char *key, struct gp_span value)
{
	gp_strbuf_printf(buf, "%s%s=", before, key);
	/* enough to see that it is too long; SMTP allows 255 octets (RFC 5321 4.5.3.1) */
	if (value.len > HEADER_MAX)
		value.len = HEADER_MAX;
	gp_encode_header_value(buf, value);
}

/* received_spf: RFC 7208 9.1, for the identity that decided. */
static void received_spf(struct gp_strbuf *buf, const struct gp_facts *f)
{
	const struct gp_spf_result *r = f->has_mailfrom ? &f->mailfrom : &f->helo;
	char client[GP_IPADDR_TEXT];
	gp_strbuf_printf(buf, "Received-SPF: %s (%s)", gp_spf_verdict_name(r->verdict),
		spf_words(buf->arena, &f->envelope->client, r));
	add_pair(buf, " ", "receiver", gp_span_from(f->config->hostname));
	add_pair(buf, "; ", "client-ip",
		gp_span_from(gp_ipaddr_format(&f->envelope->client, client)));
	add_pair(buf, "; ", "envelope-from", f->envelope->sender);
	add_pair(buf, "; ", "helo", f->helo_name ? gp_span_from(f->helo_name) : f->envelope->helo);
	add_pair(buf, "; ", "identity", gp_span_from(gp_spf_identity_name(r->identity)));
	if (r->mechanism)
		add_pair(buf, "; ", "mechanism", cut(r->mechanism, MECHANISM_MAX));
	if (r->problem)
		add_pair(buf, "; ", "problem", cut(r->problem, MECHANISM_MAX));
}

/* too_long: the least that can be said, when long names would not fit in one line. */
static void too_long(struct gp_strbuf *buf, const struct gp_facts *f, const char *name,
	const char *host, const char *method)
{
	const struct gp_spf_result *r = f->has_mailfrom ? &f->mailfrom : &f->helo;
	struct gp_arena *arena = buf->arena;
	gp_strbuf_init(buf, arena, HEADER_MAX);
	gp_strbuf_add(buf, name);
	if (*host)
		gp_encode_header_value(buf, gp_span_from(host));
	gp_strbuf_add(buf, method);
	gp_strbuf_add(buf, gp_spf_verdict_name(r->verdict));
}

/* gp_engine_header: as configured. */
int gp_engine_header(struct gp_ctx *ctx, const struct gp_facts *facts, const char **header_out)
{
	struct gp_strbuf buf;
	*header_out = NULL;
	gp_strbuf_init(&buf, ctx->arena, 8192);
	switch ((enum gp_config_header)facts->config->spf.header) {
	case GP_HEADER_NONE:
		return GP_OK;
	case GP_HEADER_AUTHENTICATION_RESULTS:
		authentication_results(&buf, facts);
		if (buf.len > HEADER_MAX)
			too_long(&buf, facts, "Authentication-Results: ", facts->config->hostname,
				"; spf=");
		break;
	case GP_HEADER_RECEIVED_SPF:
		if (!facts->has_mailfrom && !facts->has_helo)
			return GP_OK;
		received_spf(&buf, facts);
		if (buf.len > HEADER_MAX)
			too_long(&buf, facts, "Received-SPF: ", "", "");
		break;
	}
	return gp_strbuf_finish(&buf, header_out);
}

/* ---- the results of a message ---- */

/* add_signature: one signature (RFC 8601 2.7.1; header.a and header.s: RFC 6008, RFC 8601). */
static void add_signature(struct gp_authres_writer *w, const struct gp_dkim_result *r, int dnssec)
{
	gp_authres_result(w, "dkim", gp_dkim_verdict_name(r->verdict));
	if (r->bits) {
		const char *text = gp_arena_printf(w->buf->arena, "%u bit key%s%s%s", r->bits,
			r->lenient ? " of a record with errors" : "",
			dnssec == GP_DKIM_DNSSEC_NO ? ""
			: r->secure                 ? ", secure"
						    : ", insecure",
			r->testing ? ", testing" : "");
		gp_authres_comment(w, text ? text : "");
	}
	if (r->reason)
		gp_authres_reason(w, r->reason);
	if (*r->domain)
		gp_authres_property(w, "header", "d", gp_span_from(r->domain));
	/* the mail need not be one whose header may hold UTF-8 */
	if (r->identity.len && gp_span_is_printable_ascii(r->identity))
		gp_authres_property(w, "header", "i", r->identity);
	if (*r->selector)
		gp_authres_property(w, "header", "s", gp_span_from(r->selector));
	if (*r->algorithm)
		gp_authres_property(w, "header", "a", gp_span_from(r->algorithm));
	if (r->b.len)
		gp_authres_property(w, "header", "b", r->b);
}

/* add_left_out: that some were not looked at: one of them may be the author's. */
static void add_left_out(struct gp_authres_writer *w, const struct gp_mail_facts *f)
{
	const char *text = gp_arena_printf(w->buf->arena,
		"signatures not looked at: %zu (dkim.max_signatures = %u)", f->v->dkim.overflow,
		f->mail->config->dkim.check.max_signatures);
	gp_authres_result(w, "dkim", gp_dkim_verdict_name(GP_DKIM_NEUTRAL));
	gp_authres_reason(w, text ? text : "");
}

/* add_dkim: each signature, or that there is none. */
static void add_dkim(struct gp_authres_writer *w, const struct gp_mail_facts *f)
{
	const struct gp_dkim_results *dkim = &f->v->dkim;
	for (size_t i = 0; i < dkim->count; i++)
		add_signature(w, &dkim->items[i], f->mail->config->dkim.check.require_dnssec);
	if (dkim->overflow)
		add_left_out(w, f);
	else if (dkim->count == 0)
		gp_authres_result(w, "dkim", "none");
}

/* add_arc: the chain (RFC 8617 10.2), and who vouches for the author. */
static void add_arc(struct gp_authres_writer *w, const struct gp_mail_facts *f)
{
	const struct gp_arc_result *arc = &f->v->arc;
	struct gp_arena *arena = w->buf->arena;
	char client[GP_IPADDR_TEXT];
	gp_authres_result(w, "arc", gp_arc_verdict_name(arc->verdict));
	if (arc->verdict == GP_ARC_NONE)
		return;
	if (arc->instances) {
		const char *text = gp_arena_printf(arena, "i=%u%s%s", arc->instances,
			arc->verdict == GP_ARC_PASS ? ", sealed by " : "",
			arc->verdict == GP_ARC_PASS ? arc->sets[arc->instances - 1].sealer : "");
		gp_authres_comment(w, text ? text : "");
	}
	if (arc->reason)
		gp_authres_reason(w, arc->reason);
	if (arc->verdict == GP_ARC_PASS) {
		const char *oldest = gp_arena_printf(arena, "%u", arc->oldest_pass);
		gp_authres_property(w, "header", "oldest-pass", gp_span_from(oldest));
	}
	if (f->mail->envelope->client.family != GP_IP_NONE)
		gp_authres_property(w, "smtp", "remote-ip",
			gp_span_from(gp_ipaddr_format(&f->mail->envelope->client, client)));
}

/* add_dmarc: verdict and policy (RFC 9989 9.1). */
static void add_dmarc(struct gp_authres_writer *w, const struct gp_mail_facts *f)
{
	const struct gp_dmarc_result *d = &f->v->dmarc;
	gp_authres_result(w, "dmarc", gp_dmarc_verdict_name(d->verdict));
	if (d->policy_tag) {
		const char *text = gp_arena_printf(w->buf->arena, "%s=%s of %s%s%s", d->policy_tag,
			gp_dmarc_policy_name(d->published), d->domain,
			f->v->override ? ", not applied: " : "",
			f->v->override ? f->v->override : "");
		gp_authres_comment(w, text ? text : "");
	}
	if (d->reason)
		gp_authres_reason(w, d->reason);
	if (*f->v->author_domain)
		gp_authres_property(w, "header", "from", gp_span_from(f->v->author_domain));
	if (d->policy_tag)
		gp_authres_property(w, "policy", "dmarc",
			gp_span_from(gp_dmarc_policy_name(
				f->v->override ? GP_DMARC_POLICY_NONE : d->applied)));
}

/* gp_engine_message_results: in the order of the checks. */
int gp_engine_message_results(struct gp_ctx *ctx, struct gp_mail_facts *f)
{
	struct gp_authres_writer w;
	struct gp_strbuf buf;
	const struct gp_spf_result *spf = gp_engine_message_spf(f->v);
	gp_strbuf_init(&buf, ctx->arena, RESULTS_MAX);
	gp_authres_begin(&w, &buf, f->mail->config->hostname, "\n\t");
	if (spf)
		add_spf(&w, f->mail->envelope, spf);
	if (f->v->has_dkim)
		add_dkim(&w, f);
	if (f->v->has_arc)
		add_arc(&w, f);
	if (f->v->has_dmarc)
		add_dmarc(&w, f);
	gp_authres_end(&w);
	return gp_strbuf_finish(&buf, &f->v->results);
}
