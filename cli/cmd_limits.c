/* SPDX-License-Identifier: ISC */
/* gatepost limits: who used how much of which limit, why a limit is what it is, and changing it. */
#include <stdio.h>
#include <string.h>

#include "base/span.h"
#include "cli/cli.h"
#include "cli/limits.h"
#include "cli/place.h"
#include "cli/usage.h"
#include "config/config.h"

/* ---- what they do ---- */

/* print_text: what a function makes of the answer. */
static int print_text(struct gp_cli_control *control, const json_t *answer,
	bool (*make)(const json_t *answer, struct gp_arena *arena, struct gp_strbuf *buf))
{
	struct gp_arena *arena = gp_arena_new(GP_CLI_LIMITS_MEMORY);
	struct gp_strbuf buf;
	const char *text;
	int code = GP_CLI_TROUBLE;
	gp_strbuf_init(&buf, arena, GP_CLI_LIMITS_MEMORY);
	if (!arena || !make(answer, arena, &buf) || gp_strbuf_finish(&buf, &text)) {
		gp_cli_control_misread(control);
		gp_cli_control_report(control);
	} else {
		fputs(text, stdout);
		code = GP_CLI_FINE;
	}
	gp_arena_free(arena);
	return code;
}

/* print_checked: for programs, after the same checks. */
static int print_checked(struct gp_cli_control *control, const json_t *answer)
{
	struct gp_arena *arena = gp_arena_new(GP_CLI_LIMITS_MEMORY);
	const struct gp_cli_row *rows;
	size_t count;
	int code = GP_CLI_TROUBLE;
	if (arena && gp_cli_rows(answer, arena, &rows, &count)) {
		code = gp_cli_control_print(answer, false);
	} else {
		gp_cli_control_misread(control);
		gp_cli_control_report(control);
	}
	gp_arena_free(arena);
	return code;
}

/* ask_and_print: one exchange. */
static int ask_and_print(const struct gp_cli_limits *a, struct gp_cli_control *control,
	json_t *request,
	bool (*make)(const json_t *answer, struct gp_arena *arena, struct gp_strbuf *buf))
{
	json_t *answer;
	if (gp_cli_control_ask(control, request, &answer))
		return gp_cli_control_report(control);
	int code = a->json ? print_checked(control, answer) : print_text(control, answer, make);
	json_decref(answer);
	return code;
}

/* make_top: all rows of the answer. */
static bool make_top(const json_t *answer, struct gp_arena *arena, struct gp_strbuf *buf)
{
	return gp_cli_limits_top(answer, SIZE_MAX, arena, buf);
}

/* list: once, or watching. */
static int list(const struct gp_cli_limits *a, struct gp_cli_control *control)
{
	return a->watch ? gp_cli_limits_watch(a, control)
			: ask_and_print(a, control, gp_cli_limits_request(a), make_top);
}

/* ask_about: the request of show and explain. */
static json_t *ask_about(const struct gp_cli_limits *a)
{
	return json_pack("{s:s, s:s}", "command", "show", "who", a->words[0]);
}

/* show: a table. */
static int show(const struct gp_cli_limits *a, struct gp_cli_control *control)
{
	return ask_and_print(a, control, ask_about(a), gp_cli_limits_show);
}

/* explain: sentences. */
static int explain(const struct gp_cli_limits *a, struct gp_cli_control *control)
{
	return ask_and_print(a, control, ask_about(a), gp_cli_limits_explain);
}

/* overrides: a table. */
static int overrides(const struct gp_cli_limits *a, struct gp_cli_control *control)
{
	json_t *answer;
	if (gp_cli_control_ask(control, json_pack("{s:s}", "command", "overrides"), &answer))
		return gp_cli_control_report(control);
	int code = a->json ? gp_cli_control_print(answer, false)
			   : print_text(control, answer, gp_cli_limits_overrides);
	json_decref(answer);
	return code;
}

/* ---- arguments ---- */

