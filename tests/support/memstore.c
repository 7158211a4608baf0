/* SPDX-License-Identifier: ISC */
/* Counters and facts in two plain arrays that are searched from the front; one lock for all. */
#include "support/memstore.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_private.h"
#include "store/store_soft.h"

#define FIRST_NOW_MS 1000000000000LL

/* One window of one subject. */
struct counter {
	unsigned char key[GP_STORE_KEY];
	char name[GP_STORE_NAME_MAX];
	size_t name_length;
	uint32_t id;
	struct gp_store_window window;
};

struct fact {
	char key[GP_STORE_FACT_KEY_MAX], value[GP_STORE_FACT_VALUE_MAX];
	size_t key_length, value_length;
	int64_t expires_ms;
};

/* A soft fact or a seen set, as its bytes. */
struct soft {
	unsigned char key[GP_STORE_KEY];
	bool is_set;
	uint32_t kind;
	unsigned char bytes[GP_STORE_SEEN_RECORD];
	size_t size;
};

struct gp_test_memstore {
	pthread_mutex_t lock; /* guards all that follows */
	struct counter *counters;
	size_t counter_count, counter_size;
	struct fact *facts;
	size_t fact_count, fact_size;
	struct soft *softs;
	size_t soft_count, soft_size;
	int64_t now_ms;
	int fail;
};

/* grown: the array with room for one more; want of memory ends the program. */
static void *grown(void *array, size_t count, size_t *size, size_t each)
{
	if (count < *size)
		return array;
	*size = *size ? *size * 2 : 64;
	array = realloc(array, *size * each);
	if (!array) {
		fprintf(stderr, "memstore: out of memory\n");
		abort();
	}
	return array;
}

/* begin: takes the lock; a status other than 0 is to be returned as it is, without the lock. */
static int begin(struct gp_test_memstore *h)
{
	pthread_mutex_lock(&h->lock);
	int rc = h->fail;
	if (rc)
		pthread_mutex_unlock(&h->lock);
	return rc;
}

/* end: gives the lock back. */
static int end(struct gp_test_memstore *h)
{
	pthread_mutex_unlock(&h->lock);
	return GP_OK;
}

/* find: a counter of a subject, or NULL. */
static struct counter *find(
	struct gp_test_memstore *h, const unsigned char key[GP_STORE_KEY], uint32_t id)
{
	for (size_t i = 0; i < h->counter_count; i++)
		if (h->counters[i].id == id && memcmp(h->counters[i].key, key, GP_STORE_KEY) == 0)
			return &h->counters[i];
	return NULL;
}

/* load: a copy of the counter's window, or an empty one. */
static void load(struct gp_test_memstore *h, const struct gp_store_keyed *take,
	const struct gp_store_count *count, int64_t now_ms, struct gp_store_window *window_out)
{
	const struct counter *c = find(h, take->key, count->id);
	if (c && c->window.per_ms == count->per_ms)
		*window_out = c->window;
	else
		gp_store_window_init(window_out, count->per_ms, now_ms);
}

/* save: the window in place of what was there. */
static void save(struct gp_test_memstore *h, const struct gp_store_keyed *take, uint32_t id,
	const struct gp_store_window *window)
{
	struct counter *c = find(h, take->key, id);
	if (!c) {
		h->counters =
			grown(h->counters, h->counter_count, &h->counter_size, sizeof *h->counters);
		c = &h->counters[h->counter_count++];
		memcpy(c->key, take->key, GP_STORE_KEY);
		c->id = id;
	}
	memcpy(c->name, take->name.ptr, take->name.len);
	c->name_length = take->name.len;
	c->window = *window;
}

/* test_all: fills in the results; has every counter that is not forced room? */
static bool test_all(
	struct gp_test_memstore *h, int64_t now_ms, struct gp_store_keyed *takes, size_t count)
{
	struct gp_store_window window;
	bool room = true;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < takes[i].count; j++) {
			struct gp_store_count *c = &takes[i].counts[j];
			load(h, &takes[i], c, now_ms, &window);
			gp_store_window_test(&window, c, now_ms);
			room = room && !c->refused;
		}
	}
	return room;
}

/* changes: would counting take or release anything at this subject? */
static bool changes(struct gp_test_memstore *h, int64_t now_ms, const struct gp_store_keyed *take)
{
	struct gp_store_window window;
	bool any = false;
	for (size_t j = 0; j < take->count; j++) {
		const struct gp_store_count *c = &take->counts[j];
		load(h, take, c, now_ms, &window);
		gp_store_window_advance(&window, now_ms);
		any = any || c->take > 0 || gp_store_window_back(&window, c->back, c->back_ms) > 0;
	}
	return any;
}

