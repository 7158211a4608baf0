/* SPDX-License-Identifier: ISC */
/*
 * What the store over Redis finds in the server: records and facts of its own, or something else.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_private.h"
#include "support/redis_scene.h"

/* The server that most tests share; each begins with an empty one. */
struct shared {
	struct test_redis *redis;
	struct test_scene scene;
};

/* set_up: everything flushed, a scene that knows the server. */
static int set_up(void **state)
{
	struct shared *shared = *state;
	free(test_redis_ask(shared->redis, 1, "FLUSHALL"));
	test_scene_begin(&shared->scene);
	shared->scene.options.uris[0] = test_redis_uri(shared->redis);
	return 0;
}

/* tear_down: the store. */
static int tear_down(void **state)
{
	test_scene_end(&((struct shared *)*state)->scene);
	return 0;
}

/* Scripts that the server has forgotten are given to it again. */
static void scripts_flushed(void **state)
{
	struct shared *shared = *state;
	struct test_scene *s = &shared->scene;
	assert_int_equal(test_scene_open(s), GP_OK);
	for (int i = 0; i < 5; i++) {
		free(test_redis_ask(shared->redis, 2, "SCRIPT", "FLUSH"));
		assert_int_equal(test_scene_take(s, "a", 9, 1), GP_OK);
	}
	assert_int_equal(test_scene_used(s, "a"), 5);
	free(test_redis_ask(shared->redis, 2, "SCRIPT", "FLUSH"));
	assert_int_equal(gp_store_forget(s->store, &s->ctx, gp_span_from("a"), 1), GP_OK);
	assert_int_equal(test_scene_used(s, "a"), 0);
}

/* set_bytes: a value of any bytes. */
static void set_bytes(
	const struct test_redis *redis, const char *key, const void *bytes, size_t size)
{
	const char *words[] = {"SET", key, bytes};
	free(test_redis_ask_bytes(redis, 3, words, (const size_t[]) {3, strlen(key), size}));
}

/* count_usage: for gp_store_scan. */
static bool count_usage(void *arg, const struct gp_store_usage *usage)
{
	assert_true(usage->used > 0);
	++*(int *)arg;
	return true;
}

/* absent: does the key count as if it were not there, for every call that reads it? */
static void absent(struct test_scene *s, const char *what)
{
	int seen = 0;
	assert_int_equal(
		gp_store_scan(s->store, &s->ctx, gp_store_now_ms(s->store), count_usage, &seen),
		GP_OK);
	if (seen || test_scene_used(s, "victim") != 0)
		fail_msg("%s: counts something", what);
	assert_int_equal(test_scene_take(s, "victim", 3, 3), GP_OK);
	assert_int_equal(test_scene_take(s, "victim", 3, 1), 1);
	assert_int_equal(test_scene_used(s, "victim"), 3);
}

#define W_HEAD "\1\3\0abc"
#define W_ID "\1\0\0\0"
#define W_PER "\x80\xee\x36\0"
#define W_LAST "LASTLAS" /* becomes the slot of now */
#define W_ONE "\5\0\0\0\0\0\0"

/* set_record: a value whose windows end now, so that they would count. */
static void set_record(struct shared *shared, const char *key, const char *bytes, size_t size)
{
	char copy[256];
	int64_t last = gp_store_now_ms(shared->scene.store) / (TEST_SCENE_PER_MS / 64);
	assert_true(size <= sizeof copy);
	memcpy(copy, bytes, size);
	for (size_t i = 0; i + 7 <= size; i++)
		for (int j = 0; memcmp(bytes + i, W_LAST, 7) == 0 && j < 7; j++)
			copy[i + (size_t)j] = (char)(last >> (8 * j));
	set_bytes(shared->redis, key, copy, size);
}

