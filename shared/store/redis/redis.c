/* SPDX-License-Identifier: ISC */
/*
 * The Redis store from outside: open and close, time, health, and what has to be done now and then.
 */
#include "store/redis/redis_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFER_TIMEOUTS 10            /* a better server is looked for every so many timeouts */
#define QUIET_US (1000 * 1000LL)      /* after so long without an answer a server is asked */
#define TIME_US (60 * 1000 * 1000LL)  /* between two looks at the server's clock */
#define SWEEP_US (10 * 1000 * 1000LL) /* between two pages of facts that may have expired */

const bool gp_store_has_redis = true;

/* ---- care ---- */

/* What tend needs to know of the state, copied while the lock is held. */
struct state {
	bool up, cluster, stale;
	size_t uri;
};

/* look: at the state. */
static struct state look(struct gp_store_redis *redis)
{
	pthread_mutex_lock(&redis->lock);
	struct state state = {redis->up, redis->cluster, redis->stale, redis->uri};
	pthread_mutex_unlock(&redis->lock);
	return state;
}

/* find: from where the last search ended, then the rest. */
static void find(const struct gp_store_redis_call *call)
{
	struct gp_store_redis *redis = call->redis;
	size_t first = redis->next_uri < redis->uri_count ? redis->next_uri : 0;
	/* what cannot be read any more (after a change of user) keeps its last value */
	int rc = gp_store_redis_read_passwords(redis, NULL);
	(void)rc;
	bool found = gp_store_redis_seek(call, first, redis->uri_count);
	if (!found && first > 0 && gp_clock_now_us(gp_clock_system()) < call->until_us)
		(void)gp_store_redis_seek(call, 0, first); /* health tells what came of it */
}

/* prefer: a server before the one in use, or the master that sentinels name now. */
static void prefer(const struct gp_store_redis_call *call, const struct state *state)
{
	struct gp_store_redis *redis = call->redis;
	int64_t now_us = gp_clock_now_us(gp_clock_system());
	if (now_us < redis->next_prefer_us)
		return;
	redis->next_prefer_us = now_us + PREFER_TIMEOUTS * 1000LL * redis->timeout_ms;
	if (redis->uris[state->uri].scheme == GP_STORE_SENTINEL)
		gp_store_redis_follow_sentinels(call);
	else if (state->uri > 0)
		(void)gp_store_redis_seek(call, 0, state->uri); /* no better one: nothing changes */
}

/* check: a word with the server when nobody else had one of late. */
static void check(const struct gp_store_redis_call *call)
{
	struct gp_store_redis *redis = call->redis;
	struct gp_store_redis_request request;
	struct redisReply *reply = NULL;
	int64_t now_us = gp_clock_now_us(gp_clock_system());
	if (now_us - atomic_load(&redis->heard_us) < QUIET_US)
		return;
	gp_store_redis_request_init(&request, (struct gp_span) {NULL, 0}, "PING");
	int rc = gp_store_redis_run_on(call, 0, false, &request, &reply);
	if (rc == GP_OK)
		rc = gp_store_redis_judge(call, 0, reply);
	(void)rc; /* health tells */
	gp_store_redis_reply_free(reply);
}

/* keep_time: of the first node, which all hosts that share the store see alike. */
static void keep_time(const struct gp_store_redis_call *call)
{
	struct gp_store_redis *redis = call->redis;
	struct gp_store_redis_conn *conn;
	int64_t now_us = gp_clock_now_us(gp_clock_system());
	if (now_us < redis->next_time_us)
		return;
	redis->next_time_us = now_us + TIME_US;
	if (gp_store_redis_acquire(call, 0, &conn) != GP_OK)
		return;
	if (gp_store_redis_ask_time(redis, conn, call->until_us) == GP_OK)
		gp_store_redis_release(redis, conn);
	else
		gp_store_redis_discard(redis, conn);
}

/* sweep_facts: not every time. */
static void sweep_facts(const struct gp_store_redis_call *call)
{
	struct gp_store_redis *redis = call->redis;
	int64_t now_us = gp_clock_now_us(gp_clock_system());
	if (now_us < redis->next_sweep_us)
		return;
	redis->next_sweep_us = now_us + SWEEP_US;
	gp_store_redis_sweep(call);
}

