/* SPDX-License-Identifier: ISC */
/*
 * gatepost doctor: looks at the machine and says what is wrong, and how to mend it. The table holds
 * every check, in the order in which they run; what they have found is printed when all are done,
 * the worst first.
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/doctor/doctor.h"
#include "cli/format.h"
#include "cli/table.h"

/* As monitoring systems read them: unlike those of the other commands. */
enum { EXIT_WELL = 0, EXIT_WARNING = 1, EXIT_PROBLEM = 2, EXIT_UNKNOWN = 3 };

static const char help_head[] =
	"usage: gatepost doctor [--json] [--quiet] [CHECK ...]\n"
	"\n"
	"Looks at this machine and says what is wrong with gatepost on it and how to mend\n"
	"it: configuration, daemon, resolver, store, clock, Postfix, Exim. Changes nothing:\n"
	"stores are looked at and read, not written (gatepost store check writes).\n"
	"As root it sees most; what it may not look at is skipped. CHECK is a name of the\n"
	"list below, or the part before the dot.\n"
	"\n"
	"  -q, --quiet        only what is not well\n"
	"  --json             for programs: an array of objects with check, state, found\n"
	"                     and mend\n"
	"  -c, --config FILE  configuration; without it:\n"
	"                     " GP_CONFIG_PATH "\n"
	"  --socket PATH      control socket of the daemon (default: as configured)\n"
	"  --config-dir DIR   of Postfix, as postconf -c takes it\n"
	"  --postconf PATH    another postconf than that of PATH or /usr/sbin\n"
	"  --exim PATH        another exim than that of PATH or /usr/sbin\n"
	"\n"
	"checks:\n";

static const char help_tail[] =
	"\n"
	"states: ok; note, good to know; warning, works in part or for now; problem, does\n"
	"        not work; skipped (-), its subject is not here or cannot be looked at\n"
	"\n"
	"examples:\n"
	"  sudo gatepost doctor\n"
	"  sudo gatepost doctor dns store\n"
	"  gatepost doctor --json | jq '.[] | select(.state == \"problem\")'\n"
	"\n"
	"exit codes, as monitoring reads them: 0 all is well (notes are), 1 there are\n"
	"            warnings, 2 there are problems, 3 it could not look: usage or memory\n";

#define DOCTOR_MEMORY (256u * 1024 * 1024)
#define TEXT_MAX 4096 /* of one line */

/* What has to be there for a check. */
#define NEEDS_CONFIG 1u
#define NEEDS_DAEMON 2u

