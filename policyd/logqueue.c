/* SPDX-License-Identifier: ISC */
/*
 * Two buffers: one is filled under the lock, the other is written without it; then they change
 * places. The thread is woken by the first line into an empty buffer and then takes a breath, in
 * which others follow, unless the buffer fills up first.
 */
#include "policyd/logqueue.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BUFFER_BYTES (256 * 1024)
#define BREATH_NS (5 * 1000 * 1000)

struct gp_logqueue {
	pthread_mutex_t lock;  /* guards all below but writing and fd */
	pthread_cond_t filled; /* for the thread: there is something, or much, or the end */
	pthread_cond_t
		drained; /* for those who wait: the buffers have changed places, or all is out */
	char *filling;
	size_t used;
	uint64_t batch, written; /* number of the batch that is filled; of the last one written */
	bool hurry, stopping;
	char *writing; /* only the thread */
	int fd;
	pthread_t thread;
};

/* write_all: the batch; a log that cannot be written must not stop the mail. */
static void write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		text += n;
		len -= (size_t)n;
	}
}

/* breathe: a few milliseconds for others to join, unless somebody is in a hurry; locked. */
static void breathe(struct gp_logqueue *q)
{
	struct timespec until;
	int rc = 0;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += BREATH_NS;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	while (!q->hurry && !q->stopping && rc == 0)
		rc = pthread_cond_timedwait(&q->filled, &q->lock, &until);
}

/* change_places: takes the filled buffer to be written; returns its length. Locked. */
static size_t change_places(struct gp_logqueue *q)
{
	char *full = q->filling;
	size_t len = q->used;
	q->filling = q->writing;
	q->writing = full;
	q->used = 0;
	q->hurry = false;
	q->batch++;
	pthread_cond_broadcast(&q->drained);
	return len;
}

/* queue_main: the thread. */
static void *queue_main(void *arg)
{
	struct gp_logqueue *q = arg;
	pthread_mutex_lock(&q->lock);
	for (;;) {
		while (q->used == 0 && !q->stopping)
			pthread_cond_wait(&q->filled, &q->lock);
		if (q->used == 0)
			break;
		breathe(q);
		size_t len = change_places(q);
		uint64_t batch = q->batch - 1;
		pthread_mutex_unlock(&q->lock);
		write_all(q->fd, q->writing, len);
		pthread_mutex_lock(&q->lock);
		q->written = batch;
		pthread_cond_broadcast(&q->drained);
	}
	pthread_mutex_unlock(&q->lock);
	return NULL;
}

/* gp_logqueue_add: into the filling buffer, waiting for room if need be. */
void gp_logqueue_add(struct gp_logqueue *queue, const char *line, size_t len)
{
	if (len > GP_LOGQUEUE_LINE_MAX)
		len = GP_LOGQUEUE_LINE_MAX;
	pthread_mutex_lock(&queue->lock);
	while (len > BUFFER_BYTES - queue->used) {
		queue->hurry = true;
		pthread_cond_signal(&queue->filled);
		pthread_cond_wait(&queue->drained, &queue->lock);
	}
	memcpy(queue->filling + queue->used, line, len);
	bool first = queue->used == 0;
	queue->used += len;
	if (!queue->hurry && queue->used > BUFFER_BYTES / 2) {
		queue->hurry = true;
		first = true;
	}
	if (first)
		pthread_cond_signal(&queue->filled);
	pthread_mutex_unlock(&queue->lock);
}

/* gp_logqueue_flush: the present batch has to be written. */
void gp_logqueue_flush(struct gp_logqueue *queue)
{
	pthread_mutex_lock(&queue->lock);
	uint64_t batch = queue->used ? queue->batch : queue->batch - 1;
	queue->hurry = queue->used > 0;
	pthread_cond_signal(&queue->filled);
	while (queue->written < batch)
		pthread_cond_wait(&queue->drained, &queue->lock);
	pthread_mutex_unlock(&queue->lock);
}

/* release: what gp_logqueue_new has made, without the thread. */
static void release(struct gp_logqueue *q)
{
	pthread_cond_destroy(&q->drained);
	pthread_cond_destroy(&q->filled);
	pthread_mutex_destroy(&q->lock);
	free(q->filling);
	free(q->writing);
	free(q);
}

/* gp_logqueue_new: buffers, lock, thread. */
int gp_logqueue_new(int fd, struct gp_logqueue **queue_out)
{
	struct gp_logqueue *q = calloc(1, sizeof *q);
	pthread_condattr_t attr;
	if (!q)
		return GP_ENOMEM;
	q->fd = fd;
	q->batch = 1;
	q->filling = malloc(BUFFER_BYTES);
	q->writing = malloc(BUFFER_BYTES);
	pthread_mutex_init(&q->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&q->filled, &attr);
	pthread_cond_init(&q->drained, NULL);
	pthread_condattr_destroy(&attr);
	if (!q->filling || !q->writing || pthread_create(&q->thread, NULL, queue_main, q)) {
		release(q);
		return GP_ENOMEM;
	}
	*queue_out = q;
	return GP_OK;
}

/* gp_logqueue_free: the thread ends when nothing is left. */
void gp_logqueue_free(struct gp_logqueue *queue)
{
	if (!queue)
		return;
	pthread_mutex_lock(&queue->lock);
	queue->stopping = true;
	pthread_cond_signal(&queue->filled);
	pthread_mutex_unlock(&queue->lock);
	pthread_join(queue->thread, NULL);
	release(queue);
}
