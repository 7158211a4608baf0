/* SPDX-License-Identifier: ISC */
/*
 * The facts of a verdict by name, as a table: a row is a name and a function that writes its value.
 * Only fixed words, numbers, and names that are domains go out.
 */
#include "engine/message_private.h"
#include "mail/address.h"

#include <string.h>

#define FIELD_MAX 4096

typedef void field_writer(struct gp_strbuf *buf, const struct gp_mail_verdict *v);

/*
 * best: the signature that says most about the message: an aligned one, one that passes, the first.
 */
static const struct gp_dkim_result *best(const struct gp_mail_verdict *v)
{
	if (v->dmarc.dkim)
		return v->dmarc.dkim;
	for (size_t i = 0; i < v->dkim.count; i++)
		if (v->dkim.items[i].verdict == GP_DKIM_PASS)
			return &v->dkim.items[i];
	return v->dkim.count ? &v->dkim.items[0] : NULL;
}

/* add_bool: yes or no. */
static void add_bool(struct gp_strbuf *buf, bool value)
{
	gp_strbuf_add(buf, value ? "yes" : "no");
}

/* add_name: a host name; DNS allows other bytes in names, but what reads our words may not. */
static void add_name(struct gp_strbuf *buf, const char *name)
{
	if (name && gp_address_is_host_name(name))
		gp_strbuf_add(buf, name);
}

/* newest: the newest set of a chain, or NULL. */
static const struct gp_arc_set *newest(const struct gp_mail_verdict *v)
{
	return v->arc.instances ? &v->arc.sets[v->arc.instances - 1] : NULL;
}

/* action: what is to be done. */
static void action(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	gp_strbuf_add(buf, gp_engine_action_name(v->action));
}

/* would: what had been done if every mode were enforce. */
static void would(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	gp_strbuf_add(buf, gp_engine_action_name(v->would));
}

/* rule: which one decided. */
static void rule(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	gp_strbuf_add(buf, v->rule);
}

/* reply: code and text. */
static void reply(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	gp_strbuf_add(buf, v->reply);
}

/* summary: the line for the log. */
static void summary(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	gp_strbuf_add(buf, v->summary);
}

/* override: why a policy was not applied. */
static void override(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	gp_strbuf_add(buf, v->override);
}

/* from: the author's domain. */
static void from(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	add_name(buf, v->author_domain);
}

/* from_problem: why there is none. */
static void from_problem(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	gp_strbuf_add(buf, v->from_problem);
}

/* spf_result: the verdict. */
static void spf_result(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	const struct gp_spf_result *spf = gp_engine_message_spf(v);
	gp_strbuf_add(buf, spf ? gp_spf_verdict_name(spf->verdict) : "");
}

/* spf_domain: about which domain. */
static void spf_domain(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	const struct gp_spf_result *spf = gp_engine_message_spf(v);
	add_name(buf, spf ? spf->domain : ""); /* one that is no domain stands as it was given */
}

/* spf_identity: mailfrom or helo. */
static void spf_identity(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	const struct gp_spf_result *spf = gp_engine_message_spf(v);
	gp_strbuf_add(buf, spf ? gp_spf_identity_name(spf->identity) : "");
}

/* spf_from: of the author's domain, where spf.check_from asks. */
static void spf_from(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	gp_strbuf_add(buf, v->has_from ? gp_spf_verdict_name(v->from.verdict) : "");
}

/* dkim_result: of the signature that says most; none without one. */
static void dkim_result(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	const struct gp_dkim_result *r = best(v);
	gp_strbuf_add(buf, !v->has_dkim ? "" : r ? gp_dkim_verdict_name(r->verdict) : "none");
}

/* dkim_domain: its d=. */
static void dkim_domain(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	const struct gp_dkim_result *r = best(v);
	add_name(buf, r ? r->domain : "");
}

/* dkim_selector: its s=. */
static void dkim_selector(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	const struct gp_dkim_result *r = best(v);
	add_name(buf, r ? r->selector : "");
}

/* dkim_reason: why it does not pass. */
static void dkim_reason(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	const struct gp_dkim_result *r = best(v);
	gp_strbuf_add(buf, r && r->reason ? r->reason : "");
}

/* dkim_count: signatures that were looked at. */
static void dkim_count(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	gp_strbuf_printf(buf, "%zu", v->dkim.count);
}

/* dkim_domains: d= of all that pass, with blanks between. */
static void dkim_domains(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	for (size_t i = 0; i < v->dkim.count; i++) {
		const struct gp_dkim_result *r = &v->dkim.items[i];
		if (r->verdict != GP_DKIM_PASS || buf->len + strlen(r->domain) + 2 > FIELD_MAX)
			continue;
		gp_strbuf_add(buf, buf->len ? " " : "");
		add_name(buf, r->domain);
	}
}

/* arc_result: of the chain; empty when it was not judged. */
static void arc_result(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	gp_strbuf_add(buf, v->has_arc ? gp_arc_verdict_name(v->arc.verdict) : "");
}

/* arc_instances: its sets. */
static void arc_instances(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	if (v->has_arc)
		gp_strbuf_printf(buf, "%u", v->arc.instances);
}

/* arc_sealer: d= of the newest seal. */
static void arc_sealer(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	add_name(buf, newest(v) ? newest(v)->sealer : "");
}

