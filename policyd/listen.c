/* SPDX-License-Identifier: ISC */
/*
 * One thread polls the sockets and an eventfd, which a session that ends and a stop both ring. The
 * table of open connections exists so that a stop can end their reading.
 */
#include "policyd/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
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

/* Enough for SPF's deepest recursion with every buffer on it, measured under load and with the
 * sanitizers' wider frames; only touched pages count. */
#define STACK_BYTES (512 * 1024)
/* nonblocking: a connection may be gone again between poll and accept */
#define LISTENER (SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK)
#define SAID_EVERY_US (60 * 1000000LL)
#define BEAT_MS 1000 /* how often the accepting thread shows that it moves */

struct gp_listen {
	const struct gp_listen_sockets *sockets;
	struct gp_session_shared *shared;
	pthread_t thread;
	int wake;             /* eventfd */
	pthread_mutex_t lock; /* guards fds, open, stopping */
	pthread_cond_t ended; /* open became smaller */
	int *fds;             /* of open sessions, max of them; -1 is free */
	unsigned max, open;
	bool stopping;
	int64_t full_said_us, trouble_said_us; /* only the accepting thread */
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
 * bind_unix: the mode comes from the umask. A chmod by name afterwards would follow a link that
 * the owner of the folder could have put there. No other thread exists yet.
 */
static int bind_unix(int fd, const struct sockaddr_un *addr, unsigned mode)
{
	mode_t before = umask((mode_t)(0777 & ~mode));
	int rc = bind(fd, (const struct sockaddr *)addr, sizeof *addr);
	int saved = errno;
	umask(before);
	errno = saved;
	return rc;
}

/* gp_listen_unix: bound under the configured mode. */
int gp_listen_unix(const char *what, unsigned mode, const struct gp_log *log, int *fd_out)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct gp_span path = gp_span_skip(gp_span_from(what), 5);
	memcpy(addr.sun_path, path.ptr, path.len); /* the configuration has bounded it */
	int rc = remove_stale(what, &addr, log);
	if (rc)
		return rc;
	int fd = socket(AF_UNIX, LISTENER, 0);
	if (fd < 0 || bind_unix(fd, &addr, mode) || listen(fd, SOMAXCONN))
		return failed(log, what, fd);
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
	union {
		struct sockaddr any;
		struct sockaddr_un un;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} a = {.any.sa_family = AF_UNSPEC};
	char text[INET6_ADDRSTRLEN] = "?";
	socklen_t size = sizeof a;
	if (getsockname(fd, &a.any, &size))
		a.any.sa_family = AF_UNSPEC;
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

/* open_one: what the configuration names, unless it is there. */
static int open_one(const char *what, unsigned mode, const struct gp_log *log,
	struct gp_listen_sockets *sockets)
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
	int fd, rc = is_unix ? gp_listen_unix(what, mode, log, &fd)
			     : gp_listen_inet(what, log, &fd);
	if (rc)
		return rc;
	gp_listen_name(fd, sockets->names[sockets->count]);
	sockets->removes[sockets->count] = is_unix;
	sockets->fds[sockets->count++] = fd;
	return GP_OK;
}

