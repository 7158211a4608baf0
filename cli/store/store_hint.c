/* SPDX-License-Identifier: ISC */
/*
 * Each command that is printed mends what its line says, given to root; where something stands that
 * need not be the store's, the advice is another place for the store.
 */
#include "cli/store/store_hint.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/store/store_directory.h"

#define tell(told, ...) gp_cli_store_tell((told), GP_CLI_STORE_TROUBLE, __VA_ARGS__)
#define PATH 1200
#define OWN_MODE 0700 /* of a directory, for its owner */

/* ---- an embedded store's directory ---- */

/* hint_missing: who makes the directory, and how it is made by hand. */
static void hint_missing(const struct gp_cli_store_told *told, const struct gp_cli_store_user *who,
	const char *directory)
{
	const char *owner = *who->user ? who->user : "USER";
	struct stat st;
	if (lstat(directory, &st) == 0)
		tell(told,
			"%s is a symbolic link to a directory that is not there: make that one, or "
			"set the link right",
			directory);
	else if (who->is_exim)
		tell(told,
			"Exim's module makes the directory where Exim's user may; else: install -d "
			"-m 700 -o %s %s",
			owner, directory);
	else
		tell(told,
			"gatepost-policyd makes the directory when it is started as root and the "
			"directory above it is there; or: install -d -m 700 -o %s %s",
			owner, directory);
}

/* hint_no_directory: something else stands there, or where a directory above it should be. */
static void hint_no_directory(const struct gp_cli_store_told *told, const char *directory)
{
	char part[1024];
	struct stat st;
	snprintf(part, sizeof part, "%s", directory);
	for (char *slash; lstat(part, &st) != 0 && (slash = strrchr(part, '/')) != NULL;)
		*slash = '\0'; /* the first that is there */
	if (gp_cli_store_is_own_place(part, geteuid()))
		tell(told,
			"%s is a file, and a directory is wanted there: move it away, or name "
			"another directory in store.uri (the store makes its files counters and "
			"facts in it)",
			part);
	else
		tell(told,
			"%s is a file, and a directory is wanted there: store.uri names what is no "
			"store of gatepost; leave the file where it is, and name a directory of "
			"the store's own in store.uri",
			part);
}

/* hint_owner: what belongs to somebody else. */
static void hint_owner(const struct gp_cli_store_told *told, const struct gp_cli_store_user *who,
	const char *directory, mode_t mode)
{
	const char *user = *who->user ? who->user : "USER";
	const char *also = (mode & OWN_MODE) == OWN_MODE ? "" : " && chmod 700 ";
	const char *again = *also ? directory : "";
	if (who->is_exim)
		tell(told,
			"the directory must belong to Exim's user; give it one of its own: store { "
			"uri = {\"lmdb:/var/spool/exim4/gatepost\"} } (or, if nobody else uses "
			"this one: chown -R %s %s%s%s)",
			user, directory, also, again);
	else
		tell(told,
			"the directory must belong to the user that the daemon runs as: chown -R "
			"%s %s%s%s",
			user, directory, also, again);
}

/* hint_closed: a directory that is there and lets the user not do everything; errno of
 * access(2). */
static void hint_closed(const struct gp_cli_store_told *told, const struct gp_cli_store_user *who,
	const char *directory, const struct stat *st, int error)
{
	if (error == EROFS)
		tell(told,
			"the file system of %s is mounted for reading only: mount it for "
			"writing, or name a directory elsewhere in store.uri",
			directory);
	else if (st->st_uid == geteuid() && (st->st_mode & OWN_MODE) != OWN_MODE)
		tell(told, "the mode of the directory keeps its own user out: chmod 700 %s",
			directory);
	else
		hint_owner(told, who, directory, st->st_mode);
}

/* hint_above: the first directory on the way that does not let the user through. */
static void hint_above(const struct gp_cli_store_told *told, const char *directory)
{
	char part[PATH];
	struct stat st;
	snprintf(part, sizeof part, "%s", directory);
	for (char *at = part; (at = strchr(at + 1, '/')) != NULL; *at = '/') {
		*at = '\0';
		if (access(part, X_OK) == 0)
			continue;
		bool is_own = stat(part, &st) == 0 && st.st_uid == geteuid();
		tell(told,
			"%s, a directory above it, does not let the user in: chmod %s+x %s (or "
			"name a directory elsewhere in store.uri)",
			part, is_own ? "u" : "o", part);
		return;
	}
}

