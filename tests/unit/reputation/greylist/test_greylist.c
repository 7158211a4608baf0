/* SPDX-License-Identifier: ISC */
/*
 * Greylisting over each backend of the store: delay, window, keep, pools, passes, learning, floods.
 * Time is an argument.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reputation/greylist/greylist.h"
#include "reputation/greylist/greylist_allow.h"
#include "reputation/greylist/greylist_domain.h"
#include "reputation/greylist/greylist_private.h"
#include "reputation/reputation_order.h"
#include "support/memstore.h"
#include "support/redis.h"
#include "support/said.h"

#define SECOND 1000LL
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

enum backend { MEMORY, LMDB, REDIS, BACKENDS };

static struct test_redis *redis;

struct bench {
	enum backend backend;
	char folder[64], uri[96];
	struct gp_store_options options;
	struct gp_test_memstore *memory;
	struct gp_store *store;
	struct gp_ctx ctx;
	struct gp_greylist_settings settings;
	struct gp_greylist_query query;
	int64_t now;
};

/* open_store: of this backend. */
static void open_store(struct bench *b)
{
	if (b->backend == MEMORY)
		assert_int_equal(gp_test_memstore_new(&b->memory, &b->store), GP_OK);
	else
		assert_int_equal(gp_store_open(&b->options, &b->ctx, &b->store), GP_OK);
}

/* begin: an empty store, the default options without learning, and a contact. */
static void begin(struct bench *b, enum backend backend)
{
	static int number;
	static char prefix[32];
	*b = (struct bench) {.backend = backend};
	b->ctx = (struct gp_ctx) {.arena = gp_arena_new(1 << 20), .clock = gp_clock_system()};
	b->ctx.deadline_us = gp_clock_now_us(b->ctx.clock) + 300 * 1000000LL;
	snprintf(b->folder, sizeof b->folder, "/tmp/gp-greylist-XXXXXX");
	assert_non_null(mkdtemp(b->folder));
	snprintf(b->uri, sizeof b->uri, "lmdb:%s", b->folder);
	snprintf(prefix, sizeof prefix, "t%d:", ++number);
	b->options = (struct gp_store_options) {
		.uris = {backend == REDIS ? test_redis_uri(redis) : b->uri},
		.uri_count = 1,
		.map_bytes = 64 << 20,
		.prefix = prefix,
		.user = "",
		.password_file = "",
		.sentinel_password_file = "",
		.tls_ca_file = "",
		.tls_cert_file = "",
		.tls_key_file = "",
		.timeout_ms = 20000,
		.connections = 2};
	open_store(b);
	b->now = gp_store_now_ms(b->store);
	b->settings = (struct gp_greylist_settings) {.mode = GP_MODE_ENFORCE,
		.delay_ms = 5 * MINUTE,
		.window_ms = 2 * DAY,
		.keep_ms = 35 * DAY,
		.passes = 2,
		.recipient = GP_GREYLIST_RECIPIENT_DOMAIN,
		.ipv4_length = 24,
		.ipv6_length = 64,
		.correspondents_ms = 60 * DAY,
		.max_entries = 1000000};
	b->query = (struct gp_greylist_query) {.contact = {.settings = &b->settings,
						       .sender = gp_span_from("alice@a.test"),
						       .sender_domain = "a.test",
						       .recipient = gp_span_from("bob@here.test")},
		.is_delaying = true};
	assert_int_equal(
		gp_ipaddr_parse(gp_span_from("192.0.2.1"), &b->query.contact.client), GP_OK);
}

/* end: all of it goes. */
static void end(struct bench *b)
{
	char command[96];
	gp_store_close(b->store);
	gp_arena_free(b->ctx.arena);
	snprintf(command, sizeof command, "rm -rf %s", b->folder);
	assert_int_equal(system(command), 0);
}

/* see: what comes of the contact, so long after the beginning. */
static struct gp_greylist_answer see(struct bench *b, int64_t after_ms)
{
	struct gp_greylist_answer a;
	gp_arena_reset(b->ctx.arena);
	assert_int_equal(
		gp_greylist_see(&b->ctx, b->store, b->now + after_ms, &b->query, &a), GP_OK);
	return a;
}

