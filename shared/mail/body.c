/* SPDX-License-Identifier: ISC */
/*
 * Text with LF line ends gets those of the wire in parts, once for all sinks. A part goes to each
 * sink that is open; what is looked for in it is found by loops without branches, which compilers
 * turn into vector instructions.
 */
#include "mail/body.h"

#include <stdbool.h>
#include <string.h>

#define BLOCK 32        /* bytes copied together */
#define LONG_BLOCK 256  /* bytes looked at together */
#define CONVERT 2048    /* bytes with LF that become CRLF at a time */
#define READ_SIZE 32768 /* bytes asked for at a time */

/* A sink, and whether it is told anything more. */
struct place {
	struct gp_body_sink sink;
	bool wants_bytes, wants_end;
};

struct gp_body {
	struct gp_arena *arena;
	size_t count;
	struct place places[GP_BODY_SINKS_MAX];
	bool began;
	bool last_cr; /* the last byte of the last piece */
	const char *defect;
};

static const char bare_cr[] = "the body has a bare CR";
static const char bare_lf[] = "the body has a bare LF";
static const char nul[] = "the body has a NUL byte";

/* gp_body_new: nobody wants it yet. */
int gp_body_new(struct gp_arena *arena, struct gp_body **body_out)
{
	struct gp_body *body = gp_arena_alloc(arena, sizeof *body);
	if (!body)
		return gp_arena_status(arena);
	*body = (struct gp_body) {.arena = arena};
	*body_out = body;
	return GP_OK;
}

/* gp_body_add: a copy. */
int gp_body_add(struct gp_body *body, const struct gp_body_sink *sink)
{
	if (body->began)
		return GP_EINVAL;
	if (body->count == GP_BODY_SINKS_MAX)
		return GP_ETOOBIG;
	body->places[body->count++] =
		(struct place) {.sink = *sink, .wants_bytes = true, .wants_end = true};
	return GP_OK;
}

/* gp_body_has_begun: with the first piece, or with finish. */
bool gp_body_has_begun(const struct gp_body *body)
{
	return body->began;
}

/* begin: each sink, before the first byte. */
static void begin(struct gp_body *body)
{
	if (body->began)
		return;
	body->began = true;
	for (size_t i = 0; i < body->count; i++) {
		struct place *place = &body->places[i];
		if (place->sink.begin && place->sink.begin(place->sink.arg) < 0)
			place->wants_bytes = place->wants_end = false;
	}
}

/* is_wanted: by any sink. */
static bool is_wanted(const struct gp_body *body)
{
	for (size_t i = 0; i < body->count; i++)
		if (body->places[i].wants_bytes)
			return true;
	return false;
}

/* deliver: bytes with CRLF line ends, to each sink that wants more. */
static void deliver(struct gp_body *body, struct gp_span bytes)
{
	for (size_t i = 0; i < body->count; i++) {
		struct place *place = &body->places[i];
		if (!place->wants_bytes)
			continue;
		int rc = place->sink.bytes(place->sink.arg, bytes);
		place->wants_bytes = rc == GP_OK;
		place->wants_end = rc >= GP_OK;
	}
}

/* ---- line ends ---- */

struct block {
	char bytes[BLOCK];
};

/* copy_block: as a struct, which is a few moves. A memcpy becomes a call that compares sizes where
 * the room is known only as the program runs (_FORTIFY_SOURCE 3); the caller has compared them. */
static void copy_block(char *to, const char *from)
{
	*(struct block *)to = *(const struct block *)from;
}

/*
 * copy_line: a line, in blocks as long as both sides may be touched beyond its end: a call for some
 * dozens of bytes costs more than copying them.
 */
static void copy_line(char *to, const char *from, size_t len, size_t left)
{
	if (left < len + BLOCK) {
		memcpy(to, from, len);
		return;
	}
	for (size_t i = 0; i < len; i += BLOCK)
		copy_block(to + i, from + i);
}

/* to_crlf: LF becomes CRLF, line by line. made has room for twice the text and a block. Returns how
 * many bytes were made. */
