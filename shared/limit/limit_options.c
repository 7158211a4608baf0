/* SPDX-License-Identifier: ISC */
/* The rows of these sections. */
#include "limit/limit_options.h"

static const struct gp_option_choice keys[] = {{"user", GP_LIMIT_BY_USER},
	{"user_domain", GP_LIMIT_BY_USER_DOMAIN}, {"sender", GP_LIMIT_BY_SENDER},
	{"sender_domain", GP_LIMIT_BY_SENDER_DOMAIN}, {"client", GP_LIMIT_BY_CLIENT},
	{"network", GP_LIMIT_BY_NETWORK}, {"all", GP_LIMIT_BY_ALL}, {NULL, 0}};
static const struct gp_option_choice limit_names[] = {
	{"fold", GP_LIMIT_NAMES_FOLD}, {"exact", GP_LIMIT_NAMES_EXACT}, {NULL, 0}};
static const struct gp_option_choice subaddresses[] = {
	{"keep", GP_LIMIT_SUBADDRESS_KEEP}, {"strip", GP_LIMIT_SUBADDRESS_STRIP}, {NULL, 0}};
static const struct gp_option_choice units[] = {{"recipients", GP_LIMIT_RECIPIENTS},
	{"messages", GP_LIMIT_MESSAGES}, {"bytes", GP_LIMIT_BYTES}, {NULL, 0}};
static const struct gp_option_choice limit_modes[] = {
	{"off", GP_LIMIT_OFF}, {"label", GP_LIMIT_LABEL}, {"enforce", GP_LIMIT_ENFORCE}, {NULL, 0}};
static const struct gp_option_choice actions[] = {
	{"defer", GP_LIMIT_DEFER}, {"reject", GP_LIMIT_REJECT}, {"hold", GP_LIMIT_HOLD}, {NULL, 0}};
static const struct gp_option_choice origins[] = {{"authenticated", GP_LIMIT_FROM_AUTHENTICATED},
	{"trusted", GP_LIMIT_FROM_TRUSTED}, {"others", GP_LIMIT_FROM_OTHERS}, {NULL, 0}};
static const struct gp_option_choice limit_words[] = {{"limit", 0}, {"key", 0}, {"unit", 0},
	{"used", 0}, {"max", 0}, {"per", 0}, {"free", 0}, {"wait", 0}, {"client", 0},
	{"recipient", 0}, {NULL, 0}};

#define IN_LIMITS(member) offsetof(struct gp_limit_set, member)
static const struct gp_option limits_rows[] = {
	{"limits", "names", GP_KIND_CHOICE, IN_LIMITS(names), "fold", 0, 0, limit_names,
		"How names of users, senders and their domains are compared.\n"
		"fold: spellings that user databases take for the same name are one name. "
		"Blanks, control characters, invisible characters and quotes do not count, nor "
		"does the form of a Unicode character (NFKC), case, an @ or dot at the end, or "
		"the second of two in a row; sharp s and ss are the same in domains.\n"
		"exact: names are compared byte by byte, and domains as in DNS.",
		NULL, 0},
	{"limits", "case_sensitive", GP_KIND_BOOL, IN_LIMITS(case_sensitive), "no", 0, 0, NULL,
		"Only with names = fold. Domains are always compared without case.\n"
		"yes: Alice and alice are two users or senders.\n"
		"no: they are one.",
		NULL, 0},
	{"limits", "reservation_timeout", GP_KIND_MSEC, IN_LIMITS(reservation_timeout_ms), "10m",
		10000, 86400000, NULL,
		"Accepted recipients count at once. If the end of the message does not come "
		"within this time, they are released.",
		NULL, 0},
};
const struct gp_option_section gp_limit_set_section = {"limits", "Settings for all limits.",
	limits_rows, sizeof limits_rows / sizeof limits_rows[0], sizeof(struct gp_limit_set)};

