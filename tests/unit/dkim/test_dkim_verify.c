/* SPDX-License-Identifier: ISC */
/*
 * Whole messages: the RFCs' own, what changes on the way do, limits, time, what cannot be judged.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dkim/dkim.h"
#include "support/bodies.h"
#include "support/signer.h"
#include "support/zone.h"

#define BODY "Hello,\r\n\r\nthis  is\ta body. \r\n\r\n"
#define HEADER                                                                          \
	"Received: from a.example\r\n\tby b.example\r\nFrom: Joe <joe@example.org>\r\n" \
	"To: sue@example.net\r\nSubject: dinner\r\n"
#define TAGS "v=1; a=rsa-sha256; d=example.org; s=s; h=from:to:subject"

static struct gp_crypto_digest *digest;
static struct test_key *rsa, *ed25519;

static const struct gp_dkim_options plain = {
	.max_signatures = 10, .rsa_bits_min = 1024, .rsa_bits_max = 4096, .clock_skew_ms = 300000};

/* set_up: keys for all cases. */
static int set_up(void **state)
{
	(void)state;
	rsa = test_key_new(TEST_KEY_RSA, 1024);
	ed25519 = test_key_new(TEST_KEY_ED25519, 0);
	return gp_crypto_digest_new(&digest);
}

/* tear_down: all of it. */
static int tear_down(void **state)
{
	(void)state;
	test_key_free(rsa);
	test_key_free(ed25519);
	gp_crypto_digest_free(digest);
	return 0;
}

/* One verification; what it gives lives until done. */
struct scene {
	struct test_zone *zone;
	struct gp_ctx ctx;
	struct gp_message message;
	struct gp_dkim_options options;
	struct gp_body *reader;
	struct gp_dkim_bodies *bodies;
	struct gp_dkim *dkim;
	struct gp_dkim_results results;
	const char *author; /* "" */
};

/* begin: a zone with the keys of example.org and plain options. */
static void begin(struct scene *s)
{
	*s = (struct scene) {.zone = test_zone_new(), .options = plain, .author = ""};
	s->ctx = (struct gp_ctx) {.arena = gp_arena_new(1 << 20),
		.clock = test_zone_clock(s->zone),
		.dns = test_zone_dns(s->zone),
		.deadline_us = INT64_MAX};
	test_zone_add_text(s->zone, "s._domainkey.example.org", GP_DNS_TXT,
		gp_span_from(test_key_record(rsa)));
	test_zone_add_text(s->zone, "e._domainkey.example.org", GP_DNS_TXT,
		gp_span_from(test_key_record(ed25519)));
}

/* done: everything away. */
static void done(struct scene *s)
{
	gp_dkim_bodies_fini(s->bodies);
	gp_arena_free(s->ctx.arena);
	test_zone_free(s->zone);
}

/* run: header and body through all steps; a status of ours is returned. */
static int run(struct scene *s, const char *header, struct gp_span body)
{
	int rc = gp_message_parse(s->ctx.arena, gp_span_from(header), GP_MESSAGE_CRLF, &s->message);
	if (!rc)
		rc = test_bodies_new(s->ctx.arena, digest, &s->reader, &s->bodies);
	if (!rc)
		rc = gp_dkim_new(&s->ctx, &s->message, &s->options, s->bodies, s->author, &s->dkim);
	if (!rc)
		rc = test_bodies_pass(s->reader, s->bodies, body, GP_MESSAGE_CRLF);
	return rc ? rc : gp_dkim_verify(&s->ctx, s->dkim, &s->results);
}

/* signed_header: the header with a field above it that signs it; free it. */
static char *signed_header(
	const struct test_key *key, const char *tags, const char *header, const char *body)
{
	char *field = test_sign(key, "DKIM-Signature", tags, header, gp_span_from(body)), *all;
	assert_true(asprintf(&all, "%s\r\n%s", field, header) > 0);
	free(field);
	return all;
}

/* result_is: of signature i; reason: a part of it, NULL: none. */
static void result_is(
	const struct scene *s, size_t i, enum gp_dkim_verdict verdict, const char *reason)
{
	assert_true(i < s->results.count);
	const struct gp_dkim_result *r = &s->results.items[i];
	if (r->verdict != verdict ||
		(reason ? !r->reason || !strstr(r->reason, reason) : r->reason != NULL))
		fail_msg("%s (%s)", gp_dkim_verdict_name(r->verdict),
			r->reason ? r->reason : "no reason");
}

