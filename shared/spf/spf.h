/* SPDX-License-Identifier: ISC */
/*
 * SPF: may this client send for this domain (RFC 7208)?
 *
 * Knows the whole of RFC 7208 check_host(): all mechanisms and modifiers, macros, exp=, the limits
 * of 4.6.4. Does not know what is done about a verdict, nor any exception: that is the engine's.
 *
 *     struct gp_spf_query q = {.client = ip, .identity = GP_SPF_MAILFROM, .helo = ..., ...};
 *     struct gp_spf_result r;
 *     int rc = gp_spf_check(ctx, &q, &r);
 *
 * All is well, or the sender is at fault: GP_OK and a verdict. The world is at fault (DNS): GP_OK
 * and temperror, with problem. We are: GP_ETOOBIG (arena), GP_ENOMEM, GP_EINVAL; no verdict then.
 *
 * Ownership: the query and what it points to are borrowed; every text of the result lives in
 * ctx->arena. Threads: no state; one context, one thread.
 *
 * Limits of 4.6.4 (each settable, each ends in permerror with a text that names the term): 10 terms
 * that ask DNS, to which a first %{p} counts; 10 names under one mx, while those of a ptr past the
 * tenth are ignored; 2 void lookups, counted once per term and not once per A or AAAA query: an mx
 * whose hosts lack addresses of the client's family is none. Bounds of our own: 20 names under all
 * mx and ptr of a check that do not exist, more of them end in permerror, so that one mail does not
 * cause a hundred queries to the name servers of others; an explanation of more than 1000 octets is
 * dropped. Terms that ask nothing are bounded by the length of a TXT record only.
 *
 * Where the standard leaves a choice: a target-name that cannot exist does not match (4.8); a match
 * among the hosts of an mx counts even when the lookup of another one failed.
 */
#ifndef GP_SPF_SPF_H
#define GP_SPF_SPF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ctx.h"
#include "base/err.h"
#include "base/ipaddr.h"
#include "base/span.h"
#include "base/trace.h"

/* RFC 7208 2.6 */
enum gp_spf_verdict {
	GP_SPF_NONE,
	GP_SPF_NEUTRAL,
	GP_SPF_PASS,
	GP_SPF_FAIL,
	GP_SPF_SOFTFAIL,
	GP_SPF_TEMPERROR,
	GP_SPF_PERMERROR
};
#define GP_SPF_VERDICTS 7

/* RFC 7208 2.3 and 2.4 */
enum gp_spf_identity { GP_SPF_HELO, GP_SPF_MAILFROM };

/* Limits of 4.6.4; 0 void lookups means that the first one is too many. */
struct gp_spf_options {
	unsigned max_terms; /* terms that ask DNS: a, mx, ptr, exists, include, redirect */
	unsigned max_names; /* names under one mx or ptr */
	unsigned max_voids; /* terms whose queries found nothing */
};

struct gp_spf_query {
	struct gp_ipaddr client; /* IPv4-mapped IPv6 is taken for IPv4 (5) */
	enum gp_spf_identity identity;
	struct gp_span helo;      /* as the client said it; may be empty or an address literal */
	struct gp_span mail_from; /* as the client said it; empty: postmaster@helo (2.4) */
	const char *receiver;     /* %{r}: this host's name; NULL: "unknown" (7.3) */
	const struct gp_spf_options *options; /* NULL: the standard's */
	const struct gp_trace *trace;         /* receives each step of the evaluation; NULL: no
					       * trace */
};

struct gp_spf_result {
	enum gp_spf_verdict verdict;
	enum gp_spf_identity identity;
	const char *domain;    /* that was judged, in A-labels; as given if it is no domain; "" */
	const char *mechanism; /* that matched, as the record spells it: for an include the one
				  inside it; "default" when none did and the record ended (4.7);
				  NULL without a record or on error */
	const char
		*record_domain;  /* whose record held it (include, redirect); NULL like mechanism */
	const char *explanation; /* of the domain, for fail (6.2); printable ASCII; else NULL */
	unsigned lookups;        /* terms that asked DNS, as counted against max_terms */
	unsigned void_lookups;   /* terms that found nothing, as counted against max_voids */
	const char *problem;     /* for errors, and for none where there is a reason: a sentence */
	const char *problem_term; /* the term that caused the error, or NULL */
	const char *problem_name; /* the name that was asked for, or NULL */
	bool sends_no_mail;       /* the record is "v=spf1 -all": the domain sends no mail */
};

/* check_host() for one identity, with the initial processing of 4.3. */
int gp_spf_check(struct gp_ctx *ctx, const struct gp_spf_query *query,
	struct gp_spf_result *result_out) GP_MUST_CHECK;

/* Is this TXT record an SPF record: the version, then a space or the end (4.5)? */
static inline bool gp_spf_record_is(struct gp_span text)
{
	return gp_span_has_prefix(text, "v=spf1") && (text.len == 6 || text.ptr[6] == ' ');
}

/* "pass" and so on, as RFC 8601 2.7.2 spells them. */
const char *gp_spf_verdict_name(enum gp_spf_verdict verdict);

/* The reverse; false when the word is no verdict. */
bool gp_spf_verdict_parse(struct gp_span word, enum gp_spf_verdict *verdict_out);

/* "helo" or "mailfrom" (RFC 7208 9.1, identity). */
const char *gp_spf_identity_name(enum gp_spf_identity identity);

#endif
