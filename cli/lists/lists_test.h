/* SPDX-License-Identifier: ISC */
/* gatepost lists test: queries all lists about a name or an address, without a daemon. */
#ifndef GP_CLI_LISTS_TEST_H
#define GP_CLI_LISTS_TEST_H

#include "cli/command.h"

/* Runs it; the exit code. */
int gp_cli_lists_test(const struct gp_cli_call *call);

#endif
