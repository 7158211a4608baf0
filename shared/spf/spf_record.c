/* SPDX-License-Identifier: ISC */
/*
 * A record's text is cut at its spaces and each term read by the row of its name. Nothing is
 * copied: terms are spans of the text. The whole record is read before anything is evaluated (4.6),
 * but mechanisms after "all" are checked and dropped, as they are never reached (5.1), and of a
 * very long record only the first ones are kept.
 */
#include <string.h>

#include "spf/spf_private.h"

/* Terms that are kept once they are read. Of a longer record the others are read again when their
 * turn comes, so that a hostile one cannot use up the memory of the request: the standard bounds
 * only terms that ask DNS (4.6.4). */
#define TERMS_KEPT 500

/* What follows a mechanism's name, or the = of a modifier. */
typedef const char *(*parse_rest_fn)(struct gp_span rest, struct gp_spf_term *term);

struct row {
	struct gp_span name;
	enum gp_spf_kind kind;
	parse_rest_fn parse; /* NULL when all is well, else why not */
};

static const char why_spec[] = "has no valid domain name";
static const char why_length[] = "has no valid prefix length";

/* parse_length: "0" or digits without a leading zero, at most max (5.6). */
static bool parse_length(struct gp_span digits, unsigned max, uint8_t *length_out)
{
	uint64_t value;
	if (digits.len > 3 || (digits.len > 1 && digits.ptr[0] == '0') ||
		gp_span_parse_uint(digits, max, &value) != GP_OK)
		return false;
	*length_out = (uint8_t)value;
	return true;
}

/* digits_at_end: how many digits text ends in. */
static size_t digits_at_end(struct gp_span text)
{
	size_t n = 0;
	while (n < text.len && text.ptr[text.len - n - 1] >= '0' &&
		text.ptr[text.len - n - 1] <= '9')
		n++;
	return n;
}

/* A domain-spec never ends so: its last label is no number, its last macro ends in a brace. */
/* cut_length: takes a slash sequence with its digits off the end of text, if it is there. */
static bool cut_length(struct gp_span *text, const char *slashes, struct gp_span *digits_out)
{
	size_t n = digits_at_end(*text);
	struct gp_span before = {text->ptr, text->len - n};
	if (n == 0 || !gp_span_has_suffix(before, slashes))
		return false;
	*digits_out = (struct gp_span) {text->ptr + before.len, n};
	text->len = before.len - strlen(slashes);
	return true;
}

/* parse_spec: domain-spec, which may not be empty. */
static const char *parse_spec(struct gp_span spec, struct gp_spf_term *term)
{
	if (gp_spf_macro_check(spec, GP_SPF_DOMAIN_SPEC) != GP_OK)
		return why_spec;
	term->spec = spec;
	return NULL;
}

/* parse_nothing: all (5.1). */
static const char *parse_nothing(struct gp_span rest, struct gp_spf_term *term)
{
	(void)term;
	return rest.len ? "takes no argument" : NULL;
}

/* parse_colon_spec: include (5.2) and exists (5.7). */
static const char *parse_colon_spec(struct gp_span rest, struct gp_spf_term *term)
{
	if (rest.len == 0 || rest.ptr[0] != ':')
		return "needs a domain name";
	return parse_spec(gp_span_skip(rest, 1), term);
}

/* parse_maybe_spec: ptr (5.5). */
static const char *parse_maybe_spec(struct gp_span rest, struct gp_spf_term *term)
{
	return rest.len ? parse_colon_spec(rest, term) : NULL;
}

/* parse_spec_lengths: a (5.3) and mx (5.4), with dual-cidr-length (5.6). */
static const char *parse_spec_lengths(struct gp_span rest, struct gp_spf_term *term)
{
	struct gp_span digits;
	if (rest.len == 0)
		return NULL;
	if (cut_length(&rest, "//", &digits) && !parse_length(digits, 128, &term->v6_length))
		return why_length;
	if (cut_length(&rest, "/", &digits) && !parse_length(digits, 32, &term->v4_length))
		return why_length;
	return parse_maybe_spec(rest, term);
}

