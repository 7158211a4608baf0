/* SPDX-License-Identifier: ISC */
/* Macro expansion (RFC 7208 7), and the shapes that broke other libraries. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "spf/spf_private.h"
#include "support/zone.h"

/* A run as check_host() would have it, with all that it borrows. */
struct bench {
	struct test_zone *zone;
	struct gp_ctx ctx;
	struct gp_spf_query query;
	struct gp_spf_options options;
	struct gp_spf_result result;
	struct gp_spf_run run;
};

/* bench_init: the sender of the examples in 7.4. */
static void bench_init(struct bench *b, const char *client)
{
	*b = (struct bench) {.zone = test_zone_new(), .options = {10, 10, 2}};
	test_zone_lines(b->zone, "3.2.0.192.in-addr.arpa PTR mx.example.org\n"
				 "mx.example.org A 192.0.2.3\n");
	b->ctx = (struct gp_ctx) {.arena = gp_arena_new(1 << 17),
		.clock = test_zone_clock(b->zone),
		.dns = test_zone_dns(b->zone),
		.deadline_us = INT64_MAX};
	b->query.helo = gp_span_from("HELO.example.net");
	b->run = (struct gp_spf_run) {.ctx = &b->ctx,
		.query = &b->query,
		.options = &b->options,
		.result = &b->result,
		.local = gp_span_from("strong-bad"),
		.sender_domain = "email.example.com",
		.domain = "email.example.com"};
	assert_int_equal(gp_ipaddr_parse(gp_span_from(client), &b->run.client), GP_OK);
}

/* bench_fini: frees it. */
static void bench_fini(struct bench *b)
{
	gp_arena_free(b->ctx.arena);
	test_zone_free(b->zone);
}

/* expand: the text, which must be of the explain-string grammar; NULL when there is none. */
static const char *expand(struct bench *b, const char *text)
{
	struct gp_strbuf buf;
	const char *out;
	assert_int_equal(gp_spf_macro_check(gp_span_from(text), GP_SPF_EXPLAIN_STRING), GP_OK);
	gp_strbuf_init(&buf, b->ctx.arena, 4096);
	if (gp_spf_macro_expand(&b->run, gp_span_from(text), &buf) != GP_OK ||
		gp_strbuf_finish(&buf, &out) != GP_OK)
		return NULL;
	return out;
}

struct row {
	const char *text, *expansion;
};

/* expand_rows: each row for one client. */
static void expand_rows(const char *client, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct bench b;
		bench_init(&b, client);
		assert_string_equal(expand(&b, rows[i].text), rows[i].expansion);
		bench_fini(&b);
	}
}

/* test_examples: the tables of 7.4, the letters, and parts in odd numbers. */
static void test_examples(void **state)
{
	static const struct row rows[] = {
		{"%{s}", "strong-bad@email.example.com"},
		{"%{o}", "email.example.com"},
		{"%{d}", "email.example.com"},
		{"%{d4}", "email.example.com"},
		{"%{d3}", "email.example.com"},
		{"%{d2}", "example.com"},
		{"%{d1}", "com"},
		{"%{dr}", "com.example.email"},
		{"%{d2r}", "example.email"},
		{"%{l}", "strong-bad"},
		{"%{l-}", "strong.bad"},
		{"%{lr}", "strong-bad"},
		{"%{lr-}", "bad.strong"},
		{"%{l1r-}", "strong"},
		{"%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"},
		{"%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"},
		{"%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}",
			"3.2.0.192.in-addr.strong.lp._spf.example.com"},
		{"%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"},
		{"%{p}", "mx.example.org"},
		{"%{p2}", "example.org"},
		{"%{h}", "helo.example.net"},
		{"%{c} %{r} %{t}", "192.0.2.3 unknown 1700000000"},
		{"a%%b%_c%-d", "a%b c%20d"},
		{"%{S}", "strong-bad%40email.example.com"},
		{"%{d127}%{d00002}", "email.example.comexample.com"},
		{"", ""},
	};
	(void)state;
	expand_rows("192.0.2.3", rows, sizeof rows / sizeof rows[0]);
}

