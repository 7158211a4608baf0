/* SPDX-License-Identifier: ISC */
/*
 * Logsink: where the daemon's events are written, as key=value or as JSON, to stderr or syslog.
 *
 * One event is one line and one write, so that lines of several threads never mix. Values are
 * escaped and bounded (a value longer than 512 bytes is cut and marked): nothing that a client
 * says can forge a line. No locks.
 */
#ifndef GP_POLICYD_LOGSINK_H
#define GP_POLICYD_LOGSINK_H

#include "base/log.h"
#include "config/config.h"

/* Makes log write as the options say; borrows them. Call gp_logsink_open once before chroot. */
void gp_logsink_init(struct gp_log *log, const struct gp_config_log *options);

/* Connects to syslog if that is where events go. */
void gp_logsink_open(const struct gp_config_log *options);

#endif
