/* SPDX-License-Identifier: ISC */
/*
 * Excuses: connections that can have no thread, until what they ask has come and is answered as
 * policyd.on_trouble says.
 *
 * One that says nothing, or only a part, keeps nobody waiting: it is looked at again and again, for
 * a second, and then ends. There are few; when there are too many the one that came first ends.
 *
 *     gp_excuses_add(excuses, fd, room)
 *     gp_excuses_look(excuses)      every GP_EXCUSES_LOOK_MS while count is not 0
 *     gp_excuses_end(excuses)
 *
 * One thread, the accepting one.
 */
#ifndef GP_POLICYD_EXCUSES_H
#define GP_POLICYD_EXCUSES_H

#include <stddef.h>
#include <stdint.h>

#include "policyd/reader.h"
#include "policyd/session.h"

#define GP_EXCUSES_MAX 64
#define GP_EXCUSES_LOOK_MS 20

/* All zero but shared, which it borrows: none. */
struct gp_excuses {
	struct gp_session_shared *shared;
	struct {
		int fd;
		int64_t until_us; /* monotonic */
	} held[GP_EXCUSES_MAX];   /* as they came */
	size_t count;
	char begun[GP_READER_MAX]; /* what has come on the one that is looked at */
};

/* Takes the connection. room: so many may be held with it, as there are descriptors. */
void gp_excuses_add(struct gp_excuses *excuses, int fd, size_t room);

/* Answers whose request is there, and ends whose time is over. Does not wait. */
void gp_excuses_look(struct gp_excuses *excuses);

/* The same, and ends all of them. */
void gp_excuses_end(struct gp_excuses *excuses);

#endif
