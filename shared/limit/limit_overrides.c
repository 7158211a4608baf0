/* SPDX-License-Identifier: ISC */
/*
 * The run-time overrides lie in a sorted table, which is built anew from the store's facts
 * "limit/NAME/SUBJECT" and exchanged as a whole. A few hundred are many: nobody sets them by hand
 * for more users than that. The user that has set one is a fact beside it, "limit-by/NAME/SUBJECT",
 * which other releases ignore.
 */
#include "limit/limit_overrides.h"

#include <bsd/string.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define FACT_PREFIX "limit/"
#define BY_PREFIX "limit-by/"
#define RUNTIMES_MEMORY (64 * 1024 * 1024)
#define RUNTIMES_MAX 50000

struct table {
	struct gp_arena *arena; /* holds the items and their texts */
	struct gp_limit_runtime *items;
	size_t count, room;
};

#define RESETS 256

struct reset {
	uint32_t id;
	char subject[GP_LIMIT_RUNTIME_SUBJECT_MAX + 1]; /* as much of it as there is room for */
};

struct gp_limit_overrides {
	struct gp_store *store;     /* borrowed */
	pthread_mutex_t refreshing; /* the table is exchanged in the order in which it was read */
	pthread_rwlock_t lock;      /* guards table and resets */
	struct table table;
	struct reset resets[RESETS]; /* the last ones; the next one goes to reset_count % RESETS */
	atomic_uint_fast64_t reset_count;
	atomic_bool any; /* is there anything in the table? */
};

/* ---- begin and end ---- */

/* gp_limit_overrides_new: around a store. */
int gp_limit_overrides_new(struct gp_store *store, struct gp_limit_overrides **overrides_out)
{
	struct gp_limit_overrides *overrides = calloc(1, sizeof *overrides);
	if (!overrides)
		return GP_ENOMEM;
	if (pthread_rwlock_init(&overrides->lock, NULL)) {
		free(overrides);
		return GP_ENOMEM;
	}
	pthread_mutex_init(&overrides->refreshing, NULL);
	overrides->store = store;
	*overrides_out = overrides;
	return GP_OK;
}

/* gp_limit_overrides_free: the table. */
void gp_limit_overrides_free(struct gp_limit_overrides *overrides)
{
	if (!overrides)
		return;
	gp_arena_free(overrides->table.arena);
	pthread_mutex_destroy(&overrides->refreshing);
	pthread_rwlock_destroy(&overrides->lock);
	free(overrides);
}

/* gp_limit_overrides_store: as it was given. */
struct gp_store *gp_limit_overrides_store(const struct gp_limit_overrides *overrides)
{
	return overrides->store;
}

/* ---- run-time overrides ---- */

/* compare: by limit, then subject. */
static int compare(const void *a, const void *b)
{
	const struct gp_limit_runtime *x = a, *y = b;
	int order = strcmp(x->limit, y->limit);
	return order ? order : strcmp(x->subject, y->subject);
}

/* parse_max: what a fact holds. */
static bool parse_max(struct gp_span value, int64_t *max_out)
{
	uint64_t n;
	if (gp_span_is(value, "unlimited")) {
		*max_out = GP_LIMIT_UNLIMITED;
		return true;
	}
	if (gp_span_parse_uint(value, GP_STORE_AMOUNT_MAX, &n))
		return false;
	*max_out = (int64_t)n;
	return true;
}

/* make_room: for one item more; false when memory or patience ends. */
static bool make_room(struct table *t)
{
	if (t->count < t->room)
		return true;
	size_t room = t->room ? t->room * 2 : 16;
	struct gp_limit_runtime *items =
		room > RUNTIMES_MAX * 2 ? NULL : gp_arena_array(t->arena, room, sizeof *items);
	if (!items)
		return false;
	if (t->count)
		memcpy(items, t->items, t->count * sizeof *items);
	t->items = items;
	t->room = room;
	return true;
}

/* take_fact: visitor of gp_store_facts; a fact that is none of ours is passed over. */
static bool take_fact(void *arg, const struct gp_store_fact *fact)
{
	struct table *t = arg;
	struct gp_span limit, subject;
	struct gp_limit_runtime item = {.expires_ms = fact->expires_ms};
	if (!gp_span_cut(gp_span_skip(fact->key, strlen(FACT_PREFIX)), '/', &limit, &subject) ||
		memchr(fact->key.ptr, 0, fact->key.len) || !parse_max(fact->value, &item.max))
		return true;
	item.limit = gp_arena_copy(t->arena, limit);
	item.subject = gp_arena_copy(t->arena, subject);
	if (!item.limit || !item.subject || !make_room(t))
		return false;
	t->items[t->count++] = item;
	return true;
}

