/* SPDX-License-Identifier: ISC */
/* The rows as text: the dump of a snapshot, the example file, the man page section. */
#include "config/config_repeat.h"

#include <string.h>

#define COLUMNS 78 /* of comments in the example */

/* The beginning of the example: where a newcomer starts, and what limits need elsewhere. */
static const char example_head[] =
	"# gatepost.conf: every option with its default.\n"
	"#\n"
	"# You need not edit this file. Files conf.d/*.conf beside it are read after it\n"
	"# and override it. To begin, copy gatepost-minimal.conf there and change it; it\n"
	"# is among the examples (Debian: /usr/share/doc/gatepost/examples).\n"
	"#\n"
	"# Limits need two settings in main.cf of Postfix, in place of those that are\n"
	"# there; smtpd_relay_restrictions still decides who may relay:\n"
	"#\n"
	"#     smtpd_recipient_restrictions = check_policy_service\n"
	"#         { unix:gatepost/policy, timeout=30s, default_action=DUNNO }\n"
	"#     smtpd_end_of_data_restrictions = check_policy_service\n"
	"#         { unix:gatepost/policy, timeout=30s, default_action=DUNNO }\n"
	"#\n"
	"# postfix-limits.cf among the examples explains them. Where master.cf sets these\n"
	"# restrictions for the submission ports, see postfix-master.cf.\n"
	"#\n"
	"# After a change: gatepost check-config, then systemctl reload gatepost-policyd.\n";

/* each_row: calls f for the rows of one section. */
static void each_row(const char *section,
	void (*f)(struct gp_strbuf *, const struct gp_option *, const void *),
	struct gp_strbuf *buf, const void *arg)
{
	const struct gp_config_rows rows = gp_config_rows_of(section);
	for (size_t i = 0; i < rows.count; i++)
		f(buf, &rows.items[i], arg);
}

/* dump_row: name = value. */
static void dump_row(struct gp_strbuf *buf, const struct gp_option *row, const void *base)
{
	gp_strbuf_printf(buf, "%s%s = ", row->section ? "    " : "", row->name);
	gp_config_value_format(buf, base, row);
	gp_strbuf_add(buf, "\n");
}

/* An element of a section that repeats. */
struct element {
	const void *at;
	bool in_bytes;
};

/* dump_element_row: the same, where a maximum is written in its unit. */
static void dump_element_row(struct gp_strbuf *buf, const struct gp_option *row, const void *arg)
{
	const struct element *element = arg;
	if (row->kind != GP_KIND_AMOUNT) {
		dump_row(buf, row, element->at);
		return;
	}
	const int64_t *amount = (const void *)((const char *)element->at + row->offset);
	gp_strbuf_printf(buf, "    %s = ", row->name);
	gp_config_amount_format(buf, *amount, element->in_bytes);
	gp_strbuf_add(buf, "\n");
}

/* dump_repeating: a section for each element. */
static void dump_repeating(struct gp_strbuf *buf, const struct gp_config_section *s,
	const struct gp_config *config, bool with_secrets)
{
	const struct gp_config_repeat *repeat = gp_config_repeat_of(s);
	const void *items = NULL;
	if (repeat->dump) {
		repeat->dump(buf, config, with_secrets);
		return;
	}
	size_t count = repeat->list(config, &items);
	for (size_t i = 0; i < count; i++) {
		struct element element = {(const char *)items + i * s->own->size, false};
		element.in_bytes = repeat->in_bytes && repeat->in_bytes(element.at);
		gp_strbuf_add(buf, s->own->name);
		if (s->times == GP_SECTION_NAMED)
			gp_strbuf_printf(buf, " %s", *(const char *const *)element.at);
		gp_strbuf_add(buf, " {\n");
		each_row(s->own->name, dump_element_row, buf, &element);
		gp_strbuf_add(buf, "}\n");
	}
}

/* gp_config_dump_all: top level, then the sections. */
int gp_config_dump_all(const struct gp_config *config, struct gp_strbuf *buf, bool with_secrets)
{
	const char *text;
	each_row(NULL, dump_row, buf, config);
	for (const struct gp_config_section *s = gp_config_sections; s->own; s++) {
		if (s->times != GP_SECTION_ONCE) {
			dump_repeating(buf, s, config, with_secrets);
			continue;
		}
		gp_strbuf_printf(buf, "%s {\n", s->own->name);
		each_row(s->own->name, dump_row, buf, gp_config_base_of(config, s->own->name));
		gp_strbuf_add(buf, "}\n");
	}
	return gp_strbuf_finish(buf, &text);
}

/* gp_config_dump: for people. */
int gp_config_dump(const struct gp_config *config, struct gp_strbuf *buf)
{
	return gp_config_dump_all(config, buf, false);
}

