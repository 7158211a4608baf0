/* SPDX-License-Identifier: ISC */
/*
 * Arguments are read from left to right, options and words mixed, as getopt_long does it: a long
 * option may be shortened while it is the only one that begins so, letters may stand together,
 * behind "--" there are words only. The first word of a command with subcommands names one of them;
 * options before it may be those of any of them, and are compared with its rows at the end.
 */
#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/span.h"
#include "cli/color.h"
#include "cli/command_find.h"
#include "cli/command_help.h"
#include "cli/usage.h"

/* What is being read. */
struct reading {
	struct gp_cli_call *call;
	int argc, at;
	char **argv;
	bool has_help; /* help is wanted */
};

/* ---- values ---- */

/* gp_cli_option_at: counted from the left. */
const char *gp_cli_option_at(const struct gp_cli_call *call, const char *name, size_t i)
{
	for (size_t k = 0; k < call->given_count; k++)
		if (strcmp(call->given[k].option->name, name) == 0 && i-- == 0)
			return call->given[k].value;
	return NULL;
}

/* gp_cli_option: the first. */
const char *gp_cli_option(const struct gp_cli_call *call, const char *name)
{
	return gp_cli_option_at(call, name, 0);
}

/* gp_cli_has_option: with a value or without. */
bool gp_cli_has_option(const struct gp_cli_call *call, const char *name)
{
	for (size_t k = 0; k < call->given_count; k++)
		if (strcmp(call->given[k].option->name, name) == 0)
			return true;
	return false;
}

/* gp_cli_option_number: of the one value. */
int gp_cli_option_number(const struct gp_cli_call *call, const char *name, const char *what,
	const uint64_t range[2], uint64_t *value_out)
{
	const char *text = gp_cli_option(call, name);
	uint64_t value;
	if (!text)
		return -1;
	if (gp_span_parse_uint(gp_span_from(text), range[1], &value) || value < range[0])
		return gp_cli_usage(call->title, "--%s: whole %s from %llu to %llu", name,
			*what ? what : "numbers", (unsigned long long)range[0],
			(unsigned long long)range[1]);
	*value_out = value;
	return -1;
}

/* is_word: one of a list with blanks between them. */
static bool is_word(const char *list, const char *value)
{
	size_t n = strlen(value);
	for (const char *p = list; *p;) {
		size_t len = strcspn(p, " ");
		if (len == n && memcmp(p, value, n) == 0)
			return true;
		p += len + (p[len] == ' ');
	}
	return false;
}

/* ---- options ---- */

/* add: an option with its value; -1, or an exit code. */
static int add(struct reading *r, const struct gp_cli_option *option, const char *value)
{
	struct gp_cli_call *call = r->call;
	if (strcmp(option->name, "help") == 0) {
		r->has_help = true;
		return -1;
	}
	if (value && option->words && !is_word(option->words, value))
		return gp_cli_usage(call->title, "--%s: \"%s\" is none of %s", option->name, value,
			option->words);
	if (option->argument && !option->may_repeat && gp_cli_has_option(call, option->name))
		return gp_cli_usage(call->title, "--%s is given twice", option->name);
	call->given[call->given_count++] = (struct gp_cli_given) {option, value};
	return -1;
}

/* following: the next word as the value of an option; NULL: there is none. */
static const char *following(struct reading *r)
{
	return r->at + 1 < r->argc ? r->argv[++r->at] : NULL;
}

/* no_value: the option came without what it needs. */
static int no_value(const struct reading *r, const struct gp_cli_option *option)
{
	return gp_cli_usage(
		r->call->title, "--%s needs a value: %s", option->name, option->argument);
}

/* no_option: there is none of that name; which one was meant. */
static int no_option(const struct reading *r, const char *name, size_t len)
{
	const struct gp_cli_call *call = r->call;
	const char *near = gp_cli_near_option(
		call->command, call->command == call->top ? call->top : NULL, name, len);
	return gp_cli_usage(call->title, "no option --%.*s%s%s%s", (int)len, name,
		near ? "; did you mean --" : "", near ? near : "", near ? "?" : "");
}

/* searched: number i of the commands whose rows may have an option: this one, the top one, then its
 * subcommands; NULL: there are no more. What belongs to another one is found out at the end. */
static const struct gp_cli_command *searched(const struct gp_cli_call *call, size_t i)
{
	if (i < 2)
		return i == 0 ? call->command : call->top;
	const struct gp_cli_command *s = call->top->subcommands;
	for (i -= 2; s && s->name && i; i--)
		s++;
	return s && s->name ? s : NULL;
}

