/* SPDX-License-Identifier: ISC */
/*
 * Numbers about DNS lists, as the health table has them. A reload that exchanges lists forgets
 * those that are gone.
 */
#include "policyd/metrics_policy.h"

#include "policyd/session.h"
#include "reputation/dnsbl/dnsbl_health.h"

/* view_at: of a list of the configuration in force; false: there are no more. */
static bool view_at(const struct gp_daemon_metrics_source *source, size_t i,
	struct gp_operator_page_label *label_out, struct gp_dnsbl_health_view *view_out)
{
	const struct gp_session_shared *shared = source->state;
	const struct gp_dnsbl_settings *s = &source->runtime->config->dnsbl;
	const struct gp_clock *clock = gp_clock_system();
	if (i >= s->count || s->mode == GP_MODE_OFF)
		return false;
	*label_out = (struct gp_operator_page_label) {"list", s->lists[i].zone};
	gp_dnsbl_health_view(
		gp_lists_table(shared->lists), &s->lists[i], clock->wall_s(clock), view_out);
	return true;
}

/* gp_metrics_list_state: 1 for the state that it has, 0 for each other. */
void gp_metrics_list_state(GP_DAEMON_METRICS_READER)
{
	struct gp_operator_page_label labels[2];
	struct gp_dnsbl_health_view view;
	(void)row;
	for (size_t i = 0; view_at(source, i, &labels[0], &view); i++)
		for (int k = 0; k < GP_DNSBL_STATUSES; k++) {
			labels[1] = (struct gp_operator_page_label) {
				"state", gp_dnsbl_status_name((enum gp_dnsbl_status)k)};
			gp_operator_page_number(page, labels, 2, view.status == (unsigned)k);
		}
}

/* gp_metrics_lists: one number of each list. */
void gp_metrics_lists(GP_DAEMON_METRICS_READER)
{
	struct gp_operator_page_label label;
	struct gp_dnsbl_health_view view;
	for (size_t i = 0; view_at(source, i, &label, &view); i++) {
		const void *at = (const char *)&view + row->at;
		gp_operator_page_number(page, &label, 1, *(const uint64_t *)at);
	}
}

/* gp_metrics_list_times: how long its answers took. */
void gp_metrics_list_times(GP_DAEMON_METRICS_READER)
{
	struct gp_operator_page_label label;
	struct gp_dnsbl_health_view view;
	(void)row;
	for (size_t i = 0; view_at(source, i, &label, &view); i++)
		gp_operator_page_histogram(page, &label, 1, &view.took);
}
