/* SPDX-License-Identifier: ISC */
/* Commands that need no daemon: with the store and the configuration of this one. */
#include "policyd/control_private.h"

/* gp_control_call: under this configuration. */
struct gp_operator_call gp_control_call(struct gp_daemon_control_call *call)
{
	const struct gp_session_shared *shared = call->state;
	return (struct gp_operator_call) {.config = call->runtime->config,
		.overrides = call->runtime->overrides,
		.lists = gp_lists_table(shared->lists),
		.ctx = call->ctx,
		.request = call->request,
		.peer_uid = call->peer_uid};
}

/* gp_control_operator: the same request. */
json_t *gp_control_operator(struct gp_daemon_control_call *call)
{
	struct gp_operator_call same = gp_control_call(call);
	return gp_operator_answer(&same);
}
