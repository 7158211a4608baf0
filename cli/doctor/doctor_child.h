/* SPDX-License-Identifier: ISC */
/*
 * Doctor_child: programs of others, and what has to be tried as another user, in children whose
 * output is collected.
 *
 * Each ends after a time that is given, with whatever it has started.
 */
#ifndef GP_CLI_DOCTOR_CHILD_H
#define GP_CLI_DOCTOR_CHILD_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/span.h"

#define GP_DOCTOR_OUTPUT_MAX (4 * 1024 * 1024)

/* What came of a child. */
struct gp_doctor_output {
	struct gp_span text; /* what it wrote to stdout and stderr, in the arena */
	int code;            /* its exit code; -1: it was ended, or there was no child */
	bool is_late;        /* it took too long and was ended */
	bool is_cut;         /* it wrote more than GP_DOCTOR_OUTPUT_MAX and was ended */
};

/* Runs body in a child, whose stdin is empty and whose output is collected; ends it after so long.
 * What body returns is the exit code. */
void gp_doctor_fork(struct gp_arena *arena, int (*body)(void *arg), void *arg, unsigned limit_ms,
	struct gp_doctor_output *output_out);

/* The same for a program: path and arguments, NULL at the end. Nobody's shell is asked. */
void gp_doctor_exec(struct gp_arena *arena, const char *const *argv, unsigned limit_ms,
	struct gp_doctor_output *output_out);

#endif
