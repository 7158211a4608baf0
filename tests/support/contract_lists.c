/* SPDX-License-Identifier: ISC */
/* Rows of the contract about what can be listed: forgetting, scanning, facts. */
#include <stdio.h>
#include <string.h>

#include "support/contract_private.h"

/* ---- forgetting and scanning ---- */

/* forgetting: one counter, all of a subject, what is not there. */
static void forgetting(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	for (uint32_t id = 1; id <= 3; id++) {
		gp_test_one(f, f->now, "s", gp_test_counter(id, 9, 5));
		gp_test_one(f, f->now, "t", gp_test_counter(id, 9, 5));
	}
	assert_int_equal(gp_store_forget(f->store, &f->ctx, gp_test_span("s"), 2), GP_OK);
	for (uint32_t id = 1; id <= 3; id++)
		assert_int_equal(gp_test_one(f, f->now, "s", gp_test_counter(id, 9, 0)).used,
			id == 2 ? 0 : 5);
	assert_int_equal(gp_store_forget(f->store, &f->ctx, gp_test_span("s"), 2), GP_OK);
	assert_int_equal(gp_store_forget(f->store, &f->ctx, gp_test_span("s"), 77), GP_OK);
	assert_int_equal(gp_store_forget(f->store, &f->ctx, gp_test_span("nobody"), 0), GP_OK);
	assert_int_equal(gp_store_forget(f->store, &f->ctx, gp_test_span("nobody"), 1), GP_OK);
	assert_int_equal(gp_store_forget(f->store, &f->ctx, gp_test_span("s"), 0), GP_OK);
	for (uint32_t id = 1; id <= 3; id++) {
		assert_int_equal(gp_test_one(f, f->now, "s", gp_test_counter(id, 9, 0)).used, 0);
		assert_int_equal(gp_test_one(f, f->now, "t", gp_test_counter(id, 9, 0)).used, 5);
	}
	assert_int_equal(gp_store_forget(f->store, &f->ctx, gp_test_span("t"), 1), GP_OK);
	assert_int_equal(gp_store_forget(f->store, &f->ctx, gp_test_span("t"), 2), GP_OK);
	assert_int_equal(gp_store_forget(f->store, &f->ctx, gp_test_span("t"), 3), GP_OK);
	assert_int_equal(gp_test_one(f, f->now, "t", gp_test_counter(1, 9, 9)).used, 9);
}

/* gp_test_see: keeps the last, and counts by number. */
bool gp_test_see(void *arg, const struct gp_store_usage *usage)
{
	struct gp_test_seen *seen = arg;
	seen->count++;
	seen->used += usage->used;
	seen->name_length = usage->subject.len;
	memcpy(seen->name, usage->subject.ptr, usage->subject.len);
	seen->id = usage->id;
	seen->per_ms = usage->per_ms;
	unsigned number = 0;
	for (size_t i = 4; i < usage->subject.len; i++)
		number = number * 10 + (unsigned)(usage->subject.ptr[i] - '0');
	seen->marks[number % 4096]++;
	return seen->count != seen->stop_at;
}

/* gp_test_scan: of everything, into a cleared struct. */
void gp_test_scan(struct gp_test_contract_fixture *f, int64_t now, struct gp_test_seen *seen)
{
	size_t stop_at = seen->stop_at;
	memset(seen, 0, sizeof *seen);
	seen->stop_at = stop_at;
	assert_int_equal(gp_store_scan(f->store, &f->ctx, now, gp_test_see, seen), GP_OK);
}

/* a_scan_shows_what_counts: each counter once, none that counts no more. */
static void a_scan_shows_what_counts(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	static struct gp_test_seen seen;
	seen.stop_at = 0;
	gp_test_scan(f, f->now, &seen);
	assert_int_equal(seen.count, 0);
	for (int i = 0; i < 1500; i++) {
		char name[16];
		snprintf(name, sizeof name, "user%d", i);
		struct gp_store_count c[2] = {
			gp_test_counter(1, 100, 1), gp_test_counter(2, 100, i % 3)};
		assert_int_equal(gp_test_step(f, f->now + i % 2 * W, name, c, 2), GP_OK);
	}
	gp_test_scan(f, f->now + W, &seen);
	assert_int_equal(seen.count, 1500 + 1000);
	assert_int_equal(seen.used, 1500 + 1500);
	for (int i = 0; i < 1500; i++)
		assert_int_equal(seen.marks[i], i % 3 ? 2 : 1);
	gp_test_scan(f, f->now + PER + W, &seen);
	assert_int_equal(seen.count, 750 + 500);
	for (int i = 0; i < 1500; i += 2)
		assert_int_equal(seen.marks[i], 0);
	gp_test_scan(f, f->now + PER + 2 * W, &seen);
	assert_int_equal(seen.count, 0);
	seen.stop_at = 300;
	gp_test_scan(f, f->now + W, &seen);
	assert_int_equal(seen.count, 300);
	seen.stop_at = 0;
}

