/* SPDX-License-Identifier: ISC */
/* Reverse names: confirmed, not confirmed, none, and what trouble with DNS leaves open. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "reputation/reputation_reverse.h"
#include "support/zone.h"

#define V6_REVERSE "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"

/* find: of a client, with this zone. */
static int find(struct test_zone *zone, const char *client, size_t memory,
	struct gp_reputation_reverse *out, char name_out[GP_DNS_NAME_TEXT])
{
	struct gp_ctx ctx = {.arena = gp_arena_new(memory),
		.clock = test_zone_clock(zone),
		.dns = test_zone_dns(zone)};
	struct gp_ipaddr addr = {.family = GP_IP_NONE};
	ctx.deadline_us = gp_clock_now_us(ctx.clock) + 20 * INT64_C(1000000);
	if (*client)
		assert_int_equal(gp_ipaddr_parse(gp_span_from(client), &addr), GP_OK);
	int rc = gp_reputation_reverse_name(&ctx, &addr, out);
	if (rc == GP_OK)
		snprintf(name_out, GP_DNS_NAME_TEXT, "%s", out->name ? out->name : "");
	gp_arena_free(ctx.arena);
	return rc;
}

/* test_states: what a zone says about 192.0.2.1, or another client. */
static void test_states(void **state)
{
	static const struct {
		const char *zone, *client;
		enum gp_reputation_reverse_state state;
		const char *name;
	} rows[] = {
		{"1.2.0.192.in-addr.arpa PTR Mail.Example.ORG.\nmail.example.org A 192.0.2.1\n",
			"192.0.2.1", GP_REPUTATION_REVERSE_CONFIRMED, "mail.example.org"},
		{"1.2.0.192.in-addr.arpa PTR mail.example.org\nmail.example.org A 192.0.2.1\n",
			"::ffff:192.0.2.1", GP_REPUTATION_REVERSE_CONFIRMED, "mail.example.org"},
		{V6_REVERSE " PTR mail.example.org\nmail.example.org AAAA 2001:db8::1\n"
			    "mail.example.org A 192.0.2.1\n",
			"2001:db8::1", GP_REPUTATION_REVERSE_CONFIRMED, "mail.example.org"},
		/* RFC 2317, and a CNAME in front of the address */
		{"1.2.0.192.in-addr.arpa CNAME 1.0-25.2.0.192.in-addr.arpa\n"
		 "1.0-25.2.0.192.in-addr.arpa PTR www.example.org\n"
		 "www.example.org CNAME host.example.org\nhost.example.org A 192.0.2.1\n",
			"192.0.2.1", GP_REPUTATION_REVERSE_CONFIRMED, "www.example.org"},
		{"", "192.0.2.1", GP_REPUTATION_REVERSE_NONE, ""},
		{"1.2.0.192.in-addr.arpa TXT x\n", "192.0.2.1", GP_REPUTATION_REVERSE_NONE, ""},
		{"", "", GP_REPUTATION_REVERSE_UNKNOWN, ""},
		/* the name does not exist, has no address, or another one */
		{"1.2.0.192.in-addr.arpa PTR gone.example.org\n", "192.0.2.1",
			GP_REPUTATION_REVERSE_UNCONFIRMED, "gone.example.org"},
		{"1.2.0.192.in-addr.arpa PTR mail.example.org\nmail.example.org TXT x\n",
			"192.0.2.1", GP_REPUTATION_REVERSE_UNCONFIRMED, "mail.example.org"},
		{"1.2.0.192.in-addr.arpa PTR mail.example.org\nmail.example.org A 192.0.2.2\n",
			"192.0.2.1", GP_REPUTATION_REVERSE_UNCONFIRMED, "mail.example.org"},
		/* one that leads back is enough, whatever the others do */
		{"1.2.0.192.in-addr.arpa PTR a.example\n1.2.0.192.in-addr.arpa PTR b.example\n"
		 "1.2.0.192.in-addr.arpa PTR c.example\na.example SERVFAIL\n"
		 "c.example A 192.0.2.1\n",
			"192.0.2.1", GP_REPUTATION_REVERSE_CONFIRMED, "c.example"},
		/* the same one each time */
		{"1.2.0.192.in-addr.arpa PTR b.example\n1.2.0.192.in-addr.arpa PTR a.example\n"
		 "a.example A 192.0.2.1\nb.example A 192.0.2.1\n",
			"192.0.2.1", GP_REPUTATION_REVERSE_CONFIRMED, "a.example"},
		/* trouble */
		{"1.2.0.192.in-addr.arpa SERVFAIL\n", "192.0.2.1", GP_REPUTATION_REVERSE_UNKNOWN,
			""},
		{"1.2.0.192.in-addr.arpa TIMEOUT\n", "192.0.2.1", GP_REPUTATION_REVERSE_UNKNOWN,
			""},
		{"1.2.0.192.in-addr.arpa BOGUS\n", "192.0.2.1", GP_REPUTATION_REVERSE_UNKNOWN, ""},
		{"1.2.0.192.in-addr.arpa TROUBLE\n", "192.0.2.1", GP_REPUTATION_REVERSE_UNKNOWN,
			""},
		{"1.2.0.192.in-addr.arpa CNAME 1.2.0.192.in-addr.arpa\n", "192.0.2.1",
			GP_REPUTATION_REVERSE_UNKNOWN, ""},
		{"1.2.0.192.in-addr.arpa PTR a.example\n1.2.0.192.in-addr.arpa PTR b.example\n"
		 "a.example A 192.0.2.2\nb.example REFUSED\n",
			"192.0.2.1", GP_REPUTATION_REVERSE_UNKNOWN, ""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct test_zone *zone = test_zone_new();
		struct gp_reputation_reverse reverse;
		char name[GP_DNS_NAME_TEXT];
		test_zone_lines(zone, rows[i].zone);
		assert_int_equal(find(zone, rows[i].client, 1 << 16, &reverse, name), GP_OK);
		if (reverse.state != rows[i].state || strcmp(name, rows[i].name) != 0)
			fail_msg("row %zu: %s %s", i, gp_reputation_reverse_text(reverse.state),
				name);
		assert_int_equal(reverse.problem != NULL,
			reverse.state == GP_REPUTATION_REVERSE_UNKNOWN && *rows[i].client);
		test_zone_free(zone);
	}
}

/* test_names_of_no_host: what stands in a reverse zone may be anything, and is not asked for. */
static void test_names_of_no_host(void **state)
{
	static const char *const names[] = {"", "localhost", "192.0.2.1", "host.123", "a b.example",
		"a/b.example", "m\303\244il.example", "*.example", "a@b.example", "\\032.example"};
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct test_zone *zone = test_zone_new();
		struct gp_reputation_reverse reverse;
		char name[GP_DNS_NAME_TEXT];
		test_zone_add_target(zone, "1.2.0.192.in-addr.arpa", GP_DNS_PTR, 0, names[i]);
		assert_int_equal(find(zone, "192.0.2.1", 1 << 16, &reverse, name), GP_OK);
		assert_int_equal(reverse.state, GP_REPUTATION_REVERSE_NONE);
		assert_null(reverse.name);
		assert_int_equal(test_zone_asked(zone, TEST_ZONE_ANY), 1);
		test_zone_add_target(
			zone, "1.2.0.192.in-addr.arpa", GP_DNS_PTR, 0, "a_1.xn--e1afmkfd.example");
		test_zone_add_addr(zone, "a_1.xn--e1afmkfd.example", "192.0.2.1");
		assert_int_equal(find(zone, "192.0.2.1", 1 << 16, &reverse, name), GP_OK);
		assert_int_equal(reverse.state, GP_REPUTATION_REVERSE_CONFIRMED);
		assert_string_equal(name, "a_1.xn--e1afmkfd.example");
		test_zone_free(zone);
	}
}

