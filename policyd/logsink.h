/* SPDX-License-Identifier: ISC */
/*
 * Logsink: where the daemon's events are written, as key=value or as JSON, to stderr, to syslog or
 * to systemd's journal.
 *
 * One event is one line, and lines of several threads never mix. Values are escaped and bounded (a
 * value of more than 512 bytes, escapes counted, is cut and marked), so that every field of an
 * event has room and nothing that a client says can forge or hide one.
 *
 * Threads: a sink is constant; a log of it may be used by any number of threads.
 */
#ifndef GP_POLICYD_LOGSINK_H
#define GP_POLICYD_LOGSINK_H

#include "base/log.h"
#include "config/config.h"
#include "policyd/logqueue.h"

struct gp_logsink {
	const struct gp_config_log *options; /* borrowed */
	struct gp_logqueue *queue; /* borrowed; NULL: lines are written one by one, at once */
};

/* Makes log write to the sink, which it borrows. */
void gp_logsink_init(struct gp_log *log, const struct gp_logsink *sink);

/* Connects to syslog if that is where events go, and to systemd's journal if standard error is
 * that: events of the target stderr then go there with all their fields (policyd/journal.h). Once
 * before chroot and before threads; later calls look at syslog only. */
void gp_logsink_open(const struct gp_config_log *options);

#endif
