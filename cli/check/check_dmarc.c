/* SPDX-License-Identifier: ISC */
/*
 * DMARC: which record speaks for the domain, whether its reports arrive, and whether what passes
 * SPF or DKIM is of the same organisation. The verdict is made where mail is judged
 * (dmarc/dmarc.h), of a mail that is sent as it should be: MAIL FROM passes, and so does a
 * signature of the domain.
 */
#include <string.h>

#include "cli/check/check.h"
#include "cli/doctor/doctor_text.h"
#include "cli/format.h"
#include "dmarc/dmarc.h"
#include "mail/address.h"

#define REPORTS_MAX 4 /* addresses whose domain is asked */

/* say_none: no record speaks for the domain. */
static void say_none(struct gp_check *c, const struct gp_dmarc_found *found)
{
	gp_doctor_say(c->report, GP_DOCTOR_PROBLEM,
		"no DMARC record speaks for %s%s%s; Gmail refuses mail of large senders with 550 "
		"5.7.40, Microsoft with 550 5.7.515",
		c->domain, found->problem ? ": " : "", found->problem ? found->problem : "");
	gp_doctor_mend(c->report, "_dmarc.%s. TXT \"v=DMARC1; p=none; rua=mailto:postmaster@%s\"",
		c->domain, c->domain);
}

/* say_record: what stands there. */
static void say_record(struct gp_check *c, const struct gp_dmarc_result *r)
{
	const struct gp_dmarc_record *record = &r->record;
	if (record->bad_policy) {
		gp_doctor_say(c->report, GP_DOCTOR_PROBLEM,
			"_dmarc.%s: p, sp or np is missing or not valid, so that all count as none",
			r->domain);
		gp_doctor_mend(c->report, "write p=none, p=quarantine or p=reject into the record");
		return;
	}
	gp_doctor_say(c->report, GP_DOCTOR_OK, "%s=%s of _dmarc.%s", r->policy_tag,
		gp_dmarc_policy_name(r->published), r->domain);
	if (r->published == GP_DMARC_POLICY_NONE)
		gp_doctor_say(c->report, GP_DOCTOR_NOTE,
			"%s=none: forged mail is reported, not refused; quarantine or reject once "
			"the reports show that all of your own mail passes",
			r->policy_tag);
	else if (record->testing)
		gp_doctor_say(c->report, GP_DOCTOR_NOTE,
			"t=y: a test, one level less than %s is applied",
			gp_dmarc_policy_name(r->published));
}

/* ---- reports ---- */

/* domain_of: that of "mailto:a@b!10m"; NULL: another kind of address. */
static const char *domain_of(struct gp_arena *arena, struct gp_span uri)
{
	struct gp_span local, domain, size;
	const char *name;
	(void)gp_span_cut(gp_span_trim(uri), '!', &uri, &size); /* no size: all of it */
	if (!gp_span_has_prefix(uri, "mailto:") ||
		!gp_address_split(gp_span_skip(uri, strlen("mailto:")), &local, &domain))
		return NULL;
	return gp_address_domain(arena, domain, &name) == GP_OK && *name ? name : NULL;
}

/* judge_address: may reports about us be sent to this domain (RFC 9990 4)? */
static int judge_address(
	struct gp_check *c, const struct gp_dmarc_result *r, const char *destination)
{
	struct gp_dns_answer answer;
	if (gp_dns_name_is_within(gp_span_from(destination),
		    gp_span_from(r->org_domain ? r->org_domain : c->domain)))
		return GP_OK;
	const char *name =
		gp_doctor_text(c->ctx->arena, "%s._report._dmarc.%s", r->domain, destination);
	int rc = gp_check_ask(c, name, GP_DNS_TXT, &answer);
	if (rc || gp_check_is_silent(c, name, &answer))
		return rc;
	for (size_t i = 0; i < answer.count; i++)
		if (gp_span_has_prefix(answer.records[i].text, "v=DMARC1"))
			return GP_OK;
	gp_doctor_say(c->report, GP_DOCTOR_WARNING,
		"reports to %s are not sent: that domain does not say that it takes those about %s",
		destination, r->domain);
	gp_doctor_mend(c->report, "%s. TXT \"v=DMARC1\"", name);
	return GP_OK;
}