/* check_words: of a form that can be sent; -1: fine. */
static int check_words(const struct gp_cli_call *call)
{
	for (size_t i = 0; i < call->word_count; i++) {
		const char *word = call->words[i];
		json_t *text = json_string(word);
		json_decref(text);
		if (!text || !*word || strlen(word) > GP_CLI_WHO_MAX)
			return gp_cli_usage(call->title,
				"a name is 1 to %d bytes of well-formed UTF-8", GP_CLI_WHO_MAX);
	}
	return -1;
}

/* take_options: -1: fine. */
static int take_options(const struct gp_cli_call *call, struct gp_cli_limits *a)
{
	static const uint64_t rows[] = {1, 100000}, seconds[] = {1, 3600};
	a->title = call->title;
	a->words = call->words;
	a->word_count = (int)call->word_count;
	a->json = gp_cli_has_option(call, "json");
	a->all = gp_cli_has_option(call, "all");
	a->watch = gp_cli_has_option(call, "watch");
	a->for_text = gp_cli_option(call, "for");
	if (a->all && gp_cli_has_option(call, "rows"))
		return gp_cli_usage(call->title, "--rows or --all, not both");
	int code = gp_cli_option_number(call, "rows", "numbers", rows, &a->count);
	return code < 0 ? gp_cli_option_number(call, "watch", "seconds", seconds, &a->watch_s)
			: code;
}

/* run: arguments, the socket, what is wanted. */
static int run(const struct gp_cli_call *call,
	int (*wanted)(const struct gp_cli_limits *a, struct gp_cli_control *control))
{
	struct gp_cli_limits a = {.watch_s = 2};
	struct gp_cli_control control = {.stop_fd = -1};
	int code = check_words(call);
	if (code < 0)
		code = take_options(call, &a);
	if (code < 0)
		code = gp_cli_place_find(&control, call);
	if (code < 0)
		code = wanted(&a, &control);
	gp_cli_place_leave(&control);
	return code;
}

/* run_list: of the command itself. */
static int run_list(const struct gp_cli_call *call)
{
	return run(call, list);
}

/* run_show: of the subcommand. */
static int run_show(const struct gp_cli_call *call)
{
	return run(call, show);
}

/* run_explain: of the subcommand. */
static int run_explain(const struct gp_cli_call *call)
{
	return run(call, explain);
}

/* run_set: of the subcommand. */
static int run_set(const struct gp_cli_call *call)
{
	return run(call, gp_cli_limits_set);
}

/* run_reset: of the subcommand. */
static int run_reset(const struct gp_cli_call *call)
{
	return run(call, gp_cli_limits_reset);
}

/* run_overrides: of the subcommand. */
static int run_overrides(const struct gp_cli_call *call)
{
	return run(call, overrides);
}

/* ---- rows ---- */

static const struct gp_cli_option list_options[] = {
	{.name = "rows", .letter = 'n', .argument = "N", .help = "at most N rows (default 20)"},
	{.name = "all", .help = "all rows"},
	{.name = "watch",
		.is_optional = true,
		.argument = "SECONDS",
		.help = "refresh every SECONDS (default 2) until interrupted"},
	{0},
};

static const struct gp_cli_option set_options[] = {
	{.name = "for",
		.argument = "DURATION",
		.help = "how long the maximum applies: 30m, 12h, 1d, 2w"},
	{0},
};

static const struct gp_cli_argument who[] = {
	{.name = "WHO", .completes = GP_CLI_WHO},
	{0},
};

static const struct gp_cli_argument who_limit[] = {
	{.name = "WHO", .completes = GP_CLI_WHO},
	{.name = "LIMIT", .completes = GP_CLI_LIMIT, .is_optional = true},
	{0},
};

static const struct gp_cli_argument who_limit_value[] = {
	{.name = "WHO", .completes = GP_CLI_WHO},
	{.name = "LIMIT", .completes = GP_CLI_LIMIT},
	{.name = "VALUE", .words = "unlimited default"},
	{0},
};

