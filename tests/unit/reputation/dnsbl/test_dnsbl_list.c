/* SPDX-License-Identifier: ISC */
/* DNS lists as they are settled: zone and key, rules against each other, tests and canaries. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reputation/dnsbl/dnsbl_judge.h"
#include "reputation/dnsbl/dnsbl_list.h"

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])
#define TEXTS(...)                                                                        \
	((struct gp_option_texts) {{(const char *const[]) {__VA_ARGS__},                  \
					   COUNT(((const char *const[]) {__VA_ARGS__}))}, \
		NULL})

static struct gp_arena *arena;
static char told[4096]; /* problems, a line each */

/* setup, teardown: memory of a test. */
static int setup(void **state)
{
	(void)state;
	*told = 0;
	arena = gp_arena_new(1 << 20);
	return arena ? 0 : -1;
}
static int teardown(void **state)
{
	(void)state;
	gp_arena_free(arena);
	return 0;
}

/* tell: what is wrong, as "option[item,other]: text". */
static void tell(void *arg, const struct gp_dnsbl_problem *p)
{
	char *at = told + strlen(told);
	(void)arg;
	snprintf(at, sizeof told - (size_t)(at - told), "%s[%d,%d]: %s\n",
		p->option ? p->option : "", (int)p->item, (int)p->other, p->text);
}

/* fresh: a list with the defaults of its options. */
static struct gp_dnsbl_list fresh(void)
{
	static const char *const codes[] = {"127.0.0.2 = 1"};
	return (struct gp_dnsbl_list) {.name = "bl.example",
		.zone = "",
		.key_zone = "",
		.key = "",
		.key_file = "",
		.key_credential = "",
		.family = "",
		.asks = GP_DNSBL_ASKS_CLIENT,
		.mask = {.text = ""},
		.codes = {{codes, COUNT(codes)}, NULL},
		.weight = GP_DNSBL_WEIGHT_UNSET,
		.about = "",
		.url = ""};
}

/* settle: with its problems in told. */
static int settle(struct gp_dnsbl_list *list, const char *credentials)
{
	const struct gp_dnsbl_settling how = {credentials, tell, NULL};
	*told = 0;
	return gp_dnsbl_list_settle(arena, list, &how);
}

/* expect: this problem and no other; NULL: none. */
static void expect(struct gp_dnsbl_list list, const char *problem)
{
	int rc = settle(&list, NULL);
	if (!problem && (rc || *told))
		fail_msg("%d %s", rc, told);
	if (problem && (rc != GP_ESYNTAX || !strstr(told, problem) ||
			       strchr(told, '\n') != told + strlen(told) - 1))
		fail_msg("%d %s; wanted %s", rc, told, problem);
}

/* test_names: of zone and family, where none is set. */
static void test_names(void **state)
{
	struct gp_dnsbl_list list = fresh();
	(void)state;
	assert_int_equal(settle(&list, NULL), GP_OK);
	assert_string_equal(list.zone, "bl.example");
	assert_string_equal(list.asked_zone, "bl.example");
	assert_string_equal(list.family, "bl.example");
	assert_null(list.secret);
	assert_null(list.no_key);
	list = fresh();
	list.name = "mine";
	expect(list, "zone[-1,-1]: is missing");
	list.zone = "bl.example";
	expect(list, NULL);
	list.asks = 0;
	list.tests = TEXTS("none");
	expect(list, "asks[-1,-1]: is empty");
}

/* test_rules_against_each_other: two for one code, with the items; one that is an error. */
static void test_rules_against_each_other(void **state)
{
	struct gp_dnsbl_list list = fresh();
	(void)state;
	list.codes = TEXTS("127.0.0.3 = 1", "127.0.0.2-11 = 2", "127.0.0.20 = 1");
	expect(list, "codes[1,0]: 127.0.0.2-11 and 127.0.0.3 are two rules for one answer");
	list.codes = TEXTS("127.0.0.2 = 1", "127.0.1.255 = 2");
	list.errors = TEXTS("127.0.0.255", "127.0.1.0/24 refused");
	expect(list, "codes[1,1]: 127.0.1.255 is one of errors as well");
	list.errors = TEXTS("127.0.0.255", "127.0.0.9-2");
	expect(list, "errors[1,-1]: the range runs backwards");
	list = fresh();
	list.codes = TEXTS("127.0.0.2 = 1", "bit 8 = 1");
	expect(list, "codes[1,-1]: a bit needs the option mask");
	list.codes.texts.count = 0;
	expect(list, "codes[-1,-1]: is empty");
	list = fresh();
	list.mask.text = "127.0.0.0/25";
	assert_int_equal(gp_prefix_parse(gp_span_from(list.mask.text), &list.mask.prefix), GP_OK);
	expect(list, "mask[-1,-1]: it must be a network within 127.0.0.0/8");
}

