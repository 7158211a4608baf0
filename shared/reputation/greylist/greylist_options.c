/* SPDX-License-Identifier: ISC */
/* The rows of section greylist. */
#include "reputation/greylist/greylist_options.h"

#include "store/store.h"

#define SECOND 1000
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)

static const struct gp_option_choice whens[] = {{"suspicious", GP_GREYLIST_WHEN_SUSPICIOUS},
	{"unknown", GP_GREYLIST_WHEN_UNKNOWN}, {"score", GP_GREYLIST_WHEN_SCORE}, {NULL, 0}};
static const struct gp_option_choice spf_passes[] = {{"skip", GP_GREYLIST_SPF_SKIP},
	{"only-known", GP_GREYLIST_SPF_ONLY_KNOWN}, {"no", GP_GREYLIST_SPF_NO}, {NULL, 0}};
static const struct gp_option_choice null_senders[] = {
	{"skip", GP_GREYLIST_NULL_SKIP}, {"delay-at-data", GP_GREYLIST_NULL_AT_DATA}, {NULL, 0}};
static const struct gp_option_choice sender_keys[] = {
	{"domain", GP_GREYLIST_KEY_DOMAIN}, {"sender", GP_GREYLIST_KEY_SENDER}, {NULL, 0}};
static const struct gp_option_choice recipient_keys[] = {{"none", GP_GREYLIST_RECIPIENT_NONE},
	{"domain", GP_GREYLIST_RECIPIENT_DOMAIN}, {"address", GP_GREYLIST_RECIPIENT_ADDRESS},
	{NULL, 0}};
static const struct gp_option_choice greylist_words[] = {{"seconds", 0}, {"reason", 0},
	{"client", 0}, {"sender", 0}, {"recipient", 0}, {"hostname", 0}, {NULL, 0}};

