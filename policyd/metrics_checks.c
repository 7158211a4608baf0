/* SPDX-License-Identifier: ISC */
/* What sessions have counted: requests, decisions, checks, limits. Another check is one row. */
#include "policyd/metrics_private.h"

#include "limit/limit_message.h"
#include "spf/spf.h"

/* ---- the checks ---- */

/* spf_verdict: as RFC 8601 spells it. */
static const char *spf_verdict(unsigned verdict)
{
	return gp_spf_verdict_name((enum gp_spf_verdict)verdict);
}

/* limits_verdict: what the limits said about a message. */
static const char *limits_verdict(unsigned verdict)
{
	static const char *const names[] = {
		[GP_LIMITS_FINE] = "fine",
		[GP_LIMITS_LABELLED] = "labelled",
		[GP_LIMITS_HELD] = "held",
		[GP_LIMITS_REFUSED] = "refused",
		[GP_LIMITS_AWAY] = "away",
	};
	return names[verdict];
}

static const struct {
	const char *check, *identity; /* identity NULL: there is one only */
	unsigned verdicts;
	const char *(*name)(unsigned verdict);
} checks[GP_CHECKS] = {
	[GP_CHECK_SPF_MAILFROM] = {"spf", "mailfrom", GP_SPF_VERDICTS, spf_verdict},
	[GP_CHECK_SPF_HELO] = {"spf", "helo", GP_SPF_VERDICTS, spf_verdict},
	[GP_CHECK_LIMITS] = {"limits", NULL, GP_LIMITS_VERDICTS, limits_verdict},
};

_Static_assert(GP_SPF_VERDICTS <= GP_CHECK_VERDICTS, "SPF has a place for each verdict");
_Static_assert(GP_LIMITS_VERDICTS <= GP_CHECK_VERDICTS, "limits have a place for each verdict");

/* each_check: every verdict of every check, as a number or as a histogram. */
static void each_check(
	struct gp_daemon_metrics_page *page, const struct gp_metrics_source *source, bool with_time)
{
	for (unsigned i = 0; i < GP_CHECKS; i++) {
		for (unsigned k = 0; k < checks[i].verdicts; k++) {
			struct gp_histogram_sums sums = {0};
			const struct gp_daemon_metrics_label labels[] = {{"check", checks[i].check},
				{"identity", checks[i].identity}, {"verdict", checks[i].name(k)}};
			gp_counters_read(source->counters, GP_TALLY(checks[i][k]), &sums);
			if (with_time)
				gp_daemon_metrics_histogram(page, labels, 3, &sums);
			else
				gp_daemon_metrics_number(
					page, labels, 3, gp_histogram_count(&sums));
		}
	}
}

/* gp_metrics_results: how often. */
void gp_metrics_results(GP_METRICS_READER)
{
	(void)row;
	each_check(page, source, false);
}

/* gp_metrics_durations: how long. */
void gp_metrics_durations(GP_METRICS_READER)
{
	(void)row;
	each_check(page, source, true);
}

/* ---- requests and decisions ---- */

/* gp_metrics_tally: one number over all tallies. */
void gp_metrics_tally(GP_METRICS_READER)
{
	gp_daemon_metrics_number(page, NULL, 0, gp_counters_sum(source->counters, row->at));
}

/* gp_metrics_requests: by stage, as Postfix calls it. */
void gp_metrics_requests(GP_METRICS_READER)
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
		gp_daemon_metrics_number(page,
			&(struct gp_daemon_metrics_label) {"stage", names[i]}, 1,
			gp_counters_sum(source->counters, GP_TALLY(requests[i])));
}

/* Those that a policy service gives. */
static const enum gp_action actions[] = {
	GP_ACTION_ACCEPT, GP_ACTION_HOLD, GP_ACTION_DEFER, GP_ACTION_REJECT};
#define ACTIONS (sizeof actions / sizeof actions[0])

/* gp_metrics_answers: by action. */
void gp_metrics_answers(GP_METRICS_READER)
{
	(void)row;
	for (size_t i = 0; i < ACTIONS; i++) {
		struct gp_histogram_sums sums = {0};
		gp_counters_read(source->counters, GP_TALLY(answers[actions[i]]), &sums);
		gp_daemon_metrics_histogram(page,
			&(struct gp_daemon_metrics_label) {
				"action", gp_engine_action_name(actions[i])},
			1, &sums);
	}
}

/* gp_metrics_decisions: by action, and by whose rule decided. */
void gp_metrics_decisions(GP_METRICS_READER)
{
	static const char *const deciders[GP_DECIDERS] = {
		[GP_DECIDER_NONE] = "none",
		[GP_DECIDER_SPF] = "spf",
		[GP_DECIDER_LIMITS] = "limits",
		[GP_DECIDER_STORE] = "store",
		[GP_DECIDER_MEMORY] = "memory",
		[GP_DECIDER_TROUBLE] = "trouble",
	};
	(void)row;
	for (size_t i = 0; i < ACTIONS; i++) {
		for (size_t k = 0; k < GP_DECIDERS; k++) {
			const struct gp_daemon_metrics_label labels[] = {
				{"action", gp_engine_action_name(actions[i])},
				{"check", deciders[k]}};
			gp_daemon_metrics_number(page, labels, 2,
				gp_counters_sum(
					source->counters, GP_TALLY(decisions[actions[i]][k])));
		}
	}
}

/* ---- limits ---- */

/* limit_labels: name and unit; false behind the last limit that has a place of its own. */
static bool limit_labels(const struct gp_counters *counters, unsigned place,
	struct gp_daemon_metrics_label labels_out[2])
{
	unsigned known = atomic_load(&counters->limit_count);
	if (place >= known || place >= GP_COUNTERS_LIMITS)
		return false;
	labels_out[0] = (struct gp_daemon_metrics_label) {"limit", counters->limits[place].name};
	labels_out[1] = (struct gp_daemon_metrics_label) {
		"unit", gp_limit_unit_name((enum gp_limit_unit)counters->limits[place].unit)};
	return true;
}

/* gp_metrics_limits: one number of each limit; those without a place only when there are any. */
void gp_metrics_limits(GP_METRICS_READER)
{
	struct gp_daemon_metrics_label labels[2];
	struct gp_counters *c = source->counters;
	for (unsigned i = 0; limit_labels(c, i, labels); i++)
		gp_daemon_metrics_number(
			page, labels, 2, gp_counters_sum(c, GP_TALLY(limits[i]) + row->at));
	uint64_t others = gp_counters_sum(c, GP_TALLY(limits[GP_COUNTERS_LIMITS]) + row->at);
	if (others)
		gp_daemon_metrics_number(
			page, &(struct gp_daemon_metrics_label) {"limit", "(others)"}, 1, others);
}

/* gp_metrics_limits_over: each limit by what came of it. */
void gp_metrics_limits_over(GP_METRICS_READER)
{
	static const enum gp_counters_limits outcomes[] = {
		GP_LIMITS_LABELLED, GP_LIMITS_HELD, GP_LIMITS_REFUSED};
	struct gp_daemon_metrics_label labels[3];
	struct gp_counters *c = source->counters;
	(void)row;
	for (unsigned i = 0; limit_labels(c, i, labels); i++) {
		for (size_t k = 0; k < sizeof outcomes / sizeof outcomes[0]; k++) {
			labels[2] = (struct gp_daemon_metrics_label) {
				"outcome", limits_verdict(outcomes[k])};
			gp_daemon_metrics_number(page, labels, 3,
				gp_counters_sum(c, GP_TALLY(limits[i].over[outcomes[k]])));
		}
	}
}
