/* SPDX-License-Identifier: ISC */
/*
 * Descriptors: how many of them the process may have, and what they are for.
 *
 * The number of connections and DNS queries depends on remote clients; each of them needs a
 * descriptor. So the limit is raised as far as the hard limit allows, and what it allows is divided
 * before the first of them comes: neither can take what the other, the store, the control socket or
 * the numbers need.
 *
 *     gp_daemon_descriptors_raise(options, log);     (at the start, with all privileges)
 *     files = gp_daemon_descriptors_divide(config, log);   (in the serving process)
 *
 * Threads: used before the first one exists.
 */
#ifndef GP_DAEMON_DESCRIPTORS_H
#define GP_DAEMON_DESCRIPTORS_H

#include "base/log.h"
#include "config/config.h"

/* Descriptors that the operator's socket needs at most, besides itself: its clients. */
#define GP_DAEMON_CONTROL_FILES (8 + 4 + 1)
/* Of numbers over HTTP: for each socket its connections, a second one for it, one to wait with, and
 * one that is not let in; and one for all. */
#define GP_DAEMON_HTTP_CONNECTIONS 16
#define GP_DAEMON_HTTP_FILES(sockets) ((sockets) * (GP_DAEMON_HTTP_CONNECTIONS + 3) + 1)

#define GP_DAEMON_DESCRIPTORS_QUESTIONS_MAX \
	4096 /* under way at once; more than any resolver likes */

struct gp_daemon_descriptors {
	unsigned long long limit; /* descriptors of the process */
	unsigned connections;     /* at once, at most policyd.max_connections */
	unsigned spare;           /* and those that wait for a place, or have to go */
	unsigned questions;       /* to DNS, under way at once */
};

/* Raises the soft limit to the hard one, and that where it is not enough and we may. */
void gp_daemon_descriptors_raise(const struct gp_config_policyd *options, const struct gp_log *log);

/* What the limit in force allows; warns when it is less than the configuration wants. */
struct gp_daemon_descriptors gp_daemon_descriptors_divide(
	const struct gp_config *config, const struct gp_log *log);

#endif
