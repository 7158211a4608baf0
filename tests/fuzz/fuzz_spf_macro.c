/* SPDX-License-Identifier: ISC */
/*
 * Macro text from outside, and a sender from outside: what stands before the first line end is the
 * local part, the HELO name and the domain, the rest is the text.
 */
#include <stdlib.h>

#include "fuzz/target.h"
#include "spf/spf_private.h"
#include "support/zone.h"

#define TEXT_MAX 1000

const char *const fuzz_reached_seed = "all-letters";

static bool reached;

/* fuzz_reached: was the last input expanded? */
int fuzz_reached(void)
{
	return reached;
}

/* expand: as explanation and, where the grammar allows, as target name; within all bounds. */
static void expand(struct gp_spf_run *run, struct gp_span text)
{
	struct gp_strbuf buf;
	const char *out, *name = NULL;
	enum gp_spf_match match;
	if (gp_spf_macro_check(text, GP_SPF_EXPLAIN_STRING) == GP_OK) {
		gp_strbuf_init(&buf, run->ctx->arena, TEXT_MAX);
		int rc = gp_spf_macro_expand(run, text, &buf);
		if (rc == GP_OK)
			rc = gp_strbuf_finish(&buf, &out);
		if (rc != GP_OK && rc != GP_ESYNTAX && rc != GP_ETOOBIG)
			abort();
		reached = rc == GP_OK && buf.len > 0;
		if (buf.len > TEXT_MAX)
			abort();
	}
	const struct gp_spf_term term = {.spec = text};
	if (gp_spf_macro_check(text, GP_SPF_DOMAIN_SPEC) != GP_OK)
		return;
	int rc = gp_spf_target(run, &term, &name, &match);
	if (rc != GP_OK && rc != GP_ETOOBIG)
		abort();
	if (rc == GP_OK && name && !gp_dns_name_is_valid(gp_span_from(name)))
		abort();
}

/* LLVMFuzzerTestOneInput: cut, then expand for a client that has a name and one that has none. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const clients[] = {"192.0.2.1", "2001:db8::1"};
	struct gp_span sender, text;
	reached = false;
	(void)gp_span_cut((struct gp_span) {(const char *)data, size}, '\n', &sender,
		&text); /* without a line end: no text */
	struct test_zone *zone = test_zone_new();
	test_zone_lines(zone, "1.2.0.192.in-addr.arpa PTR p.example\np.example A 192.0.2.1\n");
	for (size_t i = 0; i < sizeof clients / sizeof clients[0]; i++) {
		struct gp_ctx ctx = {.arena = gp_arena_new(1 << 17),
			.clock = test_zone_clock(zone),
			.dns = test_zone_dns(zone),
			.deadline_us = INT64_MAX};
		const struct gp_spf_options options = {10, 10, 2};
		const struct gp_spf_query query = {.helo = sender};
		struct gp_spf_result result = {.verdict = GP_SPF_NONE};
		struct gp_spf_run run = {.ctx = &ctx,
			.query = &query,
			.options = &options,
			.result = &result,
			.local = sender,
			.sender_domain = "sender.example",
			.domain = "d.example"};
		if (gp_ipaddr_parse(gp_span_from(clients[i]), &run.client) != GP_OK)
			abort();
		expand(&run, text);
		gp_arena_free(ctx.arena);
	}
	test_zone_free(zone);
	return 0;
}
