/* SPDX-License-Identifier: ISC */
/*
 * Asking DNS lists: which questions are sent, all of them at once, and what the answers make
 * together; that a key shows nowhere; that what is not answered, or is answered badly, is no hit.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reputation/dnsbl/dnsbl.h"
#include "reputation/dnsbl/dnsbl_question.h"
#include "support/dnsblist.h"
#include "support/zone.h"

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

struct bench {
	struct test_zone *zone;
	struct gp_ctx ctx;
	struct gp_trace trace;
	char traced[8192];
	struct gp_dnsbl_list lists[4];
	struct gp_dnsbl_plan plan;
	struct gp_dnsbl_result result;
};

/* keep_line: of the trace. */
static void keep_line(void *arg, unsigned depth, const char *text)
{
	struct bench *b = arg;
	size_t used = strlen(b->traced);
	(void)depth;
	snprintf(b->traced + used, sizeof b->traced - used, "%s\n", text);
}

/* bench_begin: four lists, all of which are taken to work. */
static void bench_begin(struct bench *b)
{
	memset(b, 0, sizeof *b);
	b->zone = test_zone_new();
	b->trace = (struct gp_trace) {keep_line, b};
	b->ctx = (struct gp_ctx) {.arena = gp_arena_new(1 << 20),
		.clock = test_zone_clock(b->zone),
		.dns = test_zone_dns(b->zone),
		.trace = &b->trace};
	b->ctx.deadline_us = gp_clock_now_us(b->ctx.clock) + 20000000;
	b->lists[0] = test_dnsblist_of_addresses("one", "bl.example.org");
	b->lists[1] = test_dnsblist_of_addresses("two", "two.example.net");
	b->lists[2] = test_dnsblist_of_names("names", "uri.example.org");
	b->lists[3] = test_dnsblist_allow("good", "good.example.org");
	b->plan = (struct gp_dnsbl_plan) {
		.lists = b->lists, .count = COUNT(b->lists), .deadline_ms = 3000};
}

/* bench_end: all of it. */
static void bench_end(struct bench *b)
{
	gp_arena_free(b->ctx.arena);
	test_zone_free(b->zone);
}

/* ip: an address by its text. */
static struct gp_ipaddr ip(const char *text)
{
	struct gp_ipaddr addr;
	assert_int_equal(gp_ipaddr_parse(gp_span_from(text), &addr), GP_OK);
	return addr;
}

/* ask: about a client alone, or with names. */
static void ask(
	struct bench *b, const char *client, const char *sender, const char *helo, const char *rdns)
{
	const struct gp_dnsbl_subject subject = {
		.client = client ? ip(client) : (struct gp_ipaddr) {0},
		.sender_domain = sender,
		.helo_name = helo,
		.rdns_name = rdns,
		.is_null_sender = sender && !*sender};
	test_zone_forget(b->zone);
	assert_int_equal(gp_dnsbl_ask(&b->ctx, &b->plan, &subject, &b->result), GP_OK);
}

/* asked: how often about a name. */
static size_t asked(const struct bench *b, const char *name)
{
	return test_zone_asked_of(b->zone, name);
}

/* ---- questions ---- */

/* test_addresses_are_asked_in_reverse: octets, and nibbles where the list says that it answers. */
static void test_addresses_are_asked_in_reverse(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	b.lists[1].ipv6 = true;
	ask(&b, "192.0.2.99", NULL, NULL, NULL);
	assert_int_equal(asked(&b, "99.2.0.192.bl.example.org"), 1);
	assert_int_equal(asked(&b, "99.2.0.192.two.example.net"), 1);
	assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), 3);
	ask(&b, "2001:db8:1:2:3:4:567:89ab", NULL, NULL, NULL);
	assert_int_equal(
		asked(&b, "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2."
			  "two.example.net"),
		1);
	assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), 1);
	ask(&b, "::ffff:192.0.2.99", NULL, NULL, NULL);
	assert_int_equal(asked(&b, "99.2.0.192.bl.example.org"), 1);
	assert_string_equal(b.result.items[0].about, "192.0.2.99");
	bench_end(&b);
}

