/* SPDX-License-Identifier: ISC */
/* The verdict over results of SPF and DKIM as given, the policy that applies, and the questions. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "dmarc/dmarc_private.h"
#include "support/zone.h"

#define DKIM_MAX 64

/*
 * One message. spf is "verdict domain", "" for no SPF result; dkim is any number of such pairs, a
 * comma between them, NULL for no DKIM results. want is the verdict, then tag=policy, then what is
 * applied where that differs from the policy of a failure, then the aligned mechanisms.
 */
struct row {
	const char *rule;
	const char *zone, *author;
	const char *spf, *dkim;
	const char *want;
	const char *asked; /* after the author's walk: names without "_dmarc.", the type of others
			      than TXT in front; NULL: does not matter */
};

/* The record of example.com, and the author's place below it. */
#define REJECT "_dmarc.example.com TXT v=DMARC1; p=reject\n"
#define STRICT "_dmarc.example.com TXT v=DMARC1; p=reject; adkim=s; aspf=s\n"

/* verdict_of_dkim: the reverse of gp_dkim_verdict_name, as far as rows need it. */
static enum gp_dkim_verdict verdict_of_dkim(struct gp_span word)
{
	static const struct {
		const char *word;
		enum gp_dkim_verdict verdict;
	} words[] = {{"pass", GP_DKIM_PASS}, {"fail", GP_DKIM_FAIL}, {"policy", GP_DKIM_POLICY},
		{"neutral", GP_DKIM_NEUTRAL}, {"temperror", GP_DKIM_TEMPERROR},
		{"permerror", GP_DKIM_PERMERROR}};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (gp_span_is(word, words[i].word))
			return words[i].verdict;
	fail_msg("no verdict: %.*s", (int)word.len, word.ptr);
	return GP_DKIM_NEUTRAL;
}

/* verdict_of_spf: likewise. */
static enum gp_spf_verdict verdict_of_spf(struct gp_span word)
{
	static const struct {
		const char *word;
		enum gp_spf_verdict verdict;
	} words[] = {{"none", GP_SPF_NONE}, {"neutral", GP_SPF_NEUTRAL}, {"pass", GP_SPF_PASS},
		{"fail", GP_SPF_FAIL}, {"softfail", GP_SPF_SOFTFAIL},
		{"temperror", GP_SPF_TEMPERROR}, {"permerror", GP_SPF_PERMERROR}};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (gp_span_is(word, words[i].word))
			return words[i].verdict;
	fail_msg("no verdict: %.*s", (int)word.len, word.ptr);
	return GP_SPF_NEUTRAL;
}

/* A query with what it points to. */
struct scene {
	struct test_zone *zone;
	struct gp_ctx ctx;
	struct gp_spf_result spf;
	struct gp_dkim_result signatures[DKIM_MAX];
	struct gp_dkim_results dkim;
	struct gp_dmarc_query query;
};

/* set_scene: everything a row says. */
static void set_scene(struct scene *s, const struct row *row, size_t ceiling)
{
	struct gp_span word, rest, one;
	*s = (struct scene) {.zone = test_zone_new()};
	s->ctx = (struct gp_ctx) {.arena = gp_arena_new(ceiling),
		.clock = test_zone_clock(s->zone),
		.dns = test_zone_dns(s->zone),
		.deadline_us = INT64_MAX};
	test_zone_lines(s->zone, row->zone);
	s->query.author_domain = row->author;
	if (*row->spf) {
		(void)gp_span_cut(gp_span_from(row->spf), ' ', &word, &rest);
		s->spf.verdict = verdict_of_spf(word);
		s->spf.domain = rest.len ? rest.ptr : "";
		s->query.spf = &s->spf;
	}
	if (!row->dkim)
		return;
	static char domains[DKIM_MAX][GP_DNS_NAME_TEXT]; /* one scene at a time */
	rest = gp_span_from(row->dkim);
	while (rest.len) {
		struct gp_span domain;
		(void)gp_span_cut(rest, ',', &one, &rest);
		(void)gp_span_cut(one, ' ', &word, &domain);
		assert_true(s->dkim.count < DKIM_MAX && domain.len < GP_DNS_NAME_TEXT);
		char *room = domains[s->dkim.count];
		memcpy(room, domain.ptr, domain.len);
		room[domain.len] = 0;
		s->signatures[s->dkim.count++] =
			(struct gp_dkim_result) {.verdict = verdict_of_dkim(word), .domain = room};
	}
	s->dkim.items = s->signatures;
	s->query.dkim = &s->dkim;
}

