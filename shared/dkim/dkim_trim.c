/* SPDX-License-Identifier: ISC */
/*
 * A signature that fails, over a header of which the mail server takes lines: a blank line at the
 * end of a field is gone for relaxed as well as for people, but not for simple (RFC 6376 3.4.1).
 * Only the signature itself can tell that there was one: it holds when the line is put back.
 */
#include <string.h>

#include "base/trace.h"
#include "dkim/dkim_private.h"
#include "dns/dns.h"

#define INPUT_MAX 8192 /* bytes of a header that is tried: each try makes it anew */
#define TRIES_MAX 24   /* of a signature, within those that the message has left */

/* is_signed: does h= name it? */
static bool is_signed(const struct gp_dkim_sig *sig, struct gp_span name)
{
	for (size_t i = 0; i < sig->header_count; i++)
		if (gp_span_equal_nocase(sig->headers[i], name))
			return true;
	return false;
}

/* try_field: the signature over the message with a line at the end of one field. */
static int try_field(struct gp_ctx *ctx, const struct gp_message *message,
	const struct gp_dkim_key_case *c, const struct gp_dns_answer *answer, bool *holds_out)
{
	struct gp_ctx quiet = *ctx;
	struct gp_dkim_key_case with_line = *c;
	struct gp_dkim_key_result key = {.verdict = GP_DKIM_FAIL};
	quiet.trace = NULL;
	int rc = gp_dkim_sig_input(&quiet, message, c->sig, &with_line.input);
	if (!rc)
		rc = gp_dkim_key_judge(&quiet, &with_line, answer, &key);
	*holds_out = key.verdict == GP_DKIM_PASS;
	return rc;
}

/* with_line: a field with a blank line more. */
static int with_line(struct gp_arena *arena, struct gp_message_field *field, const char *blank)
{
	struct gp_span raw = field->raw;
	size_t n = strlen(blank);
	char *text = gp_arena_alloc(arena, raw.len + 2 + n);
	if (!text)
		return gp_arena_status(arena);
	memcpy(text, raw.ptr, raw.len);
	memcpy(text + raw.len, "\r\n", 2);
	memcpy(text + raw.len + 2, blank, n);
	field->raw = (struct gp_span) {text, raw.len + 2 + n};
	return GP_OK;
}

/* gp_dkim_holds_untrimmed: field by field, with the blanks that programs write there. */
int gp_dkim_holds_untrimmed(struct gp_ctx *ctx, const struct gp_message *message,
	const struct gp_dkim_key_case *c, const struct gp_dns_answer *answer, unsigned kept,
	bool *holds_out)
{
	static const char *const blanks[] = {" ", "\t", "  "};
	unsigned spare = *c->checks_left < TRIES_MAX ? 0 : *c->checks_left - TRIES_MAX;
	if (spare < kept)
		spare = kept;
	*holds_out = false;
	if (!message->is_trimmed || c->sig->header_canon != GP_DKIM_SIMPLE ||
		c->input.len > INPUT_MAX)
		return GP_OK;
	size_t bytes = message->count * sizeof *message->fields;
	struct gp_message_field *fields = gp_arena_alloc(ctx->arena, bytes + 1);
	if (!fields)
		return gp_arena_status(ctx->arena);
	memcpy(fields, message->fields, bytes);
	struct gp_message changed = *message;
	changed.fields = fields;
	for (size_t b = 0; b < sizeof blanks / sizeof blanks[0]; b++)
		for (size_t i = 0; i < message->count; i++) {
			if (!is_signed(c->sig, fields[i].name) || *c->checks_left <= spare ||
				fields[i].raw.ptr == c->sig->raw.ptr)
				continue;
			int rc = with_line(ctx->arena, &fields[i], blanks[b]);
			if (!rc)
				rc = try_field(ctx, &changed, c, answer, holds_out);
			fields[i] = message->fields[i];
			if (rc || *holds_out)
				return rc;
		}
	return GP_OK;
}

/* gp_dkim_key_check_untrimmed: the resolver remembers the answer. */
int gp_dkim_key_check_untrimmed(struct gp_ctx *ctx, const struct gp_message *message,
	const struct gp_dkim_key_case *c, unsigned kept, bool *holds_out)
{
	struct gp_dns_answer answer;
	*holds_out = false;
	if (!message->is_trimmed || c->sig->header_canon != GP_DKIM_SIMPLE)
		return GP_OK;
	const struct gp_dns_question question = {gp_dkim_key_name(ctx->arena, c->sig), GP_DNS_TXT};
	if (!question.name)
		return gp_arena_status(ctx->arena);
	int rc = gp_dns_query(ctx, &question, 1, &answer);
	return rc ? rc : gp_dkim_holds_untrimmed(ctx, message, c, &answer, kept, holds_out);
}
