/* SPDX-License-Identifier: ISC */
/*
 * A header from outside, and whose message it is. The author keeps the promises of its header; and
 * where From has no quotes, comments or encoded words that may hide what is in it, the simplest of
 * readers, who takes what stands behind an @ for a domain, sees the same domain or none.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/target.h"
#include "mail/address.h"
#include "mail/author.h"

const char *const fuzz_reached_seed = "name";

static bool reached;

/* fuzz_reached: did the last input have an author? */
int fuzz_reached(void)
{
	return reached;
}

/* is_plain: does nothing in the value mean something else than it shows? */
static bool is_plain(struct gp_span value)
{
	for (size_t i = 0; i < value.len; i++)
		if (!value.ptr[i] || strchr("\"(\\?", value.ptr[i]))
			return false;
	return gp_span_is_ascii(value);
}

/* take_name: labels at the start of the text; empty: no dot is inside, or digits are behind it. */
static struct gp_span take_name(struct gp_span text)
{
	size_t n = 0;
	while (n < text.len && (gp_span_is_alnum(text.ptr[n]) || strchr("-_.", text.ptr[n])))
		n++;
	struct gp_span name = {text.ptr, n};
	ptrdiff_t dot = gp_span_find_last(name, '.');
	bool has_letter = dot >= 0 && dot + 1 < (ptrdiff_t)n &&
			  (name.ptr[dot + 1] < '0' || name.ptr[dot + 1] > '9');
	return dot > 0 && has_letter ? name : (struct gp_span) {NULL, 0};
}

/* check_value: what the simplest of readers sees. */
static void check_value(struct gp_span value, const struct gp_author *author)
{
	struct gp_span before, name;
	if (!is_plain(value) || author->cause > GP_AUTHOR_NO_DOMAIN)
		return;
	while (gp_span_cut(value, '@', &before, &value)) {
		name = take_name(value);
		fuzz_require(!name.len ||
			     (author->cause == GP_AUTHOR_ONE && gp_span_is(name, author->domain)));
	}
}

/* LLVMFuzzerTestOneInput: a header, and the author of it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gp_arena *arena = gp_arena_new(16 << 20);
	struct gp_message message;
	struct gp_author a;
	reached = false;
	int rc = gp_message_parse(
		arena, (struct gp_span) {(const char *)data, size}, GP_MESSAGE_CRLF, &message);
	if (!rc)
		rc = gp_author_find(arena, &message, &a);
	fuzz_require(rc == GP_OK || rc == GP_ETOOBIG);
	if (!rc) {
		const struct gp_message_field *from = gp_message_find(&message, "From");
		reached = a.cause == GP_AUTHOR_ONE;
		fuzz_require(reached == (*a.domain != 0) && reached == !a.problem);
		fuzz_require(!a.problem || gp_span_is_printable_ascii(gp_span_from(a.problem)));
		fuzz_require(gp_address_is_host_name(a.domain));
		fuzz_require(!a.bounces_may || a.cause == GP_AUTHOR_UNREADABLE);
		fuzz_require(a.cause > GP_AUTHOR_SEVERAL || from);
		if (from)
			check_value(from->value, &a);
	}
	gp_arena_free(arena);
	return 0;
}
