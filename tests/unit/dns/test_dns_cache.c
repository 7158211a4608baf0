/* SPDX-License-Identifier: ISC */
/* The cache over a scripted layer, with a clock turned by hand; threads ask the same at once. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dns/dns_cache_private.h"
#include "support/dnscache.h"

/* ---- one thread ---- */

/* the_second_time_is_a_hit: case and final dot aside, with the TTL that is left. */
static void the_second_time_is_a_hit(void **state)
{
	struct test_cache *f = *state;
	struct gp_dns_answer answer = test_cache_ask(f, "Example.ORG.", GP_DNS_TXT);
	assert_false(answer.cached);
	assert_int_equal(answer.ttl_s, 300);
	test_cache_turn(f, 100);
	answer = test_cache_ask(f, "example.org", GP_DNS_TXT);
	assert_true(answer.cached);
	assert_int_equal(answer.state, GP_DNS_FOUND);
	assert_int_equal(answer.ttl_s, 200);
	assert_int_equal(answer.count, 1);
	assert_int_equal(answer.records[0].text.len, 11);
	assert_memory_equal(answer.records[0].text.ptr, "v=spf1 -all", 11);
	assert_int_equal(f->script.questions, 1);
	assert_int_equal(test_cache_stats(f).hits, 1);
	assert_int_equal(test_cache_stats(f).misses, 1);
	assert_int_equal(test_cache_stats(f).entries, 1);
}

/* other_questions_are_no_hits: other name, other type, other octets above ASCII. */
static void other_questions_are_no_hits(void **state)
{
	static const struct gp_dns_question rows[] = {{"a.example", GP_DNS_TXT},
		{"a.example", GP_DNS_A}, {"b.example", GP_DNS_TXT}, {"", GP_DNS_TXT},
		{"a.exampl", GP_DNS_TXT}, {"\xc1.example", GP_DNS_TXT},
		{"\xe1.example", GP_DNS_TXT}, {"[.example", GP_DNS_TXT}, {"{.example", GP_DNS_TXT},
		{"@.example", GP_DNS_TXT}, {"`.example", GP_DNS_TXT}};
	struct test_cache *f = *state;
	test_cache_say(f, (struct gp_dns_answer) {.state = GP_DNS_NODATA, .ttl_s = 60});
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
			assert_int_equal(
				test_cache_ask(f, rows[i].name, rows[i].type).cached, round);
	assert_int_equal(f->script.questions, sizeof rows / sizeof rows[0]);
}

/* an_entry_ends_with_its_ttl: not before, not after. */
static void an_entry_ends_with_its_ttl(void **state)
{
	struct test_cache *f = *state;
	test_cache_ask(f, "a.example", GP_DNS_TXT);
	test_cache_turn(f, 299);
	assert_int_equal(test_cache_ask(f, "a.example", GP_DNS_TXT).ttl_s, 1);
	test_cache_turn(f, 1);
	assert_false(test_cache_ask(f, "a.example", GP_DNS_TXT).cached);
	assert_int_equal(test_cache_stats(f).entries, 1);
}

