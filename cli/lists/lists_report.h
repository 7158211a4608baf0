/* SPDX-License-Identifier: ISC */
/*
 * Lists_report: what lists have said about one subject, as a table or as JSON.
 *
 * The JSON has these members and no others: results, each with list, answers, state, weight,
 * meaning, and for a list that is suspended or dead reason; score; action.
 */
#ifndef GP_CLI_LISTS_REPORT_H
#define GP_CLI_LISTS_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "reputation/dnsbl/dnsbl.h"

/* What one list says. */
struct gp_cli_lists_row {
	const struct gp_dnsbl_item *item; /* of the result; its list is set */
	const char *state;
	const char *reason; /* of a list that is suspended or dead; NULL */
	const char *detail; /* more about that; NULL, or "" */
};

struct gp_cli_lists_report {
	const struct gp_config *config;
	bool is_address;
	const struct gp_cli_lists_row *rows; /* lists that answer about this kind */
	size_t count;
	const struct gp_dnsbl_result *result;
	const char *action;
};

/* Each prints it; an exit code. */
int gp_cli_lists_report_print(struct gp_arena *arena, const struct gp_cli_lists_report *report);
int gp_cli_lists_report_json(struct gp_arena *arena, const struct gp_cli_lists_report *report);

#endif
