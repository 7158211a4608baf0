/* SPDX-License-Identifier: ISC */
/*
 * One thread polls the sockets and an eventfd, which a session that ends and a stop both ring.
 */
#include "policyd/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "policyd/excuses.h"
#include "policyd/places.h"

/* Enough for SPF's deepest recursion with every buffer on it, measured under load and with the
 * sanitizers' wider frames; only touched pages count. */
#define STACK_BYTES (512 * 1024)
/* nonblocking: a connection may be gone again between poll and accept */
#define LISTENER (SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK)
#define SAID_EVERY_US (60 * 1000000LL)
#define BEAT_MS 1000   /* how often the accepting thread shows that it moves */
#define FULL_MS 100    /* how often it looks for room while there is none even for guests */
#define GRACE_MS 1000  /* for a request to come: Postfix gives up when two connections are closed */
#define MESSAGE_MS 100 /* between two recipients of a message, of which no more may come */
#define PATIENCE_MS 2000 /* before a guest is pressed, */
#define STILL_MS 500     /* unless no guest has got a place for so long */
#define SHARE 4          /* a local user gets one part of so many */

struct gp_listen {
	const struct gp_listen_sockets *sockets;
	struct gp_session_shared *shared;
	pthread_t thread;
	int wake; /* eventfd */
	struct gp_places *places;
	atomic_bool stopping;
	struct gp_excuses excuses; /* all four: only the accepting thread */
	int64_t full_said_us, crowd_said_us, trouble_said_us;
};

/* ---- sockets ---- */

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
		gp_log_text(log, GP_LOG_ERROR, "listen: %s exists and is no socket", what);
		return GP_EIO;
	}
	int served = is_served(addr);
	if (served > 0) {
		gp_log_text(log, GP_LOG_ERROR,
			"listen: %s is served by a running process, systemd's socket unit perhaps; "
			"stop that first, or name the socket just as the unit does",
			what);
		return GP_EIO;
	}
	return served < 0 || unlink(addr->sun_path) ? failed(log, what, -1) : GP_OK;
}

/*
 * bind_unix: the mode comes from the umask, the group from the process. A change by name afterwards
 * would follow a link that the owner of the folder could have put there; one that is no root's has
 * no other way to give the group, and no power over others' files. No other thread exists yet.
 */
static int bind_unix(int fd, const struct sockaddr_un *addr, const struct gp_listen_access *access)
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

/* warn_group: the mail server's group cannot be given by whoever is not in it. */
static void warn_group(const char *what, const struct sockaddr_un *addr,
	const struct gp_listen_access *access, const struct gp_log *log)
{
	struct stat st;
	if (!(access->mode & 0070) || access->mode & 0007 || lstat(addr->sun_path, &st) ||
		st.st_gid == access->group)
		return;
	gp_log_text(log, GP_LOG_WARNING,
		"listen: %s belongs to the group with the number %lu and not to that of "
		"policyd.mail_user, which may not ask there: start the daemon as root, or put its "
		"user into that group",
		what, (unsigned long)st.st_gid);
}

