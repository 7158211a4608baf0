/* SPDX-License-Identifier: ISC */
/*
 * The text of a DNS list as it is quoted in a reply: one line of printable ASCII of at most 200
 * bytes, without the key, whatever the list sent; what is quoted already stays as it is.
 */
#include <string.h>
#include <strings.h>

#include "fuzz/target.h"
#include "reputation/dnsbl/dnsbl.h"

#define KEY "k3ys3cr3t"

const char *const fuzz_reached_seed = "url-at-the-end";

static bool reached;

/* fuzz_reached: was the last text one that had to be changed? */
int fuzz_reached(void)
{
	return reached;
}

/* has_word: is there such a word in it, case aside? */
static bool has_word(const char *text, const char *word)
{
	for (; *text; text++)
		if (strncasecmp(text, word, strlen(word)) == 0)
			return true;
	return false;
}

/* LLVMFuzzerTestOneInput: with a key, and without one. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct gp_span text = {(const char *)data, size};
	struct gp_arena *arena = gp_arena_new(1 << 20);
	const char *quoted = gp_dnsbl_quote(arena, text, KEY);
	const char *plain = gp_dnsbl_quote(arena, text, NULL);
	fuzz_require(arena && quoted && plain);
	fuzz_require(strlen(quoted) <= GP_DNSBL_TEXT_MAX && strlen(plain) <= GP_DNSBL_TEXT_MAX);
	fuzz_require(gp_span_is_printable_ascii(gp_span_from(quoted)));
	fuzz_require(gp_span_is_printable_ascii(gp_span_from(plain)));
	fuzz_require(!has_word(quoted, KEY));
	fuzz_require(gp_span_equal(gp_span_trim(gp_span_from(quoted)), gp_span_from(quoted)));
	const char *again = gp_dnsbl_quote(arena, gp_span_from(quoted), NULL);
	fuzz_require(again && strcmp(again, quoted) == 0);
	reached = !gp_span_equal(text, gp_span_from(quoted));
	gp_arena_free(arena);
	return 0;
}
