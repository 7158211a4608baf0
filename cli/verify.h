/* SPDX-License-Identifier: ISC */
/*
 * Verify: the verdict about a message, for people and for programs.
 */
#ifndef GP_CLI_VERIFY_H
#define GP_CLI_VERIFY_H

#include "base/arena.h"
#include "engine/record.h"

/* A report of some lines on stdout. note: one more line at its end; NULL: none. */
void gp_cli_verify_report(const struct gp_record *record, const char *note);

#endif
