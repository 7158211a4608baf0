/* SPDX-License-Identifier: ISC */
/*
 * One record by the rules in their order: is it an answer of such a list at all, does it mean
 * trouble, does a rule know it? Then all records of an answer: trouble in one of them is trouble.
 */
#include "reputation/dnsbl/dnsbl_judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NET 127 /* RFC 5782 2.1: answers are in 127.0.0.0/8 */

/* knows: does the rule apply to the record? Of a bit the last octet lies in no range. */
static bool knows(const struct gp_dnsbl_rule *rule, struct gp_dnsbl_code code)
{
	size_t ranges = rule->is_bit ? 3 : 4;
	for (size_t i = 0; i < ranges; i++)
		if (code.octet[i] < rule->first[i] || code.octet[i] > rule->last[i])
			return false;
	return !rule->is_bit || (code.octet[3] & rule->bit);
}

/* first_that_knows: the first of the rules that applies, or NULL. */
static const struct gp_dnsbl_rule *first_that_knows(
	const struct gp_dnsbl_rule *rules, size_t count, struct gp_dnsbl_code code)
{
	for (size_t i = 0; i < count; i++)
		if (knows(&rules[i], code))
			return &rules[i];
	return NULL;
}

/* gp_dnsbl_meaning_of: what means trouble is looked at before what a code rule says. */
enum gp_dnsbl_meaning gp_dnsbl_meaning_of(const struct gp_dnsbl_list *list,
	struct gp_dnsbl_code code, const struct gp_dnsbl_rule **rule_out)
{
	*rule_out = NULL;
	if (code.octet[0] != NET)
		return GP_DNSBL_OUTSIDE;
	if (first_that_knows(list->error_rules, list->error_count, code))
		return GP_DNSBL_ERROR;
	*rule_out = first_that_knows(list->rules, list->rule_count, code);
	return *rule_out ? GP_DNSBL_HIT : GP_DNSBL_UNKNOWN;
}

/* has_weights: has any code a weight of its own? */
static bool has_weights(const struct gp_dnsbl_list *list)
{
	for (size_t i = 0; i < list->rule_count; i++)
		if (list->rules[i].weight)
			return true;
	return false;
}

/* gp_dnsbl_rule_weight: the list's own stands for those of the same sign, and 0 for all. */
int gp_dnsbl_rule_weight(const struct gp_dnsbl_list *list, const struct gp_dnsbl_rule *rule)
{
	if (list->weight == GP_DNSBL_WEIGHT_UNSET)
		return rule->weight;
	if (rule->weight == 0)
		return has_weights(list) ? 0 : list->weight;
	bool is_opposite = list->weight != 0 && (list->weight < 0) != (rule->weight < 0);
	return is_opposite ? rule->weight : list->weight;
}

/* bounded: at most max, at least -max; 0: no bound. */
static int bounded(int weight, int max)
{
	if (max <= 0)
		return weight;
	return weight > max ? max : weight < -max ? -max : weight;
}

/* What the rules say together. */
struct hits {
	uint64_t seen; /* rules that have been counted */
	int sum, largest;
	const struct gp_dnsbl_rule *rule;
	struct gp_dnsbl_code code;
};

/* add_hits: all rules that know a record; each counts once. */
static void add_hits(const struct gp_dnsbl_list *list, struct gp_dnsbl_code code, struct hits *hits)
{
	for (size_t i = 0; i < list->rule_count && i < GP_DNSBL_RULES_MAX; i++) {
		const struct gp_dnsbl_rule *rule = &list->rules[i];
		if (hits->seen >> i & 1 || !knows(rule, code))
			continue;
		int weight = gp_dnsbl_rule_weight(list, rule);
		hits->seen |= (uint64_t)1 << i;
		hits->sum += weight;
		if (hits->rule && abs(weight) <= abs(hits->largest))
			continue;
		hits->largest = weight;
		hits->rule = rule;
		hits->code = code;
	}
}

/* rank: the meaning of an answer is the first of these that a record has. */
static int rank(enum gp_dnsbl_meaning meaning)
{
	static const int ranks[] = {[GP_DNSBL_OUTSIDE] = 0,
		[GP_DNSBL_ERROR] = 1,
		[GP_DNSBL_HIT] = 2,
		[GP_DNSBL_UNKNOWN] = 3};
	return ranks[meaning];
}

/* gp_dnsbl_judge: hits count only where no record means trouble. */
void gp_dnsbl_judge(const struct gp_dnsbl_list *list, const struct gp_dnsbl_code *codes,
	size_t count, struct gp_dnsbl_judgement *judgement_out)
{
	const struct gp_dnsbl_rule *rule;
	struct hits hits = {0};
	*judgement_out = (struct gp_dnsbl_judgement) {.meaning = GP_DNSBL_UNKNOWN};
	for (size_t i = 0; i < count; i++) {
		enum gp_dnsbl_meaning meaning = gp_dnsbl_meaning_of(list, codes[i], &rule);
		if (i == 0 || rank(meaning) < rank(judgement_out->meaning)) {
			judgement_out->meaning = meaning;
			judgement_out->code = codes[i];
		}
		if (meaning == GP_DNSBL_HIT)
			add_hits(list, codes[i], &hits);
	}
	if (judgement_out->meaning != GP_DNSBL_HIT)
		return;
	judgement_out->rule = hits.rule;
	judgement_out->code = hits.code;
	judgement_out->weight = bounded(list->sum ? hits.sum : hits.largest, list->max);
}

/* gp_dnsbl_code_format: dotted. */
const char *gp_dnsbl_code_format(struct gp_dnsbl_code code, char text_out[GP_DNSBL_CODE_TEXT])
{
	snprintf(text_out, GP_DNSBL_CODE_TEXT, "%u.%u.%u.%u", code.octet[0], code.octet[1],
		code.octet[2], code.octet[3]);
	return text_out;
}
