/* SPDX-License-Identifier: ISC */
/*
 * Doctor_print: a report on stdout, for people or for programs.
 *
 * Errors of the stream stay in it, to be checked at the end of the program.
 */
#ifndef GP_CLI_DOCTOR_PRINT_H
#define GP_CLI_DOCTOR_PRINT_H

#include "cli/doctor/doctor_report.h"

/* Exit codes as monitoring systems read them: unlike those of the other commands. */
enum gp_doctor_exit {
	GP_DOCTOR_EXIT_WELL = 0,
	GP_DOCTOR_EXIT_WARNING = 1,
	GP_DOCTOR_EXIT_PROBLEM = 2,
	GP_DOCTOR_EXIT_UNKNOWN = 3 /* it could not look, or nobody could read what it found */
};

/* What a call of a command that reports asks for. */
struct gp_doctor_form {
	bool is_json, is_quiet;
};

/* The report in this form, with its summary for people; the exit code. */
int gp_doctor_present(const struct gp_doctor_report *report, const struct gp_doctor_form *form);

/* Lines, as wide as the terminal, in the order of the report; is_quiet: only what is not well. */
void gp_doctor_print(const struct gp_doctor_report *report, bool is_quiet);

/* A line: how many findings of which state. */
void gp_doctor_print_summary(const struct gp_doctor_report *report);

/* A JSON array, an object for each finding; false: it could not be made or written. */
bool gp_doctor_print_json(const struct gp_doctor_report *report, bool is_quiet);

#endif
