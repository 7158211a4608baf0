/* SPDX-License-Identifier: ISC */
/* Packets to answers: what is a reply at all, what it says, and what nonsense becomes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/dns_private.h"
#include "support/packet.h"

#define ID 0x1234

static struct test_packet packet;
static struct gp_arena *arena;

/* parse_cut: the packet, copied so that a sanitizer sees its end, cut to length octets. */
static int parse_cut(
	size_t length, const char *name, enum gp_dns_type type, struct gp_dns_reply *reply_out)
{
	struct gp_dns_question question = {name, type};
	char *copy = malloc(length + (length == 0));
	assert_non_null(copy);
	memcpy(copy, packet.bytes, length);
	int rc =
		gp_dns_wire_parse(arena, (struct gp_span) {copy, length}, ID, &question, reply_out);
	free(copy);
	return rc;
}

/* parse: the whole packet, which must be a reply. */
static struct gp_dns_reply parse(const char *name, enum gp_dns_type type)
{
	struct gp_dns_reply reply;
	assert_int_equal(parse_cut(packet.length, name, type, &reply), GP_OK);
	return reply;
}

/* add_a: an address record. */
static void add_a(const char *owner, uint32_t ttl_s, const char *addr)
{
	size_t since = test_packet_head(&packet, owner, GP_DNS_A, ttl_s);
	test_packet_address(&packet, addr);
	test_packet_close(&packet, since, TEST_PACKET_ANSWERS);
}

/* add_alias: a CNAME. */
static void add_alias(const char *owner, uint32_t ttl_s, const char *target)
{
	test_packet_pointer(&packet, TEST_PACKET_ANSWERS, owner, TEST_PACKET_CNAME, ttl_s, target);
}

/* set_up: an arena for each case. */
static int set_up(void **state)
{
	(void)state;
	arena = gp_arena_new(1 << 20);
	return arena ? 0 : -1;
}

/* tear_down: and its end. */
static int tear_down(void **state)
{
	(void)state;
	gp_arena_free(arena);
	return 0;
}

/* addresses_are_found: A, with the least TTL, in the order of the packet. */
static void addresses_are_found(void **state)
{
	char text[GP_IPADDR_TEXT];
	(void)state;
	test_packet_begin(&packet, ID, "A.Example", GP_DNS_A);
	add_a("a.EXAMPLE", 300, "192.0.2.1");
	add_a("other.example", 5, "192.0.2.66");
	add_a("a.example", 60, "192.0.2.2");
	struct gp_dns_reply reply = parse("a.example.", GP_DNS_A);
	assert_int_equal(reply.answer.state, GP_DNS_FOUND);
	assert_int_equal(reply.answer.count, 2);
	assert_int_equal(reply.answer.ttl_s, 60);
	assert_string_equal(gp_ipaddr_format(&reply.answer.records[1].addr, text), "192.0.2.2");
	assert_null(reply.answer.problem);
	assert_false(reply.next_server || reply.truncated || reply.without_edns);
}

/* other_types: AAAA, MX with its target in lower case, PTR. */
static void other_types(void **state)
{
	char text[GP_IPADDR_TEXT];
	(void)state;
	test_packet_begin(&packet, ID, "a.example", GP_DNS_AAAA);
	size_t since = test_packet_head(&packet, "a.example", GP_DNS_AAAA, 9);
	test_packet_address(&packet, "2001:db8::1");
	test_packet_close(&packet, since, TEST_PACKET_ANSWERS);
	struct gp_dns_reply reply = parse("a.example", GP_DNS_AAAA);
	assert_int_equal(reply.answer.count, 1);
	assert_string_equal(gp_ipaddr_format(&reply.answer.records[0].addr, text), "2001:db8::1");

	test_packet_begin(&packet, ID, "a.example", GP_DNS_MX);
	for (unsigned i = 0; i < 2; i++) {
		since = test_packet_head(&packet, "a.example", GP_DNS_MX, 9);
		test_packet_put16(&packet, i * 300);
		test_packet_name(&packet, i ? "MX.Example" : "");
		test_packet_close(&packet, since, TEST_PACKET_ANSWERS);
	}
	reply = parse("a.example", GP_DNS_MX);
	assert_int_equal(reply.answer.count, 2);
	assert_string_equal(reply.answer.records[0].name, "");
	assert_string_equal(reply.answer.records[1].name, "mx.example");
	assert_int_equal(reply.answer.records[1].preference, 300);

	test_packet_begin(&packet, ID, "1.2.0.192.in-addr.arpa", GP_DNS_PTR);
	test_packet_pointer(&packet, TEST_PACKET_ANSWERS, "1.2.0.192.in-addr.arpa", GP_DNS_PTR, 9,
		"Host.Example");
	reply = parse("1.2.0.192.in-addr.arpa", GP_DNS_PTR);
	assert_int_equal(reply.answer.count, 1);
	assert_string_equal(reply.answer.records[0].name, "host.example");
}

