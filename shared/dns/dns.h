/* SPDX-License-Identifier: ISC */
/*
 * DNS: questions and answers as the checks see them.
 *
 * Knows records, the states an answer may have, and which servers are queried; knows no verdict:
 * what a missing name means for a mail is said by each protocol's own RFC.
 *
 *     struct gp_dns_question q = {"example.org", GP_DNS_TXT};
 *     struct gp_dns_answer a;
 *     int rc = gp_dns_query(ctx, &q, 1, &a);    (several at once: count > 1)
 *     if (!rc && a.state == GP_DNS_FOUND) ... a.records[0].text ...
 *     rc = gp_dns_query_fresh(ctx, &q, 1, 300, &a);    (not older than 300 s, never stale)
 *
 * A query succeeds (GP_OK) whatever is answered: trouble with servers is the state GP_DNS_TEMPFAIL
 * with a text in problem. GP_DNS_TROUBLE is ours: nothing was learnt about anybody, and no verdict
 * may come of it. A negative status means that we could not do our part: GP_ETOOBIG (arena),
 * GP_ENOMEM, GP_EINVAL.
 *
 * Names are text: labels between dots, every other byte stands for itself (no backslash escapes),
 * case does not matter, one trailing dot is allowed. A name that cannot exist (empty label, label
 * over 63 octets, more than 253 octets: RFC 1035 2.3.4) is never sent and answered NXDOMAIN.
 * Known gap: a label that itself holds a dot or a NUL has no text here; a record with one is
 * dropped.
 *
 * Ownership: answers and all they point to live in ctx->arena. Resolvers are heap objects with one
 * owner; one resolver may be used by any number of threads.
 */
#ifndef GP_DNS_DNS_H
#define GP_DNS_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "base/err.h"
#include "base/histogram.h"
#include "base/ipaddr.h"
#include "base/span.h"

enum gp_dns_type {
	GP_DNS_A = 1,
	GP_DNS_PTR = 12,
	GP_DNS_MX = 15,
	GP_DNS_TXT = 16,
	GP_DNS_AAAA = 28,
	GP_DNS_TLSA = 52 /* RFC 6698 */
};

enum gp_dns_state {
	GP_DNS_FOUND,    /* records of the type asked for */
	GP_DNS_NODATA,   /* the name exists, without such records (RFC 2308 2.2) */
	GP_DNS_NXDOMAIN, /* no such name (RFC 2308 2.1) */
	GP_DNS_TEMPFAIL, /* no usable answer: timeout, SERVFAIL, REFUSED, nonsense */
	GP_DNS_BOGUS,    /* the validating resolver refuses the answer (RFC 8914, DNSSEC codes) */
	GP_DNS_TROUBLE   /* we could not ask: no descriptor, memory, place, or way to a server */
};
#define GP_DNS_STATES 6

/* Is this the absence of an answer? */
bool gp_dns_state_is_failure(enum gp_dns_state state);

/* Why there is no usable answer; a cache keeps it with the failure. */
enum gp_dns_failure {
	GP_DNS_FAILURE_NONE,
	GP_DNS_FAILURE_TIMEOUT, /* servers were queried and silent until the time was up */
	GP_DNS_FAILURE_REFUSED,
	GP_DNS_FAILURE_SERVFAIL,
	GP_DNS_FAILURE_OTHER /* another code, nonsense, no connection; no time was left to query */
};

#define GP_DNS_NAME_MAX 253     /* text form without the trailing dot */
#define GP_DNS_NAME_TEXT 256    /* room for any such text with its NUL */
#define GP_DNS_RECORDS_MAX 256  /* of one answer; what comes after is dropped */
#define GP_DNS_QUESTIONS_MAX 64 /* of one gp_dns_query call */
#define GP_DNS_SERVERS_MAX 8

struct gp_dns_question {
	const char *name; /* borrowed for the call */
	enum gp_dns_type type;
};

/* One record; which members are set follows from the type asked for. */
struct gp_dns_record {
	/* TXT: its strings joined without blanks; TLSA: usage, selector, matching type and data as
	 * octets (RFC 6698 2.1); any byte may occur */
	struct gp_span text;
	const char *name;      /* MX, PTR: the target, lower case, no trailing dot, root: "" */
	struct gp_ipaddr addr; /* A, AAAA */
	uint16_t preference;   /* MX */
};

