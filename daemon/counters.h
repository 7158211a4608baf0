/* SPDX-License-Identifier: ISC */
/*
 * Counters that any daemon has; those of a service are in the service.
 *
 * Atomic numbers in memory that survives a crash (daemon/shmem.h), so that they never go back while
 * the daemon runs. Any thread adds, nobody waits.
 */
#ifndef GP_DAEMON_COUNTERS_H
#define GP_DAEMON_COUNTERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define GP_DAEMON_SERVICES_MAX 4

/* Of one service. */
struct gp_daemon_connections {
	atomic_ullong accepted; /* since start */
	atomic_ullong full;     /* times that the most connections were reached */
	atomic_ullong unserved; /* those for which there was no memory or descriptor */
};

struct gp_daemon_counters {
	int64_t started_s;         /* wall time; written before the first thread */
	atomic_ullong log_dropped; /* lines that nobody took */
	atomic_ullong crashes;     /* ends of the serving process that nobody asked for */
	atomic_ullong reloads, reloads_failed;
	atomic_bool reload_failed; /* the last one */
	struct gp_daemon_connections services[GP_DAEMON_SERVICES_MAX];
};

#endif
