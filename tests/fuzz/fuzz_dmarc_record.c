/* SPDX-License-Identifier: ISC */
/*
 * A record from outside, at the author's domain and above it, so that discovery and verdict go on
 * past the parser. What came of it has to agree with itself.
 */
#include <stdlib.h>
#include <string.h>

#include "dmarc/dmarc.h"
#include "fuzz/target.h"
#include "support/zone.h"

const char *const fuzz_reached_seed = "every-tag";

static bool reached;

/* fuzz_reached: was the last input a record that says the action? */
int fuzz_reached(void)
{
	return reached;
}

/* is_inside: is the span a part of the text? */
static bool is_inside(struct gp_span part, struct gp_span text)
{
	return part.len == 0 || (part.ptr >= text.ptr && part.len <= text.len &&
					(size_t)(part.ptr - text.ptr) <= text.len - part.len);
}

/* check_record: what every record promises. */
static void check_record(const struct gp_dmarc_record *r, struct gp_span text)
{
	if (r->pct > 100 || !is_inside(r->rua, text) || !is_inside(r->ruf, text) ||
		!is_inside(r->fo, text) || (r->has_rua && r->rua.len == 0))
		abort();
	if (r->bad_policy && (r->p || r->sp || r->np))
		abort();
	if (!r->bad_policy &&
		(!r->has_p || (!r->has_sp && r->sp != r->p) || (!r->has_np && r->np != r->sp)))
		abort();
}

/* check: one author; SPF passed for a domain beside it. */
static void check(struct test_zone *zone, const char *author, unsigned sample)
{
	const struct gp_dmarc_options options = {.discovery = GP_DMARC_WALK, .pct = true};
	const struct gp_spf_result spf = {.verdict = GP_SPF_PASS, .domain = "c.d.example"};
	const struct gp_dkim_results dkim = {.items = NULL};
	const struct gp_dmarc_query query = {
		.author_domain = author, .spf = &spf, .dkim = &dkim, .sample = sample};
	struct gp_ctx ctx = {.arena = gp_arena_new(1 << 18),
		.clock = test_zone_clock(zone),
		.dns = test_zone_dns(zone),
		.deadline_us = INT64_MAX};
	struct gp_dmarc *dmarc;
	struct gp_dmarc_result r = {.verdict = GP_DMARC_NONE};
	int rc = gp_dmarc_new(&ctx, &options, &dmarc);
	if (!rc)
		rc = gp_dmarc_eval(&ctx, dmarc, &query, &r);
	if (rc != GP_OK && rc != GP_ETOOBIG)
		abort();
	if (r.applied > r.sampled || r.sampled > r.published)
		abort();
	if ((r.verdict == GP_DMARC_PASS) != r.spf_aligned)
		abort();
	gp_arena_free(ctx.arena);
}

/* LLVMFuzzerTestOneInput: parse, then evaluate for three authors. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct gp_span text = {(const char *)data, size};
	struct gp_dmarc_record record;
	struct gp_arena *arena = gp_arena_new(1 << 18);
	int rc = gp_dmarc_record_parse(arena, text, &record);
	if (rc != GP_OK && rc != GP_ESYNTAX)
		abort();
	reached = rc == GP_OK && !record.bad_policy;
	if (rc == GP_OK)
		check_record(&record, text);
	gp_arena_free(arena);
	struct test_zone *zone = test_zone_new();
	test_zone_add_text(zone, "_dmarc.d.example", GP_DNS_TXT, text);
	test_zone_add_text(zone, "_dmarc.b.d.example", GP_DNS_TXT, text);
	test_zone_lines(zone, "a.d.example A 192.0.2.1\n_dmarc.d.example TXT other text\n");
	check(zone, "b.d.example", 0);
	check(zone, "a.d.example", 50);
	check(zone, "ghost.d.example", 99);
	test_zone_free(zone);
	return 0;
}
