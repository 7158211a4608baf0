/* SPDX-License-Identifier: ISC */
/*
 * Address: mailboxes and domains of the envelope; parse, normalise to A-labels, compare.
 *
 * Knows the syntax of names; does not know whether a domain exists. Everything is linear and
 * bounded; domains over 253 octets (A-labels) are refused.
 */
#ifndef GP_MAIL_ADDRESS_H
#define GP_MAIL_ADDRESS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

/*
 * Cuts a mailbox at its last @ (quoted local parts may hold others). Without an @ the whole is the
 * local part and false is returned. Angle brackets around it are taken off.
 */
bool gp_address_split(
	struct gp_span mailbox, struct gp_span *local_out, struct gp_span *domain_out);

/*
 * The domain in the form in which DNS is asked: lower case, A-labels (RFC 5891; UTS 46
 * non-transitional mapping), no trailing dot. The text comes from the arena. GP_ESYNTAX: it cannot
 * be a domain name (empty label, label over 63 octets, over 253 in all, not valid UTF-8 or IDNA,
 * control characters or blanks). Underscores and other printable ASCII stay: DNS allows them.
 */
int gp_address_domain(
	struct gp_arena *arena, struct gp_span domain, const char **domain_out) GP_MUST_CHECK;

/*
 * A name of ASCII with its A-labels as Unicode (RFC 5891 5.4), for comparing names in ways that DNS
 * does not know. Labels that are no A-labels stay as they are, in lower case, whether the name is a
 * domain or not.
 */
int gp_address_unicode(
	struct gp_arena *arena, struct gp_span domain, struct gp_span *unicode_out) GP_MUST_CHECK;

/*
 * Only letters, digits, hyphens, underscores and dots? Other signs are legal in an address (RFC
 * 5322 3.2.3) and in DNS, but in no host's name, and end a name for some readers.
 */
bool gp_address_is_host_name(const char *domain);

/* A local part without the quotes around it, if it has them: "a"@x is a@x (RFC 5321 4.1.2). */
struct gp_span gp_address_unquote(struct gp_span local);

/* Is the text an address literal, [192.0.2.1] or [IPv6:2001:db8::1] (RFC 5321 4.1.3)? */
bool gp_address_is_literal(struct gp_span domain);

#endif
