/* SPDX-License-Identifier: ISC */
/* What an SMTP server says, reply after reply, as gatepost try reads it. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "cli/try/try_reply.h"
#include "fuzz/target.h"

const char *const fuzz_reached_seed = "ehlo";

static int reached;

/* look: every line lies within the text, and what is read from it keeps its bounds. */
static void look(const struct gp_try_reply *reply, struct gp_span text)
{
	char status[GP_TRY_STATUS_TEXT];
	struct gp_span params;
	fuzz_require(reply->line_count >= 1 && reply->line_count <= GP_TRY_LINES_MAX);
	fuzz_require(reply->code >= 200 && reply->code <= 599);
	for (size_t i = 0; i < reply->line_count; i++) {
		const struct gp_span line = reply->lines[i];
		fuzz_require(line.len <= GP_TRY_LINE_MAX && line.ptr >= text.ptr &&
			     line.ptr + line.len <= text.ptr + text.len);
		fuzz_require(!line.len || !memchr(line.ptr, '\n', line.len));
	}
	fuzz_require(strlen(gp_try_reply_status(reply, status)) < GP_TRY_STATUS_TEXT);
	if (gp_try_reply_offers(reply, "XCLIENT", &params))
		reached = reached || params.len > 0;
}

/* LLVMFuzzerTestOneInput: each reply uses some of the text and no more than there is. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gp_span rest = {(const char *)data, size};
	struct gp_try_reply reply;
	size_t used = 0;
	reached = 0;
	while (gp_try_reply_parse(rest, &reply, &used) == GP_OK) {
		fuzz_require(used > 0 && used <= rest.len);
		look(&reply, (struct gp_span) {rest.ptr, used});
		rest = gp_span_skip(rest, used);
	}
	return 0;
}

/* fuzz_reached: the last input had a reply that offers XCLIENT with attributes. */
int fuzz_reached(void)
{
	return reached;
}
