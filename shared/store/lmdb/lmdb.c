/* SPDX-License-Identifier: ISC */
/*
 * The embedded store: a backend over two LMDB files (lmdb_env.c). "counters" holds one
 * record for each subject, "facts" what an operator said.
 *
 * A transaction costs several times what is done in it, so takes that meet are combined: a thread
 * that finds nobody at work leads. It begins the transaction, takes all that wait in the queue,
 * does them one after the other and wakes their threads; the first of those that came meanwhile
 * leads next. Each take is tested completely before it writes, so each is all or nothing by itself.
 *
 * When the file has no room left, the leader makes some (lmdb_room.c).
 *
 * A writer of another process that is stopped in the middle holds up the leader beyond any
 * deadline, since LMDB's lock knows none; waiting calls return when their result is there.
 */
#include "store/store_private.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <lmdb.h>

#include "store/lmdb/lmdb_private.h"
#include "store/lmdb/lmdb_subject.h"
#include "store/store_uri.h"

#define OPEN_WAIT_MS 3000 /* for another process that opens the same directory */
#define ROUNDS 4          /* transactions that one thread leads, when others wait */
#define YIELDS 16         /* looks for an answer before sleeping */
#define BATCH 64          /* takes in one transaction */

/* Where a take stands. */
enum stage {
	QUEUED, /* its thread may withdraw it */
	CHOSEN, /* a leader works on it */
	LEADS,  /* its thread is the leader */
	DONE    /* belongs to its thread again; nobody else touches it any more */
};

/* A take on its way; lives on its thread's stack. */
struct gp_store_lmdb_request {
	struct gp_store_lmdb_request
		*next; /* guarded by the queue's lock; a leader's own once chosen */
	struct gp_store_keyed *takes;
	size_t count;
	struct gp_store_soft *softs;
	size_t soft_count;
	bool keeps_none; /* there is no room for what is soft */
	int64_t now_ms;
	int rc;
	_Atomic int stage; /* enum stage; changes under the queue's lock, is read without */
	bool sleeps;       /* its thread waits for wake; guarded by the queue's lock */
	pthread_cond_t wake;
};

/* ---- taking ---- */

/* load: a subject's record, under the name that it has now; a status of LMDB. */
static int load(struct gp_store_lmdb *s, MDB_txn *txn, const struct gp_store_keyed *take,
	struct gp_store_lmdb_record *record)
{
	int rc = gp_store_lmdb_subject_load(&s->envs, txn, take->key, record);
	record->name_length = take->name.len;
	memcpy(record->name, take->name.ptr, take->name.len);
	return rc;
}

/* sum_of: all entries, without the stop at 2^53; 65 of at most 2^53 fit. */
static int64_t sum_of(const struct gp_store_window *window)
{
	int64_t sum = 0;
	for (unsigned i = 0; i < window->entries; i++)
		sum += window->entry[i].count;
	return sum;
}

/* test_take: all counters of one subject; *room is cleared when one has none. */
static bool test_take(struct gp_store_lmdb_record *record, const uint8_t *at,
	struct gp_store_keyed *take, int64_t now_ms, bool *room)
{
	bool changes = false;
	for (size_t i = 0; i < take->count; i++) {
		struct gp_store_window *window = &record->windows[at[i]].window;
		struct gp_store_count *count = &take->counts[i];
		gp_store_window_advance(window, now_ms);
		int64_t before = sum_of(window);
		gp_store_window_test(window, count, now_ms);
		changes = changes || count->take > 0 || sum_of(window) != before;
		*room = *room && !count->refused;
	}
	return changes;
}

/* make_room: for the records of one request. */
static int make_room(struct gp_store_lmdb *s, size_t count)
{
	if (count <= s->record_room)
		return 0;
	struct gp_store_lmdb_record *more = realloc(s->records, count * sizeof *more);
	if (!more)
		return ENOMEM;
	s->records = more;
	s->record_room = count;
	return 0;
}

/* count_in: in one window, which remembers the share of its limit that is used now. */
static void count_in(struct gp_store_lmdb_record *record, uint8_t at, struct gp_store_count *count,
	int64_t now_ms)
{
	gp_store_window_count(&record->windows[at].window, count, now_ms);
	record->windows[at].share = gp_store_lmdb_record_share(count->used, count->max);
}

/* apply_softs: on a full disk only what is there is looked at. */
static int apply_softs(struct gp_store_lmdb *s, MDB_txn *txn, struct gp_store_lmdb_request *r)
{
	bool keeps = !r->keeps_none && !atomic_load(&s->room.disk_is_full);
	const struct gp_store_lmdb_soft_step step = {
		.envs = &s->envs, .txn = txn, .now_ms = r->now_ms, .keeps = keeps};
	return gp_store_lmdb_soft_run(&step, &s->soft, r->softs, r->soft_count);
}

