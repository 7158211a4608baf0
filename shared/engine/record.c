/* SPDX-License-Identifier: ISC */
/* Row by row; what is absent or null is left out of lines, and is "" where it is asked for. */
#include "engine/record.h"

#include <string.h>

#include "base/encode.h"
#include "engine/value.h"
#include "mail/address.h"

#define GET_MAX 4096
#define LINE_MAX_BYTES 4000 /* what syslog(3) and log files carry in a line */

/* ---- the verdict's own rows ---- */

/* One function for each of them. */
/* clang-format off */
#define MEMBER(name, expression) \
	static struct gp_value name(const struct gp_record *r, size_t item) \
	{ \
		const struct gp_facts *f = r->facts; \
		const struct gp_verdict *v = r->verdict; \
		(void)item; \
		(void)f; \
		(void)v; \
		return expression; \
	}
MEMBER(action, gp_engine_value_text(gp_engine_action_name(v->action)))
MEMBER(would, gp_engine_value_text(gp_engine_action_name(v->would)))
MEMBER(would_differ, v->would == v->action ? gp_engine_value_absent() : would(r, 0))
MEMBER(rule, gp_engine_value_text(v->rule))
MEMBER(reply, gp_engine_value_text(v->reply))
MEMBER(summary, gp_engine_value_text(v->summary))
MEMBER(override, gp_engine_value_text(v->override))
MEMBER(results, gp_engine_value_text(v->results))
MEMBER(from, gp_engine_value_text(f->author_domain))
MEMBER(from_shown, !v->checked ? gp_engine_value_absent()
	: gp_engine_value_text(*f->author_domain ? f->author_domain : "-"))
MEMBER(from_problem, gp_engine_value_text(f->from_problem))
MEMBER(dns_stale, gp_engine_value_some(f->notes.stale))
MEMBER(dns_trouble, f->trouble ? gp_engine_value_text("yes") : gp_engine_value_absent())
/* clang-format on */

/* before the checks in the line about a message */
static const struct gp_field decided[] = {
	{.get = "action", .line = "action", .value = action, .help = "the action"},
	{.line = "rule", .value = rule, .help = "the rule that decided"},
	{.get = "would", .value = would, .help = "what mode = enforce would have done"},
	{.line = "would", .value = would_differ, .help = "the same, if different"},
	{.get = "rule", .value = rule, .help = "the rule that decided"},
	{.get = "reply",
		.type = GP_FIELD_SENTENCE,
		.value = reply,
		.help = "code and text of the reply"},
	{.get = "summary",
		.type = GP_FIELD_SENTENCE,
		.value = summary,
		.help = "the line for the log"},
	{.get = "override",
		.line = "override",
		.value = override,
		.help = "the exception that held a rule back"},
	{.line = "dns_stale", .value = dns_stale, .help = "expired DNS answers that were used"},
	{.line = "dns_trouble", .value = dns_trouble, .help = "DNS could not be queried"},
	{.get = "from", .type = GP_FIELD_NAME, .value = from, .help = "the author's domain"},
	{.line = "from", .value = from_shown, .help = "the author's domain"},
	{.get = "from.problem",
		.type = GP_FIELD_SENTENCE,
		.value = from_problem,
		.help = "why there is none"},
	{.value = NULL},
};

/* after them, in logs of our own and in JSON */
static const struct gp_field told[] = {
	{.json = "from", .type = GP_FIELD_TEXT, .value = from, .help = "the author's domain"},
	{.json = "from_problem",
		.type = GP_FIELD_SENTENCE,
		.value = from_problem,
		.help = "why there is none"},
	{.log = "action", .json = "action", .value = action, .help = "the action"},
	{.log = "would", .value = would_differ, .help = "what enforce would do, if different"},
	{.json = "would", .value = would, .help = "what mode = enforce would have done"},
	{.log = "rule", .json = "rule", .value = rule, .help = "the rule that decided"},
	{.json = "override", .value = override, .help = "the exception that held a rule back"},
	{.log = "reply",
		.json = "reply",
		.type = GP_FIELD_TEXT,
		.value = reply,
		.help = "code and text of the reply"},
	{.json = "authentication_results",
		.type = GP_FIELD_TEXT,
		.value = results,
		.help = "value of the Authentication-Results field"},
	{.value = NULL},
};

