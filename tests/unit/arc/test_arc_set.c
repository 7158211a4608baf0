/* SPDX-License-Identifier: ISC */
/* Sets of ARC fields: collected in any order, and what makes them no chain (RFC 8617 5.2, 1-3). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "arc/arc_private.h"
#include "support/zone.h"

#define HASH "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
#define AAR(i) "ARC-Authentication-Results: i=" i "; x.example; spf=pass\r\n"
#define AMS_WITH(tags) "ARC-Message-Signature: a=rsa-sha256; bh=" HASH "; b=AAAA; " tags "\r\n"
#define AMS(i) AMS_WITH("i=" i "; d=x.example; s=s; h=from")
#define SEAL_WITH(tags) "ARC-Seal: a=rsa-sha256; b=AAAA; " tags "\r\n"
#define SEAL(i, cv) SEAL_WITH("i=" i "; d=x.example; s=s; cv=" cv)
#define FIRST AAR("1") AMS("1") SEAL("1", "none")
#define SECOND AAR("2") AMS("2") SEAL("2", "pass")
#define FROM "From: a@x.example\r\n"

/* collect: the sets of a header that stands alone in memory; the arena must be larger. */
static int collect(struct gp_arena *arena, struct gp_span header, struct gp_arc_sets *sets_out)
{
	struct test_zone *zone = test_zone_new();
	struct gp_ctx ctx = {.arena = arena, .clock = test_zone_clock(zone)};
	struct gp_message *message = gp_arena_alloc(arena, sizeof *message);
	int rc = GP_ETOOBIG;
	if (message)
		rc = gp_message_parse(arena, header, GP_MESSAGE_CRLF, message);
	*sets_out = (struct gp_arc_sets) {.count = 0};
	if (rc == GP_OK)
		rc = gp_arc_sets_collect(&ctx, message, sets_out);
	test_zone_free(zone);
	return rc;
}

struct row {
	const char *what, *header, *problem; /* a part of the problem; NULL: there is none */
	unsigned count;
};

/* check_rows: each as it is said. */
static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct gp_arena *arena = gp_arena_new(1 << 20);
		struct gp_arc_sets sets;
		assert_int_equal(collect(arena, gp_span_from(rows[i].header), &sets), GP_OK);
		bool same = rows[i].problem ? sets.problem && strstr(sets.problem, rows[i].problem)
					    : !sets.problem;
		if (!same || sets.count != rows[i].count || (sets.problem && sets.items))
			fail_msg("%s: %u sets, %s", rows[i].what, sets.count,
				sets.problem ? sets.problem : "no problem");
		gp_arena_free(arena);
	}
}

/* test_amount: exactly one of each field for each instance (3.1, 3.2). */
static void test_amount(void **state)
{
	static const char incomplete[] = "incomplete";
	static const struct row rows[] = {
		{"nothing at all", "", NULL, 0},
		{"no ARC", FROM, NULL, 0},
		{"names that only look alike", "ARC-Sealed: x\r\nX-ARC-Seal: i=1\r\n", NULL, 0},
		{"one set", FIRST FROM, NULL, 1},
		{"names in another case",
			"arc-authentication-results: i=1; x; none\r\n" AMS("1") SEAL("1", "none"),
			NULL, 1},
		{"two sets", SECOND FIRST FROM, NULL, 2},
		{"only results", AAR("1"), incomplete, 0},
		{"only a signature", AMS("1"), incomplete, 0},
		{"only a seal", SEAL("1", "none"), incomplete, 0},
		{"no results", AMS("1") SEAL("1", "none"), incomplete, 0},
		{"no signature", AAR("1") SEAL("1", "none"), incomplete, 0},
		{"no seal", AAR("1") AMS("1"), incomplete, 0},
		{"results twice", AAR("1") FIRST, incomplete, 0},
		{"signature twice", AMS("1") FIRST, incomplete, 0},
		{"seal twice", SEAL("1", "none") FIRST, incomplete, 0},
		{"a whole set twice", FIRST FIRST, incomplete, 0},
		{"second set incomplete", AMS("2") SEAL("2", "pass") FIRST, incomplete, 0},
		{"first set incomplete", SECOND AMS("1") AAR("1"), incomplete, 0},
		{"first set missing", SECOND, incomplete, 0},
		{"a gap", AAR("3") AMS("3") SEAL("3", "pass") FIRST, incomplete, 0},
		{"right numbers, wrong places",
			AAR("1") AAR("2") AMS("1") AMS("1") SEAL("1", "none") SEAL("2", "pass"),
			incomplete, 0},
		{"three of one kind", AAR("1") AAR("1") AAR("1"), incomplete, 0},
	};
	(void)state;
	check_rows(rows, sizeof rows / sizeof rows[0]);
}

