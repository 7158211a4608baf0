/* SPDX-License-Identifier: ISC */
/*
 * Health of DNS lists: each rule that suspends a list, what is counted, how a list comes back, and
 * when its tests are due.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/dnsbl_bench.h"

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
	const struct gp_dnsbl_health_lists lists = {b.lists, 3, 50, 10, false};
	gp_dnsbl_health_configure(b.health, &lists, b.now_s);
	note_world(&b, 0, 10, 5);
	assert_suspended(&b, 0, GP_DNSBL_LISTS_WORLD);
	const struct gp_dnsbl_health_lists many = {b.lists, 3, 90, 1000, false};
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

/* test_list_of_ten_clients_is_tested_soon: canaries tell a wildcard before fifty are refused. */
static void test_list_of_ten_clients_is_tested_soon(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	tested(&b, 0, GP_DNSBL_NO_REASON);
	note_world(&b, 0, 12, 12);
	assert_false(claim(&b, 0)); /* it has just been tested */
	b.now_s += 600;
	note_world(&b, 0, 9, 9);
	assert_true(claim(&b, 0));
	tested(&b, 0, GP_DNSBL_NO_REASON);
	assert_true(usable(&b, 0));
	b.now_s += 599;
	note_world(&b, 0, 12, 12);
	assert_false(claim(&b, 0));
	b.now_s++;
	note_world(&b, 0, 1, 1);
	assert_true(claim(&b, 0));
	tested(&b, 0, GP_DNSBL_CANARY_LISTED);
	assert_suspended(&b, 0, GP_DNSBL_CANARY_LISTED);
	bench_end(&b);
	bench_begin(&b);
	tested(&b, 0, GP_DNSBL_NO_REASON);
	b.now_s += 1200;
	note_world(&b, 0, 9, 9); /* too few */
	note_world(&b, 0, 40, 5);
	assert_false(claim(&b, 0));
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
	b.now_s += 3600;
	tested(&b, 0, GP_DNSBL_NO_REASON);
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
		.list = &b.lists[0], .reason = GP_DNSBL_TIMEOUTS, .timeouts = 2};
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
		cmocka_unit_test(test_list_of_ten_clients_is_tested_soon),
		cmocka_unit_test(test_relapse_waits_longer),
		cmocka_unit_test(test_one_lost_test_does_not_suspend),
		cmocka_unit_test(test_week_without_a_good_test_is_death),
		cmocka_unit_test(test_words),
	};
	cmocka_set_test_filter(argc > 1 ? argv[1] : NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
