/* SPDX-License-Identifier: ISC */
/* Records of soft facts and seen sets: what is written is read; what is none counts as none. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "store/store_soft.h"

/* what_is_written_is_read: at both ends of every bound. */
static void what_is_written_is_read(void **state)
{
	static const int64_t times[] = {1, 1700000000000, 1LL << 50};
	static const size_t lengths[] = {0, 1, GP_STORE_NOTE_VALUE_MAX};
	unsigned char bytes[GP_STORE_NOTE_RECORD];
	char value[GP_STORE_NOTE_VALUE_MAX];
	(void)state;
	memset(value, 'v', sizeof value);
	for (size_t i = 0; i < 9; i++) {
		struct gp_span back;
		int64_t expires_ms, ends_ms, at = times[i / 3];
		size_t length = lengths[i % 3];
		gp_store_note_encode((struct gp_span) {value, length}, at, bytes);
		struct gp_span record = {(char *)bytes, GP_STORE_NOTE_HEAD + length};
		assert_true(gp_store_note_decode(record, &back, &expires_ms));
		assert_true(gp_store_soft_expires(record, &ends_ms));
		assert_true(expires_ms == at && ends_ms == at);
		assert_int_equal(back.len, length);
		assert_memory_equal(back.ptr, value, length);
	}
}

/* sets_are_read_as_written: of every size. */
static void sets_are_read_as_written(void **state)
{
	static struct gp_store_seen seen, back;
	unsigned char bytes[GP_STORE_SEEN_RECORD];
	(void)state;
	for (size_t n = 0; n <= GP_STORE_SEEN_MAX; n++) {
		int64_t ends_ms;
		seen.count = n;
		for (size_t i = 0; i < n; i++) {
			seen.items[i].fingerprint = (uint32_t)(i * 2654435761u);
			seen.items[i].at_ms = (int64_t)(i / 2);
		}
		gp_store_seen_encode(&seen, INT64_MAX, bytes);
		struct gp_span record = {(char *)bytes, gp_store_seen_size(&seen)};
		assert_true(gp_store_seen_decode(record, &back));
		assert_true(gp_store_soft_expires(record, &ends_ms));
		assert_true(ends_ms == 1LL << 50); /* no time is later */
		assert_int_equal(back.count, n);
		for (size_t i = 0; i < n; i++) {
			assert_int_equal(back.items[i].fingerprint, seen.items[i].fingerprint);
			assert_int_equal(back.items[i].at_ms, seen.items[i].at_ms);
		}
		for (size_t cut = 0; cut < record.len; cut++)
			if (gp_store_seen_decode((struct gp_span) {record.ptr, cut}, &back))
				assert_int_equal(
					(cut - GP_STORE_SEEN_HEAD) % GP_STORE_SEEN_ITEM, 0);
	}
}

/* what_is_none: one rule broken at a time. */
static void what_is_none(void **state)
{
	static char long_note[GP_STORE_NOTE_RECORD + 1] = {1}, long_set[GP_STORE_SEEN_RECORD +
									GP_STORE_SEEN_ITEM] = {1};
	static const struct {
		struct gp_span bytes;
		bool note, set;
	} rows[] = {
		{{"", 0}, false, false},
		{{"\1\0\0\0\0\0\0", 7}, false, false},
		{{"\1\0\0\0\0\0\0\0", 8}, true, true},
		{{"\2\0\0\0\0\0\0\0", 8}, false, false},
		{{"\1\1\0\0\0\0\0\4", 8}, false, false}, /* 2^50 and one more */
		{{"\1\0\0\0\0\0\0\4", 8}, true, true},
		{{"\1\0\0\0\0\0\0\0value", 13}, true, false},
		{{"\1\0\0\0\0\0\0\0\1\2\3\4\0\0\0\0\0\0\0", 19}, true, true},
		{{"\1\0\0\0\0\0\0\0\1\2\3\4\1\0\0\0\0\0\4", 19}, true, false},
		{{"\1\0\0\0\0\0\0\0\1\2\3\4\1\0\0\0\0\0\0\1\2\3\4\0\0\0\0\0\0\0", 30}, true, false},
		{{long_note, sizeof long_note}, false, false},
		{{long_set, sizeof long_set}, false, false},
	};
	static struct gp_store_seen seen;
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_span value;
		int64_t expires_ms;
		assert_int_equal(
			gp_store_note_decode(rows[i].bytes, &value, &expires_ms), rows[i].note);
		assert_int_equal(gp_store_seen_decode(rows[i].bytes, &seen), rows[i].set);
		assert_true(rows[i].set || seen.count == 0);
	}
}

/* main: all cases. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(sets_are_read_as_written),
		cmocka_unit_test(what_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
