/* SPDX-License-Identifier: ISC */
/*
 * Two buffers: one is filled under the lock, the other is written without it; then they change
 * places. The thread is woken by the first line into an empty buffer and then takes a breath, in
 * which others follow, unless the buffer fills up first. It never sits in write: it polls first.
 */
#include "daemon/log_queue.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

#define BUFFER_BYTES (256 * 1024)
#define PIECE_BYTES 4096 /* PIPE_BUF of Linux: written at once or not at all */
#define BREATH_MS 5
#define ROOM_MS 1000     /* how long a line waits for room */
#define PATIENCE_MS 1000 /* how long the descriptor may take nothing before a batch is given up */
#define END_MS 3000      /* how long a flush waits */

struct gp_daemon_log_queue {
	pthread_mutex_t lock;  /* guards all below but writing and options */
	pthread_cond_t filled; /* for the thread: there is something, or much, or the end */
	pthread_cond_t
		drained; /* for the threads that wait: the buffers have changed places, or all is
			  * out */
	char *filling;
	size_t used;
	uint64_t batch, written; /* number of the batch that is filled; of the last one written */
	uint64_t lost;           /* lines dropped and not yet spoken of */
	bool hurry, stopping;
	bool stalled;  /* nothing gets out: lines do not wait for room */
	char *writing; /* only the thread */
	struct gp_daemon_log_queue_options options; /* constant */
	pthread_t thread;
};

/* ---- writing ---- */

/* piece: how much goes out in one write: whole lines of up to PIECE_BYTES, unless it is a file. */
static size_t piece(const char *text, size_t len, bool is_file)
{
	if (is_file || len <= PIECE_BYTES)
		return len;
	const char *end = memrchr(text, '\n', PIECE_BYTES);
	return end ? (size_t)(end - text) + 1 : PIECE_BYTES;
}

/* wait_writable: false when the descriptor takes nothing for that long, or never will. */
static bool wait_writable(int fd, int patience_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	int n;
	do
		n = poll(&p, 1, patience_ms);
	while (n < 0 && errno == EINTR);
	return n > 0 && (p.revents & POLLOUT);
}

