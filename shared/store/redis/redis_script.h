/* SPDX-License-Identifier: ISC */
/*
 * The scripts that Redis runs for us, what they receive and what they return.
 *
 * A subject's record is one string: version 1 byte, length of the name 2, the name; then windows,
 * their ids rising: id 4, per 4, last 7, entries 1, and the entries, oldest first: age 1, count 7;
 * all little-endian. A string that is not exactly that counts as absent. The windows mean what
 * store_window.c makes them mean. Records of soft facts and seen sets: store/store_soft.h.
 *
 *     take    KEYS: the subjects'; ARGV: now, "1" for a test that changes nothing else "0", the
 *             longest window asked for plus a slot, then for each subject a string: version 1,
 * length 2, name, and 7 doubles for each counter, their ids rising: id, per, max, take, back,
 * back_ms, forced. Gives for each counter 6 doubles in a string: used before the take, wait for the
 *             take, refused, released, wait for 1 more after the take, beginning of the slot.
 *     batch   take, and then what is soft. KEYS: the subjects', then one for each soft operation;
 *             ARGV: as take, then for each soft operation a string, and how many takes there are.
 *             A string begins with the kind: 1 reads a soft fact; 2 writes one: leave what is there
 *             1, expires as a double, the value; 3 sees: adds 1, fingerprint 4, most 1, windows 1,
 *             their lengths as doubles; 4 reads a field of the hash of facts, whose name follows.
 *             Gives behind the takes' answers a string each: a record, or nothing; of a set 1 if
 *             the item is new, and how many were seen within each window, 1 byte each.
 *     forget  KEYS: one subject's; ARGV: id. Drops that counter's window.
 *     usage   KEYS: one subject's; ARGV: now. Gives nothing, or the name and for each window that
 *             counts anything: id, per, used. Changes nothing.
 *     sweep   KEYS: the hash of facts; ARGV: now, a cursor. Removes facts that have expired; gives
 *             the next cursor.
 *     swap    KEYS: any; ARGV: what was read from it, or nothing, another value, how long it is
 *             kept. Gives 1, or what is there by now and stays.
 *
 * No text ever becomes part of a script: everything travels in KEYS and ARGV.
 */
#ifndef GP_STORE_REDIS_SCRIPT_H
#define GP_STORE_REDIS_SCRIPT_H

#include "store/store_private.h"
#include "store/redis/redis_reply.h"

enum gp_store_redis_script {
	GP_STORE_REDIS_TAKE,
	GP_STORE_REDIS_BATCH,
	GP_STORE_REDIS_FORGET,
	GP_STORE_REDIS_USAGE,
	GP_STORE_REDIS_SWEEP,
	GP_STORE_REDIS_SWAP,
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

/* A double as the scripts read it; exact below 2^53. Returns what follows. */
unsigned char *gp_store_redis_put_double(unsigned char *out, int64_t number);

/* A field of the hash of facts; false: it is none. Whether it has expired is not asked. */
bool gp_store_redis_fact_decode(
	struct gp_span text, struct gp_span *value_out, int64_t *expires_ms_out);

/* Bytes of the batch script's string for a soft operation; writes them. */
size_t gp_store_redis_soft_size(const struct gp_store_soft *soft);
void gp_store_redis_soft_encode(const struct gp_store_soft *soft, unsigned char *out);

/* Its string of the answer, into the results of the operation; false: it is none. */
bool gp_store_redis_soft_decode(
	const struct redisReply *item, const struct gp_store_soft *soft, int64_t now_ms);

/* One string of the answer to a take; false: it is none. */
bool gp_store_redis_outcome_decode(
	const struct redisReply *item, struct gp_store_redis_outcome *outcome_out);

#endif
