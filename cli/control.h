/* SPDX-License-Identifier: ISC */
/*
 * Control: the client of the daemon's control socket (daemon/control.h says what is spoken).
 *
 *     struct gp_cli_control control = {.stop_fd = -1};
 *     code = gp_cli_control_arguments(&control, call);       (-1, or an exit code)
 *     code = gp_cli_control_ask(&control, json_pack("{s:s}", "command", "status"), &answer);
 *
 * What is at the socket could be anybody: an answer is one JSON object of at most 64 MiB that comes
 * within 35 s, and what is in it is for the caller to check. Functions return exit codes of
 * usage.h. One exchange after the other; not for two threads.
 */
#ifndef GP_CLI_CONTROL_H
#define GP_CLI_CONTROL_H

#include <jansson.h>
#include <stdbool.h>

#include "cli/command.h"
#include "config/config.h"

#define GP_CLI_ANSWER_MAX (64 * 1024 * 1024)
#define GP_CLI_ANSWER_MS 35000 /* the daemon gives a command 30 s */
#define GP_CLI_WHO_MAX 4096

/* --config, for the lists of options of commands that read a configuration. */
#define GP_CLI_CONFIG_OPTION                                                                   \
	{                                                                                      \
		.name = "config", .letter = 'c', .argument = "FILE", .completes = GP_CLI_FILE, \
		.help = "the configuration (default " GP_CONFIG_PATH ")"                       \
	}

/* --config and --socket. */
extern const struct gp_cli_option gp_cli_control_options[];

struct gp_cli_control {
	const char *command; /* for usage texts */
	int stop_fd;         /* what becomes readable ends every wait; -1: none */
	bool is_stopped;     /* it has */
	bool is_answered;    /* the last error is the daemon's answer, not that it is unavailable */
	char path[108];
	/* answers in place of a daemon (cli/place.h): as gp_operator_answer; NULL: none does */
	json_t *(*instead)(void *arg, const json_t *request);
	void *instead_arg;
	char direct[256];   /* the store that is used then, printable */
	char problem[2048]; /* with GP_CLI_TROUBLE: what is wrong, and what to do; printable */
};

/*
 * Finds the path of the socket: the one given, or that of the configuration file. Has said what is
 * wrong when it returns something else than GP_CLI_FINE.
 */
int gp_cli_control_find(struct gp_cli_control *control, const char *config, const char *socket);

/*
 * What the call says of these options, and the socket it comes to, as above; -1 to go on, else the
 * exit code.
 */
int gp_cli_control_arguments(
	struct gp_cli_control *control, const struct gp_cli_call *call) GP_MUST_CHECK;

/*
 * Sends the request, which it takes (NULL: no memory), and reads the answer, which is the caller's:
 * an object without "error". GP_CLI_TROUBLE: problem says why; nothing has been printed.
 */
int gp_cli_control_ask(struct gp_cli_control *control, json_t *request, json_t **answer_out);

/* "gatepost COMMAND: problem" to stderr; returns GP_CLI_TROUBLE. */
int gp_cli_control_report(const struct gp_cli_control *control);

/* The same for an answer whose members are not what they should be: sets problem. */
int gp_cli_control_misread(struct gp_cli_control *control);

/* The answer for programs, to stdout: printable ASCII. On one line if so asked. */
int gp_cli_control_print(const json_t *answer, bool on_one_line);

/* What was kept of the configuration at path. Root reads it with the rights of its owner, who could
 * have written it and must be policyd.user in it. Not while there are other threads. */
int gp_cli_config_load_saved(const char *path, struct gp_config **config_out) GP_MUST_CHECK;

/*
 * The configuration, for a command that needs its sockets only. A file with errors is no reason not
 * to ask: then what the daemon has kept of it, or the default, which is said on standard error.
 */
int gp_cli_config_load(
	const char *command, const char *path, struct gp_config **config_out) GP_MUST_CHECK;

#endif
