/* SPDX-License-Identifier: ISC */
/* The store over Redis that is more than one server: sentinels with their master, and a cluster. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_private.h"
#include "support/contract.h"
#include "support/redis_scene.h"

/* ---- sentinels ---- */

/* sentinel_uri: of a name. */
static const char *sentinel_uri(const struct test_redis *sentinel, const char *name, char out[96])
{
	snprintf(out, 96, "sentinel://127.0.0.1:%u/%s", test_redis_port(sentinel), name);
	return out;
}

/* point_to: from now on the sentinel names this server. */
static void point_to(const struct test_redis *sentinel, const struct test_redis *master)
{
	char port[8];
	snprintf(port, sizeof port, "%u", test_redis_port(master));
	free(test_redis_ask(sentinel, 3, "SENTINEL", "REMOVE", "main"));
	free(test_redis_ask(sentinel, 6, "SENTINEL", "MONITOR", "main", "127.0.0.1", port, "1"));
}

/* The master is asked for, followed when it dies, and followed when another one is named. */
static void sentinel(void **state)
{
	(void)state;
	struct test_scene s;
	char uri[96];
	struct test_redis *first = test_redis_start(NULL), *second = test_redis_start(NULL);
	struct test_redis *watch = test_redis_start_sentinel("main", first);
	test_scene_begin(&s);
	s.options.uris[0] = "sentinel://127.0.0.1:1/main"; /* nobody there */
	s.options.uris[1] = sentinel_uri(watch, "main", uri);
	s.options.uri_count = 2;
	assert_int_equal(test_scene_open(&s), GP_OK);
	assert_true(test_scene_tend_until(&s, true, test_redis_uri(first)));
	assert_int_equal(test_scene_take(&s, "a", 9, 1), GP_OK);
	test_redis_kill(first);
	assert_int_equal(test_scene_take(&s, "a", 9, 1), GP_EIO);
	gp_store_tend(s.store, &s.ctx);
	assert_false(test_scene_is_up(&s));
	point_to(watch, second);
	assert_true(test_scene_tend_until(&s, true, test_redis_uri(second)));
	assert_int_equal(test_scene_take(&s, "a", 9, 1), GP_OK);
	test_redis_again(first);
	point_to(watch, first);
	assert_true(test_scene_tend_until(&s, true, test_redis_uri(first)));
	assert_int_equal(test_scene_take(&s, "a", 9, 1), GP_OK);
	test_scene_end(&s);
	test_redis_stop(watch);
	test_redis_stop(first);
	test_redis_stop(second);
}

/* A name that the sentinel does not know, and a master that is none, are said to be so. */
static void sentinel_is_wrong(void **state)
{
	(void)state;
	struct test_scene s;
	char uri[96], port[8];
	struct test_redis *master = test_redis_start(NULL);
	snprintf(port, sizeof port, "%u", test_redis_port(master));
	struct test_redis *replica =
		test_redis_start((const char *const[]) {"--replicaof", "127.0.0.1", port, NULL});
	struct test_redis *watch = test_redis_start_sentinel("main", replica);
	test_scene_begin(&s);
	s.options.uris[0] = sentinel_uri(watch, "other", uri);
	assert_int_equal(test_scene_open(&s), GP_OK);
	assert_true(test_scene_complains(&s, "no master of this name"));
	s.options.uris[0] = sentinel_uri(watch, "main", uri);
	assert_int_equal(test_scene_open(&s), GP_OK);
	assert_false(test_scene_is_up(&s));
	assert_true(test_scene_complains(&s, "replica"));
	snprintf(uri, sizeof uri, "redis://127.0.0.1:%u", test_redis_port(watch));
	s.options.uris[0] = uri;
	assert_int_equal(test_scene_open(&s), GP_OK);
	assert_false(test_scene_is_up(&s));
	assert_true(test_scene_complains(&s, "sentinel"));
	test_scene_end(&s);
	test_redis_stop(watch);
	test_redis_stop(replica);
	test_redis_stop(master);
}

