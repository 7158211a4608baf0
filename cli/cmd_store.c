/* SPDX-License-Identifier: ISC */
/* gatepost store check: arguments and configuration; store/store_check.c does it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/access.h"
#include "cli/cli.h"
#include "cli/doctor/doctor.h"
#include "cli/doctor/doctor_exim.h"
#include "cli/doctor/doctor_owner.h"
#include "cli/store/store_check.h"
#include "cli/store/store_open_files.h"
#include "cli/usage.h"

#define DOCTOR_MEMORY (4 * 1024 * 1024)

/* print_line: what works to stdout, what does not to stderr. */
static void print_line(void *arg, enum gp_cli_store_line kind, const char *text)
{
	static const char *const before[] = {[GP_CLI_STORE_TITLE] = "",
		[GP_CLI_STORE_FINE] = "  ",
		[GP_CLI_STORE_STEP] = "  a step takes ",
		[GP_CLI_STORE_CLOCK] = "  its clock is ",
		[GP_CLI_STORE_WARNING] = "  ",
		[GP_CLI_STORE_TROUBLE] = "  "};
	(void)arg;
	(void)fflush(stdout); /* before what goes to stderr */
	fprintf(kind < GP_CLI_STORE_WARNING ? stdout : stderr, "%s%s\n", before[kind], text);
}

/* The stores of a configuration; local: NULL when none stands in. */
struct stores {
	const struct gp_cli_store *main, *local;
};

/* compare_open_files: of the daemon, while this process still may. */
static int compare_open_files(const struct gp_config *config, const struct stores *stores)
{
	int code = gp_cli_store_open_files(config, stores->main);
	int local_code =
		stores->local ? gp_cli_store_open_files(config, stores->local) : GP_CLI_FINE;
	return code ? code : local_code;
}

/* check_stores: as the user they belong to. */
static int check_stores(const struct gp_config *config, const struct stores *stores,
	const struct gp_cli_store_user *who)
{
	const struct gp_cli_store_told told = {print_line, NULL};
	int code = gp_cli_store_become(who), local_code = GP_CLI_FINE;
	if (code)
		return code;
	code = gp_cli_store_check(stores->main, who, false, &told);
	if (!gp_cli_store_is_used(config))
		puts("no limit is configured: the daemon does not use the store");
	if (stores->local)
		local_code = gp_cli_store_check(stores->local, who, false, &told);
	return code ? code : local_code;
}

/* check_as: as whoever uses the stores here. */
static int check_as(struct gp_doctor *d, const struct stores *stores)
{
	const struct gp_config_policyd *options = &d->config->policyd;
	struct gp_cli_store_user who = {options->user, options->group, options->chroot, false};
	struct gp_cli_user user;
	if (!gp_doctor_is_only_exim(d)) {
		int code = compare_open_files(d->config, stores);
		int stores_code = check_stores(d->config, stores, &who);
		return stores_code ? stores_code : code;
	}
	if (!gp_doctor_exim_user(d, &user)) {
		fputs("gatepost store: Exim's user is not known: run this as that user\n", stderr);
		return GP_CLI_TROUBLE;
	}
	who = (struct gp_cli_store_user) {user.name, "", "", true};
	return check_stores(d->config, stores, &who);
}

/* check_config: all stores of a configuration. */
static int check_config(struct gp_config *config, const char *path)
{
	struct gp_doctor_report unread; /* what Exim's checks say is the doctor's */
	struct gp_doctor d = {.arena = gp_arena_new(DOCTOR_MEMORY),
		.report = &unread,
		.is_root = geteuid() == 0,
		.config_path = path,
		.config = config};
	struct gp_cli_store store, local;
	int code = GP_CLI_TROUBLE;
	gp_cli_store_main(config, &store);
	if (d.arena && gp_doctor_report_init(&unread, d.arena)) {
		bool is_local = gp_cli_store_local(d.arena, config, &local);
		const struct stores stores = {&store, is_local ? &local : NULL};
		code = gp_arena_status(d.arena) ? GP_CLI_TROUBLE : check_as(&d, &stores);
	}
	gp_arena_free(d.arena);
	return code;
}

/* check: the configuration and its stores. */
static int check(const char *path)
{
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	int rc = gp_config_load(path, &config, &errors);
	int code = rc == GP_ENOMEM ? GP_CLI_TROUBLE : GP_CLI_CONFIG;
	if (rc)
		fputs(errors.text && *errors.text ? errors.text : gp_err_text(rc), stderr);
	else
		code = check_config(config, path);
	gp_config_free(config);
	gp_config_errors_fini(&errors);
	return code;
}

/* run_check: arguments. */
static int run_check(const struct gp_cli_call *call)
{
	const char *path = gp_cli_option(call, "config");
	if (path && call->word_count)
		return gp_cli_usage(call->title, "one file at a time");
	if (!path)
		path = call->word_count ? call->words[0] : GP_CONFIG_PATH;
	return check(path);
}

static const struct gp_cli_option check_options[] = {
	{.name = "config",
		.letter = 'c',
		.argument = "FILE",
		.completes = GP_CLI_FILE,
		.help = "the same as FILE; without it: " GP_CONFIG_PATH},
	{0},
};

static const struct gp_cli_argument check_arguments[] = {
	{.name = "FILE", .completes = GP_CLI_FILE, .is_optional = true},
	{0},
};

static const struct gp_cli_command subcommands[] = {
	{.name = "check",
		.help = "does the store work, and what to do if not",
		.synopsis = "[FILE]",
		.text = "Opens the store that the configuration FILE names, writes a fact, a "
			"counter and what is noted softly, all of its own, reads and removes "
			"them, and measures how long that takes. Says what is wrong, if "
			"anything is, and what to do. Started as root it becomes the user "
			"policyd.user first, or Exim's where there is only Exim. The daemon may "
			"be running; mail is not disturbed, and whether the daemon has those "
			"files open that stand on the disk is looked at, too.",
		.options = {check_options},
		.arguments = check_arguments,
		.examples = "sudo gatepost store check",
		.exits = "0 the store works\n1 it does not\n2 wrong usage\n"
			 "3 the configuration has errors",
		.run = run_check},
	{0},
};

const struct gp_cli_command gp_cli_store = {
	.name = "store",
	.help = "check the store that limits are counted in",
	.text = "Works on the store itself, not through the daemon.",
	.subcommands = subcommands,
	.examples = "sudo gatepost store check",
	.exits = "0 the store works\n1 it does not\n2 wrong usage\n3 the configuration has errors",
};
