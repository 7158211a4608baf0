/* SPDX-License-Identifier: ISC */
/* Adding up, and the numbers as fields of one event. */
#include "policyd/counters.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"

/* ---- adding ---- */

/* gp_counters_tally: one after the other. */
struct gp_tally *gp_counters_tally(struct gp_counters *counters)
{
	unsigned n = atomic_fetch_add_explicit(&counters->next, 1, memory_order_relaxed);
	return &counters->tallies[n % GP_COUNTERS_TALLIES];
}

/* gp_counters_tally_add: one more. */
void gp_counters_tally_add(atomic_ullong *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* gp_counters_tally_add_amount: what is less than one is nothing. */
void gp_counters_tally_add_amount(atomic_ullong *counter, int64_t amount)
{
	if (amount > 0)
		atomic_fetch_add_explicit(
			counter, (unsigned long long)amount, memory_order_relaxed);
}

/* bucket_of: the octave, and which quarter of it. */
static unsigned bucket_of(int64_t us)
{
	uint64_t n = us < 4 ? 4 : (uint64_t)us;
	unsigned octave = 63 - (unsigned)__builtin_clzll(n);
	unsigned bucket = (octave - 2) * 4 + (unsigned)((n >> (octave - 2)) & 3);
	return bucket < GP_COUNTERS_BUCKETS ? bucket : GP_COUNTERS_BUCKETS - 1;
}

/* gp_counters_tally_answered: in the fine buckets of all, and in those of its action. */
void gp_counters_tally_answered(struct gp_tally *tally, enum gp_action action, int64_t took_us)
{
	gp_counters_tally_add(&tally->latency[bucket_of(took_us)]);
	gp_histogram_add(&tally->answers[action], took_us);
}

/* decider: the number of the check that decided. */
static size_t decider(const struct gp_pipeline *pipeline, const struct gp_verdict *v)
{
	size_t at = v->check ? gp_engine_place(pipeline, v->check) : GP_CHECKS_MAX;
	return at < GP_CHECKS_MAX ? at + 1 : 0;
}

/* tally_results: of one check, whose results are numbered from first. */
static void tally_results(struct gp_tally *tally, const struct gp_check_result *rows, size_t first,
	const struct gp_facts *f)
{
	unsigned verdict;
	int64_t took_us;
	for (; rows->found && first < GP_COUNTERS_RESULTS; rows++, first++)
		if (rows->found(f, &verdict, &took_us) && verdict < GP_CHECK_VERDICTS)
			gp_histogram_add(&tally->checks[first][verdict], took_us);
}

/* gp_counters_decided: row by row. */
void gp_counters_decided(const struct gp_counters *counters, struct gp_tally *tally,
	const struct gp_facts *facts, const struct gp_verdict *verdict)
{
	const struct gp_pipeline *p = counters->pipeline;
	size_t first = 0;
	gp_counters_tally_add(&tally->decisions[verdict->action][decider(p, verdict)]);
	for (size_t i = 0; i < p->count; i++) {
		const struct gp_check_result *rows = p->checks[i]->results;
		if (!rows)
			continue;
		if (facts->fresh & (1u << i))
			tally_results(tally, rows, first, facts);
		while (rows->found) {
			rows++;
			first++;
		}
	}
}

/* gp_counters_result: in the order of the rows. */
bool gp_counters_result(
	const struct gp_pipeline *pipeline, size_t i, struct gp_counters_result *result_out)
{
	if (i >= GP_COUNTERS_RESULTS)
		return false;
	for (size_t k = 0; k < pipeline->count; k++)
		for (const struct gp_check_result *r = pipeline->checks[k]->results; r && r->found;
			r++)
			if (i-- == 0) {
				*result_out = (struct gp_counters_result) {pipeline->checks[k], r};
				return true;
			}
	return false;
}

/* gp_counters_limit: a name is written before it is counted; a crash in between loses it only. */
unsigned gp_counters_limit(struct gp_counters *counters, const char *name, int unit)
{
	unsigned n = atomic_load(&counters->limit_count);
	struct gp_strbuf buf;
	if (n > GP_COUNTERS_LIMITS)
		n = GP_COUNTERS_LIMITS;
	for (unsigned i = 0; i < n; i++)
		if (counters->limits[i].unit == unit && strcmp(counters->limits[i].name, name) == 0)
			return i;
	if (n == GP_COUNTERS_LIMITS || strlen(name) >= GP_COUNTERS_LIMIT_NAME)
		return GP_COUNTERS_LIMITS;
	gp_strbuf_init_fixed(&buf, counters->limits[n].name, sizeof counters->limits[n].name);
	gp_strbuf_add(&buf, name);
	counters->limits[n].unit = unit;
	atomic_store(&counters->limit_count, n + 1);
	return n;
}

/* gp_counters_configure: a byte for each; GP_COUNTERS_LIMITS fits into one. */
int gp_counters_configure(
	struct gp_counters *counters, const struct gp_config *config, void **places_out)
{
	const struct gp_limit_set *set = &config->limits;
	unsigned char *places = malloc(set->limit_count ? set->limit_count : 1);
	if (!places)
		return GP_ENOMEM;
	for (size_t i = 0; i < set->limit_count; i++)
		places[i] = (unsigned char)gp_counters_limit(
			counters, set->limits[i].name, set->limits[i].unit);
	*places_out = places;
	return GP_OK;
}

/* gp_counters_place: of one limit. */
unsigned gp_counters_place(const struct gp_daemon_runtime *runtime, size_t limit)
{
	const unsigned char *places = runtime->data[GP_POLICYD_POLICY];
	return places[limit];
}

/* ---- reading ---- */

/* member: of one tally. */
static void *member(struct gp_tally *tally, size_t at)
{
	return (char *)tally + at;
}

/* gp_counters_sum: tally by tally. */
unsigned long long gp_counters_sum(struct gp_counters *counters, size_t at)
{
	unsigned long long n = 0;
	for (size_t i = 0; i < GP_COUNTERS_TALLIES; i++)
		n += atomic_load((atomic_ullong *)member(&counters->tallies[i], at));
	return n;
}

/* gp_counters_read: tally by tally. */
void gp_counters_read(struct gp_counters *counters, size_t at, struct gp_histogram_sums *sums)
{
	for (size_t i = 0; i < GP_COUNTERS_TALLIES; i++)
		gp_histogram_read(member(&counters->tallies[i], at), sums);
}

/* gp_counters_requests: at any stage. */
unsigned long long gp_counters_requests(struct gp_counters *counters)
{
	unsigned long long n = 0;
	for (size_t i = 0; i < GP_PROTOCOL_STATES; i++)
		n += gp_counters_sum(counters, GP_TALLY(requests[i]));
	return n;
}

/* gp_counters_action: the sum over all checks. */
unsigned long long gp_counters_action(struct gp_counters *counters, enum gp_action action)
{
	unsigned long long n = 0;
	for (size_t i = 0; i < GP_DECIDERS; i++)
		n += gp_counters_sum(counters, GP_TALLY(decisions[action][i]));
	return n;
}

/* gp_counters_percentile: the upper bound of the bucket where that part is reached. */
int64_t gp_counters_percentile(struct gp_counters *counters, double part)
{
	unsigned long long counts[GP_COUNTERS_BUCKETS], total = 0, sum = 0;
	for (size_t i = 0; i < GP_COUNTERS_BUCKETS; i++) {
		counts[i] = gp_counters_sum(counters, GP_TALLY(latency[i]));
		total += counts[i];
	}
	for (unsigned i = 0; total && i < GP_COUNTERS_BUCKETS; i++) {
		sum += counts[i];
		if ((double)sum >= (double)total * part)
			return ((int64_t)(4 + i % 4) + 1) << (i / 4);
	}
	return 0;
}

/* number: a field of a count. */
static struct gp_log_field number(const char *key, unsigned long long count)
{
	return gp_log_field_number(key, (int64_t)count);
}

/* gp_counters_log: all fields. */
void gp_counters_log(
	struct gp_counters *counters, unsigned long long connections, const struct gp_log *log)
{
	struct gp_counters *c = counters;
	const struct gp_log_field fields[] = {
		number("connections", connections),
		number("requests", gp_counters_requests(c)),
		number("accepted", gp_counters_action(c, GP_ACTION_ACCEPT)),
		number("held", gp_counters_action(c, GP_ACTION_HOLD)),
		number("deferred", gp_counters_action(c, GP_ACTION_DEFER)),
		number("rejected", gp_counters_action(c, GP_ACTION_REJECT)),
		number("would_refuse", gp_counters_sum(c, GP_TALLY(would_refuse))),
		number("limited", gp_counters_sum(c, GP_TALLY(limited))),
		number("store_failed", gp_counters_sum(c, GP_TALLY(store_failed))),
		number("private_client", gp_counters_sum(c, GP_TALLY(private_client))),
		number("malformed", gp_counters_sum(c, GP_TALLY(malformed))),
		number("failures", gp_counters_sum(c, GP_TALLY(failures))),
	};
	gp_log_event(log, GP_LOG_NOTICE, "counters", fields, sizeof fields / sizeof fields[0]);
}
