/* SPDX-License-Identifier: ISC */
/* Header to fields: folds, line ends, what is no field, and where the body begins. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "mail/message.h"

/* shown: fields as text: name<value>, one after the other. */
static const char *shown(struct gp_arena *arena, const struct gp_message *message)
{
	struct gp_strbuf b;
	const char *text = NULL;
	gp_strbuf_init(&b, arena, 1 << 14);
	for (size_t i = 0; i < message->count; i++) {
		gp_strbuf_add_span(&b, message->fields[i].name);
		gp_strbuf_add(&b, "<");
		gp_strbuf_add_span(&b, message->fields[i].value);
		gp_strbuf_add(&b, ">");
	}
	assert_int_equal(gp_strbuf_finish(&b, &text), GP_OK);
	return text;
}

struct row {
	const char *text, *fields;
	const char *defect; /* a word of it; NULL: none */
};

/* check_rows: each of them, from bytes of exactly their size. */
static void check_rows(const struct row *rows, size_t count, enum gp_message_ending ending)
{
	for (size_t i = 0; i < count; i++) {
		struct gp_arena *arena = gp_arena_new(1 << 16);
		struct gp_message m;
		size_t n = strlen(rows[i].text);
		char *exact = malloc(n ? n : 1);
		assert_non_null(exact);
		memcpy(exact, rows[i].text, n);
		assert_int_equal(
			gp_message_parse(arena, (struct gp_span) {exact, n}, ending, &m), GP_OK);
		memset(exact, 'x', n); /* nothing points there */
		free(exact);
		if (strcmp(shown(arena, &m), rows[i].fields) != 0 ||
			(rows[i].defect ? !m.defect || !strstr(m.defect, rows[i].defect)
					: m.defect != NULL))
			fail_msg("%s: %s, %s", rows[i].text, shown(arena, &m),
				m.defect ? m.defect : "no defect");
		gp_arena_free(arena);
	}
}

/* test_crlf: as it goes over the wire. */
static void test_crlf(void **state)
{
	static const struct row rows[] = {
		{"", "", NULL},
		{"\r\n", "", NULL},
		{"A: x\r\n", "A< x>", NULL},
		{"A: x", "A< x>", NULL},
		{"A: x\r\nB:y\r\n\r\nC: z\r\n", "A< x>B<y>", NULL},
		{"A: x\r\n y\r\n\tz\r\nB:\r\n", "A< x\r\n y\r\n\tz>B<>", NULL},
		{"A : x\r\nB\t :y\r\n", "A< x>B<y>", NULL}, /* RFC 5322 4.5 */
		{"A:\r\n x\r\n", "A<\r\n x>", NULL},
		{"A: x\r\n \r\nB: y\r\n", "A< x\r\n >B< y>", NULL}, /* obsolete, and a field */
		{"A: x\r\n ", "A< x\r\n >", NULL},
		{"A: \xc3\xb6\xff\r\n", "A< \xc3\xb6\xff>", NULL}, /* OpenDKIM issue 404 */
		{"A: x:y:z\r\n", "A< x:y:z>", NULL},
		{"A-_.!: x\r\n", "A-_.!< x>", NULL},
		{"nonsense\r\nA: x\r\n", "<nonsense>A< x>", "line 1 of the header is not a field"},
		{"A: x\r\n y\r\nB: z\r\nnonsense\r\n", "A< x\r\n y>B< z><nonsense>",
			"line 4 of the header is not a field"},
		{"A: x\r\nB: y\rz\r\n", "A< x>B< y\rz>", "a bare CR in line 2"},
		{": x\r\n", "<: x>", "not a field"},
		{" : x\r\n", "< : x>", "not a field"},
		{" A: x\r\nB: y\r\n", "< A: x>B< y>", "not a field"},
		{"A B: x\r\n", "<A B: x>", "not a field"},
		{"\xc3\xb6: x\r\n", "<\xc3\xb6: x>", "not a field"},
		{"A\x7f: x\r\n", "<A\x7f: x>", "not a field"},
		{"From someone Mon\r\nA: x\r\n", "<From someone Mon>A< x>", "not a field"},
		{"A: x\nB: y\r\nC: z\r\n", "A< x\nB: y>C< z>", "bare LF"},
		{"A: x\rB: y\r\nC: z\r\n", "A< x\rB: y>C< z>", "bare CR"},
		{"A: x\r\r\nB: y\r\n", "A< x\r>B< y>", "bare CR"},
		{"A: x\r", "A< x\r>", "bare CR"},
		{"A: x\n\r\nB: y\r\n", "A< x\n>B< y>", "bare LF"},
		{"A: x\r\n\nB: y\r\n", "A< x><\nB: y>", "bare LF"},
		{"\nA: x\r\n", "<\nA: x>", "bare LF"},
	};
	(void)state;
	check_rows(rows, sizeof rows / sizeof rows[0], GP_MESSAGE_CRLF);
}