/* strings_of_a_text_are_joined: without blanks, any octet, empty ones, and a long record. */
static void strings_of_a_text_are_joined(void **state)
{
	static char longest[60001];
	(void)state;
	test_packet_begin(&packet, ID, "a.example", GP_DNS_TXT);
	size_t since = test_packet_head(&packet, "a.example", GP_DNS_TXT, 9);
	test_packet_octets(&packet, "\3v=s\0\4pf1\0\2\xff\n", 13);
	test_packet_close(&packet, since, TEST_PACKET_ANSWERS);
	since = test_packet_head(&packet, "a.example", GP_DNS_TXT, 9);
	test_packet_put8(&packet, 0);
	test_packet_close(&packet, since, TEST_PACKET_ANSWERS);
	struct gp_dns_reply reply = parse("a.example", GP_DNS_TXT);
	assert_int_equal(reply.answer.count, 2);
	assert_int_equal(reply.answer.records[0].text.len, 9);
	assert_memory_equal(reply.answer.records[0].text.ptr, "v=spf1\0\xff\n", 9);
	assert_int_equal(reply.answer.records[1].text.len, 0);

	memset(longest, 'x', sizeof longest - 1);
	test_packet_begin(&packet, ID, "a.example", GP_DNS_TXT);
	since = test_packet_head(&packet, "a.example", GP_DNS_TXT, 9);
	test_packet_text(&packet, longest, 255);
	test_packet_close(&packet, since, TEST_PACKET_ANSWERS);
	reply = parse("a.example", GP_DNS_TXT);
	assert_int_equal(reply.answer.count, 1);
	assert_int_equal(reply.answer.records[0].text.len, sizeof longest - 1);
}

/* names_are_compared_as_octets: a label with a dot is not two labels; backslashes are literal. */
static void names_are_compared_as_octets(void **state)
{
	struct gp_dns_reply reply;
	(void)state;
	test_packet_begin(&packet, ID, "a\\.b\\046.example", GP_DNS_A);
	add_a("a\\.b\\046.example", 9, "192.0.2.1");
	reply = parse("A\\.B\\046.example", GP_DNS_A);
	assert_int_equal(reply.answer.state, GP_DNS_FOUND);

	test_packet_begin(&packet, ID, "abc.example", GP_DNS_A);
	packet.bytes[12 + 2] = '.';
	assert_int_equal(parse_cut(packet.length, "a.c.example", GP_DNS_A, &reply), GP_ESYNTAX);
}

/* names_without_a_text_are_dropped: the record, not the answer. */
static void names_without_a_text_are_dropped(void **state)
{
	(void)state;
	test_packet_begin(&packet, ID, "a.example", GP_DNS_PTR);
	for (int i = 0; i < 2; i++)
		test_packet_pointer(
			&packet, TEST_PACKET_ANSWERS, "a.example", GP_DNS_PTR, 9, "host.example");
	packet.bytes[packet.length - 12] = '.'; /* ho.t.example in one label */
	struct gp_dns_reply reply = parse("a.example", GP_DNS_PTR);
	assert_int_equal(reply.answer.state, GP_DNS_FOUND);
	assert_int_equal(reply.answer.count, 1);
	assert_string_equal(reply.answer.records[0].name, "host.example");
}

/* no_more_records_than_the_limit: what comes after is dropped. */
static void no_more_records_than_the_limit(void **state)
{
	(void)state;
	test_packet_begin(&packet, ID, "a.example", GP_DNS_A);
	for (int i = 0; i < GP_DNS_RECORDS_MAX + 50; i++)
		add_a("a.example", 9, "192.0.2.1");
	struct gp_dns_reply reply = parse("a.example", GP_DNS_A);
	assert_int_equal(reply.answer.count, GP_DNS_RECORDS_MAX);
}

