/* SPDX-License-Identifier: ISC */
/*
 * Greylisting over each backend of the store: delay, window, keep, learning, and a clock that was
 * set back. Time is an argument.
 */
#include "reputation/greylist/greylist_domain.h"
#include "reputation/greylist/greylist_private.h"
#include "support/greylist_bench.h"
#include "support/said.h"

/* ---- delay, window, keep ---- */

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

/* counted: how many steps have counted anything. */
static uint64_t counted(struct bench *b)
{
	struct gp_store_health h;
	gp_store_health(b->store, &h);
	return h.taken;
}

/* last_of: when the contact was written, and its network's passes. */
static void last_of(struct bench *b, int64_t after_ms, int64_t last_out[2])
{
	struct gp_greylist_seen seen;
	int64_t now = b->now + after_ms;
	assert_int_equal(gp_greylist_look(&b->ctx, b->store, now, &b->query, &seen), GP_OK);
	assert_int_equal(gp_greylist_look_further(&b->ctx, b->store, now, &b->query, &seen), GP_OK);
	last_out[0] = seen.entries[GP_GREYLIST_BY_NETWORK].record.last_ms - b->now;
	last_out[1] = seen.passes[GP_GREYLIST_BY_NETWORK].record.last_ms - b->now;
}

/* What is known is written once in an hour, however much mail comes. */
static void refreshed_hourly(void **state)
{
	struct bench *b = *state;
	int64_t last[2];
	SEES(0, FIRST);
	SEES(5 * MINUTE, PASSED);
	for (int64_t hour = 0; hour < 3; hour++) {
		uint64_t before = counted(b);
		for (int64_t minute = 5; minute < 65; minute++) {
			see(b, hour * HOUR + minute * MINUTE);
			last_of(b, hour * HOUR + minute * MINUTE, last);
			assert_int_equal(last[0], hour * HOUR + 5 * MINUTE);
			assert_int_equal(last[1], hour * HOUR + 5 * MINUTE);
		}
		assert_int_equal(counted(b) - before, hour ? 1 : 0);
	}
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

/* ---- domains ---- */

/* When SPF passes for a domain, and whether it is known by then. */
struct pass {
	int64_t at;
	bool known;
};

/* check_known: one pass after the other. */
static void check_known(struct bench *b, const struct pass *passes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bool known = !passes[i].known;
		assert_int_equal(gp_greylist_spf_passed(&b->ctx, b->store, b->now + passes[i].at,
					 &b->settings, "a.test", &known),
			GP_OK);
		assert_int_equal(known, passes[i].known);
	}
}

/* A domain is known for passes of SPF after a day. */
static void known_domain(void **state)
{
	static const struct pass passes[] = {{0, false}, {DAY - 1, false}, {DAY, true},
		{30 * DAY, true}, {60 * DAY, true}, {100 * DAY, false}};
	check_known(*state, passes, sizeof passes / sizeof passes[0]);
}

/* A day is a day after the clock was set back as well. */
static void known_domain_clock_back(void **state)
{
	static const struct pass passes[] = {
		{10 * DAY, false}, {0, false}, {DAY - 1, false}, {DAY, true}, {35 * DAY, true}};
	check_known(*state, passes, sizeof passes / sizeof passes[0]);
}

/* ---- learning ---- */

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

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {CASE(retry), CASE(window_over), CASE(window_shorter),
		CASE(kept_since_last_use), CASE(refreshed_hourly), CASE(clock_back),
		CASE(clock_back_kept), CASE(clock_back_passes), CASE(clock_back_crowd),
		CASE(clock_back_learning), CASE(learning), CASE(learning_again),
		CASE(learning_after_loss), CASE(learning_after_loss_later), CASE(known_domain),
		CASE(known_domain_clock_back)};
	return run_all(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
