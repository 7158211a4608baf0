/* SPDX-License-Identifier: ISC */
/* Numbers about greylisting, as they were last read from the store (greylist_watch.h). */
#include "policyd/metrics_policy.h"

#include "policyd/session.h"

/* figures_of: false: there are none. */
static bool figures_of(
	const struct gp_daemon_metrics_source *source, struct gp_greylist_figures *figures_out)
{
	const struct gp_session_shared *shared = source->state;
	return gp_greylist_watch_read(shared->greylist, figures_out);
}

/* gp_metrics_greylist: one number. */
void gp_metrics_greylist(GP_DAEMON_METRICS_READER)
{
	struct gp_greylist_figures figures;
	const void *at = (const char *)&figures + row->at;
	if (figures_of(source, &figures))
		gp_operator_page_number(page, NULL, 0, (uint64_t) * (const int64_t *)at);
}

/* gp_metrics_greylist_median: 0 while nothing has passed. */
void gp_metrics_greylist_median(GP_DAEMON_METRICS_READER)
{
	struct gp_greylist_figures figures;
	(void)row;
	if (figures_of(source, &figures))
		gp_operator_page_seconds(
			page, NULL, 0, figures.median_ms < 0 ? 0 : figures.median_ms * 1000);
}
