/* SPDX-License-Identifier: ISC */
/*
 * Health of DNS lists: each rule that suspends a list, how it comes back, when its tests are due,
 * what stays over a reload, a record and the death of a process, and that threads agree.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "reputation/dnsbl/dnsbl_health_private.h"
#include "support/dnsblist.h"

#define NOW TEST_DNSBLIST_NOW_S
#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

struct bench {
	struct gp_dnsbl_list lists[3];
	struct gp_dnsbl_health *health;
	struct gp_dnsbl_events events;
	int64_t now_s;
};

/* bench_begin: a list of addresses, one of names and an allow list, all tested. */
static void bench_begin(struct bench *b)
{
	memset(b, 0, sizeof *b);
	b->lists[0] = test_dnsblist_of_addresses("one", "bl.example.org");
	b->lists[1] = test_dnsblist_of_names("names", "uri.example.org");
	b->lists[2] = test_dnsblist_allow("good", "good.example.org");
	b->health = test_dnsblist_tested(b->lists, COUNT(b->lists));
	b->now_s = NOW;
}

/* bench_end: the table. */
static void bench_end(struct bench *b)
{
	test_dnsblist_health_free(b->health);
}

/* view: of a list, now. */
static struct gp_dnsbl_health_view view(struct bench *b, size_t i)
{
	struct gp_dnsbl_health_view v;
	gp_dnsbl_health_view(b->health, &b->lists[i], b->now_s, &v);
	return v;
}

/* note: what a list answered about a mail; events are those of this call. */
static void note(struct bench *b, struct gp_dnsbl_noted noted, const char *client)
{
	struct gp_ipaddr addr = {0};
	if (client)
		assert_int_equal(gp_ipaddr_parse(gp_span_from(client), &addr), GP_OK);
	if (!noted.list)
		noted.list = &b->lists[0];
	if (!noted.questions)
		noted.questions = 1;
	b->events.count = 0;
	gp_dnsbl_health_note(b->health, &noted, 1, &addr, b->now_s, &b->events);
}

/* note_code: one record. */
static void note_code(struct bench *b, size_t i, unsigned c, unsigned d)
{
	const struct gp_dnsbl_code code = {{127, c == 255 ? 255 : 0, (uint8_t)c, (uint8_t)d}};
	note(b,
		(struct gp_dnsbl_noted) {
			.list = &b->lists[i], .codes = &code, .code_count = 1, .weight = 3},
		NULL);
}

/* tested: one round. */
static void tested(struct bench *b, size_t i, enum gp_dnsbl_reason reason)
{
	const struct gp_dnsbl_outcome outcome = {
		.list = &b->lists[i], .reason = reason, .detail = "x", .questions = 2};
	b->events.count = 0;
	gp_dnsbl_health_tested(b->health, &outcome, b->now_s, &b->events);
}

/* claim: is its test due? */
static bool claim(struct bench *b, size_t i)
{
	enum gp_dnsbl_reason reason;
	return gp_dnsbl_health_claim(b->health, &b->lists[i], b->now_s, &reason);
}

/* usable: may it be asked about mail? */
static bool usable(struct bench *b, size_t i)
{
	bool is_usable;
	gp_dnsbl_health_usable(b->health, &b->lists[i], 1, b->now_s, &is_usable, &b->events);
	return is_usable;
}

/* assert_suspended: for this reason, with an event that says so. */
static void assert_suspended(struct bench *b, size_t i, enum gp_dnsbl_reason reason)
{
	struct gp_dnsbl_health_view v = view(b, i);
	assert_int_equal(v.status, GP_DNSBL_SUSPENDED);
	assert_int_equal(v.reason, reason);
	assert_int_equal(v.since_s, b->now_s);
	assert_true(b->events.count >= 1);
	assert_int_equal(b->events.items[0].kind, GP_DNSBL_EVENT_SUSPENDED);
	assert_int_equal(b->events.items[0].reason, reason);
	assert_string_equal(b->events.items[0].detail, v.detail);
	assert_false(usable(b, i));
}

/* ---- rules ---- */

/* test_one_error_code_suspends: refusals of every list, and those of the list's own. */
static void test_one_error_code_suspends(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	assert_true(usable(&b, 0));
	note_code(&b, 0, 255, 254);
	assert_suspended(&b, 0, GP_DNSBL_ERROR_CODE);
	assert_string_equal(view(&b, 0).detail, "127.255.255.254");
	assert_int_equal(view(&b, 0).errors, 1);
	assert_int_equal(view(&b, 0).listed, 0);
	note_code(&b, 1, 0, 9); /* the bit that says: access blocked */
	assert_suspended(&b, 1, GP_DNSBL_ERROR_CODE);
	note_code(&b, 2, 10, 3); /* an allow list that trusts everybody */
	assert_suspended(&b, 2, GP_DNSBL_ERROR_CODE);
	bench_end(&b);
}

/* test_resolver_that_makes_up_addresses_suspends: 127.0.0.1 for names that are not there. */
static void test_resolver_that_makes_up_addresses_suspends(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	note_code(&b, 0, 0, 1);
	assert_suspended(&b, 0, GP_DNSBL_ERROR_CODE);
	bench_end(&b);
}

