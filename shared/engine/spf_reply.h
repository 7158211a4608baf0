/* SPDX-License-Identifier: ISC */
/*
 * The reply to mail that SPF refuses: the template of its rule, the domain's explanation, and the
 * site's page.
 */
#ifndef GP_ENGINE_SPF_REPLY_H
#define GP_ENGINE_SPF_REPLY_H

#include "engine/check.h"

/* Which result a rule of SPF speaks of (gp_rule.about). */
enum gp_spf_about {
	GP_SPF_ABOUT_JUDGED, /* MAIL FROM's, or HELO's where there is no other */
	GP_SPF_ABOUT_MAILFROM,
	GP_SPF_ABOUT_HELO
};

/* Kinds of rules (gp_rule.kinds): may DMARC of the sender's domain hold it back? */
#define GP_SPF_RULE_YIELDING 1u
#define GP_SPF_RULE_FINAL 2u

/* The template: of errors, or of refusals. */
const char *gp_engine_spf_text(const struct gp_facts *facts, const struct gp_rule *rule);

/* What {name} stands for. */
const char *gp_engine_spf_value(struct gp_ctx *ctx, const struct gp_facts *facts,
	const struct gp_rule *rule, struct gp_span name);

/* The reply, with explanation and page. */
int gp_engine_spf_reply(struct gp_ctx *ctx, const struct gp_facts *facts,
	const struct gp_rule *rule, const char *code, const char **reply_out) GP_MUST_CHECK;

#endif
