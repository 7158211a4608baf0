/* SPDX-License-Identifier: ISC */
/*
 * One body and several sinks of different appetite: each gets what it wants of the same text, in
 * order, whatever the others do and however the source cuts it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "mail/body.h"

#define ALL SIZE_MAX
#define TAKERS 4

/* What was told to a sink, and what it answers. */
struct taker {
	size_t appetite; /* bytes after which it answers this */
	int answer;
	int begin_status;
	char text[4096];
	size_t len;
	unsigned begins, ends, late; /* late: told something after it had answered */
	bool is_over;
};

/* take_begin: once, before anything else. */
static int take_begin(void *arg)
{
	struct taker *t = arg;
	t->late += t->begins || t->len || t->ends;
	t->begins++;
	return t->begin_status;
}

/* take_bytes: kept, up to its appetite. */
static int take_bytes(void *arg, struct gp_span bytes)
{
	struct taker *t = arg;
	assert_true(bytes.len > 0 && bytes.len <= sizeof t->text - t->len);
	t->late += t->is_over || !t->begins || t->ends;
	memcpy(t->text + t->len, bytes.ptr, bytes.len);
	t->len += bytes.len;
	t->is_over = t->len >= t->appetite;
	return t->is_over ? t->answer : GP_OK;
}

/* take_end: once, behind all. */
static void take_end(void *arg)
{
	struct taker *t = arg;
	t->late += !t->begins || t->ends;
	t->ends++;
}

/* add_taker: as a sink. */
static int add_taker(struct gp_body *body, struct taker *t)
{
	const struct gp_body_sink sink = {take_begin, take_bytes, take_end, t};
	return gp_body_add(body, &sink);
}

/* feed_in: pieces of the size given, each on the heap as it is. */
static void feed_in(
	struct gp_body *body, struct gp_span text, enum gp_message_ending ending, size_t size)
{
	while (text.len) {
		size_t n = text.len < size ? text.len : size;
		char *exact = malloc(n);
		assert_non_null(exact);
		memcpy(exact, text.ptr, n);
		gp_body_feed(body, (struct gp_span) {exact, n}, ending);
		free(exact);
		text = gp_span_skip(text, n);
	}
	gp_body_finish(body);
}

/* pass: a text through four sinks with these appetites. */
static void pass(struct gp_span text, enum gp_message_ending ending, size_t cut,
	struct taker takers[TAKERS], const char **defect_out)
{
	struct gp_arena *arena = gp_arena_new(1 << 16);
	struct gp_body *body;
	assert_int_equal(gp_body_new(arena, &body), GP_OK);
	for (size_t i = 0; i < TAKERS; i++)
		assert_int_equal(add_taker(body, &takers[i]), GP_OK);
	assert_false(gp_body_has_begun(body));
	feed_in(body, text, ending, cut);
	assert_true(gp_body_has_begun(body));
	*defect_out = gp_body_defect(body);
	gp_arena_free(arena);
}

/* is_beginning: has this sink, which was told nothing wrong, a beginning of the text? */
static bool is_beginning(const struct taker *t, struct gp_span wire)
{
	return t->late == 0 && t->begins == 1 && t->len <= wire.len &&
	       memcmp(t->text, wire.ptr, t->len) == 0;
}

static const char lf[] = "Hi.\n\nA line, and one\nmore \n\n\nno end";
static const char wire[] = "Hi.\r\n\r\nA line, and one\r\nmore \r\n\r\n\r\nno end";

/* every_sink_gets_the_text_of_the_wire: from either line end, cut at every length. */
static void every_sink_gets_the_text_of_the_wire(void **state)
{
	(void)state;
	for (size_t cut = 1; cut <= sizeof wire; cut++)
		for (int ending = GP_MESSAGE_LF; ending <= GP_MESSAGE_CRLF; ending++) {
			struct taker takers[TAKERS] = {{.appetite = ALL}, {.appetite = ALL},
				{.appetite = ALL}, {.appetite = ALL}};
			const char *defect;
			pass(gp_span_from(ending == GP_MESSAGE_LF ? lf : wire),
				(enum gp_message_ending)ending, cut, takers, &defect);
			assert_null(defect);
			for (size_t i = 0; i < TAKERS; i++) {
				assert_true(is_beginning(&takers[i], gp_span_from(wire)));
				assert_int_equal(takers[i].len, strlen(wire));
				assert_int_equal(takers[i].ends, 1);
			}
		}
}

/* one_sink_does_not_disturb_another: one has enough, one fails, one does not even begin, and one
 * wants all; at every appetite and cut. */
