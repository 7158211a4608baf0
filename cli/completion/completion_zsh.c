/* SPDX-License-Identifier: ISC */
/* A function for each row, which hands its options and arguments to zsh's own _arguments. */
#include "cli/completion/completion.h"

#include <stdio.h>
#include <string.h>

#include "cli/command_find.h"

static const char head[] =
	"#compdef gatepost\n"
	"# Completion of gatepost in zsh. Made by: gatepost completion zsh\n"
	"\n"
	"# _gatepost_ask KIND: what the configuration or the running daemon knows\n"
	"_gatepost_ask()\n"
	"{\n"
	"\tlocal -a given names\n"
	"\tlocal option\n"
	"\tfor option in -c --config --socket; do\n"
	"\t\tif [[ -n ${opt_args[$option]} ]]; then given+=($option ${(Q)opt_args[$option]}); fi\n"
	"\tdone\n"
	"\tnames=(${(f)\"$(gatepost completion $1 $given 2>/dev/null)\"})\n"
	"\tcompadd -a names\n"
	"}\n";

/* print_quoted: text inside '...' of a specification: without what ends it. */
static void print_quoted(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strchr("[]:\\", text[i]))
			putchar('\\');
		if (text[i] == '\'')
			fputs("'\\''", stdout);
		else
			putchar(text[i]);
	}
}

/* print_about: help in short: up to what stands in parentheses or behind a semicolon. */
static void print_about(const char *help)
{
	size_t n = strcspn(help, ";(");
	while (n && help[n - 1] == ' ')
		n--;
	print_quoted(help, n);
}

/* print_words: what is one of a list; what ends in = has its value directly behind it. */
static void print_words(const char *list)
{
	bool is_open = strchr(list, '=') != NULL;
	printf("%s%s%s", is_open ? "{compadd -S \"\" -- " : "(", list, is_open ? "}" : ")");
}

/* print_action: how a value is completed. */
static void print_action(enum gp_cli_completes completes, const char *words)
{
	static const char *const actions[] = {[GP_CLI_ANY] = " ",
		[GP_CLI_FILE] = "_files",
		[GP_CLI_DIRECTORY] = "_files -/",
		[GP_CLI_HOST] = "_hosts",
		[GP_CLI_LIMIT] = "{_gatepost_ask limits}",
		[GP_CLI_LIST] = "{_gatepost_ask lists}",
		[GP_CLI_WHO] = "{_gatepost_ask users}"};
	if (words)
		print_words(words);
	else
		fputs(actions[completes], stdout);
}

/* print_option: one specification. */
static void print_option(const struct gp_cli_option *o)
{
	const char *repeats = o->may_repeat ? "*" : "";
	const char *joined = !o->argument ? "" : o->is_optional ? "=-" : "=";
	if (strcmp(o->name, "help") == 0)
		fputs("\t\t'(- *)'{-h,--help}'[", stdout);
	else if (o->letter)
		printf("\t\t'%s(-%c --%s)'{-%c%s,--%s%s}'[", repeats, o->letter, o->name, o->letter,
			o->argument ? "+" : "", o->name, joined);
	else
		printf("\t\t'%s--%s%s[", repeats, o->name, joined);
	print_about(o->help);
	putchar(']');
	if (o->argument) {
		fputs(o->is_optional ? "::" : ":", stdout);
		print_quoted(o->argument, strlen(o->argument));
		putchar(':');
		print_action(o->completes, o->words);
	}
	fputs("' \\\n", stdout);
}

/* print_argument: one specification; is_last: the end of the call. */
static void print_argument(const struct gp_cli_argument *a, size_t number, bool is_last)
{
	struct gp_cli_word word;
	if (a->may_repeat)
		fputs("\t\t'*:", stdout);
	else
		printf("\t\t'%zu:%s", number, a->is_optional ? ":" : "");
	print_quoted(a->name, strlen(a->name));
	putchar(':');
	if (a->word_at) {
		for (size_t i = 0; a->word_at(i, &word); i++)
			printf("%s%s", i ? " " : "(", word.name);
		putchar(')');
	} else {
		print_action(a->completes, a->words);
	}
	fputs(is_last ? "'\n" : "' \\\n", stdout);
}

/* print_described: an element of a list for _describe. */
static void print_described(const char *name, const char *help)
{
	printf("\t\t'%s:", name);
	print_quoted(help, strlen(help));
	fputs("'\n", stdout);
}

/* print_choice: what the two states do: name a command, or go to its function. */
static void print_choice(const char *prefix)
{
	printf("\tcase $state in\n"
	       "\tname) _describe -t commands command names ;;\n"
	       "\trest) if (( $+functions[%s_${words[1]}] )); then %s_${words[1]}; fi ;;\n"
	       "\tesac\n"
	       "}\n",
		prefix, prefix);
}

/* print_row: the function of a command. */
static void print_row(const char *prefix, const struct gp_cli_command *command)
{
	char name[2 * GP_CLI_TITLE_MAX];
	const struct gp_cli_option *row;
	snprintf(name, sizeof name, "%s_%s", prefix, command->name);
	printf("\n%s()\n{\n", name);
	if (command->subcommands) {
		fputs("\tlocal state state_descr line\n\tlocal -a names=(\n", stdout);
		for (const struct gp_cli_command *s = command->subcommands; s->name; s++)
			print_described(s->name, s->help);
		fputs("\t)\n", stdout);
	}
	printf("\t_arguments %s-s -S \\\n", command->subcommands ? "-C " : "");
	bool has_more = command->subcommands || command->arguments;
	for (size_t i = 0; (row = gp_cli_option_row(command, i)) != NULL; i++)
		print_option(row);
	if (command->subcommands)
		fputs("\t\t'(-)1:subcommand:->name' \\\n\t\t'(-)*::argument:->rest'\n", stdout);
	for (const struct gp_cli_argument *a = command->arguments; a && a->name; a++)
		print_argument(a, (size_t)(a - command->arguments) + 1, !a[1].name);
	if (!has_more)
		fputs("\t\t&& return 0\n", stdout);
	if (command->subcommands)
		print_choice(name);
	else
		fputs("}\n", stdout);
	for (const struct gp_cli_command *s = command->subcommands; s && s->name; s++)
		print_row(name, s);
}

/* gp_cli_completion_zsh: rows first, then the function that zsh calls. */
void gp_cli_completion_zsh(const struct gp_cli_command *const *all)
{
	fputs(head, stdout);
	for (size_t i = 0; all[i]; i++)
		print_row("_gatepost", all[i]);
	fputs("\n_gatepost_help()\n{\n\t_arguments '1:command:(", stdout);
	for (size_t i = 0; all[i]; i++)
		printf("%s%s", i ? " " : "", all[i]->name);
	fputs(")'\n}\n\n_gatepost()\n{\n\tlocal curcontext=$curcontext state state_descr line\n"
	      "\tlocal -A opt_args\n\tlocal -a names=(\n",
		stdout);
	for (size_t i = 0; all[i]; i++)
		print_described(all[i]->name, all[i]->help);
	print_described("help", "the help of a command");
	fputs("\t)\n\t_arguments -C \\\n\t\t'(- *)'{-h,--help}'[all commands]' \\\n"
	      "\t\t'(- *)'{-V,--version}'[the version]' \\\n"
	      "\t\t'(-)1:command:->name' \\\n\t\t'(-)*::argument:->rest'\n",
		stdout);
	print_choice("_gatepost");
	fputs("\n_gatepost \"$@\"\n", stdout);
}
