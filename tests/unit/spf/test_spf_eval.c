/* SPDX-License-Identifier: ISC */
/* check_host() over scripted zones: verdicts, limits with their exact questions, failure paths. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spf/spf.h"
#include "support/zone.h"

/* One request; made by begin, freed by end. */
struct bench {
	struct test_zone *zone;
	struct gp_ctx ctx;
	struct gp_spf_query query;
	struct gp_spf_result result;
};

/* begin: a zone from lines, a client, MAIL FROM. */
static void begin(struct bench *b, const char *lines, const char *client, const char *from)
{
	*b = (struct bench) {.zone = test_zone_new()};
	test_zone_lines(b->zone, lines);
	b->ctx = (struct gp_ctx) {.arena = gp_arena_new(1 << 20),
		.clock = test_zone_clock(b->zone),
		.dns = test_zone_dns(b->zone),
		.deadline_us = INT64_MAX};
	b->query = (struct gp_spf_query) {.identity = GP_SPF_MAILFROM,
		.helo = gp_span_from("helo.example"),
		.mail_from = gp_span_from(from)};
	assert_int_equal(gp_ipaddr_parse(gp_span_from(client), &b->query.client), GP_OK);
}

/* end: frees it. */
static void end(struct bench *b)
{
	gp_arena_free(b->ctx.arena);
	test_zone_free(b->zone);
}

/* check: the verdict's name. */
static const char *check(struct bench *b)
{
	assert_int_equal(gp_spf_check(&b->ctx, &b->query, &b->result), GP_OK);
	return gp_spf_verdict_name(b->result.verdict);
}

struct row {
	const char *name, *lines, *client, *from, *verdict;
	unsigned lookups, voids;
	size_t questions;
};

/* check_rows: verdict, counted terms, void ones, and questions that reached DNS. */
static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct row *r = &rows[i];
		struct bench b;
		begin(&b, r->lines, r->client, r->from);
		const char *verdict = check(&b);
		size_t questions = test_zone_asked(b.zone, TEST_ZONE_ANY);
		if (strcmp(verdict, r->verdict) != 0 || b.result.lookups != r->lookups ||
			b.result.void_lookups != r->voids || questions != r->questions)
			fail_msg("%s: %s (%s), %u terms, %u void, %zu questions", r->name, verdict,
				b.result.problem ? b.result.problem : "no problem",
				b.result.lookups, b.result.void_lookups, questions);
		bool error = b.result.verdict == GP_SPF_TEMPERROR ||
			     b.result.verdict == GP_SPF_PERMERROR;
		if (error)
			assert_non_null(b.result.problem);
		assert_int_equal(
			b.result.mechanism == NULL, error || b.result.verdict == GP_SPF_NONE);
		end(&b);
	}
}

#define V4 "192.0.2.1"
#define V6 "2001:db8::1"
#define FROM "u@d.example"
#define CHECK(rows) check_rows(rows, sizeof rows / sizeof rows[0])

/* test_initial: identity and record selection (4.3 to 4.5); type 99 is never asked. */
static void test_initial(void **state)
{
	static const struct row rows[] = {
		{"no such name", "", V4, FROM, "none", 0, 0, 1},
		{"no data is none", "d.example A 192.0.2.1\n", V4, FROM, "none", 0, 0, 1},
		{"SPF type only", "d.example SPF v=spf1 +all\n", V4, FROM, "none", 0, 0, 1},
		{"single label", "d TXT v=spf1 +all\n", V4, "u@d", "none", 0, 0, 0},
		{"single label, dot", "d TXT v=spf1 +all\n", V4, "u@d.", "none", 0, 0, 0},
		{"literal", "", V4, "u@[192.0.2.1]", "none", 0, 0, 0},
		{"empty label", "", V4, "u@a..example", "none", 0, 0, 0},
		{"no domain", "", V4, "user", "none", 0, 0, 0},
		{"empty domain", "", V4, "user@", "none", 0, 0, 0},
		{"trailing dot", "d.example TXT v=spf1 +all\n", V4, "u@D.Example.", "pass", 0, 0,
			1},
		{"null sender: HELO", "helo.example TXT v=spf1 +all\n", V4, "", "pass", 0, 0, 1},
		{"null sender with brackets", "helo.example TXT v=spf1 +all\n", V4, "<>", "pass", 0,
			0, 1},
		{"U-labels", "xn--bcher-kva.example TXT v=spf1 +all\n", V4, /* libspf2 issue 26 */
			"u@b\xc3\xbc"
			"cher.example",
			"pass", 0, 0, 1},
		{"SERVFAIL", "d.example SERVFAIL\n", V4, FROM, "temperror", 0, 0, 1},
		{"time-out", "d.example TIMEOUT\n", V4, FROM, "temperror", 0, 0, 1},
		{"bogus", "d.example BOGUS\n", V4, FROM, "temperror", 0, 0, 1},
		{"two records", "d.example TXT v=spf1 +all\nd.example TXT v=spf1 -all\n", V4, FROM,
			"permerror", 0, 0, 1},
		{"others beside it",
			"d.example TXT v=spf10 -all\nd.example TXT \xff\n"
			"d.example TXT v=spf1 +all\n",
			V4, FROM, "pass", 0, 0, 1},
		{"8-bit in the record", "d.example TXT v=spf1 a:\xff.example +all\n", V4, FROM,
			"permerror", 0, 0, 1},
		{"alias", "d.example CNAME e.example\ne.example TXT v=spf1 +all\n", V4, FROM,
			"pass", 0, 0, 1},
		{"wildcard", "*.example TXT v=spf1 +all\n", V4, FROM, "pass", 0, 0, 1},
	};
	(void)state;
	CHECK(rows);
}

