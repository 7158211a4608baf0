/* SPDX-License-Identifier: ISC */
/*
 * A store made of two, of which either may fail: it means what every store means (the contract),
 * and what is counted in one is released there and nowhere else.
 */
#include "store/store_fallback.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "support/contract.h"
#include "support/memstore.h"

#define START 1000000000000LL
#define MINUTE_US 60000000LL
#define APART 5000000 /* between the clocks of the two */

struct pair {
	struct gp_test_memstore *handle[GP_STORE_PARTS];
	struct gp_store *store;
	struct gp_ctx ctx;
	struct gp_log log;
	int lines;
	char said[3][400];
};

/* note_log: the texts of some lines. */
static void note_log(void *arg, enum gp_log_level level, const char *event,
	const struct gp_log_field *fields, size_t count)
{
	struct pair *p = arg;
	(void)level;
	(void)event;
	if (count == 1 && p->lines < 3)
		snprintf(p->said[p->lines], sizeof p->said[0], "%.*s", (int)fields[0].text.len,
			fields[0].text.ptr);
	p->lines++;
}

/* begin: two stores in memory with clocks of their own. */
static void begin(struct pair *p)
{
	struct gp_store *part[GP_STORE_PARTS];
	memset(p, 0, sizeof *p);
	p->log = (struct gp_log) {note_log, p, GP_LOG_DEBUG};
	p->ctx = (struct gp_ctx) {
		.clock = gp_clock_system(), .log = &p->log, .deadline_us = INT64_MAX / 2};
	for (unsigned i = 0; i < GP_STORE_PARTS; i++)
		assert_int_equal(gp_test_memstore_new(&p->handle[i], &part[i]), GP_OK);
	gp_test_memstore_set_now(p->handle[GP_STORE_CONFIGURED], START);
	gp_test_memstore_set_now(p->handle[GP_STORE_LOCAL], START + APART);
	assert_int_equal(gp_store_fallback_new(part[GP_STORE_CONFIGURED], &p->store), GP_OK);
	gp_store_fallback_stand_in(p->store, part[GP_STORE_LOCAL]);
}

/* end: both. */
static void end(struct pair *p)
{
	gp_store_close(p->store);
}

/* set_fail: one of the two, until 0. */
static void set_fail(struct pair *p, enum gp_store_part part, int status)
{
	gp_test_memstore_fail(p->handle[part], status);
}

/* take: so much, and back what the earlier one took; the status. */
static int take(struct pair *p, int64_t amount, const struct gp_store_count *earlier,
	struct gp_store_count *c)
{
	*c = (struct gp_store_count) {.id = 1, .per_ms = 64000, .max = 10, .take = amount};
	if (earlier) {
		c->back = earlier->take;
		c->back_ms = earlier->at_ms;
		c->back_part = earlier->part;
	}
	struct gp_store_take one = {gp_span_from("s"), c, 1};
	return gp_store_take(p->store, &p->ctx, gp_store_now_ms(p->store), &one, 1);
}

/* used_in: what a part counts of it. */
static int64_t used_in(struct pair *p, enum gp_store_part part)
{
	struct gp_store *store = gp_store_part(p->store, part);
	struct gp_store_count c = {.id = 1, .per_ms = 64000, .max = 10, .forced = true};
	struct gp_store_take one = {gp_span_from("s"), &c, 1};
	assert_int_equal(gp_store_take(store, &p->ctx, gp_store_now_ms(store), &one, 1), GP_OK);
	return c.used;
}

/* the_local_one_counts_while_the_other_fails: and says where, and when by its own clock. */
static void the_local_one_counts_while_the_other_fails(void **state)
{
	struct pair p;
	struct gp_store_count c;
	(void)state;
	begin(&p);
	assert_int_equal(take(&p, 3, NULL, &c), GP_OK);
	assert_int_equal(c.part, GP_STORE_CONFIGURED);
	assert_int_equal(c.at_ms, START);
	set_fail(&p, GP_STORE_CONFIGURED, GP_EIO);
	assert_int_equal(take(&p, 2, NULL, &c), GP_OK);
	assert_int_equal(c.part, GP_STORE_LOCAL);
	assert_int_equal(c.at_ms, START + APART);
	assert_int_equal(c.used, 2);
	assert_int_equal(used_in(&p, GP_STORE_LOCAL), 2);
	assert_int_equal(take(&p, 9, NULL, &c), GP_OK); /* refused is an answer, too */
	assert_true(c.refused);
	set_fail(&p, GP_STORE_CONFIGURED, 0);
	assert_int_equal(used_in(&p, GP_STORE_CONFIGURED), 3);
	assert_int_equal(p.lines, 1); /* once a minute */
	assert_string_equal(p.said[0],
		"store: memory: told to fail: system call failed; limits: counted on this machine "
		"until it is available again");
	end(&p);
}

