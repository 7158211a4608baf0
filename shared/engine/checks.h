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
#define GP_ENGINE_CHECKS 8

#endif
