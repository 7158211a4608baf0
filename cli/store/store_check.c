/* SPDX-License-Identifier: ISC */
/* Not through the daemon, which may be what does not work. */
#include "cli/store/store_check.h"

#include <bsd/string.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/duration.h"
#include "cli/format.h"
#include "cli/log_text.h"
#include "cli/store/store_hint.h"
#include "cli/usage.h"

#define SUBJECT "gatepost-store-check"
#define ROUNDS 100
#define PER_MS 60000     /* what a check that is killed leaves behind counts so long */
#define STEP_US 10000000 /* for each step */
#define CLOCKS_MS 5000   /* how far the clocks of two hosts may be apart */
#define CHECK_MEMORY (64 * 1024 * 1024)

/* What a check carries from step to step. */
struct check {
	const struct gp_cli_store_user *who;
	const struct gp_cli_store_told *told;
	struct gp_store *store;
	struct gp_ctx ctx;
	struct gp_span name;       /* of the fact and the counter: no other check has it */
	bool is_looking;           /* reads only */
	unsigned errors, warnings; /* that were logged */
	char last[512];            /* the last one */
	int64_t rounds_us[ROUNDS];
};

/* ---- what is said ---- */

/* take_log: gp_log.write: the store says itself what is wrong; errors are counted. */
static void take_log(void *arg, enum gp_log_level level, const char *event,
	const struct gp_log_field *fields, size_t count)
{
	struct check *c = arg;
	char storage[GP_CLI_LOG_TEXT];
	const char *text = gp_cli_log_text(storage, event, fields, count);
	c->errors += level == GP_LOG_ERROR;
	c->warnings += level == GP_LOG_WARNING;
	(void)strlcpy(c->last, text, sizeof c->last); /* what is cut was printed whole */
	gp_cli_store_tell(c->told,
		level == GP_LOG_WARNING ? GP_CLI_STORE_WARNING : GP_CLI_STORE_TROUBLE, "%s: %s",
		gp_log_level_name(level), text);
}

/* problem_of: the store's own words, which a log line may have said before. */
static const char *problem_of(struct check *c)
{
	struct gp_store_health h = {0};
	if (c->store)
		gp_store_health(c->store, &h);
	return gp_cli_visible(c->ctx.arena, *h.problem ? h.problem : c->last);
}

/* failed: a step that did not work, with what the store says itself unless it has just said so. */
static int failed(struct check *c, const char *step, int rc)
{
	struct gp_store_health h;
	gp_store_health(c->store, &h);
	const char *why = gp_cli_visible(c->ctx.arena, *h.problem ? h.problem : gp_err_text(rc));
	bool is_said = strstr(c->last, why) != NULL;
	gp_cli_store_tell(c->told, GP_CLI_STORE_TROUBLE, "%s does not work%s%s", step,
		is_said ? "" : ": ", is_said ? "" : why);
	return GP_CLI_TROUBLE;
}

/* ---- the steps ---- */

/* begin: another deadline. */
static void begin(struct check *c)
{
	c->ctx.deadline_us = gp_clock_now_us(c->ctx.clock) + STEP_US;
}

/* see_fact: visitor: is it ours, with its value? */
static bool see_fact(void *arg, const struct gp_store_fact *fact)
{
	struct gp_span *expected = arg; /* key and value are the same */
	if (gp_span_equal(fact->key, *expected) && gp_span_equal(fact->value, *expected))
		*expected = (struct gp_span) {NULL, 0};
	return true;
}

/* check_fact: written, read, removed. */
static int check_fact(struct check *c)
{
	struct gp_span seen = c->name;
	int64_t now_ms = gp_store_now_ms(c->store);
	begin(c);
	int rc = gp_store_put(c->store, &c->ctx, c->name, c->name, now_ms + PER_MS);
	if (rc)
		return failed(c, "writing a fact", rc);
	rc = gp_store_facts(c->store, &c->ctx, now_ms, c->name, see_fact, &seen);
	if (rc)
		return failed(c, "reading a fact", rc);
	rc = gp_store_remove(c->store, &c->ctx, c->name);
	if (rc)
		return failed(c, "removing a fact", rc);
	if (!seen.ptr) {
		gp_cli_store_tell(c->told, GP_CLI_STORE_FINE, "a fact: written, read, removed");
		return GP_CLI_FINE;
	}
	gp_cli_store_tell(
		c->told, GP_CLI_STORE_TROUBLE, "a fact that was written could not be read back");
	return GP_CLI_TROUBLE;
}