#define IN_LIMIT(member) offsetof(struct gp_limit, member)
static const struct gp_option limit_rows[] = {
	{"limit", "key", GP_KIND_CHOICE, IN_LIMIT(key), NULL, 0, 0, keys,
		"Whose mail is counted together.\n"
		"user: the mail of one authenticated user.\n"
		"user_domain: the mail of all users of one domain.\n"
		"sender: the mail of one address in MAIL FROM, for clients in trusted_networks "
		"only, since others can write any sender.\n"
		"sender_domain: the mail of one domain in MAIL FROM, likewise for clients in "
		"trusted_networks only.\n"
		"client: the mail of one client address; with IPv6, of one network of "
		"ipv6_prefix bits.\n"
		"network: the mail of one network of clients.\n"
		"all: all mail, in one counter.",
		"user", GP_OPTION_REQUIRED},
	{"limit", "count", GP_KIND_CHOICE, IN_LIMIT(unit), "recipients", 0, 0, units,
		"What is counted.\n"
		"recipients: a message to ten recipients counts as ten.\n"
		"messages: it counts as one.\n"
		"bytes: its size counts, once.",
		NULL, 0},
	{"limit", "max", GP_KIND_AMOUNT, IN_LIMIT(max), NULL, 0, GP_STORE_AMOUNT_MAX, NULL,
		"How much may pass within per.\n"
		"0: nothing.\n"
		"unlimited: mail is counted, but not limited.",
		"100", GP_OPTION_REQUIRED},
	{"limit", "per", GP_KIND_PERIOD, IN_LIMIT(per_ms), NULL, GP_STORE_PER_MIN_MS,
		GP_STORE_PER_MAX_MS, NULL,
		"Length of the period. No interval of this length ever holds more than max.", "1h",
		GP_OPTION_REQUIRED},
	{"limit", "mode", GP_KIND_CHOICE, IN_LIMIT(mode), "enforce", 0, 0, limit_modes,
		"Whether the limit is used.\n"
		"off: mail is not counted.\n"
		"label: mail is counted, but nothing is refused; the log says what enforce "
		"would have done.\n"
		"enforce: the action is applied to mail over max.",
		NULL, 0},
	{"limit", "action", GP_KIND_CHOICE, IN_LIMIT(action), "defer", 0, 0, actions,
		"What is done with mail over max.\n"
		"defer: the client is told to try again.\n"
		"reject: the mail is refused.\n"
		"hold: the mail is accepted and stays in the queue until an operator releases "
		"it (postsuper -H QUEUE-ID with Postfix, exim -Mt ID with Exim) or deletes it.",
		NULL, 0},
	{"limit", "code", GP_KIND_CODE, IN_LIMIT(code), "", 0, 1, NULL,
		"Reply code and enhanced code for mail over max, of class 4 with action = "
		"defer and of class 5 with action = reject. Empty: 450 4.7.1 or 550 5.7.1. It "
		"has to be empty with action = hold.",
		NULL, 0},
	{"limit", "text", GP_KIND_TEMPLATE, IN_LIMIT(text),
		"{limit} limit reached: {used} of {max} {unit} in {per}; free again {free}, in "
		"{wait}",
		0, 300, limit_words,
		"Text of the reply to mail over max. In it are replaced: {limit} (NAME), {key} "
		"(whose mail), {unit}, {used}, {max}, {per}, {free} (when there is room "
		"again), {wait} (how long that is), {client} and {recipient}.",
		NULL, 0},
	{"limit", "from", GP_KIND_SET, IN_LIMIT(from), "", 0, 8, origins,
		"Whose mail is counted.\n"
		"authenticated: mail of users who have logged in.\n"
		"trusted: mail of clients in trusted_networks, and of programs on this host, "
		"that have not logged in.\n"
		"others: all other mail.\n"
		"Empty: as the key needs it. user and user_domain count authenticated, sender "
		"and sender_domain count trusted, client and network count all three, all "
		"counts authenticated and trusted.",
		NULL, 0},
	{"limit", "ipv4_prefix", GP_KIND_UINT, IN_LIMIT(ipv4_prefix), "24", 8, 32, NULL,
		"Only with key = network: how many bits of an IPv4 address are the network.", NULL,
		0},
	{"limit", "ipv6_prefix", GP_KIND_UINT, IN_LIMIT(ipv6_prefix), "64", 16, 128, NULL,
		"Only with key = client or network: how many bits of an IPv6 address are "
		"counted together. A household has a /64 or a shorter prefix, and may use "
		"another address for each mail. With key = client, an override for a longer "
		"prefix has its own counter.",
		NULL, 0},
	{"limit", "subaddress", GP_KIND_CHOICE, IN_LIMIT(subaddress), "keep", 0, 0, subaddresses,
		"Only with key = sender. A name that begins with a plus sign, "
		"+detail@example.org, is never shortened.\n"
		"keep: user+detail@example.org is counted by itself.\n"
		"strip: it is counted with user@example.org.",
		NULL, 0},
	{"limit", "domains", GP_KIND_NAMES, IN_LIMIT(domains), "", 0, 1024, NULL,
		"Only with key = sender or sender_domain: senders of these domains are "
		"counted. Name your own, so that mail which is forwarded from a large provider "
		"is not counted. Empty: all senders are counted.",
		NULL, 0},
};
const struct gp_option_section gp_limit_section = {"limit",
	"A limit: how much may pass within a period of time. One section for each "
	"limit, at most 64. NAME is shown in replies and in the log, and is used in "
	"overrides. It has 1 to 32 characters of a-z, 0-9, _ and -, begins with a "
	"letter, and is not user, domain, sender, sender_domain or client. Counters "
	"belong to NAME, key, count and per: a change of one of these starts new "
	"counters, a change of anything else keeps them. Limits that differ only in "
	"NAME and max have separate counters. A maximum that was set at run time "
	"belongs to NAME.",
	limit_rows, sizeof limit_rows / sizeof limit_rows[0], sizeof(struct gp_limit)};

