/* SPDX-License-Identifier: ISC */
/*
 * What a message that is not accepted is told, and the line about every message for the log. The
 * reply names what failed: SPF and its domain, each signature's result, the chain, and whose policy
 * it is. Who sends honest mail learns from nothing else which part to mend (OpenDMARC issue 97).
 */
#include "base/encode.h"
#include "engine/message_private.h"

#include <string.h>

#define REPLY_MAX 450      /* with code; a reply line holds 512 octets (RFC 5321 4.5.3.1.5) */
#define SIGNATURES_SHOWN 3 /* in a reply */
#define PART_MAX 2048

/* ---- parts ---- */

/* spf_part: "SPF fail for example.org". */
static void spf_part(struct gp_strbuf *buf, const struct gp_mail_facts *f)
{
	const struct gp_spf_result *spf = gp_engine_message_spf(f->v);
	if (!spf) {
		gp_strbuf_add(buf, "no SPF");
		return;
	}
	gp_strbuf_printf(buf, "SPF %s for %s%s", gp_spf_verdict_name(spf->verdict), spf->domain,
		spf->verdict == GP_SPF_PASS && !f->v->dmarc.spf_aligned ? " (not aligned)" : "");
}

/* dkim_part: "DKIM fail for example.org, pass for list.example (not aligned)". */
static void dkim_part(struct gp_strbuf *buf, const struct gp_mail_facts *f)
{
	const struct gp_dkim_results *dkim = &f->v->dkim;
	gp_strbuf_add(buf, dkim->count ? "DKIM " : "no DKIM signature");
	for (size_t i = 0; i < dkim->count && i < SIGNATURES_SHOWN; i++) {
		const struct gp_dkim_result *r = &dkim->items[i];
		bool stranger = r->verdict == GP_DKIM_PASS && !f->v->dmarc.dkim_aligned;
		gp_strbuf_printf(buf, "%s%s for %s%s", i ? ", " : "",
			gp_dkim_verdict_name(r->verdict), *r->domain ? r->domain : "no domain",
			stranger ? " (not aligned)" : "");
	}
	if (dkim->count > SIGNATURES_SHOWN)
		gp_strbuf_printf(buf, " and %zu more", dkim->count - SIGNATURES_SHOWN);
	if (dkim->overflow)
		gp_strbuf_printf(buf, ", %zu not looked at", dkim->overflow);
}

/* arc_part: "; ARC fail"; nothing where there is no chain. */
static void arc_part(struct gp_strbuf *buf, const struct gp_mail_facts *f)
{
	const struct gp_arc_result *arc = &f->v->arc;
	if (!f->v->has_arc || arc->verdict == GP_ARC_NONE)
		return;
	gp_strbuf_printf(buf, "; ARC %s", gp_arc_verdict_name(arc->verdict));
	if (arc->verdict == GP_ARC_PASS && !f->v->arc_instance)
		gp_strbuf_add(buf, " (its sealers are not trusted with this author)");
}

/* ---- reply ---- */

struct template
{
	struct gp_ctx *ctx;
	const struct gp_mail_facts *f;
};

/* made: a part as a text. */
static const char *made(
	const struct template *t, void (*part)(struct gp_strbuf *, const struct gp_mail_facts *))
{
	struct gp_strbuf buf;
	const char *text;
	gp_strbuf_init(&buf, t->ctx->arena, PART_MAX);
	part(&buf, t->f);
	return gp_strbuf_finish(&buf, &text) ? "" : text;
}

/* problem_of: why there is no author, why a chain that may excuse cannot be checked, or why DMARC
 * does not pass. */
static const char *problem_of(const struct gp_mail_facts *f)
{
	const struct gp_mail_verdict *v = f->v;
	if (v->from_problem)
		return v->from_problem;
	if (v->dmarc.verdict == GP_DMARC_FAIL && f->vouched_later && v->arc.reason)
		return v->arc.reason;
	return v->dmarc.reason ? v->dmarc.reason : "no details";
}

