/* SPDX-License-Identifier: ISC */
/*
 * A table of connections. Who is ended leaves like everybody else, when its thread has noticed;
 * until then it stands beside the one that was admitted for it, so the table is a little longer
 * than the ceiling.
 */
#include "policyd/places.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#define LEAVING_MAX 16 /* connections that were ended and are not gone yet */
#define TRIES 16       /* connections with something to read that are passed over */

struct entry {
	struct gp_places *places;
	struct gp_place place;
	int fd; /* -1: free */
	uid_t uid;
	bool is_passed_over; /* only while one to be ended is looked for */
};

struct gp_places {
	struct gp_places_options options;
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t left;  /* somebody is gone */
	struct entry *entries;
	unsigned size, open, leaving;
	bool is_ending;
};

/* gp_places_new: all free. */
int gp_places_new(const struct gp_places_options *options, struct gp_places **places_out)
{
	struct gp_places *p = calloc(1, sizeof *p);
	pthread_condattr_t attr;
	if (!p)
		return GP_ENOMEM;
	p->options = *options;
	p->size = options->max + LEAVING_MAX;
	p->entries = calloc(p->size, sizeof *p->entries);
	if (!p->entries) {
		free(p);
		return GP_ENOMEM;
	}
	for (unsigned i = 0; i < p->size; i++) {
		p->entries[i].places = p;
		p->entries[i].fd = -1;
	}
	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&p->left, &attr);
	pthread_condattr_destroy(&attr);
	*places_out = p;
	return GP_OK;
}

/* gp_places_free: accepts NULL. */
void gp_places_free(struct gp_places *places)
{
	if (!places)
		return;
	pthread_cond_destroy(&places->left);
	pthread_mutex_destroy(&places->lock);
	free(places->entries);
	free(places);
}

/* ---- who has to go ---- */

/* may_go: is this connection doing nothing, and not gone already? */
static bool may_go(struct entry *e, uid_t uid)
{
	return e->fd >= 0 && !e->is_passed_over && atomic_load(&e->place.state) != GP_PLACE_WORKS &&
	       !atomic_load(&e->place.is_ended) && (uid == GP_PLACES_ANYBODY || e->uid == uid);
}

/* longest_idle: of this user, or of all; NULL: there is none. */
static struct entry *longest_idle(struct gp_places *p, uid_t uid)
{
	struct entry *found = NULL;
	int64_t least = INT64_MAX;
	for (unsigned i = 0; i < p->size; i++) {
		struct entry *e = &p->entries[i];
		int64_t since = atomic_load(&e->place.idle_since_us);
		if (since < least && may_go(e, uid)) {
			found = e;
			least = since;
		}
	}
	return found;
}

