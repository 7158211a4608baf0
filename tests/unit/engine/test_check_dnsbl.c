/* SPDX-License-Identifier: ISC */
/* DNS lists in the pipeline: what is asked, which rule decides, and what is told. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "engine/authres.h"
#include "engine/check_dnsbl.h"
#include "engine/checks.h"
#include "engine/record.h"
#include "engine/transaction.h"
#include "support/zone.h"

/* The client 192.0.2.9 is in bl and more, 192.0.2.8 in bl alone with a small weight, 192.0.2.7 is
 * vouched for, and bad.example.org is a listed domain. */
static const char zone_text[] =
	"2.0.0.127.bl.example.com A 127.0.0.2\n"
	"9.2.0.192.bl.example.com A 127.0.0.2\n"
	"9.2.0.192.bl.example.com A 127.0.0.10\n"
	"9.2.0.192.bl.example.com TXT see https://bl.example.com/9\n"
	"5.2.0.192.bl.example.com A 127.0.0.2\n"
	"5.2.0.192.bl.example.com TXT fine\". See \"https://evil.example\"\n"
	"8.2.0.192.bl.example.com A 127.0.0.10\n"
	"2.0.0.127.more.example.com A 127.0.0.2\n"
	"9.2.0.192.more.example.com A 127.0.0.2\n"
	"6.2.0.192.more.example.com A 127.0.0.2\n"
	"7.2.0.192.bl.example.com A 127.0.0.2\n"
	"7.2.0.192.allow.example.com A 127.0.5.3\n"
	"4.2.0.192.trust.example.com A 127.0.5.0\n"
	"4.2.0.192.rep.example.com A 127.0.0.18\n"
	"3.2.0.192.rep.example.com A 127.0.0.15\n"
	"2.2.0.192.rep.example.com A 127.0.0.10\n"
	"bad.example.org.names.example.com A 127.0.1.2\n"
	"6.2.0.192.s3cr3t.paid.example.com A 127.0.0.2\n"
	"6.2.0.192.s3cr3t.paid.example.com TXT ask s3cr3t.paid.example.com\n"
	"fail.example.org TXT v=spf1 -all\n";

#define BL                                                                      \
	"list bl.example.com { asks = client  tests = {\"127.0.0.2 listed\"}\n" \
	"  codes = {\"127.0.0.2 = 3 spam source\", \"127.0.0.10 = 1\"} }\n"
#define MORE                                                                      \
	"list more.example.com { asks = client  tests = {\"127.0.0.2 listed\"}\n" \
	"  codes = {\"127.0.0.2 = 2\"} }\n"
#define ALLOW                                                                                \
	"list allow.example.com { asks = client  allow = yes  tests = {\"127.0.0.1 not\"}\n" \
	"  codes = {\"127.0.*.3 = -5 high trust\"} }\n"
#define NAMES                                                                        \
	"list names.example.com { asks = {sender, helo}  tests = {\"random not\"}\n" \
	"  codes = {\"127.0.1.2 = 3\"} }\n"
#define PAID                                                                                     \
	"list paid.example.com { key_zone = KEY.paid.example.com  key = s3cr3t  asks = client\n" \
	"  codes = {\"127.0.0.2 = 3\"} }\n"
#define ON "hostname = mx.test\ndnsbl { mode = enforce }\n"

struct bench {
	struct gp_pipeline pipeline;
	struct test_zone *zone;
	struct gp_config *config;
	void *memory;
	struct gp_dnsbl_health *health;
	struct gp_ctx ctx;
	struct gp_envelope envelope;
	struct gp_facts f;
	struct gp_verdict v;
};

/* bench_begin: lists that have been tested. */
static void bench_begin(struct bench *b, const char *config)
{
	struct gp_config_errors errors = {0};
	struct gp_dnsbl_tested tested;
	if (gp_config_parse(gp_span_from(config), "t.conf", &b->config, &errors))
		fail_msg("%s", errors.text);
	gp_config_errors_fini(&errors);
	gp_engine_pipeline_init(&b->pipeline, gp_engine_checks);
	b->zone = test_zone_new();
	test_zone_lines(b->zone, zone_text);
	b->ctx = (struct gp_ctx) {.arena = gp_arena_new(1 << 20),
		.clock = test_zone_clock(b->zone),
		.dns = test_zone_dns(b->zone)};
	b->ctx.deadline_us = gp_clock_now_us(b->ctx.clock) + 20 * 1000000;
	b->memory = calloc(1, gp_dnsbl_health_size());
	assert_int_equal(gp_dnsbl_health_init(b->memory, &b->health), GP_OK);
	const struct gp_dnsbl_health_lists lists = {
		.lists = b->config->dnsbl.lists, .count = b->config->dnsbl.count};
	gp_dnsbl_health_configure(b->health, &lists, b->ctx.clock->wall_s(b->ctx.clock));
	const struct gp_dnsbl_plan plan = gp_engine_dnsbl_plan(b->config, b->health);
	assert_int_equal(gp_dnsbl_test(&b->ctx, &plan, &tested), GP_OK);
	test_zone_forget(b->zone);
}

