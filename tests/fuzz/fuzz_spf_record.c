/* SPDX-License-Identifier: ISC */
/*
 * A record from outside, published by a domain whose names all resolve, so that evaluation goes on
 * past the parser. The domain's own record is the input; so is that of i.example, which it may
 * include.
 */
#include <stdlib.h>

#include "fuzz/target.h"
#include "spf/spf_private.h"
#include "support/trace.h"
#include "support/zone.h"

const char *const fuzz_reached_seed = "every-term";

static bool reached;

/* fuzz_reached: was the last input a record of the grammar? */
int fuzz_reached(void)
{
	return reached;
}

/* check: one identity and client; the verdict does not matter, a status must be a known one. */
static void check(struct test_zone *zone, const char *client, enum gp_spf_identity identity)
{
	struct gp_ctx ctx = {.arena = gp_arena_new(1 << 18),
		.clock = test_zone_clock(zone),
		.dns = test_zone_dns(zone),
		.deadline_us = INT64_MAX};
	struct gp_spf_query query = {.identity = identity,
		.helo = gp_span_from("d.example"),
		.mail_from = gp_span_from("local-part@d.example"),
		.trace = identity == GP_SPF_HELO ? &test_trace_ignored : NULL};
	struct gp_spf_result result;
	if (gp_ipaddr_parse(gp_span_from(client), &query.client) != GP_OK)
		abort();
	int rc = gp_spf_check(&ctx, &query, &result);
	if (rc != GP_OK && rc != GP_ETOOBIG)
		abort();
	if (rc == GP_OK && result.verdict == GP_SPF_PASS && !result.mechanism)
		abort();
	gp_arena_free(ctx.arena);
}

/* LLVMFuzzerTestOneInput: parse, then evaluate for both families. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct gp_span text = {(const char *)data, size};
	struct gp_spf_record record;
	struct gp_arena *arena = gp_arena_new(1 << 18);
	reached = gp_spf_record_is(text) && gp_spf_record_parse(arena, text, &record) == GP_OK;
	gp_arena_free(arena);
	struct test_zone *zone = test_zone_new();
	test_zone_add_text(zone, "d.example", GP_DNS_TXT, text);
	test_zone_add_text(zone, "i.example", GP_DNS_TXT, text);
	test_zone_lines(zone, "*.example A 192.0.2.9\n*.example AAAA 2001:db8::9\n"
			      "*.example MX 1 m1.example\n*.example MX 2 m2.example\n"
			      "*.example TXT %{s} was %{c} from %{p} at %{t}\n"
			      "d.example MX 1 m1.example\nd.example A 192.0.2.9\n"
			      "m1.example A 192.0.2.8\nm2.example AAAA 2001:db8::8\n"
			      "1.2.0.192.in-addr.arpa PTR p.d.example\np.d.example A 192.0.2.1\n"
			      "t.example TIMEOUT\n");
	check(zone, "192.0.2.1", GP_SPF_MAILFROM);
	check(zone, "2001:db8::1", GP_SPF_HELO);
	test_zone_free(zone);
	return 0;
}
