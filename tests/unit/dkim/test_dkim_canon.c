/* SPDX-License-Identifier: ISC */
/*
 * Canonical forms: the examples of RFC 6376 3.4, the edges, and that a body's hash does not depend
 * on how the body is cut (mailauth issue 115). What the body should be comes from
 * tests/support/signer.c, which has the forms a second time.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "dkim/dkim_body.h"
#include "support/bodies.h"
#include "support/signer.h"

#define PAIRS 5

static struct gp_crypto_digest *digest;

/* Lengths that are wanted of each body: whole, nothing, the edges of a few bytes, a border. */
static const uint64_t lengths[PAIRS] = {GP_DKIM_WHOLE, 0, 1, 5, 300};

/* set_up: the digest. */
static int set_up(void **state)
{
	(void)state;
	return gp_crypto_digest_new(&digest);
}

/* tear_down: without it. */
static int tear_down(void **state)
{
	(void)state;
	gp_crypto_digest_free(digest);
	return 0;
}

/* field_is: one field in a form. */
static void field_is(enum gp_dkim_canon canon, const char *raw, const char *expected)
{
	struct gp_arena *arena = gp_arena_new(1 << 16);
	struct gp_strbuf b;
	const char *got;
	gp_strbuf_init(&b, arena, 4096);
	gp_dkim_canon_field(&b, canon, gp_span_from(raw));
	assert_int_equal(gp_strbuf_finish(&b, &got), GP_OK);
	assert_string_equal(got, expected);
	gp_arena_free(arena);
}

/* rfc6376_3_4_5_header: the examples of the RFC. */
static void rfc6376_3_4_5_header(void **state)
{
	(void)state;
	field_is(GP_DKIM_RELAXED, "A: X", "a:X\r\n");
	field_is(GP_DKIM_RELAXED, "B : Y\t\r\n\tZ  ", "b:Y Z\r\n");
	field_is(GP_DKIM_SIMPLE, "A: X", "A: X\r\n");
	field_is(GP_DKIM_SIMPLE, "B : Y\t\r\n\tZ  ", "B : Y\t\r\n\tZ  \r\n");
}

/* relaxed_fields: white space in all places, empty values, bytes that are no white space. */
static void relaxed_fields(void **state)
{
	(void)state;
	field_is(GP_DKIM_RELAXED, "Subject:x", "subject:x\r\n");
	field_is(GP_DKIM_RELAXED, "SUBJECT \t : \t x  y\tz ", "subject:x y z\r\n");
	field_is(GP_DKIM_RELAXED, "Subject:", "subject:\r\n");
	field_is(GP_DKIM_RELAXED, "Subject: \t\r\n ", "subject:\r\n");
	field_is(GP_DKIM_RELAXED, "Subject:\r\n x", "subject:x\r\n");
	field_is(GP_DKIM_RELAXED, "Subject: a\r\n b\r\n\t c", "subject:a b c\r\n");
	field_is(GP_DKIM_RELAXED, "Subject: a \r\n b", "subject:a b\r\n");
	field_is(GP_DKIM_RELAXED, "Subject: \xc3\xb6\xff:x", "subject:\xc3\xb6\xff:x\r\n");
	field_is(GP_DKIM_RELAXED, "Subject: a\rb\nc", "subject:a\rb\nc\r\n");
	field_is(GP_DKIM_RELAXED, "Subject: a\r", "subject:a\r\r\n");
	field_is(GP_DKIM_RELAXED, "no colon", "no colon\r\n");
}

