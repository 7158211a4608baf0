/* SPDX-License-Identifier: ISC */
/*
 * The table is shared by all serving processes, one after the other; each has its own thread that
 * tests, and the table says who does a test.
 */
#include "policyd/lists.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "daemon/shmem.h"
#include "engine/check_dnsbl.h"
#include "reputation/dnsbl/dnsbl_kept.h"
#include "reputation/dnsbl/dnsbl_log.h"

#define TEST_MS 10000  /* for the answers of all tests */
#define ORDERS_MS 1000 /* for the store's answer */
#define TEST_MEMORY (4 * 1024 * 1024)
#define ORDERS_MEMORY (1024 * 1024)

struct gp_lists {
	void *memory; /* shared */
	struct gp_dnsbl_health *health;
	atomic_bool is_ready; /* the tests of this configuration have been waited for */
	atomic_bool is_probing, is_helping;  /* tests are being asked: by their thread, a request */
	struct gp_arena *testing, *ordering; /* of the threads that do it; NULL: not needed yet */
};

/* wall_s: now. */
static int64_t wall_s(void)
{
	return gp_clock_system()->wall_s(gp_clock_system());
}

/* gp_lists_new: the table, empty. */
struct gp_lists *gp_lists_new(void)
{
	struct gp_lists *lists = calloc(1, sizeof *lists);
	if (!lists)
		return NULL;
	lists->memory = gp_daemon_shmem_alloc(gp_dnsbl_health_size());
	if (!lists->memory || gp_dnsbl_health_init(lists->memory, &lists->health)) {
		gp_lists_free(lists);
		return NULL;
	}
	return lists;
}

/* gp_lists_free: in reverse order. */
void gp_lists_free(struct gp_lists *lists)
{
	if (!lists)
		return;
	gp_arena_free(lists->testing);
	gp_arena_free(lists->ordering);
	gp_daemon_shmem_free(lists->memory, gp_dnsbl_health_size());
	free(lists);
}

/* gp_lists_table: of all. */
struct gp_dnsbl_health *gp_lists_table(struct gp_lists *lists)
{
	return lists->health;
}

/* gp_lists_configure: none when they are off. */
void gp_lists_configure(struct gp_lists *lists, const struct gp_config *config)
{
	const struct gp_dnsbl_health_lists known = {.lists = config->dnsbl.lists,
		.count = gp_dnsbl_is_used(&config->dnsbl) ? config->dnsbl.count : 0,
		.world_percent = config->dnsbl.world_percent};
	gp_dnsbl_health_configure(lists->health, &known, wall_s());
	atomic_store(&lists->is_ready, false);
}

/* fresh: an arena for one round; NULL: no memory. */
static struct gp_arena *fresh(struct gp_arena **arena, size_t size)
{
	if (*arena)
		gp_arena_reset(*arena);
	else
		*arena = gp_arena_new(size);
	return *arena;
}

/* context: of a round of work until then. */
static struct gp_ctx context(
	struct gp_arena *arena, const struct gp_daemon_runtime *runtime, unsigned ms)
{
	return (struct gp_ctx) {.arena = arena,
		.clock = gp_clock_system(),
		.log = &runtime->log,
		.dns = runtime->dns,
		.deadline_us = gp_clock_now_us(gp_clock_system()) + ms * 1000LL};
}

/* follow_orders: a store that is unavailable changes nothing. */
static void follow_orders(
	struct gp_lists *lists, const struct gp_daemon_runtime *runtime, struct gp_arena *arena)
{
	const struct gp_dnsbl_settings *dnsbl = &runtime->config->dnsbl;
	if (!runtime->store)
		return;
	struct gp_ctx ctx = context(arena, runtime, ORDERS_MS);
	const struct gp_dnsbl_kept kept = {.store = runtime->store,
		.health = lists->health,
		.lists = dnsbl->lists,
		.count = dnsbl->count,
		.now_s = wall_s()};
	gp_dnsbl_kept_follow(&kept, &ctx);
}

/* is_due: is any list's test? */
static bool is_due(const struct gp_lists *lists)
{
	return gp_dnsbl_health_next_s(lists->health, wall_s(), 1) == 0;
}

/* run_tests: of lists that are due, but not of those that the operator has switched off: after a
 * start nobody has read that yet. */
static void run_tests(struct gp_lists *lists, const struct gp_daemon_runtime *runtime,
	struct gp_arena *arena, unsigned ms)
{
	struct gp_dnsbl_tested tested;
	follow_orders(lists, runtime, arena);
	gp_arena_reset(arena);
	struct gp_ctx ctx = context(arena, runtime, ms);
	const struct gp_dnsbl_plan plan = gp_engine_dnsbl_plan(runtime->config, lists->health);
	gp_dnsbl_test(&ctx, &plan, &tested); /* of memory; the next round comes */
	gp_dnsbl_log(&runtime->log, tested.events, tested.event_count);
}

/* gp_lists_probe: in its own thread. */
void gp_lists_probe(struct gp_lists *lists, const struct gp_daemon_runtime *runtime)
{
	if (!gp_dnsbl_is_used(&runtime->config->dnsbl) || !is_due(lists) ||
		!fresh(&lists->testing, TEST_MEMORY))
		return;
	atomic_store(&lists->is_probing, true);
	run_tests(lists, runtime, lists->testing, TEST_MS);
	atomic_store(&lists->is_probing, false);
}

/* gp_lists_tend: what the operator says takes effect within a second. */
void gp_lists_tend(struct gp_lists *lists, const struct gp_daemon_runtime *runtime)
{
	if (gp_dnsbl_is_used(&runtime->config->dnsbl) && fresh(&lists->ordering, ORDERS_MEMORY))
		follow_orders(lists, runtime, lists->ordering);
}

/* A request that waits for tests. */
struct waiting {
	struct gp_lists *lists;
	const struct gp_daemon_runtime *runtime;
};

/*
 * help: the thread that tests may be waiting for a list that is silent, while a reload has brought
 * another one; then one of the requests that wait for it asks its tests.
 */
static void help(void *arg)
{
	const struct waiting *w = arg;
	struct gp_lists *lists = w->lists;
	if (!atomic_load(&lists->is_probing) || !is_due(lists) ||
		atomic_exchange(&lists->is_helping, true))
		return;
	struct gp_arena *arena = gp_arena_new(TEST_MEMORY);
	if (arena)
		run_tests(lists, w->runtime, arena, GP_LISTS_WAIT_MS);
	gp_arena_free(arena);
	atomic_store(&lists->is_helping, false);
}

/* gp_lists_health: after the first tests without a look at any list. */
struct gp_dnsbl_health *gp_lists_health(
	struct gp_lists *lists, const struct gp_daemon_runtime *runtime, const struct gp_ctx *ctx)
{
	struct waiting w = {lists, runtime};
	if (!gp_dnsbl_is_used(&runtime->config->dnsbl))
		return NULL;
	if (!atomic_load(&lists->is_ready)) {
		gp_dnsbl_await(ctx, lists->health, GP_LISTS_WAIT_MS, help, &w);
		atomic_store(&lists->is_ready, true);
	}
	return lists->health;
}