/* gp_listen_open: one after the other; an error closes those before it. */
int gp_listen_open(const struct gp_config_policyd *options, const struct gp_log *log,
	struct gp_listen_sockets *sockets)
{
	int rc = GP_OK;
	for (size_t i = 0; !rc && i < options->listen.count; i++)
		rc = open_one(options->listen.items[i], options->socket_mode, log, sockets);
	if (!rc && sockets->count == 0)
		rc = open_one(GP_CONFIG_LISTEN, options->socket_mode, log, sockets);
	if (rc)
		gp_listen_close(sockets, true);
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

struct start {
	struct gp_listen *listen;
	int fd;
};

/* ring: wakes the accepting thread. */
static void ring(struct gp_listen *l)
{
	const uint64_t one = 1;
	ssize_t n = write(l->wake, &one, sizeof one);
	(void)n; /* a full counter rings as well */
}

/* enter: a place in the table; false when there is none or the daemon stops. */
static bool enter(struct gp_listen *l, int fd)
{
	bool entered = false;
	pthread_mutex_lock(&l->lock);
	for (unsigned i = 0; !l->stopping && !entered && i < l->max; i++) {
		if (l->fds[i] >= 0)
			continue;
		l->fds[i] = fd;
		l->open++;
		entered = true;
	}
	pthread_mutex_unlock(&l->lock);
	return entered;
}

/* leave: gives the place back and closes the socket while nobody can shut it down. */
static void leave(struct gp_listen *l, int fd)
{
	pthread_mutex_lock(&l->lock);
	for (unsigned i = 0; i < l->max; i++) {
		if (l->fds[i] == fd) {
			l->fds[i] = -1;
			l->open--;
			break;
		}
	}
	close(fd);
	bool was_full = l->open + 1 == l->max;
	pthread_cond_signal(&l->ended);
	if (was_full)
		ring(l);
	pthread_mutex_unlock(&l->lock);
}

/* session_main: the thread of one connection. */
static void *session_main(void *arg)
{
	struct start start = *(struct start *)arg;
	free(arg);
	gp_session_serve(start.listen->shared, start.fd);
	leave(start.listen, start.fd);
	return NULL;
}

/* spawn: a detached thread with a small stack. */
static int spawn(struct gp_listen *l, int fd)
{
	struct start *start = malloc(sizeof *start);
	pthread_attr_t attr;
	pthread_t thread;
	if (!start || pthread_attr_init(&attr)) {
		free(start);
		return GP_ENOMEM;
	}
	*start = (struct start) {l, fd};
	int rc = pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (!rc)
		rc = pthread_attr_setstacksize(&attr, STACK_BYTES);
	if (!rc)
		rc = pthread_create(&thread, &attr, session_main, start);
	pthread_attr_destroy(&attr);
	if (rc)
		free(start);
	return rc ? GP_ENOMEM : GP_OK;
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

/* pause_after: out of descriptors or memory; a breath instead of a busy loop. */
static void pause_after(struct gp_listen *l, const char *text)
{
	const struct timespec breath = {.tv_nsec = 100 * 1000 * 1000};
	gp_tally_add(&l->shared->counters->unserved);
	if (is_time_to_say(&l->trouble_said_us))
		log_of(l, GP_LOG_ERROR, text);
	nanosleep(&breath, NULL);
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
	if (!enter(l, fd)) {
		close(fd);
		return;
	}
	if (spawn(l, fd)) {
		leave(l, fd);
		pause_after(l, "no thread for a connection: out of memory or over a limit");
	}
}

/* is_full: at the ceiling? Said at most once a minute. */
static bool is_full(struct gp_listen *l)
{
	pthread_mutex_lock(&l->lock);
	bool full = l->open >= l->max;
	pthread_mutex_unlock(&l->lock);
	if (full && is_time_to_say(&l->full_said_us))
		log_of(l, GP_LOG_WARNING,
			"policyd.max_connections is reached: further connections wait until one "
			"ends; raise it above the number of smtpd processes of all Postfixes");
	return full;
}

/* gp_listen_open_count: of this moment. */
unsigned gp_listen_open_count(struct gp_listen *listen)
{
	pthread_mutex_lock(&listen->lock);
	unsigned open = listen->open;
	pthread_mutex_unlock(&listen->lock);
	return open;
}

/* is_stopping: has gp_listen_stop been called? */
static bool is_stopping(struct gp_listen *l)
{
	pthread_mutex_lock(&l->lock);
	bool stopping = l->stopping;
	pthread_mutex_unlock(&l->lock);
	return stopping;
}

/* accept_main: the accepting thread. */
static void *accept_main(void *arg)
{
	struct gp_listen *l = arg;
	struct pollfd p[GP_LISTEN_MAX + 1];
	const size_t n = l->sockets->count;
	bool was_full = false;
	while (!is_stopping(l)) {
		bool full = is_full(l);
		if (full && !was_full)
			gp_tally_add(&l->shared->counters->full);
		was_full = full;
		p[0] = (struct pollfd) {.fd = l->wake, .events = POLLIN};
		for (size_t i = 0; i < n; i++)
			p[i + 1] = (struct pollfd) {
				.fd = full ? -1 : l->sockets->fds[i], .events = POLLIN};
		gp_pulse_beat(l->shared->pulse, GP_PULSE_LISTEN);
		if (poll(p, n + 1, BEAT_MS) < 0)
			continue;
		uint64_t rung;
		if (p[0].revents && read(l->wake, &rung, sizeof rung) < 0)
			continue;
		for (size_t i = 0; i < n; i++)
			if (p[i + 1].revents && !is_full(l))
				accept_one(l, l->sockets->fds[i]);
	}
	return NULL;
}

/* listen_free: what gp_listen_start has made. */
static void listen_free(struct gp_listen *l)
{
	if (l->wake >= 0)
		close(l->wake);
	pthread_cond_destroy(&l->ended);
	pthread_mutex_destroy(&l->lock);
	free(l->fds);
	free(l);
}

/* gp_listen_start: the table, the eventfd, the thread. */
int gp_listen_start(const struct gp_listen_sockets *sockets, struct gp_session_shared *shared,
	struct gp_listen **listen_out)
{
	struct gp_listen *l = calloc(1, sizeof *l);
	pthread_condattr_t attr;
	if (!l)
		return GP_ENOMEM;
	l->max = shared->files.connections;
	l->sockets = sockets;
	l->shared = shared;
	l->full_said_us = l->trouble_said_us = -SAID_EVERY_US;
	l->fds = malloc(l->max * sizeof *l->fds);
	for (unsigned i = 0; l->fds && i < l->max; i++)
		l->fds[i] = -1;
	l->wake = eventfd(0, EFD_CLOEXEC);
	pthread_mutex_init(&l->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&l->ended, &attr);
	pthread_condattr_destroy(&attr);
	if (!l->fds || l->wake < 0 || pthread_create(&l->thread, NULL, accept_main, l)) {
		listen_free(l);
		return GP_ENOMEM;
	}
	*listen_out = l;
	return GP_OK;
}

/* end_reading: each session ends after the request under way. */
static void end_reading(struct gp_listen *l)
{
	atomic_store(&l->shared->stopping, true);
	pthread_mutex_lock(&l->lock);
	l->stopping = true;
	for (unsigned i = 0; i < l->max; i++)
		if (l->fds[i] >= 0)
			(void)shutdown(l->fds[i], SHUT_RD); /* closed by the other side: as good */
	pthread_mutex_unlock(&l->lock);
	ring(l);
}

/* gp_listen_stop: no more connections, then the sessions that remain. */
unsigned gp_listen_stop(struct gp_listen *listen, unsigned wait_ms)
{
	const struct timespec until = gp_clock_after_ms(wait_ms);
	end_reading(listen);
	pthread_join(listen->thread, NULL);
	int rc = 0;
	pthread_mutex_lock(&listen->lock);
	while (listen->open && rc == 0)
		rc = pthread_cond_timedwait(&listen->ended, &listen->lock, &until);
	unsigned left = listen->open;
	pthread_mutex_unlock(&listen->lock);
	if (left == 0)
		listen_free(listen);
	return left;
}
