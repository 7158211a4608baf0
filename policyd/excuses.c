/* SPDX-License-Identifier: ISC */
/* What has come is looked at without being taken: gp_session_excuse reads it, and need not wait. */
#include "policyd/excuses.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#define HELD_MS 1000

/* excuse: what it asks, whole or not, is answered or said to be malformed. */
static void excuse(struct gp_excuses *x, int fd)
{
	gp_session_excuse(x->shared, fd, "no thread for a connection");
}

/* is_whole: a request ends with an empty line; one that is too long is answered as well. */
static bool is_whole(const struct gp_excuses *x, size_t len)
{
	return len == sizeof x->begun || memmem(x->begun, len, "\n\n", 2);
}

/* settle: true: it is done with. must_end: it has no more time. */
static bool settle(struct gp_excuses *x, int fd, bool must_end)
{
	ssize_t n = recv(fd, x->begun, sizeof x->begun, MSG_PEEK | MSG_DONTWAIT);
	bool is_over = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
	bool answers = n > 0 && (must_end || is_whole(x, (size_t)n));
	if (answers)
		excuse(x, fd);
	if (!answers && !is_over && !must_end)
		return false;
	close(fd);
	return true;
}

/* look: keeps those that have time left, in their order. */
static void look(struct gp_excuses *x, bool must_end)
{
	size_t kept = 0;
	int64_t now_us = gp_clock_now_us(gp_clock_system());
	for (size_t i = 0; i < x->count; i++)
		if (!settle(x, x->held[i].fd, must_end || x->held[i].until_us <= now_us))
			x->held[kept++] = x->held[i];
	x->count = kept;
}

/* gp_excuses_look: none is over before its time. */
void gp_excuses_look(struct gp_excuses *excuses)
{
	look(excuses, false);
}

/* gp_excuses_end: all are over. */
void gp_excuses_end(struct gp_excuses *excuses)
{
	look(excuses, true);
}

/* gp_excuses_add: behind the others. */
void gp_excuses_add(struct gp_excuses *excuses, int fd, size_t room)
{
	struct gp_excuses *x = excuses;
	if (room > GP_EXCUSES_MAX)
		room = GP_EXCUSES_MAX;
	if (x->count >= room)
		gp_excuses_look(x);
	while (x->count && x->count >= room) {
		(void)settle(x, x->held[0].fd, true);
		x->count--;
		memmove(x->held, x->held + 1, x->count * sizeof x->held[0]);
	}
	x->held[x->count].fd = fd;
	x->held[x->count].until_us = gp_clock_now_us(gp_clock_system()) + HELD_MS * INT64_C(1000);
	x->count++;
}
