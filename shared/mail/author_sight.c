/* SPDX-License-Identifier: ISC */
/*
 * From by sight: no structure is assumed, since programs that repair broken fields assume different
 * ones. Whatever they take for an address has an @ in it, and a domain after the @; so if all have
 * the same one there, and nothing follows that some of them would add to it, they agree. If no name
 * with a dot stands after any @, they agree that there is none. Each pass looks at a byte a bounded
 * number of times, whatever the bytes.
 */
#include "mail/author_private.h"

#include <string.h>

#include "mail/encodedword.h"
#include "mail/fold.h"

/* is_blank: WSP. */
static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* gp_author_is_of_domain: in A-labels or U-labels. */
bool gp_author_is_of_domain(char c)
{
	return gp_span_is_alnum(c) || c == '-' || c == '_' || c == '.' || (unsigned char)c > 0x7f;
}

/* is_mark: what is found right after an address that was quoted by hand. */
static bool is_mark(char c)
{
	return c == '"' || c == '\'' || c == '\\' || c == ')' || c == ']' || c == '}';
}

/* has_control: a control byte, folds aside, that ends the value for some (NUL, CR, LF, others). */
static bool has_control(struct gp_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		bool fold = c == '\r' && i + 2 < text.len && text.ptr[i + 1] == '\n' &&
			    is_blank(text.ptr[i + 2]);
		if (fold)
			i++;
		else if ((c < 0x20 && c != '\t') || c == 0x7f)
			return true;
	}
	return false;
}

/* domain_length: of what may be one at the start of text. */
static size_t domain_length(struct gp_span text)
{
	size_t n = 0;
	while (n < text.len && gp_author_is_of_domain(text.ptr[n]))
		n++;
	return n;
}

/* is_closing: quotes that are found after an address that was quoted by hand. */
static bool is_closing(struct gp_span text)
{
	static const char *const quotes[] = {"\xe2\x80\x9c", "\xe2\x80\x9d", "\xe2\x80\x98",
		"\xe2\x80\x99", "\xc2\xbb", "\xc2\xab", "\xe2\x80\xba", "\xe2\x80\xb9"};
	for (size_t i = 0; i < sizeof quotes / sizeof quotes[0]; i++)
		if (gp_span_is(text, quotes[i]))
			return true;
	return false;
}

/* gp_author_trim: character by character, from the end. */
struct gp_span gp_author_trim(struct gp_span domain)
{
	for (;;) {
		size_t start = domain.len, n;
		char plain;
		while (start > 0 && domain.len - start < 4) {
			start--;
			if (((unsigned char)domain.ptr[start] & 0xc0) != 0x80)
				break;
		}
		struct gp_span last = gp_span_skip(domain, start);
		n = gp_fold_character(last, &plain);
		bool is_blank_or_unseen = n > 0 && n == last.len && (!plain || plain == ' ');
		if (!is_blank_or_unseen && !is_closing(last))
			return domain;
		domain.len = start;
	}
}

/* ---- names with a dot ---- */

/* gp_author_is_dotted: no public name ends in a label of digits, as addresses do. */
bool gp_author_is_dotted(struct gp_span name)
{
	while (name.len && name.ptr[name.len - 1] == '.')
		name.len--;
	ptrdiff_t dot = gp_span_find_last(name, '.');
	bool has_label = false, has_letter = false;
	for (ptrdiff_t i = 0; i < dot; i++)
		has_label = has_label || name.ptr[i] != '.';
	for (size_t i = (size_t)(dot + 1); i < name.len; i++) {
		unsigned char c = (unsigned char)name.ptr[i];
		has_letter = has_letter || c > 0x7f || (c | 0x20u) - 'a' < 26;
	}
	return dot >= 0 && has_label && has_letter;
}

/* gp_author_ends_early: a name of more than GP_AUTHOR_NAME_BYTES is none anyway. */
bool gp_author_ends_early(struct gp_span domain)
{
	char plain;
	for (size_t i = 0; i < domain.len && i < GP_AUTHOR_NAME_BYTES; i++)
		if ((unsigned char)domain.ptr[i] > 0x7f &&
			gp_fold_character(gp_span_skip(domain, i), &plain) &&
			gp_author_is_dotted((struct gp_span) {domain.ptr, i}))
			return true;
	return domain.len > GP_AUTHOR_NAME_BYTES;
}

/* gp_author_next_dotted: byte by byte between names. */
bool gp_author_next_dotted(struct gp_span *text, struct gp_span *name_out)
{
	while (text->len) {
		size_t n = domain_length(*text);
		*name_out = (struct gp_span) {text->ptr, n};
		*text = gp_span_skip(*text, n ? n : 1);
		if (n && gp_author_is_dotted(*name_out))
			return true;
	}
	return false;
}