/* what_is_given_back_goes_where_it_was_taken: in the same call as what is taken anew. */
static void what_is_given_back_goes_where_it_was_taken(void **state)
{
	struct pair p;
	struct gp_store_count c, d, e;
	(void)state;
	begin(&p);
	assert_int_equal(take(&p, 3, NULL, &c), GP_OK);
	set_fail(&p, GP_STORE_CONFIGURED, GP_EIO);
	assert_int_equal(take(&p, 4, &c, &d), GP_OK);
	assert_int_equal(d.part, GP_STORE_LOCAL);
	assert_int_equal(d.used, 4); /* the 3 of the other are not its business */
	set_fail(&p, GP_STORE_CONFIGURED, 0);
	assert_int_equal(used_in(&p, GP_STORE_CONFIGURED), 3); /* could not be released then */
	assert_int_equal(take(&p, 5, &d, &e), GP_OK);
	assert_int_equal(e.part, GP_STORE_CONFIGURED);
	assert_int_equal(e.used, 8);
	assert_int_equal(used_in(&p, GP_STORE_LOCAL), 0);
	end(&p);
}

/* a_refusal_gives_nothing_back: in neither. */
static void a_refusal_gives_nothing_back(void **state)
{
	struct pair p;
	struct gp_store_count c, d;
	(void)state;
	begin(&p);
	set_fail(&p, GP_STORE_CONFIGURED, GP_ETIMEOUT);
	assert_int_equal(take(&p, 4, NULL, &c), GP_OK);
	set_fail(&p, GP_STORE_CONFIGURED, 0);
	assert_int_equal(take(&p, 11, &c, &d), GP_OK);
	assert_true(d.refused);
	assert_int_equal(used_in(&p, GP_STORE_LOCAL), 4);
	assert_int_equal(used_in(&p, GP_STORE_CONFIGURED), 0);
	end(&p);
}

/* what_only_gives_back_changes_no_store: it fails where what it releases lies. */
static void what_only_gives_back_changes_no_store(void **state)
{
	struct pair p;
	struct gp_store_count c, d, nothing;
	(void)state;
	begin(&p);
	assert_int_equal(take(&p, 4, NULL, &c), GP_OK);
	set_fail(&p, GP_STORE_CONFIGURED, GP_EIO);
	assert_int_equal(take(&p, 2, NULL, &d), GP_OK);
	assert_int_equal(take(&p, 0, &c, &nothing), GP_EIO);
	assert_int_equal(used_in(&p, GP_STORE_LOCAL), 2);
	assert_int_equal(take(&p, 0, &d, &nothing), GP_OK); /* the other one need not be there */
	assert_int_equal(used_in(&p, GP_STORE_LOCAL), 0);
	set_fail(&p, GP_STORE_CONFIGURED, 0);
	assert_int_equal(take(&p, 0, &c, &nothing), GP_OK);
	assert_int_equal(used_in(&p, GP_STORE_CONFIGURED), 0);
	end(&p);
}

/* both_fail: a status, and both are named. */
static void both_fail(void **state)
{
	struct pair p;
	struct gp_store_count c;
	(void)state;
	begin(&p);
	set_fail(&p, GP_STORE_CONFIGURED, GP_EIO);
	set_fail(&p, GP_STORE_LOCAL, GP_ETIMEOUT);
	assert_int_equal(take(&p, 1, NULL, &c), GP_ETIMEOUT);
	gp_store_say_trouble(p.store, &p.ctx, NULL); /* nothing more than what is said */
	assert_int_equal(p.lines, 2);
	assert_non_null(strstr(p.said[1], "; limits: mail passes uncounted"));
	set_fail(&p, GP_STORE_CONFIGURED, GP_ENOMEM); /* ours, and no reason to ask another one */
	set_fail(&p, GP_STORE_LOCAL, 0);
	assert_int_equal(take(&p, 1, NULL, &c), GP_ENOMEM);
	assert_int_equal(used_in(&p, GP_STORE_LOCAL), 0);
	end(&p);
}

static int64_t hand_us; /* of a clock that is set by hand */

/* read_hand: its time. */
static int64_t read_hand(const struct gp_clock *clock)
{
	(void)clock;
	return hand_us;
}

