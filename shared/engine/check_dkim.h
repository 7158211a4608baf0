/* SPDX-License-Identifier: ISC */
/* DKIM as a check (RFC 6376): every signature of a whole message. */
#ifndef GP_ENGINE_CHECK_DKIM_H
#define GP_ENGINE_CHECK_DKIM_H

#include "engine/check.h"

extern const struct gp_check gp_engine_check_dkim;

#endif
