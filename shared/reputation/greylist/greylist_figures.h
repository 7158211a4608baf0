/* SPDX-License-Identifier: ISC */
/*
 * Greylist_figures: what greylisting has done in the last day, and whether it is worth it; from the
 * counters in the store, so that it is of all processes and hosts that share it.
 *
 *     rc = gp_greylist_figures(&ctx, store, now_ms, &settings, &figures);
 *
 * Walks over all counters of the store once: for an operator's command, not for each mail. Only
 * what was really delayed counts as delayed; in mode label, and while it learns, would_delay does.
 * Of a network that is remembered as one, each try that comes too early counts, since contacts of
 * it are not told apart; none of them is known to have come back or not.
 *
 * Statuses are the store's (gp_store_scan). Bounds: times that were waited are known as one of a
 * few steps (greylist_private.h), the median is the upper end of one; what came back after more
 * than two days is not known to have come back.
 */
#ifndef GP_REPUTATION_GREYLIST_FIGURES_H
#define GP_REPUTATION_GREYLIST_FIGURES_H

#include "reputation/greylist/greylist_options.h"
#include "store/store.h"

#define GP_GREYLIST_TOP 5
#define GP_GREYLIST_NETWORK_TEXT (46 + 4)

struct gp_greylist_figures {
	/* in the last 24 hours */
	int64_t delayed;     /* first contacts */
	int64_t would_delay; /* first contacts that were only recorded */
	int64_t passed;      /* that came again in time */
	int64_t median_ms;   /* that half of these waited at most; -1: none passed */
	/* first contacts of 24 to 48 hours ago that did not come again */
	int64_t never_came_back;
	struct {
		char network[GP_GREYLIST_NETWORK_TEXT]; /* "192.0.2.0/24" */
		int64_t never_came_back;
	} top[GP_GREYLIST_TOP]; /* the largest first */
	size_t top_count;
	/* entries that are remembered now, as far as counters of at most 31 days know */
	int64_t waiting, kept;
	/* since when greylisting is in use here; -1: it is not */
	int64_t began_ms;
};

int gp_greylist_figures(struct gp_ctx *ctx, struct gp_store *store, int64_t now_ms,
	const struct gp_greylist_settings *settings,
	struct gp_greylist_figures *figures_out) GP_MUST_CHECK;

#endif