/* test_answer_outside_suspends: the page of a DNS filter, and a zone that leads elsewhere. */
static void test_answer_outside_suspends(void **state)
{
	const struct gp_dnsbl_code page = {{146, 112, 61, 108}};
	struct bench b;
	(void)state;
	bench_begin(&b);
	note(&b, (struct gp_dnsbl_noted) {.codes = &page, .code_count = 1}, NULL);
	assert_suspended(&b, 0, GP_DNSBL_ANSWERS_OUTSIDE);
	assert_string_equal(view(&b, 0).detail, "146.112.61.108");
	note(&b, (struct gp_dnsbl_noted) {.list = &b.lists[1], .leaves_zone = true}, NULL);
	assert_suspended(&b, 1, GP_DNSBL_LEAVES_ZONE);
	bench_end(&b);
}

/* test_ten_timeouts_in_a_row_suspend: nine and an answer do not. */
static void test_ten_timeouts_in_a_row_suspend(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	for (int i = 0; i < 9; i++)
		note(&b, (struct gp_dnsbl_noted) {.timeouts = 1}, NULL);
	note(&b, (struct gp_dnsbl_noted) {0}, NULL);
	for (int i = 0; i < 9; i++)
		note(&b, (struct gp_dnsbl_noted) {.timeouts = 1}, NULL);
	assert_true(usable(&b, 0));
	note(&b, (struct gp_dnsbl_noted) {.failed = 1}, NULL);
	assert_suspended(&b, 0, GP_DNSBL_TIMEOUTS);
	assert_string_equal(view(&b, 0).detail, "10 in a row");
	assert_int_equal(view(&b, 0).timeouts, 18);
	bench_end(&b);
}

/* test_more_than_half_of_fifty_timeouts_suspend: half of them does not. */
static void test_more_than_half_of_fifty_timeouts_suspend(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	for (int i = 0; i < 200; i++)
		note(&b, (struct gp_dnsbl_noted) {.timeouts = i % 2}, NULL);
	assert_true(usable(&b, 0));
	note(&b, (struct gp_dnsbl_noted) {.timeouts = 1}, NULL); /* in place of an answer */
	assert_suspended(&b, 0, GP_DNSBL_TIMEOUTS);
	assert_string_equal(view(&b, 0).detail, "26 of the last 50");
	bench_end(&b);
}

/* test_refusals_for_everything_suspend: a key that has expired; queries stop. */
static void test_refusals_for_everything_suspend(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	for (int i = 0; i < 10; i++)
		note(&b, (struct gp_dnsbl_noted) {.refused = 1}, NULL);
	assert_suspended(&b, 0, GP_DNSBL_REFUSED);
	tested(&b, 1, GP_DNSBL_REFUSED); /* a whole round of tests */
	assert_suspended(&b, 1, GP_DNSBL_REFUSED);
	bench_end(&b);
}

/* test_local_problem_never_counts: nor does a query that had no time. */
static void test_local_problem_never_counts(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	for (int i = 0; i < 100; i++)
		note(&b, (struct gp_dnsbl_noted) {.unasked = 1}, "192.0.2.1");
	assert_true(usable(&b, 0));
	assert_int_equal(view(&b, 0).questions, 0);
	const struct gp_dnsbl_outcome nothing = {.list = &b.lists[0], .is_void = true};
	gp_dnsbl_health_tested(b.health, &nothing, b.now_s, &b.events);
	assert_true(usable(&b, 0));
	tested(&b, 0, GP_DNSBL_ERROR_CODE);
	gp_dnsbl_health_tested(b.health, &nothing, b.now_s, &b.events);
	assert_int_equal(view(&b, 0).failed_rounds, 0);
	bench_end(&b);
}

/* note_world: so many different networks, of which so many are listed. */
static void note_world(struct bench *b, size_t list, unsigned networks, unsigned listed)
{
	const struct gp_dnsbl_code code = {{127, 0, 0, 2}};
	for (unsigned i = 0; i < networks && view(b, list).status == GP_DNSBL_OK; i++) {
		char client[32];
		snprintf(client, sizeof client, "198.51.%u.7", i);
		bool is_listed = i < listed;
		note(b,
			(struct gp_dnsbl_noted) {.list = &b->lists[list],
				.codes = &code,
				.code_count = is_listed,
				.weight = is_listed ? 3 : 0},
			client);
	}
}

/* test_list_of_the_world_is_suspended: a domain that lapsed, a zone that lists everybody. */
static void test_list_of_the_world_is_suspended(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	note_world(&b, 0, 49, 49);
	assert_true(usable(&b, 0)); /* too few to say */
	note_world(&b, 0, 50, 50);
	assert_suspended(&b, 0, GP_DNSBL_LISTS_WORLD);
	assert_string_equal(view(&b, 0).detail, "50 of 50 client networks");
	bench_end(&b);
	bench_begin(&b);
	note_world(&b, 0, 64, 44); /* 88 % of the first fifty */
	assert_true(usable(&b, 0));
	bench_end(&b);
}

/* test_few_spammers_are_not_the_world: one network that sends a thousand mails counts once. */
static void test_few_spammers_are_not_the_world(void **state)
{
	const struct gp_dnsbl_code code = {{127, 0, 0, 2}};
	const struct gp_dnsbl_noted hit = {.codes = &code, .code_count = 1, .weight = 3};
	struct bench b;
	(void)state;
	bench_begin(&b);
	for (int i = 0; i < 1000; i++) {
		char client[40];
		snprintf(client, sizeof client, i % 2 ? "198.51.100.%d" : "2001:db8:1:%x::1",
			i % 256);
		note(&b, hit, client);
	}
	assert_true(usable(&b, 0));
	assert_int_equal(view(&b, 0).listed, 1000);
	bench_end(&b);
}