static const struct check {
	const char *name;
	void (*run)(struct gp_doctor *doctor);
	unsigned needs;
	const char *about;
} checks[] = {
	{"config.file", gp_doctor_config_file, 0, "it loads, with its drop-in files"},
	{"config.access", gp_doctor_config_access, NEEDS_CONFIG,
		"the daemon may read it, others may not write it"},
	{"config.secrets", gp_doctor_config_secrets, NEEDS_CONFIG,
		"files of passwords and keys are private"},
	{"config.drop-ins", gp_doctor_config_drop_ins, 0, "files in conf.d that are not read"},
	{"config.hostname", gp_doctor_config_hostname, NEEDS_CONFIG,
		"the name that headers carry is a full one"},
	{"daemon.answers", gp_doctor_daemon_answers, NEEDS_DAEMON,
		"it runs, in the version of this command"},
	{"daemon.config", gp_doctor_daemon_config, NEEDS_DAEMON,
		"what is in force is what is on disk"},
	{"daemon.trouble", gp_doctor_daemon_trouble, NEEDS_DAEMON,
		"failures, malformed requests, a store that is down"},
	{"daemon.clients", gp_doctor_daemon_clients, NEEDS_CONFIG | NEEDS_DAEMON,
		"clients do not all share one address (NAT)"},
	{"daemon.resources", gp_doctor_daemon_resources, NEEDS_DAEMON,
		"open files, connections, memory"},
	{"daemon.files", gp_doctor_daemon_files, NEEDS_CONFIG,
		"permissions of its state and its sockets"},
	{"store.main", gp_doctor_store_main, NEEDS_CONFIG,
		"it is there, whole and ours, or answers"},
	{"store.local", gp_doctor_store_local, NEEDS_CONFIG, "so does the one that stands in"},
	{"store.disk", gp_doctor_store_disk, NEEDS_CONFIG, "room, and no network below it"},
	{"clock", gp_doctor_clock, 0, "something keeps it right"},
	{"dns.servers", gp_doctor_dns_servers, NEEDS_CONFIG,
		"each resolver answers, over UDP and TCP, in time"},
	{"dns.own-name", gp_doctor_dns_own_name, NEEDS_CONFIG,
		"they say of this host's own name what others are told"},
	{"dns.public", gp_doctor_dns_public, NEEDS_CONFIG, "none of them is a public one"},
	{"dns.dnssec", gp_doctor_dns_dnssec, NEEDS_CONFIG, "they validate"},
	{"postfix.found", gp_doctor_postfix_found, NEEDS_CONFIG, "its configuration can be read"},
	{"postfix.socket", gp_doctor_postfix_socket, NEEDS_CONFIG,
		"smtpd can reach the daemon, chroot included"},
	{"postfix.asks", gp_doctor_postfix_asks, NEEDS_CONFIG,
		"the question is asked, where the limits need it"},
	{"postfix.services", gp_doctor_postfix_services, NEEDS_CONFIG,
		"no service of master.cf passes it by"},
	{"postfix.end-of-data", gp_doctor_postfix_end, NEEDS_CONFIG,
		"it is asked at the end of messages, for limits"},
	{"postfix.default-action", gp_doctor_postfix_default_action, NEEDS_CONFIG,
		"what happens when the daemon is away"},
	{"postfix.timeout", gp_doctor_postfix_timeout, NEEDS_CONFIG,
		"Postfix waits longer than the deadline"},
	{"postfix.connections", gp_doctor_postfix_connections, NEEDS_CONFIG,
		"enough for all its processes"},
	{"postfix.own-field", gp_doctor_postfix_field, NEEDS_CONFIG,
		"the field with its results can be told from forged ones"},
	{"exim.build", gp_doctor_exim_build, 0, "its version, and ${dlfunc}"},
	{"exim.macros", gp_doctor_exim_macros, 0, "its configuration calls the module"},
	{"exim.module", gp_doctor_exim_module, 0, "the module loads"},
	{"exim.options", gp_doctor_exim_options, 0, "it hands over whole headers"},
};
#define CHECKS (sizeof checks / sizeof checks[0])

static const char *const state_names[] = {
	[GP_DOCTOR_OK] = "ok",
	[GP_DOCTOR_SKIPPED] = "skipped",
	[GP_DOCTOR_NOTE] = "note",
	[GP_DOCTOR_WARNING] = "warning",
	[GP_DOCTOR_PROBLEM] = "problem",
};

struct arguments {
	bool json, quiet;
	char **wanted; /* names of checks */
	int wanted_count;
};

/* ---- what checks say ---- */

/* visible: a text as a terminal may show it; what is too long is cut, and shows that it is. */
__attribute__((format(printf, 2, 0))) static const char *visible(
	struct gp_doctor *d, const char *format, va_list ap)
{
	char text[TEXT_MAX];
	int n = vsnprintf(text, sizeof text, format, ap);
	if (n >= (int)sizeof text)
		memcpy(text + sizeof text - sizeof " ...", " ...", sizeof " ...");
	return gp_cli_visible(d->arena, text);
}

/* gp_doctor_say: what has no room any more is left out; there are far fewer. */
void gp_doctor_say(struct gp_doctor *doctor, enum gp_doctor_state state, const char *format, ...)
{
	va_list ap;
	if (doctor->finding_count == GP_DOCTOR_FINDINGS_MAX)
		return;
	va_start(ap, format);
	doctor->findings[doctor->finding_count++] = (struct gp_doctor_finding) {
		.check = doctor->check, .state = state, .found = visible(doctor, format, ap)};
	va_end(ap);
}

/* gp_doctor_mend: one more line; what has been said is said once, where it was last: one command
 * may do for several services, and what takes others into use stands behind them. */
void gp_doctor_mend(struct gp_doctor *doctor, const char *format, ...)
{
	va_list ap;
	struct gp_doctor_finding *f =
		doctor->finding_count ? &doctor->findings[doctor->finding_count - 1] : NULL;
	if (!f || f->mend_count == GP_DOCTOR_MENDS_MAX)
		return;
	va_start(ap, format);
	const char *text = visible(doctor, format, ap);
	va_end(ap);
	size_t kept = 0;
	for (size_t i = 0; i < f->mend_count; i++)
		if (strcmp(f->mends[i], text) != 0)
			f->mends[kept++] = f->mends[i];
	f->mends[kept++] = text;
	f->mend_count = kept;
}

