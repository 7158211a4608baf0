/* SPDX-License-Identifier: ISC */
/*
 * A body from outside: its hashes are those of the forms as tests/support/signer.c makes them, and
 * do not depend on how it is cut; the first byte says how it is. Fields the same.
 */
#include <stdlib.h>
#include <string.h>

#include "dkim/dkim_body.h"
#include "fuzz/target.h"
#include "support/bodies.h"
#include "support/signer.h"

const char *const fuzz_reached_seed = "white-space";

static bool reached;

/* fuzz_reached: was the last input a body whose forms differ? */
int fuzz_reached(void)
{
	return reached;
}

/* hashes: of a body in pieces, the first of 1 to step bytes; for both forms, whole and cut off. */
static void hashes(const struct gp_crypto_digest *digest, struct gp_span body, size_t step,
	unsigned char out[4][GP_CRYPTO_SHA256])
{
	struct gp_arena *arena = gp_arena_new(1 << 16);
	struct gp_body *reader;
	struct gp_dkim_bodies *bodies;
	unsigned ids[4];
	if (test_bodies_new(arena, digest, &reader, &bodies) != GP_OK)
		abort();
	for (unsigned i = 0; i < 4; i++)
		if (gp_dkim_bodies_want(bodies, i % 2 ? GP_DKIM_RELAXED : GP_DKIM_SIMPLE,
			    i < 2 ? GP_DKIM_WHOLE : 7, &ids[i]) != GP_OK)
			abort();
	for (size_t i = 0, n = step; i < body.len; i += n, n = n * 7 % step + 1)
		gp_body_feed(reader,
			(struct gp_span) {body.ptr + i, n < body.len - i ? n : body.len - i},
			GP_MESSAGE_CRLF);
	gp_body_finish(reader);
	if (gp_dkim_bodies_status(bodies) != GP_OK)
		abort();
	for (unsigned i = 0; i < 4; i++)
		memcpy(out[i], gp_dkim_bodies_hash(bodies, ids[i]), GP_CRYPTO_SHA256);
	gp_dkim_bodies_fini(bodies);
	gp_arena_free(arena);
}

/* expect: a hash of one of the forms of the body. */
static void expect(const struct gp_crypto_digest *digest, bool relaxed, struct gp_span body,
	unsigned char out[4][GP_CRYPTO_SHA256])
{
	unsigned char hash[GP_CRYPTO_SHA256];
	struct gp_span form;
	test_canon_body(relaxed, body, &form);
	if (gp_crypto_digest_of(digest, form, hash) != GP_OK ||
		memcmp(hash, out[relaxed], sizeof hash) != 0)
		abort();
	form.len = form.len < 7 ? form.len : 7;
	if (gp_crypto_digest_of(digest, form, hash) != GP_OK ||
		memcmp(hash, out[2 + relaxed], sizeof hash) != 0)
		abort();
	free((char *)(uintptr_t)form.ptr);
}

/* fields: the input as a field, in forms that are never longer than it and CRLF. */
static void fields(struct gp_span raw)
{
	char *storage = malloc(raw.len + 3);
	if (!storage)
		abort();
	for (int canon = GP_DKIM_SIMPLE; canon <= GP_DKIM_RELAXED; canon++) {
		struct gp_strbuf b;
		gp_strbuf_init_fixed(&b, storage, raw.len + 3);
		gp_dkim_canon_field(&b, canon, raw);
		if (b.status)
			abort();
		gp_strbuf_init_fixed(&b, storage, raw.len + 1);
		gp_dkim_canon_signature(&b, canon, raw);
		if (b.status)
			abort();
	}
	free(storage);
}

/* LLVMFuzzerTestOneInput: whole, cut, and the plain way. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char whole[4][GP_CRYPTO_SHA256], cut[4][GP_CRYPTO_SHA256];
	struct gp_crypto_digest *digest;
	reached = false;
	if (size == 0)
		return 0;
	const struct gp_span body = {(const char *)data + 1, size - 1};
	if (gp_crypto_digest_new(&digest) != GP_OK)
		abort();
	hashes(digest, body, body.len + 1, whole);
	hashes(digest, body, 1 + data[0], cut);
	if (memcmp(whole, cut, sizeof whole) != 0)
		abort();
	expect(digest, false, body, whole);
	expect(digest, true, body, whole);
	reached = memcmp(whole[0], whole[1], sizeof whole[0]) != 0;
	fields(body);
	gp_crypto_digest_free(digest);
	return 0;
}