/* test_instance: 1 to 50, digits, and where it stands (4.2.1, 4.1.1). */
static void test_instance(void **state)
{
	static const char instance[] = "no valid instance";
	static const struct row rows[] = {
		{"0 in results", AAR("0") AMS("1") SEAL("1", "none"), instance, 0},
		{"0 in a signature", AAR("1") AMS("0") SEAL("1", "none"), instance, 0},
		{"0 in a seal", AAR("1") AMS("1") SEAL("0", "none"), instance, 0},
		{"51", AAR("51") AMS("51") SEAL("51", "none"), instance, 0},
		{"a number beyond all", AAR("1") AMS("1") SEAL("4294967297", "none"), instance, 0},
		{"negative", AAR("1") AMS("1") SEAL("-1", "none"), instance, 0},
		{"a letter", AAR("1") AMS("a") SEAL("1", "none"), instance, 0},
		{"empty", AAR("1") AMS("") SEAL("1", "none"), instance, 0},
		{"none in a seal", AAR("1") AMS("1") SEAL_WITH("d=x.example; s=s; cv=none"),
			instance, 0},
		{"none in results",
			"ARC-Authentication-Results: x.example; none\r\n" AMS("1")
				SEAL("1", "none"),
			instance, 0},
		{"results, i= behind the authserv-id",
			"ARC-Authentication-Results: x.example; i=1; none\r\n" AMS("1")
				SEAL("1", "none"),
			instance, 0},
		{"results, no semicolon",
			"ARC-Authentication-Results: i=1 x.example; none\r\n" AMS("1")
				SEAL("1", "none"),
			instance, 0},
		{"results that cannot be read spoil no chain (3.4)",
			"ARC-Authentication-Results: i=1; (((\r\n" AMS("1") SEAL("1", "none"), NULL,
			1},
	};
	(void)state;
	check_rows(rows, sizeof rows / sizeof rows[0]);
}

/* test_cv: none first, then pass (5.2 steps 2 and 3.3). */
static void test_cv(void **state)
{
	static const struct row rows[] = {
		{"first says pass", AAR("1") AMS("1") SEAL("1", "pass"), "cv=none", 0},
		{"first says nothing", AAR("1") AMS("1") SEAL("1", ""), "cv=none", 0},
		{"first says fail", AAR("1") AMS("1") SEAL("1", "fail"), "already broken", 0},
		{"first says what nobody knows", AAR("1") AMS("1") SEAL("1", "maybe"), "cv=none",
			0},
		{"second says none", AAR("2") AMS("2") SEAL("2", "none") FIRST, "cv=pass", 0},
		{"second says fail", AAR("2") AMS("2") SEAL("2", "fail") FIRST, "already broken",
			0},
		{"first fail below a pass", SECOND AAR("1") AMS("1") SEAL("1", "fail"), "cv=none",
			0},
		{"a seal without cv", AAR("1") AMS("1") SEAL_WITH("i=1; d=x.example; s=s"),
			"cv=none", 0},
		{"a word in capitals (ABNF)", AAR("1") AMS("1") SEAL("1", "None"), NULL, 1},
	};
	(void)state;
	check_rows(rows, sizeof rows / sizeof rows[0]);
}