/* purge: windows of the subject that count nothing; the last counter takes the place of each. */
static void purge(struct gp_test_memstore *h, int64_t now_ms, const struct gp_store_keyed *take)
{
	for (size_t i = h->counter_count; i > 0; i--) {
		struct counter *c = &h->counters[i - 1];
		struct gp_store_window window = c->window;
		if (memcmp(c->key, take->key, GP_STORE_KEY) != 0)
			continue;
		gp_store_window_advance(&window, now_ms);
		if (window.entries == 0)
			*c = h->counters[--h->counter_count];
	}
}

/* count_one: all counters of a subject; saved only when the subject changes. */
static void count_one(struct gp_test_memstore *h, int64_t now_ms, struct gp_store_keyed *take)
{
	struct gp_store_window window;
	bool changed = changes(h, now_ms, take);
	for (size_t j = 0; j < take->count; j++) {
		struct gp_store_count *c = &take->counts[j];
		load(h, take, c, now_ms, &window);
		gp_store_window_test(&window, c, now_ms);
		gp_store_window_count(&window, c, now_ms);
		if (changed)
			save(h, take, c->id, &window);
	}
	if (changed)
		purge(h, now_ms, take);
}

/* mem_take: test all, then count all. */
static int mem_take(
	void *self, struct gp_ctx *ctx, int64_t now_ms, struct gp_store_keyed *takes, size_t count)
{
	struct gp_test_memstore *h = self;
	(void)ctx;
	int rc = begin(h);
	if (rc)
		return rc;
	if (test_all(h, now_ms, takes, count))
		for (size_t i = 0; i < count; i++)
			count_one(h, now_ms, &takes[i]);
	return end(h);
}

/* mem_forget: the last counter takes the place of each that goes. */
static int mem_forget(
	void *self, struct gp_ctx *ctx, const unsigned char key[GP_STORE_KEY], uint32_t id)
{
	struct gp_test_memstore *h = self;
	(void)ctx;
	int rc = begin(h);
	if (rc)
		return rc;
	for (size_t i = h->counter_count; i > 0; i--) {
		struct counter *c = &h->counters[i - 1];
		if ((id == 0 || c->id == id) && memcmp(c->key, key, GP_STORE_KEY) == 0)
			*c = h->counters[--h->counter_count];
	}
	return end(h);
}

/* is_of: do the two belong to one subject? */
static bool is_of(const struct counter *c, const struct counter *other)
{
	return memcmp(c->key, other->key, sizeof c->key) == 0;
}

/* show_counter: if it counts anything; advances a copy. */
static bool show_counter(const struct counter *c, int64_t now_ms,
	bool (*visit)(void *arg, const struct gp_store_usage *usage), void *arg)
{
	struct gp_store_window window = c->window;
	gp_store_window_advance(&window, now_ms);
	const struct gp_store_usage usage = {
		{c->name, c->name_length}, c->id, window.per_ms, gp_store_window_used(&window)};
	return usage.used == 0 || visit(arg, &usage);
}

/* mem_scan: subject by subject, at its first counter. */
static int mem_scan(void *self, struct gp_ctx *ctx, int64_t now_ms,
	bool (*visit)(void *arg, const struct gp_store_usage *usage), void *arg)
{
	struct gp_test_memstore *h = self;
	bool more = true;
	(void)ctx;
	int rc = begin(h);
	if (rc)
		return rc;
	for (size_t i = 0; more && i < h->counter_count; i++) {
		size_t first = 0;
		while (!is_of(&h->counters[first], &h->counters[i]))
			first++;
		for (size_t k = i; first == i && more && k < h->counter_count; k++)
			if (is_of(&h->counters[k], &h->counters[i]))
				more = show_counter(&h->counters[k], now_ms, visit, arg);
	}
	return end(h);
}

/* find_fact: by its key, or NULL. */
static struct fact *find_fact(struct gp_test_memstore *h, struct gp_span key)
{
	for (size_t i = 0; i < h->fact_count; i++)
		if (gp_span_equal((struct gp_span) {h->facts[i].key, h->facts[i].key_length}, key))
			return &h->facts[i];
	return NULL;
}