/* gp_author_has_dot: beside a byte that is no digit, as in no address of a host. */
bool gp_author_has_dot(struct gp_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		char before = i > 0 ? text.ptr[i - 1] : 0;
		char behind = i + 1 < text.len ? text.ptr[i + 1] : 0;
		bool is_number = before >= '0' && before <= '9' && behind >= '0' && behind <= '9';
		if (text.ptr[i] == '.' && !is_number)
			return true;
	}
	return false;
}

/* begins_word: a dot that begins a word, which may have stood after another one. */
static bool begins_word(struct gp_span text, size_t at)
{
	return text.ptr[at] == '.' && (at == 0 || !gp_author_is_of_domain(text.ptr[at - 1])) &&
	       at + 1 < text.len && gp_span_is_alnum(text.ptr[at + 1]);
}

/* is_beside_colon: "bank.test:support" and "support:bank.test". */
static bool is_beside_colon(struct gp_span text, struct gp_span name)
{
	size_t start = (size_t)(name.ptr - text.ptr), end = start + name.len;
	while (end < text.len && is_blank(text.ptr[end]))
		end++;
	return (start > 0 && text.ptr[start - 1] == ':') ||
	       (end < text.len && text.ptr[end] == ':');
}

/* is_route: addresses that have no @: a name with a dot, and signs with which other mail systems
 * set hosts apart ("support%bank.test", "bank.test!support"). */
static bool is_route(struct gp_span text)
{
	struct gp_span rest = text, name;
	bool has_sign =
		text.len && (memchr(text.ptr, '%', text.len) || memchr(text.ptr, '!', text.len));
	while (gp_author_next_dotted(&rest, &name))
		if (has_sign || is_beside_colon(text, name))
			return true;
	for (size_t i = 0; has_sign && i < text.len; i++)
		if (begins_word(text, i))
			return true;
	return false;
}

/* ---- names after an @ ---- */

/* One text while it is read. */
struct sight {
	struct gp_span text; /* without blanks at its ends */
	size_t closing;      /* a ) at or after the place that was asked last; text.len: none */
	size_t tail;         /* from here on nothing but ) and blanks */
	bool is_url;         /* "mailto:" begins it, in brackets or without */
};

/* closes_at_end: does nothing follow the next ) after this place, or is there none? One ) too many,
 * as in "(Bob :))", shows nothing. It is asked for places in their order. */
static bool closes_at_end(struct sight *s, size_t at)
{
	while (s->closing < s->text.len && (s->closing < at || s->text.ptr[s->closing] != ')'))
		s->closing++;
	return s->closing >= s->tail;
}

/*
 * ends_domain: may the text after a domain not make it longer for anybody? A > ends it; marks and
 * blanks may be dropped, so after them no word may follow, but one comment to the end.
 */
static bool ends_domain(struct sight *s, size_t at)
{
	const char *text = s->text.ptr;
	size_t end = s->text.len;
	while (at < end && is_mark(text[at]))
		at++;
	if (s->is_url && at < end && text[at] == '?') /* RFC 6068 2, the plainest of them */
		do
			at++;
		while (at < end && (gp_span_is_alnum(text[at]) || memchr("=&_-", text[at], 4)));
	if (at < end && text[at] == '>')
		return true;
	while (at < end && memchr(" \t\r\n", text[at], 4))
		at++;
	if (at == end || (at + 1 == end && memchr(".:!", text[at], 3)))
		return true;
	return memchr("<,;", text[at], 3) || (text[at] == '(' && closes_at_end(s, at));
}

/* has_stray_dot: a dot that begins a word, or would, if it is not the last byte after a bracket or
 * blank: a program that drops blanks, quotes or comments before it joins the text on both sides. */
static bool has_stray_dot(struct gp_span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] == '.' && (i == 0 || !gp_author_is_of_domain(text.ptr[i - 1])))
			return i + 1 < text.len || i == 0 || !memchr("> \t", text.ptr[i - 1], 3);
	return false;
}

/* take_domain: what stands at a place after an @; false: none, or one that may be longer to
 * others. */
static bool take_domain(struct sight *s, size_t at, struct gp_span *domain_out)
{
	struct gp_span rest = gp_span_skip(s->text, at);
	size_t n = domain_length(rest);
	*domain_out = gp_author_trim((struct gp_span) {rest.ptr, n});
	size_t end = domain_out->len;
	if (end > 1 && rest.ptr[end - 1] == '.') /* the root's; no one shows another domain */
		end = --domain_out->len;
	return end > 0 && domain_out->ptr[end - 1] != '.' && ends_domain(s, at + n);
}

