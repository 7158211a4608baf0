/* SPDX-License-Identifier: ISC */
/* What a test's own log was told last, and a configuration from its text, or its
 * errors. */
#ifndef TEST_SAID_H
#define TEST_SAID_H

#include "base/log.h"
#include "config/config.h"

/* What was logged last, and how often something was; the arg of a log with test_said_keep. */
struct test_said {
	char last[512];
	unsigned count;
};

/* gp_log.write: the text of the first field. */
void test_said_keep(void *arg, enum gp_log_level level, const char *event,
	const struct gp_log_field *fields, size_t count);

/* Returns a new one, or the test has failed. */
struct gp_config *test_said_config(const char *text);

/* A text, as the file t.conf, is none, and its errors are these lines and no others. */
void test_said_errors(const char *text, const char *report);
void test_said_error(const char *text, const char *line); /* one, without its end */

#endif