/* sign_and_run: signs HEADER and BODY with these tags, then verifies what came of them. */
static void sign_and_run(struct scene *s, const char *tags, const char *body)
{
	char *header = signed_header(rsa, tags, HEADER, BODY);
	assert_int_equal(run(s, header, gp_span_from(body)), GP_OK);
	free(header);
}

/* one: the only result of HEADER and BODY signed with tags, and of that body. */
static void one(
	const char *tags, const char *body, enum gp_dkim_verdict verdict, const char *reason)
{
	struct scene s;
	begin(&s);
	sign_and_run(&s, tags, body);
	assert_int_equal(s.results.count, 1);
	result_is(&s, 0, verdict, reason);
	done(&s);
}

/* rfc8463_appendix_a: its message with two signatures and its keys. */
static void rfc8463_appendix_a(void **state)
{
	static const char header[] =
		"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
		" d=football.example.com; i=@football.example.com;\r\n"
		" q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
		" subject : date : message-id : from : subject : date;\r\n"
		" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
		" b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n"
		" Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n"
		"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
		" d=football.example.com; i=@football.example.com;\r\n"
		" q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n"
		" date : message-id : from : subject : date;\r\n"
		" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
		" b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\r\n"
		" DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\r\n"
		" dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\r\n"
		"From: Joe SixPack <joe@football.example.com>\r\n"
		"To: Suzie Q <suzie@shopping.example.net>\r\n"
		"Subject: Is dinner ready?\r\n"
		"Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
		"Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n";
	static const char body[] =
		"Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";
	struct scene s;
	(void)state;
	begin(&s);
	test_zone_lines(s.zone,
		"brisbane._domainkey.football.example.com TXT v=DKIM1; k=ed25519; "
		"p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
		"test._domainkey.football.example.com TXT v=DKIM1; k=rsa; "
		"p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bd"
		"OKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hst"
		"T5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB\n");
	assert_int_equal(run(&s, header, gp_span_from(body)), GP_OK);
	assert_int_equal(s.results.count, 2);
	result_is(&s, 0, GP_DKIM_PASS, NULL);
	result_is(&s, 1, GP_DKIM_PASS, NULL);
	assert_string_equal(s.results.items[0].algorithm, "ed25519-sha256");
	assert_string_equal(s.results.items[1].algorithm, "rsa-sha256");
	assert_int_equal(s.results.items[0].bits, 256);
	assert_int_equal(s.results.items[1].bits, 1024);
	assert_true(gp_span_is(s.results.items[0].identity, "@football.example.com"));
	assert_true(gp_span_equal(s.results.items[1].b, gp_span_from("F45dVWDf")));
	assert_int_equal(s.results.items[0].signed_s, 1528637909);
	done(&s);
}

/* rfc6376_appendix_a: its message, simple in both (with one space after the full stop, which the
 * RFC's typesetting doubled: bh= is of one); i= is below d=. */
static void rfc6376_appendix_a(void **state)
{
	static const char header[] =
		"DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;\r\n"
		"      c=simple/simple; q=dns/txt; i=joe@football.example.com;\r\n"
		"      h=Received : From : To : Subject : Date : Message-ID;\r\n"
		"      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
		"      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB\r\n"
		"        4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut\r\n"
		"        KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV\r\n"
		"        4bmp/YzhwvcubU4=;\r\n"
		"Received: from client1.football.example.com  [192.0.2.1]\r\n"
		"      by submitserver.example.com with SUBMISSION;\r\n"
		"      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)\r\n"
		"From: Joe SixPack <joe@football.example.com>\r\n"
		"To: Suzie Q <suzie@shopping.example.net>\r\n"
		"Subject: Is dinner ready?\r\n"
		"Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
		"Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n";
	struct scene s;
	(void)state;
	begin(&s);
	test_zone_lines(s.zone,
		"brisbane._domainkey.example.com TXT v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQ"
		"KBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631u"
		"BItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPD"
		"dQPNUYckcQ2QIDAQAB\n");
	assert_int_equal(run(&s, header,
				 gp_span_from("Hi.\r\n\r\nWe lost the game. Are you hungry "
					      "yet?\r\n\r\nJoe.\r\n")),
		GP_OK);
	assert_int_equal(s.results.count, 1);
	assert_string_equal(s.results.items[0].domain, "example.com");
	result_is(&s, 0, GP_DKIM_PASS, NULL);
	done(&s);
}

