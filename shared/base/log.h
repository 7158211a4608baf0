/* SPDX-License-Identifier: ISC */
/*
 * Log: levels, and events made of named fields; where they go is the surface's business.
 *
 * The core makes events, a sink that the surface supplies writes them (as key=value, as JSON, to
 * stderr, to syslog). Nothing here prints. A sink must bear calls from several threads.
 *
 *     gp_log_text(ctx->log, GP_LOG_WARNING, "server %s does not answer", name);
 */
#ifndef GP_BASE_LOG_H
#define GP_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "base/strbuf.h"

enum gp_log_level { GP_LOG_ERROR, GP_LOG_WARNING, GP_LOG_NOTICE, GP_LOG_INFO, GP_LOG_DEBUG };

/* One field: text, or a number when is_number is set. An empty text is left out by the sink. */
struct gp_log_field {
	const char *key;
	struct gp_span text;
	int64_t number;
	bool is_number;
};

/* What the surface supplies. event is a fixed word; the fields live as long as the call. */
struct gp_log {
	void (*write)(void *arg, enum gp_log_level level, const char *event,
		const struct gp_log_field *fields, size_t count);
	void *arg;
	enum gp_log_level threshold; /* what is less urgent is dropped */
};

/* Would an event of this level be written? log may be NULL (no). */
bool gp_log_wants(const struct gp_log *log, enum gp_log_level level);

/* Hands an event to the sink, if it wants it. */
void gp_log_event(const struct gp_log *log, enum gp_log_level level, const char *event,
	const struct gp_log_field *fields, size_t count);

/* An event "message" with one field "text"; at most 1 KiB of it. */
void gp_log_text(const struct gp_log *log, enum gp_log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Constructors of fields. */
struct gp_log_field gp_log_field_text(const char *key, const char *text);
struct gp_log_field gp_log_field_span(const char *key, struct gp_span text);
struct gp_log_field gp_log_field_number(const char *key, int64_t number);

/*
 * Appends key=value, values with blanks, quotes or bytes outside printable ASCII in double quotes
 * with \xNN for those bytes: no value can forge a field or a line.
 */
void gp_log_format_field(struct gp_strbuf *buf, const struct gp_log_field *field);

/* The level's name, and the level of a name (false when there is none). */
const char *gp_log_level_name(enum gp_log_level level);
bool gp_log_level_parse(struct gp_span name, enum gp_log_level *level_out);

/*
 * May a line that can come again and again be logged now? At most one per minute: *said_us is when
 * the last one was, 0: never. Not for two threads at once.
 */
bool gp_log_is_due(int64_t *said_us, int64_t now_us);

#endif
