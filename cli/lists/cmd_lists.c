/* SPDX-License-Identifier: ISC */
/* gatepost lists: how the DNS lists are doing, what they say of a client, switching them off. */
#include "cli/answer.h"
#include "cli/cli.h"
#include "cli/lists/lists.h"
#include "cli/lists/lists_test.h"
#include "cli/offline.h"
#include "cli/place.h"
#include "cli/usage.h"

/* ---- what they do ---- */

/* show: all lists. */
static int show(const struct gp_cli_call *call, struct gp_cli_control *control)
{
	json_t *answer;
	if (gp_cli_control_ask(control, json_pack("{s:s}", "command", "lists"), &answer))
		return gp_cli_control_report(control);
	int code = gp_cli_answer_print(
		control, answer, gp_cli_has_option(call, "json"), gp_cli_lists_show);
	json_decref(answer);
	return code;
}

/* run: the daemon or the store, then what is wanted. */
static int run(const struct gp_cli_call *call,
	int (*wanted)(const struct gp_cli_call *call, struct gp_cli_control *control))
{
	struct gp_cli_control control = {.stop_fd = -1};
	int code = gp_cli_place_find(&control, call);
	if (code < 0)
		code = wanted(call, &control);
	gp_cli_place_leave(&control);
	return code;
}

/* run_show: of the command itself. */
static int run_show(const struct gp_cli_call *call)
{
	return run(call, show);
}

/* run_off: of the subcommand. */
static int run_off(const struct gp_cli_call *call)
{
	return run(call, gp_cli_lists_off);
}

/* run_on: of the subcommand. */
static int run_on(const struct gp_cli_call *call)
{
	return run(call, gp_cli_lists_on);
}

/* run_retest: of the subcommand. */
static int run_retest(const struct gp_cli_call *call)
{
	return run(call, gp_cli_lists_retest);
}

/* ---- rows ---- */

static const struct gp_cli_argument about[] = {
	{.name = "NAME|ADDRESS", .completes = GP_CLI_HOST},
	{0},
};

static const struct gp_cli_argument list_name[] = {
	{.name = "LIST", .completes = GP_CLI_LIST},
	{0},
};

static const struct gp_cli_argument optional_list_name[] = {
	{.name = "LIST", .completes = GP_CLI_LIST, .is_optional = true},
	{0},
};

#define LIST_HELP                                                                              \
	"LIST is a name from the configuration (spamhaus-zen) or the public name of the zone " \
	"(zen.spamhaus.org)."

static const struct gp_cli_command subcommands[] = {
	{.name = "test",
		.help = "query all lists about a domain or an address, and show what it comes to",
		.synopsis = "NAME|ADDRESS [options]",
		.text = "Queries every configured list about a domain or a client address, here "
			"and now, without the daemon: what each list answers, what that means, its "
			"weight, the score, and what would be done. First the lists' own test "
			"entries are queried, as the daemon does; a list that fails them is "
			"suspended, its reason is shown and it counts nothing.\n\n"
			"A domain is queried as sender domain, HELO name and reverse name at once. "
			"Lists that answer about the other kind only are not queried and not "
			"shown. The action is what dnsbl.mode = enforce would do with mail whose "
			"only finding is this score, whatever the mode is.\n\n"
			"127.0.0.2 is the test entry of address lists (RFC 5782): one that works "
			"has it.",
		.options = {gp_cli_resolver_options, gp_cli_json_option},
		.arguments = about,
		.examples = "gatepost lists test 192.0.2.1\n"
			    "gatepost lists test example.org --dns 127.0.0.1 --json",
		.exits = "0 the lists were queried, whatever they say\n1 they could not be\n"
			 "2 wrong usage\n3 the configuration has errors",
		.run = gp_cli_lists_test},
	{.name = "off",
		.help = "stop querying LIST, from now on and over restarts",
		.synopsis = "LIST [--json]",
		.text = "From now on mail is not checked against LIST, within seconds and over "
			"restarts, on every host that shares the store. gatepost lists on takes it "
			"back. The log names the user who asked for it.\n\n" LIST_HELP,
		.options = {gp_cli_json_option, gp_cli_control_options, gp_cli_direct_option},
		.arguments = list_name,
		.examples = "gatepost lists off zen.spamhaus.org",
		.run = run_off},
	{.name = "on",
		.help = "query LIST again",
		.synopsis = "LIST [--json]",
		.text = "Takes gatepost lists off back. The list is tested first and then queried "
			"again.\n\n" LIST_HELP,
		.options = {gp_cli_json_option, gp_cli_control_options, gp_cli_direct_option},
		.arguments = list_name,
		.examples = "gatepost lists on zen.spamhaus.org",
		.run = run_on},
	{.name = "retest",
		.help = "let the daemon test LIST, or all lists, now",
		.synopsis = "[LIST] [--json]",
		.text = "Tells the running daemon to query the test entries of LIST, or of all "
			"lists, now: after the resolver or a key was mended, a suspended list need "
			"not wait for its next test. It is in use again after two good tests. On "
			"a host with Exim alone the next process of Exim tests it."
			"\n\n" LIST_HELP,
		.options = {gp_cli_json_option, gp_cli_control_options, gp_cli_direct_option},
		.arguments = optional_list_name,
		.examples = "gatepost lists retest\n"
			    "gatepost lists retest spamhaus-zen",
		.run = run_retest},
	{0},
};

const struct gp_cli_command gp_cli_lists = {
	.name = "lists",
	.help = "show the DNS lists and their state, query them, switch one off",
	.synopsis = "[--json]",
	.text = "Shows each DNS list of the configuration: its state and since when, why it is "
		"suspended, its last test, how often it was queried, its hits, answers that no "
		"rule knows, timeouts, and the median time of an answer. On a narrow terminal "
		"columns are left out; in a pipe and with --json all is there.\n\n"
		"States: ok; untested, since the start; suspended, its tests fail or it does not "
		"answer: queried only about its tests, and back by itself after two good ones; "
		"dead, its zone is closed, or it has been suspended for a week; off, by gatepost "
		"lists off or the configuration.\n\n"
		"Lists are called by the public name of their zone; a key is never shown. The "
		"running daemon is asked. On a host with Exim alone, the store is read.",
	.options = {gp_cli_json_option, gp_cli_control_options, gp_cli_direct_option},
	.subcommands = subcommands,
	.examples = "gatepost lists\n"
		    "gatepost lists test 192.0.2.1\n"
		    "gatepost lists off bl.example.org\n"
		    "gatepost lists --json | jq '.lists[] | select(.state != \"ok\")'",
	.exits = "0 done\n1 it could not be done\n2 wrong usage\n"
		 "3 the configuration has errors",
	.run = run_show,
};