/* how_long_an_answer_is_kept: the bounds of the options, by state. */
static void how_long_an_answer_is_kept(void **state)
{
	static const struct {
		enum gp_dns_state answer;
		bool ours;
		uint32_t ttl_s, ttl_min_s, ttl_max_s, negative_max_s, failure_s;
		uint32_t kept_s, told_s;
	} rows[] = {
		{GP_DNS_FOUND, false, 50, 10, 100, 0, 0, 50, 50},
		{GP_DNS_FOUND, false, 5, 10, 100, 0, 0, 10, 10},
		{GP_DNS_FOUND, false, 500, 10, 100, 0, 0, 100, 100},
		{GP_DNS_FOUND, false, 0, 0, 100, 0, 0, 0, 0},
		{GP_DNS_NODATA, false, 50, 10, 1, 30, 0, 30, 30},
		{GP_DNS_NODATA, false, 20, 10, 1, 30, 0, 20, 20},
		{GP_DNS_NXDOMAIN, false, 0, 10, 1, 30, 0, 10, 10},
		{GP_DNS_NXDOMAIN, false, 50, 10, 100, 0, 0, 0, 0},
		{GP_DNS_TEMPFAIL, false, 0, 10, 100, 30, 5, 5, 0},
		{GP_DNS_TEMPFAIL, false, 0, 10, 100, 30, 0, 0, 0},
		{GP_DNS_TEMPFAIL, true, 0, 10, 100, 30, 5, 0, 0},
		{GP_DNS_BOGUS, false, 0, 10, 100, 30, 5, 5, 0},
	};
	struct test_cache *f = *state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		bool trouble = rows[i].answer == GP_DNS_TEMPFAIL || rows[i].answer == GP_DNS_BOGUS;
		f->options = (struct gp_dns_cache_options) {.entries = 10,
			.ttl_min_s = rows[i].ttl_min_s,
			.ttl_max_s = rows[i].ttl_max_s,
			.negative_max_s = rows[i].negative_max_s,
			.failure_s = rows[i].failure_s};
		test_cache_say(f, (struct gp_dns_answer) {.state = rows[i].answer,
					  .ours = rows[i].ours,
					  .ttl_s = rows[i].ttl_s,
					  .problem = trouble ? "192.0.2.1:53: SERVFAIL" : NULL});
		f->ctx.dns = NULL;
		test_cache_resolver(f);
		assert_int_equal(test_cache_ask(f, "a.example", GP_DNS_A).ttl_s, rows[i].told_s);
		if (rows[i].kept_s > 0) {
			test_cache_turn(f, rows[i].kept_s - 1);
			struct gp_dns_answer answer = test_cache_ask(f, "a.example", GP_DNS_A);
			assert_true(answer.cached);
			assert_int_equal(answer.state, rows[i].answer);
			assert_int_equal(answer.ttl_s, rows[i].told_s ? 1 : 0);
			assert_int_equal(answer.problem != NULL, trouble);
			if (trouble)
				assert_string_equal(answer.problem, "192.0.2.1:53: SERVFAIL");
		}
		test_cache_turn(f, 1);
		assert_false(test_cache_ask(f, "a.example", GP_DNS_A).cached);
		gp_dns_free(f->ctx.dns);
		f->ctx.dns = NULL;
	}
}

/* records_come_back_whole: of every type, in order, with secure. */
static void records_come_back_whole(void **state)
{
	static const struct gp_dns_record texts[] = {{.text = {"\0x\xff", 3}}, {.text = {"", 0}},
		{.text = {"abc", 3}}},
					  names[] = {{.name = "mx.example", .preference = 65535},
						  {.name = "", .preference = 0}},
					  v4[] = {{.addr = {GP_IP_V4, {192, 0, 2, 1}}},
						  {.addr = {GP_IP_V4, {192, 0, 2, 2}}}},
					  v6[] = {{.addr = {GP_IP_V6, {0x20, 1, [15] = 7}}}};
	static const struct {
		enum gp_dns_type type;
		const struct gp_dns_record *records;
		size_t count;
	} rows[] = {{GP_DNS_TXT, texts, 3}, {GP_DNS_MX, names, 2}, {GP_DNS_PTR, names, 2},
		{GP_DNS_A, v4, 2}, {GP_DNS_AAAA, v6, 1}, {GP_DNS_TLSA, texts, 3}};
	struct test_cache *f = *state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		test_cache_say(f, (struct gp_dns_answer) {.state = GP_DNS_FOUND,
					  .secure = true,
					  .ttl_s = 60,
					  .count = rows[i].count,
					  .records = rows[i].records});
		test_cache_ask(f, "a.example", rows[i].type);
		struct gp_dns_answer answer = test_cache_ask(f, "a.example", rows[i].type);
		assert_true(answer.cached && answer.secure);
		assert_int_equal(answer.count, rows[i].count);
		for (size_t j = 0; j < answer.count; j++) {
			const struct gp_dns_record *was = &rows[i].records[j];
			const struct gp_dns_record *is = &answer.records[j];
			assert_true(gp_span_equal(is->text, was->text));
			assert_true(gp_ipaddr_equal(&is->addr, &was->addr));
			if (rows[i].records == names)
				assert_string_equal(is->name, was->name);
			assert_int_equal(
				is->preference, rows[i].type == GP_DNS_MX ? was->preference : 0);
		}
	}
}