/* strike_scene: the end of it. */
static void strike_scene(struct scene *s)
{
	gp_arena_free(s->ctx.arena);
	test_zone_free(s->zone);
}

/* show: a result in the form of struct row. */
static const char *show(struct gp_arena *arena, const struct gp_dmarc_result *r)
{
	struct gp_strbuf buf;
	const char *text;
	gp_strbuf_init(&buf, arena, 256);
	gp_strbuf_add(&buf, gp_dmarc_verdict_name(r->verdict));
	if (r->policy_tag)
		gp_strbuf_printf(&buf, " %s=%s", r->policy_tag, gp_dmarc_policy_name(r->published));
	if (r->verdict == GP_DMARC_FAIL && r->applied != r->published)
		gp_strbuf_printf(&buf, " applied=%s", gp_dmarc_policy_name(r->applied));
	if (r->spf_aligned)
		gp_strbuf_add(&buf, " spf");
	if (r->dkim_aligned)
		gp_strbuf_add(&buf, " dkim");
	assert_int_equal(gp_strbuf_finish(&buf, &text), GP_OK);
	return text;
}

/* asked: the questions since the last forgetting. */
static const char *asked(struct gp_arena *arena, const struct test_zone *zone)
{
	struct gp_strbuf buf;
	const char *text;
	gp_strbuf_init(&buf, arena, 1 << 16);
	for (size_t i = 0; test_zone_question(zone, i); i++) {
		const struct test_zone_question *q = test_zone_question(zone, i);
		if (q->type == GP_DNS_TXT)
			gp_strbuf_printf(&buf, "%s ", q->name + strlen("_dmarc."));
		else
			gp_strbuf_printf(&buf, "%s:%s ", gp_dns_type_name(q->type), q->name);
	}
	assert_int_equal(gp_strbuf_finish(&buf, &text), GP_OK);
	return text;
}

/* check_result: what holds for every one. */
static void check_result(const struct row *row, const struct gp_dmarc_result *r)
{
	bool good = r->reason ? gp_span_is_printable_ascii(gp_span_from(r->reason))
			      : r->verdict == GP_DMARC_PASS;
	good = good && r->dkim_aligned == (r->dkim != NULL);
	good = good && (r->verdict == GP_DMARC_PASS) == (r->spf_aligned || r->dkim_aligned);
	good = good && (r->verdict == GP_DMARC_FAIL || r->applied == GP_DMARC_POLICY_NONE);
	good = good && (r->domain != NULL) == (r->policy_tag != NULL);
	good = good && strcmp(r->author_domain, row->author) == 0;
	if (!good)
		fail_msg("%s: the result contradicts itself", row->rule);
}

/* check_row: one evaluation. */
static void check_row(
	const struct row *row, const struct gp_dmarc_options *options, unsigned sample)
{
	struct scene s;
	struct gp_dmarc *dmarc;
	struct gp_dmarc_found found;
	struct gp_dmarc_result r;
	set_scene(&s, row, 1 << 18);
	s.query.sample = sample;
	assert_int_equal(gp_dmarc_new(&s.ctx, options, &dmarc), GP_OK);
	assert_int_equal(gp_dmarc_discover(&s.ctx, dmarc, row->author, &found), GP_OK);
	test_zone_forget(s.zone);
	assert_int_equal(gp_dmarc_eval(&s.ctx, dmarc, &s.query, &r), GP_OK);
	const char *got = show(s.ctx.arena, &r), *names = asked(s.ctx.arena, s.zone);
	if (strcmp(got, row->want) || (row->asked && strcmp(names, row->asked)))
		fail_msg("%s: got \"%s\", wanted \"%s\"; asked %s; %s", row->rule, got, row->want,
			names, r.reason ? r.reason : "no reason");
	check_result(row, &r);
	strike_scene(&s);
}

