/* SPDX-License-Identifier: ISC */
/* The rows of section dmarc. */
#include "dmarc/dmarc_options.h"

static const struct gp_option_choice discovery[] = {
	{"walk", GP_DMARC_WALK}, {"psl", GP_DMARC_PSL}, {"compare", GP_DMARC_COMPARE}, {NULL, 0}};
static const struct gp_option_choice dmarc_actions[] = {{"accept", GP_DMARC_DO_ACCEPT},
	{"quarantine", GP_DMARC_DO_QUARANTINE}, {"defer", GP_DMARC_DO_DEFER},
	{"reject", GP_DMARC_DO_REJECT}, {NULL, 0}};
static const struct gp_option_choice from_actions[] = {{"by-cause", GP_DMARC_DO_BY_CAUSE},
	{"accept", GP_DMARC_DO_ACCEPT}, {"quarantine", GP_DMARC_DO_QUARANTINE},
	{"defer", GP_DMARC_DO_DEFER}, {"reject", GP_DMARC_DO_REJECT}, {NULL, 0}};
static const struct gp_option_choice dmarc_words[] = {{"author", 0}, {"client", 0}, {"spf", 0},
	{"dkim", 0}, {"arc", 0}, {"policy", 0}, {"domain", 0}, {"problem", 0}, {"hostname", 0},
	{NULL, 0}};

