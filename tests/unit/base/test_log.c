/* SPDX-License-Identifier: ISC */
/* Events on their way to a sink, and the form of a field. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/log.h"

/* What the sink saw last. */
struct seen {
	size_t events;
	enum gp_log_level level;
	char event[32], text[2048];
};

/* keep: the sink. */
static void keep(void *arg, enum gp_log_level level, const char *event,
	const struct gp_log_field *fields, size_t count)
{
	struct seen *seen = arg;
	seen->events++;
	seen->level = level;
	assert_true(count > 0 && fields[0].text.len < sizeof seen->text);
	strncpy(seen->event, event, sizeof seen->event - 1);
	memcpy(seen->text, fields[0].text.ptr, fields[0].text.len);
	seen->text[fields[0].text.len] = 0;
}

/* test_threshold: what is less urgent never reaches the sink. */
static void test_threshold(void **state)
{
	struct seen seen = {.events = 0};
	const struct gp_log log = {keep, &seen, GP_LOG_NOTICE};
	(void)state;
	gp_log_text(&log, GP_LOG_INFO, "no");
	gp_log_text(NULL, GP_LOG_ERROR, "no");
	assert_int_equal(seen.events, 0);
	gp_log_text(&log, GP_LOG_NOTICE, "%s %d", "yes", 1);
	assert_int_equal(seen.events, 1);
	assert_int_equal(seen.level, GP_LOG_NOTICE);
	assert_string_equal(seen.event, "message");
	assert_string_equal(seen.text, "yes 1");
	assert_true(gp_log_wants(&log, GP_LOG_ERROR));
	assert_false(gp_log_wants(NULL, GP_LOG_ERROR));
	const struct gp_log deaf = {NULL, NULL, GP_LOG_DEBUG};
	assert_false(gp_log_wants(&deaf, GP_LOG_ERROR));
}

/* test_long: a text is cut, not overrun; conversions in data stay data (CVE-2011-1764). */
static void test_long(void **state)
{
	struct seen seen = {.events = 0};
	const struct gp_log log = {keep, &seen, GP_LOG_DEBUG};
	char text[3000];
	(void)state;
	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = 0;
	gp_log_text(&log, GP_LOG_DEBUG, "%s", text);
	assert_int_equal(strlen(seen.text), 1023);
	gp_log_text(&log, GP_LOG_DEBUG, "%s", "%n%s");
	assert_string_equal(seen.text, "%n%s");
}

/* test_field: no value forges a field or a line. */
static void test_field(void **state)
{
	static const struct {
		const char *text, *line;
	} rows[] = {
		{"plain-1.0", "k=plain-1.0"},
		{"", "k=\"\""},
		{"a b", "k=\"a b\""},
		{"a=b", "k=\"a=b\""},
		{"a\"b\\", "k=\"a\\\"b\\\\\""},
		{"a\nb=c", "k=\"a\\x0ab=c\""},
		{"\x7f\xff", "k=\"\\x7f\\xff\""},
	};
	(void)state;
	for (size_t i = 0; i <= sizeof rows / sizeof rows[0]; i++) {
		struct gp_arena *arena = gp_arena_new(4096);
		struct gp_strbuf b;
		const char *line;
		bool number = i == sizeof rows / sizeof rows[0];
		const struct gp_log_field field = number ? gp_log_field_number("k", INT64_MIN)
							 : gp_log_field_text("k", rows[i].text);
		gp_strbuf_init(&b, arena, 1000);
		gp_log_format_field(&b, &field);
		assert_int_equal(gp_strbuf_finish(&b, &line), GP_OK);
		assert_string_equal(line, number ? "k=-9223372036854775808" : rows[i].line);
		gp_arena_free(arena);
	}
}

/* test_levels: names in both directions. */
static void test_levels(void **state)
{
	enum gp_log_level level;
	(void)state;
	for (int i = GP_LOG_ERROR; i <= GP_LOG_DEBUG; i++) {
		const char *name = gp_log_level_name((enum gp_log_level)i);
		assert_true(gp_log_level_parse(gp_span_from(name), &level));
		assert_int_equal(level, i);
	}
	assert_true(gp_log_level_parse(gp_span_from("WARNING"), &level));
	assert_false(gp_log_level_parse(gp_span_from("loud"), &level));
	assert_string_equal(gp_log_level_name((enum gp_log_level)99), "unknown");
}

/* one_line_a_minute: of a kind, from any time on. */
static void one_line_a_minute(void **state)
{
	static const int64_t starts[] = {0, 1, 59999999, 1234567890123};
	(void)state;
	for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
		int64_t said_us = 0, from = starts[i];
		assert_true(gp_log_is_due(&said_us, from));
		assert_false(gp_log_is_due(&said_us, from));
		assert_false(gp_log_is_due(&said_us, from + 59999999));
		assert_true(gp_log_is_due(&said_us, from + 60000001));
		assert_false(gp_log_is_due(&said_us, from + 120000000));
		assert_true(gp_log_is_due(&said_us, from + 120000001));
	}
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threshold),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_field),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(one_line_a_minute),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
