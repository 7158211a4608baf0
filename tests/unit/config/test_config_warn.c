/* SPDX-License-Identifier: ISC */
/* Warnings: what a configuration without errors says in vain or to its own harm, and where. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"

/* parse: a snapshot without errors. */
static struct gp_config *parse(const char *text)
{
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	if (gp_config_parse(gp_span_from(text), "t.conf", &config, &errors))
		fail_msg("%s: %s", text, errors.text);
	gp_config_errors_fini(&errors);
	return config;
}

/* expect_warning: one, with these words; NULL: none. */
static void expect_warning(const char *text, const char *words)
{
	struct gp_config *config = parse(text);
	const struct gp_config_texts *warnings = &config->warnings;
	for (size_t i = 0; i < warnings->count; i++)
		if (!words || warnings->count != 1 || !strstr(warnings->items[i], words))
			fail_msg("%s: %s", text, warnings->items[i]);
	if (words && warnings->count == 0)
		fail_msg("%s: no warning; wanted: %s", text, words);
	gp_config_free(config);
}

struct row {
	const char *text, *words; /* NULL: no warning */
};

/* check_rows: row by row. */
static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		expect_warning(rows[i].text, rows[i].words);
}
#define CHECK(rows) check_rows(rows, sizeof(rows) / sizeof(rows)[0])

/* test_place: file, line, option; of a limit its own line. */
static void test_place(void **state)
{
	static const struct row rows[] = {
		{"\nspf {\n url = www.example.org }",
			"t.conf:3: warning: spf.url: is not a URL without a scheme"},
		{"\n\nlimit s { key = sender max = 1 per = 1h }",
			"t.conf:3: warning: limit s: counts only"},
		{"", NULL},
	};
	(void)state;
	CHECK(rows);
}

/* test_everybodys_names: a top-level domain holds strangers; an address or localhost is no name. */
static void test_everybodys_names(void **state)
{
	static const struct row rows[] = {
		{"arc { trusted_sealers = {\".com\"} }",
			"arc.trusted_sealers: .com matches every domain"},
		{"dmarc { exempt_domains = {\"a.org\", \".org\"} }",
			"dmarc.exempt_domains: .org matches every domain"},
		{"dmarc { mailing_lists = {\".net\"} }",
			"dmarc.mailing_lists: .net matches every domain"},
		{"spf { exempt_senders = {\"*.com\"} }",
			"spf.exempt_senders: .com matches every domain"},
		{"spf { exempt_senders = {\".example.com\", \".internal\"} }", NULL},
		{"hostname = \"localhost\"", "hostname: does not name this host to others"},
		{"hostname = \"192.0.2.1\"", "hostname: "},
		{"hostname = \"mx.example.org\"", NULL},
	};
	(void)state;
	CHECK(rows);
}

/* test_dump: what is only the default, written down, is no warning. */
static void test_dump(void **state)
{
	struct gp_config *config = parse("spf { helo = off }\ndns { servers = {\"::1\"} }\n");
	struct gp_arena *arena = gp_arena_new(1 << 20);
	struct gp_strbuf dump;
	(void)state;
	gp_strbuf_init(&dump, arena, 1 << 18);
	assert_int_equal(gp_config_dump(config, &dump), GP_OK);
	expect_warning(dump.data, NULL);
	gp_config_free(config);
	gp_arena_free(arena);
}

/* test_repeated_items: of lists, in the form in which they are compared. */
static void test_repeated_items(void **state)
{
	static const struct row rows[] = {
		{"spf { must_pass = {\"a.test\", \"A.test.\"} }",
			"spf.must_pass: a.test is listed"},
		{"spf { exempt_senders = {\"*.a.test\", \".a.test\"} }", ".a.test is listed twice"},
		{"spf { exempt_recipients += {\"Postmaster@\"} }", "Postmaster@ is listed twice"},
		{"trusted_networks = {\"192.0.2.0/24\", \"::ffff:192.0.2.0/120\"}",
			"trusted_networks: 192.0.2.0/24 is listed twice"},
		{"dns { servers = {\"127.0.0.1\", \"127.0.0.1\"} }", "127.0.0.1 is listed twice"},
		{"spf { must_pass = {\"a.test\", \".a.test\"} }", NULL},
	};
	(void)state;
	CHECK(rows);
}

