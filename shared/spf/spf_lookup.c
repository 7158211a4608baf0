/* SPDX-License-Identifier: ISC */
/*
 * The DNS queries of one check, and their limits. Limits are kept in the result itself, so one
 * count serves the whole evaluation (RFC 7208 4.6.4).
 */
#include "spf/spf_private.h"

#define LINE_MAX_LEN 70000 /* of the trace: a record is at most 65535 octets */
#define MISSING_MAX 20     /* names under mx and ptr that do not exist, in one check */
#define VAIN_MAX 40        /* and with those that have no address of the client's family */
#define TRACE_TEXT 200
#define TRACE_RECORDS 20 /* shown of one answer */

/* ---- limits ---- */

/* gp_spf_count_lookup: terms that ask DNS (4.6.4). */
bool gp_spf_count_lookup(struct gp_spf_run *run)
{
	if (run->result->lookups < run->options->max_terms) {
		run->result->lookups++;
		return true;
	}
	gp_spf_fault(run, GP_SPF_PERMERROR, NULL, "more than %u terms need DNS lookups",
		run->options->max_terms);
	return false;
}

/* gp_spf_count_void: terms whose query found nothing (4.6.4). */
bool gp_spf_count_void(struct gp_spf_run *run, const char *name)
{
	run->result->void_lookups++;
	if (run->result->void_lookups <= run->options->max_voids)
		return true;
	gp_spf_fault(
		run, GP_SPF_PERMERROR, name, "more than %u void lookups", run->options->max_voids);
	return false;
}

/*
 * gp_spf_count_missing: ten mx with ten made-up names each would cause a hundred queries to the
 * name servers of others for one mail (11.1). A name that exists without an address of the client's
 * family is no fault: an IPv6 client of a domain with MX hosts of IPv4 only finds many of them, all
 * within the bounds of 4.6.4. Those end the asking, see gp_spf_may_ask_hosts.
 */
bool gp_spf_count_missing(struct gp_spf_run *run, const struct gp_dns_question *questions,
	const struct gp_dns_answer *answers, size_t count)
{
	const char *last = NULL;
	for (size_t i = 0; i < count; i++) {
		run->vain_names += answers[i].state == GP_DNS_NODATA;
		if (answers[i].state != GP_DNS_NXDOMAIN)
			continue;
		run->vain_names++;
		run->missing_names++;
		last = questions[i].name;
	}
	/* what exp= asks has no part in the verdict (6.2) */
	if (run->missing_names <= MISSING_MAX || !last || run->explaining)
		return true;
	gp_spf_fault(run, GP_SPF_PERMERROR, last,
		"more than %d host names under mx and ptr do not exist", MISSING_MAX);
	return false;
}

/* gp_spf_may_ask_hosts: the owner of a zone can make any number of its names have no address. */
bool gp_spf_may_ask_hosts(struct gp_spf_run *run)
{
	if (run->vain_names < VAIN_MAX)
		return true;
	gp_spf_trace(run, "no more hosts are queried: %u had no address of the client's family",
		run->vain_names);
	return false;
}

/* ---- queries ---- */

/* trace_record: one record of an answer. */
static void trace_record(
	struct gp_strbuf *buf, enum gp_dns_type type, const struct gp_dns_record *record)
{
	char addr[GP_IPADDR_TEXT];
	if (type == GP_DNS_A || type == GP_DNS_AAAA)
		gp_strbuf_printf(buf, " %s", gp_ipaddr_format(&record->addr, addr));
	else if (type == GP_DNS_MX)
		gp_strbuf_printf(buf, " %u %s.", (unsigned)record->preference, record->name);
	else if (type == GP_DNS_PTR)
		gp_strbuf_printf(buf, " %s.", record->name);
	else if (type == GP_DNS_TXT)
		gp_strbuf_printf(buf, " \"%.*s\"%s",
			(int)(record->text.len < TRACE_TEXT ? record->text.len : TRACE_TEXT),
			record->text.ptr, record->text.len > TRACE_TEXT ? "..." : "");
}

/* shows_later: the one SPF record of an answer has a line of its own. */
static bool shows_later(const struct gp_dns_question *question, const struct gp_dns_answer *answer)
{
	return question->type == GP_DNS_TXT && answer->count == 1 &&
	       gp_spf_record_is(answer->records[0].text);
}

/* trace_answer: query, state, and the records when they are short. */
static void trace_answer(const struct gp_spf_run *run, const struct gp_dns_question *question,
	const struct gp_dns_answer *answer)
{
	struct gp_strbuf buf;
	gp_strbuf_init(&buf, run->ctx->arena, LINE_MAX_LEN);
	gp_strbuf_printf(&buf, "%s %s: %s", gp_dns_type_name(question->type), question->name,
		gp_dns_state_text(answer->state));
	if (answer->state == GP_DNS_FOUND)
		gp_strbuf_printf(&buf, " %zu", answer->count);
	if (answer->problem)
		gp_strbuf_printf(&buf, ", %s", answer->problem);
	else
		gp_strbuf_printf(&buf, ", ttl %u%s%s", (unsigned)answer->ttl_s,
			answer->secure ? ", secure" : "",
			answer->stale ? ", stale: no server answered" : "");
	bool shown = answer->count && !shows_later(question, answer);
	if (shown)
		gp_strbuf_add_char(&buf, ':');
	for (size_t i = 0; shown && i < answer->count && i < TRACE_RECORDS; i++)
		trace_record(&buf, question->type, &answer->records[i]);
	gp_spf_trace_line(run, &buf);
}

/* gp_spf_ask: once the time is over nobody is asked (4.6.4: temperror). */
int gp_spf_ask(struct gp_spf_run *run, const struct gp_dns_question *questions, size_t count,
	struct gp_dns_answer *answers_out)
{
	int rc = GP_OK;
	if (gp_clock_now_us(run->ctx->clock) >= run->ctx->deadline_us) {
		for (size_t i = 0; i < count; i++)
			answers_out[i] = (struct gp_dns_answer) {.state = GP_DNS_TEMPFAIL,
				.problem = "the deadline of this request has passed"};
	} else {
		rc = gp_dns_query(run->ctx, questions, count, answers_out);
	}
	for (size_t i = 0; !rc && run->query->trace && i < count; i++)
		trace_answer(run, &questions[i], &answers_out[i]);
	return rc;
}

/* gp_spf_address_type: A or AAAA, by the client's family (5). */
enum gp_dns_type gp_spf_address_type(const struct gp_spf_run *run)
{
	return gp_dns_address_type(&run->client);
}

/* gp_spf_has_client: is an address of the answer the client's, as far as length goes? */
bool gp_spf_has_client(
	const struct gp_spf_run *run, const struct gp_dns_answer *answer, unsigned length)
{
	return gp_dns_answer_has(answer, &run->client, length);
}