/* a_hundred_addresses_are_all_there: in their order. */
static void a_hundred_addresses_are_all_there(void **state)
{
	char addr[GP_IPADDR_TEXT];
	(void)state;
	test_packet_begin(&packet, ID, "a.example", GP_DNS_A);
	for (int i = 0; i < 100; i++) {
		snprintf(addr, sizeof addr, "127.0.0.%d", i);
		add_a("a.example", 9, addr);
	}
	struct gp_dns_reply reply = parse("a.example", GP_DNS_A);
	assert_int_equal(reply.answer.count, 100);
	for (int i = 0; i < 100; i++)
		assert_int_equal(reply.answer.records[i].addr.bytes[3], i);
}

/* aliases_are_followed: in any order, with the least TTL of the chain. */
static void aliases_are_followed(void **state)
{
	(void)state;
	test_packet_begin(&packet, ID, "a.example", GP_DNS_A);
	add_a("c.example", 300, "192.0.2.1");
	add_alias("b.example", 20, "C.example");
	add_alias("A.example", 100, "B.example");
	struct gp_dns_reply reply = parse("a.example", GP_DNS_A);
	assert_int_equal(reply.answer.state, GP_DNS_FOUND);
	assert_int_equal(reply.answer.count, 1);
	assert_int_equal(reply.answer.ttl_s, 20);
	assert_string_equal(reply.answer.canonical, "c.example");
}

/* where_aliases_lead_is_told: whatever there is at their end; a name without a text is the root. */
static void where_aliases_lead_is_told(void **state)
{
	static const uint8_t dot_in_label[] = "\3a.b\7example";
	(void)state;
	for (unsigned rcode = 0; rcode <= 3; rcode += 3) {
		test_packet_begin(&packet, ID, "a.example", GP_DNS_A);
		packet.bytes[3] |= (uint8_t)rcode;
		add_alias("a.example", 50, "Parked.Elsewhere.TEST");
		struct gp_dns_reply reply = parse("a.example", GP_DNS_A);
		assert_int_equal(reply.answer.state, rcode ? GP_DNS_NXDOMAIN : GP_DNS_NODATA);
		assert_string_equal(reply.answer.canonical, "parked.elsewhere.test");
	}
	test_packet_begin(&packet, ID, "a.example", GP_DNS_A);
	size_t since = test_packet_head(&packet, "a.example", TEST_PACKET_CNAME, 9);
	test_packet_octets(&packet, dot_in_label, sizeof dot_in_label);
	test_packet_close(&packet, since, TEST_PACKET_ANSWERS);
	struct gp_dns_reply reply = parse("a.example", GP_DNS_A);
	assert_int_equal(reply.answer.state, GP_DNS_NODATA);
	assert_string_equal(reply.answer.canonical, "");

	test_packet_begin(&packet, ID, "a.example", GP_DNS_A);
	add_a("a.example", 9, "192.0.2.1");
	assert_null(parse("a.example", GP_DNS_A).answer.canonical);
}

/* chains_have_a_limit: 16 aliases are followed, 17 and circles are temporary trouble. */
static void chains_have_a_limit(void **state)
{
	(void)state;
	for (int hops = GP_DNS_CNAME_CHAIN_MAX; hops <= GP_DNS_CNAME_CHAIN_MAX + 1; hops++) {
		char owner[32] = "a.example", target[32];
		test_packet_begin(&packet, ID, "a.example", GP_DNS_A);
		for (int i = 0; i < hops; i++) {
			snprintf(target, sizeof target, "n%d.example", i);
			add_alias(owner, 9, target);
			memcpy(owner, target, sizeof owner);
		}
		add_a(owner, 9, "192.0.2.1");
		struct gp_dns_reply reply = parse("a.example", GP_DNS_A);
		assert_int_equal(reply.answer.state,
			hops > GP_DNS_CNAME_CHAIN_MAX ? GP_DNS_TEMPFAIL : GP_DNS_FOUND);
	}
	test_packet_begin(&packet, ID, "a.example", GP_DNS_A);
	add_alias("a.example", 9, "b.example");
	add_alias("b.example", 9, "a.example");
	struct gp_dns_reply reply = parse("a.example", GP_DNS_A);
	assert_int_equal(reply.answer.state, GP_DNS_TEMPFAIL);
	assert_true(reply.next_server);
	assert_non_null(reply.answer.problem);
	assert_int_equal(reply.answer.failure, GP_DNS_FAILURE_OTHER);
	assert_null(reply.answer.canonical);
}

