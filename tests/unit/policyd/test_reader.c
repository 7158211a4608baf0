/* SPDX-License-Identifier: ISC */
/* Where a request ends: in any pieces, of any length, with bytes that no text has. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policyd/reader.h"

static struct gp_reader reader;

/* feed: text in pieces of at most this size; what was found at the end of it. */
static enum gp_reader_found feed(struct gp_span text, size_t piece, struct gp_span *request)
{
	enum gp_reader_found found;
	while ((found = gp_reader_find(&reader, request)) == GP_READER_MORE && text.len) {
		char *place;
		size_t room;
		gp_reader_space(&reader, &place, &room);
		assert_true(room > 0);
		room = room < piece ? room : piece;
		room = room < text.len ? room : text.len;
		memcpy(place, text.ptr, room);
		gp_reader_add(&reader, room);
		text = gp_span_skip(text, room);
	}
	return found;
}

/* begin: an empty reader. */
static int begin(void **state)
{
	(void)state;
	gp_reader_init(&reader);
	return 0;
}

/* finish: its memory. */
static int finish(void **state)
{
	(void)state;
	gp_reader_fini(&reader);
	return 0;
}

/* test_pieces: a request is the same however its bytes come, and no part of it is one. */
static void test_pieces(void **state)
{
	(void)state;
	static const char text[] = "request=smtpd_access_policy\nsender=a=b\nnovelty=\n\n";
	struct gp_span request, whole = {text, sizeof text - 1};
	for (size_t piece = 1; piece <= whole.len; piece++) {
		gp_reader_init(&reader);
		assert_int_equal(feed((struct gp_span) {text, whole.len - 1}, piece, &request),
			GP_READER_MORE);
		assert_true(gp_reader_has_begun(&reader));
		assert_int_equal(gp_reader_begun(&reader).len, whole.len - 1);
		assert_int_equal(feed(gp_span_from("\n"), 1, &request), GP_READER_WHOLE);
		assert_true(gp_span_equal(request, whole));
		gp_reader_next(&reader);
		assert_false(gp_reader_has_begun(&reader));
	}
}

/* test_several: what lies behind a request is the next one; an empty line alone is one, too. */
static void test_several(void **state)
{
	(void)state;
	struct gp_span request;
	assert_int_equal(feed(gp_span_from("a=b\n\nc=d\n\n\ne="), 100, &request), GP_READER_WHOLE);
	assert_true(gp_span_is(request, "a=b\n\n"));
	assert_int_equal(gp_reader_find(&reader, &request), GP_READER_WHOLE);
	assert_true(gp_span_is(request, "a=b\n\n"));
	gp_reader_next(&reader);
	assert_int_equal(gp_reader_find(&reader, &request), GP_READER_WHOLE);
	assert_true(gp_span_is(request, "c=d\n\n"));
	gp_reader_next(&reader);
	assert_int_equal(gp_reader_find(&reader, &request), GP_READER_WHOLE);
	assert_true(gp_span_is(request, "\n"));
	gp_reader_next(&reader);
	assert_int_equal(gp_reader_find(&reader, &request), GP_READER_MORE);
	assert_true(gp_span_is(gp_reader_begun(&reader), "e="));
}

/* test_broken: a whole line without "=" is no attribute. */
static void test_broken(void **state)
{
	(void)state;
	struct gp_span request;
	assert_int_equal(feed(gp_span_from("GET / HTTP/1.0"), 1, &request), GP_READER_MORE);
	assert_int_equal(feed(gp_span_from("\n"), 1, &request), GP_READER_BROKEN);
}

/* test_nul: becomes a question mark in whatever is found. */
static void test_nul(void **state)
{
	(void)state;
	static const char text[] = "sender=a\0b\0\0@x\n\0=\0\n\n";
	struct gp_span request;
	assert_int_equal(
		feed((struct gp_span) {text, sizeof text - 1}, 3, &request), GP_READER_WHOLE);
	assert_true(gp_span_is(request, "sender=a?b??@x\n?=?\n\n"));
}

/* long_request: "a=b\nv=xxx...x\n\n" of this length in all. */
static char *long_request(size_t len)
{
	static const char begin_text[] = "a=b\nv=", end_text[] = "\n\n";
	char *text = malloc(len);
	assert_non_null(text);
	memset(text, 'x', len);
	memcpy(text, begin_text, sizeof begin_text - 1);
	memcpy(text + len - 2, end_text, 2);
	return text;
}

/*
 * test_long: up to the ceiling a request is whole; over it its first lines stay, and it has an end.
 */
static void test_long(void **state)
{
	(void)state;
	static const size_t lengths[] = {GP_READER_FIRST - 1, GP_READER_FIRST, GP_READER_FIRST + 1,
		GP_READER_MAX - 1, GP_READER_MAX, GP_READER_MAX + 1, GP_READER_MAX + 2,
		2 * GP_READER_MAX, 20 * GP_READER_MAX};
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		char *text = long_request(lengths[i]);
		const struct gp_span whole = {text, lengths[i]};
		for (size_t piece = 1; piece < 100000; piece = piece * 7 + 3) {
			struct gp_span request;
			bool fits = lengths[i] <= GP_READER_MAX;
			gp_reader_init(&reader);
			assert_int_equal(feed(whole, piece, &request),
				fits ? GP_READER_WHOLE : GP_READER_TOO_LARGE);
			if (fits)
				assert_true(gp_span_equal(request, whole));
			else
				assert_true(gp_span_is(request, "a=b\n\n"));
			gp_reader_next(&reader);
			assert_int_equal(
				feed(gp_span_from("c=d\n\n"), 9, &request), GP_READER_WHOLE);
			assert_true(gp_span_is(request, "c=d\n\n"));
			gp_reader_fini(&reader);
		}
		free(text);
	}
}

