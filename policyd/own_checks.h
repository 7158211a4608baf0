/* SPDX-License-Identifier: ISC */
/*
 * Own checks: the rules that the policy service adds to those of the core: the answer when a local
 * problem (descriptors, memory, places for DNS queries) keeps a mail from being checked, or when it
 * is too large to be checked. Such a problem is never attributed to the sender: the mail is
 * deferred where anything may be refused at all, or accepted, as set by policyd.on_trouble.
 */
#ifndef GP_POLICYD_OWN_CHECKS_H
#define GP_POLICYD_OWN_CHECKS_H

#include "engine/pipeline.h"

/* The reply to the client (RFC 3463 3.4: X.3.0, the system's trouble, not the sender's). */
#define GP_OWN_TROUBLE_CODE "451 4.3.0"
#define GP_OWN_TROUBLE_TEXT "This mail cannot be checked at the moment, try again later"
#define GP_OWN_TROUBLE_REPLY GP_OWN_TROUBLE_CODE " " GP_OWN_TROUBLE_TEXT

/* The whole answer where there is no memory even for making one. */
extern const char gp_own_trouble_answer[];

/* A pipeline with its table. */
struct gp_own_pipeline {
	struct gp_pipeline pipeline;
	const struct gp_check *table[GP_CHECKS_MAX + 1];
};

/* The core's checks and ours. Must not move afterwards. */
void gp_own_pipeline_init(struct gp_own_pipeline *own);

/* The verdict of policyd.on_trouble for a request of which nothing is known but facts->trouble. */
void gp_own_on_trouble(const struct gp_facts *facts, struct gp_verdict *verdict_out);

/* The verdict for a request that cannot be answered, whatever is tried: GP_ETOOBIG, the sender or
 * DNS has made it too large for policyd.request_memory; GP_EINVAL, a limit cannot count its key. */
void gp_own_unanswerable(const struct gp_config *config, int rc, struct gp_verdict *verdict_out);

/* May mail be refused under this configuration? Else nothing is deferred for our sake either. */
bool gp_own_may_refuse(const struct gp_config *config);

#endif
