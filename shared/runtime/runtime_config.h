/* SPDX-License-Identifier: ISC */
/*
 * A configuration as it was read, and whether its files have changed since.
 *
 * Every program that lives on after it has read its files asks here: a daemon, to say that a reload
 * is due; a process of a mail server, to read them again. What a file says is not looked at.
 *
 *     gp_runtime_config_load(path, &loaded, &errors)    (statuses and errors as gp_config_load)
 *     gp_runtime_config_has_changed(&loaded, ...)
 *     gp_runtime_config_fini(&loaded)
 *
 * Files that are written to while they are read look changed afterwards.
 */
#ifndef GP_RUNTIME_RUNTIME_CONFIG_H
#define GP_RUNTIME_RUNTIME_CONFIG_H

#include "base/filestamp.h"
#include "config/config.h"

struct gp_runtime_config {
	struct gp_config *config;
	struct gp_filestamp *stamps; /* of config->watched, one each */
};

/* Reads and checks the files at path; *loaded_out is set on success only. */
int gp_runtime_config_load(const char *path, struct gp_runtime_config *loaded_out,
	struct gp_config_errors *errors) GP_MUST_CHECK;

/*
 * Looks at the files as they are now: for a configuration that was not read from them (the last
 * good one), or after a change of what a path means (chroot). loaded->config is set; stamps that
 * there are, are replaced. GP_ENOMEM: all is as it was.
 */
int gp_runtime_config_stamp(struct gp_runtime_config *loaded) GP_MUST_CHECK;

/*
 * Has any of the files, or a directory that may have more of them, been replaced or written to?
 * with_absent: or is it not there any more; without, what is out of sight, behind a chroot for
 * example, has not changed.
 */
bool gp_runtime_config_has_changed(const struct gp_runtime_config *loaded, bool with_absent);

/* Frees both. */
void gp_runtime_config_fini(struct gp_runtime_config *loaded);

#endif