/* test_many_lines: the end of a request that is too large is found wherever its lines end. */
static void test_many_lines(void **state)
{
	(void)state;
	for (size_t width = 3; width < 40; width++) {
		struct gp_span request;
		char line[64];
		enum gp_reader_found found = GP_READER_MORE;
		memset(line, 'x', width);
		line[0] = 'n';
		line[1] = '=';
		line[width - 1] = '\n';
		gp_reader_init(&reader);
		for (size_t n = 0; n < 3 * GP_READER_MAX; n += width) {
			found = feed((struct gp_span) {line, width}, 5, &request);
			assert_int_equal(found, GP_READER_MORE);
		}
		assert_int_equal(feed(gp_span_from("\nz=y"), 9, &request), GP_READER_TOO_LARGE);
		assert_true(request.len > width && request.len <= GP_READER_HEAD + 1);
		assert_int_equal((request.len - 1) % width, 0);
		gp_reader_next(&reader);
		assert_true(gp_span_is(gp_reader_begun(&reader), "z=y"));
		gp_reader_fini(&reader);
	}
}

/* test_one_line: a single line that never ends: nothing of it is kept. */
static void test_one_line(void **state)
{
	(void)state;
	struct gp_span request;
	char *text = long_request(3 * GP_READER_MAX);
	assert_int_equal(feed((struct gp_span) {text + 4, 3 * GP_READER_MAX - 4}, 4096, &request),
		GP_READER_TOO_LARGE);
	assert_true(gp_span_is(request, "\n"));
	free(text);
}

/* is_used: of the attributes below. */
static bool is_used(struct gp_span name)
{
	return gp_span_is(name, "sender") || gp_span_is(name, "request");
}

/* an_unused_value_takes_no_room: however long it is, and wherever it stands. */
static void an_unused_value_takes_no_room(void **state)
{
	static const struct {
		const char *before, *name, *behind;
	} rows[] = {
		{"request=r\nsender=s\n", "ccert_subject=", ""},
		{"", "ccert_subject=", "request=r\nsender=s\n"},
		{"request=r\n", "x=", "sender=s\n"},
		{"request=r\nnovelty=\n", "=", "sender=s\nother=1\n"},
	};
	static const size_t lengths[] = {100, GP_READER_FIRST - 30, GP_READER_FIRST,
		GP_READER_MAX - 60, GP_READER_MAX, 3 * GP_READER_MAX, 1000000};
	static const size_t pieces[] = {1000, 16384, 1000000};
	const size_t n = sizeof rows / sizeof rows[0], m = sizeof lengths / sizeof lengths[0];
	(void)state;
	for (size_t k = 0; k < n * m * 3; k++) {
		size_t length = lengths[k / n % m], fixed = 200;
		char *text = malloc(length + fixed);
		struct gp_span request;
		assert_non_null(text);
		int at = snprintf(text, fixed, "%s%s", rows[k % n].before, rows[k % n].name);
		memset(text + at, 'v', length);
		int end = snprintf(
			text + at + length, fixed - (size_t)at, "\n%s\nnext=", rows[k % n].behind);
		gp_reader_init(&reader);
		reader.is_used = is_used;
		struct gp_span whole = {text, (size_t)at + length + (size_t)end};
		assert_int_equal(feed(whole, pieces[k / n / m], &request), GP_READER_WHOLE);
		assert_true(request.len < GP_READER_MAX);
		assert_non_null(memmem(request.ptr, request.len, "request=r\n", 10));
		assert_non_null(memmem(request.ptr, request.len, "sender=s\n", 9));
		gp_reader_next(&reader);
		gp_reader_fini(&reader);
		free(text);
	}
}

/* a_used_value_is_never_dropped: what is too large by itself is, as before. */
static void a_used_value_is_never_dropped(void **state)
{
	size_t length = 2 * GP_READER_MAX;
	char *text = malloc(length + 100);
	struct gp_span request;
	(void)state;
	assert_non_null(text);
	int at = snprintf(text, 100, "request=r\nnovelty=1\nsender=");
	memset(text + at, 's', length);
	memcpy(text + at + length, "\n\n", 2);
	reader.is_used = is_used;
	assert_int_equal(feed((struct gp_span) {text, (size_t)at + length + 2}, 5000, &request),
		GP_READER_TOO_LARGE);
	assert_true(gp_span_has_prefix(request, "request=r\n"));
	free(text);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_pieces, begin, finish),
		cmocka_unit_test_setup_teardown(test_several, begin, finish),
		cmocka_unit_test_setup_teardown(test_broken, begin, finish),
		cmocka_unit_test_setup_teardown(test_nul, begin, finish),
		cmocka_unit_test_setup_teardown(test_long, begin, finish),
		cmocka_unit_test_setup_teardown(test_many_lines, begin, finish),
		cmocka_unit_test_setup_teardown(test_one_line, begin, finish),
		cmocka_unit_test_setup_teardown(an_unused_value_takes_no_room, begin, finish),
		cmocka_unit_test_setup_teardown(a_used_value_is_never_dropped, begin, finish),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
