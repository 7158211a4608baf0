/* SPDX-License-Identifier: ISC */
/* gatepost greylist: whether greylisting is worth it, what it knows of a mail, and exceptions. */
#include "cli/answer.h"
#include "cli/cli.h"
#include "cli/greylist/greylist.h"
#include "cli/place.h"
#include "cli/usage.h"
#include "config/config.h"
#include "reputation/greylist/greylist_known.h"

#define ARENA_BYTES 65536

/* ---- what they do ---- */

/* exchange: finds whom to ask, asks, prints. Takes the request. */
static int exchange(const struct gp_cli_call *call, json_t *request, gp_cli_answer_make make)
{
	struct gp_cli_control control = {.stop_fd = -1};
	json_t *answer = NULL;
	int code = gp_cli_place_find(&control, call);
	if (code >= 0)
		json_decref(request);
	else if (gp_cli_control_ask(&control, request, &answer))
		code = gp_cli_control_report(&control);
	else
		code = gp_cli_answer_print(&control, answer, gp_cli_has_option(call, "json"), make);
	json_decref(answer);
	gp_cli_place_leave(&control);
	return code;
}

/* ---- one mail ---- */

static const char *const mail_names[] = {"client", "sender", "recipient"};
#define MAIL_NAMES (sizeof mail_names / sizeof *mail_names)

/* count_mail: how many of its options are given. */
static size_t count_mail(const struct gp_cli_call *call)
{
	size_t n = 0;
	for (size_t i = 0; i < MAIL_NAMES; i++)
		n += gp_cli_has_option(call, mail_names[i]);
	return n;
}

/* mail_problem: what of the mail cannot be meant; NULL: nothing. */
static const char *mail_problem(const struct gp_cli_call *call, struct gp_arena *arena)
{
	struct gp_ipaddr client;
	if (gp_ipaddr_parse(gp_span_from(gp_cli_option(call, "client")), &client))
		return "--client has to be an address";
	if (!gp_greylist_is_sender(arena, gp_span_from(gp_cli_option(call, "sender"))))
		return "--sender has to be a mailbox, or empty";
	if (!gp_greylist_is_recipient(arena, gp_span_from(gp_cli_option(call, "recipient"))))
		return "--recipient has to be a mailbox";
	return NULL;
}

/* mail_request: of client, sender and recipient; -1, or an exit code. */
static int mail_request(const struct gp_cli_call *call, const char *command, json_t **request_out)
{
	*request_out = NULL;
	if (count_mail(call) < MAIL_NAMES)
		return gp_cli_usage(call->title,
			"--client, --sender and --recipient belong together (--sender \"\" is the "
			"null sender)");
	struct gp_arena *arena = gp_arena_new(ARENA_BYTES);
	const char *problem = arena ? mail_problem(call, arena) : "out of memory";
	gp_arena_free(arena);
	if (problem)
		return gp_cli_usage(call->title, "%s", problem);
	json_t *request = json_pack("{s:s}", "command", command);
	for (size_t i = 0; request && i < MAIL_NAMES; i++) {
		json_t *text = json_string(gp_cli_option(call, mail_names[i]));
		if (!text) {
			json_decref(request);
			return gp_cli_usage(
				call->title, "--%s: is not well-formed UTF-8", mail_names[i]);
		}
		json_object_set_new(request, mail_names[i], text);
	}
	*request_out = request;
	return -1;
}

/* run_show: figures, or one mail. */
static int run_show(const struct gp_cli_call *call)
{
	json_t *request;
	if (!count_mail(call))
		return exchange(
			call, json_pack("{s:s}", "command", "greylist"), gp_cli_greylist_figures);
	int code = mail_request(call, "greylist-mail", &request);
	return code < 0 ? exchange(call, request, gp_cli_greylist_mail) : code;
}

/* what_request: of a network or domain; -1, or an exit code. */
static int what_request(const struct gp_cli_call *call, const char *command, json_t **request_out)
{
	*request_out = json_pack("{s:s, s:s}", "command", command, "what", call->words[0]);
	return *request_out ? -1
			    : gp_cli_usage(call->title,
				      "give a network (192.0.2.0/24) or a domain (example.org)");
}

/* run_allow: of the subcommand. */
static int run_allow(const struct gp_cli_call *call)
{
	json_t *request;
	int code = what_request(call, "greylist-allow", &request);
	return code < 0 ? exchange(call, request, gp_cli_greylist_changed) : code;
}

