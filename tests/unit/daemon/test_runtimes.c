/* SPDX-License-Identifier: ISC */
/* A reload: what services are told of a configuration that comes into force, and of one that does
 * not. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/runtimes.h"

/* Two services: one that keeps what it was told last, and one that may fail. */
struct services {
	char hostname[64];
	int status;
};

struct bench {
	char folder[128], path[160];
	struct services services;
	struct gp_daemon_counters counters;
	struct gp_daemon_runtimes *runtimes;
};

/* keep_hostname: the first service. */
static int keep_hostname(void *state, const struct gp_config *config, void **data_out)
{
	struct services *services = state;
	snprintf(services->hostname, sizeof services->hostname, "%s", config->hostname);
	*data_out = malloc(1);
	return *data_out ? GP_OK : GP_ENOMEM;
}

/* may_fail: the second one. */
static int may_fail(void *state, const struct gp_config *config, void **data_out)
{
	(void)config;
	(void)data_out;
	return ((struct services *)state)->status;
}

/* write_config: with this name. */
static void write_config(const struct bench *b, const char *hostname)
{
	FILE *file = fopen(b->path, "w");
	assert_non_null(file);
	fprintf(file, "hostname = %s\nlog { level = error }\ndns { servers = {\"127.0.0.1:9\"} }\n",
		hostname);
	assert_int_equal(fclose(file), 0);
}

/* bench_begin: the first configuration is in force. */
static void bench_begin(struct bench *b)
{
	const char *base = getenv("TMPDIR");
	struct gp_config_errors errors = {0};
	struct gp_runtime_config loaded = {NULL, NULL};
	memset(b, 0, sizeof *b);
	snprintf(b->folder, sizeof b->folder, "%s/gatepost-test.XXXXXX", base ? base : "/tmp");
	assert_non_null(mkdtemp(b->folder));
	snprintf(b->path, sizeof b->path, "%s/gatepost.conf", b->folder);
	write_config(b, "one.example.org");
	if (gp_runtime_config_load(b->path, &loaded, &errors))
		fail_msg("%s", errors.text);
	gp_config_errors_fini(&errors);
	const struct gp_daemon_runtimes_options options = {.name = "gatepost-test",
		.counters = &b->counters,
		.questions = 8,
		.hooks = {{keep_hostname, &b->services}, {may_fail, &b->services}}};
	assert_int_equal(gp_daemon_runtimes_new(&loaded, &options, &b->runtimes), GP_OK);
	assert_string_equal(b->services.hostname, "one.example.org");
}

/* bench_end: all of it. */
static void bench_end(struct bench *b)
{
	gp_daemon_runtimes_free(b->runtimes);
	assert_int_equal(unlink(b->path), 0);
	assert_int_equal(rmdir(b->folder), 0);
}

/* assert_in_force: for sessions, and for the services. */
static void assert_in_force(struct bench *b, const char *hostname)
{
	const struct gp_daemon_runtime *r = gp_daemon_runtimes_acquire(b->runtimes);
	assert_string_equal(r->config->hostname, hostname);
	gp_daemon_runtimes_release(b->runtimes, r);
	assert_string_equal(b->services.hostname, hostname);
}

/* a_failed_reload_leaves_all_as_it_was: services have seen the next configuration by then. */
static void a_failed_reload_leaves_all_as_it_was(void **state)
{
	struct bench b;
	(void)state;
	bench_begin(&b);
	write_config(&b, "two.example.org");
	b.services.status = GP_ENOMEM;
	assert_int_equal(gp_daemon_runtimes_reload(b.runtimes), GP_ENOMEM);
	assert_in_force(&b, "one.example.org");
	b.services.status = GP_OK;
	assert_int_equal(gp_daemon_runtimes_reload(b.runtimes), GP_OK);
	assert_in_force(&b, "two.example.org");
	bench_end(&b);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failed_reload_leaves_all_as_it_was),
	};
	cmocka_set_test_filter(argc > 1 ? argv[1] : NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
