/* SPDX-License-Identifier: ISC */
/* Opened one after the other; an error closes those before it. No thread exists yet. */
#include "daemon/sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* nonblocking: a connection may be gone again between poll and accept */
#define LISTENER (SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK)

/* failed: says which address could not be opened. */
static int failed(const struct gp_log *log, const char *what, int fd)
{
	gp_log_text(log, GP_LOG_ERROR, "listen: %s: %s", what, strerror(errno));
	if (fd >= 0)
		close(fd);
	return GP_EIO;
}

/* is_served: 1 when somebody listens there, 0 when nobody does any more, else -1 with errno. */
static int is_served(const struct sockaddr_un *addr)
{
	int served = -1, fd = socket(AF_UNIX, LISTENER, 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)addr, sizeof *addr) == 0 || errno == EAGAIN)
		served = 1; /* EAGAIN: its queue is full */
	else if (errno == ECONNREFUSED)
		served = 0;
	int saved = errno;
	close(fd);
	errno = saved;
	return served;
}

/* remove_stale: a socket file that nobody serves any more; GP_EIO when it is something else. */
static int remove_stale(const char *what, const struct sockaddr_un *addr, const struct gp_log *log)
{
	struct stat st;
	if (lstat(addr->sun_path, &st))
		return GP_OK;
	if (!S_ISSOCK(st.st_mode)) {
		gp_log_text(log, GP_LOG_ERROR, "listen: %s exists and is not a socket", what);
		return GP_EIO;
	}
	int served = is_served(addr);
	if (served > 0) {
		gp_log_text(log, GP_LOG_ERROR,
			"listen: %s is in use by a running process, perhaps systemd's socket unit; "
			"stop that first, or write the socket exactly as in the unit",
			what);
		return GP_EIO;
	}
	return served < 0 || unlink(addr->sun_path) ? failed(log, what, -1) : GP_OK;
}

/*
 * bind_unix: the mode comes from the umask, the group from the process. A change by name afterwards
 * would follow a link that the owner of the directory could have put there; one that is no root's
 * has no other way to give the group, and no power over others' files. No other thread exists yet.
 */
static int bind_unix(
	int fd, const struct sockaddr_un *addr, const struct gp_daemon_socket_access *access)
{
	gid_t own = getegid();
	bool is_given = access->group != own && setegid(access->group) == 0;
	mode_t before = umask((mode_t)(0777 & ~access->mode));
	int rc = bind(fd, (const struct sockaddr *)addr, sizeof *addr);
	int saved = errno;
	umask(before);
	if (is_given && setegid(own)) {
		errno = EPERM; /* cannot be: it was the group before */
		return -1;
	}
	if (rc == 0 && access->group != own && !is_given)
		(void)!lchown(addr->sun_path, (uid_t)-1, access->group); /* warn_group looks */
	errno = saved;
	return rc;
}

/* warn_group: only a member can give a socket to the mail server's group. */
static void warn_group(const char *what, const struct sockaddr_un *addr,
	const struct gp_daemon_socket_access *access, const struct gp_log *log)
{
	struct stat st;
	if (!(access->mode & 0070) || access->mode & 0007 || lstat(addr->sun_path, &st) ||
		st.st_gid == access->group)
		return;
	gp_log_text(log, GP_LOG_WARNING,
		"listen: %s belongs to the group with ID %lu and not to that of policyd.mail_user, "
		"which cannot connect: start the daemon as root, or add its user to that group",
		what, (unsigned long)st.st_gid);
}

/* gp_daemon_sockets_unix: bound under the configured mode. */
int gp_daemon_sockets_unix(const char *what, const struct gp_daemon_socket_access *access,
	const struct gp_log *log, int *fd_out)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct gp_span path = gp_span_skip(gp_span_from(what), 5);
	memcpy(addr.sun_path, path.ptr, path.len); /* the configuration has bounded it */
	int rc = remove_stale(what, &addr, log);
	if (rc)
		return rc;
	int fd = socket(AF_UNIX, LISTENER, 0);
	if (fd < 0 || bind_unix(fd, &addr, access) || listen(fd, SOMAXCONN))
		return failed(log, what, fd);
	warn_group(what, &addr, access, log);
	*fd_out = fd;
	return GP_OK;
}

