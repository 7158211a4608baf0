/* SPDX-License-Identifier: ISC */
/* Rows of the contract about single facts, soft facts, seen sets, and all of one decision. */
#include <stdio.h>
#include <string.h>

#include "support/contract_private.h"
#include "support/memstore.h"

#define HOUR 3600000LL

/* ---- short forms ---- */

/* A value with room for all of it. */
struct text {
	struct gp_store_value value;
	char bytes[GP_STORE_FACT_VALUE_MAX];
};

/* read_one: of one kind; what was found. */
static enum gp_store_found read_one(struct gp_test_contract_fixture *f, int64_t now,
	const char *key, bool soft, struct text *text_out)
{
	struct gp_store_get get = {.key = gp_test_span(key),
		.soft = soft,
		.value = {.bytes = text_out->bytes, .room = sizeof text_out->bytes}};
	assert_int_equal(gp_store_get(f->store, &f->ctx, now, &get), GP_OK);
	text_out->value = get.value;
	return get.value.found;
}

/* is_text: was exactly this found? */
static bool is_text(const struct text *text, const char *expected)
{
	return text->value.found == GP_STORE_FOUND && text->value.length == strlen(expected) &&
	       memcmp(text->bytes, expected, strlen(expected)) == 0;
}

/* note: what was there before. */
static enum gp_store_found note(struct gp_test_contract_fixture *f, int64_t now, const char *key,
	const char *value, int64_t expires)
{
	struct gp_store_note n = {
		.key = gp_test_span(key), .value = gp_test_span(value), .expires_ms = expires};
	assert_int_equal(gp_store_note(f->store, &f->ctx, now, &n), GP_OK);
	return n.before.found;
}

/* see: an item of "s", kind 1, within an hour and a day; how many within each. */
static bool see(struct gp_test_contract_fixture *f, int64_t now, const char *item, unsigned most,
	unsigned seen_out[2])
{
	struct gp_store_within within[2] = {{.ms = HOUR}, {.ms = DAY}};
	struct gp_store_see s = {.subject = gp_test_span("s"),
		.kind = 1,
		.item = gp_test_span(item),
		.most = most,
		.within = within,
		.within_count = 2};
	assert_int_equal(gp_store_see(f->store, &f->ctx, now, &s), GP_OK);
	seen_out[0] = within[0].seen;
	seen_out[1] = within[1].seen;
	return s.is_new;
}

/* ---- facts ---- */

/* one_fact_is_read: a durable one, until its time; a soft one of the same key is another. */
static void one_fact_is_read(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	static struct text t;
	assert_int_equal(read_one(f, f->now, "k", false, &t), GP_STORE_ABSENT);
	assert_int_equal(
		gp_store_put(f->store, &f->ctx, gp_test_span("k"), gp_test_span("v"), 0), GP_OK);
	assert_int_equal(read_one(f, f->now, "k", false, &t), GP_STORE_FOUND);
	assert_true(is_text(&t, "v"));
	assert_int_equal(t.value.expires_ms, 0);
	assert_int_equal(read_one(f, f->now, "k", true, &t), GP_STORE_ABSENT);
	assert_int_equal(read_one(f, f->now, "kk", false, &t), GP_STORE_ABSENT);
	assert_int_equal(
		gp_store_put(f->store, &f->ctx, gp_test_span("k"), gp_test_span(""), f->now + HOUR),
		GP_OK);
	assert_int_equal(read_one(f, f->now + HOUR - 1, "k", false, &t), GP_STORE_FOUND);
	assert_int_equal(t.value.length, 0);
	assert_int_equal(t.value.expires_ms, f->now + HOUR);
	assert_int_equal(read_one(f, f->now + HOUR, "k", false, &t), GP_STORE_ABSENT);
	assert_int_equal(gp_store_remove(f->store, &f->ctx, gp_test_span("k")), GP_OK);
	assert_int_equal(read_one(f, f->now, "k", false, &t), GP_STORE_ABSENT);
}

