/* SPDX-License-Identifier: ISC */
/* Warnings about DNS lists: closed ones, keys, terms, resolvers, scores; and where each stands. */
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

#include "config/config.h"

#define ON "dnsbl { mode = label reject_at = 0 }\n"
#define LOCAL "dns { servers = { 127.0.0.1 } }\n"
#define BY(server) "dns { servers = { \"" server "\" } }\n"

/* expect_warnings: these, a line each, and no other. */
static void expect_warnings(const char *text, const char *wanted)
{
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	char found[4096] = "";
	if (gp_config_parse(gp_span_from(text), "t.conf", &config, &errors))
		fail_msg("%s: %s", text, errors.text);
	for (size_t i = 0; i < config->warnings.count; i++)
		snprintf(found + strlen(found), sizeof found - strlen(found), "%s\n",
			config->warnings.items[i]);
	assert_string_equal(found, wanted);
	gp_config_errors_fini(&errors);
	gp_config_free(config);
}

struct row {
	const char *text, *warnings;
};

/* check_rows: row by row. */
static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		expect_warnings(rows[i].text, rows[i].warnings);
}
#define CHECK(rows) check_rows(rows, sizeof(rows) / sizeof(rows)[0])

/* test_nothing_to_do: lists without a mode, a mode without lists. */
static void test_nothing_to_do(void **state)
{
	static const struct row rows[] = {
		{LOCAL "use psbl { }\nuse spamcop { }",
			"t.conf:2: warning: use psbl: no list is queried, because dnsbl.mode is "
			"off\n"},
		{LOCAL "dnsbl { mode = enforce }",
			"t.conf:2: warning: dnsbl.mode: has no effect, because there is no section "
			"use or list\n"},
		{LOCAL "dnsbl { mode = off }", ""},
		{LOCAL, ""},
		{LOCAL ON "use psbl { }", ""},
	};
	(void)state;
	CHECK(rows);
}

/* test_closed_lists: with a date; also those of Validity, which need a contract. */
static void test_closed_lists(void **state)
{
	static const struct row rows[] = {
		{LOCAL ON "list ix.dnsbl.manitu.net { }",
			"t.conf:3: warning: list ix.dnsbl.manitu.net: ix.dnsbl.manitu.net is "
			"closed (since 2025-01-16); it is not queried: remove the section\n"},
		{LOCAL ON "list mine { zone = spam.dnsbl.sorbs.net }",
			"t.conf:3: warning: list mine: sorbs.net is closed; its zones are empty "
			"(since 2024-06-05); it is not queried: remove the section\n"},
		{LOCAL ON "list bl.score.senderscore.com { }",
			"t.conf:3: warning: list bl.score.senderscore.com: "
			"bl.score.senderscore.com answers 127.255.255.255 to resolvers that are "
			"not registered (since 2026): register yours with Validity, or remove the "
			"section\n"},
		{LOCAL ON "list cbl.abuseat.org { }",
			"t.conf:3: warning: list cbl.abuseat.org: cbl.abuseat.org is a part of the "
			"XBL; it is not queried: write use spamhaus-zen, which has it\n"},
		{LOCAL ON "list spamrbl.imp.ch { }",
			"t.conf:3: warning: list spamrbl.imp.ch: spamrbl.imp.ch has moved; it is "
			"not queried: write list spamrbl.swinog.ch\n"},
		{LOCAL ON "list dnsbl.sorbs.net { off = yes }", ""},
	};
	(void)state;
	CHECK(rows);
}

/* test_terms: what no program can know; until the option says that it is settled. */
static void test_terms(void **state)
{
	static const struct row rows[] = {
		{LOCAL ON "use spamhaus-zen { }",
			"t.conf:3: warning: use spamhaus-zen: nothing is wrong, but commercial "
			"use, or many queries, need a contract (https://docs.spamhaus.com/); when "
			"that is settled, take non-commercial out of terms\n"},
		{LOCAL ON "use spamhaus-zen { terms = { own-resolver } }", ""},
		{LOCAL ON "use barracuda { }",
			"t.conf:3: warning: use barracuda: it answers only resolvers whose address "
			"is registered (https://www.barracudacentral.org/rbl/how-to-use); when "
			"yours is, take registration out of terms\n"},
		{LOCAL ON "use barracuda { terms = {} }", ""},
	};
	(void)state;
	CHECK(rows);
}

