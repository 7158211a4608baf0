/* SPDX-License-Identifier: ISC */
/*
 * gatepost doctor: looks at the machine and says what is wrong, and how to mend it. What the checks
 * have found is printed when all are done, the worst first.
 */
#include <stdio.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/control.h"
#include "cli/doctor/doctor_checks.h"
#include "cli/doctor/doctor_print.h"
#include "cli/doctor/doctor_text.h"
#include "cli/usage.h"

#define DOCTOR_MEMORY (256u * 1024 * 1024)

struct arguments {
	struct gp_doctor_form form;
	const char **wanted; /* names of checks */
	size_t wanted_count;
};

/* load: the configuration; its errors are a finding, and what else can be checked is. */
static void load(struct gp_doctor *d)
{
	struct gp_config_errors errors = {0};
	int rc = gp_config_load(d->config_path, &d->config, &errors);
	if (rc)
		d->config_errors =
			gp_doctor_text(d->arena, "%s", gp_config_errors_text(&errors, rc));
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

/* run_wanted: all of them unless some are named. */
static void run_wanted(struct gp_doctor *d, const struct arguments *a)
{
	const struct gp_doctor_check *check;
	for (size_t i = 0; (check = gp_doctor_check_at(i)) != NULL; i++) {
		if (a->wanted_count && !gp_doctor_is_named(check, a->wanted, a->wanted_count))
			continue;
		if (!a->form.is_json)
			progress(check->name);
		gp_doctor_run(d, check);
		if (!a->form.is_json)
			progress(NULL);
	}
}

/* examine: every check that is wanted, and what came of them. */
static int examine(struct gp_doctor *d, const struct arguments *a)
{
	load(d);
	run_wanted(d, a);
	if (!gp_doctor_sort(d->report))
		return GP_DOCTOR_EXIT_UNKNOWN;
	int code = gp_doctor_present(d->report, &a->form);
	return gp_arena_status(d->arena) ? GP_DOCTOR_EXIT_UNKNOWN : code;
}

/* ---- the command ---- */

/* usage: trouble that no monitoring takes for a finding. */
static int usage(const char *text, const char *what)
{
	(void)gp_cli_usage("doctor", "%s%s", text, what); /* its code is one of ours already */
	return GP_DOCTOR_EXIT_UNKNOWN;
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
static int parse(const struct gp_cli_call *call, struct arguments *a, struct gp_doctor *d)
{
	const struct {
		const char *name, **value;
	} paths[] = {{"socket", &d->socket}, {"config-dir", &d->config_dir},
		{"postconf", &d->postconf}, {"exim", &d->exim}};
	const char *config = gp_cli_option(call, "config");
	d->config_path = config ? config : d->config_path;
	a->form.is_quiet = gp_cli_has_option(call, "quiet");
	a->form.is_json = gp_cli_has_option(call, "json");
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		const char *path = gp_cli_option(call, paths[i].name);
		*paths[i].value = path;
		if (path && *path != '/')
			return gp_cli_usage(call->title, "--%s: an absolute path", paths[i].name),
			       GP_DOCTOR_EXIT_UNKNOWN;
	}
	a->wanted = call->words;
	a->wanted_count = call->word_count;
	return check_names(a);
}

/* run: arguments, memory, the examination. */
static int run(const struct gp_cli_call *call)
{
	struct arguments a = {.wanted_count = 0};
	struct gp_doctor_report report;
	struct gp_doctor d = {
		.report = &report, .config_path = GP_CONFIG_PATH, .is_root = geteuid() == 0};
	int code = parse(call, &a, &d);
	if (code >= 0)
		return code;
	code = GP_DOCTOR_EXIT_UNKNOWN;
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

/* check_at: a row of the list of checks. */
static bool check_at(size_t i, struct gp_cli_word *word_out)
{
	const struct gp_doctor_check *check = gp_doctor_check_at(i);
	if (!check)
		return false;
	*word_out = (struct gp_cli_word) {check->name, check->about};
	return true;
}

static const struct gp_cli_option options[] = {
	{.name = "quiet", .letter = 'q', .help = "print only warnings and problems"},
	{.name = "json",
		.help = "for programs: an array of objects with check, state, found and mend"},
	{.name = "config-dir",
		.argument = "DIR",
		.completes = GP_CLI_DIRECTORY,
		.help = "of Postfix, as postconf -c takes it"},
	{.name = "postconf",
		.argument = "PATH",
		.completes = GP_CLI_FILE,
		.help = "another postconf than that of PATH or /usr/sbin"},
	{.name = "exim",
		.argument = "PATH",
		.completes = GP_CLI_FILE,
		.help = "another exim than that of PATH or /usr/sbin"},
	{0},
};

static const struct gp_cli_argument arguments[] = {
	{.name = "CHECK",
		.is_optional = true,
		.may_repeat = true,
		.title = "checks",
		.word_at = check_at},
	{0},
};

const struct gp_cli_command gp_cli_doctor = {
	.name = "doctor",
	.help = "find what is wrong on this machine, and how to mend it",
	.synopsis = "[--json] [--quiet] [CHECK ...]",
	.text = "Looks at this machine and says what is wrong with gatepost on it and how to "
		"mend it: configuration, daemon, resolver, store, clock, Postfix, Exim. Changes "
		"nothing: stores are looked at and read, not written (gatepost store check "
		"writes). As root it sees most; what it may not look at is skipped. CHECK is a "
		"name of the list below, or the part before the dot.\n\n"
		"States: ok; note, good to know; warning, works in part or for now; problem, "
		"does not work; skipped (-), its subject is not here or cannot be looked at.",
	.options = {options, gp_cli_control_options},
	.arguments = arguments,
	.examples = "sudo gatepost doctor\n"
		    "sudo gatepost doctor dns store\n"
		    "gatepost doctor --json | jq '.[] | select(.state == \"problem\")'",
	.exits = "0 all is well (notes are)\n1 there are warnings\n2 there are problems\n"
		 "3 it could not look: wrong usage, or memory",
	.usage_exit = GP_DOCTOR_EXIT_UNKNOWN,
	.run = run,
};