/* the_oldest_unused_goes_first: what was asked for again stays. */
static void the_oldest_unused_goes_first(void **state)
{
	struct test_cache *f = *state;
	char name[32];
	f->options.entries = 4;
	test_cache_ask(f, "used.example", GP_DNS_TXT);
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof name, "n%d.example", i);
		test_cache_ask(f, name, GP_DNS_TXT);
		assert_true(test_cache_ask(f, "used.example", GP_DNS_TXT).cached);
	}
	assert_int_equal(test_cache_stats(f).entries, 4);
	assert_int_equal(test_cache_stats(f).evicted, 17);
	assert_false(test_cache_ask(f, "n0.example", GP_DNS_TXT).cached);
	assert_true(test_cache_ask(f, "n19.example", GP_DNS_TXT).cached);
}

/* never_more_than_allowed: entries over all shards, and bytes. */
static void never_more_than_allowed(void **state)
{
	struct test_cache *f = *state;
	static char big[60000];
	char name[32];
	struct gp_dns_record record = {.text = {big, sizeof big}};
	memset(big, 'x', sizeof big);
	f->options.entries = 1600;
	for (int i = 0; i < 5000; i++) {
		gp_arena_reset(f->ctx.arena);
		snprintf(name, sizeof name, "n%d.example", i);
		test_cache_ask(f, name, GP_DNS_TXT);
	}
	struct gp_dns_cache_stats s = test_cache_stats(f);
	assert_in_range(s.entries, 1500, 1600);
	assert_int_equal(s.entries + s.evicted, 5000);
	test_cache_say(
		f, (struct gp_dns_answer) {
			   .state = GP_DNS_FOUND, .ttl_s = 60, .count = 1, .records = &record});
	for (int i = 0; i < 500; i++) {
		gp_arena_reset(f->ctx.arena);
		snprintf(name, sizeof name, "big%d.example", i);
		test_cache_ask(f, name, GP_DNS_TXT);
		assert_in_range(test_cache_stats(f).bytes, 1, 16 * 256 * 1024);
	}
}

/* a_cache_without_room_works: nothing is kept. */
static void a_cache_without_room_works(void **state)
{
	struct test_cache *f = *state;
	f->options.entries = 0;
	for (int i = 0; i < 3; i++)
		assert_false(test_cache_ask(f, "a.example", GP_DNS_TXT).cached);
	assert_int_equal(test_cache_stats(f).entries, 0);
}

/* misses_are_asked_below_together: hits are not, and doubles once. */
static void misses_are_asked_below_together(void **state)
{
	static const struct gp_dns_question questions[] = {{"a.example", GP_DNS_TXT},
		{"b.example", GP_DNS_TXT}, {"A.example.", GP_DNS_TXT},
		{"known.example", GP_DNS_TXT}, {"b.example", GP_DNS_TXT},
		{"a..example", GP_DNS_TXT}};
	struct test_cache *f = *state;
	struct gp_dns_answer answers[6];
	test_cache_ask(f, "known.example", GP_DNS_TXT);
	assert_int_equal(gp_dns_query(&f->ctx, questions, 6, answers), GP_OK);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(answers[i].state, GP_DNS_FOUND);
		assert_int_equal(answers[i].records[0].text.len, 11);
		assert_int_equal(answers[i].cached, i > 1);
	}
	assert_int_equal(answers[5].state, GP_DNS_NXDOMAIN);
	assert_int_equal(f->script.calls, 2);
	assert_int_equal(f->script.questions, 3);
	assert_int_equal(test_cache_stats(f).joined, 2);
}

