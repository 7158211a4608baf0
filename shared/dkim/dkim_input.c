/* SPDX-License-Identifier: ISC */
/*
 * What a signature signs of the header. A form is never longer than its field and CRLF, so the
 * fields are chosen first, their lengths added, and all is written into memory of that size.
 */
#include "base/trace.h"
#include "dkim/dkim_sig.h"

/* choose_next: the lowest field of this name that was not chosen yet (5.4.2); count: none. The
 * signature's own field comes at the end and never from h= (3.7). */
static size_t choose_next(const struct gp_message *message, const bool *chosen, struct gp_span name,
	const struct gp_dkim_sig *sig)
{
	for (size_t i = message->count; i > 0; i--) {
		const struct gp_message_field *field = &message->fields[i - 1];
		if (!chosen[i - 1] && gp_span_equal_nocase(field->name, name) &&
			field->raw.ptr != sig->raw.ptr)
			return i - 1;
	}
	return message->count;
}

/* choose: places of the fields in the order of h=; names without a field sign nothing (5.4). */
static int choose(struct gp_arena *arena, const struct gp_message *message,
	const struct gp_dkim_sig *sig, size_t **places_out, size_t *count_out)
{
	size_t *places = gp_arena_array(arena, sig->header_count, sizeof *places), count = 0;
	bool *chosen = gp_arena_array(arena, message->count, sizeof *chosen);
	if (!places || !chosen)
		return gp_arena_status(arena);
	for (size_t i = 0; i < sig->header_count; i++) {
		size_t at = choose_next(message, chosen, sig->headers[i], sig);
		if (at == message->count)
			continue;
		chosen[at] = true;
		places[count++] = at;
	}
	*places_out = places;
	*count_out = count;
	return GP_OK;
}

/* trace_since: the text from a place on, as a line for who listens. */
static void trace_since(struct gp_ctx *ctx, const struct gp_strbuf *text, size_t from)
{
	if (!ctx->trace)
		return;
	struct gp_span line = gp_span_trim(gp_span_skip(gp_strbuf_span(text), from));
	gp_trace_line(ctx, 2, "signed: %.*s", (int)line.len, line.ptr);
}

/* gp_dkim_sig_input: chosen, measured, written. */
int gp_dkim_sig_input(struct gp_ctx *ctx, const struct gp_message *message,
	const struct gp_dkim_sig *sig, struct gp_span *input_out)
{
	size_t *places = NULL, count = 0, size = sig->raw.len;
	int rc = choose(ctx->arena, message, sig, &places, &count);
	if (rc)
		return rc;
	for (size_t i = 0; i < count; i++)
		size += message->fields[places[i]].raw.len + 2;
	char *storage = gp_arena_alloc(ctx->arena, size + 1);
	if (!storage)
		return gp_arena_status(ctx->arena);
	struct gp_strbuf text;
	gp_strbuf_init_fixed(&text, storage, size + 1);
	for (size_t i = 0; i < count; i++) {
		size_t from = text.len;
		gp_dkim_canon_field(&text, sig->header_canon, message->fields[places[i]].raw);
		trace_since(ctx, &text, from);
	}
	size_t from = text.len;
	gp_dkim_canon_signature(&text, sig->header_canon, sig->raw);
	trace_since(ctx, &text, from);
	*input_out = gp_strbuf_span(&text);
	return text.status;
}
