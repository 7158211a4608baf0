/* SPDX-License-Identifier: ISC */
/*
 * Metrics over HTTP: the page of policyd/metrics.h at /metrics, on the loopback.
 *
 *     gp_metrics_http_open(options, log, &sockets);     (before privileges are dropped)
 *     gp_metrics_http_start(&sockets, shared, listen, &http);
 *     gp_metrics_http_stop(http);
 *
 * GET and HEAD; one request a connection. Whoever speaks to it is a user of this machine, or a web
 * page in the browser of one: requests, connections, memory and time are bounded, and only a Host
 * that names the loopback is answered, so that no page gets here by a name that it has pointed here
 * (DNS rebinding). A proxy in front has to send such a Host.
 *
 * Built without libmicrohttpd, metrics_http_absent.c stands in: the log says so, the mail goes on.
 */
#ifndef GP_POLICYD_METRICS_HTTP_H
#define GP_POLICYD_METRICS_HTTP_H

#include "base/err.h"
#include "policyd/listen.h"
#include "policyd/session.h"

#define GP_METRICS_HTTP_CONNECTIONS 16 /* of each socket */
/* Descriptors: of each socket (a second one for it, one to wait with, and one that is not let in),
 * and one for all. */
#define GP_METRICS_HTTP_FILES(sockets) ((sockets) * (GP_METRICS_HTTP_CONNECTIONS + 3) + 1)
#define GP_METRICS_HTTP_REQUEST 16384 /* bytes of a connection's memory: request and headers */
#define GP_METRICS_HTTP_IDLE_S 3
#define GP_METRICS_HTTP_LIFE_MS 5000 /* of a connection, whatever it does */

struct gp_metrics_http;

/* Opens what can be opened; the log says what cannot. */
void gp_metrics_http_open(const struct gp_config_metrics *options, const struct gp_log *log,
	struct gp_daemon_sockets *sockets_out);

/* Starts a thread for all sockets; at GP_METRICS_HTTP_CONNECTIONS the oldest makes way for another;
 * NULL when there are none. Borrows all three. GP_ENOMEM. */
int gp_metrics_http_start(const struct gp_daemon_sockets *sockets, struct gp_session_shared *shared,
	struct gp_listen *listen, struct gp_metrics_http **http_out) GP_MUST_CHECK;

/* Ends it at once; accepts NULL. The sockets stay open. */
void gp_metrics_http_stop(struct gp_metrics_http *http);

#endif