/* doubles_of_what_is_not_kept: each has its answer; "ours" is asked again by the double. */
static void doubles_of_what_is_not_kept(void **state)
{
	static const struct gp_dns_question questions[] = {
		{"a.example", GP_DNS_TXT}, {"a.example", GP_DNS_TXT}};
	struct test_cache *f = *state;
	struct gp_dns_answer answers[2];
	test_cache_say(f, test_cache_found(0));
	test_cache_resolver(f);
	assert_int_equal(gp_dns_query(&f->ctx, questions, 2, answers), GP_OK);
	assert_int_equal(answers[1].state, GP_DNS_FOUND);
	assert_int_equal(answers[1].ttl_s, 0);
	assert_int_equal(f->script.questions, 1);
	test_cache_say(f, (struct gp_dns_answer) {
				  .state = GP_DNS_TEMPFAIL, .ours = true, .problem = "too late"});
	assert_int_equal(gp_dns_query(&f->ctx, questions, 2, answers), GP_OK);
	assert_int_equal(answers[1].state, GP_DNS_TEMPFAIL);
	assert_string_equal(answers[1].problem, "too late");
	assert_int_equal(f->script.questions, 3);
	assert_int_equal(test_cache_stats(f).entries, 0);
}

/* a_failing_layer_fails_the_call: and leaves nothing behind that others would wait for. */
static void a_failing_layer_fails_the_call(void **state)
{
	static const struct gp_dns_question questions[] = {
		{"a.example", GP_DNS_TXT}, {"b.example", GP_DNS_TXT}, {"a.example", GP_DNS_TXT}};
	struct test_cache *f = *state;
	struct gp_dns_answer answers[3];
	test_cache_resolver(f);
	f->script.status = GP_ETOOBIG;
	assert_int_equal(gp_dns_query(&f->ctx, questions, 3, answers), GP_ETOOBIG);
	f->script.status = GP_OK;
	assert_int_equal(gp_dns_query(&f->ctx, questions, 3, answers), GP_OK);
	assert_int_equal(test_cache_stats(f).entries, 2);
}

/* a_full_arena_is_our_trouble: on a hit; with misses of the same call under way, too. */
static void a_full_arena_is_our_trouble(void **state)
{
	static const struct gp_dns_question questions[] = {
		{"new.example", GP_DNS_TXT}, {"known.example", GP_DNS_TXT}};
	struct test_cache *f = *state;
	struct gp_dns_answer answers[2];
	test_cache_ask(f, "known.example", GP_DNS_TXT);
	struct gp_arena *ample = f->ctx.arena;
	f->ctx.arena = gp_arena_new(16);
	assert_int_equal(gp_dns_query(&f->ctx, questions, 2, answers), GP_ETOOBIG);
	gp_arena_free(f->ctx.arena);
	f->ctx.arena = ample;
	assert_int_equal(gp_dns_query(&f->ctx, questions, 2, answers), GP_OK);
}

/* stats_of_another_resolver_are_zero: no confusion of layers. */
static void stats_of_another_resolver_are_zero(void **state)
{
	struct test_cache *f = *state;
	struct gp_dns_cache_stats s = {.hits = 9};
	gp_dns_cache_stats(&f->script.base, &s);
	assert_int_equal(s.hits, 0);
	gp_dns_cache_stats(NULL, &s);
}

/* a_typical_entry_is_small: a hundred thousand must fit into 25 MiB. */
static void a_typical_entry_is_small(void **state)
{
	static const char text[] = "v=spf1 ip4:192.0.2.0/24 include:_spf.mail.example -all ......";
	struct gp_dns_record record = {.text = {text, 60}};
	struct test_cache *f = *state;
	test_cache_say(
		f, (struct gp_dns_answer) {
			   .state = GP_DNS_FOUND, .ttl_s = 60, .count = 1, .records = &record});
	test_cache_ask(f, "customer-12345.example.com", GP_DNS_TXT);
	/* 16 for the allocator, up to 16 for two buckets */
	assert_in_range(test_cache_stats(f).bytes + 32, 1, 230);
}

/* ---- several threads ---- */

