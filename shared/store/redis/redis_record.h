/* SPDX-License-Identifier: ISC */
/*
 * A subject's record as it lies in Redis: bytes to windows and back (the form: redis_script.h).
 *
 * What is read is foreign: it is taken only when every field is as encode writes it.
 */
#ifndef GP_STORE_REDIS_RECORD_H
#define GP_STORE_REDIS_RECORD_H

#include "store/store_private.h"

#define GP_STORE_REDIS_RECORD_WINDOWS 128

/* Large: it belongs on the heap. */
struct gp_store_redis_record {
	struct gp_span name; /* borrowed; of what was decoded: within its bytes */
	size_t count;
	struct {
		uint32_t id; /* they rise */
		struct gp_store_window window;
	} windows[GP_STORE_REDIS_RECORD_WINDOWS];
};

/* False: it is none; then the record is empty. */
bool gp_store_redis_record_decode(struct gp_span bytes, struct gp_store_redis_record *record_out);

/* Bytes that encode writes. */
size_t gp_store_redis_record_size(const struct gp_store_redis_record *record);
void gp_store_redis_record_encode(const struct gp_store_redis_record *record, unsigned char *out);

/*
 * The window of that counter, made where there is none; NULL: there is no room, or it counts over
 * another time.
 */
struct gp_store_window *gp_store_redis_record_window(
	struct gp_store_redis_record *record, uint32_t id, int64_t per_ms, int64_t now_ms);

/* Drops windows that count nothing at this time, and advances the others. */
void gp_store_redis_record_purge(struct gp_store_redis_record *record, int64_t now_ms);

#endif