/* from: the contact comes from this address. */
static void from(struct bench *b, const char *client)
{
	assert_int_equal(gp_ipaddr_parse(gp_span_from(client), &b->query.contact.client), GP_OK);
}

/* sender: another one. */
static void sender(struct bench *b, int number)
{
	static char domain[32];
	snprintf(domain, sizeof domain, "d%d.test", number);
	b->query.contact.sender_domain = domain;
}

#define SEES(after, expected) assert_int_equal(see(b, after).outcome, GP_GREYLIST_##expected)

static enum backend backend; /* of the group that runs */

/* set_up: for cmocka. */
static int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof *b);
	assert_non_null(b);
	begin(b, backend);
	*state = b;
	return 0;
}

/* tear_down: likewise. */
static int tear_down(void **state)
{
	end(*state);
	free(*state);
	return 0;
}

/* ---- time ---- */

/* A first try is delayed, an early retry is, too, and does not begin the delay anew; the retry
 * passes, and what has passed is known. */
static void retry(void **state)
{
	struct bench *b = *state;
	struct gp_greylist_answer a = see(b, 0);
	assert_int_equal(a.outcome, GP_GREYLIST_FIRST);
	assert_int_equal(a.wait_ms, 5 * MINUTE);
	a = see(b, MINUTE);
	assert_int_equal(a.outcome, GP_GREYLIST_EARLY);
	assert_int_equal(a.wait_ms, 4 * MINUTE);
	a = see(b, 5 * MINUTE - 1);
	assert_int_equal(a.outcome, GP_GREYLIST_EARLY);
	assert_int_equal(a.wait_ms, 1);
	a = see(b, 5 * MINUTE);
	assert_int_equal(a.outcome, GP_GREYLIST_PASSED);
	assert_int_equal(a.waited_ms, 5 * MINUTE);
	SEES(5 * MINUTE, KNOWN); /* the same mail twice: a pass is one */
	SEES(10 * MINUTE, KNOWN);
}

/* After the window it is a first contact again. */
static void window_over(void **state)
{
	struct bench *b = *state;
	SEES(0, FIRST);
	SEES(2 * DAY - 1, PASSED);
	b->query.contact.sender_domain = "b.test";
	SEES(0, FIRST);
	SEES(2 * DAY + 1, FIRST);
	SEES(2 * DAY + MINUTE, EARLY);
	SEES(2 * DAY + 6 * MINUTE, PASSED);
}

/* A window that the configuration has made shorter counts at once. */
static void window_shorter(void **state)
{
	struct bench *b = *state;
	SEES(0, FIRST);
	b->settings.window_ms = HOUR;
	SEES(2 * HOUR, FIRST);
	SEES(2 * HOUR + MINUTE, EARLY);
	SEES(2 * HOUR + 5 * MINUTE, PASSED);
}

/* What has passed is remembered for keep since it was used last. */
static void kept_since_last_use(void **state)
{
	struct bench *b = *state;
	b->settings.passes = 0;
	SEES(0, FIRST);
	SEES(HOUR, PASSED);
	SEES(30 * DAY, KNOWN);
	SEES(60 * DAY, KNOWN);
	SEES(60 * DAY + 35 * DAY + 2 * HOUR, FIRST);
}

/* After a clock was set back the delay begins anew, once. */
static void clock_back(void **state)
{
	struct bench *b = *state;
	b->query.contact.spf_domain = "a.test";
	SEES(DAY, FIRST);
	struct gp_greylist_answer a = see(b, 0);
	assert_int_equal(a.outcome, GP_GREYLIST_EARLY);
	assert_int_equal(a.wait_ms, 5 * MINUTE);
	a = see(b, MINUTE);
	assert_int_equal(a.outcome, GP_GREYLIST_EARLY);
	assert_int_equal(a.wait_ms, 4 * MINUTE);
	a = see(b, 5 * MINUTE);
	assert_int_equal(a.outcome, GP_GREYLIST_PASSED);
	assert_int_equal(a.waited_ms, 5 * MINUTE);
	SEES(6 * MINUTE, KNOWN);
}

