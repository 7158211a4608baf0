/* SPDX-License-Identifier: ISC */
/*
 * Sockets: those the daemon listens on.
 *
 * They are opened before privileges are dropped, or were passed by systemd
 * (daemon/socket_activation.h), and outlive a crash of the process that serves them. A unix socket
 * belongs to the group of the mail server.
 *
 *     gp_daemon_sockets_open(options, log, &sockets)
 *     gp_daemon_sockets_close(&sockets, true)
 */
#ifndef GP_DAEMON_SOCKETS_H
#define GP_DAEMON_SOCKETS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "config/config.h"
#include "daemon/socket_reach.h"

#define GP_DAEMON_SOCKETS_MAX 16

#define GP_DAEMON_SOCKETS_NAME 128

struct gp_daemon_sockets {
	int fds[GP_DAEMON_SOCKETS_MAX];
	char names[GP_DAEMON_SOCKETS_MAX]
		  [GP_DAEMON_SOCKETS_NAME];  /* "unix:/path", "inet:ADDR:PORT" */
	bool removes[GP_DAEMON_SOCKETS_MAX]; /* a file of our own making goes with it */
	enum gp_daemon_socket_reach reach[GP_DAEMON_SOCKETS_MAX]; /* who may connect */
	size_t count, handed;         /* so many of them, the first, were handed over */
	uid_t mail_user, hidden_user; /* who may hold all connections, where there is such a user */
	bool has_mail_user, hides_users;
};

/* Who may connect to a unix socket. */
struct gp_daemon_socket_access {
	unsigned mode;
	gid_t group;
};

/* The name of a listening socket as the configuration would write it. */
void gp_daemon_sockets_name(int fd, char name_out[GP_DAEMON_SOCKETS_NAME]);

/*
 * Opens those of listen that are not among sockets already (which were handed over, or are none:
 * zeroed); fallback, unless it is NULL, when that leaves none at all. GP_EIO closes all of them,
 * and the log has said which and why. Of sockets that others than the mail server may connect to it
 * says so, whatever process opened them.
 */
int gp_daemon_sockets_open(const struct gp_config_policyd *options,
	const struct gp_config_texts *listen, const char *fallback, const struct gp_log *log,
	struct gp_daemon_sockets *sockets) GP_MUST_CHECK;

/* Closes them; with remove, unix sockets vanish from the file system where that is permitted. */
void gp_daemon_sockets_close(struct gp_daemon_sockets *sockets, bool remove);

/*
 * Opens one unix socket: what is "unix:/path". A file that nobody serves any more is removed;
 * GP_EIO, with the reason in the log, when the place is taken or cannot be had. No other thread may
 * exist.
 */
int gp_daemon_sockets_unix(const char *what, const struct gp_daemon_socket_access *access,
	const struct gp_log *log, int *fd_out) GP_MUST_CHECK;

/* The same for "inet:ADDR:PORT", as the configuration has checked it. */
int gp_daemon_sockets_inet(const char *what, const struct gp_log *log, int *fd_out) GP_MUST_CHECK;

#endif