/* test_known_lists: in section list, as they are copied from the file of another program. */
static void test_known_lists(void **state)
{
	static const struct row rows[] = {
		{BY("8.8.8.8") ON "list zen.spamhaus.org { codes = \"127.0.0.2-11 = 3\" }",
			"t.conf:3: warning: list zen.spamhaus.org: this is the known list "
			"spamhaus-zen; write use spamhaus-zen, which has its codes, errors and "
			"tests\n"
			"t.conf:3: warning: list zen.spamhaus.org: nothing is wrong, but "
			"commercial use, or many queries, need a contract "
			"(https://docs.spamhaus.com/); when that is settled, take "
			"non-commercial out of terms of that use\n"
			"t.conf:1: warning: dns.servers: 8.8.8.8 is a public resolver (Google), "
			"which is refused by zen.spamhaus.org: run a resolver on this host, or use "
			"keys\n"},
		{LOCAL ON "list x { zone = B.barracudacentral.org. }",
			"t.conf:3: warning: list x: this is the known list barracuda; write use "
			"barracuda, which has its codes, errors and tests\n"
			"t.conf:3: warning: list x: it answers only resolvers whose address is "
			"registered (https://www.barracudacentral.org/rbl/how-to-use); when yours "
			"is, take registration out of terms of that use\n"},
		{LOCAL ON "list old { zone = psbl.surriel.com codes = { \"127.0.0.2 = 1\", "
			  "\"127.0.0.9 = 1\" } }",
			"t.conf:3: warning: list old: this is the known list psbl; write use psbl, "
			"which has its codes, errors and tests; the list does not list anything "
			"with 127.0.0.9\n"},
		{LOCAL ON "list psbl.example.com { }", ""},
	};
	(void)state;
	CHECK(rows);
}

/* test_old_bits: of SURBL, whose meanings have changed. */
static void test_old_bits(void **state)
{
	(void)state;
	expect_warnings(LOCAL ON "list multi.surbl.org { asks = { helo } mask = 127.0.0.0/24 codes "
				 "= { \"bit 1 = 1\", \"bit 2 = 1\", \"bit 8 = 2\" } }",
		"t.conf:3: warning: list multi.surbl.org: this is the known list surbl; write use "
		"surbl, which has its codes, errors and tests; the list does not list anything "
		"with bit 1, bit 2\n"
		"t.conf:3: warning: list multi.surbl.org: nothing is wrong, but commercial use, or "
		"many queries, need a contract (https://surbl.org/usage-policy); when that is "
		"settled, take non-commercial out of terms of that use\n");
}

/* test_same_list_with_a_key: under two sections it counts twice, but as one operator. */
static void test_same_list_with_a_key(void **state)
{
	static const struct row rows[] = {
		{LOCAL "dnsbl { mode = enforce\nmin_lists = 2 }\n"
		       "use spamhaus-zen { terms = {} }\n"
		       "list abcdefghijklmnopqrstuvwxyz.zen.dq.spamhaus.net { codes = { "
		       "\"127.0.0.2 = 3\" } }",
			"t.conf:5: warning: list zen.dq.spamhaus.net: this is the known list "
			"spamhaus-zen; write use spamhaus-zen, which has its codes, errors and "
			"tests\n"
			"t.conf:5: warning: list zen.dq.spamhaus.net: there is a key in its zone; "
			"write zone = zen.dq.spamhaus.net, key_zone = KEY.zen.dq.spamhaus.net, and "
			"the key as key or into key_file, so that it is in no text\n"
			"t.conf:5: warning: list zen.dq.spamhaus.net: its key_zone "
			"KEY.zen.dq.spamhaus.net is that of spamhaus-zen, too (t.conf:4), so that "
			"each of its answers counts twice\n"
			"t.conf:3: warning: dnsbl.min_lists: no mail is refused: all lists with "
			"positive weights are of 1 family\n"},
		{LOCAL "dnsbl { mode = enforce\nmin_lists = 2 }\n"
		       "use spamhaus-zen { terms = {} }\nlist sbl.spamhaus.org { }",
			"t.conf:3: warning: dnsbl.min_lists: no mail is refused: all lists with "
			"positive weights are of 1 family\n"},
		{LOCAL "dnsbl { mode = enforce\nmin_lists = 2 }\n"
		       "use spamhaus-zen { terms = {} }\nlist notspamhaus.org { }",
			""},
	};
	(void)state;
	CHECK(rows);
}

