/* SPDX-License-Identifier: ISC */
/* Key records (RFC 6376 3.6.1, RFC 8463 4), answers of DNS, and what a key says of a signature. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decode.h"
#include "dkim/dkim_key.h"
#include "dkim/dkim_private.h"
#include "support/signer.h"
#include "support/zone.h"

#define NAME "s._domainkey.example.org"
#define INPUT "what is signed"

static struct gp_crypto_digest *digest;
static struct test_key *rsa, *other, *small, *ed25519;

/* set_up: keys for all cases. */
static int set_up(void **state)
{
	(void)state;
	rsa = test_key_new(TEST_KEY_RSA, 1024);
	other = test_key_new(TEST_KEY_RSA, 1024);
	small = test_key_new(TEST_KEY_RSA, 768);
	ed25519 = test_key_new(TEST_KEY_ED25519, 0);
	return gp_crypto_digest_new(&digest);
}

/* tear_down: all of it. */
static int tear_down(void **state)
{
	(void)state;
	test_key_free(rsa);
	test_key_free(other);
	test_key_free(small);
	test_key_free(ed25519);
	gp_crypto_digest_free(digest);
	return 0;
}

/* records: text of a record, and why it does not serve. */
static void records(void **state)
{
	static const struct {
		const char *text, *problem;
	} rows[] = {
		{"p=Zm9v", NULL},
		{"v=DKIM1; p=Zm9v", NULL},
		{"v=DKIM1;k=rsa;h=sha256;s=email;t=;n=hello there;p=Zm9v;", NULL},
		{" v = DKIM1 ; p = Zm 9v ; ", NULL},
		{"k=ed25519; p=Zm9v", NULL},
		{"k=RSA; p=Zm9v", NULL},
		{"p=Zm9v; h=sha1:sha256", NULL},
		{"p=Zm9v; h=sha512 : sha256", NULL},
		{"p=Zm9v; s=*", NULL},
		{"p=Zm9v; s=other:email", NULL},
		{"p=Zm9v; s=other:*", NULL},
		{"p=Zm9v; t=unknown", NULL},
		{"p=Zm9v; g=; unknown=1", NULL},
		{"p=Zm9v; n=\xff\xc3\xb6", NULL},
		{"", "no p="},
		{"hello", "not a list"},
		{"v=spf1 -all", "is not DKIM1"},
		{"v=DKIM2; p=Zm9v", "is not DKIM1"},
		{"v=dkim1; p=Zm9v", "is not DKIM1"},
		{"v=DKIM1\\; p=Zm9v", "is not DKIM1"}, /* a zone file's escape, published */
		{"v=; p=Zm9v", "is not DKIM1"},
		{"p=Zm9v; v=DKIM1", "is not its first tag"},
		{"v=DKIM1; v=DKIM1; p=Zm9v", "not a list"},
		{"v=DKIM1;; p=Zm9v", "not a list"},
		{"v=DKIM1; p=Zm9v; p=Zm9v", "not a list"},
		{"v=DKIM1; k=rsa", "no p="},
		{"v=DKIM1; p=", "revoked"},
		{"v=DKIM1; p= ;", "revoked"},
		{"v=DKIM1; p=Zm9", "not base64"},
		{"v=DKIM1; p=<key>", "not base64"},
		{"v=DKIM1; k=dsa; p=Zm9v", "unknown k="},
		{"v=DKIM1; k=; p=Zm9v", "unknown k="},
		{"v=DKIM1; h=sha1; p=Zm9v", "does not allow sha256"},
		{"v=DKIM1; h=; p=Zm9v", "does not allow sha256"},
		{"v=DKIM1; s=tlsrpt; p=Zm9v", "not for mail"},
		{"v=DKIM1; s=; p=Zm9v", "not for mail"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_arena *arena = gp_arena_new(1 << 16);
		struct gp_dkim_key_record r;
		assert_int_equal(
			gp_dkim_key_record_parse(arena, gp_span_from(rows[i].text), &r), GP_OK);
		if (rows[i].problem ? !r.problem || !strstr(r.problem, rows[i].problem)
				    : r.problem || !gp_span_is(r.key, "foo"))
			fail_msg("%s: %s", rows[i].text, r.problem ? r.problem : "taken");
		gp_arena_free(arena);
	}
}

/* flags: t= and k=. */
static void flags(void **state)
{
	struct gp_arena *arena = gp_arena_new(1 << 16);
	struct gp_dkim_key_record r;
	(void)state;
	assert_int_equal(
		gp_dkim_key_record_parse(arena, gp_span_from("t=s : Y; k=ed25519; p=Zm9v"), &r),
		GP_OK);
	assert_true(r.testing && r.exact && r.kind == GP_CRYPTO_ED25519);
	assert_int_equal(gp_dkim_key_record_parse(arena, gp_span_from("t=ys; p=Zm9v"), &r), GP_OK);
	assert_false(r.testing || r.exact || r.kind == GP_CRYPTO_ED25519);
	gp_arena_free(arena);
}

/* every_length: a record cut anywhere is read within its bytes (ASan watches), with any ceiling. */
static void every_length(void **state)
{
	static const char text[] = "v=DKIM1; k=rsa; h=sha256; s=email; t=y:s; p=Zm9vYmFy";
	(void)state;
	for (size_t n = 0; n < sizeof text; n++) {
		struct gp_arena *arena = gp_arena_new(n % 2 ? 1 << 16 : 16 * n);
		struct gp_dkim_key_record r;
		char *exact = malloc(n ? n : 1);
		assert_non_null(exact);
		memcpy(exact, text, n);
		int rc = gp_dkim_key_record_parse(arena, (struct gp_span) {exact, n}, &r);
		assert_true(rc == GP_OK || rc == GP_ETOOBIG);
		free(exact);
		gp_arena_free(arena);
	}
}

/* A question to key_check. */
struct ask {
	const struct test_key *key; /* that signed */
	const char *zone;           /* lines; NULL: the records below */
	const char *records[3];     /* texts of the key's name, see add_record */
	bool below;                 /* i= is below d= */
	int dnssec;
	bool lenient;
	unsigned checks; /* how many are left, and one more; 0: enough */
};

/* add_record: a text, in which '%' stands for p= of the key that signed and '#' for another's. */
static void add_record(struct test_zone *zone, const struct ask *ask, const char *text)
{
	char out[4096];
	size_t n = 0;
	for (; *text; text++) {
		const char *p = *text == '%'   ? test_key_p(ask->key)
				: *text == '#' ? test_key_p(other)
					       : NULL;
		if (p) {
			memcpy(out + n, p, strlen(p));
			n += strlen(p);
		} else {
			out[n++] = *text;
		}
	}
	test_zone_add_text(zone, NAME, GP_DNS_TXT, (struct gp_span) {out, n});
}

/* check: what the key says. */
static void check(const struct ask *ask, struct gp_dkim_key_result *result_out)
{
	static const struct gp_dkim_options basic = {.rsa_bits_min = 1024, .rsa_bits_max = 2048};
	struct gp_dkim_options options = basic;
	struct test_zone *zone = test_zone_new();
	struct gp_ctx ctx = {.arena = gp_arena_new(1 << 18),
		.clock = test_zone_clock(zone),
		.dns = test_zone_dns(zone),
		.deadline_us = INT64_MAX};
	char *b = test_key_sign(ask->key, gp_span_from(INPUT));
	struct gp_dkim_sig sig = {
		.algorithm = ask->key == ed25519 ? GP_DKIM_ED25519_SHA256 : GP_DKIM_RSA_SHA256,
		.domain = "example.org",
		.selector = "s",
		.identity_below = ask->below};
	assert_int_equal(gp_decode_base64(ctx.arena, gp_span_from(b), &sig.signature), GP_OK);
	options.require_dnssec = ask->dnssec;
	options.lenient_keys = ask->lenient;
	if (ask->zone)
		test_zone_lines(zone, ask->zone);
	for (size_t i = 0; i < 3 && ask->records[i]; i++)
		add_record(zone, ask, ask->records[i]);
	unsigned checks = ask->checks ? ask->checks - 1 : 60;
	const struct gp_dkim_key_case c = {&sig, &options, digest, gp_span_from(INPUT), &checks};
	assert_int_equal(gp_dkim_key_check(&ctx, &c, result_out), GP_OK);
	assert_int_equal(test_zone_asked(zone, GP_DNS_TXT), 1);
	assert_string_equal(test_zone_question(zone, 0)->name, NAME);
	free(b);
	gp_arena_free(ctx.arena);
	test_zone_free(zone);
}

/* verdict_is: and a part of the reason; NULL: none. */
static void verdict_is(const struct ask *ask, enum gp_dkim_verdict verdict, const char *reason)
{
	struct gp_dkim_key_result r;
	check(ask, &r);
	if (r.verdict != verdict ||
		(reason ? !r.reason || !strstr(r.reason, reason) : r.reason != NULL))
		fail_msg("%s: %d, %s", ask->records[0] ? ask->records[0] : ask->zone, r.verdict,
			r.reason ? r.reason : "no reason");
}

/* rfc6376_6_1_2: what a record or an answer makes of a good signature. */
static void rfc6376_6_1_2(void **state)
{
	const struct {
		struct ask ask;
		enum gp_dkim_verdict verdict;
		const char *reason;
	} rows[] = {
		{{.key = rsa, .records = {"v=DKIM1; p=%"}}, GP_DKIM_PASS, NULL},
		{{.key = ed25519, .records = {"v=DKIM1; k=ed25519; p=%"}}, GP_DKIM_PASS, NULL},
		{{.key = rsa, .records = {"v=DKIM1; p=#"}}, GP_DKIM_FAIL, "does not match"},
		{{.key = rsa, .records = {"v=DKIM1; t=y; p=#"}}, GP_DKIM_FAIL, "does not match"},
		{{.key = rsa}, GP_DKIM_PERMERROR, "no key"},
		{{.key = rsa, .zone = NAME " A 192.0.2.1\n"}, GP_DKIM_PERMERROR, "no key"},
		{{.key = rsa, .zone = NAME " TIMEOUT\n"}, GP_DKIM_TEMPERROR, "did not answer"},
		{{.key = rsa, .zone = NAME " SERVFAIL\n"}, GP_DKIM_TEMPERROR, "did not answer"},
		{{.key = rsa, .zone = NAME " REFUSED\n"}, GP_DKIM_TEMPERROR, "did not answer"},
		{{.key = rsa, .zone = NAME " BOGUS\n"}, GP_DKIM_TEMPERROR, "DNSSEC"},
		{{.key = rsa, .records = {""}}, GP_DKIM_PERMERROR, "no p="},
		{{.key = rsa, .records = {"v=DKIM1; p="}}, GP_DKIM_PERMERROR, "revoked"},
		{{.key = rsa, .records = {"v=DKIM1; p=Zm9v"}}, GP_DKIM_PERMERROR, "is not a key"},
		{{.key = rsa, .records = {"v=DKIM1; p=%%"}}, GP_DKIM_PASS, NULL},
		{{.key = rsa, .records = {"v=DKIM2; p=%"}}, GP_DKIM_PERMERROR, "version"},
		{{.key = rsa, .records = {"v=DKIM1; h=sha1; p=%"}}, GP_DKIM_PERMERROR, "sha256"},
		{{.key = rsa, .records = {"v=DKIM1; s=x; p=%"}}, GP_DKIM_PERMERROR, "mail"},
		{{.key = rsa, .records = {"v=DKIM1; k=ed25519; p=%"}}, GP_DKIM_PERMERROR,
			"does not match a="},
		{{.key = ed25519, .records = {"v=DKIM1; p=%"}}, GP_DKIM_PERMERROR,
			"does not match a="},
		{{.key = ed25519, .records = {"v=DKIM1; k=ed25519; p=#"}}, GP_DKIM_PERMERROR,
			"is not a key"},
		{{.key = rsa, .records = {"v=DKIM1; t=s; p=%"}}, GP_DKIM_PASS, NULL},
		{{.key = rsa, .records = {"v=DKIM1; t=s; p=%"}, .below = true}, GP_DKIM_PERMERROR,
			"t=s"},
		{{.key = rsa, .records = {"v=DKIM1; p=%"}, .below = true}, GP_DKIM_PASS, NULL},
		{{.key = small, .records = {"v=DKIM1; p=%"}}, GP_DKIM_POLICY, "too small"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		verdict_is(&rows[i].ask, rows[i].verdict, rows[i].reason);
}

/* several_records: each is tried, whatever stands in the others; the best reason counts. */
static void several_records(void **state)
{
	const struct {
		struct ask ask;
		enum gp_dkim_verdict verdict;
		const char *reason;
	} rows[] = {
		{{.key = rsa, .records = {"v=DKIM1; p=#", "v=DKIM1; p=%"}}, GP_DKIM_PASS, NULL},
		{{.key = rsa, .records = {"v=spf1 -all", "v=DKIM1; p=", "p=%"}}, GP_DKIM_PASS,
			NULL},
		{{.key = rsa, .records = {"p=%", "p=#", "garbage"}}, GP_DKIM_PASS, NULL},
		{{.key = rsa, .records = {"garbage", "p=#", "p="}}, GP_DKIM_FAIL, "does not match"},
		{{.key = small, .records = {"garbage", "p=%"}}, GP_DKIM_POLICY, "too small"},
		{{.key = small, .records = {"p=#", "p=%"}}, GP_DKIM_FAIL, "does not match"},
		{{.key = rsa, .records = {"garbage", "p="}}, GP_DKIM_PERMERROR, "not a list"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		verdict_is(&rows[i].ask, rows[i].verdict, rows[i].reason);
}

/* judge_last: the key stands behind so many records that say this. */
static enum gp_dkim_verdict judge_last(const char *before, size_t count)
{
	struct gp_arena *arena = gp_arena_new(1 << 18);
	struct gp_dns_record list[GP_DKIM_RECORDS_MAX + 1] = {{.preference = 0}};
	for (size_t i = 0; i < count; i++)
		list[i].text = gp_span_from(before);
	list[count].text = gp_span_from(test_key_record(rsa));
	const struct gp_dns_answer answer = {
		.state = GP_DNS_FOUND, .count = count + 1, .records = list};
	const struct gp_dkim_options options = {.rsa_bits_max = 4096, .lenient_keys = true};
	struct gp_dkim_sig sig = {.algorithm = GP_DKIM_RSA_SHA256};
	char *b = test_key_sign(rsa, gp_span_from(INPUT));
	assert_int_equal(gp_decode_base64(arena, gp_span_from(b), &sig.signature), GP_OK);
	const struct gp_dkim_key_case c = {&sig, &options, digest, gp_span_from(INPUT), NULL};
	struct gp_ctx ctx = {.arena = arena};
	struct gp_dkim_key_result r;
	assert_int_equal(gp_dkim_key_judge(&ctx, &c, &answer, &r), GP_OK);
	free(b);
	gp_arena_free(arena);
	return r.verdict;
}

/* many_records: those over the limit are not checked, so that none of them is said to fail; what
 * is no key (of whoever proves that a site is his, for example) does not count as one. */
static void many_records(void **state)
{
	static const struct {
		const char *record;
		size_t most; /* of them before the key */
	} rows[] = {
		{"v=DKIM1; p=", GP_DKIM_KEYS_MAX - 1},
		{"p=", GP_DKIM_KEYS_MAX - 1},
		{"v=DKIM1;\tp =QUJD", GP_DKIM_KEYS_MAX - 1},
		{"\"p=QUJD\"", GP_DKIM_KEYS_MAX - 1},
		{"v=DKIM1\\; \\p=QUJD", GP_DKIM_KEYS_MAX - 1},
		{"google-site-verification=abcdefgh", GP_DKIM_RECORDS_MAX - 1},
		{"v=spf1 -all", GP_DKIM_RECORDS_MAX - 1},
		{"v=DMARC1; sp=none", GP_DKIM_RECORDS_MAX - 1},
		{"p", GP_DKIM_RECORDS_MAX - 1},
		{"", GP_DKIM_RECORDS_MAX - 1},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (judge_last(rows[i].record, rows[i].most) != GP_DKIM_PASS)
			fail_msg("%s: the key is not found", rows[i].record);
		if (judge_last(rows[i].record, rows[i].most + 1) != GP_DKIM_NEUTRAL)
			fail_msg("%s: one too many is looked at", rows[i].record);
	}
}

/* checks_used_up: what cannot be tried any more is not said to fail; what passed has passed. */
static void checks_used_up(void **state)
{
	const struct {
		struct ask ask; /* checks: how many are left and one more */
		enum gp_dkim_verdict verdict;
		const char *reason;
	} rows[] = {
		{{.key = rsa, .records = {"p=%"}, .checks = 1}, GP_DKIM_NEUTRAL, "are checked"},
		{{.key = rsa, .records = {"p=#", "p=%"}, .checks = 2}, GP_DKIM_NEUTRAL,
			"are checked"},
		{{.key = rsa, .records = {"p=#", "p=%"}, .checks = 3}, GP_DKIM_PASS, NULL},
		{{.key = rsa, .records = {"p=#"}, .checks = 2}, GP_DKIM_FAIL, "does not match"},
		{{.key = rsa, .records = {"p="}, .checks = 1}, GP_DKIM_PERMERROR, "revoked"},
		{{.key = small, .records = {"p=%"}, .checks = 1}, GP_DKIM_POLICY, "too small"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		verdict_is(&rows[i].ask, rows[i].verdict, rows[i].reason);
}

/* lenient_keys: a record that was pasted badly serves if the signature fits, and it is said. */
static void lenient_keys(void **state)
{
	static const char *const records[] = {"\"v=DKIM1; k=rsa; p=%\"", "v=DKIM1;; p=%",
		"v=DKIM1; k=rsa; ; p=%;;", "v=DKIM1\\; p=%", "\\\"v=DKIM1; p=%\\\"",
		"v=DKIM1; p=\" \"%", "v=DKIM1; p=%\" \"", ";v=DKIM1; p=%", "v=DKIM1; p=\"%\"",
		/* quotes of other kinds, and a zone file's parentheses */
		"'v=DKIM1; k=rsa; p=%'", "v=DKIM1; p='%'", "v=DKIM1; p=' '%", "`v=DKIM1; p=%`",
		"\u201cv=DKIM1; k=rsa; p=%\u201d", "v=DKIM1; p=\u2018%\u2019",
		"\u201ev=DKIM1; k=rsa\u201c; p=%", "\u00abv=DKIM1; p=%\u00bb", "(v=DKIM1; p=%)",
		"( \"v=DKIM1; k=rsa; \" \"p=%\" )", "v=DKIM1; p=(%)",
		/* each tag in quotes */
		"v=\"DKIM1\"; p=%", "v=DKIM1; h='sha256'; p=%", "v=DKIM1; k=\u201crsa\u201d; p=%",
		"v=DKIM1; s=\"email\"; p=%", "v=DKIM1; t=\"y\"; p=%", "v=DKIM1; t='s'; p=%",
		"v=DKIM1; t=\"y:s\"; p=%", "v=DKIM1; \"t=s\"; p=%"};
	struct gp_dkim_key_result r;
	(void)state;
	for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
		check(&(struct ask) {.key = rsa, .records = {records[i]}, .lenient = true}, &r);
		if (r.verdict != GP_DKIM_PASS || !r.lenient || r.bits != 1024)
			fail_msg("%s: %s", records[i], r.reason ? r.reason : "passes");
		check(&(struct ask) {.key = rsa, .records = {records[i]}}, &r);
		if (r.verdict != GP_DKIM_PERMERROR || r.lenient)
			fail_msg("%s, strictly: %d", records[i], (int)r.verdict);
	}
	/* one that does not fit stays what it is */
	check(&(struct ask) {.key = rsa, .records = {"v=DKIM1;; p=#"}, .lenient = true}, &r);
	assert_int_equal(r.verdict, GP_DKIM_PERMERROR);
	assert_false(r.lenient);
	/* nor does a good one become another */
	check(&(struct ask) {.key = rsa, .records = {"v=DKIM1; p=%"}, .lenient = true}, &r);
	assert_int_equal(r.verdict, GP_DKIM_PASS);
	assert_false(r.lenient);
	check(&(struct ask) {.key = rsa,
		      .records = {"v=DKIM1;; t=s; p=%"},
		      .lenient = true,
		      .below = true},
		&r);
	assert_int_equal(r.verdict, GP_DKIM_PERMERROR);
}

/* flags_in_quotes: t=s forbids i= below d= however it is written; t=y is not lost, either. */
static void flags_in_quotes(void **state)
{
	static const char *const records[] = {"v=DKIM1; t=\"s\"; p=%", "v=DKIM1; t='s'; p=%",
		"v=DKIM1; t=\u201cs\u201d; p=%", "v=DKIM1; t=(s); p=%", "v=DKIM1; t=\\\"s\\\"; p=%",
		"v=DKIM1; t=\"y:s\"; p=%", "v=DKIM1; t=\"y\":\"s\"; p=%", "\"v=DKIM1; t=s; p=%\"",
		"'v=DKIM1; t='s'; p=%'", "v=DKIM1; t=y:\"s; p=%"};
	struct gp_dkim_key_result r;
	(void)state;
	for (size_t i = 0; i < sizeof records / sizeof records[0]; i++)
		for (int lenient = 0; lenient < 2; lenient++) {
			check(&(struct ask) {.key = rsa,
				      .records = {records[i]},
				      .lenient = lenient,
				      .below = true},
				&r);
			if (r.verdict != GP_DKIM_PERMERROR)
				fail_msg("%s: %d", records[i], (int)r.verdict);
		}
	check(&(struct ask) {.key = rsa, .records = {"v=DKIM1; t=\"y\"; p=%"}, .lenient = true},
		&r);
	assert_true(r.verdict == GP_DKIM_PASS && r.testing && r.lenient);
}

/* padding: the = at the end of p= may be missing, or there may be too many; its bits may not. */
static void padding(void **state)
{
	static const struct {
		size_t drop; /* characters at the end of p=, of which the last is '=' */
		const char *more;
		bool serves, lenient;
	} rows[] = {
		{0, "", true, false},
		{1, "", true, true},
		{0, "=", true, true},
		{1, "\"", true, true},
		{1, " ;; t=y", true, true},
		{2, "", false, false},
		{3, "=", false, false},
	};
	const char *p = test_key_p(ed25519);
	size_t length = strlen(p);
	(void)state;
	assert_true(length == 44 && p[43] == '=');
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char *record;
		struct gp_dkim_key_result r;
		assert_true(asprintf(&record, "v=DKIM1; k=ed25519; p=%.*s%s",
				    (int)(length - rows[i].drop), p, rows[i].more) > 0);
		check(&(struct ask) {.key = ed25519, .records = {record}, .lenient = true}, &r);
		if ((r.verdict == GP_DKIM_PASS) != rows[i].serves || r.lenient != rows[i].lenient)
			fail_msg("%s: %s", record, r.reason ? r.reason : "passes");
		check(&(struct ask) {.key = ed25519, .records = {record}}, &r);
		assert_int_equal(r.verdict == GP_DKIM_PASS, i == 0);
		free(record);
	}
}

/* dnssec: a key without it is no key only when the operator says so. */
static void dnssec(void **state)
{
	struct gp_dkim_key_result r;
	(void)state;
	for (int secure = 0; secure < 2; secure++) {
		for (int wanted = GP_DKIM_DNSSEC_NO; wanted <= GP_DKIM_DNSSEC_YES; wanted++) {
			const struct ask ask = {.key = rsa,
				.zone = secure ? NAME " AD\n" : NULL,
				.records = {"v=DKIM1; p=%"},
				.dnssec = wanted};
			check(&ask, &r);
			assert_int_equal(r.secure, secure);
			assert_int_equal(r.verdict, wanted == GP_DKIM_DNSSEC_YES && !secure
							    ? GP_DKIM_POLICY
							    : GP_DKIM_PASS);
		}
	}
	const struct ask wrong = {
		.key = rsa, .records = {"v=DKIM1; p=#"}, .dnssec = GP_DKIM_DNSSEC_YES};
	verdict_is(&wrong, GP_DKIM_FAIL, "does not match");
}

/* noted: size and testing of the key that decided. */
static void noted(void **state)
{
	struct gp_dkim_key_result r;
	(void)state;
	check(&(struct ask) {.key = rsa, .records = {"p=#; k=x", "t=y; p=%"}}, &r);
	assert_int_equal(r.bits, 1024);
	assert_true(r.testing);
	check(&(struct ask) {.key = ed25519, .records = {"k=ed25519; p=%"}}, &r);
	assert_int_equal(r.bits, 256);
	assert_false(r.testing);
	check(&(struct ask) {.key = small, .records = {"p=%"}}, &r);
	assert_int_equal(r.bits, 768);
	check(&(struct ask) {.key = rsa, .zone = NAME " TIMEOUT\n"}, &r);
	assert_int_equal(r.bits, 0);
}

/* too_large: an upper limit as well; the key is not used then. */
static void too_large(void **state)
{
	struct test_key *large = test_key_new(TEST_KEY_RSA, 3072);
	(void)state;
	verdict_is(&(struct ask) {.key = large, .records = {"p=%"}}, GP_DKIM_POLICY, "too large");
	test_key_free(large);
}

/* a_problem_is_not_asked_about: what cannot pass costs no question. */
static void a_problem_is_not_asked_about(void **state)
{
	struct test_zone *zone = test_zone_new();
	struct gp_ctx ctx = {.arena = gp_arena_new(1 << 16), .dns = test_zone_dns(zone)};
	const struct gp_dkim_options options = {.rsa_bits_min = 1024};
	const struct gp_dkim_sig sig = {.problem = "why", .verdict = GP_DKIM_POLICY};
	struct gp_dkim_key_result r;
	(void)state;
	const struct gp_dkim_key_case c = {&sig, &options, digest, gp_span_from(""), NULL};
	assert_int_equal(gp_dkim_key_check(&ctx, &c, &r), GP_OK);
	assert_int_equal(r.verdict, GP_DKIM_POLICY);
	assert_string_equal(r.reason, "why");
	assert_int_equal(test_zone_asked(zone, TEST_ZONE_ANY), 0);
	gp_arena_free(ctx.arena);
	test_zone_free(zone);
}

/* read_alone: what a record says without a signature, with p= in place of '%'. */
static void read_alone(void **state)
{
	const struct gp_dkim_options options = {.rsa_bits_min = 1024, .rsa_bits_max = 2048};
	const struct {
		const struct test_key *key;
		const char *before, *after, *problem;
		unsigned bits;
		bool revoked, repairable, ed25519;
	} rows[] = {
		{rsa, "v=DKIM1; p=", "", NULL, 1024, false, false, false},
		{small, "v=DKIM1; p=", "", "the key is too small", 768, false, false, false},
		{ed25519, "v=DKIM1; k=ed25519; p=", "", NULL, 256, false, false, true},
		{rsa, "\"v=DKIM1; p=", "\"", "not a list of tags", 1024, false, true, false},
		{small, "\"v=DKIM1; p=", "\"", "not a list of tags", 0, false, false, false},
		{NULL, "v=DKIM1; p=", "", "was revoked", 0, true, false, false},
		{NULL, "v=DKIM1; p=Zm9v", "", "is not a key", 0, false, false, false},
		{NULL, "v=DKIM1", "", "no p=", 0, false, false, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_arena *arena = gp_arena_new(1 << 16);
		struct gp_dkim_key_facts f;
		const char *text = gp_arena_printf(arena, "%s%s%s", rows[i].before,
			rows[i].key ? test_key_p(rows[i].key) : "", rows[i].after);
		assert_non_null(text);
		assert_int_equal(gp_dkim_key_read(arena, gp_span_from(text), &options, &f), GP_OK);
		if (rows[i].problem ? !f.problem || !strstr(f.problem, rows[i].problem)
				    : f.problem != NULL)
			fail_msg("%s: %s", text, f.problem ? f.problem : "taken");
		assert_int_equal(f.bits, rows[i].bits);
		assert_int_equal(f.is_revoked, rows[i].revoked);
		assert_int_equal(f.is_repairable, rows[i].repairable);
		assert_int_equal(f.is_ed25519, rows[i].ed25519);
		gp_arena_free(arena);
	}
	assert_true(gp_dkim_key_is(gp_span_from("v=DKIM1; p=")));
	assert_false(gp_dkim_key_is(gp_span_from("v=spf1 -all")));
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records),
		cmocka_unit_test(flags),
		cmocka_unit_test(every_length),
		cmocka_unit_test(rfc6376_6_1_2),
		cmocka_unit_test(several_records),
		cmocka_unit_test(many_records),
		cmocka_unit_test(checks_used_up),
		cmocka_unit_test(lenient_keys),
		cmocka_unit_test(flags_in_quotes),
		cmocka_unit_test(padding),
		cmocka_unit_test(dnssec),
		cmocka_unit_test(noted),
		cmocka_unit_test(too_large),
		cmocka_unit_test(a_problem_is_not_asked_about),
		cmocka_unit_test(read_alone),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, set_up, tear_down) ? 1 : 0;
}
