/* SPDX-License-Identifier: ISC */
/* Answers that have expired, while no server answers; the clock is turned by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support/dnscache.h"

/* failing: how no server answers. */
static struct gp_dns_answer failing(bool ours)
{
	return (struct gp_dns_answer) {
		.state = GP_DNS_TEMPFAIL, .ours = ours, .problem = "no answer from anybody"};
}

/* expired_answers_are_given_while_no_server_answers: of each state that is one (RFC 8767). */
static void expired_answers_are_given_while_no_server_answers(void **state)
{
	static const enum gp_dns_state states[] = {GP_DNS_FOUND, GP_DNS_NODATA, GP_DNS_NXDOMAIN};
	struct test_cache *f = *state;
	f->options.stale_s = 3600;
	f->ctx.notes = &f->notes;
	for (size_t i = 0; i < 3; i++) {
		struct gp_dns_answer answer = test_cache_found(300);
		if (states[i] != GP_DNS_FOUND)
			answer = (struct gp_dns_answer) {.state = states[i], .ttl_s = 300};
		test_cache_say(f, answer);
		const char *name = &"abc.example"[i];
		assert_false(test_cache_ask(f, name, GP_DNS_TXT).stale);
		test_cache_turn(f, 301);
		test_cache_say(f, failing(false));
		for (int again = 0; again < 2; again++) {
			answer = test_cache_ask(f, name, GP_DNS_TXT);
			assert_int_equal(answer.state, states[i]);
			assert_true(answer.stale);
			assert_int_equal(answer.ttl_s, 30);
			assert_int_equal(answer.count, states[i] == GP_DNS_FOUND);
			assert_null(answer.problem);
		}
		assert_int_equal(f->notes.stale, 2 * (i + 1));
		assert_int_equal(test_cache_stats(f).stale, 2 * (i + 1));
		assert_int_equal(f->script.questions, 2 * (i + 1)); /* not each time */
	}
}

/* servers_are_tried_again_after_a_while: every 30 s; what they say then counts. */
static void servers_are_tried_again_after_a_while(void **state)
{
	struct test_cache *f = *state;
	f->options.stale_s = 3600;
	test_cache_ask(f, "a.example", GP_DNS_TXT);
	test_cache_turn(f, 301);
	test_cache_say(f, failing(false));
	assert_true(test_cache_ask(f, "a.example", GP_DNS_TXT).stale);
	test_cache_turn(f, 29);
	assert_true(test_cache_ask(f, "a.example", GP_DNS_TXT).stale);
	assert_int_equal(f->script.questions, 2);
	test_cache_turn(f, 1);
	assert_true(test_cache_ask(f, "a.example", GP_DNS_TXT).stale);
	assert_int_equal(f->script.questions, 3);
	test_cache_turn(f, 30);
	test_cache_say(f, (struct gp_dns_answer) {.state = GP_DNS_NXDOMAIN, .ttl_s = 60});
	struct gp_dns_answer answer = test_cache_ask(f, "a.example", GP_DNS_TXT);
	assert_int_equal(answer.state, GP_DNS_NXDOMAIN);
	assert_false(answer.stale);
	answer = test_cache_ask(f, "a.example", GP_DNS_TXT);
	assert_true(answer.cached && !answer.stale && answer.state == GP_DNS_NXDOMAIN);
}

