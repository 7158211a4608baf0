/* SPDX-License-Identifier: ISC */
/*
 * The sections of the configuration file, in the order of the example: those of the checks own
 * their rows; those of the programs have them here. The reader, the error texts, the dump, the
 * example file and the man page all come from these rows.
 */
#include "config/config_private.h"

#include <syslog.h>

#include "dns/dns_options.h"
#include "limit/limit_options.h"

static const struct gp_option_choice log_targets[] = {
	{"stderr", GP_LOG_TO_STDERR}, {"syslog", GP_LOG_TO_SYSLOG}, {NULL, 0}};
static const struct gp_option_choice log_formats[] = {
	{"text", GP_LOG_AS_TEXT}, {"json", GP_LOG_AS_JSON}, {NULL, 0}};
static const struct gp_option_choice log_levels[] = {{"error", GP_LOG_ERROR},
	{"warning", GP_LOG_WARNING}, {"notice", GP_LOG_NOTICE}, {"info", GP_LOG_INFO},
	{"debug", GP_LOG_DEBUG}, {NULL, 0}};
static const struct gp_option_choice facilities[] = {{"mail", LOG_MAIL}, {"daemon", LOG_DAEMON},
	{"local0", LOG_LOCAL0}, {"local1", LOG_LOCAL1}, {"local2", LOG_LOCAL2},
	{"local3", LOG_LOCAL3}, {"local4", LOG_LOCAL4}, {"local5", LOG_LOCAL5},
	{"local6", LOG_LOCAL6}, {"local7", LOG_LOCAL7}, {NULL, 0}};
static const struct gp_option_choice seccomp[] = {{"off", GP_SECCOMP_OFF}, {"log", GP_SECCOMP_LOG},
	{"enforce", GP_SECCOMP_ENFORCE}, {NULL, 0}};

#define AT(member) offsetof(struct gp_config, member)

static const struct gp_option top_rows[] = {
	{NULL, "hostname", GP_KIND_TEXT, AT(hostname), "", 0, 253, NULL,
		"Name of this host in the headers that are added (the authserv-id of RFC 8601) and "
		"for the SPF macro r. Empty: the machine's own name.",
		NULL, false},
	{NULL, "trusted_networks", GP_KIND_PREFIXES, AT(trusted_networks), "", 0, 1024, NULL,
		"Clients that nothing is asked of: your own servers and users' networks. Mail of "
		"authenticated users always passes.",
		NULL, false},
	{NULL, "own_networks", GP_KIND_PREFIXES, AT(own_networks), "", 0, 1024, NULL,
		"Public addresses of your own from which all mail seems to come when a NAT or "
		"proxy stands before Postfix. SPF says nothing about such a client and never "
		"refuses it; private and loopback addresses, and a client whose address is the "
		"server's, are treated so without being listed.",
		NULL, false},
	{NULL, "nat64_prefixes", GP_KIND_PREFIXES, AT(nat64_prefixes), "", 0, 16, NULL,
		"Prefixes under which a NAT64 of yours shows clients of IPv4 as addresses of IPv6, "
		"besides 64:ff9b::/96; of 32, 40, 48, 56, 64 or 96 bits (RFC 6052). Such a client "
		"is judged, counted and compared with lists as the address of IPv4 within; private "
		"addresses under a prefix of your own are hosts of yours. An address within that "
		"no translator shows (loopback, link-local, multicast), and under 64:ff9b::/96 any "
		"that is not global (RFC 6052 3.1), is not looked at: the client is the address of "
		"IPv6 that it is.",
		NULL, false},
	{NULL, "include", GP_KIND_FILES, AT(includes), "", 0, 64, NULL,
		"Further files, read as if their text stood at the end of this one. The last part "
		"of a path may be a pattern as a shell has them; its files are read in the order "
		"of their names. A file that is named has to be there. Only the main file may "
		"include. Files *.conf in the folder conf.d beside the main one are read after "
		"these without being named, and may set again what is set before.",
		NULL, false},
};
static const struct gp_option_section top_section = {
	NULL, NULL, top_rows, sizeof top_rows / sizeof top_rows[0], sizeof(struct gp_config)};

