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
static int decode(struct gp_arena *arena, const char *value, struct gp_span *text_out,
	enum gp_encodedword_state *state_out)
{
	size_t n = strlen(value);
	char *exact = gp_arena_alloc(arena, n + 1);
	assert_non_null(exact);
	memcpy(exact, value, n);
	return gp_encodedword_decode(arena, (struct gp_span) {exact, n}, text_out, state_out);
}

#define CLEAR GP_ENCODEDWORD_CLEAR
#define BROKEN GP_ENCODEDWORD_BROKEN
#define UNCERTAIN GP_ENCODEDWORD_UNCERTAIN

struct row {
	const char *value, *text;
	enum gp_encodedword_state state;
};

/* check_rows: row by row. */
static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct gp_arena *arena = gp_arena_new(1 << 16);
		struct gp_span text;
		enum gp_encodedword_state state;
		assert_int_equal(decode(arena, rows[i].value, &text, &state), GP_OK);
		if (!gp_span_equal(text, gp_span_from(rows[i].text)) || state != rows[i].state)
			fail_msg("%s: %.*s, %d", rows[i].value, (int)text.len, text.ptr, state);
		gp_arena_free(arena);
	}
}

/* test_words: RFC 2047 2 and 4. */
static void test_words(void **state)
{
	static const struct row rows[] = {
		{"", "", CLEAR},
		{"plain text", "plain text", CLEAR},
		{"=?utf-8?Q?a_b=2Ec?=", "a b.c", CLEAR},
		{"=?UTF-8?q?a=c3=A4?= x", "a\xc3\xa4 x", CLEAR},
		{"=?iso-8859-1*de?B?YWJj?=", "abc", CLEAR}, /* RFC 2231 5 */
		{"x=?us-ascii?b?YQ==?=y=?koi8-r?q?z?=", "xayz", CLEAR},
		{"=?utf-8?Q?a=4?=", "a=4", CLEAR},
		{"=?utf-8?Q?a=?=", "a=", CLEAR},
		{"=?utf-8?Q?"
		 "?=",
			"", CLEAR},
		{"=?x-none?Q?a?=", "a", GP_ENCODEDWORD_UNKNOWN},
		{"=?utf-8?X?a?=", "a", BROKEN},
		{"=?utf-8?B?%%%?=", "", BROKEN},
		{"=?utf-8?B?YW!Jj?=", "abc", BROKEN},
		{"=?utf-8?B?YWI?=", "ab", CLEAR}, /* no padding */
		{"=?utf-8?B?YQ==YmM=?=", "abc", UNCERTAIN},
		{"=?utf-8?Q?a", "=?utf-8?Q?a", BROKEN},
		{"=?utf-8?Q?a? =", "=?utf-8?Q?a? =", BROKEN},
		{"=?utf-8?Q", "=?utf-8?Q", BROKEN},
		{"=?", "=?", BROKEN},
		{"=", "=", CLEAR},
		{"=?utf-8?Q?a=0D=0AFrom:?=", "a\r\nFrom:", UNCERTAIN},
		{"=?x?Q?a=1B?=", "a\033", UNCERTAIN},
		{"=?utf-8?Q?a=09b?=", "a\tb", CLEAR},
	};
	(void)state;
	check_rows(rows, sizeof rows / sizeof rows[0]);
}

/* test_blanks_between_words: nobody shows them (RFC 2047 6.2). */
static void test_blanks_between_words(void **state)
{
	static const struct row rows[] = {
		{"=?utf-8?Q?a?= =?utf-8?Q?b?=", "ab", CLEAR},
		{"=?utf-8?Q?a?=\r\n\t =?utf-8?B?Yg==?= c", "ab c", CLEAR},
		{"=?utf-8?Q?ceo=EF=BC?= =?utf-8?Q?=A0x?=", "ceo\xef\xbc\xa0x", CLEAR},
		{"=?utf-8?Q?a?= b =?utf-8?Q?c?=", "a b c", CLEAR},
		{"=?utf-8?Q?a?= =?utf-8?Q?b", "a =?utf-8?Q?b", BROKEN},
		{"=?utf-8?Q?a?=  ", "a  ", CLEAR},
	};
	(void)state;
	check_rows(rows, sizeof rows / sizeof rows[0]);
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
		enum gp_encodedword_state word;
		assert_int_equal(decode(arena, cut, &got, &word), GP_OK);
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
		cmocka_unit_test(test_blanks_between_words),
		cmocka_unit_test(test_every_length),
	};
	return cmocka_run_group_tests_name("encodedword", tests, NULL, NULL);
}
