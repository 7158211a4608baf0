/* SPDX-License-Identifier: ISC */
/*
 * SPF as a check (RFC 7208): of MAIL FROM and HELO when a recipient is offered, where it may
 * refuse; of MAIL FROM, or HELO for the null sender, in a whole message, for DMARC and the label.
 */
#ifndef GP_ENGINE_CHECK_SPF_H
#define GP_ENGINE_CHECK_SPF_H

#include "engine/check.h"

extern const struct gp_check gp_engine_check_spf;

/* The rule by which nothing is judged of such mail ("trusted_networks", "spf.exempt_clients");
 * NULL: SPF is asked. */
int gp_engine_exempt(struct gp_ctx *ctx, const struct gp_config *config,
	const struct gp_envelope *envelope, const struct gp_rule **rule_out) GP_MUST_CHECK;

/* SPF of one identity of the envelope; an empty mail_from is the null sender. */
int gp_engine_spf(struct gp_ctx *ctx, const struct gp_facts *facts, enum gp_spf_identity identity,
	struct gp_span mail_from, struct gp_spf_result *result_out) GP_MUST_CHECK;

/* May the client send for one of the domains that forward to us? */
int gp_engine_is_forwarded(struct gp_ctx *ctx, const struct gp_facts *facts,
	const struct gp_config_texts *forwarders, bool *forwarded_out) GP_MUST_CHECK;

/* Does SPF say nothing about such a client, in a whole message? */
bool gp_engine_is_unjudged(const struct gp_facts *facts);

#endif
