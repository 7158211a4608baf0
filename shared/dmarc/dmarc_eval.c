/* SPDX-License-Identifier: ISC */
/*
 * The verdict: discovery first, then the identifiers that passed, and only if none of them is
 * aligned those that might pass later. Walks of identifiers are made where they can matter: not for
 * a name that is the author's own, and not for one outside the author's organisation.
 */
#include <string.h>

#include "dmarc/dmarc_private.h"

enum alignment {
	APART,    /* not aligned */
	ALIGNED,  /* 3.2.10 */
	UNCERTAIN /* DNS did not say */
};

/* What the evaluation works on. */
struct run {
	struct gp_ctx *ctx;
	struct gp_dmarc *dmarc;
	const struct gp_dmarc_query *query;
	struct gp_dmarc_found found;
	struct gp_dmarc_result *result;
};

/* gp_dmarc_verdict_name: as RFC 8601 spells them. */
const char *gp_dmarc_verdict_name(enum gp_dmarc_verdict verdict)
{
	static const char *const names[] = {
		[GP_DMARC_NONE] = "none",
		[GP_DMARC_PASS] = "pass",
		[GP_DMARC_FAIL] = "fail",
		[GP_DMARC_TEMPERROR] = "temperror",
		[GP_DMARC_PERMERROR] = "permerror",
	};
	size_t i = (size_t)verdict;
	return i < sizeof names / sizeof names[0] ? names[i] : "unknown";
}

/* gp_dmarc_policy_name: as a record spells them. */
const char *gp_dmarc_policy_name(enum gp_dmarc_policy policy)
{
	static const char *const names[] = {
		[GP_DMARC_POLICY_NONE] = "none",
		[GP_DMARC_POLICY_QUARANTINE] = "quarantine",
		[GP_DMARC_POLICY_REJECT] = "reject",
	};
	size_t i = (size_t)policy;
	return i < sizeof names / sizeof names[0] ? names[i] : "unknown";
}

/* ---- alignment ---- */

/* is_same: the same name. */
static bool is_same(const char *a, const char *b)
{
	return gp_dns_name_equal(gp_span_from(a), gp_span_from(b));
}

/* is_within: is the name the parent or below it? */
static bool is_within(const char *name, const char *parent)
{
	return gp_dns_name_is_within(gp_span_from(name), gp_span_from(parent));
}

/* last_label: "org" of "example.org". */
static const char *last_label(const char *domain)
{
	const char *dot = strrchr(domain, '.');
	return dot ? dot + 1 : domain;
}

/* needs_walk: can only its own organisational domain tell whether this name is aligned? */
static bool needs_walk(const struct run *run, const char *domain, bool strict)
{
	const char *org = run->found.org_domain;
	return !strict && *domain && org && !is_same(domain, run->query->author_domain) &&
	       is_within(domain, org);
}

/* align: does this name stand for the author's domain (4.4, 4.10.2)? After its walk. */
static enum alignment align(const struct run *run, const char *domain, bool strict)
{
	const char *author = run->query->author_domain, *org = run->found.org_domain;
	if (*domain && is_same(domain, author))
		return ALIGNED;
	if (strict || !*domain)
		return APART;
	if (!org) /* trouble above the author's own record: they may share what is there */
		return is_within(domain, last_label(author)) ? UNCERTAIN : APART;
	if (!is_within(domain, org))
		return APART; /* an organisational domain is the name itself or above it */
	const char *other = gp_dmarc_org_domain(run->dmarc, domain);
	if (!other)
		return UNCERTAIN;
	return is_same(other, org) ? ALIGNED : APART;
}

/* walk_all: the walks that the names with these verdicts need, all at once. */
static int walk_all(struct run *run, enum gp_spf_verdict spf, enum gp_dkim_verdict dkim)
{
	const struct gp_dmarc_query *q = run->query;
	const struct gp_dmarc_record *record = &run->found.record;
	size_t room = q->dkim ? q->dkim->count + 1 : 1, n = 0;
	const char **domains = gp_arena_array(run->ctx->arena, room, sizeof *domains);
	if (!domains)
		return gp_arena_status(run->ctx->arena);
	if (q->spf && q->spf->verdict == spf &&
		needs_walk(run, q->spf->domain, record->aspf_strict))
		domains[n++] = q->spf->domain;
	for (size_t i = 0; q->dkim && i < q->dkim->count; i++) {
		const struct gp_dkim_result *r = &q->dkim->items[i];
		if (r->verdict == dkim && needs_walk(run, r->domain, record->adkim_strict))
			domains[n++] = r->domain;
	}
	return gp_dmarc_walk(run->ctx, run->dmarc, domains, n);
}