/* test_mechanisms: what they ask, and no question after a match. */
static void test_mechanisms(void **state)
{
	static const struct row rows[] = {
		{"empty record", "d.example TXT v=spf1\n", V4, FROM, "neutral", 0, 0, 1},
		{"ip4 of a mapped client", "d.example TXT v=spf1 ip4:192.0.2.1 -all\n",
			"::ffff:192.0.2.1", FROM, "pass", 0, 0, 1},
		{"lazy", "d.example TXT v=spf1 a mx -all\nd.example A 192.0.2.1\n", V4, FROM,
			"pass", 1, 0, 2},
		{"a by family",
			"d.example TXT v=spf1 a -all\nd.example A 192.0.2.1\n"
			"d.example AAAA 2001:db8::1\n",
			V6, FROM, "pass", 1, 0, 2},
		{"a with length",
			"d.example TXT v=spf1 a/24//64 -all\n"
			"d.example AAAA 2001:db8::ffff\n",
			V6, FROM, "pass", 1, 0, 2},
		{"a SERVFAIL", "d.example TXT v=spf1 a:x.example -all\nx.example SERVFAIL\n", V4,
			FROM, "temperror", 1, 0, 2},
		{"null MX", "d.example TXT v=spf1 mx -all\nd.example MX 0 .\n", V4, FROM, "fail", 1,
			0, 2},
		{"no implicit MX", "d.example TXT v=spf1 mx -all\nd.example A 192.0.2.1\n", V4,
			FROM, "fail", 1, 1, 2},
		{"mx match beside a time-out",
			"d.example TXT v=spf1 mx -all\nd.example MX 1 a.example\n"
			"d.example MX 2 b.example\na.example TIMEOUT\nb.example A 192.0.2.1\n",
			V4, FROM, "pass", 1, 0, 4},
		{"mx time-out",
			"d.example TXT v=spf1 mx -all\nd.example MX 1 a.example\n"
			"a.example TIMEOUT\n",
			V4, FROM, "temperror", 1, 0, 3},
		{"exists asks A for IPv6",
			"d.example TXT v=spf1 exists:%{v}.x.example -all\n"
			"ip6.x.example A 127.0.0.2\n",
			V6, FROM, "pass", 1, 0, 2},
		{"ptr",
			"d.example TXT v=spf1 ptr -all\n1.2.0.192.in-addr.arpa PTR m.d.example\n"
			"m.d.example A 192.0.2.1\n",
			V4, FROM, "pass", 1, 0, 3},
		{"ptr is no suffix match",
			"d.example TXT v=spf1 ptr -all\n"
			"1.2.0.192.in-addr.arpa PTR bad-d.example\nbad-d.example A 192.0.2.1\n",
			V4, FROM, "fail", 1, 0, 3},
		{"ptr time-out is no match",
			"d.example TXT v=spf1 ptr -all\n"
			"1.2.0.192.in-addr.arpa TIMEOUT\n",
			V4, FROM, "fail", 1, 0, 2},
		{"ptr twice asks once",
			"d.example TXT v=spf1 ptr ptr:x.example -all\n"
			"1.2.0.192.in-addr.arpa PTR m.example\nm.example A 192.0.2.1\n",
			V4, FROM, "fail", 2, 0, 3},
		{"name that cannot be", "d.example TXT v=spf1 a:a..example exists:%{l}.x -all\n",
			V4, "\xc3\xb6@d.example", "fail", 2, 0, 1},
	};
	(void)state;
	CHECK(rows);
}