/* one_flight_per_question: however many ask; also for an answer that is not kept. */
static void one_flight_per_question(void **state)
{
	struct test_cache *f = *state;
	struct test_cache_asker askers[TEST_CACHE_THREADS];
	for (uint32_t ttl_s = 0; ttl_s <= 1; ttl_s++) {
		test_cache_say(f, test_cache_found(ttl_s));
		atomic_store(&f->script.held, 1);
		test_cache_start(f, askers, test_cache_ask_once);
		test_cache_until_joined(f, (TEST_CACHE_THREADS - 1) * (ttl_s + 1));
		atomic_store(&f->script.held, 0);
		for (int i = 0; i < TEST_CACHE_THREADS; i++) {
			pthread_join(askers[i].thread, NULL);
			assert_true(askers[i].right);
		}
		assert_int_equal(f->script.questions, ttl_s + 1);
	}
}

/* who_waits_has_a_deadline_too: it does not wait longer than it may. */
static void who_waits_has_a_deadline_too(void **state)
{
	struct test_cache *f = *state;
	struct test_cache_asker leader = {.f = f}, waiter = {.f = f, .patience_us = 100 * 1000};
	test_cache_resolver(f);
	atomic_store(&f->script.held, 1);
	assert_int_equal(pthread_create(&leader.thread, NULL, test_cache_ask_once, &leader), 0);
	while (!atomic_load(&f->script.inside))
		usleep(200);
	test_cache_ask_once(&waiter);
	assert_int_equal(waiter.status, GP_OK);
	assert_int_equal(waiter.answer.state, GP_DNS_TEMPFAIL);
	assert_true(waiter.answer.ours);
	assert_non_null(waiter.answer.problem);
	atomic_store(&f->script.held, 0);
	pthread_join(leader.thread, NULL);
	assert_true(leader.right);
}

/* a_leader_out_of_time_is_replaced: those who wait ask themselves, once for all. */
static void a_leader_out_of_time_is_replaced(void **state)
{
	struct test_cache *f = *state;
	struct test_cache_asker askers[TEST_CACHE_THREADS];
	int right = 0, ours = 0;
	test_cache_say(f, (struct gp_dns_answer) {
				  .state = GP_DNS_TEMPFAIL, .ours = true, .problem = "too late"});
	atomic_store(&f->script.held, 1);
	test_cache_start(f, askers, test_cache_ask_once);
	test_cache_until_joined(f, TEST_CACHE_THREADS - 1);
	atomic_store(&f->script.held, 0);
	while (atomic_load(&f->script.inside)) /* the leader takes its answer with it */
		usleep(50);
	test_cache_say(f, test_cache_found(300));
	for (int i = 0; i < TEST_CACHE_THREADS; i++) {
		pthread_join(askers[i].thread, NULL);
		right += askers[i].right;
		ours += askers[i].answer.ours;
	}
	assert_int_equal(right + ours, TEST_CACHE_THREADS);
	assert_true(ours >= 1);
	assert_true(test_cache_ask(f, "a.example", GP_DNS_TXT).state == GP_DNS_FOUND);
}

/* ask_two: the question that all ask, and another one in the same call. */
static void *ask_two(void *arg)
{
	struct test_cache_asker *a = arg;
	const struct gp_dns_question questions[] = {
		{"a.example", GP_DNS_TXT}, {a->second, GP_DNS_TXT}};
	struct gp_dns_answer answers[2];
	struct gp_ctx ctx = a->f->ctx;
	ctx.arena = gp_arena_new(1 << 16);
	a->status = gp_dns_query(&ctx, questions, 2, answers);
	a->right = a->status == GP_OK && answers[0].state == GP_DNS_FOUND;
	gp_arena_free(ctx.arena);
	return NULL;
}

/* until_inside: so many calls are held in the layer below. */
static void until_inside(struct test_cache *f, unsigned calls)
{
	for (int i = 0; i < 150000 && atomic_load(&f->script.inside) < calls; i++)
		usleep(200);
	assert_int_equal(atomic_load(&f->script.inside), calls);
}

