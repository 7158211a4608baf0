/* SPDX-License-Identifier: ISC */
/* The window of one counter: slots, ages, clocks, and what is no window; records of them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "store/lmdb/lmdb_record.h"

#define PER 64000 /* slots of 1000 */
#define T0 1000000000000LL

/* window_with: one entry for each pair of a time and an amount, in their order. */
static struct gp_store_window window_with(const int64_t (*entries)[2], size_t count)
{
	struct gp_store_window window;
	gp_store_window_init(&window, PER, T0);
	for (size_t i = 0; i < count; i++) {
		gp_store_window_advance(&window, T0 + entries[i][0]);
		gp_store_window_add(&window, entries[i][1]);
	}
	return window;
}

/* how_wide_a_slot_is: rounded up, so that 64 always hold the window. */
static void how_wide_a_slot_is(void **state)
{
	static const struct {
		int64_t per, width;
	} rows[] = {{1000, 16}, {1024, 16}, {1025, 17}, {64000, 1000}, {64001, 1001},
		{GP_STORE_PER_MAX_MS, 41850000}};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_store_window window;
		int64_t begin = rows[i].width * 1000;
		gp_store_window_init(&window, rows[i].per, begin);
		assert_int_equal(window.last, 1000);
		gp_store_window_add(&window, 1);
		gp_store_window_advance(&window, begin + rows[i].width - 1);
		assert_int_equal(window.last, 1000);
		assert_int_equal(window.entry[0].age, 0);
		gp_store_window_advance(&window, begin + rows[i].width);
		assert_int_equal(window.last, 1001);
		assert_int_equal(window.entry[0].age, 1);
		gp_store_window_advance(&window, begin + rows[i].width + rows[i].per - 1);
		assert_int_equal(window.entries, 1);
		gp_store_window_advance(&window, begin + rows[i].width + rows[i].per);
		assert_int_equal(window.entries, 0);
	}
}

/* entries_are_newest_first: one for each slot that holds something, 65 at most. */
static void entries_are_newest_first(void **state)
{
	struct gp_store_window window;
	(void)state;
	gp_store_window_init(&window, PER, T0);
	for (int i = 0; i < 500; i++) {
		gp_store_window_advance(&window, T0 + i * 1000 + i % 1000);
		gp_store_window_add(&window, 1);
		gp_store_window_add(&window, i);
		gp_store_window_add(&window, 0);
		assert_true(gp_store_window_is_valid(&window));
		assert_true(window.entries <= GP_STORE_ENTRIES);
		assert_int_equal(window.entry[0].count, i + 1);
	}
	/* at 499 ms within a slot, the slot of age 64 still reaches into the window */
	assert_int_equal(window.entries, 65);
	assert_int_equal(window.entry[64].age, 64);
	gp_store_window_advance(&window, T0 + 499 * 1000 + 999);
	assert_int_equal(window.entries, 65);
	gp_store_window_advance(&window, T0 + 500 * 1000);
	assert_int_equal(window.entries, 64);
}

