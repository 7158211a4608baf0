/* SPDX-License-Identifier: ISC */
/*
 * The scripts that Redis runs for us, what they are given and what they give back.
 *
 * A subject's record is one string: version 1 byte, length of the name 2, the name; then windows,
 * their ids rising: id 4, per 4, last 7, entries 1, and the entries, oldest first: age 1, count 7;
 * all little-endian. A string that is not exactly that counts as absent. The windows mean what
 * store_window.c makes them mean.
 *
 *     take    KEYS: the subjects'; ARGV: now, "1" for a test that changes nothing else "0", the
 *             longest window asked for plus a slot, then for each subject a string: version 1,
 * length 2, name, and 7 doubles for each counter, their ids rising: id, per, max, take, back,
 * back_ms, forced. Gives for each counter 6 doubles in a string: used before the take, wait for the
 *             take, refused, given back, wait for 1 more after the take, begin of the slot.
 *     forget  KEYS: one subject's; ARGV: id. Drops that counter's window.
 *     usage   KEYS: one subject's; ARGV: now. Gives nothing, or the name and for each window that
 *             counts anything: id, per, used. Changes nothing.
 *     sweep   KEYS: the hash of facts; ARGV: now, a cursor. Removes facts that have expired; gives
 *             the next cursor.
 *
 * No text ever becomes part of a script: everything travels in KEYS and ARGV.
 */
#ifndef GP_STORE_REDIS_SCRIPT_H
#define GP_STORE_REDIS_SCRIPT_H

#include "store/store_private.h"
#include "store/redis/redis_reply.h"

enum gp_store_redis_script {
	GP_STORE_REDIS_TAKE,
	GP_STORE_REDIS_FORGET,
	GP_STORE_REDIS_USAGE,
	GP_STORE_REDIS_SWEEP,
	GP_STORE_REDIS_SCRIPTS /* how many */
};

/* The text, static. */
struct gp_span gp_store_redis_script_text(enum gp_store_redis_script script);

/* What the script says of one counter. */
struct gp_store_redis_outcome {
	int64_t used;     /* before the take */
	int64_t wait_ms;  /* for the take */
	int64_t given;    /* back */
	int64_t after_ms; /* until 1 more fits, after the take */
	int64_t at_ms;    /* begin of the slot that the take was counted in */
	bool refused;
};

/* Bytes of the take script's string for a subject. */
size_t gp_store_redis_subject_size(const struct gp_store_keyed *take);

/* Writes them; order_out says which counter stands where in the string and in the answer. */
void gp_store_redis_subject_encode(const struct gp_store_keyed *take, unsigned char *out,
	uint8_t order_out[GP_STORE_COUNTS_MAX]);

/* One string of the answer; false: it is none. */
bool gp_store_redis_outcome_decode(
	const struct redisReply *item, struct gp_store_redis_outcome *outcome_out);

#endif
