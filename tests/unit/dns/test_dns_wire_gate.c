/* SPDX-License-Identifier: ISC */
/* Places for questions: who gets the next one, and what becomes of a question that finds none. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <string.h>

#include "dns/dns_wire_private.h"
#include "support/nameserver.h"

/* gate_of: with so many places. */
static struct gp_dns_gate *gate_of(unsigned places)
{
	struct gp_dns_gate *gate = NULL;
	assert_int_equal(gp_dns_gate_new(places, &gate), GP_OK);
	assert_int_equal(gp_dns_gate_places(gate), places);
	return gate;
}

/* take: so many places as the call gets, at most wanted. */
static unsigned take(struct gp_dns_turn *turn, unsigned wanted)
{
	unsigned n = 0;
	while (n < wanted && gp_dns_gate_take(turn))
		n++;
	return n;
}

/* a_call_alone_has_all_but_a_reserve: for the first questions of others. */
static void a_call_alone_has_all_but_a_reserve(void **state)
{
	struct gp_dns_gate *gate = gate_of(16);
	struct gp_dns_turn greedy = {.gate = gate}, modest = {.gate = gate};
	(void)state;
	assert_int_equal(take(&greedy, 100), 14);
	assert_int_equal(take(&modest, 1), 1);
	gp_dns_gate_leave(&greedy);
	gp_dns_gate_leave(&modest);
	gp_dns_gate_free(gate);
}

/* calls_share_the_places: who came first does not keep more than its share. */
static void calls_share_the_places(void **state)
{
	struct gp_dns_gate *gate = gate_of(16);
	struct gp_dns_turn a = {.gate = gate}, b = {.gate = gate};
	(void)state;
	assert_int_equal(take(&a, 100), 14);
	assert_int_equal(take(&b, 100), 1);
	for (int i = 0; i < 8; i++) { /* as answers come */
		gp_dns_gate_give(&a);
		(void)take(&a, 1);
		(void)take(&b, 1);
	}
	assert_int_equal(a.held, 7);
	assert_int_equal(b.held, 7);
	gp_dns_gate_leave(&a);
	gp_dns_gate_leave(&b);
	gp_dns_gate_free(gate);
}

/* who_has_none_comes_first: in the order they came; one that leaves is passed over. */
static void who_has_none_comes_first(void **state)
{
	struct gp_dns_gate *gate = gate_of(2);
	struct gp_dns_turn a = {.gate = gate}, b = {.gate = gate}, c = {.gate = gate},
			   d = {.gate = gate}, e = {.gate = gate};
	(void)state;
	assert_true(gp_dns_gate_take(&a) && gp_dns_gate_take(&b));
	assert_false(gp_dns_gate_is_wanted(&a));
	assert_false(gp_dns_gate_take(&c) || gp_dns_gate_take(&d) || gp_dns_gate_take(&e));
	assert_true(gp_dns_gate_is_wanted(&a));
	gp_dns_gate_give(&b);
	assert_false(gp_dns_gate_take(&a)); /* it has one */
	assert_false(gp_dns_gate_take(&e)); /* it came later */
	assert_false(gp_dns_gate_take(&b)); /* it had its turn */
	gp_dns_gate_wait(&c, 60000);        /* at once */
	assert_true(gp_dns_gate_take(&c));
	gp_dns_gate_leave(&d);
	gp_dns_gate_leave(&a);
	assert_true(gp_dns_gate_take(&e));
	gp_dns_gate_wait(&b, 1); /* until the time is over */
	gp_dns_gate_leave(&e);
	assert_true(gp_dns_gate_take(&b));
	gp_dns_gate_leave(&b);
	gp_dns_gate_leave(&c);
	assert_int_equal(take(&d, 1), 1);
	gp_dns_gate_leave(&d);
	gp_dns_gate_free(gate);
}

/* nothing_is_bounded_without_a_gate: as in a process with one thread. */
static void nothing_is_bounded_without_a_gate(void **state)
{
	struct gp_dns_turn turn = {.gate = NULL};
	(void)state;
	assert_int_equal(take(&turn, 1000), 1000);
	gp_dns_gate_give(&turn);
	assert_false(gp_dns_gate_is_wanted(&turn));
	gp_dns_gate_leave(&turn);
	assert_int_equal(gp_dns_gate_places(NULL), 0);
	gp_dns_gate_free(NULL);
}

/* ---- with a resolver ---- */

#define SILENT(n)                                                          \
	{                                                                  \
		.name = n ".silent.example", .act = TEST_NAMESERVER_SILENT \
	}

static const struct test_nameserver_rule rules[] = {SILENT("a"), SILENT("b"), SILENT("c"),
	SILENT("d"), SILENT("e"),
	{.name = "victim.example", .type = GP_DNS_A, .records = {"192.0.2.1"}}};

static const struct gp_dns_question silent[] = {{"a.silent.example", GP_DNS_A},
	{"b.silent.example", GP_DNS_A}, {"c.silent.example", GP_DNS_A},
	{"d.silent.example", GP_DNS_A}, {"e.silent.example", GP_DNS_A}};
static const struct gp_dns_question victim = {"victim.example", GP_DNS_A};

/* One caller with silent questions, in a thread of its own. */
struct caller {
	struct gp_dns *dns;
	pthread_t thread;
	int64_t patience_us;
	struct gp_dns_notes notes;
	struct gp_dns_answer answers[5];
	int status;
};