/* an_answer_is_shared_before_its_batch_has_landed: a slow name beside it holds nobody back. */
static void an_answer_is_shared_before_its_batch_has_landed(void **state)
{
	struct test_cache *f = *state;
	struct test_cache_asker leader = {.f = f, .second = "slow.example"}, other = {.f = f};
	test_cache_resolver(f);
	atomic_store(&f->script.early, 1);
	atomic_store(&f->script.held, 1);
	assert_int_equal(pthread_create(&leader.thread, NULL, ask_two, &leader), 0);
	until_inside(f, 1);
	test_cache_ask_once(&other); /* would hang */
	assert_true(other.right);
	assert_int_equal(f->script.questions, 2);
	assert_int_equal(test_cache_stats(f).entries, 1);
	atomic_store(&f->script.held, 0);
	pthread_join(leader.thread, NULL);
	assert_true(leader.right);
	assert_int_equal(test_cache_stats(f).entries, 2);
}

/* who_has_waited_long_asks_as_well: one of all who wait; the first answer is everybody's. */
static void who_has_waited_long_asks_as_well(void **state)
{
	struct test_cache *f = *state;
	struct test_cache_asker leader = {.f = f, .second = "slow.example"},
				askers[TEST_CACHE_THREADS];
	f->options.patience_ms = 500;
	test_cache_resolver(f);
	atomic_store(&f->script.held, 1);
	assert_int_equal(pthread_create(&leader.thread, NULL, ask_two, &leader), 0);
	until_inside(f, 1);
	atomic_store(&f->script.early, 1); /* from the next call on */
	test_cache_start(f, askers, test_cache_ask_once);
	until_inside(f, 2); /* who asks as well has published, and is held */
	assert_true(test_cache_ask(f, "a.example", GP_DNS_TXT).cached);
	/* the first leader comes with a failure: what is known stays */
	test_cache_say(f, (struct gp_dns_answer) {.state = GP_DNS_TEMPFAIL, .problem = "SERVFAIL"});
	atomic_store(&f->script.held, 0);
	pthread_join(leader.thread, NULL);
	for (int i = 0; i < TEST_CACHE_THREADS; i++) {
		pthread_join(askers[i].thread, NULL);
		assert_true(askers[i].right);
	}
	assert_in_range(f->script.questions, 3, 4); /* 4 where a thread slept for long */
	assert_int_equal(test_cache_ask(f, "a.example", GP_DNS_TXT).state, GP_DNS_FOUND);
}

/* who_waits_for_a_place_is_not_waited_for: others ask themselves, and may have one. */
static void who_waits_for_a_place_is_not_waited_for(void **state)
{
	struct test_cache *f = *state;
	struct test_cache_asker leader = {.f = f}, other = {.f = f};
	f->options.patience_ms = 60000;
	test_cache_resolver(f);
	atomic_store(&f->script.placeless, true);
	atomic_store(&f->script.held, 1);
	assert_int_equal(pthread_create(&leader.thread, NULL, test_cache_ask_once, &leader), 0);
	until_inside(f, 1);
	assert_int_equal(pthread_create(&other.thread, NULL, test_cache_ask_once, &other), 0);
	until_inside(f, 2); /* would hang */
	atomic_store(&f->script.held, 0);
	pthread_join(leader.thread, NULL);
	pthread_join(other.thread, NULL);
	assert_true(leader.right && other.right);
	assert_int_equal(f->script.questions, 2);
}

/* trouble_of_our_own_is_not_kept: it is told to who waits only if nobody ever had a place. */
static void trouble_of_our_own_is_not_kept(void **state)
{
	struct test_cache *f = *state;
	struct test_cache_asker leader = {.f = f}, waiter = {.f = f, .patience_us = 100 * 1000};
	test_cache_say(f,
		(struct gp_dns_answer) {
			.state = GP_DNS_TROUBLE, .ours = true, .problem = "too many open files"});
	assert_int_equal(test_cache_ask(f, "a.example", GP_DNS_TXT).state, GP_DNS_TROUBLE);
	test_cache_say(f, test_cache_found(300));
	assert_int_equal(test_cache_stats(f).entries, 0);
	atomic_store(&f->script.placeless, true);
	atomic_store(&f->script.held, 1);
	assert_int_equal(pthread_create(&leader.thread, NULL, test_cache_ask_once, &leader), 0);
	until_inside(f, 1);
	f->ctx.notes = &f->notes;     /* of who waits */
	test_cache_ask_once(&waiter); /* its deadline comes before it would ask itself */
	assert_true(f->notes.held_us >= 90 * 1000);
	assert_int_equal(waiter.answer.state, GP_DNS_TROUBLE);
	assert_true(waiter.answer.ours);
	atomic_store(&f->script.held, 0);
	pthread_join(leader.thread, NULL);
	assert_true(leader.right);
}