/* test_everybody: a network that leaves nobody to be checked. */
static void test_everybody(void **state)
{
	static const struct row rows[] = {
		{"trusted_networks = {\"0.0.0.0/0\"}", "every IPv4"},
		{"spf { exempt_clients = {\"::/0\"} }", "every IPv6"},
		{"dmarc { exempt_clients = {\"0.0.0.0/1\"} }", NULL},
		/* by parts, in any order, with more besides */
		{"trusted_networks = {\"0.0.0.0/1\", \"128.0.0.0/1\"}",
			"trusted_networks: the networks together are every IPv4"},
		{"own_networks = {\"128.0.0.0/1\", \"192.0.2.0/24\", \"64.0.0.0/2\", "
		 "\"2001:db8::1\", \"0.0.0.0/2\"}",
			"own_networks: the networks together are every IPv4"},
		{"spf { exempt_clients = {\"1.0.0.0/8\", \"2.0.0.0/7\", \"4.0.0.0/6\", "
		 "\"8.0.0.0/5\", \"16.0.0.0/4\", \"32.0.0.0/3\", \"64.0.0.0/2\", "
		 "\"128.0.0.0/2\", \"192.0.0.0/3\"} }",
			"together are every IPv4"},
		{"dmarc { exempt_clients = {\"::/1\", \"8000::/1\"} }", "every IPv6"},
		{"trusted_networks = {\"2000::/4\", \"3000::/4\"}", "together are every IPv6"},
		{"trusted_networks = {\"2000::/3\"}", "2000::/3 is every IPv6"},
		{"trusted_networks = {\"0.0.0.0/1\", \"128.0.0.0/2\", \"192.0.0.0/4\"}", NULL},
		{"trusted_networks = {\"1.0.0.0/8\", \"3.0.0.0/8\", \"128.0.0.0/1\"}", NULL},
		{"trusted_networks = {\"2000::/4\"}", NULL},
	};
	(void)state;
	CHECK(rows);
}

/* test_nobody: items of lists that nobody is. */
static void test_nobody(void **state)
{
	static const struct row rows[] = {
		{"trusted_networks = {\"::\"}",
			"trusted_networks: :: is not the address of a client and matches none; "
			"::/0 would match"},
		{"spf { exempt_clients = {\"0.0.0.0\"} }", "0.0.0.0/0 would match every"},
		{"own_networks = {\"::ffff:0.0.0.0\"}", "0.0.0.0/0 would match every"},
		{"trusted_networks = {\"::1\", \"0.0.0.0/8\"}", NULL},
		{"trusted_networks = {\"224.0.0.0/4\"}",
			"trusted_networks: 224.0.0.0/4 matches no client"},
		{"spf { exempt_clients = {\"255.255.255.255\"} }", "matches no client"},
		{"dmarc { exempt_clients = {\"ff02::1\"} }", "ff02::1/128 matches no client"},
		{"own_networks = {\"192.0.2.255\"}", NULL},
		{"limit h { key = client max = 1 per = 1h }\n"
		 "override { client = \"239.0.0.1\" h = 2 }",
			"t.conf:2: warning: override.client: 239.0.0.1/32 matches no client"},
		{"spf { forwarders = {\"localhost\"} }",
			"spf.forwarders: localhost has no SPF record"},
		{"dmarc { forwarders = {\"LocalHost.\"} }",
			"dmarc.forwarders: localhost has no SPF record"},
		{"spf { exempt_helo = {\"localhost\"} }", NULL},
	};
	(void)state;
	CHECK(rows);
}

/* test_nat64: networks around a prefix of NAT64, whose clients are not in them. */
static void test_nat64(void **state)
{
#define OWN "nat64_prefixes = {\"2001:db8:64::/96\"}\n"
#define BY_CLIENT "limit h { key = client max = 1 per = 1h }\n"
	static const struct row rows[] = {
		{"trusted_networks = {\"64:ff9b::/64\"}",
			"trusted_networks: the prefix 64:ff9b::/96 of NAT64 lies in 64:ff9b::/64, "
			"but"},
		{OWN "spf { exempt_clients = {\"2001:db8::/32\"} }",
			"spf.exempt_clients: the prefix 2001:db8:64::/96 of NAT64 lies in "
			"2001:db8::/32"},
		{OWN "own_networks = {\"2001:db8:64::/64\"}",
			"list the IPv4 networks that are meant as well"},
		{OWN BY_CLIENT "override { client = \"2001:db8::/32\" h = 2 }",
			"t.conf:3: warning: override.client: the prefix 2001:db8:64::/96 of NAT64"},
		{BY_CLIENT "override { client = \"2001:db8::/32\" h = 2 }", NULL},
		{OWN "trusted_networks = {\"2001:db8:65::/48\"}", NULL},
		{"nat64_prefixes = {\"64:ff9b::/96\"}",
			"nat64_prefixes: 64:ff9b::/96 need not be listed"},
		{"nat64_prefixes = {\"2001:db8:64::/96\", \"2001:db8:64::/96\"}",
			"2001:db8:64::/96 is listed twice"},
	};
	(void)state;
	CHECK(rows);
}

