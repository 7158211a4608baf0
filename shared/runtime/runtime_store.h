/* SPDX-License-Identifier: ISC */
/*
 * The store that a configuration wants: what is counted and what an operator has set, with the
 * store that stands in while it is unavailable.
 *
 * It is opened when a check of the configuration wants one, not at every start: a store that
 * nobody uses costs files, connections and room on the disk, and one that cannot be opened, though
 * nobody asked for it, would keep from working what works without. What wants one is a row of a
 * table (runtime_store.c): limits, greylisting, DNS lists.
 *
 *     if (gp_runtime_store_is_wanted(config))
 *             gp_runtime_store_open(config, ctx, &store)
 *     gp_runtime_store_tend(&store, ctx)      (about every second, one thread)
 *     gp_runtime_store_close(&store)
 */
#ifndef GP_RUNTIME_RUNTIME_STORE_H
#define GP_RUNTIME_RUNTIME_STORE_H

#include "config/config.h"
#include "limit/limit_overrides.h"

/* Does anything of this configuration use a store? */
bool gp_runtime_store_is_wanted(const struct gp_config *config);

struct gp_runtime_store {
	struct gp_store *store;               /* with what stands in for it; NULL: not open */
	struct gp_limit_overrides *overrides; /* what an operator has set */
};

/*
 * Opens it, with the one that stands in where one is configured, and reads what was set before. One
 * that is open stays; only what stands in follows the configuration then. ctx->log says what is
 * wrong: GP_EINVAL, GP_ENOMEM; after a failure it is as it was.
 */
int gp_runtime_store_open(const struct gp_config *config, struct gp_ctx *ctx,
	struct gp_runtime_store *store) GP_MUST_CHECK;

/* Tends the store, then reads what was set, so that one that is back is read at once. */
void gp_runtime_store_tend(struct gp_runtime_store *store, struct gp_ctx *ctx);

/* Closes it; one that is not open is fine. */
void gp_runtime_store_close(struct gp_runtime_store *store);

#endif
