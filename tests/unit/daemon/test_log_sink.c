/* SPDX-License-Identifier: ISC */
/* Lines of the log: bounded values, nothing forged or hidden, JSON, and the queue behind them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/log_sink.h"

/* A log through a queue into a pipe. */
struct outlet {
	struct gp_config_log options;
	struct gp_daemon_log_sink sink;
	struct gp_log log;
	int ends[2];
	atomic_int fd;
};

/* queue_new: a queue that writes to this descriptor. */
static struct gp_daemon_log_queue *queue_new(const atomic_int *fd, atomic_ullong *dropped)
{
	struct gp_daemon_log_queue *queue = NULL;
	const struct gp_daemon_log_queue_options options = {fd, dropped, gp_daemon_log_sink_lost};
	assert_int_equal(gp_daemon_log_queue_new(&options, &queue), GP_OK);
	return queue;
}

/* outlet_open: of a format. */
static void outlet_open(struct outlet *o, int format)
{
	*o = (struct outlet) {.options = {.format = format, .level = GP_LOG_INFO}};
	assert_int_equal(pipe(o->ends), 0);
	o->sink.options = &o->options;
	atomic_init(&o->fd, o->ends[1]);
	o->sink.queue = queue_new(&o->fd, NULL);
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
	pthread_t writers[WRITERS], reader;
	void *lines = NULL;
	assert_int_equal(pipe(ends), 0);
	const atomic_int fd = ends[1];
	struct gp_daemon_log_queue *queue = queue_new(&fd, NULL);
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
	atomic_ullong dropped = 0;
	char full[4096] = {0};
	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	while (write(ends[1], full, sizeof full) > 0)
		continue;
	const atomic_int fd = ends[1];
	struct gp_daemon_log_queue *queue = queue_new(&fd, &dropped);
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
	FILE *file = tmpfile();
	assert_non_null(file);
	const atomic_int fd = fileno(file);
	struct gp_daemon_log_queue *queue = queue_new(&fd, NULL);
	char *line = calloc(1, GP_DAEMON_LOG_QUEUE_LINE_MAX + 10);
	gp_daemon_log_queue_add(queue, line, GP_DAEMON_LOG_QUEUE_LINE_MAX + 10);
	gp_daemon_log_queue_flush(queue);
	assert_int_equal(lseek(fileno(file), 0, SEEK_END), GP_DAEMON_LOG_QUEUE_LINE_MAX);
	gp_daemon_log_queue_free(queue);
	free(line);
	fclose(file);
}

/* A directory of the test's own, and the options of a log in it. */
struct place {
	char directory[64], path[128], other[128];
	struct gp_config config;
	struct gp_daemon_log_sink sink;
	struct gp_log log;
};

/* place_open: the user and the group are those of the test. */
static void place_open(struct place *p)
{
	*p = (struct place) {.config.log = {.target = GP_LOG_TO_FILE, .level = GP_LOG_INFO}};
	snprintf(p->directory, sizeof p->directory, "/tmp/gatepost-log.XXXXXX");
	assert_non_null(mkdtemp(p->directory));
	snprintf(p->path, sizeof p->path, "%s/log", p->directory);
	snprintf(p->other, sizeof p->other, "%s/log.1", p->directory);
	p->config.policyd.user = p->config.policyd.group = "nobody";
	if (geteuid() == 0) {
		const struct passwd *pw = getpwnam("nobody");
		const struct group *gr = getgrgid(pw->pw_gid);
		assert_int_equal(chown(p->directory, pw->pw_uid, pw->pw_gid), 0);
		p->config.policyd.group = gr->gr_name;
	}
	p->config.policyd.chroot = "";
	p->config.log.file = p->path;
	p->sink.options = &p->config.log;
	gp_daemon_log_sink_init(&p->log, &p->sink);
}

/* place_close: with what it holds. */
static void place_close(struct place *p)
{
	unlink(p->path);
	unlink(p->other);
	assert_int_equal(rmdir(p->directory), 0);
}

/* text_of: of a file, to be freed; "" when there is none. */
static char *text_of(const char *path)
{
	char *text = calloc(1, 65536);
	FILE *file = fopen(path, "r");
	if (file) {
		(void)!fread(text, 1, 65535, file);
		(void)fclose(file);
	}
	return text;
}