/* each_consequence_is_said_once: whoever else has said what becomes of his own. */
static void each_consequence_is_said_once(void **state)
{
	static const char grey[] = "greylisting: no mail is delayed until it is back";
	static const struct gp_clock hand = {.mono_us = read_hand};
	struct pair p;
	struct gp_store_count c;
	struct gp_store_get soft = {.key = gp_span_from("k"), .soft = true};
	(void)state;
	begin(&p);
	p.ctx.clock = &hand;
	hand_us = MINUTE_US;
	set_fail(&p, GP_STORE_CONFIGURED, GP_EIO);
	assert_int_equal(gp_store_get(p.store, &p.ctx, START, &soft), GP_OK);
	assert_int_equal(p.lines, 0); /* nothing was counted, so nothing is said about limits */
	for (int minute = 1; minute < 4; minute++) {
		hand_us = minute * MINUTE_US;
		assert_int_equal(take(&p, 1, NULL, &c), GP_OK);
		gp_store_say_trouble(p.store, &p.ctx, grey);
		gp_store_tend(p.store, &p.ctx);
		assert_int_equal(p.lines, 2);
	}
	assert_non_null(strstr(p.said[0], "; limits: counted on this machine"));
	assert_non_null(strstr(p.said[1], "; greylisting: no mail is delayed"));
	hand_us += MINUTE_US;
	for (int i = 0; i < 2; i++) { /* it comes and goes: once in a minute */
		set_fail(&p, GP_STORE_CONFIGURED, 0);
		gp_store_tend(p.store, &p.ctx);
		p.lines = 0;
		set_fail(&p, GP_STORE_CONFIGURED, GP_EIO);
		gp_store_say_trouble(p.store, &p.ctx, grey);
		assert_int_equal(p.lines, i ? 0 : 1);
	}
	end(&p);
}

/* nothing_stands_in_unless_it_is_wanted: it stays open, and is forgotten in. */
static void nothing_stands_in_unless_it_is_wanted(void **state)
{
	static const struct gp_store_options options = {.map_bytes = 1 << 20};
	struct pair p;
	struct gp_store_count c;
	(void)state;
	begin(&p);
	set_fail(&p, GP_STORE_CONFIGURED, GP_EIO);
	assert_int_equal(take(&p, 1, NULL, &c), GP_OK);
	assert_int_equal(gp_store_fallback_local(p.store, &options, NULL, &p.ctx), GP_OK);
	assert_int_equal(take(&p, 1, NULL, &c), GP_EIO);
	assert_int_equal(gp_store_fallback_local(p.store, &options, "/elsewhere", &p.ctx), GP_OK);
	assert_int_equal(take(&p, 1, NULL, &c), GP_OK);
	assert_int_equal(used_in(&p, GP_STORE_LOCAL), 2);
	set_fail(&p, GP_STORE_CONFIGURED, 0);
	assert_int_equal(gp_store_forget(p.store, &p.ctx, gp_span_from("s"), 1), GP_OK);
	assert_int_equal(used_in(&p, GP_STORE_LOCAL), 0);
	end(&p);
}

/* count_facts: visitor. */
static bool count_facts(void *arg, const struct gp_store_fact *fact)
{
	(void)fact;
	++*(int *)arg;
	return true;
}

/* facts_are_the_configured_ones_alone: a table that is read while it fails is no empty one. */
static void facts_are_the_configured_ones_alone(void **state)
{
	struct pair p;
	int count = 0;
	(void)state;
	begin(&p);
	assert_int_equal(
		gp_store_put(p.store, &p.ctx, gp_span_from("k"), gp_span_from("v"), 0), GP_OK);
	set_fail(&p, GP_STORE_CONFIGURED, GP_EIO);
	assert_int_equal(
		gp_store_facts(p.store, &p.ctx, START, gp_span_from(""), count_facts, &count),
		GP_EIO);
	assert_int_equal(
		gp_store_put(p.store, &p.ctx, gp_span_from("k"), gp_span_from("w"), 0), GP_EIO);
	assert_int_equal(gp_store_facts(gp_store_part(p.store, GP_STORE_LOCAL), &p.ctx, START,
				 gp_span_from(""), count_facts, &count),
		GP_OK);
	assert_int_equal(count, 0);
	end(&p);
}

