/* SPDX-License-Identifier: ISC */
/* For tests that look at one line or so. */
#include "support/said.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

/* test_said_keep: cut where it has to be. */
void test_said_keep(void *arg, enum gp_log_level level, const char *event,
	const struct gp_log_field *fields, size_t count)
{
	struct test_said *said = arg;
	(void)level;
	(void)event;
	(void)count;
	snprintf(
		said->last, sizeof said->last, "%.*s", (int)fields[0].text.len, fields[0].text.ptr);
	said->count++;
}

/* test_said_config: with the errors of one that is none. */
struct gp_config *test_said_config(const char *text)
{
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	assert_int_equal(gp_config_parse(gp_span_from(text), "t", &config, &errors), GP_OK);
	gp_config_errors_fini(&errors);
	return config;
}

/* test_said_errors: all of them. */
void test_said_errors(const char *text, const char *report)
{
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	if (gp_config_parse(gp_span_from(text), "t.conf", &config, &errors) != GP_ESYNTAX)
		fail_msg("%s: no error; wanted: %s", text, report);
	assert_null(config);
	assert_string_equal(errors.text, report);
	gp_config_errors_fini(&errors);
}

/* test_said_error: with its end. */
void test_said_error(const char *text, const char *line)
{
	char report[1024];
	snprintf(report, sizeof report, "%s\n", line);
	test_said_errors(text, report);
}
