/* SPDX-License-Identifier: ISC */
/*
 * A check that is added: one row, given to the pipeline beside the others. What it finds, decides
 * and says appears in log, JSON, metrics, Authentication-Results and by its name, without another
 * line anywhere. CONTRIBUTING tells how to add a check along this file.
 *
 * The check: "weather" asks TXT of weather.<domain of the sender>; "storm" is refused, "rain" is a
 * label.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/record_json.h"
#include "engine/authres.h"
#include "engine/checks.h"
#include "engine/record.h"
#include "engine/transaction.h"
#include "engine/value.h"
#include "policyd/counters.h"
#include "daemon/metrics.h"
#include "policyd/own_checks.h"
#include "support/zone.h"

/* ---- the check ---- */

enum weather { WEATHER_FINE, WEATHER_RAIN, WEATHER_STORM };

/* What it finds. */
struct weather_facts {
	enum weather weather;
	const char *place;
	int64_t took_us;
};

static const struct gp_check check_weather;

/* found_of: what it has found; NULL: it did not run. */
static const struct weather_facts *found_of(const struct gp_facts *f)
{
	return gp_engine_own(f, &check_weather);
}

/* weather_name: for people. */
static const char *weather_name(unsigned weather)
{
	static const char *const names[] = {"fine", "rain", "storm"};
	return names[weather];
}

/* weather_mode: it has no option, in a test. */
static enum gp_option_mode weather_mode(const struct gp_facts *f)
{
	(void)f;
	return GP_MODE_ENFORCE;
}

/* weather_run: one question. */
static int weather_run(struct gp_ctx *ctx, const struct gp_check *check, struct gp_facts *f)
{
	struct weather_facts *w = f->own[gp_engine_place(f->pipeline, check)];
	w->place = gp_arena_printf(ctx->arena, "weather.%s", f->sender_domain);
	if (!w->place)
		return gp_arena_status(ctx->arena);
	const struct gp_dns_question question = {w->place, GP_DNS_TXT};
	struct gp_dns_answer answer;
	int rc = gp_dns_query(ctx, &question, 1, &answer);
	if (rc || answer.count == 0)
		return rc;
	const struct gp_span text = answer.records[0].text;
	w->weather = gp_span_is(text, "storm")  ? WEATHER_STORM
		     : gp_span_is(text, "rain") ? WEATHER_RAIN
						: WEATHER_FINE;
	w->took_us = 7;
	return GP_OK;
}

/* weather_copy: its text has to outlive the question. */
static int weather_copy(struct gp_arena *arena, const struct gp_facts *from, struct gp_facts *to)
{
	struct weather_facts *w = to->own[gp_engine_place(from->pipeline, &check_weather)];
	w->place = gp_arena_copy(arena, gp_span_from(w->place));
	return gp_arena_status(arena);
}

/* storm: nobody travels. */
static struct gp_wish storm(const struct gp_facts *f)
{
	return (struct gp_wish) {found_of(f)->weather == WEATHER_STORM, GP_ACTION_REJECT};
}

/* weather_code: of a refusal. */
static const char *weather_code(
	const struct gp_facts *f, const struct gp_rule *rule, enum gp_action action)
{
	(void)f;
	(void)rule;
	(void)action;
	return "550 5.7.1";
}

/* weather_text: with a name to be filled in. */
static const char *weather_text(const struct gp_facts *f, const struct gp_rule *rule)
{
	(void)f;
	(void)rule;
	return "There is a storm at {place}";
}

/* weather_value: {place}. */
static const char *weather_value(struct gp_ctx *ctx, const struct gp_facts *f,
	const struct gp_rule *rule, struct gp_span name)
{
	(void)ctx;
	(void)rule;
	(void)name;
	return found_of(f)->place;
}

/* weather_authres: its result. */
static void weather_authres(
	struct gp_authres_writer *w, const struct gp_facts *f, const struct gp_verdict *v)
{
	(void)v;
	gp_authres_result(w, "x-weather", weather_name(found_of(f)->weather));
}

/* weather_word: the verdict as a fact. */
static struct gp_value weather_word(const struct gp_record *r, size_t item)
{
	const struct weather_facts *w = found_of(r->facts);
	(void)item;
	return w ? gp_engine_value_text(weather_name(w->weather)) : gp_engine_value_absent();
}

/* weather_found: for metrics. */
static bool weather_found(const struct gp_facts *f, unsigned *verdict_out, int64_t *took_us_out)
{
	const struct weather_facts *w = found_of(f);
	*verdict_out = w ? w->weather : 0;
	*took_us_out = w ? w->took_us : 0;
	return w != NULL;
}

