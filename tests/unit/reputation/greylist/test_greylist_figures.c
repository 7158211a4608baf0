/* SPDX-License-Identifier: ISC */
/* Figures of greylisting: what was delayed, what came again and how late, what never did. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "reputation/greylist/greylist.h"
#include "reputation/greylist/greylist_domain.h"
#include "reputation/greylist/greylist_figures.h"
#include "reputation/greylist/greylist_known.h"
#include "reputation/greylist/greylist_private.h"
#include "support/greylist_settings.h"
#include "support/memstore.h"

#define NOW 1000000000000LL

static const struct gp_greylist_settings settings = TEST_GREYLIST_SETTINGS;

static struct gp_store *store;
static struct gp_ctx ctx;

/* open_store: an empty one. */
static int open_store(void **state)
{
	struct gp_test_memstore *handle;
	(void)state;
	ctx = (struct gp_ctx) {.arena = gp_arena_new(1 << 20), .clock = gp_clock_system()};
	return gp_test_memstore_new(&handle, &store);
}

/* close_store: after each test. */
static int close_store(void **state)
{
	(void)state;
	gp_store_close(store);
	gp_arena_free(ctx.arena);
	return 0;
}

/* see: a mail of this client, with this name of its pool. */
static struct gp_greylist_answer see(
	const char *client, const char *pool, int64_t after_ms, bool is_delaying)
{
	struct gp_greylist_query query = {.contact = {.settings = &settings,
						  .name_domain = pool,
						  .sender = gp_span_from("a@a.test"),
						  .sender_domain = "a.test",
						  .recipient = gp_span_from("b@here.test")},
		.is_delaying = is_delaying};
	struct gp_greylist_answer answer;
	gp_arena_reset(ctx.arena);
	assert_int_equal(gp_ipaddr_parse(gp_span_from(client), &query.contact.client), GP_OK);
	assert_int_equal(gp_greylist_see(&ctx, store, NOW + after_ms, &query, &answer), GP_OK);
	return answer;
}

/* figures: at this time. */
static struct gp_greylist_figures figures(int64_t after_ms)
{
	struct gp_greylist_figures f;
	assert_int_equal(gp_greylist_figures(&ctx, store, NOW + after_ms, &settings, &f), GP_OK);
	return f;
}

/* test_nothing: an empty store. */
static void test_nothing(void **state)
{
	struct gp_greylist_figures f = figures(0);
	(void)state;
	assert_int_equal(f.delayed, 0);
	assert_int_equal(f.median_ms, -1);
	assert_int_equal(f.began_ms, -1);
	assert_int_equal(f.top_count, 0);
}

/* test_day: what was delayed and what passed, with the median of the real delay. */
static void test_day(void **state)
{
	(void)state;
	(void)see("192.0.2.1", NULL, 0, true);
	(void)see("192.0.3.1", NULL, 0, true);
	(void)see("192.0.4.1", NULL, 0, true);
	(void)see("192.0.5.1", NULL, 0, true);
	(void)see("192.0.2.1", NULL, 7 * MINUTE, true);
	(void)see("192.0.3.1", NULL, 12 * MINUTE, true);
	(void)see("192.0.4.1", NULL, 90 * MINUTE, true);
	struct gp_greylist_figures f = figures(2 * HOUR);
	assert_int_equal(f.delayed, 4);
	assert_int_equal(f.passed, 3);
	assert_int_equal(f.median_ms, 15 * MINUTE);
	assert_int_equal(f.never_came_back, 0); /* it may still */
	assert_int_equal(f.began_ms, NOW);
	assert_int_equal(f.kept, 3);
	assert_int_equal(f.waiting, 1);
	f = figures(2 * DAY);
	assert_int_equal(f.delayed, 0);
	assert_int_equal(f.passed, 0);
}

/* test_never: what did not come again within a day, and whose it was; a pool that came again from
 * another network is no loss (lesson of 365's pools). */
static void test_never(void **state)
{
	(void)state;
	for (int i = 0; i < 40; i++) {
		char client[32];
		snprintf(client, sizeof client, "192.0.%d.1", i % 8 ? i % 8 : 100 + i);
		(void)see(client, NULL, i, true);
	}
	(void)see("198.51.100.1", "pool.test", 0, true);
	(void)see("203.0.113.1", "pool.test", 10 * MINUTE, true);
	struct gp_greylist_figures f = figures(25 * HOUR);
	assert_int_equal(f.delayed, 0);
	assert_int_equal(f.never_came_back, 12);
	assert_int_equal(f.top_count, GP_GREYLIST_TOP);
	for (size_t i = 0; i < f.top_count; i++) {
		assert_int_equal(f.top[i].never_came_back, 1);
		assert_string_not_equal(f.top[i].network, "198.51.100.0/24");
		assert_string_not_equal(f.top[i].network, "203.0.113.0/24");
	}
}