/* exchange: another table in place of the one there is. */
static void exchange(struct gp_limit_overrides *overrides, struct table *t)
{
	pthread_rwlock_wrlock(&overrides->lock);
	struct table old = overrides->table;
	overrides->table = *t;
	atomic_store(&overrides->any, t->count > 0);
	pthread_rwlock_unlock(&overrides->lock);
	gp_arena_free(old.arena);
}

/* read_facts: the facts with this prefix, sorted. */
static int read_facts(struct gp_limit_overrides *overrides, struct gp_ctx *ctx, const char *prefix,
	bool (*take)(void *arg, const struct gp_store_fact *fact), struct table *t)
{
	int rc = gp_store_facts(overrides->store, ctx, gp_store_now_ms(overrides->store),
		gp_span_from(prefix), take, t);
	if (!rc && t->count)
		qsort(t->items, t->count, sizeof *t->items, compare);
	return rc;
}

/* read_table: the table as the store has it. */
static int read_table(struct gp_limit_overrides *overrides, struct gp_ctx *ctx)
{
	struct table t = {.arena = gp_arena_new(RUNTIMES_MEMORY)};
	if (!t.arena)
		return GP_ENOMEM;
	int rc = read_facts(overrides, ctx, FACT_PREFIX, take_fact, &t);
	if (rc)
		gp_arena_free(t.arena);
	else
		exchange(overrides, &t);
	return rc;
}

/* refresh: one at a time, so that no older table comes after a newer one. */
static int refresh(struct gp_limit_overrides *overrides, struct gp_ctx *ctx)
{
	pthread_mutex_lock(&overrides->refreshing);
	int rc = read_table(overrides, ctx);
	pthread_mutex_unlock(&overrides->refreshing);
	return rc;
}

/* fact_key: of an override; NULL: too long. */
static const char *fact_key(
	struct gp_arena *arena, const char *prefix, const char *limit, const char *subject)
{
	if (strlen(subject) > GP_LIMIT_RUNTIME_SUBJECT_MAX || strchr(limit, '/'))
		return NULL;
	return gp_arena_printf(arena, "%s%s/%s", prefix, limit, subject);
}

/* put: a fact of an override. */
static int put(struct gp_limit_overrides *overrides, struct gp_ctx *ctx, const char *prefix,
	const struct gp_limit_runtime *value, const char *text)
{
	const char *key = fact_key(ctx->arena, prefix, value->limit, value->subject);
	if (!key || !text)
		return gp_arena_status(ctx->arena) ? gp_arena_status(ctx->arena) : GP_ETOOBIG;
	return gp_store_put(
		overrides->store, ctx, gp_span_from(key), gp_span_from(text), value->expires_ms);
}

/* gp_limit_overrides_set: the facts, what counts last, then the table anew. */
int gp_limit_overrides_set(struct gp_limit_overrides *overrides, struct gp_ctx *ctx,
	const struct gp_limit_runtime *value)
{
	const char *max = value->max == GP_LIMIT_UNLIMITED
				  ? "unlimited"
				  : gp_arena_printf(ctx->arena, "%lld", (long long)value->max);
	int rc = put(overrides, ctx, BY_PREFIX, value, value->by ? value->by : "");
	if (!rc)
		rc = put(overrides, ctx, FACT_PREFIX, value, max);
	return rc ? rc : refresh(overrides, ctx);
}

/* gp_limit_overrides_unset: the facts go, then the table anew. */
int gp_limit_overrides_unset(struct gp_limit_overrides *overrides, struct gp_ctx *ctx,
	const char *limit, const char *subject)
{
	const char *key = fact_key(ctx->arena, FACT_PREFIX, limit, subject);
	const char *by = fact_key(ctx->arena, BY_PREFIX, limit, subject);
	if (!key || !by)
		return gp_arena_status(ctx->arena) ? gp_arena_status(ctx->arena) : GP_ETOOBIG;
	int rc = gp_store_remove(overrides->store, ctx, gp_span_from(key));
	if (!rc)
		rc = gp_store_remove(overrides->store, ctx, gp_span_from(by));
	return rc ? rc : refresh(overrides, ctx);
}

/* take_by: visitor of gp_store_facts: the user that has set one. */
static bool take_by(void *arg, const struct gp_store_fact *fact)
{
	struct table *t = arg;
	struct gp_limit_runtime item = {.by = gp_arena_copy(t->arena, fact->value)};
	struct gp_span limit, subject;
	if (!gp_span_cut(gp_span_skip(fact->key, strlen(BY_PREFIX)), '/', &limit, &subject))
		return true;
	item.limit = gp_arena_copy(t->arena, limit);
	item.subject = gp_arena_copy(t->arena, subject);
	if (!item.by || !item.limit || !item.subject || !make_room(t))
		return false;
	t->items[t->count++] = item;
	return true;
}

/* gp_limit_overrides_list: from the store, and not from the table: the user that has set them is
 * not in there. */