/* canonicalization: each pair of forms, and what each allows to happen on the way (3.4). */
static void canonicalization(void **state)
{
	(void)state;
	one(TAGS, BODY, GP_DKIM_PASS, NULL);
	one(TAGS "; c=simple", BODY, GP_DKIM_PASS, NULL);
	one(TAGS "; c=relaxed", BODY, GP_DKIM_PASS, NULL);
	one(TAGS "; c=relaxed/relaxed", BODY, GP_DKIM_PASS, NULL);
	one(TAGS "; c=simple/relaxed", BODY, GP_DKIM_PASS, NULL);
	one(TAGS, BODY "\r\n\r\n", GP_DKIM_PASS, NULL);
	one(TAGS, BODY "x", GP_DKIM_FAIL, "the body does not match");
	one(TAGS, "", GP_DKIM_FAIL, "the body does not match");
	one(TAGS "; c=simple/relaxed", "Hello, \r\n\r\nthis is a body.\r\n", GP_DKIM_PASS, NULL);
	one(TAGS "; c=relaxed", "Hello, \r\n\r\nthis is a body.\r\n", GP_DKIM_FAIL, "body");
	one(TAGS "; c=simple/relaxed", "Hello,\r\nthis is a body.\r\n", GP_DKIM_FAIL, "body");
}

/* ed25519_sha256: RFC 8463. */
static void ed25519_sha256(void **state)
{
	struct scene s;
	char *header = signed_header(
		ed25519, "v=1; a=ed25519-sha256; d=example.org; s=e; h=from:to", HEADER, BODY);
	(void)state;
	begin(&s);
	assert_int_equal(run(&s, header, gp_span_from(BODY)), GP_OK);
	result_is(&s, 0, GP_DKIM_PASS, NULL);
	free(header);
	done(&s);
	/* the kinds may not be mixed */
	one("v=1; a=rsa-sha256; d=example.org; s=e; h=from", BODY, GP_DKIM_PERMERROR, "type");
	one("v=1; a=ed25519-sha256; d=example.org; s=s; h=from", BODY, GP_DKIM_PERMERROR, "type");
}

