/* SPDX-License-Identifier: ISC */
/*
 * Several threads, since slow name servers may not hold back what the store needs, nor one kind of
 * question another.
 */
#include "daemon/maintenance.h"

#include <stdlib.h>

#include "daemon/heartbeat.h"
#include "daemon/runtimes.h"
#include "daemon/ticker.h"

#define STOP_MS 100 /* what DNS would say after that is not needed any more */
#define RENEW_MEMORY (8 * 1024 * 1024)
#define RENEW_MAX_US (60 * 1000000LL) /* of one round, however much patience is configured */

struct gp_daemon_maintenance {
	struct gp_daemon *daemon;
	struct gp_daemon_dns_health dns; /* of the thread that keeps */
	struct gp_daemon_ticker *keeping, *renewing, *probing;
};

/* keep: all but DNS. */
static void keep(void *arg)
{
	struct gp_daemon_maintenance *m = arg;
	struct gp_daemon *daemon = m->daemon;
	gp_daemon_heartbeat_beat(daemon->heartbeat, GP_DAEMON_HEARTBEAT_MAINTENANCE);
	gp_daemon_runtimes_tend(daemon->runtimes);
	const struct gp_daemon_runtime *r = gp_daemon_runtimes_acquire(daemon->runtimes);
	for (size_t i = 0; i < daemon->program->service_count; i++) {
		const struct gp_daemon_served *served = &daemon->served[i];
		if (served->service->tend)
			served->service->tend(served->state, r);
	}
	gp_daemon_dns_health_look(
		&m->dns, r->dns, gp_clock_now_us(gp_clock_system()), &r->log, &daemon->dns_seen);
	gp_daemon_runtimes_release(daemon->runtimes, r);
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
 * left. What fails is queried again by the requests that need it. */
static void renew(void *arg)
{
	struct gp_daemon_maintenance *m = arg;
	const struct gp_daemon_runtime *r = gp_daemon_runtimes_acquire(m->daemon->runtimes);
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
	gp_daemon_runtimes_release(m->daemon->runtimes, r);
}

/* probe: what services ask name servers for their own sake. */
static void probe(void *arg)
{
	struct gp_daemon_maintenance *m = arg;
	struct gp_daemon *daemon = m->daemon;
	const struct gp_daemon_runtime *r = gp_daemon_runtimes_acquire(daemon->runtimes);
	for (size_t i = 0; i < daemon->program->service_count; i++) {
		const struct gp_daemon_served *served = &daemon->served[i];
		if (served->service->probe)
			served->service->probe(served->state, r);
	}
	gp_daemon_runtimes_release(daemon->runtimes, r);
}

/* has_probe: does any service want that thread? */
static bool has_probe(const struct gp_daemon_program *program)
{
	for (size_t i = 0; i < program->service_count; i++)
		if (program->services[i]->probe)
			return true;
	return false;
}

/* gp_daemon_maintenance_start: all or none. */
int gp_daemon_maintenance_start(
	struct gp_daemon *daemon, struct gp_daemon_maintenance **maintenance_out)
{
	struct gp_daemon_maintenance *m = calloc(1, sizeof *m);
	if (!m)
		return GP_ENOMEM;
	m->daemon = daemon;
	int rc = gp_daemon_ticker_start(keep, m, false, &m->keeping);
	if (!rc)
		rc = gp_daemon_ticker_start(renew, m, false, &m->renewing);
	if (!rc && has_probe(daemon->program))
		rc = gp_daemon_ticker_start(probe, m, true, &m->probing);
	if (rc)
		(void)gp_daemon_maintenance_stop(m); /* nothing is being renewed */
	else
		*maintenance_out = m;
	return rc;
}

/* gp_daemon_maintenance_stop: the store is waited for, DNS is not. */
bool gp_daemon_maintenance_stop(struct gp_daemon_maintenance *maintenance)
{
	if (!maintenance)
		return true;
	(void)gp_daemon_ticker_stop(maintenance->keeping, -1); /* always true */
	maintenance->keeping = NULL;
	bool is_over = gp_daemon_ticker_stop(maintenance->renewing, STOP_MS);
	if (is_over)
		maintenance->renewing = NULL;
	if (!gp_daemon_ticker_stop(maintenance->probing, STOP_MS) || !is_over)
		return false;
	free(maintenance);
	return true;
}