static const struct gp_rule weather_rules[] = {
	{.name = "weather.storm", .wish = storm, .code = weather_code, .text = weather_text},
	{.name = NULL},
};

static const struct gp_field weather_fields[] = {
	{.get = "weather.now",
		.log = "weather",
		.line = "weather",
		.json = "weather.now",
		.value = weather_word,
		.help = "the weather where the sender lives"},
	{.value = NULL},
};

static const struct gp_check_result weather_results[] = {
	{NULL, 3, weather_name, weather_found},
	{NULL, 0, NULL, NULL},
};

static const struct gp_check check_weather = {
	.name = "weather",
	.stages = GP_AT(GP_STAGE_RCPT) | GP_AT(GP_STAGE_MESSAGE),
	.decides = GP_AT(GP_STAGE_RCPT) | GP_AT(GP_STAGE_MESSAGE),
	.runs = 50,
	.weighs = 50,
	.mode = weather_mode,
	.run = weather_run,
	.copy = weather_copy,
	.own_size = sizeof(struct weather_facts),
	.rules = weather_rules,
	.value = weather_value,
	.authres = weather_authres,
	.fields = weather_fields,
	.results = weather_results,
};

/* ---- what comes of it ---- */

static const char zone_text[] = "a.test TXT v=spf1 ip4:192.0.2.1 -all\n"
				"weather.a.test TXT storm\n"
				"b.test TXT v=spf1 ip4:192.0.2.1 -all\n"
				"weather.b.test TXT rain\n"
				"c.test TXT v=spf1 -all\n"
				"weather.c.test TXT storm\n";

struct bench {
	const struct gp_check *table[GP_CHECKS_MAX + 1];
	struct gp_pipeline pipeline;
	struct test_zone *zone;
	struct gp_config *config;
	struct gp_ctx ctx;
	struct gp_facts f;
	struct gp_verdict v;
};

/* bench_begin: the table of all checks and one more, behind SPF. */
static void bench_begin(struct bench *b)
{
	struct gp_config_errors errors = {0};
	size_t n = 0;
	b->table[n++] = gp_engine_checks[0];
	b->table[n++] = &check_weather;
	for (size_t i = 1; gp_engine_checks[i]; i++)
		b->table[n++] = gp_engine_checks[i];
	b->table[n] = NULL;
	gp_engine_pipeline_init(&b->pipeline, b->table);
	assert_int_equal(
		gp_config_parse(gp_span_from("hostname = mx.test"), "t.conf", &b->config, &errors),
		GP_OK);
	gp_config_errors_fini(&errors);
	b->zone = test_zone_new();
	test_zone_lines(b->zone, zone_text);
	b->ctx = (struct gp_ctx) {.arena = gp_arena_new(1 << 20),
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

/* envelope_of: a sender that SPF passes, unless it is c.test's. */
static struct gp_envelope envelope_of(const char *sender)
{
	struct gp_envelope e = {.helo = gp_span_from("h.test"),
		.sender = gp_span_from(sender),
		.recipient = gp_span_from("r@here.test")};
	assert_int_equal(gp_ipaddr_parse(gp_span_from("192.0.2.1"), &e.client), GP_OK);
	return e;
}

/* ask: at RCPT. */
static void ask(struct bench *b, const char *sender)
{
	const struct gp_envelope e = envelope_of(sender);
	gp_engine_facts_init(&b->f, b->config, GP_STAGE_RCPT, &e);
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
			return gp_arena_copy(b->ctx.arena, fields[i].text);
	return "";
}

/* get: by the name that Exim knows. */
static const char *get(struct bench *b, const char *name)
{
	const struct gp_record record = {&b->f, &b->v, b->ctx.arena};
	const char *text;
	assert_true(gp_engine_get(&b->pipeline, &record, gp_span_from(name), &text));
	return text;
}

/* test_decides: its rule refuses, with its reply; a check that weighs more is heard first. */
static void test_decides(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	ask(&b, "u@a.test");
	assert_int_equal(b.v.action, GP_ACTION_REJECT);
	assert_ptr_equal(b.v.check, &check_weather);
	assert_ptr_equal(b.v.decided, weather_rules);
	assert_string_equal(b.v.rule, "weather.storm");
	assert_string_equal(b.v.reply, "550 5.7.1 There is a storm at weather.a.test");
	ask(&b, "u@b.test");
	assert_int_equal(b.v.action, GP_ACTION_ACCEPT);
	assert_string_equal(b.v.rule, "default");
	ask(&b, "u@c.test");
	assert_string_equal(b.v.rule, "spf.reject");
	bench_end(&b);
}

/* test_shown: what it found, in the log, by its name, in JSON and in the header field. */
static void test_shown(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	ask(&b, "u@a.test");
	assert_string_equal(log_of(&b, "weather"), "storm");
	assert_string_equal(log_of(&b, "rule"), "weather.storm");
	ask(&b, "u@b.test");
	assert_string_equal(log_of(&b, "weather"), "rain");
	assert_string_equal(log_of(&b, "spf"), "pass");
	assert_string_equal(get(&b, "weather.now"), "rain");
	assert_string_equal(b.v.header,
		"Authentication-Results: mx.test; spf=pass (domain authorises client 192.0.2.1, "
		"mechanism ip4:192.0.2.1) smtp.mailfrom=u@b.test; x-weather=rain");
	const struct gp_record record = {&b.f, &b.v, b.ctx.arena};
	json_t *o = gp_cli_record_json(&b.pipeline, &record);
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(o, "weather"), "now")), "rain");
	json_decref(o);
	bench_end(&b);
}