/* test_all_is_told: a list with several mistakes has several lines. */
static void test_all_is_told(void **state)
{
	struct gp_dnsbl_list list = fresh();
	(void)state;
	list.codes = TEXTS("x = 1", "127.0.0.2 = 1", "127.0.0.2 = 2");
	list.tests = TEXTS("127.0.0.2", "example.org listed");
	assert_int_equal(settle(&list, NULL), GP_ESYNTAX);
	assert_non_null(strstr(told, "codes[0,-1]: "));
	assert_non_null(strstr(told, "codes[2,1]: "));
	assert_non_null(strstr(told, "tests[0,-1]: "));
	assert_non_null(strstr(told, "tests[1,-1]: "));
}

/* meaning_of: of one answer. */
static enum gp_dnsbl_meaning meaning_of(
	const struct gp_dnsbl_list *list, uint8_t b, uint8_t c, uint8_t d)
{
	const struct gp_dnsbl_rule *rule;
	return gp_dnsbl_meaning_of(list, (struct gp_dnsbl_code) {{127, b, c, d}}, &rule);
}

/* test_errors_of_every_list: unless a code names them; a range that goes over one does not. */
static void test_errors_of_every_list(void **state)
{
	struct gp_dnsbl_list list = fresh();
	(void)state;
	list.codes = TEXTS("127.0.0.0-255 = 1");
	assert_int_equal(settle(&list, NULL), GP_OK);
	assert_int_equal(meaning_of(&list, 0, 0, 1), GP_DNSBL_ERROR);
	assert_int_equal(meaning_of(&list, 255, 255, 254), GP_DNSBL_ERROR);
	assert_int_equal(meaning_of(&list, 0, 0, 2), GP_DNSBL_HIT);
	list = fresh();
	list.codes = TEXTS("127.0.0.1 = 1");
	assert_int_equal(settle(&list, NULL), GP_OK);
	assert_int_equal(meaning_of(&list, 0, 0, 1), GP_DNSBL_HIT);
	assert_int_equal(meaning_of(&list, 255, 255, 255), GP_DNSBL_ERROR);
	list = fresh();
	list.mask.text = "127.0.0.0/24";
	assert_int_equal(gp_prefix_parse(gp_span_from(list.mask.text), &list.mask.prefix), GP_OK);
	list.codes = TEXTS("bit 1 = 1", "bit 2 = 1");
	assert_int_equal(settle(&list, NULL), GP_OK);
	assert_int_equal(meaning_of(&list, 0, 0, 1), GP_DNSBL_HIT);
	list.codes = TEXTS("bit 2 = 1", "bit 4 = 1");
	assert_int_equal(settle(&list, NULL), GP_OK);
	assert_int_equal(meaning_of(&list, 0, 0, 1), GP_DNSBL_ERROR);
	assert_int_equal(meaning_of(&list, 0, 0, 3), GP_DNSBL_HIT);
	/* a mask that goes over the network of refusals does not name it; one within it does */
	list.mask.text = "127.0.0.0/8";
	assert_int_equal(gp_prefix_parse(gp_span_from(list.mask.text), &list.mask.prefix), GP_OK);
	assert_int_equal(settle(&list, NULL), GP_OK);
	assert_int_equal(meaning_of(&list, 255, 255, 254), GP_DNSBL_ERROR);
	assert_int_equal(meaning_of(&list, 0, 0, 1), GP_DNSBL_ERROR);
	assert_int_equal(meaning_of(&list, 9, 9, 2), GP_DNSBL_HIT);
	list.codes = TEXTS("bit 1 = 1");
	assert_int_equal(settle(&list, NULL), GP_OK);
	assert_int_equal(meaning_of(&list, 0, 0, 1), GP_DNSBL_HIT);
	list.mask.text = "127.255.255.0/24";
	assert_int_equal(gp_prefix_parse(gp_span_from(list.mask.text), &list.mask.prefix), GP_OK);
	assert_int_equal(settle(&list, NULL), GP_OK);
	assert_int_equal(meaning_of(&list, 255, 255, 3), GP_DNSBL_HIT);
}

