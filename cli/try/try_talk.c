/* SPDX-License-Identifier: ISC */
/* One buffer of fixed size holds all that a server may say; replies are views of it. */
#include "cli/try/try_talk.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#define LINE_MAX_SENT 1024

/* gp_try_talk_init: with room for everything. */
bool gp_try_talk_init(struct gp_try_talk *talk, struct gp_arena *arena, int fd, int64_t deadline_us)
{
	*talk = (struct gp_try_talk) {.arena = arena, .fd = fd, .deadline_us = deadline_us};
	talk->turns = gp_arena_array(arena, GP_TRY_TURNS_MAX, sizeof *talk->turns);
	talk->heard = gp_arena_alloc(arena, GP_TRY_HEARD_MAX);
	return talk->turns && talk->heard;
}

/* fail: the conversation is at its end. */
static bool fail(struct gp_try_talk *talk, const char *problem)
{
	talk->problem = problem;
	return false;
}

/* wait_for: until the descriptor is ready; false: not in time. */
static bool wait_for(struct gp_try_talk *talk, short events)
{
	struct pollfd p = {.fd = talk->fd, .events = events};
	for (;;) {
		int left_ms = gp_clock_left_ms(gp_clock_system(), talk->deadline_us);
		if (left_ms == 0)
			return fail(talk, "the server gave no answer in time");
		int n = poll(&p, 1, left_ms);
		if (n > 0)
			return true;
		if (n < 0 && errno != EINTR)
			return fail(talk, strerror(errno));
	}
}

/* hear: more bytes. */
static bool hear(struct gp_try_talk *talk)
{
	if (talk->heard_len == GP_TRY_HEARD_MAX)
		return fail(talk, "the server says more than an SMTP server has to say");
	if (!wait_for(talk, POLLIN))
		return false;
	ssize_t n =
		read(talk->fd, talk->heard + talk->heard_len, GP_TRY_HEARD_MAX - talk->heard_len);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (n < 0)
		return fail(talk, strerror(errno));
	if (n == 0)
		return fail(talk, "the server closed the connection");
	talk->heard_len += (size_t)n;
	return true;
}

/* skip_noise: whole lines that do not begin with a digit, before the first reply. */
static void skip_noise(struct gp_try_talk *talk)
{
	while (talk->taken < talk->heard_len) {
		const char *at = talk->heard + talk->taken;
		const char *end = memchr(at, '\n', talk->heard_len - talk->taken);
		if (!end || (*at >= '0' && *at <= '9'))
			return;
		talk->taken += (size_t)(end - at) + 1;
	}
}

/* is_noise: may what has come so far be such a line? */
static bool is_noise(const struct gp_try_talk *talk)
{
	char first = talk->taken < talk->heard_len ? talk->heard[talk->taken] : '\n';
	return talk->skips_noise && (first < '0' || first > '9');
}

/* take_reply: the next one, into the turn. */
static bool take_reply(struct gp_try_talk *talk, struct gp_try_turn *turn)
{
	for (;;) {
		size_t used = 0;
		if (talk->skips_noise)
			skip_noise(talk);
		struct gp_span text = {talk->heard + talk->taken, talk->heard_len - talk->taken};
		int rc = is_noise(talk) ? GP_TRY_MORE
					: gp_try_reply_parse(text, &turn->reply, &used);
		if (rc == GP_OK) {
			talk->taken += used;
			talk->skips_noise = false;
			turn->has_reply = true;
			return true;
		}
		if (rc != GP_TRY_MORE)
			return fail(talk, "what answers there does not speak SMTP");
		if (!hear(talk))
			return false;
	}
}

/* new_turn: the next one; NULL: there have been enough. */
static struct gp_try_turn *new_turn(struct gp_try_talk *talk, const char *sent)
{
	if (talk->problem || talk->turn_count == GP_TRY_TURNS_MAX)
		return NULL;
	struct gp_try_turn *turn = &talk->turns[talk->turn_count++];
	turn->sent = sent;
	return turn;
}

/* gp_try_talk_listen: the server speaks first. */
bool gp_try_talk_listen(struct gp_try_talk *talk, const struct gp_try_reply **reply_out)
{
	struct gp_try_turn *turn = new_turn(talk, NULL);
	if (!turn || !take_reply(talk, turn))
		return false;
	*reply_out = &turn->reply;
	return true;
}

/* send_all: every byte, or false. */
static bool send_all(struct gp_try_talk *talk, const char *bytes, size_t len)
{
	while (len) {
		if (!wait_for(talk, POLLOUT))
			return false;
		ssize_t n = send(talk->fd, bytes, len, MSG_NOSIGNAL);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			return fail(talk, n ? strerror(errno) : "the server closed the connection");
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

/* gp_try_talk_say: the line as it is kept is the line as it is sent. */
bool gp_try_talk_say(
	struct gp_try_talk *talk, const struct gp_try_reply **reply_out, const char *format, ...)
{
	char line[LINE_MAX_SENT];
	va_list ap;
	va_start(ap, format);
	int n = vsnprintf(line, sizeof line - 2, format, ap);
	va_end(ap);
	const struct gp_span text = {line, n > 0 ? (size_t)n : 0};
	if (n <= 0 || n >= (int)sizeof line - 2 || !gp_span_is_printable_ascii(text))
		return fail(talk, "a line of the dialogue is too long or not printable");
	const char *sent = gp_arena_copy(talk->arena, text);
	struct gp_try_turn *turn = sent ? new_turn(talk, sent) : NULL;
	if (!turn)
		return false;
	memcpy(line + n, "\r\n", 2);
	if (!send_all(talk, line, (size_t)n + 2) || !take_reply(talk, turn))
		return false;
	*reply_out = &turn->reply;
	return true;
}
