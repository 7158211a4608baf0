/* SPDX-License-Identifier: ISC */
/*
 * Lex: the words, strings and signs of a configuration file, one after the other.
 *
 * Knows what a comment, a string and an escape are; does not know options or sections. A lexer is a
 * view of the text and is copied to look ahead; nothing in the text is changed.
 *
 *     struct gp_config_lexer lexer = gp_config_lex_begin(text);
 *     struct gp_config_token token = gp_config_lex(&lexer);     (kind GP_LEX_END: no more)
 *     gp_config_lex_text(&token, arena, &value, &problem);      (what a word or a string says)
 *
 * # and // begin a comment up to the end of the line, slash and star one up to star and slash. A
 * word is what has no blank and none of #"'={}()+,* in it; a slash within it begins no comment. A
 * string stands in double quotes, with the escapes of C, or in single quotes, where a backslash
 * only takes the special meaning from a backslash or a quote; it may go over several lines, and a
 * backslash at the end of a line joins it with the next one. A star, and a plus without an equal
 * sign after it, say nothing.
 *
 * What cannot be read has a problem: on a word or string it is about that alone; on GP_LEX_END the
 * rest of the text cannot be read.
 */
#ifndef GP_CONFIG_CONFIG_LEX_H
#define GP_CONFIG_CONFIG_LEX_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

enum gp_config_lex_kind {
	GP_LEX_END,
	GP_LEX_WORD,   /* bare or quoted */
	GP_LEX_OPEN,   /* { */
	GP_LEX_CLOSE,  /* } */
	GP_LEX_EQUAL,  /* = */
	GP_LEX_APPEND, /* += */
	GP_LEX_COMMA,
	GP_LEX_PAREN /* ( or ) */
};

struct gp_config_token {
	enum gp_config_lex_kind kind;
	struct gp_span text; /* as it stands in the file, without quotes */
	char quote;          /* of a string; 0: a bare word or a sign */
	int line;            /* where it begins */
	int ends;            /* the line where it ends */
	size_t indent;       /* bytes before it in its line */
	bool is_first;       /* nothing but blanks stands before it in its line */
	const char *problem; /* static; NULL: none */
	int control;         /* the character that it is about; -1: about none */
};

struct gp_config_lexer {
	const char *at, *end;
	const char *line_begins;
	int line;
};

struct gp_config_lexer gp_config_lex_begin(struct gp_span text);

/* The next token. */
struct gp_config_token gp_config_lex(struct gp_config_lexer *lexer);

/*
 * What a word or a string stands for: a part of the file's text, or in the arena where it has
 * escapes. An escape that is a NUL ends it. GP_ESYNTAX: *problem_out says what is wrong with an
 * escape; GP_ENOMEM, GP_ETOOBIG.
 */
int gp_config_lex_text(const struct gp_config_token *token, struct gp_arena *arena,
	struct gp_span *text_out, const char **problem_out) GP_MUST_CHECK;

#endif