/* signature_field: what is left when the value of b= is taken out (3.5, 3.7). */
static void signature_field(void **state)
{
	static const struct {
		const char *raw, *simple, *relaxed;
	} rows[] = {
		{"D: a=1; b=xyz", "D: a=1; b=", "d:a=1; b="},
		{"D: a=1; b=xyz; c=2", "D: a=1; b=; c=2", "d:a=1; b=; c=2"},
		{"D: b=x\r\n\ty z ; bh=q=", "D: b=; bh=q=", "d:b=; bh=q="},
		{"D: bh=abc; b=xyz;", "D: bh=abc; b=;", "d:bh=abc; b=;"},
		{"D: bh=b=1; b=xyz", "D: bh=b=1; b=", "d:bh=b=1; b="},
		{"D: b = \r\n x=;\r\n  h=b", "D: b =;\r\n  h=b", "d:b =; h=b"},
		{"D: a=1;\r\n\tb\r\n\t=\tx\t", "D: a=1;\r\n\tb\r\n\t=", "d:a=1; b ="},
		{"D: B=xyz; b=x", "D: B=xyz; b=", "d:B=xyz; b="},
		{"D: bb=x; xb=y; a=b=z", "D: bb=x; xb=y; a=b=z", "d:bb=x; xb=y; a=b=z"},
		{"D: b=; a=1", "D: b=; a=1", "d:b=; a=1"},
		{"D:b=x;  a=1  ", "D:b=;  a=1  ", "d:b=; a=1"},
		{"b=x: b=y", "b=x: b=", "b=x:b="},
		{"D: none; b=x", "D: none; b=", "d:none; b="},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_arena *arena = gp_arena_new(1 << 16);
		for (int canon = GP_DKIM_SIMPLE; canon <= GP_DKIM_RELAXED; canon++) {
			struct gp_strbuf b;
			const char *got;
			gp_strbuf_init(&b, arena, 4096);
			gp_dkim_canon_signature(&b, canon, gp_span_from(rows[i].raw));
			assert_int_equal(gp_strbuf_finish(&b, &got), GP_OK);
			assert_string_equal(got, canon ? rows[i].relaxed : rows[i].simple);
		}
		gp_arena_free(arena);
	}
}

/* ---- bodies ---- */

/* Hashes of a body in both forms at all lengths. */
struct hashes {
	unsigned char bytes[2][PAIRS][GP_CRYPTO_SHA256];
	uint64_t sizes[2];
	const char *defect;
};

/* Where the next piece ends, after a place. */
typedef size_t (*cut_fn)(size_t from, size_t end, size_t how);

/* hash_body: in pieces as cut says; each piece has exactly its size on the heap. */
static void hash_body(struct gp_span body, enum gp_message_ending ending, cut_fn cut, size_t how,
	struct hashes *out)
{
	struct gp_arena *arena = gp_arena_new(1 << 17);
	struct gp_body *reader;
	struct gp_dkim_bodies *bodies;
	unsigned ids[2][PAIRS];
	assert_int_equal(test_bodies_new(arena, digest, &reader, &bodies), GP_OK);
	for (int canon = 0; canon < 2; canon++)
		for (size_t i = 0; i < PAIRS; i++)
			assert_int_equal(
				gp_dkim_bodies_want(bodies, canon, lengths[i], &ids[canon][i]),
				GP_OK);
	for (size_t from = 0; from < body.len;) {
		size_t to = cut(from, body.len, how);
		char *exact = malloc(to - from + (to == from));
		assert_non_null(exact);
		memcpy(exact, body.ptr + from, to - from);
		gp_body_feed(reader, (struct gp_span) {exact, to - from}, ending);
		free(exact);
		from = to;
	}
	gp_body_finish(reader);
	assert_int_equal(gp_dkim_bodies_status(bodies), GP_OK);
	memset(out, 0, sizeof *out);
	for (int canon = 0; canon < 2; canon++) {
		for (size_t i = 0; i < PAIRS; i++)
			memcpy(out->bytes[canon][i], gp_dkim_bodies_hash(bodies, ids[canon][i]),
				GP_CRYPTO_SHA256);
		out->sizes[canon] = gp_dkim_bodies_size(bodies, ids[canon][0]);
	}
	out->defect = gp_dkim_bodies_defect(bodies);
	gp_dkim_bodies_fini(bodies);
	gp_arena_free(arena);
}

/* whole: one piece. */
static size_t whole(size_t from, size_t end, size_t how)
{
	(void)from;
	(void)how;
	return end;
}

/* in_two: at a place. */
static size_t in_two(size_t from, size_t end, size_t how)
{
	return from < how && how < end ? how : end;
}

/* singly: byte by byte. */
static size_t singly(size_t from, size_t end, size_t how)
{
	(void)how;
	(void)end;
	return from + 1;
}

/* at_random: pieces of 1 to how bytes. */
static size_t at_random(size_t from, size_t end, size_t how)
{
	size_t n = 1 + (size_t)random() % how;
	return n < end - from ? from + n : end;
}

