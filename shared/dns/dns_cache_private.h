/* SPDX-License-Identifier: ISC */
/*
 * The cache between its files: keys and packed answers (dns_cache_entry.c), a shard's table of
 * them (dns_cache_table.c), how long they are kept (dns_cache_bounds.c), what is to be asked again
 * with patience (dns_cache_wanted.c), and the layer with its flights (dns_cache.c).
 *
 * Entries and tables are locked by dns_cache.c: what a shard holds may be touched under its lock
 * only. The list of what is wanted has a lock of its own, under which nothing else is done.
 */
#ifndef GP_DNS_DNS_CACHE_PRIVATE_H
#define GP_DNS_DNS_CACHE_PRIVATE_H

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "dns/dns_private.h"

/* ---- keys ---- */

/* The secret of one cache, so that nobody can choose names that fall into one bucket. */
struct gp_dns_secret {
	uint64_t k0, k1;
};

#define GP_DNS_KEY_FRESH 0x8000u /* in the type of a key: an answer that is never to be stale */

/* A question in the one form that is compared. */
struct gp_dns_key {
	uint64_t hash;
	uint16_t type; /* enum gp_dns_type, with GP_DNS_KEY_FRESH or without */
	uint8_t length;
	char name[GP_DNS_NAME_TEXT]; /* lower case, no trailing dot, padded with 0 to 8 */
};

/* The key of a question with a valid name; fresh: for gp_dns_query_fresh. */
void gp_dns_key_from(const struct gp_dns_secret *secret, const struct gp_dns_question *question,
	bool fresh, struct gp_dns_key *key_out);

/* ---- entries ---- */

#define GP_DNS_STALE_TTL_S 30 /* of an answer that has expired (RFC 8767 4) */

/* One answer in one block of the heap: the least that brings it back. */
struct gp_dns_entry {
	struct gp_dns_entry *next;          /* in the same bucket */
	struct gp_dns_entry *newer, *older; /* by age, within the shard */
	uint64_t hash;
	int64_t stored_us, expires_us;
	int64_t recheck_us; /* stale: nobody asks again until then; 0: never was */
	uint32_t data_size;
	uint16_t type; /* as in the key */
	uint16_t count;
	uint8_t name_length;
	uint8_t state; /* enum gp_dns_state */
	bool secure;
	bool touched;     /* asked for since it last was the oldest */
	bool unheard : 1; /* stale: its servers were too slow, and nobody is to hear them */
	bool vain : 1;    /* stale: they were not heard with all patience either */
	bool has_canonical : 1;
	uint8_t failure : 3; /* enum gp_dns_failure */
	/* the name, then the data: the canonical name with its NUL, and records packed; or the
	 * problem with its NUL */
	char bytes[];
};

/*
 * Returns a new entry that expires after so many seconds, or NULL without memory or when it is none
 * that DNS can carry.
 */
struct gp_dns_entry *gp_dns_entry_new(const struct gp_dns_key *key,
	const struct gp_dns_answer *answer, int64_t now_us, uint32_t keep_s) GP_MUST_CHECK;

/* Returns a new copy, in no table, or NULL. */
struct gp_dns_entry *gp_dns_entry_clone(const struct gp_dns_entry *entry) GP_MUST_CHECK;

/* Bytes of the block. */
size_t gp_dns_entry_size(const struct gp_dns_entry *entry);

/* May it be given without asking: has it not expired, or is it stale and nobody is to ask yet? */
bool gp_dns_entry_is_ready(const struct gp_dns_entry *entry, int64_t now_us);

/* May gp_dns_query_fresh give it: has it not expired, and come so many seconds ago at most? */
bool gp_dns_entry_is_fresh(const struct gp_dns_entry *entry, uint32_t ttl_max_s, int64_t now_us);

/* Is this the absence of an answer? */
bool gp_dns_entry_is_failure(const struct gp_dns_entry *entry);

/* Is this the answer to that question? */
bool gp_dns_entry_is(const struct gp_dns_entry *entry, const struct gp_dns_key *key);

/*
 * Brings an answer back in two steps: copy, which needs the entry and so the lock, puts the packed
 * data into the arena; unfold makes records of it. GP_ETOOBIG or GP_ENOMEM from the arena.
 */