/* changed_header: the header that arrives instead of the one that was signed (5.4). */
static void changed_header(void **state)
{
	static const struct {
		const char *tags, *header;
		enum gp_dkim_verdict verdict;
	} rows[] = {
		{TAGS, "X: new\r\n" HEADER, GP_DKIM_PASS},
		{TAGS, HEADER "X: new\r\n", GP_DKIM_PASS},
		{TAGS, "Subject: dinner\r\nTo: sue@example.net\r\nFrom: Joe <joe@example.org>\r\n",
			GP_DKIM_PASS},
		{TAGS, "From: Joe <joe@example.org>\r\nTo: sue@example.net\r\nSubject: dinnex\r\n",
			GP_DKIM_FAIL},
		{TAGS, "From: Joe <joe@example.org>\r\nTo: sue@example.net\r\n", GP_DKIM_FAIL},
		{TAGS, "From:  Joe <joe@example.org>\r\nTo: sue@example.net\r\nSubject: dinner\r\n",
			GP_DKIM_FAIL},
		{TAGS "; c=relaxed",
			"FROM : \tJoe\r\n <joe@example.org> \r\nto:sue@example.net\r\nSubject: "
			"dinner\r\n",
			GP_DKIM_PASS},
		/* 5.4.2: from the bottom up: another From above is not covered, one below is */
		{TAGS, "From: evil@example.com\r\n" HEADER, GP_DKIM_PASS},
		{TAGS, HEADER "From: evil@example.com\r\n", GP_DKIM_FAIL},
		/* a name once more than there are fields keeps others from being added (8.15) */
		{TAGS ":from", "From: evil@example.com\r\n" HEADER, GP_DKIM_FAIL},
		{TAGS ":from", HEADER, GP_DKIM_PASS},
		{TAGS ":reply-to", HEADER, GP_DKIM_PASS},
		{TAGS ":reply-to", HEADER "Reply-To: evil@example.com\r\n", GP_DKIM_FAIL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct scene s;
		char *field = test_sign(
			     rsa, "DKIM-Signature", rows[i].tags, HEADER, gp_span_from(BODY)),
		     *all;
		assert_true(asprintf(&all, "%s\r\n%s", field, rows[i].header) > 0);
		begin(&s);
		assert_int_equal(run(&s, all, gp_span_from(BODY)), GP_OK);
		if (s.results.items[0].verdict != rows[i].verdict)
			fail_msg(
				"row %zu: %s", i, gp_dkim_verdict_name(s.results.items[0].verdict));
		done(&s);
		free(field);
		free(all);
	}
}

/* signs_signatures: h= may name DKIM-Signature: the others, never itself (3.5). */
static void signs_signatures(void **state)
{
	struct scene s;
	char *first = signed_header(rsa, TAGS, HEADER, BODY);
	char *both = signed_header(rsa,
		"v=1; a=rsa-sha256; d=example.org; s=s; h=from:dkim-signature:dkim-signature",
		first, BODY);
	(void)state;
	begin(&s);
	assert_int_equal(run(&s, both, gp_span_from(BODY)), GP_OK);
	assert_int_equal(s.results.count, 2);
	result_is(&s, 0, GP_DKIM_PASS, NULL);
	result_is(&s, 1, GP_DKIM_PASS, NULL);
	done(&s);
	free(first);
	free(both);
}

/* body_length: l= that covers all, some, nothing, too much (3.5, 8.2; OpenDKIM issue 45). */
static void body_length(void **state)
{
	struct scene s;
	(void)state;
	one(TAGS "; l=29", BODY, GP_DKIM_PASS, NULL); /* the form's last byte */
	one(TAGS "; l=29", BODY "more", GP_DKIM_POLICY, "does not cover");
	one(TAGS "; l=5", BODY, GP_DKIM_POLICY, "does not cover");
	one(TAGS "; l=0", BODY, GP_DKIM_POLICY, "does not cover");
	one(TAGS "; l=0", "quite another", GP_DKIM_POLICY, "does not cover");
	one(TAGS "; l=5", "hello", GP_DKIM_FAIL, "body does not match");
	one(TAGS "; l=30", BODY, GP_DKIM_PERMERROR, "larger than the body");
	one(TAGS "; l=99999999999999999999999", BODY, GP_DKIM_PERMERROR, "larger than the body");
	one(TAGS "; c=simple/relaxed; l=27", BODY, GP_DKIM_PASS, NULL);
	for (int allowed = 0; allowed < 2; allowed++) {
		begin(&s);
		s.options.partial_body = allowed;
		sign_and_run(&s, TAGS "; l=5", BODY);
		assert_int_equal(
			s.results.items[0].verdict, allowed ? GP_DKIM_PASS : GP_DKIM_POLICY);
		assert_true(s.results.items[0].partial);
		assert_int_equal(s.results.items[0].length, 5);
		done(&s);
	}
}

/* several_lengths: the same form with another l= is another hash (rspamd issue 3566). */
static void several_lengths(void **state)
{
	struct scene s;
	char *a = signed_header(rsa, TAGS "; l=5", HEADER, BODY);
	char *b = signed_header(rsa, TAGS "; l=9", a, BODY);
	char *c = signed_header(rsa, TAGS, b, BODY);
	(void)state;
	begin(&s);
	s.options.partial_body = true;
	assert_int_equal(run(&s, c, gp_span_from(BODY)), GP_OK);
	assert_int_equal(s.results.count, 3);
	for (size_t i = 0; i < 3; i++) {
		result_is(&s, i, GP_DKIM_PASS, NULL);
		assert_int_equal(s.results.items[i].partial, i > 0);
	}
	assert_int_equal(test_zone_asked(s.zone, TEST_ZONE_ANY), 1); /* one key, one question */
	done(&s);
	free(a);
	free(b);
	free(c);
}

/* times: x= and t= against the clock, with its skew (3.5). */
static void times(void **state)
{
	/* the zone's clock stands at 1700000000 */
	(void)state;
	one(TAGS "; t=1699999999; x=1700000001", BODY, GP_DKIM_PASS, NULL);
	one(TAGS "; x=1699999999", BODY, GP_DKIM_PASS, NULL);
	one(TAGS "; x=1699999700", BODY, GP_DKIM_PASS, NULL);
	one(TAGS "; x=1699999699", BODY, GP_DKIM_POLICY, "expired");
	one(TAGS "; x=1", BODY, GP_DKIM_POLICY, "expired");
	one(TAGS "; t=1700000300", BODY, GP_DKIM_PASS, NULL);
	one(TAGS "; t=1700000301", BODY, GP_DKIM_POLICY, "future");
	one(TAGS "; t=99999999999999999999999", BODY, GP_DKIM_POLICY, "future");
	one(TAGS "; x=99999999999999999999999", BODY, GP_DKIM_PASS, NULL);
	one(TAGS "; t=5; x=4", BODY, GP_DKIM_PERMERROR, "x= is not after t=");
}

/* identities: U-labels in d=, s= and i= (RFC 8616), case, what is below. */
static void identities(void **state)
{
	static const char *const tags[] = {
		"v=1; a=rsa-sha256; d=b\xc3\xbc"
		"cher.example; s=\xc3\xbc; h=from",
		"v=1; a=rsa-sha256; d=xn--bcher-kva.example; s=xn--tda; h=from; "
		"i=@b\xc3\xbc"
		"cher.example",
		"v=1; a=rsa-sha256; d=B\xc3\x9c"
		"CHER.EXAMPLE; s=XN--TDA; h=from; "
		"i=j=C3=B6rg@mail.xn--bcher-kva.example",
	};
	(void)state;
	for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
		struct scene s;
		begin(&s);
		test_zone_add_text(s.zone, "xn--tda._domainkey.xn--bcher-kva.example", GP_DNS_TXT,
			gp_span_from(test_key_record(rsa)));
		sign_and_run(&s, tags[i], BODY);
		result_is(&s, 0, GP_DKIM_PASS, NULL);
		assert_string_equal(s.results.items[0].domain, "xn--bcher-kva.example");
		assert_string_equal(s.results.items[0].selector, "xn--tda");
		done(&s);
	}
}