/* add_line: a line of a help as comment lines of at most 78 columns. */
static void add_line(struct gp_strbuf *buf, const char *indent, struct gp_span rest)
{
	struct gp_span word;
	size_t column = 0;
	while (rest.len) {
		gp_span_cut(rest, ' ', &word, &rest);
		if (column && column + word.len + 1 > COLUMNS) {
			gp_strbuf_add(buf, "\n");
			column = 0;
		}
		if (column == 0) {
			gp_strbuf_printf(buf, "%s#", indent);
			column = strlen(indent) + 1;
		}
		gp_strbuf_add(buf, " ");
		gp_strbuf_add_span(buf, word);
		column += word.len + 1;
	}
	gp_strbuf_add(buf, "\n");
}

/* add_comment: line by line. */
static void add_comment(struct gp_strbuf *buf, const char *indent, const char *text)
{
	struct gp_span line, rest = gp_span_from(text);
	while (rest.len) {
		gp_span_cut(rest, '\n', &line, &rest);
		add_line(buf, indent, line);
	}
}

/* is_bare_word: does the value stand without quotes in the file? */
static bool is_bare_word(struct gp_span value)
{
	for (size_t i = 0; i < value.len; i++)
		if (strchr(" #\"'\t={}()+,*$\\", value.ptr[i]))
			return false;
	return value.len > 0;
}

/* add_preset: the default, or an example, as the file spells it. */
static void add_preset(struct gp_strbuf *buf, const struct gp_option *row)
{
	struct gp_span values[16];
	size_t n = gp_config_preset(row, values, 16);
	bool is_list = gp_config_kind_is_list(row->kind);
	gp_strbuf_add(buf, is_list ? "{" : "");
	for (size_t i = 0; i < n; i++) {
		const char *quote = is_bare_word(values[i]) ? "" : "\"";
		gp_strbuf_add(buf, i ? ", " : "");
		gp_strbuf_add(buf, quote);
		gp_strbuf_add_span(buf, values[i]);
		gp_strbuf_add(buf, quote);
	}
	gp_strbuf_add(buf, is_list ? "}" : "");
}

/* example_help: what the option does and what is allowed, as comments. */
static void example_help(struct gp_strbuf *buf, const char *indent, const struct gp_option *row)
{
	struct gp_strbuf allowed;
	const char *text;
	gp_strbuf_init(&allowed, buf->arena, 4096);
	gp_strbuf_add(&allowed, "Allowed: ");
	gp_config_allowed(&allowed, row);
	gp_strbuf_add(&allowed, row->flags & GP_OPTION_REQUIRED ? ". Required." : ".");
	gp_strbuf_add(buf, "\n");
	add_comment(buf, indent, row->help);
	if (gp_strbuf_finish(&allowed, &text) == GP_OK)
		add_comment(buf, indent, text);
}

/* example_row: help, and the default after a comment sign. */
static void example_row(struct gp_strbuf *buf, const struct gp_option *row, const void *arg)
{
	(void)arg;
	const char *indent = row->section ? "    " : "";
	example_help(buf, indent, row);
	gp_strbuf_printf(buf, "%s#%s = ", indent, row->name);
	add_preset(buf, row);
	gp_strbuf_add(buf, "\n");
}

/* example_subject: of an override; only one of them may stand, so the others are mere comments. */
static void example_subject(struct gp_strbuf *buf, const struct gp_option *row, const void *arg)
{
	bool is_first = strcmp(row->name, arg) == 0;
	example_help(buf, "    ", row);
	gp_strbuf_printf(buf, "    %s%s = ", is_first ? "#" : "# ", row->name);
	add_preset(buf, row);
	gp_strbuf_add(buf, "\n");
}

/* example_section: with its rows; sections that repeat are comments as a whole. */
static void example_section(struct gp_strbuf *buf, const struct gp_config_section *s)
{
	const struct gp_config_repeat *repeat = gp_config_repeat_of(s);
	const char *mark = repeat ? "#" : "", *name = s->own->name;
	add_comment(buf, "", s->own->help);
	gp_strbuf_printf(buf, "%s%s%s {", mark, name,
		repeat && repeat->example_title ? repeat->example_title : "");
	if (repeat && repeat->is_one_of)
		each_row(name, example_subject, buf, s->own->rows[0].name);
	else if (!gp_config_section_borrows(s))
		each_row(name, example_row, buf, NULL);
	gp_strbuf_add(buf, repeat && repeat->example_more ? repeat->example_more : "");
	gp_strbuf_printf(buf, "%s}\n", mark);
}

/* gp_config_example: a whole file in which every option stands as a comment. */
void gp_config_example(struct gp_strbuf *buf)
{
	gp_strbuf_add(buf, example_head);
	each_row(NULL, example_row, buf, NULL);
	for (const struct gp_config_section *s = gp_config_sections; s->own; s++) {
		if (s->is_of_table)
			continue;
		gp_strbuf_add(buf, "\n");
		example_section(buf, s);
	}
}

/* add_mdoc: text with what mdoc takes for markup defused. */
static void add_mdoc(struct gp_strbuf *buf, const char *text)
{
	struct gp_span sentence = gp_span_from(text);
	for (size_t i = 0; i < sentence.len; i++) {
		char c = sentence.ptr[i];
		bool line_start = i == 0 || sentence.ptr[i - 1] == '\n';
		if (line_start && (c == '.' || c == '\''))
			gp_strbuf_add(buf, "\\&");
		if (c == '\\')
			gp_strbuf_add(buf, "\\e");
		else
			gp_strbuf_add_char(buf, c);
	}
	gp_strbuf_add(buf, "\n");
}

