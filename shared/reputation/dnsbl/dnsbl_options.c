/* SPDX-License-Identifier: ISC */
/* The rows of section dnsbl. */
#include "reputation/dnsbl/dnsbl_options.h"

static const struct gp_option_choice dnsbl_words[] = {{"about", 0}, {"client", 0}, {"list", 0},
	{"code", 0}, {"meaning", 0}, {"text", 0}, {"score", 0}, {"recipient", 0}, {"hostname", 0},
	{NULL, 0}};

#define IN_DNSBL(member) offsetof(struct gp_dnsbl_settings, member)
static const struct gp_option dnsbl_rows[] = {
	{"dnsbl", "mode", GP_KIND_CHOICE, IN_DNSBL(mode), "off", 0, 0, gp_option_modes,
		"Whether DNS lists are queried.\n"
		"off: they are not.\n"
		"label: they are queried and the result is logged, but no mail is refused or "
		"delayed; the log says what enforce would have done.\n"
		"enforce: mail is refused, deferred or greylisted as well, as the options below "
		"say.",
		NULL, 0},
	{"dnsbl", "label_at", GP_KIND_UINT, IN_DNSBL(label_at), "1", 0, 1000, NULL,
		"Score from which mail is labelled. The score of a mail is the sum of the "
		"weights of all lists. 0: never.",
		NULL, 0},
	{"dnsbl", "greylist_at", GP_KIND_UINT, IN_DNSBL(greylist_at), "1", 0, 1000, NULL,
		"Score from which mail is greylisted, if the section greylist is in use. 0: "
		"never.",
		NULL, 0},
	{"dnsbl", "defer_at", GP_KIND_UINT, IN_DNSBL(defer_at), "0", 0, 1000, NULL,
		"Score from which the client is told to try again. 0: never.", NULL, 0},
	{"dnsbl", "reject_at", GP_KIND_UINT, IN_DNSBL(reject_at), "3", 0, 1000, NULL,
		"Score from which mail is refused. 0: never.", NULL, 0},
	{"dnsbl", "min_lists", GP_KIND_UINT, IN_DNSBL(min_lists), "1", 1, 32, NULL,
		"How many independent lists have to list the mail before it is refused, "
		"whatever its score. Lists of one family count as one. With 2, the mistake of "
		"a single operator refuses nothing.",
		NULL, 0},
	{"dnsbl", "deadline", GP_KIND_MSEC, IN_DNSBL(deadline_ms), "3s", 100, 30000, NULL,
		"All lists are queried at once, and together have this time to answer. A list "
		"that has not answered by then counts as not listing the mail.",
		NULL, 0},
	{"dnsbl", "exempt_clients", GP_KIND_PREFIXES, IN_DNSBL(exempt_clients), "", 0, 1024, NULL,
		"Networks of clients about which no list is queried: your backup MX, and "
		"forwarders that send you mail of others.",
		NULL, 0},
	{"dnsbl", "exempt_client_names", GP_KIND_HOSTS, IN_DNSBL(exempt_client_names), "", 0, 1024,
		NULL,
		"Names of clients about which no list is queried. The name is one that the "
		"mail server has verified. .example.org stands for all names below "
		"example.org.",
		NULL, 0},
	{"dnsbl", "exempt_senders", GP_KIND_ADDRESSES, IN_DNSBL(exempt_senders), "", 0, 1024, NULL,
		"Senders about whose mail no list is queried: user@example.org, user@ (in "
		"every domain), example.org, or .example.org for the domains below it. Anybody "
		"can write any sender: prefer exempt_clients.",
		NULL, 0},
	{"dnsbl", "exempt_recipients", GP_KIND_ADDRESSES, IN_DNSBL(exempt_recipients),
		"postmaster@, abuse@", 0, 1024, NULL,
		"Recipients whose mail lists do not refuse: user@example.org, user@ (in every "
		"domain), example.org, or .example.org for the domains below it. With the "
		"default, a sender who is listed by mistake can still write to your "
		"postmaster.",
		NULL, 0},
	{"dnsbl", "reject_code", GP_KIND_CODE, IN_DNSBL(reject_code), "550 5.7.1", 5, 0, NULL,
		"Reply code and enhanced code for mail that is refused.", NULL, 0},
	{"dnsbl", "defer_code", GP_KIND_CODE, IN_DNSBL(defer_code), "450 4.7.1", 4, 0, NULL,
		"Reply code and enhanced code for mail that is deferred.", NULL, 0},
	{"dnsbl", "text", GP_KIND_TEMPLATE, IN_DNSBL(text),
		"{about} is listed by {list} ({code}): {text}", 0, 300, dnsbl_words,
		"Text of the reply to mail that is refused or deferred. In it are replaced: "
		"{about} (the address or name that is listed), {client}, {list} (the public "
		"zone of the list with the largest weight), {code} (its answer), {meaning} "
		"(what that means, by the configuration), {text} (what the list itself says: "
		"third-party text, at most 200 characters), {score}, {recipient} and "
		"{hostname}. A list is asked for its text only if {text} stands here.",
		NULL, 0},
};
const struct gp_option_section gp_dnsbl_section = {"dnsbl",
	"DNS block and allow lists (RFC 5782), queried about the client and its names at RCPT "
	"TO. Mail of authenticated users, of trusted_networks and of programs on this host is "
	"exempt.",
	dnsbl_rows, sizeof dnsbl_rows / sizeof dnsbl_rows[0], sizeof(struct gp_dnsbl_settings)};
