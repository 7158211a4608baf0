/* SPDX-License-Identifier: ISC */
/*
 * Items of lists: what each option takes, in which form it is kept, and what an error says about an
 * item that could never match: what to write instead, and in which option.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_private.h"

#define TEXT_MAX 512

/* option_text: an option with one item, in its section. */
static const char *option_text(
	const char *section, const char *name, const char *item, char text_out[TEXT_MAX])
{
	struct gp_arena *arena = gp_arena_new(65536);
	struct gp_strbuf quoted;
	gp_strbuf_init(&quoted, arena, 4096);
	gp_config_quote(&quoted, item);
	snprintf(text_out, TEXT_MAX, "%s%s%s = {%.*s}%s\n", section ? section : "",
		section ? " { " : "", name, (int)quoted.len, quoted.data, section ? " }" : "");
	gp_arena_free(arena);
	return text_out;
}

/* expect_kept: the item is taken, and kept in this form. */
static void expect_kept(const char *section, const char *name, const char *item, const char *kept)
{
	char text[TEXT_MAX], expected[TEXT_MAX];
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	option_text(section, name, item, text);
	if (gp_config_parse(gp_span_from(text), "t.conf", &config, &errors))
		fail_msg("%s: %s", text, errors.text);
	gp_config_errors_fini(&errors);
	struct gp_arena *arena = gp_arena_new(1 << 20);
	struct gp_strbuf dump;
	gp_strbuf_init(&dump, arena, 1 << 18);
	assert_int_equal(gp_config_dump(config, &dump), GP_OK);
	snprintf(expected, sizeof expected, "%s = {\"%s\"}\n", name, kept);
	if (!strstr(dump.data, expected))
		fail_msg("%s: not kept as %s", text, kept);
	gp_arena_free(arena);
	gp_config_free(config);
}

/* expect_refused: one error, which names the option and says these words. */
static void expect_refused(const char *text, const char *option, const char *words)
{
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	int rc = gp_config_parse(gp_span_from(text), "t.conf", &config, &errors);
	const char *colon = errors.text ? strstr(errors.text, option) : NULL;
	if (rc != GP_ESYNTAX || errors.count != 1 || !colon || !strstr(errors.text, words))
		fail_msg("%s: %d, wanted \"%s\": %s", text, rc, words,
			errors.text ? errors.text : "");
	gp_config_errors_fini(&errors);
}

struct kept {
	const char *section, *name, *item, *kept;
};

struct refused {
	const char *section, *name, *item, *words;
};

/* check_kept: row by row. */
static void check_kept(const struct kept *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		expect_kept(rows[i].section, rows[i].name, rows[i].item, rows[i].kept);
}

/* check_refused: row by row. */
static void check_refused(const struct refused *rows, size_t count)
{
	char text[TEXT_MAX];
	for (size_t i = 0; i < count; i++)
		expect_refused(option_text(rows[i].section, rows[i].name, rows[i].item, text),
			rows[i].name, rows[i].words);
}
#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

/* test_names_are_kept_as_compared: patterns, case, final dots, U-labels. */
static void test_names_are_kept_as_compared(void **state)
{
	static const char *const lists[][2] = {{"spf", "must_pass"}, {"spf", "exempt_client_names"},
		{"spf", "exempt_helo"}, {"spf", "exempt_senders"}, {"spf", "exempt_recipients"},
		{"arc", "trusted_sealers"}, {"arc", "more_sealers"}, {"dmarc", "exempt_domains"},
		{"dmarc", "mailing_lists"}};
	static const char *const items[][2] = {{"Example.ORG", "example.org"},
		{"example.org.", "example.org"}, {".example.org", ".example.org"},
		{"*.example.org", ".example.org"}, {"*.Example.org.", ".example.org"},
		{".org", ".org"},
		{"b\xc3\xbc"
		 "cher.example",
			"xn--bcher-kva.example"},
		{"*.b\xc3\xbc"
		 "cher.example",
			".xn--bcher-kva.example"},
		{"localhost", "localhost"}, {"_x.a-b.example", "_x.a-b.example"}};
	(void)state;
	for (size_t i = 0; i < COUNT(lists); i++)
		for (size_t k = 0; k < COUNT(items); k++)
			expect_kept(lists[i][0], lists[i][1], items[k][0], items[k][1]);
}

