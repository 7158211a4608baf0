/* SPDX-License-Identifier: ISC */
/*
 * Places: the connections that are served now, a thread each, and which of them is closed when
 * there are too many.
 *
 * A new connection finds a place as long as another one is idle: at the limit the longest idle one
 * is closed. A user with a limit gets only a share of the places, and new connections replace that
 * user's own. A busy connection is never closed, nor, for a grace period, one that is new, has
 * begun a request, or has been sent its answer: the peer may be about to send another request.
 *
 * While all are busy a new connection is a guest: it has a thread, and may send its request, but
 * waits for a place before that is processed, in order of arrival. A connection that has been
 * answered gives its place to the guest that has waited longest; one with a message under way only
 * when nothing more about it has come for a moment. The number of guests is small; when there is no
 * room for another one, one that has sent nothing is closed, or the one that has waited longest is
 * answered without a place, once it has waited for a time or no guest has got a place for a while;
 * new ones wait to be accepted meanwhile. So every client gets an answer, however many there are.
 * Knows nothing about what is served.
 *
 *     gp_daemon_places_new(&options, &places);
 *     gp_daemon_places_has_room(places)    accept, gp_daemon_places_admit(places, fd, uid); else
 *     gp_daemon_places_press(places)
 *     gp_daemon_places_work(place)         (the thread that serves, when a request has come)
 *     gp_daemon_places_take(place, until)  (before its work on it)
 *     gp_daemon_places_keep(place)         (after each answer)
 *     gp_daemon_places_end(places)
 *     gp_daemon_places_wait(places, until)
 *     gp_daemon_places_free(places)
 *
 * Threads: any; one lock inside, which serving takes once at its end, and only while there are
 * guests once more for each request. Only one thread admits.
 */
#ifndef GP_DAEMON_PLACES_H
#define GP_DAEMON_PLACES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/err.h"

/* What a connection is doing. */
enum gp_daemon_place_state {
	GP_DAEMON_PLACE_READS,  /* it waits for a request; it may be ended unless one has come */
	GP_DAEMON_PLACE_BEGINS, /* a request has come in part; the same after the time of grace */
	GP_DAEMON_PLACE_WORKS,  /* on a request, or waits for a place: it may not be ended */
	GP_DAEMON_PLACE_WRITES  /* it waits until the peer reads an answer; as BEGINS */
};

struct gp_daemon_places;

/* The place of one connection, for the thread that serves it. All zero: one that is alone, which
 * nobody else wants. */
struct gp_daemon_place {
	struct gp_daemon_places *places; /* NULL: alone */
	/* since when it is in its state, of the monotonic clock; READS after an answer has the time
	 * of that, and at first when it came */
	atomic_int_fast64_t idle_since_us;
	atomic_int state;       /* enum gp_daemon_place_state; at first READS */
	atomic_bool has_asked;  /* a request has come; at first none has */
	atomic_bool in_message; /* the next request may be about the same message as the last one */
	atomic_bool is_guest;   /* gp_daemon_places_take waits; only read by others than places.c */
	atomic_bool is_ended;   /* it had to go: its reading and writing fail */
};

#define GP_DAEMON_PLACES_ANYBODY ((uid_t)-1) /* not known, or not limited */

struct gp_daemon_places_options {
	unsigned max;         /* connections at once */
	unsigned spare;       /* and so many guests, and those that have to go and are not gone */
	unsigned share;       /* of one user who is limited */
	unsigned grace_ms;    /* for those that may have come to ask just once more */
	unsigned message_ms;  /* for the next request about the same message, while others wait */
	unsigned patience_ms; /* a guest with a request is pressed when it has waited so long, */
	unsigned still_ms;    /* or when no guest has got a place for so long: all work is slow */
	size_t stack_bytes;   /* of a thread */
	int wake;             /* eventfd that is rung when there is room again; -1: none */
	void (*serve)(void *arg, int fd, struct gp_daemon_place *place); /* does not close it */
	void *arg;
};

enum gp_daemon_places_admitted {
	GP_DAEMON_PLACES_SERVED,
	GP_DAEMON_PLACES_ENDED_ANOTHER, /* served, and another was ended: all places are taken */
	GP_DAEMON_PLACES_ENDED_OWN,     /* the same: the user's share is taken */
	GP_DAEMON_PLACES_GUEST,         /* served, but without a place so far: all are at work */
	GP_DAEMON_PLACES_GUEST_OWN,     /* the same: the user's share is */
	GP_DAEMON_PLACES_CROWDED,       /* the user's share is at work, of guests as well: closed */
	GP_DAEMON_PLACES_FULL,          /* no room, or there are to be no more: closed */
	GP_DAEMON_PLACES_NO_THREAD      /* no memory: NOT closed */
};

/* Copies options. GP_ENOMEM. */
int gp_daemon_places_new(const struct gp_daemon_places_options *options,
	struct gp_daemon_places **places_out) GP_MUST_CHECK;

/* Ends; nobody may be served any more. Accepts NULL. */
void gp_daemon_places_free(struct gp_daemon_places *places);

/* Is there room for one more, be it as a guest? */
bool gp_daemon_places_has_room(struct gp_daemon_places *places);

/* There is none, and somebody wants to come: one guest has to go, or has waited long enough, if any
 * has; else this is to be called again in a moment. */
void gp_daemon_places_press(struct gp_daemon_places *places);

/*
 * Guests that say nothing get the places of those that have done nothing for longest, as soon as
 * those may go. True: there are guests left; this is to be called again for them in a moment.
 */
bool gp_daemon_places_settle(struct gp_daemon_places *places);

/* Takes the connection. uid: whose it is where that is limited, else GP_DAEMON_PLACES_ANYBODY. */
enum gp_daemon_places_admitted gp_daemon_places_admit(
	struct gp_daemon_places *places, int fd, uid_t uid);

/*
 * A whole request has come: the state is WORKS, and it is not ended from now on. False: it was
 * ended a moment ago; the request is not to be worked on, as it will be asked again.
 */
bool gp_daemon_places_work(struct gp_daemon_place *place) GP_MUST_CHECK;

/*
 * Behind gp_daemon_places_work: waits for a place, at most until then (monotonic,
 * microseconds). False: there is none; it is to be answered all the same, and then to go. Costs
 * nothing where there is a place.
 */
bool gp_daemon_places_take(struct gp_daemon_place *place, int64_t until_us) GP_MUST_CHECK;

/* The request is answered. False: the place was given to a guest, and this one has to go. */
bool gp_daemon_places_keep(struct gp_daemon_place *place) GP_MUST_CHECK;

/* Connections that are served now, guests among them. */
unsigned gp_daemon_places_count(struct gp_daemon_places *places);

/* Of these: guests whose request waits for a place. */
unsigned gp_daemon_places_waiting(struct gp_daemon_places *places);

/* Have all places been taken? */
bool gp_daemon_places_is_full(struct gp_daemon_places *places);

/* No more of them, and the reading of those that are there ends. */
void gp_daemon_places_end(struct gp_daemon_places *places);

/* Waits until nobody is served any more, at most until then (monotonic). How many were left. */
unsigned gp_daemon_places_wait(struct gp_daemon_places *places, const struct timespec *until);

#endif
