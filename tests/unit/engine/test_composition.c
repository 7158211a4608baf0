/* SPDX-License-Identifier: ISC */
/*
 * "Composition Kills" (Chen, Paxson, Jiang, USENIX Security 2020) as whole messages:
 * each attack makes two components of a mail system see two senders. attack.test is the attacker's,
 * with SPF, DKIM and DMARC in order; legitimate.test is what the victim is to see, and asks for
 * reject. The client is the attacker's server unless a row says otherwise.
 *
 * Wherever a reader might see legitimate.test as the author, the message has to be refused; where
 * only attack.test is in From, the verdict has to be about attack.test.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "engine/record.h"
#include "support/judge.h"
#include "mail/authres.h"
#include "support/signer.h"
#include "support/zone.h"

#define SPAN(literal)                       \
	{                                   \
		literal, sizeof literal - 1 \
	}
#define ATTACKER "192.0.2.1"
#define REFUSED "dmarc.on_reject"
#define BAD "dmarc.on_unreadable_from"
#define SEVERAL "dmarc.on_several_domains"
#define REST "To: <victim@victim.test>\r\nSubject: hello\r\n"

static const char body_text[] = "Hello\r\n";
static const char zone_text[] = "legitimate.test TXT v=spf1 ip4:203.0.113.0/24 -all\n"
				"_dmarc.legitimate.test TXT v=DMARC1; p=reject\n"
				"attack.test TXT v=spf1 ip4:192.0.2.0/24 -all\n"
				"*.attack.test TXT v=spf1 ip4:192.0.2.0/24 -all\n"
				"_dmarc.attack.test TXT v=DMARC1; p=none\n";

/* The attacker's key, which the zone has wherever the attacker may publish; the victim's. */
static struct test_key *attackers, *victims;

/* One attack. */
struct row {
	const char *attack;
	const char *helo;
	struct gp_span sender; /* as the MTA hands it over, brackets off */
	struct gp_span header; /* CRLF */
	const char *rule;      /* what refuses it; NULL: it is accepted as attack.test's */
	const char *signed_by; /* tags of a signature by the attacker over signed_header; NULL */
	const char *signed_header;
};

/* One message under examination. */
struct scene {
	struct test_zone *zone;
	struct gp_config *config;
	struct gp_crypto_digest *digest;
	struct gp_ctx ctx;
	struct gp_facts f;
	struct gp_verdict v;
};

/* make_keys: once for all. */
static int make_keys(void **state)
{
	(void)state;
	attackers = test_key_new(TEST_KEY_ED25519, 0);
	victims = test_key_new(TEST_KEY_ED25519, 0);
	return attackers && victims ? 0 : -1;
}

/* free_keys: the end of them. */
static int free_keys(void **state)
{
	(void)state;
	test_key_free(attackers);
	test_key_free(victims);
	return 0;
}

/* add_key: a key under a selector's name. */
static void add_key(struct test_zone *zone, const char *name, const struct test_key *key)
{
	test_zone_add_text(zone, name, GP_DNS_TXT, gp_span_from(test_key_record(key)));
}

/* scene_begin: the zone and the configuration as it is without a file. */
static void scene_begin(struct scene *s)
{
	struct gp_config_errors errors = {0};
	*s = (struct scene) {.zone = test_zone_new()};
	if (gp_config_parse(gp_span_from("hostname = mx.test"), "t.conf", &s->config, &errors))
		fail_msg("%s", errors.text);
	gp_config_errors_fini(&errors);
	test_zone_lines(s->zone, zone_text);
	add_key(s->zone, "selector._domainkey.attack.test", attackers);
	add_key(s->zone, "selector._domainkey.legitimate.test'a.attack.test", attackers);
	add_key(s->zone, "selector._domainkey.legitimate.test", victims);
	assert_int_equal(gp_crypto_digest_new(&s->digest), GP_OK);
	s->ctx = (struct gp_ctx) {.arena = gp_arena_new(1 << 20),
		.clock = test_zone_clock(s->zone),
		.dns = test_zone_dns(s->zone),
		.deadline_us = INT64_MAX};
}

/* scene_end: frees all. */
static void scene_end(struct scene *s)
{
	gp_arena_free(s->ctx.arena);
	gp_crypto_digest_free(s->digest);
	gp_config_free(s->config);
	test_zone_free(s->zone);
}

