/* SPDX-License-Identifier: ISC */
/* Durations: the largest unit that divides, and waits that are never too short. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/duration.h"

/* test_period: as the configuration spells it. */
static void test_period(void **state)
{
	(void)state;
	static const struct {
		int64_t ms;
		const char *text;
	} rows[] = {{1, "1ms"}, {1500, "1500ms"}, {1000, "1s"}, {90000, "90s"}, {60000, "1m"},
		{5400000, "90m"}, {3600000, "1h"}, {86400000, "1d"}, {2678400000, "31d"},
		{90000000, "25h"}, {INT64_MAX, "9223372036854775807ms"}};
	char text[GP_DURATION_TEXT];
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_string_equal(gp_duration_period(rows[i].ms, text), rows[i].text);
}

/* test_wait: at the borders of each form. */
static void test_wait(void **state)
{
	(void)state;
	static const struct {
		int64_t ms;
		const char *text;
	} rows[] = {{-5, "0 s"}, {0, "0 s"}, {1, "1 s"}, {59000, "59 s"}, {59001, "1 min"},
		{60000, "1 min"}, {60001, "2 min"}, {3540000, "59 min"}, {3540001, "1 h 0 min"},
		{3600000, "1 h 0 min"}, {3600001, "1 h 1 min"}, {172740000, "47 h 59 min"},
		{172740001, "2 d 0 h"}, {172800001, "2 d 1 h"}, {2678400000, "31 d 0 h"},
		{INT64_MAX, "106751991167 d 8 h"}};
	char text[GP_DURATION_TEXT];
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_string_equal(gp_duration_wait(rows[i].ms, text), rows[i].text);
}

/* test_ms: seconds that do not fit. */
static void test_ms(void **state)
{
	(void)state;
	assert_int_equal(gp_duration_ms(3600), 3600000);
	assert_int_equal(gp_duration_ms(-2), -2000);
	assert_true(gp_duration_ms(INT64_MAX) == INT64_MAX);
	assert_true(gp_duration_ms(INT64_MIN) == INT64_MIN);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_period),
		cmocka_unit_test(test_wait),
		cmocka_unit_test(test_ms),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
