/* SPDX-License-Identifier: ISC */
/*
 * Listen: the sockets Postfix connects to, and the loop that gives each connection its thread.
 *
 * Sockets are opened before privileges are dropped, or were passed by systemd
 * (daemon/socket_activation.h), and outlive a crash of the process that serves them. A unix socket
 * belongs to the group of the mail server. At max_connections the longest idle connection is closed
 * for a new one (daemon/places.h), and while none is idle, new ones wait in the system's queue; a
 * local user other than the mail server's, root and our own gets a quarter of them. The log says
 * so.
 */
#ifndef GP_DAEMON_LISTEN_H
#define GP_DAEMON_LISTEN_H

#include "base/err.h"
#include "daemon/service.h"

struct gp_daemon_listen;

/*
 * Starts the thread that accepts for one of the daemon's services, by its number. Borrows the
 * daemon until gp_daemon_listen_stop has returned.
 */
int gp_daemon_listen_start(struct gp_daemon *daemon, unsigned service,
	struct gp_daemon_listen **listen_out) GP_MUST_CHECK;

/* Sessions that are open now. */
unsigned gp_daemon_listen_open_count(struct gp_daemon_listen *listen);

/*
 * Accepts no more, lets requests under way end, and waits for that, at most wait_ms. Returns how
 * many sessions were left; 0 frees listen, otherwise the process had better end.
 */
unsigned gp_daemon_listen_stop(struct gp_daemon_listen *listen, unsigned wait_ms);

#endif
