/* SPDX-License-Identifier: ISC */
/* Two threads, since slow name servers may not hold back what the store needs. */
#include "policyd/keeper.h"

#include <stdlib.h>

#include "daemon/ticker.h"
#include "policyd/trouble.h"

#define STOP_MS 100 /* what DNS would say after that is not needed any more */
#define RENEW_MEMORY (8 * 1024 * 1024)
#define RENEW_MAX_US (60 * 1000000LL) /* of one round, however much patience is configured */

struct gp_keeper {
	struct gp_session_shared *shared;
	struct gp_daemon_dns_health dns; /* of who keeps */
	struct gp_daemon_ticker *keeping, *renewing;
};

/* remind_malformed: of requests about which there was no line. */
static void remind_malformed(struct gp_counters *counters, const struct gp_log *log)
{
	unsigned long long n = gp_daemon_log_limited_rest(
		&counters->malformed_said, gp_clock_now_us(gp_clock_system()));
	if (n)
		gp_log_text(log, GP_LOG_WARNING,
			"%llu more requests were malformed, about which there is no line; the "
			"lines before this one say who asks so",
			n);
}

/* keep: all but DNS. */
static void keep(void *arg)
{
	struct gp_keeper *k = arg;
	gp_daemon_heartbeat_beat(k->shared->heartbeat, GP_DAEMON_HEARTBEAT_KEEPER);
	gp_runtimes_tend(k->shared->runtimes);
	const struct gp_runtime *r = gp_runtimes_acquire(k->shared->runtimes);
	gp_trouble_remind(k->shared->counters, &r->log);
	remind_malformed(k->shared->counters, &r->log);
	gp_daemon_dns_health_look(
		&k->dns, r->dns, gp_clock_now_us(gp_clock_system()), &r->log, &k->shared->dns_seen);
	gp_runtimes_release(k->shared->runtimes, r);
}

/* patience_us: for all attempts at all servers. */
static int64_t patience_us(struct gp_dns *dns)
{
	struct gp_dns_options options;
	if (!gp_dns_wire_options(dns, &options))
		return RENEW_MAX_US;
	int64_t us = (int64_t)options.timeout_ms * 1000 * options.attempts *
		     (int64_t)options.server_count;
	return us < RENEW_MAX_US ? us : RENEW_MAX_US;
}

/* renew: what had expired and had to do, as servers were too slow for a request; until nothing is
 * left. What fails is asked again by those who need it. */
static void renew(void *arg)
{
	struct gp_keeper *k = arg;
	const struct gp_runtime *r = gp_runtimes_acquire(k->shared->runtimes);
	struct gp_ctx ctx = {
		.arena = gp_arena_new(RENEW_MEMORY), .clock = gp_clock_system(), .log = &r->log};
	size_t count = 1;
	while (ctx.arena && count > 0) {
		gp_arena_reset(ctx.arena);
		ctx.deadline_us = gp_clock_now_us(ctx.clock) + patience_us(r->dns);
		if (gp_dns_cache_renew(r->dns, &ctx, &count))
			break;
	}
	gp_arena_free(ctx.arena);
	gp_runtimes_release(k->shared->runtimes, r);
}

/* gp_keeper_start: both or none. */
int gp_keeper_start(struct gp_session_shared *shared, struct gp_keeper **keeper_out)
{
	struct gp_keeper *k = calloc(1, sizeof *k);
	if (!k)
		return GP_ENOMEM;
	k->shared = shared;
	int rc = gp_daemon_ticker_start(keep, k, &k->keeping);
	if (!rc)
		rc = gp_daemon_ticker_start(renew, k, &k->renewing);
	if (rc)
		(void)gp_keeper_stop(k); /* nothing is being renewed */
	else
		*keeper_out = k;
	return rc;
}

/* gp_keeper_stop: the store is waited for, DNS is not. */
bool gp_keeper_stop(struct gp_keeper *keeper)
{
	if (!keeper)
		return true;
	(void)gp_daemon_ticker_stop(keeper->keeping, -1); /* always true */
	keeper->keeping = NULL;
	if (!gp_daemon_ticker_stop(keeper->renewing, STOP_MS))
		return false;
	free(keeper);
	return true;
}