/* expected: the same by way of tests/support/signer.c. */
static void expected(struct gp_span body, struct hashes *out)
{
	memset(out, 0, sizeof *out);
	for (int canon = 0; canon < 2; canon++) {
		struct gp_span form;
		test_canon_body(canon == GP_DKIM_RELAXED, body, &form);
		out->sizes[canon] = form.len;
		for (size_t i = 0; i < PAIRS; i++) {
			size_t n = lengths[i] < form.len ? (size_t)lengths[i] : form.len;
			assert_int_equal(gp_crypto_digest_of(digest, (struct gp_span) {form.ptr, n},
						 out->bytes[canon][i]),
				GP_OK);
		}
		free((char *)(uintptr_t)form.ptr);
	}
}

/* same: hashes and sizes. */
static bool same(const struct hashes *a, const struct hashes *b)
{
	return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0 && a->sizes[0] == b->sizes[0] &&
	       a->sizes[1] == b->sizes[1];
}

/* same_as_expected: whole, singly, in two at each place, and in random pieces. */
static void same_as_expected(struct gp_span body, bool every_cut)
{
	struct hashes right, got;
	expected(body, &right);
	hash_body(body, GP_MESSAGE_CRLF, whole, 0, &got);
	const char *defect = got.defect;
	if (!same(&right, &got))
		fail_msg("whole: %.*s", (int)body.len, body.ptr);
	hash_body(body, GP_MESSAGE_CRLF, singly, 0, &got);
	if (!same(&right, &got) || got.defect != defect)
		fail_msg("singly: %.*s", (int)body.len, body.ptr);
	for (size_t i = 1; every_cut && i < body.len; i++) {
		hash_body(body, GP_MESSAGE_CRLF, in_two, i, &got);
		if (!same(&right, &got) || got.defect != defect)
			fail_msg("in two at %zu: %.*s", i, (int)body.len, body.ptr);
	}
	for (size_t i = 0; i < 8; i++) {
		hash_body(body, GP_MESSAGE_CRLF, at_random, 1 + i * i * 9, &got);
		if (!same(&right, &got) || got.defect != defect)
			fail_msg("at random: %.*s", (int)body.len, body.ptr);
	}
}

/* form_is: the body in a form is this text (and so its hash is). */
static void form_is(enum gp_dkim_canon canon, const char *body, const char *text)
{
	struct hashes got;
	unsigned char hash[GP_CRYPTO_SHA256];
	hash_body(gp_span_from(body), GP_MESSAGE_CRLF, whole, 0, &got);
	assert_int_equal(gp_crypto_digest_of(digest, gp_span_from(text), hash), GP_OK);
	if (memcmp(hash, got.bytes[canon][0], sizeof hash) != 0 || got.sizes[canon] != strlen(text))
		fail_msg("%s of \"%s\" is not \"%s\"", gp_dkim_canon_name(canon), body, text);
}

