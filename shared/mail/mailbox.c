/* SPDX-License-Identifier: ISC */
/*
 * One pass over the value, left to right, without going back: a run of words is a display name, a
 * local part or the name of a group, and the byte after it says which (< @ or :). All words go to
 * one buffer as long as the value, as nothing that is read becomes longer.
 *
 * Where the grammar allows what readers are known to understand differently, it is refused: blanks
 * and comments between the labels of a domain, encoded words inside an address, control characters,
 * signs of an address where they mean nothing (is_disputed).
 */
#include "mail/mailbox.h"

#include <string.h>

#include "mail/fold.h"

struct reader {
	const unsigned char *at, *end;
	char *text; /* where the next byte of a local part or domain goes */
	struct gp_mailbox *items;
	size_t count;
	const char *problem; /* set once; then nothing is read any more */
	bool is_disputed, is_missing;
	size_t hidden;                  /* comments so far that may show an address */
	const unsigned char *claim_end; /* of the first domain in a name in disorder */
	const unsigned char *name_end;  /* the < of a name in which no domain continues */
	bool has_words;                 /* such a name has encoded words */
	bool has_foreign; /* a quoted string or comment of such a name has an @ of another domain */
};

/* A run of words and dots. */
struct run {
	struct gp_span local; /* what it is as a local part */
	bool is_local;        /* words with dots between them (3.4.1, 4.4), or stray ones: some
			       * providers have assigned "a..b" and "a." */
	bool is_phrase;       /* begins with a word (3.2.5, 4.1) */
	size_t hidden;        /* comments before it that may show an address */
};

/* wrong: remembers the first problem; always false, for the caller to return. */
static bool wrong(struct reader *r, const char *problem)
{
	if (!r->problem)
		r->problem = problem;
	return false;
}

/* disputed: the same of what readers are known to take differently. */
static bool disputed(struct reader *r, const char *problem)
{
	r->is_disputed = r->is_disputed || !r->problem;
	return wrong(r, problem);
}

/* missing: the same of an address that is not there. */
static bool missing(struct reader *r, const char *problem)
{
	r->is_missing = r->is_missing || (!r->problem && r->count == 0);
	return wrong(r, problem);
}

/* next_is: is the next byte c? */
static bool next_is(const struct reader *r, unsigned char c)
{
	return r->at < r->end && *r->at == c;
}

/* take: steps over the next byte if it is c. */
static bool take(struct reader *r, unsigned char c)
{
	if (!next_is(r, c))
		return false;
	r->at++;
	return true;
}

/* put: one byte more of a text. */
static void put(struct reader *r, unsigned char c)
{
	*r->text++ = (char)c;
}

/* is_blank: WSP. */
static bool is_blank(unsigned char c)
{
	return c == ' ' || c == '\t';
}

/* is_visible: VCHAR, or a byte of UTF-8 (RFC 6532 3.2). */
static bool is_visible(unsigned char c)
{
	return c > 0x20 && c != 0x7f;
}

/* is_atext: 3.2.3 and RFC 6532 3.2. */
static bool is_atext(unsigned char c)
{
	return is_visible(c) && !memchr("()<>[]:;@\\,.\"", c, 13);
}

/* control_problem: why this byte may stand nowhere. */
static const char *control_problem(unsigned char c)
{
	if (c == 0)
		return "it has a NUL";
	if (c == '\r' || c == '\n')
		return "it has a line end that is not a fold";
	return "it has a control character";
}

/* unexpected: wrong, by the next byte if that may stand nowhere, else by what was expected. */
static bool unexpected(struct reader *r, const char *problem)
{
	bool control = r->at < r->end && !is_visible(*r->at) && !is_blank(*r->at);
	return wrong(r, control ? control_problem(*r->at) : problem);
}

