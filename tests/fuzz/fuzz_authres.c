/* SPDX-License-Identifier: ISC */
/*
 * A field from outside, read; and the same bytes as values of fields of ours: what the writer made
 * of them is one field with exactly the results that were written.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/target.h"
#include "mail/authres.h"

#define PARTS_MAX 4 /* what more of them would show costs more runs than it is worth */

const char *const fuzz_reached_seed = "comments-everywhere";

static bool reached;

/* fuzz_reached: was the last input a field? */
int fuzz_reached(void)
{
	return reached;
}

/* check_span: never longer than what it was read from, and free of controls. */
static void check_span(struct gp_span part, struct gp_span value)
{
	fuzz_require(part.len <= value.len);
	for (size_t i = 0; i < part.len; i++)
		fuzz_require(part.ptr[i] != 0 && part.ptr[i] != 0x7f);
}

/* check_read: a field that was taken is within its bounds, and is read again alike. */
static void check_read(struct gp_arena *arena, struct gp_span value)
{
	struct gp_authres a;
	int rc = gp_authres_parse(arena, value, &a);
	fuzz_require(rc == GP_OK || rc == GP_ESYNTAX);
	reached = rc == GP_OK;
	fuzz_require(a.count <= GP_AUTHRES_RESULTS);
	for (size_t i = 0; i < a.count; i++) {
		const struct gp_authres_result *r = &a.results[i];
		fuzz_require(r->method.len && r->result.len && r->count <= GP_AUTHRES_PROPERTIES);
		check_span(r->reason, value);
		for (size_t j = 0; j < r->count; j++) {
			fuzz_require(r->properties[j].property.len);
			check_span(r->properties[j].ptype, value);
			check_span(r->properties[j].value, value);
		}
	}
	unsigned instance;
	struct gp_span rest;
	if (gp_authres_instance(value, &instance, &rest))
		fuzz_require(instance <= 99 && rest.len < value.len);
}

/* write_field: each line of the input is one result with a comment, reason and two values. */
static size_t write_field(
	struct gp_arena *arena, struct gp_span input, struct gp_strbuf *buf, const char *fold)
{
	struct gp_authres_writer w;
	struct gp_span rest = input, part;
	size_t count = 0;
	gp_authres_begin(&w, buf, "mx.example.org", fold);
	for (bool more = true; more && count < PARTS_MAX; count++) {
		more = gp_span_cut(rest, '\n', &part, &rest);
		const char *text = gp_arena_copy(arena, part);
		fuzz_require(text);
		gp_authres_result(&w, "dkim", count % 2 ? "pass" : "fail");
		gp_authres_comment(&w, text);
		gp_authres_reason(&w, text);
		gp_authres_property(&w, "header", "d", part);
		gp_authres_property(&w, "header", "i", input);
	}
	gp_authres_end(&w);
	return count;
}

/* is_plain: does a value come back as it was? */
static bool is_plain(struct gp_span text)
{
	return gp_span_is_printable_ascii(text) && text.len <= 256;
}

/* check_written: one field, its lines folds and short, its results those that were written. */
static void check_written(struct gp_arena *arena, struct gp_span input, const char *fold)
{
	struct gp_strbuf b;
	const char *text;
	struct gp_authres a;
	gp_strbuf_init(&b, arena, 1 << 20);
	size_t count = write_field(arena, input, &b, fold);
	fuzz_require(gp_strbuf_finish(&b, &text) == GP_OK && strlen(text) == b.len);
	for (size_t i = 0, line = 0; i < b.len; i++) {
		unsigned char c = (unsigned char)text[i];
		line = c == '\n' ? 0 : line + 1;
		fuzz_require(line < 998 || *fold == ' ');
		fuzz_require(c >= 0x20 || (c == '\n' && text[i + 1] == '\t') ||
			     (c == '\t' && text[i - 1] == '\n'));
	}
	fuzz_require(gp_authres_parse(arena, gp_span_from(text), &a) == GP_OK);
	fuzz_require(a.count == count && gp_span_is(a.authserv_id, "mx.example.org"));
	struct gp_span rest = input, part;
	for (size_t i = 0; i < count; i++) {
		const struct gp_authres_result *r = &a.results[i];
		(void)gp_span_cut(rest, '\n', &part, &rest); /* the last one has no end */
		fuzz_require(gp_span_is(r->method, "dkim") && r->count == 2);
		fuzz_require(gp_span_is(r->result, i % 2 ? "pass" : "fail"));
		fuzz_require(gp_span_is(r->properties[0].property, "d"));
		fuzz_require(gp_span_is(r->properties[1].property, "i"));
		fuzz_require(!is_plain(part) || gp_span_equal(r->properties[0].value, part));
		fuzz_require(!is_plain(input) || gp_span_equal(r->properties[1].value, input));
	}
}

/* LLVMFuzzerTestOneInput: read, then write and read, folded for every other length. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct gp_span input = {(const char *)data, size};
	struct gp_arena *arena = gp_arena_new((1 << 23) + 64 * size);
	check_read(arena, input);
	check_written(arena, input, size % 2 ? "\n\t" : " ");
	gp_arena_free(arena);
	return 0;
}