/* test_largest: in their order. */
static void test_largest(void **state)
{
	static const char *const recipients[] = {"a@a.test", "b@b.test", "c@c.test"};
	(void)state;
	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k <= i; k++) {
			struct gp_greylist_query query = {
				.contact = {.settings = &settings,
					.client = {GP_IP_V4, {192, 0, (uint8_t)i, 1}},
					.recipient = gp_span_from(recipients[k])},
				.is_delaying = true};
			struct gp_greylist_answer answer;
			assert_int_equal(gp_greylist_see(&ctx, store, NOW, &query, &answer), GP_OK);
		}
	struct gp_greylist_figures f = figures(30 * HOUR);
	assert_int_equal(f.never_came_back, 6);
	assert_int_equal(f.top_count, 3);
	assert_string_equal(f.top[0].network, "192.0.2.0/24");
	assert_int_equal(f.top[0].never_came_back, 3);
	assert_string_equal(f.top[2].network, "192.0.0.0/24");
}

/* test_recorded_only: in mode label nothing was delayed, so nothing can have come again. */
static void test_recorded_only(void **state)
{
	(void)state;
	(void)see("192.0.2.1", NULL, 0, false);
	(void)see("192.0.2.1", NULL, HOUR, false);
	(void)see("192.0.3.1", NULL, HOUR, false);
	struct gp_greylist_figures f = figures(2 * HOUR);
	assert_int_equal(f.delayed, 0);
	assert_int_equal(f.passed, 0);
	assert_int_equal(f.would_delay, 2);
	assert_int_equal(f.median_ms, -1);
	assert_int_equal(figures(30 * HOUR).never_came_back, 0);
}

/* see_sender: a mail of one network, with a sender of that number. */
static enum gp_greylist_outcome see_sender(int number, int64_t after_ms, bool is_delaying)
{
	char domain[32];
	struct gp_greylist_answer answer;
	snprintf(domain, sizeof domain, "d%d.test", number);
	const struct gp_greylist_query query = {.contact = {.settings = &settings,
							.client = {GP_IP_V4, {192, 0, 2, 1}},
							.sender = gp_span_from("a@d.test"),
							.sender_domain = domain},
		.is_delaying = is_delaying};
	gp_arena_reset(ctx.arena);
	assert_int_equal(gp_greylist_see(&ctx, store, NOW + after_ms, &query, &answer), GP_OK);
	return answer.outcome;
}

/* test_largest_of_many: however many networks there are, and wherever it lies among them. */
static void test_largest_of_many(void **state)
{
	enum { NETWORKS = 2000 };
	(void)state;
	for (int i = 0; i < NETWORKS; i++) {
		char client[32];
		snprintf(client, sizeof client, "10.%d.%d.1", i / 250, i % 250);
		(void)see(client, NULL, i, true);
	}
	for (int i = NETWORKS / 2; i < NETWORKS / 2 + 3; i++)
		(void)see_sender(i, HOUR, true);
	struct gp_greylist_figures f = figures(30 * HOUR);
	assert_int_equal(f.top_count, GP_GREYLIST_TOP);
	assert_string_equal(f.top[0].network, "192.0.2.0/24");
	assert_int_equal(f.top[0].never_came_back, 3);
	assert_string_equal(f.top[1].network, "10.0.0.0/24");
	assert_int_equal(f.top[1].never_came_back, 1);
}

/* test_crowd: of a network that is remembered as one each early try is delayed, nothing is open,
 * and what passes is nothing that would have been delayed. */
static void test_crowd(void **state)
{
	(void)state;
	for (int i = 0; i < 1100; i++)
		assert_int_equal(
			see_sender(i, i, true), i > 1000 ? GP_GREYLIST_EARLY : GP_GREYLIST_FIRST);
	for (int i = 0; i < 1100; i++)
		assert_int_equal(see_sender(i, MINUTE + i, true), GP_GREYLIST_EARLY);
	for (int i = 0; i < 1100; i++)
		assert_int_equal(see_sender(i, 10 * MINUTE + i, true), GP_GREYLIST_PASSED);
	struct gp_greylist_figures f = figures(11 * MINUTE);
	assert_int_equal(f.delayed, 1100 + 100);
	assert_int_equal(f.would_delay, 0);
	assert_int_equal(f.waiting, 0);
	f = figures(25 * HOUR);
	assert_int_equal(f.never_came_back, 0);
	assert_int_equal(f.top_count, 0);
}

/* test_crowd_recorded: in mode label each early try would have been delayed, and no other. */
static void test_crowd_recorded(void **state)
{
	(void)state;
	for (int i = 0; i < 1100; i++)
		(void)see_sender(i, i, false);
	for (int i = 0; i < 1100; i++)
		(void)see_sender(i, 10 * MINUTE + i, false);
	struct gp_greylist_figures f = figures(11 * MINUTE);
	assert_int_equal(f.would_delay, 1100);
	assert_int_equal(f.delayed, 0);
}

