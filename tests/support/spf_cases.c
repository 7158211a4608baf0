/* SPDX-License-Identifier: ISC */
/* Case by case with an arena of its own; what differs is said in the lines below a failure. */
#include "support/spf_cases.h"

#include <stdio.h>
#include <string.h>

#include "spf/spf.h"

#define ARENA_MAX (1 << 20)

/* same_explanation: is the domain's own text the expected one? */
static bool same_explanation(const struct test_suite_case *test, const char *got)
{
	if (test->explanation_default)
		return !got;
	if (!test->explanation)
		return true;
	return got && (test->explanation_ci ? gp_span_is(gp_span_from(got), test->explanation)
					    : strcmp(got, test->explanation) == 0);
}

/* run_case: one check; false when it came out differently. */
static bool run_case(const struct test_suite_scenario *scenario, const struct test_suite_case *test,
	size_t number)
{
	struct test_zone *zone = scenario->zone;
	struct gp_arena *arena = gp_arena_new(ARENA_MAX);
	struct gp_ctx ctx = {.arena = arena,
		.clock = test_zone_clock(zone),
		.dns = test_zone_dns(zone),
		.deadline_us = INT64_MAX};
	struct gp_spf_query query = {.identity = GP_SPF_MAILFROM,
		.helo = gp_span_from(test->helo),
		.mail_from = gp_span_from(test->mail_from)};
	struct gp_spf_result result = {.problem = "it was not run"};
	int rc = gp_ipaddr_parse(gp_span_from(test->ip), &query.client);
	if (!rc)
		rc = gp_spf_check(&ctx, &query, &result);
	const char *verdict = rc ? gp_err_text(rc) : gp_spf_verdict_name(result.verdict);
	bool good = !rc && test_suite_expects(test, verdict) &&
		    same_explanation(test, result.explanation);
	printf("%s %zu - %s/%s\n", good ? "ok" : "not ok", number, scenario->name, test->id);
	if (!good)
		printf("# ip=%s helo=%s from=%s: expected %s, got %s (%s), explanation %s\n",
			test->ip, test->helo, test->mail_from, test->results[0], verdict,
			result.problem ? result.problem : "no problem",
			result.explanation ? result.explanation : "none");
	gp_arena_free(arena);
	return good;
}

/* test_spf_cases_run: all of them. */
int test_spf_cases_run(struct test_suite *suite)
{
	size_t number = 0, failed = 0;
	if (!suite) {
		printf("ok 1 # SKIP there is no suite in %s\n1..1\n", test_suite_folder());
		return 0;
	}
	for (size_t i = 0; i < suite->scenario_count; i++) {
		const struct test_suite_scenario *s = &suite->scenarios[i];
		for (size_t j = 0; j < s->case_count; j++)
			failed += !run_case(s, &s->cases[j], ++number);
	}
	printf("1..%zu\n", number);
	test_suite_free(suite);
	return failed ? 1 : 0;
}
