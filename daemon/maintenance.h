/* SPDX-License-Identifier: ISC */
/*
 * Maintenance: a thread for periodic work, every second: the store is written to disk, cleaned and
 * reconnected, run-time overrides are read, each service does its own work (tend), and the name
 * servers are checked. A second one waits for name servers that were too slow for a request, and a
 * third one asks what services want to know for their own sake (probe).
 */
#ifndef GP_DAEMON_MAINTENANCE_H
#define GP_DAEMON_MAINTENANCE_H

#include <stdbool.h>

#include "base/err.h"
#include "daemon/service.h"

struct gp_daemon_maintenance;

/* Starts the threads; borrows the daemon. */
int gp_daemon_maintenance_start(
	struct gp_daemon *daemon, struct gp_daemon_maintenance **maintenance_out) GP_MUST_CHECK;

/* Ends them and waits for that; accepts NULL. False: a name server is still waited for, and the
 * daemon is used until the process ends. */
bool gp_daemon_maintenance_stop(struct gp_daemon_maintenance *maintenance);

#endif
