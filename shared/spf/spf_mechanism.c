/* SPDX-License-Identifier: ISC */
/*
 * Each mechanism is a row: what it asks and when it matches (RFC 7208 5). What the answers of DNS
 * mean is said here: trouble is temperror, nothing is a void lookup, counted once per term (4.6.4).
 * Names under one mx are asked for together. include is spf_eval.c's: it is check_host() once more.
 */
#include "spf/spf_private.h"

#define TOGETHER 10 /* addresses asked for in one query; the standard's limit of names */

/* prefix_length: the one for the client's family. */
static unsigned prefix_length(const struct gp_spf_run *run, const struct gp_spf_term *term)
{
	return run->client.family == GP_IP_V4 ? term->v4_length : term->v6_length;
}

/* is_trouble: no answer that says anything about the domain (5). */
static bool is_trouble(const struct gp_dns_answer *answer)
{
	return gp_dns_state_is_failure(answer->state);
}

/* fault_trouble: temperror for such an answer. */
static void fault_trouble(struct gp_spf_run *run, const struct gp_dns_question *question,
	const struct gp_dns_answer *answer)
{
	gp_spf_fault(run, GP_SPF_TEMPERROR, question->name, "the %s lookup failed: %s",
		gp_dns_type_name(question->type),
		answer->problem ? answer->problem : gp_dns_state_text(answer->state));
}

/* *match_out is GP_SPF_MATCH when records were found, so that the caller looks at them. */
/* ask_target: expands the term's name and asks for one type. */
static int ask_target(struct gp_spf_run *run, const struct gp_spf_term *term, enum gp_dns_type type,
	struct gp_dns_answer *answer_out, enum gp_spf_match *match_out)
{
	struct gp_dns_question question = {.type = type};
	int rc = gp_spf_target(run, term, &question.name, match_out);
	if (rc || !question.name)
		return rc;
	rc = gp_spf_ask(run, &question, 1, answer_out);
	if (rc)
		return rc;
	if (answer_out->state == GP_DNS_FOUND) {
		*match_out = GP_SPF_MATCH;
	} else if (is_trouble(answer_out)) {
		fault_trouble(run, &question, answer_out);
		*match_out = GP_SPF_EXCEPTION;
	} else if (!gp_spf_count_void(run, question.name)) {
		*match_out = GP_SPF_EXCEPTION;
	}
	return GP_OK;
}

/* eval_all: always (5.1). */
static int eval_all(
	struct gp_spf_run *run, const struct gp_spf_term *term, enum gp_spf_match *match_out)
{
	(void)run;
	(void)term;
	*match_out = GP_SPF_MATCH;
	return GP_OK;
}

/* eval_a: the addresses of the name (5.3). */
static int eval_a(
	struct gp_spf_run *run, const struct gp_spf_term *term, enum gp_spf_match *match_out)
{
	struct gp_dns_answer answer;
	int rc = ask_target(run, term, gp_spf_address_type(run), &answer, match_out);
	if (!rc && *match_out == GP_SPF_MATCH &&
		!gp_spf_has_client(run, &answer, prefix_length(run, term)))
		*match_out = GP_SPF_NO_MATCH;
	return rc;
}

/*
 * A match anywhere counts, whatever became of the other queries, which were sent at the same time.
 * A host without addresses is no void lookup: 4.6.4 counts terms, and an IPv6 client would else
 * make a permerror of three hosts that have IPv4 only (pyspf issue 44).
 */
/* judge_hosts: the addresses of some MX hosts. */
static enum gp_spf_match judge_hosts(struct gp_spf_run *run, const struct gp_spf_term *term,
	const struct gp_dns_question *questions, const struct gp_dns_answer *answers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (gp_spf_has_client(run, &answers[i], prefix_length(run, term)))
			return GP_SPF_MATCH;
	for (size_t i = 0; i < count; i++) {
		if (is_trouble(&answers[i])) {
			fault_trouble(run, &questions[i], &answers[i]);
			return GP_SPF_EXCEPTION;
		}
	}
	return GP_SPF_NO_MATCH;
}

