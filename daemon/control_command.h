/* SPDX-License-Identifier: ISC */
/*
 * A command of the operator's socket: a row, and what it works with.
 */
#ifndef GP_DAEMON_CONTROL_COMMAND_H
#define GP_DAEMON_CONTROL_COMMAND_H

#include <jansson.h>

#include "base/ctx.h"
#include "operator/operator_text.h"
#include "daemon/runtimes.h"
#include "daemon/service.h"

struct gp_daemon_control_call {
	struct gp_daemon *daemon;
	void *state; /* of the service whose command it is */
	const struct gp_daemon_runtime *runtime;
	struct gp_ctx *ctx;
	const json_t *request;
	int64_t peer_uid; /* of the peer, according to the kernel; -1: not known */
};

struct gp_daemon_control_command {
	const char *name;
	/* Returns a new object, or NULL without memory; trouble is an object with "error". */
	json_t *(*run)(struct gp_daemon_control_call *call);
};

/* What the command of the request says; call->state need not be set. */
json_t *gp_daemon_control_answer(struct gp_daemon_control_call *call);

#endif
