/* SPDX-License-Identifier: ISC */
/*
 * Socket activation: sockets that a service manager has opened for the daemon (sd_listen_fds(3)).
 *
 * They stay open while the daemon is not running, so that a request which comes during a restart or
 * an upgrade waits instead of failing. Each descriptor is checked first: it has to be a listening
 * stream socket.
 */
#ifndef GP_DAEMON_SOCKET_ACTIVATION_H
#define GP_DAEMON_SOCKET_ACTIVATION_H

#include "base/err.h"
#include "base/log.h"
#include "daemon/sockets.h"

/* A service that may receive sockets. */
struct gp_daemon_socket_taker {
	const char *name; /* as FileDescriptorName= in the socket unit says it */
	struct gp_daemon_sockets *sockets;
};

/*
 * Adds each socket that was passed to the service with the name that comes with it, else to the
 * first one; the caller has zeroed them. Nothing when nothing was, or when it was meant for another
 * process. Takes the variables out of the environment. GP_EINVAL, with the reason in the log, when
 * something else than a listening socket is among it: then a unit file is wrong.
 */
int gp_daemon_socket_activation_take(const struct gp_daemon_socket_taker *takers, size_t count,
	const struct gp_log *log) GP_MUST_CHECK;

#endif
