/* SPDX-License-Identifier: ISC */
/* Doctor_program: which programs this machine has, and how it gets others. */
#ifndef GP_CLI_DOCTOR_PROGRAM_H
#define GP_CLI_DOCTOR_PROGRAM_H

#include "base/arena.h"

/* A program of PATH or of the directories of system programs, absolute; NULL: there is none. */
const char *gp_doctor_program(struct gp_arena *arena, const char *name);

/* Exim's program, whatever this system calls it; NULL: there is none. */
const char *gp_doctor_program_exim(struct gp_arena *arena);

/* How a package is installed here: "apt install unbound", or in words. */
const char *gp_doctor_install(struct gp_arena *arena, const char *package);

#endif