/* test_bad_tests: an address is for lists about clients, a name for the others. */
static void test_bad_tests(void **state)
{
	static const struct {
		unsigned asks;
		const char *test, *problem;
	} rows[] = {
		{GP_DNSBL_ASKS_CLIENT, "127.0.0.2", "stands listed, not or any"},
		{GP_DNSBL_ASKS_CLIENT, "127.0.0.2 here", "stands listed, not or any"},
		{GP_DNSBL_ASKS_CLIENT, "127.0.0.2 listed twice", "stands listed, not or any"},
		{GP_DNSBL_ASKS_CLIENT, "example.org listed", "a name is never sent"},
		{GP_DNSBL_ASKS_CLIENT, "random not", "a name is never sent"},
		{GP_DNSBL_ASKS_CLIENT, "::ffff:7f00:2 listed", "needs ipv6 = yes"},
		{GP_DNSBL_ASKS_CLIENT, "test-net listed", "is never listed"},
		{GP_DNSBL_ASKS_HELO, "127.0.0.2 listed", "an address is never sent"},
		{GP_DNSBL_ASKS_HELO, "test-net not", "an address is never sent"},
		{GP_DNSBL_ASKS_HELO, "random listed", "is never listed"},
		{GP_DNSBL_ASKS_HELO, "random any", "is never listed"},
		{GP_DNSBL_ASKS_HELO, "a..b listed", "neither an address nor a name"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct gp_dnsbl_list list = fresh();
		list.asks = rows[i].asks;
		list.tests = TEXTS(rows[i].test);
		expect(list, rows[i].problem);
	}
}

/* add_tests: as text. */
static const char *tests_of(const struct gp_dnsbl_list *list, char *room, size_t size)
{
	*room = 0;
	for (size_t i = 0; i < list->test_count; i++) {
		const struct gp_dnsbl_test *t = &list->test_entries[i];
		size_t n = strlen(room);
		snprintf(room + n, size - n, "%s%s%s %s", i ? ", " : "", t->is_address ? "@" : "",
			t->name,
			t->is_any      ? "any"
			: t->is_listed ? "listed"
				       : "not");
	}
	return room;
}

/* test_canaries: every list has one, and one that lets mail in has more, whatever it says. */
static void test_canaries(void **state)
{
	static const struct {
		unsigned asks;
		bool allow;
		const char *code, *test, *expected;
	} rows[] = {
		{GP_DNSBL_ASKS_CLIENT, false, "127.0.0.2 = 1", NULL, "@127.0.0.1 not"},
		{GP_DNSBL_ASKS_CLIENT, false, "127.0.0.2 = 1", "none", ""},
		{GP_DNSBL_ASKS_CLIENT, false, "127.0.0.2 = 1", "127.0.0.2 listed",
			"@127.0.0.2 listed, @127.0.0.1 not"},
		{GP_DNSBL_ASKS_CLIENT, false, "127.0.0.2 = 1", "192.0.2.1 not", "@192.0.2.1 not"},
		{GP_DNSBL_ASKS_HELO, false, "127.0.0.2 = 1", "Test.EXAMPLE any",
			"test.example any, random not"},
		{GP_DNSBL_ASKS_HELO, false, "127.0.0.2 = 1", "invalid not", "invalid not"},
		{GP_DNSBL_ASKS_HELO | GP_DNSBL_ASKS_CLIENT, false, "127.0.0.2 = 1", NULL,
			"@127.0.0.1 not, random not"},
		{GP_DNSBL_ASKS_CLIENT, true, "127.0.0.2 = 1", NULL,
			"@127.0.0.1 not, @test-net not"},
		{GP_DNSBL_ASKS_CLIENT, false, "127.0.0.2 = -1", NULL,
			"@127.0.0.1 not, @test-net not"},
		{GP_DNSBL_ASKS_CLIENT, false, "127.0.0.2 = -1", "none",
			"@127.0.0.1 not, @test-net not"},
		{GP_DNSBL_ASKS_CLIENT, true, "127.0.0.2 = -1", "192.0.2.1 not",
			"@192.0.2.1 not, @127.0.0.1 not, @test-net not"},
		{GP_DNSBL_ASKS_DKIM, true, "127.0.0.2 = -1", "none", "random not"},
	};
	char room[512];
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct gp_dnsbl_list list = fresh();
		list.asks = rows[i].asks;
		list.allow = rows[i].allow;
		list.codes = TEXTS(rows[i].code);
		list.tests = TEXTS(rows[i].test);
		list.tests.texts.count = rows[i].test ? 1 : 0;
		assert_int_equal(settle(&list, NULL), GP_OK);
		assert_string_equal(tests_of(&list, room, sizeof room), rows[i].expected);
	}
}