struct gp_dns_answer {
	enum gp_dns_state state;
	bool secure;    /* AD was set and the configuration trusts the resolver */
	bool cached;    /* came from the cache, without a packet for this question */
	bool stale;     /* has expired, and no server answers for now (RFC 8767) */
	bool ours;      /* TEMPFAIL by our own deadline, or TROUBLE: nothing was learnt */
	uint32_t ttl_s; /* how long it may be kept; 0 for trouble */
	/* FOUND, with want_signatures: when the last signature over these records ends, in seconds
	 * since 1970; 0: there is none. Not kept by a cache. */
	int64_t signed_until_s;
	int64_t took_us; /* from the first packet to the answer; 0: no server was asked for it */
	const char *problem; /* for the failures: what happened, for people; else NULL */
	/* of TEMPFAIL and BOGUS: by the last server that said anything, or TIMEOUT; else NONE */
	enum gp_dns_failure failure;
	/*
	 * After CNAMEs (or DNAMEs): the name at their end, which owns the records or has none;
	 * lower case, no trailing dot, "" for the root and for a name that has no text. NULL: there
	 * was no CNAME, the name is the question's.
	 */
	const char *canonical;
	size_t count; /* records; 0 unless FOUND */
	const struct gp_dns_record *records;
};

/* What all answers of a context were like, for reports to people; gp_dns_query adds to it. */
struct gp_dns_notes {
	unsigned stale;      /* answers that had expired */
	unsigned trouble;    /* answers GP_DNS_TROUBLE */
	const char *problem; /* of the last of these */
	int64_t held_us;     /* lost in waiting for places */
	bool held_up;        /* more of that than a request does not feel */
};

/*
 * Asks all questions at once (they are in flight together) and waits until each has its answer or
 * the deadline of ctx has passed (then: TEMPFAIL). count is at most GP_DNS_QUESTIONS_MAX;
 * answers_out has room for count answers, in the order of the questions.
 */
int gp_dns_query(struct gp_ctx *ctx, const struct gp_dns_question *questions, size_t count,
	struct gp_dns_answer *answers_out) GP_MUST_CHECK;

/*
 * The same for what has to be recent, as in DNS lists, where a delisting is to be seen and an
 * answer from before an outage is worse than none. No answer was received more than ttl_max_s
 * seconds ago, whatever its TTL; none is stale (RFC 8767), and none will be given as a stale one to
 * anybody: what has expired is gone, and without a server the answer is TEMPFAIL. ttl_s is at most
 * ttl_max_s. A cache keeps such answers apart from those to gp_dns_query, and shares them among
 * calls of this function; a memory of one message gives what it has been told during the message.
 *
 * The names appear in no trace: those of DNS lists may hold a key.
 *
 * A caller that waits for less than the deadline of ctx passes a copy of ctx with its own. An
 * answer that did not come by then is TEMPFAIL with "ours" and GP_DNS_FAILURE_TIMEOUT, so that a
 * caller that counts silence should allow a server reasonable time.
 */
int gp_dns_query_fresh(struct gp_ctx *ctx, const struct gp_dns_question *questions, size_t count,
	uint32_t ttl_max_s, struct gp_dns_answer *answers_out) GP_MUST_CHECK;

/* A or AAAA: the type of an address's family; not for GP_IP_NONE. */
enum gp_dns_type gp_dns_address_type(const struct gp_ipaddr *addr);

/* Is one of the addresses of an answer this one, as far as its first bits go? */
bool gp_dns_answer_has(
	const struct gp_dns_answer *answer, const struct gp_ipaddr *addr, unsigned bits);

/* Frees a resolver and the layers below it; accepts NULL. No query may be under way. */
void gp_dns_free(struct gp_dns *dns);

/* "TXT" and so on; "found", "no data", "no such name", "temporary failure", "bogus". */
const char *gp_dns_type_name(enum gp_dns_type type);
const char *gp_dns_state_text(enum gp_dns_state state);

/* ---- names ---- */

/* Can this name exist (limits above)? "" and "." are the root and valid; a NUL byte is not. */
bool gp_dns_name_is_valid(struct gp_span name);

/* The same name, ASCII case and one trailing dot aside? */
bool gp_dns_name_equal(struct gp_span a, struct gp_span b);

