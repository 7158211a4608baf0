/* SPDX-License-Identifier: ISC */
/* The rows of section spf. */
#include "spf/spf_options.h"

static const struct gp_option_choice helo_when[] = {{"off", GP_HELO_OFF}, {"label", GP_HELO_LABEL},
	{"null-sender", GP_HELO_NULL_SENDER}, {"always", GP_HELO_ALWAYS}, {NULL, 0}};
static const struct gp_option_choice headers[] = {{"none", GP_HEADER_NONE},
	{"authentication-results", GP_HEADER_AUTHENTICATION_RESULTS},
	{"received-spf", GP_HEADER_RECEIVED_SPF}, {NULL, 0}};
static const struct gp_option_choice verdicts[] = {{"none", 1 << GP_SPF_NONE},
	{"neutral", 1 << GP_SPF_NEUTRAL}, {"fail", 1 << GP_SPF_FAIL},
	{"softfail", 1 << GP_SPF_SOFTFAIL}, {"no-mail", GP_SPF_NO_MAIL}, {NULL, 0}};
static const struct gp_option_choice spf_words[] = {{"result", 0}, {"identity", 0}, {"value", 0},
	{"domain", 0}, {"client", 0}, {"mechanism", 0}, {"problem", 0}, {"recipient", 0},
	{"hostname", 0}, {NULL, 0}};

