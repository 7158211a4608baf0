/* SPDX-License-Identifier: ISC */
/*
 * Limits, overrides and included files: what arrives in the snapshot, and errors with their places.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "config/config_private.h"
#include "support/said.h"

#define HOURLY "limit hourly { key = user max = 100 per = 1h }\n"
#define SIZED "limit sized { key = user count = bytes max = 2G per = 1d }\n"
#define BY_NET "limit net { key = network max = 9 per = 1m ipv4_prefix = 20 }\n"

/* parse: a snapshot that must be good. */
static struct gp_config *parse(const char *text)
{
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	int rc = gp_config_parse(gp_span_from(text), "t.conf", &config, &errors);
	if (rc)
		fail_msg("%s: %s", text, errors.text);
	gp_config_errors_fini(&errors);
	return config;
}

/* expect_error_with: one error at least, with these words. */
static void expect_error_with(const char *text, const char *words)
{
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	int rc = gp_config_parse(gp_span_from(text), "t.conf", &config, &errors);
	if (rc != GP_ESYNTAX || !strstr(errors.text, words))
		fail_msg("%s: %d: %s", text, rc, errors.text ? errors.text : "");
	gp_config_errors_fini(&errors);
}

/* ---- limits ---- */

/* test_limit_defaults: what a limit is that says only what it must. */
static void test_limit_defaults(void **state)
{
	(void)state;
	struct gp_config *c = parse("\n" HOURLY);
	assert_int_equal(c->limits.limit_count, 1);
	const struct gp_limit *limit = &c->limits.limits[0];
	assert_string_equal(limit->name, "hourly");
	assert_int_equal(limit->key, GP_LIMIT_BY_USER);
	assert_int_equal(limit->unit, GP_LIMIT_RECIPIENTS);
	assert_int_equal(limit->mode, GP_LIMIT_ENFORCE);
	assert_int_equal(limit->action, GP_LIMIT_DEFER);
	assert_int_equal(limit->max, 100);
	assert_int_equal(limit->per_ms, 3600000);
	assert_int_equal(limit->from, 0);
	assert_int_equal(limit->ipv4_prefix, 24);
	assert_int_equal(limit->ipv6_prefix, 64);
	assert_string_equal(limit->code, "");
	assert_true(strstr(limit->text, "{limit} limit reached") == limit->text);
	assert_int_equal(limit->id, gp_limit_id("hourly", limit->key, limit->unit, 3600000));
	assert_string_equal(limit->file, "t.conf");
	assert_int_equal(limit->line, 2);
	gp_config_free(c);
}

/* test_limit_values: every option arrives, in the order of the file. */
static void test_limit_values(void **state)
{
	(void)state;
	struct gp_config *c = parse(
		"limit volume_2 {\n key = sender_domain\n count = bytes\n max = 3T\n per = 31d\n"
		" mode = label\n action = reject\n code = \"552 5.2.3\"\n text = \"{max}\"\n"
		" from = {trusted} domains = {\"A.test\", \"*.b.test\"} }\n"
		"limit \"net-4\" { key = network count = messages max = unlimited per = 1s\n"
		" action = hold ipv4_prefix = 8 ipv6_prefix = 128 mode = off }\n"
		"limit none { key = all max = 0 per = 90m }");
	assert_int_equal(c->limits.limit_count, 3);
	const struct gp_limit *l = c->limits.limits;
	assert_string_equal(l[0].name, "volume_2");
	assert_int_equal(l[0].key, GP_LIMIT_BY_SENDER_DOMAIN);
	assert_int_equal(l[0].unit, GP_LIMIT_BYTES);
	assert_true(l[0].max == 3LL << 40);
	assert_true(l[0].per_ms == GP_STORE_PER_MAX_MS);
	assert_int_equal(l[0].mode, GP_LIMIT_LABEL);
	assert_int_equal(l[0].action, GP_LIMIT_REJECT);
	assert_string_equal(l[0].code, "552 5.2.3");
	assert_string_equal(l[0].text, "{max}");
	assert_int_equal(l[0].from, GP_LIMIT_FROM_TRUSTED);
	assert_int_equal(l[0].domains.count, 2);
	assert_string_equal(l[0].domains.items[0], "a.test");
	assert_string_equal(l[0].domains.items[1], ".b.test");
	assert_string_equal(l[1].name, "net-4");
	assert_int_equal(l[1].unit, GP_LIMIT_MESSAGES);
	assert_true(l[1].max == GP_LIMIT_UNLIMITED);
	assert_int_equal(l[1].action, GP_LIMIT_HOLD);
	assert_int_equal(l[1].mode, GP_LIMIT_OFF);
	assert_int_equal(l[1].ipv4_prefix, 8);
	assert_int_equal(l[1].from, 0);
	assert_int_equal(l[1].line, 11);
	assert_int_equal(l[2].max, 0);
	assert_int_equal(l[2].key, GP_LIMIT_BY_ALL);
	assert_string_equal(l[2].code, "");
	gp_config_free(c);
}