/* what_is_never_stale: too old, switched off, or a failure. */
static void what_is_never_stale(void **state)
{
	static const struct {
		enum gp_dns_state first, then;
		unsigned stale_s, age_s;
		enum gp_dns_state given;
	} rows[] = {
		{GP_DNS_NODATA, GP_DNS_TEMPFAIL, 100, 399, GP_DNS_NODATA},
		{GP_DNS_NODATA, GP_DNS_TEMPFAIL, 100, 400, GP_DNS_TEMPFAIL},
		{GP_DNS_NODATA, GP_DNS_TEMPFAIL, 0, 301, GP_DNS_TEMPFAIL},
		{GP_DNS_NODATA, GP_DNS_BOGUS, 100, 399, GP_DNS_NODATA},
		{GP_DNS_NODATA, GP_DNS_BOGUS, 100, 400, GP_DNS_BOGUS},
		{GP_DNS_NODATA, GP_DNS_BOGUS, 0, 301, GP_DNS_BOGUS},
		{GP_DNS_NODATA, GP_DNS_TROUBLE, 100, 399, GP_DNS_NODATA},
		{GP_DNS_BOGUS, GP_DNS_TEMPFAIL, 100, 10, GP_DNS_TEMPFAIL},
		{GP_DNS_TEMPFAIL, GP_DNS_TEMPFAIL, 100, 10, GP_DNS_TEMPFAIL},
	};
	struct test_cache *f = *state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		f->options.stale_s = rows[i].stale_s;
		f->ctx.dns = NULL;
		test_cache_say(f, (struct gp_dns_answer) {
					  .state = rows[i].first, .ttl_s = 300, .problem = NULL});
		test_cache_ask(f, "a.example", GP_DNS_TXT);
		test_cache_turn(f, rows[i].age_s);
		test_cache_say(
			f, (struct gp_dns_answer) {.state = rows[i].then, .problem = "trouble"});
		struct gp_dns_answer answer = test_cache_ask(f, "a.example", GP_DNS_TXT);
		assert_int_equal(answer.state, rows[i].given);
		assert_int_equal(answer.stale, rows[i].given == GP_DNS_NODATA);
		gp_dns_free(f->ctx.dns);
		f->ctx.dns = NULL;
	}
}

/*
 * no_failure_takes_the_place_of_an_expired_answer: whatever kind comes, however often (RFC 8767 5).
 */
static void no_failure_takes_the_place_of_an_expired_answer(void **state)
{
	static const enum gp_dns_state states[] = {GP_DNS_TEMPFAIL, GP_DNS_BOGUS, GP_DNS_TROUBLE};
	struct test_cache *f = *state;
	f->options.stale_s = 3600;
	f->options.failure_s = 300;
	test_cache_ask(f, "a.example", GP_DNS_TXT);
	test_cache_turn(f, 301);
	for (unsigned i = 0; i < 12; i++) {
		test_cache_say(f, (struct gp_dns_answer) {.state = states[i % 3],
					  .ours = states[i % 3] == GP_DNS_TROUBLE,
					  .problem = "SERVFAIL"});
		struct gp_dns_answer answer = test_cache_ask(f, "a.example", GP_DNS_TXT);
		assert_int_equal(answer.state, GP_DNS_FOUND);
		assert_true(answer.stale);
		assert_int_equal(answer.count, 1);
		test_cache_turn(f, 31); /* they are asked again each time */
	}
	assert_int_equal(f->script.questions, 13);
}

/* options_that_change_leave_what_is_remembered: an expired answer is there still, whatever the
 * resolver is to be from now on, unless it is too old for the new options. */
static void options_that_change_leave_what_is_remembered(void **state)
{
	static const struct {
		struct gp_dns_cache_options options;
		bool stays;
	} rows[] = {
		{{.entries = 100, .ttl_max_s = 86400, .stale_s = 3600}, true},
		{{.entries = 16, .ttl_max_s = 86400, .stale_s = 3600}, true},
		{{.entries = 500000, .ttl_max_s = 86400, .stale_s = 3600}, true},
		{{.entries = 100, .ttl_max_s = 7200, .stale_s = 3600}, true},
		{{.entries = 100, .ttl_min_s = 3600, .ttl_max_s = 86400, .stale_s = 3600}, true},
		{{.entries = 100, .ttl_max_s = 86400, .stale_s = 36000}, true},
		{{.entries = 100, .ttl_max_s = 86400, .failure_s = 300, .stale_s = 3600}, true},
		{{.entries = 100, .ttl_max_s = 86400, .stale_s = 3600, .patience_ms = 7}, true},
		{{.entries = 100, .ttl_max_s = 86400, .stale_s = 1}, false},
		{{.entries = 100, .ttl_max_s = 86400, .stale_s = 0}, false},
	};
	struct test_cache *f = *state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		f->options.stale_s = 3600;
		test_cache_say(f, test_cache_found(300));
		test_cache_ask(f, "a.example", GP_DNS_TXT);
		test_cache_turn(f, 310);
		test_cache_say(f, failing(false));
		gp_dns_cache_set(f->ctx.dns, &rows[i].options);
		struct gp_dns_answer answer = test_cache_ask(f, "a.example", GP_DNS_TXT);
		assert_int_equal(answer.stale, rows[i].stays);
		assert_int_equal(answer.state, rows[i].stays ? GP_DNS_FOUND : GP_DNS_TEMPFAIL);
		gp_dns_free(f->ctx.dns);
		f->ctx.dns = NULL;
	}
}

