/* SPDX-License-Identifier: ISC */
/*
 * Tests of lists (RFC 5782 5): entries that must be there, and canaries, which must not. Settling a
 * list has given it those of its kind (gp_dnsbl_list_settle). Here they get their form for IPv6,
 * and a list that has listed nearly everybody gets more of them.
 *
 * Lists that have answered everything soon are told of at once, since at the start mail waits for
 * them: one that is slow may take the rest of the time, and keeps no other from being used.
 */
#include "reputation/dnsbl/dnsbl.h"

#include <bsd/stdlib.h>
#include <bsd/string.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "reputation/dnsbl/dnsbl_question_private.h"

#define ENTRIES_MAX (GP_DNSBL_TESTS_MAX + 6) /* with canaries */
#define CANARY "127.0.0.1"
#define CANARY_V6 "::ffff:127.0.0.1"
#define NAME_LETTERS 12
#define TTL_MAX_S 1 /* a zone that was mended is seen in the next round, however soon */
#define SOON_US 1000000
#define LOOK_NS (10 * 1000000L) /* between two looks at a table that is not ready */

/* A question to a list. */
struct entry {
	const char *name; /* for people */
	bool is_listed, is_any;
};

/* The tests of one list. */
struct round {
	const struct gp_dnsbl_list *list;
	size_t first, count; /* its questions */
	bool is_told;        /* the table has its outcome */
	struct entry entries[ENTRIES_MAX];
};

/* One call of gp_dnsbl_test. */
struct run {
	struct gp_ctx *ctx;
	struct round rounds[GP_DNSBL_LISTS_MAX];
	size_t round_count;
	struct gp_dns_question questions[GP_DNSBL_LISTS_MAX * ENTRIES_MAX];
	size_t count;
	struct gp_dns_answer *answers;
	struct gp_dnsbl_events events;
};

/* ---- questions ---- */

/* made_up: a name of letters and digits, which no list takes for an odd one. */
static const char *made_up(struct gp_arena *arena)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	char name[NAME_LETTERS + 1] = "";
	for (size_t i = 0; i < NAME_LETTERS; i++)
		name[i] = letters[arc4random_uniform(sizeof letters - 1)];
	return gp_arena_printf(arena, "%s.com", name);
}

/* of_test_net: an address of TEST-NET-1 to -3 (RFC 5737). */
static const char *of_test_net(struct gp_arena *arena)
{
	static const char *const nets[] = {"192.0.2", "198.51.100", "203.0.113"};
	return gp_arena_printf(
		arena, "%s.%u", nets[arc4random_uniform(3)], 1 + arc4random_uniform(254));
}

/* query_of: the query's name; NULL: it cannot be asked. Addresses go to lists about addresses
 * only. */
static const char *query_of(struct run *r, const struct gp_dnsbl_list *list, const char *name)
{
	char query[GP_DNS_NAME_TEXT];
	struct gp_ipaddr address;
	bool is_address = gp_ipaddr_parse(gp_span_from(name), &address) == GP_OK;
	if (is_address && !(list->asks & GP_DNSBL_ASKS_CLIENT))
		return NULL;
	bool is_possible = is_address ? gp_dnsbl_question_about_address(list, &address, query)
				      : gp_dnsbl_question_about_domain(list, name, query);
	return is_possible ? gp_arena_copy(r->ctx->arena, gp_span_from(query)) : NULL;
}

/* has_query: is it asked in this round already? */
static bool has_query(const struct run *r, const struct round *round, const char *query)
{
	for (size_t i = 0; i < round->count; i++)
		if (strcmp(r->questions[round->first + i].name, query) == 0)
			return true;
	return false;
}

/* add_entry: one question; what the arena refuses is left out, and its status says so. */
static void add_entry(struct run *r, struct round *round, const struct entry *entry)
{
	if (!entry->name || round->count == ENTRIES_MAX)
		return;
	const char *query = query_of(r, round->list, entry->name);
	if (!query || has_query(r, round, query))
		return;
	r->questions[r->count++] = (struct gp_dns_question) {query, GP_DNS_A};
	round->entries[round->count++] = *entry;
}

