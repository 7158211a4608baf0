/* SPDX-License-Identifier: ISC */
/* Tag lists: the grammar of RFC 6376 3.2, strict in problem, lenient in what is kept. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "mail/taglist.h"

/* shown: the list as text: name<value>rest, one after the other. */
static const char *shown(struct gp_arena *arena, const struct gp_taglist *list)
{
	struct gp_strbuf b;
	const char *text = NULL;
	gp_strbuf_init(&b, arena, 1 << 14);
	for (size_t i = 0; i < list->count; i++) {
		gp_strbuf_add_span(&b, list->tags[i].name);
		gp_strbuf_add(&b, "<");
		gp_strbuf_add_span(&b, list->tags[i].value);
		gp_strbuf_add(&b, ">");
		gp_strbuf_add_span(&b, list->tags[i].rest);
		gp_strbuf_add(&b, "|");
	}
	assert_int_equal(gp_strbuf_finish(&b, &text), GP_OK);
	return text;
}

/* test_lists: text, what is kept, and whether there is a problem. */
static void test_lists(void **state)
{
	static const struct {
		const char *text, *tags;
		bool problem, duplicate;
	} rows[] = {
		{"a=1", "a<1>1|", false, false}, {"a=1;", "a<1>1|", false, false},
		{" a = 1 ; b=2 ; ", "a<1> 1 |b<2>2 |", false, false},
		{"a=\r\n\t1\r\n ;\r\n b=2", "a<1>\r\n\t1\r\n |b<2>2|", false, false},
		{"a=", "a<>|", false, false}, {"a= ;b=", "a<> |b<>|", false, false},
		{"a=1=2==", "a<1=2==>1=2==|", false, false},
		{"a=x y\tz", "a<x y\tz>x y\tz|", false, false},
		{"aB_9=1", "aB_9<1>1|", false, false},
		{"a=1;A=2", "a<1>1|A<2>2|", false, false}, /* case matters */
		{"a=\xc3\xb6;b=\xff", "a<\xc3\xb6>\xc3\xb6|b<\xff>\xff|", false, false},
		{"", "", false, false}, {" ", "", false, false}, {";", "", true, false},
		{"a=1;;b=2", "a<1>1|b<2>2|", true, false},
		{"a=1; ;b=2", "a<1>1|b<2>2|", true, false}, {"a=1;;", "a<1>1|", true, false},
		{";a=1", "a<1>1|", true, false}, {"a", "", true, false},
		{"a=1;none;b=2", "a<1>1|b<2>2|", true, false},
		{"i=1; none", "i<1>1|", true, false}, /* crashed OpenDMARC, issue 183 */
		{"=1", "", true, false}, {"a b=1;c=2", "c<2>2|", true, false},
		{"1a=1;c=2", "c<2>2|", true, false}, {"_a=1", "", true, false},
		{"a-b=1", "", true, false}, {"\xc3\xb6=1", "", true, false},
		{"a=1;a=2", "a<1>1|", true, true}, {"a=1;b=2;a=1", "a<1>1|b<2>2|", true, true},
		{"==; t=1", "t<1>1|", true, false},
		{"=?utf-8?q?v=3D1;_a=3Drsa?=", "", true,
			false}, /* encoded on the way: OpenDKIM issue 217 */
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_arena *arena = gp_arena_new(1 << 16);
		struct gp_taglist list;
		assert_int_equal(gp_taglist_parse(arena, gp_span_from(rows[i].text), &list), GP_OK);
		if (strcmp(shown(arena, &list), rows[i].tags) != 0 ||
			(list.problem != NULL) != rows[i].problem ||
			list.has_duplicate != rows[i].duplicate)
			fail_msg("%s: %s, %s", rows[i].text, shown(arena, &list),
				list.problem ? list.problem : "no problem");
		gp_arena_free(arena);
	}
}

/* test_find: by the exact name. */
static void test_find(void **state)
{
	struct gp_arena *arena = gp_arena_new(1 << 16);
	struct gp_taglist list;
	(void)state;
	assert_int_equal(gp_taglist_parse(arena, gp_span_from("b=1; bh=2; B=3"), &list), GP_OK);
	assert_true(gp_span_is(gp_taglist_find(&list, "b")->value, "1"));
	assert_true(gp_span_is(gp_taglist_find(&list, "bh")->value, "2"));
	assert_true(gp_span_is(gp_taglist_find(&list, "B")->value, "3"));
	assert_null(gp_taglist_find(&list, "BH"));
	assert_null(gp_taglist_find(&list, ""));
	gp_arena_free(arena);
}

/* test_many: what is over the limit is a problem and is not read. */
static void test_many(void **state)
{
	struct gp_arena *arena = gp_arena_new(1 << 16);
	struct gp_taglist list;
	char text[8 * (GP_TAGLIST_MAX + 1)];
	size_t n = 0;
	(void)state;
	for (int i = 0; i <= GP_TAGLIST_MAX; i++) {
		if (i == GP_TAGLIST_MAX) {
			assert_int_equal(
				gp_taglist_parse(arena, (struct gp_span) {text, n - 1}, &list),
				GP_OK);
			assert_null(list.problem);
			assert_int_equal(list.count, GP_TAGLIST_MAX);
		}
		memcpy(text + n,
			(char[]) {'t', (char)('0' + i / 10), (char)('0' + i % 10), '=', ';'}, 5);
		n += 5;
	}
	assert_int_equal(gp_taglist_parse(arena, (struct gp_span) {text, n - 1}, &list), GP_OK);
	assert_non_null(list.problem);
	assert_int_equal(list.count, GP_TAGLIST_MAX);
	gp_arena_free(arena);
}

/* test_every_length: a list cut anywhere is read within its bytes (ASan watches). */
static void test_every_length(void **state)
{
	static const char text[] = "v=1; a=rsa-sha256;\r\n\tb=abc= ; h = from:to ;";
	(void)state;
	for (size_t n = 0; n < sizeof text; n++) {
		struct gp_arena *arena = gp_arena_new(1 << 16);
		struct gp_taglist list;
		char *exact = malloc(n ? n : 1);
		assert_non_null(exact);
		memcpy(exact, text, n);
		assert_int_equal(
			gp_taglist_parse(arena, (struct gp_span) {exact, n}, &list), GP_OK);
		free(exact);
		gp_arena_free(arena);
	}
}

/* test_ceiling: the arena's refusal comes through. */
static void test_ceiling(void **state)
{
	struct gp_arena *arena = gp_arena_new(64);
	struct gp_taglist list;
	(void)state;
	assert_int_equal(gp_taglist_parse(arena, gp_span_from("a=1;b=2"), &list), GP_ETOOBIG);
	gp_arena_free(arena);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_ceiling),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
