/* SPDX-License-Identifier: ISC */
/*
 * A list that seems to list the world: one that really does is suspended and stays so, while one
 * that only lists most of what connects to this server is of use nearly all the time.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/dnsbl_bench.h"

#define GAP_S 5 /* a mail of a new network */
#define DAY_S 86400
#define HOUR_S 3600

/* A server: networks that have been seen, and what was drawn by lot. */
struct world {
	struct bench b;
	uint32_t networks, seed;
};

/* drawn: below so many of a hundred; the same in each run. */
static bool drawn(struct world *w, unsigned percent)
{
	w->seed = w->seed * 1664525u + 1013904223u;
	return (w->seed >> 16) % 100 < percent;
}

/* mail: of a new network, while the list is asked. */
static void mail(struct world *w, bool is_listed)
{
	const struct gp_dnsbl_code code = {{127, 0, 0, 2}};
	char client[32];
	uint32_t n = w->networks++;
	snprintf(client, sizeof client, "45.%u.%u.7", n >> 8 & 255, n & 255);
	note(&w->b,
		(struct gp_dnsbl_noted) {.codes = is_listed ? &code : NULL,
			.code_count = is_listed,
			.weight = is_listed ? 3 : 0},
		client);
}

/* test_if_due: with this result. */
static void test_if_due(struct world *w, enum gp_dnsbl_reason reason)
{
	if (claim(&w->b, 0))
		tested(&w->b, 0, reason);
}

/* usable_of: how many of a thousand mails of so many seconds the list is asked about. */
static unsigned usable_of(
	struct world *w, unsigned seconds, unsigned percent, enum gp_dnsbl_reason tests)
{
	unsigned used = 0, all = seconds / GAP_S;
	for (unsigned i = 0; i < all; i++, w->b.now_s += GAP_S) {
		test_if_due(w, tests);
		if (!usable(&w->b, 0))
			continue;
		used++;
		mail(w, drawn(w, percent));
	}
	return 1000 * used / all;
}

/* test_busy_server_uses_a_good_list: whatever share of its clients the list has. */
static void test_busy_server_uses_a_good_list(void **state)
{
	static const unsigned percents[] = {80, 86, 95, 100};
	(void)state;
	for (size_t i = 0; i < COUNT(percents); i++) {
		struct world w = {.seed = 1};
		bench_begin(&w.b);
		unsigned used = usable_of(&w, DAY_S, percents[i], GP_DNSBL_NO_REASON);
		if (used < 990)
			fail_msg("%u %% listed: usable for %u of 1000", percents[i], used);
		bench_end(&w.b);
	}
}

/* test_wildcard_is_caught: also in the middle of a day on which the list had most clients. */
static void test_wildcard_is_caught(void **state)
{
	static const unsigned percents[] = {0, 20, 86, 100};
	(void)state;
	for (size_t i = 0; i < COUNT(percents); i++) {
		struct world w = {.seed = 2};
		bench_begin(&w.b);
		(void)usable_of(&w, DAY_S / 2, percents[i], GP_DNSBL_NO_REASON);
		assert_true(usable(&w.b, 0));
		(void)usable_of(&w, 1200, 100, GP_DNSBL_CANARY_LISTED);
		assert_int_equal(view(&w.b, 0).reason, GP_DNSBL_CANARY_LISTED);
		assert_int_equal(usable_of(&w, DAY_S, 100, GP_DNSBL_CANARY_LISTED), 0);
		bench_end(&w.b);
	}
}

/* suspend_once: by the share of clients; then two good rounds. */
static void suspend_once(struct bench *b)
{
	note_world(b, 0, 50, 50);
	assert_suspended(b, 0, GP_DNSBL_LISTS_WORLD);
	tested(b, 0, GP_DNSBL_NO_REASON);
	tested(b, 0, GP_DNSBL_NO_REASON);
	assert_true(usable(b, 0));
}

/* test_rests_while_tests_are_good: and no longer. */
static void test_rests_while_tests_are_good(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	suspend_once(&b);
	for (int i = 0; i < 24; i++) {
		note_world(&b, 0, 64, 64);
		assert_true(usable(&b, 0));
		b.now_s += HOUR_S;
		tested(&b, 0, GP_DNSBL_NO_REASON);
	}
	b.now_s += 2 * HOUR_S;
	note_code(&b, 1, 255, 254); /* nothing to do with it */
	struct world w = {.b = b};
	for (int i = 0; i < 64; i++)
		mail(&w, true);
	assert_suspended(&w.b, 0, GP_DNSBL_LISTS_WORLD);
	assert_in_range(view(&w.b, 0).next_test_s - w.b.now_s, 54, 66); /* no relapse */
	bench_end(&w.b);
}