/* add_canary: must not be listed. */
static void add_canary(struct run *r, struct round *round, const char *name)
{
	const struct entry canary = {.name = name};
	add_entry(r, round, &canary);
}

/* add_test: an entry of the list; a canary in its form for IPv6, too (RFC 5782 5). */
static void add_test(struct run *r, struct round *round, const struct gp_dnsbl_test *test)
{
	struct entry entry = {test->name, test->is_listed, test->is_any};
	if (strcmp(test->name, GP_DNSBL_TEST_RANDOM) == 0)
		entry.name = made_up(r->ctx->arena);
	else if (strcmp(test->name, GP_DNSBL_TEST_TEST_NET) == 0)
		entry.name = of_test_net(r->ctx->arena);
	add_entry(r, round, &entry);
	if (!test->is_listed && round->list->ipv6 && strcmp(test->name, CANARY) == 0)
		add_canary(r, round, CANARY_V6);
}

/* add_more: canaries for a list that may list everybody but those that it always has. */
static void add_more(struct run *r, struct round *round)
{
	if (round->list->asks & GP_DNSBL_ASKS_CLIENT)
		add_canary(r, round, of_test_net(r->ctx->arena));
	if (round->list->asks & ~GP_DNSBL_ASKS_CLIENT)
		add_canary(r, round, made_up(r->ctx->arena));
}

/* add_round: all tests of a list. */
static void add_round(struct run *r, const struct gp_dnsbl_list *list, enum gp_dnsbl_reason reason)
{
	struct round *round = &r->rounds[r->round_count++];
	*round = (struct round) {.list = list, .first = r->count};
	for (size_t i = 0; i < list->test_count; i++)
		add_test(r, round, &list->test_entries[i]);
	if (reason == GP_DNSBL_LISTS_WORLD)
		add_more(r, round);
}

/* ---- answers ---- */

/* What was learnt from a round, while it is read. */
struct reading {
	struct gp_dnsbl_outcome outcome;
	unsigned local, refused, failed;
	const char *silent; /* the first entry without an answer */
};

/* blame: the first of two reasons in the order of their table stands. */
static void blame(
	struct reading *reading, enum gp_dnsbl_reason reason, const char *what, const char *entry)
{
	struct gp_dnsbl_outcome *outcome = &reading->outcome;
	if (outcome->reason != GP_DNSBL_NO_REASON && outcome->reason <= reason)
		return;
	outcome->reason = reason;
	snprintf(outcome->detail, sizeof outcome->detail, "%s%s%s", what, *what ? " about " : "",
		entry);
}

/* read_records: of an entry that is listed. */
static void read_records(
	struct reading *reading, const struct entry *entry, const struct gp_dns_answer *answer)
{
	const struct gp_dnsbl_list *list = reading->outcome.list;
	char text[GP_DNSBL_CODE_TEXT];
	if (gp_dnsbl_question_is_left(list, answer))
		blame(reading, GP_DNSBL_LEAVES_ZONE, "", entry->name);
	for (size_t i = 0; i < answer->count; i++) {
		const struct gp_dnsbl_rule *rule;
		struct gp_dnsbl_code code;
		memcpy(code.octet, answer->records[i].addr.bytes, sizeof code.octet);
		enum gp_dnsbl_meaning meaning = gp_dnsbl_meaning_of(list, code, &rule);
		gp_dnsbl_code_format(code, text);
		if (meaning == GP_DNSBL_OUTSIDE)
			blame(reading, GP_DNSBL_ANSWERS_OUTSIDE, text, entry->name);
		else if (meaning == GP_DNSBL_ERROR && !(entry->is_listed && entry->is_any))
			blame(reading, GP_DNSBL_ERROR_CODE, text, entry->name);
		else if (!entry->is_listed)
			blame(reading, GP_DNSBL_CANARY_LISTED, text, entry->name);
	}
}

