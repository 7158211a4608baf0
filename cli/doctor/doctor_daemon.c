/* SPDX-License-Identifier: ISC */
/*
 * The running daemon: what it says of itself on the control socket, what the system says of its
 * process, and the files that belong to it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/duration.h"
#include "cli/doctor/doctor.h"
#include "cli/doctor/doctor_owner.h"
#include "cli/doctor/doctor_text.h"
#include "cli/format.h"

#define FEW_REQUESTS 20 /* below which shares of them say nothing */
#define SYSTEM_FILE_MAX 65536
#define SOCKETS_MAX 16 /* of a daemon */

/* ---- members of the answer ---- */

/* at: a member below others, "a.b" at most; NULL: there is none. */
static const json_t *at(const json_t *status, const char *path)
{
	struct gp_span first, rest;
	char name[64];
	bool is_deep = gp_span_cut(gp_span_from(path), '.', &first, &rest);
	snprintf(name, sizeof name, "%.*s", (int)first.len, first.ptr);
	const json_t *value = json_object_get(status, name);
	return is_deep ? json_object_get(value, rest.ptr) : value;
}

/* number: 0 for what is none. */
static long long number(const struct gp_doctor *d, const char *path)
{
	return (long long)json_integer_value(at(d->status, path));
}

/* text: "" for what is none. */
static const char *text(const json_t *object, const char *path)
{
	const char *value = json_string_value(at(object, path));
	return value ? value : "";
}

/* check_daemon_answers: it has been asked before; here it is said. */
static void check_daemon_answers(struct gp_doctor *doctor)
{
	char up[GP_DURATION_TEXT];
	const char *version = text(doctor->status, "version");
	if (strcmp(version, GP_VERSION) != 0) {
		gp_doctor_say(doctor->report, GP_DOCTOR_WARNING,
			"the running daemon is version %s, this command is " GP_VERSION,
			*version ? version : "?");
		gp_doctor_mend(doctor->report, "systemctl restart gatepost-policyd");
		return;
	}
	gp_doctor_say(doctor->report, GP_DOCTOR_OK, "gatepost-policyd %s, pid %ld, up for %s",
		version, gp_doctor_daemon_pid(doctor),
		gp_duration_wait(gp_duration_ms(number(doctor, "uptime_s")), up));
}

/* check_daemon_config: the configuration in force is the one on disk. */
static void check_daemon_config(struct gp_doctor *doctor)
{
	const char *file = text(doctor->status, "config.file");
	const char *word = gp_doctor_word(doctor->arena, *file == '/' ? file : doctor->config_path);
	const json_t *saved_s_ago = at(doctor->status, "config.saved_s_ago");
	if (saved_s_ago && json_integer_value(saved_s_ago) >= 0) {
		char text_of_age[GP_DURATION_TEXT];
		gp_doctor_say(doctor->report, GP_DOCTOR_PROBLEM,
			"%s had errors when the daemon was started and is not in force; the last "
			"good configuration, saved %s ago, is used instead",
			file,
			gp_duration_wait(
				gp_duration_ms(json_integer_value(saved_s_ago)), text_of_age));
		gp_doctor_mend(doctor->report, "gatepost check-config %s", word);
		gp_doctor_mend(doctor->report,
			"systemctl reload gatepost-policyd   (or: kill -HUP %ld)",
			gp_doctor_daemon_pid(doctor));
	} else if (json_is_true(at(doctor->status, "config.changed_since"))) {
		gp_doctor_say(doctor->report, GP_DOCTOR_WARNING,
			"the configuration has changed since the daemon loaded it");
		gp_doctor_mend(doctor->report, "gatepost check-config %s", word);
		gp_doctor_mend(doctor->report,
			"systemctl reload gatepost-policyd   (or: kill -HUP %ld)",
			gp_doctor_daemon_pid(doctor));
	} else if (strcmp(file, doctor->config_path) != 0) {
		gp_doctor_say(doctor->report, GP_DOCTOR_NOTE,
			"the daemon runs with %s, not with %s", file, doctor->config_path);
		gp_doctor_mend(doctor->report, "gatepost doctor --config %s", word);
	} else {
		gp_doctor_say(doctor->report, GP_DOCTOR_OK,
			"the daemon uses the files as they are on disk");
	}
}

