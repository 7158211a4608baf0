/* SPDX-License-Identifier: ISC */
/* The contract's rows about counting; each begins with an empty store at the begin of a slot. */
#include "support/contract.h"

#include <stdio.h>
#include <string.h>

#include "support/contract_private.h"

#define ROWS_MAX 64

/* set_up: opens the store. */
static int set_up(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	f->store = f->open(f->arg);
	if (!f->store)
		return -1;
	int64_t now = gp_store_now_ms(f->store);
	f->now = now - now % (8 * PER);
	return 0;
}

/* tear_down: closes it. */
static int tear_down(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	if (f->store)
		f->close(f->store, f->arg);
	f->store = NULL;
	return 0;
}

/* ---- helpers ---- */

/* gp_test_span: a C string's bytes. */
struct gp_span gp_test_span(const char *text)
{
	return gp_span_from(text);
}

/* gp_test_counter: of the usual window. */
struct gp_store_count gp_test_counter(uint32_t id, int64_t max, int64_t take)
{
	return (struct gp_store_count) {.id = id, .per_ms = PER, .max = max, .take = take};
}

/* gp_test_step: one subject, some counters. */
int gp_test_step(struct gp_test_contract_fixture *f, int64_t now, const char *subject,
	struct gp_store_count *counts, size_t count)
{
	struct gp_store_take take = {gp_test_span(subject), counts, count};
	return gp_store_take(f->store, &f->ctx, now, &take, 1);
}

/* gp_test_one: one counter of one subject, which can be counted; returns what came of it. */
struct gp_store_count gp_test_one(struct gp_test_contract_fixture *f, int64_t now,
	const char *subject, struct gp_store_count count)
{
	assert_int_equal(gp_test_step(f, now, subject, &count, 1), GP_OK);
	return count;
}

/* took: counter 1 of "s" up to max; was there room? */
static bool took(struct gp_test_contract_fixture *f, int64_t now, int64_t max, int64_t take)
{
	return !gp_test_one(f, now, "s", gp_test_counter(1, max, take)).refused;
}

/* used: counter 1 of "s". */
static int64_t used(struct gp_test_contract_fixture *f, int64_t now)
{
	return gp_test_one(f, now, "s", gp_test_counter(1, GP_STORE_AMOUNT_MAX, 0)).used;
}

/* gave_back: to counter 1 of "s"; returns what is used then. */
static int64_t gave_back(
	struct gp_test_contract_fixture *f, int64_t now, int64_t amount, int64_t at)
{
	struct gp_store_count c = gp_test_counter(1, 100, 0);
	c.back = amount;
	c.back_ms = at;
	return gp_test_one(f, now, "s", c).used;
}

/* ---- limits ---- */

/* max_fits_and_one_more_does_not: at the border, at the begin and end of slots. */
static void max_fits_and_one_more_does_not(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	struct gp_store_count c = gp_test_one(f, f->now, "s", gp_test_counter(1, 10, 10));
	assert_false(c.refused);
	assert_int_equal(c.used, 10);
	assert_int_equal(c.wait_ms, PER + W);
	c = gp_test_one(f, f->now, "s", gp_test_counter(1, 10, 1));
	assert_true(c.refused);
	assert_int_equal(c.used, 10);
	assert_int_equal(c.wait_ms, PER + W);
	assert_true(took(f, f->now, 11, 1));
	assert_int_equal(used(f, f->now), 11);
	assert_int_equal(used(f, f->now + PER + W - 1), 11);
	assert_int_equal(used(f, f->now + PER + W), 0);
}

/* a_window_slides_slot_by_slot: each slot is free again when its end lies per ago. */
static void a_window_slides_slot_by_slot(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	for (int i = 0; i < 64; i++)
		assert_true(took(f, f->now + i * (int64_t)W, 64, 1));
	assert_false(took(f, f->now + 64 * W, 64, 1));
	for (int i = 0; i < 64; i++) {
		int64_t end = f->now + (i + 1) * (int64_t)W + PER;
		assert_int_equal(used(f, end - 1), 64 - i);
		assert_int_equal(used(f, end), 63 - i);
	}
}