/* What has passed with the clock ahead is kept since it was used, by the clock as it is now. */
static void clock_back_kept(void **state)
{
	struct bench *b = *state;
	b->settings.passes = 0;
	SEES(10 * DAY, FIRST);
	SEES(10 * DAY + HOUR, PASSED);
	SEES(0, KNOWN);
	SEES(40 * DAY, FIRST);
	SEES(40 * DAY + HOUR, PASSED);
	SEES(31 * DAY, KNOWN);
	SEES(64 * DAY, KNOWN);
	SEES(96 * DAY, KNOWN);
}

/* Passes are counted once in an hour of the clock as it is now. */
static void clock_back_passes(void **state)
{
	struct bench *b = *state;
	SEES(DAY, FIRST);
	SEES(DAY + 5 * MINUTE, PASSED);
	SEES(0, KNOWN);
	b->query.contact.sender_domain = "b.test";
	SEES(1, FIRST);
	b->query.contact.sender_domain = "a.test";
	SEES(2 * HOUR, KNOWN);
	b->query.contact.sender_domain = "c.test";
	SEES(2 * HOUR, TRUSTED);
}

/* A network that is remembered as one waits no longer, either. */
static void clock_back_crowd(void **state)
{
	struct bench *b = *state;
	for (int i = 0; i < 1010; i++) {
		sender(b, i);
		(void)see(b, DAY + i);
	}
	sender(b, 2000);
	SEES(0, EARLY);
	SEES(5 * MINUTE - 1, EARLY);
	SEES(5 * MINUTE, PASSED);
}

/* A beginning that is ahead of the clock is now: learning ends after its time. */
static void clock_back_learning(void **state)
{
	struct bench *b = *state;
	b->settings.learn_ms = DAY;
	assert_true(see(b, 10 * DAY).is_learning);
	assert_true(see(b, 0).is_learning);
	assert_true(see(b, DAY - 1).is_learning);
	assert_false(see(b, DAY).is_learning);
}

/* ---- who is the same ---- */

/* A retry from another address counts by its network (lesson of large senders' pools). */
static void pool_by_network(void **state)
{
	struct bench *b = *state;
	SEES(0, FIRST);
	from(b, "192.0.2.200");
	SEES(5 * MINUTE, PASSED);
	from(b, "192.0.3.1");
	SEES(5 * MINUTE, FIRST);
	from(b, "2001:db8:0:1::1");
	SEES(0, FIRST);
	from(b, "2001:db8:0:1:ffff::9");
	SEES(5 * MINUTE, PASSED);
	from(b, "2001:db8:0:2::1");
	SEES(5 * MINUTE, FIRST);
}

/* The lengths of networks are options. */
static void network_length(void **state)
{
	struct bench *b = *state;
	b->settings.ipv4_length = 16;
	SEES(0, FIRST);
	from(b, "192.0.77.1");
	SEES(5 * MINUTE, PASSED);
	b->settings.ipv4_length = 32;
	b->query.contact.sender_domain = "b.test";
	SEES(0, FIRST);
	from(b, "192.0.77.2");
	SEES(5 * MINUTE, FIRST);
}

/* By the domain for which SPF passes, wherever it comes from. */
static void pool_by_spf(void **state)
{
	struct bench *b = *state;
	b->query.contact.spf_domain = "a.test";
	SEES(0, FIRST);
	from(b, "198.51.100.1");
	SEES(MINUTE, EARLY);
	from(b, "203.0.113.1");
	SEES(5 * MINUTE, PASSED);
	from(b, "198.51.100.7");
	SEES(6 * MINUTE, KNOWN);
	b->query.contact.spf_domain = NULL;
	from(b, "198.18.0.1");
	SEES(6 * MINUTE, FIRST); /* SPF does not pass: another one */
}