/* ask_silent: all five at once. */
static void *ask_silent(void *arg)
{
	struct caller *c = arg;
	struct gp_ctx ctx = {.arena = gp_arena_new(1 << 16),
		.clock = gp_clock_system(),
		.dns = c->dns,
		.notes = &c->notes};
	ctx.deadline_us = gp_clock_now_us(ctx.clock) + c->patience_us;
	c->status = gp_dns_query(&ctx, silent, 5, c->answers);
	gp_arena_free(ctx.arena); /* with the texts of the answers */
	return NULL;
}

/* Name server, gate and a context. */
struct scene {
	struct test_nameserver *ns;
	struct gp_dns_gate *gate;
	struct gp_dns_notes notes;
	struct gp_ctx ctx;
};

/* scene_begin: a resolver with so many places. */
static void scene_begin(struct scene *s, unsigned places)
{
	*s = (struct scene) {.ns = test_nameserver_start(rules, sizeof rules / sizeof rules[0], 0),
		.gate = gate_of(places),
		.ctx = {.arena = gp_arena_new(1 << 16), .clock = gp_clock_system()}};
	const struct gp_dns_options options = {.servers = {test_nameserver_address(s->ns)},
		.server_count = 1,
		.timeout_ms = 300,
		.attempts = 3,
		.gate = s->gate};
	assert_int_equal(gp_dns_wire_new(&options, &s->ctx.dns), GP_OK);
	s->ctx.notes = &s->notes;
}

/* scene_end: frees all. */
static void scene_end(struct scene *s)
{
	gp_dns_free(s->ctx.dns);
	gp_dns_gate_free(s->gate);
	test_nameserver_stop(s->ns);
	gp_arena_free(s->ctx.arena);
}

/* ask_victim: with so much patience. */
static struct gp_dns_answer ask_victim(struct scene *s, int64_t patience_us)
{
	struct gp_dns_answer answer;
	s->ctx.deadline_us = gp_clock_now_us(s->ctx.clock) + patience_us;
	assert_int_equal(gp_dns_query(&s->ctx, &victim, 1, &answer), GP_OK);
	return answer;
}

#define CALLERS 6

/* silent_names_do_not_take_the_place_of_others: thirty of them, and two places. */
static void silent_names_do_not_take_the_place_of_others(void **state)
{
	struct scene s;
	struct caller callers[CALLERS];
	size_t trouble = 0;
	(void)state;
	scene_begin(&s, 2);
	for (int i = 0; i < CALLERS; i++) {
		callers[i] = (struct caller) {.dns = s.ctx.dns, .patience_us = 8 * 1000000};
		assert_int_equal(
			pthread_create(&callers[i].thread, NULL, ask_silent, &callers[i]), 0);
	}
	while (test_nameserver_asked(s.ns, NULL, 0) < 4)
		gp_dns_gate_wait(&(struct gp_dns_turn) {.gate = s.gate}, 5);
	assert_int_equal(ask_victim(&s, 60 * 1000000).state, GP_DNS_FOUND);
	for (int i = 0; i < CALLERS; i++) {
		pthread_join(callers[i].thread, NULL);
		assert_int_equal(callers[i].status, GP_OK);
		for (int k = 0; k < 5; k++) {
			enum gp_dns_state got = callers[i].answers[k].state;
			assert_true(got == GP_DNS_TROUBLE || got == GP_DNS_TEMPFAIL);
			trouble += got == GP_DNS_TROUBLE;
		}
	}
	assert_true(trouble > 0); /* ninety attempts of 300 ms do not fit */
	scene_end(&s);
}

/* a_question_without_a_place_is_trouble_of_our_own: with a text, counted, and never the servers'.
 */
static void a_question_without_a_place_is_trouble_of_our_own(void **state)
{
	struct scene s;
	struct gp_dns_wire_stats stats;
	(void)state;
	scene_begin(&s, 1);
	struct gp_dns_turn other = {.gate = s.gate};
	assert_true(gp_dns_gate_take(&other));
	struct gp_dns_answer answer = ask_victim(&s, 100 * 1000);
	assert_int_equal(answer.state, GP_DNS_TROUBLE);
	assert_true(answer.ours);
	assert_non_null(answer.problem);
	assert_int_equal(s.notes.trouble, 1);
	assert_string_equal(s.notes.problem, answer.problem);
	assert_int_equal(test_nameserver_asked(s.ns, NULL, 0), 0);
	gp_dns_wire_stats(s.ctx.dns, &stats);
	assert_int_equal(stats.answers[GP_DNS_TROUBLE], 1);
	assert_int_equal(stats.given_up, 0);
	assert_false(s.notes.held_up);
	(void)ask_victim(&s, 700 * 1000); /* long enough to be felt by what comes after it */
	assert_true(s.notes.held_up);
	gp_dns_gate_leave(&other);
	assert_int_equal(ask_victim(&s, 30 * 1000000).state, GP_DNS_FOUND);
	scene_end(&s);
}

/* main: all cases. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_alone_has_all_but_a_reserve),
		cmocka_unit_test(calls_share_the_places),
		cmocka_unit_test(who_has_none_comes_first),
		cmocka_unit_test(nothing_is_bounded_without_a_gate),
		cmocka_unit_test(silent_names_do_not_take_the_place_of_others),
		cmocka_unit_test(a_question_without_a_place_is_trouble_of_our_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