/* gp_daemon_sockets_inet: bound, of either family. */
int gp_daemon_sockets_inet(const char *what, const struct gp_log *log, int *fd_out)
{
	struct gp_dns_server where;
	struct sockaddr_storage ss;
	const int one = 1;
	if (gp_dns_server_parse(gp_span_skip(gp_span_from(what), 5), &where))
		return GP_EINVAL;
	socklen_t len = gp_ipaddr_to_sockaddr(&where.addr, where.port, &ss);
	int fd = socket(ss.ss_family, LISTENER, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) ||
		(ss.ss_family == AF_INET6 &&
			setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one)) ||
		bind(fd, (const struct sockaddr *)&ss, len) || listen(fd, SOMAXCONN))
		return failed(log, what, fd);
	*fd_out = fd;
	return GP_OK;
}

/* gp_daemon_sockets_name: from the system. */
void gp_daemon_sockets_name(int fd, char name_out[GP_DAEMON_SOCKETS_NAME])
{
	union gp_daemon_socket_reach_address a;
	char text[INET6_ADDRSTRLEN] = "?";
	socklen_t size = gp_daemon_socket_reach_address(fd, &a);
	if (a.any.sa_family == AF_UNIX) {
		/* the system need not end the path */
		int len = size > offsetof(struct sockaddr_un, sun_path)
				  ? (int)(size - offsetof(struct sockaddr_un, sun_path))
				  : 0;
		snprintf(name_out, GP_DAEMON_SOCKETS_NAME, "unix:%.*s", len, a.un.sun_path);
	} else if (a.any.sa_family == AF_INET) {
		(void)inet_ntop(AF_INET, &a.in.sin_addr, text, sizeof text); /* has room */
		snprintf(
			name_out, GP_DAEMON_SOCKETS_NAME, "inet:%s:%u", text, ntohs(a.in.sin_port));
	} else if (a.any.sa_family == AF_INET6) {
		(void)inet_ntop(AF_INET6, &a.in6.sin6_addr, text, sizeof text); /* has room */
		snprintf(name_out, GP_DAEMON_SOCKETS_NAME, "inet:[%s]:%u", text,
			ntohs(a.in6.sin6_port));
	} else {
		snprintf(name_out, GP_DAEMON_SOCKETS_NAME, "descriptor:%d", fd);
	}
}

/* What is said of a socket that others than the mail server may connect to, and what to do: with
 * one that the configuration names, and with one that was handed over. */
static const struct {
	const char *who, *own, *handed;
} reach_texts[] = {
	[GP_DAEMON_SOCKET_REACH_PERMITTED] = {NULL, NULL, NULL},
	[GP_DAEMON_SOCKET_REACH_EVERYBODY] = {"any local user can connect, because its mode allows "
					      "it,",
		"If this machine has other users, set policyd.socket_mode = 0660, which is for the "
		"group of policyd.mail_user",
		"If this machine has other users, set SocketMode=0660 and SocketGroup= to the "
		"group of the mail server in the socket unit"},
	[GP_DAEMON_SOCKET_REACH_LOOPBACK] = {"any local user can connect",
		"If this "
		"machine has other users, set policyd { listen = {\"" GP_CONFIG_LISTEN_PACKAGED
		"\"} } and unix:gatepost/policy in main.cf",
		"If this "
		"machine has other users, set ListenStream=" GP_CONFIG_PATH_PACKAGED
		", SocketMode=0660 and SocketGroup= with "
		"the group of the mail server in the socket unit, and unix:gatepost/policy in "
		"main.cf"},
	[GP_DAEMON_SOCKET_REACH_PRIVATE] = {NULL, NULL, NULL},
	/* of those in the configuration it warns itself */
	[GP_DAEMON_SOCKET_REACH_PUBLIC] = {"is a public address: any host that can reach it can "
					   "connect",
		NULL,
		"Use a loopback address or a path in ListenStream= of the socket unit, or restrict "
		"it by a firewall"},
	[GP_DAEMON_SOCKET_REACH_ALL] = {"is every address of this host: any host that can reach it "
					"can connect",
		NULL,
		"Use a loopback address or a path in ListenStream= of the socket unit, or restrict "
		"it by a firewall"},
};

/* look_around: who may connect, whatever process opened the sockets; the first of them were handed
 * over. */
static void look_around(struct gp_daemon_sockets *sockets, const struct gp_log *log)
{
	for (size_t i = 0; i < sockets->count; i++) {
		enum gp_daemon_socket_reach reach = gp_daemon_socket_reach_of(sockets->fds[i]);
		const char *what =
			i < sockets->handed ? reach_texts[reach].handed : reach_texts[reach].own;
		sockets->reach[i] = reach;
		if (what)
			gp_log_text(log, GP_LOG_WARNING,
				"listen: %s: %s and use up the limits of others. %s",
				sockets->names[i], reach_texts[reach].who, what);
	}
}