/* mem_put: in place of one with this key. */
static int mem_put(void *self, struct gp_ctx *ctx, struct gp_span key, struct gp_span value,
	int64_t expires_ms)
{
	struct gp_test_memstore *h = self;
	(void)ctx;
	int rc = begin(h);
	if (rc)
		return rc;
	struct fact *f = find_fact(h, key);
	if (!f) {
		h->facts = grown(h->facts, h->fact_count, &h->fact_size, sizeof *h->facts);
		f = &h->facts[h->fact_count++];
		memcpy(f->key, key.ptr, key.len);
		f->key_length = key.len;
	}
	if (value.len > 0)
		memcpy(f->value, value.ptr, value.len);
	f->value_length = value.len;
	f->expires_ms = expires_ms;
	return end(h);
}

/* mem_remove: the last takes its place. */
static int mem_remove(void *self, struct gp_ctx *ctx, struct gp_span key)
{
	struct gp_test_memstore *h = self;
	(void)ctx;
	int rc = begin(h);
	if (rc)
		return rc;
	struct fact *f = find_fact(h, key);
	if (f)
		*f = h->facts[--h->fact_count];
	return end(h);
}

/* mem_facts: those alive. */
static int mem_facts(void *self, struct gp_ctx *ctx, int64_t now_ms, struct gp_span prefix,
	bool (*visit)(void *arg, const struct gp_store_fact *fact), void *arg)
{
	struct gp_test_memstore *h = self;
	bool more = true;
	(void)ctx;
	int rc = begin(h);
	if (rc)
		return rc;
	for (size_t i = 0; more && i < h->fact_count; i++) {
		const struct fact *f = &h->facts[i];
		const struct gp_store_fact fact = {
			{f->key, f->key_length}, {f->value, f->value_length}, f->expires_ms};
		bool begins = f->key_length >= prefix.len &&
			      gp_span_equal((struct gp_span) {f->key, prefix.len}, prefix);
		if (begins && (f->expires_ms == 0 || f->expires_ms > now_ms))
			more = visit(arg, &fact);
	}
	return end(h);
}

/* ---- soft facts and seen sets ---- */

/* find_soft: by key, or NULL. */
static struct soft *find_soft(struct gp_test_memstore *h, const unsigned char key[GP_STORE_KEY],
	bool is_set, uint32_t kind)
{
	for (size_t i = 0; i < h->soft_count; i++)
		if (h->softs[i].is_set == is_set && h->softs[i].kind == kind &&
			memcmp(h->softs[i].key, key, GP_STORE_KEY) == 0)
			return &h->softs[i];
	return NULL;
}

/* make_soft: an empty one. */
static struct soft *make_soft(struct gp_test_memstore *h, const unsigned char key[GP_STORE_KEY],
	bool is_set, uint32_t kind)
{
	h->softs = grown(h->softs, h->soft_count, &h->soft_size, sizeof *h->softs);
	struct soft *s = &h->softs[h->soft_count++];
	memcpy(s->key, key, GP_STORE_KEY);
	s->is_set = is_set;
	s->kind = kind;
	s->size = 0;
	return s;
}

/* read_note: into a result. */
static void read_note(const struct soft *s, int64_t now_ms, struct gp_store_value *value_out)
{
	struct gp_span value;
	int64_t expires_ms;
	gp_store_value_clear(value_out);
	if (s && gp_store_note_decode(
			 (struct gp_span) {(const char *)s->bytes, s->size}, &value, &expires_ms))
		gp_store_value_set(value_out, value, expires_ms, now_ms);
}

/* get_one: of either kind. */
static void get_one(struct gp_test_memstore *h, const struct gp_store_soft *op, int64_t now_ms)
{
	struct gp_store_get *get = op->get;
	const struct fact *f = get->soft ? NULL : find_fact(h, get->key);
	if (get->soft)
		read_note(find_soft(h, op->key, false, 0), now_ms, &get->value);
	else if (f)
		gp_store_value_set(&get->value, (struct gp_span) {f->value, f->value_length},
			f->expires_ms, now_ms);
}

/* note_one: the last takes the place of one that goes. */
static void note_one(struct gp_test_memstore *h, const struct gp_store_soft *op, int64_t now_ms)
{
	struct soft *s = find_soft(h, op->key, false, 0);
	read_note(s, now_ms, &op->note->before);
	if (op->note->unless_there && op->note->before.found == GP_STORE_FOUND)
		return;
	if (op->expires_ms <= now_ms) {
		if (s)
			*s = h->softs[--h->soft_count];
		return;
	}
	s = s ? s : make_soft(h, op->key, false, 0);
	gp_store_note_encode(op->note->value, op->expires_ms, s->bytes);
	s->size = GP_STORE_NOTE_HEAD + op->note->value.len;
}

