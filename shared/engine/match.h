/* SPDX-License-Identifier: ISC */
/*
 * Match: is a name, an address or a mailbox in a list of the configuration? And which of some
 * rules is the first that applies. No state.
 */
#ifndef GP_ENGINE_MATCH_H
#define GP_ENGINE_MATCH_H

#include "engine/check.h"

/* Is the name an item of the list, or below one that begins with a dot? */
bool gp_engine_in_names(const struct gp_config_texts *list, struct gp_span name);

/* Is the address in one of the networks? */
bool gp_engine_in_prefixes(const struct gp_option_prefixes *list, const struct gp_ipaddr *addr);

/* Does an item (user@domain, user@, domain or .domain) match the mailbox? ascii: its domain in
 * A-labels; NULL: as it stands. */
bool gp_engine_in_addresses(
	const struct gp_config_texts *list, struct gp_span mailbox, const char *ascii);

/* Does the client's address say nothing about the sender of its mail: private ranges, our own
 * address, own_networks? */
bool gp_engine_is_private_client(const struct gp_facts *facts);

/* Lists of the configuration by which a check leaves mail alone; each may be NULL. */
struct gp_exemptions {
	const struct gp_option_prefixes *clients;
	const struct gp_config_texts *client_names; /* as the mail server has verified them */
	const struct gp_config_texts *helo, *senders, *recipients;
};

/* Which of them; rows of a check's own names, in this order. */
enum gp_exemption {
	GP_EXEMPT_CLIENT,
	GP_EXEMPT_CLIENT_NAME, /* up to here it is known for certain; anybody could say the rest */
	GP_EXEMPT_HELO,
	GP_EXEMPT_SENDER,
	GP_EXEMPT_RECIPIENT,
	GP_EXEMPTIONS
};

/* The row of the first list, up to last, that has this mail; NULL: none. */
const struct gp_rule *gp_engine_exemption(const struct gp_exemptions *lists,
	const struct gp_rule rows[GP_EXEMPTIONS], enum gp_exemption last,
	const struct gp_facts *facts);

/* The first rule that applies, or NULL; rules end with a row without a name. */
const struct gp_rule *gp_engine_first_rule(
	const struct gp_rule *rules, const struct gp_facts *facts);

#endif
