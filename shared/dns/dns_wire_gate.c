/* SPDX-License-Identifier: ISC */
/*
 * Places for questions under way, shared by all calls of a process. A call that has no place yet
 * queues for its first one; further places are for calls that have less than their share, and only
 * while nobody queues. So a call with ten silent names takes one turn after the other, as does the
 * call with a single name, and one place in eight is for first ones only.
 *
 * Each waits for a condition of its own: a place that becomes free wakes the first in the queue,
 * and that one, when it has taken it, the next if there is another.
 */
#include "dns/dns_wire_private.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>

#define WITHOUT_CONDITION_MS 10

struct gp_dns_gate {
	pthread_mutex_t lock; /* guards all that follows, and the calls in the queue */
	unsigned places, used;
	unsigned calls;                   /* that hold a place */
	struct gp_dns_turn *first, *last; /* the queue of those without any */
};

/* gp_dns_gate_new: one place there always is. */
int gp_dns_gate_new(unsigned places, struct gp_dns_gate **gate_out)
{
	struct gp_dns_gate *gate = calloc(1, sizeof *gate);
	if (!gate || pthread_mutex_init(&gate->lock, NULL) != 0) {
		free(gate);
		return GP_ENOMEM;
	}
	gate->places = places ? places : 1;
	*gate_out = gate;
	return GP_OK;
}

/* gp_dns_gate_free: nobody is inside any more. */
void gp_dns_gate_free(struct gp_dns_gate *gate)
{
	if (!gate)
		return;
	pthread_mutex_destroy(&gate->lock);
	free(gate);
}

/* gp_dns_gate_places: as it was made. */
unsigned gp_dns_gate_places(const struct gp_dns_gate *gate)
{
	return gate ? gate->places : 0;
}

/* wake_first: if there is a place for it. It may not be waiting, and looks by itself then. */
static void wake_first(struct gp_dns_gate *gate)
{
	if (gate->first && gate->used < gate->places && gate->first->woken)
		pthread_cond_signal(gate->first->woken);
}

/* enqueue: after all others, once. */
static void enqueue(struct gp_dns_gate *gate, struct gp_dns_turn *turn)
{
	if (turn->queues)
		return;
	turn->queues = true;
	turn->next = NULL;
	*(gate->last ? &gate->last->next : &gate->first) = turn;
	gate->last = turn;
}

/* dequeue: from wherever it stands. */
static void dequeue(struct gp_dns_gate *gate, struct gp_dns_turn *turn)
{
	struct gp_dns_turn **at = &gate->first, *before = NULL;
	if (!turn->queues)
		return;
	for (; *at != turn; at = &(*at)->next)
		before = *at;
	*at = turn->next;
	if (gate->last == turn)
		gate->last = before;
	turn->queues = false;
	wake_first(gate); /* it may be another one's turn now */
}

/* may_have_more: is a call that has a place below its share, with nobody queueing? */
static bool may_have_more(const struct gp_dns_gate *gate, const struct gp_dns_turn *turn)
{
	unsigned shared = gate->places - gate->places / 8;
	unsigned share = shared / gate->calls; /* it is one of them */
	return !gate->first && gate->used < shared && turn->held < share;
}

/* gp_dns_gate_take: the first place in turn, more by share. */
bool gp_dns_gate_take(struct gp_dns_turn *turn)
{
	struct gp_dns_gate *gate = turn->gate;
	if (!gate)
		return true;
	pthread_mutex_lock(&gate->lock);
	if (turn->held == 0)
		enqueue(gate, turn);
	bool taken = turn->held == 0 ? gate->first == turn && gate->used < gate->places
				     : may_have_more(gate, turn);
	if (taken) {
		gate->calls += turn->held == 0;
		gate->used++;
		turn->held++;
		dequeue(gate, turn);
	}
	pthread_mutex_unlock(&gate->lock);
	return taken;
}

/* gp_dns_gate_give: to calls that queue. */
void gp_dns_gate_give(struct gp_dns_turn *turn)
{
	struct gp_dns_gate *gate = turn->gate;
	if (!gate)
		return;
	pthread_mutex_lock(&gate->lock);
	gate->used--;
	turn->held--;
	gate->calls -= turn->held == 0;
	wake_first(gate);
	pthread_mutex_unlock(&gate->lock);
}

/* gp_dns_gate_is_wanted: does anybody queue? */
bool gp_dns_gate_is_wanted(const struct gp_dns_turn *turn)
{
	struct gp_dns_gate *gate = turn->gate;
	if (!gate)
		return false;
	pthread_mutex_lock(&gate->lock);
	bool wanted = gate->first != NULL;
	pthread_mutex_unlock(&gate->lock);
	return wanted;
}

/* gp_dns_gate_wait: until it is our turn, or the time is over. */
void gp_dns_gate_wait(struct gp_dns_turn *turn, int wait_ms)
{
	struct gp_dns_gate *gate = turn->gate;
	const struct timespec end = gp_clock_after_ms(wait_ms);
	pthread_cond_t woken;
	int waited = 0;
	if (gp_clock_condition(&woken)) {
		(void)poll(NULL, 0, WITHOUT_CONDITION_MS); /* looked at again */
		return;
	}
	pthread_mutex_lock(&gate->lock);
	turn->woken = &woken;
	while ((gate->first != turn || gate->used >= gate->places) && waited == 0)
		waited = pthread_cond_timedwait(&woken, &gate->lock, &end);
	turn->woken = NULL;
	pthread_mutex_unlock(&gate->lock);
	pthread_cond_destroy(&woken);
}

/* gp_dns_gate_leave: the call is over. */
void gp_dns_gate_leave(struct gp_dns_turn *turn)
{
	struct gp_dns_gate *gate = turn->gate;
	if (!gate)
		return;
	pthread_mutex_lock(&gate->lock);
	dequeue(gate, turn);
	gate->used -= turn->held;
	gate->calls -= turn->held > 0;
	turn->held = 0;
	wake_first(gate);
	pthread_mutex_unlock(&gate->lock);
}
