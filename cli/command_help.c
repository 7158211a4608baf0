/* SPDX-License-Identifier: ISC */
/* Words are put one behind the other until a line is full. */
#include "cli/command_help.h"

#include <string.h>

#define HELP_COLUMN 21 /* where the help of an option begins */
#define NAME_COLUMN 16 /* where that of a command begins */
#define WORD_COLUMN 26 /* where that of a word of a list begins */
#define CODE_COLUMN 5  /* where that of an exit code begins */
#define HEAD_MAX 96

/* begin: the left column, and the spaces up to the text, on a new line where there is no room. */
static void begin(FILE *out, const char *head, int column)
{
	int used = fprintf(out, "  %s", head);
	if (used > column - 2)
		fprintf(out, "\n%*s", column, "");
	else
		fprintf(out, "%*s", column - used, "");
}

/* wrap: n bytes of text, from this column on, which is where further lines begin. */
static void wrap(FILE *out, const char *text, size_t n, int column)
{
	int at = column;
	for (const char *p = text, *end = text + n; p < end;) {
		p += strspn(p, " \n");
		int len = (int)strcspn(p, " \n");
		if (p >= end || len == 0)
			break;
		if (at > column && at + 1 + len > GP_CLI_HELP_WIDTH) {
			fprintf(out, "\n%*s", column, "");
			at = column;
		}
		at += fprintf(out, "%s%.*s", at > column ? " " : "", len, p);
		p += len;
	}
	fputc('\n', out);
}

/* print_row: a left column and its text. */
static void print_row(FILE *out, const char *head, const char *text, int column)
{
	begin(out, head, column);
	wrap(out, text, strlen(text), column);
}

/* print_text: paragraphs are wrapped; lines that begin with a blank, and empty ones, stay. */
static void print_text(FILE *out, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");
		if (n && *text != ' ') {
			const char *end = strstr(text, "\n\n"), *fixed = strstr(text, "\n ");
			n = end ? (size_t)(end - text) : strlen(text);
			if (fixed && (size_t)(fixed - text) < n)
				n = (size_t)(fixed - text);
			wrap(out, text, n, 0);
		} else {
			fprintf(out, "%.*s\n", (int)n, text);
		}
		text += n + (text[n] == '\n');
	}
}

/* print_lines: each with something before it; the first may have something else. */
static void print_lines(FILE *out, const char *lines, const char *before)
{
	for (const char *p = lines; p && *p;) {
		size_t n = strcspn(p, "\n");
		fprintf(out, "%s%.*s\n", before, (int)n, p);
		p += n + (p[n] == '\n');
	}
}

/* ---- parts ---- */

/* gp_cli_option_head: an optional argument stands in brackets. */
void gp_cli_option_head(const struct gp_cli_option *o, char *text_out, size_t size)
{
	char letter[8] = "";
	if (o->letter)
		snprintf(letter, sizeof letter, "-%c, ", o->letter);
	snprintf(text_out, size, "%s--%s%s%s%s", letter, o->name,
		!o->argument     ? ""
		: o->is_optional ? "[="
				 : " ",
		o->argument ? o->argument : "", o->argument && o->is_optional ? "]" : "");
}

/* print_option: one row. */
static void print_option(FILE *out, const struct gp_cli_option *option)
{
	char head[HEAD_MAX];
	gp_cli_option_head(option, head, sizeof head);
	print_row(out, head, option->help, HELP_COLUMN);
}

/* print_options: those of the command, without those of every command. */
static void print_options(FILE *out, const struct gp_cli_command *command)
{
	bool is_first = true;
	for (size_t k = 0; k < GP_CLI_OPTION_LISTS; k++)
		for (const struct gp_cli_option *o = command->options[k]; o && o->name; o++) {
			if (is_first)
				fputs("\noptions:\n", out);
			is_first = false;
			print_option(out, o);
		}
}

/* print_usage: the ways to call one command; *is_first: "usage:" is still to come. */
static void print_usage(
	FILE *out, const char *parent, const struct gp_cli_command *c, bool *is_first)
{
	const char *line = c->synopsis ? c->synopsis : "";
	do {
		size_t n = strcspn(line, "\n");
		fprintf(out, "%s gatepost %s%s%s%s%.*s\n", *is_first ? "usage:" : "      ", parent,
			*parent ? " " : "", c->name, n ? " " : "", (int)n, line);
		*is_first = false;
		line += n + (line[n] == '\n');
	} while (*line);
}

/* print_words: the table of an argument. */
static void print_words(FILE *out, const struct gp_cli_argument *argument)
{
	struct gp_cli_word word;
	if (!argument->word_at)
		return;
	fprintf(out, "\n%s:\n", argument->title);
	for (size_t i = 0; argument->word_at(i, &word); i++)
		print_row(out, word.name, word.about, WORD_COLUMN);
}

/* print_exits: a row for each. */
static void print_exits(FILE *out, const char *lines)
{
	fputs("\nexit codes:\n", out);
	for (const char *p = lines; *p;) {
		char code[8];
		size_t n = strcspn(p, "\n"), digits = strcspn(p, " ");
		snprintf(code, sizeof code, "%.*s", (int)digits, p);
		begin(out, code, CODE_COLUMN);
		wrap(out, p + digits, n - digits, CODE_COLUMN);
		p += n + (p[n] == '\n');
	}
}

/* print_subcommands: what each does, and where there is more. */
static void print_subcommands(FILE *out, const struct gp_cli_command *command)
{
	fputs("\nsubcommands:\n", out);
	for (const struct gp_cli_command *s = command->subcommands; s->name; s++)
		print_row(out, s->name, s->help, NAME_COLUMN);
	fprintf(out, "\ngatepost %s SUBCOMMAND --help shows the options of one.\n", command->name);
}

/* ---- pages ---- */

/* gp_cli_help_command: from the synopsis to the exit codes. */
void gp_cli_help_command(
	FILE *out, const struct gp_cli_command *top, const struct gp_cli_command *command)
{
	bool is_first = true;
	if (command->run)
		print_usage(out, top == command ? "" : top->name, command, &is_first);
	for (const struct gp_cli_command *s = command->subcommands; s && s->name; s++)
		print_usage(out, command->name, s, &is_first);
	fputc('\n', out);
	print_text(out, command->text);
	if (command->subcommands)
		print_subcommands(out, command);
	print_options(out, command);
	for (const struct gp_cli_argument *a = command->arguments; a && a->name; a++)
		print_words(out, a);
	if (command->examples) {
		fputs("\nexamples:\n", out);
		print_lines(out, command->examples, "  ");
	}
	print_exits(out, command->exits ? command->exits : top->exits);
}

/* gp_cli_help_all: the list. */
void gp_cli_help_all(FILE *out, const struct gp_cli_command *const *all)
{
	fputs("usage: gatepost COMMAND [OPTIONS] [ARGUMENTS]\n\ncommands:\n", out);
	for (; *all; all++)
		print_row(out, (*all)->name, (*all)->help, NAME_COLUMN);
	print_row(out, "help COMMAND", "the same as COMMAND --help", NAME_COLUMN);
	fputs("\noptions of every command:\n", out);
	for (const struct gp_cli_option *o = gp_cli_common_options; o->name; o++)
		print_option(out, o);
	fputs("\ngatepost --version prints the version.\n", out);
	print_exits(out, "0 the question was answered\n1 it could not be answered\n"
			 "2 wrong usage\n3 the configuration has errors");
}
