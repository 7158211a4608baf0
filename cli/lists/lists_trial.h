/* SPDX-License-Identifier: ISC */
/*
 * Lists_trial: the configured DNS lists, tested here and now as the daemon tests them at its start,
 * with a health table that lives as long as the command.
 *
 *     struct gp_cli_lists_trial trial;
 *     rc = gp_cli_lists_trial_begin(&ctx, settings, &trial);     waits for the tests
 *     ... trial.plan, gp_cli_lists_trial_view(&trial, list, &view) ...
 *     gp_cli_lists_trial_end(&trial);                            whatever begin has returned
 */
#ifndef GP_CLI_LISTS_TRIAL_H
#define GP_CLI_LISTS_TRIAL_H

#include "base/ctx.h"
#include "reputation/dnsbl/dnsbl.h"
#include "reputation/dnsbl/dnsbl_options.h"

struct gp_cli_lists_trial {
	struct gp_dnsbl_plan plan;
	const struct gp_clock *clock;
	void *memory; /* of the table */
};

/* Tests them, within the time that queries about a mail have. As gp_dnsbl_test; GP_ENOMEM. */
int gp_cli_lists_trial_begin(struct gp_ctx *ctx, const struct gp_dnsbl_settings *settings,
	struct gp_cli_lists_trial *trial_out) GP_MUST_CHECK;

/* How a list of these is doing now. */
void gp_cli_lists_trial_view(const struct gp_cli_lists_trial *trial,
	const struct gp_dnsbl_list *list, struct gp_dnsbl_health_view *view_out);

/* Has it failed its tests, or had no result of them, or is its zone closed? */
bool gp_cli_lists_trial_is_suspended(const struct gp_dnsbl_health_view *view);

void gp_cli_lists_trial_end(struct gp_cli_lists_trial *trial);

#endif
