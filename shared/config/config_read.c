/* SPDX-License-Identifier: ISC */
/*
 * Statements: what stands at the top level and in sections, in the order of the text. One section
 * is open at most, so that nothing recurses; one in which another begins has not been closed.
 */
#include "config/config_read.h"
#include "config/config_repeat.h"

#include <string.h>

#define NAME_ROOM 256

/* The name of a statement. */
struct head {
	char name[NAME_ROOM]; /* shortened, if it can be none of ours */
	int line;
	size_t indent;
	bool has_colon;
};

/* ---- names ---- */

/* without_mark: editors put a byte order mark before a text, which may have become a part of
 * another one (RFC 3629 6). */
static struct gp_span without_mark(struct gp_config_reader *r, struct gp_span name)
{
	static const char mark[] = "\xef\xbb\xbf";
	if (!gp_span_has_prefix(name, mark))
		return name;
	struct gp_strbuf *buf = gp_config_read_error(r, r->token.line, NULL);
	gp_strbuf_add(buf, "a byte order mark (U+FEFF) is");
	while (gp_span_has_prefix(name, mark))
		name = gp_span_skip(name, sizeof mark - 1);
	gp_strbuf_add(buf, name.len ? " before " : " here");
	gp_config_add_value(buf, name);
	gp_strbuf_add(buf, "; remove it, it is invisible\n");
	return name;
}

/* without_semicolon: of C and of nginx. */
static struct gp_span without_semicolon(struct gp_config_reader *r, struct gp_span name)
{
	if (!gp_span_has_prefix(name, ";"))
		return name;
	gp_strbuf_add(gp_config_read_error(r, r->token.line, NULL),
		"semicolons are not used between options or after a section; leave it out\n");
	while (gp_span_has_prefix(name, ";"))
		name = gp_span_skip(name, 1);
	return name;
}

/* is_joined: name:value, of an option that is known: reported, and passed over. */
static bool is_joined(struct gp_config_reader *r, struct gp_span text, int line)
{
	char name[NAME_ROOM];
	struct gp_span before, value;
	struct gp_strbuf buf;
	if (!gp_span_cut(text, ':', &before, &value) || value.len == 0)
		return false;
	gp_strbuf_init_fixed(&buf, name, sizeof name);
	gp_strbuf_add_span(&buf, before);
	if (buf.status || !gp_config_row_find(r->section ? r->section->own->name : NULL, name))
		return false;
	gp_strbuf_printf(gp_config_read_error(r, line, name),
		"a colon has no meaning here; write %s = VALUE\n", name);
	gp_config_read_skip_line(r, line);
	return true;
}

/* read_head: the word at hand; false: it is none. */
static bool read_head(struct gp_config_reader *r, struct head *head)
{
	const struct gp_config_token token = r->token;
	struct gp_span name;
	struct gp_strbuf buf;
	bool is_good = gp_config_read_word(r, &name);
	if (is_good && !token.quote) {
		name = without_semicolon(r, without_mark(r, name));
		is_good = name.len > 0;
	}
	gp_config_read_next(r);
	if (is_good && !token.quote && is_joined(r, name, token.line))
		return false;
	*head = (struct head) {.line = token.line, .indent = token.indent};
	if (name.len > 1 && !token.quote && name.ptr[name.len - 1] == ':') {
		head->has_colon = true;
		name.len--;
	}
	gp_strbuf_init_fixed(&buf, head->name, sizeof head->name);
	gp_strbuf_add_span(&buf, name);
	return is_good;
}

/* ---- sections ---- */

/* close_section: what stands in it is checked as a whole, and kept. */
static void close_section(struct gp_config_reader *r)
{
	const struct gp_config_section *section = r->section;
	if (section->times != GP_SECTION_ONCE) {
		gp_config_assign_lists(r, section->own->name);
		if (!r->is_dropped)
			gp_config_read_status(r, gp_config_repeat_end(r->draft, section));
	}
	r->draft->title = NULL;
	r->section = NULL;
}

/* not_closed: the section ends where it should not, or a list of it has taken its brace. */
static void not_closed(struct gp_config_reader *r)
{
	r->is_whole = false;
	if (r->suspect)
		gp_strbuf_add(gp_config_read_error(r, r->suspect_line, r->suspect),
			"the list that begins here is not closed\n");
	else
		gp_strbuf_add(gp_config_read_error(r, r->opened_line, NULL),
			"the section that begins here is not closed\n");
	r->is_dropped = r->is_brace_spare = true;
	close_section(r);
}

/* read_title: the words before the brace; how many. */
static size_t read_title(struct gp_config_reader *r, struct gp_span *title_out)
{
	size_t count = 0;
	for (; r->token.kind == GP_LEX_WORD; gp_config_read_next(r))
		if (count++ == 0 && !gp_config_read_word(r, title_out))
			*title_out = gp_span_from("");
	return count;
}

/* check_title: has the section as many as it takes? */
static void check_title(
	struct gp_config_reader *r, const struct gp_config_section *section, size_t count, int line)
{
	bool is_named = section->times == GP_SECTION_NAMED;
	if (count == is_named)
		return;
	struct gp_strbuf *buf =
		gp_config_error(r->draft->errors, (struct gp_config_place) {r->file, line});
	if (!is_named)
		gp_strbuf_printf(buf, "%s: it takes no name; write %s {\n", section->own->name,
			section->own->name);
	else
		gp_strbuf_printf(buf, "%s: the name %s; write %s NAME {\n", section->own->name,
			count ? "must be one word" : "is missing", section->own->name);
	r->is_dropped = is_named;
	r->is_whole = r->is_whole && !is_named;
}

