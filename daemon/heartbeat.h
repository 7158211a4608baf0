/* SPDX-License-Identifier: ISC */
/*
 * Heartbeat: what the serving process reports to its supervisor and to systemd: it is ready, it
 * runs, a reload has succeeded or failed.
 *
 * The threads that must never hang stamp the time; the thread that waits for signals looks at the
 * stamps every second and passes a word on: to the parent through a pipe, or, without a parent, to
 * the service manager.
 *
 * Threads: any may beat; one tells.
 *
 * Known gap: sessions do not beat, since most of them wait for Postfix. Should all of them hang,
 * the thread that accepts still moves.
 */
#ifndef GP_DAEMON_HEARTBEAT_H
#define GP_DAEMON_HEARTBEAT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "daemon/counters.h"
#include "daemon/notify.h"

/* What has to show that it runs: what is done every second, and the accepting thread of each
 * service. */
enum gp_daemon_heartbeat_thread {
	GP_DAEMON_HEARTBEAT_MAINTENANCE,
	GP_DAEMON_HEARTBEAT_LISTEN, /* and the numbers of the other services after it */
	GP_DAEMON_HEARTBEAT_THREADS = GP_DAEMON_HEARTBEAT_LISTEN + GP_DAEMON_SERVICES_MAX
};

/* Words, a byte each in the pipe. */
enum gp_daemon_heartbeat_word {
	GP_DAEMON_HEARTBEAT_READY = 'R',
	GP_DAEMON_HEARTBEAT_ALIVE = 'A',
	GP_DAEMON_HEARTBEAT_RELOADING = 'H',
	GP_DAEMON_HEARTBEAT_RELOADED = 'L',
	GP_DAEMON_HEARTBEAT_REFUSED = 'F', /* the configuration has errors and the old one stays */
	GP_DAEMON_HEARTBEAT_STOPPING = 'S'
};

struct gp_daemon_heartbeat {
	int ends[2];                     /* of the pipe; -1: there is no parent */
	struct gp_daemon_notify *notify; /* what is notified then; borrowed */
	const char *status;              /* for people, while all is well; borrowed */
	unsigned services;               /* so many of them; at first 1 */
	_Atomic int64_t beats_us[GP_DAEMON_HEARTBEAT_THREADS];
};

/* With a pipe, which the parent makes before it forks, or without. */
int gp_daemon_heartbeat_init(struct gp_daemon_heartbeat *heartbeat_out, bool with_parent,
	struct gp_daemon_notify *notify, const char *status) GP_MUST_CHECK;
void gp_daemon_heartbeat_fini(struct gp_daemon_heartbeat *heartbeat);

/* This thread (enum gp_daemon_heartbeat_thread) moves. Costs a look at the clock. */
void gp_daemon_heartbeat_beat(struct gp_daemon_heartbeat *heartbeat, unsigned thread);

/* Passes a word on; never waits. */
void gp_daemon_heartbeat_tell(
	struct gp_daemon_heartbeat *heartbeat, enum gp_daemon_heartbeat_word word);

/* GP_DAEMON_HEARTBEAT_ALIVE, if no thread has been still for too long. */
void gp_daemon_heartbeat_pass(struct gp_daemon_heartbeat *heartbeat);

/* What the service manager is told about a word; both ways lead here. */
void gp_daemon_heartbeat_notify(
	struct gp_daemon_notify *notify, enum gp_daemon_heartbeat_word word, const char *status);

/* In the parent: the next word, or 0 when there is none for the moment. */
int gp_daemon_heartbeat_read(struct gp_daemon_heartbeat *heartbeat);

#endif