/* test_limit_errors: each names the limit, the option and the place. */
static void test_limit_errors(void **state)
{
	(void)state;
	test_said_errors("limit a {\n max = 1\n}",
		"t.conf:1: limit a.key: is missing; allowed: one of user, user_domain, sender, "
		"sender_domain, client, network, all\n"
		"t.conf:1: limit a.per: is missing; allowed: a time from 1s to 31d, with its unit: "
		"ms, s, m, h or d\n");
	test_said_errors("limit a { key = user\n max = 1k\n per = 1h }",
		"t.conf:2: limit a.max: k, M, G and T are for limits whose count is bytes\n");
	test_said_errors("limit a { key = user max = 1 per = 1h\n code = \"550 5.7.1\" }",
		"t.conf:2: limit a.code: 550 5.7.1 does not fit the action, whose codes are of "
		"class 4\n");
	test_said_errors(HOURLY "\n" HOURLY,
		"t.conf:3: limit hourly: repeated; it is set in line 1 already\n");
	test_said_errors("limit a { key = user key = user max = 1 per = 1h }",
		"t.conf:1: limit a.key: repeated; it is set in line 1 already\n");
	test_said_errors("limit a { key = user max = 1 per = 1h kex = 1 }",
		"t.conf:1: unknown option limit.kex; did you mean limit.key?\n");
	test_said_errors("limit { key = user }",
		"t.conf:1: limit: the name is missing; write limit NAME {\n");
	test_said_errors("limit a { key = user max = 1 per = 1h from = {authenticated}\n from = "
			 "{authenticated} }",
		"t.conf:2: limit a.from: repeated; it is set in line 1 already\n");
}

/* test_limit_bad_values: each is refused. */
static void test_limit_bad_values(void **state)
{
	static const char *const rows[][2] = {{"max = -1", "a.max: -1 is not"},
		{"max = 2000T", "a.max: 2000T"}, {"max = 1.5G", "a.max: 1.5G"},
		{"max = infinite", "a.max: infinite"}, {"max = \"\"", "a.max: is empty"},
		{"per = 999ms", "a.per: 999ms"}, {"per = 32d", "a.per: 32d"},
		{"per = 60", "a.per: 60"}, {"key = users", "a.key: users"},
		{"count = mails", "a.count: mails"}, {"mode = on", "a.mode: on"},
		{"action = accept", "a.action: accept"}, {"code = 450", "a.code: 450"},
		{"code = \"250 2.0.0\"", "a.code: 250"},
		{"action = hold code = \"450 4.7.1\"", "no reply code"},
		{"action = reject code = \"450 4.7.1\"", "class 5"},
		{"text = \"{user}\"", "{user}"}, {"text = \"{max\"", "{max"},
		{"text = \"\xc3\xbc\"", "a.text"}, {"from = {user}", "a.from: user"},
		{"from = {trusted}", "a.from: lists mail that this key does not apply to"},
		{"ipv4_prefix = 7", "a.ipv4_prefix: 7"},
		{"ipv6_prefix = 129", "a.ipv6_prefix: 129"},
		{"subaddress = yes", "a.subaddress: yes"},
		{"key = sender_domain subaddress = strip", "it goes with key = sender"},
		{"key = user domains = {\"a.test\"}", "goes with key = sender or sender_domain"},
		{"key = sender domains = {\"x@a.test\"}", "a.domains: x@a.test"},
		{"key = sender domains = {\"192.0.2.1\"}", "a.domains: 192.0.2.1"}};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[128];
		snprintf(text, sizeof text, "limit a { %s }", rows[i][0]);
		expect_error_with(text, rows[i][1]);
	}
}

/* test_limit_names: what a limit may be called. */
static void test_limit_names(void **state)
{
	static const char *const bad[] = {"Hourly", "1st", "_a", "a.b", "user", "domain", "sender",
		"sender_domain", "client", "\"\"", "\"a b\"", "\"a\\nb\"",
		"a23456789012345678901234567890123"};
	static const char *const good[] = {"a", "a-b_c9", "users", "key", "max", "override",
		"a2345678901234567890123456789012", "\"\\x68ourly\""};
	char text[256];
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		snprintf(text, sizeof text, "limit %s { key = user max = 1 per = 1h }", bad[i]);
		expect_error_with(text, "cannot be its name");
	}
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		snprintf(text, sizeof text,
			"limit %s { key = user max = 1 per = 1h }\noverride { user = u %s = 2 }",
			good[i], good[i]);
		struct gp_config *c = parse(text);
		assert_int_equal(c->limits.overrides[0].max[0], 2);
		gp_config_free(c);
	}
}

