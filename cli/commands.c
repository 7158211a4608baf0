/* SPDX-License-Identifier: ISC */
/* The one list of commands. */
#include "cli/cli.h"

const struct gp_cli_command *const gp_cli_commands[] = {
	&gp_cli_spf,
	&gp_cli_verify,
	&gp_cli_dmarc,
	&gp_cli_dkim,
	&gp_cli_check,
	&gp_cli_try,
	&gp_cli_check_config,
	&gp_cli_request,
	&gp_cli_limits,
	&gp_cli_lists,
	&gp_cli_greylist,
	&gp_cli_status,
	&gp_cli_metrics,
	&gp_cli_doctor,
	&gp_cli_store,
	&gp_cli_completion,
	NULL,
};