/* how_long_to_wait: exact, from the first time at which it fits. */
static void how_long_to_wait(void **state)
{
	static const struct {
		int64_t take, max,
			wait; /* with 3 in slot 0, 2 in slot 10, 5 in slot 20; at slot 30 */
	} rows[] = {
		{0, 0, 0},
		{1, 11, 0},
		{1, 10, PER + W - 30 * W},
		{3, 10, PER + W - 30 * W},
		{4, 10, PER + 11 * W - 30 * W},
		{5, 10, PER + 11 * W - 30 * W},
		{6, 10, PER + 21 * W - 30 * W},
		{10, 10, PER + 21 * W - 30 * W},
		{11, 10, -1},
		{1, 0, -1},
		{1, 1, PER + 21 * W - 30 * W},
	};
	struct gp_test_contract_fixture *f = *state;
	assert_true(took(f, f->now + 7, 100, 3));
	assert_true(took(f, f->now + 10 * W, 100, 2));
	assert_true(took(f, f->now + 20 * W + 999, 100, 5));
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_store_count blocker[2] = {
			gp_test_counter(1, rows[i].max, rows[i].take), gp_test_counter(2, 0, 1)};
		assert_int_equal(gp_test_step(f, f->now + 30 * W, "s", blocker, 2), GP_OK);
		assert_int_equal(blocker[0].wait_ms, rows[i].wait);
		assert_int_equal(blocker[0].refused, rows[i].wait != 0);
		assert_int_equal(blocker[0].used, 10);
		if (rows[i].wait <= 0)
			continue;
		struct gp_store_count c = gp_test_counter(1, rows[i].max, rows[i].take);
		c.max = rows[i].max;
		blocker[0] = c;
		assert_int_equal(
			gp_test_step(f, f->now + 30 * W + rows[i].wait - 1, "s", blocker, 2),
			GP_OK);
		assert_int_equal(blocker[0].wait_ms, 1);
		blocker[0] = c;
		assert_int_equal(
			gp_test_step(f, f->now + 30 * W + rows[i].wait, "s", blocker, 2), GP_OK);
		assert_int_equal(blocker[0].wait_ms, 0);
	}
}

/* after_success_wait_is_for_the_next_one: 0 while there is room. */
static void after_success_wait_is_for_the_next_one(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	assert_int_equal(gp_test_one(f, f->now, "s", gp_test_counter(1, 3, 2)).wait_ms, 0);
	assert_int_equal(
		gp_test_one(f, f->now + W + 1, "s", gp_test_counter(1, 3, 1)).wait_ms, PER - 1);
	struct gp_store_count c = gp_test_counter(1, 0, 1);
	c.forced = true;
	assert_int_equal(gp_test_one(f, f->now + W + 1, "s", c).wait_ms, -1);
	c.take = 0;
	c.forced = false;
	assert_int_equal(gp_test_one(f, f->now + W + 1, "s", c).wait_ms, -1);
}

/* all_counters_or_none: of one subject. */
static void all_counters_or_none(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	struct gp_store_count c[3] = {
		gp_test_counter(1, 10, 4), gp_test_counter(2, 10, 4), gp_test_counter(3, 3, 4)};
	assert_int_equal(gp_test_step(f, f->now, "s", c, 3), GP_OK);
	assert_false(c[0].refused || c[1].refused);
	assert_true(c[2].refused);
	assert_int_equal(c[0].used, 0);
	assert_int_equal(c[0].wait_ms, 0);
	assert_int_equal(c[2].wait_ms, -1);
	for (int i = 0; i < 3; i++) {
		c[i].max = 100;
		c[i].take = 0;
	}
	assert_int_equal(gp_test_step(f, f->now, "s", c, 3), GP_OK);
	for (int i = 0; i < 3; i++)
		assert_int_equal(c[i].used, 0);
	c[2].take = 4;
	c[0].take = 1;
	assert_int_equal(gp_test_step(f, f->now, "s", c, 3), GP_OK);
	assert_int_equal(c[0].used, 1);
	assert_int_equal(c[1].used, 0);
	assert_int_equal(c[2].used, 4);
}