/* test_limit_count: as many as there may be, with an override for all of them, and one more. */
static void test_limit_count(void **state)
{
	struct gp_arena *arena = gp_arena_new(1 << 20);
	struct gp_strbuf text;
	(void)state;
	gp_strbuf_init(&text, arena, 1 << 18);
	gp_strbuf_add(&text, "override { user = u");
	for (int i = 0; i < GP_LIMIT_MAX; i++)
		gp_strbuf_printf(&text, " l%d = %d", i, i);
	gp_strbuf_add(&text, "}\n");
	for (int i = 0; i < GP_LIMIT_MAX; i++)
		gp_strbuf_printf(&text, "limit l%d { key = user max = 1 per = 1h }\n", i);
	struct gp_config *c = parse(text.data);
	assert_int_equal(c->limits.limit_count, GP_LIMIT_MAX);
	for (int i = 0; i < GP_LIMIT_MAX; i++)
		assert_int_equal(c->limits.overrides[0].max[i], i);
	gp_config_free(c);
	gp_strbuf_add(&text, HOURLY "limit x { key = user max = 1 per = 1h }\n");
	test_said_errors(text.data, "t.conf:66: limit hourly: more than 64 limits\n");
	gp_arena_free(arena);
}

/* ---- overrides ---- */

/* test_override_values: sorted, normalised, with a maximum for each limit. */
static void test_override_values(void **state)
{
	(void)state;
	struct gp_config *c =
		parse("override { client = \"10.1.0.0/16\" net = 1 }\n"
		      "override {\n user = \"News@B\xc3\xbc"
		      "cher.Example\"\n hourly = unlimited\n sized = 3M }\n" HOURLY SIZED BY_NET
		      "limit mine { key = sender max = 1 per = 1h }\n"
		      "limit cli { key = client max = 1 per = 1h }\n"
		      "override { user = \"anna \" hourly = 0 }\n"
		      "override { domain = Example.ORG hourly = 7 }\n"
		      "override { sender = \"A@X.example\" mine = 8 }\n"
		      "override { sender_domain = \"x.example\" mine = 9 }\n"
		      "override { client = \"2001:db8::1\" cli = 9 }\n");
	const struct gp_limit_override *o = c->limits.overrides;
	assert_int_equal(c->limits.override_count, 7);
	assert_int_equal(o[0].kind, GP_LIMIT_OVERRIDE_USER);
	assert_string_equal(o[0].name, "anna");
	assert_int_equal(o[0].max[0], 0);
	assert_int_equal(o[0].max[1], GP_LIMIT_UNSET);
	assert_string_equal(o[1].name, "news@xn--bcher-kva.example");
	assert_true(o[1].max[0] == GP_LIMIT_UNLIMITED);
	assert_int_equal(o[1].max[1], 3 << 20);
	assert_int_equal(o[1].max[2], GP_LIMIT_UNSET);
	assert_int_equal(o[1].line, 2);
	assert_string_equal(o[1].file, "t.conf");
	assert_string_equal(o[2].name, "example.org");
	assert_int_equal(o[3].kind, GP_LIMIT_OVERRIDE_SENDER);
	assert_int_equal(o[4].kind, GP_LIMIT_OVERRIDE_SENDER_DOMAIN);
	assert_int_equal(o[4].max[3], 9);
	assert_string_equal(o[5].name, "10.1.0.0/16");
	assert_int_equal(o[5].prefix.length, 16);
	assert_int_equal(o[6].prefix.length, 128);
	for (size_t i = 1; i < c->limits.override_count; i++)
		assert_true(gp_limit_override_compare(&o[i - 1], &o[i]) < 0);
	gp_config_free(c);
}

/* test_override_case: whether case counts is settled after all has been read. */
static void test_override_case(void **state)
{
	static const char two[] = "override { user = Anna hourly = 1 }\n\noverride { user = anna "
				  "hourly = 2 }\n" HOURLY;
	char text[512];
	(void)state;
	test_said_errors(
		two, "t.conf:3: override.user: anna: repeated; it is set in line 1 already\n");
	snprintf(text, sizeof text, "%slimits { case_sensitive = yes }", two);
	struct gp_config *c = parse(text);
	assert_int_equal(c->limits.override_count, 2);
	assert_string_equal(c->limits.overrides[0].name, "Anna");
	gp_config_free(c);
}

