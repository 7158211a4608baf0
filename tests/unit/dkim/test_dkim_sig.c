/* SPDX-License-Identifier: ISC */
/* Signature fields: each tag of RFC 6376 3.5 and RFC 8617 4.1, right and wrong; what is signed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "dkim/dkim_sig.h"

#define BH "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="
#define TAIL " d=example.org; s=s1; h=from:to; bh=" BH "; b=Zm9v"
#define GOOD "v=1; a=rsa-sha256;" TAIL
#define AMS_GOOD "i=1; a=rsa-sha256;" TAIL
#define SEAL_GOOD "i=2; a=rsa-sha256; cv=pass; d=example.org; s=s1; t=1; b=Zm9v"

/* parse: a value of exactly its size; the result lives in the arena and borrows the value. */
static void parse(struct gp_arena *arena, enum gp_dkim_field kind, const char *value,
	struct gp_dkim_sig *sig_out)
{
	struct gp_ctx ctx = {.arena = arena};
	struct gp_message_field field = {.value = gp_span_from(value), .raw = gp_span_from(value)};
	assert_int_equal(gp_dkim_sig_parse(&ctx, kind, &field, sig_out), GP_OK);
}

struct row {
	const char *value;
	const char *problem; /* a part of it; NULL: none */
};

/* check_rows: each value and its problem, which is a permerror. */
static void check_rows(enum gp_dkim_field kind, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct gp_arena *arena = gp_arena_new(1 << 16);
		struct gp_dkim_sig sig;
		parse(arena, kind, rows[i].value, &sig);
		if (rows[i].problem ? !sig.problem || !strstr(sig.problem, rows[i].problem) ||
					      sig.verdict != GP_DKIM_PERMERROR
				    : sig.problem != NULL)
			fail_msg("%s: %s", rows[i].value, sig.problem ? sig.problem : "taken");
		gp_arena_free(arena);
	}
}

/* good_tags: what has to be taken. */
static void good_tags(void **state)
{
	static const struct row rows[] = {
		{GOOD, NULL},
		{GOOD ";", NULL},
		{" " GOOD " ; ", NULL},
		{TAIL "; v=1; a=rsa-sha256", NULL}, /* any order */
		{"v=1; a=RSA-SHA256;" TAIL, NULL},
		{"v=1; a=ed25519-sha256;" TAIL, NULL},
		{"\r\n\tv\r\n = \t1;\r\n a=rsa-sha256;" TAIL, NULL},
		{GOOD "; c=relaxed", NULL},
		{GOOD "; c=simple/relaxed", NULL},
		{GOOD "; c=Relaxed/Simple", NULL},
		{GOOD "; q=dns/txt", NULL},
		{GOOD "; q=x/y:dns/txt", NULL},
		{GOOD "; q=dns/txt : x", NULL},
		{GOOD "; l=0", NULL},
		{GOOD "; l=0000123", NULL},
		{GOOD "; l=99999999999999999999999999999999999999999999999999999999999999999999999"
		      "99999",
			NULL},
		{GOOD "; t=1; x=2", NULL},
		{GOOD "; t=999999999999999999999", NULL},
		{GOOD "; unknown=whatever; z=From:x|To:y", NULL},
		{GOOD "; i=@example.org", NULL},
		{GOOD "; i=joe@example.org", NULL},
		{GOOD "; i=@sub.example.org", NULL},
		{GOOD "; i=@EXAMPLE.org", NULL},
		{GOOD "; i=a=40b@example.org", NULL},
		{GOOD "; i=a=40b=\r\n =3D", "i= is no"},
		{"v=1; a=rsa-sha256; d=example.org; s=s1; b=Z\r\n\tm\r\n\t9v; h=from; bh=" BH,
			NULL},
		{"v=1; a=rsa-sha256; d=example.org; s=a.b-c_d; b=Zm9v; h=To : \r\n\tFROM; bh=" BH,
			NULL},
		{"v=1; a=rsa-sha256; d=example.org; s=s; b=Zm9v; h=from:; bh=" BH, NULL},
		{"v=1; a=rsa-sha256; d=_x.example.org; s=s; b=Zm9v; h=from; bh=" BH, NULL},
	};
	(void)state;
	check_rows(GP_DKIM_SIGNATURE, rows, sizeof rows / sizeof rows[0]);
}

