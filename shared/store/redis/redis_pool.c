/* SPDX-License-Identifier: ISC */
/*
 * Nodes and their connections. The lock is held for a few instructions at a time, never over I/O: a
 * thread takes a connection out, or the right to open one, and works with it alone.
 */
#include "store/redis/redis_private.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define QUIET_US (60 * 1000000LL) /* in so long... */
#define TEXTS_MAX 16              /* ...no more texts than this are logged */

/* gp_store_redis_begin: the earlier of the caller's deadline and our own timeout. */
struct gp_store_redis_call gp_store_redis_begin(struct gp_store_redis *redis, struct gp_ctx *ctx)
{
	int64_t now_us = gp_clock_now_us(gp_clock_system());
	int64_t left_us = (int64_t)gp_clock_left_ms(ctx->clock, ctx->deadline_us) * 1000;
	int64_t own_us = (int64_t)redis->timeout_ms * 1000;
	return (struct gp_store_redis_call) {.redis = redis,
		.log = ctx->log,
		.until_us = now_us + (left_us < own_us ? left_us : own_us),
		.patient = left_us >= own_us};
}

/* is_news: is the text to be logged? What repeats itself is not, nor what comes too often. */
static bool is_news(struct gp_store_redis *redis, const char *text, int64_t now_us)
{
	bool same = redis->problem_us != 0 && strcmp(text, redis->problem) == 0;
	if (redis->problem_us == 0 || now_us - redis->logged_us >= QUIET_US) {
		redis->logged_us = now_us;
		redis->logged = 0;
		same = false;
	}
	if (same || redis->logged >= TEXTS_MAX)
		return false;
	redis->logged++;
	return true;
}

/* gp_store_redis_note: for health always, for the log when it is news. */
void gp_store_redis_note(const struct gp_store_redis_call *call, const char *format, ...)
{
	struct gp_store_redis *redis = call->redis;
	char text[GP_STORE_REDIS_PROBLEM];
	va_list ap;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	int64_t now_us = gp_clock_now_us(gp_clock_system());
	pthread_mutex_lock(&redis->lock);
	bool news = is_news(redis, text, now_us);
	memcpy(redis->problem, text, sizeof text);
	redis->problem_us = now_us;
	pthread_mutex_unlock(&redis->lock);
	if (news)
		gp_log_text(call->log, GP_LOG_WARNING, "store: %s", text);
}

/* gp_store_redis_close_all: a list that nobody else has any more. */
void gp_store_redis_close_all(struct gp_store_redis_conn *list)
{
	while (list) {
		struct gp_store_redis_conn *next = list->next;
		gp_store_redis_conn_close(list);
		list = next;
	}
}

/* gp_store_redis_vacate: what is in use has an older generation from now on; the lock is held. */
struct gp_store_redis_conn *gp_store_redis_vacate(
	struct gp_store_redis *redis, unsigned node, struct gp_store_redis_conn *list)
{
	struct gp_store_redis_node *n = &redis->nodes[node];
	while (n->idle) {
		struct gp_store_redis_conn *conn = n->idle;
		n->idle = conn->next;
		conn->next = list;
		list = conn;
		redis->open--;
	}
	n->generation++;
	pthread_cond_broadcast(&redis->freed);
	return list;
}

/* gp_store_redis_drop_idle: those in use have an older generation now. */
void gp_store_redis_drop_idle(struct gp_store_redis *redis, unsigned node)
{
	pthread_mutex_lock(&redis->lock);
	struct gp_store_redis_conn *list = gp_store_redis_vacate(redis, node, NULL);
	pthread_mutex_unlock(&redis->lock);
	gp_store_redis_close_all(list);
}

/* gp_store_redis_down: one server alone takes the store with it; a cluster loses a part. */
void gp_store_redis_down(const struct gp_store_redis_call *call, unsigned node)
{
	struct gp_store_redis *redis = call->redis;
	pthread_mutex_lock(&redis->lock);
	struct gp_store_redis_conn *list = gp_store_redis_vacate(redis, node, NULL);
	redis->nodes[node].down = true;
	redis->stale = true;
	if (!redis->cluster)
		redis->up = false;
	pthread_mutex_unlock(&redis->lock);
	gp_store_redis_close_all(list);
}

/* gp_store_redis_name: IPv6 in brackets. */
void gp_store_redis_name(const struct gp_store_redis_address *address, char *text_out, size_t size)
{
	const char *form = strchr(address->host, ':') ? "[%s]:%u" : "%s:%u";
	if (address->port == 0)
		snprintf(text_out, size, "%s", address->host);
	else if (form[0] == '[')
		snprintf(text_out, size, "[%s]:%u", address->host, address->port);
	else
		snprintf(text_out, size, "%s:%u", address->host, address->port);
}

/* What a new connection needs to know, copied while the lock is held. */
struct errand {
	struct gp_store_redis_address address;
	struct gp_store_redis_login login;
	struct gp_crypto_tls_setup *tls;
	unsigned database, generation;
};

/* connect_node: outside of the lock. */
static int connect_node(const struct gp_store_redis_call *call, const struct errand *errand,
	struct gp_store_redis_conn **conn_out)
{
	char problem[GP_STORE_REDIS_PROBLEM], name[GP_STORE_REDIS_HOST + 16];
	struct gp_store_redis_conn *conn = NULL;
	int rc = gp_store_redis_conn_open(
		&errand->address, errand->tls, call->until_us, &conn, problem);
	if (rc == GP_OK) {
		rc = gp_store_redis_log_in(conn, &errand->login, errand->database, call->until_us);
		if (rc)
			memcpy(problem, conn->problem, sizeof problem);
	}
	if (rc) {
		gp_store_redis_name(&errand->address, name, sizeof name);
		gp_store_redis_note(
			call, "%.100s: %.150s", name, problem[0] ? problem : gp_err_text(rc));
		gp_store_redis_conn_close(conn);
		return rc;
	}
	*conn_out = conn;
	return GP_OK;
}

