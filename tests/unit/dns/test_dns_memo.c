/* SPDX-License-Identifier: ISC */
/* The memory of one message: each question once, what is known is not asked again, many names. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "dns/dns.h"
#include "support/zone.h"

struct bench {
	struct test_zone *zone;
	struct gp_ctx ctx;
};

/* bench_begin: a zone under a memory. */
static void bench_begin(struct bench *b, size_t memory)
{
	b->zone = test_zone_new();
	test_zone_lines(b->zone, "a.test TXT one\nb.test TXT two\nb.test A 192.0.2.1\n"
				 "*.many.test TXT x\ndead.test TIMEOUT\n");
	b->ctx = (struct gp_ctx) {.arena = gp_arena_new(memory), .clock = test_zone_clock(b->zone)};
	b->ctx.deadline_us = gp_clock_now_us(b->ctx.clock) + 1000000;
	b->ctx.dns = gp_dns_memo_new(b->ctx.arena, test_zone_dns(b->zone));
	assert_non_null(b->ctx.dns);
}

/* bench_end: the memory goes with its arena. */
static void bench_end(struct bench *b)
{
	gp_arena_free(b->ctx.arena);
	test_zone_free(b->zone);
}

/* test_asked_once: together, again, in capitals, and twice in one call. */
static void test_asked_once(void **state)
{
	struct bench b;
	struct gp_dns_answer a[4];
	const struct gp_dns_question first[] = {
		{"a.test", GP_DNS_TXT}, {"b.test", GP_DNS_TXT}, {"a.test", GP_DNS_TXT}};
	const struct gp_dns_question then[] = {{"none.test", GP_DNS_TXT}, {"B.TEST.", GP_DNS_TXT},
		{"b.test", GP_DNS_A}, {"a.test", GP_DNS_TXT}};
	(void)state;
	bench_begin(&b, 1 << 20);
	assert_int_equal(gp_dns_query(&b.ctx, first, 3, a), GP_OK);
	assert_int_equal(test_zone_calls(b.zone), 1);
	assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), 2);
	assert_true(gp_span_is(a[2].records[0].text, "one"));
	assert_int_equal(gp_dns_query(&b.ctx, then, 4, a), GP_OK);
	assert_int_equal(a[0].state, GP_DNS_NXDOMAIN);
	assert_true(gp_span_is(a[1].records[0].text, "two"));
	assert_int_equal(a[2].state, GP_DNS_FOUND);
	assert_true(gp_span_is(a[3].records[0].text, "one"));
	assert_int_equal(test_zone_calls(b.zone), 2);
	size_t asked = test_zone_asked(b.zone, TEST_ZONE_ANY);
	assert_int_equal(gp_dns_query(&b.ctx, then, 4, a), GP_OK);
	assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), asked);
	bench_end(&b);
}

/* test_trouble_is_remembered: all parts of a check see the same failure. */
static void test_trouble_is_remembered(void **state)
{
	struct bench b;
	struct gp_dns_answer a;
	const struct gp_dns_question dead = {"dead.test", GP_DNS_TXT};
	(void)state;
	bench_begin(&b, 1 << 20);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(gp_dns_query(&b.ctx, &dead, 1, &a), GP_OK);
		assert_int_equal(a.state, GP_DNS_TEMPFAIL);
		assert_non_null(a.problem);
	}
	assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), 1);
	bench_end(&b);
}

/* test_many: more than fit at first, none is lost. */
static void test_many(void **state)
{
	struct bench b;
	char names[300][32];
	(void)state;
	bench_begin(&b, 1 << 20);
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < 300; i++) {
			struct gp_dns_answer a;
			snprintf(names[i], sizeof names[i], "n%zu.many.test", i);
			const struct gp_dns_question q = {names[i], GP_DNS_TXT};
			assert_int_equal(gp_dns_query(&b.ctx, &q, 1, &a), GP_OK);
			assert_int_equal(a.state, GP_DNS_FOUND);
		}
	assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), 300);
	bench_end(&b);
}

/* test_ceiling: an arena that is full is a status, at whatever size. */
static void test_ceiling(void **state)
{
	(void)state;
	for (size_t memory = 8192; memory < 24000; memory += 512) {
		struct bench b;
		int rc = GP_OK;
		bench_begin(&b, memory);
		for (size_t i = 0; i < 400 && rc == GP_OK; i++) {
			struct gp_dns_answer a;
			char name[32];
			snprintf(name, sizeof name, "n%zu.many.test", i);
			const struct gp_dns_question q = {name, GP_DNS_TXT};
			rc = gp_dns_query(&b.ctx, &q, 1, &a);
		}
		assert_int_equal(rc, GP_ETOOBIG);
		bench_end(&b);
	}
}

/* test_fresh_is_apart: an answer to a query that was not to be fresh is none to one that is. */
static void test_fresh_is_apart(void **state)
{
	struct bench b;
	struct gp_dns_answer a[2];
	const struct gp_dns_question both[] = {{"a.test", GP_DNS_TXT}, {"A.test.", GP_DNS_TXT}};
	(void)state;
	bench_begin(&b, 1 << 20);
	assert_int_equal(gp_dns_query(&b.ctx, both, 1, a), GP_OK);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(gp_dns_query_fresh(&b.ctx, both, 2, 60, a), GP_OK);
		assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), 2);
		assert_true(gp_span_is(a[1].records[0].text, "one"));
		assert_int_equal(a[1].ttl_s, 60);
	}
	assert_false(test_zone_question(b.zone, 0)->is_fresh);
	assert_true(test_zone_question(b.zone, 1)->is_fresh);
	assert_int_equal(test_zone_question(b.zone, 1)->ttl_max_s, 60);
	assert_int_equal(gp_dns_query(&b.ctx, both, 2, a), GP_OK);
	assert_int_equal(a[0].ttl_s, 300);
	assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), 2);
	bench_end(&b);
}

/* count_line: of a trace. */
static void count_line(void *arg, unsigned depth, const char *text)
{
	(void)depth;
	(void)text;
	++*(size_t *)arg;
}

/* test_fresh_is_not_traced: the name may hold a key. */
static void test_fresh_is_not_traced(void **state)
{
	struct bench b;
	struct gp_dns_answer a;
	size_t lines = 0;
	const struct gp_trace trace = {count_line, &lines};
	const struct gp_dns_question q = {"2.0.0.127.secret.many.test", GP_DNS_TXT};
	(void)state;
	bench_begin(&b, 1 << 20);
	b.ctx.trace = &trace;
	assert_int_equal(gp_dns_query_fresh(&b.ctx, &q, 1, 60, &a), GP_OK);
	assert_int_equal(lines, 0);
	assert_int_equal(gp_dns_query(&b.ctx, &q, 1, &a), GP_OK);
	assert_int_equal(lines, 1);
	bench_end(&b);
}

/* main: all of the above. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_asked_once),
		cmocka_unit_test(test_trouble_is_remembered),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_fresh_is_apart),
		cmocka_unit_test(test_fresh_is_not_traced),
	};
	return cmocka_run_group_tests_name("dns_memo", tests, NULL, NULL);
}
