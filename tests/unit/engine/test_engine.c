/* SPDX-License-Identifier: ISC */
/* The pipeline over a scripted zone: which rule decides, what is asked, and bounded texts. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "engine/check_limit.h"
#include "engine/check_spf.h"
#include "support/judge.h"
#include "support/zone.h"

static const char zone_text[] = "a.test TXT v=spf1 ip4:192.0.2.0/24 -all\n"
				"b.test TXT v=spf1 include:a.test ~all\n"
				"nomail.test TXT v=spf1 -all\n"
				"helo.test TXT v=spf1 -all\n"
				"broken.test TXT v=spf1 x:y\n"
				"forward.test TXT v=spf1 ip4:203.0.113.0/24 -all\n"
				"owner.test TXT v=spf1 -all\n"
				"sub.owner.test TXT v=spf1 -all\n"
				"_dmarc.owner.test TXT v=DMARC1; p=none\n"
				"hiccup.test TXT v=spf1 -all\n"
				"_dmarc.hiccup.test TIMEOUT ANY\n"
				"dead.test TIMEOUT\n";

/* What one test needs. */
struct bench {
	struct test_zone *zone;
	struct gp_config *config;
	struct gp_ctx ctx;
	struct gp_facts f;
	struct gp_verdict v;
};

/* bench_begin: a zone and a configuration. */
static void bench_begin(struct bench *b, const char *config, size_t memory)
{
	struct gp_config_errors errors = {0};
	if (gp_config_parse(gp_span_from(config), "t.conf", &b->config, &errors))
		fail_msg("%s", errors.text);
	gp_config_errors_fini(&errors);
	b->zone = test_zone_new();
	test_zone_lines(b->zone, zone_text);
	b->ctx = (struct gp_ctx) {.arena = gp_arena_new(memory),
		.clock = test_zone_clock(b->zone),
		.dns = test_zone_dns(b->zone)};
	b->ctx.deadline_us = gp_clock_now_us(b->ctx.clock) + 20 * 1000000;
}

/* bench_end: frees all. */
static void bench_end(struct bench *b)
{
	gp_arena_free(b->ctx.arena);
	gp_config_free(b->config);
	test_zone_free(b->zone);
}

/* envelope: of a client, a HELO name, a sender. */
static struct gp_envelope envelope(const char *client, const char *helo, const char *sender)
{
	struct gp_envelope e = {.helo = gp_span_from(helo),
		.sender = gp_span_from(sender),
		.recipient = gp_span_from("r@here.test")};
	assert_int_equal(gp_ipaddr_parse(gp_span_from(client), &e.client), GP_OK);
	return e;
}

#define HEAD "hostname = mx.test\n"

/* test_private: a private address says something of clients that SPF is about, of nobody else. */
static void test_private(void **state)
{
	static const struct {
		const char *config, *client, *user;
		bool is_private;
	} rows[] = {
		{"", "10.0.0.1", "", true},
		{"", "10.0.0.1", "alice", false},
		{"trusted_networks = {\"10.0.0.0/8\"}", "10.0.0.1", "", false},
		{"", "192.0.2.1", "", false},
		{"spf { mode = off }", "10.0.0.1", "", true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct bench b;
		bench_begin(&b, rows[i].config, 1 << 20);
		struct gp_envelope e = envelope(rows[i].client, "x.test", "u@a.test");
		e.sasl_username = gp_span_from(rows[i].user);
		assert_int_equal(test_judge_envelope(&b.ctx, b.config, &e, &b.f, &b.v), GP_OK);
		assert_int_equal(b.f.private_client, rows[i].is_private);
		bench_end(&b);
	}
}

struct row {
	const char *config, *client, *helo, *sender;
	const char *rule;
	enum gp_action action;
	size_t questions; /* that DNS was asked */
};

/* check_rows: rule, action and questions of each. */
static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct bench b;
		bench_begin(&b, rows[i].config, 1 << 20);
		struct gp_envelope e = envelope(rows[i].client, rows[i].helo, rows[i].sender);
		assert_int_equal(test_judge_envelope(&b.ctx, b.config, &e, &b.f, &b.v), GP_OK);
		if (strcmp(b.v.rule, rows[i].rule) || b.v.action != rows[i].action ||
			test_zone_asked(b.zone, TEST_ZONE_ANY) != rows[i].questions)
			fail_msg("row %zu (%s): %s, %s, %zu questions", i, rows[i].config, b.v.rule,
				gp_engine_action_name(b.v.action),
				test_zone_asked(b.zone, TEST_ZONE_ANY));
		assert_true((b.v.reply != NULL) == (b.v.would != GP_ACTION_ACCEPT));
		bench_end(&b);
	}
}

