/* SPDX-License-Identifier: ISC */
/*
 * One shard's table: chains from buckets, and all entries in a list by age. The oldest goes first,
 * except that one which was asked for since it last was the oldest becomes the newest instead: so a
 * hit writes one octet and moves nothing, and what is in use stays.
 */
#include "dns/dns_cache_private.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define ENTRY_BYTES_MEAN 512     /* of all entries; stops an attacker's huge answers */
#define BYTES_LEAST (256 * 1024) /* so that a small cache can hold any answer */
#define SECOND_CHANCES 32        /* of one addition, which bounds the time under the lock */

/* power_of_two: the least that is not below n. */
static size_t power_of_two(size_t n)
{
	size_t power = 1;
	while (power < n && power <= SIZE_MAX / 4)
		power *= 2;
	return power;
}

/* set_capacity: in entries, and the bytes that follow from it. */
static void set_capacity(struct gp_dns_shard *shard, size_t capacity)
{
	shard->capacity = capacity;
	shard->bytes_max =
		capacity < SIZE_MAX / ENTRY_BYTES_MEAN ? capacity * ENTRY_BYTES_MEAN : SIZE_MAX;
	if (shard->bytes_max < BYTES_LEAST)
		shard->bytes_max = BYTES_LEAST;
}

/* gp_dns_shard_init: as many buckets as entries, or up to twice. */
int gp_dns_shard_init(struct gp_dns_shard *shard, size_t capacity)
{
	size_t buckets = power_of_two(capacity);
	shard->buckets = calloc(buckets, sizeof *shard->buckets);
	if (!shard->buckets)
		return GP_ENOMEM;
	shard->mask = buckets - 1;
	set_capacity(shard, capacity);
	return GP_OK;
}

/* bucket_of: where a hash belongs. The upper bits have chosen the shard. */
static struct gp_dns_entry **bucket_of(const struct gp_dns_shard *shard, uint64_t hash)
{
	return &shard->buckets[hash & shard->mask];
}

/* unlink_age: out of the list by age. */
static void unlink_age(struct gp_dns_shard *shard, struct gp_dns_entry *e)
{
	*(e->newer ? &e->newer->older : &shard->newest) = e->older;
	*(e->older ? &e->older->newer : &shard->oldest) = e->newer;
	e->newer = e->older = NULL;
}

/* link_newest: to the young end of the list. */
static void link_newest(struct gp_dns_shard *shard, struct gp_dns_entry *e)
{
	e->newer = NULL;
	e->older = shard->newest;
	*(e->older ? &e->older->newer : &shard->oldest) = e;
	shard->newest = e;
}

/* drop: out of both lists, and freed. */
static void drop(struct gp_dns_shard *shard, struct gp_dns_entry *e)
{
	struct gp_dns_entry **at = bucket_of(shard, e->hash);
	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	unlink_age(shard, e);
	shard->count--;
	shard->bytes -= gp_dns_entry_size(e);
	free(e);
}

/* gp_dns_shard_fini: from the oldest on. */
void gp_dns_shard_fini(struct gp_dns_shard *shard)
{
	while (shard->oldest)
		drop(shard, shard->oldest);
	free(shard->buckets);
	shard->buckets = NULL;
}

/* find_any: the entry of a key, expired or not. */
static struct gp_dns_entry *find_any(const struct gp_dns_shard *shard, const struct gp_dns_key *key)
{
	struct gp_dns_entry *e = *bucket_of(shard, key->hash);
	while (e && !gp_dns_entry_is(e, key))
		e = e->next;
	return e;
}

/* is_dead: of no use even as a stale one. */
static bool is_dead(const struct gp_dns_shard *shard, const struct gp_dns_entry *e, int64_t now_us)
{
	bool may_be_stale = !gp_dns_entry_is_failure(e) && !(e->type & GP_DNS_KEY_FRESH);
	return e->expires_us + (may_be_stale ? shard->stale_us : 0) <= now_us;
}

/* gp_dns_shard_find: alive at this time, or stale. */
struct gp_dns_entry *gp_dns_shard_find(
	struct gp_dns_shard *shard, const struct gp_dns_key *key, int64_t now_us)
{
	struct gp_dns_entry *e = find_any(shard, key);
	if (!e || e->expires_us > now_us || !is_dead(shard, e, now_us))
		return e;
	drop(shard, e);
	return NULL;
}

