/* SPDX-License-Identifier: ISC */
/*
 * The checks there are, as the table that every program gives its pipeline, or begins its own with.
 * Another check is one more row, at the place where its results are to be shown.
 */
#ifndef GP_ENGINE_CHECKS_H
#define GP_ENGINE_CHECKS_H

#include "engine/check.h"

/* Ended by NULL. */
extern const struct gp_check *const gp_engine_checks[];
#define GP_ENGINE_CHECKS 10

/*
 * May mail be refused or delayed at one of these stages (set of GP_AT()) under this configuration?
 * Else nothing is deferred for our own sake either. counts: the surface counts mail under limits.
 */
bool gp_engine_may_refuse(const struct gp_config *config, unsigned stages, bool counts);

#endif
