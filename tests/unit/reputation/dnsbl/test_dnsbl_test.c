/* SPDX-License-Identifier: ISC */
/*
 * Tests of DNS lists: what is asked of which kind of list, what each way of breaking is found to
 * be, and that a list comes back when its zone is mended.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reputation/dnsbl/dnsbl.h"
#include "support/dnsblist.h"
#include "support/zone.h"

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

struct bench {
	struct test_zone *zone;
	struct gp_ctx ctx;
	struct gp_dnsbl_list lists[3];
	struct gp_dnsbl_plan plan;
	struct gp_dnsbl_tested tested;
};

/* bench_begin: an address list, a list of names and an allow list, none of them tested. */
static void bench_begin(struct bench *b, const char *lines)
{
	memset(b, 0, sizeof *b);
	b->zone = test_zone_new();
	test_zone_lines(b->zone, lines);
	b->ctx = (struct gp_ctx) {.arena = gp_arena_new(1 << 20),
		.clock = test_zone_clock(b->zone),
		.dns = test_zone_dns(b->zone)};
	b->ctx.deadline_us = gp_clock_now_us(b->ctx.clock) + 2000000;
	b->lists[0] = test_dnsblist_of_addresses("one", "bl.example.org");
	b->lists[1] = test_dnsblist_of_names("names", "uri.example.org");
	b->lists[2] = test_dnsblist_allow("good", "good.example.org");
	b->plan = (struct gp_dnsbl_plan) {
		.lists = b->lists, .count = COUNT(b->lists), .deadline_ms = 3000};
	b->plan.health = test_dnsblist_health(b->lists, COUNT(b->lists));
}

/* bench_end: all of it. */
static void bench_end(struct bench *b)
{
	test_dnsblist_health_free(b->plan.health);
	gp_arena_free(b->ctx.arena);
	test_zone_free(b->zone);
}

/* now_s: of the zone's clock. */
static int64_t now_s(const struct bench *b)
{
	return b->ctx.clock->wall_s(b->ctx.clock);
}

/* view: of a list. */
static struct gp_dnsbl_health_view view(const struct bench *b, size_t i)
{
	struct gp_dnsbl_health_view v;
	gp_dnsbl_health_view(b->plan.health, &b->lists[i], now_s(b), &v);
	return v;
}

/* round: asks what is due, after so many seconds. */
static void round_after(struct bench *b, int64_t seconds)
{
	int64_t mono_us = gp_clock_now_us(b->ctx.clock) + seconds * 1000000;
	test_zone_set_clock(b->zone, mono_us, now_s(b) + seconds);
	b->ctx.deadline_us = mono_us + 2000000;
	test_zone_forget(b->zone);
	assert_int_equal(gp_dnsbl_test(&b->ctx, &b->plan, &b->tested), GP_OK);
}

/* A zone in which all three lists are well. */
#define WELL                                                    \
	"2.0.0.127.bl.example.org A 127.0.0.2\n"                \
	"test-point.example.com.uri.example.org A 127.0.0.64\n" \
	"2.0.0.127.good.example.org A 127.0.10.0\n"

/* test_lists_are_tested_together: in one call, each with entries of its kind and canaries. */
static void test_lists_are_tested_together(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b, WELL);
	round_after(&b, 0);
	assert_int_equal(b.tested.count, 3);
	assert_int_equal(b.tested.event_count, 0);
	assert_int_equal(test_zone_calls(b.zone), 1);
	assert_int_equal(test_zone_asked(b.zone, GP_DNS_A), test_zone_asked(b.zone, TEST_ZONE_ANY));
	assert_int_equal(test_zone_asked_of(b.zone, "2.0.0.127.bl.example.org"), 1);
	assert_int_equal(test_zone_asked_of(b.zone, "1.0.0.127.bl.example.org"), 1);
	assert_int_equal(test_zone_asked_of(b.zone, "test-point.example.com.uri.example.org"), 1);
	assert_int_equal(test_zone_asked_of(b.zone, "1.0.0.127.good.example.org"), 1);
	assert_int_equal(test_zone_asked(b.zone, GP_DNS_A), 2 + 2 + 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(view(&b, i).status, GP_DNSBL_OK);
	round_after(&b, 60); /* nothing is due */
	assert_int_equal(b.tested.count, 0);
	assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), 0);
	bench_end(&b);
}

/* asked_below: the first query below a zone that is none of those named; "" if none. */
static const char *asked_below(const struct bench *b, const char *zone, const char *but)
{
	for (size_t i = 0; i < test_zone_asked(b->zone, TEST_ZONE_ANY); i++) {
		const char *name = test_zone_question(b->zone, i)->name;
		if (gp_dns_name_is_within(gp_span_from(name), gp_span_from(zone)) &&
			!strstr(name, but))
			return name;
	}
	return "";
}