/* read_body: body_text, then the end. */
static int read_body(void *arg, char *buffer, size_t size, size_t *got_out)
{
	struct gp_span *left = arg;
	*got_out = left->len < size ? left->len : size;
	if (*got_out)
		memcpy(buffer, left->ptr, *got_out);
	*left = gp_span_skip(*left, *got_out);
	return GP_OK;
}

/* judge: the engine over one message. */
static void judge(struct scene *s, const char *helo, struct gp_span sender, struct gp_span header)
{
	struct gp_span left = gp_span_from(body_text);
	struct gp_message message;
	const struct gp_message_body body = {read_body, &left, GP_MESSAGE_CRLF};
	struct gp_envelope e = {.helo = gp_span_from(helo), .sender = sender};
	const struct gp_mail mail = {.digest = s->digest, .message = &message, .body = &body};
	assert_int_equal(gp_ipaddr_parse(gp_span_from(ATTACKER), &e.client), GP_OK);
	assert_int_equal(gp_message_parse(s->ctx.arena, header, GP_MESSAGE_CRLF, &message), GP_OK);
	assert_int_equal(
		test_judge_message(&s->ctx, s->config, &e, &mail, false, &s->f, &s->v), GP_OK);
}

/* join: two texts, the first one a field without its line end. */
static struct gp_span join(struct gp_arena *arena, struct gp_span field, struct gp_span header)
{
	struct gp_strbuf buf;
	const char *text;
	gp_strbuf_init(&buf, arena, 1 << 16);
	gp_strbuf_add_span(&buf, field);
	gp_strbuf_add(&buf, "\r\n");
	gp_strbuf_add_span(&buf, header);
	assert_int_equal(gp_strbuf_finish(&buf, &text), GP_OK);
	return (struct gp_span) {text, buf.len};
}

/* add_signature: the header with a signature above it. */
static struct gp_span add_signature(struct gp_arena *arena, const struct test_key *key,
	const char *tags, const char *signed_header, struct gp_span header)
{
	char *field =
		test_sign(key, "DKIM-Signature", tags, signed_header, gp_span_from(body_text));
	struct gp_span all = join(arena, gp_span_from(field), header);
	free(field);
	return all;
}

/* is_legitimate: does a mailbox or domain name legitimate.test or what is below it? */
static bool is_legitimate(struct gp_span value)
{
	ptrdiff_t at = gp_span_find_last(value, '@');
	return gp_dns_name_is_within(
		gp_span_skip(value, (size_t)(at + 1)), gp_span_from("legitimate.test"));
}

/* check_results: the field that goes on to others is one, and lets nothing of legitimate.test pass
 * (A4 to A6: what is handed over may not end early in it). */
static void check_results(const char *attack, struct scene *s)
{
	struct gp_authres a;
	if (gp_authres_parse(s->ctx.arena, gp_span_from(s->v.results), &a) != GP_OK ||
		!gp_span_is(a.authserv_id, "mx.test"))
		fail_msg("%s: %s", attack, s->v.results);
	for (size_t i = 0; i < a.count; i++) {
		const struct gp_authres_result *r = &a.results[i];
		for (size_t j = 0; j < r->count && gp_span_is(r->result, "pass"); j++)
			if (is_legitimate(r->properties[j].value))
				fail_msg("%s: %s", attack, s->v.results);
	}
	for (const char *p = s->v.results; *p; p++)
		if ((unsigned char)*p < ' ' && *p != '\n' && *p != '\t')
			fail_msg("%s: a control byte in the results", attack);
}

/* check_row: refused by the rule that it should be, or taken for attack.test's. */
static void check_row(const struct row *row)
{
	struct scene s;
	scene_begin(&s);
	struct gp_span header = row->header;
	if (row->signed_by)
		header = add_signature(
			s.ctx.arena, attackers, row->signed_by, row->signed_header, header);
	judge(&s, row->helo ? row->helo : "helo.attack.test", row->sender, header);
	const char *rule = row->rule ? row->rule : "default";
	enum gp_action action = row->rule ? GP_ACTION_REJECT : GP_ACTION_ACCEPT;
	if (strcmp(s.v.rule, rule) || s.v.action != action)
		fail_msg("%s: wanted %s: %s", row->attack, rule, s.v.summary);
	if (!row->rule && strcmp(s.f.author_domain, "attack.test"))
		fail_msg("%s: the author is %s", row->attack, s.f.author_domain);
	if (is_legitimate(gp_span_from(s.f.author_domain)))
		assert_int_equal(s.f.dmarc.verdict, GP_DMARC_FAIL);
	check_results(row->attack, &s);
	scene_end(&s);
}

