/* SPDX-License-Identifier: ISC */
/*
 * First all questions are written down, then they are asked together, then each list's answers are
 * judged together: a list that is asked about three names says one thing. What the health table has
 * to know is told in one call.
 */
#include "reputation/dnsbl/dnsbl.h"

#include <limits.h>
#include <string.h>

#include "base/trace.h"
#include "reputation/dnsbl/dnsbl_question_private.h"

#define NAMES 3 /* sender, HELO, reverse name */
#define PER_LIST (1 + NAMES)
#define QUESTIONS_MAX (PER_LIST * GP_DNSBL_LISTS_MAX)
#define TTL_MAX_S 300       /* a delisting is seen by then */
#define TIME_ENOUGH_MS 1000 /* a list that had so long and did not answer is slow */

/* A question, and where its answer is. */
struct asked {
	size_t list; /* its place in the plan */
	const char *about;
};

/* A name of the mail, as it is asked whole and reduced; NULL: not at all. */
struct name {
	unsigned role; /* GP_DNSBL_ASKS_... */
	const char *full, *registered;
};

/* One call of gp_dnsbl_ask. */
struct run {
	struct gp_ctx *ctx;
	const struct gp_dnsbl_plan *plan;
	const struct gp_dnsbl_subject *subject;
	struct gp_ipaddr client;
	const char *client_text; /* NULL: not asked */
	struct name names[NAMES];
	bool is_usable[GP_DNSBL_LISTS_MAX];
	struct asked asked[QUESTIONS_MAX];
	struct gp_dns_question questions[QUESTIONS_MAX];
	size_t count;
	struct gp_dns_answer *answers;
	int64_t begun_us;
	bool is_time_enough;
	struct gp_dnsbl_events events;
};

/* gp_dnsbl_state_name: words of reports. */
const char *gp_dnsbl_state_name(enum gp_dnsbl_state state)
{
	static const char *const names[GP_DNSBL_STATES] = {
		"not-asked", "not-listed", "listed", "unknown", "error", "no-answer"};
	size_t i = (size_t)state;
	return i < GP_DNSBL_STATES ? names[i] : "unknown";
}

/* ---- questions ---- */

/* settle_name: in both forms. */
static int settle_name(const struct run *r, const char *text, unsigned role, struct name *name_out)
{
	name_out->role = role;
	int rc = gp_dnsbl_question_domain(r->ctx->arena, text, &name_out->full);
	if (rc == GP_OK && name_out->full && r->plan->psl)
		name_out->registered = gp_suffix_registered(r->plan->psl, name_out->full);
	return rc;
}

/* settle_client: its text, if lists may be asked about it. */
static int settle_client(struct run *r)
{
	char text[GP_IPADDR_TEXT];
	if (!r->subject->is_entry && !gp_dnsbl_question_is_host(&r->subject->client))
		return GP_OK;
	r->client = gp_ipaddr_unmap(r->subject->client);
	gp_ipaddr_format(&r->client, text);
	r->client_text = gp_arena_copy(r->ctx->arena, gp_span_from(text));
	return r->client_text ? GP_OK : gp_arena_status(r->ctx->arena);
}

/* add_question: the name of the query into the arena; one that cannot be asked is left out. */
static int add_question(
	struct run *r, size_t list, const char *about, bool is_possible, const char *query)
{
	if (!is_possible || r->count == QUESTIONS_MAX)
		return GP_OK;
	const char *copy = gp_arena_copy(r->ctx->arena, gp_span_from(query));
	if (!copy)
		return gp_arena_status(r->ctx->arena);
	r->questions[r->count] = (struct gp_dns_question) {copy, GP_DNS_A};
	r->asked[r->count++] = (struct asked) {list, about};
	return GP_OK;
}

/* is_asked: is the list asked about this name already? */
static bool is_asked(const struct run *r, size_t list, const char *domain)
{
	for (size_t i = r->count; i > 0 && r->asked[i - 1].list == list; i--)
		if (strcmp(r->asked[i - 1].about, domain) == 0)
			return true;
	return false;
}

/* add_list: all questions of one list. */
static int add_list(struct run *r, size_t at)
{
	const struct gp_dnsbl_list *list = &r->plan->lists[at];
	char query[GP_DNS_NAME_TEXT];
	int rc = GP_OK;
	if ((list->null_sender && !r->subject->is_null_sender) || list->submission)
		return GP_OK;
	if ((list->asks & GP_DNSBL_ASKS_CLIENT) && r->client_text)
		rc = add_question(r, at, r->client_text,
			gp_dnsbl_question_about_address(list, &r->client, query), query);
	for (size_t i = 0; rc == GP_OK && i < NAMES; i++) {
		const struct name *name = &r->names[i];
		const char *domain =
			list->reduce == GP_DNSBL_REGISTERED ? name->registered : name->full;
		if (domain && (list->asks & name->role) && !is_asked(r, at, domain))
			rc = add_question(r, at, domain,
				gp_dnsbl_question_about_domain(list, domain, query), query);
	}
	return rc;
}

