/* SPDX-License-Identifier: ISC */
/*
 * Several clients at once, a thread each: one that is slow with its request or with taking the
 * answer keeps nobody waiting, and is ended when its place is wanted (daemon/places.h).
 */
#include "daemon/control.h"

#include <assert.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "daemon/control_command.h"
#include "daemon/places.h"

#define CLIENT_MS 1000      /* to send a request, and to take each part of the answer */
#define GRACE_MS 100        /* of that, before one that has only come may go for another */
#define ANSWER_US 10000000  /* to take all of it */
#define COMMAND_US 30000000 /* for a command to be done */
#define COMMAND_MEMORY (256 * 1024 * 1024)
#define CLIENTS 8        /* at once */
#define SPARE 4          /* and those that wait, or have to go */
#define PATIENCE_MS 2000 /* for which it waits at least, however many come */
#define PLACE_US 5000000 /* how long a command waits while all are at work */
/* for the depth that jansson reads to; only touched pages count */
#define STACK_BYTES (2 * 1024 * 1024)
#define FULL_MS 100   /* how often room is looked for while there are guests */
#define STOP_MS 45000 /* more than a command and its answer may take */

static_assert(CLIENTS + SPARE + 1 == GP_DAEMON_CONTROL_FILES, "and the eventfd");

struct gp_daemon_control {
	int fd, wake;
	struct gp_daemon *daemon;
	struct gp_daemon_places *places;
	atomic_bool stopping;
	pthread_t thread;
};

/* read_request: one line, whole within the time of a client. */
static json_t *read_request(int fd, char *text)
{
	size_t n = 0;
	int64_t deadline_us = gp_clock_now_us(gp_clock_system()) + CLIENT_MS * 1000LL;
	while (n < GP_DAEMON_CONTROL_REQUEST_MAX) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int left = gp_clock_left_ms(gp_clock_system(), deadline_us);
		if (left == 0 || poll(&p, 1, left) <= 0)
			return NULL;
		ssize_t got = recv(fd, text + n, GP_DAEMON_CONTROL_REQUEST_MAX - n, MSG_DONTWAIT);
		if (got <= 0)
			return NULL;
		n += (size_t)got;
		if (memchr(text, '\n', n))
			return gp_operator_parse((struct gp_span) {text, n});
	}
	return NULL;
}

/* write_answer: all of it, or as much as the client takes. */
static void write_answer(int fd, const json_t *value)
{
	/* 15 digits: what was 0.12 is written so */
	char *text = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(15));
	size_t len = text ? strlen(text) : 0, sent = 0;
	if (text)
		text[len] = '\n'; /* in place of its NUL */
	int64_t until_us = gp_clock_now_us(gp_clock_system()) + ANSWER_US;
	while (text && sent < len + 1 && gp_clock_left_ms(gp_clock_system(), until_us)) {
		ssize_t n = send(fd, text + sent, len + 1 - sent, MSG_NOSIGNAL);
		if (n <= 0)
			break;
		sent += (size_t)n;
	}
	free(text);
}

/* peer_uid: the user ID of the peer, or -1. */
static int64_t peer_uid(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof peer;
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? (int64_t)peer.uid : -1;
}

/* serve_request: under the configuration of this moment. */
static json_t *serve_request(struct gp_daemon_control *c, const json_t *request, int64_t uid)
{
	const struct gp_daemon_runtime *r = gp_daemon_runtimes_acquire(c->daemon->runtimes);
	struct gp_ctx ctx = {.arena = gp_arena_new(COMMAND_MEMORY),
		.clock = gp_clock_system(),
		.log = &r->log,
		.deadline_us = gp_clock_now_us(gp_clock_system()) + COMMAND_US};
	struct gp_daemon_control_call call = {.daemon = c->daemon,
		.runtime = r,
		.ctx = &ctx,
		.request = request,
		.peer_uid = uid};
	json_t *value = ctx.arena ? gp_daemon_control_answer(&call) : NULL;
	gp_arena_free(ctx.arena);
	gp_daemon_runtimes_release(c->daemon->runtimes, r);
	return value;
}

