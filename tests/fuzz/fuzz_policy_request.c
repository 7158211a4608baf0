/* SPDX-License-Identifier: ISC */
/*
 * What comes over the policy socket: cut out, parsed, turned into an envelope; then the input once
 * more as text of an answer, which must stay one line.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/target.h"
#include "policyd/protocol.h"

#define ANSWER_MAX 4096

const char *const fuzz_reached_seed = "postfix-3.7";

static int reached;

/* fuzz_reached: was the last input a request that may be answered? */
int fuzz_reached(void)
{
	return reached;
}

/* demand: a promise of the header. */
static void demand(bool kept)
{
	if (!kept)
		abort();
}

/* is_inside: a value is a view of the text, without a line end. */
static bool is_inside(struct gp_span value, struct gp_span text)
{
	if (value.len == 0)
		return true;
	return value.ptr >= text.ptr && value.ptr + value.len <= text.ptr + text.len &&
	       !memchr(value.ptr, '\n', value.len) && !memchr(value.ptr, 0, value.len);
}

/* length: where the request ends; not earlier when less has been read, nor elsewhere with more. */
static size_t length(struct gp_span bytes)
{
	size_t n = gp_protocol_length(bytes);
	demand(n <= bytes.len);
	if (n == 0)
		return 0;
	demand(bytes.ptr[n - 1] == '\n' && (n == 1 || bytes.ptr[n - 2] == '\n'));
	demand(gp_protocol_length((struct gp_span) {bytes.ptr, n}) == n);
	demand(gp_protocol_length((struct gp_span) {bytes.ptr, n - 1}) == 0);
	return n;
}

/* parse: the attributes and the envelope that they make. */
static void parse(struct gp_span text)
{
	struct gp_protocol_request r;
	struct gp_envelope envelope;
	const char *problem = NULL;
	int rc = gp_protocol_parse(text, &r, &problem);
	demand(rc == GP_OK || (rc == GP_ESYNTAX && problem && *problem));
	if (rc)
		return;
	const struct gp_span values[] = {r.request, r.protocol_state, r.client_address,
		r.client_name, r.server_address, r.helo_name, r.sender, r.recipient, r.queue_id,
		r.instance, r.sasl_username};
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
		demand(is_inside(values[i], text));
	gp_protocol_envelope(&r, &envelope);
	bool is_unknown = r.client_address.len == 0 || gp_span_is(r.client_address, "unknown");
	demand(is_unknown == (envelope.client.family == GP_IP_NONE));
	demand(!gp_span_is(envelope.client_name, "unknown"));
	reached = !is_unknown && r.state == GP_STATE_RCPT;
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
		demand(rc == (strlen(reply) + strlen("action=PREPEND \n\n") > ANSWER_MAX
					     ? GP_ETOOBIG
					     : GP_OK));
		if (rc == GP_OK)
			demand(length(gp_strbuf_span(&buf)) == buf.len &&
				strchr(answer, '\n') == answer + buf.len - 2 &&
				!strchr(answer, '\r') && strncmp(answer, "action=", 7) == 0);
	}
	gp_arena_free(arena);
}

/* LLVMFuzzerTestOneInput: all requests of a stream, then the answer. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct gp_span whole = {(const char *)data, size};
	struct gp_span rest = whole;
	size_t n;
	reached = 0;
	while ((n = length(rest)) > 0) {
		parse((struct gp_span) {rest.ptr, n});
		rest = gp_span_skip(rest, n);
	}
	parse(rest); /* a session would wait; nothing in it may be read past its end */
	format(whole);
	return 0;
}
