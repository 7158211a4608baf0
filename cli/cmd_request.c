/* SPDX-License-Identifier: ISC */
/* gatepost request: a policy request as Postfix would send it, and the answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "cli/cli.h"
#include "cli/color.h"
#include "cli/control.h"
#include "cli/offline.h"
#include "cli/policy_client.h"
#include "cli/usage.h"
#include "config/config.h"

/* What a request has when it is not given. */
static const char *const presets[] = {
	"request=smtpd_access_policy",
	"protocol_state=RCPT",
	"protocol_name=ESMTP",
};

struct arguments {
	const char *socket, *config;
	uint64_t timeout_s;
	bool json;
};

/* parse: -1 to go on, else an exit code. */
static int parse(const struct gp_cli_call *call, struct arguments *a)
{
	static const uint64_t range[] = {1, 3600};
	const char *config = gp_cli_option(call, "config");
	a->config = config ? config : GP_CONFIG_PATH;
	a->socket = gp_cli_option(call, "socket");
	a->json = gp_cli_has_option(call, "json");
	if (a->socket && !gp_cli_policy_is_socket(a->socket))
		return gp_cli_usage(call->title,
			"--socket: \"%s\" is not a socket; give unix:/path or inet:ADDRESS:PORT, "
			"for example inet:127.0.0.1:10040",
			a->socket);
	for (size_t i = 0; i < call->word_count; i++)
		if (!strchr(call->words[i], '=') || call->words[i][0] == '=' ||
			strchr(call->words[i], '\n'))
			return gp_cli_usage(
				call->title, "\"%s\" is not attribute=value", call->words[i]);
	return gp_cli_option_number(call, "timeout", "seconds", range, &a->timeout_s);
}

/* is_given: does an attribute of this name stand among the arguments? */
static bool is_given(const struct gp_cli_call *call, const char *name, size_t len)
{
	for (size_t i = 0; i < call->word_count; i++)
		if (strncmp(call->words[i], name, len) == 0 && call->words[i][len] == '=')
			return true;
	return false;
}

/* build: the request's text. */
static void build(struct gp_strbuf *buf, const struct gp_cli_call *call)
{
	for (size_t i = 0; i < sizeof presets / sizeof presets[0]; i++)
		if (!is_given(call, presets[i], strcspn(presets[i], "=")))
			gp_strbuf_printf(buf, "%s\n", presets[i]);
	char instance[GP_CLI_POLICY_INSTANCE];
	if (!is_given(call, "instance", 8))
		gp_strbuf_printf(buf, "instance=%s\n", gp_cli_policy_instance("request", instance));
	for (size_t i = 0; i < call->word_count; i++)
		gp_strbuf_printf(buf, "%s\n", call->words[i]);
	gp_strbuf_add(buf, "gatepost_explain=yes\n\n");
}

/* print_json: what an older daemon does not say is null. */
static int print_json(struct gp_arena *arena, const struct gp_cli_policy_reply *reply)
{
	return gp_cli_print_json(
		json_pack("{s:o, s:o, s:o, s:o}", "action", gp_cli_json_text(arena, reply->action),
			"decision", gp_cli_json_text(arena, reply->decision), "rule",
			gp_cli_json_text(arena, reply->rule), "would",
			gp_cli_json_text(arena, reply->would)));
}

/* print_line: "name=value"; the process at the socket may have sent anything. */
static void print_line(struct gp_arena *arena, const char *name, const char *value)
{
	if (!value)
		return;
	enum gp_cli_tone tone = gp_cli_tone_of(value);
	printf("%s=%s", name, gp_cli_color(stdout, tone));
	gp_cli_print_visible(arena, value);
	puts(tone == GP_CLI_PLAIN ? "" : gp_cli_color_end(stdout));
}

