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

#define SECOND 1000000

/* ---- the clock and the layer below ---- */

/* A clock that stands still until it is turned. */
struct hand_clock {
	struct gp_clock base;
	_Atomic int64_t mono_us;
};

/* The layer below the cache: one answer for all questions, and a count of them. */
struct script {
	struct gp_dns base;
	pthread_mutex_t lock; /* guards answer and names of the last call */
	struct gp_dns_answer answer;
	const char *last_name;
	int status;
	atomic_uint calls, questions; /* made to this layer */
	atomic_uint held;             /* while not 0, no call returns */
	atomic_uint early;            /* answers of a call that land before it is held */
	atomic_uint inside;           /* calls under way */
	bool freed;
};

/* What each case has. */
struct fixture {
	struct hand_clock clock;
	struct script script;
	struct gp_dns_cache_options options;
	struct gp_ctx ctx;
};

/* hand_mono_us: where it stands. */
static int64_t hand_mono_us(const struct gp_clock *clock)
{
	return atomic_load(&((struct hand_clock *)clock)->mono_us);
}

/* hand_wall_s: nobody asks for it. */
static int64_t hand_wall_s(const struct gp_clock *clock)
{
	(void)clock;
	return 0;
}

/* turn: the clock, by some seconds. */
static void turn(struct fixture *f, int64_t seconds)
{
	atomic_fetch_add(&f->clock.mono_us, seconds * SECOND);
}

/* land_early: the first answers of a call, before it is held. */
static void land_early(struct script *script, size_t count, const struct gp_dns_watch *watch,
	struct gp_dns_answer *answers_out)
{
	for (size_t i = 0; i < count && i < atomic_load(&script->early); i++) {
		pthread_mutex_lock(&script->lock);
		answers_out[i] = script->answer;
		pthread_mutex_unlock(&script->lock);
		watch->landed(watch->arg, i, &answers_out[i]);
	}
}

/* script_query: counts, waits while held, answers all alike. */
static int script_query(struct gp_dns *dns, struct gp_ctx *ctx,
	const struct gp_dns_question *questions, size_t count, const struct gp_dns_watch *watch,
	struct gp_dns_answer *answers_out)
{
	struct script *script = (struct script *)dns;
	(void)ctx;
	atomic_fetch_add(&script->calls, 1);
	atomic_fetch_add(&script->questions, (unsigned)count);
	land_early(script, count, watch, answers_out);
	atomic_fetch_add(&script->inside, 1);
	while (atomic_load(&script->held))
		usleep(200);
	pthread_mutex_lock(&script->lock);
	for (size_t i = 0; i < count; i++)
		answers_out[i] = script->answer;
	script->last_name = questions[count - 1].name;
	int status = script->status;
	pthread_mutex_unlock(&script->lock);
	atomic_fetch_sub(&script->inside, 1);
	return status;
}

/* script_free: it lives in the fixture. */
static void script_free(struct gp_dns *dns)
{
	((struct script *)dns)->freed = true;
}

static const struct gp_dns_ops script_ops = {script_query, script_free};

/* say: what the script answers from now on. */
static void say(struct fixture *f, struct gp_dns_answer answer)
{
	pthread_mutex_lock(&f->script.lock);
	f->script.answer = answer;
	pthread_mutex_unlock(&f->script.lock);
}

/* found: an answer with one TXT record. */
static struct gp_dns_answer found(uint32_t ttl_s)
{
	static const struct gp_dns_record record = {.text = {"v=spf1 -all", 11}};
	return (struct gp_dns_answer) {
		.state = GP_DNS_FOUND, .ttl_s = ttl_s, .count = 1, .records = &record};
}