/* test_lists_that_answer_about_everybody_are_no_worlds: nor do negative weights count. */
static void test_lists_that_answer_about_everybody_are_no_worlds(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	b.lists[0].everybody = true;
	note_world(&b, 0, 64, 64);
	assert_true(usable(&b, 0));
	for (unsigned i = 0; i < 100; i++) {
		const struct gp_dnsbl_code code = {{127, 0, 5, 3}};
		char client[32];
		snprintf(client, sizeof client, "198.51.%u.7", i);
		note(&b,
			(struct gp_dnsbl_noted) {
				.list = &b.lists[2], .codes = &code, .code_count = 1, .weight = -5},
			client);
	}
	assert_true(usable(&b, 2));
	bench_end(&b);
}

/* test_share_of_the_world_can_be_set: and is bounded by what is remembered. */
static void test_share_of_the_world_can_be_set(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	const struct gp_dnsbl_health_lists lists = {b.lists, 3, 50, 10};
	gp_dnsbl_health_configure(b.health, &lists, b.now_s);
	note_world(&b, 0, 10, 5);
	assert_suspended(&b, 0, GP_DNSBL_LISTS_WORLD);
	const struct gp_dnsbl_health_lists many = {b.lists, 3, 90, 1000};
	gp_dnsbl_health_configure(b.health, &many, b.now_s);
	note_world(&b, 1, 64, 64);
	assert_suspended(&b, 1, GP_DNSBL_LISTS_WORLD);
	bench_end(&b);
}

/* test_unknown_codes_are_counted_and_told_once_a_day: one by one, up to a bound. */
static void test_unknown_codes_are_counted_and_told_once_a_day(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	note_code(&b, 0, 0, 30);
	assert_int_equal(b.events.count, 1);
	assert_int_equal(b.events.items[0].kind, GP_DNSBL_EVENT_UNKNOWN);
	assert_string_equal(b.events.items[0].detail, "127.0.0.30");
	note_code(&b, 0, 0, 30);
	assert_int_equal(b.events.count, 0);
	note_code(&b, 0, 0, 31);
	assert_int_equal(b.events.count, 1);
	b.now_s += 86400;
	note_code(&b, 0, 0, 30);
	assert_int_equal(b.events.count, 1);
	for (unsigned i = 100; i < 200; i++)
		note_code(&b, 0, 0, i);
	struct gp_dnsbl_health_view v = view(&b, 0);
	assert_int_equal(v.unknown, 104);
	assert_int_equal(v.unknown_count, GP_DNSBL_UNKNOWN_MAX);
	assert_int_equal(v.unknown_codes[0].count, 3);
	assert_int_equal(v.other_unknown, 94);
	assert_int_equal(v.status, GP_DNSBL_OK);
	assert_int_equal(v.listed, 0);
	bench_end(&b);
}

/* test_hits_are_counted_by_code: with those that have no place of their own. */
static void test_hits_are_counted_by_code(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	note_code(&b, 0, 0, 2);
	note_code(&b, 0, 0, 2);
	note_code(&b, 0, 0, 7);
	for (unsigned i = 0; i < 100; i++)
		note_code(&b, 2, i < 10 ? i : i + 1, 0);
	struct gp_dnsbl_health_view v = view(&b, 0);
	assert_int_equal(v.listed, 3);
	assert_int_equal(v.code_count, 2);
	assert_int_equal(v.codes[0].count, 2);
	assert_int_equal(v.codes[1].code.octet[3], 7);
	assert_int_equal(view(&b, 2).code_count, GP_DNSBL_CODES_MAX);
	assert_int_equal(view(&b, 2).other_codes, 100 - GP_DNSBL_CODES_MAX);
	bench_end(&b);
}

/* test_round_trips_are_measured: of what was sent only. */
static void test_round_trips_are_measured(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	note(&b, (struct gp_dnsbl_noted) {.took_us = 12000}, NULL);
	note(&b, (struct gp_dnsbl_noted) {.took_us = -1}, NULL);
	struct gp_dnsbl_health_view v = view(&b, 0);
	assert_int_equal(gp_histogram_count(&v.took), 1);
	assert_int_equal(v.took.sum_us, 12000);
	assert_int_equal(v.not_listed, 2);
	bench_end(&b);
}

/* ---- coming back ---- */

/* test_two_good_rounds_bring_back: one does not, nor do two with a bad one between them. */
static void test_two_good_rounds_bring_back(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	note_code(&b, 0, 255, 254);
	b.now_s += 60;
	tested(&b, 0, GP_DNSBL_NO_REASON);
	assert_int_equal(view(&b, 0).good_rounds, 1);
	assert_false(usable(&b, 0));
	tested(&b, 0, GP_DNSBL_TEST_MISSING);
	assert_int_equal(view(&b, 0).reason, GP_DNSBL_TEST_MISSING);
	tested(&b, 0, GP_DNSBL_NO_REASON);
	assert_false(usable(&b, 0));
	assert_int_equal(b.events.count, 0);
	b.now_s += 60;
	tested(&b, 0, GP_DNSBL_NO_REASON);
	assert_int_equal(b.events.count, 1);
	assert_int_equal(b.events.items[0].kind, GP_DNSBL_EVENT_BACK);
	assert_true(usable(&b, 0));
	assert_int_equal(view(&b, 0).status, GP_DNSBL_OK);
	assert_int_equal(view(&b, 0).reason, GP_DNSBL_NO_REASON);
	assert_string_equal(view(&b, 0).detail, "");
	bench_end(&b);
}

