/* SPDX-License-Identifier: ISC */
/* Authentication-Results: what deployed hosts write is read, what we write is one safe field. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "mail/authres.h"

/* show: what was read as one line: id | method=result "reason" ptype.property=value | ... */
static const char *show(struct gp_arena *arena, const struct gp_authres *a)
{
	struct gp_strbuf b;
	const char *text;
	gp_strbuf_init(&b, arena, 1 << 20);
	gp_strbuf_add_span(&b, a->authserv_id);
	for (size_t i = 0; i < a->count; i++) {
		const struct gp_authres_result *r = &a->results[i];
		gp_strbuf_add(&b, " | ");
		gp_strbuf_add_span(&b, r->method);
		gp_strbuf_add(&b, "=");
		gp_strbuf_add_span(&b, r->result);
		if (r->reason.len) {
			gp_strbuf_add(&b, " \"");
			gp_strbuf_add_span(&b, r->reason);
			gp_strbuf_add(&b, "\"");
		}
		for (size_t j = 0; j < r->count; j++) {
			gp_strbuf_add(&b, " ");
			gp_strbuf_add_span(&b, r->properties[j].ptype);
			gp_strbuf_add(&b, ".");
			gp_strbuf_add_span(&b, r->properties[j].property);
			gp_strbuf_add(&b, "=");
			gp_strbuf_add_span(&b, r->properties[j].value);
		}
	}
	assert_int_equal(gp_strbuf_finish(&b, &text), GP_OK);
	return text;
}

/* parse: of a block of exactly its size, so that a sanitizer sees its end; NULL: no such field. */
static const char *parse(struct gp_arena *arena, const char *text, size_t len)
{
	struct gp_authres a;
	char *exact = malloc(len ? len : 1);
	assert_non_null(exact);
	if (len)
		memcpy(exact, text, len);
	int rc = gp_authres_parse(arena, (struct gp_span) {exact, len}, &a);
	const char *shown = rc ? NULL : show(arena, &a);
	if (rc)
		assert_int_equal(a.count, 0);
	assert_true(rc == GP_OK || rc == GP_ESYNTAX);
	free(exact);
	return shown;
}

struct row {
	const char *what, *text, *shown; /* shown NULL: GP_ESYNTAX */
};

/* check_rows: each as it is said. */
static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct gp_arena *arena = gp_arena_new(1 << 20);
		const char *got = parse(arena, rows[i].text, strlen(rows[i].text));
		if (!got != !rows[i].shown || (got && strcmp(got, rows[i].shown) != 0))
			fail_msg("%s: %s", rows[i].what, got ? got : "(not a field)");
		gp_arena_free(arena);
	}
}

