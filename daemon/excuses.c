/* SPDX-License-Identifier: ISC */
/* What has come is looked at without being taken: the service reads it, and need not wait. */
#include "daemon/excuses.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#define HELD_MS 1000

/* gp_daemon_excuses_init: as large as a request may be. */
int gp_daemon_excuses_init(
	struct gp_daemon_excuses *excuses_out, const struct gp_daemon_served *served)
{
	*excuses_out = (struct gp_daemon_excuses) {.served = served};
	if (!served->service->excuse)
		return GP_OK;
	excuses_out->begun = malloc(served->service->request_max);
	return excuses_out->begun ? GP_OK : GP_ENOMEM;
}

/* gp_daemon_excuses_fini: nothing is held any more. */
void gp_daemon_excuses_fini(struct gp_daemon_excuses *excuses)
{
	free(excuses->begun);
	excuses->begun = NULL;
}

/* excuse: what it asks, whole or not, is answered or said to be malformed. */
static void excuse(struct gp_daemon_excuses *x, int fd)
{
	x->served->service->excuse(x->served->state, fd, "no thread for a connection");
}

/* is_whole: as the service says; one that is too long is answered as well. */
static bool is_whole(const struct gp_daemon_excuses *x, size_t len)
{
	const struct gp_daemon_service *service = x->served->service;
	return len == service->request_max || service->has_come(x->begun, len);
}

/* settle: true: it is done with. must_end: it has no more time. */
static bool settle(struct gp_daemon_excuses *x, int fd, bool must_end)
{
	ssize_t n = recv(fd, x->begun, x->served->service->request_max, MSG_PEEK | MSG_DONTWAIT);
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
static void look(struct gp_daemon_excuses *x, bool must_end)
{
	size_t kept = 0;
	int64_t now_us = gp_clock_now_us(gp_clock_system());
	for (size_t i = 0; i < x->count; i++)
		if (!settle(x, x->held[i].fd, must_end || x->held[i].until_us <= now_us))
			x->held[kept++] = x->held[i];
	x->count = kept;
}

/* gp_daemon_excuses_look: none is over before its time. */
void gp_daemon_excuses_look(struct gp_daemon_excuses *excuses)
{
	look(excuses, false);
}

/* gp_daemon_excuses_end: all are over. */
void gp_daemon_excuses_end(struct gp_daemon_excuses *excuses)
{
	look(excuses, true);
}

/* gp_daemon_excuses_add: after the others. */
void gp_daemon_excuses_add(struct gp_daemon_excuses *excuses, int fd, size_t room)
{
	struct gp_daemon_excuses *x = excuses;
	if (!x->begun) { /* the service has none */
		close(fd);
		return;
	}
	if (room > GP_DAEMON_EXCUSES_MAX)
		room = GP_DAEMON_EXCUSES_MAX;
	if (x->count >= room)
		gp_daemon_excuses_look(x);
	while (x->count && x->count >= room) {
		(void)settle(x, x->held[0].fd, true);
		x->count--;
		memmove(x->held, x->held + 1, x->count * sizeof x->held[0]);
	}
	x->held[x->count].fd = fd;
	x->held[x->count].until_us = gp_clock_now_us(gp_clock_system()) + HELD_MS * INT64_C(1000);
	x->count++;
}
