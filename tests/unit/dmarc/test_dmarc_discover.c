/* SPDX-License-Identifier: ISC */
/*
 * Which record speaks for an author's domain, and which domain is the organisation's: RFC 9989 4.10
 * by the tree walk, RFC 7489 6.6.3 by the list of public suffixes; and which questions that took.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "dmarc/dmarc_private.h"
#include "support/suffixes.h"
#include "support/zone.h"

/* A discovery: NULL in want_... where nothing is to be there. */
struct row {
	const char *rule;   /* what it shows */
	const char *zone;   /* see test_zone_lines */
	const char *author; /* domain */
	enum gp_dns_state state;
	const char *domain, *org, *psl_org;
	const char *asked; /* names without "_dmarc.", a blank behind each; NULL: does not matter */
};

/* The list that the rows below go by. */
static const char list_text[] = "// ===BEGIN ICANN DOMAINS===\ncom\norg\nuk\nco.uk\n*.jp\n"
				"!city.jp\nexample\nbank.example\n// ===END ICANN DOMAINS===\n"
				"// ===BEGIN PRIVATE DOMAINS===\nhosting.com\n"
				"// ===END PRIVATE DOMAINS===\n";

static struct gp_suffix_list *list;

/* open_list: list_text. */
static int open_list(void **state)
{
	(void)state;
	list = test_suffixes(list_text);
	return 0;
}

/* close_list: the end of it. */
static int close_list(void **state)
{
	(void)state;
	gp_suffix_list_free(list);
	return 0;
}

/* context: an arena and the zone as the resolver. */
static struct gp_ctx context(struct test_zone *zone, size_t ceiling)
{
	return (struct gp_ctx) {.arena = gp_arena_new(ceiling),
		.clock = test_zone_clock(zone),
		.dns = test_zone_dns(zone),
		.deadline_us = INT64_MAX};
}

/* asked: the questions so far in the form of struct row; all of them have to be of this kind. */
static const char *asked(struct gp_arena *arena, const struct test_zone *zone)
{
	struct gp_strbuf buf;
	const char *text;
	gp_strbuf_init(&buf, arena, 1 << 16);
	for (size_t i = 0; test_zone_question(zone, i); i++) {
		const struct test_zone_question *q = test_zone_question(zone, i);
		assert_int_equal(q->type, GP_DNS_TXT);
		assert_true(gp_span_has_prefix(gp_span_from(q->name), "_dmarc."));
		gp_strbuf_add(&buf, q->name + strlen("_dmarc."));
		gp_strbuf_add(&buf, " ");
	}
	assert_int_equal(gp_strbuf_finish(&buf, &text), GP_OK);
	return text;
}

/* same: equal texts, or both missing. */
static bool same(const char *got, const char *want)
{
	return got && want ? strcmp(got, want) == 0 : got == want;
}

/* shown: a text for a message. */
static const char *shown(const char *text)
{
	return text ? text : "(none)";
}

/* check_row: one discovery, which is one call to the resolver at most. */
static void check_row(const struct row *row, enum gp_dmarc_discovery discovery)
{
	const struct gp_dmarc_options options = {.discovery = discovery, .psl = list};
	struct test_zone *zone = test_zone_new();
	struct gp_ctx ctx = context(zone, 1 << 18);
	struct gp_dmarc *dmarc;
	struct gp_dmarc_found f, again;
	test_zone_lines(zone, row->zone);
	assert_int_equal(gp_dmarc_new(&ctx, &options, &dmarc), GP_OK);
	assert_int_equal(gp_dmarc_discover(&ctx, dmarc, row->author, &f), GP_OK);
	const char *names = asked(ctx.arena, zone);
	if (f.state != row->state || !same(f.domain, row->domain) ||
		!same(f.org_domain, row->org) || !same(f.psl_org_domain, row->psl_org) ||
		(row->asked && strcmp(names, row->asked)))
		fail_msg("%s: %s, domain %s, organisation %s, list %s, asked %s; %s", row->rule,
			gp_dns_state_text(f.state), shown(f.domain), shown(f.org_domain),
			shown(f.psl_org_domain), names, shown(f.problem));
	if (f.state == GP_DNS_TEMPFAIL)
		assert_non_null(f.problem);
	assert_true(test_zone_calls(zone) <= 1);
	size_t questions = test_zone_asked(zone, TEST_ZONE_ANY);
	assert_true(questions <= GP_DMARC_WALK_MAX);
	assert_int_equal(gp_dmarc_discover(&ctx, dmarc, row->author, &again), GP_OK);
	assert_int_equal(test_zone_asked(zone, TEST_ZONE_ANY), questions); /* it is remembered */
	assert_int_equal(again.state, f.state);
	gp_arena_free(ctx.arena);
	test_zone_free(zone);
}

