/* SPDX-License-Identifier: ISC */
/*
 * DNS list rules: what is written in codes and errors of a list, as ranges of addresses.
 *
 *     rc = gp_dnsbl_rule_parse_code(arena, text, &mask, &rule, &problem)     "127.0.0.2 = 3 SBL"
 *     rc = gp_dnsbl_rule_parse_error(arena, text, &mask, &rule, &problem)    "127.0.1.255 refused"
 *     gp_dnsbl_rule_overlap(&a, &b)
 *
 * A pattern is an address whose octets may each be a number, a range "10-11" or "*"; a network
 * "127.0.0.0/28"; or "bit N", the bit of the last octet whose value is N, where the mask says what
 * the others are. GP_ESYNTAX: *problem_out says why, in words for the file's author; in the arena,
 * with foreign bytes as they came.
 */
#ifndef GP_REPUTATION_DNSBL_RULE_H
#define GP_REPUTATION_DNSBL_RULE_H

#include "reputation/dnsbl/dnsbl_list.h"

/* mask: of the list; its text "": none. */
int gp_dnsbl_rule_parse_code(struct gp_arena *arena, struct gp_span text,
	const struct gp_option_network *mask, struct gp_dnsbl_rule *rule_out,
	const char **problem_out) GP_MUST_CHECK;
int gp_dnsbl_rule_parse_error(struct gp_arena *arena, struct gp_span text,
	const struct gp_option_network *mask, struct gp_dnsbl_rule *rule_out,
	const char **problem_out) GP_MUST_CHECK;

/* What is wrong with a mask; NULL: nothing. */
const char *gp_dnsbl_rule_mask_problem(const struct gp_option_network *mask);

/* Is there an answer that both know, for the same reason? Different bits are different reasons. */
bool gp_dnsbl_rule_overlap(const struct gp_dnsbl_rule *a, const struct gp_dnsbl_rule *b);

/* Is every answer that inner knows one of outer's? */
bool gp_dnsbl_rule_covers(const struct gp_dnsbl_rule *outer, const struct gp_dnsbl_rule *inner);

#endif