/* keys_that_do_not_serve: what DNS says becomes the verdict (6.1.2); size; DNSSEC. */
static void keys_that_do_not_serve(void **state)
{
	static const struct {
		const char *lines;
		enum gp_dkim_verdict verdict;
		const char *reason;
	} rows[] = {
		{"", GP_DKIM_PERMERROR, "no key"},
		{"x._domainkey.example.org TXT v=DKIM1; p=\n", GP_DKIM_PERMERROR, "revoked"},
		{"x._domainkey.example.org TIMEOUT\n", GP_DKIM_TEMPERROR, "did not answer"},
		{"x._domainkey.example.org BOGUS\n", GP_DKIM_TEMPERROR, "DNSSEC"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct scene s;
		begin(&s);
		test_zone_lines(s.zone, rows[i].lines);
		sign_and_run(&s, "v=1; a=rsa-sha256; d=example.org; s=x; h=from", BODY);
		result_is(&s, 0, rows[i].verdict, rows[i].reason);
		done(&s);
	}
	struct scene s;
	begin(&s);
	s.options.rsa_bits_min = 1025;
	sign_and_run(&s, TAGS, BODY);
	result_is(&s, 0, GP_DKIM_POLICY, "too small");
	done(&s);
	begin(&s);
	s.options.require_dnssec = GP_DKIM_DNSSEC_YES;
	sign_and_run(&s, TAGS, BODY);
	result_is(&s, 0, GP_DKIM_POLICY, "DNSSEC");
	done(&s);
}

/* what_cannot_pass_costs_nothing: no question for a broken field or another body. */
static void what_cannot_pass_costs_nothing(void **state)
{
	struct scene s;
	(void)state;
	begin(&s);
	sign_and_run(&s, TAGS, "another");
	result_is(&s, 0, GP_DKIM_FAIL, "body");
	assert_int_equal(test_zone_asked(s.zone, TEST_ZONE_ANY), 0);
	done(&s);
	begin(&s);
	sign_and_run(&s, TAGS "; v=1", BODY);
	result_is(&s, 0, GP_DKIM_PERMERROR, "twice");
	assert_int_equal(test_zone_asked(s.zone, TEST_ZONE_ANY), 0);
	done(&s);
}

/* rsa_sha1: never computed, whatever the system's OpenSSL thinks of it (rspamd issue 5181). */
static void rsa_sha1(void **state)
{
	struct scene s;
	(void)state;
	begin(&s);
	assert_int_equal(run(&s,
				 "DKIM-Signature: v=1; a=rsa-sha1; d=example.org; s=s; h=from; "
				 "bh=2jmj7l5rSw0yVb/vlWAYkK/YBwk=; b=Zm9v\r\n" HEADER,
				 gp_span_from("")),
		GP_OK);
	result_is(&s, 0, GP_DKIM_POLICY, "rsa-sha1");
	assert_string_equal(s.results.items[0].algorithm, "rsa-sha1");
	assert_int_equal(test_zone_asked(s.zone, TEST_ZONE_ANY), 0);
	done(&s);
}

/* at_most: signatures over the limit are counted and not read; from the top. */
static void at_most(void **state)
{
	char *header = signed_header(rsa, TAGS, HEADER, BODY);
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		char *more;
		assert_true(asprintf(&more, "DKIM-Signature: broken %zu\r\n%s", i, header) > 0);
		free(header);
		header = more;
	}
	for (unsigned max = 0; max <= 6; max++) {
		struct scene s;
		begin(&s);
		s.options.max_signatures = max;
		assert_int_equal(run(&s, header, gp_span_from(BODY)), GP_OK);
		assert_int_equal(s.results.count, max < 5 ? max : 5);
		assert_int_equal(s.results.overflow, max < 5 ? 5 - max : 0);
		assert_int_equal(test_zone_asked(s.zone, TEST_ZONE_ANY), max >= 5);
		if (max >= 5)
			result_is(&s, 4, GP_DKIM_PASS, NULL);
		done(&s);
	}
	free(header);
}

