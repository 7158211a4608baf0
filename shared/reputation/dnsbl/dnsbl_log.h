/* SPDX-License-Identifier: ISC */
/* Log lines about the health of DNS lists, with what to do; the same in every program. */
#ifndef GP_REPUTATION_DNSBL_LOG_H
#define GP_REPUTATION_DNSBL_LOG_H

#include "base/log.h"
#include "reputation/dnsbl/dnsbl_health.h"

/* A line for each event; log may be NULL. */
void gp_dnsbl_log(
	const struct gp_log *log, const struct gp_dnsbl_event *events, size_t event_count);

/* What an administrator can do about a list that is suspended for this reason; static text. */
const char *gp_dnsbl_advice(const struct gp_dnsbl_list *list, enum gp_dnsbl_reason reason);

#endif
