/* SPDX-License-Identifier: ISC */
/* One pass over the lines; known names come from a table of rows. */
#include "policyd/protocol.h"

#include <stddef.h>
#include <string.h>

#define AT(member) offsetof(struct gp_protocol_request, member)

/* The attributes that are used, in the order in which Postfix sends them. */
static const struct {
	const char *name;
	size_t len, offset;
} attributes[] = {
	{"request", 7, AT(request)},
	{"protocol_state", 14, AT(protocol_state)},
	{"client_address", 14, AT(client_address)},
	{"client_name", 11, AT(client_name)},
	{"server_address", 14, AT(server_address)},
	{"server_port", 11, AT(server_port)},
	{"helo_name", 9, AT(helo_name)},
	{"sender", 6, AT(sender)},
	{"recipient", 9, AT(recipient)},
	{"recipient_count", 15, AT(recipient_count_text)},
	{"queue_id", 8, AT(queue_id)},
	{"instance", 8, AT(instance)},
	{"size", 4, AT(size_text)},
	{"sasl_username", 13, AT(sasl_username)},
	{"policy_context", 14, AT(policy_context)},
	{"gatepost_explain", 16, AT(explain)},
};
#define ATTRIBUTES (sizeof attributes / sizeof attributes[0])

static const struct {
	const char *word;
	enum gp_protocol_state state;
} states[] = {
	{"RCPT", GP_STATE_RCPT},
	{"MAIL", GP_STATE_MAIL},
	{"DATA", GP_STATE_DATA},
	{"END-OF-MESSAGE", GP_STATE_END_OF_MESSAGE},
	{"CONNECT", GP_STATE_CONNECT},
	{"HELO", GP_STATE_HELO},
	{"EHLO", GP_STATE_HELO},
};

/* find: the row of a name, or ATTRIBUTES; hint is the row that is likely to come next. */
static size_t find(struct gp_span name, size_t hint)
{
	for (size_t i = 0; i < ATTRIBUTES; i++) {
		size_t row = (hint + i) % ATTRIBUTES;
		if (name.len == attributes[row].len &&
			memcmp(name.ptr, attributes[row].name, name.len) == 0)
			return row;
	}
	return ATTRIBUTES;
}

/* gp_protocol_is_used: one of the table. */
bool gp_protocol_is_used(struct gp_span name)
{
	return find(name, 0) != ATTRIBUTES;
}

/* state_of: the enum of a protocol_state. */
static enum gp_protocol_state state_of(struct gp_span word)
{
	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
		if (gp_span_is(word, states[i].word))
			return states[i].state;
	return GP_STATE_OTHER;
}

/* known: the value, empty when Postfix does not know it. */
static struct gp_span known(struct gp_span value)
{
	return gp_span_is(value, "unknown") ? (struct gp_span) {NULL, 0} : value;
}

/* is_digits: nothing else, and not nothing. */
static bool is_digits(struct gp_span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
	return text.len > 0;
}

/* number: too large a value is the maximum, anything but a number is absent. */
static int64_t number(struct gp_span text)
{
	uint64_t n = 0;
	text = gp_span_trim(text);
	if (gp_span_parse_uint(text, GP_PROTOCOL_NUMBER_MAX, &n) != GP_OK)
		return is_digits(text) ? GP_PROTOCOL_NUMBER_MAX : 0;
	return (int64_t)n;
}

/* take: the value of the attribute in this row, which may have one already. */
static void take(struct gp_protocol_request *r, size_t row, bool is_repeated, struct gp_span value)
{
	struct gp_span *place = (struct gp_span *)(void *)((char *)r + attributes[row].offset);
	if (!is_repeated || (place == &r->sasl_username && value.len == 0))
		*place = value;
}

/* take_mark: out of policy_context, which is shown in status and log. */
static void take_mark(struct gp_protocol_request *r)
{
	r->mark_state = gp_engine_mark_parse(r->policy_context, &r->mark);
	if (r->mark_state != GP_MARK_NONE)
		r->policy_context.len = 0;
}

/* gp_protocol_parse: line by line up to the empty one. */
int gp_protocol_parse(
	struct gp_span text, struct gp_protocol_request *request_out, const char **problem_out)
{
	struct gp_protocol_request r = {0};
	struct gp_span line, name, value;
	unsigned seen = 0;
	size_t hint = 0;
	while (gp_span_cut(text, '\n', &line, &text) && line.len) {
		if (!gp_span_cut(line, '=', &name, &value))
			continue; /* the reader has said so */
		size_t row = find(name, hint);
		if (row == ATTRIBUTES)
			continue;
		take(&r, row, seen & (1u << row), value);
		seen |= 1u << row;
		hint = row + 1;
	}
	if (r.instance.len > GP_PROTOCOL_INSTANCE_MAX)
		r.instance.len = GP_PROTOCOL_INSTANCE_MAX;
	r.recipient_count = number(r.recipient_count_text);
	r.size = number(r.size_text);
	r.state = state_of(r.protocol_state);
	take_mark(&r);
	*request_out = r;
	if (gp_span_is(r.request, "smtpd_access_policy"))
		return GP_OK;
	*problem_out = "request is not smtpd_access_policy";
	return GP_ESYNTAX;
}

/*
 * address: none for "unknown", and for what is none; an IPv6 zone (RFC 4007 11) is no part of it.
 */