/* gp_doctor_text: for parts of texts, and for paths. */
const char *gp_doctor_text(struct gp_doctor *doctor, const char *format, ...)
{
	va_list ap;
	struct gp_strbuf buf;
	const char *text;
	gp_strbuf_init(&buf, doctor->arena, GP_DOCTOR_OUTPUT_MAX);
	va_start(ap, format);
	gp_strbuf_vprintf(&buf, format, ap);
	va_end(ap);
	return gp_strbuf_finish(&buf, &text) ? "?" : text;
}

/* gp_doctor_word: in quotes nothing means anything to a shell but the quote itself. */
const char *gp_doctor_word(struct gp_doctor *doctor, const char *text)
{
	size_t plain = 0;
	while (gp_span_is_alnum(text[plain]) || (text[plain] && strchr("/._-+:@%", text[plain])))
		plain++;
	if (plain && !text[plain] && *text != '-')
		return text;
	const char *word = "'";
	struct gp_span rest = gp_span_from(text), part;
	while (gp_span_cut(rest, '\'', &part, &rest))
		word = gp_doctor_text(doctor, "%s%.*s'\\''", word, (int)part.len, part.ptr);
	return gp_doctor_text(doctor, "%s%.*s'", word, (int)part.len, part.ptr);
}

/* gp_doctor_install: by what this system has. */
const char *gp_doctor_install(struct gp_doctor *doctor, const char *package)
{
	static const char *const managers[][2] = {
		{"apt-get", "apt"}, {"dnf", "dnf"}, {"zypper", "zypper"}};
	for (size_t i = 0; i < sizeof managers / sizeof managers[0]; i++)
		if (gp_doctor_program(doctor, managers[i][0]))
			return gp_doctor_text(doctor, "%s install %s", managers[i][1], package);
	return gp_doctor_text(doctor, "install the package %s", package);
}

/* gp_doctor_is_well: nothing so far. */
bool gp_doctor_is_well(const struct gp_doctor *doctor)
{
	for (size_t i = doctor->finding_count; i-- > 0;)
		if (doctor->findings[i].check == doctor->check)
			return false;
	return true;
}

/* ---- running ---- */

/* is_wanted: all of them unless some are named; "dns" names all that begin with "dns.". */
static bool is_wanted(const struct arguments *a, const char *name)
{
	for (int i = 0; i < a->wanted_count; i++) {
		size_t n = strlen(a->wanted[i]);
		if (strncmp(name, a->wanted[i], n) == 0 && (name[n] == 0 || name[n] == '.'))
			return true;
	}
	return a->wanted_count == 0;
}

/* load: the configuration; its errors are a finding, and what else can be checked is. */
static void load(struct gp_doctor *d)
{
	struct gp_config_errors errors = {0};
	int rc = gp_config_load(d->config_path, &d->config, &errors);
	if (rc)
		d->config_errors = gp_doctor_text(
			d, "%s", errors.text && *errors.text ? errors.text : gp_err_text(rc));
	gp_config_errors_fini(&errors);
	if (!rc)
		return;
	rc = gp_cli_config_load_saved(d->config_path, &d->config);
	errors = (struct gp_config_errors) {0};
	if (rc && gp_config_defaults(d->config_path, &d->config, &errors))
		d->config = NULL;
	gp_config_errors_fini(&errors);
}

/* mend_away: nobody is there, or somebody who does not answer. */
static void mend_away(struct gp_doctor *d)
{
	bool is_unit = access("/run/systemd/system", F_OK) == 0;
	if (d->is_dumb)
		gp_doctor_mend(d, "%s",
			is_unit ? "systemctl restart gatepost-policyd; "
				  "journalctl -u gatepost-policyd"
				: "restart gatepost-policyd; its log may say why");
	else
		gp_doctor_mend(d, "%s",
			is_unit ? "systemctl enable --now gatepost-policyd; "
				  "journalctl -u gatepost-policyd"
				: "gatepost-policyd -t, then start it");
}

