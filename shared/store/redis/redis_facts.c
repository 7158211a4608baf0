/* SPDX-License-Identifier: ISC */
/*
 * Facts are the fields of one hash: the key is the field, the value "EXPIRES VALUE", so that one
 * write sets both. What has expired is left out when it is read, and removed by and by.
 */
#include "store/redis/redis_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* run: a request whose answer does not matter; *error_out as in gp_store_redis_run. */
static int run(const struct gp_store_redis_call *call, const struct gp_store_redis_request *request,
	enum gp_store_redis_error *error_out)
{
	struct redisReply *reply;
	int rc = gp_store_redis_run(call, request, error_out, &reply);
	if (rc == GP_OK && *error_out != GP_STORE_REDIS_WRONGTYPE)
		rc = gp_store_redis_judge(call, 0, reply);
	gp_store_redis_reply_free(reply);
	return rc;
}

/* on_facts: a request about the hash. */
static void on_facts(const struct gp_store_redis *redis, struct gp_store_redis_request *request,
	const char *name)
{
	const struct gp_span key = gp_span_from(redis->facts_key);
	gp_store_redis_request_init(request, key, name);
	gp_store_redis_command_add(&request->command, key);
}

/* gp_store_redis_put: where somebody has put another type, that goes; the prefix is ours. */
int gp_store_redis_put(void *self, struct gp_ctx *ctx, struct gp_span key, struct gp_span value,
	int64_t expires_ms)
{
	const struct gp_store_redis_call call = gp_store_redis_begin(self, ctx);
	struct gp_store_redis_request set, del;
	enum gp_store_redis_error error;
	char text[24 + GP_STORE_FACT_VALUE_MAX];
	int head = snprintf(text, sizeof text, "%" PRId64 " ", expires_ms);
	if (value.len > GP_STORE_FACT_VALUE_MAX)
		return GP_EINVAL;
	if (value.len)
		memcpy(text + head, value.ptr, value.len);
	on_facts(self, &set, "HSET");
	gp_store_redis_command_add(&set.command, key);
	gp_store_redis_command_add(&set.command, (struct gp_span) {text, (size_t)head + value.len});
	int rc = run(&call, &set, &error);
	if (rc || error != GP_STORE_REDIS_WRONGTYPE)
		return rc;
	on_facts(self, &del, "DEL");
	rc = run(&call, &del, &error);
	if (rc == GP_OK)
		rc = run(&call, &set, &error);
	return rc == GP_OK && error != GP_STORE_REDIS_FINE ? GP_EIO : rc;
}

/* gp_store_redis_remove: a key of another type has no facts. */
int gp_store_redis_remove(void *self, struct gp_ctx *ctx, struct gp_span key)
{
	const struct gp_store_redis_call call = gp_store_redis_begin(self, ctx);
	struct gp_store_redis_request request;
	enum gp_store_redis_error error;
	on_facts(self, &request, "HDEL");
	gp_store_redis_command_add(&request.command, key);
	return run(&call, &request, &error);
}

/* gp_store_redis_forget: all by DEL, one by a script. */
int gp_store_redis_forget(
	void *self, struct gp_ctx *ctx, const unsigned char key[GP_STORE_KEY], uint32_t id)
{
	struct gp_store_redis *redis = self;
	const struct gp_store_redis_call call = gp_store_redis_begin(redis, ctx);
	struct gp_store_redis_request request;
	enum gp_store_redis_error error;
	char text[GP_STORE_REDIS_KEY], number[16];
	const struct gp_span name = gp_store_redis_key(redis, key, text);
	gp_store_redis_request_init(&request, name, "DEL");
	if (id)
		gp_store_redis_request_script(&request, redis, GP_STORE_REDIS_FORGET, "1");
	gp_store_redis_command_add(&request.command, name);
	if (id) {
		snprintf(number, sizeof number, "%" PRIu32, id);
		gp_store_redis_command_text(&request.command, number);
	}
	return run(&call, &request, &error);
}

/* gp_store_redis_sweep: a page of the hash each time. */
void gp_store_redis_sweep(const struct gp_store_redis_call *call)
{
	struct gp_store_redis *redis = call->redis;
	struct gp_store_redis_request request;
	enum gp_store_redis_error error;
	struct redisReply *reply;
	char now[24];
	snprintf(now, sizeof now, "%" PRId64, gp_store_redis_now_ms(redis));
	gp_store_redis_request_script(&request, redis, GP_STORE_REDIS_SWEEP, "1");
	request.key = gp_span_from(redis->facts_key);
	gp_store_redis_command_add(&request.command, request.key);
	gp_store_redis_command_text(&request.command, now);
	gp_store_redis_command_text(&request.command, redis->sweep_cursor);
	if (gp_store_redis_run(call, &request, &error, &reply) != GP_OK)
		return;
	if (!gp_store_redis_cursor(reply, redis->sweep_cursor))
		memcpy(redis->sweep_cursor, "0", 2);
	gp_store_redis_reply_free(reply);
}
