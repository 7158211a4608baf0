/* SPDX-License-Identifier: ISC */
/* gatepost: the list of commands, and what argv says. */
#include <locale.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/usage.h"

/* main: the command; an answer that could not be written is none. */
int main(int argc, char **argv)
{
	setlocale(LC_CTYPE, "");
	int code = gp_cli_run(gp_cli_commands, argc, argv);
	if (fflush(stdout) || ferror(stdout)) {
		perror("gatepost: standard output");
		return code ? code : GP_CLI_TROUBLE;
	}
	return code;
}