#define IN_OVERRIDE(member) offsetof(struct gp_limit_written, member)
static const struct gp_option override_rows[] = {
	{"override", "user", GP_KIND_LOGIN, IN_OVERRIDE(user), NULL, 0, 320, NULL,
		"An authenticated user, for limits whose key is user.", "newsletter@example.org",
		0},
	{"override", "domain", GP_KIND_DOMAIN, IN_OVERRIDE(domain), NULL, 0, 320, NULL,
		"The domain in the name of users, for limits whose key is user or user_domain. "
		"An override for the user itself has precedence.",
		"example.net", 0},
	{"override", "sender", GP_KIND_MAILBOX, IN_OVERRIDE(sender), NULL, 0, 320, NULL,
		"An address in MAIL FROM, for limits whose key is sender.", "reports@example.org",
		0},
	{"override", "sender_domain", GP_KIND_DOMAIN, IN_OVERRIDE(sender_domain), NULL, 0, 320,
		NULL,
		"A domain in MAIL FROM, for limits whose key is sender or sender_domain. An "
		"override for the sender itself has precedence.",
		"example.net", 0},
	{"override", "client", GP_KIND_NETWORK, IN_OVERRIDE(client), NULL, 0, 0, NULL,
		"An address or a network of clients, for limits whose key is client or "
		"network. With key = network it has to be at least as large as the network "
		"that the limit counts together.",
		"192.0.2.0/24", 0},
};
const struct gp_option_section gp_limit_override_section = {"override",
	"Another maximum for a user, domain, sender or client. One section for each, "
	"as often as needed: one of user, domain, sender, sender_domain and client, "
	"and NAME = MAX for one or more limits. Limits that are not named keep their "
	"own max.",
	override_rows, sizeof override_rows / sizeof override_rows[0],
	sizeof(struct gp_limit_written)};
