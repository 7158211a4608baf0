/* SPDX-License-Identifier: ISC */
/* Lines of the log: bounded values, nothing forged or hidden, JSON, and the queue behind them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/log_sink.h"

/* A log through a queue into a pipe. */
struct outlet {
	struct gp_config_log options;
	struct gp_daemon_log_sink sink;
	struct gp_log log;
	int ends[2];
};

/* outlet_open: of a format. */
static void outlet_open(struct outlet *o, int format)
{
	*o = (struct outlet) {.options = {.format = format, .level = GP_LOG_INFO}};
	assert_int_equal(pipe(o->ends), 0);
	o->sink.options = &o->options;
	assert_int_equal(gp_daemon_log_queue_new(o->ends[1], NULL, &o->sink.queue), GP_OK);
	gp_daemon_log_sink_init(&o->log, &o->sink);
}

/* outlet_close: ends the queue and reads what it wrote. */
static char *outlet_close(struct outlet *o)
{
	char *text = calloc(1, 65536);
	gp_daemon_log_queue_free(o->sink.queue);
	close(o->ends[1]);
	size_t got = 0;
	ssize_t n;
	while ((n = read(o->ends[0], text + got, 65535 - got)) > 0)
		got += (size_t)n;
	close(o->ends[0]);
	return text;
}

/* fill_fields: count texts of size bytes c. */
static void fill_fields(struct gp_log_field *fields, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		fields[i] = gp_log_field_text("key", text);
}

/* test_bounded: the longest event keeps every field, the last one too, in one line. */
static void test_bounded(void **state)
{
	static const char bytes[] = {'x', '\n', '"', '\xff'};
	(void)state;
	for (size_t b = 0; b < sizeof bytes; b++) {
		struct outlet o;
		struct gp_log_field fields[24];
		char value[16001];
		memset(value, bytes[b], sizeof value - 1);
		value[sizeof value - 1] = 0;
		fill_fields(fields, 24, value);
		fields[23] = gp_log_field_text("action", "reject");
		outlet_open(&o, GP_LOG_AS_TEXT);
		gp_log_event(&o.log, GP_LOG_INFO, "decision", fields, 24);
		char *text = outlet_close(&o);
		assert_non_null(strstr(text, " action=reject\n"));
		assert_non_null(strstr(text, "... key="));
		assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
		assert_true(strlen(text) < 24 * 560);
		free(text);
	}
}

/* test_short: empty texts are left out, numbers stay. */
static void test_short(void **state)
{
	(void)state;
	struct outlet o;
	const struct gp_log_field fields[] = {gp_log_field_text("a", "b c"),
		gp_log_field_text("none", NULL), gp_log_field_text("empty", ""),
		gp_log_field_number("ms", 0)};
	outlet_open(&o, GP_LOG_AS_TEXT);
	gp_log_event(&o.log, GP_LOG_INFO, "decision", fields, 4);
	gp_log_event(&o.log, GP_LOG_DEBUG, "unwanted", fields, 4);
	char *text = outlet_close(&o);
	assert_string_equal(text, "level=info event=decision a=\"b c\" ms=0\n");
	free(text);
}

/* test_json: an object a line, whatever bytes the values hold. */
static void test_json(void **state)
{
	(void)state;
	struct outlet o;
	const struct gp_log_field fields[] = {gp_log_field_text("utf8", "j\xc3\xb6rg\n"),
		gp_log_field_text("other", "\xff\x01\""), gp_log_field_number("ms", -5)};
	outlet_open(&o, GP_LOG_AS_JSON);
	gp_log_event(&o.log, GP_LOG_WARNING, "decision", fields, 3);
	char *text = outlet_close(&o);
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	json_t *object = json_loads(text, 0, NULL);
	assert_non_null(object);
	assert_string_equal(json_string_value(json_object_get(object, "level")), "warning");
	assert_string_equal(json_string_value(json_object_get(object, "event")), "decision");
	assert_string_equal(json_string_value(json_object_get(object, "utf8")), "j\xc3\xb6rg\n");
	assert_string_equal(json_string_value(json_object_get(object, "other")), "??\"");
	assert_int_equal(json_integer_value(json_object_get(object, "ms")), -5);
	assert_int_equal(strlen(json_string_value(json_object_get(object, "time"))), 20);
	json_decref(object);
	free(text);
}

