/* SPDX-License-Identifier: ISC */
/* Made in the order of daemon/daemon_main.c. */
#include "support/served.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/heartbeat.h"
#include "daemon/listen.h"
#include "daemon/notify.h"
#include "daemon/runtimes.h"
#include "policyd/counters.h"
#include "policyd/metrics_policy.h"
#include "policyd/policy_service.h"
#include "policyd/session.h"

static const struct gp_daemon_service *const services[] = {&gp_policy_service};
static const struct gp_daemon_program program = {.name = "gatepost-served",
	.usage = "",
	.services = services,
	.service_count = 1,
	.metrics = gp_policyd_metrics};
static struct gp_daemon served;
static struct gp_daemon_counters counters;
static struct gp_daemon_heartbeat heartbeat;
static struct gp_daemon_notify notify = {.fd = -1};
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
	must(mkdtemp(folder) != NULL, "no directory");
	must(atexit(remove_folder) == 0, "no end");
}

/* config_of: with a store in the directory, and silent. */
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
struct gp_daemon *gp_test_served(const char *conf)
{
	struct gp_daemon_served *policy = &served.served[GP_POLICYD_POLICY];
	if (served.runtimes)
		return &served;
	make_folder();
	served.program = &program;
	served.heartbeat = &heartbeat;
	served.counters = &counters;
	served.descriptors = (struct gp_daemon_descriptors) {.connections = 64, .spare = 8};
	policy->service = &gp_policy_service;
	must(policy->service->open(&policy->state) == GP_OK, "no memory");
	must(gp_daemon_heartbeat_init(&heartbeat, false, &notify, "") == GP_OK, "no heartbeat");
	const struct gp_runtime_config loaded = config_of(conf);
	const struct gp_daemon_runtimes_options options = {.name = program.name,
		.counters = &counters,
		.questions = 64,
		.hooks = {{policy->service->configure, policy->state}}};
	must(gp_daemon_runtimes_new(&loaded, &options, &served.runtimes) == GP_OK, "no runtime");
	policy->service->begin(policy->state, &served);
	must(gp_daemon_listen_start(&served, GP_POLICYD_POLICY, &policy->listen) == GP_OK,
		"no thread");
	return &served;
}