/* test_mailboxes_beyond_ascii: as SMTPUTF8 has them (RFC 6531); no controls, no broken bytes. */
static void test_mailboxes_beyond_ascii(void **state)
{
	static const struct refused rows[] = {
		{"spf", "exempt_senders", "j\303@a.test", "cannot be the local part"},
		{"spf", "exempt_senders", "j\302\205@a.test", "cannot be the local part"},
	};
	(void)state;
	expect_kept("spf", "exempt_senders", "j\303\266rg@B\303\274cher.test",
		"j\303\266rg@xn--bcher-kva.test");
	expect_kept("spf", "exempt_recipients", "\346\224\266@", "\346\224\266@");
	check_refused(rows, COUNT(rows));
}

/* test_kinds_of_items: what only some of the lists take. */
static void test_kinds_of_items(void **state)
{
	static const struct kept rows[] = {
		{"spf", "exempt_helo", "mail", "mail"},
		{"spf", "exempt_client_names", "relay", "relay"},
		{"spf", "exempt_senders", "X@Example.org.", "X@example.org"},
		{"spf", "exempt_senders", "bounce@", "bounce@"},
		{"spf", "exempt_recipients", "u@[192.0.2.1]", "u@[192.0.2.1]"},
		{"spf", "forwarders", "Forward.Example.", "forward.example"},
		{"dmarc", "forwarders", "forward.example", "forward.example"},
		{NULL, "trusted_networks", "::ffff:192.0.2.0/120", "192.0.2.0/24"},
		{NULL, "trusted_networks", "::ffff:192.0.2.7", "192.0.2.7/32"},
		{"spf", "exempt_clients", "2001:DB8::/32", "2001:db8::/32"},
	};
	(void)state;
	check_kept(rows, COUNT(rows));
}

/* test_networks_among_names: the error names the option that takes them. */
static void test_networks_among_names(void **state)
{
	static const char *const items[] = {"192.0.2.0/24", "192.0.2.1", "2001:db8::/32",
		"2001:db8::1", "::1", "[192.0.2.1]", "[IPv6:2001:db8::1]", "192.0.2", "192.0.2.",
		"192.0.2.*", "192.0.2.1-192.0.2.9", "192.0.2.1-9", "10/8", "ip4:192.0.2.0/24"};
	static const char *const lists[][3] = {
		{"spf", "exempt_client_names", "belong in spf.exempt_clients"},
		{"spf", "exempt_helo", "belong in spf.exempt_clients"},
		{"spf", "exempt_senders", "belong in spf.exempt_clients"},
		{"spf", "exempt_recipients", "belong in spf.exempt_clients"},
		{"spf", "forwarders", "belong in spf.exempt_clients"},
		{"spf", "must_pass", "addresses of clients are not compared here"},
		{"arc", "trusted_sealers", "belong in dmarc.exempt_clients"},
		{"arc", "more_sealers", "belong in dmarc.exempt_clients"},
		{"dmarc", "exempt_domains", "belong in dmarc.exempt_clients"},
		{"dmarc", "forwarders", "belong in dmarc.exempt_clients"},
		{"dmarc", "mailing_lists", "belong in dmarc.exempt_clients"}};
	char text[TEXT_MAX];
	(void)state;
	for (size_t i = 0; i < COUNT(lists); i++)
		for (size_t k = 0; k < COUNT(items); k++)
			expect_refused(option_text(lists[i][0], lists[i][1], items[k], text),
				lists[i][1], lists[i][2]);
}

/* test_names_among_networks: likewise. */
static void test_names_among_networks(void **state)
{
	static const struct refused rows[] = {
		{"spf", "exempt_clients", "mail.example.org", "spf.exempt_client_names"},
		{"spf", "exempt_clients", ".example.org", "spf.forwarders"},
		{"spf", "exempt_clients", "*.example.org", "spf.exempt_client_names"},
		{"spf", "exempt_clients", "u@example.org", "spf.exempt_senders"},
		{"dmarc", "exempt_clients", "mail.example.org", "dmarc.forwarders"},
		{NULL, "trusted_networks", "localhost", "write the addresses of this name"},
		{NULL, "own_networks", "mx.example.org", "write the addresses of this name"},
		{NULL, "trusted_networks", "a@example.org", "only addresses of clients"},
	};
	(void)state;
	check_refused(rows, COUNT(rows));
}