/* eval_mx: the addresses of the hosts that receive for the name (5.4). */
static int eval_mx(
	struct gp_spf_run *run, const struct gp_spf_term *term, enum gp_spf_match *match_out)
{
	struct gp_dns_answer mx;
	int rc = ask_target(run, term, GP_DNS_MX, &mx, match_out);
	if (rc || *match_out != GP_SPF_MATCH)
		return rc;
	*match_out = GP_SPF_NO_MATCH;
	if (mx.count > run->options->max_names) { /* 4.6.4 */
		gp_spf_fault(run, GP_SPF_PERMERROR, NULL,
			"it names %zu hosts; at most %u are "
			"allowed",
			mx.count, run->options->max_names);
		*match_out = GP_SPF_EXCEPTION;
	}
	for (size_t done = 0; done < mx.count && *match_out == GP_SPF_NO_MATCH;) {
		struct gp_dns_question questions[TOGETHER];
		struct gp_dns_answer answers[TOGETHER];
		size_t n = 0;
		for (; done < mx.count && n < TOGETHER; done++)
			if (mx.records[done].name[0]) /* the null MX is no host (RFC 7505 3) */
				questions[n++] = (struct gp_dns_question) {
					mx.records[done].name, gp_spf_address_type(run)};
		if (n == 0 || !gp_spf_may_ask_hosts(run))
			break;
		rc = gp_spf_ask(run, questions, n, answers);
		if (rc)
			return rc;
		*match_out = judge_hosts(run, term, questions, answers, n);
		if (*match_out == GP_SPF_NO_MATCH &&
			!gp_spf_count_missing(run, questions, answers, n))
			*match_out = GP_SPF_EXCEPTION;
	}
	return GP_OK;
}

/* eval_ptr: is a validated name of the client the target or below it (5.5)? */
static int eval_ptr(
	struct gp_spf_run *run, const struct gp_spf_term *term, enum gp_spf_match *match_out)
{
	const char *name;
	int rc = gp_spf_target(run, term, &name, match_out);
	if (rc || !name)
		return rc;
	rc = gp_spf_know_names(run);
	if (rc)
		return rc;
	if (run->faulted) {
		*match_out = GP_SPF_EXCEPTION;
		return GP_OK;
	}
	if (run->names_void) {
		char reverse[GP_DNS_NAME_TEXT];
		gp_dns_name_reverse(&run->client, reverse);
		if (!gp_spf_count_void(run, reverse))
			*match_out = GP_SPF_EXCEPTION;
	}
	for (size_t i = 0; i < run->name_count; i++)
		if (gp_dns_name_is_within(gp_span_from(run->names[i]), gp_span_from(name)))
			*match_out = GP_SPF_MATCH;
	return GP_OK;
}

/* eval_ip: ip4 and ip6; the other family never matches (5.6). */
static int eval_ip(
	struct gp_spf_run *run, const struct gp_spf_term *term, enum gp_spf_match *match_out)
{
	bool same = gp_ipaddr_match(&term->addr, &run->client, prefix_length(run, term));
	*match_out = same ? GP_SPF_MATCH : GP_SPF_NO_MATCH;
	return GP_OK;
}

/* eval_exists: any A record, for clients of either family (5.7). */
static int eval_exists(
	struct gp_spf_run *run, const struct gp_spf_term *term, enum gp_spf_match *match_out)
{
	struct gp_dns_answer answer;
	return ask_target(run, term, GP_DNS_A, &answer, match_out);
}

/* In the order of RFC 7208 5; asks: counts as a term that asks DNS (4.6.4). */
static const struct {
	int (*eval)(struct gp_spf_run *run, const struct gp_spf_term *term,
		enum gp_spf_match *match_out);
	bool asks;
} mechanisms[GP_SPF_MECHANISMS] = {
	[GP_SPF_ALL] = {eval_all, false},
	[GP_SPF_A] = {eval_a, true},
	[GP_SPF_MX] = {eval_mx, true},
	[GP_SPF_PTR] = {eval_ptr, true},
	[GP_SPF_IP4] = {eval_ip, false},
	[GP_SPF_IP6] = {eval_ip, false},
	[GP_SPF_EXISTS] = {eval_exists, true},
};

/* gp_spf_mechanism_eval: counts the term, then its row. */
int gp_spf_mechanism_eval(
	struct gp_spf_run *run, const struct gp_spf_term *term, enum gp_spf_match *match_out)
{
	*match_out = GP_SPF_EXCEPTION;
	if (!mechanisms[term->kind].eval)
		return GP_EINVAL;
	if (mechanisms[term->kind].asks && !gp_spf_count_lookup(run))
		return GP_OK;
	return mechanisms[term->kind].eval(run, term, match_out);
}
