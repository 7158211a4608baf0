/* SPDX-License-Identifier: ISC */
/* Public suffixes: registered domains by a list of our own, and which files are lists. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "support/suffixes.h"

/* The list that the rows below go by. */
static const char list_text[] = "// ===BEGIN ICANN DOMAINS===\ncom\nuk\nco.uk\n*.jp\n!city.jp\n"
				"xn--p1ai\n// ===END ICANN DOMAINS===\n"
				"// ===BEGIN PRIVATE DOMAINS===\nhosting.com\n"
				"// ===END PRIVATE DOMAINS===\n";

static struct gp_suffix_list *list;

/* open_list: list_text. */
static int open_list(void **state)
{
	(void)state;
	list = test_suffixes(list_text);
	return 0;
}

/* close_list: the end of it. */
static int close_list(void **state)
{
	(void)state;
	gp_suffix_list_free(list);
	return 0;
}

/* test_registered: one label below the suffix; NULL: a suffix. */
static void test_registered(void **state)
{
	static const struct {
		const char *domain, *registered;
	} rows[] = {
		{"example.com", "example.com"},
		{"a.b.example.com", "example.com"},
		{"com", NULL},
		{"a.example.co.uk", "example.co.uk"},
		{"co.uk", NULL},
		{"example.uk", "example.uk"},
		{"a.b.c.jp", "b.c.jp"},
		{"c.jp", NULL},
		{"a.city.jp", "city.jp"},
		{"shop.customer.hosting.com", "customer.hosting.com"},
		{"hosting.com", NULL},
		{"www.xn--e1afmkfd.xn--p1ai", "xn--e1afmkfd.xn--p1ai"},
		{"a.b.unlisted", "b.unlisted"},
		{"unlisted", NULL},
		{"", NULL},
		{".", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *got = gp_suffix_registered(list, rows[i].domain);
		if (!rows[i].registered) {
			assert_null(got);
			continue;
		}
		assert_string_equal(got, rows[i].registered);
		assert_ptr_equal(got, rows[i].domain + strlen(rows[i].domain) - strlen(got));
	}
}

/* test_beside: beside any other name, the same as alone. */
static void test_beside(void **state)
{
	static const char *const names[] = {"example.com", "a.example.com", "b.a.example.com",
		"aexample.com", "com", "hosting.com", "customer.hosting.com",
		"shop.customer.hosting.com", "a.hosting.com", "b.jp", "c.b.jp", "a.c.b.jp", "jp",
		"city.jp", "a.city.jp", "unlisted", "b.unlisted", "a.b.unlisted", ""};
	const size_t count = sizeof names / sizeof names[0];
	(void)state;
	for (size_t i = 0; i < count * count; i++) {
		const char *name = names[i / count], *other = names[i % count];
		const char *got = gp_suffix_registered_beside(
			list, name, other, gp_suffix_registered(list, other));
		assert_ptr_equal(got, gp_suffix_registered(list, name));
	}
	assert_string_equal(gp_suffix_registered_beside(list, "a.b.com", NULL, NULL), "b.com");
}

/* test_files: which files are lists. */
static void test_files(void **state)
{
	struct gp_suffix_list *other = NULL;
	(void)state;
	assert_int_equal(gp_suffix_list_new("/nonexistent", &other), GP_EIO);
	assert_int_equal(gp_suffix_list_new("/dev/null", &other), GP_EIO);
	assert_int_equal(gp_suffix_list_new("/", &other), GP_EIO);
	gp_suffix_list_free(NULL);
	if (gp_suffix_list_new("", &other)) /* no list installed, and none in the library */
		skip();
	assert_string_equal(gp_suffix_registered(other, "a.b.example.co.uk"), "example.co.uk");
	assert_null(gp_suffix_registered(other, "co.uk"));
	gp_suffix_list_free(other);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_registered),
		cmocka_unit_test(test_beside),
		cmocka_unit_test(test_files),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, open_list, close_list) ? 1 : 0;
}
