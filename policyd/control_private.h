/* SPDX-License-Identifier: ISC */
/* The commands of the operator's socket, for policyd/control*.c. */
#ifndef GP_POLICYD_CONTROL_PRIVATE_H
#define GP_POLICYD_CONTROL_PRIVATE_H

#include <jansson.h>

#include "policyd/control.h"

/* What a command works with. */
struct gp_control_call {
	struct gp_session_shared *shared;
	struct gp_listen *listen;
	const struct gp_runtime *runtime;
	struct gp_ctx *ctx;
	const json_t *request;
};

/* Each returns a new object, or NULL without memory; trouble is an object with "error". */
json_t *gp_control_status(struct gp_control_call *call);
json_t *gp_control_metrics(struct gp_control_call *call);
json_t *gp_control_limits(struct gp_control_call *call);
json_t *gp_control_show(struct gp_control_call *call);
json_t *gp_control_reset(struct gp_control_call *call);
json_t *gp_control_set(struct gp_control_call *call);
json_t *gp_control_unset(struct gp_control_call *call);

/* {"error": text}. */
json_t *gp_control_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A string of bytes that need not be UTF-8: what is not becomes question marks. */
json_t *gp_control_text(struct gp_arena *arena, struct gp_span text);

#endif