/* absence: NODATA and NXDOMAIN with the TTL of RFC 2308 5. */
static void absence(void **state)
{
	static const struct {
		unsigned rcode;
		bool alias;
		uint32_t soa_ttl_s, minimum_s; /* 0 and 0: no SOA */
		enum gp_dns_state expected;
		uint32_t ttl_s;
	} rows[] = {
		{0, false, 0, 0, GP_DNS_NODATA, 0}, {0, false, 300, 900, GP_DNS_NODATA, 300},
		{0, false, 900, 300, GP_DNS_NODATA, 300}, {0, true, 900, 300, GP_DNS_NODATA, 50},
		{3, false, 900, 300, GP_DNS_NXDOMAIN, 300},
		{3, true, 900, 300, GP_DNS_NXDOMAIN, 50}, /* RFC 6604 3 */
		{3, false, 0, 0, GP_DNS_NXDOMAIN, 0},
		{3, false, 0x80000001, 300, GP_DNS_NXDOMAIN, 0}, /* RFC 2181 8 */
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		test_packet_begin(&packet, ID, "a.example", GP_DNS_A);
		packet.bytes[3] |= (uint8_t)rows[i].rcode;
		if (rows[i].alias)
			add_alias("a.example", 50, "b.example");
		if (rows[i].minimum_s)
			test_packet_soa(&packet, rows[i].soa_ttl_s, rows[i].minimum_s);
		struct gp_dns_reply reply = parse("a.example", GP_DNS_A);
		assert_int_equal(reply.answer.state, rows[i].expected);
		assert_int_equal(reply.answer.ttl_s, rows[i].ttl_s);
		assert_int_equal(reply.answer.count, 0);
		assert_null(reply.answer.problem);
		assert_false(reply.next_server);
	}
}

/* refusals: temporary trouble; another server or the same without EDNS may do better. */
static void refusals(void **state)
{
	static const struct {
		unsigned rcode, upper;
		bool without_edns;
		const char *problem;
		enum gp_dns_failure failure;
	} rows[] = {
		{1, 0, true, "FORMERR", GP_DNS_FAILURE_OTHER},
		{2, 0, false, "SERVFAIL", GP_DNS_FAILURE_SERVFAIL},
		{4, 0, true, "NOTIMP", GP_DNS_FAILURE_OTHER},
		{5, 0, false, "REFUSED", GP_DNS_FAILURE_REFUSED},
		{0, 1, true, "BADVERS", GP_DNS_FAILURE_OTHER},
		{9, 0, false, "an unknown response code", GP_DNS_FAILURE_OTHER},
		{3, 2, false, "an unknown response code", GP_DNS_FAILURE_OTHER},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		test_packet_begin(&packet, ID, "a.example", GP_DNS_A);
		packet.bytes[3] |= (uint8_t)rows[i].rcode;
		test_packet_opt(&packet, 0);
		packet.bytes[packet.length - 6] = (uint8_t)rows[i].upper;
		struct gp_dns_reply reply = parse("a.example", GP_DNS_A);
		assert_int_equal(reply.answer.state, GP_DNS_TEMPFAIL);
		assert_int_equal(reply.without_edns, rows[i].without_edns);
		assert_true(reply.next_server);
		assert_string_equal(reply.answer.problem, rows[i].problem);
		assert_int_equal(reply.answer.failure, rows[i].failure);
	}
}

/* a_referral_is_no_answer: name servers without a SOA (RFC 2308 2.2). */
static void a_referral_is_no_answer(void **state)
{
	(void)state;
	test_packet_begin(&packet, ID, "a.example", GP_DNS_A);
	test_packet_pointer(&packet, TEST_PACKET_AUTHORITY, "example", TEST_PACKET_NS, 9, "ns");
	struct gp_dns_reply reply = parse("a.example", GP_DNS_A);
	assert_int_equal(reply.answer.state, GP_DNS_TEMPFAIL);
	assert_true(reply.next_server);
	test_packet_soa(&packet, 9, 9);
	reply = parse("a.example", GP_DNS_A);
	assert_int_equal(reply.answer.state, GP_DNS_NODATA);
}

