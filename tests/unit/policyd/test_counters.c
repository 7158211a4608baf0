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

#include "engine/check_limit.h"
#include "engine/check_spf.h"
#include "policyd/counters.h"
#include "policyd/own_checks.h"

/* test_bounds: what went in is at most what comes out, and not much less. */
static void test_bounds(void **state)
{
	(void)state;
	const int64_t values[] = {
		0, 1, 3, 4, 5, 7, 8, 9, 100, 999, 1000, 1023, 1024, 123456, 60000000};
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		struct gp_counters *c = calloc(1, sizeof *c);
		gp_counters_tally_answered(gp_counters_tally(c), GP_ACTION_ACCEPT, values[i]);
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
		gp_counters_tally_answered(gp_counters_tally(c), GP_ACTION_ACCEPT, 100);
	for (int i = 0; i < 10; i++)
		gp_counters_tally_answered(gp_counters_tally(c), GP_ACTION_ACCEPT, 50000);
	assert_true(gp_counters_percentile(c, 0.5) < 130);
	assert_true(gp_counters_percentile(c, 0.99) < 130);
	assert_true(gp_counters_percentile(c, 0.999) > 50000);
	gp_counters_tally_answered(gp_counters_tally(c), GP_ACTION_ACCEPT, INT64_MAX);
	gp_counters_tally_answered(gp_counters_tally(c), GP_ACTION_ACCEPT, -5);
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
		gp_counters_tally_add(&t->requests[GP_STATE_RCPT]);
		gp_counters_tally_add(&t->decisions[GP_ACTION_REJECT][1]);
		gp_counters_tally_add_amount(&t->limits[3].counted, 5);
		gp_counters_tally_add_amount(&t->limits[3].counted, -5);
		gp_histogram_add(&t->checks[1][2], 1000);
	}
	gp_counters_tally_add(&gp_counters_tally(c)->decisions[GP_ACTION_REJECT][6]);
	assert_int_equal(gp_counters_requests(c), 20);
	assert_int_equal(gp_counters_action(c, GP_ACTION_REJECT), 21);
	assert_int_equal(gp_counters_action(c, GP_ACTION_ACCEPT), 0);
	assert_int_equal(gp_counters_sum(c, GP_TALLY(limits[3].counted)), 100);
	gp_counters_read(c, GP_TALLY(checks[1][2]), &sums);
	assert_int_equal(gp_histogram_count(&sums), 20);
	assert_int_equal(sums.sum_us, 20000);
	free(c);
}

/* test_decisions: who decided is counted by the row of its check, and what a check found only when
 * it was found now. */
static void test_decisions(void **state)
{
	static const struct gp_rule rule = {.name = "a rule"};
	const struct gp_check *const owners[] = {
		&gp_engine_check_spf, &gp_engine_check_limit, &gp_engine_check_store, NULL};
	struct gp_own_pipeline own;
	struct gp_counters *c = calloc(1, sizeof *c);
	struct gp_tally *t = gp_counters_tally(c);
	struct gp_facts f = {.spf = {.has_helo = true, .helo = {.verdict = GP_SPF_FAIL}}};
	(void)state;
	gp_own_pipeline_init(&own);
	c->pipeline = &own.pipeline;
	for (size_t i = 0; i < sizeof owners / sizeof owners[0]; i++) {
		const struct gp_verdict v = {
			.action = GP_ACTION_REJECT, .decided = &rule, .check = owners[i]};
		size_t at = owners[i] ? 1 + gp_engine_place(&own.pipeline, owners[i]) : 0;
		f.fresh = i ? 0 : 1;
		gp_counters_decided(c, t, &f, &v);
		assert_int_equal(gp_counters_sum(c, GP_TALLY(decisions[GP_ACTION_REJECT][at])), 1);
	}
	struct gp_histogram_sums sums = {0};
	struct gp_counters_result r;
	assert_true(gp_counters_result(&own.pipeline, 1, &r));
	assert_string_equal(r.row->identity, "helo");
	gp_counters_read(c, GP_TALLY(checks[1][GP_SPF_FAIL]), &sums);
	assert_int_equal(gp_histogram_count(&sums), 1);
	free(c);
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
		cmocka_unit_test(test_decisions),
		cmocka_unit_test(test_limits),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