/* disk_of: the directory whose disk is full. */
static const char *disk_of(struct gp_doctor *d, const json_t *store)
{
	const char *where = text(store, "where");
	return gp_doctor_word(d->arena, strncmp(where, "lmdb:", 5) == 0 ? where + 5 : where);
}

/* check_store: up or not, as the daemon sees it, and whether its disk leaves it room. */
static void check_store(struct gp_doctor *d, const char *member, const char *title)
{
	const json_t *store = json_object_get(d->status, member);
	if (!json_is_object(store))
		return;
	if (json_is_true(json_object_get(store, "disk_is_full"))) {
		gp_doctor_say(d->report, GP_DOCTOR_PROBLEM,
			"the disk has no space for the daemon's %s: new users and clients may not "
			"be counted",
			title);
		gp_doctor_mend(d->report, "free some disk space: df -h %s", disk_of(d, store));
	}
	if (json_is_true(json_object_get(store, "up")))
		return;
	const char *problem = text(store, "problem");
	gp_doctor_say(d->report, GP_DOCTOR_PROBLEM, "the daemon's %s is down: %s", title,
		*problem ? problem : "no reason known");
	gp_doctor_mend(d->report, "gatepost store check");
}

/* check_counters: of what should not happen. */
static void check_counters(struct gp_doctor *d)
{
	const struct {
		const char *path, *found, *mend;
	} rows[] = {
		{"decisions.failures",
			"requests could not be checked by the daemon (policyd.on_trouble)",
			"look for level=error in its log: journalctl -u gatepost-policyd -p err"},
		{"decisions.malformed", "requests were malformed",
			"its log shows the clients that send them; only Postfix should be able to "
			"connect to its sockets"},
		{"decisions.store_failed", "decisions were made without the store",
			"gatepost status shows whether it is up; store.on_failure sets what "
			"happens while it is not"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		long long n = number(d, rows[i].path);
		if (n <= 0)
			continue;
		gp_doctor_say(d->report, GP_DOCTOR_WARNING, "%lld %s since the daemon started", n,
			rows[i].found);
		gp_doctor_mend(d->report, "%s", rows[i].mend);
	}
}

/* check_stages: limits on bytes that see no bytes. */
static void check_stages(struct gp_doctor *d)
{
	const json_t *list = json_object_get(d->status, "stages");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *source = json_array_get(list, i);
		if (!json_is_true(json_object_get(source, "bytes_unseen")))
			continue;
		gp_doctor_say(d->report, GP_DOCTOR_PROBLEM,
			"%s: limits on bytes do not work there: Postfix sends no request at the "
			"end of messages",
			text(source, "source"));
		gp_doctor_mend(d->report, "gatepost doctor postfix");
	}
}

/* check_dns: whether most questions of its last minute failed. */
static void check_dns(struct gp_doctor *d)
{
	const json_t *servers = at(d->status, "dns.servers");
	const char *names = "", *kind = text(d->status, "dns.failing_kind");
	if (!json_is_true(at(d->status, "dns.failing")))
		return;
	for (size_t i = 0; i < json_array_size(servers) && i < GP_DNS_SERVERS_MAX; i++) {
		const char *name = json_string_value(json_array_get(servers, i));
		names = gp_doctor_text(d->arena, "%s%s%s", names, i ? ", " : "", name ? name : "?");
	}
	gp_doctor_say(d->report, GP_DOCTOR_PROBLEM,
		"%lld of %lld DNS queries of the daemon in the last minute failed%s%s; its servers "
		"are %s",
		number(d, "dns.failed_last_minute"), number(d, "dns.asked_last_minute"),
		*kind ? ", among them all for " : "", kind, names);
	gp_doctor_mend(d->report, "gatepost doctor dns");
}

