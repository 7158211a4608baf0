/* SPDX-License-Identifier: ISC */
/* resolv.conf changes while a process lives: its next message asks the new servers. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "exim-dlfunc/process.h"
#include "support/patience.h"

#define LOOK_NS 50000000

/* write_file: in place of the one before, by renaming. */
static void write_file(const char *folder, const char *name, const char *text)
{
	char path[256], fresh[264];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	snprintf(fresh, sizeof fresh, "%s.new", path);
	FILE *f = fopen(fresh, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(rename(fresh, path), 0);
}

/* asks_at: does the next message's snapshot ask this server, and this one alone? */
static bool asks_at(struct gp_exim_process *process, const char *conf, const char *server)
{
	struct gp_exim_snapshot *snapshot;
	struct gp_dns_options options;
	char text[GP_DNS_SERVER_TEXT];
	assert_int_equal(gp_exim_process_snapshot(process, gp_span_from(conf), &snapshot), GP_OK);
	assert_true(gp_dns_wire_options(snapshot->dns, &options));
	gp_exim_snapshot_release(snapshot);
	return options.server_count == 1 &&
	       strcmp(gp_dns_server_format(&options.servers[0], text), server) == 0;
}

/* await: a look a second is made at most. */
static void await(struct gp_exim_process *process, const char *conf, const char *server)
{
	const struct timespec pause = {.tv_nsec = LOOK_NS};
	for (int64_t left_ns = (int64_t)TEST_PATIENCE_MS * 1000000; left_ns > 0;
		left_ns -= LOOK_NS) {
		if (asks_at(process, conf, server))
			return;
		nanosleep(&pause, NULL);
	}
	fail_msg("%s is not asked", server);
}

/* servers_that_change: empty at first, filled, replaced, and away again, which changes nothing. */
static void servers_that_change(void **state)
{
	char folder[] = "/tmp/gatepost-follow.XXXXXX", conf[64], text[160], path[64];
	struct gp_exim_process process;
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(conf, sizeof conf, "%s/gatepost.conf", folder);
	snprintf(path, sizeof path, "%s/resolv.conf", folder);
	snprintf(text, sizeof text, "hostname = mx.test\ndns { resolv_conf = \"%s\" }\n", path);
	write_file(folder, "gatepost.conf", text);
	gp_exim_process_init(&process);
	assert_true(asks_at(&process, conf, "127.0.0.1:53"));
	write_file(folder, "resolv.conf", "nameserver 192.0.2.1\n");
	await(&process, conf, "192.0.2.1:53");
	write_file(folder, "resolv.conf", "nameserver fe80::1%eth0\noptions use-vc\n");
	await(&process, conf, "[fe80::1%eth0]:53");
	assert_int_equal(unlink(path), 0);
	assert_true(asks_at(&process, conf, "[fe80::1%eth0]:53"));
	gp_exim_process_fini(&process);
	assert_int_equal(unlink(conf), 0);
	assert_int_equal(rmdir(folder), 0);
}

/* config_of: what the next message gets; NULL: there is no configuration. */
static const struct gp_config *config_of(struct gp_exim_process *process, const char *conf)
{
	struct gp_exim_snapshot *snapshot;
	if (gp_exim_process_snapshot(process, gp_span_from(conf), &snapshot))
		return NULL;
	const struct gp_config *config = snapshot->config;
	gp_exim_snapshot_release(snapshot); /* the process has it still */
	return config;
}

/* an_emptied_file: is a broken one, for a process that begins, and for one that has read it. */
static void an_emptied_file(void **state)
{
	char folder[] = "/tmp/gatepost-follow.XXXXXX", conf[64];
	struct gp_exim_process process;
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(conf, sizeof conf, "%s/gatepost.conf", folder);
	write_file(folder, "gatepost.conf", " \n\n");
	gp_exim_process_init(&process);
	assert_null(config_of(&process, conf));
	write_file(folder, "gatepost.conf", "# all as it is anyway\n");
	assert_non_null(config_of(&process, conf));
	write_file(folder, "gatepost.conf", "hostname = mx.test\n");
	assert_string_equal(config_of(&process, conf)->hostname, "mx.test");
	write_file(folder, "gatepost.conf", "");
	assert_string_equal(config_of(&process, conf)->hostname, "mx.test");
	gp_exim_process_fini(&process);
	assert_int_equal(unlink(conf), 0);
	assert_int_equal(rmdir(folder), 0);
}

/* a_file_that_changes_keeps_what_is_remembered: whatever it says of dns now; one by another name
 * has a resolver of its own. */
static void a_file_that_changes_keeps_what_is_remembered(void **state)
{
	static const char *const dns[] = {"timeout = 900ms", "attempts = 1", "ttl_max = 2h",
		"stale = 2d", "failure_ttl = 1s", "trust_ad = yes", "trust_ad = no"};
	char folder[] = "/tmp/gatepost-follow.XXXXXX", conf[64], other[64], text[160];
	struct gp_exim_process process;
	struct gp_exim_snapshot *first, *then;
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(conf, sizeof conf, "%s/gatepost.conf", folder);
	snprintf(other, sizeof other, "%s/other.conf", folder);
	write_file(
		folder, "gatepost.conf", "hostname = mx.test\ndns { servers = {\"192.0.2.1\"} }\n");
	write_file(folder, "other.conf", "hostname = mx.test\ndns { servers = {\"192.0.2.1\"} }\n");
	gp_exim_process_init(&process);
	assert_int_equal(gp_exim_process_snapshot(&process, gp_span_from(conf), &first), GP_OK);
	for (size_t i = 0; i < sizeof dns / sizeof dns[0]; i++) {
		struct gp_dns_options options;
		snprintf(text, sizeof text,
			"hostname = mx.test\ndns { servers = {\"192.0.2.1\"} %s }\nexim { "
			"cache_entries = %zu }\n",
			dns[i], 100 + i);
		write_file(folder, "gatepost.conf", text);
		assert_int_equal(
			gp_exim_process_snapshot(&process, gp_span_from(conf), &then), GP_OK);
		assert_ptr_not_equal(then, first);
		assert_ptr_equal(then->dns, first->dns);
		assert_true(gp_dns_wire_options(then->dns, &options));
		assert_int_equal(options.timeout_ms, then->config->dns.timeout_ms);
		assert_int_equal(options.trust_ad, then->config->dns.trust_ad);
		gp_exim_snapshot_release(then);
	}
	assert_int_equal(gp_exim_process_snapshot(&process, gp_span_from(other), &then), GP_OK);
	assert_ptr_not_equal(then->dns, first->dns);
	gp_exim_snapshot_release(then);
	gp_exim_snapshot_release(first);
	gp_exim_process_fini(&process);
	assert_int_equal(unlink(conf), 0);
	assert_int_equal(unlink(other), 0);
	assert_int_equal(rmdir(folder), 0);
}

/* name_now: what the next message's configuration says. */
static void name_now(struct gp_exim_process *process, const char *conf, const char *name)
{
	assert_string_equal(config_of(process, conf)->hostname, name);
}

/* await_tick: until files get another time than those there are. */
static void await_tick(void)
{
	struct timespec began, now;
	assert_int_equal(clock_gettime(CLOCK_REALTIME_COARSE, &began), 0);
	do
		assert_int_equal(clock_gettime(CLOCK_REALTIME_COARSE, &now), 0);
	while (now.tv_sec == began.tv_sec && now.tv_nsec == began.tv_nsec);
}

/* however_a_file_changes_it_is_read_again: also when it is older than the one before, has its times
 * from there, or is changed again within a second without another length. */
static void however_a_file_changes_it_is_read_again(void **state)
{
	const struct timespec old[2] = {{1000000000, 0}, {1000000000, 0}};
	char folder[] = "/tmp/gatepost-follow.XXXXXX", conf[64], path[80];
	struct gp_exim_process process;
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(conf, sizeof conf, "%s/gatepost.conf", folder);
	snprintf(path, sizeof path, "%s/older", folder);
	write_file(folder, "gatepost.conf", "hostname = a.test\n");
	write_file(folder, "older", "hostname = b.test\n");
	gp_exim_process_init(&process);
	name_now(&process, conf, "a.test");
	assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	assert_int_equal(rename(path, conf), 0);
	name_now(&process, conf, "b.test");
	for (char name = 'c'; name < 'g';
		name++) { /* copied into it, with the times of the other */
		char text[32], wanted[16];
		snprintf(text, sizeof text, "hostname = %c.test\n", name);
		snprintf(wanted, sizeof wanted, "%c.test", name);
		await_tick();
		FILE *f = fopen(conf, "w");
		assert_non_null(f);
		assert_true(fputs(text, f) >= 0);
		assert_int_equal(fclose(f), 0);
		assert_int_equal(utimensat(AT_FDCWD, conf, old, 0), 0);
		name_now(&process, conf, wanted);
	}
	gp_exim_process_fini(&process);
	assert_int_equal(unlink(conf), 0);
	assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(servers_that_change),
		cmocka_unit_test(an_emptied_file),
		cmocka_unit_test(however_a_file_changes_it_is_read_again),
		cmocka_unit_test(a_file_that_changes_keeps_what_is_remembered)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
