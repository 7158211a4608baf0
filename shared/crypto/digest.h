/* SPDX-License-Identifier: ISC */
/*
 * Digest: hashing with OpenSSL.
 *
 *     struct gp_crypto_digest *d;  gp_crypto_digest_new(&d);      (SHA-256, looked up once)
 *     gp_crypto_digest_of(d, text, out);
 *
 * Threads: one object is used by any number of threads.
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

#endif
