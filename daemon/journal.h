/* SPDX-License-Identifier: ISC */
/*
 * Journal: events for systemd's journal with every field as a field of its own.
 *
 * Where standard error leads to the journal, an event can go there by the journal's own protocol
 * ("Native Journal Protocol" in systemd's documentation): a datagram of FIELD=value lines. Then
 * journalctl GATEPOST_QUEUE_ID=4Xy finds what a text search could only guess, and the event has its
 * priority. MESSAGE is the same line that other targets get.
 *
 * Threads: any number; a datagram is whole.
 */
#ifndef GP_DAEMON_JOURNAL_H
#define GP_DAEMON_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/log.h"
#include "base/strbuf.h"

/* Connects, if descriptor 2 is the journal's (JOURNAL_STREAM); -1: it is not. Before chroot. */
int gp_daemon_journal_open(void);

/* Sends what gp_daemon_journal_add has built; never waits. False: nobody took it. */
bool gp_daemon_journal_send(int fd, struct gp_span datagram);

/*
 * The fields every event has; program is the name that is logged, line is one line of text.
 * priority is syslog's, with the facility: what passes events on to files goes by it, as rsyslog
 * does.
 */
void gp_daemon_journal_begin(struct gp_strbuf *buf, const char *program, int priority,
	const char *event, struct gp_span line);

/* One more: GATEPOST_ and the key in capitals; a value's control characters become visible. */
void gp_daemon_journal_add(struct gp_strbuf *buf, const struct gp_log_field *field);

#endif
