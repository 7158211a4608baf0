/* SPDX-License-Identifier: ISC */
/* Group by group, row by row. */
#include "daemon/metrics.h"

#include "daemon/listen.h"
#include "operator/operator_metrics.h"

/* of_operator: what those groups are read from. */
static struct gp_operator_metrics_source of_operator(const struct gp_daemon_metrics_source *source)
{
	return (struct gp_operator_metrics_source) {
		.config = source->runtime->config, .store = source->runtime->store};
}

/* gp_daemon_metrics_limits: under the configuration in force. */
void gp_daemon_metrics_limits(
	struct gp_operator_page *page, const struct gp_daemon_metrics_source *source)
{
	const struct gp_operator_metrics_source same = of_operator(source);
	gp_operator_metrics_config(page, &same);
}

/* gp_daemon_metrics_store: those that are open. */
void gp_daemon_metrics_store(
	struct gp_operator_page *page, const struct gp_daemon_metrics_source *source)
{
	const struct gp_operator_metrics_source same = of_operator(source);
	gp_operator_metrics_store(page, &same);
}

/* gp_daemon_metrics_write: a family each. */
void gp_daemon_metrics_write(struct gp_operator_page *page,
	const struct gp_daemon_metrics_source *source, const struct gp_daemon_metrics_group *group)
{
	if (group->write)
		group->write(page, source);
	for (size_t i = 0; group->rows && i < *group->count; i++) {
		const struct gp_daemon_metric *row = &group->rows[i];
		gp_operator_page_family(page, row->name, row->type, row->help);
		row->read(page, source, row);
	}
}

/* gp_daemon_metrics_of: each group with the state of its service. */
void gp_daemon_metrics_of(
	struct gp_daemon *daemon, const struct gp_daemon_runtime *runtime, struct gp_strbuf *buf)
{
	struct gp_operator_page page = {.buf = buf};
	const struct gp_daemon_program *program = daemon->program;
	for (size_t i = 0; i < program->metrics_count; i++) {
		const struct gp_daemon_metrics_group *group = &program->metrics[i];
		const struct gp_daemon_served *served = &daemon->served[group->service];
		const struct gp_daemon_metrics_source source = {.counters = daemon->counters,
			.runtime = runtime,
			.service = group->service,
			.state = served->state,
			.open = served->listen ? gp_daemon_listen_open_count(served->listen) : 0};
		gp_daemon_metrics_write(&page, &source, group);
	}
}
