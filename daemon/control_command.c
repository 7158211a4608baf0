/* SPDX-License-Identifier: ISC */
/* From a request to a command: the services' tables in their order, then the daemon's own. */
#include "daemon/control_command.h"

#include <string.h>

#include "daemon/metrics.h"

/* metrics: the whole page as one text. */
static json_t *metrics(struct gp_daemon_control_call *call)
{
	struct gp_strbuf buf;
	const char *text;
	gp_strbuf_init(&buf, call->ctx->arena, GP_DAEMON_METRICS_PAGE_MAX);
	gp_daemon_metrics_of(call->daemon, call->runtime, &buf);
	int rc = gp_strbuf_finish(&buf, &text);
	if (rc)
		return gp_operator_error("the metrics cannot be collected: %s", gp_err_text(rc));
	return json_pack("{s:s}", "text", text);
}

static const struct gp_daemon_control_command own[] = {
	{"metrics", metrics},
};

/* find: the row of that name; NULL: it is not in this table. */
static const struct gp_daemon_control_command *find(
	const struct gp_daemon_control_command *commands, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(name, commands[i].name) == 0)
			return &commands[i];
	return NULL;
}

/* gp_daemon_control_answer: by the tables. */
json_t *gp_daemon_control_answer(struct gp_daemon_control_call *call)
{
	const char *name = json_string_value(json_object_get(call->request, "command"));
	const struct gp_daemon_control_command *command = NULL;
	for (size_t i = 0; name && !command && i < call->daemon->program->service_count; i++) {
		const struct gp_daemon_served *served = &call->daemon->served[i];
		command = find(served->service->commands, served->service->command_count, name);
		call->state = served->state;
	}
	if (name && !command)
		command = find(own, sizeof own / sizeof own[0], name);
	return command ? command->run(call) : gp_operator_error("there is no such command");
}
