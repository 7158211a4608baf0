/* SPDX-License-Identifier: ISC */
/*
 * What answers of DNS lists mean: errors before codes, bits under a mask, all records of an answer,
 * weights; and for any set of rules and any answer exactly one of four meanings.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "reputation/dnsbl/dnsbl_judge.h"

#define CODE(a, b, c, d) ((struct gp_dnsbl_code) {{a, b, c, d}})
#define ONE(a, b, c, d, w)                                                 \
	{                                                                  \
		.first = {a, b, c, d}, .last = {a, b, c, d}, .weight = (w) \
	}
#define BIT(bits, w)                                                                     \
	{                                                                                \
		.is_bit = true, .first = {127}, .last = {127, 0, 0, 255}, .bit = (bits), \
		.weight = (w)                                                            \
	}
/* errors of every list */
#define REFUSALS                                                                               \
	{                                                                                      \
		.first = {127, 255, 255, 0}, .last = {127, 255, 255, 255}, .is_built_in = true \
	}
#define MADE_UP                                                                      \
	{                                                                            \
		.first = {127, 0, 0, 1}, .last = {127, 0, 0, 1}, .is_built_in = true \
	}
#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

/* list_of: with these rules and errors. */
static struct gp_dnsbl_list list_of(const struct gp_dnsbl_rule *rules, size_t count,
	const struct gp_dnsbl_rule *errors, size_t error_count)
{
	return (struct gp_dnsbl_list) {.name = "t",
		.rules = rules,
		.rule_count = count,
		.error_rules = errors,
		.error_count = error_count,
		.weight = GP_DNSBL_WEIGHT_UNSET};
}

/* judge: one call. */
static struct gp_dnsbl_judgement judge(
	const struct gp_dnsbl_list *list, const struct gp_dnsbl_code *codes, size_t count)
{
	struct gp_dnsbl_judgement j;
	gp_dnsbl_judge(list, codes, count, &j);
	return j;
}

/* What settling a list adds to its errors. */
static const struct gp_dnsbl_rule usual_errors[] = {REFUSALS, MADE_UP};

/* A list of addresses like the largest one. */
static const struct gp_dnsbl_rule zen_rules[] = {
	ONE(127, 0, 0, 2, 3),
	ONE(127, 0, 0, 3, 3),
	{.first = {127, 0, 0, 4}, .last = {127, 0, 0, 7}, .weight = 3},
	ONE(127, 0, 0, 9, 4),
	{.first = {127, 0, 0, 10}, .last = {127, 0, 0, 11}, .weight = 2},
	ONE(127, 0, 0, 30, 4),
};

/* An allow list: the category is in the third octet, trust in the last. */
static const struct gp_dnsbl_rule allow_rules[] = {
	{.first = {127, 0, 0, 0}, .last = {127, 0, 255, 0}, .weight = 0},
	{.first = {127, 0, 0, 1}, .last = {127, 0, 255, 1}, .weight = -1},
	{.first = {127, 0, 0, 2}, .last = {127, 0, 255, 2}, .weight = -3},
	{.first = {127, 0, 0, 3}, .last = {127, 0, 255, 3}, .weight = -5},
};
static const struct gp_dnsbl_rule allow_errors[] = {
	REFUSALS,
	MADE_UP,
	ONE(127, 0, 0, 255, 0),
	{.first = {127, 0, 10, 0}, .last = {127, 0, 10, 255}},
};

/* A list of bits. */
static const struct gp_dnsbl_rule bit_rules[] = {
	BIT(4, 1), BIT(8, 4), BIT(16, 4), BIT(32, 1), BIT(64, 3), BIT(128, 2)};
static const struct gp_dnsbl_rule bit_errors[] = {REFUSALS, MADE_UP, BIT(1, 0)};

static const struct {
	struct gp_dnsbl_code code;
	enum gp_dnsbl_meaning meaning;
	int weight;
} zen_rows[] = {
	{CODE(127, 0, 0, 2), GP_DNSBL_HIT, 3},
	{CODE(127, 0, 0, 7), GP_DNSBL_HIT, 3},
	{CODE(127, 0, 0, 11), GP_DNSBL_HIT, 2},
	{CODE(127, 0, 0, 30), GP_DNSBL_HIT, 4},
	{CODE(127, 0, 0, 8), GP_DNSBL_UNKNOWN, 0},
	{CODE(127, 0, 0, 12), GP_DNSBL_UNKNOWN, 0},
	{CODE(127, 0, 1, 2), GP_DNSBL_UNKNOWN, 0},
	{CODE(127, 0, 0, 1), GP_DNSBL_ERROR, 0},
	{CODE(127, 255, 255, 252), GP_DNSBL_ERROR, 0},
	{CODE(127, 255, 255, 254), GP_DNSBL_ERROR, 0},
	{CODE(127, 255, 255, 0), GP_DNSBL_ERROR, 0},
	{CODE(127, 255, 254, 255), GP_DNSBL_UNKNOWN, 0},
	{CODE(146, 112, 61, 108), GP_DNSBL_OUTSIDE, 0},
	{CODE(128, 0, 0, 2), GP_DNSBL_OUTSIDE, 0},
	{CODE(0, 0, 0, 0), GP_DNSBL_OUTSIDE, 0},
};