/* where_the_clock_goes: last slot, ages and sum after one step from slots 0, 10 and 20. */
static void where_the_clock_goes(void **state)
{
	static const int64_t entries[][2] = {{0, 1}, {10000, 2}, {20000, 4}};
	static const struct {
		int64_t to, last, used;
		unsigned newest_age;
	} rows[] = {
		{20000, 20, 7, 0},
		{20999, 20, 7, 0},
		{21000, 21, 7, 1},
		{64999, 64, 7, 44},
		{65000, 65, 6, 45},
		{74999, 74, 6, 54},
		{75000, 75, 4, 55},
		{84999, 84, 4, 64},
		{85000, 85, 0, 0},
		{1000000, 1000, 0, 0},
		{19999, 20, 7, 0}, /* stands still */
		{19000, 20, 7, 0},
		{18999, 18, 7, 0}, /* goes back */
		{0, 0, 7, 0},
		{-5000000, -5000, 7, 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_store_window window = window_with(entries, 3);
		gp_store_window_advance(&window, T0 + rows[i].to);
		assert_int_equal(window.last - T0 / 1000, rows[i].last);
		assert_int_equal(gp_store_window_used(&window), rows[i].used);
		if (rows[i].used > 0)
			assert_int_equal(window.entry[0].age, rows[i].newest_age);
		struct gp_store_window again = window;
		gp_store_window_advance(&again, T0 + rows[i].to);
		assert_int_equal(again.last, window.last);
		assert_int_equal(again.entries, window.entries);
	}
}

/* back_takes_from_one_slot: how much it returns, and what is left. */
static void back_takes_from_one_slot(void **state)
{
	static const int64_t entries[][2] = {{0, 5}, {10000, 6}, {20000, 7}};
	static const struct {
		int64_t amount, at, gave;
		unsigned left;
	} rows[] = {
		{3, 20000, 3, 3},
		{7, 20999, 7, 2},
		{8, 20000, 7, 2},
		{6, 10000, 6, 2},
		{5, 999, 5, 2},
		{1, 1000, 0, 3},
		{1, 21000, 0, 3},
		{1, 9999999, 0, 3},
		{1, -1000000, 0, 3},
		{1, -T0, 0, 3},
		{0, 20000, 0, 3},
		{GP_STORE_AMOUNT_MAX, 20000, 7, 2},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_store_window window = window_with(entries, 3);
		assert_int_equal(gp_store_window_back(&window, rows[i].amount, T0 + rows[i].at),
			rows[i].gave);
		assert_int_equal(window.entries, rows[i].left);
		assert_int_equal(gp_store_window_used(&window), 18 - rows[i].gave);
		assert_true(gp_store_window_is_valid(&window));
	}
}

/* sums_stop: at 2^53, within a slot and over all. */
static void sums_stop(void **state)
{
	struct gp_store_window window;
	(void)state;
	gp_store_window_init(&window, PER, T0);
	for (int i = 0; i < 30; i++)
		gp_store_window_add(&window, GP_STORE_AMOUNT_MAX);
	assert_int_equal(window.entry[0].count, 1LL << 53);
	for (int i = 1; i < 64; i++) {
		gp_store_window_advance(&window, T0 + i * 1000);
		for (int j = 0; j < 30; j++)
			gp_store_window_add(&window, GP_STORE_AMOUNT_MAX);
	}
	assert_true(gp_store_window_is_valid(&window));
	assert_int_equal(gp_store_window_used(&window), 1LL << 53);
	assert_int_equal(
		gp_store_window_wait(&window, T0 + 63000, GP_STORE_AMOUNT_MAX, GP_STORE_AMOUNT_MAX),
		65000);
}

/* what_is_no_window: one field wrong at a time. */
static void what_is_no_window(void **state)
{
	static const int64_t entries[][2] = {{0, 1}, {1000, 2}, {2000, 3}};
	const struct gp_store_window good = window_with(entries, 3);
	struct gp_store_window rows[13];
	(void)state;
	size_t count = sizeof rows / sizeof rows[0];
	assert_true(gp_store_window_is_valid(&good));
	for (size_t i = 0; i < count; i++)
		rows[i] = good;
	rows[0].per_ms = 0;
	rows[1].per_ms = GP_STORE_PER_MIN_MS - 1;
	rows[2].per_ms = GP_STORE_PER_MAX_MS + 1;
	rows[3].per_ms = INT64_MIN;
	rows[4].last = -1;
	rows[5].last = INT64_MAX;
	rows[6].entries = GP_STORE_ENTRIES + 1;
	rows[7].entry[1].age = 0;
	rows[8].entry[1].age = 2;
	rows[9].entry[2].age = 65;
	rows[10].entry[1].count = 0;
	rows[11].entry[0].count = -1;
	rows[12].entry[2].count = (1LL << 53) + 1;
	for (size_t i = 0; i < count; i++)
		assert_false(gp_store_window_is_valid(&rows[i]));
}

/* ---- records ---- */

/* make_record: of so many windows. */
static struct gp_store_lmdb_record *make_record(size_t windows)
{
	struct gp_store_lmdb_record *record = calloc(1, sizeof *record);
	assert_non_null(record);
	record->name_length = 3;
	memcpy(record->name, "a\0b", 3);
	record->count = windows;
	for (size_t i = 0; i < windows; i++) {
		struct gp_store_window *window = &record->windows[i].window;
		record->windows[i].id = UINT32_MAX - (uint32_t)i;
		gp_store_window_init(window, PER + (int64_t)i, T0);
		for (size_t j = 0; j <= i % 65; j++) {
			gp_store_window_advance(window, T0 + (int64_t)j * 1001);
			gp_store_window_add(window, (1LL << 50) + (int64_t)j);
		}
	}
	return record;
}

/* encode: into a block of exactly its size, which the caller frees. */
static struct gp_span encode(const struct gp_store_lmdb_record *record)
{
	size_t size = gp_store_lmdb_record_size(record);
	unsigned char *bytes = malloc(size);
	assert_non_null(bytes);
	gp_store_lmdb_record_encode(record, bytes);
	return (struct gp_span) {(char *)bytes, size};
}

/* records_come_back: of 1 window and of the most. */
static void records_come_back(void **state)
{
	static const size_t rows[] = {1, 2, GP_STORE_LMDB_RECORD_WINDOWS};
	(void)state;
	for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
		struct gp_store_lmdb_record *record = make_record(rows[r]);
		struct gp_store_lmdb_record *again = make_record(0);
		struct gp_span bytes = encode(record);
		assert_true(gp_store_lmdb_record_decode(bytes, again));
		assert_int_equal(again->name_length, 3);
		assert_memory_equal(again->name, "a\0b", 3);
		assert_int_equal(again->count, rows[r]);
		struct gp_span twice = encode(again);
		assert_true(gp_span_equal(bytes, twice));
		free((void *)(uintptr_t)twice.ptr);
		free((void *)(uintptr_t)bytes.ptr);
		free(again);
		free(record);
	}
}

