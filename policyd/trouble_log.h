/* SPDX-License-Identifier: ISC */
/*
 * Trouble log: that descriptors, memory or places for DNS queries were missing, so that a mail
 * could not be checked, is counted, and logged at most once a minute, with what to do. The answer
 * to such requests: policyd/own_checks.h.
 *
 * Threads: any; the numbers are in gp_counters.
 */
#ifndef GP_POLICYD_TROUBLE_LOG_H
#define GP_POLICYD_TROUBLE_LOG_H

#include "policyd/counters.h"

/* Notes one more mail that this problem kept from being checked. */
void gp_trouble_log_note(
	struct gp_counters *counters, const struct gp_log *log, const char *problem);

/* Says it for those that were noted since it was said last, once a minute has passed. */
void gp_trouble_log_remind(struct gp_counters *counters, const struct gp_log *log);

#endif
