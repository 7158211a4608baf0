/* SPDX-License-Identifier: ISC */
/* What commands of the operator's socket read and write: JSON. NULL is always: no memory for it. */
#ifndef GP_OPERATOR_OPERATOR_TEXT_H
#define GP_OPERATOR_OPERATOR_TEXT_H

#include <jansson.h>

#include "base/arena.h"
#include "base/span.h"

/* The request on a line, new; NULL: it is no JSON. A member that comes twice is none either. */
json_t *gp_operator_parse(struct gp_span line);

/* {"error": text}. */
json_t *gp_operator_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A string of bytes that need not be UTF-8: what is not becomes question marks. */
json_t *gp_operator_text(struct gp_arena *arena, struct gp_span text);

#endif