/* test_rules: the rule, the action, and no question more than needed. */
static void test_rules(void **state)
{
	static const struct row rows[] = {
		{"", "192.0.2.1", "x.test", "u@a.test", "default", GP_ACTION_ACCEPT, 2},
		{"", "198.51.100.1", "x.test", "u@a.test", "spf.reject", GP_ACTION_REJECT, 1},
		{"", "198.51.100.1", "helo.test", "", "spf.helo_reject", GP_ACTION_REJECT, 1},
		{"", "198.51.100.1", "helo.test", "u@b.test", "default", GP_ACTION_ACCEPT, 3},
		{"spf { helo = off }", "192.0.2.1", "helo.test", "u@a.test", "default",
			GP_ACTION_ACCEPT, 1},
		{"spf { helo = always }", "192.0.2.1", "helo.test", "u@a.test", "spf.helo_reject",
			GP_ACTION_REJECT, 2},
		{"spf { mode = off }", "198.51.100.1", "helo.test", "u@a.test", "spf.mode",
			GP_ACTION_ACCEPT, 0},
		{"spf { mode = label }", "198.51.100.1", "x.test", "u@a.test", "spf.reject",
			GP_ACTION_ACCEPT, 1},
		{"", "10.0.0.1", "x.test", "u@a.test", "private-client", GP_ACTION_ACCEPT, 0},
		{"trusted_networks = {\"198.51.100.0/24\"}", "198.51.100.1", "x.test", "u@a.test",
			"trusted_networks", GP_ACTION_ACCEPT, 0},
		{"spf { on_temperror = defer }", "192.0.2.1", "x.test", "u@dead.test",
			"spf.on_temperror", GP_ACTION_DEFER, 2},
		{"spf { on_temperror = defer }", "192.0.2.1", "dead.test", "u@a.test", "default",
			GP_ACTION_ACCEPT, 2},
		{"spf { on_permerror = reject }", "192.0.2.1", "x.test", "u@broken.test",
			"spf.on_permerror", GP_ACTION_REJECT, 1},
		{"spf { forwarders = {\"forward.test\"} }", "203.0.113.1", "x.test", "u@a.test",
			"spf.forwarders", GP_ACTION_ACCEPT, 2},
		{"spf { exempt_senders = {\".test\"} }", "198.51.100.1", "x.test", "u@a.test",
			"spf.exempt_senders", GP_ACTION_ACCEPT, 0},
		{"spf { must_pass = {\"b.test\"} }", "198.51.100.1", "x.test", "u@b.test",
			"spf.must_pass", GP_ACTION_REJECT, 2},
		{"", "192.0.2.1", "x.test", "no-at-sign", "default", GP_ACTION_ACCEPT, 1},
		/* an owner who publishes DMARC, at the domain or above it */
		{"", "192.0.2.1", "x.test", "u@owner.test", "spf.reject", GP_ACTION_REJECT, 1},
		{"spf { yield_to_dmarc = yes }", "192.0.2.1", "x.test", "u@owner.test",
			"spf.yield_to_dmarc", GP_ACTION_ACCEPT, 4},
		{"spf { yield_to_dmarc = yes }", "192.0.2.1", "x.test", "u@sub.owner.test",
			"spf.yield_to_dmarc", GP_ACTION_ACCEPT, 5},
		{"spf { yield_to_dmarc = yes }", "192.0.2.1", "x.test", "u@hiccup.test",
			"spf.yield_to_dmarc", GP_ACTION_ACCEPT, 4},
		{"spf { yield_to_dmarc = yes }", "198.51.100.1", "x.test", "u@a.test", "spf.reject",
			GP_ACTION_REJECT, 3},
		{"spf { yield_to_dmarc = yes\n must_pass = {\"owner.test\"} }", "192.0.2.1",
			"x.test", "u@owner.test", "spf.must_pass", GP_ACTION_REJECT, 3},
		{"spf { yield_to_dmarc = yes\n helo = always }", "192.0.2.1", "helo.test",
			"u@owner.test", "spf.helo_reject", GP_ACTION_REJECT, 4},
	};
	(void)state;
	check_rows(rows, sizeof rows / sizeof rows[0]);
}

