/* SPDX-License-Identifier: ISC */
/*
 * Ticker: a thread that does something every second, until it is stopped.
 *
 *     gp_daemon_ticker_start(work, arg, true, &t);
 *     gp_daemon_ticker_stop(t, 1000);
 *
 * The work may take longer than a second; the next run begins a second after its end.
 */
#ifndef GP_DAEMON_TICKER_H
#define GP_DAEMON_TICKER_H

#include <stdbool.h>

#include "base/err.h"

struct gp_daemon_ticker;

/* Starts the thread; arg is borrowed. at_once: the first run is not a second away. GP_ENOMEM. */
int gp_daemon_ticker_start(void (*work)(void *arg), void *arg, bool at_once,
	struct gp_daemon_ticker **ticker_out) GP_MUST_CHECK;

/*
 * No more work; what is being done is waited for, so long at most (-1: as long as it takes). False:
 * it still is, and uses arg until the process ends. Accepts NULL.
 */
bool gp_daemon_ticker_stop(struct gp_daemon_ticker *ticker, int wait_ms);

#endif