/* align_spf: the domain that SPF judged, if its verdict is this one. */
static enum alignment align_spf(const struct run *run, enum gp_spf_verdict verdict)
{
	const struct gp_spf_result *spf = run->query->spf;
	if (!spf || spf->verdict != verdict)
		return APART;
	return align(run, spf->domain, run->found.record.aspf_strict);
}

/* align_dkim: the best of the signatures with this verdict; *which_out is the first aligned one. */
static enum alignment align_dkim(const struct run *run, enum gp_dkim_verdict verdict,
	const struct gp_dkim_result **which_out)
{
	const struct gp_dkim_results *dkim = run->query->dkim;
	enum alignment best = APART;
	for (size_t i = 0; dkim && i < dkim->count; i++) {
		if (dkim->items[i].verdict != verdict)
			continue;
		enum alignment one =
			align(run, dkim->items[i].domain, run->found.record.adkim_strict);
		if (one == ALIGNED) {
			*which_out = &dkim->items[i];
			return ALIGNED;
		}
		if (one == UNCERTAIN)
			best = UNCERTAIN;
	}
	return best;
}

/* ---- the verdict ---- */

/* has_pass: did anything pass, for whatever domain? */
static bool has_pass(const struct gp_dmarc_query *query)
{
	if (query->spf && query->spf->verdict == GP_SPF_PASS)
		return true;
	for (size_t i = 0; query->dkim && i < query->dkim->count; i++)
		if (query->dkim->items[i].verdict == GP_DKIM_PASS)
			return true;
	return false;
}

/* conclude: a verdict and why. */
static void conclude(struct run *run, enum gp_dmarc_verdict verdict, const char *reason)
{
	run->result->verdict = verdict;
	run->result->reason = reason;
}

/* judge_rest: nothing is aligned for certain; what could be, later, is no failure (5.3.6). */
static int judge_rest(struct run *run, bool uncertain)
{
	const struct gp_dkim_result *ignored;
	int rc = walk_all(run, GP_SPF_TEMPERROR, GP_DKIM_TEMPERROR);
	if (rc)
		return rc;
	if (uncertain)
		conclude(run, GP_DMARC_TEMPERROR,
			"DNS did not answer whether the domain that passed is aligned with the "
			"author's");
	else if (!run->query->spf)
		conclude(run, GP_DMARC_TEMPERROR, "SPF could not be judged");
	else if (!run->query->dkim)
		conclude(run, GP_DMARC_TEMPERROR, "DKIM was not judged");
	else if (align_spf(run, GP_SPF_TEMPERROR) != APART)
		conclude(run, GP_DMARC_TEMPERROR, "SPF had a temporary error");
	else if (align_dkim(run, GP_DKIM_TEMPERROR, &ignored) != APART)
		conclude(run, GP_DMARC_TEMPERROR, "a DKIM signature had a temporary error");
	else if (has_pass(run->query))
		conclude(run, GP_DMARC_FAIL,
			"the domain that passed is not aligned with the "
			"author's");
	else
		conclude(run, GP_DMARC_FAIL, "neither SPF nor DKIM passed");
	return GP_OK;
}

/* count_difference: one name that was walked; the author's own has been counted. */
static void count_difference(struct run *run, const char *domain, bool strict)
{
	if (needs_walk(run, domain, strict) && gp_dmarc_otherwise(run->dmarc, domain))
		run->result->psl_differences++;
}

/* count_differences: names about which the list of public suffixes says otherwise. */
static void count_differences(struct run *run)
{
	const struct gp_dmarc_query *q = run->query;
	const struct gp_dmarc_record *record = &run->found.record;
	if (q->spf && q->spf->verdict == GP_SPF_PASS)
		count_difference(run, q->spf->domain, record->aspf_strict);
	for (size_t i = 0; q->dkim && i < q->dkim->count; i++)
		if (q->dkim->items[i].verdict == GP_DKIM_PASS)
			count_difference(run, q->dkim->items[i].domain, record->adkim_strict);
}

/* judge: 5.3.4 and 5.3.5. */
static int judge(struct run *run)
{
	struct gp_dmarc_result *result = run->result;
	int rc = walk_all(run, GP_SPF_PASS, GP_DKIM_PASS);
	if (rc)
		return rc;
	count_differences(run);
	enum alignment spf = align_spf(run, GP_SPF_PASS);
	enum alignment dkim = align_dkim(run, GP_DKIM_PASS, &result->dkim);
	result->spf_aligned = spf == ALIGNED;
	result->dkim_aligned = dkim == ALIGNED;
	if (!result->spf_aligned && !result->dkim_aligned)
		return judge_rest(run, spf == UNCERTAIN || dkim == UNCERTAIN);
	conclude(run, GP_DMARC_PASS, NULL);
	return GP_OK;
}

/* ---- the policy ---- */

/*
 * choose_np: the author's domain may not exist; then np speaks for it (4.7 np, 3.2.13). Where DNS
 * does not say, the stricter of both stands in the result: a caller that defers for temporary
 * errors only where a policy asks for something has to see it.
 */