/* test_nat64: a client of IPv4 that a NAT64 shows as one of IPv6 is judged as what it is, by every
 * rule, and counted so. */
static void test_nat64(void **state)
{
#define NAT64 "nat64_prefixes = {\"2001:db8:64::/48\"}\n"
	static const struct row rows[] = {
		{"", "64:ff9b::192.0.2.1", "x.test", "u@a.test", "default", GP_ACTION_ACCEPT, 2},
		{"", "64:ff9b::198.51.100.1", "x.test", "u@a.test", "spf.reject", GP_ACTION_REJECT,
			1},
		/* what the prefix must not stand for (RFC 6052 3.1) is the address of IPv6 that it
		   is */
		{"", "64:ff9b::10.0.0.1", "x.test", "u@a.test", "spf.reject", GP_ACTION_REJECT, 1},
		{"", "64:ff9b::127.0.0.1", "x.test", "u@a.test", "spf.reject", GP_ACTION_REJECT, 1},
		{"", "64:ff9b::", "x.test", "u@a.test", "spf.reject", GP_ACTION_REJECT, 1},
		{"trusted_networks = {\"10.0.0.0/8\"}", "64:ff9b::10.0.0.1", "x.test", "u@a.test",
			"spf.reject", GP_ACTION_REJECT, 1},
		{"own_networks = {\"10.0.0.0/8\"}", "64:ff9b::10.0.0.1", "x.test", "u@a.test",
			"spf.reject", GP_ACTION_REJECT, 1},
		{"spf { exempt_clients = {\"10.0.0.0/8\"} }", "64:ff9b::10.0.0.1", "x.test",
			"u@a.test", "spf.reject", GP_ACTION_REJECT, 1},
		{"nat64_prefixes = {\"64:ff9b::/96\"}", "64:ff9b::10.0.0.1", "x.test", "u@a.test",
			"spf.reject", GP_ACTION_REJECT, 1},
		/* but a network of such addresses can be named */
		{"trusted_networks = {\"64:ff9b::a00:0/104\"}", "64:ff9b::10.0.0.1", "x.test",
			"u@a.test", "trusted_networks", GP_ACTION_ACCEPT, 0},
		/* under a prefix of the site's own a private address is a host of the site */
		{NAT64, "2001:db8:64:a00:0:100::", "x.test", "u@a.test", "private-client",
			GP_ACTION_ACCEPT, 0},
		{NAT64, "2001:db8:64:7f00:0:100::", "x.test", "u@a.test", "spf.reject",
			GP_ACTION_REJECT, 1},
		{"trusted_networks = {\"198.51.100.0/24\"}", "64:ff9b::198.51.100.1", "x.test",
			"u@a.test", "trusted_networks", GP_ACTION_ACCEPT, 0},
		{"spf { exempt_clients = {\"198.51.100.1\"} }", "64:ff9b::198.51.100.1", "x.test",
			"u@a.test", "spf.exempt_clients", GP_ACTION_ACCEPT, 0},
		{NAT64, "2001:db8:64:c000:2:100::", "x.test", "u@a.test", "default",
			GP_ACTION_ACCEPT, 2},
		{NAT64 "own_networks = {\"192.0.2.0/24\"}", "2001:db8:64:c000:2:100::", "x.test",
			"u@a.test", "private-client", GP_ACTION_ACCEPT, 0},
		{NAT64, "64:ff9b::192.0.2.1", "x.test", "u@a.test", "default", GP_ACTION_ACCEPT, 2},
		{"", "2001:db8:64:c000:2:100::", "x.test", "u@a.test", "spf.reject",
			GP_ACTION_REJECT, 1},
	};
	(void)state;
	check_rows(rows, sizeof rows / sizeof rows[0]);
	struct bench b;
	char text[GP_IPADDR_TEXT];
	bench_begin(&b, NAT64 "trusted_networks = {\"192.0.2.0/24\"}", 1 << 20);
	struct gp_envelope e = envelope("2001:db8:64:c000:2:100::", "x.test", "u@a.test");
	struct gp_limit_who who = gp_engine_who(b.config, &e);
	assert_string_equal(gp_ipaddr_format(&who.client, text), "192.0.2.1");
	assert_int_equal(who.origin, GP_LIMIT_FROM_TRUSTED);
	bench_end(&b);
	bench_begin(&b, "trusted_networks = {\"127.0.0.0/8\", \"10.0.0.0/8\"}", 1 << 20);
	e = envelope("64:ff9b::127.0.0.1", "x.test", "u@a.test");
	who = gp_engine_who(b.config, &e);
	assert_int_equal(who.client.family, GP_IP_V6);
	assert_int_equal(who.origin, GP_LIMIT_FROM_OTHERS);
	bench_end(&b);
}

