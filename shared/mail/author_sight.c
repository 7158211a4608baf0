/* SPDX-License-Identifier: ISC */
/*
 * From by sight: no structure is assumed, since programs that repair broken fields assume different
 * ones. Whatever they take for an address has an @ in it, and a domain behind the @; so if all have
 * the same one there, and nothing follows that some of them would add to it, they agree.
 */
#include "mail/author_private.h"

#include <string.h>

#include "mail/encodedword.h"

/* is_blank: WSP. */
static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* is_of_domain: a byte of a domain, in A-labels or U-labels. */
static bool is_of_domain(char c)
{
	return gp_span_is_alnum(c) || c == '-' || c == '_' || c == '.' || (unsigned char)c > 0x7f;
}

/* is_mark: what is found right behind an address that was quoted by hand. */
static bool is_mark(char c)
{
	return c == '"' || c == '\'' || c == '\\' || c == ')' || c == ']';
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

/* has_other_at: a sign that compatibility mapping turns into an @: U+FF20, U+FE6B. */
static bool has_other_at(struct gp_span text)
{
	return text.len >= 3 && (memmem(text.ptr, text.len, "\xef\xbc\xa0", 3) ||
					memmem(text.ptr, text.len, "\xef\xb9\xab", 3));
}

/* is_comment_to_end: nothing but one comment, closed or not, so that no word follows it. */
static bool is_comment_to_end(struct gp_span rest)
{
	struct gp_span inside, after;
	if (rest.ptr[0] != '(')
		return false;
	gp_span_cut(rest, ')', &inside, &after);
	return gp_span_trim(after).len == 0;
}

/*
 * ends_domain: may the text behind a domain not make it longer for anybody? A > ends it; marks and
 * blanks may be dropped, so behind them no word may follow.
 */
static bool ends_domain(struct gp_span rest)
{
	while (rest.len && is_mark(rest.ptr[0]))
		rest = gp_span_skip(rest, 1);
	if (rest.len && rest.ptr[0] == '>')
		return true;
	rest = gp_span_trim(rest);
	return rest.len == 0 || memchr("<,;", rest.ptr[0], 3) || is_comment_to_end(rest);
}

/* has_stray_dot: a dot that begins a word: who drops blanks, quotes or comments before it adds what
 * follows to what stands before. */
static bool has_stray_dot(struct gp_span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] == '.' && (i == 0 || !is_of_domain(text.ptr[i - 1])))
			return true;
	return false;
}

/* take_domain: what stands behind an @; false: none, or one that may be longer to others. */
static bool take_domain(struct gp_span rest, struct gp_span *domain_out)
{
	size_t n = 0;
	while (n < rest.len && is_of_domain(rest.ptr[n]))
		n++;
	*domain_out = (struct gp_span) {rest.ptr, n};
	rest = gp_span_skip(rest, n);
	if (n > 1 && domain_out->ptr[n - 1] == '.') /* the root's; no one shows another domain */
		domain_out->len--;
	return n > 0 && domain_out->ptr[domain_out->len - 1] != '.' && ends_domain(rest) &&
	       !has_stray_dot(rest);
}

/* look_raw: at each @ of the value. */
static enum gp_author_sight look_raw(struct gp_span value, struct gp_span *domain_out)
{
	struct gp_span before, domain;
	bool found = false;
	while (gp_span_cut(value, '@', &before, &value)) {
		if (!take_domain(value, &domain) ||
			(found && !gp_span_equal_nocase(domain, *domain_out)))
			return GP_AUTHOR_SEES_OTHERS;
		*domain_out = domain;
		found = true;
	}
	return found ? GP_AUTHOR_SEES_ONE : GP_AUTHOR_SEES_NONE;
}

/* gp_author_look: some decode encoded words before they look for addresses, and some do not: both
 * have to see the same. */
int gp_author_look(struct gp_arena *arena, struct gp_span value, enum gp_author_sight *sight_out,
	struct gp_span *domain_out)
{
	struct gp_span text, decoded = {NULL, 0};
	enum gp_encodedword_state state;
	*sight_out = GP_AUTHOR_SEES_OTHERS;
	*domain_out = (struct gp_span) {NULL, 0};
	int rc = gp_encodedword_decode(arena, value, &text, &state);
	if (rc || state > GP_ENCODEDWORD_UNKNOWN || has_control(value) || has_other_at(text))
		return rc;
	enum gp_author_sight first = look_raw(value, domain_out);
	if (look_raw(text, &decoded) == first && gp_span_equal_nocase(decoded, *domain_out))
		*sight_out = first;
	return GP_OK;
}