/* a_soft_fact_ends_at_the_time_said: and is no fact of an operator, and no counter. */
static void a_soft_fact_ends_at_the_time_said(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	static struct text t;
	assert_int_equal(note(f, f->now, "k", "first", f->now + HOUR), GP_STORE_ABSENT);
	assert_int_equal(read_one(f, f->now + HOUR - 1, "k", true, &t), GP_STORE_FOUND);
	assert_true(is_text(&t, "first"));
	assert_int_equal(t.value.expires_ms, f->now + HOUR);
	assert_int_equal(read_one(f, f->now + HOUR, "k", true, &t), GP_STORE_ABSENT);
	assert_int_equal(read_one(f, f->now, "k", false, &t), GP_STORE_ABSENT);
	assert_int_equal(note(f, f->now, "k", "second", f->now + 2 * HOUR), GP_STORE_FOUND);
	assert_int_equal(read_one(f, f->now + HOUR, "k", true, &t), GP_STORE_FOUND);
	assert_true(is_text(&t, "second"));
	assert_int_equal(gp_test_one(f, f->now, "k", gp_test_counter(1, 9, 1)).used, 1);
	assert_int_equal(gp_store_forget(f->store, &f->ctx, gp_test_span("k"), 0), GP_OK);
	assert_int_equal(read_one(f, f->now, "k", true, &t), GP_STORE_FOUND);
	assert_int_equal(note(f, f->now, "k", "", f->now), GP_STORE_FOUND); /* removes it */
	assert_int_equal(read_one(f, f->now, "k", true, &t), GP_STORE_ABSENT);
	assert_int_equal(note(f, f->now, "k", "x", 0), GP_STORE_ABSENT);
	assert_int_equal(read_one(f, f->now, "k", true, &t), GP_STORE_ABSENT);
}

/* a_note_leaves_what_is_there: and says what that is; what has ended is not there. */
static void a_note_leaves_what_is_there(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	static struct text t;
	struct gp_store_note n = {.key = gp_test_span("k"),
		.value = gp_test_span("1"),
		.expires_ms = f->now + HOUR,
		.unless_there = true,
		.before = {.bytes = t.bytes, .room = sizeof t.bytes}};
	assert_int_equal(gp_store_note(f->store, &f->ctx, f->now, &n), GP_OK);
	assert_int_equal(n.before.found, GP_STORE_ABSENT);
	n.value = gp_test_span("2");
	n.expires_ms = f->now + DAY;
	assert_int_equal(gp_store_note(f->store, &f->ctx, f->now + HOUR - 1, &n), GP_OK);
	t.value = n.before;
	assert_true(is_text(&t, "1"));
	assert_int_equal(n.before.expires_ms, f->now + HOUR);
	assert_int_equal(read_one(f, f->now + HOUR, "k", true, &t), GP_STORE_ABSENT);
	assert_int_equal(gp_store_note(f->store, &f->ctx, f->now + HOUR, &n), GP_OK);
	assert_int_equal(n.before.found, GP_STORE_ABSENT);
	assert_int_equal(read_one(f, f->now + HOUR, "k", true, &t), GP_STORE_FOUND);
	assert_true(is_text(&t, "2"));
}