/* ---- all rows ---- */

/* take: row number *i of a table, or *i less those that it has. */
static const struct gp_field *take(const struct gp_field *rows, size_t *i)
{
	for (; rows && rows->value; rows++)
		if ((*i)-- == 0)
			return rows;
	return NULL;
}

/* gp_engine_record_field: table by table. */
const struct gp_field *gp_engine_record_field(const struct gp_pipeline *pipeline, size_t i)
{
	const struct gp_field *row = take(decided, &i);
	for (size_t k = 0; !row && k < pipeline->count; k++)
		row = take(pipeline->checks[k]->fields, &i);
	return row ? row : take(told, &i);
}

/* A walk over all rows without counting each time from the first. */
struct walk {
	const struct gp_pipeline *p;
	const struct gp_field *row;
	size_t table; /* 0: decided, 1 to count: checks, then told */
};

/* rows_of: a table by its number. */
static const struct gp_field *rows_of(const struct walk *w, size_t table)
{
	if (table == 0)
		return decided;
	return table <= w->p->count ? w->p->checks[table - 1]->fields : told;
}

/* next: the row after the one that w stands at; NULL: there is none. */
static const struct gp_field *next(struct walk *w)
{
	if (w->row)
		w->row++;
	else
		w->row = decided;
	while (!w->row || !w->row->value) {
		if (++w->table > w->p->count + 1)
			return NULL;
		w->row = rows_of(w, w->table);
	}
	return w->row;
}

/* ---- the log ---- */

/* log_field: one value; a text is left out by the sink when it is empty. */
static struct gp_log_field log_field(const char *key, const struct gp_value *v)
{
	if (v->type == GP_VALUE_NUMBER)
		return gp_log_field_number(key, v->number);
	if (v->type == GP_VALUE_BOOL)
		return gp_log_field_text(key, v->yes ? "yes" : "no");
	return gp_log_field_span(key, v->text);
}

/* gp_engine_record_init: rows that have a key there. */
void gp_engine_record_init(struct gp_pipeline *pipeline)
{
	struct walk w = {.p = pipeline};
	pipeline->log_count = 0;
	for (const struct gp_field *row;
		pipeline->log_count < GP_RECORD_LOG_MAX && (row = next(&w));)
		if (row->log)
			pipeline->log[pipeline->log_count++] = row;
}

/* gp_engine_record_log: what is known. */
size_t gp_engine_record_log(const struct gp_pipeline *pipeline, const struct gp_record *record,
	struct gp_log_field *fields_out, size_t room)
{
	size_t n = 0;
	for (size_t i = 0; i < pipeline->log_count && n < room; i++) {
		const struct gp_field *row = pipeline->log[i];
		const struct gp_value v = row->value(record, 0);
		if (v.type != GP_VALUE_ABSENT && v.type != GP_VALUE_NULL)
			fields_out[n++] = log_field(row->log, &v);
	}
	return n;
}

/* ---- the line about a message ---- */

/* is_plain: does a text make one word of a line? */
static bool is_plain(struct gp_span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (strchr(" \t\r\n", text.ptr[i]))
			return false;
	return true;
}

