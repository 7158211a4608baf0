/* SPDX-License-Identifier: ISC */
/* The pipeline of a message over a scripted zone: rules, modes, exceptions, questions, texts. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "engine/record.h"
#include "support/judge.h"
#include "mail/authres.h"
#include "support/zone.h"

/* an RSA key of 512 bits */
#define SMALL_KEY                                                          \
	"MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAM/Slq+aNBu+W9Jqk23lVHCXv1VeERJd" \
	"o2luyrzwbX9M0udnbjWRdB+sFgDwRmN+5lYoSkZsjKBbgeYiTwhxnoMCAwEAAQ=="

static const char zone_text[] = "good.test TXT v=spf1 ip4:192.0.2.0/24 -all\n"
				"_dmarc.good.test TXT v=DMARC1; p=reject\n"
				"quar.test TXT v=spf1 ip4:192.0.2.0/24 -all\n"
				"_dmarc.quar.test TXT v=DMARC1; p=quarantine\n"
				"_dmarc.none.test TXT v=DMARC1; p=none\n"
				"_dmarc.zero.test TXT v=DMARC1; p=reject; pct=0\n"
				"other.test TXT v=spf1 ip4:192.0.2.0/24 -all\n"
				"forward.test TXT v=spf1 ip4:198.51.100.0/24 -all\n"
				"_dmarc.dead.test TIMEOUT ANY\n"
				"mute.test TIMEOUT ANY\n"
				"_dmarc.mute.test TXT v=DMARC1; p=reject\n"
				"silent.test TIMEOUT ANY\n"
				"_dmarc.silent.test TXT v=DMARC1; p=none\n"
				"_dmarc.ghosts.test TXT v=DMARC1; p=reject; sp=none; np=reject\n"
				"late.ghosts.test TIMEOUT ANY\n"
				"slow.ghosts.test NXDOMAIN ANY\nslow.ghosts.test DELAY 100\n"
				"slow.good.test DELAY 100\n"
				"slow.good.test TXT v=spf1 -all\n"
				"yes.test TXT v=spf1 include:slow.good.test -all\n"
				"_dmarc.yes.test TXT v=DMARC1; p=reject\n"
				"creep.test TXT v=spf1 include:1.creep.test include:2.creep.test "
				"include:3.creep.test -all\n"
				"1.creep.test TXT v=spf1 -all\n1.creep.test DELAY 8000\n"
				"2.creep.test TXT v=spf1 -all\n2.creep.test DELAY 8000\n"
				"3.creep.test TXT v=spf1 -all\n3.creep.test DELAY 8000\n"
				"s._domainkey.creep.test DELAY 30000\n"
				"s._domainkey.mute.test TIMEOUT ANY\n"
				"s._domainkey.small.test TXT p=" SMALL_KEY "\n"
				"s._domainkey.trial.test TXT t=y; p=" SMALL_KEY "\n";

struct bench {
	struct test_zone *zone;
	struct gp_config *config;
	struct gp_crypto_digest *digest;
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
	assert_int_equal(gp_crypto_digest_new(&b->digest), GP_OK);
	b->ctx = (struct gp_ctx) {.arena = gp_arena_new(memory),
		.clock = test_zone_clock(b->zone),
		.dns = test_zone_dns(b->zone)};
	b->ctx.deadline_us = gp_clock_now_us(b->ctx.clock) + 20 * 1000000;
}

/* bench_end: frees all. */
static void bench_end(struct bench *b)
{
	gp_arena_free(b->ctx.arena);
	gp_crypto_digest_free(b->digest);
	gp_config_free(b->config);
	test_zone_free(b->zone);
}

/* A body in memory. */
struct text_body {
	struct gp_span left;
};

/* read_text: in small pieces. */
static int read_text(void *arg, char *buffer, size_t size, size_t *got_out)
{
	struct text_body *t = arg;
	*got_out = t->left.len < size ? t->left.len : size;
	if (*got_out > 7)
		*got_out = 7;
	if (*got_out)
		memcpy(buffer, t->left.ptr, *got_out);
	t->left = gp_span_skip(t->left, *got_out);
	return GP_OK;
}

struct given {
	const char *client, *helo, *sender, *user;
	const char *header; /* LF line ends */
	bool every_check;
};

/* judge: the engine over a message with a small body. */
static int judge(struct bench *b, const struct given *given)
{
	struct gp_message message;
	struct text_body text = {gp_span_from("Hello,\n\nworld.\n")};
	const struct gp_message_body body = {read_text, &text, GP_MESSAGE_LF};
	struct gp_envelope e = {.helo = gp_span_from(given->helo),
		.sender = gp_span_from(given->sender),
		.sasl_username = gp_span_from(given->user)};
	if (given->client)
		assert_int_equal(gp_ipaddr_parse(gp_span_from(given->client), &e.client), GP_OK);
	int rc = gp_message_parse(
		b->ctx.arena, gp_span_from(given->header), GP_MESSAGE_LF, &message);
	const struct gp_mail mail = {.digest = b->digest, .message = &message, .body = &body};
	return rc ? rc
		  : test_judge_message(
			    &b->ctx, b->config, &e, &mail, given->every_check, &b->f, &b->v);
}

#define IN "192.0.2.1"
#define OUT "198.51.100.1"

struct row {
	const char *config, *client, *sender, *from;
	const char *rule;
	enum gp_action action, would;
	enum gp_dmarc_verdict dmarc;
};

