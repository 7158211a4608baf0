/* SPDX-License-Identifier: ISC */
/*
 * What people write in place of the language: as in other programs' files, or mistyped. Each is
 * named for what it is, with what to write instead, and passed over, so that one mistake is one
 * error. Nothing here decides whether a file is accepted: all of it is wrong already.
 */
#include <string.h>

#include "config/config_nearest.h"
#include "config/config_read.h"

#define NAME_MAX_SHOWN 64

/* ---- after a value ---- */

/* has_units: is it a number with a unit? */
static bool has_units(enum gp_option_kind kind)
{
	return kind == GP_KIND_BYTES || kind == GP_KIND_SPACE || kind == GP_KIND_MSEC ||
	       kind == GP_KIND_PERIOD || kind == GP_KIND_SEC || kind == GP_KIND_AMOUNT;
}

/* is_unit: one of the row's? */
static bool is_unit(const struct gp_option *row, struct gp_span word)
{
	const struct gp_config_unit *u = gp_config_units(row->kind);
	while (u->name && (!*u->name || !gp_span_is(word, u->name)))
		u++;
	return u->name;
}

/* is_name_here: would the word be an option where it stands? Then its sign is missing. */
static bool is_name_here(const struct gp_config_reader *r, struct gp_span word)
{
	char name[NAME_MAX_SHOWN];
	struct gp_strbuf buf;
	gp_strbuf_init_fixed(&buf, name, sizeof name);
	gp_strbuf_add_span(&buf, word);
	return !buf.status && gp_config_row_find(r->section ? r->section->own->name : NULL, name);
}

/* shown: a word of a value that may be seen. */
static struct gp_span shown(const struct gp_config_option *o, struct gp_span word)
{
	return o->row->kind == GP_KIND_SECRET ? gp_span_from(GP_CONFIG_HIDDEN) : word;
}

/* more_words: a word after the value. */
static void more_words(struct gp_config_reader *r, const struct gp_config_option *o,
	const struct gp_config_token *value)
{
	struct gp_span word = r->token.text;
	struct gp_strbuf *buf = gp_config_read_error(r, r->token.line, o->name);
	uint64_t n;
	bool is_number =
		has_units(o->row->kind) && gp_span_parse_uint(value->text, UINT64_MAX, &n) == GP_OK;
	if (is_number && is_unit(o->row, word)) {
		gp_strbuf_printf(buf,
			"a number and its unit stand together, without a blank; write %.*s%.*s\n",
			(int)value->text.len, value->text.ptr, (int)word.len, word.ptr);
	} else if (is_number) {
		gp_strbuf_add(buf, "a number and its unit stand together; allowed: ");
		gp_config_allowed(buf, o->row);
		gp_strbuf_add(buf, "\n");
	} else if (o->is_list) {
		gp_strbuf_printf(buf,
			"several items stand in braces, with commas between them; write %s = "
			"{...}\n",
			o->name);
	} else if (value->quote) {
		gp_config_add_value(buf, shown(o, word));
		gp_strbuf_add(buf, " is superfluous; the value ends at its closing quote\n");
	} else {
		gp_strbuf_printf(buf,
			"a value with blanks in it needs quotes; write %s = \"...\"\n", o->name);
	}
}

/* gp_config_mistake_behind: by what it is. */
bool gp_config_mistake_behind(struct gp_config_reader *r, const struct gp_config_option *o,
	const struct gp_config_token *value)
{
	const struct gp_config_token token = r->token;
	bool is_glued = !value->quote && token.text.ptr == value->text.ptr + value->text.len;
	if (token.line != value->ends || token.problem)
		return false;
	switch ((int)token.kind) {
	case GP_LEX_PAREN:
	case GP_LEX_EQUAL:
	case GP_LEX_APPEND:
		gp_strbuf_printf(gp_config_read_error(r, token.line, o->name),
			"a value with %.1s in it needs quotes; write %s = \"...\"\n",
			token.text.ptr, o->name);
		break;
	case GP_LEX_COMMA:
		if (!o->is_list && !is_glued)
			return false;
		gp_config_read_next(r);
		if (!o->is_list && (r->token.line != token.line || r->token.kind != GP_LEX_WORD ||
					   r->token.text.ptr != token.text.ptr + 1)) {
			gp_strbuf_add(gp_config_read_error(r, token.line, NULL),
				"no comma stands between options; leave it out\n");
			return false;
		}
		gp_strbuf_printf(gp_config_read_error(r, token.line, o->name),
			o->is_list
				? "several items stand in braces; write %s = {...}\n"
				: "a value with a comma in it needs quotes; write %s = \"...\"\n",
			o->name);
		break;
	case GP_LEX_WORD:
		if (gp_config_read_is_statement(r) || is_name_here(r, token.text) ||
			token.text.ptr[0] == ';')
			return false;
		more_words(r, o, value);
		break;
	default:
		return false;
	}
	gp_config_read_skip_line(r, token.line);
	return true;
}

