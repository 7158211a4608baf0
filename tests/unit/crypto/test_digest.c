/* SPDX-License-Identifier: ISC */
/* SHA-256 against the examples of FIPS 180-4, and from several threads. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/digest.h"

#define THREADS 4

/* hex_of: a digest as text. */
static void hex_of(const unsigned char *digest, char text[2 * GP_CRYPTO_SHA256 + 1])
{
	for (size_t i = 0; i < GP_CRYPTO_SHA256; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
}

/* known_answers: of FIPS 180-4, the empty text, a NUL within. */
static void known_answers(void **state)
{
	static const struct {
		struct gp_span text;
		const char *digest;
	} rows[] = {
		{{"", 0}, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{{NULL, 0}, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{{"abc", 3}, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56},
			"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
		{{"a\0b", 3}, "59b271ae1bbcb1d31d41929817f4b16fb439eb4f31520b5ad1d5ce98920a7138"},
	};
	struct gp_crypto_digest *digest;
	unsigned char out[GP_CRYPTO_SHA256];
	char text[2 * GP_CRYPTO_SHA256 + 1];
	(void)state;
	assert_int_equal(gp_crypto_digest_new(&digest), GP_OK);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(gp_crypto_digest_of(digest, rows[i].text, out), GP_OK);
		hex_of(out, text);
		assert_string_equal(text, rows[i].digest);
	}
	gp_crypto_digest_free(digest);
	gp_crypto_digest_free(NULL);
}

/* a_million_bytes: FIPS 180-4's long example. */
static void a_million_bytes(void **state)
{
	struct gp_crypto_digest *digest;
	unsigned char out[GP_CRYPTO_SHA256];
	char text[2 * GP_CRYPTO_SHA256 + 1];
	char *large = malloc(1000000);
	(void)state;
	assert_non_null(large);
	memset(large, 'a', 1000000);
	assert_int_equal(gp_crypto_digest_new(&digest), GP_OK);
	assert_int_equal(
		gp_crypto_digest_of(digest, (struct gp_span) {large, 1000000}, out), GP_OK);
	hex_of(out, text);
	assert_string_equal(
		text, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	gp_crypto_digest_free(digest);
	free(large);
}

/* a_hash_in_pieces: however it is cut, the digest is that of the whole. */
static void a_hash_in_pieces(void **state)
{
	static const char text[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	struct gp_crypto_digest *digest;
	unsigned char whole[GP_CRYPTO_SHA256], out[GP_CRYPTO_SHA256];
	const struct gp_span all = {text, sizeof text - 1};
	(void)state;
	assert_int_equal(gp_crypto_digest_new(&digest), GP_OK);
	assert_int_equal(gp_crypto_digest_of(digest, all, whole), GP_OK);
	for (size_t cut = 0; cut <= all.len; cut++) {
		struct gp_crypto_hash *hash;
		assert_int_equal(gp_crypto_hash_new(digest, &hash), GP_OK);
		gp_crypto_hash_add(hash, (struct gp_span) {text, cut});
		gp_crypto_hash_add(hash, (struct gp_span) {NULL, 0});
		gp_crypto_hash_add(hash, gp_span_skip(all, cut));
		assert_int_equal(gp_crypto_hash_finish(hash, out), GP_OK);
		assert_memory_equal(out, whole, sizeof out);
		gp_crypto_hash_free(hash);
	}
	gp_crypto_hash_free(NULL);
	gp_crypto_digest_free(digest);
}

/* a_look_on_the_way: the digest so far is that of what was added, and changes nothing. */
static void a_look_on_the_way(void **state)
{
	static const char text[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	struct gp_crypto_digest *digest;
	struct gp_crypto_hash *hash;
	unsigned char right[GP_CRYPTO_SHA256], out[GP_CRYPTO_SHA256];
	(void)state;
	assert_int_equal(gp_crypto_digest_new(&digest), GP_OK);
	assert_int_equal(gp_crypto_hash_new(digest, &hash), GP_OK);
	for (size_t n = 0; n < sizeof text; n++) {
		const struct gp_span so_far = {text, n};
		assert_int_equal(gp_crypto_digest_of(digest, so_far, right), GP_OK);
		assert_int_equal(gp_crypto_hash_peek(hash, out), GP_OK);
		assert_memory_equal(out, right, sizeof out);
		gp_crypto_hash_add(hash, (struct gp_span) {text + n, 1});
	}
	gp_crypto_hash_free(hash);
	gp_crypto_digest_free(digest);
}

/* What the threads share, and what each finds. */
struct hasher {
	pthread_t thread;
	const struct gp_crypto_digest *digest;
	bool right;
};

/* hash: the same text again and again. */
static void *hash(void *arg)
{
	struct hasher *h = arg;
	unsigned char out[GP_CRYPTO_SHA256];
	h->right = true;
	for (int i = 0; i < 2000; i++)
		h->right = h->right &&
			   gp_crypto_digest_of(h->digest, gp_span_from("abc"), out) == GP_OK &&
			   memcmp(out, "\xba\x78\x16\xbf", 4) == 0;
	return NULL;
}

/* one_object_for_all_threads: nothing of a call is shared. */
static void one_object_for_all_threads(void **state)
{
	struct gp_crypto_digest *digest;
	struct hasher hashers[THREADS];
	(void)state;
	assert_int_equal(gp_crypto_digest_new(&digest), GP_OK);
	for (int i = 0; i < THREADS; i++) {
		hashers[i].digest = digest;
		assert_int_equal(pthread_create(&hashers[i].thread, NULL, hash, &hashers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(hashers[i].thread, NULL);
		assert_true(hashers[i].right);
	}
	gp_crypto_digest_free(digest);
}

/* main: all cases. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answers),
		cmocka_unit_test(a_million_bytes),
		cmocka_unit_test(a_hash_in_pieces),
		cmocka_unit_test(a_look_on_the_way),
		cmocka_unit_test(one_object_for_all_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
