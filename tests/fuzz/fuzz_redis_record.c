/* SPDX-License-Identifier: ISC */
/* A subject's record as it lies in Redis: what is taken for one is written again as it was read. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/target.h"
#include "store/redis/redis_record.h"

#define BYTES_MAX 131072

const char *const fuzz_reached_seed = "two-windows";

static int reached;

/* fuzz_reached: was the last input a record of two windows? */
int fuzz_reached(void)
{
	return reached;
}

/* use: a window of any counter can be had, and what is over goes. */
static void use(struct gp_store_redis_record *record)
{
	static const int64_t times[] = {0, 1700000000000, 1LL << 50};
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		struct gp_store_window *window =
			gp_store_redis_record_window(record, 77, 1000, times[i]);
		if (window)
			gp_store_window_add(window, 1);
		gp_store_redis_record_purge(record, times[i]);
		for (size_t k = 0; k < record->count; k++)
			fuzz_require(gp_store_window_is_valid(&record->windows[k].window) &&
				     (k == 0 || record->windows[k - 1].id < record->windows[k].id));
	}
}

/* LLVMFuzzerTestOneInput: one record. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gp_store_redis_record *record = malloc(sizeof *record);
	unsigned char *again = malloc(BYTES_MAX);
	fuzz_require(record && again);
	reached =
		gp_store_redis_record_decode((struct gp_span) {(const char *)data, size}, record) &&
		record->count == 2;
	if (record->count > 0) {
		fuzz_require(gp_store_redis_record_size(record) == size && size <= BYTES_MAX);
		gp_store_redis_record_encode(record, again);
		fuzz_require(memcmp(again, data, size) == 0);
		use(record);
	}
	free(again);
	free(record);
	return 0;
}