/* A password for the sentinel, another one for the server. */
static void sentinel_password(void **state)
{
	(void)state;
	struct test_scene s;
	char uri[96], path[2][128];
	struct test_redis *master =
		test_redis_start((const char *const[]) {"--requirepass", "of the master", NULL});
	struct test_redis *watch = test_redis_start_sentinel("main", master);
	const char *words[] = {"of the master\n", "of the sentinel\n"};
	for (int i = 0; i < 2; i++) {
		snprintf(path[i], sizeof path[i], "%s/secret%d", test_redis_folder(master), i);
		FILE *file = fopen(path[i], "w");
		assert_non_null(file);
		fputs(words[i], file);
		fclose(file);
	}
	free(test_redis_ask(watch, 4, "CONFIG", "SET", "requirepass", "of the sentinel"));
	free(test_redis_ask(watch, 5, "ACL", "SETUSER", "default", "on", ">of the sentinel"));
	test_scene_begin(&s);
	s.options.uris[0] = sentinel_uri(watch, "main", uri);
	s.options.password_file = path[0];
	assert_int_equal(test_scene_open(&s), GP_OK);
	s.options.sentinel_password_file = path[1];
	assert_int_equal(test_scene_open(&s), GP_OK);
	assert_true(test_scene_is_up(&s));
	assert_int_equal(test_scene_take(&s, "a", 9, 1), GP_OK);
	test_scene_end(&s);
	test_redis_stop(watch);
	test_redis_stop(master);
}

/* ---- cluster ---- */

#define NODES 3

/* Three masters, and a scene that knows one of them. */
struct cluster {
	struct test_redis *nodes[NODES];
	char ids[NODES][41];
	struct test_scene scene;
};

/* first_of, last_of: the slots of a node. */
static unsigned first_of(int node)
{
	return 16384u * (unsigned)node / NODES;
}

static unsigned last_of(int node)
{
	return first_of(node + 1) - 1;
}

/* start_node: alone as yet. */
static struct test_redis *start_node(void)
{
	char bus[8];
	snprintf(bus, sizeof bus, "%u", test_redis_free_port());
	return test_redis_start((const char *const[]) {"--cluster-enabled", "yes",
		"--cluster-config-file", "nodes.conf", "--cluster-node-timeout", "2000",
		"--cluster-require-full-coverage", "no", "--cluster-port", bus, NULL});
}

/* join: all nodes meet, each with its share of the slots. */
static void join(struct cluster *c)
{
	char first[8], last[8], port[8], bus[8], epoch[8];
	for (int i = 0; i < NODES; i++) {
		snprintf(first, sizeof first, "%u", first_of(i));
		snprintf(last, sizeof last, "%u", last_of(i));
		snprintf(epoch, sizeof epoch, "%d", i + 1);
		free(test_redis_ask(c->nodes[i], 3, "CLUSTER", "SET-CONFIG-EPOCH", epoch));
		free(test_redis_ask(c->nodes[i], 4, "CLUSTER", "ADDSLOTSRANGE", first, last));
		char *id = test_redis_ask(c->nodes[i], 2, "CLUSTER", "MYID");
		snprintf(c->ids[i], sizeof c->ids[i], "%s", id);
		free(id);
	}
	for (int i = 1; i < NODES; i++) {
		char *answer = test_redis_ask(c->nodes[i], 3, "CONFIG", "GET", "cluster-port");
		const char *number = strrchr(answer, '$');
		snprintf(bus, sizeof bus, "%d", atoi(strchr(number, '\n') + 1));
		free(answer);
		snprintf(port, sizeof port, "%u", test_redis_port(c->nodes[i]));
		free(test_redis_ask(c->nodes[0], 5, "CLUSTER", "MEET", "127.0.0.1", port, bus));
	}
	for (int i = 0; i < NODES; i++) {
		test_redis_await(c->nodes[i], "cluster_state:ok", 2, "CLUSTER", "INFO");
		test_redis_await(c->nodes[i], "cluster_slots_assigned:16384", 2, "CLUSTER", "INFO");
	}
}

/* set_up: empty nodes, a scene. */
static int set_up(void **state)
{
	struct cluster *c = *state;
	for (int i = 0; i < NODES; i++)
		free(test_redis_ask(c->nodes[i], 1, "FLUSHALL"));
	test_scene_begin(&c->scene);
	c->scene.options.uris[0] = test_redis_uri(c->nodes[0]);
	c->scene.options.timeout_ms = 5000;
	return 0;
}

/* tear_down: the store. */
static int tear_down(void **state)
{
	test_scene_end(&((struct cluster *)*state)->scene);
	return 0;
}

/* slot_of: as a node computes it. */
static unsigned slot_of(const struct cluster *c, const char *subject)
{
	char key[64];
	test_scene_key(subject, key);
	char *answer = test_redis_ask(c->nodes[0], 3, "CLUSTER", "KEYSLOT", key);
	unsigned slot = (unsigned)strtoul(answer, NULL, 10);
	free(answer);
	return slot;
}