/* test_override_spelled: names of overrides are folded as names of users are (limits.names). */
static void test_override_spelled(void **state)
{
	static const char two[] =
		"override { user = \" \\\"J\303\226RG\\\" @X.test.\" hourly = 1 }\n"
		"override { user = \"jo\314\210rg@x.test\" hourly = 2 }\n" HOURLY;
	char text[512];
	(void)state;
	expect_error_with(two, "override.user: j\303\266rg@x.test: repeated");
	snprintf(text, sizeof text, "%slimits { names = exact }", two);
	struct gp_config *c = parse(text);
	assert_int_equal(c->limits.override_count, 2);
	assert_int_equal(c->limits.names, GP_LIMIT_NAMES_EXACT);
	gp_config_free(c);
}

/* test_override_with_subaddress: of a limit that strips them it would never apply. */
static void test_override_with_subaddress(void **state)
{
	static const char text[] =
		"limit bare { key = sender max = 1 per = 1h subaddress = strip }\n"
		"override { sender = \"X+news@a.test\" bare = 5 }";
	(void)state;
	expect_error_with(text, "override.bare: limit bare counts senders without their "
				"subaddress (t.conf:1): it would never apply; write x@a.test");
}

/* test_override_outside_domains: of a limit that counts only senders of its own domains. */
static void test_override_outside_domains(void **state)
{
	static const char limit[] =
		"limit own { key = %s max = 1 per = 1h domains = {\"a.test\", \".b.test\"} }\n"
		"override { %s own = 1 }";
	static const struct {
		const char *key, *subject, *error; /* NULL: none */
	} rows[] = {
		{"sender", "sender = \"x@a.test\"", NULL},
		{"sender", "sender = \"x@m.b.test\"", NULL},
		{"sender", "sender = \"x@b.test\"",
			"override.own: limit own counts only senders of its domains (t.conf:1), "
			"and "
			"b.test is not one of them: it would never apply"},
		{"sender", "sender_domain = c.test", "and c.test is not one of them"},
		{"sender_domain", "sender_domain = A.test", NULL},
		{"sender_domain", "sender_domain = \"m.a.test\"",
			"and m.a.test is not one of them"},
	};
	(void)state;
	/* the domains of a limit are folded as senders' are */
	gp_config_free(parse("limit own { key = sender_domain max = 1 per = 1h\n"
			     "domains = {\"stra\303\237"
			     "e.test\", \"*.xn--strae-oqa.test\"} }\n"
			     "override { sender_domain = \"STRASSE.test\" own = 1 }\n"
			     "override { sender_domain = \"m.xn--strae-oqa.test\" own = 1 }\n"));
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[300];
		snprintf(text, sizeof text, limit, rows[i].key, rows[i].subject);
		if (rows[i].error)
			expect_error_with(text, rows[i].error);
		else
			gp_config_free(parse(text));
	}
}

/* test_override_applies: which kind of override fits which key; others would be dead letters. */
static void test_override_applies(void **state)
{
	static const char *const keys[] = {
		"user", "user_domain", "sender", "sender_domain", "client", "network", "all"};
	static const struct {
		const char *subject, *fits; /* a mark for each key */
	} rows[] = {{"user = u", "x......"}, {"domain = d.example", "xx....."},
		{"sender = \"s@d.example\"", "..x...."}, {"sender_domain = d.example", "..xx..."},
		{"client = \"192.0.2.0/24\"", "....xx."}};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
			char text[256];
			snprintf(text, sizeof text,
				"limit a { key = %s max = 1 per = 1h }\noverride { %s a = 1 }",
				keys[k], rows[i].subject);
			if (rows[i].fits[k] == 'x')
				gp_config_free(parse(text));
			else
				expect_error_with(text, "it would never apply");
		}
	test_said_errors(HOURLY "override { sender = \"a@b.example\"\n hourly = 1 }",
		"t.conf:3: override.hourly: the override is for a sender, but the key of limit "
		"hourly is user (t.conf:1): it would never apply\n");
	test_said_errors(BY_NET "override { client = \"192.0.2.0/24\" net = 1 }",
		"t.conf:2: override.net: limit net counts larger networks as one (t.conf:1); "
		"allowed: prefixes up to /20\n");
	test_said_errors(BY_NET "override { client = \"64:ff9b::/96\" net = 1 }",
		"t.conf:2: override.client: clients behind a NAT64 are compared by the IPv4 "
		"address that is embedded in theirs; list the IPv4 networks that are "
		"meant\n");
	test_said_errors(BY_NET "override { client = \"2001:db8::/65\" net = 1 }",
		"t.conf:2: override.net: limit net counts larger networks as one (t.conf:1); "
		"allowed: prefixes up to /64\n");
	gp_config_free(parse(BY_NET "override { client = \"10.0.0.0/20\" net = 1 }"));
}

