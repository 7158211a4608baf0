/* SPDX-License-Identifier: ISC */
/*
 * The script has the rows of commands as cases of one function, and one that walks over the line.
 * It takes the line itself apart, as bash splits words at : and =, too; it needs no other package.
 * Replies are compared and never evaluated: compgen -W would run what is written in them.
 */
#include "cli/completion/completion.h"

#include <stdio.h>
#include <string.h>

#include "cli/command_find.h"

static const char head[] =
	"# Completion of gatepost in bash. Made by: gatepost completion bash\n\n"
	"# _gatepost_row COMMAND: what may follow it. values: OPTION=KIND; arguments: a KIND "
	"each,\n"
	"# with + behind it when it repeats\n"
	"_gatepost_row()\n"
	"{\n"
	"\tsubcommands= options= values= arguments=\n"
	"\tcase $1 in\n";

static const char tail[] =
	"\tesac\n"
	"}\n\n"
	"# _gatepost_kind OPTION: sets kind; false: it takes no value\n"
	"_gatepost_kind()\n"
	"{\n"
	"\tlocal pair\n"
	"\tkind=\n"
	"\tfor pair in $values; do\n"
	"\t\tif [[ ${pair%%=*} == \"$1\" ]]; then kind=${pair#*=}; fi\n"
	"\tdone\n"
	"\t[[ $kind ]]\n"
	"}\n\n"
	"# _gatepost_argument NUMBER: sets kind\n"
	"_gatepost_argument()\n"
	"{\n"
	"\tlocal one number=$1\n"
	"\tkind=\n"
	"\tfor one in $arguments; do\n"
	"\t\tkind=${one%+}\n"
	"\t\tif ((number-- == 0)); then return; fi\n"
	"\tdone\n"
	"\tif [[ $arguments != *+ ]]; then kind=; fi\n"
	"}\n\n"
	"# _gatepost_add WORD...: those that begin as value does, with prefix before them\n"
	"_gatepost_add()\n"
	"{\n"
	"\tlocal one\n"
	"\tfor one; do\n"
	"\t\tif [[ $one == \"$value\"* ]]; then COMPREPLY+=(\"$prefix$one\"); fi\n"
	"\tdone\n"
	"}\n\n"
	"# _gatepost_fill: adds what kind allows\n"
	"_gatepost_fill()\n"
	"{\n"
	"\tlocal -a found=()\n"
	"\tcase $kind in\n"
	"\twords:*) IFS=, read -ra found <<<\"${kind#words:}\" ;;\n"
	"\tfile) compopt -o filenames 2>/dev/null; mapfile -t found < <(compgen -f -- "
	"\"$value\") ;;\n"
	"\tdirectory) compopt -o filenames 2>/dev/null; mapfile -t found < <(compgen -d -- "
	"\"$value\") ;;\n"
	"\thost) mapfile -t found < <(compgen -A hostname -- \"$value\") ;;\n"
	"\tusers | limits | lists)\n"
	"\t\tmapfile -t found < <(\"${words[0]}\" completion \"$kind\" \"${given[@]}\" "
	"2>/dev/null) ;;\n"
	"\tesac\n"
	"\t_gatepost_add \"${found[@]}\"\n"
	"}\n\n"
	"_gatepost()\n"
	"{\n"
	"\tlocal subcommands options values arguments kind= value prefix= IFS=$' \\t\\n'\n"
	"\tlocal line=${COMP_LINE:0:COMP_POINT} row= option= is_over= word left= i taken=0\n"
	"\tlocal -a words=() given=()\n"
	"\tread -ra words <<<\"$line\"\n"
	"\tif [[ $line == *[[:space:]] ]]; then words+=(\"\"); fi\n"
	"\tvalue=${words[${#words[@]} - 1]}\n"
	"\tlocal whole=$value breaks=${COMP_WORDBREAKS//[^:=]/}\n"
	"\tCOMPREPLY=()\n"
	"\t_gatepost_row ''\n"
	"\tfor ((i = 1; i < ${#words[@]} - 1; i++)); do\n"
	"\t\tword=${words[i]}\n"
	"\t\tif [[ $option ]]; then\n"
	"\t\t\tcase $option in -c | --config | --socket) given+=(\"$option\" \"$word\") ;; "
	"esac\n"
	"\t\t\toption=\n"
	"\t\telif [[ $word == -- ]]; then\n"
	"\t\t\tis_over=yes\n"
	"\t\telif [[ $word == -* && ! $is_over ]]; then\n"
	"\t\t\tcase $word in --config=* | --socket=*) given+=(\"$word\") ;; esac\n"
	"\t\t\tif _gatepost_kind \"$word\"; then option=$word; fi\n"
	"\t\telif [[ \" $subcommands \" == *\" $word \"* ]]; then\n"
	"\t\t\trow=${row:+$row }$word\n"
	"\t\t\t_gatepost_row \"$row\"\n"
	"\t\telse\n"
	"\t\t\t((++taken))\n"
	"\t\tfi\n"
	"\tdone\n"
	"\tif [[ $option ]]; then\n"
	"\t\t_gatepost_kind \"$option\"\n"
	"\t\t_gatepost_fill\n"
	"\telif [[ $value == --*=* && ! $is_over ]]; then\n"
	"\t\tprefix=${value%%=*}= value=${value#*=}\n"
	"\t\t_gatepost_kind \"${prefix%=}\"\n"
	"\t\t_gatepost_fill\n"
	"\telif [[ $value == -* && ! $is_over ]]; then\n"
	"\t\t_gatepost_add $options\n"
	"\telif [[ $subcommands ]]; then\n"
	"\t\tif ((taken == 0)); then _gatepost_add $subcommands; fi\n"
	"\telse\n"
	"\t\t_gatepost_argument \"$taken\"\n"
	"\t\t_gatepost_fill\n"
	"\tfi\n"
	"\tif [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]]; then\n"
	"\t\tcompopt -o nospace 2>/dev/null\n"
	"\tfi\n"
	"\t# bash puts a reply in place of what stands behind the last of its breaks\n"
	"\tif [[ $breaks && $whole == *[$breaks]* ]]; then "
	"left=${whole%\"${whole##*[$breaks]}\"}; fi\n"
	"\tCOMPREPLY=(\"${COMPREPLY[@]#\"$left\"}\")\n"
	"}\n\n"
	"complete -F _gatepost gatepost\n";