/* a_newer_answer_that_is_not_kept_ends_the_old_one: nothing older comes back. */
static void a_newer_answer_that_is_not_kept_ends_the_old_one(void **state)
{
	struct test_cache *f = *state;
	f->options.stale_s = 3600;
	test_cache_ask(f, "a.example", GP_DNS_TXT);
	test_cache_turn(f, 301);
	test_cache_say(f, (struct gp_dns_answer) {.state = GP_DNS_NODATA, .ttl_s = 0});
	assert_int_equal(test_cache_ask(f, "a.example", GP_DNS_TXT).state, GP_DNS_NODATA);
	test_cache_say(f, failing(false));
	assert_int_equal(test_cache_ask(f, "a.example", GP_DNS_TXT).state, GP_DNS_TEMPFAIL);
}

/* trouble_of_our_own_uses_it_too: we could not ask, and know better than nothing. */
static void trouble_of_our_own_uses_it_too(void **state)
{
	struct test_cache *f = *state;
	f->options.stale_s = 3600;
	test_cache_ask(f, "a.example", GP_DNS_TXT);
	test_cache_turn(f, 301);
	test_cache_say(f, (struct gp_dns_answer) {
				  .state = GP_DNS_TROUBLE, .ours = true, .problem = "no place"});
	struct gp_dns_answer answer = test_cache_ask(f, "a.example", GP_DNS_TXT);
	assert_int_equal(answer.state, GP_DNS_FOUND);
	assert_true(answer.stale);
}

/* want_of_time_is_no_silence: given all the same, but the next request asks again. */
static void want_of_time_is_no_silence(void **state)
{
	struct test_cache *f = *state;
	f->options.stale_s = 3600;
	test_cache_ask(f, "a.example", GP_DNS_TXT);
	test_cache_turn(f, 301);
	test_cache_say(f, failing(true));
	for (unsigned i = 2; i < 4; i++) {
		assert_true(test_cache_ask(f, "a.example", GP_DNS_TXT).stale);
		assert_int_equal(f->script.questions, i);
	}
}

/* servers_are_not_waited_for_so_long: where an expired answer is there; and less the next time. */
static void servers_are_not_waited_for_so_long(void **state)
{
	struct test_cache *f = *state;
	f->options.stale_s = 3600;
	f->ctx.notes = &f->notes;
	test_cache_ask(f, "a.example", GP_DNS_TXT);
	test_cache_ask(f, "b.example", GP_DNS_TXT);
	assert_true(f->script.last_until_us == INT64_MAX);
	test_cache_turn(f, 301);
	test_cache_say(f, failing(false));
	int64_t before_us = gp_clock_now_us(f->ctx.clock);
	assert_true(test_cache_ask(f, "a.example", GP_DNS_TXT).stale);
	int64_t first_us = f->script.last_until_us - before_us;
	before_us = f->script.last_until_us;
	assert_true(first_us >= 1800 * 1000 && first_us < 60 * (int64_t)TEST_CACHE_SECOND);
	assert_true(test_cache_ask(f, "b.example", GP_DNS_TXT).stale);
	assert_true(f->script.last_until_us < before_us + 60 * (int64_t)TEST_CACHE_SECOND);
	test_cache_ask(f, "new.example", GP_DNS_TXT);
	assert_true(f->script.last_until_us == INT64_MAX);
}

/* renew: what is wanted; how many questions that were. */
static size_t renew(struct test_cache *f)
{
	size_t count = 99;
	assert_int_equal(gp_dns_cache_renew(f->ctx.dns, &f->ctx, &count), GP_OK);
	return count;
}