#define IN_GREYLIST(member) offsetof(struct gp_greylist_settings, member)
static const struct gp_option greylist_rows[] = {
	{"greylist", "mode", GP_KIND_CHOICE, IN_GREYLIST(mode), "off", 0, 0, gp_option_modes,
		"Whether first contacts are delayed.\n"
		"off: no.\n"
		"label: first contacts are recorded and logged, but no mail is delayed; the log "
		"says what enforce would have done.\n"
		"enforce: mail is delayed, as the options below say.",
		NULL, 0},
	{"greylist", "when", GP_KIND_CHOICE, IN_GREYLIST(when), "suspicious", 0, 0, whens,
		"Whose first mail is delayed.\n"
		"suspicious: that of clients with a reason: no reverse name or one that DNS does "
		"not confirm, a reverse name as access lines have it, a HELO name that has "
		"nothing to do with the reverse name together with another weak sign, a score of "
		"DNS lists from dnsbl.greylist_at on, or a result of SPF that is fail, softfail "
		"or permerror. Large senders never wait.\n"
		"unknown: that of everybody nothing vouches for.\n"
		"score: only that of clients with a score from dnsbl.greylist_at on, which is "
		"the one threshold for it; it needs DNS lists and dnsbl.mode = enforce.",
		NULL, 0},
	{"greylist", "delay", GP_KIND_PERIOD, IN_GREYLIST(delay_ms), "5m", SECOND, DAY, NULL,
		"Time from the first try until the mail is accepted. Tries before that do not "
		"make it longer.",
		NULL, 0},
	{"greylist", "window", GP_KIND_PERIOD, IN_GREYLIST(window_ms), "2d", SECOND, 31LL * DAY,
		NULL,
		"Time from the first try within which it has to be tried again; after that it "
		"counts as a first contact. More than delay.",
		NULL, 0},
	{"greylist", "keep", GP_KIND_PERIOD, IN_GREYLIST(keep_ms), "35d", SECOND, 366LL * DAY, NULL,
		"How long after the last mail it is remembered that mail has passed. More than "
		"window.",
		NULL, 0},
	{"greylist", "passes", GP_KIND_UINT, IN_GREYLIST(passes), "2", 0, 100, NULL,
		"After so many mails that passed, one in an hour at most, a network, or a domain "
		"for which SPF passes, is not delayed any more, whatever sender and recipient. "
		"0: never.",
		NULL, 0},
	{"greylist", "learn", GP_KIND_PERIOD, IN_GREYLIST(learn_ms), "1d", 0, 31LL * DAY, NULL,
		"For so long after greylisting begins with an empty store, contacts are only "
		"recorded, so that the first day does not delay all mail. It begins anew when all "
		"contacts were lost (the log says so), or when no mail came for keep.",
		NULL, 0},
	{"greylist", "key", GP_KIND_CHOICE, IN_GREYLIST(key), "domain", 0, 0, sender_keys,
		"What of the sender a retry must have in common with the first try. It must also "
		"come from the same network, or SPF must pass for the same domain, or the verified "
		"reverse name must have the same registered domain; in each of these cases the "
		"sender is compared as follows.\n"
		"domain: by its domain; the local part may be another one.\n"
		"sender: by its address, without what makes it unique for each message (VERP, "
		"BATV, SRS, numbers).",
		NULL, 0},
	{"greylist", "recipient", GP_KIND_CHOICE, IN_GREYLIST(recipient), "domain", 0, 0,
		recipient_keys,
		"What of the recipient it must have in common.\n"
		"none: nothing.\n"
		"domain: the domain.\n"
		"address: the address.",
		NULL, 0},
	{"greylist", "ipv4_prefix", GP_KIND_UINT, IN_GREYLIST(ipv4_length), "24", 16, 32, NULL,
		"Prefix length of an IPv4 network; a retry may come from any address in it.", NULL,
		0},
	{"greylist", "ipv6_prefix", GP_KIND_UINT, IN_GREYLIST(ipv6_length), "64", 32, 128, NULL,
		"Prefix length of an IPv6 network.", NULL, 0},
	{"greylist", "spf_pass", GP_KIND_CHOICE, IN_GREYLIST(spf_pass), "skip", 0, 0, spf_passes,
		"What it means that SPF passes.\n"
		"skip: the mail is not delayed.\n"
		"only-known: it is not delayed if SPF has passed for mail of this domain for at "
		"least a day.\n"
		"no: it is delayed like any other; a retry may come from any client for which "
		"SPF passes.",
		NULL, 0},
	{"greylist", "null_sender", GP_KIND_CHOICE, IN_GREYLIST(null_sender), "skip", 0, 0,
		null_senders,
		"What is done about the null sender. Other mail servers use it to verify the "
		"addresses of your users: a delay at RCPT TO makes them refuse your users' "
		"mail.\n"
		"skip: such mail is never delayed.\n"
		"delay-at-data: it is delayed at DATA, which a verification does not reach, and "
		"for all of its recipients: if greylist.exempt_recipients has one of them it is "
		"not delayed. Postfix has to ask at DATA for that (smtpd_data_restrictions), and "
		"at RCPT TO as well: where SPF and DNS lists could not be asked about the mail, "
		"it is not delayed.",
		NULL, 0},
	{"greylist", "correspondents", GP_KIND_PERIOD, IN_GREYLIST(correspondents_ms), "60d", 0,
		366LL * DAY, NULL,
		"Mail of domains that your own authenticated users wrote to within this time is "
		"not delayed, unless SPF says fail, softfail or permerror about it. The mail "
		"server has to ask about the mail of users: Postfix as it does for limits, Exim "
		"as gatepost-exim(7) says. The domain of the user's own sender or login name is "
		"not recorded, nor is what is sent with the null sender. Anybody may write in the "
		"name of such a domain that has no SPF record, and is not delayed then: "
		"greylisting does not judge who sends. Where users of several of your own domains "
		"write to each other, publish an SPF record for each of them. 0s: this is not "
		"recorded.",
		NULL, 0},
	{"greylist", "whitelist_domains", GP_KIND_NAMES, IN_GREYLIST(whitelist_domains), "", 0,
		1024, NULL,
		"Sender domains that are not delayed. Anybody can write any sender: a domain "
		"counts only if SPF passes, or if the verified name of the client is within that "
		"domain. .example.org stands for all names below example.org.",
		NULL, 0},
	{"greylist", "exempt_clients", GP_KIND_PREFIXES, IN_GREYLIST(exempt_clients), "", 0, 1024,
		NULL,
		"Networks of clients that are never delayed; spf.exempt_clients never are, "
		"either. spf.exempt_helo and spf.exempt_senders do not count here: anybody can "
		"write such a name.",
		NULL, 0},
	{"greylist", "exempt_client_names", GP_KIND_HOSTS, IN_GREYLIST(exempt_client_names), "", 0,
		1024, NULL,
		"Names of clients that are never delayed; spf.exempt_client_names never are, "
		"either. The name is one that the mail server has verified. .example.org stands "
		"for all names below example.org.",
		NULL, 0},
	{"greylist", "exempt_recipients", GP_KIND_ADDRESSES, IN_GREYLIST(exempt_recipients),
		"postmaster@, abuse@", 0, 1024, NULL,
		"Recipients whose mail is never delayed: user@example.org, user@ (in every "
		"domain), example.org, or .example.org for the domains below it. "
		"spf.exempt_recipients do not count here.",
		NULL, 0},
	{"greylist", "max_entries", GP_KIND_UINT, IN_GREYLIST(max_entries), "1000000", 1000,
		100000000, NULL,
		"Most contacts that are remembered. When there are as many, those stay: one that "
		"never passed goes after window, one that has passed after keep. A new contact is "
		"then remembered by its network only: the network waits for delay, and after that "
		"every new contact of it passes at its first try, until four hours after there is "
		"room again. A network with more than 1000 new contacts in an hour is treated in "
		"the same way, however many contacts there are. The log names such networks.",
		NULL, 0},
	{"greylist", "code", GP_KIND_CODE, IN_GREYLIST(code), "450 4.7.1", 4, 0, NULL,
		"Reply code and enhanced code for mail that is delayed.", NULL, 0},
	{"greylist", "text", GP_KIND_TEMPLATE, IN_GREYLIST(text),
		"Greylisted ({reason}), try again in {seconds} seconds", 0, 300, greylist_words,
		"Text of the reply to mail that is delayed. In it are replaced: {seconds} (that "
		"are left of the delay), {reason}, {client}, {sender}, {recipient} and "
		"{hostname}.",
		NULL, 0},
};
const struct gp_option_section gp_greylist_section = {"greylist",
	"Greylisting: the first mail of a client that nothing vouches for is delayed; a mail "
	"server tries again, most programs that send spam do not. Mail of authenticated users, of "
	"trusted_networks and of programs on this host is exempt.",
	greylist_rows, sizeof greylist_rows / sizeof greylist_rows[0],
	sizeof(struct gp_greylist_settings)};