/* above: more fields above a header; both are freed by the caller in the end. */
static char *above(char *header, const char *field, size_t times)
{
	for (size_t i = 0; i < times; i++) {
		char *more;
		assert_true(asprintf(&more, "%s\r\n%s", field, header) > 0);
		free(header);
		header = more;
	}
	return header;
}

/* nearest_to_the_author_first: the aligned signature is looked at however many stand before it. */
static void nearest_to_the_author_first(void **state)
{
	static const struct {
		const char *author, *junk;
		bool is_found;
	} rows[] = {
		{"example.org", "DKIM-Signature: v=1; d=other.test", true},
		{"example.org", "DKIM-Signature: v=1; d=example.net", true},
		{"example.org", "DKIM-Signature: v=1; d=notexample.org", true},
		{"EXAMPLE.org", "DKIM-Signature: v=1; d=org", true},
		{"mail.example.org", "DKIM-Signature: v=1; d=other.org", true},
		{"a.b.c.example.org", "DKIM-Signature: broken", true},
		{"other.test", "DKIM-Signature: v=1; d=x.test", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct scene s;
		char *header = above(signed_header(rsa, TAGS, HEADER, BODY), rows[i].junk, 25);
		begin(&s);
		s.author = rows[i].author;
		assert_int_equal(run(&s, header, gp_span_from(BODY)), GP_OK);
		assert_int_equal(s.results.count, 10);
		assert_int_equal(s.results.overflow, 16);
		if ((s.results.items[9].verdict == GP_DKIM_PASS) != rows[i].is_found)
			fail_msg("%s, %s", rows[i].author, rows[i].junk);
		done(&s);
		free(header);
	}
}

/* checks_of_a_message: many signatures with many keys cost what 60 checks cost; the author's own
 * signature is checked first, and what is not checked does not fail. */
static void checks_of_a_message(void **state)
{
	struct scene s;
	char *junk = test_sign(rsa, "DKIM-Signature",
		"v=1; a=rsa-sha256; d=other.test; s=s; h=from:x-none", HEADER "X-None: y\r\n",
		gp_span_from(BODY));
	char *header = above(signed_header(rsa, TAGS, HEADER, BODY), junk, 20);
	size_t fails = 0;
	(void)state;
	begin(&s);
	s.author = "example.org";
	s.options.max_signatures = 50;
	for (size_t i = 0; i < 5; i++)
		test_zone_add_text(s.zone, "s._domainkey.other.test", GP_DNS_TXT,
			gp_span_from(test_key_record(rsa)));
	assert_int_equal(run(&s, header, gp_span_from(BODY)), GP_OK);
	assert_int_equal(s.results.count, 21);
	result_is(&s, 20, GP_DKIM_PASS, NULL);
	for (size_t i = 0; i < 20; i++)
		fails += s.results.items[i].verdict == GP_DKIM_FAIL;
	assert_int_equal(fails, 11); /* 59 checks left: 11 times 5, and 4 of the twelfth */
	result_is(&s, 19, GP_DKIM_NEUTRAL, "more signatures and keys than are checked");
	assert_int_equal(*gp_dkim_bodies_checks(s.bodies), 0);
	done(&s);
	free(junk);
	free(header);
}

/* not_verifiable: a fail of bytes that may not be the wire's proves nothing (Exim bug 3036). */
static void not_verifiable(void **state)
{
	static const struct {
		const char *before, *body;
		enum gp_dkim_unverifiable as;
		enum gp_dkim_verdict verdict;
		const char *reason;
	} rows[] = {
		{"", BODY "a\nb", GP_DKIM_AS_TEMPERROR, GP_DKIM_TEMPERROR,
			"not verifiable: the body"},
		{"", BODY "a\rb", GP_DKIM_AS_NEUTRAL, GP_DKIM_NEUTRAL, "not verifiable: the body"},
		{"", "a", GP_DKIM_AS_NEUTRAL, GP_DKIM_FAIL, "body does not match"},
		{"no field\r\n", "a", GP_DKIM_AS_NEUTRAL, GP_DKIM_NEUTRAL, "not a field"},
		{"no field\r\n", BODY, GP_DKIM_AS_NEUTRAL, GP_DKIM_PASS, NULL},
		{"X: a\rb\r\n", BODY, GP_DKIM_AS_TEMPERROR, GP_DKIM_PASS, NULL},
	};
	char *header = signed_header(rsa, TAGS, HEADER, BODY);
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct scene s;
		char *all;
		assert_true(asprintf(&all, "%s%s", rows[i].before, header) > 0);
		begin(&s);
		s.options.unverifiable = rows[i].as;
		assert_int_equal(run(&s, all, gp_span_from(rows[i].body)), GP_OK);
		result_is(&s, 0, rows[i].verdict, rows[i].reason);
		done(&s);
		free(all);
	}
	free(header);
}

