/* SPDX-License-Identifier: ISC */
/* From fields as they are, as the grammar allows them, and as attackers write them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "mail/mailbox.h"

#define SPAN(literal)                       \
	{                                   \
		literal, sizeof literal - 1 \
	}

/* One value and what it says: each mailbox as local<TAB>domain, LF behind it; or its problem. */
struct row {
	struct gp_span value;
	const char *want;    /* NULL: GP_ESYNTAX */
	const char *problem; /* with want NULL */
};

/* show: a list in the form of struct row. */
static const char *show(struct gp_arena *arena, const struct gp_mailbox_list *list)
{
	struct gp_strbuf buf;
	const char *text;
	gp_strbuf_init(&buf, arena, 1 << 20);
	for (size_t i = 0; i < list->count; i++) {
		gp_strbuf_add_span(&buf, list->items[i].local);
		gp_strbuf_add(&buf, list->items[i].is_literal ? "\tliteral " : "\t");
		gp_strbuf_add_span(&buf, list->items[i].domain);
		gp_strbuf_add(&buf, "\n");
	}
	assert_int_equal(gp_strbuf_finish(&buf, &text), GP_OK);
	return text;
}

/* run_rows: each value in a block of exactly its size, so that a sanitizer sees its end. */
static void run_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct gp_arena *arena = gp_arena_new(1 << 20);
		struct gp_mailbox_list list;
		char *exact = malloc(rows[i].value.len + (rows[i].value.len == 0));
		assert_non_null(exact);
		memcpy(exact, rows[i].value.ptr, rows[i].value.len);
		int rc =
			gp_mailbox_parse(arena, (struct gp_span) {exact, rows[i].value.len}, &list);
		const char *got = rc ? list.problem : show(arena, &list);
		const char *want = rows[i].want ? rows[i].want : rows[i].problem;
		if (rc != (rows[i].want ? GP_OK : GP_ESYNTAX) || !got || strcmp(got, want))
			fail_msg("%s: got %s (%s), want %s", rows[i].value.ptr,
				got ? got : "nothing", gp_err_text(rc), want);
		free(exact);
		gp_arena_free(arena);
	}
}

/* test_grammar: RFC 5322 3.4, with the examples of its appendix A. */
static void test_grammar(void **state)
{
	static const struct row rows[] = {
		{SPAN("user@example.com"), "user\texample.com\n", NULL},
		{SPAN(" <user@example.com > "), "user\texample.com\n", NULL},
		{SPAN("<user@example.com>"), "user\texample.com\n", NULL},
		{SPAN("Sample User <user@example.com>"), "user\texample.com\n", NULL},
		{SPAN("\"Sample User\" <user@example.com>"), "user\texample.com\n", NULL},
		{SPAN("\"Sample\" User <user@example.com>"), "user\texample.com\n", NULL},
		{SPAN("\"Joe Q. Public\" <john.q.public@example.com>"),
			"john.q.public\texample.com\n", NULL},
		{SPAN("Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>"),
			"mary\tx.test\njdoe\texample.org\none\ty.test\n", NULL},
		{SPAN("<boss@nil.test>, \"Giant; \\\"Big\\\" Box\" <sysservices@example.net>"),
			"boss\tnil.test\nsysservices\texample.net\n", NULL},
		{SPAN("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>"),
			"pete\tsilly.test\n", NULL},
		{SPAN("user@example.com (Sample (nested) User)"), "user\texample.com\n", NULL},
		{SPAN("Sample\r\n User\r\n\t<user@example.com>"), "user\texample.com\n", NULL},
		{SPAN("user@\r\n example.com"), "user\texample.com\n", NULL},
		{SPAN("user\r\n @example.com"), "user\texample.com\n", NULL},
		{SPAN("\"a\r\n b\"@example.com"), "a b\texample.com\n", NULL},
		{SPAN("\"a\tb\"@example.com"), "a\tb\texample.com\n", NULL},
		{SPAN("\"a\\\"b\\\\c\"@example.com"), "a\"b\\c\texample.com\n", NULL},
		{SPAN("\"\"@example.com"), "\texample.com\n", NULL},
		{SPAN("!#$%&'*+-/=?^_`{|}~@example.com"), "!#$%&'*+-/=?^_`{|}~\texample.com\n",
			NULL},
		{SPAN("user@localhost"), "user\tlocalhost\n", NULL},
		{SPAN("user@[192.0.2.1]"), "user\tliteral [192.0.2.1]\n", NULL},
		{SPAN("user@ [ IPv6:2001:db8::1 ] (x)"), "user\tliteral [IPv6:2001:db8::1]\n",
			NULL},
		{SPAN("(only) user@example.com (a) (b)"), "user\texample.com\n", NULL},
	};
	(void)state;
	run_rows(rows, sizeof rows / sizeof rows[0]);
}

