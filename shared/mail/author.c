/* SPDX-License-Identifier: ISC */
/*
 * The whole header first: is there one From field, and nothing else that could be one? Then its
 * value by the grammar; what the grammar refuses, or reads as no domain name, by sight.
 */
#include "mail/author_private.h"

#include <string.h>

#include "mail/address.h"
#include "mail/encodedword.h"
#include "mail/mailbox.h"

/* without: there is no domain, and why. */
static int without(struct gp_author *author, enum gp_author_cause cause, const char *problem)
{
	*author = (struct gp_author) {.cause = cause, .domain = "", .problem = problem};
	return GP_OK;
}

/* name_of: a domain in A-labels; *name_out NULL: it is no host's name, or one that is shorter for a
 * program that ends it at a character that others map to a dot. */
static int name_of(struct gp_arena *arena, struct gp_span domain, const char **name_out)
{
	const char *name = NULL;
	*name_out = NULL;
	domain = gp_author_trim(domain);
	if (gp_author_ends_early(domain))
		return GP_OK;
	int rc = gp_address_domain(arena, domain, &name);
	*name_out = !rc && gp_address_is_host_name(name) ? name : NULL;
	return rc == GP_ESYNTAX ? GP_OK : rc;
}

/* read_list: the domain that all mailboxes share, or why there is none. */
static int read_list(
	struct gp_arena *arena, const struct gp_mailbox_list *list, struct gp_author *author)
{
	const char *first = NULL, *name = NULL;
	for (size_t i = 0; i < list->count; i++) {
		int rc = list->items[i].is_literal ? GP_OK
						   : name_of(arena, list->items[i].domain, &name);
		if (rc)
			return rc;
		if (list->items[i].is_literal || !name)
			return without(
				author, GP_AUTHOR_UNREADABLE, "its domain is not a domain name");
		if (first && strcmp(name, first))
			return without(author, GP_AUTHOR_SEVERAL, "it names several domains");
		first = name;
	}
	if (!first)
		return without(author, GP_AUTHOR_UNREADABLE, "it names no author");
	*author = (struct gp_author) {.cause = GP_AUTHOR_ONE, .domain = first};
	return GP_OK;
}

/* has_any: does the text hold one of these bytes? */
static bool has_any(struct gp_span text, const char *bytes)
{
	for (; text.len && *bytes; bytes++)
		if (memchr(text.ptr, *bytes, text.len))
			return true;
	return false;
}

/* what_is_wrong: with what only some read an author in; list: what the grammar made of it. */
static const char *what_is_wrong(const struct gp_author_view *view,
	const struct gp_mailbox_list *list, struct gp_span value, const char *problem)
{
	if (!view->is_clear)
		return list->is_missing ? "a name in it cannot be decoded" : problem;
	if (view->has_at && !has_any(value, "@"))
		return "only some programs see an address in it";
	if (view->has_at)
		return list->is_missing
			       ? "it has an @, but not where every program recognises an address"
			       : problem;
	return view->has_host ? "it has a host in angle brackets, but no @"
			      : "it names a host, but has no @";
}

/* read_by_sight: what the grammar gave no domain for. A bounce in which only a host's name may be
 * taken for an author is the mail server's own. */
static int read_by_sight(struct gp_arena *arena, struct gp_span value,
	const struct gp_mailbox_list *list, struct gp_author *author)
{
	struct gp_author_view view;
	const char *name = NULL;
	int rc = value.len > GP_MAILBOX_BYTES ? GP_ESYNTAX : gp_author_look(arena, value, &view);
	if (rc)
		return rc == GP_ESYNTAX ? GP_OK : rc;
	if (view.sight == GP_AUTHOR_SEES_NONE)
		return without(author, GP_AUTHOR_NO_DOMAIN, "it shows no domain");
	if (view.sight == GP_AUTHOR_SEES_OTHERS) {
		author->problem = what_is_wrong(&view, list, value, author->problem);
		author->bounces_may = view.is_clear && !view.has_at && !view.has_host;
		return GP_OK;
	}
	rc = name_of(arena, view.domain, &name);
	if (!rc && name)
		*author = (struct gp_author) {.cause = GP_AUTHOR_ONE, .domain = name};
	return rc;
}