/* due_in: seconds until the list's test is due. */
static int64_t due_in(struct bench *b, size_t i)
{
	return view(b, i).next_test_s - b->now_s;
}

/* test_pauses_grow_to_an_hour: 1, 2, 4 ... 60 minutes, give or take a tenth. */
static void test_pauses_grow_to_an_hour(void **state)
{
	static const int minutes[] = {1, 2, 4, 8, 16, 32, 60, 60, 60};
	struct bench b;
	(void)state;
	bench_begin(&b);
	note_code(&b, 0, 255, 254);
	for (size_t i = 0; i < COUNT(minutes); i++) {
		assert_in_range(due_in(&b, 0), minutes[i] * 54, minutes[i] * 66);
		assert_false(claim(&b, 0));
		b.now_s += due_in(&b, 0);
		assert_true(claim(&b, 0));
		tested(&b, 0, GP_DNSBL_ERROR_CODE);
	}
	bench_end(&b);
}

/* test_works_is_tested_hourly: jittered, so that hosts differ. */
static void test_works_is_tested_hourly(void **state)
{
	int64_t first = 0;
	bool differs = false;
	struct bench b;
	(void)state;
	bench_begin(&b);
	for (int i = 0; i < 50; i++) {
		tested(&b, 0, GP_DNSBL_NO_REASON);
		assert_in_range(due_in(&b, 0), 3240, 3960);
		differs = differs || (first && due_in(&b, 0) != first);
		first = due_in(&b, 0);
	}
	assert_true(differs);
	assert_false(claim(&b, 0));
	b.now_s += 3961;
	assert_true(claim(&b, 0));
	bench_end(&b);
}

/* test_relapse_waits_longer: a list that comes and goes is tried less and less. */
static void test_relapse_waits_longer(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	for (int i = 0; i < 12; i++) {
		note_code(&b, 0, 255, 254);
		tested(&b, 0, GP_DNSBL_NO_REASON);
		tested(&b, 0, GP_DNSBL_NO_REASON);
		assert_true(usable(&b, 0));
	}
	note_code(&b, 0, 255, 254);
	assert_in_range(due_in(&b, 0), 3240, 3960);
	tested(&b, 0, GP_DNSBL_NO_REASON);
	tested(&b, 0, GP_DNSBL_NO_REASON);
	tested(&b, 0, GP_DNSBL_NO_REASON); /* an hour later */
	note_code(&b, 0, 255, 254);
	assert_in_range(due_in(&b, 0), 54, 66);
	bench_end(&b);
}

/* test_one_lost_test_does_not_suspend: it counts like a query about mail, and is repeated soon. */
static void test_one_lost_test_does_not_suspend(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	const struct gp_dnsbl_outcome lost = {
		.list = &b.lists[0], .reason = GP_DNSBL_TIMEOUTS, .questions = 2, .timeouts = 2};
	for (int i = 0; i < 4; i++) {
		gp_dnsbl_health_tested(b.health, &lost, b.now_s, &b.events);
		assert_true(usable(&b, 0));
		assert_in_range(due_in(&b, 0), 54, 66);
	}
	gp_dnsbl_health_tested(b.health, &lost, b.now_s, &b.events);
	assert_suspended(&b, 0, GP_DNSBL_TIMEOUTS);
	bench_end(&b);
}

/* test_week_without_a_good_test_is_death: from which a list comes back, too. */
static void test_week_without_a_good_test_is_death(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	tested(&b, 0, GP_DNSBL_TEST_MISSING);
	b.now_s += 7 * 86400 - 1;
	tested(&b, 0, GP_DNSBL_TEST_MISSING);
	assert_int_equal(view(&b, 0).status, GP_DNSBL_SUSPENDED);
	b.now_s++;
	tested(&b, 0, GP_DNSBL_TEST_MISSING);
	assert_int_equal(view(&b, 0).status, GP_DNSBL_DEAD);
	assert_int_equal(view(&b, 0).reason, GP_DNSBL_TEST_MISSING);
	assert_int_equal(b.events.items[0].kind, GP_DNSBL_EVENT_DEAD);
	tested(&b, 0, GP_DNSBL_TEST_MISSING);
	assert_int_equal(b.events.count, 0);
	tested(&b, 0, GP_DNSBL_NO_REASON);
	tested(&b, 0, GP_DNSBL_NO_REASON);
	assert_int_equal(view(&b, 0).status, GP_DNSBL_OK);
	bench_end(&b);
}

/* ---- the start ---- */

/* test_untested_list_is_suspended_after_two_seconds: mail does not wait for it. */
static void test_untested_list_is_suspended_after_two_seconds(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	test_dnsblist_health_free(b.health);
	b.health = test_dnsblist_health(b.lists, 3);
	assert_int_equal(view(&b, 0).status, GP_DNSBL_UNTESTED);
	assert_false(usable(&b, 0));
	b.now_s += 2;
	assert_false(usable(&b, 0));
	assert_int_equal(view(&b, 0).status, GP_DNSBL_UNTESTED);
	b.now_s++;
	assert_int_equal(view(&b, 0).reason, GP_DNSBL_NOT_TESTED); /* a view changes nothing */
	b.events.count = 0;
	assert_false(usable(&b, 0));
	assert_int_equal(b.events.items[0].reason, GP_DNSBL_NOT_TESTED);
	assert_true(claim(&b, 0)); /* its test is due all the same */
	tested(&b, 0, GP_DNSBL_NO_REASON);
	assert_false(usable(&b, 0));
	tested(&b, 0, GP_DNSBL_NO_REASON);
	assert_true(usable(&b, 0));
	bench_end(&b);
}