/* test_codes_of_a_list_of_addresses: hits, gaps in ranges, refusals, and what is no list. */
static void test_codes_of_a_list_of_addresses(void **state)
{
	struct gp_dnsbl_list list =
		list_of(zen_rules, COUNT(zen_rules), usual_errors, COUNT(usual_errors));
	(void)state;
	for (size_t i = 0; i < COUNT(zen_rows); i++) {
		const struct gp_dnsbl_rule *rule;
		struct gp_dnsbl_judgement j = judge(&list, &zen_rows[i].code, 1);
		assert_int_equal(
			gp_dnsbl_meaning_of(&list, zen_rows[i].code, &rule), zen_rows[i].meaning);
		assert_int_equal(j.meaning, zen_rows[i].meaning);
		assert_int_equal(j.weight, zen_rows[i].weight);
		assert_int_equal(rule != NULL, j.meaning == GP_DNSBL_HIT);
		assert_ptr_equal(j.rule, rule);
		assert_memory_equal(&j.code, &zen_rows[i].code, 4);
	}
}

/* test_refusals_are_errors_of_every_list: also where a rule of codes would know them. */
static void test_refusals_are_errors_of_every_list(void **state)
{
	static const struct gp_dnsbl_rule wide[] = {
		{.first = {127, 0, 0, 0}, .last = {127, 255, 255, 255}, .weight = 2}};
	struct gp_dnsbl_list list = list_of(wide, 1, usual_errors, 2);
	(void)state;
	for (unsigned i = 0; i < 256; i++)
		assert_int_equal(
			judge(&list, &CODE(127, 255, 255, (uint8_t)i), 1).meaning, GP_DNSBL_ERROR);
	assert_int_equal(judge(&list, &CODE(127, 255, 254, 1), 1).meaning, GP_DNSBL_HIT);
}

/* test_made_up_answer_is_no_hit: 127.0.0.1 among the errors, and a list whose own code it is. */
static void test_made_up_answer_is_no_hit(void **state)
{
	static const struct gp_dnsbl_rule exact[] = {ONE(127, 0, 0, 1, 1)};
	static const struct gp_dnsbl_rule network[] = {
		{.first = {127, 0, 0, 0}, .last = {127, 0, 0, 255}, .weight = 1}};
	const struct gp_dnsbl_code made_up = CODE(127, 0, 0, 1);
	(void)state;
	struct gp_dnsbl_list list = list_of(exact, 1, usual_errors, 1);
	assert_int_equal(judge(&list, &made_up, 1).meaning, GP_DNSBL_HIT);
	list = list_of(network, 1, usual_errors, 2);
	assert_int_equal(judge(&list, &made_up, 1).meaning, GP_DNSBL_ERROR);
	list = list_of(allow_rules, COUNT(allow_rules), allow_errors, COUNT(allow_errors));
	assert_int_equal(judge(&list, &made_up, 1).meaning, GP_DNSBL_ERROR);
}

/* test_allow_list_that_blocks_gives_no_trust: its errors come before its codes. */
static void test_allow_list_that_blocks_gives_no_trust(void **state)
{
	struct gp_dnsbl_list list =
		list_of(allow_rules, COUNT(allow_rules), allow_errors, COUNT(allow_errors));
	(void)state;
	assert_int_equal(judge(&list, &CODE(127, 0, 5, 3), 1).weight, -5);
	assert_int_equal(judge(&list, &CODE(127, 0, 5, 0), 1).meaning, GP_DNSBL_HIT);
	assert_int_equal(judge(&list, &CODE(127, 0, 5, 0), 1).weight, 0);
	assert_int_equal(judge(&list, &CODE(127, 0, 10, 3), 1).meaning, GP_DNSBL_ERROR);
	assert_int_equal(judge(&list, &CODE(127, 0, 0, 255), 1).meaning, GP_DNSBL_ERROR);
	assert_int_equal(judge(&list, &CODE(127, 0, 10, 3), 1).weight, 0);
}

