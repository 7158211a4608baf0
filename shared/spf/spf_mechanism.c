/* SPDX-License-Identifier: ISC */
/*
 * Each mechanism is a row: what it asks and when it matches (RFC 7208 5). What the answers of DNS
 * mean is said here: trouble is temperror, nothing is a void look-up, counted once per term
 * (4.6.4). Names under one mx or ptr are asked for together.
 */
#include "spf/spf_private.h"

#define TOGETHER 10 /* addresses asked for in one query; the standard's limit of names */

/* prefix_length: the one for the client's family. */
static unsigned prefix_length(const struct gp_spf_run *run, const struct gp_spf_term *term)
{
	return run->client.family == GP_IP_V4 ? term->v4_length : term->v6_length;
}

/* address_type: A or AAAA, by the client's family (5). */
static enum gp_dns_type address_type(const struct gp_spf_run *run)
{
	return run->client.family == GP_IP_V4 ? GP_DNS_A : GP_DNS_AAAA;
}

/* has_client: is an address of the answer the client's, as far as length goes? */
static bool has_client(
	const struct gp_spf_run *run, const struct gp_dns_answer *answer, unsigned length)
{
	for (size_t i = 0; i < answer->count; i++)
		if (gp_ipaddr_match(&answer->records[i].addr, &run->client, length))
			return true;
	return false;
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
	gp_spf_fault(run, GP_SPF_TEMPERROR, question->name, "the %s look-up failed: %s",
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

/* include_match: the table of 5.2. */
static enum gp_spf_match include_match(
	struct gp_spf_run *run, const char *name, enum gp_spf_verdict verdict)
{
	switch (verdict) {
	case GP_SPF_PASS:
		return GP_SPF_MATCH;
	case GP_SPF_FAIL:
	case GP_SPF_SOFTFAIL:
	case GP_SPF_NEUTRAL:
		return GP_SPF_NO_MATCH;
	case GP_SPF_NONE:
		gp_spf_fault(run, GP_SPF_PERMERROR, name, "the included domain has no SPF record");
		return GP_SPF_EXCEPTION;
	case GP_SPF_TEMPERROR:
	case GP_SPF_PERMERROR:
		return GP_SPF_EXCEPTION;
	}
	return GP_SPF_EXCEPTION;
}

/* eval_include: check_host() for the other domain; ours is put back afterwards (5.2). */
static int eval_include(
	struct gp_spf_run *run, const struct gp_spf_term *term, enum gp_spf_match *match_out)
{
	const char *name;
	enum gp_spf_verdict verdict;
	int rc = gp_spf_target(run, term, &name, match_out);
	if (rc || *match_out == GP_SPF_EXCEPTION)
		return rc;
	if (!name) { /* 5.2 with 4.3: a malformed domain gives none, and that gives permerror */
		gp_spf_fault(run, GP_SPF_PERMERROR, NULL, "the included domain cannot be a name");
		*match_out = GP_SPF_EXCEPTION;
		return GP_OK;
	}
	const char *domain = run->domain;
	run->depth++;
	rc = gp_spf_check_host(run, name, &verdict);
	run->depth--;
	run->domain = domain;
	run->term = term;
	if (!rc)
		*match_out = include_match(run, name, verdict);
	return rc;
}

/* eval_a: the addresses of the name (5.3). */
static int eval_a(
	struct gp_spf_run *run, const struct gp_spf_term *term, enum gp_spf_match *match_out)
{
	struct gp_dns_answer answer;
	int rc = ask_target(run, term, address_type(run), &answer, match_out);
	if (!rc && *match_out == GP_SPF_MATCH &&
		!has_client(run, &answer, prefix_length(run, term)))
		*match_out = GP_SPF_NO_MATCH;
	return rc;
}

/*
 * A match anywhere counts, whatever became of the other questions, which were asked at the same
 * time. A host without addresses is no void lookup: 4.6.4 counts terms, and an IPv6 client would
 * else make a permerror of three hosts that have IPv4 only (pyspf issue 44).
 */
/* judge_hosts: the addresses of some MX hosts. */
static enum gp_spf_match judge_hosts(struct gp_spf_run *run, const struct gp_spf_term *term,
	const struct gp_dns_question *questions, const struct gp_dns_answer *answers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (has_client(run, &answers[i], prefix_length(run, term)))
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
		gp_spf_fault(run, GP_SPF_PERMERROR, NULL, "it names %zu hosts, at most %u may be",
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
					mx.records[done].name, address_type(run)};
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

/* keep_names: those of the PTR names whose addresses hold the client (5.5). */
static int keep_names(struct gp_spf_run *run, const struct gp_dns_answer *ptr, size_t count)
{
	run->names = gp_arena_array(run->ctx->arena, count, sizeof *run->names);
	if (!run->names)
		return gp_arena_status(run->ctx->arena);
	for (size_t done = 0; done < count;) {
		struct gp_dns_question questions[TOGETHER];
		struct gp_dns_answer answers[TOGETHER];
		size_t n = 0;
		for (; done < count && n < TOGETHER; done++)
			questions[n++] = (struct gp_dns_question) {
				ptr->records[done].name, address_type(run)};
		if (!gp_spf_may_ask_hosts(run))
			return GP_OK;
		int rc = gp_spf_ask(run, questions, n, answers);
		if (rc)
			return rc;
		/* 5.5: a name whose look-up fails is skipped */
		for (size_t i = 0; i < n; i++)
			if (has_client(run, &answers[i], gp_ipaddr_bits(&run->client)))
				run->names[run->name_count++] = questions[i].name;
		if (!gp_spf_count_missing(run, questions, answers, n))
			return GP_OK;
	}
	return GP_OK;
}

/* ask_names: the PTR records of the client, and the addresses of the names in them. */
static int ask_names(struct gp_spf_run *run)
{
	char reverse[GP_DNS_NAME_TEXT];
	gp_dns_name_reverse(&run->client, reverse);
	const struct gp_dns_question question = {reverse, GP_DNS_PTR};
	struct gp_dns_answer ptr;
	int rc = gp_spf_ask(run, &question, 1, &ptr);
	if (rc)
		return rc;
	run->names_known = true;
	run->names_void = ptr.state == GP_DNS_NODATA || ptr.state == GP_DNS_NXDOMAIN;
	if (ptr.state != GP_DNS_FOUND)
		return GP_OK; /* 5.5: trouble with the PTR look-up is no match */
	/* 4.6.4: what comes after the tenth is ignored */
	size_t max = run->options->max_names;
	return keep_names(run, &ptr, ptr.count < max ? ptr.count : max);
}

/*
 * know_names: the client's validated names, asked for once in a check. The zones asked belong to
 * the client, who could let the time run out and make a fail a temperror: a quarter of it is
 * theirs.
 */
static int know_names(struct gp_spf_run *run)
{
	if (run->names_known)
		return GP_OK;
	int64_t deadline_us = run->ctx->deadline_us;
	int64_t now_us = gp_clock_now_us(run->ctx->clock);
	if (deadline_us > now_us)
		run->ctx->deadline_us = now_us + (deadline_us - now_us) / 4;
	int rc = ask_names(run);
	run->ctx->deadline_us = deadline_us;
	return rc;
}

/* eval_ptr: is a validated name of the client the target or below it (5.5)? */
static int eval_ptr(
	struct gp_spf_run *run, const struct gp_spf_term *term, enum gp_spf_match *match_out)
{
	const char *name;
	int rc = gp_spf_target(run, term, &name, match_out);
	if (rc || !name)
		return rc;
	rc = know_names(run);
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
	[GP_SPF_INCLUDE] = {eval_include, true},
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
	if (mechanisms[term->kind].asks && !gp_spf_count_lookup(run))
		return GP_OK;
	return mechanisms[term->kind].eval(run, term, match_out);
}

/* best_name: <domain> itself, else a name below it, else any (7.3). */
static const char *best_name(const struct gp_spf_run *run)
{
	const struct gp_span domain = gp_span_from(run->domain);
	for (size_t i = 0; i < run->name_count; i++)
		if (gp_dns_name_equal(gp_span_from(run->names[i]), domain))
			return run->names[i];
	for (size_t i = 0; i < run->name_count; i++)
		if (gp_dns_name_is_within(gp_span_from(run->names[i]), domain))
			return run->names[i];
	return run->name_count ? run->names[0] : "unknown";
}

/* gp_spf_client_name: its PTR look-up counts as a term of its own, once (4.6.4). */
int gp_spf_client_name(struct gp_spf_run *run, const char **name_out)
{
	*name_out = "unknown";
	if (!run->names_known && !run->explaining && !gp_spf_count_lookup(run))
		return GP_OK;
	int rc = know_names(run);
	if (!rc)
		*name_out = best_name(run);
	return rc;
}