/* soft_facts_of_any_bytes: keys and values up to their longest; a place with little room. */
static void soft_facts_of_any_bytes(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	char value[GP_STORE_NOTE_VALUE_MAX + 1], key[GP_STORE_FACT_KEY_MAX + 1], back[sizeof value];
	for (size_t i = 0; i < sizeof value; i++)
		value[i] = (char)(i * 7);
	for (size_t i = 0; i < sizeof key; i++)
		key[i] = (char)i;
	struct gp_store_note n = {.key = {key, GP_STORE_FACT_KEY_MAX},
		.value = {value, GP_STORE_NOTE_VALUE_MAX},
		.expires_ms = f->now + DAY};
	assert_int_equal(gp_store_note(f->store, &f->ctx, f->now, &n), GP_OK);
	struct gp_store_get get = {
		.key = n.key, .soft = true, .value = {.bytes = back, .room = sizeof back}};
	assert_int_equal(gp_store_get(f->store, &f->ctx, f->now, &get), GP_OK);
	assert_int_equal(get.value.length, GP_STORE_NOTE_VALUE_MAX);
	assert_memory_equal(back, value, GP_STORE_NOTE_VALUE_MAX);
	memset(back, 'x', sizeof back);
	get.value.room = 3;
	assert_int_equal(gp_store_get(f->store, &f->ctx, f->now, &get), GP_OK);
	assert_int_equal(get.value.length, GP_STORE_NOTE_VALUE_MAX);
	assert_memory_equal(back, value, 3);
	assert_int_equal(back[3], 'x');
	n.value.len++;
	assert_int_equal(gp_store_note(f->store, &f->ctx, f->now, &n), GP_EINVAL);
	n.value.len = 0;
	n.key.len++;
	assert_int_equal(gp_store_note(f->store, &f->ctx, f->now, &n), GP_EINVAL);
	n.key.len = 0;
	assert_int_equal(gp_store_note(f->store, &f->ctx, f->now, &n), GP_EINVAL);
	n.key.len = 1;
	n.expires_ms = -1;
	assert_int_equal(gp_store_note(f->store, &f->ctx, f->now, &n), GP_EINVAL);
	get.key.len = 0;
	assert_int_equal(gp_store_get(f->store, &f->ctx, f->now, &get), GP_EINVAL);
	get.key.len = 1;
	get.value.bytes = NULL;
	assert_int_equal(gp_store_get(f->store, &f->ctx, f->now, &get), GP_EINVAL);
}

/* ---- seen sets ---- */

/* new_items_are_counted_once: within each window, until exactly its time. */
static void new_items_are_counted_once(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	unsigned n[2];
	assert_true(see(f, f->now, "a", 10, n));
	assert_true(n[0] == 1 && n[1] == 1);
	assert_false(see(f, f->now + 1, "a", 10, n));
	assert_true(n[0] == 1 && n[1] == 1);
	assert_true(see(f, f->now + 2, "b", 10, n));
	assert_true(n[0] == 2 && n[1] == 2);
	assert_false(see(f, f->now + HOUR, "", 10, n)); /* only counts */
	assert_true(n[0] == 2 && n[1] == 2);
	assert_false(see(f, f->now + HOUR + 1, "", 10, n));
	assert_true(n[0] == 1 && n[1] == 2);
	assert_false(see(f, f->now + HOUR + 2, "", 10, n));
	assert_true(n[0] == 0 && n[1] == 2);
	assert_false(see(f, f->now + DAY, "a", 10, n)); /* a millisecond before it is over */
	assert_true(n[0] == 1 && n[1] == 2);
	assert_true(see(f, f->now + DAY + 2, "b", 10, n)); /* is over */
	assert_true(n[0] == 2 && n[1] == 2);
}

/* the_oldest_goes_first: by when it was last seen, not first. */
static void the_oldest_goes_first(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	unsigned n[2];
	assert_true(see(f, f->now, "a", 3, n));
	assert_true(see(f, f->now + 1, "b", 3, n));
	assert_true(see(f, f->now + 2, "c", 3, n));
	assert_false(see(f, f->now + 3, "a", 3, n));
	assert_true(see(f, f->now + 4, "d", 3, n));
	assert_true(n[0] == 3 && n[1] == 3);
	assert_false(see(f, f->now + 5, "a", 3, n));
	assert_false(see(f, f->now + 5, "c", 3, n));
	assert_true(see(f, f->now + 5, "b", 3, n));
	assert_true(see(f, f->now + 6, "e", 1, n)); /* a smaller set */
	assert_true(n[0] == 1 && n[1] == 1);
	assert_true(see(f, f->now + 6, "b", 3, n));
	assert_true(n[0] == 2);
}

/* as_many_items_as_there_may_be: the largest set, twice over. */
static void as_many_items_as_there_may_be(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	unsigned n[2];
	char item[16];
	for (unsigned i = 0; i < 2 * GP_STORE_SEEN_MAX; i++) {
		snprintf(item, sizeof item, "item%u", i);
		assert_true(see(f, f->now + i, item, GP_STORE_SEEN_MAX, n));
		assert_int_equal(
			n[0], i + 1 < GP_STORE_SEEN_MAX ? i + 1 : (unsigned)GP_STORE_SEEN_MAX);
	}
	for (unsigned i = GP_STORE_SEEN_MAX; i < 2 * GP_STORE_SEEN_MAX; i++) {
		snprintf(item, sizeof item, "item%u", i);
		assert_false(see(f, f->now + 1000, item, GP_STORE_SEEN_MAX, n));
	}
}

