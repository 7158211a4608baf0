/* SPDX-License-Identifier: ISC */
/*
 * Each byte is looked at once for the end of its line, however the bytes come. The memory doubles
 * up to the ceiling; at the ceiling whole lines at its beginning stay and the space after them is
 * filled over and over until the empty line has come.
 */
#include "policyd/reader.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_LEAST 1024 /* that is worth the work of dropping something */

/* gp_reader_init: the first memory is the reader's own. */
void gp_reader_init(struct gp_reader *reader)
{
	/* not zeroed as a whole: only the pages that are read into become memory */
	reader->bytes = reader->first;
	reader->room = sizeof reader->first;
	reader->filled = reader->line = reader->scanned = reader->end = reader->head = 0;
	reader->is_mid_line = reader->is_too_large = false;
	reader->is_used = NULL;
}

/* gp_reader_fini: back to the first memory. */
void gp_reader_fini(struct gp_reader *reader)
{
	if (reader->bytes != reader->first)
		free(reader->bytes);
	gp_reader_init(reader);
}

/* grow: twice the memory; false at the ceiling, or where there is none. */
static bool grow(struct gp_reader *r)
{
	size_t room = r->room * 2;
	if (room > GP_READER_MAX)
		return false;
	char *bytes = realloc(r->bytes == r->first ? NULL : r->bytes, room);
	if (!bytes)
		return false;
	if (r->bytes == r->first)
		memcpy(bytes, r->first, r->filled);
	r->bytes = bytes;
	r->room = room;
	return true;
}

/* begin_skipping: whole lines at the beginning are kept. */
static void begin_skipping(struct gp_reader *r)
{
	size_t most = r->room / 2 < GP_READER_HEAD ? r->room / 2 : GP_READER_HEAD;
	size_t limit = r->line < most ? r->line : most;
	const char *lf = limit ? memrchr(r->bytes, '\n', limit) : NULL;
	r->head = lf ? (size_t)(lf - r->bytes) + 1 : 0;
	r->is_too_large = true;
}

/* is_unused: a line, or its beginning, with the name of an attribute that nobody uses? */
static bool is_unused(const struct gp_reader *r, struct gp_span line)
{
	struct gp_span name, value;
	return gp_span_cut(line, '=', &name, &value) && !r->is_used(name);
}

/*
 * drop_unused: whole lines of unused attributes, and of one under way what there is of its value,
 * so that the rest of it goes the same way. True: that has made room enough to read on.
 */
static bool drop_unused(struct gp_reader *r)
{
	size_t to = 0;
	for (size_t at = 0; at < r->line;) {
		size_t n =
			(size_t)((char *)memchr(r->bytes + at, '\n', r->line - at) + 1 - r->bytes) -
			at;
		if (!is_unused(r, (struct gp_span) {r->bytes + at, n})) {
			memmove(r->bytes + to, r->bytes + at, n);
			to += n;
		}
		at += n;
	}
	struct gp_span begun = {r->bytes + r->line, r->filled - r->line};
	if (is_unused(r, begun)) /* which has a = */
		begun.len = (size_t)((char *)memchr(begun.ptr, '=', begun.len) + 1 - begun.ptr);
	memmove(r->bytes + to, begun.ptr, begun.len);
	r->line = to;
	r->filled = r->scanned = to + begun.len;
	return r->room - r->filled >= ROOM_LEAST;
}

/* gp_reader_space: after what is there; a request that is too large is written over. */
void gp_reader_space(struct gp_reader *reader, char **place_out, size_t *room_out)
{
	struct gp_reader *r = reader;
	bool is_full = r->filled == r->room;
	if (is_full && !r->is_too_large && r->is_used)
		is_full = !drop_unused(r);
	/* what was dropped may be too little to be worth while, and is room all the same */
	if (is_full && (r->is_too_large || !grow(r)) && r->filled == r->room) {
		if (!r->is_too_large)
			begin_skipping(r);
		r->is_mid_line = r->line < r->filled;
		r->filled = r->line = r->scanned = r->head;
	}
	*place_out = r->bytes + r->filled;
	*room_out = r->room - r->filled;
}

/* gp_reader_add: after what is there. */
void gp_reader_add(struct gp_reader *reader, size_t count)
{
	reader->filled += count;
}

/* clean: a NUL would end a text in the middle. */
static void clean(char *bytes, size_t len)
{
	char *nul;
	while ((nul = memchr(bytes, 0, len))) {
		*nul = '?';
		len -= (size_t)(nul + 1 - bytes);
		bytes = nul + 1;
	}
}

/* finish: the empty line ends at this place. */
static enum gp_reader_found finish(struct gp_reader *r, size_t end, struct gp_span *request_out)
{
	size_t len = end;
	r->end = end;
	if (r->is_too_large) {
		r->bytes[r->head] = '\n'; /* the empty line, after what is kept */
		len = r->head + 1;
	}
	clean(r->bytes, len);
	*request_out = (struct gp_span) {r->bytes, len};
	return r->is_too_large ? GP_READER_TOO_LARGE : GP_READER_WHOLE;
}

/* gp_reader_find: line by line. */
enum gp_reader_found gp_reader_find(struct gp_reader *reader, struct gp_span *request_out)
{
	struct gp_reader *r = reader;
	const char *lf;
	if (r->end)
		return finish(r, r->end, request_out);
	while ((lf = memchr(r->bytes + r->scanned, '\n', r->filled - r->scanned))) {
		size_t at = (size_t)(lf - r->bytes), begun = r->line;
		bool is_empty = at == begun && !r->is_mid_line;
		if (is_empty)
			return finish(r, at + 1, request_out);
		if (!r->is_too_large && !memchr(r->bytes + begun, '=', at - begun))
			return GP_READER_BROKEN;
		r->is_mid_line = false;
		r->line = r->scanned = at + 1;
	}
	r->scanned = r->filled;
	return GP_READER_MORE;
}

/*
 * gp_reader_next: what lies behind the request comes to the front, in the first memory if it fits.
 */
void gp_reader_next(struct gp_reader *reader)
{
	struct gp_reader *r = reader;
	size_t left = r->filled - r->end;
	const char *rest = r->bytes + r->end;
	char *large = r->bytes != r->first && left <= sizeof r->first ? r->bytes : NULL;
	if (large) {
		r->bytes = r->first;
		r->room = sizeof r->first;
	}
	memmove(r->bytes, rest, left);
	free(large);
	r->filled = left;
	r->line = r->scanned = r->end = r->head = 0;
	r->is_mid_line = r->is_too_large = false;
}

/* gp_reader_has_begun: also one of which nothing is kept. */
bool gp_reader_has_begun(const struct gp_reader *reader)
{
	return reader->filled > 0 || reader->is_too_large;
}

/* gp_reader_begun: of one that is too large what is kept. */
struct gp_span gp_reader_begun(struct gp_reader *reader)
{
	size_t len = reader->is_too_large ? reader->head : reader->filled;
	clean(reader->bytes, len);
	return (struct gp_span) {reader->bytes, len};
}
