/* SPDX-License-Identifier: ISC */
/* What a chain of seals does for a message: when it is looked at, what it excuses, what it may. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "engine/record.h"
#include "support/judge.h"
#include "support/arc_sealer.h"
#include "support/zone.h"

#define HEADER "From: a@good.test\r\nSubject: one\r\n"
#define BODY "Hello\r\n"
#define VOUCHES "x; dmarc=pass header.from=good.test"
#define TRUST "arc { trusted_sealers = {\"t1.test\", \"t2.test\", \"dead.test\"} }\n"

static const char zone_text[] = "_dmarc.good.test TXT v=DMARC1; p=reject\n"
				"good.test TXT v=spf1 ip4:192.0.2.0/24 -all\n"
				"_dmarc.quar.test TXT v=DMARC1; p=quarantine\n"
				"_dmarc.none.test TXT v=DMARC1; p=none\n"
				"_dmarc.mute.test TIMEOUT ANY\n"
				"s._domainkey.dead.test TIMEOUT ANY\n"
				"s._domainkey.lost.test TIMEOUT ANY\n";

static struct test_key *key;

/* One message. */
struct row {
	const char *rule; /* the rule that is tested */
	const char *config;
	const char *client;
	const char *header;
	const char *sealers;  /* oldest first, blanks between */
	const char *results;  /* of each set */
	const char *decision; /* rule of the verdict, then its action */
	const char *arc;      /* result, "" when the chain was not checked */
};

/* make_key: once for all. */
static int make_key(void **state)
{
	(void)state;
	key = test_key_new(TEST_KEY_ED25519, 0);
	return key ? 0 : -1;
}

/* free_key: the end of it. */
static int free_key(void **state)
{
	(void)state;
	test_key_free(key);
	return 0;
}

/* read_body: BODY, then the end. */
static int read_body(void *arg, char *buffer, size_t size, size_t *got_out)
{
	struct gp_span *left = arg;
	*got_out = left->len < size ? left->len : size;
	if (*got_out)
		memcpy(buffer, left->ptr, *got_out);
	*left = gp_span_skip(*left, *got_out);
	return GP_OK;
}

/* seal: the row's header under a set of each sealer. */
static struct test_sealed *seal(const struct row *row)
{
	struct test_sealed *m = test_sealed_new(row->header, BODY);
	struct gp_span one, rest = gp_span_from(row->sealers);
	while (rest.len) {
		char domain[64];
		(void)gp_span_cut(rest, ' ', &one, &rest);
		snprintf(domain, sizeof domain, "%.*s", (int)one.len, one.ptr);
		test_sealed_add(m, &(struct test_set) {.key = key,
					   .algorithm = "ed25519-sha256",
					   .domain = domain,
					   .results = row->results});
	}
	return m;
}

/* new_zone: records and the sealers' keys. */
static struct test_zone *new_zone(void)
{
	static const char *const sealers[] = {"t1.test", "t2.test", "other.test"};
	struct test_zone *zone = test_zone_new();
	test_zone_lines(zone, zone_text);
	for (size_t i = 0; i < sizeof sealers / sizeof sealers[0]; i++) {
		char name[64];
		snprintf(name, sizeof name, "s._domainkey.%s", sealers[i]);
		test_zone_add_text(zone, name, GP_DNS_TXT, gp_span_from(test_key_record(key)));
	}
	return zone;
}

/* What a row came to; the texts last until the end. */
struct scene {
	struct gp_config *config;
	struct gp_crypto_digest *digest;
	struct test_zone *zone;
	struct gp_arena *arena;
	struct gp_facts f;
	struct gp_verdict v;
};

/* judge: the engine over a row. */
static void judge(struct scene *s, const struct row *row, bool every_check)
{
	struct gp_config_errors errors = {0};
	struct gp_message message;
	struct gp_span left = gp_span_from(BODY);
	const struct gp_message_body body = {read_body, &left, GP_MESSAGE_CRLF};
	struct gp_envelope e = {
		.helo = gp_span_from("h.test"), .sender = gp_span_from("list@forward.test")};
	*s = (struct scene) {.zone = new_zone(), .arena = gp_arena_new(1 << 20)};
	if (gp_config_parse(gp_span_from(row->config), "t.conf", &s->config, &errors))
		fail_msg("%s", errors.text);
	gp_config_errors_fini(&errors);
	assert_int_equal(gp_crypto_digest_new(&s->digest), GP_OK);
	assert_int_equal(gp_ipaddr_parse(gp_span_from(row->client), &e.client), GP_OK);
	if (strcmp(row->client, "192.0.2.1") == 0)
		e.sender = gp_span_from("a@good.test");
	struct test_sealed *m = seal(row);
	struct gp_ctx ctx = {.arena = s->arena,
		.clock = test_zone_clock(s->zone),
		.dns = test_zone_dns(s->zone),
		.deadline_us = INT64_MAX};
	assert_int_equal(gp_message_parse(s->arena, gp_span_from(test_sealed_header(m)),
				 GP_MESSAGE_CRLF, &message),
		GP_OK);
	const struct gp_mail mail = {.digest = s->digest, .message = &message, .body = &body};
	assert_int_equal(
		test_judge_message(&ctx, s->config, &e, &mail, every_check, &s->f, &s->v), GP_OK);
	test_sealed_free(m);
}