/* A record that is not exactly one counts as absent and is replaced. */
static void corrupt_records(void **state)
{
	struct shared *shared = *state;
	struct test_scene *s = &shared->scene;
	char key[64], big[140000];
#define ROW(what, bytes)                      \
	{                                     \
		what, bytes, sizeof bytes - 1 \
	}
	static const struct {
		const char *what, *bytes;
		size_t size;
	} rows[] = {
		ROW("empty", ""),
		ROW("one byte", "\1"),
		ROW("text", "hello world, I am somebody else's"),
		ROW("other version", "\2\3\0abc" W_ID W_PER W_LAST "\1\0" W_ONE),
		ROW("name too long for it", "\1\xff\0abc"),
		ROW("name longer than allowed", "\1\xc9\0" W_ID W_PER W_LAST "\1\0" W_ONE),
		ROW("window cut", W_HEAD W_ID W_PER),
		ROW("entries cut", W_HEAD W_ID W_PER W_LAST "\2\0" W_ONE),
		ROW("no entries", W_HEAD W_ID W_PER W_LAST "\0"),
		ROW("too many entries", W_HEAD W_ID W_PER W_LAST "\102\0" W_ONE),
		ROW("id 0", W_HEAD "\0\0\0\0" W_PER W_LAST "\1\0" W_ONE),
		ROW("length too small", W_HEAD W_ID "\1\0\0\0" W_LAST "\1\0" W_ONE),
		ROW("length too large", W_HEAD W_ID "\xff\xff\xff\xff" W_LAST "\1\0" W_ONE),
		ROW("far slot", W_HEAD W_ID W_PER "\xff\xff\xff\xff\xff\xff\xff\1\0" W_ONE),
		ROW("age too large", W_HEAD W_ID W_PER W_LAST "\1\101" W_ONE),
		ROW("ages not falling", W_HEAD W_ID W_PER W_LAST "\2\1" W_ONE "\1" W_ONE),
		ROW("count 0", W_HEAD W_ID W_PER W_LAST "\1\0\0\0\0\0\0\0\0"),
		ROW("count too large", W_HEAD W_ID W_PER W_LAST "\1\0\xff\xff\xff\xff\xff\xff\xff"),
		ROW("ids not rising",
			W_HEAD W_ID W_PER W_LAST "\1\0" W_ONE W_ID W_PER W_LAST "\1\0" W_ONE),
		ROW("bytes behind it", W_HEAD W_ID W_PER W_LAST "\1\0" W_ONE "x"),
	};
#undef ROW
	assert_int_equal(test_scene_open(s), GP_OK);
	test_scene_key("victim", key);
	static const char good[] = W_HEAD W_ID W_PER W_LAST "\2\1" W_ONE "\0" W_ONE;
	set_record(shared, key, good, sizeof good - 1);
	assert_int_equal(test_scene_used(s, "victim"), 10);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		set_record(shared, key, rows[i].bytes, rows[i].size);
		absent(s, rows[i].what);
		set_record(shared, key, rows[i].bytes, rows[i].size);
		assert_int_equal(
			gp_store_forget(s->store, &s->ctx, gp_span_from("victim"), 2), GP_OK);
		absent(s, rows[i].what);
	}
	memset(big, 1, sizeof big);
	set_bytes(shared->redis, key, big, sizeof big);
	absent(s, "too large");
}

/* visit_fact: counts. */
static bool visit_fact(void *arg, const struct gp_store_fact *fact)
{
	(void)fact;
	++*(int *)arg;
	return true;
}

/* Keys of another type under our prefix count as absent and are replaced when written. */
static void keys_of_other_types(void **state)
{
	struct shared *shared = *state;
	struct test_scene *s = &shared->scene;
	char key[64];
	int seen = 0;
	assert_int_equal(test_scene_open(s), GP_OK);
	test_scene_key("victim", key);
	free(test_redis_ask(shared->redis, 3, "RPUSH", key, "x"));
	absent(s, "list");
	free(test_redis_ask(shared->redis, 2, "DEL", key));
	free(test_redis_ask(shared->redis, 4, "HSET", key, "x", "y"));
	assert_int_equal(gp_store_forget(s->store, &s->ctx, gp_span_from("victim"), 1), GP_OK);
	absent(s, "hash");
	free(test_redis_ask(shared->redis, 3, "SET", "gatepost:{facts}", "x"));
	assert_int_equal(
		gp_store_facts(s->store, &s->ctx, 0, gp_span_from(""), visit_fact, &seen), GP_OK);
	assert_int_equal(seen, 0);
	assert_int_equal(gp_store_remove(s->store, &s->ctx, gp_span_from("k")), GP_OK);
	gp_store_tend(s->store, &s->ctx);
	assert_int_equal(
		gp_store_put(s->store, &s->ctx, gp_span_from("k"), gp_span_from("v"), 0), GP_OK);
	char *answer = test_redis_ask(shared->redis, 3, "HGET", "gatepost:{facts}", "k");
	assert_string_equal(answer, "0 v");
	free(answer);
	/* names that only look like ours are no counters */
	free(test_redis_ask(
		shared->redis, 3, "SET", "gatepost:{0123456789abcdef0123456789ABCDEF}", "x"));
	assert_int_equal(
		gp_store_scan(s->store, &s->ctx, gp_store_now_ms(s->store), count_usage, &seen),
		GP_OK);
	assert_int_equal(seen, 1);
}

