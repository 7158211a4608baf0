/* SPDX-License-Identifier: ISC */
/*
 * Service: how a program describes itself to the daemon code, and what that code offers.
 *
 * A program is a table of services, and a service is a row: what serves a connection, where it
 * listens, its commands on the operator's socket, its numbers, its routes over HTTP, its system
 * calls. Everything else, from the command line options to the log, is the daemon's
 * (daemon/daemon_main.h).
 *
 *     static const struct gp_daemon_service echo = {
 *             .name = "echo", .listen = listen_at, .serve = serve, .stack_bytes = 65536};
 *     static const struct gp_daemon_service *const services[] = {&echo};
 *     static const struct gp_daemon_program program = {
 *             .name = "gatepost-echo", .usage = usage, .services = services, .service_count = 1};
 *     int main(int argc, char **argv) { return gp_daemon_main(argc, argv, &program); }
 *
 * Every member of a row that is a pointer may be NULL unless it says otherwise.
 *
 * Threads: serve runs in a thread for each connection; what it shares is its own affair. The other
 * functions are called by one thread at a time.
 *
 * Known gap: users, directories, the operator's socket and the watchdog are configured by the
 * section policyd, whatever the program.
 */
#ifndef GP_DAEMON_SERVICE_H
#define GP_DAEMON_SERVICE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"
#include "base/strbuf.h"
#include "config/config.h"
#include "daemon/counters.h"
#include "daemon/descriptors.h"
#include "daemon/dns_health.h"
#include "daemon/sockets.h"

struct gp_daemon;
struct gp_daemon_heartbeat;
struct gp_daemon_listen;
struct gp_daemon_runtime;
struct gp_daemon_runtimes;
struct gp_daemon_place;
struct gp_daemon_control_command;
struct gp_daemon_metrics_group;

/* What the log says of a service's connections, with what to do. */
struct gp_daemon_service_texts {
	const char *full;      /* all connections are taken */
	const char *share;     /* "the user with the number 1000 ..." has all that a user may */
	const char *no_thread; /* no thread for a connection */
};

/* A page over HTTP, made for each request. */
struct gp_daemon_route {
	const char *path, *type;
	void (*write)(struct gp_daemon *daemon, struct gp_strbuf *buf);
};

struct gp_daemon_service {
	const char *name; /* also of a socket that is handed over for it (FileDescriptorName=) */

	/* ---- connections ---- */
	/* Where it listens, never NULL; where it does when that is nowhere at all. */
	const struct gp_config_texts *(*listen)(const struct gp_config *config);
	const char *listen_default;
	/* Serves a connection until it is over, or gp_daemon_is_stopping; does not close it. Never
	 * NULL. */
	void (*serve)(void *state, int fd, struct gp_daemon_place *place);
	size_t stack_bytes; /* of its thread */
	/*
	 * Answers one request that has come and for which there is no thread, in some milliseconds.
	 * NULL: the connection is closed. It is called when has_come says so of what has come, at
	 * most request_max bytes, or when it has had its time.
	 */
	void (*excuse)(void *state, int fd, const char *trouble);
	bool (*has_come)(const char *text, size_t len);
	size_t request_max;
	struct gp_daemon_service_texts texts; /* each may be NULL: a general one */

	/* ---- its state ---- */
	/* Before the first process is forked: makes what all of them share; GP_ENOMEM. */
	int (*open)(void **state_out);
	void (*close)(void *state);
	/* In the serving process, before its first thread. */
	void (*begin)(void *state, struct gp_daemon *daemon);
	/* A configuration is to come into force: *data_out, NULL or from malloc(3), is kept with it
	 * and freed with it. GP_ENOMEM: it does not. */
	int (*configure)(void *state, const struct gp_config *config, void **data_out);
	void (*tend)(void *state, const struct gp_daemon_runtime *runtime); /* every second */
	/* At the start and a second after each return, in a thread of its own, which may wait for
	 * name servers. While the daemon stops it is not waited for. */
	void (*probe)(void *state, const struct gp_daemon_runtime *runtime);
	void (*log_counters)(
		void *state, const struct gp_log *log); /* on SIGUSR1, and at the end */

	/* ---- what it offers ---- */
	const struct gp_daemon_control_command *commands;
	size_t command_count;
	const struct gp_daemon_route *routes;
	size_t route_count;
	/* System calls that the daemon has no need of itself, with blanks between. */
	const char *calls;
};

struct gp_daemon_program {
	const char *name;  /* "gatepost-policyd": in the log, in syslog, in errors */
	const char *usage; /* what -h prints */
	const struct gp_daemon_service *const *services;
	size_t service_count; /* 1 to GP_DAEMON_SERVICES_MAX */
	/* Numbers, in the order of the page. */
	const struct gp_daemon_metrics_group *metrics;
	size_t metrics_count;
};

/* A service at work. */
struct gp_daemon_served {
	const struct gp_daemon_service *service;
	void *state;
	struct gp_daemon_sockets sockets;
	struct gp_daemon_listen *listen; /* NULL: not yet */
};

/* A program at work; each member brings its own protection. */
struct gp_daemon {
	const struct gp_daemon_program *program;
	struct gp_daemon_served served[GP_DAEMON_SERVICES_MAX]; /* as in the program's table */
	struct gp_daemon_counters *counters;
	struct gp_daemon_heartbeat *heartbeat;
	struct gp_daemon_runtimes *runtimes;
	struct gp_daemon_descriptors descriptors; /* constant */
	struct gp_daemon_dns_seen dns_seen;       /* written by maintenance */
	atomic_bool stopping;                     /* what is under way ends, no more begins */
};

/* Shall serving end after what is under way? */
static inline bool gp_daemon_is_stopping(struct gp_daemon *daemon)
{
	return atomic_load(&daemon->stopping);
}

#endif