#define WHO_HELP                                                                            \
	"WHO is a user, or client:192.0.2.1, network:192.0.2.0/24, sender:ADDRESS, "        \
	"domain:DOMAIN, sender_domain:DOMAIN, all, as in the table's first column; a user " \
	"whose name has a colon, or is all, is written user:NAME."

static const struct gp_cli_command subcommands[] = {
	{.name = "show",
		.help = "show the limits of WHO: used, maximum, when there is room again",
		.synopsis = "WHO [--json]",
		.text = "The limits that apply to WHO: what is used, the maximum, and when there "
			"is "
			"room again.\n\n" WHO_HELP,
		.options = {gp_cli_json_option, gp_cli_control_options, gp_cli_direct_option},
		.arguments = who,
		.examples = "gatepost limits show alice@example.org",
		.run = run_show},
	{.name = "explain",
		.help = "show also where each maximum comes from (file and line)",
		.synopsis = "WHO [--json]",
		.text = "Says for each limit that applies to WHO where its maximum comes from: "
			"file and "
			"line, or set at run time by whom and until when.\n\n" WHO_HELP,
		.options = {gp_cli_json_option, gp_cli_control_options, gp_cli_direct_option},
		.arguments = who,
		.examples = "gatepost limits explain alice@example.org",
		.run = run_explain},
	{.name = "reset",
		.help = "set the counters of WHO to zero, of one limit or of all",
		.synopsis = "WHO [LIMIT] [--json]",
		.text = "Forgets what WHO has used of one limit, or of all limits that are about "
			"WHO "
			"only.\n\n" WHO_HELP,
		.options = {gp_cli_json_option, gp_cli_control_options, gp_cli_direct_option},
		.arguments = who_limit,
		.examples = "gatepost limits reset client:192.0.2.1",
		.run = run_reset},
	{.name = "set",
		.help = "change a maximum for WHO at once; it survives restarts",
		.synopsis = "WHO LIMIT VALUE [--for DURATION] [--json]\nWHO LIMIT default [--json]",
		.text = "Sets another maximum of one limit for WHO. It holds at once and over "
			"restarts. VALUE is a number (for bytes also with k, M, G, T), "
			"unlimited, or default, "
			"which takes back what was set.\n\n" WHO_HELP "\n\n"
			"A maximum set for a domain is that of each of its users without one of "
			"their own.",
		.options = {set_options, gp_cli_json_option, gp_cli_control_options,
			gp_cli_direct_option},
		.arguments = who_limit_value,
		.examples = "gatepost limits set newsletter@example.org hourly 5000 --for 1d\n"
			    "gatepost limits set domain:example.net hourly 20 --for 2h",
		.run = run_set},
	{.name = "overrides",
		.help = "list the maxima set this way, by whom and until when",
		.synopsis = "[--json]",
		.text = "Lists the maxima that were set at run time: for whom, which limit, "
			"until when, and who has set it.",
		.options = {gp_cli_json_option, gp_cli_control_options, gp_cli_direct_option},
		.examples = "gatepost limits overrides",
		.run = run_overrides},
	{0},
};

const struct gp_cli_command gp_cli_limits = {
	.name = "limits",
	.help = "show, explain, reset and change what each user may send",
	.synopsis = "[-n N | --all] [--json] [--watch[=SECONDS]]",
	.text = "Lists who has used how much of which limit, the fullest first.\n\n" WHO_HELP "\n\n"
		"The running daemon is asked. On a host with Exim alone, where no daemon runs, the "
		"store is used itself, as Exim's user, which root may become; a line says so.",
	.options = {list_options, gp_cli_json_option, gp_cli_control_options, gp_cli_direct_option},
	.subcommands = subcommands,
	.examples = "gatepost limits --watch\n"
		    "gatepost limits explain alice@example.org\n"
		    "gatepost limits set newsletter@example.org hourly 5000 --for 1d\n"
		    "gatepost limits set domain:example.net hourly 20 --for 2h\n"
		    "gatepost limits reset client:192.0.2.1",
	.exits = "0 done\n1 it could not be done, or there was nothing to reset\n2 wrong usage\n"
		 "3 the configuration has errors",
	.run = run_list,
};
