/* SPDX-License-Identifier: ISC */
/*
 * Seccomp: which system calls the daemon may still make once it serves.
 *
 * An attacker who takes over the daemon through a bug, of ours or of a library, gets no shell, no
 * other program, no memory that is written and executed, no debugger, no kind of socket but those
 * in use. A filter cannot be removed, and threads and child processes inherit it; that of the
 * supervisor therefore allows all that the server may do, and what it needs itself.
 *
 * libseccomp knows which calls exist on this machine; builds without it have seccomp_absent.c in
 * place of seccomp.c. Where the kernel knows no such filters, the log says so and the daemon
 * continues without.
 */
#ifndef GP_DAEMON_SECCOMP_H
#define GP_DAEMON_SECCOMP_H

#include <stdbool.h>

#include "base/log.h"
#include "config/config.h"
#include "daemon/counters.h"

/* Which process the filter is for. */
enum gp_daemon_seccomp_role {
	GP_DAEMON_SECCOMP_SUPERVISOR, /* forks, waits, speaks with the service manager */
	GP_DAEMON_SECCOMP_SERVER      /* the serving process and its threads */
};

/* Was it built with libseccomp? */
bool gp_daemon_seccomp_is_present(void);

/* Besides what any daemon calls: names with blanks between, of each service; NULL: none. */
struct gp_daemon_seccomp_calls {
	const char *names[GP_DAEMON_SERVICES_MAX];
};

/*
 * From here on the process makes only the calls of its role, and calls; with GP_SECCOMP_ENFORCE
 * another one ends it (SIGSYS), with GP_SECCOMP_LOG the kernel's log gets a line. The server's
 * filter is told to the log, and every trouble. Returns how many calls are allowed, 0 when there is
 * no filter.
 */
unsigned gp_daemon_seccomp_apply(enum gp_daemon_seccomp_role role, enum gp_config_seccomp mode,
	const struct gp_daemon_seccomp_calls *calls, const struct gp_log *log);

#endif
