/* SPDX-License-Identifier: ISC */
/* A blank line at the end of a field that the mail server took off: a signature over it is not said
 * to fail. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dkim/dkim.h"
#include "support/bodies.h"
#include "support/signer.h"
#include "support/zone.h"

#define FROM "From: joe@example.org\r\nTo: sue@example.net\r\n"
#define BODY "Hello.\r\n"

static struct gp_crypto_digest *digest;
static struct test_key *rsa;

/* set_up: one key for all cases. */
static int set_up(void **state)
{
	(void)state;
	rsa = test_key_new(TEST_KEY_RSA, 1024);
	return gp_crypto_digest_new(&digest);
}

/* tear_down: all of it. */
static int tear_down(void **state)
{
	(void)state;
	test_key_free(rsa);
	gp_crypto_digest_free(digest);
	return 0;
}

struct row {
	const char *canon, *sent, *arrived;
	bool is_trimmed;
	enum gp_dkim_verdict verdict;
};

/* verify: the header that arrives under the signature over the one that was sent. */
static void verify(const struct row *row, size_t times, unsigned kept, unsigned *checks_left_out,
	enum gp_dkim_verdict *last_out)
{
	static const struct gp_dkim_options options = {.max_signatures = 50,
		.rsa_bits_min = 1024,
		.rsa_bits_max = 4096,
		.unverifiable = GP_DKIM_AS_NEUTRAL};
	struct test_zone *zone = test_zone_new();
	struct gp_ctx ctx = {.arena = gp_arena_new(4 << 20),
		.clock = test_zone_clock(zone),
		.dns = test_zone_dns(zone),
		.deadline_us = INT64_MAX};
	struct gp_message message;
	struct gp_body *reader;
	struct gp_dkim_bodies *bodies;
	struct gp_dkim *dkim;
	struct gp_dkim_results results;
	char tags[200], sent[400], header[40000] = "";
	test_zone_add_text(
		zone, "s._domainkey.example.org", GP_DNS_TXT, gp_span_from(test_key_record(rsa)));
	snprintf(tags, sizeof tags,
		"v=1; a=rsa-sha256; d=example.org; s=s; h=from:to:x-a:x-b; c=%s", row->canon);
	snprintf(sent, sizeof sent, "%s%s", row->sent, FROM);
	char *field = test_sign(rsa, "DKIM-Signature", tags, sent, gp_span_from(BODY));
	for (size_t i = 0; i < times; i++) {
		strcat(header, field);
		strcat(header, "\r\n");
	}
	free(field);
	strcat(header, row->arrived);
	strcat(header, FROM);
	assert_int_equal(
		gp_message_parse(ctx.arena, gp_span_from(header), GP_MESSAGE_CRLF, &message),
		GP_OK);
	message.is_trimmed = row->is_trimmed;
	assert_int_equal(test_bodies_new(ctx.arena, digest, &reader, &bodies), GP_OK);
	*gp_dkim_bodies_kept(bodies) = kept;
	assert_int_equal(
		gp_dkim_new(&ctx, &message, &options, bodies, "example.org", &dkim), GP_OK);
	assert_int_equal(
		test_bodies_pass(reader, bodies, gp_span_from(BODY), GP_MESSAGE_CRLF), GP_OK);
	assert_int_equal(gp_dkim_verify(&ctx, dkim, &results), GP_OK);
	assert_int_equal(results.count, times);
	*last_out = results.items[times - 1].verdict;
	*checks_left_out = *gp_dkim_bodies_checks(bodies);
	if (*last_out == GP_DKIM_NEUTRAL)
		assert_string_equal(results.items[times - 1].reason,
			"not verifiable: the mail server removed a blank line from the end of a "
			"field");
	gp_dkim_bodies_fini(bodies);
	gp_arena_free(ctx.arena);
	test_zone_free(zone);
}

/* a_blank_line_taken_off: told by the signature, where the header is signed with simple. */
static void a_blank_line_taken_off(void **state)
{
	static const struct row rows[] = {
		{"simple", "X-A: a\r\n  \r\n", "X-A: a\r\n", true, GP_DKIM_NEUTRAL},
		{"simple", "X-A: a\r\n \r\n", "X-A: a\r\n", true, GP_DKIM_NEUTRAL},
		{"simple", "X-A: a\r\n\t\r\n", "X-A: a\r\n", true, GP_DKIM_NEUTRAL},
		{"simple/relaxed", "X-A: a\r\nX-B:\r\n \r\n", "X-A: a\r\nX-B:\r\n", true,
			GP_DKIM_NEUTRAL},
		{"simple", "X-A: a\r\n  \r\n", "X-A: a\r\n", false, GP_DKIM_FAIL},
		{"simple", "X-A: a\r\n  \r\n", "X-A: b\r\n", true, GP_DKIM_FAIL},
		{"simple", "X-A: a\r\n", "X-A: a\r\n \r\n", true, GP_DKIM_FAIL},
		{"simple", "X-A: a\r\n  \r\n", "X-A: a\r\n  \r\n", true, GP_DKIM_PASS},
		{"relaxed", "X-A: a\r\n  \r\n", "X-A: a\r\n", true, GP_DKIM_PASS},
		{"relaxed", "X-A: a\r\n  \r\n", "X-A: b\r\n", true, GP_DKIM_FAIL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		enum gp_dkim_verdict verdict;
		unsigned left;
		verify(&rows[i], 1, 0, &left, &verdict);
		if (verdict != rows[i].verdict)
			fail_msg("row %zu: %s", i, gp_dkim_verdict_name(verdict));
	}
}

/* tries_are_checks: they are counted as what they cost. */
static void tries_are_checks(void **state)
{
	const struct row row = {"simple", "X-A: a\r\n", "X-A: b\r\n", true, GP_DKIM_FAIL};
	enum gp_dkim_verdict verdict;
	unsigned left;
	(void)state;
	verify(&row, 1, 0, &left, &verdict);
	assert_int_equal(verdict, GP_DKIM_FAIL);
	assert_int_equal(left, GP_DKIM_CHECKS_MAX - 1 - 9); /* three fields, three blanks */
	verify(&row, 40, 0, &left, &verdict);
	assert_int_equal(verdict, GP_DKIM_FAIL);
	assert_int_equal(left, 0);
}

/* tries_leave_checks_to_a_chain: what ARC needs of them is there, however many signatures fail. */
static void tries_leave_checks_to_a_chain(void **state)
{
	const struct row row = {"simple", "X-A: a\r\n", "X-A: b\r\n", true, GP_DKIM_FAIL};
	enum gp_dkim_verdict verdict;
	unsigned left;
	(void)state;
	verify(&row, 20, 30, &left, &verdict);
	assert_int_equal(verdict, GP_DKIM_FAIL);
	assert_int_equal(left, 30);
}

/* main: all of the above. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_blank_line_taken_off),
		cmocka_unit_test(tries_are_checks),
		cmocka_unit_test(tries_leave_checks_to_a_chain),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down) ? 1 : 0;
}
