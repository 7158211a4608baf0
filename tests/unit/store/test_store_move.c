/* SPDX-License-Identifier: ISC */
/* Moving from store to store: nothing is lost or counted twice, times stay, odd names survive. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_private.h"
#include "support/lmdbstore.h"
#include "support/moved.h"

#define PER 64000 /* slots of 1000 */
#define T0 1000000000000LL

/* Two stores: the fixture's, and another one. */
struct two {
	void *from, *to;
};

/* set_up: both are open. */
static int set_up(void **state)
{
	struct two *two = calloc(1, sizeof *two);
	assert_non_null(two);
	assert_int_equal(gp_test_lmdb_set_up(&two->from), 0);
	assert_int_equal(gp_test_lmdb_set_up(&two->to), 0);
	gp_test_lmdb_open_store(two->from);
	gp_test_lmdb_open_store(two->to);
	*state = two;
	return 0;
}

/* tear_down: both. */
static int tear_down(void **state)
{
	struct two *two = *state;
	int rc = gp_test_lmdb_tear_down(&two->from);
	rc |= gp_test_lmdb_tear_down(&two->to);
	free(two);
	return rc;
}

/* everything_is_moved: and once more is as good as once. */
static void everything_is_moved(void **state)
{
	struct two *two = *state;
	struct gp_test_lmdb *a = two->from, *b = two->to;
	struct gp_test_moved moved = {.count = 0};
	int64_t unix_ms = gp_store_now_ms(a->store);
	gp_test_moved_fill(a->store, &a->ctx);
	gp_test_moved_export(&moved, a->store, &a->ctx, unix_ms);
	assert_int_equal(moved.count, 6);
	gp_test_moved_import(&moved, b->store, &b->ctx, unix_ms);
	assert_int_equal(moved.results[GP_STORE_IMPORT_NEW], 6);
	gp_test_moved_check(b->store, &b->ctx);
	gp_test_moved_import(&moved, b->store, &b->ctx, unix_ms);
	assert_int_equal(moved.results[GP_STORE_IMPORT_NEW], 0);
	assert_int_equal(moved.results[GP_STORE_IMPORT_JOINED], 3);
	assert_int_equal(moved.results[GP_STORE_IMPORT_KEPT], 3);
	gp_test_moved_check(b->store, &b->ctx);
	/* what came goes on, to a third one and over a restart */
	gp_test_lmdb_close_store(b);
	gp_test_lmdb_open_store(b);
	gp_test_moved_check(b->store, &b->ctx);
	gp_test_moved_free(&moved);
}

/* clocks_that_are_apart: times are moved by as much, both ways. */
static void clocks_that_are_apart(void **state)
{
	static const int64_t apart[] = {DAY, -DAY, 3600000, -61000, GP_STORE_MOVE_APART_MS, -1};
	struct two *two = *state;
	struct gp_test_lmdb *a = two->from, *b = two->to;
	struct gp_test_moved moved = {.count = 0};
	gp_test_moved_fill(a->store, &a->ctx);
	for (size_t i = 0; i < sizeof apart / sizeof apart[0]; i++) {
		gp_test_moved_export(
			&moved, a->store, &a->ctx, gp_store_now_ms(a->store) + apart[i]);
		gp_test_moved_import(
			&moved, b->store, &b->ctx, gp_store_now_ms(b->store) + apart[i]);
		gp_test_moved_check(b->store, &b->ctx);
	}
	gp_test_moved_free(&moved);
}

