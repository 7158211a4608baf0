/* SPDX-License-Identifier: ISC */
/* Group by group, row by row. */
#include "daemon/metrics.h"

#include "daemon/listen.h"

/* gp_daemon_metrics_write: a family each. */
void gp_daemon_metrics_write(struct gp_operator_page *page,
	const struct gp_daemon_metrics_source *source, const struct gp_daemon_metrics_group *group)
{
	for (size_t i = 0; i < *group->count; i++) {
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
