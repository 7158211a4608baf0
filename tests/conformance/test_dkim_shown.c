/* SPDX-License-Identifier: ISC */
/*
 * Every DKIM case that was collected from other projects: each expected signature has to be
 * reported with one of its results. A disputed one lists what both sides hold. The result in TAP.
 */
#include <stdio.h>
#include <string.h>

#include "dkim/dkim.h"
#include "support/bodies.h"
#include "support/suite.h"

#define ARENA_MAX (8 << 20)

/* As the documentation recommends; the skew covers a message that is judged as it arrives. */
static const struct gp_dkim_options options = {.max_signatures = 20,
	.rsa_bits_min = 1024,
	.rsa_bits_max = 8192,
	.unverifiable = GP_DKIM_AS_TEMPERROR,
	.clock_skew_ms = 300000};

/* verify: the results of a message. */
static int verify(struct gp_ctx *ctx, const struct gp_crypto_digest *digest, struct gp_span text,
	struct gp_dkim_results *results_out)
{
	struct gp_body *reader;
	struct gp_dkim_bodies *bodies = NULL;
	struct gp_message message;
	struct gp_dkim *dkim;
	struct gp_span header;
	enum gp_message_ending ending;
	size_t body;
	gp_message_split(text, &header, &body, &ending);
	int rc = gp_message_parse(ctx->arena, header, ending, &message);
	if (!rc)
		rc = test_bodies_new(ctx->arena, digest, &reader, &bodies);
	if (!rc)
		rc = gp_dkim_new(ctx, &message, &options, bodies, "", &dkim);
	if (!rc) {
		rc = test_bodies_pass(reader, bodies, gp_span_skip(text, body), ending);
	}
	if (!rc)
		rc = gp_dkim_verify(ctx, dkim, results_out);
	gp_dkim_bodies_fini(bodies);
	return rc;
}

/* accepts: is the result one that is expected of this signature? */
static bool accepts(
	const struct test_suite_signature *signature, const struct gp_dkim_result *result)
{
	const char *verdict = gp_dkim_verdict_name(result->verdict);
	if (!gp_span_is(gp_span_from(result->domain), signature->domain) ||
		!gp_span_is(gp_span_from(result->selector), signature->selector))
		return false;
	for (size_t i = 0; i < signature->result_count; i++)
		if (strcmp(signature->results[i], verdict) == 0)
			return true;
	return false;
}

/* matches: each expected signature has a result of its own, and nothing else is there. */
static bool matches(const struct test_suite_case *test, const struct gp_dkim_results *results)
{
	bool used[64] = {false}, any_pass = false;
	size_t left = results->count;
	for (size_t i = 0; i < test->signature_count; i++) {
		size_t j = 0;
		while (j < results->count &&
			(used[j] || !accepts(&test->signatures[i], &results->items[j])))
			j++;
		if (j == results->count && !test->signatures[i].optional)
			return false;
		if (j < results->count) {
			used[j] = true;
			left--;
		}
	}
	for (size_t i = 0; i < results->count; i++)
		any_pass = any_pass || results->items[i].verdict == GP_DKIM_PASS;
	return (left == 0 || test->partial) &&
	       (test->any_pass < 0 || (test->any_pass == 1) == any_pass);
}

/* report: what was there instead. */
static void report(
	const struct test_suite_case *test, int rc, const struct gp_dkim_results *results)
{
	for (size_t i = 0; i < test->signature_count; i++)
		printf("# expected %s/%s %s ...\n", test->signatures[i].domain,
			test->signatures[i].selector, test->signatures[i].results[0]);
	if (rc)
		printf("# got status %d\n", rc);
	for (size_t i = 0; !rc && i < results->count; i++)
		printf("# got %s/%s %s (%s)\n", results->items[i].domain,
			results->items[i].selector, gp_dkim_verdict_name(results->items[i].verdict),
			results->items[i].reason ? results->items[i].reason : "no reason");
}

/* run_case: one message; false when it came out differently. */
static bool run_case(const struct gp_crypto_digest *digest,
	const struct test_suite_scenario *scenario, const struct test_suite_case *test,
	size_t number)
{
	struct gp_ctx ctx = {.arena = gp_arena_new(ARENA_MAX),
		.clock = test_zone_clock(scenario->zone),
		.dns = test_zone_dns(scenario->zone),
		.deadline_us = INT64_MAX};
	struct gp_dkim_results results = {.count = 0};
	int64_t now = test->now ? test->now : gp_clock_system()->wall_s(gp_clock_system());
	test_zone_set_clock(scenario->zone, 1000000000, now);
	int rc =
		verify(&ctx, digest, (struct gp_span) {test->message, test->message_len}, &results);
	bool good = !rc && matches(test, &results);
	printf("%s %zu - %s\n", good ? "ok" : "not ok", number, test->id);
	if (!good)
		report(test, rc, &results);
	gp_arena_free(ctx.arena);
	return good;
}

/* main: reads the case files and runs them; no case is left out. */
int main(void)
{
	char path[4096];
	size_t number = 0, failed = 0;
	struct gp_crypto_digest *digest;
	snprintf(path, sizeof path, "%s/shown/cases", test_suite_folder());
	struct test_suite *suite = test_suite_load_json(path, "dkim");
	if (!suite || gp_crypto_digest_new(&digest) != GP_OK) {
		printf("ok 1 # SKIP there is no suite in %s\n1..1\n", test_suite_folder());
		return 0;
	}
	for (size_t i = 0; i < suite->scenario_count; i++) {
		const struct test_suite_scenario *s = &suite->scenarios[i];
		for (size_t j = 0; j < s->case_count; j++)
			failed += !run_case(digest, s, &s->cases[j], ++number);
	}
	printf("1..%zu\n", number);
	gp_crypto_digest_free(digest);
	test_suite_free(suite);
	return failed ? 1 : 0;
}
