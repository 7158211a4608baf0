/* SPDX-License-Identifier: ISC */
/*
 * The text of a list as it is quoted: one line of printable ASCII of at most 200 bytes, with the
 * address of the page that explains it, without the key.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reputation/dnsbl/dnsbl.h"

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])
#define KEY "abcdefghij0123456789klmnop"
#define TEN "0123456789"
#define FIFTY TEN TEN TEN TEN TEN

/* quote: a text of these bytes, with the key. */
static const char *quote(struct gp_arena *arena, const char *bytes, size_t len)
{
	const struct gp_span text = {bytes, len};
	const char *quoted = gp_dnsbl_quote(arena, text, KEY);
	assert_non_null(quoted);
	assert_true(strlen(quoted) <= GP_DNSBL_TEXT_MAX);
	assert_true(gp_span_is_printable_ascii(gp_span_from(quoted)));
	return quoted;
}

#define ROW(text) text, sizeof(text) - 1

static const struct {
	const char *bytes;
	size_t len;
	const char *quoted;
} rows[] = {
	{ROW(""), ""},
	{ROW("   \r\n\t "), ""},
	{ROW("https://www.example.org/query/ip/192.0.2.1"),
		"https://www.example.org/query/ip/192.0.2.1"},
	{ROW("  two   words  "), "two words"},
	{ROW("one\r\n550 5.7.1 two\r\n.\r\nthree"), "one 550 5.7.1 two . three"},
	{ROW("a\0b\0\0c"), "a b c"},
	{ROW("\x1b[31mred\x1b[0m\x07"), "[31mred [0m"},
	{ROW("b\xc3\xbc"
	     "cher \xe2\x80\xae\xf0\x9f\x98\x80 x\xff"),
		"b?cher ? x?"},
	{ROW("%{client} {list} \\ \" '"), "%{client} {list} \\ \" '"},
	{ROW("key " KEY " here"), "key KEY here"},
	{ROW("ABCDEFGHIJ0123456789KLMNOP.zen.dq.example.org"), "KEY.zen.dq.example.org"},
	{ROW(KEY KEY "x" KEY), "KEYKEYxKEY"},
	{ROW("abcdefghij0123456789klmno"), "abcdefghij0123456789klmno"},
	{ROW(FIFTY FIFTY FIFTY FIFTY), FIFTY FIFTY FIFTY FIFTY},
	{ROW(FIFTY FIFTY FIFTY FIFTY "x"), FIFTY FIFTY FIFTY FIFTY},
	{ROW(FIFTY FIFTY FIFTY FIFTY " https://example.org/why?ip=192.0.2.1"),
		FIFTY FIFTY FIFTY "012345678 ... https://example.org/why?ip=192.0.2.1"},
	{ROW("see https://example.org/a and " FIFTY FIFTY FIFTY FIFTY),
		"see https://example.org/a and " FIFTY FIFTY FIFTY "01234567890123456789"},
	{ROW("x http://" FIFTY FIFTY FIFTY FIFTY " y"),
		"x http://" FIFTY FIFTY FIFTY "01234567890123456789012345678901234567890"},
};

/* test_texts_are_quoted: row by row. */
static void test_texts_are_quoted(void **state)
{
	struct gp_arena *arena = gp_arena_new(1 << 20);
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(quote(arena, rows[i].bytes, rows[i].len), rows[i].quoted);
	gp_arena_free(arena);
}

/* test_long_text_is_cut_and_never_inside_a_key: 64 KiB, with keys at every distance. */
static void test_long_text_is_cut_and_never_inside_a_key(void **state)
{
	static char bytes[65535];
	struct gp_arena *arena = gp_arena_new(1 << 22);
	(void)state;
	for (size_t before = 0; before < 300; before++) {
		memset(bytes, 'x', sizeof bytes);
		memcpy(bytes + before, KEY, strlen(KEY));
		memcpy(bytes + 4096 - before % 30, KEY, strlen(KEY));
		bytes[4000] = ' ';
		memcpy(bytes + 4001, "http://example.org/", 19);
		const char *quoted = quote(arena, bytes, sizeof bytes);
		assert_null(strstr(quoted, "abcdef"));
		gp_arena_reset(arena);
	}
	gp_arena_free(arena);
}

/* test_list_without_a_key: nothing is covered. */
static void test_list_without_a_key(void **state)
{
	struct gp_arena *arena = gp_arena_new(1 << 16), *small = gp_arena_new(16);
	(void)state;
	assert_string_equal(gp_dnsbl_quote(arena, gp_span_from("a " KEY), NULL), "a " KEY);
	assert_string_equal(gp_dnsbl_quote(arena, gp_span_from("a " KEY), ""), "a " KEY);
	assert_null(gp_dnsbl_quote(small, gp_span_from("a text"), NULL));
	gp_arena_free(arena);
	gp_arena_free(small);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts_are_quoted),
		cmocka_unit_test(test_long_text_is_cut_and_never_inside_a_key),
		cmocka_unit_test(test_list_without_a_key),
	};
	cmocka_set_test_filter(argc > 1 ? argv[1] : NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
