/* SPDX-License-Identifier: ISC */
/* gatepost request: a policy request as Postfix would send it, and the answer. */
#include <errno.h>
#include <getopt.h>
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
#include "cli/control.h"
#include "cli/usage.h"
#include "config/config.h"

#define ANSWER_MAX 65536

static const char help[] =
	"usage: gatepost request [--socket SOCKET] [--timeout SECONDS] ATTRIBUTE=VALUE ...\n"
	"\n"
	"Asks a running gatepost-policyd as Postfix would, and prints the action it answers.\n"
	"Attributes that are not given get these values: request=smtpd_access_policy,\n"
	"protocol_state=RCPT, protocol_name=ESMTP, and an instance of its own. Other useful ones:\n"
	"client_address, client_name, helo_name, sender, recipient, sasl_username.\n"
	"It is a request like any other: with sasl_username it counts under the limits.\n"
	"\n"
	"  --socket SOCKET    unix:/path or inet:ADDRESS:PORT\n"
	"                     (default: the first one of the configuration)\n"
	"  --config FILE      configuration (default " GP_CONFIG_PATH ")\n"
	"  --timeout SECONDS  how long to wait (default 100, as Postfix does)\n"
	"\n"
	"examples:\n"
	"  gatepost request client_address=192.0.2.1 helo_name=mail.example.org \\\n"
	"      sender=alice@example.org recipient=bob@example.net\n"
	"  gatepost request --socket inet:127.0.0.1:10040 sasl_username=alice "
	"sender=alice@example.org\n"
	"\n"
	"exit codes: 0 there was an answer, 1 there was none, 2 usage, 3 configuration\n";

/* What a request has when it is not given. */
static const char *const presets[] = {
	"request=smtpd_access_policy",
	"protocol_state=RCPT",
	"protocol_name=ESMTP",
};

struct arguments {
	const char *socket, *config;
	uint64_t timeout_s;
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

/* parse: -1 to go on, else an exit code; the attributes stay behind optind. */
static int parse(int argc, char **argv, struct arguments *a)
{
	static const struct option options[] = {
		{"socket", required_argument, NULL, 's'},
		{"config", required_argument, NULL, 'c'},
		{"timeout", required_argument, NULL, 't'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c;
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'h')
			return gp_cli_help(help);
		if (c == 's')
			a->socket = optarg;
		else if (c == 'c')
			a->config = optarg;
		else if (c != 't')
			return gp_cli_usage(
				"request", "this option is not known or lacks its value");
		else if (gp_span_parse_uint(gp_span_from(optarg), 3600, &a->timeout_s) ||
			 a->timeout_s == 0)
			return gp_cli_usage("request", "--timeout: whole seconds from 1 to 3600");
	}
	if (optind == argc)
		return gp_cli_usage("request", "attributes are missing");
	if (a->socket && !is_socket(a->socket))
		return gp_cli_usage("request",
			"--socket: \"%s\" is none; unix:/path or inet:ADDRESS:PORT, "
			"for example inet:127.0.0.1:10040",
			a->socket);
	for (int i = optind; i < argc; i++)
		if (!strchr(argv[i], '=') || argv[i][0] == '=' || strchr(argv[i], '\n'))
			return gp_cli_usage("request", "\"%s\" is not attribute=value", argv[i]);
	return -1;
}

/* is_given: does an attribute of this name stand among the arguments? */
static bool is_given(int argc, char **argv, const char *name, size_t len)
{
	for (int i = optind; i < argc; i++)
		if (strncmp(argv[i], name, len) == 0 && argv[i][len] == '=')
			return true;
	return false;
}

/* build: the request's text. */
static void build(struct gp_strbuf *buf, int argc, char **argv)
{
	for (size_t i = 0; i < sizeof presets / sizeof presets[0]; i++)
		if (!is_given(argc, argv, presets[i], strcspn(presets[i], "=")))
			gp_strbuf_printf(buf, "%s\n", presets[i]);
	if (!is_given(argc, argv, "instance", 8)) {
		struct timespec now;
		clock_gettime(CLOCK_REALTIME, &now);
		gp_strbuf_printf(buf, "instance=gatepost-request.%lx.%llx.%lx\n", (long)getpid(),
			(unsigned long long)now.tv_sec, now.tv_nsec);
	}
	for (int i = optind; i < argc; i++)
		gp_strbuf_printf(buf, "%s\n", argv[i]);
	gp_strbuf_add(buf, "\n");
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
			answer[got - 1] = 0; /* one line end is enough for a terminal */
			return true;
		}
	}
	return false;
}

/* exchange: connects, asks, prints. */
static int exchange(const struct arguments *a, const char *where, struct gp_span request)
{
	static char answer[ANSWER_MAX];
	const struct timeval tv = {.tv_sec = (time_t)a->timeout_s};
	int fd = dial(where);
	if (fd < 0) {
		fprintf(stderr, "gatepost request: %s: %s; is gatepost-policyd running there?\n",
			where, strerror(errno));
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
	fputs(answer, stdout);
	return GP_CLI_FINE;
}

/* socket_of: where the daemon listens, as configured or as the packages set it up. */
static const char *socket_of(const struct gp_config *config)
{
	if (config->policyd.listen.count)
		return config->policyd.listen.items[0];
	return access(GP_CONFIG_PATH_PACKAGED, F_OK) ? GP_CONFIG_LISTEN : GP_CONFIG_LISTEN_PACKAGED;
}

/* gp_cli_request: arguments, the socket of the configuration, the exchange. */
int gp_cli_request(int argc, char **argv)
{
	struct arguments a = {.config = GP_CONFIG_PATH, .timeout_s = 100};
	struct gp_config *config = NULL;
	int code = parse(argc, argv, &a);
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
		build(&buf, argc, argv);
		if (gp_strbuf_finish(&buf, &text))
			fputs("gatepost request: the attributes are too large\n", stderr);
		else
			code = exchange(&a, where, gp_strbuf_span(&buf));
	}
	gp_arena_free(arena);
	gp_config_free(config);
	return code;
}
