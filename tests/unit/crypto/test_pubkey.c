/* SPDX-License-Identifier: ISC */
/* Keys of DNS: what is one, to the last byte, and that only the right signature is good. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "base/decode.h"
#include "crypto/pubkey.h"
#include "support/signer.h"

static struct gp_arena *arena;
static struct gp_crypto_digest *digest;
static struct test_key *rsa, *other, *ed25519;

/* set_up: keys for all cases; making them takes longest. */
static int set_up(void **state)
{
	(void)state;
	arena = gp_arena_new(1 << 20);
	rsa = test_key_new(TEST_KEY_RSA, 1024);
	other = test_key_new(TEST_KEY_RSA, 1024);
	ed25519 = test_key_new(TEST_KEY_ED25519, 0);
	return gp_crypto_digest_new(&digest);
}

/* tear_down: all of it. */
static int tear_down(void **state)
{
	(void)state;
	test_key_free(rsa);
	test_key_free(other);
	test_key_free(ed25519);
	gp_crypto_digest_free(digest);
	gp_arena_free(arena);
	return 0;
}

/* decoded: the bytes of base64 text, which is freed when it may be. */
static struct gp_span decoded(const char *text)
{
	struct gp_span bytes;
	assert_int_equal(gp_decode_base64(arena, gp_span_from(text), &bytes), GP_OK);
	return bytes;
}

/* signature_of: of a text by a key. */
static struct gp_span signature_of(const struct test_key *key, const char *text)
{
	char *b = test_key_sign(key, gp_span_from(text));
	struct gp_span bytes = decoded(b);
	free(b);
	return bytes;
}

/* is_good: does the signature hold for the text? */
static bool is_good(struct gp_crypto_pubkey *key, const char *text, struct gp_span signature)
{
	unsigned char hash[GP_CRYPTO_SHA256];
	bool good = true;
	assert_int_equal(gp_crypto_digest_of(digest, gp_span_from(text), hash), GP_OK);
	assert_int_equal(gp_crypto_pubkey_verify(key, hash, signature, &good), GP_OK);
	assert_int_equal(ERR_peek_error(), 0); /* nothing is left for TLS to find */
	return good;
}

/* parse: a key that has to be one. */
static struct gp_crypto_pubkey *parse(enum gp_crypto_pubkey_kind kind, struct gp_span der)
{
	struct gp_crypto_pubkey *key;
	assert_int_equal(gp_crypto_pubkey_parse(kind, der, &key), GP_OK);
	return key;
}

/* check_holds: right for its text only, with its signature only, whole only. */
static void check_holds(struct gp_crypto_pubkey *key, struct gp_span signature)
{
	char changed[2048];
	assert_true(is_good(key, "text", signature));
	assert_false(is_good(key, "texts", signature));
	assert_false(is_good(key, "text", (struct gp_span) {signature.ptr, signature.len - 1}));
	assert_false(is_good(key, "text", (struct gp_span) {signature.ptr, 1}));
	assert_false(is_good(key, "text", (struct gp_span) {NULL, 0}));
	for (size_t i = 0; i < signature.len; i += 7) {
		memcpy(changed, signature.ptr, signature.len);
		changed[i] = (char)(changed[i] ^ 4);
		assert_false(is_good(key, "text", (struct gp_span) {changed, signature.len}));
	}
	memset(changed, 0, sizeof changed);
	memcpy(changed + 1, signature.ptr, signature.len);
	assert_false(is_good(key, "text", (struct gp_span) {changed, signature.len + 1}));
	memset(changed, 0xff, sizeof changed);
	assert_false(is_good(key, "text", (struct gp_span) {changed, signature.len}));
	assert_false(is_good(key, "text", (struct gp_span) {changed, sizeof changed}));
}

/* rsa_as_spki_and_bare: RFC 6376 3.6.1 and erratum 3017. */
static void rsa_as_spki_and_bare(void **state)
{
	char *bare = test_key_p_bare(rsa);
	const struct gp_span forms[] = {decoded(test_key_p(rsa)), decoded(bare)};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct gp_crypto_pubkey *key = parse(GP_CRYPTO_RSA, forms[i]);
		assert_int_equal(gp_crypto_pubkey_bits(key), 1024);
		check_holds(key, signature_of(rsa, "text"));
		assert_false(is_good(key, "text", signature_of(other, "text")));
		assert_false(is_good(key, "text", signature_of(ed25519, "text")));
		gp_crypto_pubkey_free(key);
	}
	free(bare);
}