/* test_groups: RFC 5322 3.4, in From by RFC 6854. */
static void test_groups(void **state)
{
	static const struct row rows[] = {
		{SPAN("A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;"),
			"c\ta.test\njoe\twhere.test\njdoe\tone.test\n", NULL},
		{SPAN("Undisclosed recipients:;"), "", NULL},
		{SPAN("(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;"), "", NULL},
		{SPAN("\"A: group\": user@example.com ;"), "user\texample.com\n", NULL},
		{SPAN("A:a@x.test;, b@y.test"), "a\tx.test\nb\ty.test\n", NULL},
		{SPAN("b@y.test, A:a@x.test;"), "b\ty.test\na\tx.test\n", NULL},
		{SPAN("A: ,a@x.test,,b@y.test,;"), "a\tx.test\nb\ty.test\n", NULL},
		{SPAN("A: a@x.test"), NULL, "it has a group without a semicolon at its end"},
		{SPAN("A: B: a@x.test;;"), NULL, "it has a group inside a group"},
		{SPAN("A: a@x.test; b@y.test"), NULL,
			"it has something other than a comma after an address or name"},
		{SPAN("a@x.test;"), NULL,
			"it has something other than a comma after an address or name"},
		{SPAN("a@x.test: b@y.test;"), NULL,
			"it has something other than a comma after an address or name"},
		{SPAN("<a@x.test>: b@y.test;"), NULL,
			"it has something other than a comma after an address or name"},
		{SPAN(": a@x.test;"), NULL,
			"it has something other than a comma after an address or name"},
	};
	(void)state;
	run_rows(rows, sizeof rows / sizeof rows[0]);
}

/* test_obsolete: RFC 5322 4.4 and 4.1, which have to be understood. */
static void test_obsolete(void **state)
{
	static const struct row rows[] = {
		{SPAN("Joe Q. Public <john.q.public@example.com>"), "john.q.public\texample.com\n",
			NULL},
		{SPAN("J.. Doe <a@x.test>"), "a\tx.test\n", NULL},
		{SPAN("Mary Smith <@example.net:mary@example.net>, , jdoe@test.example"),
			"mary\texample.net\njdoe\ttest.example\n", NULL},
		{SPAN("<@example.com, @EXAMPLE.com ,, @example.com:user@example.com>"),
			"user\texample.com\n", NULL},
		{SPAN(", a@x.test ,, b@y.test ,"), "a\tx.test\nb\ty.test\n", NULL},
		{SPAN("john . q (x) . public@example.com"), "john.q.public\texample.com\n", NULL},
		{SPAN("\"john\".q.\"public\"@example.com"), "john.q.public\texample.com\n", NULL},
	};
	(void)state;
	run_rows(rows, sizeof rows / sizeof rows[0]);
}

/* test_international: RFC 6532; the domain stays as it was written. */
static void test_international(void **state)
{
	static const struct row rows[] = {
		{SPAN("J\xc3\xbcrgen <j\xc3\xbcrgen@b\xc3\xbc"
		      "cher.example>"),
			"j\xc3\xbcrgen\tb\xc3\xbc"
			"cher.example\n",
			NULL},
		{SPAN("\"\xe6\xa3\xae\" <\"\xe6\xa3\xae\"@example.com>"),
			"\xe6\xa3\xae\texample.com\n", NULL},
		{SPAN("(\xe6\xa3\xae) a@example.com"), "a\texample.com\n", NULL},
		{SPAN("J\xfcrgen <a@example.com>"), "a\texample.com\n", NULL}, /* ISO 8859-1 */
	};
	(void)state;
	run_rows(rows, sizeof rows / sizeof rows[0]);
}