/* apply: one request within a transaction: tests all of it, then writes; a status of LMDB. */
static int apply(struct gp_store_lmdb *s, MDB_txn *txn, struct gp_store_lmdb_request *r)
{
	uint8_t at[GP_STORE_TAKES_MAX][GP_STORE_COUNTS_MAX];
	bool changes[GP_STORE_TAKES_MAX], room = true;
	int rc = make_room(s, r->count);
	for (size_t i = 0; i < r->count && rc == 0; i++) {
		struct gp_store_keyed *take = &r->takes[i];
		rc = load(s, txn, take, &s->records[i]);
		if (rc)
			break;
		gp_store_lmdb_record_find(
			&s->records[i], take->counts, take->count, r->now_ms, at[i]);
		changes[i] = test_take(&s->records[i], at[i], take, r->now_ms, &room);
	}
	for (size_t i = 0; i < r->count && rc == 0 && room; i++) {
		struct gp_store_keyed *take = &r->takes[i];
		for (size_t j = 0; j < take->count; j++)
			count_in(&s->records[i], at[i][j], &take->counts[j], r->now_ms);
		if (!changes[i])
			continue;
		gp_store_lmdb_room_uses(&s->room, take->key);
		gp_store_lmdb_record_purge(&s->records[i], r->now_ms);
		rc = gp_store_lmdb_subject_save(&s->envs, txn, take->key, &s->records[i]);
	}
	if (rc == 0 && r->soft_count)
		rc = apply_softs(s, txn, r);
	return rc;
}

/* stage_of: what was done before it was set is seen. */
static int stage_of(const struct gp_store_lmdb_request *r)
{
	return atomic_load_explicit(&r->stage, memory_order_acquire);
}

/* set_stage: after DONE the request may be gone. */
static void set_stage(struct gp_store_lmdb_request *r, enum stage stage)
{
	atomic_store_explicit(&r->stage, (int)stage, memory_order_release);
}

/* choose: what waits becomes the leader's, in order, at most BATCH. */
static struct gp_store_lmdb_request *choose(struct gp_store_lmdb *s)
{
	pthread_mutex_lock(&s->queue_lock);
	struct gp_store_lmdb_request *list = s->first, *end = list;
	set_stage(end, CHOSEN); /* a leader without work has ended: there is one */
	for (size_t i = 1; i < BATCH && end->next; i++) {
		end = end->next;
		set_stage(end, CHOSEN);
	}
	s->first = end->next;
	if (!s->first)
		s->last = NULL;
	end->next = NULL;
	pthread_mutex_unlock(&s->queue_lock);
	return list;
}

/* transact: a list of requests, all in one transaction or none; leaves; a status of LMDB. */
static int transact(struct gp_store_lmdb *s, MDB_txn *txn, struct gp_store_lmdb_request *list)
{
	size_t written = 0;
	int rc = 0;
	for (struct gp_store_lmdb_request *r = list; r && rc == 0;
		written += r->count + r->soft_count, r = r->next)
		rc = apply(s, txn, r);
	rc = gp_store_lmdb_env_finish(&s->envs.env[GP_STORE_LMDB_COUNTERS], txn, rc);
	if (rc == 0)
		gp_store_lmdb_room_wrote(&s->room, written);
	gp_store_lmdb_envs_leave(&s->envs);
	return rc;
}

/* finish: the same status for all. */
static void finish(struct gp_store_lmdb_request *list, int rc)
{
	for (struct gp_store_lmdb_request *r = list; r; r = r->next)
		r->rc = rc;
}

/* alone: one request, again while there is no room and some can be made. */
static int alone(struct gp_store_lmdb *s, struct gp_store_lmdb_request *r, unsigned *rounds)
{
	MDB_txn *txn;
	for (;;) {
		int rc = gp_store_lmdb_envs_begin(&s->envs, GP_STORE_LMDB_COUNTERS, 0, &txn);
		if (rc)
			return rc;
		rc = transact(s, txn, r);
		if (rc == 0)
			return GP_OK;
		if (gp_store_lmdb_room_make(&s->room, rc, *rounds))
			++*rounds;
		else if (r->soft_count && !r->keeps_none)
			r->keeps_none = true;
		else
			return gp_store_lmdb_env_trouble(
				&s->envs, &s->envs.env[GP_STORE_LMDB_COUNTERS], rc);
	}
}

