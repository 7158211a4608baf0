/* SPDX-License-Identifier: ISC */
/*
 * Greylist_domain: domains that are known: those that our users write to, and those for whose mail
 * SPF has passed for some time. A soft fact of the store for each.
 *
 * Statuses are the store's and the arena's. A fact is written anew once a day, at most.
 */
#ifndef GP_REPUTATION_GREYLIST_DOMAIN_H
#define GP_REPUTATION_GREYLIST_DOMAIN_H

#include "reputation/greylist/greylist_options.h"
#include "store/store.h"

/* A user of ours writes to the domain (registered, in A-labels and lower case). */
int gp_greylist_correspond(struct gp_ctx *ctx, struct gp_store *store, int64_t now_ms,
	const struct gp_greylist_settings *settings, const char *domain) GP_MUST_CHECK;

/* SPF has passed for mail of the domain; *known_out: it did so for the first time a day ago or
 * more. */
int gp_greylist_spf_passed(struct gp_ctx *ctx, struct gp_store *store, int64_t now_ms,
	const struct gp_greylist_settings *settings, const char *domain,
	bool *known_out) GP_MUST_CHECK;

#endif
