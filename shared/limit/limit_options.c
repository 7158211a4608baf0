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
		"How names of users and senders are compared. fold: spellings that databases of "
		"users take for the same name are one name: without blanks, controls and "
		"characters that nobody sees, in Unicode's NFKC, in small letters, without "
		"quotes, without an @ or dot at the end, or two in a row; domains likewise, so "
		"that sharp s is ss in them, too. exact: byte by byte, and domains as DNS "
		"compares them.",
		NULL, false},
	{"limits", "case_sensitive", GP_KIND_BOOL, IN_LIMITS(case_sensitive), "no", 0, 0, NULL,
		"With names = fold: are Alice and alice two users? Domains are compared without "
		"case always.",
		NULL, false},
	{"limits", "reservation_timeout", GP_KIND_MSEC, IN_LIMITS(reservation_timeout_ms), "10m",
		10000, 86400000, NULL,
		"Recipients that were let in count at once. When no end of the message comes "
		"within this time, they are given back.",
		NULL, false},
};
const struct gp_option_section gp_limit_set_section = {"limits", "What holds for all limits.",
	limits_rows, sizeof limits_rows / sizeof limits_rows[0], sizeof(struct gp_limit_set)};

#define IN_LIMIT(member) offsetof(struct gp_limit, member)
static const struct gp_option limit_rows[] = {
	{"limit", "key", GP_KIND_CHOICE, IN_LIMIT(key), NULL, 0, 0, keys,
		"Whose mail is counted together. user: of one authenticated user. user_domain: of "
		"all users of one domain. sender, sender_domain: of one address or domain in MAIL "
		"FROM, of trusted clients only, because others can write what they like. client: "
		"of one address of a client, of IPv6 one network of a household (ipv6_prefix). "
		"network: of one network of clients. all: all mail.",
		"user", true},
	{"limit", "count", GP_KIND_CHOICE, IN_LIMIT(unit), "recipients", 0, 0, units,
		"What is counted: a message to ten recipients is ten recipients, one message, and "
		"its size once.",
		NULL, false},
	{"limit", "max", GP_KIND_AMOUNT, IN_LIMIT(max), NULL, 0, GP_STORE_AMOUNT_MAX, NULL,
		"How much may pass within per. 0: nothing. unlimited: it is counted only.", "100",
		true},
	{"limit", "per", GP_KIND_PERIOD, IN_LIMIT(per_ms), NULL, GP_STORE_PER_MIN_MS,
		GP_STORE_PER_MAX_MS, NULL,
		"The window, which slides: in no stretch of time of this length passes more than "
		"max.",
		"1h", true},
	{"limit", "mode", GP_KIND_CHOICE, IN_LIMIT(mode), "enforce", 0, 0, limit_modes,
		"off: not counted. label: counted, and the log says what enforce would have done. "
		"enforce: mail over max meets the action.",
		NULL, false},
	{"limit", "action", GP_KIND_CHOICE, IN_LIMIT(action), "defer", 0, 0, actions,
		"What becomes of mail over max: the client is told to try again, it is refused, or "
		"it is taken and held in the queue until somebody looks at it.",
		NULL, false},
	{"limit", "code", GP_KIND_CODE, IN_LIMIT(code), "", 0, 1, NULL,
		"Reply to mail over max: code and enhanced code, of class 4 with defer, 5 with "
		"reject. "
		"Empty: 450 4.7.1 or 550 5.7.1. It has to be empty with hold.",
		NULL, false},
	{"limit", "text", GP_KIND_TEMPLATE, IN_LIMIT(text),
		"{limit} limit reached: {used} of {max} {unit} in {per}; free again {free}, in "
		"{wait}",
		0, 300, limit_words,
		"Text of the reply. {limit} (the name), {key} (whose mail), {unit}, {used}, {max}, "
		"{per}, {free} (when there is room again), {wait} (how long that is), {client} and "
		"{recipient} are filled in.",
		NULL, false},
	{"limit", "from", GP_KIND_SET, IN_LIMIT(from), "", 0, 8, origins,
		"Which mail is counted: of authenticated users, of clients in trusted_networks "
		"that have not logged in, of all others. Empty: what the key makes sense for.",
		NULL, false},
	{"limit", "ipv4_prefix", GP_KIND_UINT, IN_LIMIT(ipv4_prefix), "24", 8, 32, NULL,
		"With key = network: how many bits of an IPv4 address are the network.", NULL,
		false},
	{"limit", "ipv6_prefix", GP_KIND_UINT, IN_LIMIT(ipv6_prefix), "64", 16, 128, NULL,
		"With key = client or network: how many bits of an IPv6 address are counted "
		"together. A household has a /64 or a shorter prefix, and may use another address "
		"for each mail. With key = client, an override for a longer prefix has a counter "
		"of its own.",
		NULL, false},
	{"limit", "subaddress", GP_KIND_CHOICE, IN_LIMIT(subaddress), "keep", 0, 0, subaddresses,
		"With key = sender: is user+detail@example.org counted by itself (keep), or with "
		"user@example.org (strip)? What begins with a plus, +detail@example.org, is a name "
		"of its own, as it is for Postfix.",
		NULL, false},
	{"limit", "domains", GP_KIND_NAMES, IN_LIMIT(domains), "", 0, 1024, NULL,
		"With key = sender or sender_domain: only senders of these domains are counted, "
		"your own for example, so that what is forwarded from a large provider uses up "
		"nothing. Empty: all are.",
		NULL, false},
};
const struct gp_option_section gp_limit_section = {"limit",
	"How much may pass in a window of time, once for each limit, at most 64. The name "
	"(1 to 32 of a-z, 0-9, _ and -, a letter first) stands in replies, in the log and "
	"in overrides. Counters belong to a limit by its name, key, count and per: another "
	"of these begins new ones, all else keeps them; limits that differ in nothing but "
	"their name and max are counted each by itself. What was set at run time belongs "
	"to the name.",
	limit_rows, sizeof limit_rows / sizeof limit_rows[0], sizeof(struct gp_limit)};

