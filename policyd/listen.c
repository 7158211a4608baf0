/* SPDX-License-Identifier: ISC */
/*
 * One thread polls the sockets and an eventfd, which a session that ends and a stop both ring.
 */
#include "policyd/listen.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "daemon/places.h"
#include "policyd/excuses.h"

/* Enough for SPF's deepest recursion with every buffer on it, measured under load and with the
 * sanitizers' wider frames; only touched pages count. */
#define STACK_BYTES (512 * 1024)
#define BEAT_MS 1000   /* how often the accepting thread shows that it moves */
#define FULL_MS 100    /* how often it looks for room while there is none even for guests */
#define GRACE_MS 1000  /* for a request to come: Postfix gives up when two connections are closed */
#define MESSAGE_MS 100 /* between two recipients of a message, of which no more may come */
#define PATIENCE_MS 2000 /* before a guest is pressed, */
#define STILL_MS 500     /* unless no guest has got a place for so long */
#define SHARE 4          /* a local user gets one part of so many */

struct gp_listen {
	const struct gp_daemon_sockets *sockets;
	struct gp_session_shared *shared;
	pthread_t thread;
	int wake; /* eventfd */
	struct gp_daemon_places *places;
	atomic_bool stopping;
	struct gp_excuses excuses; /* all four: only the accepting thread */
	int64_t full_said_us, crowd_said_us, trouble_said_us;
};

/* ---- sessions ---- */

/* serve_session: gp_daemon_places_options.serve. */
static void serve_session(void *arg, int fd, struct gp_daemon_place *place)
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
	return gp_log_is_due(said_us, gp_clock_now_us(gp_clock_system()));
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
		return GP_DAEMON_PLACES_ANYBODY;
	bool is_free = peer.uid == 0 || peer.uid == geteuid() || peer.uid == (uid_t)-1 ||
		       (l->sockets->has_mail_user && peer.uid == l->sockets->mail_user) ||
		       (l->sockets->hides_users && peer.uid == l->sockets->hidden_user);
	return is_free ? GP_DAEMON_PLACES_ANYBODY : peer.uid;
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
	unsigned open = gp_daemon_places_count(l->places);
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
	switch (gp_daemon_places_admit(l->places, fd, uid)) {
	case GP_DAEMON_PLACES_ENDED_ANOTHER:
	case GP_DAEMON_PLACES_GUEST:
		say_full(l);
		break;
	case GP_DAEMON_PLACES_ENDED_OWN:
	case GP_DAEMON_PLACES_GUEST_OWN:
	case GP_DAEMON_PLACES_CROWDED:
		say_crowded(l, uid);
		break;
	case GP_DAEMON_PLACES_NO_THREAD:
		note_unserved(l, "no thread for a connection: out of memory or over a limit; raise "
				 "TasksMax or MemoryMax of the unit. What it asks is answered as "
				 "policyd.on_trouble says");
		gp_excuses_add(&l->excuses, fd, room_left(l));
		break;
	case GP_DAEMON_PLACES_SERVED:
	case GP_DAEMON_PLACES_FULL: /* stopping, or a moment too late */
		break;
	}
}

/* gp_listen_at: as it was opened. */
const struct gp_daemon_sockets *gp_listen_at(const struct gp_listen *listen)
{
	return listen->sockets;
}

/* gp_listen_open_count: of this moment. */
unsigned gp_listen_open_count(struct gp_listen *listen)
{
	return gp_daemon_places_count(listen->places);
}

/*
 * has_room: for one more, be it as a guest; that the ceiling is reached is counted when it begins.
 */
static bool has_room(struct gp_listen *l, bool *was_full)
{
	bool is_full = gp_daemon_places_is_full(l->places);
	if (is_full && !*was_full)
		gp_tally_add(&l->shared->counters->full);
	*was_full = is_full;
	bool has = gp_daemon_places_has_room(l->places);
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
				gp_daemon_places_press(l->places);
			p[i].fd = -1;
		}
	}
	bool is_calm = has_room_now && !gp_daemon_places_settle(l->places);
	int wait_ms = is_calm ? BEAT_MS : FULL_MS;
	if (poll(p, count, l->excuses.count ? GP_EXCUSES_LOOK_MS : wait_ms) < 0)
		return false;
	return !p[0].revents || read(l->wake, &rung, sizeof rung) >= 0;
}

/* accept_main: the accepting thread. */
static void *accept_main(void *arg)
{
	struct gp_listen *l = arg;
	struct pollfd p[GP_DAEMON_SOCKETS_MAX + 1];
	const size_t n = l->sockets->count;
	bool was_full = false;
	while (!atomic_load(&l->stopping)) {
		p[0] = (struct pollfd) {.fd = l->wake, .events = POLLIN};
		for (size_t i = 0; i < n; i++)
			p[i + 1] = (struct pollfd) {.fd = l->sockets->fds[i], .events = POLLIN};
		gp_daemon_heartbeat_beat(l->shared->heartbeat, GP_DAEMON_HEARTBEAT_LISTEN);
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
	gp_daemon_places_free(l->places);
	free(l);
}

/* gp_listen_start: the places, the eventfd, the thread. */
int gp_listen_start(const struct gp_daemon_sockets *sockets, struct gp_session_shared *shared,
	struct gp_listen **listen_out)
{
	struct gp_listen *l = calloc(1, sizeof *l);
	if (!l)
		return GP_ENOMEM;
	l->sockets = sockets;
	l->shared = l->excuses.shared = shared;
	l->full_said_us = l->crowd_said_us = l->trouble_said_us = 0;
	l->wake = eventfd(0, EFD_CLOEXEC);
	const unsigned max = shared->files.connections;
	const struct gp_daemon_places_options options = {.max = max,
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
	if (l->wake < 0 || gp_daemon_places_new(&options, &l->places) ||
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
	gp_daemon_places_end(listen->places);
	ring(listen);
	pthread_join(listen->thread, NULL);
	unsigned left = gp_daemon_places_wait(listen->places, &until);
	if (left == 0)
		listen_free(listen);
	return left;
}
