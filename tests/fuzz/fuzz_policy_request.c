/* SPDX-License-Identifier: ISC */
/*
 * What comes over the policy socket: cut out, whole and in pieces, parsed, turned into an envelope;
 * then the input once more as text of an answer, which must stay one line.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/target.h"
#include "policyd/protocol.h"
#include "policyd/reader.h"

#define ANSWER_MAX 4096

const char *const fuzz_reached_seed = "postfix-3.7";

static int reached;

/* fuzz_reached: was the last input a request that may be answered? */
int fuzz_reached(void)
{
	return reached;
}

/* is_inside: a value is a view of the text, without a line end. */
static bool is_inside(struct gp_span value, struct gp_span text)
{
	if (value.len == 0)
		return true;
	return value.ptr >= text.ptr && value.ptr + value.len <= text.ptr + text.len &&
	       !memchr(value.ptr, '\n', value.len) && !memchr(value.ptr, 0, value.len);
}

/* parse: the attributes and the envelope that they make. */
static void parse(struct gp_span text)
{
	struct gp_protocol_request r;
	struct gp_envelope envelope;
	const char *problem = NULL;
	int rc = gp_protocol_parse(text, &r, &problem);
	fuzz_require(rc == GP_OK || (rc == GP_ESYNTAX && problem && *problem));
	const struct gp_span values[] = {r.request, r.protocol_state, r.client_address,
		r.client_name, r.server_address, r.helo_name, r.sender, r.recipient, r.queue_id,
		r.instance, r.sasl_username};
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
		fuzz_require(is_inside(values[i], text));
	gp_protocol_envelope(&r, &envelope);
	bool is_unknown = r.client_address.len == 0 || gp_span_is(r.client_address, "unknown");
	fuzz_require((is_unknown || envelope.client_is_unreadable) ==
		     (envelope.client.family == GP_IP_NONE));
	fuzz_require(!gp_span_is(envelope.client_name, "unknown"));
	fuzz_require(r.size >= 0 && r.size <= GP_PROTOCOL_NUMBER_MAX);
	fuzz_require(r.recipient_count >= 0 && r.recipient_count <= GP_PROTOCOL_NUMBER_MAX);
	fuzz_require(r.instance.len <= GP_PROTOCOL_INSTANCE_MAX);
	if (rc == GP_OK)
		reached = envelope.client.family != GP_IP_NONE && r.state == GP_STATE_RCPT;
}

/* What the requests of a stream come to. */
struct seen {
	size_t requests, bytes;
	uint64_t sum;
	bool is_broken;
};

/* note: one request, for comparing. */
static void note(struct seen *seen, struct gp_span request)
{
	fuzz_require(request.len && request.ptr[request.len - 1] == '\n');
	fuzz_require(request.len == 1 || request.ptr[request.len - 2] == '\n');
	seen->requests++;
	seen->bytes += request.len;
	for (size_t i = 0; i < request.len; i++)
		seen->sum = seen->sum * 31 + (unsigned char)request.ptr[i];
}

/* read_all: a stream in pieces of this size; each of its requests is parsed. */
static struct seen read_all(struct gp_span stream, size_t piece)
{
	struct gp_reader *r = malloc(sizeof *r);
	struct gp_span request;
	struct seen seen = {0};
	fuzz_require(r != NULL);
	gp_reader_init(r);
	for (;;) {
		enum gp_reader_found found = gp_reader_find(r, &request);
		if (found == GP_READER_WHOLE || found == GP_READER_TOO_LARGE) {
			note(&seen, request);
			parse(request);
			gp_reader_next(r);
			continue;
		}
		seen.is_broken = found == GP_READER_BROKEN;
		if (seen.is_broken || stream.len == 0)
			break;
		char *place;
		size_t room;
		gp_reader_space(r, &place, &room);
		fuzz_require(room > 0);
		room = room < piece ? room : piece;
		room = room < stream.len ? room : stream.len;
		memcpy(place, stream.ptr, room);
		gp_reader_add(r, room);
		stream = gp_span_skip(stream, room);
	}
	parse(gp_reader_begun(r)); /* for the log; nothing may be read past its end */
	gp_reader_fini(r);
	free(r);
	return seen;
}

/* is_one: is the answer one request's worth of lines? */
static bool is_one(struct gp_span answer)
{
	const struct seen seen = read_all(answer, answer.len);
	return seen.requests == 1 && seen.bytes == answer.len && !seen.is_broken;
}

/* format: one line and an empty one, whatever the text; or a refusal that is remembered. */
static void format(struct gp_span text)
{
	struct gp_arena *arena = gp_arena_new(1 << 18);
	struct gp_strbuf buf;
	const char *answer, *reply = gp_arena_copy(arena, text);
	if (reply) {
		gp_strbuf_init(&buf, arena, ANSWER_MAX);
		gp_protocol_format(&buf, "PREPEND", reply);
		int rc = gp_strbuf_finish(&buf, &answer);
		fuzz_require(rc == (strlen(reply) + strlen("action=PREPEND \n\n") > ANSWER_MAX
						   ? GP_ETOOBIG
						   : GP_OK));
		if (rc == GP_OK)
			fuzz_require(is_one(gp_strbuf_span(&buf)) &&
				     strchr(answer, '\n') == answer + buf.len - 2 &&
				     !strchr(answer, '\r') && strncmp(answer, "action=", 7) == 0);
	}
	gp_arena_free(arena);
}

/* LLVMFuzzerTestOneInput: all requests of a stream, at once and in pieces; then the answer. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct gp_span whole = {(const char *)data, size};
	reached = 0;
	format(whole);
	reached = 0;
	const struct seen pieces = read_all(whole, size % 7 + 1), once = read_all(whole, size + 1);
	fuzz_require(pieces.requests == once.requests && pieces.bytes == once.bytes &&
		     pieces.sum == once.sum && pieces.is_broken == once.is_broken);
	return 0;
}
