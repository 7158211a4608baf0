/* SPDX-License-Identifier: ISC */
/*
 * Clock: monotonic and wall time, and deadlines.
 *
 * Everything that needs the time gets a clock; tests supply one that they turn by hand. Deadlines
 * are points of monotonic time in microseconds. Use by several threads is safe for the system
 * clock.
 */
#ifndef GP_BASE_CLOCK_H
#define GP_BASE_CLOCK_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

#include "base/err.h"

struct gp_clock {
	int64_t (*mono_us)(const struct gp_clock *clock); /* never goes back */
	int64_t (*wall_s)(const struct gp_clock *clock);  /* Unix time; may jump */
};

/* The machine's clocks; static, never freed. */
const struct gp_clock *gp_clock_system(void);

/* Monotonic microseconds of this clock. */
int64_t gp_clock_now_us(const struct gp_clock *clock);

/* Milliseconds until the deadline, rounded up, 0 once it has passed, at most INT_MAX: for poll. */
int gp_clock_left_ms(const struct gp_clock *clock, int64_t deadline_us);

#define GP_CLOCK_TEXT 32

/* A point of wall time for logs and programs, RFC 3339 in UTC; "" when it has no such form. */
const char *gp_clock_format(int64_t wall_s, char text_out[GP_CLOCK_TEXT]);

/* ms from now on CLOCK_MONOTONIC, as timed waits on condition variables take it. */
struct timespec gp_clock_after_ms(int64_t ms);

/* A condition variable whose timed waits end at such a time. GP_ENOMEM. */
int gp_clock_condition(pthread_cond_t *condition_out) GP_MUST_CHECK;

#endif
