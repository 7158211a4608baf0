/* SPDX-License-Identifier: ISC */
/*
 * The directory is that of the unit's state; without a service manager, the store's usual one.
 * Root's copy lies beside that directory and not in it: the owner of a directory can rename files
 * that root has created there, and so restore an older copy, which would undo later changes of the
 * administrator.
 */
#include "daemon/last_good.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/privileges.h"

/* ---- the copy that the daemon's user keeps ---- */

/* is_user: is that the name of the user that this process runs as? */
static bool is_user(const char *name)
{
	const struct passwd *pw = getpwnam(name);
	return pw && pw->pw_uid == geteuid();
}

/* problem_of: why a file that was kept as its user is not used; is_dropped: root has become its
 * owner, and knows nothing else of the daemon's user. */
static const char *problem_of(const struct gp_config *config, uid_t owner, bool is_dropped)
{
	if (owner != geteuid())
		return "belongs to another user";
	if (is_dropped && !is_user(config->policyd.user))
		return "does not belong to the policyd.user that is set in it";
	return is_dropped && *config->policyd.chroot ? "sets policyd.chroot, which it may not"
						     : NULL;
}

/* load_own: what this user has kept; never as root, since the text names files that are opened. */
static int load_own(
	const char *path, bool is_dropped, struct gp_config **config_out, const struct gp_log *log)
{
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	uid_t owner = 0;
	int rc = gp_config_load_saved(gp_config_state_directory(), path, &config, &errors, &owner);
	const char *problem = rc ? NULL : problem_of(config, owner, is_dropped);
	if (rc) {
		const char *text = errors.text && *errors.text ? errors.text : gp_err_text(rc);
		gp_log_text(log, GP_LOG_WARNING, "no last good configuration can be used: %.*s",
			(int)strcspn(text, "\n"), text);
	} else if (problem) {
		gp_log_text(log, GP_LOG_WARNING, "the last good configuration is not used: %s %s",
			config->saved_path, problem);
		gp_config_free(config);
		rc = GP_EINVAL;
	}
	gp_config_errors_fini(&errors);
	if (!rc)
		*config_out = config;
	return rc;
}

/* become_owner: root becomes the user whose file it is, before anything of it is read. */
static int become_owner(const char *path, const struct gp_log *log)
{
	char file[2048];
	struct stat directory, st;
	const char *problem = NULL;
	if (!gp_config_saved_path(gp_config_state_directory(), path, file, sizeof file))
		problem = "has a name that is too long";
	else if (stat(gp_config_state_directory(), &directory) || lstat(file, &st))
		problem = strerror(errno);
	else if (!S_ISREG(st.st_mode))
		problem = "is not a regular file";
	else if (st.st_uid != directory.st_uid || st.st_uid == 0)
		problem = "belongs to root or to another user than its directory";
	if (!problem)
		return gp_daemon_privileges_become(st.st_uid, log);
	gp_log_text(log, GP_LOG_WARNING, "no last good configuration can be used: %s %s", file,
		problem);
	return GP_EINVAL;
}

/* ---- the copy that root keeps of a start ---- */

/* is_roots: a directory in which nobody but root can put another thing in the place of root's; in a
 * sticky one, names belong to the owner of what they name. */
static bool is_roots(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == 0 &&
	       (!(st.st_mode & (S_IWGRP | S_IWOTH)) || st.st_mode & S_ISVTX);
}

/* start_directory: where root's copy lies; NULL, or why there can be none. From the top downwards,
 * so what has been looked at can no longer be changed by others, and its name may be used. */
