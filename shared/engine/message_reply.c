/* SPDX-License-Identifier: ISC */
/* Part by part. */
#include "engine/message_reply.h"

#define SIGNATURES_SHOWN 3 /* in a reply */
#define PART_MAX 2048

/* spf_part: "SPF fail for example.org". */
static void spf_part(struct gp_strbuf *buf, const struct gp_facts *f)
{
	const struct gp_spf_result *spf = gp_engine_spf_result(f);
	if (!spf) {
		gp_strbuf_add(buf, "no SPF");
		return;
	}
	gp_strbuf_printf(buf, "SPF %s for %s%s", gp_spf_verdict_name(spf->verdict), spf->domain,
		spf->verdict == GP_SPF_PASS && !f->dmarc.spf_aligned ? " (not aligned)" : "");
}

/* dkim_part: "DKIM fail for example.org, pass for list.example (not aligned)". */
static void dkim_part(struct gp_strbuf *buf, const struct gp_facts *f)
{
	const struct gp_dkim_results *dkim = &f->dkim;
	gp_strbuf_add(buf, dkim->count ? "DKIM " : "no DKIM signature");
	for (size_t i = 0; i < dkim->count && i < SIGNATURES_SHOWN; i++) {
		const struct gp_dkim_result *r = &dkim->items[i];
		bool stranger = r->verdict == GP_DKIM_PASS && !f->dmarc.dkim_aligned;
		gp_strbuf_printf(buf, "%s%s for %s%s", i ? ", " : "",
			gp_dkim_verdict_name(r->verdict), *r->domain ? r->domain : "no domain",
			stranger ? " (not aligned)" : "");
	}
	if (dkim->count > SIGNATURES_SHOWN)
		gp_strbuf_printf(buf, " and %zu more", dkim->count - SIGNATURES_SHOWN);
	if (dkim->overflow)
		gp_strbuf_printf(buf, ", %zu not checked", dkim->overflow);
}

/* arc_part: "; ARC fail"; nothing where there is no chain. */
static void arc_part(struct gp_strbuf *buf, const struct gp_facts *f)
{
	const struct gp_arc_result *arc = &f->arc;
	if (!f->has_arc || arc->verdict == GP_ARC_NONE)
		return;
	gp_strbuf_printf(buf, "; ARC %s", gp_arc_verdict_name(arc->verdict));
	if (arc->verdict == GP_ARC_PASS && !f->arc_instance)
		gp_strbuf_add(buf, " (its sealers are not trusted for this author)");
}

/* made: a part as a text. */
static const char *made(struct gp_ctx *ctx, const struct gp_facts *f,
	void (*part)(struct gp_strbuf *, const struct gp_facts *))
{
	struct gp_strbuf buf;
	const char *text;
	gp_strbuf_init(&buf, ctx->arena, PART_MAX);
	part(&buf, f);
	return gp_strbuf_finish(&buf, &text) ? "" : text;
}

/* problem_of: why there is no author, why a chain that may excuse cannot be checked, or why DMARC
 * does not pass. */
static const char *problem_of(const struct gp_facts *f)
{
	if (f->from_problem)
		return f->from_problem;
	if (f->dmarc.verdict == GP_DMARC_FAIL && f->vouched_later && f->arc.reason)
		return f->arc.reason;
	return f->dmarc.reason ? f->dmarc.reason : "no details";
}

/* gp_engine_message_value: name by name. */
const char *gp_engine_message_value(struct gp_ctx *ctx, const struct gp_facts *facts,
	const struct gp_rule *rule, struct gp_span name)
{
	char client[GP_IPADDR_TEXT];
	(void)rule;
	if (gp_span_is(name, "author"))
		return facts->author_domain;
	if (gp_span_is(name, "spf"))
		return made(ctx, facts, spf_part);
	if (gp_span_is(name, "dkim"))
		return made(ctx, facts, dkim_part);
	if (gp_span_is(name, "arc"))
		return made(ctx, facts, arc_part);
	if (gp_span_is(name, "policy"))
		return gp_dmarc_policy_name(facts->dmarc.applied);
	if (gp_span_is(name, "domain"))
		return facts->dmarc.domain ? facts->dmarc.domain : "";
	if (gp_span_is(name, "problem"))
		return problem_of(facts);
	if (gp_span_is(name, "hostname"))
		return facts->config->hostname;
	/* {client}: the configuration allows no other */
	return gp_arena_copy(
		ctx->arena, gp_span_from(gp_ipaddr_format(&facts->envelope.client, client)));
}