/* test_include: the table of 5.2, redirect (6.1), and both together, which others got wrong. */
static void test_include(void **state)
{
#define INC "d.example TXT v=spf1 include:i.example ~all\n"
#define RED "d.example TXT v=spf1 redirect=i.example\n"
	static const struct row rows[] = {
		{"pass", INC "i.example TXT v=spf1 +all\n", V4, FROM, "pass", 1, 0, 2},
		{"fail", INC "i.example TXT v=spf1 -all\n", V4, FROM, "softfail", 1, 0, 2},
		{"softfail", INC "i.example TXT v=spf1 ~all\n", V4, FROM, "softfail", 1, 0, 2},
		{"neutral", INC "i.example TXT v=spf1\n", V4, FROM, "softfail", 1, 0, 2},
		{"temperror", INC "i.example TIMEOUT\n", V4, FROM, "temperror", 1, 0, 2},
		{"permerror", INC "i.example TXT v=spf1 x\n", V4, FROM, "permerror", 1, 0, 2},
		{"none", INC, V4, FROM, "permerror", 1, 0, 2},
		{"single label", "d.example TXT v=spf1 include:%{d1} +all\n", V4, FROM, "permerror",
			1, 0, 1},
		{"malformed", "d.example TXT v=spf1 include:a..example +all\n", V4, FROM,
			"permerror", 1, 0, 1},
		{"redirect", RED "i.example TXT v=spf1 -all\n", V4, FROM, "fail", 1, 0, 2},
		{"redirect to none", RED, V4, FROM, "permerror", 1, 0, 2},
		{"redirect malformed", "d.example TXT v=spf1 redirect=a..example\n", V4, FROM,
			"permerror", 1, 0, 1},
		{"redirect after all", "d.example TXT v=spf1 redirect=i.example ?all\n", V4, FROM,
			"neutral", 0, 0, 1},
		{"redirect in include",
			INC "i.example TXT v=spf1 redirect=j.example\n"
			    "j.example TXT v=spf1 ip4:192.0.2.1 -all\n",
			V4, FROM, "pass", 2, 0, 3},
		{"include in redirect",
			RED "i.example TXT v=spf1 include:j.example -all\n"
			    "j.example TXT v=spf1 ip4:192.0.2.9 -all\n",
			V4, FROM, "fail", 2, 0, 3},
		{"redirect in include to none", INC "i.example TXT v=spf1 redirect=j.example\n", V4,
			FROM, "permerror", 2, 0, 3},
		{"%{d} is the included domain",
			INC "i.example TXT v=spf1 exists:%{d}.x.example\n"
			    "i.example.x.example A 127.0.0.1\n",
			V4, FROM, "pass", 2, 0, 3},
		{"%{o} stays, and %{d} comes back",
			"d.example TXT v=spf1 include:i.example "
			"exists:%{d}.x.example -all\ni.example TXT v=spf1 include:%{o}.y.example\n"
			"d.example.y.example TXT v=spf1 -all\nd.example.x.example A 127.0.0.1\n",
			V4, FROM, "pass", 3, 0, 4},
		{"ip6", "d.example TXT v=spf1 ip6:2001:db8:: ip6:2001:db8::1/128 -all\n", V6, FROM,
			"pass", 0, 0, 1},
	};
	(void)state;
	CHECK(rows);
}

#define MX3                                                                              \
	"d.example MX 1 a.example\nd.example MX 2 b.example\nd.example MX 3 c.example\n" \
	"a.example A 192.0.2.7\nb.example A 192.0.2.8\nc.example A 192.0.2.9\n"