/* test_reported: what other programs took for the domain (OpenDMARC issues 72, 113, 174). */
static void test_reported(void **state)
{
	static const struct row rows[] = {
		{SPAN("\"\\\"Medtronic, Inc.\\\"\" <user@example.com>"), "user\texample.com\n",
			NULL},
		/* stray dots, which carriers have given away */
		{SPAN("a..b@example.com"), "a..b\texample.com\n", NULL},
		{SPAN("A <a.@example.com>"), "a.\texample.com\n", NULL},
		{SPAN("<.a@example.com>"), ".a\texample.com\n", NULL},
		{SPAN("user@example.net>"), NULL, "it has a > without <"},
		{SPAN("<user@example.net"), NULL, "it has an address without the > at its end"},
		{SPAN("\"Test 1.1.5\""), NULL, "it has a name without an address"},
		{SPAN("user"), NULL, "it has a name without an address"},
		{SPAN("<user>"), NULL, "it has an address without an @"},
		{SPAN("user@"), NULL, "it has an address whose domain is missing or ends in a dot"},
		{SPAN("<user@>"), NULL,
			"it has an address whose domain is missing or ends in a dot"},
		{SPAN("@example.com"), NULL, "it has words before an @ that are not a local part"},
		{SPAN("user@example.net(.example.com"), NULL,
			"it ends inside a comment, a quoted string or a literal"},
	};
	(void)state;
	run_rows(rows, sizeof rows / sizeof rows[0]);
}

/* test_malformed: nothing is guessed. */
static void test_malformed(void **state)
{
	static const char label[] = "it has a domain with an empty label";
	static const char domain[] = "it has an address whose domain is missing or ends in a dot";
	static const char local[] = "it has words before an @ that are not a local part";
	static const char behind[] = "it has something other than a comma after an address or name";
	static const char inside[] = "it ends inside a comment, a quoted string or a literal";
	static const struct row rows[] = {
		{SPAN(""), NULL, "it names no author"},
		{SPAN("  \t "), NULL, "it names no author"},
		{SPAN("(nobody)"), NULL, "it names no author"},
		{SPAN(",,"), NULL, "it names no author"},
		{SPAN("<>"), NULL, "it has an empty address"},
		{SPAN("A <>"), NULL, "it has an empty address"},
		{SPAN("a@.example.com"), NULL, label},
		{SPAN("a@example..com"), NULL, label},
		{SPAN("a@example.com."), NULL, domain},
		{SPAN(".@example.com"), NULL, local},
		{SPAN("a. .b c@example.com"), NULL, local},
		{SPAN("a b@example.com"), NULL, local},
		{SPAN("a\"b\"@example.com"), NULL, local},
		{SPAN("<a b@example.com>"), NULL, local},
		{SPAN("a@b@example.com"), NULL, behind},
		{SPAN("a@example.com b"), NULL, behind},
		{SPAN("a@example.org <a@example.com>"), NULL, behind},
		{SPAN("a@example.com, b"), NULL, "it has a name without an address"},
		{SPAN("A <a@example.com> B"), NULL, behind},
		{SPAN("A <a@example.com>>"), NULL, "it has a > without <"},
		{SPAN("A <<a@example.com>>"), NULL, "it has an address without an @"},
		{SPAN("\"A <a@example.com>"), NULL, inside},
		{SPAN("A\" <a@example.com>"), NULL, inside},
		{SPAN("\"A\\"), NULL, inside},
		{SPAN("(A <a@example.com>"), NULL, inside},
		{SPAN("A) <a@example.com>"), NULL, "it has an unmatched closing parenthesis"},
		{SPAN("a@[192.0.2.1"), NULL, inside},
		{SPAN("a@[192.0.2.1].example.com"), NULL,
			"it has a domain with blanks or comments inside"},
		{SPAN("a@[192.0.2.1]com"), NULL, behind},
		{SPAN("a@[[192.0.2.1]]"), NULL,
			"it has a domain literal with a bracket or backslash inside"},
		{SPAN("a@[\\]]"), NULL,
			"it has a domain literal with a bracket or backslash inside"},
		{SPAN("<@a.test a@example.com>"), NULL, "it has a route without a colon"},
		{SPAN("<@a.test:>"), NULL, "it has an address without an @"},
		{SPAN("<a@example.com:b@example.com>"), NULL,
			"it has an address without the > at its end"},
	};
	(void)state;
	run_rows(rows, sizeof rows / sizeof rows[0]);
}

