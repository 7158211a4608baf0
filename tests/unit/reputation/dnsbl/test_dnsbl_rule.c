/* SPDX-License-Identifier: ISC */
/* Code rules of DNS lists as they are written: patterns, weights, meanings, and what is wrong. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "reputation/dnsbl/dnsbl_rule.h"

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

static struct gp_arena *arena;

/* setup, teardown: memory of a test. */
static int setup(void **state)
{
	(void)state;
	arena = gp_arena_new(1 << 20);
	return arena ? 0 : -1;
}
static int teardown(void **state)
{
	(void)state;
	gp_arena_free(arena);
	return 0;
}

/* mask_of: as the option has it. */
static struct gp_option_network mask_of(const char *text)
{
	struct gp_option_network mask = {.text = text};
	if (*text)
		assert_int_equal(gp_prefix_parse(gp_span_from(text), &mask.prefix), GP_OK);
	return mask;
}

/* code: one that is right. */
static struct gp_dnsbl_rule code(const char *text, const char *mask_text)
{
	const struct gp_option_network mask = mask_of(mask_text);
	struct gp_dnsbl_rule rule;
	const char *problem;
	if (gp_dnsbl_rule_parse_code(arena, gp_span_from(text), &mask, &rule, &problem))
		fail_msg("%s: %s", text, problem);
	return rule;
}

struct right {
	const char *text, *mask;
	uint8_t first[4], last[4];
	uint8_t bit;
	int weight;
	const char *meaning, *written;
};