/* test_exempt: the rule by which nothing is judged, as far as the envelope tells. */
static void test_exempt(void **state)
{
	static const struct {
		const char *config, *client, *rule;
	} rows[] = {
		{"", "198.51.100.1", NULL},
		{"", "192.168.1.1", "private-client"},
		{"own_networks = {\"198.51.100.1\"}", "198.51.100.1", "private-client"},
		{"trusted_networks = {\"198.51.100.1\"}", "64:ff9b::198.51.100.1",
			"trusted_networks"},
		{"spf { mode = off }", "198.51.100.1", "spf.mode"},
		{"spf { exempt_clients = {\"198.51.100.1\"} }", "198.51.100.1",
			"spf.exempt_clients"},
		{"spf { exempt_helo = {\"x.test\"} }", "198.51.100.1", "spf.exempt_helo"},
		{"spf { exempt_senders = {\"u@a.test\"} }", "198.51.100.1", "spf.exempt_senders"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct bench b;
		const struct gp_rule *rule;
		bench_begin(&b, rows[i].config, 1 << 20);
		struct gp_envelope e = envelope(rows[i].client, "x.test", "u@a.test");
		assert_int_equal(gp_engine_exempt(&b.ctx, b.config, &e, &rule), GP_OK);
		if (rows[i].rule ? !rule || strcmp(rule->name, rows[i].rule) != 0 : rule != NULL)
			fail_msg("row %zu: %s", i, rule ? rule->name : "none");
		assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), 0);
		bench_end(&b);
	}
}

/* long_text: n times c in the arena of the bench. */
static const char *long_text(struct bench *b, size_t n, char c, const char *end)
{
	struct gp_strbuf buf;
	const char *text;
	gp_strbuf_init(&buf, b->ctx.arena, 65536);
	for (size_t i = 0; i < n; i++)
		gp_strbuf_add_char(&buf, c);
	gp_strbuf_add(&buf, end);
	assert_int_equal(gp_strbuf_finish(&buf, &text), GP_OK);
	return text;
}

/* test_bounds: header and reply stay in one line of what SMTP allows, printable, whatever comes. */
static void test_bounds(void **state)
{
	static const char *const headers[] = {"authentication-results", "received-spf"};
	static const char bytes[] = {'x', '"', '\\', '\n', '\x01', '(', '\xc3', '\xff', ' ', '@'};
	(void)state;
	for (size_t h = 0; h < 2; h++) {
		for (size_t i = 0; i < sizeof bytes * 2; i++) {
			struct bench b;
			char config[200];
			snprintf(config, sizeof config,
				HEAD "spf { header = %s\n reject = {none} }\n", headers[h]);
			bench_begin(&b, config, 1 << 20);
			char c = bytes[i / 2];
			const char *sender =
				long_text(&b, 5000, c, i % 2 ? "@a.test" : "@none.test");
			struct gp_envelope e =
				envelope("192.0.2.1", long_text(&b, 3000, c, ".test"), sender);
			assert_int_equal(
				test_judge_envelope(&b.ctx, b.config, &e, &b.f, &b.v), GP_OK);
			const char *text = b.v.header ? b.v.header : b.v.reply;
			assert_non_null(text);
			assert_true(strlen(text) <= 998);
			for (const char *p = text; *p; p++)
				assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
			bench_end(&b);
		}
	}
}