/* ---- in place of = ---- */

/* colon: of YAML; true: after it stands the value. */
static bool colon(struct gp_config_reader *r, const struct gp_config_option *o)
{
	gp_strbuf_printf(gp_config_read_error(r, o->line, o->name),
		"a colon has no meaning here; write %s = %s\n", o->name,
		o->is_list ? "{...}" : "VALUE");
	if (!o->has_colon && r->token.text.len > 1) {
		gp_config_read_skip_line(r, o->line);
		return false;
	}
	if (!o->has_colon)
		gp_config_read_next(r);
	if (r->token.kind == GP_LEX_EQUAL)
		gp_config_read_next(r);
	return r->token.line == o->line;
}

/* gp_config_mistake_sign: what stands there instead. */
bool gp_config_mistake_sign(struct gp_config_reader *r, const struct gp_config_option *o)
{
	const struct gp_config_token token = r->token;
	bool is_near = token.line == o->line;
	if (o->has_colon || (token.kind == GP_LEX_WORD && token.text.len && !token.quote &&
				    token.text.ptr[0] == ':'))
		return colon(r, o);
	if (token.kind == GP_LEX_OPEN && !o->is_list) {
		gp_strbuf_printf(gp_config_read_error(r, token.line, o->name),
			"it is an option, not a section; write %s = VALUE\n", o->name);
		gp_config_read_skip_block(r);
		return false;
	}
	if (token.kind == GP_LEX_OPEN || (token.kind == GP_LEX_WORD && is_near)) {
		struct gp_strbuf *buf = gp_config_read_error(r, token.line, o->name);
		gp_strbuf_printf(buf, "the = is missing; write %s = ", o->name);
		if (token.kind == GP_LEX_OPEN)
			gp_strbuf_add(buf, "{...}");
		else
			gp_config_add_value(buf, shown(o, token.text));
		gp_strbuf_add(buf, "\n");
		return true;
	}
	gp_strbuf_printf(gp_config_read_error(r, o->line, o->name),
		"the value is missing; write %s = %s\n", o->name, o->is_list ? "{...}" : "VALUE");
	gp_config_read_skip_line(r, o->line);
	return false;
}

/* ---- stray signs ---- */

/* gp_config_mistake_stray: where a statement should begin. */
void gp_config_mistake_stray(struct gp_config_reader *r)
{
	const struct gp_config_token token = r->token;
	if (token.kind == GP_LEX_CLOSE && r->is_brace_spare) {
		r->is_brace_spare = false;
		gp_config_read_next(r);
		return;
	}
	struct gp_strbuf *buf = gp_config_read_error(r, token.line, NULL);
	switch ((int)token.kind) {
	case GP_LEX_COMMA:
		gp_strbuf_add(buf, "no comma stands between options; leave it out\n");
		gp_config_read_next(r);
		break;
	case GP_LEX_CLOSE:
		gp_strbuf_add(buf, "this } closes nothing\n");
		gp_config_read_next(r);
		break;
	case GP_LEX_OPEN:
		gp_strbuf_add(buf, "the name is missing before this {\n");
		r->is_whole = false;
		gp_config_read_skip_block(r);
		break;
	default:
		gp_strbuf_printf(buf, "the name of an option is missing before %.*s\n",
			(int)token.text.len, token.text.ptr);
		gp_config_read_next(r);
		if (r->token.kind == GP_LEX_OPEN && r->token.line == token.line)
			gp_config_read_skip_block(r);
		else if (!gp_config_read_is_statement(r))
			gp_config_read_skip_line(r, token.line);
	}
}

/* gp_config_mistake_comma: a semicolon is none. */
void gp_config_mistake_comma(
	struct gp_config_reader *r, const struct gp_config_option *o, struct gp_span before)
{
	struct gp_strbuf *buf = gp_config_read_error(r, r->token.line, o->name);
	if (gp_span_has_suffix(before, ";") || gp_span_is(r->token.text, ";")) {
		gp_strbuf_add(buf, "a semicolon stands between items; write a comma\n");
		if (gp_span_is(r->token.text, ";"))
			gp_config_read_next(r);
		return;
	}
	gp_strbuf_add(buf, "a comma is missing between ");
	gp_config_add_value(buf, before);
	gp_strbuf_add(buf, " and ");
	gp_config_add_value(buf, r->token.text);
	gp_strbuf_add(buf, "\n");
}

/* ---- names that are not known ---- */