/* all_subjects_or_none: whichever of them has no room. */
static void all_subjects_or_none(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	for (int full = 0; full < 3; full++) {
		char names[3][32];
		struct gp_store_count c[3];
		struct gp_store_take takes[3];
		for (int i = 0; i < 3; i++) {
			snprintf(names[i], sizeof names[i], "s%d-%d", full, i);
			c[i] = gp_test_counter(1, i == full ? 1 : 10, 2);
			takes[i] = (struct gp_store_take) {gp_test_span(names[i]), &c[i], 1};
		}
		assert_int_equal(gp_store_take(f->store, &f->ctx, f->now, takes, 3), GP_OK);
		for (int i = 0; i < 3; i++) {
			assert_int_equal(c[i].refused, i == full);
			assert_int_equal(c[i].used, 0);
			assert_int_equal(
				gp_test_one(f, f->now, names[i], gp_test_counter(1, 9, 0)).used, 0);
		}
		c[full].max = 2;
		assert_int_equal(gp_store_take(f->store, &f->ctx, f->now, takes, 3), GP_OK);
		for (int i = 0; i < 3; i++) {
			assert_int_equal(c[i].used, 2);
			assert_int_equal(
				gp_test_one(f, f->now, names[i], gp_test_counter(1, 9, 0)).used, 2);
		}
	}
}

/* as_many_as_allowed_at_once: subjects and counters up to the bounds of a call. */
static void as_many_as_allowed_at_once(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	char names[GP_STORE_TAKES_MAX][16];
	static struct gp_store_count c[GP_STORE_TAKES_MAX][GP_STORE_COUNTS_MAX];
	struct gp_store_take takes[GP_STORE_TAKES_MAX];
	for (int round = 1; round <= 2; round++) {
		for (int i = 0; i < GP_STORE_TAKES_MAX; i++) {
			snprintf(names[i], sizeof names[i], "many%d", i);
			for (int j = 0; j < GP_STORE_COUNTS_MAX; j++)
				c[i][j] = gp_test_counter((uint32_t)j + 1, 1000000, i * 100 + j);
			takes[i] = (struct gp_store_take) {
				gp_test_span(names[i]), c[i], GP_STORE_COUNTS_MAX};
		}
		assert_int_equal(
			gp_store_take(f->store, &f->ctx, f->now, takes, GP_STORE_TAKES_MAX), GP_OK);
		for (int i = 0; i < GP_STORE_TAKES_MAX; i++)
			for (int j = 0; j < GP_STORE_COUNTS_MAX; j++)
				assert_int_equal(c[i][j].used, round * (i * 100 + j));
	}
}

/* forced_counts_over_max: and what is not forced still decides for all. */
static void forced_counts_over_max(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	struct gp_store_count c[2] = {gp_test_counter(1, 2, 5), gp_test_counter(2, 10, 1)};
	c[0].forced = true;
	assert_int_equal(gp_test_step(f, f->now, "s", c, 2), GP_OK);
	assert_false(c[0].refused);
	assert_int_equal(c[0].used, 5);
	assert_int_equal(c[0].wait_ms, PER + W);
	c[1].take = 10;
	c[0].take = 3;
	assert_int_equal(gp_test_step(f, f->now, "s", c, 2), GP_OK);
	assert_true(c[1].refused);
	assert_false(c[0].refused);
	assert_int_equal(c[0].used, 5);
	assert_int_equal(c[0].wait_ms, -1);
	assert_int_equal(used(f, f->now), 5);
	assert_false(took(f, f->now, 2, 1));
	assert_true(took(f, f->now, 2, 0));
}

/* ---- releasing ---- */

/* back_goes_to_its_own_slot: the same, another, an expired one; never more than is there. */
static void back_goes_to_its_own_slot(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	assert_true(took(f, f->now, 100, 5));
	assert_true(took(f, f->now + 3 * W, 100, 7));
	assert_int_equal(gave_back(f, f->now + 3 * W, 2, f->now + 3 * W + 999), 10);
	assert_int_equal(gave_back(f, f->now + 4 * W, 4, f->now + 1), 6);
	assert_int_equal(gave_back(f, f->now + 4 * W, 1, f->now + 2 * W), 6);
	assert_int_equal(gave_back(f, f->now + 4 * W, 1, f->now + 9 * W), 6);
	assert_int_equal(gave_back(f, f->now + 4 * W, 50, f->now), 5);
	assert_int_equal(gave_back(f, f->now + 4 * W, 50, f->now), 5);
	assert_int_equal(gave_back(f, f->now + 4 * W, 50, f->now + 3 * W), 0);
	assert_int_equal(used(f, f->now + 4 * W), 0);
	assert_true(took(f, f->now + 5 * W, 100, 9));
	assert_int_equal(used(f, f->now + 70 * W - 1), 9);
	assert_int_equal(gave_back(f, f->now + 70 * W, 9, f->now + 5 * W), 0);
	assert_int_equal(used(f, f->now + 69 * W), 9);
}

