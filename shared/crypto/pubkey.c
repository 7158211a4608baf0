/* SPDX-License-Identifier: ISC */
/*
 * Keys are read here, by a strict reader of the little DER they are made of, so that OpenSSL gets
 * numbers and never foreign structures.
 *
 * RSA goes through the functions that OpenSSL 3 calls deprecated, on purpose: a key serves once,
 * and what EVP does for each new key costs. Measured with OpenSSL 3.0, RSA-2048, for key and check
 * together: d2i_PUBKEY and EVP 125 us, EVP_PKEY_fromdata and EVP 29 us, these 23 us, of which
 * 16 us are the arithmetic.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/pubkey.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#define ED25519_BYTES 32
#define ED25519_SIGNATURE 64
#define RSA_BYTES_MAX 2048 /* 16384 bits, OpenSSL's own limit */
#define RSA_EXPONENT_MAX 4 /* bytes: no key in use has more, and each bit costs time */

enum { DER_INTEGER = 0x02, DER_BIT_STRING = 0x03, DER_SEQUENCE = 0x30 };

struct gp_crypto_pubkey {
	RSA *rsa;          /* or */
	EVP_PKEY *ed25519; /* one of them */
	unsigned bits;
};

/* AlgorithmIdentifiers (RFC 3279 2.3.1, RFC 8410 3), the first with its NULL or without. */
static const char rsa_with_null[] = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
static const char ed25519_oid[] = "\x06\x03\x2b\x65\x70";
#define RSA_OID_LENGTH 11

/* der_take: the content of an element with this tag at the start of der, which moves behind it. */
static bool der_take(struct gp_span *der, unsigned tag, struct gp_span *content_out)
{
	const unsigned char *p = (const unsigned char *)der->ptr;
	if (der->len < 2 || p[0] != tag)
		return false;
	size_t length = p[1], head = 2;
	if (length > 0x7f) { /* X.690 10.1: the shortest form; two bytes reach beyond any key */
		size_t more = length & 0x7f;
		if (more < 1 || more > 2 || der->len < 2 + more)
			return false;
		length = more == 1 ? p[2] : (size_t)p[2] << 8 | p[3];
		head += more;
		if (length < (more == 1 ? 0x80u : 0x100u))
			return false;
	}
	if (length > der->len - head)
		return false;
	*content_out = (struct gp_span) {der->ptr + head, length};
	*der = gp_span_skip(*der, head + length);
	return true;
}

/* der_take_positive: an INTEGER over 0 without its leading zero. */
static bool der_take_positive(struct gp_span *der, struct gp_span *number_out)
{
	struct gp_span n;
	if (!der_take(der, DER_INTEGER, &n) || n.len == 0 || n.ptr[0] & 0x80)
		return false;
	if (n.ptr[0] == 0) {
		n = gp_span_skip(n, 1);
		if (n.len == 0 || !(n.ptr[0] & 0x80)) /* X.690 8.3.2 */
			return false;
	}
	*number_out = n;
	return true;
}

/* der_key_bits: the key inside of a SubjectPublicKeyInfo (RFC 5280 4.1) with such an algorithm.
 * What follows the structure is no part of it. */
static bool der_key_bits(struct gp_span der, bool rsa, struct gp_span *key_out)
{
	struct gp_span whole, algorithm, bits;
	if (!der_take(&der, DER_SEQUENCE, &whole) || !der_take(&whole, DER_SEQUENCE, &algorithm) ||
		!der_take(&whole, DER_BIT_STRING, &bits) || whole.len)
		return false;
	if (bits.len < 1 || bits.ptr[0] != 0)
		return false;
	*key_out = gp_span_skip(bits, 1);
	if (!rsa)
		return gp_span_equal(
			algorithm, (struct gp_span) {ed25519_oid, sizeof ed25519_oid - 1});
	return gp_span_equal(
		       algorithm, (struct gp_span) {rsa_with_null, sizeof rsa_with_null - 1}) ||
	       gp_span_equal(algorithm, (struct gp_span) {rsa_with_null, RSA_OID_LENGTH});
}

/* der_rsa: RSAPublicKey (RFC 8017 A.1.1), bare or wrapped. */
static bool der_rsa(struct gp_span der, struct gp_span *modulus_out, struct gp_span *exponent_out)
{
	struct gp_span inner, pair;
	bool wrapped = der_key_bits(der, true, &inner);
	if (wrapped)
		der = inner;
	return der_take(&der, DER_SEQUENCE, &pair) && (der.len == 0 || !wrapped) &&
	       der_take_positive(&pair, modulus_out) && der_take_positive(&pair, exponent_out) &&
	       pair.len == 0;
}

/* is_odd: the last bit. */
static bool is_odd(struct gp_span number)
{
	return number.ptr[number.len - 1] & 1;
}

/* number_new: as OpenSSL has it, or NULL. */
static BIGNUM *number_new(struct gp_span number)
{
	return BN_bin2bn((const unsigned char *)number.ptr, (int)number.len, NULL);
}

/* parse_rsa: numbers in bounds, then OpenSSL's key. */
static int parse_rsa(struct gp_span der, struct gp_crypto_pubkey *key)
{
	struct gp_span modulus, exponent;
	if (!der_rsa(der, &modulus, &exponent))
		return GP_ESYNTAX;
	if (modulus.len > RSA_BYTES_MAX || !is_odd(modulus) || exponent.len > RSA_EXPONENT_MAX ||
		!is_odd(exponent) || (exponent.len == 1 && exponent.ptr[0] == 1))
		return GP_ESYNTAX;
	BIGNUM *n = number_new(modulus), *e = number_new(exponent);
	key->rsa = n && e ? RSA_new() : NULL;
	if (!key->rsa || !RSA_set0_key(key->rsa, n, e, NULL)) {
		BN_free(n);
		BN_free(e);
		return GP_ENOMEM;
	}
	key->bits = (unsigned)BN_num_bits(n);
	return GP_OK;
}