/* gp_config_add_sentences: one sentence a line, as mdoc wants it. */
void gp_config_add_sentences(struct gp_strbuf *buf, struct gp_span text)
{
	struct gp_strbuf lines;
	const char *split;
	gp_strbuf_init(&lines, buf->arena, 8192);
	for (size_t i = 0; i < text.len; i++) {
		const char *at = text.ptr + i;
		bool ends = i + 2 < text.len && at[0] == '.' && at[1] == ' ' && at[2] >= 'A' &&
			    at[2] <= 'Z';
		gp_strbuf_add_char(&lines, *at);
		if (ends) {
			gp_strbuf_add_char(&lines, '\n');
			i++;
		}
	}
	if (gp_strbuf_finish(&lines, &split) == GP_OK)
		add_mdoc(buf, split);
}

/* value_length: of the value that a line of a help begins with, before a colon; 0: of none. */
static size_t value_length(struct gp_span line)
{
	size_t n = 0;
	while (n < line.len && ((line.ptr[n] >= 'a' && line.ptr[n] <= 'z') || line.ptr[n] == '-' ||
				       line.ptr[n] == '_' || line.ptr[n] == '0'))
		n++;
	return n + 1 < line.len && line.ptr[n] == ':' && line.ptr[n + 1] == ' ' ? n : 0;
}

/* add_list_begin: as wide as the longest of the values that follow. */
static void add_list_begin(struct gp_strbuf *buf, struct gp_span rest)
{
	struct gp_span line, longest = {NULL, 0};
	size_t n;
	while (gp_span_cut(rest, '\n', &line, &rest), (n = value_length(line)) > 0)
		if (n > longest.len)
			longest = (struct gp_span) {line.ptr, n};
	gp_strbuf_add(buf, ".Bl -tag -compact -width ");
	gp_strbuf_add_span(buf, longest);
	gp_strbuf_add(buf, "\n");
}

/* add_help: paragraphs, and a list of the values that have a line each. */
static void add_help(struct gp_strbuf *buf, const char *text)
{
	struct gp_span line, rest = gp_span_from(text);
	bool in_list = false;
	while (rest.len) {
		const struct gp_span here = rest;
		gp_span_cut(rest, '\n', &line, &rest);
		size_t n = value_length(line);
		if (n && !in_list)
			add_list_begin(buf, here);
		else if (!n && in_list)
			gp_strbuf_add(buf, ".El\n");
		in_list = n > 0;
		if (n) {
			gp_strbuf_add(buf, ".It Li ");
			gp_strbuf_add_span(buf, (struct gp_span) {line.ptr, n});
			gp_strbuf_add(buf, "\n");
			line = gp_span_skip(line, n + 2);
		}
		gp_config_add_sentences(buf, line);
	}
	gp_strbuf_add(buf, in_list ? ".El\n" : ".br\n");
}

/* man_row: a list item: what it does, what is allowed, and the default. */
static void man_row(struct gp_strbuf *buf, const struct gp_option *row, const void *arg)
{
	(void)arg;
	struct gp_strbuf allowed, preset;
	const char *text;
	gp_strbuf_init(&allowed, buf->arena, 4096);
	gp_strbuf_add(&allowed, "Allowed: ");
	gp_config_allowed(&allowed, row);
	gp_strbuf_add(&allowed, ".");
	gp_strbuf_init(&preset, buf->arena, 4096);
	gp_strbuf_add(&preset, row->preset                       ? "Default: "
			       : row->flags & GP_OPTION_REQUIRED ? "Required; for example: "
								 : "No default; for example: ");
	add_preset(&preset, row);
	gp_strbuf_printf(buf, ".It Ic %s\n", row->name);
	add_help(buf, row->help);
	if (gp_strbuf_finish(&allowed, &text) == GP_OK)
		add_mdoc(buf, text);
	gp_strbuf_add(buf, ".br\n");
	if (gp_strbuf_finish(&preset, &text) == GP_OK)
		add_mdoc(buf, text);
}

/* man_list: the rows of one section. */
static void man_list(struct gp_strbuf *buf, const char *section)
{
	gp_strbuf_add(buf, ".Bl -tag -width Ds\n");
	each_row(section, man_row, buf, NULL);
	gp_strbuf_add(buf, ".El\n");
}

/* gp_config_man: top level, then a subsection for each section. */
void gp_config_man(struct gp_strbuf *buf)
{
	gp_strbuf_add(buf, ".Ss Top level\n");
	man_list(buf, NULL);
	for (const struct gp_config_section *s = gp_config_sections; s->own; s++) {
		if (s->is_of_table)
			continue;
		gp_strbuf_printf(buf, ".Ss Section %s%s\n", s->own->name,
			s->times == GP_SECTION_NAMED ? " NAME" : "");
		gp_config_add_sentences(buf, gp_span_from(s->own->help));
		if (!gp_config_section_borrows(s))
			man_list(buf, s->own->name);
	}
}
