/* SPDX-License-Identifier: ISC */
/* Records about TLS as DNS gives them: the same bytes as each of the three kinds. */
#include <stddef.h>
#include <stdint.h>

#include "fuzz/target.h"
#include "tls_policy/tls_policy.h"

const char *const fuzz_reached_seed = "reports";

static int reached;

/* is_inside: does a span lie within the text? */
static bool is_inside(struct gp_span part, struct gp_span text)
{
	return !part.len || (part.ptr >= text.ptr && part.ptr + part.len <= text.ptr + text.len);
}

/* LLVMFuzzerTestOneInput: what is read lies in the text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct gp_span text = {(const char *)data, size};
	struct gp_arena *arena = gp_arena_new(1 << 20);
	struct gp_tls_policy_txt sts, reports;
	struct gp_tls_policy_tlsa tlsa;
	reached = 0;
	if (arena && gp_tls_policy_sts_parse(arena, text, &sts) == GP_OK)
		fuzz_require(is_inside(sts.value, text) && (sts.problem || sts.value.len <= 32));
	if (arena && gp_tls_policy_reports_parse(arena, text, &reports) == GP_OK) {
		fuzz_require(is_inside(reports.value, text));
		reached = !reports.problem;
	}
	gp_tls_policy_tlsa_parse(text, &tlsa);
	fuzz_require(is_inside(tlsa.data, text) && (tlsa.problem || tlsa.usage >= 2));
	gp_arena_free(arena);
	return 0;
}

/* fuzz_reached: the last input was a record with an address for reports. */
int fuzz_reached(void)
{
	return reached;
}
