/* SPDX-License-Identifier: ISC */
/* In the order in which results are shown. */
#include "engine/checks.h"

#include "engine/check_arc.h"
#include "engine/check_correspondents.h"
#include "engine/check_dkim.h"
#include "engine/check_dmarc.h"
#include "engine/check_dns.h"
#include "engine/check_dnsbl.h"
#include "engine/check_greylist.h"
#include "engine/check_limit.h"
#include "engine/check_spf.h"

const struct gp_check *const gp_engine_checks[GP_ENGINE_CHECKS + 1] = {
	&gp_engine_check_spf,
	&gp_engine_check_dnsbl,
	&gp_engine_check_dkim,
	&gp_engine_check_arc,
	&gp_engine_check_dmarc,
	&gp_engine_check_greylist,
	&gp_engine_check_dns,
	&gp_engine_check_limit,
	&gp_engine_check_store,
	&gp_engine_check_correspondents,
	NULL,
};

/* gp_engine_may_refuse: by any of them. */
bool gp_engine_may_refuse(const struct gp_config *config, unsigned stages, bool counts)
{
	for (size_t i = 0; gp_engine_checks[i]; i++) {
		const struct gp_check *c = gp_engine_checks[i];
		if (c->may_refuse && (c->decides & stages) &&
			(counts || c->round != GP_ROUND_COUNTS) && c->may_refuse(config))
			return true;
	}
	return false;
}
