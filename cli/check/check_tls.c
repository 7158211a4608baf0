/* SPDX-License-Identifier: ISC */
/*
 * What the domain publishes about TLS for its mail: DANE records of the MX hosts, MTA-STS, TLSRPT.
 * None of them is a must: what is missing is a note. No certificate is looked at, and the policy of
 * MTA-STS, which lies on a web server, is not fetched.
 */
#include "base/clock.h"
#include "cli/check/check.h"
#include "cli/doctor/doctor_text.h"
#include "cli/format.h"
#include "tls_policy/tls_policy.h"

#define DAY_S 86400
#define ENDS_SOON_S (2 * DAY_S) /* a zone is signed again well before that */

/* ---- DANE ---- */

/* count_usable: records that senders use; says of the others why they do not. */
static size_t count_usable(struct gp_check *c, const char *name, const struct gp_dns_answer *answer)
{
	size_t usable = 0;
	for (size_t i = 0; i < answer->count; i++) {
		struct gp_tls_policy_tlsa tlsa;
		gp_tls_policy_tlsa_parse(answer->records[i].text, &tlsa);
		usable += !tlsa.problem;
		if (tlsa.problem)
			gp_doctor_say(c->report, GP_DOCTOR_WARNING, "%s: %u %u %u is not used: %s",
				name, tlsa.usage, tlsa.selector, tlsa.matching, tlsa.problem);
	}
	return usable;
}

/* say_end: when the signatures over the records end. */
static void say_end(
	struct gp_check *c, const char *name, const struct gp_dns_answer *answer, size_t usable)
{
	char when[GP_CLOCK_TEXT];
	int64_t left_s = answer->signed_until_s - c->ctx->clock->wall_s(c->ctx->clock);
	if (!answer->signed_until_s || !*gp_clock_format(answer->signed_until_s, when)) {
		gp_doctor_say(c->report, GP_DOCTOR_OK,
			"%s: %zu usable, authenticated (the certificate was not compared)", name,
			usable);
		return;
	}
	bool is_soon = left_s < ENDS_SOON_S;
	gp_doctor_say(c->report, is_soon ? GP_DOCTOR_WARNING : GP_DOCTOR_OK,
		"%s: %zu usable, authenticated, signed until %s%s (the certificate was not "
		"compared)",
		name, usable, when, is_soon ? ": that is soon" : "");
	if (is_soon)
		gp_doctor_mend(c->report,
			"sign the zone of %s again, and look why that was not "
			"done by itself",
			name);
}

/* mend_record: what to publish. */
static void mend_record(struct gp_check *c, const char *name)
{
	gp_doctor_mend(c->report,
		"%s. TLSA 3 1 1 (SHA-256 of the server's public key, in hexadecimal)", name);
}

/* judge_tlsa: of one MX host. */
static int judge_tlsa(struct gp_check *c, const char *host)
{
	struct gp_dns_answer answer;
	const char *name = gp_doctor_text(c->ctx->arena, "_25._tcp.%s", host);
	int rc = gp_check_ask(c, name, GP_DNS_TLSA, &answer);
	if (rc || gp_check_is_silent(c, name, &answer))
		return rc;
	if (!answer.count) {
		gp_doctor_say(c->report, GP_DOCTOR_NOTE, "%s: no TLSA record", name);
		return GP_OK;
	}
	size_t usable = count_usable(c, name, &answer);
	if (!usable) {
		mend_record(c, name);
	} else if (!c->is_validated) {
		gp_doctor_say(c->report, GP_DOCTOR_SKIPPED,
			"%s: %zu usable; whether they are authenticated is not known: the "
			"resolver does not validate DNSSEC",
			name, usable);
	} else if (!answer.secure) {
		gp_doctor_say(c->report, GP_DOCTOR_WARNING,
			"%s: %zu usable, but DNSSEC does not protect them: senders ignore them",
			name, usable);
		gp_doctor_mend(c->report, "sign the zone of %s with DNSSEC", host);
	} else {
		say_end(c, name, &answer, usable);
	}
	return GP_OK;
}

/* judge_dane: of each MX host. */
static int judge_dane(struct gp_check *c)
{
	int rc = GP_OK;
	gp_check_begin(c, "tls.dane");
	for (size_t i = 0; !rc && i < c->mx_count; i++)
		rc = judge_tlsa(c, c->mx[i].name);
	if (!rc && c->is_validated && c->mx_count && !c->mx_secure)
		gp_doctor_say(c->report, GP_DOCTOR_NOTE,
			"the MX records of %s are not protected by DNSSEC, without which senders "
			"do not ask for TLSA records",
			c->domain);
	return rc;
}

/* ---- a TXT record of which there may be one ---- */

struct txt {
	const char *prefix; /* of its name */
	int (*parse)(
		struct gp_arena *arena, struct gp_span text, struct gp_tls_policy_txt *txt_out);
	const char *none;                                     /* what is said when there is none */
	int (*say)(struct gp_check *c, struct gp_span value); /* of one that is as it should be */
	void (*mend)(struct gp_check *c);
};

