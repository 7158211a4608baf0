/* SPDX-License-Identifier: ISC */
/*
 * Doctor_report: what checks say: findings, and for what is not well, how to mend it, as commands
 * or lines of a configuration.
 *
 * Knows nothing of what is looked at, nor which checks there are.
 *
 *     gp_doctor_say(report, GP_DOCTOR_WARNING, "%s can be written by others", path);
 *     gp_doctor_mend(report, "chmod go-w %s", path);
 *
 * Texts may hold foreign parts: they are made printable here. A report that is full drops what
 * comes after; there are far fewer findings. Everything lives in the arena given; not for two
 * threads.
 */
#ifndef GP_CLI_DOCTOR_REPORT_H
#define GP_CLI_DOCTOR_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

enum gp_doctor_state {
	GP_DOCTOR_OK,
	GP_DOCTOR_SKIPPED, /* its subject is not here, or cannot be looked at */
	GP_DOCTOR_NOTE,    /* good to know */
	GP_DOCTOR_WARNING, /* works now, or in part */
	GP_DOCTOR_PROBLEM  /* does not work */
};
#define GP_DOCTOR_STATES (GP_DOCTOR_PROBLEM + 1)

#define GP_DOCTOR_MENDS_MAX 64
#define GP_DOCTOR_FINDINGS_MAX 512

struct gp_doctor_finding {
	const char *check; /* name of the check */
	enum gp_doctor_state state;
	const char *found;
	const char *mends[GP_DOCTOR_MENDS_MAX];
	size_t mend_count;
};

struct gp_doctor_report {
	struct gp_arena *arena;
	const char *check; /* that runs: findings carry its name */
	struct gp_doctor_finding *findings;
	size_t finding_count;
};

/* An empty report in the arena; false: no memory. */
bool gp_doctor_report_init(struct gp_doctor_report *report, struct gp_arena *arena);

/* One finding of the check that runs. */
void gp_doctor_say(struct gp_doctor_report *report, enum gp_doctor_state state, const char *format,
	...) __attribute__((format(printf, 3, 4)));

/* How to mend what was said last: a command, or a line of a configuration. */
void gp_doctor_mend(struct gp_doctor_report *report, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Has the check that runs said nothing yet, so that all is well? */
bool gp_doctor_is_well(const struct gp_doctor_report *report);

/* How many findings are in this state. */
size_t gp_doctor_count(const struct gp_doctor_report *report, enum gp_doctor_state state);

/* The worst state of all findings; GP_DOCTOR_OK when there are none. */
enum gp_doctor_state gp_doctor_worst(const struct gp_doctor_report *report);

/* Puts the worst first; of one state as they were found. false: no memory. */
bool gp_doctor_sort(struct gp_doctor_report *report);

#endif
