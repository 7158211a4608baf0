/* SPDX-License-Identifier: ISC */
/*
 * A backend gives and takes records in times of its own; here they are moved to the Unix clock and
 * back. Slots of a window begin at multiples of their width, so a window moves by whole slots.
 */
#include "store/store_move.h"

#include <stdlib.h>
#include <string.h>

#include "store/store_private.h"

#define TIME_MAX (1LL << 50) /* as store.h bounds times */
#define SUM_MAX (1LL << 53)

/* ---- clocks ---- */

/* apart: by how much a time of one clock is moved to be one of the other. */
static int64_t apart(int64_t to_ms, int64_t from_ms)
{
	int64_t ms = to_ms - from_ms;
	return ms >= -GP_STORE_MOVE_APART_MS && ms <= GP_STORE_MOVE_APART_MS ? 0 : ms;
}

/* moved: a time, within its bounds; what is never stays so. */
static int64_t moved(int64_t at_ms, int64_t by_ms)
{
	at_ms += by_ms;
	return at_ms < 0 ? 0 : at_ms > TIME_MAX ? TIME_MAX : at_ms;
}

/* move_slots: each slot to the one that ends no earlier than it. */
static void move_slots(struct gp_store_counter *counter, int64_t by_ms)
{
	for (unsigned i = 0; i < counter->slot_count; i++) {
		struct gp_store_slot *slot = &counter->slots[i];
		slot->begin_ms = moved(slot->begin_ms, by_ms);
	}
}

/* move_record: all times of it. */
static void move_record(struct gp_store_record *record, int64_t by_ms)
{
	if (by_ms == 0)
		return;
	for (size_t i = 0; record->kind == GP_STORE_RECORD_COUNTERS && i < record->count; i++)
		move_slots(&record->counters[i], by_ms);
	for (size_t i = 0; record->kind == GP_STORE_RECORD_SEEN && i < record->count; i++)
		record->items[i].at_ms = moved(record->items[i].at_ms, by_ms);
	if (record->expires_ms)
		record->expires_ms = moved(record->expires_ms, by_ms) > 0
					     ? moved(record->expires_ms, by_ms)
					     : 1; /* long over, and not for ever */
}

/* ---- windows ---- */

/* gp_store_counter_of: as it is saved, not as it counts now. */
void gp_store_counter_of(
	const struct gp_store_window *window, uint32_t id, struct gp_store_counter *counter_out)
{
	int64_t width = gp_store_window_width(window->per_ms);
	counter_out->id = id;
	counter_out->per_ms = window->per_ms;
	counter_out->slot_count = window->entries;
	for (unsigned i = 0; i < window->entries; i++) {
		int64_t slot = window->last - window->entry[i].age;
		counter_out->slots[i] = (struct gp_store_slot) {
			.begin_ms = slot > 0 ? slot * width : 0, .count = window->entry[i].count};
	}
}

/* slot_of: the one in which a slot that began then is wholly over; none is later than now. */
static int64_t slot_of(int64_t begin_ms, int64_t width, int64_t now_slot)
{
	int64_t slot = (begin_ms + width - 1) / width;
	return slot > now_slot ? now_slot : slot;
}

/* place_of: the entry of that age, or where it belongs. */
static unsigned place_of(const struct gp_store_window *window, int64_t age)
{
	unsigned i = 0;
	while (i < window->entries && window->entry[i].age < age)
		i++;
	return i;
}

/* put: a sum into the slot of that age: the larger one stays. */
static void put(struct gp_store_window *window, int64_t age, int64_t sum)
{
	unsigned i = place_of(window, age);
	if (i < window->entries && window->entry[i].age == age) {
		if (window->entry[i].count < sum)
			window->entry[i].count = sum;
		return;
	}
	/* at most 65 ages, each once: there is room */
	memmove(&window->entry[i + 1], &window->entry[i],
		(window->entries - i) * sizeof window->entry[0]);
	window->entry[i].age = (uint8_t)age;
	window->entry[i].count = sum;
	window->entries++;
}