/* test_contradictions: between options, and within a set. */
static void test_contradictions(void **state)
{
	static const struct row rows[] = {
		{"spf { must_pass = {\"a.test\"} exempt_senders = {\"a.test\"} }",
			"spf.must_pass: a.test is in spf.exempt_senders as well"},
		{"spf { must_pass = {\"m.a.test\"} exempt_senders = {\"*.a.test\"} }",
			"spf.must_pass: m.a.test is in spf.exempt_senders as well, as a part of "
			".a.test, which comes first"},
		{"spf { must_pass = {\".m.a.test\"} exempt_senders = {\".a.test\"} }",
			".m.a.test is in spf.exempt_senders as well"},
		{"spf { must_pass = {\".a.test\"} exempt_senders = {\".a.test\"} }",
			".a.test is in spf.exempt_senders as well, which"},
		{"spf { must_pass = {\"a.test\"} exempt_senders = {\".a.test\"} }", NULL},
		{"spf { must_pass = {\"ba.test\"} exempt_senders = {\".a.test\", \"u@ba.test\"} }",
			NULL},
		{"spf { reject = {softfail} }", "write {fail, softfail}"},
		{"spf { helo_reject = {none} }", "spf.helo_reject: none is refused"},
		{"spf { reject = {fail, softfail} }", NULL},
		{"spf { reject = {no-mail} }", NULL},
		{"spf { reject = {} }", NULL},
		{"spf { helo = off helo_reject = {fail, softfail} }",
			"spf.helo_reject: has no effect"},
		{"spf { helo = off }", NULL},
		{"spf { mode = off reject_code = \"550 5.7.1\" }", NULL},
		{"dns { servers = {\"::1\"} resolv_conf = /etc/passwd }",
			"dns.resolv_conf: has no effect"},
		{"dns { servers = {\"::1\"} }\ndkim { require_dnssec = yes }",
			"dns.trust_ad is not set"},
		{"dns { servers = {\"::1\"} trust_ad = yes }\ndkim { require_dnssec = yes }", NULL},
		{"log { facility = local1 }", NULL}, /* the journal has it, too */
		{"log { facility = local1 target = syslog }", NULL},
		{"log { facility = local1 target = file }", "log.facility: has no effect"},
		{"log { file = \"/tmp/x\" }", "log.file: has no effect unless log.target is file"},
		{"log { file = \"/tmp/x\" target = file }", NULL},
		{"dkim { require_dnssec = yes }\ndns { trust_ad = no }", "dns.trust_ad is no"},
		{"dkim { require_dnssec = yes }\ndns { servers = {\"::1\"} trust_ad = no }",
			"dns.trust_ad is no"},
		{"dkim { require_dnssec = yes }", NULL},
		{"spf { mode = off must_pass = {\"a.test\"} }", "spf.must_pass: has no effect"},
		{"spf { mode = label must_pass = {\"a.test\"} }", NULL},
		{"policyd { supervise = no watchdog = 1h }", "policyd.watchdog: has no effect"},
		{"policyd { supervise = no }", NULL},
		{"limits { names = exact case_sensitive = no }",
			"limits.case_sensitive: has no effect"},
		{"limits { names = exact case_sensitive = yes }", NULL},
		{"limits { names = exact }", NULL},
		{"limit h { key = user max = 1 per = 1h mode = off }\n"
		 "override { user = a h = 2 }",
			"t.conf:2: warning: override.h: has no effect: the limit's mode is off"},
		{"limit h { key = user max = 1 per = 1h mode = label }\n"
		 "override { user = a h = 2 }",
			NULL},
		{"store { uri = {\"lmdb:/etc/passwd\"} }",
			"store.uri: /etc/passwd is not a directory"},
		{"store { uri = {\"lmdb:/dev/null\"} }", "store.uri: /dev/null is not a directory"},
		{"store { uri = {\"lmdb:/nowhere/to\"} }", NULL},
		{"policyd { pass_action = \"REJECT no\" }", "policyd.pass_action"},
		{"policyd { pass_action = \"450 4.7.1 no\" }", "policyd.pass_action"},
		{"policyd { pass_action = \"reject_later_class\" }", NULL},
		{"policyd { pass_action = OK }", NULL},
	};
	(void)state;
	CHECK(rows);
}