/* back_comes_before_the_test: n more can be taken in place of n. */
static void back_comes_before_the_test(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	struct gp_store_count c = gp_test_counter(1, 10, 11);
	for (int n = 0; n < 10; n++) {
		c = gp_test_counter(1, 10, n + 1);
		c.back = n;
		c.back_ms = f->now + (n > 0 ? n - 1 : 0) * (int64_t)W;
		c = gp_test_one(f, f->now + n * (int64_t)W, "s", c);
		assert_false(c.refused);
		assert_int_equal(c.used, n + 1);
	}
	c = gp_test_counter(1, 10, 11);
	c.back = 10;
	c.back_ms = f->now + 9 * W;
	c = gp_test_one(f, f->now + 10 * W, "s", c);
	assert_true(c.refused);
	assert_int_equal(c.used, 0);
	assert_int_equal(c.wait_ms, -1);
	assert_int_equal(used(f, f->now + 10 * W), 10);
}

/* a_refusal_gives_nothing_back: at whichever counter or subject it is. */
static void a_refusal_gives_nothing_back(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	assert_true(took(f, f->now, 10, 6));
	struct gp_store_count c[2] = {gp_test_counter(1, 10, 1), gp_test_counter(1, 0, 1)};
	c[0].back = 6;
	c[0].back_ms = f->now;
	struct gp_store_take takes[2] = {
		{gp_test_span("s"), &c[0], 1}, {gp_test_span("t"), &c[1], 1}};
	assert_int_equal(gp_store_take(f->store, &f->ctx, f->now + W, takes, 2), GP_OK);
	assert_true(c[1].refused);
	assert_int_equal(c[0].used, 0);
	assert_int_equal(used(f, f->now + W), 6);
}

/* ---- who shares what ---- */

/* windows_are_apart: other ids, other subjects, other lengths. */
static void windows_are_apart(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	static const uint32_t ids[] = {1, 2, 255, 256, 65536, UINT32_MAX};
	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
		struct gp_store_count c = gp_test_counter(ids[i], 100, (int64_t)i + 1);
		c.per_ms = PER << i; /* whose slots begin with ours */
		assert_int_equal(gp_test_one(f, f->now, "s", c).used, i + 1);
		assert_int_equal(gp_test_one(f, f->now, "S", c).used, i + 1);
	}
	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
		struct gp_store_count c = gp_test_counter(ids[i], 100, 0);
		c.per_ms = PER << i; /* whose slots begin with ours */
		assert_int_equal(gp_test_one(f, f->now, "s", c).used, i + 1);
		int64_t over = c.per_ms + c.per_ms / 64;
		assert_int_equal(gp_test_one(f, f->now + over - 1, "s", c).used, i + 1);
		assert_int_equal(gp_test_one(f, f->now + over, "s", c).used, 0);
	}
}

/* windows_not_named_stay: when others of the subject are counted. */
static void windows_not_named_stay(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	for (uint32_t id = 1; id <= 100; id++)
		assert_int_equal(
			gp_test_one(f, f->now, "s", gp_test_counter(id, 100, id % 7 + 1)).used,
			id % 7 + 1);
	for (uint32_t id = 1; id <= 100; id++)
		assert_int_equal(
			gp_test_one(f, f->now, "s", gp_test_counter(id, 100, 0)).used, id % 7 + 1);
	/* they go when they count no more, which nobody can see but by the next ones' room */
	for (uint32_t id = 1000; id <= 1100; id++)
		assert_int_equal(
			gp_test_one(f, f->now + PER + W, "s", gp_test_counter(id, 9, 1)).used, 1);
	for (uint32_t id = 1000; id <= 1100; id++)
		assert_int_equal(
			gp_test_one(f, f->now + PER + W, "s", gp_test_counter(id, 9, 0)).used, 1);
}

