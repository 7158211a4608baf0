/* SPDX-License-Identifier: ISC */
/*
 * What all backends share: the bounds of every argument, a subject's key, and statistics. A backend
 * gets nothing that store.h does not allow.
 */
#include "store/store_private.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/digest.h"
#include "store/store_soft.h"

#define TIME_MAX (1LL << 50) /* no product with it leaves what a double holds exactly */
#define TRIP_SCALE 256       /* fractions of a microsecond in the average */
#define TRIP_WEIGHT 16       /* a new value moves the average by this part of the distance */
#define SAY_EVERY_US (60 * 1000000LL)
#define TOLD_MAX 16 /* consequences of trouble that are told apart */

/* The receiver of facts; as store.h writes it out. */
typedef bool (*fact_visitor)(void *arg, const struct gp_store_fact *fact);

struct gp_store {
	const struct gp_store_backend *backend; /* static */
	void *self;                             /* the backend's own */
	struct gp_crypto_digest *digest;
	atomic_uint_fast64_t taken, failed;
	_Atomic int64_t trip; /* average in us / TRIP_SCALE; -1: none yet */
	struct gp_histogram trips;
	/* what has been logged about trouble, in any order; NULL: a free place */
	struct told {
		_Atomic(const char *) consequence;
		_Atomic int64_t said_us; /* when last */
		atomic_bool is_said;     /* since the store was available last */
	} told[TOLD_MAX];
	atomic_bool has_told;
};

/* ---- bounds ---- */

/* is_time: of the store, or a point of time made from it. */
static bool is_time(int64_t at_ms)
{
	return at_ms >= 0 && at_ms <= TIME_MAX;
}

/* is_amount: what may be counted or allowed. */
static bool is_amount(int64_t amount)
{
	return amount >= 0 && amount <= GP_STORE_AMOUNT_MAX;
}

/* is_text: within these lengths. */
static bool is_text(struct gp_span text, size_t least, size_t most)
{
	return text.len >= least && text.len <= most && (text.ptr || text.len == 0);
}

/* is_count: one counter's question. */
static bool is_count(const struct gp_store_count *count)
{
	return count->id != 0 && count->per_ms >= GP_STORE_PER_MIN_MS &&
	       count->per_ms <= GP_STORE_PER_MAX_MS && is_amount(count->max) &&
	       is_amount(count->take) && is_amount(count->back) &&
	       (count->back == 0 || is_time(count->back_ms)) &&
	       (unsigned)count->back_part < GP_STORE_PARTS;
}

/* are_counts: each for itself, and no id twice. */
static bool are_counts(const struct gp_store_count *counts, size_t count)
{
	if (!counts || count == 0 || count > GP_STORE_COUNTS_MAX)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!is_count(&counts[i]))
			return false;
		for (size_t j = 0; j < i; j++)
			if (counts[j].id == counts[i].id)
				return false;
	}
	return true;
}

/* ---- keys ---- */

/* gp_store_key_of: nobody can find two subjects that share so much of SHA-256. */
int gp_store_key_of(const struct gp_crypto_digest *digest, struct gp_span subject,
	unsigned char key_out[GP_STORE_KEY])
{
	unsigned char hash[GP_CRYPTO_SHA256];
	int rc = gp_crypto_digest_of(digest, subject, hash);
	if (rc == GP_OK)
		memcpy(key_out, hash, GP_STORE_KEY);
	return rc;
}

/* has_key: do the first count takes hold this key already? */
static bool has_key(
	const struct gp_store_keyed *keyed, size_t count, const unsigned char key[GP_STORE_KEY])
{
	for (size_t i = 0; i < count; i++)
		if (memcmp(keyed[i].key, key, GP_STORE_KEY) == 0)
			return true;
	return false;
}

/* key_takes: checks each take and gives it its key. */
static int key_takes(const struct gp_store *store, int64_t now_ms,
	const struct gp_store_take *takes, size_t count, struct gp_store_keyed *keyed_out)
{
	for (size_t i = 0; i < count; i++) {
		const struct gp_store_take *take = &takes[i];
		struct gp_store_keyed *keyed = &keyed_out[i];
		if (!is_text(take->subject, 1, GP_STORE_SUBJECT_MAX) ||
			!are_counts(take->counts, take->count))
			return GP_EINVAL;
		int rc = gp_store_key_of(store->digest, take->subject, keyed->key);
		if (rc)
			return rc;
		if (has_key(keyed_out, i, keyed->key))
			return GP_EINVAL;
		keyed->name = take->subject;
		if (keyed->name.len > GP_STORE_NAME_MAX)
			keyed->name.len = GP_STORE_NAME_MAX;
		keyed->counts = take->counts;
		keyed->count = take->count;
		for (size_t j = 0; j < take->count; j++) {
			take->counts[j].part = GP_STORE_CONFIGURED;
			take->counts[j].at_ms = now_ms;
		}
	}
	return GP_OK;
}