/* subject_on: the nth subject whose slot belongs to the node. */
static void subject_on(const struct cluster *c, int node, int nth, char out[32])
{
	for (int i = 0; i < 10000; i++) {
		snprintf(out, 32, "subject%d", i);
		unsigned slot = slot_of(c, out);
		if (slot >= first_of(node) && slot <= last_of(node) && nth-- == 0)
			return;
	}
	fail();
}

/* keys_on: how many keys a node has. */
static int keys_on(const struct test_redis *node)
{
	char *answer = test_redis_ask(node, 1, "DBSIZE");
	int count = atoi(answer);
	free(answer);
	return count;
}

/* count_usage: for gp_store_scan. */
static bool count_usage(void *arg, const struct gp_store_usage *usage)
{
	(void)usage;
	++*(int *)arg;
	return true;
}

/* Subjects go to their nodes; a scan sees all of them. */
static void spread(void **state)
{
	struct cluster *c = *state;
	int seen = 0;
	char subject[32];
	assert_int_equal(test_scene_open(&c->scene), GP_OK);
	for (int i = 0; i < 60; i++) {
		snprintf(subject, sizeof subject, "subject%d", i);
		assert_int_equal(test_scene_take(&c->scene, subject, 1, 1), GP_OK);
		assert_int_equal(test_scene_take(&c->scene, subject, 1, 1), 1);
	}
	for (int i = 0; i < NODES; i++)
		assert_true(keys_on(c->nodes[i]) > 5);
	assert_int_equal(gp_store_scan(c->scene.store, &c->scene.ctx,
				 gp_store_now_ms(c->scene.store), count_usage, &seen),
		GP_OK);
	assert_int_equal(seen, 60);
	struct gp_store_health health;
	gp_store_health(c->scene.store, &health);
	assert_non_null(strstr(health.where, "(cluster)"));
}

/* A later subject refuses: the earlier one, on another node, reads as if nothing had happened. */
static void given_back(void **state)
{
	struct cluster *c = *state;
	struct test_scene *s = &c->scene;
	char first[32], second[32];
	int64_t used[2];
	assert_int_equal(test_scene_open(s), GP_OK);
	subject_on(c, 1, 0, first);
	subject_on(c, 2, 0, second);
	const int64_t max[2] = {5, 2};
	assert_int_equal(test_scene_take_two(s, first, second, max, used), GP_OK);
	assert_int_equal(test_scene_take_two(s, first, second, max, used), GP_OK);
	assert_int_equal(used[0], 2);
	assert_int_equal(test_scene_take_two(s, first, second, max, used), 1);
	assert_int_equal(used[0], 2);
	assert_int_equal(used[1], 2);
	assert_int_equal(test_scene_used(s, first), 2);
	/* the other way round, nothing is asked of the second one */
	assert_int_equal(test_scene_take_two(s, second, first, (const int64_t[]) {2, 5}, used), 1);
	assert_int_equal(used[0], 2);
	assert_int_equal(used[1], 2);
	assert_int_equal(test_scene_used(s, first), 2);
}

/* What had been released in a call that is refused is taken again. */
static void given_back_is_taken_again(void **state)
{
	struct cluster *c = *state;
	struct test_scene *s = &c->scene;
	char first[32], second[32];
	assert_int_equal(test_scene_open(s), GP_OK);
	subject_on(c, 0, 0, first);
	subject_on(c, 2, 1, second);
	assert_int_equal(test_scene_take(s, first, 9, 4), GP_OK);
	assert_int_equal(test_scene_take(s, second, 1, 1), GP_OK);
	int64_t now_ms = gp_store_now_ms(s->store);
	struct gp_store_count counts[2] = {{.id = 1,
						   .per_ms = TEST_SCENE_PER_MS,
						   .max = 9,
						   .take = 1,
						   .back = 3,
						   .back_ms = now_ms},
		{.id = 1, .per_ms = TEST_SCENE_PER_MS, .max = 1, .take = 1}};
	struct gp_store_take takes[2] = {
		{gp_span_from(first), &counts[0], 1}, {gp_span_from(second), &counts[1], 1}};
	assert_int_equal(gp_store_take(s->store, &s->ctx, now_ms, takes, 2), GP_OK);
	assert_true(counts[1].refused);
	assert_false(counts[0].refused);
	assert_int_equal(counts[0].used, 1); /* after the releasing, without the take */
	assert_int_equal(test_scene_used(s, first), 4);
}

