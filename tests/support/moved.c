/* SPDX-License-Identifier: ISC */
/* Through lines, as between two files of an operator. */
#include "support/moved.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define HOUR 3600000LL
#define DAY (24 * HOUR)

/* take: n of a counter; what is used. */
static int64_t take(struct gp_store *store, struct gp_ctx *ctx, const char *subject, uint32_t id,
	int64_t per_ms, int64_t n)
{
	struct gp_store_count c = {.id = id, .per_ms = per_ms, .max = 1000000, .take = n};
	struct gp_store_take t = {gp_span_from(subject), &c, 1};
	assert_int_equal(gp_store_take(store, ctx, gp_store_now_ms(store), &t, 1), GP_OK);
	return c.used;
}

/* gp_test_moved_take: of counter 1. */
int64_t gp_test_moved_take(
	struct gp_store *store, struct gp_ctx *ctx, const char *subject, int64_t n)
{
	return take(store, ctx, subject, 1, HOUR, n);
}

/* see: an item of alice's set; is it new? */
static bool see(struct gp_store *store, struct gp_ctx *ctx, const char *item, unsigned *seen_out)
{
	struct gp_store_within within = {.ms = DAY};
	struct gp_store_see s = {.subject = gp_span_from("alice"),
		.kind = 70000,
		.item = gp_span_from(item),
		.most = 100,
		.within = &within,
		.within_count = 1};
	assert_int_equal(gp_store_see(store, ctx, gp_store_now_ms(store), &s), GP_OK);
	*seen_out = within.seen;
	return s.is_new;
}

/* gp_test_moved_fill: now. */
void gp_test_moved_fill(struct gp_store *store, struct gp_ctx *ctx)
{
	int64_t now_ms = gp_store_now_ms(store);
	unsigned seen;
	struct gp_store_note note = {.key = gp_span_from("soft"),
		.value = gp_span_from("as eggs"),
		.expires_ms = now_ms + DAY};
	(void)gp_test_moved_take(store, ctx, "user:alice", 7);
	(void)take(store, ctx, "user:alice", 2, 31 * DAY, 1000);
	(void)gp_test_moved_take(store, ctx, "all", 12);
	assert_int_equal(gp_store_put(store, ctx, gp_span_from("limit/hourly/user:alice"),
				 gp_span_from("500"), now_ms + DAY),
		GP_OK);
	assert_int_equal(
		gp_store_put(store, ctx, gp_span_from("for/ever"), gp_span_from("x"), 0), GP_OK);
	assert_int_equal(gp_store_note(store, ctx, now_ms, &note), GP_OK);
	(void)see(store, ctx, "one", &seen);
	(void)see(store, ctx, "two", &seen);
}

/* get: a fact's value, and when it ends. */
static const char *get(struct gp_store *store, struct gp_ctx *ctx, const char *key, bool is_soft,
	int64_t *expires_ms_out)
{
	static char text[64];
	struct gp_store_get g = {.key = gp_span_from(key),
		.soft = is_soft,
		.value = {.bytes = text, .room = sizeof text - 1}};
	assert_int_equal(gp_store_get(store, ctx, gp_store_now_ms(store), &g), GP_OK);
	text[g.value.length] = 0;
	*expires_ms_out = g.value.expires_ms;
	return g.value.found == GP_STORE_FOUND ? text : "(none)";
}

/* is_a_day: from now, or a little less? */
static bool is_a_day(struct gp_store *store, int64_t expires_ms)
{
	int64_t left_ms = expires_ms - gp_store_now_ms(store);
	return left_ms > DAY - 10 * 60000 && left_ms <= DAY + GP_STORE_MOVE_APART_MS;
}

/* gp_test_moved_check: reading changes nothing of it. */
void gp_test_moved_check(struct gp_store *store, struct gp_ctx *ctx)
{
	int64_t expires_ms;
	unsigned seen;
	assert_int_equal(gp_test_moved_take(store, ctx, "user:alice", 0), 7);
	assert_int_equal(take(store, ctx, "user:alice", 2, 31 * DAY, 0), 1000);
	assert_int_equal(gp_test_moved_take(store, ctx, "all", 0), 12);
	assert_int_equal(gp_test_moved_take(store, ctx, "user:bob", 0), 0);
	assert_string_equal(get(store, ctx, "limit/hourly/user:alice", false, &expires_ms), "500");
	assert_true(is_a_day(store, expires_ms));
	assert_string_equal(get(store, ctx, "for/ever", false, &expires_ms), "x");
	assert_int_equal(expires_ms, 0);
	assert_string_equal(get(store, ctx, "soft", true, &expires_ms), "as eggs");
	assert_true(is_a_day(store, expires_ms));
	assert_false(see(store, ctx, "one", &seen));
	assert_int_equal(seen, 2);
	assert_false(see(store, ctx, "two", &seen));
}

/* ---- moving ---- */

struct walk {
	struct gp_test_moved *moved;
	int64_t unix_ms;
};

/* add_line: visitor of gp_store_export. */
static bool add_line(void *arg, const struct gp_store_record *record)
{
	struct walk *w = arg;
	struct gp_test_moved *m = w->moved;
	if (gp_store_record_is_over(record, w->unix_ms)) {
		m->over++;
		return true;
	}
	assert_true(m->count < GP_TEST_MOVED_LINES);
	m->lines[m->count] = gp_store_line_format(record);
	assert_non_null(m->lines[m->count]);
	m->count++;
	return true;
}

/* gp_test_moved_export: each record a line. */
void gp_test_moved_export(
	struct gp_test_moved *moved, struct gp_store *store, struct gp_ctx *ctx, int64_t unix_ms)
{
	struct walk w = {moved, unix_ms};
	gp_test_moved_free(moved);
	assert_int_equal(gp_store_export(store, ctx, unix_ms, add_line, &w), GP_OK);
}

/* gp_test_moved_import: each line a record. */
void gp_test_moved_import(
	struct gp_test_moved *moved, struct gp_store *store, struct gp_ctx *ctx, int64_t unix_ms)
{
	struct gp_store_line *line = malloc(sizeof *line);
	assert_non_null(line);
	memset(moved->results, 0, sizeof moved->results);
	for (size_t i = 0; i < moved->count; i++) {
		const char *problem;
		enum gp_store_imported result;
		assert_int_equal(
			gp_store_line_parse(gp_span_from(moved->lines[i]), line, &problem), GP_OK);
		assert_int_equal(line->kind, GP_STORE_LINE_RECORD);
		assert_int_equal(
			gp_store_import(store, ctx, unix_ms, &line->record, &result), GP_OK);
		moved->results[result]++;
	}
	free(line);
}

/* gp_test_moved_free: the lines. */
void gp_test_moved_free(struct gp_test_moved *moved)
{
	for (size_t i = 0; i < moved->count; i++)
		free(moved->lines[i]);
	moved->count = moved->over = 0;
}