/* not_verifiable_header: the signature fails; only the header's own defect excuses that. */
static void not_verifiable_header(void **state)
{
	static const struct {
		const char *subject, *body;
		enum gp_dkim_verdict verdict;
	} rows[] = {
		{"Subject: dinneR\r\n", "a\r\n", GP_DKIM_FAIL},
		{"Subject: din\rner\r\n", "a\r\n", GP_DKIM_TEMPERROR},
		{"Subject: dinneR\r\n", "a\rb\r\n", GP_DKIM_FAIL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct scene s;
		char *field = test_sign(rsa, "DKIM-Signature", TAGS,
			     "From: a\r\nSubject: dinner\r\n", gp_span_from(rows[i].body)),
		     *all;
		assert_true(asprintf(&all, "%s\r\nFrom: a\r\n%s", field, rows[i].subject) > 0);
		begin(&s);
		assert_int_equal(run(&s, all, gp_span_from(rows[i].body)), GP_OK);
		assert_int_equal(s.results.items[0].verdict, rows[i].verdict);
		done(&s);
		free(field);
		free(all);
	}
}

/* questions: each once, only for what can pass, at most so many; and whose they are. */
static void questions(void **state)
{
	struct gp_dns_question list[3];
	struct scene s;
	char *a = signed_header(rsa, TAGS, HEADER, BODY);
	char *b = signed_header(rsa, TAGS, a, BODY);
	char *c = signed_header(rsa, TAGS "; v=1", b, BODY);
	char *d = signed_header(
		ed25519, "v=1; a=ed25519-sha256; d=Example.Org; s=e; h=from", c, BODY);
	(void)state;
	begin(&s);
	assert_int_equal(run(&s, d, gp_span_from(BODY)), GP_OK);
	assert_int_equal(gp_dkim_questions(s.dkim, list, 3), 2);
	assert_string_equal(list[0].name, "e._domainkey.example.org");
	assert_string_equal(list[1].name, "s._domainkey.example.org");
	assert_int_equal(list[1].type, GP_DNS_TXT);
	assert_int_equal(gp_dkim_questions(s.dkim, list, 1), 1);
	assert_int_equal(gp_dkim_questions(s.dkim, list, 0), 0);
	assert_string_equal(gp_dkim_domain(s.dkim, 0), "example.org");
	assert_string_equal(gp_dkim_domain(s.dkim, 1), "");
	assert_string_equal(gp_dkim_domain(s.dkim, 3), "example.org");
	assert_null(gp_dkim_domain(s.dkim, 4));
	assert_int_equal(test_zone_asked(s.zone, TEST_ZONE_ANY), 2);
	assert_int_equal(test_zone_calls(s.zone), 1); /* both at once */
	done(&s);
	free(a);
	free(b);
	free(c);
	free(d);
}

/* Lines of a trace. */
struct lines {
	char text[8192];
	size_t length;
};

/* keep: one more line. */
static void keep(void *arg, unsigned depth, const char *text)
{
	struct lines *l = arg;
	int n = snprintf(l->text + l->length, sizeof l->text - l->length, "%u %s\n", depth, text);
	assert_true(n > 0 && (size_t)n < sizeof l->text - l->length);
	l->length += (size_t)n;
}

/* tracing: what was signed, what was found, what came of it. */
static void tracing(void **state)
{
	static const char *const parts[] = {"0 signature 1: d=example.org s=s a=rsa-sha256",
		"1 body hash: bh=", ", computed ", "1 key s._domainkey.example.org: found",
		"2 signed: From: Joe <joe@example.org>", "2 signed: DKIM-Signature: v=1;",
		"2 key record: v=DKIM1; k=rsa; p=", "1 pass\n"};
	static struct lines lines;
	const struct gp_trace trace = {keep, &lines};
	struct scene s;
	(void)state;
	begin(&s);
	s.ctx.trace = &trace;
	sign_and_run(&s, TAGS, BODY);
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		if (!strstr(lines.text, parts[i]))
			fail_msg("%s is not in\n%s", parts[i], lines.text);
	done(&s);
	lines.length = 0;
	begin(&s);
	s.ctx.trace = &trace;
	sign_and_run(&s, TAGS "; v=1", "x");
	assert_non_null(strstr(lines.text, "1 permerror: "));
	done(&s);
}

/* too_many_bodies: more different hashes than are made: the rest cannot be judged. */
static void too_many_bodies(void **state)
{
	char *header = strdup(HEADER);
	struct scene s;
	(void)state;
	for (unsigned i = 0; i <= GP_DKIM_BODIES_MAX; i++) {
		char tags[128];
		snprintf(tags, sizeof tags, "%s; l=%u", TAGS, i);
		char *more = signed_header(rsa, tags, header, BODY);
		free(header);
		header = more;
	}
	begin(&s);
	s.options.max_signatures = 100;
	assert_int_equal(run(&s, header, gp_span_from(BODY)), GP_OK);
	assert_int_equal(s.results.count, GP_DKIM_BODIES_MAX + 1);
	result_is(&s, GP_DKIM_BODIES_MAX, GP_DKIM_NEUTRAL, "too many different hashes");
	result_is(&s, GP_DKIM_BODIES_MAX - 1, GP_DKIM_POLICY, "does not cover");
	done(&s);
	free(header);
}

/* ceilings: any ceiling of the arena ends in a status, never in a wrong result. */
static void ceilings(void **state)
{
	char *header = signed_header(rsa, TAGS, HEADER, BODY);
	(void)state;
	bool passed = false;
	for (size_t ceiling = 0; ceiling < 40000; ceiling += 97) {
		struct scene s;
		begin(&s);
		gp_arena_free(s.ctx.arena);
		s.ctx.arena = gp_arena_new(ceiling);
		int rc = run(&s, header, gp_span_from(BODY));
		assert_true(rc == GP_OK || rc == GP_ETOOBIG);
		if (rc == GP_OK && s.results.items[0].verdict == GP_DKIM_PASS)
			passed = true;
		else
			assert_false(passed);
		done(&s);
	}
	assert_true(passed);
	free(header);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc8463_appendix_a),
		cmocka_unit_test(rfc6376_appendix_a),
		cmocka_unit_test(canonicalization),
		cmocka_unit_test(ed25519_sha256),
		cmocka_unit_test(changed_header),
		cmocka_unit_test(signs_signatures),
		cmocka_unit_test(body_length),
		cmocka_unit_test(several_lengths),
		cmocka_unit_test(times),
		cmocka_unit_test(identities),
		cmocka_unit_test(keys_that_do_not_serve),
		cmocka_unit_test(what_cannot_pass_costs_nothing),
		cmocka_unit_test(rsa_sha1),
		cmocka_unit_test(at_most),
		cmocka_unit_test(nearest_to_the_author_first),
		cmocka_unit_test(checks_of_a_message),
		cmocka_unit_test(not_verifiable),
		cmocka_unit_test(not_verifiable_header),
		cmocka_unit_test(questions),
		cmocka_unit_test(tracing),
		cmocka_unit_test(too_many_bodies),
		cmocka_unit_test(ceilings),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, set_up, tear_down) ? 1 : 0;
}
