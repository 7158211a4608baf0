/* SPDX-License-Identifier: ISC */
/*
 * A store made of two: the configured one, and a local one that is used while that is unavailable.
 *
 * Knows which of the two to use, and logs when one is unavailable; does not know what is counted.
 * The store that it makes is used as any other (store/store.h). Without the second one it is the
 * configured store alone, with its trouble logged.
 *
 *     gp_store_fallback_open(&options, ctx, &store);
 *     gp_store_fallback_local(store, &options, "/var/lib/gatepost", ctx);   (at a reload, too)
 *     ... gp_store_take(store, ...), gp_store_tend(store, ctx) ...
 *     gp_store_close(store);
 *
 * What is counted goes to the configured store; should it fail, to the local one, which each host
 * has for itself. A result says where it was counted, and by that store's time (part, at_ms of
 * struct gp_store_count): what is released later goes where it was taken. What only releases does
 * not change the store. A status other than 0 is that of the store that was asked last.
 *
 * So do soft facts and seen sets. What was noted in one is not known in the other: while the
 * configured store is unavailable, and again when it is back, what was seen before may be new.
 *
 * What an operator has set (facts), and lists of what is counted, are the configured store's alone:
 * with two answers it would not be known which is valid. One that is read together with other
 * things (gp_store_do) is GP_STORE_UNKNOWN when the local store has answered. Forgetting a counter
 * forgets it in both.
 *
 * Time, health, counts of calls and times of steps are the configured store's; gp_store_part gives
 * either of the two.
 */
#ifndef GP_STORE_STORE_FALLBACK_H
#define GP_STORE_STORE_FALLBACK_H

#include "store/store.h"

/* Opens the configured store (as gp_store_open); nothing stands in for it yet. */
int gp_store_fallback_open(const struct gp_store_options *options, struct gp_ctx *ctx,
	struct gp_store **store_out) GP_MUST_CHECK;

/* The same around a store that is open; takes it on success. GP_ENOMEM. */
int gp_store_fallback_new(struct gp_store *configured, struct gp_store **store_out) GP_MUST_CHECK;

/*
 * From now on an LMDB store in the directory path stands in; of options only what is about lmdb is
 * used. path NULL: none does (one that was opened stays open). Opened once: a second call with
 * another path keeps the first. By one thread at a time, while others may use the store.
 */
int gp_store_fallback_local(struct gp_store *store, const struct gp_store_options *options,
	const char *path, struct gp_ctx *ctx) GP_MUST_CHECK;

/* The same with a store that is open; takes it. By one thread, once. */
void gp_store_fallback_stand_in(struct gp_store *store, struct gp_store *local);

#endif