/* test_patterns: what each becomes. */
static void test_patterns(void **state)
{
	static const struct right rows[] = {
		{"127.0.0.2 = 3", "", {127, 0, 0, 2}, {127, 0, 0, 2}, 0, 3, "", "127.0.0.2"},
		{"127.0.0.2=3", "", {127, 0, 0, 2}, {127, 0, 0, 2}, 0, 3, "", "127.0.0.2"},
		{"127.0.0.2 = 3 SBL, spam = source", "", {127, 0, 0, 2}, {127, 0, 0, 2}, 0, 3,
			"SBL, spam = source", "127.0.0.2"},
		{"127.0.0.10-11 = 1", "", {127, 0, 0, 10}, {127, 0, 0, 11}, 0, 1, "",
			"127.0.0.10-11"},
		{"127.0.*.3 = -5 high", "", {127, 0, 0, 3}, {127, 0, 255, 3}, 0, -5, "high",
			"127.0.*.3"},
		{"127.0-1.2-20.0-255 = 0", "", {127, 0, 2, 0}, {127, 1, 20, 255}, 0, 0, "",
			"127.0-1.2-20.0-255"},
		{"127.0.0.16/28 = 2", "", {127, 0, 0, 16}, {127, 0, 0, 31}, 0, 2, "",
			"127.0.0.16/28"},
		{"127.0.4.0/22 = 2", "", {127, 0, 4, 0}, {127, 0, 7, 255}, 0, 2, "",
			"127.0.4.0/22"},
		{"127.0.0.0/8 = 1000", "", {127, 0, 0, 0}, {127, 255, 255, 255}, 0, 1000, "",
			"127.0.0.0/8"},
		{"127.0.0.2 = -1000", "", {127, 0, 0, 2}, {127, 0, 0, 2}, 0, -1000, "",
			"127.0.0.2"},
		{"bit 8 = 4 phishing", "127.0.0.0/24", {127, 0, 0, 0}, {127, 0, 0, 255}, 8, 4,
			"phishing", "bit 8"},
		{"bit 128 = 1", "127.0.0.0/8", {127, 0, 0, 0}, {127, 255, 255, 255}, 128, 1, "",
			"bit 128"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct gp_dnsbl_rule rule = code(rows[i].text, rows[i].mask);
		assert_memory_equal(rule.first, rows[i].first, 4);
		assert_memory_equal(rule.last, rows[i].last, 4);
		assert_int_equal(rule.bit, rows[i].bit);
		assert_int_equal(rule.is_bit, rows[i].bit != 0);
		assert_int_equal(rule.weight, rows[i].weight);
		assert_string_equal(rule.meaning, rows[i].meaning);
		assert_string_equal(rule.written, rows[i].written);
		assert_false(rule.is_built_in);
	}
}

/* test_errors: without a weight. */
static void test_errors(void **state)
{
	static const struct right rows[] = {
		{"127.0.1.255", "", {127, 0, 1, 255}, {127, 0, 1, 255}, 0, 0, "", "127.0.1.255"},
		{"127.0.10.* the resolver is blocked", "", {127, 0, 10, 0}, {127, 0, 10, 255}, 0, 0,
			"the resolver is blocked", "127.0.10.*"},
		{"127.255.255.0/24", "", {127, 255, 255, 0}, {127, 255, 255, 255}, 0, 0, "",
			"127.255.255.0/24"},
		{"bit 1 access is blocked", "127.0.0.0/24", {127, 0, 0, 0}, {127, 0, 0, 255}, 1, 0,
			"access is blocked", "bit 1"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct gp_option_network mask = mask_of(rows[i].mask);
		struct gp_dnsbl_rule rule;
		const char *problem;
		assert_int_equal(gp_dnsbl_rule_parse_error(
					 arena, gp_span_from(rows[i].text), &mask, &rule, &problem),
			GP_OK);
		assert_memory_equal(rule.first, rows[i].first, 4);
		assert_memory_equal(rule.last, rows[i].last, 4);
		assert_int_equal(rule.bit, rows[i].bit);
		assert_string_equal(rule.meaning, rows[i].meaning);
		assert_string_equal(rule.written, rows[i].written);
	}
}

/* test_wrong: refused, with what to write. */
static void test_wrong(void **state)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{"127.0.0.9-2 = 1", "the range runs backwards; write 2-9"},
		{"127.0.0.2", "the weight is missing; write \"127.0.0.2 = 1\""},
		{"127.0.0.2 =", "its weight must be a number from -1000 to 1000"},
		{"127.0.0.2 = 1001", "from -1000 to 1000"},
		{"127.0.0.2 = -1001", "from -1000 to 1000"},
		{"127.0.0.2 = 99999999999999999999", "from -1000 to 1000"},
		{"127.0.0.2 = 1.5", "from -1000 to 1000"},
		{"127.0.0.2 = --1", "from -1000 to 1000"},
		{"127.0.0.2 = spam", "from -1000 to 1000"},
		{" = 1", "the answer is missing"},
		{"127.0.0 = 1", "four numbers"},
		{"127.0.0.2.3 = 1", "four numbers"},
		{"127.0.0.256 = 1", "256 is neither a number from 0 to 255"},
		{"127.0.0.02 = 1", "02 is neither"},
		{"127.0..2 = 1", "a range is written 127.0.0.2-11"},
		{"127.0.0.2.. = 1", "a range is written 127.0.0.2-11"},
		{"127.0.0.[2..11] = 1", "a range is written 127.0.0.2-11"},
		{"127.0.0.2;3 = 1", "a range is written 127.0.0.2-11"},
		{"127.0.0.2-127.0.0.11 = 1", "write 127.0.0.2-11"},
		{"127.0.0.2/24 = 1", "without bits set past the prefix"},
		{"192.0.2.1 = 1", "answers of lists begin with 127"},
		{"*.0.0.1 = 1", "answers of lists begin with 127"},
		{"126-127.0.0.1 = 1", "answers of lists begin with 127"},
		{"0.0.0.0/0 = 1", "answers of lists begin with 127"},
		{"::1 = 1", "lists answer with addresses of IPv4"},
		{"bit 8 = 1", "needs the option mask"},
		{"bit 3 = 1", "by its value"},
		{"bit 0 = 1", "by its value"},
		{"bit 256 = 1", "by its value"},
		{"bit = 1", "by its value"},
		{"bit8 = 1", "neither a number"},
	};
	const struct gp_option_network none = {.text = ""};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct gp_dnsbl_rule rule;
		const char *problem = NULL;
		int rc = gp_dnsbl_rule_parse_code(
			arena, gp_span_from(rows[i].text), &none, &rule, &problem);
		if (rc != GP_ESYNTAX || !strstr(problem, rows[i].words))
			fail_msg("%s: %d %s", rows[i].text, rc, problem ? problem : "");
	}
	struct gp_dnsbl_rule rule;
	const char *problem = NULL;
	assert_int_equal(gp_dnsbl_rule_parse_error(
				 arena, gp_span_from("127.0.0.255 = 1"), &none, &rule, &problem),
		GP_ESYNTAX);
	assert_non_null(strstr(problem, "an error has no weight"));
}

