/* SPDX-License-Identifier: ISC */
/*
 * The names of a From field, as programs see them that decode encoded words before they look for
 * addresses. Where the decoded text has the address of somebody else, it has to be in order: a
 * simple reader finds that address by itself if a separator, an open quote or an open comment keeps
 * it apart from the mailbox that follows. Where it has none, it may be in any disorder.
 */
#include "mail/author_private.h"

#include <string.h>

#include "mail/encodedword.h"

/* is_listed: is it the domain of one of the mailboxes? */
static bool is_listed(const struct gp_mailbox_list *list, struct gp_span domain)
{
	for (size_t i = 0; i < list->count; i++)
		if (gp_span_equal_nocase(gp_author_trim(list->items[i].domain), domain))
			return true;
	return false;
}

/* ---- the domain after an @ ---- */

/* What stands after an @ in a name. */
struct claim {
	bool is_own;     /* the domain of one of the mailboxes */
	bool is_foreign; /* another one */
	bool ends;       /* a list would end after it, or brackets */
};

/* skip_unseen: blanks, quotes and comments, which some programs drop from a domain. */
static size_t skip_unseen(struct gp_span text, size_t at)
{
	size_t depth = 0;
	for (; at < text.len; at++) {
		char c = text.ptr[at];
		if (c == '(')
			depth++;
		else if (c == ')' && depth)
			depth--;
		else if (!depth && !memchr(" \t\r\n\"\\", c, 6))
			break;
	}
	return at;
}

/* joins: is what follows a gap in a domain a part of it? In brackets everything is. */
static bool joins(const char *name, size_t length, char next, bool open)
{
	return open || next == '.' || name[length - 1] == '.';
}

/* read_claim: is read without what programs drop in it, the bracket of a literal too. What is too
 * long to be looked through is somebody else's. */
static struct claim read_claim(struct gp_span rest, bool open, const struct gp_mailbox_list *list)
{
	char name[GP_AUTHOR_NAME_BYTES];
	rest.len = rest.len < sizeof name ? rest.len : sizeof name;
	size_t n = 0, at = skip_unseen(rest, 0), gap = 0;
	at += at < rest.len && rest.ptr[at] == '[';
	while (at < rest.len && gp_author_is_of_domain(rest.ptr[at])) {
		if (gap && !joins(name, n, rest.ptr[at], open))
			break;
		name[n++] = rest.ptr[at++];
		gap = skip_unseen(rest, at) - at;
		at += gap;
	}
	if (at == sizeof name)
		return (struct claim) {.is_foreign = true, .ends = true};
	struct gp_span domain = {name, n};
	struct claim claim = {.is_own = is_listed(list, domain)};
	claim.is_foreign = !claim.is_own && gp_author_is_dotted(domain);
	claim.ends = at < rest.len && memchr(",;>", rest.ptr[at], 3);
	return claim;
}

/* ---- brackets ---- */

/* has_other_in_brackets: a name with a dot after a < where no @ is, quoted or not: the address, to
 * programs that read only what is in brackets. */
static bool has_other_in_brackets(struct gp_span text, const struct gp_mailbox_list *list)
{
	struct gp_span before, inside, name;
	while (gp_span_cut(text, '<', &before, &text)) {
		inside = (struct gp_span) {text.ptr, 0};
		while (inside.len < text.len && !memchr("<>", text.ptr[inside.len], 2))
			inside.len++;
		if (inside.len && memchr(inside.ptr, '@', inside.len))
			continue;
		while (gp_author_next_dotted(&inside, &name))
			if (!is_listed(list, name))
				return true;
	}
	return false;
}

/* ---- order ---- */

/* A decoded text while it is walked through. Of the mailbox that is being read: */
struct walk {
	const struct gp_mailbox_list *list;
	bool quoted, angle;
	size_t depth;    /* of comments */
	bool is_broken;  /* something closes that was not open */
	bool any;        /* in all of the text: the address of somebody else */
	bool has_bare;   /* one in the name */
	bool has_hidden; /* one in a quoted string or comment, before the mailbox's own */
	bool has_own;    /* its own address has been read */
	bool has_sign;   /* a separator or a quoted string */
	bool is_over;    /* its > has come */
	bool hides;
};

/* begin_mailbox: after the > of the one before. */
static void begin_mailbox(struct walk *w)
{
	w->has_bare = w->has_hidden = w->has_own = w->has_sign = w->angle = false;
	w->is_over = true;
}

/* take_at: an @, in whatever. */
static void take_at(struct walk *w, struct gp_span rest)
{
	bool hidden = w->quoted || w->depth;
	struct claim claim = read_claim(rest, w->angle, w->list);
	w->any = w->any || claim.is_foreign;
	w->has_own = w->has_own || (claim.is_own && !hidden);
	w->has_hidden = w->has_hidden || (claim.is_foreign && hidden && !w->has_own);
	w->has_bare = w->has_bare || (claim.is_foreign && !hidden);
	w->hides = w->hides || (claim.is_foreign && !hidden && w->has_sign);
}

