/* SPDX-License-Identifier: ISC */
/*
 * Codes, errors and tests of a DNS list, a line each, after a letter: c, e or t; m is a mask, n
 * makes it a list of names. What is settled holds what its header says.
 */
#include <string.h>

#include "fuzz/target.h"
#include "reputation/dnsbl/dnsbl_judge.h"
#include "reputation/dnsbl/dnsbl_rule.h"

#define ITEMS_MAX GP_DNSBL_TESTS_MAX

const char *const fuzz_reached_seed = "zen";

static int reached;

/* Items of one option. */
struct items {
	const char *texts[ITEMS_MAX];
	size_t count;
};

/* keep: one more. */
static void keep(struct items *items, const char *text)
{
	if (items->count < ITEMS_MAX && *text)
		items->texts[items->count++] = text;
}

/* tell: each problem has a text, and names an item that there is. */
static void tell(void *arg, const struct gp_dnsbl_problem *problem)
{
	size_t *told = arg;
	fuzz_require(problem->text && *problem->text);
	fuzz_require(problem->item == GP_DNSBL_NO_ITEM || problem->item < ITEMS_MAX);
	if (problem->other_option && strcmp(problem->other_option, problem->option) == 0)
		fuzz_require(problem->other < problem->item);
	else if (problem->other_option)
		fuzz_require(problem->other < ITEMS_MAX);
	else
		fuzz_require(problem->other == GP_DNSBL_NO_ITEM);
	++*told;
}

/* check_rule: within 127.0.0.0/8; what it knows first is a hit, unless it is an error. */
static void check_rule(const struct gp_dnsbl_list *list, const struct gp_dnsbl_rule *rule)
{
	const struct gp_dnsbl_rule *found;
	struct gp_dnsbl_code code;
	fuzz_require(rule->first[0] == 127 && rule->last[0] == 127);
	fuzz_require(rule->weight >= -GP_DNSBL_WEIGHT_MAX && rule->weight <= GP_DNSBL_WEIGHT_MAX);
	fuzz_require(*rule->written && rule->meaning);
	for (size_t i = 0; i < 4; i++)
		fuzz_require(rule->first[i] <= rule->last[i]);
	memcpy(code.octet, rule->first, sizeof code.octet);
	if (rule->is_bit)
		code.octet[3] = rule->bit;
	enum gp_dnsbl_meaning meaning = gp_dnsbl_meaning_of(list, code, &found);
	fuzz_require(meaning == GP_DNSBL_ERROR || (meaning == GP_DNSBL_HIT && found));
	fuzz_require(meaning == GP_DNSBL_ERROR || found == rule || rule->is_bit || found->is_bit);
}

/* check_list: what has been settled without a problem. */
static void check_list(const struct gp_dnsbl_list *list)
{
	for (size_t i = 0; i < list->rule_count; i++) {
		check_rule(list, &list->rules[i]);
		for (size_t k = 0; k < i; k++)
			fuzz_require(!gp_dnsbl_rule_overlap(&list->rules[i], &list->rules[k]));
	}
	for (size_t i = 0; i < list->test_count; i++)
		fuzz_require(list->test_entries[i].name && *list->test_entries[i].name);
	reached = list->rule_count > 1 && list->test_count > 1;
}

/* read_items: the lines of the input, by their letters. */
static void read_items(struct gp_arena *arena, struct gp_span rest, struct items items[3],
	struct gp_dnsbl_list *list)
{
	struct gp_span line;
	while (rest.len) {
		(void)gp_span_cut(rest, '\n', &line, &rest); /* the last one has no end */
		char letter = line.len ? line.ptr[0] : 0;
		const char *text = gp_arena_copy(arena, gp_span_skip(line, 1));
		if (!text)
			return;
		if (letter == 'c' || letter == 'e' || letter == 't')
			keep(&items[letter == 'c' ? 0 : letter == 'e' ? 1 : 2], text);
		else if (letter == 'n')
			list->asks = GP_DNSBL_ASKS_HELO;
		else if (letter == 'm' &&
			 gp_prefix_parse(gp_span_from(text), &list->mask.prefix) == GP_OK)
			list->mask.text = text;
	}
}

/* LLVMFuzzerTestOneInput: settled, or told why not. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gp_arena *arena = gp_arena_new(1 << 20);
	struct items items[3] = {0};
	size_t told = 0;
	const struct gp_dnsbl_settling how = {NULL, tell, &told};
	struct gp_dnsbl_list list = {.name = "bl.example",
		.zone = "",
		.key_zone = "",
		.key = "",
		.key_file = "",
		.key_credential = "",
		.family = "",
		.asks = GP_DNSBL_ASKS_CLIENT,
		.mask = {.text = ""},
		.weight = GP_DNSBL_WEIGHT_UNSET};
	fuzz_require(arena);
	reached = 0;
	read_items(arena, (struct gp_span) {(const char *)data, size}, items, &list);
	list.codes.texts = (struct gp_config_texts) {items[0].texts, items[0].count};
	list.errors.texts = (struct gp_config_texts) {items[1].texts, items[1].count};
	list.tests.texts = (struct gp_config_texts) {items[2].texts, items[2].count};
	int rc = gp_dnsbl_list_settle(arena, &list, &how);
	fuzz_require(rc == GP_OK || rc == GP_ESYNTAX || rc == GP_ETOOBIG);
	fuzz_require((rc == GP_ESYNTAX) == (told > 0) || rc == GP_ETOOBIG);
	if (!rc)
		check_list(&list);
	gp_arena_free(arena);
	return 0;
}

/* fuzz_reached: the last input was a list with several rules and tests. */
int fuzz_reached(void)
{
	return reached;
}