/* test_list_that_fails_its_first_test_is_never_used: dead zones and wildcards. */
static void test_list_that_fails_its_first_test_is_never_used(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	test_dnsblist_health_free(b.health);
	b.health = test_dnsblist_health(b.lists, 3);
	assert_true(claim(&b, 0));
	tested(&b, 0, GP_DNSBL_CANARY_LISTED);
	assert_suspended(&b, 0, GP_DNSBL_CANARY_LISTED);
	tested(&b, 1, GP_DNSBL_TIMEOUTS);
	assert_suspended(&b, 1, GP_DNSBL_TIMEOUTS);
	tested(&b, 2, GP_DNSBL_NO_REASON);
	assert_true(usable(&b, 2));
	bench_end(&b);
}

/* test_no_list_left_is_told_once: and when one works again. */
static void test_no_list_left_is_told_once(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	tested(&b, 0, GP_DNSBL_TEST_MISSING);
	gp_dnsbl_health_switch(b.health, &b.lists[1], true, b.now_s);
	assert_false(gp_dnsbl_health_none_left(b.health, b.now_s));
	tested(&b, 2, GP_DNSBL_TEST_MISSING);
	assert_int_equal(b.events.count, 2);
	assert_int_equal(b.events.items[1].kind, GP_DNSBL_EVENT_NONE_LEFT);
	assert_true(gp_dnsbl_health_none_left(b.health, b.now_s));
	tested(&b, 2, GP_DNSBL_TEST_MISSING);
	assert_int_equal(b.events.count, 0);
	tested(&b, 2, GP_DNSBL_NO_REASON);
	tested(&b, 2, GP_DNSBL_NO_REASON);
	assert_int_equal(b.events.count, 2);
	assert_int_equal(b.events.items[1].kind, GP_DNSBL_EVENT_SOME_LEFT);
	gp_dnsbl_health_switch(b.health, &b.lists[0], true, b.now_s);
	gp_dnsbl_health_switch(b.health, &b.lists[2], true, b.now_s);
	assert_false(gp_dnsbl_health_none_left(b.health, b.now_s)); /* there is none to miss */
	bench_end(&b);
}

/* ---- claims, reloads, switches ---- */

/* test_one_claim_at_a_time: it ends by its outcome, or after a minute. */
static void test_one_claim_at_a_time(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	test_dnsblist_health_free(b.health);
	b.health = test_dnsblist_health(b.lists, 3);
	assert_int_equal(gp_dnsbl_health_next_s(b.health, b.now_s, 30), 0);
	for (size_t i = 0; i < 3; i++)
		assert_true(claim(&b, i));
	assert_false(claim(&b, 0));
	assert_int_equal(gp_dnsbl_health_next_s(b.health, b.now_s, 30), 30);
	assert_int_equal(gp_dnsbl_health_next_s(b.health, b.now_s, 3000), 60);
	b.now_s += 60; /* its process has died */
	assert_true(claim(&b, 0));
	tested(&b, 0, GP_DNSBL_NO_REASON);
	assert_false(claim(&b, 0));
	bench_end(&b);
}

/* test_clock_that_is_set_stops_no_test: an hour back, a year ahead. */
static void test_clock_that_is_set_stops_no_test(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	tested(&b, 0, GP_DNSBL_TEST_MISSING);
	b.now_s -= 30000000;
	assert_true(claim(&b, 0));
	tested(&b, 0, GP_DNSBL_TEST_MISSING);
	b.now_s += 60000000;
	assert_true(claim(&b, 0));
	bench_end(&b);
}

/* test_reload_keeps_what_belongs_to_lists_that_stay: in any order; others are forgotten. */
static void test_reload_keeps_what_belongs_to_lists_that_stay(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	note_code(&b, 0, 255, 254);
	note_code(&b, 2, 5, 3);
	const struct gp_dnsbl_list turned[] = {b.lists[2], b.lists[0]};
	const struct gp_dnsbl_health_lists lists = {.lists = turned, .count = 2};
	b.now_s += 10;
	gp_dnsbl_health_configure(b.health, &lists, b.now_s);
	assert_int_equal(view(&b, 0).status, GP_DNSBL_SUSPENDED);
	assert_true(claim(&b, 0)); /* what was wrong may have been corrected */
	assert_int_equal(view(&b, 2).listed, 1);
	assert_true(usable(&b, 2));
	assert_false(claim(&b, 2));
	assert_false(view(&b, 1).is_known);
	assert_false(usable(&b, 1)); /* of a session with the old configuration */
	note_code(&b, 1, 0, 8);
	bench_end(&b);
}

/* test_other_key_is_another_list: nothing that is known of the old one counts. */
static void test_other_key_is_another_list(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	test_dnsblist_add_key(&b.lists[0], TEST_DNSBLIST_KEY ".dq.example.org");
	assert_false(view(&b, 0).is_known);
	const struct gp_dnsbl_health_lists lists = {.lists = b.lists, .count = 3};
	gp_dnsbl_health_configure(b.health, &lists, b.now_s);
	assert_int_equal(view(&b, 0).status, GP_DNSBL_UNTESTED);
	bench_end(&b);
}

