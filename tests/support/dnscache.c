/* SPDX-License-Identifier: ISC */
/* The layer below waits while it is held, so that a case can see who joins whom. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/dnscache.h"

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

/* test_cache_turn: the clock, by some seconds. */
void test_cache_turn(struct test_cache *f, int64_t seconds)
{
	atomic_fetch_add(&f->clock.mono_us, seconds * TEST_CACHE_SECOND);
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
	atomic_fetch_add(&script->calls, 1);
	atomic_fetch_add(&script->questions, (unsigned)count);
	for (size_t i = 0; i < count && !atomic_load(&script->placeless); i++)
		watch->begun(watch->arg, i);
	land_early(script, count, watch, answers_out);
	atomic_fetch_add(&script->inside, 1);
	while (atomic_load(&script->held))
		usleep(200);
	pthread_mutex_lock(&script->lock);
	for (size_t i = 0; i < count; i++)
		answers_out[i] = script->answer;
	script->last_name = questions[count - 1].name;
	script->last_until_us = watch->until_us ? watch->until_us[count - 1] : INT64_MAX;
	int status = script->status;
	int64_t end_us = script->last_until_us;
	pthread_mutex_unlock(&script->lock);
	while (atomic_load(&script->slow) && gp_clock_now_us(ctx->clock) < end_us)
		usleep(200);
	atomic_fetch_sub(&script->inside, 1);
	return status;
}

/* script_free: it lives in the fixture. */
static void script_free(struct gp_dns *dns)
{
	((struct script *)dns)->freed = true;
}

static const struct gp_dns_ops script_ops = {script_query, script_free};

/* test_cache_say: what the script answers from now on. */
void test_cache_say(struct test_cache *f, struct gp_dns_answer answer)
{
	pthread_mutex_lock(&f->script.lock);
	f->script.answer = answer;
	pthread_mutex_unlock(&f->script.lock);
}

/* test_cache_found: an answer with one TXT record. */
struct gp_dns_answer test_cache_found(uint32_t ttl_s)
{
	static const struct gp_dns_record record = {.text = {"v=spf1 -all", 11}};
	return (struct gp_dns_answer) {
		.state = GP_DNS_FOUND, .ttl_s = ttl_s, .count = 1, .records = &record};
}

/*
 * test_cache_set_up: a cache is made by the first question, so that a case can change the options.
 */
int test_cache_set_up(void **state)
{
	struct test_cache *f = calloc(1, sizeof *f);
	if (!f)
		return -1;
	f->clock.base = (struct gp_clock) {hand_mono_us, hand_wall_s};
	atomic_store(&f->clock.mono_us, 1000 * (int64_t)TEST_CACHE_SECOND);
	f->script.base.ops = &script_ops;
	pthread_mutex_init(&f->script.lock, NULL);
	f->script.answer = test_cache_found(300);
	f->options = (struct gp_dns_cache_options) {
		.entries = 100, .ttl_max_s = 86400, .negative_max_s = 3600, .failure_s = 5};
	f->ctx.clock = gp_clock_system();
	f->ctx.arena = gp_arena_new(1 << 20);
	f->ctx.deadline_us = INT64_MAX / 2;
	*state = f;
	return f->ctx.arena ? 0 : -1;
}

/* test_cache_tear_down: the cache frees the layer below, too. */
int test_cache_tear_down(void **state)
{
	struct test_cache *f = *state;
	gp_dns_free(f->ctx.dns);
	bool right = !f->ctx.dns || f->script.freed;
	pthread_mutex_destroy(&f->script.lock);
	gp_arena_free(f->ctx.arena);
	free(f);
	return right ? 0 : -1;
}

/* test_cache_resolver: the cache, made when first needed. */
void test_cache_resolver(struct test_cache *f)
{
	if (!f->ctx.dns)
		assert_int_equal(
			gp_dns_cache_new(&f->options, &f->script.base, &f->clock.base, &f->ctx.dns),
			GP_OK);
}

/* test_cache_ask: one question. */
struct gp_dns_answer test_cache_ask(struct test_cache *f, const char *name, enum gp_dns_type type)
{
	struct gp_dns_question question = {name, type};
	struct gp_dns_answer answer;
	test_cache_resolver(f);
	assert_int_equal(gp_dns_query(&f->ctx, &question, 1, &answer), GP_OK);
	return answer;
}

/* test_cache_stats: of the fixture's cache. */
struct gp_dns_cache_stats test_cache_stats(struct test_cache *f)
{
	struct gp_dns_cache_stats s;
	gp_dns_cache_stats(f->ctx.dns, &s);
	return s;
}

/* test_cache_ask_once: the question that all ask. */
void *test_cache_ask_once(void *arg)
{
	struct test_cache_asker *a = arg;
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

/* test_cache_start: threads that all ask once. */
void test_cache_start(struct test_cache *f, struct test_cache_asker *askers, void *(*run)(void *))
{
	test_cache_resolver(f);
	for (unsigned i = 0; i < TEST_CACHE_THREADS; i++) {
		askers[i] = (struct test_cache_asker) {.f = f, .seed = i + 1};
		assert_int_equal(pthread_create(&askers[i].thread, NULL, run, &askers[i]), 0);
	}
}

/* test_cache_until_joined: the others wait for the one that leads. */
void test_cache_until_joined(struct test_cache *f, uint64_t joined)
{
	for (int i = 0; i < 50000 && test_cache_stats(f).joined < joined; i++)
		usleep(200);
	assert_int_equal(test_cache_stats(f).joined, joined);
}