/* what_is_no_record: cut at every length, longer, and with each rule broken. */
static void what_is_no_record(void **state)
{
	static const struct {
		size_t at;
		unsigned char byte;
	} rows[] = {
		{0, 0}, {0, 3},                   /* version */
		{1, 0}, {1, 1}, {1, 3}, {1, 129}, /* windows */
		{2, 201}, {2, 2},                 /* name */
		{13, 255}, {17, 255}, {25, 255},  /* per and last, from their high ends */
		{27, 0}, {27, 2}, {27, 66},       /* entries, behind the share */
	};
	struct gp_store_lmdb_record *record = make_record(2), *again = make_record(0);
	struct gp_span bytes = encode(record);
	(void)state;
	for (size_t n = 0; n < bytes.len; n++) {
		char *cut = malloc(n + (n == 0));
		assert_non_null(cut);
		memcpy(cut, bytes.ptr, n);
		assert_false(gp_store_lmdb_record_decode((struct gp_span) {cut, n}, again));
		assert_int_equal(again->count, 0);
		free(cut);
	}
	char *copy = malloc(bytes.len + 1);
	assert_non_null(copy);
	memcpy(copy, bytes.ptr, bytes.len);
	copy[bytes.len] = 0;
	assert_false(gp_store_lmdb_record_decode((struct gp_span) {copy, bytes.len + 1}, again));
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		memcpy(copy, bytes.ptr, bytes.len);
		assert_true(gp_store_lmdb_record_decode((struct gp_span) {copy, bytes.len}, again));
		copy[rows[i].at] = (char)rows[i].byte;
		assert_false(
			gp_store_lmdb_record_decode((struct gp_span) {copy, bytes.len}, again));
	}
	record->windows[1].id = record->windows[0].id;
	gp_store_lmdb_record_encode(record, (unsigned char *)copy);
	assert_false(gp_store_lmdb_record_decode((struct gp_span) {copy, bytes.len}, again));
	record->windows[1].id = 0;
	gp_store_lmdb_record_encode(record, (unsigned char *)copy);
	assert_false(gp_store_lmdb_record_decode((struct gp_span) {copy, bytes.len}, again));
	free(copy);
	free((void *)(uintptr_t)bytes.ptr);
	free(again);
	free(record);
}

