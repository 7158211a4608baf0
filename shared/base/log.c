/* SPDX-License-Identifier: ISC */
/* Events on their way to a sink, and the key=value form of a field. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

#define DUE_EVERY_US (60 * 1000000LL)

static const char *const level_names[] = {
	[GP_LOG_ERROR] = "error",
	[GP_LOG_WARNING] = "warning",
	[GP_LOG_NOTICE] = "notice",
	[GP_LOG_INFO] = "info",
	[GP_LOG_DEBUG] = "debug",
};
#define LEVELS (sizeof level_names / sizeof level_names[0])

/* gp_log_wants: threshold and presence. */
bool gp_log_wants(const struct gp_log *log, enum gp_log_level level)
{
	return log && log->write && level <= log->threshold;
}

/* gp_log_event: to the sink. */
void gp_log_event(const struct gp_log *log, enum gp_log_level level, const char *event,
	const struct gp_log_field *fields, size_t count)
{
	if (gp_log_wants(log, level))
		log->write(log->arg, level, event, fields, count);
}

/* gp_log_text: formats, then one field. */
void gp_log_text(const struct gp_log *log, enum gp_log_level level, const char *format, ...)
{
	char text[1024];
	if (!gp_log_wants(log, level))
		return;
	va_list ap;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	const struct gp_log_field field = gp_log_field_text("text", text);
	gp_log_event(log, level, "message", &field, 1);
}

/* gp_log_field_text: from a C string, which may be NULL. */
struct gp_log_field gp_log_field_text(const char *key, const char *text)
{
	return gp_log_field_span(key, gp_span_from(text));
}

/* gp_log_field_span: from a span. */
struct gp_log_field gp_log_field_span(const char *key, struct gp_span text)
{
	return (struct gp_log_field) {.key = key, .text = text};
}

/* gp_log_field_number: from a number. */
struct gp_log_field gp_log_field_number(const char *key, int64_t number)
{
	return (struct gp_log_field) {.key = key, .number = number, .is_number = true};
}

/* is_plain: may the byte stand in a value without quotes? */
static bool is_plain(char c)
{
	return c > 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '=';
}

/* is_verbatim: does the byte stand for itself between quotes? */
static bool is_verbatim(char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* add_quoted: in double quotes, everything doubtful escaped. */
static void add_quoted(struct gp_strbuf *buf, struct gp_span text)
{
	gp_strbuf_add_char(buf, '"');
	while (text.len) {
		size_t n = 0;
		while (n < text.len && is_verbatim(text.ptr[n]))
			n++;
		gp_strbuf_add_span(buf, (struct gp_span) {text.ptr, n});
		text = gp_span_skip(text, n);
		if (text.len == 0)
			break;
		if (text.ptr[0] == '"' || text.ptr[0] == '\\') {
			gp_strbuf_add_char(buf, '\\');
			gp_strbuf_add_char(buf, text.ptr[0]);
		} else {
			gp_strbuf_printf(buf, "\\x%02x", (unsigned)(unsigned char)text.ptr[0]);
		}
		text = gp_span_skip(text, 1);
	}
	gp_strbuf_add_char(buf, '"');
}

/* add_number: decimal digits, without the machinery of printf. */
static void add_number(struct gp_strbuf *buf, int64_t number)
{
	char digits[24], *p = digits + sizeof digits;
	uint64_t n = number < 0 ? -(uint64_t)number : (uint64_t)number;
	do
		*--p = (char)('0' + n % 10);
	while (n /= 10);
	if (number < 0)
		*--p = '-';
	gp_strbuf_add_span(buf, (struct gp_span) {p, (size_t)(digits + sizeof digits - p)});
}

/* gp_log_format_field: key=value. */
void gp_log_format_field(struct gp_strbuf *buf, const struct gp_log_field *field)
{
	gp_strbuf_add(buf, field->key);
	gp_strbuf_add_char(buf, '=');
	if (field->is_number) {
		add_number(buf, field->number);
		return;
	}
	bool plain = field->text.len > 0;
	for (size_t i = 0; plain && i < field->text.len; i++)
		plain = is_plain(field->text.ptr[i]);
	if (plain)
		gp_strbuf_add_span(buf, field->text);
	else
		add_quoted(buf, field->text);
}

/* gp_log_level_name: from the table. */
const char *gp_log_level_name(enum gp_log_level level)
{
	return (size_t)level < LEVELS ? level_names[level] : "unknown";
}

/* gp_log_level_parse: the reverse. */
bool gp_log_level_parse(struct gp_span name, enum gp_log_level *level_out)
{
	for (size_t i = 0; i < LEVELS; i++) {
		if (gp_span_is(name, level_names[i])) {
			*level_out = (enum gp_log_level)i;
			return true;
		}
	}
	return false;
}

/* gp_log_is_due: 0 is never, so a line at 0 is noted a microsecond later. */
bool gp_log_is_due(int64_t *said_us, int64_t now_us)
{
	if (*said_us && now_us - *said_us < DUE_EVERY_US)
		return false;
	*said_us = now_us ? now_us : 1;
	return true;
}