/* check_rows: by the walk, without sampling. */
static void check_rows(const struct row *rows, size_t count)
{
	const struct gp_dmarc_options options = {.discovery = GP_DMARC_WALK};
	for (size_t i = 0; i < count; i++)
		check_row(&rows[i], &options, 0);
}

/* test_examples: appendix B.1 and B.4. */
static void test_examples(void **state)
{
	static const char psd[] = "_dmarc.bank.example TXT v=DMARC1; p=reject; psd=y\n"
				  "_dmarc.giant.bank.example TXT v=DMARC1; p=quarantine\n";
	static const char two[] = "_dmarc.example.com TXT v=DMARC1; p=none\n"
				  "_dmarc.signing.example.com TXT v=DMARC1; p=none\n";
	static const struct row rows[] = {
		{"B.1.1, 1: SPF, the same domain", REJECT, "example.com", "pass example.com", "",
			"pass p=reject spf", ""},
		{"B.1.1, 2: SPF, a child", REJECT, "example.com", "pass child.example.com", "",
			"pass p=reject spf", "child.example.com "},
		{"B.1.1, 3: SPF, another domain", REJECT, "child.example.com", "pass example.net",
			"", "fail p=reject", ""},
		{"B.1.2, 1: DKIM, the same domain", REJECT, "example.com", "none example.net",
			"pass example.com", "pass p=reject dkim", ""},
		{"B.1.2, 2: DKIM, the parent", REJECT, "child.example.com", "none example.net",
			"pass example.com", "pass p=reject dkim", ""},
		{"B.1.2, 3: DKIM, another domain", REJECT, "child.example.com", "none example.net",
			"pass example.net", "fail p=reject", ""},
		{"B.4.1: both, the signer's walk on its own", two, "example.com",
			"pass example.com", "pass signing.example.com", "pass p=none spf dkim",
			"signing.example.com "},
		{"B.4.2: a deep author", two, "a.b.c.d.e.f.g.h.i.j.k.example.com",
			"pass example.com", "pass signing.example.com", "pass p=none spf dkim",
			"signing.example.com "},
		{"B.4.3: below a public suffix", psd, "giant.bank.example",
			"pass mail.giant.bank.example", "pass mail.mega.bank.example",
			"pass p=quarantine spf", "mail.giant.bank.example "},
		{"B.4.3: a neighbour is not aligned", psd, "giant.bank.example",
			"none client.example", "pass mail.mega.bank.example", "fail p=quarantine",
			""},
	};
	(void)state;
	check_rows(rows, sizeof rows / sizeof rows[0]);
}

/*
 * test_alignment: both modes, both mechanisms, both ways (3.2.10, 4.4, 4.10.2). Strict is strict in
 * each direction (OpenDMARC issue 268).
 */
