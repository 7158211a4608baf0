/* SPDX-License-Identifier: ISC */
/* The URI of a store: what is taken is within all bounds. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/target.h"
#include "store/store_uri.h"

const char *const fuzz_reached_seed = "sentinel";

static int reached;

/* LLVMFuzzerTestOneInput: texts end, and every field is what the header promises. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gp_store_uri uri;
	const char *problem = NULL;
	struct gp_span text = {(const char *)data, size};
	int rc = gp_store_uri_parse(text, &uri, &problem);
	reached = rc == GP_OK && uri.scheme == GP_STORE_SENTINEL;
	if (rc != GP_OK && (rc != GP_ESYNTAX || !problem || !problem[0]))
		abort();
	if (gp_store_uri_is_valid(text, &problem) != (rc == GP_OK))
		abort();
	if (rc != GP_OK)
		return 0;
	bool local = uri.scheme == GP_STORE_LMDB || uri.scheme == GP_STORE_REDIS_UNIX;
	if (uri.database > 15 || local != (uri.path[0] == '/') || local != (uri.host[0] == '\0') ||
		local != (uri.port == 0) || reached != (uri.name[0] != '\0') ||
		strlen(uri.host) + strlen(uri.path) + strlen(uri.name) > size)
		abort();
	return 0;
}

/* fuzz_reached: the last input named a sentinel and its master. */
int fuzz_reached(void)
{
	return reached;
}