/* check_soft: a soft fact and a seen set: written, read, over at once. */
static int check_soft(struct check *c)
{
	int64_t now_ms = gp_store_now_ms(c->store);
	char value[sizeof "soft"] = "";
	struct gp_store_note note = {
		.key = c->name, .value = gp_span_from("soft"), .expires_ms = now_ms + PER_MS};
	struct gp_store_note over = {.key = c->name, .expires_ms = 0};
	struct gp_store_get get = {
		.key = c->name, .soft = true, .value = {.bytes = value, .room = 4}};
	struct gp_store_within within = {.ms = 1};
	struct gp_store_see see = {.subject = c->name,
		.item = c->name,
		.most = 1,
		.within = &within,
		.within_count = 1};
	const struct gp_store_op ops[] = {{GP_STORE_OP_NOTE, {.note = &note}},
		{GP_STORE_OP_GET, {.get = &get}}, {GP_STORE_OP_NOTE, {.note = &over}},
		{GP_STORE_OP_SEE, {.see = &see}}};
	begin(c);
	int rc = gp_store_do(c->store, &c->ctx, now_ms, ops, sizeof ops / sizeof ops[0]);
	if (rc)
		return failed(c, "noting what was seen", rc);
	if (strcmp(value, "soft") == 0 && see.is_new && within.seen == 1) {
		gp_cli_store_tell(
			c->told, GP_CLI_STORE_FINE, "what was seen: noted, read, removed");
		return GP_CLI_FINE;
	}
	gp_cli_store_tell(c->told, GP_CLI_STORE_TROUBLE,
		"what was noted could not be read back: the store has no space for it");
	return GP_CLI_TROUBLE;
}

/* take: one step of the counter. */
static int take(struct check *c, int64_t amount, int64_t *used_out)
{
	struct gp_store_count count = {
		.id = 1, .per_ms = PER_MS, .max = ROUNDS, .take = amount, .forced = amount == 0};
	struct gp_store_take one = {.subject = c->name, .counts = &count, .count = 1};
	begin(c);
	int64_t began_us = gp_clock_now_us(c->ctx.clock);
	int rc = gp_store_take(c->store, &c->ctx, gp_store_now_ms(c->store), &one, 1);
	if (amount && count.used >= 1 && count.used <= ROUNDS)
		c->rounds_us[count.used - 1] = gp_clock_now_us(c->ctx.clock) - began_us;
	*used_out = count.used;
	return rc;
}

/* miscounted: a store that loses or makes up what is counted. */
static int miscounted(struct check *c, int64_t used, int64_t expected)
{
	gp_cli_store_tell(c->told, GP_CLI_STORE_TROUBLE,
		"the counter is %lld where %lld was counted", (long long)used, (long long)expected);
	return GP_CLI_TROUBLE;
}

/* check_counter: counted one by one, read, forgotten. */
static int check_counter(struct check *c)
{
	int64_t used;
	int rc;
	for (int64_t i = 1; i <= ROUNDS; i++) {
		rc = take(c, 1, &used);
		if (rc)
			return failed(c, "counting", rc);
		if (used != i)
			return miscounted(c, used, i);
	}
	rc = gp_store_forget(c->store, &c->ctx, c->name, 0);
	if (rc)
		return failed(c, "forgetting a counter", rc);
	rc = take(c, 0, &used);
	if (rc)
		return failed(c, "reading a counter", rc);
	if (used)
		return miscounted(c, used, 0);
	gp_cli_store_tell(c->told, GP_CLI_STORE_FINE, "a counter: counted, read, forgotten");
	return GP_CLI_FINE;
}

