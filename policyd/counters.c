/* SPDX-License-Identifier: ISC */
/* The numbers as fields of one event. */
#include "policyd/counters.h"

/* number: a field of a counter. */
static struct gp_log_field number(const char *key, atomic_ullong *counter)
{
	return gp_log_field_number(key, (int64_t)atomic_load(counter));
}

/* bucket_of: the octave, and which quarter of it. */
static unsigned bucket_of(int64_t us)
{
	unsigned octave = 0;
	uint64_t n = us < 4 ? 4 : (uint64_t)us;
	while (n >> (octave + 1))
		octave++;
	unsigned bucket = (octave - 2) * 4 + (unsigned)((n >> (octave - 2)) & 3);
	return bucket < GP_COUNTERS_BUCKETS ? bucket : GP_COUNTERS_BUCKETS - 1;
}

/* gp_counters_latency: one more in its bucket. */
void gp_counters_latency(struct gp_counters *counters, int64_t took_us)
{
	atomic_fetch_add(&counters->latency[bucket_of(took_us)], 1);
}

/* gp_counters_percentile: the upper bound of the bucket where that part is reached. */
int64_t gp_counters_percentile(struct gp_counters *counters, double part)
{
	unsigned long long total = 0, sum = 0;
	for (size_t i = 0; i < GP_COUNTERS_BUCKETS; i++)
		total += atomic_load(&counters->latency[i]);
	for (unsigned i = 0; total && i < GP_COUNTERS_BUCKETS; i++) {
		sum += atomic_load(&counters->latency[i]);
		if ((double)sum >= (double)total * part)
			return ((int64_t)(4 + i % 4) + 1) << (i / 4);
	}
	return 0;
}

/* gp_counters_log: all fields. */
void gp_counters_log(struct gp_counters *counters, const struct gp_log *log)
{
	const struct gp_log_field fields[] = {
		number("connections", &counters->connections),
		number("requests", &counters->requests),
		number("accepted", &counters->accepted),
		number("held", &counters->held),
		number("deferred", &counters->deferred),
		number("rejected", &counters->rejected),
		number("would_refuse", &counters->would_refuse),
		number("limited", &counters->limited),
		number("store_failed", &counters->store_failed),
		number("private_client", &counters->private_client),
		number("malformed", &counters->malformed),
		number("failures", &counters->failures),
	};
	gp_log_event(log, GP_LOG_NOTICE, "counters", fields, sizeof fields / sizeof fields[0]);
}