#define IN_DMARC(member) offsetof(struct gp_dmarc_settings, member)
static const struct gp_option dmarc_rows[] = {
	{"dmarc", "mode", GP_KIND_CHOICE, IN_DMARC(mode), "enforce", 0, 0, gp_option_modes,
		"Whether DMARC is checked.\n"
		"off: DMARC is not checked.\n"
		"label: DMARC is checked, logged and put into the header field, but nothing is "
		"refused or quarantined; the log says what enforce would have done.\n"
		"enforce: mail is refused and quarantined as well, as the options below say.",
		NULL, 0},
	{"dmarc", "discovery", GP_KIND_CHOICE, IN_DMARC(check.discovery), "walk", 0, 0, discovery,
		"How the organisational domain is found.\n"
		"walk: by queries to DNS (RFC 9989 4.10).\n"
		"psl: by the list of public suffixes (RFC 7489).\n"
		"compare: by walk; the log says where the list would have led to another "
		"domain.",
		NULL, 0},
	{"dmarc", "psl_file", GP_KIND_PATH, IN_DMARC(psl_file), "", 0, 1024, NULL,
		"File with the list of public suffixes, for discovery = psl and compare. "
		"Empty: the list of the distribution.",
		NULL, 0},
	{"dmarc", "pct", GP_KIND_BOOL, IN_DMARC(check.pct), "yes", 0, 0, NULL,
		"Whether pct= in a record is applied (RFC 7489 6.6.4).\n"
		"yes: a policy is applied to as many percent of the messages as pct= says; for "
		"the others reject becomes quarantine, and quarantine becomes none.\n"
		"no: pct= is ignored, as in RFC 9989.",
		NULL, 0},
	{"dmarc", "sample_key_file", GP_KIND_PATH, IN_DMARC(sample_key_file), "", 0, 1024, NULL,
		"File with the secret by which messages are selected for pct=, so that a "
		"sender cannot influence the selection. The secret is its first line, of 16 to "
		"1024 bytes; others must not be able to read the file. It is created when it "
		"is first needed. Hosts that have the same file select alike. Empty: "
		"dmarc-sample-key in the directory of store.uri (with Redis, of "
		"store.local_path). While there is none, pct= is ignored and the log says so.",
		NULL, 0},
	{"dmarc", "on_reject", GP_KIND_CHOICE, IN_DMARC(on_reject), "reject", 0, 0, dmarc_actions,
		"What is done with mail that fails DMARC when the policy is reject.", NULL, 0},
	{"dmarc", "on_quarantine", GP_KIND_CHOICE, IN_DMARC(on_quarantine), "quarantine", 0, 0,
		dmarc_actions,
		"What is done with mail that fails DMARC when the policy is quarantine.", NULL, 0},
	{"dmarc", "on_bad_from", GP_KIND_CHOICE, IN_DMARC(on_bad_from), "by-cause", 0, 0,
		from_actions,
		"What is done with mail whose From field has no single domain, so that there "
		"is no owner to ask.\n"
		"by-cause: on_no_domain, on_several_domains and on_unreadable_from decide.\n"
		"Any other value is used for those of these three that the configuration does "
		"not set, wherever they stand.",
		NULL, 0},
	{"dmarc", "on_no_domain", GP_KIND_CHOICE, IN_DMARC(on_no_domain), "accept", 0, 0,
		dmarc_actions,
		"What is done with mail whose From field has no address with a domain: "
		"\"MAILER-DAEMON <>\", \"root (Cron Daemon)\", \"root@(none)\", an address "
		"literal, an empty From. It claims to be from nobody's domain (RFC 9989 "
		"5.3.1). With an empty MAIL FROM such mail is accepted whatever this option "
		"says, even if it has no From field, or a From field with a host name but no @ "
		"(\"mx.example.org: nagios\"). If From has no address, but a Sender, Reply-To "
		"or Resent field has a domain, which some programs show instead, "
		"on_unreadable_from decides, except in bounces.",
		NULL, 0},
	{"dmarc", "on_several_domains", GP_KIND_CHOICE, IN_DMARC(on_several_domains), "reject", 0,
		0, dmarc_actions,
		"What is done with mail whose From field has addresses of several domains.", NULL,
		0},
	{"dmarc", "on_unreadable_from", GP_KIND_CHOICE, IN_DMARC(on_unreadable_from), "reject", 0,
		0, dmarc_actions,
		"What is done with mail when it is not certain which author a mail program "
		"shows: From occurs twice or cannot be read, its only domain is in angle "
		"brackets without an @, another line of the header can be taken for From, the "
		"header is too large to be checked whole, or it has more than 4096 fields. "
		"Also when there is no From field: programs then show Sender, or the sender of "
		"the envelope, for which DMARC was not checked. A bounce without a From field "
		"is accepted unless a Sender, Reply-To or Resent field has a domain.",
		NULL, 0},
	{"dmarc", "on_temperror", GP_KIND_CHOICE, IN_DMARC(on_temperror), "defer", 0, 0,
		gp_option_accept_defer,
		"What is done when DNS gave no answer that says whether the message passes, or "
		"which policy applies. Mail of a domain whose policy is known to be none is "
		"never deferred.\n"
		"accept: the mail is accepted and labelled.\n"
		"defer: the client is told to try again; mail that fails also waits while DNS "
		"gives no answer about a trusted seal (section arc) that may excuse it.",
		NULL, 0},
	{"dmarc", "exempt_domains", GP_KIND_NAMES, IN_DMARC(exempt_domains), "", 0, 1024, NULL,
		"Domains in From whose mail DMARC never refuses or quarantines. Anybody can "
		"write any From: list a domain only for as long as its setup is known to be "
		"broken. .example.org stands for all names below example.org.",
		NULL, 0},
	{"dmarc", "exempt_clients", GP_KIND_PREFIXES, IN_DMARC(exempt_clients), "", 0, 1024, NULL,
		"Networks of clients whose mail DMARC never refuses or quarantines: forwarders "
		"and list servers that you know by their address.",
		NULL, 0},
	{"dmarc", "forwarders", GP_KIND_DOMAINS, IN_DMARC(forwarders), "", 0, 16, NULL,
		"Domains that forward mail to your users. A message that fails DMARC is "
		"accepted if SPF allows its client to send for one of these domains.",
		NULL, 0},
	{"dmarc", "mailing_lists", GP_KIND_NAMES, IN_DMARC(mailing_lists), "", 0, 1024, NULL,
		"Domains of mailing lists. A message that fails DMARC is accepted if a "
		"signature of such a domain passes, or if SPF passes for such a domain in MAIL "
		"FROM. A message whose From field has no single domain is not excused by this. "
		".example.org stands for all names below example.org.",
		NULL, 0},
	{"dmarc", "reject_code", GP_KIND_CODE, IN_DMARC(reject_code), "550 5.7.26", 0, 0, NULL,
		"Reply code and enhanced code when DMARC refuses mail (RFC 7372 3.3).", NULL, 0},
	{"dmarc", "temperror_code", GP_KIND_CODE, IN_DMARC(temperror_code), "451 4.7.26", 4, 0,
		NULL, "Reply code and enhanced code when DMARC defers mail.", NULL, 0},
	{"dmarc", "from_code", GP_KIND_CODE, IN_DMARC(from_code), "550 5.7.1", 0, 0, NULL,
		"Reply code and enhanced code when mail is refused because its From field has "
		"no single domain.",
		NULL, 0},
	{"dmarc", "reject_text", GP_KIND_TEMPLATE, IN_DMARC(reject_text),
		"DMARC: {author} asks to {policy} mail that is not shown to be its own: {spf}; "
		"{dkim}{arc} (policy of {domain})",
		0, 300, dmarc_words,
		"Text of the reply when DMARC refuses mail. In it are replaced: {author} (the "
		"domain in From), {policy}, {domain} (where the record was found), {spf}, "
		"{dkim} and {arc} (what each of them found), {client}, {problem} and "
		"{hostname}.",
		NULL, 0},
	{"dmarc", "error_text", GP_KIND_TEMPLATE, IN_DMARC(error_text),
		"DMARC for {author} cannot be checked now ({problem}): {spf}; {dkim}", 0, 300,
		dmarc_words,
		"Text of the reply when mail is deferred because DNS gave no answer. The same "
		"names are replaced as in reject_text.",
		NULL, 0},
	{"dmarc", "from_text", GP_KIND_TEMPLATE, IN_DMARC(from_text),
		"The From field has no single author domain: {problem}", 0, 300, dmarc_words,
		"Text of the reply when mail is refused or deferred because its From field has "
		"no single domain. The same names are replaced as in reject_text.",
		NULL, 0},
};
const struct gp_option_section gp_dmarc_section = {"dmarc",
	"DMARC: what the owner of the domain in From asks for (RFC 9989). Checking it "
	"takes the whole message, which Exim and gatepost verify have.",
	dmarc_rows, sizeof dmarc_rows / sizeof dmarc_rows[0], sizeof(struct gp_dmarc_settings)};
