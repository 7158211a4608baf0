/* SPDX-License-Identifier: ISC */
/*
 * Control: the operator's socket of the running daemon.
 *
 * A client connects, sends one JSON object on one line, and gets one JSON object on one line back;
 * then the connection is closed. {"command": "status"}; the answer has "error" with a text when it
 * could not be done. Who may connect is a matter of the socket's permissions.
 *
 *     command   members of the request          answer
 *     status                                    see policyd/control_status.c
 *     metrics                                   text: the page of policyd/metrics.h
 *     limits    count (most rows, 0: all)       rows: who used how much, by fraction used
 *     show      who                             rows: the limits of a user (or "client:192.0.2.1");
 *                                               counted: does anything count for it?
 *     reset     who, limit (optional)           forgotten: names of limits; counted: was there
 *                                               anything?
 *     set       who, limit, max (null: none),   subject, max, limit, count: what applies now; or
 *               for_s, unit (optional: written  unit_refused and count: the limit has no such unit
 *               with k, M, G or T)
 *     unset     who, limit                      subject, max, limit, count, known
 *     overrides                                 overrides: what was set, by whom, until when
 *
 * A few clients are served at once. One that is slow is cut off, and at once when its place is
 * wanted by another, the oldest of them first; never one whose command is being done.
 */
#ifndef GP_POLICYD_CONTROL_H
#define GP_POLICYD_CONTROL_H

#include "base/err.h"
#include "policyd/listen.h"
#include "policyd/session.h"

#define GP_CONTROL_REQUEST_MAX 65536

/* Descriptors that it needs at most, besides its socket. */
#define GP_CONTROL_FILES (8 + 4 + 1)

struct gp_control;

/* Starts the thread on a listening socket; borrows all three. */
int gp_control_start(int fd, struct gp_session_shared *shared, struct gp_listen *listen,
	struct gp_control **control_out) GP_MUST_CHECK;

/*
 * Ends it after the requests under way; accepts NULL. The socket stays open. Returns how many
 * clients were left, which still use what was borrowed; the process had better end then.
 */
unsigned gp_control_stop(struct gp_control *control);

#endif
