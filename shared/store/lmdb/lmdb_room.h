/* SPDX-License-Identifier: ISC */
/*
 * Room in the counters' file of an embedded store: what happens when it is full.
 *
 * Forgets the subjects that matter least: those that count nothing any more, then those of which
 * least would be lost (gp_store_lmdb_record_weight). A client that invents subjects, to push out
 * one that is near its limit or in steady use, pushes out its own inventions first. A part of the
 * file is kept free all the time, because LMDB needs free pages for removing, too.
 *
 *     gp_store_lmdb_room_init(&room, &envs);
 *     gp_store_lmdb_room_keep(&room);            (before a transaction: mostly one atomic read)
 *     ... write, commit, gp_store_lmdb_room_wrote(&room, records) before leaving ...
 *     while (MDB_MAP_FULL && gp_store_lmdb_room_make(&room, round)) ... once more ...
 *     gp_store_lmdb_room_tend(&room, ctx);       (every second or so: makes room ahead, says so)
 *
 * One round looks at 4,096 records and removes at most 2,048: some milliseconds, however large the
 * file is. Keys are hashes, so those that stand together are a fair sample of all. In a larger file
 * "least" is among the ones of a round.
 *
 * A disk without room is the same, with the file as it is for the most that there can be: pages
 * that are free within it can be written, and some that the disk has given beyond its end: they are
 * asked for at opening and ahead of their use, stay with the file, and so are there for the next
 * process as well. In a file of some pages forgetting would win nothing, so nothing is forgotten
 * then; in a larger one at most half of what there was, and what has reached its maximum last. When
 * even that does not help, counting fails and the store is unavailable. gp_store_lmdb_room_tend
 * says once a minute what is missing, and looks when the disk has room again.
 *
 * Facts are never forgotten. Threads: any; one at a time makes room, others wait for it. A caller
 * of keep, make or tend may not be inside the environments (lmdb_env.h).
 */
#ifndef GP_STORE_LMDB_ROOM_H
#define GP_STORE_LMDB_ROOM_H

#include "store/lmdb/lmdb_env.h"

#define GP_STORE_LMDB_ROOM_ROUNDS 16 /* for one batch; the last ones only wait for readers */

#define GP_STORE_LMDB_ROOM_RECENT 64 /* records that were written last: a round leaves them */

struct gp_store_lmdb_room {
	struct gp_store_lmdb_envs *envs; /* borrowed */
	atomic_bool is_short;            /* less than the reserve is left, or may be */
	atomic_uint_fast64_t gone;       /* subjects that were forgotten, of all time */
	atomic_uint_fast64_t gone_disk;  /* of these, those for want of room on the disk */
	_Atomic int64_t budget;          /* pages that can be used before they are counted again */

	atomic_bool disk_is_full; /* the file cannot grow now */
	_Atomic int64_t granted;  /* pages that the disk has given room for; 0: not known */
	atomic_uint granted_to;   /* the opening that this is about (envs->opened) */

	_Atomic uint64_t recent[GP_STORE_LMDB_ROOM_RECENT]; /* the first bytes of their keys */
	unsigned recent_next;                               /* of the writer, one at a time */

	pthread_mutex_t lock; /* guards what follows */
	struct gp_store_lmdb_room_desk
		*desk;                  /* what a round needs; made when the first one is due */
	unsigned char at[GP_STORE_KEY]; /* where the next round begins */
	unsigned raised;                /* how often the file had to be made a little larger */
	int64_t peak;                   /* records, the most since the disk has been full */
	bool was_disk;                  /* the disk was full when the last one was forgotten */
	uint64_t forgotten;             /* subjects since that was last told */
	uint8_t most;                   /* the largest share of its limit that one of these used */
	int64_t told_us;
	int64_t vain_us; /* when waiting for readers was last in vain; 0: never */
};

/* Borrows the environments, which need not be initialised yet. GP_ENOMEM. */
int gp_store_lmdb_room_init(
	struct gp_store_lmdb_room *room, struct gp_store_lmdb_envs *envs) GP_MUST_CHECK;
void gp_store_lmdb_room_fini(struct gp_store_lmdb_room *room);

/* A record is written; of the writer, one at a time. */
void gp_store_lmdb_room_uses(
	struct gp_store_lmdb_room *room, const unsigned char key[GP_STORE_KEY]);

/* So many records were written and committed; still inside the environments. */
void gp_store_lmdb_room_wrote(struct gp_store_lmdb_room *room, size_t records);

/* The files were opened: asks the disk for the first pages, as long as it has some. */
void gp_store_lmdb_room_opened(struct gp_store_lmdb_room *room);

/* Makes room when the reserve is used up: one round. */
void gp_store_lmdb_room_keep(struct gp_store_lmdb_room *room);

/*
 * A write found no room, in the file or, by rc, on the disk: one round. Where a reader still uses
 * the free pages it waits for that instead, from a millisecond at round 0 to 32. False: there is
 * nothing that could be done.
 */
bool gp_store_lmdb_room_make(struct gp_store_lmdb_room *room, int rc, unsigned round);

/* Makes room ahead of the need, and tells once a minute what was forgotten or what is missing. */
void gp_store_lmdb_room_tend(struct gp_store_lmdb_room *room, struct gp_ctx *ctx);

#endif