/* bench_end: frees all. */
static void bench_end(struct bench *b)
{
	gp_arena_free(b->ctx.arena);
	gp_config_free(b->config);
	test_zone_free(b->zone);
	free(b->memory);
}

/* set: whom the next question is about. */
static void set(struct bench *b, const char *client, const char *sender)
{
	b->envelope = (struct gp_envelope) {.helo = gp_span_from("mail.example.net"),
		.sender = gp_span_from(sender),
		.recipient = gp_span_from("r@here.test")};
	assert_int_equal(gp_ipaddr_parse(gp_span_from(client), &b->envelope.client), GP_OK);
}

/* ask: at RCPT. */
static void ask(struct bench *b)
{
	gp_engine_facts_init(&b->f, b->config, GP_STAGE_RCPT, &b->envelope);
	b->f.lists = b->health;
	assert_int_equal(gp_engine_run(&b->ctx, &b->pipeline, &b->f, &b->v), GP_OK);
	assert_int_equal(gp_engine_header(&b->ctx, &b->pipeline, &b->f, &b->v), GP_OK);
}

/* log_of: the field of this key; "" without one. */
static const char *log_of(struct bench *b, const char *key)
{
	struct gp_log_field fields[GP_RECORD_LOG_MAX];
	const struct gp_record record = {&b->f, &b->v, b->ctx.arena};
	size_t n = gp_engine_record_log(&b->pipeline, &record, fields, GP_RECORD_LOG_MAX);
	for (size_t i = 0; i < n; i++)
		if (strcmp(fields[i].key, key) == 0)
			return fields[i].text.len ? gp_arena_copy(b->ctx.arena, fields[i].text)
						  : "number";
	return "";
}

struct row {
	const char *config, *client, *sender, *rule;
	enum gp_action action;
	int score;
};

/* test_rules: thresholds, sums, and who has to agree. */
static void test_rules(void **state)
{
	static const struct row rows[] = {
		{ON BL MORE, "192.0.2.1", "u@example.org", "default", GP_ACTION_ACCEPT, 0},
		{ON BL MORE, "192.0.2.9", "u@example.org", "dnsbl.reject_at", GP_ACTION_REJECT, 5},
		{ON BL MORE, "192.0.2.8", "u@example.org", "dnsbl.label_at", GP_ACTION_ACCEPT, 1},
		{ON "dnsbl { defer_at = 1 }\n" BL, "192.0.2.8", "u@example.org", "dnsbl.defer_at",
			GP_ACTION_DEFER, 1},
		{ON "dnsbl { label_at = 0 }\n" BL, "192.0.2.8", "u@example.org", "default",
			GP_ACTION_ACCEPT, 1},
		{ON "dnsbl { min_lists = 2 }\n" BL, "192.0.2.9", "u@example.org", "dnsbl.label_at",
			GP_ACTION_ACCEPT, 3},
		{ON "dnsbl { min_lists = 2 }\n" BL MORE, "192.0.2.9", "u@example.org",
			"dnsbl.reject_at", GP_ACTION_REJECT, 5},
		{ON BL ALLOW, "192.0.2.7", "u@example.org", "default", GP_ACTION_ACCEPT, -2},
		{ON NAMES, "192.0.2.1", "u@bad.example.org", "dnsbl.reject_at", GP_ACTION_REJECT,
			3},
		{"dnsbl { mode = label }\n" BL, "192.0.2.9", "u@example.org", "dnsbl.reject_at",
			GP_ACTION_ACCEPT, 3},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct bench b;
		bench_begin(&b, rows[i].config);
		set(&b, rows[i].client, rows[i].sender);
		ask(&b);
		const struct gp_dnsbl_result *r = b.f.dnsbl;
		assert_non_null(r);
		if (strcmp(b.v.rule, rows[i].rule) || b.v.action != rows[i].action ||
			r->score != rows[i].score)
			fail_msg("row %zu: %s, %s, score %d", i, b.v.rule,
				gp_engine_action_name(b.v.action), r->score);
		bench_end(&b);
	}
}

