/* SPDX-License-Identifier: ISC */
/*
 * A table of connections. A connection that is ended is removed like any other, when its thread has
 * noticed; until then it stands beside the one that was admitted for it, so the table is a little
 * longer than the ceiling. The rest of it is for guests.
 */
#include "daemon/places.h"

#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#define TRIES 16      /* connections with something to read that are passed over */
#define LOOK_MS 50    /* how often a guest looks whether somebody may go for it */
#define GUEST_SHARE 4 /* a limited user gets one part of so many of the guests */

struct entry {
	struct gp_daemon_place place;
	int fd; /* -1: free */
	uid_t uid;
	uint64_t number;     /* as it came */
	bool waits;          /* a guest, with a request */
	int64_t since_us;    /* when it began to wait */
	bool is_pressed;     /* a guest that is to wait no longer */
	bool is_passed_over; /* only while one to be ended is looked for */
};

struct gp_daemon_places {
	struct gp_daemon_places_options options;
	pthread_mutex_t lock;  /* guards all below */
	pthread_cond_t left;   /* somebody is gone */
	pthread_cond_t seated; /* a guest has got a place, or is not to wait any longer */
	struct entry *entries;
	unsigned size, open; /* open - leaving - guests have a place */
	unsigned leaving;    /* ended, and not gone */
	unsigned guests;     /* without a place, and not ended */
	atomic_uint waiting; /* of these: with a request; read without the lock as well */
	int64_t moved_us;    /* when a guest got a place, or the first one began to wait */
	uint64_t number;     /* of the next one */
	bool is_ending;
};

/* gp_daemon_places_new: all free. */
int gp_daemon_places_new(
	const struct gp_daemon_places_options *options, struct gp_daemon_places **places_out)
{
	struct gp_daemon_places *p = calloc(1, sizeof *p);
	if (!p)
		return GP_ENOMEM;
	p->options = *options;
	p->size = options->max + (options->spare ? options->spare : 1);
	p->entries = calloc(p->size, sizeof *p->entries);
	if (!p->entries || gp_clock_condition(&p->left))
		goto no_entries;
	if (gp_clock_condition(&p->seated))
		goto no_seated;
	for (unsigned i = 0; i < p->size; i++) {
		p->entries[i].place.places = p;
		p->entries[i].fd = -1;
	}
	pthread_mutex_init(&p->lock, NULL);
	*places_out = p;
	return GP_OK;
no_seated:
	pthread_cond_destroy(&p->left);
no_entries:
	free(p->entries);
	free(p);
	return GP_ENOMEM;
}

/* gp_daemon_places_free: accepts NULL. */
void gp_daemon_places_free(struct gp_daemon_places *places)
{
	if (!places)
		return;
	pthread_cond_destroy(&places->left);
	pthread_cond_destroy(&places->seated);
	pthread_mutex_destroy(&places->lock);
	free(places->entries);
	free(places);
}

/* ---- which connection is closed ---- */

/* since: the times at which what has to be left alone for a while must have begun. */
struct since {
	int64_t grace_us, message_us;
};

/* is_idle: may it be ended now? */
static bool is_idle(const struct gp_daemon_place *place, const struct since *before)
{
	int state = atomic_load(&place->state);
	bool has_asked = state == GP_DAEMON_PLACE_READS && atomic_load(&place->has_asked);
	if (state == GP_DAEMON_PLACE_WORKS)
		return false;
	if (has_asked && !atomic_load(&place->in_message))
		return true;
	return atomic_load(&place->idle_since_us) <=
	       (has_asked ? before->message_us : before->grace_us);
}

/* Among which connections one to be ended is looked for. */
struct hunt {
	uid_t uid;            /* of this user; ANYBODY: of all */
	bool guests;          /* among guests, else among those that have a place */
	bool spares_messages; /* not one with a message under way */
	struct since before;
};

/* may_go: is it one of these, doing nothing, and not gone already? */
static bool may_go(struct entry *e, const struct hunt *hunt)
{
	return e->fd >= 0 && !e->is_passed_over && !atomic_load(&e->place.is_ended) &&
	       atomic_load(&e->place.is_guest) == hunt->guests &&
	       (hunt->uid == GP_DAEMON_PLACES_ANYBODY || e->uid == hunt->uid) &&
	       !(hunt->spares_messages && atomic_load(&e->place.in_message)) &&
	       is_idle(&e->place, &hunt->before);
}

