/* SPDX-License-Identifier: ISC */
/* Which backend the URIs ask for. */
#include "store/store_private.h"
#include "store/store_uri.h"

/* check_uris: all valid, one directory or servers only; *lmdb_out says which. */
static int check_uris(
	const struct gp_store_options *options, const struct gp_log *log, bool *lmdb_out)
{
	struct gp_store_uri uri;
	const char *problem;
	size_t directories = 0;
	if (options->uri_count == 0 || options->uri_count > GP_STORE_URIS_MAX) {
		gp_log_text(log, GP_LOG_ERROR, "store: 1 to %d URIs are needed", GP_STORE_URIS_MAX);
		return GP_EINVAL;
	}
	for (size_t i = 0; i < options->uri_count; i++) {
		if (gp_store_uri_parse(gp_span_from(options->uris[i]), &uri, &problem) != GP_OK) {
			gp_log_text(log, GP_LOG_ERROR, "store: URI %zu: %s", i + 1, problem);
			return GP_EINVAL;
		}
		directories += uri.scheme == GP_STORE_LMDB;
	}
	if (directories > 0 && options->uri_count > 1) {
		gp_log_text(log, GP_LOG_ERROR, "store: an lmdb: URI must be the only one");
		return GP_EINVAL;
	}
	*lmdb_out = directories > 0;
	return GP_OK;
}

/* gp_store_open: by the scheme. */
int gp_store_open(
	const struct gp_store_options *options, struct gp_ctx *ctx, struct gp_store **store_out)
{
	bool lmdb;
	int rc = check_uris(options, ctx->log, &lmdb);
	if (rc)
		return rc;
	return lmdb ? gp_store_lmdb_open(options, ctx, store_out)
		    : gp_store_redis_open(options, ctx, store_out);
}