/* find_txt: how many of the texts are such a record, and one of them. */
static int find_txt(struct gp_check *c, const struct txt *txt, const struct gp_dns_answer *answer,
	size_t *count_out, struct gp_tls_policy_txt *found_out)
{
	struct gp_tls_policy_txt one;
	*count_out = 0;
	for (size_t i = 0; i < answer->count; i++) {
		int rc = txt->parse(c->ctx->arena, answer->records[i].text, &one);
		if (rc && rc != GP_ESYNTAX)
			return rc;
		if (rc)
			continue; /* some other text */
		*found_out = one;
		++*count_out;
	}
	return GP_OK;
}

/* judge_txt: none, one that is right, or what is wrong. */
static int judge_txt(struct gp_check *c, const struct txt *txt)
{
	const char *name = gp_doctor_text(c->ctx->arena, "%s.%s", txt->prefix, c->domain);
	struct gp_tls_policy_txt found = {.problem = NULL};
	struct gp_dns_answer answer;
	size_t count;
	int rc = gp_check_ask(c, name, GP_DNS_TXT, &answer);
	if (rc || gp_check_is_silent(c, name, &answer))
		return rc;
	rc = find_txt(c, txt, &answer, &count, &found);
	if (rc)
		return rc;
	if (count == 1 && !found.problem)
		return txt->say(c, found.value);
	gp_doctor_say(c->report, count ? GP_DOCTOR_PROBLEM : GP_DOCTOR_NOTE, "%s: %s", name,
		count > 1 ? "several records, which count as none"
		: count   ? found.problem
			  : txt->none);
	txt->mend(c);
	return GP_OK;
}

/* ---- MTA-STS ---- */

/* mend_sts: all that is to be published. */
static void mend_sts(struct gp_check *c)
{
	gp_doctor_mend(c->report, "_mta-sts.%s. TXT \"v=STSv1; id=%lld\"", c->domain,
		(long long)c->ctx->clock->wall_s(c->ctx->clock));
	gp_doctor_mend(c->report,
		"https://mta-sts.%s/.well-known/mta-sts.txt has these lines:", c->domain);
	gp_doctor_mend(c->report, "  version: STSv1");
	gp_doctor_mend(c->report, "  mode: testing");
	for (size_t i = 0; i < c->mx_count; i++)
		gp_doctor_mend(c->report, "  mx: %s", c->mx[i].name);
	gp_doctor_mend(c->report, "  max_age: 604800");
}

/* judge_policy_host: does the web server of the policy have an address? */
static int judge_policy_host(struct gp_check *c, struct gp_span id)
{
	const char *host = gp_doctor_text(c->ctx->arena, "mta-sts.%s", c->domain);
	const struct gp_dns_question questions[] = {{host, GP_DNS_A}, {host, GP_DNS_AAAA}};
	struct gp_dns_answer answers[2];
	int rc = gp_dns_query(c->ctx, questions, 2, answers);
	if (rc)
		return rc;
	if (answers[0].state == GP_DNS_FOUND || answers[1].state == GP_DNS_FOUND) {
		gp_doctor_say(c->report, GP_DOCTOR_OK,
			"announced with id=%s, and %s has an address; the policy itself was not "
			"fetched: https://%s/.well-known/mta-sts.txt",
			gp_cli_visible_span(c->ctx->arena, id), host, host);
		return GP_OK;
	}
	if (gp_check_is_silent(c, host, &answers[0]))
		return GP_OK;
	gp_doctor_say(c->report, GP_DOCTOR_PROBLEM,
		"announced, but %s has no address: nobody can fetch the policy", host);
	gp_doctor_mend(
		c->report, "%s. A ..., with a web server that has a certificate for it", host);
	return GP_OK;
}

/* judge_sts: the record that announces a policy. */
static int judge_sts(struct gp_check *c)
{
	const struct txt txt = {.prefix = "_mta-sts",
		.parse = gp_tls_policy_sts_parse,
		.none = "no MTA-STS policy is announced",
		.say = judge_policy_host,
		.mend = mend_sts};
	gp_check_begin(c, "tls.mta-sts");
	return judge_txt(c, &txt);
}

/* ---- TLSRPT ---- */

/* say_reports: where they go. */
static int say_reports(struct gp_check *c, struct gp_span rua)
{
	gp_doctor_say(c->report, GP_DOCTOR_OK, "TLSRPT: reports go to %s",
		gp_cli_visible_span(c->ctx->arena, rua));
	return GP_OK;
}

/* mend_reports: what is to be published. */
static void mend_reports(struct gp_check *c)
{
	gp_doctor_mend(c->report, "_smtp._tls.%s. TXT \"v=TLSRPTv1; rua=mailto:postmaster@%s\"",
		c->domain, c->domain);
}

/* judge_reports: where reports about TLS go. */
static int judge_reports(struct gp_check *c)
{
	const struct txt txt = {.prefix = "_smtp._tls",
		.parse = gp_tls_policy_reports_parse,
		.none = "no reports about TLS are asked for (TLSRPT)",
		.say = say_reports,
		.mend = mend_reports};
	gp_check_begin(c, "tls.reports");
	return judge_txt(c, &txt);
}

/* gp_check_tls: one after the other. */
int gp_check_tls(struct gp_check *check)
{
	int rc = judge_dane(check);
	if (!rc)
		rc = judge_sts(check);
	if (!rc)
		rc = judge_reports(check);
	return rc;
}