/* one_by_one: after a common failure, which need not be everybody's. */
static void one_by_one(struct gp_store_lmdb *s, struct gp_store_lmdb_request *list)
{
	unsigned rounds = 0;
	for (struct gp_store_lmdb_request *r = list, *next; r; r = next) {
		next = r->next;
		r->next = NULL;
		r->rc = alone(s, r, &rounds);
		r->next = next;
	}
}

/* work: the leader's part, without the queue's lock; returns what was chosen. */
static struct gp_store_lmdb_request *work(struct gp_store_lmdb *s)
{
	MDB_txn *txn;
	gp_store_lmdb_room_keep(&s->room);
	/* calls that arrive while another process holds up this one are in the batch, too */
	int rc = gp_store_lmdb_envs_begin(&s->envs, GP_STORE_LMDB_COUNTERS, 0, &txn);
	struct gp_store_lmdb_request *list = choose(s);
	if (rc)
		finish(list, rc);
	else if (transact(s, txn, list) == 0)
		finish(list, GP_OK);
	else
		one_by_one(s, list);
	return list;
}

/* pass_to: sets the stage and wakes the thread, if it sleeps. The lock is held. */
static void pass_to(struct gp_store_lmdb_request *r, enum stage stage)
{
	/* a thread that sleeps needs the lock to go on, one that does not may be gone after this */
	bool sleeps = r->sleeps;
	set_stage(r, stage);
	if (sleeps)
		pthread_cond_signal(&r->wake);
}

/* lead: batch after batch; after some the first of those that wait leads on. */
static void lead(struct gp_store_lmdb *s)
{
	for (unsigned round = 1;; round++) {
		struct gp_store_lmdb_request *list = work(s);
		pthread_mutex_lock(&s->queue_lock);
		for (struct gp_store_lmdb_request *r = list, *next; r; r = next) {
			next = r->next;
			pass_to(r, DONE);
		}
		s->led = s->first != NULL;
		bool ends = !s->led || round == ROUNDS;
		if (s->led && ends)
			pass_to(s->first, LEADS);
		pthread_mutex_unlock(&s->queue_lock);
		if (ends)
			return;
	}
}

/* withdraw: out of the queue, in time. The lock is held. */
static void withdraw(struct gp_store_lmdb *s, struct gp_store_lmdb_request *r)
{
	struct gp_store_lmdb_request **at = &s->first, *before = NULL;
	while (*at != r) {
		before = *at;
		at = &before->next;
	}
	*at = r->next;
	if (s->last == r)
		s->last = before;
}

/* is_ready: done, or ours to lead? */
static bool is_ready(const struct gp_store_lmdb_request *r)
{
	int stage = stage_of(r);
	return stage == DONE || stage == LEADS;
}

/* sleep_on: until it is ready, or the deadline has come before a leader chose it. */
static int sleep_on(struct gp_store_lmdb *s, struct gp_store_lmdb_request *r, struct gp_ctx *ctx)
{
	struct timespec end = gp_clock_after_ms(gp_clock_left_ms(ctx->clock, ctx->deadline_us));
	int waited = 0, rc = GP_OK;
	pthread_mutex_lock(&s->queue_lock);
	r->sleeps = true;
	while (!is_ready(r) && rc == GP_OK) {
		if (stage_of(r) == CHOSEN) {
			pthread_cond_wait(&r->wake, &s->queue_lock);
		} else if (waited == ETIMEDOUT) {
			withdraw(s, r);
			rc = GP_ETIMEOUT;
		} else {
			waited = pthread_cond_timedwait(&r->wake, &s->queue_lock, &end);
		}
	}
	pthread_mutex_unlock(&s->queue_lock);
	return rc;
}

/* await: a leader mostly is so quick that sleeping costs more than letting others run. */
static int await(struct gp_store_lmdb *s, struct gp_store_lmdb_request *r, struct gp_ctx *ctx)
{
	for (int i = 0; i < YIELDS; i++) {
		if (is_ready(r))
			return GP_OK;
		sched_yield();
	}
	return sleep_on(s, r, ctx);
}

/* take_turn: into the queue, then lead or wait. */
static int take_turn(struct gp_store_lmdb *s, struct gp_ctx *ctx, struct gp_store_lmdb_request *r)
{
	int rc = gp_clock_condition(&r->wake);
	if (rc)
		return rc;
	pthread_mutex_lock(&s->queue_lock);
	if (s->last)
		s->last->next = r;
	else
		s->first = r;
	s->last = r;
	bool leads = !s->led;
	s->led = true;
	set_stage(r, leads ? LEADS : QUEUED);
	pthread_mutex_unlock(&s->queue_lock);
	rc = leads ? GP_OK : await(s, r, ctx);
	if (rc == GP_OK && stage_of(r) == LEADS)
		lead(s);
	pthread_cond_destroy(&r->wake);
	return rc ? rc : r->rc;
}

