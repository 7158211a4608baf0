/* SPDX-License-Identifier: ISC */
/*
 * SHA-256 through OpenSSL's EVP interface. Fetching an algorithm costs more than hashing a name, so
 * it is fetched once. Threads may not share a context, and making one costs as much as hashing a
 * name does: a call takes one that lies there unused, or makes one, and leaves it for the next.
 */
#include "crypto/digest.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include <openssl/evp.h>

#define PLACES 16 /* of contexts that are not in use; threads that meet at one make their own */
#define STACK 16  /* bits of an address within one thread's stack, as far as calls go */

/* A line of the processor's cache for each, so that threads do not wait for each other. */
struct place {
	_Alignas(64) _Atomic(EVP_MD_CTX *) unused;
};

struct gp_crypto_digest {
	EVP_MD *md;
	struct place *places;
};

/* gp_crypto_digest_new: the algorithm may be missing where policy forbids it. */
int gp_crypto_digest_new(struct gp_crypto_digest **digest_out)
{
	struct gp_crypto_digest *digest = calloc(1, sizeof *digest);
	if (!digest)
		return GP_ENOMEM;
	digest->places = aligned_alloc(_Alignof(struct place), PLACES * sizeof(struct place));
	if (!digest->places) {
		gp_crypto_digest_free(digest);
		return GP_ENOMEM;
	}
	for (size_t i = 0; i < PLACES; i++)
		atomic_init(&digest->places[i].unused, NULL);
	digest->md = EVP_MD_fetch(NULL, "SHA2-256", NULL);
	if (!digest->md || EVP_MD_get_size(digest->md) != GP_CRYPTO_SHA256) {
		gp_crypto_digest_free(digest);
		return GP_EIO;
	}
	*digest_out = digest;
	return GP_OK;
}

/* gp_crypto_digest_free: with the contexts and the algorithm. */
void gp_crypto_digest_free(struct gp_crypto_digest *digest)
{
	if (!digest)
		return;
	for (size_t i = 0; digest->places && i < PLACES; i++)
		EVP_MD_CTX_free(atomic_load(&digest->places[i].unused));
	free(digest->places);
	EVP_MD_free(digest->md);
	free(digest);
}

/* place_of: by where the stack of this thread lies, however far stacks are apart (a hash). */
static struct place *place_of(const struct gp_crypto_digest *digest, const void *on_stack)
{
	uint64_t hash = (uint64_t)((uintptr_t)on_stack >> STACK) * UINT64_C(0x9e3779b97f4a7c15);
	return &digest->places[(hash >> 32) % PLACES];
}

/* gp_crypto_digest_of: in one step; the only failure is a lack of memory. */
int gp_crypto_digest_of(const struct gp_crypto_digest *digest, struct gp_span bytes,
	unsigned char out[GP_CRYPTO_SHA256])
{
	unsigned length = 0;
	struct place *place = place_of(digest, &length);
	EVP_MD_CTX *ctx = atomic_exchange(&place->unused, NULL);
	if (!ctx)
		ctx = EVP_MD_CTX_new();
	int done = ctx && EVP_DigestInit_ex2(ctx, digest->md, NULL) &&
		   EVP_DigestUpdate(ctx, bytes.ptr, bytes.len) &&
		   EVP_DigestFinal_ex(ctx, out, &length) && length == GP_CRYPTO_SHA256;
	if (!done) {
		EVP_MD_CTX_free(ctx);
		return GP_ENOMEM;
	}
	EVP_MD_CTX_free(atomic_exchange(&place->unused, ctx));
	return GP_OK;
}

struct gp_crypto_hash {
	EVP_MD_CTX *ctx;
	bool failed;
};

/* gp_crypto_hash_new: begun. */
int gp_crypto_hash_new(const struct gp_crypto_digest *digest, struct gp_crypto_hash **hash_out)
{
	struct gp_crypto_hash *hash = calloc(1, sizeof *hash);
	if (!hash)
		return GP_ENOMEM;
	hash->ctx = EVP_MD_CTX_new();
	if (!hash->ctx || !EVP_DigestInit_ex2(hash->ctx, digest->md, NULL)) {
		gp_crypto_hash_free(hash);
		return GP_ENOMEM;
	}
	*hash_out = hash;
	return GP_OK;
}

/* gp_crypto_hash_free: with its context. */
void gp_crypto_hash_free(struct gp_crypto_hash *hash)
{
	if (!hash)
		return;
	EVP_MD_CTX_free(hash->ctx);
	free(hash);
}

/* gp_crypto_hash_add: nothing after a failure. */
void gp_crypto_hash_add(struct gp_crypto_hash *hash, struct gp_span bytes)
{
	if (bytes.len && !hash->failed)
		hash->failed = !EVP_DigestUpdate(hash->ctx, bytes.ptr, bytes.len);
}

/* gp_crypto_hash_peek: what a copy ends with. */
int gp_crypto_hash_peek(const struct gp_crypto_hash *hash, unsigned char out[GP_CRYPTO_SHA256])
{
	unsigned length = 0;
	EVP_MD_CTX *copy = EVP_MD_CTX_new();
	if (!copy)
		return GP_ENOMEM;
	bool done = !hash->failed && EVP_MD_CTX_copy_ex(copy, hash->ctx) &&
		    EVP_DigestFinal_ex(copy, out, &length) && length == GP_CRYPTO_SHA256;
	EVP_MD_CTX_free(copy);
	return done ? GP_OK : GP_EIO;
}

/* gp_crypto_hash_finish: the digest, or the failure that was remembered. */
int gp_crypto_hash_finish(struct gp_crypto_hash *hash, unsigned char out[GP_CRYPTO_SHA256])
{
	unsigned length = 0;
	bool done = !hash->failed && EVP_DigestFinal_ex(hash->ctx, out, &length) &&
		    length == GP_CRYPTO_SHA256;
	return done ? GP_OK : GP_EIO;
}
