/* SPDX-License-Identifier: ISC */
/* The rows of section arc. */
#include "arc/arc_options.h"

static const struct gp_option_choice evaluate[] = {{"on-failure", GP_ARC_ON_FAILURE},
	{"always", GP_ARC_ALWAYS}, {"never", GP_ARC_NEVER}, {NULL, 0}};

#define IN_ARC(member) offsetof(struct gp_arc_settings, member)
static const struct gp_option arc_rows[] = {
	{"arc", "mode", GP_KIND_CHOICE, IN_ARC(mode), "enforce", 0, 0, gp_option_modes,
		"Whether seals are checked.\n"
		"off: they are not checked.\n"
		"label: they are checked for the header field and the log.\n"
		"enforce: an unbroken chain of trusted sealers who saw DMARC pass for the "
		"domain in From excuses a DMARC failure.",
		NULL, 0},
	{"arc", "evaluate", GP_KIND_CHOICE, IN_ARC(evaluate), "on-failure", 0, 0, evaluate,
		"When seals are checked.\n"
		"on-failure: only when SPF is fail or softfail, or when DKIM or DMARC fails.\n"
		"always: for every message.\n"
		"never: not at all.",
		NULL, 0},
	{"arc", "trusted_sealers", GP_KIND_NAMES, IN_ARC(trusted_sealers),
		"google.com, gmail.com, googlegroups.com, messagingengine.com, fastmail.com, "
		"fastmail.fm, outlook.com, hotmail.com, office365.com, microsoft.com, yahoo.com, "
		"ymail.com, icloud.com, me.com, amazon.com, aws.amazon.com",
		0, 1024, NULL,
		"Sealers that are trusted to say what they saw. The d= of a seal is compared "
		"as a whole name; .example.org stands for the names below example.org. A list "
		"that is set here replaces the default; use more_sealers to add to it.",
		NULL, 0},
	{"arc", "more_sealers", GP_KIND_NAMES, IN_ARC(more_sealers), "", 0, 1024, NULL,
		"Trusted sealers in addition to trusted_sealers: your own forwarders and list "
		"servers. .example.org stands for the names below example.org.",
		NULL, 0},
	{"arc", "subdomains", GP_KIND_BOOL, IN_ARC(subdomains), "no", 0, 0, NULL,
		"Whether names below those in trusted_sealers and more_sealers are trusted as "
		"well.",
		NULL, 0},
};
const struct gp_option_section gp_arc_section = {"arc",
	"ARC seals of hosts that handled the message before (RFC 8617). Checking them "
	"takes the whole message, which Exim and gatepost verify have.",
	arc_rows, sizeof arc_rows / sizeof arc_rows[0], sizeof(struct gp_arc_settings)};