static int choose_np(struct run *run)
{
	const struct gp_dns_question question = {run->query->author_domain, GP_DNS_A};
	const struct gp_dmarc_record *record = &run->found.record;
	struct gp_dns_answer answer;
	int rc = gp_dns_query(run->ctx, &question, 1, &answer);
	if (rc)
		return rc;
	bool is_open = answer.state != GP_DNS_FOUND && answer.state != GP_DNS_NODATA &&
		       answer.state != GP_DNS_NXDOMAIN && run->result->verdict == GP_DMARC_FAIL;
	if (is_open)
		conclude(run, GP_DMARC_TEMPERROR,
			"DNS did not answer whether the author's domain exists");
	if (answer.state == GP_DNS_NXDOMAIN || (is_open && record->np > record->sp)) {
		run->result->policy_tag = "np";
		run->result->published = record->np;
	}
	return GP_OK;
}

/* choose_policy: which tag applies to the author's domain (4.10.1). */
static int choose_policy(struct run *run)
{
	const struct gp_dmarc_record *record = &run->found.record;
	struct gp_dmarc_result *result = run->result;
	bool own = is_same(run->found.domain, run->query->author_domain);
	bool sub = !own && !record->bad_policy;
	result->policy_tag = sub && record->has_sp ? "sp" : "p";
	result->published = sub ? record->sp : record->p;
	return sub && record->has_np && record->np != record->sp ? choose_np(run) : GP_OK;
}

/* lower: one level below. */
static enum gp_dmarc_policy lower(enum gp_dmarc_policy policy)
{
	return policy == GP_DMARC_POLICY_REJECT ? GP_DMARC_POLICY_QUARANTINE : GP_DMARC_POLICY_NONE;
}

/* gp_dmarc_apply: what is left after pct (RFC 7489 6.6.4) and t=y (4.7 t): one level less. */
void gp_dmarc_apply(const struct gp_dmarc *dmarc, unsigned sample, struct gp_dmarc_result *result)
{
	const struct gp_dmarc_record *record = &result->record;
	bool spared = gp_dmarc_honours_pct(dmarc) && sample >= record->pct;
	result->sampled = spared ? lower(result->published) : result->published;
	if (result->verdict == GP_DMARC_FAIL)
		result->applied =
			spared || record->testing ? lower(result->published) : result->published;
}

/* gp_dmarc_is_sampled: none and all are no sample, and of no policy nothing is left to spare. */
bool gp_dmarc_is_sampled(const struct gp_dmarc *dmarc, const struct gp_dmarc_result *result)
{
	return result->verdict == GP_DMARC_FAIL && gp_dmarc_honours_pct(dmarc) &&
	       result->record.pct > 0 && result->record.pct < 100 &&
	       result->published != GP_DMARC_POLICY_NONE;
}

/* trace_result: the last line of the evaluation. */
static void trace_result(const struct run *run)
{
	const struct gp_dmarc_result *r = run->result;
	gp_trace_line(run->ctx, 0, "%s: organisational domain %s, %s%s%s%s%s",
		gp_dmarc_verdict_name(r->verdict), r->org_domain ? r->org_domain : "not known",
		r->policy_tag ? r->policy_tag : "no policy", r->policy_tag ? "=" : "",
		r->policy_tag ? gp_dmarc_policy_name(r->published) : "", r->reason ? ": " : "",
		r->reason ? r->reason : "");
}

/* gp_dmarc_eval: discovery, verdict, policy. */
int gp_dmarc_eval(struct gp_ctx *ctx, struct gp_dmarc *dmarc, const struct gp_dmarc_query *query,
	struct gp_dmarc_result *result_out)
{
	struct run run = {.ctx = ctx, .dmarc = dmarc, .query = query, .result = result_out};
	*result_out = (struct gp_dmarc_result) {.author_domain = query->author_domain};
	int rc = gp_dmarc_discover(ctx, dmarc, query->author_domain, &run.found);
	if (rc)
		return rc;
	result_out->org_domain = run.found.org_domain;
	result_out->psl_org_domain = run.found.psl_org_domain;
	result_out->psl_differences = run.found.psl_org_domain != NULL;
	if (run.found.state == GP_DNS_FOUND) {
		result_out->domain = run.found.domain;
		result_out->record = run.found.record;
		rc = judge(&run);
		if (!rc)
			rc = choose_policy(&run);
		if (rc)
			return rc;
		gp_dmarc_apply(dmarc, query->sample, result_out);
	} else {
		conclude(&run,
			run.found.state == GP_DNS_TEMPFAIL ? GP_DMARC_TEMPERROR : GP_DMARC_NONE,
			run.found.problem ? run.found.problem
					  : "the author's domain has no policy record");
	}
	trace_result(&run);
	return GP_OK;
}