/* test_missing_keys: why the list is not queried. */
static void test_missing_keys(void **state)
{
	static const struct row rows[] = {
		{LOCAL ON "use abusix { }",
			"t.conf:3: warning: use abusix: it is not queried: no key is set; keys are "
			"given out at "
			"https://docs.abusix.com/docs/guardian-mail/production-zones\n"},
		{LOCAL ON "use abusix { key_file = /nowhere/key }",
			"t.conf:3: warning: use abusix: it is not queried: /nowhere/key cannot be "
			"read: No such file or directory\n"},
		{LOCAL ON "use abusix { key_file = /nowhere/key off = yes }", ""},
		{LOCAL ON "use abusix { zone = secret.combined.mail.abusix.zone }",
			"t.conf:3: warning: use abusix: there is a key in its zone; write zone = "
			"combined.mail.abusix.zone, key_zone = KEY.combined.mail.abusix.zone, and "
			"the key as key or into key_file, so that it is in no text\n"},
	};
	(void)state;
	CHECK(rows);
}

/* test_no_effect: what nobody asks about. */
static void test_no_effect(void **state)
{
	static const struct row rows[] = {
		{LOCAL ON "use dnswl-domain { terms = {} }",
			"t.conf:3: warning: use dnswl-domain: it is about domains of DKIM "
			"signatures only, which lists are not queried about yet: it has no "
			"effect\n"},
		{LOCAL ON "use dnswl-domain { terms = {} asks += { helo } }", ""},
	};
	(void)state;
	CHECK(rows);
}

/* test_key_that_others_read: in a file of its own, or in the configuration itself. */
static void test_key_that_others_read(void **state)
{
	char directory[] = "/tmp/gatepost-keys-XXXXXX", path[64], text[256], wanted[512];
	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/abusix.key", directory);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs("abc123\n", f);
	fclose(f);
	snprintf(text, sizeof text, LOCAL ON "use abusix { key_file = %s }", path);
	assert_int_equal(chmod(path, 0640), 0);
	expect_warnings(text, "");
	assert_int_equal(chmod(path, 0644), 0);
	snprintf(wanted, sizeof wanted,
		"t.conf:3: warning: use abusix: every user of this machine can read its key in %s; "
		"set mode 0640 and the group of policyd.user\n",
		path);
	expect_warnings(text, wanted);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(directory), 0);
}

/* test_resolvers: public ones by name, others that are not of this site; a key makes them good. */
static void test_resolvers(void **state)
{
	static const struct row rows[] = {
		{BY("8.8.8.8") ON "use surbl { terms = { own-resolver } }\n"
				  "use dnswl { terms = { own-resolver } }\nuse psbl { }",
			"t.conf:1: warning: dns.servers: 8.8.8.8 is a public resolver (Google), "
			"which is refused by surbl, dnswl: run a resolver on this host, or use "
			"keys\n"},
		{BY("2620:fe::fe") ON "use uribl { }",
			"t.conf:1: warning: dns.servers: 2620:fe::fe is a public resolver (Quad9), "
			"which is refused by uribl: run a resolver on this host, or use keys\n"},
		{BY("208.67.222.222") ON "use uribl { }",
			"t.conf:1: warning: dns.servers: 208.67.222.222 is a public resolver "
			"(OpenDNS), which is refused by uribl: run a resolver on this host, or use "
			"keys\n"},
		{BY("203.0.113.53") ON "use uribl { }",
			"t.conf:1: warning: dns.servers: 203.0.113.53 is not an address of this "
			"site; if it is a resolver of many users, as that of a provider, it is "
			"refused by uribl: run a resolver on this host, or use keys\n"},
		{BY("192.168.1.1") ON "use uribl { }", ""},
		{BY("::1") ON "use uribl { }", ""},
		{BY("1.1.1.1") ON "use psbl { }", ""},
		{BY("1.1.1.1") ON "use uribl { off = yes }", ""},
		{BY("9.9.9.9") ON "use spamhaus-zen { key = abc }", ""},
	};
	(void)state;
	CHECK(rows);
}

