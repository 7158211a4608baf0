/* SPDX-License-Identifier: ISC */
/*
 * Room in the counters' file of an embedded store: what happens when it is full.
 *
 * Forgets the subjects that matter least: those that count nothing any more, then those of which
 * least would be lost (gp_store_record_weight). Who makes up subjects, to push out one that is near
 * its limit or in steady use, pushes out those first that he has made up. A part of the file is
 * kept free all the time, because LMDB needs free pages for removing, too.
 *
 *     gp_store_room_init(&room, &books);
 *     gp_store_room_keep(&room);            (before a transaction: mostly one atomic read)
 *     ... write, commit, gp_store_room_wrote(&room, records) before leaving ...
 *     while (MDB_MAP_FULL && gp_store_room_make(&room, round)) ... once more ...
 *     gp_store_room_tend(&room, ctx);       (every second or so: makes room ahead, says so)
 *
 * One round looks at 4,096 records and removes at most 2,048: some milliseconds, however large the
 * file is. Keys are hashes, so those that stand together are a fair sample of all. In a larger file
 * "least" is among the ones of a round.
 *
 * A disk without room is the same, with the file as it is for the most that there can be: pages
 * that are free within it can be written. gp_store_room_tend looks when the disk has room again.
 *
 * Facts are never forgotten. Threads: any; one at a time makes room, others wait for it. Nobody who
 * calls keep, make or tend may be inside the books (store_lmdb_book.h).
 */
#ifndef GP_STORE_STORE_LMDB_ROOM_H
#define GP_STORE_STORE_LMDB_ROOM_H

#include "store/store_lmdb_book.h"

#define GP_STORE_ROOM_ROUNDS 16 /* for one batch; the last ones only wait for readers */

struct gp_store_room {
	struct gp_store_books *books; /* borrowed */
	atomic_bool is_short;         /* less than the reserve is left, or may be */
	atomic_uint_fast64_t gone;    /* subjects that were forgotten, of all time */
	_Atomic int64_t budget;       /* pages that can be used before they are counted again */

	atomic_bool disk_is_full;  /* the file cannot grow now */
	_Atomic int64_t granted;   /* pages that the disk has given room for; 0: not known */
	const MDB_env *granted_to; /* that this is about; of who writes, one at a time */

	pthread_mutex_t lock;            /* guards what follows */
	struct gp_store_room_desk *desk; /* what a round needs; made when the first one is due */
	unsigned char at[GP_STORE_KEY];  /* where the next round begins */
	unsigned raised;                 /* how often the file had to be made a little larger */
	uint64_t forgotten;              /* subjects since that was last told */
	uint8_t most;                    /* the largest share of its limit that one of these used */
	int64_t told_us;
	int64_t vain_us; /* when waiting for readers was last in vain; 0: never */
};

/* Borrows the books, which need not be initialised yet. GP_ENOMEM. */
int gp_store_room_init(struct gp_store_room *room, struct gp_store_books *books) GP_MUST_CHECK;
void gp_store_room_fini(struct gp_store_room *room);

/* So many records were written and committed; still inside the books. */
void gp_store_room_wrote(struct gp_store_room *room, size_t records);

/* Makes room when the reserve is used up: one round. */
void gp_store_room_keep(struct gp_store_room *room);

/*
 * A write found no room, in the file or, by rc, on the disk: one round. Where somebody still reads
 * what is free it waits for him instead, from a millisecond at round 0 to 32. False: there is
 * nothing that could be done.
 */
bool gp_store_room_make(struct gp_store_room *room, int rc, unsigned round);

/* Makes room ahead of the need, and tells once a minute what was forgotten. */
void gp_store_room_tend(struct gp_store_room *room, struct gp_ctx *ctx);

#endif
