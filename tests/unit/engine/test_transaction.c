/* SPDX-License-Identifier: ISC */
/* One message, many questions: what is asked once, what is looked at for each, what is not kept. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "engine/authres.h"
#include "engine/transaction.h"
#include "support/judge.h"
#include "support/zone.h"

static const char zone_text[] = "a.test TXT v=spf1 include:b.test -all\n"
				"b.test TXT v=spf1 ip4:192.0.2.0/24 -all\n"
				"h.test TXT v=spf1 ip4:192.0.2.0/24 -all\n"
				"dead.test TIMEOUT\n"
				"t.test TROUBLE ANY\n";

struct bench {
	struct test_zone *zone;
	struct gp_config *config;
	struct gp_ctx ctx;
	struct gp_transaction t;
	struct gp_facts f;
	struct gp_verdict v;
};

/* bench_begin: a zone, a configuration and a message. */
static void bench_begin(struct bench *b, const char *config)
{
	struct gp_config_errors errors = {0};
	if (gp_config_parse(gp_span_from(config), "t.conf", &b->config, &errors))
		fail_msg("%s", errors.text);
	gp_config_errors_fini(&errors);
	b->zone = test_zone_new();
	test_zone_lines(b->zone, zone_text);
	b->ctx = (struct gp_ctx) {.arena = gp_arena_new(1 << 20),
		.clock = test_zone_clock(b->zone),
		.dns = test_zone_dns(b->zone)};
	b->ctx.deadline_us = gp_clock_now_us(b->ctx.clock) + 20 * 1000000;
	gp_engine_transaction_init(&b->t, test_judge_pipeline());
}

/* bench_end: frees all. */
static void bench_end(struct bench *b)
{
	gp_engine_transaction_fini(&b->t);
	gp_arena_free(b->ctx.arena);
	gp_config_free(b->config);
	test_zone_free(b->zone);
}

/* ask: one question; what it needed is gone afterwards but for facts and verdict. */
static void ask(struct bench *b, enum gp_stage stage, const char *client, const char *sender,
	const char *recipient)
{
	struct gp_envelope e = {.helo = gp_span_from("h.test"),
		.sender = gp_span_from(sender),
		.recipient = gp_span_from(recipient)};
	gp_arena_reset(b->ctx.arena);
	assert_int_equal(gp_ipaddr_parse(gp_span_from(client), &e.client), GP_OK);
	gp_engine_facts_init(&b->f, b->config, stage, &e);
	assert_int_equal(gp_engine_transaction_ask(&b->t, &b->ctx, &b->f, &b->v), GP_OK);
	assert_int_equal(gp_engine_header(&b->ctx, b->t.pipeline, &b->f, &b->v), GP_OK);
}

#define IN "192.0.2.1"
#define OUT "198.51.100.1"

/* test_asked_once: twenty recipients, the same answer for each, and the questions of one. */
static void test_asked_once(void **state)
{
	struct bench b;
	char recipient[32], header[512] = "";
	size_t asked = 0;
	(void)state;
	bench_begin(&b, "hostname = mx.test");
	ask(&b, GP_STAGE_MAIL, IN, "u@a.test", "");
	asked = test_zone_asked(b.zone, TEST_ZONE_ANY);
	assert_int_equal(asked, 3); /* a.test, b.test, and HELO's h.test */
	for (int i = 0; i < 20; i++) {
		snprintf(recipient, sizeof recipient, "r%d@here.test", i);
		ask(&b, GP_STAGE_RCPT, IN, "u@a.test", recipient);
		assert_int_equal(b.v.action, GP_ACTION_ACCEPT);
		assert_string_equal(b.f.spf.mailfrom.domain, "a.test");
		assert_string_equal(b.f.spf.mailfrom.mechanism, "ip4:192.0.2.0/24");
		assert_int_equal(b.f.fresh, 0);
		if (*header)
			assert_string_equal(b.v.header, header);
		snprintf(header, sizeof header, "%s", b.v.header);
	}
	assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), asked);
	ask(&b, GP_STAGE_DATA, IN, "u@a.test", "");
	assert_string_equal(b.v.rule, "stage");
	assert_null(b.t.kept); /* nobody asks again */
	assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), asked);
	bench_end(&b);
}

/* test_refused_each: each recipient gets its own reply to the same refusal. */
static void test_refused_each(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b, "spf { reject_text = \"{recipient}\" }");
	ask(&b, GP_STAGE_RCPT, OUT, "u@a.test", "r@here.test");
	assert_string_equal(b.v.reply, "550 5.7.23 r@here.test");
	ask(&b, GP_STAGE_RCPT, OUT, "u@a.test", "s@here.test");
	assert_string_equal(b.v.reply, "550 5.7.23 s@here.test");
	assert_int_equal(test_zone_asked_of(b.zone, "a.test"), 1);
	bench_end(&b);
}

