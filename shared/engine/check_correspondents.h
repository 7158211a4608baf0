/* SPDX-License-Identifier: ISC */
/*
 * Correspondents: the domains that authenticated users of ours write to are remembered, so that
 * their answers are not greylisted; but not a domain that the user's own sender or login name has.
 * It has no rules: a store that fails is no trouble of this mail.
 */
#ifndef GP_ENGINE_CHECK_CORRESPONDENTS_H
#define GP_ENGINE_CHECK_CORRESPONDENTS_H

#include "engine/check.h"

extern const struct gp_check gp_engine_check_correspondents;

#endif