static void test_alignment(void **state)
{
	static const char mixed[] = "_dmarc.example.com TXT v=DMARC1; p=reject; adkim=s; aspf=r\n";
	static const char other[] = "_dmarc.example.com TXT v=DMARC1; p=reject; adkim=r; aspf=s\n";
	static const struct row rows[] = {
		{"strict SPF takes the same name", STRICT, "example.com", "pass example.com", "",
			"pass p=reject spf", ""},
		{"strict SPF takes no child", STRICT, "example.com", "pass a.example.com", "",
			"fail p=reject", ""},
		{"strict SPF takes no parent", STRICT, "a.example.com", "pass example.com", "",
			"fail p=reject", ""},
		{"strict DKIM takes the same name", STRICT, "example.com", "none x.test",
			"pass example.com", "pass p=reject dkim", ""},
		{"strict DKIM takes no child", STRICT, "example.com", "none x.test",
			"pass a.example.com", "fail p=reject", ""},
		{"strict DKIM takes no parent", STRICT, "a.example.com", "none x.test",
			"pass example.com", "fail p=reject", ""},
		{"adkim=s is not for SPF", mixed, "example.com", "pass a.example.com",
			"pass b.example.com", "pass p=reject spf", "a.example.com "},
		{"aspf=s is not for DKIM", other, "example.com", "pass a.example.com",
			"pass b.example.com", "pass p=reject dkim", "b.example.com "},
		{"relaxed: siblings", REJECT, "a.example.com", "pass b.example.com", "",
			"pass p=reject spf", "b.example.com "},
		{"relaxed: names in capitals", REJECT, "example.com", "pass A.Example.COM",
			"pass EXAMPLE.com", "pass p=reject spf dkim", NULL},
		{"relaxed: the end of a label is no child", REJECT, "example.com",
			"pass badexample.com", "pass com", "fail p=reject", ""},
		{"relaxed: an identifier that is its own organisation",
			REJECT "_dmarc.a.example.com TXT v=DMARC1; p=none; psd=n\n", "example.com",
			"pass a.example.com", "pass b.a.example.com", "fail p=reject",
			"a.example.com b.a.example.com "},
		{"relaxed: an author that is its own organisation",
			REJECT "_dmarc.a.example.com TXT v=DMARC1; p=reject; psd=n\n",
			"a.example.com", "pass example.com", "pass b.example.com", "fail p=reject",
			""},
		{"relaxed: only the author's own record",
			"_dmarc.a.example.com TXT v=DMARC1; p=reject\n", "a.example.com",
			"pass example.com", "pass b.a.example.com", "pass p=reject dkim",
			"b.a.example.com "},
		{"a public suffix as author and signer",
			"_dmarc.com TXT v=DMARC1; p=reject; psd=y\n", "com", "pass com",
			"pass example.com", "pass p=reject spf", "example.com "},
		{"the first aligned signature of many", REJECT, "example.com", "fail example.com",
			"pass example.net,fail example.com,pass a.example.com,pass example.com",
			"pass p=reject dkim", "a.example.com "},
		{"no domain at all", REJECT, "example.com", "pass ", "pass ,pass .",
			"fail p=reject", ""},
	};
	(void)state;
	check_rows(rows, sizeof rows / sizeof rows[0]);
}