/* ed25519_raw_and_spki: RFC 8463 4.2; wrapped as some publish it. */
static void ed25519_raw_and_spki(void **state)
{
	static const char head[] = "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";
	char wrapped[44];
	struct gp_span raw = decoded(test_key_p(ed25519));
	(void)state;
	assert_int_equal(raw.len, 32);
	memcpy(wrapped, head, 12);
	memcpy(wrapped + 12, raw.ptr, 32);
	const struct gp_span forms[] = {raw, {wrapped, sizeof wrapped}};
	for (size_t i = 0; i < 2; i++) {
		struct gp_crypto_pubkey *key = parse(GP_CRYPTO_ED25519, forms[i]);
		assert_int_equal(gp_crypto_pubkey_bits(key), 256);
		check_holds(key, signature_of(ed25519, "text"));
		assert_false(is_good(key, "text", signature_of(rsa, "text")));
		gp_crypto_pubkey_free(key);
	}
}

/* bytes_behind_a_key_are_ignored: as OpenSSL ignores them, so that others verify with it. */
static void bytes_behind_a_key_are_ignored(void **state)
{
	char *bare = test_key_p_bare(rsa), more[512];
	const struct gp_span forms[] = {decoded(test_key_p(rsa)), decoded(bare)};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_true(forms[i].len + 3 < sizeof more);
		memcpy(more, forms[i].ptr, forms[i].len);
		memcpy(more + forms[i].len, "\0\0x", 3);
		struct gp_crypto_pubkey *key =
			parse(GP_CRYPTO_RSA, (struct gp_span) {more, forms[i].len + 3});
		check_holds(key, signature_of(rsa, "text"));
		gp_crypto_pubkey_free(key);
	}
	free(bare);
}

/* exponent_of_32_bits: the largest that is taken; see no_key for one more bit. */
static void exponent_of_32_bits(void **state)
{
	static const char der[] = "\x30\x0a\x02\x01\x23\x02\x05\x00\xff\xff\xff\xff";
	(void)state;
	gp_crypto_pubkey_free(parse(GP_CRYPTO_RSA, (struct gp_span) {der, sizeof der - 1}));
}

/* sizes: what is published, and what is not wanted but read. */
static void sizes(void **state)
{
	static const unsigned bits[] = {512, 1023, 1024, 2048, 4096};
	(void)state;
	for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++) {
		struct test_key *made = test_key_new(TEST_KEY_RSA, bits[i]);
		struct gp_crypto_pubkey *key = parse(GP_CRYPTO_RSA, decoded(test_key_p(made)));
		assert_int_equal(gp_crypto_pubkey_bits(key), bits[i]);
		assert_true(is_good(key, "text", signature_of(made, "text")));
		gp_crypto_pubkey_free(key);
		test_key_free(made);
	}
}

/* no_key: bytes that are none; none of them is an error of ours. */
static void no_key(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
	} rows[] = {
		{"", 0}, {"\x30", 1}, {"not a key at all", 16}, {"\x30\x00", 2},
		{"\x30\x80\x00\x00", 4},                              /* indefinite */
		{"\x30\x84\xff\xff\xff\xff", 6},                      /* longer than there is */
		{"\x30\x06\x02\x01\x22\x02\x01\x03", 8},              /* an even modulus */
		{"\x30\x06\x02\x01\x23\x02\x01\x01", 8},              /* exponent 1 */
		{"\x30\x06\x02\x01\x23\x02\x01\x04", 8},              /* an even exponent */
		{"\x30\x06\x02\x01\x23\x02\x01\x00", 8},              /* exponent 0 */
		{"\x30\x06\x02\x01\x23\x02\x01\x83", 8},              /* a negative exponent */
		{"\x30\x06\x02\x01\xa3\x02\x01\x03", 8},              /* a negative modulus */
		{"\x30\x07\x02\x02\x00\x23\x02\x01\x03", 9},          /* a superfluous zero */
		{"\x30\x81\x06\x02\x01\x23\x02\x01\x03", 9},          /* not the shortest length */
		{"\x30\x05\x02\x00\x02\x01\x03", 7},                  /* a number without bytes */
		{"\x30\x09\x02\x01\x23\x02\x01\x03\x02\x01\x05", 11}, /* a third number */
		{"\x30\x0e\x02\x01\x23\x02\x09\x01\x01\x01\x01\x01\x01\x01\x01\x01", 16},
		{"\x30\x0a\x02\x01\x23\x02\x05\x01\x00\x00\x00\x01", 12}, /* 33 bits */
	};
	struct gp_crypto_pubkey *key;
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char *exact = malloc(rows[i].length ? rows[i].length : 1);
		assert_non_null(exact);
		memcpy(exact, rows[i].bytes, rows[i].length);
		for (int kind = GP_CRYPTO_RSA; kind <= GP_CRYPTO_ED25519; kind++)
			if (gp_crypto_pubkey_parse(kind, (struct gp_span) {exact, rows[i].length},
				    &key) != GP_ESYNTAX)
				fail_msg("row %zu was taken", i);
		free(exact);
	}
	gp_crypto_pubkey_free(NULL);
}