static void one_sink_does_not_disturb_another(void **state)
{
	(void)state;
	for (size_t appetite = 1; appetite <= strlen(wire); appetite++)
		for (size_t cut = 1; cut <= sizeof lf; cut += 3) {
			struct taker takers[TAKERS] = {
				{.appetite = appetite, .answer = GP_BODY_ENOUGH},
				{.appetite = appetite, .answer = GP_ENOMEM},
				{.appetite = ALL, .begin_status = GP_EIO}, {.appetite = ALL}};
			const char *defect;
			pass(gp_span_from(lf), GP_MESSAGE_LF, cut, takers, &defect);
			for (size_t i = 0; i < TAKERS; i++)
				assert_true(is_beginning(&takers[i], gp_span_from(wire)));
			assert_in_range(takers[0].len, appetite, strlen(wire));
			assert_int_equal(takers[0].ends, 1);
			assert_int_equal(takers[1].len, takers[0].len);
			assert_int_equal(takers[1].ends, 0);
			assert_int_equal(takers[2].len, 0);
			assert_int_equal(takers[2].ends, 0);
			assert_int_equal(takers[3].len, strlen(wire));
			assert_int_equal(takers[3].ends, 1);
		}
}

/* an_empty_body_begins_and_ends: and no bytes are told. */
static void an_empty_body_begins_and_ends(void **state)
{
	struct taker takers[TAKERS] = {
		{.appetite = ALL}, {.begin_status = GP_EIO}, {.appetite = ALL}, {.appetite = ALL}};
	const char *defect;
	(void)state;
	pass(gp_span_from(""), GP_MESSAGE_CRLF, 1, takers, &defect);
	assert_null(defect);
	assert_int_equal(takers[0].begins + takers[0].ends, 2);
	assert_int_equal(takers[0].len, 0);
	assert_int_equal(takers[1].ends, 0);
}

/* begin_and_end_may_be_missing: of a sink that has nothing to prepare. */
static void begin_and_end_may_be_missing(void **state)
{
	struct gp_arena *arena = gp_arena_new(1 << 12);
	struct gp_body *body;
	struct taker t = {.appetite = ALL, .begins = 1};
	const struct gp_body_sink sink = {.bytes = take_bytes, .arg = &t};
	(void)state;
	assert_int_equal(gp_body_new(arena, &body), GP_OK);
	assert_int_equal(gp_body_add(body, &sink), GP_OK);
	feed_in(body, gp_span_from("x\n"), GP_MESSAGE_LF, 1);
	assert_int_equal(t.len, 3);
	gp_arena_free(arena);
}

