/* SPDX-License-Identifier: ISC */
/*
 * What the check of a message costs, beside the least it can: the SHA-256 of its body as it was
 * signed and one RSA verification, both straight through OpenSSL. A message brings its key with it,
 * so the verification begins with the two numbers of the key; beside it stands one whose key lies
 * ready.
 *
 *     messages [SIZE] a line for 5 KB, 50 KB and 5 MB: bytes, form, microseconds of the floor, of
 *                     the floor with the key ready, of DKIM (header read, hashes, key, signature),
 *                     of the whole engine with SPF, DKIM and DMARC, bytes of the arena
 *
 * Answers of DNS come from memory. Ours and the floor are measured in turns; medians are printed.
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* RSA_verify: the cheapest way for a key used once */
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/decode.h"
#include "engine/record.h"
#include "support/bodies.h"
#include "support/judge.h"
#include "support/signer.h"
#include "support/zone.h"

#define ROUNDS 31
#define PARTS 4
#define PIECE 32768
#define ROUND_US 3000 /* of each part of a round, at least */

static const char header[] = "Received: from mail.good.test (mail.good.test [192.0.2.1])\r\n"
			     "\tby mx.test; Sun, 22 Nov 2026 10:00:00 +0000\r\n"
			     "From: Alice Example <alice@good.test>\r\n"
			     "To: Bob Example <bob@mx.test>\r\n"
			     "Subject: figures of the month, as you asked for them yesterday\r\n"
			     "Date: Sun, 22 Nov 2026 09:59:58 +0000\r\n"
			     "Message-ID: <20261122095958.1234@good.test>\r\n"
			     "MIME-Version: 1.0\r\n"
			     "Content-Type: text/plain; charset=utf-8\r\n";

struct scene {
	struct test_zone *zone;
	struct gp_config *config;
	struct gp_crypto_digest *digest;
	struct gp_arena *arena;
	EVP_PKEY *pkey; /* ready */
	unsigned char modulus[256], exponent[8];
	int modulus_len, exponent_len;
	EVP_MD *sha256;
	char *signed_header; /* with the signature on top */
	char *body;
	size_t size;
	struct gp_span wire;      /* the body with CRLF */
	unsigned char *signature; /* of the floor: over the body's own hash */
	size_t signature_len;
};

struct memory_body {
	const char *at;
	size_t left;
};

/* fail: says what could not be prepared. */
static void fail(const char *what)
{
	fprintf(stderr, "messages: %s\n", what);
	exit(1);
}

/* now_us: microseconds with their fraction. */
static double now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* read_memory: as much as is asked for. */
static int read_memory(void *arg, char *buffer, size_t size, size_t *got_out)
{
	struct memory_body *b = arg;
	*got_out = b->left < size ? b->left : size;
	memcpy(buffer, b->at, *got_out);
	b->at += *got_out;
	b->left -= *got_out;
	return GP_OK;
}

/* make_body: lines of text, 72 columns, with LF ends as a spool has them. */
static char *make_body(size_t size)
{
	char *body = malloc(size + 1);
	if (!body)
		fail("no memory");
	for (size_t i = 0; i < size; i++)
		body[i] = i % 73 == 72 || i + 1 == size ? '\n'
							: (char)(i * 7 % 11 ? 'a' + i % 26 : ' ');
	for (size_t i = 1; i < size; i++)
		if (body[i] == '\n' && body[i - 1] == ' ')
			body[i - 1] = '.';
	body[size] = 0;
	return body;
}

/* to_crlf: a copy with the line ends of the wire. */
static struct gp_span to_crlf(const char *text, size_t size)
{
	char *out = malloc(size * 2 + 1);
	size_t n = 0;
	if (!out)
		fail("no memory");
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\n')
			out[n++] = '\r';
		out[n++] = text[i];
	}
	return (struct gp_span) {out, n};
}