/* test_only_hosts_of_the_internet_are_asked: special, private, loopback in all spellings. */
static void test_only_hosts_of_the_internet_are_asked(void **state)
{
	static const char *const special[] = {"0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1",
		"127.0.0.2", "169.254.1.1", "172.16.0.1", "192.168.1.1", "224.0.0.1",
		"255.255.255.255", "::", "::1", "fc00::1", "fe80::1", "ff02::1", "::ffff:127.0.0.1",
		"::ffff:10.0.0.1", "0.1.2.3", "192.0.0.8", "192.88.99.1", "198.18.0.1",
		"198.19.255.255", "240.0.0.1", "254.1.2.3", "::ffff:198.18.0.1", "::192.0.2.1",
		"64:ff9b:1::1", "100::1", "2001:2::1", "2001:10::1", "2001:1ff::1", "5f00::1",
		"fec0::1", "4000::1"};
	struct bench b;
	(void)state;
	bench_begin(&b);
	for (size_t i = 0; i < 4; i++)
		b.lists[i].ipv6 = true;
	for (size_t i = 0; i < COUNT(special); i++) {
		ask(&b, special[i], NULL, NULL, NULL);
		assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), 0);
		assert_int_equal(b.result.asked, 0);
	}
	ask(&b, NULL, NULL, NULL, NULL);
	assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), 0);
	bench_end(&b);
}

/* test_hosts_of_the_internet_are_asked: beside special networks, and for documentation. */
static void test_hosts_of_the_internet_are_asked(void **state)
{
	static const char *const hosts[] = {"1.1.1.1", "192.0.1.1", "192.88.98.1", "198.17.0.1",
		"198.20.0.1", "223.255.255.255", "192.0.2.1", "198.51.100.1", "203.0.113.1",
		"2001:db8::1", "3fff::1", "2001:200::1", "2600::1", "2a00::1", "2001:0:1::1",
		"2001:20::1", "2002:c000:201::1", "64:ff9b::808:808", "::ffff:192.0.2.1"};
	(void)state;
	for (size_t i = 0; i < COUNT(hosts); i++) {
		struct gp_ipaddr addr;
		assert_int_equal(gp_ipaddr_parse(gp_span_from(hosts[i]), &addr), GP_OK);
		if (!gp_dnsbl_question_is_host(&addr))
			fail_msg("%s is a host", hosts[i]);
	}
}

static char long_label[64], very_long[254];

/* make_long: a name of 253 characters, with labels of 63. */
static void make_long(void)
{
	memset(long_label, 'a', 63);
	memset(very_long, 'a', 253);
	very_long[63] = very_long[127] = very_long[191] = '.';
}

/* test_what_is_no_domain_is_not_asked: literals, addresses, single labels, names of nobody. */
static void test_what_is_no_domain_is_not_asked(void **state)
{
	static const char *const not_asked[] = {"", "*", "[192.0.2.1]", "[IPv6:2001:db8::1]",
		"192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "mail", "localhost",
		"localhost.localdomain.local", "a.local", "a.localhost", "x.internal", "home.arpa",
		"router.home.arpa", "1.2.0.192.in-addr.arpa", "a.invalid", "a.test", "deep.b.test",
		"A.TEST.", "a..example.org", ".example.org", "a b.example.org",
		"a\r\nb.example.org", "*.example.org", "a@example.org", "1.2.3", "example.123",
		"\"a@b\"", "\xff\xfe.example.org", very_long};
	struct bench b;
	(void)state;
	make_long();
	bench_begin(&b);
	for (size_t i = 0; i < COUNT(not_asked); i++) {
		ask(&b, NULL, NULL, not_asked[i], NULL);
		if (test_zone_asked(b.zone, TEST_ZONE_ANY) != 0)
			fail_msg("asked about %s", not_asked[i]);
		assert_int_equal(b.result.items[2].state, GP_DNSBL_NOT_ASKED);
	}
	ask(&b, NULL, NULL, "testing.example", NULL); /* of which "test" is no label */
	assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), 1);
	bench_end(&b);
}

/* test_addresses_never_go_to_lists_of_names: client, HELO and reverse name are one. */
static void test_addresses_never_go_to_lists_of_names(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	b.plan.lists = &b.lists[2];
	b.plan.count = 1;
	ask(&b, "192.0.2.99", "", "[192.0.2.99]", "192.0.2.99");
	assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), 0);
	bench_end(&b);
}

