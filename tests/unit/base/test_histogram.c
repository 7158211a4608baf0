/* SPDX-License-Identifier: ISC */
/* Histograms: a bound belongs to its bucket, everything has a bucket, and reading adds up. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/histogram.h"

/* test_bounds: the value of a bound lies in its bucket, one more in the next. */
static void test_bounds(void **state)
{
	(void)state;
	for (size_t i = 0; i < GP_HISTOGRAM_BOUNDS; i++) {
		struct gp_histogram h = {0};
		struct gp_histogram_sums sums = {0};
		assert_true(i == 0 || gp_histogram_bounds_us[i] > gp_histogram_bounds_us[i - 1]);
		gp_histogram_add(&h, gp_histogram_bounds_us[i]);
		gp_histogram_add(&h, gp_histogram_bounds_us[i] + 1);
		gp_histogram_read(&h, &sums);
		assert_int_equal(sums.counts[i], 1);
		assert_int_equal(sums.counts[i + 1], 1);
		assert_int_equal(sums.sum_us, 2 * gp_histogram_bounds_us[i] + 1);
	}
}

/* test_extremes: less than nothing is nothing, an age falls into the last bucket. */
static void test_extremes(void **state)
{
	(void)state;
	struct gp_histogram h = {0};
	struct gp_histogram_sums sums = {0};
	gp_histogram_add(&h, -7);
	gp_histogram_add(&h, 0);
	gp_histogram_add(&h, INT64_MAX / 4);
	gp_histogram_read(&h, &sums);
	assert_int_equal(sums.counts[0], 2);
	assert_int_equal(sums.counts[GP_HISTOGRAM_BOUNDS], 1);
	assert_int_equal(sums.sum_us, INT64_MAX / 4);
}

/* test_sums: several histograms into one. */
static void test_sums(void **state)
{
	(void)state;
	struct gp_histogram a = {0}, b = {0};
	struct gp_histogram_sums sums = {0};
	gp_histogram_add(&a, 10);
	gp_histogram_add(&b, 20);
	gp_histogram_add(&b, 1000000);
	gp_histogram_read(&a, &sums);
	gp_histogram_read(&b, &sums);
	assert_int_equal(gp_histogram_count(&sums), 3);
	assert_int_equal(sums.counts[0], 2);
	assert_int_equal(sums.sum_us, 1000030);
}

/* test_percentile: within the bucket where that part lies; nothing without any. */
static void test_percentile(void **state)
{
	(void)state;
	struct gp_histogram h = {0};
	struct gp_histogram_sums sums = {0};
	assert_int_equal(gp_histogram_percentile(&sums, 0.5), 0);
	for (int i = 0; i < 10; i++)
		gp_histogram_add(&h, 2000);
	gp_histogram_read(&h, &sums);
	assert_int_equal(gp_histogram_percentile(&sums, 0.5), 1750); /* half of 1000 to 2500 */
	assert_int_equal(gp_histogram_percentile(&sums, 1), 2500);
	for (int i = 0; i < 30; i++)
		gp_histogram_add(&h, 60000000);
	sums = (struct gp_histogram_sums) {0};
	gp_histogram_read(&h, &sums);
	assert_int_equal(gp_histogram_percentile(&sums, 0.25), 2500);
	assert_int_equal(gp_histogram_percentile(&sums, 0.5), 30000000);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_percentile),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