/* rfc6376_3_4_bodies: the examples, and the rules for the end of a body (3.4.3, 3.4.4). */
static void rfc6376_3_4_bodies(void **state)
{
	static const struct {
		const char *body, *simple, *relaxed;
	} rows[] = {
		{" C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n", " C\r\nD E\r\n"}, /* 3.4.5 */
		{"", "\r\n", ""},
		{"\r\n", "\r\n", ""},
		{"\r\n\r\n\r\n", "\r\n", ""},
		{"a", "a\r\n", "a\r\n"},
		{"a\r\n", "a\r\n", "a\r\n"},
		{"a\r\n\r\n", "a\r\n", "a\r\n"},
		{"\r\na\r\n", "\r\na\r\n", "\r\na\r\n"},
		{"a\r\n\r\nb", "a\r\n\r\nb\r\n", "a\r\n\r\nb\r\n"},
		{" ", " \r\n", ""},
		{" \r\n", " \r\n", ""},
		{" \t\r\n\r\n \r\n", " \t\r\n\r\n \r\n", ""},
		{"a \r\n \r\n", "a \r\n \r\n", "a\r\n"},
		{"a\r\n \r\nb", "a\r\n \r\nb\r\n", "a\r\n\r\nb\r\n"},
		{"a  b\t\tc \td", "a  b\t\tc \td\r\n", "a b c d\r\n"},
		{"\ta", "\ta\r\n", " a\r\n"},
		{"a\rb", "a\rb\r\n", "a\rb\r\n"},
		{"a \rb", "a \rb\r\n", "a \rb\r\n"},
		{"a\r", "a\r\r\n", "a\r\r\n"},
		{"a\r\r\n", "a\r\r\n", "a\r\r\n"},
		{"\r", "\r\r\n", "\r\r\n"},
		{"a\nb", "a\nb\r\n", "a\nb\r\n"},
		{"a \nb", "a \nb\r\n", "a \nb\r\n"},
		{"a\n", "a\n\r\n", "a\n\r\n"},
		{"\xc3\xb6\xff\x80", "\xc3\xb6\xff\x80\r\n", "\xc3\xb6\xff\x80\r\n"},
		{"a\xa0\xa0\r\n", "a\xa0\xa0\r\n", "a\xa0\xa0\r\n"}, /* no white space here */
		{"a\v\f b", "a\v\f b\r\n", "a\v\f b\r\n"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		form_is(GP_DKIM_SIMPLE, rows[i].body, rows[i].simple);
		form_is(GP_DKIM_RELAXED, rows[i].body, rows[i].relaxed);
		same_as_expected(gp_span_from(rows[i].body), true);
	}
}

/* every_short_body: all texts of up to seven of the bytes that matter. */
static void every_short_body(void **state)
{
	static const char alphabet[] = {'a', ' ', '\r', '\n'};
	(void)state;
	for (size_t n = 0; n <= 7; n++) {
		for (size_t number = 0; number < (size_t)1 << 2 * n; number++) {
			char text[8];
			struct hashes right, got;
			for (size_t i = 0; i < n; i++)
				text[i] = alphabet[number >> 2 * i & 3];
			const struct gp_span body = {text, n};
			expected(body, &right);
			hash_body(body, GP_MESSAGE_CRLF, n % 2 ? whole : singly, 0, &got);
			if (!same(&right, &got))
				fail_msg("length %zu, number %zu", n, number);
		}
	}
}

/* random_body: lines of words, with the odd byte among them; rare: how rare trouble is. */
static size_t random_body(char *text, size_t size, unsigned rare)
{
	static const char *const trouble[] = {"  ", "\t", " \r\n", "\r\n\r\n", "\r", "\n", "\r\n ",
		"\r\r", "\n\n", " \t ", "\r\n\r\n\r\n \r\n"};
	size_t n = 0;
	while (n + 16 < size) {
		unsigned r = (unsigned)random();
		const char *piece = r % rare == 0 ? trouble[r / rare % 11]
				    : r % 8 == 0  ? "\r\n"
				    : r % 3 == 0  ? " x"
						  : "wordy";
		memcpy(text + n, piece, strlen(piece));
		n += strlen(piece);
	}
	return n;
}

/* every_split_gives_the_same_hash: bodies from all trouble to hardly any. */
static void every_split_gives_the_same_hash(void **state)
{
	static char text[9000];
	(void)state;
	srandom(6376);
	for (unsigned rare = 2; rare < 5000; rare = rare * 5 / 2) {
		same_as_expected((struct gp_span) {text, random_body(text, 400, rare)}, true);
		for (size_t i = 0; i < 6; i++)
			same_as_expected(
				(struct gp_span) {text, random_body(text, sizeof text, rare)},
				false);
	}
}

/* long_quiet_runs: trouble at each place of a text that is quiet otherwise, so that it falls on
 * each place of a block. */
static void long_quiet_runs(void **state)
{
	static const char *const trouble[] = {"  ", "\t", " \r\n", "\r\n\r\n", "\r", "\n", "\r\n"};
	char text[640];
	(void)state;
	for (size_t which = 0; which < sizeof trouble / sizeof trouble[0]; which++) {
		for (size_t at = 0; at + 8 < sizeof text; at++) {
			struct hashes right, got;
			const struct gp_span body = {text, sizeof text};
			memset(text, 'q', sizeof text);
			memcpy(text + at, trouble[which], strlen(trouble[which]));
			expected(body, &right);
			hash_body(body, GP_MESSAGE_CRLF, whole, 0, &got);
			if (!same(&right, &got))
				fail_msg("trouble %zu at %zu", which, at);
		}
	}
}

/* with_lf: a source with LF line ends is what was signed with CRLF, in any pieces. */
static void with_lf(void **state)
{
	static char text[20000], lf[20000];
	(void)state;
	srandom(1);
	for (size_t round = 0; round < 30; round++) {
		struct hashes right, got;
		size_t n = 0, size = random_body(text, round < 10 ? 300 : sizeof text, 7), kept = 0;
		for (size_t i = 0; i < size; i++) { /* no bare CR or LF in this one */
			bool end = text[i] == '\r' && i + 1 < size && text[i + 1] == '\n';
			if (!end && (text[i] == '\r' || text[i] == '\n'))
				continue;
			if (end) {
				text[kept++] = '\r';
				i++;
			}
			lf[n++] = end ? '\n' : text[i];
			text[kept++] = text[i];
		}
		expected((struct gp_span) {text, kept}, &right);
		hash_body((struct gp_span) {lf, n}, GP_MESSAGE_LF, whole, 0, &got);
		assert_true(same(&right, &got));
		assert_null(got.defect);
		hash_body((struct gp_span) {lf, n}, GP_MESSAGE_LF, singly, 0, &got);
		assert_true(same(&right, &got));
		hash_body((struct gp_span) {lf, n}, GP_MESSAGE_LF, at_random, 5000, &got);
		assert_true(same(&right, &got));
	}
}

/* long_lines: a line longer than any buffer, with either line end. */
static void long_lines(void **state)
{
	static char text[100000];
	struct hashes right, got;
	(void)state;
	memset(text, 'l', sizeof text);
	memcpy(text + sizeof text - 2, "\r\n", 2);
	expected((struct gp_span) {text, sizeof text}, &right);
	hash_body((struct gp_span) {text, sizeof text}, GP_MESSAGE_CRLF, whole, 0, &got);
	assert_true(same(&right, &got));
	text[sizeof text - 2] = '\n';
	hash_body((struct gp_span) {text, sizeof text - 1}, GP_MESSAGE_LF, whole, 0, &got);
	assert_true(same(&right, &got));
}

/* defects: what is seen of a body that may not be as it was signed. */
static void defects(void **state)
{
	static const struct {
		const char *body;
		size_t length;
		enum gp_message_ending ending;
		const char *word; /* of the defect; NULL: none */
	} rows[] = {
		{"a\r\nb\r\n", 6, GP_MESSAGE_CRLF, NULL},
		{"", 0, GP_MESSAGE_CRLF, NULL},
		{"\r\n", 2, GP_MESSAGE_CRLF, NULL},
		{"a\rb", 3, GP_MESSAGE_CRLF, "CR"},
		{"a\r", 2, GP_MESSAGE_CRLF, "CR"},
		{"a\r\r\n", 4, GP_MESSAGE_CRLF, "CR"},
		{"a\nb", 3, GP_MESSAGE_CRLF, "LF"},
		{"\n", 1, GP_MESSAGE_CRLF, "LF"},
		{"a\r\n\nb", 5, GP_MESSAGE_CRLF, "LF"},
		{"a\0b", 3, GP_MESSAGE_CRLF, "NUL"},
		{"\0", 1, GP_MESSAGE_CRLF, "NUL"},
		{"a\nb\n", 4, GP_MESSAGE_LF, NULL},
		{"a\r\nb\n", 5, GP_MESSAGE_LF, "CR"},
		{"a\rb\n", 4, GP_MESSAGE_LF, "CR"},
		{"a\0b\n", 4, GP_MESSAGE_LF, "NUL"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct gp_span body = {rows[i].body, rows[i].length};
		for (size_t cut = 0; cut <= body.len; cut++) {
			struct hashes got;
			hash_body(body, rows[i].ending, in_two, cut, &got);
			if (rows[i].word ? !got.defect || !strstr(got.defect, rows[i].word)
					 : got.defect != NULL)
				fail_msg("row %zu cut at %zu: %s", i, cut,
					got.defect ? got.defect : "none");
		}
	}
}

/* defects_anywhere: one odd byte in a long quiet body, at each place. */
static void defects_anywhere(void **state)
{
	static const char odd[] = {'\r', '\n', '\0'};
	char text[1200];
	struct hashes got;
	(void)state;
	for (size_t at = 0; at < sizeof text; at++) {
		for (size_t which = 0; which < sizeof odd; which++) {
			for (size_t i = 0; i < sizeof text; i++)
				text[i] = "0123456789\r\n"[i % 12];
			if (text[at] == '\r' || text[at] == '\n')
				continue;
			text[at] = odd[which];
			if (at + 1 < sizeof text && odd[which] == '\r' && text[at + 1] == '\r')
				text[at + 1] = 'x'; /* its LF is bare, the CR before it as well */
			hash_body((struct gp_span) {text, sizeof text}, GP_MESSAGE_CRLF, whole, 0,
				&got);
			if (!got.defect)
				fail_msg("byte %d at %zu", odd[which], at);
		}
	}
}

/* one_hash_for_each_pair: the same form and length is hashed once; a bound. */
static void one_hash_for_each_pair(void **state)
{
	struct gp_arena *arena = gp_arena_new(1 << 17);
	struct gp_body *reader;
	struct gp_dkim_bodies *bodies;
	unsigned a, b, c, d;
	(void)state;
	assert_int_equal(test_bodies_new(arena, digest, &reader, &bodies), GP_OK);
	assert_true(gp_dkim_bodies_digest(bodies) == digest);
	assert_int_equal(gp_dkim_bodies_want(bodies, GP_DKIM_RELAXED, 10, &a), GP_OK);
	assert_int_equal(gp_dkim_bodies_want(bodies, GP_DKIM_RELAXED, 20, &b), GP_OK);
	assert_int_equal(gp_dkim_bodies_want(bodies, GP_DKIM_SIMPLE, 10, &c), GP_OK);
	assert_int_equal(gp_dkim_bodies_want(bodies, GP_DKIM_RELAXED, 10, &d), GP_OK);
	assert_int_equal(a, d);
	assert_true(a != b && b != c && a != c);
	for (uint64_t i = 3; i < GP_DKIM_BODIES_MAX; i++)
		assert_int_equal(gp_dkim_bodies_want(bodies, GP_DKIM_SIMPLE, 100 + i, &d), GP_OK);
	assert_int_equal(gp_dkim_bodies_want(bodies, GP_DKIM_SIMPLE, 99, &d), GP_ETOOBIG);
	assert_int_equal(gp_dkim_bodies_want(bodies, GP_DKIM_SIMPLE, 10, &d), GP_OK);
	gp_body_feed(reader, gp_span_from("x"), GP_MESSAGE_CRLF);
	assert_int_equal(gp_dkim_bodies_want(bodies, GP_DKIM_SIMPLE, 11, &d), GP_EINVAL);
	gp_dkim_bodies_fini(bodies);
	gp_dkim_bodies_fini(NULL);
	gp_arena_free(arena);
}

/* lengths_in_any_order: each l= ends where it says, whatever stands before it in the list. */
static void lengths_in_any_order(void **state)
{
	static const uint64_t asked[] = {
		70, GP_DKIM_WHOLE, 0, 3000, 1, 2999, 71, 1024, 1025, 5200, 5201, 9999};
	enum { LENGTHS = sizeof asked / sizeof asked[0] };
	char text[5200];
	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = "a line of words with\r\n"[i % 22];
	memcpy(text + sizeof text - 3, "e\r\n", 3); /* the same in both forms */
	for (size_t step = 1; step <= sizeof text; step = step * 3 + 1) {
		struct gp_arena *arena = gp_arena_new(1 << 17);
		struct gp_body *reader;
		struct gp_dkim_bodies *bodies;
		unsigned ids[2][LENGTHS];
		assert_int_equal(test_bodies_new(arena, digest, &reader, &bodies), GP_OK);
		for (size_t i = 0; i < 2 * (size_t)LENGTHS; i++)
			assert_int_equal(gp_dkim_bodies_want(bodies,
						 i % 2 ? GP_DKIM_RELAXED : GP_DKIM_SIMPLE,
						 asked[i / 2], &ids[i % 2][i / 2]),
				GP_OK);
		for (size_t at = 0; at < sizeof text; at += step)
			gp_body_feed(reader,
				(struct gp_span) {text + at,
					sizeof text - at < step ? sizeof text - at : step},
				GP_MESSAGE_CRLF);
		gp_body_finish(reader);
		assert_int_equal(gp_dkim_bodies_status(bodies), GP_OK);
		for (size_t i = 0; i < 2 * (size_t)LENGTHS; i++) {
			uint64_t length = asked[i / 2];
			unsigned char right[GP_CRYPTO_SHA256];
			const struct gp_span part = {
				text, length < sizeof text ? (size_t)length : sizeof text};
			assert_int_equal(gp_crypto_digest_of(digest, part, right), GP_OK);
			assert_memory_equal(gp_dkim_bodies_hash(bodies, ids[i % 2][i / 2]), right,
				sizeof right);
		}
		gp_dkim_bodies_fini(bodies);
		gp_arena_free(arena);
	}
}

/* A body that is read in small bites, and may break. */
struct bites {
	struct gp_span rest;
	int status; /* at the end */
	size_t calls;
};

/* bite: three bytes at most. */
static int bite(void *arg, char *buffer, size_t size, size_t *got_out)
{
	struct bites *b = arg;
	b->calls++;
	*got_out = b->rest.len < 3 ? b->rest.len : 3;
	assert_true(size >= 3);
	if (*got_out == 0)
		return b->status;
	memcpy(buffer, b->rest.ptr, *got_out);
	b->rest = gp_span_skip(b->rest, *got_out);
	return GP_OK;
}

/* reading: to the end, or not at all when nobody wants it; trouble comes through. */
static void reading(void **state)
{
	static const char text[] = "Hi.\n\nWe lost.\n";
	(void)state;
	for (int round = 0; round < 3; round++) {
		struct gp_arena *arena = gp_arena_new(1 << 17);
		struct gp_body *reader;
		struct gp_dkim_bodies *bodies;
		struct bites bites = {gp_span_from(text), round == 2 ? GP_EIO : GP_OK, 0};
		const struct gp_message_body body = {bite, &bites, GP_MESSAGE_LF};
		unsigned char hash[GP_CRYPTO_SHA256];
		unsigned id;
		assert_int_equal(test_bodies_new(arena, digest, &reader, &bodies), GP_OK);
		if (round > 0)
			assert_int_equal(
				gp_dkim_bodies_want(bodies, GP_DKIM_SIMPLE, GP_DKIM_WHOLE, &id),
				GP_OK);
		assert_int_equal(gp_body_read(reader, &body), bites.status);
		assert_int_equal(bites.calls > 0, round > 0);
		if (round == 1) {
			assert_int_equal(gp_crypto_digest_of(digest,
						 gp_span_from("Hi.\r\n\r\nWe lost.\r\n"), hash),
				GP_OK);
			assert_memory_equal(gp_dkim_bodies_hash(bodies, id), hash, sizeof hash);
		}
		gp_dkim_bodies_fini(bodies);
		gp_arena_free(arena);
	}
}

/* ceiling: the arena's refusal comes through. */
static void ceiling(void **state)
{
	struct gp_arena *arena = gp_arena_new(100);
	struct gp_dkim_bodies *bodies;
	(void)state;
	assert_int_equal(gp_dkim_bodies_new(arena, digest, NULL, &bodies), GP_ETOOBIG);
	gp_arena_free(arena);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc6376_3_4_5_header),
		cmocka_unit_test(relaxed_fields),
		cmocka_unit_test(signature_field),
		cmocka_unit_test(rfc6376_3_4_bodies),
		cmocka_unit_test(every_short_body),
		cmocka_unit_test(every_split_gives_the_same_hash),
		cmocka_unit_test(long_quiet_runs),
		cmocka_unit_test(with_lf),
		cmocka_unit_test(long_lines),
		cmocka_unit_test(defects),
		cmocka_unit_test(defects_anywhere),
		cmocka_unit_test(one_hash_for_each_pair),
		cmocka_unit_test(lengths_in_any_order),
		cmocka_unit_test(reading),
		cmocka_unit_test(ceiling),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, set_up, tear_down) ? 1 : 0;
}