/* lmdb_take: what is counted only. */
static int lmdb_take(
	void *self, struct gp_ctx *ctx, int64_t now_ms, struct gp_store_keyed *takes, size_t count)
{
	struct gp_store_lmdb_request r = {.takes = takes, .count = count, .now_ms = now_ms};
	return take_turn(self, ctx, &r);
}

/* read_softs: what changes nothing waits for nobody. */
static int read_softs(struct gp_store_lmdb *s, int64_t now_ms, const struct gp_store_batch *batch)
{
	MDB_txn *txn;
	int rc = gp_store_lmdb_envs_begin(&s->envs, GP_STORE_LMDB_COUNTERS, MDB_RDONLY, &txn);
	if (rc)
		return rc;
	const struct gp_store_lmdb_soft_step step = {
		.envs = &s->envs, .txn = txn, .now_ms = now_ms};
	rc = gp_store_lmdb_soft_run(&step, NULL, batch->softs, batch->soft_count);
	mdb_txn_abort(txn);
	if (rc)
		rc = gp_store_lmdb_env_trouble(&s->envs, &s->envs.env[GP_STORE_LMDB_COUNTERS], rc);
	gp_store_lmdb_envs_leave(&s->envs);
	return rc;
}

/* lmdb_run: facts lie in a file of their own, where reading waits for nobody. */
static int lmdb_run(
	void *self, struct gp_ctx *ctx, int64_t now_ms, const struct gp_store_batch *batch)
{
	struct gp_store_lmdb *s = self;
	struct gp_store_lmdb_request r = {.takes = batch->takes,
		.count = batch->take_count,
		.softs = batch->softs,
		.soft_count = batch->soft_count,
		.now_ms = now_ms};
	int rc = gp_store_lmdb_soft_read_facts(&s->envs, now_ms, batch);
	if (rc)
		return rc;
	return batch->take_count || gp_store_lmdb_soft_writes(batch) ? take_turn(s, ctx, &r)
								     : read_softs(s, now_ms, batch);
}

/* ---- forgetting ---- */

/* forget_in: within a transaction; a status of LMDB. */
static int forget_in(struct gp_store_lmdb *s, MDB_txn *txn, const unsigned char *key_bytes,
	uint32_t id, struct gp_store_lmdb_record *record)
{
	int rc = gp_store_lmdb_subject_load(&s->envs, txn, key_bytes, record);
	if (rc)
		return rc;
	gp_store_lmdb_record_forget(record, id);
	return gp_store_lmdb_subject_save(&s->envs, txn, key_bytes, record);
}

/* lmdb_forget: a transaction of its own. */
static int lmdb_forget(
	void *self, struct gp_ctx *ctx, const unsigned char key[GP_STORE_KEY], uint32_t id)
{
	struct gp_store_lmdb *s = self;
	MDB_txn *txn;
	(void)ctx;
	struct gp_store_lmdb_record *record = malloc(sizeof *record);
	if (!record)
		return GP_ENOMEM;
	int rc = gp_store_lmdb_envs_begin(&s->envs, GP_STORE_LMDB_COUNTERS, 0, &txn);
	if (rc == GP_OK)
		rc = gp_store_lmdb_envs_end(
			&s->envs, GP_STORE_LMDB_COUNTERS, txn, forget_in(s, txn, key, id, record));
	free(record);
	return rc;
}

/* ---- facts ---- */

/* change_fact: a value for the key, or none for NULL; durable when the transaction has ended. */
static int change_fact(struct gp_store_lmdb *s, struct gp_span key, const struct gp_span *value,
	int64_t expires_ms)
{
	MDB_txn *txn;
	int rc = gp_store_lmdb_envs_begin(&s->envs, GP_STORE_LMDB_FACTS, 0, &txn);
	if (rc)
		return rc;
	MDB_dbi dbi = s->envs.env[GP_STORE_LMDB_FACTS].dbi;
	MDB_val name = gp_store_lmdb_val_from(key.ptr, key.len);
	if (value) {
		MDB_val data = {GP_STORE_LMDB_FACT_HEAD + value->len, NULL};
		rc = mdb_put(txn, dbi, &name, &data, MDB_RESERVE);
		if (rc == 0)
			gp_store_lmdb_fact_encode(*value, expires_ms, data.mv_data);
	} else {
		rc = mdb_del(txn, dbi, &name, NULL);
		rc = rc == MDB_NOTFOUND ? 0 : rc;
	}
	return gp_store_lmdb_envs_end(&s->envs, GP_STORE_LMDB_FACTS, txn, rc);
}