/* test_limits: 4.6.4, with every question counted. */
static void test_limits(void **state)
{
	static const struct row rows[] = {
		{"ten terms",
			"d.example TXT v=spf1 a a a a a a a a a a ?all\nd.example A 192.0.2.2\n",
			V4, FROM, "neutral", 10, 0, 11},
		{"eleven terms",
			"d.example TXT v=spf1 a a a a a a a a a a mx ?all\n"
			"d.example A 192.0.2.2\n",
			V4, FROM, "permerror", 10, 0, 11},
		{"terms count across includes",
			"d.example TXT v=spf1 include:i.example "
			"include:i.example include:i.example ?all\n"
			"i.example TXT v=spf1 a a a\ni.example A 192.0.2.2\n",
			V4, FROM, "permerror", 10, 0, 11},
		{"include loop", "d.example TXT v=spf1 include:d.example\n", V4, FROM, "permerror",
			10, 0, 11},
		{"redirect loop", "d.example TXT v=spf1 redirect=d.example\n", V4, FROM,
			"permerror", 10, 0, 11},
		{"two voids", "d.example TXT v=spf1 a:a.example a:b.example ?all\n", V4, FROM,
			"neutral", 2, 2, 3},
		{"three voids",
			"d.example TXT v=spf1 a:a.example mx:b.example exists:c.example "
			"?all\n",
			V4, FROM, "permerror", 3, 3, 4},
		{"ptr void", "d.example TXT v=spf1 ptr ?all\n", V4, FROM, "neutral", 1, 1, 2},
		/* hosts with IPv4 only are no void lookups of the term: pyspf issue 44 */
		{"IPv6 client, IPv4 hosts", "d.example TXT v=spf1 mx -all\n" MX3, V6, FROM, "fail",
			1, 0, 5},
		{"the same three times", "d.example TXT v=spf1 mx mx mx -all\n" MX3, V6, FROM,
			"fail", 3, 0, 13},
		/* the mechanism counts once, whatever its hosts: mail-auth issue 35 */
		{"mx hosts are no terms", "d.example TXT v=spf1 mx mx mx mx -all\n" MX3, V4, FROM,
			"fail", 4, 0, 17},
		{"%{p} is a term, once",
			"d.example TXT v=spf1 exists:%{p}.x.example "
			"exists:%{p}.y.example ?all\n",
			V4, FROM, "neutral", 3, 2, 4},
		{"%{p} over the limit",
			"d.example TXT v=spf1 a a a a a a a a a exists:%{p}.x ?all\n"
			"d.example A 192.0.2.2\n",
			V4, FROM, "permerror", 10, 0, 10},
	};
	(void)state;
	CHECK(rows);
}

/* names_zone: a zone whose mx and ptr lead to count hosts, the client's address at the last. */
static void names_zone(struct test_zone *zone, size_t count)
{
	char line[200];
	for (size_t i = 0; i < count; i++) {
		snprintf(line, sizeof line,
			"d.example MX %zu m%zu.d.example\n"
			"1.2.0.192.in-addr.arpa PTR m%zu.d.example\nm%zu.d.example A 192.0.2.%d\n",
			i, i, i, i, i + 1 == count ? 1 : 99);
		test_zone_lines(zone, line);
	}
}

/* test_names: ten hosts in one call; eleven end mx and are cut off under ptr (4.6.4). */
static void test_names(void **state)
{
	static const struct {
		const char *record;
		size_t hosts;
		const char *verdict;
		size_t questions, calls;
	} rows[] = {
		{"d.example TXT v=spf1 mx -all\n", 10, "pass", 12, 3},
		{"d.example TXT v=spf1 mx -all\n", 11, "permerror", 2, 2},
		{"d.example TXT v=spf1 ptr -all\n", 10, "pass", 12, 3},
		{"d.example TXT v=spf1 ptr -all\n", 11, "fail", 12, 3},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct bench b;
		begin(&b, rows[i].record, V4, FROM);
		names_zone(b.zone, rows[i].hosts);
		assert_string_equal(check(&b), rows[i].verdict);
		assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), rows[i].questions);
		assert_int_equal(test_zone_calls(b.zone), rows[i].calls);
		end(&b);
	}
}

/* mx_zone: a record of terms mx, each with ten hosts, and of rest; those of the first missing do
 * not exist, the others have addresses of IPv4. */
