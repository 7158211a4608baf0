/* SPDX-License-Identifier: ISC */
/*
 * A body from outside through sinks of different appetite: what each gets is a beginning of the
 * text of the wire, which is made here a second time, and depends neither on the others nor on how
 * the body is cut. The first byte says how it is cut, the second how much one sink wants, its
 * highest bit which line ends it has.
 */
#include <string.h>

#include "fuzz/target.h"
#include "mail/body.h"

const char *const fuzz_reached_seed = "lines";

static bool reached;

/* fuzz_reached: was the last input a body with line ends that were changed? */
int fuzz_reached(void)
{
	return reached;
}

/* What a sink has been told. */
struct taker {
	char *text;
	size_t len, room, appetite;
	int answer;
	bool began, is_over, ended;
};

/* take_begin: first, once. */
static int take_begin(void *arg)
{
	struct taker *t = arg;
	fuzz_require(!t->began);
	t->began = true;
	return GP_OK;
}

/* take_bytes: never more than there can be, never after the answer. */
static int take_bytes(void *arg, struct gp_span bytes)
{
	struct taker *t = arg;
	fuzz_require(t->began && !t->ended && !t->is_over);
	fuzz_require(bytes.len > 0 && bytes.len <= t->room - t->len);
	memcpy(t->text + t->len, bytes.ptr, bytes.len);
	t->len += bytes.len;
	t->is_over = t->len >= t->appetite;
	return t->is_over ? t->answer : GP_OK;
}

/* take_end: last, once, and never after a failure. */
static void take_end(void *arg)
{
	struct taker *t = arg;
	fuzz_require(t->began && !t->ended && !(t->is_over && t->answer < 0));
	t->ended = true;
}

/* wire_of: the text with CRLF for each LF, the plain way; returns its length. */
static size_t wire_of(struct gp_span text, enum gp_message_ending ending, char *out)
{
	size_t n = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (ending == GP_MESSAGE_LF && text.ptr[i] == '\n')
			out[n++] = '\r';
		out[n++] = text.ptr[i];
	}
	return n;
}

/* pass: through three sinks, in pieces of up to step bytes; the defect that was seen. */
static const char *pass(
	struct gp_span text, enum gp_message_ending ending, size_t step, struct taker takers[3])
{
	struct gp_arena *arena = gp_arena_new(1 << 14);
	struct gp_body *body;
	fuzz_require(arena && gp_body_new(arena, &body) == GP_OK);
	for (size_t i = 0; i < 3; i++) {
		const struct gp_body_sink sink = {take_begin, take_bytes, take_end, &takers[i]};
		fuzz_require(gp_body_add(body, &sink) == GP_OK);
	}
	for (size_t i = 0, n = step; i < text.len; i += n, n = n * 7 % step + 1)
		gp_body_feed(body,
			(struct gp_span) {text.ptr + i, n < text.len - i ? n : text.len - i},
			ending);
	gp_body_finish(body);
	const char *defect = gp_body_defect(body); /* static */
	gp_arena_free(arena);
	return defect;
}

/* check: one that wants all, one that has enough, one that fails. */
static const char *check(
	struct gp_span text, enum gp_message_ending ending, size_t step, size_t appetite)
{
	size_t room = 2 * text.len + 1;
	char *storage = malloc(4 * room), *wire = storage + 3 * room;
	fuzz_require(storage != NULL);
	struct taker takers[3] = {{.appetite = SIZE_MAX},
		{.appetite = appetite, .answer = GP_BODY_ENOUGH},
		{.appetite = appetite, .answer = GP_EIO}};
	for (size_t i = 0; i < 3; i++) {
		takers[i].text = storage + i * room;
		takers[i].room = room;
	}
	const char *defect = pass(text, ending, step, takers);
	size_t len = wire_of(text, ending, wire);
	for (size_t i = 0; i < 3; i++)
		fuzz_require(takers[i].began && takers[i].len <= len &&
			     memcmp(takers[i].text, wire, takers[i].len) == 0);
	fuzz_require(takers[0].len == len && takers[0].ended && takers[1].ended);
	fuzz_require(takers[1].len == takers[2].len);
	fuzz_require(takers[1].len == len || takers[1].len >= appetite);
	fuzz_require(takers[2].ended == !takers[2].is_over);
	reached = len > text.len;
	free(storage);
	return defect;
}

/* LLVMFuzzerTestOneInput: whole and cut. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	reached = false;
	if (size < 2)
		return 0;
	const struct gp_span text = {(const char *)data + 2, size - 2};
	enum gp_message_ending ending = data[1] & 0x80 ? GP_MESSAGE_CRLF : GP_MESSAGE_LF;
	size_t appetite = (data[1] & 0x7fu) + 1;
	const char *defect = check(text, ending, text.len + 1, appetite);
	fuzz_require(check(text, ending, 1u + data[0], appetite) == defect);
	return 0;
}
