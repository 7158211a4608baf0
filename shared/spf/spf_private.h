/* SPDX-License-Identifier: ISC */
/*
 * SPF from the inside: the parsed record, and the state of one check_host() with all that it
 * includes. For the files of this directory and their tests.
 *
 * From the ground up: spf_text.c has the words for people; spf_lookup.c asks and keeps the limits;
 * spf_ptr.c knows the client's names; spf_macro.c expands text; spf_record.c makes the record and
 * asks nobody; spf_mechanism.c says of one mechanism whether it matches; spf_eval.c walks the
 * records. None uses one that is named after it.
 */
#ifndef GP_SPF_SPF_PRIVATE_H
#define GP_SPF_SPF_PRIVATE_H

#include "base/strbuf.h"
#include "dns/dns.h"
#include "spf/spf.h"

/* ---- the record ---- */

/* The terms in the order of RFC 7208 5 and 6. */
enum gp_spf_kind {
	GP_SPF_ALL,
	GP_SPF_INCLUDE,
	GP_SPF_A,
	GP_SPF_MX,
	GP_SPF_PTR,
	GP_SPF_IP4,
	GP_SPF_IP6,
	GP_SPF_EXISTS,
	GP_SPF_REDIRECT,
	GP_SPF_EXP
};
#define GP_SPF_MECHANISMS (GP_SPF_EXISTS + 1)

struct gp_spf_term {
	enum gp_spf_kind kind;
	enum gp_spf_verdict verdict;  /* what the qualifier says (4.6.2) */
	struct gp_span text;          /* the whole term; empty: there is none */
	struct gp_span spec;          /* domain-spec; empty when the term has none */
	struct gp_ipaddr addr;        /* ip4, ip6 */
	uint8_t v4_length, v6_length; /* prefix lengths, of a, mx, ip4, ip6 */
};

/* The spans point into the text that was parsed. */
struct gp_spf_record {
	const struct gp_spf_term *terms; /* mechanisms in order, "all" is the last one if present */
	size_t count;
	struct gp_span more; /* of a very long record: text of those after them, which have been
				checked: gp_spf_record_next */
	struct gp_spf_term redirect, exp;
	struct gp_span wrong_term; /* after GP_ESYNTAX: where */
	const char *wrong_why;     /* and why; a part of a sentence, static */
};

/*
 * Reads a whole record, which gp_spf_record_is took for one; asks nobody. GP_ESYNTAX: not the
 * grammar of 4.6.1 (with wrong_term and wrong_why), otherwise the arena's refusals.
 */
int gp_spf_record_parse(struct gp_arena *arena, struct gp_span text,
	struct gp_spf_record *record_out) GP_MUST_CHECK;

/* The next mechanism in a record's more, which moves behind it; false: there is none. */
bool gp_spf_record_next(struct gp_span *more, struct gp_spf_term *term_out);

/* ---- one check ---- */

enum gp_spf_match {
	GP_SPF_NO_MATCH,
	GP_SPF_MATCH,
	GP_SPF_EXCEPTION /* the verdict is in the result already, see gp_spf_fault */
};

struct gp_spf_run {
	struct gp_ctx *ctx;
	const struct gp_spf_query *query;
	const struct gp_spf_options *options;
	struct gp_spf_result *result;
	struct gp_ipaddr client;        /* never IPv4-mapped */
	struct gp_span local;           /* of <sender>; "postmaster" when it had none (4.3) */
	const char *sender_domain;      /* of <sender>, in A-labels */
	const char *domain;             /* <domain> of the record at work */
	const struct gp_spf_term *term; /* at work, for the texts of faults */
	unsigned depth;                 /* includes around it */
	bool redirected;                /* the outermost record at work is not <sender>'s own */
	bool explaining;                /* at work on exp: its queries are not counted (4.6.4) */
	bool faulted;                   /* the evaluation is at its end: see gp_spf_fault */
	bool names_known;               /* the next three are set */
	bool names_void;                /* the client has no PTR record */
	const char **names;             /* validated names of the client (5.5) */
	unsigned missing_names;         /* under mx and ptr, that do not exist */
	unsigned vain_names;            /* and with those that have no address for the client */
	size_t name_count;
};

/* ---- words ---- */

