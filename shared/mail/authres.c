/* SPDX-License-Identifier: ISC */
/*
 * The reader walks once over the value, one token at a time, and never goes back. What is taken
 * beside the grammar leaves no second way to read a value: a bare value ends at a blank, ';' or a
 * parenthesis, a quoted one at its quote, an open quote or comment ends everything.
 *
 * The writer makes each part in a buffer of its own, so that it knows how long the line gets.
 */
#include "mail/authres.h"

#include <string.h>

#include "base/encode.h"

#define WRITTEN_MAX 512   /* bytes of a value as it is written, its quotes aside */
#define COMMENT_MAX 200   /* bytes of a comment */
#define LINE_MAX_BYTES 78 /* RFC 5322 2.1.1: a line should not be longer */

/* ---- reading: tokens ---- */

/* is_blank: what may stand in folding white space. */
static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* has_control: a byte that no field may hold outside its folds? */
static bool has_control(struct gp_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if ((c < 0x20 && !is_blank((char)c)) || c == 0x7f)
			return true;
	}
	return false;
}

/* skip_comment: past the parenthesis that closes the one rest begins with (RFC 5322 3.2.2). */
static bool skip_comment(struct gp_span *rest)
{
	size_t depth = 0;
	for (size_t i = 0; i < rest->len; i++) {
		char c = rest->ptr[i];
		if (c == '\\') {
			i++;
		} else if (c == '(') {
			depth++;
		} else if (c == ')' && --depth == 0) {
			*rest = gp_span_skip(*rest, i + 1);
			return true;
		}
	}
	return false;
}

/* skip_cfws: past white space and comments; false: a comment does not end. */
static bool skip_cfws(struct gp_span *rest)
{
	for (;;) {
		size_t n = 0;
		while (n < rest->len && is_blank(rest->ptr[n]))
			n++;
		*rest = gp_span_skip(*rest, n);
		if (rest->len == 0 || rest->ptr[0] != '(')
			return true;
		if (!skip_comment(rest))
			return false;
	}
}

/* take_char: past c, if it is next. */
static bool take_char(struct gp_span *rest, char c)
{
	if (rest->len == 0 || rest->ptr[0] != c)
		return false;
	*rest = gp_span_skip(*rest, 1);
	return true;
}

/* is_at_end: has this result nothing more? */
static bool is_at_end(struct gp_span rest)
{
	return rest.len == 0 || rest.ptr[0] == ';';
}

/* is_digit: ASCII. */
static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* is_keyword: Keyword of RFC 8601 2.2, and the underscore of policy.is_org. */
static bool is_keyword(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-' ||
	       c == '_';
}

/* is_bare: a byte of a value without quotes. */
static bool is_bare(char c)
{
	return !is_blank(c) && c != ';' && c != '(' && c != ')' && c != '"';
}

/* take_run: the bytes at the start of rest that are of a kind; empty when there is none. */
static struct gp_span take_run(struct gp_span *rest, bool (*is_kind)(char c))
{
	size_t n = 0;
	while (n < rest->len && is_kind(rest->ptr[n]))
		n++;
	const struct gp_span run = {rest->ptr, n};
	*rest = gp_span_skip(*rest, n);
	return run;
}

/* take_keyword: in lower case, as the registry has it; cases do not differ (RFC 8601 2.2). */
static int take_keyword(struct gp_arena *arena, struct gp_span *rest, struct gp_span *word_out)
{
	struct gp_span word = take_run(rest, is_keyword);
	size_t capital = 0;
	*word_out = word;
	if (word.len == 0)
		return GP_ESYNTAX;
	while (capital < word.len && !(word.ptr[capital] >= 'A' && word.ptr[capital] <= 'Z'))
		capital++;
	if (capital == word.len)
		return GP_OK;
	char *copy = gp_arena_copy(arena, word);
	if (!copy)
		return gp_arena_status(arena);
	for (size_t i = capital; i < word.len; i++)
		if (copy[i] >= 'A' && copy[i] <= 'Z')
			copy[i] = (char)(copy[i] - 'A' + 'a');
	word_out->ptr = copy;
	return GP_OK;
}

/* take_quoted: what stands between quotes; *plain_out: it is free of pairs and folds. */
static bool take_quoted(struct gp_span *rest, struct gp_span *inner_out, bool *plain_out)
{
	*plain_out = true;
	for (size_t i = 1; i < rest->len; i++) {
		char c = rest->ptr[i];
		if (c == '"') {
			*inner_out = (struct gp_span) {rest->ptr + 1, i - 1};
			*rest = gp_span_skip(*rest, i + 1);
			return true;
		}
		i += c == '\\';
		*plain_out = *plain_out && c != '\\' && c != '\r' && c != '\n';
	}
	return false;
}