/* test_networks_are_whole: what other programs take, and what would be right. */
static void test_networks_are_whole(void **state)
{
	static const struct refused rows[] = {
		{NULL, "trusted_networks", "203.0.113.7/24",
			"the network is 203.0.113.0/24, the single address 203.0.113.7"},
		{NULL, "trusted_networks", "2001:db8::1/64",
			"the network is 2001:db8::/64, the single address 2001:db8::1"},
		{NULL, "own_networks", "192.0.2.0/255.255.255.0", "a number of bits: 192.0.2.0/24"},
		{NULL, "own_networks", "192.0.2.0/33", "has 0 to 32 bits"},
		{NULL, "own_networks", "192.0.2.0/0.0.0.255", "has 0 to 32 bits"},
		{NULL, "own_networks", "2001:db8::/129", "has 0 to 128 bits"},
		{NULL, "own_networks", "192.0.2.1/", "has 0 to 32 bits"},
		{NULL, "trusted_networks", "[2001:db8::]/32",
			"write it without brackets: 2001:db8::/32"},
		{NULL, "trusted_networks", "[::1]", "write it without brackets: ::1"},
		{NULL, "trusted_networks", "fe80::1%eth0", "without its interface"},
		{NULL, "trusted_networks", "192.0.2", "a complete address"},
		{NULL, "trusted_networks", "10/8", "a complete address"},
		{NULL, "trusted_networks", "192.0.2.1-9", "a complete address"},
		{NULL, "trusted_networks", "192.0.2.*", "a complete address"},
		{NULL, "trusted_networks", "*", "0.0.0.0/0 and ::/0"},
		{NULL, "trusted_networks", "ip4:192.0.2.1", "without ip4:"},
		{NULL, "trusted_networks", "!192.0.2.1", "exceptions are not possible"},
		{NULL, "trusted_networks", "::ffff:0:0/90", "contain IPv4 and IPv6 addresses"},
		{"spf", "exempt_clients", "192.0.2.1, 192.0.2.2", "{\"a\", \"b\"}"},
		{"spf", "exempt_clients", "cidr:/etc/postfix/wl", "tables, files"},
		{"spf", "exempt_clients", "/etc/postfix/wl", "tables, files"},
		{"spf", "exempt_clients", " 192.0.2.1",
			"it has spaces around it; write \"192.0.2.1\""},
		{"spf", "exempt_clients", "", "is empty"},
	};
	(void)state;
	check_refused(rows, COUNT(rows));
}

/* test_names_that_never_match: in lists of domains and hosts. */
static void test_names_that_never_match(void **state)
{
	static const struct refused rows[] = {
		{"spf", "must_pass", "u@example.org", "write example.org"},
		{"spf", "must_pass", "@example.org", "write example.org"},
		{"spf", "must_pass", "example", "a word without a dot"},
		{"spf", "must_pass", "*", "no item stands for everything"},
		{"spf", "must_pass", "*example.org", "as in *.example.org"},
		{"spf", "must_pass", "mail.*.org", "as in *.example.org"},
		{"spf", "must_pass", "https://example.org/x",
			"a URL is not allowed here; write example.org"},
		{"spf", "must_pass", "a.example,b.example", "{\"a\", \"b\"}"},
		{"spf", "must_pass", "a.example b.example", "{\"a\", \"b\"}"},
		{"spf", "must_pass", "/\\.example$/", "tables, files"},
		{"spf", "must_pass", "a..example", "cannot be the name"},
		{"spf", "must_pass", ".", "cannot be the name"},
		{"spf", "must_pass", "*.", "as in *.example.org"},
		{"spf", "must_pass", "", "is empty"},
		{"spf", "exempt_helo", "*", "no item stands for everything"},
		{"spf", "exempt_helo", "u@example.org", "belong in spf.exempt_senders"},
		{"spf", "exempt_client_names", "unknown", "without a verified name"},
		{"spf", "exempt_client_names", "u@example.org", "belong in spf.exempt_senders"},
		{"spf", "forwarders", ".example.org", "write example.org"},
		{"spf", "forwarders", "*.example.org", "write example.org"},
		{"spf", "forwarders", "u@example.org", "write example.org"},
		{"spf", "forwarders", "relay", "a word without a dot"},
		{"dmarc", "forwarders", "*.example.org", "write example.org"},
		{"dmarc", "exempt_domains", "u@example.org", "write example.org"},
		{"dmarc", "mailing_lists", "list@lists.example.org", "write lists.example.org"},
		{"arc", "trusted_sealers", "u@example.org", "write example.org"},
		{"arc", "more_sealers", "*", "no item stands for everything"},
	};
	(void)state;
	check_refused(rows, COUNT(rows));
}

