/* SPDX-License-Identifier: ISC */
/* The rows of these sections. */
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
	{"dnsbl", "world_percent", GP_KIND_UINT, IN_DNSBL(world_percent), "90", 0, 100, NULL,
		"A list with positive weights that lists so many per cent of at least 50 "
		"different networks of clients (/24, IPv6 /48) is suspended until it has passed "
		"two rounds of tests: a list that is closed or broken may list everybody. If it "
		"passes them, spammers are most of what connects to this server; then that share "
		"does not suspend it again as long as its hourly tests succeed, and only makes "
		"them more frequent. 0: never. A single list is exempt with list.everybody.",
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
		"(what that means, by the configuration), {text} (what the list itself says, in "
		"quotes and at most 200 characters of it; if it says nothing, the meaning), "
		"{score}, {recipient} and {hostname}. A list is asked for its text only if "
		"{text} stands here.",
		NULL, 0},
};
const struct gp_option_section gp_dnsbl_section = {"dnsbl",
	"DNS block and allow lists (RFC 5782), queried about the client and its names at RCPT "
	"TO. Mail of authenticated users, of trusted_networks and of programs on this host is "
	"exempt.",
	dnsbl_rows, sizeof dnsbl_rows / sizeof dnsbl_rows[0], sizeof(struct gp_dnsbl_settings)};

/* ---- lists ---- */

static const struct gp_option_choice asks[] = {{"client", GP_DNSBL_ASKS_CLIENT},
	{"sender", GP_DNSBL_ASKS_SENDER}, {"helo", GP_DNSBL_ASKS_HELO},
	{"rdns", GP_DNSBL_ASKS_RDNS}, {"dkim", GP_DNSBL_ASKS_DKIM}, {NULL, 0}};
static const struct gp_option_choice reduce[] = {
	{"none", GP_DNSBL_FULL}, {"registered", GP_DNSBL_REGISTERED}, {NULL, 0}};
static const struct gp_option_choice by_code[] = {{"by-code", GP_DNSBL_WEIGHT_UNSET}, {NULL, 0}};
static const struct gp_option_choice terms[] = {{"key", GP_DNSBL_TERMS_KEY},
	{"registration", GP_DNSBL_TERMS_REGISTRATION},
	{"own-resolver", GP_DNSBL_TERMS_OWN_RESOLVER},
	{"non-commercial", GP_DNSBL_TERMS_NON_COMMERCIAL}, {NULL, 0}};

#define IN_LIST(member) offsetof(struct gp_dnsbl_list, member)
#define LOWEST ((uint64_t)-GP_DNSBL_WEIGHT_MAX)