/* Facts that have expired, or are none, are not shown; the former are removed by and by. */
static void facts_are_swept(void **state)
{
	struct shared *shared = *state;
	struct test_scene *s = &shared->scene;
	int seen = 0;
	assert_int_equal(test_scene_open(s), GP_OK);
	int64_t now_ms = gp_store_now_ms(s->store);
	assert_int_equal(gp_store_put(s->store, &s->ctx, gp_span_from("old"), gp_span_from("v"),
				 now_ms - 1000),
		GP_OK);
	assert_int_equal(gp_store_put(s->store, &s->ctx, gp_span_from("young"), gp_span_from("v"),
				 now_ms + 100000),
		GP_OK);
	free(test_redis_ask(
		shared->redis, 6, "HSET", "gatepost:{facts}", "odd", "no number", "odder", "-1 x"));
	assert_int_equal(
		gp_store_facts(s->store, &s->ctx, now_ms, gp_span_from(""), visit_fact, &seen),
		GP_OK);
	assert_int_equal(seen, 1);
	gp_store_tend(s->store, &s->ctx);
	char *answer = test_redis_ask(shared->redis, 2, "HKEYS", "gatepost:{facts}");
	assert_null(strstr(answer, "old"));
	assert_non_null(strstr(answer, "young"));
	free(answer);
}

/* Records vanish from the server when nothing in them counts any more. */
static void records_expire(void **state)
{
	struct shared *shared = *state;
	struct test_scene *s = &shared->scene;
	char key[64];
	assert_int_equal(test_scene_open(s), GP_OK);
	assert_int_equal(test_scene_take(s, "a", 5, 1), GP_OK);
	test_scene_key("a", key);
	char *answer = test_redis_ask(shared->redis, 2, "PTTL", key);
	long ttl = strtol(answer, NULL, 10);
	free(answer);
	assert_true(ttl > TEST_SCENE_PER_MS - 5000 &&
		    ttl <= TEST_SCENE_PER_MS + TEST_SCENE_PER_MS / 64 + 1);
}

#define SOFT_FOR_MS 3600000LL

/* soft_is_absent: a soft fact, and a set, are read as none and written anew. */
static void soft_is_absent(struct test_scene *s, const char *what)
{
	int64_t now_ms = gp_store_now_ms(s->store);
	char bytes[8];
	struct gp_store_within within = {.ms = SOFT_FOR_MS};
	struct gp_store_note note = {.key = gp_span_from("victim"),
		.value = gp_span_from("new"),
		.expires_ms = now_ms + SOFT_FOR_MS,
		.unless_there = true};
	struct gp_store_get get = {
		.key = note.key, .soft = true, .value = {.bytes = bytes, .room = sizeof bytes}};
	struct gp_store_see see = {.subject = note.key,
		.kind = 7,
		.item = gp_span_from("item"),
		.most = 9,
		.within = &within,
		.within_count = 1};
	const struct gp_store_op ops[] = {{GP_STORE_OP_NOTE, {.note = &note}},
		{GP_STORE_OP_GET, {.get = &get}}, {GP_STORE_OP_SEE, {.see = &see}}};
	assert_int_equal(gp_store_do(s->store, &s->ctx, now_ms, ops, 3), GP_OK);
	if (note.before.found != GP_STORE_ABSENT || get.value.found != GP_STORE_FOUND ||
		get.value.length != 3 || memcmp(bytes, "new", 3) != 0 || !see.is_new ||
		within.seen != 1)
		fail_msg("%s: is there, or was not written anew", what);
}

