/* SPDX-License-Identifier: ISC */
/* One copy of the figures behind a lock; a walk that fails leaves none. */
#include "policyd/greylist_watch.h"

#include <pthread.h>
#include <stdlib.h>

#define WALK_MEMORY (16 * 1024 * 1024)
#define WALK_US 30000000

struct gp_greylist_watch {
	struct gp_arena *arena; /* of the thread that reads; NULL: not needed yet */
	int64_t next_us;        /* of the same: when the next walk is due */
	pthread_mutex_t lock;   /* guards what follows */
	bool is_known;
	struct gp_greylist_figures figures;
};

/* gp_greylist_watch_new: nothing is known. */
struct gp_greylist_watch *gp_greylist_watch_new(void)
{
	struct gp_greylist_watch *watch = calloc(1, sizeof *watch);
	if (watch)
		pthread_mutex_init(&watch->lock, NULL);
	return watch;
}

/* gp_greylist_watch_free: nobody reads any more. */
void gp_greylist_watch_free(struct gp_greylist_watch *watch)
{
	if (!watch)
		return;
	gp_arena_free(watch->arena);
	pthread_mutex_destroy(&watch->lock);
	free(watch);
}

/* keep: what the last walk has found; NULL: nothing. */
static void keep(struct gp_greylist_watch *watch, const struct gp_greylist_figures *figures)
{
	pthread_mutex_lock(&watch->lock);
	watch->is_known = figures != NULL;
	if (figures)
		watch->figures = *figures;
	pthread_mutex_unlock(&watch->lock);
}

/* walk: over the store; false: no figures. */
static bool walk(struct gp_greylist_watch *watch, const struct gp_daemon_runtime *runtime,
	struct gp_greylist_figures *figures_out)
{
	if (watch->arena)
		gp_arena_reset(watch->arena);
	else
		watch->arena = gp_arena_new(WALK_MEMORY);
	struct gp_ctx ctx = {.arena = watch->arena,
		.clock = gp_clock_system(),
		.log = &runtime->log,
		.deadline_us = gp_clock_now_us(gp_clock_system()) + WALK_US};
	return watch->arena &&
	       gp_greylist_figures(&ctx, runtime->store, gp_store_now_ms(runtime->store),
		       &runtime->config->greylist, figures_out) == GP_OK;
}

/* gp_greylist_watch_probe: one that has failed is tried again soon. */
void gp_greylist_watch_probe(
	struct gp_greylist_watch *watch, const struct gp_daemon_runtime *runtime)
{
	struct gp_greylist_figures figures;
	int64_t now_us = gp_clock_now_us(gp_clock_system());
	if (runtime->config->greylist.mode == GP_MODE_OFF || !runtime->store) {
		keep(watch, NULL);
		watch->next_us = 0;
		return;
	}
	if (now_us < watch->next_us)
		return;
	bool is_read = walk(watch, runtime, &figures);
	keep(watch, is_read ? &figures : NULL);
	watch->next_us = now_us + (is_read ? GP_GREYLIST_WATCH_S : 10) * 1000000LL;
}

/* gp_greylist_watch_read: a copy. */
bool gp_greylist_watch_read(
	struct gp_greylist_watch *watch, struct gp_greylist_figures *figures_out)
{
	pthread_mutex_lock(&watch->lock);
	bool is_known = watch->is_known;
	*figures_out = watch->figures;
	pthread_mutex_unlock(&watch->lock);
	return is_known;
}
