/* SPDX-License-Identifier: ISC */
/*
 * Doctor: what the checks of gatepost doctor look at, and what a check is.
 *
 * A check is a function that looks at one subject and says at least one finding into the report:
 * what is so, and for what is not well, how to mend it. A file of checks ends with the table of its
 * own; doctor_checks.c has the order of these tables. Everything lives in the arena of the one run;
 * not for two threads.
 *
 * Functions are called gp_doctor_ rather than gp_cli_doctor_: the directory holds several subjects.
 */
#ifndef GP_CLI_DOCTOR_H
#define GP_CLI_DOCTOR_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "cli/doctor/doctor_report.h"
#include "config/config.h"

struct gp_doctor_postfix; /* doctor_postfix.h */
struct gp_doctor_exim;    /* doctor_exim.c */

/* The machine, as checks have found it. */
struct gp_doctor {
	struct gp_arena *arena;
	struct gp_doctor_report *report;
	bool is_root;
	/* as given; NULL: not */
	const char *config_path; /* never NULL */
	const char *socket, *postconf, *config_dir, *exim;
	/* what has been found out, by the checks that come first */
	/* where it has errors: the last good one, or the defaults; NULL: no memory */
	struct gp_config *config;
	const char *config_errors; /* NULL: there are none */
	json_t *status;            /* of the daemon; NULL: it does not answer */
	const char *why_silent;    /* why there is no status; NULL: it has not been asked */
	bool is_asked;             /* a check that needs it has run, or has said why not */
	bool is_denied;            /* this user may not ask it */
	bool has_servers;          /* the configuration has those that the daemon asks */
	bool is_dumb;              /* somebody listens there and gives no answer */
	long peer;        /* the process that listens on its control socket; 0: not known */
	const char *unit; /* state of the daemon's unit as systemd has it; NULL: not asked */
	struct gp_doctor_postfix *postfix;
	struct gp_doctor_exim *exim_facts;
};

/* What has to be there for a check. */
#define GP_DOCTOR_NEEDS_CONFIG 1u
#define GP_DOCTOR_NEEDS_DAEMON 2u

struct gp_doctor_check {
	const char *name; /* NULL: the end of a table */
	void (*run)(struct gp_doctor *doctor);
	unsigned needs;
	const char *about;
};

/* Tables of checks, each in the file of its name. */
extern const struct gp_doctor_check gp_doctor_config_checks[];
extern const struct gp_doctor_check gp_doctor_daemon_checks[];
extern const struct gp_doctor_check gp_doctor_store_checks[];
extern const struct gp_doctor_check gp_doctor_clock_checks[];
extern const struct gp_doctor_check gp_doctor_dns_checks[];
extern const struct gp_doctor_check gp_doctor_lists_checks[];
extern const struct gp_doctor_check gp_doctor_postfix_checks[];
extern const struct gp_doctor_check gp_doctor_postfix_socket_checks[];
extern const struct gp_doctor_check gp_doctor_postfix_lists_checks[];
extern const struct gp_doctor_check gp_doctor_postfix_service_checks[];
extern const struct gp_doctor_check gp_doctor_postfix_field_checks[];
extern const struct gp_doctor_check gp_doctor_exim_checks[];

#endif
