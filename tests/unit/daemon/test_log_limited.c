/* SPDX-License-Identifier: ISC */
/* Lines that others can cause: so many a minute, and the number of the rest. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "daemon/log_limited.h"

#define MINUTE 60000000LL

/* may: how many of so many may be said at this time. */
static unsigned may(struct gp_daemon_log_limited *few, int64_t now_us, unsigned count)
{
	unsigned n = 0;
	for (unsigned i = 0; i < count; i++)
		n += gp_daemon_log_limited_may(few, now_us, 10);
	return n;
}

/* so_many_lines_a_minute: whenever it begins; the rest is told once, when it is over. */
static void so_many_lines_a_minute(void **state)
{
	static const int64_t begins[] = {0, 1, 5000, 77 * MINUTE};
	(void)state;
	for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++) {
		struct gp_daemon_log_limited few = {.began_us = 0};
		int64_t t = begins[i];
		assert_int_equal(gp_daemon_log_limited_rest(&few, t), 0);
		assert_int_equal(may(&few, t, 1), 1);
		assert_int_equal(may(&few, t + MINUTE / 2, 1000), 9);
		assert_int_equal(gp_daemon_log_limited_rest(&few, t + MINUTE / 2), 0);
		assert_int_equal(gp_daemon_log_limited_rest(&few, t + MINUTE + 1), 991);
		assert_int_equal(gp_daemon_log_limited_rest(&few, t + MINUTE + 1), 0);
		assert_int_equal(may(&few, t + MINUTE + 1, 12), 10);
		assert_int_equal(may(&few, t + 3 * MINUTE, 5), 5);
		assert_int_equal(gp_daemon_log_limited_rest(&few, t + 3 * MINUTE), 0);
		assert_int_equal(gp_daemon_log_limited_rest(&few, t + 5 * MINUTE), 2);
	}
}

/* main: all cases. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(so_many_lines_a_minute),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