/* test_weights: lists that refuse too much, or whose clients are never asked about here. */
static void test_weights(void **state)
{
	static const struct row rows[] = {
		{LOCAL "dnsbl { mode = enforce }\nuse uceprotect-3 { codes = { \"127.0.0.2 = 3\" } "
		       "}",
			"t.conf:3: warning: use uceprotect-3: it lists whole networks and "
			"providers, most of whose clients have sent no spam, and with a weight of "
			"3 it alone refuses their mail\n"},
		{LOCAL "dnsbl { mode = enforce min_lists = 2 }\nuse psbl { }\n"
		       "use uceprotect-3 { codes = { \"127.0.0.2 = 3\" } }",
			""},
		{LOCAL "dnsbl { mode = enforce }\nlist dnsbl-2.uceprotect.net { codes = { "
		       "\"127.0.0.2 = 4\" } max = 2 }\nuse spamcop { }",
			"t.conf:3: warning: list dnsbl-2.uceprotect.net: this is the known list "
			"uceprotect-2; write use uceprotect-2, which has its codes, errors and "
			"tests\n"},
		{LOCAL "dnsbl { mode = enforce }\nuse uceprotect-3 { weight = 5 }",
			"t.conf:3: warning: use uceprotect-3: it lists whole networks and "
			"providers, most of whose clients have sent no spam, and with a weight of "
			"5 it alone refuses their mail\n"},
		{LOCAL "dnsbl { mode = enforce }\nuse uceprotect-2 { weight = 2 }\n"
		       "use psbl { }",
			""},
		{LOCAL ON "use spamrats-auth { codes = { \"127.0.0.43 = 2\" } }",
			"t.conf:3: warning: use spamrats-auth: it is about clients that log in "
			"with stolen passwords, and is not queried at RCPT TO: it has no "
			"effect\n"},
		{LOCAL "dnsbl { mode = enforce }\nuse spamrats-auth { weight = 5 }\n"
		       "use spamcop { }",
			"t.conf:3: warning: use spamrats-auth: it is about clients that log in "
			"with stolen passwords, and is not queried at RCPT TO: it has no effect\n"
			"t.conf: warning: dnsbl.reject_at: no mail reaches a score of 3: the "
			"weights of all lists are 2 together\n"},
		{LOCAL ON "use spamrats-auth { off = yes }", ""},
		{LOCAL ON "use dnswl { weight = 5 terms = {} }",
			"t.conf:3: warning: use dnswl: its weight of 5 has no effect, because it "
			"replaces positive weights only, and no code has one\n"},
		{LOCAL ON "use mailspike-rep { weight = 5 }", ""},
		{LOCAL ON "use psbl { }\nlist other { zone = PSBL.surriel.com. }",
			"t.conf:4: warning: list other: this is the known list psbl; write use "
			"psbl, which has its codes, errors and tests\n"
			"t.conf:4: warning: list other: its zone psbl.surriel.com is that of psbl, "
			"too (t.conf:3), so that each of its answers counts twice\n"},
	};
	(void)state;
	CHECK(rows);
}

/* test_scores: what no mail reaches. */
static void test_scores(void **state)
{
	static const struct row rows[] = {
		{LOCAL "dnsbl { mode = enforce\nreject_at = 4\ndefer_at = 3 }\nuse psbl { }\n"
		       "use spamcop { }",
			"t.conf:3: warning: dnsbl.reject_at: no mail reaches a score of 4: the "
			"weights of all lists are 3 together\n"},
		{LOCAL "dnsbl { mode = enforce }\nuse spamcop { }\nuse abusix { off = yes }",
			"t.conf: warning: dnsbl.reject_at: no mail reaches a score of 3: the "
			"weights of all lists are 2 together\n"},
		{LOCAL "dnsbl { mode = enforce\nmin_lists = 2 }\nuse mailspike-bl { }\n"
		       "use mailspike-rep { }",
			"t.conf:3: warning: dnsbl.min_lists: no mail is refused: all lists with "
			"positive weights are of 1 family\n"},
		{LOCAL "dnsbl { mode = enforce\ndefer_at = 3 }\nuse mailspike-bl { }",
			"t.conf:3: warning: dnsbl.defer_at: has no effect, because it is not below "
			"reject_at\n"},
		{LOCAL "dnsbl { mode = enforce }\nuse abusix-white { key = abc }", ""},
		{LOCAL "dnsbl { mode = enforce }\nuse psbl { weight = 3 }", ""},
		{LOCAL "dnsbl { mode = enforce }\nuse mailspike-bl { max = 2 }\nuse psbl { }", ""},
	};
	(void)state;
	CHECK(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_to_do),
		cmocka_unit_test(test_closed_lists),
		cmocka_unit_test(test_terms),
		cmocka_unit_test(test_known_lists),
		cmocka_unit_test(test_old_bits),
		cmocka_unit_test(test_same_list_with_a_key),
		cmocka_unit_test(test_missing_keys),
		cmocka_unit_test(test_no_effect),
		cmocka_unit_test(test_key_that_others_read),
		cmocka_unit_test(test_resolvers),
		cmocka_unit_test(test_weights),
		cmocka_unit_test(test_scores),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