/* sets_are_apart: by subject and by kind, and from counters and soft facts. */
static void sets_are_apart(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	static const char *const subjects[] = {"s", "t", "s"};
	static const uint32_t kinds[] = {1, 1, UINT32_MAX};
	static struct text t;
	note(f, f->now, "s", "x", f->now + DAY);
	gp_test_one(f, f->now, "s", gp_test_counter(1, 9, 1));
	for (int again = 0; again < 2; again++) {
		for (size_t i = 0; i < 3; i++) {
			struct gp_store_within within = {.ms = DAY};
			struct gp_store_see s = {.subject = gp_test_span(subjects[i]),
				.kind = kinds[i],
				.item = gp_test_span("same"),
				.most = 5,
				.within = &within,
				.within_count = 1};
			assert_int_equal(gp_store_see(f->store, &f->ctx, f->now, &s), GP_OK);
			assert_int_equal(s.is_new, again == 0);
			assert_int_equal(within.seen, 1);
		}
	}
	assert_int_equal(read_one(f, f->now, "s", true, &t), GP_STORE_FOUND);
	assert_int_equal(gp_test_one(f, f->now, "s", gp_test_counter(1, 9, 1)).used, 2);
}

/* a_set_whose_clock_goes_back: what was seen later was seen now; nothing counts for longer. */
static void a_set_whose_clock_goes_back(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	unsigned n[2];
	assert_true(see(f, f->now + 2 * DAY, "a", 10, n));
	assert_true(see(f, f->now, "b", 10, n));
	assert_true(n[0] == 2 && n[1] == 2);
	assert_false(see(f, f->now + HOUR, "", 10, n));
	assert_true(n[0] == 0 && n[1] == 2);
	assert_false(see(f, f->now + DAY, "", 10, n));
	assert_true(n[0] == 0 && n[1] == 0);
}

/* sees_out_of_bounds: one field wrong at a time. */
static void sees_out_of_bounds(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	static char large[GP_STORE_SUBJECT_MAX + 1];
	struct gp_store_within within[GP_STORE_SEE_WINDOWS + 1] = {{.ms = 1}, {.ms = 1}};
	const struct gp_store_see good = {.subject = gp_test_span("s"),
		.item = gp_test_span("i"),
		.most = 1,
		.within = within,
		.within_count = 1};
	struct gp_store_see rows[8];
	for (size_t i = 0; i < 8; i++)
		rows[i] = good;
	rows[0].subject.len = 0;
	rows[1].subject = (struct gp_span) {large, sizeof large};
	rows[2].item = (struct gp_span) {large, GP_STORE_ITEM_MAX + 1};
	rows[3].most = 0;
	rows[4].most = GP_STORE_SEEN_MAX + 1;
	rows[5].within = NULL;
	rows[6].within_count = 0;
	rows[7].within_count = GP_STORE_SEE_WINDOWS + 1;
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(gp_store_see(f->store, &f->ctx, f->now, &rows[i]), GP_EINVAL);
	rows[0] = good;
	assert_int_equal(gp_store_see(f->store, &f->ctx, -1, &rows[0]), GP_EINVAL);
	assert_int_equal(gp_store_see(f->store, &f->ctx, f->now, NULL), GP_EINVAL);
	within[0].ms = 0;
	assert_int_equal(gp_store_see(f->store, &f->ctx, f->now, &rows[0]), GP_EINVAL);
	within[0].ms = GP_STORE_WITHIN_MAX_MS + 1;
	assert_int_equal(gp_store_see(f->store, &f->ctx, f->now, &rows[0]), GP_EINVAL);
	within[0].ms = GP_STORE_WITHIN_MAX_MS;
	assert_int_equal(gp_store_see(f->store, &f->ctx, f->now, &rows[0]), GP_OK);
	assert_true(rows[0].is_new);
}

/* ---- all of one decision ---- */

