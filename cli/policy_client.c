/* SPDX-License-Identifier: ISC */
/* One connection, one request, one answer. */
#include "cli/policy_client.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* gp_cli_policy_is_socket: of one of the forms that dial takes. */
bool gp_cli_policy_is_socket(const char *where)
{
	struct gp_dns_server server;
	if (strncmp(where, "unix:", 5) == 0)
		return where[5] == '/';
	return strncmp(where, "inet:", 5) == 0 &&
	       gp_dns_server_parse(gp_span_from(where + 5), &server) == GP_OK;
}

/* gp_cli_policy_socket: the first one. */
const char *gp_cli_policy_socket(const struct gp_config *config)
{
	if (config->policyd.listen.count)
		return config->policyd.listen.items[0];
	return access(GP_CONFIG_PATH_PACKAGED, F_OK) ? GP_CONFIG_LISTEN : GP_CONFIG_LISTEN_PACKAGED;
}

/* gp_cli_policy_instance: process and time. */
const char *gp_cli_policy_instance(const char *who, char text_out[GP_CLI_POLICY_INSTANCE])
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(text_out, GP_CLI_POLICY_INSTANCE, "gatepost-%s.%lx.%llx.%lx", who, (long)getpid(),
		(unsigned long long)now.tv_sec, now.tv_nsec);
	return text_out;
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

/* problem_of: why there is no connection, and what to do. */
static const char *problem_of(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return "Connection refused; is gatepost-policyd running there?";
	case ENOENT:
		return "No such file or directory; is gatepost-policyd running there?";
	case EACCES:
	case EPERM:
		return "Permission denied; run this as root";
	default:
		return strerror(error);
	}
}

/* exchange: sends, and reads up to the empty line; false when no answer came. */
static bool exchange(int fd, struct gp_span request, char *answer, size_t size)
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

/* gp_cli_policy_ask: connects, asks, closes. */
bool gp_cli_policy_ask(const char *where, struct gp_span request, uint64_t timeout_s,
	char answer_out[GP_CLI_POLICY_ANSWER_MAX], const char **problem_out)
{
	const struct timeval tv = {.tv_sec = (time_t)timeout_s};
	int fd = dial(where);
	if (fd < 0) {
		*problem_out = problem_of(errno);
		return false;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
	bool answered = exchange(fd, request, answer_out, GP_CLI_POLICY_ANSWER_MAX);
	close(fd);
	*problem_out = "no answer; the log of gatepost-policyd says why";
	return answered;
}

/* gp_cli_policy_read: of each line the value. */
bool gp_cli_policy_read(char *answer, struct gp_cli_policy_reply *reply_out)
{
	const struct {
		const char *name;
		const char **value;
	} rows[] = {{"action=", &reply_out->action}, {"decision=", &reply_out->decision},
		{"rule=", &reply_out->rule}, {"would=", &reply_out->would}};
	char *rest = answer, *line;
	*reply_out = (struct gp_cli_policy_reply) {NULL, NULL, NULL, NULL};
	while ((line = strsep(&rest, "\n")) != NULL)
		for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
			if (strncmp(line, rows[i].name, strlen(rows[i].name)) == 0)
				*rows[i].value = line + strlen(rows[i].name);
	return reply_out->action != NULL;
}