/* test_raced: two processes see the same first contact, and the same retry, at the same time. */
static void test_raced(void **state)
{
	struct gp_greylist_query query = {.contact = {.settings = &settings,
						  .client = {GP_IP_V4, {192, 0, 2, 1}},
						  .spf_domain = "a.test",
						  .sender = gp_span_from("a@a.test"),
						  .sender_domain = "a.test"}};
	struct gp_greylist_entry earlier[2];
	struct gp_greylist_run runs[2];
	(void)state;
	(void)see("198.51.100.1", NULL, 0, true); /* another contact, which waits on */
	for (int i = 0; i < 2; i++) {
		runs[i] = (struct gp_greylist_run) {.ctx = &ctx,
			.store = store,
			.now_ms = NOW + i,
			.query = &query,
			.is_delayed = true};
		assert_int_equal(gp_greylist_look(&ctx, store, NOW, &query, &runs[i].seen), GP_OK);
		assert_int_equal(
			gp_greylist_look_further(&ctx, store, NOW, &query, &runs[i].seen), GP_OK);
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(gp_greylist_first(&runs[i], &earlier[i]), GP_OK);
		assert_int_equal(earlier[i].is_there, i == 1);
	}
	struct gp_greylist_figures f = figures(MINUTE);
	assert_int_equal(f.delayed, 2);
	assert_int_equal(f.waiting, 2);
	assert_int_equal(figures(25 * HOUR).never_came_back, 2);
	for (int i = 0; i < 2; i++) {
		runs[i].now_ms = NOW + 5 * MINUTE + i;
		assert_int_equal(
			gp_greylist_look(&ctx, store, runs[i].now_ms, &query, &runs[i].seen),
			GP_OK);
		assert_int_equal(gp_greylist_look_further(
					 &ctx, store, runs[i].now_ms, &query, &runs[i].seen),
			GP_OK);
	}
	for (int i = 0; i < 2; i++)
		assert_int_equal(gp_greylist_pass(&runs[i],
					 &runs[i].seen.entries[GP_GREYLIST_BY_NETWORK].record),
			GP_OK);
	f = figures(HOUR);
	assert_int_equal(f.passed, 1);
	assert_int_equal(f.kept, 1);
	assert_int_equal(f.waiting, 1);
	f = figures(25 * HOUR);
	assert_int_equal(f.never_came_back, 1);
	assert_string_equal(f.top[0].network, "198.51.100.0/24");
}

/* known: of the mail of this client. */
static struct gp_greylist_known known(const char *client, int64_t after_ms)
{
	struct gp_greylist_contact c;
	struct gp_ipaddr address;
	struct gp_greylist_known k;
	assert_int_equal(gp_ipaddr_parse(gp_span_from(client), &address), GP_OK);
	assert_int_equal(gp_greylist_contact_of(ctx.arena, &settings, &address,
				 gp_span_from("x@A.test"), gp_span_from("y@here.test"), &c),
		GP_OK);
	c.name_domain = "a.test"; /* there is no list of suffixes here */
	assert_int_equal(gp_greylist_known(&ctx, store, NOW + after_ms, &c, &k), GP_OK);
	return k;
}

/* test_known: as a mail would be judged, and forgotten afterwards. */
static void test_known(void **state)
{
	struct gp_greylist_contact c;
	struct gp_ipaddr address;
	struct gp_greylist_forgotten forgotten;
	(void)state;
	assert_int_equal(known("192.0.2.1", 0).state, GP_GREYLIST_STATE_NONE);
	(void)see("192.0.2.1", NULL, 0, true);
	struct gp_greylist_known k = known("192.0.2.9", MINUTE);
	assert_int_equal(k.state, GP_GREYLIST_STATE_WAITING);
	assert_int_equal(k.wait_ms, 4 * MINUTE);
	assert_false(k.is_correspondent);
	(void)see("192.0.2.1", NULL, 5 * MINUTE, true);
	k = known("192.0.2.9", 6 * MINUTE);
	assert_int_equal(k.state, GP_GREYLIST_STATE_PASSED);
	assert_int_equal(k.passes, 1);
	(void)see("192.0.2.1", NULL, 2 * HOUR, true);
	assert_int_equal(known("192.0.2.9", 2 * HOUR).state, GP_GREYLIST_STATE_TRUSTED);
	assert_int_equal(gp_greylist_correspond(&ctx, store, NOW, &settings, "a.test"), GP_OK);
	assert_true(known("192.0.2.9", 2 * HOUR).is_correspondent);
	assert_int_equal(gp_ipaddr_parse(gp_span_from("192.0.2.1"), &address), GP_OK);
	assert_int_equal(gp_greylist_contact_of(ctx.arena, &settings, &address,
				 gp_span_from("x@a.test"), gp_span_from("y@here.test"), &c),
		GP_OK);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
			gp_greylist_forget(&ctx, store, NOW + 3 * HOUR, &c, &forgotten), GP_OK);
		assert_int_equal(forgotten.is_known, i == 0);
		assert_false(forgotten.is_crowd);
	}
	assert_int_equal(known("192.0.2.9", 3 * HOUR).state, GP_GREYLIST_STATE_NONE);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, open_store, close_store)
	const struct CMUnitTest tests[] = {
		CASE(test_nothing),
		CASE(test_day),
		CASE(test_never),
		CASE(test_largest),
		CASE(test_recorded_only),
		CASE(test_largest_of_many),
		CASE(test_crowd),
		CASE(test_crowd_recorded),
		CASE(test_raced),
		CASE(test_known),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
