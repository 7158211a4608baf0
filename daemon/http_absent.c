/* SPDX-License-Identifier: ISC */
/* In place of http.c where libmicrohttpd is missing. */
#include "daemon/http.h"

/* gp_daemon_http_open: nothing. */
void gp_daemon_http_open(const struct gp_config_metrics *options, const struct gp_log *log,
	struct gp_daemon_sockets *sockets_out)
{
	*sockets_out = (struct gp_daemon_sockets) {.count = 0};
	if (options->listen.count)
		gp_log_text(log, GP_LOG_WARNING,
			"metrics.listen has no effect: this gatepost was built without "
			"libmicrohttpd; gatepost metrics prints the same numbers");
}

/* gp_daemon_http_start: nothing to start. */
int gp_daemon_http_start(const struct gp_daemon_sockets *sockets, struct gp_daemon *daemon,
	struct gp_daemon_http **http_out)
{
	(void)sockets;
	(void)daemon;
	*http_out = NULL;
	return GP_OK;
}

/* gp_daemon_http_stop: there is none. */
void gp_daemon_http_stop(struct gp_daemon_http *http)
{
	(void)http;
}
