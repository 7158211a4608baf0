/* SPDX-License-Identifier: ISC */
/*
 * SPF of the domain in MAIL FROM. The record is evaluated for each address, and for one of each
 * family that nobody sends mail from: that goes through every term, counts the lookups to their
 * end, and shows what becomes of strangers.
 */
#include <string.h>

#include "cli/check/check.h"
#include "cli/doctor/doctor_text.h"
#include "cli/format.h"

#define TERMS_MAX 10 /* RFC 7208 4.6.4 */
#define VOIDS_MAX 2
#define TERMS_COUNTED \
	60 /* so far a record that is over the limit is followed, to say by how much */

/* Benchmarks (RFC 2544, RFC 5180) and the discard prefix (RFC 6666): never a client's address. */
static const char *const strangers[] = {"198.18.0.1", "100::1"};

/* evaluate: the record, for a client, under limits. */
static int evaluate(struct gp_check *c, const struct gp_ipaddr *client, unsigned terms,
	unsigned voids, struct gp_spf_result *result_out)
{
	const struct gp_spf_options limits = {terms, 10, voids};
	const char *sender = gp_doctor_text(c->ctx->arena, "postmaster@%s", c->mail_domain);
	const struct gp_spf_query query = {.client = *client,
		.identity = GP_SPF_MAILFROM,
		.helo = gp_span_from(c->mail_domain),
		.mail_from = gp_span_from(sender),
		.receiver = c->config->hostname,
		.options = &limits};
	return gp_spf_check(c->ctx, &query, result_out);
}

/* new_record: what would name all addresses, for a domain that has no record. */
static const char *new_record(struct gp_check *c)
{
	char text[GP_IPADDR_TEXT];
	const char *record = "v=spf1 mx";
	for (size_t i = 0; i < c->ip_count; i++)
		record = gp_doctor_text(c->ctx->arena, "%s ip%d:%s", record, c->ips[i].family,
			gp_ipaddr_format(&c->ips[i], text));
	return gp_doctor_text(c->ctx->arena, "%s -all", record);
}

/* wider_record: the record, with one more address in front. */
static const char *wider_record(
	struct gp_check *c, struct gp_span record, const struct gp_ipaddr *client)
{
	char text[GP_IPADDR_TEXT];
	const struct gp_span rest = gp_span_skip(record, strlen("v=spf1"));
	return gp_doctor_text(c->ctx->arena, "v=spf1 ip%d:%s%s", client->family,
		gp_ipaddr_format(client, text), gp_cli_visible_span(c->ctx->arena, rest));
}

/* find_record: the text of the one record; empty: there is none, or there are several. */
static int find_record(struct gp_check *c, struct gp_span *record_out, size_t *count_out)
{
	struct gp_dns_answer answer;
	int rc = gp_check_ask(c, c->mail_domain, GP_DNS_TXT, &answer);
	*count_out = 0;
	*record_out = (struct gp_span) {"", 0};
	for (size_t i = 0; !rc && i < answer.count; i++)
		if (gp_spf_record_is(answer.records[i].text)) {
			++*count_out;
			*record_out = answer.records[i].text;
		}
	return rc;
}

/* say_none: a domain without a record. */
static void say_none(struct gp_check *c)
{
	gp_doctor_say(c->report, GP_DOCTOR_PROBLEM,
		"%s has no SPF record; " GP_CHECK_BOTH("5.7.27"), c->mail_domain);
	gp_doctor_mend(c->report, "%s. TXT \"%s\"", c->mail_domain, new_record(c));
}

/* judge_record: is there one that can be evaluated? */
static void judge_record(
	struct gp_check *c, struct gp_span record, size_t count, const struct gp_spf_result *result)
{
	gp_check_begin(c, "spf.record");
	if (count > 1) {
		gp_doctor_say(c->report, GP_DOCTOR_PROBLEM,
			"%s has %zu SPF records, an error for every client; " GP_CHECK_BOTH(
				"5.7.27"),
			c->mail_domain, count);
		gp_doctor_mend(c->report, "keep one TXT record that begins with v=spf1");
	} else if (result->verdict == GP_SPF_NONE) {
		say_none(c);
	} else if (result->verdict == GP_SPF_TEMPERROR) {
		gp_doctor_say(c->report, GP_DOCTOR_WARNING, "SPF of %s cannot be judged: %s",
			c->mail_domain, result->problem);
	} else if (result->verdict == GP_SPF_PERMERROR) {
		gp_doctor_say(c->report, GP_DOCTOR_PROBLEM,
			"%s: the record is broken: %s; " GP_CHECK_BOTH("5.7.27"), c->mail_domain,
			result->problem);
		gp_doctor_mend(c->report, "correct the record: %s",
			gp_cli_visible_span(c->ctx->arena, record));
	} else {
		gp_doctor_say(c->report, GP_DOCTOR_OK, "%s: %s", c->mail_domain,
			gp_cli_visible_span(c->ctx->arena, record));
	}
}