/* extended_errors_5_to_12_mean_bogus: with SERVFAIL only (RFC 8914 4). */
static void extended_errors_5_to_12_mean_bogus(void **state)
{
	(void)state;
	for (unsigned code = 1; code < 40; code++) {
		for (unsigned rcode = 2; rcode <= 5; rcode += 3) {
			test_packet_begin(&packet, ID, "a.example", GP_DNS_A);
			packet.bytes[3] |= (uint8_t)rcode;
			test_packet_opt(&packet, code);
			struct gp_dns_reply reply = parse("a.example", GP_DNS_A);
			bool bogus = rcode == 2 && code >= 5 && code <= 12;
			assert_int_equal(
				reply.answer.state, bogus ? GP_DNS_BOGUS : GP_DNS_TEMPFAIL);
			assert_true(reply.next_server); /* whatever the error says */
			assert_non_null(reply.answer.problem);
		}
	}
}

/* ad_is_passed_on: it is for the wire layer to trust it or not. */
static void ad_is_passed_on(void **state)
{
	(void)state;
	test_packet_begin(&packet, ID, "a.example", GP_DNS_A);
	assert_false(parse("a.example", GP_DNS_A).answer.secure);
	packet.bytes[3] |= 0x20;
	assert_true(parse("a.example", GP_DNS_A).answer.secure);
	packet.bytes[3] |= 2; /* SERVFAIL says nothing secure */
	assert_false(parse("a.example", GP_DNS_A).answer.secure);
}

/* not_the_reply: id, direction, opcode, question in name, type, class and number. */
static void not_the_reply(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} rows[] = {
		{0, 0x13},  /* id */
		{1, 0x35},  /* id */
		{2, 0x01},  /* QR */
		{2, 0x89},  /* opcode */
		{5, 0},     /* no question */
		{5, 2},     /* two */
		{4, 1},     /* 257 */
		{13, 'b'},  /* name */
		{12, 2},    /* another cut of the labels */
		{24, 28},   /* type: AAAA */
		{26, 3},    /* class: CH */
		{12, 0xc0}, /* a name that points behind the packet */
	};
	struct gp_dns_reply reply;
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		test_packet_begin(&packet, ID, "a.example", GP_DNS_A);
		assert_int_equal(parse_cut(packet.length, "a.example", GP_DNS_A, &reply), GP_OK);
		packet.bytes[rows[i].at] = rows[i].value;
		assert_int_equal(
			parse_cut(packet.length, "a.example", GP_DNS_A, &reply), GP_ESYNTAX);
	}
	assert_int_equal(gp_arena_used(arena), 0); /* strangers cost no memory */
}

/* formerr_and_notimp_may_lack_the_question: of servers that read nothing; others are no reply. */
static void formerr_and_notimp_may_lack_the_question(void **state)
{
	(void)state;
	for (unsigned rcode = 0; rcode < 16; rcode++) {
		struct gp_dns_reply reply;
		bool counts = rcode == 1 || rcode == 4;
		test_packet_begin(&packet, ID, "a.example", GP_DNS_A);
		packet.bytes[3] |= (uint8_t)rcode;
		packet.bytes[5] = 0;
		assert_int_equal(
			parse_cut(12, "a.example", GP_DNS_A, &reply), counts ? GP_OK : GP_ESYNTAX);
		if (!counts)
			continue;
		assert_true(reply.without_edns && reply.next_server);
		assert_int_equal(reply.answer.state, GP_DNS_TEMPFAIL);
		assert_string_equal(reply.answer.problem, rcode == 1 ? "FORMERR" : "NOTIMP");
	}
}

/* tc_is_all_that_counts: whatever follows the question, the answer comes over TCP. */
static void tc_is_all_that_counts(void **state)
{
	struct gp_dns_reply reply;
	(void)state;
	test_packet_begin(&packet, ID, "a.example", GP_DNS_A);
	packet.bytes[2] |= 2;
	size_t question_end = packet.length;
	add_a("a.example", 9, "192.0.2.1");
	for (size_t n = question_end; n <= packet.length; n++) {
		assert_int_equal(parse_cut(n, "a.example", GP_DNS_A, &reply), GP_OK);
		assert_true(reply.truncated);
		assert_int_equal(reply.answer.count, 0);
	}
}