static void mx_zone(struct test_zone *zone, size_t terms, size_t missing, const char *rest)
{
	char line[200];
	struct gp_arena *arena = gp_arena_new(1 << 16);
	struct gp_strbuf record;
	gp_strbuf_init(&record, arena, 4096);
	gp_strbuf_add(&record, "d.example TXT v=spf1");
	for (size_t i = 0; i < terms; i++)
		gp_strbuf_printf(&record, " mx:m%zu.example", i);
	gp_strbuf_printf(&record, " %s\n", rest);
	test_zone_lines(zone, record.data);
	for (size_t i = 0; i < terms * 10; i++) {
		snprintf(
			line, sizeof line, "m%zu.example MX %zu h%zu.example\n", i / 10, i % 10, i);
		test_zone_lines(zone, line);
		snprintf(line, sizeof line, "h%zu.example A 203.0.113.9\n", i);
		if (i >= missing)
			test_zone_lines(zone, line);
	}
	gp_arena_free(arena);
}

/* test_missing_names: hosts under mx that do not exist end a check at more than twenty (11.1). */
static void test_missing_names(void **state)
{
	static const struct {
		const char *client;
		size_t terms, missing;
		const char *verdict;
		size_t questions;
	} rows[] = {
		{V4, 10, 100, "permerror", 1 + 3 * 11},
		{V6, 10, 100, "permerror", 1 + 3 * 11},
		{V4, 10, 21, "permerror", 1 + 3 * 11},
		{V4, 10, 20, "fail", 1 + 10 * 11},
		{V4, 10, 0, "fail", 1 + 10 * 11},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct bench b;
		begin(&b, "", rows[i].client, FROM);
		mx_zone(b.zone, rows[i].terms, rows[i].missing, "-all");
		const char *verdict = check(&b);
		size_t questions = test_zone_asked(b.zone, TEST_ZONE_ANY);
		if (strcmp(verdict, rows[i].verdict) != 0 || questions != rows[i].questions)
			fail_msg("row %zu: %s, %zu questions", i, verdict, questions);
		if (strcmp(verdict, "permerror") == 0)
			assert_non_null(strstr(b.result.problem, "more than 20 host names"));
		end(&b);
	}
}

/* test_hosts_of_the_other_family: hosts under mx without an address of the client's family are no
 * fault, but end the asking at forty; what stands behind them in the record still counts. */
static void test_hosts_of_the_other_family(void **state)
{
	static const struct {
		size_t terms, missing;
		const char *rest, *verdict;
		size_t questions;
	} rows[] = {
		{2, 0, "-all", "fail", 1 + 2 * 11},
		{2, 10, "-all", "fail", 1 + 2 * 11},
		{3, 0, "ip6:" V6 " -all", "pass", 1 + 3 * 11},
		{3, 0, "-all", "fail", 1 + 3 * 11},
		{4, 0, "-all", "fail", 1 + 4 * 11},
		{10, 0, "ip6:" V6 " -all", "pass", 1 + 10 + 40},
		{10, 0, "-all", "fail", 1 + 10 + 40},
		{10, 20, "-all", "fail", 1 + 10 + 40},
		{10, 21, "-all", "permerror", 1 + 3 * 11},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct bench b;
		begin(&b, "", V6, FROM);
		mx_zone(b.zone, rows[i].terms, rows[i].missing, rows[i].rest);
		const char *verdict = check(&b);
		size_t questions = test_zone_asked(b.zone, TEST_ZONE_ANY);
		if (strcmp(verdict, rows[i].verdict) != 0 || questions != rows[i].questions)
			fail_msg("row %zu: %s, %zu questions", i, verdict, questions);
		end(&b);
	}
}

/* test_missing_names_under_ptr: they count to the same total, but not for an explanation. */
static void test_missing_names_under_ptr(void **state)
{
	static const struct {
		const char *record, *verdict;
	} rows[] = {
		{"e.example TXT v=spf1 mx:m0.example mx:m1.example ptr -all\n", "permerror"},
		{"e.example TXT v=spf1 mx:m0.example ptr -all\n", "fail"},
		{"e.example TXT v=spf1 ptr mx:m0.example mx:m1.example -all\n", "permerror"},
		{"e.example TXT v=spf1 mx:m0.example mx:m1.example exists:%{p}.x.example -all\n",
			"permerror"},
		{"e.example TXT v=spf1 mx:m0.example mx:m1.example -all exp=x.example\n"
		 "x.example TXT %{p}\n",
			"fail"},
	};
	char line[100];
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct bench b;
		begin(&b, rows[i].record, V4, "u@e.example");
		mx_zone(b.zone, 2, 20, "-all");
		for (size_t k = 0; k < 10; k++) {
			snprintf(line, sizeof line, "1.2.0.192.in-addr.arpa PTR p%zu.example\n", k);
			test_zone_lines(b.zone, line);
		}
		const char *verdict = check(&b);
		if (strcmp(verdict, rows[i].verdict) != 0)
			fail_msg("%s: %s", rows[i].record, verdict);
		end(&b);
	}
}

