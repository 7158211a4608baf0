/* SPDX-License-Identifier: ISC */
/* Places for questions: who gets the next one, and what becomes of a question that finds none. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>

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

/*
 * a_question_without_a_place_is_trouble_of_our_own: with a text, counted, and never the servers'.
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
	assert_true(s.notes.held_us >= 90 * 1000);
	for (int i = 0; i < 5; i++) /* bit by bit, but long enough to be felt by what comes after */
		(void)ask_victim(&s, 100 * 1000);
	assert_true(s.notes.held_up);
	gp_dns_gate_leave(&other);
	assert_int_equal(ask_victim(&s, 30 * 1000000).state, GP_DNS_FOUND);
	scene_end(&s);
}

/* lost_time_is_summed: a request that loses a little to each of many questions loses much. */
static void lost_time_is_summed(void **state)
{
	struct gp_dns_notes notes = {0};
	const struct gp_ctx ctx = {.notes = &notes};
	(void)state;
	for (int i = 0; i < 4; i++) {
		gp_dns_note_held(&ctx, 120 * 1000);
		gp_dns_note_held(&ctx, -5 * 1000 * 1000);
		assert_false(notes.held_up);
	}
	gp_dns_note_held(&ctx, 20 * 1000);
	assert_true(notes.held_up);
	gp_dns_note_held(&(struct gp_ctx) {.notes = NULL}, 1);
}

#define FOLLOWERS 12

/* follow: asks what all ask. */
static void *follow(void *arg)
{
	struct caller *c = arg;
	struct gp_ctx ctx = {
		.arena = gp_arena_new(1 << 16), .clock = gp_clock_system(), .dns = c->dns};
	ctx.deadline_us = gp_clock_now_us(ctx.clock) + c->patience_us;
	c->status = gp_dns_query(&ctx, &victim, 1, c->answers);
	gp_arena_free(ctx.arena);
	return NULL;
}

/* who_queues_does_not_ask_what_has_landed: all wait for a place, and one question is enough. */
static void who_queues_does_not_ask_what_has_landed(void **state)
{
	static const struct gp_dns_cache_options options = {
		.entries = 10, .ttl_max_s = 60, .patience_ms = 60000};
	struct scene s;
	struct caller callers[FOLLOWERS];
	struct gp_dns *cache = NULL;
	struct gp_dns_cache_stats stats;
	(void)state;
	scene_begin(&s, 1);
	assert_int_equal(gp_dns_cache_new(&options, s.ctx.dns, s.ctx.clock, &cache), GP_OK);
	s.ctx.dns = cache;
	struct gp_dns_turn other = {.gate = s.gate};
	assert_true(gp_dns_gate_take(&other));
	for (int i = 0; i < FOLLOWERS; i++) {
		callers[i] = (struct caller) {.dns = cache, .patience_us = 300 * 1000000LL};
		assert_int_equal(pthread_create(&callers[i].thread, NULL, follow, &callers[i]), 0);
	}
	do { /* until one of those who wait leads as well */
		gp_dns_gate_wait(&(struct gp_dns_turn) {.gate = s.gate}, 5);
		gp_dns_cache_stats(cache, &stats);
	} while (stats.misses < 2);
	gp_dns_gate_leave(&other);
	for (int i = 0; i < FOLLOWERS; i++) {
		pthread_join(callers[i].thread, NULL);
		assert_int_equal(callers[i].status, GP_OK);
		assert_int_equal(callers[i].answers[0].state, GP_DNS_FOUND);
	}
	assert_int_equal(test_nameserver_asked(s.ns, NULL, 0), 1);
	gp_dns_cache_stats(cache, &stats);
	assert_int_equal(stats.misses, 1);
	assert_int_equal(stats.hits + stats.joined, FOLLOWERS - 1);
	scene_end(&s);
}

#define QUEUERS 32

/* One in a long queue, and how often it was woken. */
struct queuer {
	struct gp_dns_gate *gate;
	pthread_t thread;
	atomic_uint *queued;
	long woken;
};

/* queue_once: for a place, which is released. */
static void *queue_once(void *arg)
{
	struct queuer *q = arg;
	struct gp_dns_turn turn = {.gate = q->gate};
	struct rusage before, after;
	assert_false(gp_dns_gate_take(&turn));
	assert_int_equal(getrusage(RUSAGE_THREAD, &before), 0);
	atomic_fetch_add(q->queued, 1);
	while (!gp_dns_gate_take(&turn))
		gp_dns_gate_wait(&turn, 300 * 1000);
	assert_int_equal(getrusage(RUSAGE_THREAD, &after), 0);
	q->woken = after.ru_nvcsw - before.ru_nvcsw;
	gp_dns_gate_leave(&turn);
	return NULL;
}

/* a_place_wakes_one: of a long queue; not each time everybody. */
static void a_place_wakes_one(void **state)
{
	struct gp_dns_gate *gate = gate_of(1);
	struct gp_dns_turn turn = {.gate = gate};
	struct queuer queuers[QUEUERS];
	atomic_uint queued = 0;
	long woken = 0;
	(void)state;
	assert_true(gp_dns_gate_take(&turn));
	for (int i = 0; i < QUEUERS; i++) {
		queuers[i] = (struct queuer) {.gate = gate, .queued = &queued};
		assert_int_equal(
			pthread_create(&queuers[i].thread, NULL, queue_once, &queuers[i]), 0);
	}
	while (atomic_load(&queued) < QUEUERS)
		gp_dns_gate_wait(&(struct gp_dns_turn) {.gate = gate}, 5);
	gp_dns_gate_leave(&turn);
	for (int i = 0; i < QUEUERS; i++) {
		pthread_join(queuers[i].thread, NULL);
		woken += queuers[i].woken;
	}
	/* a few each, as the lock is waited for, too; by waking all it were half the square */
	assert_true(woken < QUEUERS * QUEUERS / 4);
	gp_dns_gate_free(gate);
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
		cmocka_unit_test(lost_time_is_summed),
		cmocka_unit_test(who_queues_does_not_ask_what_has_landed),
		cmocka_unit_test(a_place_wakes_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