/* test_addresses_are_never_tested_at_lists_of_names: not even where the list has such an entry. */
static void test_addresses_are_never_tested_at_lists_of_names(void **state)
{
	static const struct gp_dnsbl_test wrong[] = {
		{.name = "127.0.0.2", .is_listed = true, .is_address = true}};
	struct bench b;
	(void)state;
	bench_begin(&b, WELL);
	b.lists[1].test_entries = wrong;
	b.lists[1].test_count = 1;
	round_after(&b, 0);
	assert_string_equal(asked_below(&b, "uri.example.org", "-"), "");
	assert_int_equal(view(&b, 1).status, GP_DNSBL_UNTESTED);
	bench_end(&b);
}

/* test_canary_name_is_made_up_of_letters_and_digits: another one each time. */
static void test_canary_name_is_made_up_of_letters_and_digits(void **state)
{
	char first[GP_DNS_NAME_TEXT], second[GP_DNS_NAME_TEXT];
	struct bench b;
	(void)state;
	bench_begin(&b, WELL);
	round_after(&b, 0);
	snprintf(first, sizeof first, "%s", asked_below(&b, "uri.example.org", "test-point"));
	round_after(&b, 4000);
	snprintf(second, sizeof second, "%s", asked_below(&b, "uri.example.org", "test-point"));
	assert_int_equal(strlen(first), 12 + strlen(".com.uri.example.org"));
	for (size_t i = 0; i < 12; i++)
		assert_true(isalnum((unsigned char)first[i]));
	assert_string_equal(first + 12, ".com.uri.example.org");
	assert_string_not_equal(first, second);
	bench_end(&b);
}

/* test_canary_of_an_allow_list_is_an_address_of_nobody: one of the test networks, by chance. */
static void test_canary_of_an_allow_list_is_an_address_of_nobody(void **state)
{
	static const char *const nets[] = {".2.0.192.good.example.org",
		".100.51.198.good.example.org", ".113.0.203.good.example.org"};
	unsigned seen = 0;
	struct bench b;
	(void)state;
	bench_begin(&b, WELL);
	for (int i = 0; i < 200 && seen != 7; i++) {
		round_after(&b, i ? 4000 : 0);
		const char *canary = asked_below(&b, "good.example.org", ".0.0.127.");
		unsigned net = 0;
		while (net < 3 && !strstr(canary, nets[net]))
			net++;
		assert_true(net < 3);
		seen |= 1u << net;
	}
	assert_int_equal(seen, 7);
	bench_end(&b);
}

/* test_canary_of_the_configuration_is_taken: INVALID, and a name of the operator's. */
static void test_canary_of_the_configuration_is_taken(void **state)
{
	static const struct gp_dnsbl_test invalid[] = {{.name = "invalid"}};
	struct bench b;
	(void)state;
	bench_begin(&b, WELL);
	b.lists[1].test_entries = invalid;
	b.lists[1].test_count = 1;
	round_after(&b, 0);
	assert_int_equal(test_zone_asked_of(b.zone, "invalid.uri.example.org"), 1);
	assert_string_equal(asked_below(&b, "uri.example.org", "invalid."), "");
	bench_end(&b);
}

/* test_ipv6_is_tested_where_the_list_answers_about_it: the mapped form stays one. */
static void test_ipv6_is_tested_where_the_list_answers_about_it(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b, WELL);
	b.lists[0].ipv6 = true;
	test_zone_add_addr(b.zone,
		"1.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.bl.example.org",
		"127.0.0.2");
	round_after(&b, 0);
	assert_int_equal(view(&b, 0).reason, GP_DNSBL_CANARY_LISTED);
	bench_end(&b);
}

/* test_list_without_canaries_gets_none: it may answer about everybody. */
static void test_list_without_canaries_gets_none(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b, WELL "*.bl.example.org A 127.0.0.10\n");
	b.lists[0].test_count = 0;
	round_after(&b, 0);
	assert_string_equal(asked_below(&b, "bl.example.org", "-"), "");
	assert_int_equal(view(&b, 0).status, GP_DNSBL_OK);
	bench_end(&b);
}

