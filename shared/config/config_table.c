/* SPDX-License-Identifier: ISC */
/*
 * Every option of the configuration file, one row each. The reader, the error texts, the dump, the
 * example file and the man page all come from these rows.
 */
#include "config/config_private.h"

#include <syslog.h>

const struct gp_config_choice gp_config_bools[] = {
	{"yes", 1}, {"no", 0}, {"true", 1}, {"false", 0}, {"on", 1}, {"off", 0}, {NULL, 0}};
static const struct gp_config_choice modes[] = {
	{"off", GP_MODE_OFF}, {"label", GP_MODE_LABEL}, {"enforce", GP_MODE_ENFORCE}, {NULL, 0}};
static const struct gp_config_choice trusts[] = {{"auto", GP_CONFIG_AUTO}, {"yes", GP_CONFIG_YES},
	{"no", GP_CONFIG_NO}, {"on", GP_CONFIG_YES}, {"true", GP_CONFIG_YES}, {"off", GP_CONFIG_NO},
	{"false", GP_CONFIG_NO}, {NULL, 0}};
static const struct gp_config_choice transports[] = {
	{"auto", GP_CONFIG_AUTO}, {"tcp", GP_CONFIG_YES}, {NULL, 0}};
static const struct gp_config_choice accept_defer[] = {
	{"accept", GP_ON_ERROR_ACCEPT}, {"defer", GP_ON_ERROR_DEFER}, {NULL, 0}};
static const struct gp_config_choice accept_defer_reject[] = {{"accept", GP_ON_ERROR_ACCEPT},
	{"defer", GP_ON_ERROR_DEFER}, {"reject", GP_ON_ERROR_REJECT}, {NULL, 0}};
static const struct gp_config_choice helo_when[] = {{"off", GP_HELO_OFF}, {"label", GP_HELO_LABEL},
	{"null-sender", GP_HELO_NULL_SENDER}, {"always", GP_HELO_ALWAYS}, {NULL, 0}};
static const struct gp_config_choice headers[] = {{"none", GP_HEADER_NONE},
	{"authentication-results", GP_HEADER_AUTHENTICATION_RESULTS},
	{"received-spf", GP_HEADER_RECEIVED_SPF}, {NULL, 0}};
static const struct gp_config_choice verdicts[] = {{"none", 1 << GP_SPF_NONE},
	{"neutral", 1 << GP_SPF_NEUTRAL}, {"fail", 1 << GP_SPF_FAIL},
	{"softfail", 1 << GP_SPF_SOFTFAIL}, {"no-mail", GP_CONFIG_NO_MAIL}, {NULL, 0}};
static const struct gp_config_choice log_targets[] = {
	{"stderr", GP_LOG_TO_STDERR}, {"syslog", GP_LOG_TO_SYSLOG}, {NULL, 0}};
static const struct gp_config_choice log_formats[] = {
	{"text", GP_LOG_AS_TEXT}, {"json", GP_LOG_AS_JSON}, {NULL, 0}};
static const struct gp_config_choice log_levels[] = {{"error", GP_LOG_ERROR},
	{"warning", GP_LOG_WARNING}, {"notice", GP_LOG_NOTICE}, {"info", GP_LOG_INFO},
	{"debug", GP_LOG_DEBUG}, {NULL, 0}};
static const struct gp_config_choice facilities[] = {{"mail", LOG_MAIL}, {"daemon", LOG_DAEMON},
	{"local0", LOG_LOCAL0}, {"local1", LOG_LOCAL1}, {"local2", LOG_LOCAL2},
	{"local3", LOG_LOCAL3}, {"local4", LOG_LOCAL4}, {"local5", LOG_LOCAL5},
	{"local6", LOG_LOCAL6}, {"local7", LOG_LOCAL7}, {NULL, 0}};

static const struct gp_config_choice spf_words[] = {{"result", 0}, {"identity", 0}, {"value", 0},
	{"domain", 0}, {"client", 0}, {"mechanism", 0}, {"problem", 0}, {"recipient", 0},
	{"hostname", 0}, {NULL, 0}};
static const struct gp_config_choice seccomp[] = {{"off", GP_SECCOMP_OFF}, {"log", GP_SECCOMP_LOG},
	{"enforce", GP_SECCOMP_ENFORCE}, {NULL, 0}};
static const struct gp_config_choice store_failures[] = {{"accept", GP_LIMIT_FAILURE_ACCEPT},
	{"defer", GP_LIMIT_FAILURE_DEFER}, {"local", GP_LIMIT_FAILURE_LOCAL}, {NULL, 0}};
static const struct gp_config_choice keys[] = {{"user", GP_LIMIT_BY_USER},
	{"user_domain", GP_LIMIT_BY_USER_DOMAIN}, {"sender", GP_LIMIT_BY_SENDER},
	{"sender_domain", GP_LIMIT_BY_SENDER_DOMAIN}, {"client", GP_LIMIT_BY_CLIENT},
	{"network", GP_LIMIT_BY_NETWORK}, {"all", GP_LIMIT_BY_ALL}, {NULL, 0}};
static const struct gp_config_choice limit_names[] = {
	{"fold", GP_LIMIT_NAMES_FOLD}, {"exact", GP_LIMIT_NAMES_EXACT}, {NULL, 0}};
static const struct gp_config_choice subaddresses[] = {
	{"keep", GP_LIMIT_SUBADDRESS_KEEP}, {"strip", GP_LIMIT_SUBADDRESS_STRIP}, {NULL, 0}};
static const struct gp_config_choice units[] = {{"recipients", GP_LIMIT_RECIPIENTS},
	{"messages", GP_LIMIT_MESSAGES}, {"bytes", GP_LIMIT_BYTES}, {NULL, 0}};
static const struct gp_config_choice limit_modes[] = {
	{"off", GP_LIMIT_OFF}, {"label", GP_LIMIT_LABEL}, {"enforce", GP_LIMIT_ENFORCE}, {NULL, 0}};
static const struct gp_config_choice actions[] = {
	{"defer", GP_LIMIT_DEFER}, {"reject", GP_LIMIT_REJECT}, {"hold", GP_LIMIT_HOLD}, {NULL, 0}};
static const struct gp_config_choice origins[] = {{"authenticated", GP_LIMIT_FROM_AUTHENTICATED},
	{"trusted", GP_LIMIT_FROM_TRUSTED}, {"others", GP_LIMIT_FROM_OTHERS}, {NULL, 0}};
static const struct gp_config_choice dkim_verdicts[] = {{"fail", 1 << GP_DKIM_FAIL},
	{"policy", 1 << GP_DKIM_POLICY}, {"neutral", 1 << GP_DKIM_NEUTRAL},
	{"permerror", 1 << GP_DKIM_PERMERROR}, {NULL, 0}};