/* print_words: a list that has blanks between its words, with commas. */
static void print_words(const char *list)
{
	fputs("words:", stdout);
	for (const char *p = list; *p; p++)
		putchar(*p == ' ' ? ',' : *p);
}

/* print_table: the words of an argument. */
static void print_table(const struct gp_cli_argument *argument)
{
	struct gp_cli_word word;
	fputs("words:", stdout);
	for (size_t i = 0; argument->word_at(i, &word); i++)
		printf("%s%s", i ? "," : "", word.name);
}

/* print_kind: how a value is completed. */
static void print_kind(enum gp_cli_completes completes, const char *words)
{
	static const char *const names[] = {[GP_CLI_ANY] = "any",
		[GP_CLI_FILE] = "file",
		[GP_CLI_DIRECTORY] = "directory",
		[GP_CLI_HOST] = "host",
		[GP_CLI_LIMIT] = "limits",
		[GP_CLI_LIST] = "lists",
		[GP_CLI_WHO] = "users"};
	if (words)
		print_words(words);
	else
		fputs(names[completes], stdout);
}

/* print_options: their names, and what the values are. */
static void print_options(const struct gp_cli_command *command)
{
	const struct gp_cli_option *row;
	fputs("\t\toptions='", stdout);
	for (size_t i = 0; (row = gp_cli_option_row(command, i)) != NULL; i++)
		printf("%s--%s", i ? " " : "", row->name);
	fputs("'\n\t\tvalues='", stdout);
	bool is_first = true;
	for (size_t i = 0; (row = gp_cli_option_row(command, i)) != NULL; i++) {
		if (!row->argument || row->is_optional)
			continue;
		if (row->letter) {
			printf("%s-%c=", is_first ? "" : " ", row->letter);
			print_kind(row->completes, row->words);
			is_first = false;
		}
		printf("%s--%s=", is_first ? "" : " ", row->name);
		print_kind(row->completes, row->words);
		is_first = false;
	}
	fputs("'\n", stdout);
}

/* print_row: the case of a command. */
static void print_row(const char *parent, const struct gp_cli_command *command)
{
	printf("\t'%s%s%s')\n", parent, *parent ? " " : "", command->name);
	if (command->subcommands) {
		fputs("\t\tsubcommands='", stdout);
		for (const struct gp_cli_command *s = command->subcommands; s->name; s++)
			printf("%s%s", s == command->subcommands ? "" : " ", s->name);
		fputs("'\n", stdout);
	}
	print_options(command);
	if (command->arguments) {
		fputs("\t\targuments='", stdout);
		for (const struct gp_cli_argument *a = command->arguments; a->name; a++) {
			if (a != command->arguments)
				putchar(' ');
			if (a->word_at)
				print_table(a);
			else
				print_kind(a->completes, a->words);
			fputs(a->may_repeat ? "+" : "", stdout);
		}
		fputs("'\n", stdout);
	}
	fputs("\t\t;;\n", stdout);
	for (const struct gp_cli_command *s = command->subcommands; s && s->name; s++)
		print_row(command->name, s);
}

/* gp_cli_completion_bash: the rows between what is the same for all. */
void gp_cli_completion_bash(const struct gp_cli_command *const *all)
{
	fputs(head, stdout);
	fputs("\t'')\n\t\tsubcommands='", stdout);
	for (size_t i = 0; all[i]; i++)
		printf("%s ", all[i]->name);
	fputs("help'\n\t\toptions='--help --version'\n\t\t;;\n\t'help')\n\t\targuments='words:",
		stdout);
	for (size_t i = 0; all[i]; i++)
		printf("%s%s", i ? "," : "", all[i]->name);
	fputs("'\n\t\t;;\n", stdout);
	for (size_t i = 0; all[i]; i++)
		print_row("", all[i]);
	fputs(tail, stdout);
}
