/* SPDX-License-Identifier: ISC */
/*
 * DNS lists as a check: what they say about the client and its names (RFC 5782), summed up, when a
 * recipient is offered. Above the thresholds of section dnsbl mail is labelled, deferred or
 * rejected. What lists do not answer, and what a local problem keeps from being asked, counts for
 * nothing.
 *
 * Runs where the surface has a table of the lists' health (facts->lists); what it found is
 * facts->dnsbl.
 */
#ifndef GP_ENGINE_CHECK_DNSBL_H
#define GP_ENGINE_CHECK_DNSBL_H

#include "engine/check.h"
#include "reputation/dnsbl/dnsbl.h"

extern const struct gp_check gp_engine_check_dnsbl;

/* How the lists of a configuration are asked; health may be NULL. */
struct gp_dnsbl_plan gp_engine_dnsbl_plan(
	const struct gp_config *config, struct gp_dnsbl_health *health);

/* What a score would lead to under this configuration in mode enforce. */
enum gp_action gp_engine_dnsbl_action(
	const struct gp_config *config, const struct gp_dnsbl_result *result);

#endif
