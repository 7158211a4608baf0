/* SPDX-License-Identifier: ISC */
/* Time that is left, and the texts of status codes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <limits.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"

/* fixed_us: a clock that stands at one second. */
static int64_t fixed_us(const struct gp_clock *clock)
{
	(void)clock;
	return 1000000;
}

/* test_left: rounded up, never negative, never more than an int holds. */
static void test_left(void **state)
{
	static const struct gp_clock clock = {fixed_us, fixed_us};
	static const struct {
		int64_t deadline_us;
		int left_ms;
	} rows[] = {{1000000, 0}, {999999, 0}, {INT64_MIN / 2, 0}, {1000001, 1}, {1001000, 1},
		{1001001, 2}, {21000000, 20000}, {INT64_MAX / 2, INT_MAX}};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(gp_clock_left_ms(&clock, rows[i].deadline_us), rows[i].left_ms);
}

/* test_system: the machine's clock goes forward. */
static void test_system(void **state)
{
	(void)state;
	const struct gp_clock *clock = gp_clock_system();
	int64_t before = gp_clock_now_us(clock);
	assert_true(gp_clock_now_us(clock) >= before);
	assert_true(clock->wall_s(clock) > 1700000000);
}

/* test_texts: every status has a text of its own. */
static void test_texts(void **state)
{
	(void)state;
	for (int a = GP_ECLOSED; a <= GP_OK; a++) {
		assert_string_not_equal(gp_err_text(a), "unknown status");
		for (int b = a + 1; b <= GP_OK; b++)
			assert_string_not_equal(gp_err_text(a), gp_err_text(b));
	}
	assert_string_equal(gp_err_text(-1000), "unknown status");
}

/* test_format: RFC 3339, before 1970 too; what has no year of four digits or no form is bounded. */
static void test_format(void **state)
{
	(void)state;
	char text[GP_CLOCK_TEXT];
	assert_string_equal(gp_clock_format(0, text), "1970-01-01T00:00:00Z");
	assert_string_equal(gp_clock_format(1795303297, text), "2026-11-21T23:21:37Z");
	assert_string_equal(gp_clock_format(-1, text), "1969-12-31T23:59:59Z");
	assert_string_equal(gp_clock_format(INT64_MAX, text), "");
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_left),
		cmocka_unit_test(test_system),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_format),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
