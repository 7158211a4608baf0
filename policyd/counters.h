/* SPDX-License-Identifier: ISC */
/*
 * Counters: what the daemon has done since it started, and which messages it has logged already.
 *
 * Atomic numbers; any thread adds, nobody waits. They are in memory that survives a crash, so that
 * they never go back while the daemon runs. What each request adds to lies in tallies: a session
 * adds to one of them, and a reader adds them up, so that sessions do not contend for the same
 * cache lines.
 *
 *     struct gp_tally *t = gp_counters_tally(counters);     (once for a session)
 *     gp_counters_tally_add(&t->requests[state]);
 *     gp_counters_sum(counters, GP_TALLY(requests[state]))
 *
 * Checks are numbered by the rows of the pipeline's table (engine/pipeline.h): their results in the
 * order of the rows, and the check that decided by the place of its row. Known gap: at most
 * GP_COUNTERS_LIMITS limits, by name and unit, are counted separately for the life of the daemon;
 * those that reloads add beyond that are counted as one.
 */
#ifndef GP_POLICYD_COUNTERS_H
#define GP_POLICYD_COUNTERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/histogram.h"
#include "base/log.h"
#include "daemon/log_limited.h"
#include "daemon/runtimes.h"
#include "engine/check_limit.h"
#include "engine/pipeline.h"
#include "policyd/protocol.h"

/* Four buckets an octave of microseconds: a bucket's bounds are a fifth apart at most. */
#define GP_COUNTERS_BUCKETS 112
#define GP_COUNTERS_TALLIES 8
#define GP_COUNTERS_LIMITS 128
#define GP_COUNTERS_LIMIT_NAME 40 /* with its NUL; the configuration's are shorter */

#define GP_COUNTERS_RESULTS 24          /* results of all checks of a table */
#define GP_DECIDERS (1 + GP_CHECKS_MAX) /* 0: no check's rule decided; else its place and 1 */

/* One limit. */
struct gp_tally_limit {
	atomic_ullong looked_at;
	atomic_ullong over[GP_LIMIT_SAIDS]; /* it was the one that decided; never FINE, AWAY */
	atomic_ullong counted;              /* of its unit, for good */
};

/* What sessions count. */
struct gp_tally {
	atomic_ullong requests[GP_PROTOCOL_STATES]; /* well-formed ones */
	atomic_ullong malformed;                    /* requests that closed their connection */
	atomic_ullong failures;                     /* requests that we could not check */
	atomic_ullong decisions[GP_ACTIONS][GP_DECIDERS];
	atomic_ullong limited;        /* decisions in which a limit had something to say */
	atomic_ullong store_failed;   /* decisions for which the store could not count */
	atomic_ullong would_refuse;   /* accepted in label mode, refused by enforce */
	atomic_ullong private_client; /* SPF left out: the client's address says nothing */
	atomic_ullong latency[GP_COUNTERS_BUCKETS];
	struct gp_histogram answers[GP_ACTIONS]; /* from the whole request to the whole answer */
	struct gp_histogram checks[GP_COUNTERS_RESULTS][GP_CHECK_VERDICTS];
	struct gp_tally_limit limits[GP_COUNTERS_LIMITS + 1]; /* the last one: all others */
	char apart[64]; /* the next tally begins in another line of the processor's memory */
};

struct gp_counters {
	const struct gp_pipeline *pipeline; /* borrowed; set before the first thread */
	atomic_llong trouble_said_us;       /* when a local problem was last logged; 0: never */
	atomic_ullong trouble_unsaid;       /* requests since then */
	struct gp_daemon_log_limited malformed_said; /* lines about malformed requests */
	struct gp_tally tallies[GP_COUNTERS_TALLIES];
	atomic_uint next; /* tally of the next session, modulo their number */
	struct {
		char name[GP_COUNTERS_LIMIT_NAME];
		int unit; /* enum gp_limit_unit */
	} limits[GP_COUNTERS_LIMITS];
	atomic_uint limit_count;         /* of those above */
	atomic_flag private_client_said; /* logged once per start */
	atomic_flag mark_said;           /* likewise */
	atomic_flag late_stage_said;     /* asked only at END-OF-MESSAGE, logged once */
};

/* The tally that a session adds to. */
struct gp_tally *gp_counters_tally(struct gp_counters *counters);

/* One more, or so many, in no order with anything else. */
void gp_counters_tally_add(atomic_ullong *counter);
void gp_counters_tally_add_amount(atomic_ullong *counter, int64_t amount);

/* Notes how long an answer took and what it was. */
void gp_counters_tally_answered(struct gp_tally *tally, enum gp_action action, int64_t took_us);

/* Where a member of a tally lies, and the sum of that member over all tallies. */
#define GP_TALLY(member) offsetof(struct gp_tally, member)
unsigned long long gp_counters_sum(struct gp_counters *counters, size_t at);

/* The same for a histogram; adds to sums. */
void gp_counters_read(struct gp_counters *counters, size_t at, struct gp_histogram_sums *sums);

/* Well-formed requests, and decisions with this action. */
unsigned long long gp_counters_requests(struct gp_counters *counters);
unsigned long long gp_counters_action(struct gp_counters *counters, enum gp_action action);

/*
 * The place of a limit among those that are counted, a new one for a new limit. One thread of one
 * process at a time.
 */
unsigned gp_counters_limit(struct gp_counters *counters, const char *name, int unit);

/* Notes a decision, the check that decided, and what each check found now, with its verdict and
 * time. */
void gp_counters_decided(const struct gp_counters *counters, struct gp_tally *tally,
	const struct gp_facts *facts, const struct gp_verdict *verdict);

/* A result of a check by its number; false: there are no more. */
struct gp_counters_result {
	const struct gp_check *check;
	const struct gp_check_result *row;
};
bool gp_counters_result(
	const struct gp_pipeline *pipeline, size_t i, struct gp_counters_result *result_out);

/* The policy service in the program's table. */
enum gp_policyd_service { GP_POLICYD_POLICY, GP_POLICYD_SERVICES };

/* Where the limits of a configuration are counted, in their order: what the policy service keeps
 * with it (daemon/service.h). GP_ENOMEM. */
int gp_counters_configure(struct gp_counters *counters, const struct gp_config *config,
	void **places_out) GP_MUST_CHECK;
unsigned gp_counters_place(const struct gp_daemon_runtime *runtime, size_t limit);

/* So many microseconds, or less, took this part (0 to 1) of all answers; 0 without any. */
int64_t gp_counters_percentile(struct gp_counters *counters, double part);

/* One event "counters" with all of them, and how many connections there were. */
void gp_counters_log(
	struct gp_counters *counters, unsigned long long connections, const struct gp_log *log);

#endif
