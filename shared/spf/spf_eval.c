/* SPDX-License-Identifier: ISC */
/*
 * check_host() (RFC 7208 4): one loop over the records that redirect leads to, inside it one over
 * the terms of a record; include is the one mechanism that comes back here. A fault ends everything
 * at once.
 */
#include <string.h>

#include "mail/address.h"
#include "spf/spf_private.h"

#define EXPLANATION_MAX 1000 /* longer ones are dropped (6.2); replies are short */

static const struct gp_spf_options standard_options = {
	.max_terms = 10, .max_names = 10, .max_voids = 2}; /* 4.6.4 */

/* ---- one record ---- */

/* note: why there is a verdict without a record; no fault, as include and redirect judge it. */
static void note(struct gp_spf_run *run, const char *why)
{
	struct gp_strbuf buf;
	gp_spf_problem_begin(run, &buf);
	gp_strbuf_add(&buf, why);
	run->result->problem = gp_spf_printable(run->ctx->arena, &buf);
	gp_spf_trace(run, "none: %s", why);
}

/* is_multi_label: a dot between labels (4.3). */
static bool is_multi_label(const char *domain)
{
	const char *dot = strchr(domain, '.');
	return dot && dot[1];
}

/* select_record: the one SPF record among the TXT records (4.5); NULL: none, or a fault. */
static const struct gp_span *select_record(struct gp_spf_run *run, const struct gp_dns_answer *txt)
{
	const struct gp_span *found = NULL;
	for (size_t i = 0; i < txt->count; i++) {
		if (!gp_spf_record_is(txt->records[i].text))
			continue;
		if (found) {
			gp_spf_fault(run, GP_SPF_PERMERROR, run->domain,
				"the domain has more than one SPF record");
			return NULL;
		}
		found = &txt->records[i].text;
	}
	if (!found)
		note(run, "the domain has no SPF record");
	return found;
}

/* fetch_text: the record's text (4.3 to 4.5); empty: none, or a fault. */
static int fetch_text(struct gp_spf_run *run, struct gp_span *text_out)
{
	const struct gp_dns_question question = {run->domain, GP_DNS_TXT};
	struct gp_dns_answer txt;
	*text_out = (struct gp_span) {NULL, 0};
	if (!is_multi_label(run->domain)) {
		note(run, "a name of one label is not a mail domain");
		return GP_OK;
	}
	int rc = gp_spf_ask(run, &question, 1, &txt);
	if (rc)
		return rc;
	if (gp_dns_state_is_failure(txt.state)) { /* 4.4 */
		gp_spf_fault(run, GP_SPF_TEMPERROR, run->domain, "the TXT lookup failed: %s",
			txt.problem ? txt.problem : gp_dns_state_text(txt.state));
		return GP_OK;
	}
	const struct gp_span *found = select_record(run, &txt);
	if (found)
		*text_out = *found;
	return GP_OK;
}

/* fetch_record: text, then its terms; has_out false: none, or a fault. */
static int fetch_record(struct gp_spf_run *run, struct gp_spf_record *record_out, bool *has_out)
{
	struct gp_span text;
	*has_out = false;
	int rc = fetch_text(run, &text);
	if (rc || text.len == 0)
		return rc;
	gp_spf_trace(run, "record of %s: %.*s", run->domain, (int)text.len, text.ptr);
	rc = gp_spf_record_parse(run->ctx->arena, text, record_out);
	if (rc == GP_ESYNTAX) { /* 4.6 */
		const struct gp_spf_term wrong = {.text = record_out->wrong_term};
		run->term = &wrong;
		gp_spf_fault(run, GP_SPF_PERMERROR, NULL, "the term %s", record_out->wrong_why);
		run->term = NULL;
		return GP_OK;
	}
	*has_out = rc == GP_OK;
	return rc;
}

/* remember: what decided, for the result. An include that matched was decided inside (5.2). */
static int remember(struct gp_spf_run *run, const struct gp_spf_term *term)
{
	if (term && term->kind == GP_SPF_INCLUDE)
		return GP_OK;
	struct gp_arena *arena = run->ctx->arena;
	run->result->mechanism = term ? gp_arena_copy(arena, term->text) : "default";
	run->result->record_domain = run->domain;
	return run->result->mechanism ? GP_OK : gp_arena_status(arena);
}

static int check_host(struct gp_spf_run *run, const char *domain, enum gp_spf_verdict *verdict_out);

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
	*match_out = GP_SPF_EXCEPTION;
	if (!gp_spf_count_lookup(run)) /* 4.6.4 */
		return GP_OK;
	int rc = gp_spf_target(run, term, &name, match_out);
	if (rc || *match_out == GP_SPF_EXCEPTION)
		return rc;
	if (!name) { /* 5.2 with 4.3: a malformed domain gives none, and that gives permerror */
		gp_spf_fault(
			run, GP_SPF_PERMERROR, NULL, "the included domain is not a valid name");
		*match_out = GP_SPF_EXCEPTION;
		return GP_OK;
	}
	const char *domain = run->domain;
	run->depth++;
	rc = check_host(run, name, &verdict);
	run->depth--;
	run->domain = domain;
	run->term = term;
	if (!rc)
		*match_out = include_match(run, name, verdict);
	return rc;
}

