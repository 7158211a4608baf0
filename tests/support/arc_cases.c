/* SPDX-License-Identifier: ISC */
/*
 * Case by case with an arena of its own; what differs is said in the lines below a failure. With
 * TRACE in the environment, each step of a case that fails is shown, too.
 */
#include "support/bodies.h"
#include "support/arc_cases.h"

#include <stdio.h>
#include <stdlib.h>

#include "arc/arc.h"

#define ARENA_MAX (8 << 20)

/* The suites have keys of 1024 bits, and one of 512, which has to fail. */
static const struct gp_dkim_options options = {
	.max_signatures = 20, .rsa_bits_min = 1024, .rsa_bits_max = 8192, .clock_skew_ms = 300000};

/* judge: the chain of a whole message. */
static int judge(struct gp_ctx *ctx, const struct gp_crypto_digest *digest, struct gp_span text,
	struct gp_arc_result *result_out)
{
	struct gp_span header;
	size_t body_at;
	enum gp_message_ending ending;
	struct gp_message message;
	struct gp_body *reader;
	struct gp_dkim_bodies *bodies = NULL;
	struct gp_arc *arc;
	gp_message_split(text, &header, &body_at, &ending);
	int rc = gp_message_parse(ctx->arena, header, ending, &message);
	if (!rc)
		rc = test_bodies_new(ctx->arena, digest, &reader, &bodies);
	if (!rc)
		rc = gp_arc_new(ctx, &message, &options, bodies, &arc);
	if (!rc) {
		rc = test_bodies_pass(reader, bodies, gp_span_skip(text, body_at), ending);
	}
	if (!rc)
		rc = gp_arc_verify(ctx, arc, result_out);
	gp_dkim_bodies_fini(bodies);
	return rc;
}

/* show_line: a step, as TAP takes it. */
static void show_line(void *arg, unsigned depth, const char *text)
{
	(void)arg;
	printf("# %*s%s\n", (int)(2 * depth), "", text);
}

/* run_case: one check; false when it came out differently. */
static bool run_case(const struct test_suite_scenario *scenario, const struct test_suite_case *test,
	const struct gp_crypto_digest *digest, size_t number)
{
	static const struct gp_trace trace = {show_line, NULL};
	struct test_zone *zone = scenario->zone;
	struct gp_ctx ctx = {.arena = gp_arena_new(ARENA_MAX),
		.clock = test_zone_clock(zone),
		.dns = test_zone_dns(zone),
		.trace = getenv("TRACE") ? &trace : NULL,
		.deadline_us = INT64_MAX};
	struct gp_arc_result result = {.reason = "it was not run"};
	const struct gp_span text = {test->message, test->message_len};
	if (test->now)
		test_zone_set_clock(zone, 1000000, test->now);
	int rc = judge(&ctx, digest, text, &result);
	const char *verdict = rc ? gp_err_text(rc) : gp_arc_verdict_name(result.verdict);
	bool good = !rc && test_suite_expects(test, verdict) &&
		    (test->instances == 0 || test->instances == result.instances);
	printf("%s %zu - %s/%s\n", good ? "ok" : "not ok", number, scenario->name, test->id);
	if (!good)
		printf("# expected %s, got %s with %u sets (%s)\n", test->results[0], verdict,
			result.instances, result.reason ? result.reason : "no reason");
	gp_arena_free(ctx.arena);
	return good;
}

/* test_arc_cases_run: all of them. */
int test_arc_cases_run(struct test_suite *suite)
{
	size_t number = 0, failed = 0;
	struct gp_crypto_digest *digest;
	if (!suite) {
		printf("ok 1 # SKIP there is no suite in %s\n1..1\n", test_suite_folder());
		return 0;
	}
	if (gp_crypto_digest_new(&digest)) {
		puts("Bail out! OpenSSL has no SHA-256");
		return 1;
	}
	for (size_t i = 0; i < suite->scenario_count; i++) {
		const struct test_suite_scenario *s = &suite->scenarios[i];
		for (size_t j = 0; j < s->case_count; j++)
			failed += !run_case(s, &s->cases[j], digest, ++number);
	}
	printf("1..%zu\n", number);
	gp_crypto_digest_free(digest);
	test_suite_free(suite);
	return failed ? 1 : 0;
}