/* test_off_and_on_again: by the operator, by the configuration; on means: to be tested first. */
static void test_off_and_on_again(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	gp_dnsbl_health_switch(b.health, &b.lists[0], true, b.now_s);
	assert_int_equal(view(&b, 0).status, GP_DNSBL_OFF);
	assert_false(usable(&b, 0));
	b.now_s += 10000;
	assert_false(claim(&b, 0));
	assert_int_equal(view(&b, 0).next_test_s, 0);
	gp_dnsbl_health_switch(b.health, &b.lists[0], false, b.now_s);
	assert_int_equal(view(&b, 0).status, GP_DNSBL_UNTESTED);
	assert_true(claim(&b, 0));
	tested(&b, 0, GP_DNSBL_NO_REASON);
	gp_dnsbl_health_switch(b.health, &b.lists[0], false, b.now_s); /* said once more */
	assert_true(usable(&b, 0));
	b.lists[0].is_off = true;
	const struct gp_dnsbl_health_lists lists = {.lists = b.lists, .count = 3};
	gp_dnsbl_health_configure(b.health, &lists, b.now_s);
	assert_int_equal(view(&b, 0).status, GP_DNSBL_OFF);
	b.lists[0].is_off = false;
	gp_dnsbl_health_configure(b.health, &lists, b.now_s);
	assert_int_equal(view(&b, 0).status, GP_DNSBL_UNTESTED);
	bench_end(&b);
}

/* test_list_without_key_or_with_a_closed_zone: never asked, never tested, the reason is shown. */
static void test_list_without_key_or_with_a_closed_zone(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	b.lists[0].no_key = "/etc/gatepost/dqs.key cannot be read";
	b.lists[1].dead = "2024-06-05: empty";
	const struct gp_dnsbl_health_lists lists = {.lists = b.lists, .count = 3};
	gp_dnsbl_health_configure(b.health, &lists, b.now_s);
	assert_int_equal(view(&b, 0).status, GP_DNSBL_SUSPENDED);
	assert_int_equal(view(&b, 0).reason, GP_DNSBL_NO_KEY);
	assert_string_equal(view(&b, 0).detail, b.lists[0].no_key);
	assert_int_equal(view(&b, 1).status, GP_DNSBL_DEAD);
	assert_string_equal(view(&b, 1).detail, b.lists[1].dead);
	b.now_s += 100000;
	for (size_t i = 0; i < 2; i++) {
		assert_false(claim(&b, i));
		assert_false(usable(&b, i));
	}
	b.lists[0].no_key = NULL;
	gp_dnsbl_health_configure(b.health, &lists, b.now_s);
	assert_int_equal(view(&b, 0).status, GP_DNSBL_UNTESTED);
	assert_true(claim(&b, 0));
	bench_end(&b);
}

/* test_more_lists_than_places: the last ones are not used, and nothing else happens. */
static void test_more_lists_than_places(void **state)
{
	struct gp_dnsbl_list lists[GP_DNSBL_LISTS_MAX + 2];
	char names[GP_DNSBL_LISTS_MAX + 2][16];
	struct gp_dnsbl_health_view v;
	(void)state;
	for (size_t i = 0; i < COUNT(lists); i++) {
		snprintf(names[i], sizeof names[i], "l%zu", i);
		lists[i] = test_dnsblist_of_addresses(names[i], "bl.example.org");
	}
	struct gp_dnsbl_health *health = test_dnsblist_health(lists, COUNT(lists));
	gp_dnsbl_health_view(health, &lists[GP_DNSBL_LISTS_MAX - 1], NOW, &v);
	assert_true(v.is_known);
	gp_dnsbl_health_view(health, &lists[GP_DNSBL_LISTS_MAX], NOW, &v);
	assert_false(v.is_known);
	test_dnsblist_health_free(health);
}

/* ---- records ---- */

/* test_record_carries_the_state_of_a_list: to another process; counters stay where they are. */
static void test_record_carries_the_state_of_a_list(void **state)
{
	unsigned char record[GP_DNSBL_RECORD_MAX];
	struct bench b, other;
	(void)state;
	bench_begin(&b);
	bench_begin(&other);
	note_world(&b, 0, 40, 40);
	for (int i = 0; i < 5; i++)
		note(&b, (struct gp_dnsbl_noted) {.timeouts = 1}, NULL);
	assert_true(gp_dnsbl_health_is_changed(b.health, &b.lists[0]));
	size_t size = gp_dnsbl_health_save(b.health, &b.lists[0], record);
	assert_in_range(size, 1, GP_DNSBL_RECORD_MAX);
	assert_false(gp_dnsbl_health_is_changed(b.health, &b.lists[0]));
	const struct gp_span bytes = {(const char *)record, size};
	assert_true(gp_dnsbl_health_load(other.health, &other.lists[0], bytes, NOW));
	assert_false(gp_dnsbl_health_is_changed(other.health, &other.lists[0]));
	for (int i = 0; i < 5; i++)
		note(&other, (struct gp_dnsbl_noted) {.timeouts = 1}, NULL);
	assert_suspended(&other, 0, GP_DNSBL_TIMEOUTS); /* with those of the first */
	size = gp_dnsbl_health_save(other.health, &other.lists[0], record);
	const struct gp_span back = {(const char *)record, size};
	assert_true(gp_dnsbl_health_load(b.health, &b.lists[0], back, NOW));
	assert_int_equal(view(&b, 0).reason, GP_DNSBL_TIMEOUTS);
	assert_string_equal(view(&b, 0).detail, "10 in a row");
	assert_int_equal(view(&b, 0).timeouts, 5);
	bench_end(&b);
	bench_end(&other);
}

