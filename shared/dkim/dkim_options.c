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
		"off: signatures are not looked at; dmarc.mode has to be off as well. label: "
		"checked, for the header and for DMARC. enforce: reject and on_temperror count as "
		"well.",
		NULL, false},
	{"dkim", "reject", GP_KIND_SET, IN_DKIM(reject), "", 0, 8, dkim_verdicts,
		"Refuse mail that no signature passes and one of which has such a result, unless "
		"on_temperror defers it for another one. RFC 6376 6.1 wants a broken signature "
		"treated as none: leave it empty unless you know better.",
		NULL, false},
	{"dkim", "on_temperror", GP_KIND_CHOICE, IN_DKIM(on_temperror), "accept", 0, 0,
		gp_option_accept_defer,
		"With mode = enforce, when no signature passes and DNS may let one pass later.",
		NULL, false},
	{"dkim", "reject_code", GP_KIND_CODE, IN_DKIM(reject_code), "550 5.7.20", 0, 0, NULL,
		"Reply where reject applies (RFC 7372).", NULL, false},
	{"dkim", "temperror_code", GP_KIND_CODE, IN_DKIM(temperror_code), "451 4.7.20", 4, 0, NULL,
		"Reply where on_temperror defers.", NULL, false},
	{"dkim", "max_signatures", GP_KIND_UINT, IN_DKIM(check.max_signatures), "20", 1, 50, NULL,
		"Signatures that are looked at, those of the domain in From and its relatives "
		"first, then from the top; the rest counts for nothing. At most 60 checks with a "
		"key are made for a message, seals of ARC included, in the same order.",
		NULL, false},
	{"dkim", "rsa_bits_min", GP_KIND_UINT, IN_DKIM(check.rsa_bits_min), "1024", 512, 4096, NULL,
		"A smaller RSA key gives the result policy (RFC 8301 3.2).", NULL, false},
	{"dkim", "rsa_bits_max", GP_KIND_UINT, IN_DKIM(check.rsa_bits_max), "4096", 1024, 16384,
		NULL, "A larger one, too: it costs time.", NULL, false},
	{"dkim", "partial_body", GP_KIND_BOOL, IN_DKIM(check.partial_body), "no", 0, 0, NULL,
		"Let a signature pass whose l= leaves out some of the body, to which anybody could "
		"then add. no: the result is policy, and DMARC does not count it.",
		NULL, false},
	{"dkim", "require_dnssec", GP_KIND_CHOICE, IN_DKIM(check.require_dnssec), "no", 0, 0,
		dnssec,
		"Keys that DNSSEC did not protect. label: said in the header. yes: the result is "
		"policy. Needs dns.trust_ad and a validating resolver.",
		NULL, false},
	{"dkim", "not_verifiable", GP_KIND_CHOICE, IN_DKIM(check.unverifiable), "neutral", 0, 0,
		unverifiable,
		"Result of a signature over a message that the mail server cannot give as it was "
		"signed: a bare CR or LF, or NULs, which are changed on the way in, a line that is "
		"no field, a blank line at the end of one that was taken off. neutral lets DMARC "
		"fail. temperror does not, whatever the policy: with dmarc.on_temperror = accept "
		"anybody could then pass it by.",
		NULL, false},
	{"dkim", "lenient_keys", GP_KIND_BOOL, IN_DKIM(check.lenient_keys), "yes", 0, 0, NULL,
		"Use a key record that quotes of any kind, backslashes, parentheses or empty "
		"elements (;;) came into on its way to DNS, or that lost the = at the end of its "
		"key, if the signature then fits; the result says so. no: such a record is an "
		"error.",
		NULL, false},
	{"dkim", "clock_skew", GP_KIND_MSEC, IN_DKIM(check.clock_skew_ms), "5m", 0, 86400000, NULL,
		"How much a signer's clock may differ from ours in t= and x=.", NULL, false},
};
const struct gp_option_section gp_dkim_section = {"dkim",
	"The check of signatures (RFC 6376), for mail servers that hand over the whole "
	"message: Exim, and gatepost verify.",
	dkim_rows, sizeof dkim_rows / sizeof dkim_rows[0], sizeof(struct gp_dkim_settings)};
