/* SPDX-License-Identifier: ISC */
/*
 * A whole message from outside, verified with the keys of RFC 8463 at any name; each of its fields
 * is also read as a signature field of each kind. What comes out is fit to be shown.
 */
#include <stdlib.h>
#include <string.h>

#include "dkim/dkim.h"
#include "dkim/dkim_sig.h"
#include "fuzz/target.h"
#include "support/bodies.h"
#include "support/trace.h"
#include "support/zone.h"

#define FIELDS 4 /* read as each kind */

const char *const fuzz_reached_seed = "rfc8463";

static bool reached;

/* fuzz_reached: did a signature of the last input pass? */
int fuzz_reached(void)
{
	return reached;
}

/* check_name: only what a host name may hold. */
static void check_name(const char *name)
{
	if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != strlen(name))
		abort();
}

/* read_as: a field as a signature field. */
static void read_as(struct gp_ctx *ctx, enum gp_dkim_field kind, const struct gp_message *message,
	const struct gp_message_field *field)
{
	struct gp_dkim_sig sig;
	struct gp_span input;
	int rc = gp_dkim_sig_parse(ctx, kind, field, &sig);
	if (rc == GP_ETOOBIG)
		return;
	if (rc)
		abort();
	check_name(sig.domain);
	check_name(sig.selector);
	if (sig.header_count > GP_DKIM_HEADERS_MAX || sig.b.len > 8 || sig.instance > 50)
		abort();
	if (sig.problem ? sig.verdict != GP_DKIM_PERMERROR && sig.verdict != GP_DKIM_POLICY
			: !sig.domain[0] || !sig.selector[0] || sig.signature.len == 0 ||
				  (kind != GP_DKIM_ARC_SEAL && sig.body_hash.len != 32))
		abort();
	rc = gp_dkim_sig_input(ctx, message, &sig, &input);
	if (rc != GP_OK && rc != GP_ETOOBIG)
		abort();
}

/* check: one result. */
static void check(const struct gp_dkim_result *r)
{
	check_name(r->domain);
	check_name(r->selector);
	if ((r->verdict == GP_DKIM_PASS) != (r->reason == NULL))
		abort();
	if (r->reason && !gp_span_is_printable_ascii(gp_span_from(r->reason)))
		abort();
	reached = reached || r->verdict == GP_DKIM_PASS;
}

/* verify: the message as a whole. */
static int verify(struct gp_ctx *ctx, const struct gp_crypto_digest *digest,
	const struct gp_message *message, struct gp_dkim_results *results_out, struct gp_span body)
{
	static const struct gp_dkim_options options = {
		.max_signatures = 5, .rsa_bits_min = 1024, .rsa_bits_max = 4096};
	struct gp_body *reader;
	struct gp_dkim_bodies *bodies = NULL;
	struct gp_dkim *dkim;
	int rc = test_bodies_new(ctx->arena, digest, &reader, &bodies);
	if (!rc)
		rc = gp_dkim_new(ctx, message, &options, bodies, "", &dkim);
	if (!rc) {
		rc = test_bodies_pass(reader, bodies, body, GP_MESSAGE_LF);
	}
	if (!rc)
		rc = gp_dkim_verify(ctx, dkim, results_out);
	gp_dkim_bodies_fini(bodies);
	return rc;
}

/* run: all of it, with an arena and a zone. */
static void run(struct gp_ctx *ctx, const struct gp_crypto_digest *digest, struct gp_span text)
{
	struct gp_dkim_results results = {.count = 0};
	struct gp_message message;
	struct gp_span header;
	size_t body_at;
	enum gp_message_ending ending;
	gp_message_split(text, &header, &body_at, &ending);
	int rc = gp_message_parse(ctx->arena, header, ending, &message);
	for (size_t i = 0; !rc && i < message.count && i < FIELDS; i++)
		for (int kind = GP_DKIM_SIGNATURE; kind <= GP_DKIM_ARC_SEAL; kind++)
			read_as(ctx, kind, &message, &message.fields[i]);
	if (!rc)
		rc = verify(ctx, digest, &message, &results, gp_span_skip(text, body_at));
	if (rc != GP_OK && rc != GP_ETOOBIG)
		abort();
	for (size_t i = 0; !rc && i < results.count; i++)
		check(&results.items[i]);
}

/* LLVMFuzzerTestOneInput: header and body in one; the seeds have LF line ends. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct test_zone *zone = test_zone_new();
	struct gp_ctx ctx = {.arena = gp_arena_new(1 << 20),
		.clock = test_zone_clock(zone),
		.dns = test_zone_dns(zone),
		.trace = size % 2 ? &test_trace_ignored : NULL,
		.deadline_us = INT64_MAX};
	struct gp_crypto_digest *digest;
	test_zone_lines(zone,
		"*.com TXT v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
		"*.com TXT v=DKIM1; k=rsa; p="
		"MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bd"
		"OKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hst"
		"T5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB\n"
		"*.net TIMEOUT\n");
	if (gp_crypto_digest_new(&digest) != GP_OK)
		abort();
	reached = false;
	run(&ctx, digest, (struct gp_span) {(const char *)data, size});
	gp_crypto_digest_free(digest);
	gp_arena_free(ctx.arena);
	test_zone_free(zone);
	return 0;
}