/* hammer: many questions at once from few names, over and over. */
static void *hammer(void *arg)
{
	struct test_cache_asker *a = arg;
	struct gp_ctx ctx = a->f->ctx;
	struct gp_dns_question questions[5];
	struct gp_dns_answer answers[5];
	char names[5][32];
	ctx.arena = gp_arena_new(1 << 16);
	ctx.deadline_us = INT64_MAX / 2;
	a->right = true;
	for (int round = 0; round < 2000; round++) {
		gp_arena_reset(ctx.arena);
		for (int i = 0; i < 5; i++) {
			a->seed = a->seed * 1103515245 + 12345;
			snprintf(names[i], sizeof names[i], "n%u.example", (a->seed >> 16) % 60);
			questions[i] = (struct gp_dns_question) {names[i], GP_DNS_TXT};
		}
		if (round % 50 == 0)
			test_cache_turn(a->f, 1);
		a->right &= gp_dns_query(&ctx, questions, 5, answers) == GP_OK;
		for (int i = 0; i < 5; i++)
			a->right &= answers[i].state == GP_DNS_FOUND && answers[i].count == 1 &&
				    answers[i].records[0].text.len == 11;
	}
	gp_arena_free(ctx.arena);
	return NULL;
}

/* many_threads_hammering: expiry, eviction and flights all at once; every answer is right. */
static void many_threads_hammering(void **state)
{
	struct test_cache *f = *state;
	struct test_cache_asker askers[TEST_CACHE_THREADS];
	f->options.entries = 40;
	test_cache_say(f, test_cache_found(3));
	test_cache_start(f, askers, hammer);
	for (int i = 0; i < TEST_CACHE_THREADS; i++) {
		pthread_join(askers[i].thread, NULL);
		assert_true(askers[i].right);
	}
	struct gp_dns_cache_stats s = test_cache_stats(f);
	assert_int_equal(s.hits + s.misses + s.joined, TEST_CACHE_THREADS * 2000 * 5);
	assert_int_equal(s.misses, f->script.questions);
	assert_in_range(s.entries, 1, 40);
}

/* fewer_entries_drop_the_oldest: at once, but what was asked for last stays; more make room. */
static void fewer_entries_drop_the_oldest(void **state)
{
	struct test_cache *f = *state;
	char name[32];
	f->options.entries = 100;
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "n%d.example", i);
		test_cache_ask(f, name, GP_DNS_TXT);
	}
	test_cache_ask(f, "n3.example", GP_DNS_TXT); /* it is in use */
	f->options.entries = 16;
	gp_dns_cache_set(f->ctx.dns, &f->options);
	assert_int_equal(test_cache_stats(f).entries, 16);
	assert_int_equal(test_cache_stats(f).evicted, 84);
	assert_true(test_cache_ask(f, "n3.example", GP_DNS_TXT).cached);
	assert_true(test_cache_ask(f, "n99.example", GP_DNS_TXT).cached);
	assert_false(test_cache_ask(f, "n4.example", GP_DNS_TXT).cached);
	f->options.entries = 5000;
	gp_dns_cache_set(f->ctx.dns, &f->options);
	assert_true(test_cache_ask(f, "n99.example", GP_DNS_TXT).cached);
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof name, "m%d.example", i);
		test_cache_ask(f, name, GP_DNS_TXT);
		assert_true(test_cache_ask(f, name, GP_DNS_TXT).cached);
	}
	assert_int_equal(test_cache_stats(f).entries, 5000);
}

