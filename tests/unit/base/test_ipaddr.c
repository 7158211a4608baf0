/* SPDX-License-Identifier: ISC */
/* Addresses and prefixes: text, matching, special ranges. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
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

/*
 * test_nat64: where each length of prefix has the address of IPv4 (the examples of RFC 6052 2.4).
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
		{"::ffff:10.0.0.1", "10.0.0.1"},
		{"192.0.2.1", "192.0.2.1"},
		{"64:ff9b:1::c000:201", "64:ff9b:1::c000:201"},
		{"64:ff9b::1:c000:201", "64:ff9b::1:c000:201"},
		{"2001:db8::1", "2001:db8::1"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_ipaddr within = gp_ipaddr_v4_by_nat64(addr(rows[i].text), NULL, 0);
		struct gp_ipaddr wanted = addr(rows[i].wanted);
		assert_true(gp_ipaddr_equal(&within, &wanted));
	}
}

/* test_nat64_non_global: the well-known prefix stands for no address that is not global (RFC 6052
 * 3.1), a prefix of the site's own for none that no translator shows. */
static void test_nat64_non_global(void **state)
{
	static const struct {
		const char *within;
		bool is_known,
			is_own; /* taken from under the well-known prefix, under an own one */
	} rows[] = {
		{"0.0.0.0", false, false},
		{"0.255.255.255", false, false},
		{"1.0.0.0", true, true},
		{"9.255.255.255", true, true},
		{"10.0.0.1", false, true},
		{"11.0.0.0", true, true},
		{"100.64.0.1", false, true},
		{"100.128.0.1", true, true},
		{"127.0.0.1", false, false},
		{"127.255.255.254", false, false},
		{"128.0.0.1", true, true},
		{"169.254.1.1", false, false},
		{"172.16.0.1", false, true},
		{"172.32.0.1", true, true},
		{"192.0.0.8", false, true},
		{"192.0.2.1", true, true},
		{"192.168.1.1", false, true},
		{"198.18.0.1", false, true},
		{"198.20.0.1", true, true},
		{"223.255.255.255", true, true},
		{"224.0.0.1", false, false},
		{"255.255.255.255", false, false},
	};
	struct gp_prefix own[2];
	(void)state;
	assert_int_equal(gp_prefix_parse(gp_span_from("2001:db8:64::/96"), &own[0]), GP_OK);
	/* that it is listed as well does not change what the well-known prefix may stand for */
	own[1] = gp_ipaddr_nat64;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct gp_ipaddr v4 = addr(rows[i].within);
		for (int k = 0; k < 2; k++) {
			char text[GP_IPADDR_TEXT];
			snprintf(text, sizeof text, "%s%s",
				k ? "2001:db8:64::" : "64:ff9b::", rows[i].within);
			const struct gp_ipaddr seen = addr(text);
			const struct gp_ipaddr got = gp_ipaddr_v4_by_nat64(seen, own, 2);
			bool is_taken = k ? rows[i].is_own : rows[i].is_known;
			if (!gp_ipaddr_equal(&got, is_taken ? &v4 : &seen))
				fail_msg("%s", text);
			if (!is_taken &&
				(gp_ipaddr_is_private(&got) || gp_ipaddr_is_loopback(&got)))
				fail_msg("%s is private", text);
		}
	}
}

/* test_other_forms: an address of IPv4 in an address of IPv6 that no translator made says nothing:
 * IPv4-compatible (RFC 4291 2.5.5.1), 6to4, Teredo, ISATAP. */
static void test_other_forms(void **state)
{
	static const char *const rows[] = {"::127.0.0.1", "::10.0.0.1", "2002:7f00:1::1",
		"2002:a00:1::", "2001:0:a00:1::", "2001:db8::5efe:10.0.0.1", "::ffff:0:10.0.0.1",
		"64:ff9b:1::10.0.0.1"};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct gp_ipaddr a = addr(rows[i]), same = gp_ipaddr_v4_by_nat64(a, NULL, 0);
		assert_true(gp_ipaddr_equal(&a, &same));
		assert_false(gp_ipaddr_is_private(&a) || gp_ipaddr_is_loopback(&a));
	}
}

/* test_embedded_networks: the network of IPv4 within one of IPv6; none where no address of it is
 * translated, or where it is larger than the prefix. */