static const char *start_directory(char *buf, size_t size)
{
	char upper[2048];
	const char *state = gp_config_state_directory();
	size_t len = strlen(state);
	while (len > 1 && state[len - 1] == '/')
		len--;
	int n = snprintf(buf, size, "%.*s-as-root", (int)len, state);
	if (n < 0 || (size_t)n >= size || size > sizeof upper)
		return "its name is too long";
	for (const char *slash = strchr(buf, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(upper, sizeof upper, "%.*s", slash == buf ? 1 : (int)(slash - buf), buf);
		if (!is_roots(upper))
			return "the directories above it must belong to root, must not be links, "
			       "and must not be writable by others";
	}
	return NULL;
}

/* is_start_directory: nobody but root writes there. */
static bool is_start_directory(const char *directory)
{
	struct stat st;
	return is_roots(directory) && lstat(directory, &st) == 0 &&
	       !(st.st_mode & (S_IWGRP | S_IWOTH));
}

/* has_state: without a directory for its state nothing is kept, and nothing used. */
static bool has_state(void)
{
	return access(gp_config_state_directory(), F_OK) == 0;
}

/* load_start: root's own copy; NULL: there is none that may be used. */
static struct gp_config *load_start(const char *path)
{
	char directory[2048];
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	uid_t owner = (uid_t)-1;
	if (!has_state() || start_directory(directory, sizeof directory) ||
		!is_start_directory(directory))
		return NULL;
	int rc = gp_config_load_saved(directory, path, &config, &errors, &owner);
	gp_config_errors_fini(&errors); /* the caller says what follows */
	if (rc || owner == 0)
		return rc ? NULL : config;
	gp_config_free(config);
	return NULL;
}

/* is_there: is something kept in that directory? */
static bool is_there(const char *directory, const char *path)
{
	char file[2048];
	return gp_config_saved_path(directory, path, file, sizeof file) && access(file, F_OK) == 0;
}

/* gp_daemon_last_good_is_kept: by this user, or by root. */
bool gp_daemon_last_good_is_kept(const char *path)
{
	char directory[2048];
	return is_there(gp_config_state_directory(), path) ||
	       (geteuid() == 0 && !start_directory(directory, sizeof directory) &&
		       is_there(directory, path));
}

/* gp_daemon_last_good_load: and why not. */
int gp_daemon_last_good_load(const char *path, const struct gp_log *log,
	struct gp_config **config_out, bool *is_dropped_out)
{
	*is_dropped_out = false;
	if (geteuid() != 0)
		return load_own(path, false, config_out, log);
	*config_out = load_start(path);
	if (*config_out)
		return GP_OK;
	int rc = become_owner(path, log);
	*is_dropped_out = !rc;
	return rc ? rc : load_own(path, true, config_out, log);
}

/* same_texts: item for item. */
static bool same_texts(const struct gp_config_texts *a, const struct gp_config_texts *b)
{
	bool same = a->count == b->count;
	for (size_t i = 0; same && i < a->count; i++)
		same = strcmp(a->items[i], b->items[i]) == 0;
	return same;
}

/* find_difference: the first option that root acts on and that differs; NULL: there is none. */
static const char *find_difference(const struct gp_config *a, const struct gp_config *b)
{
	const struct gp_config_policyd *x = &a->policyd, *y = &b->policyd;
	const struct {
		const char *name, *one, *other;
	} texts[] = {
		{"policyd.user", x->user, y->user},
		{"policyd.group", x->group, y->group},
		{"policyd.mail_user", x->mail_user, y->mail_user},
		{"policyd.chroot", x->chroot, y->chroot},
		{"policyd.control_socket", x->control_socket, y->control_socket},
		{"store.local_path", a->store_settings.local_path, b->store_settings.local_path},
	};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (strcmp(texts[i].one, texts[i].other) != 0)
			return texts[i].name;
	if (!same_texts(&x->listen, &y->listen))
		return "policyd.listen";
	if (x->socket_mode != y->socket_mode)
		return "policyd.socket_mode";
	if (x->control_mode != y->control_mode)
		return "policyd.control_mode";
	if (!same_texts(&a->metrics.listen, &b->metrics.listen))
		return "metrics.listen";
	return same_texts(&a->store_settings.uris, &b->store_settings.uris) ? NULL : "store.uri";
}

/* gp_daemon_last_good_take_newer: what reloads have changed since root's start, all but what root
 * does. */
bool gp_daemon_last_good_take_newer(struct gp_config **config, const struct gp_log *log)
{
	struct gp_config *newer = NULL;
	const struct gp_config *start = *config;
	/* inside a chroot, files that a configuration names are other ones or not there */
	if (*start->policyd.chroot || geteuid() == 0 || load_own(start->path, false, &newer, log))
		return false;
	if (newer->saved_s < start->saved_s) {
		gp_config_free(newer);
		return false;
	}
	const char *name = find_difference(newer, start);
	if (name)
		gp_log_text(log, GP_LOG_WARNING,
			"%s in the last good configuration differs from what root has started the "
			"daemon with: users, sockets and directories are those of that start, "
			"everything else is as loaded since; correct %s and restart",
			name, start->path);
	gp_config_free(*config);
	*config = newer;
	return true;
}

/* gp_daemon_last_good_keep_start: in a directory of root's own, beside that of the state. */
void gp_daemon_last_good_keep_start(const struct gp_config *config, const struct gp_log *log)
{
	char directory[2048];
	if (geteuid() != 0 || config->saved_path || !has_state() || gp_config_emptied(config, NULL))
		return;
	const char *problem = start_directory(directory, sizeof directory);
	if (!problem && mkdir(directory, 0700) && errno != EEXIST)
		problem = strerror(errno);
	if (!problem && !is_start_directory(directory))
		problem = "it must be a directory that belongs to root and is not writable by "
			  "others";
	if (!problem && gp_config_save(config, directory))
		problem = strerror(errno);
	if (problem)
		gp_log_text(log, GP_LOG_WARNING,
			"the configuration that root has started with cannot be saved in %s; a "
			"start with a broken configuration would open sockets without root "
			"privileges: %s",
			directory, problem);
}

/* gp_daemon_last_good_say: what is so, since when, and what to do. */
void gp_daemon_last_good_say(
	const struct gp_config *config, bool is_dropped, const struct gp_log *log)
{
	char when[64] = "?";
	struct tm tm;
	time_t saved_s = (time_t)config->saved_s;
	if (gmtime_r(&saved_s, &tm))
		(void)strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S UTC", &tm);
	gp_log_text(log, GP_LOG_ERROR,
		"%s has errors or cannot be read and is NOT in force; the last good configuration, "
		"saved %s in %s, is used instead. gatepost check-config shows the errors; correct "
		"them, then reload",
		config->path, when, config->saved_path);
	if (is_dropped)
		gp_log_text(log, GP_LOG_WARNING,
			"the last good configuration is used without root privileges, because root "
			"has saved none: sockets and directories are opened as the user %s, "
			"without policyd.group and the group of policyd.mail_user; correct %s and "
			"restart",
			config->policyd.user, config->path);
}

/* gp_daemon_last_good_keep: not again what was kept before. */
void gp_daemon_last_good_keep(const struct gp_config *config, const struct gp_log *log)
{
	const char *directory = gp_config_state_directory();
	if (config->saved_path || gp_config_emptied(config, NULL))
		return;
	if (access(directory, F_OK) && errno == ENOENT) {
		gp_log_text(log, GP_LOG_NOTICE,
			"there is no directory %s: the configuration is not saved, and a start "
			"with a broken configuration will fail; create the directory, owned by the "
			"user of the daemon",
			directory);
		return;
	}
	if (gp_config_save(config, directory))
		gp_log_text(log, GP_LOG_WARNING,
			"the configuration cannot be saved in %s, and a start with a broken one "
			"will fail: %s",
			directory, strerror(errno));
}