/* Is name equal to parent or below it, label for label? Everything is below the root. */
bool gp_dns_name_is_within(struct gp_span name, struct gp_span parent);

/* 4.3.2.1.in-addr.arpa or the nibbles of ip6.arpa (RFC 1035 3.5, RFC 3596 2.5). */
void gp_dns_name_reverse(const struct gp_ipaddr *addr, char name_out[GP_DNS_NAME_TEXT]);

/* ---- constructors, for the surfaces ---- */

#define GP_DNS_ZONE_TEXT 16 /* a name of an interface, or its number */
#define GP_DNS_SERVER_TEXT (GP_IPADDR_TEXT + GP_DNS_ZONE_TEXT + 9)

struct gp_dns_server {
	struct gp_ipaddr addr;
	uint16_t port;
	/* of a link-local address, RFC 4007 11: looked up when it is asked; "": none */
	char zone[GP_DNS_ZONE_TEXT];
};

/* The same address, port and zone? */
bool gp_dns_server_equal(const struct gp_dns_server *a, const struct gp_dns_server *b);

/* "192.0.2.1:53", "[fe80::1%eth0]:53"; returns text_out. */
const char *gp_dns_server_format(
	const struct gp_dns_server *server, char text_out[GP_DNS_SERVER_TEXT]);

struct gp_dns_gate;

struct gp_dns_options {
	struct gp_dns_server servers[GP_DNS_SERVERS_MAX]; /* in order of preference */
	size_t server_count;
	unsigned timeout_ms;  /* of one attempt at one server */
	unsigned attempts;    /* rounds over all servers */
	bool trust_ad;        /* the way to the resolver is safe: keep its AD bit (RFC 6840 5.8) */
	bool over_tcp;        /* ask over TCP at once */
	bool want_signatures; /* ask for those of DNSSEC as well (DO, RFC 3225 3) */
	struct gp_dns_gate *gate; /* borrowed; bounds what is under way; NULL: nothing does */
};

struct gp_dns_cache_options {
	size_t entries;          /* at most so many answers, and 512 bytes each on average */
	unsigned ttl_min_s;      /* a shorter TTL is lengthened to this */
	unsigned ttl_max_s;      /* a longer one is shortened */
	unsigned negative_max_s; /* for NODATA and NXDOMAIN (RFC 2308 5) */
	unsigned failure_s;      /* for TEMPFAIL and BOGUS (RFC 2308 7: at most 300) */
	/*
	 * An answer that has expired is kept so much longer, and used where no server answers (RFC
	 * 8767); 0: never. Failures are no answers.
	 */
	unsigned stale_s;
	/*
	 * A question that another thread asks is waited for so long, then asked once more by one of
	 * the threads that wait; 0: as long as the deadline allows.
	 */
	unsigned patience_ms;
};

struct gp_dns_cache_stats {
	uint64_t hits, misses, joined; /* joined: waited for the same question of another thread */
	uint64_t evicted;
	uint64_t stale; /* answers that had expired */
	size_t entries, bytes;
};

/* What has been asked of name servers since gp_dns_wire_new. */
struct gp_dns_wire_stats {
	uint64_t datagrams, connections; /* attempts: sent over UDP, begun over TCP */
	uint64_t timeouts;               /* attempts at which a server was silent */
	uint64_t answers[GP_DNS_STATES]; /* questions by the state of their answer... */
	uint64_t given_up;               /* ...but those that ended with "ours" */
	struct gp_histogram_sums took;   /* how long each question took */
};

/*
 * Places for so many questions under way, shared by all resolvers that have it among their options,
 * with a fair share for each call of gp_dns_query. A question that finds none until its deadline is
 * answered GP_DNS_TROUBLE. GP_ENOMEM. free accepts NULL; no resolver may use it any more.
 */
int gp_dns_gate_new(unsigned places, struct gp_dns_gate **gate_out) GP_MUST_CHECK;
void gp_dns_gate_free(struct gp_dns_gate *gate);

/* How many; 0 for NULL. */
unsigned gp_dns_gate_places(const struct gp_dns_gate *gate);

/* A resolver that asks name servers; copies the options. GP_EINVAL without servers. */
int gp_dns_wire_new(const struct gp_dns_options *options, struct gp_dns **dns_out) GP_MUST_CHECK;

