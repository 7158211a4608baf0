/* SPDX-License-Identifier: ISC */
/*
 * Privileges: drops root privileges irrevocably and verifies it.
 *
 * Call after sockets and files are open and before the first thread. Started by an ordinary user,
 * nothing is done.
 */
#ifndef GP_DAEMON_PRIVILEGES_H
#define GP_DAEMON_PRIVILEGES_H

#include <sys/types.h>

#include "base/err.h"
#include "base/log.h"
#include "config/config.h"

/*
 * Groups, chroot, group and user, in this order; then tries to come back, which must fail. On
 * GP_EINVAL or GP_EIO the log has said why, and the process must end.
 */
int gp_daemon_privileges_drop(
	const struct gp_config_policyd *options, const struct gp_log *log) GP_MUST_CHECK;

/* The same for the user with that ID and the user's groups; must not be root; started by an
 * ordinary user, it must be himself. */
int gp_daemon_privileges_become(uid_t uid, const struct gp_log *log) GP_MUST_CHECK;

/* Says to the log what would keep gp_daemon_privileges_drop from working; nothing, unless started
 * as root. */
void gp_daemon_privileges_check(const struct gp_config_policyd *options, const struct gp_log *log);

/*
 * Calls act(arg) with the rights of the user that the daemon will become, where root has not given
 * up its own yet; else with those there are. GP_EINVAL: that user does not exist, and nothing was
 * done. GP_EIO: rights cannot be changed. Before any thread.
 */
int gp_daemon_privileges_as_user(
	const struct gp_config_policyd *options, void (*act)(void *arg), void *arg) GP_MUST_CHECK;

/*
 * Makes a directory that is missing, as root for the user that the daemon will become; its parent
 * must exist. What cannot be created is reported where it is used.
 */
void gp_daemon_privileges_directory(
	const struct gp_config_policyd *options, const char *path, unsigned mode);

#endif
