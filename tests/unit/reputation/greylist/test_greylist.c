/* SPDX-License-Identifier: ISC */
/*
 * Greylisting over each backend of the store: who is the same, pools, passes, orders, floods, and a
 * store that fails. Time is an argument.
 */
#include "reputation/greylist/greylist_allow.h"
#include "reputation/greylist/greylist_domain.h"
#include "reputation/greylist/greylist_private.h"
#include "reputation/reputation_order.h"
#include "support/greylist_bench.h"
#include "support/said.h"

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

/* A network that mail is let through from for its domain has not waited: it gets no trust. */
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

/* ---- orders, correspondents ---- */

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
	struct test_said said = {0};
	const struct gp_log log = {test_said_keep, &said, GP_LOG_WARNING};
	b->ctx.log = &log;
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
	b->ctx.log = NULL;
	assert_int_equal(said.count, 1);
	assert_string_equal(said.last, "greylisting: 192.0.2.0/24: over 1000 new contacts in an "
				       "hour: its new contacts are remembered as one, which waits "
				       "for 5m, and what comes later passes at the first try");
	b->query.contact.sender_domain = "a.test";
	SEES(5 * MINUTE, PASSED);
	from(b, "192.0.3.1");
	SEES(5 * MINUTE, FIRST);
	assert_true(is_kept(b, 5 * MINUTE));
	/* the network has waited, whatever comes from it */
	from(b, "192.0.2.1");
	sender(b, 4000);
	SEES(6 * MINUTE, PASSED);
	/* five hours later it is over, and each contact counts by itself */
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
	struct test_said said = {0};
	const struct gp_log log = {test_said_keep, &said, GP_LOG_WARNING};
	b->ctx.log = &log;
	b->settings.max_entries = 1000;
	SEES(0, FIRST);
	SEES(5 * MINUTE, PASSED);
	int kept = fill(b, 2000);
	b->ctx.log = NULL;
	assert_int_equal(said.count, 10); /* not one for each of them */
	assert_non_null(strstr(said.last, "/24: max_entries is reached: its new contacts"));
	assert_in_range(kept, 990, 1000);
	from(b, "10.7.249.1"); /* among the last: one of its network, or of a wide one */
	SEES(MINUTE, EARLY);
	from(b, "192.0.2.1");
	SEES(6 * MINUTE, KNOWN);
	assert_true(is_kept(b, 6 * MINUTE));
}

/* An address of 60 kB makes a key as well, and is not another one's. */
static void long_names(void **state)
{
	static char text[60002], other[60002];
	struct bench *b = *state;
	memset(text, 'x', sizeof text);
	text[1] = '@';
	memcpy(other, text, sizeof text);
	other[sizeof other - 1] = 'y';
	b->query.contact.sender_domain = NULL;
	b->query.contact.sender = (struct gp_span) {text, sizeof text};
	SEES(0, FIRST);
	SEES(1, EARLY);
	b->query.contact.sender.ptr = other;
	SEES(1, FIRST);
	for (int local = 0; local < 2; local++) { /* the domain is as long, the local part is */
		if (local)
			text[1] = other[1] = 'x';
		b->query.contact.recipient = (struct gp_span) {text, sizeof text};
		b->settings.recipient = GP_GREYLIST_RECIPIENT_ADDRESS;
		SEES(2, FIRST);
		b->query.contact.recipient.ptr = other;
		SEES(2, FIRST);
		SEES(5 * MINUTE + 2, PASSED);
	}
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

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {CASE(pool_by_network), CASE(network_length),
		CASE(pool_by_spf), CASE(pool_by_name), CASE(passes_for_all_origins),
		CASE(sender_and_recipient), CASE(verp), CASE(no_pass_for_others),
		CASE(trusted_network), CASE(trusted_spf_domain), CASE(trust_stays_with_domain),
		CASE(trust_stays_with_network), CASE(pass_is_of_its_origin), CASE(allowed),
		CASE(correspondents), CASE(flood), CASE(ceiling), CASE(long_names), CASE(restart),
		CASE(two_hosts), CASE(unavailable), CASE(foreign_record)};
	return run_all(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
