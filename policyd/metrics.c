/* SPDX-License-Identifier: ISC */
/* The table: a row a metric, in the order of the page; and the numbers of the daemon itself. */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "policyd/metrics_private.h"

/* ---- the daemon itself ---- */

/* read_build: which version. */
static void read_build(GP_METRICS_READER)
{
	(void)source;
	(void)row;
	gp_daemon_metrics_number(
		page, &(struct gp_daemon_metrics_label) {"version", GP_VERSION}, 1, 1);
}

/* read_start: of the daemon, not of a process that a crash has cost. */
static void read_start(GP_METRICS_READER)
{
	(void)row;
	gp_daemon_metrics_number(page, NULL, 0, (uint64_t)source->counters->started_s);
}

/* read_counter: a number of struct gp_counters. */
static void read_counter(GP_METRICS_READER)
{
	atomic_ullong *counter = (void *)((char *)source->counters + row->at);
	gp_daemon_metrics_number(page, NULL, 0, atomic_load(counter));
}

/* read_cpu: of the serving process, all threads. */
static void read_cpu(GP_METRICS_READER)
{
	struct timespec t;
	(void)source;
	(void)row;
	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0)
		gp_daemon_metrics_seconds(
			page, NULL, 0, (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000);
}

/* read_memory: of the serving process; behind a chroot nobody tells it. */
static void read_memory(GP_METRICS_READER)
{
	char text[128];
	unsigned long size, resident;
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	(void)source;
	(void)row;
	if (fd >= 0)
		close(fd);
	text[n < 0 ? 0 : n] = 0;
	if (sscanf(text, "%lu %lu", &size, &resident) == 2)
		gp_daemon_metrics_number(
			page, NULL, 0, (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE));
}

/* ---- configuration ---- */

/* read_loaded: what is in force, since when. */
static void read_loaded(GP_METRICS_READER)
{
	(void)row;
	gp_daemon_metrics_number(page, NULL, 0, (uint64_t)source->runtime->loaded_s);
}

/* read_reloads: by what came of them. */
static void read_reloads(GP_METRICS_READER)
{
	struct gp_counters *c = source->counters;
	(void)row;
	gp_daemon_metrics_number(page, &(struct gp_daemon_metrics_label) {"result", "done"}, 1,
		atomic_load(&c->reloads));
	gp_daemon_metrics_number(page, &(struct gp_daemon_metrics_label) {"result", "failed"}, 1,
		atomic_load(&c->reloads_failed));
}

/* read_reload_fine: the last one. */
static void read_reload_fine(GP_METRICS_READER)
{
	(void)row;
	gp_daemon_metrics_number(page, NULL, 0, !atomic_load(&source->counters->reload_failed));
}

/* read_changed: files that wait for a reload. */
static void read_changed(GP_METRICS_READER)
{
	(void)row;
	gp_daemon_metrics_number(page, NULL, 0, gp_runtime_has_changed(source->runtime));
}

/* read_limits: configured ones. */
static void read_limits(GP_METRICS_READER)
{
	(void)row;
	gp_daemon_metrics_number(page, NULL, 0, source->runtime->config->limits.limit_count);
}

/* read_overrides: configured ones. */
static void read_overrides(GP_METRICS_READER)
{
	(void)row;
	gp_daemon_metrics_number(page, NULL, 0, source->runtime->config->limits.override_count);
}

/* read_deadline: to compare answers with. */
static void read_deadline(GP_METRICS_READER)
{
	(void)row;
	gp_daemon_metrics_seconds(
		page, NULL, 0, (int64_t)source->runtime->config->policyd.deadline_ms * 1000);
}

/* ---- connections ---- */

/* read_open: now. */
static void read_open(GP_METRICS_READER)
{
	(void)row;
	gp_daemon_metrics_number(page, NULL, 0, source->open);
}

/* read_max: as configured. */
static void read_max(GP_METRICS_READER)
{
	(void)row;
	gp_daemon_metrics_number(page, NULL, 0, source->runtime->config->policyd.max_connections);
}

/* read_unseen: places of Postfix where limits on bytes wait in vain. */
static void read_unseen(GP_METRICS_READER)
{
	struct gp_stage_learn_known known[GP_STAGE_LEARN_SOURCES];
	size_t n = gp_stage_learn_list(source->stages, known, GP_STAGE_LEARN_SOURCES);
	unsigned unseen = 0;
	(void)row;
	for (size_t i = 0; i < n; i++)
		unseen += known[i].bytes_unseen;
	gp_daemon_metrics_number(page, NULL, 0, unseen);
}

