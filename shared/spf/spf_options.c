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
		"off: no check. label: check, log and add the header, refuse nothing; the log says "
		"what enforce would have done. enforce: refuse as well.",
		NULL, false},
	{"spf", "reject", GP_KIND_SET, IN_SPF(reject), "fail", 0, 8, verdicts,
		"Verdicts about MAIL FROM that are refused. no-mail: the fail of a domain whose "
		"whole record is v=spf1 -all.",
		NULL, false},
	{"spf", "helo", GP_KIND_CHOICE, IN_SPF(helo), "null-sender", 0, 0, helo_when,
		"When the HELO name alone may refuse a mail. off: it is not looked at, except that "
		"it stands for MAIL FROM when that is empty (RFC 7208 2.4), for the header. label: "
		"looked at, never refused. null-sender: only when MAIL FROM is empty. always.",
		NULL, false},
	{"spf", "helo_reject", GP_KIND_SET, IN_SPF(helo_reject), "fail", 0, 8, verdicts,
		"Verdicts about HELO that are refused, where helo allows it.", NULL, false},
	{"spf", "on_temperror", GP_KIND_CHOICE, IN_SPF(on_temperror), "accept", 0, 0,
		gp_option_accept_defer,
		"When DNS gives no answer for the moment: accept and label, or defer.", NULL,
		false},
	{"spf", "on_permerror", GP_KIND_CHOICE, IN_SPF(on_permerror), "accept", 0, 0,
		gp_option_accept_defer_reject,
		"When the domain's record is broken: accept and label, defer, or reject.", NULL,
		false},
	{"spf", "must_pass", GP_KIND_NAMES, IN_SPF(must_pass), "", 0, 1024, NULL,
		"Sender domains whose mail is refused unless SPF passes (temporary errors are "
		"deferred). .example.org stands for all names below example.org.",
		NULL, false},
	{"spf", "exempt_clients", GP_KIND_PREFIXES, IN_SPF(exempt_clients), "", 0, 1024, NULL,
		"Client networks that are not checked: your backup MX and the forwarders that send "
		"you mail of others.",
		NULL, false},
	{"spf", "exempt_client_names", GP_KIND_HOSTS, IN_SPF(exempt_client_names), "", 0, 1024,
		NULL,
		"Clients whose verified name (the client_name of Postfix) is listed; .example.org "
		"stands for all names below example.org.",
		NULL, false},
	{"spf", "exempt_helo", GP_KIND_HOSTS, IN_SPF(exempt_helo), "", 0, 1024, NULL,
		"HELO names that are not checked. Anybody can say any name: prefer "
		"exempt_clients.",
		NULL, false},
	{"spf", "exempt_senders", GP_KIND_ADDRESSES, IN_SPF(exempt_senders), "", 0, 1024, NULL,
		"Senders that are not checked: user@example.org, user@ (in every domain), "
		"example.org, or .example.org for the domains below it. Anybody can write any "
		"sender: use it for a domain whose record is known to be wrong, as long as it is.",
		NULL, false},
	{"spf", "exempt_recipients", GP_KIND_ADDRESSES, IN_SPF(exempt_recipients), "postmaster@", 0,
		1024, NULL,
		"Recipients that are reached in any case: user@example.org, user@ (in every "
		"domain), example.org, or .example.org for the domains below it. The default lets "
		"others tell you that your mail server turns them away.",
		NULL, false},
	{"spf", "forwarders", GP_KIND_DOMAINS, IN_SPF(forwarders), "", 0, 16, NULL,
		"Domains that forward mail to your users: before a mail is refused, SPF is asked "
		"whether the client may send for one of these, and if so it is accepted.",
		NULL, false},
	{"spf", "reject_code", GP_KIND_CODE, IN_SPF(reject_code), "550 5.7.23", 0, 0, NULL,
		"Reply to a refused mail: code and enhanced code (RFC 7372).", NULL, false},
	{"spf", "temperror_code", GP_KIND_CODE, IN_SPF(temperror_code), "451 4.4.3", 4, 0, NULL,
		"Reply where a temperror is deferred.", NULL, false},
	{"spf", "permerror_code", GP_KIND_CODE, IN_SPF(permerror_code), "451 4.7.24", 4, 0, NULL,
		"Reply where a permerror is deferred.", NULL, false},
	{"spf", "permerror_reject_code", GP_KIND_CODE, IN_SPF(permerror_reject_code), "550 5.7.24",
		5, 0, NULL, "Reply where a permerror is rejected.", NULL, false},
	{"spf", "reject_text", GP_KIND_TEMPLATE, IN_SPF(reject_text),
		"SPF {result}: {domain} does not authorise {client} to send its mail "
		"({identity}={value}, mechanism {mechanism})",
		0, 300, spf_words,
		"Text of the reply. {result}, {identity}, {value} (what the client said), "
		"{domain}, {client}, {mechanism}, {problem}, {recipient} and {hostname} are filled "
		"in.",
		NULL, false},
	{"spf", "error_text", GP_KIND_TEMPLATE, IN_SPF(error_text),
		"SPF {result} for {domain} ({identity}={value}, client {client}): {problem}", 0,
		300, spf_words, "Text of the reply for temperror and permerror.", NULL, false},
	{"spf", "url", GP_KIND_TEMPLATE, IN_SPF(url), "", 0, 200, spf_words,
		"A page of yours that explains the refusal, put behind the text, such as "
		"https://example.org/spf?sender={value}&ip={client}. The same names are filled in, "
		"with percent escapes, as they are wherever a name stands in a URL of another "
		"text.",
		NULL, false},
	{"spf", "explanation", GP_KIND_BOOL, IN_SPF(explanation), "yes", 0, 0, NULL,
		"Quote the explanation that the domain itself publishes (exp=) in the reply.", NULL,
		false},
	{"spf", "header", GP_KIND_CHOICE, IN_SPF(header), "authentication-results", 0, 0, headers,
		"The header field that accepted mail gets, once a message.", NULL, false},
	{"spf", "yield_to_dmarc", GP_KIND_BOOL, IN_SPF(yield_to_dmarc), "no", 0, 0, NULL,
		"Refuse nobody at RCPT whose domain, or the organisation's above it, publishes a "
		"DMARC record: for sites that check DMARC afterwards, where a signature can still "
		"save mail that was forwarded.",
		NULL, false},
	{"spf", "check_from", GP_KIND_BOOL, IN_SPF(check_from), "no", 0, 0, NULL,
		"When MAIL FROM is empty, ask SPF about the domain in From as well once the "
		"message is there. Its result is a label only: it never counts for DMARC.",
		NULL, false},
	{"spf", "max_terms", GP_KIND_UINT, IN_SPF(limits.max_terms), "10", 1, 100, NULL,
		"Terms of a domain's records that may ask DNS (RFC 7208 4.6.4).", NULL, false},
	{"spf", "max_names", GP_KIND_UINT, IN_SPF(limits.max_names), "10", 1, 50, NULL,
		"Names under one mx or ptr (RFC 7208 4.6.4). Whatever it is, more than 20 of a "
		"check's that do not exist are a permerror.",
		NULL, false},
	{"spf", "max_voids", GP_KIND_UINT, IN_SPF(limits.max_voids), "2", 0, 100, NULL,
		"Terms that may find nothing in DNS (RFC 7208 4.6.4).", NULL, false},
};
const struct gp_option_section gp_spf_section = {"spf",
	"The check of the sender's domain at RCPT time (RFC 7208).", spf_rows,
	sizeof spf_rows / sizeof spf_rows[0], sizeof(struct gp_spf_settings)};