/* has_home: is there such an option in the section? */
static bool has_home(const struct gp_config_section *section, const char *name)
{
	return !section->is_of_table && gp_config_row_find(section->own->name, name);
}

/* add_homes: the sections that have such an option; false: none has. */
static bool add_homes(struct gp_strbuf *buf, const char *here, const char *name)
{
	size_t count = 0, n = 0;
	if (here && gp_config_row_find(NULL, name)) {
		gp_strbuf_printf(buf, "; %s is set outside of sections\n", name);
		return true;
	}
	for (const struct gp_config_section *s = gp_config_sections; s->own; s++)
		count += has_home(s, name);
	for (const struct gp_config_section *s = gp_config_sections; s->own; s++)
		if (has_home(s, name))
			gp_strbuf_printf(buf, "%s%s",
				n++ == 0     ? "; it belongs to section "
				: n == count ? " or "
					     : ", ",
				s->own->name);
	gp_strbuf_add(buf, count ? "\n" : "");
	return count;
}

/* add_dotted: spf.mode, as messages have it, or spf|mode; false: it is no such thing. */
static bool add_dotted(struct gp_strbuf *buf, const char *name)
{
	size_t n = strcspn(name, ".|");
	char section[NAME_MAX_SHOWN];
	if (!name[n] || n >= sizeof section)
		return false;
	memcpy(section, name, n);
	section[n] = 0;
	if (!gp_config_row_find(section, name + n + 1))
		return false;
	gp_strbuf_printf(buf, "; write %s { %s = VALUE }\n", section, name + n + 1);
	return true;
}

/* add_near: another option of the section. */
static bool add_near(struct gp_strbuf *buf, const char *section, const char *name)
{
	struct gp_config_nearest nearest = {.word = gp_span_from(name)};
	const struct gp_config_rows rows = gp_config_rows_of(section);
	for (size_t i = 0; i < rows.count; i++)
		gp_config_nearest_try(&nearest, rows.items[i].name);
	if (!nearest.best)
		return false;
	gp_strbuf_add(buf, "; did you mean ");
	gp_config_add_option(buf, section, NULL, nearest.best);
	gp_strbuf_add(buf, "?\n");
	return true;
}

/* gp_config_mistake_option: with what may have been meant; its value is passed over. */
void gp_config_mistake_option(struct gp_config_reader *r, const char *name, int line)
{
	const char *section = r->section ? r->section->own->name : NULL;
	struct gp_strbuf *buf =
		gp_config_error(r->draft->errors, (struct gp_config_place) {r->file, line});
	const struct gp_config_section *found = section ? NULL : gp_config_section_find(name);
	if (found && !found->is_of_table) {
		gp_strbuf_printf(
			buf, "%s: it is a section; write %s { OPTION = VALUE }\n", name, name);
	} else {
		gp_strbuf_add(buf, "unknown option ");
		gp_config_add_option(buf, section, NULL, name);
		if (!add_homes(buf, section, name) && !(!section && add_dotted(buf, name)) &&
			!add_near(buf, section, name))
			gp_strbuf_add(buf, r->section && r->section->times == GP_SECTION_MANY
						   ? "; it cannot be the name of a limit\n"
						   : "; gatepost check-config --example lists all "
						     "options\n");
	}
	if (r->token.kind == GP_LEX_EQUAL || r->token.kind == GP_LEX_APPEND) {
		gp_config_read_next(r);
		if (r->token.kind == GP_LEX_OPEN)
			gp_config_read_skip_block(r);
		else if (gp_config_read_is_value(r, line))
			gp_config_read_next(r);
	}
	gp_config_read_skip_line(r, line);
}

/* gp_config_mistake_section: the same for all that stands in it. */
void gp_config_mistake_section(struct gp_config_reader *r, const char *name, int line)
{
	struct gp_config_nearest nearest = {.word = gp_span_from(name)};
	struct gp_strbuf *buf =
		gp_config_error(r->draft->errors, (struct gp_config_place) {r->file, line});
	gp_strbuf_add(buf, "unknown section ");
	gp_config_add_option(buf, r->section ? r->section->own->name : NULL, NULL, name);
	for (const struct gp_config_section *s = gp_config_sections; s->own; s++)
		if (!s->is_of_table)
			gp_config_nearest_try(&nearest, s->own->name);
	if (nearest.best)
		gp_strbuf_printf(buf, "; did you mean %s?\n", nearest.best);
	else
		gp_strbuf_add(buf, "; gatepost check-config --example lists all sections\n");
	r->is_whole = false;
	while (r->token.kind != GP_LEX_OPEN && r->token.kind != GP_LEX_END)
		gp_config_read_next(r);
	gp_config_read_skip_block(r);
}
