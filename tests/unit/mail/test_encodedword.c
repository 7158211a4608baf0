/* SPDX-License-Identifier: ISC */
/* Encoded words as bytes, and whether these are all that can be read from them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "mail/encodedword.h"

/* decode: from a block of exactly its size, so that a sanitizer sees its end. */
static int decode(
	struct gp_arena *arena, const char *value, struct gp_span *text_out, bool *clear_out)
{
	size_t n = strlen(value);
	char *exact = gp_arena_alloc(arena, n + 1);
	assert_non_null(exact);
	memcpy(exact, value, n);
	return gp_encodedword_decode(arena, (struct gp_span) {exact, n}, text_out, clear_out);
}

/* test_words: RFC 2047 2 and 4. */
static void test_words(void **state)
{
	static const struct {
		const char *value, *text;
		bool clear;
	} rows[] = {
		{"", "", true},
		{"plain text", "plain text", true},
		{"=?utf-8?Q?a_b=2Ec?=", "a b.c", true},
		{"=?UTF-8?q?a=c3=A4?= x", "a\xc3\xa4 x", true},
		{"=?iso-8859-1*de?B?YWJj?=", "abc", true}, /* RFC 2231 5 */
		{"x=?us-ascii?b?YQ==?=y=?koi8-r?q?z?=", "xayz", true},
		{"=?utf-8?Q?a=4?=", "a=4", true},
		{"=?utf-8?Q?a=?=", "a=", true},
		{"=?utf-8?Q?"
		 "?=",
			"", true},
		{"=?windows-1252?Q?a@b?=", "a@b", true},
		{"=?gb2312?B?1tA=?=", "\xd6\xd0", true},
		{"=?big5?Q?a=A4@?=", "a\xa4@", false}, /* half of a character, or an @ */
		{"=?shift_jis?Q?=81=97?=", "\x81\x97", false},
		{"=?euc-jp?Q?=A1=F7?=", "\xa1\xf7", false},
		{"=?utf-7?Q?+AEA-?=", "+AEA-", false},
		{"=?x?Q?a?=", "a", false},
		{"=?utf-8?X?a?=", "a", false},
		{"=?utf-8?B?%%%?=", "", false},
		{"=?utf-8?Q?a", "=?utf-8?Q?a", false},
		{"=?utf-8?Q?a? =", "=?utf-8?Q?a? =", false},
		{"=?utf-8?Q", "=?utf-8?Q", false},
		{"=?", "=?", false},
		{"=", "=", true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_arena *arena = gp_arena_new(1 << 16);
		struct gp_span text;
		bool clear;
		assert_int_equal(decode(arena, rows[i].value, &text, &clear), GP_OK);
		if (!gp_span_equal(text, gp_span_from(rows[i].text)) || clear != rows[i].clear)
			fail_msg("%s: %.*s, %d", rows[i].value, (int)text.len, text.ptr, clear);
		gp_arena_free(arena);
	}
}

/* test_every_length: a value cut anywhere is no longer than it was. */
static void test_every_length(void **state)
{
	static const char text[] = "a =?utf-8?Q?b=2E?= =?utf-8?B?YWJj?= =?x?y?z?=";
	(void)state;
	for (size_t n = 0; n < sizeof text; n++) {
		struct gp_arena *arena = gp_arena_new(1 << 16);
		char *cut = strndup(text, n);
		struct gp_span got;
		bool clear;
		assert_int_equal(decode(arena, cut, &got, &clear), GP_OK);
		assert_true(got.len <= n);
		free(cut);
		gp_arena_free(arena);
	}
}

/* main: all of the above. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_every_length),
	};
	return cmocka_run_group_tests_name("encodedword", tests, NULL, NULL);
}