static const struct gp_option policyd_rows[] = {
	{"policyd", "listen", GP_KIND_LISTEN, AT(policyd.listen), "", 0, 16, NULL,
		"Sockets: unix:/path, inet:ADDRESS:PORT or inet:[IPV6]:PORT. Whoever can connect "
		"may ask: keep it on this machine. [::] is IPv6 only. Sockets that the service "
		"manager hands over (gatepost-policyd.socket) are served as well. Empty: only "
		"those, or inet:127.0.0.1:10040 where there are none.",
		NULL, false},
	{"policyd", "socket_mode", GP_KIND_MODE, AT(policyd.socket_mode), "0660", 0, 0777, NULL,
		"Permissions of unix sockets, which belong to the group of mail_user. Whoever may "
		"ask may use up what a limit allows to others: 0666 is for machines without other "
		"users.",
		NULL, false},
	{"policyd", "mail_user", GP_KIND_TEXT, AT(policyd.mail_user), GP_CONFIG_MAIL_USER, 1, 64,
		NULL,
		"User that the mail server asks as (mail_owner of Postfix). Unix sockets belong to "
		"its group, where the daemon is started as root or belongs to that group itself; "
		"and it may hold all connections.",
		NULL, false},
	{"policyd", "user", GP_KIND_TEXT, AT(policyd.user), GP_CONFIG_USER, 0, 64, NULL,
		"Who the daemon becomes when it is started as root.", NULL, false},
	{"policyd", "group", GP_KIND_TEXT, AT(policyd.group), "", 0, 64, NULL,
		"Its group. Empty: the user's.", NULL, false},
	{"policyd", "chroot", GP_KIND_PATH, AT(policyd.chroot), "", 0, 1024, NULL,
		"Folder to be confined to when started as root. A reload then reads the "
		"configuration inside it, under the same path.",
		NULL, false},
	{"policyd", "max_connections", GP_KIND_UINT, AT(policyd.max_connections), "1000", 1, 30000,
		NULL,
		"Connections at once. For a further one that which is idle for longest is closed "
		"(Postfix opens another when it has something to ask); while none is idle, the "
		"next one that is answered makes room. A request that finds none within 5 s (half "
		"of deadline, if that is less) is answered as on_trouble says. A local user other "
		"than root and mail_user may hold a quarter of them.",
		NULL, false},
	{"policyd", "idle_timeout", GP_KIND_MSEC, AT(policyd.idle_timeout_ms), "10m", 1000,
		86400000, NULL,
		"A connection without a request is closed after this; longer than the 300 s after "
		"which Postfix closes it itself (smtpd_policy_service_max_idle).",
		NULL, false},
	{"policyd", "deadline", GP_KIND_MSEC, AT(policyd.deadline_ms), "20s", 100, 90000, NULL,
		"An answer is given within this, whatever DNS does. Keep it below the timeout of "
		"the service in main.cf (100 s unless it is set there), or Postfix gives up first "
		"and does what default_action says.",
		NULL, false},
	{"policyd", "request_memory", GP_KIND_BYTES, AT(policyd.request_memory), "4M", 524288,
		67108864, NULL,
		"What one request may use at most; one that needs more is deferred.", NULL, false},
	{"policyd", "supervise", GP_KIND_BOOL, AT(policyd.supervise), "yes", 0, 0, NULL,
		"Keep a small parent that holds the sockets and starts the daemon again should it "
		"crash.",
		NULL, false},
	{"policyd", "watchdog", GP_KIND_MSEC, AT(policyd.watchdog_ms), "1m", 0, 3600000, NULL,
		"When the daemon has not moved for so long, its parent ends it and starts it "
		"again. At least 10s, or 0: never. The watchdog of a systemd unit (3 min in the "
		"packages) holds besides.",
		NULL, false},
	{"policyd", "seccomp", GP_KIND_CHOICE, AT(policyd.seccomp), "enforce", 0, 0, seccomp,
		"What a system call does that the daemon has no need of: enforce ends the process, "
		"which is then started again; log lets it pass and leaves a line in the kernel's "
		"log; off asks for no filter. Without libseccomp there is none.",
		NULL, false},
	{"policyd", "on_trouble", GP_KIND_CHOICE, AT(policyd.on_trouble), "defer", 0, 0,
		gp_option_accept_defer,
		"What becomes of a mail that cannot be checked for want of our own: open files, "
		"memory, threads, connections that are not at work, places for questions to DNS. "
		"defer: 451 4.3.0, unless nothing may be refused anyway (spf.mode is not enforce, "
		"and there are no limits). It is logged once a minute and counted.",
		NULL, false},
	{"policyd", "pass_action", GP_KIND_TEXT, AT(policyd.pass_action), "", 0, 200, NULL,
		"What Postfix is told when SPF passes, in place of the header: the name of a "
		"restriction class of yours, for example.",
		NULL, false},
	{"policyd", "control_socket", GP_KIND_PATH, AT(policyd.control_socket),
		"/run/gatepost/control", 0, 107, NULL,
		"Unix socket on which gatepost asks the daemon and gives it orders. Empty: none.",
		NULL, false},
	{"policyd", "control_mode", GP_KIND_MODE, AT(policyd.control_mode), "0600", 0, 0777, NULL,
		"Its permissions: whoever can connect may release what is locked.", NULL, false},
};
static const struct gp_option_section policyd_section = {"policyd",
	"The daemon itself. Changes of listen, socket_mode, mail_user, user, group, "
	"chroot, supervise, watchdog, seccomp, max_connections, control_socket and "
	"control_mode take effect at a restart, all others at a reload (SIGHUP).",
	policyd_rows, sizeof policyd_rows / sizeof policyd_rows[0], sizeof(struct gp_config)};