/* wrong_tags: what breaks the field. */
static void wrong_tags(void **state)
{
	static const struct row rows[] = {
		{"", "missing"},
		{"a=rsa-sha256;" TAIL, "v= is missing"},
		{"v=1;" TAIL, "a= is missing"},
		{"v=1; a=rsa-sha256; d=e.org; s=s; h=from; bh=" BH, "b= is missing"},
		{"v=1; a=rsa-sha256; d=e.org; s=s; h=from; b=Zm9v", "bh= is missing"},
		{"v=1; a=rsa-sha256; d=e.org; h=from; b=Zm9v; bh=" BH, "s= is missing"},
		{"v=1; a=rsa-sha256; s=s; h=from; b=Zm9v; bh=" BH, "d= is missing"},
		{"v=1; a=rsa-sha256; d=e.org; s=s; b=Zm9v; bh=" BH, "h= is missing"},
		{"v=2; a=rsa-sha256;" TAIL, "v= is not 1"},
		{"v=0.5; a=rsa-sha256;" TAIL, "v= is not 1"},
		{"v=; a=rsa-sha256;" TAIL, "v= is not 1"},
		{"v=1; a=rsa-sha512;" TAIL, "not a known algorithm"},
		{"v=1; a=;" TAIL, "not a known algorithm"},
		{"v=1; a=rsa-sha256x;" TAIL, "not a known algorithm"},
		{GOOD "; v=1", "twice"},
		{GOOD "; d=example.org", "twice"},
		{GOOD ";; t=1", "empty"},
		{GOOD "; none", "no '='"},
		{GOOD "; =x", "invalid tag name"},
		{"=?utf-8?Q?v=3D1=3B_a=3Drsa-sha256?=", "RFC 2047"},
		{"\r\n =?utf-8?B?dj0x?=", "RFC 2047"},
		{"v=1; a=rsa-sha256; d=e.org; s=s; h=from; b=; bh=" BH, "b= is empty"},
		{"v=1; a=rsa-sha256; d=e.org; s=s; h=from; b=Zm9; bh=" BH, "b= is not base64"},
		{"v=1; a=rsa-sha256; d=e.org; s=s; h=from; b=Zm9v; bh=", "bh="},
		{"v=1; a=rsa-sha256; d=e.org; s=s; h=from; b=Zm9v; bh=Zm9v",
			"bh= is not a SHA-256"},
		{"v=1; a=ed25519-sha256; d=e.org; s=s; h=from; b=Zm9v; bh=Zm9v",
			"bh= is not a SHA-256"},
		{"v=1; a=rsa-sha256; d=e.org; s=s; h=from; b=Zm9v; bh=AAAA" BH, "bh= is no"},
		{"v=1; a=rsa-sha256; d=e.org; s=s; h=from; b=Zm9v; bh=!", "bh= is not base64"},
		{"v=1; a=rsa-sha256; d=e.org; s=s; h=to:subject; b=Zm9v; bh=" BH, "name From"},
		{"v=1; a=rsa-sha256; d=e.org; s=s; h=; b=Zm9v; bh=" BH, "name From"},
		{"v=1; a=rsa-sha256; d=e.org; s=s; h=xfrom:fro m; b=Zm9v; bh=" BH, "name From"},
		{"v=1; a=rsa-sha256; d=; s=s; h=from; b=Zm9v; bh=" BH, "d= is not a domain"},
		{"v=1; a=rsa-sha256; d=org; s=s; h=from; b=Zm9v; bh=" BH, "d= is not a domain"},
		{"v=1; a=rsa-sha256; d=e..org; s=s; h=from; b=Zm9v; bh=" BH, "d= is not a domain"},
		{"v=1; a=rsa-sha256; d=.e.org; s=s; h=from; b=Zm9v; bh=" BH, "d= is not a domain"},
		{"v=1; a=rsa-sha256; d=e.org.; s=s; h=from; b=Zm9v; bh=" BH, "d= is not a domain"},
		{"v=1; a=rsa-sha256; d=e o.org; s=s; h=from; b=Zm9v; bh=" BH, "d= is not a domain"},
		{"v=1; a=rsa-sha256; d=e.org(.x.org; s=s; h=from; b=Zm9v; bh=" BH,
			"d= is not a domain"},
		{"v=1; a=rsa-sha256; d=e\".org; s=s; h=from; b=Zm9v; bh=" BH, "d= is not a domain"},
		{"v=1; a=rsa-sha256; d=e\xff.org; s=s; h=from; b=Zm9v; bh=" BH,
			"d= is not a domain"},
		{"v=1; a=rsa-sha256; d=***; s=s; h=from; b=Zm9v; bh=" BH, "d= is not a domain"},
		{"v=1; a=rsa-sha256; d=e.org; s=; h=from; b=Zm9v; bh=" BH, "s= is not a selector"},
		{"v=1; a=rsa-sha256; d=e.org; s=a b; h=from; b=Zm9v; bh=" BH,
			"s= is not a selector"},
		{"v=1; a=rsa-sha256; d=e.org; s=a/b; h=from; b=Zm9v; bh=" BH,
			"s= is not a selector"},
		{GOOD "; c=", "c= is no"},
		{GOOD "; c=relaxed/", "c= is no"},
		{GOOD "; c=/relaxed", "c= is no"},
		{GOOD "; c=nowsp", "c= is no"},
		{GOOD "; c=simple/nofws", "c= is no"},
		{GOOD "; c=simple/simple/simple", "c= is no"},
		{GOOD "; q=", "q= has no"},
		{GOOD "; q=dns", "q= has no"},
		{GOOD "; q=dns/txtx:http", "q= has no"},
		{GOOD "; l=", "l= is not a number"},
		{GOOD "; l=-1", "l= is not a number"},
		{GOOD "; l=1x", "l= is not a number"},
		{GOOD "; l=1 2", "l= is not a number"},
		{GOOD "; l=99999999999999999999999999999999999999999999999999999999999999999999999"
		      "999999",
			"l= is not a number"},
		{GOOD "; t=", "t= is not a time"},
		{GOOD "; t=1 2", "t= is not a time"},
		{GOOD "; t=+1", "t= is not a time"},
		{GOOD "; x=soon", "x= is not a time"},
		{GOOD "; t=2; x=1", "x= is not after t="},
		{GOOD "; t=2; x=2", "x= is not after t="},
		{GOOD "; i=", "i= is not an identity"},
		{GOOD "; i=joe", "i= is not within"},
		{GOOD "; i=@", "i= is not within"},
		{GOOD "; i=@org", "i= is not within"},
		{GOOD "; i=@evilexample.org", "i= is not within"},
		{GOOD "; i=@example.org.evil", "i= is not within"},
		{GOOD "; i=@example.com", "i= is not within"},
		{GOOD "; i=x@example.org@example.com", "i= is not within"},
		{GOOD "; i=@example.org=00", "i= is not within"},
		{GOOD "; i=@example.org=2", "i= is not an identity"},
		{GOOD "; i=a=4xb@example.org", "i= is not an identity"},
		{GOOD "; i=a=@example.org", "i= is not an identity"},
	};
	(void)state;
	check_rows(GP_DKIM_SIGNATURE, rows, sizeof rows / sizeof rows[0]);
}

