/* SPDX-License-Identifier: ISC */
/*
 * Scene: a store over Redis for one test, what it logged, and short ways to use it.
 *
 *     struct test_scene s;
 *     test_scene_begin(&s);
 *     s.options.uris[0] = test_redis_uri(server);
 *     test_scene_open(&s);
 *     test_scene_take(&s, "alice", 10, 1);
 *     test_scene_end(&s);
 */
#ifndef TESTS_SUPPORT_REDIS_SCENE_H
#define TESTS_SUPPORT_REDIS_SCENE_H

#include <pthread.h>

#include "store/store.h"
#include "support/redis.h"

#define TEST_SCENE_PER_MS 3600000

struct test_scene {
	struct gp_ctx ctx;
	struct gp_log log;
	struct gp_store_options options; /* one URI, 300 ms, 8 connections */
	struct gp_store *store;
	pthread_mutex_t lock; /* guards logged */
	char logged[8192];    /* all texts, as far as there is room */
};

void test_scene_begin(struct test_scene *scene);
void test_scene_end(struct test_scene *scene); /* closes the store, too */

/* Opens; what gp_store_open returns. The deadline of the context is ten seconds from now on. */
int test_scene_open(struct test_scene *scene);
void test_scene_deadline(struct test_scene *scene, int64_t ms);

/* Takes n of max; GP_OK, 1 when it was refused, or the status. */
int test_scene_take(struct test_scene *scene, const char *subject, int64_t max, int64_t n);

/* Takes n of max of two subjects; the same. *used_out (2 numbers) may be NULL. */
int test_scene_take_two(struct test_scene *scene, const char *first, const char *second,
	const int64_t max[2], int64_t *used_out);

/* How much is counted of the subject, or the status. */
int64_t test_scene_used(struct test_scene *scene, const char *subject);

/* Tends every 20 ms until the store is as wanted; false: it never is. */
bool test_scene_tend_until(struct test_scene *scene, bool up, const char *where);

/* Does health's problem, or the log, contain the text? */
bool test_scene_complains(struct test_scene *scene, const char *text);
bool test_scene_logged(struct test_scene *scene, const char *text);
bool test_scene_is_up(struct test_scene *scene);

/* The name of the subject's record under the prefix "gatepost:". */
void test_scene_key(const char *subject, char key_out[64]);

/* Milliseconds since a time of gp_clock_now_us. */
int64_t test_scene_since_ms(int64_t begun_us);

void test_scene_pause(long ms);

#endif
