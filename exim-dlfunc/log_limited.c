/* SPDX-License-Identifier: ISC */
/* A line is built in one place, so that nothing foreign reaches syslog(3) unescaped. */
#include "exim-dlfunc/log_limited.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"

#define LINE_BYTES 1024

/* may_say: the first of its kind for a minute. */
static bool may_say(struct gp_exim_log *log, enum gp_exim_log_kind kind)
{
	return gp_log_is_due(&log->said_us[kind], gp_clock_now_us(gp_clock_system()));
}

/* put_fields: to syslog, as one printable line; event may be "". */
static void put_fields(const struct gp_exim_log *log, int priority, const char *event,
	const struct gp_log_field *fields, size_t count)
{
	char line[LINE_BYTES];
	struct gp_strbuf buf;
	gp_strbuf_init_fixed(&buf, line, sizeof line);
	gp_strbuf_printf(&buf, "gatepost-exim:%s%s", *event ? " event=" : "", event);
	for (size_t i = 0; i < count; i++) {
		if (!fields[i].is_number && fields[i].text.len == 0)
			continue;
		gp_strbuf_add_char(&buf, ' ');
		gp_log_format_field(&buf, &fields[i]);
	}
	syslog(log->facility | priority, "%s", line);
}

/* put: a problem, and the message that it is about. */
static void put(const struct gp_exim_log *log, int priority, struct gp_span id, struct gp_span text)
{
	const struct gp_log_field fields[] = {
		gp_log_field_span("id", id), gp_log_field_span("problem", text)};
	put_fields(log, priority, "", fields, 2);
}

/* gp_exim_say: formats what may be said. */
void gp_exim_say(struct gp_exim_log *log, enum gp_exim_log_kind kind, struct gp_span id,
	const char *format, ...)
{
	char text[LINE_BYTES / 2];
	va_list ap;
	if (!may_say(log, kind))
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	put(log, LOG_ERR, id, gp_span_from(text));
}

/* write_event: the sink of the core's events: sentences, at most one per minute, and what has
 * happened to something, which is said each time. */
static void write_event(void *arg, enum gp_log_level level, const char *event,
	const struct gp_log_field *fields, size_t count)
{
	struct gp_exim_log *log = arg;
	int priority = level == GP_LOG_ERROR ? LOG_ERR : LOG_WARNING;
	if (strcmp(event, "message") != 0)
		put_fields(log, priority, event, fields, count);
	else if (count && may_say(log, GP_EXIM_CORE))
		put(log, priority, (struct gp_span) {NULL, 0}, fields[0].text);
}

/* gp_exim_log_init: to the mail facility of syslog. */
void gp_exim_log_init(struct gp_exim_log *log)
{
	*log = (struct gp_exim_log) {
		.log = {.write = write_event, .arg = log, .threshold = GP_LOG_WARNING},
		.facility = LOG_MAIL,
	};
}