static const struct gp_option metrics_rows[] = {
	{"metrics", "listen", GP_KIND_LISTEN, AT(metrics.listen), "", 0, 4, NULL,
		"Where the numbers of gatepost metrics are served over HTTP as well, under "
		"/metrics: inet:127.0.0.1:9740, for example; the loopback only. Empty: nowhere.",
		NULL, false},
};
static const struct gp_option_section metrics_section = {"metrics",
	"Numbers of the daemon for Prometheus. A change takes effect at a restart.", metrics_rows,
	sizeof metrics_rows / sizeof metrics_rows[0], sizeof(struct gp_config)};

static const struct gp_option exim_rows[] = {
	{"exim", "on_error", GP_KIND_CHOICE, AT(exim.on_error), "accept", 0, 0,
		gp_option_accept_defer,
		"When the module itself has trouble: no memory, no spool file, a broken "
		"configuration. The log says what.",
		NULL, false},
	{"exim", "deadline", GP_KIND_MSEC, AT(exim.deadline_ms), "20s", 100, 300000, NULL,
		"A check of a message ends within this, whatever DNS does.", NULL, false},
	{"exim", "memory", GP_KIND_BYTES, AT(exim.memory), "16M", 1048576, 268435456, NULL,
		"What one message may use at most, however large its body; its header counts.",
		NULL, false},
	{"exim", "cache_entries", GP_KIND_UINT, AT(exim.cache_entries), "1000", 16, 100000, NULL,
		"Answers of DNS that a process remembers while its connection lasts.", NULL, false},
};
static const struct gp_option_section exim_section = {"exim",
	"The module for Exim, gatepost-exim.so.", exim_rows, sizeof exim_rows / sizeof exim_rows[0],
	sizeof(struct gp_config)};

static const struct gp_option log_rows[] = {
	{"log", "target", GP_KIND_CHOICE, AT(log.target), "stderr", 0, 0, log_targets,
		"stderr (for systemd and tests) or syslog.", NULL, false},
	{"log", "format", GP_KIND_CHOICE, AT(log.format), "text", 0, 0, log_formats,
		"text: key=value. json: an object a line.", NULL, false},
	{"log", "level", GP_KIND_CHOICE, AT(log.level), "info", 0, 0, log_levels,
		"What is less urgent is left out; decisions are info.", NULL, false},
	{"log", "facility", GP_KIND_CHOICE, AT(log.facility), "mail", 0, 0, facilities,
		"Facility of syslog.", NULL, false},
};
static const struct gp_option_section log_section = {"log",
	"What is written about decisions and trouble, and where.", log_rows,
	sizeof log_rows / sizeof log_rows[0], sizeof(struct gp_config)};

const struct gp_config_section gp_config_top = {.own = &top_section};

const struct gp_config_section gp_config_sections[] = {
	{.own = &gp_spf_section, .offset = AT(spf)},
	{.own = &gp_dkim_section, .offset = AT(dkim)},
	{.own = &gp_arc_section, .offset = AT(arc)},
	{.own = &gp_dmarc_section, .offset = AT(dmarc)},
	{.own = &gp_dns_section, .offset = AT(dns_settings)},
	{.own = &gp_store_section, .offset = AT(store_settings)},
	{.own = &gp_limit_set_section, .offset = AT(limits)},
	{.own = &gp_limit_section, .times = GP_SECTION_NAMED},
	{.own = &gp_limit_override_section, .times = GP_SECTION_MANY},
	{.own = &policyd_section},
	{.own = &metrics_section},
	{.own = &exim_section},
	{.own = &log_section},
	{.own = NULL},
};