/* subjects_of_any_bytes: all distinct. */
static void subjects_of_any_bytes(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	static char all[256], large[GP_STORE_SUBJECT_MAX], other[GP_STORE_SUBJECT_MAX];
	for (int i = 0; i < 256; i++)
		all[i] = (char)i;
	memset(large, 'x', sizeof large);
	memcpy(other, large, sizeof other);
	other[sizeof other - 1] = 'y';
	const struct gp_span rows[] = {{all, 256}, {all, 255}, {"\0", 1}, {"\0\0", 2}, {"a", 1},
		{"a\0", 2}, {"a\n", 2}, {"a\r\nSET x y\r\n", 12}, {large, sizeof large},
		{other, sizeof other}, {large, sizeof large - 1},
		gp_test_span("'; DROP TABLE users; --"),
		gp_test_span("]] redis.call('FLUSHALL') --[["), gp_test_span("{tag}"),
		gp_test_span("{}"), gp_test_span("}{"), gp_test_span("*"), gp_test_span("%s%n"),
		gp_test_span("\xff\xfe"), gp_test_span("../../etc/passwd")};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_store_count c = gp_test_counter(1, 1000, (int64_t)i + 1);
		struct gp_store_take take = {rows[i], &c, 1};
		assert_int_equal(gp_store_take(f->store, &f->ctx, f->now, &take, 1), GP_OK);
		assert_int_equal(c.used, i + 1);
	}
	for (size_t i = 0; i < 256; i++) {
		struct gp_store_count c = gp_test_counter(2, 1000, 1);
		struct gp_store_take take = {{all + i, 1}, &c, 1};
		assert_int_equal(gp_store_take(f->store, &f->ctx, f->now, &take, 1), GP_OK);
		assert_int_equal(c.used, 1);
	}
}

/* ---- clocks ---- */

/* a_clock_that_stands_back: by less than two slots it counts as standing still. */
static void a_clock_that_stands_back(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	int64_t now = f->now + 10 * W;
	assert_true(took(f, now, 10, 10));
	assert_int_equal(gp_test_one(f, now - 1, "s", gp_test_counter(1, 10, 1)).wait_ms, PER + W);
	assert_int_equal(gp_test_one(f, now - W, "s", gp_test_counter(1, 10, 1)).wait_ms, PER + W);
	assert_int_equal(gp_test_one(f, now - W, "s", gp_test_counter(1, 20, 1)).used, 11);
	assert_int_equal(used(f, now + PER + W - 1), 11);
	assert_int_equal(used(f, now + PER + W), 0);
}

/* a_clock_that_jumps_back: what is counted moves with it. */
static void a_clock_that_jumps_back(void **state)
{
	static const int64_t jumps[] = {W + 1, 2 * W, 5 * W, 63 * W, PER, 2 * PER, DAY, 300 * DAY};
	struct gp_test_contract_fixture *f = *state;
	for (size_t i = 0; i < sizeof jumps / sizeof jumps[0]; i++) {
		int64_t now = f->now + 100 * W, back = now - jumps[i];
		assert_int_equal(gp_store_forget(f->store, &f->ctx, gp_test_span("s"), 0), GP_OK);
		assert_true(took(f, now - 10 * W, 10, 4));
		assert_true(took(f, now, 10, 5));
		int64_t slot = back / W * W;
		assert_int_equal(gp_test_one(f, back, "s", gp_test_counter(1, 10, 1)).used, 10);
		assert_int_equal(gp_test_one(f, back, "s", gp_test_counter(1, 10, 1)).wait_ms,
			slot - 10 * W + W + PER - back);
		assert_int_equal(used(f, slot + PER - 9 * W - 1), 10);
		assert_int_equal(used(f, slot + PER - 9 * W), 6);
		assert_int_equal(used(f, slot + PER + W), 0);
	}
}

/* a_clock_that_jumps_forward: all is free then. */
static void a_clock_that_jumps_forward(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	assert_true(took(f, f->now, 10, 10));
	assert_true(took(f, f->now + 400 * DAY, 10, 10));
	assert_false(took(f, f->now + 400 * DAY, 10, 1));
	assert_false(took(f, f->now, 10, 1)); /* and back: still counted, from then */
	assert_int_equal(used(f, f->now + 1), 10);
}

