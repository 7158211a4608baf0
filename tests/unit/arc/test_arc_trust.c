/* SPDX-License-Identifier: ISC */
/* Whom a chain that holds may excuse: trusted sealers only, for the author they saw. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "arc/arc.h"

#define AUTHOR "author.example"
#define GOOD " mx.x; dmarc=pass (p=REJECT) header.from=author.example"
#define SETS_MAX 3

/* One set: who sealed it, what it says, and whether it signs the author. */
struct given {
	const char *sealer, *results;
	bool loose; /* covers_author is false */
};

/* trust: of a chain of these sets, oldest first; the instance that vouches. */
static unsigned trust(const struct given *given, enum gp_arc_verdict verdict,
	const struct gp_arc_options *options, const char *author)
{
	struct gp_ctx ctx = {.arena = gp_arena_new(1 << 16)};
	struct gp_arc_set sets[SETS_MAX];
	struct gp_arc_result result = {.verdict = verdict, .sets = sets};
	for (; result.instances < SETS_MAX && given[result.instances].sealer; result.instances++)
		sets[result.instances] =
			(struct gp_arc_set) {.sealer = given[result.instances].sealer,
				.selector = "s",
				.signer = given[result.instances].sealer,
				.results = gp_span_from(given[result.instances].results),
				.message_holds = true,
				.covers_author = !given[result.instances].loose};
	unsigned instance = 99;
	assert_int_equal(gp_arc_trust(&ctx, &result, options, author, &instance), GP_OK);
	gp_arena_free(ctx.arena);
	return instance;
}

