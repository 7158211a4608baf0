/* SPDX-License-Identifier: ISC */
/* What the configuration says about SPF: the section spf. */
#ifndef GP_SPF_SPF_OPTIONS_H
#define GP_SPF_SPF_OPTIONS_H

#include "base/option.h"
#include "spf/spf.h"

/* When the HELO identity alone may refuse a mail; many hosts of honest mail have a wrong one. */
enum gp_spf_helo_when {
	GP_HELO_OFF,         /* never, and it is not looked at */
	GP_HELO_LABEL,       /* looked at and labelled only */
	GP_HELO_NULL_SENDER, /* with a null sender, where it stands for MAIL FROM (RFC 7208 2.4) */
	GP_HELO_ALWAYS
};

enum gp_spf_header_kind {
	GP_HEADER_NONE,
	GP_HEADER_AUTHENTICATION_RESULTS,
	GP_HEADER_RECEIVED_SPF
};

/* In the sets of verdicts: a fail of a domain that says it sends no mail ("v=spf1 -all"). */
#define GP_SPF_NO_MAIL (1u << GP_SPF_VERDICTS)

struct gp_spf_settings {
	enum gp_option_mode mode;
	unsigned reject;      /* bits 1 << enum gp_spf_verdict; GP_SPF_NO_MAIL */
	unsigned helo_reject; /* the same for the HELO identity */
	enum gp_spf_helo_when helo;
	enum gp_option_on_error on_temperror, on_permerror;
	struct gp_config_texts must_pass; /* sender domains whose mail has to pass */
	struct gp_option_prefixes exempt_clients;
	struct gp_config_texts exempt_client_names, exempt_helo, exempt_senders, exempt_recipients;
	struct gp_config_texts forwarders;
	const char *reject_code, *temperror_code, *permerror_code, *permerror_reject_code;
	const char *reject_text, *error_text, *url;
	bool explanation;
	enum gp_spf_header_kind header;
	bool yield_to_dmarc; /* no refusal at RCPT where the sender's owner publishes DMARC */
	bool check_from;     /* null sender: SPF of the author's domain as well, for the label */
	struct gp_spf_options limits;
};

extern const struct gp_option_section gp_spf_section; /* places: struct gp_spf_settings */

#endif
