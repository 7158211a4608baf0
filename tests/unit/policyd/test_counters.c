/* SPDX-License-Identifier: ISC */
/* Latencies: percentiles are upper bounds that are a quarter of an octave off at most. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "policyd/counters.h"

/* test_bounds: what went in is at most what comes out, and not much less. */
static void test_bounds(void **state)
{
	(void)state;
	const int64_t values[] = {
		0, 1, 3, 4, 5, 7, 8, 9, 100, 999, 1000, 1023, 1024, 123456, 60000000};
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		struct gp_counters *c = calloc(1, sizeof *c);
		gp_counters_latency(c, values[i]);
		int64_t bound = gp_counters_percentile(c, 0.5);
		assert_true(bound > values[i] || values[i] > 100000000);
		assert_true(values[i] < 8 || bound <= values[i] + values[i] / 4 + 1);
		free(c);
	}
}

/* test_parts: the halves and the tail are told apart; nothing gives 0; huge values have a bucket.
 */
static void test_parts(void **state)
{
	(void)state;
	struct gp_counters *c = calloc(1, sizeof *c);
	assert_int_equal(gp_counters_percentile(c, 0.99), 0);
	for (int i = 0; i < 990; i++)
		gp_counters_latency(c, 100);
	for (int i = 0; i < 10; i++)
		gp_counters_latency(c, 50000);
	assert_true(gp_counters_percentile(c, 0.5) < 130);
	assert_true(gp_counters_percentile(c, 0.99) < 130);
	assert_true(gp_counters_percentile(c, 0.999) > 50000);
	gp_counters_latency(c, INT64_MAX);
	gp_counters_latency(c, -5);
	assert_true(gp_counters_percentile(c, 1.0) > 50000);
	free(c);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_parts),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
