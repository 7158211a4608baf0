/* SPDX-License-Identifier: ISC */
/* What the configuration says about greylisting: the section greylist. */
#ifndef GP_REPUTATION_GREYLIST_OPTIONS_H
#define GP_REPUTATION_GREYLIST_OPTIONS_H

#include "base/option.h"

struct gp_suffix_list;

/* Whose first mail is delayed. */
enum gp_greylist_when {
	GP_GREYLIST_WHEN_SUSPICIOUS, /* a client with a reason */
	GP_GREYLIST_WHEN_UNKNOWN,    /* everybody that nothing vouches for */
	GP_GREYLIST_WHEN_SCORE       /* with a score of DNS lists from dnsbl.greylist_at on */
};

/* What a pass of SPF means. */
enum gp_greylist_spf_pass {
	GP_GREYLIST_SPF_SKIP,       /* no delay */
	GP_GREYLIST_SPF_ONLY_KNOWN, /* none, where the domain has been known for a day */
	GP_GREYLIST_SPF_NO          /* it only makes the key */
};

enum gp_greylist_null_sender { GP_GREYLIST_NULL_SKIP, GP_GREYLIST_NULL_AT_DATA };
enum gp_greylist_sender_key { GP_GREYLIST_KEY_DOMAIN, GP_GREYLIST_KEY_SENDER };
enum gp_greylist_recipient_key {
	GP_GREYLIST_RECIPIENT_NONE,
	GP_GREYLIST_RECIPIENT_DOMAIN,
	GP_GREYLIST_RECIPIENT_ADDRESS
};

struct gp_greylist_settings {
	enum gp_option_mode mode;
	enum gp_greylist_when when;
	int64_t delay_ms, window_ms, keep_ms, learn_ms, correspondents_ms;
	unsigned passes; /* 0: no key is let through as a whole */
	enum gp_greylist_sender_key key;
	enum gp_greylist_recipient_key recipient;
	unsigned ipv4_length, ipv6_length; /* of a network */
	enum gp_greylist_spf_pass spf_pass;
	enum gp_greylist_null_sender null_sender;
	unsigned max_entries;
	struct gp_option_prefixes exempt_clients;
	struct gp_config_texts exempt_client_names, exempt_recipients, whitelist_domains;
	const char *code, *text;
	/* settled */
	const struct gp_suffix_list *psl; /* NULL while the mode is off */
};

extern const struct gp_option_section gp_greylist_section; /* places: struct gp_greylist_settings */

#endif
