/* SPDX-License-Identifier: ISC */
/*
 * Each field is read once. A line of its own begins, to some program, at the start of a field that
 * is none and after any control byte; and after its folds too, since a program that leaves such a
 * line out has nothing that the next one could continue. All lines that may have begun are followed
 * at once, so that the time is that of one pass whatever the bytes.
 */
#include "mail/author_private.h"

#include <string.h>

#include "mail/encodedword.h"
#include "mail/fold.h"
#include "mail/mboxline.h"

#define SHOWN 24       /* bytes of a line in a problem */
#define NAME_BYTES 256 /* of a name with encoded words are decoded */

/* ---- does a line look like a From field? ---- */

/* How much of "from" has been read in the lines that may have begun: bit n of matched[i] says that
 * i letters are there in one of them, n of them as themselves and not as some character that is not
 * ASCII. */
struct reading {
	unsigned char matched[5];
};

/* is_open: may a line still become one that begins with From? */
static bool is_open(const struct reading *r)
{
	return r->matched[0] || r->matched[1] || r->matched[2] || r->matched[3];
}

/* is_from: does one? Two letters at least have to be its own: not every word in another script may
 * be From. */
static bool is_from(const struct reading *r)
{
	return r->matched[4] & ~3u;
}

/* take_letter: an ASCII letter, which has to be the next one. */
static void take_letter(struct reading *r, char c)
{
	c = gp_span_lower(c);
	const struct reading old = *r;
	*r = (struct reading) {{0}};
	for (size_t i = 0; i < 4; i++)
		if (c == "from"[i])
			r->matched[i + 1] = (unsigned char)(old.matched[i] << 1);
}

/* take_foreign: a character that may be dropped, or mapped to the next letter. */
static void take_foreign(struct reading *r)
{
	for (size_t i = 4; i > 0; i--)
		r->matched[i] |= r->matched[i - 1];
}

/* character_length: of one that is not ASCII; a byte of no UTF-8 is one of its own. */
static size_t character_length(struct gp_span text)
{
	size_t n = 1;
	while (n < text.len && n < 4 && ((unsigned char)text.ptr[n] & 0xc0) == 0x80)
		n++;
	return n;
}

/* take_character: the one at the start of text; its length. */
static size_t take_character(struct reading *r, struct gp_span text)
{
	unsigned char c = (unsigned char)text.ptr[0];
	if (c <= ' ' || c == 0x7f)
		return 1;
	if (c == '>') { /* taken off at the start of a line by readers of mailbox files */
		*r = (struct reading) {{r->matched[0]}};
		return 1;
	}
	if (c <= 0x7f) {
		take_letter(r, (char)c);
		return 1;
	}
	char plain;
	size_t n = gp_fold_character(text, &plain);
	if (n && (unsigned)(plain | 0x20) - 'a' < 26) { /* another form of the letter: its own */
		take_letter(r, plain);
		return n;
	}
	take_foreign(r);
	return character_length(text);
}

/* gp_author_is_mailbox_line: up to its end, which may be that of a fold. */
bool gp_author_is_mailbox_line(struct gp_span line)
{
	struct gp_span first, rest;
	gp_span_cut(line, '\r', &first, &rest);
	while (first.len && first.ptr[0] == '>')
		first = gp_span_skip(first, 1);
	return gp_mboxline_is(first);
}

/* ---- fields ---- */

/* Where in the header the search is. */
struct search {
	struct gp_arena *arena;
	size_t line; /* of the header, from 1 */
	bool from_seen;
	const char *problem;
	int rc;
};

/* found: the problem, with the line that it is in, as much as can be shown. */
static void found(struct search *s, struct gp_span line, const char *what)
{
	char shown[SHOWN + 1];
	size_t n = 0;
	line = gp_span_trim(line);
	for (; n < SHOWN && n < line.len && line.ptr[n] != ':'; n++) {
		char c = line.ptr[n];
		bool plain = gp_span_is_alnum(c) || c == '-' || c == '_' || c == ' ' || c == '.';
		shown[n] = plain ? c : '?';
	}
	shown[n] = 0;
	s->problem = gp_arena_printf(s->arena, "line %zu (\"%s\") %s", s->line, shown, what);
	if (!s->problem)
		s->rc = gp_arena_status(s->arena);
}

/* is_shown: fields that programs show beside the message, or that stand for From in some. */
static bool is_shown(struct gp_span name)
{
	static const char *const names[] = {"From", "Sender", "Reply-To", "To", "Cc", "Subject",
		"Date", "Resent-From", "Resent-Sender", NULL};
	for (size_t i = 0; names[i]; i++)
		if (gp_span_is(name, names[i]))
			return true;
	return false;
}