/* ---- the table ---- */

#define COUNTER GP_DAEMON_METRICS_COUNTER
#define GAUGE GP_DAEMON_METRICS_GAUGE
#define HISTOGRAM GP_DAEMON_METRICS_HISTOGRAM
#define OF(member) offsetof(struct gp_counters, member)
#define OF_LIMIT(member) offsetof(struct gp_tally_limit, member)
#define OF_WIRE(member) offsetof(struct gp_dns_wire_stats, member)

/* clang-format off */
static const struct gp_metric rows[] = {
	{"gatepost_build_info", GAUGE,
		"The version that is running.", read_build, 0},
	{"gatepost_start_time_seconds", GAUGE,
		"When the daemon was started, Unix time.", read_start, 0},
	{"gatepost_crashes_total", COUNTER,
		"Ends of the serving process that nobody asked for; it was started again.",
		read_counter, OF(crashes)},
	{"gatepost_cpu_seconds_total", COUNTER,
		"Processor time of the serving process.", read_cpu, 0},
	{"gatepost_resident_memory_bytes", GAUGE,
		"Memory of the serving process.", read_memory, 0},
	{"gatepost_log_lines_dropped_total", COUNTER,
		"Lines of the log that were lost because nobody took them.",
		read_counter, OF(log_dropped)},

	{"gatepost_config_loaded_timestamp_seconds", GAUGE,
		"Since when the configuration has been in force, Unix time.", read_loaded, 0},
	{"gatepost_config_reloads_total", COUNTER,
		"Reloads of the configuration; failed: it has errors and the old one stays.",
		read_reloads, 0},
	{"gatepost_config_last_reload_successful", GAUGE,
		"0 while the last reload was refused.", read_reload_fine, 0},
	{"gatepost_config_changed", GAUGE,
		"1 while files of the configuration are newer than what is in force.",
		read_changed, 0},
	{"gatepost_config_limits", GAUGE,
		"Limits in the configuration.", read_limits, 0},
	{"gatepost_config_overrides", GAUGE,
		"Overrides of limits in the configuration.", read_overrides, 0},
	{"gatepost_config_deadline_seconds", GAUGE,
		"Within this every request is answered (policyd.deadline).", read_deadline, 0},

	{"gatepost_connections_open", GAUGE,
		"Connections of Postfix.", read_open, 0},
	{"gatepost_connections_max", GAUGE,
		"Most connections at once (policyd.max_connections).", read_max, 0},
	{"gatepost_connections_total", COUNTER,
		"Connections accepted.", read_counter, OF(connections)},
	{"gatepost_connections_full_total", COUNTER,
		"Times that the most connections were open and further ones had to wait.",
		read_counter, OF(full)},
	{"gatepost_connections_unserved_total", COUNTER,
		"Connections for which a descriptor, memory or a thread was missing.",
		read_counter, OF(unserved)},

	{"gatepost_requests_total", COUNTER,
		"Well-formed requests, by stage.", gp_metrics_requests, 0},
	{"gatepost_requests_malformed_total", COUNTER,
		"Malformed or incomplete requests, which closed their connection.",
		gp_metrics_tally, GP_TALLY(malformed)},
	{"gatepost_requests_failed_total", COUNTER,
		"Requests that trouble of our own kept from being checked (policyd.on_trouble).",
		gp_metrics_tally, GP_TALLY(failures)},
	{"gatepost_request_seconds", HISTOGRAM,
		"From the whole request to the whole answer, by action.", gp_metrics_answers, 0},

	{"gatepost_decisions_total", COUNTER,
		"Answers by action, and by the check whose rule decided.",
		gp_metrics_decisions, 0},
	{"gatepost_would_refuse_total", COUNTER,
		"Mail accepted in label mode that enforce would have refused.",
		gp_metrics_tally, GP_TALLY(would_refuse)},
	{"gatepost_private_clients_total", COUNTER,
		"Requests without SPF because the client's address is private or our own.",
		gp_metrics_tally, GP_TALLY(private_client)},
	{"gatepost_check_results_total", COUNTER,
		"Checks by verdict.", gp_metrics_results, 0},
	{"gatepost_check_seconds", HISTOGRAM,
		"How long checks took, by verdict.", gp_metrics_durations, 0},

	{"gatepost_limit_checks_total", COUNTER,
		"Requests for which a limit was looked at.",
		gp_metrics_limits, OF_LIMIT(looked_at)},
	{"gatepost_limit_over_total", COUNTER,
		"Requests that found a limit reached, by what came of it.",
		gp_metrics_limits_over, 0},
	{"gatepost_limit_counted_total", COUNTER,
		"What accepted messages have used up of a limit, in its unit.",
		gp_metrics_limits, OF_LIMIT(counted)},
	{"gatepost_limit_store_failures_total", COUNTER,
		"Requests for which the store could not count (store.on_failure applied).",
		gp_metrics_tally, GP_TALLY(store_failed)},
	{"gatepost_limit_bytes_unseen", GAUGE,
		"Places where Postfix does not ask at END-OF-MESSAGE and a limit on bytes waits.",
		read_unseen, 0},

	{"gatepost_dns_attempts_total", COUNTER,
		"Attempts at name servers: datagrams sent, connections begun.",
		gp_metrics_dns_attempts, 0},
	{"gatepost_dns_timeouts_total", COUNTER,
		"Attempts at which a name server was silent.",
		gp_metrics_dns, OF_WIRE(timeouts)},
	{"gatepost_dns_answers_total", COUNTER,
		"Questions asked of name servers, by their end; given_up: our own deadline; "
		"trouble: no file, place or way to a server.",
		gp_metrics_dns_answers, 0},
	{"gatepost_dns_question_seconds", HISTOGRAM,
		"How long questions took that were asked of name servers.",
		gp_metrics_dns_durations, 0},
	{"gatepost_dns_cache_questions_total", COUNTER,
		"Questions to the cache; joined: another request was asking the same.",
		gp_metrics_cache_questions, 0},
	{"gatepost_dns_cache_entries", GAUGE,
		"Answers in the cache.", gp_metrics_cache_entries, 0},
	{"gatepost_dns_cache_max_entries", GAUGE,
		"Most answers in the cache (dns.cache_entries).", gp_metrics_cache_capacity, 0},
	{"gatepost_dns_cache_bytes", GAUGE,
		"Memory of the answers in the cache.", gp_metrics_cache_bytes, 0},
	{"gatepost_dns_cache_evictions_total", COUNTER,
		"Answers dropped from the cache for want of room.", gp_metrics_cache_evicted, 0},
	{"gatepost_dns_stale_answers_total", COUNTER,
		"Answers that had expired and were used because no server answered (dns.stale).",
		gp_metrics_cache_stale, 0},

	{"gatepost_store_info", GAUGE,
		"The stores that limits are counted in, and their kind.",
		gp_metrics_store_info, 0},
	{"gatepost_store_up", GAUGE,
		"1 while the store can count.", gp_metrics_store_up, 0},
	{"gatepost_store_standing_in", GAUGE,
		"1 while the local store counts in place of the main one.",
		gp_metrics_store_stands_in, 0},
	{"gatepost_store_steps_total", COUNTER,
		"Steps of counting.", gp_metrics_store_steps, 0},
	{"gatepost_store_forgotten_total", COUNTER,
		"Subjects that were forgotten because the store (store.size) or its disk is full.",
		gp_metrics_store_forgotten, 0},
	{"gatepost_store_step_seconds", HISTOGRAM,
		"How long steps of counting took.", gp_metrics_store_durations, 0},
	{"gatepost_store_last_trouble_seconds", GAUGE,
		"Time since the last trouble of the store; absent when there was none.",
		gp_metrics_store_trouble, 0},
};
/* clang-format on */

/* gp_metrics_write: row by row. */
void gp_metrics_write(const struct gp_metrics_source *source, struct gp_strbuf *buf)
{
	struct gp_daemon_metrics_page page = {.buf = buf};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		gp_daemon_metrics_family(&page, rows[i].name, rows[i].type, rows[i].help);
		rows[i].read(&page, source, &rows[i]);
	}
}

/* gp_metrics_of: what belongs to the daemon. */
void gp_metrics_of(struct gp_session_shared *shared, struct gp_listen *listen,
	const struct gp_runtime *runtime, struct gp_strbuf *buf)
{
	const struct gp_metrics_source source = {.counters = shared->counters,
		.stages = shared->stages,
		.runtime = runtime,
		.open = gp_listen_open_count(listen)};
	gp_metrics_write(&source, buf);
}