/* test_verdicts: only a pass counts (5.3.5), and what could be one later is no failure. */
static void test_verdicts(void **state)
{
	static const char own[] = "_dmarc.a.example.com TXT v=DMARC1; p=reject\n"
				  "_dmarc.example.com SERVFAIL\n";
	static const struct row rows[] = {
		{"nothing passed", REJECT, "example.com", "fail example.com", "fail example.com",
			"fail p=reject", ""},
		{"SPF: softfail, neutral, none, permerror", REJECT, "example.com",
			"softfail example.com", "", "fail p=reject", ""},
		{"SPF neutral", REJECT, "example.com", "neutral example.com", "", "fail p=reject",
			""},
		{"SPF none", REJECT, "example.com", "none example.com", "", "fail p=reject", ""},
		{"SPF permerror", REJECT, "example.com", "permerror example.com", "",
			"fail p=reject", ""},
		{"DKIM: policy, neutral, permerror do not count", REJECT, "example.com",
			"none example.com",
			"policy example.com,neutral example.com,permerror example.com",
			"fail p=reject", ""},
		/* a timeout is never the sender's fault: OpenDMARC issue 180 */
		{"SPF temperror of the author's domain", REJECT, "example.com",
			"temperror example.com", "", "temperror p=reject", ""},
		{"SPF temperror of its organisation", REJECT, "example.com",
			"temperror a.example.com", "", "temperror p=reject", "a.example.com "},
		{"SPF temperror of another domain hides nothing", REJECT, "example.com",
			"temperror example.net", "", "fail p=reject", ""},
		/* nor when it was the key that could not be fetched: OpenDKIM issue 176 */
		{"DKIM temperror of the author's domain", REJECT, "example.com", "fail example.com",
			"temperror example.com", "temperror p=reject", ""},
		{"DKIM temperror of its organisation", REJECT, "a.example.com", "fail x.test",
			"temperror b.example.com", "temperror p=reject", "b.example.com "},
		{"DKIM temperror of another domain hides nothing", REJECT, "example.com",
			"fail example.com", "temperror example.net", "fail p=reject", ""},
		{"strict: a temperror that could never be aligned", STRICT, "example.com",
			"temperror a.example.com", "temperror a.example.com", "fail p=reject", ""},
		{"a pass goes before any temperror", REJECT, "example.com", "temperror example.com",
			"temperror example.com,pass example.com", "pass p=reject dkim", ""},
		{"no result of SPF", REJECT, "example.com", "", "", "temperror p=reject", ""},
		{"no results of DKIM", REJECT, "example.com", "fail example.com", NULL,
			"temperror p=reject", ""},
		{"no result of SPF, but a pass", REJECT, "example.com", "", "pass example.com",
			"pass p=reject dkim", ""},
		{"no results of DKIM, but a pass", REJECT, "example.com", "pass example.com", NULL,
			"pass p=reject spf", ""},
		{"a signer whose walk fails", REJECT "_dmarc.a.example.com SERVFAIL\n",
			"example.com", "fail example.com", "pass a.example.com",
			"temperror p=reject", "a.example.com "},
		{"a signer whose walk fails, of another organisation",
			REJECT "_dmarc.example.net SERVFAIL\n", "example.com", "fail example.com",
			"pass example.net", "fail p=reject", ""},
		{"trouble above the author's own record: the same name", own, "a.example.com",
			"fail x.test", "pass a.example.com", "pass p=reject dkim", ""},
		{"trouble above it: a name that may be its organisation's", own, "a.example.com",
			"fail x.test", "pass example.com", "temperror p=reject", ""},
		{"trouble above it: a name that never is", own, "a.example.com", "pass x.test",
			"pass example.net", "fail p=reject", ""},
		{"no record", "", "example.com", "pass example.com", "", "none", ""},
		{"4.10: several records", REJECT REJECT, "example.com", "fail example.com", "",
			"none", ""},
		{"4.10.1: a bad policy without rua", "_dmarc.example.com TXT v=DMARC1; p=x\n",
			"example.com", "fail example.com", "", "none", ""},
		{"4.10.1: a bad policy with rua",
			"_dmarc.example.com TXT v=DMARC1; p=reject; sp=x; rua=mailto:a@b.test\n",
			"a.example.com", "fail example.com", "", "fail p=none", ""},
		{"4.10.1: and that is p, whatever sp says",
			"_dmarc.example.com TXT v=DMARC1; p=reject; sp=reject; np=x; rua=x:y\n",
			"a.example.com", "fail example.com", "", "fail p=none", ""},
		{"trouble in the discovery", "_dmarc.example.com TIMEOUT\n", "example.com",
			"pass example.com", "pass example.com", "temperror", ""},
	};
	(void)state;
	check_rows(rows, sizeof rows / sizeof rows[0]);
}

