/* SPDX-License-Identifier: ISC */
/* An event becomes a line in a buffer of its own, and the line one write. */
#include "daemon/log_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/encode.h"
#include "daemon/journal.h"
#include "daemon/log_file.h"

#define VALUE_MAX_BYTES 512
#define PATIENCE_MS 1000    /* with a descriptor that takes nothing */
#define ESCAPED_BYTES 4     /* \\xNN */
#define FIELD_EXTRA_BYTES 8 /* blank, equal sign, quotes, the mark of a cut */
/* Nearly every line fits; a larger buffer would stay a part of each idle thread's stack. */
#define LINE_BYTES 4096

/* Like the connection of syslog(3), one for the process; set before the first thread. */
static int journal_fd = -1;
static bool is_opened;
static const char *program_name;
/* The file's descriptor, which stays the same when the file is opened again; -1: not yet. */
static int file_fd = -1;
/* Where lines go and how they look: written by gp_daemon_log_sink_open. */
static atomic_int lines_fd = STDERR_FILENO, lines_target, lines_format;

/* bounded: the field with as much of its text as takes VALUE_MAX_BYTES when it is escaped. */
static struct gp_log_field bounded(const struct gp_log_field *field)
{
	struct gp_log_field f = *field;
	size_t n = 0, cost = 0;
	if (f.is_number || f.text.len <= VALUE_MAX_BYTES / ESCAPED_BYTES)
		return f;
	for (; n < f.text.len; n++) {
		char c = f.text.ptr[n];
		cost += c >= 0x20 && c < 0x7f && c != '"' && c != '\\' ? 1 : ESCAPED_BYTES;
		if (cost > VALUE_MAX_BYTES)
			break;
	}
	f.text.len = n;
	return f;
}

/* is_left_out: fields without text say nothing. */
static bool is_left_out(const struct gp_log_field *field)
{
	return !field->is_number && field->text.len == 0;
}

/* add_text: key=value for each field. */
static void add_text(struct gp_strbuf *buf, enum gp_log_level level, const char *event,
	const struct gp_log_field *fields, size_t count)
{
	gp_strbuf_add(buf, "level=");
	gp_strbuf_add(buf, gp_log_level_name(level));
	gp_strbuf_add(buf, " event=");
	gp_strbuf_add(buf, event);
	for (size_t i = 0; i < count; i++) {
		struct gp_log_field field = bounded(&fields[i]);
		if (is_left_out(&field))
			continue;
		gp_strbuf_add_char(buf, ' ');
		gp_log_format_field(buf, &field);
		if (field.text.len < fields[i].text.len)
			gp_strbuf_add(buf, "...");
	}
}

/* json_value: a string; what is no UTF-8, or was cut, becomes visible ASCII first. */
static json_t *json_value(const struct gp_log_field *field, bool is_cut)
{
	char storage[VALUE_MAX_BYTES + 8];
	struct gp_strbuf buf;
	if (field->is_number)
		return json_integer(field->number);
	json_t *value = is_cut ? NULL : json_stringn(field->text.ptr, field->text.len);
	if (value)
		return value;
	gp_strbuf_init_fixed(&buf, storage, sizeof storage);
	gp_encode_visible(&buf, field->text);
	gp_strbuf_add(&buf, is_cut ? "..." : "");
	return json_stringn(buf.data, buf.len);
}

/* json_line: one object, from the heap, or NULL. */
static char *json_line(
	enum gp_log_level level, const char *event, const struct gp_log_field *fields, size_t count)
{
	json_t *object = json_object();
	char now[GP_CLOCK_TEXT];
	gp_clock_format(time(NULL), now);
	json_object_set_new(object, "time", json_string(now));
	json_object_set_new(object, "level", json_string(gp_log_level_name(level)));
	json_object_set_new(object, "event", json_string(event));
	for (size_t i = 0; i < count; i++) {
		struct gp_log_field field = bounded(&fields[i]);
		if (!is_left_out(&field))
			json_object_set_new(object, field.key,
				json_value(&field, field.text.len < fields[i].text.len));
	}
	char *line = json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(object);
	return line;
}