/* By the registered domain of the confirmed reverse name, with the same sender. */
static void pool_by_name(void **state)
{
	struct bench *b = *state;
	b->query.contact.name_domain = "pool.test";
	SEES(0, FIRST);
	from(b, "198.51.100.1");
	SEES(5 * MINUTE, PASSED);
	from(b, "203.0.113.1");
	b->query.contact.sender_domain = "other.test";
	SEES(5 * MINUTE, FIRST);
	from(b, "198.18.0.1");
	b->query.contact.name_domain = "other-pool.test";
	SEES(5 * MINUTE, FIRST);
}

/* A retry that comes by one origin passes for the others as well. */
static void passes_for_all_origins(void **state)
{
	struct bench *b = *state;
	SEES(0, FIRST);
	b->query.contact.name_domain = "pool.test";
	SEES(5 * MINUTE, PASSED);
	from(b, "198.51.100.1");
	SEES(6 * MINUTE, KNOWN);
}

/* Sender and recipient are another contact, as far as the options say so. */
static void sender_and_recipient(void **state)
{
	struct bench *b = *state;
	SEES(0, FIRST);
	b->query.contact.sender = gp_span_from("carol@a.test");
	SEES(1, EARLY);
	b->settings.key = GP_GREYLIST_KEY_SENDER;
	SEES(1, FIRST);
	b->query.contact.sender = gp_span_from("dave@a.test");
	SEES(2, FIRST);
	b->query.contact.recipient = gp_span_from("eve@HERE.test");
	SEES(3, EARLY);
	b->query.contact.recipient = gp_span_from("eve@there.test");
	SEES(3, FIRST);
	b->settings.recipient = GP_GREYLIST_RECIPIENT_ADDRESS;
	SEES(4, FIRST);
	b->query.contact.recipient = gp_span_from("frank@there.test");
	SEES(4, FIRST);
	b->settings.recipient = GP_GREYLIST_RECIPIENT_NONE;
	SEES(5, FIRST);
	b->query.contact.recipient = gp_span_from("x@nowhere.test");
	SEES(5, EARLY);
}

/* A sender made anew for each message is one (lesson of VERP). */
static void verp(void **state)
{
	struct bench *b = *state;
	b->settings.key = GP_GREYLIST_KEY_SENDER;
	b->query.contact.sender = gp_span_from("list-return-17-bob=here.test@a.test");
	SEES(0, FIRST);
	b->query.contact.sender = gp_span_from("list-return-18-bob=here.test@a.test");
	SEES(5 * MINUTE, PASSED);
}

/* What one sender has passed with lets no other one through (lesson of keys made of contents). */
static void no_pass_for_others(void **state)
{
	struct bench *b = *state;
	SEES(0, FIRST);
	SEES(5 * MINUTE, PASSED);
	from(b, "198.51.100.1");
	SEES(6 * MINUTE, FIRST);
	b->query.contact.sender_domain = "b.test";
	from(b, "192.0.2.1");
	SEES(6 * MINUTE, FIRST);
}

/* ---- passes ---- */

/* So many passes, one in an hour, let the network through for all senders. */
static void trusted_network(void **state)
{
	struct bench *b = *state;
	SEES(0, FIRST);
	SEES(5 * MINUTE, PASSED);
	SEES(30 * MINUTE, KNOWN); /* within the hour: does not count */
	b->query.contact.sender_domain = "b.test";
	SEES(31 * MINUTE, FIRST);
	b->query.contact.sender_domain = "a.test";
	SEES(2 * HOUR, KNOWN);
	b->query.contact.sender_domain = "c.test";
	SEES(2 * HOUR, TRUSTED);
	from(b, "192.0.2.77");
	SEES(3 * HOUR, TRUSTED);
	from(b, "192.0.3.77");
	SEES(3 * HOUR, FIRST);
	from(b, "192.0.2.77");
	SEES(30 * DAY, TRUSTED);
	SEES(64 * DAY, TRUSTED); /* kept since it was used last */
	SEES(64 * DAY + 36 * DAY, FIRST);
	b->settings.passes = 0;
	SEES(64 * DAY + 37 * DAY, PASSED);
}