/* steal: an idle connection of another node makes place; NULL: none. The lock is held. */
static struct gp_store_redis_conn *steal(struct gp_store_redis *redis)
{
	for (unsigned i = 0; i < GP_STORE_REDIS_NODES; i++) {
		struct gp_store_redis_conn *conn = redis->nodes[i].idle;
		if (!conn)
			continue;
		redis->nodes[i].idle = conn->next;
		conn->next = NULL;
		redis->open--;
		return conn;
	}
	return NULL;
}

/* wait_freed: until a connection comes back; the lock is held. */
static int wait_freed(struct gp_store_redis *redis, int64_t until_us)
{
	int left_ms = gp_clock_left_ms(gp_clock_system(), until_us);
	struct timespec until = gp_clock_after_ms(left_ms);
	if (left_ms == 0)
		return GP_ETIMEOUT;
	/* a timeout shows in the next round */
	(void)pthread_cond_timedwait(&redis->freed, &redis->lock, &until);
	return GP_OK;
}

/*
 * claim: an idle connection, or leave to open one (*conn_out NULL, the errand filled in); what had
 * to make place is in *old_out.
 */
static int claim(const struct gp_store_redis_call *call, unsigned node,
	struct gp_store_redis_conn **conn_out, struct gp_store_redis_conn **old_out,
	struct errand *errand)
{
	struct gp_store_redis *redis = call->redis;
	struct gp_store_redis_node *n = &redis->nodes[node];
	int rc = GP_OK;
	*conn_out = *old_out = NULL;
	pthread_mutex_lock(&redis->lock);
	for (;;) {
		if (!redis->up || (n->down && !call->knocking)) {
			rc = GP_EIO;
			break;
		}
		if (n->idle) {
			*conn_out = n->idle;
			n->idle = n->idle->next;
			break;
		}
		if (redis->open >= redis->connections)
			*old_out = steal(redis);
		if (redis->open < redis->connections) {
			redis->open++;
			errand->address = n->address;
			errand->login = redis->login;
			errand->tls = redis->tls_in_use ? redis->tls : NULL;
			errand->database = redis->database;
			errand->generation = n->generation;
			break;
		}
		rc = wait_freed(redis, call->until_us);
		if (rc)
			break;
	}
	pthread_mutex_unlock(&redis->lock);
	return rc;
}

/* give_up_place: one connection less; somebody may be waiting for that. */
static void give_up_place(struct gp_store_redis *redis)
{
	pthread_mutex_lock(&redis->lock);
	redis->open--;
	pthread_cond_signal(&redis->freed);
	pthread_mutex_unlock(&redis->lock);
}

/* open_new: with leave to do so. */
static int open_new(const struct gp_store_redis_call *call, unsigned node,
	const struct errand *errand, struct gp_store_redis_conn **conn_out)
{
	int rc = connect_node(call, errand, conn_out);
	if (rc == GP_OK) {
		(*conn_out)->node = node;
		(*conn_out)->generation = errand->generation;
		return GP_OK;
	}
	give_up_place(call->redis);
	if (rc != GP_ETIMEOUT || call->patient)
		gp_store_redis_down(call, node);
	return rc == GP_ETIMEOUT || rc == GP_ENOMEM ? rc : GP_EIO;
}

/* gp_store_redis_acquire: idle ones that have died are not handed out. */
int gp_store_redis_acquire(const struct gp_store_redis_call *call, unsigned node,
	struct gp_store_redis_conn **conn_out)
{
	struct gp_store_redis_conn *conn, *old;
	struct errand errand;
	for (;;) {
		int rc = claim(call, node, &conn, &old, &errand);
		gp_store_redis_conn_close(old);
		if (rc)
			return rc;
		if (!conn)
			break;
		conn->next = NULL;
		if (gp_store_redis_conn_is_quiet(conn)) {
			*conn_out = conn;
			return GP_OK;
		}
		gp_store_redis_discard(call->redis, conn);
	}
	int rc = open_new(call, node, &errand, conn_out);
	explicit_bzero(&errand.login, sizeof errand.login);
	return rc;
}

/* gp_store_redis_release: into the pool unless the node has changed meanwhile. */
void gp_store_redis_release(struct gp_store_redis *redis, struct gp_store_redis_conn *conn)
{
	struct gp_store_redis_node *node = &redis->nodes[conn->node];
	conn->reused = true;
	pthread_mutex_lock(&redis->lock);
	bool good = conn->generation == node->generation;
	if (good) {
		conn->next = node->idle;
		node->idle = conn;
	} else {
		redis->open--;
	}
	pthread_cond_signal(&redis->freed);
	pthread_mutex_unlock(&redis->lock);
	if (!good)
		gp_store_redis_conn_close(conn);
}

/* gp_store_redis_discard: closes. */
void gp_store_redis_discard(struct gp_store_redis *redis, struct gp_store_redis_conn *conn)
{
	if (!conn)
		return;
	gp_store_redis_conn_close(conn);
	give_up_place(redis);
}