/* priority_of: the level as syslog has it. */
static int priority_of(enum gp_log_level level)
{
	static const int priorities[] = {
		[GP_LOG_ERROR] = LOG_ERR,
		[GP_LOG_WARNING] = LOG_WARNING,
		[GP_LOG_NOTICE] = LOG_NOTICE,
		[GP_LOG_INFO] = LOG_INFO,
		[GP_LOG_DEBUG] = LOG_DEBUG,
	};
	return priorities[level];
}

/*
 * An event with the line that was made of it; in place of the line's NUL there is room for its end.
 * The head, which is for files only, stands right before the line.
 */
struct event {
	enum gp_log_level level;
	const char *name;
	const struct gp_log_field *fields;
	size_t count;
	char *line;
	size_t len, head;
};

/* put_journal: false when the journal does not take it; the line is for everybody. */
static bool put_journal(const struct event *e, int priority)
{
	size_t size = e->len + 256; /* what every event has */
	struct gp_strbuf buf;
	for (size_t i = 0; i < e->count; i++)
		size += strlen(e->fields[i].key) + FIELD_EXTRA_BYTES + 24 +
			(e->fields[i].is_number ? 0 : bounded(&e->fields[i]).text.len);
	char *datagram = malloc(size);
	if (!datagram)
		return false;
	gp_strbuf_init_fixed(&buf, datagram, size);
	gp_daemon_journal_begin(
		&buf, program_name, priority, e->name, (struct gp_span) {e->line, e->len});
	for (size_t i = 0; i < e->count; i++) {
		struct gp_log_field field = bounded(&e->fields[i]);
		if (!is_left_out(&field))
			gp_daemon_journal_add(&buf, &field);
	}
	bool taken = gp_daemon_journal_send(journal_fd, (struct gp_span) {buf.data, buf.len});
	free(datagram);
	return taken;
}

/* put: the line to where the sink leads. */
static void put(const struct gp_daemon_log_sink *sink, const struct event *e)
{
	enum gp_config_log_target target = sink->options->target;
	int priority = sink->options->facility | priority_of(e->level);
	char *line = e->line - e->head;
	size_t len = e->head + e->len;
	if (target == GP_LOG_TO_SYSLOG) {
		syslog(priority, "%s", line);
		return;
	}
	if (target == GP_LOG_TO_STDERR && journal_fd >= 0 && put_journal(e, priority))
		return;
	line[len++] = '\n';
	if (sink->queue)
		gp_daemon_log_queue_add(sink->queue, line, len);
	else if (!gp_daemon_log_queue_write(atomic_load(&lines_fd), line, len, PATIENCE_MS) &&
		 sink->dropped) /* a log that cannot be written must not stop the mail */
		atomic_fetch_add(sink->dropped, 1);
}

/* room_for: bytes that suffice for the event, were every byte of its values escaped. */
static size_t room_for(const struct gp_log_field *fields, size_t count)
{
	size_t room = 64 + GP_DAEMON_LOG_FILE_HEAD; /* level, event, line end */
	for (size_t i = 0; i < count; i++) {
		size_t value = fields[i].is_number ? 24 : fields[i].text.len * ESCAPED_BYTES;
		room += strlen(fields[i].key) + FIELD_EXTRA_BYTES +
			(value < VALUE_MAX_BYTES ? value : VALUE_MAX_BYTES);
	}
	return room;
}

/* write_text: an event as key=value. */
static void write_text(const struct gp_daemon_log_sink *sink, enum gp_log_level level,
	const char *event, const struct gp_log_field *fields, size_t count)
{
	char storage[LINE_BYTES];
	struct gp_strbuf buf;
	size_t room = room_for(fields, count);
	char *line = room <= sizeof storage ? storage : malloc(room);
	/* without memory what fits is better than nothing */
	gp_strbuf_init_fixed(&buf, line ? line : storage, line ? room : sizeof storage);
	if (sink->options->target == GP_LOG_TO_FILE)
		gp_daemon_log_file_head(&buf, program_name);
	size_t head = buf.len;
	add_text(&buf, level, event, fields, count);
	put(sink, &(struct event) {
			  level, event, fields, count, buf.data + head, buf.len - head, head});
	if (line != storage)
		free(line);
}

