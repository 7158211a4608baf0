/* SPDX-License-Identifier: ISC */
/* Options that are the same in several commands. */
#include "cli/command.h"

const struct gp_cli_option gp_cli_json_option[] = {
	{.name = "json", .help = "a JSON object, for programs"},
	{0},
};

const struct gp_cli_option gp_cli_common_options[] = {
	{.name = "help", .letter = 'h', .help = "what a command does, its options, examples"},
	{.name = "color",
		.argument = "WHEN",
		.words = "auto always never",
		.help = "color on terminals: auto (the default; not with NO_COLOR), always, never"},
	{0},
};