/* A node that has gone fails its subjects only, and takes nothing of others with it. */
static void node_goes_and_returns(void **state)
{
	struct cluster *c = *state;
	struct test_scene *s = &c->scene;
	char here[32], gone[32];
	const int64_t max[2] = {9, 9};
	assert_int_equal(test_scene_open(s), GP_OK);
	subject_on(c, 1, 0, here);
	subject_on(c, 2, 0, gone);
	assert_int_equal(test_scene_take_two(s, here, gone, max, NULL), GP_OK);
	test_redis_kill(c->nodes[2]);
	assert_int_equal(test_scene_take(s, gone, 9, 1), GP_EIO);
	assert_false(test_scene_is_up(s));
	assert_int_equal(test_scene_take(s, here, 9, 1), GP_OK);
	assert_int_equal(test_scene_take_two(s, here, gone, max, NULL), GP_EIO);
	assert_int_equal(test_scene_used(s, here), 2);
	gp_store_tend(s->store, &s->ctx);
	assert_int_equal(test_scene_take(s, here, 9, 1), GP_OK);
	test_redis_again(c->nodes[2]);
	test_redis_await(c->nodes[2], "cluster_state:ok", 2, "CLUSTER", "INFO");
	assert_true(test_scene_tend_until(s, true, ""));
	assert_int_equal(test_scene_take(s, gone, 9, 1), GP_OK);
}

/* move: a slot from one node to another, in the steps that redirect in their own ways. */
static void set_slot(const struct cluster *c, int node, unsigned slot, const char *how, int other)
{
	char number[8];
	snprintf(number, sizeof number, "%u", slot);
	char *answer =
		test_redis_ask(c->nodes[node], 5, "CLUSTER", "SETSLOT", number, how, c->ids[other]);
	assert_string_equal(answer, "OK");
	free(answer);
}

/* A slot on its way to another node (ASK), and one that has arrived there (MOVED). */
static void slot_moves(void **state)
{
	struct cluster *c = *state;
	struct test_scene *s = &c->scene;
	char subject[32], key[64], port[8];
	assert_int_equal(test_scene_open(s), GP_OK);
	subject_on(c, 0, 3, subject);
	test_scene_key(subject, key);
	unsigned slot = slot_of(c, subject);
	set_slot(c, 1, slot, "IMPORTING", 0);
	set_slot(c, 0, slot, "MIGRATING", 1);
	for (int i = 0; i < 3; i++)
		assert_int_equal(test_scene_take(s, subject, 9, 1), GP_OK);
	assert_int_equal(keys_on(c->nodes[0]), 0);
	assert_int_equal(keys_on(c->nodes[1]), 1);
	set_slot(c, 1, slot, "NODE", 1);
	set_slot(c, 0, slot, "NODE", 1);
	set_slot(c, 2, slot, "NODE", 1);
	assert_int_equal(test_scene_take(s, subject, 9, 1), GP_OK);
	gp_store_tend(s->store, &s->ctx);
	assert_int_equal(test_scene_used(s, subject), 4);
	/* and back, with what is in it */
	snprintf(port, sizeof port, "%u", test_redis_port(c->nodes[0]));
	set_slot(c, 0, slot, "IMPORTING", 1);
	set_slot(c, 1, slot, "MIGRATING", 0);
	free(test_redis_ask(c->nodes[1], 6, "MIGRATE", "127.0.0.1", port, key, "0", "2000"));
	assert_int_equal(test_scene_used(s, subject), 4);
	set_slot(c, 0, slot, "NODE", 0);
	set_slot(c, 1, slot, "NODE", 0);
	set_slot(c, 2, slot, "NODE", 0);
	assert_int_equal(test_scene_used(s, subject), 4);
	assert_int_equal(keys_on(c->nodes[0]), 1);
}

/* A prefix that chooses the slot itself: all subjects of a call go together. */
static void one_slot(void **state)
{
	struct cluster *c = *state;
	struct test_scene *s = &c->scene;
	int64_t used[2];
	s->options.prefix = "{gatepost}:";
	assert_int_equal(test_scene_open(s), GP_OK);
	const int64_t max[2] = {5, 1};
	assert_int_equal(test_scene_take_two(s, "a", "b", max, used), GP_OK);
	assert_int_equal(test_scene_take_two(s, "a", "b", max, used), 1);
	assert_int_equal(used[0], 1);
	int with = 0;
	for (int i = 0; i < NODES; i++)
		with += keys_on(c->nodes[i]) > 0;
	assert_int_equal(with, 1);
}