/* test_every_combination_of_bits: error bit, largest weight, unknown bits alone. */
static void test_every_combination_of_bits(void **state)
{
	struct gp_dnsbl_list list =
		list_of(bit_rules, COUNT(bit_rules), bit_errors, COUNT(bit_errors));
	struct gp_dnsbl_list sum = list;
	(void)state;
	sum.sum = true;
	for (unsigned bits = 0; bits < 256; bits++) {
		struct gp_dnsbl_code code = CODE(127, 0, 0, (uint8_t)bits);
		struct gp_dnsbl_judgement j = judge(&list, &code, 1), s = judge(&sum, &code, 1);
		int largest = 0, total = 0;
		for (size_t i = 0; i < COUNT(bit_rules); i++) {
			int weight = bits & bit_rules[i].bit ? bit_rules[i].weight : 0;
			total += weight;
			largest = weight > largest ? weight : largest;
		}
		if (bits & 1) {
			assert_int_equal(j.meaning, GP_DNSBL_ERROR);
			assert_int_equal(j.weight, 0);
		} else if (bits & 0xfc) {
			assert_int_equal(j.meaning, GP_DNSBL_HIT);
			assert_int_equal(j.weight, largest);
			assert_int_equal(s.weight, total);
			assert_true(bits & j.rule->bit);
		} else {
			assert_int_equal(j.meaning, GP_DNSBL_UNKNOWN);
		}
	}
}

/* test_bits_hold_under_the_mask_only: other octets, another mask, and a wide one. */
static void test_bits_hold_under_the_mask_only(void **state)
{
	static const struct gp_dnsbl_rule third[] = {{.is_bit = true,
		.first = {127, 0, 3},
		.last = {127, 0, 3, 255},
		.bit = 8,
		.weight = 1}};
	static const struct gp_dnsbl_rule wide[] = {{.is_bit = true,
		.first = {127},
		.last = {127, 255, 255, 255},
		.bit = 8,
		.weight = 1}};
	struct gp_dnsbl_list list =
		list_of(bit_rules, COUNT(bit_rules), bit_errors, COUNT(bit_errors));
	(void)state;
	assert_int_equal(judge(&list, &CODE(127, 0, 1, 8), 1).meaning, GP_DNSBL_UNKNOWN);
	assert_int_equal(judge(&list, &CODE(127, 1, 0, 9), 1).meaning, GP_DNSBL_UNKNOWN);
	list = list_of(third, 1, NULL, 0);
	assert_int_equal(judge(&list, &CODE(127, 0, 3, 8), 1).meaning, GP_DNSBL_HIT);
	assert_int_equal(judge(&list, &CODE(127, 0, 3, 7), 1).meaning, GP_DNSBL_UNKNOWN);
	assert_int_equal(judge(&list, &CODE(127, 0, 0, 8), 1).meaning, GP_DNSBL_UNKNOWN);
	list = list_of(wide, 1, NULL, 0);
	assert_int_equal(judge(&list, &CODE(127, 7, 3, 8), 1).meaning, GP_DNSBL_HIT);
}

/* test_all_records_are_looked_at: the largest weight, in whatever order they come. */
static void test_all_records_are_looked_at(void **state)
{
	const struct gp_dnsbl_code two[] = {CODE(127, 0, 0, 2), CODE(127, 0, 0, 9)},
				   turned[] = {CODE(127, 0, 0, 9), CODE(127, 0, 0, 2)},
				   odd[] = {CODE(127, 0, 0, 8), CODE(127, 0, 0, 10)},
				   bad[] = {CODE(127, 0, 0, 9), CODE(127, 255, 255, 254)},
				   outside[] = {CODE(127, 255, 255, 254), CODE(1, 2, 3, 4)};
	struct gp_dnsbl_list list =
		list_of(zen_rules, COUNT(zen_rules), usual_errors, COUNT(usual_errors));
	struct gp_dnsbl_code hundred[100];
	(void)state;
	assert_int_equal(judge(&list, two, 2).weight, 4);
	assert_int_equal(judge(&list, turned, 2).weight, 4);
	assert_int_equal(judge(&list, turned, 2).code.octet[3], 9);
	assert_int_equal(judge(&list, odd, 2).meaning, GP_DNSBL_HIT);
	assert_int_equal(judge(&list, odd, 2).weight, 2);
	assert_int_equal(judge(&list, bad, 2).meaning, GP_DNSBL_ERROR);
	assert_int_equal(judge(&list, bad, 2).code.octet[3], 254);
	assert_null(judge(&list, bad, 2).rule);
	assert_int_equal(judge(&list, outside, 2).meaning, GP_DNSBL_OUTSIDE);
	for (size_t i = 0; i < 100; i++)
		hundred[i] = CODE(127, 0, 0, 8);
	hundred[99] = CODE(127, 0, 0, 30);
	assert_int_equal(judge(&list, hundred, 100).weight, 4);
}