/* test_names_are_asked_in_one_form_and_once: lower case, A-labels, whatever roles they have. */
static void test_names_are_asked_in_one_form_and_once(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	ask(&b, NULL, "Mail.Example.COM", "mail.example.com.", "MAIL.EXAMPLE.COM");
	assert_int_equal(asked(&b, "mail.example.com.uri.example.org"), 1);
	assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), 1);
	ask(&b, NULL, "a.example.com", "b.example.com", "c.example.com");
	assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), 3);
	assert_int_equal(test_zone_calls(b.zone), 1);
	ask(&b, NULL,
		"b\xc3\xbc"
		"cher.example.com",
		NULL, NULL);
	assert_int_equal(asked(&b, "xn--bcher-kva.example.com.uri.example.org"), 1);
	bench_end(&b);
}

/* test_names_are_reduced_where_the_list_wants_it: to what somebody registered. */
static void test_names_are_reduced_where_the_list_wants_it(void **state)
{
	char path[] = "/tmp/gatepost-psl-XXXXXX";
	static const char rules[] = "com\nuk\nco.uk\norg\n";
	struct gp_suffix_list *psl;
	struct bench b;
	(void)state;
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	FILE *file = fdopen(fd, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(rules, 1, sizeof rules - 1, file), sizeof rules - 1);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(gp_suffix_list_new(path, &psl), GP_OK);
	bench_begin(&b);
	b.lists[2].reduce = GP_DNSBL_REGISTERED;
	ask(&b, NULL, "a.b.example.co.uk", NULL, NULL); /* without a list of suffixes: not at all */
	assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), 0);
	b.plan.psl = psl;
	ask(&b, NULL, "a.b.example.co.uk", "example.co.uk", "mx.example.co.uk");
	assert_int_equal(asked(&b, "example.co.uk.uri.example.org"), 1);
	assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), 1);
	assert_string_equal(b.result.items[2].about, "example.co.uk");
	ask(&b, NULL, "co.uk", NULL, NULL); /* nobody's domain */
	assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), 0);
	bench_end(&b);
	gp_suffix_list_free(psl);
	remove(path);
}

/* test_name_too_long_with_the_zone_is_not_asked: the longest that fits is. */
static void test_name_too_long_with_the_zone_is_not_asked(void **state)
{
	char name[254];
	struct bench b;
	(void)state;
	bench_begin(&b);
	size_t fits = 253 - strlen(".uri.example.org");
	make_long();
	memcpy(name, very_long, sizeof name);
	memcpy(name + 192, "b.example.com", 14);
	assert_true(strlen(name) <= fits);
	ask(&b, NULL, name, NULL, NULL);
	assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), 1);
	memset(name + 192, 'b', 50);
	memcpy(name + 242, ".com", 5); /* 246 characters */
	ask(&b, NULL, name, NULL, NULL);
	assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), 0);
	assert_int_equal(b.result.items[2].state, GP_DNSBL_NOT_ASKED);
	bench_end(&b);
}

/* test_only_addresses_are_asked_and_all_at_once: one type, one call, whatever is listed. */
static void test_only_addresses_are_asked_and_all_at_once(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	test_zone_lines(b.zone, "99.2.0.192.bl.example.org A 127.0.0.2\n"
				"99.2.0.192.bl.example.org TXT listed\n");
	ask(&b, "192.0.2.99", "a.example.com", "b.example.com", NULL);
	assert_int_equal(test_zone_calls(b.zone), 1);
	assert_int_equal(test_zone_asked(b.zone, GP_DNS_A), 5);
	assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), 5);
	for (size_t i = 0; i < 5; i++) { /* a delisting is seen within minutes */
		assert_true(test_zone_question(b.zone, i)->is_fresh);
		assert_int_equal(test_zone_question(b.zone, i)->ttl_max_s, 300);
	}
	bench_end(&b);
}

/* test_most_lists_and_names: more questions than a call takes are asked all the same. */
static void test_most_lists_and_names(void **state)
{
	struct gp_dnsbl_list lists[GP_DNSBL_LISTS_MAX + 1];
	char zones[GP_DNSBL_LISTS_MAX][32];
	struct bench b;
	(void)state;
	bench_begin(&b);
	for (size_t i = 0; i < GP_DNSBL_LISTS_MAX; i++) {
		snprintf(zones[i], sizeof zones[i], "bl%zu.example.org", i);
		lists[i] = test_dnsblist_of_names(zones[i], zones[i]);
		lists[i].asks |= GP_DNSBL_ASKS_CLIENT;
	}
	b.plan.lists = lists;
	b.plan.count = GP_DNSBL_LISTS_MAX;
	test_zone_lines(b.zone, "c.example.com.bl31.example.org A 127.0.0.8\n");
	ask(&b, "192.0.2.99", "a.example.com", "b.example.com", "c.example.com");
	assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), 4 * GP_DNSBL_LISTS_MAX);
	assert_int_equal(b.result.score, 4);
	b.plan.count++;
	const struct gp_dnsbl_subject nobody = {.sender_domain = ""};
	assert_int_equal(gp_dnsbl_ask(&b.ctx, &b.plan, &nobody, &b.result), GP_EINVAL);
	bench_end(&b);
}

