/* SPDX-License-Identifier: ISC */
/* The place in the text that is read: the token at hand, those after it, and how to get on. */
#include <string.h>

#include "config/config_hide.h"
#include "config/config_read.h"

/* gp_config_read_status: the others follow from it. */
void gp_config_read_status(struct gp_config_reader *r, int rc)
{
	if (rc && !r->status)
		r->status = rc;
}

/* gp_config_read_error: about an option, the section that is open, or the text. */
struct gp_strbuf *gp_config_read_error(struct gp_config_reader *r, int line, const char *name)
{
	const char *section = r->section ? r->section->own->name : NULL;
	struct gp_strbuf *buf =
		gp_config_error(r->draft->errors, (struct gp_config_place) {r->file, line});
	if (section || name) {
		gp_config_add_option(buf, section, r->draft->title, name);
		gp_strbuf_add(buf, ": ");
	}
	return buf;
}

/* is_of_lists: does the word belong to a section about DNS lists, or to what was to be one? */
static bool is_of_lists(struct gp_config_reader *r)
{
	static const char *const sections[] = {"dnsbl", "use", "list"};
	char name[16] = "";
	const struct gp_span word =
		r->section ? gp_span_from(r->section->own->name) : r->token.text;
	bool is_known = false;
	for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
		is_known = is_known || gp_span_is(word, sections[i]);
	if (r->section)
		return is_known;
	if (word.len < sizeof name)
		memcpy(name, word.ptr, word.len);
	if (is_known || gp_config_section_find(name) || gp_config_row_find(NULL, name))
		r->is_of_lists = is_known;
	return r->is_of_lists;
}

/* gp_config_read_next: a problem is reported once, here. */
void gp_config_read_next(struct gp_config_reader *r)
{
	const struct gp_config_token *token = &r->token;
	r->token = gp_config_lex(&r->lexer);
	if (token->kind == GP_LEX_WORD && !r->draft->is_table && is_of_lists(r))
		gp_config_hide_seen(r->draft, token->text);
	if (!token->problem)
		return;
	struct gp_strbuf *buf =
		gp_config_error(r->draft->errors, (struct gp_config_place) {r->file, token->line});
	gp_strbuf_add(buf, token->problem);
	if (token->control >= 0)
		gp_strbuf_printf(buf, " (U+%04X)", (unsigned)token->control);
	gp_strbuf_add(buf, "\n");
	if (token->kind == GP_LEX_END)
		r->is_whole = false;
}

/* gp_config_read_is_section: looks at copies. */
bool gp_config_read_is_section(const struct gp_config_reader *r)
{
	struct gp_config_lexer lexer = r->lexer;
	if (r->token.kind != GP_LEX_WORD)
		return false;
	enum gp_config_lex_kind second = gp_config_lex(&lexer).kind;
	return second == GP_LEX_OPEN ||
	       (second == GP_LEX_WORD && gp_config_lex(&lexer).kind == GP_LEX_OPEN);
}

/* gp_config_read_is_statement: likewise. */
bool gp_config_read_is_statement(const struct gp_config_reader *r)
{
	struct gp_config_lexer lexer = r->lexer;
	if (r->token.kind != GP_LEX_WORD)
		return false;
	enum gp_config_lex_kind second = gp_config_lex(&lexer).kind;
	return second == GP_LEX_EQUAL || second == GP_LEX_APPEND || gp_config_read_is_section(r);
}

/* gp_config_read_is_value: in the same line whatever stands after it. */
bool gp_config_read_is_value(const struct gp_config_reader *r, int line)
{
	struct gp_config_lexer lexer = r->lexer;
	if (r->token.kind != GP_LEX_WORD || r->token.line == line)
		return r->token.kind == GP_LEX_WORD;
	enum gp_config_lex_kind behind = gp_config_lex(&lexer).kind;
	return behind != GP_LEX_EQUAL && behind != GP_LEX_APPEND && behind != GP_LEX_OPEN;
}

/* gp_config_read_word: escapes are read now. */
bool gp_config_read_word(struct gp_config_reader *r, struct gp_span *text_out)
{
	const char *problem = NULL;
	int rc = gp_config_lex_text(&r->token, r->draft->scratch, text_out, &problem);
	if (rc == GP_ESYNTAX)
		gp_strbuf_printf(gp_config_read_error(r, r->token.line, NULL), "%s\n", problem);
	else
		gp_config_read_status(r, rc);
	return !rc && !r->token.problem;
}

/* gp_config_read_skip_block: by counting. */
void gp_config_read_skip_block(struct gp_config_reader *r)
{
	size_t depth = 0;
	do {
		depth += r->token.kind == GP_LEX_OPEN;
		depth -= r->token.kind == GP_LEX_CLOSE;
		gp_config_read_next(r);
	} while (depth && r->token.kind != GP_LEX_END);
}

/* gp_config_read_skip_line: a block as a whole. */
void gp_config_read_skip_line(struct gp_config_reader *r, int line)
{
	while (r->token.line == line && r->token.kind != GP_LEX_END &&
		r->token.kind != GP_LEX_CLOSE && !gp_config_read_is_statement(r)) {
		if (r->token.kind == GP_LEX_OPEN)
			gp_config_read_skip_block(r);
		else
			gp_config_read_next(r);
	}
}