/* test_mailboxes_that_never_match: in lists of senders and recipients. */
static void test_mailboxes_that_never_match(void **state)
{
	static const char *const lists[] = {"exempt_senders", "exempt_recipients"};
	static const char *const rows[][2] = {
		{"postmaster", "write postmaster@ for this mailbox in every domain"},
		{"@example.org", "write example.org for the whole domain"},
		{"*@example.org", "write example.org for the whole domain"},
		{"*@*.example.org", "write *.example.org for the whole domain"},
		{"user@*", "or user@ for all domains"},
		{"user@*.example.org", "or user@ for all domains"},
		{"user@.example.org", "or user@ for all domains"},
		{"user+*@example.org", "patterns are not possible before the @"},
		{"*", "no item stands for everything"}, {"*@*", "no item stands for everything"},
		{"@", "no item stands for everything"}, {"<>", "null sender"},
		{"a b@example.org", "{\"a\", \"b\"}"},
		{"a@b@example.org", "cannot be the local part"},
		{"\"\"@example.org", "cannot be the local part"},
		{"a@exa$mple.org", "not a domain name"}, {"pcre:/etc/x", "tables, files"}};
	char text[TEXT_MAX];
	(void)state;
	for (size_t i = 0; i < COUNT(lists); i++)
		for (size_t k = 0; k < COUNT(rows); k++)
			expect_refused(option_text("spf", lists[i], rows[k][0], text), lists[i],
				rows[k][1]);
}

/* test_overrides_are_about_one: a user, a domain, an address; patterns of them never match. */
static void test_overrides_are_about_one(void **state)
{
	static const char *const rows[][3] = {
		{"user", "*", "max of the limit itself"},
		{"user", "@example.org", "write domain = example.org"},
		{"user", "*@example.org", "write domain = example.org"},
		{"user", "<bob@example.org>", "without < and >: bob@example.org"},
		{"user", "<bob>", "without < and >: bob"},
		{"domain", "*.example.org", "write example.org"},
		{"domain", ".example.org", "write example.org"},
		{"domain", "alice@example.org", "belong in override.user"},
		{"domain", "192.0.2.0/24", "belong in override.client"},
		{"sender", "example.org", "belong in override.sender_domain"},
		{"sender", "*@example.org", "belong in override.sender_domain"},
		{"sender", "a*@example.org", "patterns are not possible before the @"},
		{"sender_domain", "*.example.org", "write example.org"},
		{"sender_domain", "a@example.org", "belong in override.sender"},
		{"client", "mail.example.org", "belong in override.sender_domain"},
		{"client", "192.0.2.1/24", "the network is 192.0.2.0/24"},
	};
	char text[TEXT_MAX], option[64];
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *key = rows[i][0][0] == 'u' || rows[i][0][0] == 'd' ? "user"
				  : strncmp(rows[i][0], "sender", 6) == 0      ? "sender"
									       : "client";
		snprintf(text, sizeof text,
			"trusted_networks = {\"192.0.2.0/24\"}\n"
			"limit h { key = %s max = 1 per = 1h }\noverride { %s = \"%s\" h = 2 }\n",
			key, rows[i][0], rows[i][1]);
		snprintf(option, sizeof option, "override.%s: ", rows[i][0]);
		expect_refused(text, option, rows[i][2]);
	}
}

/* test_sockets_and_servers: as other programs write them. */
static void test_sockets_and_servers(void **state)
{
	static const struct refused rows[] = {
		{"policyd", "listen", "/run/x", "write unix:/run/x"},
		{"policyd", "listen", "unix:run/x", "must begin with a slash"},
		{"policyd", "listen", "inet:localhost:10040", "write inet:127.0.0.1:10040"},
		{"policyd", "listen", "localhost:10040", "write inet:127.0.0.1:10040"},
		{"policyd", "listen", "127.0.0.1:10040", "write inet:127.0.0.1:10040"},
		{"metrics", "listen", "127.0.0.1:9740", "write inet:127.0.0.1:9740"},
		{"policyd", "listen", "10045",
			"the address is missing; write inet:127.0.0.1:10045"},
		{"policyd", "listen", ":10045", "write inet:127.0.0.1:10045"},
		{"policyd", "listen", "inet:10045", "write inet:127.0.0.1:10045"},
		{"policyd", "listen", "inet:127.0.0.1",
			"the port is missing; write inet:127.0.0.1:10040"},
		{"policyd", "listen", "inet:[::1]", "the port is missing; write inet:[::1]:10040"},
		{"policyd", "listen", "inet:::1", "write inet:[::1]:10040"},
		{"policyd", "listen", "inet:::ffff:127.0.0.1",
			"write inet:[::ffff:127.0.0.1]:10040"},
		{"policyd", "listen", "inet:mx.example.org:10040", "host names are not resolved"},
		{"metrics", "listen", "inet:mx:9740", "host names are not resolved"},
		{"policyd", "listen", "inet:*:10040", "inet:0.0.0.0:PORT"},
		{"policyd", "listen", "inet:127.0.0.1:99999", "a port from 1 to 65535"},
		{"policyd", "listen", "inet:127.0.0:10040", "that is not an address"},
		{"policyd", "listen", "unix:/run/x ",
			"it has spaces around it; write \"unix:/run/x\""},
		{"policyd", "listen", " inet:127.0.0.1:10040", "write \"inet:127.0.0.1:10040\""},
		{"dns", "servers", "resolver.example.org",
			"write the address of resolver.example.org"},
		{"dns", "servers", "localhost:53", "names are not resolved"},
		{"dns", "servers", " ::1", "spaces around it"},
		{"spf", "exempt_senders", " ", "it is empty; leave it out"},
		{"spf", "exempt_clients", " ", "it is empty; leave it out"},
		{"dns", "servers", "127.0.0.1#5353", "write 127.0.0.1:5353"},
		{"dns", "servers", "::1@5353", "write [::1]:5353"},
		{"dns", "servers", "https://dns.example/", "over UDP and TCP"},
		{NULL, "include", "overrides.conf", "must begin with a slash"},
		{NULL, "include", "/etc/gatepost/", "add *.conf"},
		{"spf", "reject", "permerror", "spf.on_permerror"},
		{"spf", "reject", "temperror", "spf.on_temperror"},
	};
	(void)state;
	check_refused(rows, COUNT(rows));
}

