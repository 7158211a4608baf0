/* SPDX-License-Identifier: ISC */
/* What the files of this directory and their tests share: organisational domains. */
#ifndef GP_DMARC_DMARC_PRIVATE_H
#define GP_DMARC_DMARC_PRIVATE_H

#include "dmarc/dmarc.h"

/*
 * Asks at once whatever gp_dmarc_org_domain will need for these domains and is not known yet. The
 * domains must live as long as ctx->arena.
 */
int gp_dmarc_walk(struct gp_ctx *ctx, struct gp_dmarc *dmarc, const char *const *domains,
	size_t count) GP_MUST_CHECK;

/*
 * The organisational domain (4.10.2) of a domain that was walked; NULL when DNS did not say. The
 * answer points into domain.
 */
const char *gp_dmarc_org_domain(const struct gp_dmarc *dmarc, const char *domain);

/* COMPARE: what the list says about a domain that was walked, where it says something else; else
 * NULL. The answer points into domain. */
const char *gp_dmarc_otherwise(const struct gp_dmarc *dmarc, const char *domain);

/* Is pct= honoured here? */
bool gp_dmarc_honours_pct(const struct gp_dmarc *dmarc);

#endif
