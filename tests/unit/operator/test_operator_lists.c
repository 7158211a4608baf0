/* SPDX-License-Identifier: ISC */
/* What is told of DNS lists, and what an operator may change of them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "operator/operator.h"
#include "operator/operator_metrics.h"

#define NOW 1700000000
#define DAY 86400

static const struct gp_dnsbl_rule all_codes = {
	.first = {127, 0, 0, 2}, .last = {127, 0, 0, 254}, .weight = 1, .written = "127.0.0.2-254"};

static const struct gp_dnsbl_list lists[] = {
	{.name = "good",
		.zone = "good.example",
		.asked_zone = "good.example",
		.rules = &all_codes,
		.rule_count = 1},
	{.name = "bad", .zone = "bad.example", .asked_zone = "bad.example"},
	{.name = "closed",
		.zone = "closed.example",
		.asked_zone = "closed.example",
		.dead = "closed.example is closed"},
	{.name = "off",
		.zone = "off.example",
		.asked_zone = "off.example",
		.is_off = true,
		.file = "gatepost.conf",
		.line = 7},
	{.name = "keyless",
		.zone = "keyless.example",
		.asked_zone = "keyless.example",
		.no_key = "/k cannot be read"},
};
#define LISTS (sizeof lists / sizeof *lists)

/* wall: a clock that stands. */
static int64_t now_s;
static int64_t wall(const struct gp_clock *clock)
{
	(void)clock;
	return now_s;
}
static const struct gp_clock clock_of_test = {.wall_s = wall};

static void *memory;
static struct gp_arena *arena;
static struct gp_config config;
static struct gp_ctx ctx;
static struct gp_operator_call call;

/* begin: a table of these lists, none of them tested. */
static int begin(void **state)
{
	const struct gp_dnsbl_health_lists all = {.lists = lists, .count = LISTS};
	(void)state;
	now_s = NOW;
	arena = gp_arena_new(1 << 20);
	memory = calloc(1, gp_dnsbl_health_size());
	config = (struct gp_config) {
		.dnsbl = {.mode = GP_MODE_ENFORCE, .lists = lists, .count = LISTS}};
	ctx = (struct gp_ctx) {.arena = arena, .clock = &clock_of_test};
	call = (struct gp_operator_call) {.config = &config, .ctx = &ctx};
	if (!arena || !memory || gp_dnsbl_health_init(memory, &call.lists))
		return -1;
	gp_dnsbl_health_configure(call.lists, &all, now_s);
	return 0;
}

/* end: after each test. */
static int end(void **state)
{
	(void)state;
	free(memory);
	gp_arena_free(arena);
	return 0;
}

/* tested: one round of a list's tests. */
static void tested(size_t which, enum gp_dnsbl_reason reason)
{
	const struct gp_dnsbl_outcome outcome = {
		.list = &lists[which], .reason = reason, .took_us = 1000};
	gp_dnsbl_health_tested(call.lists, &outcome, now_s, NULL);
}

/* number: a member of an answer. */
static json_int_t number(const json_t *answer, const char *name)
{
	assert_true(json_is_integer(json_object_get(answer, name)));
	return json_integer_value(json_object_get(answer, name));
}

/* failing: is the list one of those that do not work, in this state and for this reason? */
static bool failing(const json_t *answer, const char *zone, const char *state, const char *reason)
{
	const json_t *all = json_object_get(answer, "suspended");
	for (size_t i = 0; i < json_array_size(all); i++) {
		const char *z, *s, *r;
		assert_int_equal(json_unpack(json_array_get(all, i), "{s:s, s:s, s:s}", "list", &z,
					 "state", &s, "reason", &r),
			0);
		if (strcmp(z, zone) == 0)
			return strcmp(s, state) == 0 && strcmp(r, reason) == 0;
	}
	return false;
}

/* test_dead: a list that has been suspended for a week is still told of. */
static void test_dead(void **state)
{
	(void)state;
	tested(0, GP_DNSBL_NO_REASON);
	tested(1, GP_DNSBL_CANARY_LISTED);
	for (int day = 0; day <= 8; day++) {
		now_s = NOW + day * DAY;
		tested(0, GP_DNSBL_NO_REASON);
		if (day)
			tested(1, GP_DNSBL_CANARY_LISTED);
		json_t *answer = gp_operator_lists_brief(&call);
		assert_int_equal(number(answer, "ok"), 1);
		assert_int_equal(number(answer, "off"), 1);
		assert_int_equal(number(answer, "dead"), day < 7 ? 1 : 2);
		assert_int_equal(json_array_size(json_object_get(answer, "suspended")), 3);
		assert_true(failing(
			answer, "bad.example", day < 7 ? "suspended" : "dead", "canary listed"));
		assert_true(failing(answer, "closed.example", "dead", "zone closed"));
		assert_true(failing(answer, "keyless.example", "suspended", "no key"));
		json_decref(answer);
	}
}

