/* SPDX-License-Identifier: ISC */
/*
 * Digest: hashing with OpenSSL.
 *
 *     struct gp_crypto_digest *d;
 *     gp_crypto_digest_new(&d);               (SHA-256, looked up once)
 *     gp_crypto_digest_of(d, text, out);
 *
 *     gp_crypto_hash_new(d, &h);              (for what comes in pieces)
 *     gp_crypto_hash_add(h, piece); ...
 *     gp_crypto_hash_peek(h, out);            (on the way, as often as needed)
 *     gp_crypto_hash_finish(h, out);
 *     gp_crypto_hash_free(h);
 *
 * Threads: a digest is used by any number of threads, a hash by one at a time.
 */
#ifndef GP_CRYPTO_DIGEST_H
#define GP_CRYPTO_DIGEST_H

#include "base/err.h"
#include "base/span.h"

#define GP_CRYPTO_SHA256 32

struct gp_crypto_digest;

/* Returns new; GP_ENOMEM, or GP_EIO when OpenSSL offers no SHA-256. */
int gp_crypto_digest_new(struct gp_crypto_digest **digest_out) GP_MUST_CHECK;
void gp_crypto_digest_free(struct gp_crypto_digest *digest); /* accepts NULL */

/* SHA-256 of the bytes. */
int gp_crypto_digest_of(const struct gp_crypto_digest *digest, struct gp_span bytes,
	unsigned char out[GP_CRYPTO_SHA256]) GP_MUST_CHECK;

/* A hash that grows. */
struct gp_crypto_hash;

/* Returns new; borrows the digest. GP_ENOMEM. */
int gp_crypto_hash_new(
	const struct gp_crypto_digest *digest, struct gp_crypto_hash **hash_out) GP_MUST_CHECK;
void gp_crypto_hash_free(struct gp_crypto_hash *hash); /* accepts NULL */

/* Appends; a failure is remembered and shows in gp_crypto_hash_finish and gp_crypto_hash_peek. */
void gp_crypto_hash_add(struct gp_crypto_hash *hash, struct gp_span bytes);

/* The digest of what was added so far; more may come. GP_EIO when OpenSSL failed, GP_ENOMEM. */
int gp_crypto_hash_peek(
	const struct gp_crypto_hash *hash, unsigned char out[GP_CRYPTO_SHA256]) GP_MUST_CHECK;

/* The digest of all that was added; then nothing but free. GP_EIO when OpenSSL failed. */
int gp_crypto_hash_finish(
	struct gp_crypto_hash *hash, unsigned char out[GP_CRYPTO_SHA256]) GP_MUST_CHECK;

#endif