/* test_texts_and_paths: what is unseen in a message, and names as DNS has them. */
static void test_texts_and_paths(void **state)
{
	(void)state;
	expect_refused("policyd { control_socket = \"/run/x \" }",
		"policyd.control_socket: ", "it has spaces around it; write \"/run/x\"");
	expect_refused("policyd { chroot = \"/srv\t\" }", "policyd.chroot: ", "allowed: ");
	expect_refused("store { password_file = \"/etc/p \" }",
		"store.password_file: ", "write \"/etc/p\"");
	expect_refused("hostname = \"mx.b\303\274cher.test\"",
		"hostname: ", "write mx.xn--bcher-kva.test");
}

/* test_mapped_sockets: an address of IPv4 written as one of IPv6 is that of IPv4. */
static void test_mapped_sockets(void **state)
{
	(void)state;
	expect_kept("policyd", "listen", "inet:[::ffff:127.0.0.1]:10040",
		"inet:[::ffff:127.0.0.1]:10040");
	/* which only the loopback may be */
	expect_kept("metrics", "listen", "inet:[::ffff:127.0.0.1]:9740",
		"inet:[::ffff:127.0.0.1]:9740");
	expect_refused("metrics { listen = {\"inet:[::ffff:192.0.2.1]:9740\"} }",
		"metrics.listen: ", "loopback addresses only");
}

/* test_nat64: prefixes that hold an address of IPv4, and networks of such addresses, which are
 * compared as those of IPv4 only. */
