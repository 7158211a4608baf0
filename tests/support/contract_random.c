/* SPDX-License-Identifier: ISC */
/* Rows of the contract with random calls, held against a model, and with threads. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "support/contract_private.h"
#include "support/memstore.h"

#define THREADS 8

/* ---- properties ---- */

/* Random numbers that are the same everywhere. */
static uint64_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return *seed >> 33;
}

#define EVENTS 3000

/* Every event, for ever: what a window is measured against. */
struct events {
	size_t count;
	struct {
		int64_t at, amount;
	} event[EVENTS];
};

/* sum_since: of the events after from. */
static int64_t sum_since(const struct events *events, int64_t from)
{
	int64_t sum = 0;
	for (size_t i = events->count; i > 0 && events->event[i - 1].at > from; i--)
		sum += events->event[i - 1].amount;
	return sum;
}

/* against_every_event: one run with one window; events come in the order of time. */
static void against_every_event(
	struct gp_test_contract_fixture *f, const char *subject, int64_t per, uint64_t seed)
{
	static struct events events;
	const int64_t slot = (per + 63) / 64, max = 20 + (int64_t)(next_random(&seed) % 100);
	int64_t now = f->now + (int64_t)(next_random(&seed) % 100000);
	events.count = 0;
	while (events.count < EVENTS) {
		now += (int64_t)(next_random(&seed) % (uint64_t)(per / 40 + 1));
		struct gp_store_count c = {.id = 1,
			.per_ms = per,
			.max = max,
			.take = 1 + (int64_t)(next_random(&seed) % 8)};
		bool wants_back = events.count > 0 && next_random(&seed) % 5 == 0;
		int64_t *last = wants_back ? &events.event[events.count - 1].amount : NULL;
		if (wants_back) {
			c.back = *last;
			c.back_ms = events.event[events.count - 1].at;
		}
		bool lives = wants_back && c.back_ms > now - per; /* surely counted still */
		int64_t exact = sum_since(&events, now - per) - (lives ? *last : 0);
		int64_t most = sum_since(&events, now - per - slot) - (lives ? *last : 0);
		c = gp_test_one(f, now, subject, c);
		if (c.refused) {
			assert_true(most + c.take > max);
			continue;
		}
		assert_true(exact + c.take <= max);
		if (wants_back && (lives || c.used == c.take))
			*last = 0;
		events.event[events.count].at = now;
		events.event[events.count++].amount = c.take;
	}
}

/* never_more_than_max_in_any_interval: and no refusal but for one slot's sake. */
static void never_more_than_max_in_any_interval(void **state)
{
	static const int64_t pers[] = {1000, 1001, 60000, 64000, 3600000, DAY, GP_STORE_PER_MAX_MS};
	struct gp_test_contract_fixture *f = *state;
	for (size_t i = 0; i < sizeof pers / sizeof pers[0]; i++) {
		char subject[16];
		snprintf(subject, sizeof subject, "p%zu", i);
		against_every_event(f, subject, pers[i], 12345 + i);
	}
}

/* random_count: of few ids, amounts and times. */
static struct gp_store_count random_count(uint32_t id, int64_t now, uint64_t *seed)
{
	static const int64_t pers[] = {1000, 5000, 64000, 3600000};
	struct gp_store_count c = {.id = id, .per_ms = pers[id % 4]};
	c.max = (int64_t)(next_random(seed) % 40);
	c.take = (int64_t)(next_random(seed) % 6);
	c.forced = next_random(seed) % 8 == 0;
	if (next_random(seed) % 3 == 0) {
		c.back = (int64_t)(next_random(seed) % 6);
		c.back_ms = now - (int64_t)(next_random(seed) % (uint64_t)(c.per_ms * 2));
	}
	return c;
}

/* same_takes: the same call on both stores gives the same, field by field. */
static void same_takes(
	struct gp_test_contract_fixture *f, struct gp_store *model, int64_t now, uint64_t *seed)
{
	static const char *const names[] = {"a", "b", "c", "d"};
	struct gp_store_count ours[4][4], theirs[4][4];
	struct gp_store_take our[4], their[4];
	size_t subjects = 1 + next_random(seed) % 3, first = next_random(seed) % 4;
	for (size_t i = 0; i < subjects; i++) {
		size_t counts = 1 + next_random(seed) % 4;
		for (size_t j = 0; j < counts; j++) {
			ours[i][j] = random_count((uint32_t)j + 1, now, seed);
			theirs[i][j] = ours[i][j];
		}
		struct gp_span subject = gp_test_span(names[(first + i) % 4]);
		our[i] = (struct gp_store_take) {subject, ours[i], counts};
		their[i] = (struct gp_store_take) {subject, theirs[i], counts};
	}
	assert_int_equal(gp_store_take(f->store, &f->ctx, now, our, subjects), GP_OK);
	assert_int_equal(gp_store_take(model, &f->ctx, now, their, subjects), GP_OK);
	for (size_t i = 0; i < subjects; i++) {
		for (size_t j = 0; j < our[i].count; j++) {
			assert_int_equal(ours[i][j].used, theirs[i][j].used);
			assert_int_equal(ours[i][j].wait_ms, theirs[i][j].wait_ms);
			assert_int_equal(ours[i][j].refused, theirs[i][j].refused);
		}
	}
}

