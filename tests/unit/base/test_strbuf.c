/* SPDX-License-Identifier: ISC */
/* Growing text: growth, ceiling, the remembered failure. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/strbuf.h"

/* test_build: all ways to append. */
static void test_build(void **state)
{
	struct gp_arena *arena = gp_arena_new(1 << 16);
	struct gp_strbuf b;
	const char *text;
	(void)state;
	gp_strbuf_init(&b, arena, 1000);
	assert_int_equal(gp_strbuf_finish(&b, &text), GP_OK);
	assert_string_equal(text, "");
	assert_int_equal(gp_strbuf_span(&b).len, 0);
	gp_strbuf_add(&b, "a");
	gp_strbuf_add(&b, NULL);
	gp_strbuf_add_char(&b, 'b');
	gp_strbuf_add_span(&b, (struct gp_span) {"cdX", 2});
	gp_strbuf_printf(&b, "%03d%s", 7, "");
	gp_strbuf_printf(&b, "%s", "");
	assert_int_equal(gp_strbuf_finish(&b, &text), GP_OK);
	assert_string_equal(text, "abcd007");
	gp_strbuf_add_char(&b, 0);
	assert_int_equal(b.len, 8);
	for (int i = 0; i < 900; i++)
		gp_strbuf_add_char(&b, 'x');
	assert_int_equal(gp_strbuf_finish(&b, &text), GP_OK);
	assert_int_equal(strlen(text + 8), 900);
	gp_arena_free(arena);
}

/* test_ceiling: exactly that many bytes; the first failure stays and nothing comes after it. */
static void test_ceiling(void **state)
{
	struct gp_arena *arena = gp_arena_new(1 << 16);
	struct gp_strbuf b;
	const char *text;
	(void)state;
	gp_strbuf_init(&b, arena, 4);
	gp_strbuf_add(&b, "abcd");
	assert_int_equal(gp_strbuf_finish(&b, &text), GP_OK);
	gp_strbuf_printf(&b, "%d", 12);
	assert_int_equal(gp_strbuf_finish(&b, &text), GP_ETOOBIG);
	assert_true(gp_span_is(gp_strbuf_span(&b), "abcd"));
	gp_strbuf_init(&b, arena, 4);
	gp_strbuf_add(&b, "abc");
	gp_strbuf_add(&b, "de");
	gp_strbuf_add(&b, "f");
	assert_int_equal(b.len, 3);
	assert_int_equal(gp_strbuf_finish(&b, &text), GP_ETOOBIG);
	gp_arena_free(arena);
}

/* test_full: the arena's refusal is the buffer's. */
static void test_full(void **state)
{
	struct gp_arena *arena = gp_arena_new(64);
	struct gp_strbuf b;
	const char *text;
	(void)state;
	gp_strbuf_init(&b, arena, 1000);
	for (int i = 0; i < 64; i++)
		gp_strbuf_add_char(&b, 'x');
	assert_int_equal(gp_strbuf_finish(&b, &text), GP_ETOOBIG);
	assert_int_equal(b.len, 63);
	gp_arena_free(arena);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_build),
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_full),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
