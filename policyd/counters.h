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

struct gp_counters {
	atomic_ullong connections; /* accepted since start */
	atomic_ullong requests;    /* well-formed ones */
	atomic_ullong malformed;   /* requests that closed their connection */
	atomic_ullong failures;    /* requests that we could not do */
	atomic_ullong accepted, deferred, rejected;
	atomic_ullong would_refuse;      /* accepted in label mode, refused by enforce */
	atomic_ullong private_client;    /* SPF left out: the client's address says nothing */
	atomic_flag private_client_said; /* logged once per start (lesson 12) */
	atomic_flag late_stage_said;     /* asked only at END-OF-MESSAGE, logged once (lesson 34) */
};

/* One event "counters" with all of them. */
void gp_counters_log(struct gp_counters *counters, const struct gp_log *log);

#endif