/* one_decision: counters, a lock that an operator set, a soft fact, a set, in one call. */
static void one_decision(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	static struct text lock, grey;
	assert_int_equal(
		gp_store_put(f->store, &f->ctx, gp_test_span("lock"), gp_test_span("on"), 0),
		GP_OK);
	for (int round = 1; round <= 4; round++) {
		struct gp_store_count c = gp_test_counter(1, 2, 1), d = gp_test_counter(1, 100, 1);
		struct gp_store_take takes[2] = {
			{gp_test_span("u"), &c, 1}, {gp_test_span("v"), &d, 1}};
		struct gp_store_get get = {.key = gp_test_span("lock"),
			.value = {.bytes = lock.bytes, .room = sizeof lock.bytes}};
		char value[8];
		snprintf(value, sizeof value, "%d", round);
		struct gp_store_note n = {.key = gp_test_span("grey"),
			.value = gp_test_span(value),
			.expires_ms = f->now + DAY,
			.before = {.bytes = grey.bytes, .room = sizeof grey.bytes}};
		struct gp_store_within within = {.ms = DAY};
		struct gp_store_see s = {.subject = gp_test_span("u"),
			.item = gp_test_span(value),
			.most = 9,
			.within = &within,
			.within_count = 1};
		const struct gp_store_op ops[] = {{GP_STORE_OP_SEE, {.see = &s}},
			{GP_STORE_OP_TAKE, {.take = &takes[0]}}, {GP_STORE_OP_GET, {.get = &get}},
			{GP_STORE_OP_NOTE, {.note = &n}}, {GP_STORE_OP_TAKE, {.take = &takes[1]}}};
		assert_int_equal(gp_store_do(f->store, &f->ctx, f->now, ops, 5), GP_OK);
		assert_int_equal(c.refused, round > 2); /* then nothing is counted... */
		assert_int_equal(d.used, round > 2 ? 2 : round);
		lock.value = get.value;
		assert_true(is_text(&lock, "on"));
		assert_true(s.is_new); /* ...but what was seen was seen */
		assert_int_equal(within.seen, round);
		grey.value = n.before;
		value[0]--;
		assert_true(round == 1 ? n.before.found == GP_STORE_ABSENT : is_text(&grey, value));
	}
}

/* a_decision_sees_its_own_notes: in their order. */
static void a_decision_sees_its_own_notes(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	struct gp_store_get before = {.key = gp_test_span("k"), .soft = true}, after = before;
	struct gp_store_note n = {
		.key = gp_test_span("k"), .value = gp_test_span("v"), .expires_ms = f->now + DAY};
	struct gp_store_note end = {.key = gp_test_span("k"), .expires_ms = 0};
	struct gp_store_op ops[] = {{GP_STORE_OP_GET, {.get = &before}},
		{GP_STORE_OP_NOTE, {.note = &n}}, {GP_STORE_OP_GET, {.get = &after}},
		{GP_STORE_OP_NOTE, {.note = &end}}};
	assert_int_equal(gp_store_do(f->store, &f->ctx, f->now, ops, 4), GP_OK);
	assert_int_equal(before.value.found, GP_STORE_ABSENT);
	assert_int_equal(after.value.found, GP_STORE_FOUND);
	assert_int_equal(end.before.found, GP_STORE_FOUND);
	assert_int_equal(gp_store_get(f->store, &f->ctx, f->now, &before), GP_OK);
	assert_int_equal(before.value.found, GP_STORE_ABSENT);
	assert_int_equal(gp_store_do(f->store, &f->ctx, f->now, ops, 0), GP_EINVAL);
	assert_int_equal(gp_store_do(f->store, &f->ctx, f->now, NULL, 1), GP_EINVAL);
	ops[1].note = NULL;
	assert_int_equal(gp_store_do(f->store, &f->ctx, f->now, ops, 4), GP_EINVAL);
}