/* test_reply_bound: templates filled with long values end within a reply line. */
static void test_reply_bound(void **state)
{
	(void)state;
	struct bench b;
	bench_begin(&b,
		"spf { reject_text = \"{value} {value} {value} {domain} {value} {recipient}\"\n"
		" url = \"{value}{value}\" }",
		1 << 20);
	struct gp_envelope e =
		envelope("198.51.100.1", "x.test", long_text(&b, 400, 'x', "@a.test"));
	assert_int_equal(test_judge_envelope(&b.ctx, b.config, &e, &b.f, &b.v), GP_OK);
	assert_int_equal(b.v.action, GP_ACTION_REJECT);
	assert_int_equal(strlen(b.v.reply), 450);
	bench_end(&b);
}

/* test_names_in_urls: what a sender says adds nothing to a link, in spf.url and in the URL of a
 * text; outside of one it stands as it came. */
static void test_names_in_urls(void **state)
{
	static const struct {
		const char *config, *sender, *reply;
	} rows[] = {
		{"spf { reject_text = no\n url = \"https://w.test/?s={value}&ip={client}\" }",
			"a&b=c#d+e%41/?@a.test",
			"550 5.7.23 no; see https://w.test/"
			"?s=a%26b%3Dc%23d%2Be%2541%2F%3F%40a.test&ip=198.51.100.1"},
		{"spf { reject_text = no\n url = \"https://w.test/{value}\" }",
			"\"a b\\\"<x>\"@a.test",
			"550 5.7.23 no; see https://w.test/%22a%20b%5C%22%3Cx%3E%22%40a.test"},
		{"spf { reject_text = no\n url = \"w.test/{value}\" }", "a/../b@a.test",
			"550 5.7.23 no; see w.test/a%2F..%2Fb%40a.test"},
		{"spf { reject_text = \"{value} https://w.test/?s={value}&d={domain} ({value})\" }",
			"a&b@a.test",
			"550 5.7.23 a&b@a.test https://w.test/?s=a%26b%40a.test&d=a.test "
			"(a&b@a.test)"},
		{"spf { reject_text = \"<https://w.test/{value}>{value}\" }", "a\r\nb\x7f@a.test",
			"550 5.7.23 <https://w.test/a%0D%0Ab%7F%40a.test>a??b?@a.test"},
		{"spf { reject_text = \"{value}\" }", "a://b@a.test", "550 5.7.23 a://b@a.test"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct bench b;
		bench_begin(&b, rows[i].config, 1 << 20);
		struct gp_envelope e = envelope("198.51.100.1", "x.test", rows[i].sender);
		assert_int_equal(test_judge_envelope(&b.ctx, b.config, &e, &b.f, &b.v), GP_OK);
		assert_string_equal(b.v.reply, rows[i].reply);
		bench_end(&b);
	}
}

/* test_long_urls: they are cut, and never within an escape. */
static void test_long_urls(void **state)
{
	(void)state;
	for (size_t pad = 1; pad <= 6; pad++) {
		struct bench b;
		char config[200];
		snprintf(config, sizeof config,
			"spf { reject_text = no\n url = \"https://w.test/%.*s{value}{value}\" }",
			(int)pad, "xxxxxx");
		bench_begin(&b, config, 1 << 20);
		struct gp_envelope e =
			envelope("198.51.100.1", "x.test", long_text(&b, 200, '&', "@a.test"));
		assert_int_equal(test_judge_envelope(&b.ctx, b.config, &e, &b.f, &b.v), GP_OK);
		const char *escapes = strchr(b.v.reply, '%');
		assert_non_null(escapes);
		assert_int_equal(strlen(escapes) % 3, 0);
		assert_true(strlen(strstr(b.v.reply, "https")) <= 250);
		bench_end(&b);
	}
}

/* test_memory: with too little memory there is a status and no verdict, at every size. */
static void test_memory(void **state)
{
	(void)state;
	bool done = false;
	for (size_t memory = 0; memory < 65536 && !done; memory += 64) {
		struct bench b;
		bench_begin(&b, HEAD, memory);
		struct gp_envelope e = envelope("198.51.100.1", "helo.test", "u@b.test");
		int rc = test_judge_envelope(&b.ctx, b.config, &e, &b.f, &b.v);
		if (rc)
			assert_int_equal(rc, GP_ETOOBIG);
		else
			assert_non_null(b.v.header);
		done = rc == GP_OK;
		bench_end(&b);
	}
	assert_true(done);
}

/* test_deadline: once the time is over nobody is asked, and the result is temperror. */
static void test_deadline(void **state)
{
	(void)state;
	struct bench b;
	bench_begin(&b, "spf { on_temperror = defer }", 1 << 20);
	b.ctx.deadline_us = gp_clock_now_us(b.ctx.clock);
	struct gp_envelope e = envelope("198.51.100.1", "x.test", "u@a.test");
	assert_int_equal(test_judge_envelope(&b.ctx, b.config, &e, &b.f, &b.v), GP_OK);
	assert_int_equal(b.v.action, GP_ACTION_DEFER);
	assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), 0);
	bench_end(&b);
}