/* test_walk: 4.10, 4.10.1, 4.10.2 and the examples of appendix B.4. */
static void test_walk(void **state)
{
	static const struct row rows[] = {
		{"B.4.1: the author's own record",
			"_dmarc.example.com TXT v=DMARC1; p=none\n"
			"_dmarc.signing.example.com TXT v=DMARC1; p=none\n",
			"example.com", GP_DNS_FOUND, "example.com", "example.com", NULL,
			"example.com com "},
		{"B.4.1: the fewest labels are the organisation's",
			"_dmarc.example.com TXT v=DMARC1; p=none\n"
			"_dmarc.signing.example.com TXT v=DMARC1; p=reject\n",
			"signing.example.com", GP_DNS_FOUND, "signing.example.com", "example.com",
			NULL, "signing.example.com example.com com "},
		{"B.4.2: eight questions for thirteen labels",
			"_dmarc.example.com TXT v=DMARC1; p=none\n",
			"a.b.c.d.e.f.g.h.i.j.k.example.com", GP_DNS_FOUND, "example.com",
			"example.com", NULL,
			"a.b.c.d.e.f.g.h.i.j.k.example.com g.h.i.j.k.example.com "
			"h.i.j.k.example.com i.j.k.example.com j.k.example.com k.example.com "
			"example.com com "},
		{"B.4.3: the author's record below a public suffix",
			"_dmarc.bank.example TXT v=DMARC1; p=reject; psd=y\n"
			"_dmarc.giant.bank.example TXT v=DMARC1; p=quarantine\n",
			"giant.bank.example", GP_DNS_FOUND, "giant.bank.example",
			"giant.bank.example", NULL, NULL},
		{"B.4.3: the organisation's record goes before the public suffix's",
			"_dmarc.bank.example TXT v=DMARC1; p=reject; psd=y\n"
			"_dmarc.giant.bank.example TXT v=DMARC1; p=quarantine\n",
			"mail.giant.bank.example", GP_DNS_FOUND, "giant.bank.example",
			"giant.bank.example", NULL, NULL},
		{"B.4.3: the public suffix speaks for an organisation without a record",
			"_dmarc.bank.example TXT v=DMARC1; p=reject; psd=y\n",
			"mail.mega.bank.example", GP_DNS_FOUND, "bank.example", "mega.bank.example",
			NULL, NULL},
		/* its own record wins over the suffix's: cisagov/ScubaGear issue 2237 */
		{"the same, one label below the top",
			"_dmarc.gov TXT v=DMARC1; p=none; psd=y\n"
			"_dmarc.cisa.gov TXT v=DMARC1; p=reject\n",
			"example.cisa.gov", GP_DNS_FOUND, "cisa.gov", "cisa.gov", NULL,
			"example.cisa.gov cisa.gov gov "},
		{"4.10: seven labels are six steps up", "", "a.b.c.d.e.example.com", GP_DNS_NODATA,
			NULL, "a.b.c.d.e.example.com", NULL,
			"a.b.c.d.e.example.com b.c.d.e.example.com c.d.e.example.com "
			"d.e.example.com e.example.com example.com com "},
		{"4.10: eight labels are seven steps up", "", "a.b.c.d.e.f.example.com",
			GP_DNS_NODATA, NULL, "a.b.c.d.e.f.example.com", NULL,
			"a.b.c.d.e.f.example.com b.c.d.e.f.example.com c.d.e.f.example.com "
			"d.e.f.example.com e.f.example.com f.example.com example.com com "},
		{"4.10: nine labels leave one out",
			"_dmarc.b.c.d.e.f.g.example.com TXT v=DMARC1; p=none\n",
			"a.b.c.d.e.f.g.example.com", GP_DNS_NODATA, NULL,
			"a.b.c.d.e.f.g.example.com", NULL,
			"a.b.c.d.e.f.g.example.com c.d.e.f.g.example.com d.e.f.g.example.com "
			"e.f.g.example.com f.g.example.com g.example.com example.com com "},
		{"4.10.2: psd=n ends the walk",
			"_dmarc.mail.example.com TXT v=DMARC1; p=none; psd=n\n"
			"_dmarc.example.com TXT v=DMARC1; p=reject\n",
			"a.mail.example.com", GP_DNS_FOUND, "mail.example.com", "mail.example.com",
			NULL, NULL},
		{"4.10.2: psd=n at the author's domain",
			"_dmarc.mail.example.com TXT v=DMARC1; p=none; psd=n\n"
			"_dmarc.example.com TXT v=DMARC1; p=reject\n",
			"mail.example.com", GP_DNS_FOUND, "mail.example.com", "mail.example.com",
			NULL, NULL},
		{"4.10.2: psd=y only at the top", "_dmarc.com TXT v=DMARC1; p=none; psd=y\n",
			"a.mail.example.com", GP_DNS_FOUND, "com", "example.com", NULL, NULL},
		{"4.10: psd=y ends the walk",
			"_dmarc.bank.example TXT v=DMARC1; p=none; psd=y\n"
			"_dmarc.example TXT v=DMARC1; p=reject\n",
			"a.b.bank.example", GP_DNS_FOUND, "bank.example", "b.bank.example", NULL,
			NULL},
		{"4.10.2: psd=y where the walk began is its own organisation",
			"_dmarc.bank.example TXT v=DMARC1; p=none; psd=y\n"
			"_dmarc.example TXT v=DMARC1; p=reject\n",
			"bank.example", GP_DNS_FOUND, "bank.example", "bank.example", NULL, NULL},
		{"the child of psd=y is counted from the author's name",
			"_dmarc.c.d.e.f.g.example.com TXT v=DMARC1; p=none; psd=y\n",
			"a.b.c.d.e.f.g.example.com", GP_DNS_FOUND, "c.d.e.f.g.example.com",
			"b.c.d.e.f.g.example.com", NULL, NULL},
		{"no psd tag anywhere, two records above",
			"_dmarc.mail.example.com TXT v=DMARC1; p=none\n"
			"_dmarc.example.com TXT v=DMARC1; p=reject\n",
			"a.mail.example.com", GP_DNS_FOUND, "example.com", "example.com", NULL,
			NULL},
		/* the walk reaches the last label, too: checkdmarc issue 252 */
		{"a record at the top alone",
			"_dmarc.gov TXT v=DMARC1; p=reject; psd=u; np=none; t=n\n", "a.b.gov",
			GP_DNS_FOUND, "gov", "gov", NULL, NULL},
		{"one label", "_dmarc.com TXT v=DMARC1; p=reject\n", "com", GP_DNS_FOUND, "com",
			"com", NULL, "com "},
		{"4.10.2: no record at all", "", "a.example.com", GP_DNS_NODATA, NULL,
			"a.example.com", NULL, "a.example.com example.com com "},
		{"no name", "", "", GP_DNS_NODATA, NULL, "", NULL, ""},
		{"names in capitals", "_dmarc.example.com TXT v=DMARC1; p=none\n", "EXAMPLE.com",
			GP_DNS_FOUND, "EXAMPLE.com", "EXAMPLE.com", NULL, NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check_row(&rows[i], GP_DMARC_WALK);
}

/* test_records: what counts as a record (4.10, steps 2 and 6; 4.10.1). */
static void test_records(void **state)
{
	static const struct row rows[] = {
		{"other texts beside it",
			"_dmarc.example.com TXT v=spf1 -all\n"
			"_dmarc.example.com TXT v=DMARC1; p=reject\n"
			"_dmarc.example.com TXT\n",
			"example.com", GP_DNS_FOUND, "example.com", "example.com", NULL, NULL},
		{"several are none",
			"_dmarc.example.com TXT v=DMARC1; p=reject\n"
			"_dmarc.example.com TXT v=DMARC1; p=none\n",
			"example.com", GP_DNS_NODATA, NULL, "example.com", NULL, NULL},
		{"several equal ones are none, too",
			"_dmarc.example.com TXT v=DMARC1; p=reject\n"
			"_dmarc.example.com TXT v=DMARC1; p=reject\n"
			"_dmarc.example.com TXT v=DMARC1; p=reject\n",
			"example.com", GP_DNS_NODATA, NULL, "example.com", NULL, NULL},
		{"several at the author's domain: the walk goes on",
			"_dmarc.a.example.com TXT v=DMARC1; p=none\n"
			"_dmarc.a.example.com TXT v=DMARC1; psd=n; p=none\n"
			"_dmarc.example.com TXT v=DMARC1; p=reject\n",
			"a.example.com", GP_DNS_FOUND, "example.com", "example.com", NULL, NULL},
		{"4.7: not first is no record", "_dmarc.example.com TXT p=reject; v=DMARC1\n",
			"example.com", GP_DNS_NODATA, NULL, "example.com", NULL, NULL},
		{"4.10.1: a bad policy without rua is no DMARC",
			"_dmarc.example.com TXT v=DMARC1; p=nowhere\n", "example.com",
			GP_DNS_NODATA, NULL, "example.com", NULL, NULL},
		{"4.10.1: and nobody above speaks for it",
			"_dmarc.a.example.com TXT v=DMARC1; p=reject; sp=nowhere\n"
			"_dmarc.example.com TXT v=DMARC1; p=reject\n",
			"a.example.com", GP_DNS_NODATA, NULL, "example.com", NULL, NULL},
		{"4.10.1: a bad policy with rua is p=none",
			"_dmarc.example.com TXT v=DMARC1; p=nowhere; rua=mailto:a@example.com\n",
			"example.com", GP_DNS_FOUND, "example.com", "example.com", NULL, NULL},
		{"4.10.1: the organisation's, bad and without rua",
			"_dmarc.example.com TXT v=DMARC1; rua=a@example.com\n", "a.example.com",
			GP_DNS_NODATA, NULL, "example.com", NULL, NULL},
		{"psd=y without a policy still shows the organisation",
			"_dmarc.bank.example TXT v=DMARC1; psd=y\n"
			"_dmarc.giant.bank.example TXT v=DMARC1; p=reject\n",
			"a.giant.bank.example", GP_DNS_FOUND, "giant.bank.example",
			"giant.bank.example", NULL, NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check_row(&rows[i], GP_DMARC_WALK);
}

/* test_trouble: it counts where it could change the outcome, and only there. */
static void test_trouble(void **state)
{
	static const struct row rows[] = {
		{"at the author's domain",
			"_dmarc.a.example.com SERVFAIL\n_dmarc.example.com TXT v=DMARC1; p=none\n",
			"a.example.com", GP_DNS_TEMPFAIL, NULL, NULL, NULL, NULL},
		{"a bogus answer there",
			"_dmarc.a.example.com BOGUS\n_dmarc.example.com TXT v=DMARC1; p=none\n",
			"a.example.com", GP_DNS_TEMPFAIL, NULL, NULL, NULL, NULL},
		{"above the author's own record: the policy is certain, the organisation is not",
			"_dmarc.a.example.com TXT v=DMARC1; p=none\n_dmarc.example.com TIMEOUT\n",
			"a.example.com", GP_DNS_FOUND, "a.example.com", NULL, NULL, NULL},
		{"above the author's own record with psd=n",
			"_dmarc.a.example.com TXT v=DMARC1; p=none; psd=n\n"
			"_dmarc.example.com TIMEOUT\n_dmarc.com TIMEOUT\n",
			"a.example.com", GP_DNS_FOUND, "a.example.com", "a.example.com", NULL,
			NULL},
		{"above the organisation's record with psd=n",
			"_dmarc.example.com TXT v=DMARC1; p=none; psd=n\n_dmarc.com REFUSED\n",
			"a.example.com", GP_DNS_FOUND, "example.com", "example.com", NULL, NULL},
		{"above a public suffix",
			"_dmarc.bank.example TXT v=DMARC1; p=none; psd=y\n_dmarc.example BOGUS\n",
			"a.bank.example", GP_DNS_FOUND, "bank.example", "a.bank.example", NULL,
			NULL},
		{"between the author and psd=n",
			"_dmarc.b.example.com SERVFAIL\n"
			"_dmarc.example.com TXT v=DMARC1; p=none; psd=n\n",
			"a.b.example.com", GP_DNS_TEMPFAIL, NULL, NULL, NULL, NULL},
		{"above a record that does not end the walk",
			"_dmarc.example.com TXT v=DMARC1; p=none\n_dmarc.com SERVFAIL\n",
			"a.example.com", GP_DNS_TEMPFAIL, NULL, NULL, NULL, NULL},
		{"and no record anywhere", "_dmarc.com SERVFAIL\n", "example.com", GP_DNS_TEMPFAIL,
			NULL, NULL, NULL, NULL},
		{"a bad record of the author's own is certain",
			"_dmarc.example.com TXT v=DMARC1\n_dmarc.com SERVFAIL\n", "example.com",
			GP_DNS_NODATA, NULL, NULL, NULL, NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check_row(&rows[i], GP_DMARC_WALK);
}

/* test_list: RFC 7489 6.6.3 by the list; psd= means nothing there. */
static void test_list(void **state)
{
	static const struct row rows[] = {
		{"the author's own record", "_dmarc.a.example.com TXT v=DMARC1; p=none\n",
			"a.example.com", GP_DNS_FOUND, "a.example.com", "example.com", NULL,
			"a.example.com example.com "},
		{"the organisation's", "_dmarc.example.co.uk TXT v=DMARC1; p=none\n",
			"a.b.example.co.uk", GP_DNS_FOUND, "example.co.uk", "example.co.uk", NULL,
			"a.b.example.co.uk example.co.uk "},
		{"nothing between them", "_dmarc.b.example.com TXT v=DMARC1; p=none\n",
			"a.b.example.com", GP_DNS_NODATA, NULL, "example.com", NULL, NULL},
		{"nothing above", "_dmarc.com TXT v=DMARC1; p=none; psd=y\n", "example.com",
			GP_DNS_NODATA, NULL, "example.com", NULL, "example.com "},
		{"a public suffix as the author's domain", "_dmarc.co.uk TXT v=DMARC1; p=none\n",
			"co.uk", GP_DNS_FOUND, "co.uk", "co.uk", NULL, "co.uk "},
		{"a suffix of the private part of the list",
			"_dmarc.hosting.com TXT v=DMARC1; p=none\n", "x.hosting.com", GP_DNS_NODATA,
			NULL, "x.hosting.com", NULL, "x.hosting.com "},
		{"a rule with a star", "", "a.b.c.jp", GP_DNS_NODATA, NULL, "b.c.jp", NULL, NULL},
		{"and its exception", "", "a.city.jp", GP_DNS_NODATA, NULL, "city.jp", NULL, NULL},
		{"a top that is not in the list", "", "a.b.nowhere", GP_DNS_NODATA, NULL,
			"b.nowhere", NULL, NULL},
		{"psd=n does not matter",
			"_dmarc.b.example.com TXT v=DMARC1; p=none; psd=n\n"
			"_dmarc.example.com TXT v=DMARC1; p=none\n",
			"b.example.com", GP_DNS_FOUND, "b.example.com", "example.com", NULL, NULL},
		{"trouble at the author's domain",
			"_dmarc.a.example.com SERVFAIL\n_dmarc.example.com TXT v=DMARC1; p=none\n",
			"a.example.com", GP_DNS_TEMPFAIL, NULL, NULL, NULL, NULL},
		{"trouble at the organisation's", "_dmarc.example.com SERVFAIL\n", "a.example.com",
			GP_DNS_TEMPFAIL, NULL, NULL, NULL, NULL},
		{"trouble at the organisation's, which does not matter",
			"_dmarc.a.example.com TXT v=DMARC1; p=none\n_dmarc.example.com SERVFAIL\n",
			"a.example.com", GP_DNS_FOUND, "a.example.com", "example.com", NULL, NULL},
		{"no name", "", "", GP_DNS_NODATA, NULL, "", NULL, ""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check_row(&rows[i], GP_DMARC_PSL);
}

/* test_compare: the walk decides; the list is heard where it says something else. */
static void test_compare(void **state)
{
	static const struct row rows[] = {
		{"they agree", "_dmarc.example.com TXT v=DMARC1; p=none\n", "a.example.com",
			GP_DNS_FOUND, "example.com", "example.com", NULL,
			"a.example.com example.com com "},
		{"only the author has a record", "_dmarc.a.example.com TXT v=DMARC1; p=none\n",
			"a.example.com", GP_DNS_FOUND, "a.example.com", "a.example.com",
			"example.com", NULL},
		{"a record above what the list takes for the organisation",
			"_dmarc.hosting.com TXT v=DMARC1; p=none\n", "x.hosting.com", GP_DNS_FOUND,
			"hosting.com", "hosting.com", "x.hosting.com", NULL},
		{"the walk found trouble", "_dmarc.com SERVFAIL\n", "example.com", GP_DNS_TEMPFAIL,
			NULL, NULL, NULL, NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check_row(&rows[i], GP_DMARC_COMPARE);
}

/* test_without_list: then the walk decides, whatever is configured (OpenDMARC issue 54). */
static void test_without_list(void **state)
{
	const struct gp_dmarc_options options = {.discovery = GP_DMARC_PSL};
	struct test_zone *zone = test_zone_new();
	struct gp_ctx ctx = context(zone, 1 << 18);
	struct gp_dmarc *dmarc;
	struct gp_dmarc_found f;
	(void)state;
	test_zone_lines(zone, "_dmarc.example.com TXT v=DMARC1; p=reject; sp=none\n");
	assert_int_equal(gp_dmarc_new(&ctx, &options, &dmarc), GP_OK);
	assert_int_equal(gp_dmarc_discover(&ctx, dmarc, "a.b.example.com", &f), GP_OK);
	assert_int_equal(f.state, GP_DNS_FOUND);
	assert_string_equal(f.domain, "example.com");
	gp_arena_free(ctx.arena);
	test_zone_free(zone);
}

/* test_problems: what was dropped is said. */
static void test_problems(void **state)
{
	static const struct {
		const char *zone, *problem;
	} rows[] = {
		{"", NULL},
		{"_dmarc.example.com TXT v=DMARC1; p=none\n", NULL},
		{"_dmarc.example.com TXT v=DMARC1; p=none\n"
		 "_dmarc.example.com TXT v=DMARC1; p=none\n",
			"there are several policy records at one name, so none applies"},
		{"_dmarc.example.com TXT v=DMARC1; p=all\n",
			"the policy record has no valid policy and no valid reporting address"},
		{"_dmarc.example.com SERVFAIL\n", "DNS did not answer for a policy record"},
	};
	const struct gp_dmarc_options options = {.discovery = GP_DMARC_WALK};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct test_zone *zone = test_zone_new();
		struct gp_ctx ctx = context(zone, 1 << 18);
		struct gp_dmarc *dmarc;
		struct gp_dmarc_found f;
		test_zone_lines(zone, rows[i].zone);
		assert_int_equal(gp_dmarc_new(&ctx, &options, &dmarc), GP_OK);
		assert_int_equal(gp_dmarc_discover(&ctx, dmarc, "a.example.com", &f), GP_OK);
		if (!same(f.problem, rows[i].problem))
			fail_msg("%s: %s", rows[i].zone, shown(f.problem));
		gp_arena_free(ctx.arena);
		test_zone_free(zone);
	}
}

/* test_memory: walks that meet ask each name once; several walks are one call. */
static void test_memory(void **state)
{
	const struct gp_dmarc_options options = {.discovery = GP_DMARC_WALK};
	struct test_zone *zone = test_zone_new();
	struct gp_ctx ctx = context(zone, 1 << 18);
	struct gp_dmarc *dmarc;
	struct gp_dmarc_found f;
	static const char *const names[] = {"signing.example.com", "Signing.example.com",
		"a.b.example.com", "example.net", "mail.example.com"};
	(void)state;
	test_zone_lines(zone, "_dmarc.example.com TXT v=DMARC1; p=reject\n");
	assert_int_equal(gp_dmarc_new(&ctx, &options, &dmarc), GP_OK);
	assert_int_equal(gp_dmarc_discover(&ctx, dmarc, "mail.example.com", &f), GP_OK);
	test_zone_forget(zone);
	assert_int_equal(gp_dmarc_walk(&ctx, dmarc, names, 5), GP_OK);
	assert_int_equal(test_zone_calls(zone), 1);
	assert_string_equal(asked(ctx.arena, zone),
		"signing.example.com a.b.example.com b.example.com example.net net ");
	assert_string_equal(gp_dmarc_org_domain(dmarc, names[0]), "example.com");
	assert_string_equal(gp_dmarc_org_domain(dmarc, names[3]), "example.net");
	assert_null(gp_dmarc_org_domain(dmarc, "was.not.walked"));
	gp_arena_free(ctx.arena);
	test_zone_free(zone);
}

/* test_many_walks: more than a query takes go in several. */
static void test_many_walks(void **state)
{
	enum { COUNT = 40 };
	const struct gp_dmarc_options options = {.discovery = GP_DMARC_WALK};
	struct test_zone *zone = test_zone_new();
	struct gp_ctx ctx = context(zone, 1 << 20);
	struct gp_dmarc *dmarc;
	const char *names[COUNT];
	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		names[i] = gp_arena_printf(ctx.arena, "a.b.c.d.e.f.g%zu.x%zu.example", i, i);
		assert_non_null(names[i]);
	}
	assert_int_equal(gp_dmarc_new(&ctx, &options, &dmarc), GP_OK);
	assert_int_equal(gp_dmarc_walk(&ctx, dmarc, names, COUNT), GP_OK);
	assert_int_equal(test_zone_asked(zone, GP_DNS_TXT), COUNT * 7 + 1);
	assert_true(test_zone_calls(zone) <= COUNT / 8 + 2);
	for (size_t i = 0; i < COUNT; i++)
		assert_string_equal(gp_dmarc_org_domain(dmarc, names[i]), names[i]);
	gp_arena_free(ctx.arena);
	test_zone_free(zone);
}

/* test_questions: what a discovery will ask, for who asks ahead. */
static void test_questions(void **state)
{
	struct gp_dmarc_options options = {.discovery = GP_DMARC_WALK, .psl = list};
	struct test_zone *zone = test_zone_new();
	struct gp_ctx ctx = context(zone, 1 << 18);
	struct gp_dmarc *dmarc;
	struct gp_dns_question q[GP_DMARC_WALK_MAX];
	(void)state;
	assert_int_equal(gp_dmarc_new(&ctx, &options, &dmarc), GP_OK);
	assert_int_equal(gp_dmarc_questions(&ctx, dmarc, "a.b.example.com", q, 8), 4);
	assert_string_equal(q[0].name, "_dmarc.a.b.example.com");
	assert_string_equal(q[3].name, "_dmarc.com");
	assert_int_equal(q[3].type, GP_DNS_TXT);
	assert_int_equal(gp_dmarc_questions(&ctx, dmarc, "a.b.example.com", q, 2), 2);
	assert_int_equal(gp_dmarc_questions(&ctx, dmarc, "a.b.example.com", q, 0), 0);
	assert_int_equal(gp_dmarc_questions(&ctx, dmarc, "", q, 8), 0);
	options.discovery = GP_DMARC_PSL;
	assert_int_equal(gp_dmarc_questions(&ctx, dmarc, "a.b.example.com", q, 8), 2);
	assert_string_equal(q[1].name, "_dmarc.example.com");
	assert_int_equal(test_zone_calls(zone), 0);
	gp_arena_free(ctx.arena);
	test_zone_free(zone);
}

/* test_long_name: a name that leaves no room for "_dmarc." has no record of its own. */
static void test_long_name(void **state)
{
	char name[260] = "";
	(void)state;
	for (size_t i = 0; i < 120; i++)
		strcat(name, "a.");
	strcat(name, "example.com");
	const struct row row = {"long", "_dmarc.example.com TXT v=DMARC1; p=none\n", name,
		GP_DNS_FOUND, "example.com", "example.com", NULL, NULL};
	assert_int_equal(strlen(name), 251);
	check_row(&row, GP_DMARC_WALK);
}

/* test_ceiling: an arena without room says so, at every size. */
static void test_ceiling(void **state)
{
	const struct gp_dmarc_options options = {.discovery = GP_DMARC_WALK};
	bool done = false;
	(void)state;
	for (size_t ceiling = 0; ceiling < 16384 && !done; ceiling += 64) {
		struct test_zone *zone = test_zone_new();
		struct gp_ctx ctx = context(zone, ceiling);
		struct gp_dmarc *dmarc;
		struct gp_dmarc_found f;
		test_zone_lines(zone, "_dmarc.example.com TXT v=DMARC1; p=none\n");
		int rc = gp_dmarc_new(&ctx, &options, &dmarc);
		if (!rc)
			rc = gp_dmarc_discover(&ctx, dmarc, "a.b.example.com", &f);
		assert_true(rc == GP_OK || rc == GP_ETOOBIG);
		done = rc == GP_OK;
		gp_arena_free(ctx.arena);
		test_zone_free(zone);
	}
	assert_true(done);
}

/* test_own_suffix: a name that is a suffix stands for itself. */
static void test_own_suffix(void **state)
{
	(void)state;
	assert_string_equal(gp_dmarc_psl_org_domain(list, "a.b.example.co.uk"), "example.co.uk");
	assert_string_equal(gp_dmarc_psl_org_domain(list, "co.uk"), "co.uk");
}

/* test_steps: the names of a walk as they were found, and where it ended. */
static void test_steps(void **state)
{
	static const struct {
		const char *domain;
		enum gp_dns_state found;
		bool several, is_past;
	} want[] = {{"a.b.c.example.com", GP_DNS_NODATA, false, false},
		{"b.c.example.com", GP_DNS_NODATA, true, false},
		{"c.example.com", GP_DNS_FOUND, false, false},
		{"example.com", GP_DNS_FOUND, false, true}, {"com", GP_DNS_TEMPFAIL, false, true}};
	const struct gp_dmarc_options options = {.discovery = GP_DMARC_WALK};
	struct test_zone *zone = test_zone_new();
	struct gp_ctx ctx = context(zone, 1 << 18);
	struct gp_dmarc_step steps[GP_DMARC_WALK_MAX];
	struct gp_dmarc *dmarc;
	struct gp_dmarc_found f;
	(void)state;
	test_zone_lines(zone, "_dmarc.b.c.example.com TXT v=DMARC1; p=none\n"
			      "_dmarc.b.c.example.com TXT v=DMARC1; p=reject\n"
			      "_dmarc.c.example.com TXT v=DMARC1; p=none; psd=n\n"
			      "_dmarc.example.com TXT v=DMARC1; p=reject\n"
			      "_dmarc.com SERVFAIL\n");
	assert_int_equal(gp_dmarc_new(&ctx, &options, &dmarc), GP_OK);
	assert_int_equal(gp_dmarc_steps(dmarc, "a.b.c.example.com", steps), 0);
	assert_int_equal(gp_dmarc_discover(&ctx, dmarc, "a.b.c.example.com", &f), GP_OK);
	assert_string_equal(f.org_domain, "c.example.com");
	assert_int_equal(gp_dmarc_steps(dmarc, "a.b.c.example.com", steps), 5);
	for (size_t i = 0; i < 5; i++) {
		assert_string_equal(steps[i].domain, want[i].domain);
		assert_int_equal(steps[i].state, want[i].found);
		assert_int_equal(steps[i].several, want[i].several);
		assert_int_equal(steps[i].is_past, want[i].is_past);
	}
	assert_true(gp_span_is(steps[2].text, "v=DMARC1; p=none; psd=n"));
	assert_int_equal(steps[3].record.p, GP_DMARC_POLICY_REJECT);
	gp_arena_free(ctx.arena);
	test_zone_free(zone);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_trouble),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_without_list),
		cmocka_unit_test(test_problems),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_many_walks),
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_long_name),
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_own_suffix),
		cmocka_unit_test(test_steps),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, open_list, close_list) ? 1 : 0;
}
