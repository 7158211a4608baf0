/* SPDX-License-Identifier: ISC */
/*
 * Listen: the sockets Postfix connects to, and the loop that gives each connection its thread.
 *
 * Sockets are opened before privileges are dropped, or were handed over (policyd/handover.h), and
 * outlive a crash of the process that serves them. A unix socket belongs to the group of the mail
 * server. At max_connections the connection that is idle for longest is closed for a further one
 * (policyd/places.h), and while none is, further ones wait in the system's queue; a local user
 * other than the mail server's, root and our own gets a quarter of them. The log says so.
 */
#ifndef GP_POLICYD_LISTEN_H
#define GP_POLICYD_LISTEN_H

#include <sys/types.h>

#include "base/err.h"
#include "config/config.h"
#include "policyd/reach.h"
#include "policyd/session.h"

#define GP_LISTEN_MAX 16

#define GP_LISTEN_NAME 128

struct gp_listen_sockets {
	int fds[GP_LISTEN_MAX];
	char names[GP_LISTEN_MAX][GP_LISTEN_NAME]; /* "unix:/path", "inet:ADDR:PORT" */
	bool removes[GP_LISTEN_MAX];               /* a file of our own making goes with it */
	enum gp_reach reach[GP_LISTEN_MAX];        /* who may connect */
	size_t count, handed;         /* so many of them, the first, were handed over */
	uid_t mail_user, hidden_user; /* who may hold all connections, where there is such a user */
	bool has_mail_user, hides_users;
};

/* Who may connect to a unix socket. */
struct gp_listen_access {
	unsigned mode;
	gid_t group;
};

/* The name of a listening socket as the configuration would write it. */
void gp_listen_name(int fd, char name_out[GP_LISTEN_NAME]);

/*
 * Opens the configured sockets that are not among those in sockets already (which were handed over,
 * or are none: zeroed); GP_CONFIG_LISTEN when that leaves none at all. GP_EIO closes all of them,
 * and the log has said which and why. Of sockets that others than the mail server may connect to it
 * says so, whoever opened them.
 */
int gp_listen_open(const struct gp_config_policyd *options, const struct gp_log *log,
	struct gp_listen_sockets *sockets) GP_MUST_CHECK;

/* Closes them; with remove, unix sockets vanish from the file system where that is permitted. */
void gp_listen_close(struct gp_listen_sockets *sockets, bool remove);

struct gp_listen;

/*
 * Starts the accepting thread. Borrows sockets and shared until gp_listen_stop has returned.
 */
int gp_listen_start(const struct gp_listen_sockets *sockets, struct gp_session_shared *shared,
	struct gp_listen **listen_out) GP_MUST_CHECK;

/*
 * Opens one unix socket: what is "unix:/path". A file that nobody serves any more is removed;
 * GP_EIO, with the reason in the log, when the place is taken or cannot be had. No other thread may
 * exist.
 */
int gp_listen_unix(const char *what, const struct gp_listen_access *access,
	const struct gp_log *log, int *fd_out) GP_MUST_CHECK;

/* The same for "inet:ADDR:PORT", as the configuration has checked it. */
int gp_listen_inet(const char *what, const struct gp_log *log, int *fd_out) GP_MUST_CHECK;

/* The sockets it accepts at. */
const struct gp_listen_sockets *gp_listen_at(const struct gp_listen *listen);

/* Sessions that are open now. */
unsigned gp_listen_open_count(struct gp_listen *listen);

/*
 * Accepts no more, lets requests under way end, and waits for that, at most wait_ms. Returns how
 * many sessions were left; 0 frees listen, otherwise the process had better end.
 */
unsigned gp_listen_stop(struct gp_listen *listen, unsigned wait_ms);

#endif
