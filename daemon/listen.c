/* SPDX-License-Identifier: ISC */
/*
 * One thread polls the sockets and an eventfd, which a session that ends and a stop both ring.
 */
#include "daemon/listen.h"

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

#include "daemon/excuses.h"
#include "daemon/heartbeat.h"
#include "daemon/places.h"
#include "daemon/runtimes.h"

#define BEAT_MS 1000   /* how often the accepting thread shows that it moves */
#define FULL_MS 100    /* how often it looks for room while there is none even for guests */
#define GRACE_MS 1000  /* for a request to come: Postfix gives up when two connections are closed */
#define MESSAGE_MS 100 /* between two recipients of a message, of which no more may come */
#define PATIENCE_MS 2000 /* before a guest is pressed, */
#define STILL_MS 500     /* unless no guest has got a place for so long */
#define SHARE 4          /* a local user gets one part of so many */

struct gp_daemon_listen {
	struct gp_daemon *daemon;
	const struct gp_daemon_served *served;
	struct gp_daemon_connections *counters;
	unsigned number; /* of the service */
	pthread_t thread;
	int wake; /* eventfd */
	struct gp_daemon_places *places;
	atomic_bool stopping;
	struct gp_daemon_excuses excuses; /* all four: only the accepting thread */
	int64_t full_said_us, crowd_said_us, trouble_said_us;
};

/* ---- sessions ---- */

/* serve_session: gp_daemon_places_options.serve. */
static void serve_session(void *arg, int fd, struct gp_daemon_place *place)
{
	struct gp_daemon_listen *l = arg;
	l->served->service->serve(l->served->state, fd, place);
}

/* ring: wakes the accepting thread. */
static void ring(struct gp_daemon_listen *l)
{
	const uint64_t one = 1;
	ssize_t n = write(l->wake, &one, sizeof one);
	(void)n; /* a full counter rings as well */
}

/* log_of: an event under the current configuration. */
static void log_of(struct gp_daemon_listen *l, enum gp_log_level level, const char *text)
{
	const struct gp_daemon_runtime *r = gp_daemon_runtimes_acquire(l->daemon->runtimes);
	gp_log_text(&r->log, level, "%s", text);
	gp_daemon_runtimes_release(l->daemon->runtimes, r);
}

/* is_time_to_say: at most once a minute. */
static bool is_time_to_say(int64_t *said_us)
{
	return gp_log_is_due(said_us, gp_clock_now_us(gp_clock_system()));
}

/* note_unserved: out of descriptors or memory. */
static void note_unserved(struct gp_daemon_listen *l, const char *text)
{
	atomic_fetch_add(&l->counters->unserved, 1);
	if (is_time_to_say(&l->trouble_said_us))
		log_of(l, GP_LOG_ERROR, text);
}

/* pause_after: the same, with a breath instead of a busy loop. */
static void pause_after(struct gp_daemon_listen *l, const char *text)
{
	const struct timespec breath = {.tv_nsec = 100 * 1000 * 1000};
	note_unserved(l, text);
	nanosleep(&breath, NULL);
}

/*
 * limited_user: whose connection it is, where that user gets a share only. The user is not known
 * over TCP, nor, in a user namespace (systemd's PrivateUsers), when the user has no ID there: for
 * both, others decide who may connect.
 */
static uid_t limited_user(const struct gp_daemon_listen *l, int fd)
{
	struct ucred peer;
	socklen_t size = sizeof peer;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) || size != sizeof peer)
		return GP_DAEMON_PLACES_ANYBODY;
	bool is_free =
		peer.uid == 0 || peer.uid == geteuid() || peer.uid == (uid_t)-1 ||
		(l->served->sockets.has_mail_user && peer.uid == l->served->sockets.mail_user) ||
		(l->served->sockets.hides_users && peer.uid == l->served->sockets.hidden_user);
	return is_free ? GP_DAEMON_PLACES_ANYBODY : peer.uid;
}

/* say_crowded: a user wants more than the share. */
static void say_crowded(struct gp_daemon_listen *l, uid_t uid)
{
	const char *told = l->served->service->texts.share;
	char text[320];
	if (!is_time_to_say(&l->crowd_said_us))
		return;
	snprintf(text, sizeof text, "the user with ID %lu %s", (unsigned long)uid,
		told ? told
		     : "has a quarter of the connections, which is its share: for each new "
		       "connection of this user, its longest idle one is closed");
	log_of(l, GP_LOG_WARNING, text);
}

/* say_full: at the ceiling, at most once a minute. */
static void say_full(struct gp_daemon_listen *l)
{
	const char *told = l->served->service->texts.full;
	if (is_time_to_say(&l->full_said_us))
		log_of(l, GP_LOG_WARNING,
			told ? told
			     : "all connections are in use: for each new one the longest idle one "
			       "is closed");
}

/* no_thread_text: what to do. */
static const char *no_thread_text(const struct gp_daemon_listen *l)
{
	const char *told = l->served->service->texts.no_thread;
	return told ? told
		    : "no thread for a connection: out of memory or over a limit; raise "
		      "TasksMax or MemoryMax of the unit";
}

/* most: connections at once; the services share what there is. */
static unsigned most(const struct gp_daemon *daemon)
{
	unsigned each = daemon->descriptors.connections / (unsigned)daemon->program->service_count;
	return each ? each : 1;
}

/* spare: and so many beside them. */
static unsigned spare(const struct gp_daemon *daemon)
{
	unsigned each = daemon->descriptors.spare / (unsigned)daemon->program->service_count;
	return each ? each : 1;
}