/* read_failure: no answer about this entry. */
static void read_failure(
	struct reading *reading, const struct entry *entry, const struct gp_dns_answer *answer)
{
	bool had_no_time = answer->ours && answer->failure != GP_DNS_FAILURE_TIMEOUT;
	if (answer->state == GP_DNS_TROUBLE || had_no_time) {
		reading->local++;
		return;
	}
	if (!reading->silent)
		reading->silent = entry->name;
	if (answer->failure == GP_DNS_FAILURE_REFUSED || answer->failure == GP_DNS_FAILURE_SERVFAIL)
		reading->refused++;
	else
		reading->failed++;
}

/* read_entry: by its state. */
static void read_entry(
	struct reading *reading, const struct entry *entry, const struct gp_dns_answer *answer)
{
	if (answer->took_us > reading->outcome.took_us)
		reading->outcome.took_us = answer->took_us;
	if (gp_dns_state_is_failure(answer->state))
		read_failure(reading, entry, answer);
	else if (answer->state == GP_DNS_FOUND)
		read_records(reading, entry, answer);
	else if (entry->is_listed)
		blame(reading, GP_DNSBL_TEST_MISSING, "", entry->name);
}

/* read_round: what answers showed comes before that some are missing. */
static struct gp_dnsbl_outcome read_round(const struct run *r, const struct round *round)
{
	struct reading reading = {.outcome = {.list = round->list, .took_us = -1}};
	struct gp_dnsbl_outcome *outcome = &reading.outcome;
	for (size_t i = 0; i < round->count; i++)
		read_entry(&reading, &round->entries[i], &r->answers[round->first + i]);
	outcome->timeouts = reading.refused + reading.failed;
	outcome->is_void = round->count == 0 && round->list->test_count > 0; /* cannot be asked */
	if (outcome->reason != GP_DNSBL_NO_REASON)
		return *outcome;
	if (reading.refused && reading.refused == round->count)
		blame(&reading, GP_DNSBL_REFUSED, "", "");
	else if (outcome->timeouts)
		blame(&reading, GP_DNSBL_TIMEOUTS,
			reading.failed ? "no answer" : "REFUSED or SERVFAIL", reading.silent);
	else if (reading.local)
		outcome->is_void = true;
	return *outcome;
}

/* tell: the table learns what came of a round. */
static void tell(struct run *r, struct round *round, struct gp_dnsbl_health *health,
	const struct gp_dnsbl_outcome *outcome)
{
	int64_t now_s = r->ctx->clock->wall_s(r->ctx->clock);
	if (!round->is_told)
		gp_dnsbl_health_tested(health, outcome, now_s, &r->events);
	round->is_told = true;
}

/* is_open: our time ended before the servers had theirs. */
static bool is_open(const struct gp_dns_answer *answer)
{
	return gp_dns_state_is_failure(answer->state) && answer->ours;
}

/* has_open: is an answer of the round still to come? */
static bool has_open(const struct run *r, const struct round *round)
{
	for (size_t i = 0; i < round->count; i++)
		if (is_open(&r->answers[round->first + i]))
			return true;
	return false;
}

/* tell_all: of the rounds that are complete, or of all. */
static void tell_all(struct run *r, struct gp_dnsbl_health *health, bool is_over)
{
	for (size_t i = 0; i < r->round_count; i++) {
		const struct gp_dnsbl_outcome outcome = read_round(r, &r->rounds[i]);
		if (is_over || !has_open(r, &r->rounds[i]))
			tell(r, &r->rounds[i], health, &outcome);
	}
}

