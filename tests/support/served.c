/* SPDX-License-Identifier: ISC */
/* Made in the order of policyd/main.c. */
#include "support/served.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/shmem.h"

static struct gp_session_shared shared;
static struct gp_daemon_heartbeat heartbeat;
static struct gp_daemon_notify notify = {.fd = -1};
static struct gp_daemon_sockets sockets;
static struct gp_listen *listening;
static char folder[128];

/* must: what the test cannot do without. */
static void must(bool is_done, const char *what)
{
	if (is_done)
		return;
	fprintf(stderr, "served: %s\n", what);
	exit(1);
}

/* remove_folder: it has files only. */
static void remove_folder(void)
{
	char path[sizeof folder + 300];
	const struct dirent *entry;
	DIR *dir = opendir(folder);
	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		(void)unlink(path); /* not . and .. */
	}
	if (dir)
		closedir(dir);
	(void)rmdir(folder); /* what is left shows that something went wrong */
}

/* make_folder: below TMPDIR. */
static void make_folder(void)
{
	const char *base = getenv("TMPDIR");
	snprintf(folder, sizeof folder, "%s/gatepost-served.XXXXXX", base ? base : "/tmp");
	must(mkdtemp(folder) != NULL, "no folder");
	must(atexit(remove_folder) == 0, "no end");
}

/* config_of: with a store in the folder, and silent. */
static struct gp_runtime_config config_of(const char *conf)
{
	struct gp_config_errors errors = {0};
	struct gp_runtime_config loaded = {NULL, NULL};
	char text[8192];
	int n = snprintf(text, sizeof text,
		"%s\nstore { uri = {\"lmdb:%s\"} size = 16M }\nlog { level = error }\n"
		"dns { servers = {\"127.0.0.1:9\"} }\n",
		conf, folder);
	must(n > 0 && (size_t)n < sizeof text, "a long configuration");
	if (gp_config_parse(gp_span_from(text), "served.conf", &loaded.config, &errors))
		must(false, errors.text ? errors.text : "no configuration");
	gp_config_errors_fini(&errors);
	must(gp_runtime_config_stamp(&loaded) == GP_OK, "no memory");
	return loaded;
}

/* gp_test_served: made once. */
struct gp_session_shared *gp_test_served(const char *conf)
{
	if (shared.runtimes)
		return &shared;
	make_folder();
	shared.instances = gp_header_once_new();
	shared.counters = gp_daemon_shmem_alloc(sizeof *shared.counters);
	shared.stages = gp_stage_learn_new();
	shared.heartbeat = &heartbeat;
	must(shared.instances && shared.counters && shared.stages, "no memory");
	must(gp_daemon_heartbeat_init(&heartbeat, false, &notify, "") == GP_OK, "no heartbeat");
	const struct gp_runtime_config loaded = config_of(conf);
	must(gp_runtimes_new(&loaded, NULL, shared.counters, 64, &shared.runtimes) == GP_OK,
		"no runtime");
	must(gp_listen_start(&sockets, &shared, &listening) == GP_OK, "no thread");
	return &shared;
}

/* gp_test_served_listen: without a socket. */
struct gp_listen *gp_test_served_listen(void)
{
	return listening;
}