/* The text with '?' for what cannot be shown, in the arena; NULL when that is full. */
const char *gp_spf_printable(struct gp_arena *arena, const struct gp_strbuf *raw);

/* Begins a sentence with where it is about: "example.org: mx: ". */
void gp_spf_problem_begin(const struct gp_spf_run *run, struct gp_strbuf *buf);

/* Hands a line to the trace, which there is; one that finds no room is left out. */
void gp_spf_trace_line(const struct gp_spf_run *run, const struct gp_strbuf *raw);

/* One line to the trace; nothing is formatted when there is none. */
void gp_spf_trace(const struct gp_spf_run *run, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Ends the evaluation: verdict, a sentence, the term at work and the name asked for (or NULL).
   All are copied; sets run->faulted. */
void gp_spf_fault(struct gp_spf_run *run, enum gp_spf_verdict verdict, const char *name,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

/* ---- queries, and their limits ---- */

/* gp_dns_query with the deadline checked first, and traced. */
int gp_spf_ask(struct gp_spf_run *run, const struct gp_dns_question *questions, size_t count,
	struct gp_dns_answer *answers_out) GP_MUST_CHECK;

/* A or AAAA, by the client's family (5). */
enum gp_dns_type gp_spf_address_type(const struct gp_spf_run *run);

/* Is an address of the answer the client's, as far as length goes? */
bool gp_spf_has_client(
	const struct gp_spf_run *run, const struct gp_dns_answer *answer, unsigned length);

/* Counts one more term that asks DNS, or that found nothing; false and a fault over the limit. */
bool gp_spf_count_lookup(struct gp_spf_run *run) GP_MUST_CHECK;
bool gp_spf_count_void(struct gp_spf_run *run, const char *name) GP_MUST_CHECK;

/* Counts those of the queries about hosts under an mx or ptr whose name does not exist; false and a
 * fault over the bound. */
bool gp_spf_count_missing(struct gp_spf_run *run, const struct gp_dns_question *questions,
	const struct gp_dns_answer *answers, size_t count) GP_MUST_CHECK;

/* May more hosts under an mx or ptr be asked for? False once enough were in vain, missing ones or
 * such without an address of the client's family: what is left of them does not match. */
bool gp_spf_may_ask_hosts(struct gp_spf_run *run) GP_MUST_CHECK;

/* ---- the client's names ---- */

/* Asks for them, unless it was done: names, name_count and names_void of the run. */
int gp_spf_know_names(struct gp_spf_run *run) GP_MUST_CHECK;

/* The client's validated name for <domain> by the rules of 7.3, or "unknown". */
int gp_spf_client_name(struct gp_spf_run *run, const char **name_out) GP_MUST_CHECK;

/* ---- macros ---- */

/* Which grammar: domain-spec, macro-string (unknown modifiers), explain-string (7.1). */
enum gp_spf_macro_use { GP_SPF_DOMAIN_SPEC, GP_SPF_MACRO_STRING, GP_SPF_EXPLAIN_STRING };

/* GP_OK, or GP_ESYNTAX when the text is not of that grammar. */
int gp_spf_macro_check(struct gp_span text, enum gp_spf_macro_use use) GP_MUST_CHECK;

/*
 * Appends the expansion of a text that gp_spf_macro_check has passed. GP_ESYNTAX: it has none for
 * this sender (local part not ASCII, RFC 8616 4). %{p} may end in a fault: look at run->faulted.
 */
int gp_spf_macro_expand(
	struct gp_spf_run *run, struct gp_span text, struct gp_strbuf *buf) GP_MUST_CHECK;

/*
 * The target-name of a term (4.8): its domain-spec expanded, at most 253 octets (7.3), or <domain>.
 * name_out is NULL when this can be no name; then *match_out is what the mechanism comes to: no
 * match, or the exception that expansion ended in.
 */
int gp_spf_target(struct gp_spf_run *run, const struct gp_spf_term *term, const char **name_out,
	enum gp_spf_match *match_out) GP_MUST_CHECK;

/* ---- mechanisms ---- */

/* Does the mechanism, any but include, match the client? Asks what it must. */
int gp_spf_mechanism_eval(struct gp_spf_run *run, const struct gp_spf_term *term,
	enum gp_spf_match *match_out) GP_MUST_CHECK;

#endif