/* add_all: of the lists that work. */
static int add_all(struct run *r)
{
	const struct gp_dnsbl_subject *s = r->subject;
	int rc = settle_client(r);
	if (rc == GP_OK)
		rc = settle_name(r, s->sender_domain, GP_DNSBL_ASKS_SENDER, &r->names[0]);
	if (rc == GP_OK)
		rc = settle_name(r, s->helo_name, GP_DNSBL_ASKS_HELO, &r->names[1]);
	if (rc == GP_OK)
		rc = settle_name(r, s->rdns_name, GP_DNSBL_ASKS_RDNS, &r->names[2]);
	for (size_t i = 0; rc == GP_OK && i < r->plan->count; i++)
		if (r->is_usable[i])
			rc = add_list(r, i);
	return rc;
}

/* find_usable: by the table, or without one by the configuration. */
static void find_usable(struct run *r)
{
	const struct gp_dnsbl_plan *plan = r->plan;
	if (plan->health)
		gp_dnsbl_health_usable(plan->health, plan->lists, plan->count,
			r->ctx->clock->wall_s(r->ctx->clock), r->is_usable, &r->events);
	for (size_t i = 0; i < plan->count; i++)
		r->is_usable[i] = (r->is_usable[i] || !plan->health) && !plan->lists[i].is_off &&
				  !plan->lists[i].no_key && !plan->lists[i].dead;
}

/* ---- answers ---- */

/* What a list said, on the way to its item. */
struct said {
	struct gp_dnsbl_noted noted;
	struct gp_dnsbl_code *codes;
	size_t first, end; /* its questions */
};

/* count_failure: why there is no answer. What a cache remembers was counted before. */
static void count_failure(
	const struct run *r, const struct gp_dns_answer *answer, struct gp_dnsbl_noted *noted)
{
	if (answer->state == GP_DNS_TROUBLE || answer->cached ||
		(answer->ours && !(r->is_time_enough && answer->failure == GP_DNS_FAILURE_TIMEOUT)))
		noted->unasked++;
	else if (answer->failure == GP_DNS_FAILURE_TIMEOUT)
		noted->timeouts++;
	else if (answer->failure == GP_DNS_FAILURE_REFUSED ||
		 answer->failure == GP_DNS_FAILURE_SERVFAIL)
		noted->refused++;
	else
		noted->failed++;
}

/* add_answer: its records, or why there are none. */
static void add_answer(const struct run *r, const struct gp_dns_answer *answer, struct said *said)
{
	struct gp_dnsbl_noted *noted = &said->noted;
	if (gp_dns_state_is_failure(answer->state))
		count_failure(r, answer, noted);
	else if (!answer->cached && answer->took_us > noted->took_us)
		noted->took_us = answer->took_us;
	if (answer->state != GP_DNS_FOUND)
		return;
	if (gp_dnsbl_question_is_left(noted->list, answer))
		noted->leaves_zone = true;
	for (size_t i = 0; i < answer->count; i++)
		memcpy(said->codes[noted->code_count++].octet, answer->records[i].addr.bytes, 4);
}

/* gather: the records of a list's answers, and what came of its queries. */
static int gather(struct run *r, size_t first, size_t end, struct said *said)
{
	size_t room = 0;
	for (size_t i = first; i < end; i++)
		room += r->answers[i].count;
	said->codes = gp_arena_array(r->ctx->arena, room + 1, sizeof *said->codes);
	if (!said->codes)
		return gp_arena_status(r->ctx->arena);
	said->first = first;
	said->end = end;
	struct gp_dnsbl_noted *noted = &said->noted;
	noted->list = &r->plan->lists[r->asked[first].list];
	noted->questions = (unsigned)(end - first);
	noted->took_us = -1;
	noted->codes = said->codes;
	for (size_t i = first; i < end; i++)
		add_answer(r, &r->answers[i], said);
	return GP_OK;
}

/* has_code: is the record in this answer? */
static bool has_code(const struct gp_dns_answer *answer, struct gp_dnsbl_code code)
{
	for (size_t i = 0; answer->state == GP_DNS_FOUND && i < answer->count; i++)
		if (memcmp(answer->records[i].addr.bytes, code.octet, sizeof code.octet) == 0)
			return true;
	return false;
}