/* The same for a domain of SPF. */
static void trusted_spf_domain(void **state)
{
	struct bench *b = *state;
	b->query.contact.spf_domain = "a.test";
	SEES(0, FIRST);
	SEES(5 * MINUTE, PASSED);
	SEES(2 * HOUR, KNOWN);
	from(b, "198.51.100.1");
	b->query.contact.recipient = gp_span_from("x@there.test");
	SEES(3 * HOUR, TRUSTED);
	b->query.contact.spf_domain = NULL;
	SEES(3 * HOUR, FIRST); /* the network has passed with nothing */
}

/* A network that mail is let through from for its domain has not waited: it gets no trust by that. */
static void trust_stays_with_domain(void **state)
{
	struct bench *b = *state;
	b->query.contact.spf_domain = "a.test";
	SEES(0, FIRST);
	SEES(5 * MINUTE, PASSED);
	SEES(2 * HOUR, KNOWN);
	from(b, "198.51.100.77");
	b->query.contact.recipient = gp_span_from("x@there.test");
	SEES(3 * HOUR, TRUSTED);
	SEES(5 * HOUR, TRUSTED);
	SEES(7 * HOUR, TRUSTED);
	b->query.contact.recipient = gp_span_from("bob@here.test");
	SEES(9 * HOUR, TRUSTED); /* by a contact that is known by the domain */
	b->query.contact.spf_domain = NULL;
	b->query.contact.sender_domain = "forged.test";
	SEES(10 * HOUR, FIRST);
}

/* Nor does a domain, by a network that is trusted. */
static void trust_stays_with_network(void **state)
{
	struct bench *b = *state;
	SEES(0, FIRST);
	SEES(5 * MINUTE, PASSED);
	SEES(2 * HOUR, KNOWN);
	b->query.contact.spf_domain = "b.test";
	b->query.contact.sender_domain = "b.test";
	SEES(3 * HOUR, TRUSTED);
	SEES(5 * HOUR, TRUSTED);
	SEES(7 * HOUR, TRUSTED);
	from(b, "198.51.100.77");
	SEES(8 * HOUR, FIRST);
}

/* A retry that comes by another origin is a pass of that one only. */
static void pass_is_of_its_origin(void **state)
{
	struct bench *b = *state;
	b->settings.passes = 1;
	b->query.contact.spf_domain = "a.test";
	SEES(0, FIRST);
	from(b, "198.51.100.1");
	SEES(5 * MINUTE, PASSED);
	b->query.contact.recipient = gp_span_from("x@there.test");
	SEES(6 * MINUTE, TRUSTED);
	b->query.contact.spf_domain = NULL;
	SEES(6 * MINUTE, FIRST);
}

/* ---- learning, orders, correspondents ---- */

/* For settings.learn after the beginning all is recorded only; then known contacts pass. */
static void learning(void **state)
{
	struct bench *b = *state;
	b->settings.learn_ms = DAY;
	struct gp_greylist_answer a = see(b, 0);
	assert_int_equal(a.outcome, GP_GREYLIST_FIRST);
	assert_true(a.is_learning);
	a = see(b, DAY - 1);
	assert_true(a.is_learning);
	assert_int_equal(a.outcome, GP_GREYLIST_PASSED);
	a = see(b, DAY);
	assert_false(a.is_learning);
	assert_int_equal(a.outcome, GP_GREYLIST_KNOWN);
	b->query.contact.sender_domain = "b.test";
	a = see(b, DAY);
	assert_false(a.is_learning);
	assert_int_equal(a.outcome, GP_GREYLIST_FIRST);
}

/* Nothing asked for as long as anything is kept: it begins anew. */
static void learning_again(void **state)
{
	struct bench *b = *state;
	b->settings.learn_ms = DAY;
	assert_true(see(b, 0).is_learning);
	assert_false(see(b, 10 * DAY).is_learning);
	assert_false(see(b, 44 * DAY).is_learning);
	assert_true(see(b, 80 * DAY).is_learning);
}