/* floor_key: the same key as OpenSSL takes it, from its p=. */
static void floor_key(struct scene *s, const struct test_key *key)
{
	struct gp_span der;
	if (gp_decode_base64(s->arena, gp_span_from(test_key_p(key)), &der))
		fail("p= is no base64");
	const unsigned char *at = (const unsigned char *)der.ptr;
	s->pkey = d2i_PUBKEY(NULL, &at, (long)der.len);
	s->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (!s->pkey || !s->sha256)
		fail("OpenSSL refuses the key");
	const RSA *rsa = EVP_PKEY_get0_RSA(s->pkey);
	s->modulus_len = BN_bn2bin(RSA_get0_n(rsa), s->modulus);
	s->exponent_len = BN_bn2bin(RSA_get0_e(rsa), s->exponent);
}

/* scene_begin: zone, key, message, signature. */
static void scene_begin(struct scene *s, size_t size, const char *canon)
{
	struct gp_config_errors errors = {0};
	struct test_key *key = test_key_new(TEST_KEY_RSA, 2048);
	char tags[200];
	*s = (struct scene) {
		.zone = test_zone_new(), .arena = gp_arena_new(64u << 20), .size = size};
	if (gp_config_parse(gp_span_from("hostname = mx.test"), "bench", &s->config, &errors) ||
		gp_crypto_digest_new(&s->digest))
		fail("configuration");
	gp_config_errors_fini(&errors);
	test_zone_lines(s->zone, "good.test TXT v=spf1 ip4:192.0.2.0/24 -all\n"
				 "_dmarc.good.test TXT v=DMARC1; p=reject\n");
	test_zone_add_text(
		s->zone, "s._domainkey.good.test", GP_DNS_TXT, gp_span_from(test_key_record(key)));
	s->body = make_body(size);
	s->wire = to_crlf(s->body, size);
	snprintf(tags, sizeof tags,
		"v=1; a=rsa-sha256; c=%s; d=good.test; s=s; "
		"h=from:to:subject:date:message-id:mime-version:content-type",
		canon);
	char *field = test_sign(key, "DKIM-Signature", tags, header, s->wire);
	s->signed_header = malloc(strlen(field) + sizeof header + 2);
	if (!s->signed_header)
		fail("no memory");
	sprintf(s->signed_header, "%s\r\n%s", field, header);
	floor_key(s, key);
	char *base64 = test_key_sign(key, s->wire);
	struct gp_span signature;
	if (gp_decode_base64(s->arena, gp_span_from(base64), &signature))
		fail("signature");
	s->signature = malloc(signature.len);
	memcpy(s->signature, signature.ptr, signature.len);
	s->signature_len = signature.len;
	free(base64);
	free(field);
	test_key_free(key);
}

/* floor_ready: the hash of the body, and one verification with a key that lies ready. */
static void floor_ready(struct scene *s)
{
	unsigned char hash[32];
	EVP_Digest(s->wire.ptr, s->wire.len, hash, NULL, s->sha256, NULL);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(s->pkey, NULL);
	if (!ctx || EVP_PKEY_verify_init(ctx) <= 0 ||
		EVP_PKEY_CTX_set_signature_md(ctx, s->sha256) <= 0 ||
		EVP_PKEY_verify(ctx, s->signature, s->signature_len, hash, sizeof hash) != 1)
		fail("the floor's signature does not hold");
	EVP_PKEY_CTX_free(ctx);
}

/* floor_once: the same with the two numbers of the key as a message brings them. */
static void floor_once(struct scene *s)
{
	unsigned char hash[32];
	EVP_Digest(s->wire.ptr, s->wire.len, hash, NULL, s->sha256, NULL);
	RSA *rsa = RSA_new();
	if (!rsa ||
		!RSA_set0_key(rsa, BN_bin2bn(s->modulus, s->modulus_len, NULL),
			BN_bin2bn(s->exponent, s->exponent_len, NULL), NULL) ||
		RSA_verify(NID_sha256, hash, sizeof hash, s->signature, (unsigned)s->signature_len,
			rsa) != 1)
		fail("the floor's signature does not hold");
	RSA_free(rsa);
}

/* context: of one message. */
static struct gp_ctx context(struct scene *s)
{
	gp_arena_reset(s->arena);
	struct gp_ctx ctx = {.arena = s->arena,
		.clock = test_zone_clock(s->zone),
		.dns = test_zone_dns(s->zone)};
	ctx.deadline_us = gp_clock_now_us(ctx.clock) + 20000000;
	return ctx;
}

