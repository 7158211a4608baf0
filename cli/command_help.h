/* SPDX-License-Identifier: ISC */
/*
 * Help: the texts of gatepost --help and gatepost COMMAND --help, made from the rows of commands,
 * in lines of at most 80 columns.
 */
#ifndef GP_CLI_COMMAND_HELP_H
#define GP_CLI_COMMAND_HELP_H

#include <stdio.h>

#include "cli/command.h"

#define GP_CLI_HELP_WIDTH 80

/* All commands. */
void gp_cli_help_all(FILE *out, const struct gp_cli_command *const *all);

/* One command, or a subcommand of it (command is top where it is none). */
void gp_cli_help_command(
	FILE *out, const struct gp_cli_command *top, const struct gp_cli_command *command);

/* How an option is written with its argument: "-c, --config FILE". Cut to size. */
void gp_cli_option_head(const struct gp_cli_option *option, char *text_out, size_t size);

#endif