/* strike: frees all. */
static void strike(struct scene *s)
{
	gp_arena_free(s->arena);
	gp_crypto_digest_free(s->digest);
	gp_config_free(s->config);
	test_zone_free(s->zone);
}

/* check_rows: decision and chain of each. */
static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct scene s;
		char decision[128];
		judge(&s, &rows[i], false);
		snprintf(decision, sizeof decision, "%s %s", s.v.rule,
			gp_engine_action_name(s.v.action));
		const char *arc = s.f.has_arc ? gp_arc_verdict_name(s.f.arc.verdict) : "";
		if (strcmp(decision, rows[i].decision) || strcmp(arc, rows[i].arc))
			fail_msg(
				"%s: %s, arc \"%s\": %s", rows[i].rule, decision, arc, s.v.summary);
		strike(&s);
	}
}

#define OUT "198.51.100.1"
#define OURS "192.0.2.1"

/* test_override: a DMARC failure is excused by trusted sealers that saw the author pass, only. */
static void test_override(void **state)
{
	static const struct row rows[] = {
		{"a trusted sealer that saw it pass", TRUST, OUT, HEADER, "t1.test", VOUCHES,
			"arc accept", "pass"},
		{"all of several are trusted", TRUST, OUT, HEADER, "t1.test t2.test", VOUCHES,
			"arc accept", "pass"},
		{"the newest is not", TRUST, OUT, HEADER, "t1.test other.test", VOUCHES,
			"dmarc.on_reject reject", "pass"},
		{"an older one is not, behind the one that is used", TRUST, OUT, HEADER,
			"other.test t1.test", VOUCHES, "arc accept", "pass"},
		{"none is", TRUST, OUT, HEADER, "other.test", VOUCHES, "dmarc.on_reject reject",
			"pass"},
		{"it saw another author pass", TRUST, OUT, HEADER, "t1.test",
			"x; dmarc=pass header.from=evil.test", "dmarc.on_reject reject", "pass"},
		{"it saw the author fail", TRUST, OUT, HEADER, "t1.test",
			"x; dmarc=fail header.from=good.test", "dmarc.on_reject reject", "pass"},
		{"it saw SPF and DKIM pass, which says nothing of the author", TRUST, OUT, HEADER,
			"t1.test",
			"x; spf=pass smtp.mailfrom=good.test; dkim=pass header.d=good.test",
			"dmarc.on_reject reject", "pass"},
		{"quarantine is excused as well", TRUST, OUT,
			"From: a@quar.test\r\nSubject: one\r\n", "t1.test",
			"x; dmarc=pass header.from=quar.test", "arc accept", "pass"},
		{"nothing was to be excused", TRUST, OUT, "From: a@none.test\r\nSubject: one\r\n",
			"t1.test", "x; dmarc=pass header.from=none.test", "default accept", "pass"},
		{"two authors are not excused", TRUST, OUT,
			"From: a@good.test\r\nSubject: one\r\nFrom: b@good.test\r\n", "t1.test",
			VOUCHES, "dmarc.on_unreadable_from reject", ""},
	};
	(void)state;
	check_rows(rows, sizeof rows / sizeof rows[0]);
}

/* test_modes: off, label, enforce; on-failure, always, never. */
static void test_modes(void **state)
{
#define MODE(words) "arc {\ntrusted_sealers = {\"t1.test\"}\n" words "\n}\n"
	static const struct row rows[] = {
		{"off", MODE("mode = off"), OUT, HEADER, "t1.test", VOUCHES,
			"dmarc.on_reject reject", ""},
		{"label", MODE("mode = label"), OUT, HEADER, "t1.test", VOUCHES,
			"dmarc.on_reject reject", "pass"},
		{"enforce", MODE("mode = enforce"), OUT, HEADER, "t1.test", VOUCHES, "arc accept",
			"pass"},
		{"never", MODE("evaluate = never"), OUT, HEADER, "t1.test", VOUCHES,
			"dmarc.on_reject reject", ""},
		{"on-failure, and none", MODE("evaluate = on-failure"), OURS, HEADER, "t1.test",
			VOUCHES, "default accept", ""},
		{"always", MODE("evaluate = always"), OURS, HEADER, "t1.test", VOUCHES,
			"default accept", "pass"},
		{"further sealers", MODE("more_sealers = {\"other.test\"}"), OUT, HEADER,
			"t1.test other.test", VOUCHES, "arc accept", "pass"},
		{"subdomains do not count", "arc {\ntrusted_sealers = {\"test\"}\n}\n", OUT, HEADER,
			"t1.test", VOUCHES, "dmarc.on_reject reject", "pass"},
		{"subdomains count where configured",
			"arc {\ntrusted_sealers = {\"test\"}\nsubdomains = yes\n}\n", OUT, HEADER,
			"t1.test", VOUCHES, "arc accept", "pass"},
	};
	(void)state;
	check_rows(rows, sizeof rows / sizeof rows[0]);
}

