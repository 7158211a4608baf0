/* SPDX-License-Identifier: ISC */
/*
 * Answers that have to be recent (gp_dns_query_fresh), and what a cache keeps of an answer beside
 * its records: where CNAMEs have led, and why there is none. The clock is turned by hand.
 */
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

/* ask_fresh: one question. */
static struct gp_dns_answer ask_fresh(struct test_cache *f, const char *name, uint32_t ttl_max_s)
{
	const struct gp_dns_question question = {name, GP_DNS_TXT};
	struct gp_dns_answer answer;
	test_cache_resolver(f);
	assert_int_equal(gp_dns_query_fresh(&f->ctx, &question, 1, ttl_max_s, &answer), GP_OK);
	return answer;
}

/* failing: how no server answers. */
static struct gp_dns_answer failing(enum gp_dns_failure failure)
{
	return (struct gp_dns_answer) {
		.state = GP_DNS_TEMPFAIL, .problem = "no answer from anybody", .failure = failure};
}

/* it_is_kept_so_long_at_most: each state that is an answer; a shorter TTL counts. */
static void it_is_kept_so_long_at_most(void **state)
{
	static const struct {
		enum gp_dns_state answer;
		uint32_t ttl_s, ttl_max_s, kept_s;
	} rows[] = {
		{GP_DNS_FOUND, 3600, 300, 300},
		{GP_DNS_FOUND, 60, 300, 60},
		{GP_DNS_NXDOMAIN, 3600, 300, 300},
		{GP_DNS_NODATA, 3600, 300, 300},
		{GP_DNS_NXDOMAIN, 300, 1, 1},
	};
	struct test_cache *f = *state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_dns_answer answer = test_cache_found(rows[i].ttl_s);
		if (rows[i].answer != GP_DNS_FOUND)
			answer = (struct gp_dns_answer) {
				.state = rows[i].answer, .ttl_s = rows[i].ttl_s};
		test_cache_say(f, answer);
		const char *name = &"abcde.example"[i];
		answer = ask_fresh(f, name, rows[i].ttl_max_s);
		assert_false(answer.cached);
		assert_int_equal(answer.ttl_s, rows[i].kept_s);
		test_cache_turn(f, rows[i].kept_s - 1);
		answer = ask_fresh(f, name, rows[i].ttl_max_s);
		assert_true(answer.cached);
		assert_int_equal(answer.state, rows[i].answer);
		assert_int_equal(answer.ttl_s, 1);
		test_cache_turn(f, 1);
		assert_false(ask_fresh(f, name, rows[i].ttl_max_s).cached);
	}
}

/* nothing_older_is_taken: than this caller allows, whatever another one did. */
static void nothing_older_is_taken(void **state)
{
	struct test_cache *f = *state;
	test_cache_say(f, test_cache_found(3600));
	ask_fresh(f, "a.example", 300);
	test_cache_turn(f, 100);
	assert_int_equal(ask_fresh(f, "a.example", 110).ttl_s, 110);
	assert_true(ask_fresh(f, "a.example", 110).cached);
	assert_false(ask_fresh(f, "a.example", 100).cached);
	test_cache_turn(f, 50);
	assert_int_equal(ask_fresh(f, "a.example", 300).ttl_s, 50);
	assert_false(ask_fresh(f, "a.example", 0).cached);
	assert_false(ask_fresh(f, "a.example", 0).cached);
	assert_int_equal(ask_fresh(f, "b.example", 0).ttl_s, 0);
}

/* others_keep_theirs: answers to gp_dns_query are not taken, and live as long as they did. */
static void others_keep_theirs(void **state)
{
	struct test_cache *f = *state;
	test_cache_say(f, test_cache_found(3600));
	test_cache_ask(f, "a.example", GP_DNS_TXT);
	test_cache_turn(f, 1000);
	test_cache_say(f, (struct gp_dns_answer) {.state = GP_DNS_NXDOMAIN, .ttl_s = 3600});
	assert_int_equal(ask_fresh(f, "a.example", 300).state, GP_DNS_NXDOMAIN);
	struct gp_dns_answer answer = test_cache_ask(f, "a.example", GP_DNS_TXT);
	assert_true(answer.cached);
	assert_int_equal(answer.state, GP_DNS_FOUND);
	assert_int_equal(answer.ttl_s, 2600);
	ask_fresh(f, "b.example", 300);
	assert_false(test_cache_ask(f, "b.example", GP_DNS_TXT).cached);
}