/*
 * test_long_record: thousands of terms that ask nobody are no error; the last one counts as well.
 */
static void test_long_record(void **state)
{
	static const char *const ends[][2] = {{" ip4:192.0.2.1 -all", "pass"}, {" -all", "fail"},
		{" include:i.example -all", "pass"}};
	(void)state;
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		struct bench b;
		begin(&b, "i.example TXT v=spf1 ip4:192.0.2.1 -all\n", V4, FROM);
		struct gp_arena *arena = gp_arena_new(1 << 18);
		struct gp_strbuf line;
		gp_strbuf_init(&line, arena, 1 << 17);
		gp_strbuf_add(&line, "d.example TXT v=spf1");
		for (unsigned k = 0; k < 3000; k++)
			gp_strbuf_printf(&line, " ip4:10.%u.%u.0/24", k / 250, k % 250);
		gp_strbuf_printf(&line, "%s\n", ends[i][0]);
		test_zone_lines(b.zone, line.data);
		assert_string_equal(check(&b), ends[i][1]);
		gp_arena_free(arena);
		end(&b);
	}
}

/* test_options: limits as configured. */
static void test_options(void **state)
{
	static const struct {
		struct gp_spf_options options;
		size_t hosts;
		const char *verdict;
	} rows[] = {
		{{10, 10, 2}, 25, "permerror"},
		{{10, 25, 2}, 25, "pass"},
		{{1, 25, 2}, 25, "permerror"},
		{{10, 25, 0}, 25, "permerror"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct bench b;
		begin(&b, "d.example TXT v=spf1 a mx -all\n", V4, FROM);
		names_zone(b.zone, rows[i].hosts);
		b.query.options = &rows[i].options;
		assert_string_equal(check(&b), rows[i].verdict);
		end(&b);
	}
}

/* test_problem: the sentence names the domain, the term and the name (pyspf issue 40). */
static void test_problem(void **state)
{
	static const struct {
		const char *lines, *problem, *term, *name;
	} rows[] = {
		{"d.example TXT v=spf1 a:a.example a:b.example include:i.example -all\n"
		 "i.example TXT v=spf1 mx:%{l}.c.example\n",
			"i.example: mx:%{l}.c.example: more than 2 void lookups "
			"(u.c.example)",
			"mx:%{l}.c.example", "u.c.example"},
		{"d.example TXT v=spf1 a:a.example\na.example SERVFAIL\n",
			"d.example: a:a.example: the A lookup failed: SERVFAIL (a.example)",
			"a:a.example", "a.example"},
		{"d.example TXT v=spf1 ip4:\x01 -all\n",
			"d.example: ip4:?: the term has bytes outside printable ASCII", "ip4:?",
			NULL},
		{"d.example TXT v=spf1 include:i.example\n",
			"d.example: include:i.example: the included domain has no SPF record "
			"(i.example)",
			"include:i.example", "i.example"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct bench b;
		begin(&b, rows[i].lines, V4, FROM);
		(void)check(&b); /* the texts are what counts */
		assert_string_equal(b.result.problem, rows[i].problem);
		assert_string_equal(b.result.problem_term, rows[i].term);
		if (rows[i].name)
			assert_string_equal(b.result.problem_name, rows[i].name);
		else
			assert_null(b.result.problem_name);
		end(&b);
	}
}

/* test_reason: which term of whose record decided. */
static void test_reason(void **state)
{
	static const struct {
		const char *lines, *mechanism, *record_domain;
		bool sends_no_mail;
	} rows[] = {
		{"d.example TXT v=spf1 -all\n", "-all", "d.example", true},
		{"d.example TXT v=spf1 -all exp=e.example\n", "-all", "d.example", true},
		{"d.example TXT v=spf1 ~all\n", "~all", "d.example", false},
		{"d.example TXT v=spf1 ip4:192.0.2.9 -all\n", "-all", "d.example", false},
		{"d.example TXT v=spf1 ip4:192.0.2.9\n", "default", "d.example", false},
		{"d.example TXT v=spf1 IP4:192.0.2.0/24 -all\n", "IP4:192.0.2.0/24", "d.example",
			false},
		{"d.example TXT v=spf1 redirect=i.example\ni.example TXT v=spf1 -all\n", "-all",
			"i.example", false},
		{"d.example TXT v=spf1 include:i.example -all\n"
		 "i.example TXT v=spf1 ip4:192.0.2.1 -all\n",
			"ip4:192.0.2.1", "i.example", false},
		{"d.example TXT v=spf1 include:i.example -all\n"
		 "i.example TXT v=spf1 ip4:192.0.2.2 -all\n",
			"-all", "d.example", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct bench b;
		begin(&b, rows[i].lines, V4, FROM);
		(void)check(&b); /* the reason is what counts */
		assert_string_equal(b.result.mechanism, rows[i].mechanism);
		assert_string_equal(b.result.record_domain, rows[i].record_domain);
		assert_int_equal(b.result.sends_no_mail, rows[i].sends_no_mail);
		assert_null(b.result.problem);
		end(&b);
	}
}

/* test_explanation: from the right record only, printable, not too long (6.2). */
static void test_explanation(void **state)
{
#define EXP "d.example TXT v=spf1 -all exp=e.example\n"
	static const struct {
		const char *lines, *from, *explanation;
	} rows[] = {
		{EXP "e.example TXT %{i} is not %{o}'s. %{r} %{t}\n", FROM,
			"192.0.2.1 is not d.example's. unknown 1700000000"},
		{EXP, FROM, NULL},
		{EXP "e.example TIMEOUT\n", FROM, NULL},
		{EXP "e.example TXT a\ne.example TXT b\n", FROM, NULL},
		{EXP "e.example TXT caf\xc3\xa9\n", FROM, NULL},
		{EXP "e.example TXT 50% off\n", FROM, NULL},
		{EXP "e.example TXT \n", FROM, NULL},
		{EXP "e.example TXT %{l}\n", "a\rb@d.example", NULL},
		{EXP "e.example TXT %{l}\n", "\xc3\xb6@d.example", NULL},
		{"d.example TXT v=spf1 ~all exp=e.example\ne.example TXT no\n", FROM, NULL},
		{"d.example TXT v=spf1 -all exp=a..example\n", FROM, NULL},
		{"d.example TXT v=spf1 -include:i.example exp=e.example\ne.example TXT ours\n"
		 "i.example TXT v=spf1 +all exp=f.example\nf.example TXT theirs\n",
			FROM, "ours"},
		{"d.example TXT v=spf1 redirect=i.example exp=e.example\ne.example TXT ours\n"
		 "i.example TXT v=spf1 -all exp=f.example\nf.example TXT theirs\n",
			FROM, "theirs"},
		{"d.example TXT v=spf1 redirect=i.example exp=e.example\ne.example TXT ours\n"
		 "i.example TXT v=spf1 -all\n",
			FROM, NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct bench b;
		begin(&b, rows[i].lines, V4, rows[i].from);
		(void)check(&b); /* the text is what counts */
		if (rows[i].explanation)
			assert_string_equal(b.result.explanation, rows[i].explanation);
		else
			assert_null(b.result.explanation);
		end(&b);
	}
	struct bench b;
	char text[2000];
	memset(text, 'x', sizeof text);
	begin(&b, EXP, V4, FROM);
	test_zone_add_text(b.zone, "e.example", GP_DNS_TXT, (struct gp_span) {text, sizeof text});
	assert_string_equal(check(&b), "fail");
	assert_null(b.result.explanation);
	end(&b);
}

/* test_helo: the other identity has <sender> postmaster@HELO (2.3). */
static void test_helo(void **state)
{
	struct bench b;
	(void)state;
	begin(&b,
		"helo.example TXT v=spf1 exists:%{l}.%{o}.x.example -all\n"
		"postmaster.helo.example.x.example A 127.0.0.1\n",
		V4, FROM);
	b.query.identity = GP_SPF_HELO;
	assert_string_equal(check(&b), "pass");
	assert_string_equal(b.result.domain, "helo.example");
	b.query.helo = gp_span_from("[192.0.2.1]");
	assert_string_equal(check(&b), "none");
	assert_string_equal(b.result.domain, "[192.0.2.1]");
	b.query.helo = (struct gp_span) {NULL, 0};
	assert_string_equal(check(&b), "none");
	assert_string_equal(b.result.domain, "");
	b.query.client.family = GP_IP_NONE;
	assert_int_equal(gp_spf_check(&b.ctx, &b.query, &b.result), GP_EINVAL);
	end(&b);
}

/* test_deadline: time that has passed is temperror, and nobody is asked any more. */
static void test_deadline(void **state)
{
	struct bench b;
	(void)state;
	begin(&b, "d.example TXT v=spf1 a mx -all\nd.example DELAY 3000\n", V4, FROM);
	b.ctx.deadline_us = gp_clock_now_us(b.ctx.clock) + 5000000;
	assert_string_equal(check(&b), "temperror");
	assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), 2);
	test_zone_forget(b.zone);
	assert_string_equal(check(&b), "temperror");
	assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), 0);
	end(&b);
}