/* check_rules: what decides, and what is done. */
static void check_rules(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct bench b;
		char header[400];
		snprintf(header, sizeof header, "%s%s\nSubject: hello\n",
			rows[i].from ? "From: " : "X-Nobody: 1", rows[i].from ? rows[i].from : "");
		bench_begin(&b, rows[i].config, 1 << 20);
		const struct given given = {
			rows[i].client, "helo.test", rows[i].sender, "", header, false};
		assert_int_equal(judge(&b, &given), GP_OK);
		if (strcmp(b.v.rule, rows[i].rule) || b.v.action != rows[i].action ||
			b.v.would != rows[i].would || b.f.dmarc.verdict != rows[i].dmarc)
			fail_msg("row %zu (%s, %s): %s", i, rows[i].config, header, b.v.summary);
		bool has_reply = b.v.would == GP_ACTION_REJECT || b.v.would == GP_ACTION_DEFER;
		assert_true((b.v.reply != NULL) == has_reply);
		bench_end(&b);
	}
}

/* test_rules: policies and exceptions. */
static void test_rules(void **state)
{
	static const struct row rows[] = {
		{"", IN, "u@good.test", "u@good.test", "default", GP_ACTION_ACCEPT,
			GP_ACTION_ACCEPT, GP_DMARC_PASS},
		{"", OUT, "u@good.test", "u@good.test", "dmarc.on_reject", GP_ACTION_REJECT,
			GP_ACTION_REJECT, GP_DMARC_FAIL},
		{"", IN, "u@other.test", "u@good.test", "dmarc.on_reject", GP_ACTION_REJECT,
			GP_ACTION_REJECT, GP_DMARC_FAIL},
		{"", OUT, "u@quar.test", "u@quar.test", "dmarc.on_quarantine", GP_ACTION_QUARANTINE,
			GP_ACTION_QUARANTINE, GP_DMARC_FAIL},
		{"", OUT, "u@none.test", "u@none.test", "default", GP_ACTION_ACCEPT,
			GP_ACTION_ACCEPT, GP_DMARC_FAIL},
		{"", OUT, "u@no-record.test", "u@no-record.test", "default", GP_ACTION_ACCEPT,
			GP_ACTION_ACCEPT, GP_DMARC_NONE},
		{"", OUT, "u@zero.test", "u@zero.test", "dmarc.on_quarantine", GP_ACTION_QUARANTINE,
			GP_ACTION_QUARANTINE, GP_DMARC_FAIL},
		{"dmarc { pct = no }", OUT, "u@zero.test", "u@zero.test", "dmarc.on_reject",
			GP_ACTION_REJECT, GP_ACTION_REJECT, GP_DMARC_FAIL},
		{"dmarc { mode = label }", OUT, "u@good.test", "u@good.test", "dmarc.on_reject",
			GP_ACTION_ACCEPT, GP_ACTION_REJECT, GP_DMARC_FAIL},
		{"dmarc { on_reject = quarantine }", OUT, "u@good.test", "u@good.test",
			"dmarc.on_reject", GP_ACTION_QUARANTINE, GP_ACTION_QUARANTINE,
			GP_DMARC_FAIL},
		{"dmarc { on_quarantine = reject }", OUT, "u@quar.test", "u@quar.test",
			"dmarc.on_quarantine", GP_ACTION_REJECT, GP_ACTION_REJECT, GP_DMARC_FAIL},
		/* exceptions */
		{"dmarc { exempt_domains = {\"good.test\"} }", OUT, "u@good.test", "u@good.test",
			"dmarc.exempt_domains", GP_ACTION_ACCEPT, GP_ACTION_ACCEPT, GP_DMARC_FAIL},
		{"dmarc { exempt_domains = {\".test\"} }", OUT, "u@good.test", "u@good.test",
			"dmarc.exempt_domains", GP_ACTION_ACCEPT, GP_ACTION_ACCEPT, GP_DMARC_FAIL},
		{"dmarc { exempt_clients = {\"198.51.100.0/24\"} }", OUT, "u@good.test",
			"u@good.test", "dmarc.exempt_clients", GP_ACTION_ACCEPT, GP_ACTION_ACCEPT,
			GP_DMARC_FAIL},
		{"dmarc { mailing_lists = {\"other.test\"} }", IN, "list@other.test", "u@good.test",
			"dmarc.mailing_lists", GP_ACTION_ACCEPT, GP_ACTION_ACCEPT, GP_DMARC_FAIL},
		{"dmarc { mailing_lists = {\"other.test\"} }", OUT, "list@other.test",
			"u@good.test", "dmarc.on_reject", GP_ACTION_REJECT, GP_ACTION_REJECT,
			GP_DMARC_FAIL},
		{"dmarc { forwarders = {\"forward.test\"} }", OUT, "u@good.test", "u@good.test",
			"dmarc.forwarders", GP_ACTION_ACCEPT, GP_ACTION_ACCEPT, GP_DMARC_FAIL},
		/* an address that says nothing never makes a failure, and waiting does not help */
		{"", "10.0.0.1", "u@good.test", "u@good.test", "default", GP_ACTION_ACCEPT,
			GP_ACTION_ACCEPT, GP_DMARC_TEMPERROR},
		{"spf { exempt_clients = {\"198.51.100.0/24\"} }", OUT, "u@good.test",
			"u@good.test", "default", GP_ACTION_ACCEPT, GP_ACTION_ACCEPT,
			GP_DMARC_TEMPERROR},
		/* a claim of the sender's is no exception */
		{"spf { exempt_senders = {\"good.test\"} }", OUT, "u@good.test", "u@good.test",
			"dmarc.on_reject", GP_ACTION_REJECT, GP_ACTION_REJECT, GP_DMARC_FAIL},
	};
	(void)state;
	check_rules(rows, sizeof rows / sizeof rows[0]);
}

