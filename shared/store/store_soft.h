/* SPDX-License-Identifier: ISC */
/*
 * Records of soft facts and seen sets, and what a note and a see do to them; for the backends.
 *
 * What is read is foreign: it is taken only when every field is as encode writes it; anything else
 * counts as absent. Numbers are little-endian. Pure functions over memory of the caller.
 *
 *   soft fact  version 1, expires 7, value
 *   seen set   version 1, expires 7 (all of it is over then), then each item, the one seen last at
 *              the end: fingerprint 4, time 7
 */
#ifndef GP_STORE_STORE_SOFT_H
#define GP_STORE_STORE_SOFT_H

#include "store/store_move.h"
#include "store/store_private.h"

#define GP_STORE_NOTE_HEAD 8 /* bytes before the value */
#define GP_STORE_NOTE_RECORD (GP_STORE_NOTE_HEAD + GP_STORE_NOTE_VALUE_MAX)
#define GP_STORE_SEEN_HEAD 8
#define GP_STORE_SEEN_ITEM 11
#define GP_STORE_SEEN_RECORD (GP_STORE_SEEN_HEAD + GP_STORE_SEEN_ITEM * GP_STORE_SEEN_MAX)

/* When a record of either kind ends; false: it is none. */
bool gp_store_soft_expires(struct gp_span bytes, int64_t *expires_ms_out);

/* ---- soft facts ---- */

/* The value lies in bytes. False: it is none; whether it has expired is not asked. */
bool gp_store_note_decode(struct gp_span bytes, struct gp_span *value_out, int64_t *expires_ms_out);

/* Writes GP_STORE_NOTE_HEAD bytes and the value. */
void gp_store_note_encode(struct gp_span value, int64_t expires_ms, unsigned char *out);

/* Nothing was found. */
void gp_store_value_clear(struct gp_store_value *value_out);

/* Puts a value into a result: found, unless it has expired by then. */
void gp_store_value_set(
	struct gp_store_value *value_out, struct gp_span value, int64_t expires_ms, int64_t now_ms);

/* ---- seen sets ---- */

struct gp_store_seen {
	size_t count;
	struct {
		uint32_t fingerprint;
		int64_t at_ms; /* they rise, or are equal */
	} items[GP_STORE_SEEN_MAX];
};

/* False: it is none; then the set is empty. */
bool gp_store_seen_decode(struct gp_span bytes, struct gp_store_seen *seen_out);

/* Bytes that encode writes. */
size_t gp_store_seen_size(const struct gp_store_seen *seen);
void gp_store_seen_encode(const struct gp_store_seen *seen, int64_t expires_ms, unsigned char *out);

/* How long an item is kept: the longest window. */
int64_t gp_store_seen_keep_ms(const struct gp_store_see *see);

/* Adds the item, unless there is none, and fills in the results. True: the set has changed. */
bool gp_store_seen_step(
	struct gp_store_seen *seen, const struct gp_store_soft *see, int64_t now_ms);

/* ---- for moving from store to store ---- */

/* A record of either kind, without its key; its value lies in bytes. False: it is none. */
bool gp_store_soft_record(struct gp_span bytes, bool is_set, struct gp_store_record *record_out);

/*
 * The set in bytes, which may be none, and that of the record in one: of the same item the later
 * time, no time after now, the last GP_STORE_SEEN_MAX. True: there was one that had not ended.
 * *expires_ms: the record's, moved on to the other one's where that is later.
 */
bool gp_store_seen_join(struct gp_span bytes, const struct gp_store_record *record, int64_t now_ms,
	struct gp_store_seen *seen_out, int64_t *expires_ms);

#endif
