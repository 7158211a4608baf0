/* SPDX-License-Identifier: ISC */
/*
 * What answers of a DNS list mean, by its rules.
 *
 *     gp_dnsbl_judge(&list, codes, count, &judgement);      all records of its answers about a mail
 *
 * Rules of errors are looked at before those of codes, in every record: a list that blocks the one
 * who asks answers with a code, and that must not become a hit. Lists are settled ones
 * (gp_dnsbl_list_settle): what means trouble in every list is among the rules of errors of each.
 */
#ifndef GP_REPUTATION_DNSBL_JUDGE_H
#define GP_REPUTATION_DNSBL_JUDGE_H

#include "reputation/dnsbl/dnsbl_list.h"

struct gp_dnsbl_judgement {
	/* of all records together: OUTSIDE, ERROR, HIT, UNKNOWN, the first of these that any has */
	enum gp_dnsbl_meaning meaning;
	int weight; /* of the list, bounded; 0 unless it is a hit */
	/* whose weight is the largest, whatever its sign; the first of these; NULL: no hit */
	const struct gp_dnsbl_rule *rule;
	struct gp_dnsbl_code code; /* the record it knows, or the odd one */
};

/*
 * Weight of a rule of the list. The list's own stands for weights of the same sign, 0 for all: an
 * allow list does not become a block list by it. A code of weight 0 keeps it, unless all codes have
 * weight 0: then the list's own is the weight of each.
 */
int gp_dnsbl_rule_weight(const struct gp_dnsbl_list *list, const struct gp_dnsbl_rule *rule);

/* One record by itself. *rule_out: the first code rule that knows it; NULL unless it is a hit. */
enum gp_dnsbl_meaning gp_dnsbl_meaning_of(const struct gp_dnsbl_list *list,
	struct gp_dnsbl_code code, const struct gp_dnsbl_rule **rule_out);

/*
 * All records (count at least 1). Every rule that knows one of them counts once; each bit of a
 * record is a rule.
 */
void gp_dnsbl_judge(const struct gp_dnsbl_list *list, const struct gp_dnsbl_code *codes,
	size_t count, struct gp_dnsbl_judgement *judgement_out);

#define GP_DNSBL_CODE_TEXT 16

/* "127.0.0.2"; returns text_out. */
const char *gp_dnsbl_code_format(struct gp_dnsbl_code code, char text_out[GP_DNSBL_CODE_TEXT]);

#endif
