/* SPDX-License-Identifier: ISC */
/* Whether anybody listens is asked of the socket; what its answer is worth is for the exchange. */
#include "cli/place.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/direct.h"
#include "cli/doctor/doctor.h"
#include "cli/format.h"
#include "cli/store/store_owner.h"
#include "cli/usage.h"

const struct gp_cli_option gp_cli_direct_option[] = {
	{.name = "direct",
		.help = "use the store itself, as its user, whether a daemon runs or not"},
	{0},
};

/* is_listened: does anybody listen there, or is it not known? */
static bool is_listened(const char *path)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	if (*path != '/' || strlen(path) >= sizeof un.sun_path)
		return false;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	memcpy(un.sun_path, path, strlen(path));
	int error = fd < 0                                                      ? errno
		    : connect(fd, (const struct sockaddr *)&un, sizeof un) != 0 ? errno
										: 0;
	if (fd >= 0)
		close(fd);
	return error != ENOENT && error != ENOTDIR && error != ECONNREFUSED;
}

/* use_store: takes the configuration. */
static int use_store(
	struct gp_cli_control *control, struct gp_doctor *d, const struct gp_cli_store *store)
{
	struct gp_cli_store_user who;
	struct gp_cli_direct *direct;
	struct gp_config *config = d->config;
	snprintf(control->direct, sizeof control->direct, "%s",
		gp_cli_visible(d->arena, store->options.uris[0]));
	const char *refused = gp_cli_store_refused(d, store, &who);
	if (refused) {
		fprintf(stderr, "gatepost %s: %s\n", control->command, refused);
		gp_config_free(config);
		return GP_CLI_TROUBLE;
	}
	fprintf(stderr, "gatepost %s: using the store %s (no daemon)\n", control->command,
		control->direct);
	int code = gp_cli_direct_open(control->command, config, &who, &direct);
	if (!code) {
		control->instead = gp_cli_direct_answer;
		control->instead_arg = direct;
	}
	return code;
}

/* What is asked for. */
struct wanted {
	const char *config, *socket; /* socket: NULL: as configured */
	bool is_direct;
};

/* choose: with a configuration that has no errors, which it takes. */
static int choose(
	struct gp_cli_control *control, struct gp_config *config, const struct wanted *wanted)
{
	struct gp_doctor_report unread;
	struct gp_doctor d;
	struct gp_cli_store store;
	int code = GP_CLI_TROUBLE;
	gp_cli_store_main(config, &store);
	if (!gp_cli_store_ask_doctor(&d, &unread, wanted->config, config)) {
		gp_config_free(config);
	} else if (wanted->is_direct || (!is_listened(config->policyd.control_socket) &&
						gp_cli_store_is_exims(&d, &store))) {
		code = use_store(control, &d, &store);
	} else {
		gp_config_free(config);
		code = gp_cli_control_find(control, wanted->config, NULL);
	}
	gp_arena_free(d.arena);
	return code;
}

/* find: a configuration with errors is the daemon's affair, which knows the last good one. */
static int find(struct gp_cli_control *control, const struct wanted *wanted)
{
	struct gp_config_errors errors = {0};
	struct gp_config *config = NULL;
	int rc = gp_config_load(wanted->config, &config, &errors);
	if (rc && wanted->is_direct)
		fputs(gp_config_errors_text(&errors, rc), stderr);
	gp_config_errors_fini(&errors);
	if (!rc)
		return choose(control, config, wanted);
	return wanted->is_direct ? GP_CLI_CONFIG
				 : gp_cli_control_find(control, wanted->config, NULL);
}

/* gp_cli_place_find: with --socket it is the daemon that listens there. */
int gp_cli_place_find(struct gp_cli_control *control, const struct gp_cli_call *call)
{
	const char *config = gp_cli_option(call, "config");
	const struct wanted wanted = {.config = config ? config : GP_CONFIG_PATH,
		.socket = gp_cli_option(call, "socket"),
		.is_direct = gp_cli_has_option(call, "direct")};
	control->command = call->title;
	if (wanted.socket && wanted.is_direct)
		return gp_cli_usage(call->title, "--socket or --direct, not both");
	int code = wanted.socket ? gp_cli_control_find(control, wanted.config, wanted.socket)
				 : find(control, &wanted);
	return code ? code : -1;
}

/* gp_cli_place_leave: a daemon keeps no connection. */
void gp_cli_place_leave(struct gp_cli_control *control)
{
	gp_cli_direct_close(control->instead_arg);
	control->instead = NULL;
	control->instead_arg = NULL;
}