/* test_lists_for_some_mail_only: null senders, users, lists that are off or have no key. */
static void test_lists_for_some_mail_only(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	b.lists[0].null_sender = true;
	b.lists[1].submission = true;
	b.lists[2].is_off = true;
	b.lists[3].no_key = "the file cannot be read";
	ask(&b, "192.0.2.99", "a.example.com", NULL, NULL);
	assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), 0);
	ask(&b, "192.0.2.99", "", NULL, NULL);
	assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), 1);
	assert_int_equal(asked(&b, "99.2.0.192.bl.example.org"), 1);
	bench_end(&b);
}

/* ---- answers ---- */

/* test_answers_make_a_score: weights of all lists, families, the worst, who vouches. */
static void test_answers_make_a_score(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	test_zone_lines(b.zone, "99.2.0.192.bl.example.org A 127.0.0.10\n"
				"99.2.0.192.bl.example.org A 127.0.0.5\n"
				"99.2.0.192.two.example.net A 127.0.0.2\n"
				"a.example.com.uri.example.org A 127.0.0.8\n"
				"b.example.com.uri.example.org A 127.0.0.64\n"
				"99.2.0.192.good.example.org A 127.0.5.1\n");
	ask(&b, "192.0.2.99", "b.example.com", "a.example.com", NULL);
	assert_int_equal(b.result.items[0].state, GP_DNSBL_LISTED);
	assert_int_equal(b.result.items[0].weight, 2); /* not the sum */
	assert_int_equal(b.result.items[0].code.octet[3], 5);
	assert_int_equal(b.result.items[0].answer_count, 2);
	assert_string_equal(b.result.items[0].rule->meaning, "exploited");
	assert_int_equal(b.result.items[1].weight, 3);
	assert_int_equal(b.result.items[2].weight, 4);
	assert_string_equal(b.result.items[2].about, "a.example.com");
	assert_int_equal(b.result.items[3].weight, -1);
	assert_int_equal(b.result.score, 2 + 3 + 4 - 1);
	assert_int_equal(b.result.families, 3);
	assert_true(b.result.is_vouched);
	assert_ptr_equal(b.result.worst, &b.result.items[2]);
	assert_int_equal(b.result.asked, 4);
	b.lists[1].family = "one";
	ask(&b, "192.0.2.99", "none.example.com", NULL, NULL);
	assert_int_equal(b.result.families, 1);
	assert_int_equal(b.result.items[2].state, GP_DNSBL_NOT_LISTED);
	bench_end(&b);
}

/* test_negative_weights_of_block_lists_vouch_for_nobody: only those of allow lists. */
static void test_negative_weights_of_block_lists_vouch_for_nobody(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	b.lists[3].allow = false;
	test_zone_lines(b.zone, "99.2.0.192.good.example.org A 127.0.5.3\n");
	ask(&b, "192.0.2.99", NULL, NULL, NULL);
	assert_int_equal(b.result.score, -5);
	assert_false(b.result.is_vouched);
	assert_null(b.result.worst);
	bench_end(&b);
}

static const struct {
	const char *lines;
	enum gp_dnsbl_state state;
} no_hits[] = {
	{"", GP_DNSBL_NOT_LISTED},
	{"99.2.0.192.bl.example.org NODATA A\n", GP_DNSBL_NOT_LISTED},
	{"99.2.0.192.bl.example.org A 127.0.0.3\n", GP_DNSBL_SAID_UNKNOWN},
	{"99.2.0.192.bl.example.org A 127.0.0.1\n", GP_DNSBL_SAID_ERROR},
	{"99.2.0.192.bl.example.org A 127.255.255.254\n", GP_DNSBL_SAID_ERROR},
	{"99.2.0.192.bl.example.org A 127.0.0.2\n99.2.0.192.bl.example.org A 127.255.255.255\n",
		GP_DNSBL_SAID_ERROR},
	{"99.2.0.192.bl.example.org A 146.112.61.108\n", GP_DNSBL_SAID_ERROR},
	{"99.2.0.192.bl.example.org TIMEOUT A\n", GP_DNSBL_NO_ANSWER},
	{"99.2.0.192.bl.example.org REFUSED A\n", GP_DNSBL_NO_ANSWER},
	{"99.2.0.192.bl.example.org SERVFAIL A\n", GP_DNSBL_NO_ANSWER},
	{"99.2.0.192.bl.example.org BOGUS A\n", GP_DNSBL_NO_ANSWER},
	{"99.2.0.192.bl.example.org TROUBLE A\n", GP_DNSBL_NO_ANSWER},
	{"99.2.0.192.bl.example.org CNAME parked.example.net\nparked.example.net A 127.0.0.2\n",
		GP_DNSBL_SAID_ERROR},
};