/* trace_term: what became of a mechanism. */
static void trace_term(
	const struct gp_spf_run *run, const struct gp_spf_term *term, enum gp_spf_match match)
{
	static const char *const texts[] = {
		[GP_SPF_NO_MATCH] = "no match",
		[GP_SPF_MATCH] = "match",
		[GP_SPF_EXCEPTION] = "error",
	};
	gp_spf_trace(run, "%.*s: %s", (int)term->text.len, term->text.ptr, texts[match]);
}

/* eval_term: one of them. */
static int eval_term(
	struct gp_spf_run *run, const struct gp_spf_term *term, enum gp_spf_match *match_out)
{
	run->term = term;
	int rc = term->kind == GP_SPF_INCLUDE ? eval_include(run, term, match_out)
					      : gp_spf_mechanism_eval(run, term, match_out);
	if (!rc && run->query->trace)
		trace_term(run, term, *match_out);
	return rc;
}

/* eval_terms: from left to right until one matches (4.6.2); matched_out NULL: none did. One of
 * those that the record has not kept lies in later. */
static int eval_terms(struct gp_spf_run *run, const struct gp_spf_record *record,
	struct gp_spf_term *later, const struct gp_spf_term **matched_out)
{
	enum gp_spf_match match = GP_SPF_NO_MATCH;
	const struct gp_spf_term *term = NULL;
	struct gp_span more = record->more;
	int rc = GP_OK;
	for (size_t i = 0; !rc && match == GP_SPF_NO_MATCH && i < record->count; i++)
		rc = eval_term(run, term = &record->terms[i], &match);
	while (!rc && match == GP_SPF_NO_MATCH && gp_spf_record_next(&more, later))
		rc = eval_term(run, term = later, &match);
	*matched_out = !rc && match == GP_SPF_MATCH ? term : NULL;
	return rc;
}

/* expand_explanation: the text of exp= with its macros, if it is one that may be shown (6.2). */
static int expand_explanation(struct gp_spf_run *run, struct gp_span text)
{
	struct gp_strbuf buf;
	const char *expanded;
	gp_strbuf_init(&buf, run->ctx->arena, EXPLANATION_MAX);
	int rc = gp_spf_macro_check(text, GP_SPF_EXPLAIN_STRING);
	if (!rc)
		rc = gp_spf_macro_expand(run, text, &buf);
	if (rc && rc != GP_ESYNTAX)
		return rc;
	if (!rc && gp_strbuf_finish(&buf, &expanded) == GP_OK && buf.len &&
		gp_span_is_printable_ascii(gp_strbuf_span(&buf)))
		run->result->explanation = expanded;
	return GP_OK;
}

/* explain: the domain's own text for a fail; whatever is wrong with it, there is none (6.2). */
static int explain(struct gp_spf_run *run, const struct gp_spf_term *exp)
{
	struct gp_dns_question question = {.type = GP_DNS_TXT};
	struct gp_dns_answer txt;
	enum gp_spf_match ignored;
	run->term = exp;
	int rc = gp_spf_target(run, exp, &question.name, &ignored);
	if (!rc && question.name) {
		rc = gp_spf_ask(run, &question, 1, &txt);
		if (!rc && txt.state == GP_DNS_FOUND && txt.count == 1)
			rc = expand_explanation(run, txt.records[0].text);
	}
	if (!rc && !run->result->explanation)
		gp_spf_trace(run, "%.*s: no explanation that can be shown", (int)exp->text.len,
			exp->text.ptr);
	return rc;
}

/*
 * Only the outermost record explains: an exp of an included record is not used, nor that of one
 * that redirects (6.2).
 */
/* end_record: the record has decided, by a term or by its end (4.7). */
static int end_record(struct gp_spf_run *run, const struct gp_spf_record *record,
	const struct gp_spf_term *matched, enum gp_spf_verdict *verdict_out)
{
	*verdict_out = matched ? matched->verdict : GP_SPF_NEUTRAL;
	if (run->depth > 0 && *verdict_out != GP_SPF_PASS)
		return GP_OK; /* 5.2: no match for the include, so nothing was decided here */
	int rc = remember(run, matched);
	if (rc || run->depth > 0)
		return rc;
	run->result->sends_no_mail = record->count == 1 && matched && matched->kind == GP_SPF_ALL &&
				     *verdict_out == GP_SPF_FAIL && !run->redirected;
	if (*verdict_out == GP_SPF_FAIL && record->exp.text.len) {
		run->explaining = true;
		rc = explain(run, &record->exp);
		run->explaining = false;
	}
	return rc;
}