/* check_daemon_trouble: counters that should be 0. */
static void check_daemon_trouble(struct gp_doctor *doctor)
{
	check_store(doctor, "store", "store");
	check_store(doctor, "local_store", "local store");
	check_dns(doctor);
	check_counters(doctor);
	check_stages(doctor);
	if (gp_doctor_is_well(doctor->report))
		gp_doctor_say(doctor->report, GP_DOCTOR_OK, "none in %lld requests",
			number(doctor, "requests"));
}

/* check_daemon_clients: behind a NAT all mail seems to come from one place. */
static void check_daemon_clients(struct gp_doctor *doctor)
{
	long long requests = number(doctor, "requests");
	const json_t *counter = at(doctor->status, "decisions.private_client");
	long long private = number(doctor, "decisions.private_client");
	if (!counter || requests < FEW_REQUESTS) {
		gp_doctor_say(doctor->report, GP_DOCTOR_SKIPPED,
			"only %lld requests so far: too few to judge", requests);
		return;
	}
	/* a message is asked about at its end as well, where SPF is not counted again */
	if (private > requests / 5 * 2) {
		gp_doctor_say(doctor->report, GP_DOCTOR_WARNING,
			"%lld of %lld requests came from a private address or one of this host: "
			"behind a NAT or a proxy SPF and limits by client have no effect",
			private, requests);
		gp_doctor_mend(doctor->report, "let the proxy pass the client's address: "
					       "smtpd_upstream_proxy_protocol = haproxy");
		gp_doctor_mend(doctor->report,
			"or forward port 25 without changing the source address; "
			"postconf proxy_interfaces");
		return;
	}
	gp_doctor_say(doctor->report, GP_DOCTOR_OK, "clients have different addresses");
}

/* ---- the process ---- */

/* limit_of: the soft limit of open files in /proc/PID/limits; -1: not said. */
static long long limit_of(struct gp_span limits)
{
	struct gp_span line;
	while (gp_doctor_line(&limits, &line)) {
		uint64_t n;
		struct gp_span value, rest;
		if (!gp_span_has_prefix(line, "Max open files"))
			continue;
		gp_span_cut(gp_span_trim(gp_span_skip(line, 14)), ' ', &value, &rest);
		return gp_span_parse_uint(value, INT32_MAX, &n) ? INT32_MAX : (long long)n;
	}
	return -1;
}

/* memory_of: VmRSS of /proc/PID/status in bytes; -1: not said. */
static long long memory_of(struct gp_span status)
{
	struct gp_span line;
	while (gp_doctor_line(&status, &line)) {
		uint64_t kb;
		struct gp_span value, rest;
		if (!gp_span_has_prefix(line, "VmRSS:"))
			continue;
		gp_span_cut(gp_span_trim(gp_span_skip(line, 6)), ' ', &value, &rest);
		return gp_span_parse_uint(value, INT32_MAX, &kb) ? -1 : (long long)kb * 1024;
	}
	return -1;
}

/* memory_max: of the control group the process is in; -1: none. */
static long long memory_max(struct gp_doctor *d, long long pid)
{
	struct gp_span file, line;
	uint64_t n;
	if (!gp_doctor_read(d->arena, gp_doctor_text(d->arena, "/proc/%lld/cgroup", pid),
		    SYSTEM_FILE_MAX, &file))
		return -1;
	while (gp_doctor_line(&file, &line))
		if (gp_span_has_prefix(line, "0::")) { /* cgroups(7): of version 2 */
			line = gp_span_skip(line, 3);
			const char *path = gp_doctor_text(
				d->arena, "/sys/fs/cgroup%.*s/memory.max", (int)line.len, line.ptr);
			if (gp_doctor_read(d->arena, path, 64, &file) &&
				!gp_span_parse_uint(gp_span_trim(file), INT64_MAX, &n))
				return (long long)n;
		}
	return -1;
}

