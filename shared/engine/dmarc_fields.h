/* SPDX-License-Identifier: ISC */
/* What DMARC found, as fields; ended by a row without a value. */
#ifndef GP_ENGINE_DMARC_FIELDS_H
#define GP_ENGINE_DMARC_FIELDS_H

#include "engine/check.h"

extern const struct gp_field gp_engine_dmarc_fields[];

#endif