/* test_bytes: what may stand nowhere, whatever surrounds it (RFC 5322 2.2). */
static void test_bytes(void **state)
{
	static const char nul[] = "it has a NUL";
	static const char line[] = "it has a line end that is not a fold";
	static const char control[] = "it has a control character";
	static const char *const places[] = {"\1 a@example.com", "A\1B <a@example.com>",
		"\"A\1B\" <a@example.com>", "\"A\\\1B\" <a@example.com>", "(A\1B) a@example.com",
		"(A\\\1B) a@example.com", "<\1a@example.com>", "<a@example.com\1>",
		"a@example.com\1", "a@example.com \1,b@example.com", "a@[192.0.2.1\1]",
		"a@example.com(\1)"};
	static const char bytes[] = {0, '\r', '\n', 1, 8, 0x0b, 0x0c, 0x1b, 0x7f};
	(void)state;
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		for (size_t j = 0; j < sizeof bytes; j++) {
			char value[64], c = bytes[j];
			size_t len = strlen(places[i]);
			assert_true(len < sizeof value);
			memcpy(value, places[i], len + 1);
			*strchr(value, 1) = c;
			const char *want = c == 0 ? nul : c == '\r' || c == '\n' ? line : control;
			const struct row row = {{value, len}, NULL, want};
			run_rows(&row, 1);
		}
	}
	static const struct row rows[] = {
		{SPAN("a@example.com\r\n"), NULL, line},
		{SPAN("a@example.com\r\nb@example.com"), NULL, line},
		{SPAN("a@example.com\n b@example.com"), NULL, line},
		{SPAN("a@example.com\r b@example.com"), NULL, line},
		{SPAN("a@exam\0ple.com"), NULL, nul},
		{SPAN("a@example.com\0@example.net"), NULL, nul},
	};
	run_rows(rows, sizeof rows / sizeof rows[0]);
}

/* test_unquoted_names: names that should have been quoted. */
static void test_unquoted_names(void **state)
{
	static const struct row rows[] = {
		{SPAN("a@example.com <a@example.com>"), "a\texample.com\n", NULL},
		{SPAN("A@EXAMPLE.com via list <b@example.com>"), "b\texample.com\n", NULL},
		{SPAN("Somebody @handle <h@example.com>"), "h\texample.com\n", NULL},
		{SPAN("Smith, John <j@example.com>"), "j\texample.com\n", NULL},
		{SPAN("Foo [Bar] <a@example.com>"), "a\texample.com\n", NULL},
		{SPAN("=?utf-8?q?a@example.com?= <a@example.com>"), "a\texample.com\n", NULL},
		{SPAN("Foo: Bar <a@example.com>"), "a\texample.com\n", NULL},
		{SPAN("Foo; \"Bar, \\\" <x>\" (c) <a@example.com> (d)"), "a\texample.com\n", NULL},
		{SPAN("Foo: <@example.com:a@example.com>"), "a\texample.com\n", NULL},
		{SPAN("a@example.com (A. Smith) <a@example.com>"), "a\texample.com\n", NULL},
		{SPAN("a@example.com: Dr. A. Smith <a@example.com>"), "a\texample.com\n", NULL},
		{SPAN("A. Smith @a_smith (Example Inc.) <a@example.com>"), "a\texample.com\n",
			NULL},
		{SPAN("a@b\xc3\xbc"
		      "cher.test <a@b\xc3\xbc"
		      "cher.test>"),
			"a\tb\xc3\xbc"
			"cher.test\n",
			NULL},
		{SPAN("J\xc3\xbcrgen @home (x) \xc3\x9c"
		      "ber <a@example.com>"),
			"a\texample.com\n", NULL},
	};
	(void)state;
	run_rows(rows, sizeof rows / sizeof rows[0]);
}

