/* SPDX-License-Identifier: ISC */
/* The rows of section arc. */
#include "arc/arc_options.h"

static const struct gp_option_choice evaluate[] = {{"on-failure", GP_ARC_ON_FAILURE},
	{"always", GP_ARC_ALWAYS}, {"never", GP_ARC_NEVER}, {NULL, 0}};

#define IN_ARC(member) offsetof(struct gp_arc_settings, member)
static const struct gp_option arc_rows[] = {
	{"arc", "mode", GP_KIND_CHOICE, IN_ARC(mode), "enforce", 0, 0, gp_option_modes,
		"off: not looked at. label: for the header. enforce: a whole chain of trusted "
		"sealers that saw the author's domain pass excuses a DMARC failure.",
		NULL, false},
	{"arc", "evaluate", GP_KIND_CHOICE, IN_ARC(evaluate), "on-failure", 0, 0, evaluate,
		"on-failure: only when SPF is fail or softfail, or DKIM or DMARC fails; otherwise "
		"nothing is asked for it.",
		NULL, false},
	{"arc", "trusted_sealers", GP_KIND_NAMES, IN_ARC(trusted_sealers),
		"google.com, gmail.com, googlegroups.com, messagingengine.com, fastmail.com, "
		"fastmail.fm, outlook.com, hotmail.com, office365.com, microsoft.com, yahoo.com, "
		"ymail.com, icloud.com, me.com, amazon.com, aws.amazon.com",
		0, 1024, NULL,
		"Who is believed about what they saw: the d= of a seal, as a whole name; "
		".example.org stands for the names below example.org.",
		NULL, false},
	{"arc", "more_sealers", GP_KIND_NAMES, IN_ARC(more_sealers), "", 0, 1024, NULL,
		"Further ones, so that the list above need not be repeated: your own forwarders "
		"and list servers.",
		NULL, false},
	{"arc", "subdomains", GP_KIND_BOOL, IN_ARC(subdomains), "no", 0, 0, NULL,
		"Names below the listed ones count as well.", NULL, false},
};
const struct gp_option_section gp_arc_section = {"arc",
	"Seals of hosts that handled the message before us (RFC 8617), likewise.", arc_rows,
	sizeof arc_rows / sizeof arc_rows[0], sizeof(struct gp_arc_settings)};