/* test_list_of_the_world_gets_more_canaries: it may list all but the ones that it knows. */
static void test_list_of_the_world_gets_more_canaries(void **state)
{
	const struct gp_dnsbl_code code = {{127, 0, 0, 2}};
	struct bench b;
	(void)state;
	bench_begin(&b, WELL "*.bl.example.org A 127.0.0.2\n1.0.0.127.bl.example.org NXDOMAIN A\n");
	round_after(&b, 0);
	assert_int_equal(view(&b, 0).status, GP_DNSBL_OK);
	for (unsigned i = 0; i < 64; i++) {
		const struct gp_ipaddr client = {GP_IP_V4, {100, 0, (uint8_t)i, 1}};
		const struct gp_dnsbl_noted noted = {.list = &b.lists[0],
			.questions = 1,
			.codes = &code,
			.code_count = 1,
			.weight = 3};
		gp_dnsbl_health_note(b.plan.health, &noted, 1, &client, now_s(&b), NULL);
	}
	assert_int_equal(view(&b, 0).reason, GP_DNSBL_LISTS_WORLD);
	round_after(&b, 70);
	assert_int_equal(view(&b, 0).reason, GP_DNSBL_CANARY_LISTED);
	bench_end(&b);
}

/* What can be wrong with the list of addresses, and how that is called. */
static const struct {
	const char *what, *lines;
	enum gp_dnsbl_reason reason;
	const char *detail; /* begins so */
} broken[] = {
	{"a dead list", "bl.example.org NXDOMAIN\n", GP_DNSBL_TEST_MISSING, "127.0.0.2"},
	{"an empty list", "bl.example.org NODATA\n", GP_DNSBL_TEST_MISSING, "127.0.0.2"},
	{"the resolver is public", "*.bl.example.org A 127.255.255.254\n", GP_DNSBL_ERROR_CODE,
		"127.255.255.254 about "},
	{"too many queries, for all but the test entry",
		"2.0.0.127.bl.example.org A 127.0.0.2\n"
		"1.0.0.127.bl.example.org A 127.255.255.255\n",
		GP_DNSBL_ERROR_CODE, "127.255.255.255 about 127.0.0.1"},
	{"a wildcard", "*.bl.example.org A 127.0.0.2\n", GP_DNSBL_CANARY_LISTED,
		"127.0.0.2 about 127.0.0.1"},
	{"a wildcard of unknown codes", "*.bl.example.org A 127.0.0.77\n", GP_DNSBL_CANARY_LISTED,
		"127.0.0.77 about 127.0.0.1"},
	{"a resolver that makes up addresses",
		"2.0.0.127.bl.example.org A 127.0.0.2\n1.0.0.127.bl.example.org A 127.0.0.1\n",
		GP_DNSBL_ERROR_CODE, "127.0.0.1 about "},
	{"the page of a DNS filter", "*.bl.example.org A 146.112.61.108\n",
		GP_DNSBL_ANSWERS_OUTSIDE, "146.112.61.108 about "},
	{"a zone that was sold",
		"*.bl.example.org CNAME parked.example.net\nparked.example.net A 127.0.0.2\n",
		GP_DNSBL_LEAVES_ZONE, ""},
	{"silence", "*.bl.example.org TIMEOUT ANY\n", GP_DNSBL_TIMEOUTS, "no answer about "},
	{"slowness", "2.0.0.127.bl.example.org DELAY 5000\n2.0.0.127.bl.example.org A 127.0.0.2\n",
		GP_DNSBL_TIMEOUTS, "no answer about 127.0.0.2"},
	{"one name that is refused", "2.0.0.127.bl.example.org REFUSED ANY\n", GP_DNSBL_TIMEOUTS,
		"REFUSED or SERVFAIL about 127.0.0.2"},
	{"a key that has expired", "*.bl.example.org REFUSED ANY\n", GP_DNSBL_REFUSED, ""},
	{"the same, through a resolver", "*.bl.example.org SERVFAIL ANY\n", GP_DNSBL_REFUSED, ""},
	{"trust in everybody", "*.good.example.org A 127.0.10.3\n", GP_DNSBL_ERROR_CODE,
		"127.0.10.3 about "},
	{"trust in everybody, as a wildcard", "*.good.example.org A 127.0.5.3\n",
		GP_DNSBL_CANARY_LISTED, "127.0.5.3 about "},
	{"the allow list blocks us", "*.good.example.org A 127.0.0.255\n", GP_DNSBL_ERROR_CODE,
		"127.0.0.255 about "},
	{"the allow list lacks its entry", "good.example.org NXDOMAIN\n", GP_DNSBL_TEST_MISSING,
		"127.0.0.2"},
};

/* test_each_way_of_breaking_is_found: before the list is asked about any mail. */
static void test_each_way_of_breaking_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(broken); i++) {
		size_t at = strstr(broken[i].lines, "good.") ? 2 : 0;
		struct bench b;
		bench_begin(&b, broken[i].lines);
		round_after(&b, 0);
		struct gp_dnsbl_health_view v = view(&b, at);
		if (v.reason != broken[i].reason)
			fail_msg("%s: %s (%s)", broken[i].what, gp_dnsbl_reason_text(v.reason),
				v.detail);
		assert_int_equal(v.status, GP_DNSBL_SUSPENDED);
		assert_memory_equal(v.detail, broken[i].detail, strlen(broken[i].detail));
		bench_end(&b);
	}
}

