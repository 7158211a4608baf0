/* SPDX-License-Identifier: ISC */
/*
 * Zone: a scripted DNS for tests: records and misbehaviour by name, answers at once, a clock turned
 * by hand, and a list of the questions that were asked.
 *
 *     struct test_zone *z = test_zone_new();
 *     test_zone_lines(z, "example.org TXT v=spf1 mx -all\n"
 *                        "example.org MX 10 mx.example.org\n"
 *                        "mx.example.org TIMEOUT A\n");
 *     ctx.dns = test_zone_dns(z); ctx.clock = test_zone_clock(z);
 *
 * Answers as a recursive resolver would: CNAMEs are followed (the answer says the canonical name),
 * a name that only has descendants is NODATA, "*.x" is a wildcard (closest encloser of RFC 4592),
 * names are case-insensitive. What goes wrong while a zone is written ends the program: it is a
 * mistake in the test.
 *
 * Several threads may ask; adding is for one. The zone owns everything and must outlive resolvers
 * that have it as a layer (their gp_dns_free leaves it alone).
 */
#ifndef TESTS_SUPPORT_ZONE_H
#define TESTS_SUPPORT_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/ipaddr.h"
#include "dns/dns.h"

/* Types beyond those that the resolver is asked for. */
enum { TEST_ZONE_NS = 2, TEST_ZONE_CNAME = 5, TEST_ZONE_SPF = 99, TEST_ZONE_ANY = 255 };

/* One record; name as it was given, in lower case, without the trailing dot. */
struct test_zone_record {
	char *name;
	unsigned type;         /* DNS number */
	struct gp_ipaddr addr; /* A, AAAA */
	char *target;          /* MX, PTR, CNAME, NS; the root is "" */
	unsigned preference;   /* MX */
	char *data; /* TXT, SPF: all chunks, one after the other; other types: raw RDATA */
	size_t data_len;
	size_t *chunks; /* TXT, SPF: the length of each */
	size_t chunk_count;
};

enum test_zone_behaviour_kind {
	TEST_ZONE_TIMEOUT,
	TEST_ZONE_SERVFAIL,
	TEST_ZONE_REFUSED,
	TEST_ZONE_FORMERR,
	TEST_ZONE_NOTIMP,
	TEST_ZONE_NXDOMAIN,
	TEST_ZONE_NODATA,
	TEST_ZONE_BOGUS,
	TEST_ZONE_TC,      /* truncated over UDP; nothing to see here */
	TEST_ZONE_TCPFAIL, /* with TC: no answer at all */
	TEST_ZONE_DELAY,
	TEST_ZONE_AD,
	TEST_ZONE_TROUBLE, /* the question could not be asked, for want of ours */
	TEST_ZONE_STALE,   /* as an answer that has expired; TIMEOUT where a fresh one is wanted */
	TEST_ZONE_DEFAULT  /* for names that the zone does not have */
};

/* A behaviour entry; the name "@" stands for every name. */
struct test_zone_behaviour {
	char *name;
	enum test_zone_behaviour_kind kind;
	unsigned type; /* 0: types of which the name has no record; TEST_ZONE_ANY: every type */
	unsigned delay_ms;
	enum test_zone_behaviour_kind then; /* of DEFAULT */
};

/* A question that was asked, and in which call of gp_dns_query (from 0). */
struct test_zone_question {
	char name[GP_DNS_NAME_TEXT];
	enum gp_dns_type type;
	size_t call;
	bool is_fresh; /* by gp_dns_query_fresh, with... */
	uint32_t ttl_max_s;
};

struct test_zone;

/* A zone without names; its clock stands at 1000 s (monotonic) and 1700000000 (wall). */
struct test_zone *test_zone_new(void);
void test_zone_free(struct test_zone *zone);

/* Lines "name TYPE value"; "name BEHAVIOUR [type or milliseconds]". Empty lines are skipped. */
void test_zone_lines(struct test_zone *zone, const char *lines);

/* Records one by one. A text is cut in chunks of 255 octets. */
void test_zone_add_addr(struct test_zone *zone, const char *name, const char *addr);
void test_zone_add_target(struct test_zone *zone, const char *name, unsigned type,
	unsigned preference, const char *target);
void test_zone_add_data(struct test_zone *zone, const char *name, unsigned type,
	struct gp_span data, const size_t *chunks, size_t chunk_count);
void test_zone_add_text(
	struct test_zone *zone, const char *name, unsigned type, struct gp_span text);
/* word: TIMEOUT and so on; false when it is no behaviour. value may be NULL. */
bool test_zone_add_behaviour(
	struct test_zone *zone, const char *name, const char *word, const char *value);

/* The number of a type's name; 0 when it is none. */
unsigned test_zone_type(const char *name);

/* Everything that was added, in order; for a driver that writes it down for a name server. */
const struct test_zone_record *test_zone_records(const struct test_zone *zone, size_t *count_out);
const struct test_zone_behaviour *test_zone_behaviours(
	const struct test_zone *zone, size_t *count_out);

/* The zone as a resolver, and its clock. */
struct gp_dns *test_zone_dns(struct test_zone *zone);
const struct gp_clock *test_zone_clock(struct test_zone *zone);
void test_zone_set_clock(struct test_zone *zone, int64_t mono_us, int64_t wall_s);

/* Questions asked since the last forgetting; of one type (TEST_ZONE_ANY: all), and one by one. */
size_t test_zone_asked(const struct test_zone *zone, unsigned type);
size_t test_zone_asked_of(const struct test_zone *zone, const char *name); /* about a name */
size_t test_zone_calls(const struct test_zone *zone);
const struct test_zone_question *test_zone_question(const struct test_zone *zone, size_t i);
void test_zone_forget(struct test_zone *zone);

#endif
