/* SPDX-License-Identifier: ISC */
/*
 * Policy: facts and the rules of the checks that ran make an action.
 *
 * The first rule that asks for more than acceptance, is held back by no exception and whose check
 * is in mode enforce decides. What rules of checks in mode label would have done is remembered as
 * would. A rule that accepts only gives its name. No rule borrows the mode of another check.
 */
#ifndef GP_ENGINE_POLICY_H
#define GP_ENGINE_POLICY_H

#include "engine/check.h"

struct gp_pipeline; /* engine/pipeline.h */

/* What is to be done with a mail, and which rule says so. Texts live in the context's arena. */
struct gp_verdict {
	enum gp_action action;
	enum gp_action would; /* what mode = enforce would have done; equals action when enforced */
	const struct gp_rule *decided; /* the row; never NULL once decided */
	const struct gp_check *check;  /* whose rule it is; NULL: of no check */
	const char *rule;              /* its name with what follows it, for the log */
	const char *override;          /* the exception that held a rule back: "arc", ...; NULL */
	/* "550 5.7.23 text" for action or would; the text alone for hold; NULL for accept and
	 * quarantine */
	const char *reply;
	const char *header; /* "Name: value" for accepted mail, once gp_engine_header has made it */
	bool checked; /* false: of a whole message, an exception made all checks unnecessary */
	const char
		*results; /* GP_STAGE_MESSAGE: value of an Authentication-Results field, "\n\t" */
	const char *summary; /* GP_STAGE_MESSAGE: one line for the log, printable ASCII */
};

/* "accept", "hold", "quarantine", "defer", "reject". */
const char *gp_engine_action_name(enum gp_action action);

/* Rules of no check. */
extern const struct gp_rule gp_engine_rule_default; /* no rule had anything to say */
extern const struct gp_rule gp_engine_rule_stage;   /* nothing is checked at this stage */

/* Authenticated, local or trusted clients, which are exempt from all checks: the rule that says so,
 * or NULL. */
const struct gp_rule *gp_engine_ours(const struct gp_facts *facts);

/* Clients whose address says nothing about who sends, as it cannot be read or is private: the rule
 * that says so, or NULL. Checks of an envelope leave their mail alone. */
const struct gp_rule *gp_engine_unidentified(const struct gp_facts *facts);

/*
 * The first rule of a check that asks for more than acceptance, whatever the check's mode, and is
 * not held back; NULL: none.
 */
const struct gp_rule *gp_engine_refusing(
	const struct gp_check *check, const struct gp_facts *facts, enum gp_action *action_out);

/* Would a rule of the check ask for more than acceptance if no exception held it back? */
bool gp_engine_would_refuse(const struct gp_check *check, const struct gp_facts *facts);

/*
 * Decides over the facts of the checks that ran, count of them in the order in which they weigh.
 * verdict->decided, check: the rule that is named when none has anything to say, and whose it is.
 */
void gp_engine_decide(const struct gp_check *const *checks, size_t count,
	const struct gp_facts *facts, struct gp_verdict *verdict);

#endif