static const struct gp_config_choice dnssec[] = {{"no", GP_DKIM_DNSSEC_NO},
	{"label", GP_DKIM_DNSSEC_LABEL}, {"yes", GP_DKIM_DNSSEC_YES}, {NULL, 0}};
static const struct gp_config_choice unverifiable[] = {
	{"temperror", GP_DKIM_AS_TEMPERROR}, {"neutral", GP_DKIM_AS_NEUTRAL}, {NULL, 0}};
static const struct gp_config_choice evaluate[] = {{"on-failure", GP_ARC_ON_FAILURE},
	{"always", GP_ARC_ALWAYS}, {"never", GP_ARC_NEVER}, {NULL, 0}};
static const struct gp_config_choice discovery[] = {
	{"walk", GP_DMARC_WALK}, {"psl", GP_DMARC_PSL}, {"compare", GP_DMARC_COMPARE}, {NULL, 0}};
static const struct gp_config_choice dmarc_actions[] = {{"accept", GP_DMARC_DO_ACCEPT},
	{"quarantine", GP_DMARC_DO_QUARANTINE}, {"defer", GP_DMARC_DO_DEFER},
	{"reject", GP_DMARC_DO_REJECT}, {NULL, 0}};
static const struct gp_config_choice from_actions[] = {{"by-cause", GP_DMARC_DO_BY_CAUSE},
	{"accept", GP_DMARC_DO_ACCEPT}, {"quarantine", GP_DMARC_DO_QUARANTINE},
	{"defer", GP_DMARC_DO_DEFER}, {"reject", GP_DMARC_DO_REJECT}, {NULL, 0}};
static const struct gp_config_choice dmarc_words[] = {{"author", 0}, {"client", 0}, {"spf", 0},
	{"dkim", 0}, {"arc", 0}, {"policy", 0}, {"domain", 0}, {"problem", 0}, {"hostname", 0},
	{NULL, 0}};
static const struct gp_config_choice limit_words[] = {{"limit", 0}, {"key", 0}, {"unit", 0},
	{"used", 0}, {"max", 0}, {"per", 0}, {"free", 0}, {"wait", 0}, {"client", 0},
	{"recipient", 0}, {NULL, 0}};

const struct gp_config_section gp_config_sections[] = {
	{"spf", GP_SECTION_ONCE, "The check of the sender's domain at RCPT time (RFC 7208)."},
	{"dkim", GP_SECTION_ONCE,
		"The check of signatures (RFC 6376), for mail servers that hand over the whole "
		"message: Exim, and gatepost verify."},
	{"arc", GP_SECTION_ONCE,
		"Seals of hosts that handled the message before us (RFC 8617), likewise."},
	{"dmarc", GP_SECTION_ONCE,
		"What the owner of the From domain asks for (RFC 9989), likewise."},
	{"dns", GP_SECTION_ONCE, "Who is asked, how long is waited, what is remembered."},
	{"store", GP_SECTION_ONCE,
		"Where the counters of limits are kept, and what is done while that is away. A "
		"change takes effect at a restart, that of on_failure at a reload."},
	{"limits", GP_SECTION_ONCE, "What holds for all limits."},
	{"limit", GP_SECTION_NAMED,
		"How much may pass in a window of time, once for each limit, at most 64. The name "
		"(1 to 32 of a-z, 0-9, _ and -, a letter first) stands in replies, in the log and "
		"in overrides. Counters belong to a limit by its name, key, count and per: another "
		"of these begins new ones, all else keeps them; limits that differ in nothing but "
		"their name and max are counted each by itself. What was set at run time belongs "
		"to the name."},
	{"override", GP_SECTION_MANY,
		"Another max for somebody, as often as you like: one of user, domain, sender, "
		"sender_domain and client, and NAME = MAX for one or more limits. Limits that are "
		"not named keep their own max."},
	{"policyd", GP_SECTION_ONCE,
		"The daemon itself. Changes of listen, socket_mode, mail_user, user, group, "
		"chroot, supervise, watchdog, seccomp, max_connections, control_socket and "
		"control_mode take effect at a restart, all others at a reload (SIGHUP)."},
	{"metrics", GP_SECTION_ONCE,
		"Numbers of the daemon for Prometheus. A change takes effect at a restart."},
	{"exim", GP_SECTION_ONCE, "The module for Exim, gatepost-exim.so."},
	{"log", GP_SECTION_ONCE, "What is written about decisions and trouble, and where."},
	{NULL, GP_SECTION_ONCE, NULL},
};

#define AT(member) offsetof(struct gp_config, member)
#define IN_LIMIT(member) offsetof(struct gp_limit, member)
#define IN_OVERRIDE(member) offsetof(struct gp_config_override, member)

