/* SPDX-License-Identifier: ISC */
/* The table of commands: arguments against rows, values, help in 80 columns, what was meant. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/command.h"
#include "cli/command_find.h"
#include "cli/command_help.h"
#include "cli/usage.h"

/* What the last call was given, as text. */
static char seen[512];

/* note: of every call. */
static int note(const struct gp_cli_call *call)
{
	size_t n = (size_t)snprintf(seen, sizeof seen, "%s", call->title);
	for (size_t i = 0; i < call->given_count; i++)
		n += (size_t)snprintf(seen + n, sizeof seen - n, " %s=%s",
			call->given[i].option->name,
			call->given[i].value ? call->given[i].value : "");
	for (size_t i = 0; i < call->word_count; i++)
		n += (size_t)snprintf(seen + n, sizeof seen - n, " [%s]", call->words[i]);
	assert_null(call->words[call->word_count]);
	return 7;
}

static const struct gp_cli_option options[] = {
	{.name = "file", .letter = 'f', .argument = "FILE", .help = "a file"},
	{.name = "server", .argument = "ADDR", .may_repeat = true, .help = "servers"},
	{.name = "watch", .is_optional = true, .argument = "SECONDS", .help = "again"},
	{.name = "quiet", .letter = 'q', .help = "less"},
	{.name = "verbose", .letter = 'v', .help = "more"},
	{0},
};
static const struct gp_cli_option set_options[] = {
	{.name = "for", .argument = "TIME", .help = "so long"},
	{0},
};
static const struct gp_cli_argument any[] = {
	{.name = "WHAT", .is_optional = true, .may_repeat = true},
	{0},
};
static const struct gp_cli_argument two[] = {
	{.name = "WHO"},
	{.name = "VALUE", .is_optional = true},
	{0},
};
static const struct gp_cli_command subcommands[] = {
	{.name = "set",
		.help = "sets",
		.text = "Sets.",
		.options = {set_options, options},
		.arguments = two,
		.run = note},
	{.name = "show", .help = "shows", .text = "Shows.", .arguments = two, .run = note},
	{0},
};
static const struct gp_cli_command plain = {.name = "plain",
	.help = "plain",
	.text = "Plain.",
	.exits = "0 done",
	.options = {options, gp_cli_json_option},
	.arguments = any,
	.run = note};
static const struct gp_cli_command parent = {.name = "parent",
	.help = "has more",
	.text = "Parent.",
	.exits = "0 done",
	.usage_exit = 3,
	.options = {options},
	.subcommands = subcommands,
	.run = note};
static const struct gp_cli_command *const all[] = {&plain, &parent, NULL};

/* call: words with blanks between them. */
static int call(const char *line)
{
	char copy[256], *words[32] = {NULL}, *rest = copy, *word;
	int count = 0;
	snprintf(copy, sizeof copy, "gatepost %s", line);
	while ((word = strsep(&rest, " ")) != NULL)
		words[count++] = word;
	*seen = 0;
	return gp_cli_run(all, count, words);
}

/* test_taken: what is given, in every way to write it. */
static void test_taken(void **state)
{
	static const char *const rows[][2] = {
		{"plain", "plain"},
		{"plain a b", "plain [a] [b]"},
		{"plain -f x a", "plain file=x [a]"},
		{"plain -fx -q a", "plain file=x quiet= [a]"},
		{"plain -qvfx", "plain quiet= verbose= file=x"},
		{"plain --file=x --file-is-no-option", NULL},
		{"plain --fi x --q", "plain file=x quiet="},
		{"plain --file --quiet", "plain file=--quiet"},
		{"plain --file=", "plain file="},
		{"plain --server a --server b", "plain server=a server=b"},
		{"plain --watch 5", "plain watch= [5]"},
		{"plain --watch=5", "plain watch=5"},
		{"plain -- --quiet -q", "plain [--quiet] [-q]"},
		{"plain - -5 -", "plain [-] [-5] [-]"},
		{"parent", "parent"},
		{"parent -q", "parent quiet="},
		{"parent -q set a", "parent set quiet= [a]"},
		{"parent --for 1d set a b", "parent set for=1d [a] [b]"},
		{"parent set --for=1d a", "parent set for=1d [a]"},
		{"parent show -- -x", "parent show [-x]"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int code = call(rows[i][0]);
		assert_int_equal(code, rows[i][1] ? 7 : GP_CLI_USAGE);
		assert_string_equal(seen, rows[i][1] ? rows[i][1] : "");
	}
}

/* test_refused: what does not fit the rows runs nothing; a row's own exit code. */
static void test_refused(void **state)
{
	static const struct {
		const char *line;
		int code;
	} rows[] = {{"plian", GP_CLI_USAGE}, {"plain --nothing", GP_CLI_USAGE},
		{"plain -x", GP_CLI_USAGE}, {"plain --file", GP_CLI_USAGE},
		{"plain -f", GP_CLI_USAGE}, {"plain --quiet=1", GP_CLI_USAGE},
		{"plain --file a --file b", GP_CLI_USAGE}, {"plain --color=pink", GP_CLI_USAGE},
		{"plain --", 7}, {"parent stop", 3}, {"parent set", 3}, {"parent set a b c", 3},
		{"parent show --for 1d a", 3}, {"parent --for 1d", 3},
		{"parent --for 1d show a", 3}};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(call(rows[i].line), rows[i].code);
		assert_int_equal(*seen == 0, rows[i].code != 7);
	}
}

/* test_near: the nearest name, --help never. */
static void test_near(void **state)
{
	(void)state;
	assert_string_equal(gp_cli_near_command(all, "plian"), "plain");
	assert_null(gp_cli_near_command(all, "zzzzzz"));
	assert_string_equal(gp_cli_near_subcommand(&parent, "shwo"), "show");
	assert_string_equal(gp_cli_near_option(&plain, NULL, "flie", 4), "file");
	assert_null(gp_cli_near_option(&plain, NULL, "hlep", 4));
	assert_string_equal(gp_cli_near_option(&parent, &parent, "fro", 3), "for");
}

/* test_real_rows: of every command: complete, and its help in 80 columns. */
static void test_real_rows(void **state)
{
	(void)state;
	for (size_t i = 0; gp_cli_commands[i]; i++) {
		const struct gp_cli_command *c = gp_cli_commands[i];
		char *text = NULL, *rest, *line;
		size_t size = 0;
		assert_ptr_equal(gp_cli_find_command(gp_cli_commands, c->name), c);
		assert_true(c->help && c->text && c->exits && (c->run || c->subcommands));
		for (const struct gp_cli_command *s = c->subcommands; s && s->name; s++)
			assert_true(s->help && s->text && s->run);
		FILE *out = open_memstream(&text, &size);
		gp_cli_help_command(out, c, c);
		for (const struct gp_cli_command *s = c->subcommands; s && s->name; s++)
			gp_cli_help_command(out, c, s);
		assert_int_equal(fclose(out), 0);
		rest = text;
		while ((line = strsep(&rest, "\n")) != NULL)
			if (strlen(line) > GP_CLI_HELP_WIDTH)
				fail_msg("%s: %s", c->name, line);
		free(text);
	}
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_near),
		cmocka_unit_test(test_real_rows),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
