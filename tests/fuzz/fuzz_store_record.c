/* SPDX-License-Identifier: ISC */
/*
 * What lies in a store: records of subjects, facts, the time, soft facts, seen sets. What is taken
 * for a record is written again as it was read, and can be used.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/target.h"
#include "store/lmdb/lmdb_record.h"
#include "store/store_soft.h"

const char *const fuzz_reached_seed = "two-windows";

static int reached;

/*
 * write_again: the same bytes must come out, or, of the old version, a share more for each window.
 */
static void write_again(const struct gp_store_lmdb_record *record, const uint8_t *data, size_t size)
{
	size_t more = data[0] == 1 ? record->count : 0;
	if (gp_store_lmdb_record_size(record) != size + more)
		abort();
	unsigned char *again = malloc(size + more);
	struct gp_store_lmdb_record *twice = malloc(sizeof *twice);
	if (!again || !twice)
		abort();
	gp_store_lmdb_record_encode(record, again);
	if (more == 0 && memcmp(again, data, size) != 0)
		abort();
	if (!gp_store_lmdb_record_decode((struct gp_span) {(char *)again, size + more}, twice) ||
		twice->count != record->count)
		abort();
	free(twice);
	free(again);
}

/* weigh: a record that counts something weighs something, at whatever time. */
static void weigh(struct gp_store_lmdb_record *record)
{
	static const int64_t times[] = {0, 1, 1700000000000, 1LL << 50};
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		uint8_t share;
		bool counts = false;
		for (size_t j = 0; j < record->count; j++) {
			struct gp_store_window copy = record->windows[j].window;
			gp_store_window_advance(&copy, times[i]);
			counts = counts || copy.entries > 0;
		}
		if ((gp_store_lmdb_record_weight(record, times[i], &share) > 0) != counts)
			abort();
	}
}

/* use: every window takes a step, at times around its own. */
static void use(struct gp_store_lmdb_record *record)
{
	static const int64_t times[] = {0, 1, 1700000000000, 1LL << 50};
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		struct gp_store_count counts[2] = {
			{.id = record->windows[0].id,
				.per_ms = record->windows[0].window.per_ms,
				.max = GP_STORE_AMOUNT_MAX,
				.take = 1,
				.back = 1,
				.back_ms = times[i]},
			{.id = 4000000001u, .per_ms = 1000, .max = 1, .take = 1}};
		uint8_t at[2];
		gp_store_lmdb_record_find(record, counts, 2, times[i], at);
		for (size_t j = 0; j < 2; j++) {
			struct gp_store_window *window = &record->windows[at[j]].window;
			gp_store_window_test(window, &counts[j], times[i]);
			gp_store_window_count(window, &counts[j], times[i]);
			if (!gp_store_window_is_valid(window) || counts[j].used < 1)
				abort();
		}
		gp_store_lmdb_record_purge(record, times[i]);
	}
}

/* note_again: a soft fact comes out as it was read. */
static void note_again(struct gp_span bytes)
{
	unsigned char again[GP_STORE_NOTE_RECORD];
	struct gp_span value;
	int64_t expires_ms, ends_ms;
	if (!gp_store_note_decode(bytes, &value, &expires_ms))
		return;
	if (value.len > GP_STORE_NOTE_VALUE_MAX || expires_ms < 0 || expires_ms > 1LL << 50 ||
		!gp_store_soft_expires(bytes, &ends_ms) || ends_ms != expires_ms)
		abort();
	gp_store_note_encode(value, expires_ms, again);
	if (memcmp(again, bytes.ptr, bytes.len) != 0)
		abort();
}

/* see_again: a set comes out as it was read, and takes a step at any time. */
static void see_again(struct gp_span bytes)
{
	static const int64_t times[] = {0, 1700000000000, 1LL << 50};
	unsigned char again[GP_STORE_SEEN_RECORD];
	struct gp_store_seen seen, copy;
	int64_t ends_ms = 0;
	if (!gp_store_seen_decode(bytes, &seen))
		return;
	if (!gp_store_soft_expires(bytes, &ends_ms) || gp_store_seen_size(&seen) != bytes.len)
		abort();
	gp_store_seen_encode(&seen, ends_ms, again);
	if (memcmp(again, bytes.ptr, bytes.len) != 0)
		abort();
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		struct gp_store_within within[2] = {{.ms = 1}, {.ms = GP_STORE_WITHIN_MAX_MS}};
		struct gp_store_see see = {.item = {"x", 1},
			.most = i == 1 ? 1 : GP_STORE_SEEN_MAX,
			.within = within,
			.within_count = 2};
		const struct gp_store_soft op = {
			.kind = GP_STORE_OP_SEE, .fingerprint = 7, .see = &see};
		copy = seen;
		if (!gp_store_seen_step(&copy, &op, times[i]) || copy.count < 1 ||
			copy.count > see.most || within[0].seen < 1 ||
			within[1].seen < within[0].seen || within[1].seen > see.most)
			abort();
	}
}

/* LLVMFuzzerTestOneInput: as each kind of record. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gp_span bytes = {(const char *)data, size}, value;
	struct gp_store_lmdb_time time;
	int64_t expires_ms;
	struct gp_store_lmdb_record *record = malloc(sizeof *record);
	if (!record)
		return 0;
	reached = gp_store_lmdb_record_decode(bytes, record) && record->count == 2;
	if (record->count > 0) {
		write_again(record, data, size);
		weigh(record);
		use(record);
	}
	free(record);
	if (gp_store_lmdb_fact_decode(bytes, &value, &expires_ms) &&
		(value.len > GP_STORE_FACT_VALUE_MAX || expires_ms < 0))
		abort();
	note_again(bytes);
	see_again(bytes);
	if (gp_store_lmdb_time_decode(bytes, &time) && size != GP_STORE_LMDB_TIME_RECORD)
		abort();
	return 0;
}

/* fuzz_reached: the last input was a record of two windows. */
int fuzz_reached(void)
{
	return reached;
}
