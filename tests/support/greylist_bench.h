/* SPDX-License-Identifier: ISC */
/*
 * Greylisting, for its tests: a store of each backend, a contact, and a time that is an argument.
 */
#ifndef TESTS_SUPPORT_GREYLIST_BENCH_H
#define TESTS_SUPPORT_GREYLIST_BENCH_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reputation/greylist/greylist.h"
#include "support/greylist_settings.h"
#include "support/memstore.h"
#include "support/redis.h"

enum backend { MEMORY, LMDB, REDIS, BACKENDS };

static struct test_redis *redis;

struct bench {
	enum backend backend;
	char folder[64], uri[96];
	struct gp_store_options options;
	struct gp_test_memstore *memory;
	struct gp_store *store;
	struct gp_ctx ctx;
	struct gp_greylist_settings settings;
	struct gp_greylist_query query;
	int64_t now;
};

/* open_store: of this backend. */
static inline void open_store(struct bench *b)
{
	if (b->backend == MEMORY)
		assert_int_equal(gp_test_memstore_new(&b->memory, &b->store), GP_OK);
	else
		assert_int_equal(gp_store_open(&b->options, &b->ctx, &b->store), GP_OK);
}

/* begin: an empty store, the default options without learning, and a contact. */
static inline void begin(struct bench *b, enum backend backend)
{
	static int number;
	static char prefix[32];
	*b = (struct bench) {.backend = backend};
	b->ctx = (struct gp_ctx) {.arena = gp_arena_new(1 << 20), .clock = gp_clock_system()};
	b->ctx.deadline_us = gp_clock_now_us(b->ctx.clock) + 300 * 1000000LL;
	snprintf(b->folder, sizeof b->folder, "/tmp/gp-greylist-XXXXXX");
	assert_non_null(mkdtemp(b->folder));
	snprintf(b->uri, sizeof b->uri, "lmdb:%s", b->folder);
	snprintf(prefix, sizeof prefix, "t%d:", ++number);
	b->options = (struct gp_store_options) {
		.uris = {backend == REDIS ? test_redis_uri(redis) : b->uri},
		.uri_count = 1,
		.map_bytes = 64 << 20,
		.prefix = prefix,
		.user = "",
		.password_file = "",
		.sentinel_password_file = "",
		.tls_ca_file = "",
		.tls_cert_file = "",
		.tls_key_file = "",
		.timeout_ms = 20000,
		.connections = 2};
	open_store(b);
	b->now = gp_store_now_ms(b->store);
	b->settings = (struct gp_greylist_settings)TEST_GREYLIST_SETTINGS;
	b->query = (struct gp_greylist_query) {.contact = {.settings = &b->settings,
						       .sender = gp_span_from("alice@a.test"),
						       .sender_domain = "a.test",
						       .recipient = gp_span_from("bob@here.test")},
		.is_delaying = true};
	assert_int_equal(
		gp_ipaddr_parse(gp_span_from("192.0.2.1"), &b->query.contact.client), GP_OK);
}

/* end: all of it goes. */
static inline void end(struct bench *b)
{
	char command[96];
	gp_store_close(b->store);
	gp_arena_free(b->ctx.arena);
	snprintf(command, sizeof command, "rm -rf %s", b->folder);
	assert_int_equal(system(command), 0);
}

/* see: what comes of the contact, so long after the beginning. */
static inline struct gp_greylist_answer see(struct bench *b, int64_t after_ms)
{
	struct gp_greylist_answer a;
	gp_arena_reset(b->ctx.arena);
	assert_int_equal(
		gp_greylist_see(&b->ctx, b->store, b->now + after_ms, &b->query, &a), GP_OK);
	return a;
}

/* from: the contact comes from this address. */
static inline void from(struct bench *b, const char *client)
{
	assert_int_equal(gp_ipaddr_parse(gp_span_from(client), &b->query.contact.client), GP_OK);
}

/* sender: another one. */
static inline void sender(struct bench *b, int number)
{
	static char domain[32];
	snprintf(domain, sizeof domain, "d%d.test", number);
	b->query.contact.sender_domain = domain;
}

#define SEES(after, expected) assert_int_equal(see(b, after).outcome, GP_GREYLIST_##expected)

static enum backend group_backend; /* of the group that runs */

/* set_up: for cmocka. */
static inline int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof *b);
	assert_non_null(b);
	begin(b, group_backend);
	*state = b;
	return 0;
}

/* tear_down: likewise. */
static inline int tear_down(void **state)
{
	end(*state);
	free(*state);
	return 0;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* run_on: over one backend. */
static inline int run_on(
	enum backend which, const char *name, const struct CMUnitTest *tests, size_t count)
{
	group_backend = which;
	return _cmocka_run_group_tests(name, tests, count, NULL, NULL);
}

/* run_all: over each backend, all tests or those whose name fits the argument. */
static inline int run_all(int argc, char **argv, const struct CMUnitTest *tests, size_t count)
{
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	if (gp_store_has_redis && !test_redis_missing())
		redis = test_redis_start(NULL);
	int failed = run_on(MEMORY, "memory", tests, count) + run_on(LMDB, "lmdb", tests, count);
	if (redis)
		failed += run_on(REDIS, "redis", tests, count);
	test_redis_stop(redis);
	return failed ? 1 : 0;
}

#endif
