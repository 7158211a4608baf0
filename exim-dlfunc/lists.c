/* SPDX-License-Identifier: ISC */
/*
 * A record of each list is a soft fact of the store, by the machine's name: whether a list answers
 * depends on the resolver that asks it, and a store may be shared by several hosts. Who tests has
 * noted that there first.
 */
#include "exim-dlfunc/lists.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "engine/check_dnsbl.h"
#include "reputation/dnsbl/dnsbl_log.h"
#include "reputation/reputation_order.h"

#define LOAD_US 1000000                   /* not more often from the store */
#define KEEP_MS (14 * 24 * 3600 * 1000LL) /* a record, after its last change */
#define TEST_MS 2000                      /* a round of tests, and how long others wait for it */
#define LOOK_NS (20 * 1000000L)           /* between two looks for its end */
#define HOST_BYTES 256

/* What the functions below work with. */
struct scene {
	struct gp_exim_lists *lists;
	const struct gp_dnsbl_settings *dnsbl;
	struct gp_store *store; /* NULL: none */
	struct gp_ctx *ctx;
	int64_t now_s;
	char host[HOST_BYTES];
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

/* is_used: are there lists to ask? */
static bool is_used(const struct gp_config *config)
{
	return config->dnsbl.mode != GP_MODE_OFF && config->dnsbl.count > 0;
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

/* key_of: a list's record; empty: the arena refused. */
static struct gp_span key_of(const struct scene *s, const struct gp_dnsbl_list *list)
{
	return gp_span_from(
		gp_arena_printf(s->ctx->arena, "dnsbl-health %.200s %.150s", s->host, list->name));
}

/* load: what other processes know; a store that is unavailable knows nothing. */
static void load(struct scene *s)
{
	char records[GP_DNSBL_LISTS_MAX][GP_DNSBL_RECORD_MAX];
	struct gp_store_get gets[GP_DNSBL_LISTS_MAX];
	struct gp_store_op ops[GP_DNSBL_LISTS_MAX];
	size_t n = s->dnsbl->count;
	for (size_t i = 0; i < n; i++) {
		gets[i] = (struct gp_store_get) {.key = key_of(s, &s->dnsbl->lists[i]),
			.soft = true,
			.value = {.bytes = records[i], .room = sizeof records[i]}};
		ops[i] = (struct gp_store_op) {.kind = GP_STORE_OP_GET, .get = &gets[i]};
	}
	if (gp_store_do(s->store, s->ctx, gp_store_now_ms(s->store), ops, n) != GP_OK)
		return;
	for (size_t i = 0; i < n; i++)
		if (gets[i].value.found == GP_STORE_FOUND &&
			gets[i].value.length <= sizeof records[i])
			(void)gp_dnsbl_health_load(s->lists->health, &s->dnsbl->lists[i],
				(struct gp_span) {records[i], gets[i].value.length}, s->now_s);
}

/* follow_orders: what the operator has switched off. */
static void follow_orders(struct scene *s)
{
	const struct gp_reputation_order *orders;
	size_t count;
	if (gp_reputation_order_list(s->store, s->ctx, GP_REPUTATION_LIST_OFF, &orders, &count) !=
		GP_OK)
		return;
	for (size_t i = 0; i < s->dnsbl->count; i++)
		gp_dnsbl_health_switch(s->lists->health, &s->dnsbl->lists[i],
			gp_reputation_order_has(orders, count, s->dnsbl->lists[i].zone), s->now_s);
}

/* save: the records that have changed. */
static void save(struct scene *s)
{
	unsigned char record[GP_DNSBL_RECORD_MAX];
	int64_t now_ms = gp_store_now_ms(s->store);
	for (size_t i = 0; i < s->dnsbl->count; i++) {
		const struct gp_dnsbl_list *list = &s->dnsbl->lists[i];
		if (!gp_dnsbl_health_is_changed(s->lists->health, list))
			continue;
		size_t size = gp_dnsbl_health_save(s->lists->health, list, record);
		struct gp_store_note note = {.key = key_of(s, list),
			.value = {(const char *)record, size},
			.expires_ms = now_ms + KEEP_MS};
		/* an unavailable store keeps nothing: the next process tests for itself */
		if (size && gp_store_note(s->store, s->ctx, now_ms, &note) != GP_OK)
			return;
	}
}

/* ---- tests ---- */

/* is_ours: did this process begin the round of tests? Without a store each does its own. */
static bool is_ours(struct scene *s)
{
	const char *key = gp_arena_printf(s->ctx->arena, "dnsbl-test %.200s", s->host);
	int64_t now_ms;
	if (!s->store)
		return true;
	now_ms = gp_store_now_ms(s->store);
	struct gp_store_note note = {.key = gp_span_from(key),
		.value = gp_span_from("1"),
		.expires_ms = now_ms + TEST_MS,
		.unless_there = true};
	int rc = gp_store_note(s->store, s->ctx, now_ms, &note);
	return rc != GP_OK || note.before.found != GP_STORE_FOUND;
}

/* is_due: is any list's test? */
static bool is_due(const struct scene *s)
{
	return gp_dnsbl_health_next_s(s->lists->health, s->now_s, 1) == 0;
}

/* is_untested: is there a list of which nothing is known yet? */
static bool is_untested(const struct scene *s)
{
	struct gp_dnsbl_health_view view;
	for (size_t i = 0; i < s->dnsbl->count; i++) {
		gp_dnsbl_health_view(s->lists->health, &s->dnsbl->lists[i], s->now_s, &view);
		if (view.is_known && view.status == GP_DNSBL_UNTESTED)
			return true;
	}
	return false;
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
	if (gp_dnsbl_test(&ctx, &plan, &tested) == GP_OK)
		gp_dnsbl_log(ctx.log, tested.events, tested.event_count);
	if (s->store)
		save(s);
}

/* wait_for_tests: that another process has begun. */
static void wait_for_tests(struct scene *s)
{
	const struct timespec pause = {0, LOOK_NS};
	int64_t until_us = gp_clock_now_us(s->ctx->clock) + TEST_MS * 1000LL;
	if (s->ctx->deadline_us < until_us)
		until_us = s->ctx->deadline_us;
	while (is_untested(s) && gp_clock_now_us(s->ctx->clock) < until_us) {
		(void)nanosleep(&pause, NULL);
		load(s);
	}
}

/* test: what is due. */
static void test(struct scene *s, const struct gp_config *config)
{
	if (!is_due(s))
		return;
	if (is_ours(s))
		run_tests(s, config);
	else if (is_untested(s))
		wait_for_tests(s);
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
	if (gethostname(s.host, sizeof s.host - 1))
		s.host[0] = 0;
	return s;
}

/* gp_exim_lists_begin: the lists of this configuration, what is known of them, and their tests. */
struct gp_dnsbl_health *gp_exim_lists_begin(struct gp_exim_lists *lists,
	const struct gp_config *config, struct gp_store *store, struct gp_ctx *ctx)
{
	if (!is_used(config) || !make_table(lists))
		return NULL;
	struct scene s = set_scene(lists, config, store, ctx);
	int64_t now_us = gp_clock_now_us(ctx->clock);
	if (lists->config != config) {
		const struct gp_dnsbl_health_lists known = {
			.lists = config->dnsbl.lists, .count = config->dnsbl.count};
		gp_dnsbl_health_configure(lists->health, &known, s.now_s);
		lists->config = config;
		lists->loaded_us = 0;
	}
	if (store && (!lists->loaded_us || now_us - lists->loaded_us >= LOAD_US)) {
		lists->loaded_us = now_us;
		load(&s);
		follow_orders(&s);
	}
	test(&s, config);
	return lists->health;
}

/* gp_exim_lists_end: where there is a store. */
void gp_exim_lists_end(struct gp_exim_lists *lists, const struct gp_config *config,
	struct gp_store *store, struct gp_ctx *ctx)
{
	if (!is_used(config) || !lists->health || !store)
		return;
	struct scene s = set_scene(lists, config, store, ctx);
	save(&s);
}
