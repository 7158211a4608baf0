/* SPDX-License-Identifier: ISC */
/*
 * A cache of DNS answers for tests: over a scripted layer that gives all questions the same answer,
 * with a clock turned by hand. The fixture of its cases:
 *
 *     cmocka_unit_test_setup_teardown(a_case, test_cache_set_up, test_cache_tear_down)
 *     test_cache_say(f, test_cache_found(300)); test_cache_ask(f, "a.example", GP_DNS_TXT);
 *     test_cache_turn(f, 301);
 *
 * The cache is made by the first question, so that a case can change f->options before. Any number
 * of threads may ask.
 */
#ifndef TESTS_SUPPORT_DNSCACHE_H
#define TESTS_SUPPORT_DNSCACHE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "dns/dns_private.h"

#define TEST_CACHE_SECOND 1000000 /* microseconds */

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
	int64_t last_until_us; /* of its last question; INT64_MAX: the deadline */
	int status;
	atomic_uint calls, questions; /* made to this layer */
	atomic_uint held;             /* while not 0, no call returns */
	atomic_uint early;            /* answers of a call that land before it is held */
	atomic_uint inside;           /* calls under way */
	atomic_bool placeless;        /* calls do not begin, for want of a place */
	atomic_bool slow;             /* calls return when nobody waits any more */
	bool freed;
};

/* What each case has. */
struct test_cache {
	struct hand_clock clock;
	struct script script;
	struct gp_dns_cache_options options;
	struct gp_dns_notes notes;
	struct gp_ctx ctx;
};

/* The fixture of a case; the cache frees the layer below, which is looked at in the end. */
int test_cache_set_up(void **state);
int test_cache_tear_down(void **state);

/* Turns the clock by some seconds. */
void test_cache_turn(struct test_cache *f, int64_t seconds);

/* What the layer below answers from now on; an answer with one TXT record, "v=spf1 -all". */
void test_cache_say(struct test_cache *f, struct gp_dns_answer answer);
struct gp_dns_answer test_cache_found(uint32_t ttl_s);

/* Makes the cache, unless it is there. */
void test_cache_resolver(struct test_cache *f);

/* Asks one question, which must succeed. */
struct gp_dns_answer test_cache_ask(struct test_cache *f, const char *name, enum gp_dns_type type);

/* Of the fixture's cache. */
struct gp_dns_cache_stats test_cache_stats(struct test_cache *f);

#define TEST_CACHE_THREADS 8

/* One thread's part. */
struct test_cache_asker {
	struct test_cache *f;
	pthread_t thread;
	int64_t patience_us; /* of the system clock; 0: endless */
	unsigned seed;
	const char *second; /* asked in the same call */
	struct gp_dns_answer answer;
	int status;
	bool right;
};

/* A thread's function: asks for a.example TXT with an arena of its own; right: was it found? */
void *test_cache_ask_once(void *asker);

/* Starts TEST_CACHE_THREADS threads of this function. */
void test_cache_start(struct test_cache *f, struct test_cache_asker *askers, void *(*run)(void *));

/* Waits until so many questions wait for another one's answer. */
void test_cache_until_joined(struct test_cache *f, uint64_t joined);

#endif
