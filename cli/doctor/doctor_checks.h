/* SPDX-License-Identifier: ISC */
/*
 * Doctor_checks: the list of all checks, in the order in which they run.
 *
 * "dns" is the name of a group: of all checks whose names begin with "dns.".
 */
#ifndef GP_CLI_DOCTOR_CHECKS_H
#define GP_CLI_DOCTOR_CHECKS_H

#include "cli/doctor/doctor.h"

/* The check at a place, from 0 on; NULL: there are no more. */
const struct gp_doctor_check *gp_doctor_check_at(size_t place);

/* Is this the name of a check or of a group? */
bool gp_doctor_has_check(const char *name);

/* Is the check, or its group, among these names? */
bool gp_doctor_is_named(
	const struct gp_doctor_check *check, const char *const *names, size_t name_count);

/* Runs a check, if what it needs is there; else the report says why not. The first that needs the
 * daemon says why that does not answer. */
void gp_doctor_run(struct gp_doctor *doctor, const struct gp_doctor_check *check);

#endif