/* judge_lookups: how near the limits it is (RFC 7208 4.6.4). */
static void judge_lookups(struct gp_check *c, const struct gp_spf_result *result)
{
	unsigned terms = result->lookups, voids = result->void_lookups;
	enum gp_doctor_state state = terms > TERMS_MAX || voids > VOIDS_MAX     ? GP_DOCTOR_PROBLEM
				     : terms == TERMS_MAX || voids == VOIDS_MAX ? GP_DOCTOR_WARNING
										: GP_DOCTOR_OK;
	gp_check_begin(c, "spf.lookups");
	if (result->verdict == GP_SPF_NONE || result->verdict == GP_SPF_TEMPERROR)
		return; /* they were not counted to their end */
	gp_doctor_say(c->report, state, "%s%u of %d lookups, %u of %d without an answer%s",
		terms > TERMS_COUNTED ? "more than " : "",
		terms > TERMS_COUNTED ? TERMS_COUNTED : terms, TERMS_MAX, voids, VOIDS_MAX,
		state == GP_DOCTOR_PROBLEM ? ": over the limit, an error for every client that "
					     "comes so far; " GP_CHECK_BOTH("5.7.27")
		: state == GP_DOCTOR_WARNING
			? ": at the limit; one more, also in a record that is included, breaks it"
			: "");
	if (terms >= TERMS_MAX)
		gp_doctor_mend(c->report, "replace include, a and mx by ip4 and ip6, or take out "
					  "what sends no mail any more");
	if (voids >= VOIDS_MAX)
		gp_doctor_mend(c->report, "take out the terms whose names do not exist");
}

/* judge_strangers: what becomes of clients that the record does not name. */
static void judge_strangers(struct gp_check *c, const struct gp_spf_result *result)
{
	const char *how = result->mechanism ? result->mechanism : "the end of the record";
	gp_check_begin(c, "spf.others");
	switch (result->verdict) {
	case GP_SPF_FAIL:
	case GP_SPF_SOFTFAIL:
		gp_doctor_say(c->report, GP_DOCTOR_OK, "other clients get %s (%s)",
			gp_spf_verdict_name(result->verdict), how);
		return;
	case GP_SPF_PASS:
		gp_doctor_say(c->report, GP_DOCTOR_PROBLEM,
			"every client passes (%s): anybody can send in the name of %s", how,
			c->mail_domain);
		gp_doctor_mend(c->report, "end the record with -all, or ~all");
		return;
	case GP_SPF_NEUTRAL:
		gp_doctor_say(c->report, GP_DOCTOR_WARNING,
			"other clients get neutral (%s): the record says nothing about them", how);
		gp_doctor_mend(c->report, "end the record with -all, or ~all");
		return;
	case GP_SPF_NONE:
	case GP_SPF_TEMPERROR:
	case GP_SPF_PERMERROR:
		return; /* said above */
	}
}

/* judge_client: may this address send? */
static int judge_client(struct gp_check *c, size_t i, struct gp_span record)
{
	char text[GP_IPADDR_TEXT];
	const char *ip = gp_ipaddr_format(&c->ips[i], text);
	struct gp_spf_result *r = &c->spf[i];
	int rc = evaluate(c, &c->ips[i], TERMS_MAX, VOIDS_MAX, r);
	if (rc)
		return rc;
	gp_check_begin(c, "spf.client");
	if (r->verdict == GP_SPF_PASS) {
		gp_doctor_say(c->report, GP_DOCTOR_OK, "%s passes by %s of %s", ip, r->mechanism,
			r->record_domain);
	} else if (r->verdict == GP_SPF_TEMPERROR) {
		gp_doctor_say(c->report, GP_DOCTOR_WARNING, "%s: %s", ip, r->problem);
	} else {
		gp_doctor_say(c->report, GP_DOCTOR_PROBLEM,
			"%s gets %s, not pass; " GP_CHECK_BOTH("5.7.27"), ip,
			gp_spf_verdict_name(r->verdict));
		if (record.len && r->verdict != GP_SPF_PERMERROR)
			gp_doctor_mend(c->report, "%s. TXT \"%s\"", c->mail_domain,
				wider_record(c, record, &c->ips[i]));
	}
	return GP_OK;
}

/* gp_check_spf: strangers of both families; the worse one counts. */
int gp_check_spf(struct gp_check *check)
{
	struct gp_spf_result results[2];
	struct gp_span record;
	size_t count;
	int rc = find_record(check, &record, &count);
	for (size_t i = 0; !rc && i < 2; i++) {
		struct gp_ipaddr stranger;
		rc = gp_ipaddr_parse(gp_span_from(strangers[i]), &stranger);
		if (!rc)
			rc = evaluate(check, &stranger, TERMS_COUNTED, TERMS_COUNTED, &results[i]);
	}
	if (rc)
		return rc;
	struct gp_spf_result *worse = &results[results[1].lookups + results[1].void_lookups >
					       results[0].lookups + results[0].void_lookups];
	judge_record(check, record, count, worse);
	judge_lookups(check, worse);
	judge_strangers(check, results[1].verdict == GP_SPF_PASS ? &results[1] : &results[0]);
	for (size_t i = 0; !rc && i < check->ip_count; i++)
		rc = judge_client(check, i, count == 1 ? record : (struct gp_span) {"", 0});
	return rc;
}
