/* SPDX-License-Identifier: ISC */
/*
 * Lists: DNS lists at work in this daemon: the table of their health, in memory that a crash does
 * not take away, the thread that asks their tests, and what the operator has switched off.
 *
 *     lists = gp_lists_new();                     before the first process is forked
 *     gp_lists_configure(lists, config);          with each configuration
 *     gp_lists_probe(lists, runtime);             again and again, in a thread that may wait
 *     gp_lists_tend(lists, runtime);              every second
 *     health = gp_lists_health(lists, runtime, ctx);    for a request
 *
 * At the start requests wait for the first tests, at most GP_LISTS_WAIT_MS: a client that is listed
 * does not slip in because the daemon was restarted.
 *
 * Threads: any may ask for the health; the other calls are for one at a time.
 */
#ifndef GP_POLICYD_LISTS_H
#define GP_POLICYD_LISTS_H

#include <stdbool.h>

#include "config/config.h"
#include "daemon/runtimes.h"
#include "reputation/dnsbl/dnsbl_health.h"

#define GP_LISTS_WAIT_MS 2000

struct gp_lists;

/* NULL: no memory. free accepts NULL. */
struct gp_lists *gp_lists_new(void);
void gp_lists_free(struct gp_lists *lists);

/* The lists of a configuration, from now on. */
void gp_lists_configure(struct gp_lists *lists, const struct gp_config *config);

/* Asks the tests that are due, of lists that are not switched off, and says in the log what has
 * changed. */
void gp_lists_probe(struct gp_lists *lists, const struct gp_daemon_runtime *runtime);

/* Follows what the operator has switched off. */
void gp_lists_tend(struct gp_lists *lists, const struct gp_daemon_runtime *runtime);

/* The table, for a request under this runtime; waits at the start and after a reload, but not
 * beyond the deadline of ctx. NULL: there are no lists. */
struct gp_dnsbl_health *gp_lists_health(
	struct gp_lists *lists, const struct gp_daemon_runtime *runtime, const struct gp_ctx *ctx);

/* The table as it is, for commands and metrics. */
struct gp_dnsbl_health *gp_lists_table(struct gp_lists *lists);

#endif