/* what_is_there_stays: the larger number of a slot; a fact of the store's own. */
static void what_is_there_stays(void **state)
{
	struct two *two = *state;
	struct gp_test_lmdb *a = two->from, *b = two->to;
	struct gp_test_moved moved = {.count = 0};
	int64_t now_ms = gp_store_now_ms(a->store);
	const struct gp_span key = gp_span_from("limit/hourly/user:alice");
	char text[8] = "";
	struct gp_store_get get = {.key = key, .value = {.bytes = text, .room = 7}};
	gp_test_moved_fill(a->store, &a->ctx);
	gp_test_moved_export(&moved, a->store, &a->ctx, now_ms);
	(void)gp_test_moved_take(b->store, &b->ctx, "user:alice", 100);
	(void)gp_test_moved_take(b->store, &b->ctx, "user:bob", 3);
	assert_int_equal(
		gp_store_put(b->store, &b->ctx, key, gp_span_from("9"), now_ms + DAY), GP_OK);
	gp_test_moved_import(&moved, b->store, &b->ctx, now_ms);
	/* a slot of an hour's limit is 57 s: at its edge there may be two */
	int64_t used = gp_test_moved_take(b->store, &b->ctx, "user:alice", 0);
	assert_true(used == 100 || used == 107);
	assert_int_equal(gp_test_moved_take(b->store, &b->ctx, "user:bob", 0), 3);
	assert_int_equal(gp_store_get(b->store, &b->ctx, now_ms, &get), GP_OK);
	assert_string_equal(text, "9");
	gp_test_moved_free(&moved);
}

/* odd_names: bytes that are no text, a NUL, a name that is cut, texts that JSON escapes. */
static void odd_names(void **state)
{
	struct two *two = *state;
	struct gp_test_lmdb *a = two->from, *b = two->to;
	struct gp_test_moved moved = {.count = 0};
	int64_t now_ms = gp_store_now_ms(a->store);
	char cut[600], least[GP_STORE_NAME_MAX];
	memset(cut, 'c', sizeof cut);
	memset(least, 'l', sizeof least);
	const struct gp_span names[] = {{"\xff\xfe", 2}, {"a\0b", 3}, {cut, sizeof cut},
		{least, sizeof least}, gp_span_from("\"quoted\\\n\x1b"),
		gp_span_from("j\xc3\xb6rg")};
	size_t count = sizeof names / sizeof names[0];
	for (size_t i = 0; i < count; i++) {
		struct gp_store_count c = {
			.id = UINT32_MAX, .per_ms = 60000, .max = 100, .take = (int64_t)i + 1};
		struct gp_store_take t = {names[i], &c, 1};
		assert_int_equal(gp_store_take(a->store, &a->ctx, now_ms, &t, 1), GP_OK);
		assert_int_equal(gp_store_put(a->store, &a->ctx,
					 (struct gp_span) {names[i].ptr,
						 names[i].len > 400 ? 400 : names[i].len},
					 names[i], 0),
			GP_OK);
	}
	gp_test_moved_export(&moved, a->store, &a->ctx, now_ms);
	assert_int_equal(moved.count, 2 * count);
	gp_test_moved_import(&moved, b->store, &b->ctx, now_ms);
	for (size_t i = 0; i < count; i++) {
		char value[600];
		struct gp_store_count c = {.id = UINT32_MAX, .per_ms = 60000, .max = 100};
		struct gp_store_take t = {names[i], &c, 1};
		struct gp_store_get get = {
			.key = {names[i].ptr, names[i].len > 400 ? 400 : names[i].len},
			.value = {.bytes = value, .room = sizeof value}};
		assert_int_equal(gp_store_take(b->store, &b->ctx, now_ms, &t, 1), GP_OK);
		assert_int_equal(c.used, (int64_t)i + 1);
		assert_int_equal(gp_store_get(b->store, &b->ctx, now_ms, &get), GP_OK);
		assert_int_equal(get.value.length, names[i].len);
		assert_memory_equal(value, names[i].ptr, names[i].len);
	}
	gp_test_moved_free(&moved);
}

