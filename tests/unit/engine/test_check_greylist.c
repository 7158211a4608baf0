/* SPDX-License-Identifier: ISC */
/* Greylisting in the pipeline: reasons, what vouches for a mail, recipients, stages, limits. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/check_dnsbl.h"
#include "engine/check_greylist.h"
#include "engine/record.h"
#include "engine/transaction.h"
#include "support/judge.h"
#include "support/memstore.h"
#include "support/zone.h"

#define NOW 1000000000000LL
#define MINUTE 60000LL
#define DAY (24 * 60 * MINUTE)

/*
 * 198.51.100.1 has a proper name, .2 a generic one, .3 none, .4 one that does not confirm, of .5
 * DNS cannot say anything.
 */
static const char zone_text[] = "1.100.51.198.in-addr.arpa PTR mail.proper.test\n"
				"mail.proper.test A 198.51.100.1\n"
				"2.100.51.198.in-addr.arpa PTR dsl-2.line.test\n"
				"dsl-2.line.test A 198.51.100.2\n"
				"4.100.51.198.in-addr.arpa PTR mail.proper.test\n"
				"5.100.51.198.in-addr.arpa TIMEOUT\n"
				"pass.test TXT v=spf1 ip4:198.51.100.0/24 -all\n"
				"soft.test TXT v=spf1 ~all\n"
				"fail.test TXT v=spf1 -all\n"
				"neutral.test TXT v=spf1 ?all\n"
				"broken.test TXT v=spf1 what\n"
				"late.test TIMEOUT\n"
				"trouble.test TROUBLE ANY\n"
				"2.0.0.127.bl.example.com A 127.0.0.2\n"
				"1.100.51.198.bl.example.com A 127.0.0.2\n"
				"7.100.51.198.allow.example.com A 127.0.5.3\n";

struct bench {
	struct test_zone *zone;
	struct gp_config *config;
	struct gp_test_memstore *memory;
	struct gp_store *store;
	struct gp_limit_overrides *overrides;
	struct gp_ctx ctx;
	struct gp_transaction t;
	struct gp_facts f;
	struct gp_verdict v;
	struct gp_envelope e;
};

/* begin: a configuration besides the options that every test has. */
static void begin(struct bench *b, const char *more)
{
	struct gp_config_errors errors = {0};
	char text[1024];
	*b = (struct bench) {0};
	snprintf(text, sizeof text,
		"hostname = mx.test\ntrusted_networks = 203.0.113.0/24\n"
		"spf { reject = {} }\n%s",
		more);
	if (gp_config_parse(gp_span_from(text), "t.conf", &b->config, &errors))
		fail_msg("%s", errors.text);
	gp_config_errors_fini(&errors);
	b->zone = test_zone_new();
	test_zone_lines(b->zone, zone_text);
	assert_int_equal(gp_test_memstore_new(&b->memory, &b->store), GP_OK);
	assert_int_equal(gp_limit_overrides_new(b->store, &b->overrides), GP_OK);
	b->ctx = (struct gp_ctx) {.arena = gp_arena_new(1 << 20),
		.clock = test_zone_clock(b->zone),
		.dns = test_zone_dns(b->zone)};
	b->ctx.deadline_us = gp_clock_now_us(b->ctx.clock) + 300 * 1000000LL;
	gp_engine_transaction_init(&b->t, test_judge_pipeline());
	b->e = (struct gp_envelope) {.helo = gp_span_from("mail.proper.test"),
		.client_name = gp_span_from(""),
		.sender = gp_span_from("u@none.test"),
		.recipient = gp_span_from("r@here.test")};
	assert_int_equal(gp_ipaddr_parse(gp_span_from("198.51.100.3"), &b->e.client), GP_OK);
	gp_test_memstore_set_now(b->memory, NOW);
}

/* end: frees all. */
static void end(struct bench *b)
{
	gp_engine_transaction_drop(&b->t, b->overrides, &b->ctx);
	gp_engine_transaction_fini(&b->t);
	gp_limit_overrides_free(b->overrides);
	gp_store_close(b->store);
	gp_arena_free(b->ctx.arena);
	gp_config_free(b->config);
	test_zone_free(b->zone);
}

#define ENFORCE "greylist { mode = enforce learn = 0s"