/* check_memory: close to what the service manager allows? */
static void check_memory(struct gp_doctor *d, long long used, long long max)
{
	char a[GP_CLI_TEXT], b[GP_CLI_TEXT];
	if (max <= 0 || used < max / 10 * 8)
		return;
	gp_doctor_say(d->report, GP_DOCTOR_WARNING,
		"the daemon uses %s of the %s of memory that "
		"it may use",
		gp_cli_amount(used, true, a), gp_cli_amount(max, true, b));
	gp_doctor_mend(d->report, "systemctl edit gatepost-policyd:  [Service] MemoryMax=...");
	gp_doctor_mend(d->report, "or lower dns { cache_entries } or policyd { max_connections }");
}

/* check_daemon_resources: files and memory of the serving process. */
static void check_daemon_resources(struct gp_doctor *doctor)
{
	char a[GP_CLI_TEXT];
	struct gp_span limits, status;
	long long pid = gp_doctor_daemon_pid(doctor), max = number(doctor, "connections.max");
	if (!gp_doctor_read(doctor->arena, gp_doctor_text(doctor->arena, "/proc/%lld/limits", pid),
		    SYSTEM_FILE_MAX, &limits) ||
		!gp_doctor_read(doctor->arena,
			gp_doctor_text(doctor->arena, "/proc/%lld/status", pid), SYSTEM_FILE_MAX,
			&status)) {
		gp_doctor_say(doctor->report, GP_DOCTOR_SKIPPED, "process %lld: %s", pid,
			strerror(errno));
		return;
	}
	/* a connection and, at the worst moment, a DNS query for each: as it asks at start */
	long long files = limit_of(limits), wanted = 2 * max + 64;
	if (files >= 0 && files < wanted) {
		gp_doctor_say(doctor->report, GP_DOCTOR_WARNING,
			"the daemon may open %lld files; for %lld connections it may need %lld",
			files, max, wanted);
		gp_doctor_mend(doctor->report,
			"systemctl edit gatepost-policyd:  [Service] LimitNOFILE=%lld", wanted);
		gp_doctor_mend(doctor->report, "or set policyd { max_connections = %lld }",
			files > 66 ? (files - 64) / 2 : 1);
	}
	long long open = number(doctor, "connections.open");
	if (max > 0 && open >= max / 10 * 9) {
		gp_doctor_say(doctor->report, GP_DOCTOR_WARNING,
			"%lld of %lld connections are open: new ones wait", open, max);
		gp_doctor_mend(doctor->report, "set policyd { max_connections = %lld } and restart",
			2 * max);
	}
	long long memory = memory_of(status);
	check_memory(doctor, memory, memory_max(doctor, pid));
	if (gp_doctor_is_well(doctor->report))
		gp_doctor_say(doctor->report, GP_DOCTOR_OK,
			"%lld of %lld connections, %lld files, %s", open, max, files,
			memory < 0 ? "memory unknown" : gp_cli_amount(memory, true, a));
}

/* ---- files ---- */

/* check_mode: nobody else may write; directories of the state nobody else may enter. */
static void check_mode(struct gp_doctor *d, const char *path, bool is_private)
{
	struct stat st;
	if (stat(path, &st))
		return;
	if (is_private && (st.st_mode & S_IRWXO)) {
		gp_doctor_say(d->report, GP_DOCTOR_WARNING,
			"%s is accessible to everybody (mode "
			"%04o)",
			path, (unsigned)st.st_mode & 07777);
		gp_doctor_mend(d->report, "chmod 0700 %s", gp_doctor_word(d->arena, path));
	} else if (st.st_mode & S_IWOTH) {
		gp_doctor_say(d->report, GP_DOCTOR_WARNING, "everybody may write to %s (mode %04o)",
			path, (unsigned)st.st_mode & 07777);
		gp_doctor_mend(d->report, "chmod o-w %s", gp_doctor_word(d->arena, path));
	}
}

