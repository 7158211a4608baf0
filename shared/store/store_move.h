/* SPDX-License-Identifier: ISC */
/*
 * Move: all that a store holds, record by record, out of one store and into another.
 *
 * Knows records: the counters of a subject, a fact, a soft fact, a seen set, with times of the
 * Unix clock, which both stores are near. Does not know files or lines (store/store_line.h).
 *
 *     gp_store_export(from, ctx, unix_ms, visit, arg);
 *     gp_store_import(to, ctx, unix_ms, record, &result);      (for each record)
 *
 * unix_ms is the Unix time of now in milliseconds: the times of a store's own are moved by as much
 * as the two clocks are apart. Up to GP_STORE_MOVE_APART_MS they count as one, so that the same
 * record has the same times however often it is read.
 *
 * A record may be imported again and again, and into a store that holds some of it already:
 *   counters   slot by slot the larger number stays. Where a slot of time has to be moved, it
 *              counts up to one slot (a 64th of the window) longer, never shorter.
 *   facts      the one that is there stays
 *   seen sets  items of both; of the same item the later time; the last GP_STORE_SEEN_MAX
 * What has expired is left out.
 *
 * Statuses are those of store.h. GP_EINVAL also: the store cannot be exported or imported; the
 * record is not within the bounds of store.h.
 *
 * Threads: one thread, and nobody else in this process uses the store meanwhile. Other processes
 * may: what changes during an export is seen or not, each record as it is at one moment.
 */
#ifndef GP_STORE_STORE_MOVE_H
#define GP_STORE_STORE_MOVE_H

#include "store/store.h"

#define GP_STORE_MOVE_KEY 16         /* bytes of a hash that stands for a name */
#define GP_STORE_MOVE_COUNTERS 128   /* of a subject */
#define GP_STORE_MOVE_APART_MS 10000 /* clocks that are no further apart are one */

enum gp_store_record_kind {
	GP_STORE_RECORD_COUNTERS,
	GP_STORE_RECORD_FACT,
	GP_STORE_RECORD_SOFT,
	GP_STORE_RECORD_SEEN
};

/* What was counted in one slot of a window. */
struct gp_store_slot {
	int64_t begin_ms, count;
};

struct gp_store_counter {
	uint32_t id;
	int64_t per_ms;
	unsigned slot_count;                            /* at least 1, at most GP_STORE_SLOTS + 1 */
	struct gp_store_slot slots[GP_STORE_SLOTS + 1]; /* the newest first */
};

struct gp_store_item {
	uint32_t fingerprint;
	int64_t at_ms;
};

/* Large: it belongs on the heap. */
struct gp_store_record {
	enum gp_store_record_kind kind;
	unsigned char key[GP_STORE_MOVE_KEY]; /* of all but facts */
	/* counters: what is kept of the subject's name; a fact: its key. Borrowed */
	struct gp_span name;
	struct gp_span value; /* of a fact, soft or not; borrowed */
	int64_t expires_ms;   /* of all but counters; 0: never, of facts only */
	uint32_t set;         /* of a seen set: which one of its subject */
	size_t count;         /* counters; items, the oldest first */
	struct gp_store_counter counters[GP_STORE_MOVE_COUNTERS];
	struct gp_store_item items[GP_STORE_SEEN_MAX];
};

/*
 * Calls visit for every record, also for what has expired and was not removed yet, until it returns
 * false. The record lives for the call. visit must not call the store.
 */
int gp_store_export(struct gp_store *store, struct gp_ctx *ctx, int64_t unix_ms,
	bool (*visit)(void *arg, const struct gp_store_record *record), void *arg) GP_MUST_CHECK;

/* Has all of it expired at this Unix time? */
bool gp_store_record_is_over(const struct gp_store_record *record, int64_t unix_ms);

/* What became of a record. */
enum gp_store_imported {
	GP_STORE_IMPORT_NEW,    /* it is there now */
	GP_STORE_IMPORT_JOINED, /* something was there: both are in it */
	GP_STORE_IMPORT_KEPT,   /* a fact was there, which stays */
	GP_STORE_IMPORT_OVER    /* it has expired */
};

/* Writes it. May use the record to work in. */
int gp_store_import(struct gp_store *store, struct gp_ctx *ctx, int64_t unix_ms,
	struct gp_store_record *record, enum gp_store_imported *result_out) GP_MUST_CHECK;

/* The key of a name: of a subject, and of a soft fact's key. */
int gp_store_record_key(
	struct gp_span name, unsigned char key_out[GP_STORE_MOVE_KEY]) GP_MUST_CHECK;

#endif