/* test_fields: what is wrong with any seal or the newest signature is found without a question. */
static void test_fields(void **state)
{
	static const struct row rows[] = {
		{"OpenDMARC 183: a seal that is no list",
			AAR("1") AMS("1") "ARC-Seal: i=1; none\r\n", "cv=none", 0},
		{"a seal with h= (4.1.3)",
			AAR("1") AMS("1") SEAL_WITH("i=1; d=x.example; s=s; cv=none; h=from"),
			"seal 1: a seal has h=", 0},
		{"an older seal with h=",
			SECOND AAR("1") AMS("1")
				SEAL_WITH("i=1; d=x.example; s=s; cv=none; h=from"),
			"seal 1: a seal has h=", 0},
		{"a seal with a tag that nobody knows",
			AAR("1") AMS("1") SEAL_WITH("i=1; d=x.example; s=s; cv=none; x=y"), NULL,
			1},
		{"a seal without b=",
			AAR("1") AMS(
				"1") "ARC-Seal: i=1; cv=none; a=rsa-sha256; d=x.example; s=s\r\n",
			"seal 1: b=", 0},
		{"a tag twice",
			AAR("1") AMS("1") SEAL_WITH("i=1; d=x.example; s=s; cv=none; cv=none"),
			"seal 1: ", 0},
		{"a seal with t= that is no time",
			AAR("1") AMS("1") SEAL_WITH("i=1; d=x.example; s=s; cv=none; t=x"),
			"seal 1: t=", 0},
		{"a seal with rsa-sha1 (RFC 8301)",
			AAR("1")
				AMS("1") "ARC-Seal: i=1; cv=none; a=rsa-sha1; b=AAAA; d=x.example; "
					 "s=s\r\n",
			"seal 1: rsa-sha1", 0},
		{"a signature with rsa-sha1",
			AAR("1") "ARC-Message-Signature: i=1; a=rsa-sha1; b=AAAA; "
				 "bh=2jmj7l5rSw0yVb/vlWAYkK/YBwk=; d=x.example; s=s; "
				 "h=from\r\n" SEAL("1", "none"),
			"message signature 1: rsa-sha1", 0},
		{"the newest signature covers a seal (4.1.2)",
			AAR("1") AMS_WITH("i=1; d=x.example; s=s; h=from:ARC-Seal")
				SEAL("1", "none"),
			"message signature 1: h=", 0},
		{"an older signature that cannot be read is not checked here",
			SECOND AAR("1") AMS_WITH("i=1; d=x.example; s=s") SEAL("1", "none"), NULL,
			2},
		{"d= is no name", AAR("1") AMS("1") SEAL_WITH("i=1; d=x..example; s=s; cv=none"),
			"seal 1: d=", 0},
		{"a version is ignored (4.1.2)",
			AAR("1") AMS_WITH("i=1; v=2; d=x.example; s=s; h=from") SEAL("1", "none"),
			NULL, 1},
	};
	(void)state;
	check_rows(rows, sizeof rows / sizeof rows[0]);
}

/* add_set: the fields of one instance. */
static void add_set(struct gp_strbuf *b, unsigned i)
{
	gp_strbuf_printf(b, "ARC-Seal: i=%u; a=rsa-sha256; b=AAAA; d=x.example; s=s; cv=%s\r\n", i,
		i == 1 ? "none" : "pass");
	gp_strbuf_printf(b,
		"ARC-Message-Signature: i=%u; a=rsa-sha256; bh=" HASH
		"; b=AAAA; d=x%u.example; s=s; h=from\r\n",
		i, i);
	gp_strbuf_printf(b, "ARC-Authentication-Results: i=%u; x%u.example; none\r\n", i, i);
}