/* skip_blank: a blank, or a line end with a blank after it (3.2.2); false: there is none here. */
static bool skip_blank(struct reader *r)
{
	if (r->at == r->end)
		return false;
	if (r->end - r->at > 2 && r->at[0] == '\r' && r->at[1] == '\n' && is_blank(r->at[2])) {
		r->at += 2;
		return true;
	}
	if (!is_blank(*r->at))
		return false;
	r->at++;
	return true;
}

/* take_visible: the next byte, which must be there and no control character. */
static bool take_visible(struct reader *r, unsigned char *byte_out)
{
	if (r->at == r->end || !is_visible(*r->at))
		return unexpected(r, "it ends inside a comment, a quoted string or a literal");
	*byte_out = *r->at++;
	return true;
}

/* take_pair: the byte after a backslash, which may be a blank (3.2.1). */
static bool take_pair(struct reader *r, unsigned char *byte_out)
{
	if (r->at < r->end && is_blank(*r->at)) {
		*byte_out = *r->at++;
		return true;
	}
	return take_visible(r, byte_out);
}

/* may_show_address: an @, its full-width form (the first byte of it), or an encoded word. */
static bool may_show_address(const struct reader *r, unsigned char c)
{
	return c == '@' || c == 0xef || (c == '=' && next_is(r, '?'));
}

/* skip_comment: from after its parenthesis to after the one that closes it (3.2.2). */
static bool skip_comment(struct reader *r)
{
	unsigned char c = 0;
	size_t depth = 1, hidden = 0;
	while (depth > 0) {
		if (skip_blank(r))
			continue;
		if (!take_visible(r, &c))
			return false;
		hidden |= may_show_address(r, c);
		if (c == '\\') {
			if (!take_pair(r, &c))
				return false;
			hidden |= c == '@';
		} else if (c == '(') {
			if (++depth > GP_MAILBOX_COMMENTS)
				return wrong(r, "it has comments nested too deeply");
		} else if (c == ')') {
			depth--;
		}
	}
	r->hidden += hidden;
	return true;
}

/* skip_cfws: blanks, folds and comments, if there are any (3.2.2); false: a problem. */
static bool skip_cfws(struct reader *r)
{
	for (;;) {
		if (skip_blank(r))
			continue;
		if (!take(r, '('))
			return true;
		if (!skip_comment(r))
			return false;
	}
}

/* ---- words ---- */

/* read_quoted: from after the first quote; what it means goes to the text (3.2.4). */
static bool read_quoted(struct reader *r)
{
	unsigned char c = 0;
	for (;;) {
		if (r->at < r->end && is_blank(*r->at)) {
			put(r, *r->at++);
			continue;
		}
		if (skip_blank(r)) /* a fold: the blank after it comes next */
			continue;
		if (!take_visible(r, &c))
			return false;
		if (c == '"')
			return true;
		if (c == '\\' && !take_pair(r, &c))
			return false;
		put(r, c);
	}
}

/* is_other_at: characters that some programs turn into an @: U+FF20, U+FE6B. */
static bool is_other_at(struct gp_span text)
{
	return gp_span_has_prefix(text, "\xef\xbc\xa0") || gp_span_has_prefix(text, "\xef\xb9\xab");
}

/* rest_of: what is not read yet. */
static struct gp_span rest_of(const struct reader *r)
{
	return (struct gp_span) {(const char *)r->at, (size_t)(r->end - r->at)};
}

/* is_foreign_dot: a dot to programs that map names (RFC 3490 3.1, NFKC): U+3002, U+FF0E, U+FF61,
 * U+2024, U+FE52. */
static bool is_foreign_dot(struct gp_span text)
{
	static const char *const dots[] = {
		"\xe3\x80\x82", "\xef\xbc\x8e", "\xef\xbd\xa1", "\xe2\x80\xa4", "\xef\xb9\x92"};
	for (size_t i = 0; i < sizeof dots / sizeof dots[0]; i++)
		if (gp_span_has_prefix(text, dots[i]))
			return true;
	return false;
}