/* ---- open and close ---- */

/* gp_store_wrap: a failure leaves self with the caller. */
int gp_store_wrap(const struct gp_store_backend *backend, void *self, struct gp_store **store_out)
{
	struct gp_store *store = calloc(1, sizeof *store);
	if (!store)
		return GP_ENOMEM;
	int rc = gp_crypto_digest_new(&store->digest);
	if (rc) {
		free(store);
		return rc;
	}
	store->backend = backend;
	store->self = self;
	atomic_init(&store->taken, 0);
	atomic_init(&store->failed, 0);
	atomic_init(&store->trip, -1);
	for (size_t i = 0; i < TOLD_MAX; i++)
		atomic_init(&store->told[i].said_us, -SAY_EVERY_US);
	*store_out = store;
	return GP_OK;
}

/* gp_store_close: the backend first. */
void gp_store_close(struct gp_store *store)
{
	if (!store)
		return;
	store->backend->close(store->self);
	gp_crypto_digest_free(store->digest);
	free(store);
}

/* ---- calls ---- */

/* gp_store_now_ms: the backend's. */
int64_t gp_store_now_ms(struct gp_store *store)
{
	return store->backend->now_ms(store->self);
}

/* note_trip: a moving average; of two threads at once one may be lost, which does no harm. */
static void note_trip(struct gp_store *store, int64_t us)
{
	int64_t average = atomic_load_explicit(&store->trip, memory_order_relaxed);
	gp_histogram_add(&store->trips, us);
	us *= TRIP_SCALE;
	average = average < 0 ? us : average + (us - average) / TRIP_WEIGHT;
	atomic_store_explicit(&store->trip, average, memory_order_relaxed);
}

/* gp_store_take_keyed: the backend's step with a watch on it; each part has its own. */
int gp_store_take_keyed(struct gp_store *store, struct gp_ctx *ctx, int64_t now_ms,
	struct gp_store_keyed *takes, size_t count)
{
	if (store->backend->part)
		return store->backend->take(store->self, ctx, now_ms, takes, count);
	int64_t begun_us = gp_clock_now_us(gp_clock_system());
	int rc = store->backend->take(store->self, ctx, now_ms, takes, count);
	atomic_fetch_add_explicit(rc ? &store->failed : &store->taken, 1, memory_order_relaxed);
	if (rc == GP_OK)
		note_trip(store, gp_clock_now_us(gp_clock_system()) - begun_us);
	return rc;
}

/* gp_store_take: checks and keys, then the backend. */
int gp_store_take(struct gp_store *store, struct gp_ctx *ctx, int64_t now_ms,
	struct gp_store_take *takes, size_t count)
{
	struct gp_store_keyed keyed[GP_STORE_TAKES_MAX];
	if (!takes || count == 0 || count > GP_STORE_TAKES_MAX || !is_time(now_ms))
		return GP_EINVAL;
	int rc = key_takes(store, now_ms, takes, count, keyed);
	return rc ? rc : gp_store_take_keyed(store, ctx, now_ms, keyed, count);
}

/* ---- all of one decision ---- */

/* is_value: a place for a result. */
static bool is_value(const struct gp_store_value *value)
{
	return value->bytes || value->room == 0;
}

/* key_get: a fact that is read. */
static int key_get(
	const struct gp_store *store, struct gp_store_get *get, struct gp_store_soft *soft_out)
{
	if (!get || !is_text(get->key, 1, GP_STORE_FACT_KEY_MAX) || !is_value(&get->value))
		return GP_EINVAL;
	gp_store_value_clear(&get->value);
	soft_out->get = get;
	return gp_store_key_of(store->digest, get->key, soft_out->key);
}

