/* SPDX-License-Identifier: ISC */
/*
 * Limited log lines: those of a kind that remote clients can cause without limit: a number of them
 * per minute, then the number of the rest.
 *
 *     if (gp_daemon_log_limited_may(&few, now_us, 10)) log it
 *     n = gp_daemon_log_limited_rest(&few, now_us);       (every second or so; not 0: say it)
 *
 * Threads: any. All zero: nothing was logged yet. At the turn of a minute one line more may pass.
 */
#ifndef GP_DAEMON_LOG_LIMITED_H
#define GP_DAEMON_LOG_LIMITED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct gp_daemon_log_limited {
	atomic_llong began_us; /* of the minute; 0: none has begun */
	atomic_uint said;      /* in it */
	atomic_ullong unsaid;
};

/* May this one be said? At most so many a minute; what may not is counted. */
bool gp_daemon_log_limited_may(struct gp_daemon_log_limited *few, int64_t now_us, unsigned most);

/* How many were not said, once their minute is over; then they are forgotten. */
unsigned long long gp_daemon_log_limited_rest(struct gp_daemon_log_limited *few, int64_t now_us);

#endif
