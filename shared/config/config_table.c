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

static const struct gp_option_choice log_targets[] = {{"stderr", GP_LOG_TO_STDERR},
	{"syslog", GP_LOG_TO_SYSLOG}, {"file", GP_LOG_TO_FILE}, {NULL, 0}};
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
		"Name of this host. It is the authserv-id in the header fields that are added "
		"(RFC 8601) and the SPF macro r. Empty: the name that the machine itself has. "
		"Set it when that is not a full name, or when several hosts are to use one "
		"name.",
		NULL, 0},
	{NULL, "trusted_networks", GP_KIND_PREFIXES, AT(trusted_networks), "", 0, 1024, NULL,
		"Networks of your own servers and users. Their mail is exempt from SPF, DKIM, "
		"ARC and DMARC; limits still apply to it. Name the networks of mynetworks here "
		"if Postfix asks before permit_mynetworks. Mail of authenticated users and of "
		"programs on this host is exempt without being listed.",
		NULL, 0},
	{NULL, "own_networks", GP_KIND_PREFIXES, AT(own_networks), "", 0, 1024, NULL,
		"Public addresses of your own NAT or proxy, from which mail of all other hosts "
		"seems to come. SPF does not judge and never refuses such a client, since its "
		"address says nothing about the sender. Private and loopback addresses, and a "
		"client with the address of this server, are treated like this without being "
		"listed.",
		NULL, 0},
	{NULL, "nat64_prefixes", GP_KIND_PREFIXES, AT(nat64_prefixes), "", 0, 16, NULL,
		"Prefixes of your own NAT64, in addition to 64:ff9b::/96 (RFC 6052); their "
		"length is 32, 40, 48, 56, 64 or 96 bits. A client with an address under such "
		"a prefix is judged, counted and compared with lists by the IPv4 address that "
		"is embedded in it. A private IPv4 address under a prefix that is listed here "
		"is a host of yours. The client keeps its IPv6 address if no translator can "
		"produce the embedded one (loopback, link-local, multicast) or, under "
		"64:ff9b::/96, if that is not global (RFC 6052 3.1).",
		NULL, 0},
	{NULL, "include", GP_KIND_FILES, AT(includes), "", 0, 64, NULL,
		"Further files to read. Their text is read as if it stood at the end of this "
		"file. The last part of a path may be a shell pattern; the files that match "
		"are read in the order of their names. A path without a pattern has to exist. "
		"Only the main file may use include. Files conf.d/*.conf beside the main file "
		"are read after these without being listed, and may set again what was set "
		"before.",
		NULL, 0},
};
static const struct gp_option_section top_section = {
	NULL, NULL, top_rows, sizeof top_rows / sizeof top_rows[0], sizeof(struct gp_config)};

