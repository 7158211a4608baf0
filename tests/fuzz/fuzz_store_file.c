/* SPDX-License-Identifier: ISC */
/*
 * A file as it may lie where LMDB's should. The first octet of an input chooses the page size, from
 * 256 (small trees, which mutate well) to 4096 (what LMDB itself has written).
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/target.h"
#include "store/lmdb/lmdb_check.h"

const char *const fuzz_reached_seed = "tree";

static int reached;

/* The input as a file. */
struct memory {
	const uint8_t *data;
	size_t size;
};

/* read_memory: within its bounds only. */
static bool read_memory(void *arg, uint64_t offset, void *buffer, size_t length)
{
	const struct memory *memory = arg;
	if (offset > memory->size || length > memory->size - offset)
		return false;
	memcpy(buffer, memory->data + offset, length);
	return true;
}

/* LLVMFuzzerTestOneInput: the whole check. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char problem[GP_STORE_LMDB_PROBLEM];
	reached = 0;
	if (size < 1)
		return 0;
	struct memory memory = {data + 1, size - 1};
	const struct gp_store_lmdb_file file = {read_memory, &memory, memory.size};
	int rc = gp_store_lmdb_check(&file, (size_t)256 << data[0] % 5, problem);
	if (rc == GP_ESYNTAX && problem[0] == '\0')
		abort();
	if (rc == GP_EIO || rc == GP_EINVAL)
		abort();
	reached = rc == GP_OK && size > 1;
	return 0;
}

/* fuzz_reached: the last input was a whole file. */
int fuzz_reached(void)
{
	return reached;
}