/* ask_daemon: its state; false: the finding says why there is none. */
static bool ask_daemon(struct gp_doctor *d)
{
	if (gp_doctor_ask(d))
		return true;
	if (gp_doctor_is_waiting(d) && strcmp(d->unit, "inactive") == 0) {
		gp_doctor_say(d, GP_DOCTOR_NOTE,
			"the daemon does not run yet: systemd starts it at the first request");
		gp_doctor_mend(d, "to start it now: systemctl start gatepost-policyd");
		return false;
	}
	if (d->is_denied)
		gp_doctor_say(d, GP_DOCTOR_SKIPPED, "%s", d->why_silent);
	else
		gp_doctor_say(d, GP_DOCTOR_PROBLEM, "%s%s",
			d->is_dumb ? "the daemon does not answer, mail waits: "
				   : "the daemon is not running, mail waits: ",
			d->why_silent);
	if (!d->is_denied)
		mend_away(d);
	return false;
}

/* gp_doctor_is_only_exim: neither Postfix nor the daemon, but Exim. */
bool gp_doctor_is_only_exim(struct gp_doctor *d)
{
	return !gp_doctor_program(d, "postconf") && !d->postconf &&
	       !gp_doctor_program(d, "gatepost-policyd") &&
	       (d->exim || gp_doctor_program(d, "exim4") || gp_doctor_program(d, "exim"));
}

/* run_check: runs it if it can be run; else says why not. */
static void run_check(struct gp_doctor *d, const struct check *check, bool *is_asked)
{
	d->check = check->name;
	if ((check->needs & NEEDS_CONFIG) && !d->config) {
		gp_doctor_say(d, GP_DOCTOR_SKIPPED, "the configuration has errors");
		return;
	}
	if (!(check->needs & NEEDS_DAEMON)) {
		check->run(d);
		return;
	}
	if (!*is_asked) {
		*is_asked = true;
		if (gp_doctor_is_only_exim(d))
			gp_doctor_say(d, GP_DOCTOR_SKIPPED, "Exim needs no daemon");
		else if (ask_daemon(d))
			check->run(d);
	} else if (d->status) {
		check->run(d);
	} else {
		gp_doctor_say(d, GP_DOCTOR_SKIPPED, "the daemon does not answer");
	}
}

/* ---- showing ---- */

/* print_wrapped: a text in a column, broken at blanks where the terminal ends. */
static void print_wrapped(const char *text, size_t indent, size_t width)
{
	size_t room = width > indent + 20 ? width - indent : 0, at = 0;
	while (*text) {
		size_t n = strcspn(text, " ");
		size_t columns = 0;
		for (size_t i = 0; i < n; i++) /* bytes that go on a character are no columns */
			columns += ((unsigned char)text[i] & 0xc0) != 0x80;
		if (at && room && at + 1 + columns > room) {
			printf("\n%*s", (int)indent, "");
			at = 0;
		} else if (at) {
			putchar(' ');
			at++;
		}
		fwrite(text, 1, n, stdout);
		at += columns;
		text += n;
		if (*text) /* blanks in a row are kept: they separate a command from a remark */
			text++;
	}
	putchar('\n');
}

#define NAME_COLUMNS 24
#define STATE_COLUMNS 9

/* print_finding: a line, and how to mend it below. Commands are not broken: they are copied. */
static void print_finding(const struct gp_doctor_finding *f, const char *name, size_t width)
{
	bool is_skipped = f->state == GP_DOCTOR_SKIPPED;
	printf("%-*s%-*s", NAME_COLUMNS, name, STATE_COLUMNS,
		is_skipped ? "-" : state_names[f->state]);
	print_wrapped(f->found, NAME_COLUMNS + STATE_COLUMNS, width);
	for (size_t i = 0; i < f->mend_count; i++)
		printf("    %s\n", f->mends[i]);
}

/* is_again: a skipped check of a group whose one before was skipped for the same reason. */
static bool is_again(const struct gp_doctor *d, size_t place)
{
	const struct gp_doctor_finding *f = &d->findings[place], *before = f - 1;
	size_t n = strcspn(f->check, ".");
	return place && f->state == GP_DOCTOR_SKIPPED && before->state == GP_DOCTOR_SKIPPED &&
	       strcmp(f->found, before->found) == 0 && strncmp(f->check, before->check, n + 1) == 0;
}

/* shown_name: the group's name, where its subject is not here at all. */
static const char *shown_name(struct gp_doctor *d, size_t place)
{
	const struct gp_doctor_finding *f = &d->findings[place];
	size_t n = strcspn(f->check, ".");
	bool is_skipped = f->state == GP_DOCTOR_SKIPPED &&
			  (strstr(f->found, "not installed") || strstr(f->found, "does not use"));
	return is_skipped && f->check[n] ? gp_doctor_text(d, "%.*s", (int)n, f->check) : f->check;
}