/* print: what Postfix is told, and why. */
static int print(const struct arguments *a, const char *where, char *answer)
{
	struct gp_arena *arena = gp_arena_new((size_t)16 * GP_CLI_POLICY_ANSWER_MAX);
	struct gp_cli_policy_reply reply;
	int code = GP_CLI_FINE;
	if (!arena || !gp_cli_policy_read(answer, &reply)) {
		fprintf(stderr,
			"gatepost request: %s: the answer has no action; is this "
			"gatepost-policyd?\n",
			where);
		code = GP_CLI_TROUBLE;
	} else if (a->json) {
		code = print_json(arena, &reply);
	} else {
		print_line(arena, "action", reply.action);
		print_line(arena, "decision", reply.decision);
		print_line(arena, "rule", reply.rule);
		if (reply.would && reply.decision && strcmp(reply.would, reply.decision) != 0)
			print_line(arena, "would", reply.would);
	}
	gp_arena_free(arena);
	return code;
}

/* exchange: asks, prints. */
static int exchange(struct gp_arena *arena, const struct arguments *a, const char *where,
	struct gp_span request)
{
	char *answer = gp_arena_alloc(arena, GP_CLI_POLICY_ANSWER_MAX);
	const char *problem = gp_err_text(gp_arena_status(arena));
	if (answer && gp_cli_policy_ask(where, request, a->timeout_s, answer, &problem))
		return print(a, where, answer);
	fprintf(stderr, "gatepost request: %s: %s\n", where, problem);
	return GP_CLI_TROUBLE;
}

/* run: arguments, the socket of the configuration, the exchange. */
static int run(const struct gp_cli_call *call)
{
	struct arguments a = {.timeout_s = 100};
	struct gp_config *config = NULL;
	int code = parse(call, &a);
	if (code >= 0)
		return code;
	if (!a.socket && gp_cli_config_load("request", a.config, &config))
		return GP_CLI_CONFIG;
	const char *where = a.socket ? a.socket : gp_cli_policy_socket(config);
	struct gp_arena *arena = gp_arena_new(1024 * 1024);
	struct gp_strbuf buf;
	const char *text;
	code = GP_CLI_TROUBLE;
	if (arena) {
		gp_strbuf_init(&buf, arena, 256 * 1024);
		build(&buf, call);
		if (gp_strbuf_finish(&buf, &text))
			fputs("gatepost request: the attributes are too large\n", stderr);
		else
			code = exchange(arena, &a, where, gp_strbuf_span(&buf));
	}
	gp_arena_free(arena);
	gp_config_free(config);
	return code;
}

static const struct gp_cli_option options[] = {
	{.name = "socket",
		.argument = "SOCKET",
		.completes = GP_CLI_FILE,
		.help = "unix:/path or inet:ADDRESS:PORT (default: the first one of the "
			"configuration)"},
	GP_CLI_CONFIG_OPTION,
	{.name = "timeout",
		.argument = "SECONDS",
		.help = "how long to wait (default 100, as Postfix does)"},
	{0},
};

static const struct gp_cli_argument arguments[] = {
	{.name = "ATTRIBUTE=VALUE",
		.may_repeat = true,
		.words = "client_address= client_name= helo_name= "
			 "sender= recipient= sasl_username= protocol_state= instance= "
			 "size= recipient_count= "
			 "queue_id= policy_context="},
	{0},
};

const struct gp_cli_command gp_cli_request = {
	.name = "request",
	.help = "ask a running gatepost-policyd as Postfix would",
	.synopsis = "[--socket SOCKET] [options] ATTRIBUTE=VALUE ...",
	.text = "Asks a running gatepost-policyd as Postfix would, and prints the action it "
		"answers, the decision behind it (accept, hold, defer, reject) and the rule, "
		"which is the option that decided; with would= what enforce would have done, "
		"where that is something else.\n\n"
		"Attributes that are not given get these values: request=smtpd_access_policy, "
		"protocol_state=RCPT, protocol_name=ESMTP, and an instance of its own. Other "
		"useful ones: client_address, client_name, helo_name, sender, recipient, "
		"sasl_username.\n\n"
		"It is a request like any other: with sasl_username it counts under the limits.",
	.options = {options, gp_cli_json_option},
	.arguments = arguments,
	.examples = "gatepost request client_address=192.0.2.1 helo_name=mail.example.org \\\n"
		    "    sender=alice@example.org recipient=bob@example.net\n"
		    "gatepost request --socket inet:127.0.0.1:10040 sasl_username=alice \\\n"
		    "    sender=alice@example.org",
	.exits = "0 there was an answer\n1 there was none\n2 wrong usage\n"
		 "3 the configuration has errors",
	.run = run,
};