/*
 * test_domain_in_a_name_that_goes_on: who drops blanks, comments, quotes or brackets, or takes
 * another script's full stop for a dot, reads bank.test or what is under it.
 */
static void test_domain_in_a_name_that_goes_on(void **state)
{
	static const char *const claims[] = {"bank .test", "bank\t.test", "bank\r\n .test",
		"bank(c).test", "bank (c) .test", "bank(.)test", "bank (.)test", "bank\".test\"",
		"bank \".test\"", "bank\".\"test", "bank[.]test", "bank [.]test", "bank].test",
		"bank,.test", "bank;.test", "bank:.test", "bank. test", "bank.(c)test",
		"bank.\"test\"", "\"bank.test\"", "(c)bank.test", " bank.test", "[bank.test]",
		"bank\xe3\x80\x82test", "bank\xef\xbc\x8etest", "bank\xef\xbd\xa1test",
		"bank\xe2\x80\xa4test", "bank\xef\xb9\x92test", "bank \xe3\x80\x82test",
		"\xef\xbd\x82"
		"ank\xe3\x80\x82test",
		"evil.test .bank.test", "evil.test(c).bank.test", "evil.test\r\n .bank.test",
		"evil.test\".bank.test\"", "evil.test[.bank.test]", "evil.test,.bank.test",
		"evil.test\xe3\x80\x82"
		"bank.test",
		"evil.test \xe3\x80\x82"
		"bank.test",
		"evil.test(c)er", "evil.test\"er\"", "evil.test, or @bank .test", "bank=2Etest",
		"bank%2Etest", "bank&#46;test", "bank+AC4-test"};
	(void)state;
	for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
		char value[128];
		struct gp_arena *arena = gp_arena_new(1 << 16);
		struct gp_mailbox_list list;
		snprintf(value, sizeof value, "support@%s <x@evil.test>", claims[i]);
		if (gp_mailbox_parse(arena, gp_span_from(value), &list) != GP_ESYNTAX)
			fail_msg("%s: got %s", value, show(arena, &list));
		gp_arena_free(arena);
	}
}

/* test_names_that_hide: where a reader could find another author, nothing is guessed. */
static void test_names_that_hide(void **state)
{
	static const struct gp_span values[] = {
		SPAN("a@example.com, b@example.org <c@example.com>"),
		SPAN("a@example.com.evil.test <c@example.com>"),
		SPAN("a@ example.com <c@example.com>"),
		SPAN("a@[example.com] <c@example.com>"),
		SPAN("[a@evil.test] <c@example.com>"),
		SPAN("Foo, =?utf-8?q?x@y=2Etest?= <c@example.com>"),
		SPAN("Foo, =?utf-8?q?x@y.test?= <c@example.com>"),
		SPAN("Foo, \\ <c@example.com>"),
		SPAN("Foo, (a <c@example.com>"),
		SPAN("Foo, \"a <c@example.com>"),
		SPAN("Foo, <a@example.com> <c@example.com>"),
		SPAN("Foo, <c@example.com> x"),
		SPAN("Foo, <c@example.com"),
		SPAN("Foo, <c>"),
	};
	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		struct gp_arena *arena = gp_arena_new(1 << 16);
		struct gp_mailbox_list list;
		if (gp_mailbox_parse(arena, values[i], &list) != GP_ESYNTAX || !list.problem)
			fail_msg("%s: got %s", values[i].ptr, show(arena, &list));
		gp_arena_free(arena);
	}
}

/* test_forms_on_which_readers_disagree: by the grammar, and yet another address to a simpler
 * reader. */
