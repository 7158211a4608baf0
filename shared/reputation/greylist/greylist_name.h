/* SPDX-License-Identifier: ISC */
/*
 * Generic names: is the reverse name of a client one that access lines have, and no mail server?
 *
 * A name is generic if it is made from the address, or has a word for access lines (dyn, dhcp,
 * pool, ...). Words that a mail server's name is made of speak against it, and so do static and
 * colo as whole labels. Only what stands below the registered domain is looked at: dyn.com may send
 * mail from mx.dyn.com.
 *
 * Pure functions over foreign text, linear in its length.
 */
#ifndef GP_REPUTATION_GREYLIST_NAME_H
#define GP_REPUTATION_GREYLIST_NAME_H

#include <stdbool.h>

#include "base/ipaddr.h"
#include "base/span.h"

enum gp_greylist_name_kind {
	GP_GREYLIST_NAME_PROPER,
	GP_GREYLIST_NAME_OF_ADDRESS, /* the address, or most of it, in one form or another */
	GP_GREYLIST_NAME_OF_LINE     /* a word for access lines */
};

/*
 * What kind of name this is. registered: the registered domain at its end (mail/suffix.h); empty:
 * its last two labels. client may be GP_IP_NONE.
 */
enum gp_greylist_name_kind gp_greylist_name_kind(
	struct gp_span name, struct gp_span registered, const struct gp_ipaddr *client);

#endif