static const struct gp_option policyd_rows[] = {
	{"policyd", "listen", GP_KIND_LISTEN, AT(policyd.listen), "", 0, 16, NULL,
		"Sockets on which Postfix is served: unix:/path, inet:ADDRESS:PORT or "
		"inet:[IPV6]:PORT. Everybody who can connect may ask, so keep them on this "
		"host. [::] is IPv6 only. Sockets that the service manager hands over "
		"(gatepost-policyd.socket) are served as well. Empty: only those, or "
		"inet:127.0.0.1:10040 if there are none.",
		NULL, GP_OPTION_AT_START},
	{"policyd", "socket_mode", GP_KIND_MODE, AT(policyd.socket_mode), "0660", 0, 0777, NULL,
		"Permissions of the unix sockets, which belong to the group of mail_user. A "
		"user who can connect can use up the limits of others: 0666 is for machines "
		"without other users.",
		NULL, GP_OPTION_AT_START},
	{"policyd", "mail_user", GP_KIND_TEXT, AT(policyd.mail_user), GP_CONFIG_MAIL_USER, 1, 64,
		NULL,
		"User that the mail server runs as (mail_owner of Postfix). The unix sockets "
		"belong to its group if the daemon is started as root or is a member of that "
		"group. This user may hold all connections.",
		NULL, GP_OPTION_AT_START},
	{"policyd", "user", GP_KIND_TEXT, AT(policyd.user), GP_CONFIG_USER, 1, 64, NULL,
		"User that the daemon runs as when it is started as root.", NULL,
		GP_OPTION_AT_START},
	{"policyd", "group", GP_KIND_TEXT, AT(policyd.group), "", 0, 64, NULL,
		"Group that the daemon runs as when it is started as root. Empty: the primary "
		"group of user.",
		NULL, GP_OPTION_AT_START},
	{"policyd", "chroot", GP_KIND_PATH, AT(policyd.chroot), "", 0, 1024, NULL,
		"Directory that the daemon changes its root to when it is started as root. A "
		"reload then reads the configuration inside it, under the same path. Empty: no "
		"chroot.",
		NULL, GP_OPTION_AT_START},
	{"policyd", "max_connections", GP_KIND_UINT, AT(policyd.max_connections), "1000", 1, 30000,
		NULL,
		"Maximum number of connections. When they are all in use, a new one replaces "
		"the one that has been idle longest; Postfix opens another when it needs one. "
		"While none is idle, the next one that gets its answer is closed. A request "
		"that finds no place within 5 s (half of deadline, if that is shorter) is "
		"answered as on_trouble says. A local user other than root and mail_user may "
		"hold a quarter of the connections.",
		NULL, GP_OPTION_AT_START},
	{"policyd", "idle_timeout", GP_KIND_MSEC, AT(policyd.idle_timeout_ms), "10m", 1000,
		86400000, NULL,
		"A connection without a request is closed after this time. Keep it longer than "
		"the 300 s after which Postfix closes it (smtpd_policy_service_max_idle).",
		NULL, 0},
	{"policyd", "deadline", GP_KIND_MSEC, AT(policyd.deadline_ms), "20s", 100, 90000, NULL,
		"Every request is answered within this time, whatever DNS does. Keep it below "
		"the timeout of the service in main.cf (100 s unless it is set): otherwise "
		"Postfix stops waiting and does what default_action says.",
		NULL, 0},
	{"policyd", "request_memory", GP_KIND_BYTES, AT(policyd.request_memory), "4M", 524288,
		67108864, NULL,
		"Maximum memory for one request. A request that needs more is deferred, unless "
		"nothing could be refused anyway (spf.mode is not enforce, and there are no "
		"limits).",
		NULL, 0},
	{"policyd", "supervise", GP_KIND_BOOL, AT(policyd.supervise), "yes", 0, 0, NULL,
		"Whether a small parent process holds the sockets and starts the daemon again "
		"if it crashes.\n"
		"yes: it does.\n"
		"no: there is one process.",
		NULL, GP_OPTION_AT_START},
	{"policyd", "watchdog", GP_KIND_MSEC, AT(policyd.watchdog_ms), "1m", 0, 3600000, NULL,
		"If the daemon hangs for this time, its parent process kills it and starts it "
		"again. At least 10s; 0: never. The watchdog of the systemd unit (3 min in the "
		"packages) is independent of this.",
		NULL, GP_OPTION_AT_START},
	{"policyd", "seccomp", GP_KIND_CHOICE, AT(policyd.seccomp), "enforce", 0, 0, seccomp,
		"What is done about a system call that the daemon does not need. Without "
		"libseccomp there is no filter.\n"
		"off: there is no filter.\n"
		"log: the call is allowed, and the kernel logs it.\n"
		"enforce: the process is killed, and started again.",
		NULL, GP_OPTION_AT_START},
	{"policyd", "on_trouble", GP_KIND_CHOICE, AT(policyd.on_trouble), "defer", 0, 0,
		gp_option_accept_defer,
		"What is done with mail that cannot be checked because this host lacks "
		"something: open files, memory, threads, free connections, or room for DNS "
		"queries. It is counted, and logged once a minute.\n"
		"accept: the mail is accepted unchecked.\n"
		"defer: 451 4.3.0, unless nothing could be refused anyway (spf.mode is not "
		"enforce, and there are no limits).",
		NULL, 0},
	{"policyd", "pass_action", GP_KIND_TEXT, AT(policyd.pass_action), "", 0, 200, NULL,
		"Action for Postfix when SPF passes, in place of the header field: the name of "
		"one of your restriction classes, for example. Empty: the header field is "
		"added.",
		NULL, 0},
	{"policyd", "control_socket", GP_KIND_PATH, AT(policyd.control_socket),
		"/run/gatepost/control", 0, 107, NULL,
		"Unix socket on which the command gatepost talks to the daemon. Empty: none.", NULL,
		GP_OPTION_AT_START},
	{"policyd", "control_mode", GP_KIND_MODE, AT(policyd.control_mode), "0600", 0, 0777, NULL,
		"Permissions of control_socket. A user who can connect can reset counters and "
		"change limits.",
		NULL, GP_OPTION_AT_START},
};
static const struct gp_option_section policyd_section = {"policyd",
	"The policy daemon, gatepost-policyd. Changes of listen, socket_mode, "
	"mail_user, user, group, chroot, supervise, watchdog, seccomp, "
	"max_connections, control_socket and control_mode take effect at a restart, "
	"all others at a reload (SIGHUP).",
	policyd_rows, sizeof policyd_rows / sizeof policyd_rows[0], sizeof(struct gp_config)};