/* tend: first that there is a server, then that it is the best, then the rest. */
static void tend(void *self, struct gp_ctx *ctx)
{
	struct gp_store_redis *redis = self;
	const struct gp_store_redis_call call = gp_store_redis_begin(redis, ctx);
	struct state state = look(redis);
	if (state.up && state.cluster && state.stale)
		gp_store_redis_tend_cluster(&call);
	else if (state.up && !state.cluster) {
		prefer(&call, &state);
		check(&call);
	}
	if (!look(redis).up)
		find(&call);
	if (!look(redis).up)
		return;
	keep_time(&call);
	sweep_facts(&call);
}

/* ---- health ---- */

/* all_up: every node that has anything; the lock is held. */
static bool all_up(const struct gp_store_redis *redis)
{
	for (unsigned i = 0; i < GP_STORE_REDIS_NODES; i++)
		if (redis->nodes[i].used && redis->nodes[i].down)
			return false;
	return redis->up;
}

/* health: never a password: none of these texts ever held one. */
static void health(void *self, struct gp_store_health *health_out)
{
	struct gp_store_redis *redis = self;
	int64_t now_us = gp_clock_now_us(gp_clock_system());
	pthread_mutex_lock(&redis->lock);
	health_out->up = all_up(redis);
	memcpy(health_out->where, redis->where, sizeof redis->where);
	memcpy(health_out->problem, redis->problem, sizeof redis->problem);
	health_out->problem_age_ms = redis->problem_us ? (now_us - redis->problem_us) / 1000 : -1;
	pthread_mutex_unlock(&redis->lock);
}

/* ---- open and close ---- */

/* close_redis: nobody is using it, so all connections are idle. */
static void close_redis(void *self)
{
	struct gp_store_redis *redis = self;
	for (unsigned i = 0; i < GP_STORE_REDIS_NODES; i++)
		gp_store_redis_drop_idle(redis, i);
	pthread_cond_destroy(&redis->freed);
	pthread_mutex_destroy(&redis->lock);
	gp_crypto_tls_setup_free(redis->tls);
	explicit_bzero(&redis->login, sizeof redis->login);
	explicit_bzero(&redis->sentinel_login, sizeof redis->sentinel_login);
	free(redis);
}

/* refuse: options that make no store. */
static int refuse(const struct gp_log *log, const char *problem)
{
	gp_log_text(log, GP_LOG_ERROR, "store: %s", problem);
	return GP_EINVAL;
}

/* copy: a text of the options, NULL for "". */
static bool copy(const char *text, char *out, size_t size)
{
	size_t length = text ? strlen(text) : 0;
	if (length >= size)
		return false;
	if (length)
		memcpy(out, text, length);
	out[length] = '\0';
	return true;
}

/* read_uris: all of them are servers. */
static int read_uris(struct gp_store_redis *redis, const struct gp_store_options *options,
	const struct gp_log *log, bool *tls_out)
{
	const char *problem;
	if (options->uri_count == 0 || options->uri_count > GP_STORE_URIS_MAX)
		return refuse(log, "1 to 8 URIs are needed");
	for (size_t i = 0; i < options->uri_count; i++) {
		struct gp_store_uri *uri = &redis->uris[i];
		if (gp_store_uri_parse(gp_span_from(options->uris[i]), uri, &problem) != GP_OK)
			return refuse(log, problem);
		if (uri->scheme == GP_STORE_LMDB)
			return refuse(log, "an lmdb: URI must be the only one");
		*tls_out = *tls_out || uri->tls;
	}
	redis->uri_count = options->uri_count;
	return GP_OK;
}

