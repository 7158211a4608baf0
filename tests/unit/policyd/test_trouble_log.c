/* SPDX-License-Identifier: ISC */
/* Local problems: what becomes of a mail, and what is said of it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policyd/trouble_log.h"
#include "policyd/own_checks.h"
#include "support/said.h"

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
		struct gp_config *c = test_said_config(rows[i].config);
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
	struct test_said lines = {.count = 0};
	const struct gp_log log = {test_said_keep, &lines, GP_LOG_ERROR};
	struct gp_counters *c = calloc(1, sizeof *c);
	(void)state;
	assert_non_null(c);
	gp_trouble_log_remind(c, &log);
	assert_int_equal(lines.count, 0);
	for (int i = 0; i < 50; i++)
		gp_trouble_log_note(c, &log, "too many open files");
	assert_int_equal(lines.count, 1);
	assert_non_null(strstr(lines.last, "too many open files"));
	assert_non_null(strstr(lines.last, "LimitNOFILE"));
	assert_non_null(strstr(lines.last, "policyd.on_trouble"));
	gp_trouble_log_remind(c, &log);
	assert_int_equal(lines.count, 1);
	atomic_fetch_sub(&c->trouble_said_us, 61 * 1000000LL);
	gp_trouble_log_remind(c, &log);
	assert_int_equal(lines.count, 2);
	assert_non_null(strstr(lines.last, " 49 requests"));
	atomic_fetch_sub(&c->trouble_said_us, 61 * 1000000LL);
	gp_trouble_log_remind(c, &log);
	assert_int_equal(lines.count, 2);
	free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_becomes_of_a_mail_in_trouble),
		cmocka_unit_test(it_is_said_once_a_minute),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