/* is_of_label: a byte that no reader ends or begins a name at. */
static bool is_of_label(char c)
{
	return gp_span_is_alnum(c) || c == '-' || c == '_' || (unsigned char)c > 0x7f;
}

/*
 * goes_on: may a name of which this follows be longer for some reader, who drops blanks, comments,
 * quotes or brackets? By a dot that begins a word.
 */
static bool goes_on(struct gp_span rest)
{
	for (size_t i = 0; i < rest.len; i++) {
		if (is_foreign_dot(gp_span_skip(rest, i)))
			return true;
		if (rest.ptr[i] == '.' && (i == 0 || !is_of_label(rest.ptr[i - 1])))
			return true;
	}
	return false;
}

/* is_handle: one word, as "@somebody", that no reader takes for a domain: no dot in it,
 * nor what becomes one when it is mapped or decoded. */
static bool is_handle(struct gp_span claim)
{
	for (size_t i = 0; i < claim.len; i++) {
		char c = claim.ptr[i];
		if ((unsigned char)c <= 0x7f && !gp_span_is_alnum(c) && !memchr("-_'!?*", c, 6))
			return false;
	}
	return gp_fold_is_word(claim);
}

/*
 * is_mere_sign: does a character that is an @ to some stand in a name, before a handle ("Jobs@Shop
 * <") and nothing that is a domain to them?
 */
static bool is_mere_sign(struct reader *r)
{
	struct gp_span rest = gp_span_skip(rest_of(r), 3);
	size_t n = 0, start;
	while (n < rest.len && is_blank((unsigned char)rest.ptr[n]))
		n++;
	start = n;
	while (n < rest.len && is_handle((struct gp_span) {rest.ptr + n, 1}))
		n++;
	rest = gp_span_skip(rest, n);
	if (n == start || rest.len == 0 || !memchr(" \t\r<", rest.ptr[0], 4))
		return false;
	if (r->name_end && (const unsigned char *)rest.ptr <= r->name_end)
		return true; /* was looked through for an earlier one */
	struct gp_span name, after;
	if (!gp_span_cut(rest, '<', &name, &after) || goes_on(name))
		return false;
	r->name_end = (const unsigned char *)name.ptr + name.len;
	return true;
}

/* read_atom: all atext there is; false: none. */
static bool read_atom(struct reader *r)
{
	const unsigned char *start = r->at;
	while (r->at < r->end && is_atext(*r->at)) {
		if (is_other_at(rest_of(r)) && !is_mere_sign(r))
			return disputed(r, "it has a character that some programs take for an @");
		put(r, *r->at++);
	}
	return r->at > start;
}

/* next_is_word: does an atom or a quoted string begin here (3.2.5)? */
static bool next_is_word(const struct reader *r)
{
	return r->at < r->end && (*r->at == '"' || is_atext(*r->at));
}

/* read_run: words and dots as far as they go, with blanks and comments after each. */
static bool read_run(struct reader *r, struct run *run_out)
{
	const char *start = r->text;
	bool after_word = false, any_word = false;
	*run_out =
		(struct run) {.is_local = true, .is_phrase = next_is_word(r), .hidden = r->hidden};
	for (;;) {
		if (take(r, '.')) {
			after_word = false;
			put(r, '.');
		} else if (next_is_word(r)) {
			run_out->is_local = run_out->is_local && !after_word;
			after_word = any_word = true;
			if (take(r, '"') ? !read_quoted(r) : !read_atom(r))
				return false;
		} else {
			break;
		}
		if (!skip_cfws(r))
			return false;
	}
	run_out->is_local = run_out->is_local && any_word;
	run_out->local = (struct gp_span) {start, (size_t)(r->text - start)};
	return true;
}

/* ---- domains ---- */

/* read_literal: [ to ], blanks taken out; no quoted pairs (3.4.1). */
static bool read_literal(struct reader *r)
{
	unsigned char c = 0;
	put(r, *r->at++);
	while (c != ']') {
		if (skip_blank(r))
			continue;
		if (!take_visible(r, &c))
			return false;
		if (c == '[' || c == '\\')
			return wrong(
				r, "it has a domain literal with a bracket or backslash inside");
		put(r, c);
	}
	return true;
}