/* lose_contacts: as when the file that they lie in is deleted, or damaged and set aside. */
static void lose_contacts(struct bench *b)
{
	char path[96];
	struct gp_store_note mark = {.key = gp_span_from(GP_GREYLIST_MARK), .expires_ms = b->now};
	if (b->backend != LMDB) {
		assert_int_equal(gp_store_note(b->store, &b->ctx, b->now, &mark), GP_OK);
		return;
	}
	gp_store_close(b->store);
	snprintf(path, sizeof path, "%s/counters", b->folder);
	assert_int_equal(unlink(path), 0);
	open_store(b);
}

/* learn_after_loss: when mail comes then. */
static void learn_after_loss(struct bench *b, int64_t at)
{
	struct test_said said = {0};
	const struct gp_log log = {test_said_keep, &said, GP_LOG_NOTICE};
	b->settings.learn_ms = DAY;
	b->ctx.log = &log;
	assert_true(see(b, 0).is_learning);
	assert_string_equal(said.last, "greylisting: no contacts are known: for 1d first contacts "
				       "are recorded and not delayed");
	assert_false(see(b, 2 * DAY).is_learning);
	assert_int_equal(said.count, 1);
	lose_contacts(b);
	b->query.contact.sender_domain = "b.test";
	assert_true(see(b, at).is_learning);
	assert_string_equal(said.last, "greylisting: the contacts in the store were lost: for 1d "
				       "first contacts are recorded and not delayed");
	assert_int_equal(said.count, 2);
	b->query.contact.sender_domain = "c.test";
	assert_true(see(b, at + DAY - 1).is_learning);
	assert_false(see(b, at + DAY).is_learning);
	b->query.contact.sender_domain = "d.test";
	assert_false(see(b, 30 * DAY).is_learning);
	b->query.contact.sender_domain = "e.test";
	assert_false(see(b, 60 * DAY).is_learning);
	assert_int_equal(said.count, 2);
	b->ctx.log = NULL;
}

/* Contacts are lost, the fact that says since when they were recorded is not: it begins anew, and
 * once. */
static void learning_after_loss(void **state)
{
	learn_after_loss(*state, 2 * DAY + HOUR);
}

/* The same where the fact is written anew at that time. */
static void learning_after_loss_later(void **state)
{
	learn_after_loss(*state, 4 * DAY);
}

/* What an operator allows is not delayed; a domain only where it is the sender's. */
static void allowed(void **state)
{
	struct bench *b = *state;
	assert_int_equal(gp_reputation_order_put(b->store, &b->ctx, GP_REPUTATION_GREYLIST_ALLOW,
				 "192.0.2.0/28", "test"),
		GP_OK);
	assert_int_equal(gp_reputation_order_put(
				 b->store, &b->ctx, GP_REPUTATION_GREYLIST_ALLOW, "a.test", "test"),
		GP_OK);
	SEES(0, ALLOWED);
	from(b, "192.0.2.77");
	SEES(0, FIRST);
	SEES(1, EARLY);
	b->query.is_genuine = true;
	SEES(2, ALLOWED);
	b->query.contact.sender_domain = "b.test";
	SEES(3, FIRST);
}

/* Domains that our users write to are not delayed while that is recent. */
static void correspondents(void **state)
{
	struct bench *b = *state;
	assert_int_equal(
		gp_greylist_correspond(&b->ctx, b->store, b->now, &b->settings, "a.test"), GP_OK);
	b->query.correspondent = "a.test";
	SEES(0, CORRESPONDENT);
	SEES(59 * DAY, CORRESPONDENT);
	assert_int_equal(gp_greylist_correspond(
				 &b->ctx, b->store, b->now + 59 * DAY, &b->settings, "a.test"),
		GP_OK);
	SEES(100 * DAY, CORRESPONDENT);
	SEES(120 * DAY, FIRST);
	b->query.correspondent = "b.test";
	SEES(120 * DAY + 1, EARLY);
}