/* test_newer_state_is_kept: a record that another process wrote before does not undo it. */
static void test_newer_state_is_kept(void **state)
{
	unsigned char record[GP_DNSBL_RECORD_MAX];
	struct bench b;
	(void)state;
	bench_begin(&b);
	size_t size = gp_dnsbl_health_save(b.health, &b.lists[0], record);
	b.now_s++;
	note_code(&b, 0, 255, 254);
	const struct gp_span bytes = {(const char *)record, size};
	assert_true(gp_dnsbl_health_load(b.health, &b.lists[0], bytes, b.now_s));
	assert_int_equal(view(&b, 0).status, GP_DNSBL_SUSPENDED);
	bench_end(&b);
}

/* test_foreign_records_change_nothing: cut, of another list or key, with odd numbers. */
static void test_foreign_records_change_nothing(void **state)
{
	unsigned char record[GP_DNSBL_RECORD_MAX];
	struct bench b;
	(void)state;
	bench_begin(&b);
	note_code(&b, 0, 255, 254);
	size_t size = gp_dnsbl_health_save(b.health, &b.lists[0], record);
	struct gp_span bytes = {(const char *)record, size};
	assert_false(gp_dnsbl_health_load(b.health, &b.lists[1], bytes, NOW));
	assert_true(usable(&b, 1));
	test_dnsblist_add_key(&b.lists[0], TEST_DNSBLIST_KEY ".dq.example.org");
	assert_false(gp_dnsbl_health_load(b.health, &b.lists[0], bytes, NOW));
	b.lists[0].asked_zone = b.lists[0].zone;
	size_t detail = strlen("127.255.255.254");
	for (bytes.len = 0; bytes.len < size - detail; bytes.len++)
		assert_false(gp_dnsbl_health_load(b.health, &b.lists[0], bytes, NOW));
	bytes.len = size;
	record[5] = GP_DNSBL_OFF; /* a status that no record has */
	assert_false(gp_dnsbl_health_load(b.health, &b.lists[0], bytes, NOW));
	record[5] = GP_DNSBL_OK;
	record[6] = GP_DNSBL_REASONS;
	assert_false(gp_dnsbl_health_load(b.health, &b.lists[0], bytes, NOW));
	record[6] = GP_DNSBL_NO_REASON;
	record[size - 1] = '\n';
	assert_false(gp_dnsbl_health_load(b.health, &b.lists[0], bytes, NOW));
	assert_false(usable(&b, 0));
	bench_end(&b);
}

/* test_record_has_no_key: nor any part of the zone that is queried. */
static void test_record_has_no_key(void **state)
{
	unsigned char record[GP_DNSBL_RECORD_MAX];
	struct bench b;
	(void)state;
	bench_begin(&b);
	test_dnsblist_add_key(&b.lists[0], TEST_DNSBLIST_KEY ".dq.example.org");
	const struct gp_dnsbl_health_lists lists = {.lists = b.lists, .count = 3};
	gp_dnsbl_health_configure(b.health, &lists, b.now_s);
	note_code(&b, 0, 255, 254);
	size_t size = gp_dnsbl_health_save(b.health, &b.lists[0], record);
	assert_null(memmem(record, size, "k3y", 3));
	assert_null(memmem(record, size, "dq", 2));
	bench_end(&b);
}

/* ---- processes and threads ---- */