/*
 * small_order: points of Ed25519 of order 1, 2, 4 and 8 in each spelling are no keys: OpenSSL takes
 * signatures under them that nobody made, as it would with exponent 1 of RSA.
 */
static void small_order(void **state)
{
	static const char *const keys[] = {
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", /* 0: a place left empty */
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA=",
		"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", /* 1 */
		"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA=",
		"7P///////////////////////////////////////38=", /* p - 1 */
		"7P////////////////////////////////////////8=",
		"7f///////////////////////////////////////38=", /* p, which is 0 */
		"7f////////////////////////////////////////8=",
		"7v///////////////////////////////////////38=", /* p + 1 */
		"7v////////////////////////////////////////8=",
		"JuiVj8KyJ7BFw/SJ8u+Y8NXfrAXTxjM5sTgCiG1T/AU=", /* order 8 */
		"JuiVj8KyJ7BFw/SJ8u+Y8NXfrAXTxjM5sTgCiG1T/IU=",
		"xxdqcD1N2E+6PAt2DRBnDyogU/osOczGTsf9d5KsA3o=",
		"xxdqcD1N2E+6PAt2DRBnDyogU/osOczGTsf9d5KsA/o=",
	};
	struct gp_crypto_pubkey *key;
	(void)state;
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (gp_crypto_pubkey_parse(GP_CRYPTO_ED25519, decoded(keys[i]), &key) != GP_ESYNTAX)
			fail_msg("row %zu was taken", i);
}

/* too_large: bounded before anything is read. */
static void too_large(void **state)
{
	static char large[GP_CRYPTO_PUBKEY_DER_MAX + 1];
	struct gp_crypto_pubkey *key;
	(void)state;
	memcpy(large, "\x30\x82\x0f\xfd\x02\x82\x0f\xf0\x7f", 9);
	assert_int_equal(
		gp_crypto_pubkey_parse(GP_CRYPTO_RSA, (struct gp_span) {large, sizeof large}, &key),
		GP_ESYNTAX);
	assert_int_equal(gp_crypto_pubkey_parse(
				 GP_CRYPTO_RSA, (struct gp_span) {large, sizeof large - 1}, &key),
		GP_ESYNTAX);
}

/* wrong_kind: a key of one kind is none of the other, whatever is wrapped around it. */
static void wrong_kind(void **state)
{
	struct gp_crypto_pubkey *key;
	(void)state;
	assert_int_equal(gp_crypto_pubkey_parse(GP_CRYPTO_RSA, decoded(test_key_p(ed25519)), &key),
		GP_ESYNTAX);
	assert_int_equal(gp_crypto_pubkey_parse(GP_CRYPTO_ED25519, decoded(test_key_p(rsa)), &key),
		GP_ESYNTAX);
}

/* every_length_and_bit: a key cut anywhere is none, one with a bit changed harms nobody. */
static void every_length_and_bit(void **state)
{
	struct gp_span der = decoded(test_key_p(rsa)), signature = signature_of(rsa, "text");
	struct gp_crypto_pubkey *key;
	char *changed = malloc(der.len);
	(void)state;
	assert_non_null(changed);
	for (size_t n = 0; n < der.len; n++) {
		char *exact = malloc(n ? n : 1);
		assert_non_null(exact);
		memcpy(exact, der.ptr, n);
		assert_int_equal(
			gp_crypto_pubkey_parse(GP_CRYPTO_RSA, (struct gp_span) {exact, n}, &key),
			GP_ESYNTAX);
		free(exact);
	}
	for (size_t bit = 0; bit < 8 * der.len; bit++) {
		memcpy(changed, der.ptr, der.len);
		changed[bit / 8] = (char)(changed[bit / 8] ^ 1 << bit % 8);
		if (gp_crypto_pubkey_parse(
			    GP_CRYPTO_RSA, (struct gp_span) {changed, der.len}, &key) != GP_OK)
			continue;
		assert_false(is_good(key, "text", signature));
		gp_crypto_pubkey_free(key);
	}
	free(changed);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rsa_as_spki_and_bare),
		cmocka_unit_test(ed25519_raw_and_spki),
		cmocka_unit_test(bytes_behind_a_key_are_ignored),
		cmocka_unit_test(exponent_of_32_bits),
		cmocka_unit_test(sizes),
		cmocka_unit_test(no_key),
		cmocka_unit_test(small_order),
		cmocka_unit_test(too_large),
		cmocka_unit_test(wrong_kind),
		cmocka_unit_test(every_length_and_bit),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, set_up, tear_down) ? 1 : 0;
}