/* check_control: any user that can connect controls the daemon. */
static void check_control(struct gp_doctor *d)
{
	const char *path = d->config->policyd.control_socket;
	struct stat st;
	if (!*path)
		return;
	if (d->config->policyd.control_mode & S_IWOTH)
		gp_doctor_say(d->report, GP_DOCTOR_WARNING,
			"policyd.control_mode lets everybody on this machine change limits");
	else if (stat(path, &st) == 0 && (st.st_mode & S_IWOTH))
		gp_doctor_say(d->report, GP_DOCTOR_WARNING,
			"everybody on this machine may write to %s", path);
	else
		return;
	gp_doctor_mend(
		d->report, "set policyd { control_mode = 0600 } in %s and restart", d->config_path);
}

/* directory_of: where a file lies. */
static const char *directory_of(struct gp_doctor *d, const char *path)
{
	ptrdiff_t slash = gp_span_find_last(gp_span_from(path), '/');
	return slash > 0 ? gp_doctor_text(d->arena, "%.*s", (int)slash, path) : "/";
}

/* Who may connect to a socket, by the word of the daemon (daemon/socket_reach.h), and what to do:
 * with one that the configuration names, and with one that was handed over. */
static const struct {
	const char *open_to;
	enum gp_doctor_state state;
	const char *who, *why, *own, *handed;
} socket_rows[] = {
	{"everybody", GP_DOCTOR_WARNING, "any local user", "its mode allows it",
		"set policyd { socket_mode = 0660 }, for the group of mail_user, and restart",
		"set SocketMode=0660 and SocketGroup= (the mail server's) in the socket unit"},
	{"loopback", GP_DOCTOR_NOTE, "any local user", "a port has no permissions",
		"if this machine has other users: policyd { listen = {\"" GP_CONFIG_LISTEN_PACKAGED
		"\"} }, and unix:gatepost/policy in main.cf",
		"if this machine has other users: ListenStream=" GP_CONFIG_PATH_PACKAGED
		" in the socket unit, and unix:gatepost/policy in main.cf"},
	{"private", GP_DOCTOR_NOTE, "any host of the network", "it is a private address", NULL,
		NULL},
	{"public", GP_DOCTOR_WARNING, "any host that can reach it", "it is a public address", NULL,
		NULL},
	{"all", GP_DOCTOR_WARNING, "any host that can reach it", "it is every address of this host",
		NULL, NULL},
};

/* say_socket: who may connect there, and so use up the limits of others. */
static void say_socket(struct gp_doctor *d, const char *name, const char *open_to, bool is_handed)
{
	size_t i = 0;
	while (i < sizeof socket_rows / sizeof socket_rows[0] &&
		strcmp(socket_rows[i].open_to, open_to) != 0)
		i++;
	if (i == sizeof socket_rows / sizeof socket_rows[0])
		return; /* it is for the mail server */
	gp_doctor_say(d->report, socket_rows[i].state,
		"%s can connect to %s (%s) and use up the limits of others", socket_rows[i].who,
		name, socket_rows[i].why);
	const char *mend = is_handed ? socket_rows[i].handed : socket_rows[i].own;
	if (mend)
		gp_doctor_mend(d->report, "%s", mend);
	else
		gp_doctor_mend(d->report,
			"restrict it by a firewall, or use a loopback address or a path in %s",
			is_handed ? "ListenStream= of the socket unit" : "policyd { listen }");
}

/* check_sockets: where the daemon that runs says it listens. */
static void check_sockets(struct gp_doctor *d)
{
	const json_t *list = json_object_get(d->status, "sockets");
	for (size_t i = 0; i < json_array_size(list) && i < SOCKETS_MAX; i++) {
		const json_t *socket = json_array_get(list, i);
		say_socket(d, text(socket, "name"), text(socket, "open_to"),
			json_is_true(json_object_get(socket, "handed_over")));
	}
}