/* move_clock: mostly on, sometimes far, sometimes back. */
static int64_t move_clock(int64_t now, uint64_t *seed)
{
	switch (next_random(seed) % 40) {
	case 0:
		return now + (int64_t)(next_random(seed) % 100000000);
	case 1:
		return now - (int64_t)(next_random(seed) % 200000);
	case 2:
		return now - (int64_t)(next_random(seed) % 50);
	default:
		return now + (int64_t)(next_random(seed) % 700);
	}
}

/* the_same_as_in_memory: thousands of random calls on this store and on the one in memory. */
static void the_same_as_in_memory(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	struct gp_test_memstore *handle;
	struct gp_store *model;
	static struct gp_test_seen ours, theirs;
	uint64_t seed = 42;
	int64_t now = f->now;
	assert_int_equal(gp_test_memstore_new(&handle, &model), GP_OK);
	for (int i = 0; i < 6000; i++) {
		now = move_clock(now, &seed);
		same_takes(f, model, now, &seed);
		if (i % 50 == 0) {
			struct gp_span name = gp_test_span(i % 100 ? "a" : "b");
			uint32_t id = (uint32_t)(next_random(&seed) % 5);
			assert_int_equal(gp_store_forget(f->store, &f->ctx, name, id), GP_OK);
			assert_int_equal(gp_store_forget(model, &f->ctx, name, id), GP_OK);
		}
		if (i % 100 == 7) {
			ours.stop_at = theirs.stop_at = 0;
			gp_test_scan(f, now, &ours);
			memset(&theirs, 0, sizeof theirs);
			assert_int_equal(
				gp_store_scan(model, &f->ctx, now, gp_test_see, &theirs), GP_OK);
			assert_int_equal(ours.count, theirs.count);
			assert_int_equal(ours.used, theirs.used);
		}
	}
	gp_store_close(model);
}

/* ---- threads ---- */

/* What one thread does. */
struct taker {
	pthread_t thread;
	struct gp_test_contract_fixture *f;
	int calls, number;
	int accepted;
	bool right;
};

/* take_all: one counter that all share, one of its own. */
static void *take_all(void *arg)
{
	struct taker *t = arg;
	struct gp_ctx ctx = t->f->ctx;
	t->right = true;
	for (int i = 0; i < t->calls; i++) {
		char own[16];
		snprintf(own, sizeof own, "own%d", t->number);
		struct gp_store_count c[2] = {gp_test_counter(1, THREADS * t->calls / 2, 1),
			gp_test_counter(2, t->calls, 1)};
		struct gp_store_take takes[2] = {
			{gp_test_span("shared"), &c[0], 1}, {gp_test_span(own), &c[1], 1}};
		int rc = gp_store_take(t->f->store, &ctx, t->f->now, takes, 2);
		t->accepted += rc == GP_OK && !c[0].refused;
		t->right = t->right && rc == GP_OK && c[1].used == t->accepted;
	}
	return NULL;
}

/* threads_take_exactly_max: half of what they ask for together. */
static void threads_take_exactly_max(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	struct taker takers[THREADS] = {0};
	int accepted = 0;
	for (int i = 0; i < THREADS; i++) {
		takers[i] = (struct taker) {.f = f, .calls = 500, .number = i};
		assert_int_equal(pthread_create(&takers[i].thread, NULL, take_all, &takers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(takers[i].thread, NULL);
		accepted += takers[i].accepted;
	}
	for (int i = 0; i < THREADS; i++)
		assert_true(takers[i].right);
	assert_int_equal(accepted, THREADS * 500 / 2);
	assert_int_equal(
		gp_test_one(f, f->now, "shared", gp_test_counter(1, 9, 0)).used, THREADS * 500 / 2);
}

const struct gp_test_contract_row gp_test_contract_random[] = {
	{"never_more_than_max_in_any_interval", never_more_than_max_in_any_interval},
	{"the_same_as_in_memory", the_same_as_in_memory},
	{"threads_take_exactly_max", threads_take_exactly_max},
	{NULL, NULL},
};