/* set_up: a cache is made by the first question, so that a case can change the options. */
static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	if (!f)
		return -1;
	f->clock.base = (struct gp_clock) {hand_mono_us, hand_wall_s};
	atomic_store(&f->clock.mono_us, 1000 * (int64_t)SECOND);
	f->script.base.ops = &script_ops;
	pthread_mutex_init(&f->script.lock, NULL);
	f->script.answer = found(300);
	f->options = (struct gp_dns_cache_options) {
		.entries = 100, .ttl_max_s = 86400, .negative_max_s = 3600, .failure_s = 5};
	f->ctx.clock = gp_clock_system();
	f->ctx.arena = gp_arena_new(1 << 20);
	f->ctx.deadline_us = INT64_MAX / 2;
	*state = f;
	return f->ctx.arena ? 0 : -1;
}

/* tear_down: the cache frees the layer below, too. */
static int tear_down(void **state)
{
	struct fixture *f = *state;
	gp_dns_free(f->ctx.dns);
	bool right = !f->ctx.dns || f->script.freed;
	pthread_mutex_destroy(&f->script.lock);
	gp_arena_free(f->ctx.arena);
	free(f);
	return right ? 0 : -1;
}

/* resolver: the cache, made when first needed. */
static void resolver(struct fixture *f)
{
	if (!f->ctx.dns)
		assert_int_equal(
			gp_dns_cache_new(&f->options, &f->script.base, &f->clock.base, &f->ctx.dns),
			GP_OK);
}

/* ask: one question. */
static struct gp_dns_answer ask(struct fixture *f, const char *name, enum gp_dns_type type)
{
	struct gp_dns_question question = {name, type};
	struct gp_dns_answer answer;
	resolver(f);
	assert_int_equal(gp_dns_query(&f->ctx, &question, 1, &answer), GP_OK);
	return answer;
}

/* stats: of the fixture's cache. */
static struct gp_dns_cache_stats stats(struct fixture *f)
{
	struct gp_dns_cache_stats s;
	gp_dns_cache_stats(f->ctx.dns, &s);
	return s;
}

/* ---- one thread ---- */

/* the_second_time_is_a_hit: case and final dot aside, with the TTL that is left. */
static void the_second_time_is_a_hit(void **state)
{
	struct fixture *f = *state;
	struct gp_dns_answer answer = ask(f, "Example.ORG.", GP_DNS_TXT);
	assert_false(answer.cached);
	assert_int_equal(answer.ttl_s, 300);
	turn(f, 100);
	answer = ask(f, "example.org", GP_DNS_TXT);
	assert_true(answer.cached);
	assert_int_equal(answer.state, GP_DNS_FOUND);
	assert_int_equal(answer.ttl_s, 200);
	assert_int_equal(answer.count, 1);
	assert_int_equal(answer.records[0].text.len, 11);
	assert_memory_equal(answer.records[0].text.ptr, "v=spf1 -all", 11);
	assert_int_equal(f->script.questions, 1);
	assert_int_equal(stats(f).hits, 1);
	assert_int_equal(stats(f).misses, 1);
	assert_int_equal(stats(f).entries, 1);
}

/* other_questions_are_no_hits: other name, other type, other octets above ASCII. */
static void other_questions_are_no_hits(void **state)
{
	static const struct gp_dns_question rows[] = {{"a.example", GP_DNS_TXT},
		{"a.example", GP_DNS_A}, {"b.example", GP_DNS_TXT}, {"", GP_DNS_TXT},
		{"a.exampl", GP_DNS_TXT}, {"\xc1.example", GP_DNS_TXT},
		{"\xe1.example", GP_DNS_TXT}, {"[.example", GP_DNS_TXT}, {"{.example", GP_DNS_TXT},
		{"@.example", GP_DNS_TXT}, {"`.example", GP_DNS_TXT}};
	struct fixture *f = *state;
	say(f, (struct gp_dns_answer) {.state = GP_DNS_NODATA, .ttl_s = 60});
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
			assert_int_equal(ask(f, rows[i].name, rows[i].type).cached, round);
	assert_int_equal(f->script.questions, sizeof rows / sizeof rows[0]);
}