/* read_texts: lengths are bounded here, the rest is checked where they are used. */
static int read_texts(struct gp_store_redis *redis, const struct gp_store_options *options,
	const struct gp_log *log)
{
	if (!copy(options->prefix, redis->prefix, sizeof redis->prefix))
		return refuse(log, "the prefix is too long");
	if (!copy(options->user, redis->login.user, sizeof redis->login.user))
		return refuse(log, "the user's name is too long");
	if (!copy(options->password_file, redis->password_file, sizeof redis->password_file) ||
		!copy(options->sentinel_password_file, redis->sentinel_password_file,
			sizeof redis->sentinel_password_file))
		return refuse(log, "the name of a password file is too long");
	redis->prefix_length = strlen(redis->prefix);
	snprintf(redis->facts_key, sizeof redis->facts_key, "%s{facts}", redis->prefix);
	redis->timeout_ms = options->timeout_ms ? options->timeout_ms : 1;
	redis->connections = options->connections ? options->connections : 1;
	return GP_OK;
}

/* read_options: everything that needs no server. */
static int read_options(struct gp_store_redis *redis, const struct gp_store_options *options,
	const struct gp_log *log)
{
	bool tls = false;
	char problem[GP_CRYPTO_TLS_PROBLEM];
	const struct gp_crypto_tls_files files = {
		options->tls_ca_file, options->tls_cert_file, options->tls_key_file};
	int rc = read_uris(redis, options, log, &tls);
	if (rc == GP_OK)
		rc = read_texts(redis, options, log);
	if (rc == GP_OK)
		rc = gp_store_redis_read_passwords(redis, log);
	if (rc == GP_OK && redis->login.user[0] && !redis->login.password[0])
		rc = refuse(log, "a user needs a password file");
	if (rc == GP_OK && tls) {
		rc = gp_crypto_tls_setup_new(&files, &redis->tls, problem);
		if (rc == GP_EINVAL)
			gp_log_text(log, GP_LOG_ERROR, "store: TLS: %s", problem);
	}
	return rc;
}

/* new_redis: empty, with its lock; waits are by the clock that nobody sets. */
static struct gp_store_redis *new_redis(const struct gp_clock *clock)
{
	struct gp_store_redis *redis = calloc(1, sizeof *redis);
	if (!redis || gp_clock_condition(&redis->freed)) {
		free(redis);
		return NULL;
	}
	pthread_mutex_init(&redis->lock, NULL);
	memset(redis->slot_node, GP_STORE_REDIS_NO_NODE, sizeof redis->slot_node);
	memcpy(redis->sweep_cursor, "0", 2);
	/* until a server tells the time, this machine's has to do */
	atomic_init(&redis->offset_us, clock->wall_s(clock) * 1000000 - gp_store_redis_boot_us());
	return redis;
}

/* find_first: each URI has the whole timeout; there is no hurry yet. */
static void find_first(struct gp_store_redis *redis, struct gp_ctx *ctx)
{
	int64_t now_us = gp_clock_now_us(gp_clock_system());
	redis->next_prefer_us = now_us + PREFER_TIMEOUTS * 1000LL * redis->timeout_ms;
	redis->next_time_us = now_us + TIME_US;
	for (size_t i = 0; i < redis->uri_count; i++) {
		const struct gp_store_redis_call call = gp_store_redis_begin(redis, ctx);
		if (gp_store_redis_seek(&call, i, i + 1))
			return;
	}
}

/* gp_store_redis_open: a store without a server is one, too. */
int gp_store_redis_open(
	const struct gp_store_options *options, struct gp_ctx *ctx, struct gp_store **store_out)
{
	static const struct gp_store_backend backend = {
		.close = close_redis,
		.now_ms = gp_store_redis_now_ms,
		.take = gp_store_redis_take,
		.run = gp_store_redis_run_batch,
		.forget = gp_store_redis_forget,
		.scan = gp_store_redis_scan,
		.put = gp_store_redis_put,
		.remove = gp_store_redis_remove,
		.facts = gp_store_redis_facts,
		.records = gp_store_redis_records,
		.join = gp_store_redis_join,
		.tend = tend,
		.health = health,
	};
	struct gp_store_redis *redis = new_redis(ctx->clock);
	if (!redis)
		return GP_ENOMEM;
	int rc = read_options(redis, options, ctx->log);
	if (rc == GP_OK) {
		find_first(redis, ctx);
		rc = gp_store_wrap(&backend, redis, store_out);
	}
	if (rc)
		close_redis(redis);
	return rc;
}
