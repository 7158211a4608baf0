/* SPDX-License-Identifier: ISC */
/*
 * What stands before the first result is read in several ways: by the grammar, by sight, without
 * its comments, and word by word as domain names; each time folded as a reader may do it, and
 * compared with the host's name folded the same way. Any one of them is enough.
 */
#include "exim-dlfunc/forged.h"

#include <string.h>

#include "mail/address.h"
#include "mail/authres.h"
#include "mail/encodedword.h"
#include "mail/fold.h"

#define LINE_SHOWN 64 /* bytes of a hidden line that are looked at for its name */

/* The host's name, and where texts are made. */
struct claim {
	struct gp_arena *arena;
	struct gp_span host; /* folded, in A-labels where it has them */
};

/* without: a copy of text without the bytes of a set, ideographic full stops as plain ones (RFC
 * 3490 3.1; NFKC turns the half-width one into this); an empty one when the arena refuses. */
static struct gp_span without(struct gp_arena *arena, struct gp_span text, const char *set)
{
	char *copy = gp_arena_alloc(arena, text.len + 1);
	size_t n = 0;
	for (size_t i = 0; copy && i < text.len; i++) {
		bool stop = text.len - i > 2 && memcmp(text.ptr + i, "\xe3\x80\x82", 3) == 0;
		if (stop)
			copy[n++] = '.';
		else if (!text.ptr[i] || !strchr(set, text.ptr[i]))
			copy[n++] = text.ptr[i];
		i += stop ? 2 : 0;
	}
	return (struct gp_span) {copy, n};
}

/* fold: as names are compared, quotes and backslashes dropped; false: it cannot be. */
static bool fold(struct gp_arena *arena, struct gp_span text, struct gp_span *text_out)
{
	struct gp_span folded;
	if (gp_fold_text(arena, text, true, &folded))
		return false;
	*text_out = without(arena, folded, "\"\\'");
	return text_out->ptr != NULL;
}

/* shows: is the host's name a part of this text? */
static bool shows(const struct claim *claim, struct gp_span text)
{
	return claim->host.len && text.len >= claim->host.len &&
	       memmem(text.ptr, text.len, claim->host.ptr, claim->host.len);
}

/* is_shown: the same of the text folded; what cannot be folded may be anything. */
static bool is_shown(const struct claim *claim, struct gp_span text)
{
	struct gp_span folded;
	return text.len && (!fold(claim->arena, text, &folded) || shows(claim, folded));
}

/* is_named: the same of the text as a domain name in A-labels. */
static bool is_named(const struct claim *claim, struct gp_span word)
{
	struct gp_span folded;
	const char *name;
	return word.len && fold(claim->arena, word, &folded) &&
	       gp_address_domain(claim->arena, folded, &name) == GP_OK &&
	       shows(claim, gp_span_from(name));
}

/* is_separator: what may stand between words. */
static bool is_separator(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '(' || c == ')' ||
	       c == '/' || c == '=';
}

/* has_named_word: is one of the words the name in U-labels? */
static bool has_named_word(const struct claim *claim, struct gp_span text)
{
	for (size_t start = 0, i = 0; i <= text.len; i++) {
		if (i < text.len && !is_separator(text.ptr[i]))
			continue;
		if (is_named(claim, (struct gp_span) {text.ptr + start, i - start}))
			return true;
		start = i + 1;
	}
	return false;
}

/* without_comments: a copy; an open comment goes on to the end. */
static struct gp_span without_comments(struct gp_arena *arena, struct gp_span text)
{
	char *copy = gp_arena_alloc(arena, text.len + 1);
	size_t n = 0, depth = 0;
	for (size_t i = 0; copy && i < text.len; i++) {
		char c = text.ptr[i];
		depth += c == '(';
		if (depth == 0)
			copy[n++] = c;
		depth -= c == ')' && depth > 0;
	}
	return (struct gp_span) {copy, n};
}