/* test_tags: p, sp or np (4.7, 4.10.1); whether the author exists is asked where it matters. */
static void test_tags(void **state)
{
	static const char spread[] =
		"_dmarc.example.com TXT v=DMARC1; p=reject; sp=quarantine; np=none\n"
		"a.example.com A 192.0.2.1\nmx.example.com MX 10 a.example.com\n"
		"ent.example.com NODATA\nlate.example.com TIMEOUT\n";
	static const struct row rows[] = {
		{"p for the domain itself", spread, "example.com", "fail x.test", "",
			"fail p=reject", ""},
		{"sp for a child that exists", spread, "a.example.com", "fail x.test", "",
			"fail sp=quarantine", "A:a.example.com "},
		{"sp for a child without addresses", spread, "mx.example.com", "fail x.test", "",
			"fail sp=quarantine", "A:mx.example.com "},
		{"sp for a name without records", spread, "ent.example.com", "fail x.test", "",
			"fail sp=quarantine", NULL},
		{"np for one that does not exist", spread, "ghost.example.com", "fail x.test", "",
			"fail np=none", "A:ghost.example.com "},
		{"np for a child of one", spread, "a.ghost.example.com", "fail x.test", "",
			"fail np=none", NULL},
		{"np is told for a pass, too", spread, "ghost.example.com", "pass example.com", "",
			"pass np=none spf", NULL},
		{"DNS does not say whether it exists", spread, "late.example.com", "fail x.test",
			"", "temperror sp=quarantine", NULL},
		{"nor then, where np asks for more than sp",
			"_dmarc.example.com TXT v=DMARC1; p=reject; sp=none; np=reject\n"
			"late.example.com TIMEOUT\n",
			"late.example.com", "fail x.test", "", "temperror np=reject", NULL},
		{"nor does that matter for a pass", spread, "late.example.com", "pass example.com",
			"", "pass sp=quarantine spf", NULL},
		{"np like sp: not asked",
			"_dmarc.example.com TXT v=DMARC1; p=none; sp=reject; np=reject\n",
			"ghost.example.com", "fail x.test", "", "fail sp=reject", ""},
		{"np like p, no sp: not asked",
			"_dmarc.example.com TXT v=DMARC1; p=reject; np=reject\n",
			"ghost.example.com", "fail x.test", "", "fail p=reject", ""},
		{"np beside p", "_dmarc.example.com TXT v=DMARC1; p=none; np=reject\n",
			"ghost.example.com", "fail x.test", "", "fail np=reject",
			"A:ghost.example.com "},
		{"no np: sp", "_dmarc.example.com TXT v=DMARC1; p=none; sp=reject\n",
			"ghost.example.com", "fail x.test", "", "fail sp=reject", ""},
		{"no np, no sp: p", REJECT, "ghost.a.example.com", "fail x.test", "",
			"fail p=reject", ""},
		{"the author's own record means its p",
			"_dmarc.b.example.com TXT v=DMARC1; p=quarantine; sp=reject; np=reject\n"
			"_dmarc.example.com TXT v=DMARC1; p=reject; sp=none\n",
			"b.example.com", "fail x.test", "", "fail p=quarantine", ""},
		{"a public suffix: sp",
			"_dmarc.bank.example TXT v=DMARC1; p=none; sp=reject; psd=y\n",
			"mega.bank.example", "fail x.test", "", "fail sp=reject", ""},
		{"a public suffix: np",
			"_dmarc.bank.example TXT v=DMARC1; p=none; np=reject; psd=y\n",
			"mega.bank.example", "fail x.test", "", "fail np=reject",
			"A:mega.bank.example "},
	};
	(void)state;
	check_rows(rows, sizeof rows / sizeof rows[0]);
}

/* test_testing: t=y is one level less (4.7 t). */
static void test_testing(void **state)
{
	static const struct row rows[] = {
		{"reject", "_dmarc.example.com TXT v=DMARC1; p=reject; t=y\n", "example.com",
			"fail x.test", "", "fail p=reject applied=quarantine", ""},
		{"quarantine", "_dmarc.example.com TXT v=DMARC1; p=quarantine; t=y\n",
			"example.com", "fail x.test", "", "fail p=quarantine applied=none", ""},
		{"none", "_dmarc.example.com TXT v=DMARC1; p=none; t=y\n", "example.com",
			"fail x.test", "", "fail p=none", ""},
		{"sp", "_dmarc.example.com TXT v=DMARC1; p=none; sp=reject; t=y\n", "a.example.com",
			"fail x.test", "", "fail sp=reject applied=quarantine", ""},
		{"t=n", "_dmarc.example.com TXT v=DMARC1; p=reject; t=n\n", "example.com",
			"fail x.test", "", "fail p=reject", ""},
		{"a pass", "_dmarc.example.com TXT v=DMARC1; p=reject; t=y\n", "example.com",
			"pass example.com", "", "pass p=reject spf", ""},
	};
	(void)state;
	check_rows(rows, sizeof rows / sizeof rows[0]);
}