/* rsa_sha1_is_policy: known by name, not accepted (RFC 8301 3.1); what is broken besides counts
 * more. */
static void rsa_sha1_is_policy(void **state)
{
	struct gp_arena *arena = gp_arena_new(1 << 16);
	struct gp_dkim_sig sig;
	(void)state;
	parse(arena, GP_DKIM_SIGNATURE,
		"v=1; a=rsa-sha1; d=e.org; s=s; h=from; b=Zm9v; bh=2jmj7l5rSw0yVb/vlWAYkK/YBwk=",
		&sig);
	assert_int_equal(sig.verdict, GP_DKIM_POLICY);
	assert_non_null(strstr(sig.problem, "rsa-sha1"));
	assert_string_equal(gp_dkim_algorithm_name(sig.algorithm), "rsa-sha1");
	parse(arena, GP_DKIM_SIGNATURE, "v=1; a=rsa-sha1; d=e.org; h=from; b=Zm9v; bh=Zm9v", &sig);
	assert_int_equal(sig.verdict, GP_DKIM_PERMERROR);
	gp_arena_free(arena);
}

/* all_fields: what is read of a field that has everything; names go on when something is wrong. */
static void all_fields(void **state)
{
	struct gp_arena *arena = gp_arena_new(1 << 16);
	struct gp_dkim_sig sig;
	(void)state;
	parse(arena, GP_DKIM_SIGNATURE,
		"v=1; a=ed25519-sha256; d=B\xc3\xbc"
		"cher.example; s=S.\xc3\xbc; c=relaxed;"
		" h=From : To:from; i=a=20b@News.b\xc3\xbc"
		"cher.example; l=12; t=5; x=9;"
		" bh=" BH "; b= AbC d\r\n\t+/12 345A",
		&sig);
	assert_null(sig.problem);
	assert_string_equal(sig.domain, "xn--bcher-kva.example"); /* RFC 8616 4 */
	assert_string_equal(sig.selector, "s.xn--tda");
	assert_string_equal(
		gp_dkim_key_name(arena, &sig), "s.xn--tda._domainkey.xn--bcher-kva.example");
	assert_string_equal(gp_dkim_algorithm_name(sig.algorithm), "ed25519-sha256");
	assert_true(gp_span_equal(sig.b, gp_span_from("AbCd+/12")));
	assert_int_equal(sig.signature.len, 9);
	assert_int_equal(sig.body_hash.len, 32);
	assert_int_equal(sig.header_canon, GP_DKIM_RELAXED);
	assert_int_equal(sig.body_canon, GP_DKIM_SIMPLE); /* 3.5: c=relaxed is relaxed/simple */
	assert_true(sig.has_canon);
	assert_int_equal(sig.header_count, 3);
	assert_true(gp_span_equal(sig.headers[1], gp_span_from("To")));
	assert_true(gp_span_equal(sig.identity, gp_span_from("a b@News.b\xc3\xbc"
							     "cher.example")));
	assert_true(sig.identity_below);
	assert_int_equal(sig.length, 12);
	assert_int_equal(sig.signed_s, 5);
	assert_int_equal(sig.expires_s, 9);
	parse(arena, GP_DKIM_SIGNATURE, GOOD, &sig);
	assert_int_equal(sig.header_canon, GP_DKIM_SIMPLE);
	assert_int_equal(sig.body_canon, GP_DKIM_SIMPLE);
	assert_false(sig.has_canon);
	assert_true(sig.length == GP_DKIM_WHOLE && sig.signed_s == -1 && sig.expires_s == -1);
	assert_int_equal(sig.identity.len, 0);
	parse(arena, GP_DKIM_SIGNATURE, "v=7; a=x; i=@evil; d=Example.ORG; s=S; b=<script>", &sig);
	assert_string_equal(sig.domain, "example.org");
	assert_string_equal(sig.selector, "s");
	assert_string_equal(gp_dkim_algorithm_name(sig.algorithm), "");
	assert_int_equal(sig.identity.len, 0); /* one that does not fit is not handed out */
	assert_true(gp_span_equal(sig.b, gp_span_from("script")));
	gp_arena_free(arena);
}

