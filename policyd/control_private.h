/* SPDX-License-Identifier: ISC */
/*
 * The policy service's commands on the operator's socket (daemon/control.h), for
 * policyd/control*.c.
 *
 *     command   members of the request          answer
 *     status                                    see policyd/control_status.c
 *     limits    count (most rows, 0: all)       rows: who used how much, by fraction used
 *     show      who                             rows: the limits of a user (or "client:192.0.2.1");
 *                                               counted: does anything count for it?
 *     reset     who, limit (optional)           forgotten: names of limits; counted: was there
 *                                               anything?
 *     set       who, limit, max (null: none),   subject, max, limit, count: what applies now; or
 *               for_s, unit (optional: written  unit_refused and count: the limit has no such unit
 *               with k, M, G or T)
 *     unset     who, limit                      subject, max, limit, count, known
 *     overrides                                 overrides: what was set, by whom, until when
 */
#ifndef GP_POLICYD_CONTROL_PRIVATE_H
#define GP_POLICYD_CONTROL_PRIVATE_H

#include <jansson.h>

#include "daemon/control_command.h"
#include "policyd/session.h"

/* Each returns a new object, or NULL without memory; trouble is an object with "error". */
json_t *gp_control_status(struct gp_daemon_control_call *call);
json_t *gp_control_limits(struct gp_daemon_control_call *call);
json_t *gp_control_show(struct gp_daemon_control_call *call);
json_t *gp_control_reset(struct gp_daemon_control_call *call);
json_t *gp_control_set(struct gp_daemon_control_call *call);
json_t *gp_control_unset(struct gp_daemon_control_call *call);
json_t *gp_control_overrides(struct gp_daemon_control_call *call);

/* The error of a command about limits where none is configured; NULL: there are some. */
json_t *gp_control_no_limits(const struct gp_daemon_control_call *call);

/* The error for a status of the store, with what it says itself. */
json_t *gp_control_trouble(struct gp_daemon_control_call *call, int rc);

/* The configured limit of that name, or their number; and the error for the latter. */
size_t gp_control_limit_find(const struct gp_limit_set *set, struct gp_span name);
json_t *gp_control_no_such_limit(void);

/* A point of the store's time on the wall clock; a maximum, null for none. */
int64_t gp_control_wall_of(struct gp_daemon_control_call *call, int64_t store_ms);
json_t *gp_control_number_or_null(int64_t n);

#endif