/* test_rfc: the examples of RFC 8601 appendix B, and its grammar (2.2). */
static void test_rfc(void **state)
{
	static const struct row rows[] = {
		{"B.2 nothing was done", "example.org 1; none", "example.org"},
		{"B.3 one method", "example.com;\r\n   spf=pass smtp.mailfrom=example.net",
			"example.com | spf=pass smtp.mailfrom=example.net"},
		{"B.4 several methods",
			"example.com;\r\n auth=pass (cram-md5) smtp.auth=sender@example.net;\r\n"
			" spf=pass smtp.mailfrom=example.net",
			"example.com | auth=pass smtp.auth=sender@example.net | spf=pass "
			"smtp.mailfrom=example.net"},
		{"B.6 i= without a local part",
			"example.com; dkim=pass (good signature) header.d=example.com; dkim=fail "
			"reason=\"bad signature\" header.i=@newyork.example.com",
			"example.com | dkim=pass header.d=example.com | dkim=fail \"bad "
			"signature\" "
			"header.i=@newyork.example.com"},
		{"B.7 comments everywhere",
			"foo.example.net (foobar) 1 (baz);\r\n dkim (Because I like it) / 1 (One "
			"yay) = (wait for it) fail\r\n policy (A dot can go here) . (like that) "
			"expired\r\n (this surprised me) = (as I wasn't expecting it) 1362471462",
			"foo.example.net | dkim=fail policy.expired=1362471462"},
		{"keywords in any case", "x; SPF=Pass SMTP.MailFrom=A",
			"x | spf=pass smtp.mailfrom=A"},
		{"quoted authserv-id", "\"a b\"; none", "a b"},
		{"comment before all", "(a(b\\)c)d) x;none", "x"},
		{"quoted pairs", "x; a=b c.d=\"e\\\"f\\\\g\"", "x | a=b c.d=e\"f\\g"},
		{"a fold in a quoted string", "x; a=b c.d=\"e\r\n f\"", "x | a=b c.d=e f"},
		{"empty quoted string", "x; a=b c.d=\"\" e.f=g", "x | a=b c.d= e.f=g"},
		{"quoted semicolon", "x; a=b c.d=\"; dmarc=pass\"", "x | a=b c.d=; dmarc=pass"},
		{"semicolon in a comment", "x; a=b (; dmarc=pass) c.d=e", "x | a=b c.d=e"},
		{"quoted local part", "x; spf=pass smtp.mailfrom=\"a b\"@example.org",
			"x | spf=pass smtp.mailfrom=a b@example.org"},
		{"UTF-8 (RFC 6532)", "x; a=b c.d=gr\xc3\xbc\xc3\x9f.example",
			"x | a=b c.d=gr\xc3\xbc\xc3\x9f.example"},
		{"result called none", "x; dkim=none", "x | dkim=none"},
		{"only the first reason is one", "x; a=b reason=c reason=d",
			"x | a=b \"c\" .reason=d"},
	};
	(void)state;
	check_rows(rows, sizeof rows / sizeof rows[0]);
}