static void test_nat64(void **state)
{
	static const struct refused rows[] = {
		{NULL, "nat64_prefixes", "2001:db8::/60", "32, 40, 48, 56, 64 or 96 bits"},
		{NULL, "nat64_prefixes", "192.0.2.0/24", "32, 40, 48, 56, 64 or 96 bits"},
		{NULL, "nat64_prefixes", "nat64.example.org", "only addresses of clients"},
		{NULL, "nat64_prefixes", "::/96", "is not the prefix of a NAT64 of yours"},
		{NULL, "nat64_prefixes", "::/32", "is not the prefix of a NAT64 of yours"},
		{NULL, "nat64_prefixes", "::ffff:0:0/96", "takes IPv6 networks"},
		{NULL, "nat64_prefixes", "2000::/3", "32, 40, 48, 56, 64 or 96 bits"},
		{NULL, "nat64_prefixes", "64:ff9b::/64", "or from 64:ff9b:1::/48"},
		{NULL, "nat64_prefixes", "64:ff9b::/32", "or from 64:ff9b:1::/48"},
		{NULL, "nat64_prefixes", "64:ff9b:2::/96", "or from 64:ff9b:1::/48"},
		{NULL, "nat64_prefixes", "ff0e:64::/32", "is not the prefix of a NAT64 of yours"},
		{NULL, "nat64_prefixes", "fe80::/64", "is not the prefix of a NAT64 of yours"},
		{NULL, "nat64_prefixes", "2001::/32", "is not the prefix of a NAT64 of yours"},
		{NULL, "nat64_prefixes", "2002:c000::/32", "is not the prefix of a NAT64 of yours"},
		{NULL, "trusted_networks", "64:ff9b::/96",
			"in theirs; list the IPv4 networks that are meant"},
		{"spf", "exempt_clients", "64:ff9b::203.0.113.0/120", "write 203.0.113.0/24"},
		{"dmarc", "exempt_clients", "64:ff9b::203.0.113.7", "write 203.0.113.7/32"},
	};
	static const char *const longer[][2] = {
		{"2001:db8:64:c000:2:100::/96", "write 192.0.2.1/32"},
		{"2001:db8:64:c000::/64", "write 192.0.0.0/16"},
		{"2001:db8:64:c000:2::/80", "write 192.0.2.0/24"}};
	char text[TEXT_MAX];
	(void)state;
	check_refused(rows, COUNT(rows));
	for (size_t i = 0; i < COUNT(longer); i++) {
		snprintf(text, sizeof text,
			"nat64_prefixes = {\"2001:db8:64::/48\"}\ntrusted_networks = {\"%s\"}\n",
			longer[i][0]);
		expect_refused(text, "trusted_networks: ", longer[i][1]);
	}
	expect_refused("nat64_prefixes = {\"2001:db8::/32\", \"2001:db8:64::/96\"}\n",
		"nat64_prefixes: ",
		"2001:db8:64::/96 overlaps with 2001:db8::/32: it cannot be known which");
	expect_refused("nat64_prefixes = {\"2001:db8:64::/96\", \"2001:db8::/32\"}\n",
		"nat64_prefixes: ", "2001:db8::/32 overlaps with 2001:db8:64::/96");
	expect_refused("nat64_prefixes = {\"2001:db8:64::/96\"}\n"
		       "own_networks = {\"2001:db8:64::/96\"}\n",
		"own_networks: ", "list the IPv4 networks that are meant");
	expect_kept(NULL, "nat64_prefixes", "2001:db8:64::/96", "2001:db8:64::/96");
	expect_kept(NULL, "nat64_prefixes", "fd00:64::/96", "fd00:64::/96");
	expect_kept(NULL, "nat64_prefixes", "64:ff9b:1::/48", "64:ff9b:1::/48");
	expect_kept(NULL, "nat64_prefixes", "2002:c000:201::/48", "2002:c000:201::/48");
	expect_kept(NULL, "nat64_prefixes", "64:ff9b::/96", "64:ff9b::/96");
	/* what is not translated is compared as it is */
	expect_kept(NULL, "trusted_networks", "64:ff9b::a00:0/104", "64:ff9b::a00:0/104");
	expect_kept(NULL, "trusted_networks", "64:ff9b::/64", "64:ff9b::/64");
}

/* test_every_list_has_its_other_option: of each list of names, mailboxes or networks the errors
 * know where other items belong, and only options that exist are named. */
static void test_every_list_has_its_other_option(void **state)
{
	(void)state;
	const struct gp_option *row;
	for (size_t i = 0; (row = gp_config_row_at(i)); i++) {
		const char *options[3];
		bool compares = row->kind == GP_KIND_NAMES || row->kind == GP_KIND_HOSTS ||
				row->kind == GP_KIND_DOMAINS || row->kind == GP_KIND_ADDRESSES ||
				row->kind == GP_KIND_PREFIXES || row->kind == GP_KIND_NETWORK ||
				row->kind == GP_KIND_DOMAIN || row->kind == GP_KIND_MAILBOX;
		if (compares && !gp_config_elsewhere(row, options))
			fail_msg("%s is not known", row->name);
		for (size_t k = 0; compares && k < 3; k++) {
			char section[16] = "", name[32] = "";
			if (options[k] &&
				(sscanf(options[k], "%15[a-z].%31[a-z_]", section, name) != 2 ||
					!gp_config_row_find(section, name)))
				fail_msg("%s: %s", row->name, options[k]);
		}
	}
}

/* test_addresses_that_no_host_has: neither as name servers nor for sockets. */
static void test_addresses_that_no_host_has(void **state)
{
	static const struct refused rows[] = {
		{"dns", "servers", "fe80::1", "fe80::1%eth0"},
		{"dns", "servers", "[febf::1]:53", "fe80::1%eth0"},
		{"dns", "servers", "255.255.255.255", "no name server has that address"},
		{"dns", "servers", "0.0.0.0", "no name server has that address"},
		{"dns", "servers", "0.0.0.0:53", "no name server has that address"},
		{"dns", "servers", "::", "no name server has that address"},
		{"dns", "servers", "224.0.0.1", "no name server has that address"},
		{"dns", "servers", "[ff02::fb]:5353", "no name server has that address"},
		{"policyd", "listen", "inet:224.0.0.1:10040", "no host can have that address"},
		{"policyd", "listen", "inet:255.255.255.255:10040",
			"no host can have that address"},
		{"policyd", "listen", "inet:[fe80::1]:10040", "another one of this host"},
	};
	(void)state;
	check_refused(rows, COUNT(rows));
	expect_kept("dns", "servers", "fe80::1%eth0", "fe80::1%eth0");
	expect_kept("dns", "servers", "[::1]:5353", "[::1]:5353");
	expect_kept("policyd", "listen", "inet:0.0.0.0:10040", "inet:0.0.0.0:10040");
	expect_kept("policyd", "listen", "inet:[::]:10040", "inet:[::]:10040");
}