/* print_all: the findings. */
static void print_all(struct gp_doctor *d, const struct arguments *a)
{
	size_t width = gp_cli_width();
	for (size_t place = 0; place < d->finding_count; place++) {
		const struct gp_doctor_finding *f = &d->findings[place];
		if ((a->quiet && f->state <= GP_DOCTOR_SKIPPED) || is_again(d, place))
			continue;
		print_finding(f, shown_name(d, place), width);
	}
}

/* progress: which check runs, on a terminal, until the next line is written over it. */
static void progress(const char *name)
{
	if (!isatty(STDERR_FILENO) || !isatty(STDOUT_FILENO))
		return;
	(void)fflush(stdout); /* before what goes to stderr */
	if (name)
		fprintf(stderr, "%s ...", name);
	else
		fputs("\r\x1b[K", stderr);
}

/* rank: the worst first, and before all others that nobody serves. */
static int rank(const struct gp_doctor_finding *f)
{
	static const int ranks[] = {[GP_DOCTOR_PROBLEM] = 1,
		[GP_DOCTOR_WARNING] = 2,
		[GP_DOCTOR_NOTE] = 3,
		[GP_DOCTOR_OK] = 4,
		[GP_DOCTOR_SKIPPED] = 5};
	bool is_first = f->state == GP_DOCTOR_PROBLEM && strcmp(f->check, "daemon.answers") == 0;
	return is_first ? 0 : ranks[f->state];
}

/* sort_findings: by rank; of one rank as they were found. */
static int sort_findings(struct gp_doctor *d)
{
	struct gp_doctor_finding *sorted =
		gp_arena_array(d->arena, d->finding_count + 1, sizeof *sorted);
	size_t n = 0;
	if (!sorted)
		return GP_ENOMEM;
	for (int at = 0; at <= 5; at++)
		for (size_t i = 0; i < d->finding_count; i++)
			if (rank(&d->findings[i]) == at)
				sorted[n++] = d->findings[i];
	d->findings = sorted;
	return GP_OK;
}

/* print_summary: how many of which. */
static void print_summary(const struct gp_doctor *d)
{
	static const enum gp_doctor_state order[] = {GP_DOCTOR_PROBLEM, GP_DOCTOR_WARNING,
		GP_DOCTOR_NOTE, GP_DOCTOR_OK, GP_DOCTOR_SKIPPED};
	static const char *const plurals[] = {"problems", "warnings", "notes", "ok", "skipped"};
	bool is_first = true;
	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
		size_t n = 0;
		for (size_t j = 0; j < d->finding_count; j++)
			n += d->findings[j].state == order[i];
		if (n)
			printf("%s%zu %s", is_first ? "" : ", ", n,
				n == 1 ? state_names[order[i]] : plurals[i]);
		is_first = is_first && !n;
	}
	putchar('\n');
}

