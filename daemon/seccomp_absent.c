/* SPDX-License-Identifier: ISC */
/* In place of seccomp.c where the daemon is built without libseccomp: no filter, and it says so. */
#include "daemon/seccomp.h"

/* gp_daemon_seccomp_is_present: no. */
bool gp_daemon_seccomp_is_present(void)
{
	return false;
}

/* gp_daemon_seccomp_apply: said once, by the process that serves. */
unsigned gp_daemon_seccomp_apply(enum gp_daemon_seccomp_role role, enum gp_config_seccomp mode,
	const struct gp_daemon_seccomp_calls *calls, const struct gp_log *log)
{
	(void)calls;
	if (mode != GP_SECCOMP_OFF && role == GP_DAEMON_SECCOMP_SERVER)
		gp_log_text(log, GP_LOG_NOTICE,
			"seccomp: no filter of system calls: this gatepost-policyd was built "
			"without libseccomp");
	return 0;
}
