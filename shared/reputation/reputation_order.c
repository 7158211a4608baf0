/* SPDX-License-Identifier: ISC */
/* A fact for each, whose key is the kind in words and the name. */
#include "reputation/reputation_order.h"

#include <stdlib.h>
#include <string.h>

static const char *const prefixes[] = {
	[GP_REPUTATION_LIST_OFF] = "dnsbl off ",
	[GP_REPUTATION_GREYLIST_ALLOW] = "greylist allow ",
};

/* can_be_kept: printable, and not too long. */
static bool can_be_kept(const char *name)
{
	size_t len = strlen(name);
	for (size_t i = 0; i < len; i++)
		if (name[i] <= ' ' || name[i] > '~')
			return false;
	return len > 0 && len <= GP_REPUTATION_ORDER_NAME_MAX;
}

/* gp_reputation_order_key: the kind in words, and the name. */
const char *gp_reputation_order_key(
	struct gp_arena *arena, enum gp_reputation_order_kind kind, const char *name)
{
	return can_be_kept(name) ? gp_arena_printf(arena, "%s%s", prefixes[kind], name) : NULL;
}

/* key_of: the same with a status. */
static const char *key_of(
	struct gp_arena *arena, enum gp_reputation_order_kind kind, const char *name, int *rc_out)
{
	const char *key = gp_reputation_order_key(arena, kind, name);
	int rc = gp_arena_status(arena);
	*rc_out = key ? GP_OK : rc ? rc : GP_EINVAL;
	return key;
}

/* gp_reputation_order_put: never expires. */
int gp_reputation_order_put(struct gp_store *store, struct gp_ctx *ctx,
	enum gp_reputation_order_kind kind, const char *name, const char *by)
{
	int rc;
	const char *key = key_of(ctx->arena, kind, name, &rc);
	return key ? gp_store_put(store, ctx, gp_span_from(key), gp_span_from(by), 0) : rc;
}

/* gp_reputation_order_remove: under the same key. */
int gp_reputation_order_remove(struct gp_store *store, struct gp_ctx *ctx,
	enum gp_reputation_order_kind kind, const char *name)
{
	int rc;
	const char *key = key_of(ctx->arena, kind, name, &rc);
	return key ? gp_store_remove(store, ctx, gp_span_from(key)) : rc;
}

/* What is read. */
struct reading {
	struct gp_arena *arena;
	size_t skip; /* length of the prefix */
	struct gp_reputation_order *items;
	size_t count, room;
	bool has_more; /* than are listed */
};

/* make_room: for one more; false: no memory. */
static bool make_room(struct reading *r)
{
	if (r->count < r->room)
		return true;
	size_t room = r->room ? 2 * r->room : 16;
	struct gp_reputation_order *more = gp_arena_alloc(r->arena, room * sizeof *more);
	if (!more)
		return false;
	if (r->count)
		memcpy(more, r->items, r->count * sizeof *more);
	r->items = more;
	r->room = room;
	return true;
}

/* take: visitor of gp_store_facts. */
static bool take(void *arg, const struct gp_store_fact *fact)
{
	struct reading *r = arg;
	if (memchr(fact->key.ptr, 0, fact->key.len))
		return true;
	r->has_more = r->count == GP_REPUTATION_ORDERS_MAX;
	if (r->has_more)
		return false;
	const char *name = gp_arena_copy(r->arena, gp_span_skip(fact->key, r->skip));
	const char *by = gp_arena_copy(r->arena, fact->value);
	if (!name || !by || !make_room(r))
		return false;
	r->items[r->count++] = (struct gp_reputation_order) {name, by};
	return true;
}

/* compare: by name. */
static int compare(const void *a, const void *b)
{
	const struct gp_reputation_order *x = a, *y = b;
	return strcmp(x->name, y->name);
}

/* gp_reputation_order_list: sorted. */
int gp_reputation_order_list(struct gp_store *store, struct gp_ctx *ctx,
	enum gp_reputation_order_kind kind, const struct gp_reputation_order **items_out,
	size_t *count_out)
{
	const char *prefix = prefixes[kind];
	struct reading r = {.arena = ctx->arena, .skip = strlen(prefix)};
	*items_out = NULL;
	*count_out = 0;
	int rc = gp_store_facts(store, ctx, gp_store_now_ms(store), gp_span_from(prefix), take, &r);
	if (rc || gp_arena_status(ctx->arena))
		return rc ? rc : gp_arena_status(ctx->arena);
	if (r.has_more)
		return GP_ETOOBIG;
	if (r.count)
		qsort(r.items, r.count, sizeof *r.items, compare);
	*items_out = r.items;
	*count_out = r.count;
	return GP_OK;
}

/* gp_reputation_order_find: one after the other. */
const struct gp_reputation_order *gp_reputation_order_find(
	const struct gp_reputation_order *items, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(items[i].name, name) == 0)
			return &items[i];
	return NULL;
}

/* gp_reputation_order_has: the same. */
bool gp_reputation_order_has(
	const struct gp_reputation_order *items, size_t count, const char *name)
{
	return gp_reputation_order_find(items, count, name) != NULL;
}
