/* SPDX-License-Identifier: ISC */
/* Doctor_exim: what others want to know of Exim as it is installed here. */
#ifndef GP_CLI_DOCTOR_EXIM_H
#define GP_CLI_DOCTOR_EXIM_H

#include "cli/doctor/doctor.h"
#include "cli/access.h"

/* The user that Exim runs as; false: none is known. */
bool gp_doctor_exim_user(struct gp_doctor *doctor, struct gp_cli_user *user_out);

#endif
