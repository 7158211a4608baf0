/* SPDX-License-Identifier: ISC */
/* The folder is that of the unit's state; without a service manager, the store's usual one. */
#include "policyd/lastgood.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define GROUPS_MAX 256 /* of one user */

/* is_group_of: does the user belong to that group anyway? */
static bool is_group_of(const struct passwd *pw, const char *name)
{
	gid_t groups[GROUPS_MAX];
	int count = GROUPS_MAX;
	char user[256];
	gid_t own = pw->pw_gid;
	snprintf(user, sizeof user, "%s", pw->pw_name); /* of memory that getgrnam may use */
	const struct group *gr = getgrnam(name);
	if (!gr || gr->gr_gid == 0)
		return false;
	gid_t wanted = gr->gr_gid;
	if (getgrouplist(user, own, groups, &count) < 0)
		return wanted == own;
	for (int i = 0; i < count; i++)
		if (groups[i] == wanted)
			return true;
	return false;
}

/* may_be_trusted: is it our own file, or, for root, of the user that it makes the daemon become? */
static const char *may_be_trusted(const struct gp_config *config, uid_t owner)
{
	const struct gp_config_policyd *options = &config->policyd;
	if (owner == geteuid())
		return NULL;
	if (geteuid() != 0)
		return "belongs to another user";
	const struct passwd *pw = getpwnam(options->user);
	if (!pw || pw->pw_uid != owner)
		return "belongs to another user than policyd.user in it";
	if (*options->group && !is_group_of(pw, options->group))
		return "has a policyd.group that its user does not belong to, which it may not set";
	return *options->chroot ? "has policyd.chroot, which it may not set" : NULL;
}

/* gp_lastgood_load: and why not. */
int gp_lastgood_load(const char *path, struct gp_config **config_out)
{
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	uid_t owner = 0;
	int rc = gp_config_load_saved(gp_config_state_folder(), path, &config, &errors, &owner);
	const char *problem = rc ? NULL : may_be_trusted(config, owner);
	if (rc)
		fprintf(stderr, "gatepost-policyd: no last good configuration can be used: %s",
			errors.text && *errors.text ? errors.text : gp_err_text(rc));
	if (problem) {
		fprintf(stderr,
			"gatepost-policyd: the last good configuration is not used: %s %s\n",
			config->saved_path, problem);
		gp_config_free(config);
		config = NULL;
		rc = GP_EINVAL;
	}
	gp_config_errors_fini(&errors);
	if (!rc)
		*config_out = config;
	return rc;
}

/* start_folder: where root's copy lies; false: the name is too long. */
static bool start_folder(char *buf, size_t size)
{
	int n = snprintf(buf, size, "%s/as-root", gp_config_state_folder());
	return n > 0 && (size_t)n < size;
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
		{"store.local_path", a->store_local_path, b->store_local_path},
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
	return same_texts(&a->store_uris, &b->store_uris) ? NULL : "store.uri";
}

/* load_start: root's own copy; NULL: there is none that may be used. */
static struct gp_config *load_start(const char *path)
{
	char folder[2048];
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	uid_t owner = (uid_t)-1;
	int rc = GP_EIO;
	if (start_folder(folder, sizeof folder))
		rc = gp_config_load_saved(folder, path, &config, &errors, &owner);
	gp_config_errors_fini(&errors); /* the caller says what follows */
	if (rc || owner == 0)
		return rc ? NULL : config;
	gp_config_free(config);
	return NULL;
}

/* gp_lastgood_is_as_started: option by option. */
bool gp_lastgood_is_as_started(const struct gp_config *config, const struct gp_log *log)
{
	if (geteuid() != 0)
		return true;
	struct gp_config *start = load_start(config->path);
	const char *name = start ? find_difference(config, start) : "";
	if (name && *name)
		gp_log_text(log, GP_LOG_WARNING,
			"%s in the last good configuration is not what root has started the daemon "
			"with before",
			name);
	if (name)
		gp_log_text(log, GP_LOG_WARNING,
			"the last good configuration is used without the rights of root: sockets "
			"and folders are opened as the user %s, and may lack the group of "
			"policyd.mail_user; mend %s and start again",
			config->policyd.user, config->path);
	gp_config_free(start);
	return name == NULL;
}

/* open_start_folder: root's own, made if need be; what the state's owner put in its place is not.
 */
static int open_start_folder(void)
{
	char folder[2048];
	struct stat st;
	if (!start_folder(folder, sizeof folder) || (mkdir(folder, 0700) && errno != EEXIST))
		return -1;
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && (fstat(fd, &st) || st.st_uid != 0 || st.st_mode & (S_IWGRP | S_IWOTH))) {
		close(fd);
		errno = EPERM;
		return -1;
	}
	return fd;
}

/* gp_lastgood_keep_start: in a folder of root's own, in that of the state; by its descriptor, as
 * its name is another's to change. */
void gp_lastgood_keep_start(const struct gp_config *config, const struct gp_log *log)
{
	char folder[64];
	if (geteuid() != 0 || config->saved_path || access(gp_config_state_folder(), F_OK))
		return;
	int fd = open_start_folder();
	snprintf(folder, sizeof folder, "/proc/self/fd/%d", fd);
	if (fd < 0 || gp_config_save(config, folder))
		gp_log_text(log, GP_LOG_WARNING,
			"the configuration cannot be kept in %s/as-root for a start with broken "
			"files: %s",
			gp_config_state_folder(), strerror(errno));
	if (fd >= 0)
		close(fd);
}

/* gp_lastgood_say: what is so, since when, and what to do. */
void gp_lastgood_say(const struct gp_config *config, const struct gp_log *log)
{
	char when[64] = "?";
	struct tm tm;
	time_t saved_s = (time_t)config->saved_s;
	if (gmtime_r(&saved_s, &tm))
		(void)strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S UTC", &tm);
	gp_log_text(log, GP_LOG_ERROR,
		"%s has errors or cannot be read, and is NOT in force: the last good configuration "
		"is, saved %s in %s. gatepost check-config says what is wrong; then reload",
		config->path, when, config->saved_path);
}

/* gp_lastgood_keep: not again what was kept before. */
void gp_lastgood_keep(const struct gp_config *config, const struct gp_log *log)
{
	const char *folder = gp_config_state_folder();
	if (config->saved_path || (access(folder, F_OK) && errno == ENOENT))
		return; /* without a folder for its state, nothing is kept */
	if (gp_config_save(config, folder))
		gp_log_text(log, GP_LOG_WARNING,
			"the configuration cannot be kept in %s for a start with broken files: %s",
			folder, strerror(errno));
}