/* test_many_names: five are looked at, together, none twice, the same ones in whatever order. */
static void test_many_names(void **state)
{
	struct gp_reputation_reverse reverse;
	char name[GP_DNS_NAME_TEXT];
	(void)state;
	for (int downwards = 0; downwards < 2; downwards++) {
		struct test_zone *zone = test_zone_new();
		for (int i = 0; i < 200; i++) {
			snprintf(name, sizeof name, "n%03d.example",
				(downwards ? 199 - i : i) / 2 * 2);
			test_zone_add_target(zone, "1.2.0.192.in-addr.arpa", GP_DNS_PTR, 0, name);
		}
		test_zone_add_addr(zone, "n008.example", "192.0.2.1");
		assert_int_equal(find(zone, "192.0.2.1", 1 << 18, &reverse, name), GP_OK);
		assert_int_equal(reverse.state, GP_REPUTATION_REVERSE_CONFIRMED);
		assert_string_equal(name, "n008.example");
		assert_int_equal(test_zone_calls(zone), 2);
		assert_int_equal(
			test_zone_asked(zone, TEST_ZONE_ANY), 1 + GP_REPUTATION_REVERSE_NAMES);
		test_zone_free(zone);
	}
}

/* test_its_share_of_the_time: a client with slow servers costs a quarter. */
static void test_its_share_of_the_time(void **state)
{
	struct test_zone *zone = test_zone_new();
	struct gp_reputation_reverse reverse;
	char name[GP_DNS_NAME_TEXT];
	(void)state;
	test_zone_lines(zone, "1.2.0.192.in-addr.arpa PTR a.example\na.example A 192.0.2.1\n"
			      "1.2.0.192.in-addr.arpa DELAY 3000\na.example DELAY 3000\n");
	int64_t begun_us = gp_clock_now_us(test_zone_clock(zone));
	assert_int_equal(find(zone, "192.0.2.1", 1 << 16, &reverse, name), GP_OK);
	assert_int_equal(reverse.state, GP_REPUTATION_REVERSE_UNKNOWN);
	assert_int_equal(gp_clock_now_us(test_zone_clock(zone)) - begun_us, 5000000);
	test_zone_free(zone);
}

/* test_ceiling: memory that ends is a status, and not a word about the client. */
static void test_ceiling(void **state)
{
	struct test_zone *zone = test_zone_new();
	bool done = false;
	(void)state;
	test_zone_lines(zone, "1.2.0.192.in-addr.arpa PTR a.example\n"
			      "1.2.0.192.in-addr.arpa PTR b.example\nb.example A 192.0.2.1\n");
	for (size_t memory = 1; memory < 4096 && !done; memory += 8) {
		struct gp_reputation_reverse reverse;
		char name[GP_DNS_NAME_TEXT];
		int rc = find(zone, "192.0.2.1", memory, &reverse, name);
		assert_true(rc == GP_OK || rc == GP_ETOOBIG);
		done = rc == GP_OK;
		if (!done)
			assert_int_equal(reverse.state, GP_REPUTATION_REVERSE_UNKNOWN);
	}
	assert_true(done);
	test_zone_free(zone);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_names_of_no_host),
		cmocka_unit_test(test_many_names),
		cmocka_unit_test(test_its_share_of_the_time),
		cmocka_unit_test(test_ceiling),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("reputation_reverse", tests, NULL, NULL);
}