/* read_names: a domain by the grammar, unless a program that decodes names first finds another
 * one. */
static int read_names(struct gp_arena *arena, struct gp_span value,
	const struct gp_mailbox_list *list, struct gp_author *author)
{
	bool hides = false;
	int rc = gp_author_name_hides(arena, value, list, &hides);
	if (!rc && hides)
		rc = without(author, GP_AUTHOR_UNREADABLE,
			"a name in it hides another address or a control character");
	return rc;
}

/* check_text: does a name in disorder show the same domain when it is read as this text? */
static int check_text(struct gp_arena *arena, struct gp_span text, struct gp_author *author)
{
	struct gp_mailbox_list list = {0};
	struct gp_author other = {.cause = GP_AUTHOR_UNREADABLE, .domain = ""};
	int rc = gp_mailbox_parse(arena, text, &list);
	if (!rc)
		rc = read_list(arena, &list, &other);
	if ((rc && rc != GP_ESYNTAX) || strcmp(other.domain, author->domain) == 0)
		return rc;
	return without(
		author, GP_AUTHOR_UNREADABLE, "a name in it shows another author when decoded");
}

/* check_decoded: without quotes it is not a name to a program that decodes first, but addresses. */
static int check_decoded(struct gp_arena *arena, struct gp_span value, struct gp_author *author)
{
	struct gp_span decoded, plain;
	enum gp_encodedword_state state;
	int rc = gp_encodedword_decode(arena, value, &decoded, &state);
	if (rc || decoded.ptr == value.ptr)
		return rc;
	if (state > GP_ENCODEDWORD_UNKNOWN)
		return without(author, GP_AUTHOR_UNREADABLE, "a name in it cannot be decoded");
	rc = gp_author_plain(arena, decoded, &plain);
	if (!rc)
		rc = check_text(arena, decoded, author);
	if (!rc && plain.ptr != decoded.ptr && author->cause == GP_AUTHOR_ONE)
		rc = check_text(arena, plain, author);
	return rc;
}

/* read_value: of the one From field. */
static int read_value(struct gp_arena *arena, struct gp_span value, struct gp_author *author)
{
	struct gp_mailbox_list list = {0};
	int rc = gp_mailbox_parse(arena, value, &list);
	if (rc == GP_ESYNTAX)
		rc = without(author, GP_AUTHOR_UNREADABLE,
			list.problem ? list.problem : "it cannot be read");
	else if (!rc)
		rc = read_list(arena, &list, author);
	if (!rc && list.is_loose && author->cause == GP_AUTHOR_ONE)
		rc = check_decoded(arena, value, author);
	if (!rc && author->cause == GP_AUTHOR_ONE)
		return read_names(arena, value, &list, author);
	bool is_open = author->cause == GP_AUTHOR_UNREADABLE && !list.is_disputed;
	return !rc && is_open ? read_by_sight(arena, value, &list, author) : rc;
}

/* ---- lines below ---- */

/* is_broken_field: a colon, and nothing of an address before it; or what readers of mailbox files
 * know. What has a domain of its own is less likely to be continued. */
static bool is_broken_field(struct gp_span line, enum gp_author_cause cause)
{
	const char *signs = cause == GP_AUTHOR_ONE ? "@<" : "@<>\"(),;[]\\%!";
	struct gp_span name, rest;
	return gp_author_is_mailbox_line(line) ||
	       (gp_span_cut(line, ':', &name, &rest) && !has_any(name, signs));
}

/* From and what may belong to it. */
struct below {
	struct gp_arena *arena;
	const struct gp_author *author;
	struct gp_span value; /* of From, trimmed */
	bool is_cut;          /* its last word may be the beginning of a domain */
	bool has_sign, has_dot;
};