/* cut_at_every_length: up to the question it is no reply, then a malformed one. */
static void cut_at_every_length(void **state)
{
	struct gp_dns_reply reply;
	(void)state;
	test_packet_begin(&packet, ID, "a.example", GP_DNS_TXT);
	size_t question_end = packet.length;
	add_alias("a.example", 9, "b.example");
	size_t since = test_packet_head(&packet, "b.example", GP_DNS_TXT, 9);
	test_packet_text(&packet, "v=spf1 -all", 4);
	test_packet_close(&packet, since, TEST_PACKET_ANSWERS);
	test_packet_soa(&packet, 300, 60);
	test_packet_opt(&packet, 6);
	for (size_t n = 0; n < packet.length; n++) {
		int rc = parse_cut(n, "a.example", GP_DNS_TXT, &reply);
		assert_int_equal(rc, n < question_end ? GP_ESYNTAX : GP_OK);
		if (rc == GP_OK) {
			assert_int_equal(reply.answer.state, GP_DNS_TEMPFAIL);
			assert_true(reply.next_server);
		}
	}
	assert_int_equal(parse("a.example", GP_DNS_TXT).answer.state, GP_DNS_FOUND);
}

/* every_octet_wrong: no single change makes it crash or give more than it has. */
static void every_octet_wrong(void **state)
{
	struct gp_dns_reply reply;
	(void)state;
	test_packet_begin(&packet, ID, "a.example", GP_DNS_MX);
	size_t since = test_packet_head(&packet, "a.example", GP_DNS_MX, 9);
	test_packet_put16(&packet, 10);
	test_packet_name(&packet, "mx.example");
	test_packet_close(&packet, since, TEST_PACKET_ANSWERS);
	test_packet_opt(&packet, 6);
	for (size_t at = 0; at < packet.length; at++) {
		uint8_t was = packet.bytes[at];
		for (unsigned value = 0; value < 256; value++) {
			packet.bytes[at] = (uint8_t)value;
			gp_arena_reset(arena);
			if (parse_cut(packet.length, "a.example", GP_DNS_MX, &reply) == GP_OK)
				assert_in_range(reply.answer.count, 0, 1);
		}
		packet.bytes[at] = was;
	}
}

/* a_full_arena_is_our_trouble: GP_ETOOBIG, whatever the ceiling, and no leak. */
static void a_full_arena_is_our_trouble(void **state)
{
	struct gp_dns_reply reply;
	struct gp_arena *ample = arena;
	bool fitted = false;
	(void)state;
	test_packet_begin(&packet, ID, "a.example", GP_DNS_TXT);
	size_t since = test_packet_head(&packet, "a.example", GP_DNS_TXT, 9);
	test_packet_text(&packet, "v=spf1 include:example.org -all", 255);
	test_packet_close(&packet, since, TEST_PACKET_ANSWERS);
	for (size_t ceiling = 0; ceiling < 256; ceiling += 16) {
		arena = gp_arena_new(ceiling);
		assert_non_null(arena);
		int rc = parse_cut(packet.length, "a.example", GP_DNS_TXT, &reply);
		assert_int_equal(rc, fitted || rc == GP_OK ? GP_OK : GP_ETOOBIG);
		fitted = rc == GP_OK;
		gp_arena_free(arena);
	}
	assert_true(fitted);
	arena = ample;
}