/* it_is_never_stale: nor is one left behind that becomes so, for whomever. */
static void it_is_never_stale(void **state)
{
	struct test_cache *f = *state;
	f->options.stale_s = 86400;
	f->ctx.notes = &f->notes;
	ask_fresh(f, "a.example", 300);
	test_cache_ask(f, "b.example", GP_DNS_TXT);
	test_cache_turn(f, 301);
	test_cache_say(f, failing(GP_DNS_FAILURE_TIMEOUT));
	for (const char *name = "b.example"; name; name = *name == 'b' ? "a.example" : NULL) {
		struct gp_dns_answer answer = ask_fresh(f, name, 300);
		assert_int_equal(answer.state, GP_DNS_TEMPFAIL);
		assert_int_equal(answer.failure, GP_DNS_FAILURE_TIMEOUT);
		assert_false(answer.stale);
		assert_true(f->script.last_until_us == INT64_MAX); /* with all patience */
	}
	assert_int_equal(test_cache_ask(f, "a.example", GP_DNS_TXT).state, GP_DNS_TEMPFAIL);
	assert_int_equal(f->notes.stale, 0);
	assert_true(test_cache_ask(f, "b.example", GP_DNS_TXT).stale); /* as without us */
	assert_int_equal(ask_fresh(f, "b.example", 300).state, GP_DNS_TEMPFAIL);
}

/* a_failure_is_kept_as_ever: with its kind; for less time where the caller says so. */
static void a_failure_is_kept_as_ever(void **state)
{
	static const enum gp_dns_failure kinds[] = {GP_DNS_FAILURE_TIMEOUT, GP_DNS_FAILURE_REFUSED,
		GP_DNS_FAILURE_SERVFAIL, GP_DNS_FAILURE_OTHER};
	struct test_cache *f = *state;
	for (size_t i = 0; i < 4; i++) {
		const char *name = &"abcd.example"[i];
		test_cache_say(f, failing(kinds[i]));
		assert_int_equal(ask_fresh(f, name, 300).failure, kinds[i]);
		assert_int_equal(test_cache_ask(f, name, GP_DNS_TXT).failure, kinds[i]);
		test_cache_say(f, test_cache_found(60));
		struct gp_dns_answer answer = ask_fresh(f, name, 300);
		assert_true(answer.cached);
		assert_int_equal(answer.failure, kinds[i]);
		assert_string_equal(answer.problem, "no answer from anybody");
		assert_int_equal(test_cache_ask(f, name, GP_DNS_TXT).failure, kinds[i]);
		test_cache_turn(f, 5);
		answer = ask_fresh(f, name, 300);
		assert_int_equal(answer.state, GP_DNS_FOUND);
		assert_int_equal(answer.failure, GP_DNS_FAILURE_NONE);
	}
	test_cache_say(f, failing(GP_DNS_FAILURE_REFUSED));
	ask_fresh(f, "short.example", 1);
	test_cache_turn(f, 1);
	assert_false(ask_fresh(f, "short.example", 1).cached);
}

/* no_failure_takes_the_place_of_an_answer: one that is recent enough for others. */
static void no_failure_takes_the_place_of_an_answer(void **state)
{
	struct test_cache *f = *state;
	ask_fresh(f, "a.example", 300);
	test_cache_turn(f, 100);
	test_cache_say(f, failing(GP_DNS_FAILURE_SERVFAIL));
	assert_int_equal(ask_fresh(f, "a.example", 50).state, GP_DNS_TEMPFAIL);
	assert_int_equal(ask_fresh(f, "a.example", 300).state, GP_DNS_FOUND);
}

/* where_cnames_lead_is_kept: with records or without, however long. */
static void where_cnames_lead_is_kept(void **state)
{
	static const struct gp_dns_record texts[] = {{.text = {"abc", 3}}, {.text = {"", 0}}};
	char longest[GP_DNS_NAME_TEXT];
	struct test_cache *f = *state;
	memset(longest, 'x', GP_DNS_NAME_MAX);
	longest[GP_DNS_NAME_MAX] = '\0';
	for (size_t i = 63; i < GP_DNS_NAME_MAX; i += 64)
		longest[i] = '.';
	const struct gp_dns_answer rows[] = {
		{.state = GP_DNS_FOUND, .count = 2, .records = texts, .canonical = longest},
		{.state = GP_DNS_FOUND, .count = 1, .records = texts, .canonical = ""},
		{.state = GP_DNS_FOUND, .count = 2, .records = texts},
		{.state = GP_DNS_NXDOMAIN, .canonical = "parked.test"},
		{.state = GP_DNS_NODATA, .canonical = "parked.test"},
		{.state = GP_DNS_NODATA},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_dns_answer answer = rows[i];
		answer.ttl_s = 60;
		test_cache_say(f, answer);
		for (int again = 0; again < 2; again++) {
			answer = ask_fresh(f, &"abcdef.example"[i], 300);
			assert_int_equal(answer.cached, again);
			assert_int_equal(answer.state, rows[i].state);
			assert_int_equal(answer.count, rows[i].count);
			if (rows[i].canonical)
				assert_string_equal(answer.canonical, rows[i].canonical);
			else
				assert_null(answer.canonical);
			if (answer.count)
				assert_memory_equal(answer.records[0].text.ptr, "abc", 3);
		}
	}
}