/* test_override_errors: each with the line of what is wrong. */
static void test_override_errors(void **state)
{
	static const char *const values[][2] = {{"user = \"\"", "override.user: is empty"},
		{"user = \" \"", "override.user: "}, {"user = \"a\\nb\"", "override.user: a?b"},
		{"user = \"\xff\"", "override.user: "},
		{"domain = \"a..b\"", "override.domain: a..b"},
		{"sender = nobody", "override.sender: nobody"},
		{"sender = \"@x.example\"", "override.sender: @x"},
		{"sender_domain = \"@x\"", "override.sender_domain: @x"},
		{"domain = .example.org", "override.domain: .example.org"},
		{"client = \"192.0.2.1/24\"", "override.client: 192.0.2.1/24"},
		{"client = localhost", "override.client: localhost"},
		{"user = u hourly = -1", "override.hourly: -1 is not allowed"},
		{"user = u hourly = 2k", "override.hourly: k, M, G and T"},
		{"user = u Hourly = 2",
			"unknown option override.Hourly; it cannot be the name of a limit"},
		{"user = u user = v hourly = 2", "override.user: repeated"}};
	char text[256];
	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		snprintf(text, sizeof text, HOURLY "override { %s }", values[i][0]);
		expect_error_with(text, values[i][1]);
	}
	test_said_errors(HOURLY "override {\n hourly = 1 }",
		"t.conf:2: override: needs one of user, "
		"domain, sender, sender_domain and client\n");
	test_said_errors(HOURLY "override { user = u domain = d hourly = 1 }",
		"t.conf:2: override: has more than one of user, domain, sender, sender_domain and "
		"client; write one override for each\n");
	test_said_errors(HOURLY "override { user = u }", "t.conf:2: override: sets no limit\n");
	test_said_errors(HOURLY "override { user = u\n daily = 1\n hourly = 1\n yearly = 4 }",
		"t.conf:3: override.daily: there is no limit called daily\n"
		"t.conf:5: override.yearly: there is no limit called yearly\n");
	test_said_errors(HOURLY "override { user = u hourly = 1\n hourly = 2 }",
		"t.conf:3: override.hourly: repeated; it is set in line 2 already\n");
	test_said_errors(HOURLY "override|user = u",
		"t.conf:2: unknown option override|user; write override { user = VALUE }\n");
	expect_error_with("override { user = u hostname = 1 }\noverride|hostname = 2",
		"unknown option override|hostname");
	expect_error_with(HOURLY "override u { hourly = 1 }", "override: it takes no name");
	test_said_errors("override { user = u hourly = 1 }\n",
		"t.conf:1: override.hourly: there is no limit called hourly\n");
}

/* test_override_typos: so many wrong lines are counted, and the report stays readable. */
static void test_override_typos(void **state)
{
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	struct gp_arena *arena = gp_arena_new(1 << 20);
	struct gp_strbuf text;
	(void)state;
	gp_strbuf_init(&text, arena, 1 << 18);
	for (int i = 0; i < 1000; i++)
		gp_strbuf_printf(&text, "override { user = u%d hourly = 1 }\n", i);
	assert_int_equal(
		gp_config_parse(gp_strbuf_span(&text), "t.conf", &config, &errors), GP_ESYNTAX);
	assert_int_equal(errors.count, 1000);
	assert_non_null(strstr(errors.text, "t.conf:10: "));
	assert_null(strstr(errors.text, "t.conf:11: "));
	assert_non_null(strstr(errors.text, "\n990 more are not listed\n"));
	gp_config_errors_fini(&errors);
	gp_arena_free(arena);
}

/* ---- the dump ---- */

/* dump: a snapshot as text in the arena. */
static const char *dump(const struct gp_config *config, struct gp_arena *arena)
{
	struct gp_strbuf buf;
	gp_strbuf_init(&buf, arena, 1 << 18);
	assert_int_equal(gp_config_dump(config, &buf), GP_OK);
	return buf.data;
}