/* claims: could a text before the results be taken for the host's name? */
static bool claims(const struct claim *claim, struct gp_span text)
{
	struct gp_span decoded;
	enum gp_encodedword_state state;
	if (text.len > GP_FOLD_MAX || gp_encodedword_decode(claim->arena, text, &decoded, &state) ||
		state != GP_ENCODEDWORD_CLEAR)
		return true;
	return is_shown(claim, decoded) ||
	       is_shown(claim, without_comments(claim->arena, decoded)) ||
	       has_named_word(claim, decoded);
}

/* begin: the name to compare with; false: it has none that could be claimed. */
static bool begin(struct claim *claim, struct gp_arena *arena, const char *host)
{
	const char *name;
	claim->arena = arena;
	return fold(arena,
		gp_span_from(gp_address_domain(arena, gp_span_from(host), &name) ? host : name),
		&claim->host);
}

/* begins_line: the length of what begins a line for some readers, at this place: a control byte
 * that is no part of a fold, NEL, LS or PS; 0: nothing. */
static size_t begins_line(struct gp_span text, size_t at)
{
	unsigned char c = (unsigned char)text.ptr[at];
	struct gp_span rest = gp_span_skip(text, at);
	bool has_lf = rest.len > 1 && rest.ptr[1] == '\n';
	bool is_fold = c == '\r' ? has_lf : c == '\n' && at > 0 && text.ptr[at - 1] == '\r';
	if (gp_span_has_prefix(rest, "\xc2\x85"))
		return 2;
	if (gp_span_has_prefix(rest, "\xe2\x80\xa8") || gp_span_has_prefix(rest, "\xe2\x80\xa9"))
		return 3;
	return c < 0x20 && c != '\t' && !is_fold;
}

/* is_results: is it the name of a field of results, to who folds it, or drops blanks in it? */
static bool is_results(struct gp_arena *arena, struct gp_span name)
{
	struct gp_span folded;
	char *copy = gp_arena_alloc(arena, name.len + 1);
	size_t n = 0;
	if (!copy)
		return true;
	for (size_t i = 0; i < name.len; i++)
		if (!memchr(" \t\r\n", name.ptr[i], 4))
			copy[n++] = name.ptr[i];
	int rc = gp_fold_text(arena, (struct gp_span) {copy, n}, true, &folded);
	return rc ? rc != GP_ESYNTAX : gp_span_is(folded, "authentication-results");
}

/* begins_results: does a line of results begin with this text? */
static bool begins_results(struct gp_arena *arena, struct gp_span line)
{
	struct gp_span name, rest;
	if (line.len > LINE_SHOWN)
		line.len = LINE_SHOWN;
	return gp_span_cut(line, ':', &name, &rest) && is_results(arena, name);
}

/* hides_line: does a line of results begin inside a field? */
static bool hides_line(struct gp_arena *arena, struct gp_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		size_t n = begins_line(text, i);
		if (n && begins_results(arena, gp_span_skip(text, i + n)))
			return true;
	}
	return false;
}

/* gp_exim_is_forged_value: what cannot be parsed counts, and what has another line inside. */
bool gp_exim_is_forged_value(struct gp_arena *arena, struct gp_span value, const char *host)
{
	struct gp_authres parsed;
	struct gp_span before, rest;
	struct claim claim;
	if (!begin(&claim, arena, host) || gp_authres_parse(arena, value, &parsed) ||
		hides_line(arena, value))
		return true;
	gp_span_cut(value, ';', &before, &rest);
	return claims(&claim, before) || claims(&claim, parsed.authserv_id);
}

/* gp_exim_is_forged: field by field. */
bool gp_exim_is_forged(struct gp_arena *arena, const struct gp_message *message, const char *host)
{
	for (size_t i = 0; i < message->count; i++) {
		const struct gp_message_field *f = &message->fields[i];
		bool is_field = gp_span_is(f->name, "Authentication-Results");
		bool is_odd = f->name.len == 0 || !gp_span_is_ascii(f->name);
		if (is_field ? gp_exim_is_forged_value(arena, f->value, host)
			     : (is_odd && begins_results(arena, f->raw)) ||
					hides_line(arena, f->raw))
			return true;
	}
	return false;
}