/* test_ceiling: with every size of arena a status or the verdict, never something else. */
static void test_ceiling(void **state)
{
	(void)state;
	bool reached = false;
	for (size_t size = 0; !reached; size += 16) {
		struct bench b;
		begin(&b,
			"d.example TXT v=spf1 include:%{o}.i.example mx -all exp=e.example\n"
			"d.example.i.example TXT v=spf1 a:%{l}.example ptr ~all\n"
			"e.example TXT no: %{s}\nd.example MX 1 a.example\n",
			V4, FROM);
		gp_arena_free(b.ctx.arena);
		b.ctx.arena = gp_arena_new(size);
		int rc = gp_spf_check(&b.ctx, &b.query, &b.result);
		if (rc)
			assert_int_equal(rc, GP_ETOOBIG);
		else
			assert_int_equal(b.result.verdict, GP_SPF_FAIL);
		reached = b.result.explanation != NULL;
		assert_true(size < 65536);
		end(&b);
	}
}

/* keep_line: a sink that counts and looks at each line. */
static void keep_line(void *arg, unsigned depth, const char *text)
{
	const char ***next = arg;
	assert_non_null(**next);
	assert_int_equal(***next - '0', (int)depth);
	assert_string_equal(text, **next + 2);
	(*next)++;
}

