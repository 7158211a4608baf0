/* SPDX-License-Identifier: ISC */
/*
 * The last good configuration, as the daemon uses it: kept when a configuration has come into
 * force, and used when the daemon is started and the files have errors, so that mail goes on while
 * somebody mends them. What is in force is then said in the log, by gatepost status and by doctor.
 *
 * The file belongs to the user that the daemon runs as, who could have written it. So a daemon that
 * is started as root does with root's rights only what root has done at the last start with good
 * files, of which it keeps a copy of its own: where an option that root acts on differs, or there
 * is no such copy, privileges are dropped first.
 */
#ifndef GP_POLICYD_LASTGOOD_H
#define GP_POLICYD_LASTGOOD_H

#include <stdbool.h>

#include "config/config.h"

/* The files at path have errors: loads what was kept, unless there is none that may be used, which
 * is said on standard error. */
int gp_lastgood_load(const char *path, struct gp_config **config_out) GP_MUST_CHECK;

/*
 * Does it say of users, groups, sockets and folders what root has used last? Anybody but root may
 * use it as it is: true. False is said to the log, with what follows.
 */
bool gp_lastgood_is_as_started(const struct gp_config *config, const struct gp_log *log);

/* Root has opened all that this configuration, which root has written, wants: keeps a copy. */
void gp_lastgood_keep_start(const struct gp_config *config, const struct gp_log *log);

/* It is used in place of its file: says so, loudly. */
void gp_lastgood_say(const struct gp_config *config, const struct gp_log *log);

/* This one is in force: keeps it. What cannot be kept is said; it does no harm. */
void gp_lastgood_keep(const struct gp_config *config, const struct gp_log *log);

#endif