/* test_ipv6: nibbles (7.3), and no PTR record. */
static void test_ipv6(void **state)
{
	static const struct row rows[] = {
		{"%{i}", "2.0.0.1.0.d.b.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.c.b.0.1"},
		{"%{ir}.%{v}._spf.%{d2}", "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d."
					  "0.1.0.0.2.ip6._spf.example.com"},
		{"%{c}", "2001:db8::cb01"},
		{"%{p}", "unknown"},
	};
	(void)state;
	expand_rows("2001:db8::cb01", rows, sizeof rows / sizeof rows[0]);
}

/* test_parts: delimiters in a row and at the ends are kept as empty parts (7.3). */
static void test_parts(void **state)
{
	static const struct {
		const char *local, *text, *expansion;
	} rows[] = {
		{"a--b", "%{l-}", "a..b"},
		{"a--b", "%{lr-}", "b..a"},
		{"-a-", "%{l-}", ".a."},
		{"-a-", "%{lr-}", ".a."},
		{"-a-", "%{l1-}", ""},
		{"-a-", "%{l2r-}", "a."},
		{"a+b=c_d", "%{l+=_}", "a.b.c.d"},
		{"a+b=c_d", "%{l2r+=_}", "b.a"},
		{"a.b", "%{l+}", "a.b"},
		{"a.b+c", "%{lr+}", "c.a.b"},
		{".", "%{lr}", "."},
		{"jack&jill=up", "%{L}", "jack%26jill%3Dup"},
		{"\x01\x7f", "%{L}", "%01%7F"},
		{"\"a b\"", "%{L}", "%22a%20b%22"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct bench b;
		bench_init(&b, "192.0.2.3");
		b.run.local = gp_span_from(rows[i].local);
		assert_string_equal(expand(&b, rows[i].text), rows[i].expansion);
		bench_fini(&b);
	}
}

/* test_best_name: %{p} prefers <domain>, then what is below it (7.3). */
static void test_best_name(void **state)
{
	struct bench b;
	(void)state;
	bench_init(&b, "192.0.2.9");
	test_zone_lines(b.zone, "9.2.0.192.in-addr.arpa PTR other.example\n"
				"9.2.0.192.in-addr.arpa PTR liar.email.example.com\n"
				"9.2.0.192.in-addr.arpa PTR a.email.example.com\n"
				"9.2.0.192.in-addr.arpa PTR broken.example\n"
				"broken.example SERVFAIL\n"
				"liar.email.example.com A 192.0.2.8\n"
				"other.example A 192.0.2.9\n"
				"a.email.example.com A 192.0.2.9\n");
	assert_string_equal(expand(&b, "%{p}"), "a.email.example.com");
	size_t asked = test_zone_asked(b.zone, TEST_ZONE_ANY);
	b.run.domain = "unrelated.example";
	assert_string_equal(expand(&b, "%{p}"), "other.example");
	assert_int_equal(test_zone_asked(b.zone, TEST_ZONE_ANY), asked);
	assert_int_equal(b.result.lookups, 1);
	bench_fini(&b);
}

/* test_utf8_local: %{s} and %{l} have no expansion (RFC 8616 4); HELO becomes A-labels. */
static void test_utf8_local(void **state)
{
	struct bench b;
	(void)state;
	bench_init(&b, "192.0.2.3");
	b.run.local = gp_span_from("j\xc3\xb6rg");
	b.query.helo = gp_span_from("b\xc3\xbc"
				    "cher.example");
	assert_null(expand(&b, "%{s}"));
	assert_null(expand(&b, "x%{l}"));
	assert_string_equal(expand(&b, "%{h}"), "xn--bcher-kva.example");
	bench_fini(&b);
}

/* target: the name that a spec comes to, or NULL. */
static const char *target(struct bench *b, const char *spec)
{
	const struct gp_spf_term term = {.spec = gp_span_from(spec)};
	enum gp_spf_match match;
	const char *name;
	assert_int_equal(gp_spf_macro_check(term.spec, GP_SPF_DOMAIN_SPEC), GP_OK);
	assert_int_equal(gp_spf_target(&b->run, &term, &name, &match), GP_OK);
	assert_int_equal(match, GP_SPF_NO_MATCH);
	return name;
}

/* test_target: labels dropped from the left (7.3), and what can be no name (4.8). */
static void test_target(void **state)
{
	struct bench b;
	char local[300];
	(void)state;
	bench_init(&b, "192.0.2.3");
	assert_string_equal(target(&b, "a.example."), "a.example");
	assert_null(target(&b, ".example"));
	assert_null(target(&b, "a..example"));
	memset(local, 'a', sizeof local);
	for (size_t i = 9; i < sizeof local; i += 10)
		local[i] = '.';
	b.run.local = (struct gp_span) {local, 249};
	const char *name = target(&b, "%{l}.example");
	assert_non_null(name);
	assert_int_equal(strlen(name), 247);
	b.run.local = (struct gp_span) {local, 245};
	assert_int_equal(strlen(target(&b, "%{l}.example")), 253);
	memset(local, 'a', sizeof local);
	b.run.local = (struct gp_span) {local, 299};
	assert_string_equal(target(&b, "%{l}.example"), "example");
	b.run.local = (struct gp_span) {local, 64};
	assert_null(target(&b, "%{l}.example"));
	b.run.local = (struct gp_span) {"a\0b", 3};
	assert_null(target(&b, "%{l}.example"));
	bench_fini(&b);
}

/*
 * test_shapes: what overflowed libspf2: long input, capitals that grow threefold, bytes over 0x7f
 * in a capital macro, huge part numbers (CVE-2021-20314, -33912, -33913, CVE-2023-42118).
 */
static void test_shapes(void **state)
{
	struct bench b;
	char text[4096];
	(void)state;
	bench_init(&b, "192.0.2.3");
	for (size_t i = 0; i + 4 < sizeof text; i += 4)
		memcpy(text + i, "%{S}", 4);
	text[4092] = 0;
	assert_null(expand(&b, text)); /* over the buffer's ceiling, and no byte further */
	memcpy(text, "x.%{d}", 6);
	assert_null(target(&b, text));
	b.query.helo = gp_span_from("\x80\xff\xfe [x");
	assert_string_equal(expand(&b, "%{H}"), "%80%FF%FE%20%5Bx");
	assert_string_equal(expand(&b, "%{d4294967295r}"), "com.example.email");
	static const char *const wrong[] = {"%{d4294967296}", "%{d99999999999999999999999}",
		"%{d00}", "%{", "%{d", "%", "%{dr", "%{d1", "%{d1r-", "%a", "\x80", "\n"};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(gp_spf_macro_check(gp_span_from(wrong[i]), GP_SPF_EXPLAIN_STRING),
			GP_ESYNTAX);
	bench_fini(&b);
}

/* test_full: an arena without room is a status, not a shorter name. */
static void test_full(void **state)
{
	struct bench b;
	enum gp_spf_match match;
	const char *name;
	(void)state;
	bench_init(&b, "192.0.2.3");
	gp_arena_free(b.ctx.arena);
	b.ctx.arena = gp_arena_new(32);
	const struct gp_spf_term term = {.spec = gp_span_from("%{d}.%{d}.%{d}.example")};
	assert_int_equal(gp_spf_target(&b.run, &term, &name, &match), GP_ETOOBIG);
	bench_fini(&b);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_best_name),
		cmocka_unit_test(test_utf8_local),
		cmocka_unit_test(test_target),
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_full),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
