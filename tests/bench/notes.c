/* SPDX-License-Identifier: ISC */
/*
 * Soft facts in LMDB, as many as one host may come to have: how large the file is, how long writing
 * and reading take, and opening, which checks the file.
 *
 *     notes FOLDER [COUNT]      ten million; the directory's files are removed afterwards
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store.h"

#define NOTES 10000000LL
#define READS 100000
#define MAP_BYTES ((size_t)2 << 30)
#define DAY_MS 86400000LL
#define TEND_EVERY 50000 /* notes; about a second's */

/* now_us: monotonic. */
static int64_t now_us(void)
{
	return gp_clock_now_us(gp_clock_system());
}

/* key_of: as greylisting would have it: who, from where, for whom. */
static struct gp_span key_of(int64_t number, char text[96])
{
	snprintf(text, 96,
		"grey/192.0.2.%" PRId64 "/sender%" PRId64 "@example.com/alice@example.org",
		number % 256, number);
	return gp_span_from(text);
}

/* write_all: 0, or 1. */
static int write_all(struct gp_store *store, struct gp_ctx *ctx, int64_t count, int64_t now_ms)
{
	char text[96];
	for (int64_t i = 0; i < count; i++) {
		struct gp_store_note note = {.key = key_of(i, text),
			.value = gp_span_from("1700000000000"),
			.expires_ms = now_ms + 35 * DAY_MS,
			.unless_there = true};
		if (gp_store_note(store, ctx, now_ms, &note) != GP_OK)
			return 1;
		if (i % TEND_EVERY == 0)
			gp_store_tend(store, ctx);
	}
	return 0;
}

/* read_some: how many of them were there. */
static int64_t read_some(struct gp_store *store, struct gp_ctx *ctx, int64_t count, int64_t now_ms)
{
	char text[96];
	int64_t there = 0;
	for (int64_t i = 0; i < READS; i++) {
		struct gp_store_get get = {.key = key_of(i * 7919 % count, text), .soft = true};
		if (gp_store_get(store, ctx, now_ms, &get) == GP_OK)
			there += get.value.found == GP_STORE_FOUND;
	}
	return there;
}

/* show: the table's lines. */
static int show(const struct gp_store_options *options, struct gp_ctx *ctx, const char *folder,
	int64_t count)
{
	struct gp_store *store;
	struct stat st;
	char path[1100];
	int64_t begun = now_us();
	if (gp_store_open(options, ctx, &store) != GP_OK)
		return 1;
	int64_t now_ms = gp_store_now_ms(store);
	begun = now_us();
	int rc = write_all(store, ctx, count, now_ms);
	double written = (double)(now_us() - begun) / (double)count;
	begun = now_us();
	int64_t there = read_some(store, ctx, count, now_ms);
	double read = (double)(now_us() - begun) / READS;
	gp_store_close(store);
	snprintf(path, sizeof path, "%s/counters", folder);
	if (rc || stat(path, &st) != 0)
		return 1;
	begun = now_us();
	if (gp_store_open(options, ctx, &store) != GP_OK)
		return 1;
	double opened = (double)(now_us() - begun) / 1e6;
	gp_store_close(store);
	printf("What mail has shown: %" PRId64 " soft facts in LMDB\n", count);
	printf("  file %.0f MiB; %.1f us to write one, %.1f us to read one, of which %.1f%% were "
	       "there;\n  %.1f s to open it again, which checks the file\n\n",
		(double)st.st_blocks * 512 / (1 << 20), written, read,
		100.0 * (double)there / READS, opened);
	return 0;
}

/* main: a directory of its own within the one named. */
int main(int argc, char **argv)
{
	static const char *const names[] = {
		"counters", "counters-lock", "facts", "facts-lock", "lock"};
	int64_t count = argc > 2 ? strtoll(argv[2], NULL, 10) : NOTES;
	char folder[1024], uri[1100], path[1100];
	struct gp_ctx ctx = {.clock = gp_clock_system(), .deadline_us = INT64_MAX / 2};
	if (argc < 2 || count < 1)
		return 2;
	snprintf(folder, sizeof folder, "%s/notes-XXXXXX", argv[1]);
	if (!mkdtemp(folder))
		return 1;
	snprintf(uri, sizeof uri, "lmdb:%s", folder);
	char *absolute = realpath(folder, NULL);
	if (absolute)
		snprintf(uri, sizeof uri, "lmdb:%s", absolute);
	free(absolute);
	const struct gp_store_options options = {
		.uris = {uri}, .uri_count = 1, .map_bytes = MAP_BYTES, .sync_ms = 1000};
	int rc = show(&options, &ctx, folder, count);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
	return rc;
}
