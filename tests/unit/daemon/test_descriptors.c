/* SPDX-License-Identifier: ISC */
/*
 * The limit of open files and its parts, and what is said when it is low.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "daemon/descriptors.h"
#include "support/said.h"

/* the_limit_is_divided_before_it_is_used_up: something is left for each part, and for the rest. */
static void the_limit_is_divided_before_it_is_used_up(void **state)
{
	static const struct {
		rlim_t limit;
		const char *config;
		bool is_said;
	} rows[] = {
		{20, "", true},
		{60, "", true},
		{256, "policyd { max_connections = 20 }", false},
		{1024, "", true},
		{1024,
			"policyd { max_connections = 100 }\nmetrics { listen = "
			"{\"inet:127.0.0.1:9740\"} }",
			false},
		{4096, "", false},
		{16384, "", false},
	};
	struct rlimit was;
	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct test_said lines = {.count = 0};
		const struct gp_log log = {test_said_keep, &lines, GP_LOG_WARNING};
		struct gp_config *c = test_said_config(rows[i].config);
		const struct rlimit now = {rows[i].limit, was.rlim_max};
		if (now.rlim_cur > was.rlim_max)
			continue;
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
		struct gp_daemon_descriptors files = gp_daemon_descriptors_divide(c, &log);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
		assert_true(files.connections > 0 && files.questions > 0);
		assert_true(files.connections <= c->policyd.max_connections);
		assert_true(files.questions <= GP_DAEMON_DESCRIPTORS_QUESTIONS_MAX);
		if (rows[i].limit >= 60)
			assert_true(files.connections + files.questions + 16 <= rows[i].limit);
		assert_int_equal(lines.count, rows[i].is_said);
		if (rows[i].is_said)
			assert_non_null(strstr(lines.last, "LimitNOFILE"));
		gp_config_free(c);
	}
}

/* the_soft_limit_is_raised_to_the_hard_one: whoever starts the daemon. */
static void the_soft_limit_is_raised_to_the_hard_one(void **state)
{
	struct test_said lines = {.count = 0};
	const struct gp_log log = {test_said_keep, &lines, GP_LOG_WARNING};
	struct gp_config *c = test_said_config("");
	struct rlimit was, now;
	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	now = (struct rlimit) {64, was.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
	gp_daemon_descriptors_raise(&c->policyd, &log);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &now), 0);
	assert_true(now.rlim_cur >= was.rlim_max || now.rlim_cur > 5000);
	assert_int_equal(lines.count, 0);
	(void)setrlimit(RLIMIT_NOFILE, &was); /* the hard one may be higher now */
	gp_config_free(c);
}

/* main: all cases. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_limit_is_divided_before_it_is_used_up),
		cmocka_unit_test(the_soft_limit_is_raised_to_the_hard_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