/* configured_reach: of one that the configuration names; NULL: it is for the mail server. */
static const char *configured_reach(const struct gp_config *config, const char *item)
{
	struct gp_dns_server where;
	if (strncmp(item, "unix:", 5) == 0)
		return config->policyd.socket_mode & S_IWOTH ? "everybody" : NULL;
	if (strncmp(item, "inet:", 5) != 0 || gp_dns_server_parse(gp_span_from(item + 5), &where))
		return NULL;
	const struct gp_ipaddr any = {.family = where.addr.family};
	return gp_ipaddr_equal(&where.addr, &any)   ? "all"
	       : gp_ipaddr_is_loopback(&where.addr) ? "loopback"
	       : gp_ipaddr_is_private(&where.addr)  ? "private"
						    : "public";
}

/* check_configured: where a daemon that does not answer would listen. */
static void check_configured(struct gp_doctor *d)
{
	const struct gp_config_texts *listen = &d->config->policyd.listen;
	for (size_t i = 0; i < listen->count; i++) {
		const char *open_to = configured_reach(d->config, listen->items[i]);
		if (open_to)
			say_socket(d, listen->items[i], open_to, false);
	}
}

/* check_daemon_files: the state, the sockets and their directories, the modules. */
static void check_daemon_files(struct gp_doctor *doctor)
{
	static const char *const modules[] = {"/usr/lib/gatepost/gatepost-exim.so",
		"/usr/lib64/gatepost/gatepost-exim.so", "/usr/local/lib/gatepost/gatepost-exim.so"};
	const struct gp_config *config = doctor->config;
	const char *chroot = config->policyd.chroot;
	for (size_t i = 0; i < config->store.uri_count; i++)
		if (strncmp(config->store.uris[i], "lmdb:", 5) == 0)
			check_mode(doctor,
				gp_doctor_text(
					doctor->arena, "%s%s", chroot, config->store.uris[i] + 5),
				true);
	check_control(doctor);
	if (*config->policyd.control_socket)
		check_mode(doctor, directory_of(doctor, config->policyd.control_socket), false);
	for (size_t i = 0; i < config->policyd.listen.count; i++)
		if (strncmp(config->policyd.listen.items[i], "unix:", 5) == 0)
			check_mode(doctor,
				directory_of(doctor, config->policyd.listen.items[i] + 5), false);
	bool is_told = !gp_doctor_is_only_exim(doctor) && gp_doctor_ask(doctor) &&
		       json_is_array(json_object_get(doctor->status, "sockets"));
	if (is_told)
		check_sockets(doctor);
	else
		check_configured(doctor);
	for (size_t i = 0; i < sizeof modules / sizeof modules[0]; i++)
		check_mode(doctor, modules[i], false);
	if (gp_doctor_is_well(doctor->report))
		gp_doctor_say(doctor->report, GP_DOCTOR_OK,
			is_told ? "only the users that need them have access to state, control "
				  "socket and sockets"
				: "only the users that need them have access to state, control "
				  "socket and configured sockets");
}

/* The checks of this file. */
const struct gp_doctor_check gp_doctor_daemon_checks[] = {
	{"daemon.answers", check_daemon_answers, GP_DOCTOR_NEEDS_DAEMON,
		"it runs and has the version of this command"},
	{"daemon.config", check_daemon_config, GP_DOCTOR_NEEDS_DAEMON,
		"the configuration in force is the one on disk"},
	{"daemon.trouble", check_daemon_trouble, GP_DOCTOR_NEEDS_DAEMON,
		"failures, malformed requests, the state of the store"},
	{"daemon.clients", check_daemon_clients, GP_DOCTOR_NEEDS_CONFIG | GP_DOCTOR_NEEDS_DAEMON,
		"clients do not all share one address (NAT)"},
	{"daemon.resources", check_daemon_resources, GP_DOCTOR_NEEDS_DAEMON,
		"open files, connections, memory"},
	{"daemon.files", check_daemon_files, GP_DOCTOR_NEEDS_CONFIG,
		"permissions of its state and sockets"},
	{NULL, NULL, 0, NULL},
};
