/* SPDX-License-Identifier: ISC */
/* gatepost completion: the scripts for shells, and the names that they ask for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/completion/completion.h"
#include "cli/place.h"
#include "cli/limits.h"
#include "cli/usage.h"

#define NAMES_MAX 1000 /* rows that are asked for; more than anybody would look through */

/* print_safe: a name on a line, if it means nothing to a shell: who is counted is foreign text. */
static void print_safe(const char *name)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "._@:/+%-";
	if (*name && *name != '-' && strspn(name, safe) == strlen(name))
		puts(name);
}

/* by_name: for qsort. */
static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* print_names: each once, in order. */
static void print_names(const char **names, size_t count)
{
	if (count)
		qsort(names, count, sizeof *names, by_name);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || strcmp(names[i], names[i - 1]) != 0)
			print_safe(names[i]);
}

/* run_users: whose use is counted, as limits shows it; a name on a line. */
static int run_users(const struct gp_cli_call *call)
{
	struct gp_cli_control control = {.stop_fd = -1};
	struct gp_arena *arena = gp_arena_new(GP_CLI_LIMITS_MEMORY);
	const struct gp_cli_row *rows;
	json_t *answer = NULL;
	size_t count;
	int code = gp_cli_place_find(&control, call);
	if (code < 0)
		code = gp_cli_control_ask(&control,
			json_pack("{s:s, s:i}", "command", "limits", "count", NAMES_MAX), &answer);
	if (code == GP_CLI_FINE && (!arena || !gp_cli_rows(answer, arena, &rows, &count)))
		code = gp_cli_control_misread(&control);
	if (code == GP_CLI_FINE) {
		const char **names = gp_arena_array(arena, count + 1, sizeof *names);
		for (size_t i = 0; names && i < count; i++)
			names[i] = gp_cli_row_who(arena, &rows[i]);
		print_names(names, names ? count : 0);
	} else if (*control.problem) {
		gp_cli_control_report(&control);
	}
	json_decref(answer);
	gp_cli_place_leave(&control);
	gp_arena_free(arena);
	return code;
}

/* ---- the subcommands ---- */

/* run_bash: the script. */
static int run_bash(const struct gp_cli_call *call)
{
	gp_cli_completion_bash(call->all);
	return GP_CLI_FINE;
}

/* run_zsh: the function. */
static int run_zsh(const struct gp_cli_call *call)
{
	gp_cli_completion_zsh(call->all);
	return GP_CLI_FINE;
}

/* run_limits: those of the configuration. */
static int run_limits(const struct gp_cli_call *call)
{
	const char *path = gp_cli_option(call, "config");
	struct gp_config *config = NULL;
	const char *names[GP_LIMIT_MAX];
	size_t count = 0;
	if (gp_cli_config_load(call->title, path ? path : GP_CONFIG_PATH, &config))
		return GP_CLI_CONFIG;
	for (size_t i = 0; i < config->limits.limit_count && i < GP_LIMIT_MAX; i++)
		names[count++] = config->limits.limits[i].name;
	print_names(names, count);
	gp_config_free(config);
	return GP_CLI_FINE;
}

/* run_lists: DNS lists of the configuration. */
static int run_lists(const struct gp_cli_call *call)
{
	const char *path = gp_cli_option(call, "config");
	struct gp_config *config = NULL;
	const char *names[GP_DNSBL_LISTS_MAX];
	size_t count = 0;
	if (gp_cli_config_load(call->title, path ? path : GP_CONFIG_PATH, &config))
		return GP_CLI_CONFIG;
	for (size_t i = 0; i < config->dnsbl.count && i < GP_DNSBL_LISTS_MAX; i++)
		names[count++] = config->dnsbl.lists[i].name;
	print_names(names, count);
	gp_config_free(config);
	return GP_CLI_FINE;
}

#define ASKED "The scripts call this when they complete a name. "

static const struct gp_cli_command subcommands[] = {
	{.name = "bash",
		.help = "the script for bash",
		.text = "Prints the script that completes in bash 4.2 or later. The packages "
			"install it where bash-completion finds it; elsewhere a line in "
			"~/.bashrc does.",
		.examples = "source <(gatepost completion bash)",
		.run = run_bash},
	{.name = "zsh",
		.help = "the function for zsh",
		.text = "Prints the function _gatepost that completes in zsh 5 or later. The "
			"packages install it; elsewhere it goes into a directory of $fpath.",
		.examples = "gatepost completion zsh > ~/.zsh/functions/_gatepost",
		.run = run_zsh},
	{.name = "users",
		.help = "whose use is counted, as the scripts ask",
		.text = ASKED
		"Prints the names that limits has rows of, each on a line, if they mean "
		"nothing to a shell.",
		.options = {gp_cli_control_options},
		.examples = "gatepost completion users",
		.run = run_users},
	{.name = "limits",
		.help = "names of limits, as the scripts ask",
		.text = ASKED
		"Prints the names of the limits of the configuration, each on a line.",
		.options = {gp_cli_control_options},
		.examples = "gatepost completion limits",
		.run = run_limits},
	{.name = "lists",
		.help = "names of DNS lists, as the scripts ask",
		.text = ASKED
		"Prints the names of the DNS lists of the configuration, each on a line.",
		.options = {gp_cli_control_options},
		.examples = "gatepost completion lists",
		.run = run_lists},
	{0},
};

const struct gp_cli_command gp_cli_completion = {
	.name = "completion",
	.help = "tab completion for bash and zsh",
	.text = "Prints scripts with which a shell completes commands, options, files, and "
		"names of limits and users.",
	.subcommands = subcommands,
	.examples = "source <(gatepost completion bash)",
	.exits = "0 printed\n1 the daemon cannot be reached\n2 wrong usage\n"
		 "3 the configuration has errors",
};