/* read_labels: atoms with single dots between them. */
static bool read_labels(struct reader *r)
{
	do {
		if (r->at < r->end && *r->at == '.')
			return wrong(r, "it has a domain with an empty label");
		if (!read_atom(r))
			return wrong(
				r, "it has an address whose domain is missing or ends in a dot");
		if (next_is(r, '.'))
			put(r, '.');
	} while (take(r, '.'));
	return true;
}

/* read_domain: what follows an @, with blanks and comments around it (3.4.1); hidden: how many
 * comments may have shown an address before this one began. */
static bool read_domain(struct reader *r, size_t hidden, struct gp_mailbox *mailbox_out)
{
	if (!skip_cfws(r))
		return false;
	if (r->hidden != hidden)
		return disputed(r, "it has an address with another one in a comment inside");
	const char *start = r->text;
	mailbox_out->is_literal = next_is(r, '[');
	if (mailbox_out->is_literal ? !read_literal(r) : !read_labels(r))
		return false;
	mailbox_out->domain = (struct gp_span) {start, (size_t)(r->text - start)};
	if (!skip_cfws(r))
		return false;
	if (next_is(r, '.'))
		return wrong(r, "it has a domain with blanks or comments inside");
	return true;
}

/* ---- mailboxes ---- */

/* has_at: an @, or what some programs turn into one? */
static bool has_at(struct gp_span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] == '@' || is_other_at(gp_span_skip(text, i)))
			return true;
	return false;
}

/* has_encoded_word: =?...?= somewhere (RFC 2047 5: never in an address). */
static bool has_encoded_word(struct gp_span text)
{
	bool begun = false;
	for (size_t i = 0; i + 1 < text.len; i++) {
		if (begun && text.ptr[i] == '?' && text.ptr[i + 1] == '=')
			return true;
		if (!begun && text.ptr[i] == '=' && text.ptr[i + 1] == '?') {
			begun = true;
			i++;
		}
	}
	return false;
}

/* has_sign_of_address: what a local part has in quotes only, and readers that know no quotes find
 * an address with. */
static bool has_sign_of_address(struct gp_span local)
{
	for (size_t i = 0; i < local.len; i++)
		if (memchr("@<>,", local.ptr[i], 4))
			return true;
	return false;
}

/* read_address: from the @ after this local part; adds the mailbox (3.4.1). */
static bool read_address(struct reader *r, const struct run *run)
{
	struct gp_mailbox mailbox = {.local = run->local};
	if (!next_is(r, '@'))
		return unexpected(r, "it has an address without an @");
	if (!run->is_local)
		return wrong(r, "it has words before an @ that are not a local part");
	if (has_sign_of_address(run->local))
		return disputed(
			r, "it has an @, < or > or a comma in the quoted part of an address");
	r->at++;
	if (!read_domain(r, run->hidden, &mailbox))
		return false;
	if (has_encoded_word(mailbox.local) || has_encoded_word(mailbox.domain))
		return wrong(r, "it has an encoded word inside an address");
	if (r->count == GP_MAILBOX_MAX)
		return wrong(r, "it has too many addresses");
	r->items[r->count++] = mailbox;
	return true;
}

/* skip_route: @a,@b: before an address, which means nothing any more (4.4); to readers that do not
 * know it, it does. */
static bool skip_route(struct reader *r, struct gp_mailbox *last_out)
{
	struct gp_mailbox next;
	*last_out = (struct gp_mailbox) {.local = {NULL, 0}};
	while (take(r, '@')) {
		if (!read_domain(r, r->hidden, &next))
			return false;
		if (last_out->domain.len && !gp_span_equal_nocase(next.domain, last_out->domain))
			return disputed(r, "it has a route through another domain");
		*last_out = next;
		while (take(r, ','))
			if (!skip_cfws(r))
				return false;
	}
	return (take(r, ':') || unexpected(r, "it has a route without a colon")) && skip_cfws(r);
}

