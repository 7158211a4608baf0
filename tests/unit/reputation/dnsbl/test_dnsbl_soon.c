/* SPDX-License-Identifier: ISC */
/* A slow list keeps no other from being used at the start; it has its time all the same. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "reputation/dnsbl/dnsbl.h"
#include "support/zone.h"

#define NOW 1700000000

/* As settling adds it. */
static const struct gp_dnsbl_test canary = {.name = "127.0.0.1", .is_address = true};

static const struct gp_dnsbl_list lists[] = {
	{.name = "slow",
		.zone = "slow.example",
		.asked_zone = "slow.example",
		.asks = GP_DNSBL_ASKS_CLIENT,
		.test_entries = &canary,
		.test_count = 1},
	{.name = "good",
		.zone = "good.example",
		.asked_zone = "good.example",
		.asks = GP_DNSBL_ASKS_CLIENT,
		.test_entries = &canary,
		.test_count = 1},
};
#define LISTS (sizeof lists / sizeof *lists)

/* A clock whose wall time goes with the zone's monotonic one. */
struct moving {
	struct gp_clock base;
	struct test_zone *zone;
};

struct bench {
	struct moving clock;
	struct gp_ctx ctx;
	void *memory;
	struct gp_dnsbl_plan plan;
	struct gp_dnsbl_tested tested;
};

/* moving_mono_us: the zone's. */
static int64_t moving_mono_us(const struct gp_clock *clock)
{
	return gp_clock_now_us(test_zone_clock(((const struct moving *)clock)->zone));
}

/* moving_wall_s: from NOW on; the zone's clock begins at 1000 s. */
static int64_t moving_wall_s(const struct gp_clock *clock)
{
	return NOW + moving_mono_us(clock) / 1000000 - 1000;
}

/* begin: with both lists, and a deadline in so many seconds. */
static void begin(struct bench *b, const char *lines, int64_t seconds)
{
	const struct gp_dnsbl_health_lists all = {.lists = lists, .count = LISTS};
	struct gp_dnsbl_health *health;
	b->clock = (struct moving) {{moving_mono_us, moving_wall_s}, test_zone_new()};
	test_zone_lines(b->clock.zone, lines);
	b->ctx = (struct gp_ctx) {.arena = gp_arena_new(1 << 20),
		.clock = &b->clock.base,
		.dns = test_zone_dns(b->clock.zone)};
	b->ctx.deadline_us = gp_clock_now_us(b->ctx.clock) + seconds * 1000000;
	b->memory = calloc(1, gp_dnsbl_health_size());
	assert_non_null(b->memory);
	assert_int_equal(gp_dnsbl_health_init(b->memory, &health), GP_OK);
	gp_dnsbl_health_configure(health, &all, NOW);
	b->plan = (struct gp_dnsbl_plan) {
		.lists = lists, .count = LISTS, .health = health, .deadline_ms = 3000};
	assert_int_equal(gp_dnsbl_test(&b->ctx, &b->plan, &b->tested), GP_OK);
	assert_int_equal(b->tested.count, LISTS);
}

/* end: all of it. */
static void end(struct bench *b)
{
	gp_arena_free(b->ctx.arena);
	test_zone_free(b->clock.zone);
	free(b->memory);
}

/* must_be: this state, tested so many seconds after the beginning. */
static void must_be(const struct bench *b, size_t i, enum gp_dnsbl_status status,
	enum gp_dnsbl_reason reason, int64_t after_s)
{
	struct gp_dnsbl_health_view view;
	gp_dnsbl_health_view(b->plan.health, &lists[i], b->ctx.clock->wall_s(b->ctx.clock), &view);
	assert_int_equal(view.status, status);
	assert_int_equal(view.reason, reason);
	assert_int_equal(view.last_test_s, NOW + after_s);
}

/* test_slow: the other one is used after a second, and its question is asked once. */
static void test_slow(void **state)
{
	struct bench b;
	(void)state;
	begin(&b, "1.0.0.127.slow.example DELAY 5000\n", 10);
	must_be(&b, 1, GP_DNSBL_OK, GP_DNSBL_NO_REASON, 1);
	must_be(&b, 0, GP_DNSBL_OK, GP_DNSBL_NO_REASON, 6);
	assert_int_equal(test_zone_asked_of(b.clock.zone, "1.0.0.127.good.example"), 1);
	assert_int_equal(test_zone_asked_of(b.clock.zone, "1.0.0.127.slow.example"), 2);
	end(&b);
}

/* test_too_slow: until the deadline. */
static void test_too_slow(void **state)
{
	struct bench b;
	(void)state;
	begin(&b, "1.0.0.127.slow.example DELAY 20000\n", 10);
	must_be(&b, 1, GP_DNSBL_OK, GP_DNSBL_NO_REASON, 1);
	must_be(&b, 0, GP_DNSBL_SUSPENDED, GP_DNSBL_TIMEOUTS, 10);
	end(&b);
}

/* test_little_time: there is no second wait where the first one was all. */
static void test_little_time(void **state)
{
	struct bench b;
	(void)state;
	begin(&b, "1.0.0.127.slow.example DELAY 5000\n", 1);
	must_be(&b, 1, GP_DNSBL_OK, GP_DNSBL_NO_REASON, 1);
	must_be(&b, 0, GP_DNSBL_SUSPENDED, GP_DNSBL_TIMEOUTS, 1);
	assert_int_equal(test_zone_calls(b.clock.zone), 1);
	end(&b);
}

/* test_failure: that servers have failed is known at once, and not asked again. */
static void test_failure(void **state)
{
	struct bench b;
	(void)state;
	begin(&b, "1.0.0.127.slow.example REFUSED\n", 10);
	must_be(&b, 1, GP_DNSBL_OK, GP_DNSBL_NO_REASON, 0);
	must_be(&b, 0, GP_DNSBL_SUSPENDED, GP_DNSBL_REFUSED, 0);
	assert_int_equal(test_zone_calls(b.clock.zone), 1);
	end(&b);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slow),
		cmocka_unit_test(test_too_slow),
		cmocka_unit_test(test_little_time),
		cmocka_unit_test(test_failure),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("dnsbl_soon", tests, NULL, NULL);
}