static const struct gp_option metrics_rows[] = {
	{"metrics", "listen", GP_KIND_LISTEN, AT(metrics.listen), "", 0, 4, NULL,
		"Where the metrics that gatepost metrics prints are served over HTTP as well, "
		"under /metrics: inet:127.0.0.1:9740, for example. Only loopback addresses are "
		"allowed. Empty: nowhere.",
		NULL, GP_OPTION_AT_START},
};
static const struct gp_option_section metrics_section = {"metrics",
	"Metrics of gatepost-policyd for Prometheus. A change takes effect at a "
	"restart.",
	metrics_rows, sizeof metrics_rows / sizeof metrics_rows[0], sizeof(struct gp_config)};

static const struct gp_option exim_rows[] = {
	{"exim", "on_error", GP_KIND_CHOICE, AT(exim.on_error), "accept", 0, 0,
		gp_option_accept_defer,
		"What is done with mail that the module cannot check because this host lacks "
		"something, such as memory, or cannot read the spool file. Syslog says what is "
		"wrong. While there is no configuration without errors at all, mail is always "
		"deferred.\n"
		"accept: the mail is accepted unchecked.\n"
		"defer: the client is told to try again.",
		NULL, 0},
	{"exim", "deadline", GP_KIND_MSEC, AT(exim.deadline_ms), "20s", 100, 300000, NULL,
		"The check of a message ends within this time, whatever DNS does.", NULL, 0},
	{"exim", "memory", GP_KIND_BYTES, AT(exim.memory), "16M", 1048576, 268435456, NULL,
		"Maximum memory for one message. The header counts, the body does not, however "
		"large it is. A message that needs more is deferred if spf, dkim or dmarc has "
		"mode = enforce, otherwise on_error decides.",
		NULL, 0},
	{"exim", "cache_entries", GP_KIND_UINT, AT(exim.cache_entries), "1000", 16, 100000, NULL,
		"DNS answers that a process of Exim remembers while its connection lasts.", NULL,
		0},
};
static const struct gp_option_section exim_section = {"exim",
	"The module for Exim, gatepost-exim.so.", exim_rows, sizeof exim_rows / sizeof exim_rows[0],
	sizeof(struct gp_config)};

static const struct gp_option log_rows[] = {
	{"log", "target", GP_KIND_CHOICE, AT(log.target), "stderr", 0, 0, log_targets,
		"Where gatepost-policyd logs. The Exim module always logs to syslog.\n"
		"stderr: to standard error; under systemd that is the journal, with a field of "
		"its own for each value.\n"
		"syslog: to syslog.\n"
		"file: to the file named by log.file, for machines without systemd.",
		NULL, 0},
	{"log", "file", GP_KIND_PATH, AT(log.file), "/var/log/gatepost/gatepost-policyd.log", 0,
		1024, NULL,
		"File for log.target = file. The daemon opens it as policyd.user and reopens "
		"it on SIGHUP, so the directory must belong to that user; a missing directory "
		"is created when the daemon is started as root. With policyd.chroot, the path "
		"is below that directory. Under systemd, a directory other than "
		"/var/log/gatepost needs ReadWritePaths= in the unit.",
		NULL, 0},
	{"log", "format", GP_KIND_CHOICE, AT(log.format), "text", 0, 0, log_formats,
		"Form of the lines.\n"
		"text: key=value, one line per event.\n"
		"json: one JSON object per event.",
		NULL, 0},
	{"log", "level", GP_KIND_CHOICE, AT(log.level), "info", 0, 0, log_levels,
		"Events that are less urgent than this are not logged. Decisions are info.", NULL,
		0},
	{"log", "facility", GP_KIND_CHOICE, AT(log.facility), "mail", 0, 0, facilities,
		"Facility for syslog, and for records in systemd's journal. rsyslog chooses "
		"the file by it (mail.log for mail).",
		NULL, 0},
};
static const struct gp_option_section log_section = {"log",
	"What is logged about decisions and problems, and where.", log_rows,
	sizeof log_rows / sizeof log_rows[0], sizeof(struct gp_config)};

const struct gp_config_section gp_config_top = {.own = &top_section};

const struct gp_config_section gp_config_sections[] = {
	{.own = &gp_spf_section, .offset = AT(spf)},
	{.own = &gp_dkim_section, .offset = AT(dkim)},
	{.own = &gp_arc_section, .offset = AT(arc)},
	{.own = &gp_dmarc_section, .offset = AT(dmarc)},
	{.own = &gp_dnsbl_section, .offset = AT(dnsbl)},
	{.own = &gp_dnsbl_use_section, .times = GP_SECTION_NAMED},
	{.own = &gp_dnsbl_list_section, .times = GP_SECTION_NAMED},
	{.own = &gp_dnsbl_dead_section, .times = GP_SECTION_NAMED, .is_of_table = true},
	{.own = &gp_greylist_section, .offset = AT(greylist)},
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