/* ask: at a stage. */
static void ask(struct bench *b, enum gp_stage stage)
{
	gp_arena_reset(b->ctx.arena);
	gp_engine_facts_init(&b->f, b->config, stage, &b->e);
	b->f.store = b->store;
	b->f.counting.overrides = b->overrides;
	b->f.counting.total =
		(struct gp_limit_amounts) {.recipients = b->t.limits.recipients + 1, .messages = 1};
	assert_int_equal(gp_engine_transaction_ask(&b->t, &b->ctx, &b->f, &b->v), GP_OK);
}

/* log_of: the field of this key; "" without one. */
static const char *log_of(struct bench *b, const char *key)
{
	struct gp_log_field fields[GP_RECORD_LOG_MAX];
	const struct gp_record record = {&b->f, &b->v, b->ctx.arena};
	size_t n = gp_engine_record_log(b->t.pipeline, &record, fields, GP_RECORD_LOG_MAX);
	for (size_t i = 0; i < n; i++)
		if (strcmp(fields[i].key, key) == 0)
			return fields[i].is_number ? gp_arena_printf(b->ctx.arena, "%lld",
							     (long long)fields[i].number)
						   : gp_arena_copy(b->ctx.arena, fields[i].text);
	return "";
}

/* from: this client, with the name that the mail server confirms, sends as this sender. */
static void from(struct bench *b, const char *client, const char *name, const char *sender)
{
	assert_int_equal(gp_ipaddr_parse(gp_span_from(client), &b->e.client), GP_OK);
	b->e.client_name = gp_span_from(name);
	b->e.sender = gp_span_from(sender);
	gp_engine_transaction_forget(&b->t);
}

/* at: the store's time. */
static void at(struct bench *b, int64_t after_ms)
{
	gp_test_memstore_set_now(b->memory, NOW + after_ms);
}

/* ---- reasons ---- */

