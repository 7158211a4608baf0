/* SPDX-License-Identifier: ISC */
/* Doctor_text: texts of the doctor in an arena: made, quoted for a shell, read from files, cut. */
#ifndef GP_CLI_DOCTOR_TEXT_H
#define GP_CLI_DOCTOR_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/span.h"

#define GP_DOCTOR_TEXT_MAX (4 * 1024 * 1024)

/* printf into the arena; "?" when that is full. */
const char *gp_doctor_text(struct gp_arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A word of a shell's command, quoted where a shell would not take it as it stands. */
const char *gp_doctor_word(struct gp_arena *arena, const char *text);

/* The first bytes of a file, at most so many; false with errno. */
bool gp_doctor_read(struct gp_arena *arena, const char *path, size_t max, struct gp_span *out);

/* Cuts off a line, without its end; false when nothing is left. */
bool gp_doctor_line(struct gp_span *text, struct gp_span *line_out);

#endif