/* follow: the domain that redirect leads to (6.1); NULL after a fault. */
static int follow(
	struct gp_spf_run *run, const struct gp_spf_term *redirect, const char **domain_out)
{
	enum gp_spf_match match;
	*domain_out = NULL;
	run->term = redirect;
	if (!gp_spf_count_lookup(run))
		return GP_OK;
	int rc = gp_spf_target(run, redirect, domain_out, &match);
	if (!rc && !*domain_out && !run->faulted)
		gp_spf_fault(run, GP_SPF_PERMERROR, NULL, "the other domain is not a valid name");
	if (*domain_out)
		gp_spf_trace(run, "%.*s: continues at %s", (int)redirect->text.len,
			redirect->text.ptr, *domain_out);
	return rc;
}

/* no_record: none, unless redirect led here: then permerror (6.1). */
static enum gp_spf_verdict no_record(struct gp_spf_run *run, bool redirected)
{
	if (redirected && !run->faulted)
		gp_spf_fault(run, GP_SPF_PERMERROR, run->domain,
			"redirect leads to a domain without an SPF record");
	return run->faulted ? run->result->verdict : GP_SPF_NONE;
}

/* check_host: record by record along redirect (4). */
static int check_host(struct gp_spf_run *run, const char *domain, enum gp_spf_verdict *verdict_out)
{
	for (bool redirected = false;; redirected = true) {
		struct gp_spf_record record;
		struct gp_spf_term later;
		const struct gp_spf_term *matched;
		bool has_record;
		run->domain = domain;
		run->term = NULL;
		run->redirected = redirected && run->depth == 0;
		int rc = fetch_record(run, &record, &has_record);
		if (rc)
			return rc;
		if (!has_record) {
			*verdict_out = no_record(run, redirected);
			return GP_OK;
		}
		rc = eval_terms(run, &record, &later, &matched);
		if (!rc && !matched && !run->faulted && record.redirect.text.len) {
			rc = follow(run, &record.redirect, &domain);
			if (!rc && domain)
				continue;
		}
		*verdict_out = run->result->verdict;
		if (rc || run->faulted)
			return rc;
		return end_record(run, &record, matched, verdict_out);
	}
}

/* ---- the whole ---- */

/* as_given: the domain as text, when it is none that could be looked up. */
static int as_given(struct gp_spf_run *run, struct gp_span domain)
{
	run->result->domain = domain.len ? gp_arena_copy(run->ctx->arena, domain) : "";
	return run->result->domain ? GP_OK : gp_arena_status(run->ctx->arena);
}

/* set_domain: the domain of the identity in A-labels (4.3, RFC 8616 4); NULL: there is none. */
static int set_domain(struct gp_spf_run *run, struct gp_span domain, const char *what)
{
	const char *name = NULL;
	int rc = gp_address_is_literal(domain) ? GP_ESYNTAX
					       : gp_address_domain(run->ctx->arena, domain, &name);
	if (rc == GP_ESYNTAX) {
		run->result->problem =
			gp_arena_printf(run->ctx->arena, "%s holds no domain name", what);
		return run->result->problem ? as_given(run, domain)
					    : gp_arena_status(run->ctx->arena);
	}
	run->sender_domain = run->result->domain = name;
	return rc;
}

/* set_identity: <sender> and <domain> (2.3, 2.4, 4.3). */
static int set_identity(struct gp_spf_run *run)
{
	const struct gp_spf_query *query = run->query;
	struct gp_span local = {NULL, 0}, domain = query->helo;
	bool mail_from = query->identity == GP_SPF_MAILFROM && query->mail_from.len > 0 &&
			 !gp_span_is(query->mail_from, "<>");
	if (mail_from)
		(void)gp_address_split(query->mail_from, &local, &domain); /* no @: no domain */
	run->local = local.len ? local : gp_span_from("postmaster");
	return set_domain(run, domain, mail_from ? "MAIL FROM" : "HELO");
}

/* clear_leftovers: an error has no mechanism, and without one the problem is only a note. */
static void clear_leftovers(struct gp_spf_result *result)
{
	bool decided = result->verdict != GP_SPF_NONE && result->verdict != GP_SPF_TEMPERROR &&
		       result->verdict != GP_SPF_PERMERROR;
	if (decided) {
		result->problem = NULL;
	} else {
		result->mechanism = NULL;
		result->record_domain = NULL;
	}
}

/* gp_spf_check: identity, check_host(), and a result without contradictions. */
int gp_spf_check(
	struct gp_ctx *ctx, const struct gp_spf_query *query, struct gp_spf_result *result_out)
{
	*result_out = (struct gp_spf_result) {
		.verdict = GP_SPF_NONE, .identity = query->identity, .domain = ""};
	if (query->client.family == GP_IP_NONE)
		return GP_EINVAL;
	struct gp_spf_run run = {.ctx = ctx,
		.query = query,
		.options = query->options ? query->options : &standard_options,
		.result = result_out,
		.client = gp_ipaddr_unmap(query->client)};
	int rc = set_identity(&run);
	if (rc || !run.sender_domain)
		return rc;
	enum gp_spf_verdict verdict;
	rc = check_host(&run, run.sender_domain, &verdict);
	if (rc)
		return rc;
	result_out->verdict = verdict;
	clear_leftovers(result_out);
	if (run.faulted && !result_out->problem)
		return gp_arena_status(ctx->arena);
	return GP_OK;
}
