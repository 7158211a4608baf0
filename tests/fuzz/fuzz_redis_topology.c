/* SPDX-License-Identifier: ISC */
/*
 * Where a Redis sends us: the map of a cluster (CLUSTER SLOTS), and the master that a sentinel
 * names. DNS is ours: names that begin with n are not there, all others are this machine.
 */
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/target.h"
#include "store/redis/redis_private.h"

const char *const fuzz_reached_seed = "two-nodes-then-master";

static int maps, masters;
static unsigned names; /* that were looked up for one answer */

/* An address as getaddrinfo gives it. */
struct answer {
	struct addrinfo info;
	struct sockaddr_in address;
};

/* getaddrinfo: in place of the system's. */
int getaddrinfo(
	const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
	(void)service;
	(void)hints;
	names++;
	struct answer *a = host && host[0] != 'n' ? calloc(1, sizeof *a) : NULL;
	if (!a)
		return EAI_NONAME;
	a->address.sin_family = AF_INET;
	a->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a->info.ai_family = AF_INET;
	a->info.ai_addr = (struct sockaddr *)&a->address;
	a->info.ai_addrlen = sizeof a->address;
	*out = &a->info;
	return 0;
}

/* freeaddrinfo: of the above. */
void freeaddrinfo(struct addrinfo *list)
{
	free(list);
}

/* check_map: every slot has a node that is used, or none. */
static unsigned check_map(const struct gp_store_redis *redis)
{
	unsigned used = 0;
	for (unsigned i = 0; i < GP_STORE_REDIS_SLOTS; i++) {
		uint8_t node = redis->slot_node[i];
		if (node != GP_STORE_REDIS_NO_NODE &&
			(node >= GP_STORE_REDIS_NODES || !redis->nodes[node].used))
			__builtin_trap();
	}
	for (unsigned i = 0; i < GP_STORE_REDIS_NODES; i++) {
		const struct gp_store_redis_address *a = &redis->nodes[i].address;
		if (redis->nodes[i].used && (strlen(a->host) >= sizeof a->host || a->port == 0 ||
						    a->length > sizeof a->socket))
			__builtin_trap();
		used += redis->nodes[i].used;
	}
	return used;
}

/* look: as a map and as a master. */
static void look(struct gp_store_redis *redis, const struct redisReply *reply)
{
	struct gp_store_redis_redirection master;
	struct gp_store_redis_address asked;
	if (!gp_store_redis_numeric("192.0.2.1", 6379, &asked))
		__builtin_trap();
	names = 0;
	if (gp_store_redis_learn_slots(redis, reply, &asked))
		maps += check_map(redis) >= 2;
	if (names > GP_STORE_REDIS_NODES)
		__builtin_trap();
	if (!gp_store_redis_master_parse(reply, &master))
		return;
	masters++;
	if (master.host[0] == '\0' || strlen(master.host) >= sizeof master.host ||
		master.port == 0 || master.slot != 0)
		__builtin_trap();
}

/* LLVMFuzzerTestOneInput: one answer after the other, into one map. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gp_store_redis_reader *reader;
	struct redisReply *reply;
	struct gp_store_redis *redis = calloc(1, sizeof *redis);
	maps = masters = 0;
	if (!redis || gp_store_redis_reader_new(&reader) != GP_OK) {
		free(redis);
		return 0;
	}
	pthread_mutex_init(&redis->lock, NULL);
	pthread_cond_init(&redis->freed, NULL);
	const struct gp_span bytes = {(const char *)data, size};
	if (gp_store_redis_reader_feed(reader, bytes) == GP_OK) {
		while (gp_store_redis_reader_next(reader, &reply) == GP_OK && reply) {
			look(redis, reply);
			gp_store_redis_reply_free(reply);
		}
	}
	gp_store_redis_reader_free(reader);
	pthread_cond_destroy(&redis->freed);
	pthread_mutex_destroy(&redis->lock);
	free(redis);
	return 0;
}

/* fuzz_reached: the last input held a map of two nodes and a master. */
int fuzz_reached(void)
{
	return maps > 0 && masters > 0;
}