/* test_limits: 50 sets are a chain, 51 are not, nor is what has more bytes than all may have. */
static void test_limits(void **state)
{
	static const struct {
		unsigned sets;
		size_t more; /* bytes of a last field */
		const char *problem;
	} rows[] = {{50, 0, NULL}, {51, 0, "more than 50"}, {1000, 0, "more than 50"},
		{1, GP_ARC_BYTES_MAX, "too large"}, {1, 1000, "incomplete"}};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gp_arena *arena = gp_arena_new(1 << 24);
		struct gp_strbuf b;
		struct gp_arc_sets sets;
		gp_strbuf_init(&b, arena, 1 << 21);
		for (unsigned n = 1; n <= rows[i].sets; n++)
			add_set(&b, n);
		if (rows[i].more)
			gp_strbuf_add(&b, "ARC-Seal: ");
		for (size_t n = 0; n < rows[i].more; n++)
			gp_strbuf_add_char(&b, 'x');
		assert_int_equal(collect(arena, gp_strbuf_span(&b), &sets), GP_OK);
		if (rows[i].problem)
			assert_non_null(sets.problem);
		if (rows[i].problem ? !strstr(sets.problem, rows[i].problem) : sets.problem != NULL)
			fail_msg("%u: %s", rows[i].sets, sets.problem);
		assert_int_equal(sets.count, rows[i].problem ? 0 : rows[i].sets);
		gp_arena_free(arena);
	}
}

/* test_places: each field is where its instance says, however the fields come (Exim bug 2493). */
static void test_places(void **state)
{
	static const char *const parts[] = {
		AAR("1"), AMS("1"), SEAL("1", "none"), AAR("2"), AMS("2"), SEAL("2", "pass")};
	(void)state;
	for (unsigned turn = 0; turn < 6; turn++) {
		struct gp_arena *arena = gp_arena_new(1 << 20);
		struct gp_strbuf b;
		struct gp_arc_sets sets;
		gp_strbuf_init(&b, arena, 1 << 16);
		for (unsigned i = 0; i < 6; i++) {
			gp_strbuf_add(&b, parts[(i * 5 + turn) % 6]);
			gp_strbuf_add(&b, "Received: from x\r\n");
		}
		assert_int_equal(collect(arena, gp_strbuf_span(&b), &sets), GP_OK);
		assert_null(sets.problem);
		assert_int_equal(sets.count, 2);
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(sets.items[i].signature.instance, i + 1);
			assert_int_equal(sets.items[i].seal.instance, i + 1);
			assert_true(gp_span_has_prefix(sets.items[i].fields[GP_ARC_RESULTS]->value,
				i ? " i=2;" : " i=1;"));
			assert_true(gp_span_is(sets.items[i].results, " x.example; spf=pass"));
		}
		gp_arena_free(arena);
	}
}

/* test_truncated: a header cut at each byte is a chain or none, and nothing beyond is touched. */
static void test_truncated(void **state)
{
	static const char header[] = SECOND FIRST;
	(void)state;
	for (size_t n = 0; n < sizeof header; n++) {
		struct gp_arena *arena = gp_arena_new(1 << 20);
		struct gp_arc_sets sets;
		char *exact = malloc(n ? n : 1);
		assert_non_null(exact);
		memcpy(exact, header, n);
		assert_int_equal(collect(arena, (struct gp_span) {exact, n}, &sets), GP_OK);
		assert_true(sets.count == 0 || !sets.problem);
		free(exact);
		gp_arena_free(arena);
	}
}

/* test_ceiling: an arena that is too small is our fault, not the chain's. */
static void test_ceiling(void **state)
{
	static const char header[] = SECOND FIRST;
	(void)state;
	bool done = false;
	for (size_t ceiling = 1; !done; ceiling += 64) {
		struct gp_arena *arena = gp_arena_new(ceiling);
		struct gp_arc_sets sets;
		int rc = collect(arena, gp_span_from(header), &sets);
		assert_true(rc == GP_OK || rc == GP_ETOOBIG);
		assert_int_equal(sets.count, rc == GP_OK ? 2 : 0);
		done = rc == GP_OK;
		gp_arena_free(arena);
	}
}

/* main: all, or the one that is named. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_amount),
		cmocka_unit_test(test_instance),
		cmocka_unit_test(test_cv),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_ceiling),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
