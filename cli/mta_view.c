/* SPDX-License-Identifier: ISC */
/*
 * A row for each thing that mail servers do to a header, the one that matters most first; each
 * finds its line or nothing.
 */
#include "cli/mta_view.h"

#include <string.h>

#include "base/encode.h"

#define EXIM_HEADER 65536 /* what Exim hands over at most */
#define SHOWN 24          /* bytes of a line */

/* is_blank: WSP. */
static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* shown: the beginning of a line for people. */
static const char *shown(struct gp_arena *arena, struct gp_span line)
{
	struct gp_strbuf buf;
	const char *text;
	line.len = line.len < SHOWN ? line.len : SHOWN;
	gp_strbuf_init(&buf, arena, 256);
	gp_encode_visible(&buf, line);
	return gp_strbuf_finish(&buf, &text) ? "" : text;
}

/* is_name_byte: neither a blank nor a control of ASCII; Exim's mac_isgraph takes all above. */
static bool is_name_byte(char c)
{
	return (unsigned char)c > ' ' && c != 0x7f;
}

/* is_field_for_exim: a name of such bytes, which may be empty (receive_msg). */
static bool is_field_for_exim(struct gp_span raw)
{
	size_t i = 0;
	if (raw.len && is_blank(raw.ptr[0]))
		return false;
	while (i < raw.len && is_name_byte(raw.ptr[i]) && raw.ptr[i] != ':')
		i++;
	while (i < raw.len && (is_blank(raw.ptr[i]) || raw.ptr[i] == '\r' || raw.ptr[i] == '\n'))
		i++;
	return i < raw.len && raw.ptr[i] == ':';
}

/* end_of_header: a line that is no field is the first line of the body for them. */
static const char *end_of_header(struct gp_arena *arena, const struct gp_message *message)
{
	size_t line = 1;
	struct gp_span before, rest;
	for (size_t i = 0; i < message->count; i++) {
		struct gp_span raw = message->fields[i].raw;
		if (message->fields[i].name.len == 0)
			return gp_arena_printf(arena,
				"%s line %zu of the header (\"%s\") as the first line of the body; "
				"the lines below are not part of the header for %s",
				is_field_for_exim(raw) ? "Postfix treats"
						       : "Exim and Postfix treat",
				line, shown(arena, raw), is_field_for_exim(raw) ? "it" : "them");
		rest = raw;
		for (line++; gp_span_cut(rest, '\n', &before, &rest);)
			line++;
	}
	return NULL;
}

/* changed_bytes: a bare CR, a bare LF, a NUL. Behind a first line that ended with CRLF Exim writes
 * a blank after a bare LF (receive_msg). */
static const char *changed_bytes(struct gp_arena *arena, const struct gp_message *message)
{
	if (!message->defect || message->is_cut)
		return NULL;
	if (strstr(message->defect, "bare LF"))
		return gp_arena_printf(arena,
			"%s, the first line ends with CRLF: for Exim the text after the bare LF "
			"belongs to the same field; Postfix treats it as a line end or rejects it",
			message->defect);
	return gp_arena_printf(arena,
		"%s: Exim converts a bare CR to a line end, which may end the header, and a NUL to "
		"?",
		message->defect);
}

/* both_ends: by the first line Exim knows that LF ends lines here; CRLF does so for it anyway. */
static const char *both_ends(struct gp_arena *arena, const struct gp_message *message)
{
	return message->has_both_ends
		       ? gp_arena_printf(arena,
				 "the first line of the header ends with LF and others with CRLF: "
				 "Exim and Postfix treat both as the end of a line, as was done "
				 "here")
		       : NULL;
}

/* too_large: what Exim cannot hand over. */
static const char *too_large(struct gp_arena *arena, const struct gp_message *message)
{
	size_t bytes = 0;
	for (size_t i = 0; i < message->count; i++)
		bytes += message->fields[i].raw.len + 1;
	return bytes < EXIM_HEADER
		       ? NULL
		       : gp_arena_printf(arena,
				 "Exim passes only the first %d bytes of this header, so its "
				 "author is not certain (header_maxsize = 60K rejects such a "
				 "message)",
				 EXIM_HEADER);
}

/* blank_line: at the end of a field. */
static const char *blank_line(struct gp_arena *arena, const struct gp_message *message)
{
	for (size_t i = 0; i < message->count; i++) {
		struct gp_span raw = message->fields[i].raw;
		size_t end = raw.len;
		while (end && is_blank(raw.ptr[end - 1]))
			end--;
		if (end < raw.len && end && raw.ptr[end - 1] == '\n')
			return gp_arena_printf(arena,
				"Exim removes the blank line from the end of the field \"%s\", so "
				"a signature over it with c=simple cannot be verified there",
				shown(arena, message->fields[i].name));
	}
	return NULL;
}

/* taken_away: fields that Exim removes as it receives a message. */
static const char *taken_away(struct gp_arena *arena, const struct gp_message *message)
{
	static const char *const names[] = {"Return-path", "Envelope-to", "Delivery-date", NULL};
	for (size_t i = 0; names[i]; i++)
		if (gp_message_find(message, names[i]))
			return gp_arena_printf(
				arena, "Exim removes the field %s on reception", names[i]);
	return NULL;
}

/* gp_cli_mta_view: the first row that finds something. */
const char *gp_cli_mta_view(struct gp_arena *arena, const struct gp_message *message)
{
	static const char *(*const rows[])(struct gp_arena *, const struct gp_message *) = {
		end_of_header, changed_bytes, too_large, blank_line, both_ends, taken_away};
	const char *found = NULL;
	for (size_t i = 0; !found && i < sizeof rows / sizeof rows[0]; i++)
		found = rows[i](arena, message);
	return found;
}