/* key_note: a soft fact that is written. */
static int key_note(
	const struct gp_store *store, struct gp_store_note *note, struct gp_store_soft *soft_out)
{
	if (!note || !is_text(note->key, 1, GP_STORE_FACT_KEY_MAX) ||
		!is_text(note->value, 0, GP_STORE_NOTE_VALUE_MAX) || !is_time(note->expires_ms) ||
		!is_value(&note->before))
		return GP_EINVAL;
	gp_store_value_clear(&note->before);
	soft_out->note = note;
	soft_out->expires_ms = note->expires_ms;
	return gp_store_key_of(store->digest, note->key, soft_out->key);
}

/* is_see: within its bounds. */
static bool is_see(const struct gp_store_see *see)
{
	if (!see || !is_text(see->subject, 1, GP_STORE_SUBJECT_MAX) ||
		!is_text(see->item, 0, GP_STORE_ITEM_MAX) || see->most < 1 ||
		see->most > GP_STORE_SEEN_MAX || !see->within || see->within_count < 1 ||
		see->within_count > GP_STORE_SEE_WINDOWS)
		return false;
	for (size_t i = 0; i < see->within_count; i++)
		if (see->within[i].ms < 1 || see->within[i].ms > GP_STORE_WITHIN_MAX_MS)
			return false;
	return true;
}

/* fingerprint_of: over subject and kind, too. */
static int fingerprint_of(const struct gp_store *store, const unsigned char key[GP_STORE_KEY],
	const struct gp_store_see *see, uint32_t *fingerprint_out)
{
	char text[GP_STORE_KEY + sizeof see->kind + GP_STORE_ITEM_MAX];
	unsigned char hash[GP_CRYPTO_SHA256];
	size_t length = GP_STORE_KEY;
	memcpy(text, key, GP_STORE_KEY);
	for (unsigned i = 0; i < sizeof see->kind; i++)
		text[length++] = (char)(see->kind >> 8 * i);
	if (see->item.len)
		memcpy(text + length, see->item.ptr, see->item.len);
	length += see->item.len;
	int rc = gp_crypto_digest_of(store->digest, (struct gp_span) {text, length}, hash);
	*fingerprint_out = (uint32_t)hash[0] | (uint32_t)hash[1] << 8 | (uint32_t)hash[2] << 16 |
			   (uint32_t)hash[3] << 24;
	return rc;
}

/* key_see: an item of a set. */
static int key_see(
	const struct gp_store *store, struct gp_store_see *see, struct gp_store_soft *soft_out)
{
	if (!is_see(see))
		return GP_EINVAL;
	for (size_t i = 0; i < see->within_count; i++)
		see->within[i].seen = 0;
	see->is_new = false;
	soft_out->see = see;
	int rc = gp_store_key_of(store->digest, see->subject, soft_out->key);
	return rc ? rc : fingerprint_of(store, soft_out->key, see, &soft_out->fingerprint);
}

/* key_soft: by its kind. */
static int key_soft(
	const struct gp_store *store, const struct gp_store_op *op, struct gp_store_soft *soft_out)
{
	soft_out->kind = op->kind;
	soft_out->fingerprint = 0;
	soft_out->expires_ms = 0;
	switch (op->kind) {
	case GP_STORE_OP_GET:
		return key_get(store, op->get, soft_out);
	case GP_STORE_OP_NOTE:
		return key_note(store, op->note, soft_out);
	case GP_STORE_OP_SEE:
		return key_see(store, op->see, soft_out);
	case GP_STORE_OP_TAKE:
		break;
	}
	return GP_EINVAL;
}

/* gp_store_run_keyed: with a watch on it, where anything is counted. */
int gp_store_run_keyed(struct gp_store *store, struct gp_ctx *ctx, int64_t now_ms,
	const struct gp_store_batch *batch)
{
	if (store->backend->part || batch->take_count == 0)
		return store->backend->run(store->self, ctx, now_ms, batch);
	int64_t begun_us = gp_clock_now_us(gp_clock_system());
	int rc = store->backend->run(store->self, ctx, now_ms, batch);
	atomic_fetch_add_explicit(rc ? &store->failed : &store->taken, 1, memory_order_relaxed);
	if (rc == GP_OK)
		note_trip(store, gp_clock_now_us(gp_clock_system()) - begun_us);
	return rc;
}

