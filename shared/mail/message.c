/* SPDX-License-Identifier: ISC */
/*
 * The header is copied into the arena once, with CRLF line ends; then it is read line by line: a
 * line that begins with a blank continues with the field above it, each other one begins a field.
 */
#include "mail/message.h"

#include <string.h>

#include "mail/mboxline.h"

static const char crlf[] = "\r\n";

/* line_end: the first place at or after from, the start of a line, where a line ends; text.len when
 * none does. *next_out: where the next one begins. Among lines that end with LF those with CRLF end
 * as well, as Exim has it; among those that end with CRLF a bare LF ends none. */
static size_t line_end(
	struct gp_span text, size_t from, enum gp_message_ending ending, size_t *next_out)
{
	for (size_t at = from; at < text.len;) {
		const char *lf = memchr(text.ptr + at, '\n', text.len - at);
		if (!lf)
			break;
		size_t i = (size_t)(lf - text.ptr);
		bool has_cr = i > from && lf[-1] == '\r';
		*next_out = at = i + 1;
		if (has_cr || ending == GP_MESSAGE_LF)
			return has_cr ? i - 1 : i;
	}
	*next_out = text.len;
	return text.len;
}

/* header_end: where the first empty line begins, or text.len; *rest_out: what comes after it. */
static size_t header_end(struct gp_span text, enum gp_message_ending ending, size_t *rest_out)
{
	for (size_t at = 0; at < text.len;) {
		size_t end = line_end(text, at, ending, rest_out);
		if (end == text.len)
			break;
		if (end == at)
			return at;
		at = *rest_out;
	}
	*rest_out = text.len;
	return text.len;
}

/* count_of: how often a byte occurs. */
static size_t count_of(struct gp_span text, char c)
{
	struct gp_span before;
	size_t count = 0;
	while (gp_span_cut(text, c, &before, &text))
		count++;
	return count;
}

/* copy_with_crlf: the header as it went over the wire; no text when the arena refuses. */
static struct gp_span copy_with_crlf(struct gp_arena *arena, struct gp_span header,
	enum gp_message_ending ending, bool *has_both_out)
{
	*has_both_out = false;
	if (ending == GP_MESSAGE_CRLF)
		return (struct gp_span) {gp_arena_copy(arena, header), header.len};
	char *copy = gp_arena_alloc(arena, header.len + count_of(header, '\n') + 1), *to = copy;
	struct gp_span line;
	bool has_lf = false, has_crlf = false;
	while (copy && gp_span_cut(header, '\n', &line, &header)) {
		bool has_cr = line.len && line.ptr[line.len - 1] == '\r';
		line.len -= has_cr;
		has_lf = has_lf || !has_cr;
		has_crlf = has_crlf || has_cr;
		if (line.len)
			memcpy(to, line.ptr, line.len);
		memcpy(to + line.len, crlf, 2);
		to += line.len + 2;
	}
	if (copy && line.len)
		memcpy(to, line.ptr, line.len);
	*has_both_out = has_lf && has_crlf;
	return (struct gp_span) {copy, copy ? (size_t)(to - copy) + line.len : 0};
}

/* find_defect: bytes that make a header uncertain; in which of its lines. */
static const char *find_defect(struct gp_span header, size_t *line_out)
{
	*line_out = 0;
	for (size_t i = 0; i < header.len; i++) {
		const char *start = header.ptr + i, *at = memchr(start, '\n', header.len - i);
		size_t length = at ? (size_t)(at - start) : header.len - i;
		const char *cr = memchr(start, '\r', length);
		++*line_out;
		if (memchr(start, 0, length))
			return "a NUL byte";
		if (cr && (!at || cr + 1 != at))
			return "a bare CR";
		if (at && !cr)
			return "a bare LF";
		i += length;
	}
	return NULL;
}

/* is_blank: what a continuation begins with. */
static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* next_field: takes a field with its continuations off the text. */
static struct gp_span next_field(struct gp_span *text)
{
	size_t next, end = line_end(*text, 0, GP_MESSAGE_CRLF, &next);
	while (next < text->len && is_blank(text->ptr[next]))
		end = line_end(*text, next, GP_MESSAGE_CRLF, &next);
	struct gp_span field = {text->ptr, end};
	*text = gp_span_skip(*text, next);
	return field;
}

/* field_name: before the colon, blanks at its end cut off (RFC 5322 4.5); empty when it is none. */
static struct gp_span field_name(struct gp_span raw, struct gp_span *value_out)
{
	static const struct gp_span none = {NULL, 0};
	struct gp_span name;
	*value_out = raw;
	if (!gp_span_cut(raw, ':', &name, value_out)) {
		*value_out = raw;
		return none;
	}
	while (name.len && is_blank(name.ptr[name.len - 1]))
		name.len--;
	for (size_t i = 0; i < name.len; i++)
		if (name.ptr[i] <= ' ' || name.ptr[i] > '~') /* RFC 5322 2.2 */
			name = none;
	if (name.len == 0)
		*value_out = raw;
	return name;
}