/* give_up: an expired answer has to do, as the servers are not heard in time. */
static void give_up(struct test_cache *f, const char *name)
{
	test_cache_say(f, failing(true));
	atomic_store(&f->script.slow, true);
	struct gp_dns_answer answer = test_cache_ask(f, name, GP_DNS_TXT);
	atomic_store(&f->script.slow, false);
	assert_true(answer.stale && answer.state == GP_DNS_FOUND);
}

/* slow_servers_are_heard_by_who_renews: with all patience; the answer is there for the next one. */
static void slow_servers_are_heard_by_who_renews(void **state)
{
	struct test_cache *f = *state;
	f->options.stale_s = 3600;
	f->ctx.notes = &f->notes;
	test_cache_ask(f, "a.example", GP_DNS_TXT);
	assert_int_equal(renew(f), 0);
	test_cache_turn(f, 301);
	give_up(f, "A.Example.");
	test_cache_say(f, (struct gp_dns_answer) {.state = GP_DNS_NXDOMAIN, .ttl_s = 60});
	assert_int_equal(renew(f), 1);
	assert_true(f->script.last_until_us == f->ctx.deadline_us);
	assert_int_equal(f->script.questions, 3);
	struct gp_dns_answer answer = test_cache_ask(f, "a.example", GP_DNS_TXT);
	assert_int_equal(answer.state, GP_DNS_NXDOMAIN);
	assert_true(answer.cached && !answer.stale);
	assert_int_equal(renew(f), 0);
	assert_int_equal(f->script.questions, 3);
}

/* what_is_renewed_and_what_not: once, though several gave it up; not what servers have refused. */
static void what_is_renewed_and_what_not(void **state)
{
	struct test_cache *f = *state;
	f->options.stale_s = 3600;
	test_cache_ask(f, "a.example", GP_DNS_TXT);
	test_cache_ask(f, "b.example", GP_DNS_TXT);
	assert_int_equal(renew(f), 0);
	test_cache_turn(f, 301);
	give_up(f, "a.example");
	test_cache_turn(f, 31);
	give_up(f, "a.example");
	test_cache_say(f, failing(false));
	assert_true(test_cache_ask(f, "b.example", GP_DNS_TXT).stale);
	assert_int_equal(
		renew(f), 1); /* in vain: what was known stays, and nobody asks for a while */
	assert_true(test_cache_ask(f, "a.example", GP_DNS_TXT).stale);
	assert_int_equal(f->script.questions, 6);
	assert_int_equal(renew(f), 0);
	size_t count;
	assert_int_equal(gp_dns_cache_renew(&f->script.base, &f->ctx, &count), GP_EINVAL);
}

/* without_who_renews_the_next_request_waits_longer: half of its time, and not for the first. */
static void without_who_renews_the_next_request_waits_longer(void **state)
{
	struct test_cache *f = *state;
	f->options.stale_s = 3600;
	test_cache_ask(f, "a.example", GP_DNS_TXT);
	test_cache_turn(f, 301);
	give_up(f, "a.example");
	test_cache_turn(f, 31);
	f->ctx.deadline_us = gp_clock_now_us(f->ctx.clock) + 3600 * (int64_t)TEST_CACHE_SECOND;
	int64_t before_us = gp_clock_now_us(f->ctx.clock);
	test_cache_say(f, test_cache_found(300));
	assert_false(test_cache_ask(f, "a.example", GP_DNS_TXT).stale);
	assert_true(f->script.last_until_us >= before_us + 10 * (int64_t)TEST_CACHE_SECOND);
	assert_true(f->script.last_until_us < f->ctx.deadline_us);
}

/* renew_once: in a thread of its own. */
static void *renew_once(void *arg)
{
	struct test_cache_asker *a = arg;
	struct gp_ctx ctx = a->f->ctx;
	size_t count;
	ctx.arena = gp_arena_new(1 << 16);
	a->status = gp_dns_cache_renew(ctx.dns, &ctx, &count);
	gp_arena_free(ctx.arena);
	return NULL;
}

