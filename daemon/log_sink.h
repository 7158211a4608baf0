/* SPDX-License-Identifier: ISC */
/*
 * Log sink: where the daemon's events are written, as key=value or as JSON, to stderr, to syslog,
 * to systemd's journal or to a file (daemon/log_file.h).
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
	/* borrowed: the number of lines that nobody took, where there is no queue; may be NULL */
	atomic_ullong *dropped;
};

/* Makes log write to the sink, which it borrows. */
void gp_daemon_log_sink_init(struct gp_log *log, const struct gp_daemon_log_sink *sink);

/*
 * Connects to syslog or opens the file, if that is where events go, and connects to systemd's
 * journal if standard error is that: events of the target stderr then go there with all their
 * fields (daemon/journal.h). Once before chroot and before threads; a later call looks at syslog,
 * and opens the file again. Where the file cannot be opened, which is logged as an error, lines go
 * where they went before, at first to standard error. program is how they call it, and is borrowed
 * for the life of the process. One thread at a time.
 */
void gp_daemon_log_sink_open(const struct gp_config *config, const char *program);

/* The descriptor that lines go to at present, for a queue: the file's or standard error. */
const atomic_int *gp_daemon_log_sink_fd(void);

/* Appends the line that says how many lines were lost, as they look at present, for a queue. */
void gp_daemon_log_sink_lost(struct gp_strbuf *line, uint64_t lines);

#endif