/* an_entry_ends_with_its_ttl: not before, not after. */
static void an_entry_ends_with_its_ttl(void **state)
{
	struct fixture *f = *state;
	ask(f, "a.example", GP_DNS_TXT);
	turn(f, 299);
	assert_int_equal(ask(f, "a.example", GP_DNS_TXT).ttl_s, 1);
	turn(f, 1);
	assert_false(ask(f, "a.example", GP_DNS_TXT).cached);
	assert_int_equal(stats(f).entries, 1);
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
	struct fixture *f = *state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		bool trouble = rows[i].answer == GP_DNS_TEMPFAIL || rows[i].answer == GP_DNS_BOGUS;
		f->options = (struct gp_dns_cache_options) {.entries = 10,
			.ttl_min_s = rows[i].ttl_min_s,
			.ttl_max_s = rows[i].ttl_max_s,
			.negative_max_s = rows[i].negative_max_s,
			.failure_s = rows[i].failure_s};
		say(f, (struct gp_dns_answer) {.state = rows[i].answer,
			       .ours = rows[i].ours,
			       .ttl_s = rows[i].ttl_s,
			       .problem = trouble ? "192.0.2.1:53: SERVFAIL" : NULL});
		f->ctx.dns = NULL;
		resolver(f);
		assert_int_equal(ask(f, "a.example", GP_DNS_A).ttl_s, rows[i].told_s);
		if (rows[i].kept_s > 0) {
			turn(f, rows[i].kept_s - 1);
			struct gp_dns_answer answer = ask(f, "a.example", GP_DNS_A);
			assert_true(answer.cached);
			assert_int_equal(answer.state, rows[i].answer);
			assert_int_equal(answer.ttl_s, rows[i].told_s ? 1 : 0);
			assert_int_equal(answer.problem != NULL, trouble);
			if (trouble)
				assert_string_equal(answer.problem, "192.0.2.1:53: SERVFAIL");
		}
		turn(f, 1);
		assert_false(ask(f, "a.example", GP_DNS_A).cached);
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
		{GP_DNS_A, v4, 2}, {GP_DNS_AAAA, v6, 1}};
	struct fixture *f = *state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		say(f, (struct gp_dns_answer) {.state = GP_DNS_FOUND,
			       .secure = true,
			       .ttl_s = 60,
			       .count = rows[i].count,
			       .records = rows[i].records});
		ask(f, "a.example", rows[i].type);
		struct gp_dns_answer answer = ask(f, "a.example", rows[i].type);
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
	struct fixture *f = *state;
	char name[32];
	f->options.entries = 4;
	ask(f, "used.example", GP_DNS_TXT);
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof name, "n%d.example", i);
		ask(f, name, GP_DNS_TXT);
		assert_true(ask(f, "used.example", GP_DNS_TXT).cached);
	}
	assert_int_equal(stats(f).entries, 4);
	assert_int_equal(stats(f).evicted, 17);
	assert_false(ask(f, "n0.example", GP_DNS_TXT).cached);
	assert_true(ask(f, "n19.example", GP_DNS_TXT).cached);
}

/* never_more_than_allowed: entries over all shards, and bytes. */
static void never_more_than_allowed(void **state)
{
	struct fixture *f = *state;
	static char big[60000];
	char name[32];
	struct gp_dns_record record = {.text = {big, sizeof big}};
	memset(big, 'x', sizeof big);
	f->options.entries = 1600;
	for (int i = 0; i < 5000; i++) {
		gp_arena_reset(f->ctx.arena);
		snprintf(name, sizeof name, "n%d.example", i);
		ask(f, name, GP_DNS_TXT);
	}
	struct gp_dns_cache_stats s = stats(f);
	assert_in_range(s.entries, 1500, 1600);
	assert_int_equal(s.entries + s.evicted, 5000);
	say(f, (struct gp_dns_answer) {
		       .state = GP_DNS_FOUND, .ttl_s = 60, .count = 1, .records = &record});
	for (int i = 0; i < 500; i++) {
		gp_arena_reset(f->ctx.arena);
		snprintf(name, sizeof name, "big%d.example", i);
		ask(f, name, GP_DNS_TXT);
		assert_in_range(stats(f).bytes, 1, 16 * 256 * 1024);
	}
}