/* test_uncertain: what DNS or From leave open. */
static void test_uncertain(void **state)
{
	static const struct row rows[] = {
		/* temporary errors */
		{"", OUT, "u@dead.test", "u@dead.test", "dmarc.on_temperror", GP_ACTION_DEFER,
			GP_ACTION_DEFER, GP_DMARC_TEMPERROR},
		{"dmarc { on_temperror = accept }", OUT, "u@dead.test", "u@dead.test",
			"dmarc.on_temperror", GP_ACTION_ACCEPT, GP_ACTION_ACCEPT,
			GP_DMARC_TEMPERROR},
		{"", OUT, "u@mute.test", "u@mute.test", "dmarc.on_temperror", GP_ACTION_DEFER,
			GP_ACTION_DEFER, GP_DMARC_TEMPERROR},
		{"", OUT, "u@silent.test", "u@silent.test", "default", GP_ACTION_ACCEPT,
			GP_ACTION_ACCEPT, GP_DMARC_TEMPERROR},
		/* an author that may not exist, where only such ones are asked to be refused */
		{"", OUT, "u@other.test", "u@gone.ghosts.test", "dmarc.on_reject", GP_ACTION_REJECT,
			GP_ACTION_REJECT, GP_DMARC_FAIL},
		{"", OUT, "u@other.test", "u@late.ghosts.test", "dmarc.on_temperror",
			GP_ACTION_DEFER, GP_ACTION_DEFER, GP_DMARC_TEMPERROR},
		/* no single author */
		{"", IN, "u@good.test", NULL, "dmarc.on_unreadable_from", GP_ACTION_REJECT,
			GP_ACTION_REJECT, GP_DMARC_PERMERROR},
		{"", IN, "u@good.test", "u@good.test, u@other.test", "dmarc.on_several_domains",
			GP_ACTION_REJECT, GP_ACTION_REJECT, GP_DMARC_PERMERROR},
		{"", IN, "u@good.test", "u@good.test>", "default", GP_ACTION_ACCEPT,
			GP_ACTION_ACCEPT, GP_DMARC_PASS},
		{"", IN, "u@good.test", "u@good.test\nFrom: u@other.test",
			"dmarc.on_unreadable_from", GP_ACTION_REJECT, GP_ACTION_REJECT,
			GP_DMARC_PERMERROR},
		{"", IN, "u@good.test", "u@[192.0.2.1]", "dmarc.on_no_domain", GP_ACTION_ACCEPT,
			GP_ACTION_ACCEPT, GP_DMARC_NONE},
		{"", IN, "u@good.test", "u@[other.test]", "dmarc.on_unreadable_from",
			GP_ACTION_REJECT, GP_ACTION_REJECT, GP_DMARC_PERMERROR},
		{"", IN, "u@good.test", "u@good.test/x.other.test", "dmarc.on_unreadable_from",
			GP_ACTION_REJECT, GP_ACTION_REJECT, GP_DMARC_PERMERROR},
		{"", IN, "u@good.test", "u@good.test'.other.test", "dmarc.on_unreadable_from",
			GP_ACTION_REJECT, GP_ACTION_REJECT, GP_DMARC_PERMERROR},
		{"", IN, "u@good.test", "u@a_b.good.test", "default", GP_ACTION_ACCEPT,
			GP_ACTION_ACCEPT, GP_DMARC_PASS},
		{"", IN, "u@good.test", "a@good.test, b@GOOD.test", "default", GP_ACTION_ACCEPT,
			GP_ACTION_ACCEPT, GP_DMARC_PASS},
		/* a list that signs or sends vouches for what it sent on, not for two authors */
		{"dmarc { mailing_lists = {\"other.test\"} }", IN, "list@other.test",
			"u@good.test\nFrom: u@other.test", "dmarc.on_unreadable_from",
			GP_ACTION_REJECT, GP_ACTION_REJECT, GP_DMARC_PERMERROR},
		/* only From counts */
		{"", OUT, "u@none.test", "u@none.test\nResent-From: u@good.test", "default",
			GP_ACTION_ACCEPT, GP_ACTION_ACCEPT, GP_DMARC_FAIL},
	};
	(void)state;
	check_rules(rows, sizeof rows / sizeof rows[0]);
}

/*
 * test_no_author_domain: three causes, an action for each; a bounce without a domain is accepted.
 */