/* open_one: what the configuration names, unless it is there. */
static int open_one(const char *what, const struct gp_daemon_socket_access *access,
	const struct gp_log *log, struct gp_daemon_sockets *sockets)
{
	bool is_unix = gp_span_has_prefix(gp_span_from(what), "unix:");
	for (size_t i = 0; i < sockets->count; i++)
		if (strcmp(sockets->names[i], what) == 0)
			return GP_OK;
	if (sockets->count == GP_DAEMON_SOCKETS_MAX) {
		gp_log_text(log, GP_LOG_ERROR, "listen: %s: at most %d sockets are possible", what,
			GP_DAEMON_SOCKETS_MAX);
		return GP_EIO;
	}
	int fd, rc = is_unix ? gp_daemon_sockets_unix(what, access, log, &fd)
			     : gp_daemon_sockets_inet(what, log, &fd);
	if (rc)
		return rc;
	gp_daemon_sockets_name(fd, sockets->names[sockets->count]);
	sockets->removes[sockets->count] = is_unix;
	sockets->fds[sockets->count++] = fd;
	return GP_OK;
}

/*
 * find_mail_user: the mail server's user, and the group that its sockets belong to: that of the
 * user, else the one of the same name, which packages make where the mail server is not installed
 * yet.
 */
static void find_mail_user(const struct gp_config_policyd *options,
	struct gp_daemon_sockets *sockets, struct gp_daemon_socket_access *access_out)
{
	const struct passwd *pw = getpwnam(options->mail_user);
	sockets->has_mail_user = pw != NULL;
	sockets->mail_user = pw ? pw->pw_uid : 0;
	const struct group *gr = pw ? NULL : getgrnam(options->mail_user);
	*access_out = (struct gp_daemon_socket_access) {.mode = options->socket_mode,
		.group = pw   ? pw->pw_gid
			 : gr ? gr->gr_gid
			      : getegid()};
}

/* warn_nobody: the permissions would let no user in. */
static void warn_nobody(const struct gp_config_policyd *options, const struct gp_log *log,
	const struct gp_daemon_sockets *sockets)
{
	bool has_unix = false;
	for (size_t i = 0; i < sockets->count; i++)
		has_unix |= sockets->removes[i];
	if (has_unix && !sockets->has_mail_user && !(options->socket_mode & 0006) &&
		!getgrnam(options->mail_user))
		gp_log_text(log, GP_LOG_WARNING,
			"listen: there is no user \"%s\" to connect to unix sockets: set "
			"policyd.mail_user to the user of the mail server, or allow others by "
			"policyd.socket_mode",
			options->mail_user);
}

/*
 * find_hidden_user: in a namespace of users those without a number in it appear under one that the
 * system sets aside (user_namespaces(7)).
 */
static void find_hidden_user(struct gp_daemon_sockets *sockets)
{
	unsigned inside, outside, count, number = 65534;
	FILE *f = fopen("/proc/self/uid_map", "re");
	bool is_whole = f && fscanf(f, "%u %u %u", &inside, &outside, &count) == 3 && inside == 0 &&
			count == UINT32_MAX;
	sockets->hides_users = f && !is_whole;
	if (f)
		(void)fclose(f);
	f = fopen("/proc/sys/kernel/overflowuid", "re");
	if (f) {
		if (fscanf(f, "%u", &number) != 1)
			number = 65534;
		(void)fclose(f);
	}
	sockets->hidden_user = number;
}

/* gp_daemon_sockets_open: one after the other; an error closes those before it. */
int gp_daemon_sockets_open(const struct gp_config_policyd *options,
	const struct gp_config_texts *listen, const char *fallback, const struct gp_log *log,
	struct gp_daemon_sockets *sockets)
{
	int rc = GP_OK;
	struct gp_daemon_socket_access access;
	find_mail_user(options, sockets, &access);
	find_hidden_user(sockets);
	sockets->handed = sockets->count;
	for (size_t i = 0; !rc && i < listen->count; i++)
		rc = open_one(listen->items[i], &access, log, sockets);
	if (!rc && sockets->count == 0 && fallback)
		rc = open_one(fallback, &access, log, sockets);
	if (rc)
		gp_daemon_sockets_close(sockets, true);
	else
		warn_nobody(options, log, sockets);
	look_around(sockets, log); /* none after an error */
	return rc;
}

/* gp_daemon_sockets_close: and the files, if asked. */
void gp_daemon_sockets_close(struct gp_daemon_sockets *sockets, bool remove)
{
	for (size_t i = 0; i < sockets->count; i++) {
		close(sockets->fds[i]);
		if (remove && sockets->removes[i]) /* a later start removes it, too */
			(void)unlink(sockets->names[i] + strlen("unix:"));
	}
	sockets->count = 0;
}