/* test_by_recipient: an exemption holds for its recipient alone, whoever comes first. */
static void test_by_recipient(void **state)
{
	static const struct {
		const char *recipient, *rule;
		enum gp_action action;
	} rows[] = {
		{"free@here.test", "spf.exempt_recipients", GP_ACTION_ACCEPT},
		{"r@here.test", "spf.reject", GP_ACTION_REJECT},
		{"free@here.test", "spf.exempt_recipients", GP_ACTION_ACCEPT},
		{"r@here.test", "spf.reject", GP_ACTION_REJECT},
	};
	struct bench b;
	(void)state;
	bench_begin(&b, "spf { exempt_recipients = {\"free@here.test\"} }");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		ask(&b, GP_STAGE_RCPT, OUT, "u@a.test", rows[i].recipient);
		assert_string_equal(b.v.rule, rows[i].rule);
		assert_int_equal(b.v.action, rows[i].action);
		/* nothing is said about a mail that is not judged */
		assert_int_equal(b.f.spf.has_mailfrom, rows[i].action == GP_ACTION_REJECT);
	}
	assert_int_equal(test_zone_asked_of(b.zone, "a.test"), 1);
	bench_end(&b);
}

/* test_another_envelope: what is known of one is nothing known of another. */
static void test_another_envelope(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b, "");
	ask(&b, GP_STAGE_RCPT, IN, "u@a.test", "r@here.test");
	assert_int_equal(b.v.action, GP_ACTION_ACCEPT);
	ask(&b, GP_STAGE_RCPT, OUT, "u@a.test", "r@here.test");
	assert_int_equal(b.v.action, GP_ACTION_REJECT);
	ask(&b, GP_STAGE_RCPT, IN, "u@a.test", "r@here.test");
	assert_int_equal(b.v.action, GP_ACTION_ACCEPT);
	ask(&b, GP_STAGE_RCPT, IN, "u@nothing.test", "r@here.test");
	assert_string_equal(b.f.spf.mailfrom.domain, "nothing.test");
	assert_int_equal(b.f.spf.mailfrom.verdict, GP_SPF_NONE);
	bench_end(&b);
}

/* test_texts_of_its_own: what a question found before is its own, also when the message is over. */
static void test_texts_of_its_own(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b, "");
	for (int i = 0; i < 2; i++)
		ask(&b, GP_STAGE_RCPT, IN, "u@a.test", "r@here.test");
	assert_int_equal(b.f.fresh, 0);
	gp_engine_transaction_fini(&b.t);
	assert_string_equal(b.f.spf.mailfrom.domain, "a.test");
	assert_string_equal(b.f.spf.mailfrom.mechanism, "ip4:192.0.2.0/24");
	assert_string_equal(b.f.sender_domain, "a.test");
	assert_string_equal(b.f.helo_name, "h.test");
	gp_engine_transaction_init(&b.t, test_judge_pipeline());
	bench_end(&b);
}

/* test_forgotten: another message with the same envelope is looked into anew. */
static void test_forgotten(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b, "");
	ask(&b, GP_STAGE_RCPT, IN, "u@a.test", "r@here.test");
	gp_engine_transaction_forget(&b.t);
	ask(&b, GP_STAGE_RCPT, IN, "u@a.test", "r@here.test");
	assert_int_equal(test_zone_asked_of(b.zone, "a.test"), 2);
	gp_engine_transaction_forget(&b.t);
	gp_engine_transaction_drop(
		&b.t, NULL, &b.ctx);                /* there are no limits, and nothing is held */
	ask(&b, GP_STAGE_DATA, IN, "u@a.test", ""); /* nothing was asked about it before */
	assert_int_equal(test_zone_asked_of(b.zone, "a.test"), 3);
	bench_end(&b);
}

/* test_errors: what DNS did not say is the same for all recipients; local problem is not. */
static void test_errors(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b, "");
	ask(&b, GP_STAGE_RCPT, IN, "u@dead.test", "r@here.test");
	ask(&b, GP_STAGE_RCPT, IN, "u@dead.test", "s@here.test");
	assert_int_equal(b.f.spf.mailfrom.verdict, GP_SPF_TEMPERROR);
	assert_int_equal(test_zone_asked_of(b.zone, "dead.test"), 1);
	gp_engine_transaction_forget(&b.t);
	ask(&b, GP_STAGE_RCPT, IN, "u@t.test", "r@here.test");
	assert_non_null(b.f.trouble);
	assert_null(b.t.kept);
	ask(&b, GP_STAGE_RCPT, IN, "u@t.test", "r@here.test");
	assert_int_equal(test_zone_asked_of(b.zone, "t.test"), 2);
	bench_end(&b);
}

/* test_bounded: an envelope that is too large to be kept is judged all the same. */
static void test_bounded(void **state)
{
	struct bench b;
	static char sender[GP_TRANSACTION_KEPT_MAX + 16];
	(void)state;
	bench_begin(&b, "");
	memset(sender, 'x', GP_TRANSACTION_KEPT_MAX);
	memcpy(sender + GP_TRANSACTION_KEPT_MAX, "@a.test", 8);
	for (int i = 0; i < 2; i++) {
		ask(&b, GP_STAGE_RCPT, OUT, sender, "r@here.test");
		assert_int_equal(b.v.action, GP_ACTION_REJECT);
		assert_null(b.t.kept);
	}
	bench_end(&b);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_asked_once),
		cmocka_unit_test(test_refused_each),
		cmocka_unit_test(test_by_recipient),
		cmocka_unit_test(test_another_envelope),
		cmocka_unit_test(test_texts_of_its_own),
		cmocka_unit_test(test_forgotten),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_bounded),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