/* completes: may the line, in which no domain is seen, make one of what From has? */
static bool completes(const struct below *b, struct gp_span line)
{
	if (b->author->cause == GP_AUTHOR_ONE)
		return b->is_cut && !has_any(line, " ");
	return (b->has_sign && gp_author_has_dot(line)) ||
	       (b->has_dot && has_any(line, "@%!") && b->is_cut);
}

/* may_change: would From show something else if this line belonged to it? */
static int may_change(const struct below *b, struct gp_span line, bool *may_out)
{
	struct gp_author_view view = {.sight = GP_AUTHOR_SEES_NONE};
	const char *name = NULL;
	int rc = GP_OK;
	*may_out = completes(b, line);
	if (*may_out || (!has_any(line, "@%!") && gp_span_is_ascii(line) && !has_any(line, "=")))
		return GP_OK;
	*may_out = line.len > GP_MAILBOX_BYTES;
	if (!*may_out)
		rc = gp_author_look(b->arena, line, &view);
	bool is_one = view.sight == GP_AUTHOR_SEES_ONE && b->author->cause == GP_AUTHOR_ONE;
	if (!rc && is_one && !b->is_cut)
		rc = name_of(b->arena, view.domain, &name);
	bool is_same = name && strcmp(name, b->author->domain) == 0;
	*may_out = *may_out || (view.sight != GP_AUTHOR_SEES_NONE && !is_same);
	return rc;
}

/* line_of: where in the header a field begins, from 1. */
static size_t line_of(const struct gp_message *message, const struct gp_message_field *field)
{
	size_t line = 1;
	for (const struct gp_message_field *f = message->fields; f < field; f++, line++)
		for (size_t i = 0; i < f->raw.len; i++)
			line += f->raw.ptr[i] == '\n' && i > 0 && f->raw.ptr[i - 1] == '\r';
	return line;
}

/* is_closed: does the value end so that nothing after it belongs to a domain? */
static bool is_closed(struct gp_span value)
{
	return value.len && memchr(">),;", value.ptr[value.len - 1], 4);
}

/*
 * check_below: lines that are no field right below From, as a broken fold leaves them. Programs
 * that repair folds add them to From. Those with a name are fields to them, if broken ones; below
 * an empty From they are its value.
 */
static int check_below(struct gp_arena *arena, const struct gp_message *message,
	const struct gp_message_field *from, struct gp_author *author)
{
	const struct gp_message_field *end = message->fields + message->count;
	struct below b = {arena, author, gp_span_trim(from->value), false, false, false};
	b.is_cut = !is_closed(b.value);
	b.has_sign = has_any(b.value, "@%!");
	b.has_dot = gp_author_has_dot(b.value);
	for (const struct gp_message_field *f = from + 1; f < end && f->name.len == 0; f++) {
		bool is_field = b.value.len && is_broken_field(f->raw, author->cause),
		     changes = false;
		int rc = is_field ? GP_OK : may_change(&b, f->raw, &changes);
		if (rc)
			return rc;
		if (!changes)
			continue;
		const char *problem = gp_arena_printf(arena,
			"line %zu, which is not a field, may be part of it", line_of(message, f));
		return problem ? without(author, GP_AUTHOR_UNREADABLE, problem)
			       : gp_arena_status(arena);
	}
	return GP_OK;
}

/* ---- the whole header ---- */

/* What programs show where there is no From, or only nothing in it; those to which answers go come
 * last. */
static const char *const instead[] = {
	"Sender", "Resent-From", "Resent-Sender", "Reply-To", "Resent-Reply-To"};
#define INSTEAD_OF_EMPTY 3
#define INSTEAD_OF_NONE 5

/* shows_none: do the first so many of these fields name no domain? */
static int shows_none(
	struct gp_arena *arena, const struct gp_message *message, size_t fields, bool *none_out)
{
	int rc = GP_OK;
	*none_out = true;
	for (size_t i = 0; i < message->count && *none_out && !rc; i++) {
		const struct gp_message_field *f = &message->fields[i];
		struct gp_author_view view = {.sight = GP_AUTHOR_SEES_NONE};
		for (size_t k = 0; k < fields && !rc; k++)
			if (gp_span_is(f->name, instead[k]))
				rc = f->value.len > GP_MAILBOX_BYTES
					     ? GP_ESYNTAX
					     : gp_author_look(arena, f->value, &view);
		*none_out = !rc && view.sight == GP_AUTHOR_SEES_NONE;
		rc = rc == GP_ESYNTAX ? GP_OK : rc;
	}
	return rc;
}

