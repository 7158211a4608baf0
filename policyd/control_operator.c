/* SPDX-License-Identifier: ISC */
/* Commands that need no daemon: with the store and the configuration of this one. */
#include "operator/operator.h"
#include "policyd/control_private.h"

/* gp_control_operator: the same request, under this configuration. */
json_t *gp_control_operator(struct gp_daemon_control_call *call)
{
	struct gp_operator_call same = {.config = call->runtime->config,
		.overrides = call->runtime->overrides,
		.ctx = call->ctx,
		.request = call->request,
		.peer_uid = call->peer_uid};
	return gp_operator_answer(&same);
}
