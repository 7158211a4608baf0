/* SPDX-License-Identifier: ISC */
/* Records of the lists lie in the store (reputation/dnsbl/dnsbl_kept.h). Who tests has noted that
 * there first. */
#include "exim-dlfunc/lists.h"

#include <stdlib.h>

#include "engine/check_dnsbl.h"
#include "reputation/dnsbl/dnsbl_kept.h"

#define LOAD_US 1000000 /* not more often from the store */
#define TEST_MS 2000    /* a round of tests, and how long others wait for it */

/* What the functions below work with. */
struct scene {
	struct gp_exim_lists *lists;
	const struct gp_dnsbl_settings *dnsbl;
	struct gp_store *store; /* NULL: none */
	struct gp_ctx *ctx;
	int64_t now_s;
	struct gp_dnsbl_kept kept;
};

/* gp_exim_lists_init: nothing. */
void gp_exim_lists_init(struct gp_exim_lists *lists)
{
	*lists = (struct gp_exim_lists) {.memory = NULL};
}

/* gp_exim_lists_fini: the table. */
void gp_exim_lists_fini(struct gp_exim_lists *lists)
{
	free(lists->memory);
	gp_exim_lists_init(lists);
}

/* make_table: at the first call. */
static bool make_table(struct gp_exim_lists *lists)
{
	if (lists->health)
		return true;
	lists->memory = calloc(1, gp_dnsbl_health_size());
	if (lists->memory && gp_dnsbl_health_init(lists->memory, &lists->health) == GP_OK)
		return true;
	gp_exim_lists_fini(lists);
	return false;
}

/* ---- tests ---- */

/* is_ours: did this process begin the round of tests? Without a store each does its own. */
static bool is_ours(struct scene *s)
{
	return !s->store || gp_dnsbl_kept_claim(&s->kept, s->ctx, TEST_MS);
}

/* is_due: is any list's test? */
static bool is_due(const struct scene *s)
{
	return gp_dnsbl_health_next_s(s->lists->health, s->now_s, 1) == 0;
}

/* run_tests: of the lists that are due. */
static void run_tests(struct scene *s, const struct gp_config *config)
{
	const struct gp_dnsbl_plan plan = gp_engine_dnsbl_plan(config, s->lists->health);
	struct gp_dnsbl_tested tested;
	struct gp_ctx ctx = *s->ctx;
	int64_t until_us = gp_clock_now_us(ctx.clock) + TEST_MS * 1000LL;
	if (until_us < ctx.deadline_us)
		ctx.deadline_us = until_us;
	ctx.notes = NULL;
	gp_dnsbl_test(&ctx, &plan, &tested); /* what was learnt before a failure counts */
	gp_dnsbl_kept_log(s->store, s->lists->health, s->ctx, tested.events, tested.event_count);
	if (s->store)
		gp_dnsbl_kept_save(&s->kept, s->ctx);
}

/* look: what the process that has begun them has found out so far. */
static void look(void *arg)
{
	struct scene *s = arg;
	gp_dnsbl_kept_load(&s->kept, s->ctx);
}

/* test: what is due. */
static void test(struct scene *s, const struct gp_config *config)
{
	if (!is_due(s))
		return;
	if (is_ours(s))
		run_tests(s, config);
	else
		gp_dnsbl_await(s->ctx, s->lists->health, TEST_MS, look, s);
}

/* ---- a question ---- */

/* set_scene: with the name by which this machine is known. */
static struct scene set_scene(struct gp_exim_lists *lists, const struct gp_config *config,
	struct gp_store *store, struct gp_ctx *ctx)
{
	struct scene s = {.lists = lists,
		.dnsbl = &config->dnsbl,
		.store = store,
		.ctx = ctx,
		.now_s = ctx->clock->wall_s(ctx->clock)};
	s.kept = (struct gp_dnsbl_kept) {.store = store,
		.health = lists->health,
		.lists = s.dnsbl->lists,
		.count = s.dnsbl->count,
		.now_s = s.now_s};
	gp_dnsbl_kept_host(s.kept.host);
	return s;
}

/* gp_exim_lists_begin: the lists of this configuration, what is known of them, and their tests. */
struct gp_dnsbl_health *gp_exim_lists_begin(struct gp_exim_lists *lists,
	const struct gp_config *config, unsigned long generation, struct gp_store *store,
	struct gp_ctx *ctx)
{
	if (!gp_dnsbl_is_used(&config->dnsbl) || !make_table(lists))
		return NULL;
	struct scene s = set_scene(lists, config, store, ctx);
	int64_t now_us = gp_clock_now_us(ctx->clock);
	if (lists->generation != generation) {
		const struct gp_dnsbl_health_lists known = {.lists = config->dnsbl.lists,
			.count = config->dnsbl.count,
			.world_percent = config->dnsbl.world_percent,
			.is_private = true};
		gp_dnsbl_health_configure(lists->health, &known, s.now_s);
		lists->generation = generation;
		lists->loaded_us = 0;
	}
	if (store && (!lists->loaded_us || now_us - lists->loaded_us >= LOAD_US)) {
		lists->loaded_us = now_us;
		gp_dnsbl_kept_load(&s.kept, ctx);
		gp_dnsbl_kept_follow(&s.kept, ctx);
	}
	test(&s, config);
	return lists->health;
}

/* gp_exim_lists_end: where there is a store. */
void gp_exim_lists_end(struct gp_exim_lists *lists, const struct gp_config *config,
	struct gp_store *store, struct gp_ctx *ctx)
{
	if (!gp_dnsbl_is_used(&config->dnsbl) || !lists->health || !store)
		return;
	struct scene s = set_scene(lists, config, store, ctx);
	gp_dnsbl_kept_save(&s.kept, ctx);
}
