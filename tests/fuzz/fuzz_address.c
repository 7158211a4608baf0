/* SPDX-License-Identifier: ISC */
/* A mailbox from outside: cut, its domain normalised; a normal form stays as it is. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/target.h"
#include "mail/address.h"

const char *const fuzz_reached_seed = "u-labels";

static bool reached;

/* fuzz_reached: had the last input a domain? */
int fuzz_reached(void)
{
	return reached;
}

/* LLVMFuzzerTestOneInput: everything the header offers. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gp_span local, domain;
	const char *normal, *again;
	struct gp_arena *arena = gp_arena_new(1 << 16);
	(void)gp_address_split((struct gp_span) {(const char *)data, size}, &local, &domain);
	if (local.len + domain.len > size)
		abort();
	(void)gp_address_is_literal(domain);
	int rc = gp_address_domain(arena, domain, &normal);
	if (rc != GP_OK && rc != GP_ESYNTAX)
		abort();
	reached = rc == GP_OK;
	if (reached) {
		const struct gp_span span = gp_span_from(normal);
		if (span.len == 0 || span.len > 253 || !gp_span_is_printable_ascii(span))
			abort();
		if (gp_address_domain(arena, span, &again) != GP_OK || strcmp(normal, again) != 0)
			abort();
	}
	gp_arena_free(arena);
	return 0;
}