/* lmdb_put: as change_fact. */
static int lmdb_put(void *self, struct gp_ctx *ctx, struct gp_span key, struct gp_span value,
	int64_t expires_ms)
{
	(void)ctx;
	return change_fact(self, key, &value, expires_ms);
}

/* lmdb_remove: absence is no error. */
static int lmdb_remove(void *self, struct gp_ctx *ctx, struct gp_span key)
{
	(void)ctx;
	return change_fact(self, key, NULL, 0);
}

/* ---- the backend ---- */

/* lmdb_close: the files first. */
static void lmdb_close(void *self)
{
	struct gp_store_lmdb *s = self;
	gp_store_lmdb_envs_fini(&s->envs);
	gp_store_lmdb_room_fini(&s->room);
	pthread_mutex_destroy(&s->queue_lock);
	free(s->records);
	free(s);
}

/* lmdb_now_ms: the environments' time. */
static int64_t lmdb_now_ms(void *self)
{
	return gp_store_lmdb_envs_now_ms(&((struct gp_store_lmdb *)self)->envs);
}

/* lmdb_tend: the environments' care, then room in them. */
static void lmdb_tend(void *self, struct gp_ctx *ctx)
{
	struct gp_store_lmdb *s = self;
	gp_store_lmdb_envs_tend(&s->envs, ctx);
	gp_store_lmdb_soft_sweep(&s->envs, &s->swept);
	gp_store_lmdb_room_tend(&s->room, ctx);
}

/* lmdb_health: the environments'. */
static void lmdb_health(void *self, struct gp_store_health *health_out)
{
	struct gp_store_lmdb *s = self;
	gp_store_lmdb_envs_health(&s->envs, health_out);
	health_out->forgotten = atomic_load(&s->room.gone);
	health_out->forgotten_disk = atomic_load(&s->room.gone_disk);
	health_out->disk_is_full = atomic_load(&s->room.disk_is_full);
}

static const struct gp_store_backend lmdb_backend = {
	.close = lmdb_close,
	.now_ms = lmdb_now_ms,
	.take = lmdb_take,
	.run = lmdb_run,
	.forget = lmdb_forget,
	.scan = gp_store_lmdb_scan,
	.put = lmdb_put,
	.remove = lmdb_remove,
	.facts = gp_store_lmdb_facts,
	.records = gp_store_lmdb_records,
	.join = gp_store_lmdb_join,
	.tend = lmdb_tend,
	.health = lmdb_health,
};

/* new_store: with its locks, nothing open. */
static int new_store(const char *directory, const struct gp_store_options *options,
	struct gp_ctx *ctx, struct gp_store_lmdb **store_out)
{
	struct gp_store_lmdb *s = calloc(1, sizeof *s);
	if (!s)
		return GP_ENOMEM;
	if (pthread_mutex_init(&s->queue_lock, NULL) != 0) {
		free(s);
		return GP_ENOMEM;
	}
	int rc = gp_store_lmdb_room_init(&s->room, &s->envs);
	if (rc == GP_OK) {
		rc = gp_store_lmdb_envs_init(&s->envs, directory, options, ctx);
		if (rc)
			gp_store_lmdb_room_fini(&s->room);
	}
	if (rc) {
		pthread_mutex_destroy(&s->queue_lock);
		free(s);
		return rc;
	}
	*store_out = s;
	return GP_OK;
}

/* gp_store_lmdb_open: a directory that cannot be used now is tried again by tend. */
int gp_store_lmdb_open(
	const struct gp_store_options *options, struct gp_ctx *ctx, struct gp_store **store_out)
{
	struct gp_store_uri uri;
	const char *problem;
	struct gp_store_lmdb *s;
	if (options->uri_count != 1 ||
		gp_store_uri_parse(gp_span_from(options->uris[0]), &uri, &problem) != GP_OK ||
		uri.scheme != GP_STORE_LMDB)
		return GP_EINVAL;
	int rc = new_store(uri.path, options, ctx, &s);
	if (rc)
		return rc;
	int wait_ms = gp_clock_left_ms(ctx->clock, ctx->deadline_us);
	rc = gp_store_lmdb_envs_open(
		&s->envs, ctx, wait_ms < OPEN_WAIT_MS ? wait_ms : OPEN_WAIT_MS);
	if (rc == GP_OK)
		gp_store_lmdb_room_opened(&s->room);
	rc = rc == GP_ENOMEM ? rc : gp_store_wrap(&lmdb_backend, s, store_out);
	if (rc)
		lmdb_close(s);
	return rc;
}