/* a_cache_without_room_works: nothing is kept. */
static void a_cache_without_room_works(void **state)
{
	struct fixture *f = *state;
	f->options.entries = 0;
	for (int i = 0; i < 3; i++)
		assert_false(ask(f, "a.example", GP_DNS_TXT).cached);
	assert_int_equal(stats(f).entries, 0);
}

/* misses_are_asked_below_together: hits are not, and doubles once. */
static void misses_are_asked_below_together(void **state)
{
	static const struct gp_dns_question questions[] = {{"a.example", GP_DNS_TXT},
		{"b.example", GP_DNS_TXT}, {"A.example.", GP_DNS_TXT},
		{"known.example", GP_DNS_TXT}, {"b.example", GP_DNS_TXT},
		{"a..example", GP_DNS_TXT}};
	struct fixture *f = *state;
	struct gp_dns_answer answers[6];
	ask(f, "known.example", GP_DNS_TXT);
	assert_int_equal(gp_dns_query(&f->ctx, questions, 6, answers), GP_OK);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(answers[i].state, GP_DNS_FOUND);
		assert_int_equal(answers[i].records[0].text.len, 11);
		assert_int_equal(answers[i].cached, i > 1);
	}
	assert_int_equal(answers[5].state, GP_DNS_NXDOMAIN);
	assert_int_equal(f->script.calls, 2);
	assert_int_equal(f->script.questions, 3);
	assert_int_equal(stats(f).joined, 2);
}

/* doubles_of_what_is_not_kept: each has its answer; "ours" is asked again by the double. */
static void doubles_of_what_is_not_kept(void **state)
{
	static const struct gp_dns_question questions[] = {
		{"a.example", GP_DNS_TXT}, {"a.example", GP_DNS_TXT}};
	struct fixture *f = *state;
	struct gp_dns_answer answers[2];
	say(f, found(0));
	resolver(f);
	assert_int_equal(gp_dns_query(&f->ctx, questions, 2, answers), GP_OK);
	assert_int_equal(answers[1].state, GP_DNS_FOUND);
	assert_int_equal(answers[1].ttl_s, 0);
	assert_int_equal(f->script.questions, 1);
	say(f, (struct gp_dns_answer) {
		       .state = GP_DNS_TEMPFAIL, .ours = true, .problem = "too late"});
	assert_int_equal(gp_dns_query(&f->ctx, questions, 2, answers), GP_OK);
	assert_int_equal(answers[1].state, GP_DNS_TEMPFAIL);
	assert_string_equal(answers[1].problem, "too late");
	assert_int_equal(f->script.questions, 3);
	assert_int_equal(stats(f).entries, 0);
}

/* a_failing_layer_fails_the_call: and leaves nothing behind that others would wait for. */
static void a_failing_layer_fails_the_call(void **state)
{
	static const struct gp_dns_question questions[] = {
		{"a.example", GP_DNS_TXT}, {"b.example", GP_DNS_TXT}, {"a.example", GP_DNS_TXT}};
	struct fixture *f = *state;
	struct gp_dns_answer answers[3];
	resolver(f);
	f->script.status = GP_ETOOBIG;
	assert_int_equal(gp_dns_query(&f->ctx, questions, 3, answers), GP_ETOOBIG);
	f->script.status = GP_OK;
	assert_int_equal(gp_dns_query(&f->ctx, questions, 3, answers), GP_OK);
	assert_int_equal(stats(f).entries, 2);
}