/* gp_store_window_join: slots that fall together are one, with their sum. */
void gp_store_window_join(
	struct gp_store_window *window, const struct gp_store_counter *counter, int64_t now_ms)
{
	int64_t width = gp_store_window_width(window->per_ms);
	gp_store_window_advance(window, now_ms);
	/* an empty one stands where it was left; its ages count from its last slot */
	if (window->entries == 0)
		window->last = now_ms / width;
	for (unsigned i = 0; i < counter->slot_count;) {
		int64_t slot = slot_of(counter->slots[i].begin_ms, width, window->last), sum = 0;
		for (; i < counter->slot_count &&
			slot_of(counter->slots[i].begin_ms, width, window->last) == slot;
			i++)
			sum = counter->slots[i].count < SUM_MAX - sum
				      ? sum + counter->slots[i].count
				      : SUM_MAX;
		if (window->last - slot <= GP_STORE_SLOTS && sum > 0)
			put(window, window->last - slot, sum);
	}
	gp_store_window_advance(window, now_ms);
}

/* ---- out ---- */

struct export
{
	int64_t by_ms;
	bool (*visit)(void *arg, const struct gp_store_record *record);
	void *arg;
	struct gp_store_record *fact; /* to make facts in */
	bool is_stopped;
};

/* show: in Unix time. */
static bool show(void *arg, struct gp_store_record *record)
{
	struct export *e = arg;
	move_record(record, e->by_ms);
	e->is_stopped = !e->visit(e->arg, record);
	return !e->is_stopped;
}

/* show_fact: visitor of gp_store_facts. */
static bool show_fact(void *arg, const struct gp_store_fact *fact)
{
	struct export *e = arg;
	e->fact->kind = GP_STORE_RECORD_FACT;
	e->fact->name = fact->key;
	e->fact->value = fact->value;
	e->fact->expires_ms = fact->expires_ms;
	e->fact->count = 0;
	return show(e, e->fact);
}

/* gp_store_export: facts first: there are few. At time 0 none has expired. */
int gp_store_export(struct gp_store *store, struct gp_ctx *ctx, int64_t unix_ms,
	bool (*visit)(void *arg, const struct gp_store_record *record), void *arg)
{
	struct gp_store *part = gp_store_part(store, GP_STORE_CONFIGURED);
	struct export e = {.visit = visit, .arg = arg};
	const struct gp_store_backend *backend;
	void *self = gp_store_inside(part, &backend);
	if (!backend->records)
		return GP_EINVAL;
	e.by_ms = apart(unix_ms, gp_store_now_ms(part));
	e.fact = calloc(1, sizeof *e.fact);
	if (!e.fact)
		return GP_ENOMEM;
	int rc = gp_store_facts(part, ctx, 0, (struct gp_span) {NULL, 0}, show_fact, &e);
	if (rc == GP_OK && !e.is_stopped)
		rc = backend->records(self, ctx, show, &e);
	free(e.fact);
	return rc;
}

/* ---- in ---- */

/* is_counter_over: does none of its slots count any more? */
static bool is_counter_over(const struct gp_store_counter *counter, int64_t unix_ms)
{
	int64_t width = gp_store_window_width(counter->per_ms);
	for (unsigned i = 0; i < counter->slot_count; i++)
		if (counter->slots[i].begin_ms + width + counter->per_ms > unix_ms)
			return false;
	return true;
}

/* gp_store_record_is_over: of counters all of them. */
bool gp_store_record_is_over(const struct gp_store_record *record, int64_t unix_ms)
{
	if (record->kind != GP_STORE_RECORD_COUNTERS)
		return record->expires_ms != 0 && record->expires_ms <= unix_ms;
	for (size_t i = 0; i < record->count; i++)
		if (!is_counter_over(&record->counters[i], unix_ms))
			return false;
	return true;
}

/* are_counters: within the bounds of store.h, none twice. */
static bool are_counters(const struct gp_store_record *record)
{
	if (record->count == 0 || record->count > GP_STORE_MOVE_COUNTERS ||
		record->name.len > GP_STORE_NAME_MAX)
		return false;
	for (size_t i = 0; i < record->count; i++) {
		const struct gp_store_counter *c = &record->counters[i];
		if (c->id == 0 || c->per_ms < GP_STORE_PER_MIN_MS ||
			c->per_ms > GP_STORE_PER_MAX_MS || c->slot_count == 0 ||
			c->slot_count > GP_STORE_ENTRIES)
			return false;
		for (unsigned k = 0; k < c->slot_count; k++)
			if (c->slots[k].begin_ms < 0 || c->slots[k].begin_ms > TIME_MAX ||
				c->slots[k].count < 1 || c->slots[k].count > SUM_MAX ||
				(k > 0 && c->slots[k].begin_ms >= c->slots[k - 1].begin_ms))
				return false;
		for (size_t k = 0; k < i; k++)
			if (record->counters[k].id == c->id)
				return false;
	}
	return true;
}

