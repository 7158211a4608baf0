/* SPDX-License-Identifier: ISC */
/*
 * A line of an exported store, and a record as it lies in Redis: what is taken for one is within
 * bounds, can be joined with a window, and comes out as it went in.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/target.h"
#include "store/store_line.h"
#include "store/store_private.h"
#include "store/store_soft.h"

const char *const fuzz_reached_seed = "two-counters";

static int reached;

/* fuzz_reached: was the last input a record of two counters? */
int fuzz_reached(void)
{
	return reached;
}

/* write_again: a line of it is read as the same record. */
static void write_again(const struct gp_store_line *line)
{
	struct gp_store_line *twice = malloc(sizeof *twice);
	const char *problem;
	char *text = gp_store_line_format(&line->record);
	fuzz_require(text && twice);
	fuzz_require(strlen(text) <= GP_STORE_LINE_MAX);
	fuzz_require(gp_store_line_parse(gp_span_from(text), twice, &problem) == GP_OK);
	char *again = gp_store_line_format(&twice->record);
	fuzz_require(again && strcmp(text, again) == 0);
	free(again);
	free(text);
	free(twice);
}

/* join: every counter, at times around its own; twice is as good as once. */
static void join(const struct gp_store_counter *counter)
{
	const int64_t times[] = {0, counter->slots[0].begin_ms, 1700000000000, 1LL << 50};
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		struct gp_store_window window;
		gp_store_window_init(&window, counter->per_ms, times[i]);
		gp_store_window_join(&window, counter, times[i]);
		int64_t used = gp_store_window_used(&window);
		fuzz_require(window.entries == 0 || gp_store_window_is_valid(&window));
		gp_store_window_join(&window, counter, times[i]);
		fuzz_require(gp_store_window_used(&window) == used);
	}
}

/* join_seen: a set with itself is the same one, as far as its times have come. */
static void join_seen(const struct gp_store_record *record)
{
	unsigned char bytes[GP_STORE_SEEN_RECORD];
	struct gp_store_seen once, twice;
	int64_t ends_ms = record->expires_ms;
	fuzz_require(!gp_store_seen_join(
		(struct gp_span) {NULL, 0}, record, 1LL << 50, &once, &ends_ms));
	fuzz_require(once.count > 0 && once.count <= record->count);
	gp_store_seen_encode(&once, ends_ms, bytes);
	(void)gp_store_seen_join((struct gp_span) {(char *)bytes, gp_store_seen_size(&once)},
		record, 0, &twice, &ends_ms);
	fuzz_require(twice.count == once.count);
}

/* LLVMFuzzerTestOneInput: one line. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gp_store_line *line = malloc(sizeof *line);
	const char *problem = NULL;
	fuzz_require(line != NULL);
	int rc = gp_store_line_parse((struct gp_span) {(const char *)data, size}, line, &problem);
	fuzz_require(rc == GP_OK || (problem && *problem));
	reached = 0;
	if (rc == GP_OK && line->kind == GP_STORE_LINE_RECORD) {
		const struct gp_store_record *record = &line->record;
		fuzz_require(gp_store_record_is_valid(record));
		write_again(line);
		for (size_t i = 0; record->kind == GP_STORE_RECORD_COUNTERS && i < record->count;
			i++)
			join(&record->counters[i]);
		if (record->kind == GP_STORE_RECORD_SEEN)
			join_seen(record);
		reached = record->kind == GP_STORE_RECORD_COUNTERS && record->count == 2;
	}
	free(line);
	return 0;
}
