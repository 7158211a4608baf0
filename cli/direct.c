/* SPDX-License-Identifier: ISC */
/* The log is opened before the chroot, and the store after the change of the user. */
#include "cli/direct.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "cli/direct_private.h"
#include "cli/log_text.h"
#include "cli/usage.h"
#include "operator/operator_text.h"

#define MEMORY (256 * 1024 * 1024)
#define COMMAND_US 30000000 /* as the daemon has it */

/* ---- what is logged ---- */

/* take_log: gp_log.write: changes to syslog, trouble to the caller. */
static void take_log(void *arg, enum gp_log_level level, const char *event,
	const struct gp_log_field *fields, size_t count)
{
	const struct gp_cli_direct *d = arg;
	char text[GP_CLI_LOG_TEXT];
	const char *name = gp_log_level_name(level);
	gp_cli_log_text(text, event, fields, count);
	if (level == GP_LOG_NOTICE)
		syslog(d->config->log.facility | LOG_NOTICE, "level=%s event=%s %s", name, event,
			text);
	else
		fprintf(stderr, "gatepost %s: %s: %s\n", d->command, name, text);
}

/* ---- open and close ---- */

/* context: of one command. */
static struct gp_ctx context(struct gp_cli_direct *d)
{
	return (struct gp_ctx) {.arena = d->arena,
		.clock = gp_clock_system(),
		.log = &d->log,
		.deadline_us = gp_clock_now_us(gp_clock_system()) + COMMAND_US};
}

/* open_store: as the module for Exim opens it. */
static int open_store(struct gp_cli_direct *d)
{
	struct gp_ctx ctx = context(d);
	if (!gp_runtime_store_is_wanted(d->config))
		return GP_CLI_FINE;
	int rc = gp_runtime_store_open(d->config, &ctx, &d->store);
	if (rc)
		fprintf(stderr, "gatepost %s: the store cannot be opened: %s\n", d->command,
			gp_err_text(rc));
	return rc ? GP_CLI_TROUBLE : GP_CLI_FINE;
}

/* gp_cli_direct_open: the uid is that of the caller. */
int gp_cli_direct_open(const char *command, struct gp_config *config,
	const struct gp_cli_store_user *who, struct gp_cli_direct **direct_out)
{
	struct gp_cli_direct *d = calloc(1, sizeof *d);
	int code = GP_CLI_TROUBLE;
	if (!d) {
		gp_config_free(config);
		return code;
	}
	d->command = command;
	d->config = config;
	d->log = (struct gp_log) {take_log, d, GP_LOG_NOTICE};
	d->arena = gp_arena_new(MEMORY);
	d->uid = getuid();
	openlog("gatepost", LOG_NDELAY, config->log.facility);
	if (d->arena)
		code = gp_cli_store_drop(command, who);
	const struct passwd *pw = getpwuid(geteuid());
	snprintf(d->user, sizeof d->user, "%s", pw ? pw->pw_name : who->user);
	if (!code)
		code = open_store(d);
	if (code)
		gp_cli_direct_close(d);
	else
		*direct_out = d;
	return code;
}

/* gp_cli_direct_close: in reverse order. */
void gp_cli_direct_close(struct gp_cli_direct *direct)
{
	if (!direct)
		return;
	free(direct->table);
	gp_runtime_store_close(&direct->store);
	closelog();
	gp_arena_free(direct->arena);
	gp_config_free(direct->config);
	free(direct);
}

/* ---- answers ---- */

/* add_where: so that a program can tell whom it has asked. */
static json_t *add_where(const struct gp_cli_direct *d, json_t *answer)
{
	const char *uri = d->config->store.uri_count ? d->config->store.uris[0] : "";
	json_t *where = json_pack("{s:o, s:s}", "store",
		gp_operator_text(d->arena, gp_span_from(uri)), "user", d->user);
	if (json_object_get(answer, "error"))
		json_decref(where);
	else
		json_object_set_new(answer, "direct", where);
	return answer;
}

/* is_about_lists: does the answer need to know how DNS lists are doing? */
static bool is_about_lists(const char *command)
{
	return !gp_operator_knows(command) || strncmp(command, "lists", 5) == 0;
}

/* gp_cli_direct_answer: what was set meanwhile is read first. */
json_t *gp_cli_direct_answer(void *arg, const json_t *request)
{
	struct gp_cli_direct *d = arg;
	const char *command = json_string_value(json_object_get(request, "command"));
	gp_arena_reset(d->arena);
	struct gp_ctx ctx = context(d);
	struct gp_operator_call call = {.config = d->config,
		.overrides = d->store.overrides,
		.ctx = &ctx,
		.request = request,
		.peer_uid = d->uid};
	if (d->store.store)
		gp_runtime_store_tend(&d->store, &ctx);
	if (is_about_lists(command))
		call.kept = gp_cli_direct_lists(d, &ctx);
	call.lists = call.kept ? call.kept->health : NULL;
	json_t *answer = gp_operator_knows(command) ? gp_operator_answer(&call)
			 : command && strcmp(command, "status") == 0
				 ? gp_cli_direct_status(d, &call)
				 : gp_cli_direct_metrics(d, &call);
	return answer ? add_where(d, answer) : NULL;
}