/* shorter_bounds_count_for_what_is_kept: by state; and what had failed is asked anew. */
static void shorter_bounds_count_for_what_is_kept(void **state)
{
	static const struct {
		enum gp_dns_state state;
		unsigned kept_s; /* after the options have changed */
	} rows[] = {{GP_DNS_FOUND, 40}, {GP_DNS_NXDOMAIN, 20}, {GP_DNS_NODATA, 20},
		{GP_DNS_TEMPFAIL, 0}, {GP_DNS_BOGUS, 0}};
	struct test_cache *f = *state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_dns_answer answer = test_cache_found(300);
		f->options = (struct gp_dns_cache_options) {.entries = 100,
			.ttl_max_s = 86400,
			.negative_max_s = 3600,
			.failure_s = 300};
		if (rows[i].state != GP_DNS_FOUND)
			answer = (struct gp_dns_answer) {
				.state = rows[i].state, .ttl_s = 300, .problem = "none"};
		test_cache_say(f, answer);
		test_cache_ask(f, "a.example", GP_DNS_TXT);
		assert_true(test_cache_ask(f, "a.example", GP_DNS_TXT).cached);
		f->options.ttl_max_s = 40;
		f->options.negative_max_s = 20;
		gp_dns_cache_set(f->ctx.dns, &f->options);
		if (rows[i].kept_s) {
			test_cache_turn(f, rows[i].kept_s - 1);
			assert_true(test_cache_ask(f, "a.example", GP_DNS_TXT).cached);
			test_cache_turn(f, 1);
		}
		assert_false(test_cache_ask(f, "a.example", GP_DNS_TXT).cached);
		gp_dns_free(f->ctx.dns);
		f->ctx.dns = NULL;
	}
}

/* options_change_under_load: while many ask, every answer is right. */
static void options_change_under_load(void **state)
{
	static const size_t sizes[] = {16, 4000, 40, 1};
	struct test_cache *f = *state;
	struct test_cache_asker askers[TEST_CACHE_THREADS];
	f->options.entries = 2000;
	test_cache_resolver(f);
	test_cache_say(f, test_cache_found(3));
	test_cache_start(f, askers, hammer);
	for (unsigned i = 0; i < 400; i++) {
		struct gp_dns_cache_options options = f->options;
		options.entries = sizes[i % 4];
		options.ttl_max_s = 1 + i % 5;
		options.stale_s = i % 2 * 3600;
		gp_dns_cache_set(f->ctx.dns, &options);
	}
	for (int i = 0; i < TEST_CACHE_THREADS; i++) {
		pthread_join(askers[i].thread, NULL);
		assert_true(askers[i].right);
	}
	assert_in_range(test_cache_stats(f).entries, 0, 1);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, test_cache_set_up, test_cache_tear_down)

/* main: all cases. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_second_time_is_a_hit),
		CASE(other_questions_are_no_hits),
		CASE(an_entry_ends_with_its_ttl),
		CASE(how_long_an_answer_is_kept),
		CASE(records_come_back_whole),
		CASE(the_oldest_unused_goes_first),
		CASE(never_more_than_allowed),
		CASE(a_cache_without_room_works),
		CASE(misses_are_asked_below_together),
		CASE(doubles_of_what_is_not_kept),
		CASE(a_failing_layer_fails_the_call),
		CASE(a_full_arena_is_our_trouble),
		CASE(stats_of_another_resolver_are_zero),
		CASE(a_typical_entry_is_small),
		CASE(one_flight_per_question),
		CASE(who_waits_has_a_deadline_too),
		CASE(a_leader_out_of_time_is_replaced),
		CASE(an_answer_is_shared_before_its_batch_has_landed),
		CASE(who_has_waited_long_asks_as_well),
		CASE(who_waits_for_a_place_is_not_waited_for),
		CASE(trouble_of_our_own_is_not_kept),
		CASE(many_threads_hammering),
		CASE(fewer_entries_drop_the_oldest),
		CASE(shorter_bounds_count_for_what_is_kept),
		CASE(options_change_under_load),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