/* open_section: from after its name to after its brace. */
static void open_section(struct gp_config_reader *r, const struct gp_config_section *section,
	const struct head *head)
{
	struct gp_span title = {NULL, 0};
	size_t count = read_title(r, &title);
	const char *copy = NULL;
	r->opened_line = r->token.line;
	r->indent = head->indent;
	r->is_dropped = false;
	r->suspect = NULL;
	check_title(r, section, count, head->line);
	if (section->times == GP_SECTION_NAMED && !(copy = gp_arena_copy(r->draft->scratch, title)))
		gp_config_read_status(r, GP_ENOMEM);
	r->section = section;
	gp_config_read_next(r);
	if (section->times != GP_SECTION_ONCE && !r->status) {
		gp_config_assign_begin(r, section->own->name);
		gp_config_read_status(
			r, gp_config_repeat_begin(r->draft, section, copy,
				   (struct gp_config_place) {r->file, r->opened_line}));
	}
	if (r->is_dropped)
		r->draft->title = NULL;
}

/* no_brace: the name of a section, and no section after it. */
static void no_brace(struct gp_config_reader *r, const struct gp_config_section *section,
	const struct head *head)
{
	bool is_named = section->times == GP_SECTION_NAMED;
	gp_strbuf_printf(gp_config_read_error(r, head->line, NULL),
		"%s: the { is missing; write %s%s { OPTION = VALUE }\n", section->own->name,
		section->own->name, is_named ? " NAME" : "");
	r->is_whole = false;
	gp_config_read_skip_line(r, head->line);
}

/* read_section: the tokens at hand are a title, if any, and a brace. */
static void read_section(struct gp_config_reader *r, const struct gp_config_section *section,
	const struct head *head)
{
	if (!section) {
		gp_config_mistake_section(r, head->name, head->line);
		return;
	}
	if (r->section)
		not_closed(r);
	if (head->has_colon)
		gp_strbuf_printf(gp_config_read_error(r, head->line, NULL),
			"%s: a colon has no meaning here; write %s {\n", section->own->name,
			section->own->name);
	open_section(r, section, head);
}

/* ---- statements ---- */

/* is_block: do the tokens after a name open a section: a brace, or words and a brace? */
static bool is_block(const struct gp_config_reader *r, int line)
{
	struct gp_config_lexer lexer = r->lexer;
	struct gp_config_token token = r->token;
	for (size_t n = 0; token.kind == GP_LEX_WORD && (n == 0 || token.line == line); n++)
		token = gp_config_lex(&lexer);
	return token.kind == GP_LEX_OPEN;
}

/* row_of: the option of that name where it stands, or of what the section takes as well. */
static const struct gp_option *row_of(
	struct gp_config_reader *r, const char *name, bool *is_other_out)
{
	const struct gp_config_repeat *repeat = gp_config_repeat_of(r->section);
	const struct gp_option *row =
		gp_config_row_find(r->section ? r->section->own->name : NULL, name);
	bool is_assigned = r->token.kind == GP_LEX_EQUAL || r->token.kind == GP_LEX_WORD;
	*is_other_out = !row && is_assigned && repeat && repeat->other &&
			(row = repeat->other(r->draft, name)) != NULL;
	return row;
}

/* read_statement: the word at hand is its name. */
static void read_statement(struct gp_config_reader *r)
{
	struct head head;
	if (!read_head(r, &head) || (r->token.kind == GP_LEX_END && r->token.problem))
		return;
	const struct gp_config_section *section = gp_config_section_find(head.name);
	if (section && section->is_of_table && !r->draft->is_table)
		section = NULL;
	bool has_block = is_block(r, head.line);
	struct gp_config_option option = {.name = head.name,
		.line = head.line,
		.indent = head.indent,
		.has_colon = head.has_colon};
	option.row = row_of(r, head.name, &option.is_other);
	if (has_block && (section || !option.row))
		read_section(r, section, &head);
	else if (option.row)
		gp_config_assign(r, option);
	else if (section && !r->section && r->token.kind != GP_LEX_EQUAL &&
		 r->token.kind != GP_LEX_APPEND)
		no_brace(r, section, &head);
	else
		gp_config_mistake_option(r, head.name, head.line);
}

/* gp_config_read_text: to its end, where nothing may be open. */
void gp_config_read_text(struct gp_config_reader *r, struct gp_span text)
{
	r->lexer = gp_config_lex_begin(text);
	r->section = NULL;
	r->is_brace_spare = r->is_cut = false;
	gp_config_read_next(r);
	while (r->token.kind != GP_LEX_END && !r->status) {
		if (r->token.kind == GP_LEX_WORD) {
			read_statement(r);
		} else if (r->token.kind == GP_LEX_CLOSE && r->section) {
			close_section(r);
			gp_config_read_next(r);
		} else {
			gp_config_mistake_stray(r);
		}
	}
	if (r->section && !r->token.problem && !r->is_cut && !r->status)
		not_closed(r);
	r->section = NULL;
	r->draft->title = NULL;
}

/* gp_config_read_finish: the top level, and the sections that are one. */
void gp_config_read_finish(struct gp_config_reader *r)
{
	gp_config_assign_lists(r, NULL);
	for (const struct gp_config_section *s = gp_config_sections; s->own; s++)
		if (s->times == GP_SECTION_ONCE)
			gp_config_assign_lists(r, s->own->name);
}