/* test_sealers: whole names, ASCII case and a final dot aside; subdomains only when wanted. */
static void test_sealers(void **state)
{
	static const struct {
		const char *listed, *sealer;
		bool subdomains, trusted;
	} rows[] = {
		{"google.com", "google.com", false, true},
		{"GOOGLE.com.", "google.com", false, true},
		{"google.com", "evil-google.com", false, false},
		{"google.com", "evil-google.com", true, false},
		{"google.com", "google.com.evil", false, false},
		{"google.com", "google.com.evil", true, false},
		{"google.com", "sub.google.com", false, false},
		{"google.com", "sub.google.com", true, true},
		{"google.com", "a.b.google.com", true, true},
		{"google.com", "com", true, false},
		{"google.com", "oogle.com", true, false},
		{"google.com", "", true, false},
		{"", "", true, false},
		{"", "google.com", true, false},
		{".", "google.com", true, false},
		{".google.com", "evil.example", true, false},
		{"..", "google.com", true, false},
		{".google.com", "sub.google.com", false, true},
		{".google.com", "google.com", false, false},
		{".google.com", "google.com", true, false},
		{".google.com", "evil-google.com", false, false},
		{"com", "google.com", false, false},
		{"xn--mnchen-3ya.example", "xn--mnchen-3ya.example", false, true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct given sets[SETS_MAX] = {{rows[i].sealer, GOOD, false}};
		struct gp_arc_options options = {.sealers = &rows[i].listed,
			.sealer_count = 1,
			.subdomains = rows[i].subdomains};
		if ((trust(sets, GP_ARC_PASS, &options, AUTHOR) == 1) != rows[i].trusted)
			fail_msg("%s in %s", rows[i].sealer, rows[i].listed);
		options = (struct gp_arc_options) {.more_sealers = &rows[i].listed,
			.more_sealer_count = 1,
			.subdomains = rows[i].subdomains};
		if ((trust(sets, GP_ARC_PASS, &options, AUTHOR) == 1) != rows[i].trusted)
			fail_msg("%s in %s (more)", rows[i].sealer, rows[i].listed);
	}
}

static const char *const trusted[] = {"t1.example", "t2.example"};
static const struct gp_arc_options usual = {.sealers = trusted, .sealer_count = 2};

/* test_lists: none at all, and both. */
static void test_lists(void **state)
{
	static const struct given sets[SETS_MAX] = {{"t1.example", GOOD, false}};
	static const char *const other[] = {"other.example"};
	(void)state;
	struct gp_arc_options options = {.sealer_count = 0};
	assert_int_equal(trust(sets, GP_ARC_PASS, &options, AUTHOR), 0);
	options = usual;
	options.more_sealers = other;
	options.more_sealer_count = 1;
	assert_int_equal(trust(sets, GP_ARC_PASS, &options, AUTHOR), 1);
	options.sealers = other;
	options.sealer_count = 1;
	assert_int_equal(trust(sets, GP_ARC_PASS, &options, AUTHOR), 0);
}

/* test_verdict: a chain that does not hold vouches for nobody. */
static void test_verdict(void **state)
{
	static const struct given sets[SETS_MAX] = {{"t1.example", GOOD, false}};
	(void)state;
	assert_int_equal(trust(sets, GP_ARC_PASS, &usual, AUTHOR), 1);
	assert_int_equal(trust(sets, GP_ARC_FAIL, &usual, AUTHOR), 0);
	assert_int_equal(trust(sets, GP_ARC_NONE, &usual, AUTHOR), 0);
	assert_int_equal(trust(sets, GP_ARC_PASS, &usual, ""), 0);
	assert_int_equal(trust(sets + 1, GP_ARC_PASS, &usual, AUTHOR), 0);
}

/* test_later: a chain that DNS keeps from being checked may vouch when a trusted one sealed it. */
static void test_later(void **state)
{
	static const struct {
		const char *what, *newest;
		enum gp_arc_verdict verdict;
		bool temporary, covers, may;
	} rows[] = {
		{"for the moment, trusted", "t1.example", GP_ARC_FAIL, true, true, true},
		{"for good", "t1.example", GP_ARC_FAIL, false, true, false},
		{"it holds", "t1.example", GP_ARC_PASS, false, true, false},
		{"a stranger", "x.example", GP_ARC_FAIL, true, true, false},
		{"below a trusted one", "a.t1.example", GP_ARC_FAIL, true, true, false},
		{"without the author", "t1.example", GP_ARC_FAIL, true, false, false},
		{"no domain", "", GP_ARC_FAIL, true, true, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct gp_arc_set sets[] = {{.sealer = "t2.example", .covers_author = true},
			{.sealer = rows[i].newest, .covers_author = rows[i].covers}};
		const struct gp_arc_result result = {.verdict = rows[i].verdict,
			.temporary = rows[i].temporary,
			.instances = 2,
			.sets = sets};
		if (gp_arc_may_vouch(&result, &usual) != rows[i].may)
			fail_msg("%s", rows[i].what);
	}
	const struct gp_arc_result broken = {.verdict = GP_ARC_FAIL, .temporary = true};
	assert_false(gp_arc_may_vouch(&broken, &usual));
}

/* test_results: what the sealed results must say. */
static void test_results(void **state)
{
	static const struct {
		const char *what, *results;
		unsigned instance;
	} rows[] = {
		{"pass", GOOD, 1},
		{"in capitals", " x; DMARC=Pass Header.From=AUTHOR.Example", 1},
		{"a final dot", " x; dmarc=pass header.from=author.example.", 1},
		{"quoted", " x; dmarc=pass header.from=\"author.example\"", 1},
		{"an address", " x; dmarc=pass header.from=a@author.example", 1},
		{"Microsoft",
			" mx.microsoft.com 1; spf=fail smtp.mailfrom=x; dmarc=pass action=none "
			"header.from=author.example; dkim=none; arc=none",
			1},
		{"none", " x; none", 0},
		{"no dmarc",
			" x; spf=pass smtp.mailfrom=author.example; dkim=pass "
			"header.d=author.example",
			0},
		{"fail", " x; dmarc=fail header.from=author.example", 0},
		{"bestguesspass", " x; dmarc=bestguesspass header.from=author.example", 0},
		{"another domain", " x; dmarc=pass header.from=other.example", 0},
		{"a domain below", " x; dmarc=pass header.from=sub.author.example", 0},
		{"a domain above", " x; dmarc=pass header.from=example", 0},
		{"a name that ends alike", " x; dmarc=pass header.from=notauthor.example", 0},
		{"the domain as a local part",
			" x; dmarc=pass header.from=author.example@other.example", 0},
		{"no header.from", " x; dmarc=pass", 0},
		{"an empty header.from", " x; dmarc=pass header.from=", 0},
		{"from of another kind", " x; dmarc=pass smtp.from=author.example", 0},
		{"from without its kind", " x; dmarc=pass from=author.example", 0},
		{"only in a comment", " x; dmarc=fail (; dmarc=pass header.from=author.example)",
			0},
		{"only in a quoted value",
			" x; dmarc=fail header.from=\"x; dmarc=pass header.from=author.example\"",
			0},
		{"of another method", " x; dmarc=fail; compauth=pass header.from=author.example",
			0},
		{"twice, both good (an injected value)",
			" x; dmarc=pass header.from=author.example; dmarc=pass "
			"header.from=author.example",
			0},
		{"twice, one bad",
			" x; dmarc=pass header.from=author.example; dmarc=fail "
			"header.from=author.example",
			0},
		{"header.from twice",
			" x; dmarc=pass header.from=author.example header.from=other.example", 0},
		{"cannot be read", " x; dmarc=pass header.from=author.example; (", 0},
		{"no domain", " x; dmarc=pass header.from=..", 0},
		{"nothing", "", 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct given sets[SETS_MAX] = {{"t1.example", rows[i].results, false}};
		if (trust(sets, GP_ARC_PASS, &usual, AUTHOR) != rows[i].instance)
			fail_msg("%s", rows[i].what);
	}
}

/* test_author: compared as A-labels. */
static void test_author(void **state)
{
	static const struct given sets[SETS_MAX] = {
		{"t1.example", " x; dmarc=pass header.from=m\xc3\xbcnchen.example", false}};
	(void)state;
	assert_int_equal(trust(sets, GP_ARC_PASS, &usual, "xn--mnchen-3ya.example"), 1);
	assert_int_equal(trust(sets, GP_ARC_PASS, &usual, "mnchen.example"), 0);
}

/* test_walk: from the newest back, for as long as sealers are trusted. */
static void test_walk(void **state)
{
#define FAIL " x; dmarc=fail header.from=author.example; arc=pass"
	static const struct {
		const char *what;
		struct given sets[SETS_MAX];
		unsigned instance;
	} rows[] = {
		{"newest passes", {{"t1.example", GOOD, 0}, {"t2.example", GOOD, 0}}, 2},
		{"a list after a pass: dmarc=fail at the newest, pass at the older",
			{{"t1.example", GOOD, 0}, {"t2.example", FAIL, 0}}, 1},
		{"two hops that broke it",
			{{"t1.example", GOOD, 0}, {"t2.example", FAIL, 0}, {"t1.example", FAIL, 0}},
			1},
		{"an untrusted newest sealer above a trusted one",
			{{"t1.example", GOOD, 0}, {"evil.example", GOOD, 0}}, 0},
		{"an untrusted sealer between",
			{{"t1.example", GOOD, 0}, {"evil.example", FAIL, 0},
				{"t2.example", FAIL, 0}},
			0},
		{"an untrusted sealer below who says pass",
			{{"evil.example", GOOD, 0}, {"t1.example", FAIL, 0}}, 0},
		{"an untrusted sealer below one who says pass",
			{{"evil.example", FAIL, 0}, {"t1.example", GOOD, 0}}, 2},
		{"the newest says pass for another domain",
			{{"t1.example", GOOD, 0},
				{"t2.example", " x; dmarc=pass header.from=list.example", 0}},
			1},
		{"results of the newest cannot be read",
			{{"t1.example", GOOD, 0}, {"t2.example", "(", 0}}, 1},
		{"the newest does not sign From",
			{{"t1.example", GOOD, 0}, {"t2.example", FAIL, 1}}, 0},
		{"the older does not sign From", {{"t1.example", GOOD, 1}, {"t2.example", FAIL, 0}},
			0},
		{"a sealer without a name", {{"", GOOD, 0}}, 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (trust(rows[i].sets, GP_ARC_PASS, &usual, AUTHOR) != rows[i].instance)
			fail_msg("%s", rows[i].what);
}

/* test_ceiling: an arena that is too small is our fault, and nobody is excused. */
static void test_ceiling(void **state)
{
	(void)state;
	struct gp_arc_set set = {.sealer = "t1.example",
		.results = gp_span_from(" x; DMARC=pass header.from=\"auth\\or.example\""),
		.covers_author = true};
	const struct gp_arc_result result = {.verdict = GP_ARC_PASS, .instances = 1, .sets = &set};
	unsigned instance = 0;
	for (size_t ceiling = 1; instance == 0; ceiling += 16) {
		struct gp_ctx ctx = {.arena = gp_arena_new(ceiling)};
		int rc = gp_arc_trust(&ctx, &result, &usual, AUTHOR, &instance);
		assert_int_equal(rc, instance ? GP_OK : GP_ETOOBIG);
		gp_arena_free(ctx.arena);
	}
}

/* keep_line: for traces. */
static void keep_line(void *arg, unsigned depth, const char *text)
{
	char *kept = arg;
	(void)depth;
	strcpy(kept, text); /* room for any line */
}

/* test_trace: says who was not trusted. */
static void test_trace(void **state)
{
	(void)state;
	char line[4097] = "";
	const struct gp_trace trace = {keep_line, line};
	struct gp_ctx ctx = {.arena = gp_arena_new(1 << 16), .trace = &trace};
	struct gp_arc_set set = {.sealer = "evil.example", .covers_author = true};
	const struct gp_arc_result result = {.verdict = GP_ARC_PASS, .instances = 1, .sets = &set};
	unsigned instance;
	assert_int_equal(gp_arc_trust(&ctx, &result, &usual, AUTHOR, &instance), GP_OK);
	assert_non_null(strstr(line, "evil.example"));
	gp_arena_free(ctx.arena);
}

/* main: all, or the one that is named. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sealers),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_verdict),
		cmocka_unit_test(test_later),
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_author),
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_trace),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
