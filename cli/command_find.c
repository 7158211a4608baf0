/* SPDX-License-Identifier: ISC */
/* All over the same rows. */
#include "cli/command_find.h"

#include <string.h>

#include "config/config_nearest.h"

/* gp_cli_find_command: by its whole name. */
const struct gp_cli_command *gp_cli_find_command(
	const struct gp_cli_command *const *all, const char *name)
{
	for (; *all; all++)
		if (strcmp((*all)->name, name) == 0)
			return *all;
	return NULL;
}

/* gp_cli_find_subcommand: by its whole name. */
const struct gp_cli_command *gp_cli_find_subcommand(
	const struct gp_cli_command *command, const char *name)
{
	const struct gp_cli_command *s = command->subcommands;
	for (; s && s->name; s++)
		if (strcmp(s->name, name) == 0)
			return s;
	return NULL;
}

/* in_list: row number *i of a list; NULL, with *i less its length, when it is shorter. */
static const struct gp_cli_option *in_list(const struct gp_cli_option *list, size_t *i)
{
	for (; list && list->name; list++)
		if ((*i)-- == 0)
			return list;
	return NULL;
}

/* gp_cli_option_row: list after list. */
const struct gp_cli_option *gp_cli_option_row(const struct gp_cli_command *command, size_t i)
{
	for (size_t k = 0; k < GP_CLI_OPTION_LISTS; k++) {
		const struct gp_cli_option *row = in_list(command->options[k], &i);
		if (row)
			return row;
	}
	return in_list(gp_cli_common_options, &i);
}

/* gp_cli_find_option: the whole name. */
const struct gp_cli_option *gp_cli_find_option(
	const struct gp_cli_command *command, const char *name, size_t len)
{
	const struct gp_cli_option *row;
	for (size_t i = 0; (row = gp_cli_option_row(command, i)) != NULL; i++)
		if (strlen(row->name) == len && memcmp(row->name, name, len) == 0)
			return row;
	return NULL;
}

/* gp_cli_count_options: the beginning of names. */
size_t gp_cli_count_options(const struct gp_cli_command *command, const char *name, size_t len,
	const struct gp_cli_option **one_out)
{
	const struct gp_cli_option *row;
	size_t count = 0;
	for (size_t i = 0; len && (row = gp_cli_option_row(command, i)) != NULL; i++)
		if (strncmp(row->name, name, len) == 0) {
			*one_out = row;
			count++;
		}
	return count;
}

/* gp_cli_find_letter: the short form. */
const struct gp_cli_option *gp_cli_find_letter(const struct gp_cli_command *command, char letter)
{
	const struct gp_cli_option *row;
	for (size_t i = 0; letter && (row = gp_cli_option_row(command, i)) != NULL; i++)
		if (row->letter == letter)
			return row;
	return NULL;
}

/* gp_cli_near_command: of the list. */
const char *gp_cli_near_command(const struct gp_cli_command *const *all, const char *name)
{
	struct gp_config_nearest nearest = {.word = gp_span_from(name)};
	for (; *all; all++)
		gp_config_nearest_try(&nearest, (*all)->name);
	gp_config_nearest_try(&nearest, "help");
	return nearest.best;
}

/* gp_cli_near_subcommand: of the command. */
const char *gp_cli_near_subcommand(const struct gp_cli_command *command, const char *name)
{
	struct gp_config_nearest nearest = {.word = gp_span_from(name)};
	for (const struct gp_cli_command *s = command->subcommands; s && s->name; s++)
		gp_config_nearest_try(&nearest, s->name);
	return nearest.best;
}

/* try_options: all but --help, which the next line of the message names in any case. */
static void try_options(struct gp_config_nearest *nearest, const struct gp_cli_command *command)
{
	const struct gp_cli_option *row;
	for (size_t i = 0; (row = gp_cli_option_row(command, i)) != NULL; i++)
		if (strcmp(row->name, "help") != 0)
			gp_config_nearest_try(nearest, row->name);
}

/* gp_cli_near_option: the command's own come first. */
const char *gp_cli_near_option(const struct gp_cli_command *command,
	const struct gp_cli_command *subcommands_of, const char *name, size_t len)
{
	struct gp_config_nearest nearest = {.word = {name, len}};
	try_options(&nearest, command);
	if (subcommands_of)
		for (const struct gp_cli_command *s = subcommands_of->subcommands; s && s->name;
			s++)
			try_options(&nearest, s);
	return nearest.best;
}
