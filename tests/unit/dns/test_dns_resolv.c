/* SPDX-License-Identifier: ISC */
/* Servers from text: single addresses, and resolv.conf(5). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/dns.h"

/* text_of: "address port" of a server. */
static const char *text_of(const struct gp_dns_server *server, char text_out[80])
{
	char addr[GP_IPADDR_TEXT];
	snprintf(text_out, 80, "%s %u", gp_ipaddr_format(&server->addr, addr), server->port);
	return text_out;
}

/* forms_of_a_server: with and without a port. */
static void forms_of_a_server(void **state)
{
	static const struct {
		const char *text, *server; /* server NULL: refused */
	} rows[] = {
		{"192.0.2.1", "192.0.2.1 53"},
		{"192.0.2.1:5353", "192.0.2.1 5353"},
		{"192.0.2.1:65535", "192.0.2.1 65535"},
		{"2001:db8::1", "2001:db8::1 53"},
		{"[2001:db8::1]", "2001:db8::1 53"},
		{"[2001:db8::1]:5353", "2001:db8::1 5353"},
		{"", NULL},
		{"192.0.2.1:", NULL},
		{"192.0.2.1:0", NULL},
		{"192.0.2.1:65536", NULL},
		{"192.0.2.1:53x", NULL},
		{"192.0.2.1:5:3", NULL},
		{"192.0.2.1 ", NULL},
		{"[192.0.2.1]:53", NULL},
		{"[2001:db8::1", NULL},
		{"[2001:db8::1]53", NULL},
		{"[2001:db8::1]:", NULL},
		{"[", NULL},
		{"[]", NULL},
		/* a zone (RFC 4007 11) */
		{"fe80::1%eth0", "fe80::1 53"},
		{"[fe80::1%2]:5353", "fe80::1 5353"},
		{"fe80::1%", NULL},
		{"fe80::1%eth0 ", NULL},
		{"fe80::1%0123456789abcdef", NULL},
		{"fe80::1%eth0:53", "fe80::1 53"}, /* a name of an interface may have a colon */
		{"192.0.2.1%eth0", NULL},
		{"localhost", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_dns_server server = {.port = 7};
		char text[80];
		int rc = gp_dns_server_parse(gp_span_from(rows[i].text), &server);
		assert_int_equal(rc, rows[i].server ? GP_OK : GP_ESYNTAX);
		if (rows[i].server)
			assert_string_equal(text_of(&server, text), rows[i].server);
		else
			assert_int_equal(server.port, 7);
	}
}

/* read_text: a file into options that say 5000 ms and 2 attempts. */
static struct gp_dns_options read_text(const char *text)
{
	struct gp_dns_options options = {.timeout_ms = 5000, .attempts = 2};
	size_t n = strlen(text);
	char *copy = malloc(n ? n : 1); /* without a NUL behind it */
	assert_non_null(copy);
	memcpy(copy, text, n);
	gp_dns_options_from_resolv_conf((struct gp_span) {copy, n}, &options, NULL);
	free(copy);
	return options;
}

/* options_of_resolv_conf: timeout, attempts, trust-ad, within bounds. */
static void options_of_resolv_conf(void **state)
{
	static const struct {
		const char *text;
		unsigned timeout_ms, attempts;
		bool trust_ad;
	} rows[] = {
		{"", 5000, 2, false},
		{"options timeout:3 attempts:4 trust-ad\n", 3000, 4, true},
		{"options rotate\ttimeout:3\noptions attempts:1", 3000, 1, false},
		{"options timeout:0 attempts:0\n", 1000, 1, false},
		{"options timeout:31 attempts:6\n", 30000, 5, false},
		{"options timeout:99999999999999999999 attempts:-1\n", 5000, 2, false},
		{"options timeout: attempts:x timeout\n", 5000, 2, false},
		{"options timeout:3 # attempts:4\n", 3000, 2, false},
		{"# options timeout:3\n;options timeout:3\n#options timeout:3", 5000, 2, false},
		{"Options timeout:3\noptionstimeout:3\n", 5000, 2, false},
		{"options\ttrust-ad\r\n", 5000, 2, true},
		{"options trust-ad:1 no-trust-ad\n", 5000, 2, false},
	};
	assert_true(read_text("options edns0 use-vc\n").over_tcp);
	assert_false(read_text("options use-vc:1 no-use-vc\n# options use-vc").over_tcp);
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_dns_options options = read_text(rows[i].text);
		assert_int_equal(options.timeout_ms, rows[i].timeout_ms);
		assert_int_equal(options.attempts, rows[i].attempts);
		assert_int_equal(options.trust_ad, rows[i].trust_ad);
	}
}

/* servers_of_resolv_conf: in order; what is no address is skipped. */
static void servers_of_resolv_conf(void **state)
{
	static const struct {
		const char *text;
		size_t count;
		const char *first, *last;
	} rows[] = {
		{"", 1, "127.0.0.1 53", "127.0.0.1 53"},
		{"nameserver", 1, "127.0.0.1 53", "127.0.0.1 53"},
		{"nameserver nonsense\n", 1, "127.0.0.1 53", "127.0.0.1 53"},
		{"#nameserver 192.0.2.1\n", 1, "127.0.0.1 53", "127.0.0.1 53"},
		{"nameserver 192.0.2.1\nsearch example\nnameserver\t2001:db8::1 # home", 2,
			"192.0.2.1 53", "2001:db8::1 53"},
		{" nameserver 192.0.2.1\nnameserver x\nnameserver 192.0.2.3\r\n", 2, "192.0.2.1 53",
			"192.0.2.3 53"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[80];
		struct gp_dns_options options = read_text(rows[i].text);
		assert_int_equal(options.server_count, rows[i].count);
		assert_string_equal(text_of(&options.servers[0], text), rows[i].first);
		assert_string_equal(
			text_of(&options.servers[rows[i].count - 1], text), rows[i].last);
	}
}

/* too_many_servers_are_dropped: the array's bound holds. */
static void too_many_servers_are_dropped(void **state)
{
	char text[2000] = "", expected[80];
	(void)state;
	for (int i = 1; i <= 20; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "nameserver 192.0.2.%d\n",
			i);
	struct gp_dns_options options = read_text(text);
	assert_int_equal(options.server_count, GP_DNS_SERVERS_MAX);
	assert_string_equal(text_of(&options.servers[7], expected), "192.0.2.8 53");
}

/* a_huge_file_is_read_in_part: what stands behind 64 KiB does not count. */
static void a_huge_file_is_read_in_part(void **state)
{
	size_t size = 1 << 20;
	char *text = malloc(size);
	struct gp_dns_options options = {.timeout_ms = 5000};
	(void)state;
	assert_non_null(text);
	memset(text, 'x', size);
	memcpy(text, "nameserver 192.0.2.1\n", 21);
	memcpy(text + size - 22, "\nnameserver 192.0.2.2\n", 22);
	gp_dns_options_from_resolv_conf((struct gp_span) {text, size}, &options, NULL);
	assert_int_equal(options.server_count, 1);
	free(text);
}

/* main: all cases. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms_of_a_server),
		cmocka_unit_test(options_of_resolv_conf),
		cmocka_unit_test(servers_of_resolv_conf),
		cmocka_unit_test(too_many_servers_are_dropped),
		cmocka_unit_test(a_huge_file_is_read_in_part),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
