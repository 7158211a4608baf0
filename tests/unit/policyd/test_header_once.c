/* SPDX-License-Identifier: ISC */
/* Instances: the first time, later times, forgetting, and many of them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "policyd/header_once.h"

/* first: is it the first time for this instance? */
static bool first(struct gp_header_once *n, const char *instance)
{
	return gp_header_once_first(n, gp_span_from(instance));
}

/* test_first: once each; the empty instance is always new. */
static void test_first(void **state)
{
	(void)state;
	struct gp_header_once *n = gp_header_once_new();
	assert_true(first(n, "a"));
	assert_false(first(n, "a"));
	assert_true(first(n, "b"));
	assert_false(first(n, "a"));
	assert_true(first(n, ""));
	assert_true(first(n, ""));
	gp_header_once_free(n);
}

/* test_forget: an answer that did not arrive is given again. */
static void test_forget(void **state)
{
	(void)state;
	struct gp_header_once *n = gp_header_once_new();
	assert_true(first(n, "a"));
	gp_header_once_forget(n, gp_span_from("a"));
	gp_header_once_forget(n, gp_span_from("never seen"));
	gp_header_once_forget(n, gp_span_from(""));
	assert_true(first(n, "a"));
	gp_header_once_free(n);
}

/* test_many: the newest thousands are known, however many came before. */
static void test_many(void **state)
{
	(void)state;
	struct gp_header_once *n = gp_header_once_new();
	char text[32];
	for (int i = 0; i < 100000; i++) {
		snprintf(text, sizeof text, "1a2b.%x.%d.0", i, i % 7);
		assert_true(first(n, text));
	}
	for (int i = 100000 - 1000; i < 100000; i++) {
		snprintf(text, sizeof text, "1a2b.%x.%d.0", i, i % 7);
		assert_false(first(n, text));
	}
	gp_header_once_free(n);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_forget),
		cmocka_unit_test(test_many),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