/* test_clock_that_is_set_ends_the_rest: it lies farther ahead than it ever could. */
static void test_clock_that_is_set_ends_the_rest(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	suspend_once(&b);
	b.now_s -= 10 * HOUR_S;
	note_world(&b, 0, 50, 50);
	assert_suspended(&b, 0, GP_DNSBL_LISTS_WORLD);
	bench_end(&b);
}

/* doubt: what the next tests have to find out. */
static enum gp_dnsbl_reason doubt(struct bench *b)
{
	enum gp_dnsbl_reason reason;
	b->now_s += 2 * HOUR_S - 1;
	assert_true(gp_dnsbl_health_claim(b->health, &b->lists[0], b->now_s, &reason));
	return reason;
}

/* test_doubted_list_gets_more_canaries: one that works and lists nearly all, or has done so. */
static void test_doubted_list_gets_more_canaries(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	assert_int_equal(doubt(&b), GP_DNSBL_NO_REASON);
	tested(&b, 0, GP_DNSBL_NO_REASON);
	note_world(&b, 0, 12, 12);
	assert_int_equal(doubt(&b), GP_DNSBL_LISTS_WORLD);
	bench_end(&b);
	bench_begin(&b);
	suspend_once(&b);
	assert_int_equal(doubt(&b), GP_DNSBL_LISTS_WORLD);
	bench_end(&b);
}

/* test_networks_are_looked_at_once: not in each of the ways in which they follow one another. */
static void test_networks_are_looked_at_once(void **state)
{
	struct world w = {.seed = 0};
	(void)state;
	bench_begin(&w.b);
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 64; i++)
			mail(&w, round ? i < 40 : i >= 20); /* in the middle 64 of 64 */
	assert_true(usable(&w.b, 0));
	bench_end(&w.b);
}

/* test_share_can_be_switched_off: then it does not even make tests due. */
static void test_share_can_be_switched_off(void **state)
{
	struct world w = {.seed = 0};
	(void)state;
	bench_begin(&w.b);
	const struct gp_dnsbl_health_lists lists = {w.b.lists, 3, 0, 0, false};
	gp_dnsbl_health_configure(w.b.health, &lists, w.b.now_s);
	tested(&w.b, 0, GP_DNSBL_NO_REASON);
	w.b.now_s += 1200;
	for (int i = 0; i < 200; i++)
		mail(&w, true);
	assert_true(usable(&w.b, 0));
	assert_false(claim(&w.b, 0));
	bench_end(&w.b);
}

/* test_record_carries_the_rest: to the next process; one of an older version is no record. */
static void test_record_carries_the_rest(void **state)
{
	unsigned char record[GP_DNSBL_RECORD_MAX];
	struct bench b, other;
	(void)state;
	bench_begin(&b);
	bench_begin(&other);
	suspend_once(&b);
	struct gp_span bytes = {(const char *)record, 0};
	bytes.len = gp_dnsbl_health_save(b.health, &b.lists[0], record);
	assert_true(gp_dnsbl_health_load(other.health, &other.lists[0], bytes, NOW));
	note_world(&other, 0, 64, 64);
	assert_true(usable(&other, 0));
	record[0] = 1;
	assert_false(gp_dnsbl_health_load(other.health, &other.lists[0], bytes, NOW));
	bench_end(&b);
	bench_end(&other);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_busy_server_uses_a_good_list),
		cmocka_unit_test(test_wildcard_is_caught),
		cmocka_unit_test(test_rests_while_tests_are_good),
		cmocka_unit_test(test_clock_that_is_set_ends_the_rest),
		cmocka_unit_test(test_doubted_list_gets_more_canaries),
		cmocka_unit_test(test_networks_are_looked_at_once),
		cmocka_unit_test(test_share_can_be_switched_off),
		cmocka_unit_test(test_record_carries_the_rest),
	};
	cmocka_set_test_filter(argc > 1 ? argv[1] : NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