/*
 * The points of order 1, 2, 4 and 8, by their y in little endian (RFC 8032 5.1.2), without the bit
 * of the sign: 0, 1, the two of order 8, and -1; then 0 and 1 as numbers that are not reduced.
 * Under them there are signatures that nobody made, as under the exponent 1 of RSA.
 */
#define FF "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
static const char small_order[][ED25519_BYTES + 1] = {
	"",
	"\x01",
	"\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0"
	"\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05",
	"\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f"
	"\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a",
	"\xec" FF FF FF "\x7f",
	"\xed" FF FF FF "\x7f",
	"\xee" FF FF FF "\x7f",
};

/* is_small_order: one of these, with either sign. */
static bool is_small_order(struct gp_span point)
{
	char y[ED25519_BYTES];
	memcpy(y, point.ptr, sizeof y);
	y[ED25519_BYTES - 1] &= 0x7f;
	for (size_t i = 0; i < sizeof small_order / sizeof small_order[0]; i++)
		if (memcmp(y, small_order[i], sizeof y) == 0)
			return true;
	return false;
}

/* parse_ed25519: the 32 bytes, bare or wrapped. */
static int parse_ed25519(struct gp_span der, struct gp_crypto_pubkey *key)
{
	struct gp_span inner;
	if (der.len != ED25519_BYTES && der_key_bits(der, false, &inner))
		der = inner;
	if (der.len != ED25519_BYTES || is_small_order(der))
		return GP_ESYNTAX;
	key->ed25519 = EVP_PKEY_new_raw_public_key(
		EVP_PKEY_ED25519, NULL, (const unsigned char *)der.ptr, der.len);
	key->bits = 8 * ED25519_BYTES;
	return key->ed25519 ? GP_OK : GP_ESYNTAX;
}

/* gp_crypto_pubkey_parse: bound first. OpenSSL's list of errors is left as it was. */
int gp_crypto_pubkey_parse(
	enum gp_crypto_pubkey_kind kind, struct gp_span der, struct gp_crypto_pubkey **key_out)
{
	if (der.len == 0 || der.len > GP_CRYPTO_PUBKEY_DER_MAX)
		return GP_ESYNTAX;
	struct gp_crypto_pubkey *key = calloc(1, sizeof *key);
	if (!key)
		return GP_ENOMEM;
	ERR_set_mark();
	int rc = kind == GP_CRYPTO_RSA ? parse_rsa(der, key) : parse_ed25519(der, key);
	ERR_pop_to_mark();
	if (rc) {
		gp_crypto_pubkey_free(key);
		return rc;
	}
	*key_out = key;
	return GP_OK;
}

/* gp_crypto_pubkey_free: with OpenSSL's part. */
void gp_crypto_pubkey_free(struct gp_crypto_pubkey *key)
{
	if (!key)
		return;
	RSA_free(key->rsa);
	EVP_PKEY_free(key->ed25519);
	free(key);
}

/* gp_crypto_pubkey_bits: as it was read. */
unsigned gp_crypto_pubkey_bits(const struct gp_crypto_pubkey *key)
{
	return key->bits;
}

/* verify_ed25519: RFC 8463 3: the text that Ed25519 signs is the digest. */
static int verify_ed25519(struct gp_crypto_pubkey *key,
	const unsigned char digest[GP_CRYPTO_SHA256], struct gp_span signature, bool *good_out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	if (!ctx)
		return GP_ENOMEM;
	*good_out = signature.len == ED25519_SIGNATURE &&
		    EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key->ed25519) == 1 &&
		    EVP_DigestVerify(ctx, (const unsigned char *)signature.ptr, signature.len,
			    digest, GP_CRYPTO_SHA256) == 1;
	EVP_MD_CTX_free(ctx);
	return GP_OK;
}

/* verify_rsa: with PKCS #1 v1.5; a wrong signature and a lack of memory look alike but for the
 * error. */
static int verify_rsa(struct gp_crypto_pubkey *key, const unsigned char digest[GP_CRYPTO_SHA256],
	struct gp_span signature, bool *good_out)
{
	*good_out = RSA_verify(NID_sha256, digest, GP_CRYPTO_SHA256,
			    (const unsigned char *)signature.ptr, (unsigned)signature.len,
			    key->rsa) == 1;
	bool starved = !*good_out && ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE;
	return starved ? GP_ENOMEM : GP_OK;
}

/* gp_crypto_pubkey_verify: anything but a plain yes is a no, except a lack of memory. OpenSSL's
 * list of errors is left as it was: TLS reads it. */
int gp_crypto_pubkey_verify(struct gp_crypto_pubkey *key,
	const unsigned char digest[GP_CRYPTO_SHA256], struct gp_span signature, bool *good_out)
{
	*good_out = false;
	if (signature.len == 0 || signature.len > RSA_BYTES_MAX)
		return GP_OK;
	ERR_set_mark();
	int rc = key->ed25519 ? verify_ed25519(key, digest, signature, good_out)
			      : verify_rsa(key, digest, signature, good_out);
	ERR_pop_to_mark();
	return rc;
}