/* test_only_a_known_code_is_a_hit: refusals, foreign addresses, silence, a zone that was sold. */
static void test_only_a_known_code_is_a_hit(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(no_hits); i++) {
		struct bench b;
		bench_begin(&b);
		test_zone_lines(b.zone, no_hits[i].lines);
		ask(&b, "192.0.2.99", NULL, NULL, NULL);
		if (b.result.items[0].state != no_hits[i].state)
			fail_msg("%s: %s", no_hits[i].lines,
				gp_dnsbl_state_name(b.result.items[0].state));
		assert_int_equal(b.result.items[0].weight, 0);
		assert_int_equal(b.result.score, 0);
		assert_null(b.result.worst);
		assert_false(b.result.is_vouched);
		bench_end(&b);
	}
}

/* test_alias_within_the_zone_is_an_answer: lists of some operators point to one name. */
static void test_alias_within_the_zone_is_an_answer(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	test_zone_lines(b.zone, "99.2.0.192.bl.example.org CNAME listed.bl.example.org\n"
				"listed.bl.example.org A 127.0.0.2\n");
	ask(&b, "192.0.2.99", NULL, NULL, NULL);
	assert_int_equal(b.result.items[0].state, GP_DNSBL_LISTED);
	bench_end(&b);
}

/* test_loop_of_aliases_is_no_hit: whatever the resolver makes of it. */
static void test_loop_of_aliases_is_no_hit(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	test_zone_lines(b.zone, "99.2.0.192.bl.example.org CNAME a.bl.example.org\n"
				"a.bl.example.org CNAME 99.2.0.192.bl.example.org\n");
	ask(&b, "192.0.2.99", NULL, NULL, NULL);
	assert_int_equal(b.result.score, 0);
	assert_int_not_equal(b.result.items[0].state, GP_DNSBL_LISTED);
	bench_end(&b);
}

/* test_hundred_records_are_all_looked_at: a few are kept to be shown. */
static void test_hundred_records_are_all_looked_at(void **state)
{
	char line[80];
	struct bench b;
	(void)state;
	bench_begin(&b);
	for (int i = 0; i < 99; i++) {
		snprintf(line, sizeof line, "99.2.0.192.bl.example.org A 127.0.9.%d\n", i);
		test_zone_lines(b.zone, line);
	}
	test_zone_lines(b.zone, "99.2.0.192.bl.example.org A 127.0.0.2\n");
	ask(&b, "192.0.2.99", NULL, NULL, NULL);
	assert_int_equal(b.result.items[0].state, GP_DNSBL_LISTED);
	assert_int_equal(b.result.items[0].weight, 3);
	assert_int_equal(b.result.items[0].code.octet[3], 2);
	assert_int_equal(b.result.items[0].answer_count, GP_DNSBL_ANSWERS_MAX);
	bench_end(&b);
}

/* ---- what the table is told ---- */

/* view: of a list. */
static struct gp_dnsbl_health_view view(const struct bench *b, size_t i)
{
	struct gp_dnsbl_health_view v;
	gp_dnsbl_health_view(b->plan.health, &b->lists[i], TEST_DNSBLIST_NOW_S, &v);
	assert_true(v.is_known);
	return v;
}