/* template_value: what stands for {name}. */
static const char *template_value(void *arg, struct gp_span name)
{
	const struct template *t = arg;
	const struct gp_mail_verdict *v = t->f->v;
	char client[GP_IPADDR_TEXT];
	if (gp_span_is(name, "author"))
		return v->author_domain;
	if (gp_span_is(name, "spf"))
		return made(t, spf_part);
	if (gp_span_is(name, "dkim"))
		return made(t, dkim_part);
	if (gp_span_is(name, "arc"))
		return made(t, arc_part);
	if (gp_span_is(name, "policy"))
		return gp_dmarc_policy_name(v->dmarc.applied);
	if (gp_span_is(name, "domain"))
		return v->dmarc.domain ? v->dmarc.domain : "";
	if (gp_span_is(name, "problem"))
		return problem_of(t->f);
	if (gp_span_is(name, "hostname"))
		return t->f->mail->config->hostname;
	/* {client}: the configuration allows no other */
	return gp_arena_copy(t->ctx->arena,
		gp_span_from(gp_ipaddr_format(&t->f->mail->envelope->client, client)));
}

/* The texts of the rules about signatures: none of a configuration, since hardly anybody needs
 * them. */
static const char signature_text[] = "No valid signature: {dkim}";
static const char signature_later_text[] = "The signature cannot be checked now: {dkim}";

/* is_about_author: did a rule decide that is about messages without an author's domain? */
static bool is_about_author(const struct gp_mail_facts *f)
{
	return f->v->has_dmarc && f->v->from_cause != GP_AUTHOR_ONE &&
	       gp_span_has_prefix(gp_span_from(f->v->rule), "dmarc.on_");
}

/* text_of: which template speaks of the rule that decided. */
static const char *text_of(const struct gp_mail_facts *f)
{
	const struct gp_config_dmarc *dmarc = &f->mail->config->dmarc;
	const struct gp_span rule = gp_span_from(f->v->rule);
	return is_about_author(f)                       ? dmarc->from_text
	       : gp_span_is(rule, "dmarc.on_temperror") ? dmarc->error_text
	       : gp_span_is(rule, "dkim.reject")        ? signature_text
	       : gp_span_is(rule, "dkim.on_temperror")  ? signature_later_text
							: dmarc->reject_text;
}

/* code_of: code and enhanced code of the rule that decided, of the class of the action. */
static const char *code_of(const struct gp_mail_facts *f)
{
	const struct gp_config *c = f->mail->config;
	const struct gp_span rule = gp_span_from(f->v->rule);
	bool about_dkim = gp_span_has_prefix(rule, "dkim.");
	if (f->v->would == GP_ACTION_DEFER)
		return about_dkim ? c->dkim.temperror_code : c->dmarc.temperror_code;
	if (about_dkim)
		return c->dkim.reject_code;
	return is_about_author(f) ? c->dmarc.from_code : c->dmarc.reject_code;
}

/* gp_engine_message_reply: code and text; what is quarantined gets no reply. */
int gp_engine_message_reply(struct gp_ctx *ctx, struct gp_mail_facts *f)
{
	if (f->v->would == GP_ACTION_QUARANTINE)
		return GP_OK;
	struct template t = {ctx, f};
	const char *code = code_of(f);
	const struct gp_engine_values values = {template_value, &t};
	const char *text = gp_engine_fill(ctx, text_of(f), &values, REPLY_MAX - strlen(code) - 1);
	if (!text)
		return gp_arena_status(ctx->arena);
	f->v->reply = gp_arena_printf(ctx->arena, "%s %s", code, text);
	return f->v->reply ? GP_OK : gp_arena_status(ctx->arena);
}

/* ---- log ---- */

