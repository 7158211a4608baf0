/* SPDX-License-Identifier: ISC */
/*
 * Context: what a request carries through the core. Pointers only, all borrowed; the surface owns
 * what they point to and keeps it until the request ends. One context belongs to one thread.
 */
#ifndef GP_BASE_CTX_H
#define GP_BASE_CTX_H

#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/trace.h"

struct gp_dns;       /* dns/dns.h */
struct gp_dns_notes; /* dns/dns.h */

struct gp_ctx {
	struct gp_arena *arena;       /* memory of this request */
	const struct gp_clock *clock; /* where time comes from */
	const struct gp_log *log;     /* may be NULL */
	struct gp_dns *dns;           /* the resolver */
	struct gp_dns_notes *notes;   /* what its answers were like; NULL: not wanted */
	const struct gp_trace *trace; /* receives each step; NULL: no trace */
	int64_t deadline_us;          /* monotonic: every wait ends here at the latest */
};

#endif
