/* SPDX-License-Identifier: ISC */
/* resolv.conf that is there and cannot be read, is missing or empty: what was known stays. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"

/* A resolver that follows a file in a directory of the case. */
struct scene {
	char folder[32], path[64], text[1024];
	struct gp_config *config;
	struct gp_dns *dns;
	struct gp_config_follow follow;
};

/* write_file: in the place of what is there. */
static void write_file(const struct scene *s, const char *text)
{
	(void)unlink(s->path); /* it may not be there */
	(void)rmdir(s->path);
	FILE *f = fopen(s->path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* load: a configuration with more options in its section dns. */
static struct gp_config *load(const struct scene *s, const char *more)
{
	char text[256];
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	snprintf(text, sizeof text, "hostname = mx.test\ndns { resolv_conf = \"%s\" %s }\n",
		s->path, more);
	assert_int_equal(gp_config_parse(gp_span_from(text), "test", &config, &errors), GP_OK);
	gp_config_errors_fini(&errors);
	return config;
}

/* begin: 192.0.2.1 is asked. */
static void begin(struct scene *s)
{
	*s = (struct scene) {.folder = "/tmp/gatepost-resolv.XXXXXX"};
	assert_non_null(mkdtemp(s->folder));
	snprintf(s->path, sizeof s->path, "%s/resolv.conf", s->folder);
	write_file(s, "nameserver 192.0.2.1\n");
	s->config = load(s, "");
	assert_int_equal(gp_dns_wire_new(&s->config->dns, &s->dns), GP_OK);
}

/* end: frees all. */
static void end(struct scene *s)
{
	gp_dns_free(s->dns);
	gp_config_free(s->config);
	(void)unlink(s->path); /* of whatever kind it is */
	(void)rmdir(s->path);
	assert_int_equal(rmdir(s->folder), 0);
}

/* look: once, although the last time was just now. */
static enum gp_config_followed look(struct scene *s)
{
	struct gp_strbuf text;
	s->follow.next_us = 0;
	memset(s->text, 0, sizeof s->text);
	gp_strbuf_init_fixed(&text, s->text, sizeof s->text);
	return gp_config_follow_dns(&s->follow, s->config, s->dns, &text);
}

/* later: the same when some seconds have passed. */
static enum gp_config_followed later(struct scene *s)
{
	if (s->follow.empty_s)
		s->follow.empty_s -= 10;
	return look(s);
}

/* is_asked: this server, and no other? */
static bool is_asked(const struct scene *s, const char *server)
{
	char text[GP_DNS_SERVER_TEXT];
	struct gp_dns_options options;
	assert_true(gp_dns_wire_options(s->dns, &options));
	return options.server_count == 1 &&
	       strcmp(gp_dns_server_format(&options.servers[0], text), server) == 0;
}

/*
 * put_folder, put_pipe, put_loop, put_sick, put_long: what cannot be read, each for another reason.
 */
static void put_folder(const struct scene *s)
{
	assert_int_equal(mkdir(s->path, 0755), 0);
}

static void put_pipe(const struct scene *s)
{
	assert_int_equal(mkfifo(s->path, 0644), 0);
}

static void put_loop(const struct scene *s)
{
	assert_int_equal(symlink("resolv.conf", s->path), 0);
}

static void put_sick(const struct scene *s)
{
	assert_int_equal(symlink("/proc/self/mem", s->path), 0);
}

static void put_long(const struct scene *s)
{
	FILE *f = fopen(s->path, "w");
	assert_non_null(f);
	for (int i = 0; i < 7000; i++)
		assert_true(fputs("nameserver 192.0.2.9\n", f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static const struct {
	void (*put)(const struct scene *s);
	const char *why;
} unreadable[] = {{put_folder, "Is a directory"}, {put_pipe, "Invalid argument"},
	{put_loop, "Too many levels"}, {put_sick, "Input/output error"}, {put_long, "too large"}};

#define UNREADABLE (sizeof unreadable / sizeof unreadable[0])

/* servers_stay_while_the_file_cannot_be_read: which is said once a minute, with them and the
 * reason. */
static void servers_stay_while_the_file_cannot_be_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < UNREADABLE; i++) {
		struct scene s;
		begin(&s);
		assert_int_equal(look(&s), GP_CONFIG_AS_BEFORE);
		assert_int_equal(unlink(s.path), 0);
		unreadable[i].put(&s);
		assert_int_equal(look(&s), GP_CONFIG_UNREADABLE);
		assert_non_null(strstr(s.text, s.path));
		assert_non_null(strstr(s.text, "192.0.2.1:53"));
		if (!strstr(s.text, unreadable[i].why))
			fail_msg("%s: %s", unreadable[i].why, s.text);
		for (int n = 0; n < 5; n++)
			assert_int_equal(later(&s), GP_CONFIG_AS_BEFORE);
		assert_true(is_asked(&s, "192.0.2.1:53"));
		s.follow.said_us -= 61 * 1000000LL;
		assert_int_equal(later(&s), GP_CONFIG_UNREADABLE);
		write_file(&s, "nameserver 192.0.2.2\n");
		assert_int_equal(look(&s), GP_CONFIG_CHANGED);
		assert_true(is_asked(&s, "192.0.2.2:53"));
		end(&s);
	}
}

/* a_missing_file_changes_nothing: however long; one without servers means this machine, later. */
static void a_missing_file_changes_nothing(void **state)
{
	struct scene s;
	(void)state;
	begin(&s);
	assert_int_equal(look(&s), GP_CONFIG_AS_BEFORE);
	assert_int_equal(unlink(s.path), 0);
	for (int n = 0; n < 5; n++)
		assert_int_equal(later(&s), GP_CONFIG_AS_BEFORE);
	write_file(&s, "# being written\n");
	assert_int_equal(look(&s), GP_CONFIG_AS_BEFORE);
	assert_true(is_asked(&s, "192.0.2.1:53"));
	assert_int_equal(later(&s), GP_CONFIG_CHANGED);
	assert_true(is_asked(&s, "127.0.0.1:53"));
	end(&s);
}

/* a_start_without_a_readable_file_says_so: it works, asks this machine, and has a warning. */
static void a_start_without_a_readable_file_says_so(void **state)
{
	(void)state;
	for (size_t i = 0; i < UNREADABLE; i++) {
		struct scene s;
		char storage[1024] = "";
		struct gp_strbuf text;
		begin(&s);
		assert_null(s.config->resolv_problem);
		assert_int_equal(s.config->warnings.count, 0);
		assert_false(s.config->dns_is_assumed);
		assert_int_equal(unlink(s.path), 0);
		unreadable[i].put(&s);
		struct gp_config *config = load(&s, "");
		assert_non_null(config->resolv_problem);
		assert_true(config->dns_is_assumed);
		assert_int_equal(config->warnings.count, 1);
		assert_non_null(strstr(config->warnings.items[0], "cannot be read"));
		assert_int_equal(config->dns.server_count, 1);
		assert_true(gp_ipaddr_is_loopback(&config->dns.servers[0].addr));
		gp_strbuf_init_fixed(&text, storage, sizeof storage);
		assert_true(gp_config_describe_dns(config, &text));
		assert_non_null(strstr(storage, "cannot be read"));
		gp_config_free(config);
		end(&s);
	}
}

/*
 * a_new_configuration_does_not_forget_servers: unless the file names others, or it is another file.
 */
static void a_new_configuration_does_not_forget_servers(void **state)
{
	static const struct {
		const char *text; /* of the file; NULL: it is a directory; "-": it is missing */
		const char *more, *server;
	} rows[] = {
		{NULL, "cache_entries = 1000", "192.0.2.1:53"},
		{"-", "cache_entries = 1000", "192.0.2.1:53"},
		{"", "cache_entries = 1000", "192.0.2.1:53"},
		{"nameserver 192.0.2.2\n", "cache_entries = 1000", "192.0.2.2:53"},
		{NULL, "servers = {\"192.0.2.3\"}", "192.0.2.3:53"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct scene s;
		struct gp_dns_options options;
		char server[GP_DNS_SERVER_TEXT];
		begin(&s);
		if (rows[i].text && strcmp(rows[i].text, "-") != 0)
			write_file(&s, rows[i].text);
		else
			assert_int_equal(unlink(s.path), 0);
		if (!rows[i].text)
			put_folder(&s);
		struct gp_config *config = load(&s, rows[i].more);
		gp_config_inherit_dns(config, s.config, s.dns, &options);
		assert_int_equal(options.server_count, 1);
		assert_string_equal(
			gp_dns_server_format(&options.servers[0], server), rows[i].server);
		gp_config_free(config);
		end(&s);
	}
}

/* another_configuration_sets_the_resolver_anew: servers and timeouts, through the same gate; a
 * server that is trusted no more leaves no answer that counts as protected. */
static void another_configuration_sets_the_resolver_anew(void **state)
{
	struct scene s;
	struct gp_dns_options options;
	struct gp_dns_gate *gate;
	(void)state;
	begin(&s);
	assert_int_equal(gp_dns_gate_new(10, &gate), GP_OK);
	assert_true(gp_dns_wire_options(s.dns, &options));
	options.gate = gate;
	assert_int_equal(gp_dns_wire_set(s.dns, &options), GP_OK);
	struct gp_config *config =
		load(&s, "servers = {\"192.0.2.8\", \"192.0.2.9\"} timeout = 900ms attempts = 5 "
			 "trust_ad = yes transport = tcp");
	assert_int_equal(
		gp_config_renew_dns(config, s.config, &config->dns_settings.cache, s.dns), GP_OK);
	assert_true(gp_dns_wire_options(s.dns, &options));
	assert_int_equal(options.server_count, 2);
	assert_int_equal(options.timeout_ms, 900);
	assert_int_equal(options.attempts, 5);
	assert_true(options.trust_ad && options.over_tcp);
	assert_ptr_equal(options.gate, gate);
	gp_config_free(config);
	end(&s);
	gp_dns_gate_free(gate);
}

/* main: all cases. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_stay_while_the_file_cannot_be_read),
		cmocka_unit_test(a_missing_file_changes_nothing),
		cmocka_unit_test(a_start_without_a_readable_file_says_so),
		cmocka_unit_test(a_new_configuration_does_not_forget_servers),
		cmocka_unit_test(another_configuration_sets_the_resolver_anew),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