/* gp_listen_unix: bound under the configured mode. */
int gp_listen_unix(const char *what, const struct gp_listen_access *access,
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

/* gp_listen_inet: bound, of either family. */
int gp_listen_inet(const char *what, const struct gp_log *log, int *fd_out)
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

/* gp_listen_name: from the system. */
void gp_listen_name(int fd, char name_out[GP_LISTEN_NAME])
{
	union gp_reach_address a;
	char text[INET6_ADDRSTRLEN] = "?";
	socklen_t size = gp_reach_address(fd, &a);
	if (a.any.sa_family == AF_UNIX) {
		/* the system need not end the path */
		int len = size > offsetof(struct sockaddr_un, sun_path)
				  ? (int)(size - offsetof(struct sockaddr_un, sun_path))
				  : 0;
		snprintf(name_out, GP_LISTEN_NAME, "unix:%.*s", len, a.un.sun_path);
	} else if (a.any.sa_family == AF_INET) {
		(void)inet_ntop(AF_INET, &a.in.sin_addr, text, sizeof text); /* has room */
		snprintf(name_out, GP_LISTEN_NAME, "inet:%s:%u", text, ntohs(a.in.sin_port));
	} else if (a.any.sa_family == AF_INET6) {
		(void)inet_ntop(AF_INET6, &a.in6.sin6_addr, text, sizeof text); /* has room */
		snprintf(name_out, GP_LISTEN_NAME, "inet:[%s]:%u", text, ntohs(a.in6.sin6_port));
	} else {
		snprintf(name_out, GP_LISTEN_NAME, "descriptor:%d", fd);
	}
}

/* What is said of a socket that others than the mail server may connect to, and what to do: with
 * one that the configuration names, and with one that was handed over. */
static const struct {
	const char *who, *own, *handed;
} reach_texts[] = {
	[GP_REACH_PERMITTED] = {NULL, NULL, NULL},
	[GP_REACH_EVERYBODY] = {"any local user may ask there, as its mode lets everybody connect,",
		"Where others than the mail server use this machine, set policyd.socket_mode = "
		"0660, which is for the group of policyd.mail_user",
		"Where others than the mail server use this machine, set SocketMode=0660 and "
		"SocketGroup= to the group of the mail server in the socket unit"},
	[GP_REACH_LOOPBACK] = {"any local user may ask there,",
		"Where others than the mail server use this machine, take policyd { listen = "
		"{\"" GP_CONFIG_LISTEN_PACKAGED "\"} } and unix:gatepost/policy in main.cf",
		"Where others than the mail server use this machine, take "
		"ListenStream=" GP_CONFIG_PATH_PACKAGED ", SocketMode=0660 and SocketGroup= with "
		"the group of the mail server in the socket unit, and unix:gatepost/policy in "
		"main.cf"},
	[GP_REACH_PRIVATE] = {NULL, NULL, NULL},
	/* of those in the configuration it warns itself */
	[GP_REACH_PUBLIC] = {"is a public address: whoever reaches it may ask,", NULL,
		"Use the loopback or a path in ListenStream= of the socket unit, or let a firewall "
		"keep others away"},
	[GP_REACH_ALL] = {"is every address of this host: whoever reaches it may ask,", NULL,
		"Use the loopback or a path in ListenStream= of the socket unit, or let a firewall "
		"keep others away"},
};

/* look_around: who may connect, whoever opened the sockets; the first of them were handed over. */
static void look_around(struct gp_listen_sockets *sockets, const struct gp_log *log)
{
	for (size_t i = 0; i < sockets->count; i++) {
		enum gp_reach reach = gp_reach_of(sockets->fds[i]);
		const char *what =
			i < sockets->handed ? reach_texts[reach].handed : reach_texts[reach].own;
		sockets->reach[i] = reach;
		if (what)
			gp_log_text(log, GP_LOG_WARNING,
				"listen: %s: %s and use up what a limit allows to somebody else. "
				"%s",
				sockets->names[i], reach_texts[reach].who, what);
	}
}

/* open_one: what the configuration names, unless it is there. */
static int open_one(const char *what, const struct gp_listen_access *access,
	const struct gp_log *log, struct gp_listen_sockets *sockets)
{
	bool is_unix = gp_span_has_prefix(gp_span_from(what), "unix:");
	for (size_t i = 0; i < sockets->count; i++)
		if (strcmp(sockets->names[i], what) == 0)
			return GP_OK;
	if (sockets->count == GP_LISTEN_MAX) {
		gp_log_text(log, GP_LOG_ERROR, "listen: %s: %d sockets are the most", what,
			GP_LISTEN_MAX);
		return GP_EIO;
	}
	int fd, rc = is_unix ? gp_listen_unix(what, access, log, &fd)
			     : gp_listen_inet(what, log, &fd);
	if (rc)
		return rc;
	gp_listen_name(fd, sockets->names[sockets->count]);
	sockets->removes[sockets->count] = is_unix;
	sockets->fds[sockets->count++] = fd;
	return GP_OK;
}

/*
 * find_mail_user: who asks, and the group that its sockets belong to: that of the user, else the
 * one of the same name, which packages make where the mail server is not installed yet.
 */
static void find_mail_user(const struct gp_config_policyd *options,
	struct gp_listen_sockets *sockets, struct gp_listen_access *access_out)
{
	const struct passwd *pw = getpwnam(options->mail_user);
	sockets->has_mail_user = pw != NULL;
	sockets->mail_user = pw ? pw->pw_uid : 0;
	const struct group *gr = pw ? NULL : getgrnam(options->mail_user);
	*access_out = (struct gp_listen_access) {.mode = options->socket_mode,
		.group = pw   ? pw->pw_gid
			 : gr ? gr->gr_gid
			      : getegid()};
}

/* warn_nobody: there is nobody whom the permissions would let in. */
static void warn_nobody(const struct gp_config_policyd *options, const struct gp_log *log,
	const struct gp_listen_sockets *sockets)
{
	bool has_unix = false;
	for (size_t i = 0; i < sockets->count; i++)
		has_unix |= sockets->removes[i];
	if (has_unix && !sockets->has_mail_user && !(options->socket_mode & 0006) &&
		!getgrnam(options->mail_user))
		gp_log_text(log, GP_LOG_WARNING,
			"listen: there is no user \"%s\", whom unix sockets are for: name the user "
			"of the mail server in policyd.mail_user, or let others in by "
			"policyd.socket_mode",
			options->mail_user);
}

/*
 * find_hidden_user: in a namespace of users those without a number in it appear under one that the
 * system sets aside (user_namespaces(7)).
 */
static void find_hidden_user(struct gp_listen_sockets *sockets)
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

/* gp_listen_open: one after the other; an error closes those before it. */
int gp_listen_open(const struct gp_config_policyd *options, const struct gp_log *log,
	struct gp_listen_sockets *sockets)
{
	int rc = GP_OK;
	struct gp_listen_access access;
	find_mail_user(options, sockets, &access);
	find_hidden_user(sockets);
	sockets->handed = sockets->count;
	for (size_t i = 0; !rc && i < options->listen.count; i++)
		rc = open_one(options->listen.items[i], &access, log, sockets);
	if (!rc && sockets->count == 0)
		rc = open_one(GP_CONFIG_LISTEN, &access, log, sockets);
	if (rc)
		gp_listen_close(sockets, true);
	else
		warn_nobody(options, log, sockets);
	look_around(sockets, log); /* none after an error */
	return rc;
}

/* gp_listen_close: and the files, if asked. */
void gp_listen_close(struct gp_listen_sockets *sockets, bool remove)
{
	for (size_t i = 0; i < sockets->count; i++) {
		close(sockets->fds[i]);
		if (remove && sockets->removes[i]) /* a later start removes it, too */
			(void)unlink(sockets->names[i] + strlen("unix:"));
	}
	sockets->count = 0;
}

/* ---- sessions ---- */

/* serve_session: gp_places_options.serve. */
static void serve_session(void *arg, int fd, struct gp_place *place)
{
	struct gp_listen *l = arg;
	gp_session_serve(l->shared, fd, place);
}

/* ring: wakes the accepting thread. */
static void ring(struct gp_listen *l)
{
	const uint64_t one = 1;
	ssize_t n = write(l->wake, &one, sizeof one);
	(void)n; /* a full counter rings as well */
}

/* log_of: an event under the current configuration. */
static void log_of(struct gp_listen *l, enum gp_log_level level, const char *text)
{
	const struct gp_runtime *r = gp_runtimes_acquire(l->shared->runtimes);
	gp_log_text(&r->log, level, "%s", text);
	gp_runtimes_release(l->shared->runtimes, r);
}

/* is_time_to_say: at most once a minute. */
static bool is_time_to_say(int64_t *said_us)
{
	int64_t now = gp_clock_now_us(gp_clock_system());
	if (now - *said_us < SAID_EVERY_US)
		return false;
	*said_us = now;
	return true;
}

/* note_unserved: out of descriptors or memory. */
static void note_unserved(struct gp_listen *l, const char *text)
{
	gp_tally_add(&l->shared->counters->unserved);
	if (is_time_to_say(&l->trouble_said_us))
		log_of(l, GP_LOG_ERROR, text);
}

/* pause_after: the same, with a breath instead of a busy loop. */
static void pause_after(struct gp_listen *l, const char *text)
{
	const struct timespec breath = {.tv_nsec = 100 * 1000 * 1000};
	note_unserved(l, text);
	nanosleep(&breath, NULL);
}

/*
 * limited_user: whose connection it is, where that user gets a share only. Not known is who comes
 * over TCP, and in a namespace of users (systemd's PrivateUsers) who has no number there: for both
 * others decide who may ask.
 */
static uid_t limited_user(const struct gp_listen *l, int fd)
{
	struct ucred peer;
	socklen_t size = sizeof peer;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) || size != sizeof peer)
		return GP_PLACES_ANYBODY;
	bool is_free = peer.uid == 0 || peer.uid == geteuid() || peer.uid == (uid_t)-1 ||
		       (l->sockets->has_mail_user && peer.uid == l->sockets->mail_user) ||
		       (l->sockets->hides_users && peer.uid == l->sockets->hidden_user);
	return is_free ? GP_PLACES_ANYBODY : peer.uid;
}

