/* SPDX-License-Identifier: ISC */
/* What DNS was like while the checks asked it: no check of the mail, but fields beside theirs. */
#ifndef GP_ENGINE_CHECK_DNS_H
#define GP_ENGINE_CHECK_DNS_H

#include "engine/check.h"

extern const struct gp_check gp_engine_check_dns;

#endif
