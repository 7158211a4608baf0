/* SPDX-License-Identifier: ISC */
/* Question: the names that a list is asked about addresses and domains (RFC 5782 2.1, 2.4, 3). */
#ifndef GP_REPUTATION_DNSBL_QUESTION_PRIVATE_H
#define GP_REPUTATION_DNSBL_QUESTION_PRIVATE_H

#include "base/arena.h"
#include "base/ctx.h"
#include "base/ipaddr.h"
#include "dns/dns.h"
#include "reputation/dnsbl/dnsbl_list.h"
#include "reputation/dnsbl/dnsbl_question.h"

/*
 * The query's name into name_out, which has the list's key in it; false: it would be too long (RFC
 * 1035 2.3.4), or the list does not answer about such addresses.
 */
bool gp_dnsbl_question_about_address(const struct gp_dnsbl_list *list,
	const struct gp_ipaddr *address, char name_out[GP_DNS_NAME_TEXT]);
bool gp_dnsbl_question_about_domain(
	const struct gp_dnsbl_list *list, const char *domain, char name_out[GP_DNS_NAME_TEXT]);

/* The same for what a result says it was about: "192.0.2.1", "example.org". */
bool gp_dnsbl_question_about(
	const struct gp_dnsbl_list *list, const char *about, char name_out[GP_DNS_NAME_TEXT]);

/*
 * Asks, as many at once as the resolver takes; each group has its share of the time. Answers are
 * not older than ttl_max_s. As gp_dns_query_fresh.
 */
int gp_dnsbl_question_ask(struct gp_ctx *ctx, const struct gp_dns_question *questions, size_t count,
	uint32_t ttl_max_s, struct gp_dns_answer *answers_out) GP_MUST_CHECK;

/* Did a CNAME lead out of the zone that was asked? */
bool gp_dnsbl_question_is_left(
	const struct gp_dnsbl_list *list, const struct gp_dns_answer *answer);

/* The context for a query of lists, until deadline_us at most: without a trace, which would show
 * the name. */
struct gp_ctx gp_dnsbl_question_ctx(const struct gp_ctx *ctx, int64_t deadline_us);

#endif
