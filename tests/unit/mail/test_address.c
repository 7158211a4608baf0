/* SPDX-License-Identifier: ISC */
/* Mailboxes and domains: cutting, normalising, refusing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "mail/address.h"

#define L63 "aaaaaaaaabaaaaaaaaabaaaaaaaaabaaaaaaaaabaaaaaaaaabaaaaaaaaabaaa"

/* test_split: at the last @. */
static void test_split(void **state)
{
	static const struct {
		const char *mailbox, *local, *domain;
		bool has_at;
	} rows[] = {
		{"u@d.example", "u", "d.example", true},
		{"<u@d.example>", "u", "d.example", true},
		{"\"a@b\"@d.example", "\"a@b\"", "d.example", true},
		{"user", "user", "", false},
		{"@d.example", "", "d.example", true},
		{"u@", "u", "", true},
		{"", "", "", false},
		{"<>", "", "", false},
		{"<", "<", "", false},
		{"@", "", "", true},
		{"<u@d", "<u", "d", true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_span local, domain;
		bool has_at = gp_address_split(gp_span_from(rows[i].mailbox), &local, &domain);
		assert_int_equal(has_at, rows[i].has_at);
		assert_true(gp_span_equal(local, gp_span_from(rows[i].local)));
		assert_true(gp_span_equal(domain, gp_span_from(rows[i].domain)));
	}
}

/* test_domain: the form in which DNS is asked; NULL: no domain. */
static void test_domain(void **state)
{
	static const struct {
		const char *domain, *normal;
	} rows[] = {
		{"d.example", "d.example"},
		{"D.EXAMPLE.", "d.example"},
		{"_spf.a_b.example", "_spf.a_b.example"},
		{"localhost", "localhost"},
		{"xn--bcher-kva.example", "xn--bcher-kva.example"},
		{"b\xc3\xbc"
		 "cher.example",
			"xn--bcher-kva.example"},
		{"B\xc3\x9c"
		 "CHER.Example.",
			"xn--bcher-kva.example"},
		{"bu\xcc\x88"
		 "cher.example",
			"xn--bcher-kva.example"},             /* NFC (RFC 5891 5.2) */
		{"fa\xc3\x9f.example", "xn--fa-hia.example"}, /* non-transitional */
		{"a_b.\xc3\xbc.example", "a_b.xn--tda.example"},
		{"b\xc3\xbc\xe3\x80\x82"
		 "example",
			"xn--b-eha.example"}, /* ideographic full stop */
		{L63 ".example", L63 ".example"},
		{"", NULL},
		{".", NULL},
		{"..", NULL},
		{".example", NULL},
		{"a..example", NULL},
		{"a.example..", NULL},
		{L63 "a.example", NULL},
		{L63 "." L63 "." L63 "." L63, NULL},
		{"a b.example", NULL},
		{"a\t.example", NULL},
		{"a\n.example", NULL},
		{"a\x7f.example", NULL},
		{"\x80.example", NULL},
		{"\xc3.example", NULL},
		{"\xed\xa0\x80.example", NULL}, /* a surrogate */
		{"\xe2\x80\xae.example", NULL}, /* an override of direction */
		{"\xc3\xbc..example", NULL},
		{"\xc3\xbc\xc2\xa0.example", NULL}, /* maps to a blank */
		{"\xef\xbc\xa0.example", NULL},     /* maps to an @ */
		{"\xef\xbc\x8c.example", NULL},     /* maps to a comma */
		{"a\xef\xbc\x8e"
		 "example",
			"a.example"}, /* maps to a dot (UTS 46) */
		{"a'b.\xc3\xbc.example", "a'b.xn--tda.example"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_arena *arena = gp_arena_new(4096);
		const char *normal = NULL;
		int rc = gp_address_domain(arena, gp_span_from(rows[i].domain), &normal);
		if (rc != (rows[i].normal ? GP_OK : GP_ESYNTAX))
			fail_msg("%s: %s", rows[i].domain, gp_err_text(rc));
		if (rows[i].normal)
			assert_string_equal(normal, rows[i].normal);
		gp_arena_free(arena);
	}
}

/* test_bounds: 253 octets fit, 254 do not, nor does a NUL, nor an endless U-label. */
static void test_bounds(void **state)
{
	char name[2000];
	const char *out;
	struct gp_arena *arena = gp_arena_new(8192);
	(void)state;
	memset(name, 'a', sizeof name);
	for (size_t i = 9; i < sizeof name; i += 10)
		name[i] = '.';
	assert_int_equal(gp_address_domain(arena, (struct gp_span) {name, 253}, &out), GP_OK);
	assert_int_equal(strlen(out), 253);
	assert_int_equal(gp_address_domain(arena, (struct gp_span) {name, 255}, &out), GP_ESYNTAX);
	assert_int_equal(gp_address_domain(arena, (struct gp_span) {"a\0b", 3}, &out), GP_ESYNTAX);
	assert_int_equal(
		gp_address_domain(arena, (struct gp_span) {"\xc3\xbc\0b", 4}, &out), GP_ESYNTAX);
	memcpy(name, "\xc3\xbc", 2);
	assert_int_equal(
		gp_address_domain(arena, (struct gp_span) {name, sizeof name}, &out), GP_ESYNTAX);
	gp_arena_free(arena);
}

/* test_full: an arena without room. */
static void test_full(void **state)
{
	const char *out;
	struct gp_arena *arena = gp_arena_new(8);
	(void)state;
	assert_int_equal(gp_address_domain(arena, gp_span_from("long.example"), &out), GP_ETOOBIG);
	assert_int_equal(
		gp_address_domain(arena, gp_span_from("\xc3\xbc.example"), &out), GP_ETOOBIG);
	gp_arena_free(arena);
}

/* test_literal: RFC 5321 4.1.3. */
static void test_literal(void **state)
{
	static const struct {
		const char *domain;
		bool is;
	} rows[] = {
		{"[192.0.2.1]", true},
		{"[IPv6:2001:db8::1]", true},
		{"[ipv6:::ffff:192.0.2.1]", true},
		{"[2001:db8::1]", false},
		{"[IPv6:192.0.2.1]", false},
		{"192.0.2.1", false},
		{"[192.0.2.1", false},
		{"[]", false},
		{"[", false},
		{"", false},
		{"[x:y]", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (gp_address_is_literal(gp_span_from(rows[i].domain)) != rows[i].is)
			fail_msg("%s", rows[i].domain);
}

/* test_unquote: a pair of quotes goes, a lone one stays. */
static void test_unquote(void **state)
{
	static const struct {
		const char *local, *bare;
	} rows[] = {{"\"a b\"", "a b"}, {"\"\"", ""}, {"a", "a"}, {"\"", "\""}, {"\"a", "\"a"},
		{"a\"", "a\""}, {"", ""}};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_true(gp_span_equal(gp_address_unquote(gp_span_from(rows[i].local)),
			gp_span_from(rows[i].bare)));
}

/* test_host_name: what may stand in a host's name, and signs that DNS would take. */
static void test_host_name(void **state)
{
	static const char *const names[] = {"example.org", "EXAMPLE.org", "_dmarc.a-1.example", ""};
	static const char *const others[] = {
		"a b", "a/b.test", "a'b.test", "a;b", "a=b", "a\xc3\xa4.test", "a\"b", "a@b"};
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		assert_true(gp_address_is_host_name(names[i]));
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		assert_false(gp_address_is_host_name(others[i]));
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_domain),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_literal),
		cmocka_unit_test(test_unquote),
		cmocka_unit_test(test_host_name),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