/* unquote: the inner text without pairs and folds, then the tail. */
static int unquote(struct gp_arena *arena, struct gp_span inner, struct gp_span tail,
	struct gp_span *value_out)
{
	size_t n = 0;
	char *copy = gp_arena_array(arena, inner.len + tail.len + 1, 1);
	if (!copy)
		return gp_arena_status(arena);
	for (size_t i = 0; i < inner.len; i++) {
		if (inner.ptr[i] == '\\')
			i++;
		if (inner.ptr[i] != '\r' && inner.ptr[i] != '\n')
			copy[n++] = inner.ptr[i];
	}
	if (tail.len)
		memcpy(copy + n, tail.ptr, tail.len);
	*value_out = (struct gp_span) {copy, n + tail.len};
	return GP_OK;
}

/* take_value: quoted, a quoted local part with its domain, bare, or nothing (RFC 8601 2.2). */
static int take_value(struct gp_arena *arena, struct gp_span *rest, struct gp_span *value_out)
{
	struct gp_span inner, tail = {NULL, 0};
	bool plain;
	if (rest->len == 0 || rest->ptr[0] != '"') {
		*value_out = take_run(rest, is_bare);
		return value_out->len || is_at_end(*rest) ? GP_OK : GP_ESYNTAX;
	}
	if (!take_quoted(rest, &inner, &plain))
		return GP_ESYNTAX;
	if (rest->len && rest->ptr[0] == '@')
		tail = take_run(rest, is_bare);
	if (rest->len && is_bare(rest->ptr[0])) /* "a"b: where would the value end? */
		return GP_ESYNTAX;
	*value_out = inner;
	return plain && tail.len == 0 ? GP_OK : unquote(arena, inner, tail, value_out);
}

/* ---- reading: the parts of a field ---- */

/* take_property: ptype "." property "=" value, the ptype may be missing. */
static int take_property(
	struct gp_arena *arena, struct gp_span *rest, struct gp_authres_property *property_out)
{
	struct gp_span first;
	int rc = take_keyword(arena, rest, &first);
	if (rc)
		return rc;
	*property_out = (struct gp_authres_property) {.property = first};
	if (!skip_cfws(rest))
		return GP_ESYNTAX;
	if (take_char(rest, '.')) {
		property_out->ptype = first;
		if (!skip_cfws(rest))
			return GP_ESYNTAX;
		rc = take_keyword(arena, rest, &property_out->property);
		if (rc)
			return rc;
		if (!skip_cfws(rest))
			return GP_ESYNTAX;
	}
	if (!take_char(rest, '=') || !skip_cfws(rest))
		return GP_ESYNTAX;
	return take_value(arena, rest, &property_out->value);
}

/* take_properties: all up to the end of the result, the reason among them. */
static int take_properties(
	struct gp_arena *arena, struct gp_span *rest, struct gp_authres_result *result)
{
	struct gp_authres_property list[GP_AUTHRES_PROPERTIES];
	bool has_reason = false;
	for (;;) {
		struct gp_authres_property p;
		if (!skip_cfws(rest))
			return GP_ESYNTAX;
		if (is_at_end(*rest))
			break;
		int rc = take_property(arena, rest, &p);
		if (rc)
			return rc;
		if (p.ptype.len == 0 && !has_reason && gp_span_is(p.property, "reason")) {
			has_reason = true;
			result->reason = p.value;
			continue;
		}
		if (result->count == GP_AUTHRES_PROPERTIES)
			return GP_ESYNTAX;
		list[result->count++] = p;
	}
	if (result->count == 0)
		return GP_OK;
	struct gp_authres_property *kept = gp_arena_array(arena, result->count, sizeof *kept);
	if (!kept)
		return gp_arena_status(arena);
	memcpy(kept, list, result->count * sizeof *kept);
	result->properties = kept;
	return GP_OK;
}

/* take_result: what follows the method: its version, the result, the properties. */
static int take_result(
	struct gp_arena *arena, struct gp_span *rest, struct gp_authres_result *result)
{
	if (take_char(rest, '/')) {
		if (!skip_cfws(rest) || take_run(rest, is_digit).len == 0 || !skip_cfws(rest))
			return GP_ESYNTAX;
	}
	if (!take_char(rest, '=') || !skip_cfws(rest))
		return GP_ESYNTAX;
	int rc = take_keyword(arena, rest, &result->result);
	return rc ? rc : take_properties(arena, rest, result);
}