/* add_word: key=value; a name that holds blanks would make another fact of the rest. */
static void add_word(struct gp_strbuf *buf, const struct gp_field *row, const struct gp_value *v)
{
	gp_strbuf_printf(buf, "%s%s=", buf->len ? " " : "", row->line);
	if (v->type == GP_VALUE_NUMBER)
		gp_strbuf_printf(buf, "%lld", (long long)v->number);
	else if (v->type == GP_VALUE_BOOL)
		gp_strbuf_add(buf, v->yes ? "yes" : "no");
	else if (row->type == GP_FIELD_SENTENCE)
		gp_strbuf_printf(buf, "\"%.*s\"", (int)v->text.len, v->text.ptr);
	else if (row->type == GP_FIELD_NAME && !is_plain(v->text))
		gp_strbuf_add(buf, "-");
	else
		gp_strbuf_add_span(buf, v->text);
}

/* gp_engine_summary: made visible and bounded. */
int gp_engine_summary(struct gp_ctx *ctx, const struct gp_pipeline *pipeline,
	const struct gp_facts *facts, struct gp_verdict *verdict)
{
	const struct gp_record record = {facts, verdict, ctx->arena};
	struct walk w = {.p = pipeline};
	struct gp_strbuf buf, shown;
	gp_strbuf_init(&buf, ctx->arena, 64 * 1024);
	for (const struct gp_field *row; (row = next(&w));) {
		const struct gp_value v =
			row->line ? row->value(&record, 0) : gp_engine_value_absent();
		if (v.type != GP_VALUE_ABSENT && v.type != GP_VALUE_NULL)
			add_word(&buf, row, &v);
	}
	struct gp_span text = gp_strbuf_span(&buf);
	if (text.len > LINE_MAX_BYTES)
		text.len = LINE_MAX_BYTES;
	gp_strbuf_init(&shown, ctx->arena, 8192);
	gp_encode_visible(&shown, text);
	return gp_strbuf_finish(&shown, &verdict->summary);
}

/* ---- one by its name ---- */

/* is_host: DNS allows other bytes in names, but what reads our words may not. */
static bool is_host(struct gp_arena *arena, struct gp_span name)
{
	const char *text = gp_arena_copy(arena, name);
	return text && gp_address_is_host_name(text);
}

/* is_safe: sentences are printable ASCII; words, numbers and names hold nothing that means anything
 * in the lookups that a site may put them into. */
static bool is_safe(struct gp_arena *arena, const struct gp_field *row, struct gp_span text)
{
	if (row->type == GP_FIELD_SENTENCE)
		return gp_span_is_printable_ascii(text);
	if (row->type == GP_FIELD_NAME && !is_host(arena, text))
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!gp_span_is_alnum(text.ptr[i]) &&
			(text.ptr[i] == 0 || !strchr("._- ", text.ptr[i])))
			return false;
	return true;
}

/* gp_engine_get: by name. */
bool gp_engine_get(const struct gp_pipeline *pipeline, const struct gp_record *record,
	struct gp_span name, const char **text_out)
{
	struct walk w = {.p = pipeline};
	const struct gp_field *row;
	const char *made = NULL;
	*text_out = "";
	while ((row = next(&w)) && !(row->get && gp_span_is(name, row->get)))
		continue;
	if (!row)
		return false;
	const struct gp_value v = row->value(record, 0);
	switch (v.type) {
	case GP_VALUE_ABSENT:
	case GP_VALUE_NULL:
		return true;
	case GP_VALUE_NUMBER:
		made = gp_arena_printf(record->arena, "%lld", (long long)v.number);
		break;
	case GP_VALUE_BOOL:
		made = v.yes ? "yes" : "no";
		break;
	case GP_VALUE_TEXT:
		if (is_safe(record->arena, row, v.text))
			made = gp_arena_copy(record->arena, v.text);
		break;
	}
	if (made)
		*text_out = made;
	return true;
}

/* gp_engine_get_name: those that have one. */
const char *gp_engine_get_name(const struct gp_pipeline *pipeline, size_t i)
{
	struct walk w = {.p = pipeline};
	for (const struct gp_field *row; (row = next(&w));)
		if (row->get && i-- == 0)
			return row->get;
	return NULL;
}
