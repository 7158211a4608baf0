/* SPDX-License-Identifier: ISC */
/*
 * Public suffixes: under which part of a name did somebody register a domain?
 *
 * Knows the list of publicsuffix.org; asks nobody, and knows nothing of DMARC's tree walk.
 *
 *     rc = gp_suffix_list_new(path, &list);              (once; NULL: the distribution's list)
 *     registered = gp_suffix_registered(list, "mail.example.co.uk");      "example.co.uk"
 *
 * Ownership: a list is a heap object with one owner. Threads: it is constant, and may be read by
 * any number.
 */
#ifndef GP_MAIL_SUFFIX_H
#define GP_MAIL_SUFFIX_H

#include "base/err.h"

struct gp_suffix_list;

/*
 * A list of public suffixes: from a file (publicsuffix.org's text or a compiled one), or with NULL
 * or "" the distribution's newest. Returns new; GP_EIO: it cannot be read, or there is none.
 */
int gp_suffix_list_new(const char *path, struct gp_suffix_list **list_out) GP_MUST_CHECK;
void gp_suffix_list_free(struct gp_suffix_list *list); /* accepts NULL */

/*
 * The registered domain: one label below the longest public suffix. domain in A-labels, lower case,
 * without a trailing dot; the answer points into it. NULL: the name is a public suffix itself. A
 * top-level domain that the list does not have counts as a suffix.
 */
const char *gp_suffix_registered(const struct gp_suffix_list *list, const char *domain);

/*
 * The same, where that of another name is known already: a name that this one ends like is not
 * searched for again. other_registered: what gp_suffix_registered says of the other; both NULL:
 * nothing is known.
 */
const char *gp_suffix_registered_beside(const struct gp_suffix_list *list, const char *domain,
	const char *other, const char *other_registered);

#endif
