/* SPDX-License-Identifier: ISC */
/* Record text to struct: what is an SPF record, and the grammar of each term. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "spf/spf_private.h"

/* test_is: the version section (4.5). */
static void test_is(void **state)
{
	static const struct {
		const char *text;
		bool is;
	} rows[] = {
		{"v=spf1", true},
		{"v=spf1 ", true},
		{"V=SPF1 -all", true},
		{"v=spf10", false},
		{"v=spf1\t-all", false},
		{" v=spf1 -all", false},
		{"v=spf", false},
		{"", false},
		{"spf2.0/pra -all", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (gp_spf_record_is(gp_span_from(rows[i].text)) != rows[i].is)
			fail_msg("%s", rows[i].text);
}

/* parse: status of a text, the record in *record_out. */
static int parse(struct gp_arena *arena, const char *text, struct gp_spf_record *record_out)
{
	return gp_spf_record_parse(arena, gp_span_from(text), record_out);
}

/* test_terms: a record with one of each. */
static void test_terms(void **state)
{
	(void)state;
	struct gp_arena *arena = gp_arena_new(1 << 16);
	struct gp_spf_record r;
	const char *text = "v=spf1  IP4:192.0.2.0/24 ?ip6:2001:db8::/32 ~A/24//64 mx:m.example.org "
			   "-ptr include:%{d2} exists:%{ir}.x.example exp=e.example "
			   "unknown=%{c}= redirect=r.example.";
	assert_int_equal(parse(arena, text, &r), GP_OK);
	assert_int_equal(r.count, 7);
	static const struct {
		enum gp_spf_kind kind;
		enum gp_spf_verdict verdict;
		unsigned v4, v6;
		const char *spec;
	} terms[] = {
		{GP_SPF_IP4, GP_SPF_PASS, 24, 128, ""},
		{GP_SPF_IP6, GP_SPF_NEUTRAL, 32, 32, ""},
		{GP_SPF_A, GP_SPF_SOFTFAIL, 24, 64, ""},
		{GP_SPF_MX, GP_SPF_PASS, 32, 128, "m.example.org"},
		{GP_SPF_PTR, GP_SPF_FAIL, 32, 128, ""},
		{GP_SPF_INCLUDE, GP_SPF_PASS, 32, 128, "%{d2}"},
		{GP_SPF_EXISTS, GP_SPF_PASS, 32, 128, "%{ir}.x.example"},
	};
	for (size_t i = 0; i < r.count; i++) {
		assert_int_equal(r.terms[i].kind, terms[i].kind);
		assert_int_equal(r.terms[i].verdict, terms[i].verdict);
		assert_int_equal(r.terms[i].v4_length, terms[i].v4);
		assert_int_equal(r.terms[i].v6_length, terms[i].v6);
		assert_true(gp_span_equal(r.terms[i].spec, gp_span_from(terms[i].spec)));
	}
	assert_true(gp_span_is(r.redirect.spec, "r.example."));
	assert_true(gp_span_is(r.exp.spec, "e.example"));
	gp_arena_free(arena);
}

/* test_all: ends the terms and takes redirect's effect (5.1, 6.1), but not the grammar (4.6). */
static void test_all(void **state)
{
	(void)state;
	struct gp_arena *arena = gp_arena_new(1 << 16);
	struct gp_spf_record r;
	assert_int_equal(parse(arena, "v=spf1 a ?all mx redirect=x.example", &r), GP_OK);
	assert_int_equal(r.count, 2);
	assert_int_equal(r.redirect.text.len, 0);
	assert_int_equal(parse(arena, "v=spf1 -all nonsense", &r), GP_ESYNTAX);
	assert_true(gp_span_equal(r.wrong_term, gp_span_from("nonsense")));
	gp_arena_free(arena);
}

/* test_wrong: each of these terms spoils its record. */
static void test_wrong(void **state)
{
	static const char *const terms[] = {
		"all:x.example",
		"all/8",
		"all.",
		"-",
		"+",
		"--all",
		"include",
		"include:",
		"include:x",
		"include/24",
		"a:",
		"a/",
		"a/33",
		"a/024",
		"a//129",
		"a//",
		"a/24/64",
		"a///64",
		"a:x.example/-1",
		"a:x.example/1a",
		"a:museum",
		"a:museum.",
		"a:x.123",
		"a:x.-com",
		"a:x.com-",
		"a:x.example:25",
		"mx:x..",
		"ptr:",
		"ptr/24",
		"ip4",
		"ip4:",
		"ip4:1.2.3",
		"ip4:1.2.3.4.5",
		"ip4:1.2.3.400",
		"ip4:01.2.3.4",
		"ip4:1.2.3.4/33",
		"ip4:1.2.3.4/032",
		"ip4:1.2.3.4/",
		"ip4:1.2.3.4//32",
		"ip4:::1",
		"ip6:1.2.3.4",
		"ip6:2001:db8::/129",
		"ip6::",
		"ip6:",
		"ip6:2001:db8::1%eth0",
		"exists",
		"exists:",
		"exists:%",
		"exists:%{",
		"exists:%{}",
		"exists:%{x}.a.example",
		"exists:%{d",
		"exists:%{d0}.a.example",
		"exists:%{dd}.a.example",
		"exists:%{d2r1}.a.example",
		"exists:%{d;}.a.example",
		"exists:%(d).a.example",
		"exists:%{c}.a.example",
		"exists:%{t}.a.example",
		"exists:%{d}a",
		"exists:%{d}.",
		"redirect=",
		"redirect=a.example redirect=a.example",
		"exp=a.example exp=b.example",
		"redirect:a.example",
		"exp:a.example",
		"=x",
		"1x=y",
		"x_y",
		"+x=y",
		"x=%",
		"x=%{d",
		"\x80",
		"a:\xff.example",
		"a\tmx",
		"a\rmx",
		"moo.cow/far_out=man:dog/cat",
	};
	(void)state;
	for (size_t i = 0; i < sizeof terms / sizeof terms[0]; i++) {
		struct gp_arena *arena = gp_arena_new(1 << 16);
		struct gp_spf_record r;
		char *text = gp_arena_printf(arena, "v=spf1 a %s -all", terms[i]);
		if (parse(arena, text, &r) != GP_ESYNTAX || !r.wrong_why || !r.wrong_term.len)
			fail_msg("taken: %s", terms[i]);
		gp_arena_free(arena);
	}
}

/* test_right: odd, but of the grammar. */
static void test_right(void **state)
{
	static const char *const terms[] = {"a:.example", "a:foo:bar/baz.example.com",
		"a:x.xn--example", "a:x.1-2", "a:x.e-e.", "a/0//0", "a//0", "mx:x.example//128",
		"a:%{d}", "a:%{D3R.-+,/_=}", "exists:%%", "exists:a%_b%-c.example",
		"exists:%{l}.%{h}", "exists:%{d4294967295}", "exists:%{s007r}",
		"ip6:::ffff:1.2.3.4/96", "ip6:::/0", "ip4:1.2.3.4/0", "x=", "x.y-z_1=a/b:c=d",
		"default=pass", "moo.cow=far_out:dog/cat", "redirect=%{d}", "EXP=%{d}",
		"eXists:a.example", "v=spf1"};
	(void)state;
	for (size_t i = 0; i < sizeof terms / sizeof terms[0]; i++) {
		struct gp_arena *arena = gp_arena_new(1 << 16);
		struct gp_spf_record r;
		char *text = gp_arena_printf(arena, "v=spf1 %s ", terms[i]);
		if (parse(arena, text, &r) != GP_OK)
			fail_msg("refused: %s", terms[i]);
		gp_arena_free(arena);
	}
}

/* test_every_length: a record cut anywhere is read within its bytes (ASan watches). */
static void test_every_length(void **state)
{
	static const char text[] =
		"v=spf1 a:%{d2r-}.x.example/24//64 -ip6:2001:db8::/32 exp=%{l}.y";
	(void)state;
	for (size_t n = 6; n < sizeof text; n++) {
		struct gp_arena *arena = gp_arena_new(1 << 16);
		struct gp_spf_record r;
		char *exact = malloc(n);
		assert_non_null(exact);
		memcpy(exact, text, n);
		int rc = gp_spf_record_parse(arena, (struct gp_span) {exact, n}, &r);
		assert_true(rc == GP_OK || rc == GP_ESYNTAX);
		free(exact);
		gp_arena_free(arena);
	}
}

/* test_ceiling: a record that is all terms ends in the arena's refusal. */
static void test_ceiling(void **state)
{
	(void)state;
	struct gp_arena *arena = gp_arena_new(4096);
	struct gp_spf_record r;
	char text[800] = "v=spf1";
	for (size_t i = 6; i + 2 < sizeof text; i += 2)
		memcpy(text + i, " a", 2);
	assert_int_equal(parse(arena, text, &r), GP_ETOOBIG);
	gp_arena_free(arena);
}

/* long_record: count times the term, then the end. */
static const char *long_record(
	struct gp_arena *arena, size_t count, const char *term, const char *end)
{
	struct gp_strbuf buf;
	const char *text;
	gp_strbuf_init(&buf, arena, 1 << 17);
	gp_strbuf_add(&buf, "v=spf1");
	for (size_t i = 0; i < count; i++)
		gp_strbuf_add(&buf, term);
	gp_strbuf_add(&buf, end);
	assert_int_equal(gp_strbuf_finish(&buf, &text), GP_OK);
	return text;
}

/* test_many_terms: the longest record there can be is read in little memory, every term of it. */
static void test_many_terms(void **state)
{
	static const size_t counts[] = {499, 500, 501, 1000, 21000};
	(void)state;
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		struct gp_arena *texts = gp_arena_new(1 << 20), *arena = gp_arena_new(1 << 16);
		struct gp_spf_record r;
		struct gp_spf_term term;
		const char *text =
			long_record(texts, counts[i], " a", " redirect=x.test ?ip4:192.0.2.1");
		assert_int_equal(parse(arena, text, &r), GP_OK);
		size_t seen = r.count;
		struct gp_span last = r.terms[r.count - 1].text;
		for (; gp_spf_record_next(&r.more, &term); seen++)
			last = term.text;
		assert_int_equal(seen, counts[i] + 1);
		assert_true(gp_span_equal(last, gp_span_from("?ip4:192.0.2.1")));
		assert_int_equal(r.redirect.text.len, strlen("redirect=x.test"));
		/* what is not kept is checked all the same */
		text = long_record(texts, counts[i], " a", " ip4:192.0.2.256");
		assert_int_equal(parse(arena, text, &r), GP_ESYNTAX);
		assert_true(gp_span_equal(r.wrong_term, gp_span_from("ip4:192.0.2.256")));
		gp_arena_free(arena);
		gp_arena_free(texts);
	}
}

/* test_all_ends_a_long_record: nothing behind it is left to be looked at. */
static void test_all_ends_a_long_record(void **state)
{
	(void)state;
	struct gp_arena *arena = gp_arena_new(1 << 20);
	struct gp_spf_record r;
	assert_int_equal(parse(arena, long_record(arena, 400, " a", " -all a a a"), &r), GP_OK);
	assert_int_equal(r.count, 401);
	assert_int_equal(r.more.len, 0);
	gp_arena_free(arena);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is),
		cmocka_unit_test(test_terms),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_right),
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_many_terms),
		cmocka_unit_test(test_all_ends_a_long_record),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