/* test_silence_is_a_timeout_of_the_list: not of its neighbours, and other failures are others. */
static void test_silence_is_a_timeout_of_the_list(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	b.plan.health = test_dnsblist_tested(b.lists, 4);
	test_zone_lines(b.zone, "99.2.0.192.bl.example.org TIMEOUT A\n"
				"99.2.0.192.two.example.net REFUSED A\n"
				"99.2.0.192.good.example.org TROUBLE A\n");
	ask(&b, "192.0.2.99", "a.example.com", NULL, NULL);
	assert_int_equal(view(&b, 0).timeouts, 1);
	assert_int_equal(view(&b, 1).timeouts, 0);
	assert_int_equal(view(&b, 1).refused, 1);
	assert_int_equal(view(&b, 2).not_listed, 1);
	assert_int_equal(view(&b, 2).timeouts, 0);
	assert_int_equal(view(&b, 3).questions, 0); /* a local problem */
	assert_int_equal(b.result.unanswered, 3);
	test_dnsblist_health_free(b.plan.health);
	bench_end(&b);
}

/* test_too_little_time_counts_for_nothing: the request's own lack of it is not the list's. */
static void test_too_little_time_counts_for_nothing(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	b.plan.health = test_dnsblist_tested(b.lists, 4);
	test_zone_lines(b.zone, "99.2.0.192.bl.example.org DELAY 2000\n"
				"99.2.0.192.bl.example.org A 127.0.0.2\n");
	b.ctx.deadline_us = gp_clock_now_us(b.ctx.clock) + 300000;
	ask(&b, "192.0.2.99", NULL, NULL, NULL);
	assert_int_equal(b.result.items[0].state, GP_DNSBL_NO_ANSWER);
	assert_int_equal(view(&b, 0).timeouts, 0);
	b.ctx.deadline_us = gp_clock_now_us(b.ctx.clock) + 20000000;
	b.plan.deadline_ms = 1500;
	ask(&b, "192.0.2.99", NULL, NULL, NULL);
	assert_int_equal(b.result.items[0].state, GP_DNSBL_NO_ANSWER);
	assert_int_equal(view(&b, 0).timeouts, 1);
	test_dnsblist_health_free(b.plan.health);
	bench_end(&b);
}

/* test_list_that_does_not_work_is_not_asked: suspended by one answer, and the event says why. */
static void test_list_that_does_not_work_is_not_asked(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	b.plan.health = test_dnsblist_tested(b.lists, 4);
	test_zone_lines(b.zone, "99.2.0.192.bl.example.org A 127.255.255.254\n");
	ask(&b, "192.0.2.99", NULL, NULL, NULL);
	assert_int_equal(b.result.event_count, 1);
	assert_int_equal(b.result.events[0].kind, GP_DNSBL_EVENT_SUSPENDED);
	assert_ptr_equal(b.result.events[0].list, &b.lists[0]);
	assert_int_equal(b.result.events[0].reason, GP_DNSBL_ERROR_CODE);
	assert_string_equal(b.result.events[0].detail, "127.255.255.254");
	ask(&b, "192.0.2.98", NULL, NULL, NULL);
	assert_int_equal(asked(&b, "98.2.0.192.bl.example.org"), 0);
	assert_int_equal(asked(&b, "98.2.0.192.two.example.net"), 1);
	assert_int_equal(b.result.items[0].state, GP_DNSBL_NOT_ASKED);
	assert_int_equal(b.result.event_count, 0);
	test_dnsblist_health_free(b.plan.health);
	bench_end(&b);
}

/* test_untested_lists_are_not_asked: none is used before its tests have shown that it works. */
static void test_untested_lists_are_not_asked(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	b.plan.health = test_dnsblist_health(b.lists, 4);
	ask(&b, "192.0.2.99", "a.example.com", NULL, NULL);
	assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), 0);
	assert_int_equal(b.result.score, 0);
	test_dnsblist_health_free(b.plan.health);
	bench_end(&b);
}

/* test_unknown_codes_are_told_once: with the code, and they are no hits. */
static void test_unknown_codes_are_told_once(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	b.plan.health = test_dnsblist_tested(b.lists, 4);
	test_zone_lines(b.zone, "99.2.0.192.bl.example.org A 127.0.0.30\n");
	ask(&b, "192.0.2.99", NULL, NULL, NULL);
	assert_int_equal(b.result.event_count, 1);
	assert_int_equal(b.result.events[0].kind, GP_DNSBL_EVENT_UNKNOWN);
	assert_string_equal(b.result.events[0].detail, "127.0.0.30");
	ask(&b, "192.0.2.99", NULL, NULL, NULL);
	assert_int_equal(b.result.event_count, 0);
	assert_int_equal(view(&b, 0).unknown, 2);
	assert_int_equal(view(&b, 0).unknown_codes[0].count, 2);
	test_dnsblist_health_free(b.plan.health);
	bench_end(&b);
}

