/* SPDX-License-Identifier: ISC */
/*
 * The Redis store against servers that answer anything: counting, scans, facts, with MOVED, ASK and
 * NOSCRIPT on the way. The first byte says what is called, the second how; then comes, for each
 * connection in turn, what its server sends before it closes: 2 bytes of length, and so many more.
 */
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz/target.h"
#include "store/redis/redis_private.h"

#define CONNECTIONS 32
#define SUM_MAX (1LL << 53)
#define NOW 1700000000000LL

enum { CLUSTER = 1, APART = 2 };

const char *const fuzz_reached_seed = "take-asked-elsewhere";

static int reached;
static struct gp_span left;  /* of the input */
static int far[CONNECTIONS]; /* the servers' ends */
static size_t connections;

/* connect: in place of the system's: to a server that sends the next piece. */
int connect(int fd, const struct sockaddr *address, socklen_t length)
{
	int pair[2];
	(void)address;
	(void)length;
	if (left.len < 2 || connections == CONNECTIONS ||
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return -1;
	size_t size = (size_t)(uint8_t)left.ptr[0] << 8 | (uint8_t)left.ptr[1];
	left = gp_span_skip(left, 2);
	size = size < left.len ? size : left.len;
	if (send(pair[1], left.ptr, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		size = 0; /* the server says nothing */
	left = gp_span_skip(left, size);
	shutdown(pair[1], SHUT_WR);
	far[connections++] = pair[1];
	dup2(pair[0], fd);
	close(pair[0]);
	return 0;
}

/* see_usage: what is shown is within the bounds of a counter. */
static bool see_usage(void *arg, const struct gp_store_usage *usage)
{
	(void)arg;
	if (usage->id == 0 || usage->used < 1 || usage->subject.len > GP_STORE_NAME_MAX)
		__builtin_trap();
	return true;
}

/* see_fact: likewise. */
static bool see_fact(void *arg, const struct gp_store_fact *fact)
{
	(void)arg;
	if (fact->key.len == 0 || fact->key.len > GP_STORE_FACT_KEY_MAX ||
		fact->value.len > GP_STORE_FACT_VALUE_MAX || fact->expires_ms < 0)
		__builtin_trap();
	return true;
}

/* take: of so many subjects with two counters each. */
static void take(struct gp_store_redis *redis, struct gp_ctx *ctx, size_t subjects)
{
	struct gp_store_keyed takes[3];
	struct gp_store_count counts[3][2];
	for (size_t i = 0; i < subjects; i++) {
		memset(takes[i].key, (int)i + 1, sizeof takes[i].key);
		takes[i].name = gp_span_from("subject");
		takes[i].counts = counts[i];
		takes[i].count = 2;
		for (size_t j = 0; j < 2; j++)
			counts[i][j] = (struct gp_store_count) {.id = (uint32_t)j + 1,
				.per_ms = 3600000,
				.max = 10,
				.take = 1 + (int64_t)j,
				.back = (int64_t)j,
				.back_ms = NOW - 1000};
	}
	if (gp_store_redis_take(redis, ctx, NOW, takes, subjects) != GP_OK)
		return;
	reached = connections > 1;
	for (size_t i = 0; i < subjects; i++)
		for (size_t j = 0; j < 2; j++)
			if (counts[i][j].used < 0 || counts[i][j].used > SUM_MAX ||
				counts[i][j].wait_ms < -1)
				__builtin_trap();
}

/* batch: a take, and one of each soft operation. */
static void batch(struct gp_store_redis *redis, struct gp_ctx *ctx)
{
	char bytes[32];
	struct gp_store_count count = {.id = 1, .per_ms = 3600000, .max = 10, .take = 1};
	struct gp_store_keyed keyed = {.key = {1}, .counts = &count, .count = 1};
	struct gp_store_within within = {.ms = 1000};
	struct gp_store_value value = {.bytes = bytes, .room = sizeof bytes};
	struct gp_store_get soft = {.soft = true, .value = value};
	struct gp_store_get fact = {.key = gp_span_from("fact"), .value = value};
	struct gp_store_note note = {.value = gp_span_from("value"), .before = value};
	struct gp_store_see see = {
		.item = gp_span_from("i"), .most = 9, .within = &within, .within_count = 1};
	struct gp_store_soft softs[] = {{.kind = GP_STORE_OP_GET, .key = {1}, .get = &soft},
		{.kind = GP_STORE_OP_GET, .key = {2}, .get = &fact},
		{.kind = GP_STORE_OP_NOTE, .key = {1}, .expires_ms = NOW + 1000, .note = &note},
		{.kind = GP_STORE_OP_SEE, .key = {1}, .see = &see}};
	const struct gp_store_batch all = {&keyed, 1, softs, sizeof softs / sizeof softs[0]};
	if (gp_store_redis_run_batch(redis, ctx, NOW, &all) == GP_OK &&
		(within.seen > see.most || count.used < 0 || count.used > SUM_MAX ||
			note.before.length > GP_STORE_NOTE_VALUE_MAX))
		__builtin_trap();
}

#define BATCHES 200 /* from this number on */

/* call: what the input asks for. */
static void call(struct gp_store_redis *redis, struct gp_ctx *ctx, unsigned what)
{
	const unsigned char key[GP_STORE_KEY] = {1};
	const struct gp_span name = gp_span_from("override:user:alice");
	if (what >= BATCHES) {
		batch(redis, ctx);
		return;
	}
	switch (what % 8) {
	case 0:
	case 1:
	case 2:
		take(redis, ctx, 1 + what % 3);
		break;
	case 3:
		(void)!gp_store_redis_scan(redis, ctx, NOW, see_usage, NULL);
		break;
	case 4:
		(void)!gp_store_redis_facts(redis, ctx, NOW, name, see_fact, NULL);
		break;
	case 5:
		(void)!gp_store_redis_forget(redis, ctx, key, 1);
		break;
	case 6:
		(void)!gp_store_redis_put(redis, ctx, name, name, NOW + 1000);
		(void)!gp_store_redis_remove(redis, ctx, name);
		break;
	default: {
		const struct gp_store_redis_call tending = gp_store_redis_begin(redis, ctx);
		gp_store_redis_sweep(&tending);
		gp_store_redis_tend_cluster(&tending);
	}
	}
}

/* new_redis: one node that has not been connected to; names of scripts are known. */
static struct gp_store_redis *new_redis(unsigned how)
{
	struct gp_store_redis *redis = calloc(1, sizeof *redis);
	if (!redis)
		return NULL;
	pthread_mutex_init(&redis->lock, NULL);
	pthread_cond_init(&redis->freed, NULL);
	memcpy(redis->prefix, "gp:", 4);
	redis->prefix_length = 3;
	memcpy(redis->facts_key, "gp:facts", 9);
	redis->timeout_ms = 1000;
	redis->connections = CONNECTIONS;
	memset(redis->scripts, 'a', sizeof redis->scripts);
	for (size_t i = 0; i < GP_STORE_REDIS_SCRIPTS; i++)
		redis->scripts[i][GP_STORE_REDIS_SHA] = '\0';
	atomic_store(&redis->has_scripts, true);
	redis->up = true;
	redis->cluster = (how & CLUSTER) != 0;
	atomic_store(&redis->apart, (how & APART) != 0);
	if (!gp_store_redis_numeric("192.0.2.1", 6379, &redis->nodes[0].address))
		__builtin_trap();
	redis->nodes[0].used = true;
	return redis;
}

/* LLVMFuzzerTestOneInput: one call; nothing stays open. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	reached = 0;
	connections = 0;
	if (size < 2)
		return 0;
	struct gp_store_redis *redis = new_redis(data[1]);
	if (!redis)
		return 0;
	struct gp_ctx ctx = {.clock = gp_clock_system()};
	ctx.deadline_us = gp_clock_now_us(ctx.clock) + 2000000;
	left = (struct gp_span) {(const char *)data + 2, size - 2};
	call(redis, &ctx, data[0]);
	for (unsigned i = 0; i < GP_STORE_REDIS_NODES; i++)
		gp_store_redis_drop_idle(redis, i);
	if (redis->open != 0)
		__builtin_trap(); /* a connection got lost */
	for (size_t i = 0; i < connections; i++)
		close(far[i]);
	pthread_cond_destroy(&redis->freed);
	pthread_mutex_destroy(&redis->lock);
	free(redis);
	return 0;
}

/* fuzz_reached: the last input took from a server other than the first. */
int fuzz_reached(void)
{
	return reached;
}