/* Which subject a scan is at, and how often it began one. */
struct subjects {
	char name[16];
	unsigned begun;
};

/* see_subject: visitor. */
static bool see_subject(void *arg, const struct gp_store_usage *usage)
{
	struct subjects *s = arg;
	if (gp_span_is(usage->subject, s->name))
		return true;
	s->begun++;
	assert_in_range(usage->subject.len, 1, sizeof s->name - 1);
	memcpy(s->name, usage->subject.ptr, usage->subject.len);
	s->name[usage->subject.len] = 0;
	return true;
}

/* a_scan_goes_by_subject: counters of one come together, whenever each was first counted. */
static void a_scan_goes_by_subject(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	struct subjects s = {.begun = 0};
	for (unsigned round = 0; round < 3; round++)
		for (int i = 0; i < 100; i++) {
			char name[16];
			snprintf(name, sizeof name, "user%d", i);
			struct gp_store_count c = gp_test_counter(1 + round, 100, 1);
			assert_int_equal(gp_test_step(f, f->now, name, &c, 1), GP_OK);
		}
	assert_int_equal(gp_store_scan(f->store, &f->ctx, f->now, see_subject, &s), GP_OK);
	assert_int_equal(s.begun, 100);
}

/* names_in_a_scan: every byte, and the first 200 of long ones. */
static void names_in_a_scan(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	static struct gp_test_seen seen;
	static char bytes[300];
	for (int i = 0; i < 300; i++)
		bytes[i] = (char)(i < 256 ? i : 'z');
	static const struct {
		size_t from, length;
	} rows[] = {{0, 1}, {0, 199}, {0, 200}, {0, 201}, {56, 200}, {100, 200}, {0, 300}};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_span subject = {bytes + rows[i].from, rows[i].length};
		struct gp_store_count c = {.id = 77, .per_ms = DAY, .max = 5, .take = 3};
		struct gp_store_take take = {subject, &c, 1};
		assert_int_equal(gp_store_take(f->store, &f->ctx, f->now, &take, 1), GP_OK);
		seen.stop_at = 0;
		gp_test_scan(f, f->now, &seen);
		assert_int_equal(seen.count, 1);
		assert_int_equal(seen.name_length, subject.len < 200 ? subject.len : 200);
		assert_memory_equal(seen.name, subject.ptr, seen.name_length);
		assert_int_equal(seen.id, 77);
		assert_int_equal(seen.per_ms, DAY);
		assert_int_equal(seen.used, 3);
		assert_int_equal(gp_store_forget(f->store, &f->ctx, subject, 0), GP_OK);
	}
}

/* ---- facts ---- */

/* What a listing of facts has seen. */
struct listed {
	size_t count, stop_at;
	char keys[16][GP_STORE_FACT_KEY_MAX];
	size_t key_lengths[16];
	char value[GP_STORE_FACT_VALUE_MAX];
	size_t value_length;
	int64_t expires_ms;
};

/* list_one: keeps keys, and the last value. */
static bool list_one(void *arg, const struct gp_store_fact *fact)
{
	struct listed *listed = arg;
	size_t i = listed->count++ % 16;
	memcpy(listed->keys[i], fact->key.ptr, fact->key.len);
	listed->key_lengths[i] = fact->key.len;
	if (fact->value.len > 0)
		memcpy(listed->value, fact->value.ptr, fact->value.len);
	listed->value_length = fact->value.len;
	listed->expires_ms = fact->expires_ms;
	return listed->count != listed->stop_at;
}

