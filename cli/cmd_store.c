/* SPDX-License-Identifier: ISC */
/* gatepost store check: arguments and configuration; store/store_check.c does it. */
#include <getopt.h>
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

static const char help[] =
	"usage: gatepost store check [FILE]\n"
	"\n"
	"Opens the store that the configuration FILE names, writes a fact, a counter and\n"
	"what is noted softly, all of its own, reads and removes them, and measures how\n"
	"long that takes. Says what is wrong, if anything is, and what to do. Started as\n"
	"root it becomes the user policyd.user first, or Exim's where there is only Exim.\n"
	"The daemon may be running; mail is not disturbed, and whether the daemon has\n"
	"those files open that stand on the disk is looked at, too.\n"
	"\n"
	"  -c, --config FILE  the same as FILE; without it:\n"
	"                     " GP_CONFIG_PATH "\n"
	"\n"
	"examples:\n"
	"  sudo gatepost store check\n"
	"\n"
	"exit codes: 0 the store works, 1 it does not, 2 usage,\n"
	"            3 the configuration has errors\n";

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

/* gp_cli_store: arguments. */
int gp_cli_store(int argc, char **argv)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	const char *path = NULL;
	int c;
	while ((c = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		if (c == 'h')
			return gp_cli_help(help);
		if (c == '?')
			return gp_cli_usage("store", "this option is not known or lacks its value");
		path = optarg;
	}
	if (optind == argc || strcmp(argv[optind], "check") != 0)
		return gp_cli_usage("store", "what there is to do: check");
	if (argc - optind > 2 || (path && argc - optind > 1))
		return gp_cli_usage("store", "one file at a time");
	if (!path)
		path = optind + 1 < argc ? argv[optind + 1] : GP_CONFIG_PATH;
	return check(path);
}