/* has_unread: is a request waiting that its thread has not seen yet? */
static bool has_unread(struct entry *e)
{
	char byte;
	return atomic_load(&e->place.state) == GP_PLACE_READS &&
	       recv(e->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* find_victim: the longest idle that nothing waits for; NULL: there is none. */
static struct entry *find_victim(struct gp_places *p, uid_t uid)
{
	struct entry *passed[TRIES], *found;
	unsigned n = 0;
	while ((found = longest_idle(p, uid)) && has_unread(found) && n < TRIES) {
		found->is_passed_over = true;
		passed[n++] = found;
	}
	while (n > 0)
		passed[--n]->is_passed_over = false;
	return found;
}

/* end_one: its thread will notice. */
static void end_one(struct gp_places *p, struct entry *e)
{
	atomic_store(&e->place.is_ended, true);
	p->leaving++;
	(void)shutdown(e->fd, SHUT_RDWR); /* closed by the other side: as good */
}

/* ---- coming and going ---- */

/* leave: gives the place back and closes the socket while nobody can shut it down. */
static void leave(struct entry *e)
{
	struct gp_places *p = e->places;
	const uint64_t one = 1;
	pthread_mutex_lock(&p->lock);
	bool was_full = p->open - p->leaving >= p->options.max || p->open == p->size;
	close(e->fd);
	e->fd = -1;
	p->open--;
	if (atomic_load(&e->place.is_ended))
		p->leaving--;
	pthread_cond_signal(&p->left);
	if (was_full && p->options.wake >= 0) {
		ssize_t n = write(p->options.wake, &one, sizeof one);
		(void)n; /* a full counter rings as well */
	}
	pthread_mutex_unlock(&p->lock);
}

/* serve_main: the thread of one connection. */
static void *serve_main(void *arg)
{
	struct entry *e = arg;
	e->places->options.serve(e->places->options.arg, e->fd, &e->place);
	leave(e);
	return NULL;
}

/* spawn: a detached thread with a small stack. */
static int spawn(struct entry *e)
{
	pthread_attr_t attr;
	pthread_t thread;
	if (pthread_attr_init(&attr))
		return GP_ENOMEM;
	int rc = pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (!rc)
		rc = pthread_attr_setstacksize(&attr, e->places->options.stack_bytes);
	if (!rc)
		rc = pthread_create(&thread, &attr, serve_main, e);
	pthread_attr_destroy(&attr);
	return rc ? GP_ENOMEM : GP_OK;
}

/* is_full: but for what could be ended. */
static bool is_full(const struct gp_places *p)
{
	return p->open - p->leaving >= p->options.max;
}

/* make_room: what has to go for one of this user. */
static enum gp_places_admitted make_room(struct gp_places *p, uid_t uid)
{
	unsigned mine = 0;
	for (unsigned i = 0; i < p->size && uid != GP_PLACES_ANYBODY; i++)
		mine += p->entries[i].fd >= 0 && p->entries[i].uid == uid &&
			!atomic_load(&p->entries[i].place.is_ended);
	bool has_share = uid != GP_PLACES_ANYBODY && mine >= p->options.share;
	if (p->is_ending || p->open == p->size)
		return GP_PLACES_FULL;
	if (!has_share && !is_full(p))
		return GP_PLACES_SERVED;
	struct entry *victim = uid == GP_PLACES_ANYBODY ? NULL : find_victim(p, uid);
	if (!victim && has_share)
		return GP_PLACES_CROWDED;
	if (!victim)
		victim = find_victim(p, GP_PLACES_ANYBODY);
	if (!victim)
		return GP_PLACES_FULL;
	end_one(p, victim);
	return has_share ? GP_PLACES_ENDED_OWN : GP_PLACES_ENDED_ANOTHER;
}

/* enter: into the first place that is free. */
static struct entry *enter(struct gp_places *p, int fd, uid_t uid)
{
	struct entry *e = p->entries;
	while (e->fd >= 0)
		e++;
	e->fd = fd;
	e->uid = uid;
	atomic_store(&e->place.idle_since_us, gp_clock_now_us(gp_clock_system()));
	atomic_store(&e->place.state, GP_PLACE_READS);
	atomic_store(&e->place.is_ended, false);
	p->open++;
	return e;
}

/* gp_places_admit: room, place, thread. */
enum gp_places_admitted gp_places_admit(struct gp_places *places, int fd, uid_t uid)
{
	struct entry *e = NULL;
	pthread_mutex_lock(&places->lock);
	enum gp_places_admitted how = make_room(places, uid);
	if (how != GP_PLACES_CROWDED && how != GP_PLACES_FULL)
		e = enter(places, fd, uid);
	pthread_mutex_unlock(&places->lock);
	if (!e) {
		close(fd);
		return how;
	}
	if (spawn(e)) {
		leave(e);
		return GP_PLACES_NO_THREAD;
	}
	return how;
}

/* gp_places_has_room: of this moment. */
bool gp_places_has_room(struct gp_places *places)
{
	pthread_mutex_lock(&places->lock);
	bool has = places->open < places->size &&
		   (!is_full(places) || find_victim(places, GP_PLACES_ANYBODY) != NULL);
	pthread_mutex_unlock(&places->lock);
	return has;
}

/* gp_places_count: of this moment. */
unsigned gp_places_count(struct gp_places *places)
{
	pthread_mutex_lock(&places->lock);
	unsigned open = places->open;
	pthread_mutex_unlock(&places->lock);
	return open;
}

/* gp_places_end: what is being worked on may still be answered. */
void gp_places_end(struct gp_places *places)
{
	pthread_mutex_lock(&places->lock);
	places->is_ending = true;
	for (unsigned i = 0; i < places->size; i++)
		if (places->entries[i].fd >= 0)
			(void)shutdown(places->entries[i].fd, SHUT_RD); /* closed: as good */
	pthread_mutex_unlock(&places->lock);
}

/* gp_places_wait: until the last one is gone. */
unsigned gp_places_wait(struct gp_places *places, const struct timespec *until)
{
	int rc = 0;
	pthread_mutex_lock(&places->lock);
	while (places->open && rc == 0)
		rc = pthread_cond_timedwait(&places->left, &places->lock, until);
	unsigned left = places->open;
	pthread_mutex_unlock(&places->lock);
	return left;
}