/* are_items: of a seen set. */
static bool are_items(const struct gp_store_record *record)
{
	if (record->count == 0 || record->count > GP_STORE_SEEN_MAX)
		return false;
	for (size_t i = 0; i < record->count; i++)
		if (record->items[i].at_ms < 0 || record->items[i].at_ms > TIME_MAX ||
			(i > 0 && record->items[i].at_ms < record->items[i - 1].at_ms))
			return false;
	return true;
}

/* gp_store_record_is_valid: by its kind. */
bool gp_store_record_is_valid(const struct gp_store_record *record)
{
	bool is_timed = record->expires_ms > 0 && record->expires_ms <= TIME_MAX;
	switch (record->kind) {
	case GP_STORE_RECORD_COUNTERS:
		return are_counters(record);
	case GP_STORE_RECORD_FACT:
		return record->name.len > 0 && record->name.len <= GP_STORE_FACT_KEY_MAX &&
		       record->value.len <= GP_STORE_FACT_VALUE_MAX &&
		       (is_timed || record->expires_ms == 0);
	case GP_STORE_RECORD_SOFT:
		return record->value.len <= GP_STORE_NOTE_VALUE_MAX && is_timed;
	case GP_STORE_RECORD_SEEN:
		return are_items(record) && is_timed;
	}
	return false;
}

/* import_fact: unless there is one. */
static int import_fact(struct gp_store *store, struct gp_ctx *ctx, int64_t now_ms,
	const struct gp_store_record *record, enum gp_store_imported *result_out)
{
	struct gp_store_get get = {.key = record->name};
	int rc = gp_store_get(store, ctx, now_ms, &get);
	if (rc)
		return rc;
	*result_out =
		get.value.found == GP_STORE_FOUND ? GP_STORE_IMPORT_KEPT : GP_STORE_IMPORT_NEW;
	return *result_out == GP_STORE_IMPORT_NEW
		       ? gp_store_put(store, ctx, record->name, record->value, record->expires_ms)
		       : GP_OK;
}

/* import_soft: unless there is one. */
static int import_soft(struct gp_store *store, struct gp_ctx *ctx, int64_t now_ms,
	const struct gp_store_record *record, enum gp_store_imported *result_out)
{
	struct gp_store_note note = {
		.value = record->value, .expires_ms = record->expires_ms, .unless_there = true};
	struct gp_store_soft soft = {
		.kind = GP_STORE_OP_NOTE, .expires_ms = record->expires_ms, .note = &note};
	const struct gp_store_batch batch = {.softs = &soft, .soft_count = 1};
	memcpy(soft.key, record->key, GP_STORE_KEY);
	int rc = gp_store_run_keyed(store, ctx, now_ms, &batch);
	*result_out =
		note.before.found == GP_STORE_FOUND ? GP_STORE_IMPORT_KEPT : GP_STORE_IMPORT_NEW;
	return rc;
}

/* gp_store_import: by its kind, in the store's own time. */
int gp_store_import(struct gp_store *store, struct gp_ctx *ctx, int64_t unix_ms,
	struct gp_store_record *record, enum gp_store_imported *result_out)
{
	struct gp_store *part = gp_store_part(store, GP_STORE_CONFIGURED);
	const struct gp_store_backend *backend;
	void *self = gp_store_inside(part, &backend);
	bool was_there = false;
	if (!backend->join || !gp_store_record_is_valid(record))
		return GP_EINVAL;
	*result_out = GP_STORE_IMPORT_OVER;
	if (gp_store_record_is_over(record, unix_ms))
		return GP_OK;
	int64_t now_ms = gp_store_now_ms(part);
	move_record(record, apart(now_ms, unix_ms));
	if (record->kind == GP_STORE_RECORD_FACT)
		return import_fact(part, ctx, now_ms, record, result_out);
	if (record->kind == GP_STORE_RECORD_SOFT)
		return import_soft(part, ctx, now_ms, record, result_out);
	int rc = backend->join(self, ctx, now_ms, record, &was_there);
	*result_out = was_there ? GP_STORE_IMPORT_JOINED : GP_STORE_IMPORT_NEW;
	return rc;
}

/* gp_store_record_key: with a digest of its own: lines are read without a store. */
int gp_store_record_key(struct gp_span name, unsigned char key_out[GP_STORE_MOVE_KEY])
{
	struct gp_crypto_digest *digest;
	int rc = gp_crypto_digest_new(&digest);
	if (rc)
		return rc;
	rc = gp_store_key_of(digest, name, key_out);
	gp_crypto_digest_free(digest);
	return rc;
}
