/* SPDX-License-Identifier: ISC */
/* One walk over the text, a byte at a time; a function for each thing that can begin. */
#include "config/config_lex.h"

#include <string.h>

/* gp_config_lex_begin: at the first line. */
struct gp_config_lexer gp_config_lex_begin(struct gp_span text)
{
	const char *begins = text.len ? text.ptr : "";
	return (struct gp_config_lexer) {begins, begins + text.len, begins, 1};
}

/* peek: the byte at a distance, 0 past the end. */
static char peek(const struct gp_config_lexer *l, ptrdiff_t distance)
{
	return distance < l->end - l->at ? l->at[distance] : 0;
}

/* is_text: no control character but those that end or indent a line. */
static bool is_text(char c)
{
	unsigned char u = (unsigned char)c;
	return u >= 0x20 ? u != 0x7f : u == '\n' || u == '\r' || u == '\t';
}

/* step: over one byte; false at a control character, and at the end. */
static bool step(struct gp_config_lexer *l)
{
	if (l->at == l->end || !is_text(*l->at))
		return false;
	if (*l->at++ == '\n') {
		l->line++;
		l->line_begins = l->at;
	}
	return true;
}

/* fault: the rest cannot be read; a control character says so where it stands. */
static struct gp_config_token fault(struct gp_config_lexer *l, int line, const char *problem)
{
	struct gp_config_token token = {
		.kind = GP_LEX_END, .line = line, .ends = line, .control = -1, .problem = problem};
	if (l->at < l->end) {
		token.line = token.ends = l->line;
		token.problem = "a control character is not allowed in a text file";
		token.control = (unsigned char)*l->at;
		l->at = l->end;
	}
	return token;
}

/* line_comment: up to the end of the line. */
static bool line_comment(struct gp_config_lexer *l)
{
	while (l->at < l->end && *l->at != '\n')
		if (!step(l))
			return false;
	return true;
}

/* block_comment: up to its end mark, which must come. */
static bool block_comment(struct gp_config_lexer *l)
{
	while (step(l))
		if (peek(l, 0) == '*' && peek(l, 1) == '/') {
			l->at += 2;
			return true;
		}
	return false;
}

/* skip: over blanks, comments and what says nothing; false: the comment at *line_out is not closed,
 * or a control character stands here. */
static bool skip(struct gp_config_lexer *l, int *line_out)
{
	while (l->at < l->end) {
		char c = *l->at;
		bool is_read = true;
		*line_out = l->line;
		if (c == '#' || (c == '/' && peek(l, 1) == '/'))
			is_read = line_comment(l);
		else if (c == '/' && peek(l, 1) == '*')
			is_read = block_comment(l);
		else if ((unsigned char)c <= ' ' || c == '*' || (c == '+' && peek(l, 1) != '='))
			is_read = step(l);
		else
			return true;
		if (!is_read)
			return false;
	}
	return true;
}

/* is_word: may the byte stand in a bare word? */
static bool is_word(char c)
{
	return (unsigned char)c > ' ' && c != 0x7f && !strchr("#\"'={}()+,*", c);
}

/* word: as far as it goes; what would be read from the environment is none. */
static void word(struct gp_config_lexer *l, struct gp_config_token *token)
{
	const char *begins = l->at;
	while (l->at < l->end && is_word(*l->at)) {
		if (*l->at == '$' && peek(l, 1) == '{') {
			token->problem = "${ has no meaning here";
			while (l->at < l->end && *l->at != '\n' && *l->at != '}')
				if (!step(l))
					break;
			if (peek(l, 0) != '}')
				break;
		}
		l->at++;
	}
	token->text = (struct gp_span) {begins, (size_t)(l->at - begins)};
}

/* string: up to the quote that ends it; a backslash takes the next byte with it. False: there is
 * no end. */
static bool string(struct gp_config_lexer *l, struct gp_config_token *token)
{
	const char *begins = ++l->at;
	while (l->at < l->end) {
		char c = *l->at;
		if (c == token->quote) {
			token->text = (struct gp_span) {begins, (size_t)(l->at - begins)};
			l->at++;
			return true;
		}
		if (c == '$' && token->quote == '"' && peek(l, 1) == '{' && !token->problem) {
			token->problem = "${ has no meaning here; \\${ is the text itself";
			token->line = l->line;
		}
		if (!step(l) || (c == '\\' && l->at < l->end && !step(l)))
			return false;
	}
	return false;
}

