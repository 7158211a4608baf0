/* SPDX-License-Identifier: ISC */
/*
 * The last good configuration, as the daemon uses it: kept when a configuration has come into
 * force, and used when the daemon is started and the files have errors, so that mail is still
 * accepted while they are corrected. What is in force is then said in the log, by gatepost status
 * and by doctor.
 *
 * The file belongs to the user that the daemon runs as, who could have written it, and is read with
 * the rights of that user only. A daemon that is started as root does with root's rights what root
 * has done at the last start with good files, of which it keeps a copy of its own, and takes the
 * newer file when it has dropped them: that is what was in force, as a reload changes nothing that
 * root does. Where there is no such copy, privileges are dropped before the file is read.
 *
 *     gp_daemon_last_good_load(path, &log, &config, &is_dropped)
 *     gp_daemon_last_good_say(config, is_dropped, &log)
 *     ... what needs root; gp_daemon_privileges_drop ...
 *     gp_daemon_last_good_take_newer(&config, &log)
 */
#ifndef GP_DAEMON_LAST_GOOD_H
#define GP_DAEMON_LAST_GOOD_H

#include <stdbool.h>

#include "config/config.h"

/*
 * The files at path have errors: loads what was kept, unless there is none that may be used, which
 * is said to the log. For root it is what root has kept; else root has become the owner of the
 * file for good, also where that cannot be used: is_dropped_out.
 */
int gp_daemon_last_good_load(const char *path, const struct gp_log *log,
	struct gp_config **config_out, bool *is_dropped_out) GP_MUST_CHECK;

/* Has anything been kept for the file at path, whether it can be used or not? */
bool gp_daemon_last_good_is_kept(const char *path);

/*
 * config is what root has kept, and privileges are dropped now: puts what the user has kept in its
 * place (frees config), if that is as new and can be used. True: it has; an option that root has
 * acted on and that differs is said.
 */
bool gp_daemon_last_good_take_newer(
	struct gp_config **config, const struct gp_log *log) GP_MUST_CHECK;

/* Root has opened all that this configuration, which root has written, wants: keeps a copy. */
void gp_daemon_last_good_keep_start(const struct gp_config *config, const struct gp_log *log);

/* It is used in place of its file: logs that as an error. */
void gp_daemon_last_good_say(
	const struct gp_config *config, bool is_dropped, const struct gp_log *log);

/* This one is in force: keeps it, unless its file is empty. What cannot be kept is said; it does no
 * harm. */
void gp_daemon_last_good_keep(const struct gp_config *config, const struct gp_log *log);

#endif
