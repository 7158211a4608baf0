/* SPDX-License-Identifier: ISC */
/* A record as a store gives it back, of whatever version: one that is taken is written the same. */
#include <string.h>

#include "fuzz/target.h"
#include "reputation/greylist/greylist_record.h"

const char *const fuzz_reached_seed = "of-network";

static bool reached;

/* fuzz_reached: was the last one a record? */
int fuzz_reached(void)
{
	return reached;
}

/* LLVMFuzzerTestOneInput: decoded, and encoded again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gp_greylist_record r;
	unsigned char bytes[GP_GREYLIST_RECORD_MAX];
	reached = gp_greylist_record_decode((struct gp_span) {(const char *)data, size}, &r);
	if (!reached) {
		static const struct gp_greylist_record none;
		fuzz_require(memcmp(&r, &none, sizeof r) == 0);
		return 0;
	}
	fuzz_require(r.last_ms >= r.first_ms && r.first_ms >= 0);
	fuzz_require(gp_greylist_record_encode(&r, bytes) == size);
	fuzz_require(memcmp(bytes, data, size) == 0);
	return 0;
}