/* say_crowded: a user wants more than the share. */
static void say_crowded(struct gp_listen *l, uid_t uid)
{
	char text[320];
	if (!is_time_to_say(&l->crowd_said_us))
		return;
	snprintf(text, sizeof text,
		"the user with the number %lu holds a quarter of policyd.max_connections, which is "
		"its share: for each further connection of it the one that is idle for longest is "
		"closed. If the mail server runs as this user, name it in policyd.mail_user",
		(unsigned long)uid);
	log_of(l, GP_LOG_WARNING, text);
}

/* say_full: at the ceiling, at most once a minute. */
static void say_full(struct gp_listen *l)
{
	if (is_time_to_say(&l->full_said_us))
		log_of(l, GP_LOG_WARNING,
			"policyd.max_connections is reached: for each further connection the one "
			"that is idle for longest is closed; while none is, it waits, and after 5 "
			"s its request is answered as policyd.on_trouble says; raise it above the "
			"number of smtpd processes of all Postfixes");
}

/* room_left: descriptors for connections that have none of the places; it is at least one. */
static size_t room_left(struct gp_listen *l)
{
	unsigned size = l->shared->files.connections + l->shared->files.spare;
	unsigned open = gp_places_count(l->places);
	return open < size ? size - open : 1;
}

/* accept_one: a connection becomes a session. */
static void accept_one(struct gp_listen *l, int listener)
{
	const int one = 1;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
			pause_after(l, "accept: out of descriptors or memory; raise LimitNOFILE");
		return;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* not for unix */
	atomic_fetch_add(&l->shared->counters->connections, 1);
	uid_t uid = limited_user(l, fd);
	switch (gp_places_admit(l->places, fd, uid)) {
	case GP_PLACES_ENDED_ANOTHER:
	case GP_PLACES_GUEST:
		say_full(l);
		break;
	case GP_PLACES_ENDED_OWN:
	case GP_PLACES_GUEST_OWN:
	case GP_PLACES_CROWDED:
		say_crowded(l, uid);
		break;
	case GP_PLACES_NO_THREAD:
		note_unserved(l, "no thread for a connection: out of memory or over a limit; raise "
				 "TasksMax or MemoryMax of the unit. What it asks is answered as "
				 "policyd.on_trouble says");
		gp_excuses_add(&l->excuses, fd, room_left(l));
		break;
	case GP_PLACES_SERVED:
	case GP_PLACES_FULL: /* stopping, or a moment too late */
		break;
	}
}