/* A domain is known for passes of SPF after a day. */
static void known_domain(void **state)
{
	static const struct {
		int64_t at;
		bool known;
	} rows[] = {{0, false}, {DAY - 1, false}, {DAY, true}, {30 * DAY, true}, {60 * DAY, true},
		{100 * DAY, false}};
	struct bench *b = *state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		bool known = !rows[i].known;
		assert_int_equal(gp_greylist_spf_passed(&b->ctx, b->store, b->now + rows[i].at,
					 &b->settings, "a.test", &known),
			GP_OK);
		assert_int_equal(known, rows[i].known);
	}
}

/* A day is a day after the clock was set back as well. */
static void known_domain_clock_back(void **state)
{
	struct bench *b = *state;
	static const struct {
		int64_t at;
		bool known;
	} rows[] = {{10 * DAY, false}, {0, false}, {DAY - 1, false}, {DAY, true}, {35 * DAY, true}};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		bool known = !rows[i].known;
		assert_int_equal(gp_greylist_spf_passed(&b->ctx, b->store, b->now + rows[i].at,
					 &b->settings, "a.test", &known),
			GP_OK);
		assert_int_equal(known, rows[i].known);
	}
}

/* ---- room ---- */

/* is_kept: is there an entry of its own for the contact? */
static bool is_kept(struct bench *b, int64_t after_ms)
{
	struct gp_greylist_seen seen;
	assert_int_equal(
		gp_greylist_look(&b->ctx, b->store, b->now + after_ms, &b->query, &seen), GP_OK);
	return seen.entries[GP_GREYLIST_BY_NETWORK].is_there;
}

/* A flood of one network is one entry, and hurts no other network, nor what was there before. */
static void flood(void **state)
{
	struct bench *b = *state;
	SEES(0, FIRST);
	for (int i = 1; i < 1200; i++) {
		sender(b, i);
		enum gp_greylist_outcome outcome = see(b, i).outcome;
		if (i < 1000)
			assert_int_equal(outcome, GP_GREYLIST_FIRST);
		else if (i > 1000)
			assert_int_equal(outcome, GP_GREYLIST_EARLY);
		assert_int_equal(is_kept(b, i), i < 1000);
	}
	b->query.contact.sender_domain = "a.test";
	SEES(5 * MINUTE, PASSED);
	from(b, "192.0.3.1");
	SEES(5 * MINUTE, FIRST);
	assert_true(is_kept(b, 5 * MINUTE));
	/* five hours later it is over, and each contact counts by itself */
	from(b, "192.0.2.1");
	sender(b, 5000);
	SEES(5 * HOUR, FIRST);
	assert_true(is_kept(b, 5 * HOUR));
}

/* fill: contacts of different networks; how many have entries of their own. */
static int fill(struct bench *b, int count)
{
	int kept = 0;
	for (int i = 0; i < count; i++) {
		char client[32];
		snprintf(client, sizeof client, "10.%d.%d.1", i / 250, i % 250);
		from(b, client);
		(void)see(b, i);
		kept += is_kept(b, i);
	}
	return kept;
}

/* Near max_entries new contacts are remembered by network; what has passed stays. */
static void ceiling(void **state)
{
	struct bench *b = *state;
	b->settings.max_entries = 1000;
	SEES(0, FIRST);
	SEES(5 * MINUTE, PASSED);
	int kept = fill(b, 2000);
	assert_in_range(kept, 990, 1000);
	from(b, "10.7.249.1"); /* among the last: one of its network, or of a wide one */
	SEES(MINUTE, EARLY);
	from(b, "192.0.2.1");
	SEES(6 * MINUTE, KNOWN);
	assert_true(is_kept(b, 6 * MINUTE));
}