#define WRITERS 4
#define LINES 20000

/* writer: numbered lines of its own. */
static void *writer(void *arg)
{
	struct gp_daemon_log_queue *queue = arg;
	for (int i = 0; i < LINES; i++) {
		char line[64];
		int n = snprintf(line, sizeof line, "%lx %d\n", (unsigned long)pthread_self(), i);
		gp_daemon_log_queue_add(queue, line, (size_t)n);
	}
	return NULL;
}

/* count_lines: reads slowly what the queue writes, up to its end. */
static void *count_lines(void *arg)
{
	int fd = *(int *)arg;
	static size_t lines; /* one reader in this program */
	char buf[4096];
	ssize_t n;
	lines = 0;
	while ((n = read(fd, buf, sizeof buf)) > 0)
		for (ssize_t i = 0; i < n; i++)
			lines += buf[i] == '\n';
	return &lines;
}

/* test_queue: many threads against a slow reader: every line arrives, and the end waits for it. */
static void test_queue(void **state)
{
	(void)state;
	int ends[2];
	struct gp_daemon_log_queue *queue = NULL;
	pthread_t writers[WRITERS], reader;
	void *lines = NULL;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(gp_daemon_log_queue_new(ends[1], NULL, &queue), GP_OK);
	assert_int_equal(pthread_create(&reader, NULL, count_lines, &ends[0]), 0);
	for (int i = 0; i < WRITERS; i++)
		assert_int_equal(pthread_create(&writers[i], NULL, writer, queue), 0);
	for (int i = 0; i < WRITERS; i++)
		pthread_join(writers[i], NULL);
	gp_daemon_log_queue_flush(queue);
	gp_daemon_log_queue_flush(queue); /* with nothing to do */
	gp_daemon_log_queue_add(queue, "last\n", 5);
	gp_daemon_log_queue_free(queue);
	close(ends[1]);
	pthread_join(reader, &lines);
	assert_int_equal(*(size_t *)lines, WRITERS * LINES + 1);
	close(ends[0]);
}

/* test_dropped: what nobody takes is counted, line by line. */
static void test_dropped(void **state)
{
	(void)state;
	int ends[2];
	struct gp_daemon_log_queue *queue = NULL;
	atomic_ullong dropped = 0;
	char full[4096] = {0};
	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	while (write(ends[1], full, sizeof full) > 0)
		continue;
	assert_int_equal(gp_daemon_log_queue_new(ends[1], &dropped, &queue), GP_OK);
	for (int i = 0; i < 10; i++)
		gp_daemon_log_queue_add(queue, "line\n", 5);
	gp_daemon_log_queue_flush(queue);
	assert_int_equal(atomic_load(&dropped), 10);
	gp_daemon_log_queue_free(queue);
	close(ends[0]);
	close(ends[1]);
}

/* test_long_line: a line over the limit is cut, not refused. */
static void test_long_line(void **state)
{
	(void)state;
	struct gp_daemon_log_queue *queue = NULL;
	FILE *file = tmpfile();
	assert_non_null(file);
	assert_int_equal(gp_daemon_log_queue_new(fileno(file), NULL, &queue), GP_OK);
	char *line = calloc(1, GP_DAEMON_LOG_QUEUE_LINE_MAX + 10);
	gp_daemon_log_queue_add(queue, line, GP_DAEMON_LOG_QUEUE_LINE_MAX + 10);
	gp_daemon_log_queue_flush(queue);
	assert_int_equal(lseek(fileno(file), 0, SEEK_END), GP_DAEMON_LOG_QUEUE_LINE_MAX);
	gp_daemon_log_queue_free(queue);
	free(line);
	fclose(file);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_short),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_queue),
		cmocka_unit_test(test_dropped),
		cmocka_unit_test(test_long_line),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