/* count_fields: at most one over the limit. */
static size_t count_fields(struct gp_span text)
{
	size_t count = 0;
	while (text.len && count <= GP_MESSAGE_FIELDS_MAX) {
		(void)next_field(&text); /* counted only */
		count++;
	}
	return count;
}

/* cut_header: to the largest size, at the end of a line. */
static struct gp_span cut_header(struct gp_span header)
{
	if (header.len <= GP_MESSAGE_HEADER_MAX)
		return header;
	header.len = GP_MESSAGE_HEADER_MAX;
	ptrdiff_t end = gp_span_find_last(header, '\n');
	header.len = (size_t)(end + 1);
	return header;
}

/* say_defect: the first one that there is, the most general first. */
static int say_defect(struct gp_arena *arena, struct gp_message *message, struct gp_span text)
{
	size_t line;
	const char *what = find_defect(text, &line);
	message->defect = message->count > GP_MESSAGE_FIELDS_MAX
				  ? "the header has more than 4096 fields"
			  : message->is_cut ? "the header has more than 2 MiB"
					    : NULL;
	message->is_cut = message->defect != NULL;
	if (message->is_cut || !what)
		return GP_OK;
	message->defect = gp_arena_printf(arena, "the header has %s in line %zu", what, line);
	return message->defect ? GP_OK : gp_arena_status(arena);
}

/* read_fields: as many as count says; a line that is none is a defect. */
static int read_fields(struct gp_arena *arena, struct gp_message *message, struct gp_span text)
{
	struct gp_message_field *fields = gp_arena_array(arena, message->count, sizeof *fields);
	size_t line = 1;
	if (!fields)
		return gp_arena_status(arena);
	for (size_t i = 0; i < message->count; i++) {
		struct gp_message_field *f = &fields[i];
		f->raw = next_field(&text);
		f->name = field_name(f->raw, &f->value);
		if (f->name.len == 0 && !message->defect) {
			message->defect = gp_arena_printf(
				arena, "line %zu of the header is not a field", line);
			if (!message->defect)
				return gp_arena_status(arena);
		}
		line += 1 + count_of(f->raw, '\n');
	}
	message->fields = fields;
	return GP_OK;
}

/* gp_message_parse: bound, copy, count, cut. */
int gp_message_parse(struct gp_arena *arena, struct gp_span header, enum gp_message_ending ending,
	struct gp_message *message_out)
{
	size_t rest;
	bool has_both;
	*message_out = (struct gp_message) {.is_cut = header.len > GP_MESSAGE_HEADER_MAX};
	header = cut_header(header);
	size_t whole = header.len;
	header.len = header_end(header, ending, &rest);
	message_out->is_cut = message_out->is_cut && header.len == whole;
	struct gp_span text = copy_with_crlf(arena, header, ending, &has_both);
	if (!text.ptr)
		return gp_arena_status(arena);
	message_out->has_both_ends = has_both;
	message_out->count = count_fields(text);
	int rc = say_defect(arena, message_out, text);
	if (message_out->count > GP_MESSAGE_FIELDS_MAX)
		message_out->count = GP_MESSAGE_FIELDS_MAX;
	return rc ? rc : read_fields(arena, message_out, text);
}

/* first_ending: that of the first line; LF when it has none. */
static enum gp_message_ending first_ending(struct gp_span text)
{
	size_t next, end = line_end(text, 0, GP_MESSAGE_LF, &next);
	return next - end == 2 ? GP_MESSAGE_CRLF : GP_MESSAGE_LF;
}

/* gp_message_split: the line of a mailbox file, then the line ends, then the empty line. */
void gp_message_split(struct gp_span text, struct gp_span *header_out, size_t *body_at_out,
	enum gp_message_ending *ending_out)
{
	size_t rest, skip, first = line_end(text, 0, GP_MESSAGE_LF, &skip);
	if (!gp_mboxline_is((struct gp_span) {text.ptr, first}))
		skip = 0;
	*header_out = gp_span_skip(text, skip);
	/* the mailbox line is not written by the program that wrote the message */
	*ending_out = first_ending(header_out->len ? *header_out : text);
	header_out->len = header_end(*header_out, *ending_out, &rest);
	*body_at_out = skip + rest;
}

/* gp_message_body_ending: by the two bytes before it. */
enum gp_message_ending gp_message_body_ending(struct gp_span text, size_t body_at)
{
	return body_at > 1 && body_at <= text.len && text.ptr[body_at - 1] == '\n' &&
			       text.ptr[body_at - 2] == '\r'
		       ? GP_MESSAGE_CRLF
		       : GP_MESSAGE_LF;
}

/* gp_message_find: from the top. */
const struct gp_message_field *gp_message_find(const struct gp_message *message, const char *name)
{
	for (size_t i = 0; i < message->count; i++)
		if (gp_span_is(message->fields[i].name, name))
			return &message->fields[i];
	return NULL;
}

/* gp_message_count: all of them. */
size_t gp_message_count(const struct gp_message *message, const char *name)
{
	size_t count = 0;
	for (size_t i = 0; i < message->count; i++)
		count += gp_span_is(message->fields[i].name, name);
	return count;
}