/* A name of 60 kB is a key as well. */
static void long_names(void **state)
{
	static char sender_text[3000];
	struct bench *b = *state;
	memset(sender_text, 'x', sizeof sender_text - 1);
	b->query.contact.sender_domain = NULL;
	b->query.contact.sender = (struct gp_span) {sender_text, sizeof sender_text - 1};
	SEES(0, FIRST);
	SEES(1, EARLY);
	b->query.contact.recipient = b->query.contact.sender;
	b->settings.recipient = GP_GREYLIST_RECIPIENT_ADDRESS;
	SEES(2, FIRST);
	SEES(5 * MINUTE + 2, PASSED);
}

/* ---- the store ---- */

/* What was remembered is there after a restart. */
static void restart(void **state)
{
	struct bench *b = *state;
	if (b->backend == MEMORY)
		return;
	SEES(0, FIRST);
	gp_store_close(b->store);
	open_store(b);
	SEES(MINUTE, EARLY);
	SEES(5 * MINUTE, PASSED);
	gp_store_close(b->store);
	open_store(b);
	SEES(6 * MINUTE, KNOWN);
}

/* Two hosts that share a server see each other's contacts. */
static void two_hosts(void **state)
{
	struct bench *b = *state;
	struct gp_store *here = b->store, *there;
	if (b->backend != REDIS)
		return;
	assert_int_equal(gp_store_open(&b->options, &b->ctx, &there), GP_OK);
	SEES(0, FIRST);
	b->store = there;
	SEES(MINUTE, EARLY);
	SEES(5 * MINUTE, PASSED);
	b->store = here;
	SEES(5 * MINUTE, KNOWN);
	gp_store_close(there);
}

/* A store that fails delays nothing, and is no failure of the decision. */
static void unavailable(void **state)
{
	struct bench *b = *state;
	if (b->backend != MEMORY)
		return;
	SEES(0, FIRST);
	gp_test_memstore_fail(b->memory, GP_EIO);
	SEES(1, UNAVAILABLE);
	gp_test_memstore_fail(b->memory, 0);
	SEES(2, EARLY);
}

/* Foreign bytes under a key count as nothing. */
static void foreign_record(void **state)
{
	struct bench *b = *state;
	struct gp_span key;
	assert_int_equal(gp_greylist_key_entry(
				 b->ctx.arena, &b->query.contact, GP_GREYLIST_BY_NETWORK, &key),
		GP_OK);
	struct gp_store_note note = {.key = key,
		.value = gp_span_from("2 of a later version"),
		.expires_ms = b->now + DAY};
	assert_int_equal(gp_store_note(b->store, &b->ctx, b->now, &note), GP_OK);
	SEES(0, FIRST);
	SEES(MINUTE, EARLY);
	SEES(5 * MINUTE, PASSED);
}

/* ---- all ---- */

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* run: all cases over one backend. */
static int run(enum backend which, const char *name)
{
	const struct CMUnitTest tests[] = {CASE(retry), CASE(window_over), CASE(window_shorter),
		CASE(kept_since_last_use), CASE(clock_back), CASE(clock_back_kept),
		CASE(clock_back_passes), CASE(clock_back_crowd), CASE(clock_back_learning),
		CASE(pool_by_network), CASE(network_length), CASE(pool_by_spf), CASE(pool_by_name),
		CASE(passes_for_all_origins), CASE(sender_and_recipient), CASE(verp),
		CASE(no_pass_for_others), CASE(trusted_network), CASE(trusted_spf_domain),
		CASE(trust_stays_with_domain), CASE(trust_stays_with_network),
		CASE(pass_is_of_its_origin), CASE(learning), CASE(learning_again),
		CASE(learning_after_loss), CASE(learning_after_loss_later), CASE(allowed),
		CASE(correspondents), CASE(known_domain), CASE(known_domain_clock_back),
		CASE(flood), CASE(ceiling), CASE(long_names), CASE(restart), CASE(two_hosts),
		CASE(unavailable), CASE(foreign_record)};
	backend = which;
	return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	if (gp_store_has_redis && !test_redis_missing())
		redis = test_redis_start(NULL);
	int failed = run(MEMORY, "memory") + run(LMDB, "lmdb");
	if (redis)
		failed += run(REDIS, "redis");
	test_redis_stop(redis);
	return failed ? 1 : 0;
}