/* take_separator: a program that ends a mailbox here takes an address before it for one, and finds
 * one after it without the brackets. Brackets of the other kind end a name for some, but begin
 * none. */
static void take_separator(struct walk *w, char c)
{
	if (w->angle || w->is_over)
		return;
	w->hides = w->hides || w->has_bare || w->has_hidden;
	w->has_sign = w->has_sign || (c != '[' && c != ']');
	w->has_own = false;
}

/* take_outside: a byte that is neither quoted nor in a comment. */
static void take_outside(struct walk *w, char c)
{
	if (memchr(",;:[]", c, 5)) {
		take_separator(w, c);
		return;
	}
	w->is_over = w->is_over && memchr(" \t\r\n(", c, 5);
	if (c == '"') {
		w->quoted = true;
		w->has_sign = w->has_sign || !w->angle;
	} else if (c == '(') {
		w->depth = 1;
	} else if (c == '<') {
		w->is_broken = w->is_broken || w->angle;
		w->angle = true;
		w->has_own = false;
	} else if (c == '>' && w->angle && w->has_own) {
		begin_mailbox(w);
	} else if (c == '>' || c == ')' || c == '\\') {
		w->is_broken = true;
	}
}

/* take: any byte but an @. */
static void take(struct walk *w, char c)
{
	if (w->quoted)
		w->quoted = c != '"';
	else if (w->depth)
		w->depth += c == '(' ? 1 : c == ')' ? (size_t)-1 : 0;
	else
		take_outside(w, c);
}

/* walk: a whole text. */
static struct walk walk(struct gp_span text, const struct gp_mailbox_list *list)
{
	struct walk w = {.list = list};
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\\' && (w.quoted || w.depth) && i + 1 < text.len)
			i++;
		else if (text.ptr[i] != '@')
			take(&w, text.ptr[i]);
		if (text.ptr[i] == '@')
			take_at(&w, gp_span_skip(text, i + 1));
	}
	w.is_broken = w.is_broken || w.quoted || w.depth || w.angle;
	w.hides = w.hides || w.has_bare || (w.any && w.is_broken);
	return w;
}

/* is_whole: do words change nothing in what stands around them, whether the reader knows quotes or
 * not? */
static bool is_whole(struct gp_span text)
{
	struct gp_mailbox_list none = {.items = NULL};
	size_t depth = 0, quotes = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\\' || (text.ptr[i] == ')' && depth == 0))
			return false;
		depth += text.ptr[i] == '(' ? 1 : text.ptr[i] == ')' ? (size_t)-1 : 0;
		quotes += text.ptr[i] == '"';
	}
	return depth == 0 && quotes % 2 == 0 && !walk(text, &none).is_broken;
}

/* breaks_out: do encoded words open or close what stands around them? A program that decodes only
 * some of them sees it another way. */
static int breaks_out(struct gp_arena *arena, struct gp_span value, bool *result_out)
{
	struct gp_span words;
	enum gp_encodedword_state state;
	int rc = GP_OK;
	while (!rc && !*result_out && gp_encodedword_cut(value, &words, &value)) {
		rc = gp_encodedword_decode(arena, words, &words, &state);
		if (!rc)
			rc = gp_author_plain(arena, words, &words);
		*result_out = !rc && !is_whole(words);
	}
	return rc;
}

/* ends_at_address: does an address of somebody else stand in brackets, or where a list would end,
 * quoted or not? */
static bool ends_at_address(struct gp_span text, const struct gp_mailbox_list *list)
{
	bool open = false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		open = c == '<' || (open && c != '>');
		if (c != '@')
			continue;
		struct claim claim = read_claim(gp_span_skip(text, i + 1), open, list);
		if (claim.is_foreign && (open || claim.ends))
			return true;
	}
	return false;
}

/* gp_author_name_hides: the decoded text, as it is and with what programs map to ASCII. */
int gp_author_name_hides(struct gp_arena *arena, struct gp_span value,
	const struct gp_mailbox_list *list, bool *hides_out)
{
	struct gp_span decoded, plain;
	enum gp_encodedword_state state;
	*hides_out = false;
	int rc = gp_encodedword_decode(arena, value, &decoded, &state);
	if (rc || decoded.ptr == value.ptr)
		return rc;
	*hides_out = state == GP_ENCODEDWORD_UNCERTAIN;
	rc = gp_author_plain(arena, decoded, &plain);
	if (rc || *hides_out)
		return rc;
	struct walk w = walk(plain, list);
	*hides_out = w.hides || ends_at_address(plain, list) || has_other_in_brackets(plain, list);
	if (!*hides_out && plain.ptr != decoded.ptr)
		*hides_out = w.any && walk(decoded, list).hides;
	return *hides_out || !w.any ? GP_OK : breaks_out(arena, value, hides_out);
}