/* arc_vouched_by: d= of the trusted seal over the results that excuse. */
static void arc_vouched_by(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	add_name(buf, v->arc_instance ? v->arc.sets[v->arc_instance - 1].sealer : "");
}

/* arc_reason: why the chain fails. */
static void arc_reason(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	gp_strbuf_add(buf, v->arc.reason);
}

/* dmarc_result: the verdict; empty when it was not judged. */
static void dmarc_result(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	gp_strbuf_add(buf, v->has_dmarc ? gp_dmarc_verdict_name(v->dmarc.verdict) : "");
}

/* add_policy: a policy where a record was found. */
static void add_policy(
	struct gp_strbuf *buf, const struct gp_mail_verdict *v, enum gp_dmarc_policy policy)
{
	gp_strbuf_add(buf, v->dmarc.policy_tag ? gp_dmarc_policy_name(policy) : "");
}

/* dmarc_policy: as published. */
static void dmarc_policy(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	add_policy(buf, v, v->dmarc.published);
}

/* dmarc_sampled: after pct. */
static void dmarc_sampled(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	add_policy(buf, v, v->dmarc.sampled);
}

/* dmarc_applied: what the owner asks for this message. */
static void dmarc_applied(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	add_policy(buf, v, v->dmarc.applied);
}

/* dmarc_tag: p, sp or np. */
static void dmarc_tag(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	gp_strbuf_add(buf, v->dmarc.policy_tag);
}

/* dmarc_domain: whose record it is. */
static void dmarc_domain(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	add_name(buf, v->dmarc.domain);
}

/* dmarc_org_domain: of the author. */
static void dmarc_org_domain(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	add_name(buf, v->dmarc.org_domain);
}

/* dmarc_psl_org_domain: what the list of public suffixes says otherwise. */
static void dmarc_psl_org_domain(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	add_name(buf, v->dmarc.psl_org_domain);
}

/* dmarc_psl_differences: how many names of the message it says otherwise about. */
static void dmarc_psl_differences(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	gp_strbuf_printf(buf, "%u", v->dmarc.psl_differences);
}

/* dmarc_spf_aligned: an aligned pass of SPF. */
static void dmarc_spf_aligned(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	add_bool(buf, v->dmarc.spf_aligned);
}

/* dmarc_dkim_aligned: an aligned pass of a signature. */
static void dmarc_dkim_aligned(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	add_bool(buf, v->dmarc.dkim_aligned);
}

/* dmarc_reason: in words. */
static void dmarc_reason(struct gp_strbuf *buf, const struct gp_mail_verdict *v)
{
	gp_strbuf_add(buf, v->dmarc.reason);
}

/* One list makes both tables, so that no name is without its function. */
/* clang-format off */
#define FIELDS(row) \
	row("action", action) \
	row("would", would) \
	row("rule", rule) \
	row("reply", reply) \
	row("summary", summary) \
	row("override", override) \
	row("from", from) \
	row("from.problem", from_problem) \
	row("spf.result", spf_result) \
	row("spf.domain", spf_domain) \
	row("spf.identity", spf_identity) \
	row("spf.from", spf_from) \
	row("dkim.result", dkim_result) \
	row("dkim.domain", dkim_domain) \
	row("dkim.selector", dkim_selector) \
	row("dkim.reason", dkim_reason) \
	row("dkim.count", dkim_count) \
	row("dkim.domains", dkim_domains) \
	row("arc.result", arc_result) \
	row("arc.instances", arc_instances) \
	row("arc.sealer", arc_sealer) \
	row("arc.vouched_by", arc_vouched_by) \
	row("arc.reason", arc_reason) \
	row("dmarc.result", dmarc_result) \
	row("dmarc.policy", dmarc_policy) \
	row("dmarc.sampled", dmarc_sampled) \
	row("dmarc.applied", dmarc_applied) \
	row("dmarc.tag", dmarc_tag) \
	row("dmarc.domain", dmarc_domain) \
	row("dmarc.org_domain", dmarc_org_domain) \
	row("dmarc.psl_org_domain", dmarc_psl_org_domain) \
	row("dmarc.psl_differences", dmarc_psl_differences) \
	row("dmarc.spf_aligned", dmarc_spf_aligned) \
	row("dmarc.dkim_aligned", dmarc_dkim_aligned) \
	row("dmarc.reason", dmarc_reason)
/* clang-format on */
#define NAME(name, writer) name,
#define WRITER(name, writer) writer,

const char *const gp_engine_fields[] = {FIELDS(NAME) NULL};
static field_writer *const writers[] = {FIELDS(WRITER) NULL};

/* gp_engine_field: by name. */
bool gp_engine_field(struct gp_arena *arena, const struct gp_mail_verdict *verdict,
	struct gp_span name, const char **text_out)
{
	struct gp_strbuf buf;
	size_t i = 0;
	*text_out = "";
	while (gp_engine_fields[i] && !gp_span_is(name, gp_engine_fields[i]))
		i++;
	if (!gp_engine_fields[i])
		return false;
	gp_strbuf_init(&buf, arena, FIELD_MAX);
	writers[i](&buf, verdict);
	if (gp_strbuf_finish(&buf, text_out))
		*text_out = "";
	return true;
}