/* serve: one client. */
static void serve(void *arg, int fd, struct gp_daemon_place *place)
{
	struct gp_daemon_control *c = arg;
	const struct timeval tv = {.tv_sec = CLIENT_MS / 1000};
	char *text = malloc(GP_DAEMON_CONTROL_REQUEST_MAX);
	/* without it a client that takes nothing would hold the thread */
	bool is_bounded = setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv) == 0;
	json_t *request = text && is_bounded ? read_request(fd, text) : NULL;
	json_t *value;
	if (!gp_daemon_places_work(place))
		value = NULL; /* ended a moment ago: nobody hears whether it was done */
	else if (!request)
		value = gp_operator_error("the request is not a JSON object on one line");
	else if (gp_daemon_places_take(place, gp_clock_now_us(gp_clock_system()) + PLACE_US))
		value = serve_request(c, request, peer_uid(fd));
	else if (atomic_load(&c->stopping))
		value = gp_operator_error("the daemon is stopping");
	else
		value = gp_operator_error("%d commands are in progress; try again", CLIENTS);
	atomic_store(&place->state, GP_DAEMON_PLACE_WRITES);
	if (value)
		write_answer(fd, value);
	json_decref(value);
	json_decref(request);
	free(text);
}

/* pause_shortly: gone again, or no descriptor or thread left: a breath, no busy loop. */
static void pause_shortly(void)
{
	const struct timespec breath = {.tv_nsec = 100 * 1000 * 1000};
	nanosleep(&breath, NULL);
}

/* control_main: the accepting thread. */
static void *control_main(void *arg)
{
	struct gp_daemon_control *c = arg;
	while (!atomic_load(&c->stopping)) {
		bool has_room = gp_daemon_places_has_room(c->places);
		struct pollfd p[2] = {{.fd = c->wake, .events = POLLIN},
			{.fd = has_room ? c->fd : -1, .events = POLLIN}};
		struct pollfd outside = {.fd = c->fd, .events = POLLIN};
		uint64_t rung;
		if (!has_room && poll(&outside, 1, 0) > 0)
			gp_daemon_places_press(c->places);
		bool is_calm = has_room && !gp_daemon_places_settle(c->places);
		if (poll(p, 2, is_calm ? -1 : FULL_MS) < 0)
			continue;
		if (p[0].revents && read(c->wake, &rung, sizeof rung) < 0)
			continue;
		if (!p[1].revents)
			continue;
		int fd = accept4(c->fd, NULL, NULL, SOCK_CLOEXEC);
		bool is_served = fd >= 0 &&
				 gp_daemon_places_admit(c->places, fd, GP_DAEMON_PLACES_ANYBODY) !=
					 GP_DAEMON_PLACES_NO_THREAD;
		if (!is_served && fd >= 0)
			close(fd);
		if (!is_served)
			pause_shortly();
	}
	return NULL;
}

/* control_free: what gp_daemon_control_start has made. */
static void control_free(struct gp_daemon_control *c)
{
	if (c->wake >= 0)
		close(c->wake);
	gp_daemon_places_free(c->places);
	free(c);
}

/* gp_daemon_control_start: places, an eventfd, and the thread. */
int gp_daemon_control_start(
	int fd, struct gp_daemon *daemon, struct gp_daemon_control **control_out)
{
	struct gp_daemon_control *c = calloc(1, sizeof *c);
	if (!c)
		return GP_ENOMEM;
	c->fd = fd;
	c->daemon = daemon;
	c->wake = eventfd(0, EFD_CLOEXEC);
	const struct gp_daemon_places_options options = {.max = CLIENTS,
		.spare = SPARE,
		.grace_ms = GRACE_MS,
		.patience_ms = PATIENCE_MS,
		.still_ms = PATIENCE_MS,
		.stack_bytes = STACK_BYTES,
		.wake = c->wake,
		.serve = serve,
		.arg = c};
	if (c->wake < 0 || gp_daemon_places_new(&options, &c->places) ||
		pthread_create(&c->thread, NULL, control_main, c)) {
		control_free(c);
		return GP_ENOMEM;
	}
	*control_out = c;
	return GP_OK;
}

/* gp_daemon_control_stop: rings, and waits for the thread and the clients. */
unsigned gp_daemon_control_stop(struct gp_daemon_control *control)
{
	const uint64_t one = 1;
	if (!control)
		return 0;
	const struct timespec until = gp_clock_after_ms(STOP_MS);
	atomic_store(&control->stopping, true);
	if (write(control->wake, &one, sizeof one) == (ssize_t)sizeof one)
		pthread_join(control->thread, NULL);
	gp_daemon_places_end(control->places);
	unsigned left = gp_daemon_places_wait(control->places, &until);
	if (left == 0)
		control_free(control);
	return left;
}
