/* SPDX-License-Identifier: ISC */
/* From the embedded store to Redis and back; records of Redis as C reads and writes them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/redis/redis_record.h"
#include "support/lmdbstore.h"
#include "support/moved.h"
#include "support/redis_scene.h"

/* What a case has: an embedded store, and one over Redis. */
struct both {
	void *lmdb;
	struct test_redis *redis;
	struct test_scene scene;
};

static struct test_redis *server;

/* set_up: both are open and empty. */
static int set_up(void **state)
{
	struct both *both = calloc(1, sizeof *both);
	assert_non_null(both);
	both->redis = server;
	free(test_redis_ask(server, 1, "FLUSHALL"));
	assert_int_equal(gp_test_lmdb_set_up(&both->lmdb), 0);
	gp_test_lmdb_open_store(both->lmdb);
	test_scene_begin(&both->scene);
	both->scene.options.uris[0] = test_redis_uri(server);
	assert_int_equal(test_scene_open(&both->scene), GP_OK);
	*state = both;
	return 0;
}

/* tear_down: both. */
static int tear_down(void **state)
{
	struct both *both = *state;
	test_scene_end(&both->scene);
	int rc = gp_test_lmdb_tear_down(&both->lmdb);
	free(both);
	return rc;
}

/* there_and_back: everything, once and once more, to Redis and to a fresh embedded store. */
static void there_and_back(void **state)
{
	struct both *both = *state;
	struct gp_test_lmdb *a = both->lmdb, *c;
	struct test_scene *b = &both->scene;
	struct gp_test_moved moved = {.count = 0};
	void *third;
	int64_t unix_ms = gp_store_now_ms(a->store);
	gp_test_moved_fill(a->store, &a->ctx);
	gp_test_moved_export(&moved, a->store, &a->ctx, unix_ms);
	for (int i = 0; i < 2; i++) {
		gp_test_moved_import(&moved, b->store, &b->ctx, unix_ms);
		assert_int_equal(moved.results[GP_STORE_IMPORT_NEW], i ? 0 : 6);
		assert_int_equal(moved.results[GP_STORE_IMPORT_JOINED], i ? 3 : 0);
		gp_test_moved_check(b->store, &b->ctx);
	}
	gp_test_moved_export(&moved, b->store, &b->ctx, unix_ms);
	assert_int_equal(moved.count, 6);
	assert_int_equal(gp_test_lmdb_set_up(&third), 0);
	c = third;
	gp_test_lmdb_open_store(c);
	gp_test_moved_import(&moved, c->store, &c->ctx, unix_ms);
	gp_test_moved_check(c->store, &c->ctx);
	assert_int_equal(gp_test_lmdb_tear_down(&third), 0);
	gp_test_moved_free(&moved);
}

/* a_record_expires: with the last of its windows, not before. */
static void a_record_expires(void **state)
{
	struct both *both = *state;
	struct gp_test_lmdb *a = both->lmdb;
	struct test_scene *b = &both->scene;
	struct gp_test_moved moved = {.count = 0};
	int64_t unix_ms = gp_store_now_ms(a->store);
	(void)gp_test_moved_take(a->store, &a->ctx, "user:alice", 7);
	gp_test_moved_export(&moved, a->store, &a->ctx, unix_ms);
	gp_test_moved_import(&moved, b->store, &b->ctx, unix_ms);
	char *name = test_redis_ask(both->redis, 1, "RANDOMKEY");
	char *left = test_redis_ask(both->redis, 2, "PTTL", name);
	long ms = strtol(left, NULL, 10);
	assert_true(ms > 3600000 - 60000 && ms <= 3600000 + 57000);
	free(left);
	free(name);
	gp_test_moved_free(&moved);
}

/* something_else_there: a value of another type, and one that is no record, are absent. */
static void something_else_there(void **state)
{
	struct both *both = *state;
	struct gp_test_lmdb *a = both->lmdb;
	struct test_scene *b = &both->scene;
	struct gp_test_moved moved = {.count = 0};
	int64_t unix_ms = gp_store_now_ms(a->store);
	(void)gp_test_moved_take(a->store, &a->ctx, "user:alice", 7);
	gp_test_moved_export(&moved, a->store, &a->ctx, unix_ms);
	gp_test_moved_import(&moved, b->store, &b->ctx, unix_ms);
	char *name = test_redis_ask(both->redis, 1, "RANDOMKEY");
	free(test_redis_ask(both->redis, 3, "SET", name, "rubbish"));
	gp_test_moved_export(&moved, b->store, &b->ctx, unix_ms);
	assert_int_equal(moved.count, 0);
	gp_test_moved_export(&moved, a->store, &a->ctx, unix_ms);
	gp_test_moved_import(&moved, b->store, &b->ctx, unix_ms);
	assert_int_equal(gp_test_moved_take(b->store, &b->ctx, "user:alice", 0), 7);
	free(test_redis_ask(both->redis, 2, "DEL", name));
	free(test_redis_ask(both->redis, 3, "LPUSH", name, "a list"));
	gp_test_moved_import(&moved, b->store, &b->ctx, unix_ms);
	assert_int_equal(gp_test_moved_take(b->store, &b->ctx, "user:alice", 0), 7);
	free(name);
	gp_test_moved_free(&moved);
}

/* the_same_bytes: what scripts have written comes out as it went in, and cut nowhere. */
static void the_same_bytes(void **state)
{
	struct both *both = *state;
	struct test_scene *b = &both->scene;
	struct gp_store_redis_record *record = malloc(sizeof *record);
	unsigned char again[4096];
	assert_non_null(record);
	gp_test_moved_fill(b->store, &b->ctx);
	unsigned char key[GP_STORE_MOVE_KEY];
	assert_int_equal(gp_store_record_key(gp_span_from("user:alice"), key), GP_OK);
	char name[128], *p = name;
	p += sprintf(p, "%s{", b->options.prefix);
	for (size_t i = 0; i < sizeof key; i++)
		p += sprintf(p, "%02x", key[i]);
	strcpy(p, "}");
	char *bytes = test_redis_ask(both->redis, 2, "GET", name);
	/* a NUL ends what the query returns: its length comes from another one */
	char *length = test_redis_ask(both->redis, 2, "STRLEN", name);
	size_t size = (size_t)strtol(length, NULL, 10);
	assert_true(size == 3 + 10 + 2 * 24);
	struct gp_span text = {bytes, size};
	assert_true(gp_store_redis_record_decode(text, record));
	assert_int_equal(record->count, 2);
	assert_int_equal(gp_store_redis_record_size(record), size);
	gp_store_redis_record_encode(record, again);
	assert_memory_equal(again, bytes, size);
	for (size_t i = 0; i < size; i++) {
		struct gp_span cut = {bytes, i};
		bool is_whole = i == 3 + 10 || i == size - 24; /* without windows; without one */
		assert_int_equal(gp_store_redis_record_decode(cut, record), is_whole);
	}
	free(length);
	free(bytes);
	free(record);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(there_and_back),
		CASE(a_record_expires),
		CASE(something_else_there),
		CASE(the_same_bytes),
	};
	const char *missing = gp_store_has_redis ? test_redis_missing() : "this build has no Redis";
	if (missing) {
		printf("ok 1 - redis # SKIP %s\n1..1\n", missing);
		return 0;
	}
	server = test_redis_start(NULL);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	test_redis_stop(server);
	return failed;
}
