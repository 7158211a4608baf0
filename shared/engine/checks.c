/* SPDX-License-Identifier: ISC */
/* In the order in which results are shown. */
#include "engine/checks.h"

#include "engine/check_arc.h"
#include "engine/check_dkim.h"
#include "engine/check_dmarc.h"
#include "engine/check_dns.h"
#include "engine/check_dnsbl.h"
#include "engine/check_limit.h"
#include "engine/check_spf.h"

const struct gp_check *const gp_engine_checks[GP_ENGINE_CHECKS + 1] = {
	&gp_engine_check_spf,
	&gp_engine_check_dnsbl,
	&gp_engine_check_dkim,
	&gp_engine_check_arc,
	&gp_engine_check_dmarc,
	&gp_engine_check_dns,
	&gp_engine_check_limit,
	&gp_engine_check_store,
	NULL,
};