/* read_angle: from < to > (3.4). */
static bool read_angle(struct reader *r)
{
	struct run run;
	struct gp_mailbox route = {.local = {NULL, 0}};
	size_t hidden = r->hidden;
	r->at++;
	if (!skip_cfws(r))
		return false;
	if (next_is(r, '>'))
		return missing(r, "it has an empty address");
	if (next_is(r, '@') && !skip_route(r, &route))
		return false;
	if (!read_run(r, &run) || !read_address(r, &run))
		return false;
	if (route.domain.len && !gp_span_equal_nocase(route.domain, r->items[r->count - 1].domain))
		return disputed(r, "it has a route through another domain");
	if (r->hidden != hidden)
		return disputed(r, "it has an address with another one in a comment inside");
	return take(r, '>') || unexpected(r, "it has an address without the > at its end");
}

/* misplaced: why the next byte may not stand between addresses and names; always false. */
static bool misplaced(struct reader *r)
{
	if (next_is(r, '>'))
		return wrong(r, "it has a > without <");
	if (next_is(r, '\\'))
		return wrong(r, "it has a backslash outside quotes");
	if (next_is(r, ')'))
		return wrong(r, "it has an unmatched closing parenthesis");
	return unexpected(r, "it has something other than a comma after an address or name");
}

/* read_mailbox: a mailbox, or the name of a group with its colon (3.4). */
static bool read_mailbox(struct reader *r, bool *is_group_out)
{
	struct run run;
	*is_group_out = false;
	if (next_is(r, '<'))
		return read_angle(r);
	if (!read_run(r, &run))
		return false;
	if (next_is(r, '@'))
		return read_address(r, &run);
	if (!run.is_phrase)
		return run.local.len ? wrong(r, "it has a name that begins with a dot")
				     : misplaced(r);
	if (next_is(r, '<'))
		return read_angle(r);
	*is_group_out = take(r, ':');
	if (*is_group_out) /* a program that knows no groups finds the author in its name */
		return !has_at(run.local) || wrong(r, "it has a group with an @ in its name");
	if (r->at == r->end || next_is(r, ',') || next_is(r, ';'))
		return missing(r, "it has a name without an address");
	return misplaced(r);
}

/* skip_separators: commas, as many as there are (4.4), and what is between them. */
static bool skip_separators(struct reader *r)
{
	size_t hidden = r->hidden;
	do {
		if (!skip_cfws(r))
			return false;
		if (r->hidden != hidden && next_is(r, ','))
			return wrong(r, "it has an address in a comment that stands alone");
	} while (take(r, ','));
	return true;
}

/* read_members: the mailboxes of a group, from after its colon to its semicolon (3.4). */
static bool read_members(struct reader *r)
{
	bool is_group;
	if (!skip_separators(r))
		return false;
	while (!take(r, ';')) {
		if (r->at == r->end)
			return wrong(r, "it has a group without a semicolon at its end");
		if (!read_mailbox(r, &is_group))
			return false;
		if (is_group)
			return wrong(r, "it has a group inside a group");
		if (!skip_cfws(r))
			return false;
		if (!next_is(r, ',') && !next_is(r, ';') && r->at < r->end)
			return misplaced(r);
		if (!skip_separators(r))
			return false;
	}
	return skip_cfws(r);
}

/* read_list: mailboxes and groups to the end of the value (3.4, RFC 6854 4). */
static bool read_list(struct reader *r)
{
	bool any = false, is_group;
	if (!skip_separators(r))
		return false;
	for (; r->at < r->end; any = true) {
		if (!read_mailbox(r, &is_group))
			return false;
		if (is_group && !read_members(r))
			return false;
		if (!skip_cfws(r))
			return false;
		if (!next_is(r, ',') && r->at < r->end)
			return misplaced(r);
		if (!skip_separators(r))
			return false;
	}
	return any || missing(r, "it names no author");
}

