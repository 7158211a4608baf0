/* SPDX-License-Identifier: ISC */
/*
 * Supervise: a small parent that starts the serving process again should it crash or hang.
 *
 * The listening sockets stay open in the parent, so that a crash costs only the connections of the
 * moment, which Postfix opens again by itself. The child ends when the parent does. The parent is
 * also the process that a service manager knows: it hears from the child through a heartbeat
 * (daemon/heartbeat.h) and passes on what matters.
 */
#ifndef GP_DAEMON_SUPERVISE_H
#define GP_DAEMON_SUPERVISE_H

#include <signal.h>
#include <stdbool.h>

#include "base/log.h"
#include "daemon/heartbeat.h"

/* The signals that are blocked everywhere and waited for: HUP, INT, TERM, USR1, CHLD. */
void gp_daemon_supervise_signals(sigset_t *set_out);

/* A first child that ends with this code cannot work as it is configured: the parent ends, too. */
#define GP_DAEMON_SUPERVISE_HOPELESS 3

struct gp_daemon_supervise {
	int (*serve)(void *arg, bool again);
	void *arg;
	const struct gp_log *log;
	struct gp_daemon_heartbeat *heartbeat; /* with a pipe */
	unsigned watchdog_ms;        /* a child that has not moved for so long is ended; 0: never */
	unsigned stop_ms;            /* so long a stop may take */
	void (*reloaded)(void *arg); /* a child has taken a new configuration */
	void (*hung_up)(void *arg);  /* SIGHUP has come, for the supervisor as well */
};

/*
 * Runs serve(arg, again) in a child process, again and again until SIGTERM or SIGINT; again is
 * false in the first child, so that a later one knows that time has passed. Passes SIGHUP and
 * SIGUSR1 on. Returns the exit code for the process: that of the last child. The signals of
 * gp_daemon_supervise_signals must be blocked, and no thread may have been created.
 */
int gp_daemon_supervise(const struct gp_daemon_supervise *plan);

#endif
