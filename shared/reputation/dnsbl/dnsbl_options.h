/* SPDX-License-Identifier: ISC */
/*
 * What the configuration says about DNS lists: the sections dnsbl, list and use; and dead, which
 * only the table of known lists has.
 */
#ifndef GP_REPUTATION_DNSBL_OPTIONS_H
#define GP_REPUTATION_DNSBL_OPTIONS_H

#include "base/option.h"
#include "reputation/dnsbl/dnsbl_list.h"

struct gp_suffix_list;

struct gp_dnsbl_settings {
	enum gp_option_mode mode;
	/* scores from which something is done; 0: never */
	unsigned label_at, greylist_at, defer_at, reject_at;
	unsigned min_lists;     /* families with a positive weight that a reject needs */
	unsigned world_percent; /* of client networks; 0: never */
	unsigned deadline_ms;
	struct gp_option_prefixes exempt_clients;
	struct gp_config_texts exempt_client_names, exempt_senders, exempt_recipients;
	const char *reject_code, *defer_code, *text;
	/* settled */
	const struct gp_dnsbl_list *lists; /* in the order of the file */
	size_t count;
	const struct gp_dnsbl_dead *dead; /* of the table of known lists only */
	size_t dead_count;
	const struct gp_suffix_list *psl; /* for reduce = registered; NULL: no list needs it */
};

/* Are there lists to be asked about mail? */
static inline bool gp_dnsbl_is_used(const struct gp_dnsbl_settings *dnsbl)
{
	return dnsbl->mode != GP_MODE_OFF && dnsbl->count > 0;
}

extern const struct gp_option_section gp_dnsbl_section;      /* places: struct gp_dnsbl_settings */
extern const struct gp_option_section gp_dnsbl_list_section; /* places: struct gp_dnsbl_list */
extern const struct gp_option_section gp_dnsbl_use_section;  /* the same rows */
extern const struct gp_option_section gp_dnsbl_dead_section; /* places: struct gp_dnsbl_dead */

/* The table of known lists, in the syntax of the configuration. */
extern const char gp_dnsbl_table[];

#endif
