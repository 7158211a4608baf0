/* SPDX-License-Identifier: ISC */
/*
 * Control: the operator's socket of the running daemon.
 *
 * A client connects, sends one JSON object on one line, and gets one JSON object on one line back;
 * then the connection is closed. {"command": "status"}; the answer has "error" with a text when it
 * could not be done. Who may connect is decided by the permissions of the socket.
 *
 * Commands are rows of a table: those of each service (daemon/service.h), and one of the daemon's
 * own, {"command": "metrics"}, with the answer {"text": the page of daemon/metrics.h}.
 *
 * A few clients are served at once. A slow one is disconnected, at once when another client needs
 * its place, the oldest first; never one whose command is being executed.
 */
#ifndef GP_DAEMON_CONTROL_H
#define GP_DAEMON_CONTROL_H

#include "base/err.h"
#include "daemon/service.h"

#define GP_DAEMON_CONTROL_REQUEST_MAX 65536

struct gp_daemon_control;

/* Starts the thread on a listening socket; borrows both. */
int gp_daemon_control_start(
	int fd, struct gp_daemon *daemon, struct gp_daemon_control **control_out) GP_MUST_CHECK;

/*
 * Ends it after the requests under way; accepts NULL. The socket stays open. Returns how many
 * clients were left, which still use what was borrowed; the process had better end then.
 */
unsigned gp_daemon_control_stop(struct gp_daemon_control *control);

#endif
