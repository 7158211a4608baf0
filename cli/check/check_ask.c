/* SPDX-License-Identifier: ISC */
/* What every subject does: begin its findings, ask, and say so where nobody answers. */
#include "cli/check/check.h"

/* gp_check_begin: findings carry the name. */
void gp_check_begin(struct gp_check *check, const char *name)
{
	check->report->check = name;
}

/* gp_check_ask: a name that cannot exist is answered by the resolver. */
int gp_check_ask(struct gp_check *check, const char *name, enum gp_dns_type type,
	struct gp_dns_answer *answer_out)
{
	const struct gp_dns_question question = {name, type};
	return name ? gp_dns_query(check->ctx, &question, 1, answer_out)
		    : gp_arena_status(check->ctx->arena);
}

/* gp_check_is_silent: a warning: nothing is known to be wrong. */
bool gp_check_is_silent(
	struct gp_check *check, const char *name, const struct gp_dns_answer *answer)
{
	if (!gp_dns_state_is_failure(answer->state))
		return false;
	if (answer->state == GP_DNS_BOGUS) {
		gp_doctor_say(check->report, GP_DOCTOR_PROBLEM,
			"%s: DNSSEC refuses the answer (%s); receivers that validate see nothing",
			name, answer->problem);
		gp_doctor_mend(check->report, "look at the signatures of the zone: delv %s", name);
	} else {
		gp_doctor_say(check->report, GP_DOCTOR_WARNING, "%s: DNS gives no answer: %s", name,
			answer->problem);
	}
	return true;
}