/* test_canaries_of_a_negative_weight: that of the list, whose codes have none. */
static void test_canaries_of_a_negative_weight(void **state)
{
	char room[512];
	struct gp_dnsbl_list list = fresh();
	(void)state;
	list.codes = TEXTS("127.0.0.2 = 0");
	list.tests = TEXTS("none");
	list.weight = -5;
	assert_int_equal(settle(&list, NULL), GP_OK);
	assert_string_equal(tests_of(&list, room, sizeof room), "@127.0.0.1 not, @test-net not");
}

/* keyed: a list that has a zone for a key. */
static struct gp_dnsbl_list keyed(void)
{
	struct gp_dnsbl_list list = fresh();
	list.key_zone = "KEY.zen.dq.example";
	return list;
}

/* test_keys: in the queried name, and nowhere else; a list without one is no error. */
static void test_keys(void **state)
{
	struct gp_dnsbl_list list = keyed();
	(void)state;
	assert_int_equal(settle(&list, NULL), GP_OK);
	assert_string_equal(list.asked_zone, "bl.example");
	assert_null(list.secret);
	list.key = "s3cret-Key_1";
	assert_int_equal(settle(&list, NULL), GP_OK);
	assert_string_equal(list.asked_zone, "s3cret-Key_1.zen.dq.example");
	assert_string_equal(list.secret, "s3cret-Key_1");
	assert_string_equal(list.zone, "bl.example");
	assert_null(list.no_key);
	list.key_zone = "combined.KEY.mail.example";
	assert_int_equal(settle(&list, NULL), GP_OK);
	assert_string_equal(list.asked_zone, "combined.s3cret-Key_1.mail.example");
	list.key_file = "/nowhere";
	expect(list, "has more than one of key, key_file and key_credential");
	list = keyed();
	list.terms = GP_DNSBL_TERMS_KEY;
	assert_int_equal(settle(&list, NULL), GP_OK);
	assert_string_equal(list.no_key, "no key is set");
	list = fresh();
	list.key = "s3cret";
	expect(list, "has a key, but no key_zone");
	assert_null(strstr(told, "s3cret"));
	list = keyed();
	list.key_zone = "key.zen.dq.example";
	expect(list, "key_zone[-1,-1]: has no label KEY");
	list.key_zone = "MYKEY.zen.dq.example";
	expect(list, "key_zone[-1,-1]: has no label KEY");
}

/* test_zone_with_the_key: it must be a name that can be queried, with a key or before there is
 * one. */
static void test_zone_with_the_key(void **state)
{
	static const char long_key[] =
		"k23456789012345678901234567890123456789012345678901234567890123";
	static const char *const bad[] = {"KEY..example", "KEY.bad zone!.example", "KEY.example..",
		"KEY.b\xc3\xbc.example",
		"KEY.l2345678901234567890123456789012345678901234567890123456789012345.example"};
	char wide[256];
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		for (int has_key = 0; has_key < 2; has_key++) {
			struct gp_dnsbl_list list = keyed();
			list.key = has_key ? "abc" : "";
			list.key_zone = bad[i];
			expect(list, "key_zone[-1,-1]: is no name in DNS\n");
		}
	struct gp_dnsbl_list list = keyed();
	snprintf(wide, sizeof wide, "KEY.%.60s.%.60s.%.20s.example", long_key, long_key, long_key);
	list.key_zone = wide;
	list.key = "abc";
	assert_int_equal(settle(&list, NULL), GP_OK);
	list = keyed();
	list.key_zone = wide;
	list.key = long_key;
	expect(list, "key_zone[-1,-1]: is longer than 200 characters with the key in it");
}

