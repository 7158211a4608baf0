/* SPDX-License-Identifier: ISC */
/*
 * Check_self: what this machine is to others: the domains it sends for, the addresses it sends
 * from, and the name it says in HELO, as its mail server and its interfaces tell.
 *
 * Knows parameters of Postfix and Exim; what they say is foreign and bounded.
 */
#ifndef GP_CHECK_CHECK_SELF_H
#define GP_CHECK_CHECK_SELF_H

#include "base/arena.h"
#include "cli/check/check.h"

#define GP_CHECK_DOMAINS_MAX 10

enum gp_check_mta { GP_CHECK_NO_MTA, GP_CHECK_POSTFIX, GP_CHECK_EXIM };

struct gp_check_self {
	enum gp_check_mta mta;
	const char *domains[GP_CHECK_DOMAINS_MAX]; /* A-labels; none twice */
	size_t domain_count;
	struct gp_ipaddr ips[GP_CHECK_IPS_MAX]; /* of the interfaces, that others can see */
	size_t ip_count;
	const char *helo; /* what it says of itself; A-labels; NULL: not known */
	bool sends_plain; /* Postfix is told to use no TLS */
};

/* Asks postconf or exim, the system, and the configuration. GP_ETOOBIG, GP_ENOMEM. */
int gp_check_self_find(struct gp_arena *arena, const struct gp_config *config,
	struct gp_check_self *self_out) GP_MUST_CHECK;

/* Adds the domains of a list ("$myhostname" has been expanded; tables and networks are passed
 * over). GP_ETOOBIG, GP_ENOMEM. */
int gp_check_self_add_domains(
	struct gp_arena *arena, struct gp_span list, struct gp_check_self *self) GP_MUST_CHECK;

/* Does the name in HELO lead to an address, and does the mail server use TLS? */
int gp_check_self_judge(struct gp_check *check, const struct gp_check_self *self) GP_MUST_CHECK;

#endif
