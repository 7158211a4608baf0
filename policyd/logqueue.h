/* SPDX-License-Identifier: ISC */
/*
 * Logqueue: lines of many threads on their way to one descriptor, written together.
 *
 * A write for each decision costs as much as the decision. Lines are collected for a few
 * milliseconds and written in one piece by a thread of the queue's own. Nothing is dropped: while
 * the descriptor takes nothing and the queue is full, gp_logqueue_add waits. Should the process
 * crash, the lines of the last milliseconds are lost.
 */
#ifndef GP_POLICYD_LOGQUEUE_H
#define GP_POLICYD_LOGQUEUE_H

#include <stddef.h>

#include "base/err.h"

#define GP_LOGQUEUE_LINE_MAX 65536 /* a longer line is cut */

struct gp_logqueue;

/* Starts the thread; borrows the descriptor. */
int gp_logqueue_new(int fd, struct gp_logqueue **queue_out) GP_MUST_CHECK;

/* Adds a whole line, its end included. Any number of threads. */
void gp_logqueue_add(struct gp_logqueue *queue, const char *line, size_t len);

/* Waits until what was added before has been written. */
void gp_logqueue_flush(struct gp_logqueue *queue);

/* Writes what is left and ends the thread; accepts NULL. */
void gp_logqueue_free(struct gp_logqueue *queue);

#endif