/* judge_reports: rua. */
static int judge_reports(struct gp_check *c, const struct gp_dmarc_result *r)
{
	struct gp_span rest = r->record.rua, one;
	int rc = GP_OK;
	gp_check_begin(c, "dmarc.reports");
	if (!r->record.has_rua) {
		gp_doctor_say(c->report, GP_DOCTOR_NOTE,
			"no aggregate reports: they show who sends in your name");
		gp_doctor_mend(c->report, "add to the record: rua=mailto:postmaster@%s", c->domain);
		return GP_OK;
	}
	for (size_t i = 0; rest.len && i < REPORTS_MAX && !rc; i++) {
		(void)gp_span_cut(rest, ',', &one, &rest); /* no comma: the last one */
		const char *destination = domain_of(c->ctx->arena, one);
		if (destination)
			rc = judge_address(c, r, destination);
	}
	if (!rc && gp_doctor_is_well(c->report))
		gp_doctor_say(c->report, GP_DOCTOR_OK, "aggregate reports go to %s",
			gp_cli_visible_span(c->ctx->arena, r->record.rua));
	return rc;
}

/* ---- alignment ---- */

/* say_spf: is MAIL FROM of the same organisation? */
static void say_spf(struct gp_check *c, const struct gp_dmarc_result *r)
{
	const char *mode = r->record.aspf_strict ? "strict" : "relaxed";
	if (r->spf_aligned) {
		gp_doctor_say(c->report, GP_DOCTOR_OK,
			"MAIL FROM in %s is aligned with From in %s (%s)", c->mail_domain,
			c->domain, mode);
		return;
	}
	gp_doctor_say(c->report, r->dkim_aligned ? GP_DOCTOR_NOTE : GP_DOCTOR_PROBLEM,
		"MAIL FROM in %s is not aligned with From in %s (%s): SPF does not count for "
		"DMARC%s",
		c->mail_domain, c->domain, mode,
		r->dkim_aligned ? ", a signature of the domain does"
				: "; " GP_CHECK_BOTH("5.7.32"));
	if (!r->dkim_aligned)
		gp_doctor_mend(c->report, "send with a MAIL FROM in %s, or sign with d=%s",
			c->domain, c->domain);
}

/* say_dkim: is there a signature of the organisation? */
static void say_dkim(struct gp_check *c)
{
	if (c->good_keys)
		gp_doctor_say(c->report, GP_DOCTOR_OK,
			"signatures with d=%s are aligned with From in %s", c->domain, c->domain);
	else if (c->selector_count)
		gp_doctor_say(c->report, GP_DOCTOR_WARNING,
			"no signature of %s can pass: mail that is forwarded fails DMARC",
			c->domain);
}

/* judge: a mail as it should be. */
static int judge(struct gp_check *c, struct gp_dmarc *dmarc, struct gp_dmarc_result *result_out)
{
	const struct gp_spf_result spf = {
		.verdict = GP_SPF_PASS, .identity = GP_SPF_MAILFROM, .domain = c->mail_domain};
	const struct gp_dkim_result signature = {
		.verdict = GP_DKIM_PASS, .domain = c->domain, .selector = "", .algorithm = ""};
	const struct gp_dkim_results dkim = {&signature, c->good_keys ? 1 : 0, 0};
	const struct gp_dmarc_query query = {
		.author_domain = c->domain, .spf = &spf, .dkim = &dkim};
	return gp_dmarc_eval(c->ctx, dmarc, &query, result_out);
}

/* gp_check_dmarc: the record, then what it means for our mail. */
int gp_check_dmarc(struct gp_check *check)
{
	struct gp_dmarc_result result;
	struct gp_dmarc_found found;
	struct gp_dmarc *dmarc;
	gp_check_begin(check, "dmarc.record");
	int rc = gp_dmarc_new(check->ctx, &check->config->dmarc.check, &dmarc);
	if (!rc)
		rc = gp_dmarc_discover(check->ctx, dmarc, check->domain, &found);
	if (!rc)
		rc = judge(check, dmarc, &result);
	if (rc)
		return rc;
	if (found.state == GP_DNS_TEMPFAIL) {
		gp_doctor_say(
			check->report, GP_DOCTOR_WARNING, "%s: %s", check->domain, found.problem);
		return GP_OK;
	}
	if (found.state != GP_DNS_FOUND) {
		say_none(check, &found);
		return GP_OK;
	}
	say_record(check, &result);
	rc = judge_reports(check, &result);
	gp_check_begin(check, "dmarc.alignment");
	say_spf(check, &result);
	say_dkim(check);
	return rc;
}
