/* SPDX-License-Identifier: ISC */
/* A condition with a time-out: to stop, it is rung. */
#include "policyd/keeper.h"

#include <pthread.h>
#include <stdlib.h>

#include "policyd/trouble.h"

#define EVERY_MS 1000

struct gp_keeper {
	struct gp_session_shared *shared;
	struct gp_dns_health dns; /* the thread's */
	pthread_t thread;
	pthread_mutex_t lock; /* guards stopping */
	pthread_cond_t rung;
	bool stopping;
};

/* is_over: waits for the next second, or the end. */
static bool is_over(struct gp_keeper *k)
{
	const struct timespec until = gp_clock_after_ms(EVERY_MS);
	int rc = 0;
	pthread_mutex_lock(&k->lock);
	while (!k->stopping && rc == 0)
		rc = pthread_cond_timedwait(&k->rung, &k->lock, &until);
	bool stopping = k->stopping;
	pthread_mutex_unlock(&k->lock);
	return stopping;
}

/* keep: the thread. */
static void *keep(void *arg)
{
	struct gp_keeper *k = arg;
	while (!is_over(k)) {
		gp_pulse_beat(k->shared->pulse, GP_PULSE_KEEPER);
		gp_runtimes_tend(k->shared->runtimes);
		const struct gp_runtime *r = gp_runtimes_acquire(k->shared->runtimes);
		gp_trouble_remind(k->shared->counters, &r->log);
		gp_dns_health_look(&k->dns, r->dns, gp_clock_now_us(gp_clock_system()), &r->log,
			&k->shared->dns_seen);
		gp_runtimes_release(k->shared->runtimes, r);
	}
	return NULL;
}

/* gp_keeper_start: the condition waits on the monotonic clock. */
int gp_keeper_start(struct gp_session_shared *shared, struct gp_keeper **keeper_out)
{
	struct gp_keeper *k = calloc(1, sizeof *k);
	pthread_condattr_t attr;
	if (!k)
		return GP_ENOMEM;
	k->shared = shared;
	pthread_mutex_init(&k->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&k->rung, &attr);
	pthread_condattr_destroy(&attr);
	if (pthread_create(&k->thread, NULL, keep, k)) {
		pthread_cond_destroy(&k->rung);
		pthread_mutex_destroy(&k->lock);
		free(k);
		return GP_ENOMEM;
	}
	*keeper_out = k;
	return GP_OK;
}

/* gp_keeper_stop: after what it is doing. */
void gp_keeper_stop(struct gp_keeper *keeper)
{
	if (!keeper)
		return;
	pthread_mutex_lock(&keeper->lock);
	keeper->stopping = true;
	pthread_cond_signal(&keeper->rung);
	pthread_mutex_unlock(&keeper->lock);
	pthread_join(keeper->thread, NULL);
	pthread_cond_destroy(&keeper->rung);
	pthread_mutex_destroy(&keeper->lock);
	free(keeper);
}