static struct gp_ipaddr address(struct gp_span value)
{
	struct gp_ipaddr addr;
	struct gp_span bare, zone;
	(void)gp_span_cut(gp_span_trim(value), '%', &bare, &zone); /* most have none */
	if (gp_ipaddr_parse(bare, &addr))
		return (struct gp_ipaddr) {.family = GP_IP_NONE};
	return gp_ipaddr_unmap(addr);
}

/* gp_protocol_envelope: attributes to the engine's terms. */
void gp_protocol_envelope(
	const struct gp_protocol_request *request, struct gp_envelope *envelope_out)
{
	struct gp_ipaddr client = address(request->client_address);
	*envelope_out = (struct gp_envelope) {
		.client = client,
		.client_is_unreadable =
			client.family == GP_IP_NONE && known(request->client_address).len > 0,
		.server = address(request->server_address),
		.client_name = known(request->client_name),
		.helo = request->helo_name,
		/* Postfix sends the null sender as an empty one; others may write it out */
		.sender = gp_span_is(request->sender, "<>") ? (struct gp_span) {NULL, 0}
							    : request->sender,
		.recipient = request->recipient,
		.sasl_username = request->sasl_username,
	};
}

/* join: user@site. */
static int join(struct gp_arena *arena, struct gp_span user, struct gp_span site,
	struct gp_span *sender_out)
{
	struct gp_strbuf buf;
	const char *text;
	gp_strbuf_init(&buf, arena, user.len + site.len + 2);
	gp_strbuf_add_span(&buf, user);
	gp_strbuf_add_char(&buf, '@');
	gp_strbuf_add_span(&buf, site);
	int rc = gp_strbuf_finish(&buf, &text);
	*sender_out = gp_strbuf_span(&buf);
	return rc;
}

/* trim_end: without the blanks and @ signs at its end, which are delivered as part of a local part
 * ("x@shop.test "@), and the dots after or between them. Dots alone are left to the domain. */
static struct gp_span trim_end(struct gp_span sender)
{
	struct gp_span kept = sender;
	bool only_dots = true;
	for (; kept.len && memchr(" \t.@", kept.ptr[kept.len - 1], 4); kept.len--)
		only_dots = only_dots && kept.ptr[kept.len - 1] == '.';
	return only_dots ? sender : kept;
}

/* gp_protocol_sender: in the order in which Postfix looks for them. */
int gp_protocol_sender(struct gp_arena *arena, struct gp_span sender, struct gp_span *sender_out)
{
	struct gp_span user, site;
	sender = trim_end(sender);
	*sender_out = sender;
	ptrdiff_t at = gp_span_find_last(sender, '@');
	if (at >= 0) {
		site = gp_span_skip(sender, (size_t)at + 1);
		user = (struct gp_span) {sender.ptr, (size_t)at};
		bool has_blank = site.ptr[0] == ' ' || site.ptr[0] == '\t';
		return has_blank ? join(arena, user, gp_span_trim(site), sender_out) : GP_OK;
	}
	if (gp_span_cut(sender, '!', &site, &user))
		return join(arena, user, site, sender_out);
	ptrdiff_t percent = gp_span_find_last(sender, '%');
	if (percent < 0)
		return GP_OK;
	user = (struct gp_span) {sender.ptr, (size_t)percent};
	return join(arena, user, gp_span_skip(sender, (size_t)percent + 1), sender_out);
}

/* add_line: without breaks. */
static void add_line(struct gp_strbuf *buf, const char *text)
{
	for (struct gp_span rest = gp_span_from(text); rest.len;) {
		size_t plain = strcspn(rest.ptr, "\r\n");
		gp_strbuf_add_span(buf, (struct gp_span) {rest.ptr, plain});
		gp_strbuf_add(buf, plain < rest.len ? " " : "");
		rest = gp_span_skip(rest, plain + 1);
	}
}

/* gp_protocol_explain: before the line that ends the answer. */
void gp_protocol_explain(struct gp_strbuf *buf, const char *name, const char *value)
{
	gp_strbuf_add(buf, name);
	gp_strbuf_add(buf, "=");
	add_line(buf, value);
	gp_strbuf_add(buf, "\n");
}

/* gp_protocol_format: one line and an empty one. */
void gp_protocol_format(struct gp_strbuf *buf, const char *verb, const char *text)
{
	gp_strbuf_add(buf, "action=");
	gp_strbuf_add(buf, verb);
	if (text) {
		gp_strbuf_add(buf, *verb ? " " : "");
		add_line(buf, text);
	}
	gp_strbuf_add(buf, "\n\n");
}

/* gp_protocol_format_field: a comment may stand before what either field says (RFC 8601 2.2, RFC
 * 7208 9.1). */
void gp_protocol_format_field(struct gp_strbuf *buf, const char *field, struct gp_span mark)
{
	struct gp_span name, value;
	if (mark.len == 0 || !gp_span_cut(gp_span_from(field), ':', &name, &value)) {
		gp_protocol_format(buf, "PREPEND", field);
		return;
	}
	gp_strbuf_add(buf, "action=PREPEND ");
	gp_strbuf_add_span(buf, name);
	gp_strbuf_add(buf, ": (");
	gp_strbuf_add_span(buf, mark);
	gp_strbuf_add(buf, ")");
	add_line(buf, value.ptr);
	gp_strbuf_add(buf, "\n\n");
}