/* test_deployed: as the large hosts write it. */
static void test_deployed(void **state)
{
	static const struct row rows[] = {
		{"Google",
			" mx.google.com;\r\n       dkim=pass header.i=@example.org header.s=s1 "
			"header.b=\"aB/+9=\";\r\n       spf=pass (google.com: domain of "
			"a+b=c@example.org designates 192.0.2.1 as permitted sender) "
			"smtp.mailfrom=\"a+b=c@example.org\";\r\n       dmarc=pass (p=REJECT "
			"sp=REJECT dis=NONE) header.from=example.org",
			"mx.google.com | dkim=pass header.i=@example.org header.s=s1 "
			"header.b=aB/+9= | spf=pass smtp.mailfrom=a+b=c@example.org | dmarc=pass "
			"header.from=example.org"},
		{"Microsoft",
			"mx.microsoft.com 1; spf=pass smtp.mailfrom=x.example; dmarc=pass "
			"action=none header.from=x.example; dkim=pass header.d=x.example; arc=none",
			"mx.microsoft.com | spf=pass smtp.mailfrom=x.example | dmarc=pass "
			".action=none header.from=x.example | dkim=pass header.d=x.example | "
			"arc=none"},
		{"Microsoft, sealed again",
			"mx.microsoft.com 1; spf=pass (sender ip is 192.0.2.1) "
			"smtp.rcpttodomain=y.example smtp.mailfrom=x.example; dmarc=bestguesspass "
			"action=none header.from=x.example;dkim=none (message not signed) "
			"header.d=none; arc=pass (0 oda=1 ltdi=1 spf=[1,1,smtp.mailfrom=x.example] "
			"dkim=[1,1,header.d=x.example] dmarc=[1,1,header.from=x.example])",
			"mx.microsoft.com | spf=pass smtp.rcpttodomain=y.example "
			"smtp.mailfrom=x.example | dmarc=bestguesspass .action=none "
			"header.from=x.example | dkim=none header.d=none | arc=pass"},
		{"Microsoft, compauth", "x; dmarc=pass action=none;compauth=pass reason=100",
			"x | dmarc=pass .action=none | compauth=pass \"100\""},
		{"Fastmail",
			"mx1.messagingengine.com;\r\n    x-csa=none;\r\n    x-me-sender=none;\r\n  "
			"  "
			"x-ptr=pass smtp.helo=mail.example.org policy.ptr=mail.example.org;\r\n    "
			"bimi=skipped (DMARC Policy is not at enforcement);\r\n    arc=none (no "
			"signatures found);\r\n    dkim=pass (2048-bit rsa key sha256) "
			"header.d=example.org header.i=@example.org header.b=aB+/9 "
			"header.a=rsa-sha256 header.s=s1 x-bits=2048;\r\n    dmarc=pass "
			"policy.published-domain-policy=none policy.evaluated-disposition=none "
			"(p=none,d=none,d.eval=none) policy.policy-from=p "
			"header.from=example.org;\r\n    spf=pass smtp.mailfrom=a@example.org "
			"smtp.helo=mail.example.org;\r\n    x-return-mx=pass "
			"header.domain=example.org policy.is_org=yes (MX Record found);\r\n    "
			"x-tls=pass smtp.version=TLSv1.3 smtp.cipher=TLS_AES_256_GCM_SHA384 "
			"smtp.bits=256/256",
			"mx1.messagingengine.com | x-csa=none | x-me-sender=none | x-ptr=pass "
			"smtp.helo=mail.example.org policy.ptr=mail.example.org | bimi=skipped | "
			"arc=none | dkim=pass header.d=example.org header.i=@example.org "
			"header.b=aB+/9 header.a=rsa-sha256 header.s=s1 .x-bits=2048 | dmarc=pass "
			"policy.published-domain-policy=none policy.evaluated-disposition=none "
			"policy.policy-from=p header.from=example.org | spf=pass "
			"smtp.mailfrom=a@example.org smtp.helo=mail.example.org | x-return-mx=pass "
			"header.domain=example.org policy.is_org=yes | x-tls=pass "
			"smtp.version=TLSv1.3 smtp.cipher=TLS_AES_256_GCM_SHA384 "
			"smtp.bits=256/256"},
		{"Yahoo",
			"atlas1.free.mail.example;\r\n dkim=pass header.i=@example.org "
			"header.s=s1;\r\n spf=pass smtp.mailfrom=example.org;\r\n "
			"dmarc=pass(p=REJECT,sp=REJECT) header.from=example.org;",
			"atlas1.free.mail.example | dkim=pass header.i=@example.org header.s=s1 | "
			"spf=pass smtp.mailfrom=example.org | dmarc=pass header.from=example.org"},
		{"null sender in angle brackets", "x; spf=none smtp.mailfrom=<> smtp.helo=y",
			"x | spf=none smtp.mailfrom=<> smtp.helo=y"},
		{"null sender as nothing", "x; spf=none smtp.mailfrom=; dkim=none",
			"x | spf=none smtp.mailfrom= | dkim=none"},
		{"null sender at the end",
			"x; spf=none smtp.mailfrom=", "x | spf=none smtp.mailfrom="},
		{"an address with many =", "x; spf=pass smtp.mailfrom=prvs=1=a=b.c@d",
			"x | spf=pass smtp.mailfrom=prvs=1=a=b.c@d"},
		{"an IPv6 address", "x; iprev=pass policy.iprev=2001:db8::1",
			"x | iprev=pass policy.iprev=2001:db8::1"},
		{"semicolon last", "x; none;", "x"},
		{"nothing but a semicolon", "x;", "x"},
	};
	(void)state;
	check_rows(rows, sizeof rows / sizeof rows[0]);
}