/* test_trace: a readable evaluation. */
static void test_trace(void **state)
{
	static const char *lines[] = {
		"0 TXT d.example: found 1, ttl 300, secure",
		"0 record of d.example: v=spf1 a:x.example include:i.example -all",
		"0 A x.example: no such name, ttl 300",
		"0 a:x.example: no match",
		"1 TXT i.example: found 2, ttl 300: \"v=spf1 mx\" \"x\"",
		"1 record of i.example: v=spf1 mx",
		"1 MX i.example: found 1, ttl 300: 5 m.example.",
		"1 A m.example: found 2, ttl 300: 192.0.2.9 192.0.2.1",
		"1 mx: match",
		"0 include:i.example: match",
		NULL,
	};
	const char **next = lines;
	const struct gp_trace trace = {keep_line, &next};
	struct bench b;
	(void)state;
	begin(&b,
		"d.example TXT v=spf1 a:x.example include:i.example -all\nd.example AD\n"
		"i.example TXT v=spf1 mx\ni.example TXT x\ni.example MX 5 m.example\n"
		"m.example A 192.0.2.9\nm.example A 192.0.2.1\n",
		V4, FROM);
	b.query.trace = &trace;
	assert_string_equal(check(&b), "pass");
	assert_null(*next);
	end(&b);
}

/* test_words: names in both directions. */
static void test_words(void **state)
{
	enum gp_spf_verdict verdict;
	(void)state;
	for (int i = 0; i < GP_SPF_VERDICTS; i++) {
		const char *name = gp_spf_verdict_name((enum gp_spf_verdict)i);
		assert_true(gp_spf_verdict_parse(gp_span_from(name), &verdict));
		assert_int_equal(verdict, i);
	}
	assert_false(gp_spf_verdict_parse(gp_span_from("hardfail"), &verdict));
	assert_string_equal(gp_spf_identity_name(GP_SPF_HELO), "helo");
	assert_string_equal(gp_spf_identity_name(GP_SPF_MAILFROM), "mailfrom");
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_initial),
		cmocka_unit_test(test_mechanisms),
		cmocka_unit_test(test_include),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_missing_names),
		cmocka_unit_test(test_hosts_of_the_other_family),
		cmocka_unit_test(test_missing_names_under_ptr),
		cmocka_unit_test(test_long_record),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_problem),
		cmocka_unit_test(test_reason),
		cmocka_unit_test(test_explanation),
		cmocka_unit_test(test_helo),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_trace),
		cmocka_unit_test(test_words),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
