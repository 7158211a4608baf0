/* SPDX-License-Identifier: ISC */
/*
 * Numbers about DNS lists, as the health table has them, and about greylisting, as they were last
 * read from the store (greylist_watch.h). A reload that exchanges lists forgets what is gone.
 */
#include "operator/operator_metrics.h"
#include "policyd/metrics_policy.h"
#include "policyd/session.h"

/* gp_metrics_lists: of the configuration in force. */
void gp_metrics_lists(struct gp_operator_page *page, const struct gp_daemon_metrics_source *source)
{
	const struct gp_session_shared *shared = source->state;
	const struct gp_clock *clock = gp_clock_system();
	struct gp_greylist_figures figures;
	struct gp_operator_metrics_source same = {.config = source->runtime->config,
		.lists = gp_lists_table(shared->lists),
		.now_s = clock->wall_s(clock)};
	if (gp_greylist_watch_read(shared->greylist, &figures))
		same.greylist = &figures;
	gp_operator_metrics_lists(page, &same);
	gp_operator_metrics_greylist(page, &same);
}
