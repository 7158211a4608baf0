/* SPDX-License-Identifier: ISC */
/*
 * Pulse: what the serving process tells whoever watches over it: it is ready, it moves, a reload
 * has gone this way or that.
 *
 * The threads that must never stand still stamp the time; the thread that waits for signals looks
 * at the stamps every second and passes a word on: to the parent through a pipe, or, without a
 * parent, to the service manager.
 *
 * Threads: any may beat; one tells.
 *
 * Known gap: sessions do not beat, since most of them wait for Postfix. Should all of them hang,
 * the thread that accepts still moves.
 */
#ifndef GP_POLICYD_PULSE_H
#define GP_POLICYD_PULSE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "policyd/notify.h"

/* Who has to move. */
enum gp_pulse_thread { GP_PULSE_LISTEN, GP_PULSE_KEEPER, GP_PULSE_THREADS };

/* Words, a byte each in the pipe. */
enum gp_pulse_word {
	GP_PULSE_READY = 'R',
	GP_PULSE_ALIVE = 'A',
	GP_PULSE_RELOADING = 'H',
	GP_PULSE_RELOADED = 'L',
	GP_PULSE_REFUSED = 'F', /* the configuration has errors and the old one stays */
	GP_PULSE_STOPPING = 'S'
};

struct gp_pulse {
	int ends[2];              /* of the pipe; -1: there is no parent */
	struct gp_notify *notify; /* who is told then; borrowed */
	const char *status;       /* for people, while all is well; borrowed */
	_Atomic int64_t beats_us[GP_PULSE_THREADS];
};

/* With a pipe, which the parent makes before it forks, or without. */
int gp_pulse_init(struct gp_pulse *pulse_out, bool with_parent, struct gp_notify *notify,
	const char *status) GP_MUST_CHECK;
void gp_pulse_fini(struct gp_pulse *pulse);

/* This thread moves. Costs a look at the clock. */
void gp_pulse_beat(struct gp_pulse *pulse, enum gp_pulse_thread thread);

/* Passes a word on; never waits. */
void gp_pulse_tell(struct gp_pulse *pulse, enum gp_pulse_word word);

/* GP_PULSE_ALIVE, if no thread has been still for too long. */
void gp_pulse_pass(struct gp_pulse *pulse);

/* What the service manager is told about a word; both ways lead here. */
void gp_pulse_notify(struct gp_notify *notify, enum gp_pulse_word word, const char *status);

/* In the parent: the next word, or 0 when there is none for the moment. */
int gp_pulse_read(struct gp_pulse *pulse);

#endif
