/* SPDX-License-Identifier: ISC */
/* What the configuration says about DMARC: the section dmarc. */
#ifndef GP_DMARC_DMARC_OPTIONS_H
#define GP_DMARC_DMARC_OPTIONS_H

#include "base/option.h"
#include "dmarc/dmarc.h"

/* What is done with mail of which its domain's owner, or a rule of ours, says it is bad. */
enum gp_dmarc_action_word {
	GP_DMARC_DO_ACCEPT,
	GP_DMARC_DO_QUARANTINE,
	GP_DMARC_DO_DEFER,
	GP_DMARC_DO_REJECT,
	GP_DMARC_DO_BY_CAUSE /* of on_bad_from alone: as the three options below it say */
};

struct gp_dmarc_settings {
	enum gp_option_mode mode;
	const char *psl_file;
	const char *sample_key_file; /* as written; "": by the store */
	const char *sample_key_path; /* settled from it; "": none */
	struct gp_suffix_list *list; /* owned; opened when discovery needs it */
	enum gp_dmarc_action_word on_reject, on_quarantine;
	enum gp_option_on_error on_temperror;
	/* the same, or BY_CAUSE; settled into the next three */
	enum gp_dmarc_action_word on_bad_from;
	enum gp_dmarc_action_word on_no_domain, on_several_domains, on_unreadable_from;
	struct gp_config_texts exempt_domains; /* author domains that are never refused */
	struct gp_config_texts mailing_lists;  /* signers or senders that may break signatures */
	struct gp_config_texts forwarders;     /* domains whose SPF-authorised hosts forward */
	struct gp_option_prefixes exempt_clients;
	const char *reject_code, *temperror_code, *from_code;
	const char *reject_text, *error_text, *from_text;
	struct gp_dmarc_options check; /* psl settled from list */
};

extern const struct gp_option_section gp_dmarc_section; /* places: struct gp_dmarc_settings */

#endif