/* print_json: an array, a finding each. */
static int print_json(const struct gp_doctor *d, const struct arguments *a)
{
	json_t *array = json_array();
	for (size_t i = 0; i < d->finding_count; i++) {
		const struct gp_doctor_finding *f = &d->findings[i];
		json_t *mends = json_array();
		if (a->quiet && f->state <= GP_DOCTOR_SKIPPED) {
			json_decref(mends);
			continue;
		}
		for (size_t j = 0; j < f->mend_count; j++)
			json_array_append_new(mends, json_string(f->mends[j]));
		json_array_append_new(
			array, json_pack("{s:s, s:s, s:s, s:o}", "check", f->check, "state",
				       state_names[f->state], "found", f->found, "mend", mends));
	}
	int failed = json_dumpf(array, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	putchar('\n');
	json_decref(array);
	return failed;
}

/* verdict: the exit code. */
static int verdict(const struct gp_doctor *d)
{
	enum gp_doctor_state worst = GP_DOCTOR_OK;
	for (size_t i = 0; i < d->finding_count; i++)
		worst = d->findings[i].state > worst ? d->findings[i].state : worst;
	return worst == GP_DOCTOR_PROBLEM   ? EXIT_PROBLEM
	       : worst == GP_DOCTOR_WARNING ? EXIT_WARNING
					    : EXIT_WELL;
}

/* examine: every check that is wanted. */
static int examine(struct gp_doctor *d, const struct arguments *a)
{
	bool is_asked = false;
	load(d);
	for (size_t i = 0; i < CHECKS; i++) {
		if (!is_wanted(a, checks[i].name))
			continue;
		if (!a->json)
			progress(checks[i].name);
		run_check(d, &checks[i], &is_asked);
		if (!a->json)
			progress(NULL);
	}
	if (sort_findings(d))
		return EXIT_UNKNOWN;
	if (!a->json)
		print_all(d, a);
	if (a->json && print_json(d, a))
		return EXIT_UNKNOWN;
	if (!a->json && !a->quiet)
		print_summary(d);
	if (fflush(stdout) || ferror(stdout))
		return EXIT_UNKNOWN; /* nobody has read it; main says why */
	return gp_arena_status(d->arena) ? EXIT_UNKNOWN : verdict(d);
}

/* ---- the command ---- */

/* print_help: with the table. */
static int print_help(void)
{
	fputs(help_head, stdout);
	for (size_t i = 0; i < CHECKS; i++)
		printf("  %-24s%s\n", checks[i].name, checks[i].about);
	fputs(help_tail, stdout);
	return fflush(stdout) ? EXIT_UNKNOWN : EXIT_WELL;
}

/* usage: trouble that no monitoring takes for a finding. */
static int usage(const char *text, const char *what)
{
	(void)gp_cli_usage("doctor", "%s%s", text, what); /* its code is one of ours already */
	return EXIT_UNKNOWN;
}

/* check_names: each names a check, or a group of them. */
static int check_names(const struct arguments *a)
{
	for (int i = 0; i < a->wanted_count; i++) {
		struct arguments one = {.wanted = a->wanted + i, .wanted_count = 1};
		bool is_known = false;
		for (size_t j = 0; j < CHECKS && !is_known; j++)
			is_known = is_wanted(&one, checks[j].name);
		if (!is_known)
			return usage("there is no check called ", a->wanted[i]);
	}
	return -1;
}

/* parse: -1 to go on, else an exit code. */
static int parse(int argc, char **argv, struct arguments *a, struct gp_doctor *d)
{
	enum { OWN = 256, SOCKET, CONFIG_DIR, POSTCONF, EXIM, JSON };
	static const struct option options[] = {{"config", required_argument, NULL, 'c'},
		{"quiet", no_argument, NULL, 'q'}, {"json", no_argument, NULL, JSON},
		{"socket", required_argument, NULL, SOCKET},
		{"config-dir", required_argument, NULL, CONFIG_DIR},
		{"postconf", required_argument, NULL, POSTCONF},
		{"exim", required_argument, NULL, EXIM}, {"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0}};
	const struct {
		int option;
		const char **value, *name;
	} paths[] = {{'c', &d->config_path, NULL}, {SOCKET, &d->socket, "--socket"},
		{CONFIG_DIR, &d->config_dir, "--config-dir"},
		{POSTCONF, &d->postconf, "--postconf"}, {EXIM, &d->exim, "--exim"}};
	int c;
	while ((c = getopt_long(argc, argv, "c:qh", options, NULL)) != -1) {
		if (c == 'h')
			return print_help();
		if (c == '?')
			return usage("this option is not known or lacks its value", "");
		a->quiet = a->quiet || c == 'q';
		a->json = a->json || c == JSON;
		for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
			if (c == paths[i].option) {
				*paths[i].value = optarg;
				if (paths[i].name && *optarg != '/')
					return usage(paths[i].name, ": an absolute path");
			}
	}
	a->wanted = argv + optind;
	a->wanted_count = argc - optind;
	return check_names(a);
}

/* gp_cli_doctor: arguments, memory, the examination. */
int gp_cli_doctor(int argc, char **argv)
{
	struct arguments a = {.json = false};
	struct gp_doctor d = {.config_path = GP_CONFIG_PATH, .is_root = geteuid() == 0};
	int code = parse(argc, argv, &a, &d);
	if (code >= 0)
		return code;
	code = EXIT_UNKNOWN;
	d.arena = gp_arena_new(DOCTOR_MEMORY);
	if (d.arena)
		d.findings = gp_arena_array(d.arena, GP_DOCTOR_FINDINGS_MAX, sizeof *d.findings);
	if (d.findings)
		code = examine(&d, &a);
	else
		fputs("gatepost doctor: out of memory\n", stderr);
	json_decref(d.status);
	gp_config_free(d.config);
	gp_arena_free(d.arena);
	return code;
}