/* test_weights: sum, bounds, and the list's own in place of those of its codes. */
static void test_weights(void **state)
{
	const struct gp_dnsbl_code two[] = {CODE(127, 0, 0, 2), CODE(127, 0, 0, 9)},
				   same[] = {CODE(127, 0, 0, 4), CODE(127, 0, 0, 5)};
	struct gp_dnsbl_list list =
		list_of(zen_rules, COUNT(zen_rules), usual_errors, COUNT(usual_errors));
	(void)state;
	list.sum = true;
	assert_int_equal(judge(&list, two, 2).weight, 7);
	assert_int_equal(judge(&list, same, 2).weight, 3);
	list.max = 5;
	assert_int_equal(judge(&list, two, 2).weight, 5);
	list.sum = false;
	list.max = 3;
	assert_int_equal(judge(&list, two, 2).weight, 3);
	list.max = 0;
	list.weight = 1;
	assert_int_equal(judge(&list, two, 2).weight, 1);
	list.weight = 0;
	assert_int_equal(judge(&list, two, 2).meaning, GP_DNSBL_HIT);
	assert_int_equal(judge(&list, two, 2).weight, 0);
	list = list_of(allow_rules, COUNT(allow_rules), NULL, 0);
	list.max = 2;
	assert_int_equal(judge(&list, &CODE(127, 0, 2, 3), 1).weight, -2);
	list.max = 0;
	list.weight = -9;
	assert_int_equal(judge(&list, &CODE(127, 0, 2, 1), 1).weight, -9);
	assert_int_equal(judge(&list, &CODE(127, 0, 2, 0), 1).weight, 0);
	list.weight = 9; /* of the other sign: an allow list does not become a block list */
	assert_int_equal(judge(&list, &CODE(127, 0, 2, 3), 1).weight, -5);
	assert_int_equal(judge(&list, &CODE(127, 0, 2, 0), 1).weight, 0);
}

/* test_weight_of_a_list_without_weights: the list's own is that of all codes. */
static void test_weight_of_a_list_without_weights(void **state)
{
	static const struct gp_dnsbl_rule rules[] = {ONE(127, 0, 0, 2, 0), ONE(127, 0, 0, 3, 0)};
	static const int weights[] = {5, -5, 0};
	struct gp_dnsbl_list list = list_of(rules, COUNT(rules), NULL, 0);
	(void)state;
	assert_int_equal(judge(&list, &CODE(127, 0, 0, 2), 1).weight, 0);
	for (size_t i = 0; i < COUNT(weights); i++) {
		list.weight = weights[i];
		assert_int_equal(judge(&list, &CODE(127, 0, 0, 2), 1).weight, weights[i]);
		assert_int_equal(judge(&list, &CODE(127, 0, 0, 3), 1).weight, weights[i]);
	}
}

/* test_largest_weights_do_not_overflow: all rules of a list, with the largest weight, added. */
static void test_largest_weights_do_not_overflow(void **state)
{
	struct gp_dnsbl_rule rules[GP_DNSBL_RULES_MAX];
	struct gp_dnsbl_code codes[256];
	struct gp_dnsbl_list list = list_of(rules, GP_DNSBL_RULES_MAX, NULL, 0);
	(void)state;
	for (size_t i = 0; i < GP_DNSBL_RULES_MAX; i++)
		rules[i] = (struct gp_dnsbl_rule) {
			.last = {255, 255, 255, 255}, .weight = GP_DNSBL_WEIGHT_MAX};
	for (size_t i = 0; i < 256; i++)
		codes[i] = CODE(127, 0, 2, (uint8_t)i);
	list.sum = true;
	assert_int_equal(judge(&list, codes, 256).weight, 64 * GP_DNSBL_WEIGHT_MAX);
}

/* ---- any rules, any answer ---- */

static uint32_t seed = 1;