/* too_many_names: h= is bounded before it is read. */
static void too_many_names(void **state)
{
	struct gp_arena *arena = gp_arena_new(1 << 16);
	(void)state;
	for (size_t names = GP_DKIM_HEADERS_MAX; names <= GP_DKIM_HEADERS_MAX + 1; names++) {
		struct gp_strbuf b;
		struct gp_dkim_sig sig;
		const char *text;
		gp_strbuf_init(&b, arena, 4096);
		gp_strbuf_add(&b, "v=1; a=rsa-sha256; d=e.org; s=s; b=Zm9v; bh=" BH "; h=from");
		for (size_t i = 1; i < names; i++)
			gp_strbuf_add(&b, ":x");
		assert_int_equal(gp_strbuf_finish(&b, &text), GP_OK);
		parse(arena, GP_DKIM_SIGNATURE, text, &sig);
		if (names <= GP_DKIM_HEADERS_MAX)
			assert_null(sig.problem);
		else
			assert_string_equal(sig.problem, "h= has too many names");
	}
	gp_arena_free(arena);
}

/* too_long: b= and bh= are bounded before they cost memory. */
static void too_long(void **state)
{
	static const char *const before[] = {"bh=" BH "; b=", "b=Zm9v; bh="};
	char *text = malloc(20000);
	(void)state;
	assert_non_null(text);
	for (size_t which = 0; which < 2; which++) {
		struct gp_arena *arena = gp_arena_new(1 << 14);
		struct gp_dkim_sig sig;
		int n = snprintf(
			text, 200, "v=1; a=rsa-sha256; d=e.org; s=s; h=from; %s", before[which]);
		memset(text + n, 'A', 16000);
		text[n + 16000] = 0;
		parse(arena, GP_DKIM_SIGNATURE, text, &sig);
		assert_int_equal(sig.verdict, GP_DKIM_PERMERROR);
		assert_non_null(strstr(sig.problem, "too long"));
		gp_arena_free(arena);
	}
	free(text);
}