/* what_may_not_be_as_it_was_sent_is_told: wherever the source cuts, and whoever fails. */
static void what_may_not_be_as_it_was_sent_is_told(void **state)
{
	static const struct {
		struct gp_span text;
		enum gp_message_ending ending;
		const char *defect; /* a word of it; NULL: none */
	} rows[] = {
		{{"a\r\nb\r\n", 6}, GP_MESSAGE_CRLF, NULL},
		{{"a\rb", 3}, GP_MESSAGE_CRLF, "bare CR"},
		{{"a\r", 2}, GP_MESSAGE_CRLF, "bare CR"},
		{{"a\r\r\n", 4}, GP_MESSAGE_CRLF, "bare CR"},
		{{"a\nb", 3}, GP_MESSAGE_CRLF, "bare LF"},
		{{"\n", 1}, GP_MESSAGE_CRLF, "bare LF"},
		{{"a\0b", 3}, GP_MESSAGE_CRLF, "NUL"},
		{{"a\nb\n", 4}, GP_MESSAGE_LF, NULL},
		{{"a\r\nb\n", 5}, GP_MESSAGE_LF, "bare CR"},
		{{"a\0b\n", 4}, GP_MESSAGE_LF, "NUL"},
		{{"\0\r\0\n", 4}, GP_MESSAGE_LF, "bare CR"},
		{{"\0\r\n\r", 4}, GP_MESSAGE_CRLF, "NUL"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (size_t cut = 1; cut <= rows[i].text.len; cut++) {
			struct taker takers[TAKERS] = {{.appetite = ALL},
				{.appetite = 1, .answer = GP_EIO}, {.begin_status = GP_EIO},
				{.appetite = ALL}};
			const char *defect;
			pass(rows[i].text, rows[i].ending, cut, takers, &defect);
			assert_int_equal(defect != NULL, rows[i].defect != NULL);
			if (defect)
				assert_non_null(strstr(defect, rows[i].defect));
		}
}

/* A source that gives the same line again and again, and may break. */
struct source {
	size_t left, calls;
	int status; /* at the end */
};

/* give: as much as is asked for. */
static int give(void *arg, char *buffer, size_t size, size_t *got_out)
{
	struct source *s = arg;
	s->calls++;
	*got_out = size < s->left ? size : s->left;
	memset(buffer, 'x', *got_out);
	s->left -= *got_out;
	return *got_out ? GP_OK : s->status;
}

/* count_bytes: a sink that keeps nothing. */
static int count_bytes(void *arg, struct gp_span bytes)
{
	size_t *count = arg;
	*count += bytes.len;
	return GP_OK;
}

/* few_bytes: a sink that wants the beginning only. */
static int few_bytes(void *arg, struct gp_span bytes)
{
	(void)count_bytes(arg, bytes);
	return GP_BODY_ENOUGH;
}

/* read_with: a body of so many bytes, read by sinks like these; returns what reading gave. */
static int read_with(struct source *source, const struct gp_body_sink *sinks, size_t count)
{
	struct gp_arena *arena = gp_arena_new(40000); /* one buffer, and little else */
	struct gp_body *body;
	const struct gp_message_body from = {give, source, GP_MESSAGE_LF};
	assert_int_equal(gp_body_new(arena, &body), GP_OK);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(gp_body_add(body, &sinks[i]), GP_OK);
	int rc = gp_body_read(body, &from);
	gp_arena_free(arena);
	return rc;
}

/* nothing_is_read_that_nobody_wants: with no sink, with one that cannot begin, or behind the last
 * that has enough; a large body takes no more memory than a small one. */
static void nothing_is_read_that_nobody_wants(void **state)
{
	size_t all = 0, few = 0;
	struct taker unable = {.begin_status = GP_EIO};
	struct source source = {5000000, 0, GP_OK};
	const struct gp_body_sink sinks[] = {{.bytes = few_bytes, .arg = &few},
		{take_begin, take_bytes, take_end, &unable}, {.bytes = count_bytes, .arg = &all}};
	(void)state;
	assert_int_equal(read_with(&source, NULL, 0), GP_OK);
	assert_int_equal(read_with(&source, sinks + 1, 1), GP_OK);
	assert_int_equal(source.calls, 0);
	assert_int_equal(read_with(&source, sinks, 2), GP_OK);
	assert_int_equal(source.calls, 1);
	assert_true(few > 0);
	source = (struct source) {5000000, 0, GP_OK};
	assert_int_equal(read_with(&source, sinks, 3), GP_OK);
	assert_int_equal(all, 5000000);
	assert_int_equal(source.left, 0);
}

/* trouble_of_the_source_ends_nothing: it comes through, and no sink takes what it has for whole. */
static void trouble_of_the_source_ends_nothing(void **state)
{
	struct taker t = {.appetite = ALL};
	struct source source = {100, 0, GP_EIO};
	const struct gp_body_sink sink = {take_begin, take_bytes, take_end, &t};
	(void)state;
	assert_int_equal(read_with(&source, &sink, 1), GP_EIO);
	assert_int_equal(t.begins, 1);
	assert_int_equal(t.len, 100);
	assert_int_equal(t.ends, 0);
}

/* sinks_are_bounded: so many, and none once reading has begun; no memory is said. */
static void sinks_are_bounded(void **state)
{
	struct gp_arena *arena = gp_arena_new(1 << 12), *small = gp_arena_new(16);
	struct gp_body *body;
	size_t count = 0;
	const struct gp_body_sink sink = {.bytes = count_bytes, .arg = &count};
	(void)state;
	assert_int_equal(gp_body_new(small, &body), GP_ETOOBIG);
	assert_int_equal(gp_body_new(arena, &body), GP_OK);
	for (size_t i = 0; i + 1 < GP_BODY_SINKS_MAX; i++)
		assert_int_equal(gp_body_add(body, &sink), GP_OK);
	assert_int_equal(gp_body_add(body, &sink), GP_OK);
	assert_int_equal(gp_body_add(body, &sink), GP_ETOOBIG);
	gp_body_feed(body, gp_span_from(""), GP_MESSAGE_LF);
	assert_int_equal(gp_body_add(body, &sink), GP_EINVAL);
	gp_body_feed(body, gp_span_from("abc"), GP_MESSAGE_LF);
	assert_int_equal(count, 3 * GP_BODY_SINKS_MAX);
	gp_arena_free(small);
	gp_arena_free(arena);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_sink_gets_the_text_of_the_wire),
		cmocka_unit_test(one_sink_does_not_disturb_another),
		cmocka_unit_test(an_empty_body_begins_and_ends),
		cmocka_unit_test(begin_and_end_may_be_missing),
		cmocka_unit_test(what_may_not_be_as_it_was_sent_is_told),
		cmocka_unit_test(nothing_is_read_that_nobody_wants),
		cmocka_unit_test(trouble_of_the_source_ends_nothing),
		cmocka_unit_test(sinks_are_bounded),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
