/* SPDX-License-Identifier: ISC */
/* Names of users, senders and domains: spellings of one name are one subject, others are not. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "limit/limit.h"

#define MEMORY (1 << 20)

static const struct gp_limit_set fold = {.names = GP_LIMIT_NAMES_FOLD};
static const struct gp_limit_set with_case = {.names = GP_LIMIT_NAMES_FOLD, .case_sensitive = true};
static const struct gp_limit_set exact = {.names = GP_LIMIT_NAMES_EXACT};

/* check: what a name becomes, and that this is its own normal form. */
static void check(const struct gp_limit_set *set, enum gp_limit_override_kind kind,
	struct gp_span name, const char *wanted)
{
	struct gp_arena *arena = gp_arena_new(MEMORY);
	const char *text = gp_limit_normalise(arena, set, kind, name);
	assert_non_null(text);
	assert_string_equal(text, wanted);
	text = gp_limit_normalise(arena, set, kind, gp_span_from(text));
	assert_non_null(text);
	assert_string_equal(text, wanted);
	gp_arena_free(arena);
}

/* test_spellings_of_one_name: what a database of users may take for müller@example.org. */
static void test_spellings_of_one_name(void **state)
{
	static const char *const spellings[] = {
		"m\303\274ller@example.org", "M\303\234LLER@example.org",
		"m\303\234ller@EXAMPLE.ORG", "mu\314\210ller@example.org", /* NFD */
		"MU\314\210LLER@example.org",
		"mu\302\250ller@example.org", /* U+00A8, of which NFKC makes a blank */
		" m\303\274ller@example.org", "  m\303\274ller@example.org",
		"\tm\303\274ller@example.org\r\n", "m\303\274ller @example.org",
		"m\303\274ller@ example.org", "m\303\274ller@example.org ",
		"m\303\274 ll er@exam ple.org", "m\303\274\001ller\177@example.org",
		"m\303\274ller\302\240@example.org",     /* no-break space */
		"\343\200\200m\303\274ller@example.org", /* ideographic space */
		"m\303\274ller@example.org.", "m\303\274ller@example.org..",
		"m\303\274ller@example.org@", "m\303\274ller@example.org.@. ",
		"m\303\274ller@example\343\200\202org",             /* ideographic full stop */
		"m\303\274ller@example\357\275\241org\343\200\202", /* its half-width form */
		"m\303\274ller@example\357\274\216org",             /* full-width full stop */
		"\357\275\215\303\274ller@example.org",             /* full-width letters */
		"\357\274\255\303\234LLER@\357\274\245xample.org",
		"m\303\274ller\357\274\240example.org", /* full-width @ */
		"m\303\274ller\357\271\253example.org", /* small @ */
		"\"m\303\274ller\"@example.org", "\"m\303\274ll\"er@example.org",
		"\"m\303\274l\\ler\"@example.org", "\"m\303\274ller@example.org\"",
		"\357\274\202m\303\274ller\357\274\202@example.org", /* full-width quotes */
		"m\303\274l\342\200\213ler@example.org",             /* zero-width space */
		"m\303\274l\342\200\214ler@example.org",             /* zero-width non-joiner */
		"m\303\274l\342\200\215ler@example.org",             /* zero-width joiner */
		"\357\273\277m\303\274ller@example.org",             /* byte order mark */
		"\342\200\256m\303\274ller@example.org\342\200\254", /* right-to-left override */
		"\342\201\246m\303\274ller\342\201\251@example.org", /* isolates */
		"m\303\274l\302\255ler@example.org",                 /* soft hyphen */
		"m\303\274ller\315\217@example.org",                 /* combining grapheme joiner */
		"m\303\274ller\357\270\217@example.org",             /* variation selector */
		"m\303\274ller@exa\342\200\213mple.org", "m\303\274ller@example.org\342\200\213",
		"m\303\274ller@@example.org", "m\303\274ller.@example.org",
		"m\303\274ller@.example.org", "m\303\274ller@example..org",
		".m\303\274ller@example.org", "m\303\274ller@.@example...org..@@.",
		"m\303\274ller\343\200\202@example.org",
		"m\303\274ller@example\342\200\245org",  /* a leader of two dots */
		"m\303\274ll\342\240\200er@example.org", /* Braille without dots */
		"m\303\274ller\357\277\274@example.org", /* object replacement character */
		"m\303\274ller@exam\342\240\200ple.o\357\277\274rg",
		"m\303\274ller\360\235\205\231@example.org",      /* a note without a head */
		"m\303\274ller\357\277\277@example.org",          /* no character at all */
		"m\374ller@example.org", "M\334LLER@EXAMPLE.ORG", /* ISO 8859-1 */
		"m\303\274ller\240@example.org", "\240M\303\234ller@example.org",
		"mu\314\210ller@example\200.org",
		"m\303\274ller\343\205\244@example.org",     /* Hangul filler */
		"m\303\274ller\363\240\201\201@example.org", /* a tag */
	};
	(void)state;
	for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
		check(&fold, GP_LIMIT_OVERRIDE_USER, gp_span_from(spellings[i]),
			"m\303\274ller@example.org");
		check(&fold, GP_LIMIT_OVERRIDE_SENDER, gp_span_from(spellings[i]),
			"m\303\274ller@example.org");
	}
}

