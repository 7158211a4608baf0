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
		"off: no check. label: check, log and add the header, refuse and quarantine "
		"nothing; "
		"the log says what enforce would have done. enforce.",
		NULL, false},
	{"dmarc", "discovery", GP_KIND_CHOICE, IN_DMARC(check.discovery), "walk", 0, 0, discovery,
		"How the organisation's domain is found. walk: by DNS (RFC 9989 4.10). psl: by the "
		"list of public suffixes (RFC 7489). compare: by walk, and the log says where the "
		"list would have said otherwise.",
		NULL, false},
	{"dmarc", "psl_file", GP_KIND_PATH, IN_DMARC(psl_file), "", 0, 1024, NULL,
		"The list of public suffixes. Empty: the distribution's.", NULL, false},
	{"dmarc", "pct", GP_KIND_BOOL, IN_DMARC(check.pct), "yes", 0, 0, NULL,
		"Apply a policy to as many messages in a hundred as pct= says (RFC 7489 6.6.4): "
		"reject becomes quarantine for the rest, and quarantine none. no: ignore pct, as "
		"RFC 9989 does.",
		NULL, false},
	{"dmarc", "sample_key_file", GP_KIND_PATH, IN_DMARC(sample_key_file), "", 0, 1024, NULL,
		"The secret by which messages are chosen for pct, so that no sender can choose "
		"them: the first line of a file that others may not read, made at the first need. "
		"Hosts with the same file decide alike. Empty: dmarc-sample-key in the folder of "
		"store.uri (with servers: of store.local_path). While there is none, pct is "
		"ignored and the log says so.",
		NULL, false},
	{"dmarc", "on_reject", GP_KIND_CHOICE, IN_DMARC(on_reject), "reject", 0, 0, dmarc_actions,
		"What is done where the policy is reject.", NULL, false},
	{"dmarc", "on_quarantine", GP_KIND_CHOICE, IN_DMARC(on_quarantine), "quarantine", 0, 0,
		dmarc_actions, "What is done where the policy is quarantine.", NULL, false},
	{"dmarc", "on_bad_from", GP_KIND_CHOICE, IN_DMARC(on_bad_from), "by-cause", 0, 0,
		from_actions,
		"When From shows no single domain, so that nobody can be asked what should be "
		"done. "
		"by-cause: as the next three options say. Another word sets all three of them, but "
		"for those that the file sets itself, wherever they stand in it.",
		NULL, false},
	{"dmarc", "on_no_domain", GP_KIND_CHOICE, IN_DMARC(on_no_domain), "accept", 0, 0,
		dmarc_actions,
		"When From has no address with a domain, as in bounces and mail of cron: "
		"\"MAILER-DAEMON <>\", \"root (Cron Daemon)\", \"root@(none)\", an address "
		"literal, an empty From. It is nobody's domain (RFC 9989 5.3.1). Mail from the "
		"null sender is accepted then whatever stands here, also without any From field, "
		"and when From names a host but has no @ (\"mx.example.org: nagios\"). A From "
		"without any address beside a Sender or Resent field with a domain, which some "
		"programs show instead, goes by on_unreadable_from, except in bounces.",
		NULL, false},
	{"dmarc", "on_several_domains", GP_KIND_CHOICE, IN_DMARC(on_several_domains), "reject", 0,
		0, dmarc_actions, "When From has addresses of several domains.", NULL, false},
	{"dmarc", "on_unreadable_from", GP_KIND_CHOICE, IN_DMARC(on_unreadable_from), "reject", 0,
		0, dmarc_actions,
		"When it is not certain which author a mail program shows: From occurs twice or "
		"cannot be read, it has a domain only in angle brackets without an @, another line "
		"of the header can be taken for From, or there are more than 4096 fields. Also "
		"when there is no From field, except in bounces: programs show Sender then, or the "
		"sender of the envelope, for which no domain was asked.",
		NULL, false},
	{"dmarc", "on_temperror", GP_KIND_CHOICE, IN_DMARC(on_temperror), "defer", 0, 0,
		gp_option_accept_defer,
		"When DNS did not say whether the message passes, or under which policy. A domain "
		"whose policy is known to be none is not deferred. defer: a failure waits as well "
		"while DNS keeps the seals of a trusted sealer (arc) from being checked.",
		NULL, false},
	{"dmarc", "exempt_domains", GP_KIND_NAMES, IN_DMARC(exempt_domains), "", 0, 1024, NULL,
		"Domains in From that are never refused or quarantined. Anybody can write any "
		"From: use it as long as a partner's set-up is broken.",
		NULL, false},
	{"dmarc", "exempt_clients", GP_KIND_PREFIXES, IN_DMARC(exempt_clients), "", 0, 1024, NULL,
		"Client networks whose mail is never refused or quarantined: forwarders and list "
		"servers that you know by address.",
		NULL, false},
	{"dmarc", "forwarders", GP_KIND_DOMAINS, IN_DMARC(forwarders), "", 0, 16, NULL,
		"Domains that forward mail to your users: a failing message is accepted when SPF "
		"lets its client send for one of these.",
		NULL, false},
	{"dmarc", "mailing_lists", GP_KIND_NAMES, IN_DMARC(mailing_lists), "", 0, 1024, NULL,
		"Domains of mailing lists: a failing message is accepted when a signature of such "
		"a domain passes, or SPF passes for such a MAIL FROM. Not one without a single "
		"author. .example.org stands for all names below example.org.",
		NULL, false},
	{"dmarc", "reject_code", GP_KIND_CODE, IN_DMARC(reject_code), "550 5.7.26", 0, 0, NULL,
		"Reply to a refused mail (RFC 7372 3.3).", NULL, false},
	{"dmarc", "temperror_code", GP_KIND_CODE, IN_DMARC(temperror_code), "451 4.7.26", 4, 0,
		NULL, "Reply where mail is deferred.", NULL, false},
	{"dmarc", "from_code", GP_KIND_CODE, IN_DMARC(from_code), "550 5.7.1", 0, 0, NULL,
		"Reply where From shows no single domain, and is refused for that.", NULL, false},
	{"dmarc", "reject_text", GP_KIND_TEMPLATE, IN_DMARC(reject_text),
		"DMARC: {author} asks to {policy} mail that is not shown to be its own: {spf}; "
		"{dkim}{arc} (policy of {domain})",
		0, 300, dmarc_words,
		"Text of the reply. {author} (the domain in From), {policy}, {domain} (where it "
		"was found), {spf}, {dkim}, {arc} (what each found), {client}, {problem} and "
		"{hostname} are filled in.",
		NULL, false},
	{"dmarc", "error_text", GP_KIND_TEMPLATE, IN_DMARC(error_text),
		"DMARC for {author} cannot be checked now ({problem}): {spf}; {dkim}", 0, 300,
		dmarc_words, "Text of the reply where mail is deferred.", NULL, false},
	{"dmarc", "from_text", GP_KIND_TEMPLATE, IN_DMARC(from_text),
		"The From field has no single author domain: {problem}", 0, 300, dmarc_words,
		"Text of that reply.", NULL, false},
};
const struct gp_option_section gp_dmarc_section = {"dmarc",
	"What the owner of the From domain asks for (RFC 9989), likewise.", dmarc_rows,
	sizeof dmarc_rows / sizeof dmarc_rows[0], sizeof(struct gp_dmarc_settings)};