#define IN_SPF(member) offsetof(struct gp_spf_settings, member)
static const struct gp_option spf_rows[] = {
	{"spf", "mode", GP_KIND_CHOICE, IN_SPF(mode), "enforce", 0, 0, gp_option_modes,
		"Whether SPF is checked.\n"
		"off: SPF is not checked, except for DMARC in Exim.\n"
		"label: SPF is checked, logged and put into a header field, but nothing is "
		"refused; the log says what enforce would have done.\n"
		"enforce: mail is refused as well, as the options below say.",
		NULL, 0},
	{"spf", "reject", GP_KIND_SET, IN_SPF(reject), "fail", 0, 8, verdicts,
		"Results for MAIL FROM that are refused. no-mail is the fail of a domain whose "
		"whole record is v=spf1 -all: it says that it sends no mail. Empty: no result "
		"is refused.",
		NULL, 0},
	{"spf", "helo", GP_KIND_CHOICE, IN_SPF(helo), "null-sender", 0, 0, helo_when,
		"When the result for the HELO name alone may refuse mail.\n"
		"off: HELO is only looked at when MAIL FROM is empty, which it then stands for "
		"(RFC 7208 2.4), and only for the header field.\n"
		"label: HELO is checked for the header field and the log, and never refused.\n"
		"null-sender: HELO may refuse mail with an empty MAIL FROM.\n"
		"always: HELO may refuse any mail; many legitimate hosts say a wrong name.",
		NULL, 0},
	{"spf", "helo_reject", GP_KIND_SET, IN_SPF(helo_reject), "fail", 0, 8, verdicts,
		"Results for HELO that are refused, when the option helo allows it. no-mail is "
		"the fail of a name whose whole record is v=spf1 -all. Empty: no result is "
		"refused.",
		NULL, 0},
	{"spf", "on_temperror", GP_KIND_CHOICE, IN_SPF(on_temperror), "accept", 0, 0,
		gp_option_accept_defer,
		"What is done when DNS gives no answer for now (temperror).\n"
		"accept: the mail is accepted and labelled.\n"
		"defer: the client is told to try again.",
		NULL, 0},
	{"spf", "on_permerror", GP_KIND_CHOICE, IN_SPF(on_permerror), "accept", 0, 0,
		gp_option_accept_defer_reject,
		"What is done when the SPF record of the domain has errors (permerror).\n"
		"accept: the mail is accepted and labelled.\n"
		"defer: the client is told to try again.\n"
		"reject: the mail is refused.",
		NULL, 0},
	{"spf", "must_pass", GP_KIND_NAMES, IN_SPF(must_pass), "", 0, 1024, NULL,
		"Sender domains whose mail is refused unless SPF passes: your own, for "
		"example. When DNS gives no answer, the mail is deferred. .example.org stands "
		"for all names below example.org.",
		NULL, 0},
	{"spf", "exempt_clients", GP_KIND_PREFIXES, IN_SPF(exempt_clients), "", 0, 1024, NULL,
		"Networks of clients that SPF does not check: your backup MX, and forwarders "
		"that send you mail of others. Greylisting does not delay their mail, either.",
		NULL, 0},
	{"spf", "exempt_client_names", GP_KIND_HOSTS, IN_SPF(exempt_client_names), "", 0, 1024,
		NULL,
		"Names of clients that SPF does not check. The name is one that the mail "
		"server has verified (client_name of Postfix, the host name in "
		"$sender_fullhost of Exim). .example.org stands for all names below "
		"example.org. Greylisting does not delay their mail, either.",
		NULL, 0},
	{"spf", "exempt_helo", GP_KIND_HOSTS, IN_SPF(exempt_helo), "", 0, 1024, NULL,
		"HELO names that SPF does not check. Any client can say any name: prefer "
		"exempt_clients. .example.org stands for all names below example.org. "
		"Greylisting takes no notice of it, nor of the two options that follow.",
		NULL, 0},
	{"spf", "exempt_senders", GP_KIND_ADDRESSES, IN_SPF(exempt_senders), "", 0, 1024, NULL,
		"Senders that SPF does not check: user@example.org, user@ (in every domain), "
		"example.org, or .example.org for the domains below it. Anybody can write any "
		"sender: list a domain only for as long as its record is known to be wrong. "
		"Greylisting may delay its mail: greylist.exempt_clients and "
		"greylist.whitelist_domains are for that.",
		NULL, 0},
	{"spf", "exempt_recipients", GP_KIND_ADDRESSES, IN_SPF(exempt_recipients), "postmaster@", 0,
		1024, NULL,
		"Recipients whose mail SPF does not check: user@example.org, user@ (in every "
		"domain), example.org, or .example.org for the domains below it. With the "
		"default, a sender who is refused by mistake can still write to your "
		"postmaster.",
		NULL, 0},
	{"spf", "forwarders", GP_KIND_DOMAINS, IN_SPF(forwarders), "", 0, 16, NULL,
		"Domains that forward mail to your users. Before mail is refused, SPF is "
		"checked for each of these domains; if the client may send for one of them, "
		"the mail is accepted.",
		NULL, 0},
	{"spf", "reject_code", GP_KIND_CODE, IN_SPF(reject_code), "550 5.7.23", 0, 0, NULL,
		"Reply code and enhanced code when SPF refuses mail (RFC 7372).", NULL, 0},
	{"spf", "temperror_code", GP_KIND_CODE, IN_SPF(temperror_code), "451 4.4.3", 4, 0, NULL,
		"Reply code and enhanced code when mail is deferred because DNS gives no "
		"answer (on_temperror, must_pass).",
		NULL, 0},
	{"spf", "permerror_code", GP_KIND_CODE, IN_SPF(permerror_code), "451 4.7.24", 4, 0, NULL,
		"Reply code and enhanced code when mail is deferred because the record has "
		"errors (on_permerror = defer).",
		NULL, 0},
	{"spf", "permerror_reject_code", GP_KIND_CODE, IN_SPF(permerror_reject_code), "550 5.7.24",
		5, 0, NULL,
		"Reply code and enhanced code when mail is refused because the record has "
		"errors (on_permerror = reject).",
		NULL, 0},
	{"spf", "reject_text", GP_KIND_TEMPLATE, IN_SPF(reject_text),
		"SPF {result}: {domain} does not authorise {client} to send its mail "
		"({identity}={value}, mechanism {mechanism})",
		0, 300, spf_words,
		"Text of the reply when SPF refuses mail. In it are replaced: {result}, "
		"{identity} (mailfrom or helo), {value} (what the client said), {domain}, "
		"{client} (the address), {mechanism}, {problem}, {recipient} and {hostname}.",
		NULL, 0},
	{"spf", "error_text", GP_KIND_TEMPLATE, IN_SPF(error_text),
		"SPF {result} for {domain} ({identity}={value}, client {client}): {problem}", 0,
		300, spf_words,
		"Text of the reply when mail is deferred or refused because of a temperror or "
		"permerror. The same names are replaced as in reject_text.",
		NULL, 0},
	{"spf", "url", GP_KIND_TEMPLATE, IN_SPF(url), "", 0, 200, spf_words,
		"URL of a page of yours that explains the refusal; it is added to the text of "
		"the reply, such as https://example.org/spf?sender={value}&ip={client}. The "
		"same names are replaced as in reject_text. Values inside a URL are "
		"percent-encoded, in the other texts as well. Empty: no URL is added.",
		NULL, 0},
	{"spf", "explanation", GP_KIND_BOOL, IN_SPF(explanation), "yes", 0, 0, NULL,
		"Whether the reply quotes the explanation that the domain itself publishes "
		"(the modifier exp= of its record).",
		NULL, 0},
	{"spf", "header", GP_KIND_CHOICE, IN_SPF(header), "authentication-results", 0, 0, headers,
		"Header field that accepted mail gets, once per message.\n"
		"none: no field.\n"
		"authentication-results: as in RFC 8601.\n"
		"received-spf: as in RFC 7208 9.1.",
		NULL, 0},
	{"spf", "yield_to_dmarc", GP_KIND_BOOL, IN_SPF(yield_to_dmarc), "no", 0, 0, NULL,
		"Whether SPF leaves mail to DMARC, for sites that check DMARC afterwards: a "
		"signature can still save mail that was forwarded. What helo_reject or "
		"must_pass refuses stays refused.\n"
		"yes: mail that reject or on_permerror would refuse is accepted and labelled "
		"if the sender's domain, or the organisational domain above it, publishes a "
		"DMARC record, or if DNS cannot tell.\n"
		"no: such mail is refused at RCPT.",
		NULL, 0},
	{"spf", "check_from", GP_KIND_BOOL, IN_SPF(check_from), "no", 0, 0, NULL,
		"Whether SPF is also checked for the domain in From when MAIL FROM is empty, "
		"once the whole message is there (Exim). The result is a label only: it never "
		"counts for DMARC.",
		NULL, 0},
	{"spf", "max_terms", GP_KIND_UINT, IN_SPF(limits.max_terms), "10", 1, 100, NULL,
		"Terms in the SPF records of a check that may query DNS (RFC 7208 4.6.4). With "
		"more of them the result is permerror.",
		NULL, 0},
	{"spf", "max_names", GP_KIND_UINT, IN_SPF(limits.max_names), "10", 1, 50, NULL,
		"Names under one mx (RFC 7208 4.6.4); with more of them the result is "
		"permerror. Further names of a ptr are ignored. Whatever this option is, more "
		"than 20 names under mx and ptr of a check that do not exist are a permerror.",
		NULL, 0},
	{"spf", "max_voids", GP_KIND_UINT, IN_SPF(limits.max_voids), "2", 0, 100, NULL,
		"Terms of a check that may find nothing in DNS (RFC 7208 4.6.4). With more of "
		"them the result is permerror.",
		NULL, 0},
};
const struct gp_option_section gp_spf_section = {"spf",
	"SPF: may this client send mail for the domain in MAIL FROM (RFC 7208)? "
	"Checked for each recipient, and once more for the whole message in Exim, "
	"where DMARC needs the result.",
	spf_rows, sizeof spf_rows / sizeof spf_rows[0], sizeof(struct gp_spf_settings)};
