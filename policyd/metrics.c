/* SPDX-License-Identifier: ISC */
/* The page: the daemon's groups of numbers and those of the policy service, in its order. */
#include "policyd/metrics_policy.h"

#include "policyd/session.h"

/* ---- configuration ---- */

/* read_deadline: to compare answers with. */
static void read_deadline(GP_DAEMON_METRICS_READER)
{
	(void)row;
	gp_operator_page_seconds(
		page, NULL, 0, (int64_t)source->runtime->config->policyd.deadline_ms * 1000);
}

/* ---- connections ---- */

/* read_max: as configured. */
static void read_max(GP_DAEMON_METRICS_READER)
{
	(void)row;
	gp_operator_page_number(page, NULL, 0, source->runtime->config->policyd.max_connections);
}

/* read_unseen: places of Postfix where limits on bytes wait in vain. */
static void read_unseen(GP_DAEMON_METRICS_READER)
{
	const struct gp_session_shared *shared = source->state;
	struct gp_stage_learn_known known[GP_STAGE_LEARN_SOURCES];
	size_t n = gp_stage_learn_list(shared->stages, known, GP_STAGE_LEARN_SOURCES);
	unsigned unseen = 0;
	(void)row;
	for (size_t i = 0; i < n; i++)
		unseen += known[i].bytes_unseen;
	gp_operator_page_number(page, NULL, 0, unseen);
}

/* ---- the table ---- */

#define COUNTER GP_OPERATOR_PAGE_COUNTER
#define GAUGE GP_OPERATOR_PAGE_GAUGE
#define HISTOGRAM GP_OPERATOR_PAGE_HISTOGRAM
#define OF(member) offsetof(struct gp_daemon_connections, member)
#define OF_LIMIT(member) offsetof(struct gp_tally_limit, member)

/* clang-format off */
static const struct gp_daemon_metric rows[] = {
	{"gatepost_config_deadline_seconds", GAUGE,
		"Time within which every request is answered "
			"(policyd.deadline).", read_deadline, 0},

	{"gatepost_connections_open", GAUGE,
		"Open connections.", gp_daemon_metrics_open, 0},
	{"gatepost_connections_max", GAUGE,
		"Maximum of simultaneous connections (policyd.max_connections).", read_max, 0},
	{"gatepost_connections_total", COUNTER,
		"Connections accepted.", gp_daemon_metrics_connections, OF(accepted)},
	{"gatepost_connections_full_total", COUNTER,
		"How often the maximum of connections was reached and new ones had to wait.",
		gp_daemon_metrics_connections, OF(full)},
	{"gatepost_connections_unserved_total", COUNTER,
		"Connections for which there was no descriptor, memory or thread.",
		gp_daemon_metrics_connections, OF(unserved)},

	{"gatepost_requests_total", COUNTER,
		"Well-formed requests, by stage.", gp_metrics_requests, 0},
	{"gatepost_requests_malformed_total", COUNTER,
		"Malformed or incomplete requests, whose connection was closed.",
		gp_metrics_tally, GP_TALLY(malformed)},
	{"gatepost_requests_failed_total", COUNTER,
		"Requests that could not be checked because of a local problem "
			"(policyd.on_trouble).",
		gp_metrics_tally, GP_TALLY(failures)},
	{"gatepost_request_seconds", HISTOGRAM,
		"Time from the complete request to the complete "
			"answer, by action.", gp_metrics_answers, 0},

	{"gatepost_decisions_total", COUNTER,
		"Answers, by action and by the check whose rule decided.",
		gp_metrics_decisions, 0},
	{"gatepost_would_refuse_total", COUNTER,
		"Mail accepted in label mode that enforce would have refused.",
		gp_metrics_tally, GP_TALLY(would_refuse)},
	{"gatepost_private_clients_total", COUNTER,
		"Requests without SPF because the client's address is private or one of this host.",
		gp_metrics_tally, GP_TALLY(private_client)},
	{"gatepost_check_results_total", COUNTER,
		"Checks, by verdict.", gp_metrics_results, 0},
	{"gatepost_check_seconds", HISTOGRAM,
		"Duration of checks, by verdict.", gp_metrics_durations, 0},

	{"gatepost_limit_checks_total", COUNTER,
		"Requests for which a limit was checked.",
		gp_metrics_limits, OF_LIMIT(looked_at)},
	{"gatepost_limit_over_total", COUNTER,
		"Requests that reached a limit, by outcome.",
		gp_metrics_limits_over, 0},
	{"gatepost_limit_counted_total", COUNTER,
		"What accepted messages have used of a limit, in its unit.",
		gp_metrics_limits, OF_LIMIT(counted)},
	{"gatepost_limit_store_failures_total", COUNTER,
		"Requests that the store could not count (store.on_failure applied).",
		gp_metrics_tally, GP_TALLY(store_failed)},
	{"gatepost_limit_bytes_unseen", GAUGE,
		"Services where Postfix sends no request at END-OF-MESSAGE, so that limits on "
			"bytes have no effect.",
		read_unseen, 0},
};
/* clang-format on */

static const size_t count = sizeof rows / sizeof rows[0];

const struct gp_daemon_metrics_group gp_policyd_metrics[] = {
	{gp_daemon_metrics_process, &gp_daemon_metrics_process_count, GP_POLICYD_POLICY, NULL},
	{gp_daemon_metrics_config, &gp_daemon_metrics_config_count, GP_POLICYD_POLICY, NULL},
	{NULL, NULL, GP_POLICYD_POLICY, gp_daemon_metrics_limits},
	{rows, &count, GP_POLICYD_POLICY, NULL},
	{NULL, NULL, GP_POLICYD_POLICY, gp_metrics_lists},
	{gp_daemon_metrics_dns, &gp_daemon_metrics_dns_count, GP_POLICYD_POLICY, NULL},
	{NULL, NULL, GP_POLICYD_POLICY, gp_daemon_metrics_store},
};
const size_t gp_policyd_metrics_count = sizeof gp_policyd_metrics / sizeof gp_policyd_metrics[0];