/* see_one: a set that has changed is saved. */
static void see_one(struct gp_test_memstore *h, const struct gp_store_soft *op, int64_t now_ms)
{
	struct soft *s = find_soft(h, op->key, true, op->see->kind);
	struct gp_store_seen seen = {.count = 0};
	if (s && !gp_store_seen_decode((struct gp_span) {(const char *)s->bytes, s->size}, &seen))
		abort();
	if (!gp_store_seen_step(&seen, op, now_ms))
		return;
	s = s ? s : make_soft(h, op->key, true, op->see->kind);
	gp_store_seen_encode(&seen, now_ms + gp_store_seen_keep_ms(op->see), s->bytes);
	s->size = gp_store_seen_size(&seen);
}

/* mem_run: takes, then the rest. */
static int mem_run(
	void *self, struct gp_ctx *ctx, int64_t now_ms, const struct gp_store_batch *batch)
{
	struct gp_test_memstore *h = self;
	(void)ctx;
	int rc = begin(h);
	if (rc)
		return rc;
	if (test_all(h, now_ms, batch->takes, batch->take_count))
		for (size_t i = 0; i < batch->take_count; i++)
			count_one(h, now_ms, &batch->takes[i]);
	for (size_t i = 0; i < batch->soft_count; i++) {
		const struct gp_store_soft *op = &batch->softs[i];
		if (op->kind == GP_STORE_OP_GET)
			get_one(h, op, now_ms);
		else if (op->kind == GP_STORE_OP_NOTE)
			note_one(h, op, now_ms);
		else
			see_one(h, op, now_ms);
	}
	return end(h);
}

/* mem_now_ms: as it was set. */
static int64_t mem_now_ms(void *self)
{
	struct gp_test_memstore *h = self;
	pthread_mutex_lock(&h->lock);
	int64_t now_ms = h->now_ms;
	pthread_mutex_unlock(&h->lock);
	return now_ms;
}

/* mem_tend: nothing to do. */
static void mem_tend(void *self, struct gp_ctx *ctx)
{
	(void)self;
	(void)ctx;
}

/* mem_health: down while told to fail. */
static void mem_health(void *self, struct gp_store_health *health_out)
{
	struct gp_test_memstore *h = self;
	pthread_mutex_lock(&h->lock);
	health_out->up = h->fail == 0;
	snprintf(health_out->where, sizeof health_out->where, "memory");
	if (h->fail) {
		snprintf(health_out->problem, sizeof health_out->problem, "told to fail: %s",
			gp_err_text(h->fail));
		health_out->problem_age_ms = 0;
	}
	pthread_mutex_unlock(&h->lock);
}

/* mem_close: everything. */
static void mem_close(void *self)
{
	struct gp_test_memstore *h = self;
	pthread_mutex_destroy(&h->lock);
	free(h->counters);
	free(h->facts);
	free(h->softs);
	free(h);
}

static const struct gp_store_backend mem_backend = {
	.close = mem_close,
	.now_ms = mem_now_ms,
	.take = mem_take,
	.run = mem_run,
	.forget = mem_forget,
	.scan = mem_scan,
	.put = mem_put,
	.remove = mem_remove,
	.facts = mem_facts,
	.tend = mem_tend,
	.health = mem_health,
};

/* gp_test_memstore_new: empty. */
int gp_test_memstore_new(struct gp_test_memstore **handle_out, struct gp_store **store_out)
{
	struct gp_test_memstore *h = calloc(1, sizeof *h);
	if (!h)
		return GP_ENOMEM;
	pthread_mutex_init(&h->lock, NULL);
	h->now_ms = FIRST_NOW_MS;
	int rc = gp_store_wrap(&mem_backend, h, store_out);
	if (rc)
		mem_close(h);
	else
		*handle_out = h;
	return rc;
}

/* gp_test_memstore_set_now: under the lock, since other threads read it. */
void gp_test_memstore_set_now(struct gp_test_memstore *handle, int64_t now_ms)
{
	pthread_mutex_lock(&handle->lock);
	handle->now_ms = now_ms;
	pthread_mutex_unlock(&handle->lock);
}

/* gp_test_memstore_fail: until 0 is set. */
void gp_test_memstore_fail(struct gp_test_memstore *handle, int status)
{
	pthread_mutex_lock(&handle->lock);
	handle->fail = status;
	pthread_mutex_unlock(&handle->lock);
}
