/* SPDX-License-Identifier: ISC */
/* Rounds: what a check that delays holds back is not counted, and not remembered. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "engine/transaction.h"
#include "support/zone.h"

/* note: that it ran. */
static int note(struct gp_ctx *ctx, const struct gp_check *check, struct gp_facts *f)
{
	(void)ctx;
	*(int *)f->own[gp_engine_place(f->pipeline, check)] = 1;
	return GP_OK;
}

/* enforce: each of them. */
static enum gp_option_mode enforce(const struct gp_facts *f)
{
	(void)f;
	return GP_MODE_ENFORCE;
}

/* to_is: is the recipient's local part this one? */
static bool to_is(const struct gp_facts *f, const char *local)
{
	return gp_span_has_prefix(f->envelope.recipient, local);
}

/* wish_delay, wish_refuse: by the recipient. */
static struct gp_wish wish_delay(const struct gp_facts *f)
{
	return (struct gp_wish) {to_is(f, "delay@"), GP_ACTION_DEFER};
}

static struct gp_wish wish_refuse(const struct gp_facts *f)
{
	return (struct gp_wish) {to_is(f, "full@"), GP_ACTION_REJECT};
}

/* code, text: of all. */
static const char *code(const struct gp_facts *f, const struct gp_rule *rule, enum gp_action action)
{
	(void)f;
	(void)rule;
	return action == GP_ACTION_DEFER ? "450 4.7.1" : "550 5.7.1";
}

static const char *text(const struct gp_facts *f, const struct gp_rule *rule)
{
	(void)f;
	(void)rule;
	return "No";
}

static const struct gp_rule delay_rules[] = {
	{.name = "delay", .wish = wish_delay, .code = code, .text = text},
	{.name = NULL},
};
static const struct gp_rule count_rules[] = {
	{.name = "full", .wish = wish_refuse, .code = code, .text = text},
	{.name = NULL},
};

#define AT_RCPT GP_AT(GP_STAGE_RCPT)
#define ROW(given)                                                                                \
	.stages = AT_RCPT, .decides = AT_RCPT, .by_recipient = true, .round = given, .run = note, \
	.own_size = sizeof(int), .mode = enforce

/* in an order that says nothing about their rounds */
static const struct gp_check remembers = {.name = "remembers", .runs = 1, ROW(GP_ROUND_REMEMBERS)};
static const struct gp_check counts = {
	.name = "counts", .runs = 2, .rules = count_rules, ROW(GP_ROUND_COUNTS)};
static const struct gp_check delays = {
	.name = "delays", .runs = 3, .rules = delay_rules, ROW(GP_ROUND_DELAYS)};
static const struct gp_check finds = {.name = "finds", .runs = 4, ROW(GP_ROUND_FINDS)};

/* test_rounds: each runs for what those before it let in, whatever their order. */
static void test_rounds(void **state)
{
	static const struct gp_check *const table[] = {&remembers, &counts, &delays, &finds, NULL};
	static const struct {
		const char *recipient, *rule;
		bool delayed, counted, remembered;
		enum gp_action action;
	} rows[] = {
		{"any@here.test", "default", true, true, true, GP_ACTION_ACCEPT},
		{"delay@here.test", "delay", true, false, false, GP_ACTION_DEFER},
		{"full@here.test", "full", true, true, false, GP_ACTION_REJECT},
	};
	struct gp_config_errors errors = {0};
	struct gp_config *config;
	struct gp_pipeline p;
	struct test_zone *zone = test_zone_new();
	struct gp_ctx ctx = {.arena = gp_arena_new(1 << 20),
		.clock = test_zone_clock(zone),
		.dns = test_zone_dns(zone)};
	(void)state;
	gp_engine_pipeline_init(&p, table);
	assert_int_equal(
		gp_config_parse(gp_span_from("hostname = mx.test"), "t.conf", &config, &errors),
		GP_OK);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_envelope e = {.sender = gp_span_from("u@a.test"),
			.recipient = gp_span_from(rows[i].recipient)};
		struct gp_facts f;
		struct gp_verdict v;
		assert_int_equal(gp_ipaddr_parse(gp_span_from("192.0.2.1"), &e.client), GP_OK);
		gp_engine_facts_init(&f, config, GP_STAGE_RCPT, &e);
		assert_int_equal(gp_engine_run(&ctx, &p, &f, &v), GP_OK);
		assert_int_equal(v.action, rows[i].action);
		assert_string_equal(v.rule, rows[i].rule);
		assert_true(gp_engine_has_run(&f, &finds));
		assert_int_equal(gp_engine_has_run(&f, &delays), rows[i].delayed);
		assert_int_equal(gp_engine_has_run(&f, &counts), rows[i].counted);
		assert_int_equal(gp_engine_has_run(&f, &remembers), rows[i].remembered);
	}
	gp_config_free(config);
	gp_config_errors_fini(&errors);
	gp_arena_free(ctx.arena);
	test_zone_free(zone);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rounds),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
