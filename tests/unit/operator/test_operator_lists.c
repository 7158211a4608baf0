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

#define NOW 1700000000
#define DAY 86400

static const struct gp_dnsbl_list lists[] = {
	{.name = "good", .zone = "good.example", .asked_zone = "good.example"},
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
		.list = &lists[which], .reason = reason, .questions = 1, .took_us = 1000};
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

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_dead, begin, end),
		cmocka_unit_test_setup_teardown(test_problem, begin, end),
		cmocka_unit_test_setup_teardown(test_unused, begin, end),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