/* as_many_operations_as_allowed: and one more is too many. */
static void as_many_operations_as_allowed(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	static struct gp_store_op ops[GP_STORE_OPS_MAX + 1];
	static struct gp_store_count counts[GP_STORE_OPS_MAX + 1];
	static struct gp_store_take takes[GP_STORE_OPS_MAX + 1];
	static struct gp_store_note notes[GP_STORE_OPS_MAX + 1];
	static char names[GP_STORE_OPS_MAX + 1][16];
	for (int again = 0; again < 2; again++) {
		for (size_t i = 0; i <= GP_STORE_OPS_MAX; i++) {
			snprintf(names[i], sizeof names[i], "n%zu", i);
			counts[i] = gp_test_counter(1, 100, 1);
			takes[i] = (struct gp_store_take) {gp_test_span(names[i]), &counts[i], 1};
			notes[i] = (struct gp_store_note) {.key = gp_test_span(names[i]),
				.value = gp_test_span(names[i]),
				.expires_ms = f->now + DAY};
			ops[i].kind = i % 2 ? GP_STORE_OP_TAKE : GP_STORE_OP_NOTE;
			if (i % 2)
				ops[i].take = &takes[i];
			else
				ops[i].note = &notes[i];
		}
		assert_int_equal(
			gp_store_do(f->store, &f->ctx, f->now, ops, GP_STORE_OPS_MAX), GP_OK);
		for (size_t i = 0; i < GP_STORE_OPS_MAX; i++) {
			if (i % 2)
				assert_int_equal(counts[i].used, again + 1);
			else
				assert_int_equal(notes[i].before.found,
					again ? GP_STORE_FOUND : GP_STORE_ABSENT);
		}
	}
	assert_int_equal(
		gp_store_do(f->store, &f->ctx, f->now, ops, GP_STORE_OPS_MAX + 1), GP_EINVAL);
}

/* Random numbers that are the same everywhere. */
static uint64_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return *seed >> 33;
}

/* sets_as_in_memory: thousands of random sees on this store and on the one in memory. */
static void sets_as_in_memory(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	struct gp_test_memstore *handle;
	struct gp_store *stores[2] = {f->store, NULL};
	uint64_t seed = 7;
	int64_t now = f->now;
	assert_int_equal(gp_test_memstore_new(&handle, &stores[1]), GP_OK);
	for (int i = 0; i < 3000; i++) {
		struct gp_store_within within[2][2];
		bool is_new[2];
		char item[8];
		unsigned most = 1 + (unsigned)(next_random(&seed) % 12);
		now += (int64_t)(next_random(&seed) % 600000) -
		       (next_random(&seed) % 20 ? 0 : 900000);
		snprintf(item, sizeof item, "%u", (unsigned)(next_random(&seed) % 30));
		for (int j = 0; j < 2; j++) {
			within[j][0] = (struct gp_store_within) {.ms = HOUR};
			within[j][1] = (struct gp_store_within) {.ms = 2 * HOUR};
			struct gp_store_see s = {.subject = gp_test_span("s"),
				.kind = 3,
				.item = gp_test_span(i % 7 ? item : ""),
				.most = most,
				.within = within[j],
				.within_count = 2};
			assert_int_equal(gp_store_see(stores[j], &f->ctx, now, &s), GP_OK);
			is_new[j] = s.is_new;
		}
		assert_int_equal(is_new[0], is_new[1]);
		assert_int_equal(within[0][0].seen, within[1][0].seen);
		assert_int_equal(within[0][1].seen, within[1][1].seen);
	}
	gp_store_close(stores[1]);
}

const struct gp_test_contract_row gp_test_contract_soft[] = {
	{"one_fact_is_read", one_fact_is_read},
	{"a_soft_fact_ends_at_the_time_said", a_soft_fact_ends_at_the_time_said},
	{"a_note_leaves_what_is_there", a_note_leaves_what_is_there},
	{"soft_facts_of_any_bytes", soft_facts_of_any_bytes},
	{"new_items_are_counted_once", new_items_are_counted_once},
	{"the_oldest_goes_first", the_oldest_goes_first},
	{"as_many_items_as_there_may_be", as_many_items_as_there_may_be},
	{"sets_are_apart", sets_are_apart},
	{"a_set_whose_clock_goes_back", a_set_whose_clock_goes_back},
	{"sees_out_of_bounds", sees_out_of_bounds},
	{"one_decision", one_decision},
	{"a_decision_sees_its_own_notes", a_decision_sees_its_own_notes},
	{"as_many_operations_as_allowed", as_many_operations_as_allowed},
	{"sets_as_in_memory", sets_as_in_memory},
	{NULL, NULL},
};