/* a_full_arena_is_our_trouble: on a hit; with misses of the same call under way, too. */
static void a_full_arena_is_our_trouble(void **state)
{
	static const struct gp_dns_question questions[] = {
		{"new.example", GP_DNS_TXT}, {"known.example", GP_DNS_TXT}};
	struct fixture *f = *state;
	struct gp_dns_answer answers[2];
	ask(f, "known.example", GP_DNS_TXT);
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
	struct fixture *f = *state;
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
	struct fixture *f = *state;
	say(f, (struct gp_dns_answer) {
		       .state = GP_DNS_FOUND, .ttl_s = 60, .count = 1, .records = &record});
	ask(f, "customer-12345.example.com", GP_DNS_TXT);
	/* 16 for the allocator, up to 16 for two buckets */
	assert_in_range(stats(f).bytes + 32, 1, 230);
}

/* ---- several threads ---- */

#define THREADS 8

/* One thread's part. */
struct asker {
	struct fixture *f;
	pthread_t thread;
	int64_t patience_us; /* of the system clock; 0: endless */
	unsigned seed;
	const char *second; /* asked in the same call */
	struct gp_dns_answer answer;
	int status;
	bool right;
};

/* ask_once: the question that all ask. */
static void *ask_once(void *arg)
{
	struct asker *a = arg;
	static const struct gp_dns_question question = {"a.example", GP_DNS_TXT};
	struct gp_ctx ctx = a->f->ctx;
	ctx.arena = gp_arena_new(1 << 16);
	ctx.deadline_us =
		a->patience_us ? gp_clock_now_us(ctx.clock) + a->patience_us : INT64_MAX / 2;
	a->status = gp_dns_query(&ctx, &question, 1, &a->answer);
	a->right = a->status == GP_OK && a->answer.state == GP_DNS_FOUND &&
		   memcmp(a->answer.records[0].text.ptr, "v=spf1 -all", 11) == 0;
	gp_arena_free(ctx.arena);
	return NULL;
}

/* start: threads that all ask once. */
static void start(struct fixture *f, struct asker *askers, void *(*run)(void *))
{
	resolver(f);
	for (unsigned i = 0; i < THREADS; i++) {
		askers[i] = (struct asker) {.f = f, .seed = i + 1};
		assert_int_equal(pthread_create(&askers[i].thread, NULL, run, &askers[i]), 0);
	}
}

/* until_joined: the others wait for the one that leads. */
static void until_joined(struct fixture *f, uint64_t joined)
{
	for (int i = 0; i < 50000 && stats(f).joined < joined; i++)
		usleep(200);
	assert_int_equal(stats(f).joined, joined);
}

/* one_flight_per_question: however many ask; also for an answer that is not kept. */
static void one_flight_per_question(void **state)
{
	struct fixture *f = *state;
	struct asker askers[THREADS];
	for (uint32_t ttl_s = 0; ttl_s <= 1; ttl_s++) {
		say(f, found(ttl_s));
		atomic_store(&f->script.held, 1);
		start(f, askers, ask_once);
		until_joined(f, (THREADS - 1) * (ttl_s + 1));
		atomic_store(&f->script.held, 0);
		for (int i = 0; i < THREADS; i++) {
			pthread_join(askers[i].thread, NULL);
			assert_true(askers[i].right);
		}
		assert_int_equal(f->script.questions, ttl_s + 1);
	}
}

/* who_waits_has_a_deadline_too: it does not wait longer than it may. */
static void who_waits_has_a_deadline_too(void **state)
{
	struct fixture *f = *state;
	struct asker leader = {.f = f}, waiter = {.f = f, .patience_us = 100 * 1000};
	resolver(f);
	atomic_store(&f->script.held, 1);
	assert_int_equal(pthread_create(&leader.thread, NULL, ask_once, &leader), 0);
	while (!atomic_load(&f->script.inside))
		usleep(200);
	ask_once(&waiter);
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
	struct fixture *f = *state;
	struct asker askers[THREADS];
	int right = 0, ours = 0;
	say(f, (struct gp_dns_answer) {
		       .state = GP_DNS_TEMPFAIL, .ours = true, .problem = "too late"});
	atomic_store(&f->script.held, 1);
	start(f, askers, ask_once);
	until_joined(f, THREADS - 1);
	atomic_store(&f->script.held, 0);
	while (atomic_load(&f->script.inside)) /* the leader takes its answer with it */
		usleep(50);
	say(f, found(300));
	for (int i = 0; i < THREADS; i++) {
		pthread_join(askers[i].thread, NULL);
		right += askers[i].right;
		ours += askers[i].answer.ours;
	}
	assert_int_equal(right + ours, THREADS);
	assert_true(ours >= 1);
	assert_true(ask(f, "a.example", GP_DNS_TXT).state == GP_DNS_FOUND);
}

