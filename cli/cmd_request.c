/* SPDX-License-Identifier: ISC */
/* gatepost request: a policy request as Postfix would send it, and the answer. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "cli/cli.h"
#include "cli/color.h"
#include "cli/control.h"
#include "cli/offline.h"
#include "cli/usage.h"
#include "config/config.h"

#define ANSWER_MAX 65536

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

/* is_socket: of one of the forms that dial takes. */
static bool is_socket(const char *where)
{
	struct gp_dns_server server;
	if (strncmp(where, "unix:", 5) == 0)
		return where[5] == '/';
	return strncmp(where, "inet:", 5) == 0 &&
	       gp_dns_server_parse(gp_span_from(where + 5), &server) == GP_OK;
}

/* parse: -1 to go on, else an exit code. */
static int parse(const struct gp_cli_call *call, struct arguments *a)
{
	static const uint64_t range[] = {1, 3600};
	const char *config = gp_cli_option(call, "config");
	a->config = config ? config : GP_CONFIG_PATH;
	a->socket = gp_cli_option(call, "socket");
	a->json = gp_cli_has_option(call, "json");
	if (a->socket && !is_socket(a->socket))
		return gp_cli_usage(call->title,
			"--socket: \"%s\" is none; unix:/path or inet:ADDRESS:PORT, "
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
	if (!is_given(call, "instance", 8)) {
		struct timespec now;
		clock_gettime(CLOCK_REALTIME, &now);
		gp_strbuf_printf(buf, "instance=gatepost-request.%lx.%llx.%lx\n", (long)getpid(),
			(unsigned long long)now.tv_sec, now.tv_nsec);
	}
	for (size_t i = 0; i < call->word_count; i++)
		gp_strbuf_printf(buf, "%s\n", call->words[i]);
	gp_strbuf_add(buf, "gatepost_explain=yes\n\n");
}

/* dial: a connected socket, or -1 with errno. */
static int dial(const char *where)
{
	struct sockaddr_storage ss = {0};
	struct gp_dns_server server;
	socklen_t len;
	if (strncmp(where, "unix:", 5) == 0) {
		struct sockaddr_un *un = (struct sockaddr_un *)&ss;
		un->sun_family = AF_UNIX;
		len = sizeof *un;
		if (strlen(where + 5) >= sizeof un->sun_path) {
			errno = ENAMETOOLONG;
			return -1;
		}
		memcpy(un->sun_path, where + 5, strlen(where + 5));
	} else if (strncmp(where, "inet:", 5) == 0 &&
		   gp_dns_server_parse(gp_span_from(where + 5), &server) == GP_OK) {
		len = gp_ipaddr_to_sockaddr(&server.addr, server.port, &ss);
	} else {
		errno = EINVAL;
		return -1;
	}
	int fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&ss, len)) {
		int saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

/* ask: sends, and reads up to the empty line; false when no answer came. */
static bool ask(int fd, struct gp_span request, char *answer, size_t size)
{
	size_t got = 0;
	while (request.len) {
		ssize_t n = send(fd, request.ptr, request.len, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		request = gp_span_skip(request, (size_t)n);
	}
	while (got + 1 < size) {
		ssize_t n = read(fd, answer + got, size - 1 - got);
		if (n <= 0)
			return false;
		got += (size_t)n;
		answer[got] = 0;
		if (got >= 2 && strcmp(answer + got - 2, "\n\n") == 0) {
			answer[got - 1] = 0;
			return true;
		}
	}
	return false;
}

/* What an answer says; NULL: an older daemon does not. */
struct reply {
	const char *action, *decision, *rule, *would;
};

/* read_reply: of each line the value; an answer without an action is none. */
static bool read_reply(char *answer, struct reply *reply_out)
{
	const struct {
		const char *name;
		const char **value;
	} rows[] = {{"action=", &reply_out->action}, {"decision=", &reply_out->decision},
		{"rule=", &reply_out->rule}, {"would=", &reply_out->would}};
	char *rest = answer, *line;
	*reply_out = (struct reply) {NULL, NULL, NULL, NULL};
	while ((line = strsep(&rest, "\n")) != NULL)
		for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
			if (strncmp(line, rows[i].name, strlen(rows[i].name)) == 0)
				*rows[i].value = line + strlen(rows[i].name);
	return reply_out->action != NULL;
}

/* print_json: what an older daemon does not say is null. */
static int print_json(struct gp_arena *arena, const struct reply *reply)
{
	return gp_cli_print_json(
		json_pack("{s:o, s:o, s:o, s:o}", "action", gp_cli_json_text(arena, reply->action),
			"decision", gp_cli_json_text(arena, reply->decision), "rule",
			gp_cli_json_text(arena, reply->rule), "would",
			gp_cli_json_text(arena, reply->would)));
}

/* print_line: "name=value"; whoever listens at the socket may have sent anything. */
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
	struct gp_arena *arena = gp_arena_new((size_t)16 * ANSWER_MAX);
	struct reply reply;
	int code = GP_CLI_FINE;
	if (!arena || !read_reply(answer, &reply)) {
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

/* exchange: connects, asks, prints. */
static int exchange(const struct arguments *a, const char *where, struct gp_span request)
{
	static char answer[ANSWER_MAX];
	const struct timeval tv = {.tv_sec = (time_t)a->timeout_s};
	int fd = dial(where);
	if (fd < 0) {
		const char *what = errno == EACCES || errno == EPERM
					   ? "run this as root"
					   : "is gatepost-policyd running there?";
		fprintf(stderr, "gatepost request: %s: %s; %s\n", where, strerror(errno), what);
		return GP_CLI_TROUBLE;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
	bool answered = ask(fd, request, answer, sizeof answer);
	close(fd);
	if (!answered) {
		fprintf(stderr,
			"gatepost request: %s: no answer; the log of gatepost-policyd says why\n",
			where);
		return GP_CLI_TROUBLE;
	}
	return print(a, where, answer);
}

/* socket_of: where the daemon listens, as configured or as the packages set it up. */
static const char *socket_of(const struct gp_config *config)
{
	if (config->policyd.listen.count)
		return config->policyd.listen.items[0];
	return access(GP_CONFIG_PATH_PACKAGED, F_OK) ? GP_CONFIG_LISTEN : GP_CONFIG_LISTEN_PACKAGED;
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
	const char *where = a.socket ? a.socket : socket_of(config);
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
			code = exchange(&a, where, gp_strbuf_span(&buf));
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
	{.name = "config",
		.letter = 'c',
		.argument = "FILE",
		.completes = GP_CLI_FILE,
		.help = "the configuration (default " GP_CONFIG_PATH ")"},
	{.name = "timeout",
		.argument = "SECONDS",
		.help = "how long to wait (default 100, as Postfix does)"},
	{0},
};

static const struct gp_cli_argument arguments[] = {
	{.name = "ATTRIBUTE=VALUE",
		.may_repeat = true,
		.words = "client_address= client_name= helo_name= sender= recipient= "
			 "sasl_username= protocol_state= instance= size= recipient_count= "
			 "queue_id= policy_context="},
	{0},
};

const struct gp_cli_command gp_cli_request = {
	.name = "request",
	.help = "ask a running gatepost-policyd what Postfix would be told",
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
