/* SPDX-License-Identifier: ISC */
/*
 * Records of the embedded store: bytes to structs and back.
 *
 * What is read is foreign: it is taken only when every field is as encode writes it. Numbers are
 * little-endian. Pure functions over memory of the caller; no ownership, no locks.
 *
 *   subject  version 1 (2), windows 1, length of name 1, name; each window: id 4, per 8, last 8,
 *            share 1, entries 1, each entry: age 1, count 7. Version 1, which is read but no longer
 *            written, has no share: it counts as full
 *   fact     version 1, expires 8, value
 *   time     version 1, offset 8, boot id 36
 */
#ifndef GP_STORE_LMDB_RECORD_H
#define GP_STORE_LMDB_RECORD_H

#include "store/store_private.h"

#define GP_STORE_LMDB_RECORD_WINDOWS 128 /* counters of one subject */
#define GP_STORE_LMDB_BOOT_ID 36         /* bytes of the kernel's id of this boot */

/* All windows of a subject; large: it belongs on the heap. */
struct gp_store_lmdb_record {
	size_t name_length;
	char name[GP_STORE_NAME_MAX];
	size_t count;
	struct {
		uint32_t id;   /* not 0; none twice */
		uint8_t share; /* of its max that was used when it was last counted; 255: all */
		struct gp_store_window window;
	} windows[GP_STORE_LMDB_RECORD_WINDOWS];
};

/* False: it is none; then the record is empty. */
bool gp_store_lmdb_record_decode(struct gp_span bytes, struct gp_store_lmdb_record *record_out);

/* Bytes that encode writes. */
size_t gp_store_lmdb_record_size(const struct gp_store_lmdb_record *record);
void gp_store_lmdb_record_encode(const struct gp_store_lmdb_record *record, unsigned char *out);

/*
 * The windows of these counters, at most GP_STORE_COUNTS_MAX, made where they are missing or have
 * another length; at_out gets their places. When the record is full, windows of other counters go
 * first, those that end soonest.
 */
void gp_store_lmdb_record_find(struct gp_store_lmdb_record *record,
	const struct gp_store_count *counts, size_t count, int64_t now_ms, uint8_t *at_out);

/* Drops windows that count nothing at this time; the others stay as they are. */
void gp_store_lmdb_record_purge(struct gp_store_lmdb_record *record, int64_t now_ms);

/* The share that used is of max: 0 for nothing, 255 for all of it and more. */
uint8_t gp_store_lmdb_record_share(int64_t used, int64_t max);

/* GP_STORE_SUBJECT_ALL weighs more, all others less. */
#define GP_STORE_LMDB_WEIGHT_ALL (1U << 30)

/*
 * How much the record matters at this time when something has to be forgotten: 0, it counts
 * nothing; else mostly by what would be lost. Of each window these add up, and the largest sum
 * counts: four for each half octave of what it uses, up to 31 for its share of the maximum, up to 8
 * for having been used lately. So a subject that has used up a small limit is not dropped before
 * one that has used little, nor a busy one under a large limit before many that have sent one mail
 * each. Among equal ones the time for which the record still counts, in classes of half an octave.
 * *share_out is the largest share that any window uses now.
 */
uint32_t gp_store_lmdb_record_weight(
	const struct gp_store_lmdb_record *record, int64_t now_ms, uint8_t *share_out);

/* Drops the window with this id, all of them when it is 0. */
void gp_store_lmdb_record_forget(struct gp_store_lmdb_record *record, uint32_t id);

/* ---- facts ---- */

#define GP_STORE_LMDB_FACT_HEAD 9 /* bytes before the value */

bool gp_store_lmdb_fact_decode(
	struct gp_span bytes, struct gp_span *value_out, int64_t *expires_ms_out);

/* Writes GP_STORE_LMDB_FACT_HEAD bytes and the value. */
void gp_store_lmdb_fact_encode(struct gp_span value, int64_t expires_ms, unsigned char *out);

/* ---- time ---- */

#define GP_STORE_LMDB_TIME_RECORD (9 + GP_STORE_LMDB_BOOT_ID)

struct gp_store_lmdb_time {
	int64_t offset_ms; /* of the store's time from the time since the boot */
	char boot_id[GP_STORE_LMDB_BOOT_ID];
};

bool gp_store_lmdb_time_decode(struct gp_span bytes, struct gp_store_lmdb_time *time_out);
void gp_store_lmdb_time_encode(
	const struct gp_store_lmdb_time *time, unsigned char out[GP_STORE_LMDB_TIME_RECORD]);

#endif
