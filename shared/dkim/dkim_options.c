/* SPDX-License-Identifier: ISC */
/* The rows of section dkim. */
#include "dkim/dkim_options.h"

static const struct gp_option_choice dkim_verdicts[] = {{"fail", 1 << GP_DKIM_FAIL},
	{"policy", 1 << GP_DKIM_POLICY}, {"neutral", 1 << GP_DKIM_NEUTRAL},
	{"permerror", 1 << GP_DKIM_PERMERROR}, {NULL, 0}};
static const struct gp_option_choice dnssec[] = {{"no", GP_DKIM_DNSSEC_NO},
	{"label", GP_DKIM_DNSSEC_LABEL}, {"yes", GP_DKIM_DNSSEC_YES}, {NULL, 0}};
static const struct gp_option_choice unverifiable[] = {
	{"temperror", GP_DKIM_AS_TEMPERROR}, {"neutral", GP_DKIM_AS_NEUTRAL}, {NULL, 0}};

#define IN_DKIM(member) offsetof(struct gp_dkim_settings, member)
static const struct gp_option dkim_rows[] = {
	{"dkim", "mode", GP_KIND_CHOICE, IN_DKIM(mode), "label", 0, 0, gp_option_modes,
		"Whether signatures are checked.\n"
		"off: they are not checked; dmarc.mode has to be off as well.\n"
		"label: they are checked for the header field and for DMARC.\n"
		"enforce: dkim.reject and dkim.on_temperror apply as well.",
		NULL, 0},
	{"dkim", "reject", GP_KIND_SET, IN_DKIM(reject), "", 0, 8, dkim_verdicts,
		"Results of signatures that are refused, with mode = enforce, if no signature "
		"of the message passes. If on_temperror defers the message because of another "
		"signature, it is deferred. RFC 6376 6.1 says that a broken signature is to be "
		"treated as none: leave this empty unless you have a reason.",
		NULL, 0},
	{"dkim", "on_temperror", GP_KIND_CHOICE, IN_DKIM(on_temperror), "accept", 0, 0,
		gp_option_accept_defer,
		"What is done, with mode = enforce, when no signature passes and DNS gave no "
		"answer for at least one.\n"
		"accept: the mail is not held up because of this.\n"
		"defer: the client is told to try again.",
		NULL, 0},
	{"dkim", "reject_code", GP_KIND_CODE, IN_DKIM(reject_code), "550 5.7.20", 0, 0, NULL,
		"Reply code and enhanced code when dkim.reject refuses mail (RFC 7372).", NULL, 0},
	{"dkim", "temperror_code", GP_KIND_CODE, IN_DKIM(temperror_code), "451 4.7.20", 4, 0, NULL,
		"Reply code and enhanced code when dkim.on_temperror defers mail.", NULL, 0},
	{"dkim", "max_signatures", GP_KIND_UINT, IN_DKIM(check.max_signatures), "20", 1, 50, NULL,
		"Signatures of a message that are checked. Those of the domain in From and of "
		"domains related to it come first, then the others from the top of the header; "
		"the rest is ignored. For one message at most 60 checks with a key are made, "
		"seals of ARC included, in the same order.",
		NULL, 0},
	{"dkim", "rsa_bits_min", GP_KIND_UINT, IN_DKIM(check.rsa_bits_min), "1024", 512, 4096, NULL,
		"Smallest RSA key that is accepted. With a smaller key the result is policy "
		"(RFC 8301 3.2).",
		NULL, 0},
	{"dkim", "rsa_bits_max", GP_KIND_UINT, IN_DKIM(check.rsa_bits_max), "4096", 1024, 16384,
		NULL,
		"Largest RSA key that is accepted, since large keys take time. With a larger "
		"key the result is policy.",
		NULL, 0},
	{"dkim", "partial_body", GP_KIND_BOOL, IN_DKIM(check.partial_body), "no", 0, 0, NULL,
		"Whether a signature may pass although its l= leaves out part of the body; "
		"anybody could then have added text.\n"
		"yes: it may pass.\n"
		"no: the result is policy, and DMARC does not count the signature.",
		NULL, 0},
	{"dkim", "require_dnssec", GP_KIND_CHOICE, IN_DKIM(check.require_dnssec), "no", 0, 0,
		dnssec,
		"Whether DNSSEC has to protect the keys of signatures. label and yes need "
		"dns.trust_ad and a validating resolver.\n"
		"no: it need not.\n"
		"label: the header field says whether it does.\n"
		"yes: with a key that it does not protect the result is policy.",
		NULL, 0},
	{"dkim", "not_verifiable", GP_KIND_CHOICE, IN_DKIM(check.unverifiable), "neutral", 0, 0,
		unverifiable,
		"Result of a signature over a message that the mail server cannot hand over as "
		"it was signed: with a bare CR or LF or a NUL, which the mail server changes, "
		"with a line that is no field, or with a blank line at the end of a field, "
		"which it removes.\n"
		"temperror: DMARC does not fail, whatever the policy; with dmarc.on_temperror "
		"= accept anybody could then evade DMARC.\n"
		"neutral: DMARC may fail.",
		NULL, 0},
	{"dkim", "lenient_keys", GP_KIND_BOOL, IN_DKIM(check.lenient_keys), "yes", 0, 0, NULL,
		"Whether key records with common mistakes are used: quotes of any kind, "
		"backslashes, parentheses, empty elements (;;), and a key whose final = is "
		"missing.\n"
		"yes: such a record is used if the signature then fits, and the result says "
		"so.\n"
		"no: such a record is an error.",
		NULL, 0},
	{"dkim", "clock_skew", GP_KIND_MSEC, IN_DKIM(check.clock_skew_ms), "5m", 0, 86400000, NULL,
		"How much the clock of a signer may differ from the one of this host, for the "
		"times t= and x= of a signature.",
		NULL, 0},
};
const struct gp_option_section gp_dkim_section = {"dkim",
	"DKIM signatures (RFC 6376). Checking them takes the whole message, which Exim "
	"and gatepost verify have; gatepost-policyd does not check them.",
	dkim_rows, sizeof dkim_rows / sizeof dkim_rows[0], sizeof(struct gp_dkim_settings)};
