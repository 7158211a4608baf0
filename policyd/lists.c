/* SPDX-License-Identifier: ISC */
/*
 * The table is shared by all serving processes, one after the other; each has its own thread that
 * tests, and the table says who does a test.
 */
#include "policyd/lists.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "daemon/shmem.h"
#include "engine/check_dnsbl.h"
#include "reputation/dnsbl/dnsbl_kept.h"
#include "reputation/dnsbl/dnsbl_log.h"

#define LOOK_NS (10 * 1000000L) /* between two looks at a table that is not ready */
#define TEST_MS 10000           /* for the answers of all tests */
#define TEST_MEMORY (4 * 1024 * 1024)
#define ORDERS_MEMORY (1024 * 1024)

struct gp_lists {
	void *memory; /* shared */
	struct gp_dnsbl_health *health;
	atomic_bool is_ready; /* the tests of this configuration have been waited for */
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

/* gp_lists_probe: a failure is one of memory; the next round comes. */
void gp_lists_probe(struct gp_lists *lists, const struct gp_daemon_runtime *runtime)
{
	struct gp_dnsbl_tested tested;
	if (!gp_dnsbl_is_used(&runtime->config->dnsbl) ||
		gp_dnsbl_health_next_s(lists->health, wall_s(), 1) > 0 ||
		!fresh(&lists->testing, TEST_MEMORY))
		return;
	struct gp_ctx ctx = context(lists->testing, runtime, TEST_MS);
	const struct gp_dnsbl_plan plan = gp_engine_dnsbl_plan(runtime->config, lists->health);
	if (gp_dnsbl_test(&ctx, &plan, &tested) == GP_OK)
		gp_dnsbl_log(&runtime->log, tested.events, tested.event_count);
}

/* gp_lists_tend: a store that is unavailable changes nothing. */
void gp_lists_tend(struct gp_lists *lists, const struct gp_daemon_runtime *runtime)
{
	const struct gp_dnsbl_settings *dnsbl = &runtime->config->dnsbl;
	if (!gp_dnsbl_is_used(dnsbl) || !runtime->store || !fresh(&lists->ordering, ORDERS_MEMORY))
		return;
	struct gp_ctx ctx = context(lists->ordering, runtime, 1000);
	const struct gp_dnsbl_kept kept = {.store = runtime->store,
		.health = lists->health,
		.lists = dnsbl->lists,
		.count = dnsbl->count,
		.now_s = wall_s()};
	gp_dnsbl_kept_follow(&kept, &ctx);
}

/* wait_for_tests: of all lists, or until the time is over; those that are late are suspended. */
static void wait_for_tests(struct gp_lists *lists, const struct gp_ctx *ctx)
{
	const struct timespec pause = {0, LOOK_NS};
	int64_t until_us = gp_clock_now_us(ctx->clock) + GP_LISTS_WAIT_MS * 1000LL;
	if (ctx->deadline_us < until_us)
		until_us = ctx->deadline_us;
	while (gp_dnsbl_health_has_untested(lists->health, wall_s()) &&
		gp_clock_now_us(ctx->clock) < until_us)
		(void)nanosleep(&pause, NULL);
	atomic_store(&lists->is_ready, true);
}

/* gp_lists_health: after the first tests without a look at any list. */
struct gp_dnsbl_health *gp_lists_health(
	struct gp_lists *lists, const struct gp_config *config, const struct gp_ctx *ctx)
{
	if (!gp_dnsbl_is_used(&config->dnsbl))
		return NULL;
	if (!atomic_load(&lists->is_ready))
		wait_for_tests(lists, ctx);
	return lists->health;
}
