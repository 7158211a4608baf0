/* SPDX-License-Identifier: ISC */
/*
 * The operator's command: one function per subcommand.
 *
 * Each takes its own argc and argv (argv[0] is the subcommand), prints to stdout, errors to stderr,
 * and returns an exit code (usage.h).
 */
#ifndef GP_CLI_CLI_H
#define GP_CLI_CLI_H

int gp_cli_spf(int argc, char **argv);
int gp_cli_check_config(int argc, char **argv);
int gp_cli_request(int argc, char **argv);
int gp_cli_limits(int argc, char **argv);
int gp_cli_doctor(int argc, char **argv);
int gp_cli_status(int argc, char **argv);
int gp_cli_metrics(int argc, char **argv);
int gp_cli_store(int argc, char **argv);
int gp_cli_verify(int argc, char **argv);

#endif