/* by_size: order of numbers. */
static int by_size(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

/* print_times: the median, and the slowest. */
static void print_times(struct check *c)
{
	char median[GP_CLI_TEXT], slowest[GP_CLI_TEXT];
	qsort(c->rounds_us, ROUNDS, sizeof c->rounds_us[0], by_size);
	gp_cli_store_tell(c->told, GP_CLI_STORE_STEP, "%s (median of %d; the slowest took %s)",
		gp_cli_micros(c->rounds_us[ROUNDS / 2], median), ROUNDS,
		gp_cli_micros(c->rounds_us[ROUNDS - 1], slowest));
}

/* print_time: a server whose clock is another one than ours; what counts is its own. */
static void print_time(struct check *c, const struct gp_cli_store *store)
{
	char text[GP_DURATION_TEXT];
	int64_t apart_ms = gp_store_now_ms(c->store) - c->ctx.clock->wall_s(c->ctx.clock) * 1000;
	if (store->directory || (apart_ms > -CLOCKS_MS && apart_ms < CLOCKS_MS))
		return;
	gp_cli_store_tell(c->told, GP_CLI_STORE_CLOCK, "%s %s this host",
		gp_duration_wait(apart_ms < 0 ? -apart_ms : apart_ms, text),
		apart_ms < 0 ? "behind" : "ahead of");
}

/* read_fact: none of our name, but the question is answered. */
static int read_fact(struct check *c)
{
	char text[GP_CLI_TEXT];
	struct gp_span seen = c->name;
	begin(c);
	int64_t began_us = gp_clock_now_us(c->ctx.clock);
	int rc = gp_store_facts(
		c->store, &c->ctx, gp_store_now_ms(c->store), c->name, see_fact, &seen);
	if (rc)
		return failed(c, "reading a fact", rc);
	gp_cli_store_tell(c->told, GP_CLI_STORE_STEP, "%s",
		gp_cli_micros(gp_clock_now_us(c->ctx.clock) - began_us, text));
	return GP_CLI_FINE;
}

/* run_steps: on a store that has been opened. */
static int run_steps(struct check *c, const struct gp_cli_store *store)
{
	struct gp_store_health h;
	begin(c);
	if (!c->is_looking)
		gp_store_tend(c->store,
			&c->ctx); /* finds the way to a server that did not answer at once */
	gp_store_health(c->store, &h);
	if (h.up)
		gp_cli_store_tell(c->told, GP_CLI_STORE_FINE, "open: %s",
			gp_cli_visible(c->ctx.arena, h.where));
	int code = c->is_looking ? read_fact(c) : check_fact(c);
	if (!code && !c->is_looking)
		code = check_counter(c);
	if (!code && !c->is_looking)
		code = check_soft(c);
	if (!code && !c->is_looking)
		print_times(c);
	if (!code)
		print_time(c, store);
	return code;
}

/* tell_title: which store it is. */
static void tell_title(struct check *c, const struct gp_cli_store *store)
{
	const char *text = store->title;
	for (size_t i = 0; text && i < store->options.uri_count; i++)
		text = gp_arena_printf(c->ctx.arena, "%s %s", text,
			gp_cli_visible(c->ctx.arena, store->options.uris[i]));
	gp_cli_store_tell(c->told, GP_CLI_STORE_TITLE, "%s", text ? text : store->title);
}

/* check_store: from open to close. */
static int check_store(struct check *c, const struct gp_cli_store *store)
{
	int code = GP_CLI_TROUBLE;
	tell_title(c, store);
	begin(c);
	int rc = gp_store_open(&store->options, &c->ctx, &c->store);
	if (rc)
		gp_cli_store_tell(c->told, GP_CLI_STORE_TROUBLE, "cannot be opened%s%s",
			c->errors ? "" : ": ", c->errors ? "" : gp_err_text(rc));
	else
		code = run_steps(c, store);
	if (code)
		gp_cli_store_hint(store, problem_of(c), c->who, c->told);
	gp_store_close(c->store);
	if (!code)
		gp_cli_store_tell(c->told, GP_CLI_STORE_FINE, "%s",
			c->errors     ? "works now, after the messages above"
			: c->warnings ? "works, with the warnings above"
				      : "fine");
	return c->errors ? GP_CLI_TROUBLE : code;
}

/* gp_cli_store_check: with memory, a clock and a log of its own. */
int gp_cli_store_check(const struct gp_cli_store *store, const struct gp_cli_store_user *who,
	bool is_looking, const struct gp_cli_store_told *told)
{
	struct check c = {.who = who, .told = told, .is_looking = is_looking};
	const struct gp_log log = {take_log, &c, GP_LOG_WARNING};
	char name[128];
	c.ctx = (struct gp_ctx) {
		.arena = gp_arena_new(CHECK_MEMORY), .clock = gp_clock_system(), .log = &log};
	snprintf(name, sizeof name, SUBJECT ":%ld:%llx", (long)getpid(),
		(unsigned long long)gp_clock_now_us(c.ctx.clock));
	c.name = gp_span_from(name);
	if (!c.ctx.arena)
		return GP_CLI_TROUBLE;
	int code = check_store(&c, store);
	gp_arena_free(c.ctx.arena);
	return code;
}
