/* SPDX-License-Identifier: ISC */
/*
 * Log queue: lines of many threads on their way to a descriptor, written together.
 *
 * A write for each decision costs as much as the decision. Lines are collected for a few
 * milliseconds and written in one piece by a thread of the queue's own.
 *
 * A log must not block mail: while the descriptor cannot be written to and the queue is full, a
 * line waits for a second, and from then on lines are dropped until something has been written
 * again; a line then says how many. Should the process crash, the lines of the last milliseconds
 * are lost.
 *
 * To a pipe or socket whole lines go out in pieces of at most 4 KiB, which pipes keep together, so
 * that they do not mix with those of another process.
 */
#ifndef GP_DAEMON_LOG_QUEUE_H
#define GP_DAEMON_LOG_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"

#define GP_DAEMON_LOG_QUEUE_LINE_MAX 65536 /* a longer line is cut */

struct gp_daemon_log_queue;

struct gp_daemon_log_queue_options {
	/* Borrowed: where lines go. Each batch goes where it says when that is written. */
	const atomic_int *fd;
	atomic_ullong *dropped; /* borrowed: the number of lines dropped; NULL: nobody wants it */
	/* Appends the line, its end included, that says how many were lost. */
	void (*lost)(struct gp_strbuf *line, uint64_t lines);
};

/* Starts the thread; copies the options. */
int gp_daemon_log_queue_new(const struct gp_daemon_log_queue_options *options,
	struct gp_daemon_log_queue **queue_out) GP_MUST_CHECK;

/* Adds a whole line, its end included. Any number of threads; returns within about a second. */
void gp_daemon_log_queue_add(struct gp_daemon_log_queue *queue, const char *line, size_t len);

/* Waits until what was added before has been written, a few seconds at most. */
void gp_daemon_log_queue_flush(struct gp_daemon_log_queue *queue);

/* Writes what is left, within a few seconds, and ends the thread; accepts NULL. */
void gp_daemon_log_queue_free(struct gp_daemon_log_queue *queue);

/*
 * Writes text that ends in a line end, as described above, without a queue; gives up when nothing
 * can be written for patience_ms. False when something is left unwritten.
 */
bool gp_daemon_log_queue_write(int fd, const char *text, size_t len, int patience_ms);

#endif