/* write_file: a file of this content. */
static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* test_key_files: the first line; what is wrong is said without it. */
static void test_key_files(void **state)
{
	static const struct {
		const char *text, *key, *why;
	} rows[] = {
		{"abc123\n", "abc123", NULL},
		{"abc123", "abc123", NULL},
		{" abc123 \r\nsecond line\n", "abc123", NULL},
		{"", NULL, "has no key in its first line"},
		{"\nabc123\n", NULL, "has no key in its first line"},
		{"abc 123\n", NULL, "is no key"},
		{"abc.123\n", NULL, "is no key"},
		{"a1234567890123456789012345678901234567890123456789012345678901234\n", NULL,
			"is no key"},
	};
	char directory[] = "/tmp/gatepost-keys-XXXXXX", path[64];
	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/dqs.key", directory);
	for (size_t i = 0; i < COUNT(rows); i++)
		for (int by_credential = 0; by_credential < 2; by_credential++) {
			struct gp_dnsbl_list list = keyed();
			list.key_file = by_credential ? "" : path;
			list.key_credential = by_credential ? "dqs.key" : "";
			write_file(path, rows[i].text);
			assert_int_equal(settle(&list, directory), GP_OK);
			if (rows[i].key) {
				assert_string_equal(list.secret, rows[i].key);
				assert_string_equal(list.asked_zone, "abc123.zen.dq.example");
				assert_null(list.no_key);
				continue;
			}
			assert_null(list.secret);
			assert_non_null(strstr(list.no_key, rows[i].why));
			assert_null(strstr(list.no_key, "123"));
		}
	assert_int_equal(unlink(path), 0);
	struct gp_dnsbl_list list = keyed();
	list.key_file = path;
	assert_int_equal(settle(&list, NULL), GP_OK);
	assert_non_null(strstr(list.no_key, "cannot be read: No such file"));
	list.key_file = directory;
	assert_int_equal(settle(&list, NULL), GP_OK);
	assert_non_null(strstr(list.no_key, "cannot be read: Is a directory"));
	list = keyed();
	list.key_credential = "dqs.key";
	assert_int_equal(settle(&list, NULL), GP_OK);
	assert_non_null(strstr(list.no_key, "CREDENTIALS_DIRECTORY"));
	list.key_credential = "../dqs.key";
	assert_int_equal(settle(&list, directory), GP_OK);
	assert_non_null(strstr(list.no_key, "no slash"));
	assert_int_equal(rmdir(directory), 0);
}

/* test_key_in_a_zone: one label before what follows the key's place. */
static void test_key_in_a_zone(void **state)
{
	static const struct {
		const char *zone;
		size_t begins;
	} rows[] = {
		{"abc.zen.dq.example", 4},
		{"ABC.Zen.DQ.example", 4},
		{"zen.dq.example", 0},
		{".zen.dq.example", 0},
		{"a.b.zen.dq.example", 0},
		{"abczen.dq.example", 0},
		{"dq.example", 0},
		{"", 0},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (gp_dnsbl_list_key_in("KEY.zen.dq.example", gp_span_from(rows[i].zone)) !=
			rows[i].begins)
			fail_msg("%s", rows[i].zone);
	assert_int_equal(gp_dnsbl_list_key_in("", gp_span_from("abc.example")), 0);
	assert_int_equal(
		gp_dnsbl_list_key_in("combined.KEY.example", gp_span_from("combined.abc.example")),
		0);
}

/* test_labels_that_look_like_keys: long, with letters and digits. */
static void test_labels_that_look_like_keys(void **state)
{
	static const char *const keys[] = {"abcdef0123456789.zen.dq.example",
		"a1b2c3d4e5f6g7h8i9j0k1l2m3", "sub.a1b2c3d4e5f6g7h8i9j0k1l2m3.dq.example"};
	static const char *const names[] = {"combined.mail.example", "0123456789012345678.example",
		"backscatterersandothers.example", "dnsbl-1.example", "", "fresh15.example",
		"bl.spamlists2024online.example"};
	(void)state;
	for (size_t i = 0; i < COUNT(keys); i++)
		assert_true(gp_dnsbl_list_looks_keyed(gp_span_from(keys[i])));
	for (size_t i = 0; i < COUNT(names); i++)
		assert_false(gp_dnsbl_list_looks_keyed(gp_span_from(names[i])));
}

/* test_no_memory: the arena ends anywhere, and the status says so. */
static void test_no_memory(void **state)
{
	struct gp_arena *outer = arena;
	(void)state;
	for (size_t ceiling = 1; ceiling < 200000; ceiling += ceiling / 8 + 1) {
		struct gp_dnsbl_list list = keyed();
		list.key = "abc";
		list.tests = TEXTS("127.0.0.2 listed", "127.0.0.1 not");
		arena = gp_arena_new(ceiling);
		int rc = settle(&list, NULL);
		assert_true(rc == GP_OK || rc == GP_ETOOBIG || rc == GP_ENOMEM);
		gp_arena_free(arena);
	}
	arena = outer;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rules_against_each_other, setup, teardown),
		cmocka_unit_test_setup_teardown(test_all_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(test_errors_of_every_list, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_tests, setup, teardown),
		cmocka_unit_test_setup_teardown(test_canaries, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_canaries_of_a_negative_weight, setup, teardown),
		cmocka_unit_test_setup_teardown(test_keys, setup, teardown),
		cmocka_unit_test_setup_teardown(test_zone_with_the_key, setup, teardown),
		cmocka_unit_test_setup_teardown(test_key_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_key_in_a_zone, setup, teardown),
		cmocka_unit_test(test_labels_that_look_like_keys),
		cmocka_unit_test_setup_teardown(test_no_memory, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
