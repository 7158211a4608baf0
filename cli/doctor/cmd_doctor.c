/* SPDX-License-Identifier: ISC */
/*
 * gatepost doctor: looks at the machine and says what is wrong, and how to mend it. What the checks
 * have found is printed when all are done, the worst first.
 */
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/control.h"
#include "cli/doctor/doctor_checks.h"
#include "cli/doctor/doctor_print.h"
#include "cli/doctor/doctor_text.h"
#include "cli/usage.h"

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

struct arguments {
	bool json, quiet;
	char **wanted; /* names of checks */
	size_t wanted_count;
};

/* load: the configuration; its errors are a finding, and what else can be checked is. */
static void load(struct gp_doctor *d)
{
	struct gp_config_errors errors = {0};
	int rc = gp_config_load(d->config_path, &d->config, &errors);
	if (rc)
		d->config_errors = gp_doctor_text(d->arena, "%s",
			errors.text && *errors.text ? errors.text : gp_err_text(rc));
	gp_config_errors_fini(&errors);
	if (!rc)
		return;
	rc = gp_cli_config_load_saved(d->config_path, &d->config);
	errors = (struct gp_config_errors) {0};
	if (rc && gp_config_defaults(d->config_path, &d->config, &errors))
		d->config = NULL;
	gp_config_errors_fini(&errors);
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

/* verdict: the exit code. */
static int verdict(const struct gp_doctor_report *report)
{
	enum gp_doctor_state worst = gp_doctor_worst(report);
	return worst == GP_DOCTOR_PROBLEM   ? EXIT_PROBLEM
	       : worst == GP_DOCTOR_WARNING ? EXIT_WARNING
					    : EXIT_WELL;
}

/* run_wanted: all of them unless some are named. */
static void run_wanted(struct gp_doctor *d, const struct arguments *a)
{
	const struct gp_doctor_check *check;
	for (size_t i = 0; (check = gp_doctor_check_at(i)) != NULL; i++) {
		if (a->wanted_count && !gp_doctor_is_named(check, a->wanted, a->wanted_count))
			continue;
		if (!a->json)
			progress(check->name);
		gp_doctor_run(d, check);
		if (!a->json)
			progress(NULL);
	}
}

/* examine: every check that is wanted, and what came of them. */
static int examine(struct gp_doctor *d, const struct arguments *a)
{
	load(d);
	run_wanted(d, a);
	if (!gp_doctor_sort(d->report))
		return EXIT_UNKNOWN;
	if (!a->json)
		gp_doctor_print(d->report, a->quiet);
	if (a->json && !gp_doctor_print_json(d->report, a->quiet))
		return EXIT_UNKNOWN;
	if (!a->json && !a->quiet)
		gp_doctor_print_summary(d->report);
	if (fflush(stdout) || ferror(stdout))
		return EXIT_UNKNOWN; /* nobody has read it; main says why */
	return gp_arena_status(d->arena) ? EXIT_UNKNOWN : verdict(d->report);
}

/* ---- the command ---- */

/* print_help: with the list of checks. */
static int print_help(void)
{
	const struct gp_doctor_check *check;
	fputs(help_head, stdout);
	for (size_t i = 0; (check = gp_doctor_check_at(i)) != NULL; i++)
		printf("  %-24s%s\n", check->name, check->about);
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
	for (size_t i = 0; i < a->wanted_count; i++)
		if (!gp_doctor_has_check(a->wanted[i]))
			return usage("there is no check called ", a->wanted[i]);
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
	a->wanted_count = (size_t)(argc - optind);
	return check_names(a);
}

/* gp_cli_doctor: arguments, memory, the examination. */
int gp_cli_doctor(int argc, char **argv)
{
	struct arguments a = {.json = false};
	struct gp_doctor_report report;
	struct gp_doctor d = {
		.report = &report, .config_path = GP_CONFIG_PATH, .is_root = geteuid() == 0};
	int code = parse(argc, argv, &a, &d);
	if (code >= 0)
		return code;
	code = EXIT_UNKNOWN;
	d.arena = gp_arena_new(DOCTOR_MEMORY);
	if (d.arena && gp_doctor_report_init(&report, d.arena))
		code = examine(&d, &a);
	else
		fputs("gatepost doctor: out of memory\n", stderr);
	json_decref(d.status);
	gp_config_free(d.config);
	gp_arena_free(d.arena);
	return code;
}
