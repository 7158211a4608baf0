/* SPDX-License-Identifier: ISC */
/*
 * Doctor_owner: whose are the configuration and the store, and which process serves: the daemon
 * that runs, or that systemd would start, or Exim where there is only Exim.
 */
#ifndef GP_CLI_DOCTOR_OWNER_H
#define GP_CLI_DOCTOR_OWNER_H

#include "cli/doctor/doctor.h"
#include "cli/access.h"

/*
 * Who reads the configuration and writes the store: the daemon, or Exim where there is only Exim.
 */
struct gp_doctor_owner {
	struct gp_cli_user user;
	const char *chroot; /* "": none */
};

/* As the running daemon is, else as configured; false: there is no such user, which was said. */
bool gp_doctor_owner_find(struct gp_doctor *doctor, struct gp_doctor_owner *owner_out);

/* Asks the daemon for its state, once; false: why_silent says why there is none. */
bool gp_doctor_ask(struct gp_doctor *doctor);

/* The process that serves, as the system and not only its answer has it; 0: not known. */
long gp_doctor_daemon_pid(struct gp_doctor *doctor);

/* Does systemd hold the packages' socket, for a daemon that starts at the first request? */
bool gp_doctor_is_waiting(struct gp_doctor *doctor);

/* Is this a machine for Exim's module alone, where no daemon is to be expected? */
bool gp_doctor_is_only_exim(struct gp_doctor *doctor);

#endif