/* test_pct: RFC 7489 6.6.4 at each edge, off and on, and beside t=y. */
static void test_pct(void **state)
{
	static const struct {
		const char *tags;
		bool honour;
		unsigned sample;
		const char *want;
	} rows[] = {
		{"p=reject; pct=30", true, 29, "fail p=reject"},
		{"p=reject; pct=30", true, 30, "fail p=reject applied=quarantine"},
		{"p=quarantine; pct=30", true, 99, "fail p=quarantine applied=none"},
		{"p=none; pct=0", true, 0, "fail p=none"},
		{"p=reject; pct=0", true, 0, "fail p=reject applied=quarantine"},
		{"p=reject; pct=100", true, 99, "fail p=reject"},
		{"p=reject; pct=x", true, 99, "fail p=reject"},
		{"p=reject; pct=0", false, 99, "fail p=reject"},
		{"p=reject; pct=0; t=y", true, 99, "fail p=reject applied=quarantine"},
		{"p=reject; pct=50; t=y", true, 0, "fail p=reject applied=quarantine"},
		{"p=reject; pct=0; t=y", false, 99, "fail p=reject applied=quarantine"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct gp_dmarc_options options = {.pct = rows[i].honour};
		char zone[128] = "_dmarc.example.com TXT v=DMARC1; ";
		assert_true(strlen(zone) + strlen(rows[i].tags) < sizeof zone);
		strcat(zone, rows[i].tags);
		const struct row row = {
			rows[i].tags, zone, "example.com", "fail x.test", "", rows[i].want, NULL};
		check_row(&row, &options, rows[i].sample);
	}
}

/* test_sampled: what pct leaves is told beside what is applied. */
static void test_sampled(void **state)
{
	const struct gp_dmarc_options options = {.pct = true};
	const struct row row = {"", "_dmarc.example.com TXT v=DMARC1; p=reject; pct=10; t=y\n",
		"example.com", "fail x.test", "", "", NULL};
	struct scene s;
	struct gp_dmarc *dmarc;
	struct gp_dmarc_result r;
	(void)state;
	set_scene(&s, &row, 1 << 18);
	assert_int_equal(gp_dmarc_new(&s.ctx, &options, &dmarc), GP_OK);
	s.query.sample = 9;
	assert_int_equal(gp_dmarc_eval(&s.ctx, dmarc, &s.query, &r), GP_OK);
	assert_int_equal(r.sampled, GP_DMARC_POLICY_REJECT);
	assert_int_equal(r.applied, GP_DMARC_POLICY_QUARANTINE);
	s.query.sample = 10;
	assert_int_equal(gp_dmarc_eval(&s.ctx, dmarc, &s.query, &r), GP_OK);
	assert_int_equal(r.sampled, GP_DMARC_POLICY_QUARANTINE);
	assert_int_equal(r.record.pct, 10);
	assert_string_equal(r.domain, "example.com");
	assert_string_equal(r.org_domain, "example.com");
	strike_scene(&s);
}

/* test_one_round: all walks of a message's identifiers are one call. */
static void test_one_round(void **state)
{
	const struct gp_dmarc_options options = {.discovery = GP_DMARC_WALK};
	const struct row row = {"", REJECT, "a.example.com", "pass b.example.com",
		"pass c.example.com,pass d.e.example.com,pass c.example.com,pass example.com", "",
		NULL};
	struct scene s;
	struct gp_dmarc *dmarc;
	struct gp_dmarc_result r;
	(void)state;
	set_scene(&s, &row, 1 << 18);
	assert_int_equal(gp_dmarc_new(&s.ctx, &options, &dmarc), GP_OK);
	assert_int_equal(gp_dmarc_eval(&s.ctx, dmarc, &s.query, &r), GP_OK);
	assert_string_equal(asked(s.ctx.arena, s.zone),
		"a.example.com example.com com b.example.com c.example.com d.e.example.com "
		"e.example.com ");
	assert_int_equal(test_zone_calls(s.zone), 2);
	assert_true(r.dkim == &s.signatures[0]);
	strike_scene(&s);
}

/* test_reasons: why, for the log: which part failed is what people ask (OpenDMARC issue 202). */
static void test_reasons(void **state)
{
	static const struct {
		const char *zone, *spf, *dkim, *reason;
	} rows[] = {
		{REJECT, "pass example.com", "", NULL},
		{REJECT, "fail example.com", "fail example.com", "neither SPF nor DKIM passed"},
		{REJECT, "pass x.test", "",
			"the domain that passed is not aligned with the author's"},
		{REJECT, "fail x.test", "pass x.test",
			"the domain that passed is not aligned with the author's"},
		{REJECT, "temperror example.com", "", "SPF had a temporary error"},
		{REJECT, "fail example.com", "temperror example.com",
			"a DKIM signature had a temporary error"},
		{REJECT, "", "", "SPF could not be judged"},
		{REJECT, "fail x.test", NULL, "DKIM was not judged"},
		{REJECT "_dmarc.a.example.com SERVFAIL\n", "pass a.example.com", "",
			"DNS did not answer whether the domain that passed is aligned with the "
			"author's"},
		{"", "pass example.com", "", "the author's domain has no policy record"},
		{REJECT REJECT, "pass example.com", "",
			"there are several policy records at one name, so none applies"},
		{"_dmarc.example.com SERVFAIL\n", "pass example.com", "",
			"DNS did not answer for a policy record"},
	};
	const struct gp_dmarc_options options = {.discovery = GP_DMARC_WALK};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row row = {
			"", rows[i].zone, "example.com", rows[i].spf, rows[i].dkim, "", NULL};
		struct scene s;
		struct gp_dmarc *dmarc;
		struct gp_dmarc_result r;
		set_scene(&s, &row, 1 << 18);
		assert_int_equal(gp_dmarc_new(&s.ctx, &options, &dmarc), GP_OK);
		assert_int_equal(gp_dmarc_eval(&s.ctx, dmarc, &s.query, &r), GP_OK);
		if (rows[i].reason ? !r.reason || strcmp(r.reason, rows[i].reason)
				   : r.reason != NULL)
			fail_msg("wanted %s, got %s", rows[i].reason, r.reason);
		strike_scene(&s);
	}
}

