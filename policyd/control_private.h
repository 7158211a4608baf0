/* SPDX-License-Identifier: ISC */
/*
 * The policy service's commands on the operator's socket (daemon/control.h): status
 * (policyd/control_status.c), and those of operator/operator.h.
 */
#ifndef GP_POLICYD_CONTROL_PRIVATE_H
#define GP_POLICYD_CONTROL_PRIVATE_H

#include <jansson.h>

#include "daemon/control_command.h"
#include "operator/operator.h"
#include "policyd/session.h"

/* Each returns a new object, or NULL without memory; trouble is an object with "error". */
json_t *gp_control_status(struct gp_daemon_control_call *call);
json_t *gp_control_operator(struct gp_daemon_control_call *call);

/* What operator/operator.h works with, of a call. */
struct gp_operator_call gp_control_call(struct gp_daemon_control_call *call);

#endif
