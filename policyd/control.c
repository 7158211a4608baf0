/* SPDX-License-Identifier: ISC */
/* Reading a line, finding the command in a table, writing a line. */
#include "policyd/control.h"

#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/encode.h"
#include "policyd/control_private.h"

#define CLIENT_MS 1000      /* to send a request, and to take each part of the answer */
#define ANSWER_US 10000000  /* to take all of it */
#define COMMAND_US 30000000 /* for a command to be done */
#define COMMAND_MEMORY (256 * 1024 * 1024)

struct gp_control {
	int fd, wake;
	struct gp_session_shared *shared;
	struct gp_listen *listen;
	pthread_t thread;
};

static const struct {
	const char *name;
	json_t *(*run)(struct gp_control_call *call);
} commands[] = {
	{"status", gp_control_status},
	{"metrics", gp_control_metrics},
	{"limits", gp_control_limits},
	{"show", gp_control_show},
	{"reset", gp_control_reset},
	{"set", gp_control_set},
	{"unset", gp_control_unset},
	{"overrides", gp_control_overrides},
};

/* gp_control_error: one member. */
json_t *gp_control_error(const char *format, ...)
{
	char text[512], visible[512];
	struct gp_strbuf buf;
	va_list ap;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	gp_strbuf_init_fixed(&buf, visible, sizeof visible);
	gp_encode_visible(&buf, gp_span_from(text)); /* JSON has no room for broken UTF-8 */
	return json_pack("{s:s}", "error", visible);
}

/* gp_control_text: made visible first. */
json_t *gp_control_text(struct gp_arena *arena, struct gp_span text)
{
	struct gp_strbuf buf;
	const char *visible;
	gp_strbuf_init(&buf, arena, text.len * 4 + 16);
	gp_encode_text(&buf, text);
	return gp_strbuf_finish(&buf, &visible) ? NULL : json_string(visible);
}

/* answer: of one command. */
static json_t *answer(struct gp_control_call call)
{
	const char *name = json_string_value(json_object_get(call.request, "command"));
	for (size_t i = 0; name && i < sizeof commands / sizeof commands[0]; i++)
		if (strcmp(name, commands[i].name) == 0)
			return commands[i].run(&call);
	return gp_control_error("there is no such command");
}

/* read_request: one line, whole within the time of a client. */
static json_t *read_request(int fd, char *text)
{
	size_t n = 0;
	int64_t deadline_us = gp_clock_now_us(gp_clock_system()) + CLIENT_MS * 1000LL;
	while (n < GP_CONTROL_REQUEST_MAX) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int left = gp_clock_left_ms(gp_clock_system(), deadline_us);
		if (left == 0 || poll(&p, 1, left) <= 0)
			return NULL;
		ssize_t got = recv(fd, text + n, GP_CONTROL_REQUEST_MAX - n, MSG_DONTWAIT);
		if (got <= 0)
			return NULL;
		n += (size_t)got;
		if (memchr(text, '\n', n))
			return json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
	}
	return NULL;
}

/* write_answer: all of it, or as much as the client takes. */
static void write_answer(int fd, const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT);
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

/* peer_uid: who is at the other end, or -1. */
static int64_t peer_uid(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof peer;
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? (int64_t)peer.uid : -1;
}

/* serve_request: under the configuration of this moment. */
static json_t *serve_request(struct gp_control *c, const json_t *request, int64_t uid)
{
	const struct gp_runtime *r = gp_runtimes_acquire(c->shared->runtimes);
	struct gp_ctx ctx = {.arena = gp_arena_new(COMMAND_MEMORY),
		.clock = gp_clock_system(),
		.log = &r->log,
		.deadline_us = gp_clock_now_us(gp_clock_system()) + COMMAND_US};
	struct gp_control_call call = {c->shared, c->listen, r, &ctx, request, uid};
	json_t *value = ctx.arena ? answer(call) : NULL;
	gp_arena_free(ctx.arena);
	gp_runtimes_release(c->shared->runtimes, r);
	return value;
}

/* serve: one client. */
static void serve(struct gp_control *c, int fd)
{
	const struct timeval tv = {.tv_sec = CLIENT_MS / 1000};
	char *text = malloc(GP_CONTROL_REQUEST_MAX);
	/* without it a client that takes nothing would hold the thread */
	bool is_bounded = setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv) == 0;
	json_t *request = text && is_bounded ? read_request(fd, text) : NULL;
	json_t *value = request ? serve_request(c, request, peer_uid(fd))
				: gp_control_error("the request is no JSON object on one line");
	if (value)
		write_answer(fd, value);
	json_decref(value);
	json_decref(request);
	free(text);
}

/* control_main: client after client. */
static void *control_main(void *arg)
{
	struct gp_control *c = arg;
	struct pollfd p[2] = {{.fd = c->wake, .events = POLLIN}, {.fd = c->fd, .events = POLLIN}};
	for (;;) {
		if (poll(p, 2, -1) < 0)
			continue;
		if (p[0].revents)
			return NULL;
		int fd = accept4(c->fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0) { /* gone again, or no descriptor left: a breath, no busy loop */
			const struct timespec breath = {.tv_nsec = 100 * 1000 * 1000};
			nanosleep(&breath, NULL);
			continue;
		}
		serve(c, fd);
		close(fd);
	}
}

/* gp_control_start: an eventfd to stop it, and the thread. */
int gp_control_start(int fd, struct gp_session_shared *shared, struct gp_listen *listen,
	struct gp_control **control_out)
{
	struct gp_control *c = calloc(1, sizeof *c);
	if (!c)
		return GP_ENOMEM;
	*c = (struct gp_control) {.fd = fd, .shared = shared, .listen = listen};
	c->wake = eventfd(0, EFD_CLOEXEC);
	if (c->wake < 0 || pthread_create(&c->thread, NULL, control_main, c)) {
		if (c->wake >= 0)
			close(c->wake);
		free(c);
		return GP_ENOMEM;
	}
	*control_out = c;
	return GP_OK;
}

/* gp_control_stop: rings, and waits for the thread. */
void gp_control_stop(struct gp_control *control)
{
	const uint64_t one = 1;
	if (!control)
		return;
	if (write(control->wake, &one, sizeof one) == (ssize_t)sizeof one)
		pthread_join(control->thread, NULL);
	close(control->wake);
	free(control);
}