/* A cluster has one database. */
static void no_database(void **state)
{
	struct cluster *c = *state;
	char uri[96];
	snprintf(uri, sizeof uri, "%s/3", test_redis_uri(c->nodes[0]));
	c->scene.options.uris[0] = uri;
	assert_int_equal(test_scene_open(&c->scene), GP_OK);
	assert_false(test_scene_is_up(&c->scene));
	assert_true(test_scene_complains(&c->scene, "SELECT"));
}

/* Threads on subjects of all nodes with few connections: places are passed on between nodes. */
static void *run_crowd(void *arg)
{
	struct test_scene *s = arg;
	for (int i = 0; i < 150; i++) {
		char subject[32];
		snprintf(subject, sizeof subject, "subject%d", i % 30);
		if (test_scene_take(s, subject, 1 << 20, 1) != GP_OK)
			return s;
	}
	return NULL;
}

static void few_connections(void **state)
{
	struct cluster *c = *state;
	struct test_scene *s = &c->scene;
	pthread_t threads[8];
	void *failed;
	int64_t sum = 0;
	s->options.connections = 2;
	s->options.timeout_ms = 5000;
	assert_int_equal(test_scene_open(s), GP_OK);
	for (int i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run_crowd, s), 0);
	for (int i = 0; i < 8; i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	for (int i = 0; i < 30; i++) {
		char subject[32];
		snprintf(subject, sizeof subject, "subject%d", i);
		sum += test_scene_used(s, subject);
	}
	assert_int_equal(sum, 8 * 150);
}

/* ---- the contract, on a cluster ---- */

/* open_store: on empty nodes. */
static struct gp_store *open_store(void *arg)
{
	void *state = arg;
	set_up(&state);
	struct cluster *c = arg;
	c->scene.options.timeout_ms = 5000;
	return test_scene_open(&c->scene) ? NULL : c->scene.store;
}

/* open_one_slot: all keys on one node. */
static struct gp_store *open_one_slot(void *arg)
{
	void *state = arg;
	set_up(&state);
	struct cluster *c = arg;
	c->scene.options.timeout_ms = 5000;
	c->scene.options.prefix = "{gatepost}:";
	return test_scene_open(&c->scene) ? NULL : c->scene.store;
}

/* close_store: the store and its scene. */
static void close_store(struct gp_store *store, void *arg)
{
	(void)store; /* the scene's */
	test_scene_end(&((struct cluster *)arg)->scene);
}

#define ROW(f) cmocka_unit_test_prestate_setup_teardown(f, set_up, tear_down, &cluster)

/* main: a cluster for all, or the reason why not. */
int main(void)
{
	struct cluster cluster;
	memset(&cluster, 0, sizeof cluster);
	const char *missing = gp_store_has_redis ? test_redis_missing() : "this build has no Redis";
	if (missing) {
		printf("ok 1 - redis cluster # SKIP %s\n1..1\n", missing);
		return 0;
	}
	for (int i = 0; i < NODES; i++)
		cluster.nodes[i] = start_node();
	join(&cluster);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sentinel),
		cmocka_unit_test(sentinel_is_wrong),
		cmocka_unit_test(sentinel_password),
		ROW(spread),
		ROW(given_back),
		ROW(given_back_is_taken_again),
		ROW(node_goes_and_returns),
		ROW(slot_moves),
		ROW(one_slot),
		ROW(no_database),
		ROW(few_connections),
	};
	int failed = cmocka_run_group_tests_name("redis cluster", tests, NULL, NULL);
	/*
	 * A subject that was counted and released has seen the time of the call that was refused,
	 * and moves its slots back if that was early; elsewhere a refusal leaves no trace at all.
	 */
	cmocka_set_skip_filter("the_same_as_in_memory");
	failed += gp_test_contract("redis cluster", open_store, close_store, &cluster);
	cmocka_set_skip_filter(NULL);
	failed += gp_test_contract("redis cluster, one slot", open_one_slot, close_store, &cluster);
	for (int i = 0; i < NODES; i++)
		test_redis_stop(cluster.nodes[i]);
	return failed;
}