/* who_waits_for_who_is_patient_is_not: it takes what has expired. */
static void who_waits_for_who_is_patient_is_not(void **state)
{
	struct test_cache *f = *state;
	struct test_cache_asker renewer = {.f = f};
	f->options.stale_s = 3600;
	test_cache_ask(f, "a.example", GP_DNS_TXT);
	assert_int_equal(renew(f), 0);
	test_cache_turn(f, 301);
	give_up(f, "a.example");
	atomic_store(&f->script.held, 1);
	assert_int_equal(pthread_create(&renewer.thread, NULL, renew_once, &renewer), 0);
	while (!atomic_load(&f->script.inside))
		usleep(200);
	test_cache_turn(f, 31);                                        /* it would be asked again */
	assert_true(test_cache_ask(f, "a.example", GP_DNS_TXT).stale); /* would hang */
	assert_int_equal(f->script.questions, 3);
	test_cache_say(f, test_cache_found(300));
	atomic_store(&f->script.held, 0);
	pthread_join(renewer.thread, NULL);
	assert_int_equal(renewer.status, GP_OK);
	assert_false(test_cache_ask(f, "a.example", GP_DNS_TXT).stale);
}

/* who_waits_gets_the_expired_answer_too: one asks for all. */
static void who_waits_gets_the_expired_answer_too(void **state)
{
	struct test_cache *f = *state;
	struct test_cache_asker askers[TEST_CACHE_THREADS];
	f->options.stale_s = 3600;
	test_cache_ask(f, "a.example", GP_DNS_TXT);
	test_cache_turn(f, 301);
	test_cache_say(f, failing(false));
	atomic_store(&f->script.held, 1);
	test_cache_start(f, askers, test_cache_ask_once);
	test_cache_until_joined(f, TEST_CACHE_THREADS - 1);
	atomic_store(&f->script.held, 0);
	for (int i = 0; i < TEST_CACHE_THREADS; i++) {
		pthread_join(askers[i].thread, NULL);
		assert_true(askers[i].right && askers[i].answer.stale);
	}
	assert_int_equal(f->script.questions, 2);
}

/* A clock of which each look is a second later, so that what is slow is soon given up. */
struct leaping_clock {
	struct gp_clock base;
	_Atomic int64_t mono_us;
};

/* leap: a second on. */
static int64_t leap(const struct gp_clock *clock)
{
	return atomic_fetch_add(&((struct leaping_clock *)clock)->mono_us, TEST_CACHE_SECOND);
}

/* leap_wall_s: nobody asks for it. */
static int64_t leap_wall_s(const struct gp_clock *clock)
{
	(void)clock;
	return 0;
}

/* expire: count names, evil0 and on, below another, and v.example, become stale. */
static void expire(
	struct test_cache *f, struct leaping_clock *clock, const char *below, size_t count)
{
	char name[40];
	*clock = (struct leaping_clock) {.base = {leap, leap_wall_s}, .mono_us = TEST_CACHE_SECOND};
	f->ctx.clock = &clock->base;
	f->ctx.deadline_us = 1000000 * (int64_t)TEST_CACHE_SECOND;
	f->options.stale_s = 36000;
	f->options.entries = 1000;
	for (size_t i = 0; i < count; i++) {
		snprintf(name, sizeof name, "evil%zu.%s", i, below);
		test_cache_ask(f, name, GP_DNS_TXT);
		gp_arena_reset(f->ctx.arena);
	}
	test_cache_ask(f, "v.example", GP_DNS_TXT);
	assert_int_equal(renew(f), 0); /* somebody does it */
	test_cache_turn(f, 301);
}

/* give_up_many: of those names, from the first one on. */
static void give_up_many(struct test_cache *f, const char *below, size_t count)
{
	char name[40];
	for (size_t i = 0; i < count; i++) {
		snprintf(name, sizeof name, "evil%zu.%s", i, below);
		give_up(f, name);
		gp_arena_reset(f->ctx.arena);
	}
}

/* is_stale_now: a good answer is there for who asks. */
static bool is_stale_now(struct test_cache *f, const char *name)
{
	test_cache_say(f, test_cache_found(300));
	return test_cache_ask(f, name, GP_DNS_TXT).stale;
}