/* gp_daemon_log_queue_write: piece by piece, each only when it does not block. */
bool gp_daemon_log_queue_write(int fd, const char *text, size_t len, int patience_ms)
{
	struct stat st;
	bool is_file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	while (len) {
		if (!is_file && !wait_writable(fd, patience_ms))
			return false;
		ssize_t n = write(fd, text, piece(text, len, is_file));
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return false;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
	return true;
}

/* ---- the thread ---- */

/* breathe: a few milliseconds for others to join, unless somebody is in a hurry; locked. */
static void breathe(struct gp_daemon_log_queue *q)
{
	const struct timespec until = gp_clock_after_ms(BREATH_MS);
	int rc = 0;
	while (!q->hurry && !q->stopping && rc == 0)
		rc = pthread_cond_timedwait(&q->filled, &q->lock, &until);
}

/* change_places: takes the filled buffer to be written; returns its length. Locked. */
static size_t change_places(struct gp_daemon_log_queue *q)
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

/* count_lines: for the number of those that were lost. */
static uint64_t count_lines(const char *text, size_t len)
{
	uint64_t n = 0;
	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n';
	return n;
}

/* confess: the line about lost ones; begins anew, for the last one may have been cut. */
static bool confess(const struct gp_daemon_log_queue *q, int fd, uint64_t lost)
{
	char storage[512];
	struct gp_strbuf line;
	gp_strbuf_init_fixed(&line, storage, sizeof storage);
	gp_strbuf_add_char(&line, '\n');
	q->options.lost(&line, lost);
	return gp_daemon_log_queue_write(fd, line.data, line.len, PATIENCE_MS);
}

/* drop: so many lines are lost. */
static uint64_t drop(struct gp_daemon_log_queue *q, uint64_t lines)
{
	if (q->options.dropped)
		atomic_fetch_add(q->options.dropped, lines);
	return lines;
}

/* write_batch: the writing buffer, after what must be said of lost lines; returns lines lost. */
static uint64_t write_batch(struct gp_daemon_log_queue *q, size_t len, uint64_t lost)
{
	int fd = atomic_load(q->options.fd);
	if (lost && !confess(q, fd, lost))
		return lost + drop(q, count_lines(q->writing, len));
	if (gp_daemon_log_queue_write(fd, q->writing, len, PATIENCE_MS))
		return 0;
	/* how many of the batch got out is not known, so all of it is taken for lost */
	return drop(q, count_lines(q->writing, len));
}

/* queue_main: the thread. */
static void *queue_main(void *arg)
{
	struct gp_daemon_log_queue *q = arg;
	pthread_mutex_lock(&q->lock);
	for (;;) {
		while (q->used == 0 && !q->stopping)
			pthread_cond_wait(&q->filled, &q->lock);
		if (q->used == 0)
			break;
		breathe(q);
		size_t len = change_places(q);
		uint64_t batch = q->batch - 1, lost = q->lost;
		q->lost = 0;
		pthread_mutex_unlock(&q->lock);
		lost = write_batch(q, len, lost);
		pthread_mutex_lock(&q->lock);
		q->lost += lost;
		q->stalled = lost > 0;
		q->written = batch;
		pthread_cond_broadcast(&q->drained);
	}
	pthread_mutex_unlock(&q->lock);
	return NULL;
}

/* ---- adding ---- */

/* make_room: waits a while; false when there is none. Locked. */
static bool make_room(struct gp_daemon_log_queue *q, size_t len)
{
	int rc = 0;
	if (len <= BUFFER_BYTES - q->used)
		return true;
	const struct timespec until = gp_clock_after_ms(ROOM_MS);
	while (!q->stalled && rc == 0 && len > BUFFER_BYTES - q->used) {
		q->hurry = true;
		pthread_cond_signal(&q->filled);
		rc = pthread_cond_timedwait(&q->drained, &q->lock, &until);
	}
	if (len <= BUFFER_BYTES - q->used)
		return true;
	q->stalled = true;
	return false;
}

/* gp_daemon_log_queue_add: into the filling buffer, or into the number of the lost. */
void gp_daemon_log_queue_add(struct gp_daemon_log_queue *queue, const char *line, size_t len)
{
	if (len > GP_DAEMON_LOG_QUEUE_LINE_MAX)
		len = GP_DAEMON_LOG_QUEUE_LINE_MAX;
	pthread_mutex_lock(&queue->lock);
	if (make_room(queue, len)) {
		memcpy(queue->filling + queue->used, line, len);
		bool wake = queue->used == 0;
		queue->used += len;
		if (!queue->hurry && queue->used > BUFFER_BYTES / 2)
			wake = queue->hurry = true;
		if (wake)
			pthread_cond_signal(&queue->filled);
	} else {
		queue->lost += drop(queue, 1);
	}
	pthread_mutex_unlock(&queue->lock);
}

/* gp_daemon_log_queue_flush: the present batch has to be written, or given up. */
void gp_daemon_log_queue_flush(struct gp_daemon_log_queue *queue)
{
	const struct timespec until = gp_clock_after_ms(END_MS);
	int rc = 0;
	pthread_mutex_lock(&queue->lock);
	uint64_t batch = queue->used ? queue->batch : queue->batch - 1;
	queue->hurry = queue->used > 0;
	pthread_cond_signal(&queue->filled);
	while (queue->written < batch && rc == 0)
		rc = pthread_cond_timedwait(&queue->drained, &queue->lock, &until);
	pthread_mutex_unlock(&queue->lock);
}

/* new_queue: empty, without buffers and thread; NULL: no memory. */
static struct gp_daemon_log_queue *new_queue(void)
{
	struct gp_daemon_log_queue *q = calloc(1, sizeof *q);
	if (!q || gp_clock_condition(&q->filled))
		goto no_filled;
	if (gp_clock_condition(&q->drained))
		goto no_drained;
	pthread_mutex_init(&q->lock, NULL);
	return q;
no_drained:
	pthread_cond_destroy(&q->filled);
no_filled:
	free(q);
	return NULL;
}

/* release: what gp_daemon_log_queue_new has made, without the thread. */
static void release(struct gp_daemon_log_queue *q)
{
	pthread_cond_destroy(&q->drained);
	pthread_cond_destroy(&q->filled);
	pthread_mutex_destroy(&q->lock);
	free(q->filling);
	free(q->writing);
	free(q);
}

/* gp_daemon_log_queue_new: buffers, lock, thread. */
int gp_daemon_log_queue_new(
	const struct gp_daemon_log_queue_options *options, struct gp_daemon_log_queue **queue_out)
{
	struct gp_daemon_log_queue *q = new_queue();
	if (!q)
		return GP_ENOMEM;
	q->options = *options;
	q->batch = 1;
	q->filling = malloc(BUFFER_BYTES);
	q->writing = malloc(BUFFER_BYTES);
	if (!q->filling || !q->writing || pthread_create(&q->thread, NULL, queue_main, q)) {
		release(q);
		return GP_ENOMEM;
	}
	*queue_out = q;
	return GP_OK;
}

/* gp_daemon_log_queue_free: the thread ends when nothing is left, or nothing gets out. */
void gp_daemon_log_queue_free(struct gp_daemon_log_queue *queue)
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