static void test_no_author_domain(void **state)
{
#define NO "dmarc.on_no_domain"
#define SEVERAL "dmarc.on_several_domains"
#define UNREADABLE "dmarc.on_unreadable_from"
#define TWO "u@good.test, u@other.test"
#define OTHER_LINE "u@good.test\nFrom\xff: u@other.test"
	static const struct row rows[] = {
		{"", OUT, "u@other.test", "MAILER-DAEMON <>", NO, GP_ACTION_ACCEPT,
			GP_ACTION_ACCEPT, GP_DMARC_NONE},
		{"", OUT, "u@other.test", "root (Cron Daemon)", NO, GP_ACTION_ACCEPT,
			GP_ACTION_ACCEPT, GP_DMARC_NONE},
		{"", OUT, "u@other.test", "", NO, GP_ACTION_ACCEPT, GP_ACTION_ACCEPT,
			GP_DMARC_NONE},
		{"dmarc { on_no_domain = reject }", OUT, "u@other.test", "MAILER-DAEMON <>", NO,
			GP_ACTION_REJECT, GP_ACTION_REJECT, GP_DMARC_NONE},
		{"dmarc { on_no_domain = quarantine }", OUT, "u@other.test", "root", NO,
			GP_ACTION_QUARANTINE, GP_ACTION_QUARANTINE, GP_DMARC_NONE},
		{"dmarc { on_no_domain = reject mode = label }", OUT, "u@other.test", "root", NO,
			GP_ACTION_ACCEPT, GP_ACTION_REJECT, GP_DMARC_NONE},
		{"dmarc { on_no_domain = reject }", OUT, "", "MAILER-DAEMON <>", "default",
			GP_ACTION_ACCEPT, GP_ACTION_ACCEPT, GP_DMARC_NONE},
		{"dmarc { on_bad_from = reject }", OUT, "", "", "default", GP_ACTION_ACCEPT,
			GP_ACTION_ACCEPT, GP_DMARC_NONE},
		{"", OUT, "", "u@good.test, u@other.test", SEVERAL, GP_ACTION_REJECT,
			GP_ACTION_REJECT, GP_DMARC_PERMERROR},
		/* no From field: of a bounce nobody is shown, unless something stands for it */
		{"", OUT, "", NULL, "default", GP_ACTION_ACCEPT, GP_ACTION_ACCEPT, GP_DMARC_NONE},
		{"dmarc { on_bad_from = reject }", OUT, "", NULL, "default", GP_ACTION_ACCEPT,
			GP_ACTION_ACCEPT, GP_DMARC_NONE},
		{"", OUT, "u@other.test", NULL, UNREADABLE, GP_ACTION_REJECT, GP_ACTION_REJECT,
			GP_DMARC_PERMERROR},
		/* an empty one: of others a Sender may be shown, a bounce is never lost */
		{"", OUT, "", "MAILER-DAEMON <>\nSender: u@good.test", "default", GP_ACTION_ACCEPT,
			GP_ACTION_ACCEPT, GP_DMARC_NONE},
		{"", OUT, "", "\nReply-To: u@good.test", "default", GP_ACTION_ACCEPT,
			GP_ACTION_ACCEPT, GP_DMARC_NONE},
		{"", OUT, "u@other.test", "MAILER-DAEMON <>\nReply-To: u@good.test", NO,
			GP_ACTION_ACCEPT, GP_ACTION_ACCEPT, GP_DMARC_NONE},
		{"", OUT, "u@other.test", "MAILER-DAEMON <>\nSender: u@good.test", UNREADABLE,
			GP_ACTION_REJECT, GP_ACTION_REJECT, GP_DMARC_PERMERROR},
		/* a host without an @: the mail server's own, unless brackets make it an author */
		{"", OUT, "", "mx.good.test: nagios", "default", GP_ACTION_ACCEPT, GP_ACTION_ACCEPT,
			GP_DMARC_NONE},
		{"", OUT, "u@other.test", "mx.good.test: nagios", UNREADABLE, GP_ACTION_REJECT,
			GP_ACTION_REJECT, GP_DMARC_PERMERROR},
		{"", OUT, "", "Bank <good.test>", UNREADABLE, GP_ACTION_REJECT, GP_ACTION_REJECT,
			GP_DMARC_PERMERROR},
		{"", OUT, "u@other.test", "Bank <good.test>", UNREADABLE, GP_ACTION_REJECT,
			GP_ACTION_REJECT, GP_DMARC_PERMERROR},
		{"", OUT, "", "u@[192.0.2.1]", "default", GP_ACTION_ACCEPT, GP_ACTION_ACCEPT,
			GP_DMARC_NONE},
		{"", OUT, "u@other.test", "root@(none)", NO, GP_ACTION_ACCEPT, GP_ACTION_ACCEPT,
			GP_DMARC_NONE},
		{"dmarc { on_several_domains = accept }", OUT, "u@other.test", TWO, SEVERAL,
			GP_ACTION_ACCEPT, GP_ACTION_ACCEPT, GP_DMARC_PERMERROR},
		{"dmarc { on_several_domains = accept }", OUT, "u@other.test", OTHER_LINE,
			UNREADABLE, GP_ACTION_REJECT, GP_ACTION_REJECT, GP_DMARC_PERMERROR},
		{"dmarc { on_unreadable_from = defer }", OUT, "u@other.test", OTHER_LINE,
			UNREADABLE, GP_ACTION_DEFER, GP_ACTION_DEFER, GP_DMARC_PERMERROR},
		{"dmarc { on_unreadable_from = accept }", OUT, "u@other.test", TWO, SEVERAL,
			GP_ACTION_REJECT, GP_ACTION_REJECT, GP_DMARC_PERMERROR},
		{"dmarc { on_bad_from = defer }", OUT, "u@other.test", "root", NO, GP_ACTION_DEFER,
			GP_ACTION_DEFER, GP_DMARC_NONE},
		{"dmarc { on_bad_from = accept }", OUT, "u@other.test", OTHER_LINE, UNREADABLE,
			GP_ACTION_ACCEPT, GP_ACTION_ACCEPT, GP_DMARC_PERMERROR},
		{"dmarc { exempt_clients = {\"198.51.100.0/24\"} }", OUT, "u@other.test",
			OTHER_LINE, "dmarc.exempt_clients", GP_ACTION_ACCEPT, GP_ACTION_ACCEPT,
			GP_DMARC_PERMERROR},
	};
	(void)state;
	check_rules(rows, sizeof rows / sizeof rows[0]);
}