/* test_reasons: each of them, and that trouble of DNS is none. */
static void test_reasons(void **state)
{
	static const struct {
		const char *client, *name, *helo, *sender, *reasons;
	} rows[] = {
		{"198.51.100.3", "", "h.test", "u@none.test", "no-reverse-name"},
		{"198.51.100.4", "", "h.test", "u@none.test", "unconfirmed-reverse-name"},
		{"198.51.100.5", "", "h.test", "u@none.test", ""},
		{"198.51.100.1", "", "mail.proper.test", "u@none.test", ""},
		{"198.51.100.1", "mail.proper.test", "mail.proper.test", "u@none.test", ""},
		{"198.51.100.1", "MAIL.Proper.test", "other.PROPER.test", "u@none.test", ""},
		{"198.51.100.2", "", "dsl-2.line.test", "u@none.test", "generic-reverse-name"},
		{"198.51.100.2", "dsl-2.line.test", "dsl-2.line.test", "u@none.test",
			"generic-reverse-name"},
		{"198.51.100.9", "198-51-100-9.line.test", "x.line.test", "u@none.test",
			"generic-reverse-name"},
		{"198.51.100.1", "mail.proper.test", "else.test", "u@none.test", "helo-mismatch"},
		{"198.51.100.1", "mail.proper.test", "else.test", "u@neutral.test",
			"helo-mismatch"},
		{"198.51.100.1", "mail.proper.test", "[198.51.100.1]", "u@none.test",
			"helo-mismatch"},
		{"198.51.100.1", "mail.proper.test", "else.test", "u@late.test", ""},
		{"198.51.100.1", "mail.proper.test", "mail.proper.test", "u@soft.test",
			"spf-softfail"},
		{"198.51.100.1", "mail.proper.test", "mail.proper.test", "u@fail.test", "spf-fail"},
		{"198.51.100.1", "mail.proper.test", "mail.proper.test", "u@broken.test",
			"spf-permerror"},
		{"198.51.100.2", "", "else.test", "u@fail.test",
			"generic-reverse-name,helo-mismatch,spf-fail"},
		{"198.51.100.3", "", "h.test", "u@pass.test", "no-reverse-name"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct bench b;
		begin(&b, ENFORCE " }");
		from(&b, rows[i].client, rows[i].name, rows[i].sender);
		b.e.helo = gp_span_from(rows[i].helo);
		ask(&b, GP_STAGE_RCPT);
		bool passes = strcmp(rows[i].sender, "u@pass.test") == 0;
		if (strcmp(log_of(&b, "greylist_reason"), rows[i].reasons) != 0 ||
			(b.v.action == GP_ACTION_DEFER) != (*rows[i].reasons && !passes))
			fail_msg("row %zu: %s, action %d", i, log_of(&b, "greylist_reason"),
				(int)b.v.action);
		end(&b);
	}
}

/* test_reply: what is left, and why. */
static void test_reply(void **state)
{
	struct bench b;
	(void)state;
	begin(&b, ENFORCE " }");
	ask(&b, GP_STAGE_RCPT);
	assert_string_equal(
		b.v.reply, "450 4.7.1 Greylisted (no reverse name), try again in 300 seconds");
	assert_string_equal(b.v.rule, "greylist.delay");
	assert_string_equal(log_of(&b, "greylist"), "first");
	at(&b, 10500);
	ask(&b, GP_STAGE_RCPT);
	assert_string_equal(
		b.v.reply, "450 4.7.1 Greylisted (no reverse name), try again in 290 seconds");
	assert_string_equal(log_of(&b, "greylist"), "early");
	assert_string_equal(log_of(&b, "greylist_wait"), "290");
	at(&b, 5 * MINUTE);
	ask(&b, GP_STAGE_RCPT);
	assert_int_equal(b.v.action, GP_ACTION_ACCEPT);
	assert_string_equal(log_of(&b, "greylist"), "passed");
	assert_string_equal(log_of(&b, "greylist_waited"), "300");
	end(&b);
}

/* test_when: everybody that nothing vouches for, or nobody but who is listed. */
static void test_when(void **state)
{
	struct bench b;
	(void)state;
	begin(&b, ENFORCE " when = unknown }");
	from(&b, "198.51.100.1", "mail.proper.test", "u@none.test");
	ask(&b, GP_STAGE_RCPT);
	assert_int_equal(b.v.action, GP_ACTION_DEFER);
	assert_string_equal(log_of(&b, "greylist_reason"), "first-contact");
	end(&b);
	begin(&b, ENFORCE " when = score }\ndnsbl { mode = label }");
	ask(&b, GP_STAGE_RCPT);
	assert_int_equal(b.v.action, GP_ACTION_ACCEPT);
	assert_string_equal(log_of(&b, "greylist_why"), "no-reason");
	end(&b);
}

#define LISTS(mode)                                                                          \
	"\ndnsbl { mode = " mode " }\n"                                                      \
	"list bl.example.com { asks = client  tests = {\"127.0.0.2 listed\"}\n"              \
	"  codes = {\"127.0.0.2 = 2\"} }\n"                                                  \
	"list allow.example.com { asks = client  allow = yes  tests = {\"127.0.0.1 not\"}\n" \
	"  codes = {\"127.0.*.3 = -5\"} }\n"

/* ask_lists: the same with lists that have been tested. */
static void ask_lists(struct bench *b)
{
	struct gp_dnsbl_tested tested;
	struct gp_dnsbl_health *health;
	void *memory = calloc(1, gp_dnsbl_health_size());
	const struct gp_dnsbl_health_lists lists = {
		.lists = b->config->dnsbl.lists, .count = b->config->dnsbl.count};
	assert_int_equal(gp_dnsbl_health_init(memory, &health), GP_OK);
	gp_dnsbl_health_configure(health, &lists, b->ctx.clock->wall_s(b->ctx.clock));
	const struct gp_dnsbl_plan plan = gp_engine_dnsbl_plan(b->config, health);
	assert_int_equal(gp_dnsbl_test(&b->ctx, &plan, &tested), GP_OK);
	gp_engine_facts_init(&b->f, b->config, GP_STAGE_RCPT, &b->e);
	b->f.store = b->store;
	b->f.lists = health;
	assert_int_equal(gp_engine_transaction_ask(&b->t, &b->ctx, &b->f, &b->v), GP_OK);
	free(memory);
}

/* test_lists: a score is a reason, unless lists are a label only; an allow list vouches. */
static void test_lists(void **state)
{
	static const struct {
		const char *options, *client, *name, *reasons, *why;
	} rows[] = {
		{ENFORCE " }" LISTS("enforce"), "198.51.100.1", "mail.proper.test", "dns-lists",
			""},
		{ENFORCE " when = score }" LISTS("enforce"), "198.51.100.1", "mail.proper.test",
			"dns-lists", ""},
		{ENFORCE " when = score }" LISTS("enforce"), "198.51.100.3", "", "", "no-reason"},
		{ENFORCE " }" LISTS("label"), "198.51.100.1", "mail.proper.test", "", "no-reason"},
		{ENFORCE " }" LISTS("enforce"), "198.51.100.7", "", "no-reverse-name",
			"allow-list"},
		{ENFORCE " }" LISTS("label"), "198.51.100.7", "", "no-reverse-name", "allow-list"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct bench b;
		begin(&b, rows[i].options);
		from(&b, rows[i].client, rows[i].name, "u@none.test");
		ask_lists(&b);
		if (strcmp(log_of(&b, "greylist_reason"), rows[i].reasons) != 0 ||
			strcmp(log_of(&b, "greylist_why"), rows[i].why) != 0 ||
			(b.v.action == GP_ACTION_DEFER) != !*rows[i].why)
			fail_msg("row %zu: %s, %s, action %d", i, log_of(&b, "greylist_reason"),
				log_of(&b, "greylist_why"), (int)b.v.action);
		end(&b);
	}
}

/* ---- who is never delayed ---- */

/* test_never: whatever is suspicious. */
static void test_never(void **state)
{
	static const struct {
		const char *options, *client, *name, *sender, *recipient, *user;
		bool delayed;
	} rows[] = {
		{"", "198.51.100.3", "", "u@none.test", "r@here.test", "", true},
		{"", "198.51.100.3", "", "u@pass.test", "r@here.test", "", false},
		{"spf_pass = no", "198.51.100.3", "", "u@pass.test", "r@here.test", "", true},
		{"", "198.51.100.3", "", "u@none.test", "postmaster@here.test", "", false},
		{"", "198.51.100.3", "", "u@none.test", "Abuse@here.test", "", false},
		{"", "198.51.100.3", "", "", "r@here.test", "", false},
		{"", "198.51.100.3", "", "u@none.test", "r@here.test", "alice", false},
		{"", "203.0.113.1", "", "u@none.test", "r@here.test", "", false},
		{"", "10.0.0.1", "", "u@none.test", "r@here.test", "", false},
		{"exempt_clients = 198.51.100.3", "198.51.100.3", "", "u@none.test", "r@here.test",
			"", false},
		{"exempt_client_names = .line.test", "198.51.100.2", "dsl-2.line.test",
			"u@none.test", "r@here.test", "", false},
		{"exempt_recipients = here.test", "198.51.100.3", "", "u@none.test", "r@here.test",
			"", false},
		{"} spf { exempt_clients = 198.51.100.3", "198.51.100.3", "", "u@none.test",
			"r@here.test", "", false},
		{"} spf { exempt_client_names = .line.test", "198.51.100.2", "dsl-2.line.test",
			"u@none.test", "r@here.test", "", false},
		/* anybody could say these */
		{"} spf { exempt_senders = none.test", "198.51.100.3", "", "u@none.test",
			"r@here.test", "", true},
		{"} spf { exempt_helo = mail.proper.test", "198.51.100.3", "", "u@none.test",
			"r@here.test", "", true},
		{"} spf { exempt_recipients = here.test", "198.51.100.3", "", "u@none.test",
			"r@here.test", "", true},
		/* anybody can write such a sender */
		{"whitelist_domains = none.test", "198.51.100.3", "", "u@none.test", "r@here.test",
			"", true},
		{"whitelist_domains = line.test", "198.51.100.2", "dsl-2.line.test", "u@line.test",
			"r@here.test", "", false},
		{"whitelist_domains = line.test", "198.51.100.2", "", "u@line.test", "r@here.test",
			"", false},
		{"whitelist_domains = pass.test spf_pass = no", "198.51.100.3", "", "u@pass.test",
			"r@here.test", "", false},
		{"whitelist_domains = line.test", "198.51.100.3", "", "u@line.test", "r@here.test",
			"", true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct bench b;
		char options[256];
		snprintf(options, sizeof options, ENFORCE "\n%s\n}", rows[i].options);
		begin(&b, options);
		from(&b, rows[i].client, rows[i].name, rows[i].sender);
		b.e.recipient = gp_span_from(rows[i].recipient);
		b.e.sasl_username = gp_span_from(rows[i].user);
		ask(&b, GP_STAGE_RCPT);
		if ((b.v.action == GP_ACTION_DEFER) != rows[i].delayed)
			fail_msg("row %zu: action %d, %s", i, (int)b.v.action,
				log_of(&b, "greylist_why"));
		end(&b);
	}
}

/* test_only_known: SPF pass of a domain counts once that has been known for a day. */
static void test_only_known(void **state)
{
	struct bench b;
	(void)state;
	begin(&b, ENFORCE " spf_pass = only-known passes = 0 }");
	from(&b, "198.51.100.3", "", "u@pass.test");
	ask(&b, GP_STAGE_RCPT);
	assert_int_equal(b.v.action, GP_ACTION_DEFER);
	at(&b, DAY);
	from(&b, "198.51.100.4", "", "other@pass.test");
	b.e.recipient = gp_span_from("r@there.test");
	ask(&b, GP_STAGE_RCPT);
	assert_int_equal(b.v.action, GP_ACTION_ACCEPT);
	assert_string_equal(log_of(&b, "greylist_why"), "spf");
	end(&b);
}

/* test_correspondents: whom our users write to, unless SPF says that it is somebody else. */
static void test_correspondents(void **state)
{
	struct bench b;
	(void)state;
	begin(&b, ENFORCE " }");
	from(&b, "192.0.2.99", "", "alice@here.test");
	b.e.sasl_username = gp_span_from("alice");
	b.e.recipient = gp_span_from("bob@mail.none.test");
	ask(&b, GP_STAGE_RCPT);
	assert_int_equal(b.v.action, GP_ACTION_ACCEPT);
	assert_string_equal(b.v.rule, "authenticated");
	b.e.recipient = gp_span_from("bob@soft.test");
	ask(&b, GP_STAGE_RCPT);
	b.e.sasl_username = gp_span_from("");
	b.e.recipient = gp_span_from("alice@here.test");
	from(&b, "198.51.100.3", "", "bob@none.test");
	ask(&b, GP_STAGE_RCPT);
	assert_int_equal(b.v.action, GP_ACTION_ACCEPT);
	assert_string_equal(log_of(&b, "greylist"), "allowed");
	assert_string_equal(log_of(&b, "greylist_why"), "correspondent");
	from(&b, "198.51.100.3", "", "bob@soft.test");
	ask(&b, GP_STAGE_RCPT);
	assert_int_equal(b.v.action, GP_ACTION_DEFER);
	from(&b, "198.51.100.3", "", "bob@other.test");
	ask(&b, GP_STAGE_RCPT);
	assert_int_equal(b.v.action, GP_ACTION_DEFER);
	end(&b);
}

/* test_correspondents_not: what users write to their own domain, or without a sender, says nothing;
 * nor does a correspondent's name where SPF is broken. */
static void test_correspondents_not(void **state)
{
	static const struct {
		const char *sender, *user, *recipient, *forged;
		bool delayed;
	} rows[] = {
		{"alice@here.test", "alice", "bob@here.test", "ceo@here.test", true},
		{"alice@here.test", "alice", "bob@sub.Here.test", "ceo@here.test", true},
		{"alice@sub.here.test", "alice", "bob@here.test", "ceo@here.test", true},
		{"alice@other.test", "alice@here.test", "bob@here.test", "ceo@here.test", true},
		{"", "alice", "bob@none.test", "bob@none.test", true},
		{"alice@here.test", "alice", "bob@broken.test", "bob@broken.test", true},
		{"alice@here.test", "alice", "bob@none.test", "bob@none.test", false},
		{"alice@[192.0.2.1]", "alice", "bob@none.test", "bob@none.test", false},
		{"alice", "alice", "bob@none.test", "bob@none.test", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct bench b;
		begin(&b, ENFORCE " }");
		from(&b, "192.0.2.99", "", rows[i].sender);
		b.e.sasl_username = gp_span_from(rows[i].user);
		b.e.recipient = gp_span_from(rows[i].recipient);
		ask(&b, GP_STAGE_RCPT);
		assert_int_equal(b.v.action, GP_ACTION_ACCEPT);
		from(&b, "198.51.100.3", "", rows[i].forged);
		b.e.sasl_username = gp_span_from("");
		b.e.recipient = gp_span_from("alice@here.test");
		ask(&b, GP_STAGE_RCPT);
		if ((b.v.action == GP_ACTION_DEFER) != rows[i].delayed)
			fail_msg("row %zu: action %d, %s", i, (int)b.v.action,
				log_of(&b, "greylist_why"));
		end(&b);
	}
}

/* ---- stages, rounds, modes ---- */

/* test_null_sender: let past RCPT, and delayed at DATA where that is wanted (mail servers
 * verify addresses with it). */
static void test_null_sender(void **state)
{
	struct bench b;
	(void)state;
	begin(&b, ENFORCE " }");
	from(&b, "198.51.100.3", "", "");
	ask(&b, GP_STAGE_RCPT);
	assert_int_equal(b.v.action, GP_ACTION_ACCEPT);
	ask(&b, GP_STAGE_DATA);
	assert_int_equal(b.v.action, GP_ACTION_ACCEPT);
	end(&b);
	begin(&b, ENFORCE " null_sender = delay-at-data }");
	for (int i = 0; i < 2; i++) {
		from(&b, "198.51.100.3", "", "");
		at(&b, i * 5 * MINUTE);
		ask(&b, GP_STAGE_RCPT);
		assert_int_equal(b.v.action, GP_ACTION_ACCEPT);
		ask(&b, GP_STAGE_DATA);
		assert_int_equal(b.v.action, i ? GP_ACTION_ACCEPT : GP_ACTION_DEFER);
		assert_string_equal(log_of(&b, "greylist"), i ? "passed" : "first");
	}
	/* and SPF of HELO, found at RCPT, vouches for it at DATA */
	from(&b, "198.51.100.77", "", "");
	b.e.helo = gp_span_from("pass.test");
	ask(&b, GP_STAGE_RCPT);
	ask(&b, GP_STAGE_DATA);
	assert_int_equal(b.v.action, GP_ACTION_ACCEPT);
	assert_string_equal(log_of(&b, "greylist_why"), "spf");
	end(&b);
}

/* ask_rcpt: each of the recipients, with blanks between. */
static void ask_rcpt(struct bench *b, const char *recipients)
{
	struct gp_span rest = gp_span_from(recipients);
	while (rest.len) {
		gp_span_cut(rest, ' ', &b->e.recipient, &rest);
		ask(b, GP_STAGE_RCPT);
		assert_int_equal(b->v.action, GP_ACTION_ACCEPT);
	}
}

/* ask_data: which names a recipient only if there is one. */
static void ask_data(struct bench *b, const char *recipients)
{
	b->e.recipient = gp_span_from(strchr(recipients, ' ') ? "" : recipients);
	ask(b, GP_STAGE_DATA);
}

#define BOUNCES ENFORCE " null_sender = delay-at-data }\n"

/* test_bounce: what was found at RCPT counts at DATA; that nothing was kept is no reason, and a
 * recipient that is exempt is so among others. */
static void test_bounce(void **state)
{
	static const struct {
		const char *options, *client, *name, *helo, *recipients, *reasons, *why;
		bool delayed;
	} rows[] = {
		{"", "198.51.100.1", "mail.proper.test", "mail.proper.test", "r@here.test", "",
			"no-reason", false},
		{"", "198.51.100.1", "mail.proper.test", "else.test", "r@here.test",
			"helo-mismatch", "", true},
		/* nothing is kept: SPF is off, or leaves all recipients alone */
		{"spf { mode = off }", "198.51.100.1", "mail.proper.test", "mail.proper.test",
			"r@here.test", "", "no-reason", false},
		{"spf { mode = off }", "198.51.100.1", "mail.proper.test", "[198.51.100.1]",
			"r@here.test s@here.test", "helo-mismatch", "", true},
		{"spf { mode = off }", "198.51.100.3", "", "h.test", "r@here.test",
			"no-reverse-name", "", true},
		{"spf { exempt_recipients = here.test }", "198.51.100.1", "mail.proper.test",
			"mail.proper.test", "r@here.test s@here.test", "", "little-known", false},
		{"spf { exempt_recipients = here.test }", "198.51.100.9", "", "pass.test",
			"r@here.test s@here.test", "", "little-known", false},
		{"spf { exempt_recipients = here.test }", "198.51.100.3", "", "pass.test",
			"r@here.test", "no-reverse-name", "", true},
		{"spf { exempt_helo = h.test }", "198.51.100.3", "", "h.test",
			"r@here.test s@here.test", "no-reverse-name", "", true},
		{"", "198.51.100.3", "", "h.test", "postmaster@a.test postmaster@b.test", "", "",
			false},
		{"", "198.51.100.3", "", "h.test", "postmaster@here.test", "", "", false},
		{"", "198.51.100.3", "", "h.test", "postmaster@here.test abuse@here.test", "", "",
			false},
		{"", "198.51.100.3", "", "h.test", "r@here.test abuse@here.test s@here.test", "",
			"", false},
		{"", "198.51.100.3", "", "h.test", "r@here.test s@here.test", "no-reverse-name", "",
			true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct bench b;
		char options[256];
		snprintf(options, sizeof options, BOUNCES "%s", rows[i].options);
		begin(&b, options);
		from(&b, rows[i].client, rows[i].name, "");
		b.e.helo = gp_span_from(rows[i].helo);
		ask_rcpt(&b, rows[i].recipients);
		ask_data(&b, rows[i].recipients);
		if ((b.v.action == GP_ACTION_DEFER) != rows[i].delayed ||
			strcmp(log_of(&b, "greylist_reason"), rows[i].reasons) != 0 ||
			strcmp(log_of(&b, "greylist_why"), rows[i].why) != 0)
			fail_msg("row %zu: action %d, %s, %s", i, (int)b.v.action,
				log_of(&b, "greylist_reason"), log_of(&b, "greylist_why"));
		end(&b);
	}
}

/* test_bounce_lost: at RCPT more was found than is kept, or DNS could not be asked; and what was
 * noted of a message is none of the next one. */
static void test_bounce_lost(void **state)
{
	static char helo[GP_TRANSACTION_KEPT_MAX + 1];
	struct bench b;
	(void)state;
	memset(helo, 'x', sizeof helo - 1);
	begin(&b, BOUNCES);
	from(&b, "198.51.100.3", "", "");
	b.e.helo = gp_span_from(helo);
	ask_rcpt(&b, "r@here.test");
	assert_null(b.t.kept);
	ask_data(&b, "r@here.test");
	assert_int_equal(b.v.action, GP_ACTION_ACCEPT);
	assert_string_equal(log_of(&b, "greylist_why"), "little-known");
	b.e.helo = gp_span_from("trouble.test");
	from(&b, "198.51.100.3", "", "");
	ask_rcpt(&b, "r@here.test");
	assert_non_null(b.f.trouble);
	ask_data(&b, "r@here.test");
	assert_string_equal(log_of(&b, "greylist_why"), "little-known");
	b.e.helo = gp_span_from("h.test");
	for (int i = 0; i < 2; i++) {
		from(&b, "198.51.100.3", "", "");
		ask_rcpt(&b, i ? "r@here.test s@here.test" : "abuse@here.test r@here.test");
		if (i)
			ask_data(&b, "r@here.test s@here.test");
	}
	assert_int_equal(b.v.action, GP_ACTION_DEFER);
	end(&b);
}

/* test_bounce_only: nothing was asked before DATA, so SPF and lists are now. */
static void test_bounce_only(void **state)
{
	struct bench b;
	(void)state;
	begin(&b, BOUNCES);
	from(&b, "198.51.100.3", "", "");
	ask(&b, GP_STAGE_DATA);
	assert_string_equal(log_of(&b, "greylist_reason"), "no-reverse-name");
	assert_int_equal(b.v.action, GP_ACTION_DEFER);
	from(&b, "198.51.100.3", "", "");
	b.e.helo = gp_span_from("pass.test");
	ask(&b, GP_STAGE_DATA);
	assert_string_equal(log_of(&b, "greylist_why"), "spf");
	end(&b);
	begin(&b, BOUNCES LISTS("enforce"));
	from(&b, "198.51.100.7", "", "");
	ask_lists(&b);
	ask(&b, GP_STAGE_DATA);
	assert_string_equal(log_of(&b, "greylist_why"), "allow-list");
	from(&b, "198.51.100.7", "", ""); /* nobody knows which lists work */
	ask(&b, GP_STAGE_DATA);
	assert_string_equal(log_of(&b, "greylist_why"), "little-known");
	end(&b);
}

/* used: of the limit. */
static int64_t used(struct bench *b)
{
	return b->t.limits.recipients;
}

/* test_limits: what is delayed is not counted. */
static void test_limits(void **state)
{
	struct bench b;
	(void)state;
	begin(&b, ENFORCE " }\nlimit all { key = client max = 10 per = 1h count = recipients }");
	ask(&b, GP_STAGE_RCPT);
	assert_int_equal(b.v.action, GP_ACTION_DEFER);
	assert_int_equal(used(&b), 0);
	at(&b, 5 * MINUTE);
	ask(&b, GP_STAGE_RCPT);
	assert_int_equal(b.v.action, GP_ACTION_ACCEPT);
	assert_int_equal(used(&b), 1);
	end(&b);
}

/* test_recipients: each is looked at; those of one domain are one contact. */
static void test_recipients(void **state)
{
	struct bench b;
	(void)state;
	begin(&b, ENFORCE " }");
	ask(&b, GP_STAGE_RCPT);
	assert_string_equal(log_of(&b, "greylist"), "first");
	b.e.recipient = gp_span_from("postmaster@here.test");
	ask(&b, GP_STAGE_RCPT);
	assert_int_equal(b.v.action, GP_ACTION_ACCEPT);
	b.e.recipient = gp_span_from("s@here.test");
	ask(&b, GP_STAGE_RCPT);
	assert_string_equal(log_of(&b, "greylist"), "early");
	b.e.recipient = gp_span_from("s@there.test");
	ask(&b, GP_STAGE_RCPT);
	assert_string_equal(log_of(&b, "greylist"), "first");
	end(&b);
}

/* test_modes: label delays nothing and says what would have been; learning likewise; off is off. */
static void test_modes(void **state)
{
	struct bench b;
	(void)state;
	begin(&b, "greylist { mode = label learn = 0s }");
	ask(&b, GP_STAGE_RCPT);
	assert_int_equal(b.v.action, GP_ACTION_ACCEPT);
	assert_int_equal(b.v.would, GP_ACTION_DEFER);
	assert_string_equal(b.v.rule, "greylist.delay");
	end(&b);
	begin(&b, "greylist { mode = enforce }");
	ask(&b, GP_STAGE_RCPT);
	assert_int_equal(b.v.action, GP_ACTION_ACCEPT);
	assert_int_equal(b.v.would, GP_ACTION_ACCEPT);
	assert_string_equal(log_of(&b, "greylist"), "learning");
	end(&b);
	begin(&b, "");
	ask(&b, GP_STAGE_RCPT);
	assert_false(gp_engine_has_run(&b.f, &gp_engine_check_greylist));
	end(&b);
}

/* test_refused: what another check refuses is no contact. */
static void test_refused(void **state)
{
	struct bench b;
	(void)state;
	begin(&b, ENFORCE " }\nspf { must_pass = fail.test }");
	from(&b, "198.51.100.3", "", "u@fail.test");
	ask(&b, GP_STAGE_RCPT);
	assert_int_equal(b.v.action, GP_ACTION_REJECT);
	assert_false(gp_engine_has_run(&b.f, &gp_engine_check_greylist));
	end(&b);
}

/* test_store: without one, or with one that fails, nothing is delayed. */
static void test_store(void **state)
{
	struct bench b;
	(void)state;
	begin(&b, ENFORCE " }");
	gp_test_memstore_fail(b.memory, GP_EIO);
	ask(&b, GP_STAGE_RCPT);
	assert_int_equal(b.v.action, GP_ACTION_ACCEPT);
	assert_string_equal(log_of(&b, "greylist"), "unavailable");
	gp_test_memstore_fail(b.memory, 0);
	struct gp_store *store = b.store;
	b.store = NULL;
	ask(&b, GP_STAGE_RCPT);
	assert_int_equal(b.v.action, GP_ACTION_ACCEPT);
	assert_string_equal(log_of(&b, "greylist"), "");
	b.store = store;
	end(&b);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_reply),
		cmocka_unit_test(test_when),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_never),
		cmocka_unit_test(test_only_known),
		cmocka_unit_test(test_correspondents),
		cmocka_unit_test(test_correspondents_not),
		cmocka_unit_test(test_null_sender),
		cmocka_unit_test(test_bounce),
		cmocka_unit_test(test_bounce_lost),
		cmocka_unit_test(test_bounce_only),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_recipients),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_store),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
