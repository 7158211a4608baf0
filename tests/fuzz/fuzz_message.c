/* SPDX-License-Identifier: ISC */
/*
 * A header from outside, read with either line end: fields are pieces of the text, one after the
 * other, and what has LF line ends is read as the same with CRLF.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/target.h"
#include "mail/message.h"

const char *const fuzz_reached_seed = "folds";

static bool reached;

/* fuzz_reached: was the last input a header without a defect? */
int fuzz_reached(void)
{
	return reached;
}

/* check: fields follow each other without a gap but CRLF, and are made of name and value. */
static void check(const struct gp_message *m)
{
	for (size_t i = 0; i < m->count; i++) {
		const struct gp_message_field *f = &m->fields[i];
		if (i > 0 && f->raw.ptr != f[-1].raw.ptr + f[-1].raw.len + 2)
			abort();
		if (f->value.ptr + f->value.len != f->raw.ptr + f->raw.len && f->value.len)
			abort();
		if ((f->name.len == 0 && !m->defect) || (f->name.len && f->name.ptr != f->raw.ptr))
			abort();
		if (f->name.len && gp_message_count(m, "From") && !gp_message_find(m, "From"))
			abort();
	}
}

/* parse: with one line end; the arena is the result's. */
static bool parse(struct gp_arena *arena, struct gp_span text, enum gp_message_ending ending,
	struct gp_message *m)
{
	int rc = gp_message_parse(arena, text, ending, m);
	if (rc != GP_OK && rc != GP_ETOOBIG)
		abort();
	if (!rc)
		check(m);
	return !rc;
}

/* compare: LF text against the same text with CRLF. */
static void compare(struct gp_span text, const struct gp_message *lf)
{
	struct gp_arena *arena = gp_arena_new(1 << 23);
	struct gp_message m;
	char *copy = malloc(2 * text.len + 1);
	size_t n = 0;
	if (!copy || !arena)
		abort();
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\n')
			copy[n++] = '\r';
		copy[n++] = text.ptr[i];
	}
	if (parse(arena, (struct gp_span) {copy, n}, GP_MESSAGE_CRLF, &m)) {
		if (m.count != lf->count)
			abort();
		for (size_t i = 0; i < m.count; i++)
			if (!gp_span_equal(m.fields[i].raw, lf->fields[i].raw))
				abort();
	}
	free(copy);
	gp_arena_free(arena);
}

/* LLVMFuzzerTestOneInput: split, then the header with either line end. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct gp_span text = {(const char *)data, size};
	struct gp_arena *arena = gp_arena_new(1 << 23);
	struct gp_message m;
	struct gp_span header;
	size_t body_at;
	enum gp_message_ending ending;
	gp_message_split(text, &header, &body_at, &ending);
	if (body_at > size || header.len > body_at)
		abort();
	reached = parse(arena, header, ending, &m) && m.count > 1 && !m.defect;
	(void)parse(arena, text, GP_MESSAGE_CRLF, &m); /* checked in there */
	if (!memchr(text.ptr ? text.ptr : "", '\r', size) && parse(arena, text, GP_MESSAGE_LF, &m))
		compare(text, &m);
	gp_arena_free(arena);
	return 0;
}
