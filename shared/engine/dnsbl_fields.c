/* SPDX-License-Identifier: ISC */
/* Lists are named by their public zone everywhere: what is asked may hold a key. */
#include "engine/dnsbl_fields.h"

#include <string.h>

#include "engine/value.h"
#include "reputation/dnsbl/dnsbl_judge.h"

/* gp_engine_dnsbl_said: the score first. */
enum gp_dnsbl_said gp_engine_dnsbl_said(const struct gp_dnsbl_result *result)
{
	if (result->asked == 0)
		return GP_DNSBL_SAID_NOTHING;
	if (result->score > 0)
		return GP_DNSBL_SAID_LISTED;
	if (result->is_vouched)
		return GP_DNSBL_SAID_ALLOWED;
	return result->unanswered == result->asked ? GP_DNSBL_SAID_SILENT
						   : GP_DNSBL_SAID_NOT_LISTED;
}

/* gp_engine_dnsbl_said_name: for the log and metrics. */
const char *gp_engine_dnsbl_said_name(unsigned said)
{
	static const char *const names[GP_DNSBL_SAIDS] = {
		[GP_DNSBL_SAID_NOTHING] = "none",
		[GP_DNSBL_SAID_NOT_LISTED] = "not-listed",
		[GP_DNSBL_SAID_LISTED] = "listed",
		[GP_DNSBL_SAID_ALLOWED] = "allowed",
		[GP_DNSBL_SAID_SILENT] = "no-answer",
	};
	return names[said];
}

/* add_codes: with commas. */
static void add_codes(struct gp_strbuf *buf, const struct gp_dnsbl_item *item)
{
	for (size_t i = 0; i < item->answer_count; i++) {
		const uint8_t *o = item->answers[i].octet;
		gp_strbuf_printf(buf, "%s%u.%u.%u.%u", i ? "," : "", o[0], o[1], o[2], o[3]);
	}
}

/* gp_engine_dnsbl_codes: in the order of the answer. */
const char *gp_engine_dnsbl_codes(struct gp_arena *arena, const struct gp_dnsbl_item *item)
{
	struct gp_strbuf buf;
	const char *codes;
	gp_strbuf_init(&buf, arena, 256);
	add_codes(&buf, item);
	return gp_strbuf_finish(&buf, &codes) ? NULL : codes;
}

/* ---- Authentication-Results ---- */

/* vouches: an entry of an allow list, whatever the trust that it tells (RFC 8904 2). */
static bool vouches(const struct gp_dnsbl_item *item)
{
	return item->state == GP_DNSBL_LISTED && item->list->allow && item->weight <= 0;
}

/* is_result: does the answer of the list speak for or against this mail? A good reputation in a
 * list that allows nothing, and a code that is known and says nothing, do neither. */
static bool is_result(const struct gp_dnsbl_item *item)
{
	return vouches(item) || (item->state == GP_DNSBL_LISTED && item->weight > 0);
}

/* add_result: of one list that has an answer for this mail. */
static void add_result(struct gp_authres_writer *w, const struct gp_dnsbl_item *item)
{
	char storage[256] = "";
	struct gp_strbuf codes;
	gp_strbuf_init_fixed(&codes, storage, sizeof storage);
	add_codes(&codes, item);
	gp_authres_result(
		w, vouches(item) ? "dnswl" : "x-dnsbl", vouches(item) ? "pass" : "listed");
	if (item->rule && *item->rule->meaning)
		gp_authres_comment(w, item->rule->meaning);
	gp_authres_property(w, "dns", "zone", gp_span_from(item->list->zone));
	gp_authres_property(w, "policy", "ip", gp_strbuf_span(&codes));
}

/* gp_engine_dnsbl_has_authres: of any list. */
bool gp_engine_dnsbl_has_authres(const struct gp_facts *facts)
{
	for (size_t i = 0; i < facts->dnsbl->count; i++)
		if (is_result(&facts->dnsbl->items[i]))
			return true;
	return false;
}

/* gp_engine_dnsbl_authres: list by list. */
void gp_engine_dnsbl_authres(
	struct gp_authres_writer *writer, const struct gp_facts *facts, const struct gp_verdict *v)
{
	const struct gp_dnsbl_result *r = facts->dnsbl;
	(void)v;
	for (size_t i = 0; i < r->count; i++)
		if (is_result(&r->items[i]))
			add_result(writer, &r->items[i]);
}

/* ---- fields ---- */

/* said: all of them in one word. */
static struct gp_value said(const struct gp_record *r, size_t item)
{
	const struct gp_dnsbl_result *result = r->facts->dnsbl;
	(void)item;
	return result ? gp_engine_value_text(
				gp_engine_dnsbl_said_name(gp_engine_dnsbl_said(result)))
		      : gp_engine_value_absent();
}

/* score: where any list has said something. */
static struct gp_value score(const struct gp_record *r, size_t item)
{
	const struct gp_dnsbl_result *result = r->facts->dnsbl;
	(void)item;
	return result && result->asked ? gp_engine_value_number(result->score)
				       : gp_engine_value_absent();
}

#define LISTS_ROOM 4096 /* of the field, which is cut between two lists */
#define CUT " ..."

/* add_item: "zen.spamhaus.org=127.0.0.2,127.0.0.9". */
static void add_item(struct gp_strbuf *buf, const struct gp_dnsbl_item *item)
{
	gp_strbuf_printf(buf, "%s%s=", buf->len ? " " : "", item->list->zone);
	add_codes(buf, item);
}

/* lists: those that list it, with what they answered. */
static struct gp_value lists(const struct gp_record *r, size_t n)
{
	const struct gp_dnsbl_result *result = r->facts->dnsbl;
	struct gp_strbuf buf;
	const char *text;
	(void)n;
	if (!result)
		return gp_engine_value_absent();
	gp_strbuf_init(&buf, r->arena, LISTS_ROOM);
	for (size_t i = 0; i < result->count; i++) {
		const struct gp_dnsbl_item *item = &result->items[i];
		if (item->state != GP_DNSBL_LISTED)
			continue;
		size_t most = strlen(item->list->zone) + item->answer_count * GP_DNSBL_CODE_TEXT;
		if (buf.len + most + sizeof CUT + 2 > LISTS_ROOM) {
			gp_strbuf_add(&buf, CUT);
			break;
		}
		add_item(&buf, item);
	}
	return gp_strbuf_finish(&buf, &text) ? gp_engine_value_absent()
					     : gp_engine_value_made(text);
}

/* silent: how many of those that were asked have not answered. */
static struct gp_value silent(const struct gp_record *r, size_t item)
{
	const struct gp_dnsbl_result *result = r->facts->dnsbl;
	(void)item;
	return result ? gp_engine_value_some(result->unanswered) : gp_engine_value_absent();
}

const struct gp_field gp_engine_dnsbl_fields[] = {
	{.log = "dnsbl",
		.value = said,
		.help = "what DNS lists said: listed, not-listed, allowed, no-answer, none"},
	{.log = "dnsbl_score", .value = score, .help = "sum of the lists' weights"},
	{.log = "dnsbl_lists",
		.type = GP_FIELD_SENTENCE,
		.value = lists,
		.help = "lists with an entry, and their answers; at most 4096 bytes, and then ..."},
	{.log = "dnsbl_silent", .value = silent, .help = "lists that did not answer in time"},
	{.value = NULL},
};