int gp_limit_overrides_list(struct gp_limit_overrides *overrides, struct gp_ctx *ctx,
	const struct gp_limit_runtime **items_out, size_t *count_out)
{
	struct table values = {.arena = ctx->arena}, bys = {.arena = ctx->arena};
	int rc = read_facts(overrides, ctx, FACT_PREFIX, take_fact, &values);
	if (!rc)
		rc = read_facts(overrides, ctx, BY_PREFIX, take_by, &bys);
	for (size_t i = 0; !rc && i < values.count; i++) {
		struct gp_limit_runtime *item = &values.items[i];
		const struct gp_limit_runtime *by =
			bys.count ? bsearch(item, bys.items, bys.count, sizeof *bys.items, compare)
				  : NULL;
		item->by = by ? by->by : "";
	}
	*items_out = values.items;
	*count_out = values.count;
	return rc ? rc : gp_arena_status(ctx->arena);
}

/* gp_limit_overrides_has_runtime: as of the last reading. */
bool gp_limit_overrides_has_runtime(const struct gp_limit_overrides *overrides)
{
	return atomic_load(&overrides->any);
}

/* has_expired: at this time of the store. */
static bool has_expired(const struct gp_limit_runtime *item, int64_t now_ms)
{
	return item->expires_ms && item->expires_ms <= now_ms;
}

/* gp_limit_overrides_runtime: looks it up. */
bool gp_limit_overrides_runtime(struct gp_limit_overrides *overrides, const char *limit,
	const char *subject, int64_t now_ms, struct gp_limit_runtime *value_out)
{
	const struct gp_limit_runtime wanted = {.limit = limit, .subject = subject};
	if (!atomic_load(&overrides->any))
		return false;
	pthread_rwlock_rdlock(&overrides->lock);
	const struct gp_limit_runtime *found = bsearch(&wanted, overrides->table.items,
		overrides->table.count, sizeof *overrides->table.items, compare);
	bool applies = found && !has_expired(found, now_ms);
	if (applies)
		*value_out = (struct gp_limit_runtime) {
			.max = found->max, .expires_ms = found->expires_ms};
	pthread_rwlock_unlock(&overrides->lock);
	return applies;
}

/* gp_limit_overrides_fact: by what it begins with. */
enum gp_limit_fact gp_limit_overrides_fact(struct gp_span key)
{
	return gp_span_has_prefix(key, FACT_PREFIX) ? GP_LIMIT_FACT_MAX
	       : gp_span_has_prefix(key, BY_PREFIX) ? GP_LIMIT_FACT_BY
						    : GP_LIMIT_FACT_OTHER;
}

/* ---- resets ---- */

/* note_reset: in the ring. */
static void note_reset(struct gp_limit_overrides *overrides, const char *subject, uint32_t id)
{
	pthread_rwlock_wrlock(&overrides->lock);
	struct reset *r = &overrides->resets[atomic_load(&overrides->reset_count) % RESETS];
	r->id = id;
	(void)strlcpy(r->subject, subject, sizeof r->subject); /* compared as far as it goes */
	atomic_fetch_add(&overrides->reset_count, 1);
	pthread_rwlock_unlock(&overrides->lock);
}

/* gp_limit_overrides_reset: noted first, so that nothing is released in between. */
int gp_limit_overrides_reset(
	struct gp_limit_overrides *overrides, struct gp_ctx *ctx, const char *subject, uint32_t id)
{
	note_reset(overrides, subject, id);
	return gp_store_forget(overrides->store, ctx, gp_span_from(subject), id);
}

/* gp_limit_overrides_resets: read before a step, so that a reset beside it counts as later. */
uint64_t gp_limit_overrides_resets(struct gp_limit_overrides *overrides)
{
	return atomic_load(&overrides->reset_count);
}

/* gp_limit_overrides_was_reset: one of those since then. */
bool gp_limit_overrides_was_reset(
	struct gp_limit_overrides *overrides, const char *subject, uint32_t id, uint64_t since)
{
	if (atomic_load(&overrides->reset_count) == since)
		return false;
	pthread_rwlock_rdlock(&overrides->lock);
	uint64_t count = atomic_load(&overrides->reset_count);
	bool was = count - since > RESETS;
	for (uint64_t i = since; !was && i < count; i++) {
		const struct reset *r = &overrides->resets[i % RESETS];
		was = r->id == id && strncmp(r->subject, subject, sizeof r->subject - 1) == 0;
	}
	pthread_rwlock_unlock(&overrides->lock);
	return was;
}

/* gp_limit_overrides_follow: else the ones that were read last stay in force. */
void gp_limit_overrides_follow(struct gp_limit_overrides *overrides, struct gp_ctx *ctx)
{
	struct gp_store_health health;
	gp_store_health(overrides->store, &health);
	if (health.up)
		(void)refresh(overrides, ctx);
}
