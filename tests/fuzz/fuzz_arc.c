/* SPDX-License-Identifier: ISC */
/*
 * A whole message with ARC sets, judged against a zone that has two keys: the verdict comes with
 * what it promises, and does not depend on the order in which the fields stand.
 */
#include <stdlib.h>
#include <string.h>

#include "arc/arc.h"
#include "fuzz/target.h"
#include "support/bodies.h"
#include "support/trace.h"
#include "support/zone.h"

#define ARENA_MAX (16 << 20)

const char *const fuzz_reached_seed = "two-sets";

static const struct gp_dkim_options options = {
	.max_signatures = 10, .rsa_bits_min = 1024, .rsa_bits_max = 8192, .clock_skew_ms = 300000};

static const char keys[] =
	"e._domainkey.one.example TXT v=DKIM1; k=ed25519; "
	"p=JBtVcm+/y+lt5UTRdZJqRtKJCK4WRAqa4/XgbnGDpqA=\n"
	"r._domainkey.two.example TXT v=DKIM1; k=rsa; "
	"p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDKaJP1hAG20SBZAT/oOYYCDlJ3rYYKz1P5vG0+KVAeh0Nay0Uz"
	"CrcVlNRM6nINu9ESHRVJVhGJqAU60WruRBboriFeY6BNCIcc0ij7hpeIe4v1Lp92CZdAWbDhSIBcCcQ/w66bZ09gZI"
	"Kcor/H4eOybQUYZpLi6uGq/5NRmrLcXwIDAQAB\n"
	"t._domainkey.one.example SERVFAIL\n";

static bool reached;

/* fuzz_reached: did the chain of the last input hold? */
int fuzz_reached(void)
{
	return reached;
}

/* is_arc: one of the three fields? */
static bool is_arc(const struct gp_message_field *field)
{
	return gp_span_is(field->name, "ARC-Seal") ||
	       gp_span_is(field->name, "ARC-Message-Signature") ||
	       gp_span_is(field->name, "ARC-Authentication-Results");
}

/* check_result: what a verdict comes with. */
static void check_result(
	struct gp_ctx *ctx, const struct gp_message *message, const struct gp_arc_result *result)
{
	static const char *const sealers[] = {"one.example", "two.example"};
	const struct gp_arc_options trust = {.sealers = sealers, .sealer_count = 2};
	size_t found = 0;
	unsigned instance;
	for (size_t i = 0; i < message->count; i++)
		found += is_arc(&message->fields[i]);
	fuzz_require((result->verdict == GP_ARC_NONE) == (found == 0));
	fuzz_require((result->verdict == GP_ARC_FAIL) == (result->reason != NULL));
	fuzz_require(!result->reason || gp_span_is_printable_ascii(gp_span_from(result->reason)));
	fuzz_require(!result->temporary || result->verdict == GP_ARC_FAIL);
	fuzz_require(result->instances == 0 || 3 * result->instances == found);
	fuzz_require(result->oldest_pass <= result->instances);
	if (result->verdict == GP_ARC_PASS) {
		fuzz_require(
			result->instances > 0 && result->sets[result->instances - 1].message_holds);
		for (unsigned i = 0; i < result->instances; i++)
			fuzz_require(*result->sets[i].sealer && *result->sets[i].selector);
	}
	fuzz_require(gp_arc_trust(ctx, result, &trust, "author.example", &instance) == GP_OK);
	fuzz_require(
		instance == 0 || (result->verdict == GP_ARC_PASS && instance <= result->instances));
}

/* judge: a message, whose fields are in the arena. */
static void judge(struct gp_ctx *ctx, const struct gp_message *message, struct gp_span body,
	enum gp_message_ending ending, struct gp_arc_result *result_out)
{
	struct gp_crypto_digest *digest;
	struct gp_body *reader;
	struct gp_dkim_bodies *bodies;
	struct gp_arc *arc;
	struct gp_dns_question questions[4];
	fuzz_require(gp_crypto_digest_new(&digest) == GP_OK);
	fuzz_require(test_bodies_new(ctx->arena, digest, &reader, &bodies) == GP_OK);
	fuzz_require(gp_arc_new(ctx, message, &options, bodies, &arc) == GP_OK);
	fuzz_require(gp_arc_questions(arc, questions, 4) <= 4);
	fuzz_require(test_bodies_pass(reader, bodies, body, ending) == GP_OK);
	fuzz_require(gp_arc_verify(ctx, arc, result_out) == GP_OK);
	check_result(ctx, message, result_out);
	gp_dkim_bodies_fini(bodies);
	gp_crypto_digest_free(digest);
}

/* signs_arc: may a message signature cover ARC fields, whose order counts then? */
static bool signs_arc(const struct gp_message *message)
{
	for (size_t i = 0; i < message->count; i++) {
		struct gp_span rest = message->fields[i].value;
		if (!gp_span_is(message->fields[i].name, "ARC-Message-Signature"))
			continue;
		for (; rest.len >= 4; rest = gp_span_skip(rest, 1))
			if (gp_span_has_prefix(rest, "arc-"))
				return true;
	}
	return false;
}

/* reversed: the same message, the ARC fields in the opposite order in the places they have. */
static struct gp_message reversed(struct gp_arena *arena, const struct gp_message *message)
{
	struct gp_message_field *fields = gp_arena_array(arena, message->count + 1, sizeof *fields);
	struct gp_message copy = *message;
	fuzz_require(fields);
	if (message->count)
		memcpy(fields, message->fields, message->count * sizeof *fields);
	size_t i = 0, j = message->count;
	for (;;) {
		while (i < j && !is_arc(&fields[i]))
			i++;
		while (j > i && !is_arc(&fields[j - 1]))
			j--;
		if (i + 1 >= j)
			break;
		const struct gp_message_field swap = fields[i];
		fields[i++] = fields[--j];
		fields[j] = swap;
	}
	copy.fields = fields;
	return copy;
}

/* check_message: as it stands, and reversed. */
static void check_message(struct gp_ctx *ctx, struct gp_span text)
{
	struct gp_span header;
	size_t body_at;
	enum gp_message_ending ending;
	struct gp_message message;
	struct gp_arc_result result, other;
	gp_message_split(text, &header, &body_at, &ending);
	int rc = gp_message_parse(ctx->arena, header, ending, &message);
	fuzz_require(rc == GP_OK || rc == GP_ETOOBIG);
	if (rc)
		return;
	judge(ctx, &message, gp_span_skip(text, body_at), ending, &result);
	reached = result.verdict == GP_ARC_PASS;
	if (signs_arc(&message))
		return;
	const struct gp_message turned = reversed(ctx->arena, &message);
	judge(ctx, &turned, gp_span_skip(text, body_at), ending, &other);
	fuzz_require(other.verdict == result.verdict && other.instances == result.instances);
}

/* LLVMFuzzerTestOneInput: a message, with a listener for every other length. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct test_zone *zone = test_zone_new();
	struct gp_ctx ctx = {.arena = gp_arena_new(ARENA_MAX),
		.clock = test_zone_clock(zone),
		.dns = test_zone_dns(zone),
		.trace = size % 2 ? &test_trace_ignored : NULL,
		.deadline_us = INT64_MAX};
	reached = false;
	test_zone_lines(zone, keys);
	check_message(&ctx, (struct gp_span) {(const char *)data, size});
	gp_arena_free(ctx.arena);
	test_zone_free(zone);
	return 0;
}