/* test_lf: as Unix files have it; handed out as it was signed. */
static void test_lf(void **state)
{
	static const struct row rows[] = {
		{"", "", NULL},
		{"\n", "", NULL},
		{"A: x\nB: y", "A< x>B< y>", NULL},
		{"A: x\n y\n\tz\nB:\n\nC: z\n", "A< x\r\n y\r\n\tz>B<>", NULL},
		{"A:\n\n", "A<>", NULL},
		/* what reads LF reads CRLF as well, as Exim does */
		{"A: x\r\nB: y\n", "A< x>B< y>", NULL},
		{"A: x\n y\r\nB: y\r\n", "A< x\r\n y>B< y>", NULL},
		{"A: x\n\r\nB: y\n", "A< x>", NULL},
		{"A: x\ry\nB: y\n", "A< x\ry>B< y>", "bare CR"},
		{"A: x\r\r\nB: y\n", "A< x\r>B< y>", "bare CR"},
		{"A: x\n\r", "A< x><\r>", "bare CR"},
		{"nonsense\n", "<nonsense>", "not a field"},
	};
	(void)state;
	check_rows(rows, sizeof rows / sizeof rows[0], GP_MESSAGE_LF);
}

/* test_nul: a byte like others, and a defect. */
static void test_nul(void **state)
{
	static const char text[] = "A: x\0y\r\nB: z\r\n";
	struct gp_arena *arena = gp_arena_new(1 << 16);
	struct gp_message m;
	(void)state;
	assert_int_equal(gp_message_parse(arena, (struct gp_span) {text, sizeof text - 1},
				 GP_MESSAGE_CRLF, &m),
		GP_OK);
	assert_int_equal(m.count, 2);
	assert_true(gp_span_equal(m.fields[0].value, (struct gp_span) {" x\0y", 4}));
	assert_non_null(strstr(m.defect, "NUL"));
	gp_arena_free(arena);
}

/* test_raw: the whole field, folds and all, without its end; either way of line ends the same. */
static void test_raw(void **state)
{
	struct gp_arena *arena = gp_arena_new(1 << 16);
	struct gp_message a, b;
	(void)state;
	assert_int_equal(gp_message_parse(arena, gp_span_from("A : x\r\n y\r\nB:z\r\n"),
				 GP_MESSAGE_CRLF, &a),
		GP_OK);
	assert_int_equal(
		gp_message_parse(arena, gp_span_from("A : x\n y\nB:z\n"), GP_MESSAGE_LF, &b),
		GP_OK);
	assert_true(gp_span_equal(a.fields[0].raw, gp_span_from("A : x\r\n y")));
	for (size_t i = 0; i < 2; i++)
		assert_true(gp_span_equal(a.fields[i].raw, b.fields[i].raw));
	gp_arena_free(arena);
}