/* large_answers_come_back_whole: a hundred addresses, and a text of all that a packet carries. */
static void large_answers_come_back_whole(void **state)
{
	static char text[UINT16_MAX];
	struct gp_dns_record addresses[100] = {{.addr = {GP_IP_V4, {127}}}};
	const struct gp_dns_record large = {.text = {text, sizeof text}};
	const struct gp_dns_question q = {"a.example", GP_DNS_A};
	struct gp_dns_answer answer;
	struct test_cache *f = *state;
	memset(text, '\r', sizeof text);
	test_cache_say(f, (struct gp_dns_answer) {.ttl_s = 60, .count = 1, .records = &large});
	ask_fresh(f, "text.example", 300);
	answer = ask_fresh(f, "text.example", 300);
	assert_true(answer.cached);
	assert_true(gp_span_equal(answer.records[0].text, large.text));
	for (size_t i = 0; i < 100; i++)
		addresses[i].addr = (struct gp_ipaddr) {GP_IP_V4, {127, 0, 0, (uint8_t)i}};
	test_cache_say(f, (struct gp_dns_answer) {.ttl_s = 60, .count = 100, .records = addresses});
	for (int again = 0; again < 2; again++)
		assert_int_equal(gp_dns_query_fresh(&f->ctx, &q, 1, 300, &answer), GP_OK);
	assert_true(answer.cached);
	assert_int_equal(answer.count, 100);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(answer.records[i].addr.bytes[3], i);
}

/* names_that_cannot_exist_are_not_asked: beside others. */
static void names_that_cannot_exist_are_not_asked(void **state)
{
	static const struct gp_dns_question questions[] = {
		{"a..example", GP_DNS_TXT}, {"a.example", GP_DNS_TXT}};
	struct gp_dns_answer answers[2];
	struct test_cache *f = *state;
	test_cache_resolver(f);
	assert_int_equal(gp_dns_query_fresh(&f->ctx, questions, 2, 300, answers), GP_OK);
	assert_int_equal(answers[0].state, GP_DNS_NXDOMAIN);
	assert_int_equal(answers[1].state, GP_DNS_FOUND);
	assert_int_equal(f->script.questions, 1);
	assert_int_equal(
		gp_dns_query_fresh(&f->ctx, questions, GP_DNS_QUESTIONS_MAX + 1, 300, answers),
		GP_EINVAL);
}

/* ask_once_fresh: as test_cache_ask_once. */
static void *ask_once_fresh(void *arg)
{
	struct test_cache_asker *a = arg;
	const struct gp_dns_question question = {"a.example", GP_DNS_TXT};
	struct gp_ctx ctx = a->f->ctx;
	ctx.arena = gp_arena_new(1 << 16);
	a->status = gp_dns_query_fresh(&ctx, &question, 1, 300, &a->answer);
	a->right = a->status == GP_OK && a->answer.state == GP_DNS_FOUND && !a->answer.stale;
	gp_arena_free(ctx.arena);
	return NULL;
}

/* they_are_asked_once_for_all: who wants them fresh; beside a query under way that does not. */
static void they_are_asked_once_for_all(void **state)
{
	struct test_cache *f = *state;
	struct test_cache_asker askers[TEST_CACHE_THREADS], other = {.f = f};
	f->options.stale_s = 86400;
	test_cache_ask(f, "a.example", GP_DNS_TXT);
	test_cache_turn(f, 301);
	atomic_store(&f->script.held, 1);
	assert_int_equal(pthread_create(&other.thread, NULL, test_cache_ask_once, &other), 0);
	test_cache_start(f, askers, ask_once_fresh);
	test_cache_until_joined(f, TEST_CACHE_THREADS - 1);
	while (atomic_load(&f->script.inside) < 2)
		usleep(200);
	atomic_store(&f->script.held, 0);
	for (int i = 0; i < TEST_CACHE_THREADS; i++) {
		pthread_join(askers[i].thread, NULL);
		assert_true(askers[i].right);
	}
	pthread_join(other.thread, NULL);
	assert_true(other.right);
	assert_int_equal(f->script.questions, 3);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, test_cache_set_up, test_cache_tear_down)

/* main: all cases. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(it_is_kept_so_long_at_most),
		CASE(nothing_older_is_taken),
		CASE(others_keep_theirs),
		CASE(it_is_never_stale),
		CASE(a_failure_is_kept_as_ever),
		CASE(no_failure_takes_the_place_of_an_answer),
		CASE(where_cnames_lead_is_kept),
		CASE(large_answers_come_back_whole),
		CASE(names_that_cannot_exist_are_not_asked),
		CASE(they_are_asked_once_for_all),
	};
	return cmocka_run_group_tests_name("dns_cache_fresh", tests, NULL, NULL);
}