/* test_ours: nothing is asked about mail of our own, and the field says none. */
static void test_ours(void **state)
{
	static const struct {
		const char *config, *rule;
		struct given given;
	} rows[] = {
		{"", "authenticated",
			{OUT, "h", "u@good.test", "alice", "From: u@good.test\n", false}},
		{"", "local-client", {NULL, "h", "u@good.test", "", "From: u@good.test\n", false}},
		{"trusted_networks = {\"198.51.100.0/24\"}", "trusted_networks",
			{OUT, "h", "u@good.test", "", "From: u@good.test\n", false}},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct bench b;
		char config[200];
		snprintf(config, sizeof config, "hostname = mx.test\n%s", rows[i].config);
		bench_begin(&b, config, 1 << 20);
		assert_int_equal(judge(&b, &rows[i].given), GP_OK);
		assert_string_equal(b.v.rule, rows[i].rule);
		assert_int_equal(b.v.action, GP_ACTION_ACCEPT);
		assert_false(b.v.checked);
		assert_string_equal(b.v.results, "mx.test; none");
		assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), 0);
		bench_end(&b);
	}
}

/* test_every_check: the operator's question is answered in any case. */
static void test_every_check(void **state)
{
	struct bench b;
	const struct given given = {
		"198.51.100.1", "h", "u@good.test", "", "From: u@good.test\n", true};
	(void)state;
	bench_begin(&b,
		"trusted_networks = {\"198.51.100.0/24\"}\n"
		"dmarc { mode = off }\narc { mode = off }\nspf { mode = off }\ndkim { mode = off "
		"}\n",
		1 << 20);
	assert_int_equal(judge(&b, &given), GP_OK);
	assert_true(b.f.spf.has_mailfrom && b.f.has_dkim && b.f.has_arc && b.f.has_dmarc);
	assert_int_equal(b.f.spf.mailfrom.verdict, GP_SPF_FAIL);
	assert_int_equal(b.v.action, GP_ACTION_REJECT);
	bench_end(&b);
}

/* test_modes_off: what is off is neither asked nor said. */
static void test_modes_off(void **state)
{
	struct bench b;
	const struct given given = {OUT, "h", "u@good.test", "", "From: u@good.test\n", false};
	(void)state;
	bench_begin(&b,
		"hostname = mx.test\ndmarc { mode = off }\narc { mode = off }\n"
		"spf { mode = off }\ndkim { mode = off }\n",
		1 << 20);
	assert_int_equal(judge(&b, &given), GP_OK);
	assert_string_equal(b.v.results, "mx.test; none");
	assert_string_equal(b.v.rule, "default");
	bench_end(&b);
}

/*
 * test_null_sender: HELO stands for MAIL FROM and is aligned (RFC 7208 2.4; Exim bug 1994); From
 * is a label only.
 */
static void test_null_sender(void **state)
{
	struct bench b;
	const struct given aligned = {IN, "good.test", "", "", "From: mailer@good.test\n", false};
	const struct given stranger = {IN, "x.test", "", "", "From: mailer@good.test\n", false};
	(void)state;
	bench_begin(&b, "spf { check_from = yes }", 1 << 20);
	assert_int_equal(judge(&b, &aligned), GP_OK);
	assert_true(b.f.spf.has_helo);
	assert_int_equal(b.f.dmarc.verdict, GP_DMARC_PASS);
	assert_int_equal(judge(&b, &stranger), GP_OK);
	assert_true(b.f.spf.has_from);
	assert_int_equal(b.f.spf.from.verdict, GP_SPF_PASS);
	assert_int_equal(b.f.dmarc.verdict, GP_DMARC_FAIL); /* never counted as aligned */
	assert_int_equal(b.v.action, GP_ACTION_REJECT);
	bench_end(&b);
}

/* test_asked_together: the SPF record and the walk of the author are one call, each once. */
static void test_asked_together(void **state)
{
	struct bench b;
	const struct given given = {
		IN, "h.test", "u@good.test", "", "From: u@a.b.good.test\n", false};
	(void)state;
	bench_begin(&b, "", 1 << 20);
	assert_int_equal(judge(&b, &given), GP_OK);
	size_t first = 0, all = test_zone_asked(b.zone, TEST_ZONE_ANY);
	for (size_t i = 0; i < all; i++) {
		const struct test_zone_question *q = test_zone_question(b.zone, i);
		first += q->call == test_zone_question(b.zone, 0)->call;
		for (size_t k = 0; k < i; k++)
			assert_false(strcmp(q->name, test_zone_question(b.zone, k)->name) == 0 &&
				     q->type == test_zone_question(b.zone, k)->type);
	}
	/* good.test, and _dmarc of a.b.good.test, b.good.test, good.test, test */
	assert_int_equal(first, 5);
	bench_end(&b);
}

/*
 * test_time: name servers of whoever sends cannot use up the time that the author's domain needs
 * for its no: a failure stays one, whatever on_temperror says.
 */