static const struct gp_option list_rows[] = {
	{"list", "zone", GP_KIND_ZONE, IN_LIST(zone), "", 0, 200, NULL,
		"Public zone of the list. The list is called by it in replies, the log and "
		"metrics, so there must be no key in it: a key before a zone that is known for "
		"keys, or before that of key_zone, is taken out of it and used as the option "
		"key; what looks like a key in another name is an error. Empty: NAME.",
		NULL, 0},
	{"list", "key_zone", GP_KIND_TEXT, IN_LIST(key_zone), "", 0, 200, NULL,
		"Zone that is queried in its place when there is a key, which replaces the label "
		"KEY: KEY.zen.dq.spamhaus.net, for example. With the key in it, the name has at "
		"most 200 characters.",
		NULL, 0},
	{"list", "key", GP_KIND_SECRET, IN_LIST(key), "", 0, 63, NULL,
		"Private key for key_zone. It is in no reply, log, metric or dump. Prefer "
		"key_file if others can read this file.",
		NULL, 0},
	{"list", "key_file", GP_KIND_PATH, IN_LIST(key_file), "", 0, 1024, NULL,
		"File whose first line is the key. It must be readable by policyd.user (or the "
		"user that Exim runs as), and should be by nobody else. A list whose key is "
		"missing or cannot be read is not queried.",
		NULL, 0},
	{"list", "key_credential", GP_KIND_TEXT, IN_LIST(key_credential), "", 0, 255, NULL,
		"Name of a credential of systemd (LoadCredential= in the unit) that is the key.",
		NULL, 0},
	{"list", "family", GP_KIND_TEXT, IN_LIST(family), "", 0, 64, NULL,
		"Lists with the same family count as one for dnsbl.min_lists: those of one "
		"operator. Empty: that of a known list whose zone lies below the same name, such "
		"as spamhaus for sbl.spamhaus.org, else NAME.",
		NULL, 0},
	{"list", "asks", GP_KIND_SET, IN_LIST(asks), "client", 1, 5, asks,
		"What the list is asked about. A name is never sent to a list that is asked "
		"about the client only, nor an address to one that is not.\n"
		"client: the address of the client.\n"
		"sender: the domain of MAIL FROM.\n"
		"helo: the name in HELO.\n"
		"rdns: the reverse name of the client, if it is confirmed.\n"
		"dkim: the domains of DKIM signatures that pass. They are not known at RCPT "
		"TO, and lists are not queried about them yet.",
		NULL, 0},
	{"list", "ipv6", GP_KIND_BOOL, IN_LIST(ipv6), "no", 0, 0, NULL,
		"Whether the list is asked about IPv6 clients.\n"
		"yes: it answers about them.\n"
		"no: it is not asked.",
		NULL, 0},
	{"list", "reduce", GP_KIND_CHOICE, IN_LIST(reduce), "none", 0, 0, reduce,
		"Which part of a name is asked about.\n"
		"none: the whole name.\n"
		"registered: the registered domain, by the list of public suffixes "
		"(dmarc.psl_file).",
		NULL, 0},
	{"list", "mask", GP_KIND_NETWORK, IN_LIST(mask), "", 0, 1, NULL,
		"Network within which the last octet of an answer is a set of bits; it is needed "
		"for rules about bits.",
		NULL, 0},
	{"list", "codes", GP_KIND_TEXTS, IN_LIST(codes), "127.0.0.2 = 1", 0, GP_DNSBL_RULES_MAX,
		NULL,
		"Answers of the list: ANSWER = WEIGHT MEANING. ANSWER is an address whose numbers "
		"may be ranges (127.0.0.10-11) or *, a network (127.0.0.0/28), or a bit of the "
		"last number under mask (bit 8, by its value). WEIGHT is from -1000 to 1000: 0 is "
		"known and says nothing, negative weights are for allow lists. MEANING is any "
		"text, for {meaning} in dnsbl.text. No answer may have two rules. An answer that "
		"has none is not a hit; it is counted and logged.",
		NULL, 0},
	{"list", "weight", GP_KIND_INT, IN_LIST(weight), "by-code", LOWEST, GP_DNSBL_WEIGHT_MAX,
		by_code,
		"Weight in place of those of codes that have the same sign: a positive one for "
		"positive weights, a negative one for negative weights, 0 for all. Codes of "
		"weight 0 keep it, unless all codes of the list have weight 0: then this is the "
		"weight of all of them.\n"
		"by-code: each code has its own weight.",
		NULL, 0},
	{"list", "max", GP_KIND_INT, IN_LIST(max), "0", 0, GP_DNSBL_WEIGHT_MAX, NULL,
		"Most that the list may add to a score, or take from it. 0: no bound.", NULL, 0},
	{"list", "sum", GP_KIND_BOOL, IN_LIST(sum), "no", 0, 0, NULL,
		"What counts when the list gives several answers.\n"
		"yes: the sum of their weights.\n"
		"no: the largest of them.",
		NULL, 0},
	{"list", "allow", GP_KIND_BOOL, IN_LIST(allow), "no", 0, 0, NULL,
		"Whether a client with a negative weight is vouched for by this list.\n"
		"yes: its mail is not greylisted.\n"
		"no: a negative weight only lowers the score.",
		NULL, 0},
	{"list", "everybody", GP_KIND_BOOL, IN_LIST(everybody), "no", 0, 0, NULL,
		"Whether the list has an answer for most clients, as a reputation has.\n"
		"yes: that is not taken for a sign that something is wrong with it.\n"
		"no: a list that lists nearly everybody is suspended, see dnsbl.world_percent.",
		NULL, 0},
	{"list", "errors", GP_KIND_TEXTS, IN_LIST(errors), "", 0, GP_DNSBL_RULES_MAX, NULL,
		"Answers that mean trouble instead of a listing, such as a refused resolver: "
		"ANSWER MEANING, as in codes. They suspend the list, and come before codes. "
		"127.255.255.0/24 and 127.0.0.1 are errors of every list whose codes do not name "
		"them.",
		NULL, 0},
	{"list", "tests", GP_KIND_TEXTS, IN_LIST(tests), "", 0, GP_DNSBL_TESTS_MAX, NULL,
		"Entries by which the list is tested hourly, and before it is used: an address or "
		"a name, and listed, not, or any (listed with any answer, even an error). random "
		"stands for a name that nobody has, test-net for an address of documentation. "
		"127.0.0.1 not (RFC 5782), or random not for lists of names, is tested even if it "
		"does not stand here; none switches that off, except for lists with negative "
		"weights.",
		NULL, 0},
	{"list", "border", GP_KIND_BOOL, IN_LIST(border), "no", 0, 0, NULL,
		"Whether the list has addresses that should not deliver mail themselves, but may "
		"submit it: dial-up and home connections.\n"
		"yes: it is a list for the border. This is a remark for people: no list is asked "
		"about authenticated users or trusted_networks.\n"
		"no: it is not.",
		NULL, 0},
	{"list", "submission", GP_KIND_BOOL, IN_LIST(submission), "no", 0, 0, NULL,
		"Whether the list is about clients that log in with stolen passwords.\n"
		"yes: it is not queried at RCPT TO, nor elsewhere yet.\n"
		"no: it is about clients that send mail.",
		NULL, 0},
	{"list", "null_sender", GP_KIND_BOOL, IN_LIST(null_sender), "no", 0, 0, NULL,
		"Which mail the list is asked about.\n"
		"yes: mail with an empty MAIL FROM.\n"
		"no: all mail.",
		NULL, 0},
	{"list", "terms", GP_KIND_SET, IN_LIST(terms), "", 0, 4, terms,
		"Conditions of the list, about which gatepost check-config warns.\n"
		"key: it answers only to those who have a key.\n"
		"registration: it answers only to resolvers whose address is registered.\n"
		"own-resolver: it refuses public resolvers and those of large providers.\n"
		"non-commercial: commercial use needs a contract.",
		NULL, 0},
	{"list", "about", GP_KIND_TEXT, IN_LIST(about), "", 0, 400, NULL, "Remark, for people.",
		NULL, 0},
	{"list", "url", GP_KIND_TEXT, IN_LIST(url), "", 0, 200, NULL,
		"Where the list is described, for people.", NULL, 0},
	{"list", "off", GP_KIND_BOOL, IN_LIST(is_off), "no", 0, 0, NULL,
		"Whether the list is kept in the file, but not queried.\n"
		"yes: it is not queried.\n"
		"no: it is.",
		NULL, 0},
};