/* test_find: the topmost, ASCII case aside. */
static void test_find(void **state)
{
	struct gp_arena *arena = gp_arena_new(1 << 16);
	struct gp_message m;
	(void)state;
	assert_int_equal(
		gp_message_parse(arena, gp_span_from("From: a\r\nTo: b\r\nfrom: c\r\nFrom2: d\r\n"),
			GP_MESSAGE_CRLF, &m),
		GP_OK);
	assert_true(gp_message_find(&m, "FROM") == &m.fields[0]);
	assert_int_equal(gp_message_count(&m, "from"), 2);
	assert_null(gp_message_find(&m, "Subject"));
	assert_int_equal(gp_message_count(&m, "Subject"), 0);
	gp_arena_free(arena);
}

/* test_split: header, place of the body, line ends. */
static void test_split(void **state)
{
	static const struct {
		const char *text, *header;
		size_t body_at;
		enum gp_message_ending ending;
	} rows[] = {
		{"", "", 0, GP_MESSAGE_LF},
		{"A: x", "A: x", 4, GP_MESSAGE_LF},
		{"A: x\n\nbody", "A: x\n", 6, GP_MESSAGE_LF},
		{"A: x\r\n\r\nbody", "A: x\r\n", 8, GP_MESSAGE_CRLF},
		{"A: x\r\n\r\n\r\nbody", "A: x\r\n", 8, GP_MESSAGE_CRLF},
		{"\r\nbody", "", 2, GP_MESSAGE_CRLF},
		{"\nbody", "", 1, GP_MESSAGE_LF},
		{"A: x\r\nB: y\r\n", "A: x\r\nB: y\r\n", 12, GP_MESSAGE_CRLF},
		{"A: x\r\nB: y\n\nbody", "A: x\r\nB: y\n\nbody", 16, GP_MESSAGE_CRLF},
		/* behind an LF both end lines */
		{"A: x\nB: y\r\n\r\nbody", "A: x\nB: y\r\n", 13, GP_MESSAGE_LF},
		{"A: x\nB: y\r\n\nbody", "A: x\nB: y\r\n", 12, GP_MESSAGE_LF},
		{"A: x\nB: y\r\r\n\r\nbody", "A: x\nB: y\r\r\n", 14, GP_MESSAGE_LF},
		{"\n\r\n", "", 1, GP_MESSAGE_LF},
		{"From a@x Mon Nov 23 10:00:00 2026\nA: x\n\nbody", "A: x\n", 40, GP_MESSAGE_LF},
		{"From a@x Mon Nov 23 10:00:00 2026\r\nA: x\r\n\r\nbody", "A: x\r\n", 43,
			GP_MESSAGE_CRLF},
		{"From a@x Mon Nov 23 10:00:00 2026", "", 33, GP_MESSAGE_LF},
		/* the line ends are the message's, not the mailbox's */
		{"From a@x Mon Nov 23 10:00:00 2026\nA: x\r\n\r\nbody", "A: x\r\n", 42,
			GP_MESSAGE_CRLF},
		{"From a@x Mon Nov 23 10:00:00 2026\r\nA: x\n\nbody", "A: x\n", 41, GP_MESSAGE_LF},
		{"From a@x Mon Nov 23 10:00:00 2026\r\n", "", 35, GP_MESSAGE_CRLF},
		/* without a date it may be a From field to some program */
		{"From a", "From a", 6, GP_MESSAGE_LF},
		{"From a@x\nA: x\n\nbody", "From a@x\nA: x\n", 15, GP_MESSAGE_LF},
		{"From <a@x>: b\n\nbody", "From <a@x>: b\n", 15, GP_MESSAGE_LF},
		{"From \r\n : a\r\n\r\nbody", "From \r\n : a\r\n", 15, GP_MESSAGE_CRLF},
		{"From : a\nB: c\n\nbody", "From : a\nB: c\n", 15, GP_MESSAGE_LF},
		{"From \t : a\n\nbody", "From \t : a\n", 12, GP_MESSAGE_LF},
		{"From :\n\nbody", "From :\n", 8, GP_MESSAGE_LF},
		{"From: a\n\nbody", "From: a\n", 9, GP_MESSAGE_LF},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_span header;
		size_t body_at;
		enum gp_message_ending ending;
		gp_message_split(gp_span_from(rows[i].text), &header, &body_at, &ending);
		if (!gp_span_equal(header, gp_span_from(rows[i].header)) ||
			body_at != rows[i].body_at || ending != rows[i].ending)
			fail_msg("%s: %zu", rows[i].text, body_at);
	}
}