/* ask_two: the question that all ask, and another one in the same call. */
static void *ask_two(void *arg)
{
	struct asker *a = arg;
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
static void until_inside(struct fixture *f, unsigned calls)
{
	for (int i = 0; i < 150000 && atomic_load(&f->script.inside) < calls; i++)
		usleep(200);
	assert_int_equal(atomic_load(&f->script.inside), calls);
}

/* an_answer_is_shared_before_its_batch_has_landed: a slow name beside it holds nobody back. */
static void an_answer_is_shared_before_its_batch_has_landed(void **state)
{
	struct fixture *f = *state;
	struct asker leader = {.f = f, .second = "slow.example"}, other = {.f = f};
	resolver(f);
	atomic_store(&f->script.early, 1);
	atomic_store(&f->script.held, 1);
	assert_int_equal(pthread_create(&leader.thread, NULL, ask_two, &leader), 0);
	until_inside(f, 1);
	ask_once(&other); /* would hang */
	assert_true(other.right);
	assert_int_equal(f->script.questions, 2);
	assert_int_equal(stats(f).entries, 1);
	atomic_store(&f->script.held, 0);
	pthread_join(leader.thread, NULL);
	assert_true(leader.right);
	assert_int_equal(stats(f).entries, 2);
}

/* who_has_waited_long_asks_as_well: one of all who wait; the first answer is everybody's. */
static void who_has_waited_long_asks_as_well(void **state)
{
	struct fixture *f = *state;
	struct asker leader = {.f = f, .second = "slow.example"}, askers[THREADS];
	f->options.patience_ms = 500;
	resolver(f);
	atomic_store(&f->script.held, 1);
	assert_int_equal(pthread_create(&leader.thread, NULL, ask_two, &leader), 0);
	until_inside(f, 1);
	atomic_store(&f->script.early, 1); /* from the next call on */
	start(f, askers, ask_once);
	until_inside(f, 2); /* who asks as well has published, and is held */
	assert_true(ask(f, "a.example", GP_DNS_TXT).cached);
	/* the first leader comes with a failure: what is known stays */
	say(f, (struct gp_dns_answer) {.state = GP_DNS_TEMPFAIL, .problem = "SERVFAIL"});
	atomic_store(&f->script.held, 0);
	pthread_join(leader.thread, NULL);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(askers[i].thread, NULL);
		assert_true(askers[i].right);
	}
	assert_in_range(f->script.questions, 3, 4); /* 4 where a thread slept for long */
	assert_int_equal(ask(f, "a.example", GP_DNS_TXT).state, GP_DNS_FOUND);
}

/* hammer: many questions at once from few names, over and over. */
static void *hammer(void *arg)
{
	struct asker *a = arg;
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
			turn(a->f, 1);
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
	struct fixture *f = *state;
	struct asker askers[THREADS];
	f->options.entries = 40;
	say(f, found(3));
	start(f, askers, hammer);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(askers[i].thread, NULL);
		assert_true(askers[i].right);
	}
	struct gp_dns_cache_stats s = stats(f);
	assert_int_equal(s.hits + s.misses + s.joined, THREADS * 2000 * 5);
	assert_int_equal(s.misses, f->script.questions);
	assert_in_range(s.entries, 1, 40);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

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
		CASE(many_threads_hammering),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
