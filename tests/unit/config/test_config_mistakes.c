/* SPDX-License-Identifier: ISC */
/*
 * What people write in place of the language: one row for each kind of mistake, with the whole
 * report. Errors come in the order of files and lines, the first ten of them; and generated files,
 * some of them damaged, are either refused with a reason or mean the same once they are written
 * down.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "config/config_private.h"
#include "support/config_files.h"

#define FILES 10000
#define TEXT_MAX (1u << 20)

static const struct {
	const char *name, *text, *report;
} mistakes[] = {
	{"an unknown option", "spf {\n modus = off\n}\n",
		"t.conf:2: unknown option spf.modus; did you mean spf.mode?\n"},
	{"an unknown option that is near no other", "frobnicate = 1\n",
		"t.conf:1: unknown option frobnicate; gatepost check-config --example lists all "
		"options\n"},
	{"an option of another case", "Hostname = x\n",
		"t.conf:1: unknown option Hostname; did you mean hostname?\n"},
	{"an option of another section", "spf { timeout = 1s }\n",
		"t.conf:1: unknown option spf.timeout; it belongs to section dns or store\n"},
	{"an option of sections at the top level", "cache_entries = 20\n",
		"t.conf:1: unknown option cache_entries; it belongs to section dns or exim\n"},
	{"an option of the top level in a section", "spf { hostname = x }\n",
		"t.conf:1: unknown option spf.hostname; hostname is set outside of sections\n"},
	{"an option as messages have it", "spf.mode = off\n",
		"t.conf:1: unknown option spf.mode; write spf { mode = VALUE }\n"},
	{"a name without anything", "foo\nhostname = x\n",
		"t.conf:1: unknown option foo; gatepost check-config --example lists all "
		"options\n"},
	{"an unknown section", "spff {\n mode = often\n}\n",
		"t.conf:1: unknown section spff; did you mean spf?\n"},
	{"an unknown section that is near no other", "plugins { x = { a, b } }\n",
		"t.conf:1: unknown section plugins; gatepost check-config --example lists all "
		"sections\n"},
	{"a section in a section", "spf {\n foo {\n x = 1\n }\n mode = often\n}\n",
		"t.conf:2: unknown section spf.foo; gatepost check-config --example lists all "
		"sections\nt.conf:5: spf.mode: often is not allowed here; allowed: one of off, "
		"label, enforce\n"},
	{"a section that is assigned to", "spf = off\n",
		"t.conf:1: spf: it is a section; write spf { OPTION = VALUE }\n"},
	{"an option that is opened as a section", "hostname { x }\n",
		"t.conf:1: hostname: it is an option, not a section; write hostname = VALUE\n"},
	{"a mistyped choice", "spf { mode = enforc }\n",
		"t.conf:1: spf.mode: enforc is not allowed here (did you mean enforce?); allowed: "
		"one of off, label, enforce\n"},
	{"a mistyped yes", "spf { explanation = yess }\n",
		"t.conf:1: spf.explanation: yess is not allowed here (did you mean yes?); allowed: "
		"yes or no\n"},
	{"a mistyped word of a set", "spf { reject = {fail, softfial} }\n",
		"t.conf:1: spf.reject: softfial is not allowed here (did you mean softfail?); "
		"allowed: any of none, neutral, fail, softfail, no-mail\n"},
	{"a mistyped name in a text", "spf { reject_text = \"{domian}\" }\n",
		"t.conf:1: spf.reject_text: {domian} is not allowed here (did you mean {domain}?); "
		"allowed: printable ASCII, at most 300 characters, with {result} {identity} "
		"{value} {domain} {client} {mechanism} {problem} {recipient} {hostname}\n"},
	{"a user without a name", "policyd {\n user = \"\"\n mail_user = \"\"\n}\n",
		"t.conf:2: policyd.user: is empty; allowed: printable ASCII, 1 to 64 characters\n"
		"t.conf:3: policyd.mail_user: is empty; allowed: printable ASCII, 1 to 64 "
		"characters\n"},
	{"a mistyped limit",
		"limit hourly { key = user max = 1 per = 1h }\noverride { user = a hourli = 5 }\n",
		"t.conf:2: override.hourli: there is no limit called hourli; did you mean "
		"hourly?\n"},
	{"a mistyped subject",
		"limit hourly { key = user max = 1 per = 1h }\noverride { usr = a hourly = 5 }\n",
		"t.conf:2: override.usr: a is not allowed here (did you mean user = ...?); "
		"allowed: a number from 0 to 1125899906842624, with k, M, G or T where bytes are "
		"counted, or unlimited\nt.conf:2: override: needs one of user, domain, sender, "
		"sender_domain and client\n"},
	{"a section that ends with the text", "\nspf {\n mode = off\n",
		"t.conf:2: spf: the section that begins here is not closed\n"},
	{"a section in which another begins", "spf {\n mode = off\ndns {\n attempts = 9\n}\n",
		"t.conf:1: spf: the section that begins here is not closed\nt.conf:4: "
		"dns.attempts: 9 is not allowed here; allowed: a number from 1 to 5\n"},
	{"a section in a section that is known",
		"spf {\n mode = off\n dns { attempts = 1 }\n}\nhostname = x\n",
		"t.conf:1: spf: the section that begins here is not closed\n"},
	{"a list in which an option begins", "spf {\n reject = {fail,\n none\n mode = off\n}\n",
		"t.conf:2: spf.reject: the list that begins here is not closed\n"},
	{"a list that takes the brace of its section",
		"spf {\n reject = {fail, none\n}\ndns { attempts = 1 }\n",
		"t.conf:2: spf.reject: the list that begins here is not closed\n"},
	{"a list that ends with the text", "spf {\n mode = off\n reject = {fail,\n",
		"t.conf:3: spf.reject: the list that begins here is not closed\n"},
	{"a brace too many", "spf { mode = off } }\n", "t.conf:1: this } closes nothing\n"},
	{"a brace without a name", "{ mode = off }\n",
		"t.conf:1: the name is missing before this {\n"},
	{"a section without a brace", "spf mode = off\n",
		"t.conf:1: spf: the { is missing; write spf { OPTION = VALUE }\nt.conf:1: unknown "
		"option mode; it belongs to section spf, dkim, arc, dmarc, dnsbl, greylist or "
		"limit\n"},
	{"a semicolon behind a word", "spf { mode = off; }\n",
		"t.conf:1: spf.mode: off; is not allowed here (leave the semicolon out); allowed: "
		"one of off, label, enforce\n"},
	{"a semicolon behind a number", "dns { attempts = 2; }\n",
		"t.conf:1: dns.attempts: 2; is not allowed here (leave the semicolon out); "
		"allowed: a number from 1 to 5\n"},
	{"a semicolon by itself", "spf { mode = off ; helo = label }\n",
		"t.conf:1: spf: semicolons are not used between options or after a section; leave "
		"it out\n"},
	{"a semicolon behind a section", "spf { mode = off };\n",
		"t.conf:1: semicolons are not used between options or after a section; leave it "
		"out\n"},
	{"a semicolon between items", "spf { reject = {fail; none} }\n",
		"t.conf:1: spf.reject: a semicolon stands between items; write a comma\n"},
	{"a colon behind a name", "spf { mode: off }\n",
		"t.conf:1: spf.mode: a colon has no meaning here; write mode = VALUE\n"},
	{"a colon by itself", "spf { mode : off }\n",
		"t.conf:1: spf.mode: a colon has no meaning here; write mode = VALUE\n"},
	{"a colon between name and value", "spf { mode:off }\n",
		"t.conf:1: spf.mode: a colon has no meaning here; write mode = VALUE\n"},
	{"a colon and =", "spf { mode := off }\n",
		"t.conf:1: spf.mode: a colon has no meaning here; write mode = VALUE\n"},
	{"a colon behind a section", "spf: { mode = off }\n",
		"t.conf:1: spf: a colon has no meaning here; write spf {\n"},
	{"a comma between options", "spf { mode = off, helo = label }\n",
		"t.conf:1: spf: no comma stands between options; leave it out\n"},
	{"a comma behind a list", "spf { reject = {fail}, helo = label }\n",
		"t.conf:1: spf: no comma stands between options; leave it out\n"},
	{"a comma in a value", "hostname = a,b\n",
		"t.conf:1: hostname: a value with a comma in it needs quotes; write hostname = "
		"\"...\"\n"},
	{"a comma without an item", "spf { reject = {fail,,none} }\n",
		"t.conf:1: spf.reject: an item is missing before this comma\n"},
	{"items without a comma", "spf { reject = {fail none} }\n",
		"t.conf:1: spf.reject: a comma is missing between fail and none\n"},
	{"items without braces", "spf { reject = fail, none }\n",
		"t.conf:1: spf.reject: several items stand in braces; write reject = {...}\n"},
	{"items without braces and commas", "spf { reject = fail none }\n",
		"t.conf:1: spf.reject: several items stand in braces, with commas between them; "
		"write reject = {...}\n"},
	{"a value in braces", "spf { mode = {off} }\n",
		"t.conf:1: spf.mode: it takes one value, not a list; write mode = VALUE, without "
		"braces\n"},
	{"+= to a value", "spf { mode += off }\n",
		"t.conf:1: spf.mode: += adds to a list, and this takes one value; write mode = "
		"VALUE\n"},
	{"a missing =", "spf {\n mode off\n helo = label\n}\n",
		"t.conf:2: spf.mode: the = is missing; write mode = off\n"},
	{"a missing = before a list", "trusted_networks {\"10.0.0.0/8\"}\n",
		"t.conf:1: trusted_networks: the = is missing; write trusted_networks = {...}\n"},
	{"= twice", "hostname = = x\n",
		"t.conf:1: hostname: the value is missing; write hostname = VALUE\n"},
	{"= without a name", "= x\nhostname = x\n",
		"t.conf:1: the name of an option is missing before =\n"},
	{"a missing value", "hostname =\nspf { mode = off }\n",
		"t.conf:1: hostname: the value is missing; write hostname = VALUE\n"},
	{"a missing value at the end", "spf { mode = }\n",
		"t.conf:1: spf.mode: the value is missing; write mode = VALUE\n"},
	{"a name without = and value", "hostname\nspf { mode = off }\n",
		"t.conf:1: hostname: the value is missing; write hostname = VALUE\n"},
	{"a number and its unit apart", "dns { timeout = 1 h }\n",
		"t.conf:1: dns.timeout: a number and its unit stand together, without a blank; "
		"write 1h\n"},
	{"a number and a word", "dns { timeout = 1 hour }\n",
		"t.conf:1: dns.timeout: a number and its unit stand together; allowed: a time from "
		"50ms to 30s, with its unit: ms, s, m, h or d\n"},
	{"a size and its unit apart", "store { size = 2 G }\n",
		"t.conf:1: store.size: a number and its unit stand together, without a blank; "
		"write 2G\n"},
	{"a value of several words", "hostname = mail server one\n",
		"t.conf:1: hostname: a value with blanks in it needs quotes; write hostname = "
		"\"...\"\n"},
	{"a value behind a string", "hostname = \"mail\" server\n",
		"t.conf:1: hostname: server is superfluous; the value ends at its closing quote\n"},
	{"a value with =", "spf { url = http://x.test/?a=b }\n",
		"t.conf:1: spf.url: a value with = in it needs quotes; write url = \"...\"\n"},
	{"a value with parentheses", "spf { reject_text = no(thing) }\n",
		"t.conf:1: spf.reject_text: a value with ( in it needs quotes; write reject_text = "
		"\"...\"\n"},
	{"a missing title", "limit {\n key = user\n}\n",
		"t.conf:1: limit: the name is missing; write limit NAME {\n"},
	{"a title of two words", "limit a b { key = user max = 1 per = 1h }\n",
		"t.conf:1: limit: the name must be one word; write limit NAME {\n"},
	{"a title where none belongs", "spf strict { mode = off }\n",
		"t.conf:1: spf: it takes no name; write spf {\n"},
	{"a byte order mark within the text", "hostname = x\n\xef\xbb\xbfspf { mode = off }\n",
		"t.conf:2: a byte order mark (U+FEFF) is before spf; remove it, it is invisible\n"},
	{"an escape that is none", "hostname = \"a\\999\"\n",
		"t.conf:1: a backslash and digits are a byte from \\0 to \\377\n"},
	{"a string that is not closed", "hostname = 'x\n",
		"t.conf:1: the string that begins here is not closed\n"},
	{"a comment that is not closed", "hostname = x\n/* y\n",
		"t.conf:2: the comment that begins here is not closed\n"},
	{"a control character", "hostname = x\nspf\x01 { mode = off }\n",
		"t.conf:2: a control character is not allowed in a text file (U+0001)\n"},
	{"a reference to the environment", "hostname = ${HOME}\nspf { mode = of }\n",
		"t.conf:1: ${ has no meaning here\nt.conf:2: spf.mode: of is not allowed here (did "
		"you mean off?); allowed: one of off, label, enforce\n"},
};

/* test_mistakes: each is named for what it is, where it stands. */
static void test_mistakes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
		struct gp_config_errors errors = {0};
		struct gp_config *config = NULL;
		int rc =
			gp_config_parse(gp_span_from(mistakes[i].text), "t.conf", &config, &errors);
		if (rc != GP_ESYNTAX || strcmp(errors.text, mistakes[i].report) != 0)
			fail_msg("%s: %d\n%s", mistakes[i].name, rc, errors.text);
		gp_config_errors_fini(&errors);
	}
}