/* ---- names that nobody quoted ---- */

/*
 * read_claim: what stands after an @ in a name; it has to be the address's own domain or a handle,
 * or readers that take the one for the other see another author. Blanks may stand before a handle,
 * as in "Jobs @ Shop".
 */
static bool read_claim(struct reader *r, struct gp_span wanted)
{
	const char *start = r->text;
	bool is_apart = false;
	while (skip_blank(r))
		is_apart = true;
	if (is_apart && take(r, '"') ? !read_quoted(r) : !read_labels(r))
		return false;
	struct gp_span claim = {start, (size_t)(r->text - start)};
	if (claim.len > 2 && memcmp(claim.ptr + claim.len - 2, "?=", 2) == 0)
		claim.len -= 2; /* of an encoded word that RFC 2047 5 does not allow */
	bool is_own = !is_apart && gp_span_equal_nocase(claim, wanted);
	if (claim.len == 0 || (!is_own && !is_handle(claim)))
		return wrong(r, "its name has an @ of another domain");
	if (next_is(r, '(') || next_is(r, '"') || next_is(r, '['))
		return wrong(r, "its name has a domain with comments, quotes or brackets inside");
	if (!r->claim_end)
		r->claim_end = r->at;
	return true;
}

/* is_foreign: has a quoted string or comment an @ of another domain than the address's own, which
 * is no handle either? */
static bool is_foreign(struct gp_span text, struct gp_span wanted)
{
	bool any = false;
	for (size_t i = 0; i < text.len; i++) {
		struct gp_span rest = gp_span_skip(text, i);
		bool other = is_other_at(rest);
		if (!other && text.ptr[i] != '@')
			continue;
		rest = gp_span_skip(rest, other ? 3 : 1);
		while (rest.len && is_blank((unsigned char)rest.ptr[0]))
			rest = gp_span_skip(rest, 1);
		size_t n = 0;
		while (n < rest.len && (is_of_label(rest.ptr[n]) || rest.ptr[n] == '.'))
			n++;
		struct gp_span claim = {rest.ptr, n};
		bool is_own = n > 0 && (gp_span_equal_nocase(claim, wanted) || is_handle(claim));
		/* the rest after the first one is the rest after all */
		if (!is_own || (!any && goes_on(gp_span_skip(rest, n))))
			return true;
		any = true;
	}
	return false;
}

/* read_hidden: a quoted string, if one is next, blanks and comments; notes an @ of another domain
 * in them. */
static bool read_hidden(struct reader *r, struct gp_span wanted)
{
	const char *start = (const char *)r->at, *text = r->text;
	bool quoted = take(r, '"');
	if (quoted && !read_quoted(r))
		return false;
	const unsigned char *end = r->at;
	if (!skip_cfws(r))
		return false;
	struct gp_span raw = {start, (size_t)((const char *)r->at - start)};
	struct gp_span meant = {text, (size_t)(r->text - text)};
	r->has_foreign =
		r->has_foreign || is_foreign(raw, wanted) || (quoted && is_foreign(meant, wanted));
	if (!r->claim_end && (has_at(raw) || has_at(meant)))
		r->claim_end = quoted ? end : r->at;
	return true;
}

/* read_sign: one that should have been quoted. To a program that ends a mailbox at it, an earlier
 * word is an address and not a name. */
static bool read_sign(struct reader *r, struct gp_span wanted)
{
	if (r->has_words && !next_is(r, '@') && !next_is(r, '.'))
		return wrong(r, "it has an encoded word where the list may continue");
	if (r->has_foreign && !next_is(r, '.'))
		return wrong(r, "it has an address of another domain where the list may continue");
	if (take(r, '@'))
		return read_claim(r, wanted);
	r->at++;
	return true;
}