/* gp_store_do: takes and the others apart, each in its order. */
int gp_store_do(struct gp_store *store, struct gp_ctx *ctx, int64_t now_ms,
	const struct gp_store_op *ops, size_t count)
{
	struct gp_store_take takes[GP_STORE_OPS_MAX];
	struct gp_store_keyed keyed[GP_STORE_OPS_MAX];
	struct gp_store_soft softs[GP_STORE_OPS_MAX];
	struct gp_store_batch batch = {keyed, 0, softs, 0};
	int rc = GP_OK;
	if (!ops || count == 0 || count > GP_STORE_OPS_MAX || !is_time(now_ms))
		return GP_EINVAL;
	for (size_t i = 0; i < count && rc == GP_OK; i++) {
		if (ops[i].kind != GP_STORE_OP_TAKE)
			rc = key_soft(store, &ops[i], &softs[batch.soft_count++]);
		else if (ops[i].take)
			takes[batch.take_count++] = *ops[i].take;
		else
			rc = GP_EINVAL;
	}
	if (rc == GP_OK && batch.take_count)
		rc = key_takes(store, now_ms, takes, batch.take_count, keyed);
	if (rc)
		return rc;
	return batch.soft_count ? gp_store_run_keyed(store, ctx, now_ms, &batch)
				: gp_store_take_keyed(store, ctx, now_ms, keyed, batch.take_count);
}

/* gp_store_get: alone. */
int gp_store_get(
	struct gp_store *store, struct gp_ctx *ctx, int64_t now_ms, struct gp_store_get *get)
{
	const struct gp_store_op op = {.kind = GP_STORE_OP_GET, .get = get};
	return gp_store_do(store, ctx, now_ms, &op, 1);
}

/* gp_store_note: alone. */
int gp_store_note(
	struct gp_store *store, struct gp_ctx *ctx, int64_t now_ms, struct gp_store_note *note)
{
	const struct gp_store_op op = {.kind = GP_STORE_OP_NOTE, .note = note};
	return gp_store_do(store, ctx, now_ms, &op, 1);
}

/* gp_store_see: alone. */
int gp_store_see(
	struct gp_store *store, struct gp_ctx *ctx, int64_t now_ms, struct gp_store_see *see)
{
	const struct gp_store_op op = {.kind = GP_STORE_OP_SEE, .see = see};
	return gp_store_do(store, ctx, now_ms, &op, 1);
}

/* ---- the rest ---- */

/* gp_store_forget_keyed: the backend's. */
int gp_store_forget_keyed(struct gp_store *store, struct gp_ctx *ctx,
	const unsigned char key[GP_STORE_KEY], uint32_t id)
{
	return store->backend->forget(store->self, ctx, key, id);
}

/* gp_store_forget: by the key. */
int gp_store_forget(struct gp_store *store, struct gp_ctx *ctx, struct gp_span subject, uint32_t id)
{
	unsigned char key[GP_STORE_KEY];
	if (!is_text(subject, 1, GP_STORE_SUBJECT_MAX))
		return GP_EINVAL;
	int rc = gp_store_key_of(store->digest, subject, key);
	return rc ? rc : gp_store_forget_keyed(store, ctx, key, id);
}

/* gp_store_scan: the backend's. */
int gp_store_scan(struct gp_store *store, struct gp_ctx *ctx, int64_t now_ms,
	bool (*visit)(void *arg, const struct gp_store_usage *usage), void *arg)
{
	if (!visit || !is_time(now_ms))
		return GP_EINVAL;
	return store->backend->scan(store->self, ctx, now_ms, visit, arg);
}

/* gp_store_put: within the bounds of a fact. */
int gp_store_put(struct gp_store *store, struct gp_ctx *ctx, struct gp_span key,
	struct gp_span value, int64_t expires_ms)
{
	if (!is_text(key, 1, GP_STORE_FACT_KEY_MAX) ||
		!is_text(value, 0, GP_STORE_FACT_VALUE_MAX) || !is_time(expires_ms))
		return GP_EINVAL;
	return store->backend->put(store->self, ctx, key, value, expires_ms);
}

/* gp_store_remove: the backend's. */
int gp_store_remove(struct gp_store *store, struct gp_ctx *ctx, struct gp_span key)
{
	if (!is_text(key, 1, GP_STORE_FACT_KEY_MAX))
		return GP_EINVAL;
	return store->backend->remove(store->self, ctx, key);
}

/* gp_store_facts: an empty prefix is all. */
int gp_store_facts(struct gp_store *store, struct gp_ctx *ctx, int64_t now_ms,
	struct gp_span prefix, fact_visitor visit, void *arg)
{
	if (!visit || !is_time(now_ms) || !is_text(prefix, 0, GP_STORE_FACT_KEY_MAX))
		return GP_EINVAL;
	return store->backend->facts(store->self, ctx, now_ms, prefix, visit, arg);
}