/* test_ten_errors: those that come first, also of checks that are made at the end. */
static void test_ten_errors(void **state)
{
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	struct gp_arena *arena = gp_arena_new(1 << 20);
	struct gp_strbuf text;
	(void)state;
	gp_strbuf_init(&text, arena, 1 << 18);
	gp_strbuf_add(&text, "\ndns { ttl_min = 30m ttl_max = 20m }\n");
	for (int i = 0; i < 30; i++)
		gp_strbuf_printf(&text, "spf { mode = x%d }\n", i);
	int rc = gp_config_parse(gp_strbuf_span(&text), "t.conf", &config, &errors);
	assert_int_equal(rc, GP_ESYNTAX);
	assert_true(gp_span_has_prefix(gp_span_from(errors.text),
		"t.conf:2: dns.ttl_min: is more than dns.ttl_max\nt.conf:3: spf.mode: x0"));
	/* each line after the first is repeated, too */
	assert_non_null(strstr(errors.text, "\nt.conf:7: "));
	assert_null(strstr(errors.text, "\nt.conf:8: "));
	assert_int_equal(errors.count, 1 + 30 + 29);
	gp_config_errors_fini(&errors);
	gp_arena_free(arena);
}

/* line_of: the number behind the file's name; 0: none. */
static long line_of(struct gp_span line)
{
	return strtol(line.ptr + strlen("t.conf:"), NULL, 10);
}