/* show_answers: those to the question that decided, or to the first. */
static void show_answers(const struct run *r, const struct said *said, struct gp_dnsbl_item *item)
{
	size_t at = said->first;
	for (size_t i = said->end; said->noted.code_count && i > said->first; i--)
		if (has_code(&r->answers[i - 1], item->code))
			at = i - 1;
	const struct gp_dns_answer *answer = &r->answers[at];
	item->about = r->asked[at].about;
	for (size_t i = 0; answer->state == GP_DNS_FOUND && i < answer->count &&
			   item->answer_count < GP_DNSBL_ANSWERS_MAX;
		i++)
		memcpy(item->answers[item->answer_count++].octet, answer->records[i].addr.bytes, 4);
}

/* state_of: of a list that was asked. */
static enum gp_dnsbl_state state_of(
	const struct gp_dnsbl_noted *noted, const struct gp_dnsbl_judgement *judgement)
{
	unsigned silent = noted->timeouts + noted->refused + noted->failed + noted->unasked;
	if (noted->leaves_zone)
		return GP_DNSBL_SAID_ERROR;
	if (noted->code_count == 0)
		return silent ? GP_DNSBL_NO_ANSWER : GP_DNSBL_NOT_LISTED;
	switch (judgement->meaning) {
	case GP_DNSBL_HIT:
		return GP_DNSBL_LISTED;
	case GP_DNSBL_UNKNOWN:
		return GP_DNSBL_SAID_UNKNOWN;
	case GP_DNSBL_ERROR:
	case GP_DNSBL_OUTSIDE:
		break;
	}
	return GP_DNSBL_SAID_ERROR;
}

/* trace_item: a line for people; the list by its public name. */
static void trace_item(const struct run *r, const struct gp_dnsbl_item *item)
{
	char code[GP_DNSBL_CODE_TEXT];
	if (!r->ctx->trace)
		return;
	gp_trace_line(r->ctx, 1, "%s: %s: %s%s%s, weight %d", item->list->zone, item->about,
		gp_dnsbl_state_name(item->state), item->answer_count ? ", " : "",
		item->answer_count ? gp_dnsbl_code_format(item->code, code) : "", item->weight);
}

/* judge_list: its item. */
static void judge_list(const struct run *r, struct said *said, struct gp_dnsbl_item *item)
{
	struct gp_dnsbl_judgement judgement = {.meaning = GP_DNSBL_UNKNOWN};
	if (said->noted.code_count)
		gp_dnsbl_judge(item->list, said->codes, said->noted.code_count, &judgement);
	item->state = state_of(&said->noted, &judgement);
	item->code = judgement.code;
	item->took_us = said->noted.took_us > 0 ? said->noted.took_us : 0;
	if (item->state == GP_DNSBL_LISTED) {
		item->weight = judgement.weight;
		item->rule = judgement.rule;
	}
	said->noted.weight = item->weight;
	show_answers(r, said, item);
	trace_item(r, item);
}

/* judge_all: list by list, as their questions stand together; then the table is told. */
static int judge_all(struct run *r, struct gp_dnsbl_result *result)
{
	struct gp_dnsbl_noted noted[GP_DNSBL_LISTS_MAX];
	size_t lists = 0;
	for (size_t first = 0, end; first < r->count; first = end) {
		struct said said = {0};
		for (end = first; end < r->count && r->asked[end].list == r->asked[first].list;)
			end++;
		int rc = gather(r, first, end, &said);
		if (rc)
			return rc;
		judge_list(r, &said, &result->items[r->asked[first].list]);
		noted[lists++] = said.noted;
	}
	if (r->plan->health && lists)
		gp_dnsbl_health_note(r->plan->health, noted, lists, &r->client,
			r->ctx->clock->wall_s(r->ctx->clock), &r->events);
	return GP_OK;
}

/* ---- the whole ---- */

/* is_new_family: has no item before this one, with a positive weight, the same? */
static bool is_new_family(const struct gp_dnsbl_result *result, size_t at)
{
	const char *family = result->items[at].list->family;
	for (size_t i = 0; family && *family && i < at; i++)
		if (result->items[i].weight > 0 && result->items[i].list->family &&
			strcmp(result->items[i].list->family, family) == 0)
			return false;
	return true;
}

/* sum_up: over all lists. */
static void sum_up(struct gp_dnsbl_result *result)
{
	for (size_t i = 0; i < result->count; i++) {
		struct gp_dnsbl_item *item = &result->items[i];
		result->asked += item->state != GP_DNSBL_NOT_ASKED;
		result->unanswered += item->state == GP_DNSBL_NO_ANSWER;
		result->score += item->weight;
		result->is_vouched |= item->list->allow && item->weight < 0;
		if (item->weight <= 0)
			continue;
		result->families += is_new_family(result, i);
		if (!result->worst || item->weight > result->worst->weight)
			result->worst = item;
	}
}

