/* SPDX-License-Identifier: ISC */
/*
 * Completion: scripts that complete commands, options and values in shells, made from the rows of
 * commands (command.h).
 *
 * What only the running daemon or the configuration knows (names of limits, whose use is counted)
 * the scripts ask by calling gatepost completion themselves; all else stands in them.
 */
#ifndef GP_CLI_COMPLETION_COMPLETION_H
#define GP_CLI_COMPLETION_COMPLETION_H

#include "cli/command.h"

/* The script for bash 4.2 or later, on stdout. */
void gp_cli_completion_bash(const struct gp_cli_command *const *all);

/* The function _gatepost for zsh 5 or later, on stdout. */
void gp_cli_completion_zsh(const struct gp_cli_command *const *all);

#endif
