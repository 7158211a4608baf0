/* SPDX-License-Identifier: ISC */
/* Names of keys in Redis. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "store/redis/redis_private.h"

/* gp_store_redis_key: the braces make the digits, not the prefix, choose the slot of a cluster. */
struct gp_span gp_store_redis_key(const struct gp_store_redis *redis,
	const unsigned char key[GP_STORE_KEY], char text_out[GP_STORE_REDIS_KEY])
{
	char *p = text_out;
	memcpy(p, redis->prefix, redis->prefix_length);
	p += redis->prefix_length;
	*p++ = '{';
	gp_encode_hex((struct gp_span) {(const char *)key, GP_STORE_KEY}, p);
	p += 2 * GP_STORE_KEY;
	*p++ = '}';
	*p = '\0';
	return (struct gp_span) {text_out, (size_t)(p - text_out)};
}

/* gp_store_redis_soft_key: after the braces, so that all of a subject has one slot. */
struct gp_span gp_store_redis_soft_key(const struct gp_store_redis *redis,
	const struct gp_store_soft *soft, char text_out[GP_STORE_REDIS_KEY])
{
	if (soft->kind == GP_STORE_OP_GET && !soft->get->soft)
		return gp_span_from(redis->facts_key);
	struct gp_span key = gp_store_redis_key(redis, soft->key, text_out);
	size_t left = GP_STORE_REDIS_KEY - key.len;
	if (soft->kind == GP_STORE_OP_SEE)
		snprintf(text_out + key.len, left, "s%" PRIu32, soft->see->kind);
	else
		snprintf(text_out + key.len, left, "n");
	return gp_span_from(text_out);
}
