/* SPDX-License-Identifier: ISC */
/* Views of bytes: compare, cut, trim, numbers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/span.h"

/* test_compare: with and without case, whatever the locale. */
static void test_compare(void **state)
{
	(void)state;
	const struct gp_span none = {NULL, 0}, text = gp_span_from("AbC");
	assert_true(gp_span_equal(none, gp_span_from("")));
	assert_true(gp_span_equal(none, gp_span_from(NULL)));
	assert_true(gp_span_equal(text, gp_span_from("AbC")));
	assert_false(gp_span_equal(text, gp_span_from("abc")));
	assert_true(gp_span_equal_nocase(text, gp_span_from("abc")));
	assert_false(gp_span_equal_nocase(text, gp_span_from("abcd")));
	assert_false(gp_span_equal_nocase(gp_span_from("@["), gp_span_from("`{")));
	assert_false(gp_span_equal_nocase(gp_span_from("\xc4"), gp_span_from("\xe4")));
	assert_true(gp_span_is(text, "aBc"));
	assert_true(gp_span_has_prefix(text, "ab"));
	assert_true(gp_span_has_prefix(text, ""));
	assert_false(gp_span_has_prefix(text, "abcd"));
	assert_true(gp_span_has_suffix(text, "bc"));
	assert_false(gp_span_has_suffix(none, "c"));
	assert_true(gp_span_has_suffix(none, ""));
}

/* test_cut: at the first, at the last, past the end. */
static void test_cut(void **state)
{
	(void)state;
	struct gp_span before, rest, text = gp_span_from("a=b=c");
	assert_true(gp_span_cut(text, '=', &before, &rest));
	assert_true(gp_span_is(before, "a") && gp_span_is(rest, "b=c"));
	assert_false(gp_span_cut(text, ';', &before, &rest));
	assert_true(gp_span_is(before, "a=b=c") && rest.len == 0);
	assert_true(gp_span_cut(gp_span_from("="), '=', &before, &rest));
	assert_true(before.len == 0 && rest.len == 0);
	assert_false(gp_span_cut((struct gp_span) {NULL, 0}, '=', &before, &rest));
	assert_int_equal(gp_span_find_last(text, '='), 3);
	assert_int_equal(gp_span_find_last(text, 'x'), -1);
	assert_int_equal(gp_span_find_last((struct gp_span) {NULL, 0}, 'x'), -1);
	assert_int_equal(gp_span_skip(text, 9).len, 0);
	assert_true(gp_span_is(gp_span_skip(text, 4), "c"));
	assert_int_equal(gp_span_skip((struct gp_span) {NULL, 0}, 1).len, 0);
	assert_true(gp_span_is(gp_span_trim(gp_span_from(" \r\n\ta b \t")), "a b"));
	assert_int_equal(gp_span_trim(gp_span_from(" \t ")).len, 0);
}

/* test_number: digits within the bound, and nothing else. */
static void test_number(void **state)
{
	static const struct {
		const char *text;
		uint64_t max, value;
		int status;
	} rows[] = {
		{"0", 0, 0, GP_OK},
		{"007", 10, 7, GP_OK},
		{"128", 128, 128, GP_OK},
		{"129", 128, 0, GP_ESYNTAX},
		{"18446744073709551615", UINT64_MAX, UINT64_MAX, GP_OK},
		{"18446744073709551616", UINT64_MAX, 0, GP_ESYNTAX},
		{"99999999999999999999999", UINT64_MAX, 0, GP_ESYNTAX},
		{"7", 5, 0, GP_ESYNTAX},
		{"", 5, 0, GP_ESYNTAX},
		{"-1", 5, 0, GP_ESYNTAX},
		{"+1", 5, 0, GP_ESYNTAX},
		{" 1", 5, 0, GP_ESYNTAX},
		{"1 ", 5, 0, GP_ESYNTAX},
		{"0x1", 5, 0, GP_ESYNTAX},
		{"\xb2", 5, 0, GP_ESYNTAX},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint64_t value = 0;
		int rc = gp_span_parse_uint(gp_span_from(rows[i].text), rows[i].max, &value);
		if (rc != rows[i].status || value != rows[i].value)
			fail_msg("%s", rows[i].text);
	}
}

/* test_printable: 0x20 to 0x7e. */
static void test_printable(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		const char byte = (char)c;
		assert_int_equal(gp_span_is_printable_ascii((struct gp_span) {&byte, 1}),
			c >= 0x20 && c <= 0x7e);
	}
	assert_true(gp_span_is_printable_ascii((struct gp_span) {NULL, 0}));
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_number),
		cmocka_unit_test(test_printable),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
