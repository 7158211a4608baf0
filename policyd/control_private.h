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
	int64_t peer_uid; /* of who asks, as the system says; -1: not known */
};

/* The request on a line, new; NULL: it is no JSON. */
json_t *gp_control_parse(struct gp_span line);

/* What the command of the request says, as below. */
json_t *gp_control_answer(struct gp_control_call *call);

/* Each returns a new object, or NULL without memory; trouble is an object with "error". */
json_t *gp_control_status(struct gp_control_call *call);
json_t *gp_control_metrics(struct gp_control_call *call);
json_t *gp_control_limits(struct gp_control_call *call);
json_t *gp_control_show(struct gp_control_call *call);
json_t *gp_control_reset(struct gp_control_call *call);
json_t *gp_control_set(struct gp_control_call *call);
json_t *gp_control_unset(struct gp_control_call *call);
json_t *gp_control_overrides(struct gp_control_call *call);

/* {"error": text}. */
json_t *gp_control_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The error of a command about limits where none is configured; NULL: there are some. */
json_t *gp_control_no_limits(const struct gp_control_call *call);

/* The error for a status of the store, with what it says itself. */
json_t *gp_control_trouble(struct gp_control_call *call, int rc);

/* A string of the request, empty when it is missing or too long. */
struct gp_span gp_control_member(const json_t *request, const char *name);

/* The configured limit of that name, or their number; and the error for the latter. */
size_t gp_control_limit_find(const struct gp_limit_set *set, struct gp_span name);
json_t *gp_control_no_such_limit(void);

/* A point of the store's time on the wall clock; a maximum, null for none. */
int64_t gp_control_wall_of(struct gp_control_call *call, int64_t store_ms);
json_t *gp_control_number_or_null(int64_t n);

/* A string of bytes that need not be UTF-8: what is not becomes question marks. */
json_t *gp_control_text(struct gp_arena *arena, struct gp_span text);

#endif