/* longest_idle: NULL: there is none. */
static struct entry *longest_idle(struct gp_daemon_places *p, const struct hunt *hunt)
{
	struct entry *found = NULL;
	int64_t least = INT64_MAX;
	for (unsigned i = 0; i < p->size; i++) {
		struct entry *e = &p->entries[i];
		int64_t since = atomic_load(&e->place.idle_since_us);
		if (since < least && may_go(e, hunt)) {
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
	return atomic_load(&e->place.state) == GP_DAEMON_PLACE_READS &&
	       recv(e->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* find_among: the longest idle of these that nothing waits for; NULL: there is none. */
static struct entry *find_among(struct gp_daemon_places *p, const struct hunt *hunt)
{
	struct entry *passed[TRIES], *found;
	unsigned n = 0;
	while ((found = longest_idle(p, hunt)) && has_unread(found)) {
		if (n == TRIES) {
			found = NULL;
			break;
		}
		found->is_passed_over = true;
		passed[n++] = found;
	}
	while (n > 0)
		passed[--n]->is_passed_over = false;
	return found;
}

/* ago_us: the time so long ago. */
static int64_t ago_us(unsigned ms)
{
	return gp_clock_now_us(gp_clock_system()) - ms * INT64_C(1000);
}

/* find_victim: one with a message under way only where there is no other. */
static struct entry *find_victim(struct gp_daemon_places *p, uid_t uid, bool guests)
{
	struct hunt hunt = {.uid = uid,
		.guests = guests,
		.spares_messages = true,
		.before = {ago_us(p->options.grace_ms), ago_us(p->options.message_ms)}};
	struct entry *found = find_among(p, &hunt);
	hunt.spares_messages = false;
	return found ? found : find_among(p, &hunt);
}

/*
 * end_one: its thread will notice. False: it has begun to work on a request meanwhile, and stays.
 */
static bool end_one(struct gp_daemon_places *p, struct entry *e)
{
	atomic_store(&e->place.is_ended, true);
	/* the other way round in gp_daemon_places_work: at least one of both sees what the other
	 * does */
	if (atomic_load(&e->place.state) == GP_DAEMON_PLACE_WORKS) {
		atomic_store(&e->place.is_ended, false);
		return false;
	}
	if (atomic_exchange(&e->place.is_guest, false))
		p->guests--;
	p->leaving++;
	(void)shutdown(e->fd, SHUT_RDWR); /* closed by the peer: equivalent */
	return true;
}

/* ---- guests ---- */

/* is_full: but for what could be ended. */
static bool is_full(const struct gp_daemon_places *p)
{
	return p->open - p->leaving - p->guests >= p->options.max;
}

/* count_of: connections of a user, guests or with a place, that are not ended. */
static unsigned count_of(const struct gp_daemon_places *p, uid_t uid, bool guests)
{
	unsigned n = 0;
	for (unsigned i = 0; i < p->size; i++) {
		const struct entry *e = &p->entries[i];
		n += e->fd >= 0 && e->uid == uid && !atomic_load(&e->place.is_ended) &&
		     atomic_load(&e->place.is_guest) == guests;
	}
	return n;
}

/* has_share: has a user who is limited as many places as it may have? */
static bool has_share(const struct gp_daemon_places *p, uid_t uid)
{
	return uid != GP_DAEMON_PLACES_ANYBODY && count_of(p, uid, false) >= p->options.share;
}

/* first_guest: of those that wait, or of those that do not so far, who may have a place. */
static struct entry *first_guest(struct gp_daemon_places *p, bool waits)
{
	struct entry *first = NULL;
	for (unsigned i = 0; i < p->size && p->guests; i++) {
		struct entry *e = &p->entries[i];
		if (e->fd >= 0 && atomic_load(&e->place.is_guest) && e->waits == waits &&
			(!first || e->number < first->number) && !has_share(p, e->uid))
			first = e;
	}
	return first;
}

/* seat: a guest has a place. */
static void seat(struct gp_daemon_places *p, struct entry *e)
{
	atomic_store(&e->place.is_guest, false);
	p->guests--;
	p->moved_us = gp_clock_now_us(gp_clock_system());
	pthread_cond_broadcast(&p->seated);
}

/* seat_guests: as many as there are places; those with a request first. */
static void seat_guests(struct gp_daemon_places *p)
{
	while (p->guests && !is_full(p)) {
		struct entry *e = first_guest(p, true);
		if (!e)
			e = first_guest(p, false);
		if (!e)
			return; /* all of them have their share */
		seat(p, e);
	}
}

/* find_for: which connections may be closed for one of this user: its own first, then, unless it
 * has its share, any. */
static struct entry *find_for(struct gp_daemon_places *p, uid_t uid)
{
	struct entry *victim = uid == GP_DAEMON_PLACES_ANYBODY ? NULL : find_victim(p, uid, false);
	return victim || has_share(p, uid) ? victim
					   : find_victim(p, GP_DAEMON_PLACES_ANYBODY, false);
}

/* seat_for_another: if somebody may go for this guest. */
static void seat_for_another(struct gp_daemon_places *p, struct entry *e)
{
	struct entry *victim = find_for(p, e->uid);
	if (victim && end_one(p, victim))
		seat(p, e);
}

/* is_next: whose turn is it? A user with a full share takes nothing from others. */
static bool is_next(struct gp_daemon_places *p, struct entry *e)
{
	return has_share(p, e->uid) || first_guest(p, true) == e;
}

/* gp_daemon_places_settle: for guests without a request, when nobody with one may have a place. */
bool gp_daemon_places_settle(struct gp_daemon_places *places)
{
	struct gp_daemon_places *p = places;
	pthread_mutex_lock(&p->lock);
	for (unsigned i = 0; i < p->size && p->guests && !first_guest(p, true); i++) {
		struct entry *e = &p->entries[i];
		if (e->fd >= 0 && atomic_load(&e->place.is_guest) && !e->waits)
			seat_for_another(p, e);
	}
	bool has_guests = p->guests > 0;
	pthread_mutex_unlock(&p->lock);
	return has_guests;
}

/* wait_seated: for a moment, at most until then. */
static void wait_seated(struct gp_daemon_places *p, int64_t until_us)
{
	int left_ms = gp_clock_left_ms(gp_clock_system(), until_us);
	const struct timespec until = gp_clock_after_ms(left_ms < LOOK_MS ? left_ms : LOOK_MS);
	(void)pthread_cond_timedwait(&p->seated, &p->lock, &until); /* either way: look again */
}

/* entry_of: a place that is not alone is a member of its entry. */
static struct entry *entry_of(struct gp_daemon_place *place)
{
	return (struct entry *)(void *)((char *)place - offsetof(struct entry, place));
}

/* gp_daemon_places_work: a thread that ends it at this moment has the lock, and may undo that. */
bool gp_daemon_places_work(struct gp_daemon_place *place)
{
	struct gp_daemon_places *p = place->places;
	atomic_store(&place->has_asked, true);
	atomic_store(&place->state, GP_DAEMON_PLACE_WORKS);
	if (!p || !atomic_load(&place->is_ended))
		return true;
	pthread_mutex_lock(&p->lock);
	bool is_ended = atomic_load(&place->is_ended);
	pthread_mutex_unlock(&p->lock);
	return !is_ended;
}

/* gp_daemon_places_take: at once, or as a guest. */
bool gp_daemon_places_take(struct gp_daemon_place *place, int64_t until_us)
{
	struct gp_daemon_places *p = place->places;
	if (!p || !atomic_load(&place->is_guest))
		return true;
	struct entry *e = entry_of(place);
	pthread_mutex_lock(&p->lock);
	e->waits = true;
	e->since_us = gp_clock_now_us(gp_clock_system());
	if (p->waiting++ == 0)
		p->moved_us = e->since_us;
	while (atomic_load(&place->is_guest) && !e->is_pressed && !p->is_ending) {
		if (is_next(p, e))
			seat_for_another(p, e);
		if (!atomic_load(&place->is_guest) ||
			gp_clock_now_us(gp_clock_system()) >= until_us)
			break;
		wait_seated(p, until_us);
	}
	e->waits = false;
	p->waiting--;
	pthread_mutex_unlock(&p->lock);
	return !atomic_load(&place->is_guest);
}

/* gp_daemon_places_keep: a connection that has been answered makes room; its client may come
 * again. */
bool gp_daemon_places_keep(struct gp_daemon_place *place)
{
	struct gp_daemon_places *p = place->places;
	if (!p || !atomic_load(&p->waiting))
		return true;
	struct entry *e = entry_of(place);
	pthread_mutex_lock(&p->lock);
	if (!atomic_load(&place->is_guest) && !atomic_load(&place->is_ended)) {
		struct entry *guest = first_guest(p, true);
		/* what it has asked about a message would count once more: others first, a while */
		bool is_spared = guest && atomic_load(&place->in_message) &&
				 guest->since_us > ago_us(p->options.message_ms);
		if (guest && !is_spared && end_one(p, e))
			seat(p, guest);
	}
	pthread_mutex_unlock(&p->lock);
	return !atomic_load(&place->is_ended);
}

/* longest_waiting: among those that are not pressed. */
static struct entry *longest_waiting(struct gp_daemon_places *p)
{
	struct entry *first = NULL;
	for (unsigned i = 0; i < p->size; i++) {
		struct entry *e = &p->entries[i];
		if (e->fd >= 0 && e->waits && !e->is_pressed &&
			(!first || e->number < first->number))
			first = e;
	}
	return first;
}

/*
 * is_press_due: as long as guests get places one after the other, those that come wait to be
 * accepted, and are not many for long. When all work is slow nobody is to wait there.
 */
static bool is_press_due(const struct gp_daemon_places *p, const struct entry *first)
{
	return first->since_us <= ago_us(p->options.patience_ms) ||
	       p->moved_us <= ago_us(p->options.still_ms);
}

/* gp_daemon_places_press: one that has no request goes; else one that waits is answered now. */
void gp_daemon_places_press(struct gp_daemon_places *places)
{
	struct gp_daemon_places *p = places;
	pthread_mutex_lock(&p->lock);
	struct entry *victim = find_victim(p, GP_DAEMON_PLACES_ANYBODY, true);
	struct entry *first = longest_waiting(p);
	bool has_gone = victim && end_one(p, victim);
	if (!has_gone && first && is_press_due(p, first)) {
		first->is_pressed = true;
		pthread_cond_broadcast(&p->seated);
	}
	pthread_mutex_unlock(&p->lock);
}

/* ---- coming and going ---- */

/* leave: gives the place back; closes the socket, if asked, while nobody can shut it down. */
static void leave(struct entry *e, bool closes)
{
	struct gp_daemon_places *p = e->place.places;
	const uint64_t one = 1;
	pthread_mutex_lock(&p->lock);
	bool was_full = is_full(p) || p->open == p->size;
	if (closes)
		close(e->fd);
	e->fd = -1;
	p->open--;
	if (atomic_load(&e->place.is_ended))
		p->leaving--;
	else if (atomic_exchange(&e->place.is_guest, false))
		p->guests--;
	seat_guests(p);
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
	e->place.places->options.serve(e->place.places->options.arg, e->fd, &e->place);
	leave(e, true);
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
		rc = pthread_attr_setstacksize(&attr, e->place.places->options.stack_bytes);
	if (!rc)
		rc = pthread_create(&thread, &attr, serve_main, e);
	pthread_attr_destroy(&attr);
	return rc ? GP_ENOMEM : GP_OK;
}

/* make_room: what has to go for one of this user. */
static enum gp_daemon_places_admitted make_room(struct gp_daemon_places *p, uid_t uid)
{
	if (p->is_ending || p->open == p->size)
		return GP_DAEMON_PLACES_FULL;
	bool is_crowded = has_share(p, uid);
	if (!is_crowded && !is_full(p))
		return GP_DAEMON_PLACES_SERVED;
	/* not before those that wait already */
	struct entry *victim = is_crowded || !first_guest(p, true) ? find_for(p, uid) : NULL;
	if (victim && end_one(p, victim))
		return is_crowded ? GP_DAEMON_PLACES_ENDED_OWN : GP_DAEMON_PLACES_ENDED_ANOTHER;
	if (is_crowded && count_of(p, uid, true) >= 1 + p->options.spare / GUEST_SHARE)
		return GP_DAEMON_PLACES_CROWDED;
	return is_crowded ? GP_DAEMON_PLACES_GUEST_OWN : GP_DAEMON_PLACES_GUEST;
}

/* enter: into the first place that is free. */
static struct entry *enter(struct gp_daemon_places *p, int fd, uid_t uid, bool is_guest)
{
	struct entry *e = p->entries;
	while (e->fd >= 0)
		e++;
	e->fd = fd;
	e->uid = uid;
	e->number = p->number++;
	e->waits = e->is_pressed = false;
	atomic_store(&e->place.idle_since_us, gp_clock_now_us(gp_clock_system()));
	atomic_store(&e->place.state, GP_DAEMON_PLACE_READS);
	atomic_store(&e->place.has_asked, false);
	atomic_store(&e->place.in_message, false);
	atomic_store(&e->place.is_guest, is_guest);
	atomic_store(&e->place.is_ended, false);
	p->guests += is_guest;
	p->open++;
	return e;
}

/* gp_daemon_places_admit: room, place, thread. */
enum gp_daemon_places_admitted gp_daemon_places_admit(
	struct gp_daemon_places *places, int fd, uid_t uid)
{
	struct entry *e = NULL;
	pthread_mutex_lock(&places->lock);
	enum gp_daemon_places_admitted how = make_room(places, uid);
	if (how != GP_DAEMON_PLACES_CROWDED && how != GP_DAEMON_PLACES_FULL)
		e = enter(places, fd, uid,
			how == GP_DAEMON_PLACES_GUEST || how == GP_DAEMON_PLACES_GUEST_OWN);
	pthread_mutex_unlock(&places->lock);
	if (!e) {
		close(fd);
		return how;
	}
	if (spawn(e)) {
		leave(e, false);
		return GP_DAEMON_PLACES_NO_THREAD;
	}
	return how;
}

/* gp_daemon_places_has_room: of this moment. */
bool gp_daemon_places_has_room(struct gp_daemon_places *places)
{
	pthread_mutex_lock(&places->lock);
	bool has = places->open < places->size;
	pthread_mutex_unlock(&places->lock);
	return has;
}

/* gp_daemon_places_is_full: of this moment. */
bool gp_daemon_places_is_full(struct gp_daemon_places *places)
{
	pthread_mutex_lock(&places->lock);
	bool full = is_full(places);
	pthread_mutex_unlock(&places->lock);
	return full;
}

/* gp_daemon_places_count: of this moment. */
unsigned gp_daemon_places_count(struct gp_daemon_places *places)
{
	pthread_mutex_lock(&places->lock);
	unsigned open = places->open;
	pthread_mutex_unlock(&places->lock);
	return open;
}

/* gp_daemon_places_waiting: of this moment. */
unsigned gp_daemon_places_waiting(struct gp_daemon_places *places)
{
	return atomic_load(&places->waiting);
}

/* gp_daemon_places_end: what is being worked on may still be answered. */
void gp_daemon_places_end(struct gp_daemon_places *places)
{
	pthread_mutex_lock(&places->lock);
	places->is_ending = true;
	for (unsigned i = 0; i < places->size; i++)
		if (places->entries[i].fd >= 0)
			(void)shutdown(places->entries[i].fd, SHUT_RD); /* closed: as good */
	pthread_cond_broadcast(&places->seated);
	pthread_mutex_unlock(&places->lock);
}

/* gp_daemon_places_wait: until the last one is gone. */
unsigned gp_daemon_places_wait(struct gp_daemon_places *places, const struct timespec *until)
{
	int rc = 0;
	pthread_mutex_lock(&places->lock);
	while (places->open && rc == 0)
		rc = pthread_cond_timedwait(&places->left, &places->lock, until);
	unsigned left = places->open;
	pthread_mutex_unlock(&places->lock);
	return left;
}
