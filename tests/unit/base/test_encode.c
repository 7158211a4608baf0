/* SPDX-License-Identifier: ISC */
/* Encoded forms: percent escapes, header values, visible text. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/encode.h"

typedef void (*encode_fn)(struct gp_strbuf *buf, struct gp_span text);

/* check: one encoding of bytes. */
static void check(encode_fn encode, struct gp_span text, const char *expected)
{
	struct gp_arena *arena = gp_arena_new(1 << 16);
	struct gp_strbuf b;
	const char *got;
	gp_strbuf_init(&b, arena, 4096);
	encode(&b, text);
	assert_int_equal(gp_strbuf_finish(&b, &got), GP_OK);
	assert_string_equal(got, expected);
	gp_arena_free(arena);
}

/* test_percent: RFC 3986 2.3. */
static void test_percent(void **state)
{
	(void)state;
	check(gp_encode_percent, gp_span_from("aZ09-._~"), "aZ09-._~");
	check(gp_encode_percent, gp_span_from("a b@/%\x80\xff"), "a%20b%40%2F%25%80%FF");
	check(gp_encode_percent, (struct gp_span) {"\0", 1}, "%00");
	check(gp_encode_percent, (struct gp_span) {NULL, 0}, "");
}

/* test_header_value: bare or quoted, and never a byte that ends the field. */
static void test_header_value(void **state)
{
	static const struct {
		const char *text, *value;
	} rows[] = {
		{"pass", "pass"},
		{"u@d.example", "u@d.example"},
		{"a+b_c@x", "a+b_c@x"},
		{"a=b@x", "\"a=b@x\""}, /* an = misled readers: OpenDMARC issue 300 */
		{"", "\"\""},
		{"@d.example", "\"@d.example\""},
		{"u@", "\"u@\""},
		{"a@b@c", "\"a@b@c\""},
		{"a b", "\"a b\""},
		{"a;b", "\"a;b\""},
		{"example.net(.example.com", "\"example.net(.example.com\""},
		{"a\"b\\c", "\"a\\\"b\\\\c\""},
		{"a\r\nX-Evil: 1", "\"a??X-Evil: 1\""},
		{"j\xc3\xb6rg@d", "\"j\xc3\xb6rg@d\""},
		{"\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\""},
		{"\xc3", "\"?\""},
		{"\xc3(", "\"?(\""},
		{"\xc0\xaf", "\"??\""},
		{"\xe0\x80\xaf", "\"???\""},
		{"\xed\xa0\x80", "\"???\""},
		{"\xf4\x90\x80\x80", "\"????\""},
		{"\xc2\x85", "\"??\""},
		{"\x7f", "\"?\""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check(gp_encode_header_value, gp_span_from(rows[i].text), rows[i].value);
	check(gp_encode_header_value, (struct gp_span) {"a\0b", 3}, "\"a?b\"");
}

/* test_visible: every byte or UTF-8 character is one printable character. */
static void test_visible(void **state)
{
	(void)state;
	check(gp_encode_visible, gp_span_from("a \"b\"\\\t\r\n\x7f\x80\xc3\xb6"),
		"a \"b\"\\???"
		"???");
	check(gp_encode_text, gp_span_from("\xc3\xb6\t\x80"), "\xc3\xb6??");
	check(gp_encode_visible, (struct gp_span) {"\0x", 2}, "?x");
	check(gp_encode_visible, (struct gp_span) {NULL, 0}, "");
}

/* test_base64: RFC 4648 10, its test vectors; and bytes of every kind. */
static void test_base64(void **state)
{
	static const char *const rows[][2] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="},
		{"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="},
		{"foobar", "Zm9vYmFy"}};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check(gp_encode_base64, gp_span_from(rows[i][0]), rows[i][1]);
	check(gp_encode_base64, (struct gp_span) {"\xff\xef\0\xfb", 4}, "/+8A+w==");
}

/* test_hex: every bit of a byte, and no NUL behind them. */
static void test_hex(void **state)
{
	char digits[] = "------------#";
	(void)state;
	gp_encode_hex((struct gp_span) {"\0\x01\x7f\x80\xaf\xff", 6}, digits);
	assert_string_equal(digits, "00017f80afff#");
}

/* test_full: the buffer's failure is kept. */
static void test_full(void **state)
{
	struct gp_arena *arena = gp_arena_new(64);
	struct gp_strbuf b;
	const char *got;
	(void)state;
	gp_strbuf_init(&b, arena, 5);
	gp_encode_percent(&b, gp_span_from("@@"));
	assert_int_equal(gp_strbuf_finish(&b, &got), GP_ETOOBIG);
	assert_int_equal(b.len, 3);
	gp_arena_free(arena);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_percent),
		cmocka_unit_test(test_header_value),
		cmocka_unit_test(test_visible),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_full),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