/* test_wrong: no field, and never half of one. */
static void test_wrong(void **state)
{
	static const struct row rows[] = {
		{"nothing", "", NULL},
		{"blanks", " \r\n\t", NULL},
		{"no semicolon", "example.org", NULL},
		{"no authserv-id", "; none", NULL},
		{"no authserv-id but a result", "spf=pass smtp.mailfrom=x; dkim=none", NULL},
		{"two ids", "a b; none", NULL},
		{"version 2", "a 2; none", NULL},
		{"version beyond all numbers", "a 99999999999999999999; none", NULL},
		{"none and a result", "a; none; spf=pass", NULL},
		{"a result and none", "a; spf=pass; none", NULL},
		{"method without result", "a; spf", NULL},
		{"method with an empty result", "a; spf=; dkim=pass", NULL},
		{"no method", "a; =pass", NULL},
		{"version without digits", "a; spf/=pass", NULL},
		{"property without value sign", "a; spf=pass smtp.mailfrom", NULL},
		{"property without name", "a; spf=pass smtp.=x", NULL},
		{"property with two dots", "a; spf=pass smtp.mail.from=x", NULL},
		{"value and more (CVE-2020-12272)", "a; spf=pass smtp.mailfrom=x(.example", NULL},
		{"value, comment, more", "a; spf=pass smtp.mailfrom=x(c)y@z", NULL},
		{"stray parenthesis", "a; spf=pass smtp.mailfrom=x)", NULL},
		{"open quote", "a; spf=pass smtp.mailfrom=\"x", NULL},
		{"open quote behind a pair", "a; spf=pass smtp.mailfrom=\"x\\\"", NULL},
		{"text behind a quoted value", "a; spf=pass smtp.mailfrom=\"x\"y", NULL},
		{"quoted value behind a quoted value", "a; b=c d.e=\"x\"\"y\"", NULL},
		{"quote inside a bare value", "a; b=c d.e=x\"y\"", NULL},
		{"open comment", "a; spf=pass (", NULL},
		{"open comment behind a pair", "a; spf=pass (\\)", NULL},
		{"comment nested and open", "a; spf=pass (()", NULL},
		{"a control byte", "a; spf=pass smtp.mailfrom=x\x01", NULL},
		{"a control byte in a comment", "a; spf=pass (\x7f) smtp.mailfrom=x", NULL},
		{"ARC's instance left in place", "i=1; a; none", NULL},
	};
	(void)state;
	check_rows(rows, sizeof rows / sizeof rows[0]);
}

/* test_nul: is a byte like any other control, and no end. */
static void test_nul(void **state)
{
	static const char text[] = "a; spf=pass\0; dkim=pass";
	(void)state;
	struct gp_arena *arena = gp_arena_new(1 << 16);
	assert_null(parse(arena, text, sizeof text - 1));
	gp_arena_free(arena);
}

/* test_truncated: a field cut at each byte is read or refused, and nothing beyond is touched. */
static void test_truncated(void **state)
{
	static const char text[] =
		"a (x) 1; dkim/1=fail reason=\"a\\\"b\" header.i=\"c d\"@e (f (g)) h.i=; spf=Pass "
		"(\\() smtp.mailfrom=<>;";
	(void)state;
	for (size_t n = 0; n < sizeof text; n++) {
		struct gp_arena *arena = gp_arena_new(1 << 16);
		(void)parse(arena, text, n); /* either will do */
		gp_arena_free(arena);
	}
}

/* repeat: head, then count times part. */
static const char *repeat(struct gp_arena *arena, const char *head, const char *part, size_t count)
{
	struct gp_strbuf b;
	const char *text;
	gp_strbuf_init(&b, arena, 1 << 22);
	gp_strbuf_add(&b, head);
	for (size_t i = 0; i < count; i++)
		gp_strbuf_add(&b, part);
	assert_int_equal(gp_strbuf_finish(&b, &text), GP_OK);
	return text;
}

