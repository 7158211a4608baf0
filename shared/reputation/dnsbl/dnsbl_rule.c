/* SPDX-License-Identifier: ISC */
/* A pattern becomes four ranges, one per octet; a network is a special case of that. */
#include "reputation/dnsbl/dnsbl_rule.h"

#include <stdlib.h>
#include <string.h>

#include "base/ipaddr.h"

#define LOOPBACK 127 /* answers of lists lie in 127.0.0.0/8 (RFC 5782 2.1) */

/* What is read, and what is said about it. */
struct reading {
	struct gp_arena *arena;
	struct gp_dnsbl_rule *rule;
	const char *problem;
};

/* fail: with a sentence; NULL: there is no memory for it. */
static bool fail(struct reading *r, const char *problem)
{
	r->problem = problem;
	return false;
}

/* ---- patterns ---- */

/* read_number: of an octet; no leading zeros, which some programs read as octal. */
static bool read_number(struct gp_span text, uint8_t *octet_out)
{
	uint64_t n;
	if (text.len == 0 || text.len > 3 || (text.len > 1 && text.ptr[0] == '0') ||
		gp_span_parse_uint(text, 255, &n))
		return false;
	*octet_out = (uint8_t)n;
	return true;
}

/* read_octet: a number, a range or a star. */
static bool read_octet(struct reading *r, struct gp_span text, size_t place)
{
	uint8_t *first = &r->rule->first[place], *last = &r->rule->last[place];
	struct gp_span from, to;
	if (gp_span_is(text, "*")) {
		*first = 0;
		*last = 255;
		return true;
	}
	if (!gp_span_cut(text, '-', &from, &to))
		from = to = text;
	if (!read_number(from, first) || !read_number(to, last))
		return fail(r, gp_arena_printf(r->arena,
				       "%.*s is neither a number from 0 to 255, nor a range such "
				       "as 10-11, nor *",
				       (int)text.len, text.ptr));
	if (*first > *last)
		return fail(r, gp_arena_printf(r->arena, "the range runs backwards; write %u-%u",
				       *last, *first));
	return true;
}

/* read_ranges: four octets. */
static bool read_ranges(struct reading *r, struct gp_span text)
{
	struct gp_span octet, rest = text;
	size_t n = 0;
	bool has_more = true;
	for (; has_more && n < 4; n++) {
		has_more = gp_span_cut(rest, '.', &octet, &rest);
		if (!read_octet(r, octet, n))
			return false;
	}
	return (n == 4 && !has_more) || fail(r, "an address of IPv4 has four numbers");
}

/* set_network: from its first to its last address, octet by octet. */
static void set_network(struct gp_dnsbl_rule *rule, const struct gp_prefix *network)
{
	for (unsigned i = 0; i < 4; i++) {
		unsigned bits = network->length > 8 * i ? network->length - 8 * i : 0;
		rule->first[i] = network->addr.bytes[i];
		rule->last[i] = (uint8_t)(rule->first[i] | (bits >= 8 ? 0 : 0xff >> bits));
	}
}

/* read_network: with the length of its prefix. */
static bool read_network(struct reading *r, struct gp_span text)
{
	struct gp_prefix network;
	if (gp_prefix_parse(text, &network) || network.addr.family != GP_IP_V4)
		return fail(r, "it is not a network of IPv4 such as 127.0.0.0/28, without bits set "
			       "past the prefix");
	set_network(r->rule, &network);
	return true;
}

/* read_bit: one of the last octet, under the mask. */
static bool read_bit(struct reading *r, struct gp_span text, const struct gp_option_network *mask)
{
	uint64_t n;
	if (gp_span_parse_uint(gp_span_trim(text), 128, &n) || n == 0 || (n & (n - 1)))
		return fail(r, "a bit is named by its value: 1, 2, 4, 8, 16, 32, 64 or 128");
	if (!*mask->text)
		return fail(r, "a bit needs the option mask, such as \"127.0.0.0/24\"");
	set_network(r->rule, &mask->prefix);
	r->rule->is_bit = true;
	r->rule->bit = (uint8_t)n;
	return true;
}