/* test_dump: limits and overrides, written down, are the same ones. */
static void test_dump(void **state)
{
	(void)state;
	struct gp_arena *arena = gp_arena_new(1 << 20);
	struct gp_config *c = parse(HOURLY SIZED BY_NET
		"limit q { key = sender max = unlimited per = 36h code = \"450 4.1.1\" text = "
		"\"\\\"$\""
		" from = {trusted} }\n"
		"override { user = \"a\\\"b \xc3\xbc\" hourly = 2048 sized = 2048 }\n"
		"override { client = \"2001:db8::/33\" net = 2048 }\n");
	const char *first = dump(c, arena);
	gp_config_free(c);
	assert_non_null(strstr(first, "\n    max = 2G\n"));
	assert_non_null(strstr(first, "\n    per = 36h\n"));
	assert_non_null(strstr(first, "\n    hourly = 2048\n    sized = 2k\n"));
	assert_non_null(strstr(first, "\n    client = \"2001:db8::/33\"\n    net = 2048\n"));
	c = parse(first);
	assert_int_equal(c->limits.limit_count, 4);
	assert_int_equal(c->limits.override_count, 2);
	assert_string_equal(dump(c, arena), first);
	gp_config_free(c);
	gp_arena_free(arena);
}

/* ---- included files ---- */

/* The directory of a test, and what it makes in it. */
struct folder {
	char path[64];
};

/* setup: an empty directory. */
static int setup(void **state)
{
	struct folder *f = calloc(1, sizeof *f);
	snprintf(f->path, sizeof f->path, "/tmp/gatepost-test-config.XXXXXX");
	*state = f;
	return mkdtemp(f->path) ? 0 : -1;
}

/* teardown: nothing stays behind. */
static int teardown(void **state)
{
	struct folder *f = *state;
	char command[128];
	snprintf(command, sizeof command, "rm -r %s", f->path);
	int rc = system(command);
	free(f);
	return rc;
}

