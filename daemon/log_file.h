/* SPDX-License-Identifier: ISC */
/*
 * Log file: the file of log.target = file, and what stands before each of its lines.
 *
 * It is opened with the rights of the user that the daemon runs as, before root's are given up as
 * well: what was opened once can be opened again on SIGHUP, and no link leads root elsewhere. A
 * missing file is created with mode 0640 less the umask, a missing directory with 0750; the file
 * itself may not be a symbolic link, and must be a regular file.
 *
 * A line begins as rsyslog writes it (RSYSLOG_FileFormat), so that what reads a mail.log reads it.
 */
#ifndef GP_DAEMON_LOG_FILE_H
#define GP_DAEMON_LOG_FILE_H

#include <stddef.h>

#include "base/strbuf.h"
#include "config/config.h"

#define GP_DAEMON_LOG_FILE_HEAD 160 /* bytes that gp_daemon_log_file_head adds at most */

/*
 * Opens log.file for appending; *problem_out is NULL then. -1: it cannot be opened, and
 * *problem_out says why (a constant, or of strerror).
 */
int gp_daemon_log_file_open(const struct gp_config *config, const char **problem_out);

/*
 * Why the file could not be opened at a start, without trying: NULL, or as above. Known to root
 * only; NULL for others, and where the log goes elsewhere.
 */
const char *gp_daemon_log_file_problem(const struct gp_config *config);

/* Reads what does not change: the machine's name, the time zone. Before chroot and threads. */
void gp_daemon_log_file_prepare(void);

/* Appends time, machine, program and process: "2026-11-21T18:04:00.123456+01:00 mx prog[12]: ". */
void gp_daemon_log_file_head(struct gp_strbuf *buf, const char *program);

#endif
