/* SPDX-License-Identifier: ISC */
/* What stands in for the Redis store in a build without hiredis. */
#include "store/store_private.h"

const bool gp_store_has_redis = false;

/* gp_store_redis_open: says what is missing. */
int gp_store_redis_open(
	const struct gp_store_options *options, struct gp_ctx *ctx, struct gp_store **store_out)
{
	(void)options;
	(void)store_out;
	gp_log_text(ctx->log, GP_LOG_ERROR,
		"store: this build has no Redis; build it with hiredis, or use lmdb:");
	return GP_EINVAL;
}