/* arc_message_signature: RFC 8617 4.1.2. */
static void arc_message_signature(void **state)
{
	static const struct row rows[] = {
		{AMS_GOOD, NULL},
		{AMS_GOOD "; v=7", NULL}, /* ignored when seen */
		{AMS_GOOD "; c=relaxed/relaxed; t=1; l=5", NULL},
		{"i=50; a=rsa-sha256;" TAIL, NULL},
		{"i=1; a=rsa-sha256; d=e.org; s=s; h=; b=Zm9v; bh=" BH, NULL},
		{"i=1; a=rsa-sha256; d=e.org; s=s; h=arc-message-signature; b=Zm9v; bh=" BH, NULL},
		{"a=rsa-sha256;" TAIL, "i= is missing"},
		{"i=0; a=rsa-sha256;" TAIL, "not an instance"},
		{"i=51; a=rsa-sha256;" TAIL, "not an instance"},
		{"i=; a=rsa-sha256;" TAIL, "not an instance"},
		{"i=001; a=rsa-sha256;" TAIL, "not an instance"},
		{"i=-1; a=rsa-sha256;" TAIL, "not an instance"},
		{"i=@example.org; a=rsa-sha256;" TAIL, "not an instance"},
		{"i=1; i=1; a=rsa-sha256;" TAIL, "twice"},
		{"i=1; a=rsa-sha256; d=e.org; s=s; b=Zm9v; bh=" BH, "h= is missing"},
		{"i=1; a=rsa-sha256; d=e.org; s=s; h=from:ARC-Seal; b=Zm9v; bh=" BH, "ARC-Seal"},
		{AMS_GOOD "; c=x", "c= is no"},
	};
	(void)state;
	check_rows(GP_DKIM_ARC_MESSAGE_SIGNATURE, rows, sizeof rows / sizeof rows[0]);
}

/* arc_seal: RFC 8617 4.1.3. */
static void arc_seal(void **state)
{
	static const struct row rows[] = {
		{SEAL_GOOD, NULL},
		{SEAL_GOOD "; c=nonsense; bh=?; l=x; v=9; q=x", NULL}, /* no tags of a seal */
		{SEAL_GOOD "; h=from", "a seal has h="},
		{"i=2; a=rsa-sha256; d=example.org; s=s1; b=Zm9v", "cv= is missing"},
		{"i=1; none", "no '='"}, /* as in a field of results: OpenDMARC issue 183 */
		{"i=2; a=rsa-sha256; cv=pass; d=e.org; s=s1; t=x; b=Zm9v", "t= is not a time"},
		{"i=2; a=rsa-sha256; cv=pass; d=e.org; s=s1; b=", "b= is empty"},
	};
	struct gp_arena *arena = gp_arena_new(1 << 16);
	struct gp_dkim_sig sig;
	(void)state;
	check_rows(GP_DKIM_ARC_SEAL, rows, sizeof rows / sizeof rows[0]);
	parse(arena, GP_DKIM_ARC_SEAL, SEAL_GOOD, &sig);
	assert_int_equal(sig.instance, 2);
	assert_true(gp_span_is(sig.cv, "pass"));
	parse(arena, GP_DKIM_ARC_SEAL, "i=51; none", &sig);
	assert_int_equal(sig.instance, 0);
	gp_arena_free(arena);
}

