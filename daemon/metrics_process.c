/* SPDX-License-Identifier: ISC */
/* The numbers of the daemon itself and of its configuration. */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "daemon/metrics.h"

/* ---- the process ---- */

/* read_build: which version. */
static void read_build(GP_DAEMON_METRICS_READER)
{
	(void)source;
	(void)row;
	gp_operator_page_number(
		page, &(struct gp_operator_page_label) {"version", GP_VERSION}, 1, 1);
}

/* read_start: of the daemon, not of a process that a crash has cost. */
static void read_start(GP_DAEMON_METRICS_READER)
{
	(void)row;
	gp_operator_page_number(page, NULL, 0, (uint64_t)source->counters->started_s);
}

/* read_counter: a number of struct gp_counters. */
static void read_counter(GP_DAEMON_METRICS_READER)
{
	atomic_ullong *counter = (void *)((char *)source->counters + row->at);
	gp_operator_page_number(page, NULL, 0, atomic_load(counter));
}

/* read_cpu: of the serving process, all threads. */
static void read_cpu(GP_DAEMON_METRICS_READER)
{
	struct timespec t;
	(void)source;
	(void)row;
	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0)
		gp_operator_page_seconds(
			page, NULL, 0, (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000);
}

/* read_memory: of the serving process; behind a chroot nobody tells it. */
static void read_memory(GP_DAEMON_METRICS_READER)
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
		gp_operator_page_number(
			page, NULL, 0, (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE));
}

/* ---- configuration ---- */

/* read_loaded: what is in force, since when. */
static void read_loaded(GP_DAEMON_METRICS_READER)
{
	(void)row;
	gp_operator_page_number(page, NULL, 0, (uint64_t)source->runtime->loaded_s);
}

/* read_reloads: by what came of them. */
static void read_reloads(GP_DAEMON_METRICS_READER)
{
	struct gp_daemon_counters *c = source->counters;
	(void)row;
	gp_operator_page_number(page, &(struct gp_operator_page_label) {"result", "done"}, 1,
		atomic_load(&c->reloads));
	gp_operator_page_number(page, &(struct gp_operator_page_label) {"result", "failed"}, 1,
		atomic_load(&c->reloads_failed));
}

/* read_reload_fine: the last one. */
static void read_reload_fine(GP_DAEMON_METRICS_READER)
{
	(void)row;
	gp_operator_page_number(page, NULL, 0, !atomic_load(&source->counters->reload_failed));
}

/* read_changed: files that wait for a reload. */
static void read_changed(GP_DAEMON_METRICS_READER)
{
	(void)row;
	gp_operator_page_number(page, NULL, 0, gp_daemon_runtimes_has_changed(source->runtime));
}

/* read_last_good: in place of files with errors. */
static void read_last_good(GP_DAEMON_METRICS_READER)
{
	(void)row;
	gp_operator_page_number(page, NULL, 0, source->runtime->config->saved_path != NULL);
}

/* ---- connections of a service ---- */

/* gp_daemon_metrics_connections: one number. */
void gp_daemon_metrics_connections(GP_DAEMON_METRICS_READER)
{
	atomic_ullong *counter =
		(void *)((char *)&source->counters->services[source->service] + row->at);
	gp_operator_page_number(page, NULL, 0, atomic_load(counter));
}

/* gp_daemon_metrics_open: now. */
void gp_daemon_metrics_open(GP_DAEMON_METRICS_READER)
{
	(void)row;
	gp_operator_page_number(page, NULL, 0, source->open);
}

/* ---- the tables ---- */

#define COUNTER GP_OPERATOR_PAGE_COUNTER
#define GAUGE GP_OPERATOR_PAGE_GAUGE
#define OF(member) offsetof(struct gp_daemon_counters, member)

/* clang-format off */
const struct gp_daemon_metric gp_daemon_metrics_process[] = {
	{"gatepost_build_info", GAUGE,
		"The version that is running.", read_build, 0},
	{"gatepost_start_time_seconds", GAUGE,
		"Start time of the daemon, Unix time.", read_start, 0},
	{"gatepost_crashes_total", COUNTER,
		"Unexpected exits of the serving process; it was started again.",
		read_counter, OF(crashes)},
	{"gatepost_cpu_seconds_total", COUNTER,
		"Processor time of the serving process.", read_cpu, 0},
	{"gatepost_resident_memory_bytes", GAUGE,
		"Memory of the serving process.", read_memory, 0},
	{"gatepost_log_lines_dropped_total", COUNTER,
		"Lines of the log that could not be written, or not in time.",
		read_counter, OF(log_dropped)},
};
const size_t gp_daemon_metrics_process_count =
	sizeof gp_daemon_metrics_process / sizeof gp_daemon_metrics_process[0];

const struct gp_daemon_metric gp_daemon_metrics_config[] = {
	{"gatepost_config_loaded_timestamp_seconds", GAUGE,
		"Time at which the configuration came into force, Unix time.", read_loaded, 0},
	{"gatepost_config_reloads_total", COUNTER,
		"Reloads of the configuration; failed: it had errors and the old one stayed in "
			"force.",
		read_reloads, 0},
	{"gatepost_config_last_reload_successful", GAUGE,
		"0 if the last reload failed.", read_reload_fine, 0},
	{"gatepost_config_changed", GAUGE,
		"1 while files of the configuration have changed since they were loaded.",
		read_changed, 0},
	{"gatepost_config_last_good", GAUGE,
		"1 while the last good configuration is in force because the files have errors.",
		read_last_good, 0},
};
const size_t gp_daemon_metrics_config_count =
	sizeof gp_daemon_metrics_config / sizeof gp_daemon_metrics_config[0];
/* clang-format on */
