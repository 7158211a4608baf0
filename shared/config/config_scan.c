/* SPDX-License-Identifier: ISC */
/*
 * What libconfuse would let pass: one walk over the text before it sees it.
 *
 * It takes the end of the file for the end of an open section, counts the lines of a comment twice
 * or thrice, skips bytes it does not know without a word, and replaces ${NAME} by the environment.
 * So: odd bytes, open strings, comments, sections and lists, and ${ are faults here; comments
 * become blanks. Strings and their escapes are told apart as its scanner does.
 */
#include "config/config_private.h"

#define DEPTH_MAX 8

struct walk {
	char *text;
	size_t len, at;
	int line;
	bool in_word;          /* the byte before belongs to a bare word */
	int opened[DEPTH_MAX]; /* lines of the braces that are open */
	size_t depth;
	struct gp_config_fault *fault;
};

/* fault: where and what; ends the walk. */
static bool fault(struct walk *w, int line, const char *problem)
{
	*w->fault = (struct gp_config_fault) {line, problem, -1};
	return false;
}

/* peek: the byte at a distance, 0 past the end. */
static char peek(const struct walk *w, size_t distance)
{
	return w->at + distance < w->len ? w->text[w->at + distance] : 0;
}

/* step: over one byte, which must be text. */
static bool step(struct walk *w)
{
	unsigned char c = (unsigned char)w->text[w->at];
	if ((c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7f) {
		(void)fault(w, w->line, "a control character has no place in a text file");
		w->fault->control = c;
		return false;
	}
	w->line += c == '\n';
	w->at++;
	return true;
}

/* blank: the byte becomes a space, unless it ends a line. */
static bool blank(struct walk *w)
{
	size_t at = w->at;
	if (!step(w))
		return false;
	if (w->text[at] != '\n')
		w->text[at] = ' ';
	return true;
}

/* line_comment: up to the end of the line. */
static bool line_comment(struct walk *w)
{
	while (w->at < w->len && peek(w, 0) != '\n')
		if (!blank(w))
			return false;
	return true;
}

/* block_comment: up to its end mark, which must come. */
static bool block_comment(struct walk *w)
{
	int line = w->line;
	while (w->at < w->len) {
		bool ends = peek(w, 0) == '*' && peek(w, 1) == '/';
		if (!blank(w))
			return false;
		if (ends)
			return blank(w);
	}
	return fault(w, line, "the comment that begins here is not closed");
}

/* string: up to the quote that ends it; a backslash takes the next byte with it. */
static bool string(struct walk *w)
{
	int line = w->line;
	char quote = peek(w, 0);
	if (!step(w))
		return false;
	while (w->at < w->len) {
		char c = peek(w, 0);
		if (quote == '"' && c == '$' && peek(w, 1) == '{')
			return fault(w, w->line, "${ has no meaning here; \\${ is the text itself");
		if (!step(w) || (c == '\\' && w->at < w->len && !step(w)))
			return false;
		if (c == quote)
			return true;
	}
	return fault(w, line, "the string that begins here is not closed");
}

/* brace: opens or closes a section or list; one too many is left to libconfuse. */
static bool brace(struct walk *w)
{
	if (peek(w, 0) == '}') {
		w->depth -= w->depth > 0;
		return step(w);
	}
	if (w->depth == DEPTH_MAX)
		return fault(w, w->line, "braces nest too deeply");
	w->opened[w->depth++] = w->line;
	return step(w);
}

/* is_word: may the byte stand in a bare word? */
static bool is_word(char c)
{
	return (unsigned char)c > ' ' && c != '#' && c != '"' && c != '\'' && c != '=' &&
	       c != '{' && c != '}' && c != '(' && c != ')' && c != '+' && c != ',' && c != '*';
}

/* walk_on: over one thing, whatever it is. */
static bool walk_on(struct walk *w)
{
	char c = peek(w, 0);
	bool in_word = w->in_word;
	w->in_word = false;
	if (c == '#' || (!in_word && c == '/' && peek(w, 1) == '/'))
		return line_comment(w);
	if (!in_word && c == '/' && peek(w, 1) == '*')
		return block_comment(w);
	if (c == '"' || c == '\'')
		return string(w);
	if (c == '$' && peek(w, 1) == '{')
		return fault(w, w->line, "${ has no meaning here");
	if (c == '{' || c == '}')
		return brace(w);
	w->in_word = is_word(c);
	return step(w);
}

/* gp_config_scan: to the end, where nothing may be open. */
int gp_config_scan(char *text, size_t len, struct gp_config_fault *fault_out)
{
	struct walk w = {.text = text, .len = len, .line = 1, .fault = fault_out};
	while (w.at < w.len)
		if (!walk_on(&w))
			return GP_ESYNTAX;
	if (w.depth == 0)
		return GP_OK;
	(void)fault(
		&w, w.opened[w.depth - 1], "the section or list that begins here is not closed");
	return GP_ESYNTAX;
}

/* name_length: of the name at hand, with its quotes if it has them; 0 when it is another thing. */
static size_t name_length(const struct walk *w, const char *name)
{
	bool quoted = peek(w, 0) == '"' || peek(w, 0) == '\'';
	size_t n = 0;
	while (name[n] && peek(w, n + quoted) == name[n])
		n++;
	if (name[n] || w->in_word)
		return 0;
	if (quoted)
		return peek(w, n + 1) == peek(w, 0) ? n + 2 : 0;
	return is_word(peek(w, n)) ? 0 : n;
}

/* skip_blanks: to the next thing, in whatever line. */
static void skip_blanks(struct walk *w)
{
	while (peek(w, 0) == ' ' || peek(w, 0) == '\t' || peek(w, 0) == '\r' || peek(w, 0) == '\n')
		if (!step(w))
			return;
}

/* skip_block: from its opening brace to behind the closing one. */
static void skip_block(struct walk *w)
{
	size_t outside = w->depth;
	do
		if (!walk_on(w))
			return;
	while (w->depth > outside && w->at < w->len);
}

/* skip_value: what follows an equal sign: a block, a string or a word. */
static void skip_value(struct walk *w)
{
	skip_blanks(w);
	char c = peek(w, 0);
	if (c == '{') {
		skip_block(w);
	} else if (c == '"' || c == '\'') {
		(void)string(w); /* gp_config_scan has passed it */
	} else {
		while (w->at < w->len && is_word(peek(w, 0)))
			w->at++;
	}
}

/* skip_statement: name = value, name += value, name { ... } or name title { ... }. */
static void skip_statement(struct walk *w, size_t name_len)
{
	w->at += name_len;
	skip_blanks(w);
	if (peek(w, 0) == '+')
		w->at++;
	if (peek(w, 0) == '=') {
		w->at++;
		skip_value(w);
		return;
	}
	while (w->at < w->len && peek(w, 0) != '\n' && peek(w, 0) != '{' && peek(w, 0) != '}')
		if (!walk_on(w))
			return;
	if (peek(w, 0) == '{')
		skip_block(w);
}

/* gp_config_blank_statement: finds it, passes over it, and goes back with the brush. */
bool gp_config_blank_statement(char *text, size_t len, int line, const char *name)
{
	struct gp_config_fault ignored;
	struct walk w = {.text = text, .len = len, .line = 1, .fault = &ignored};
	size_t name_len = 0;
	while (w.at < w.len && w.line <= line) {
		name_len = w.line == line ? name_length(&w, name) : 0;
		if (name_len || !walk_on(&w))
			break;
	}
	if (!name_len)
		return false;
	size_t begins = w.at;
	skip_statement(&w, name_len);
	for (size_t i = begins; i < w.at && i < len; i++)
		if (text[i] != '\n')
			text[i] = ' ';
	return true;
}

/* title_length: of the word or string at hand, with its quotes. */
static size_t title_length(const struct walk *w)
{
	char quote = peek(w, 0);
	size_t n = 0;
	if (quote != '"' && quote != '\'') {
		while (is_word(peek(w, n)))
			n++;
		return n;
	}
	for (n = 1; w->at + n < w->len && peek(w, n) != quote; n++)
		if (peek(w, n) == '\\')
			return 0;
	return n + 1;
}

/* gp_config_next_title: from where the last call has stopped, at the outermost level. */
bool gp_config_next_title(
	char *text, size_t len, const char *name, size_t *at, struct gp_span *title_out)
{
	struct gp_config_fault ignored;
	struct walk w = {.text = text, .len = len, .at = *at, .line = 1, .fault = &ignored};
	while (w.at < w.len) {
		size_t name_len = w.depth == 0 ? name_length(&w, name) : 0;
		if (!name_len) {
			if (!walk_on(&w))
				break;
			continue;
		}
		w.at += name_len;
		skip_blanks(&w);
		size_t n = title_length(&w);
		bool is_quoted = n > 1 && (peek(&w, 0) == '"' || peek(&w, 0) == '\'');
		if (n > 0 && w.at + n <= w.len) {
			*title_out =
				(struct gp_span) {text + w.at + is_quoted, n - (is_quoted ? 2 : 0)};
			*at = w.at + n;
			return true;
		}
	}
	return false;
}
