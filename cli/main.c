/* SPDX-License-Identifier: ISC */
/* gatepost: finds the subcommand in a table and calls it. */
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/usage.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{"spf", gp_cli_spf, "check SPF as the mail server would, and show how it comes about"},
	{"verify", gp_cli_verify, "check SPF, DKIM, ARC and DMARC of a message in a file"},
	{"check-config", gp_cli_check_config, "check a configuration file, or print one"},
	{"request", gp_cli_request, "ask a running gatepost-policyd what Postfix would be told"},
	{"limits", gp_cli_limits, "who used how much of which limit; why; reset; other maxima"},
	{"status", gp_cli_status,
		"how the running gatepost-policyd is doing, and what cannot work"},
	{"metrics", gp_cli_metrics, "its numbers, as a monitoring system reads them"},
	{"doctor", gp_cli_doctor, "what is wrong on this machine, and how to mend it"},
	{"store", gp_cli_store, "check the store that limits are counted in"},
};
#define COMMANDS (sizeof commands / sizeof commands[0])

/* print_help: the table. */
static void print_help(FILE *out)
{
	fputs("usage: gatepost COMMAND [OPTIONS]\n\ncommands:\n", out);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-14s%s\n", commands[i].name, commands[i].help);
	fputs("\n"
	      "gatepost COMMAND --help says more, with examples. gatepost --version.\n"
	      "\n"
	      "exit codes: 0 the question was answered, 1 it could not be, 2 usage,\n"
	      "            3 the configuration has errors\n",
		out);
}

/* dispatch: the subcommand, or help. */
static int dispatch(int argc, char **argv)
{
	if (argc < 2) {
		print_help(stderr);
		return GP_CLI_USAGE;
	}
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		puts("gatepost " GP_VERSION);
		return GP_CLI_FINE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
		strcmp(argv[1], "help") == 0) {
		print_help(stdout);
		return GP_CLI_FINE;
	}
	fprintf(stderr, "gatepost: there is no command \"%s\"\n\n", argv[1]);
	print_help(stderr);
	return GP_CLI_USAGE;
}

/* main: the command; an answer that could not be written is none. */
int main(int argc, char **argv)
{
	setlocale(LC_CTYPE, "");
	int code = dispatch(argc, argv);
	if (fflush(stdout) || ferror(stdout)) {
		perror("gatepost: standard output");
		return code ? code : GP_CLI_TROUBLE;
	}
	return code;
}