/* all_agree: does the same domain stand after each @ of the text, from the first one on? */
static bool all_agree(struct sight *s, size_t first, struct gp_span *domain_out)
{
	struct gp_span domain;
	if (has_stray_dot(gp_span_skip(s->text, first + 1)) ||
		!take_domain(s, first + 1, domain_out))
		return false;
	for (size_t i = first + 1; i < s->text.len; i++)
		if (s->text.ptr[i] == '@' && (!take_domain(s, i + 1, &domain) ||
						     !gp_span_equal_nocase(domain, *domain_out)))
			return false;
	return true;
}

/* has_bare_angle: brackets without an @, and a dot in them, or a host's name: the address, to
 * programs that read only what is in brackets. */
static bool has_bare_angle(struct gp_span text, bool (*has)(struct gp_span inside))
{
	struct gp_span before, inside;
	while (gp_span_cut(text, '<', &before, &text)) {
		inside = (struct gp_span) {text.ptr, 0};
		while (inside.len < text.len && !memchr("<>", text.ptr[inside.len], 2))
			inside.len++;
		if (has(inside) && !memchr(inside.ptr, '@', inside.len))
			return true;
	}
	return false;
}

/* has_host: a name with a dot. */
static bool has_host(struct gp_span text)
{
	struct gp_span name;
	return gp_author_next_dotted(&text, &name);
}

/* trim_text: blanks of all kinds at the end, in any order. */
static struct gp_span trim_text(struct gp_span text)
{
	size_t before;
	do {
		before = text.len;
		text = gp_author_trim(gp_span_trim(text));
	} while (text.len < before);
	return text;
}

/* look_at: one text, as it stands. "root@", "a@[192.0.2.1]", "root@(none)" show no domain. */
static struct gp_author_view look_at(struct gp_span text)
{
	struct sight s = {.text = trim_text(text)};
	for (s.tail = s.text.len; s.tail > 0 && memchr(") \t", s.text.ptr[s.tail - 1], 3);)
		s.tail--;
	s.is_url = gp_span_has_prefix(s.text, "mailto:") || gp_span_has_prefix(s.text, "<mailto:");
	struct gp_author_view view = {.is_clear = true};
	struct gp_span before, rest;
	view.has_at = gp_span_cut(s.text, '@', &before, &rest);
	view.has_host = has_bare_angle(s.text, has_host);
	bool agrees = view.has_at && all_agree(&s, before.len, &view.domain);
	if (agrees && !has_bare_angle(s.text, gp_author_has_dot)) {
		view.sight = GP_AUTHOR_SEES_ONE;
		return view;
	}
	view.domain = (struct gp_span) {NULL, 0};
	if (view.has_host || is_route(s.text) || (view.has_at && gp_author_has_dot(rest)))
		view.sight = GP_AUTHOR_SEES_OTHERS;
	return view;
}

/*
 * is_same: is the same seen in another reading? Beside no domain a handle, as "@home", is the same.
 */
static bool is_same(const struct gp_author_view *one, const struct gp_author_view *other)
{
	if (one->sight == GP_AUTHOR_SEES_NONE && other->sight == GP_AUTHOR_SEES_ONE)
		return !memchr(other->domain.ptr, '.', other->domain.len) &&
		       gp_span_is_ascii(other->domain);
	return other->sight == one->sight && gp_span_equal_nocase(other->domain, one->domain);
}

/* gp_author_look: some decode encoded words before they look for addresses, some map characters to
 * ASCII, and some do neither: all have to see the same. */
int gp_author_look(struct gp_arena *arena, struct gp_span value, struct gp_author_view *view_out)
{
	struct gp_span decoded, plain;
	enum gp_encodedword_state state;
	*view_out = (struct gp_author_view) {.sight = GP_AUTHOR_SEES_OTHERS};
	int rc = gp_encodedword_decode(arena, value, &decoded, &state);
	if (!rc)
		rc = gp_author_plain(arena, decoded, &plain);
	if (rc || state > GP_ENCODEDWORD_UNKNOWN || has_control(value))
		return rc;
	*view_out = look_at(value);
	const struct gp_span others[] = {decoded, plain};
	bool agree = true;
	for (size_t i = 0; i < 2; i++) {
		if (others[i].ptr == value.ptr)
			continue;
		struct gp_author_view other = look_at(others[i]);
		agree = agree && is_same(view_out, &other);
		view_out->has_at = view_out->has_at || other.has_at;
		view_out->has_host = view_out->has_host || other.has_host;
	}
	if (!agree)
		view_out->sight = GP_AUTHOR_SEES_OTHERS;
	return GP_OK;
}