/* take_line: counts the lines of a trace. */
static void take_line(void *arg, unsigned depth, const char *text)
{
	(void)depth;
	(void)text;
	++*(unsigned *)arg;
}

/* test_trace: a line for each name and one for the verdict. */
static void test_trace(void **state)
{
	const struct gp_dmarc_options options = {.discovery = GP_DMARC_WALK};
	const struct row row = {"", REJECT "_dmarc.com SERVFAIL\n", "a.example.com",
		"pass example.com", "", "", NULL};
	unsigned lines = 0;
	const struct gp_trace trace = {take_line, &lines};
	struct scene s;
	struct gp_dmarc *dmarc;
	struct gp_dmarc_result r;
	(void)state;
	set_scene(&s, &row, 1 << 18);
	s.ctx.trace = &trace;
	assert_int_equal(gp_dmarc_new(&s.ctx, &options, &dmarc), GP_OK);
	assert_int_equal(gp_dmarc_eval(&s.ctx, dmarc, &s.query, &r), GP_OK);
	assert_int_equal(lines, 4);
	strike_scene(&s);
}

/* test_ceiling: an arena without room says so, at every size. */
static void test_ceiling(void **state)
{
	const struct gp_dmarc_options options = {.discovery = GP_DMARC_WALK};
	const struct row row = {"",
		"_dmarc.example.com TXT v=DMARC1; p=none; np=reject\na.example.com A 192.0.2.1\n",
		"a.example.com", "pass b.example.com", "temperror c.example.com", "", NULL};
	bool done = false;
	(void)state;
	for (size_t ceiling = 0; ceiling < 32768 && !done; ceiling += 64) {
		struct scene s;
		struct gp_dmarc *dmarc;
		struct gp_dmarc_result r;
		set_scene(&s, &row, ceiling);
		int rc = gp_dmarc_new(&s.ctx, &options, &dmarc);
		if (!rc)
			rc = gp_dmarc_eval(&s.ctx, dmarc, &s.query, &r);
		assert_true(rc == GP_OK || rc == GP_ETOOBIG);
		done = rc == GP_OK;
		strike_scene(&s);
	}
	assert_true(done);
}

/* test_names: the words of RFC 8601 and of records; never NULL. */
static void test_names(void **state)
{
	(void)state;
	assert_string_equal(gp_dmarc_verdict_name(GP_DMARC_NONE), "none");
	assert_string_equal(gp_dmarc_verdict_name(GP_DMARC_PERMERROR), "permerror");
	assert_string_equal(gp_dmarc_verdict_name((enum gp_dmarc_verdict)99), "unknown");
	assert_string_equal(gp_dmarc_policy_name(GP_DMARC_POLICY_QUARANTINE), "quarantine");
	assert_string_equal(gp_dmarc_policy_name((enum gp_dmarc_policy)99), "unknown");
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_alignment),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_testing),
		cmocka_unit_test(test_pct),
		cmocka_unit_test(test_sampled),
		cmocka_unit_test(test_one_round),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_trace),
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_names),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