int gp_dns_entry_copy(const struct gp_dns_entry *entry, struct gp_arena *arena, int64_t now_us,
	struct gp_dns_answer *answer_out) GP_MUST_CHECK;
void gp_dns_entry_unfold(enum gp_dns_type type, struct gp_dns_answer *answer);

/* ---- bounds ---- */

/* The options that say how long an answer is kept and how long it is waited for another's. */
struct gp_dns_bounds {
	atomic_uint ttl_min_s, ttl_max_s, negative_max_s, failure_s, patience_ms;
};

/* Takes them from the options, at any time. */
void gp_dns_bounds_set(struct gp_dns_bounds *bounds, const struct gp_dns_cache_options *options);

/* For how long an answer of this state is kept at most. */
uint32_t gp_dns_bounds_max_s(const struct gp_dns_bounds *bounds, enum gp_dns_state state);

/* For how long this answer is kept; 0: not at all. */
uint32_t gp_dns_bounds_keep_s(
	const struct gp_dns_bounds *bounds, const struct gp_dns_answer *answer);

/* ---- shards ---- */

struct gp_dns_join; /* a question under way; dns_cache.c */

struct gp_dns_shard {
	alignas(64) pthread_mutex_t lock; /* guards all that follows, and the joins of this shard */
	struct gp_dns_join *joins;        /* questions under way */
	struct gp_dns_entry **buckets;    /* a power of two of them */
	size_t mask;                      /* buckets - 1 */
	struct gp_dns_entry *newest, *oldest;
	size_t count, capacity; /* entries */
	size_t bytes, bytes_max;
	int64_t stale_us; /* what has expired is kept so much longer */
	uint64_t hits, misses, joined, evicted, stale;
};

/* Prepares an empty table; GP_ENOMEM. The lock and what it needs is the caller's. */
int gp_dns_shard_init(struct gp_dns_shard *shard, size_t capacity) GP_MUST_CHECK;

/* Frees all entries and the table. */
void gp_dns_shard_fini(struct gp_dns_shard *shard);

/* The entry of this key, borrowed, or NULL; it may have expired. What is too old even to be stale
 * is freed. */
struct gp_dns_entry *gp_dns_shard_find(
	struct gp_dns_shard *shard, const struct gp_dns_key *key, int64_t now_us);

/* Frees the entry of this key, if there is one. */
void gp_dns_shard_forget(struct gp_dns_shard *shard, const struct gp_dns_key *key);

/* No entry counts as protected by DNSSEC any more. */
void gp_dns_shard_distrust(struct gp_dns_shard *shard);

/* What is kept expires as these bounds say, if that is sooner; failures do so at once. */
void gp_dns_shard_shorten(
	struct gp_dns_shard *shard, const struct gp_dns_bounds *bounds, int64_t now_us);

/* Room for so many entries from now on: what is too much is freed, as gp_dns_shard_add does. */
void gp_dns_shard_resize(struct gp_dns_shard *shard, size_t capacity, int64_t now_us);

/* Takes the entry, in place of one with the same key; frees older ones, or it, for want of room. */
void gp_dns_shard_add(struct gp_dns_shard *shard, struct gp_dns_entry *entry, int64_t now_us);

/* ---- what is wanted ---- */

struct gp_dns_wish;

/* Questions whose servers were not heard before an expired answer had to do. */
struct gp_dns_wanted {
	pthread_mutex_t lock; /* guards first */
	struct gp_dns_wish *first;
	atomic_bool is_served; /* somebody takes them */
};

/* Prepares an empty list; GP_ENOMEM. */
int gp_dns_wanted_init(struct gp_dns_wanted *wanted) GP_MUST_CHECK;
void gp_dns_wanted_fini(struct gp_dns_wanted *wanted);

/*
 * One more. Names for which it was in vain before come after those for which it was not. False: it
 * is not in the list, because the list is full, the domain has its share of it, memory is short, or
 * no thread takes from it: a request that needs it has to be patient.
 */
bool gp_dns_wanted_add(struct gp_dns_wanted *wanted, const struct gp_dns_key *key, bool was_vain);

/* Takes the first; false: there is none. The caller repeats it from then on. */
bool gp_dns_wanted_take(struct gp_dns_wanted *wanted, struct gp_dns_key *key_out);

/* Does a thread take from the list? */
bool gp_dns_wanted_is_served(const struct gp_dns_wanted *wanted);

#endif