static void test_forms_on_which_readers_disagree(void **state)
{
	static const struct gp_span values[] = {
		SPAN("<@bank.test:x@evil.test>"),
		SPAN("<@evil.test,@bank.test:x@evil.test>"),
		SPAN("A <@bank.test:x@evil.test>"),
		SPAN("A: <@bank.test:x@evil.test>;"),
		SPAN("A, B <@bank.test:x@evil.test>"),
		SPAN("\"ceo@bank.test\"@evil.test"),
		SPAN("\"ceo@bank.test,\"@evil.test"),
		SPAN("\"<ceo@bank.test>\"@evil.test"),
		SPAN("<\"ceo@bank.test>\"@evil.test>"),
		SPAN("<\"ceo\\@bank.test\"@evil.test>"),
		SPAN("\"a,b\"@evil.test"),
		SPAN("a.\"<b\"@evil.test"),
		SPAN("ceo(@bank.test)@evil.test"),
		SPAN("ceo (x@bank.test) @evil.test"),
		SPAN("ceo(\\@bank.test)@evil.test"),
		SPAN("ceo(=?utf-8?Q?=40bank.test?=)@evil.test"),
		SPAN("ceo(\xef\xbc\xa0"
		     "bank.test)@evil.test"),
		SPAN("x@(ceo@bank.test)evil.test"),
		SPAN("A <x(ceo@bank.test)@evil.test>"),
		SPAN("A <(ceo@bank.test)x@evil.test>"),
		SPAN("A <x@evil.test(ceo@bank.test)>"),
		SPAN("A <x@(ceo@bank.test)evil.test>"),
		SPAN("ceo\xef\xbc\xa0"
		     "bank.test <x@evil.test>"),
		SPAN("ceo\xef\xb9\xab"
		     "bank.test <x@evil.test>"),
		SPAN("A, ceo\xef\xbc\xa0"
		     "bank.test <x@evil.test>"),
	};
	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		struct gp_arena *arena = gp_arena_new(1 << 16);
		struct gp_mailbox_list list;
		if (gp_mailbox_parse(arena, values[i], &list) != GP_ESYNTAX || !list.is_disputed)
			fail_msg("%s: %s", values[i].ptr, list.problem ? list.problem : "read");
		gp_arena_free(arena);
	}
}

/*
 * test_composition_kills: the attacks of "Composition Kills" (Chen, Paxson, Jiang, USENIX Security
 * 2020; OpenDMARC issue 191) that are a matter of this field's value. attack.test is the attacker's
 * own domain, legitimate.test what the victim is to see; the paper's number is in front of each.
 * Several From fields are the message's matter (A8 to A13).
 */
