/* SPDX-License-Identifier: ISC */
/*
 * The operator's command: one function per subcommand, and what they share.
 *
 * Each takes its own argc and argv (argv[0] is the subcommand), prints to stdout, errors to stderr,
 * and returns an exit code.
 */
#ifndef GP_CLI_CLI_H
#define GP_CLI_CLI_H

enum gp_cli_exit {
	GP_CLI_FINE = 0,    /* the question was answered, whatever the answer is */
	GP_CLI_TROUBLE = 1, /* it could not be: connection, memory, file */
	GP_CLI_USAGE = 2,
	GP_CLI_CONFIG = 3 /* the configuration has errors */
};

int gp_cli_spf(int argc, char **argv);
int gp_cli_check_config(int argc, char **argv);
int gp_cli_request(int argc, char **argv);
int gp_cli_limits(int argc, char **argv);
int gp_cli_doctor(int argc, char **argv);
int gp_cli_status(int argc, char **argv);
int gp_cli_metrics(int argc, char **argv);
int gp_cli_store(int argc, char **argv);
int gp_cli_verify(int argc, char **argv);

/* Usage trouble: "gatepost COMMAND: text" and where help is; returns GP_CLI_USAGE. */
int gp_cli_usage(const char *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
