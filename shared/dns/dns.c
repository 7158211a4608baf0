/* SPDX-License-Identifier: ISC */
/*
 * The front of every resolver: what can be answered without one is answered here, the rest is
 * passed to the topmost layer, in place when nothing was taken out (the usual case).
 */
#include "dns/dns_private.h"

#define HELD_UP_US 500000 /* which a request feels */

/* nxdomain_out: the answer for a name that cannot exist. */
static void nxdomain_out(struct gp_dns_answer *answer_out)
{
	*answer_out = (struct gp_dns_answer) {.state = GP_DNS_NXDOMAIN};
}

/* query_valid: passes on the questions whose names are valid, and puts the answers in place. */
static int query_valid(struct gp_ctx *ctx, const struct gp_dns_question *questions, size_t count,
	const struct gp_dns_watch *watch, struct gp_dns_answer *answers_out)
{
	struct gp_dns_question asked[GP_DNS_QUESTIONS_MAX];
	struct gp_dns_answer got[GP_DNS_QUESTIONS_MAX];
	size_t place[GP_DNS_QUESTIONS_MAX], n = 0;
	for (size_t i = 0; i < count; i++) {
		if (!gp_dns_name_is_valid(gp_span_from(questions[i].name))) {
			nxdomain_out(&answers_out[i]);
			continue;
		}
		place[n] = i;
		asked[n++] = questions[i];
	}
	if (n == 0)
		return GP_OK;
	int rc = ctx->dns->ops->query(ctx->dns, ctx, asked, n, watch, got);
	for (size_t i = 0; rc == GP_OK && i < n; i++)
		answers_out[place[i]] = got[i];
	return rc;
}

/* take_notes: what the answers were like; returns the status. */
static int take_notes(
	const struct gp_ctx *ctx, int status, const struct gp_dns_answer *answers, size_t count)
{
	struct gp_dns_notes *notes = ctx->notes;
	for (size_t i = 0; notes && status == GP_OK && i < count; i++) {
		notes->stale += answers[i].stale;
		if (answers[i].state != GP_DNS_TROUBLE)
			continue;
		notes->trouble++;
		notes->problem = answers[i].problem;
	}
	return status;
}

/* gp_dns_note_held: a request that loses a little to each of many questions loses much. */
void gp_dns_note_held(const struct gp_ctx *ctx, int64_t lost_us)
{
	struct gp_dns_notes *notes = ctx->notes;
	if (!notes || lost_us <= 0)
		return;
	notes->held_us += lost_us;
	notes->held_up = notes->held_us >= HELD_UP_US;
}

/* query: checks the arguments; see query_valid for names that cannot exist. */
static int query(struct gp_ctx *ctx, const struct gp_dns_question *questions, size_t count,
	const struct gp_dns_watch *watch, struct gp_dns_answer *answers_out)
{
	bool all_valid = true;
	if (!ctx->dns || count > GP_DNS_QUESTIONS_MAX)
		return GP_EINVAL;
	if (count == 0)
		return GP_OK;
	for (size_t i = 0; i < count; i++) {
		if (!questions[i].name)
			return GP_EINVAL;
		if (!gp_dns_name_is_valid(gp_span_from(questions[i].name)))
			all_valid = false;
	}
	int rc = all_valid
			 ? ctx->dns->ops->query(ctx->dns, ctx, questions, count, watch, answers_out)
			 : query_valid(ctx, questions, count, watch, answers_out);
	return take_notes(ctx, rc, answers_out, count);
}

/* gp_dns_query: nothing is wanted beyond the answers. */
int gp_dns_query(struct gp_ctx *ctx, const struct gp_dns_question *questions, size_t count,
	struct gp_dns_answer *answers_out)
{
	return query(ctx, questions, count, NULL, answers_out);
}

/* gp_dns_query_fresh: the TTL is cut here, for resolvers that keep nothing. */
int gp_dns_query_fresh(struct gp_ctx *ctx, const struct gp_dns_question *questions, size_t count,
	uint32_t ttl_max_s, struct gp_dns_answer *answers_out)
{
	const struct gp_dns_watch watch = {.is_fresh = true, .ttl_max_s = ttl_max_s};
	int rc = query(ctx, questions, count, &watch, answers_out);
	for (size_t i = 0; rc == GP_OK && i < count; i++)
		if (answers_out[i].ttl_s > ttl_max_s)
			answers_out[i].ttl_s = ttl_max_s;
	return rc;
}

/* gp_dns_state_is_failure: of servers, of the sender's zone, or local. */
bool gp_dns_state_is_failure(enum gp_dns_state state)
{
	return state == GP_DNS_TEMPFAIL || state == GP_DNS_BOGUS || state == GP_DNS_TROUBLE;
}

/* gp_dns_address_type: of the client of a mail, mostly. */
enum gp_dns_type gp_dns_address_type(const struct gp_ipaddr *addr)
{
	return addr->family == GP_IP_V4 ? GP_DNS_A : GP_DNS_AAAA;
}

/* gp_dns_answer_has: none but FOUND has records. */
bool gp_dns_answer_has(
	const struct gp_dns_answer *answer, const struct gp_ipaddr *addr, unsigned bits)
{
	for (size_t i = 0; i < answer->count; i++)
		if (gp_ipaddr_match(&answer->records[i].addr, addr, bits))
			return true;
	return false;
}

/* gp_dns_free: from the top layer down. */
void gp_dns_free(struct gp_dns *dns)
{
	while (dns) {
		struct gp_dns *below = dns->below;
		dns->ops->free(dns);
		dns = below;
	}
}

/* gp_dns_type_name: as in zone files. */
const char *gp_dns_type_name(enum gp_dns_type type)
{
	switch (type) {
	case GP_DNS_A:
		return "A";
	case GP_DNS_PTR:
		return "PTR";
	case GP_DNS_MX:
		return "MX";
	case GP_DNS_TXT:
		return "TXT";
	case GP_DNS_AAAA:
		return "AAAA";
	case GP_DNS_TLSA:
		return "TLSA";
	}
	return "unknown type";
}

/* gp_dns_state_text: a few words for people. */
const char *gp_dns_state_text(enum gp_dns_state state)
{
	static const char *const texts[] = {
		[GP_DNS_FOUND] = "found",
		[GP_DNS_NODATA] = "no data",
		[GP_DNS_NXDOMAIN] = "no such name",
		[GP_DNS_TEMPFAIL] = "temporary failure",
		[GP_DNS_BOGUS] = "bogus",
		[GP_DNS_TROUBLE] = "local problem",
	};
	size_t i = (size_t)state;
	return i < sizeof texts / sizeof texts[0] ? texts[i] : "unknown state";
}
