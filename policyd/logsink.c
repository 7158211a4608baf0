/* SPDX-License-Identifier: ISC */
/* An event becomes a line in a buffer of its own, and the line one write. */
#include "policyd/logsink.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/encode.h"

#define LINE_MAX_BYTES 16384
#define VALUE_MAX_BYTES 512

/* bounded: the field with at most VALUE_MAX_BYTES of text. */
static struct gp_log_field bounded(const struct gp_log_field *field)
{
	struct gp_log_field f = *field;
	if (!f.is_number && f.text.len > VALUE_MAX_BYTES)
		f.text.len = VALUE_MAX_BYTES;
	return f;
}

/* is_cut: has bounded taken something away? */
static bool is_cut(const struct gp_log_field *field)
{
	return !field->is_number && field->text.len > VALUE_MAX_BYTES;
}

/* is_left_out: fields without text say nothing. */
static bool is_left_out(const struct gp_log_field *field)
{
	return !field->is_number && field->text.len == 0;
}

/* format_time: RFC 3339 in UTC. */
static void format_time(char text_out[32])
{
	time_t now = time(NULL);
	struct tm tm;
	gmtime_r(&now, &tm);
	strftime(text_out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
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
		gp_strbuf_add(buf, is_cut(&fields[i]) ? "..." : "");
	}
}

/* json_value: a string; what is no UTF-8 becomes visible ASCII first. */
static json_t *json_value(const struct gp_log_field *field)
{
	char storage[VALUE_MAX_BYTES + 8];
	struct gp_strbuf buf;
	if (field->is_number)
		return json_integer(field->number);
	json_t *value = json_stringn(field->text.ptr, field->text.len);
	if (value)
		return value;
	gp_strbuf_init_fixed(&buf, storage, sizeof storage);
	gp_encode_visible(&buf, field->text);
	return json_stringn(buf.data, buf.len);
}

/* add_json: one object. */
static void add_json(struct gp_strbuf *buf, enum gp_log_level level, const char *event,
	const struct gp_log_field *fields, size_t count)
{
	json_t *object = json_object();
	char now[32];
	format_time(now);
	json_object_set_new(object, "time", json_string(now));
	json_object_set_new(object, "level", json_string(gp_log_level_name(level)));
	json_object_set_new(object, "event", json_string(event));
	for (size_t i = 0; i < count; i++) {
		struct gp_log_field field = bounded(&fields[i]);
		if (!is_left_out(&field))
			json_object_set_new(object, field.key, json_value(&field));
	}
	char *line = json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII);
	gp_strbuf_add(buf, line ? line : "{\"event\":\"log-failed\"}");
	free(line);
	json_decref(object);
}

/* write_all: the line; a log that cannot be written must not stop the mail. */
static void write_all(int fd, const char *line, size_t len)
{
	while (len) {
		ssize_t n = write(fd, line, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		line += n;
		len -= (size_t)n;
	}
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

/* sink: gp_log.write of the daemon. */
static void sink(void *arg, enum gp_log_level level, const char *event,
	const struct gp_log_field *fields, size_t count)
{
	const struct gp_config_log *options = arg;
	struct gp_strbuf buf;
	/* not on the stack: its pages would stay with every idle session's thread */
	char *storage = malloc(LINE_MAX_BYTES);
	if (!storage)
		return;
	gp_strbuf_init_fixed(&buf, storage, LINE_MAX_BYTES - 1);
	if (options->format == GP_LOG_AS_JSON)
		add_json(&buf, level, event, fields, count);
	else
		add_text(&buf, level, event, fields, count);
	if (options->target == GP_LOG_TO_SYSLOG) {
		syslog(options->facility | priority_of(level), "%s", buf.data);
	} else {
		buf.data[buf.len] = '\n'; /* the storage has one byte more than the buffer knows */
		write_all(STDERR_FILENO, buf.data, buf.len + 1);
	}
	free(storage);
}

/* gp_logsink_init: ties the log to its options. */
void gp_logsink_init(struct gp_log *log, const struct gp_config_log *options)
{
	*log = (struct gp_log) {
		.write = sink,
		.arg = (void *)(uintptr_t)options, /* read only, see sink */
		.threshold = (enum gp_log_level)options->level,
	};
}

/* gp_logsink_open: at once, since /dev/log is out of reach after chroot. */
void gp_logsink_open(const struct gp_config_log *options)
{
	if (options->target == GP_LOG_TO_SYSLOG)
		openlog("gatepost-policyd", LOG_PID | LOG_NDELAY, options->facility);
}