/* foreign: patterns of other programs, and what to write instead; NULL: none of those. */
static const char *foreign(struct gp_arena *arena, struct gp_span text)
{
	const char *dots = memmem(text.ptr, text.len, "..", 2);
	if (memchr(text.ptr, '[', text.len) || memchr(text.ptr, ';', text.len) || dots)
		return "a range is written 127.0.0.2-11; write a rule of its own for each that "
		       "does not continue the one before";
	const char *dash = memchr(text.ptr, '-', text.len);
	struct gp_span after =
		dash ? gp_span_skip(text, (size_t)(dash - text.ptr) + 1) : gp_span_from("");
	struct gp_ipaddr address;
	const struct gp_span before = {text.ptr, dash ? (size_t)(dash - text.ptr) : 0};
	if (gp_ipaddr_parse(before, &address) == GP_OK &&
		gp_ipaddr_parse(after, &address) == GP_OK) {
		ptrdiff_t dot = gp_span_find_last(after, '.');
		return gp_arena_printf(arena, "a range names its last octet only; write %.*s%.*s",
			(int)(dash - text.ptr) + 1, text.ptr, (int)(after.len - (size_t)dot - 1),
			after.ptr + dot + 1);
	}
	if (memchr(text.ptr, ':', text.len))
		return "lists answer with addresses of IPv4, about IPv6 clients, too";
	return NULL;
}

/* read_pattern: what stands before the weight or the meaning. */
static bool read_pattern(
	struct reading *r, struct gp_span text, const struct gp_option_network *mask)
{
	if (text.len == 0)
		return fail(r, "the answer is missing, such as 127.0.0.2");
	const char *problem = foreign(r->arena, text);
	if (problem)
		return fail(r, problem);
	if (gp_span_has_prefix(text, "bit") && (text.len == 3 || text.ptr[3] == ' ')) {
		if (!read_bit(r, gp_span_skip(text, 3), mask))
			return false;
	} else if (!(memchr(text.ptr, '/', text.len) ? read_network(r, text)
						     : read_ranges(r, text))) {
		return false;
	}
	if (r->rule->first[0] != LOOPBACK || r->rule->last[0] != LOOPBACK)
		return fail(r, "answers of lists begin with 127; others are never a hit");
	r->rule->written = gp_arena_copy(r->arena, text);
	return r->rule->written || fail(r, NULL);
}

/* ---- what stands behind them ---- */

/* read_meaning: the rest, for people. */
static bool read_meaning(struct reading *r, struct gp_span text)
{
	r->rule->meaning = gp_arena_copy(r->arena, gp_span_trim(text));
	return r->rule->meaning || fail(r, NULL);
}

/* read_weight: a number, perhaps with a meaning behind it. */
static bool read_weight(struct reading *r, struct gp_span text)
{
	struct gp_span word, meaning;
	uint64_t n;
	if (!gp_span_cut(text, ' ', &word, &meaning))
		word = text;
	bool is_negative = gp_span_has_prefix(word, "-");
	if (gp_span_parse_uint(gp_span_skip(word, is_negative), GP_DNSBL_WEIGHT_MAX, &n))
		return fail(
			r, gp_arena_printf(r->arena, "its weight must be a number from %d to %d",
				   -GP_DNSBL_WEIGHT_MAX, GP_DNSBL_WEIGHT_MAX));
	r->rule->weight = is_negative ? -(int)n : (int)n;
	return read_meaning(r, meaning);
}

/* result: of a reading that has ended. */
static int result(const struct reading *r, bool is_read, const char **problem_out)
{
	*problem_out = r->problem;
	if (is_read)
		return GP_OK;
	return r->problem ? GP_ESYNTAX : GP_ENOMEM;
}

