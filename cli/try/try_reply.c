/* SPDX-License-Identifier: ISC */
/* Line by line: the code, a hyphen where more lines follow, the text. Every line has the same code
 * (RFC 5321 4.2.1). */
#include "cli/try/try_reply.h"

#include <stdint.h>
#include <string.h>

#define CODE_LEN 3

/* take_line: cuts off a line, without its end; GP_TRY_MORE, GP_ESYNTAX: too long. */
static int take_line(struct gp_span *text, struct gp_span *line_out)
{
	const char *end = text->len ? memchr(text->ptr, '\n', text->len) : NULL;
	size_t n = end ? (size_t)(end - text->ptr) : text->len;
	if (n > GP_TRY_LINE_MAX)
		return GP_ESYNTAX;
	if (!end)
		return GP_TRY_MORE;
	*line_out = (struct gp_span) {text->ptr, n};
	*text = gp_span_skip(*text, n + 1);
	if (n && line_out->ptr[n - 1] == '\r')
		line_out->len--;
	return GP_OK;
}

/* read_line: code, whether it is the last one, text; false: it is no line of a reply. */
static bool read_line(
	struct gp_span line, unsigned *code_out, bool *is_last_out, struct gp_span *text_out)
{
	uint64_t code;
	const struct gp_span digits = {line.ptr, CODE_LEN};
	if (line.len < CODE_LEN || gp_span_parse_uint(digits, 599, &code) || code < 200)
		return false;
	char mark = line.len > CODE_LEN ? line.ptr[CODE_LEN] : ' ';
	*code_out = (unsigned)code;
	*is_last_out = mark != '-';
	*text_out = gp_span_skip(line, CODE_LEN + 1);
	return mark == '-' || mark == ' ';
}

/* gp_try_reply_parse: until the line without a hyphen. */
int gp_try_reply_parse(struct gp_span text, struct gp_try_reply *reply_out, size_t *used_out)
{
	struct gp_span rest = text, line;
	bool is_last = false;
	reply_out->line_count = 0;
	while (!is_last) {
		unsigned code;
		int rc = take_line(&rest, &line);
		if (rc)
			return rc;
		if (reply_out->line_count == GP_TRY_LINES_MAX ||
			!read_line(line, &code, &is_last, &reply_out->lines[reply_out->line_count]))
			return GP_ESYNTAX;
		if (reply_out->line_count && code != reply_out->code)
			return GP_ESYNTAX;
		reply_out->code = code;
		reply_out->line_count++;
	}
	*used_out = text.len - rest.len;
	return GP_OK;
}

/* skip_number: one to three digits; false: there are none. */
static bool skip_number(struct gp_span *text)
{
	size_t n = 0;
	while (n < text->len && n < 3 && text->ptr[n] >= '0' && text->ptr[n] <= '9')
		n++;
	*text = gp_span_skip(*text, n);
	return n > 0;
}

/* skip_dot: one; false: there is none. */
static bool skip_dot(struct gp_span *text)
{
	bool is_there = text->len && text->ptr[0] == '.';
	*text = gp_span_skip(*text, is_there);
	return is_there;
}

/* gp_try_reply_status: class.subject.detail (RFC 3463 2). */
const char *gp_try_reply_status(
	const struct gp_try_reply *reply, char status_out[GP_TRY_STATUS_TEXT])
{
	struct gp_span line = reply->lines[0], rest = line;
	*status_out = 0;
	if (!line.len || line.ptr[0] != (char)('0' + reply->code / 100))
		return status_out;
	rest = gp_span_skip(rest, 1);
	if (!skip_dot(&rest) || !skip_number(&rest) || !skip_dot(&rest) || !skip_number(&rest) ||
		(rest.len && rest.ptr[0] != ' '))
		return status_out;
	size_t n = line.len - rest.len; /* at most 9 */
	memcpy(status_out, line.ptr, n);
	status_out[n] = 0;
	return status_out;
}

/* gp_try_reply_offers: the first line greets, the others begin with a keyword (4.1.1.1). */
bool gp_try_reply_offers(
	const struct gp_try_reply *reply, const char *keyword, struct gp_span *params_out)
{
	struct gp_span word, params;
	for (size_t i = 1; i < reply->line_count; i++) {
		(void)gp_span_cut(
			reply->lines[i], ' ', &word, &params); /* no blank: no parameters */
		if (!gp_span_is(word, keyword))
			continue;
		if (params_out)
			*params_out = params;
		return true;
	}
	return false;
}