#define IN_OVERRIDE(member) offsetof(struct gp_limit_written, member)
static const struct gp_option override_rows[] = {
	{"override", "user", GP_KIND_LOGIN, IN_OVERRIDE(user), NULL, 0, 320, NULL,
		"An authenticated user, for limits whose key is user.", "newsletter@example.org",
		false},
	{"override", "domain", GP_KIND_DOMAIN, IN_OVERRIDE(domain), NULL, 0, 320, NULL,
		"The domain of a user's name, for limits whose key is user or user_domain. An "
		"override for the user itself comes first.",
		"example.net", false},
	{"override", "sender", GP_KIND_MAILBOX, IN_OVERRIDE(sender), NULL, 0, 320, NULL,
		"An address in MAIL FROM, for limits whose key is sender.", "reports@example.org",
		false},
	{"override", "sender_domain", GP_KIND_DOMAIN, IN_OVERRIDE(sender_domain), NULL, 0, 320,
		NULL,
		"A domain in MAIL FROM, for limits whose key is sender or sender_domain. An "
		"override for the sender itself comes first.",
		"example.net", false},
	{"override", "client", GP_KIND_NETWORK, IN_OVERRIDE(client), NULL, 0, 0, NULL,
		"An address or a network of clients, for limits whose key is client or network; "
		"with network, one that is no smaller than what the limit counts together.",
		"192.0.2.0/24", false},
};
const struct gp_option_section gp_limit_override_section = {"override",
	"Another max for somebody, as often as you like: one of user, domain, sender, "
	"sender_domain and client, and NAME = MAX for one or more limits. Limits that are "
	"not named keep their own max.",
	override_rows, sizeof override_rows / sizeof override_rows[0],
	sizeof(struct gp_limit_written)};