static void test_composition_kills(void **state)
{
	static const char behind[] = "it has something other than a comma after an address or name";
	static const char route[] = "it has a route through another domain";
	static const char two[] = "first\tattack.test\nadmin\tlegitimate.test\n";
	static const struct row rows[] = {
		/* A3: a NUL ends the name for one component only */
		{SPAN("admin@legitimate.test\0.attack.test"), NULL, "it has a NUL"},
		/* A4 to A6: a domain that is more than a domain to whom it is handed over */
		{SPAN("admin@legitimate.test(.attack.test"), NULL,
			"it ends inside a comment, a quoted string or a literal"},
		{SPAN("admin@legitimate.test(x).attack.test"), NULL,
			"it has a domain with blanks or comments inside"},
		{SPAN("admin@legitimate.test .attack.test"), NULL,
			"it has a domain with blanks or comments inside"},
		{SPAN("admin@legitimate.test\r\n .attack.test"), NULL,
			"it has a domain with blanks or comments inside"},
		{SPAN("admin@legitimate.test\"=(.attack.test"), NULL, behind},
		{SPAN("admin@legitimate.test'@a.attack.test"), NULL, behind},
		/* A14: two addresses are two, in either order */
		{SPAN("<first@attack.test>, <admin@legitimate.test>"), two, NULL},
		{SPAN("<admin@legitimate.test>, <first@attack.test>"),
			"admin\tlegitimate.test\nfirst\tattack.test\n", NULL},
		{SPAN("Admin: <first@attack.test>, <admin@legitimate.test>;"), two, NULL},
		/* A15: an encoded word is a word: no address, and no part of one */
		{SPAN("=?utf-8?B?PGFkbWluQGxlZ2l0aW1hdGUudGVzdD4=?=,<first@attack.test>"), NULL,
			"it has a name without an address"},
		{SPAN("=?utf-8?B?PGFkbWluQGxlZ2l0aW1hdGUudGVzdD4=?=<first@attack.test>"),
			"first\tattack.test\n", NULL},
		{SPAN("=?utf-8?B?YWRtaW5AbGVnaXRpbWF0ZS50ZXN0?="), NULL,
			"it has a name without an address"},
		{SPAN("<=?utf-8?B?YWRtaW5AbGVnaXRpbWF0ZS50ZXN0?=>"), NULL,
			"it has an address without an @"},
		{SPAN("=?utf-8?Q?admin=40legitimate.test=3E?=@attack.test"), NULL,
			"it has an encoded word inside an address"},
		{SPAN("\"=?utf-8?Q?admin=40legitimate.test?=\"@attack.test"), NULL,
			"it has an encoded word inside an address"},
		{SPAN("admin@=?utf-8?Q?legitimate.test?="), NULL,
			"it has an encoded word inside an address"},
		{SPAN("admin@=?utf-8?Q?legitimate.test?=.attack.test"), NULL,
			"it has an encoded word inside an address"},
		{SPAN("(=?utf-8?Q?admin=40legitimate.test?=) <first@attack.test>"),
			"first\tattack.test\n", NULL},
		/* A16: a route is no author, and one to some */
		{SPAN("<@attack.test,@any.test:admin@legitimate.test>"), NULL, route},
		{SPAN("<@legitimate.test:first@attack.test>"), NULL, route},
		/* A17: a quoted pair outside of quotes */
		{SPAN("<admin@legitimate.test>\\,<first@attack.test>"), NULL,
			"it has a backslash outside quotes"},
		{SPAN("\\<admin@legitimate.test>,<first@attack.test>"), NULL,
			"it has a backslash outside quotes"},
		{SPAN("\"<admin@legitimate.test>\\\",<first@attack.test>"), NULL,
			"it ends inside a comment, a quoted string or a literal"},
		{SPAN("(<admin@legitimate.test>\\),<first@attack.test>"), NULL,
			"it ends inside a comment, a quoted string or a literal"},
		/* A18: what comes first, the comma, the colon or the bracket */
		{SPAN("admin@legitimate.test,<first@attack.test>"),
			"admin\tlegitimate.test\nfirst\tattack.test\n", NULL},
		{SPAN("admin@legitimate.test <first@attack.test>"), NULL, behind},
		{SPAN("<admin@legitimate.test>admin@legitimate.test"), NULL, behind},
		{SPAN("<first@attack.test>admin@legitimate.test"), NULL, behind},
		{SPAN("<first@attack.test> <admin@legitimate.test>"), NULL, behind},
		{SPAN("\"admin@legitimate.test\" <first@attack.test>"), "first\tattack.test\n",
			NULL},
		{SPAN("admin@legitimate.test (first@attack.test)"), "admin\tlegitimate.test\n",
			NULL},
		{SPAN("first@attack.test;admin@legitimate.test"), NULL, behind},
	};
	(void)state;
	run_rows(rows, sizeof rows / sizeof rows[0]);
}

/* test_every_length: a value cut anywhere is read within its bytes (ASan watches). */
static void test_every_length(void **state)
{
	static const char text[] =
		"A \"b\\\"\r\n c\" (d\\)(e)) =?utf-8?Q?f?= <@l.test,@l.test:\"i j\".k@l.test>,"
		" M:n@[192.0.2.1]; , (o)\r\n p@q.test";
	(void)state;
	for (size_t n = 0; n < sizeof text; n++) {
		struct gp_arena *arena = gp_arena_new(1 << 16);
		struct gp_mailbox_list list;
		char *exact = malloc(n + (n == 0));
		assert_non_null(exact);
		memcpy(exact, text, n);
		int rc = gp_mailbox_parse(arena, (struct gp_span) {exact, n}, &list);
		assert_true(rc == GP_OK || (rc == GP_ESYNTAX && list.problem));
		if (n + 1 == sizeof text) {
			assert_int_equal(rc, GP_OK);
			assert_string_equal(show(arena, &list),
				"i j.k\tl.test\nn\tliteral [192.0.2.1]\np\tq.test\n");
		}
		free(exact);
		gp_arena_free(arena);
	}
}

