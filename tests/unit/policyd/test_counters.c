/* SPDX-License-Identifier: ISC */
/* Latencies: percentiles are upper bounds that are a quarter of an octave off at most. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policyd/counters.h"

/* test_bounds: what went in is at most what comes out, and not much less. */
static void test_bounds(void **state)
{
	(void)state;
	const int64_t values[] = {
		0, 1, 3, 4, 5, 7, 8, 9, 100, 999, 1000, 1023, 1024, 123456, 60000000};
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		struct gp_counters *c = calloc(1, sizeof *c);
		gp_tally_answered(gp_counters_tally(c), GP_ACTION_ACCEPT, values[i]);
		int64_t bound = gp_counters_percentile(c, 0.5);
		assert_true(bound > values[i] || values[i] > 100000000);
		assert_true(values[i] < 8 || bound <= values[i] + values[i] / 4 + 1);
		free(c);
	}
}

/*
 * test_parts: the halves and the tail are told apart; nothing gives 0; huge values have a bucket.
 */
static void test_parts(void **state)
{
	(void)state;
	struct gp_counters *c = calloc(1, sizeof *c);
	assert_int_equal(gp_counters_percentile(c, 0.99), 0);
	for (int i = 0; i < 990; i++)
		gp_tally_answered(gp_counters_tally(c), GP_ACTION_ACCEPT, 100);
	for (int i = 0; i < 10; i++)
		gp_tally_answered(gp_counters_tally(c), GP_ACTION_ACCEPT, 50000);
	assert_true(gp_counters_percentile(c, 0.5) < 130);
	assert_true(gp_counters_percentile(c, 0.99) < 130);
	assert_true(gp_counters_percentile(c, 0.999) > 50000);
	gp_tally_answered(gp_counters_tally(c), GP_ACTION_ACCEPT, INT64_MAX);
	gp_tally_answered(gp_counters_tally(c), GP_ACTION_ACCEPT, -5);
	assert_true(gp_counters_percentile(c, 1.0) > 50000);
	free(c);
}

/* test_sums: what several tallies hold is one number. */
static void test_sums(void **state)
{
	(void)state;
	struct gp_counters *c = calloc(1, sizeof *c);
	struct gp_histogram_sums sums = {0};
	for (int i = 0; i < 20; i++) {
		struct gp_tally *t = gp_counters_tally(c);
		gp_tally_add(&t->requests[GP_STATE_RCPT]);
		gp_tally_add(&t->decisions[GP_ACTION_REJECT][GP_DECIDER_SPF]);
		gp_tally_add_amount(&t->limits[3].counted, 5);
		gp_tally_add_amount(&t->limits[3].counted, -5);
		gp_histogram_add(&t->checks[GP_CHECK_SPF_HELO][2], 1000);
	}
	gp_tally_add(&gp_counters_tally(c)->decisions[GP_ACTION_REJECT][GP_DECIDER_LIMITS]);
	assert_int_equal(gp_counters_requests(c), 20);
	assert_int_equal(gp_counters_action(c, GP_ACTION_REJECT), 21);
	assert_int_equal(gp_counters_action(c, GP_ACTION_ACCEPT), 0);
	assert_int_equal(gp_counters_sum(c, GP_TALLY(limits[3].counted)), 100);
	gp_counters_read(c, GP_TALLY(checks[GP_CHECK_SPF_HELO][2]), &sums);
	assert_int_equal(gp_histogram_count(&sums), 20);
	assert_int_equal(sums.sum_us, 20000);
	free(c);
}

/* test_deciders: by what stands before the dot. */
static void test_deciders(void **state)
{
	(void)state;
	assert_int_equal(gp_counters_decider("spf.reject"), GP_DECIDER_SPF);
	assert_int_equal(gp_counters_decider("limit.hourly"), GP_DECIDER_LIMITS);
	assert_int_equal(gp_counters_decider("store.on_failure"), GP_DECIDER_STORE);
	assert_int_equal(gp_counters_decider("policyd.request_memory"), GP_DECIDER_MEMORY);
	assert_int_equal(gp_counters_decider("policyd.on_trouble"), GP_DECIDER_TROUBLE);
	assert_int_equal(gp_counters_decider("authenticated"), GP_DECIDER_NONE);
	assert_int_equal(gp_counters_decider("spf"), GP_DECIDER_NONE);
	assert_int_equal(gp_counters_decider(NULL), GP_DECIDER_NONE);
}

/* test_limits: a name and a unit have one place; a full table takes no more, for ever. */
static void test_limits(void **state)
{
	(void)state;
	struct gp_counters *c = calloc(1, sizeof *c);
	char name[GP_COUNTERS_LIMIT_NAME + 8];
	assert_int_equal(gp_counters_limit(c, "hourly", 0), 0);
	assert_int_equal(gp_counters_limit(c, "hourly", 1), 1);
	assert_int_equal(gp_counters_limit(c, "hourly", 0), 0);
	memset(name, 'x', sizeof name);
	name[GP_COUNTERS_LIMIT_NAME] = 0;
	assert_int_equal(gp_counters_limit(c, name, 0), GP_COUNTERS_LIMITS);
	for (unsigned i = 2; i < GP_COUNTERS_LIMITS + 50; i++) {
		snprintf(name, sizeof name, "l%u", i);
		unsigned wanted = i < GP_COUNTERS_LIMITS ? i : GP_COUNTERS_LIMITS;
		assert_int_equal(gp_counters_limit(c, name, 0), wanted);
		assert_int_equal(gp_counters_limit(c, name, 0), wanted);
	}
	assert_int_equal(gp_counters_limit(c, "hourly", 1), 1);
	free(c);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_deciders),
		cmocka_unit_test(test_limits),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