/* gp_listen_at: as it was opened. */
const struct gp_listen_sockets *gp_listen_at(const struct gp_listen *listen)
{
	return listen->sockets;
}

/* gp_listen_open_count: of this moment. */
unsigned gp_listen_open_count(struct gp_listen *listen)
{
	return gp_places_count(listen->places);
}

/* has_room: for one more, be it as a guest; that the ceiling is reached is counted when it begins.
 */
static bool has_room(struct gp_listen *l, bool *was_full)
{
	bool is_full = gp_places_is_full(l->places);
	if (is_full && !*was_full)
		gp_tally_add(&l->shared->counters->full);
	*was_full = is_full;
	bool has = gp_places_has_room(l->places);
	if (!has)
		say_full(l);
	return has;
}

/* await: what comes; p[0] is the eventfd. While there is no room, who comes makes some. */
static bool await(struct gp_listen *l, struct pollfd *p, size_t count, bool has_room_now)
{
	uint64_t rung;
	if (!has_room_now && poll(p, count, 0) > 0) {
		for (size_t i = 1; i < count; i++) {
			if (p[i].revents)
				gp_places_press(l->places);
			p[i].fd = -1;
		}
	}
	bool is_calm = has_room_now && !gp_places_settle(l->places);
	int wait_ms = is_calm ? BEAT_MS : FULL_MS;
	if (poll(p, count, l->excuses.count ? GP_EXCUSES_LOOK_MS : wait_ms) < 0)
		return false;
	return !p[0].revents || read(l->wake, &rung, sizeof rung) >= 0;
}

