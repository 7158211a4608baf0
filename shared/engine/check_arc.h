/* SPDX-License-Identifier: ISC */
/* ARC as a check (RFC 8617): the chain of a whole message, and does it vouch for its author? */
#ifndef GP_ENGINE_CHECK_ARC_H
#define GP_ENGINE_CHECK_ARC_H

#include "engine/check.h"

extern const struct gp_check gp_engine_check_arc;

#endif
