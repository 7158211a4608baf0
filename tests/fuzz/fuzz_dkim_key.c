/* SPDX-License-Identifier: ISC */
/*
 * A key record from outside, and a signature of as many bytes as its key would make: whatever
 * OpenSSL thinks of it is a verdict, and never a pass.
 */
#include <stdlib.h>
#include <string.h>

#include "dkim/dkim_private.h"
#include "fuzz/target.h"

const char *const fuzz_reached_seed = "rsa";

static bool reached;

/* fuzz_reached: was the last input a record with a key that was used? */
int fuzz_reached(void)
{
	return reached;
}

/* judge: by the record, for one algorithm. */
static void judge(struct gp_ctx *ctx, const struct gp_crypto_digest *digest,
	const struct gp_dns_answer *answer, enum gp_dkim_algorithm algorithm)
{
	static const size_t lengths[] = {64, 128, 256};
	static const struct gp_dkim_options options = {.rsa_bits_max = 4096, .lenient_keys = true};
	char signature[256];
	memset(signature, 0x42, sizeof signature);
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		struct gp_dkim_key_result result;
		const struct gp_dkim_sig sig = {.algorithm = algorithm,
			.signature = {signature, lengths[i]},
			.identity_below = i % 2};
		const struct gp_dkim_key_case c = {
			&sig, &options, digest, gp_span_from("text"), NULL};
		int rc = gp_dkim_key_judge(ctx, &c, answer, &result);
		if (rc == GP_ETOOBIG)
			return;
		if (rc || result.verdict == GP_DKIM_PASS || !result.reason)
			abort();
		reached = reached || result.verdict == GP_DKIM_FAIL;
	}
}

/* LLVMFuzzerTestOneInput: the record alone, then beside one that was revoked. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gp_ctx ctx = {.arena = gp_arena_new(1 << 19)};
	struct gp_dns_record records[2] = {{.text = {(const char *)data, size & 0xffff}},
		{.text = gp_span_from("v=DKIM1; p=")}};
	const struct gp_dns_answer answer = {
		.state = GP_DNS_FOUND, .count = 1 + size % 2, .records = records};
	struct gp_crypto_digest *digest;
	if (gp_crypto_digest_new(&digest) != GP_OK)
		abort();
	reached = false;
	judge(&ctx, digest, &answer, GP_DKIM_RSA_SHA256);
	judge(&ctx, digest, &answer, GP_DKIM_ED25519_SHA256);
	gp_crypto_digest_free(digest);
	gp_arena_free(ctx.arena);
	return 0;
}
