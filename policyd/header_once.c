/* SPDX-License-Identifier: ISC */
/*
 * Sets of a few slots, each slot a 64-bit hash of an instance; the oldest slot of a set gives way.
 * Instances are made by Postfix, not by its clients, so the hash needs no key. That two of them
 * agree in 64 bits within one set is left to chance (1 in 10^18 a message). The memory survives a
 * crash of the serving process; whatever such a death leaves in a set is only hashes.
 */
#include "policyd/header_once.h"

#include <pthread.h>
#include <stdint.h>

#include "base/shared_lock.h"
#include "daemon/shmem.h"

#define SETS 1024
#define WAYS 8

struct gp_header_once {
	pthread_mutex_t lock;       /* guards slots */
	uint64_t slots[SETS][WAYS]; /* newest first; 0 is empty */
};

/* hash: FNV-1a, never 0. */
static uint64_t hash(struct gp_span text)
{
	uint64_t h = 0xcbf29ce484222325u;
	for (size_t i = 0; i < text.len; i++)
		h = (h ^ (unsigned char)text.ptr[i]) * 0x100000001b3u;
	return h ? h : 1;
}

/* gp_header_once_new: all slots empty. */
struct gp_header_once *gp_header_once_new(void)
{
	struct gp_header_once *n = gp_daemon_shmem_alloc(sizeof *n);
	if (n && gp_shared_lock_init(&n->lock)) {
		gp_daemon_shmem_free(n, sizeof *n);
		return NULL;
	}
	return n;
}

/* gp_header_once_free: lock and memory. */
void gp_header_once_free(struct gp_header_once *instances)
{
	if (!instances)
		return;
	pthread_mutex_destroy(&instances->lock);
	gp_daemon_shmem_free(instances, sizeof *instances);
}

/* remove_at: closes the gap. */
static void remove_at(uint64_t *set, size_t at)
{
	for (size_t i = at; i + 1 < WAYS; i++)
		set[i] = set[i + 1];
	set[WAYS - 1] = 0;
}

/* find: place of h in the set, or WAYS. */
static size_t find(const uint64_t *set, uint64_t h)
{
	size_t i = 0;
	while (i < WAYS && set[i] != h)
		i++;
	return i;
}

/* gp_header_once_first: looks, and puts it in front. */
bool gp_header_once_first(struct gp_header_once *instances, struct gp_span instance)
{
	if (instance.len == 0)
		return true;
	uint64_t h = hash(instance), *set = instances->slots[h % SETS];
	gp_shared_lock_take(&instances->lock);
	bool first = find(set, h) == WAYS;
	if (first) {
		for (size_t i = WAYS - 1; i > 0; i--)
			set[i] = set[i - 1];
		set[0] = h;
	}
	pthread_mutex_unlock(&instances->lock);
	return first;
}

/* gp_header_once_forget: takes it out. */
void gp_header_once_forget(struct gp_header_once *instances, struct gp_span instance)
{
	if (instance.len == 0)
		return;
	uint64_t h = hash(instance), *set = instances->slots[h % SETS];
	gp_shared_lock_take(&instances->lock);
	size_t at = find(set, h);
	if (at < WAYS)
		remove_at(set, at);
	pthread_mutex_unlock(&instances->lock);
}
