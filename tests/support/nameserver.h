/* SPDX-License-Identifier: ISC */
/*
 * Name server for tests: a thread on 127.0.0.1, UDP and TCP on one port that the kernel chose, and
 * rules that say how to behave for each question. It writes packets by hand and shares no code with
 * what it tests.
 *
 *     static const struct test_nameserver_rule rules[] = {
 *             {.name = "a.example", .type = GP_DNS_A, .records = {"192.0.2.1"}},
 *             {.name = "gone.example", .act = TEST_NAMESERVER_NXDOMAIN}};
 *     struct test_nameserver *ns = test_nameserver_start(rules, 2, 0);
 *     options.servers[0] = test_nameserver_address(ns);
 *     ... test_nameserver_asked(ns, "a.example", GP_DNS_A) ...
 *     test_nameserver_stop(ns);
 *
 * The rules are borrowed until the stop. The first rule of the name whose type is 0 or the one
 * asked for counts, "*" being any name; a name with rules for other types only is answered NODATA,
 * one without any NXDOMAIN. Trouble of its own ends the test program.
 */
#ifndef TESTS_SUPPORT_NAMESERVER_H
#define TESTS_SUPPORT_NAMESERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/dns.h"

#define TEST_NAMESERVER_RECORDS 16

enum test_nameserver_act {
	TEST_NAMESERVER_ANSWER, /* the records, or NODATA when the type has none */
	TEST_NAMESERVER_NXDOMAIN,
	TEST_NAMESERVER_NODATA,
	TEST_NAMESERVER_SERVFAIL,
	TEST_NAMESERVER_REFUSED,
	TEST_NAMESERVER_NOTIMP,
	TEST_NAMESERVER_BOGUS,          /* SERVFAIL with extended error 6 (RFC 8914) */
	TEST_NAMESERVER_FORMERR_EDNS,   /* FORMERR to EDNS, an answer without */
	TEST_NAMESERVER_NOTIMP_EDNS,    /* the same with NOTIMP */
	TEST_NAMESERVER_BADVERS_EDNS,   /* the same with BADVERS, which is an EDNS code */
	TEST_NAMESERVER_TRUNCATED,      /* TC over UDP, the answer over TCP */
	TEST_NAMESERVER_TCP_CUT,        /* TC over UDP, over TCP half the answer and the end */
	TEST_NAMESERVER_SILENT,         /* no answer */
	TEST_NAMESERVER_WRONG_ID,       /* forged with another id, then the answer */
	TEST_NAMESERVER_WRONG_QUESTION, /* forged to another question, then the answer */
	TEST_NAMESERVER_WRONG_SOURCE,   /* forged from another port, then the answer */
	TEST_NAMESERVER_GARBAGE,        /* octets that are no packet */
	TEST_NAMESERVER_MALFORMED,      /* the right head, then nonsense */
	TEST_NAMESERVER_LOOP,           /* two aliases that point to each other */
	TEST_NAMESERVER_REFERRAL        /* no answer, but other servers (RFC 2308 2.2) */
};

struct test_nameserver_rule {
	const char *name;
	enum gp_dns_type type; /* 0: any */
	enum test_nameserver_act act;
	unsigned delay_ms;
	size_t after;   /* UDP: answered once so many questions have come in, this one counted */
	uint32_t ttl_s; /* of records and of the SOA; 0: 300 */
	bool ad;        /* AD in the answer */
	bool no_soa;    /* in negative answers */
	/*
	 * As in zone files without quotes: "192.0.2.1", "2001:db8::1", "10 mail.example",
	 * "host.example", for TXT the text itself, and "CNAME target" for an alias, whose own rule
	 * is then followed.
	 */
	const char *records[TEST_NAMESERVER_RECORDS];
	unsigned txt_piece; /* TXT is cut into strings of so many octets; 0: 255 */
};

/* Flags of test_nameserver_start. */
#define TEST_NAMESERVER_NO_TCP 1

/* One question that came in. */
struct test_nameserver_query {
	char name[GP_DNS_NAME_TEXT];
	unsigned type;
	uint16_t id, port; /* port: the asker's */
	bool tcp, edns, rd, ad;
};

struct test_nameserver;

/* Starts a server; never NULL. */
struct test_nameserver *test_nameserver_start(
	const struct test_nameserver_rule *rules, size_t count, unsigned flags);

/* Stops and frees it; accepts NULL. */
void test_nameserver_stop(struct test_nameserver *ns);

/* Where it listens. */
struct gp_dns_server test_nameserver_address(const struct test_nameserver *ns);

/* How often it was asked this so far (type 0: any; name NULL: any). */
size_t test_nameserver_asked(struct test_nameserver *ns, const char *name, enum gp_dns_type type);

/* The i-th question that came in; false when there were not so many. */
bool test_nameserver_query(
	struct test_nameserver *ns, size_t i, struct test_nameserver_query *query_out);

#endif