/* take_element: what stands after a ';': nothing, "none" or a result. */
static int take_element(struct gp_arena *arena, struct gp_span *rest,
	struct gp_authres_result *results, size_t *count, bool *none)
{
	if (!skip_cfws(rest))
		return GP_ESYNTAX;
	if (is_at_end(*rest)) /* a last ';' without anything, as many write it */
		return GP_OK;
	struct gp_authres_result result = {.count = 0};
	int rc = take_keyword(arena, rest, &result.method);
	if (rc)
		return rc;
	if (!skip_cfws(rest) || *none)
		return GP_ESYNTAX;
	if (is_at_end(*rest) && *count == 0 && gp_span_is(result.method, "none")) {
		*none = true;
		return GP_OK;
	}
	if (*count == GP_AUTHRES_RESULTS)
		return GP_ESYNTAX;
	rc = take_result(arena, rest, &result);
	if (rc == GP_OK)
		results[(*count)++] = result;
	return rc;
}

/* take_head: authserv-id and version, which is 1 (2.2). */
static int take_head(struct gp_arena *arena, struct gp_span *rest, struct gp_span *id_out)
{
	uint64_t version = 1;
	if (!skip_cfws(rest) || is_at_end(*rest))
		return GP_ESYNTAX;
	int rc = take_value(arena, rest, id_out);
	if (rc)
		return rc;
	if (!skip_cfws(rest))
		return GP_ESYNTAX;
	if (rest->len && is_digit(rest->ptr[0])) {
		if (gp_span_parse_uint(take_run(rest, is_digit), 1000, &version) || version != 1 ||
			!skip_cfws(rest))
			return GP_ESYNTAX;
	}
	return rest->len && rest->ptr[0] == ';' ? GP_OK : GP_ESYNTAX;
}

/* count_results: an upper bound for the results to keep. */
static size_t count_results(struct gp_span text)
{
	size_t n = 0;
	for (size_t i = 0; i < text.len && n < GP_AUTHRES_RESULTS; i++)
		n += text.ptr[i] == ';';
	return n;
}

/* gp_authres_parse: the head, then one element for each ';'. */
int gp_authres_parse(struct gp_arena *arena, struct gp_span value, struct gp_authres *authres_out)
{
	struct gp_span rest = value;
	bool none = false;
	*authres_out = (struct gp_authres) {.count = 0};
	if (has_control(value))
		return GP_ESYNTAX;
	int rc = take_head(arena, &rest, &authres_out->authserv_id);
	if (rc)
		return rc;
	struct gp_authres_result *results =
		gp_arena_array(arena, count_results(rest), sizeof *results);
	if (!results)
		return gp_arena_status(arena);
	while (rc == GP_OK && rest.len)
		rc = take_char(&rest, ';')
			     ? take_element(arena, &rest, results, &authres_out->count, &none)
			     : GP_ESYNTAX;
	if (rc == GP_OK)
		authres_out->results = results;
	else
		authres_out->count = 0;
	return rc;
}

/* gp_authres_value: the first of that name. */
struct gp_span gp_authres_value(
	const struct gp_authres_result *result, const char *ptype, const char *property)
{
	for (size_t i = 0; i < result->count; i++)
		if (gp_span_is(result->properties[i].ptype, ptype) &&
			gp_span_is(result->properties[i].property, property))
			return result->properties[i].value;
	return (struct gp_span) {NULL, 0};
}

/* gp_authres_instance: "i" "=" one or two digits ";", with blanks and comments between. */
bool gp_authres_instance(struct gp_span value, unsigned *instance_out, struct gp_span *results_out)
{
	struct gp_span rest = value;
	uint64_t number;
	if (!skip_cfws(&rest) || !take_char(&rest, 'i') || !skip_cfws(&rest) ||
		!take_char(&rest, '=') || !skip_cfws(&rest))
		return false;
	const struct gp_span digits = take_run(&rest, is_digit);
	if (digits.len > 2 || gp_span_parse_uint(digits, 99, &number) || !skip_cfws(&rest) ||
		!take_char(&rest, ';'))
		return false;
	*instance_out = (unsigned)number;
	*results_out = rest;
	return true;
}

/* ---- writing ---- */

/* character_start: the place at or before at where a UTF-8 character begins. */
static size_t character_start(struct gp_span text, size_t at)
{
	size_t i = at;
	while (i > 0 && at - i < 3 && i < text.len && ((unsigned char)text.ptr[i] & 0xc0) == 0x80)
		i--;
	return i;
}

/* cut_value: as much of it as may be written, pairs counted as two bytes. */
static struct gp_span cut_value(struct gp_span text)
{
	size_t n = 0, written = 0;
	for (; n < text.len; n++) {
		written += text.ptr[n] == '"' || text.ptr[n] == '\\' ? 2 : 1;
		if (written > WRITTEN_MAX)
			return (struct gp_span) {text.ptr, character_start(text, n)};
	}
	return text;
}

