/* SPDX-License-Identifier: ISC */
/*
 * Pubkey: public keys as DNS publishes them, and signatures checked with them.
 *
 * Knows RSA (RFC 8017, PKCS #1 v1.5 with SHA-256) and Ed25519 (RFC 8032, over the SHA-256 of the
 * text as RFC 8463 3 wants); nothing else reaches OpenSSL. Does not know which sizes are wanted.
 *
 *     struct gp_crypto_pubkey *k;
 *     int rc = gp_crypto_pubkey_parse(GP_CRYPTO_RSA, der, &k);     (GP_ESYNTAX: no such key)
 *     rc = gp_crypto_pubkey_verify(k, digest, signature, &good);
 *     gp_crypto_pubkey_free(k);
 *
 * A key or signature that is nonsense is the sender's fault: GP_ESYNTAX, or GP_OK and not good,
 * never an error of ours: a verifier that took it for one failed over mail that anybody could send
 * (OpenDKIM issue 364). GP_ENOMEM. Threads: a key is used by one at a time.
 */
#ifndef GP_CRYPTO_PUBKEY_H
#define GP_CRYPTO_PUBKEY_H

#include <stdbool.h>

#include "base/err.h"
#include "base/span.h"
#include "crypto/digest.h"

#define GP_CRYPTO_PUBKEY_DER_MAX 4096 /* bytes of a key; RSA with 16384 bits has 2100 */

enum gp_crypto_pubkey_kind { GP_CRYPTO_RSA, GP_CRYPTO_ED25519 };

struct gp_crypto_pubkey;

/*
 * RSA: a SubjectPublicKeyInfo or a bare RSAPublicKey (RFC 6376 3.6.1 and its erratum 3017 know
 * both); bytes after it are ignored, as by all that verify with OpenSSL. The exponent is odd, over
 * 1 and has at most 32 bits. Ed25519: 32 bytes (RFC 8463 4.2), or a SubjectPublicKeyInfo of one; no
 * point of small order. Returns new.
 */
int gp_crypto_pubkey_parse(enum gp_crypto_pubkey_kind kind, struct gp_span der,
	struct gp_crypto_pubkey **key_out) GP_MUST_CHECK;
void gp_crypto_pubkey_free(struct gp_crypto_pubkey *key); /* accepts NULL */

/* Bits of the RSA modulus; 256 for Ed25519. */
unsigned gp_crypto_pubkey_bits(const struct gp_crypto_pubkey *key);

/* Is this the signature of the text with that digest? */
int gp_crypto_pubkey_verify(struct gp_crypto_pubkey *key,
	const unsigned char digest[GP_CRYPTO_SHA256], struct gp_span signature,
	bool *good_out) GP_MUST_CHECK;

#endif
