/* SPDX-License-Identifier: ISC */
/*
 * Excuses: connections for which there is no thread, until their request has arrived and is
 * answered by the service all the same (excuse in daemon/service.h).
 *
 * One that sends nothing, or only a part, delays no other: it is polled for a second and then
 * closed. There are few; when there are too many the oldest is closed.
 *
 *     gp_daemon_excuses_add(excuses, fd, room)
 *     gp_daemon_excuses_look(excuses)      every GP_DAEMON_EXCUSES_LOOK_MS while count is not 0
 *     gp_daemon_excuses_end(excuses)
 *
 * One thread, the accepting one.
 */
#ifndef GP_DAEMON_EXCUSES_H
#define GP_DAEMON_EXCUSES_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/service.h"

#define GP_DAEMON_EXCUSES_MAX 64
#define GP_DAEMON_EXCUSES_LOOK_MS 20

/* All zero but the service, which it borrows: none. */
struct gp_daemon_excuses {
	const struct gp_daemon_served *served;
	struct {
		int fd;
		int64_t until_us;      /* monotonic */
	} held[GP_DAEMON_EXCUSES_MAX]; /* as they came */
	size_t count;
	char *begun; /* what has come on the one that is looked at; NULL: none is held */
};

/* Makes room for requests of the service, which has excuse; GP_ENOMEM. */
int gp_daemon_excuses_init(
	struct gp_daemon_excuses *excuses_out, const struct gp_daemon_served *served) GP_MUST_CHECK;
void gp_daemon_excuses_fini(struct gp_daemon_excuses *excuses);

/* Takes the connection. room: so many may be held with it, as there are descriptors. */
void gp_daemon_excuses_add(struct gp_daemon_excuses *excuses, int fd, size_t room);

/* Answers whose request is there, and ends whose time is over. Does not wait. */
void gp_daemon_excuses_look(struct gp_daemon_excuses *excuses);

/* The same, and ends all of them. */
void gp_daemon_excuses_end(struct gp_daemon_excuses *excuses);

#endif
