/* SPDX-License-Identifier: ISC */
/* DMARC as a check (RFC 9989): what the owner of the author's domain asks for, and what this site
 * does about it. */
#ifndef GP_ENGINE_CHECK_DMARC_H
#define GP_ENGINE_CHECK_DMARC_H

#include "engine/check.h"

extern const struct gp_check gp_engine_check_dmarc;

#endif