/* queries_ask_as_they_should: header, question as it is, OPT (RFC 6891 6.1.2). */
static void queries_ask_as_they_should(void **state)
{
	static const struct gp_dns_question question = {"A\\.b.Example.", GP_DNS_TXT};
	static const uint8_t header[12] = {0x12, 0x34, 1, 0, 0, 1}; /* RD, one question */
	static const uint8_t opt[] = "\0\0\x29\4\xd0\0\0\0\0\0";    /* and a NUL: no options */
	struct gp_dns_query_form form = {.id = ID};
	uint8_t query[GP_DNS_QUERY_MAX], expected[GP_DNS_QUERY_MAX];
	size_t length, n = 12;
	(void)state;
	memcpy(expected, header, sizeof header);
	n += gp_dns_name_to_wire(gp_span_from(question.name), expected + n);
	memcpy(expected + n, "\0\x10\0\1", 4);
	n += 4;
	assert_int_equal(gp_dns_wire_build(&question, &form, query, &length), GP_OK);
	assert_int_equal(length, n);
	assert_memory_equal(query, expected, n);

	form.edns = form.want_ad = true;
	expected[3] = 0x20;
	expected[11] = 1;
	memcpy(expected + n, opt, sizeof opt);
	n += sizeof opt;
	assert_int_equal(gp_dns_wire_build(&question, &form, query, &length), GP_OK);
	assert_int_equal(length, n);
	assert_memory_equal(query, expected, n);
	form.want_signatures = true;
	expected[n - sizeof opt + 7] = 0x80; /* DO */
	assert_int_equal(gp_dns_wire_build(&question, &form, query, &length), GP_OK);
	assert_int_equal(length, n);
	assert_memory_equal(query, expected, n);
	assert_int_equal(gp_dns_wire_build(&(struct gp_dns_question) {"a..b", GP_DNS_A}, &form,
				 query, &length),
		GP_EINVAL);
}

/* put_signature: a RRSIG over records of a type that ends then (RFC 4034 3.1). */
static void put_signature(const char *owner, unsigned covered, uint32_t ends_s)
{
	size_t since = test_packet_head(&packet, owner, TEST_PACKET_RRSIG, 300);
	test_packet_put16(&packet, covered);
	test_packet_put8(&packet, 13);
	test_packet_put8(&packet, 2);
	test_packet_put32(&packet, 300);
	test_packet_put32(&packet, ends_s);
	test_packet_put32(&packet, 1000);
	test_packet_put16(&packet, 4711);
	test_packet_name(&packet, "example");
	test_packet_octets(&packet, "0123456789abcdef", 16);
	test_packet_close(&packet, since, TEST_PACKET_ANSWERS);
}

/* a_tlsa_record_is_its_octets: and the last signature over it counts, not those over others. */
static void a_tlsa_record_is_its_octets(void **state)
{
	static const char name[] = "_25._tcp.mx.example", rdata[] = "\3\1\1\0\xff\x80";
	(void)state;
	test_packet_begin(&packet, ID, name, GP_DNS_TLSA);
	put_signature(name, GP_DNS_A, 9000);
	size_t since = test_packet_head(&packet, name, GP_DNS_TLSA, 9);
	test_packet_octets(&packet, rdata, 6);
	test_packet_close(&packet, since, TEST_PACKET_ANSWERS);
	put_signature(name, GP_DNS_TLSA, 4000000000u);
	put_signature(name, GP_DNS_TLSA, 3000);
	put_signature("other.example", GP_DNS_TLSA, 4100000000u);
	struct gp_dns_reply reply = parse(name, GP_DNS_TLSA);
	assert_int_equal(reply.answer.state, GP_DNS_FOUND);
	assert_int_equal(reply.answer.count, 1);
	assert_int_equal(reply.answer.records[0].text.len, 6);
	assert_memory_equal(reply.answer.records[0].text.ptr, rdata, 6);
	assert_int_equal(reply.answer.signed_until_s, 4000000000);
	test_packet_begin(&packet, ID, "a.example", GP_DNS_A);
	add_a("a.example", 9, "192.0.2.1");
	assert_int_equal(parse("a.example", GP_DNS_A).answer.signed_until_s, 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

/* main: all cases. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(addresses_are_found),
		CASE(other_types),
		CASE(a_tlsa_record_is_its_octets),
		CASE(strings_of_a_text_are_joined),
		CASE(names_are_compared_as_octets),
		CASE(names_without_a_text_are_dropped),
		CASE(no_more_records_than_the_limit),
		CASE(a_hundred_addresses_are_all_there),
		CASE(aliases_are_followed),
		CASE(where_aliases_lead_is_told),
		CASE(chains_have_a_limit),
		CASE(absence),
		CASE(refusals),
		CASE(a_referral_is_no_answer),
		CASE(extended_errors_5_to_12_mean_bogus),
		CASE(ad_is_passed_on),
		CASE(not_the_reply),
		CASE(formerr_and_notimp_may_lack_the_question),
		CASE(tc_is_all_that_counts),
		CASE(cut_at_every_length),
		CASE(every_octet_wrong),
		CASE(a_full_arena_is_our_trouble),
		CASE(queries_ask_as_they_should),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