/* test_store_options: those that this kind of store does not read. */
static void test_store_options(void **state)
{
	static const struct row rows[] = {
		{"store { password_file = /etc/passwd }", "an lmdb store has no password"},
		{"store { user = x }", "an lmdb store has no users"},
		{"store { local_path = /x }", "unless store.on_failure is local"},
		{"store { uri = {\"redis://h\"} tls_ca_file = /etc/passwd }", "uses TLS"},
		{"store { uri = {\"redis://h\"} sentinel_password_file = /etc/passwd }",
			"no sentinel is in store.uri"},
		{"store { uri = {\"rediss://h\"} tls_key_file = /etc/passwd }",
			"without store.tls_cert_file"},
		{"store { uri = {\"rediss://h\"} tls_ca_file = /etc/passwd }", NULL},
		{"store { uri = {\"sentinel://h/m\"} sentinel_password_file = /etc/passwd }", NULL},
		{"store { uri = {\"redis://h\"} on_failure = local local_path = /x }", NULL},
	};
	(void)state;
	CHECK(rows);
}

/* test_empty_files: a file that is there and says nothing. */
static void test_empty_files(void **state)
{
	static const struct {
		const char *option, *content, *words; /* NULL: no warning */
	} rows[] = {
		{"store { uri = {\"redis://h\"} password_file = ", "",
			"store.password_file: /tmp/gatepost-test."},
		{"store { uri = {\"redis://h\"} password_file = ", "", " is empty"},
		{"store { uri = {\"redis://h\"} password_file = ", "\nsecret\n",
			" has no password in its first line"},
		{"store { uri = {\"sentinel://h/m\"} sentinel_password_file = ", "\r\n",
			" has no password in its first line"},
		{"store { uri = {\"redis://h\"} password_file = ", "x", NULL},
		{"store { uri = {\"rediss://h\"} tls_ca_file = ", "", "store.tls_ca_file: /tmp/"},
		{"store { uri = {\"rediss://h\"} tls_ca_file = ", "\nx", NULL},
		{"dns { resolv_conf = ", "", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char path[] = "/tmp/gatepost-test.XXXXXX", text[200];
		size_t len = strlen(rows[i].content);
		int fd = mkstemp(path);
		assert_true(fd >= 0 && write(fd, rows[i].content, len) == (ssize_t)len);
		close(fd);
		snprintf(text, sizeof text, "%s%s }", rows[i].option, path);
		expect_warning(text, rows[i].words);
		unlink(path);
	}
}

/* test_missing_files: each option that names one. */
static void test_missing_files(void **state)
{
	static const struct row rows[] = {
		{"store { uri = {\"redis://h\"} password_file = /nowhere/p }",
			"store.password_file: there is no file /nowhere/p"},
		{"store { uri = {\"sentinel://h/m\"} sentinel_password_file = /nowhere/p }",
			"store.sentinel_password_file: there is no file"},
		{"store { uri = {\"rediss://h\"} tls_ca_file = /nowhere/p }",
			"store.tls_ca_file: there is no file"},
		{"store { uri = {\"rediss://h\"} tls_cert_file = /nowhere/p }",
			"store.tls_cert_file: there is no file"},
		{"dns { resolv_conf = /nowhere/r }", "dns.resolv_conf: there is no file"},
		{"store { uri = {\"redis://h\"} password_file = /etc }",
			"store.password_file: /etc is a directory; name the file in it"},
		{"dmarc { sample_key_file = /nowhere/k }",
			"dmarc.sample_key_file: there is no directory /nowhere/"},
		{"dmarc { sample_key_file = /tmp }", "dmarc.sample_key_file: /tmp is a directory"},
		{"dmarc { sample_key_file = /tmp/gatepost-not-made-yet }", NULL},
		{"include = {\"/nowhere/*.conf\"}", "include: there is no directory /nowhere/"},
		{"include = {\"/tmp/gatepost-test-none*.conf\"}", NULL},
		{"store { uri = {\"redis://h\"} password_file = /etc/passwd }", NULL},
		/* seen from inside: the directory stands for /etc */
		{"store { uri = {\"redis://h\"} password_file = /passwd }\n"
		 "policyd { chroot = /etc }",
			NULL},
		{"store { uri = {\"redis://h\"} password_file = /nowhere/p }\n"
		 "policyd { chroot = /etc }",
			"there is no file /nowhere/p"},
	};
	(void)state;
	CHECK(rows);
}

/* test_limits_of_nobody: that count only clients of which there are none. */
static void test_limits_of_nobody(void **state)
{
	static const struct row rows[] = {
		{"limit s { key = sender max = 1 per = 1h }", "trusted_networks, which is empty"},
		{"limit s { key = sender_domain max = 1 per = 1h }", "trusted_networks"},
		{"limit s { key = client max = 1 per = 1h from = {trusted} }", "trusted_networks"},
		{"limit s { key = client max = 1 per = 1h from = {trusted, others} }", NULL},
		{"limit s { key = user max = 1 per = 1h }", NULL},
		{"limit s { key = client max = 1 per = 1h ipv4_prefix = 20 }",
			"limit s.ipv4_prefix: has no effect with this key"},
		{"limit s { key = user max = 1 per = 1h ipv6_prefix = 48 }",
			"limit s.ipv6_prefix: has no effect with this key"},
		{"limit s { key = client max = 1 per = 1h ipv6_prefix = 48 }", NULL},
		{"limit s { key = network max = 1 per = 1h ipv4_prefix = 20 }", NULL},
		{"limit s { key = sender max = 1 per = 1h mode = off }", NULL},
		{"trusted_networks = {\"192.0.2.0/24\"}\nlimit s { key = sender max = 1 per = 1h }",
			NULL},
	};
	(void)state;
	CHECK(rows);
}

/* test_sockets_for_everybody: who reaches the daemon, and who may give it orders. */
static void test_sockets_for_everybody(void **state)
{
	static const struct row rows[] = {
		{"policyd { listen = {\"inet:0.0.0.0:10040\"} }", "every address of this host"},
		{"policyd { listen = {\"inet:[::]:10040\"} }", "every address of this host"},
		{"policyd { listen = {\"inet:192.0.2.1:10040\"} }", "is a public address"},
		{"policyd { listen = {\"inet:10.0.0.1:10040\"} }", NULL},
		{"policyd { listen = {\"unix:/run/x\"} }", NULL},
		{"policyd { control_mode = 0666 }", "control the daemon"},
		{"policyd { control_mode = 0660 }", NULL},
		{"policyd { socket_mode = 0 }", "lets only root connect"},
		{"policyd { socket_mode = 0444 }", "lets only root connect"},
		{"policyd { socket_mode = 0660 }", NULL},
		{"policyd { control_mode = 0666 control_socket = \"\" }", NULL},
	};
	(void)state;
	CHECK(rows);
}

/* test_texts: what others are shown. */
static void test_texts(void **state)
{
	static const struct row rows[] = {
		{"spf { url = \"example.org/spf\" }", "spf.url"},
		{"spf { url = \"/spf\" }", "spf.url"},
		{"spf { url = \"https://example.org/a b\" }", "a space in it"},
		{"spf { url = \"HTTPS://example.org/?s={value}\" }", NULL},
		{"hostname = \"mx example; x\"", "hostname: is not a valid"},
		{"hostname = \"mx.example.org\"", NULL},
	};
	(void)state;
	CHECK(rows);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_place),
		cmocka_unit_test(test_dump),
		cmocka_unit_test(test_repeated_items),
		cmocka_unit_test(test_everybody),
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_nat64),
		cmocka_unit_test(test_contradictions),
		cmocka_unit_test(test_store_options),
		cmocka_unit_test(test_empty_files),
		cmocka_unit_test(test_missing_files),
		cmocka_unit_test(test_limits_of_nobody),
		cmocka_unit_test(test_sockets_for_everybody),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_everybodys_names),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