const struct gp_config_row gp_config_rows[] = {
	{NULL, "hostname", GP_KIND_TEXT, AT(hostname), "", 0, 253, NULL,
		"Name of this host in the headers that are added (the authserv-id of RFC 8601) and "
		"for the SPF macro r. Empty: the machine's own name.",
		NULL},
	{NULL, "trusted_networks", GP_KIND_PREFIXES, AT(trusted_networks), "", 0, 1024, NULL,
		"Clients that nothing is asked of: your own servers and users' networks. Mail of "
		"authenticated users always passes.",
		NULL},
	{NULL, "own_networks", GP_KIND_PREFIXES, AT(own_networks), "", 0, 1024, NULL,
		"Public addresses of your own from which all mail seems to come when a NAT or "
		"proxy stands before Postfix. SPF says nothing about such a client and never "
		"refuses it; private and loopback addresses, and a client whose address is the "
		"server's, are treated so without being listed.",
		NULL},

	{NULL, "nat64_prefixes", GP_KIND_PREFIXES, AT(nat64_prefixes), "", 0, 16, NULL,
		"Prefixes under which a NAT64 of yours shows clients of IPv4 as addresses of IPv6, "
		"besides 64:ff9b::/96; of 32, 40, 48, 56, 64 or 96 bits (RFC 6052). Such a client "
		"is judged, counted and compared with lists as the address of IPv4 within; private "
		"addresses under a prefix of your own are hosts of yours. An address within that "
		"no translator shows (loopback, link-local, multicast), and under 64:ff9b::/96 any "
		"that is not global (RFC 6052 3.1), is not looked at: the client is the address of "
		"IPv6 that it is.",
		NULL},

	{NULL, "include", GP_KIND_FILES, AT(includes), "", 0, 64, NULL,
		"Further files, read as if their text stood at the end of this one. The last part "
		"of a path may be a pattern as a shell has them; its files are read in the order "
		"of their names. A file that is named has to be there. Only the main file may "
		"include. Files *.conf in the folder conf.d beside the main one are read after "
		"these without being named, and may set again what is set before.",
		NULL},

	{"spf", "mode", GP_KIND_CHOICE, AT(spf.mode), "enforce", 0, 0, modes,
		"off: no check. label: check, log and add the header, refuse nothing; the log says "
		"what enforce would have done. enforce: refuse as well.",
		NULL},
	{"spf", "reject", GP_KIND_SET, AT(spf.reject), "fail", 0, 8, verdicts,
		"Verdicts about MAIL FROM that are refused. no-mail: the fail of a domain whose "
		"whole record is v=spf1 -all.",
		NULL},
	{"spf", "helo", GP_KIND_CHOICE, AT(spf.helo), "null-sender", 0, 0, helo_when,
		"When the HELO name alone may refuse a mail. off: it is not looked at, except that "
		"it stands for MAIL FROM when that is empty (RFC 7208 2.4), for the header. label: "
		"looked at, never refused. null-sender: only when MAIL FROM is empty. always.",
		NULL},
	{"spf", "helo_reject", GP_KIND_SET, AT(spf.helo_reject), "fail", 0, 8, verdicts,
		"Verdicts about HELO that are refused, where helo allows it.", NULL},
	{"spf", "on_temperror", GP_KIND_CHOICE, AT(spf.on_temperror), "accept", 0, 0, accept_defer,
		"When DNS gives no answer for the moment: accept and label, or defer.", NULL},
	{"spf", "on_permerror", GP_KIND_CHOICE, AT(spf.on_permerror), "accept", 0, 0,
		accept_defer_reject,
		"When the domain's record is broken: accept and label, defer, or reject.", NULL},
	{"spf", "must_pass", GP_KIND_NAMES, AT(spf.must_pass), "", 0, 1024, NULL,
		"Sender domains whose mail is refused unless SPF passes (temporary errors are "
		"deferred). .example.org stands for all names below example.org.",
		NULL},
	{"spf", "exempt_clients", GP_KIND_PREFIXES, AT(spf.exempt_clients), "", 0, 1024, NULL,
		"Client networks that are not checked: your backup MX and the forwarders that send "
		"you mail of others.",
		NULL},
	{"spf", "exempt_client_names", GP_KIND_HOSTS, AT(spf.exempt_client_names), "", 0, 1024,
		NULL,
		"Clients whose verified name (the client_name of Postfix) is listed; .example.org "
		"stands for all names below example.org.",
		NULL},
	{"spf", "exempt_helo", GP_KIND_HOSTS, AT(spf.exempt_helo), "", 0, 1024, NULL,
		"HELO names that are not checked. Anybody can say any name: prefer "
		"exempt_clients.",
		NULL},
	{"spf", "exempt_senders", GP_KIND_ADDRESSES, AT(spf.exempt_senders), "", 0, 1024, NULL,
		"Senders that are not checked: user@example.org, user@ (in every domain), "
		"example.org, or .example.org for the domains below it. Anybody can write any "
		"sender: use it for a domain whose record is known to be wrong, as long as it is.",
		NULL},
	{"spf", "exempt_recipients", GP_KIND_ADDRESSES, AT(spf.exempt_recipients), "postmaster@", 0,
		1024, NULL,
		"Recipients that are reached in any case: user@example.org, user@ (in every "
		"domain), example.org, or .example.org for the domains below it. The default lets "
		"others tell you that your mail server turns them away.",
		NULL},
	{"spf", "forwarders", GP_KIND_DOMAINS, AT(spf.forwarders), "", 0, 16, NULL,
		"Domains that forward mail to your users: before a mail is refused, SPF is asked "
		"whether the client may send for one of these, and if so it is accepted.",
		NULL},
	{"spf", "reject_code", GP_KIND_CODE, AT(spf.reject_code), "550 5.7.23", 0, 0, NULL,
		"Reply to a refused mail: code and enhanced code (RFC 7372).", NULL},
	{"spf", "temperror_code", GP_KIND_CODE, AT(spf.temperror_code), "451 4.4.3", 4, 0, NULL,
		"Reply where a temperror is deferred.", NULL},
	{"spf", "permerror_code", GP_KIND_CODE, AT(spf.permerror_code), "451 4.7.24", 4, 0, NULL,
		"Reply where a permerror is deferred.", NULL},
	{"spf", "permerror_reject_code", GP_KIND_CODE, AT(spf.permerror_reject_code), "550 5.7.24",
		5, 0, NULL, "Reply where a permerror is rejected.", NULL},
	{"spf", "reject_text", GP_KIND_TEMPLATE, AT(spf.reject_text),
		"SPF {result}: {domain} does not authorise {client} to send its mail "
		"({identity}={value}, mechanism {mechanism})",
		0, 300, spf_words,
		"Text of the reply. {result}, {identity}, {value} (what the client said), "
		"{domain}, {client}, {mechanism}, {problem}, {recipient} and {hostname} are filled "
		"in.",
		NULL},
	{"spf", "error_text", GP_KIND_TEMPLATE, AT(spf.error_text),
		"SPF {result} for {domain} ({identity}={value}, client {client}): {problem}", 0,
		300, spf_words, "Text of the reply for temperror and permerror.", NULL},
	{"spf", "url", GP_KIND_TEMPLATE, AT(spf.url), "", 0, 200, spf_words,
		"A page of yours that explains the refusal, put behind the text, such as "
		"https://example.org/spf?sender={value}&ip={client}. The same names are filled in, "
		"with percent escapes, as they are wherever a name stands in a URL of another "
		"text.",
		NULL},
	{"spf", "explanation", GP_KIND_BOOL, AT(spf.explanation), "yes", 0, 0, NULL,
		"Quote the explanation that the domain itself publishes (exp=) in the reply.",
		NULL},
	{"spf", "header", GP_KIND_CHOICE, AT(spf.header), "authentication-results", 0, 0, headers,
		"The header field that accepted mail gets, once a message.", NULL},
	{"spf", "yield_to_dmarc", GP_KIND_BOOL, AT(spf.yield_to_dmarc), "no", 0, 0, NULL,
		"Refuse nobody at RCPT whose domain, or the organisation's above it, publishes a "
		"DMARC record: for sites that check DMARC afterwards, where a signature can still "
		"save mail that was forwarded.",
		NULL},
	{"spf", "check_from", GP_KIND_BOOL, AT(spf.check_from), "no", 0, 0, NULL,
		"When MAIL FROM is empty, ask SPF about the domain in From as well once the "
		"message is there. Its result is a label only: it never counts for DMARC.",
		NULL},
	{"spf", "max_terms", GP_KIND_UINT, AT(spf.limits.max_terms), "10", 1, 100, NULL,
		"Terms of a domain's records that may ask DNS (RFC 7208 4.6.4).", NULL},
	{"spf", "max_names", GP_KIND_UINT, AT(spf.limits.max_names), "10", 1, 50, NULL,
		"Names under one mx or ptr (RFC 7208 4.6.4). Whatever it is, more than 20 of a "
		"check's that do not exist are a permerror.",
		NULL},
	{"spf", "max_voids", GP_KIND_UINT, AT(spf.limits.max_voids), "2", 0, 100, NULL,
		"Terms that may find nothing in DNS (RFC 7208 4.6.4).", NULL},

	{"dkim", "mode", GP_KIND_CHOICE, AT(dkim.mode), "label", 0, 0, modes,
		"off: signatures are not looked at; dmarc.mode has to be off as well. label: "
		"checked, for the header and for DMARC. enforce: reject and on_temperror count as "
		"well.",
		NULL},
	{"dkim", "reject", GP_KIND_SET, AT(dkim.reject), "", 0, 8, dkim_verdicts,
		"Refuse mail that no signature passes and one of which has such a result, unless "
		"on_temperror defers it for another one. RFC 6376 6.1 wants a broken signature "
		"treated as none: leave it empty unless you know better.",
		NULL},
	{"dkim", "on_temperror", GP_KIND_CHOICE, AT(dkim.on_temperror), "accept", 0, 0,
		accept_defer,
		"With mode = enforce, when no signature passes and DNS may let one pass later.",
		NULL},
	{"dkim", "reject_code", GP_KIND_CODE, AT(dkim.reject_code), "550 5.7.20", 0, 0, NULL,
		"Reply where reject applies (RFC 7372).", NULL},
	{"dkim", "temperror_code", GP_KIND_CODE, AT(dkim.temperror_code), "451 4.7.20", 4, 0, NULL,
		"Reply where on_temperror defers.", NULL},
	{"dkim", "max_signatures", GP_KIND_UINT, AT(dkim.check.max_signatures), "20", 1, 50, NULL,
		"Signatures that are looked at, those of the domain in From and its relatives "
		"first, then from the top; the rest counts for nothing. At most 60 checks with a "
		"key are made for a message, seals of ARC included, in the same order.",
		NULL},
	{"dkim", "rsa_bits_min", GP_KIND_UINT, AT(dkim.check.rsa_bits_min), "1024", 512, 4096, NULL,
		"A smaller RSA key gives the result policy (RFC 8301 3.2).", NULL},
	{"dkim", "rsa_bits_max", GP_KIND_UINT, AT(dkim.check.rsa_bits_max), "4096", 1024, 16384,
		NULL, "A larger one, too: it costs time.", NULL},
	{"dkim", "partial_body", GP_KIND_BOOL, AT(dkim.check.partial_body), "no", 0, 0, NULL,
		"Let a signature pass whose l= leaves out some of the body, to which anybody could "
		"then add. no: the result is policy, and DMARC does not count it.",
		NULL},
	{"dkim", "require_dnssec", GP_KIND_CHOICE, AT(dkim.check.require_dnssec), "no", 0, 0,
		dnssec,
		"Keys that DNSSEC did not protect. label: said in the header. yes: the result is "
		"policy. Needs dns.trust_ad and a validating resolver.",
		NULL},
	{"dkim", "not_verifiable", GP_KIND_CHOICE, AT(dkim.check.unverifiable), "neutral", 0, 0,
		unverifiable,
		"Result of a signature over a message that the mail server cannot give as it was "
		"signed: a bare CR or LF, or NULs, which are changed on the way in, a line that is "
		"no field, a blank line at the end of one that was taken off. neutral lets DMARC "
		"fail. temperror does not, whatever the policy: with dmarc.on_temperror = accept "
		"anybody could then pass it by.",
		NULL},
	{"dkim", "lenient_keys", GP_KIND_BOOL, AT(dkim.check.lenient_keys), "yes", 0, 0, NULL,
		"Use a key record that quotes of any kind, backslashes, parentheses or empty "
		"elements (;;) came into on its way to DNS, or that lost the = at the end of its "
		"key, if the signature then fits; the result says so. no: such a record is an "
		"error.",
		NULL},
	{"dkim", "clock_skew", GP_KIND_MSEC, AT(dkim.check.clock_skew_ms), "5m", 0, 86400000, NULL,
		"How much a signer's clock may differ from ours in t= and x=.", NULL},

	{"arc", "mode", GP_KIND_CHOICE, AT(arc.mode), "enforce", 0, 0, modes,
		"off: not looked at. label: for the header. enforce: a whole chain of trusted "
		"sealers that saw the author's domain pass excuses a DMARC failure.",
		NULL},
	{"arc", "evaluate", GP_KIND_CHOICE, AT(arc.evaluate), "on-failure", 0, 0, evaluate,
		"on-failure: only when SPF is fail or softfail, or DKIM or DMARC fails; otherwise "
		"nothing is asked for it.",
		NULL},
	{"arc", "trusted_sealers", GP_KIND_NAMES, AT(arc.trusted_sealers),
		"google.com, gmail.com, googlegroups.com, messagingengine.com, fastmail.com, "
		"fastmail.fm, outlook.com, hotmail.com, office365.com, microsoft.com, yahoo.com, "
		"ymail.com, icloud.com, me.com, amazon.com, aws.amazon.com",
		0, 1024, NULL,
		"Who is believed about what they saw: the d= of a seal, as a whole name; "
		".example.org stands for the names below example.org.",
		NULL},
	{"arc", "more_sealers", GP_KIND_NAMES, AT(arc.more_sealers), "", 0, 1024, NULL,
		"Further ones, so that the list above need not be repeated: your own forwarders "
		"and list servers.",
		NULL},
	{"arc", "subdomains", GP_KIND_BOOL, AT(arc.subdomains), "no", 0, 0, NULL,
		"Names below the listed ones count as well.", NULL},

	{"dmarc", "mode", GP_KIND_CHOICE, AT(dmarc.mode), "enforce", 0, 0, modes,
		"off: no check. label: check, log and add the header, refuse and quarantine "
		"nothing; "
		"the log says what enforce would have done. enforce.",
		NULL},
	{"dmarc", "discovery", GP_KIND_CHOICE, AT(dmarc.check.discovery), "walk", 0, 0, discovery,
		"How the organisation's domain is found. walk: by DNS (RFC 9989 4.10). psl: by the "
		"list of public suffixes (RFC 7489). compare: by walk, and the log says where the "
		"list would have said otherwise.",
		NULL},
	{"dmarc", "psl_file", GP_KIND_PATH, AT(dmarc.psl_file), "", 0, 1024, NULL,
		"The list of public suffixes. Empty: the distribution's.", NULL},
	{"dmarc", "pct", GP_KIND_BOOL, AT(dmarc.check.pct), "yes", 0, 0, NULL,
		"Apply a policy to as many messages in a hundred as pct= says (RFC 7489 6.6.4): "
		"reject becomes quarantine for the rest, and quarantine none. no: ignore pct, as "
		"RFC 9989 does.",
		NULL},
	{"dmarc", "sample_key_file", GP_KIND_PATH, AT(dmarc.sample_key_file), "", 0, 1024, NULL,
		"The secret by which messages are chosen for pct, so that no sender can choose "
		"them: the first line of a file that others may not read, made at the first need. "
		"Hosts with the same file decide alike. Empty: dmarc-sample-key in the folder of "
		"store.uri (with servers: of store.local_path). While there is none, pct is "
		"ignored and the log says so.",
		NULL},
	{"dmarc", "on_reject", GP_KIND_CHOICE, AT(dmarc.on_reject), "reject", 0, 0, dmarc_actions,
		"What is done where the policy is reject.", NULL},
	{"dmarc", "on_quarantine", GP_KIND_CHOICE, AT(dmarc.on_quarantine), "quarantine", 0, 0,
		dmarc_actions, "What is done where the policy is quarantine.", NULL},
	{"dmarc", "on_bad_from", GP_KIND_CHOICE, AT(dmarc.on_bad_from), "by-cause", 0, 0,
		from_actions,
		"When From shows no single domain, so that nobody can be asked what should be "
		"done. "
		"by-cause: as the next three options say. Another word sets all three of them, but "
		"for those that the file sets itself, wherever they stand in it.",
		NULL},
	{"dmarc", "on_no_domain", GP_KIND_CHOICE, AT(dmarc.on_no_domain), "accept", 0, 0,
		dmarc_actions,
		"When From has no address with a domain, as in bounces and mail of cron: "
		"\"MAILER-DAEMON <>\", \"root (Cron Daemon)\", \"root@(none)\", an address "
		"literal, an empty From. It is nobody's domain (RFC 9989 5.3.1). Mail from the "
		"null sender is accepted then whatever stands here, also without any From field, "
		"and when From names a host but has no @ (\"mx.example.org: nagios\"). A From "
		"without any address beside a Sender or Resent field with a domain, which some "
		"programs show instead, goes by on_unreadable_from, except in bounces.",
		NULL},
	{"dmarc", "on_several_domains", GP_KIND_CHOICE, AT(dmarc.on_several_domains), "reject", 0,
		0, dmarc_actions, "When From has addresses of several domains.", NULL},
	{"dmarc", "on_unreadable_from", GP_KIND_CHOICE, AT(dmarc.on_unreadable_from), "reject", 0,
		0, dmarc_actions,
		"When it is not certain which author a mail program shows: From occurs twice or "
		"cannot be read, it has a domain only in angle brackets without an @, another line "
		"of the header can be taken for From, or there are more than 4096 fields. Also "
		"when there is no From field, except in bounces: programs show Sender then, or the "
		"sender of the envelope, for which no domain was asked.",
		NULL},
	{"dmarc", "on_temperror", GP_KIND_CHOICE, AT(dmarc.on_temperror), "defer", 0, 0,
		accept_defer,
		"When DNS did not say whether the message passes, or under which policy. A domain "
		"whose policy is known to be none is not deferred. defer: a failure waits as well "
		"while DNS keeps the seals of a trusted sealer (arc) from being checked.",
		NULL},
	{"dmarc", "exempt_domains", GP_KIND_NAMES, AT(dmarc.exempt_domains), "", 0, 1024, NULL,
		"Domains in From that are never refused or quarantined. Anybody can write any "
		"From: use it as long as a partner's set-up is broken.",
		NULL},
	{"dmarc", "exempt_clients", GP_KIND_PREFIXES, AT(dmarc.exempt_clients), "", 0, 1024, NULL,
		"Client networks whose mail is never refused or quarantined: forwarders and list "
		"servers that you know by address.",
		NULL},
	{"dmarc", "forwarders", GP_KIND_DOMAINS, AT(dmarc.forwarders), "", 0, 16, NULL,
		"Domains that forward mail to your users: a failing message is accepted when SPF "
		"lets its client send for one of these.",
		NULL},
	{"dmarc", "mailing_lists", GP_KIND_NAMES, AT(dmarc.mailing_lists), "", 0, 1024, NULL,
		"Domains of mailing lists: a failing message is accepted when a signature of such "
		"a domain passes, or SPF passes for such a MAIL FROM. Not one without a single "
		"author. .example.org stands for all names below example.org.",
		NULL},
	{"dmarc", "reject_code", GP_KIND_CODE, AT(dmarc.reject_code), "550 5.7.26", 0, 0, NULL,
		"Reply to a refused mail (RFC 7372 3.3).", NULL},
	{"dmarc", "temperror_code", GP_KIND_CODE, AT(dmarc.temperror_code), "451 4.7.26", 4, 0,
		NULL, "Reply where mail is deferred.", NULL},
	{"dmarc", "from_code", GP_KIND_CODE, AT(dmarc.from_code), "550 5.7.1", 0, 0, NULL,
		"Reply where From shows no single domain, and is refused for that.", NULL},
	{"dmarc", "reject_text", GP_KIND_TEMPLATE, AT(dmarc.reject_text),
		"DMARC: {author} asks to {policy} mail that is not shown to be its own: {spf}; "
		"{dkim}{arc} (policy of {domain})",
		0, 300, dmarc_words,
		"Text of the reply. {author} (the domain in From), {policy}, {domain} (where it "
		"was found), {spf}, {dkim}, {arc} (what each found), {client}, {problem} and "
		"{hostname} are filled in.",
		NULL},
	{"dmarc", "error_text", GP_KIND_TEMPLATE, AT(dmarc.error_text),
		"DMARC for {author} cannot be checked now ({problem}): {spf}; {dkim}", 0, 300,
		dmarc_words, "Text of the reply where mail is deferred.", NULL},
	{"dmarc", "from_text", GP_KIND_TEMPLATE, AT(dmarc.from_text),
		"The From field has no single author domain: {problem}", 0, 300, dmarc_words,
		"Text of that reply.", NULL},

	{"dns", "servers", GP_KIND_SERVERS, AT(dns_servers), "", 0, GP_DNS_SERVERS_MAX, NULL,
		"Resolvers, in order of preference: 192.0.2.1, 192.0.2.1:5353, 2001:db8::1 or "
		"[2001:db8::1]:5353. Empty: those of resolv_conf. Use one near you, best on this "
		"machine.",
		NULL},
	{"dns", "resolv_conf", GP_KIND_PATH, AT(resolv_conf), "/etc/resolv.conf", 0, 1024, NULL,
		"Where the resolvers stand when servers is empty. A change is noticed within "
		"seconds. Where it names none, this machine is asked. While it is missing or "
		"cannot be read, those that are known stay; at a start it is this machine.",
		NULL},
	{"dns", "timeout", GP_KIND_MSEC, AT(dns.timeout_ms), "2s", 50, 30000, NULL,
		"How long one server is waited for before the next is asked.", NULL},
	{"dns", "attempts", GP_KIND_UINT, AT(dns.attempts), "2", 1, 5, NULL,
		"Rounds over all servers.", NULL},
	{"dns", "transport", GP_KIND_CHOICE, AT(dns_transport), "auto", 0, 0, transports,
		"tcp: ask over TCP only. auto: over UDP, and over TCP what is too long for that, "
		"or as \"options use-vc\" in resolv_conf says when the resolvers come from there.",
		NULL},
	{"dns", "trust_ad", GP_KIND_CHOICE, AT(dns_trust_ad), "auto", 0, 0, trusts,
		"The resolver validates DNSSEC and the way to it is safe (best: on this machine). "
		"auto: as \"options trust-ad\" in resolv_conf says when the resolvers come from "
		"there, else no.",
		NULL},
	{"dns", "cache_entries", GP_KIND_SIZE, AT(dns_cache.entries), "100000", 16, 10000000, NULL,
		"Answers that are remembered, for all connections together; about 250 bytes each.",
		NULL},
	{"dns", "ttl_min", GP_KIND_SEC, AT(dns_cache.ttl_min_s), "5s", 0, 3600, NULL,
		"An answer is kept at least so long.", NULL},
	{"dns", "ttl_max", GP_KIND_SEC, AT(dns_cache.ttl_max_s), "1d", 1, 604800, NULL,
		"An answer is kept at most so long.", NULL},
	{"dns", "negative_max", GP_KIND_SEC, AT(dns_cache.negative_max_s), "15m", 0, 10800, NULL,
		"That there is nothing is remembered at most so long (RFC 2308).", NULL},
	{"dns", "failure_ttl", GP_KIND_SEC, AT(dns_cache.failure_s), "5s", 0, 300, NULL,
		"That no server gave an answer is remembered so long (RFC 2308 7).", NULL},
	{"dns", "stale", GP_KIND_SEC, AT(dns_cache.stale_s), "1d", 0, 604800, NULL,
		"An answer that has expired is kept so much longer, and used where no server gives "
		"one (RFC 8767), so that domains that are known keep their verdicts while DNS is "
		"down. 0 switches it off.",
		NULL},

	{"store", "uri", GP_KIND_STORES, AT(store_uris), "lmdb:/var/lib/gatepost", 1,
		GP_STORE_URIS_MAX, NULL,
		"Where it is counted: lmdb:/folder for the processes of this machine, or servers "
		"that several hosts share, in order of preference. redis://HOST:PORT/DB, rediss:// "
		"with TLS, redis+unix:/path?DB, sentinel://HOST:PORT/NAME/DB, sentinels:// with "
		"TLS.",
		NULL},
	{"store", "size", GP_KIND_SPACE, AT(store.map_bytes), "1G", 1ull << 20, 1ull << 40, NULL,
		"lmdb: how large each file may become. Disk is taken as it is needed. A full one "
		"forgets those first who use the smallest share of their limits, and says so.",
		NULL},
	{"store", "sync", GP_KIND_MSEC, AT(store.sync_ms), "1s", 100, 60000, NULL,
		"lmdb: counters reach the disk within this; what an operator has said is there at "
		"once.",
		NULL},
	{"store", "prefix", GP_KIND_TEXT, AT(store.prefix), "gatepost:", 0, 64, NULL,
		"Servers: what the name of every key begins with.", NULL},
	{"store", "user", GP_KIND_TEXT, AT(store.user), "", 0, 128, NULL,
		"Servers: the user to log in as. Empty: the default user.", NULL},
	{"store", "password_file", GP_KIND_PATH, AT(store.password_file), "", 0, 1024, NULL,
		"Servers: a file whose first line is the password. Empty: none.", NULL},
	{"store", "sentinel_password_file", GP_KIND_PATH, AT(store.sentinel_password_file), "", 0,
		1024, NULL, "The same for the sentinels themselves.", NULL},
	{"store", "tls_ca_file", GP_KIND_PATH, AT(store.tls_ca_file), "", 0, 1024, NULL,
		"TLS: certificates of the authorities that are trusted. Empty: those of the "
		"system.",
		NULL},
	{"store", "tls_cert_file", GP_KIND_PATH, AT(store.tls_cert_file), "", 0, 1024, NULL,
		"TLS: certificate to show to the server. Empty: none.", NULL},
	{"store", "tls_key_file", GP_KIND_PATH, AT(store.tls_key_file), "", 0, 1024, NULL,
		"TLS: the key of tls_cert_file.", NULL},
	{"store", "timeout", GP_KIND_MSEC, AT(store.timeout_ms), "1s", 10, 10000, NULL,
		"How long a server is waited for: to connect, and for each answer.", NULL},
	{"store", "connections", GP_KIND_UINT, AT(store.connections), "16", 1, 256, NULL,
		"Connections to a server at once, at most.", NULL},
	{"store", "on_failure", GP_KIND_CHOICE, AT(store_on_failure), "accept", 0, 0,
		store_failures,
		"While the store is away: accept mail without counting it, defer mail that a limit "
		"applies to, or count in a store on this machine (local), each host for itself.",
		NULL},
	{"store", "local_path", GP_KIND_PATH, AT(store_local_path), "/var/lib/gatepost/local", 0,
		1000, NULL,
		"Folder of the store on this machine that stands in with on_failure = local.",
		NULL},

	{"limits", "names", GP_KIND_CHOICE, AT(limits.names), "fold", 0, 0, limit_names,
		"How names of users and senders are compared. fold: spellings that databases of "
		"users take for the same name are one name: without blanks, controls and "
		"characters that nobody sees, in Unicode's NFKC, in small letters, without "
		"quotes, without an @ or dot at the end, or two in a row; domains likewise, so "
		"that sharp s is ss in them, too. exact: byte by byte, and domains as DNS "
		"compares them.",
		NULL},
	{"limits", "case_sensitive", GP_KIND_BOOL, AT(limits.case_sensitive), "no", 0, 0, NULL,
		"With names = fold: are Alice and alice two users? Domains are compared without "
		"case always.",
		NULL},
	{"limits", "reservation_timeout", GP_KIND_MSEC, AT(reservation_timeout_ms), "10m", 10000,
		86400000, NULL,
		"Recipients that were let in count at once. When no end of the message comes "
		"within this time, they are given back.",
		NULL},

	{"limit", "key", GP_KIND_CHOICE, IN_LIMIT(key), NULL, 0, 0, keys,
		"Whose mail is counted together. user: of one authenticated user. user_domain: of "
		"all users of one domain. sender, sender_domain: of one address or domain in MAIL "
		"FROM, of trusted clients only, because others can write what they like. client: "
		"of one address of a client, of IPv6 one network of a household (ipv6_prefix). "
		"network: of one network of clients. all: all mail.",
		"user"},
	{"limit", "count", GP_KIND_CHOICE, IN_LIMIT(unit), "recipients", 0, 0, units,
		"What is counted: a message to ten recipients is ten recipients, one message, and "
		"its size once.",
		NULL},
	{"limit", "max", GP_KIND_AMOUNT, IN_LIMIT(max), NULL, 0, GP_STORE_AMOUNT_MAX, NULL,
		"How much may pass within per. 0: nothing. unlimited: it is counted only.", "100"},
	{"limit", "per", GP_KIND_PERIOD, IN_LIMIT(per_ms), NULL, GP_STORE_PER_MIN_MS,
		GP_STORE_PER_MAX_MS, NULL,
		"The window, which slides: in no stretch of time of this length passes more than "
		"max.",
		"1h"},
	{"limit", "mode", GP_KIND_CHOICE, IN_LIMIT(mode), "enforce", 0, 0, limit_modes,
		"off: not counted. label: counted, and the log says what enforce would have done. "
		"enforce: mail over max meets the action.",
		NULL},
	{"limit", "action", GP_KIND_CHOICE, IN_LIMIT(action), "defer", 0, 0, actions,
		"What becomes of mail over max: the client is told to try again, it is refused, or "
		"it is taken and held in the queue until somebody looks at it.",
		NULL},
	{"limit", "code", GP_KIND_CODE, IN_LIMIT(code), "", 0, 1, NULL,
		"Reply to mail over max: code and enhanced code, of class 4 with defer, 5 with "
		"reject. "
		"Empty: 450 4.7.1 or 550 5.7.1. It has to be empty with hold.",
		NULL},
	{"limit", "text", GP_KIND_TEMPLATE, IN_LIMIT(text),
		"{limit} limit reached: {used} of {max} {unit} in {per}; free again {free}, in "
		"{wait}",
		0, 300, limit_words,
		"Text of the reply. {limit} (the name), {key} (whose mail), {unit}, {used}, {max}, "
		"{per}, {free} (when there is room again), {wait} (how long that is), {client} and "
		"{recipient} are filled in.",
		NULL},
	{"limit", "from", GP_KIND_SET, IN_LIMIT(from), "", 0, 8, origins,
		"Which mail is counted: of authenticated users, of clients in trusted_networks "
		"that have not logged in, of all others. Empty: what the key makes sense for.",
		NULL},
	{"limit", "ipv4_prefix", GP_KIND_UINT, IN_LIMIT(ipv4_prefix), "24", 8, 32, NULL,
		"With key = network: how many bits of an IPv4 address are the network.", NULL},
	{"limit", "ipv6_prefix", GP_KIND_UINT, IN_LIMIT(ipv6_prefix), "64", 16, 128, NULL,
		"With key = client or network: how many bits of an IPv6 address are counted "
		"together. A household has a /64 or a shorter prefix, and may use another address "
		"for each mail. With key = client, an override for a longer prefix has a counter "
		"of its own.",
		NULL},
	{"limit", "subaddress", GP_KIND_CHOICE, IN_LIMIT(subaddress), "keep", 0, 0, subaddresses,
		"With key = sender: is user+detail@example.org counted by itself (keep), or with "
		"user@example.org (strip)? What begins with a plus, +detail@example.org, is a name "
		"of its own, as it is for Postfix.",
		NULL},
	{"limit", "domains", GP_KIND_NAMES, IN_LIMIT(domains), "", 0, 1024, NULL,
		"With key = sender or sender_domain: only senders of these domains are counted, "
		"your own for example, so that what is forwarded from a large provider uses up "
		"nothing. Empty: all are.",
		NULL},

	{"override", "user", GP_KIND_LOGIN, IN_OVERRIDE(user), NULL, 0, 320, NULL,
		"An authenticated user, for limits whose key is user.", "newsletter@example.org"},
	{"override", "domain", GP_KIND_DOMAIN, IN_OVERRIDE(domain), NULL, 0, 320, NULL,
		"The domain of a user's name, for limits whose key is user or user_domain. An "
		"override for the user itself comes first.",
		"example.net"},
	{"override", "sender", GP_KIND_MAILBOX, IN_OVERRIDE(sender), NULL, 0, 320, NULL,
		"An address in MAIL FROM, for limits whose key is sender.", "reports@example.org"},
	{"override", "sender_domain", GP_KIND_DOMAIN, IN_OVERRIDE(sender_domain), NULL, 0, 320,
		NULL,
		"A domain in MAIL FROM, for limits whose key is sender or sender_domain. An "
		"override for the sender itself comes first.",
		"example.net"},
	{"override", "client", GP_KIND_NETWORK, IN_OVERRIDE(client), NULL, 0, 0, NULL,
		"An address or a network of clients, for limits whose key is client or network; "
		"with network, one that is no smaller than what the limit counts together.",
		"192.0.2.0/24"},

	{"policyd", "listen", GP_KIND_LISTEN, AT(policyd.listen), "", 0, 16, NULL,
		"Sockets: unix:/path, inet:ADDRESS:PORT or inet:[IPV6]:PORT. Whoever can connect "
		"may ask: keep it on this machine. [::] is IPv6 only. Sockets that the service "
		"manager hands over (gatepost-policyd.socket) are served as well. Empty: only "
		"those, or inet:127.0.0.1:10040 where there are none.",
		NULL},
	{"policyd", "socket_mode", GP_KIND_MODE, AT(policyd.socket_mode), "0660", 0, 0777, NULL,
		"Permissions of unix sockets, which belong to the group of mail_user. Whoever may "
		"ask may use up what a limit allows to others: 0666 is for machines without other "
		"users.",
		NULL},
	{"policyd", "mail_user", GP_KIND_TEXT, AT(policyd.mail_user), GP_CONFIG_MAIL_USER, 1, 64,
		NULL,
		"User that the mail server asks as (mail_owner of Postfix). Unix sockets belong to "
		"its group, where the daemon is started as root or belongs to that group itself; "
		"and it may hold all connections.",
		NULL},
	{"policyd", "user", GP_KIND_TEXT, AT(policyd.user), GP_CONFIG_USER, 0, 64, NULL,
		"Who the daemon becomes when it is started as root.", NULL},
	{"policyd", "group", GP_KIND_TEXT, AT(policyd.group), "", 0, 64, NULL,
		"Its group. Empty: the user's.", NULL},
	{"policyd", "chroot", GP_KIND_PATH, AT(policyd.chroot), "", 0, 1024, NULL,
		"Folder to be confined to when started as root. A reload then reads the "
		"configuration inside it, under the same path.",
		NULL},
	{"policyd", "max_connections", GP_KIND_UINT, AT(policyd.max_connections), "1000", 1, 30000,
		NULL,
		"Connections at once. For a further one that which is idle for longest is closed "
		"(Postfix opens another when it has something to ask); while none is idle, the "
		"next one that is answered makes room. A request that finds none within 5 s (half "
		"of deadline, if that is less) is answered as on_trouble says. A local user other "
		"than root and mail_user may hold a quarter of them.",
		NULL},
	{"policyd", "idle_timeout", GP_KIND_MSEC, AT(policyd.idle_timeout_ms), "10m", 1000,
		86400000, NULL,
		"A connection without a request is closed after this; longer than the 300 s after "
		"which Postfix closes it itself (smtpd_policy_service_max_idle).",
		NULL},
	{"policyd", "deadline", GP_KIND_MSEC, AT(policyd.deadline_ms), "20s", 100, 90000, NULL,
		"An answer is given within this, whatever DNS does. Keep it below the timeout of "
		"the service in main.cf (100 s unless it is set there), or Postfix gives up first "
		"and does what default_action says.",
		NULL},
	{"policyd", "request_memory", GP_KIND_BYTES, AT(policyd.request_memory), "4M", 524288,
		67108864, NULL,
		"What one request may use at most; one that needs more is deferred.", NULL},
	{"policyd", "supervise", GP_KIND_BOOL, AT(policyd.supervise), "yes", 0, 0, NULL,
		"Keep a small parent that holds the sockets and starts the daemon again should it "
		"crash.",
		NULL},
	{"policyd", "watchdog", GP_KIND_MSEC, AT(policyd.watchdog_ms), "1m", 0, 3600000, NULL,
		"When the daemon has not moved for so long, its parent ends it and starts it "
		"again. At least 10s, or 0: never. The watchdog of a systemd unit (3 min in the "
		"packages) holds besides.",
		NULL},
	{"policyd", "seccomp", GP_KIND_CHOICE, AT(policyd.seccomp), "enforce", 0, 0, seccomp,
		"What a system call does that the daemon has no need of: enforce ends the process, "
		"which is then started again; log lets it pass and leaves a line in the kernel's "
		"log; off asks for no filter. Without libseccomp there is none.",
		NULL},
	{"policyd", "on_trouble", GP_KIND_CHOICE, AT(policyd.on_trouble), "defer", 0, 0,
		accept_defer,
		"What becomes of a mail that cannot be checked for want of our own: open files, "
		"memory, threads, connections that are not at work, places for questions to DNS. "
		"defer: 451 4.3.0, unless nothing may be refused anyway (spf.mode is not enforce, "
		"and there are no limits). It is logged once a minute and counted.",
		NULL},
	{"policyd", "pass_action", GP_KIND_TEXT, AT(policyd.pass_action), "", 0, 200, NULL,
		"What Postfix is told when SPF passes, in place of the header: the name of a "
		"restriction class of yours, for example.",
		NULL},
	{"policyd", "control_socket", GP_KIND_PATH, AT(policyd.control_socket),
		"/run/gatepost/control", 0, 107, NULL,
		"Unix socket on which gatepost asks the daemon and gives it orders. Empty: none.",
		NULL},
	{"policyd", "control_mode", GP_KIND_MODE, AT(policyd.control_mode), "0600", 0, 0777, NULL,
		"Its permissions: whoever can connect may release what is locked.", NULL},

	{"metrics", "listen", GP_KIND_LISTEN, AT(metrics.listen), "", 0, 4, NULL,
		"Where the numbers of gatepost metrics are served over HTTP as well, under "
		"/metrics: inet:127.0.0.1:9740, for example; the loopback only. Empty: nowhere.",
		NULL},

	{"exim", "on_error", GP_KIND_CHOICE, AT(exim.on_error), "accept", 0, 0, accept_defer,
		"When the module itself has trouble: no memory, no spool file, a broken "
		"configuration. The log says what.",
		NULL},
	{"exim", "deadline", GP_KIND_MSEC, AT(exim.deadline_ms), "20s", 100, 300000, NULL,
		"A check of a message ends within this, whatever DNS does.", NULL},
	{"exim", "memory", GP_KIND_BYTES, AT(exim.memory), "16M", 1048576, 268435456, NULL,
		"What one message may use at most, however large its body; its header counts.",
		NULL},
	{"exim", "cache_entries", GP_KIND_UINT, AT(exim.cache_entries), "1000", 16, 100000, NULL,
		"Answers of DNS that a process remembers while its connection lasts.", NULL},

	{"log", "target", GP_KIND_CHOICE, AT(log.target), "stderr", 0, 0, log_targets,
		"stderr (for systemd and tests) or syslog.", NULL},
	{"log", "format", GP_KIND_CHOICE, AT(log.format), "text", 0, 0, log_formats,
		"text: key=value. json: an object a line.", NULL},
	{"log", "level", GP_KIND_CHOICE, AT(log.level), "info", 0, 0, log_levels,
		"What is less urgent is left out; decisions are info.", NULL},
	{"log", "facility", GP_KIND_CHOICE, AT(log.facility), "mail", 0, 0, facilities,
		"Facility of syslog.", NULL},
};
_Static_assert(sizeof gp_config_rows / sizeof gp_config_rows[0] <= GP_CONFIG_ROWS_MAX,
	"what the loader keeps for each row has no place for so many");
_Static_assert(
	sizeof gp_config_sections / sizeof gp_config_sections[0] <= GP_CONFIG_SECTIONS_MAX + 1,
	"there is no place for the ranges of so many");
const size_t gp_config_row_count = sizeof gp_config_rows / sizeof gp_config_rows[0];
const size_t gp_config_section_count = sizeof gp_config_sections / sizeof gp_config_sections[0] - 1;