/* gp_dnsbl_rule_parse_code: PATTERN = WEIGHT MEANING. */
int gp_dnsbl_rule_parse_code(struct gp_arena *arena, struct gp_span text,
	const struct gp_option_network *mask, struct gp_dnsbl_rule *rule_out,
	const char **problem_out)
{
	struct reading r = {arena, rule_out, NULL};
	struct gp_span pattern, rest;
	*rule_out = (struct gp_dnsbl_rule) {.meaning = "", .written = ""};
	if (!gp_span_cut(text, '=', &pattern, &rest)) {
		(void)fail(&r, gp_arena_printf(arena, "the weight is missing; write \"%.*s = 1\"",
				       (int)text.len, text.ptr));
		return result(&r, false, problem_out);
	}
	bool is_read = read_pattern(&r, gp_span_trim(pattern), mask) &&
		       read_weight(&r, gp_span_trim(rest));
	return result(&r, is_read, problem_out);
}

/* gp_dnsbl_rule_parse_error: PATTERN MEANING. */
int gp_dnsbl_rule_parse_error(struct gp_arena *arena, struct gp_span text,
	const struct gp_option_network *mask, struct gp_dnsbl_rule *rule_out,
	const char **problem_out)
{
	struct reading r = {arena, rule_out, NULL};
	struct gp_span pattern = gp_span_trim(text), meaning = gp_span_from("");
	*rule_out = (struct gp_dnsbl_rule) {.meaning = "", .written = ""};
	if (memchr(text.ptr ? text.ptr : "", '=', text.len)) {
		(void)fail(&r, "an error has no weight; write the answer alone");
		return result(&r, false, problem_out);
	}
	size_t skip = gp_span_has_prefix(pattern, "bit ") ? 4 : 0;
	const char *blank =
		pattern.len > skip ? memchr(pattern.ptr + skip, ' ', pattern.len - skip) : NULL;
	if (blank) {
		meaning = gp_span_skip(pattern, (size_t)(blank - pattern.ptr));
		pattern.len = (size_t)(blank - pattern.ptr);
	}
	bool is_read = read_pattern(&r, pattern, mask) && read_meaning(&r, meaning);
	return result(&r, is_read, problem_out);
}

/* gp_dnsbl_rule_mask_problem: bits are those of the last octet. */
const char *gp_dnsbl_rule_mask_problem(const struct gp_option_network *mask)
{
	if (!*mask->text)
		return NULL;
	if (mask->prefix.addr.family != GP_IP_V4 || mask->prefix.addr.bytes[0] != LOOPBACK ||
		mask->prefix.length < 8 || mask->prefix.length > 24)
		return "it must be a network within 127.0.0.0/8 whose last octet is free, such as "
		       "\"127.0.0.0/24\"";
	return NULL;
}

/* ---- rules against answers and each other ---- */

/* has_bit: is there a number in the range with one of these bits? */
static bool has_bit(unsigned first, unsigned last, unsigned bit)
{
	for (unsigned n = first; n <= last; n++)
		if (n & bit)
			return true;
	return false;
}

/* gp_dnsbl_rule_overlap: where all four ranges meet. */
bool gp_dnsbl_rule_overlap(const struct gp_dnsbl_rule *a, const struct gp_dnsbl_rule *b)
{
	unsigned first = 0, last = 0;
	for (size_t i = 0; i < 4; i++) {
		first = a->first[i] > b->first[i] ? a->first[i] : b->first[i];
		last = a->last[i] < b->last[i] ? a->last[i] : b->last[i];
		if (first > last)
			return false;
	}
	if (a->is_bit && b->is_bit)
		return a->bit == b->bit;
	return !(a->is_bit || b->is_bit) || has_bit(first, last, a->is_bit ? a->bit : b->bit);
}

/* gp_dnsbl_rule_covers: a bit is covered by itself, or by all of its octet. */
bool gp_dnsbl_rule_covers(const struct gp_dnsbl_rule *outer, const struct gp_dnsbl_rule *inner)
{
	for (size_t i = 0; i < 4; i++)
		if (outer->first[i] > inner->first[i] || outer->last[i] < inner->last[i])
			return false;
	if (!outer->is_bit)
		return true;
	if (inner->is_bit)
		return inner->bit == outer->bit;
	for (unsigned n = inner->first[3]; n <= inner->last[3]; n++)
		if (!(n & outer->bit))
			return false;
	return true;
}