/* has_text: could some program read an address in the value? A name alone, of several words, is
 * none, nor is what names a group. */
static bool has_text(struct gp_span value)
{
	size_t depth = 0, words = 0;
	bool quoted = false, inside = false, in_word = false;
	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];
		bool is_pair = c == '\\' && (quoted || depth);
		i += is_pair;
		quoted = quoted ^ (c == '"' && !depth);
		if (!quoted)
			depth += c == '(' ? 1 : c == ')' && depth ? (size_t)-1 : 0;
		bool is_end = !quoted && !depth && memchr(",;", c, 2);
		if (is_end && words == 1)
			return true;
		if (!quoted && !depth && memchr("<>:,;", c, 5)) {
			inside = c == '<';
			words = 0;
			in_word = false;
		} else if (!depth && !memchr(" \t\r\n()\"", c, 7)) {
			words += !in_word;
			in_word = true;
			if (inside)
				return true;
		} else if (!quoted && c != '"') {
			in_word = false;
		}
	}
	return words == 1;
}

/* has_address: the same, also to a program that decodes names first. */
static int has_address(struct gp_arena *arena, struct gp_span value, bool *has_out)
{
	struct gp_span decoded, plain;
	enum gp_encodedword_state state;
	*has_out = false;
	int rc = gp_encodedword_decode(arena, value, &decoded, &state);
	if (!rc)
		rc = gp_author_plain(arena, decoded, &plain);
	if (!rc)
		*has_out = has_text(value) && has_text(plain);
	return rc;
}

/* check_instead: a From without an address is none to some programs, which then show what they show
 * where there is no From. A bounce is never lost by that. */
static int check_instead(struct gp_arena *arena, const struct gp_message *message,
	struct gp_span value, struct gp_author *author)
{
	bool is_fine = false;
	int rc = has_address(arena, value, &is_fine);
	if (!rc && !is_fine)
		rc = shows_none(arena, message, INSTEAD_OF_EMPTY, &is_fine);
	if (rc || is_fine)
		return rc;
	rc = without(
		author, GP_AUTHOR_UNREADABLE, "it is empty, but another field names an author");
	author->bounces_may = true;
	return rc;
}

/* missing: no From field. */
static int missing(
	struct gp_arena *arena, const struct gp_message *message, struct gp_author *author)
{
	(void)without(author, GP_AUTHOR_UNREADABLE, "it is missing"); /* always GP_OK */
	return shows_none(arena, message, INSTEAD_OF_NONE, &author->bounces_may);
}

/* gp_author_find: header, field, value. Two From fields are none: of a message that a domain has
 * signed the second one may be anybody's, of the same domain too. */
int gp_author_find(
	struct gp_arena *arena, const struct gp_message *message, struct gp_author *author_out)
{
	const char *problem = NULL;
	size_t count = gp_message_count(message, "From");
	if (message->is_cut)
		return without(author_out, GP_AUTHOR_UNREADABLE, message->defect);
	int rc = gp_author_doubt(arena, message, &problem);
	if (rc)
		return rc;
	if (problem)
		return without(author_out, GP_AUTHOR_UNREADABLE, problem);
	if (count > 1)
		return without(author_out, GP_AUTHOR_UNREADABLE, "it occurs more than once");
	if (count == 0)
		return missing(arena, message, author_out);
	const struct gp_message_field *from = gp_message_find(message, "From");
	rc = read_value(arena, from->value, author_out);
	if (!rc && (author_out->cause <= GP_AUTHOR_NO_DOMAIN || author_out->bounces_may))
		rc = check_below(arena, message, from, author_out);
	return rc || author_out->cause != GP_AUTHOR_NO_DOMAIN
		       ? rc
		       : check_instead(arena, message, from->value, author_out);
}
