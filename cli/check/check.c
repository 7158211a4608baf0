/* SPDX-License-Identifier: ISC */
/* The subjects one after the other: later ones use what earlier ones have found. */
#include "cli/check/check.h"

/* look_validated: does the resolver say of what is signed that it has validated it? */
static int look_validated(struct gp_check *check)
{
	static const struct gp_dns_question questions[] = {{".", GP_DNS_TXT}, {"arpa", GP_DNS_TXT}};
	struct gp_dns_answer answers[2];
	int rc = gp_dns_query(check->ctx, questions, 2, answers);
	for (size_t i = 0; !rc && i < 2; i++)
		check->is_validated =
			check->is_validated ||
			(!gp_dns_state_is_failure(answers[i].state) && answers[i].secure);
	return rc;
}

/* gp_check_all: in the order in which they need each other. */
int gp_check_all(struct gp_check *check)
{
	static int (*const subjects[])(struct gp_check *) = {look_validated, gp_check_spf,
		gp_check_dkim, gp_check_dmarc, gp_check_host, gp_check_mx, gp_check_tls};
	for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++) {
		int rc = subjects[i](check);
		if (rc)
			return rc;
	}
	return GP_OK;
}