/* test_masks: within 127.0.0.0/8, the last octet free. */
static void test_masks(void **state)
{
	static const char *const good[] = {"", "127.0.0.0/24", "127.0.0.0/16", "127.0.0.0/8"};
	static const char *const bad[] = {
		"127.0.0.0/25", "127.0.0.2", "0.0.0.0/0", "10.0.0.0/24", "2001:db8::/32"};
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		const struct gp_option_network mask = mask_of(good[i]);
		assert_null(gp_dnsbl_rule_mask_problem(&mask));
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		const struct gp_option_network mask = mask_of(bad[i]);
		assert_non_null(gp_dnsbl_rule_mask_problem(&mask));
	}
}

/* test_two_rules_for_one_code: overlap, and what one covers of another. */
static void test_two_rules_for_one_code(void **state)
{
	static const struct {
		const char *a, *b;
		bool overlap, covers;
	} rows[] = {
		{"127.0.0.2 = 1", "127.0.0.2 = 2", true, true},
		{"127.0.0.2-11 = 1", "127.0.0.11 = 2", true, true},
		{"127.0.0.2-11 = 1", "127.0.0.11-12 = 2", true, false},
		{"127.0.0.2-11 = 1", "127.0.0.12 = 2", false, false},
		{"127.0.*.3 = 1", "127.0.5.0-9 = 2", true, false},
		{"127.0.*.3 = 1", "127.1.5.3 = 2", false, false},
		{"bit 8 = 1", "bit 8 = 2", true, true},
		{"bit 8 = 1", "bit 16 = 2", false, false},
		{"bit 8 = 1", "127.0.0.8 = 2", true, true},
		{"bit 8 = 1", "127.0.0.9 = 2", true, true},
		{"bit 8 = 1", "127.0.0.7-8 = 2", true, false},
		{"bit 8 = 1", "127.0.0.16 = 2", false, false},
		{"bit 8 = 1", "127.0.1.8 = 2", false, false},
		{"127.0.0.0/24 = 1", "bit 8 = 1", true, true},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct gp_dnsbl_rule a = code(rows[i].a, "127.0.0.0/24");
		const struct gp_dnsbl_rule b = code(rows[i].b, "127.0.0.0/24");
		if (gp_dnsbl_rule_overlap(&a, &b) != rows[i].overlap ||
			gp_dnsbl_rule_overlap(&b, &a) != rows[i].overlap ||
			gp_dnsbl_rule_covers(&a, &b) != rows[i].covers)
			fail_msg("%s and %s", rows[i].a, rows[i].b);
	}
}

/* test_no_memory: a refusal of the arena is no error of the file. */
static void test_no_memory(void **state)
{
	const struct gp_option_network none = {.text = ""};
	struct gp_arena *small = gp_arena_new(1);
	struct gp_dnsbl_rule rule;
	const char *problem;
	(void)state;
	assert_int_equal(gp_dnsbl_rule_parse_code(
				 small, gp_span_from("127.0.0.2 = 1"), &none, &rule, &problem),
		GP_ENOMEM);
	assert_int_equal(
		gp_dnsbl_rule_parse_error(small, gp_span_from("127.0.0.2"), &none, &rule, &problem),
		GP_ENOMEM);
	gp_arena_free(small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_patterns, setup, teardown),
		cmocka_unit_test_setup_teardown(test_errors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wrong, setup, teardown),
		cmocka_unit_test_setup_teardown(test_masks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_rules_for_one_code, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_memory, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