/* repeat: a text of one piece many times, between a head and a tail. */
static struct gp_span repeat(
	struct gp_arena *arena, const char *head, const char *piece, size_t times, const char *tail)
{
	struct gp_strbuf buf;
	const char *text;
	gp_strbuf_init(&buf, arena, 1 << 20);
	gp_strbuf_add(&buf, head);
	for (size_t i = 0; i < times; i++)
		gp_strbuf_add(&buf, piece);
	gp_strbuf_add(&buf, tail);
	assert_int_equal(gp_strbuf_finish(&buf, &text), GP_OK);
	return (struct gp_span) {text, buf.len};
}

/* test_bounds: each limit at its last good value and one past it. */
static void test_bounds(void **state)
{
	(void)state;
	struct gp_arena *arena = gp_arena_new(1 << 22);
	struct gp_mailbox_list list;
	struct gp_span value = repeat(arena, "", "a@b,", GP_MAILBOX_MAX, "");
	assert_int_equal(gp_mailbox_parse(arena, value, &list), GP_OK);
	assert_int_equal(list.count, GP_MAILBOX_MAX);
	value = repeat(arena, "", "a@b,", GP_MAILBOX_MAX + 1, "");
	assert_int_equal(gp_mailbox_parse(arena, value, &list), GP_ESYNTAX);
	assert_string_equal(list.problem, "it has too many addresses");

	char *closing = (char *)repeat(arena, "", ")", GP_MAILBOX_COMMENTS + 1, "a@b").ptr;
	value = repeat(arena, "", "(", GP_MAILBOX_COMMENTS, closing + 1);
	assert_int_equal(gp_mailbox_parse(arena, value, &list), GP_OK);
	value = repeat(arena, "", "(", GP_MAILBOX_COMMENTS + 1, closing);
	assert_int_equal(gp_mailbox_parse(arena, value, &list), GP_ESYNTAX);
	assert_string_equal(list.problem, "it has comments nested too deeply");

	value = repeat(arena, "a@b", " ", GP_MAILBOX_BYTES - 3, "");
	assert_int_equal(gp_mailbox_parse(arena, value, &list), GP_OK);
	value = repeat(arena, "a@b", " ", GP_MAILBOX_BYTES - 2, "");
	assert_int_equal(gp_mailbox_parse(arena, value, &list), GP_ESYNTAX);
	assert_string_equal(list.problem, "it is too long");
	gp_arena_free(arena);
}

/* test_ceiling: an arena without room says so. */
static void test_ceiling(void **state)
{
	(void)state;
	static const char text[] = "a@example.com, b@example.com, c@example.com";
	bool fitted = false;
	for (size_t ceiling = 0; ceiling < 512; ceiling += 8) {
		struct gp_arena *arena = gp_arena_new(ceiling);
		struct gp_mailbox_list list;
		int rc = gp_mailbox_parse(arena, gp_span_from(text), &list);
		assert_true(rc == GP_OK || (!fitted && rc == GP_ETOOBIG));
		fitted = rc == GP_OK;
		gp_arena_free(arena);
	}
	assert_true(fitted);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grammar),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_obsolete),
		cmocka_unit_test(test_international),
		cmocka_unit_test(test_reported),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_unquoted_names),
		cmocka_unit_test(test_domain_in_a_name_that_goes_on),
		cmocka_unit_test(test_names_that_hide),
		cmocka_unit_test(test_forms_on_which_readers_disagree),
		cmocka_unit_test(test_composition_kills),
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_ceiling),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