/* draw: a number below n, the same in every run. */
static uint32_t draw(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

/* draw_octet: few values, so that rules and answers meet often. */
static uint8_t draw_octet(void)
{
	static const uint8_t often[] = {0, 1, 2, 3, 8, 127, 254, 255};
	return draw(4) ? often[draw(sizeof often)] : (uint8_t)draw(256);
}

/* draw_rule: exact, a range in any octets, or a bit. */
static struct gp_dnsbl_rule draw_rule(void)
{
	struct gp_dnsbl_rule rule = {.is_bit = draw(3) == 0, .weight = (int)draw(11) - 5};
	rule.bit = (uint8_t)(1u << draw(8));
	for (size_t i = 0; i < 4; i++) {
		rule.first[i] = i == 0 && draw(8) ? 127 : draw_octet();
		rule.last[i] = draw(2) ? rule.first[i] : draw_octet();
		if (rule.last[i] < rule.first[i]) {
			uint8_t last = rule.first[i];
			rule.first[i] = rule.last[i];
			rule.last[i] = last;
		}
	}
	return rule;
}

/* applies: as a reader of the rules would say it, written once more. */
static bool applies(const struct gp_dnsbl_rule *rule, struct gp_dnsbl_code c)
{
	bool within = true;
	for (size_t i = 0; i < 4; i++)
		if (i < 3 || !rule->is_bit)
			within = within && rule->first[i] <= c.octet[i] &&
				 c.octet[i] <= rule->last[i];
	return within && (!rule->is_bit || (c.octet[3] & rule->bit) == rule->bit);
}

/* any: does one of the rules apply? */
static bool any(const struct gp_dnsbl_rule *rules, size_t count, struct gp_dnsbl_code c)
{
	bool found = false;
	for (size_t i = 0; i < count; i++)
		found = found || applies(&rules[i], c);
	return found;
}

/* check_one: exactly one meaning, and the one that the rules give. */
static void check_one(const struct gp_dnsbl_list *list, struct gp_dnsbl_code c)
{
	const struct gp_dnsbl_rule *rule;
	enum gp_dnsbl_meaning meaning = gp_dnsbl_meaning_of(list, c, &rule);
	bool outside = c.octet[0] != 127;
	bool error = !outside && any(list->error_rules, list->error_count, c);
	bool hit = !outside && !error && any(list->rules, list->rule_count, c);
	struct gp_dnsbl_judgement j = judge(list, &c, 1);
	assert_int_equal(j.meaning, meaning);
	assert_int_equal(rule != NULL, meaning == GP_DNSBL_HIT);
	assert_int_equal(j.rule != NULL, meaning == GP_DNSBL_HIT);
	assert_true(meaning == GP_DNSBL_HIT || j.weight == 0);
	assert_int_equal(meaning == GP_DNSBL_OUTSIDE, outside);
	assert_int_equal(meaning == GP_DNSBL_ERROR, error);
	assert_int_equal(meaning == GP_DNSBL_HIT, hit);
	assert_int_equal(meaning == GP_DNSBL_UNKNOWN, !outside && !error && !hit);
}

/* test_meanings_are_disjoint_and_complete: 2,000 sets of rules, and answers by thousands. */
static void test_meanings_are_disjoint_and_complete(void **state)
{
	struct gp_dnsbl_rule rules[8], errors[4];
	(void)state;
	for (int set = 0; set < 2000; set++) {
		size_t count = draw(COUNT(rules) + 1), error_count = draw(COUNT(errors) + 1);
		for (size_t i = 0; i < count; i++)
			rules[i] = draw_rule();
		for (size_t i = 0; i < error_count; i++)
			errors[i] = draw_rule();
		struct gp_dnsbl_list list = list_of(rules, count, errors, error_count);
		for (unsigned last = 0; last < 256; last++)
			check_one(&list, CODE(127, 0, 0, (uint8_t)last));
		for (int i = 0; i < 200; i++)
			check_one(&list, CODE(draw(4) ? 127 : draw_octet(), draw_octet(),
						 draw_octet(), draw_octet()));
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codes_of_a_list_of_addresses),
		cmocka_unit_test(test_refusals_are_errors_of_every_list),
		cmocka_unit_test(test_made_up_answer_is_no_hit),
		cmocka_unit_test(test_allow_list_that_blocks_gives_no_trust),
		cmocka_unit_test(test_every_combination_of_bits),
		cmocka_unit_test(test_bits_hold_under_the_mask_only),
		cmocka_unit_test(test_all_records_are_looked_at),
		cmocka_unit_test(test_weights),
		cmocka_unit_test(test_weight_of_a_list_without_weights),
		cmocka_unit_test(test_largest_weights_do_not_overflow),
		cmocka_unit_test(test_meanings_are_disjoint_and_complete),
	};
	cmocka_set_test_filter(argc > 1 ? argv[1] : NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