/* room_left: descriptors for connections that have none of the places; it is at least one. */
static size_t room_left(struct gp_daemon_listen *l)
{
	unsigned size = most(l->daemon) + spare(l->daemon);
	unsigned open = gp_daemon_places_count(l->places);
	return open < size ? size - open : 1;
}

/* accept_one: a connection becomes a session. */
static void accept_one(struct gp_daemon_listen *l, int listener)
{
	const int one = 1;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
			pause_after(l, "accept: out of descriptors or memory; raise LimitNOFILE");
		return;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* not for unix */
	atomic_fetch_add(&l->counters->accepted, 1);
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
		note_unserved(l, no_thread_text(l));
		gp_daemon_excuses_add(&l->excuses, fd, room_left(l));
		break;
	case GP_DAEMON_PLACES_SERVED:
	case GP_DAEMON_PLACES_FULL: /* stopping, or a moment too late */
		break;
	}
}

/* gp_daemon_listen_open_count: of this moment. */
unsigned gp_daemon_listen_open_count(struct gp_daemon_listen *listen)
{
	return gp_daemon_places_count(listen->places);
}

/*
 * has_room: for one more, be it as a guest; that the ceiling is reached is counted when it begins.
 */
static bool has_room(struct gp_daemon_listen *l, bool *was_full)
{
	bool is_full = gp_daemon_places_is_full(l->places);
	if (is_full && !*was_full)
		atomic_fetch_add(&l->counters->full, 1);
	*was_full = is_full;
	bool has = gp_daemon_places_has_room(l->places);
	if (!has)
		say_full(l);
	return has;
}

/* await: what comes; p[0] is the eventfd. While there is no room, a new connection replaces another
 * one. */
static bool await(struct gp_daemon_listen *l, struct pollfd *p, size_t count, bool has_room_now)
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
	if (poll(p, count, l->excuses.count ? GP_DAEMON_EXCUSES_LOOK_MS : wait_ms) < 0)
		return false;
	return !p[0].revents || read(l->wake, &rung, sizeof rung) >= 0;
}

/* accept_main: the accepting thread. */
static void *accept_main(void *arg)
{
	struct gp_daemon_listen *l = arg;
	struct pollfd p[GP_DAEMON_SOCKETS_MAX + 1];
	const size_t n = l->served->sockets.count;
	bool was_full = false;
	while (!atomic_load(&l->stopping)) {
		p[0] = (struct pollfd) {.fd = l->wake, .events = POLLIN};
		for (size_t i = 0; i < n; i++)
			p[i + 1] =
				(struct pollfd) {.fd = l->served->sockets.fds[i], .events = POLLIN};
		gp_daemon_heartbeat_beat(
			l->daemon->heartbeat, GP_DAEMON_HEARTBEAT_LISTEN + l->number);
		gp_daemon_excuses_look(&l->excuses);
		if (!await(l, p, n + 1, has_room(l, &was_full)))
			continue;
		for (size_t i = 0; i < n; i++)
			if (p[i + 1].revents && has_room(l, &was_full))
				accept_one(l, l->served->sockets.fds[i]);
	}
	gp_daemon_excuses_end(&l->excuses);
	return NULL;
}

/* listen_free: what gp_daemon_listen_start has made. */
static void listen_free(struct gp_daemon_listen *l)
{
	if (l->wake >= 0)
		close(l->wake);
	gp_daemon_places_free(l->places);
	gp_daemon_excuses_fini(&l->excuses);
	free(l);
}

/* gp_daemon_listen_start: the places, the eventfd, the thread. */
int gp_daemon_listen_start(
	struct gp_daemon *daemon, unsigned service, struct gp_daemon_listen **listen_out)
{
	struct gp_daemon_listen *l = calloc(1, sizeof *l);
	if (!l)
		return GP_ENOMEM;
	l->daemon = daemon;
	l->number = service;
	l->served = &daemon->served[service];
	l->counters = &daemon->counters->services[service];
	l->full_said_us = l->crowd_said_us = l->trouble_said_us = 0;
	l->wake = eventfd(0, EFD_CLOEXEC);
	const unsigned max = most(daemon);
	const struct gp_daemon_places_options options = {.max = max,
		.spare = spare(daemon),
		.share = max < SHARE ? 1 : max / SHARE,
		.grace_ms = GRACE_MS,
		.message_ms = MESSAGE_MS,
		.patience_ms = PATIENCE_MS,
		.still_ms = STILL_MS,
		.stack_bytes = l->served->service->stack_bytes,
		.wake = l->wake,
		.serve = serve_session,
		.arg = l};
	if (l->wake < 0 || gp_daemon_excuses_init(&l->excuses, l->served) ||
		gp_daemon_places_new(&options, &l->places) ||
		pthread_create(&l->thread, NULL, accept_main, l)) {
		listen_free(l);
		return GP_ENOMEM;
	}
	*listen_out = l;
	return GP_OK;
}

/* gp_daemon_listen_stop: no more connections, then the sessions that remain. */
unsigned gp_daemon_listen_stop(struct gp_daemon_listen *listen, unsigned wait_ms)
{
	const struct timespec until = gp_clock_after_ms(wait_ms);
	atomic_store(&listen->daemon->stopping, true);
	atomic_store(&listen->stopping, true);
	gp_daemon_places_end(listen->places);
	ring(listen);
	pthread_join(listen->thread, NULL);
	unsigned left = gp_daemon_places_wait(listen->places, &until);
	if (left == 0)
		listen_free(listen);
	return left;
}