/* write_event: gp_log.write of the daemon. */
static void write_event(void *arg, enum gp_log_level level, const char *event,
	const struct gp_log_field *fields, size_t count)
{
	const struct gp_daemon_log_sink *sink = arg;
	if (sink->options->format == GP_LOG_AS_TEXT) {
		write_text(sink, level, event, fields, count);
		return;
	}
	char *line = json_line(level, event, fields, count);
	if (line)
		put(sink, &(struct event) {level, event, fields, count, line, strlen(line), 0});
	free(line);
}

/* gp_daemon_log_sink_init: ties the log to the sink. */
void gp_daemon_log_sink_init(struct gp_log *log, const struct gp_daemon_log_sink *sink)
{
	*log = (struct gp_log) {
		.write = write_event,
		.arg = (void *)(uintptr_t)sink, /* read only, see write_event */
		.threshold = (enum gp_log_level)sink->options->level,
	};
}

/* gp_daemon_log_sink_fd: never -1. */
const atomic_int *gp_daemon_log_sink_fd(void)
{
	return &lines_fd;
}

/* gp_daemon_log_sink_lost: an event as any other. */
void gp_daemon_log_sink_lost(struct gp_strbuf *line, uint64_t lines)
{
	const struct gp_log_field count = gp_log_field_number("lines", (int64_t)lines);
	char *json = NULL;
	if (atomic_load(&lines_format) == GP_LOG_AS_JSON)
		json = json_line(GP_LOG_WARNING, "log-lost", &count, 1);
	else if (atomic_load(&lines_target) == GP_LOG_TO_FILE)
		gp_daemon_log_file_head(line, program_name);
	if (json)
		gp_strbuf_add(line, json);
	else
		add_text(line, GP_LOG_WARNING, "log-lost", &count, 1);
	gp_strbuf_add_char(line, '\n');
	free(json);
}

/* say_unopened: to where lines go instead. */
static void say_unopened(const struct gp_config *config, const char *problem)
{
	const struct gp_daemon_log_sink sink = {.options = &config->log};
	struct gp_log log;
	gp_daemon_log_sink_init(&log, &sink);
	gp_log_text(&log, GP_LOG_ERROR,
		"log.file: %s cannot be opened: %s; the log goes to %s. Make the directory and the "
		"file writable for the user that the daemon runs as, then send SIGHUP",
		config->log.file, problem,
		file_fd < 0 ? "standard error" : "the file that was opened before");
}

/* lead_to_file: another file takes the place of the one before under the same descriptor, so that
 * who is writing writes to one of them. */
static void lead_to_file(const struct gp_config *config)
{
	const char *problem;
	int fd = gp_daemon_log_file_open(config, &problem);
	if (fd >= 0 && file_fd >= 0) {
		if (dup3(fd, file_fd, O_CLOEXEC) < 0)
			problem = strerror(errno);
		close(fd);
	} else if (fd >= 0) {
		file_fd = fd;
	}
	if (file_fd >= 0)
		atomic_store(&lines_fd, file_fd);
	if (problem)
		say_unopened(config, problem);
}

/* gp_daemon_log_sink_open: at once, since both sockets are out of reach after chroot. */
void gp_daemon_log_sink_open(const struct gp_config *config, const char *program)
{
	const struct gp_config_log *options = &config->log;
	if (!is_opened) {
		journal_fd = gp_daemon_journal_open();
		gp_daemon_log_file_prepare();
	}
	is_opened = true;
	program_name = program;
	atomic_store(&lines_format, (int)options->format);
	atomic_store(&lines_target, (int)options->target);
	if (options->target == GP_LOG_TO_SYSLOG)
		openlog(program, LOG_PID | LOG_NDELAY, options->facility);
	if (options->target == GP_LOG_TO_FILE)
		lead_to_file(config);
	else
		atomic_store(&lines_fd, STDERR_FILENO);
}
