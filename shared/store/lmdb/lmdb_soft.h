/* SPDX-License-Identifier: ISC */
/*
 * Soft facts and seen sets in the counters' file of an embedded store: a table of their own, at
 * most half of the file, and what goes when there is more.
 *
 * A key is 'n' and the hash of a soft fact's key, or 's', the hash of a subject and the kind 4;
 * records: store/store_soft.h. Both begin with the time when they end, by which records are removed
 * unread: those that have ended, and, when the table has its share, of a stretch of records (keys
 * are hashes: a fair sample) those that end soonest. A page more than the share costs half of a
 * stretch; a sixteenth more than the share most of a long one, which frees whole pages.
 *
 * When counters need room, gp_store_lmdb_soft_yield gives them some, as long as there is any.
 */
#ifndef GP_STORE_LMDB_SOFT_H
#define GP_STORE_LMDB_SOFT_H

#include "store/lmdb/lmdb_env.h"
#include "store/store_move.h"
#include "store/store_private.h"

#define GP_STORE_LMDB_SOFT_KEY (1 + GP_STORE_KEY + 4)

/* Where a walk over the table continues; begins as zeroes. Of one thread at a time. */
struct gp_store_lmdb_soft {
	unsigned char at[GP_STORE_LMDB_SOFT_KEY];
	size_t at_size;
	size_t level; /* pages that the table had when some last had to go */
};

/* Within which transaction, and when. */
struct gp_store_lmdb_soft_step {
	struct gp_store_lmdb_envs *envs;
	MDB_txn *txn;
	int64_t now_ms;
	bool keeps; /* may write; else results are as if, and nothing is kept */
};

/* Does the batch write anything soft? */
bool gp_store_lmdb_soft_writes(const struct gp_store_batch *batch);

/*
 * Soft operations in their order; soft: for eviction, may be NULL where nothing is written. A
 * status of LMDB. Facts are read by the other one, from a file of their own: a status of ours.
 */
int gp_store_lmdb_soft_run(const struct gp_store_lmdb_soft_step *step,
	struct gp_store_lmdb_soft *soft, const struct gp_store_soft *softs,
	size_t count) GP_MUST_CHECK;
int gp_store_lmdb_soft_read_facts(struct gp_store_lmdb_envs *envs, int64_t now_ms,
	const struct gp_store_batch *batch) GP_MUST_CHECK;

/* What a key of the table stands for: the hash within it, and of a set which one; false: no key. */
bool gp_store_lmdb_soft_name(struct gp_span key, struct gp_span *hash_out, uint32_t *set_out);

/* Joins a seen set of another store with the one that is there; a status of LMDB. */
int gp_store_lmdb_soft_join(const struct gp_store_lmdb_soft_step *step,
	struct gp_store_lmdb_soft *soft, const struct gp_store_record *record,
	bool *was_there_out) GP_MUST_CHECK;

/* Removes some that have ended; of tend alone. Nobody is inside the environments. */
void gp_store_lmdb_soft_sweep(struct gp_store_lmdb_envs *envs, struct gp_store_lmdb_soft *soft);

/*
 * Removes some, ended or not, since counters need room; free: pages that LMDB has for that. How
 * many records went: 0 when there are none. Nobody is inside.
 */
size_t gp_store_lmdb_soft_yield(struct gp_store_lmdb_envs *envs, int64_t free);

#endif
