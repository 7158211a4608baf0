/* SPDX-License-Identifier: ISC */
/* Descriptors from 3 on, as LISTEN_PID and LISTEN_FDS say. */
#include "daemon/socket_activation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/notify.h"

#define FIRST_FD 3

/* is_listening: a stream socket that takes connections? */
static bool is_listening(int fd)
{
	int type = 0, accepts = 0;
	socklen_t size = sizeof type, accepts_size = sizeof accepts;
	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM &&
	       getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &accepts_size) == 0 && accepts;
}

/* settle: nothing we start inherits it, and a connection that has gone again does not block us. */
static bool settle(int fd)
{
	int flags = fcntl(fd, F_GETFL);
	return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && flags >= 0 &&
	       fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

/* take_one: the descriptor, with a name as the configuration would write it. */
static int take_one(struct gp_daemon_sockets *sockets, int fd, const struct gp_log *log)
{
	if (!is_listening(fd) || !settle(fd)) {
		gp_log_text(log, GP_LOG_ERROR,
			"descriptor %d passed by systemd is not a listening stream socket: the "
			"socket unit needs ListenStream= and Accept=no",
			fd);
		return GP_EINVAL;
	}
	gp_daemon_sockets_name(fd, sockets->names[sockets->count]);
	sockets->fds[sockets->count++] = fd;
	return GP_OK;
}

/* taker_of: by the name at that place in a list with colons between. */
static const struct gp_daemon_socket_taker *taker_of(const struct gp_daemon_socket_taker *takers,
	size_t count, struct gp_span names, uint64_t at)
{
	struct gp_span name = {NULL, 0};
	for (uint64_t i = 0; i <= at; i++)
		gp_span_cut(names, ':', &name, &names);
	for (size_t i = 0; i < count; i++)
		if (gp_span_equal(name, gp_span_from(takers[i].name)))
			return &takers[i];
	return &takers[0];
}

/* gp_daemon_socket_activation_take: all of them. */
int gp_daemon_socket_activation_take(
	const struct gp_daemon_socket_taker *takers, size_t count, const struct gp_log *log)
{
	int rc = GP_OK;
	uint64_t fds = 0;
	char names[GP_DAEMON_SOCKETS_MAX * 256] = ""; /* systemd's are shorter */
	if (gp_daemon_notify_variable("LISTEN_PID", INT32_MAX) == (uint64_t)getpid())
		fds = gp_daemon_notify_variable("LISTEN_FDS", INT32_MAX);
	if (getenv("LISTEN_FDNAMES"))
		(void)snprintf(names, sizeof names, "%s", getenv("LISTEN_FDNAMES"));
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (fds > GP_DAEMON_SOCKETS_MAX) {
		gp_log_text(log, GP_LOG_ERROR,
			"systemd passed %llu sockets; at most %d are "
			"possible",
			(unsigned long long)fds, GP_DAEMON_SOCKETS_MAX);
		return GP_EINVAL;
	}
	for (uint64_t i = 0; !rc && i < fds; i++)
		rc = take_one(taker_of(takers, count, gp_span_from(names), i)->sockets,
			FIRST_FD + (int)i, log);
	return rc;
}
