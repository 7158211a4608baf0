/* SPDX-License-Identifier: ISC */
/* A condition with a timeout: to stop, it is rung. */
#include "daemon/ticker.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"

#define EVERY_MS 1000

struct gp_daemon_ticker {
	void (*work)(void *arg);
	void *arg;
	pthread_t thread;
	pthread_mutex_t lock; /* guards stopping and ended */
	pthread_cond_t rung;
	bool stopping, ended;
	bool at_once;
};

/* is_over: waits for the next second, or the end. */
static bool is_over(struct gp_daemon_ticker *t)
{
	const struct timespec until = gp_clock_after_ms(EVERY_MS);
	int rc = 0;
	pthread_mutex_lock(&t->lock);
	while (!t->stopping && rc == 0)
		rc = pthread_cond_timedwait(&t->rung, &t->lock, &until);
	bool stopping = t->stopping;
	pthread_mutex_unlock(&t->lock);
	return stopping;
}

/* tick: the thread. */
static void *tick(void *arg)
{
	struct gp_daemon_ticker *t = arg;
	if (t->at_once)
		t->work(t->arg);
	while (!is_over(t))
		t->work(t->arg);
	pthread_mutex_lock(&t->lock);
	t->ended = true;
	pthread_cond_broadcast(&t->rung);
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

/* gp_daemon_ticker_start: the condition waits on the monotonic clock. */
int gp_daemon_ticker_start(
	void (*work)(void *arg), void *arg, bool at_once, struct gp_daemon_ticker **ticker_out)
{
	struct gp_daemon_ticker *t = calloc(1, sizeof *t);
	if (!t || gp_clock_condition(&t->rung)) {
		free(t);
		return GP_ENOMEM;
	}
	t->work = work;
	t->arg = arg;
	t->at_once = at_once;
	pthread_mutex_init(&t->lock, NULL);
	if (pthread_create(&t->thread, NULL, tick, t)) {
		pthread_cond_destroy(&t->rung);
		pthread_mutex_destroy(&t->lock);
		free(t);
		return GP_ENOMEM;
	}
	*ticker_out = t;
	return GP_OK;
}

/* gp_daemon_ticker_stop: rings, and waits. */
bool gp_daemon_ticker_stop(struct gp_daemon_ticker *ticker, int wait_ms)
{
	if (!ticker)
		return true;
	const struct timespec until = gp_clock_after_ms(wait_ms < 0 ? 0 : wait_ms);
	int rc = 0;
	pthread_mutex_lock(&ticker->lock);
	ticker->stopping = true;
	pthread_cond_broadcast(&ticker->rung);
	while (!ticker->ended && wait_ms >= 0 && rc == 0)
		rc = pthread_cond_timedwait(&ticker->rung, &ticker->lock, &until);
	bool ended = ticker->ended;
	pthread_mutex_unlock(&ticker->lock);
	if (!ended && wait_ms >= 0)
		return false;
	pthread_join(ticker->thread, NULL);
	pthread_cond_destroy(&ticker->rung);
	pthread_mutex_destroy(&ticker->lock);
	free(ticker);
	return true;
}