/* parse_network: an address of one family and a length (5.6). */
static const char *parse_network(
	struct gp_span rest, enum gp_ip_family family, struct gp_spf_term *term, uint8_t *length)
{
	struct gp_span addr, digits;
	if (rest.len == 0 || rest.ptr[0] != ':')
		return "needs an address";
	bool has_length = gp_span_cut(gp_span_skip(rest, 1), '/', &addr, &digits);
	if (gp_ipaddr_parse(addr, &term->addr) != GP_OK || term->addr.family != family)
		return "has no valid address";
	if (has_length && !parse_length(digits, gp_ipaddr_bits(&term->addr), length))
		return why_length;
	return NULL;
}

/* parse_ip4: ip4 (5.6). */
static const char *parse_ip4(struct gp_span rest, struct gp_spf_term *term)
{
	return parse_network(rest, GP_IP_V4, term, &term->v4_length);
}

/* parse_ip6: ip6 (5.6). */
static const char *parse_ip6(struct gp_span rest, struct gp_spf_term *term)
{
	return parse_network(rest, GP_IP_V6, term, &term->v6_length);
}

/* In the order of RFC 7208 5 and 6. */
static const struct row mechanisms[] = {
	{{"all", 3}, GP_SPF_ALL, parse_nothing},
	{{"include", 7}, GP_SPF_INCLUDE, parse_colon_spec},
	{{"a", 1}, GP_SPF_A, parse_spec_lengths},
	{{"mx", 2}, GP_SPF_MX, parse_spec_lengths},
	{{"ptr", 3}, GP_SPF_PTR, parse_maybe_spec},
	{{"ip4", 3}, GP_SPF_IP4, parse_ip4},
	{{"ip6", 3}, GP_SPF_IP6, parse_ip6},
	{{"exists", 6}, GP_SPF_EXISTS, parse_colon_spec},
};

static const struct row modifiers[] = {
	{{"redirect", 8}, GP_SPF_REDIRECT, parse_spec},
	{{"exp", 3}, GP_SPF_EXP, parse_spec},
};

/* find_row: the row of this name, or NULL. */
static const struct row *find_row(const struct row *rows, size_t count, struct gp_span name)
{
	for (size_t i = 0; i < count; i++)
		if (gp_span_equal_nocase(rows[i].name, name))
			return &rows[i];
	return NULL;
}

/* is_modifier_name: ALPHA *( ALPHA / DIGIT / "-" / "_" / "." ) (4.6.1). */
static bool is_modifier_name(struct gp_span name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		bool alpha = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		bool later = (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
		if (!alpha && (i == 0 || !later))
			return false;
	}
	return name.len > 0;
}

/* parse_modifier: redirect and exp once each, others for their grammar only (6). */
static const char *parse_modifier(struct gp_span name, struct gp_span value, struct gp_span text,
	struct gp_spf_record *record)
{
	if (!is_modifier_name(name))
		return "is neither a modifier nor a mechanism";
	const struct row *row = find_row(modifiers, sizeof modifiers / sizeof modifiers[0], name);
	if (!row)
		return gp_spf_macro_check(value, GP_SPF_MACRO_STRING) ? "has an invalid value"
								      : NULL;
	struct gp_spf_term *term = row->kind == GP_SPF_REDIRECT ? &record->redirect : &record->exp;
	if (term->text.len)
		return "occurs twice in the record";
	term->kind = row->kind;
	term->text = text;
	return row->parse(value, term);
}

/* qualifier_verdict: what the sign in front of a mechanism stands for (4.6.2); false: no sign. */
static bool qualifier_verdict(char c, enum gp_spf_verdict *verdict_out)
{
	static const struct {
		char sign;
		enum gp_spf_verdict verdict;
	} qualifiers[] = {{'+', GP_SPF_PASS}, {'-', GP_SPF_FAIL}, {'~', GP_SPF_SOFTFAIL},
		{'?', GP_SPF_NEUTRAL}};
	for (size_t i = 0; i < sizeof qualifiers / sizeof qualifiers[0]; i++) {
		if (qualifiers[i].sign == c) {
			*verdict_out = qualifiers[i].verdict;
			return true;
		}
	}
	return false;
}