/* test_reply: the list, its codes and its own text, which is asked for only then. */
static void test_reply(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b, ON BL);
	set(&b, "192.0.2.9", "u@example.org");
	ask(&b);
	assert_string_equal(b.v.reply, "550 5.7.1 192.0.2.9 is listed by bl.example.com "
				       "(127.0.0.2,127.0.0.10): \"see https://bl.example.com/9\"");
	assert_int_equal(test_zone_asked(b.zone, GP_DNS_AAAA), 0);
	assert_int_equal(test_zone_asked_of(b.zone, "9.2.0.192.bl.example.com"), 2);
	set(&b, "192.0.2.5", "u@example.org");
	ask(&b);
	assert_string_equal(b.v.reply,
		"550 5.7.1 192.0.2.5 is listed by bl.example.com (127.0.0.2): "
		"\"fine'. See 'https://evil.example'\"");
	test_zone_forget(b.zone);
	set(&b, "192.0.2.8", "u@example.org");
	ask(&b);
	assert_int_equal(test_zone_asked_of(b.zone, "8.2.0.192.bl.example.com"), 1);
	bench_end(&b);
}

/* test_text_not_asked: where nobody is told it: in mode label, when SPF decides, or by the text. */
static void test_text_not_asked(void **state)
{
	static const char *const configs[] = {
		"dnsbl { mode = label }\n" BL,
		ON BL,
		ON "dnsbl { text = \"listed by {list}\" }\n" BL,
	};
	(void)state;
	for (size_t i = 0; i < sizeof configs / sizeof configs[0]; i++) {
		struct bench b;
		bench_begin(&b, configs[i]);
		set(&b, "192.0.2.9", i == 1 ? "u@fail.example.org" : "u@example.org");
		ask(&b);
		assert_string_equal(b.v.rule, i == 1 ? "spf.reject" : "dnsbl.reject_at");
		assert_int_equal(test_zone_asked_of(b.zone, "9.2.0.192.bl.example.com"), 1);
		bench_end(&b);
	}
}

/* test_one_round_trip: all lists are in flight together. */
static void test_one_round_trip(void **state)
{
	struct bench b;
	size_t calls[2] = {0, 0};
	(void)state;
	for (int with_lists = 0; with_lists < 2; with_lists++) {
		bench_begin(&b, with_lists ? ON BL MORE ALLOW NAMES : "hostname = mx.test");
		set(&b, "192.0.2.1", "u@example.org");
		ask(&b);
		calls[with_lists] = test_zone_calls(b.zone);
		bench_end(&b);
	}
	assert_int_equal(calls[1], calls[0] + 1);
}

