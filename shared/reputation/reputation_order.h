/* SPDX-License-Identifier: ISC */
/*
 * Orders: what an operator has said at run time about DNS lists and greylisting: a list is off, a
 * network is never delayed. Each is a durable fact of the store, with who has said it.
 *
 *     rc = gp_reputation_order_put(store, ctx, GP_REPUTATION_LIST_OFF, "bl.example.org", by);
 *     rc = gp_reputation_order_list(store, ctx, GP_REPUTATION_LIST_OFF, &items, &count);
 *     if (gp_reputation_order_has(items, count, "bl.example.org")) ...
 *
 * Names are printable ASCII and compared as they stand: the caller writes each in one form only (a
 * zone in lower case, a network with its length). Every process and host that shares the store has
 * the same orders.
 */
#ifndef GP_REPUTATION_ORDER_H
#define GP_REPUTATION_ORDER_H

#include <stdbool.h>

#include "store/store.h"

enum gp_reputation_order_kind {
	GP_REPUTATION_LIST_OFF,      /* the public zone of a DNS list that is not asked */
	GP_REPUTATION_GREYLIST_ALLOW /* a network or a domain whose mail is never delayed */
};

#define GP_REPUTATION_ORDER_NAME_MAX 300 /* bytes of a name */
#define GP_REPUTATION_ORDERS_MAX 10000   /* of a kind that can be listed */

struct gp_reputation_order {
	const char *name;
	const char *by; /* who has said it, in the caller's words */
};

/* The key of the fact; NULL: no such name can be kept, or no memory (arena). */
const char *gp_reputation_order_key(
	struct gp_arena *arena, enum gp_reputation_order_kind kind, const char *name);

/* Says it; durable when the call returns. GP_EINVAL: no such name can be kept; as gp_store_put. */
int gp_reputation_order_put(struct gp_store *store, struct gp_ctx *ctx,
	enum gp_reputation_order_kind kind, const char *name, const char *by) GP_MUST_CHECK;

/* Takes it back; that there is none is no error. */
int gp_reputation_order_remove(struct gp_store *store, struct gp_ctx *ctx,
	enum gp_reputation_order_kind kind, const char *name) GP_MUST_CHECK;

/* All of a kind, by name, in ctx's arena. GP_ETOOBIG: there are more than can be listed, or the
 * arena is full; as gp_store_facts. */
int gp_reputation_order_list(struct gp_store *store, struct gp_ctx *ctx,
	enum gp_reputation_order_kind kind, const struct gp_reputation_order **items_out,
	size_t *count_out) GP_MUST_CHECK;

/* Is one about this name among them? */
bool gp_reputation_order_has(
	const struct gp_reputation_order *items, size_t count, const char *name);

/* The one about this name among them, or NULL. */
const struct gp_reputation_order *gp_reputation_order_find(
	const struct gp_reputation_order *items, size_t count, const char *name);

#endif
