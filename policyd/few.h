/* SPDX-License-Identifier: ISC */
/*
 * Few: log lines of a kind that others can cause without end: so many a minute, and afterwards the
 * number of the rest.
 *
 *     if (gp_few_may(&few, now_us, 10)) log it
 *     n = gp_few_rest(&few, now_us);       (every second or so; not 0: say it)
 *
 * Threads: any. All zero: nothing was said yet. At the turn of a minute a line more may pass.
 */
#ifndef GP_POLICYD_FEW_H
#define GP_POLICYD_FEW_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct gp_few {
	atomic_llong began_us; /* of the minute; 0: none has begun */
	atomic_uint said;      /* in it */
	atomic_ullong unsaid;
};

/* May this one be said? At most so many a minute; what may not is counted. */
bool gp_few_may(struct gp_few *few, int64_t now_us, unsigned most);

/* How many were not said, once their minute is over; then they are forgotten. */
unsigned long long gp_few_rest(struct gp_few *few, int64_t now_us);

#endif