/*
 * A cache over below, which it takes (on success only); borrows the clock. All threads that share
 * the cache ask a question that is not in it once. Negative answers without a SOA come with the TTL
 * 0 and are kept for ttl_min_s only; an answer marked as ours is never kept nor shared.
 *
 * Where an expired answer is there, servers are waited for at most 1.8 s; when none has answered by
 * then, or all have failed, it is given, marked stale, and for 30 s nobody asks again (RFC 8767 5).
 * A request that has met silence once does not wait so long again. Bogus is a failure like others:
 * all servers have called it so. No failure takes the place of an answer, expired or not.
 */
int gp_dns_cache_new(const struct gp_dns_cache_options *options, struct gp_dns *below,
	const struct gp_clock *clock, struct gp_dns **dns_out) GP_MUST_CHECK;

/*
 * Asks with all the time that ctx has for some of what had expired and had to do because servers
 * were not heard in time, so that a slow server's answer becomes known (RFC 8767 5: the resolution
 * continues). For a thread of its own that calls it every second or so: no request does it then. In
 * a cache that nobody renews, or for what finds no place among what is to be renewed (names of many
 * domains, or too many of one), the next request for such an answer waits for longer. Names renewed
 * in vain come after others. *count_out: how many questions that were, whatever came of them; more
 * may be there. GP_EINVAL: no cache.
 */
int gp_dns_cache_renew(struct gp_dns *dns, struct gp_ctx *ctx, size_t *count_out) GP_MUST_CHECK;

/*
 * What one message has asked: over below, which is borrowed. Each question is asked once, and all
 * parts of the check see the same answer; several that are known early are asked together. Lives in
 * the arena of the contexts it is used with and is never freed. NULL: the arena refused.
 */
struct gp_dns *gp_dns_memo_new(struct gp_arena *arena, struct gp_dns *below) GP_MUST_CHECK;

/*
 * Other options from now on; what is remembered stays, but for no longer than they allow, and
 * failures are asked anew. With fewer entries those asked for longest ago go. Of another kind of
 * resolver: nothing.
 */
void gp_dns_cache_set(struct gp_dns *dns, const struct gp_dns_cache_options *options);

/* What a cache remembers counts as protected by DNSSEC no more: the servers are not trusted now. */
void gp_dns_cache_distrust(struct gp_dns *dns);

/* Counters of a cache made by gp_dns_cache_new; all 0 for another kind of resolver. */
void gp_dns_cache_stats(struct gp_dns *dns, struct gp_dns_cache_stats *stats_out);

/* The same of the resolver that asks name servers, whether it is dns or lies below it. */
void gp_dns_wire_stats(struct gp_dns *dns, struct gp_dns_wire_stats *stats_out);

/* Asks these servers, in this way, from the next question on; what is under way ends as it began.
 * dns is the resolver of gp_dns_wire_new, or lies above it. GP_EINVAL without servers. */
int gp_dns_wire_set(struct gp_dns *dns, const struct gp_dns_options *options) GP_MUST_CHECK;

/* Which servers that one queries now, and how; false: there is none. */
bool gp_dns_wire_options(struct gp_dns *dns, struct gp_dns_options *options_out);

/* What a resolv.conf says that is not used. */
struct gp_dns_unused {
	size_t servers;                 /* nameserver lines that are none */
	char first[GP_DNS_SERVER_TEXT]; /* the first of them, printable, cut */
	bool has_server;                /* some nameserver line is used */
};

/*
 * Reads the text of a resolv.conf(5): nameserver lines into servers (what does not parse is
 * skipped; more than GP_DNS_SERVERS_MAX are dropped), and from options lines timeout, attempts,
 * trust-ad and use-vc. Without any nameserver line: 127.0.0.1, as libc does. Other members stay as
 * they are. unused_out may be NULL.
 */
void gp_dns_options_from_resolv_conf(
	struct gp_span text, struct gp_dns_options *options, struct gp_dns_unused *unused_out);

/* "192.0.2.1", "192.0.2.1:5353", "2001:db8::1", "fe80::1%eth0", "[2001:db8::1]:5353"; port 53 when
 * there is none. */
int gp_dns_server_parse(struct gp_span text, struct gp_dns_server *server_out) GP_MUST_CHECK;

#endif