/* What is no record of a soft fact, or of a set, counts as absent; also another type of key. */
static void corrupt_soft_records(void **state)
{
#define ROW(what, text)                     \
	{                                   \
		what, text, sizeof text - 1 \
	}
	static const struct {
		const char *what, *bytes;
		size_t size;
	} rows[] = {
		ROW("empty", ""),
		ROW("short", "\1\0\0\0\0\0\0"),
		ROW("version", "\2\0\0\0\0\0\0\3"),
		ROW("over", "\1\1\0\0\0\0\0\0"),
		ROW("ends too late", "\1\1\0\0\0\0\0\4"),
		ROW("half an item", "\1\1\0\0\0\0\0\0half"),
		ROW("time falls", "\1\1\0\0\0\0\0\0"
				  "aaaa\2\0\0\0\0\0\0bbbb\1\0\0\0\0\0\0"),
		ROW("time too late", "\1\1\0\0\0\0\0\0aaaa\0\0\0\0\0\0\5"),
	};
#undef ROW
	struct shared *shared = *state;
	struct test_scene *s = &shared->scene;
	char key[64], note[72], set[72], big[2000];
	assert_int_equal(test_scene_open(s), GP_OK);
	test_scene_key("victim", key);
	snprintf(note, sizeof note, "%sn", key);
	snprintf(set, sizeof set, "%ss7", key);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		set_bytes(shared->redis, note, rows[i].bytes, rows[i].size);
		set_bytes(shared->redis, set, rows[i].bytes, rows[i].size);
		soft_is_absent(s, rows[i].what);
	}
	memset(big, 1, sizeof big);
	set_bytes(shared->redis, note, big, sizeof big);
	set_bytes(shared->redis, set, big, sizeof big);
	soft_is_absent(s, "too large");
	free(test_redis_ask(shared->redis, 3, "DEL", note, set));
	free(test_redis_ask(shared->redis, 3, "RPUSH", note, "x"));
	free(test_redis_ask(shared->redis, 4, "HSET", set, "x", "y"));
	soft_is_absent(s, "another type");
}

/* ttl_of: of a key, in milliseconds. */
static long ttl_of(struct shared *shared, const char *key)
{
	char *answer = test_redis_ask(shared->redis, 2, "PTTL", key);
	long ttl = strtol(answer, NULL, 10);
	free(answer);
	return ttl;
}

/* What is soft vanishes from the server by itself, a second after it has ended at the latest. */
static void soft_records_expire(void **state)
{
	struct shared *shared = *state;
	struct test_scene *s = &shared->scene;
	char key[64], name[72];
	assert_int_equal(test_scene_open(s), GP_OK);
	soft_is_absent(s, "new");
	test_scene_key("victim", key);
	snprintf(name, sizeof name, "%sn", key);
	assert_in_range(ttl_of(shared, name), SOFT_FOR_MS - 60000, SOFT_FOR_MS + 1000);
	snprintf(name, sizeof name, "%ss7", key);
	assert_in_range(ttl_of(shared, name), SOFT_FOR_MS - 60000, SOFT_FOR_MS + 1000);
}

/* One round trip for all of a decision: the server sees one command. */
static void a_decision_is_one_command(void **state)
{
	struct shared *shared = *state;
	struct test_scene *s = &shared->scene;
	assert_int_equal(test_scene_open(s), GP_OK);
	soft_is_absent(s, "first");
	free(test_redis_ask(shared->redis, 2, "CONFIG", "RESETSTAT"));
	struct gp_store_count count = {.id = 1, .per_ms = TEST_SCENE_PER_MS, .max = 9, .take = 1};
	struct gp_store_take take = {gp_span_from("a"), &count, 1};
	struct gp_store_get get = {.key = gp_span_from("lock")},
			    soft = {.key = gp_span_from("victim"), .soft = true};
	const struct gp_store_op ops[] = {{GP_STORE_OP_TAKE, {.take = &take}},
		{GP_STORE_OP_GET, {.get = &get}}, {GP_STORE_OP_GET, {.get = &soft}}};
	assert_int_equal(gp_store_do(s->store, &s->ctx, gp_store_now_ms(s->store), ops, 3), GP_OK);
	assert_int_equal(soft.value.found, GP_STORE_FOUND);
	char *answer = test_redis_ask(shared->redis, 2, "INFO", "commandstats");
	const char *line = strstr(answer, "cmdstat_evalsha:calls=");
	assert_non_null(line);
	assert_int_equal(strtol(line + strlen("cmdstat_evalsha:calls="), NULL, 10), 1);
	free(answer);
}

#define ROW(f) cmocka_unit_test_prestate_setup_teardown(f, set_up, tear_down, &shared)

/* main: a server for all, or the reason why not. */
int main(void)
{
	struct shared shared = {.redis = NULL};
	const char *missing = gp_store_has_redis ? test_redis_missing() : "this build has no Redis";
	if (missing) {
		printf("ok 1 - redis # SKIP %s\n1..1\n", missing);
		return 0;
	}
	shared.redis = test_redis_start(NULL);
	const struct CMUnitTest tests[] = {
		ROW(scripts_flushed),
		ROW(corrupt_records),
		ROW(keys_of_other_types),
		ROW(facts_are_swept),
		ROW(records_expire),
		ROW(corrupt_soft_records),
		ROW(soft_records_expire),
		ROW(a_decision_is_one_command),
	};
	int failed = cmocka_run_group_tests_name("redis records", tests, NULL, NULL);
	test_redis_stop(shared.redis);
	return failed;
}
