/* SPDX-License-Identifier: ISC */
/*
 * HTTP on the loopback: the page of daemon/metrics.h at /metrics, and the routes of the services.
 *
 *     gp_daemon_http_open(options, log, &sockets);     (before privileges are dropped)
 *     gp_daemon_http_start(&sockets, daemon, &http);
 *     gp_daemon_http_stop(http);
 *
 * GET and HEAD; one request per connection. Its clients are users of this machine, or web pages in
 * their browsers: requests, connections, memory and time are bounded, and only a Host that names
 * the loopback is answered, so that no web page gets access by a name that resolves to the loopback
 * (DNS rebinding). A proxy in front has to send such a Host.
 *
 * Built without libmicrohttpd, http_absent.c is used instead: the log says so, mail is not
 * affected.
 */
#ifndef GP_DAEMON_HTTP_H
#define GP_DAEMON_HTTP_H

#include "base/err.h"
#include "daemon/service.h"

#define GP_DAEMON_HTTP_REQUEST 16384 /* bytes of a connection's memory: request and headers */
#define GP_DAEMON_HTTP_IDLE_S 3
#define GP_DAEMON_HTTP_LIFE_MS 5000 /* of a connection, whatever it does */

struct gp_daemon_http;

/* Opens what can be opened; the log says what cannot. */
void gp_daemon_http_open(const struct gp_config_metrics *options, const struct gp_log *log,
	struct gp_daemon_sockets *sockets_out);

/* Starts a thread for all sockets; at GP_DAEMON_HTTP_CONNECTIONS the oldest makes way for another;
 * NULL when there are none. Borrows both. GP_ENOMEM. */
int gp_daemon_http_start(const struct gp_daemon_sockets *sockets, struct gp_daemon *daemon,
	struct gp_daemon_http **http_out) GP_MUST_CHECK;

/* Ends it at once; accepts NULL. The sockets stay open. */
void gp_daemon_http_stop(struct gp_daemon_http *http);

#endif