/* hint_kind: what is no regular file has no place among the store's. */
static void hint_kind(const struct gp_cli_store_told *told, const char *path, mode_t mode)
{
	if (S_ISDIR(mode))
		tell(told,
			"%s is a directory where the store has a file: move it away: mv %s "
			"%s.old",
			path, path, path);
	else
		tell(told,
			"%s is %s where the store has a file of its own: remove it, the store "
			"makes one: rm %s",
			path, S_ISLNK(mode) ? "a symbolic link, which is not followed," : "no file",
			path);
}

/* hint_file: one of the store's; one that is missing is made. */
static void hint_file(
	const struct gp_cli_store_told *told, const struct gp_cli_store_user *who, const char *path)
{
	struct stat st;
	if (lstat(path, &st) != 0)
		return;
	if (!S_ISREG(st.st_mode)) {
		hint_kind(told, path, st.st_mode);
	} else if (access(path, R_OK | W_OK) != 0 && errno == EACCES) {
		if (st.st_uid == geteuid())
			tell(told, "the mode of %s keeps its own user out: chmod 600 %s", path,
				path);
		else
			tell(told, "%s belongs to somebody else: chown %s %s && chmod 600 %s", path,
				*who->user ? who->user : "USER", path, path);
	}
}

/* hint_files: all that the store opens. */
static void hint_files(const struct gp_cli_store_told *told, const struct gp_cli_store_user *who,
	const char *directory)
{
	for (size_t i = 0; gp_cli_store_files[i]; i++) {
		char path[PATH];
		int n = snprintf(path, sizeof path, "%s/%s", directory, gp_cli_store_files[i]);
		if (n > 0 && (size_t)n < sizeof path)
			hint_file(told, who, path);
	}
}

/* hint_directory: one that is missing, is none, cannot be reached, or is not ours; then its
 * files. */
static void hint_directory(const struct gp_cli_store_told *told, const char *directory,
	const struct gp_cli_store_user *who)
{
	struct stat st;
	int error = stat(directory, &st) == 0 ? 0 : errno;
	if (error == ENOENT)
		hint_missing(told, who, directory);
	else if (error == ENOTDIR || (!error && !S_ISDIR(st.st_mode)))
		hint_no_directory(told, directory);
	else if (error == EACCES)
		hint_above(told, directory);
	else if (error == ENAMETOOLONG)
		tell(told,
			"the name is too long: name a directory with a shorter one in store.uri");
	else if (!error && access(directory, R_OK | W_OK | X_OK))
		hint_closed(told, who, directory, &st, errno);
	else if (!error)
		hint_files(told, who, directory);
}

/* ---- a server ---- */

/* hint_server: by what its trouble says; the last row fits everything. */
static void hint_server(const struct gp_cli_store_told *told, const char *problem)
{
	static const struct {
		const char *part, *hint;
	} rows[] = {
		{"Connection refused",
			"nothing listens there: start the Redis (systemctl start redis-server), "
			"let it listen at that address and port (bind and port in its redis.conf), "
			"or set store.uri right"},
		{"No such file or directory",
			"there is no such socket: start the Redis (systemctl start redis-server), "
			"set unixsocket in its redis.conf, or set the path in store.uri right"},
		{"Permission denied", "the user may not open the socket: set unixsocketperm 770 in "
				      "redis.conf and put the user into Redis's group (usermod -a "
				      "-G redis USER), then restart both"},
		{"has no address", "the host's name is not known here: set it right in store.uri, "
				   "or add it to DNS or /etc/hosts (getent hosts NAME shows what "
				   "is known)"},
		{"AUTH", "the password or the user is not that of the Redis: see "
			 "store.password_file and store.user, and requirepass or ACL LIST of the "
			 "Redis"},
		{"TLS", "see store.tls_ca_file, and whether that port of the Redis speaks TLS "
			"(rediss:// does, redis:// does not)"},
		{"", "is the Redis of store.uri running, and may this host reach it (firewall, "
		     "bind and protected-mode in redis.conf)? redis-cli -h HOST -p PORT ping says "
		     "so"},
	};
	size_t i = 0;
	while (!strstr(problem, rows[i].part))
		i++;
	tell(told, "%s", rows[i].hint);
}

/* gp_cli_store_hint: by the kind of the store. */
void gp_cli_store_hint(const struct gp_cli_store *store, const char *problem,
	const struct gp_cli_store_user *who, const struct gp_cli_store_told *told)
{
	if (store->directory)
		hint_directory(told, store->directory, who);
	else
		hint_server(told, problem);
}