/* test_bounds: results and properties have a number, comments a depth in linear time. */
static void test_bounds(void **state)
{
	static const struct {
		const char *head, *part;
		size_t count;
		int rc;
	} rows[] = {
		{"x", "; a=b", GP_AUTHRES_RESULTS, GP_OK},
		{"x", "; a=b", GP_AUTHRES_RESULTS + 1, GP_ESYNTAX},
		{"x; a=b", " c.d=e", GP_AUTHRES_PROPERTIES, GP_OK},
		{"x; a=b", " c.d=e", GP_AUTHRES_PROPERTIES + 1, GP_ESYNTAX},
		{"x; a=b", " reason=e", GP_AUTHRES_PROPERTIES + 1, GP_OK},
		{"x; a=b", " reason=e", GP_AUTHRES_PROPERTIES + 2, GP_ESYNTAX},
		{"x", ";", 100000, GP_OK},
		{"x; a=b ", "(", 100000, GP_ESYNTAX},
		{"x; a=b ", "()", 100000, GP_OK},
		{"x; a=b c.d=", "\"", 100001, GP_ESYNTAX},
		{"x; a=b c.d=\"", "\\\"", 100000, GP_ESYNTAX},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_arena *arena = gp_arena_new(1 << 22);
		struct gp_authres a;
		const char *text = repeat(arena, rows[i].head, rows[i].part, rows[i].count);
		int rc = gp_authres_parse(arena, gp_span_from(text), &a);
		if (rc != rows[i].rc)
			fail_msg("%s %s: %s", rows[i].head, rows[i].part, gp_err_text(rc));
		gp_arena_free(arena);
	}
}

/* test_ceiling: an arena that is too small is our fault and no syntax error. */
static void test_ceiling(void **state)
{
	static const char text[] = "a; DKIM=fail header.i=\"c\\\\d\"@e h.i=x; Spf=Pass x.y=\"\\z\"";
	(void)state;
	bool done = false;
	for (size_t ceiling = 1; !done; ceiling += 16) {
		struct gp_arena *arena = gp_arena_new(ceiling);
		struct gp_authres a;
		int rc = gp_authres_parse(arena, gp_span_from(text), &a);
		assert_true(rc == GP_OK || rc == GP_ETOOBIG);
		assert_int_equal(a.count, rc == GP_OK ? 2 : 0);
		done = rc == GP_OK;
		gp_arena_free(arena);
	}
}

/* test_value: by name, the first one. */
static void test_value(void **state)
{
	(void)state;
	struct gp_arena *arena = gp_arena_new(1 << 16);
	struct gp_authres a;
	assert_int_equal(gp_authres_parse(arena,
				 gp_span_from("x; dmarc=pass action=none header.from=a "
					      "header.from=b smtp.from=c"),
				 &a),
		GP_OK);
	assert_true(gp_span_is(gp_authres_value(&a.results[0], "header", "from"), "a"));
	assert_true(gp_span_is(gp_authres_value(&a.results[0], "HEADER", "From"), "a"));
	assert_true(gp_span_is(gp_authres_value(&a.results[0], "smtp", "from"), "c"));
	assert_true(gp_span_is(gp_authres_value(&a.results[0], "", "action"), "none"));
	assert_int_equal(gp_authres_value(&a.results[0], "header", "action").len, 0);
	gp_arena_free(arena);
}

