/* SPDX-License-Identifier: ISC */
/* A header that was cut: signatures and seals that hold for what was read prove nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arc/arc.h"
#include "support/bodies.h"
#include "support/arc_sealer.h"
#include "support/zone.h"

#define HEADER "From: a@author.example\r\nSubject: one\r\n"
#define BODY "body\r\n"
#define FIELDS "not verifiable: the header has more than 4096 fields"
#define BYTES "not verifiable: the header has more than 2 MiB"

/* What was found. */
struct found {
	struct gp_dkim_results dkim;
	struct gp_arc_result arc;
};

/* long_header: signed and sealed, with so many fields of so many bytes below, and a last one. */
static char *long_header(const struct test_key *key, size_t fields, size_t width, const char *last)
{
	struct test_sealed *sealed = test_sealed_new(HEADER, BODY);
	char *signature = test_sign(key, "DKIM-Signature",
		"v=1; a=rsa-sha256; d=author.example; s=s; h=from:subject", HEADER,
		gp_span_from(BODY));
	test_sealed_add(sealed, &(struct test_set) {.key = key, .domain = "author.example"});
	const char *header = test_sealed_header(sealed);
	size_t size = strlen(signature) + 2 + strlen(header) + fields * (width + 2) + strlen(last);
	char *all = malloc(size + 1), *to = all;
	assert_non_null(all);
	to += sprintf(to, "%s\r\n%s", signature, header);
	for (size_t i = 0; i < fields; i++) {
		memset(to, 'x', width);
		to[1] = ':';
		memcpy(to + width, "\r\n", 2);
		to += width + 2;
	}
	strcpy(to, last);
	test_sealed_free(sealed);
	free(signature);
	return all;
}

/* verify: DKIM and ARC over one message. */
static void verify(struct gp_ctx *ctx, const char *header, enum gp_dkim_unverifiable as,
	struct found *found_out)
{
	const struct gp_dkim_options options = {.max_signatures = 10,
		.rsa_bits_min = 1024,
		.rsa_bits_max = 4096,
		.clock_skew_ms = 300000,
		.unverifiable = as};
	struct gp_message message;
	struct gp_crypto_digest *digest = NULL;
	struct gp_body *reader;
	struct gp_dkim_bodies *bodies = NULL;
	struct gp_dkim *dkim = NULL;
	struct gp_arc *arc = NULL;
	assert_int_equal(gp_crypto_digest_new(&digest), GP_OK);
	assert_int_equal(
		gp_message_parse(ctx->arena, gp_span_from(header), GP_MESSAGE_CRLF, &message),
		GP_OK);
	assert_int_equal(test_bodies_new(ctx->arena, digest, &reader, &bodies), GP_OK);
	assert_int_equal(
		gp_dkim_new(ctx, &message, &options, bodies, "author.example", &dkim), GP_OK);
	assert_int_equal(gp_arc_new(ctx, &message, &options, bodies, &arc), GP_OK);
	assert_int_equal(
		test_bodies_pass(reader, bodies, gp_span_from(BODY), GP_MESSAGE_CRLF), GP_OK);
	assert_int_equal(gp_dkim_verify(ctx, dkim, &found_out->dkim), GP_OK);
	assert_int_equal(gp_arc_verify(ctx, arc, &found_out->arc), GP_OK);
	gp_dkim_bodies_fini(bodies);
	gp_crypto_digest_free(digest);
}

/* same: is a reason this one? */
static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* cut_header_is_not_verifiable: what is signed may stand behind the cut: h= counts from the bottom;
 * no key is asked for. */
static void cut_header_is_not_verifiable(void **state)
{
	static const struct {
		size_t fields, width;
		const char *last;
		enum gp_dkim_unverifiable as;
		enum gp_dkim_verdict dkim;
		enum gp_arc_verdict arc;
		const char *reason;
	} rows[] = {
		{4000, 3, "", GP_DKIM_AS_NEUTRAL, GP_DKIM_PASS, GP_ARC_PASS, NULL},
		{4097, 3, "", GP_DKIM_AS_NEUTRAL, GP_DKIM_NEUTRAL, GP_ARC_FAIL, FIELDS},
		{4097, 3, "From: ceo@bank.example\r\n", GP_DKIM_AS_NEUTRAL, GP_DKIM_NEUTRAL,
			GP_ARC_FAIL, FIELDS},
		{4097, 3, "Subject: other\r\n", GP_DKIM_AS_TEMPERROR, GP_DKIM_TEMPERROR,
			GP_ARC_FAIL, FIELDS},
		{2400, 900, "Subject: other\r\n", GP_DKIM_AS_NEUTRAL, GP_DKIM_NEUTRAL, GP_ARC_FAIL,
			BYTES},
		{2000, 900, "", GP_DKIM_AS_NEUTRAL, GP_DKIM_PASS, GP_ARC_PASS, NULL},
	};
	struct test_key *key = test_key_new(TEST_KEY_RSA, 2048);
	struct test_zone *zone = test_zone_new();
	(void)state;
	test_zone_add_text(zone, "s._domainkey.author.example", GP_DNS_TXT,
		gp_span_from(test_key_record(key)));
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_ctx ctx = {.arena = gp_arena_new(8 << 20),
			.clock = test_zone_clock(zone),
			.dns = test_zone_dns(zone),
			.deadline_us = INT64_MAX};
		struct found found;
		char *header = long_header(key, rows[i].fields, rows[i].width, rows[i].last);
		test_zone_forget(zone);
		verify(&ctx, header, rows[i].as, &found);
		assert_int_equal(found.dkim.count, 1);
		assert_int_equal(found.dkim.items[0].verdict, rows[i].dkim);
		assert_int_equal(found.arc.verdict, rows[i].arc);
		assert_false(found.arc.temporary);
		assert_int_equal(test_zone_asked(zone, TEST_ZONE_ANY) > 0, !rows[i].reason);
		if (!same(found.dkim.items[0].reason, rows[i].reason) ||
			!same(found.arc.reason, rows[i].reason))
			fail_msg(
				"row %zu: %s, %s", i, found.dkim.items[0].reason, found.arc.reason);
		gp_arena_free(ctx.arena);
		free(header);
	}
	test_zone_free(zone);
	test_key_free(key);
}

/* main: all tests, or those that an argument names. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(cut_header_is_not_verifiable)};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
