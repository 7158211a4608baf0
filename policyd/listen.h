/* SPDX-License-Identifier: ISC */
/*
 * Listen: the sockets Postfix connects to, and the loop that gives each connection its thread.
 *
 * Sockets are opened before privileges are dropped, or were handed over
 * (daemon/socket_activation.h), and outlive a crash of the process that serves them. A unix socket
 * belongs to the group of the mail server. At max_connections the connection that is idle for
 * longest is closed for a further one (daemon/places.h), and while none is, further ones wait in
 * the system's queue; a local user other than the mail server's, root and our own gets a quarter of
 * them. The log says so.
 */
#ifndef GP_POLICYD_LISTEN_H
#define GP_POLICYD_LISTEN_H

#include "base/err.h"
#include "daemon/sockets.h"
#include "policyd/session.h"

struct gp_listen;

/*
 * Starts the accepting thread. Borrows sockets and shared until gp_listen_stop has returned.
 */
int gp_listen_start(const struct gp_daemon_sockets *sockets, struct gp_session_shared *shared,
	struct gp_listen **listen_out) GP_MUST_CHECK;

/* The sockets it accepts at. */
const struct gp_daemon_sockets *gp_listen_at(const struct gp_listen *listen);

/* Sessions that are open now. */
unsigned gp_listen_open_count(struct gp_listen *listen);

/*
 * Accepts no more, lets requests under way end, and waits for that, at most wait_ms. Returns how
 * many sessions were left; 0 frees listen, otherwise the process had better end.
 */
unsigned gp_listen_stop(struct gp_listen *listen, unsigned wait_ms);

#endif
