/* SPDX-License-Identifier: ISC */
/*
 * Greylist_watch: what greylisting has done in the last day, as status and metrics show it. The
 * figures need a walk over all counters of the store, so they are read now and then, in a thread
 * that may wait, and kept.
 *
 *     watch = gp_greylist_watch_new();
 *     gp_greylist_watch_probe(watch, runtime);              again and again, one thread
 *     if (gp_greylist_watch_read(watch, &figures)) ...      any thread
 */
#ifndef GP_POLICYD_GREYLIST_WATCH_H
#define GP_POLICYD_GREYLIST_WATCH_H

#include <stdbool.h>

#include "daemon/runtimes.h"
#include "reputation/greylist/greylist_figures.h"

#define GP_GREYLIST_WATCH_S 300 /* between two walks */

struct gp_greylist_watch;

/* NULL: no memory. free accepts NULL. */
struct gp_greylist_watch *gp_greylist_watch_new(void);
void gp_greylist_watch_free(struct gp_greylist_watch *watch);

/* Reads the figures, if it is time and greylisting is in use. */
void gp_greylist_watch_probe(
	struct gp_greylist_watch *watch, const struct gp_daemon_runtime *runtime);

/* The last ones; false: there are none. */
bool gp_greylist_watch_read(
	struct gp_greylist_watch *watch, struct gp_greylist_figures *figures_out);

#endif