/* list: facts with a prefix; returns how many. */
static size_t list(
	struct gp_test_contract_fixture *f, int64_t now, const char *prefix, struct listed *listed)
{
	size_t stop_at = listed->stop_at;
	memset(listed, 0, sizeof *listed);
	listed->stop_at = stop_at;
	assert_int_equal(
		gp_store_facts(f->store, &f->ctx, now, gp_test_span(prefix), list_one, listed),
		GP_OK);
	return listed->count;
}

/* put: a fact of C strings. */
static void put(
	struct gp_test_contract_fixture *f, const char *key, const char *value, int64_t expires)
{
	assert_int_equal(
		gp_store_put(f->store, &f->ctx, gp_test_span(key), gp_test_span(value), expires),
		GP_OK);
}

/* facts_are_kept: set, overwritten, removed, by prefix. */
static void facts_are_kept(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	static struct listed l;
	l.stop_at = 0;
	assert_int_equal(list(f, f->now, "", &l), 0);
	put(f, "lock:alice", "one", 0);
	put(f, "lock:bob", "two", f->now + DAY);
	put(f, "max:alice", "", 0);
	assert_int_equal(list(f, f->now, "", &l), 3);
	assert_int_equal(list(f, f->now, "lock:", &l), 2);
	assert_int_equal(list(f, f->now, "LOCK:", &l), 0);
	assert_int_equal(list(f, f->now, "lock:alice:", &l), 0);
	assert_int_equal(list(f, f->now, "lock:b", &l), 1);
	assert_int_equal(l.key_lengths[0], 8);
	assert_memory_equal(l.keys[0], "lock:bob", 8);
	assert_int_equal(l.value_length, 3);
	assert_memory_equal(l.value, "two", 3);
	assert_int_equal(l.expires_ms, f->now + DAY);
	assert_int_equal(list(f, f->now, "max", &l), 1);
	assert_int_equal(l.value_length, 0);
	assert_int_equal(l.expires_ms, 0);
	put(f, "lock:bob", "a longer value than before", 0);
	assert_int_equal(list(f, f->now, "lock:bob", &l), 1);
	assert_memory_equal(l.value, "a longer value than before", 26);
	assert_int_equal(l.expires_ms, 0);
	assert_int_equal(gp_store_remove(f->store, &f->ctx, gp_test_span("lock:bob")), GP_OK);
	assert_int_equal(gp_store_remove(f->store, &f->ctx, gp_test_span("lock:bob")), GP_OK);
	assert_int_equal(list(f, f->now, "", &l), 2);
	l.stop_at = 1;
	assert_int_equal(list(f, f->now, "", &l), 1);
	l.stop_at = 0;
}

/* facts_expire: from their time on. */
static void facts_expire(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	static struct listed l;
	l.stop_at = 0;
	put(f, "a", "x", f->now + 1000);
	put(f, "b", "x", f->now + 2000);
	put(f, "c", "x", 0);
	assert_int_equal(list(f, f->now + 999, "", &l), 3);
	assert_int_equal(list(f, f->now + 1000, "", &l), 2);
	assert_int_equal(list(f, f->now + 2000, "", &l), 1);
	assert_int_equal(list(f, 1LL << 50, "", &l), 1);
	put(f, "a", "x", f->now + 5000);
	assert_int_equal(list(f, f->now + 1000, "a", &l), 1);
}

