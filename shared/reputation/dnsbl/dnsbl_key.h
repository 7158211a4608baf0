/* SPDX-License-Identifier: ISC */
/*
 * DNS list key: where the private key of a list comes from.
 *
 * A key is one label of a name in DNS: letters, digits, - and _, at most 63. It is read from an
 * option, the first line of a file, or a credential of the service manager, and is in no text that
 * this returns but *key_out.
 */
#ifndef GP_REPUTATION_DNSBL_KEY_H
#define GP_REPUTATION_DNSBL_KEY_H

#include "reputation/dnsbl/dnsbl_list.h"

#define GP_DNSBL_KEY_MAX 63

/*
 * The key that the list's options name. *key_out NULL: *why_out says why there is none.
 * credentials: the directory of key_credential; NULL: there is none. GP_ENOMEM, GP_ETOOBIG.
 */
int gp_dnsbl_key_find(struct gp_arena *arena, const struct gp_dnsbl_list *list,
	const char *credentials, const char **key_out, const char **why_out) GP_MUST_CHECK;

#endif
