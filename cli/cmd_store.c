/* SPDX-License-Identifier: ISC */
/* gatepost store check: arguments and configuration; storecheck.c does it. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/storecheck.h"

static const char help[] =
	"usage: gatepost store check [FILE]\n"
	"\n"
	"Opens the store that the configuration FILE names, writes a fact and a counter\n"
	"of its own, reads and removes them, and measures how long that takes. Says what\n"
	"is wrong, if anything is, and what to do. Started as root it becomes the user\n"
	"policyd.user first. The daemon may be running; mail is not disturbed.\n"
	"\n"
	"  -c, --config FILE  the same as FILE; without it:\n"
	"                     " GP_CONFIG_PATH "\n"
	"\n"
	"examples:\n"
	"  sudo gatepost store check\n"
	"\n"
	"exit codes: 0 the store works, 1 it does not, 2 usage,\n"
	"            3 the configuration has errors\n";

/* check: the configuration and its stores. */
static int check(const char *path)
{
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	int rc = gp_config_load(path, &config, &errors);
	int code = rc == GP_ENOMEM ? GP_CLI_TROUBLE : GP_CLI_CONFIG;
	if (rc) {
		fputs(errors.text && *errors.text ? errors.text : gp_err_text(rc), stderr);
	} else {
		bool is_local = config->store_on_failure == GP_LIMIT_FAILURE_LOCAL;
		code = gp_cli_store_check(
			config, GP_CLI_STORE_MAIN | (is_local ? GP_CLI_STORE_LOCAL : 0));
	}
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
		if (c == 'h') {
			fputs(help, stdout);
			return GP_CLI_FINE;
		}
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