/* test_list_that_cannot_be_asked_is_not_well: with a zone that makes no name. */
static void test_list_that_cannot_be_asked_is_not_well(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b, WELL);
	test_dnsblist_health_free(b.plan.health);
	b.lists[0].asked_zone = "key..example.org";
	b.plan.health = test_dnsblist_health(b.lists, COUNT(b.lists));
	round_after(&b, 0);
	assert_int_equal(view(&b, 0).status, GP_DNSBL_UNTESTED);
	assert_int_equal(view(&b, 2).status, GP_DNSBL_OK);
	round_after(&b, 70);
	assert_int_equal(view(&b, 0).status, GP_DNSBL_SUSPENDED);
	assert_int_equal(view(&b, 0).reason, GP_DNSBL_NOT_TESTED);
	bench_end(&b);
}

/* test_broken_list_returns_when_it_is_mended: after two good rounds, and says so. */
static void test_broken_list_returns_when_it_is_mended(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b, "*.bl.example.org A 127.255.255.254\n");
	round_after(&b, 0);
	assert_int_equal(view(&b, 0).status, GP_DNSBL_SUSPENDED);
	test_zone_free(b.zone);
	b.zone = test_zone_new();
	test_zone_lines(b.zone, WELL);
	b.ctx.dns = test_zone_dns(b.zone);
	b.ctx.clock = test_zone_clock(b.zone);
	round_after(&b, 70);
	assert_int_equal(view(&b, 0).good_rounds, 1);
	round_after(&b, 70);
	assert_int_equal(view(&b, 0).status, GP_DNSBL_OK);
	bool is_told = false;
	for (size_t i = 0; i < b.tested.event_count; i++)
		is_told = is_told || (b.tested.events[i].kind == GP_DNSBL_EVENT_BACK &&
					     b.tested.events[i].list == &b.lists[0]);
	assert_true(is_told);
	bench_end(&b);
}

/* test_no_list_works_is_an_alert: all at once, at the start. */
static void test_no_list_works_is_an_alert(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b, "@ TIMEOUT ANY\n*.example.org TIMEOUT ANY\n");
	round_after(&b, 0);
	assert_int_equal(b.tested.event_count, 4);
	assert_int_equal(b.tested.events[3].kind, GP_DNSBL_EVENT_NONE_LEFT);
	bench_end(&b);
}

/* test_local_problem_says_nothing_about_a_list: it stays untested, and is tried again. */
static void test_local_problem_says_nothing_about_a_list(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b, "*.example.org TROUBLE ANY\n");
	round_after(&b, 0);
	assert_int_equal(view(&b, 0).status, GP_DNSBL_UNTESTED);
	assert_int_equal(b.tested.event_count, 0);
	gp_arena_free(b.ctx.arena);
	b.ctx.arena = gp_arena_new(64);
	struct gp_dnsbl_tested tested;
	assert_int_equal(gp_dnsbl_test(&b.ctx, &b.plan, &tested), GP_ETOOBIG);
	bench_end(&b);
}

/* test_without_a_table_there_is_nothing_to_tell. */
static void test_without_a_table_there_is_nothing_to_tell(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b, WELL);
	struct gp_dnsbl_plan plan = b.plan;
	plan.health = NULL;
	assert_int_equal(gp_dnsbl_test(&b.ctx, &plan, &b.tested), GP_EINVAL);
	bench_end(&b);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists_are_tested_together),
		cmocka_unit_test(test_addresses_are_never_tested_at_lists_of_names),
		cmocka_unit_test(test_canary_name_is_made_up_of_letters_and_digits),
		cmocka_unit_test(test_canary_of_an_allow_list_is_an_address_of_nobody),
		cmocka_unit_test(test_canary_of_the_configuration_is_taken),
		cmocka_unit_test(test_ipv6_is_tested_where_the_list_answers_about_it),
		cmocka_unit_test(test_list_without_canaries_gets_none),
		cmocka_unit_test(test_list_of_the_world_gets_more_canaries),
		cmocka_unit_test(test_each_way_of_breaking_is_found),
		cmocka_unit_test(test_list_that_cannot_be_asked_is_not_well),
		cmocka_unit_test(test_broken_list_returns_when_it_is_mended),
		cmocka_unit_test(test_no_list_works_is_an_alert),
		cmocka_unit_test(test_local_problem_says_nothing_about_a_list),
		cmocka_unit_test(test_without_a_table_there_is_nothing_to_tell),
	};
	cmocka_set_test_filter(argc > 1 ? argv[1] : NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
