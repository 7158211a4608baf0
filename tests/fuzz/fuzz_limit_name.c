/* SPDX-License-Identifier: ISC */
/* A name of a user or sender as anybody may spell it: folded, it holds nothing that hides. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/target.h"
#include "limit/limit.h"

const char *const fuzz_reached_seed = "nfd-and-full-width";

static bool reached;

/* fuzz_reached: was the last name changed? */
int fuzz_reached(void)
{
	return reached;
}

/* check_folded: no blank, control or quote of ASCII, no capital, no dot or @ at the end. */
static void check_folded(const char *text)
{
	size_t len = strlen(text);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c <= 0x20 || c == 0x7f || c == '"' || (c >= 'A' && c <= 'Z'))
			abort();
	}
	if (len && (text[len - 1] == '.' || text[len - 1] == '@'))
		abort();
}

/* LLVMFuzzerTestOneInput: every way of comparing; a normal form stays as it is. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct gp_limit_set sets[] = {{.names = GP_LIMIT_NAMES_FOLD},
		{.names = GP_LIMIT_NAMES_FOLD, .case_sensitive = true},
		{.names = GP_LIMIT_NAMES_EXACT}};
	const struct gp_span name = {(const char *)data, size};
	reached = false;
	for (size_t i = 0; size <= 16384 && i < sizeof sets / sizeof sets[0]; i++) {
		struct gp_arena *arena = gp_arena_new(1 << 20);
		const char *text =
			gp_limit_normalise(arena, &sets[i], GP_LIMIT_OVERRIDE_USER, name);
		const char *again = text ? gp_limit_normalise(arena, &sets[i],
						   GP_LIMIT_OVERRIDE_USER, gp_span_from(text))
					 : NULL;
		if (!again || strcmp(text, again) != 0)
			abort();
		if (i == 0) {
			check_folded(text);
			reached = !gp_span_equal(name, gp_span_from(text));
		}
		gp_arena_free(arena);
	}
	return 0;
}