/* gp_dns_shard_forget: whatever its age. */
void gp_dns_shard_forget(struct gp_dns_shard *shard, const struct gp_dns_key *key)
{
	struct gp_dns_entry *e = find_any(shard, key);
	if (e)
		drop(shard, e);
}

/* gp_dns_shard_distrust: all of them. */
void gp_dns_shard_distrust(struct gp_dns_shard *shard)
{
	for (struct gp_dns_entry *e = shard->newest; e; e = e->older)
		e->secure = false;
}

/* evict_one: the oldest that was not asked for, or has expired, within the chances given. */
static void evict_one(struct gp_dns_shard *shard, unsigned *chances, int64_t now_us)
{
	struct gp_dns_entry *e = shard->oldest;
	while (*chances > 0 && e->touched && gp_dns_entry_is_ready(e, now_us)) {
		(*chances)--;
		e->touched = false;
		unlink_age(shard, e);
		link_newest(shard, e);
		e = shard->oldest;
	}
	shard->evicted += e->expires_us > now_us;
	drop(shard, e);
}

/* gp_dns_shard_shorten: all of them; what has expired stays as it is. */
void gp_dns_shard_shorten(
	struct gp_dns_shard *shard, const struct gp_dns_bounds *bounds, int64_t now_us)
{
	for (struct gp_dns_entry *e = shard->newest; e; e = e->older) {
		uint32_t max_s = gp_dns_entry_is_failure(e)
					 ? 0
					 : gp_dns_bounds_max_s(bounds, (enum gp_dns_state)e->state);
		int64_t latest_us = now_us + (int64_t)max_s * 1000000;
		if (e->expires_us > latest_us)
			e->expires_us = latest_us;
	}
}

/* widen: buckets for so many entries; without memory their chains are longer instead. */
static void widen(struct gp_dns_shard *shard, size_t capacity)
{
	size_t count = power_of_two(capacity);
	struct gp_dns_entry **buckets =
		count > shard->mask + 1 ? calloc(count, sizeof *buckets) : NULL;
	if (!buckets)
		return;
	free(shard->buckets);
	shard->buckets = buckets;
	shard->mask = count - 1;
	for (struct gp_dns_entry *e = shard->oldest; e; e = e->newer) {
		struct gp_dns_entry **bucket = bucket_of(shard, e->hash);
		e->next = *bucket;
		*bucket = e;
	}
}

/* gp_dns_shard_resize: each that is in use has one chance more. */
void gp_dns_shard_resize(struct gp_dns_shard *shard, size_t capacity, int64_t now_us)
{
	unsigned chances = shard->count < UINT_MAX ? (unsigned)shard->count : UINT_MAX;
	widen(shard, capacity);
	set_capacity(shard, capacity);
	while (shard->count > shard->capacity || shard->bytes > shard->bytes_max)
		evict_one(shard, &chances, now_us);
}

/* same: do two entries answer the same question? */
static bool same(const struct gp_dns_entry *a, const struct gp_dns_entry *b)
{
	return a->hash == b->hash && a->type == b->type && a->name_length == b->name_length &&
	       memcmp(a->bytes, b->bytes, a->name_length) == 0;
}

/* gp_dns_shard_add: room first, then to the front of its bucket and of the list. */
void gp_dns_shard_add(struct gp_dns_shard *shard, struct gp_dns_entry *entry, int64_t now_us)
{
	size_t size = gp_dns_entry_size(entry);
	unsigned chances = SECOND_CHANCES;
	struct gp_dns_entry **bucket = bucket_of(shard, entry->hash);
	for (struct gp_dns_entry *e = *bucket; e; e = e->next) {
		if (same(e, entry)) {
			drop(shard, e);
			break;
		}
	}
	if (shard->capacity == 0 || size > shard->bytes_max) {
		free(entry);
		return;
	}
	while (shard->count >= shard->capacity || size > shard->bytes_max - shard->bytes)
		evict_one(shard, &chances, now_us);
	entry->next = *bucket;
	*bucket = entry;
	link_newest(shard, entry);
	shard->count++;
	shard->bytes += size;
}
