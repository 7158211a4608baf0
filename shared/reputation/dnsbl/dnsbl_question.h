/* SPDX-License-Identifier: ISC */
/*
 * Question: which addresses and names DNS lists may be asked about at all. Pure text.
 */
#ifndef GP_REPUTATION_DNSBL_QUESTION_H
#define GP_REPUTATION_DNSBL_QUESTION_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/ipaddr.h"

/*
 * May a list be asked about this client? Only about hosts of the internet, not about private and
 * special addresses (RFC 6890), but for those of documentation (RFC 5737, RFC 3849, RFC 9637),
 * which nobody has: examples and tests use them. IPv4 as IPv4.
 */
bool gp_dnsbl_question_is_host(const struct gp_ipaddr *client);

/*
 * The domain that is asked for a name of mail: A-labels in lower case. domain_out: NULL when it is
 * none that may be asked. A status of the arena.
 */
int gp_dnsbl_question_domain(
	struct gp_arena *arena, const char *name, const char **domain_out) GP_MUST_CHECK;

#endif
