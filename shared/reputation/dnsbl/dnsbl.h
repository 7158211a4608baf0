/* SPDX-License-Identifier: ISC */
/*
 * DNS lists: asks all lists about a client and its names at once, and sums up what they say.
 *
 * Knows which questions may be asked, and what the answers mean together; what is done about a
 * score is the caller's.
 *
 *     struct gp_dnsbl_subject s = {.client = ..., .sender_domain = ..., ...};
 *     rc = gp_dnsbl_ask(ctx, &plan, &s, &result);      one round trip, within plan.deadline_ms
 *     rc = gp_dnsbl_text(ctx, &result);                TXT of the hit that will be told, if wanted
 *     rc = gp_dnsbl_test(ctx, &plan, &tested);         by a thread that may wait, every few seconds
 *
 * A list that does not work (dnsbl_health.h) is not asked. What has not answered is not listed, and
 * counts as a timeout of that list. An answer that means trouble is never a hit, whatever else it
 * holds. A local problem (no descriptor, memory) is a status, or counts for nothing.
 *
 * Asked about addresses: those of hosts of the internet, not private and special ones (RFC 6890),
 * but those of documentation, which no client has and examples and tests use; ::ffff:192.0.2.1 as
 * 192.0.2.1, IPv6 only where the list answers about it. About names: domains, as they are or
 * reduced to the registered one; never an address or an address literal, a single label, a name
 * under local, localhost, internal, arpa, invalid or test, or one that is too long together with
 * the zone. Only type A (RFC 5782 2.1), and a name once for each list, however many roles it has.
 *
 * Nothing in a result, an event or a line of the trace contains a key, nor the zone that is
 * queried: a list has a public name.
 *
 * Ownership: what a result points to lives in ctx->arena, its lists and rules in the plan's.
 * Limits: GP_DNS_QUESTIONS_MAX questions are in flight together; more wait for these. Known gap:
 * lists about domains of DKIM signatures (GP_DNSBL_ASKS_DKIM) are tested, but not asked here.
 */
#ifndef GP_REPUTATION_DNSBL_H
#define GP_REPUTATION_DNSBL_H

#include "base/ctx.h"
#include "base/ipaddr.h"
#include "dns/dns.h"
#include "mail/suffix.h"
#include "reputation/dnsbl/dnsbl_health.h"
#include "reputation/dnsbl/dnsbl_judge.h"
#include "reputation/dnsbl/dnsbl_list.h"

#define GP_DNSBL_TEXT_MAX 200  /* bytes of a list's own text that are quoted */
#define GP_DNSBL_ANSWERS_MAX 8 /* records that are kept of an answer; all are looked at */

/* How lists are asked. All borrowed. */
struct gp_dnsbl_plan {
	const struct gp_dnsbl_list *lists; /* settled */
	size_t count;                      /* at most GP_DNSBL_LISTS_MAX */
	struct gp_dnsbl_health *health;    /* NULL: all are taken to work */
	const struct gp_suffix_list
		*psl;         /* for reduce = registered; NULL: such lists are not asked */
	unsigned deadline_ms; /* of all queries about one mail, the text's too */
};

/* What is asked about. Names as they came; NULL or "": there is none. */
struct gp_dnsbl_subject {
	struct gp_ipaddr client; /* GP_IP_NONE: no list about addresses is asked */
	const char *sender_domain, *helo_name;
	const char *rdns_name; /* confirmed */
	bool is_null_sender;
	bool is_entry; /* the client is no host, but an entry for tests (RFC 5782 5) */
};

/* What one list said about this mail. */
enum gp_dnsbl_state {
	GP_DNSBL_NOT_ASKED, /* suspended, off, or there is no question for this mail */
	GP_DNSBL_NOT_LISTED,
	GP_DNSBL_LISTED,
	GP_DNSBL_SAID_UNKNOWN, /* a code that no rule knows: not a hit */
	GP_DNSBL_SAID_ERROR,   /* an answer that means trouble: not a hit */
	GP_DNSBL_NO_ANSWER
};
#define GP_DNSBL_STATES 6