/* test_envelope: A1, A2, A5 to A7: what SPF judged is not what DMARC compares. */
static void test_envelope(void **state)
{
	static const struct gp_span header = SPAN("From: <admin@legitimate.test>\r\n" REST);
	const struct row rows[] = {
		{"A1: MAIL FROM at a name that does not exist", NULL,
			SPAN("any@notexist.legitimate.test"), header, REFUSED, NULL, NULL},
		{"A2: MAIL FROM that another reader takes for empty", "attack.test",
			SPAN("(any@legitimate.test"), header, REFUSED, NULL, NULL},
		{"A2: MAIL FROM empty, HELO in order", "attack.test", SPAN(""), header, REFUSED,
			NULL, NULL},
		{"A2: MAIL FROM in order, HELO forged", "legitimate.test", SPAN("any@attack.test"),
			header, REFUSED, NULL, NULL},
		{"A5: a parenthesis in the domain", NULL, SPAN("any@legitimate.test(a.attack.test"),
			header, REFUSED, NULL, NULL},
		{"A5: a quote in the domain", NULL, SPAN("any@legitimate.test'a.attack.test"),
			header, REFUSED, NULL, NULL},
		{"A5: a semicolon in the domain", NULL,
			SPAN("any@legitimate.test;dmarc=pass.attack.test"), header, REFUSED, NULL,
			NULL},
		{"A6: a quote and another @", NULL, SPAN("any@legitimate.test'@any.attack.test"),
			header, REFUSED, NULL, NULL},
		{"A6: a double quote and another @", NULL,
			SPAN("\"any@legitimate.test\"@any.attack.test"), header, REFUSED, NULL,
			NULL},
		{"A7: a route", NULL, SPAN("@legitimate.test,@any.test:'any@attack.test"), header,
			REFUSED, NULL, NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check_row(&rows[i]);
}

/* test_signatures: A4, and the attacker's own signature beside a forged author. */
static void test_signatures(void **state)
{
	static const char from[] = "From: <admin@legitimate.test>\r\n";
	const struct gp_span sender = SPAN("any@attack.test");
	const struct gp_span header = SPAN("From: <admin@legitimate.test>\r\n" REST);
	const struct row rows[] = {
		{"a valid signature of another domain", NULL, sender, header, REFUSED,
			"v=1; a=ed25519-sha256; d=attack.test; s=selector; h=from", from},
		{"A4: a domain with a quote", NULL, sender, header, REFUSED,
			"v=1; a=ed25519-sha256; d=legitimate.test'a.attack.test; s=selector; "
			"h=from",
			from},
		{"A4: a domain with a parenthesis", NULL, sender, header, REFUSED,
			"v=1; a=ed25519-sha256; d=legitimate.test(.attack.test; s=selector; h=from",
			from},
		{"an identity of another domain", NULL, sender, header, REFUSED,
			"v=1; a=ed25519-sha256; d=attack.test; i=admin@legitimate.test; "
			"s=selector; h=from",
			from},
		{"a selector that leads elsewhere", NULL, sender, header, REFUSED,
			"v=1; a=ed25519-sha256; d=legitimate.test; "
			"s=selector._domainkey.attack.test.; h=from",
			from},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check_row(&rows[i]);
}

/*
 * nul_signature: a field that is rightly signed by the attacker, whose selector goes on behind a
 * NUL. The signer knows only texts without one: it makes the field with another byte in its place.
 */
static struct gp_span nul_signature(struct gp_arena *arena)
{
	static const char tags[] = "v=1; a=ed25519-sha256; c=relaxed/relaxed; d=legitimate.test; "
				   "s=selector._domainkey.attack.test.\1.any; h=from";
	static const char from[] = "From: <admin@legitimate.test>";
	struct gp_strbuf signed_text, field;
	const char *text;
	char *model = test_sign(attackers, "DKIM-Signature", tags,
		"From: <admin@legitimate.test>\r\n", gp_span_from(body_text));
	char *b = strstr(model, "; b=");
	assert_non_null(b);
	b[strlen("; b=")] = 0;
	char *canon_from = test_canon_field(true, from),
	     *canon_model = test_canon_field(true, model);
	gp_strbuf_init(&signed_text, arena, 4096);
	gp_strbuf_printf(&signed_text, "%s\r\n%s", canon_from, canon_model);
	assert_int_equal(gp_strbuf_finish(&signed_text, &text), GP_OK);
	*strchr(signed_text.data, 1) = 0;
	char *signature = test_key_sign(attackers, gp_strbuf_span(&signed_text));
	gp_strbuf_init(&field, arena, 4096);
	gp_strbuf_printf(&field, "%s%s", model, signature);
	assert_int_equal(gp_strbuf_finish(&field, &text), GP_OK);
	*strchr(field.data, 1) = 0;
	free(model);
	free(canon_from);
	free(canon_model);
	free(signature);
	return gp_strbuf_span(&field);
}

/* test_nul: A3: the name of a key that ends at a NUL for the resolver alone. */
static void test_nul(void **state)
{
	struct scene s;
	(void)state;
	scene_begin(&s);
	judge(&s, "attack.test", gp_span_from("any@attack.test"),
		join(s.ctx.arena, nul_signature(s.ctx.arena),
			gp_span_from("From: <admin@legitimate.test>\r\n" REST)));
	for (size_t i = 0; test_zone_question(s.zone, i); i++)
		assert_string_not_equal(
			test_zone_question(s.zone, i)->name, "selector._domainkey.attack.test");
	assert_true(s.f.dmarc.verdict != GP_DMARC_PASS);
	assert_int_equal(s.v.action, GP_ACTION_REJECT);
	assert_true(s.f.dkim.count <= 1);
	if (s.f.dkim.count)
		assert_true(s.f.dkim.items[0].verdict != GP_DKIM_PASS);
	check_results("A3", &s);
	scene_end(&s);
}

/* test_several_fields: A8 to A13: which field is From, to whom? */
static void test_several_fields(void **state)
{
#define MINE "<first@attack.test>\r\n"
#define THEIRS "<admin@legitimate.test>\r\n"
	const struct gp_span sender = SPAN("any@attack.test");
	const struct row rows[] = {
		{"A8: two", NULL, sender, SPAN("From: " MINE "From: " THEIRS REST), BAD, NULL,
			NULL},
		{"A8: two, the other way round", NULL, sender,
			SPAN("From: " THEIRS "From: " MINE REST), BAD, NULL, NULL},
		{"A8: two, one in capitals", NULL, sender, SPAN("From: " MINE "FROM: " THEIRS REST),
			BAD, NULL, NULL},
		{"A8: two equal ones", NULL, sender, SPAN("From: " MINE "From: " MINE REST), BAD,
			NULL, NULL},
		{"A9: the first has a blank before it", NULL, sender,
			SPAN(" From: " MINE "From: " THEIRS REST), BAD, NULL, NULL},
		{"A9: the first has a blank before it, the other way round", NULL, sender,
			SPAN(" From: " THEIRS "From: " MINE REST), BAD, NULL, NULL},
		{"A9: a continuation that looks like a field", NULL, sender,
			SPAN("Subject: x\r\n From: " MINE "From: " THEIRS), REFUSED, NULL, NULL},
		{"A10: a blank behind the name", NULL, sender,
			SPAN("From: " MINE "From : " THEIRS REST), BAD, NULL, NULL},
		{"A10: a blank behind the name of the first", NULL, sender,
			SPAN("From\t: " MINE "From: " THEIRS REST), BAD, NULL, NULL},
		{"A11: a fold behind the name", NULL, sender,
			SPAN("From\r\n : " MINE "From: " THEIRS REST), BAD, NULL, NULL},
		{"A11: a fold behind the name, the other way round", NULL, sender,
			SPAN("From\r\n : " THEIRS "From: " MINE REST), BAD, NULL, NULL},
		{"A11: nothing but that one", NULL, sender, SPAN("From\r\n : " THEIRS REST), BAD,
			NULL, NULL},
		{"A12: Sender is no author", NULL, sender,
			SPAN("From: " MINE "Sender: " THEIRS REST), NULL, NULL, NULL},
		{"A12: nor is it without From", NULL, sender, SPAN("Sender: " MINE REST), BAD, NULL,
			NULL},
		{"A13: Resent-From is no author", NULL, sender,
			SPAN("Resent-From: " THEIRS "From: " MINE REST), NULL, NULL, NULL},
		{"A13: nor is it without From", NULL, sender, SPAN("Resent-From: " MINE REST), BAD,
			NULL, NULL},
		{"a NUL behind the name", NULL, sender, SPAN("From\0: " THEIRS "From: " MINE REST),
			BAD, NULL, NULL},
		{"a bare CR before a second one", NULL, sender,
			SPAN("X-A: b\rFrom: " THEIRS "From: " MINE REST), BAD, NULL, NULL},
		{"a bare LF before a second one", NULL, sender,
			SPAN("X-A: b\nFrom: " THEIRS "From: " MINE REST), BAD, NULL, NULL},
		{"a bare LF before the end of the header", NULL, sender,
			SPAN("From: " MINE "X-A: b\n\nFrom: " THEIRS REST), BAD, NULL, NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		check_row(&rows[i]);
}

/* test_one_field: A14 to A18: whom does From name, to whom? More of them: see test_mailbox. */
static void test_one_field(void **state)
{
	static const struct {
		const char *attack, *from, *rule;
	} rows[] = {
		{"A14: two addresses", "<first@attack.test>, <admin@legitimate.test>", SEVERAL},
		{"A14: in a group", "A: <first@attack.test>, <admin@legitimate.test>;", SEVERAL},
		{"A15: an encoded address before another one",
			"=?utf-8?B?PGFkbWluQGxlZ2l0aW1hdGUudGVzdD4=?=,<first@attack.test>", BAD},
		{"A15: an encoded address alone",
			"=?utf-8?B?PGFkbWluQGxlZ2l0aW1hdGUudGVzdD4=?=", BAD},
		{"A15: an encoded local part", "=?utf-8?Q?admin=40legitimate.test=3E?=@attack.test",
			BAD},
		{"A16: a route", "<@attack.test,@any.test:admin@legitimate.test>", BAD},
		{"A16: a route by way of the victim", "<@legitimate.test:first@attack.test>", BAD},
		{"A17: a quoted pair", "<admin@legitimate.test>\\,<first@attack.test>", BAD},
		{"A18: a comma", "admin@legitimate.test,<first@attack.test>", SEVERAL},
		{"A18: two brackets", "<first@attack.test><admin@legitimate.test>", BAD},
		{"A18: behind the bracket", "<first@attack.test>admin@legitimate.test", BAD},
		{"A18: before the bracket", "admin@legitimate.test<first@attack.test>", BAD},
		{"a comment inside the domain", "admin@legitimate.test(x).attack.test", BAD},
		{"a domain that ends in a parenthesis", "admin@legitimate.test(.attack.test", BAD},
		{"a sign that becomes an @", "admin@legitimate.test\xef\xbc\xa0.attack.test", BAD},
		{"a sign that becomes a comma", "admin@legitimate.test\xef\xbc\x8c.attack.test",
			BAD},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_arena *arena = gp_arena_new(4096);
		const char *header = gp_arena_printf(arena, "From: %s\r\n" REST, rows[i].from);
		const struct row row = {rows[i].attack, NULL, SPAN("any@attack.test"),
			gp_span_from(header), rows[i].rule, NULL, NULL};
		check_row(&row);
		gp_arena_free(arena);
	}
}

/* test_replay: a message that legitimate.test did sign, with another From added: section 6. */
static void test_replay(void **state)
{
	static const char from[] = "From: <admin@legitimate.test>\r\n";
	static const struct {
		const char *attack, *header, *rule;
	} rows[] = {
		{"as it was sent", "From: <admin@legitimate.test>\r\n" REST, "default"},
		{"another From above",
			"From: <ceo@legitimate.test>\r\nFrom: <admin@legitimate.test>\r\n", BAD},
		{"another From below",
			"From: <admin@legitimate.test>\r\nFrom: <ceo@other.test>\r\n", BAD},
		{"another From with a blank behind its name",
			"From : <ceo@other.test>\r\nFrom: <admin@legitimate.test>\r\n", BAD},
		{"another From with a fold behind its name",
			"From\r\n : <ceo@other.test>\r\nFrom: <admin@legitimate.test>\r\n", BAD},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct scene s;
		scene_begin(&s);
		judge(&s, "attack.test", gp_span_from("any@attack.test"),
			add_signature(s.ctx.arena, victims,
				"v=1; a=ed25519-sha256; c=relaxed/relaxed; d=legitimate.test; "
				"s=selector; h=from",
				from, gp_span_from(rows[i].header)));
		if (strcmp(s.v.rule, rows[i].rule))
			fail_msg("%s: wanted %s: %s", rows[i].attack, rows[i].rule, s.v.summary);
		scene_end(&s);
	}
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_envelope),
		cmocka_unit_test(test_signatures),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_several_fields),
		cmocka_unit_test(test_one_field),
		cmocka_unit_test(test_replay),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, make_keys, free_keys) ? 1 : 0;
}