/* read_loose_name: words, and signs that should have been quoted, up to the <. */
static bool read_loose_name(struct reader *r, struct gp_span wanted)
{
	while (!next_is(r, '<')) {
		if (!read_hidden(r, wanted) || r->at == r->end)
			return false;
		if (next_is(r, '"') || next_is(r, '<'))
			continue;
		if (next_is_word(r) ? !read_atom(r)
				    : !memchr("@[],:;.", *r->at, 7) || !read_sign(r, wanted))
			return false;
	}
	const char *from = (const char *)(r->claim_end ? r->claim_end : r->at);
	struct gp_span rest = {from, (size_t)((const char *)r->at - from)};
	return !goes_on(rest) || wrong(r, "its name has a domain that may continue");
}

/* wanted_domain: what the last < holds after its last @, as it stands. */
static struct gp_span wanted_domain(struct gp_span value)
{
	ptrdiff_t angle = gp_span_find_last(value, '<');
	struct gp_span rest = gp_span_skip(value, (size_t)(angle + 1)), inside, after;
	gp_span_cut(rest, '>', &inside, &after);
	ptrdiff_t at = gp_span_find_last(inside, '@');
	return angle < 0 || at < 0 ? (struct gp_span) {NULL, 0}
				   : gp_span_trim(gp_span_skip(inside, (size_t)(at + 1)));
}

/*
 * read_loose: one mailbox whose name holds what it should have quoted: "a@b <a@b>", "Smith, John
 * <a@b>", "Foo [Bar] <a@b>", as much mail has it. There is one <, and no other domain that a reader
 * could take for the author's. What its encoded words hold is for the caller to judge.
 */
static bool read_loose(struct reader *r, struct gp_span value)
{
	struct gp_span wanted = wanted_domain(value);
	r->has_words = has_encoded_word(value);
	return wanted.len && read_loose_name(r, wanted) && read_angle(r) && skip_cfws(r) &&
	       r->at == r->end && gp_span_equal_nocase(r->items[0].domain, wanted);
}

/* count_addresses: an upper bound for the mailboxes. */
static size_t count_addresses(struct gp_span value)
{
	size_t n = 0;
	for (size_t i = 0; i < value.len && n < GP_MAILBOX_MAX; i++)
		n += value.ptr[i] == '@';
	return n;
}

/* begin: at the start of the value, with nothing read. */
static int begin(struct reader *r, struct gp_arena *arena, struct gp_span value)
{
	*r = (struct reader) {.at = (const unsigned char *)value.ptr};
	r->end = r->at + value.len;
	r->text = gp_arena_alloc(arena, value.len);
	r->items = gp_arena_array(arena, count_addresses(value) + 1, sizeof *r->items);
	return r->text && r->items ? GP_OK : gp_arena_status(arena);
}

/* gp_mailbox_parse: by the grammar in one pass; else as one mailbox with a name in disorder. */
int gp_mailbox_parse(struct gp_arena *arena, struct gp_span value, struct gp_mailbox_list *list_out)
{
	struct reader r, loose;
	*list_out = (struct gp_mailbox_list) {.items = NULL};
	if (value.len == 0 || value.len > GP_MAILBOX_BYTES) {
		list_out->problem = value.len ? "it is too long" : "it names no author";
		return GP_ESYNTAX;
	}
	int rc = begin(&r, arena, value);
	if (rc)
		return rc;
	if (!read_list(&r)) {
		list_out->problem = r.problem;
		list_out->is_missing = r.is_missing;
		rc = begin(&loose, arena, value);
		if (rc)
			return rc;
		if (r.is_disputed || !read_loose(&loose, value)) {
			list_out->is_disputed = r.is_disputed || loose.is_disputed;
			if (loose.is_disputed)
				list_out->problem = loose.problem;
			return GP_ESYNTAX;
		}
		list_out->problem = NULL;
		list_out->is_loose = true;
		r = loose;
	}
	list_out->items = r.items;
	list_out->count = r.count;
	return GP_OK;
}