/* test_problem: what is known better from the configuration is told from there. */
static void test_problem(void **state)
{
	struct gp_dnsbl_health_view view;
	(void)state;
	gp_dnsbl_health_view(call.lists, &lists[2], now_s, &view);
	assert_string_equal(gp_operator_lists_reason(&lists[2], &view), "zone closed");
	assert_string_equal(
		gp_operator_lists_problem(&lists[2], &view), "closed.example is closed");
	gp_dnsbl_health_view(call.lists, &lists[4], now_s, &view);
	assert_string_equal(gp_operator_lists_reason(&lists[4], &view), "no key");
	assert_string_equal(gp_operator_lists_problem(&lists[4], &view), "/k cannot be read");
	gp_dnsbl_health_view(call.lists, &lists[0], now_s, &view);
	assert_string_equal(gp_operator_lists_reason(&lists[0], &view), "");
	assert_string_equal(gp_operator_lists_problem(&lists[0], &view), "");
}

/* test_unused: without lists, and with dnsbl.mode off, there is nothing to tell. */
static void test_unused(void **state)
{
	(void)state;
	config.dnsbl.mode = GP_MODE_OFF;
	assert_true(json_is_null(gp_operator_lists_brief(&call)));
	config.dnsbl.mode = GP_MODE_LABEL;
	config.dnsbl.count = 0;
	assert_true(json_is_null(gp_operator_lists_brief(&call)));
}

/* answered: a mail about which a list gave so many codes, each another one. */
static void answered(size_t which, unsigned count)
{
	struct gp_dnsbl_code codes[64];
	const struct gp_ipaddr client = {.family = GP_IP_NONE};
	struct gp_dnsbl_noted noted = {.list = &lists[which],
		.questions = 1,
		.codes = codes,
		.code_count = count,
		.took_us = 1000};
	for (unsigned i = 0; i < count; i++)
		codes[i] = (struct gp_dnsbl_code) {{127, 0, 0, (uint8_t)(2 + i)}};
	gp_dnsbl_health_note(call.lists, &noted, 1, &client, now_s, NULL);
}

/* page_of: the families about lists; of a passing process or of one that counts. */
static const char *page_of(bool is_passing)
{
	const struct gp_operator_metrics_source source = {
		.config = &config, .is_passing = is_passing, .lists = call.lists, .now_s = now_s};
	struct gp_strbuf buf;
	struct gp_operator_page page = {.buf = &buf};
	const char *text;
	gp_strbuf_init(&buf, arena, 1 << 19);
	gp_operator_metrics_lists(&page, &source);
	gp_operator_metrics_greylist(&page, &source);
	assert_int_equal(gp_strbuf_finish(&buf, &text), GP_OK);
	return text;
}

/* test_metrics: codes are bounded; a passing process tells of states only. */
static void test_metrics(void **state)
{
	static const char *const lines[] = {
		"gatepost_list_reason{list=\"bad.example\",reason=\"canary listed\"} 1\n",
		"gatepost_list_reason{list=\"closed.example\",reason=\"zone closed\"} 1\n",
		"gatepost_list_since_timestamp_seconds{list=\"good.example\"} 1700000000\n",
		"gatepost_list_tested_timestamp_seconds{list=\"bad.example\"} 1700000000\n"};
	(void)state;
	tested(0, GP_DNSBL_NO_REASON);
	tested(1, GP_DNSBL_CANARY_LISTED);
	answered(0, GP_DNSBL_CODES_MAX + 5);
	for (int passing = 0; passing < 2; passing++) {
		const char *text = page_of(passing);
		for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
			assert_non_null(strstr(text, lines[i]));
		assert_null(strstr(text, "tested_timestamp_seconds{list=\"off.example\""));
		assert_null(strstr(text, "gatepost_greylist"));
		assert_int_equal(strstr(text, "_total") != NULL, !passing);
	}
	const char *text = page_of(false);
	assert_non_null(strstr(text,
		"gatepost_list_code_hits_total{list=\"good.example\",code=\"127.0.0.2\"} 1\n"));
	assert_non_null(strstr(text, "list=\"good.example\",code=\"others\"} 5\n"));
	assert_null(strstr(text, "code=\"127.0.0.26\""));
	config.dnsbl.mode = GP_MODE_OFF;
	assert_string_equal(page_of(false), "");
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_dead, begin, end),
		cmocka_unit_test_setup_teardown(test_problem, begin, end),
		cmocka_unit_test_setup_teardown(test_unused, begin, end),
		cmocka_unit_test_setup_teardown(test_metrics, begin, end),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