/* is_hidden_from: ">From" as a field: what takes the > off of such lines makes From of it. */
static bool is_hidden_from(struct gp_span name)
{
	return name.len > 4 && name.ptr[0] == '>' &&
	       gp_span_is(gp_span_skip(name, name.len - 4), "From");
}

/* is_line_break: CR or LF. */
static bool is_line_break(char c)
{
	return c == '\r' || c == '\n';
}

/* is_empty_line: does a line begin and end at this CR or LF, which is no fold, to some program? */
static bool is_empty_line(struct gp_span raw, size_t at)
{
	return at + 1 == raw.len || is_line_break(raw.ptr[at + 1]);
}

/* break_problem: what a control byte is worth that is no part of a fold. What ends the header for
 * some programs matters above From: they see none. */
static const char *break_problem(
	const struct search *s, const struct gp_message_field *field, size_t at)
{
	char c = field->raw.ptr[at];
	if (c == 0)
		return "has a NUL";
	if (!is_line_break(c))
		return NULL;
	if (is_shown(field->name) || (!s->from_seen && is_empty_line(field->raw, at)))
		return c == '\r' ? "has a bare CR" : "has a bare LF";
	return NULL;
}

/* is_separator: NEL, LS or PS: a line end to programs that read the header as Unicode. */
static bool is_separator(struct gp_span text)
{
	static const char *const separators[] = {"\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"};
	for (size_t i = 0; i < sizeof separators / sizeof separators[0]; i++)
		if (gp_span_has_prefix(text, separators[i]))
			return true;
	return false;
}

/* is_fold: one of the two bytes of a CRLF; in a field they are always part of a fold. */
static bool is_fold(struct gp_span raw, size_t at)
{
	return raw.ptr[at] == '\n'
		       ? at > 0 && raw.ptr[at - 1] == '\r'
		       : raw.ptr[at] == '\r' && at + 1 < raw.len && raw.ptr[at + 1] == '\n';
}

/* behind_plain: from at on, the first byte that is a control or no ASCII. */
static size_t behind_plain(struct gp_span raw, size_t at)
{
	while (at < raw.len && (unsigned char)raw.ptr[at] - 0x20u <= 0x7fu - 0x20u)
		at++;
	return at;
}

/*
 * decodes_to_from: a name in encoded words, which RFC 2047 5 forbids and some decode all the same.
 */
static bool decodes_to_from(struct search *s, const struct gp_message_field *field)
{
	struct gp_span name = field->name, rest;
	enum gp_encodedword_state state;
	struct reading r = {{1}};
	if (name.len == 0 && !gp_span_cut(field->raw, ':', &name, &rest))
		return false;
	name.len = name.len < NAME_BYTES ? name.len : NAME_BYTES;
	if (!memmem(name.ptr, name.len, "=?", 2))
		return false;
	s->rc = gp_encodedword_decode(s->arena, name, &name, &state);
	while (!s->rc && name.len && !is_from(&r))
		name = gp_span_skip(name, take_character(&r, name));
	return is_from(&r);
}

/* look_at: one field; odd: it is none, or hides one. */
static void look_at(struct search *s, const struct gp_message_field *field, bool odd)
{
	struct gp_span raw = field->raw, line = raw;
	struct reading r = {{odd}};
	if (decodes_to_from(s, field)) {
		found(s, raw, "can be taken for a From field");
		return;
	}
	for (size_t i = 0; i < raw.len;) {
		unsigned char c = (unsigned char)raw.ptr[i];
		if (c < 0x20 && c != '\t') {
			bool fold = is_fold(raw, i);
			const char *problem = fold ? NULL : break_problem(s, field, i);
			if (problem) {
				found(s, raw, problem);
				return;
			}
			s->line += fold && c == '\n';
			line = gp_span_skip(raw, ++i);
			r.matched[0] |= odd || !fold;
			continue;
		}
		r.matched[0] |= c > 0x7f && is_separator(gp_span_skip(raw, i));
		if (!is_open(&r)) {
			i = behind_plain(raw, i + 1);
			continue;
		}
		i += take_character(&r, gp_span_skip(raw, i));
		if (!is_from(&r))
			continue;
		if (!gp_author_is_mailbox_line(line)) {
			found(s, line, "can be taken for a From field");
			return;
		}
		r = (struct reading) {{0}};
	}
	s->line++;
}

/* gp_author_doubt: from the top, to the first doubt. */
int gp_author_doubt(
	struct gp_arena *arena, const struct gp_message *message, const char **problem_out)
{
	struct search s = {.arena = arena, .line = 1};
	for (size_t i = 0; i < message->count && !s.problem && !s.rc; i++) {
		const struct gp_message_field *field = &message->fields[i];
		look_at(&s, field, field->name.len == 0 || is_hidden_from(field->name));
		s.from_seen = s.from_seen || gp_span_is(field->name, "From");
	}
	*problem_out = s.problem;
	return s.rc;
}