/* look_up: NULL, with an exit code. */
static const struct gp_cli_option *look_up(
	const struct reading *r, const char *name, size_t len, int *code_out)
{
	const struct gp_cli_call *call = r->call;
	const struct gp_cli_option *row = NULL;
	const struct gp_cli_command *c;
	for (size_t i = 0; !row && (c = searched(call, i)) != NULL; i++)
		row = gp_cli_find_option(c, name, len);
	if (row)
		return row;
	size_t count = gp_cli_count_options(call->command, name, len, &row);
	if (count == 1)
		return row;
	*code_out = count ? gp_cli_usage(call->title, "--%.*s is the beginning of several options",
				    (int)len, name)
			  : no_option(r, name, len);
	return NULL;
}

/* take_long: "--name", "--name value" or "--name=value". */
static int take_long(struct reading *r, const char *text)
{
	int code = -1;
	size_t len = strcspn(text, "=");
	const char *value = text[len] ? text + len + 1 : NULL;
	const struct gp_cli_option *row = look_up(r, text, len, &code);
	if (!row)
		return code;
	if (value && !row->argument)
		return gp_cli_usage(r->call->title, "--%s takes no value", row->name);
	if (row->argument && !row->is_optional && !value) {
		value = following(r);
		if (!value)
			return no_value(r, row);
	}
	return add(r, row, value);
}

/* find_letter: NULL: there is none. */
static const struct gp_cli_option *find_letter(const struct reading *r, char letter)
{
	const struct gp_cli_option *row = NULL;
	const struct gp_cli_command *c;
	for (size_t i = 0; !row && (c = searched(r->call, i)) != NULL; i++)
		row = gp_cli_find_letter(c, letter);
	return row;
}

/* take_letters: "-q", "-qh", "-n 5" or "-n5". */
static int take_letters(struct reading *r, const char *letters)
{
	for (int code = -1; *letters && code < 0;) {
		const struct gp_cli_option *row = find_letter(r, *letters);
		if (!row)
			return gp_cli_usage(r->call->title, "no option -%c", *letters);
		letters++;
		if (!row->argument || row->is_optional) {
			code = add(r, row, NULL);
		} else {
			const char *value = *letters ? letters : following(r);
			return value ? add(r, row, value) : no_value(r, row);
		}
		if (code >= 0)
			return code;
	}
	return -1;
}

/* ---- words ---- */

