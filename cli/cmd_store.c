/* SPDX-License-Identifier: ISC */
/* gatepost store check: arguments and configuration; store/store_check.c does it. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/doctor/doctor.h"
#include "cli/doctor/doctor_access.h"
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

/* check_as: as whoever uses the stores here. */
static int check_as(struct gp_doctor *d, unsigned stores)
{
	struct gp_doctor_user user;
	if (!gp_doctor_is_only_exim(d)) {
		int code = gp_cli_store_open_files(d->config);
		int stores_code = gp_cli_store_check(d->config, NULL, stores);
		return stores_code ? stores_code : code;
	}
	if (!gp_doctor_exim_user(d, &user)) {
		fputs("gatepost store: Exim's user is not known: run this as that user\n", stderr);
		return GP_CLI_TROUBLE;
	}
	const struct gp_cli_store_user who = {user.name, "", "", true};
	return gp_cli_store_check(d->config, &who, stores);
}

/* check_config: all stores of a configuration. */
static int check_config(struct gp_config *config, const char *path)
{
	bool is_local = config->store_on_failure == GP_LIMIT_FAILURE_LOCAL;
	struct gp_doctor_report unread; /* what Exim's checks say is the doctor's */
	struct gp_doctor d = {.arena = gp_arena_new(DOCTOR_MEMORY),
		.report = &unread,
		.is_root = geteuid() == 0,
		.config_path = path,
		.config = config};
	int code = GP_CLI_TROUBLE;
	if (d.arena && gp_doctor_report_init(&unread, d.arena))
		code = check_as(&d, GP_CLI_STORE_MAIN | (is_local ? GP_CLI_STORE_LOCAL : 0));
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
