/* SPDX-License-Identifier: ISC */
/* Policies only where a record was found; of a header that was cut the verdict is permerror. */
#include "engine/dmarc_fields.h"

#include "engine/value.h"

/* verdict_of: whatever the part of the header that was seen has proved. */
static enum gp_dmarc_verdict verdict_of(const struct gp_facts *f)
{
	return f->is_header_cut ? GP_DMARC_PERMERROR : f->dmarc.verdict;
}

/* policy: null without a record. */
static struct gp_value policy(const struct gp_dmarc_result *d, enum gp_dmarc_policy which)
{
	return gp_engine_value_text(d->policy_tag ? gp_dmarc_policy_name(which) : NULL);
}

/* org_where_differ: the organisation, where the list of public suffixes says another one. */
static struct gp_value org_where_differ(const struct gp_dmarc_result *d)
{
	if (!d->psl_org_domain)
		return gp_engine_value_absent();
	return gp_engine_value_text(d->org_domain ? d->org_domain : "");
}

/* One function for each member, where DMARC was looked at. */
/* clang-format off */
#define MEMBER(name, expression) \
	static struct gp_value name(const struct gp_record *r, size_t item) \
	{ \
		const struct gp_facts *f = r->facts; \
		const struct gp_dmarc_result *d = &f->dmarc; \
		(void)item; \
		(void)d; \
		return f->has_dmarc ? expression : gp_engine_value_absent(); \
	}
MEMBER(verdict, gp_engine_value_text(gp_dmarc_verdict_name(verdict_of(f))))
MEMBER(published, policy(d, d->published))
MEMBER(sampled, policy(d, d->sampled))
MEMBER(applied, policy(d, d->applied))
MEMBER(tag, gp_engine_value_text(d->policy_tag))
MEMBER(domain, gp_engine_value_text(d->domain))
MEMBER(domain_of_policy, gp_engine_value_text(d->policy_tag ? d->domain : NULL))
MEMBER(org_domain, gp_engine_value_text(d->org_domain))
MEMBER(org_domain_differing, org_where_differ(d))
MEMBER(psl_org_domain, gp_engine_value_text(d->psl_org_domain))
MEMBER(psl_differences, gp_engine_value_number(d->psl_differences))
MEMBER(psl_differences_shown, gp_engine_value_some(d->psl_differences))
MEMBER(spf_aligned, gp_engine_value_bool(d->spf_aligned))
MEMBER(dkim_aligned, gp_engine_value_bool(d->dkim_aligned))
MEMBER(reason, gp_engine_value_text(d->reason))
MEMBER(pct_ignored, gp_engine_value_text(f->pct_ignored))
MEMBER(from_problem, gp_engine_value_text(f->from_problem))
/* clang-format on */

/* clang-format off */
const struct gp_field gp_engine_dmarc_fields[] = {
	{.get = "dmarc.result", .line = "dmarc", .json = "dmarc.result", .value = verdict,
		.help = "the verdict; empty when it was not judged"},
	{.get = "dmarc.policy", .line = "policy", .json = "dmarc.policy", .value = published,
		.help = "as published"},
	{.json = "dmarc.policy_tag", .value = tag, .help = "p, sp or np"},
	{.get = "dmarc.sampled", .line = "sampled", .json = "dmarc.sampled", .value = sampled,
		.help = "after pct"},
	{.json = "dmarc.pct_ignored", .type = GP_FIELD_SENTENCE, .value = pct_ignored,
		.help = "why pct= took all messages"},
	{.get = "dmarc.applied", .line = "applied", .json = "dmarc.action", .value = applied,
		.help = "what the owner requests for this message"},
	{.get = "dmarc.tag", .value = tag, .help = "p, sp or np"},
	{.line = "policy_domain", .type = GP_FIELD_TEXT, .value = domain_of_policy,
		.help = "whose record it is"},
	{.line = "from_problem", .type = GP_FIELD_SENTENCE, .value = from_problem,
		.help = "why there is no author"},
	{.line = "psl_differences", .value = psl_differences_shown,
		.help = "names for which the list of public suffixes differs"},
	{.line = "org_domain", .type = GP_FIELD_TEXT, .value = org_domain_differing,
		.help = "of the author, where the list differs"},
	{.line = "psl_org_domain", .type = GP_FIELD_TEXT, .value = psl_org_domain,
		.help = "according to the list"},
	{.get = "dmarc.domain", .json = "dmarc.domain", .type = GP_FIELD_NAME, .value = domain,
		.help = "whose record it is"},
	{.get = "dmarc.org_domain", .json = "dmarc.org_domain", .type = GP_FIELD_NAME,
		.value = org_domain, .help = "of the author"},
	{.get = "dmarc.psl_org_domain", .json = "dmarc.psl_org_domain", .type = GP_FIELD_NAME,
		.value = psl_org_domain, .help = "where the list of public suffixes differs"},
	{.get = "dmarc.psl_differences", .json = "dmarc.psl_differences", .value = psl_differences,
		.help = "how many names of the message differ"},
	{.get = "dmarc.spf_aligned", .json = "dmarc.spf_aligned", .value = spf_aligned,
		.help = "an aligned pass of SPF"},
	{.get = "dmarc.dkim_aligned", .json = "dmarc.dkim_aligned", .value = dkim_aligned,
		.help = "an aligned pass of a signature"},
	{.get = "dmarc.reason", .json = "dmarc.reason", .type = GP_FIELD_SENTENCE, .value = reason,
		.help = "why, in words"},
	{.value = NULL},
};
/* clang-format on */