/* test_no_questions: when all is well no question is asked for the chain. */
static void test_no_questions(void **state)
{
	static const struct row row = {"", TRUST, OURS, HEADER, "t1.test", VOUCHES, "", ""};
	struct scene s;
	(void)state;
	judge(&s, &row, false);
	assert_int_equal(s.f.dmarc.verdict, GP_DMARC_PASS);
	for (size_t i = 0; i < test_zone_asked(s.zone, TEST_ZONE_ANY); i++)
		assert_null(strstr(test_zone_question(s.zone, i)->name, "_domainkey"));
	strike(&s);
}

/* test_every_check: the operator sees the chain in any case. */
static void test_every_check(void **state)
{
	static const struct row row = {
		"", "arc { mode = off }", OURS, HEADER, "t1.test", VOUCHES, "", ""};
	struct scene s;
	(void)state;
	judge(&s, &row, true);
	assert_true(s.f.has_arc);
	assert_int_equal(s.f.arc.verdict, GP_ARC_PASS);
	strike(&s);
}

/* test_later: DNS did not answer for the key of a trusted seal: it may vouch later, so nothing is
 * refused for good; what only a stranger would say is refused now. */
static void test_later(void **state)
{
	static const struct row rows[] = {
		{"the key of a trusted sealer", TRUST, OUT, HEADER, "dead.test", VOUCHES,
			"dmarc.on_temperror defer", "fail"},
		{"of an older one", TRUST, OUT, HEADER, "dead.test t1.test", VOUCHES,
			"dmarc.on_temperror defer", "fail"},
		{"a stranger's", TRUST, OUT, HEADER, "lost.test", VOUCHES, "dmarc.on_reject reject",
			"fail"},
		{"a stranger sealed last", TRUST, OUT, HEADER, "dead.test other.test", VOUCHES,
			"dmarc.on_reject reject", "fail"},
		{"where temporary errors are let in a failure is none",
			TRUST "dmarc { on_temperror = accept }", OUT, HEADER, "dead.test", VOUCHES,
			"dmarc.on_reject reject", "fail"},
		{"where nothing would be done", TRUST "dmarc { on_reject = accept }", OUT, HEADER,
			"dead.test", VOUCHES, "dmarc.on_reject accept", "fail"},
		{"where nothing is asked for", TRUST, OUT, "From: a@none.test\r\nSubject: one\r\n",
			"dead.test", VOUCHES, "default accept", "fail"},
		{"a chain that is for the header only",
			"arc {\ntrusted_sealers = {\"dead.test\"}\nmode = label\n}\n", OUT, HEADER,
			"dead.test", VOUCHES, "dmarc.on_reject reject", "fail"},
		{"a key that is not there is no trouble", TRUST, OUT, HEADER, "t1.test gone.test",
			VOUCHES, "dmarc.on_reject reject", "fail"},
	};
	(void)state;
	check_rows(rows, sizeof rows / sizeof rows[0]);
}

/* test_texts: the field and the line for the log say who vouched, the reply why it waits. */
static void test_texts(void **state)
{
	static const struct row vouched = {"", TRUST, OUT, HEADER, "t1.test", VOUCHES, "", ""};
	static const struct row later = {"", TRUST, OUT, HEADER, "dead.test", VOUCHES, "", ""};
	struct scene s;
	(void)state;
	judge(&s, &vouched, false);
	assert_string_equal(s.v.override, "arc");
	assert_non_null(strstr(s.v.results, "not applied: arc"));
	assert_non_null(strstr(s.v.results, "arc=pass (i=1, sealed by t1.test)"));
	assert_non_null(strstr(s.v.results, "policy.dmarc=none"));
	assert_non_null(strstr(s.v.summary, "vouched_by=t1.test"));
	strike(&s);
	judge(&s, &later, false);
	assert_non_null(strstr(s.v.reply, "451 4.7.26 "));
	assert_non_null(strstr(s.v.reply, "DNS did not answer the query for the key"));
	strike(&s);
}

/* main: all of the above. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_override),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_no_questions),
		cmocka_unit_test(test_every_check),
		cmocka_unit_test(test_later),
		cmocka_unit_test(test_texts),
	};
	return cmocka_run_group_tests_name("engine_arc", tests, make_key, free_key);
}
