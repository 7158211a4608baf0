/* SPDX-License-Identifier: ISC */
/*
 * Log_limited: messages for the operator, to syslog(3), at a limited rate.
 *
 * A process of Exim lives for one connection, so a flood of mail causes at most one line of each
 * kind per minute and process. Decisions are not logged here: Exim logs them itself
 * (GATEPOST_SUMMARY). Lines go to the facility of the configuration, mail before there is one;
 * openlog(3) is left to Exim. One line per event: control bytes are escaped.
 *
 * Not for two threads at once.
 */
#ifndef GP_EXIM_LOG_LIMITED_H
#define GP_EXIM_LOG_LIMITED_H

#include <stdint.h>

#include "base/log.h"
#include "base/span.h"

/* What is told apart when lines are counted. */
enum gp_exim_log_kind {
	GP_EXIM_BAD_CALL,   /* arguments: a macro file of another version */
	GP_EXIM_BAD_CONFIG, /* gatepost.conf */
	GP_EXIM_NO_MESSAGE, /* spool file or header */
	GP_EXIM_NO_CHECK,   /* memory, OpenSSL, resolver */
	GP_EXIM_NO_STORE,   /* limits */
	GP_EXIM_CORE,       /* what the core has to say */
	GP_EXIM_LOG_KINDS
};

struct gp_exim_log {
	struct gp_log log; /* for contexts: warnings and errors of the core */
	int facility;
	int64_t said_us[GP_EXIM_LOG_KINDS]; /* 0: never */
};

/* Nothing said yet. The log's sink is this struct, which must not move. */
void gp_exim_log_init(struct gp_exim_log *log);

/* One line, unless one of this kind was written within the last minute. id may be empty. */
void gp_exim_say(struct gp_exim_log *log, enum gp_exim_log_kind kind, struct gp_span id,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
