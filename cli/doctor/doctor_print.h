/* SPDX-License-Identifier: ISC */
/*
 * Doctor_print: a report on stdout, for people or for programs.
 *
 * Errors of the stream stay in it, to be checked at the end of the program.
 */
#ifndef GP_CLI_DOCTOR_PRINT_H
#define GP_CLI_DOCTOR_PRINT_H

#include "cli/doctor/doctor_report.h"

/* Lines, as wide as the terminal, in the order of the report; is_quiet: only what is not well. */
void gp_doctor_print(const struct gp_doctor_report *report, bool is_quiet);

/* A line: how many findings of which state. */
void gp_doctor_print_summary(const struct gp_doctor_report *report);

/* A JSON array, an object for each finding; false: it could not be made or written. */
bool gp_doctor_print_json(const struct gp_doctor_report *report, bool is_quiet);

#endif
