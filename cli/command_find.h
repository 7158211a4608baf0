/* SPDX-License-Identifier: ISC */
/*
 * Finding rows: a command, a subcommand or an option by its name, and the one that was meant where
 * there is none of that name.
 */
#ifndef GP_CLI_COMMAND_FIND_H
#define GP_CLI_COMMAND_FIND_H

#include "cli/command.h"

/* A command; NULL: there is none of that name. */
const struct gp_cli_command *gp_cli_find_command(
	const struct gp_cli_command *const *all, const char *name);

/* A subcommand; NULL. */
const struct gp_cli_command *gp_cli_find_subcommand(
	const struct gp_cli_command *command, const char *name);

/* Option number i of a command, through all its lists; NULL: there are no more. */
const struct gp_cli_option *gp_cli_option_row(const struct gp_cli_command *command, size_t i);

/* An option of the command itself by its whole name; NULL. */
const struct gp_cli_option *gp_cli_find_option(
	const struct gp_cli_command *command, const char *name, size_t len);

/* Those whose name begins so, counted; *one_out: one of them. */
size_t gp_cli_count_options(const struct gp_cli_command *command, const char *name, size_t len,
	const struct gp_cli_option **one_out);

/* An option by its letter; NULL. */
const struct gp_cli_option *gp_cli_find_letter(const struct gp_cli_command *command, char letter);

/* The nearest name; NULL: none is near. */
const char *gp_cli_near_command(const struct gp_cli_command *const *all, const char *name);
const char *gp_cli_near_subcommand(const struct gp_cli_command *command, const char *name);

/* Of the command's options and, unless it is NULL, those of the subcommands of another one. */
const char *gp_cli_near_option(const struct gp_cli_command *command,
	const struct gp_cli_command *subcommands_of, const char *name, size_t len);

#endif