/* all_of_a_decision_goes_to_one: with soft facts, whose end is by the clock of the caller. */
static void all_of_a_decision_goes_to_one(void **state)
{
	struct pair p;
	(void)state;
	begin(&p);
	assert_int_equal(
		gp_store_put(p.store, &p.ctx, gp_span_from("k"), gp_span_from("v"), 0), GP_OK);
	for (int round = 0; round < 3; round++) {
		struct gp_store_count c = {.id = 1, .per_ms = 64000, .max = 10, .take = 1};
		struct gp_store_take one = {gp_span_from("s"), &c, 1};
		struct gp_store_get get = {.key = gp_span_from("k")};
		struct gp_store_note n = {.key = gp_span_from("k"),
			.value = gp_span_from("w"),
			.expires_ms = START + 1000};
		const struct gp_store_op ops[] = {{GP_STORE_OP_GET, {.get = &get}},
			{GP_STORE_OP_TAKE, {.take = &one}}, {GP_STORE_OP_NOTE, {.note = &n}}};
		set_fail(&p, GP_STORE_CONFIGURED, round ? GP_EIO : 0);
		assert_int_equal(gp_store_do(p.store, &p.ctx, START, ops, 3), GP_OK);
		assert_int_equal(get.value.found, round ? GP_STORE_UNKNOWN : GP_STORE_FOUND);
		assert_int_equal(c.part, round ? GP_STORE_LOCAL : GP_STORE_CONFIGURED);
		assert_int_equal(c.used, round == 2 ? 2 : 1);
		assert_int_equal(n.before.found, round == 2 ? GP_STORE_FOUND : GP_STORE_ABSENT);
		if (round == 2)
			assert_int_equal(n.before.expires_ms, START + 1000);
	}
	struct gp_store_get soft = {.key = gp_span_from("k"), .soft = true}, hard = soft;
	assert_int_equal(gp_store_get(p.store, &p.ctx, START + 999, &soft), GP_OK);
	assert_int_equal(soft.value.found, GP_STORE_FOUND);
	assert_int_equal(gp_store_get(p.store, &p.ctx, START + 1000, &soft), GP_OK);
	assert_int_equal(soft.value.found, GP_STORE_ABSENT);
	hard.soft = false;
	assert_int_equal(gp_store_get(p.store, &p.ctx, START, &hard), GP_EIO);
	end(&p);
}

/* health_is_the_configured_ones: down and back are told by tend, once each. */
static void health_is_the_configured_ones(void **state)
{
	struct pair p;
	struct gp_store_count c;
	struct gp_store_health h;
	(void)state;
	begin(&p);
	assert_int_equal(take(&p, 1, NULL, &c), GP_OK);
	set_fail(&p, GP_STORE_CONFIGURED, GP_EIO);
	assert_int_equal(take(&p, 1, NULL, &c), GP_OK);
	gp_store_health(p.store, &h);
	assert_false(h.up);
	assert_int_equal(h.taken, 1);
	assert_int_equal(h.failed, 1);
	gp_store_health(gp_store_part(p.store, GP_STORE_LOCAL), &h);
	assert_true(h.up);
	assert_int_equal(h.taken, 1);
	p.lines = 0;
	gp_store_tend(p.store, &p.ctx); /* the trouble has been told in this minute */
	assert_int_equal(p.lines, 0);
	set_fail(&p, GP_STORE_CONFIGURED, 0);
	gp_store_tend(p.store, &p.ctx);
	gp_store_tend(p.store, &p.ctx);
	assert_int_equal(p.lines, 1);
	assert_string_equal(p.said[0], "store: memory is in use");
	end(&p);
}

/* ---- the contract ---- */

/* open_well: the configured one works. */
static struct gp_store *open_well(void *arg)
{
	struct pair *p = arg;
	begin(p);
	return p->store;
}

/* close_pair: both. */
static void close_pair(struct gp_store *store, void *arg)
{
	(void)store;
	end(arg);
}

/* main: the contract, and what is special. */
int main(void)
{
	static struct pair pair;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_local_one_counts_while_the_other_fails),
		cmocka_unit_test(what_is_given_back_goes_where_it_was_taken),
		cmocka_unit_test(a_refusal_gives_nothing_back),
		cmocka_unit_test(what_only_gives_back_changes_no_store),
		cmocka_unit_test(both_fail),
		cmocka_unit_test(each_consequence_is_said_once),
		cmocka_unit_test(nothing_stands_in_unless_it_is_wanted),
		cmocka_unit_test(facts_are_the_configured_ones_alone),
		cmocka_unit_test(all_of_a_decision_goes_to_one),
		cmocka_unit_test(health_is_the_configured_ones),
	};
	int failed =
		gp_test_contract("two, of which the first works", open_well, close_pair, &pair);
	return failed + cmocka_run_group_tests_name("fallback", tests, NULL, NULL);
}
