/* SPDX-License-Identifier: ISC */
/*
 * The limit of open files and its parts; what is said when it is low, and what trouble looks like.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "daemon/descriptors.h"
#include "policyd/trouble.h"
#include "policyd/own_checks.h"

/* What was logged last, and how often something was. */
struct lines {
	char last[512];
	unsigned count;
};

/* keep_line: gp_log.write. */
static void keep_line(void *arg, enum gp_log_level level, const char *event,
	const struct gp_log_field *fields, size_t count)
{
	struct lines *lines = arg;
	(void)level;
	(void)event;
	(void)count;
	snprintf(lines->last, sizeof lines->last, "%.*s", (int)fields[0].text.len,
		fields[0].text.ptr);
	lines->count++;
}

/* config_of: from its text. */
static struct gp_config *config_of(const char *text)
{
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	assert_int_equal(gp_config_parse(gp_span_from(text), "t", &config, &errors), GP_OK);
	gp_config_errors_fini(&errors);
	return config;
}

/* the_limit_is_divided_before_it_is_used_up: something is left for each part, and for the rest. */
static void the_limit_is_divided_before_it_is_used_up(void **state)
{
	static const struct {
		rlim_t limit;
		const char *config;
		bool is_said;
	} rows[] = {
		{20, "", true},
		{60, "", true},
		{256, "policyd { max_connections = 20 }", false},
		{1024, "", true},
		{1024,
			"policyd { max_connections = 100 }\nmetrics { listen = "
			"{\"inet:127.0.0.1:9740\"} }",
			false},
		{4096, "", false},
		{16384, "", false},
	};
	struct rlimit was;
	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct lines lines = {.count = 0};
		const struct gp_log log = {keep_line, &lines, GP_LOG_WARNING};
		struct gp_config *c = config_of(rows[i].config);
		const struct rlimit now = {rows[i].limit, was.rlim_max};
		if (now.rlim_cur > was.rlim_max)
			continue;
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
		struct gp_daemon_descriptors files = gp_daemon_descriptors_divide(c, &log);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
		assert_true(files.connections > 0 && files.questions > 0);
		assert_true(files.connections <= c->policyd.max_connections);
		assert_true(files.questions <= GP_DAEMON_DESCRIPTORS_QUESTIONS_MAX);
		if (rows[i].limit >= 60)
			assert_true(files.connections + files.questions + 16 <= rows[i].limit);
		assert_int_equal(lines.count, rows[i].is_said);
		if (rows[i].is_said)
			assert_non_null(strstr(lines.last, "LimitNOFILE"));
		gp_config_free(c);
	}
}

/* the_soft_limit_is_raised_to_the_hard_one: whoever starts the daemon. */
static void the_soft_limit_is_raised_to_the_hard_one(void **state)
{
	struct lines lines = {.count = 0};
	const struct gp_log log = {keep_line, &lines, GP_LOG_WARNING};
	struct gp_config *c = config_of("");
	struct rlimit was, now;
	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	now = (struct rlimit) {64, was.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
	gp_daemon_descriptors_raise(&c->policyd, &log);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &now), 0);
	assert_true(now.rlim_cur >= was.rlim_max || now.rlim_cur > 5000);
	assert_int_equal(lines.count, 0);
	(void)setrlimit(RLIMIT_NOFILE, &was); /* the hard one may be higher now */
	gp_config_free(c);
}

/* what_becomes_of_a_mail_in_trouble: as configured, where anything may be refused. */
static void what_becomes_of_a_mail_in_trouble(void **state)
{
	static const struct {
		const char *config;
		enum gp_action action, would;
	} rows[] = {
		{"", GP_ACTION_DEFER, GP_ACTION_DEFER},
		{"policyd { on_trouble = defer }", GP_ACTION_DEFER, GP_ACTION_DEFER},
		{"policyd { on_trouble = accept }", GP_ACTION_ACCEPT, GP_ACTION_ACCEPT},
		{"spf { mode = label }", GP_ACTION_ACCEPT, GP_ACTION_DEFER},
		{"spf { mode = off }", GP_ACTION_ACCEPT, GP_ACTION_DEFER},
		{"spf { mode = label }\nlimit l { key = user max = 1 per = 1h }", GP_ACTION_DEFER,
			GP_ACTION_DEFER},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_config *c = config_of(rows[i].config);
		const struct gp_envelope nobody = {.client = {.family = GP_IP_NONE}};
		struct gp_facts f;
		struct gp_verdict v;
		gp_engine_facts_init(&f, c, GP_STAGE_RCPT, &nobody);
		f.trouble = "no descriptor";
		gp_own_on_trouble(&f, &v);
		assert_int_equal(v.action, rows[i].action);
		assert_int_equal(v.would, rows[i].would);
		assert_string_equal(v.rule, "policyd.on_trouble");
		if (v.would == GP_ACTION_DEFER)
			assert_memory_equal(v.reply, "451 4.3.0 ", 10);
		else
			assert_null(v.reply);
		gp_config_free(c);
	}
}

/* it_is_said_once_a_minute: with what to do, and with the number of all that it stands for. */
static void it_is_said_once_a_minute(void **state)
{
	struct lines lines = {.count = 0};
	const struct gp_log log = {keep_line, &lines, GP_LOG_ERROR};
	struct gp_counters *c = calloc(1, sizeof *c);
	(void)state;
	assert_non_null(c);
	gp_trouble_remind(c, &log);
	assert_int_equal(lines.count, 0);
	for (int i = 0; i < 50; i++)
		gp_trouble_note(c, &log, "too many open files");
	assert_int_equal(lines.count, 1);
	assert_non_null(strstr(lines.last, "too many open files"));
	assert_non_null(strstr(lines.last, "LimitNOFILE"));
	assert_non_null(strstr(lines.last, "policyd.on_trouble"));
	gp_trouble_remind(c, &log);
	assert_int_equal(lines.count, 1);
	atomic_fetch_sub(&c->trouble_said_us, 61 * 1000000LL);
	gp_trouble_remind(c, &log);
	assert_int_equal(lines.count, 2);
	assert_non_null(strstr(lines.last, " 49 requests"));
	atomic_fetch_sub(&c->trouble_said_us, 61 * 1000000LL);
	gp_trouble_remind(c, &log);
	assert_int_equal(lines.count, 2);
	free(c);
}

/* main: all cases. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_limit_is_divided_before_it_is_used_up),
		cmocka_unit_test(the_soft_limit_is_raised_to_the_hard_one),
		cmocka_unit_test(what_becomes_of_a_mail_in_trouble),
		cmocka_unit_test(it_is_said_once_a_minute),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
