/* SPDX-License-Identifier: ISC */
/*
 * Counters: what the daemon has done since it started, and what it has said once already.
 *
 * Atomic numbers; any thread adds, nobody waits. They lie in memory that survives a crash.
 */
#ifndef GP_POLICYD_COUNTERS_H
#define GP_POLICYD_COUNTERS_H

#include <stdatomic.h>

#include "base/log.h"

/* Four buckets an octave of microseconds: a bucket's bounds are a fifth apart at most. */
#define GP_COUNTERS_BUCKETS 112

struct gp_counters {
	int64_t started_s;         /* wall time; written before the first thread */
	atomic_ullong connections; /* accepted since start */
	atomic_ullong requests;    /* well-formed ones */
	atomic_ullong malformed;   /* requests that closed their connection */
	atomic_ullong failures;    /* requests that we could not do */
	atomic_ullong accepted, held, deferred, rejected;
	atomic_ullong limited;        /* decisions in which a limit had something to say */
	atomic_ullong store_failed;   /* decisions for which the store could not count */
	atomic_ullong would_refuse;   /* accepted in label mode, refused by enforce */
	atomic_ullong private_client; /* SPF left out: the client's address says nothing */
	atomic_ullong latency[GP_COUNTERS_BUCKETS];
	atomic_flag private_client_said; /* logged once per start (lesson 12) */
	atomic_flag late_stage_said;     /* asked only at END-OF-MESSAGE, logged once (lesson 34) */
};

/* Notes how long an answer took. */
void gp_counters_latency(struct gp_counters *counters, int64_t took_us);

/* So many microseconds, or less, took this part (0 to 1) of all answers; 0 without any. */
int64_t gp_counters_percentile(struct gp_counters *counters, double part);

/* One event "counters" with all of them. */
void gp_counters_log(struct gp_counters *counters, const struct gp_log *log);

#endif