/* ---- bounds ---- */

/* what_is_out_of_bounds: one field wrong at a time. */
static void what_is_out_of_bounds(void **state)
{
	static const struct gp_store_count good = {.id = 1, .per_ms = PER, .max = 5, .take = 1};
	struct gp_test_contract_fixture *f = *state;
	struct gp_store_count rows[12];
	size_t n = sizeof rows / sizeof rows[0];
	for (size_t i = 0; i < n; i++)
		rows[i] = good;
	rows[0].id = 0;
	rows[1].per_ms = GP_STORE_PER_MIN_MS - 1;
	rows[2].per_ms = GP_STORE_PER_MAX_MS + 1;
	rows[3].per_ms = -1;
	rows[4].max = -1;
	rows[5].max = GP_STORE_AMOUNT_MAX + 1;
	rows[6].take = -1;
	rows[7].take = GP_STORE_AMOUNT_MAX + 1;
	rows[8].back = -1;
	rows[9].back = GP_STORE_AMOUNT_MAX + 1;
	rows[10].back = 1;
	rows[10].back_ms = -1;
	rows[11].back = 1;
	rows[11].back_ms = INT64_MAX;
	for (size_t i = 0; i < n; i++) {
		struct gp_store_count c[2] = {good, rows[i]};
		c[0].id = 9;
		assert_int_equal(gp_test_step(f, f->now, "s", c, 2), GP_EINVAL);
	}
	struct gp_store_count c[2] = {good, good};
	assert_int_equal(gp_test_step(f, f->now, "s", c, 2), GP_EINVAL); /* the same id twice */
	assert_int_equal(gp_test_step(f, -1, "s", c, 1), GP_EINVAL);
	assert_int_equal(gp_test_step(f, INT64_MAX, "s", c, 1), GP_EINVAL);
	assert_int_equal(gp_test_step(f, f->now, "", c, 1), GP_EINVAL);
	assert_int_equal(gp_test_step(f, f->now, "s", c, 0), GP_EINVAL);
	assert_int_equal(gp_test_step(f, f->now, "s", c, GP_STORE_COUNTS_MAX + 1), GP_EINVAL);
	assert_int_equal(gp_test_step(f, f->now, "s", NULL, 1), GP_EINVAL);
	static char large[GP_STORE_SUBJECT_MAX + 1];
	struct gp_store_take takes[2] = {
		{{large, sizeof large}, c, 1}, {gp_test_span("s"), &c[1], 1}};
	assert_int_equal(gp_store_take(f->store, &f->ctx, f->now, takes, 1), GP_EINVAL);
	takes[0].subject = gp_test_span("s"); /* the same subject twice */
	assert_int_equal(gp_store_take(f->store, &f->ctx, f->now, takes, 2), GP_EINVAL);
	assert_int_equal(gp_store_take(f->store, &f->ctx, f->now, takes, 0), GP_EINVAL);
	assert_int_equal(
		gp_store_take(f->store, &f->ctx, f->now, takes, GP_STORE_TAKES_MAX + 1), GP_EINVAL);
	assert_int_equal(gp_store_take(f->store, &f->ctx, f->now, NULL, 1), GP_EINVAL);
	assert_int_equal(gp_store_forget(f->store, &f->ctx, gp_test_span(""), 0), GP_EINVAL);
	assert_int_equal(gp_store_scan(f->store, &f->ctx, -1, gp_test_see, NULL), GP_EINVAL);
	assert_int_equal(gp_store_scan(f->store, &f->ctx, f->now, NULL, NULL), GP_EINVAL);
	assert_int_equal(used(f, f->now), 0);
}

