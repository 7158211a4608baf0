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
			"%s is a symbolic link to a directory that does not exist: create that "
			"directory, or correct the link",
			directory);
	else if (who->is_exim)
		tell(told,
			"Exim's module creates the directory if Exim's user may; otherwise: "
			"install -d -m 700 -o %s %s",
			owner, directory);
	else
		tell(told,
			"gatepost-policyd creates the directory when it is started as root and the "
			"directory above it exists; or: install -d -m 700 -o %s %s",
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
			"%s is a file, but must be a directory: move it away, or set another "
			"directory in store.uri (the store creates its files counters and facts in "
			"it)",
			part);
	else
		tell(told,
			"%s is a file, but must be a directory: store.uri does not name a store of "
			"gatepost; leave the file where it is, and set a directory of its own in "
			"store.uri",
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
			"uri = {\"lmdb:/var/spool/exim4/gatepost\"} } (or, if no other program "
			"uses this one: chown -R %s %s%s%s)",
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
			"the file system of %s is mounted read-only: mount it read-write, or set a "
			"directory elsewhere in store.uri",
			directory);
	else if (st->st_uid == geteuid() && (st->st_mode & OWN_MODE) != OWN_MODE)
		tell(told, "the mode of the directory denies access to its own user: chmod 700 %s",
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
			"%s, a directory above it, denies access to the user: chmod %s+x %s (or "
			"set a directory elsewhere in store.uri)",
			part, is_own ? "u" : "o", part);
		return;
	}
}

/* hint_kind: what is no regular file has no place among the store's. */
static void hint_kind(const struct gp_cli_store_told *told, const char *path, mode_t mode)
{
	if (S_ISDIR(mode))
		tell(told,
			"%s is a directory, but must be a file of the store: move it away: mv %s "
			"%s.old",
			path, path, path);
	else
		tell(told,
			"%s is %s, but must be a file of the store: remove it, the store creates "
			"one: rm %s",
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
			tell(told, "the mode of %s denies access to its own user: chmod 600 %s",
				path, path);
		else
			tell(told, "%s belongs to another user: chown %s %s && chmod 600 %s", path,
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
			"the name is too long: set a directory with a shorter name in store.uri");
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
			"nothing listens there: start Redis (systemctl start redis-server), let it "
			"listen on that address and port (bind and port in its redis.conf), or "
			"correct store.uri"},
		{"No such file or directory",
			"there is no such socket: start Redis (systemctl start redis-server), set "
			"unixsocket in its redis.conf, or correct the path in store.uri"},
		{"Permission denied", "the user may not open the socket: set unixsocketperm 770 in "
				      "redis.conf and add the user to Redis's group (usermod -a -G "
				      "redis USER), then restart both"},
		{"has no address", "the host name cannot be resolved: correct it in store.uri, or "
				   "add it to DNS or /etc/hosts (getent hosts NAME shows the "
				   "result)"},
		{"AUTH", "Redis rejects the password or the user: see store.password_file and "
			 "store.user, and requirepass or ACL LIST of Redis"},
		{"TLS", "see store.tls_ca_file, and whether that port of Redis uses TLS "
			"(rediss:// does, redis:// does not)"},
		{"", "is the Redis of store.uri running, and can this host reach it (firewall, "
		     "bind and protected-mode in redis.conf)? test with redis-cli -h HOST -p PORT "
		     "ping"},
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
