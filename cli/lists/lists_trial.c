/* SPDX-License-Identifier: ISC */
/* A table of our own, in plain memory: nobody shares it. */
#include "cli/lists/lists_trial.h"

#include <stdlib.h>

/* test_lists: a silent one costs no more than it would cost a mail. */
static int test_lists(const struct gp_ctx *given, struct gp_cli_lists_trial *t)
{
	struct gp_dnsbl_tested tested;
	struct gp_ctx ctx = *given;
	int64_t end_us = gp_clock_now_us(ctx.clock) + (int64_t)t->plan.deadline_ms * 1000;
	ctx.deadline_us = end_us < ctx.deadline_us ? end_us : ctx.deadline_us;
	return gp_dnsbl_test(&ctx, &t->plan, &tested);
}

/* gp_cli_lists_trial_begin: the table, then one round. */
int gp_cli_lists_trial_begin(struct gp_ctx *ctx, const struct gp_dnsbl_settings *settings,
	struct gp_cli_lists_trial *trial_out)
{
	struct gp_cli_lists_trial *t = trial_out;
	*t = (struct gp_cli_lists_trial) {.clock = ctx->clock,
		.plan = {.lists = settings->lists,
			.count = settings->count,
			.psl = settings->psl,
			.deadline_ms = settings->deadline_ms}};
	t->memory = calloc(1, gp_dnsbl_health_size());
	int rc = t->memory ? gp_dnsbl_health_init(t->memory, &t->plan.health) : GP_ENOMEM;
	if (rc)
		return rc;
	const struct gp_dnsbl_health_lists lists = {
		.lists = settings->lists, .count = settings->count};
	gp_dnsbl_health_configure(t->plan.health, &lists, ctx->clock->wall_s(ctx->clock));
	return test_lists(ctx, t);
}

/* gp_cli_lists_trial_view: of this moment. */
void gp_cli_lists_trial_view(const struct gp_cli_lists_trial *trial,
	const struct gp_dnsbl_list *list, struct gp_dnsbl_health_view *view_out)
{
	gp_dnsbl_health_view(
		trial->plan.health, list, trial->clock->wall_s(trial->clock), view_out);
}

/* gp_cli_lists_trial_is_suspended: a table as new as this knows no other state without a result. */
bool gp_cli_lists_trial_is_suspended(const struct gp_dnsbl_health_view *view)
{
	return view->status != GP_DNSBL_OK && view->status != GP_DNSBL_OFF;
}

/* gp_cli_lists_trial_end: the table ends with its memory. */
void gp_cli_lists_trial_end(struct gp_cli_lists_trial *trial)
{
	free(trial->memory);
}