/* parse_directive: qualifier, name, and the rest by the row of the name. */
static const char *parse_directive(struct gp_span text, size_t name_end, struct gp_spf_term *term)
{
	*term = (struct gp_spf_term) {
		.verdict = GP_SPF_PASS, .text = text, .v4_length = 32, .v6_length = 128};
	size_t start = qualifier_verdict(text.ptr[0], &term->verdict) ? 1 : 0;
	const struct gp_span name = {text.ptr + start, name_end - start};
	const struct row *row = find_row(mechanisms, GP_SPF_MECHANISMS, name);
	if (!row)
		return "is not a mechanism";
	term->kind = row->kind;
	return row->parse(gp_span_skip(text, name_end), term);
}

/* find_name_end: the first of = : / in a term, or its end (4.6.1). */
static size_t find_name_end(struct gp_span text)
{
	size_t i = 0;
	while (i < text.len && text.ptr[i] != '=' && text.ptr[i] != ':' && text.ptr[i] != '/')
		i++;
	return i;
}

/* next_word: what stands before the next space, after any number of them; false at the end. */
static bool next_word(struct gp_span *rest, struct gp_span *word_out)
{
	while (rest->len && rest->ptr[0] == ' ')
		*rest = gp_span_skip(*rest, 1);
	(void)gp_span_cut(*rest, ' ', word_out, rest); /* no space: the last word */
	return word_out->len > 0;
}

/* count_words: an upper bound for the terms to keep. */
static size_t count_words(struct gp_span text)
{
	size_t n = 0;
	for (size_t i = 1; i < text.len; i++)
		n += text.ptr[i - 1] == ' ' && text.ptr[i] != ' ';
	return n;
}

/* is_modifier: a name, then an equal sign (4.6.1). */
static bool is_modifier(struct gp_span word, size_t name_end)
{
	return name_end < word.len && word.ptr[name_end] == '=';
}

/* keep_term: one more mechanism, unless all has come; the first that finds no room begins what is
 * left to be read again. */
static void keep_term(struct gp_spf_record *record, struct gp_spf_term *terms, size_t room,
	const struct gp_spf_term *term, const char *text_end)
{
	if (record->count < room)
		terms[record->count++] = *term;
	else if (record->more.len == 0)
		record->more =
			(struct gp_span) {term->text.ptr, (size_t)(text_end - term->text.ptr)};
}

/* gp_spf_record_next: what gp_spf_record_parse has read already is right. */
bool gp_spf_record_next(struct gp_span *more, struct gp_spf_term *term_out)
{
	struct gp_span word;
	while (next_word(more, &word)) {
		size_t end = find_name_end(word);
		if (!is_modifier(word, end) && !parse_directive(word, end, term_out))
			return true;
	}
	return false;
}

/* gp_spf_record_parse: term by term, to the end even when "all" came. */
int gp_spf_record_parse(
	struct gp_arena *arena, struct gp_span text, struct gp_spf_record *record_out)
{
	*record_out = (struct gp_spf_record) {.terms = NULL};
	struct gp_span rest = gp_span_skip(text, 6), word;
	size_t words = count_words(rest), room = words < TERMS_KEPT ? words : TERMS_KEPT;
	struct gp_spf_term *terms = gp_arena_array(arena, room, sizeof *terms);
	if (!terms)
		return gp_arena_status(arena);
	bool has_all = false;
	while (next_word(&rest, &word)) {
		size_t end = find_name_end(word);
		const char *why;
		struct gp_spf_term term;
		if (is_modifier(word, end)) {
			why = parse_modifier((struct gp_span) {word.ptr, end},
				gp_span_skip(word, end + 1), word, record_out);
		} else {
			why = parse_directive(word, end, &term);
			if (!why && !has_all)
				keep_term(record_out, terms, room, &term, text.ptr + text.len);
			has_all = has_all || (!why && term.kind == GP_SPF_ALL);
		}
		if (why) {
			record_out->wrong_term = word;
			record_out->wrong_why = gp_span_is_printable_ascii(word)
							? why
							: "has bytes outside printable ASCII";
			return GP_ESYNTAX;
		}
	}
	record_out->terms = terms;
	if (has_all) /* 6.1: then redirect is ignored */
		record_out->redirect.text = (struct gp_span) {NULL, 0};
	return GP_OK;
}
