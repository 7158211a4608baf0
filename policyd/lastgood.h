/* SPDX-License-Identifier: ISC */
/*
 * The last good configuration, as the daemon uses it: kept when a configuration has come into
 * force, and used when the daemon is started and the files have errors, so that mail goes on while
 * somebody mends them. What is in force is then said in the log, by gatepost status and by doctor.
 *
 * A daemon that is started as root gives its privileges up before it does anything that such a file
 * says: the file belongs to the user that the daemon runs as, who could have written it.
 */
#ifndef GP_POLICYD_LASTGOOD_H
#define GP_POLICYD_LASTGOOD_H

#include "config/config.h"

/* The files at path have errors: loads what was kept, unless there is none that may be used, which
 * is said on standard error. */
int gp_lastgood_load(const char *path, struct gp_config **config_out) GP_MUST_CHECK;

/* It is used in place of its file: says so, loudly. */
void gp_lastgood_say(const struct gp_config *config, const struct gp_log *log);

/* This one is in force: keeps it. What cannot be kept is said; it does no harm. */
void gp_lastgood_keep(const struct gp_config *config, const struct gp_log *log);

#endif
