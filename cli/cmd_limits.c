/* SPDX-License-Identifier: ISC */
/* gatepost limits: who used how much of which limit, why a limit is what it is, and changing it. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/span.h"
#include "cli/cli.h"
#include "cli/limits.h"
#include "cli/usage.h"
#include "config/config.h"

static const char help[] =
	"usage: gatepost limits [-n N | --all] [--json] [--watch[=SECONDS]]\n"
	"       gatepost limits show WHO [--json]\n"
	"       gatepost limits explain WHO [--json]\n"
	"       gatepost limits reset WHO [LIMIT]\n"
	"       gatepost limits set WHO LIMIT VALUE [--for DURATION]\n"
	"       gatepost limits set WHO LIMIT default\n"
	"       gatepost limits overrides [--json]\n"
	"\n"
	"Without a word: who has used how much of which limit, the fullest first.\n"
	"\n"
	"  show     the limits of WHO: used, maximum, when there is room again\n"
	"  explain  the same, and where each maximum comes from (file and line)\n"
	"  reset    WHO begins anew, with one limit or with all\n"
	"  set      another maximum for WHO at once, over restarts. VALUE: a number (for\n"
	"           bytes also with k, M, G, T), unlimited, or default to take it back\n"
	"  overrides   what was set so, by whom and until when\n"
	"\n"
	"WHO is a user, or client:192.0.2.1, network:192.0.2.0/24, sender:ADDRESS,\n"
	"domain:DOMAIN, sender_domain:DOMAIN, all, as in the table's first column; a\n"
	"user whose name has a colon, or is all, is written user:NAME. A maximum set for\n"
	"a domain is that of each of its users without one of their own.\n"
	"\n"
	"  -n N               at most N rows (default 20)\n"
	"  --all              all rows\n"
	"  --watch[=SECONDS]  again and again, every 2 seconds\n"
	"  --for DURATION     the maximum holds so long: 30m, 12h, 1d, 2w\n" GP_CLI_JSON_HELP
		GP_CLI_CONTROL_HELP "\n"
	"examples:\n"
	"  gatepost limits --watch\n"
	"  gatepost limits explain alice@example.org\n"
	"  gatepost limits set newsletter@example.org hourly 5000 --for 1d\n"
	"  gatepost limits set domain:example.net hourly 20 --for 2h\n"
	"  gatepost limits reset client:192.0.2.1\n"
	"\n"
	"exit codes: 0 done, 1 it could not be, or nothing was there to reset, 2 usage,\n"
	"3 the configuration has errors\n";

enum { OPT_ALL = 256, OPT_JSON, OPT_WATCH, OPT_FOR, OPT_SOCKET };

/* ---- subcommands ---- */

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

/* run_list: once, or watching. */
static int run_list(const struct gp_cli_limits *a, struct gp_cli_control *control)
{
	return a->watch ? gp_cli_limits_watch(a, control)
			: ask_and_print(a, control, gp_cli_limits_request(a), make_top);
}

/* ask_about: the request of show and explain. */
static json_t *ask_about(const struct gp_cli_limits *a)
{
	return json_pack("{s:s, s:s}", "command", "show", "who", a->words[0]);
}

/* run_show: a table. */
static int run_show(const struct gp_cli_limits *a, struct gp_cli_control *control)
{
	return ask_and_print(a, control, ask_about(a), gp_cli_limits_show);
}

/* run_explain: sentences. */
static int run_explain(const struct gp_cli_limits *a, struct gp_cli_control *control)
{
	return ask_and_print(a, control, ask_about(a), gp_cli_limits_explain);
}

/* run_overrides: a table. */
static int run_overrides(const struct gp_cli_limits *a, struct gp_cli_control *control)
{
	json_t *answer;
	if (gp_cli_control_ask(control, json_pack("{s:s}", "command", "overrides"), &answer))
		return gp_cli_control_report(control);
	int code = a->json ? gp_cli_control_print(answer, false)
			   : print_text(control, answer, gp_cli_limits_overrides);
	json_decref(answer);
	return code;
}

static const struct subcommand {
	const char *name;
	int least, most; /* words */
	const char *words;
	int (*run)(const struct gp_cli_limits *a, struct gp_cli_control *control);
} subcommands[] = {
	{"", 0, 0, "", run_list},
	{"show", 1, 1, "WHO", run_show},
	{"explain", 1, 1, "WHO", run_explain},
	{"reset", 1, 2, "WHO [LIMIT]", gp_cli_limits_reset},
	{"set", 3, 3, "WHO LIMIT VALUE", gp_cli_limits_set},
	{"overrides", 0, 0, "no further word", run_overrides},
};

/* ---- arguments ---- */

