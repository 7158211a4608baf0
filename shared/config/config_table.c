/* SPDX-License-Identifier: ISC */
/*
 * Every option of the configuration file, one row each. The reader, the error texts, the dump, the
 * example file and the man page all come from these rows.
 */
#include "config/config_private.h"

#include <string.h>
#include <syslog.h>

static const struct gp_config_choice modes[] = {
	{"off", GP_MODE_OFF}, {"label", GP_MODE_LABEL}, {"enforce", GP_MODE_ENFORCE}, {NULL, 0}};
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

const struct gp_config_section gp_config_sections[] = {
	{"spf", "The check of the sender's domain at RCPT time (RFC 7208)."},
	{"dns", "Who is asked, how long is waited, what is remembered."},
	{"policyd", "The daemon itself. Changes of listen, socket_mode, user, group, chroot, "
		    "supervise and max_connections take effect at a restart, all others at a "
		    "reload (SIGHUP)."},
	{"log", "What is written about decisions and trouble, and where."},
	{NULL, NULL},
};

#define AT(member) offsetof(struct gp_config, member)

const struct gp_config_row gp_config_rows[] = {
	{NULL, "hostname", GP_KIND_TEXT, AT(hostname), "", 0, 253, NULL,
		"Name of this host in the headers that are added (the authserv-id of RFC 8601) and "
		"for the SPF macro r. Empty: the machine's own name."},
	{NULL, "trusted_networks", GP_KIND_PREFIXES, AT(trusted_networks), "", 0, 1024, NULL,
		"Clients that nothing is asked of: your own servers and users' networks. Mail of "
		"authenticated users always passes."},
	{NULL, "own_networks", GP_KIND_PREFIXES, AT(own_networks), "", 0, 1024, NULL,
		"Public addresses of your own from which all mail seems to come when a NAT or "
		"proxy "
		"stands before Postfix. SPF says nothing about such a client and never refuses it; "
		"private and loopback addresses, and a client whose address is the server's, are "
		"treated so without being listed."},

	{"spf", "mode", GP_KIND_CHOICE, AT(spf.mode), "enforce", 0, 0, modes,
		"off: no check. label: check, log and add the header, refuse nothing; the log says "
		"what enforce would have done. enforce: refuse as well."},
	{"spf", "reject", GP_KIND_VERDICTS, AT(spf.reject), "fail", 0, 8, verdicts,
		"Verdicts about MAIL FROM that are refused. no-mail: the fail of a domain whose "
		"whole "
		"record is v=spf1 -all."},
	{"spf", "helo", GP_KIND_CHOICE, AT(spf.helo), "null-sender", 0, 0, helo_when,
		"When the HELO name alone may refuse a mail. off: it is not looked at, except that "
		"it "
		"stands for MAIL FROM when that is empty (RFC 7208 2.4), for the header. label: "
		"looked at, never refused. null-sender: only when MAIL FROM is empty. always."},
	{"spf", "helo_reject", GP_KIND_VERDICTS, AT(spf.helo_reject), "fail", 0, 8, verdicts,
		"Verdicts about HELO that are refused, where helo allows it."},
	{"spf", "on_temperror", GP_KIND_CHOICE, AT(spf.on_temperror), "accept", 0, 0, accept_defer,
		"When DNS gives no answer for the moment: accept and label, or defer."},
	{"spf", "on_permerror", GP_KIND_CHOICE, AT(spf.on_permerror), "accept", 0, 0,
		accept_defer_reject,
		"When the domain's record is broken: accept and label, defer, or reject."},
	{"spf", "must_pass", GP_KIND_NAMES, AT(spf.must_pass), "", 0, 1024, NULL,
		"Sender domains whose mail is refused unless SPF passes (temporary errors are "
		"deferred). .example.org stands for all names below example.org."},
	{"spf", "exempt_clients", GP_KIND_PREFIXES, AT(spf.exempt_clients), "", 0, 1024, NULL,
		"Client networks that are not checked: your backup MX and the forwarders that send "
		"you mail of others."},
	{"spf", "exempt_client_names", GP_KIND_NAMES, AT(spf.exempt_client_names), "", 0, 1024,
		NULL,
		"Clients whose verified name (the client_name of Postfix) is listed or below."},
	{"spf", "exempt_helo", GP_KIND_NAMES, AT(spf.exempt_helo), "", 0, 1024, NULL,
		"HELO names that are not checked. Anybody can say any name: prefer "
		"exempt_clients."},
	{"spf", "exempt_senders", GP_KIND_NAMES, AT(spf.exempt_senders), "", 0, 1024, NULL,
		"Sender domains that are not checked. Anybody can write any sender: use it for a "
		"domain whose record is known to be wrong, as long as it is."},
	{"spf", "exempt_recipients", GP_KIND_ADDRESSES, AT(spf.exempt_recipients), "postmaster@", 0,
		1024, NULL,
		"Recipients that are reached in any case: user@example.org, user@ (in every "
		"domain), "
		"example.org, or .example.org for the domains below it. "
		"The default lets others tell you that your mail server turns them away."},
	{"spf", "forwarders", GP_KIND_NAMES, AT(spf.forwarders), "", 0, 16, NULL,
		"Domains that forward mail to your users: before a mail is refused, SPF is asked "
		"whether the client may send for one of these, and if so it is accepted."},
	{"spf", "reject_code", GP_KIND_CODE, AT(spf.reject_code), "550 5.7.23", 0, 0, NULL,
		"Reply to a refused mail: code and enhanced code (RFC 7372)."},
	{"spf", "temperror_code", GP_KIND_CODE, AT(spf.temperror_code), "451 4.4.3", 4, 0, NULL,
		"Reply where a temperror is deferred."},
	{"spf", "permerror_code", GP_KIND_CODE, AT(spf.permerror_code), "451 4.7.24", 4, 0, NULL,
		"Reply where a permerror is deferred."},
	{"spf", "permerror_reject_code", GP_KIND_CODE, AT(spf.permerror_reject_code), "550 5.7.24",
		5, 0, NULL, "Reply where a permerror is rejected."},
	{"spf", "reject_text", GP_KIND_TEMPLATE, AT(spf.reject_text),
		"SPF {result}: {domain} does not authorise {client} to send its mail "
		"({identity}={value}, mechanism {mechanism})",
		0, 300, NULL,
		"Text of the reply. {result}, {identity}, {value} (what the client said), "
		"{domain}, "
		"{client}, {mechanism}, {problem}, {recipient} and {hostname} are filled in."},
	{"spf", "error_text", GP_KIND_TEMPLATE, AT(spf.error_text),
		"SPF {result} for {domain} ({identity}={value}, client {client}): {problem}", 0,
		300, NULL, "Text of the reply for temperror and permerror."},
	{"spf", "url", GP_KIND_TEMPLATE, AT(spf.url), "", 0, 200, NULL,
		"A page of yours that explains the refusal, put behind the text. The same names "
		"are "
		"filled in."},
	{"spf", "explanation", GP_KIND_BOOL, AT(spf.explanation), "yes", 0, 0, NULL,
		"Quote the explanation that the domain itself publishes (exp=) in the reply."},
	{"spf", "header", GP_KIND_CHOICE, AT(spf.header), "authentication-results", 0, 0, headers,
		"The header field that accepted mail gets, once a message."},
	{"spf", "max_terms", GP_KIND_UINT, AT(spf.limits.max_terms), "10", 1, 100, NULL,
		"Terms of a domain's records that may ask DNS (RFC 7208 4.6.4)."},
	{"spf", "max_names", GP_KIND_UINT, AT(spf.limits.max_names), "10", 1, 50, NULL,
		"Names under one mx or ptr (RFC 7208 4.6.4)."},
	{"spf", "max_voids", GP_KIND_UINT, AT(spf.limits.max_voids), "2", 0, 100, NULL,
		"Terms that may find nothing in DNS (RFC 7208 4.6.4)."},

	{"dns", "servers", GP_KIND_SERVERS, AT(dns_servers), "", 0, GP_DNS_SERVERS_MAX, NULL,
		"Resolvers, in order of preference: 192.0.2.1, 192.0.2.1:5353, 2001:db8::1 or "
		"[2001:db8::1]:5353. Empty: those of resolv_conf. Use one near you, best on this "
		"machine."},
	{"dns", "resolv_conf", GP_KIND_PATH, AT(resolv_conf), "/etc/resolv.conf", 0, 1024, NULL,
		"Read at start and reload when servers is empty."},
	{"dns", "timeout", GP_KIND_MSEC, AT(dns.timeout_ms), "2s", 50, 30000, NULL,
		"How long one server is waited for before the next is asked."},
	{"dns", "attempts", GP_KIND_UINT, AT(dns.attempts), "2", 1, 5, NULL,
		"Rounds over all servers."},
	{"dns", "trust_ad", GP_KIND_BOOL, AT(dns.trust_ad), "no", 0, 0, NULL,
		"The resolver validates DNSSEC and the way to it is safe (best: on this machine)."},
	{"dns", "cache_entries", GP_KIND_SIZE, AT(dns_cache.entries), "100000", 16, 10000000, NULL,
		"Answers that are remembered, for all connections together; about 250 bytes each."},
	{"dns", "ttl_min", GP_KIND_SEC, AT(dns_cache.ttl_min_s), "5s", 0, 3600, NULL,
		"An answer is kept at least so long."},
	{"dns", "ttl_max", GP_KIND_SEC, AT(dns_cache.ttl_max_s), "1d", 1, 604800, NULL,
		"An answer is kept at most so long."},
	{"dns", "negative_max", GP_KIND_SEC, AT(dns_cache.negative_max_s), "15m", 0, 10800, NULL,
		"That there is nothing is remembered at most so long (RFC 2308)."},
	{"dns", "failure_ttl", GP_KIND_SEC, AT(dns_cache.failure_s), "15s", 0, 300, NULL,
		"That no server gave an answer is remembered so long (RFC 2308 7)."},

	{"policyd", "listen", GP_KIND_LISTEN, AT(policyd.listen), "inet:127.0.0.1:10040", 1, 16,
		NULL,
		"Sockets: unix:/path, inet:ADDRESS:PORT or inet:[IPV6]:PORT. Whoever can connect "
		"may "
		"ask: keep it on this machine. [::] is IPv6 only."},
	{"policyd", "socket_mode", GP_KIND_MODE, AT(policyd.socket_mode), "0666", 0, 0777, NULL,
		"Permissions of unix sockets."},
	{"policyd", "user", GP_KIND_TEXT, AT(policyd.user), "gatepost", 0, 64, NULL,
		"Who the daemon becomes when it is started as root."},
	{"policyd", "group", GP_KIND_TEXT, AT(policyd.group), "", 0, 64, NULL,
		"Its group. Empty: the user's."},
	{"policyd", "chroot", GP_KIND_PATH, AT(policyd.chroot), "", 0, 1024, NULL,
		"Folder to be confined to when started as root. A reload then reads the "
		"configuration "
		"inside it, under the same path."},
	{"policyd", "max_connections", GP_KIND_UINT, AT(policyd.max_connections), "1000", 1, 30000,
		NULL, "Connections at once; further ones wait until one ends."},
	{"policyd", "idle_timeout", GP_KIND_MSEC, AT(policyd.idle_timeout_ms), "1h", 1000, 86400000,
		NULL,
		"A connection without a request is closed after this; longer than the 1000 s of "
		"Postfix."},
	{"policyd", "deadline", GP_KIND_MSEC, AT(policyd.deadline_ms), "20s", 100, 90000, NULL,
		"An answer is given within this, whatever DNS does. Keep it below the timeout of "
		"the "
		"service in main.cf (100 s unless it is set there), or Postfix gives up first and "
		"does what default_action says."},
	{"policyd", "request_memory", GP_KIND_BYTES, AT(policyd.request_memory), "4M", 524288,
		67108864, NULL,
		"What one request may use at most; one that needs more is deferred."},
	{"policyd", "supervise", GP_KIND_BOOL, AT(policyd.supervise), "yes", 0, 0, NULL,
		"Keep a small parent that holds the sockets and starts the daemon again should it "
		"crash."},
	{"policyd", "pass_action", GP_KIND_TEXT, AT(policyd.pass_action), "", 0, 200, NULL,
		"What Postfix is told when SPF passes, in place of the header: the name of a "
		"restriction class of yours, for example."},

	{"log", "target", GP_KIND_CHOICE, AT(log.target), "stderr", 0, 0, log_targets,
		"stderr (for systemd and tests) or syslog."},
	{"log", "format", GP_KIND_CHOICE, AT(log.format), "text", 0, 0, log_formats,
		"text: key=value. json: an object a line."},
	{"log", "level", GP_KIND_CHOICE, AT(log.level), "info", 0, 0, log_levels,
		"What is less urgent is left out; decisions are info."},
	{"log", "facility", GP_KIND_CHOICE, AT(log.facility), "mail", 0, 0, facilities,
		"Facility of syslog."},
};
const size_t gp_config_row_count = sizeof gp_config_rows / sizeof gp_config_rows[0];

/* gp_config_same_section: both the top level, or the same name. */
bool gp_config_same_section(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}
