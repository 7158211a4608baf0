/* SPDX-License-Identifier: ISC */
/* What sessions have counted: requests, decisions, limits, and checks by the pipeline's rows. */
#include "policyd/metrics_policy.h"

#include "limit/limit_message.h"
#include "policyd/session.h"

/* counters_of: those of the policy service. */
static struct gp_counters *counters_of(const struct gp_daemon_metrics_source *source)
{
	const struct gp_session_shared *shared = source->state;
	return shared->counters;
}

/* ---- the checks ---- */

/* What Postfix asks about: all stages but the whole message. */
#define STAGES (GP_AT(GP_STAGE_MESSAGE) - 1)

/* each_check: every verdict of every check that runs here, as a number or as a histogram. */
static void each_check(struct gp_operator_page *page, const struct gp_daemon_metrics_source *source,
	bool with_time)
{
	struct gp_counters_result r;
	for (size_t i = 0; gp_counters_result(counters_of(source)->pipeline, i, &r); i++) {
		if (!(r.check->stages & STAGES))
			continue;
		for (unsigned k = 0; k < r.row->verdicts; k++) {
			struct gp_histogram_sums sums = {0};
			const struct gp_operator_page_label labels[] = {{"check", r.check->name},
				{"identity", r.row->identity}, {"verdict", r.row->name(k)}};
			gp_counters_read(counters_of(source), GP_TALLY(checks[i][k]), &sums);
			if (with_time)
				gp_operator_page_histogram(page, labels, 3, &sums);
			else
				gp_operator_page_number(page, labels, 3, gp_histogram_count(&sums));
		}
	}
}

/* gp_metrics_results: how often. */
void gp_metrics_results(GP_DAEMON_METRICS_READER)
{
	(void)row;
	each_check(page, source, false);
}

/* gp_metrics_durations: how long. */
void gp_metrics_durations(GP_DAEMON_METRICS_READER)
{
	(void)row;
	each_check(page, source, true);
}

/* ---- requests and decisions ---- */

/* gp_metrics_tally: one number over all tallies. */
void gp_metrics_tally(GP_DAEMON_METRICS_READER)
{
	gp_operator_page_number(page, NULL, 0, gp_counters_sum(counters_of(source), row->at));
}

/* gp_metrics_requests: by stage, as Postfix calls it. */
void gp_metrics_requests(GP_DAEMON_METRICS_READER)
{
	static const char *const names[GP_PROTOCOL_STATES] = {
		[GP_STATE_OTHER] = "other",
		[GP_STATE_CONNECT] = "CONNECT",
		[GP_STATE_HELO] = "HELO",
		[GP_STATE_MAIL] = "MAIL",
		[GP_STATE_RCPT] = "RCPT",
		[GP_STATE_DATA] = "DATA",
		[GP_STATE_END_OF_MESSAGE] = "END-OF-MESSAGE",
	};
	(void)row;
	for (size_t i = 0; i < GP_PROTOCOL_STATES; i++)
		gp_operator_page_number(page, &(struct gp_operator_page_label) {"stage", names[i]},
			1, gp_counters_sum(counters_of(source), GP_TALLY(requests[i])));
}

/* Those that a policy service gives. */
static const enum gp_action actions[] = {
	GP_ACTION_ACCEPT, GP_ACTION_HOLD, GP_ACTION_DEFER, GP_ACTION_REJECT};
#define ACTIONS (sizeof actions / sizeof actions[0])

/* gp_metrics_answers: by action. */
void gp_metrics_answers(GP_DAEMON_METRICS_READER)
{
	(void)row;
	for (size_t i = 0; i < ACTIONS; i++) {
		struct gp_histogram_sums sums = {0};
		gp_counters_read(counters_of(source), GP_TALLY(answers[actions[i]]), &sums);
		gp_operator_page_histogram(page,
			&(struct gp_operator_page_label) {
				"action", gp_engine_action_name(actions[i])},
			1, &sums);
	}
}

/* decider_name: of number i; NULL: a check whose rules say nothing here. */
static const char *decider_name(const struct gp_pipeline *pipeline, size_t i)
{
	if (i == 0)
		return "none";
	const struct gp_check *c = pipeline->checks[i - 1];
	return c->rules && (!c->run || (c->decides & STAGES)) ? c->name : NULL;
}

/* gp_metrics_decisions: by action, and by whose rule decided. */
void gp_metrics_decisions(GP_DAEMON_METRICS_READER)
{
	const struct gp_pipeline *p = counters_of(source)->pipeline;
	(void)row;
	for (size_t i = 0; i < ACTIONS; i++) {
		for (size_t k = 0; k <= p->count; k++) {
			const struct gp_operator_page_label labels[] = {
				{"action", gp_engine_action_name(actions[i])},
				{"check", decider_name(p, k)}};
			if (labels[1].value)
				gp_operator_page_number(page, labels, 2,
					gp_counters_sum(counters_of(source),
						GP_TALLY(decisions[actions[i]][k])));
		}
	}
}

/* ---- limits ---- */

/* limit_labels: name and unit; false after the last limit that has a place of its own. */
static bool limit_labels(const struct gp_counters *counters, unsigned place,
	struct gp_operator_page_label labels_out[2])
{
	unsigned known = atomic_load(&counters->limit_count);
	if (place >= known || place >= GP_COUNTERS_LIMITS)
		return false;
	labels_out[0] = (struct gp_operator_page_label) {"limit", counters->limits[place].name};
	labels_out[1] = (struct gp_operator_page_label) {
		"unit", gp_limit_unit_name((enum gp_limit_unit)counters->limits[place].unit)};
	return true;
}

/* gp_metrics_limits: one number of each limit; those without a place only when there are any. */
void gp_metrics_limits(GP_DAEMON_METRICS_READER)
{
	struct gp_operator_page_label labels[2];
	struct gp_counters *c = counters_of(source);
	for (unsigned i = 0; limit_labels(c, i, labels); i++)
		gp_operator_page_number(
			page, labels, 2, gp_counters_sum(c, GP_TALLY(limits[i]) + row->at));
	uint64_t others = gp_counters_sum(c, GP_TALLY(limits[GP_COUNTERS_LIMITS]) + row->at);
	if (others)
		gp_operator_page_number(
			page, &(struct gp_operator_page_label) {"limit", "(others)"}, 1, others);
}

/* gp_metrics_limits_over: each limit by what came of it. */
void gp_metrics_limits_over(GP_DAEMON_METRICS_READER)
{
	static const enum gp_limit_said outcomes[] = {
		GP_LIMIT_SAID_LABELLED, GP_LIMIT_SAID_HELD, GP_LIMIT_SAID_REFUSED};
	struct gp_operator_page_label labels[3];
	struct gp_counters *c = counters_of(source);
	(void)row;
	for (unsigned i = 0; limit_labels(c, i, labels); i++) {
		for (size_t k = 0; k < sizeof outcomes / sizeof outcomes[0]; k++) {
			labels[2] = (struct gp_operator_page_label) {
				"outcome", gp_engine_limit_said_name(outcomes[k])};
			gp_operator_page_number(page, labels, 3,
				gp_counters_sum(c, GP_TALLY(limits[i].over[outcomes[k]])));
		}
	}
}
