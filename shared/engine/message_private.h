/* SPDX-License-Identifier: ISC */
/* A message under examination, the decision over it and the texts made of it; for this folder. */
#ifndef GP_ENGINE_MESSAGE_PRIVATE_H
#define GP_ENGINE_MESSAGE_PRIVATE_H

#include "engine/engine_message.h"
#include "engine/engine_private.h"

/* What the checks found out; the decision sees nothing else. */
struct gp_mail_facts {
	const struct gp_mail *mail;
	struct gp_facts envelope;  /* names of the envelope */
	struct gp_mail_verdict *v; /* the results of the checks */
	const char *unjudged;      /* the rule by which SPF says nothing about this client; NULL */
	bool forwarded;            /* SPF lets the client send for one of dmarc.forwarders */
	bool vouched_later;        /* a trusted chain that DNS keeps from being checked for now */
};

/* Works the decision into the verdict: action, would, rule, override. */
void gp_engine_decide_message(struct gp_mail_facts *facts);

/* Would a rule of DMARC be applied if no exception holds it back? */
bool gp_engine_dmarc_refuses(const struct gp_mail_facts *facts);

/* verdict.reply, for a verdict that would not accept. */
int gp_engine_message_reply(struct gp_ctx *ctx, struct gp_mail_facts *facts) GP_MUST_CHECK;

/* verdict.results: the value of the Authentication-Results field. */
int gp_engine_message_results(struct gp_ctx *ctx, struct gp_mail_facts *facts) GP_MUST_CHECK;

/* verdict.summary: the line for the log. */
int gp_engine_message_summary(struct gp_ctx *ctx, struct gp_mail_facts *facts) GP_MUST_CHECK;

/* The SPF result that stands for the envelope: of MAIL FROM, else of HELO; NULL: none. */
const struct gp_spf_result *gp_engine_message_spf(const struct gp_mail_verdict *verdict);

#endif