/* ask_all: as many at once as the resolver takes. */
static int ask_all(struct run *r, int64_t deadline_us)
{
	struct gp_ctx quiet = gp_dnsbl_question_ctx(r->ctx, deadline_us);
	r->answers = gp_arena_array(r->ctx->arena, r->count + 1, sizeof *r->answers);
	if (!r->answers)
		return gp_arena_status(r->ctx->arena);
	int64_t left_ms = gp_clock_left_ms(r->ctx->clock, quiet.deadline_us);
	r->is_time_enough = left_ms >= TIME_ENOUGH_MS || left_ms >= r->plan->deadline_ms;
	return gp_dnsbl_question_ask(&quiet, r->questions, r->count, TTL_MAX_S, r->answers);
}

/* ask: with room for the run. */
static int ask(struct run *r, struct gp_dnsbl_result *result)
{
	find_usable(r);
	int rc = add_all(r);
	if (rc == GP_OK && r->count)
		rc = ask_all(r, result->deadline_us);
	if (rc == GP_OK)
		rc = judge_all(r, result);
	sum_up(result);
	result->events = r->events.items;
	result->event_count = r->events.count;
	result->took_us = gp_clock_now_us(r->ctx->clock) - r->begun_us;
	return rc;
}

/* gp_dnsbl_ask: an item for each list, asked or not. */
int gp_dnsbl_ask(struct gp_ctx *ctx, const struct gp_dnsbl_plan *plan,
	const struct gp_dnsbl_subject *subject, struct gp_dnsbl_result *result_out)
{
	if (plan->count > GP_DNSBL_LISTS_MAX)
		return GP_EINVAL;
	int64_t now_us = gp_clock_now_us(ctx->clock);
	*result_out = (struct gp_dnsbl_result) {
		.count = plan->count, .deadline_us = now_us + (int64_t)plan->deadline_ms * 1000};
	result_out->items = gp_arena_array(ctx->arena, plan->count + 1, sizeof *result_out->items);
	struct run *r = gp_arena_alloc(ctx->arena, sizeof *r);
	if (!result_out->items || !r)
		return gp_arena_status(ctx->arena);
	for (size_t i = 0; i < plan->count; i++)
		result_out->items[i].list = &plan->lists[i];
	r->ctx = ctx;
	r->plan = plan;
	r->subject = subject;
	r->begun_us = now_us;
	return ask(r, result_out);
}

/* ---- the text ---- */

/* gp_dnsbl_text: the first record; lists that have several reasons have several. */
int gp_dnsbl_text(struct gp_ctx *ctx, struct gp_dnsbl_result *result)
{
	struct gp_dnsbl_item *item = result->worst;
	char query[GP_DNS_NAME_TEXT];
	struct gp_dns_answer answer;
	if (!item || item->text || !gp_dnsbl_question_about(item->list, item->about, query))
		return GP_OK;
	struct gp_ctx quiet = gp_dnsbl_question_ctx(ctx, result->deadline_us);
	if (gp_clock_left_ms(ctx->clock, quiet.deadline_us) == 0)
		return GP_OK;
	const struct gp_dns_question question = {query, GP_DNS_TXT};
	int rc = gp_dnsbl_question_ask(&quiet, &question, 1, TTL_MAX_S, &answer);
	if (rc || answer.state != GP_DNS_FOUND || answer.count == 0)
		return rc;
	const char *text = gp_dnsbl_quote(ctx->arena, answer.records[0].text, item->list->secret);
	item->text = text && *text ? text : NULL;
	return text ? GP_OK : gp_arena_status(ctx->arena);
}

/* copy_text: NULL stays NULL; false: the arena refused. */
static bool copy_text(struct gp_arena *arena, const char **text)
{
	if (*text)
		*text = gp_arena_copy(arena, gp_span_from(*text));
	return *text != NULL;
}

/* gp_dnsbl_copy: items and their texts; lists and rules are the plan's. */
int gp_dnsbl_copy(
	struct gp_arena *arena, const struct gp_dnsbl_result *from, struct gp_dnsbl_result *to_out)
{
	struct gp_dnsbl_item *items = gp_arena_array(arena, from->count + 1, sizeof *items);
	if (!items)
		return gp_arena_status(arena);
	if (from->count)
		memcpy(items, from->items, from->count * sizeof *items);
	for (size_t i = 0; i < from->count; i++)
		if ((items[i].about && !copy_text(arena, &items[i].about)) ||
			(items[i].text && !copy_text(arena, &items[i].text)))
			return gp_arena_status(arena);
	*to_out = *from;
	to_out->items = items;
	to_out->worst = from->worst ? items + (from->worst - from->items) : NULL;
	to_out->events = NULL;
	to_out->event_count = 0;
	return GP_OK;
}