const struct gp_option_section gp_dnsbl_list_section = {"list",
	"A DNS list of your own choice, if it is not one of those that gatepost-lists(7) has. NAME "
	"is its zone, or a short name for it. At most 32 lists can be in use.",
	list_rows, sizeof list_rows / sizeof list_rows[0], sizeof(struct gp_dnsbl_list)};

const struct gp_option_section gp_dnsbl_use_section = {"use",
	"One of the lists that are known, by its NAME in gatepost-lists(7). The section may be "
	"empty. It takes the options of section list, and has the values of that page for those "
	"that it does not set; += adds to its codes, errors and tests.",
	list_rows, sizeof list_rows / sizeof list_rows[0], sizeof(struct gp_dnsbl_list)};

#define IN_DEAD(member) offsetof(struct gp_dnsbl_dead, member)
static const struct gp_option dead_rows[] = {
	{"dead", "since", GP_KIND_TEXT, IN_DEAD(since), "", 0, 20, NULL, "When it was closed.",
		NULL, 0},
	{"dead", "now", GP_KIND_TEXT, IN_DEAD(now), "is closed", 1, 200, NULL, "What it does now.",
		NULL, 0},
	{"dead", "advice", GP_KIND_TEXT, IN_DEAD(advice), "remove the section", 1, 200, NULL,
		"What to do about a section that names it.", NULL, 0},
	{"dead", "queried", GP_KIND_BOOL, IN_DEAD(is_queried), "no", 0, 0, NULL,
		"Whether it is queried all the same.\n"
		"yes: it answers to some.\n"
		"no: it is not queried.",
		NULL, 0},
	{"dead", "known_as", GP_KIND_TEXT, IN_DEAD(known_as), "", 0, 64, NULL,
		"What the list was called.", NULL, 0},
};
const struct gp_option_section gp_dnsbl_dead_section = {"dead",
	"A zone that is closed. Only the table of known lists has this section.", dead_rows,
	sizeof dead_rows / sizeof dead_rows[0], sizeof(struct gp_dnsbl_dead)};