/* take: one option; -1 to go on. */
static int take(struct gp_cli_limits *a, int c)
{
	if (c == 'n' && a->count)
		return gp_cli_usage("limits", "-n is given twice");
	if (c == 'n' && (gp_span_parse_uint(gp_span_from(optarg), 100000, &a->count) || !a->count))
		return gp_cli_usage("limits", "-n: a whole number from 1 to 100000");
	if (c == OPT_WATCH && optarg &&
		(gp_span_parse_uint(gp_span_from(optarg), 3600, &a->watch_s) || !a->watch_s))
		return gp_cli_usage("limits", "--watch: whole seconds from 1 to 3600");
	if (c == '?')
		return gp_cli_usage("limits", "this option is not known or lacks its value");
	if ((c == OPT_FOR && a->for_text) || (c == OPT_SOCKET && a->socket) ||
		(c == OPT_WATCH && a->watch) || (c == 'c' && a->has_config))
		return gp_cli_usage("limits", "an option is given twice");
	a->has_config = a->has_config || c == 'c';
	if (c == 'c')
		a->config = optarg;
	else if (c == OPT_SOCKET)
		a->socket = optarg;
	else if (c == OPT_FOR)
		a->for_text = optarg;
	a->all = a->all || c == OPT_ALL;
	a->json = a->json || c == OPT_JSON;
	a->watch = a->watch || c == OPT_WATCH;
	return -1;
}

/*
 * find_negative: a number below zero among the words, which getopt takes for options; NULL: none.
 */
static const char *find_negative(int argc, char **argv)
{
	static const char *const with_value[] = {"-n", "-c", "--config", "--for", "--socket"};
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		bool is_value = false;
		for (size_t k = 0; k < sizeof with_value / sizeof with_value[0]; k++)
			is_value |= strcmp(argv[i - 1], with_value[k]) == 0;
		if (!is_value && argv[i][0] == '-' && argv[i][1] >= '0' && argv[i][1] <= '9')
			return argv[i];
	}
	return NULL;
}

/* parse: -1 to go on, else an exit code. */
static int parse(int argc, char **argv, struct gp_cli_limits *a)
{
	static const struct option options[] = {
		{"all", no_argument, NULL, OPT_ALL},
		{"json", no_argument, NULL, OPT_JSON},
		{"watch", optional_argument, NULL, OPT_WATCH},
		{"for", required_argument, NULL, OPT_FOR},
		{"socket", required_argument, NULL, OPT_SOCKET},
		{"config", required_argument, NULL, 'c'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c, code;
	if (find_negative(argc, argv))
		return gp_cli_limits_no_maximum(find_negative(argc, argv));
	while ((c = getopt_long(argc, argv, "n:c:h", options, NULL)) != -1) {
		if (c == 'h')
			return gp_cli_help(help);
		code = take(a, c);
		if (code >= 0)
			return code;
	}
	return -1;
}

/* find: the subcommand of that name; NULL: there is none. */
static const struct subcommand *find(const char *name)
{
	for (size_t i = 0; i < sizeof subcommands / sizeof subcommands[0]; i++)
		if (strcmp(name, subcommands[i].name) == 0)
			return &subcommands[i];
	return NULL;
}

/* check_words: as many as it takes, and of a form that can be sent; -1: fine. */
static int check_words(const struct gp_cli_limits *a, const struct subcommand *s)
{
	if (a->word_count < s->least || a->word_count > s->most)
		return gp_cli_usage("limits", "%s takes %s", s->name, s->words);
	for (int i = 0; i < a->word_count; i++) {
		json_t *text = json_string(a->words[i]);
		json_decref(text);
		if (!text || !*a->words[i] || strlen(a->words[i]) > GP_CLI_WHO_MAX)
			return gp_cli_usage("limits",
				"%s: a name is 1 to %d bytes of well-formed UTF-8", s->words,
				GP_CLI_WHO_MAX);
	}
	return -1;
}

/* check_options: that they fit the subcommand; -1: fine. */
static int check_options(const struct gp_cli_limits *a, const struct subcommand *s)
{
	if (*s->name && (a->watch || a->all || a->count))
		return gp_cli_usage("limits", "-n, --all and --watch go without a subcommand");
	if (a->all && a->count)
		return gp_cli_usage("limits", "-n or --all, not both");
	if (a->for_text && strcmp(s->name, "set") != 0)
		return gp_cli_usage("limits", "--for goes with set only");
	return -1;
}

/* gp_cli_limits: arguments, the socket, the subcommand. */
int gp_cli_limits(int argc, char **argv)
{
	struct gp_cli_limits a = {.config = GP_CONFIG_PATH, .watch_s = 2};
	struct gp_cli_control control = {.command = "limits", .stop_fd = -1};
	int code = parse(argc, argv, &a);
	if (code >= 0)
		return code;
	bool is_named = optind < argc;
	const char *name = is_named ? argv[optind++] : "";
	const struct subcommand *s = find(name);
	if (!s || (is_named && !*name))
		return gp_cli_usage("limits", "there is no subcommand of that name: show, explain, "
					      "reset, set or overrides");
	a.words = (const char **)argv + optind;
	a.word_count = argc - optind;
	code = check_words(&a, s);
	if (code < 0)
		code = check_options(&a, s);
	if (code < 0)
		code = gp_cli_control_find(&control, a.config, a.socket);
	return code ? code : s->run(&a, &control);
}