/* test_every_length: a message cut anywhere is read within its bytes (ASan watches). */
static void test_every_length(void **state)
{
	static const char text[] = "From x Mon Nov 23 10:00:00 2026\r\nA: x\r\n "
				   "y\r\n\tz\r\nno\r\nB :\r\r\n\nC: z\r\n\r\nbody";
	(void)state;
	for (size_t n = 0; n < sizeof text; n++) {
		char *exact = malloc(n ? n : 1);
		struct gp_span header, all = {exact, n};
		size_t body_at;
		enum gp_message_ending ending;
		assert_non_null(exact);
		memcpy(exact, text, n);
		gp_message_split(all, &header, &body_at, &ending);
		assert_true(body_at <= n);
		for (int as = GP_MESSAGE_LF; as <= GP_MESSAGE_CRLF; as++) {
			struct gp_arena *arena = gp_arena_new(1 << 16);
			struct gp_message m;
			assert_int_equal(gp_message_parse(arena, all, as, &m), GP_OK);
			gp_arena_free(arena);
		}
		free(exact);
	}
}

/* test_bounds: fields and bytes over the limit, and the arena's ceiling. */
static void test_bounds(void **state)
{
	struct gp_arena *arena = gp_arena_new(1 << 22);
	struct gp_message m;
	char *text = calloc(1, GP_MESSAGE_HEADER_MAX + 1);
	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i <= GP_MESSAGE_FIELDS_MAX; i++)
		memcpy(text + 5 * i, "A:b\r\n", 5);
	struct gp_span all = {text, 5 * GP_MESSAGE_FIELDS_MAX};
	assert_int_equal(gp_message_parse(arena, all, GP_MESSAGE_CRLF, &m), GP_OK);
	assert_int_equal(m.count, GP_MESSAGE_FIELDS_MAX);
	assert_false(m.is_cut);
	all.len += 5;
	assert_int_equal(gp_message_parse(arena, all, GP_MESSAGE_CRLF, &m), GP_OK);
	assert_true(m.is_cut);
	assert_int_equal(m.count, GP_MESSAGE_FIELDS_MAX);
	assert_string_equal(m.defect, "the header has more than 4096 fields");
	gp_arena_free(arena);
	arena = gp_arena_new(1 << 23);
	memset(text, 'x', GP_MESSAGE_HEADER_MAX + 1);
	memcpy(text, "A:b\r\nB:", 7);
	all.len = GP_MESSAGE_HEADER_MAX;
	assert_int_equal(gp_message_parse(arena, all, GP_MESSAGE_CRLF, &m), GP_OK);
	assert_false(m.is_cut);
	gp_arena_free(arena);
	arena = gp_arena_new(1 << 23);
	all.len++;
	assert_int_equal(gp_message_parse(arena, all, GP_MESSAGE_CRLF, &m), GP_OK);
	assert_true(m.is_cut);
	assert_int_equal(m.count, 1);
	assert_string_equal(m.defect, "the header has more than 2 MiB");
	gp_arena_free(arena);
	for (size_t i = 0; i < 200; i++)
		memcpy(text + 5 * i, "A:b\r\n", 5);
	arena = gp_arena_new(256);
	all.len = 1000;
	assert_int_equal(gp_message_parse(arena, all, GP_MESSAGE_CRLF, &m), GP_ETOOBIG);
	all.len = 100;
	assert_int_equal(gp_message_parse(arena, all, GP_MESSAGE_CRLF, &m), GP_ETOOBIG);
	gp_arena_free(arena);
	free(text);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crlf),
		cmocka_unit_test(test_lf),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_raw),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_bounds),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
