/* SPDX-License-Identifier: ISC */
/*
 * Health of DNS lists, for its tests: a table with three lists that have been tested, a time that
 * the test sets, and what sessions and the tester tell it.
 */
#ifndef TESTS_SUPPORT_DNSBL_BENCH_H
#define TESTS_SUPPORT_DNSBL_BENCH_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "support/dnsblist.h"

#define NOW TEST_DNSBLIST_NOW_S
#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

struct bench {
	struct gp_dnsbl_list lists[3];
	struct gp_dnsbl_health *health;
	struct gp_dnsbl_events events;
	int64_t now_s;
};

/* bench_begin: a list of addresses, one of names and an allow list, all tested. */
static inline void bench_begin(struct bench *b)
{
	memset(b, 0, sizeof *b);
	b->lists[0] = test_dnsblist_of_addresses("one", "bl.example.org");
	b->lists[1] = test_dnsblist_of_names("names", "uri.example.org");
	b->lists[2] = test_dnsblist_allow("good", "good.example.org");
	b->health = test_dnsblist_tested(b->lists, COUNT(b->lists));
	b->now_s = NOW;
}

/* bench_end: the table. */
static inline void bench_end(struct bench *b)
{
	test_dnsblist_health_free(b->health);
}

/* view: of a list, now. */
static inline struct gp_dnsbl_health_view view(struct bench *b, size_t i)
{
	struct gp_dnsbl_health_view v;
	gp_dnsbl_health_view(b->health, &b->lists[i], b->now_s, &v);
	return v;
}

/* note: what a list answered about a mail; events are those of this call. */
static inline void note(struct bench *b, struct gp_dnsbl_noted noted, const char *client)
{
	struct gp_ipaddr addr = {0};
	if (client)
		assert_int_equal(gp_ipaddr_parse(gp_span_from(client), &addr), GP_OK);
	if (!noted.list)
		noted.list = &b->lists[0];
	if (!noted.questions)
		noted.questions = 1;
	b->events.count = 0;
	gp_dnsbl_health_note(b->health, &noted, 1, &addr, b->now_s, &b->events);
}

/* note_code: one record. */
static inline void note_code(struct bench *b, size_t i, unsigned c, unsigned d)
{
	const struct gp_dnsbl_code code = {{127, c == 255 ? 255 : 0, (uint8_t)c, (uint8_t)d}};
	note(b,
		(struct gp_dnsbl_noted) {
			.list = &b->lists[i], .codes = &code, .code_count = 1, .weight = 3},
		NULL);
}

/* tested: one round. */
static inline void tested(struct bench *b, size_t i, enum gp_dnsbl_reason reason)
{
	const struct gp_dnsbl_outcome outcome = {
		.list = &b->lists[i], .reason = reason, .detail = "x"};
	b->events.count = 0;
	gp_dnsbl_health_tested(b->health, &outcome, b->now_s, &b->events);
}

/* claim: is its test due? */
static inline bool claim(struct bench *b, size_t i)
{
	enum gp_dnsbl_reason reason;
	return gp_dnsbl_health_claim(b->health, &b->lists[i], b->now_s, &reason);
}

/* usable: may it be asked about mail? */
static inline bool usable(struct bench *b, size_t i)
{
	bool is_usable;
	gp_dnsbl_health_usable(b->health, &b->lists[i], 1, b->now_s, &is_usable, &b->events);
	return is_usable;
}

/* assert_suspended: for this reason, with an event that says so. */
static inline void assert_suspended(struct bench *b, size_t i, enum gp_dnsbl_reason reason)
{
	struct gp_dnsbl_health_view v = view(b, i);
	assert_int_equal(v.status, GP_DNSBL_SUSPENDED);
	assert_int_equal(v.reason, reason);
	assert_int_equal(v.since_s, b->now_s);
	assert_true(b->events.count >= 1);
	assert_int_equal(b->events.items[0].kind, GP_DNSBL_EVENT_SUSPENDED);
	assert_int_equal(b->events.items[0].reason, reason);
	assert_string_equal(b->events.items[0].detail, v.detail);
	assert_false(usable(b, i));
}

/* note_world: so many different networks, of which so many are listed. */
static inline void note_world(struct bench *b, size_t list, unsigned networks, unsigned listed)
{
	const struct gp_dnsbl_code code = {{127, 0, 0, 2}};
	for (unsigned i = 0; i < networks && view(b, list).status == GP_DNSBL_OK; i++) {
		char client[32];
		snprintf(client, sizeof client, "198.51.%u.7", i);
		bool is_listed = i < listed;
		note(b,
			(struct gp_dnsbl_noted) {.list = &b->lists[list],
				.codes = &code,
				.code_count = is_listed,
				.weight = is_listed ? 3 : 0},
			client);
	}
}

#endif