/* test_not_run: mail of ours is not asked about, and shows nothing. */
static void test_not_run(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	struct gp_envelope e = envelope_of("u@a.test");
	e.sasl_username = gp_span_from("alice");
	gp_engine_facts_init(&b.f, b.config, GP_STAGE_RCPT, &e);
	assert_int_equal(gp_engine_run(&b.ctx, &b.pipeline, &b.f, &b.v), GP_OK);
	assert_int_equal(b.v.action, GP_ACTION_ACCEPT);
	assert_string_equal(b.v.rule, "authenticated");
	assert_string_equal(log_of(&b, "weather"), "");
	assert_string_equal(get(&b, "weather.now"), "");
	assert_false(gp_engine_has_header(&b.pipeline, &b.f, &b.v));
	assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), 0);
	bench_end(&b);
}

/* test_counted: metrics have its verdicts and its decisions. */
static void test_counted(void **state)
{
	struct bench b;
	struct gp_counters *c = calloc(1, sizeof *c);
	struct gp_counters_result r;
	struct gp_histogram_sums sums = {0};
	(void)state;
	bench_begin(&b);
	c->pipeline = &b.pipeline;
	struct gp_tally *t = gp_counters_tally(c);
	ask(&b, "u@a.test");
	gp_counters_decided(c, t, &b.f, &b.v);
	size_t at = 1 + gp_engine_place(&b.pipeline, &check_weather);
	assert_int_equal(gp_counters_sum(c, GP_TALLY(decisions[GP_ACTION_REJECT][at])), 1);
	size_t i = 0;
	while (gp_counters_result(&b.pipeline, i, &r) && r.check != &check_weather)
		i++;
	assert_ptr_equal(r.check, &check_weather);
	assert_string_equal(r.row->name(WEATHER_STORM), "storm");
	gp_counters_read(c, GP_TALLY(checks[i][WEATHER_STORM]), &sums);
	assert_int_equal(gp_histogram_count(&sums), 1);
	assert_int_equal(sums.sum_us, 7);
	free(c);
	bench_end(&b);
}

/* test_kept: it is asked once for all recipients of a message, and shown for each. */
static void test_kept(void **state)
{
	struct bench b;
	struct gp_transaction t;
	(void)state;
	bench_begin(&b);
	gp_engine_transaction_init(&t, &b.pipeline);
	for (int i = 0; i < 3; i++) {
		const struct gp_envelope e = envelope_of("u@b.test");
		gp_engine_facts_init(&b.f, b.config, GP_STAGE_RCPT, &e);
		assert_int_equal(gp_engine_transaction_ask(&t, &b.ctx, &b.f, &b.v), GP_OK);
		assert_string_equal(get(&b, "weather.now"), "rain");
		assert_string_equal(found_of(&b.f)->place, "weather.b.test");
		assert_int_equal(b.f.fresh != 0, i == 0);
		gp_arena_reset(b.ctx.arena);
	}
	assert_int_equal(test_zone_asked_of(b.zone, "weather.b.test"), 1);
	gp_engine_transaction_fini(&t);
	bench_end(&b);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decides),
		cmocka_unit_test(test_shown),
		cmocka_unit_test(test_not_run),
		cmocka_unit_test(test_counted),
		cmocka_unit_test(test_kept),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