static void test_embedded_networks(void **state)
{
	static const struct {
		const char *network, *nat64, *wanted;
	} rows[] = {
		{"64:ff9b::/96", "64:ff9b::/96", "0.0.0.0/0"},
		{"64:ff9b::c000:200/120", "64:ff9b::/96", "192.0.2.0/24"},
		{"64:ff9b::/95", "64:ff9b::/96", NULL},
		{"64:ff9b::a00:0/104", "64:ff9b::/96", NULL},
		{"64:ff9b::800:0/102", "64:ff9b::/96", "8.0.0.0/6"},
		{"64:ff9b::/104", "64:ff9b::/96", NULL},
		{"64:ff9b::/97", "64:ff9b::/96", "0.0.0.0/1"},
		{"2001:db8:64::a00:0/104", "2001:db8:64::/96", "10.0.0.0/8"},
		{"2001:db8:64::7f00:0/104", "2001:db8:64::/96", NULL},
		{"2001:db8:64:c000::/64", "2001:db8:64::/48", "192.0.0.0/16"},
		{"2001:db8:64:c000::/68", "2001:db8:64::/48", "192.0.0.0/16"},
		{"2001:db8:64:c000:2::/80", "2001:db8:64::/48", "192.0.2.0/24"},
		{"2001:db8:64:c000:2:100::/128", "2001:db8:64::/48", "192.0.2.1/32"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_prefix network, nat64, wanted, got;
		assert_int_equal(gp_prefix_parse(gp_span_from(rows[i].network), &network), GP_OK);
		assert_int_equal(gp_prefix_parse(gp_span_from(rows[i].nat64), &nat64), GP_OK);
		bool is_any = gp_prefix_embedded(&network, &nat64, &got);
		if (is_any != (rows[i].wanted != NULL))
			fail_msg("%s", rows[i].network);
		if (!is_any)
			continue;
		assert_int_equal(gp_prefix_parse(gp_span_from(rows[i].wanted), &wanted), GP_OK);
		assert_true(gp_ipaddr_equal(&got.addr, &wanted.addr));
		assert_int_equal(got.length, wanted.length);
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

/* test_prefix_has_hosts: addresses that no client and no server has. */
static void test_prefix_has_hosts(void **state)
{
	static const struct {
		const char *text;
		bool has_hosts;
	} rows[] = {
		{"192.0.2.1", true},
		{"0.0.0.0/0", true},
		{"0.0.0.0/8", true},
		{"0.0.0.0", false},
		{"224.0.0.1", false},
		{"224.0.0.0/4", false},
		{"239.1.0.0/16", false},
		{"224.0.0.0/3", true},
		{"255.255.255.255", false},
		{"255.255.255.0/24", true},
		{"::", false},
		{"::/0", true},
		{"::1", true},
		{"ff02::1", false},
		{"ff00::/8", false},
		{"fe00::/7", true},
		{"fe80::1", true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_prefix prefix;
		assert_int_equal(gp_prefix_parse(gp_span_from(rows[i].text), &prefix), GP_OK);
		assert_int_equal(gp_prefix_has_hosts(&prefix), rows[i].has_hosts);
	}
}

/* test_format: as it was written, in canonical form. */
static void test_format(void **state)
{
	static const char *const rows[] = {"0.0.0.0/0", "9.10.99.100/32", "255.255.255.255/32",
		"192.0.2.0/24", "10.0.0.0/8", "::/0", "2001:db8::/32", "2001:db8::1/128",
		"2001:db8:ffff:ffff:ffff:ffff:ffff:fff0/124"};
	char text[GP_PREFIX_TEXT];
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_prefix prefix;
		assert_int_equal(gp_prefix_parse(gp_span_from(rows[i]), &prefix), GP_OK);
		assert_string_equal(gp_prefix_format(&prefix, text), rows[i]);
	}
	for (unsigned octet = 0; octet < 256; octet++) {
		const struct gp_ipaddr addr = {GP_IP_V4, {(uint8_t)octet, 0, 1, (uint8_t)octet}};
		char expected[GP_IPADDR_TEXT], got[GP_IPADDR_TEXT];
		snprintf(expected, sizeof expected, "%u.0.1.%u", octet, octet);
		assert_string_equal(gp_ipaddr_format(&addr, got), expected);
	}
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_prefix_has_hosts),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_nat64),
		cmocka_unit_test(test_v4_within),
		cmocka_unit_test(test_nat64_non_global),
		cmocka_unit_test(test_other_forms),
		cmocka_unit_test(test_embedded_networks),
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_private),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