/* gp_store_part: a store that is not made of two is its own first part. */
struct gp_store *gp_store_part(struct gp_store *store, enum gp_store_part part)
{
	if (store && store->backend->part)
		return store->backend->part(store->self, part);
	return part == GP_STORE_CONFIGURED ? store : NULL;
}

/* gp_store_self: by its table. */
void *gp_store_self(struct gp_store *store, const struct gp_store_backend *backend)
{
	return store->backend == backend ? store->self : NULL;
}

/* gp_store_inside: whatever it is. */
void *gp_store_inside(struct gp_store *store, const struct gp_store_backend **backend_out)
{
	*backend_out = store->backend;
	return store->self;
}

/* gp_store_health: the backend's view, and what was counted here. */
void gp_store_health(struct gp_store *store, struct gp_store_health *health_out)
{
	memset(health_out, 0, sizeof *health_out);
	health_out->problem_age_ms = -1;
	store->backend->health(store->self, health_out);
	if (store->backend->part)
		return; /* the part has set the rest as well */
	int64_t trip = atomic_load_explicit(&store->trip, memory_order_relaxed);
	health_out->round_trip_us = trip < 0 ? -1 : trip / TRIP_SCALE;
	health_out->taken = atomic_load_explicit(&store->taken, memory_order_relaxed);
	health_out->failed = atomic_load_explicit(&store->failed, memory_order_relaxed);
}

/* gp_store_trips: all of them. */
void gp_store_trips(struct gp_store *store, struct gp_histogram_sums *trips_out)
{
	*trips_out = (struct gp_histogram_sums) {0};
	gp_histogram_read(&gp_store_part(store, GP_STORE_CONFIGURED)->trips, trips_out);
}

/* told_of: the place of a consequence; NULL: there are too many. */
static struct told *told_of(struct gp_store *store, const char *consequence)
{
	for (size_t i = 0; i < TOLD_MAX; i++) {
		const char *there = NULL;
		if (atomic_compare_exchange_strong(
			    &store->told[i].consequence, &there, consequence) ||
			there == consequence)
			return &store->told[i];
	}
	return NULL;
}

/* may_say: once while the store is unavailable, and once in a minute if that comes and goes. */
static bool may_say(struct gp_store *store, const char *consequence, const struct gp_clock *clock)
{
	struct told *told = told_of(store, consequence);
	int64_t now = gp_clock_now_us(clock);
	if (!told || atomic_load(&told->is_said))
		return false;
	int64_t last = atomic_load(&told->said_us);
	if (now - last < SAY_EVERY_US ||
		!atomic_compare_exchange_strong(&told->said_us, &last, now))
		return false;
	atomic_store(&told->is_said, true);
	atomic_store(&store->has_told, true);
	return true;
}

/* forget_told: the store is available: the next trouble is told anew. */
static void forget_told(struct gp_store *store)
{
	struct gp_store_health health;
	if (!atomic_load(&store->has_told))
		return;
	gp_store_health(store, &health);
	if (!health.up)
		return;
	atomic_store(&store->has_told, false);
	for (size_t i = 0; i < TOLD_MAX; i++)
		atomic_store(&store->told[i].is_said, false);
}

/* gp_store_tend: the backend's; it logs by itself that the store is available again. */
void gp_store_tend(struct gp_store *store, struct gp_ctx *ctx)
{
	store->backend->tend(store->self, ctx);
	if (!store->backend->part)
		forget_told(store);
}

/* gp_store_say_trouble: in the words of its health. */
void gp_store_say_trouble(struct gp_store *store, const struct gp_ctx *ctx, const char *consequence)
{
	static const char nothing[] = "";
	struct gp_store *part = gp_store_part(store, GP_STORE_CONFIGURED);
	struct gp_store_health health;
	if (!consequence && atomic_load(&part->has_told))
		return;
	if (!may_say(part, consequence ? consequence : nothing, ctx->clock))
		return;
	gp_store_health(part, &health);
	if (consequence)
		gp_log_text(ctx->log, GP_LOG_ERROR, "store: %s: %s; %s", health.where,
			*health.problem ? health.problem : "it gave no answer in time",
			consequence);
	else
		gp_log_text(ctx->log, GP_LOG_ERROR, "store: %s: %s", health.where, health.problem);
}
