/* SPDX-License-Identifier: ISC */
/*
 * Arguments as Exim's macros hand them over, one after each NUL of the input: whatever a client put
 * into one stays in its place, and no later line of the first changes an earlier one.
 */
#include <stdlib.h>
#include <string.h>

#include "exim-dlfunc/args.h"
#include "exim-dlfunc/authres_spoof.h"
#include "exim-dlfunc/spool.h"
#include "fuzz/target.h"

const char *const fuzz_reached_seed = "whole";

static bool reached;

/* fuzz_reached: was the last input a call with a client and a message? */
int fuzz_reached(void)
{
	return reached;
}

/* is_within: does a span lie in another one? */
static bool is_within(struct gp_span part, struct gp_span whole)
{
	return part.len == 0 || (part.ptr >= whole.ptr && part.len <= whole.len &&
					part.ptr + part.len <= whole.ptr + whole.len);
}

/* parts_of: all seven, for loops. */
static void parts_of(const struct gp_exim_place *p, struct gp_span parts_out[7])
{
	const struct gp_span all[7] = {
		p->conf, p->id, p->spool, p->server, p->lines, p->queue, p->host};
	memcpy(parts_out, all, sizeof all);
}

/* check_place: values lie within their lines, and more lines change none that there is. */
static void check_place(struct gp_span text)
{
	static const char more[] = "\nconf=/x\nid=x\nspool=x\nserver=x\nlines=x\nqueue=x\nhost=x";
	struct gp_exim_place place, longer;
	struct gp_span before[7], after[7];
	char *copy = malloc(text.len + sizeof more);
	fuzz_require(copy != NULL);
	if (text.len)
		memcpy(copy, text.ptr, text.len);
	memcpy(copy + text.len, more, sizeof more - 1);
	gp_exim_place_parse(text, &place);
	gp_exim_place_parse((struct gp_span) {copy, text.len + sizeof more - 1}, &longer);
	parts_of(&place, before);
	parts_of(&longer, after);
	for (size_t i = 0; i < 7; i++) {
		fuzz_require(is_within(before[i], text));
		fuzz_require(!before[i].len || !memchr(before[i].ptr, '\n', before[i].len));
		fuzz_require(!before[i].len || gp_span_equal(before[i], after[i]));
	}
	free(copy);
}

/* check_call: an address is one, and the envelope is what was given. */
static void check_call(const struct gp_span *args)
{
	struct gp_exim_call call;
	const char *problem = NULL;
	char text[GP_IPADDR_TEXT];
	int rc = gp_exim_call_parse(args, &call, &problem);
	fuzz_require(rc == GP_OK || (rc == GP_EINVAL && problem));
	fuzz_require(gp_span_equal(call.envelope.sender, args[GP_EXIM_SENDER]));
	fuzz_require(gp_span_equal(call.envelope.recipient, args[GP_EXIM_RECIPIENT]));
	fuzz_require(gp_span_equal(call.envelope.sasl_username, args[GP_EXIM_USER]));
	fuzz_require(is_within(call.envelope.client_name, call.place.host));
	fuzz_require(!call.envelope.client_name.len ||
		     !memchr(call.envelope.client_name.ptr, ' ', call.envelope.client_name.len));
	if (rc)
		return;
	fuzz_require((call.envelope.client.family == GP_IP_NONE) == (call.client.len == 0));
	if (call.client.len) {
		struct gp_ipaddr again;
		fuzz_require(
			gp_ipaddr_parse(gp_span_from(gp_ipaddr_format(&call.envelope.client, text)),
				&again) == GP_OK);
	}
	reached = call.client.len && gp_exim_spool_is_id(call.place.id);
}

/* LLVMFuzzerTestOneInput: seven arguments, the last one a field that may claim to be ours. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gp_span args[GP_EXIM_ENVELOPE_ARGS + 1], rest = {(const char *)data, size};
	struct gp_arena *arena = gp_arena_new(1 << 20);
	for (size_t i = 0; i <= GP_EXIM_ENVELOPE_ARGS; i++)
		gp_span_cut(rest, 0, &args[i], &rest);
	reached = false;
	check_place(args[GP_EXIM_PLACE]);
	check_call(args);
	struct gp_span field = args[GP_EXIM_HEADERS];
	bool forged = gp_exim_is_spoofed(arena, field, "mx.example.org");
	if (field.len < 64 && gp_span_has_prefix(field, "mx.example.org;"))
		fuzz_require(forged);
	gp_arena_free(arena);
	return 0;
}