/* run_remove: of the subcommand: an exception, or what is known of a mail. */
static int run_remove(const struct gp_cli_call *call)
{
	json_t *request;
	if ((call->word_count > 0) == (count_mail(call) > 0))
		return gp_cli_usage(call->title, "give a network or domain that was allowed, or "
						 "--client, --sender and --recipient");
	int code = call->word_count ? what_request(call, "greylist-remove", &request)
				    : mail_request(call, "greylist-remove", &request);
	return code < 0 ? exchange(call, request, gp_cli_greylist_changed) : code;
}

/* ---- rows ---- */

static const struct gp_cli_option mail_options[] = {
	{.name = "client", .argument = "IP", .help = "address of the client"},
	{.name = "sender",
		.argument = "FROM",
		.help = "what it said in MAIL FROM; empty: the null sender"},
	{.name = "recipient", .argument = "TO", .help = "what it said in RCPT TO"},
	{0},
};

static const struct gp_cli_argument what[] = {
	{.name = "NETWORK|DOMAIN", .completes = GP_CLI_HOST},
	{0},
};

static const struct gp_cli_argument optional_what[] = {
	{.name = "NETWORK|DOMAIN", .completes = GP_CLI_HOST, .is_optional = true},
	{0},
};

static const struct gp_cli_command subcommands[] = {
	{.name = "allow",
		.help = "never delay mail of a network or a domain",
		.synopsis = "NETWORK|DOMAIN [--json]",
		.text = "From now on mail is not delayed if its client has an address in NETWORK, "
			"or a confirmed name in DOMAIN, or if DOMAIN is that of its sender, or "
			"above it, and SPF passes or the confirmed name of the client has the "
			"registered domain of the sender: anybody can write any sender. It holds "
			"at once, over restarts, and on every host that shares the store.",
		.options = {gp_cli_json_option, gp_cli_control_options, gp_cli_direct_option},
		.arguments = what,
		.examples = "gatepost greylist allow 192.0.2.0/24\n"
			    "gatepost greylist allow example.org",
		.run = run_allow},
	{.name = "remove",
		.help = "take that back, or forget what is known of a mail",
		.synopsis = "NETWORK|DOMAIN [--json]\n"
			    "--client IP --sender FROM --recipient TO",
		.text = "Takes back what greylist allow has said of NETWORK or DOMAIN. With "
			"--client, --sender and --recipient it forgets what is known of such mail, "
			"of the network of its client and of the domain of its sender: the next "
			"one is a first attempt. A network that is remembered as a whole, because "
			"of too many first attempts, stays so.",
		.options = {mail_options, gp_cli_json_option, gp_cli_control_options,
			gp_cli_direct_option},
		.arguments = optional_what,
		.examples = "gatepost greylist remove 192.0.2.0/24\n"
			    "gatepost greylist remove --client 192.0.2.1 \\\n"
			    "    --sender alice@example.org --recipient bob@example.net",
		.run = run_remove},
	{0},
};

const struct gp_cli_command gp_cli_greylist = {
	.name = "greylist",
	.help = "show whether greylisting is worth it, and what it knows of a mail",
	.synopsis = "[--json]\n--client IP --sender FROM --recipient TO [--json]",
	.text = "Shows how many first attempts were delayed, how many of them came back and were "
		"accepted, how many did not come back within 24 hours, the median of the real "
		"delay, the five largest networks that did not come back, and the exceptions set "
		"with greylist allow. What does not come back is what greylisting keeps out; what "
		"comes back was only delayed.\n\n"
		"With --client, --sender and --recipient it shows what is known of such mail, and "
		"what would be done with it now. SPF and the name of the client are not looked "
		"at: where it depends on them it says so.\n\n"
		"The running daemon is asked. On a host with Exim alone the store is used itself.",
	.options = {mail_options, gp_cli_json_option, gp_cli_control_options, gp_cli_direct_option},
	.subcommands = subcommands,
	.examples = "gatepost greylist\n"
		    "gatepost greylist --client 192.0.2.1 --sender alice@example.org \\\n"
		    "    --recipient bob@example.net\n"
		    "gatepost greylist allow 192.0.2.0/24",
	.exits = "0 done\n1 it could not be done\n2 wrong usage\n"
		 "3 the configuration has errors",
	.run = run_show,
};