/* test_suggestions_are_items: what an error says to write is taken. */
static void test_suggestions_are_items(void **state)
{
	static const struct refused rows[] = {
		{"spf", "must_pass", "u@bare", "(only domains are compared here, not mailboxes);"},
		{"spf", "must_pass", "u@[192.0.2.1]", "not mailboxes);"},
		{"spf", "must_pass", "u@a.test", "not mailboxes; write a.test)"},
		{"arc", "trusted_sealers", "u@bare", "not mailboxes; write bare)"},
		{"spf", "exempt_senders", "@a.test", "write a.test for the whole domain"},
		{"spf", "exempt_clients", "192.0.2.1:25", "without a port; write 192.0.2.1)"},
		{"spf", "exempt_clients", "IPv6:::1", "write ::1)"},
		{"spf", "exempt_clients", "IPv6:2001:db8::/32", "write 2001:db8::/32)"},
		{"spf", "exempt_clients", "010.0.0.1", "no leading zeros; write 10.0.0.1)"},
		{"spf", "exempt_clients", "192.000.002.001", "write 192.0.2.1)"},
	};
	(void)state;
	check_refused(rows, COUNT(rows));
	expect_kept("spf", "must_pass", "a.test", "a.test");
	expect_kept("spf", "exempt_clients", "::1", "::1/128");
}

/* list_of: an option with so many items, for the caller to free. */
static char *list_of(const char *option, const char *before, const char *after, size_t count)
{
	char *text = malloc(64 + count * 32), *at = text;
	assert_non_null(text);
	at += sprintf(at, "%s = {", option);
	for (size_t i = 0; i < count; i++) {
		at += sprintf(at, "%s\"", i ? ", " : "");
		at += sprintf(at, "%s%zu%s", before, i, after);
		at += sprintf(at, "\"");
	}
	memcpy(at, "} }\n", 5);
	return text;
}

/* test_too_many_items: how many there are, and may be. */
static void test_too_many_items(void **state)
{
	static const struct {
		const char *option, *before, *after, *words;
		size_t count;
	} rows[] = {
		{"spf { must_pass", "d", ".test",
			"t.conf:1: spf.must_pass: too many: 1025 of at most 1024\n", 1025},
		{"spf { exempt_clients", "2001:db8::", "",
			"exempt_clients: too many: 1100 of at most", 1100},
		{"policyd { listen", "inet:127.0.0.1:1", "",
			"policyd.listen: too many: 17 of at most 16\n", 17},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *text = list_of(rows[i].option, rows[i].before, rows[i].after, rows[i].count);
		expect_refused(text, ": too many", rows[i].words);
		free(text);
	}
}

/* test_sockets_beside_each_other: those that cannot both be opened. */
static void test_sockets_beside_each_other(void **state)
{
	static const struct {
		const char *text, *option, *words;
	} rows[] = {
		{"policyd { listen = {\"inet:0.0.0.0:10040\", \"inet:127.0.0.1:10040\"} }",
			"policyd.listen", "the same port for all addresses and for a single one"},
		{"policyd { listen = {\"inet:[::1]:10040\", \"inet:[::]:10040\"} }",
			"policyd.listen", "the same port for all addresses and for a single one"},
		{"policyd { listen = {\"unix:/run/x\", \"unix://run///x\"} }", "policyd.listen",
			"names the same socket twice"},
		{"policyd { listen = {\"inet:127.0.0.1:1\", \"inet:127.0.0.1:1\"} }",
			"policyd.listen", "names the same socket twice"},
		{"policyd { listen = {\"unix:/run//x\"} control_socket = \"/run/x\" }",
			"policyd.control_socket", "is one of policyd.listen, too"},
		{"policyd { listen = {\"inet:127.0.0.1:9740\"} }\n"
		 "metrics { listen = {\"inet:127.0.0.1:9740\"} }",
			"metrics.listen", "is a port of policyd.listen, too"},
		{"policyd { listen = {\"inet:0.0.0.0:9740\"} }\n"
		 "metrics { listen = {\"inet:127.0.0.1:9740\"} }",
			"metrics.listen", "is a port of policyd.listen, too"},
	};
	static const char *const fine[] = {
		"policyd { listen = {\"inet:0.0.0.0:10040\", \"inet:[::]:10040\", "
		"\"inet:127.0.0.1:10041\"} }",
		"policyd { listen = {\"unix:/run/x\", \"unix:/run/xy\", \"unix:/runx\"} }",
		"policyd { listen = {\"inet:127.0.0.1:10040\", \"inet:127.0.0.2:10040\"} }\n"
		"metrics { listen = {\"inet:127.0.0.3:10040\"} }"};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		expect_refused(rows[i].text, rows[i].option, rows[i].words);
	for (size_t i = 0; i < COUNT(fine); i++) {
		struct gp_config_errors errors = {0};
		struct gp_config *config = NULL;
		if (gp_config_parse(gp_span_from(fine[i]), "t.conf", &config, &errors))
			fail_msg("%s: %s", fine[i], errors.text);
		gp_config_errors_fini(&errors);
		gp_config_free(config);
	}
}

