/* SPDX-License-Identifier: ISC */
/* What the resolver and its cache have counted. */
#include "daemon/metrics.h"

/* ---- DNS ---- */

/* wire_stats: of the resolver in use. */
static struct gp_dns_wire_stats wire_stats(const struct gp_daemon_metrics_source *source)
{
	struct gp_dns_wire_stats stats;
	gp_dns_wire_stats(source->runtime->dns, &stats);
	return stats;
}

/* read_dns: one number. */
static void read_dns(GP_DAEMON_METRICS_READER)
{
	const struct gp_dns_wire_stats stats = wire_stats(source);
	gp_operator_page_number(
		page, NULL, 0, *(const uint64_t *)(const void *)((const char *)&stats + row->at));
}

/* read_dns_attempts: by transport. */
static void read_dns_attempts(GP_DAEMON_METRICS_READER)
{
	const struct gp_dns_wire_stats stats = wire_stats(source);
	(void)row;
	gp_operator_page_number(
		page, &(struct gp_operator_page_label) {"transport", "udp"}, 1, stats.datagrams);
	gp_operator_page_number(
		page, &(struct gp_operator_page_label) {"transport", "tcp"}, 1, stats.connections);
}

/* read_dns_answers: by state. */
static void read_dns_answers(GP_DAEMON_METRICS_READER)
{
	static const char *const names[GP_DNS_STATES] = {
		[GP_DNS_FOUND] = "found",
		[GP_DNS_NODATA] = "no_data",
		[GP_DNS_NXDOMAIN] = "no_such_name",
		[GP_DNS_TEMPFAIL] = "temporary_failure",
		[GP_DNS_BOGUS] = "bogus",
		[GP_DNS_TROUBLE] = "trouble",
	};
	const struct gp_dns_wire_stats stats = wire_stats(source);
	(void)row;
	for (size_t i = 0; i < GP_DNS_STATES; i++)
		gp_operator_page_number(page, &(struct gp_operator_page_label) {"state", names[i]},
			1, stats.answers[i]);
	gp_operator_page_number(
		page, &(struct gp_operator_page_label) {"state", "given_up"}, 1, stats.given_up);
}

/* read_dns_durations: of whole questions. */
static void read_dns_durations(GP_DAEMON_METRICS_READER)
{
	const struct gp_dns_wire_stats stats = wire_stats(source);
	(void)row;
	gp_operator_page_histogram(page, NULL, 0, &stats.took);
}

/* cache_stats: of the cache above it. */
static struct gp_dns_cache_stats cache_stats(const struct gp_daemon_metrics_source *source)
{
	struct gp_dns_cache_stats stats;
	gp_dns_cache_stats(source->runtime->dns, &stats);
	return stats;
}

/* read_cache_questions: by where the answer came from. */
static void read_cache_questions(GP_DAEMON_METRICS_READER)
{
	const struct gp_dns_cache_stats stats = cache_stats(source);
	(void)row;
	gp_operator_page_number(
		page, &(struct gp_operator_page_label) {"result", "hit"}, 1, stats.hits);
	gp_operator_page_number(
		page, &(struct gp_operator_page_label) {"result", "miss"}, 1, stats.misses);
	gp_operator_page_number(
		page, &(struct gp_operator_page_label) {"result", "joined"}, 1, stats.joined);
}

/* read_cache_entries: now. */
static void read_cache_entries(GP_DAEMON_METRICS_READER)
{
	(void)row;
	gp_operator_page_number(page, NULL, 0, cache_stats(source).entries);
}

/* read_cache_capacity: as configured. */
static void read_cache_capacity(GP_DAEMON_METRICS_READER)
{
	(void)row;
	gp_operator_page_number(page, NULL, 0, source->runtime->config->dns_settings.cache.entries);
}

/* read_cache_bytes: now. */
static void read_cache_bytes(GP_DAEMON_METRICS_READER)
{
	(void)row;
	gp_operator_page_number(page, NULL, 0, cache_stats(source).bytes);
}

/* read_cache_evicted: for want of room. */
static void read_cache_evicted(GP_DAEMON_METRICS_READER)
{
	(void)row;
	gp_operator_page_number(page, NULL, 0, cache_stats(source).evicted);
}

/* read_cache_stale: while no server answered. */
static void read_cache_stale(GP_DAEMON_METRICS_READER)
{
	(void)row;
	gp_operator_page_number(page, NULL, 0, cache_stats(source).stale);
}

/* ---- the tables ---- */

#define COUNTER GP_OPERATOR_PAGE_COUNTER
#define GAUGE GP_OPERATOR_PAGE_GAUGE
#define HISTOGRAM GP_OPERATOR_PAGE_HISTOGRAM
#define OF_WIRE(member) offsetof(struct gp_dns_wire_stats, member)

/* clang-format off */
const struct gp_daemon_metric gp_daemon_metrics_dns[] = {
	{"gatepost_dns_attempts_total", COUNTER,
		"Attempts to query name servers: datagrams sent, connections started.",
		read_dns_attempts, 0},
	{"gatepost_dns_timeouts_total", COUNTER,
		"Attempts to which a name server did not answer.",
		read_dns, OF_WIRE(timeouts)},
	{"gatepost_dns_answers_total", COUNTER,
		"Queries to name servers, by result; given_up: our own deadline; trouble: no "
		"descriptor, free slot or route to a server.",
		read_dns_answers, 0},
	{"gatepost_dns_question_seconds", HISTOGRAM,
		"Duration of queries to name servers.",
		read_dns_durations, 0},
	{"gatepost_dns_cache_questions_total", COUNTER,
		"Queries to the cache; joined: another request was asking the same.",
		read_cache_questions, 0},
	{"gatepost_dns_cache_entries", GAUGE,
		"Answers in the cache.", read_cache_entries, 0},
	{"gatepost_dns_cache_max_entries", GAUGE,
		"Maximum of answers in the cache (dns.cache_entries).", read_cache_capacity, 0},
	{"gatepost_dns_cache_bytes", GAUGE,
		"Memory of the answers in the cache.", read_cache_bytes, 0},
	{"gatepost_dns_cache_evictions_total", COUNTER,
		"Answers dropped from the cache because it was full.", read_cache_evicted, 0},
	{"gatepost_dns_stale_answers_total", COUNTER,
		"Expired answers that were used because no server answered (dns.stale).",
		read_cache_stale, 0},
};
const size_t gp_daemon_metrics_dns_count =
	sizeof gp_daemon_metrics_dns / sizeof gp_daemon_metrics_dns[0];

/* clang-format on */
