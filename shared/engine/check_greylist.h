/* SPDX-License-Identifier: ISC */
/*
 * Greylisting as a check: delays the first mail of a client that nothing vouches for, for each
 * recipient, if the other checks let it in; what is delayed is not counted under the limits.
 *
 * Runs where the surface has a store (facts->store): at RCPT, and with null_sender = delay-at-data
 * at DATA, or over the whole message, for the null sender.
 */
#ifndef GP_ENGINE_CHECK_GREYLIST_H
#define GP_ENGINE_CHECK_GREYLIST_H

#include "engine/check.h"
#include "engine/policy.h"

/* What came of it, in one word: the verdicts of its result. */
enum gp_greylist_said {
	GP_GREYLIST_SAID_EXEMPT, /* something vouches for it, or there is no reason */
	GP_GREYLIST_SAID_FIRST,  /* to be delayed */
	GP_GREYLIST_SAID_EARLY,  /* likewise: it has not waited long enough */
	GP_GREYLIST_SAID_PASSED,
	GP_GREYLIST_SAID_KNOWN,   /* its contact, its network or its SPF domain has passed */
	GP_GREYLIST_SAID_ALLOWED, /* by an operator, or as a correspondent of our users */
	GP_GREYLIST_SAID_LEARNING,
	GP_GREYLIST_SAID_UNAVAILABLE
};
#define GP_GREYLIST_SAIDS 8

extern const struct gp_check gp_engine_check_greylist;

/*
 * For an operator: the rule by which mail with this envelope is not greylisted, whatever is known
 * of it; NULL: none. A client name that is empty is in no list.
 */
int gp_engine_greylist_exempt(struct gp_ctx *ctx, const struct gp_config *config,
	const struct gp_envelope *envelope, const struct gp_rule **rule_out) GP_MUST_CHECK;

/* Is it a contact that has to wait (in mode label: would have to)? What is said of it then holds
 * for a moment only. */
bool gp_engine_greylist_waits(const struct gp_facts *facts);

#endif