/*
 * a_domain_has_a_share_of_what_is_renewed: however many names of it are silent, others come soon.
 */
static void a_domain_has_a_share_of_what_is_renewed(void **state)
{
	struct test_cache *f = *state;
	struct leaping_clock clock;
	expire(f, &clock, "evil.test", 300);
	give_up_many(f, "evil.test", 300);
	give_up(f, "v.example");
	assert_int_equal(renew(f), 16); /* of evil.test, in vain */
	test_cache_say(f, test_cache_found(300));
	assert_int_equal(renew(f), 1);
	assert_false(is_stale_now(f, "v.example"));
	assert_true(is_stale_now(f, "evil0.evil.test"));
}

/* what_was_renewed_in_vain_comes_behind: and makes room for what was not. */
static void what_was_renewed_in_vain_comes_behind(void **state)
{
	struct test_cache *f = *state;
	struct leaping_clock clock;
	expire(f, &clock, "test", 256);
	give_up_many(f, "test", 256);
	for (size_t i = 0; i < 256 / 16; i++)
		assert_int_equal(renew(f), 16);
	assert_int_equal(renew(f), 0);
	test_cache_turn(f, 31);
	give_up_many(f, "test", 256);
	give_up(f, "v.example");
	test_cache_say(f, test_cache_found(300));
	assert_int_equal(renew(f), 16);
	assert_false(is_stale_now(f, "v.example"));
	assert_true(is_stale_now(f, "evil30.test"));
}

/* who_finds_no_place_to_be_renewed_is_waited_for: by the next request, for half of its time. */
static void who_finds_no_place_to_be_renewed_is_waited_for(void **state)
{
	static const struct {
		const char *name;
		bool is_waited_for;
	} rows[] = {{"evil0.test", false}, {"v.example", true}};
	struct test_cache *f = *state;
	struct leaping_clock clock;
	expire(f, &clock, "test", 256);
	give_up_many(f, "test", 256);
	give_up(f, "v.example");
	test_cache_turn(f, 31);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int64_t before_us = gp_clock_now_us(f->ctx.clock);
		assert_false(is_stale_now(f, rows[i].name));
		int64_t waited_us = f->script.last_until_us - before_us;
		assert_int_equal(
			waited_us >= 10 * (int64_t)TEST_CACHE_SECOND, rows[i].is_waited_for);
	}
}

/* who_waits_less_decides_for_nobody_else: a record that names somebody else's after a stale answer
 * waits for it only shortly; unless it is to be renewed, the next request asks. */
static void who_waits_less_decides_for_nobody_else(void **state)
{
	struct test_cache *f = *state;
	struct leaping_clock clock;
	expire(f, &clock, "test", 256);
	give_up_many(f, "test", 256);
	f->ctx.notes = &f->notes;
	f->notes.stale = 1;
	give_up(f, "v.example");
	f->ctx.notes = NULL;
	assert_false(is_stale_now(f, "v.example"));
	assert_true(is_stale_now(f, "evil0.test")); /* it is to be renewed */
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, test_cache_set_up, test_cache_tear_down)

/* main: all cases. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(expired_answers_are_given_while_no_server_answers),
		CASE(servers_are_tried_again_after_a_while),
		CASE(what_is_never_stale),
		CASE(no_failure_takes_the_place_of_an_expired_answer),
		CASE(options_that_change_leave_what_is_remembered),
		CASE(a_newer_answer_that_is_not_kept_ends_the_old_one),
		CASE(trouble_of_our_own_uses_it_too),
		CASE(want_of_time_is_no_silence),
		CASE(servers_are_not_waited_for_so_long),
		CASE(slow_servers_are_heard_by_who_renews),
		CASE(what_is_renewed_and_what_not),
		CASE(without_who_renews_the_next_request_waits_longer),
		CASE(who_waits_for_who_is_patient_is_not),
		CASE(who_waits_gets_the_expired_answer_too),
		CASE(a_domain_has_a_share_of_what_is_renewed),
		CASE(what_was_renewed_in_vain_comes_behind),
		CASE(who_finds_no_place_to_be_renewed_is_waited_for),
		CASE(who_waits_less_decides_for_nobody_else),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