/* test_no_mail: the set no-mail meets only domains that send none. */
static void test_no_mail(void **state)
{
	(void)state;
	struct bench b;
	bench_begin(&b, "spf { reject = {no-mail} }", 1 << 20);
	struct gp_envelope e = envelope("198.51.100.1", "x.test", "u@nomail.test");
	assert_int_equal(test_judge_envelope(&b.ctx, b.config, &e, &b.f, &b.v), GP_OK);
	assert_int_equal(b.v.action, GP_ACTION_REJECT);
	e.sender = gp_span_from("u@a.test");
	assert_int_equal(test_judge_envelope(&b.ctx, b.config, &e, &b.f, &b.v), GP_OK);
	assert_int_equal(b.v.action, GP_ACTION_ACCEPT);
	bench_end(&b);
}

/* test_trouble_of_our_own: it is told where it left a verdict open, and only there. */
static void test_trouble_of_our_own(void **state)
{
	static const struct {
		const char *zone, *helo, *sender;
		bool told;
	} rows[] = {
		{"", "x.test", "u@a.test", false},
		{"", "x.test", "u@dead.test", false}, /* the sender's */
		{"t.test TROUBLE", "x.test", "u@t.test", true},
		{"t.test TXT v=spf1 mx -all\nt.test TROUBLE MX", "x.test", "u@t.test", true},
		{"t.test TXT v=spf1 ip4:192.0.2.0/24 mx -all\nt.test TROUBLE MX", "x.test",
			"u@t.test", false},
		/* a ptr that cannot be asked is no match (RFC 7208 5.5), and the -all no fail */
		{"t.test TXT v=spf1 ptr -all\n1.2.0.192.in-addr.arpa TROUBLE", "x.test", "u@t.test",
			true},
		{"h.test TROUBLE", "h.test", "u@a.test", true},
		{"h.test TROUBLE", "h.test", "", true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct bench b;
		bench_begin(&b, "", 1 << 20);
		test_zone_lines(b.zone, rows[i].zone);
		struct gp_envelope e = envelope("192.0.2.1", rows[i].helo, rows[i].sender);
		assert_int_equal(test_judge_envelope(&b.ctx, b.config, &e, &b.f, &b.v), GP_OK);
		if ((b.f.trouble != NULL) != rows[i].told)
			fail_msg("row %zu: %s", i, b.f.trouble ? b.f.trouble : "not told");
		bench_end(&b);
	}
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_private),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_nat64),
		cmocka_unit_test(test_exempt),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_reply_bound),
		cmocka_unit_test(test_names_in_urls),
		cmocka_unit_test(test_long_urls),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_no_mail),
		cmocka_unit_test(test_trouble_of_our_own),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
