/* SPDX-License-Identifier: ISC */
/* Folding of text: what is seen stays in one form, what is not goes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "mail/fold.h"

/* test_fold_text: with and without case; NULL: refused. */
static void test_fold_text(void **state)
{
	static const struct {
		const char *text, *plain, *with_case;
	} rows[] = {
		{"Abc", "Abc", "abc"},
		{"", "", ""},
		{" A\tb\n", "Ab", "ab"},
		{"\342\200\213\302\240", "", ""},
		{"U\314\210", "\303\234", "\303\274"},
		{"\357\274\241\357\274\216", "A.", "a."},
		{"\302\250", "\314\210", "\314\210"}, /* NFKC makes a blank of it, which goes */
		{"\304\260", "\304\260", "i\314\207"},
		{"\377", NULL, NULL},
		{"a\300\200", NULL, NULL},
		{"\364\220\200\200", NULL, NULL},
	};
	struct gp_arena *arena = gp_arena_new(1 << 16);
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (int with_case = 0; with_case < 2; with_case++) {
			const char *wanted = with_case ? rows[i].with_case : rows[i].plain;
			struct gp_span out;
			int rc = gp_fold_text(arena, gp_span_from(rows[i].text), with_case, &out);
			assert_int_equal(rc, wanted ? GP_OK : GP_ESYNTAX);
			if (wanted)
				assert_true(gp_span_equal(out, gp_span_from(wanted)));
		}
	gp_arena_free(arena);
}

/* test_character: other forms of ASCII, what nobody sees, and what stays itself. */
static void test_character(void **state)
{
	static const struct {
		const char *text;
		size_t length;
		char plain;
	} rows[] = {
		{"\360\235\220\205rom", 4, 'F'}, /* U+1D405 */
		{"\342\222\273", 3, 'F'},        /* U+24BB */
		{"\357\274\240x", 3, '@'},
		{"\357\275\241", 3, '.'},
		{"\343\200\202", 3, '.'},
		{"\302\240", 2, ' '},
		{"\341\232\200", 3, ' '},
		{"\342\200\213", 3, 0},
		{"\302\255", 2, 0},
		{"\315\276", 2, ';'},
		{"\342\201\275", 3, '('},
		{"a", 0, 0},
		{"", 0, 0},
		{"\303\251", 0, 0},     /* a letter of its own */
		{"\342\204\242", 0, 0}, /* becomes two letters */
		{"\377", 0, 0},
		{"\360\235\220", 0, 0},
		{"\300\200", 0, 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char plain = 0;
		assert_int_equal(
			gp_fold_character(gp_span_from(rows[i].text), &plain), rows[i].length);
		assert_int_equal(plain, rows[i].plain);
	}
}

/* test_word: no character of it is a sign, dot or blank to anybody. */
static void test_word(void **state)
{
	static const char *const words[] = {"", "Caf\303\251", "Shop\342\204\242", "\345\261\261"};
	static const char *const others[] = {"bank\342\222\210test", /* U+2488, 1. */
		"bank\343\217\207test",                              /* U+33C7, Co. */
		"bank\343\200\202test", "bank\342\200\245test", "bank\302\240test",
		"bank\357\274\240test", "Caf\351"};
	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		assert_true(gp_fold_is_word(gp_span_from(words[i])));
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		assert_false(gp_fold_is_word(gp_span_from(others[i])));
}

/* test_bound: as much as can be seen counts, and it grows no more than it is said to. */
static void test_bound(void **state)
{
	char text[3 * GP_FOLD_MAX + 4];
	struct gp_arena *arena = gp_arena_new(1 << 17);
	struct gp_span out;
	(void)state;
	for (size_t i = 0; i <= GP_FOLD_MAX; i++)
		memcpy(text + 3 * i, "\357\267\272", 3);
	assert_int_equal(
		gp_fold_text(arena, (struct gp_span) {text, 3 * (GP_FOLD_MAX / 3)}, true, &out),
		GP_OK);
	assert_true(out.len <= GP_FOLD_GROWTH * GP_FOLD_MAX);
	assert_int_equal(
		gp_fold_text(arena, (struct gp_span) {text, 3 * (GP_FOLD_MAX / 3 + 1)}, true, &out),
		GP_ESYNTAX);
	for (size_t i = 0; i < GP_FOLD_MAX; i++)
		memcpy(text + 3 * i, "\342\200\213", 3);
	assert_int_equal(
		gp_fold_text(arena, (struct gp_span) {text, sizeof text - 1}, true, &out), GP_OK);
	assert_int_equal(out.len, 30); /* one U+FDFA is left: 15 letters, its blanks go */
	gp_arena_free(arena);
}

/* test_unseen: what folding leaves out, character by character. */
static void test_unseen(void **state)
{
	static const struct {
		const char *text;
		size_t length;
	} rows[] = {{"", 0}, {"a", 0}, {" a", 1}, {"\t", 1}, {"\x7f", 1},
		{"\xc2\xa0"
		 "a",
			2},
		{"\xe2\x80\x8b", 3}, {"\xf3\xa0\x80\x81", 4}, {"\xc3\xbc", 0}, {"\xa0", 0},
		{"\xe2\x80", 0}, {"\xff", 0}};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(gp_fold_unseen(gp_span_from(rows[i].text)), rows[i].length);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fold_text),
		cmocka_unit_test(test_character),
		cmocka_unit_test(test_word),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_unseen),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