/* assert_holds: the file's text has this part, so many times. */
static void assert_holds(const char *path, const char *part, int times)
{
	char *text = text_of(path);
	int found = 0;
	for (const char *at = text; (at = strstr(at, part)); at += strlen(part))
		found++;
	if (found != times)
		print_message("%s:\n%s", path, text);
	assert_int_equal(found, times);
	free(text);
}

/* test_file: lines with time, host, program and process; another file after a rename. */
static void test_file(void **state)
{
	(void)state;
	struct place p;
	struct stat st;
	regex_t head;
	place_open(&p);
	gp_daemon_log_sink_open(&p.config, "gatepost-test");
	gp_log_text(&p.log, GP_LOG_NOTICE, "first");
	assert_int_equal(stat(p.path, &st), 0);
	assert_int_equal(st.st_mode & 07137, 0); /* 0640 less the umask */
	if (geteuid() == 0)
		assert_int_equal(st.st_uid, getpwnam("nobody")->pw_uid);
	assert_int_equal(regcomp(&head,
				 "^[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}\\.[0-9]{6}"
				 "[+-][0-9]{2}:[0-9]{2} [^ ]+ gatepost-test\\[[0-9]+\\]: "
				 "level=notice event=message text=first\n$",
				 REG_EXTENDED | REG_NOSUB),
		0);
	char *text = text_of(p.path);
	assert_int_equal(regexec(&head, text, 0, NULL, 0), 0);
	free(text);
	regfree(&head);
	assert_int_equal(rename(p.path, p.other), 0);
	gp_log_text(&p.log, GP_LOG_NOTICE, "second");
	gp_daemon_log_sink_open(&p.config, "gatepost-test");
	gp_log_text(&p.log, GP_LOG_NOTICE, "third");
	assert_holds(p.other, "event=message", 2);
	assert_holds(p.path, "text=third\n", 1);
	place_close(&p);
}

/* test_file_refused: what is no file of its own is not written to, and lines go on elsewhere. */
static void test_file_refused(void **state)
{
	(void)state;
	struct place p;
	place_open(&p);
	gp_daemon_log_sink_open(&p.config, "gatepost-test");
	assert_int_equal(rename(p.path, p.other), 0);
	assert_int_equal(symlink("/tmp/gatepost-log-elsewhere", p.path), 0);
	gp_daemon_log_sink_open(&p.config, "gatepost-test");
	assert_holds(p.other, "cannot be opened: it is a symbolic link", 1);
	assert_int_equal(access("/tmp/gatepost-log-elsewhere", F_OK), -1);
	assert_int_equal(unlink(p.path), 0);
	assert_int_equal(mkfifo(p.path, 0666), 0);
	gp_daemon_log_sink_open(&p.config, "gatepost-test"); /* nobody reads it: not waited for */
	assert_int_equal(unlink(p.path), 0);
	assert_int_equal(mkdir(p.path, 0755), 0);
	gp_daemon_log_sink_open(&p.config, "gatepost-test");
	assert_int_equal(rmdir(p.path), 0);
	assert_holds(p.other, "event=message", 3);
	place_close(&p);
}

/* test_file_full: a write that fails is counted, line by line, and said when it works again. */
static void test_file_full(void **state)
{
	(void)state;
	struct place p;
	atomic_ullong dropped = 0;
	atomic_int fd = open("/dev/full", O_WRONLY);
	if (fd < 0)
		skip();
	place_open(&p);
	gp_daemon_log_sink_open(&p.config, "gatepost-test");
	p.sink.queue = queue_new(&fd, &dropped);
	gp_log_text(&p.log, GP_LOG_NOTICE, "lost");
	gp_daemon_log_queue_flush(p.sink.queue);
	gp_log_text(&p.log, GP_LOG_NOTICE, "lost");
	gp_daemon_log_queue_flush(p.sink.queue);
	assert_int_equal(atomic_load(&dropped), 2);
	close(atomic_exchange(&fd, atomic_load(gp_daemon_log_sink_fd())));
	gp_log_text(&p.log, GP_LOG_NOTICE, "kept");
	gp_daemon_log_queue_free(p.sink.queue);
	assert_holds(p.path, "]: level=warning event=log-lost lines=2\n", 1);
	assert_holds(p.path, "event=message text=kept\n", 1);
	assert_int_equal(atomic_load(&dropped), 2);
	place_close(&p);
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
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_file_refused),
		cmocka_unit_test(test_file_full),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