/* every_length: a field cut anywhere is read within its bytes (ASan watches), with any ceiling. */
static void every_length(void **state)
{
	static const char text[] = GOOD "; c=relaxed/simple; q=dns/txt; i=a=40@example.org; t=1;"
					"\r\n\tx=2; l=3";
	(void)state;
	for (size_t n = 0; n < sizeof text; n++) {
		struct gp_arena *arena = gp_arena_new(n % 3 ? 1 << 16 : 64 + 8 * n);
		struct gp_ctx ctx = {.arena = arena};
		char *exact = malloc(n ? n : 1);
		assert_non_null(exact);
		memcpy(exact, text, n);
		struct gp_message_field field = {.value = {exact, n}, .raw = {exact, n}};
		for (int kind = GP_DKIM_SIGNATURE; kind <= GP_DKIM_ARC_SEAL; kind++) {
			struct gp_dkim_sig sig;
			int rc = gp_dkim_sig_parse(&ctx, kind, &field, &sig);
			assert_true(rc == GP_OK || rc == GP_ETOOBIG);
		}
		free(exact);
		gp_arena_free(arena);
	}
}

/* input_is: what h= and c= make of a header whose last field is the signature. */
static void input_is(const char *header, const char *expected)
{
	struct gp_arena *arena = gp_arena_new(1 << 18);
	struct gp_ctx ctx = {.arena = arena};
	struct gp_message m;
	struct gp_dkim_sig sig;
	struct gp_span input;
	assert_int_equal(gp_message_parse(arena, gp_span_from(header), GP_MESSAGE_CRLF, &m), GP_OK);
	assert_int_equal(
		gp_dkim_sig_parse(&ctx, GP_DKIM_SIGNATURE, &m.fields[m.count - 1], &sig), GP_OK);
	assert_int_equal(gp_dkim_sig_input(&ctx, &m, &sig, &input), GP_OK);
	if (!gp_span_equal(input, gp_span_from(expected)))
		fail_msg("%s: %.*s", header, (int)input.len, input.ptr);
	gp_arena_free(arena);
}

/* input: 3.7 and 5.4.2. */
static void input(void **state)
{
	(void)state;
	input_is("A: 1\r\nB: 2\r\nS: h=b:a; b=xyz\r\n", "B: 2\r\nA: 1\r\nS: h=b:a; b=");
	input_is("A: 1\r\nA: 2\r\nA: 3\r\nS: h=a:a; b=x\r\n", "A: 3\r\nA: 2\r\nS: h=a:a; b=");
	/* names without a field sign nothing, also once more than there are */
	input_is("A: 1\r\nS: h=x:a:a:y; b=x\r\n", "A: 1\r\nS: h=x:a:a:y; b=");
	input_is("a : 1\t x\r\n  y\r\nS: h=A; c=relaxed; b=x y;\r\n z=1\r\n",
		"a:1 x y\r\ns:h=A; c=relaxed; b=; z=1");
	/* its own field is never chosen by h=, others of the name are */
	input_is("S: b=1\r\nS: h=s:s; b=x\r\n", "S: b=1\r\nS: h=s:s; b=");
	input_is("A: 1\r\nS: h=; b=x\r\n", "S: h=; b=");
	input_is("A: \xff\xc3\xb6\r\nS: h=a; b=x\r\n", "A: \xff\xc3\xb6\r\nS: h=a; b=");
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_tags),
		cmocka_unit_test(wrong_tags),
		cmocka_unit_test(rsa_sha1_is_policy),
		cmocka_unit_test(all_fields),
		cmocka_unit_test(too_many_names),
		cmocka_unit_test(too_long),
		cmocka_unit_test(arc_message_signature),
		cmocka_unit_test(arc_seal),
		cmocka_unit_test(every_length),
		cmocka_unit_test(input),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