/* accept_main: the accepting thread. */
static void *accept_main(void *arg)
{
	struct gp_listen *l = arg;
	struct pollfd p[GP_LISTEN_MAX + 1];
	const size_t n = l->sockets->count;
	bool was_full = false;
	while (!atomic_load(&l->stopping)) {
		p[0] = (struct pollfd) {.fd = l->wake, .events = POLLIN};
		for (size_t i = 0; i < n; i++)
			p[i + 1] = (struct pollfd) {.fd = l->sockets->fds[i], .events = POLLIN};
		gp_pulse_beat(l->shared->pulse, GP_PULSE_LISTEN);
		gp_excuses_look(&l->excuses);
		if (!await(l, p, n + 1, has_room(l, &was_full)))
			continue;
		for (size_t i = 0; i < n; i++)
			if (p[i + 1].revents && has_room(l, &was_full))
				accept_one(l, l->sockets->fds[i]);
	}
	gp_excuses_end(&l->excuses);
	return NULL;
}

/* listen_free: what gp_listen_start has made. */
static void listen_free(struct gp_listen *l)
{
	if (l->wake >= 0)
		close(l->wake);
	gp_places_free(l->places);
	free(l);
}

/* gp_listen_start: the places, the eventfd, the thread. */
int gp_listen_start(const struct gp_listen_sockets *sockets, struct gp_session_shared *shared,
	struct gp_listen **listen_out)
{
	struct gp_listen *l = calloc(1, sizeof *l);
	if (!l)
		return GP_ENOMEM;
	l->sockets = sockets;
	l->shared = l->excuses.shared = shared;
	l->full_said_us = l->crowd_said_us = l->trouble_said_us = -SAID_EVERY_US;
	l->wake = eventfd(0, EFD_CLOEXEC);
	const unsigned max = shared->files.connections;
	const struct gp_places_options options = {.max = max,
		.spare = shared->files.spare,
		.share = max < SHARE ? 1 : max / SHARE,
		.grace_ms = GRACE_MS,
		.message_ms = MESSAGE_MS,
		.patience_ms = PATIENCE_MS,
		.still_ms = STILL_MS,
		.stack_bytes = STACK_BYTES,
		.wake = l->wake,
		.serve = serve_session,
		.arg = l};
	if (l->wake < 0 || gp_places_new(&options, &l->places) ||
		pthread_create(&l->thread, NULL, accept_main, l)) {
		listen_free(l);
		return GP_ENOMEM;
	}
	*listen_out = l;
	return GP_OK;
}

/* gp_listen_stop: no more connections, then the sessions that remain. */
unsigned gp_listen_stop(struct gp_listen *listen, unsigned wait_ms)
{
	const struct timespec until = gp_clock_after_ms(wait_ms);
	atomic_store(&listen->shared->stopping, true);
	atomic_store(&listen->stopping, true);
	gp_places_end(listen->places);
	ring(listen);
	pthread_join(listen->thread, NULL);
	unsigned left = gp_places_wait(listen->places, &until);
	if (left == 0)
		listen_free(listen);
	return left;
}