/* check_report: lines in order, ten at most and one that counts the others. */
static void check_report(const struct gp_config_errors *errors)
{
	struct gp_span line, rest = gp_span_from(errors->text);
	size_t count = 0;
	long before = 0;
	while (rest.len) {
		assert_true(gp_span_cut(rest, '\n', &line, &rest));
		bool is_count = gp_span_has_suffix(line, " more are not listed");
		assert_true(is_count == (count == 10));
		if (!is_count && !gp_span_has_prefix(line, "t.conf:"))
			fail_msg("%s", errors->text);
		assert_true(is_count || line_of(line) >= before);
		before = is_count ? before : line_of(line);
		count++;
	}
	assert_int_equal(count, errors->count > 10 ? 11 : errors->count);
	assert_true(count > 0);
}

/* parse: a snapshot as text in the arena, or NULL with a report that has been looked at. */
static const char *parse(struct gp_arena *arena, struct gp_span text)
{
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	struct gp_strbuf buf;
	int rc = gp_config_parse(text, "t.conf", &config, &errors);
	gp_strbuf_init(&buf, arena, TEXT_MAX);
	if (rc == GP_OK)
		assert_int_equal(gp_config_dump(config, &buf), GP_OK);
	else
		check_report(&errors);
	gp_config_errors_fini(&errors);
	gp_config_free(config);
	return rc == GP_OK ? buf.data : NULL;
}

/* means_the_same: what was written down of a text; a key is not, so that cannot be read again. */
static bool means_the_same(struct gp_arena *arena, const char *first)
{
	const char *second = strstr(first, "(hidden)") ? first : parse(arena, gp_span_from(first));
	return second && strcmp(first, second) == 0;
}

/* test_generated: what is accepted means the same when it has been written down. */
static void test_generated(void **state)
{
	struct gp_arena *arena = gp_arena_new((size_t)16 * TEXT_MAX);
	size_t accepted = 0;
	(void)state;
	for (size_t i = 0; i < FILES; i++) {
		gp_arena_reset(arena);
		struct gp_span text = config_file_make(arena, i);
		const char *first = parse(arena, text);
		if (first && !means_the_same(arena, first))
			fail_msg("another meaning: %.*s", (int)text.len, text.ptr);
		accepted += first != NULL;
	}
	assert_true(accepted > FILES / 4 && accepted < FILES * 3 / 4);
	gp_arena_free(arena);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_ten_errors),
		cmocka_unit_test(test_generated),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
