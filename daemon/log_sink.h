/* SPDX-License-Identifier: ISC */
/*
 * Log sink: where the daemon's events are written, as key=value or as JSON, to stderr, to syslog or
 * to systemd's journal.
 *
 * One event is one line, and lines of several threads never mix. Values are escaped and bounded (a
 * value of more than 512 bytes, escapes counted, is cut and marked), so that every field of an
 * event has room and nothing that a client says can forge or hide one.
 *
 * Threads: a sink is constant; a log of it may be used by any number of threads.
 */
#ifndef GP_DAEMON_LOG_SINK_H
#define GP_DAEMON_LOG_SINK_H

#include "base/log.h"
#include "config/config.h"
#include "daemon/log_queue.h"

struct gp_daemon_log_sink {
	const struct gp_config_log *options; /* borrowed */
	struct gp_daemon_log_queue
		*queue; /* borrowed; NULL: lines are written one by one, at once */
};

/* Makes log write to the sink, which it borrows. */
void gp_daemon_log_sink_init(struct gp_log *log, const struct gp_daemon_log_sink *sink);

/* Connects to syslog if that is where events go, and to systemd's journal if standard error is
 * that: events of the target stderr then go there with all their fields (daemon/journal.h). Once
 * before chroot and before threads; later calls look at syslog only. program is how they call it,
 * and is borrowed for the life of the process. */
void gp_daemon_log_sink_open(const struct gp_config_log *options, const char *program);

#endif
