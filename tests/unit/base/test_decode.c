/* SPDX-License-Identifier: ISC */
/* Decoded forms: base64. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/decode.h"

/* test_base64: RFC 4648 10, white space of RFC 6376, and what is none. */
static void test_base64(void **state)
{
	static const struct {
		const char *text, *bytes; /* NULL: GP_ESYNTAX */
	} rows[] = {
		{"", ""},
		{"Zg==", "f"},
		{"Zm8=", "fo"},
		{"Zm9v", "foo"},
		{"Zm9vYg==", "foob"},
		{"Zm9vYmE=", "fooba"},
		{"Zm9vYmFy", "foobar"},
		{"+/+/", "\xfb\xff\xbf"},
		{" Zm\r\n\t9v Yg = = ", "foob"},
		{" \r\n ", ""},
		{"Zh==", "f"}, /* bits left over */
		{"Z", NULL},
		{"Zg", NULL},
		{"Zg=", NULL},
		{"Zg===", NULL},
		{"Zm8", NULL},
		{"Zm8==", NULL},
		{"Zm9v=", NULL},
		{"Zm9v====", NULL},
		{"=", NULL},
		{"====", NULL},
		{"Zg==Zg==", NULL},
		{"Z=g=", NULL},
		{"Zm9v-", NULL},
		{"Zm_v", NULL},
		{"Zm9\x80", NULL},
		{"Zm9\xff", NULL},
		{"Zm9v\v", NULL},
		{"Zm9v;", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_arena *arena = gp_arena_new(1 << 12);
		struct gp_span got;
		int rc = gp_decode_base64(arena, gp_span_from(rows[i].text), &got);
		bool as_expected = rows[i].bytes
					   ? !rc && gp_span_equal(got, gp_span_from(rows[i].bytes))
					   : rc == GP_ESYNTAX && got.len == 0;
		if (!as_expected)
			fail_msg("%s", rows[i].text);
		gp_arena_free(arena);
	}
}

/* test_base64_bytes: a NUL is no character of it, and may come out; the arena's ceiling holds. */
static void test_base64_bytes(void **state)
{
	struct gp_arena *arena = gp_arena_new(64);
	struct gp_span got;
	char large[400];
	(void)state;
	assert_int_equal(gp_decode_base64(arena, (struct gp_span) {"Zm9\0", 4}, &got), GP_ESYNTAX);
	assert_int_equal(gp_decode_base64(arena, gp_span_from("AAAA"), &got), GP_OK);
	assert_true(gp_span_equal(got, (struct gp_span) {"\0\0\0", 3}));
	memset(large, 'A', sizeof large);
	assert_int_equal(
		gp_decode_base64(arena, (struct gp_span) {large, sizeof large}, &got), GP_ETOOBIG);
	gp_arena_free(arena);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_base64_bytes),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
