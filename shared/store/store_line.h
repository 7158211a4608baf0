/* SPDX-License-Identifier: ISC */
/*
 * Line: records of a store as lines of JSON, for a file that outlives a program and its format.
 *
 *     {"gatepost_store": 1, "from": "lmdb:/var/lib/gatepost", "at": "2026-11-29T01:00:00Z"}
 *     {"subject": "user:alice", "counters": [{"id": 7, "per_ms": 3600000, "slots": [[T, 5]]}]}
 *     {"fact": "limit/hourly/user:alice", "value": "500", "expires_ms": T}
 *     {"soft": HASH, "value": "...", "expires_ms": T}
 *     {"seen": HASH, "set": 1, "expires_ms": T, "items": [[FINGERPRINT, T], ...]}
 *     {"end": 4}
 *
 * The first line says the version; a reader takes no other one. The last one says how many records
 * there are: a file without it was cut. T is Unix time in milliseconds; slots begin then, the
 * newest first; items were seen then, the oldest first. HASH is 32 digits: of such a key nothing
 * else is kept. A name or a value that is no UTF-8 without NUL stands in the member "subject_hex",
 * "fact_hex" or "value_hex". A subject whose name was cut (200 bytes) has its HASH in "key". A fact
 * without expires_ms stays for ever.
 *
 * What is read is foreign: every member is checked, one that is not known or missing is an error,
 * and nothing outside the bounds of store/store.h is taken.
 */
#ifndef GP_STORE_STORE_LINE_H
#define GP_STORE_STORE_LINE_H

#include "store/store_move.h"

#define GP_STORE_LINE_VERSION 1
#define GP_STORE_LINE_MAX (1024 * 1024) /* bytes; the longest record has half of that */

enum gp_store_line_kind { GP_STORE_LINE_BEGIN, GP_STORE_LINE_RECORD, GP_STORE_LINE_END };

/* A line that was read. Large: it belongs on the heap. */
struct gp_store_line {
	enum gp_store_line_kind kind;
	uint64_t records;              /* of the last line */
	struct gp_store_record record; /* its texts lie in bytes */
	char bytes[GP_STORE_FACT_KEY_MAX + GP_STORE_FACT_VALUE_MAX];
};

/* Without its end. GP_ESYNTAX: *problem_out says what is wrong, static; GP_ENOMEM. */
int gp_store_line_parse(struct gp_span text, struct gp_store_line *line_out,
	const char **problem_out) GP_MUST_CHECK;

/* The lines, without an end, from malloc(3), printable ASCII; NULL: no memory. */
char *gp_store_line_begin(const char *from, const char *at);
char *gp_store_line_format(const struct gp_store_record *record);
char *gp_store_line_end(uint64_t records);

#endif