/* summary_dmarc: verdict, policy in its three stages, where from. */
static void summary_dmarc(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	const struct gp_dmarc_result *d = &v->dmarc;
	gp_strbuf_printf(buf, " dmarc=%s", gp_dmarc_verdict_name(d->verdict));
	if (d->policy_tag)
		gp_strbuf_printf(buf, " policy=%s sampled=%s applied=%s policy_domain=%s",
			gp_dmarc_policy_name(d->published), gp_dmarc_policy_name(d->sampled),
			gp_dmarc_policy_name(d->applied), d->domain);
	if (v->from_problem)
		gp_strbuf_printf(buf, " from_problem=\"%s\"", v->from_problem);
	if (d->psl_differences)
		gp_strbuf_printf(buf, " psl_differences=%u", d->psl_differences);
	if (d->psl_org_domain)
		gp_strbuf_printf(buf, " org_domain=%s psl_org_domain=%s",
			d->org_domain ? d->org_domain : "", d->psl_org_domain);
}

/* summary_arc: the chain, and who vouches. */
static void summary_arc(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	gp_strbuf_printf(buf, " arc=%s", gp_arc_verdict_name(v->arc.verdict));
	if (v->arc.instances)
		gp_strbuf_printf(buf, " instances=%u sealer=%s", v->arc.instances,
			v->arc.sets[v->arc.instances - 1].sealer);
	if (v->arc_instance)
		gp_strbuf_printf(buf, " vouched_by=%s", v->arc.sets[v->arc_instance - 1].sealer);
}

/* shown: a name; "-" for what stands as it was given and is none, since a blank in it would make
 * another fact of the rest. */
static const char *shown(const char *name)
{
	return strpbrk(name, " \t\r\n") ? "-" : name;
}

/* add_facts: what each check found; domain names are A-labels and printable. */
static void add_facts(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	const struct gp_spf_result *spf = gp_engine_message_spf(v);
	gp_strbuf_printf(buf, " from=%s", *v->author_domain ? v->author_domain : "-");
	if (spf)
		gp_strbuf_printf(
			buf, " spf=%s/%s", gp_spf_verdict_name(spf->verdict), shown(spf->domain));
	if (v->has_from)
		gp_strbuf_printf(buf, " spf_from=%s", gp_spf_verdict_name(v->from.verdict));
	if (v->has_dkim)
		gp_strbuf_add(buf, v->dkim.count ? " dkim=" : " dkim=none");
	for (size_t i = 0; i < v->dkim.count; i++) {
		const struct gp_dkim_result *r = &v->dkim.items[i];
		gp_strbuf_printf(buf, "%s%s/%s:%s", i ? "," : "", gp_dkim_verdict_name(r->verdict),
			r->domain, r->selector);
	}
	if (v->dkim.overflow)
		gp_strbuf_printf(buf, " dkim_not_looked_at=%zu", v->dkim.overflow);
	if (v->has_arc)
		summary_arc(buf, v);
	if (v->has_dmarc)
		summary_dmarc(buf, v);
}

/* gp_engine_message_summary: decision first, then the facts, made visible and bounded. */
int gp_engine_message_summary(struct gp_ctx *ctx, struct gp_mail_facts *f)
{
	const struct gp_mail_verdict *v = f->v;
	struct gp_strbuf buf, shown;
	gp_strbuf_init(&buf, ctx->arena, 64 * 1024);
	gp_strbuf_printf(&buf, "action=%s rule=%s", gp_engine_action_name(v->action), v->rule);
	if (v->would != v->action)
		gp_strbuf_printf(&buf, " would=%s", gp_engine_action_name(v->would));
	if (v->override)
		gp_strbuf_printf(&buf, " override=%s", v->override);
	if (v->dns_stale)
		gp_strbuf_printf(&buf, " dns_stale=%u", v->dns_stale);
	if (v->trouble)
		gp_strbuf_add(&buf, " dns_trouble=yes");
	if (v->checked)
		add_facts(&buf, v);
	struct gp_span text = gp_strbuf_span(&buf);
	if (text.len > 4000)
		text.len = 4000; /* what syslog(3) and log files carry in a line */
	gp_strbuf_init(&shown, ctx->arena, 8192);
	gp_encode_visible(&shown, text);
	return gp_strbuf_finish(&shown, &f->v->summary);
}
