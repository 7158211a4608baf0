/* SPDX-License-Identifier: ISC */
/*
 * A header of which the mail server hands over a part only: another From may stand behind the cut,
 * so that nobody is certain who wrote the message, whatever the part that was seen has proved.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "engine/record.h"
#include "support/judge.h"
#include "support/zone.h"

static const char zone_text[] = "a.test TXT v=spf1 ip4:192.0.2.0/24 -all\n"
				"_dmarc.a.test TXT v=DMARC1; p=reject\n";

#define CUT "The header is too large: the author of the message cannot be determined with certainty"

/* read_nothing: an empty body. */
static int read_nothing(void *arg, char *buffer, size_t size, size_t *got_out)
{
	(void)arg;
	(void)buffer;
	(void)size;
	*got_out = 0;
	return GP_OK;
}

struct row {
	const char *config, *client;
	bool is_cut;
	const char *rule;
	enum gp_action action, would;
	const char *reply, *dmarc;
};

/* judge_row: one message of a.test, which passes from 192.0.2.1. */
static void judge_row(const struct row *row)
{
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	struct gp_crypto_digest *digest = NULL;
	struct gp_message message;
	struct gp_facts f;
	struct gp_verdict v;
	const char *text;
	struct test_zone *zone = test_zone_new();
	struct gp_arena *arena = gp_arena_new(1 << 20);
	const struct gp_message_body body = {read_nothing, NULL, GP_MESSAGE_LF};
	struct gp_envelope e = {.helo = gp_span_from("h"), .sender = gp_span_from("u@a.test")};
	struct gp_ctx ctx = {
		.arena = arena, .clock = test_zone_clock(zone), .dns = test_zone_dns(zone)};
	test_zone_lines(zone, zone_text);
	ctx.deadline_us = gp_clock_now_us(ctx.clock) + 20 * 1000000;
	assert_int_equal(gp_config_parse(gp_span_from(row->config), "t", &config, &errors), GP_OK);
	gp_config_errors_fini(&errors);
	assert_int_equal(gp_crypto_digest_new(&digest), GP_OK);
	assert_int_equal(gp_ipaddr_parse(gp_span_from(row->client), &e.client), GP_OK);
	assert_int_equal(gp_message_parse(arena, gp_span_from("From: u@a.test\nSubject: x\n"),
				 GP_MESSAGE_LF, &message),
		GP_OK);
	const struct gp_mail mail = {
		.digest = digest, .message = &message, .body = &body, .is_header_cut = row->is_cut};
	assert_int_equal(test_judge_message(&ctx, config, &e, &mail, false, &f, &v), GP_OK);
	assert_string_equal(v.rule, row->rule);
	assert_int_equal(v.action, row->action);
	assert_int_equal(v.would, row->would);
	assert_string_equal(v.reply ? v.reply : "", row->reply);
	const struct gp_record record = {&f, &v, arena};
	assert_true(
		gp_engine_get(test_judge_pipeline(), &record, gp_span_from("dmarc.result"), &text));
	assert_string_equal(text, row->dmarc);
	if (row->is_cut && *row->dmarc) {
		assert_null(strstr(v.results, "dkim="));
		assert_non_null(strstr(v.results, "dmarc=permerror\n\t(" CUT ")"));
	}
	gp_crypto_digest_free(digest);
	gp_config_free(config);
	gp_arena_free(arena);
	test_zone_free(zone);
}

/* test_rows: what is done with it, by mode, option and exception. */
static void test_rows(void **state)
{
	static const struct row rows[] = {
		{"", "192.0.2.1", false, "default", GP_ACTION_ACCEPT, GP_ACTION_ACCEPT, "", "pass"},
		{"", "192.0.2.1", true, "dmarc.on_unreadable_from", GP_ACTION_REJECT,
			GP_ACTION_REJECT, "550 5.7.1 " CUT, "permerror"},
		{"dmarc { on_unreadable_from = defer }", "192.0.2.1", true,
			"dmarc.on_unreadable_from", GP_ACTION_DEFER, GP_ACTION_DEFER,
			"451 4.7.1 " CUT, "permerror"},
		{"dmarc { mode = label }", "192.0.2.1", true, "dmarc.on_unreadable_from",
			GP_ACTION_ACCEPT, GP_ACTION_REJECT, "550 5.7.1 " CUT, "permerror"},
		{"dmarc { mode = off }", "192.0.2.1", true, "default", GP_ACTION_ACCEPT,
			GP_ACTION_ACCEPT, "", ""},
		{"dmarc { exempt_clients = {\"192.0.2.1\"} }", "192.0.2.1", true,
			"dmarc.exempt_clients", GP_ACTION_ACCEPT, GP_ACTION_ACCEPT, "",
			"permerror"},
		/* what else excuses a message has seen a part of it only */
		{"dmarc { exempt_domains = {\"a.test\"} }", "192.0.2.1", true,
			"dmarc.on_unreadable_from", GP_ACTION_REJECT, GP_ACTION_REJECT,
			"550 5.7.1 " CUT, "permerror"},
		{"dmarc { mailing_lists = {\"a.test\"} }", "192.0.2.1", true,
			"dmarc.on_unreadable_from", GP_ACTION_REJECT, GP_ACTION_REJECT,
			"550 5.7.1 " CUT, "permerror"},
		/* the part that was seen asks for more */
		{"dmarc { on_unreadable_from = quarantine }", "198.51.100.1", true,
			"dmarc.on_unreadable_from", GP_ACTION_REJECT, GP_ACTION_REJECT,
			"550 5.7.1 " CUT, "permerror"},
		{"dmarc { on_unreadable_from = accept }", "198.51.100.1", true, "dmarc.on_reject",
			GP_ACTION_REJECT, GP_ACTION_REJECT,
			"550 5.7.26 DMARC: a.test asks to reject mail that is not shown to be its "
			"own: SPF fail for a.test; no DKIM signature (policy of a.test)",
			"permerror"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		judge_row(&rows[i]);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
