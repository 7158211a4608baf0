/* SPDX-License-Identifier: ISC */
/* The words of a configuration file: tokens, where they stand, escapes, and what cannot be read. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "config/config_lex.h"
#include "config/config_nearest.h"

/* kinds: a letter for each token of the text, words as w, strings as s; in buf. */
static const char *kinds(const char *text, char *buf)
{
	struct gp_config_lexer lexer = gp_config_lex_begin(gp_span_from(text));
	char *at = buf;
	for (;;) {
		struct gp_config_token token = gp_config_lex(&lexer);
		if (token.kind == GP_LEX_END) {
			*at++ = token.problem ? '!' : '.';
			*at = 0;
			return buf;
		}
		*at++ = token.kind == GP_LEX_WORD ? token.quote ? 's' : 'w'
						  : "?w{}=+,("[token.kind];
	}
}

/* test_lex_tokens: what is told apart, and what says nothing. */
static void test_lex_tokens(void **state)
{
	static const char *const rows[][2] = {
		{"", "."},
		{"spf { mode = off }", "w{w=w}."},
		{"a={b,'c',}", "w={w,s,}."},
		{"a+={b} c + = d", "w+{w}w=w."},
		{"a # b\nc // d\ne /* f\n*/ g", "wwww."},
		{"a//b a#b\n/*/ c", "www."},
		{"a*b *.c", "www."},
		{"a(b)", "w(w(."},
		{"\"a\"b'c'", "sws."},
		{"\r\na\r\n", "w."},
		{"'open", "!"},
		{"a /* open", "w!"},
		{"a \x01 b", "w!"},
		{"a \x7f", "w!"},
	};
	char buf[32];
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(kinds(rows[i][0], buf), rows[i][1]) != 0)
			fail_msg("%s: %s", rows[i][0], buf);
}

/* test_lex_places: lines and indents. */
static void test_lex_places(void **state)
{
	static const char text[] = "a\n  b = \"c\nd\" # e\n\tf";
	static const struct {
		int line, ends;
		size_t indent;
		bool is_first;
	} rows[] = {{1, 1, 0, true}, {2, 2, 2, true}, {2, 2, 4, false}, {2, 3, 6, false},
		{4, 4, 1, true}};
	struct gp_config_lexer lexer = gp_config_lex_begin(gp_span_from(text));
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_config_token token = gp_config_lex(&lexer);
		assert_int_equal(token.line, rows[i].line);
		assert_int_equal(token.ends, rows[i].ends);
		assert_int_equal(token.indent, rows[i].indent);
		assert_int_equal(token.is_first, rows[i].is_first);
	}
}

/* test_lex_escapes: of both kinds of quotes; NULL: it is none. */
static void test_lex_escapes(void **state)
{
	static const char *const rows[][2] = {
		{"\"a\\tb\\\\\\\"\\$\"", "a\tb\\\"$"},
		{"\"\\x41\\x4g\\xg\"", "A\x04gxg"},
		{"\"\\101\\7z\"", "A\az"},
		{"\"a\\\nb\"", "ab"},
		{"\"a\\0b\"", "a"},
		{"'a\\'b\\\\c\\n'", "a'b\\c\\n"},
		{"'a\\\nb'", "ab"},
		{"a\\tb", "a\\tb"},
		{"\"\\400\"", NULL},
		{"\"\\1234\"", NULL},
		{"\"\\8\"", NULL},
	};
	struct gp_arena *arena = gp_arena_new(1 << 16);
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_config_lexer lexer = gp_config_lex_begin(gp_span_from(rows[i][0]));
		struct gp_config_token token = gp_config_lex(&lexer);
		struct gp_span text;
		const char *problem = NULL;
		int rc = gp_config_lex_text(&token, arena, &text, &problem);
		if (rows[i][1]) {
			assert_int_equal(rc, GP_OK);
			if (!gp_span_equal(text, gp_span_from(rows[i][1])))
				fail_msg("%s: %.*s", rows[i][0], (int)text.len, text.ptr);
		} else {
			assert_int_equal(rc, GP_ESYNTAX);
			assert_non_null(problem);
		}
	}
	gp_arena_free(arena);
}

/* test_lex_truncated: every beginning of a text has an end. */
static void test_lex_truncated(void **state)
{
	static const char text[] = "a = \"b\\n\" # c\n/* d */ { 'e\\'' += ${f} }";
	(void)state;
	for (size_t n = 0; n < sizeof text; n++) {
		struct gp_config_lexer lexer = gp_config_lex_begin((struct gp_span) {text, n});
		size_t count = 0;
		while (gp_config_lex(&lexer).kind != GP_LEX_END)
			assert_true(++count <= n);
		assert_ptr_equal(lexer.at, lexer.end);
	}
}

/* test_nearest: one letter in three may be wrong; the first of several counts. */
static void test_nearest(void **state)
{
	static const char *const words[] = {"mode", "helo", "reject", "limit", "limits"};
	static const char *const rows[][2] = {{"modus", "mode"}, {"hello", "helo"},
		{"rejcet", "reject"}, {"REJECT", "reject"}, {"limite", "limit"}, {"x", NULL},
		{"accept", NULL}, {"", NULL},
		{"a-word-that-is-longer-than-any-word-of-the-configuration", NULL}};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_config_nearest nearest = {.word = gp_span_from(rows[i][0])};
		for (size_t k = 0; k < sizeof words / sizeof words[0]; k++)
			gp_config_nearest_try(&nearest, words[k]);
		if (rows[i][1])
			assert_string_equal(nearest.best, rows[i][1]);
		else
			assert_null(nearest.best);
	}
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lex_tokens),
		cmocka_unit_test(test_lex_places),
		cmocka_unit_test(test_lex_escapes),
		cmocka_unit_test(test_lex_truncated),
		cmocka_unit_test(test_nearest),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
