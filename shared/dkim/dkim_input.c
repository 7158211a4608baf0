/* SPDX-License-Identifier: ISC */
/*
 * What a signature signs of the header. A form is never longer than its field and CRLF, so the
 * fields are chosen first, their lengths added, and all is written into memory of that size.
 */
#include "dkim/dkim_sig.h"

#include <bsd/stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/trace.h"

#define BASE64_HASH (4 * ((GP_CRYPTO_SHA256 + 2) / 3) + 1)

/* A field that h= may choose. */
struct candidate {
	uint32_t hash; /* of its name: many long names that are nearly equal cost no time */
	bool chosen;
};

/* name_hash: FNV-1a of a name, ASCII case aside, from a secret start: senders may write thousands
 * of long names that only their ends tell apart, but cannot choose such with the same hash. */
static uint32_t name_hash(uint32_t secret, struct gp_span name)
{
	uint32_t hash = secret;
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)gp_span_lower(name.ptr[i]);
		hash = (hash ^ c) * 16777619u;
	}
	return hash;
}

/* choose_next: the lowest field of this name that was not chosen yet (5.4.2); count: none. hash: of
 * the name. */
static size_t choose_next(const struct gp_message *message, const struct candidate *candidates,
	struct gp_span name, uint32_t hash)
{
	for (size_t i = message->count; i > 0; i--)
		if (candidates[i - 1].hash == hash && !candidates[i - 1].chosen &&
			gp_span_equal_nocase(message->fields[i - 1].name, name))
			return i - 1;
	return message->count;
}

/* choose: places of the fields in the order of h=; names without a field sign nothing (5.4). The
 * signature's own field comes at the end and never from h= (3.7). */
static int choose(struct gp_arena *arena, const struct gp_message *message,
	const struct gp_dkim_sig *sig, size_t **places_out, size_t *count_out)
{
	size_t *places = gp_arena_array(arena, sig->header_count, sizeof *places), count = 0;
	struct candidate *candidates = gp_arena_array(arena, message->count, sizeof *candidates);
	if (!places || !candidates)
		return gp_arena_status(arena);
	uint32_t secret = arc4random();
	for (size_t i = 0; i < message->count; i++) {
		candidates[i].hash = name_hash(secret, message->fields[i].name);
		candidates[i].chosen = message->fields[i].raw.ptr == sig->raw.ptr;
	}
	for (size_t i = 0; i < sig->header_count; i++) {
		struct gp_span name = sig->headers[i];
		size_t at = choose_next(message, candidates, name, name_hash(secret, name));
		if (at == message->count)
			continue;
		candidates[at].chosen = true;
		places[count++] = at;
	}
	*places_out = places;
	*count_out = count;
	return GP_OK;
}

/* trace_since: the text from a place on, as a line of the trace. */
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

/* base64: bytes of a hash for people; a longer one is cut. */
static const char *base64(struct gp_span bytes, char out[BASE64_HASH])
{
	struct gp_strbuf buf;
	const char *text;
	bytes.len = bytes.len > GP_CRYPTO_SHA256 ? GP_CRYPTO_SHA256 : bytes.len;
	gp_strbuf_init_fixed(&buf, out, BASE64_HASH);
	gp_encode_base64(&buf, bytes);
	return gp_strbuf_finish(&buf, &text) ? "?" : text;
}

/* gp_dkim_trace_body_hash: one beside the other. */
void gp_dkim_trace_body_hash(
	const struct gp_ctx *ctx, const struct gp_dkim_sig *sig, const unsigned char *computed)
{
	char said[BASE64_HASH], found[BASE64_HASH];
	const struct gp_span hash = {(const char *)computed, GP_CRYPTO_SHA256};
	bool is_same = sig->body_hash.len == hash.len &&
		       memcmp(sig->body_hash.ptr, hash.ptr, hash.len) == 0;
	if (!ctx->trace)
		return;
	gp_trace_line(ctx, 1, "body hash: bh=%s, computed %s: %s", base64(sig->body_hash, said),
		base64(hash, found), is_same ? "the same" : "they differ");
}

/* gp_dkim_trace_header_hash: of what the signature is about. */
void gp_dkim_trace_header_hash(
	const struct gp_ctx *ctx, const struct gp_crypto_digest *digest, struct gp_span input)
{
	unsigned char hash[GP_CRYPTO_SHA256];
	char text[BASE64_HASH];
	if (!ctx->trace || !input.len || gp_crypto_digest_of(digest, input, hash))
		return;
	gp_trace_line(ctx, 1, "header hash: computed %s",
		base64((struct gp_span) {(const char *)hash, sizeof hash}, text));
}