/* ---- the text ---- */

/* test_text_is_asked_for_what_is_told_alone: one question, of the list with the largest weight. */
static void test_text_is_asked_for_what_is_told_alone(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	test_zone_lines(b.zone,
		"99.2.0.192.bl.example.org A 127.0.0.10\n"
		"99.2.0.192.bl.example.org TXT one\n"
		"a.example.com.uri.example.org A 127.0.0.8\n"
		"a.example.com.uri.example.org TXT see https://uri.example.org/a\n");
	ask(&b, "192.0.2.99", "a.example.com", NULL, NULL);
	test_zone_forget(b.zone);
	assert_int_equal(gp_dnsbl_text(&b.ctx, &b.result), GP_OK);
	assert_string_equal(b.result.worst->text, "see https://uri.example.org/a");
	assert_null(b.result.items[0].text);
	assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), 1);
	assert_int_equal(gp_dnsbl_text(&b.ctx, &b.result), GP_OK); /* known by now */
	assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), 1);
	ask(&b, "192.0.2.98", NULL, NULL, NULL);
	test_zone_forget(b.zone);
	assert_int_equal(gp_dnsbl_text(&b.ctx, &b.result), GP_OK); /* no hit, no question */
	assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), 0);
	bench_end(&b);
}

/* test_text_comes_within_the_time_that_is_left: not after the plan's, and none is no error. */
static void test_text_comes_within_the_time_that_is_left(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	test_zone_lines(b.zone, "99.2.0.192.bl.example.org A 127.0.0.2\n"
				"99.2.0.192.bl.example.org TXT one\n");
	ask(&b, "192.0.2.99", NULL, NULL, NULL);
	test_zone_forget(b.zone);
	test_zone_set_clock(b.zone, b.result.deadline_us, TEST_DNSBLIST_NOW_S + 3);
	assert_int_equal(gp_dnsbl_text(&b.ctx, &b.result), GP_OK);
	assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), 0);
	assert_null(b.result.worst->text);
	bench_end(&b);
}

/* contains: the key, in either case. */
static bool has_key(const char *text)
{
	return text && strcasestr(text, TEST_DNSBLIST_KEY) != NULL;
}

/* test_key_is_in_no_result_and_no_trace: it is part of the query, and the list repeats it. */
static void test_key_is_in_no_result_and_no_trace(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	test_dnsblist_add_key(&b.lists[0], TEST_DNSBLIST_KEY ".dq.example.org");
	b.plan.health = test_dnsblist_tested(b.lists, 4);
	b.ctx.dns = gp_dns_memo_new(b.ctx.arena, test_zone_dns(b.zone));
	test_zone_lines(b.zone,
		"99.2.0.192." TEST_DNSBLIST_KEY ".dq.example.org A 127.0.0.2\n"
		"99.2.0.192." TEST_DNSBLIST_KEY ".dq.example.org A 127.0.0.33\n"
		"99.2.0.192." TEST_DNSBLIST_KEY
		".dq.example.org TXT K3YS3CR3TK3YS3CR3TK3YS3CR3 is listed, " TEST_DNSBLIST_KEY "\n"
		"98.2.0.192." TEST_DNSBLIST_KEY ".dq.example.org A 127.255.255.254\n");
	ask(&b, "192.0.2.99", NULL, NULL, NULL);
	assert_int_equal(
		test_zone_asked_of(b.zone, "99.2.0.192." TEST_DNSBLIST_KEY ".dq.example.org"), 1);
	assert_int_equal(b.result.items[0].state, GP_DNSBL_LISTED);
	assert_int_equal(gp_dnsbl_text(&b.ctx, &b.result), GP_OK);
	assert_string_equal(b.result.worst->text, "KEY is listed, KEY");
	assert_string_equal(b.result.worst->about, "192.0.2.99");
	ask(&b, "192.0.2.98", NULL, NULL, NULL);
	assert_int_equal(b.result.event_count, 1);
	assert_false(has_key(b.result.events[0].detail));
	assert_false(has_key(view(&b, 0).detail));
	assert_non_null(strstr(b.traced, "bl.example.org: 192.0.2.99: listed, 127.0.0.2"));
	assert_false(has_key(b.traced));
	assert_null(strstr(b.traced, ".dq."));
	test_dnsblist_health_free(b.plan.health);
	bench_end(&b);
}

