/* SPDX-License-Identifier: ISC */
/*
 * Places: the connections that are served now, a thread each, and which of them has to go when
 * there are too many.
 *
 * A new connection finds a place as long as any other does nothing: at the ceiling the one that has
 * done nothing for longest is ended. A user who is limited gets a share of the places only, and
 * gives up his own. What is being worked on is never ended. Knows nothing about what is served.
 *
 *     gp_places_new(&options, &places);
 *     while (gp_places_has_room(places)) accept, gp_places_admit(places, fd, uid)
 *     gp_places_end(places); gp_places_wait(places, until); gp_places_free(places)
 *
 * Threads: any; one lock inside, which serving takes once at its end. Only one thread admits.
 */
#ifndef GP_POLICYD_PLACES_H
#define GP_POLICYD_PLACES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/err.h"

/* What a connection is doing. */
enum gp_place_state {
	GP_PLACE_READS, /* it waits for a request; it may be ended unless one has come */
	GP_PLACE_WORKS, /* on a request: it may not be ended */
	GP_PLACE_WRITES /* it waits until the other side takes an answer; it may be ended */
};

/* The place of one connection, for the thread that serves it. */
struct gp_place {
	atomic_int_fast64_t idle_since_us; /* of the monotonic clock; at first when it came */
	atomic_int state;                  /* enum gp_place_state; at first READS */
	atomic_bool is_ended;              /* it had to go: its reading and writing fail */
};

#define GP_PLACES_ANYBODY ((uid_t)-1) /* not known, or not limited */

struct gp_places_options {
	unsigned max;       /* connections at once */
	unsigned share;     /* of one user who is limited */
	size_t stack_bytes; /* of a thread */
	int wake;           /* eventfd that is rung when there is room again; -1: none */
	void (*serve)(void *arg, int fd, struct gp_place *place); /* does not close it */
	void *arg;
};

enum gp_places_admitted {
	GP_PLACES_SERVED,
	GP_PLACES_ENDED_ANOTHER, /* served, and another connection was ended: all places are taken
				  */
	GP_PLACES_ENDED_OWN,     /* the same: the user's share is taken */
	GP_PLACES_CROWDED,       /* the user's share is at work: closed */
	GP_PLACES_FULL,          /* nothing could be ended, or there are to be no more: closed */
	GP_PLACES_NO_THREAD      /* no memory: closed */
};

struct gp_places;

/* Copies options. GP_ENOMEM. */
int gp_places_new(
	const struct gp_places_options *options, struct gp_places **places_out) GP_MUST_CHECK;

/* Ends; nobody may be served any more. Accepts NULL. */
void gp_places_free(struct gp_places *places);

/* Is there a place, or one that could be made free? */
bool gp_places_has_room(struct gp_places *places);

/* Takes the connection. uid: whose it is where that is limited, else GP_PLACES_ANYBODY. */
enum gp_places_admitted gp_places_admit(struct gp_places *places, int fd, uid_t uid);

/* Connections that are served now. */
unsigned gp_places_count(struct gp_places *places);

/* No more of them, and the reading of those that are there ends. */
void gp_places_end(struct gp_places *places);

/* Waits until nobody is served any more, at most until then (monotonic). How many were left. */
unsigned gp_places_wait(struct gp_places *places, const struct timespec *until);

#endif
