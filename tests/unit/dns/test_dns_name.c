/* SPDX-License-Identifier: ISC */
/* Names: validity, equality, position in the tree, reverse names, the octets of packets. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "dns/dns_private.h"

#define L10 "abcdefghij"
#define L63 L10 L10 L10 L10 L10 L10 "abc"

/* limits_of_length: RFC 1035 2.3.4, and how text may end. */
static void limits_of_length(void **state)
{
	static const struct {
		const char *name;
		bool valid;
	} rows[] = {
		{"", true},
		{".", true},
		{"example", true},
		{"example.", true},
		{"example..", false},
		{"..", false},
		{".example", false},
		{"a..b", false},
		{"_dmarc.example.org", true},
		{"a b\\c\"d.example", true},
		{"\xff\x01.example", true},
		{L63 ".example", true},
		{L63 "d.example", false},
		{L63 "." L63 "." L63 "." L10 L10 L10 L10 L10 L10 "a", true},
		{L63 "." L63 "." L63 "." L10 L10 L10 L10 L10 L10 "a.", true},
		{L63 "." L63 "." L63 "." L10 L10 L10 L10 L10 L10 "ab", false},
		{L63 "." L63 "." L63 "." L10 L10 L10 L10 L10 L10 ".b", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(gp_dns_name_is_valid(gp_span_from(rows[i].name)), rows[i].valid);
	assert_false(gp_dns_name_is_valid((struct gp_span) {"a\0b", 3}));
	assert_true(gp_dns_name_is_valid((struct gp_span) {NULL, 0}));
}

/* case_and_final_dot_do_not_matter: equality. */
static void case_and_final_dot_do_not_matter(void **state)
{
	static const struct {
		const char *a, *b;
		bool equal;
	} rows[] = {
		{"Example.ORG", "example.org", true},
		{"example.org.", "example.org", true},
		{"", ".", true},
		{"example.org", "example.net", false},
		{"example.org", "example.or", false},
		{"\xc4.example", "\xe4.example", false},
		{"a[.example", "a{.example", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(
			gp_dns_name_equal(gp_span_from(rows[i].a), gp_span_from(rows[i].b)),
			rows[i].equal);
}

/* within_ends_at_a_dot: a common ending is not enough. */
static void within_ends_at_a_dot(void **state)
{
	static const struct {
		const char *name, *parent;
		bool within;
	} rows[] = {
		{"mail.example.org", "example.org", true},
		{"MAIL.EXAMPLE.ORG.", "example.org", true},
		{"example.org", "Example.Org.", true},
		{"badexample.org", "example.org", false},
		{"example.org", "mail.example.org", false},
		{"example.org", "", true},
		{"", ".", true},
		{"", "org", false},
		{"org", "example.org", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(gp_dns_name_is_within(
					 gp_span_from(rows[i].name), gp_span_from(rows[i].parent)),
			rows[i].within);
}

/* reverse_names: RFC 1035 3.5 and RFC 3596 2.5. */
static void reverse_names(void **state)
{
	static const struct {
		const char *addr, *name;
	} rows[] = {
		{"192.0.2.1", "1.2.0.192.in-addr.arpa"},
		{"255.255.255.255", "255.255.255.255.in-addr.arpa"},
		{"2001:db8::567:89ab", "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
				       "8.b.d.0.1.0.0.2.ip6.arpa"},
	};
	char name[GP_DNS_NAME_TEXT];
	struct gp_ipaddr addr;
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(gp_ipaddr_parse(gp_span_from(rows[i].addr), &addr), GP_OK);
		gp_dns_name_reverse(&addr, name);
		assert_string_equal(name, rows[i].name);
	}
	gp_dns_name_reverse(&(struct gp_ipaddr) {.family = GP_IP_NONE}, name);
	assert_string_equal(name, "");
}

/* text_to_octets_and_back: nothing is an escape. */
static void text_to_octets_and_back(void **state)
{
	static const struct {
		const char *text, *back;
	} rows[] = {
		{"", ""},
		{".", ""},
		{"Example.ORG.", "example.org"},
		{"a\\.b\\046.c", "a\\.b\\046.c"},
		{"\x7f\xff\x01 .x", "\x7f\xff\x01 .x"},
		{L63 "." L63 "." L63 "." L10 L10 L10 L10 L10 L10 "a",
			L63 "." L63 "." L63 "." L10 L10 L10 L10 L10 L10 "a"},
	};
	uint8_t wire[GP_DNS_WIRE_NAME_MAX];
	char text[GP_DNS_NAME_TEXT];
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t n = gp_dns_name_to_wire(gp_span_from(rows[i].text), wire);
		struct gp_span span = {(const char *)wire, n};
		assert_int_equal(n, rows[i].back[0] ? strlen(rows[i].back) + 2 : 1);
		assert_int_equal(gp_dns_name_from_wire(span, text), GP_OK);
		assert_string_equal(text, rows[i].back);
	}
}

/* octets_without_text: a dot or NUL in a label, a false length, a missing end. */
static void octets_without_text(void **state)
{
	static const struct gp_span rows[] = {
		{"", 0},
		{"\3a.b", 5},
		{"\3a\0b", 5},
		{"\3abc", 4},
		{"\4abc", 5},
		{"\3abc\0\0", 6},
		{"\100abc", 5},
		{"\300\014", 2},
	};
	char text[GP_DNS_NAME_TEXT], wire[300];
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char *copy = malloc(rows[i].len + 1); /* so that a sanitizer sees the end */
		assert_non_null(copy);
		memcpy(copy, rows[i].ptr, rows[i].len);
		assert_int_equal(gp_dns_name_from_wire((struct gp_span) {copy, rows[i].len}, text),
			GP_ESYNTAX);
		free(copy);
	}
	for (size_t i = 0; i < 256; i += 2)
		memcpy(wire + i, "\1a", 2);
	wire[256] = 0; /* 128 labels of one octet: one label too many */
	assert_int_equal(gp_dns_name_from_wire((struct gp_span) {wire, 257}, text), GP_ESYNTAX);
	wire[254] = 0;
	assert_int_equal(gp_dns_name_from_wire((struct gp_span) {wire, 255}, text), GP_OK);
	assert_int_equal(strlen(text), GP_DNS_NAME_MAX);
}

/* names_of_types_and_states: for people. */
static void names_of_types_and_states(void **state)
{
	(void)state;
	assert_string_equal(gp_dns_type_name(GP_DNS_AAAA), "AAAA");
	assert_string_equal(gp_dns_type_name((enum gp_dns_type)99), "unknown type");
	assert_string_equal(gp_dns_state_text(GP_DNS_NXDOMAIN), "no such name");
	assert_string_equal(gp_dns_state_text((enum gp_dns_state)99), "unknown state");
}

/* main: all cases. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_of_length),
		cmocka_unit_test(case_and_final_dot_do_not_matter),
		cmocka_unit_test(within_ends_at_a_dot),
		cmocka_unit_test(reverse_names),
		cmocka_unit_test(text_to_octets_and_back),
		cmocka_unit_test(octets_without_text),
		cmocka_unit_test(names_of_types_and_states),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