/* needs_quotes: bare for RFC 5322, but a tspecial of RFC 2045 5.1, and no address? */
static bool needs_quotes(struct gp_span written)
{
	bool special = false;
	for (size_t i = 0; i < written.len; i++) {
		char c = written.ptr[i];
		if (c == '@')
			return false;
		special = special || c == '/' || c == '=' || c == '?';
	}
	return special && written.ptr[0] != '"';
}

/* add_value: safe in every place where RFC 8601 2.2 wants a value. */
static void add_value(struct gp_strbuf *buf, struct gp_span value)
{
	char room[WRITTEN_MAX + 3];
	struct gp_strbuf written;
	gp_strbuf_init_fixed(&written, room, sizeof room);
	gp_encode_header_value(&written, cut_value(value));
	const struct gp_span text = gp_strbuf_span(&written);
	const char *quote = needs_quotes(text) ? "\"" : "";
	gp_strbuf_add(buf, quote);
	gp_strbuf_add_span(buf, text);
	gp_strbuf_add(buf, quote);
}

/* is_line_full: would n more bytes make the line too long, and is there a fold to end it? */
static bool is_line_full(const struct gp_authres_writer *writer, size_t n)
{
	const struct gp_span text = gp_strbuf_span(writer->buf);
	size_t line = 0;
	if (!strchr(writer->fold, '\n'))
		return false;
	while (line < text.len && line <= LINE_MAX_BYTES && text.ptr[text.len - line - 1] != '\n')
		line++;
	return line + n > LINE_MAX_BYTES;
}

/* add_part: after a blank, or on a new line when this one would get too long. */
static void add_part(struct gp_authres_writer *writer, struct gp_strbuf *part)
{
	const struct gp_span text = gp_strbuf_span(part);
	gp_strbuf_add(writer->buf, is_line_full(writer, 1 + text.len) ? writer->fold : " ");
	gp_strbuf_add_span(writer->buf, text);
}

/* gp_authres_begin: the authserv-id. */
void gp_authres_begin(struct gp_authres_writer *writer, struct gp_strbuf *buf,
	const char *authserv_id, const char *fold)
{
	*writer = (struct gp_authres_writer) {.buf = buf, .fold = fold};
	add_value(buf, gp_span_from(authserv_id));
}

/* gp_authres_result: on a line of its own. */
void gp_authres_result(struct gp_authres_writer *writer, const char *method, const char *result)
{
	writer->any = true;
	gp_strbuf_add_char(writer->buf, ';');
	gp_strbuf_add(writer->buf, writer->fold);
	gp_strbuf_add(writer->buf, method);
	gp_strbuf_add_char(writer->buf, '=');
	gp_strbuf_add(writer->buf, result);
}

/* gp_authres_comment: its own parentheses are the only ones. */
void gp_authres_comment(struct gp_authres_writer *writer, const char *text)
{
	char inner[COMMENT_MAX], room[COMMENT_MAX + 3];
	struct gp_span shown = {inner, 0};
	struct gp_strbuf part;
	for (; shown.len < sizeof inner && text[shown.len]; shown.len++) {
		char c = text[shown.len];
		inner[shown.len] = c == '(' || c == ')' || c == '\\' ? '?' : c;
	}
	gp_strbuf_init_fixed(&part, room, sizeof room);
	gp_strbuf_add_char(&part, '(');
	gp_encode_visible(&part, shown);
	gp_strbuf_add_char(&part, ')');
	add_part(writer, &part);
}

/* gp_authres_reason: a property without ptype. */
void gp_authres_reason(struct gp_authres_writer *writer, const char *text)
{
	gp_authres_property(writer, "", "reason", gp_span_from(text));
}

/* gp_authres_property: name and value in one piece. */
void gp_authres_property(struct gp_authres_writer *writer, const char *ptype, const char *property,
	struct gp_span value)
{
	char room[WRITTEN_MAX + 128];
	struct gp_strbuf part;
	gp_strbuf_init_fixed(&part, room, sizeof room);
	gp_strbuf_add(&part, ptype);
	gp_strbuf_add(&part, *ptype ? "." : "");
	gp_strbuf_add(&part, property);
	gp_strbuf_add_char(&part, '=');
	add_value(&part, value);
	add_part(writer, &part);
}

/* gp_authres_end: a field without results says "none", as it has to (RFC 8601 2.2). */
void gp_authres_end(struct gp_authres_writer *writer)
{
	if (!writer->any)
		gp_strbuf_add(writer->buf, "; none");
}