/* "not-asked", "not-listed", "listed", "unknown", "error", "no-answer". */
const char *gp_dnsbl_state_name(enum gp_dnsbl_state state);

struct gp_dnsbl_item {
	const struct gp_dnsbl_list *list; /* borrowed */
	enum gp_dnsbl_state state;
	int weight;                       /* of this list in the score */
	const struct gp_dnsbl_rule *rule; /* of the hit that decided; NULL: not listed */
	struct gp_dnsbl_code code;        /* of that hit, or the odd record */
	struct gp_dnsbl_code answers[GP_DNSBL_ANSWERS_MAX]; /* of the question in about */
	size_t answer_count;
	const char *about; /* what was asked: "192.0.2.1", "example.org"; NULL: nothing */
	const char *text;  /* of the list, by gp_dnsbl_text; printable ASCII, one line; NULL */
	int64_t took_us;   /* of its slowest query */
};

struct gp_dnsbl_result {
	struct gp_dnsbl_item *items; /* one for each list of the plan, in its order */
	size_t count;
	int score;                   /* sum of all weights */
	unsigned families;           /* different ones with a positive weight */
	bool is_vouched;             /* an allow list has a negative weight */
	unsigned asked, unanswered;  /* lists; GP_DNSBL_NO_ANSWER */
	struct gp_dnsbl_item *worst; /* the largest weight above 0, the first of them; NULL */
	int64_t took_us;
	int64_t deadline_us;                 /* when the plan's time ends; monotonic */
	const struct gp_dnsbl_event *events; /* to be logged */
	size_t event_count;
};

/*
 * Asks. GP_OK whatever is answered; GP_EINVAL: too many lists; GP_ETOOBIG, GP_ENOMEM: the arena, or
 * as gp_dns_query.
 */
int gp_dnsbl_ask(struct gp_ctx *ctx, const struct gp_dnsbl_plan *plan,
	const struct gp_dnsbl_subject *subject, struct gp_dnsbl_result *result_out) GP_MUST_CHECK;

/*
 * Asks the TXT record of result->worst, if there is one and time is left, and sets its text. No
 * text is no error.
 */
int gp_dnsbl_text(struct gp_ctx *ctx, struct gp_dnsbl_result *result) GP_MUST_CHECK;

/* Copies a result into another arena (for the next recipients of a message); its events stay. */
int gp_dnsbl_copy(struct gp_arena *arena, const struct gp_dnsbl_result *from,
	struct gp_dnsbl_result *to_out) GP_MUST_CHECK;

/* What gp_dnsbl_test did. */
struct gp_dnsbl_tested {
	size_t count; /* lists that were tested */
	const struct gp_dnsbl_event *events;
	size_t event_count;
};

/*
 * Asks the tests of those lists that are due (gp_dnsbl_health_claim), all at once, waits for them
 * until ctx's deadline, and tells the table. Without a table: GP_EINVAL. Statuses as gp_dnsbl_ask;
 * then the log says so, tested_out has what was learnt before, and the tests are due again soon:
 * who calls this again and again need not look at the status.
 */
int gp_dnsbl_test(
	struct gp_ctx *ctx, const struct gp_dnsbl_plan *plan, struct gp_dnsbl_tested *tested_out);

/*
 * Waits for the first tests of lists, which another thread or process asks: until no list is
 * untested, for so long, or until ctx's deadline. Every few milliseconds it calls look with arg,
 * which may load what others have found out, or ask tests itself.
 */
void gp_dnsbl_await(const struct gp_ctx *ctx, struct gp_dnsbl_health *health, unsigned ms,
	void (*look)(void *arg), void *arg);

/*
 * Foreign text as it is quoted: printable ASCII, one line, blanks joined, at most GP_DNSBL_TEXT_MAX
 * bytes (a URL at its end is kept whole, what is before it is cut), each key, in either case,
 * replaced by "KEY". key may be NULL or "". NULL: the arena refused.
 */
const char *gp_dnsbl_quote(
	struct gp_arena *arena, struct gp_span text, const char *key) GP_MUST_CHECK;

#endif
