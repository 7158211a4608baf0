/* SPDX-License-Identifier: ISC */
/* Usage: exit codes of the commands, and how trouble with the way they were called is said. */
#ifndef GP_CLI_USAGE_H
#define GP_CLI_USAGE_H

enum gp_cli_exit {
	GP_CLI_FINE = 0,    /* the question was answered, whatever the answer is */
	GP_CLI_TROUBLE = 1, /* it could not be: connection, memory, file */
	GP_CLI_USAGE = 2,
	GP_CLI_CONFIG = 3 /* the configuration has errors */
};

/* Usage trouble: "gatepost COMMAND: text" and where help is; returns GP_CLI_USAGE. Control
 * characters of what was typed are shown as question marks. */
int gp_cli_usage(const char *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