/* huge_values: the bounds themselves are exact, and sums stop at 2^53. */
static void huge_values(void **state)
{
	struct gp_test_contract_fixture *f = *state;
	const int64_t most = GP_STORE_AMOUNT_MAX;
	assert_true(took(f, f->now, most, most - 1));
	assert_false(took(f, f->now, most, 2));
	assert_true(took(f, f->now, most, 1));
	assert_int_equal(used(f, f->now), most);
	struct gp_store_count c = gp_test_counter(1, most, most);
	c.forced = true;
	for (int i = 2; i <= 10; i++)
		assert_int_equal(gp_test_one(f, f->now + i * W, "s", c).used,
			i < 8 ? i * most : (int64_t)1 << 53);
	c = gp_test_counter(2, most, most);
	c.per_ms = GP_STORE_PER_MAX_MS;
	assert_int_equal(gp_test_one(f, f->now, "s", c).used, most);
	c.take = 1;
	c = gp_test_one(f, f->now, "s", c);
	assert_true(c.refused);
	assert_in_range(
		c.wait_ms, GP_STORE_PER_MAX_MS, GP_STORE_PER_MAX_MS + GP_STORE_PER_MAX_MS / 64 + 1);
	c = gp_test_counter(UINT32_MAX, 1, 1);
	c.per_ms = GP_STORE_PER_MIN_MS;
	c = gp_test_one(f, f->now, "s", c);
	assert_false(c.refused);
	assert_in_range(c.wait_ms, GP_STORE_PER_MIN_MS, GP_STORE_PER_MIN_MS + 16);
	c = gp_test_counter(5, 1, 1); /* times near both ends */
	assert_int_equal(gp_test_one(f, 0, "zero", c).used, 1);
	assert_int_equal(gp_test_one(f, 1LL << 50, "late", c).used, 1);
	assert_true(gp_test_one(f, 1LL << 50, "late", c).refused);
}

static const struct gp_test_contract_row counting[] = {
	{"max_fits_and_one_more_does_not", max_fits_and_one_more_does_not},
	{"a_window_slides_slot_by_slot", a_window_slides_slot_by_slot},
	{"how_long_to_wait", how_long_to_wait},
	{"after_success_wait_is_for_the_next_one", after_success_wait_is_for_the_next_one},
	{"all_counters_or_none", all_counters_or_none},
	{"all_subjects_or_none", all_subjects_or_none},
	{"as_many_as_allowed_at_once", as_many_as_allowed_at_once},
	{"forced_counts_over_max", forced_counts_over_max},
	{"back_goes_to_its_own_slot", back_goes_to_its_own_slot},
	{"back_comes_before_the_test", back_comes_before_the_test},
	{"a_refusal_gives_nothing_back", a_refusal_gives_nothing_back},
	{"windows_are_apart", windows_are_apart},
	{"windows_not_named_stay", windows_not_named_stay},
	{"subjects_of_any_bytes", subjects_of_any_bytes},
	{"a_clock_that_stands_back", a_clock_that_stands_back},
	{"a_clock_that_jumps_back", a_clock_that_jumps_back},
	{"a_clock_that_jumps_forward", a_clock_that_jumps_forward},
	{"what_is_out_of_bounds", what_is_out_of_bounds},
	{"huge_values", huge_values},
	{NULL, NULL},
};

/* add_rows: to the tests of a group; returns how many there are then. */
static size_t add_rows(struct CMUnitTest *tests, size_t count,
	const struct gp_test_contract_row *rows, struct gp_test_contract_fixture *fixture)
{
	for (; rows->name && count < ROWS_MAX; rows++)
		tests[count++] =
			(struct CMUnitTest) {rows->name, rows->run, set_up, tear_down, fixture};
	return count;
}

/* gp_test_contract: as one group. */
int gp_test_contract(const char *backend_name, struct gp_store *(*open)(void *arg),
	void (*close)(struct gp_store *store, void *arg), void *arg)
{
	struct gp_test_contract_fixture fixture = {.open = open, .close = close, .arg = arg};
	struct CMUnitTest tests[ROWS_MAX];
	char name[64];
	fixture.ctx.clock = gp_clock_system();
	fixture.ctx.deadline_us = gp_clock_now_us(fixture.ctx.clock) + 600000000LL;
	size_t count = add_rows(tests, 0, counting, &fixture);
	count = add_rows(tests, count, gp_test_contract_lists, &fixture);
	count = add_rows(tests, count, gp_test_contract_soft, &fixture);
	count = add_rows(tests, count, gp_test_contract_random, &fixture);
	snprintf(name, sizeof name, "store: %s", backend_name);
	return _cmocka_run_group_tests(name, tests, count, NULL, NULL);
}