/* facts_of_any_bytes: keys and values, up to their longest. */
static void facts_of_any_bytes(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	static struct listed l;
	static char value[GP_STORE_FACT_VALUE_MAX + 1], key[GP_STORE_FACT_KEY_MAX + 1];
	struct gp_span v = {value, GP_STORE_FACT_VALUE_MAX}, k = {key, GP_STORE_FACT_KEY_MAX};
	for (size_t i = 0; i < sizeof value; i++)
		value[i] = (char)(i * 7);
	for (size_t i = 0; i < sizeof key; i++)
		key[i] = (char)i;
	l.stop_at = 0;
	assert_int_equal(gp_store_put(f->store, &f->ctx, k, v, 0), GP_OK);
	assert_int_equal(list(f, f->now, "", &l), 1);
	assert_int_equal(l.key_lengths[0], k.len);
	assert_memory_equal(l.keys[0], key, k.len);
	assert_int_equal(l.value_length, v.len);
	assert_memory_equal(l.value, value, v.len);
	for (int i = 0; i < 256; i++) {
		char c = (char)i;
		assert_int_equal(gp_store_put(f->store, &f->ctx, (struct gp_span) {&c, 1},
					 (struct gp_span) {&c, 1}, 0),
			GP_OK);
	}
	assert_int_equal(list(f, f->now, "", &l), 257);
	assert_int_equal(gp_store_remove(f->store, &f->ctx, k), GP_OK);
	assert_int_equal(list(f, f->now, "", &l), 256);
	v.len++;
	assert_int_equal(gp_store_put(f->store, &f->ctx, gp_test_span("k"), v, 0), GP_EINVAL);
	k.len++;
	assert_int_equal(gp_store_put(f->store, &f->ctx, k, gp_test_span("v"), 0), GP_EINVAL);
	assert_int_equal(gp_store_remove(f->store, &f->ctx, k), GP_EINVAL);
	assert_int_equal(gp_store_facts(f->store, &f->ctx, f->now, k, list_one, &l), GP_EINVAL);
	assert_int_equal(
		gp_store_put(f->store, &f->ctx, gp_test_span(""), gp_test_span("v"), 0), GP_EINVAL);
	assert_int_equal(gp_store_put(f->store, &f->ctx, gp_test_span("k"), gp_test_span("v"), -1),
		GP_EINVAL);
	assert_int_equal(gp_store_remove(f->store, &f->ctx, gp_test_span("")), GP_EINVAL);
	assert_int_equal(
		gp_store_facts(f->store, &f->ctx, f->now, gp_test_span(""), NULL, &l), GP_EINVAL);
}

/* many_facts: more than fit into one piece of anything. */
static void many_facts(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	static struct listed l;
	static char value[GP_STORE_FACT_VALUE_MAX];
	char key[32];
	l.stop_at = 0;
	memset(value, 'v', sizeof value);
	for (int i = 0; i < 100; i++) {
		snprintf(key, sizeof key, "f%d", i);
		assert_int_equal(gp_store_put(f->store, &f->ctx, gp_test_span(key),
					 (struct gp_span) {value, sizeof value}, 0),
			GP_OK);
	}
	assert_int_equal(list(f, f->now, "", &l), 100);
	assert_int_equal(list(f, f->now, "f1", &l), 11);
	l.stop_at = 50;
	assert_int_equal(list(f, f->now, "", &l), 50);
	l.stop_at = 0;
}

/* counters_and_facts_are_apart: the same bytes as both; health tells of calls. */
static void counters_and_facts_are_apart(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	static struct listed l;
	struct gp_store_health h;
	l.stop_at = 0;
	gp_store_health(f->store, &h);
	assert_true(h.up);
	assert_int_equal(h.taken, 0);
	assert_int_equal(h.round_trip_us, -1);
	struct gp_store_count c = gp_test_counter(1, 5, 1);
	c.per_ms = DAY; /* tend goes by the store's own time */
	assert_int_equal(gp_test_one(f, f->now, "s", c).used, 1);
	put(f, "s", "fact", 0);
	gp_store_tend(f->store, &f->ctx);
	assert_int_equal(gp_test_one(f, f->now, "s", c).used, 2);
	assert_int_equal(list(f, f->now, "s", &l), 1);
	assert_int_equal(gp_store_forget(f->store, &f->ctx, gp_test_span("s"), 0), GP_OK);
	assert_int_equal(list(f, f->now, "s", &l), 1);
	gp_store_health(f->store, &h);
	assert_int_equal(h.taken, 2);
	assert_int_equal(h.failed, 0);
	assert_true(h.round_trip_us >= 0 && h.where[0] != '\0');
}

const struct gp_test_contract_row gp_test_contract_lists[] = {
	{"forgetting", forgetting},
	{"a_scan_shows_what_counts", a_scan_shows_what_counts},
	{"a_scan_goes_by_subject", a_scan_goes_by_subject},
	{"names_in_a_scan", names_in_a_scan},
	{"facts_are_kept", facts_are_kept},
	{"facts_expire", facts_expire},
	{"facts_of_any_bytes", facts_of_any_bytes},
	{"many_facts", many_facts},
	{"counters_and_facts_are_apart", counters_and_facts_are_apart},
	{NULL, NULL},
};