/* test_instance: RFC 8617 3.9 and 4.1.1. */
static void test_instance(void **state)
{
	static const struct {
		const char *text;
		bool good;
		unsigned instance;
		const char *rest;
	} rows[] = {
		{" i=1; a; none", true, 1, " a; none"},
		{"i=50;a", true, 50, "a"},
		{"i=0;", true, 0, ""},
		{"i=99;", true, 99, ""},
		{"i=07;", true, 7, ""},
		{"\r\n\t(c) i (d) = (e) 2 (f) ; x", true, 2, " x"},
		{"i=100; x", false, 0, ""},
		{"i=1 x;", false, 0, ""},
		{"i=1", false, 0, ""},
		{"i=; x", false, 0, ""},
		{"i=-1; x", false, 0, ""},
		{"i=a; x", false, 0, ""},
		{"I=1; x", false, 0, ""},
		{"i; x", false, 0, ""},
		{"a; i=1; x", false, 0, ""},
		{"(i=1; x", false, 0, ""},
		{"none", false, 0, ""},
		{"", false, 0, ""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		unsigned instance = 0;
		struct gp_span rest = {NULL, 0};
		bool good = gp_authres_instance(gp_span_from(rows[i].text), &instance, &rest);
		if (good != rows[i].good || instance != rows[i].instance ||
			!gp_span_equal(rest, gp_span_from(rows[i].rest)))
			fail_msg("%s", rows[i].text);
	}
}

/* test_write: as it looks when all values are decent. */
static void test_write(void **state)
{
	(void)state;
	struct gp_arena *arena = gp_arena_new(1 << 16);
	struct gp_strbuf b;
	struct gp_authres_writer w;
	const char *text;
	gp_strbuf_init(&b, arena, 4096);
	gp_authres_begin(&w, &b, "mx.example.org", "\n\t");
	gp_authres_result(&w, "spf", "pass");
	gp_authres_comment(&w, "client is (c) 192.0.2.1");
	gp_authres_property(&w, "smtp", "mailfrom", gp_span_from("a+b=c@example.net"));
	gp_authres_result(&w, "dkim", "fail");
	gp_authres_reason(&w, "body changed");
	gp_authres_property(&w, "header", "d", gp_span_from("example.net"));
	gp_authres_property(&w, "header", "b", gp_span_from("aB/=9+xY"));
	gp_authres_property(&w, "header", "i", gp_span_from("@example.net"));
	gp_authres_property(&w, "smtp", "helo", gp_span_from(""));
	gp_authres_end(&w);
	assert_int_equal(gp_strbuf_finish(&b, &text), GP_OK);
	assert_string_equal(text,
		"mx.example.org;\n"
		"\tspf=pass (client is ?c? 192.0.2.1) smtp.mailfrom=\"a+b=c@example.net\";\n"
		"\tdkim=fail reason=\"body changed\" header.d=example.net header.b=\"aB/=9+xY\"\n"
		"\theader.i=\"@example.net\" smtp.helo=\"\"");
	gp_arena_free(arena);
}

/* test_write_none: a field without results (RFC 8601 2.2; rspamd issue 2772). */
static void test_write_none(void **state)
{
	(void)state;
	char room[64];
	struct gp_strbuf b;
	struct gp_authres_writer w;
	gp_strbuf_init_fixed(&b, room, sizeof room);
	gp_authres_begin(&w, &b, "mx.example.org", " ");
	gp_authres_end(&w);
	assert_string_equal(room, "mx.example.org; none");
}

/* fill: count bytes of one kind. */
static struct gp_span fill(char *room, size_t count, char c)
{
	memset(room, c, count);
	return (struct gp_span) {room, count};
}

/* write_one: a field with one result that has everything; its text. */
static const char *write_one(struct gp_arena *arena, const char *text, struct gp_span value)
{
	struct gp_strbuf b;
	struct gp_authres_writer w;
	const char *field;
	gp_strbuf_init(&b, arena, 1 << 16);
	gp_authres_begin(&w, &b, text, "\n\t");
	gp_authres_result(&w, "spf", "pass");
	gp_authres_comment(&w, text);
	gp_authres_reason(&w, text);
	gp_authres_property(&w, "smtp", "mailfrom", value);
	gp_authres_property(&w, "smtp", "helo", value);
	gp_authres_end(&w);
	assert_int_equal(gp_strbuf_finish(&b, &field), GP_OK);
	return field;
}

/* check_lines: every line shorter than RFC 5322 2.1.1 allows, every one but the first a fold. */
static void check_lines(const char *field)
{
	for (const char *line = field; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		assert_true(line == field || *line == '\t');
		assert_true(strcspn(line, "\n") < 998);
	}
	for (const char *p = field; *p; p++)
		assert_true((unsigned char)*p >= 0x20 || *p == '\n' || *p == '\t');
}

/* test_write_hostile: no value ends itself, its field or its line (mail-auth 0.9.1). */
static void test_write_hostile(void **state)
{
	static const struct {
		const char *value, *read; /* read: what a reader gets; NULL: the value */
	} rows[] = {
		{"x; dmarc=pass header.from=bank.example", NULL},
		{"x\r\nFrom: y", "x??From: y"},
		{"x\n\ty", "x??y"},
		{"x\" y=\"z", NULL},
		{"x\\", NULL},
		{"\\\"", NULL},
		{"(", NULL},
		{")", NULL},
		{"x (y) z", NULL},
		{"", NULL},
		{" ", NULL},
		{"a@b@c", NULL},
		{"\x7f\x01", "??"},
		{"gr\xc3\xbc\xc3\x9f@x.example", NULL},
		{"\xc3\xbc@\xff", "\xc3\xbc@?"},
		{"=?utf-8?q?x?=", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_arena *arena = gp_arena_new(1 << 20);
		struct gp_authres a;
		const char *want = rows[i].read ? rows[i].read : rows[i].value;
		const char *field = write_one(arena, rows[i].value, gp_span_from(rows[i].value));
		check_lines(field);
		if (gp_authres_parse(arena, gp_span_from(field), &a) || a.count != 1 ||
			a.results[0].count != 2 ||
			!gp_span_equal(a.authserv_id, gp_span_from(want)) ||
			!gp_span_equal(a.results[0].properties[0].value, gp_span_from(want)) ||
			!gp_span_equal(a.results[0].reason, gp_span_from(want)))
			fail_msg("%s\n%s", rows[i].value, field);
		gp_arena_free(arena);
	}
}

/* test_write_long: values are cut as they are written, between characters. */
static void test_write_long(void **state)
{
	static const struct {
		char c;
		size_t count, read;
	} rows[] = {{'a', 512, 512}, {'a', 513, 512}, {'a', 4000, 512}, {'"', 256, 256},
		{'"', 257, 256}, {'\\', 4000, 256}, {' ', 4000, 512}, {'\r', 4000, 512}};
	char room[4001];
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_arena *arena = gp_arena_new(1 << 20);
		struct gp_authres a;
		const struct gp_span value = fill(room, rows[i].count, rows[i].c);
		room[rows[i].count] = 0;
		const char *field = write_one(arena, room, value);
		check_lines(field);
		assert_int_equal(gp_authres_parse(arena, gp_span_from(field), &a), GP_OK);
		assert_int_equal(a.count, 1);
		assert_int_equal(a.results[0].count, 2);
		assert_int_equal(a.results[0].properties[1].value.len, rows[i].read);
		gp_arena_free(arena);
	}
	struct gp_arena *arena = gp_arena_new(1 << 20);
	struct gp_authres a;
	memset(room, 'x', 511);
	strcpy(room + 511, "\xc3\xbc@example.org");
	const char *field = write_one(arena, "x", gp_span_from(room));
	assert_int_equal(gp_authres_parse(arena, gp_span_from(field), &a), GP_OK);
	assert_int_equal(a.results[0].properties[0].value.len, 511);
	gp_arena_free(arena);
}

/* test_write_full: a buffer that is too small shows at its end. */
static void test_write_full(void **state)
{
	(void)state;
	char room[24];
	struct gp_strbuf b;
	struct gp_authres_writer w;
	const char *text;
	gp_strbuf_init_fixed(&b, room, sizeof room);
	gp_authres_begin(&w, &b, "mx.example.org", " ");
	gp_authres_result(&w, "spf", "pass");
	gp_authres_property(&w, "smtp", "mailfrom", gp_span_from("a@example.org"));
	gp_authres_end(&w);
	assert_int_equal(gp_strbuf_finish(&b, &text), GP_ETOOBIG);
}

/* main: all, or the one that is named. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc),
		cmocka_unit_test(test_deployed),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_value),
		cmocka_unit_test(test_instance),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_write_none),
		cmocka_unit_test(test_write_hostile),
		cmocka_unit_test(test_write_long),
		cmocka_unit_test(test_write_full),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
