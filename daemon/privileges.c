/* SPDX-License-Identifier: ISC */
/* The order matters: groups need root, chroot needs root, the user goes last. */
#include "daemon/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* failed: says which step did not work. */
static int failed(const struct gp_log *log, const char *step)
{
	gp_log_text(log, GP_LOG_ERROR, "dropping privileges: %s: %s", step, strerror(errno));
	return GP_EIO;
}

/* find_ids: the numbers of the configured user and group. */
static int find_ids(
	const struct gp_config_policyd *options, const struct gp_log *log, uid_t *uid, gid_t *gid)
{
	const struct passwd *pw = getpwnam(options->user);
	if (!pw) {
		gp_log_text(log, GP_LOG_ERROR,
			"started as root, but the user \"%s\" does not exist: create it "
			"(useradd --system --no-create-home %s) or set policyd.user",
			options->user, options->user);
		return GP_EINVAL;
	}
	*uid = pw->pw_uid;
	*gid = pw->pw_gid;
	if (*options->group) {
		const struct group *gr = getgrnam(options->group);
		if (!gr) {
			gp_log_text(log, GP_LOG_ERROR,
				"the group \"%s\" does not exist: create it or set policyd.group",
				options->group);
			return GP_EINVAL;
		}
		*gid = gr->gr_gid;
	}
	if (*uid == 0 || *gid == 0) {
		gp_log_text(log, GP_LOG_ERROR,
			"policyd.user and policyd.group must not be root; root is not needed");
		return GP_EINVAL;
	}
	return GP_OK;
}

/* gp_daemon_privileges_directory: one that exists stays as it is. */
void gp_daemon_privileges_directory(
	const struct gp_config_policyd *options, const char *path, unsigned mode)
{
	uid_t uid;
	gid_t gid;
	struct stat st;
	if (mkdir(path, (mode_t)mode) || geteuid() != 0)
		return;
	/* by descriptor: what stands there by now may be another thing, if the directory around it
	 * belongs to somebody else */
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	bool is_ours = fd >= 0 && fstat(fd, &st) == 0 && st.st_uid == 0;
	if (!is_ours || find_ids(options, NULL, &uid, &gid) || fchown(fd, uid, gid))
		(void)rmdir(path); /* nobody could use it */
	if (fd >= 0)
		close(fd);
}

/* Root's own rights while it acts as the user. */
struct own_rights {
	gid_t group;
	gid_t groups[NGROUPS_MAX];
	int count;
};

/* lend: the user's groups, group and rights, in this order; can be taken back. */
static int lend(const char *user, uid_t uid, gid_t gid)
{
	return initgroups(user, gid) || setegid(gid) || seteuid(uid) ? GP_EIO : GP_OK;
}

/* take_back: as before, whatever lend has come to. */
static int take_back(const struct own_rights *own)
{
	if (seteuid(0) || setegid(own->group) || setgroups((size_t)own->count, own->groups))
		return GP_EIO;
	return GP_OK;
}

/* gp_daemon_privileges_as_user: effective ones only, so that root can have them back. */
int gp_daemon_privileges_as_user(
	const struct gp_config_policyd *options, void (*act)(void *arg), void *arg)
{
	struct own_rights *own;
	uid_t uid;
	gid_t gid;
	if (geteuid() != 0) {
		act(arg);
		return GP_OK;
	}
	int rc = find_ids(options, NULL, &uid, &gid);
	if (rc)
		return rc;
	own = malloc(sizeof *own);
	if (!own)
		return GP_EIO;
	own->group = getegid();
	own->count = getgroups(NGROUPS_MAX, own->groups);
	rc = own->count < 0 ? GP_EIO : lend(options->user, uid, gid);
	if (!rc)
		act(arg);
	if (own->count >= 0 && take_back(own))
		rc = GP_EIO;
	free(own);
	return rc;
}

/* gp_daemon_privileges_check: user, group and directory exist. */
void gp_daemon_privileges_check(const struct gp_config_policyd *options, const struct gp_log *log)
{
	struct stat st;
	uid_t uid;
	gid_t gid;
	if (geteuid() != 0)
		return;
	(void)(find_ids(options, log, &uid, &gid) == GP_OK); /* has said it */
	if (*options->chroot && (stat(options->chroot, &st) || !S_ISDIR(st.st_mode)))
		gp_log_text(log, GP_LOG_ERROR, "policyd.chroot: there is no directory %s",
			options->chroot);
}

/* confine: into the configured directory. */
static int confine(const char *directory, const struct gp_log *log)
{
	if (!*directory)
		return GP_OK;
	return chroot(directory) || chdir("/") ? failed(log, directory) : GP_OK;
}

/* prove: every way back must be shut. */
static int prove(uid_t uid, gid_t gid, const struct gp_log *log)
{
	uid_t r, e, s;
	gid_t gr, ge, gs;
	bool gone = getresuid(&r, &e, &s) == 0 && r == uid && e == uid && s == uid &&
		    getresgid(&gr, &ge, &gs) == 0 && gr == gid && ge == gid && gs == gid &&
		    setresuid((uid_t)-1, 0, (uid_t)-1) != 0 &&
		    setresgid((gid_t)-1, 0, (gid_t)-1) != 0 && setgroups(0, NULL) != 0;
	if (gone)
		return GP_OK;
	gp_log_text(log, GP_LOG_ERROR, "dropping privileges: root privileges could be regained");
	return GP_EIO;
}

/* become: the steps, then the proof. */
static int become(
	const char *user, uid_t uid, gid_t gid, const char *directory, const struct gp_log *log)
{
	if (initgroups(user, gid))
		return failed(log, "groups");
	int rc = confine(directory, log);
	if (rc)
		return rc;
	if (setresgid(gid, gid, gid))
		return failed(log, "group");
	if (setresuid(uid, uid, uid))
		return failed(log, "user");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return failed(log, "no_new_privs");
	return prove(uid, gid, log);
}

/* gp_daemon_privileges_become: a user that exists. */
int gp_daemon_privileges_become(uid_t uid, const struct gp_log *log)
{
	char user[256];
	const struct passwd *pw = getpwuid(uid);
	if (!pw || uid == 0 || pw->pw_gid == 0 || strlen(pw->pw_name) >= sizeof user) {
		gp_log_text(log, GP_LOG_ERROR,
			"the user with ID %ld does not exist, is root, or is in the group of root",
			(long)uid);
		return GP_EINVAL;
	}
	gid_t gid = pw->pw_gid;
	snprintf(user, sizeof user, "%s", pw->pw_name); /* of memory that initgroups may use */
	return become(user, uid, gid, "", log);
}

/* gp_daemon_privileges_drop: to what the configuration says. */
int gp_daemon_privileges_drop(const struct gp_config_policyd *options, const struct gp_log *log)
{
	uid_t uid;
	gid_t gid;
	if (geteuid() != 0) {
		if (*options->chroot || *options->group)
			gp_log_text(log, GP_LOG_WARNING,
				"not started as root: policyd.chroot and policyd.group have no "
				"effect (a systemd unit says User=, Group= and RootDirectory=)");
		return GP_OK;
	}
	int rc = find_ids(options, log, &uid, &gid);
	return rc ? rc : become(options->user, uid, gid, options->chroot, log);
}
