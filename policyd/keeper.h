/* SPDX-License-Identifier: ISC */
/*
 * Keeper: a thread that does every second what has to be done now and then: the store is written
 * to disk, cleaned and connected again, run-time overrides are read, trouble that has not been said
 * yet is, and it is looked whether name servers answer. A second one hears name servers that were
 * too slow for a request.
 */
#ifndef GP_POLICYD_KEEPER_H
#define GP_POLICYD_KEEPER_H

#include <stdbool.h>

#include "base/err.h"
#include "policyd/session.h"

struct gp_keeper;

/* Starts the threads; borrows what sessions share. */
int gp_keeper_start(struct gp_session_shared *shared, struct gp_keeper **keeper_out) GP_MUST_CHECK;

/* Ends them and waits for that; accepts NULL. False: a name server is still waited for, and what
 * sessions share is used until the process ends. */
bool gp_keeper_stop(struct gp_keeper *keeper);

#endif
