/* SPDX-License-Identifier: ISC */
/*
 * SHA-256 through OpenSSL's EVP interface. Fetching an algorithm costs more than hashing a name, so
 * it is fetched once; each call has a context of its own, since that is what threads may not share.
 */
#include "crypto/digest.h"

#include <stdbool.h>
#include <stdlib.h>

#include <openssl/evp.h>

struct gp_crypto_digest {
	EVP_MD *md;
};

/* gp_crypto_digest_new: the algorithm may be missing where policy forbids it. */
int gp_crypto_digest_new(struct gp_crypto_digest **digest_out)
{
	struct gp_crypto_digest *digest = malloc(sizeof *digest);
	if (!digest)
		return GP_ENOMEM;
	digest->md = EVP_MD_fetch(NULL, "SHA2-256", NULL);
	if (!digest->md || EVP_MD_get_size(digest->md) != GP_CRYPTO_SHA256) {
		gp_crypto_digest_free(digest);
		return GP_EIO;
	}
	*digest_out = digest;
	return GP_OK;
}

/* gp_crypto_digest_free: with the algorithm. */
void gp_crypto_digest_free(struct gp_crypto_digest *digest)
{
	if (!digest)
		return;
	EVP_MD_free(digest->md);
	free(digest);
}

/* gp_crypto_digest_of: in one step; the only failure is a lack of memory. */
int gp_crypto_digest_of(const struct gp_crypto_digest *digest, struct gp_span bytes,
	unsigned char out[GP_CRYPTO_SHA256])
{
	unsigned length = 0;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int done = ctx && EVP_DigestInit_ex2(ctx, digest->md, NULL) &&
		   EVP_DigestUpdate(ctx, bytes.ptr, bytes.len) &&
		   EVP_DigestFinal_ex(ctx, out, &length) && length == GP_CRYPTO_SHA256;
	EVP_MD_CTX_free(ctx);
	return done ? GP_OK : GP_ENOMEM;
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