/* test_table_survives_the_death_of_a_process: that had the lock, and left a slot half written. */
static void test_table_survives_the_death_of_a_process(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	void *memory = mmap(NULL, gp_dnsbl_health_size(), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(memory, MAP_FAILED);
	test_dnsblist_health_free(b.health);
	assert_int_equal(gp_dnsbl_health_init(memory, &b.health), GP_OK);
	const struct gp_dnsbl_health_lists lists = {.lists = b.lists, .count = 3};
	gp_dnsbl_health_configure(b.health, &lists, b.now_s);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct gp_dnsbl_slot *slot = gp_dnsbl_health_take(b.health, &b.lists[0]);
		memset(&slot->recent, 0xff, sizeof slot->recent);
		memset(&slot->counts, 0xff, sizeof slot->counts);
		memset(slot->detail, 'x', sizeof slot->detail);
		memset(&slot->status, 0x7f, sizeof slot->status);
		memset(&slot->failed_rounds, 0xff, sizeof slot->failed_rounds);
		_exit(0); /* with the lock */
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_false(usable(&b, 0));
	note_world(&b, 0, 3, 3);
	note_code(&b, 0, 0, 2);
	note_code(&b, 0, 0, 30);
	tested(&b, 0, GP_DNSBL_NO_REASON);
	unsigned char record[GP_DNSBL_RECORD_MAX];
	assert_in_range(gp_dnsbl_health_save(b.health, &b.lists[0], record), 1, sizeof record);
	assert_true(view(&b, 0).code_count <= GP_DNSBL_CODES_MAX);
	tested(&b, 1, GP_DNSBL_NO_REASON);
	assert_true(usable(&b, 1));
	munmap(memory, gp_dnsbl_health_size());
}

#define THREADS 4
#define ROUNDS 500

/* work: as sessions, a tester and a reload do, all at once. */
static void *work(void *arg)
{
	struct bench *b = arg;
	const struct gp_ipaddr client = {GP_IP_V4, {192, 0, 2, 1}};
	const struct gp_dnsbl_code hit = {{127, 0, 0, 2}};
	const struct gp_dnsbl_health_lists lists = {.lists = b->lists, .count = 3};
	bool is_usable[3];
	for (int i = 0; i < ROUNDS; i++) {
		struct gp_dnsbl_events events = {0};
		const struct gp_dnsbl_noted noted[] = {{.list = &b->lists[0],
							       .questions = 1,
							       .codes = &hit,
							       .code_count = 1,
							       .weight = 3,
							       .took_us = 100},
			{.list = &b->lists[1], .questions = 3, .timeouts = (unsigned)i % 3}};
		struct gp_dnsbl_health_view v;
		enum gp_dnsbl_reason reason;
		unsigned char record[GP_DNSBL_RECORD_MAX];
		gp_dnsbl_health_usable(b->health, b->lists, 3, NOW + i, is_usable, &events);
		gp_dnsbl_health_note(b->health, noted, 2, &client, NOW + i, &events);
		gp_dnsbl_health_view(b->health, &b->lists[i % 3], NOW + i, &v);
		(void)gp_dnsbl_health_save(b->health, &b->lists[i % 3], record);
		if (gp_dnsbl_health_claim(b->health, &b->lists[i % 3], NOW + i, &reason)) {
			const struct gp_dnsbl_outcome good = {.list = &b->lists[i % 3]};
			gp_dnsbl_health_tested(b->health, &good, NOW + i, &events);
		}
		if (i % 100 == 0)
			gp_dnsbl_health_configure(b->health, &lists, NOW + i);
	}
	return NULL;
}

/* test_threads_share_a_table: no count is lost. */
static void test_threads_share_a_table(void **state)
{
	pthread_t threads[THREADS];
	struct bench b;
	(void)state;
	bench_begin(&b);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, &b), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(view(&b, 0).listed, THREADS * ROUNDS);
	assert_int_equal(view(&b, 0).codes[0].count, THREADS * ROUNDS);
	bench_end(&b);
}

/* test_words: every status and reason has one. */
static void test_words(void **state)
{
	(void)state;
	for (unsigned i = 0; i < GP_DNSBL_STATUSES; i++)
		assert_string_not_equal(gp_dnsbl_status_name((enum gp_dnsbl_status)i), "unknown");
	for (unsigned i = 1; i < GP_DNSBL_REASONS; i++)
		assert_true(strlen(gp_dnsbl_reason_text((enum gp_dnsbl_reason)i)) > 4 &&
			    strcmp(gp_dnsbl_reason_text((enum gp_dnsbl_reason)i), "unknown") != 0);
	assert_string_equal(gp_dnsbl_reason_text(GP_DNSBL_NO_REASON), "");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_error_code_suspends),
		cmocka_unit_test(test_resolver_that_makes_up_addresses_suspends),
		cmocka_unit_test(test_answer_outside_suspends),
		cmocka_unit_test(test_ten_timeouts_in_a_row_suspend),
		cmocka_unit_test(test_more_than_half_of_fifty_timeouts_suspend),
		cmocka_unit_test(test_refusals_for_everything_suspend),
		cmocka_unit_test(test_local_problem_never_counts),
		cmocka_unit_test(test_list_of_the_world_is_suspended),
		cmocka_unit_test(test_few_spammers_are_not_the_world),
		cmocka_unit_test(test_lists_that_answer_about_everybody_are_no_worlds),
		cmocka_unit_test(test_share_of_the_world_can_be_set),
		cmocka_unit_test(test_unknown_codes_are_counted_and_told_once_a_day),
		cmocka_unit_test(test_hits_are_counted_by_code),
		cmocka_unit_test(test_round_trips_are_measured),
		cmocka_unit_test(test_two_good_rounds_bring_back),
		cmocka_unit_test(test_pauses_grow_to_an_hour),
		cmocka_unit_test(test_works_is_tested_hourly),
		cmocka_unit_test(test_relapse_waits_longer),
		cmocka_unit_test(test_one_lost_test_does_not_suspend),
		cmocka_unit_test(test_week_without_a_good_test_is_death),
		cmocka_unit_test(test_untested_list_is_suspended_after_two_seconds),
		cmocka_unit_test(test_list_that_fails_its_first_test_is_never_used),
		cmocka_unit_test(test_no_list_left_is_told_once),
		cmocka_unit_test(test_one_claim_at_a_time),
		cmocka_unit_test(test_clock_that_is_set_stops_no_test),
		cmocka_unit_test(test_reload_keeps_what_belongs_to_lists_that_stay),
		cmocka_unit_test(test_other_key_is_another_list),
		cmocka_unit_test(test_off_and_on_again),
		cmocka_unit_test(test_list_without_key_or_with_a_closed_zone),
		cmocka_unit_test(test_more_lists_than_places),
		cmocka_unit_test(test_record_carries_the_state_of_a_list),
		cmocka_unit_test(test_newer_state_is_kept),
		cmocka_unit_test(test_foreign_records_change_nothing),
		cmocka_unit_test(test_record_has_no_key),
		cmocka_unit_test(test_table_survives_the_death_of_a_process),
		cmocka_unit_test(test_threads_share_a_table),
		cmocka_unit_test(test_words),
	};
	cmocka_set_test_filter(argc > 1 ? argv[1] : NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