/* what_has_expired: has no line, and a line of it is left out. */
static void what_has_expired(void **state)
{
	struct two *two = *state;
	struct gp_test_lmdb *a = two->from, *b = two->to;
	struct gp_test_moved moved = {.count = 0};
	int64_t now_ms = gp_store_now_ms(a->store);
	gp_test_moved_fill(a->store, &a->ctx);
	gp_test_moved_export(&moved, a->store, &a->ctx, now_ms);
	gp_test_moved_import(&moved, b->store, &b->ctx, now_ms + 2 * DAY);
	/* alice has a limit of a month, and a fact stays for ever */
	assert_int_equal(moved.results[GP_STORE_IMPORT_OVER], 4);
	assert_int_equal(moved.results[GP_STORE_IMPORT_NEW], 2);
	gp_test_moved_export(&moved, a->store, &a->ctx, now_ms + 40 * DAY);
	assert_int_equal(moved.count, 6); /* by its own clock nothing has */
	assert_int_equal(moved.over, 0);
	assert_int_equal(gp_store_put(a->store, &a->ctx, gp_span_from("short"),
				 gp_span_from("lived"), now_ms - 1),
		GP_OK);
	gp_test_moved_export(&moved, a->store, &a->ctx, gp_store_now_ms(a->store));
	assert_int_equal(moved.over, 1);
	gp_test_moved_free(&moved);
}

/* a_slot_never_counts_for_less_time: wherever it is moved to. */
static void a_slot_never_counts_for_less_time(void **state)
{
	(void)state;
	for (int64_t shift = 0; shift <= 3000; shift += 250) {
		struct gp_store_window window;
		struct gp_store_counter counter = {.id = 1,
			.per_ms = PER,
			.slot_count = 2,
			.slots = {{T0 + shift, 5}, {T0 - 10000 + shift, 3}}};
		gp_store_window_init(&window, PER, T0);
		gp_store_window_join(&window, &counter, T0 + 10000);
		assert_true(gp_store_window_is_valid(&window));
		assert_int_equal(gp_store_window_used(&window), 8);
		/* the newer one was taken until T0 + shift + 999 */
		gp_store_window_advance(&window, T0 + shift + 999 + PER - 1);
		assert_int_equal(gp_store_window_used(&window), 5);
		gp_store_window_advance(&window, T0 + shift + 2000 + PER);
		assert_int_equal(gp_store_window_used(&window), 0);
	}
}

/* slots_of_a_time_to_come: count as of now, all together, and not twice. */
static void slots_of_a_time_to_come(void **state)
{
	struct gp_store_window window;
	struct gp_store_counter counter = {.id = 1,
		.per_ms = PER,
		.slot_count = 3,
		.slots = {{T0 + 90000, 5}, {T0 + 50000, 3}, {T0, 1}}};
	(void)state;
	gp_store_window_init(&window, PER, T0);
	for (int i = 0; i < 2; i++) {
		gp_store_window_join(&window, &counter, T0);
		assert_true(gp_store_window_is_valid(&window));
		assert_int_equal(gp_store_window_used(&window), 9);
		assert_int_equal(window.entries, 1);
	}
}

/* a_full_window: all 65 slots on both sides. */
static void a_full_window(void **state)
{
	struct gp_store_window a, b;
	struct gp_store_counter counter;
	(void)state;
	gp_store_window_init(&a, PER, T0);
	gp_store_window_init(&b, PER, T0);
	for (int64_t i = 0; i < 65; i++) {
		gp_store_window_advance(&a, T0 + i * 1000);
		gp_store_window_add(&a, i + 1);
		gp_store_window_advance(&b, T0 + i * 1000 + 500);
		gp_store_window_add(&b, 33);
	}
	assert_int_equal(a.entries, 65);
	gp_store_counter_of(&a, 1, &counter);
	gp_store_window_join(&b, &counter, T0 + 64500);
	assert_true(gp_store_window_is_valid(&b));
	int64_t larger = 0;
	for (int64_t i = 0; i < 65; i++)
		larger += i + 1 > 33 ? i + 1 : 33;
	assert_int_equal(gp_store_window_used(&b), larger);
}

