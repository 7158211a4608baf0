/* SPDX-License-Identifier: ISC */
/* The contract of the store over memory, which shows that the rows are right, and over LMDB. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/contract.h"
#include "support/memstore.h"

/* open_memory: the handle is not needed. */
static struct gp_store *open_memory(void *arg)
{
	struct gp_test_memstore *handle;
	struct gp_store *store;
	(void)arg;
	return gp_test_memstore_new(&handle, &store) == GP_OK ? store : NULL;
}

/* close_memory: all of it. */
static void close_memory(struct gp_store *store, void *arg)
{
	(void)arg;
	gp_store_close(store);
}

/* open_lmdb: in a new directory whose name arg holds. */
static struct gp_store *open_lmdb(void *arg)
{
	char *folder = arg, uri[64];
	struct gp_store *store;
	struct gp_ctx ctx = {.clock = gp_clock_system(), .deadline_us = INT64_MAX / 2};
	strcpy(folder, "/tmp/gp-contract-XXXXXX");
	if (!mkdtemp(folder))
		return NULL;
	snprintf(uri, sizeof uri, "lmdb:%s", folder);
	const struct gp_store_options options = {
		.uris = {uri}, .uri_count = 1, .map_bytes = 16 << 20, .sync_ms = 1000};
	return gp_store_open(&options, &ctx, &store) == GP_OK ? store : NULL;
}

/* close_lmdb: and nothing stays behind. */
static void close_lmdb(struct gp_store *store, void *arg)
{
	static const char *const names[] = {
		"counters", "counters-lock", "facts", "facts-lock", "lock"};
	const char *folder = arg;
	char path[128];
	gp_store_close(store);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
}

/* main: both. */
int main(void)
{
	char folder[32];
	int failed = gp_test_contract("memory", open_memory, close_memory, NULL);
	failed += gp_test_contract("lmdb", open_lmdb, close_lmdb, folder);
	return failed ? 1 : 0;
}
