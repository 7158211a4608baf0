/* SPDX-License-Identifier: ISC */
/* The configured store first, then the one that stands in, then what they hold. */
#include "runtime/runtime_store.h"

#include "store/store_fallback.h"

/* limits_want: what is not off. */
static bool limits_want(const struct gp_config *config)
{
	return config->limits.limit_count > 0;
}

/* greylist_wants: what it remembers lies there. */
static bool greylist_wants(const struct gp_config *config)
{
	return config->greylist.mode != GP_MODE_OFF;
}

/* lists_want: what an operator says of them lies there, and what processes of Exim know of them. */
static bool lists_want(const struct gp_config *config)
{
	return gp_dnsbl_is_used(&config->dnsbl);
}

/* The users of a store; a check that does is one row more. */
static bool (*const wants[])(const struct gp_config *config) = {
	limits_want,
	greylist_wants,
	lists_want,
};

/* gp_runtime_store_is_wanted: by any of them. */
bool gp_runtime_store_is_wanted(const struct gp_config *config)
{
	for (size_t i = 0; i < sizeof wants / sizeof wants[0]; i++)
		if (wants[i](config))
			return true;
	return false;
}

/* open_new: the store, and what lies in it. */
static int open_new(
	const struct gp_config *config, struct gp_ctx *ctx, struct gp_runtime_store *store)
{
	int rc = gp_store_fallback_open(&config->store, ctx, &store->store);
	return rc ? rc : gp_limit_overrides_new(store->store, &store->overrides);
}

/* gp_runtime_store_open: what an operator has set before a restart is read at once. */
int gp_runtime_store_open(
	const struct gp_config *config, struct gp_ctx *ctx, struct gp_runtime_store *store)
{
	bool is_new = !store->store;
	bool is_local = config->store_settings.on_failure == GP_STORE_FAILURE_LOCAL;
	int rc = is_new ? open_new(config, ctx, store) : GP_OK;
	if (!rc)
		rc = gp_store_fallback_local(store->store, &config->store,
			is_local ? config->store_settings.local_path : NULL, ctx);
	if (rc && is_new)
		gp_runtime_store_close(store);
	if (!rc && is_new)
		gp_runtime_store_tend(store, ctx);
	return rc;
}

/* gp_runtime_store_tend: the store first. */
void gp_runtime_store_tend(struct gp_runtime_store *store, struct gp_ctx *ctx)
{
	gp_store_tend(store->store, ctx);
	gp_limit_overrides_follow(store->overrides, ctx);
}

/* gp_runtime_store_close: what lies in it first. */
void gp_runtime_store_close(struct gp_runtime_store *store)
{
	gp_limit_overrides_free(store->overrides);
	gp_store_close(store->store);
	*store = (struct gp_runtime_store) {NULL, NULL};
}