/* put: a file with this text. */
static void put(const struct folder *f, const char *name, const char *text)
{
	char path[160];
	snprintf(path, sizeof path, "%s/%s", f->path, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* with_folder: the text with every @ replaced by the directory; heap. */
static char *with_folder(const struct folder *f, const char *text)
{
	char *out = calloc(1, 8192), *at = out;
	for (; *text; text++) {
		if (*text == '@')
			at = stpcpy(at, f->path);
		else
			*at++ = *text;
	}
	return out;
}

/* expect_errors_in: expect_errors where @ is the directory. */
static void expect_errors_in(const struct folder *f, const char *text, const char *report)
{
	char *real_text = with_folder(f, text), *real_report = with_folder(f, report);
	test_said_errors(real_text, real_report);
	free(real_text);
	free(real_report);
}

/* parse_in: parse where @ is the directory. */
static struct gp_config *parse_in(const struct folder *f, const char *text)
{
	char *real_text = with_folder(f, text);
	struct gp_config *config = parse(real_text);
	free(real_text);
	return config;
}

/* test_include: files count as if their text stood at the end, patterns in the order of names. */
static void test_include(void **state)
{
	const struct folder *f = *state;
	put(f, "b.conf", "override { user = b hourly = 2 }\n");
	put(f, "a.conf", "\noverride { user = a hourly = 1 }\nspf { mode = label }");
	put(f, ".hidden.conf", "hostname = hidden");
	put(f, "c.conf~", "hostname = backup");
	put(f, "limits", HOURLY "limits { case_sensitive = yes }");
	put(f, "empty.conf", "");
	struct gp_config *c = parse_in(f, "include = {\"@/*.conf\", \"@/limits\", \"@/*.none\", "
					  "\"@/none/*\"}\nhostname = main");
	assert_string_equal(c->hostname, "main");
	assert_int_equal(c->spf.mode, GP_MODE_LABEL);
	assert_true(c->limits.case_sensitive);
	assert_int_equal(c->limits.limit_count, 1);
	assert_int_equal(c->limits.override_count, 2);
	const struct gp_limit_override *o = c->limits.overrides;
	assert_int_equal(o[0].line, 2);
	assert_int_equal(o[0].max[0], 1);
	char *a = with_folder(f, "@/a.conf"), *limits = with_folder(f, "@/limits");
	assert_string_equal(o[0].file, a);
	assert_string_equal(c->limits.limits[0].file, limits);
	assert_int_equal(c->includes.count, 0);
	/* the main file, four included ones, three directories of patterns, that of drop-ins */
	assert_int_equal(c->watched.count, 9);
	assert_string_equal(c->watched.items[0], "t.conf");
	assert_string_equal(c->watched.items[1], a);
	free(a);
	free(limits);
	struct gp_arena *arena = gp_arena_new(1 << 20);
	struct gp_config *again = parse(dump(c, arena));
	assert_string_equal(dump(again, arena), dump(c, arena));
	gp_config_free(again);
	gp_config_free(c);
	gp_arena_free(arena);
}

/* test_include_errors: the right file and line, all of them at once. */
static void test_include_errors(void **state)
{
	const struct folder *f = *state;
	put(f, "a", "\nspf { mode = x\n foo = 1 }\nhostname = h\n");
	put(f, "b", "\n\nlimit hourly { key = user max = 1 per = 1h }\nhostname = \"i\n");
	put(f, "c", "include = {\"/etc/passwd\"}\noverride { user = u\n fourly = 1 }\n" HOURLY);
	put(f, "d", "override { user = \"u\" hourly = 1 }\n");
	expect_errors_in(f, "include = {\"@/a\"}\nhostname = m",
		"@/a:2: spf.mode: x is not allowed here; allowed: one of off, label, enforce\n"
		"@/a:3: unknown option spf.foo; gatepost check-config --example lists all options\n"
		"@/a:4: hostname: repeated; it is set in t.conf:2 already\n");
	expect_errors_in(f, "\ninclude = {\"@/none\", \"@/b\"}\n" HOURLY,
		"t.conf:2: include: @/none cannot be read: No such file or directory\n"
		"@/b:3: limit hourly: repeated; it is set in t.conf:3 already\n"
		"@/b:4: the string that begins here is not closed\n");
	expect_errors_in(f, "include = {\"@/c\"}\n",
		"@/c:1: include: only the main file may include others\n"
		"@/c:3: override.fourly: there is no limit called fourly; did you mean hourly?\n");
	expect_errors_in(f, "include = {\"@/c\"}\n" HOURLY,
		"@/c:1: include: only the main file may include others\n"
		"@/c:3: override.fourly: there is no limit called fourly; did you mean hourly?\n"
		"@/c:4: limit hourly: repeated; it is set in t.conf:2 already\n");
	expect_errors_in(f, HOURLY "include = {\"@/d\"}\noverride { user = U hourly = 2 }",
		"@/d:1: override.user: u: repeated; it is set in t.conf:3 already\n");
	expect_errors_in(f, HOURLY "include = {\"@/d\", \"@/d\"}",
		"t.conf:2: include: @/d is included twice, or includes itself\n");
}

/* test_include_odd: what is not a regular file or too large is not read. */
static void test_include_odd(void **state)
{
	const struct folder *f = *state;
	char path[160];
	snprintf(path, sizeof path, "%s/fifo.conf", f->path);
	assert_int_equal(mkfifo(path, 0600), 0);
	snprintf(path, sizeof path, "%s/folder.conf", f->path);
	assert_int_equal(mkdir(path, 0700), 0);
	put(f, "large.conf", "");
	snprintf(path, sizeof path, "%s/large.conf", f->path);
	assert_int_equal(truncate(path, GP_CONFIG_INCLUDE_MAX + 1), 0);
	expect_errors_in(f, "include = {\"@/*.conf\", \"/dev/zero\", \"@/large.conf/*\"}",
		"t.conf:1: include: @/fifo.conf is not a regular file\n"
		"t.conf:1: include: @/folder.conf cannot be read: Is a directory\n"
		"t.conf:1: include: @/large.conf cannot be read: too large\n"
		"t.conf:1: include: /dev/zero is not a regular file\n"
		"t.conf:1: include: @/large.conf/ cannot be read: Not a directory\n");
	put(f, "self.conf", "");
	snprintf(path, sizeof path, "%s/self.conf", f->path);
	char *text = with_folder(f, "include = {\"@/self*\"}");
	put(f, "self.conf", text);
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	assert_int_equal(gp_config_load(path, &config, &errors), GP_ESYNTAX);
	assert_non_null(strstr(errors.text, "is included twice, or includes itself\n"));
	assert_int_equal(errors.count, 1);
	gp_config_errors_fini(&errors);
	free(text);
}

/*
 * test_include_not_opened: what is not a regular file is not even opened, as a device may act on
 * it.
 */
static void test_include_not_opened(void **state)
{
	const struct folder *f = *state;
	char path[160], event[512];
	snprintf(path, sizeof path, "%s/fifo.conf", f->path);
	assert_int_equal(mkfifo(path, 0600), 0);
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	assert_true(fd >= 0);
	assert_true(inotify_add_watch(fd, path, IN_OPEN) >= 0);
	expect_errors_in(f, "include = {\"@/fifo.conf\"}",
		"t.conf:1: include: @/fifo.conf is not a regular file\n");
	assert_int_equal(read(fd, event, sizeof event), -1);
	assert_int_equal(errno, EAGAIN);
	/* and the watch sees what is opened */
	int opened = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(opened >= 0);
	assert_true(read(fd, event, sizeof event) > 0);
	close(opened);
	close(fd);
}

/* test_include_many: a thousand files are read, one more is not. */
static void test_include_many(void **state)
{
	const struct folder *f = *state;
	char name[32], text[80];
	for (int i = 0; i < GP_CONFIG_INCLUDED_MAX; i++) {
		snprintf(name, sizeof name, "f%04d", i);
		snprintf(text, sizeof text, "override { user = u%d hourly = %d }", i, i);
		put(f, name, text);
	}
	struct gp_config *c = parse_in(f, HOURLY "include = {\"@/f*\"}");
	assert_int_equal(c->limits.override_count, GP_CONFIG_INCLUDED_MAX);
	gp_config_free(c);
	put(f, "g", "");
	expect_errors_in(f, HOURLY "include = {\"@/f*\", \"@/g\"}",
		"t.conf:2: include: @/g exceeds the number of files that may be read\n");
	put(f, "f", "");
	expect_errors_in(f, HOURLY "include = {\"@/f*\"}",
		"t.conf:2: include: @/ contains too many matching files\n");
}

/* test_include_total: the files together have a bound, too. */
static void test_include_total(void **state)
{
	const struct folder *f = *state;
	char *spaces = malloc(GP_CONFIG_INCLUDE_MAX + 1);
	assert_non_null(spaces);
	memset(spaces, '\n', GP_CONFIG_INCLUDE_MAX);
	spaces[GP_CONFIG_INCLUDE_MAX] = 0;
	for (const char *name = "1234"; *name; name++)
		put(f, (const char[]) {*name, 0}, spaces);
	put(f, "5", "\n");
	expect_errors_in(f, "include = {\"@/*\"}",
		"t.conf:1: include: @/5 exceeds the size that all included files may have "
		"together\n");
	free(spaces);
}

/* put_overrides: a file with so many of them. */
static void put_overrides(const struct folder *f, const char *name, int count)
{
	char path[160];
	snprintf(path, sizeof path, "%s/%s", f->path, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	for (int i = 0; i < count; i++)
		fprintf(file, "override {\n    user = \"user%d@example.org\"\n    hourly = %d\n}\n",
			(int)((i * 7919LL) % count), i);
	assert_int_equal(fclose(file), 0);
}

/* cpu_seconds: what it takes to load the file. */
static double cpu_seconds(const struct folder *f, const char *name, size_t count)
{
	char text[256];
	snprintf(text, sizeof text, "include = {\"%s/%s\"}\n" HOURLY, f->path, name);
	clock_t begun = clock();
	struct gp_config *c = parse(text);
	double seconds = (double)(clock() - begun) / CLOCKS_PER_SEC;
	assert_int_equal(c->limits.override_count, count);
	/* a name, a maximum and the override itself; no trace of what was in between */
	if (gp_arena_used(c->arena) > count * 200 + 65536)
		fail_msg("%zu bytes for %zu overrides", gp_arena_used(c->arena), count);
	gp_config_free(c);
	return seconds;
}

/* test_include_large: the time grows as the file does, and not with its square. */
static void test_include_large(void **state)
{
	const struct folder *f = *state;
	put_overrides(f, "small", 10000);
	put_overrides(f, "large", 80000);
	double small = cpu_seconds(f, "small", 10000), large = cpu_seconds(f, "large", 80000);
	/* eight times the text; its square would be sixty-four */
	if (large > 25 * small + 0.2)
		fail_msg("10000 overrides: %.3f s, 80000: %.3f s", small, large);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limit_defaults),
		cmocka_unit_test(test_limit_values),
		cmocka_unit_test(test_limit_errors),
		cmocka_unit_test(test_limit_bad_values),
		cmocka_unit_test(test_limit_names),
		cmocka_unit_test(test_limit_count),
		cmocka_unit_test(test_override_values),
		cmocka_unit_test(test_override_case),
		cmocka_unit_test(test_override_spelled),
		cmocka_unit_test(test_override_with_subaddress),
		cmocka_unit_test(test_override_outside_domains),
		cmocka_unit_test(test_override_applies),
		cmocka_unit_test(test_override_errors),
		cmocka_unit_test(test_override_typos),
		cmocka_unit_test(test_dump),
		cmocka_unit_test_setup_teardown(test_include, setup, teardown),
		cmocka_unit_test_setup_teardown(test_include_errors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_include_odd, setup, teardown),
		cmocka_unit_test_setup_teardown(test_include_not_opened, setup, teardown),
		cmocka_unit_test_setup_teardown(test_include_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_include_total, setup, teardown),
		cmocka_unit_test_setup_teardown(test_include_large, setup, teardown),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