/* test_not_asked: users, own networks, private addresses and exceptions cost no question. */
static void test_not_asked(void **state)
{
	static const struct {
		const char *config, *client, *user, *recipient, *rule;
	} rows[] = {
		{ON BL, "192.0.2.9", "alice", "r@here.test", "authenticated"},
		{ON BL "trusted_networks = {192.0.2.0/24}", "192.0.2.9", "", "r@here.test",
			"trusted_networks"},
		{ON BL, "10.0.0.9", "", "r@here.test", "private-client"},
		{ON BL "own_networks = {192.0.2.0/24}", "192.0.2.9", "", "r@here.test",
			"private-client"},
		{ON BL "dnsbl { exempt_clients = {192.0.2.9} }", "192.0.2.9", "", "r@here.test",
			"dnsbl.exempt_clients"},
		{ON BL, "192.0.2.9", "", "Abuse@here.test", "dnsbl.exempt_recipients"},
		{ON BL "dnsbl { exempt_senders = {example.org} }", "192.0.2.9", "", "r@here.test",
			"dnsbl.exempt_senders"},
		{"dnsbl { mode = off }\n" BL, "192.0.2.9", "", "r@here.test", "default"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct bench b;
		bench_begin(&b, rows[i].config);
		set(&b, rows[i].client, "u@example.org");
		b.envelope.sasl_username = gp_span_from(rows[i].user);
		b.envelope.recipient = gp_span_from(rows[i].recipient);
		ask(&b);
		if (strcmp(b.v.rule, rows[i].rule) || b.v.action != GP_ACTION_ACCEPT ||
			test_zone_asked(b.zone, GP_DNS_A) != 0)
			fail_msg("row %zu: %s, %zu questions", i, b.v.rule,
				test_zone_asked(b.zone, GP_DNS_A));
		bench_end(&b);
	}
}

/* test_ill: what a list answers that is ill refuses nothing; nor does one without a table. */
static void test_ill(void **state)
{
	static const struct {
		const char *zone, *said;
	} rows[] = {
		{"9.2.0.192.ill.example.com A 127.255.255.254\n", "not-listed"},
		{"9.2.0.192.ill.example.com A 146.112.61.108\n", "not-listed"},
		{"9.2.0.192.ill.example.com A 127.0.0.1\n", "not-listed"},
		{"9.2.0.192.ill.example.com A 127.0.0.99\n", "not-listed"},
		{"9.2.0.192.ill.example.com CNAME parked.example.net\n"
		 "parked.example.net A 127.0.0.2\n",
			"not-listed"},
		{"9.2.0.192.ill.example.com TIMEOUT\n", "no-answer"},
		{"9.2.0.192.ill.example.com REFUSED\n", "no-answer"},
		{"9.2.0.192.ill.example.com TROUBLE\n", "no-answer"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct bench b;
		bench_begin(&b, ON "list ill.example.com { asks = client  tests = {}\n"
				   "  codes = {\"127.0.0.2 = 3\"} }\n");
		test_zone_lines(b.zone, rows[i].zone);
		set(&b, "192.0.2.9", "u@example.org");
		ask(&b);
		assert_int_equal(b.v.action, GP_ACTION_ACCEPT);
		assert_null(b.f.trouble);
		assert_string_equal(b.v.rule, "default");
		if (strcmp(log_of(&b, "dnsbl"), rows[i].said) != 0)
			fail_msg("row %zu: %s", i, log_of(&b, "dnsbl"));
		b.health = NULL;
		ask(&b);
		assert_null(b.f.dnsbl);
		bench_end(&b);
	}
}

/* test_shown: in the log and in the header field, by the public zone. */
static void test_shown(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b, ON BL ALLOW);
	set(&b, "192.0.2.7", "u@example.org");
	ask(&b);
	assert_string_equal(log_of(&b, "dnsbl"), "allowed");
	assert_string_equal(
		log_of(&b, "dnsbl_lists"), "bl.example.com=127.0.0.2 allow.example.com=127.0.5.3");
	assert_non_null(strstr(b.v.header, "x-dnsbl=listed (spam source) dns.zone=bl.example.com "
					   "policy.ip=127.0.0.2"));
	assert_non_null(strstr(b.v.header, "dnswl=pass (high trust) dns.zone=allow.example.com "
					   "policy.ip=127.0.5.3"));
	set(&b, "192.0.2.1", "u@example.org");
	ask(&b);
	assert_string_equal(log_of(&b, "dnsbl"), "not-listed");
	assert_string_equal(log_of(&b, "dnsbl_lists"), "");
	assert_null(strstr(b.v.header, "dns.zone"));
	bench_end(&b);
}

/* test_results_of_other_weights: an entry of an allow list is a pass whatever its trust; a good or
 * neutral reputation is no entry of a block list. */
static void test_results_of_other_weights(void **state)
{
	static const char trust[] = ON "list trust.example.com { allow = yes codes = { "
				       "\"127.0.*.0 = 0 no trust\", \"127.0.*.3 = -5\" } }\n";
	static const char rep[] =
		ON "list rep.example.com { everybody = yes codes = { \"127.0.0.10 = 2 bad\", "
		   "\"127.0.0.15 = 0 neutral\", \"127.0.0.18 = -1 good\" } }\n";
	static const struct {
		const char *config, *client, *lists, *result;
	} rows[] = {
		{trust, "192.0.2.4", "trust.example.com=127.0.5.0",
			"dnswl=pass (no trust) dns.zone=trust.example.com policy.ip=127.0.5.0"},
		{rep, "192.0.2.4", "rep.example.com=127.0.0.18", NULL},
		{rep, "192.0.2.3", "rep.example.com=127.0.0.15", NULL},
		{rep, "192.0.2.2", "rep.example.com=127.0.0.10",
			"x-dnsbl=listed (bad) dns.zone=rep.example.com policy.ip=127.0.0.10"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct bench b;
		bench_begin(&b, rows[i].config);
		set(&b, rows[i].client, "u@example.org");
		ask(&b);
		assert_string_equal(log_of(&b, "dnsbl_lists"), rows[i].lists);
		if (rows[i].result)
			assert_non_null(strstr(b.v.header, rows[i].result));
		else
			assert_true(!b.v.header || !strstr(b.v.header, "dns.zone"));
		bench_end(&b);
	}
}

/* test_many_lists_in_the_log: what does not fit is cut between two lists, and said. */
static void test_many_lists_in_the_log(void **state)
{
	static struct gp_dnsbl_list lists[GP_DNSBL_LISTS_MAX];
	static struct gp_dnsbl_item items[GP_DNSBL_LISTS_MAX];
	static char zones[GP_DNSBL_LISTS_MAX][201];
	struct bench b;
	(void)state;
	bench_begin(&b, ON BL);
	set(&b, "192.0.2.1", "u@example.org");
	ask(&b);
	struct gp_dnsbl_result result = *b.f.dnsbl;
	for (size_t i = 0; i < GP_DNSBL_LISTS_MAX; i++) {
		memset(zones[i], 'z', 200);
		lists[i].zone = zones[i];
		items[i] = (struct gp_dnsbl_item) {.list = &lists[i],
			.state = GP_DNSBL_LISTED,
			.answers = {{{127, 0, 0, 2}}},
			.answer_count = 1};
	}
	result.items = items;
	result.count = GP_DNSBL_LISTS_MAX;
	b.f.dnsbl = &result;
	const char *text = log_of(&b, "dnsbl_lists");
	size_t len = strlen(text);
	assert_true(len > 3800 && len < 4096);
	assert_string_equal(text + len - strlen("=127.0.0.2 ..."), "=127.0.0.2 ...");
	bench_end(&b);
}

/* holds_key: in any text of a decision. */
static bool holds_key(struct bench *b)
{
	struct gp_log_field fields[GP_RECORD_LOG_MAX];
	const struct gp_record record = {&b->f, &b->v, b->ctx.arena};
	size_t n = gp_engine_record_log(&b->pipeline, &record, fields, GP_RECORD_LOG_MAX);
	for (size_t i = 0; i < n; i++)
		if (fields[i].text.len &&
			memmem(fields[i].text.ptr, fields[i].text.len, "s3cr3t", 6))
			return true;
	return (b->v.reply && strstr(b->v.reply, "s3cr3t")) ||
	       (b->v.header && strstr(b->v.header, "s3cr3t"));
}

/* test_key: the key is a part of the question, and of nothing else. */
static void test_key(void **state)
{
	static const char *const configs[] = {ON PAID, "dnsbl { mode = label }\n" PAID};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct bench b;
		bench_begin(&b, configs[i]);
		set(&b, "192.0.2.6", "u@example.org");
		ask(&b);
		assert_string_equal(b.v.rule, "dnsbl.reject_at");
		assert_true(test_zone_asked_of(b.zone, "6.2.0.192.s3cr3t.paid.example.com") > 0);
		assert_false(holds_key(&b));
		assert_string_equal(log_of(&b, "dnsbl_lists"), "paid.example.com=127.0.0.2");
		bench_end(&b);
	}
}

/* test_kept: asked once for all recipients of a message. */
static void test_kept(void **state)
{
	struct bench b;
	struct gp_transaction t;
	static const char *const recipients[] = {
		"a@here.test", "postmaster@here.test", "b@here.test"};
	(void)state;
	bench_begin(&b, ON BL);
	gp_engine_transaction_init(&t, &b.pipeline);
	set(&b, "192.0.2.9", "u@example.org");
	for (int i = 0; i < 3; i++) {
		b.envelope.recipient = gp_span_from(recipients[i]);
		gp_engine_facts_init(&b.f, b.config, GP_STAGE_RCPT, &b.envelope);
		b.f.lists = b.health;
		assert_int_equal(gp_engine_transaction_ask(&t, &b.ctx, &b.f, &b.v), GP_OK);
		assert_int_equal(b.v.action, i == 1 ? GP_ACTION_ACCEPT : GP_ACTION_REJECT);
		if (i != 1)
			assert_non_null(strstr(b.v.reply, "see https://bl.example.com/9"));
		gp_arena_reset(b.ctx.arena);
	}
	assert_int_equal(test_zone_asked_of(b.zone, "9.2.0.192.bl.example.com"), 2);
	gp_engine_transaction_fini(&t);
	bench_end(&b);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_reply),
		cmocka_unit_test(test_text_not_asked),
		cmocka_unit_test(test_one_round_trip),
		cmocka_unit_test(test_not_asked),
		cmocka_unit_test(test_ill),
		cmocka_unit_test(test_shown),
		cmocka_unit_test(test_results_of_other_weights),
		cmocka_unit_test(test_many_lists_in_the_log),
		cmocka_unit_test(test_key),
		cmocka_unit_test(test_kept),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