/* test_copy_stands_alone: in another arena, after the first is gone. */
static void test_copy_stands_alone(void **state)
{
	struct gp_arena *other = gp_arena_new(1 << 16), *small = gp_arena_new(64);
	struct gp_dnsbl_result copy;
	struct bench b;
	(void)state;
	bench_begin(&b);
	test_zone_lines(b.zone, "99.2.0.192.two.example.net A 127.0.0.2\n"
				"99.2.0.192.two.example.net TXT why\n");
	ask(&b, "192.0.2.99", NULL, NULL, NULL);
	assert_int_equal(gp_dnsbl_text(&b.ctx, &b.result), GP_OK);
	assert_int_equal(gp_dnsbl_copy(small, &b.result, &copy), GP_ETOOBIG);
	assert_int_equal(gp_dnsbl_copy(other, &b.result, &copy), GP_OK);
	gp_arena_reset(b.ctx.arena);
	assert_int_equal(copy.score, 3);
	assert_ptr_equal(copy.worst, &copy.items[1]);
	assert_string_equal(copy.worst->about, "192.0.2.99");
	assert_string_equal(copy.worst->text, "why");
	gp_arena_free(other);
	gp_arena_free(small);
	bench_end(&b);
}

/* test_no_memory_is_a_status: at every ceiling, and nothing is said about the client. */
static void test_no_memory_is_a_status(void **state)
{
	struct bench b;
	bool has_failed = false;
	(void)state;
	bench_begin(&b);
	test_zone_lines(b.zone, "99.2.0.192.bl.example.org A 127.0.0.2\n");
	for (size_t ceiling = 64; ceiling < 32768; ceiling += 128) {
		const struct gp_dnsbl_subject subject = {
			.client = ip("192.0.2.99"), .sender_domain = "a.example.com"};
		struct gp_ctx ctx = b.ctx;
		ctx.arena = gp_arena_new(ceiling);
		int rc = gp_dnsbl_ask(&ctx, &b.plan, &subject, &b.result);
		has_failed = has_failed || rc == GP_ETOOBIG;
		assert_true(rc == GP_OK || rc == GP_ETOOBIG);
		if (rc == GP_OK)
			assert_int_equal(b.result.score, 3);
		gp_arena_free(ctx.arena);
	}
	assert_true(has_failed);
	bench_end(&b);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses_are_asked_in_reverse),
		cmocka_unit_test(test_only_hosts_of_the_internet_are_asked),
		cmocka_unit_test(test_hosts_of_the_internet_are_asked),
		cmocka_unit_test(test_what_is_no_domain_is_not_asked),
		cmocka_unit_test(test_addresses_never_go_to_lists_of_names),
		cmocka_unit_test(test_names_are_asked_in_one_form_and_once),
		cmocka_unit_test(test_names_are_reduced_where_the_list_wants_it),
		cmocka_unit_test(test_name_too_long_with_the_zone_is_not_asked),
		cmocka_unit_test(test_only_addresses_are_asked_and_all_at_once),
		cmocka_unit_test(test_most_lists_and_names),
		cmocka_unit_test(test_lists_for_some_mail_only),
		cmocka_unit_test(test_answers_make_a_score),
		cmocka_unit_test(test_negative_weights_of_block_lists_vouch_for_nobody),
		cmocka_unit_test(test_only_a_known_code_is_a_hit),
		cmocka_unit_test(test_alias_within_the_zone_is_an_answer),
		cmocka_unit_test(test_loop_of_aliases_is_no_hit),
		cmocka_unit_test(test_hundred_records_are_all_looked_at),
		cmocka_unit_test(test_silence_is_a_timeout_of_the_list),
		cmocka_unit_test(test_too_little_time_counts_for_nothing),
		cmocka_unit_test(test_list_that_does_not_work_is_not_asked),
		cmocka_unit_test(test_untested_lists_are_not_asked),
		cmocka_unit_test(test_unknown_codes_are_told_once),
		cmocka_unit_test(test_text_is_asked_for_what_is_told_alone),
		cmocka_unit_test(test_text_comes_within_the_time_that_is_left),
		cmocka_unit_test(test_key_is_in_no_result_and_no_trace),
		cmocka_unit_test(test_copy_stands_alone),
		cmocka_unit_test(test_no_memory_is_a_status),
	};
	cmocka_set_test_filter(argc > 1 ? argv[1] : NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