static size_t to_crlf(char *made, struct gp_span text)
{
	const char *p = text.ptr, *end = text.ptr + text.len;
	char *out = made;
	while (p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((lf ? lf : end) - p);
		copy_line(out, p, len, (size_t)(end - p));
		out += len;
		p += len;
		if (lf) {
			*out++ = '\r';
			*out++ = '\n';
			p++;
		}
	}
	return (size_t)(out - made);
}

/* deliver_lf: the same from text with LF line ends. */
static void deliver_lf(struct gp_body *body, struct gp_span text)
{
	char made[2 * CONVERT + BLOCK];
	while (text.len && is_wanted(body)) {
		size_t part = text.len < CONVERT ? text.len : CONVERT;
		size_t n = to_crlf(made, (struct gp_span) {text.ptr, part});
		deliver(body, (struct gp_span) {made, n});
		text = gp_span_skip(text, part);
	}
}

/* ---- what may not be as it was sent ---- */

/*
 * block_is_odd: a NUL, or a CR without LF or LF without CR, in a long block? Reads one byte beyond.
 */
static bool block_is_odd(const unsigned char *p)
{
	unsigned char found = 0;
	for (size_t i = 0; i < LONG_BLOCK; i++)
		found |= (p[i] == 0) | ((p[i] == '\r') ^ (p[i + 1] == '\n'));
	return found;
}

/* pair_defect: what is wrong with a byte and the one after it; NULL: nothing. */
static const char *pair_defect(bool is_cr, unsigned char next)
{
	if (is_cr && next != '\n')
		return bare_cr;
	if (!is_cr && next == '\n')
		return bare_lf;
	return next == 0 ? nul : NULL;
}

/* look: for what may not be as it was sent, in text with CRLF line ends. */
static void look(struct gp_body *body, struct gp_span text)
{
	const unsigned char *p = (const unsigned char *)text.ptr, *end = p + text.len;
	bool cr = body->last_cr;
	while (p < end && !body->defect) {
		if (end - p > LONG_BLOCK && (p[0] == '\n') == cr && !block_is_odd(p))
			p += LONG_BLOCK - 1;
		else
			body->defect = pair_defect(cr, *p);
		cr = *p++ == '\r';
	}
	body->last_cr = cr;
}

/* look_lf: the same where lines end with LF: then no CR belongs there. One counts more than a NUL,
 * wherever the two are, so that the pieces do not decide which is named. */
static void look_lf(struct gp_body *body, struct gp_span text)
{
	if (body->defect != bare_cr && memchr(text.ptr, '\r', text.len))
		body->defect = bare_cr;
	if (!body->defect && memchr(text.ptr, 0, text.len))
		body->defect = nul;
}

/* ---- reading ---- */

/* gp_body_feed: looked at and handed on. */
void gp_body_feed(struct gp_body *body, struct gp_span piece, enum gp_message_ending ending)
{
	begin(body);
	if (piece.len == 0)
		return;
	if (ending == GP_MESSAGE_LF) {
		look_lf(body, piece);
		deliver_lf(body, piece);
	} else {
		look(body, piece);
		deliver(body, piece);
	}
}

/* gp_body_finish: a CR at the end ends no line. */
void gp_body_finish(struct gp_body *body)
{
	begin(body);
	if (body->last_cr && !body->defect)
		body->defect = bare_cr;
	for (size_t i = 0; i < body->count; i++) {
		struct place *place = &body->places[i];
		if (place->wants_end && place->sink.end)
			place->sink.end(place->sink.arg);
		place->wants_bytes = place->wants_end = false;
	}
}

/* gp_body_read: buffer by buffer. */
int gp_body_read(struct gp_body *body, const struct gp_message_body *source)
{
	char *buffer = NULL;
	begin(body);
	if (is_wanted(body)) {
		buffer = gp_arena_alloc(body->arena, READ_SIZE);
		if (!buffer)
			return gp_arena_status(body->arena);
	}
	while (is_wanted(body)) {
		size_t got = 0;
		int rc = source->read(source->arg, buffer, READ_SIZE, &got);
		if (rc)
			return rc;
		if (got == 0)
			break;
		gp_body_feed(body, (struct gp_span) {buffer, got}, source->ending);
	}
	gp_body_finish(body);
	return GP_OK;
}

/* gp_body_defect: the first that was seen. */
const char *gp_body_defect(const struct gp_body *body)
{
	return body->defect;
}
