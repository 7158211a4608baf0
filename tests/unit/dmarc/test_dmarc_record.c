/* SPDX-License-Identifier: ISC */
/* Record text to struct: RFC 9989 4.7, 4.8 and 4.10.1, and pct of RFC 7489. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "dmarc/dmarc.h"

/* parse: a text in a block of exactly its size, so that a sanitizer sees its end. */
static int parse(struct gp_arena *arena, const char *text, struct gp_dmarc_record *record_out)
{
	size_t len = strlen(text);
	char *exact = gp_arena_alloc(arena, len + 1);
	assert_non_null(exact);
	memcpy(exact, text, len);
	return gp_dmarc_record_parse(arena, (struct gp_span) {exact, len}, record_out);
}

/* test_version: first in the record, its case exact, blanks around the equal sign (4.7 v, 4.8). */
static void test_version(void **state)
{
	static const struct {
		const char *text;
		bool is;
	} rows[] = {
		{"v=DMARC1", true},
		{"v=DMARC1;", true},
		{"v=DMARC1 ;p=none", true},
		{"v=DMARC1; p=none", true},
		{"v = DMARC1 ; p=none", true},
		{"v\t=\tDMARC1\t;", true},
		{"v=DMARC1;;;", true},
		{"", false},
		{"v", false},
		{"v=", false},
		{"v=DMARC", false},
		{"v=dmarc1; p=none", false},
		{"V=DMARC1; p=none", true}, /* RFC 9989 4.8: the value alone is exact */
		{"V=dmarc1; p=none", false},
		{"v=DMARC2; p=none", false},
		{"v=DMARC10; p=none", false},
		{"v=DMARC1 p=none", false},
		{"v=DMARC1, p=none", false},
		{"v=DMARC1\\; p=none",
			false}, /* zone file's escape, published: OpenDMARC issue 78 */
		{" v=DMARC1; p=none", false},
		{";v=DMARC1; p=none", false},
		{"p=none; v=DMARC1", false},
		{"v=spf1 -all", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_arena *arena = gp_arena_new(1 << 16);
		struct gp_dmarc_record r;
		if (parse(arena, rows[i].text, &r) != (rows[i].is ? GP_OK : GP_ESYNTAX))
			fail_msg("%s", rows[i].text);
		gp_arena_free(arena);
	}
}

/* test_defaults: a record that says nothing (4.7). */
static void test_defaults(void **state)
{
	(void)state;
	struct gp_arena *arena = gp_arena_new(1 << 16);
	struct gp_dmarc_record r;
	assert_int_equal(parse(arena, "v=DMARC1; p=none", &r), GP_OK);
	assert_int_equal(r.p, GP_DMARC_POLICY_NONE);
	assert_true(r.has_p && !r.has_sp && !r.has_np && !r.bad_policy && !r.has_rua);
	assert_true(!r.adkim_strict && !r.aspf_strict && !r.testing);
	assert_int_equal(r.psd, GP_DMARC_PSD_U);
	assert_int_equal(r.pct, 100);
	assert_int_equal(r.rua.len + r.ruf.len + r.fo.len, 0);
	gp_arena_free(arena);
}

/* check_every_tag: what two records say that write the same tags in another way. */
static void check_every_tag(const struct gp_dmarc_record *r)
{
	assert_true(
		r->testing && r->adkim_strict && r->aspf_strict && r->has_rua && !r->bad_policy);
	assert_true(r->has_p && r->has_sp && r->has_np);
	assert_int_equal(r->p, GP_DMARC_POLICY_NONE);
	assert_int_equal(r->sp, GP_DMARC_POLICY_QUARANTINE);
	assert_int_equal(r->np, GP_DMARC_POLICY_REJECT);
	assert_int_equal(r->psd, GP_DMARC_PSD_N);
	assert_int_equal(r->pct, 25);
	assert_true(gp_span_is(r->ruf, "mailto:f@example.com"));
}

/* test_all_tags: each tag there is, in any order, ASCII case aside in the values. */
static void test_all_tags(void **state)
{
	(void)state;
	struct gp_arena *arena = gp_arena_new(1 << 16);
	struct gp_dmarc_record r;
	assert_int_equal(
		parse(arena,
			"v=DMARC1 ; t = Y; psd=n;np=REJECT; sp=Quarantine ;p=none; aspf=S;adkim=s; "
			"fo=1:d:s; pct=25; ruf=mailto:f@example.com ;rua=mailto:a@example.com, "
			"mailto:b@example.com!10m; rf=afrf; ri=86400; x-y=z; unknown=1",
			&r),
		GP_OK);
	check_every_tag(&r);
	assert_true(gp_span_is(r.fo, "1:d:s"));
	assert_true(gp_span_is(r.rua, "mailto:a@example.com, mailto:b@example.com!10m"));
	gp_arena_free(arena);
}

/* test_names_in_any_case: of every tag, as of the version (4.8). */
static void test_names_in_any_case(void **state)
{
	(void)state;
	struct gp_arena *arena = gp_arena_new(1 << 16);
	struct gp_dmarc_record r;
	assert_int_equal(parse(arena,
				 "V=DMARC1; T=y; PSD=n; NP=reject; Sp=quarantine; P=none; ASPF=s; "
				 "aDkim=s; FO=1; PCT=25; RUF=mailto:f@example.com; "
				 "Rua=mailto:a@example.com",
				 &r),
		GP_OK);
	check_every_tag(&r);
	assert_true(gp_span_is(r.fo, "1"));
	gp_arena_free(arena);
}

/* test_policies: what p, sp and np come to, and what a bad one does to the record (4.10.1). */
static void test_policies(void **state)
{
	enum {
		N = GP_DMARC_POLICY_NONE,
		Q = GP_DMARC_POLICY_QUARANTINE,
		R = GP_DMARC_POLICY_REJECT
	};
	static const struct {
		const char *tags;
		unsigned p, sp, np;
		bool bad;
	} rows[] = {
		{"p=reject", R, R, R, false},
		{"p=ReJeCt", R, R, R, false},
		{"p=reject; sp=none", R, N, N, false},
		{"p=none; np=reject", N, N, R, false},
		{"p=none; sp=quarantine; np=reject", N, Q, R, false},
		{"p=quarantine; np=none", Q, Q, N, false},
		{"p = reject ; sp = none", R, N, N, false},
		{"p=reject;", R, R, R, false},
		{"", N, N, N, true},
		{"sp=reject", N, N, N, true},
		{"p=", N, N, N, true},
		{"p", N, N, N, true},
		/* names in any case, as V= (4.8): only "DMARC1" is exact; the first one counts */
		{"P=reject", R, R, R, false},
		{"p=reject; SP=none", R, N, N, false},
		{"P=Quarantine; Np=none", Q, Q, N, false},
		{"P=reject; p=none", R, R, R, false},
		{"p=none; P=reject", N, N, N, false},
		{"p=reject; SP=nowhere", N, N, N, true},
		{"P=", N, N, N, true},
		{"p=rejected", N, N, N, true},
		{"p=reject sp=none", N, N, N, true},
		{"p=reject\\", N, N, N, true},
		{"p=reject; sp=", N, N, N, true},
		{"p=reject; sp=nowhere", N, N, N, true},
		{"p=reject; np=nowhere", N, N, N, true},
		{"p=nowhere; sp=reject; np=reject", N, N, N, true},
		{"p=reject; p=none", R, R, R, false},          /* the first one stands */
		{"=reject; p=reject; ; junk", R, R, R, false}, /* what is no tag is dropped */
		{"p\\=none; p=reject", R, R, R, false},        /* an escape of a zone file */
		{"p=reject; sp none", R, R, R, false},
		{"1p=none; p=quarantine", Q, Q, Q, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_arena *arena = gp_arena_new(1 << 16);
		struct gp_dmarc_record r;
		const char *text = gp_arena_printf(arena, "v=DMARC1; %s", rows[i].tags);
		if (parse(arena, text, &r) != GP_OK || r.p != rows[i].p || r.sp != rows[i].sp ||
			r.np != rows[i].np || r.bad_policy != rows[i].bad)
			fail_msg("%s: p=%u sp=%u np=%u", rows[i].tags, r.p, r.sp, r.np);
		gp_arena_free(arena);
	}
}

/* test_flags: a value that is none of the words leaves the default (4.8). */
static void test_flags(void **state)
{
	static const struct {
		const char *tags;
		bool adkim, aspf, testing;
		enum gp_dmarc_psd psd;
	} rows[] = {
		{"adkim=s", true, false, false, GP_DMARC_PSD_U},
		{"adkim=r; aspf=s", false, true, false, GP_DMARC_PSD_U},
		{"adkim=strict; aspf=x; t=1; psd=x", false, false, false, GP_DMARC_PSD_U},
		{"adkim=; aspf; t=; psd", false, false, false, GP_DMARC_PSD_U},
		{"t=y; psd=y", false, false, true, GP_DMARC_PSD_Y},
		{"t=n; psd=u", false, false, false, GP_DMARC_PSD_U},
		{"psd=N", false, false, false, GP_DMARC_PSD_N},
		{"psd=\xff", false, false, false, GP_DMARC_PSD_U},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_arena *arena = gp_arena_new(1 << 16);
		struct gp_dmarc_record r;
		const char *text = gp_arena_printf(arena, "v=DMARC1; p=none; %s", rows[i].tags);
		if (parse(arena, text, &r) != GP_OK || r.adkim_strict != rows[i].adkim ||
			r.aspf_strict != rows[i].aspf || r.testing != rows[i].testing ||
			r.psd != rows[i].psd)
			fail_msg("%s", rows[i].tags);
		gp_arena_free(arena);
	}
}

/* test_pct: a whole number up to 100, or all (RFC 7489 6.3). */
static void test_pct(void **state)
{
	static const struct {
		const char *value;
		unsigned pct;
	} rows[] = {{"0", 0}, {"1", 1}, {"100", 100}, {"050", 50}, {"101", 100}, {"-1", 100},
		{"", 100}, {"50%", 100}, {"5 0", 100}, {"99999999999999999999", 100}, {"x", 100}};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_arena *arena = gp_arena_new(1 << 16);
		struct gp_dmarc_record r;
		const char *text =
			gp_arena_printf(arena, "v=DMARC1; p=none; pct=%s", rows[i].value);
		if (parse(arena, text, &r) != GP_OK || r.pct != rows[i].pct)
			fail_msg("%s: %u", rows[i].value, r.pct);
		gp_arena_free(arena);
	}
}

/* test_rua: one valid URI is enough (4.8, 4.10.1; RFC 3986). */
static void test_rua(void **state)
{
	static const struct {
		const char *value;
		bool valid;
	} rows[] = {
		{"mailto:dmarc@example.com", true},
		{"MAILTO:dmarc@example.com", true},
		{"https://example.com/dmarc?x=%41", true},
		{"mailto:dmarc@example.com!10m", true},
		{"mailto:dmarc@example.com!10", true},
		{"mailto:dmarc%2C@example.com", true},
		{"nonsense, mailto:dmarc@example.com", true},
		{",, ,mailto:dmarc@example.com", true},
		{"x+y-z.1:a", true},
		{"", false},
		{",", false},
		{"dmarc@example.com", false},
		{"mailto:", false},
		{"mailto:dmarc", false},
		{"mailto:@example.com", false},
		{"mailto:dmarc@", false},
		{"mailto:dmarc@example.com!", false},
		{"mailto:dmarc@example.com!m", false},
		{"mailto:dmarc@example.com!10x", false},
		{"mailto:dmarc@example.com!10m!10m", false},
		{"mailto: dmarc@example.com", false},
		{"mailto:dm arc@example.com", false},
		{"mailto:dmarc%4@example.com", false},
		{"mailto:dmarc@example.com%", false},
		{"mailto:dm\xc3\xa4rc@example.com", false},
		{":dmarc@example.com", false},
		{"1x:dmarc@example.com", false},
		{"ma_lto:dmarc@example.com", false},
		{"<mailto:dmarc@example.com>", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_arena *arena = gp_arena_new(1 << 16);
		struct gp_dmarc_record r;
		const char *text = gp_arena_printf(arena, "v=DMARC1; rua=%s", rows[i].value);
		if (parse(arena, text, &r) != GP_OK || r.has_rua != rows[i].valid)
			fail_msg("%s", rows[i].value);
		gp_arena_free(arena);
	}
}

/* test_every_length: a record cut anywhere is read within its bytes (ASan watches). */
static void test_every_length(void **state)
{
	static const char text[] = "v = DMARC1 ; p=reject; sp=none; t=y; psd=n; pct=10; =; \\;x;"
				   "rua=mailto:a@example.com!1g,https://example.com/%41; fo=1:d:s";
	(void)state;
	for (size_t n = 0; n < sizeof text; n++) {
		struct gp_arena *arena = gp_arena_new(1 << 16);
		struct gp_dmarc_record r;
		char *exact = malloc(n + (n == 0));
		assert_non_null(exact);
		memcpy(exact, text, n);
		int rc = gp_dmarc_record_parse(arena, (struct gp_span) {exact, n}, &r);
		assert_int_equal(rc, n < strlen("v = DMARC1") ? GP_ESYNTAX : GP_OK);
		free(exact);
		gp_arena_free(arena);
	}
}

/* test_bounds: more tags than are read, and no memory to read them. */
static void test_bounds(void **state)
{
	(void)state;
	struct gp_arena *arena = gp_arena_new(1 << 20);
	struct gp_dmarc_record r;
	struct gp_strbuf buf;
	const char *text;
	gp_strbuf_init(&buf, arena, 1 << 18);
	gp_strbuf_add(&buf, "v=DMARC1; p=reject");
	for (size_t i = 0; i < 20000; i++)
		gp_strbuf_add(&buf, ";;x=y");
	assert_int_equal(gp_strbuf_finish(&buf, &text), GP_OK);
	assert_int_equal(parse(arena, text, &r), GP_OK);
	assert_int_equal(r.p, GP_DMARC_POLICY_REJECT);
	gp_arena_free(arena);
	arena = gp_arena_new(16);
	assert_int_equal(
		gp_dmarc_record_parse(arena, gp_span_from("v=DMARC1; p=none"), &r), GP_ETOOBIG);
	gp_arena_free(arena);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_all_tags),
		cmocka_unit_test(test_names_in_any_case),
		cmocka_unit_test(test_policies),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_pct),
		cmocka_unit_test(test_rua),
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_bounds),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