/* test_normal_forms: what becomes of other names, the empty one among them. */
static void test_normal_forms(void **state)
{
	static const struct {
		const char *name, *normal;
	} rows[] = {
		{"alice", "alice"},
		{"alice@example.org", "alice@example.org"},
		{"ALICE", "alice"},
		{"uid@", "uid"},
		{"uid@.", "uid"},
		{"uid@\342\200\213", "uid"},
		{"@example.org", "@example.org"},
		{"@", ""},
		{"", ""},
		{" \t ", ""},
		{"\"\"", ""},
		{"\342\200\213", ""},
		{"...", ""},
		{"<alice>", "<alice>"},
		{"a@b@Example.org", "a@b@example.org"},
		{"\"a@b\"@example.org", "a@b@example.org"},
		{"\"a\\\\b\"@x.test", "a\\b@x.test"},
		{"DOMAIN\\user", "domain\\user"},
		{"x@B\303\234CHER.test", "x@xn--bcher-kva.test"},
		{"x@XN--BCHER-KVA.test", "x@xn--bcher-kva.test"},
		{"x@stra\303\237"
		 "e.test",
			"x@strasse.test"}, /* as in the local part; DNS tells them apart */
		{"stra\303\237"
		 "e@x.test",
			"strasse@x.test"},
		{"STRA\341\272\236"
		 "E@x.test",
			"strasse@x.test"},
		{"\316\243\317\202@x.test", "\317\203\317\203@x.test"}, /* both small sigmas */
		{"\357\254\201n", "fin"},                               /* a ligature */
		{"\342\204\252", "k"},                                  /* the Kelvin sign */
		{"x@no..name", "x@no.name"},
		{"X@NO..NAME", "x@no.name"},
		{"a..b@x.test", "a.b@x.test"},
		{"a@.@b@@c.", "a@b@c"},
		{".@x.test", "@x.test"},
		{"@@", ""},
		{"x@\342\230\203..\303\234_\342\230\203.test",
			"x@\342\230\203.\303\274_\342\230\203.test"},
		{"X@[192.0.2.1]", "x@[192.0.2.1]"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check(&fold, GP_LIMIT_OVERRIDE_USER, gp_span_from(rows[i].name), rows[i].normal);
	check(&fold, GP_LIMIT_OVERRIDE_USER, (struct gp_span) {"a\0b", 3}, "ab");
	check(&fold, GP_LIMIT_OVERRIDE_USER, (struct gp_span) {"\303\274\0b", 4}, "\303\274b");
}

/* test_no_utf8: bytes that are no UTF-8 are taken as ISO 8859-1, and folded as others. */
static void test_no_utf8(void **state)
{
	static const struct {
		const char *name, *normal;
	} rows[] = {
		{"\377\376", "\303\277\303\276"}, {"M\374ller@x.test", "m\303\274ller@x.test"},
		{"M\334LLER@x.test", "m\303\274ller@x.test"},
		{"M\374ller\303\234@x.test", "m\303\274ller\303\274@x.test"},
		{" \"m\374ller\" @X.test.", "m\303\274ller@x.test"},
		{"m\344ller@x.test", "m\303\244ller@x.test"}, /* another user */
		{"x@\374.TEST", "x@xn--tda.test"}, {"x@\334.TEST", "x@xn--tda.test"},
		{"\355\240\200", "\303\255"}, /* a surrogate: a letter, a blank, a control */
		{"a\300\200", "a\303\240"},   /* an overlong NUL */
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check(&fold, GP_LIMIT_OVERRIDE_USER, gp_span_from(rows[i].name), rows[i].normal);
}

/* test_spellings_of_one_domain: a client may use any of them, and none has a limit of its own. */
static void test_spellings_of_one_domain(void **state)
{
	static const struct {
		const char *spellings[8], *normal;
	} rows[] = {
		{{"g@stra\303\237"
		  "e.de",
			 "g@STRA\303\237"
			 "E.DE",
			 "g@STRASSE.DE",
			 "g@stra\341\272\236"
			 "e.de",
			 "g@xn--strae-oqa.de", "g@XN--STRAE-OQA.de", "g@stra\305\277se.de"},
			"g@strasse.de"},
		{{"g@\316\275\316\277\316\274\316\277\317\202.gr",
			 "g@\316\275\316\277\316\274\316\277\317\203.gr",
			 "g@\316\235\316\237\316\234\316\237\316\243.gr", "g@xn--xxabgbp.gr"},
			"g@xn--xxabgbu.gr"},
		{{"g@b\303\274"
		  "cher.de",
			 "g@bu\314\210"
			 "cher.de",
			 "g@B\303\234"
			 "CHER.DE",
			 "g@xn--bcher-kva.de", "g@Xn--BCHER-kva.DE.", "g@xn--bcher-kva..de",
			 "g@b\374"
			 "cher.de"},
			"g@xn--bcher-kva.de"},
		/* what only looks like an A-label */
		{{"g@xn--999999999.test", "g@XN--999999999.TEST"}, "g@xn--999999999.test"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (size_t k = 0; rows[i].spellings[k]; k++)
			check(&fold, GP_LIMIT_OVERRIDE_USER, gp_span_from(rows[i].spellings[k]),
				rows[i].normal);
}

/* test_apart: what no sensible database takes for one name has two subjects. */
static void test_apart(void **state)
{
	static const char *const names[] = {"alice@a.test", "alice@b.test", "alicia@a.test",
		"al.ice@a.test", "alice+x@a.test", "jos\303\251@a.test", "jose@a.test",
		"\320\260lice@a.test" /* a Cyrillic letter */, "alice", "@a.test",
		"<alice@a.test>"};
	struct gp_arena *arena = gp_arena_new(MEMORY);
	const char *normal[sizeof names / sizeof names[0]];
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		normal[i] = gp_limit_normalise(
			arena, &fold, GP_LIMIT_OVERRIDE_USER, gp_span_from(names[i]));
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(normal[i], normal[k]);
	}
	gp_arena_free(arena);
}

/* test_case_sensitive: all is folded but case, and of domains that, too. */
static void test_case_sensitive(void **state)
{
	(void)state;
	check(&with_case, GP_LIMIT_OVERRIDE_USER, gp_span_from(" \"Alice\"@Example.ORG."),
		"Alice@example.org");
	check(&with_case, GP_LIMIT_OVERRIDE_USER, gp_span_from("MU\314\210ller@B\303\234CHER.test"),
		"M\303\234ller@xn--bcher-kva.test");
}

/* test_exact: the local part byte by byte, the domain as DNS compares it. */
static void test_exact(void **state)
{
	static const struct {
		const char *name, *normal;
	} rows[] = {
		{" Alice", " Alice"},
		{"\"Alice\" @Example.ORG.", "\"Alice\" @example.org"},
		{"mu\314\210ller@B\303\234CHER.test", "mu\314\210ller@xn--bcher-kva.test"},
		{"uid@", "uid@"},
		{"", ""},
		{"\377@X", "\377@x"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check(&exact, GP_LIMIT_OVERRIDE_USER, gp_span_from(rows[i].name), rows[i].normal);
	check(&exact, GP_LIMIT_OVERRIDE_USER, (struct gp_span) {"a\0b", 3}, "a?b");
}

/* test_domains: of an override, the same as the domain of a name. */
static void test_domains(void **state)
{
	static const struct {
		const char *name, *normal;
	} rows[] = {
		{"Example.ORG.", "example.org"},
		{" example.org", "example.org"},
		{"B\303\234CHER.test", "xn--bcher-kva.test"},
		{"example\343\200\202org", "example.org"},
		{"", ""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		check(&fold, GP_LIMIT_OVERRIDE_DOMAIN, gp_span_from(rows[i].name), rows[i].normal);
		check(&fold, GP_LIMIT_OVERRIDE_SENDER_DOMAIN, gp_span_from(rows[i].name),
			rows[i].normal);
	}
	assert_string_equal(gp_limit_domain_of("a@b@c.test"), "c.test");
	assert_string_equal(gp_limit_domain_of("alice"), "");
}

/* test_long: names of 16 kB cost no more memory than a request may have, whatever they hold. */
static void test_long(void **state)
{
	static const char *const parts[] = {"\357\267\272" /* grows elevenfold */, "\342\200\213",
		"\314\210", "a\"@", "\377", "\"\\", " "};
	(void)state;
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		struct gp_arena *arena = gp_arena_new(MEMORY);
		size_t len = strlen(parts[i]), count = 16384 / len;
		char *name = gp_arena_alloc(arena, count * len);
		for (size_t k = 0; k < count; k++)
			memcpy(name + k * len, parts[i], len);
		for (size_t n = 1; n <= count; n = n * 3 + 1)
			assert_non_null(gp_limit_normalise(arena, &fold, GP_LIMIT_OVERRIDE_USER,
				(struct gp_span) {name, n * len}));
		gp_arena_free(arena);
	}
}

/* test_padded: what is not seen does not make a name too long to be folded. */
static void test_padded(void **state)
{
	char name[12000], *end = name;
	(void)state;
	for (int i = 0; i < 3000; i++, end += 3)
		memcpy(end, "\342\200\213", 3);
	memcpy(end, "MU\314\210LLER", 8);
	check(&fold, GP_LIMIT_OVERRIDE_USER, (struct gp_span) {name, (size_t)(end - name) + 8},
		"m\303\274ller");
}

/* test_plain_costs_one_copy: the common case takes no more from the arena than its own bytes. */
static void test_plain_costs_one_copy(void **state)
{
	static const char *const names[] = {
		"alice@example.org", "alice", "o'hara+x@a-b.test", "x@[192.0.2.1]"};
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct gp_arena *arena = gp_arena_new(MEMORY);
		const char *text = gp_limit_normalise(
			arena, &fold, GP_LIMIT_OVERRIDE_USER, gp_span_from(names[i]));
		assert_string_equal(text, names[i]);
		assert_true(gp_arena_used(arena) <= strlen(names[i]) + 1 + sizeof(max_align_t));
		gp_arena_free(arena);
	}
}

/* test_memory: an arena that is too small at any step gives NULL, and says why. */
static void test_memory(void **state)
{
	static const char *const names[] = {"alice@example.org", " \"Alice\"@Example.ORG",
		"MU\314\210LLER\342\200\213@b\303\274cher.test", "\377@x..y"};
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		for (size_t size = 0; size < 1000; size += 4) {
			struct gp_arena *small = gp_arena_new(size);
			const char *text = gp_limit_normalise(
				small, &fold, GP_LIMIT_OVERRIDE_USER, gp_span_from(names[i]));
			assert_true(text || gp_arena_status(small) == GP_ETOOBIG);
			gp_arena_free(small);
		}
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spellings_of_one_name),
		cmocka_unit_test(test_normal_forms),
		cmocka_unit_test(test_no_utf8),
		cmocka_unit_test(test_spellings_of_one_domain),
		cmocka_unit_test(test_apart),
		cmocka_unit_test(test_case_sensitive),
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_domains),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_padded),
		cmocka_unit_test(test_plain_costs_one_copy),
		cmocka_unit_test(test_memory),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
