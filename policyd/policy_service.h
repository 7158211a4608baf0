/* SPDX-License-Identifier: ISC */
/* The policy service: the row that the daemon serves Postfix by. Its state is what sessions share
 * (policyd/session.h). */
#ifndef GP_POLICYD_POLICY_SERVICE_H
#define GP_POLICYD_POLICY_SERVICE_H

#include "daemon/service.h"

extern const struct gp_daemon_service gp_policy_service;

#endif