/* ask_open: what has no answer yet, until then. */
static int ask_open(struct run *r, int64_t until_us)
{
	struct gp_ctx quiet = gp_dnsbl_question_ctx(r->ctx, until_us);
	struct gp_arena *arena = r->ctx->arena;
	struct gp_dns_question *questions = gp_arena_array(arena, r->count, sizeof *questions);
	struct gp_dns_answer *answers = gp_arena_array(arena, r->count, sizeof *answers);
	size_t n = 0, at = 0;
	if (!questions || !answers)
		return gp_arena_status(arena);
	for (size_t i = 0; i < r->count; i++)
		if (is_open(&r->answers[i]))
			questions[n++] = r->questions[i];
	int rc = n ? gp_dnsbl_question_ask(&quiet, questions, n, TTL_MAX_S, answers) : GP_OK;
	for (size_t i = 0; rc == GP_OK && i < r->count; i++)
		if (is_open(&r->answers[i]))
			r->answers[i] = answers[at++];
	return rc;
}

/* ask: all questions of all rounds; the table learns of those that are soon complete. */
static int ask(struct run *r, struct gp_dnsbl_health *health)
{
	int64_t soon_us = gp_clock_now_us(r->ctx->clock) + SOON_US;
	int rc = gp_arena_status(r->ctx->arena);
	r->answers = gp_arena_array(r->ctx->arena, r->count, sizeof *r->answers);
	if (rc || !r->answers)
		return rc ? rc : gp_arena_status(r->ctx->arena);
	for (size_t i = 0; i < r->count; i++)
		r->answers[i] = (struct gp_dns_answer) {.state = GP_DNS_TROUBLE, .ours = true};
	rc = ask_open(r, soon_us);
	if (rc || soon_us >= r->ctx->deadline_us)
		return rc;
	tell_all(r, health, false);
	return ask_open(r, r->ctx->deadline_us);
}

/* give_up: nothing was learnt of those that are left; claims end. */
static void give_up(struct run *r, struct gp_dnsbl_health *health, int rc)
{
	gp_log_text(r->ctx->log, GP_LOG_WARNING, "tests of DNS lists could not be done: %s",
		gp_err_text(rc));
	for (size_t i = 0; i < r->round_count; i++) {
		const struct gp_dnsbl_outcome outcome = {
			.list = r->rounds[i].list, .is_void = true, .took_us = -1};
		tell(r, &r->rounds[i], health, &outcome);
	}
}

/* gp_dnsbl_test: claims, asks, tells. */
int gp_dnsbl_test(
	struct gp_ctx *ctx, const struct gp_dnsbl_plan *plan, struct gp_dnsbl_tested *tested_out)
{
	*tested_out = (struct gp_dnsbl_tested) {0};
	if (!plan->health || plan->count > GP_DNSBL_LISTS_MAX)
		return GP_EINVAL;
	struct run *r = gp_arena_alloc(ctx->arena, sizeof *r);
	if (!r)
		return gp_arena_status(ctx->arena);
	r->ctx = ctx;
	for (size_t i = 0; i < plan->count; i++) {
		enum gp_dnsbl_reason reason;
		if (gp_dnsbl_health_claim(
			    plan->health, &plan->lists[i], ctx->clock->wall_s(ctx->clock), &reason))
			add_round(r, &plan->lists[i], reason);
	}
	int rc = r->count ? ask(r, plan->health) : gp_arena_status(ctx->arena);
	if (rc)
		give_up(r, plan->health, rc);
	else
		tell_all(r, plan->health, true);
	*tested_out = (struct gp_dnsbl_tested) {r->round_count, r->events.items, r->events.count};
	return rc;
}

/* gp_dnsbl_await: nobody tells when they are done. */
void gp_dnsbl_await(const struct gp_ctx *ctx, struct gp_dnsbl_health *health, unsigned ms,
	void (*look)(void *arg), void *arg)
{
	const struct timespec pause = {0, LOOK_NS};
	int64_t until_us = gp_clock_now_us(ctx->clock) + ms * 1000LL;
	if (ctx->deadline_us < until_us)
		until_us = ctx->deadline_us;
	while (gp_dnsbl_health_has_untested(health, ctx->clock->wall_s(ctx->clock)) &&
		gp_clock_now_us(ctx->clock) < until_us) {
		(void)nanosleep(&pause, NULL);
		look(arg);
	}
}