/*
 * invisible_characters: an error about a name or a value names what nobody sees in it, and where.
 */
static void invisible_characters(void **state)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{"\u200bhostname = a.example\n", "t.conf:1: unknown option"},
		{"\u200bhostname = a.example\n",
			" [U+200B (an invisible character) before hostname]"},
		{"host\u200bname = a.example\n", "[U+200B (an invisible character) before name]"},
		{"hostname\u00a0 = a.example\n", "[U+00A0 (an invisible character) at the end]"},
		{"\n\n\ufeffhostname = a.example\n",
			"t.conf:3: a byte order mark (U+FEFF) is before hostname"},
		{"\ufeff\ufeffhostname = a.example\n",
			"t.conf:1: a byte order mark (U+FEFF) is before hostname"},
		{"host\u00adname = a.example\n", "[U+00AD (an invisible character) before name]"},
		{"\u2060hostname = a.example\n", "[U+2060 (an invisible character) before"},
		{"\xa0\xa0hostname = a.example\n", "[byte 0xA0 (no UTF-8) before hostname]"},
		{"host\xffname = a.example\n", "[byte 0xFF (no UTF-8) before name]"},
		{"dns { time\u200dout = 2s }\n", "[U+200D (an invisible character) before out]"},
		{"\u00a0\u00a0dns { timeout = 2s }\n",
			"[U+00A0 (an invisible character) before dns]"},
		{"spf { mode = \"label\u200b\" }\n",
			"[U+200B (an invisible character) at the end]"},
		{"spf { mode = \u00a0label }\n", "[U+00A0 (an invisible character) before label]"},
		{"dns { servers = {\"127.0.0.1\u00a0\"} }\n", "[U+00A0 (an invisible character)"},
		{"dns { timeout = \"2\u2009s\" }\n", "[U+2009 (an invisible character) before s]"},
		{"dns { timeout = \"2\\x1bs\" }\n", "[U+001B (a control character) before s]"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_config_errors errors = {0};
		struct gp_config *config = NULL;
		if (gp_config_parse(gp_span_from(rows[i].text), "t.conf", &config, &errors) !=
				GP_ESYNTAX ||
			!strstr(errors.text, rows[i].words))
			fail_msg("%s: %s", rows[i].text, errors.text);
		gp_config_errors_fini(&errors);
	}
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	const char *seen = "h\u00f6stname = a.example\n"; /* what can be seen is not named */
	assert_int_equal(
		gp_config_parse(gp_span_from(seen), "t.conf", &config, &errors), GP_ESYNTAX);
	assert_null(strstr(errors.text, "U+"));
	gp_config_errors_fini(&errors);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses_that_no_host_has),
		cmocka_unit_test(test_suggestions_are_items),
		cmocka_unit_test(test_too_many_items),
		cmocka_unit_test(test_sockets_beside_each_other),
		cmocka_unit_test(test_names_are_kept_as_compared),
		cmocka_unit_test(test_kinds_of_items),
		cmocka_unit_test(test_mailboxes_beyond_ascii),
		cmocka_unit_test(test_networks_among_names),
		cmocka_unit_test(test_names_among_networks),
		cmocka_unit_test(test_networks_are_whole),
		cmocka_unit_test(test_names_that_never_match),
		cmocka_unit_test(test_mailboxes_that_never_match),
		cmocka_unit_test(test_overrides_are_about_one),
		cmocka_unit_test(test_sockets_and_servers),
		cmocka_unit_test(test_texts_and_paths),
		cmocka_unit_test(test_mapped_sockets),
		cmocka_unit_test(test_nat64),
		cmocka_unit_test(test_every_list_has_its_other_option),
		cmocka_unit_test(invisible_characters),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
