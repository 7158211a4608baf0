/* SPDX-License-Identifier: ISC */
/* Addresses and prefixes: text, matching, special ranges. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/ipaddr.h"

/* addr: an address that must parse. */
static struct gp_ipaddr addr(const char *text)
{
	struct gp_ipaddr a = {.family = GP_IP_NONE};
	assert_int_equal(gp_ipaddr_parse(gp_span_from(text), &a), GP_OK);
	return a;
}

/* test_parse: text and back; NULL: no address. */
static void test_parse(void **state)
{
	static const struct {
		const char *text, *canonical;
	} rows[] = {
		{"192.0.2.1", "192.0.2.1"},
		{"2001:DB8:0:0::1", "2001:db8::1"},
		{"::", "::"},
		{"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
		{"", NULL},
		{"192.0.2", NULL},
		{"192.0.2.1.1", NULL},
		{"192.0.2.256", NULL},
		{"192.0.2.01", NULL},
		{"192.0.2.1 ", NULL},
		{"0x7f.1", NULL},
		{"1", NULL},
		{":", NULL},
		{"1::2::3", NULL},
		{"fe80::1%eth0", NULL},
		{"[::1]", NULL},
		{"1111:1111:1111:1111:1111:1111:1111:1111:1111:1111", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_ipaddr a = {.family = GP_IP_NONE};
		char text[GP_IPADDR_TEXT];
		int rc = gp_ipaddr_parse(gp_span_from(rows[i].text), &a);
		if (rc != (rows[i].canonical ? GP_OK : GP_ESYNTAX))
			fail_msg("%s", rows[i].text);
		assert_string_equal(gp_ipaddr_format(&a, text),
			rows[i].canonical ? rows[i].canonical : "unknown");
	}
	struct gp_ipaddr a;
	assert_int_equal(gp_ipaddr_parse((struct gp_span) {"1.2.3.4\0", 8}, &a), GP_ESYNTAX);
	assert_int_equal(gp_ipaddr_parse((struct gp_span) {NULL, 0}, &a), GP_ESYNTAX);
}

/* test_match: at every length, against counting bits one by one. */
static void test_match(void **state)
{
	(void)state;
	const struct gp_ipaddr a = addr("2001:db8:8000::1"), b = addr("2001:db8:8000:1::1");
	for (unsigned n = 0; n <= 128; n++)
		assert_int_equal(gp_ipaddr_match(&a, &b, n), n <= 63);
	const struct gp_ipaddr v4 = addr("192.0.2.1"), other = addr("192.0.3.1");
	for (unsigned n = 0; n <= 32; n++)
		assert_int_equal(gp_ipaddr_match(&v4, &other, n), n <= 23);
	assert_false(gp_ipaddr_match(&v4, &v4, 33));
	assert_false(gp_ipaddr_match(&v4, &a, 0));
	assert_true(gp_ipaddr_equal(&v4, &v4));
	assert_false(gp_ipaddr_equal(&v4, &other));
	struct gp_ipaddr mapped = gp_ipaddr_unmap(addr("::ffff:192.0.2.1"));
	assert_true(gp_ipaddr_equal(&mapped, &v4));
	mapped = gp_ipaddr_unmap(a);
	assert_true(gp_ipaddr_equal(&mapped, &a));
	mapped = gp_ipaddr_unmap(v4);
	assert_true(gp_ipaddr_equal(&mapped, &v4));
}

/* test_nat64: where each length of prefix has the address of IPv4 (the examples of RFC 6052 2.4).
 */
static void test_nat64(void **state)
{
	static const struct {
		const char *prefix, *text, *wanted;
	} rows[] = {
		{"2001:db8::/32", "2001:db8:c000:221::", "192.0.2.33"},
		{"2001:db8:100::/40", "2001:db8:1c0:2:21::", "192.0.2.33"},
		{"2001:db8:122::/48", "2001:db8:122:c000:2:2100::", "192.0.2.33"},
		{"2001:db8:122:300::/56", "2001:db8:122:3c0:0:221::", "192.0.2.33"},
		{"2001:db8:122:344::/64", "2001:db8:122:344:c0:2:2100::", "192.0.2.33"},
		{"2001:db8:122:344::/96", "2001:db8:122:344::192.0.2.33", "192.0.2.33"},
		/* what stands behind it has no meaning */
		{"2001:db8:122::/48", "2001:db8:122:c000:2:21ff::1", "192.0.2.33"},
		/* bits 64 to 71 are zero in every such address */
		{"2001:db8:122::/48",
			"2001:db8:122:c000:102:2100::", "2001:db8:122:c000:102:2100::"},
		{"2001:db8:122::/48", "2001:db8:123:c000:2:2100::", "2001:db8:123:c000:2:2100::"},
		{"2001:db8::/47", "2001:db8::c000:221", "2001:db8::c000:221"},
		{"2001:db8::/128", "2001:db8::", "2001:db8::"},
		{"192.0.2.0/24", "192.0.2.33", "192.0.2.33"},
		{"2001:db8::/32", "64:ff9b::192.0.2.33", "192.0.2.33"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_prefix prefix;
		assert_int_equal(gp_prefix_parse(gp_span_from(rows[i].prefix), &prefix), GP_OK);
		struct gp_ipaddr v4 = gp_ipaddr_v4_by_nat64(addr(rows[i].text), &prefix, 1);
		struct gp_ipaddr wanted = addr(rows[i].wanted);
		if (!gp_ipaddr_equal(&v4, &wanted))
			fail_msg("%s in %s", rows[i].text, rows[i].prefix);
	}
}

/* test_v4_within: a host of IPv4 behind a translator is that host. */
static void test_v4_within(void **state)
{
	static const struct {
		const char *text, *wanted;
	} rows[] = {
		{"64:ff9b::c000:201", "192.0.2.1"},
		{"::ffff:192.0.2.1", "192.0.2.1"},
		{"192.0.2.1", "192.0.2.1"},
		{"64:ff9b:1::c000:201", "64:ff9b:1::c000:201"},
		{"64:ff9b::1:c000:201", "64:ff9b::1:c000:201"},
		{"2001:db8::1", "2001:db8::1"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_ipaddr within = gp_ipaddr_v4_within(addr(rows[i].text));
		struct gp_ipaddr wanted = addr(rows[i].wanted);
		assert_true(gp_ipaddr_equal(&within, &wanted));
	}
}

/* test_prefix: networks, and what is none. */
static void test_prefix(void **state)
{
	static const struct {
		const char *text, *inside, *outside;
	} rows[] = {
		{"192.0.2.0/24", "192.0.2.255", "192.0.3.0"},
		{"192.0.2.1", "192.0.2.1", "192.0.2.2"},
		{"0.0.0.0/0", "203.0.113.1", "::"},
		{"2001:db8::/33", "2001:db8:7fff::", "2001:db8:8000::"},
		{"::/0", "2001:db8::", "192.0.2.1"},
		{"192.0.2.0/33", NULL, NULL},
		{"192.0.2.1/24", NULL, NULL},
		{"2001:db8::1/64", NULL, NULL},
		{"192.0.2.0/", NULL, NULL},
		{"192.0.2.0/24/1", NULL, NULL},
		{"192.0.2.0/-1", NULL, NULL},
		{"/24", NULL, NULL},
		{"", NULL, NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_prefix p;
		int rc = gp_prefix_parse(gp_span_from(rows[i].text), &p);
		assert_int_equal(rc, rows[i].inside ? GP_OK : GP_ESYNTAX);
		if (rc)
			continue;
		const struct gp_ipaddr in = addr(rows[i].inside), out = addr(rows[i].outside);
		assert_true(gp_prefix_has(&p, &in));
		assert_false(gp_prefix_has(&p, &out));
	}
}

/* test_private: both ends of each range. */
static void test_private(void **state)
{
	static const struct {
		const char *text;
		bool is;
	} rows[] = {
		{"0.0.0.0", true},
		{"10.255.255.255", true},
		{"11.0.0.0", false},
		{"100.63.255.255", false},
		{"100.64.0.0", true},
		{"100.127.255.255", true},
		{"100.128.0.0", false},
		{"127.0.0.1", true},
		{"169.254.1.1", true},
		{"172.15.255.255", false},
		{"172.16.0.0", true},
		{"172.31.255.255", true},
		{"172.32.0.0", false},
		{"192.168.0.1", true},
		{"192.0.2.1", false},
		{"8.8.8.8", false},
		{"::", true},
		{"::1", true},
		{"::2", false},
		{"fc00::", true},
		{"fdff::1", true},
		{"fe00::", false},
		{"fe80::1", true},
		{"febf::1", true},
		{"fec0::1", false},
		{"2001:db8::1", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct gp_ipaddr a = addr(rows[i].text);
		if (gp_ipaddr_is_private(&a) != rows[i].is)
			fail_msg("%s", rows[i].text);
	}
	const struct gp_ipaddr none = {.family = GP_IP_NONE};
	assert_false(gp_ipaddr_is_private(&none));
	assert_int_equal(gp_ipaddr_bits(&none), 0);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_nat64),
		cmocka_unit_test(test_v4_within),
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_private),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