/* lines_that_are_none: each with what is wrong. */
static void lines_that_are_none(void **state)
{
	static const struct {
		const char *line, *problem;
	} rows[] = {
		{"", "this is no line"},
		{"[]", "this is no line"},
		{"{}", "this is no line"},
		{"{\"end\":1", "this is no line"},
		{"{\"end\":1,\"end\":2}", "this is no line"},
		{"{\"end\":-1}", "a number"},
		{"{\"end\":1.5}", "a number"},
		{"{\"end\":1,\"more\":2}", "not known"},
		{"{\"gatepost_store\":2}", "another version"},
		{"{\"fact\":\"a\"}", "a text is missing"},
		{"{\"fact\":\"\",\"value\":\"b\"}", "out of bounds"},
		{"{\"fact\":\"a\",\"value\":\"b\",\"value_hex\":\"00\"}", "a text is missing"},
		{"{\"fact\":\"a\",\"value_hex\":\"0\"}", "hexadecimal"},
		{"{\"fact\":\"a\",\"value_hex\":\"0g\"}", "hexadecimal"},
		{"{\"fact\":\"a\",\"value\":\"b\",\"expires_ms\":0}", "a number"},
		{"{\"fact\":\"a\",\"value\":\"b\",\"expires_ms\":1125899906842625}",
			"out of bounds"},
		{"{\"soft\":\"00\",\"value\":\"b\",\"expires_ms\":1}", "a hash"},
		{"{\"soft\":\"00000000000000000000000000000000\",\"value\":\"b\"}",
			"out of bounds"},
		{"{\"subject\":\"a\",\"counters\":[]}", "out of bounds"},
		{"{\"subject\":\"a\",\"counters\":[{\"id\":0,\"per_ms\":1000,\"slots\":[[1,1]]}]}",
			"a counter"},
		{"{\"subject\":\"a\",\"counters\":[{\"id\":1,\"per_ms\":999,\"slots\":[[1,1]]}]}",
			"out of bounds"},
		{"{\"subject\":\"a\",\"counters\":[{\"id\":1,\"per_ms\":1000,\"slots\":[[1,0]]}]}",
			"out of bounds"},
		{"{\"subject\":\"a\",\"counters\":[{\"id\":1,\"per_ms\":1000,\"slots\":[[1,1],[1,1]"
		 "]}]}",
			"out of bounds"},
		{"{\"subject\":\"a\",\"counters\":[{\"id\":1,\"per_ms\":1000,\"slots\":[[1,1]],"
		 "\"x\":1}]}",
			"a counter"},
		{"{\"seen\":\"00000000000000000000000000000000\",\"set\":1,\"expires_ms\":9,"
		 "\"items\":[[1,5],[2,4]]}",
			"out of bounds"},
		{"{\"seen\":\"00000000000000000000000000000000\",\"set\":1,\"expires_ms\":9,"
		 "\"items\":[[4294967296,5]]}",
			"an item"},
	};
	struct gp_store_line *line = malloc(sizeof *line);
	(void)state;
	assert_non_null(line);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *problem = "";
		int rc = gp_store_line_parse(gp_span_from(rows[i].line), line, &problem);
		if (rc != GP_ESYNTAX || !strstr(problem, rows[i].problem))
			fail_msg("%s: %d, %s", rows[i].line, rc, problem);
	}
	free(line);
}

/* a_name_has_its_own_key: a line cannot count under another one's. */
static void a_name_has_its_own_key(void **state)
{
	const char *text = "{\"subject\":\"a\",\"key\":\"00000000000000000000000000000000\","
			   "\"counters\":[{\"id\":1,\"per_ms\":1000,\"slots\":[[1,1]]}]}";
	struct gp_store_line *line = malloc(sizeof *line);
	const char *problem;
	(void)state;
	assert_non_null(line);
	assert_int_equal(gp_store_line_parse(gp_span_from(text), line, &problem), GP_ESYNTAX);
	assert_string_equal(problem, "there is a member that is not known");
	free(line);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(everything_is_moved),
		CASE(clocks_that_are_apart),
		CASE(what_is_there_stays),
		CASE(odd_names),
		CASE(what_has_expired),
		cmocka_unit_test(a_slot_never_counts_for_less_time),
		cmocka_unit_test(slots_of_a_time_to_come),
		cmocka_unit_test(a_full_window),
		cmocka_unit_test(lines_that_are_none),
		cmocka_unit_test(a_name_has_its_own_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
