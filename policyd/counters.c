/* SPDX-License-Identifier: ISC */
/* The numbers as fields of one event. */
#include "policyd/counters.h"

/* number: a field of a counter. */
static struct gp_log_field number(const char *key, atomic_ullong *counter)
{
	return gp_log_field_number(key, (int64_t)atomic_load(counter));
}

/* gp_counters_log: all fields. */
void gp_counters_log(struct gp_counters *counters, const struct gp_log *log)
{
	const struct gp_log_field fields[] = {
		number("connections", &counters->connections),
		number("requests", &counters->requests),
		number("accepted", &counters->accepted),
		number("deferred", &counters->deferred),
		number("rejected", &counters->rejected),
		number("would_refuse", &counters->would_refuse),
		number("private_client", &counters->private_client),
		number("malformed", &counters->malformed),
		number("failures", &counters->failures),
	};
	gp_log_event(log, GP_LOG_NOTICE, "counters", fields, sizeof fields / sizeof fields[0]);
}