/* a_full_record_makes_room: those that end soonest go, never one that is named. */
static void a_full_record_makes_room(void **state)
{
	struct gp_store_lmdb_record *record = make_record(GP_STORE_LMDB_RECORD_WINDOWS);
	struct gp_store_count counts[GP_STORE_COUNTS_MAX];
	uint8_t at[GP_STORE_COUNTS_MAX];
	(void)state;
	for (size_t i = 0; i < GP_STORE_COUNTS_MAX; i++) {
		bool old = i % 2;
		counts[i] = (struct gp_store_count) {
			.id = old ? record->windows[i].id : (uint32_t)i + 1,
			.per_ms = old ? record->windows[i].window.per_ms : 5000};
	}
	gp_store_lmdb_record_find(record, counts, GP_STORE_COUNTS_MAX, T0, at);
	assert_int_equal(record->count, GP_STORE_LMDB_RECORD_WINDOWS);
	for (size_t i = 0; i < GP_STORE_COUNTS_MAX; i++) {
		assert_int_equal(record->windows[at[i]].id, counts[i].id);
		assert_int_equal(record->windows[at[i]].window.per_ms, counts[i].per_ms);
		assert_int_equal(record->windows[at[i]].window.entries > 0, i % 2);
	}
	counts[1].per_ms = 99999; /* another length under the same id: as if it were not there */
	gp_store_lmdb_record_find(record, counts, 2, T0, at);
	assert_int_equal(record->windows[at[1]].window.per_ms, 99999);
	assert_int_equal(record->windows[at[1]].window.entries, 0);
	gp_store_lmdb_record_purge(record, T0 + 10 * PER);
	assert_int_equal(record->count, 0);
	free(record);
}

/* facts_and_time_come_back: and nothing that is cut. */
static void facts_and_time_come_back(void **state)
{
	unsigned char bytes[GP_STORE_LMDB_FACT_HEAD + GP_STORE_FACT_VALUE_MAX + 1] = {0};
	struct gp_store_lmdb_time time = {.offset_ms = -12345}, time_again;
	struct gp_span value;
	int64_t expires;
	(void)state;
	gp_store_lmdb_fact_encode((struct gp_span) {"v\0w", 3}, 1LL << 50, bytes);
	struct gp_span whole = {(char *)bytes, GP_STORE_LMDB_FACT_HEAD + 3};
	assert_true(gp_store_lmdb_fact_decode(whole, &value, &expires));
	assert_int_equal(expires, 1LL << 50);
	assert_true(gp_span_equal(value, (struct gp_span) {"v\0w", 3}));
	for (whole.len = 0; whole.len < GP_STORE_LMDB_FACT_HEAD; whole.len++)
		assert_false(gp_store_lmdb_fact_decode(whole, &value, &expires));
	whole.len = sizeof bytes;
	assert_false(gp_store_lmdb_fact_decode(whole, &value, &expires));
	bytes[8] = 0x80;
	whole.len = GP_STORE_LMDB_FACT_HEAD;
	assert_false(gp_store_lmdb_fact_decode(whole, &value, &expires));
	memset(time.boot_id, 'b', sizeof time.boot_id);
	gp_store_lmdb_time_encode(&time, bytes);
	whole.len = GP_STORE_LMDB_TIME_RECORD;
	assert_true(gp_store_lmdb_time_decode(whole, &time_again));
	assert_int_equal(time_again.offset_ms, -12345);
	assert_memory_equal(time_again.boot_id, time.boot_id, sizeof time.boot_id);
	bytes[8] = 0x7f;
	assert_false(gp_store_lmdb_time_decode(whole, &time_again));
	for (whole.len = 0; whole.len < GP_STORE_LMDB_TIME_RECORD; whole.len++)
		assert_false(gp_store_lmdb_time_decode(whole, &time_again));
}

/* main: all cases. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(how_wide_a_slot_is),
		cmocka_unit_test(entries_are_newest_first),
		cmocka_unit_test(where_the_clock_goes),
		cmocka_unit_test(back_takes_from_one_slot),
		cmocka_unit_test(sums_stop),
		cmocka_unit_test(what_is_no_window),
		cmocka_unit_test(records_come_back),
		cmocka_unit_test(what_is_no_record),
		cmocka_unit_test(a_full_record_makes_room),
		cmocka_unit_test(facts_and_time_come_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