/* is_indent: nothing but blanks? */
static bool is_indent(const char *from, const char *to)
{
	while (from < to && (*from == ' ' || *from == '\t'))
		from++;
	return from == to;
}

/* sign: what the byte is by itself. */
static enum gp_config_lex_kind sign(char c)
{
	switch (c) {
	case '{':
		return GP_LEX_OPEN;
	case '}':
		return GP_LEX_CLOSE;
	case '=':
		return GP_LEX_EQUAL;
	case '+':
		return GP_LEX_APPEND;
	case ',':
		return GP_LEX_COMMA;
	case '(':
	case ')':
		return GP_LEX_PAREN;
	default:
		return GP_LEX_WORD;
	}
}

/* gp_config_lex: what stands after blanks and comments. */
struct gp_config_token gp_config_lex(struct gp_config_lexer *l)
{
	int line = l->line;
	if (!skip(l, &line))
		return fault(l, line, "the comment that begins here is not closed");
	struct gp_config_token token = {.line = l->line, .control = -1};
	token.indent = (size_t)(l->at - l->line_begins);
	token.is_first = is_indent(l->line_begins, l->at);
	if (l->at < l->end) {
		token.kind = sign(*l->at);
		token.text = (struct gp_span) {l->at, token.kind == GP_LEX_APPEND ? 2 : 1};
		if (token.kind != GP_LEX_WORD) {
			l->at += token.text.len;
		} else if (*l->at == '"' || *l->at == '\'') {
			token.quote = *l->at;
			if (!string(l, &token))
				return fault(
					l, token.line, "the string that begins here is not closed");
		} else if (is_word(*l->at)) {
			word(l, &token);
		} else {
			return fault(l, l->line, NULL); /* a control character */
		}
	}
	token.ends = l->line;
	return token;
}

/* ---- escapes ---- */

/* hex: the value of a digit, or -1. */
static int hex(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* octal: of up to three digits after a backslash; how many bytes it took, 0: it is none. */
static size_t octal(struct gp_span from, char *byte_out)
{
	unsigned value = 0;
	size_t n = 0;
	while (n < from.len && from.ptr[n] >= '0' && from.ptr[n] <= '9') {
		if (n == 3 || from.ptr[n] > '7')
			return 0;
		value = value * 8 + (unsigned)(from.ptr[n++] - '0');
	}
	*byte_out = (char)value;
	return value > 0xff ? 0 : n;
}

/* escape: in double quotes, what stands after a backslash; how many bytes it took, 0: it is
 * none. */
static size_t escape(struct gp_span from, char *byte_out)
{
	static const char names[] = "nrbfaetv", bytes[] = "\n\r\b\f\a\033\t\v";
	char c = from.ptr[0];
	const char *name = strchr(names, c);
	if (c >= '0' && c <= '9')
		return octal(from, byte_out);
	*byte_out = name ? bytes[name - names] : c;
	if (c != 'x' || from.len < 2 || hex(from.ptr[1]) < 0)
		return 1;
	*byte_out = (char)hex(from.ptr[1]);
	if (from.len < 3 || hex(from.ptr[2]) < 0)
		return 2;
	*byte_out = (char)(hex(from.ptr[1]) * 16 + hex(from.ptr[2]));
	return 3;
}

/* gp_config_lex_text: escapes make it shorter, never longer. */
int gp_config_lex_text(const struct gp_config_token *token, struct gp_arena *arena,
	struct gp_span *text_out, const char **problem_out)
{
	struct gp_span from = token->text;
	*text_out = from;
	if (!token->quote || !from.len || !memchr(from.ptr, '\\', from.len))
		return GP_OK;
	char *copy = gp_arena_alloc(arena, from.len + 1);
	size_t n = 0;
	if (!copy)
		return gp_arena_status(arena);
	while (from.len) {
		char c = from.ptr[0];
		from = gp_span_skip(from, 1);
		if (c != '\\' || !from.len) {
			copy[n++] = c;
		} else if (from.ptr[0] == '\n') {
			from = gp_span_skip(from, 1);
		} else if (token->quote == '"') {
			size_t took = escape(from, &copy[n++]);
			*problem_out = "a backslash and digits are a byte from \\0 to \\377";
			if (!took)
				return GP_ESYNTAX;
			from = gp_span_skip(from, took);
		} else {
			if (from.ptr[0] != '\\' && from.ptr[0] != '\'')
				copy[n++] = c;
			copy[n++] = from.ptr[0];
			from = gp_span_skip(from, 1);
		}
	}
	*text_out = (struct gp_span) {copy, strlen(copy)};
	return GP_OK;
}