/* take_word: a subcommand's name, or an argument. */
static int take_word(struct reading *r, const char *word)
{
	struct gp_cli_call *call = r->call;
	if (!call->top->subcommands || call->command != call->top) {
		call->words[call->word_count++] = word;
		return -1;
	}
	const struct gp_cli_command *s = gp_cli_find_subcommand(call->top, word);
	const char *near = s ? NULL : gp_cli_near_subcommand(call->top, word);
	if (!s)
		return gp_cli_usage(call->title, "no subcommand \"%s\"%s%s%s", word,
			near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	call->command = s;
	snprintf(call->title, sizeof call->title, "%s %s", call->top->name, s->name);
	return -1;
}

/* is_option: a hyphen and more; a negative number is a word unless its digit is an option. */
static bool is_option(const struct reading *r, const char *word)
{
	if (word[0] != '-' || !word[1])
		return false;
	return word[1] < '0' || word[1] > '9' || find_letter(r, word[1]);
}

/* read_all: every argument; -1, or an exit code. */
static int read_all(struct reading *r)
{
	int code = -1;
	bool is_over = false; /* "--" was there */
	for (; r->at < r->argc && code < 0 && !r->has_help; r->at++) {
		const char *word = r->argv[r->at];
		if (!is_over && strcmp(word, "--") == 0)
			is_over = true;
		else if (is_over || !is_option(r, word))
			code = take_word(r, word);
		else
			code = word[1] == '-' ? take_long(r, word + 2) : take_letters(r, word + 1);
	}
	return code;
}

/* ---- the whole ---- */

/* owner_of: the name of the command that has such an option, behind that of the top one. */
static const char *owner_of(const struct gp_cli_call *call, const char *option)
{
	const struct gp_cli_command *s = call->top->subcommands;
	for (; s && s->name; s++)
		if (gp_cli_find_option(s, option, strlen(option)))
			return s->name;
	return "";
}

/* check_options: those before the subcommand's name may be another's. */
static int check_options(const struct gp_cli_call *call)
{
	for (size_t i = 0; i < call->given_count; i++) {
		const char *name = call->given[i].option->name;
		if (gp_cli_find_option(call->command, name, strlen(name)))
			continue;
		const char *owner = gp_cli_find_option(call->top, name, strlen(name))
					    ? ""
					    : owner_of(call, name);
		return gp_cli_usage(call->title,
			"no option --%s here; it goes with gatepost %s%s%s", name, call->top->name,
			*owner ? " " : "", owner);
	}
	return -1;
}

/* check_words: as many as the rows say. */
static int check_words(const struct gp_cli_call *call)
{
	const struct gp_cli_argument *a = call->command->arguments;
	size_t count = 0;
	bool is_open = false;
	for (; a && a->name; a++, count++) {
		if (count >= call->word_count && !a->is_optional)
			return gp_cli_usage(call->title, "%s is missing", a->name);
		is_open = a->may_repeat;
	}
	if (call->word_count > count && !is_open)
		return gp_cli_usage(call->title, "unexpected argument: %s", call->words[count]);
	return -1;
}

/* check: what has been read, as a whole. */
static int check(const struct gp_cli_call *call)
{
	if (!call->command->run) {
		const struct gp_cli_command *s = call->command->subcommands;
		return gp_cli_usage(call->title, "a subcommand is missing, such as %s", s->name);
	}
	int code = check_options(call);
	return code < 0 ? check_words(call) : code;
}

/* read_and_run: with room for every argument. */
static int read_and_run(struct gp_cli_call *call, int argc, char **argv)
{
	struct reading r = {.call = call, .argc = argc, .argv = argv};
	int code = read_all(&r);
	if (code < 0 && r.has_help) {
		gp_cli_help_command(stdout, call->top, call->command);
		return fflush(stdout) ? call->top->usage_exit : GP_CLI_FINE; /* main says why */
	}
	if (code < 0)
		code = check(call);
	if (code >= 0)
		return code && call->top->usage_exit ? call->top->usage_exit : code;
	gp_cli_color_set(gp_cli_option(call, "color"));
	return call->command->run(call);
}

/* run_command: a row, and what stands behind its name. */
static int run_command(const struct gp_cli_command *const *all, const struct gp_cli_command *top,
	int argc, char **argv)
{
	struct gp_cli_call call = {.all = all, .top = top, .command = top};
	size_t room = 1; /* letters that stand together are an option each */
	for (int i = 0; i < argc; i++)
		room += strlen(argv[i]) + 1;
	snprintf(call.title, sizeof call.title, "%s", top->name);
	call.words = calloc((size_t)argc + 1, sizeof *call.words);
	call.given = calloc(room, sizeof *call.given);
	int code = GP_CLI_TROUBLE;
	if (call.words && call.given)
		code = read_and_run(&call, argc, argv);
	else
		fprintf(stderr, "gatepost %s: out of memory\n", top->name);
	free(call.words);
	free(call.given);
	return code;
}

/* no_command: which one was meant. */
static int no_command(const struct gp_cli_command *const *all, const char *name)
{
	const char *near = gp_cli_near_command(all, name);
	return gp_cli_usage("", "no command \"%s\"%s%s%s", name, near ? "; did you mean " : "",
		near ? near : "", near ? "?" : "");
}

/* run_help: of everything, or of a command and its subcommand. */
static int run_help(const struct gp_cli_command *const *all, int argc, char **argv)
{
	if (argc == 0) {
		gp_cli_help_all(stdout, all);
		return GP_CLI_FINE;
	}
	const struct gp_cli_command *top = gp_cli_find_command(all, argv[0]);
	char help[] = "--help", *words[] = {NULL, help};
	if (argc > 2)
		return gp_cli_usage("", "unexpected argument: %s", argv[2]);
	if (!top)
		return no_command(all, argv[0]);
	if (argc == 1)
		return run_command(all, top, 1, words + 1);
	if (!top->subcommands)
		return gp_cli_usage("", "unexpected argument: %s", argv[1]);
	words[0] = argv[1];
	return run_command(all, top, 2, words);
}

/* gp_cli_run: a command, or what is about all of them. */
int gp_cli_run(const struct gp_cli_command *const *all, int argc, char **argv)
{
	if (argc < 2) {
		gp_cli_help_all(stderr, all);
		return GP_CLI_USAGE;
	}
	const char *word = argv[1];
	const struct gp_cli_command *top = gp_cli_find_command(all, word);
	if (top)
		return run_command(all, top, argc - 2, argv + 2);
	if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
		puts("gatepost " GP_VERSION);
		return GP_CLI_FINE;
	}
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0)
		return run_help(all, argc - 2, argv + 2);
	if (word[0] == '-')
		return gp_cli_usage("", "no option %s; options must follow a command", word);
	return no_command(all, word);
}
