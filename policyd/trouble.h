/* SPDX-License-Identifier: ISC */
/*
 * Trouble of our own: what is answered when descriptors, memory or places for questions to DNS were
 * missing, so that nothing is known about a mail. It is never taken for the sender's: the mail is
 * deferred where anything may be refused at all, or accepted, as policyd.on_trouble says; counted,
 * and said at most once a minute, with what to do.
 *
 * Threads: any; the numbers lie in gp_counters.
 */
#ifndef GP_POLICYD_TROUBLE_H
#define GP_POLICYD_TROUBLE_H

#include "config/config.h"
#include "engine/engine.h"
#include "policyd/counters.h"

/* The whole answer where there is no memory even for making one. */
extern const char gp_trouble_answer[];

/* Makes the verdict that policyd.on_trouble wants; what was found stays in it for the log. */
void gp_trouble_decide(const struct gp_config *config, struct gp_verdict *verdict);

/* May mail be refused under this configuration? Else nothing is deferred for our sake either. */
bool gp_trouble_may_refuse(const struct gp_config *config);

/* Notes one more mail that this problem kept from being checked. */
void gp_trouble_note(struct gp_counters *counters, const struct gp_log *log, const char *problem);

/* Says it for those that were noted since it was said last, once a minute has passed. */
void gp_trouble_remind(struct gp_counters *counters, const struct gp_log *log);

#endif
