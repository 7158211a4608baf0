/* SPDX-License-Identifier: ISC */
/* What a domain publishes about TLS: MTA-STS (RFC 8461 3.1), TLSRPT (RFC 8460 3), TLSA (7672). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tls_policy/tls_policy.h"

/* What a text comes to: none is NULL, a good one "", else a part of the problem. */
struct row {
	const char *text, *problem, *value;
};

/* check: one row of a record with one value. */
static void check(const struct row *row, int rc, const char *problem, struct gp_span value)
{
	if (!row->problem) {
		assert_int_equal(rc, GP_ESYNTAX);
		return;
	}
	assert_int_equal(rc, GP_OK);
	if (*row->problem ? !problem || !strstr(problem, row->problem) : problem != NULL)
		fail_msg("%s: %s", row->text, problem ? problem : "taken");
	assert_true(gp_span_equal(value, gp_span_from(row->value)));
}

/* sts: the version first, then an id. */
static void sts(void **state)
{
	static const struct row rows[] = {
		{"v=STSv1; id=20160831085700Z;", "", "20160831085700Z"},
		{"v=STSv1;id=1", "", "1"},
		{"v=STSv1; id=12345678901234567890123456789012; x=y", "",
			"12345678901234567890123456789012"},
		{"v=STSv1; id=123456789012345678901234567890123", "id= is missing",
			"123456789012345678901234567890123"},
		{"v=STSv1; id=2016-08-31", "id= is missing", "2016-08-31"},
		{"v=STSv1; id=", "id= is missing", ""},
		{"v=STSv1", "id= is missing", ""},
		{"v=STSv2; id=1", NULL, NULL},
		{"id=1; v=STSv1", NULL, NULL},
		{"v=stsv1; id=1", NULL, NULL},
		{"v=spf1 -all", NULL, NULL},
		{"", NULL, NULL},
	};
	struct gp_arena *arena = gp_arena_new(1 << 16);
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_tls_policy_txt r;
		int rc = gp_tls_policy_sts_parse(arena, gp_span_from(rows[i].text), &r);
		check(&rows[i], rc, r.problem, r.value);
	}
	gp_arena_free(arena);
}

/* reports: the version first, then an address. */
static void reports(void **state)
{
	static const struct row rows[] = {
		{"v=TLSRPTv1; rua=mailto:tls@example.org", "", "mailto:tls@example.org"},
		{"v=TLSRPTv1;rua=https://example.org/v1", "", "https://example.org/v1"},
		{"v=TLSRPTv1; rua=ftp:x, mailto:a@b", "", "ftp:x, mailto:a@b"},
		{"v=TLSRPTv1; rua=tls@example.org", "no address", "tls@example.org"},
		{"v=TLSRPTv1; rua=mailto:@b", "no address", "mailto:@b"},
		{"v=TLSRPTv1", "no address", ""},
		{"v=TLSRPTv2; rua=mailto:a@b", NULL, NULL},
		{"rua=mailto:a@b", NULL, NULL},
	};
	struct gp_arena *arena = gp_arena_new(1 << 16);
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_tls_policy_txt r;
		int rc = gp_tls_policy_reports_parse(arena, gp_span_from(rows[i].text), &r);
		check(&rows[i], rc, r.problem, r.value);
	}
	gp_arena_free(arena);
}

/* tlsa: three numbers and data that fit them; at every length within the bytes. */
static void tlsa(void **state)
{
	static const struct {
		unsigned char head[3];
		size_t data;
		const char *problem;
	} rows[] = {
		{{3, 1, 1}, 32, NULL},
		{{3, 1, 2}, 64, NULL},
		{{2, 0, 1}, 32, NULL},
		{{3, 0, 0}, 500, NULL},
		{{3, 1, 1}, 31, "length"},
		{{3, 1, 2}, 32, "length"},
		{{3, 1, 0}, 0, "length"},
		{{1, 1, 1}, 32, "usage"},
		{{0, 1, 1}, 32, "usage"},
		{{255, 1, 1}, 32, "usage"},
		{{3, 2, 1}, 32, "selector"},
		{{3, 1, 3}, 32, "matching"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_tls_policy_tlsa t;
		char *octets = calloc(1, 3 + rows[i].data);
		assert_non_null(octets);
		memcpy(octets, rows[i].head, 3);
		for (size_t n = 0; n < 3; n++) {
			gp_tls_policy_tlsa_parse((struct gp_span) {octets, n}, &t);
			assert_string_equal(t.problem, "it is too short");
		}
		gp_tls_policy_tlsa_parse((struct gp_span) {octets, 3 + rows[i].data}, &t);
		assert_int_equal(t.usage, rows[i].head[0]);
		assert_int_equal(t.data.len, rows[i].data);
		if (rows[i].problem)
			assert_non_null(strstr(t.problem, rows[i].problem));
		else
			assert_null(t.problem);
		free(octets);
	}
}

/* full_arena: our trouble, whatever the ceiling. */
static void full_arena(void **state)
{
	bool fitted = false;
	(void)state;
	for (size_t ceiling = 0; ceiling < 4096; ceiling += 64) {
		struct gp_arena *arena = gp_arena_new(ceiling);
		struct gp_tls_policy_txt r;
		int rc = gp_tls_policy_sts_parse(arena, gp_span_from("v=STSv1; id=1"), &r);
		assert_true(rc == GP_OK || rc == GP_ETOOBIG);
		fitted = rc == GP_OK;
		gp_arena_free(arena);
	}
	assert_true(fitted);
}

/* main: all tests, or those whose name fits the argument. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sts),
		cmocka_unit_test(reports),
		cmocka_unit_test(tlsa),
		cmocka_unit_test(full_arena),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