/* dkim_once: the header read, the hashes, the key, the signature. The body comes as a file's reader
 * would hand it over, piece by piece. */
static void dkim_once(struct scene *s)
{
	struct gp_ctx ctx = context(s);
	struct gp_message m;
	struct gp_body *reader;
	struct gp_dkim_bodies *bodies;
	struct gp_dkim *dkim;
	struct gp_dkim_results r;
	if (gp_message_parse(ctx.arena, gp_span_from(s->signed_header), GP_MESSAGE_CRLF, &m) ||
		test_bodies_new(ctx.arena, s->digest, &reader, &bodies) ||
		gp_dkim_new(&ctx, &m, &s->config->dkim.check, bodies, "", &dkim))
		fail("message");
	for (size_t at = 0; at < s->size; at += PIECE) {
		size_t n = s->size - at < PIECE ? s->size - at : PIECE;
		gp_body_feed(reader, (struct gp_span) {s->body + at, n}, GP_MESSAGE_LF);
	}
	gp_body_finish(reader);
	if (gp_dkim_bodies_status(bodies) || gp_dkim_verify(&ctx, dkim, &r) || r.count != 1 ||
		r.items[0].verdict != GP_DKIM_PASS)
		fail("our signature does not hold");
	gp_dkim_bodies_fini(bodies);
}

/* engine_once: SPF, DKIM, DMARC and the decision. */
static void engine_once(struct scene *s)
{
	struct gp_ctx ctx = context(s);
	struct memory_body memory = {s->body, s->size};
	const struct gp_message_body body = {read_memory, &memory, GP_MESSAGE_LF};
	struct gp_message m;
	struct gp_envelope e = {
		.helo = gp_span_from("mail.good.test"), .sender = gp_span_from("alice@good.test")};
	struct gp_facts f;
	struct gp_verdict v;
	if (gp_ipaddr_parse(gp_span_from("192.0.2.1"), &e.client) ||
		gp_message_parse(ctx.arena, gp_span_from(s->signed_header), GP_MESSAGE_CRLF, &m))
		fail("message");
	const struct gp_mail mail = {.digest = s->digest, .message = &m, .body = &body};
	if (test_judge_message(&ctx, s->config, &e, &mail, false, &f, &v) ||
		f.dmarc.verdict != GP_DMARC_PASS)
		fail("the engine does not pass it");
}

/* timed: microseconds of one call, over as many as fill a round. */
static double timed(void (*once)(struct scene *), struct scene *s)
{
	double begin = now_us(), end;
	unsigned n = 0;
	do {
		once(s);
		n++;
		end = now_us();
	} while (end - begin < ROUND_US);
	return (end - begin) / n;
}

/* compare: for qsort. */
static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* measure: a line for one size. */
static void measure(size_t size, const char *canon)
{
	static void (*const parts[])(struct scene *) = {
		floor_once, floor_ready, dkim_once, engine_once};
	double us[PARTS][ROUNDS];
	struct scene s;
	scene_begin(&s, size, canon);
	for (size_t p = 0; p < PARTS; p++)
		parts[p](&s);
	for (size_t r = 0; r < ROUNDS; r++)
		for (size_t p = 0; p < PARTS; p++)
			us[p][r] = timed(parts[p], &s);
	for (size_t p = 0; p < PARTS; p++)
		qsort(us[p], ROUNDS, sizeof us[p][0], compare);
	printf("%zu %s", size, canon);
	for (size_t p = 0; p < PARTS; p++)
		printf(" %.1f", us[p][ROUNDS / 2]);
	printf(" %zu\n", gp_arena_used(s.arena));
	fflush(stdout);
	/* the rest ends with the program */
	free(s.body);
}

/* main: sizes and forms; one size alone with an argument, for a profiler. */
int main(int argc, char **argv)
{
	static const size_t sizes[] = {5000, 50000, 5000000};
	static const char *const canons[] = {"relaxed/relaxed", "simple/simple"};
	size_t only = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
		for (size_t c = 0; c < sizeof canons / sizeof canons[0]; c++)
			if (!only || only == sizes[i])
				measure(sizes[i], canons[c]);
	return 0;
}
