/* SPDX-License-Identifier: ISC */
/*
 * Keeper: a thread that does every second what has to be done now and then: the store is written
 * to disk, cleaned and connected again, run-time overrides are read.
 */
#ifndef GP_POLICYD_KEEPER_H
#define GP_POLICYD_KEEPER_H

#include "base/err.h"
#include "policyd/pulse.h"
#include "policyd/runtime.h"

struct gp_keeper;

/* Starts the thread; borrows both. */
int gp_keeper_start(struct gp_runtimes *runtimes, struct gp_pulse *pulse,
	struct gp_keeper **keeper_out) GP_MUST_CHECK;

/* Ends it and waits for that; accepts NULL. */
void gp_keeper_stop(struct gp_keeper *keeper);

#endif