static void test_time(void **state)
{
	static const struct {
		const char *rule, *sender, *header;
	} rows[] = {
		{"SPF of a stranger, before np", "u@creep.test", "From: u@slow.ghosts.test\n"},
		{"a key of a stranger, before SPF of the author", "u@yes.test",
			"From: u@yes.test\n"
			"DKIM-Signature: v=1; a=rsa-sha256; d=creep.test; s=s; h=from; b=AAAA;\n"
			" bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct bench b;
		const struct given given = {
			OUT, "h.test", rows[i].sender, "", rows[i].header, false};
		bench_begin(&b, "dmarc { on_temperror = accept }", 1 << 20);
		assert_int_equal(judge(&b, &given), GP_OK);
		if (b.v.action != GP_ACTION_REJECT)
			fail_msg("%s: %s", rows[i].rule, b.v.summary);
		bench_end(&b);
	}
}

/* test_summary: a name that is none cannot look like another fact in the log. */
static void test_summary(void **state)
{
	struct bench b;
	const struct given given = {
		OUT, "h", "u@x dkim=pass/good.test", "", "From: u@good.test\n", false};
	(void)state;
	bench_begin(&b, "", 1 << 20);
	assert_int_equal(judge(&b, &given), GP_OK);
	assert_non_null(strstr(b.v.summary, " spf=none/- "));
	assert_null(strstr(b.v.summary, "dkim=pass"));
	bench_end(&b);
}

/* test_signatures_not_looked_at: how many is a fact of the line, the results and the reply. */
static void test_signatures_not_looked_at(void **state)
{
	struct bench b;
	const struct given given = {OUT, "h", "u@x.test", "",
		"DKIM-Signature: a\nDKIM-Signature: b\nDKIM-Signature: c\nFrom: u@good.test\n",
		false};
	(void)state;
	for (unsigned max = 1; max <= 3; max += 2) {
		bench_begin(&b, max == 1 ? "dkim { max_signatures = 1 }" : "", 1 << 20);
		assert_int_equal(judge(&b, &given), GP_OK);
		bool said = strstr(b.v.summary, " dkim_not_looked_at=2 ") != NULL;
		assert_int_equal(said, max == 1);
		assert_int_equal(strstr(b.v.results, "not checked: 2") != NULL, max == 1);
		assert_int_equal(strstr(b.v.reply, ", 2 not checked") != NULL, max == 1);
		bench_end(&b);
	}
}

/* test_stale_answers: how many were used is a fact of the verdict and its line. */
static void test_stale_answers(void **state)
{
	struct bench b;
	const struct given given = {OUT, "h", "u@good.test", "", "From: u@good.test\n", false};
	(void)state;
	bench_begin(&b, "", 1 << 20);
	assert_int_equal(judge(&b, &given), GP_OK);
	assert_int_equal(b.f.notes.stale, 0);
	assert_null(strstr(b.v.summary, "dns_stale"));
	test_zone_lines(b.zone, "good.test STALE\n");
	assert_int_equal(judge(&b, &given), GP_OK);
	assert_true(b.f.notes.stale > 0);
	assert_non_null(strstr(b.v.summary, " dns_stale="));
	struct gp_facts f;
	struct gp_verdict v;
	struct gp_envelope e = {.helo = gp_span_from("h"), .sender = gp_span_from("u@good.test")};
	assert_int_equal(gp_ipaddr_parse(gp_span_from(OUT), &e.client), GP_OK);
	assert_int_equal(test_judge_envelope(&b.ctx, b.config, &e, &f, &v), GP_OK);
	assert_int_equal(f.notes.stale, 1);
	bench_end(&b);
}

#define SIGNATURE "DKIM-Signature: v=1; a=rsa-sha256; s=s; h=from; b=AAAA;\n bh="
#define BROKEN SIGNATURE "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; d=good.test\n"
#define HASH "VDXONmWkvAiKQg0K71Oe8QjacCOEtoyCtmiR8jH6QlI=" /* of judge()'s body */
#define LATER SIGNATURE HASH "; d=mute.test\n"
#define WRONG SIGNATURE HASH "; d=gone.test\n"
#define SMALL SIGNATURE HASH "; d=small.test\n"
#define TRIAL SIGNATURE HASH "; d=trial.test\n"

/* test_dkim_rules: dkim.reject and dkim.on_temperror, in each mode. */
static void test_dkim_rules(void **state)
{
	static const struct {
		const char *what, *config, *signatures, *rule;
		enum gp_action action, would;
	} rows[] = {
		{"a broken one is as none", "dkim { mode = enforce }", BROKEN, "default",
			GP_ACTION_ACCEPT, GP_ACTION_ACCEPT},
		{"a result that is refused", "dkim {\nmode = enforce\nreject = {fail}\n}", BROKEN,
			"dkim.reject", GP_ACTION_REJECT, GP_ACTION_REJECT},
		{"one that is not", "dkim {\nmode = enforce\nreject = {policy}\n}", BROKEN,
			"default", GP_ACTION_ACCEPT, GP_ACTION_ACCEPT},
		{"label", "dkim {\nmode = label\nreject = {fail}\n}", BROKEN, "dkim.reject",
			GP_ACTION_ACCEPT, GP_ACTION_REJECT},
		{"no key", "dkim {\nmode = enforce\nreject = {permerror}\n}", WRONG, "dkim.reject",
			GP_ACTION_REJECT, GP_ACTION_REJECT},
		{"a small key", "dkim {\nmode = enforce\nreject = {policy}\n}", SMALL,
			"dkim.reject", GP_ACTION_REJECT, GP_ACTION_REJECT},
		{"RFC 6376 3.6.1 t=y: as no signature",
			"dkim {\nmode = enforce\nreject = {policy}\n}", TRIAL, "default",
			GP_ACTION_ACCEPT, GP_ACTION_ACCEPT},
		{"no signature", "dkim {\nmode = enforce\nreject = {fail, permerror}\n}", "",
			"default", GP_ACTION_ACCEPT, GP_ACTION_ACCEPT},
		{"later, accepted", "dkim { mode = enforce }", LATER, "dkim.on_temperror",
			GP_ACTION_ACCEPT, GP_ACTION_ACCEPT},
		{"later, deferred", "dkim {\nmode = enforce\non_temperror = defer\n}", LATER,
			"dkim.on_temperror", GP_ACTION_DEFER, GP_ACTION_DEFER},
		{"one is refused, another may pass later",
			"dkim {\nmode = enforce\non_temperror = defer\nreject = {fail}\n}",
			BROKEN LATER, "dkim.on_temperror", GP_ACTION_DEFER, GP_ACTION_DEFER},
		{"the same, the other way round",
			"dkim {\nmode = enforce\non_temperror = defer\nreject = {fail}\n}",
			LATER BROKEN, "dkim.on_temperror", GP_ACTION_DEFER, GP_ACTION_DEFER},
		{"and where that is let in",
			"dkim {\nmode = enforce\non_temperror = accept\nreject = {fail}\n}",
			BROKEN LATER, "dkim.reject", GP_ACTION_REJECT, GP_ACTION_REJECT},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct bench b;
		char header[700];
		snprintf(header, sizeof header, "%sFrom: u@other.test\n", rows[i].signatures);
		const struct given given = {IN, "h.test", "u@other.test", "", header, false};
		bench_begin(&b, rows[i].config, 1 << 20);
		assert_int_equal(judge(&b, &given), GP_OK);
		if (strcmp(b.v.rule, rows[i].rule) || b.v.action != rows[i].action ||
			b.v.would != rows[i].would)
			fail_msg("%s: %s", rows[i].what, b.v.summary);
		bench_end(&b);
	}
}

/* test_texts: codes and texts as they are configured. */
static void test_texts(void **state)
{
	static const struct {
		const char *config, *from, *reply;
	} rows[] = {
		{"dmarc {\nreject_code = \"554 5.7.1\"\nreject_text = \"{author} {policy} {domain} "
		 "{client}\"\n}",
			"u@a.good.test", "554 5.7.1 a.good.test reject good.test " OUT},
		{"dmarc {\nfrom_code = \"554 5.6.0\"\nfrom_text = \"no: {problem}\"\n}",
			"u@good.test\nX-A: b\nFr\xffm: x",
			"554 5.6.0 no: line 3 (\"Fr?m\") can be taken for a From field"},
		{"dmarc {\ntemperror_code = \"450 4.4.3\"\nerror_text = \"wait: {problem}\"\n}",
			"u@dead.test", "450 4.4.3 wait: DNS did not answer for a policy record"},
		{"dmarc { on_reject = defer }", "u@good.test",
			"451 4.7.26 DMARC: good.test asks to reject mail that is not shown to be "
			"its own: SPF fail for other.test; no DKIM signature (policy of "
			"good.test)"},
		{"dmarc { on_reject = quarantine }", "u@good.test", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct bench b;
		char header[100];
		snprintf(header, sizeof header, "From: %s\n", rows[i].from);
		const struct given given = {OUT, "h", "u@other.test", "", header, false};
		bench_begin(&b, rows[i].config, 1 << 20);
		assert_int_equal(judge(&b, &given), GP_OK);
		if (rows[i].reply)
			assert_string_equal(b.v.reply, rows[i].reply);
		else
			assert_null(b.v.reply);
		bench_end(&b);
	}
}

/* test_reply_bound: with the longest of names a reply is one line of printable ASCII that fits
 * (RFC 5321 4.5.3.1.5), and the field is folded below 998 octets (RFC 5322 2.1.1). */
static void test_reply_bound(void **state)
{
	struct bench b;
	char name[260], header[20000], *p = header;
	(void)state;
	for (size_t i = 0; i < 240; i++)
		name[i] = i % 60 == 59 ? '.' : 'a';
	strcpy(name + 240, "good.test");
	p += sprintf(p, "From: u@%s\n", name);
	for (int i = 0; i < 20; i++)
		p += sprintf(p, SIGNATURE "%s; d=%s; i=\"\xc3\xa4\xff\\\"(\"@%s\n",
			"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", name, name);
	char sender[600];
	snprintf(sender, sizeof sender, "\xc3\xa4\r\n)(;=\"@%s", name);
	const struct given given = {OUT, name, sender, "", header, false};
	bench_begin(&b, "", 1 << 20);
	assert_int_equal(judge(&b, &given), GP_OK);
	assert_int_equal(b.v.action, GP_ACTION_REJECT);
	assert_true(strlen(b.v.reply) <= 510);
	assert_true(gp_span_is_printable_ascii(gp_span_from(b.v.reply)));
	assert_true(gp_span_is_printable_ascii(gp_span_from(b.v.summary)));
	struct gp_span line, rest = gp_span_from(b.v.results);
	while (rest.len) {
		(void)gp_span_cut(rest, '\n', &line, &rest);
		assert_true(line.len <= 998);
	}
	struct gp_authres a;
	assert_int_equal(gp_authres_parse(b.ctx.arena, gp_span_from(b.v.results), &a), GP_OK);
	assert_int_equal(a.count, 23); /* SPF, each signature, ARC, DMARC */
	bench_end(&b);
}

/* test_compare: the log says where the list of public suffixes would have said otherwise. */
static void test_compare(void **state)
{
	struct bench b;
	const struct given given = {OUT, "h", "u@x.test", "", "From: u@a.b.good.com\n", false};
	const struct given near = {IN, "h", "u@c.b.good.com", "", "From: u@a.b.good.com\n", false};
	(void)state;
	bench_begin(&b, "dmarc { discovery = compare }", 1 << 20);
	test_zone_lines(b.zone, "_dmarc.b.good.com TXT v=DMARC1; p=reject; psd=n\n"
				"c.b.good.com TXT v=spf1 ip4:192.0.2.0/24 -all\n");
	assert_int_equal(judge(&b, &near), GP_OK);
	assert_int_equal(b.f.dmarc.verdict, GP_DMARC_PASS);
	assert_int_equal(b.f.dmarc.psl_differences, 2); /* the author's, and SPF's */
	assert_int_equal(judge(&b, &given), GP_OK);
	assert_non_null(strstr(
		b.v.summary, " psl_differences=1 org_domain=b.good.com psl_org_domain=good.com"));
	assert_int_equal(b.v.action, GP_ACTION_REJECT);
	bench_end(&b);
}

/* test_reply: what failed, and whose policy it is. */
static void test_reply(void **state)
{
	struct bench b;
	const struct given given = {OUT, "h", "u@other.test", "", "From: u@good.test\n", false};
	(void)state;
	bench_begin(&b, "", 1 << 20);
	assert_int_equal(judge(&b, &given), GP_OK);
	assert_string_equal(b.v.reply,
		"550 5.7.26 DMARC: good.test asks to reject mail that is not shown to be its own: "
		"SPF fail for other.test; no DKIM signature (policy of good.test)");
	bench_end(&b);
}

/* test_results: one grammatical field, nothing forged through it. */
static void test_results(void **state)
{
	struct bench b;
	const struct given given = {
		OUT, "h", "a\";dmarc=pass\n x: y@other.test", "", "From: u@good.test\n", false};
	(void)state;
	bench_begin(&b, "hostname = mx.test", 1 << 20);
	assert_int_equal(judge(&b, &given), GP_OK);
	size_t dmarc = 0;
	for (const char *p = b.v.results; *p; p++) {
		dmarc += strncmp(p, "\tdmarc=", 7) == 0;
		if (*p == '\n')
			assert_int_equal(p[1], '\t');
		assert_true(*p == '\n' || *p == '\t' || ((unsigned char)*p >= 0x20 && *p != 0x7f));
	}
	assert_int_equal(dmarc, 1);
	bench_end(&b);
}

/* test_fields: every name has a text, an unknown one has none. */
static void test_fields(void **state)
{
	struct bench b;
	const char *text;
	const struct given given = {OUT, "h", "u@good.test", "", "From: u@good.test\n", false};
	(void)state;
	bench_begin(&b, "", 1 << 20);
	assert_int_equal(judge(&b, &given), GP_OK);
	const struct gp_pipeline *p = test_judge_pipeline();
	const struct gp_record record = {&b.f, &b.v, b.ctx.arena};
	for (size_t i = 0; gp_engine_get_name(p, i); i++)
		assert_true(
			gp_engine_get(p, &record, gp_span_from(gp_engine_get_name(p, i)), &text));
	assert_true(gp_engine_get(p, &record, gp_span_from("dmarc.policy"), &text));
	assert_string_equal(text, "reject");
	assert_true(gp_engine_get(p, &record, gp_span_from("spf.result"), &text));
	assert_string_equal(text, "fail");
	assert_true(gp_engine_get(p, &record, gp_span_from("action"), &text));
	assert_string_equal(text, "reject");
	assert_false(gp_engine_get(p, &record, gp_span_from("dmarc.nothing"), &text));
	bench_end(&b);
}

/* test_ceiling: too little memory is a status at whatever point it ends, never a verdict. */
static void test_ceiling(void **state)
{
	const struct given given = {OUT, "h", "u@good.test", "", "From: u@good.test\n", false};
	int seen_ok = 0, seen_big = 0;
	(void)state;
	for (size_t memory = 2048; memory < 120000; memory += 512) {
		struct bench b;
		bench_begin(&b, "", memory);
		int rc = judge(&b, &given);
		assert_true(rc == GP_OK || rc == GP_ETOOBIG);
		seen_ok += rc == GP_OK;
		seen_big += rc == GP_ETOOBIG;
		if (rc == GP_OK)
			assert_int_equal(b.v.action, GP_ACTION_REJECT);
		bench_end(&b);
	}
	assert_true(seen_ok > 0 && seen_big > 0);
}

/* main: all of the above. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_uncertain),
		cmocka_unit_test(test_no_author_domain),
		cmocka_unit_test(test_ours),
		cmocka_unit_test(test_every_check),
		cmocka_unit_test(test_modes_off),
		cmocka_unit_test(test_null_sender),
		cmocka_unit_test(test_asked_together),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_summary),
		cmocka_unit_test(test_signatures_not_looked_at),
		cmocka_unit_test(test_stale_answers),
		cmocka_unit_test(test_dkim_rules),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_reply_bound),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_reply),
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_ceiling),
	};
	return cmocka_run_group_tests_name("engine_message", tests, NULL, NULL);
}
