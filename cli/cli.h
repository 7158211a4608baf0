/* SPDX-License-Identifier: ISC */
/*
 * The operator's command: one row per subcommand (command.h), in the file that implements it.
 *
 * Each prints to stdout, errors to stderr, and returns an exit code (usage.h).
 */
#ifndef GP_CLI_CLI_H
#define GP_CLI_CLI_H

#include "cli/command.h"

extern const struct gp_cli_command gp_cli_spf;
extern const struct gp_cli_command gp_cli_verify;
extern const struct gp_cli_command gp_cli_dmarc;
extern const struct gp_cli_command gp_cli_dkim;
extern const struct gp_cli_command gp_cli_check;
extern const struct gp_cli_command gp_cli_try;
extern const struct gp_cli_command gp_cli_check_config;
extern const struct gp_cli_command gp_cli_request;
extern const struct gp_cli_command gp_cli_limits;
extern const struct gp_cli_command gp_cli_lists;
extern const struct gp_cli_command gp_cli_greylist;
extern const struct gp_cli_command gp_cli_status;
extern const struct gp_cli_command gp_cli_metrics;
extern const struct gp_cli_command gp_cli_doctor;
extern const struct gp_cli_command gp_cli_store;
extern const struct gp_cli_command gp_cli_completion;

/* All of them, in the order of the help; ends with NULL. */
extern const struct gp_cli_command *const gp_cli_commands[];

#endif
